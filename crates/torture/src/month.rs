//! The small company of the billing office's own tests: three books, three months taken over, April submitted.

#[path = "../../billing/tests/company/mod.rs"]
pub mod company;
#[path = "../../billing/tests/house/mod.rs"]
pub mod house;
