//! Which leaf holds which change of units, persons and posts.

use store::{StoreError, Tx, params};

pub(crate) fn last_absorbed(tx: &mut Tx<'_>, org_id: i64) -> Result<i64, StoreError> {
    let last =
        tx.one("SELECT MAX(change_id) FROM leaf_identity WHERE org_id = ?1", params![org_id], |row| {
            row.int_or_null(0)
        })?;
    Ok(last.flatten().unwrap_or(i64::MIN))
}

/// Every change taken in, with the number of its leaf.
pub(crate) fn absorbed(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    tx.list("SELECT change_id, seq FROM leaf_identity WHERE org_id = ?1", params![org_id], |row| {
        Ok((row.int(0)?, row.int(1)?))
    })
}

pub(crate) fn keep_absorbed(
    tx: &mut Tx<'_>,
    org_id: i64,
    change_id: i64,
    seq: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO leaf_identity (org_id, change_id, seq) VALUES (?1, ?2, ?3)",
        params![org_id, change_id, seq],
    )?;
    Ok(())
}
