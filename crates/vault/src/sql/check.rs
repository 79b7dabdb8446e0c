//! What the check reads beside the leaves.

use kernel::Date;
use store::{StoreError, Tx, params};

use super::digest;
use crate::tree::Hash;

/// Gives the stored hashes from place `from` on, `limit` at most, to `take`; answers how many there were.
pub(crate) fn hashes_from(
    tx: &mut Tx<'_>,
    org_id: i64,
    from: i64,
    limit: i64,
    mut take: impl FnMut(i64, Hash),
) -> Result<(), StoreError> {
    tx.each(
        "SELECT idx, h FROM tlog_hash WHERE org_id = ?1 AND idx >= ?2 ORDER BY idx LIMIT ?3",
        params![org_id, from, limit],
        |row| {
            take(row.int(0)?, digest(row, 1)?);
            Ok(())
        },
    )
}

/// Gives kind, number and act of every entry by document to `take`.
pub(crate) fn documents(
    tx: &mut Tx<'_>,
    org_id: i64,
    mut take: impl FnMut(&str, &str, i64),
) -> Result<(), StoreError> {
    tx.each("SELECT kind, number, seq FROM leaf_document WHERE org_id = ?1", params![org_id], |row| {
        let seq = row.int(2)?;
        row.with_text(0, |kind| row.with_text(1, |number| take(kind, number, seq)))?
    })
}

/// Gives person and act of every entry by person to `take`.
pub(crate) fn persons(
    tx: &mut Tx<'_>,
    org_id: i64,
    mut take: impl FnMut(i64, i64),
) -> Result<(), StoreError> {
    tx.each("SELECT person_id, seq FROM leaf_person WHERE org_id = ?1", params![org_id], |row| {
        take(row.int(0)?, row.int(1)?);
        Ok(())
    })
}

/// The runs of acts of one day: first, last, day.
pub(crate) fn days(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, i64, Date)>, StoreError> {
    tx.list(
        "SELECT first_seq, last_seq, day FROM leaf_day WHERE org_id = ?1 ORDER BY first_seq",
        params![org_id],
        |row| Ok((row.int(0)?, row.int(1)?, row.date(2)?)),
    )
}
