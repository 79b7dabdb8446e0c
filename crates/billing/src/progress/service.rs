//! Commands about the progress of issue, with their rows.

use std::collections::BTreeMap;

use identity::Work;
use kernel::{Date, Month, WorkingCalendar};
use store::{Tx, params};
use workflow::{NewClock, NewTicket, Subject, Ticket};

use crate::office::record::{record, record_words, require_at};
use crate::office::{OfficeError, OfficeRules, Party, Result, checked_text, delay, flow, permission};

pub(crate) const TABLES: &str = "
CREATE TABLE issue_query (
  org_id INTEGER NOT NULL, query_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, month INTEGER NOT NULL,
  books INTEGER NOT NULL, asked_by INTEGER NOT NULL, asked_at INTEGER NOT NULL, ticket_id INTEGER,
  PRIMARY KEY (org_id, query_id)) STRICT, WITHOUT ROWID;";

/// A book with its issue day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookDue {
    /// The book.
    pub book_id: i64,
    /// The day by which its clean bills are issued; a late submission has put it off. (BILL-06)
    pub due_on: Date,
    /// Working days late at the end of the day asked for.
    pub late_days: i64,
}

/// What clocks of a book's month are about; the key is metering's.
const BOOK_MONTH: &str = "book_month";
const ISSUE_CLOCK: &str = "issue_clean_public";

/// Starts the clock of issue of a book that was just submitted, as part of submitting it: three working days from the
/// first submission, so a late one puts the issue off by itself; the delay is noted as the station's, not the centre's.
/// A book that was returned and comes again keeps its clock. Answers the due day. (BILL-04..06)
pub fn book_submitted(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    month: Month,
    book_id: i64,
    centre_unit_id: i64,
) -> Result<Date> {
    let org_id = work.org_id();
    let book = metering::book::book_month(work.tx, org_id, month, book_id).map_err(flow::below)?;
    let book = book.ok_or(OfficeError::NotFound { what: "book of the month", id: book_id })?;
    work.require(permission::SUBMIT_BOOK, book.unit_id)?;
    let Some(submitted_on) = book.submitted_at.map(kernel::Moment::date) else {
        return Err(OfficeError::refused(
            "BILL-04",
            format!("抄本 {book_id} {month} 尚未提交"),
            format!("book {book_id} of {month} is not submitted yet"),
        ));
    };
    let (key, today) = (metering::book::book_month_key(month, book_id), work.today());
    let known = workflow::clocks_of(work.tx, org_id, BOOK_MONTH, key, today).map_err(flow::workflow_error)?;
    if let Some(running) = known.iter().find(|standing| standing.clock.code == ISSUE_CLOCK) {
        return Ok(running.clock.due_on);
    }
    let clock = NewClock {
        code: ISSUE_CLOCK,
        ticket_id: None,
        subject: Subject { kind: BOOK_MONTH, id: key },
        account_id: None,
        started_on: submitted_on,
        answerable_unit_id: centre_unit_id,
        answerable_post: "reviewer",
    };
    let started = workflow::start_clocks(work, calendar, &[clock]).map_err(flow::workflow_error)?;
    if book.late_days > 0 {
        delay::note(
            work,
            permission::SUBMIT_BOOK,
            &delay::Delay {
                month,
                unit_id: book.unit_id,
                account_id: None,
                book_id: Some(book_id),
                party: Party::Station,
                days: book.late_days,
                cause: "BILL-06 late submission".into(),
                document: format!("{month}/{book_id}"),
            },
        )?;
    }
    Ok(started.first().map_or(submitted_on, |clock| clock.due_on))
}

/// Meets the clock of a book's month: its clean bills are issued. Part of the issue; answers how many clocks it met.
pub fn book_issued(work: &mut Work<'_, '_>, month: Month, book_id: i64) -> Result<u64> {
    let key = metering::book::book_month_key(month, book_id);
    workflow::meet_clocks(work, ISSUE_CLOCK, BOOK_MONTH, key).map_err(flow::workflow_error)
}

