//! The clocks of issue: when a book must be issued, which books are late, and the station's urge. (BILL-04..07)

mod service;

pub(crate) use service::TABLES;
pub use service::{BookDue, answer_urge, book_issued, book_submitted, should_be_issued, urge};
