//! Passwords: what one must be, how it is kept, who sets it, and the lock of an account.
//!
//! A password is hashed with argon2id outside every transaction: hashing takes as long as hundreds of statements, and
//! the embedded database has one writer. [`prepare_password`] looks, checks and hashes; what it answers is then stored
//! by a command. The hash carries its own algorithm, version and parameters, so that a dearer one can follow at the
//! next login.

mod cost;
mod rules;
mod service;
pub(crate) mod sql;

pub use cost::{PasswordCost, PasswordHash};
pub use rules::{PasswordFault, check_password};
pub use service::{
    AccountState, NewPassword, account_state, change_password, first_password, generate_password,
    lock_person, locked_persons, prepare_password, set_password, unlock_person,
};
