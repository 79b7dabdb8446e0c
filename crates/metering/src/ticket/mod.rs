//! Transaction work tickets (事务工作票) to change a submitted reading. Source: READ-09, READ-10, READ-11.
//!
//! The meter reader raises one; the centre agrees and so returns the book, or refuses and replies, within the limit of
//! working days. Both are measured.

pub(crate) mod sql;

use identity::Work;
use kernel::{Date, Month, WorkingCalendar};
use store::Tx;

use crate::book::rules::{self, Act};
use crate::book::{BookState, ChangeTicket, Decision, checked_note, loaded, not_found, take_step};
use crate::error::What;
use crate::limits::Limit;
use crate::{MeteringError, Result, entry, permissions, trace};

/// Raises a ticket to change one line of a submitted book. Answers its key. Source: READ-09.
pub fn raise_change(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    month: Month,
    (account_id, meter_seq): (i64, i64),
    reason: &str,
) -> Result<i64> {
    let org_id = work.org_id();
    let (unit_id, book_id) = entry::account_place(work.tx, org_id, account_id)?;
    work.require(permissions::RAISE_CHANGE, unit_id)?;
    let book = loaded(work, month, book_id)?;
    if matches!(book.state, BookState::Created | BookState::Entering | BookState::Returned) {
        // An open book needs no ticket: its lines are entered directly.
        return Err(MeteringError::WrongState { month, book_id, state: book.state });
    }
    let lines = entry::load_lines(work.tx, org_id, month, &[account_id])?;
    if lines.iter().all(|line| line.meter_seq != meter_seq) {
        return Err(not_found(What::Line, format!("{account_id}-{meter_seq} / {month}")));
    }
    let today = work.today();
    let limit = Limit::AnswerChangeTicket.days(work.tx, org_id, today)?;
    let ticket = ChangeTicket {
        ticket_id: work.next_key(),
        month,
        book_id,
        unit_id,
        account_id,
        meter_seq,
        reason: checked_note(reason)?.to_owned(),
        raised_by: work.actor().person_id,
        raised_at: work.now(),
        due_on: calendar.add_working_days(today, u32::try_from(limit).unwrap_or(0))?,
        state: Decision::Open,
        answered_by: None,
        answered_at: None,
        answer: None,
        late_days: None,
    };
    sql::insert(work.tx, org_id, &ticket)?;
    let document = format!("ticket {}", ticket.ticket_id);
    trace::record(work, "raise change", &document, &format!("account {account_id} of {month}: {reason}"))?;
    Ok(ticket.ticket_id)
}

/// The centre's answer: agreed, the book is returned to the station; refused, the reply says why. Working days beyond
/// the limit are kept with the ticket. Who raised it cannot answer. Source: READ-10, READ-11.
pub fn answer_change(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    agreed: bool,
    answer: &str,
) -> Result<ChangeTicket> {
    let org_id = work.org_id();
    let mut ticket =
        sql::ticket(work.tx, org_id, ticket_id)?.ok_or_else(|| not_found(What::Ticket, ticket_id))?;
    work.require(permissions::AGREE_RETURN, ticket.unit_id)?;
    work.forbid_maker(ticket.raised_by, "the ticket")?;
    if ticket.state != Decision::Open {
        return Err(MeteringError::AlreadyDone { what: What::Ticket, key: ticket_id.to_string() });
    }
    let answer = if agreed { answer.trim() } else { checked_note(answer)? };
    if agreed {
        let book = loaded(work, ticket.month, ticket.book_id)?;
        // Several tickets of one book: the first agreed one opens it, the others find it open.
        if book.state != BookState::Returned {
            let to = rules::step(&book, Act::Return)?;
            let reason = format!("ticket {ticket_id}: {}", ticket.reason);
            take_step(work, &book, to, &reason, |next| next.checked_by = None)?;
        }
    }
    ticket.state = if agreed { Decision::Agreed } else { Decision::Refused };
    ticket.answered_by = Some(work.actor().person_id);
    ticket.answered_at = Some(work.now());
    ticket.answer = Some(answer.to_owned());
    ticket.late_days = Some(late_working_days(calendar, ticket.due_on, work.today())?);
    sql::answer(work.tx, org_id, &ticket)?;
    let document = format!("ticket {ticket_id}");
    trace::record(work, "answer change", &document, &format!("{} {answer}", ticket.state.key()))?;
    Ok(ticket)
}

fn late_working_days(calendar: &WorkingCalendar, due: Date, answered: Date) -> Result<i64> {
    Ok(if answered <= due { 0 } else { calendar.working_days_between(due, answered)?.max(1) })
}

/// Tickets that wait for an answer, the earliest due first. Source: READ-10, XC-08.
pub fn open_changes(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<ChangeTicket>> {
    sql::tickets(tx, org_id, Decision::Open)
}

/// Answered tickets, for the report of both timers. Source: READ-10.
pub fn answered_changes(tx: &mut Tx<'_>, org_id: i64, agreed: bool) -> Result<Vec<ChangeTicket>> {
    sql::tickets(tx, org_id, if agreed { Decision::Agreed } else { Decision::Refused })
}
