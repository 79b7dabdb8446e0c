//! Finding acts again: by document, by person, by day (XC-15).

use kernel::Date;
use store::Tx;

use crate::act::{Document, Recorded};
use crate::canonical::Leaf;
use crate::sql::search;
use crate::{VaultError, personal, sql};

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
    let found = leaf(tx, org_id, seq)?;
    let opened = personal::open(tx, org_id, vec![found])?.pop();
    // One went in.
    opened.ok_or(VaultError::BeyondEnd { asked: seq, size: seq })
}

/// The act with this number, exactly as its bytes have it.
pub fn leaf(tx: &mut Tx<'_>, org_id: i64, seq: i64) -> Result<Leaf, VaultError> {
    match search::leaf(tx, org_id, seq)? {
        Some(leaf) => Ok(leaf),
        None => Err(VaultError::BeyondEnd { asked: seq, size: sql::size(tx, org_id)? }),
    }
}

fn page(
    tx: &mut Tx<'_>,
    org_id: i64,
    after: Option<i64>,
    size: usize,
    ask: impl FnOnce(&mut Tx<'_>, i64, i64) -> Result<Vec<Leaf>, VaultError>,
) -> Result<ActPage, VaultError> {
    let size = size.clamp(1, PAGE_MAX);
    let mut leaves = ask(tx, after.unwrap_or(-1), i64::try_from(size + 1).unwrap_or(i64::MAX))?;
    let more = leaves.len() > size;
    leaves.truncate(size);
    let next = if more { leaves.last().map(|last| last.seq) } else { None };
    Ok(ActPage { acts: personal::open(tx, org_id, leaves)?, next })
}

/// What was done to a document, after the act `after`, at most `size` (and never more than 1,000).
pub fn by_document(
    tx: &mut Tx<'_>,
    org_id: i64,
    document: &Document,
    after: Option<i64>,
    size: usize,
) -> Result<ActPage, VaultError> {
    page(tx, org_id, after, size, |tx, after, limit| search::by_document(tx, org_id, document, after, limit))
}

/// What a person did.
pub fn by_person(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    after: Option<i64>,
    size: usize,
) -> Result<ActPage, VaultError> {
    page(tx, org_id, after, size, |tx, after, limit| search::by_person(tx, org_id, person_id, after, limit))
}

/// What was done on a day.
pub fn by_day(
    tx: &mut Tx<'_>,
    org_id: i64,
    day: Date,
    after: Option<i64>,
    size: usize,
) -> Result<ActPage, VaultError> {
    page(tx, org_id, after, size, |tx, after, limit| search::by_day(tx, org_id, day, after, limit))
}

/// Gives the canonical bytes of the acts `from..to` to `take`, in order, without keeping them.
pub fn each_canonical<E: From<VaultError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    from: i64,
    to: i64,
    mut take: impl FnMut(i64, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let size = sql::size(tx, org_id).map_err(VaultError::from)?;
    if from < 0 || to > size || from > to {
        return Err(VaultError::BeyondEnd { asked: to, size }.into());
    }
    let mut refused = None;
    let given = search::each_leaf(tx, org_id, from - 1, to - from, |leaf| {
        take(leaf.seq, leaf.canonical).map_err(|error| {
            refused = Some(error);
            VaultError::NotCanonical("the reader stopped")
        })
    });
    match (refused, given) {
        (Some(error), _) => Err(error),
        (None, given) => Ok(given.map(|_| ())?),
    }
}