fn issued_books(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<BTreeMap<i64, i64>> {
    let rows = tx.list(
        "SELECT book_id, CAST(SUM(bills) AS BIGINT) FROM issue
         WHERE org_id = ?1 AND month = ?2 AND calculation_id > 0 GROUP BY book_id",
        params![org_id, month],
        |row| Ok::<_, store::StoreError>((row.int(0)?, row.int(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

/// Of the station's submitted books, those that should have been issued by today and are not; the question itself is
/// recorded. Answers the key of the query and the books, the latest first. (BILL-07)
pub fn should_be_issued(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    month: Month,
    unit_id: i64,
) -> Result<(i64, Vec<BookDue>)> {
    require_at(work, permission::URGE, unit_id)?;
    let (org_id, today, by, now) = (work.org_id(), work.today(), work.actor().person_id, work.now());
    let issued = issued_books(work.tx, org_id, month)?;
    let mut late = Vec::new();
    for book in metering::book::books_of_month(work.tx, org_id, month).map_err(flow::below)? {
        let Some(submitted_at) = book.submitted_at else { continue };
        if book.unit_id != unit_id || issued.contains_key(&book.book_id) {
            continue;
        }
        let due_on = rules.due(ISSUE_CLOCK, submitted_at.date())?;
        let late_days = rules.days_late(due_on, today)?;
        if late_days > 0 {
            late.push(BookDue { book_id: book.book_id, due_on, late_days });
        }
    }
    late.sort_by_key(|book| (book.due_on, book.book_id));
    let query_id = work.next_key();
    work.tx.execute(
        "INSERT INTO issue_query (org_id, query_id, unit_id, month, books, asked_by, asked_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![org_id, query_id, unit_id, month, late.len() as i64, by, now],
    )?;
    let new = format!("{} books of {month} late", late.len());
    record(work, permission::URGE, unit_id, "issue_query", &query_id.to_string(), "", &new)?;
    Ok((query_id, late))
}

/// The station urges the centre to issue what its query found; the record keeps who, when and the answer. (BILL-07)
pub fn urge(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    query_id: i64,
    centre_unit_id: i64,
    text: &str,
) -> Result<Ticket> {
    let org_id = work.org_id();
    let found = work.tx.one(
        "SELECT unit_id, month, books FROM issue_query WHERE org_id = ?1 AND query_id = ?2",
        params![org_id, query_id],
        |row| Ok::<_, store::StoreError>((row.int(0)?, row.month(1)?, row.int(2)?)),
    )?;
    let (unit_id, month, books) = found.ok_or(OfficeError::NotFound { what: "query", id: query_id })?;
    require_at(work, permission::URGE, unit_id)?;
    if books == 0 {
        return Err(OfficeError::refused(
            "BILL-07",
            "该次查询没有应发行而未发行的抄本，无需督促",
            "the query found no book that is late: there is nothing to urge",
        ));
    }
    let text = checked_text("urge", text, 500)?;
    let ticket = flow::raise(
        work,
        rules,
        &NewTicket {
            kind: "issue_urge",
            subject: Subject { kind: "issue_query", id: query_id },
            account_id: None,
            book_id: None,
            month: Some(month),
            raised_unit_id: unit_id,
            addressed_unit_id: centre_unit_id,
            addressed_post: "reviewer",
            third_unit_id: None,
            text,
        },
    )?;
    work.tx.execute_one(
        &format!("query {query_id}"),
        "UPDATE issue_query SET ticket_id = ?3 WHERE org_id = ?1 AND query_id = ?2 AND ticket_id IS NULL",
        params![org_id, query_id, ticket.id],
    )?;
    record_words(work, permission::URGE, unit_id, "issue_urge", &ticket.number, "", text)?;
    Ok(ticket)
}

/// The centre answers an urge. (BILL-07)
pub fn answer_urge(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    ticket_id: i64,
    text: &str,
) -> Result<Ticket> {
    let text = checked_text("answer", text, 500)?;
    let ticket = flow::act(work, rules, ticket_id, "answer", text)?;
    let unit_id = ticket.raised_unit_id;
    record_words(work, permission::ANSWER_URGE, unit_id, "issue_urge", &ticket.number, "raised", text)?;
    Ok(ticket)
}
