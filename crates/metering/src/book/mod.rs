//! Reading books (抄本), their readings of a month, and the way a book takes from the station to the centre and back.
//!
//! `created → entering → submitted (locked) → calculating → reviewing → issued | exception`; by an agreed ticket
//! `submitted → returned → submitted`. Every command asks for its permission on the book's station.

mod lookup;
mod model;
pub mod rules;
mod service;
pub(crate) mod sql;

pub use lookup::{ToOpen, book_by_number, books, books_to_open};
pub use model::{
    Book, BookMonth, BookProgress, BookState, BookStep, Cycle, Decision, Entered, LineCounts, LogEntry,
    LogKind,
};
pub(crate) use service::{BOOK_MONTH, checked_note, loaded, month_number, not_found, take_step};
pub use service::{
    BookBulk, RunStep, SubmittedBulk, begin_calculation, begin_review, book, book_month, book_month_key,
    books_of_month, create_batch, create_book, delete_batch, hold_for_exceptions, issue, line_counts,
    log_entries, progress_of, propose_reading_day, resume_review, review_reading_day, self_check, send_back,
    steps, submit, take_run_steps, unreviewed_reading_days, write_log,
};
