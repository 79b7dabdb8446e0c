//! Documents: what an office prints or exports, described without an engine.
//!
//! `page` describes a printed page (bill, slip, list, report), `sheet` a workbook whose rows are
//! streamed. Offices fill these descriptions; the `paper` crate turns them into PDF and Excel files.

pub mod page;
pub mod sheet;
