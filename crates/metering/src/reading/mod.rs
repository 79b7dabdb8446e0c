//! Readings (表码): one line per meter and month.

mod bulk;
mod model;
mod past;
mod rules;
pub(crate) mod sql;

pub use bulk::ReadingBulk;
pub use model::{Reading, ReadingFault, ReadingFlags, ReadingStatus, Register, Registers, Span};
pub use past::{PastLine, each_past_line, estimated_accounts};
pub use rules::{consumption, first_fault};
