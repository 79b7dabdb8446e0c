//! Finding acts again: by document, by person, by day (XC-15).

use kernel::Date;
use store::{KeyPart, Tx, Walk};

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

/// Which acts a list shows; what is none asks for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActQuery {
    /// Only what this person did.
    pub person_id: Option<i64>,
    /// Only what was done to documents of this kind.
    pub kind: Option<String>,
    /// Of that kind, only to this document.
    pub number: Option<String>,
    /// Only what was done on this day.
    pub day: Option<Date>,
    /// The latest first.
    pub newest_first: bool,
    /// Where to go on: the place of an act is its number.
    pub walk: Walk,
    /// Acts left out.
    pub offset: usize,
    /// Acts at most.
    pub limit: usize,
}

/// A part of the acts that pass `query`, and how many there are of them.
pub fn acts(tx: &mut Tx<'_>, org_id: i64, query: &ActQuery) -> Result<(Vec<Recorded>, i64), VaultError> {
    let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let (offset, limit) = (whole(query.offset), whole(query.limit));
    let (seqs, count) = if query.person_id.is_none() && query.kind.is_none() {
        // Numbers have no gaps: which acts a part holds follows from the runs, without reading them.
        let runs = match query.day {
            Some(day) => search::runs_of(tx, org_id, day)?,
            None => vec![(0, sql::size(tx, org_id)? - 1)],
        };
        let count = runs.iter().map(|(first, last)| (last - first + 1).max(0)).sum();
        let (from, to) = places(&runs, count, query, offset, limit);
        let at = |place: i64| {
            let mut place = if query.newest_first { count - 1 - place } else { place };
            for (first, last) in &runs {
                let length = (last - first + 1).max(0);
                if place < length {
                    return Some(first + place);
                }
                place -= length;
            }
            None
        };
        ((from..to).filter_map(at).collect(), count)
    } else {
        let wanted = search::Wanted {
            person_id: query.person_id,
            kind: query.kind.as_deref(),
            number: query.number.as_deref(),
            day: query.day,
        };
        search::found(tx, org_id, &wanted, &query.walk, (query.newest_first, offset, limit))?
    };
    let mut leaves = Vec::with_capacity(seqs.len());
    for seq in seqs {
        leaves.push(leaf(tx, org_id, seq)?);
    }
    Ok((personal::open(tx, org_id, leaves)?, count))
}

/// Which places of `runs`, counted in the order of the list, a part of them holds.
fn places(runs: &[(i64, i64)], count: i64, query: &ActQuery, offset: i64, limit: i64) -> (i64, i64) {
    let seq = match query.walk.from.as_deref() {
        Some([KeyPart::Int(seq), ..]) => Some(*seq),
        _ => None,
    };
    // How many of the list come before the act one goes on from, and how many with it.
    let below = |seq: i64| -> i64 {
        runs.iter().map(|(first, last)| (seq - first).clamp(0, (last - first + 1).max(0))).sum()
    };
    let (before, with) = match seq {
        None if query.walk.back => (count, count),
        None => (0, 0),
        Some(seq) if query.newest_first => (count - below(seq.saturating_add(1)), count - below(seq)),
        Some(seq) => (below(seq), below(seq.saturating_add(1))),
    };
    if query.walk.back {
        let to = before.saturating_sub(offset).max(0);
        return (to.saturating_sub(limit).max(0), to);
    }
    let from = with.saturating_add(offset).min(count);
    (from, from.saturating_add(limit).min(count))
}

/// The kinds of documents that the log knows.
pub fn document_kinds(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<String>, VaultError> {
    search::kinds(tx, org_id)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A walk through runs of acts shows each act once, forwards and back, the oldest or the latest first.
    #[test]
    fn a_walk_through_runs_shows_each_act_once() {
        let runs = [(3, 5), (9, 9), (12, 15)];
        let mut seqs: Vec<i64> = runs.iter().flat_map(|(first, last)| *first..=*last).collect();
        let count = seqs.len() as i64;
        for newest_first in [false, true] {
            if newest_first {
                seqs.reverse();
            }
            for back in [false, true] {
                let (mut from, mut seen) = (None, Vec::new());
                loop {
                    let walk = Walk { from, back };
                    let query = ActQuery { newest_first, walk, ..ActQuery::default() };
                    let (first, last) = places(&runs, count, &query, 0, 3);
                    let part = &seqs[first as usize..last as usize];
                    let Some(end) = (if back { part.first() } else { part.last() }) else { break };
                    from = Some(vec![KeyPart::Int(*end)]);
                    let at = if back { 0 } else { seen.len() };
                    seen.splice(at..at, part.iter().copied());
                }
                assert_eq!(seen, seqs, "{newest_first} {back}");
            }
        }
    }
}
