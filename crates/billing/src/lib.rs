//! Floor 3, the billing centre: calculation, gates, review, issue, adjustments, reports.
//!
//! - [`canonical`]: bills as stored bytes.
//! - [`gates`]: which bills are clean and why the others are not.
//! - [`suspicion`]: how much a month looks like an error, beside the gates or in the place of one.
//! - `run`, `books`: calculation, review and issue of books, in bulk and one by one.
//! - [`whatif`]: months under other prices, nothing written.
//! - [`price_file`]: a price table as people send it.
//! - [`desk`]: what pages show of all of it, a page at a time.
//! - [`exception`], [`progress`], [`hold`], [`adjustment`], [`slip`], [`report`], [`closing`], [`inquiry`], [`generation`]: the office
//!   around the calculation, one folder per noun; [`office`] is what its desks share.

pub mod adjustment;
mod assemble;
mod books;
pub mod canonical;
pub mod check;
pub mod closing;
mod code;
pub mod desk;
mod document;
mod error;
pub mod exception;
pub mod gates;
pub mod generation;
pub mod hold;
pub mod inquiry;
mod issued;
mod load;
mod log;
mod lookup;
pub mod office;
mod output;
mod plans;
mod posting;
pub mod price_file;
pub mod progress;
pub mod report;
mod run;
mod schema;
mod service;
pub mod slip;
mod sql;
pub mod suspicion;
pub mod whatif;

pub use books::{
    BookResult, Submission, calculate_book, issue_book, review_book, send_book_back, submit_book,
};
pub use code::{BillCode, NoCode};
pub use document::{BillPaper, bill_document, explain_bill};
pub use error::BillingError;
pub use issued::{
    Issue, IssuedBytes, bill_code, book_of_issue, each_issued, issue_beside, issue_of, issued_keys,
    issues_made_in,
};
pub use load::load_ready;
pub use lookup::{
    BillLine, BookTotals, LoadedTable, bills_of_voucher, book_totals, each_bill, price_table_text,
    price_tables, vouchers_of_payer,
};
pub use office::{MIGRATIONS_OFFICE, OfficeError, OfficeRules};
pub use output::{HistoryBulk, Ready};
pub use plans::{PlanNumber, PriceBook, PriceSet, StoredTable};
pub use posting::{BILL_ISSUED, BillPostings};
pub use run::{RunBook, RunPlan, RunSummary, run_month};
pub use schema::SCHEMA;
pub use service::{
    Clerks, IssuedAs, StoredBill, calculated_books, load_price_table, permission, stored_bill,
    why_not_calculated,
};
pub use sql::BillKey;

/// Shorthand for what this office answers.
pub type Result<T> = std::result::Result<T, BillingError>;
