//! Documents: what an office prints or exports, described without an engine, and the numbers documents bear.
//!
//! `page` describes a printed page (bill, slip, list, report), `sheet` a workbook whose rows are
//! streamed. Offices fill these descriptions; the `paper` crate turns them into PDF and Excel files.
//! Numbers are continuous per kind, unit and year, taken in the command that uses them; every print is registered.

mod check;
mod error;
mod number;
pub mod page;
mod print_register;
pub mod rules;
pub mod sheet;
mod sql;

pub use check::{NumbersUsed, check};
pub use error::DocumentError;
pub use number::{
    BLOCK_NUMBERS_MAX, DocumentKind, Numbers, Series, check_series, explain_gap, kind, kinds, series,
    take_number, take_numbers,
};
pub use print_register::{CopyMark, Print, PrintRequest, prints, register_print};
pub use sql::SCHEMA;
