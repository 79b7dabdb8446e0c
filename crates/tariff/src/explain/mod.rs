//! The worked calculation of a bill or a charge, as data that a page, a text or a PDF can print in two languages.

mod block;

pub use block::{Block, Row, render};
pub(crate) use block::{padded, width};
