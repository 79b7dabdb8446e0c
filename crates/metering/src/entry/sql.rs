//! The set-based statements behind entering readings.

use kernel::{Moment, Month};
use store::{Tx, params};

use super::Replaced;
use crate::Result;
use crate::book::BookMonth;
use crate::reading::Reading;
use crate::reading::sql::{read_reading, reading_fields};

/// How many lines the book must have: meters in use, and meters taken off since their last line. The keys of the book's
/// accounts lead, from the index of books: asked for together with their status, all accounts would be looked through.
pub(crate) fn meters_in_book(tx: &mut Tx<'_>, org_id: i64, book: &BookMonth) -> Result<u64> {
    let count = tx.one(
        "SELECT COUNT(*) FROM account k CROSS JOIN account a CROSS JOIN meter m
         WHERE k.org_id = ?1 AND k.book_id = ?2 AND a.org_id = k.org_id AND a.account_id = k.account_id
           AND m.org_id = a.org_id AND m.account_id = a.account_id AND a.status NOT IN (2, 4)
           AND (m.removed_on IS NULL OR m.removed_on >= ?3)",
        params![org_id, book.book_id, book.month.first_day()],
        |row| row.int(0),
    )?;
    Ok(count.unwrap_or(0).unsigned_abs())
}

/// Does the month have any line at all?
pub(crate) fn month_has_lines(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<bool> {
    let found = tx.one(
        "SELECT account_id FROM reading WHERE org_id = ?1 AND month = ?2 LIMIT 1",
        params![org_id, month],
        |row| row.int(0),
    )?;
    Ok(found.is_some())
}

/// Lines that the book has in its month already, of those meters only that [`meters_in_book`] counts: the final line of
/// a meter taken off earlier, written ahead because its own month was locked, takes nobody's place.
pub(crate) fn lines_in_book(tx: &mut Tx<'_>, org_id: i64, book: &BookMonth) -> Result<u64> {
    let count = tx.one(
        "SELECT COUNT(*) FROM account k CROSS JOIN account a CROSS JOIN meter m CROSS JOIN reading r
         WHERE k.org_id = ?1 AND k.book_id = ?2 AND a.org_id = k.org_id AND a.account_id = k.account_id
           AND m.org_id = a.org_id AND m.account_id = a.account_id AND a.status NOT IN (2, 4)
           AND (m.removed_on IS NULL OR m.removed_on >= ?4)
           AND r.org_id = m.org_id AND r.month = ?3 AND r.account_id = m.account_id AND r.meter_seq = m.meter_seq",
        params![org_id, book.book_id, book.month, book.month.first_day()],
        |row| row.int(0),
    )?;
    Ok(count.unwrap_or(0).unsigned_abs())
}

/// Lines of meters in use that had a line in `before` and have none yet in the book's month.
pub(crate) fn open_lines_from(
    tx: &mut Tx<'_>,
    org_id: i64,
    book: &BookMonth,
    before: Month,
    now: Moment,
) -> Result<u64> {
    Ok(tx.execute(
        "INSERT INTO reading (org_id, month, account_id, meter_seq, point_seq, digits, multiplier, status, flags, read_on,
         total_previous, total_current, entered_by, entered_at, version, sharp_previous, sharp_current,
         peak_previous, peak_current, flat_previous, flat_current, valley_previous, valley_current,
         deep_valley_previous, deep_valley_current, reactive_forward_previous, reactive_forward_current,
         reactive_reverse_previous, reactive_reverse_current, demand_current)
         SELECT m.org_id, CAST(?3 AS BIGINT), m.account_id, m.meter_seq, m.point_seq, m.digits, m.multiplier, 0,
           CASE WHEN m.registers > 1 THEN 1 ELSE 0 END, CAST(?5 AS BIGINT), p.total_current, p.total_current, 0,
           CAST(?6 AS BIGINT), 1,
           p.sharp_current, p.sharp_current, p.peak_current, p.peak_current, p.flat_current, p.flat_current,
           p.valley_current, p.valley_current, p.deep_valley_current, p.deep_valley_current,
           p.reactive_forward_current, p.reactive_forward_current, p.reactive_reverse_current,
           p.reactive_reverse_current,
           CASE WHEN m.registers & 256 <> 0 THEN 0 END
         FROM account a CROSS JOIN meter m CROSS JOIN reading p
         WHERE m.org_id = a.org_id AND m.account_id = a.account_id
           AND p.org_id = m.org_id AND p.month = ?4 AND p.account_id = m.account_id AND p.meter_seq = m.meter_seq
           AND a.org_id = ?1 AND a.book_id = ?2 AND a.status NOT IN (2, 4) AND m.removed_on IS NULL
           AND NOT EXISTS (SELECT 1 FROM reading r WHERE r.org_id = m.org_id AND r.month = ?3
                             AND r.account_id = m.account_id AND r.meter_seq = m.meter_seq)
         ORDER BY m.account_id, m.meter_seq",
        params![org_id, book.book_id, book.month, before, book.scheduled_on, now],
    )?)
}

