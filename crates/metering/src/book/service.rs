//! The commands about books: batches, reading days, self-check, submission, and the steps at the centre.

use identity::{Actor, Permission, Work};
use kernel::{Bilingual, Date, Lang, Moment, Month, Text, WorkingCalendar};
use store::{Bulk, Tx, params};
use workflow::{NewClock, Subject};

use super::model::{
    Book, BookMonth, BookProgress, BookState, BookStep, Decision, LineCounts, LogEntry, LogKind,
};
use super::rules::{self, Act};
use super::sql;
use crate::error::What;
use crate::yearly::new_accounts;
use crate::{MeteringError, Result, entry, permissions, trace};

/// The deadline for submitting a book, and what its clocks are about. Source: READ-08.
const SUBMIT_CLOCK: &str = "submit_readings";
pub(crate) const BOOK_MONTH: &str = "book_month";
/// Longest reason or note in characters.
const NOTE_CHARS_MAX: usize = 500;
/// Books that one batch opens at most.
const BATCH_BOOKS_MAX: usize = 20_000;

/// Refuses a note that is empty or too long.
pub(crate) fn checked_note(note: &str) -> Result<&str> {
    let note = note.trim();
    let refuse = |zh: &str, en: &str| MeteringError::NotAllowed {
        what: What::Note,
        value: note.chars().take(40).collect(),
        why: Text::new(zh, en),
    };
    match note.chars().count() {
        0 => Err(refuse("不能为空，请写明原因", "it must not be empty; say why")),
        1..=NOTE_CHARS_MAX => Ok(note),
        _ => Err(refuse("不超过 500 字", "at most 500 characters")),
    }
}

pub(crate) fn not_found(what: What, key: impl ToString) -> MeteringError {
    MeteringError::NotFound { what, key: key.to_string() }
}

/// Books in bulk, for imports and demonstrations.
pub struct BookBulk {
    org_id: i64,
    bulk: Bulk,
}

impl BookBulk {
    /// An empty buffer.
    pub fn new(org_id: i64) -> BookBulk {
        BookBulk { org_id, bulk: Bulk::new("book", sql::BOOK_COLUMNS) }
    }
    /// Adds a book, in ascending order of key.
    pub fn book(&mut self, book: &Book) -> Result<()> {
        Ok(self.bulk.row(params![
            self.org_id,
            book.book_id,
            &book.number,
            &book.name,
            book.unit_id,
            book.reader_id,
            book.cycle,
            book.reading_day,
            book.version,
        ])?)
    }
    /// Writes everything and empties the buffer.
    pub fn load(&mut self, tx: &mut Tx<'_>) -> Result<u64> {
        Ok(tx.load(&mut self.bulk)?)
    }
}

/// Books of a month that were read and submitted elsewhere (remote collection), taken over in bulk. The rows are
/// trusted: the readings must be there.
pub struct SubmittedBulk {
    org_id: i64,
    bulk: Bulk,
}

impl SubmittedBulk {
    /// An empty buffer.
    pub fn new(org_id: i64) -> SubmittedBulk {
        SubmittedBulk { org_id, bulk: Bulk::new("book_month", sql::SUBMITTED_COLUMNS) }
    }
    /// Adds a submitted book, in ascending order of key.
    pub fn book(
        &mut self,
        month: Month,
        book_id: i64,
        unit_id: i64,
        read_on: Date,
        submitted_at: Moment,
    ) -> Result<()> {
        let (state, batch_id, submitted_by, late_days, version) = (BookState::Submitted, 0, 0, 0, 1);
        Ok(self.bulk.row(params![
            self.org_id,
            month,
            book_id,
            batch_id,
            unit_id,
            state,
            read_on,
            submitted_by,
            submitted_at,
            late_days,
            version,
        ])?)
    }
    /// Writes everything and empties the buffer.
    pub fn load(&mut self, tx: &mut Tx<'_>) -> Result<u64> {
        Ok(tx.load(&mut self.bulk)?)
    }
}

