//! Transaction work tickets (事务工作票) to change a submitted reading. Source: READ-09, READ-10, READ-11.
//!
//! The meter reader raises one; the centre agrees and so returns the book, or refuses and replies. The ticket, its two
//! clocks of working days and their report are kept by `workflow` (kind `book_return`); what it does to the book is
//! decided here.

pub(crate) mod sql;

use identity::Work;
use kernel::{Month, WorkingCalendar};
use store::Tx;
use workflow::{NewTicket, Subject, Ticket};

use crate::book::rules::{self, Act};
use crate::book::{self, BOOK_MONTH, BookState, loaded, not_found, take_step};
use crate::error::What;
use crate::{MeteringError, Result, entry, permissions, statistics};

const KIND: &str = "book_return";

/// The line a ticket is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeOf {
    /// The month.
    pub month: Month,
    /// The book.
    pub book_id: i64,
    /// The account.
    pub account_id: i64,
    /// The meter.
    pub meter_seq: i64,
}

/// Raises a ticket to change one line of a submitted book, addressed to the centre. Source: READ-09.
pub fn raise_change(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    centre_unit_id: i64,
    month: Month,
    (account_id, meter_seq): (i64, i64),
    reason: &str,
) -> Result<Ticket> {
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
    let new = NewTicket {
        kind: KIND,
        subject: Subject { kind: BOOK_MONTH, id: book::book_month_key(month, book_id) },
        account_id: Some(account_id),
        book_id: Some(book_id),
        month: Some(month),
        raised_unit_id: unit_id,
        addressed_unit_id: centre_unit_id,
        addressed_post: "",
        third_unit_id: None,
        text: reason,
    };
    let ticket = workflow::raise(work, calendar, &new)?;
    sql::insert(work.tx, (org_id, ticket.id), &ChangeOf { month, book_id, account_id, meter_seq })?;
    Ok(ticket)
}

/// The centre's answer: agreed, the book is returned to the station; refused, the reply says why. Who raised the ticket
/// cannot answer it. Source: READ-10, READ-11.
pub fn answer_change(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    agreed: bool,
    answer: &str,
) -> Result<Ticket> {
    let org_id = work.org_id();
    let about = change_of(work.tx, org_id, ticket_id)?.ok_or_else(|| not_found(What::Ticket, ticket_id))?;
    let ticket = workflow::find(work.tx, org_id, ticket_id)?;
    let act = if agreed { "agree" } else { "refuse" };
    let answered = workflow::act(work, calendar, ticket_id, ticket.version, act, answer)?;
    if agreed {
        // A reading that had to be changed after submission is a reading error. Source: XC-22.
        let line = (about.account_id, about.meter_seq, ticket.raised_unit_id);
        let by = (work.actor().person_id, work.now());
        statistics::sql::keep_error(work.tx, org_id, about.month, line, &ticket.number, by)?;
        let book = loaded(work, about.month, about.book_id)?;
        // Several tickets of one book: the first agreed one opens it, the others find it open.
        if book.state != BookState::Returned {
            let to = rules::step(&book, Act::Return)?;
            let reason = format!("{}: {}", ticket.number, ticket.text);
            take_step(work, permissions::AGREE_RETURN, &book, to, &reason, |next| next.checked_by = None)?;
        }
    }
    Ok(answered)
}

/// The line a ticket is about, if it is one of this office.
pub fn change_of(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Option<ChangeOf>> {
    sql::change_of(tx, org_id, ticket_id)
}
