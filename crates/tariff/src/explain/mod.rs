//! The worked calculation of a bill or a charge, as data that a page, a text or a PDF can print in two languages.

mod basis;
mod bill;
mod block;
mod compare;
mod energy;
mod losses;
mod price;
pub(crate) mod words;

pub(crate) use basis::two_places;
pub use bill::{Context, explain};
pub(crate) use bill::{line_calculation, line_label};
pub use block::{Block, Row, render};
pub(crate) use block::{padded, width};
pub use compare::{LineChange, PriceChange, Side, compare};
