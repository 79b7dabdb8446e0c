//! Finding acts again: by document, by person, by day (XC-15).

use kernel::Date;
use store::{StoreError, Tx, Value, params};

use crate::act::{Document, Recorded};
use crate::{VaultError, canonical, sql};

/// Acts given at once, at most.
const PAGE_MAX: usize = 1_000;

/// A page of acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActPage {
    /// In the order in which they were done.
    pub acts: Vec<Recorded>,
    /// Ask for the next page after this number; nothing when this was the last.
    pub next: Option<i64>,
}

/// The act with this number.
pub fn act(tx: &mut Tx<'_>, org_id: i64, seq: i64) -> Result<Recorded, VaultError> {
    let found =
        tx.one("SELECT canonical FROM leaf WHERE org_id = ?1 AND seq = ?2", params![org_id, seq], |row| {
            row.with_blob(0, canonical::decode).map_err(VaultError::from)
        })?;
    match found {
        Some(decoded) => decoded,
        None => Err(VaultError::BeyondEnd { asked: seq, size: sql::size(tx, org_id)? }),
    }
}

fn page(
    tx: &mut Tx<'_>,
    source: &str,
    key: &[Value<'_>],
    after: Option<i64>,
    size: usize,
) -> Result<ActPage, VaultError> {
    let size = size.clamp(1, PAGE_MAX);
    let mut params = key.to_vec();
    params.push(Value::Int(after.unwrap_or(-1)));
    params.push(Value::Int(i64::try_from(size + 1).unwrap_or(i64::MAX)));
    let (after, limit) = (params.len() - 1, params.len());
    let sql = format!("SELECT l.canonical {source} AND l.seq > ?{after} ORDER BY l.seq LIMIT ?{limit}");
    let mut acts = tx.list(&sql, &params, |row| row.with_blob(0, canonical::decode)?)?;
    let more = acts.len() > size;
    acts.truncate(size);
    let next = if more { acts.last().map(|last| last.seq) } else { None };
    Ok(ActPage { acts, next })
}

/// What was done to a document, after the act `after`, at most `size` (and never more than 1,000).
pub fn by_document(
    tx: &mut Tx<'_>,
    org_id: i64,
    document: &Document,
    after: Option<i64>,
    size: usize,
) -> Result<ActPage, VaultError> {
    page(
        tx,
        "FROM leaf_document d JOIN leaf l ON l.org_id = d.org_id AND l.seq = d.seq
         WHERE d.org_id = ?1 AND d.kind = ?2 AND d.number = ?3",
        params![org_id, &document.kind, &document.number],
        after,
        size,
    )
}

/// What a person did.
pub fn by_person(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    after: Option<i64>,
    size: usize,
) -> Result<ActPage, VaultError> {
    page(
        tx,
        "FROM leaf_person p JOIN leaf l ON l.org_id = p.org_id AND l.seq = p.seq
         WHERE p.org_id = ?1 AND p.person_id = ?2",
        params![org_id, person_id],
        after,
        size,
    )
}

/// What was done on a day.
pub fn by_day(
    tx: &mut Tx<'_>,
    org_id: i64,
    day: Date,
    after: Option<i64>,
    size: usize,
) -> Result<ActPage, VaultError> {
    page(
        tx,
        "FROM leaf_day d JOIN leaf l ON l.org_id = d.org_id AND l.seq BETWEEN d.first_seq AND d.last_seq
         WHERE d.org_id = ?1 AND d.day = ?2",
        params![org_id, day],
        after,
        size,
    )
}

/// Gives every leaf to `take`: number, stored hash, canonical bytes, stored moment in milliseconds.
pub(crate) fn each_leaf(
    tx: &mut Tx<'_>,
    org_id: i64,
    mut take: impl FnMut(i64, &[u8], &[u8], i64) -> Result<(), VaultError>,
) -> Result<(), VaultError> {
    tx.each(
        "SELECT seq, leaf_hash, canonical, at FROM leaf WHERE org_id = ?1 ORDER BY seq",
        params![org_id],
        |row| {
            let hash = row.blob(1)?;
            let (seq, at) = (row.int(0)?, row.int(3)?);
            row.with_blob(2, |bytes| take(seq, &hash, bytes, at))
                .map_err(|error: StoreError| VaultError::from(error))?
        },
    )
}
