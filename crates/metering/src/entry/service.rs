//! The command that enters readings, and what opens and reads lines.

use std::collections::HashMap;

use identity::Work;
use kernel::{Moment, Month, Text};
use store::Tx;

use super::{Replaced, sql};
use crate::book::rules::{self, Act};
use crate::book::{self, BookMonth, BookState, Entered, loaded, not_found, take_step};
use crate::error::What;
use crate::reading::{Reading, ReadingBulk};
use crate::{MeteringError, Result, permissions};

/// Lines that one command enters at most.
const LINES_MAX: usize = 20_000;
/// Months back in which the reading a meter ended with is looked for.
const MONTHS_BACK_MAX: i32 = 14;

/// Opens the lines of a book for its month: each installed meter gets the values it ended with in the latest earlier
/// month that has a line of it, or those it was installed with. Answers the number of lines.
pub(crate) fn open(tx: &mut Tx<'_>, org_id: i64, book: &BookMonth, now: Moment) -> Result<u64> {
    let there = sql::lines_in_book(tx, org_id, book)?;
    let wanted = sql::meters_in_book(tx, org_id, book)?.saturating_sub(there);
    let mut lines = sql::open_final_lines(tx, org_id, book, now)?;
    for back in 1..=MONTHS_BACK_MAX {
        if lines >= wanted {
            return Ok(lines);
        }
        let before = book.month.plus(-back)?;
        if sql::month_has_lines(tx, org_id, before)? {
            lines += sql::open_lines_from(tx, org_id, book, before, now)?;
        }
        if back == 2 {
            // Meters put on since then have no earlier line; nothing further back needs to be asked for them.
            lines += sql::open_first_lines(tx, org_id, book, before, now)?;
        }
    }
    if lines < wanted {
        let never = Month::from_number(101)?;
        lines += sql::open_first_lines(tx, org_id, book, never, now)?;
    }
    Ok(lines)
}

