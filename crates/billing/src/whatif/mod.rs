//! What-if: months that were billed, calculated again under other prices, and nothing written.
//!
//! The stored bills carry their inputs, so a trial needs no meter and no account: it streams them in order of key out
//! of one snapshot, and workers read, calculate and sum them. What a trial keeps in memory is a few chunks of bills,
//! the largest differences, and 28 bytes for each customer to divide them into ten equal groups exactly.
//!
//! - [`Trial`]: the other prices, and which plan takes the place of which.
//! - [`compare_months`]: the comparison.
//! - [`Outcome`]: what it comes to, by class, station, component and tenth of the customers.

mod explain;
mod model;
mod prices;
mod run;
pub(crate) mod sql;
mod tally;
mod tenths;

pub use explain::{Explained, batch_lines, explained, prices_in_words};
pub use model::{
    Change, ComponentChange, Extreme, LineDifference, Missing, MonthBill, Outcome, Refused, Selection, Tenth,
    WhatIf,
};
pub use prices::{PlanRule, Trial};
pub use run::{compare_months, expected_bills, read_and_decode};
