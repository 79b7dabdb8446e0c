//! Floor 3, the billing centre: calculation, gates, review, issue, adjustments, reports.
//!
//! - [`canonical`]: bills as stored bytes.
//! - [`gates`]: which bills are clean and why the others are not.
//! - `run`, `issue`: calculation of books and issue of bills, in bulk.
//! - [`exception`], [`progress`], [`hold`], [`adjustment`], [`slip`], [`report`], [`inquiry`], [`generation`]: the office
//!   around the calculation, one folder per noun; [`office`] is what its desks share.

pub mod adjustment;
pub mod canonical;
pub mod exception;
pub mod gates;
pub mod generation;
pub mod hold;
pub mod inquiry;
pub mod office;
pub mod progress;
pub mod report;
pub mod slip;
mod sql;

pub use office::{MIGRATIONS_OFFICE, OfficeError, OfficeRules};
pub use sql::{BillKey, SCHEMA};
