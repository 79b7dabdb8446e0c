//! Acting for an absent colleague (代理): posts of one person, held by another for some days.
//!
//! The substitute acts under the absent person's post, on its units, with a mark that says for whom. While it lasts the
//! two count as one hand: what either made, the other does not check.

mod service;
pub(crate) mod sql;

pub use service::{Delegation, NewDelegation, delegate, delegations, end_delegation, withdraw_delegation};
pub(crate) use service::{WITHDRAWN_WORDS, holdings_of_substitute, words};
pub(crate) use sql::{MIGRATION, WITHDRAWN};
