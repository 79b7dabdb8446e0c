//! The nouns of a change ticket.

use kernel::{Date, Moment};
use serde::{Deserialize, Serialize};

use super::change::{Change, Line};
use crate::codes::codes;

codes! {
    /// Who started a ticket.
    Origin {
        /// The station itself.
        Station = 1, "station", "基层供电单位";
        /// Another unit: the metering institute, inspection.
        OtherUnit = 2, "other_unit", "其他单位";
    }
}

codes! {
    /// Where a change ticket stands.
    TicketState {
        /// Started; its lines may change.
        Started = 1, "started", "已发起";
        /// Of another unit, audited by the station.
        Audited = 2, "audited", "已审核";
        /// Dispatched.
        Circulating = 3, "circulating", "流转中";
        /// Archived: applied.
        Archived = 4, "archived", "已归档";
        /// Withdrawn.
        Withdrawn = 5, "withdrawn", "已撤回";
        /// Refused by the station.
        Refused = 6, "refused", "不同意";
    }
}

impl TicketState {
    /// Neither archived nor given up?
    pub fn is_open(self) -> bool {
        matches!(self, TicketState::Started | TicketState::Audited | TicketState::Circulating)
    }
}

/// A ticket to be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewChange {
    /// The account; none for a new customer.
    pub account_id: Option<i64>,
    /// The day the customer applied.
    pub applied_on: Date,
    /// Why.
    pub reason: String,
    /// What changes.
    pub lines: Vec<Line>,
}

/// A change ticket (参数变更申请工单).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterTicket {
    /// Its key, that of its workflow ticket as well.
    pub ticket_id: i64,
    /// Its number.
    pub number: String,
    /// Who started it.
    pub origin: Origin,
    /// Where it stands.
    pub state: TicketState,
    /// The station.
    pub unit_id: i64,
    /// The account, or the key a new one will have.
    pub account_id: i64,
    /// Does it open a new account?
    pub opens: bool,
    /// The day the customer applied.
    pub applied_on: Date,
    /// The first day of any of its lines.
    pub affects_from: Date,
    /// Which entry of lines counts, from 1.
    pub revision: i64,
    /// Why.
    pub reason: String,
    /// Who started it.
    pub started_by: i64,
    /// When.
    pub started_at: Moment,
    /// Who entered the lines that count.
    pub entered_by: i64,
    /// Who checked or audited them.
    pub checked_by: Option<i64>,
    /// Who carries the change out.
    pub handler_id: Option<i64>,
    /// When it was archived.
    pub archived_at: Option<Moment>,
    /// Version of the row.
    pub version: i64,
}

impl ParameterTicket {
    /// Does it affect a month that is read on `scheduled`? Its first day of change is no later.
    pub fn affects(&self, scheduled: Date) -> bool {
        self.affects_from <= scheduled
    }
}

/// A line of a ticket as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLine {
    /// Which entry it belongs to.
    pub revision: i64,
    /// Its place, from 1.
    pub line_no: i64,
    /// What changes.
    pub line: Line,
    /// When it was applied.
    pub applied_at: Option<Moment>,
}

/// What an archive did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// The account.
    pub account_id: i64,
    /// Parameters changed now.
    pub changed: u64,
    /// Lines that wait for their day.
    pub waiting: u64,
    /// Hold-issue requests released.
    pub released: u64,
}

/// The first day of any line.
pub(crate) fn affects_from(lines: &[Line]) -> Option<Date> {
    lines.iter().map(|line| line.from).min()
}

/// Does the ticket open an account?
pub(crate) fn opens(lines: &[Line]) -> bool {
    matches!(lines.first(), Some(Line { change: Change::Open { .. }, .. }))
}
