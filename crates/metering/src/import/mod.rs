//! Customers, their points and meters, and readings that come as files: CSV or Excel with Chinese headings.
//!
//! A file is read in bounded memory, a few thousand rows at a time; each portion is one command with its six steps, so a
//! broken line stops nothing that was good. Bad rows come back as a file with row, column and reason. Rows have natural
//! keys (account number; account and point; account and meter number; month and meter), so the same file again changes nothing, and a
//! corrected file adds only what is missing. Keys of new accounts are given in the order of the file: send customers in
//! order of book and route, and the billing run reads neighbouring rows.

mod accounts;
mod meters;
mod points;
mod portions;
mod readings;
mod sheets;
pub(crate) mod sql;

pub use accounts::import_accounts;
pub use meters::import_meters;
pub use points::import_points;
pub use readings::import_readings;
pub use sheets::{accounts_sheet, meters_sheet, points_sheet, readings_sheet};

use interchange::Table;
use kernel::{Lang, Moment};

use crate::codes::codes;

codes! {
    /// What an imported file holds.
    FileKind {
        /// Customers with their agreements.
        Accounts = 1, "accounts", "用户";
        /// Meters.
        Meters = 2, "meters", "电能表";
        /// Readings of a month.
        Readings = 3, "readings", "表码";
        /// Metering points of customers that have several.
        Points = 4, "points", "计量点";
    }
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Fingerprint of the file.
    pub digest: String,
    /// Rows that brought something new.
    pub added: u64,
    /// Rows that were there already, exactly so.
    pub unchanged: u64,
    /// Rows that came back in the file of rejects.
    pub rejected: u64,
    /// The same file was taken in before.
    pub seen_before: bool,
}

/// A file to take in: the table, the moment, and the language of reasons.
pub struct Incoming {
    /// The table as it was opened.
    pub table: Table,
    /// When it is taken in.
    pub now: Moment,
    /// The language in which rejected rows are explained.
    pub lang: Lang,
}
