//! Proofs of inclusion and of consistency (RFC 6962, sections 2.1.1 and 2.1.2; RFC 9162, section 2.1, for checking).
//!
//! Proofs are made from stored hashes in the order of [`crate::tree`], so a proof in a log of a million leaves reads
//! some forty hashes, or from a slice of leaf hashes, for a line inside a batch.

use std::convert::Infallible;

use crate::error::ProofError;
use crate::tree::{Hash, empty_root, leaf_hash, node_hash, stored_index};

/// The longest path that a proof can have.
pub const MAX_PATH: usize = 63;

/// The largest log: sizes are kept as signed 64-bit numbers.
pub const MAX_SIZE: u64 = i64::MAX as u64;

/// Where stored hashes are read from.
pub trait HashReader {
    /// What reading may fail with.
    type Error;
    /// The hashes at `indexes` (see [`stored_index`]), one for each, in their order.
    fn read(&mut self, indexes: &[u64]) -> Result<Vec<Hash>, Self::Error>;
}

/// A proof could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// What was asked for cannot be proved.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The stored hashes could not be read.
    #[error("the stored hashes could not be read: {0}")]
    Reader(E),
}

/// A run of leaves that is one node of the tree: from, and up to but without.
type Range = (u64, u64);

fn bounded(size: u64) -> Result<(), ProofError> {
    if size > MAX_SIZE { Err(ProofError::TooLarge(size)) } else { Ok(()) }
}

/// Where the tree over `(from, to)`, of at least two leaves, is split: the largest power of two below its size.
fn split((from, to): Range) -> u64 {
    from + (1 << (to - from - 1).ilog2())
}

fn inclusion_ranges(index: u64, size: u64) -> Result<Vec<Range>, ProofError> {
    bounded(size)?;
    if index >= size {
        return Err(ProofError::BeyondEnd { index, size });
    }
    let (mut at, mut found) = ((0, size), Vec::new());
    while at.1 - at.0 > 1 {
        let middle = split(at);
        let (on_path, beside) =
            if index < middle { ((at.0, middle), (middle, at.1)) } else { ((middle, at.1), (at.0, middle)) };
        found.push(beside);
        at = on_path;
    }
    found.reverse();
    Ok(found)
}

fn consistency_ranges(old: u64, new: u64) -> Result<Vec<Range>, ProofError> {
    bounded(new)?;
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    let (mut at, mut found) = ((0, new), Vec::new());
    if old == 0 {
        return Ok(found);
    }
    while at.1 != old {
        let middle = split(at);
        if old <= middle {
            found.push((middle, at.1));
            at.1 = middle;
        } else {
            found.push((at.0, middle));
            at.0 = middle;
        }
    }
    // The old root itself is known to who checks; an inner node of it is not.
    if at.0 > 0 {
        found.push(at);
    }
    found.reverse();
    Ok(found)
}

/// The places of the complete subtrees of a range, largest first.
fn places((from, to): Range) -> impl Iterator<Item = u64> {
    let length = to - from;
    (0..u64::BITS).rev().filter(move |level| length >> level & 1 == 1).map(move |level| {
        let before = (length >> level >> 1).checked_shl(level + 1).unwrap_or(0);
        stored_index(level, (from + before) >> level)
    })
}

/// The hash over a range from the hashes of its complete subtrees, largest first.
fn fold(hashes: &[Hash]) -> Hash {
    let mut from_right = hashes.iter().rev().copied();
    let last = from_right.next().unwrap_or_else(empty_root);
    from_right.fold(last, |right, left| node_hash(&left, &right))
}

fn read_ranges<R: HashReader>(ranges: &[Range], reader: &mut R) -> Result<Vec<Hash>, ProveError<R::Error>> {
    let indexes: Vec<u64> = ranges.iter().flat_map(|range| places(*range)).collect();
    let hashes = reader.read(&indexes).map_err(ProveError::Reader)?;
    if hashes.len() != indexes.len() {
        return Err(ProofError::ReaderShort { asked: indexes.len(), given: hashes.len() }.into());
    }
    let mut rest = hashes.as_slice();
    let mut found = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        let (these, after) = rest.split_at((to - from).count_ones() as usize);
        found.push(fold(these));
        rest = after;
    }
    Ok(found)
}

/// The path from leaf `index` (from 0) to the root of the log at `size`.
///
/// # Errors
/// [`ProofError::BeyondEnd`] when the log has no such leaf; [`ProveError::Reader`] when the hashes cannot be read.
pub fn inclusion_proof<R: HashReader>(
    index: u64,
    size: u64,
    reader: &mut R,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    read_ranges(&inclusion_ranges(index, size)?, reader)
}

/// The path that proves the log at `new` leaves to continue the log at `old` leaves; empty for `old` 0 and for
/// `old` equal to `new`.
///
/// # Errors
/// [`ProofError::Shrunk`] when `old` is larger; [`ProveError::Reader`] when the hashes cannot be read.
pub fn consistency_proof<R: HashReader>(
    old: u64,
    new: u64,
    reader: &mut R,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    read_ranges(&consistency_ranges(old, new)?, reader)
}

