//! The tables of the queue and of the carry-over.

use kernel::{Date, Moment, Month, Quantity};
use store::{Tx, params};

use super::{CarryOverDifference, Queued};
use crate::Result;
use crate::account::AccountStatus;

pub(crate) fn queue(tx: &mut Tx<'_>, org_id: i64, account_id: i64, unit_id: i64, at: Moment) -> Result<()> {
    tx.execute(
        "INSERT INTO new_account_queue (org_id, account_id, unit_id, received_at) VALUES (?1, ?2, ?3, ?4)",
        params![org_id, account_id, unit_id, at],
    )?;
    Ok(())
}

pub(crate) fn set_status(tx: &mut Tx<'_>, org_id: i64, account_id: i64, status: AccountStatus) -> Result<()> {
    Ok(tx.execute_one(
        &format!("account {account_id}"),
        "UPDATE account SET status = ?3, version = version + 1 WHERE org_id = ?1 AND account_id = ?2",
        params![org_id, account_id, status],
    )?)
}

pub(crate) fn waiting(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Vec<Queued>> {
    tx.list(
        "SELECT q.account_id, q.unit_id, a.book_id, q.received_at FROM new_account_queue q
         JOIN account a ON a.org_id = q.org_id AND a.account_id = q.account_id
         WHERE q.org_id = ?1 AND q.unit_id = ?2 AND q.issued_at IS NULL ORDER BY q.account_id",
        params![org_id, unit_id],
        |row| {
            Ok(Queued {
                account_id: row.int(0)?,
                unit_id: row.int(1)?,
                book_id: row.int(2)?,
                received_at: row.moment(3)?,
            })
        },
    )
}

pub(crate) fn issue(
    tx: &mut Tx<'_>,
    org_id: i64,
    account_id: i64,
    (month, reader_id): (Month, i64),
    (by, at): (i64, Moment),
) -> Result<()> {
    Ok(tx.execute_one(
        &format!("account {account_id}"),
        "UPDATE new_account_queue SET month = ?3, reader_id = ?4, issued_by = ?5, issued_at = ?6
         WHERE org_id = ?1 AND account_id = ?2 AND issued_at IS NULL",
        params![org_id, account_id, month, reader_id, by, at],
    )?)
}

pub(crate) fn materials(
    tx: &mut Tx<'_>,
    org_id: i64,
    year: i16,
    unit_id: i64,
) -> Result<Vec<(String, Date)>> {
    tx.list(
        "SELECT code, ready_on FROM carry_over_material WHERE org_id = ?1 AND year = ?2 AND unit_id = ?3",
        params![org_id, i64::from(year), unit_id],
        |row| Ok((row.text(0)?, row.date(1)?)),
    )
}

pub(crate) fn material_ready(
    tx: &mut Tx<'_>,
    org_id: i64,
    (year, unit_id): (i16, i64),
    code: &str,
    on: Date,
    by: i64,
) -> Result<()> {
    tx.execute(
        "INSERT INTO carry_over_material (org_id, year, unit_id, code, ready_on, person_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, i64::from(year), unit_id, code, on, by],
    )?;
    Ok(())
}

/// Books of December that are not issued, and all of them.
pub(crate) fn december_open(
    tx: &mut Tx<'_>,
    org_id: i64,
    december: Month,
    unit_id: i64,
) -> Result<(i64, i64)> {
    let counts = tx.one(
        "SELECT COUNT(CASE WHEN state <> 6 THEN 1 END), COUNT(*) FROM book_month
         WHERE org_id = ?1 AND month = ?2 AND unit_id = ?3",
        params![org_id, december, unit_id],
        |row| Ok::<_, crate::MeteringError>((row.int(0)?, row.int(1)?)),
    )?;
    Ok(counts.unwrap_or((0, 0)))
}

/// Opens the lines of the new year: meters in use with the value of December, or of November for books read every other
/// month.
pub(crate) fn carry(tx: &mut Tx<'_>, org_id: i64, december: Month, unit_id: i64) -> Result<u64> {
    Ok(tx.execute(
        "INSERT INTO ledger_opening (org_id, year, account_id, meter_seq, unit_id, total)
         SELECT m.org_id, CAST(?4 AS BIGINT), m.account_id, m.meter_seq, a.unit_id,
                COALESCE(d.total_current, n.total_current)
         FROM account a CROSS JOIN meter m
         LEFT JOIN reading d ON d.org_id = m.org_id AND d.month = ?2 AND d.account_id = m.account_id
                            AND d.meter_seq = m.meter_seq
         LEFT JOIN reading n ON n.org_id = m.org_id AND n.month = ?5 AND n.account_id = m.account_id
                            AND n.meter_seq = m.meter_seq
         WHERE m.org_id = a.org_id AND m.account_id = a.account_id AND a.org_id = ?1 AND a.unit_id = ?3
           AND a.status <> 4 AND m.removed_on IS NULL
         ORDER BY m.account_id, m.meter_seq",
        params![org_id, december, unit_id, i64::from(december.year()) + 1, december.previous()],
    )?)
}

pub(crate) fn keep_carry_over(
    tx: &mut Tx<'_>,
    org_id: i64,
    (year, unit_id): (i16, i64),
    lines: u64,
    by: i64,
    at: Moment,
) -> Result<()> {
    tx.execute(
        "INSERT INTO carry_over (org_id, year, unit_id, lines, person_id, done_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, i64::from(year), unit_id, i64::try_from(lines).unwrap_or(i64::MAX), by, at],
    )?;
    Ok(())
}

/// Lines that only one ledger has, and lines that differ. The old ledger is what was read; the new one what was opened.
pub(crate) fn differences(
    tx: &mut Tx<'_>,
    org_id: i64,
    december: Month,
    unit_id: i64,
) -> Result<Vec<CarryOverDifference>> {
    tx.list(
        "SELECT a.account_id, m.meter_seq, COALESCE(d.total_current, n.total_current), o.total
         FROM account a CROSS JOIN meter m
         LEFT JOIN reading d ON d.org_id = m.org_id AND d.month = ?2 AND d.account_id = m.account_id
                            AND d.meter_seq = m.meter_seq
         LEFT JOIN reading n ON n.org_id = m.org_id AND n.month = ?5 AND n.account_id = m.account_id
                            AND n.meter_seq = m.meter_seq
         LEFT JOIN ledger_opening o ON o.org_id = m.org_id AND o.year = ?4 AND o.account_id = m.account_id
                            AND o.meter_seq = m.meter_seq
         WHERE m.org_id = a.org_id AND m.account_id = a.account_id AND a.org_id = ?1 AND a.unit_id = ?3
           AND a.status <> 4 AND m.removed_on IS NULL
           AND (o.account_id IS NULL OR COALESCE(d.total_current, n.total_current, -1) <> COALESCE(o.total, -1))
         UNION ALL
         SELECT o.account_id, o.meter_seq, NULL, o.total FROM ledger_opening o
         WHERE o.org_id = ?1 AND o.year = ?4 AND o.unit_id = ?3
           AND NOT EXISTS (SELECT 1 FROM meter m JOIN account a ON a.org_id = m.org_id AND a.account_id = m.account_id
                            WHERE m.org_id = o.org_id AND m.account_id = o.account_id AND m.meter_seq = o.meter_seq
                              AND m.removed_on IS NULL AND a.status <> 4 AND a.unit_id = ?3)
         ORDER BY 1, 2 LIMIT 10000",
        params![org_id, december, unit_id, i64::from(december.year()) + 1, december.previous()],
        |row| {
            Ok(CarryOverDifference {
                account_id: row.int(0)?,
                meter_seq: row.int(1)?,
                closing: row.int_or_null(2)?.map(Quantity::from_units),
                opening: row.int_or_null(3)?.map(Quantity::from_units),
            })
        },
    )
}
