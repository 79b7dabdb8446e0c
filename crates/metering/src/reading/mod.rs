//! Readings (表码): one line per meter and month.

mod bulk;
mod model;
mod rules;
pub(crate) mod sql;

pub use bulk::ReadingBulk;
pub use model::{Reading, ReadingFault, ReadingFlags, ReadingStatus, Register, Registers, Span};
pub use rules::{consumption, first_fault};