/// Checks that `leaf` is leaf `index` (from 0) of the `size` leaves under `root`.
///
/// # Errors
/// [`ProofError::NotIncluded`] when the path does not prove it; [`ProofError::BeyondEnd`] when there is no such leaf.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    bounded(size)?;
    if index >= size {
        return Err(ProofError::BeyondEnd { index, size });
    }
    let refused = ProofError::NotIncluded { index, size };
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in path {
        if last == 0 {
            return Err(refused);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(beside, &hash);
            // Levels on which the right edge has no node of its own; `at` is not 0, for it is odd or the last of several.
            let skipped = at.trailing_zeros();
            (at, last) = (at >> skipped, last >> skipped);
        } else {
            hash = node_hash(&hash, beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last == 0 && hash == *root { Ok(()) } else { Err(refused) }
}

/// Checks that the log of `new` leaves under `new_root` continues the log of `old` leaves under `old_root`.
///
/// # Errors
/// [`ProofError::NotConsistent`] when the path does not prove it; [`ProofError::Shrunk`] when `old` is larger.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    bounded(new)?;
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    let refused = ProofError::NotConsistent { old, new };
    let agreed = |holds: bool| if holds { Ok(()) } else { Err(refused.clone()) };
    if old == new {
        let empty_is_empty = old > 0 || *new_root == empty_root();
        return agreed(path.is_empty() && old_root == new_root && empty_is_empty);
    }
    if old == 0 {
        return agreed(path.is_empty() && *old_root == empty_root());
    }
    // A complete old tree is itself a node of the new one, and is not repeated in the path.
    let (start, rest) = match path.split_first() {
        _ if old.is_power_of_two() => (*old_root, path),
        Some((first, rest)) => (*first, rest),
        None => return Err(refused),
    };
    let skipped = (old - 1).trailing_ones();
    let (mut at, mut last) = ((old - 1) >> skipped, (new - 1) >> skipped);
    let (mut old_hash, mut new_hash) = (start, start);
    for beside in rest {
        if last == 0 {
            return Err(refused);
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(beside, &old_hash);
            new_hash = node_hash(beside, &new_hash);
            let skipped = at.trailing_zeros();
            (at, last) = (at >> skipped, last >> skipped);
        } else {
            new_hash = node_hash(&new_hash, beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    agreed(last == 0 && old_hash == *old_root && new_hash == *new_root)
}

/// The leaves of a batch, all in memory.
struct Leaves<'a>(&'a [Hash]);

impl Leaves<'_> {
    fn over(&self, (from, to): Range) -> Hash {
        crate::tree::merkle_root(self.0[from as usize..to as usize].iter().copied())
    }
    fn all(&self, ranges: Result<Vec<Range>, ProofError>) -> Result<Vec<Hash>, ProofError> {
        Ok(ranges?.into_iter().map(|range| self.over(range)).collect())
    }
}

/// The path from leaf `index` to the root over `leaves`: for a line inside a batch, whose root the batch's act has.
///
/// # Errors
/// [`ProofError::BeyondEnd`] when there is no such leaf.
pub fn inclusion_proof_over(index: u64, leaves: &[Hash]) -> Result<Vec<Hash>, ProofError> {
    Leaves(leaves).all(inclusion_ranges(index, leaves.len() as u64))
}

/// The path that proves `leaves` to continue its first `old` leaves.
///
/// # Errors
/// [`ProofError::Shrunk`] when there are fewer leaves than `old`.
pub fn consistency_proof_over(old: u64, leaves: &[Hash]) -> Result<Vec<Hash>, ProofError> {
    Leaves(leaves).all(consistency_ranges(old, leaves.len() as u64))
}

/// Checks that `line` is line `index` (from 0) of a batch of `count` lines whose root is `batch_root`.
///
/// A line's leaf is [`leaf_hash`] of its bytes. The batch root itself is proved by the inclusion of the batch's act in
/// the log.
///
/// # Errors
/// As [`verify_inclusion`].
pub fn verify_line(
    line: &[u8],
    index: u64,
    count: u64,
    path: &[Hash],
    batch_root: &Hash,
) -> Result<(), ProofError> {
    verify_inclusion(&leaf_hash(line), index, count, path, batch_root)
}

/// Stored hashes in memory, in storage order.
impl HashReader for &[Hash] {
    type Error = Infallible;
    fn read(&mut self, indexes: &[u64]) -> Result<Vec<Hash>, Infallible> {
        // A missing hash makes the answer short, which the proof functions refuse.
        let hash = |index: &u64| usize::try_from(*index).ok().and_then(|index| self.get(index)).copied();
        Ok(indexes.iter().filter_map(hash).collect())
    }
}