/// Lines of meters put on since the first day of `since` that have no line yet: they begin with what they showed when
/// they were put on.
pub(crate) fn open_first_lines(
    tx: &mut Tx<'_>,
    org_id: i64,
    book: &BookMonth,
    since: Month,
    now: Moment,
) -> Result<u64> {
    Ok(tx.execute(
        "INSERT INTO reading (org_id, month, account_id, meter_seq, point_seq, digits, multiplier, status, flags, read_on,
         total_previous, total_current, entered_by, entered_at, version, sharp_previous, sharp_current,
         peak_previous, peak_current, flat_previous, flat_current, valley_previous, valley_current,
         deep_valley_previous, deep_valley_current, reactive_forward_previous, reactive_forward_current,
         reactive_reverse_previous, reactive_reverse_current, demand_current)
         SELECT m.org_id, CAST(?3 AS BIGINT), m.account_id, m.meter_seq, m.point_seq, m.digits, m.multiplier, 0,
           CASE WHEN m.registers > 1 THEN 9 ELSE 8 END, CAST(?5 AS BIGINT),
           CASE WHEN m.registers & 1 <> 0 THEN COALESCE(s.total, 0) END,
           CASE WHEN m.registers & 1 <> 0 THEN COALESCE(s.total, 0) END, 0, CAST(?6 AS BIGINT), 1,
           CASE WHEN m.registers & 2 <> 0 THEN COALESCE(s.sharp, 0) END, CASE WHEN m.registers & 2 <> 0 THEN
           COALESCE(s.sharp, 0) END, CASE WHEN m.registers & 4 <> 0 THEN COALESCE(s.peak, 0) END, CASE WHEN
           m.registers & 4 <> 0 THEN COALESCE(s.peak, 0) END, CASE WHEN m.registers & 8 <> 0 THEN
           COALESCE(s.flat, 0) END, CASE WHEN m.registers & 8 <> 0 THEN COALESCE(s.flat, 0) END, CASE WHEN
           m.registers & 16 <> 0 THEN COALESCE(s.valley, 0) END, CASE WHEN m.registers & 16 <> 0 THEN
           COALESCE(s.valley, 0) END, CASE WHEN m.registers & 32 <> 0 THEN COALESCE(s.deep_valley, 0) END,
           CASE WHEN m.registers & 32 <> 0 THEN COALESCE(s.deep_valley, 0) END, CASE WHEN m.registers & 64
           <> 0 THEN COALESCE(s.reactive_forward, 0) END, CASE WHEN m.registers & 64 <> 0 THEN
           COALESCE(s.reactive_forward, 0) END, CASE WHEN m.registers & 128 <> 0 THEN
           COALESCE(s.reactive_reverse, 0) END, CASE WHEN m.registers & 128 <> 0 THEN
           COALESCE(s.reactive_reverse, 0) END,
           CASE WHEN m.registers & 256 <> 0 THEN 0 END
         FROM account a CROSS JOIN meter m
         LEFT JOIN meter_shown s ON s.org_id = m.org_id AND s.account_id = m.account_id
                                AND s.meter_seq = m.meter_seq AND s.moment = 0
         WHERE m.org_id = a.org_id AND m.account_id = a.account_id
           AND a.org_id = ?1 AND a.book_id = ?2 AND a.status NOT IN (2, 4) AND m.removed_on IS NULL AND m.installed_on >= ?4
           AND NOT EXISTS (SELECT 1 FROM reading r WHERE r.org_id = m.org_id AND r.month = ?3
                             AND r.account_id = m.account_id AND r.meter_seq = m.meter_seq)
         ORDER BY m.account_id, m.meter_seq",
        params![org_id, book.book_id, book.month, since.first_day(), book.scheduled_on, now],
    )?)
}

