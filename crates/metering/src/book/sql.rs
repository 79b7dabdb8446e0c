//! Tables of books, batches, books of a month and their steps.

use std::collections::BTreeMap;

use kernel::{Moment, Month};
use store::{Column, Conditions, Kind, Row, Tx, params};

use super::model::{
    Book, BookMonth, BookProgress, BookState, BookStep, Cycle, LineCounts, LogEntry, LogKind,
};
use crate::Result;
use Kind::{Int, Text};

pub(crate) const BOOK_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("book_id", Int),
    ("number", Text),
    ("name", Text),
    ("unit_id", Int),
    ("reader_id", Int),
    ("cycle", Int),
    ("reading_day", Int),
    ("version", Int),
];

pub(crate) const SUBMITTED_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("month", Int),
    ("book_id", Int),
    ("batch_id", Int),
    ("unit_id", Int),
    ("state", Int),
    ("scheduled_on", Int),
    ("submitted_by", Int),
    ("submitted_at", Int),
    ("late_days", Int),
    ("version", Int),
];

pub(crate) fn insert_book(tx: &mut Tx<'_>, org_id: i64, book: &Book) -> Result<()> {
    tx.execute(
        "INSERT INTO book (org_id, book_id, number, name, unit_id, reader_id, cycle, reading_day, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            book.book_id,
            &book.number,
            &book.name,
            book.unit_id,
            book.reader_id,
            book.cycle,
            book.reading_day,
            book.version
        ],
    )?;
    Ok(())
}

/// The columns that [`read_book`] reads.
pub(super) const BOOK: &str =
    "SELECT book_id, number, name, unit_id, reader_id, cycle, reading_day, version FROM book";

pub(super) fn read_book(row: &Row<'_>) -> Result<Book> {
    Ok(Book {
        book_id: row.int(0)?,
        number: row.text(1)?,
        name: row.text(2)?,
        unit_id: row.int(3)?,
        reader_id: row.int(4)?,
        cycle: Cycle::from_code(row.int(5)?)?,
        reading_day: row.int_or_null(6)?.map(|day| day as u8),
        version: row.int(7)?,
    })
}

pub(crate) fn book(tx: &mut Tx<'_>, org_id: i64, book_id: i64) -> Result<Option<Book>> {
    tx.one(&format!("{BOOK} WHERE org_id = ?1 AND book_id = ?2"), params![org_id, book_id], read_book)
}

pub(crate) fn set_reading_day(tx: &mut Tx<'_>, org_id: i64, book: &Book, day: u8) -> Result<()> {
    Ok(tx.execute_one(
        "book",
        "UPDATE book SET reading_day = ?4, version = version + 1
         WHERE org_id = ?1 AND book_id = ?2 AND version = ?3",
        params![org_id, book.book_id, book.version, day],
    )?)
}

/// A proposal of a reading day: key, book, day, state, who proposed it.
pub(crate) struct Proposal {
    pub(crate) proposal_id: i64,
    pub(crate) book_id: i64,
    pub(crate) day: u8,
    pub(crate) state: i64,
    pub(crate) proposed_by: i64,
}

pub(crate) fn insert_proposal(tx: &mut Tx<'_>, org_id: i64, proposal: &Proposal, at: Moment) -> Result<()> {
    tx.execute(
        "INSERT INTO reading_day_proposal (org_id, proposal_id, book_id, day, state, proposed_by, proposed_at, note)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '')",
        params![
            org_id,
            proposal.proposal_id,
            proposal.book_id,
            proposal.day,
            proposal.state,
            proposal.proposed_by,
            at
        ],
    )?;
    Ok(())
}

fn read_proposal(row: &Row<'_>) -> Result<Proposal> {
    Ok(Proposal {
        proposal_id: row.int(0)?,
        book_id: row.int(1)?,
        day: row.int(2)? as u8,
        state: row.int(3)?,
        proposed_by: row.int(4)?,
    })
}

pub(crate) fn proposal(tx: &mut Tx<'_>, org_id: i64, proposal_id: i64) -> Result<Option<Proposal>> {
    tx.one(
        "SELECT proposal_id, book_id, day, state, proposed_by FROM reading_day_proposal
         WHERE org_id = ?1 AND proposal_id = ?2",
        params![org_id, proposal_id],
        read_proposal,
    )
}

pub(crate) fn proposals_in_state(tx: &mut Tx<'_>, org_id: i64, state: i64) -> Result<Vec<Proposal>> {
    tx.list(
        "SELECT proposal_id, book_id, day, state, proposed_by FROM reading_day_proposal
         WHERE org_id = ?1 AND state = ?2 ORDER BY proposal_id",
        params![org_id, state],
        read_proposal,
    )
}

