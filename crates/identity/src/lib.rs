//! Floor 2: who may do what, and the context in which every command runs.
//!
//! A [`Work`] is one command in progress: the transaction, the person in a post who acts, and the moment. Every
//! command of every office takes one, asks it for permission first, and writes through its transaction only.

mod error;
mod permission;
mod work;

pub use error::IdentityError;
pub use permission::{Actor, Assignment, Permission};
pub use work::{Desk, Work};