/// Lines of meters that were taken off within the month: they are read already, with what they showed at the end.
pub(crate) fn open_final_lines(tx: &mut Tx<'_>, org_id: i64, book: &BookMonth, now: Moment) -> Result<u64> {
    Ok(tx.execute(
        "INSERT INTO reading (org_id, month, account_id, meter_seq, point_seq, digits, multiplier, status, flags, read_on,
         total_previous, total_current, entered_by, entered_at, version, sharp_previous, sharp_current,
         peak_previous, peak_current, flat_previous, flat_current, valley_previous, valley_current,
         deep_valley_previous, deep_valley_current, reactive_forward_previous, reactive_forward_current,
         reactive_reverse_previous, reactive_reverse_current, demand_current)
         SELECT m.org_id, CAST(?3 AS BIGINT), m.account_id, m.meter_seq, m.point_seq, m.digits, m.multiplier,
           CASE WHEN s.total = COALESCE(p.total_current, b.total, 0) THEN 2 ELSE 1 END,
           CASE WHEN m.registers > 1 THEN 5 ELSE 4 END, m.removed_on,
           COALESCE(p.total_current, b.total, 0), s.total, -1, CAST(?5 AS BIGINT), 1,
           CASE WHEN m.registers & 2 <> 0 THEN COALESCE(p.sharp_current, b.sharp, 0) END, s.sharp, CASE WHEN
           m.registers & 4 <> 0 THEN COALESCE(p.peak_current, b.peak, 0) END, s.peak, CASE WHEN m.registers
           & 8 <> 0 THEN COALESCE(p.flat_current, b.flat, 0) END, s.flat, CASE WHEN m.registers & 16 <> 0
           THEN COALESCE(p.valley_current, b.valley, 0) END, s.valley, CASE WHEN m.registers & 32 <> 0 THEN
           COALESCE(p.deep_valley_current, b.deep_valley, 0) END, s.deep_valley, CASE WHEN m.registers & 64
           <> 0 THEN COALESCE(p.reactive_forward_current, b.reactive_forward, 0) END, s.reactive_forward,
           CASE WHEN m.registers & 128 <> 0 THEN COALESCE(p.reactive_reverse_current, b.reactive_reverse, 0)
           END, s.reactive_reverse,
           s.demand
         FROM account a CROSS JOIN meter m CROSS JOIN meter_shown s
         LEFT JOIN meter_shown b ON b.org_id = m.org_id AND b.account_id = m.account_id
                                AND b.meter_seq = m.meter_seq AND b.moment = 0
         LEFT JOIN reading p ON p.org_id = m.org_id AND p.month = ?4 AND p.account_id = m.account_id
                            AND p.meter_seq = m.meter_seq
         WHERE m.org_id = a.org_id AND m.account_id = a.account_id
           AND s.org_id = m.org_id AND s.account_id = m.account_id AND s.meter_seq = m.meter_seq AND s.moment = 1
           AND a.org_id = ?1 AND a.book_id = ?2 AND a.status NOT IN (2, 4) AND m.removed_on >= ?6
           AND NOT EXISTS (SELECT 1 FROM reading r WHERE r.org_id = m.org_id AND r.month = ?3
                             AND r.account_id = m.account_id AND r.meter_seq = m.meter_seq)
         ORDER BY m.account_id, m.meter_seq",
        params![org_id, book.book_id, book.month, book.month.previous(), now, book.month.first_day()],
    )?)
}

