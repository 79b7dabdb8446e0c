//! The vault's statements; no other module names its tables.

pub(crate) mod check;
pub(crate) mod checkpoint;
pub(crate) mod identity;
pub(crate) mod private;
pub(crate) mod search;

use std::collections::HashMap;

use kernel::Date;
use store::{Bulk, Engine, Kind, StoreError, Tx, Value, params};

use crate::VaultError;
use crate::act::Digest;
use crate::canonical::Leaf;
use crate::tree::{self, Edge, Hash};

/// Distinguishes the locks of this log from other advisory locks of the same database.
const LOCK_CLASS: i64 = 0x7661_756c;

const LEAF: &[store::Column] = &[
    ("org_id", Kind::Int),
    ("seq", Kind::Int),
    ("leaf_hash", Kind::Blob),
    ("canonical", Kind::Blob),
    ("at", Kind::Int),
];
const HASH: &[store::Column] = &[("org_id", Kind::Int), ("idx", Kind::Int), ("h", Kind::Blob)];
const DOCUMENT: &[store::Column] =
    &[("org_id", Kind::Int), ("kind", Kind::Text), ("number", Kind::Text), ("seq", Kind::Int)];
const PERSON: &[store::Column] = &[("org_id", Kind::Int), ("person_id", Kind::Int), ("seq", Kind::Int)];
const PRIVATE: &[store::Column] = &[
    ("org_id", Kind::Int),
    ("commitment", Kind::Blob),
    ("salt", Kind::Blob),
    ("value", Kind::Text),
    ("person_id", Kind::Int),
    ("seq", Kind::Int),
];

/// Rows of one append, in the order of their keys.
pub(crate) struct Rows {
    org_id: i64,
    leaves: Bulk,
    hashes: Bulk,
    documents: Bulk,
    persons: Bulk,
    private: Bulk,
    next_index: i64,
}

impl Rows {
    /// For a log of `size` leaves.
    pub(crate) fn new(org_id: i64, size: u64) -> Rows {
        Rows {
            org_id,
            leaves: Bulk::new("leaf", LEAF),
            hashes: Bulk::new("tlog_hash", HASH),
            documents: Bulk::new("leaf_document", DOCUMENT),
            persons: Bulk::new("leaf_person", PERSON),
            private: Bulk::new("leaf_private", PRIVATE),
            next_index: tree::stored_count(size) as i64,
        }
    }
    pub(crate) fn leaf(&mut self, leaf: &Leaf, canonical: &[u8], hash: &Hash) -> Result<(), StoreError> {
        let (org_id, seq) = (self.org_id, leaf.seq);
        self.leaves.row(params![org_id, seq, hash, canonical, leaf.at])?;
        let document = &leaf.document;
        self.documents.row(params![org_id, &document.kind, &document.number, seq])?;
        self.persons.row(params![org_id, leaf.person_id, seq])
    }
    pub(crate) fn private(&mut self, kept: &private::Private) -> Result<(), StoreError> {
        let private::Private { commitment, salt, value, person_id, seq } = kept;
        self.private.row(params![self.org_id, commitment, salt, value, *person_id, *seq])
    }
    pub(crate) fn hash(&mut self, hash: &Hash) -> Result<(), StoreError> {
        self.hashes.row(params![self.org_id, self.next_index, hash])?;
        self.next_index += 1;
        Ok(())
    }
    pub(crate) fn load(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let Rows { leaves, hashes, documents, persons, private, .. } = self;
        for bulk in [leaves, hashes, documents, persons, private] {
            tx.load(bulk)?;
        }
        Ok(())
    }
}

/// Makes all other writers of this organisation's log wait until the end of the transaction.
pub(crate) fn lock(tx: &mut Tx<'_>, org_id: i64) -> Result<(), StoreError> {
    if tx.engine() == Engine::Postgres {
        tx.execute("SELECT pg_advisory_xact_lock(?1)", params![(LOCK_CLASS << 32) ^ org_id])?;
    }
    Ok(())
}

pub(crate) fn size(tx: &mut Tx<'_>, org_id: i64) -> Result<i64, StoreError> {
    let found =
        tx.one("SELECT MAX(seq) FROM leaf WHERE org_id = ?1", params![org_id], |row| row.int_or_null(0))?;
    Ok(found.flatten().map_or(0, |last| last + 1))
}

/// The stored hashes at `indexes`, in that order, with one query.
pub(crate) fn hashes(tx: &mut Tx<'_>, org_id: i64, indexes: &[u64]) -> Result<Vec<Hash>, VaultError> {
    let mut found: HashMap<u64, Hash> = HashMap::with_capacity(indexes.len());
    if !indexes.is_empty() {
        let marks: Vec<String> = (2..indexes.len() + 2).map(|at| format!("?{at}")).collect();
        let mut params = vec![Value::Int(org_id)];
        params.extend(indexes.iter().map(|index| Value::Int(*index as i64)));
        let sql = format!("SELECT idx, h FROM tlog_hash WHERE org_id = ?1 AND idx IN ({})", marks.join(", "));
        tx.each(&sql, &params, |row| {
            found.insert(row.int(0)? as u64, digest(row, 1)?);
            Ok::<_, VaultError>(())
        })?;
    }
    let at = |index: &u64| found.get(index).copied().ok_or(VaultError::HashMissing(*index as i64));
    indexes.iter().map(at).collect()
}

/// The right edge of the log when it had `size` leaves.
pub(crate) fn edge(tx: &mut Tx<'_>, org_id: i64, size: i64) -> Result<Edge, VaultError> {
    let size = size as u64;
    let indexes: Vec<u64> = tree::edge_indexes(size).iter().map(|(_, index)| *index).collect();
    let hashes = hashes(tx, org_id, &indexes)?;
    Edge::of(size, hashes).ok_or(VaultError::HashMissing(0))
}

pub(crate) fn digest(row: &store::Row<'_>, column: usize) -> Result<Digest, StoreError> {
    row.with_blob(column, |bytes| bytes.try_into().ok())?
        .ok_or(StoreError::WrongType { column, expected: "a digest of 32 bytes" })
}

/// Adds the leaves `first..=last` to the days on which they were written; a run of leaves of one day is one row.
pub(crate) fn add_day(
    tx: &mut Tx<'_>,
    org_id: i64,
    day: Date,
    first: i64,
    last: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO leaf_day (org_id, day, first_seq, last_seq) VALUES (?1, ?2, ?3, ?4)",
        params![org_id, day, first, last],
    )?;
    Ok(())
}
