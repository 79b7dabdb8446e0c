//! What the desks look at: bills, exceptions, scores, adjustments and books of a month, a page at a time, filtered, sorted
//! and summed by the database. Nothing here changes anything.

mod adjustments;
mod bills;
mod books;
mod exceptions;
mod inquiries;
mod purchases;

pub use adjustments::{CaseQuery, case_counts, cases_page, started_at};
pub use bills::{BillOrder, BillQuery, BillSums, IssuedIn, bill_months, bills_page, issue_of_bill};
pub use books::{BookProgress, ExceptionCount, book_progress, exception_counts, reason_counts, unit_amounts};
pub use exceptions::{
    ExceptionOrder, ExceptionQuery, ExceptionSums, ScoreQuery, exceptions_page, releases_waiting,
    score_place, scores_page,
};
pub use inquiries::{IssueQuery, inquiries_page, inquiry_counts, issue_queries};
pub use purchases::{plants, statements};