pub(crate) fn account_place(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Option<(i64, i64)>> {
    tx.one(
        "SELECT unit_id, book_id FROM account WHERE org_id = ?1 AND account_id = ?2",
        params![org_id, account_id],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )
}

/// Those of `accounts` that are in the book.
pub(crate) fn accounts_in_book(
    tx: &mut Tx<'_>,
    org_id: i64,
    book_id: i64,
    accounts: &[i64],
) -> Result<Vec<i64>> {
    let (Some(first), Some(last)) = (accounts.iter().min(), accounts.iter().max()) else {
        return Ok(Vec::new());
    };
    tx.list(
        "SELECT account_id FROM account WHERE org_id = ?1 AND book_id = ?2 AND account_id BETWEEN ?3 AND ?4
         ORDER BY account_id",
        params![org_id, book_id, *first, *last],
        |row| Ok(row.int(0)?),
    )
}

pub(crate) fn lines_between(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    (first, last): (i64, i64),
    mut take: impl FnMut(Reading),
) -> Result<()> {
    tx.each(
        concat!(
            "SELECT ",
            reading_fields!(),
            " FROM reading WHERE org_id = ?1 AND month = ?2 AND account_id BETWEEN ?3 AND ?4
             ORDER BY org_id, month, account_id, meter_seq"
        ),
        params![org_id, month, first, last],
        |row| {
            take(read_reading(row)?);
            Ok(())
        },
    )
}

pub(crate) fn lines_of_book(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    book_id: i64,
) -> Result<Vec<Reading>> {
    tx.list(
        concat!(
            "SELECT ",
            reading_fields!(),
            " FROM reading WHERE org_id = ?1 AND month = ?2
               AND account_id IN (SELECT account_id FROM account WHERE org_id = ?1 AND book_id = ?3)
             ORDER BY org_id, month, account_id, meter_seq"
        ),
        params![org_id, month, book_id],
        read_reading,
    )
}

/// Whom a line belongs to, as a reader knows it.
pub(crate) struct Customer {
    pub account_id: i64,
    pub number: String,
    pub name: String,
    pub address: String,
    pub route_sequence: i64,
}

pub(crate) fn customers_of_book(tx: &mut Tx<'_>, org_id: i64, book_id: i64) -> Result<Vec<Customer>> {
    tx.list(
        "SELECT account_id, number, name, address, route_sequence FROM account
         WHERE org_id = ?1 AND book_id = ?2 ORDER BY account_id",
        params![org_id, book_id],
        |row| {
            Ok(Customer {
                account_id: row.int(0)?,
                number: row.text(1)?,
                name: row.text(2)?,
                address: row.text(3)?,
                route_sequence: row.int(4)?,
            })
        },
    )
}

pub(crate) fn meter_numbers_of_book(
    tx: &mut Tx<'_>,
    org_id: i64,
    book_id: i64,
) -> Result<Vec<(i64, i64, String)>> {
    tx.list(
        "SELECT m.account_id, m.meter_seq, m.number FROM account a CROSS JOIN meter m
         WHERE m.org_id = a.org_id AND m.account_id = a.account_id AND a.org_id = ?1 AND a.book_id = ?2",
        params![org_id, book_id],
        |row| Ok((row.int(0)?, row.int(1)?, row.text(2)?)),
    )
}

/// The values that staged lines replace, when a person entered them or a meter was read.
pub(crate) fn keep_history(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    person_id: i64,
    now: Moment,
    reason: &str,
) -> Result<()> {
    tx.execute(
        "INSERT INTO reading_history (org_id, month, account_id, meter_seq, point_seq, digits, multiplier, status, flags, read_on,
         total_previous, total_current, entered_by, entered_at, version, sharp_previous, sharp_current,
         peak_previous, peak_current, flat_previous, flat_current, valley_previous, valley_current,
         deep_valley_previous, deep_valley_current, reactive_forward_previous, reactive_forward_current,
         reactive_reverse_previous, reactive_reverse_current, demand_current, replaced_by, replaced_at,
         reason)
         SELECT r.org_id, r.month, r.account_id, r.meter_seq,
           r.point_seq, r.digits, r.multiplier, r.status, r.flags, r.read_on, r.total_previous,
           r.total_current, r.entered_by, r.entered_at, r.version, r.sharp_previous, r.sharp_current,
           r.peak_previous, r.peak_current, r.flat_previous, r.flat_current, r.valley_previous,
           r.valley_current, r.deep_valley_previous, r.deep_valley_current, r.reactive_forward_previous,
           r.reactive_forward_current, r.reactive_reverse_previous, r.reactive_reverse_current,
           r.demand_current,
           CAST(?3 AS BIGINT), CAST(?4 AS BIGINT), CAST(?5 AS TEXT)
         FROM reading_entry e CROSS JOIN reading r
         WHERE r.org_id = e.org_id AND r.month = e.month AND r.account_id = e.account_id
           AND r.meter_seq = e.meter_seq AND e.org_id = ?1 AND e.month = ?2 AND r.entered_by <> 0",
        params![org_id, month, person_id, now, reason],
    )?;
    Ok(())
}

