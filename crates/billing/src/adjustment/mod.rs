//! Refunds and adjustments (退补): five routes with their approvals, follow-up, evidence and lists. The effect is a
//! further bill of the account's month; what was issued stays as it was. A change of prices takes the same route with one
//! slip for many customers: a batch. (ADJ-01..18)

mod batch;
mod batch_sql;
mod bill;
mod lists;
mod model;
pub mod routes;
mod service;
mod sql;

pub use batch::{
    BATCH_LINES_MAX, Batch, BatchIssued, BatchLine, KeptLine, NewBatch, batch_of, each_line, issue_batch,
    start_batch,
};
pub(crate) use batch_sql::{GUARDS_POSTGRES, GUARDS_SQLITE, TABLES as BATCH_TABLES};
pub use bill::{StoredAdjustment, issue_adjustment, issue_with, stored_adjustment};
pub use lists::{
    MonthListAnswer, answer_month_list, file_evidence, give_running_list, make_month_list,
    missing_running_lists, month_list_answer, receive_evidence, sign_month_list,
};
pub use model::{AdjustmentBill, AdjustmentCase, CaseState, Effect, FollowUp, FollowUpItem, NewAdjustment};
pub use routes::{Cause, Route};
pub use service::{
    approve, archive, audit, cases_of_month, centre_errors_of, chase, complete_follow_up, effect_of, find,
    finish_follow_up, follow_ups, in_progress, issue, operate, raise_fee_request, record_call, refuse,
    running, send_on, start,
};
pub(crate) use sql::{TABLES, cases_where};
