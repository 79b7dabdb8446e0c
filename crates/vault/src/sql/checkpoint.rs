//! Checkpoints, the log's name, keys, cosignatures.

use kernel::Moment;
use store::{Row, StoreError, Tx, params};

use super::digest;
use crate::checkpoint::Checkpoint;

const CHECKPOINT: &str = "SELECT size, root, note, made_at, number FROM checkpoint WHERE org_id = ?1";

fn checkpoint(row: &Row<'_>) -> Result<Checkpoint, StoreError> {
    Ok(Checkpoint { size: row.int(0)?, root: digest(row, 1)?, note: row.text(2)?, made_at: row.moment(3)? })
}

pub(crate) fn insert(tx: &mut Tx<'_>, org_id: i64, made: &Checkpoint) -> Result<(), StoreError> {
    let last = tx.one(
        "SELECT number FROM checkpoint WHERE org_id = ?1 ORDER BY size DESC LIMIT 1",
        params![org_id],
        |row| row.int_or_null(0),
    )?;
    let number = last.flatten().unwrap_or(0) + 1;
    tx.execute(
        "INSERT INTO checkpoint (org_id, size, root, note, made_at, number) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, made.size, &made.root, &made.note, made.made_at, number],
    )?;
    Ok(())
}

pub(crate) fn last(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<Checkpoint>, StoreError> {
    tx.one(&format!("{CHECKPOINT} ORDER BY size DESC LIMIT 1"), params![org_id], checkpoint)
}

pub(crate) fn at(tx: &mut Tx<'_>, org_id: i64, size: i64) -> Result<Option<Checkpoint>, StoreError> {
    tx.one(&format!("{CHECKPOINT} AND size = ?2"), params![org_id, size], checkpoint)
}

/// Checkpoints of fewer than `below` acts, the largest first.
pub(crate) fn below(
    tx: &mut Tx<'_>,
    org_id: i64,
    below: i64,
    limit: i64,
) -> Result<Vec<Checkpoint>, StoreError> {
    tx.list(
        &format!("{CHECKPOINT} AND size < ?2 ORDER BY size DESC LIMIT ?3"),
        params![org_id, below, limit],
        checkpoint,
    )
}

/// A part of the checkpoints, the largest first, and how many there are.
pub(crate) fn part(
    tx: &mut Tx<'_>,
    org_id: i64,
    offset: i64,
    limit: i64,
) -> Result<(Vec<Checkpoint>, i64), StoreError> {
    let found = tx.list(
        &format!("{CHECKPOINT} ORDER BY size DESC LIMIT ?2 OFFSET ?3"),
        params![org_id, limit, offset],
        checkpoint,
    )?;
    let count =
        tx.one("SELECT COUNT(*) FROM checkpoint WHERE org_id = ?1", params![org_id], |row| row.int(0))?;
    Ok((found, count.unwrap_or(0)))
}

/// Gives every checkpoint with its number to `take`, the smallest first.
pub(crate) fn each(
    tx: &mut Tx<'_>,
    org_id: i64,
    mut take: impl FnMut(Checkpoint, Option<i64>),
) -> Result<(), StoreError> {
    tx.each(&format!("{CHECKPOINT} ORDER BY size"), params![org_id], |row| {
        take(checkpoint(row)?, row.int_or_null(4)?);
        Ok(())
    })
}

pub(crate) fn origin(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<String>, StoreError> {
    tx.one("SELECT origin FROM log_origin WHERE org_id = ?1", params![org_id], |row| row.text(0))
}

pub(crate) fn insert_origin(
    tx: &mut Tx<'_>,
    org_id: i64,
    origin: &str,
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO log_origin (org_id, origin, made_at) VALUES (?1, ?2, ?3)",
        params![org_id, origin, now],
    )?;
    Ok(())
}

/// Number of the act, role and text of each key.
pub(crate) fn keys(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, String, String)>, StoreError> {
    tx.list("SELECT seq, role, vkey FROM log_key WHERE org_id = ?1 ORDER BY seq", params![org_id], |row| {
        Ok((row.int(0)?, row.text(1)?, row.text(2)?))
    })
}

pub(crate) fn insert_key(
    tx: &mut Tx<'_>,
    org_id: i64,
    seq: i64,
    role: &str,
    vkey: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO log_key (org_id, seq, role, vkey) VALUES (?1, ?2, ?3, ?4)",
        params![org_id, seq, role, vkey],
    )?;
    Ok(())
}

/// The cosignature lines of the checkpoint of `size`, with the moment each was taken in.
pub(crate) fn cosignatures(
    tx: &mut Tx<'_>,
    org_id: i64,
    size: i64,
) -> Result<Vec<(String, Moment)>, StoreError> {
    tx.list(
        "SELECT line, taken_at FROM cosignature WHERE org_id = ?1 AND size = ?2 ORDER BY taken_at, line",
        params![org_id, size],
        |row| Ok((row.text(0)?, row.moment(1)?)),
    )
}

/// Every cosignature line with the size of its checkpoint.
pub(crate) fn all_cosignatures(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, String)>, StoreError> {
    tx.list("SELECT size, line FROM cosignature WHERE org_id = ?1 ORDER BY size", params![org_id], |row| {
        Ok((row.int(0)?, row.text(1)?))
    })
}

/// The largest checkpoint of more than `above` acts that has a cosignature.
pub(crate) fn cosigned_above(tx: &mut Tx<'_>, org_id: i64, above: i64) -> Result<Option<i64>, StoreError> {
    let found = tx.one(
        "SELECT MAX(size) FROM cosignature WHERE org_id = ?1 AND size > ?2",
        params![org_id, above],
        |row| row.int_or_null(0),
    )?;
    Ok(found.flatten())
}

pub(crate) fn insert_cosignature(
    tx: &mut Tx<'_>,
    org_id: i64,
    size: i64,
    line: &str,
    now: Moment,
) -> Result<u64, StoreError> {
    tx.execute(
        "INSERT INTO cosignature (org_id, size, line, taken_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        params![org_id, size, line, now],
    )
}
