//! Entering readings: the lines of an open book, one or thousands at a time.
//!
//! Lines go through a staging table that is empty between commands: one set-based statement keeps the earlier values
//! in the history, one replaces them. So a page of ten lines and a file of a million take the same way.

mod service;
mod sheet;
pub(crate) mod sql;

pub(crate) use service::{account_place, apply, load_lines, open, record_lines};
pub use service::{enter_readings, lines_of_book, reading_history};
pub use sheet::{MONTHS_COMPARED, SheetLine, entry_sheet, entry_sheet_of};

use kernel::Moment;

use crate::reading::Reading;

/// An earlier value of a reading. Source: READ-11.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The value as it was, with who entered it and when.
    pub reading: Reading,
    /// Who replaced it.
    pub replaced_by: i64,
    /// When.
    pub replaced_at: Moment,
    /// Why.
    pub reason: String,
}
