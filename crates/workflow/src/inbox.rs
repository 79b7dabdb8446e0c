//! What waits, counted and a page at a time: for desks that show each person the work of their posts first.

use kernel::{Date, Moment};
use store::{KeyPart, Tx, Walk};

use crate::sql::inbox as sql;
use crate::{Approval, Clock, Ticket, WorkflowError};

/// Open tickets that stand alike between the same units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketGroup {
    /// The code of their kind.
    pub kind: String,
    /// The code of their state.
    pub state: String,
    /// The unit that raised them.
    pub raised_unit_id: i64,
    /// The unit that must deal with them.
    pub addressed_unit_id: i64,
    /// The unit that carries them out.
    pub third_unit_id: Option<i64>,
    /// Raised by the person who asks.
    pub own: bool,
    /// How many.
    pub count: i64,
}

/// Every open ticket, counted by kind, state and units; `person_id` is who asks.
pub fn ticket_groups(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
) -> Result<Vec<TicketGroup>, WorkflowError> {
    Ok(sql::ticket_groups(tx, org_id, person_id)?)
}

/// Open tickets about an account, in order.
pub fn open_tickets_of_account(
    tx: &mut Tx<'_>,
    org_id: i64,
    account_id: i64,
) -> Result<Vec<Ticket>, WorkflowError> {
    Ok(sql::tickets_of_account(tx, org_id, account_id)?)
}

/// An approval that waits for a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenApproval {
    /// The approval.
    pub approval: Approval,
    /// The kind of thing to be approved.
    pub subject_kind: String,
    /// The key of that thing.
    pub subject_id: i64,
    /// Money goes back to the customer.
    pub is_refund: bool,
    /// Since when.
    pub opened_at: Moment,
}

/// Every approval that waits for a step, the oldest first, 2,000 at most; [`crate::step_for`] says for whom.
pub fn approvals_open(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<OpenApproval>, WorkflowError> {
    Ok(sql::approvals_open(tx, org_id)?)
}

/// Open clocks of one kind that run against one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockGroup {
    /// The code of their deadline.
    pub code: String,
    /// The unit that is answerable.
    pub unit_id: i64,
    /// How many.
    pub count: i64,
    /// Of them, due on the day itself.
    pub due: i64,
    /// Of them, late.
    pub late: i64,
    /// The earliest day on which one was due.
    pub first_due_on: Date,
}

/// The open clocks that are due by `due_by`, counted by deadline and unit, as they stand on `today`. (XC-08)
pub fn clock_groups(
    tx: &mut Tx<'_>,
    org_id: i64,
    due_by: Date,
    today: Date,
) -> Result<Vec<ClockGroup>, WorkflowError> {
    Ok(sql::clock_groups(tx, org_id, due_by, today)?)
}

/// Which open clocks a page shows, the longest overdue first.
#[derive(Debug, Clone)]
pub struct ClockQuery<'q> {
    /// Due by this day.
    pub due_by: Date,
    /// Of this deadline.
    pub code: Option<&'q str>,
    /// Against these units; nothing means all.
    pub units: Option<&'q [i64]>,
    /// Where to go on.
    pub walk: Walk,
    /// Rows left out.
    pub offset: usize,
    /// Rows at most.
    pub limit: usize,
}

/// The place of a clock in a list, to go on from there.
pub fn clock_place(clock: &Clock) -> Vec<KeyPart> {
    vec![clock.due_on.number().into(), clock.id.into()]
}

/// The clocks of a page, and how many there are.
pub fn clocks_page(
    tx: &mut Tx<'_>,
    org_id: i64,
    query: &ClockQuery<'_>,
) -> Result<(Vec<Clock>, i64), WorkflowError> {
    Ok(sql::clocks_page(tx, org_id, query)?)
}