pub(crate) fn decide_proposal(
    tx: &mut Tx<'_>,
    org_id: i64,
    proposal: &Proposal,
    state: i64,
    by: i64,
    at: Moment,
    note: &str,
) -> Result<()> {
    Ok(tx.execute_one(
        "proposal of a reading day",
        "UPDATE reading_day_proposal SET state = ?3, reviewed_by = ?4, reviewed_at = ?5, note = ?6
         WHERE org_id = ?1 AND proposal_id = ?2 AND state = ?7",
        params![org_id, proposal.proposal_id, state, by, at, note, proposal.state],
    )?)
}

pub(crate) fn insert_batch(
    tx: &mut Tx<'_>,
    (org_id, batch_id): (i64, i64),
    unit_id: i64,
    month: Month,
    by: i64,
    at: Moment,
) -> Result<()> {
    tx.execute(
        "INSERT INTO batch (org_id, batch_id, unit_id, month, created_by, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, batch_id, unit_id, month, by, at],
    )?;
    Ok(())
}

/// The unit and month of a batch that was not deleted.
pub(crate) fn batch(tx: &mut Tx<'_>, org_id: i64, batch_id: i64) -> Result<Option<(i64, Month)>> {
    tx.one(
        "SELECT unit_id, month FROM batch WHERE org_id = ?1 AND batch_id = ?2 AND deleted_at IS NULL",
        params![org_id, batch_id],
        |row| Ok((row.int(0)?, row.month(1)?)),
    )
}

/// Marks the batch and takes its untouched books out of the month, with their lines.
pub(crate) fn delete_batch(
    tx: &mut Tx<'_>,
    org_id: i64,
    (batch_id, month): (i64, Month),
    by: i64,
    at: Moment,
) -> Result<()> {
    tx.execute_one(
        "batch",
        "UPDATE batch SET deleted_by = ?3, deleted_at = ?4 WHERE org_id = ?1 AND batch_id = ?2 AND deleted_at IS NULL",
        params![org_id, batch_id, by, at],
    )?;
    tx.execute(
        "DELETE FROM reading WHERE org_id = ?1 AND month = ?2 AND account_id IN (
           SELECT a.account_id FROM book_month b CROSS JOIN account a
           WHERE b.org_id = ?1 AND b.month = ?2 AND b.batch_id = ?3 AND a.org_id = b.org_id AND a.book_id = b.book_id)",
        params![org_id, month, batch_id],
    )?;
    tx.execute(
        "DELETE FROM book_month WHERE org_id = ?1 AND month = ?2 AND batch_id = ?3",
        params![org_id, month, batch_id],
    )?;
    Ok(())
}

pub(crate) fn insert_book_month(tx: &mut Tx<'_>, org_id: i64, book: &BookMonth) -> Result<()> {
    tx.execute(
        "INSERT INTO book_month (org_id, month, book_id, batch_id, unit_id, state, scheduled_on, late_days, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 1)",
        params![org_id, book.month, book.book_id, book.batch_id, book.unit_id, book.state, book.scheduled_on],
    )?;
    Ok(())
}

const BOOK_MONTH: &str =
    "SELECT month, book_id, batch_id, unit_id, state, scheduled_on, checked_by, submitted_at,
    submitted_by, late_days, version FROM book_month";

fn read_book_month(row: &Row<'_>) -> Result<BookMonth> {
    Ok(BookMonth {
        month: row.month(0)?,
        book_id: row.int(1)?,
        batch_id: row.int(2)?,
        unit_id: row.int(3)?,
        state: BookState::from_code(row.int(4)?)?,
        scheduled_on: row.date(5)?,
        checked_by: row.int_or_null(6)?,
        submitted_at: row.moment_or_null(7)?,
        submitted_by: row.int_or_null(8)?,
        late_days: row.int(9)?,
        version: row.int(10)?,
    })
}

pub(crate) fn book_month(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    book_id: i64,
) -> Result<Option<BookMonth>> {
    tx.one(
        &format!("{BOOK_MONTH} WHERE org_id = ?1 AND month = ?2 AND book_id = ?3"),
        params![org_id, month, book_id],
        read_book_month,
    )
}

