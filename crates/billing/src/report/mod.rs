//! Reports of the billing centre and what the station does with them: forms as data, confirmation and submission,
//! roll-up, targets, queries at a moment, marketing against finance, frozen month-end balances. (RPT-01..11, BILL-18)

mod all;
mod balance;
mod components;
pub mod forms;
mod lists;
pub mod model;
pub mod rules;
mod service;
mod sql;
mod targets;

pub use all::{TITLES, all, form, one, reports};
pub use balance::{
    Difference, Explained, Snapshot, fix_time_point, freeze_month_end, marketing_against_finance,
    note_difference, receivable_at, snapshots,
};
pub use components::{component_tie_out, component_totals};
pub use lists::{
    adjustment_lists, dedicated_exceptions, delays, exception_lists, month_lists, reading_error_rate,
    reading_progress, unsigned_feedback,
};
pub use model::{
    AccountDirectory, AccountFact, ComponentTotal, MeteringDirectory, Report, ReportColumn, StationTotal,
};
pub use rules::Cause as DifferenceCause;
pub use service::{
    ReportStatus, collection_statistics, compile, confirm, consent_to_late, error_rate_of_month,
    exception_work_sheet, receivable_summary, receivable_vouchers, roll_up, rolled_up, sales_detail,
    station_totals, statuses, submit, to_roll_up,
};
pub(crate) use sql::TABLES;
pub use targets::{Target, TargetKind, approve_targets, set_targets, targets_of};
