//! What is due when, which step may be taken, and whose approval an amount needs, as pure functions.

use identity::Permission;
use kernel::{Bilingual, Date, Lang, Money, WorkingCalendar};

use crate::catalogue::{ApprovalLimit, Catalogue, Deadline, Every, LimitUnit, Side, TicketKind, Transition};
use crate::{Clock, ClockState, ListKind, Period, Ticket, WorkflowError};

/// Most characters of a text written by a person.
pub const TEXT_CHARS_MAX: usize = 1000;

/// The last day of `deadline` when it starts on `started`.
///
/// The day it starts does not count. Working days follow the calendar (XC-07); calendar days end on whatever day they
/// end; "before month end" counts back from the last day of the month in which it starts (RPT-03).
pub fn due_on(calendar: &WorkingCalendar, deadline: &Deadline, started: Date) -> Result<Date, WorkflowError> {
    Ok(match deadline.unit {
        LimitUnit::WorkingDays => calendar.add_working_days(started, deadline.limit)?,
        LimitUnit::Days => started.plus_days(i64::from(deadline.limit))?,
        LimitUnit::BeforeMonthEnd => started.month().last_day().plus_days(-i64::from(deadline.limit))?,
    })
}

/// The due day of the deadline with `code` that starts on `started`, by the data in force that day.
pub fn due_by_code(calendar: &WorkingCalendar, code: &str, started: Date) -> Result<Date, WorkflowError> {
    due_on(calendar, deadline(code, started)?, started)
}

/// The deadline with `code` as it holds on `started`.
pub fn deadline(code: &str, started: Date) -> Result<&'static Deadline, WorkflowError> {
    let found = Catalogue::built_in().deadline(code, started);
    found.ok_or_else(|| unknown("deadline", code))
}

/// How `clock` stands at the end of `today` (XC-08).
pub fn clock_state(clock: &Clock, today: Date) -> ClockState {
    let reached = match (clock.met_on, clock.dropped_on) {
        (Some(met), _) => met,
        (None, Some(_)) => return ClockState::Dropped,
        (None, None) => today,
    };
    let days = clock.due_on.days_until(reached);
    match (days > 0, clock.met_on) {
        (true, _) => ClockState::Late { days },
        (false, Some(_)) => ClockState::Met,
        (false, None) => ClockState::Running,
    }
}

/// A due day put off by a delay of others: as many days later as `expected` was missed by, `actual` being when it
/// happened, and no day that nobody works (BILL-06). Nothing changes when there was no delay.
pub fn postponed(
    calendar: &WorkingCalendar,
    due: Date,
    expected: Date,
    actual: Date,
) -> Result<Date, WorkflowError> {
    let delay = expected.days_until(actual);
    if delay <= 0 {
        return Ok(due);
    }
    Ok(calendar.working_day_from(due.plus_days(delay)?)?)
}

/// The kind of ticket with `code`.
pub fn ticket_kind(code: &str) -> Result<&'static TicketKind, WorkflowError> {
    Catalogue::built_in().ticket(code).ok_or_else(|| unknown("kind of ticket", code))
}

/// The kind of list with `code`.
pub fn list_kind(code: &str) -> Result<&'static ListKind, WorkflowError> {
    Catalogue::built_in().list(code).ok_or_else(|| unknown("kind of list", code))
}

/// The step `act` of `ticket`, or a refusal that names what can be done instead.
pub fn transition(ticket: &Ticket, act: &str) -> Result<&'static Transition, WorkflowError> {
    let kind = ticket_kind(&ticket.kind)?;
    let mut possible = kind.transitions.iter().filter(|step| step.from.contains(&ticket.state.as_str()));
    if let Some(found) = possible.clone().find(|step| step.act == act) {
        return Ok(found);
    }
    let names: Vec<&str> = possible.by_ref().map(|step| step.act).collect();
    let state = kind.state(&ticket.state).map_or(ticket.state.clone(), |state| state.text.text(Lang::En));
    let possible = if names.is_empty() { "-".to_owned() } else { names.join(" / ") };
    Err(WorkflowError::NotNow {
        number: ticket.number.clone(),
        state,
        act: act.chars().take(40).collect(),
        possible,
    })
}

/// The unit of `side` of a ticket.
pub fn unit_of(ticket: &Ticket, side: Side) -> i64 {
    match side {
        Side::Raiser => ticket.raised_unit_id,
        Side::Addressee => ticket.addressed_unit_id,
        Side::Third => ticket.third_unit_id.unwrap_or(ticket.addressed_unit_id),
    }
}

/// Refuses a text that is too long, or missing where one is needed.
pub fn check_text(what: &str, text: &str, needed: bool) -> Result<(), WorkflowError> {
    if text.chars().count() > TEXT_CHARS_MAX || (needed && text.trim().is_empty()) {
        return Err(WorkflowError::TextNeeded { what: what.to_owned(), most: TEXT_CHARS_MAX });
    }
    Ok(())
}

/// The steps that approving `amount` needs on `on`, in order: every step whose least amount is reached (ADJ-03, ADJ-17).
pub fn approval_steps(
    kind: &str,
    amount: Money,
    is_refund: bool,
    on: Date,
) -> Result<Vec<&'static ApprovalLimit>, WorkflowError> {
    if amount.is_negative() {
        return Err(WorkflowError::NegativeAmount);
    }
    let mut steps: Vec<&ApprovalLimit> = Catalogue::built_in()
        .approval_limits
        .iter()
        .filter(|limit| limit.kind == kind)
        .filter(|limit| limit.from <= on && limit.until.is_none_or(|until| on <= until))
        .filter(|limit| amount >= limit.from_amount && (is_refund || !limit.refunds_only))
        .collect();
    steps.sort_by_key(|limit| limit.step);
    if steps.is_empty() {
        return Err(WorkflowError::NoLimit { kind: kind.chars().take(40).collect(), on });
    }
    Ok(steps)
}

impl Period {
    /// How often it comes.
    pub fn every(self) -> Every {
        match self {
            Period::Day(_) => Every::Day,
            Period::Month(_) => Every::Month,
            Period::Year(_) => Every::Year,
        }
    }
    /// The stored form: yyyymmdd, yyyymm or yyyy, which cannot be taken for one another.
    pub fn number(self) -> i64 {
        match self {
            Period::Day(date) => date.number(),
            Period::Month(month) => month.number(),
            Period::Year(year) => i64::from(year),
        }
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Period::Day(date) => date.fmt(f),
            Period::Month(month) => month.fmt(f),
            Period::Year(year) => write!(f, "{year}"),
        }
    }
}

/// The permission with a stored name.
pub(crate) fn permission(name: &str) -> Result<Permission, WorkflowError> {
    let found = identity::Catalogue::built_in().permission(name);
    found.map(|known| Permission(known.name)).ok_or_else(|| unknown("permission", name))
}

pub(crate) fn unknown(what: &'static str, code: &str) -> WorkflowError {
    WorkflowError::Unknown { what, code: code.chars().take(40).collect() }
}
