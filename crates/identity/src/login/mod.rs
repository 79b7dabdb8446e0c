//! Logging in: the proof of a password, the wait after wrong ones, and the list of all logins.
//!
//! An unknown login and a wrong password get the same answer after the same work. A try is counted before the password
//! is looked at, so that many at once gain nothing, and forgotten when it was right. The counts stand in the database:
//! a restart forgets none. What was typed as an unknown login is kept as a fingerprint only, since people type passwords
//! into the wrong field.

mod event;
mod model;
mod service;
pub(crate) mod sql;
mod throttle;

pub use event::{EventFilter, LoginEvent, LoginEventKind, login_events};
pub(crate) use event::{NewEvent, note};
pub use model::{Attempt, LoggedIn, LoginRefused};
pub use service::{Lender, confirm_password, login, verify_authority};
pub(crate) use service::{admit, login_of, prove};
