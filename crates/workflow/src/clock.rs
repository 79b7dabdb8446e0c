//! Clocks: deadlines that run, are met, put off or given up, and the list of what is late (XC-08).

use identity::{Permission, Work};
use kernel::{Date, WorkingCalendar};
use store::Tx;

use crate::{Clock, ClockState, NewClock, Postponement, WorkflowError, rules, sql};

const POSTPONE: Permission = Permission("workflow.postpone");

/// Starts clocks, many at once when a whole book does. The caller has authorised the act that starts them.
pub fn start_clocks(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    new: &[NewClock<'_>],
) -> Result<Vec<Clock>, WorkflowError> {
    let mut clocks = Vec::with_capacity(new.len());
    for new in new {
        let due_on = rules::due_by_code(calendar, new.code, new.started_on)?;
        clocks.push(Clock {
            id: work.next_key(),
            code: new.code.to_owned(),
            ticket_id: new.ticket_id,
            subject_kind: new.subject.kind.to_owned(),
            subject_id: new.subject.id,
            account_id: new.account_id,
            started_on: new.started_on,
            first_due_on: due_on,
            due_on,
            answerable_unit_id: new.answerable_unit_id,
            answerable_post: new.answerable_post.to_owned(),
            met_on: None,
            dropped_on: None,
            version: 1,
        });
    }
    let org_id = work.org_id();
    sql::clock::insert(work.tx, org_id, &clocks)?;
    Ok(clocks)
}

/// Meets every running clock of `code` about a subject, today; answers how many there were.
pub fn meet_clocks(
    work: &mut Work<'_, '_>,
    code: &str,
    subject_kind: &str,
    subject_id: i64,
) -> Result<u64, WorkflowError> {
    let (org_id, today) = (work.org_id(), work.today());
    Ok(sql::clock::meet_subject(work.tx, org_id, code, subject_kind, subject_id, today)?)
}

/// Gives up a clock, because the matter took another course.
pub fn drop_clock(work: &mut Work<'_, '_>, clock_id: i64) -> Result<(), WorkflowError> {
    let clock = running(work, clock_id)?;
    work.require(POSTPONE, clock.answerable_unit_id)?;
    let (org_id, today) = (work.org_id(), work.today());
    sql::clock::end(work.tx, org_id, &clock, None, Some(today))?;
    let (unit_id, day) = (clock.answerable_unit_id, today.to_string());
    crate::record(work, POSTPONE, unit_id, ("clock", &clock_id.to_string()), &[("dropped_on", "", &day)])
}

/// Puts a deadline off to `new_due` and charges the delay to the unit that caused it (BILL-06, BILL-15).
pub fn postpone_clock(
    work: &mut Work<'_, '_>,
    clock_id: i64,
    new_due: Date,
    charged_unit_id: i64,
    reason: &str,
) -> Result<(), WorkflowError> {
    let clock = running(work, clock_id)?;
    work.require(POSTPONE, clock.answerable_unit_id)?;
    rules::check_text("the postponement", reason, true)?;
    if new_due <= clock.due_on {
        return Err(WorkflowError::NotLater { old: clock.due_on, new: new_due });
    }
    let put_off = Postponement {
        old_due: clock.due_on,
        new_due,
        charged_unit_id,
        reason: reason.to_owned(),
        by_person_id: work.actor().person_id,
        at: work.now(),
    };
    let (org_id, id) = (work.org_id(), work.next_key());
    sql::clock::put_off(work.tx, org_id, &clock, id, &put_off)?;
    let (old, new) = (clock.due_on.to_string(), new_due.to_string());
    crate::record(
        work,
        POSTPONE,
        clock.answerable_unit_id,
        ("clock", &clock_id.to_string()),
        &[("due_on", &old, &new), ("reason", "", reason)],
    )
}

fn running(work: &mut Work<'_, '_>, clock_id: i64) -> Result<Clock, WorkflowError> {
    let org_id = work.org_id();
    let clock = sql::clock::find(work.tx, org_id, clock_id)?;
    let clock = clock.ok_or(WorkflowError::NotFound { what: "clock", id: clock_id })?;
    if clock.met_on.is_some() || clock.dropped_on.is_some() {
        return Err(WorkflowError::ClockEnded { id: clock_id });
    }
    Ok(clock)
}

/// A deadline with how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The clock.
    pub clock: Clock,
    /// How it stands.
    pub state: ClockState,
}

fn stand(clocks: Vec<Clock>, today: Date) -> Vec<Standing> {
    clocks.into_iter().map(|clock| Standing { state: rules::clock_state(&clock, today), clock }).collect()
}

/// Everything that is late at the end of `today` and still open, the longest overdue first (XC-08).
pub fn late_list(tx: &mut Tx<'_>, org_id: i64, today: Date) -> Result<Vec<Standing>, WorkflowError> {
    Ok(stand(sql::clock::open_due_by(tx, org_id, today.plus_days(-1)?)?, today))
}

/// Every open clock that is due by `due_by`, late or not: the work that waits.
pub fn open_clocks(
    tx: &mut Tx<'_>,
    org_id: i64,
    due_by: Date,
    today: Date,
) -> Result<Vec<Standing>, WorkflowError> {
    Ok(stand(sql::clock::open_due_by(tx, org_id, due_by)?, today))
}

/// Every clock met on the days from `first` to `last`, in time or late, for the measure of both sides (READ-10).
pub fn met_clocks(
    tx: &mut Tx<'_>,
    org_id: i64,
    first: Date,
    last: Date,
) -> Result<Vec<Standing>, WorkflowError> {
    Ok(stand(sql::clock::met_between(tx, org_id, first, last)?, last))
}

/// Every clock about a subject.
pub fn clocks_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    subject_kind: &str,
    subject_id: i64,
    today: Date,
) -> Result<Vec<Standing>, WorkflowError> {
    Ok(stand(sql::clock::of_subject(tx, org_id, subject_kind, subject_id)?, today))
}

/// Every clock of a ticket.
pub fn clocks_of_ticket(
    tx: &mut Tx<'_>,
    org_id: i64,
    ticket_id: i64,
    today: Date,
) -> Result<Vec<Standing>, WorkflowError> {
    Ok(stand(sql::clock::of_ticket(tx, org_id, ticket_id)?, today))
}

/// How a deadline was put off.
pub fn postponements(
    tx: &mut Tx<'_>,
    org_id: i64,
    clock_id: i64,
) -> Result<Vec<Postponement>, WorkflowError> {
    Ok(sql::clock::postponements(tx, org_id, clock_id)?)
}
