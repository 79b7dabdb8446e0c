//! Changes in circulation: the daily list, and hold-issue requests (暂缓发行申请) for those that affect a month before
//! they can be archived. Source: PARM-03 to PARM-06.

use identity::Work;
use kernel::{Date, Moment, Month, WorkingCalendar};
use store::Tx;
use workflow::{NewTicket, Subject};

use super::model::{ParameterTicket, TicketState};
use super::permissions::{HOLD_ISSUE, LIST_RUNNING};
use super::service::{self, SUBJECT, loaded, wrong_state};
use super::{ParameterError, Result, sql};
use crate::book::{self, checked_note};
use crate::codes::codes;
use crate::{entry, trace};

codes! {
    /// How a hold-issue request stands.
    HoldState {
        /// Filed: the customer's bill is not issued.
        Filed = 1, "filed", "暂缓发行";
        /// Released by the archive.
        Released = 2, "released", "已解除";
        /// Withdrawn.
        Withdrawn = 3, "withdrawn", "已撤回";
    }
}

/// A hold-issue request (暂缓发行申请).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRequest {
    /// The month whose bill waits.
    pub month: Month,
    /// The account.
    pub account_id: i64,
    /// Its key, that of its workflow ticket as well.
    pub hold_id: i64,
    /// The change it waits for.
    pub ticket_id: i64,
    /// The station that filed it.
    pub unit_id: i64,
    /// How it stands.
    pub state: HoldState,
    /// Who filed it.
    pub filed_by: i64,
    /// When.
    pub filed_at: Moment,
    /// When it was released or withdrawn.
    pub ended_at: Option<Moment>,
}

/// A change in circulation, as a line of the daily list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circulating {
    /// The ticket.
    pub ticket_id: i64,
    /// Its number.
    pub number: String,
    /// The account.
    pub account_id: i64,
    /// Where it stands.
    pub state: TicketState,
    /// The first day it changes anything.
    pub affects_from: Date,
    /// Has a hold-issue request been filed for it, still in force?
    pub held: bool,
}

/// An account whose month an open change affects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderChange {
    /// The account.
    pub account_id: i64,
    /// The ticket.
    pub ticket_id: i64,
    /// Its number.
    pub number: String,
    /// The station.
    pub unit_id: i64,
    /// The first day it changes anything.
    pub affects_from: Date,
    /// The day the account is read in the month.
    pub scheduled_on: Date,
    /// The hold-issue request in force for that month.
    pub hold_id: Option<i64>,
}

/// The day an account is read in `month`; the last of the month while its book has no reading day.
fn scheduled(tx: &mut Tx<'_>, org_id: i64, ticket: &ParameterTicket, month: Month) -> Result<Date> {
    if ticket.opens {
        return Ok(month.last_day());
    }
    let (_, book_id) = entry::account_place(tx, org_id, ticket.account_id)?;
    if let Some(opened) = book::book_month(tx, org_id, month, book_id)? {
        return Ok(opened.scheduled_on);
    }
    let day = book::book(tx, org_id, book_id)?.and_then(|book| book.reading_day);
    Ok(match day {
        Some(day) => book::rules::scheduled_day(month, day)?,
        None => month.last_day(),
    })
}