/// The book, if there is one.
pub fn book(tx: &mut Tx<'_>, org_id: i64, book_id: i64) -> Result<Option<Book>> {
    sql::book(tx, org_id, book_id)
}
/// The book in a month, if it was opened.
pub fn book_month(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<Option<BookMonth>> {
    sql::book_month(tx, org_id, month, book_id)
}
/// All books opened in a month.
pub fn books_of_month(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<BookMonth>> {
    sql::books_of_month(tx, org_id, month)
}
/// The steps a book took. Source: BILL-23.
pub fn steps(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<Vec<BookStep>> {
    sql::steps(tx, org_id, month, book_id)
}
/// How the lines of a book stand. Source: READ-14.
pub fn line_counts(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<LineCounts> {
    sql::line_counts(tx, org_id, month, book_id)
}

/// How far these books came in a month, as (book, progress) in order of book; a book without lines is left out. One query.
pub fn progress_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    books: &[i64],
) -> Result<Vec<(i64, BookProgress)>> {
    if books.is_empty() {
        return Ok(Vec::new());
    }
    sql::progress(tx, org_id, month, books)
}

/// Makes a book. Its reading day is in force only after [`propose_reading_day`] and [`review_reading_day`].
pub fn create_book(work: &mut Work<'_, '_>, book: &Book) -> Result<()> {
    work.require(permissions::MANAGE_BOOKS, book.unit_id)?;
    let new = Book { reading_day: None, version: 1, ..book.clone() };
    let org_id = work.org_id();
    sql::insert_book(work.tx, org_id, &new)?;
    trace::record(work, permissions::MANAGE_BOOKS, new.unit_id, ("reading_book", &new.number), "")
}

/// Proposes a day of the month on which a book is read. Answers the proposal's key. Source: READ-12, READ-13.
pub fn propose_reading_day(work: &mut Work<'_, '_>, book_id: i64, day: u8) -> Result<i64> {
    let org_id = work.org_id();
    let book = sql::book(work.tx, org_id, book_id)?.ok_or_else(|| not_found(What::Book, book_id))?;
    work.require(permissions::SET_READING_DAY, book.unit_id)?;
    if !(1..=31).contains(&day) {
        return Err(MeteringError::NotAllowed {
            what: What::ReadingDay,
            value: day.to_string(),
            why: Text::new("应为每月 1 至 31 日", "it is a day of the month, 1 to 31"),
        });
    }
    let proposal = sql::Proposal {
        proposal_id: work.next_key(),
        book_id,
        day,
        state: Decision::Open.code(),
        proposed_by: work.actor().person_id,
    };
    let now = work.now();
    sql::insert_proposal(work.tx, org_id, &proposal, now)?;
    trace::record(
        work,
        permissions::SET_READING_DAY,
        book.unit_id,
        ("reading_book", &book.number),
        &day.to_string(),
    )?;
    Ok(proposal.proposal_id)
}

/// Agrees to or refuses a proposed day; agreed, it is in force. Who proposed it cannot review it. Source: READ-13.
pub fn review_reading_day(work: &mut Work<'_, '_>, proposal_id: i64, agreed: bool, note: &str) -> Result<()> {
    let org_id = work.org_id();
    let proposal =
        sql::proposal(work.tx, org_id, proposal_id)?.ok_or_else(|| not_found(What::Proposal, proposal_id))?;
    let book = sql::book(work.tx, org_id, proposal.book_id)?
        .ok_or_else(|| not_found(What::Book, proposal.book_id))?;
    work.require(permissions::REVIEW_READING_DAY, book.unit_id)?;
    work.forbid_maker(proposal.proposed_by, "the reading day")?;
    if proposal.state != Decision::Open.code() {
        return Err(MeteringError::AlreadyDone { what: What::Proposal, key: proposal_id.to_string() });
    }
    let note = if agreed { note.trim() } else { checked_note(note)? };
    let state = if agreed { Decision::Agreed } else { Decision::Refused };
    let (by, now) = (work.actor().person_id, work.now());
    sql::decide_proposal(work.tx, org_id, &proposal, state.code(), by, now, note)?;
    if agreed {
        sql::set_reading_day(work.tx, org_id, &book, proposal.day)?;
    }
    let detail = format!("day {} {}: {note}", proposal.day, state.key());
    let right = permissions::REVIEW_READING_DAY;
    trace::record(work, right, book.unit_id, ("reading_book", &book.number), &detail)
}

/// Proposed days that nobody reviewed: (proposal, book, day). Source: READ-13.
pub fn unreviewed_reading_days(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, i64, u8)>> {
    let open = sql::proposals_in_state(tx, org_id, Decision::Open.code())?;
    Ok(open.into_iter().map(|proposal| (proposal.proposal_id, proposal.book_id, proposal.day)).collect())
}

/// Opens `books` of the station `unit_id` in `month`: one line per installed meter, with the readings it ended with
/// before. A book without a reading day in force, of another station, or not read in this month by its cycle refuses
/// the whole batch. Answers the batch's key and the number of lines. Source: READ-04, READ-12, READ-14.
pub fn create_batch(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    unit_id: i64,
    month: Month,
    books: &[i64],
) -> Result<(i64, u64)> {
    work.require(permissions::CREATE_BATCH, unit_id)?;
    if books.is_empty() || books.len() > BATCH_BOOKS_MAX {
        return Err(MeteringError::NotAllowed {
            what: What::Batch,
            value: books.len().to_string(),
            why: Text::new("一个批次含 1 至 20000 本", "a batch has 1 to 20,000 books"),
        });
    }
    let (org_id, now, by) = (work.org_id(), work.now(), work.actor().person_id);
    new_accounts::none_waits(work.tx, org_id, unit_id, month)?;
    let batch_id = work.next_key();
    sql::insert_batch(work.tx, (org_id, batch_id), unit_id, month, by, now)?;
    let mut lines = 0;
    let mut clocks = Vec::with_capacity(books.len());
    for book_id in books {
        let book = sql::book(work.tx, org_id, *book_id)?
            .filter(|book| book.unit_id == unit_id)
            .ok_or_else(|| not_found(What::Book, book_id))?;
        let Some(day) = book.reading_day else {
            return Err(MeteringError::NotAllowed {
                what: What::ReadingDay,
                value: book.number,
                why: Text::new("抄表例日未经审核生效", "its reading day is not reviewed, so not in force"),
            });
        };
        if !rules::is_read_in(book.cycle, month) {
            let cycle = |lang| book.cycle.text(lang);
            return Err(MeteringError::NotAllowed {
                what: What::Month,
                value: month.to_string(),
                why: Text::new(
                    format!("抄本 {} 的抄表周期为“{}”，该月不抄表", book.number, cycle(Lang::Zh)),
                    format!("book {} is read in {}, not in this month", book.number, cycle(Lang::En)),
                ),
            });
        }
        if sql::book_month(work.tx, org_id, month, *book_id)?.is_some() {
            return Err(MeteringError::AlreadyDone { what: What::BookMonth, key: book.number });
        }
        let opened = BookMonth {
            month,
            book_id: *book_id,
            batch_id,
            unit_id,
            state: BookState::Created,
            scheduled_on: rules::scheduled_day(month, day)?,
            checked_by: None,
            submitted_at: None,
            submitted_by: None,
            late_days: 0,
            version: 1,
        };
        sql::insert_book_month(work.tx, org_id, &opened)?;
        lines += entry::open(work.tx, org_id, &opened, now)?;
        clocks.push(NewClock {
            code: SUBMIT_CLOCK,
            ticket_id: None,
            subject: Subject { kind: BOOK_MONTH, id: book_month_key(month, *book_id) },
            account_id: None,
            started_on: opened.scheduled_on,
            answerable_unit_id: unit_id,
            answerable_post: "",
        });
    }
    workflow::start_clocks(work, calendar, &clocks)?;
    let detail = format!("{month}: {} books, {lines} lines", books.len());
    let number = batch_id.to_string();
    trace::record(work, permissions::CREATE_BATCH, unit_id, ("reading_batch", &number), &detail)?;
    Ok((batch_id, lines))
}

/// Takes a batch back while nobody entered anything in it. Source: READ-04.
pub fn delete_batch(work: &mut Work<'_, '_>, batch_id: i64) -> Result<()> {
    let org_id = work.org_id();
    let (unit_id, month) =
        sql::batch(work.tx, org_id, batch_id)?.ok_or_else(|| not_found(What::Batch, batch_id))?;
    work.require(permissions::DELETE_BATCH, unit_id)?;
    for book in sql::books_of_batch(work.tx, org_id, month, batch_id)? {
        if book.state != BookState::Created {
            return Err(MeteringError::WrongState { month, book_id: book.book_id, state: book.state });
        }
    }
    for book in sql::books_of_batch(work.tx, org_id, month, batch_id)? {
        // Nothing is left to be submitted, so nobody can be late with it.
        let key = book_month_key(month, book.book_id);
        workflow::meet_clocks(work, SUBMIT_CLOCK, BOOK_MONTH, key)?;
    }
    let (by, now) = (work.actor().person_id, work.now());
    sql::delete_batch(work.tx, org_id, (batch_id, month), by, now)?;
    let number = batch_id.to_string();
    trace::record(work, permissions::DELETE_BATCH, unit_id, ("reading_batch", &number), &month.to_string())
}

pub(crate) fn loaded(work: &mut Work<'_, '_>, month: Month, book_id: i64) -> Result<BookMonth> {
    let org_id = work.org_id();
    sql::book_month(work.tx, org_id, month, book_id)?
        .ok_or_else(|| not_found(What::BookMonth, format!("{book_id} / {month}")))
}

/// A book of a month as people name it: `2026-03/17`.
pub(crate) fn month_number(book: &BookMonth) -> String {
    format!("{}/{}", book.month, book.book_id)
}

/// The key by which clocks and tickets know a book of a month.
pub fn book_month_key(month: Month, book_id: i64) -> i64 {
    month.number() * 10_000_000_000 + book_id
}

/// Takes `book`, as loaded, to `to` and keeps the step.
pub(crate) fn take_step(
    work: &mut Work<'_, '_>,
    verb: Permission,
    book: &BookMonth,
    to: BookState,
    reason: &str,
    change: impl FnOnce(&mut BookMonth),
) -> Result<BookMonth> {
    let org_id = work.org_id();
    let mut next = book.clone();
    next.state = to;
    change(&mut next);
    sql::save_book_month(work.tx, org_id, &next)?;
    next.version += 1;
    if to != book.state {
        let step = BookStep {
            from: book.state,
            to,
            person_id: work.actor().person_id,
            at: work.now(),
            reason: reason.to_owned(),
        };
        sql::insert_step(work.tx, org_id, book, &step)?;
        let number = month_number(book);
        let act = vault::Act::new(verb, book.unit_id, "book_month", number)
            .change("state", book.state.key(), to.key())
            .change_personal("reason", "", reason);
        vault::record(work, &act)?;
    }
    Ok(next)
}

/// Records that a station person checked the readings and their transcription. Any later entry takes it back.
/// Source: READ-06.
pub fn self_check(work: &mut Work<'_, '_>, month: Month, book_id: i64, note: &str) -> Result<()> {
    let mut book = loaded(work, month, book_id)?;
    work.require(permissions::SELF_CHECK, book.unit_id)?;
    rules::step(&book, Act::Submit)?;
    let (org_id, now) = (work.org_id(), work.now());
    book.checked_by = Some(work.actor().person_id);
    let note: String = note.trim().chars().take(NOTE_CHARS_MAX).collect();
    sql::save_check(work.tx, org_id, &book, now, &note)?;
    let number = month_number(&book);
    trace::record_words(work, permissions::SELF_CHECK, book.unit_id, ("book_month", &number), &note)
}

/// Submits a book to accounting and locks its readings. The first submission is stamped with the calendar days by
/// which it is late. Source: READ-05, READ-06, READ-08, READ-09.
pub fn submit(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    month: Month,
    book_id: i64,
) -> Result<BookMonth> {
    let book = loaded(work, month, book_id)?;
    work.require(permissions::SUBMIT_BOOK, book.unit_id)?;
    let (org_id, now, by) = (work.org_id(), work.now(), work.actor().person_id);
    let counts = sql::line_counts(work.tx, org_id, month, book_id)?;
    let to = rules::may_submit(&book, counts)?;
    let due_on = workflow::rules::due_by_code(calendar, SUBMIT_CLOCK, book.scheduled_on)?;
    workflow::meet_clocks(work, SUBMIT_CLOCK, BOOK_MONTH, book_month_key(month, book_id))?;
    take_step(work, permissions::SUBMIT_BOOK, &book, to, "", |next| {
        if next.submitted_at.is_none() {
            next.submitted_at = Some(now);
            next.late_days = rules::late_days(due_on, now.date());
        }
        next.submitted_by = Some(by);
    })
}

fn centre_step(
    work: &mut Work<'_, '_>,
    (month, book_id): (Month, i64),
    permission: Permission,
    act: Act,
    reason: &str,
) -> Result<BookMonth> {
    let book = loaded(work, month, book_id)?;
    work.require(permission, book.unit_id)?;
    let to = rules::step(&book, act)?;
    take_step(work, permission, &book, to, reason, |_| {})
}

/// A step of the centre in a billing run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStep {
    /// Calculation begins.
    Calculate,
    /// Review begins.
    Review,
    /// Issued whole.
    Issue,
    /// Held by exceptions.
    Hold,
}

/// Takes a submitted book through several steps of a billing run at once, each by its own person with its own right.
/// Answers the act of each step, to be recorded by its person: a run records those of many books at once.
/// Source: BILL-01, BILL-23.
pub fn take_run_steps(
    tx: &mut Tx<'_>,
    now: Moment,
    (month, book_id): (Month, i64),
    steps: &[(&Actor, RunStep)],
    held_because: &str,
) -> Result<Vec<vault::Act>> {
    let mut acts = Vec::with_capacity(steps.len());
    let Some((first, _)) = steps.first() else { return Ok(acts) };
    let org_id = first.org_id;
    let mut book = loaded(&mut Work::new(tx, first, now), month, book_id)?;
    let version = book.version;
    for (actor, step) in steps {
        let (right, act) = match step {
            RunStep::Calculate => (permissions::CALCULATE, Act::Calculate),
            RunStep::Review => (permissions::REVIEW, Act::Review),
            RunStep::Issue => (permissions::ISSUE, Act::Issue),
            RunStep::Hold => (permissions::REVIEW, Act::Hold),
        };
        Work::new(tx, actor, now).require(right, book.unit_id)?;
        let to = rules::step(&book, act)?;
        let reason = if *step == RunStep::Hold { held_because } else { "" };
        let taken =
            BookStep { from: book.state, to, person_id: actor.person_id, at: now, reason: reason.to_owned() };
        sql::insert_step(tx, org_id, &book, &taken)?;
        let act = vault::Act::new(right, book.unit_id, "book_month", month_number(&book)).change(
            "state",
            book.state.key(),
            to.key(),
        );
        acts.push(if reason.is_empty() { act } else { act.change("reason", "", reason) });
        book.state = to;
        book.version += 1;
    }
    sql::save_state_after(tx, org_id, &book, version)?;
    Ok(acts)
}

/// The centre begins to calculate a submitted book. Source: BILL-01, BILL-23.
pub fn begin_calculation(work: &mut Work<'_, '_>, month: Month, book_id: i64) -> Result<BookMonth> {
    centre_step(work, (month, book_id), permissions::CALCULATE, Act::Calculate, "")
}
/// The centre begins to review a calculated book. Source: BILL-01, BILL-23.
pub fn begin_review(work: &mut Work<'_, '_>, month: Month, book_id: i64) -> Result<BookMonth> {
    centre_step(work, (month, book_id), permissions::REVIEW, Act::Review, "")
}
/// The centre issues a reviewed book. Source: BILL-01, BILL-23.
pub fn issue(work: &mut Work<'_, '_>, month: Month, book_id: i64) -> Result<BookMonth> {
    centre_step(work, (month, book_id), permissions::ISSUE, Act::Issue, "")
}
/// Exceptions hold the book. Source: BILL-14; section 26.
pub fn hold_for_exceptions(
    work: &mut Work<'_, '_>,
    month: Month,
    book_id: i64,
    reason: &str,
) -> Result<BookMonth> {
    centre_step(work, (month, book_id), permissions::REVIEW, Act::Hold, checked_note(reason)?)
}
/// The exceptions are answered and the book is reviewed again.
pub fn resume_review(work: &mut Work<'_, '_>, month: Month, book_id: i64) -> Result<BookMonth> {
    centre_step(work, (month, book_id), permissions::REVIEW, Act::Resume, "")
}
/// Sends a book back one step, with a reason. An issued book stays issued. Source: BILL-23.
pub fn send_back(work: &mut Work<'_, '_>, month: Month, book_id: i64, reason: &str) -> Result<BookMonth> {
    centre_step(work, (month, book_id), permissions::RETURN_STEP, Act::StepBack, checked_note(reason)?)
}

/// Writes down what was seen on site; the reviewer sees it. Source: READ-07.
pub fn write_log(
    work: &mut Work<'_, '_>,
    month: Month,
    (account_id, meter_seq): (i64, i64),
    kind: LogKind,
    note: &str,
) -> Result<()> {
    let org_id = work.org_id();
    let (unit_id, _) = entry::account_place(work.tx, org_id, account_id)?;
    work.require(permissions::WRITE_LOG, unit_id)?;
    if entry::load_lines(work.tx, org_id, month, &[account_id])?
        .iter()
        .all(|line| line.meter_seq != meter_seq)
    {
        return Err(not_found(What::Line, format!("{account_id}-{meter_seq} / {month}")));
    }
    let entry = LogEntry {
        account_id,
        meter_seq,
        kind,
        note: checked_note(note)?.to_owned(),
        person_id: work.actor().person_id,
        at: work.now(),
    };
    let log_id = work.next_key();
    sql::insert_log(work.tx, (org_id, log_id), month, &entry)?;
    let number = format!("{month} {account_id}-{meter_seq}");
    trace::record(work, permissions::WRITE_LOG, unit_id, ("reading", &number), kind.key())
}

/// The log of a month for accounts from the first to the last key, at most 10,000 entries. Source: READ-07.
pub fn log_entries(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    accounts: (i64, i64),
) -> Result<Vec<LogEntry>> {
    sql::log_entries(tx, org_id, month, accounts)
}
