//! Floor 2: who may do what, and the context in which every command runs.
//!
//! A [`Work`] is one command in progress: the transaction, the person in a post who acts, and the moment. Every
//! command of every office takes one, asks it for permission first, and writes through its transaction only.
//!
//! While an [`alarm`] waits for its decision, a [`Desk`] takes no command: the books can be read, not changed.
//!
//! Organisations, their tree of units, persons and the posts they hold live here too. What a post may do, and which
//! duties do not go together, is data: `data/posts.csv`, `data/permissions.csv`, `data/duties.csv`,
//! `data/incompatible_duties.csv`.

mod access;
pub mod alarm;
mod catalogue;
pub mod check;
pub mod credential;
pub mod delegation;
mod entry_schema;
mod error;
pub mod login;
mod model;
pub mod passkey;
mod permission;
pub mod rules;
mod secret;
mod service;
pub mod session;
mod sql;
mod table;
pub mod token;
mod work;

pub use access::AccessRules;
pub use catalogue::{Catalogue, Duty, Incompatible, PermissionName, Post, SecondFactorPost, UnitKind};
pub use credential::PasswordCost;
pub use error::IdentityError;
pub use login::{Attempt, LoggedIn, LoginRefused};
pub use model::{
    Authority, Founded, HeldPost, KeptAuthority, KeptChange, NewAssignment, NewOrganisation, NewPerson,
    NewUnit, Person, Unit,
};
pub use permission::{Actor, Assignment, Permission};
pub use service::{
    assign, authorities, changes, changes_after, create_person, create_unit, end_assignment,
    find_organisation, find_person, found_organisation, held_posts, load_actor, organisation_code, person,
    persons, posts_on, retire_person, unit, units,
};
pub use session::{Session, Theme};
pub use sql::SCHEMA;
pub use table::data_rows;
pub use token::Token;
pub use work::{Desk, Work};
