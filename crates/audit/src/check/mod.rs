//! The proof, on a live database, that the books are as they must be; and what happens when they are not.
//!
//! [`check`] runs every module's own check on one snapshot and compares what crosses modules: bills with postings, steps
//! and documents with the log, tickets with the rows they stand for, numbers with their series. [`raise`] turns what was
//! found into an alarm: from then on no desk takes a command, until one person has proposed and another has confirmed a
//! decision ([`propose`], [`confirm`], [`send_back`]). [`before_closing`] proves one period before it is closed.
//!
//! A module's tables are read by that module alone; what stands here compares the figures they give.

mod acts;
mod alarms;
mod closing;
mod compose;
mod cross;
mod error;
mod report;
mod rows;

pub use alarms::{confirm, confirm_in, propose, propose_in, raise, send_back, send_back_in};
pub use closing::{before_closing, require_proved};
pub use compose::{Options, check};
pub use error::CheckError;
pub use report::{Part, Progress, Report};
