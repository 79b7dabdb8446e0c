//! Reading leaves.

use kernel::Date;
use store::{Tx, Value, Walk, params};

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

/// Which acts a list asks for; what is none asks for all.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'w> {
    pub person_id: Option<i64>,
    pub kind: Option<&'w str>,
    pub number: Option<&'w str>,
    pub day: Option<Date>,
}

/// Runs of a day that are named one by one in a question; more are looked up row by row.
const RUNS_MAX: usize = 20;

/// The runs of acts of a day, first and last of each, in order; runs that touch are one.
pub(crate) fn runs_of(tx: &mut Tx<'_>, org_id: i64, day: Date) -> Result<Vec<(i64, i64)>, VaultError> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    tx.each(
        "SELECT first_seq, last_seq FROM leaf_day WHERE org_id = ?1 AND day = ?2 ORDER BY first_seq",
        params![org_id, day],
        |row| {
            let (first, last) = (row.int(0)?, row.int(1)?);
            match runs.last_mut() {
                Some(run) if run.1 + 1 == first => run.1 = last,
                _ => runs.push((first, last)),
            }
            Ok::<_, VaultError>(())
        },
    )?;
    Ok(runs)
}

/// The numbers of the acts `wanted` of a person or about documents, a part of them in order, and how many there are.
pub(crate) fn found(
    tx: &mut Tx<'_>,
    org_id: i64,
    wanted: &Wanted<'_>,
    walk: &Walk,
    (newest_first, offset, limit): (bool, i64, i64),
) -> Result<(Vec<i64>, i64), VaultError> {
    let mut given = vec![Value::Int(org_id)];
    let mut source = match wanted.kind {
        Some(kind) => {
            given.push(Value::Text(kind));
            "FROM leaf_document s WHERE s.org_id = ?1 AND s.kind = ?2".to_owned()
        }
        None => "FROM leaf_person s WHERE s.org_id = ?1".to_owned(),
    };
    if let (Some(_), Some(number)) = (wanted.kind, wanted.number) {
        given.push(Value::Text(number));
        source.push_str(&format!(" AND s.number = ?{}", given.len()));
    }
    if let Some(person_id) = wanted.person_id {
        given.push(Value::Int(person_id));
        let at = given.len();
        source.push_str(&match wanted.kind {
            None => format!(" AND s.person_id = ?{at}"),
            Some(_) => format!(
                " AND EXISTS (SELECT 1 FROM leaf_person p
                   WHERE p.org_id = s.org_id AND p.person_id = ?{at} AND p.seq = s.seq)"
            ),
        });
    }
    if let Some(day) = wanted.day {
        // A day's acts stand together, but for a clock that was set back: mostly one run.
        let runs = runs_of(tx, org_id, day)?;
        if runs.len() > RUNS_MAX {
            given.push(Value::from(day));
            source.push_str(&format!(
                " AND EXISTS (SELECT 1 FROM leaf_day d WHERE d.org_id = s.org_id AND d.day = ?{}
                   AND s.seq BETWEEN d.first_seq AND d.last_seq)",
                given.len()
            ));
        } else {
            let mut between = Vec::with_capacity(runs.len());
            for (first, last) in runs {
                given.extend([Value::Int(first), Value::Int(last)]);
                between.push(format!("s.seq BETWEEN ?{} AND ?{}", given.len() - 1, given.len()));
            }
            let none = if between.is_empty() { "1 = 0".to_owned() } else { between.join(" OR ") };
            source.push_str(&format!(" AND ({none})"));
        }
    }
    let count =
        tx.one(&format!("SELECT COUNT(*) {source}"), &given, |row| Ok::<_, VaultError>(row.int(0)?))?;
    let behind = walk.clause(&["s.seq"], newest_first, &mut given);
    let order = walk.order(&["s.seq"], newest_first);
    given.extend([Value::Int(limit), Value::Int(offset)]);
    let (limit, offset) = (given.len() - 1, given.len());
    let text = format!("SELECT s.seq {source}{behind}{order} LIMIT ?{limit} OFFSET ?{offset}");
    let seqs = tx.list(&text, &given, |row| Ok::<_, VaultError>(row.int(0)?))?;
    Ok((walk.in_order(seqs), count.unwrap_or(0)))
}

/// Every kind of document, found by skipping from one to the next: there are few kinds and many documents.
pub(crate) fn kinds(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<String>, VaultError> {
    let mut found: Vec<String> = Vec::new();
    loop {
        let after = found.last().map_or("", String::as_str).to_owned();
        let next = tx.one(
            "SELECT kind FROM leaf_document WHERE org_id = ?1 AND kind > ?2 ORDER BY kind LIMIT 1",
            params![org_id, &after],
            |row| Ok::<_, VaultError>(row.text(0)?),
        )?;
        match next {
            Some(kind) => found.push(kind),
            None => return Ok(found),
        }
    }
}
