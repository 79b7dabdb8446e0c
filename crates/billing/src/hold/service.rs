//! Commands about holds.

use identity::Work;
use kernel::{Date, Moment, Month};
use store::Tx;
use workflow::{NewTicket, Subject};

use super::sql;
use crate::office::record::{record, require_at};
use crate::office::{OfficeError, OfficeRules, Result, checked_text, flow, permission};

/// A hold on the issue of a customer's bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its key.
    pub hold_id: i64,
    /// The account.
    pub account_id: i64,
    /// Its station.
    pub unit_id: i64,
    /// The hold-issue request.
    pub ticket_id: i64,
    /// The first month that is held.
    pub from_month: Month,
    /// Why.
    pub reason: String,
    /// The number of the change ticket it waits for.
    pub document: String,
    /// Who filed it.
    pub placed_by: i64,
    /// When.
    pub placed_at: Moment,
    /// When the change was archived and the hold ended.
    pub released_at: Option<Moment>,
    /// By when the fee without exception is issued after that.
    pub issue_due_on: Option<Date>,
}

/// The station files a hold-issue request for the change ticket `document`; from then on issue leaves the customer out
/// until the ticket is archived. (PARM-04)
pub fn place(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    account_id: i64,
    from_month: Month,
    document: &str,
    reason: &str,
    centre_unit_id: i64,
) -> Result<Hold> {
    let place = flow::place_of(work, account_id)?;
    require_at(work, permission::HOLD_ISSUE, place.unit_id)?;
    let reason = checked_text("reason", reason, 500)?;
    let document = checked_text("change ticket", document, 60)?;
    let org_id = work.org_id();
    let open = sql::of_account(work.tx, org_id, account_id)?;
    if open.iter().any(|hold| hold.released_at.is_none() && hold.document == document) {
        return Err(OfficeError::refused(
            "PARM-04",
            format!("工单 {document} 已有暂缓发行申请"),
            format!("ticket {document} has a hold-issue request in force already"),
        ));
    }
    let hold_id = work.next_key();
    let new = NewTicket {
        kind: "hold_issue",
        subject: Subject { kind: "hold", id: hold_id },
        account_id: Some(account_id),
        book_id: Some(place.book_id),
        month: Some(from_month),
        raised_unit_id: place.unit_id,
        addressed_unit_id: centre_unit_id,
        addressed_post: "reviewer",
        third_unit_id: None,
        text: reason,
    };
    let ticket = flow::raise(work, rules, &new)?;
    let hold = Hold {
        hold_id,
        account_id,
        unit_id: place.unit_id,
        ticket_id: ticket.id,
        from_month,
        reason: reason.to_owned(),
        document: document.to_owned(),
        placed_by: work.actor().person_id,
        placed_at: work.now(),
        released_at: None,
        issue_due_on: None,
    };
    sql::insert(work.tx, org_id, &hold)?;
    record(work, permission::HOLD_ISSUE, place.unit_id, "hold", &ticket.number, "", document)?;
    Ok(hold)
}

/// The station archived the change: the hold ends, and the fee without exception is due two working days later.
/// (PARM-04, PARM-05)
pub fn release(work: &mut Work<'_, '_>, rules: &OfficeRules, hold_id: i64) -> Result<Date> {
    let org_id = work.org_id();
    let hold =
        sql::find(work.tx, org_id, hold_id)?.ok_or(OfficeError::NotFound { what: "hold", id: hold_id })?;
    require_at(work, permission::ARCHIVE_CHANGE, hold.unit_id)?;
    let ticket = flow::act(work, rules, hold.ticket_id, "release", "")?;
    let due_on = rules.due("issue_after_held_change", work.today())?;
    let (by, now) = (work.actor().person_id, work.now());
    sql::save_released(work.tx, org_id, hold_id, (by, now), due_on)?;
    record(work, permission::ARCHIVE_CHANGE, hold.unit_id, "hold", &ticket.number, "held", "released")?;
    Ok(due_on)
}

/// Closes the requests whose hold was released and whose bill of `month` is issued meanwhile; part of the issue. Without
/// `rules` the built-in ones are taken. Answers how many. (PARM-05)
pub(crate) fn close_issued(
    work: &mut Work<'_, '_>,
    rules: Option<&OfficeRules>,
    month: Month,
) -> Result<usize> {
    let (org_id, now) = (work.org_id(), work.now());
    let waiting = sql::released_and_issued(work.tx, org_id, month)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let built_in;
    let rules = match rules {
        Some(rules) => rules,
        None => {
            built_in = OfficeRules::built_in()?;
            &built_in
        }
    };
    for (hold_id, ticket_id, unit_id) in &waiting {
        let ticket = flow::act(work, rules, *ticket_id, "issue", "")?;
        sql::save_issued(work.tx, org_id, *hold_id, now)?;
        record(work, permission::ISSUE, *unit_id, "hold", &ticket.number, "released", "issued")?;
    }
    Ok(waiting.len())
}

/// The holds of an account, in order.
pub fn holds_of(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<Hold>> {
    sql::of_account(tx, org_id, account_id)
}

/// Every hold-issue request in force, by account, 5,000 at most.
pub fn holds_open(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Hold>> {
    sql::in_force(tx, org_id)
}

/// Was a hold-issue request filed for a change ticket? When not, what follows is the station's. (PARM-06)
pub fn was_filed_for(tx: &mut Tx<'_>, org_id: i64, account_id: i64, document: &str) -> Result<bool> {
    sql::filed_for(tx, org_id, account_id, document)
}

/// An adjustment begins: the customer's normal issue is held. (ADJ-16)
pub(crate) fn begin_adjustment(work: &mut Work<'_, '_>, account_id: i64, number: &str) -> Result<()> {
    let (org_id, hold_id, by, now) = (work.org_id(), work.next_key(), work.actor().person_id, work.now());
    sql::insert_for_adjustment(work.tx, (org_id, hold_id, account_id), number, (by, now))
}

/// An adjustment ends, issued or refused: the hold ends with it. (ADJ-16)
pub(crate) fn end_adjustment(work: &mut Work<'_, '_>, account_id: i64, number: &str) -> Result<()> {
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    sql::release_adjustment(work.tx, (org_id, account_id), number, (by, now))
}

/// An adjustment of many customers begins: the normal issue of each is held. (ADJ-16)
pub(crate) fn begin_batch(work: &mut Work<'_, '_>, accounts: &[i64], number: &str) -> Result<()> {
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    let mut holds = sql::holds();
    for account_id in accounts {
        let hold_id = work.next_key();
        sql::add_for_adjustment(&mut holds, (org_id, hold_id, *account_id), number, (by, now))?;
    }
    work.tx.load(&mut holds)?;
    Ok(())
}

/// An adjustment of many customers ends: all its holds end with it. (ADJ-16)
pub(crate) fn end_batch(work: &mut Work<'_, '_>, number: &str) -> Result<()> {
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    sql::release_batch(work.tx, org_id, number, (by, now))
}