pub(crate) fn books_of_month(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<BookMonth>> {
    tx.list(
        &format!("{BOOK_MONTH} WHERE org_id = ?1 AND month = ?2 ORDER BY book_id"),
        params![org_id, month],
        read_book_month,
    )
}

pub(crate) fn books_of_batch(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    batch_id: i64,
) -> Result<Vec<BookMonth>> {
    tx.list(
        &format!("{BOOK_MONTH} WHERE org_id = ?1 AND month = ?2 AND batch_id = ?3 ORDER BY book_id"),
        params![org_id, month, batch_id],
        read_book_month,
    )
}

/// Writes the new state and what stands beside it, if the version is still the one that was loaded.
pub(crate) fn save_book_month(tx: &mut Tx<'_>, org_id: i64, book: &BookMonth) -> Result<()> {
    Ok(tx.execute_one(
        &format!("book {} of {}", book.book_id, book.month),
        "UPDATE book_month SET state = ?5, checked_by = ?6, submitted_at = ?7, submitted_by = ?8, late_days = ?9,
                version = version + 1
         WHERE org_id = ?1 AND month = ?2 AND book_id = ?3 AND version = ?4",
        params![
            org_id,
            book.month,
            book.book_id,
            book.version,
            book.state,
            book.checked_by,
            book.submitted_at,
            book.submitted_by,
            book.late_days
        ],
    )?)
}

/// Writes the state a book came to by several steps, if its version is still the one `before` them.
pub(crate) fn save_state_after(tx: &mut Tx<'_>, org_id: i64, book: &BookMonth, before: i64) -> Result<()> {
    Ok(tx.execute_one(
        &format!("book {} of {}", book.book_id, book.month),
        "UPDATE book_month SET state = ?5, version = ?6
         WHERE org_id = ?1 AND month = ?2 AND book_id = ?3 AND version = ?4",
        params![org_id, book.month, book.book_id, before, book.state, book.version],
    )?)
}

pub(crate) fn save_check(
    tx: &mut Tx<'_>,
    org_id: i64,
    book: &BookMonth,
    at: Moment,
    note: &str,
) -> Result<()> {
    Ok(tx.execute_one(
        &format!("book {} of {}", book.book_id, book.month),
        "UPDATE book_month SET checked_by = ?5, checked_at = ?6, check_note = ?7, version = version + 1
         WHERE org_id = ?1 AND month = ?2 AND book_id = ?3 AND version = ?4",
        params![org_id, book.month, book.book_id, book.version, book.checked_by, at, note],
    )?)
}

/// Keeps a step; the version of the book before it makes it unique.
pub(crate) fn insert_step(tx: &mut Tx<'_>, org_id: i64, book: &BookMonth, step: &BookStep) -> Result<()> {
    tx.execute(
        "INSERT INTO book_step (org_id, month, book_id, version, from_state, to_state, person_id, done_at, reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            book.month,
            book.book_id,
            book.version,
            step.from,
            step.to,
            step.person_id,
            step.at,
            &step.reason
        ],
    )?;
    Ok(())
}

