//! Parameter changes (参数变更): what a station changes about its customers, from ticket to archive, and what the centre
//! says about it. Source: PARM-01 to PARM-14, BILL-17.
//!
//! A ticket carries typed lines ([`Change`]). The station starts, enters, checks, dispatches and archives it; a ticket
//! of another unit is audited by the station. Nothing reaches the tables of accounts before the archive, which applies
//! the lines by pure rules ([`rules::apply`]) and keeps every parameter before and after. A line whose day lies ahead
//! waits for [`apply_due`]. States, numbers, clocks and history of tickets are kept by `workflow` under the same key.
//!
//! - [`rules`], [`change_rules`]: what may change when, by dated figures.
//! - hold-issue requests: [`file_hold`], [`accounts_under_change`], [`accounts_to_hold`], [`answerable_unit`].
//! - the centre's words: [`report_inconsistency`], [`raise_error_list`], [`second_modify`].
//! - [`schedule`]: adjustments of the reading plan and of the reading route.

mod change;
pub mod change_rules;
mod error;
pub mod fault;
mod feedback;
mod hold;
pub(crate) mod keyed;
mod model;
pub mod permissions;
mod reading_lines;
pub mod rules;
pub mod schedule;
mod service;
mod sql;
mod supply;

pub use change::{
    CapacityAct, Change, Line, MeterShown, NewAccount, NewMeter, NewPoint, NewTransformer, RegisterShown,
};
pub use error::ParameterError;
pub use fault::Fault;
pub use feedback::{
    ErrorList, Inconsistency, confirm_correction, error_list, inconsistency, raise_error_list,
    reject_correction, report_inconsistency, resolve_inconsistency, second_modify,
};
pub use hold::{
    Circulating, HoldRequest, HoldState, UnderChange, accounts_to_hold, accounts_under_change,
    answerable_unit, circulation_list, file_hold, hold_requests, holds_missing, in_circulation,
    list_circulation, withdraw_hold,
};
pub use model::{Archived, NewChange, Origin, ParameterTicket, StoredLine, TicketState};
pub use service::{
    TicketQuery, apply_due, archive, audit, check, dedicated_accounts, dispatch, enter, history,
    holds_of_ticket, lines, preview, print, start, start_other, supply_of, ticket, tickets,
    tickets_of_account, withdraw,
};
pub use supply::{FieldChange, KeptChange, Shown, Supply};

use store::{Migration, Schema};

/// The tables of parameter changes; they come after those of the office and of `workflow`.
pub const SCHEMA_PARAMETERS: Schema = Schema {
    module: "metering_parameters",
    unrecorded: &[],
    migrations: &[Migration {
        number: 1,
        name: "parameter changes",
        both: include_str!("schema.sql"),
        sqlite: "",
        postgres: "",
    }],
};

/// Shorthand for what these desks answer.
pub(crate) type Result<T> = std::result::Result<T, ParameterError>;
