//! Exceptions the run found: lists to the station, tickets, answers, data in order, month-end signatures, steps back.
//! (BILL-08..16, BILL-22, BILL-23)

mod model;
pub mod rules;
mod service;
mod sql;

pub use model::{Exception, ExceptionFilter, ExceptionState, SentLists};
pub use service::{
    answer, ask_again, close_issued, exceptions_of, make_feedback_list, not_in_order, put_in_order,
    raise_ticket, return_book, send_lists, unsigned_feedback_of,
};
pub(crate) use sql::{TABLES, rows_where};
