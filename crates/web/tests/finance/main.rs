//! The accountant's, the heads' and the auditor's pages over a month of a small company, on both databases: what a total
//! leads down to comes to it, closing waits for every item, a check stops the books, a stranger sees a bill and no more.
#![allow(clippy::unwrap_used)]

#[path = "../../../billing/tests/company/mod.rs"]
mod company;
#[path = "../../../billing/tests/house/mod.rs"]
mod house;

mod ledger;
mod log;
mod office;
mod reports;
mod walking;
mod work;