pub(crate) fn steps(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<Vec<BookStep>> {
    tx.list(
        "SELECT from_state, to_state, person_id, done_at, reason FROM book_step
         WHERE org_id = ?1 AND month = ?2 AND book_id = ?3 ORDER BY version",
        params![org_id, month, book_id],
        |row| {
            Ok(BookStep {
                from: BookState::from_code(row.int(0)?)?,
                to: BookState::from_code(row.int(1)?)?,
                person_id: row.int(2)?,
                at: row.moment(3)?,
                reason: row.text(4)?,
            })
        },
    )
}

pub(crate) fn line_counts(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<LineCounts> {
    let counts = tx.one(
        "SELECT COUNT(*), COUNT(CASE WHEN r.status = 1 THEN 1 END), COUNT(CASE WHEN r.status = 2 THEN 1 END),
                COUNT(CASE WHEN r.status = 0 THEN 1 END), COUNT(CASE WHEN r.entered_by = 0 THEN 1 END)
         FROM account a CROSS JOIN reading r
         WHERE r.org_id = a.org_id AND r.month = ?2 AND r.account_id = a.account_id AND a.org_id = ?1 AND a.book_id = ?3",
        params![org_id, month, book_id],
        |row| {
            Ok::<_, crate::MeteringError>(LineCounts {
                lines: row.int(0)?,
                read: row.int(1)?,
                zero: row.int(2)?,
                unread: row.int(3)?,
                untouched: row.int(4)?,
            })
        },
    )?;
    Ok(counts.unwrap_or_default())
}

/// How far some books came.
pub(crate) fn progress(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    books: &[i64],
) -> Result<Vec<(i64, BookProgress)>> {
    let mut wanted =
        Conditions::new("r.org_id = ? AND r.month = ? AND a.org_id = r.org_id", params![org_id, month]);
    wanted.and_one_of("a.book_id", books);
    let sql = format!(
        "SELECT a.book_id, COUNT(*), COUNT(CASE WHEN r.status = 1 THEN 1 END),
                COUNT(CASE WHEN r.status = 2 THEN 1 END), COUNT(CASE WHEN r.status = 0 THEN 1 END),
                COUNT(CASE WHEN r.entered_by = 0 THEN 1 END),
                COUNT(CASE WHEN r.entered_by <> 0 AND r.flags & 2 <> 0 THEN 1 END)
         FROM account a CROSS JOIN reading r WHERE r.account_id = a.account_id AND {}
         GROUP BY a.book_id ORDER BY a.book_id",
        wanted.text()
    );
    let mut found = tx.list(&sql, wanted.values(), |row| {
        let counts = LineCounts {
            lines: row.int(1)?,
            read: row.int(2)?,
            zero: row.int(3)?,
            unread: row.int(4)?,
            untouched: row.int(5)?,
        };
        let progress = BookProgress { counts, estimated: row.int(6)?, suspicious: 0 };
        Ok::<_, crate::MeteringError>((row.int(0)?, progress))
    })?;
    let touched: Vec<i64> = found
        .iter()
        .filter(|(_, of)| of.counts.untouched < of.counts.lines)
        .map(|(book_id, _)| *book_id)
        .collect();
    if !touched.is_empty() {
        let suspicious: BTreeMap<i64, i64> = suspicious(tx, org_id, month, &touched)?.into_iter().collect();
        for (book_id, progress) in &mut found {
            progress.suspicious = suspicious.get(book_id).copied().unwrap_or(0);
        }
    }
    Ok(found)
}

/// Lines of books whose use is 30 % or more off that of the three months before. A line is compared where the meter has a
/// total, showed less than a thousand million before, was read in each of the three months with the same multiplier, and
/// nothing rolled over: whole numbers only. What nobody has entered is not looked at, so that a month that begins costs
/// nothing.
fn suspicious(tx: &mut Tx<'_>, org_id: i64, month: Month, books: &[i64]) -> Result<Vec<(i64, i64)>> {
    // Keys of books are whole numbers of our own: they can stand in the text.
    let keys: Vec<String> = books.iter().map(i64::to_string).collect();
    let sql = format!(
        "SELECT a.book_id, COUNT(*) FROM account a CROSS JOIN reading r
         CROSS JOIN reading p CROSS JOIN reading q CROSS JOIN reading s
         WHERE a.org_id = ?1 AND a.book_id IN ({}) AND r.org_id = a.org_id AND r.month = ?2 AND r.account_id = a.account_id
           AND p.org_id = r.org_id AND p.month = ?3 AND p.account_id = r.account_id AND p.meter_seq = r.meter_seq
           AND q.org_id = r.org_id AND q.month = ?4 AND q.account_id = r.account_id AND q.meter_seq = r.meter_seq
           AND s.org_id = r.org_id AND s.month = ?5 AND s.account_id = r.account_id AND s.meter_seq = r.meter_seq
           AND r.entered_by <> 0 AND r.status <> 0
           AND r.flags < 65536 AND p.flags < 65536 AND q.flags < 65536 AND s.flags < 65536
           AND p.multiplier = r.multiplier AND q.multiplier = r.multiplier AND s.multiplier = r.multiplier
           AND p.status <> 0 AND q.status <> 0 AND s.status <> 0
           AND r.total_current < 1000000000000000
           AND p.total_current - p.total_previous + q.total_current - q.total_previous
             + s.total_current - s.total_previous > 0
           AND ABS(3 * (r.total_current - r.total_previous)
               - (p.total_current - p.total_previous + q.total_current - q.total_previous
                 + s.total_current - s.total_previous)) * 10
             >= 3 * (p.total_current - p.total_previous + q.total_current - q.total_previous
                 + s.total_current - s.total_previous)
         GROUP BY a.book_id",
        keys.join(", ")
    );
    tx.list(&sql, params![org_id, month, month.plus(-1)?, month.plus(-2)?, month.plus(-3)?], |row| {
        Ok::<_, crate::MeteringError>((row.int(0)?, row.int(1)?))
    })
}

pub(crate) fn insert_log(
    tx: &mut Tx<'_>,
    (org_id, log_id): (i64, i64),
    month: Month,
    entry: &LogEntry,
) -> Result<()> {
    tx.execute(
        "INSERT INTO reading_log (org_id, month, account_id, meter_seq, log_id, kind, note, person_id, written_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            month,
            entry.account_id,
            entry.meter_seq,
            log_id,
            entry.kind,
            &entry.note,
            entry.person_id,
            entry.at
        ],
    )?;
    Ok(())
}

pub(crate) fn log_entries(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    (first_account, last_account): (i64, i64),
) -> Result<Vec<LogEntry>> {
    tx.list(
        "SELECT account_id, meter_seq, kind, note, person_id, written_at FROM reading_log
         WHERE org_id = ?1 AND month = ?2 AND account_id BETWEEN ?3 AND ?4
         ORDER BY account_id, meter_seq, log_id LIMIT 10000",
        params![org_id, month, first_account, last_account],
        |row| {
            Ok(LogEntry {
                account_id: row.int(0)?,
                meter_seq: row.int(1)?,
                kind: LogKind::from_code(row.int(2)?)?,
                note: row.text(3)?,
                person_id: row.int(4)?,
                at: row.moment(5)?,
            })
        },
    )
}
