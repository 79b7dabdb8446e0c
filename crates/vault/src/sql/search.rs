//! Reading leaves.

use kernel::Date;
use store::{Tx, Value, params};

use crate::VaultError;
use crate::act::Document;
use crate::canonical::{self, Leaf};

/// The leaf with this number.
pub(crate) fn leaf(tx: &mut Tx<'_>, org_id: i64, seq: i64) -> Result<Option<Leaf>, VaultError> {
    let read = |row: &store::Row<'_>| row.with_blob(0, canonical::decode).map_err(VaultError::from)?;
    tx.one("SELECT canonical FROM leaf WHERE org_id = ?1 AND seq = ?2", params![org_id, seq], read)
}

fn page(
    tx: &mut Tx<'_>,
    source: &str,
    key: &[Value<'_>],
    after: i64,
    limit: i64,
) -> Result<Vec<Leaf>, VaultError> {
    let mut params = key.to_vec();
    params.extend([Value::Int(after), Value::Int(limit)]);
    let (after, limit) = (params.len() - 1, params.len());
    let sql = format!("SELECT l.canonical {source} AND l.seq > ?{after} ORDER BY l.seq LIMIT ?{limit}");
    tx.list(&sql, &params, |row| row.with_blob(0, canonical::decode)?)
}

pub(crate) fn by_document(
    tx: &mut Tx<'_>,
    org_id: i64,
    document: &Document,
    after: i64,
    limit: i64,
) -> Result<Vec<Leaf>, VaultError> {
    let source = "FROM leaf_document d JOIN leaf l ON l.org_id = d.org_id AND l.seq = d.seq
         WHERE d.org_id = ?1 AND d.kind = ?2 AND d.number = ?3";
    page(tx, source, params![org_id, &document.kind, &document.number], after, limit)
}

pub(crate) fn by_person(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Leaf>, VaultError> {
    let source = "FROM leaf_person p JOIN leaf l ON l.org_id = p.org_id AND l.seq = p.seq
         WHERE p.org_id = ?1 AND p.person_id = ?2";
    page(tx, source, params![org_id, person_id], after, limit)
}

pub(crate) fn by_day(
    tx: &mut Tx<'_>,
    org_id: i64,
    day: Date,
    after: i64,
    limit: i64,
) -> Result<Vec<Leaf>, VaultError> {
    let source =
        "FROM leaf_day d JOIN leaf l ON l.org_id = d.org_id AND l.seq BETWEEN d.first_seq AND d.last_seq
         WHERE d.org_id = ?1 AND d.day = ?2";
    page(tx, source, params![org_id, day], after, limit)
}

/// A leaf as stored.
pub(crate) struct StoredLeaf<'r> {
    pub seq: i64,
    pub hash: &'r [u8],
    pub canonical: &'r [u8],
    /// Milliseconds.
    pub at: i64,
}

/// Gives the leaves with numbers above `after`, `limit` at most, to `take`; answers how many there were.
pub(crate) fn each_leaf(
    tx: &mut Tx<'_>,
    org_id: i64,
    after: i64,
    limit: i64,
    mut take: impl FnMut(StoredLeaf<'_>) -> Result<(), VaultError>,
) -> Result<i64, VaultError> {
    let mut count = 0;
    tx.each(
        "SELECT seq, leaf_hash, canonical, at FROM leaf WHERE org_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
        params![org_id, after, limit],
        |row| {
            count += 1;
            let (seq, at) = (row.int(0)?, row.int(3)?);
            row.with_blob(1, |hash| {
                row.with_blob(2, |canonical| take(StoredLeaf { seq, hash, canonical, at }))
            })??
        },
    )?;
    Ok(count)
}
