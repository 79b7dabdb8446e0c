//! The day of the reviewer, of the head of the centre and of those who approve, through the acts, lists, views and pages
//! of the catalogue, on both engines.
#![allow(clippy::type_complexity, reason = "tables of cases say their columns where they stand")]
#![allow(clippy::unwrap_used)]

#[path = "../../../billing/tests/company/mod.rs"]
mod company;
#[path = "../../../billing/tests/house/mod.rs"]
mod house;

mod adjustments;
mod desks;
mod exceptions;
mod lists;
mod office;
mod posts;
