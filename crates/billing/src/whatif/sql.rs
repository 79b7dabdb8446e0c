//! The stored bills as a trial reads them.

use kernel::Month;
use store::{Row, Tx, params};

use crate::Result;

/// Gives the bills of `month` with keys above `after` and up to `end`, `limit` rows at most, in order of key.
pub(crate) fn each_stored(
    tx: &mut Tx<'_>,
    (org_id, month, issued_only): (i64, Month, bool),
    (after, end): (i64, i64),
    limit: usize,
    take: impl FnMut(&Row<'_>) -> Result<()>,
) -> Result<()> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let only = if issued_only {
        "AND EXISTS (SELECT 1 FROM receivable r WHERE r.org_id = b.org_id AND r.month = b.month
           AND r.account_id = b.account_id AND r.sequence = b.sequence)"
    } else {
        ""
    };
    tx.each(
        &format!(
            "SELECT b.account_id, b.sequence, b.book_id, b.reasons, b.detail FROM bill b
             WHERE b.org_id = ?1 AND b.month = ?2 AND b.account_id > ?3 AND b.account_id <= ?4 {only}
             ORDER BY b.account_id, b.sequence LIMIT ?5"
        ),
        params![org_id, month, after, end, limit],
        take,
    )
}

/// How many bills a month has, for the progress shown.
pub(crate) fn count(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<i64> {
    let found = tx.one(
        "SELECT COUNT(*) FROM quantity_ledger WHERE org_id = ?1 AND month = ?2",
        params![org_id, month],
        |row| Ok::<_, crate::BillingError>(row.int(0)?),
    )?;
    Ok(found.unwrap_or(0))
}
