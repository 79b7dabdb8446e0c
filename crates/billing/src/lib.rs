//! Floor 3, the billing centre: calculation, gates, review, issue, adjustments, reports.
//!
//! - [`canonical`]: bills as stored bytes.
//! - [`gates`]: which bills are clean and why the others are not.
//! - `run`, `issue`: calculation of books and issue of bills, in bulk.

pub mod canonical;
pub mod gates;
mod sql;

pub use sql::{BillKey, SCHEMA};
