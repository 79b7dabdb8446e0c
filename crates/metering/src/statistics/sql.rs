//! What the figures are counted from.

use kernel::{Moment, Month};
use store::{Tx, params};

use super::ReadingFigures;
use crate::Result;

pub(crate) fn figures(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    unit_id: Option<i64>,
) -> Result<ReadingFigures> {
    let counted = tx.one(
        "SELECT COUNT(*), COUNT(CASE WHEN r.status <> 0 AND r.flags & 2 = 0 THEN 1 END)
         FROM reading r CROSS JOIN account a
         WHERE r.org_id = ?1 AND r.month = ?2 AND a.org_id = r.org_id AND a.account_id = r.account_id
           AND (CAST(?3 AS BIGINT) IS NULL OR a.unit_id = ?3)",
        params![org_id, month, unit_id],
        |row| Ok::<_, crate::MeteringError>((row.int(0)?, row.int(1)?)),
    )?;
    let wrong = tx.one(
        "SELECT COUNT(DISTINCT account_id) FROM reading_error
         WHERE org_id = ?1 AND month = ?2 AND (CAST(?3 AS BIGINT) IS NULL OR unit_id = ?3)",
        params![org_id, month, unit_id],
        |row| Ok::<_, crate::MeteringError>(row.int(0)?),
    )?;
    let (due, read) = counted.unwrap_or((0, 0));
    Ok(ReadingFigures { due, read, households_in_error: wrong.unwrap_or(0) })
}

/// Keeps an error once; the first finding stays.
pub(crate) fn keep_error(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    (account_id, meter_seq, unit_id): (i64, i64, i64),
    note: &str,
    (by, at): (i64, Moment),
) -> Result<()> {
    tx.execute(
        "INSERT INTO reading_error (org_id, month, account_id, meter_seq, unit_id, note, found_by, found_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        params![org_id, month, account_id, meter_seq, unit_id, note, by, at],
    )?;
    Ok(())
}