/// The station and book of an account.
pub(crate) fn account_place(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<(i64, i64)> {
    sql::account_place(tx, org_id, account_id)?.ok_or_else(|| not_found(What::Account, account_id))
}

/// The lines of some accounts in a month, in order of account and meter.
pub(crate) fn load_lines(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    account_ids: &[i64],
) -> Result<Vec<Reading>> {
    let mut sorted = account_ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut found = Vec::with_capacity(sorted.len());
    // Neighbouring keys are one range; a line of an account nobody asked for is passed over.
    let mut from = 0;
    for at in 1..=sorted.len() {
        if at == sorted.len() || sorted[at] - sorted[at - 1] > 64 {
            sql::lines_between(tx, org_id, month, (sorted[from], sorted[at - 1]), |line| {
                if sorted.binary_search(&line.account_id).is_ok() {
                    found.push(line);
                }
            })?;
            from = at;
        }
    }
    Ok(found)
}

/// The lines of a book in a month, in order of account and meter.
pub fn lines_of_book(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<Vec<Reading>> {
    sql::lines_of_book(tx, org_id, month, book_id)
}

/// Every earlier value of one line, the oldest first. Source: READ-11.
pub fn reading_history(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    (account_id, meter_seq): (i64, i64),
) -> Result<Vec<Replaced>> {
    sql::history(tx, org_id, month, account_id, meter_seq)
}

/// Writes lines that were decided: earlier values go to the history, the version of each line moves by one. The lines
/// carry the version they were decided on. Answers how many were written; refuses all when one moved meanwhile.
pub(crate) fn apply(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    lines: &[Reading],
    (person_id, now): (i64, Moment),
    reason: &str,
) -> Result<u64> {
    if lines.is_empty() {
        return Ok(0);
    }
    let mut staged = ReadingBulk::staging(org_id);
    for line in lines {
        staged.reading(month, line)?;
    }
    let rows = staged.load(tx)?;
    sql::keep_history(tx, org_id, month, person_id, now, reason)?;
    let written = sql::replace_staged(tx, org_id, month, person_id, now)?;
    sql::clear_staged(tx, org_id, month)?;
    if written != rows {
        return Err(store::StoreError::Stale(format!("{} of {rows} lines", rows - written)).into());
    }
    Ok(written)
}

/// Enters or modifies readings of one open book. All are refused when one cannot be right. `reason` is kept with the
/// values that are replaced. Answers the number of lines written. Source: READ-05, READ-06, READ-09, READ-11, READ-14.
pub fn enter_readings(
    work: &mut Work<'_, '_>,
    month: Month,
    book_id: i64,
    entered: &[Entered],
    reason: &str,
) -> Result<u64> {
    let book = loaded(work, month, book_id)?;
    work.require(permissions::ENTER_READING, book.unit_id)?;
    let to = rules::step(&book, Act::Enter)?;
    if entered.is_empty() || entered.len() > LINES_MAX {
        return Err(MeteringError::NotAllowed {
            what: What::Line,
            value: entered.len().to_string(),
            why: Text::new("一次录入 1 至 20000 行", "1 to 20,000 lines at a time"),
        });
    }
    let reason = if book.state == BookState::Returned { book::checked_note(reason)? } else { reason.trim() };
    let org_id = work.org_id();
    let accounts: Vec<i64> = entered.iter().map(|one| one.account_id).collect();
    let in_book = sql::accounts_in_book(work.tx, org_id, book_id, &accounts)?;
    let mut lines: HashMap<(i64, i64), Reading> = HashMap::with_capacity(entered.len());
    for line in load_lines(work.tx, org_id, month, &in_book)? {
        lines.insert((line.account_id, line.meter_seq), line);
    }
    let mut decided = Vec::with_capacity(entered.len());
    for one in entered {
        // Each line is taken out, so that the same meter twice in one command is refused as well.
        let line = lines
            .remove(&(one.account_id, one.meter_seq))
            .ok_or_else(|| not_found(What::Line, format!("{}-{}", one.account_id, one.meter_seq)))?;
        if one.version.is_some_and(|version| version != line.version) {
            let what = format!("line {}-{}", one.account_id, one.meter_seq);
            return Err(store::StoreError::Stale(what).into());
        }
        let next = rules::enter(&line, one).map_err(|fault| MeteringError::Reading {
            meter: format!("{}-{}", one.account_id, one.meter_seq),
            fault,
        })?;
        decided.push(next);
    }
    decided.sort_by_key(|line| (line.account_id, line.meter_seq));
    let by = (work.actor().person_id, work.now());
    let written = apply(work.tx, org_id, month, &decided, by, reason)?;
    if to != book.state || book.checked_by.is_some() {
        take_step(work, permissions::ENTER_READING, &book, to, "", |next| next.checked_by = None)?;
    }
    record_lines(work, &book, &decided, reason)?;
    Ok(written)
}

/// One act for all the lines, bound by their root.
pub(crate) fn record_lines(
    work: &mut Work<'_, '_>,
    book: &BookMonth,
    lines: &[Reading],
    reason: &str,
) -> Result<()> {
    let root = vault::merkle_root(lines.iter().map(|line| vault::leaf_hash(&line_bytes(book.month, line))));
    let number = book::month_number(book);
    let act = vault::Act::new(permissions::ENTER_READING, book.unit_id, "book_month", number)
        .batch(lines.len() as i64, root);
    let act = if reason.is_empty() { act } else { act.change_personal("reason", "", reason) };
    vault::record(work, &act)?;
    Ok(())
}

/// A line in one fixed form: every figure that was decided, as big-endian whole numbers.
fn line_bytes(month: Month, line: &Reading) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(96);
    let head = [
        month.number(),
        line.account_id,
        line.meter_seq,
        line.status.code(),
        i64::from(line.flags.0),
        line.read_on.number(),
        line.version + 1,
    ];
    for figure in head {
        bytes.extend_from_slice(&figure.to_be_bytes());
    }
    for (register, span) in line.registers.iter() {
        for figure in [register.code(), span.previous.units(), span.current.units()] {
            bytes.extend_from_slice(&figure.to_be_bytes());
        }
    }
    bytes
}