/// Replaces the lines that still have the version they were decided on. The staged lines lead, so that the cost is that
/// of the lines and not of the month.
pub(crate) fn replace_staged(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    person_id: i64,
    now: Moment,
) -> Result<u64> {
    Ok(tx.execute(
        "INSERT INTO reading (org_id, month, account_id, meter_seq, point_seq, digits, multiplier, status, flags, read_on,
         total_previous, total_current, entered_by, entered_at, version, sharp_previous, sharp_current,
         peak_previous, peak_current, flat_previous, flat_current, valley_previous, valley_current,
         deep_valley_previous, deep_valley_current, reactive_forward_previous, reactive_forward_current,
         reactive_reverse_previous, reactive_reverse_current, demand_current)
         SELECT org_id, month, account_id, meter_seq, point_seq, digits, multiplier, status, flags, read_on,
         total_previous, total_current, entered_by, entered_at, version, sharp_previous, sharp_current,
         peak_previous, peak_current, flat_previous, flat_current, valley_previous, valley_current,
         deep_valley_previous, deep_valley_current, reactive_forward_previous, reactive_forward_current,
         reactive_reverse_previous, reactive_reverse_current, demand_current
         FROM reading_entry WHERE org_id = ?1 AND month = ?2
         ORDER BY account_id, meter_seq
         ON CONFLICT (org_id, month, account_id, meter_seq) DO UPDATE SET
           status = excluded.status, flags = excluded.flags, read_on = excluded.read_on, total_previous =
           excluded.total_previous, total_current = excluded.total_current, sharp_previous =
           excluded.sharp_previous, sharp_current = excluded.sharp_current, peak_previous =
           excluded.peak_previous, peak_current = excluded.peak_current, flat_previous =
           excluded.flat_previous, flat_current = excluded.flat_current, valley_previous =
           excluded.valley_previous, valley_current = excluded.valley_current, deep_valley_previous =
           excluded.deep_valley_previous, deep_valley_current = excluded.deep_valley_current,
           reactive_forward_previous = excluded.reactive_forward_previous, reactive_forward_current =
           excluded.reactive_forward_current, reactive_reverse_previous =
           excluded.reactive_reverse_previous, reactive_reverse_current = excluded.reactive_reverse_current,
           demand_current = excluded.demand_current,
           entered_by = ?3, entered_at = ?4, version = reading.version + 1
         WHERE reading.version = excluded.version",
        params![org_id, month, person_id, now],
    )?)
}

pub(crate) fn clear_staged(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<()> {
    tx.execute("DELETE FROM reading_entry WHERE org_id = ?1 AND month = ?2", params![org_id, month])?;
    Ok(())
}

pub(crate) fn history(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    account_id: i64,
    meter_seq: i64,
) -> Result<Vec<Replaced>> {
    tx.list(
        concat!(
            "SELECT ",
            reading_fields!(),
            ", replaced_by, replaced_at, reason FROM reading_history
             WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 AND meter_seq = ?4 ORDER BY version"
        ),
        params![org_id, month, account_id, meter_seq],
        |row| {
            Ok(Replaced {
                reading: read_reading(row)?,
                replaced_by: row.int(28)?,
                replaced_at: row.moment(29)?,
                reason: row.text(30)?,
            })
        },
    )
}
