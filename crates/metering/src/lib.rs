//! Floor 3: the reading office (抄表): who is supplied, what is measured, and what the meters showed.
//!
//! - [`account`]: accounts, their agreements, transformers, metering points and meters, with dated changes.
//! - [`reading`]: one line per meter and month, its arithmetic and every earlier value.
//! - [`book`]: books, batches, reading days, and the way of a book from the station to the centre and back.
//! - [`entry`]: entering readings into an open book.
//! - [`ticket`]: changing a reading after its book was submitted.
//! - [`import`]: customers, meters and readings from files.
//! - [`custody`]: reading cards, ledgers and handheld readers.
//! - [`yearly`]: new accounts at the start of a month, the carry-over at the end of a year.
//! - [`statistics`]: how much was read, and how much of it wrongly.
//! - [`parameter`]: change tickets, hold-issue requests, adjustments of plan and route.
//! - [`contract`]: supply contracts, settlement agreements, the fee archive of a customer.
//! - [`stream`]: the one pass over accounts with their readings that a billing run takes.
//!
//! Invariants: an account's key never changes; a reading never loses an earlier value; a reading outside a book that
//! is being entered never changes. Identifiers are small whole numbers that ascend in book order, so that one pass
//! over a book touches neighbouring rows only.
//!
//! Two error enums, each complete for its desk: [`MeteringError`] is what reading refuses; [`ParameterError`] is what
//! tickets, schedules and contracts refuse, whose reasons (a line of a ticket, a document to be printed) reading does not
//! know. The second wraps the first, so a caller of both handles one type: `ParameterError`.

pub mod account;
pub mod book;
pub mod check;
mod codes;
pub mod contract;
pub mod custody;
pub mod entry;
mod error;
pub mod import;
pub mod parameter;
pub mod permissions;
pub mod reading;
mod schema;
pub mod statistics;
pub mod stream;
pub mod ticket;
mod trace;
pub mod yearly;

pub use error::{MeteringError, What};
pub use parameter::ParameterError;
pub use schema::SCHEMA;
pub use stream::AccountReadings;

/// Shorthand for what this office answers.
pub type Result<T> = std::result::Result<T, MeteringError>;
