//! Floor 2: tables that people send, as typed rows.
//!
//! A [`Table`] is any CSV (UTF-8, GBK, GB 18030, UTF-16; comma, tab, semicolon) or Excel workbook as rows of text, read
//! in bounded memory, with the digest of the file. A [`Sheet`] says which columns an office expects; reading a table
//! as a sheet gives typed rows and refused rows, and [`Rejects`] writes the latter as a file to correct and send again.
//!
//! Invariants: no database; no binary floating point in any figure; nothing is replaced, cut or guessed silently;
//! every input is refused at a limit of [`limits`] with the file, the row and the remedy.

mod delimited;
mod encoding;
mod error;
pub mod limits;
mod number;
mod parts;
mod problem;
mod reading;
mod rejects;
mod schema;
mod table;
mod value;
mod workbook;
mod xls_extent;

pub use encoding::Encoding;
pub use error::{Error, Result};
pub use problem::{Problem, Reason};
pub use reading::{BadRow, Entry, SheetReader, TypedRow};
pub use rejects::Rejects;
pub use schema::{Choice, Column, Kind, Sheet};
pub use table::{Content, Format, Options, Row, Table};
pub use value::{FromValue, Value};