/// Changes of a station that are neither archived nor given up; of all stations when `unit_id` is 0. Source: PARM-03.
pub fn in_circulation(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Vec<Circulating>> {
    let mut found = Vec::new();
    for ticket in sql::open_tickets(tx, org_id, unit_id)? {
        let holds = sql::holds_of_ticket(tx, org_id, ticket.ticket_id)?;
        found.push(Circulating {
            ticket_id: ticket.ticket_id,
            number: ticket.number,
            account_id: ticket.account_id,
            state: ticket.state,
            affects_from: ticket.affects_from,
            held: holds.iter().any(|hold| hold.state == HoldState::Filed),
        });
    }
    Ok(found)
}

/// The station gives today's list of changes in circulation, once a day. Source: PARM-03.
pub fn list_circulation(work: &mut Work<'_, '_>, unit_id: i64) -> Result<Vec<Circulating>> {
    work.require(LIST_RUNNING, unit_id)?;
    let (org_id, today, now) = (work.org_id(), work.today(), work.now());
    if sql::circulation(work.tx, (org_id, unit_id, today))?.is_some() {
        let (zh, en) = ("今天的清单已经编制", "today's list was given already");
        return Err(ParameterError::not_now(today, zh, en));
    }
    let lines = in_circulation(work.tx, org_id, unit_id)?;
    let by = (work.actor().person_id, now);
    sql::insert_circulation(work.tx, (org_id, unit_id, today), &lines, by)?;
    let detail = format!("{} changes in circulation", lines.len());
    trace::record(work, LIST_RUNNING, unit_id, ("changes_running_list", &today.to_string()), &detail)?;
    Ok(lines)
}

/// The list a station gave on `day`; nothing when it gave none. Source: PARM-03.
pub fn circulation_list(
    tx: &mut Tx<'_>,
    org_id: i64,
    unit_id: i64,
    day: Date,
) -> Result<Option<Vec<Circulating>>> {
    sql::circulation(tx, (org_id, unit_id, day))
}

/// The station asks the centre (`centre_unit_id`) not to issue the bill of `month` before the change is archived.
/// Refused when the change does not affect that month. Source: PARM-04.
pub fn file_hold(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    month: Month,
    centre_unit_id: i64,
    reason: &str,
) -> Result<HoldRequest> {
    let ticket = loaded(work, ticket_id)?;
    work.require(HOLD_ISSUE, ticket.unit_id)?;
    if !ticket.state.is_open() {
        return Err(wrong_state(&ticket));
    }
    let org_id = work.org_id();
    let scheduled_on = scheduled(work.tx, org_id, &ticket, month)?;
    if !ticket.affects(scheduled_on) {
        let zh = format!("变更自 {} 起，不影响 {month}（例日 {scheduled_on}）", ticket.affects_from);
        let en = format!(
            "it changes nothing before {}, so not {month}, read on {scheduled_on}",
            ticket.affects_from
        );
        return Err(ParameterError::not_now(&ticket.number, &zh, &en));
    }
    let holds = sql::holds_of_ticket(work.tx, org_id, ticket_id)?;
    if holds.iter().any(|hold| hold.month == month && hold.state == HoldState::Filed) {
        let (zh, en) = ("该月已申请暂缓发行", "a hold-issue request for that month is there already");
        return Err(ParameterError::not_now(&ticket.number, zh, en));
    }
    let raised = workflow::raise(
        work,
        calendar,
        &NewTicket {
            kind: "hold_issue",
            subject: Subject { kind: SUBJECT, id: ticket_id },
            account_id: Some(ticket.account_id),
            book_id: None,
            month: Some(month),
            raised_unit_id: ticket.unit_id,
            addressed_unit_id: centre_unit_id,
            addressed_post: "reviewer",
            third_unit_id: None,
            text: checked_note(reason)?,
        },
    )?;
    let hold = HoldRequest {
        month,
        account_id: ticket.account_id,
        hold_id: raised.id,
        ticket_id,
        unit_id: ticket.unit_id,
        state: HoldState::Filed,
        filed_by: work.actor().person_id,
        filed_at: work.now(),
        ended_at: None,
    };
    sql::insert_hold(work.tx, org_id, &hold)?;
    trace::record(
        work,
        HOLD_ISSUE,
        ticket.unit_id,
        ("hold_issue", &raised.number),
        &format!("{} of {month}", ticket.number),
    )?;
    Ok(hold)
}

fn end(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    hold: &HoldRequest,
    to: (HoldState, &str),
    text: &str,
) -> Result<()> {
    let (org_id, now) = (work.org_id(), work.now());
    service::step(work, calendar, hold.hold_id, to.1, text)?;
    sql::end_hold(work.tx, org_id, hold, to.0, now)
}

/// Takes a request back, with a reason.
pub fn withdraw_hold(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    (ticket_id, hold_id): (i64, i64),
    reason: &str,
) -> Result<()> {
    let ticket = loaded(work, ticket_id)?;
    work.require(HOLD_ISSUE, ticket.unit_id)?;
    let org_id = work.org_id();
    let holds = sql::holds_of_ticket(work.tx, org_id, ticket_id)?;
    let hold = holds
        .iter()
        .find(|hold| hold.hold_id == hold_id && hold.state == HoldState::Filed)
        .ok_or_else(|| ParameterError::not_found("暂缓发行申请", "hold-issue request", hold_id))?;
    end(work, calendar, hold, (HoldState::Withdrawn, "withdraw"), checked_note(reason)?)?;
    trace::record(
        work,
        HOLD_ISSUE,
        ticket.unit_id,
        ("change_ticket", &ticket.number),
        &format!("withdrawn: {reason}"),
    )?;
    Ok(())
}

/// Ends every request of an archived ticket; the centre's clock of two working days begins. Source: PARM-05.
pub(crate) fn release_all(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
) -> Result<u64> {
    end_all(work, calendar, ticket_id, (HoldState::Released, "release"), "")
}

pub(crate) fn withdraw_all(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    reason: &str,
) -> Result<u64> {
    end_all(work, calendar, ticket_id, (HoldState::Withdrawn, "withdraw"), reason)
}

fn end_all(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    to: (HoldState, &str),
    text: &str,
) -> Result<u64> {
    let org_id = work.org_id();
    let mut ended = 0;
    for hold in sql::holds_of_ticket(work.tx, org_id, ticket_id)? {
        if hold.state == HoldState::Filed {
            end(work, calendar, &hold, to, text)?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// The hold-issue requests of a month, whatever their state, in order of account.
pub fn hold_requests(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<HoldRequest>> {
    sql::holds_of_month(tx, org_id, month)
}

/// The accounts whose bill of `month` must not be issued, in order. Source: PARM-04.
pub fn accounts_to_hold(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<i64>> {
    let holds = sql::holds_of_month(tx, org_id, month)?;
    let mut accounts: Vec<i64> =
        holds.iter().filter(|hold| hold.state == HoldState::Filed).map(|hold| hold.account_id).collect();
    accounts.dedup();
    Ok(accounts)
}

/// Every account whose settlement of `month` an open change affects, in order, held or not. Source: PARM-03, PARM-04.
pub fn accounts_under_change(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<UnderChange>> {
    let holds = sql::holds_of_month(tx, org_id, month)?;
    let mut found = Vec::new();
    for ticket in sql::open_tickets(tx, org_id, 0)? {
        let scheduled_on = scheduled(tx, org_id, &ticket, month)?;
        if !ticket.affects(scheduled_on) {
            continue;
        }
        let filed =
            |hold: &&HoldRequest| hold.ticket_id == ticket.ticket_id && hold.state == HoldState::Filed;
        found.push(UnderChange {
            account_id: ticket.account_id,
            ticket_id: ticket.ticket_id,
            number: ticket.number,
            unit_id: ticket.unit_id,
            affects_from: ticket.affects_from,
            scheduled_on,
            hold_id: holds.iter().find(filed).map(|hold| hold.hold_id),
        });
    }
    found.sort_by_key(|one| (one.account_id, one.ticket_id));
    Ok(found)
}

/// Changes that affect `month`, whose reading day has come, and for which no hold-issue request is in force: whatever
/// follows from them is the station's. Source: PARM-04, PARM-06.
pub fn holds_missing(tx: &mut Tx<'_>, org_id: i64, month: Month, today: Date) -> Result<Vec<UnderChange>> {
    let mut found = accounts_under_change(tx, org_id, month)?;
    found.retain(|one| one.hold_id.is_none() && one.scheduled_on <= today);
    Ok(found)
}

/// The unit that answers for an adjustment or a complaint about the bill of `month` because of a change in circulation:
/// the station, when a change that affects the month was open on the reading day and no hold-issue request had been
/// filed for it. Nobody by this rule otherwise. Source: PARM-06.
pub fn answerable_unit(
    tx: &mut Tx<'_>,
    org_id: i64,
    account_id: i64,
    month: Month,
) -> Result<Option<(i64, String)>> {
    let holds = sql::holds_of_month(tx, org_id, month)?;
    for ticket in sql::of_account(tx, org_id, account_id)? {
        if matches!(ticket.state, TicketState::Withdrawn | TicketState::Refused) {
            continue;
        }
        let scheduled_on = scheduled(tx, org_id, &ticket, month)?;
        let open_then = ticket.started_at.date() <= scheduled_on
            && ticket.archived_at.is_none_or(|archived| archived.date() > scheduled_on);
        let filed =
            holds.iter().any(|hold| hold.ticket_id == ticket.ticket_id && hold.state != HoldState::Withdrawn);
        if ticket.affects(scheduled_on) && open_then && !filed {
            return Ok(Some((ticket.unit_id, ticket.number)));
        }
    }
    Ok(None)
}
