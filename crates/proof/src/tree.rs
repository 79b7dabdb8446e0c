//! The Merkle tree of RFC 6962, section 2.1, and the order in which C2SP tlog stores its hashes.
//!
//! A log of `n` leaves is a row of complete subtrees, one for each set bit of `n`, largest first: its right edge.
//! Appending a leaf needs nothing but the edge.

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of a leaf: SHA-256 of a zero byte and the leaf's bytes.
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

/// The hash of an inner node: SHA-256 of a one byte and the hashes of its two sides.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The root over leaf hashes, in one pass and with memory for the edge only.
pub fn merkle_root(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut edge = Edge::empty();
    for leaf in leaves {
        edge.append(leaf, |_| ());
    }
    edge.root()
}

/// The place of node `number` of `level` (leaves are level 0) in storage order: each node stands right after its
/// right child.
pub fn stored_index(level: u32, number: u64) -> u64 {
    // The last leaf below the node, and the nodes completed by it before this one.
    let leaf = ((number + 1) << level) - 1;
    stored_count(leaf) + u64::from(level)
}

/// How many hashes a log of `size` leaves stores.
pub fn stored_count(size: u64) -> u64 {
    // Every subtree of 2^k leaves has 2^(k+1) - 1 nodes; the edge has one subtree for each set bit.
    2 * size - u64::from(size.count_ones())
}

/// The storage places of the edge of a log of `size` leaves, largest subtree first, with their levels.
pub fn edge_indexes(size: u64) -> Vec<(u32, u64)> {
    let mut found = Vec::new();
    let mut before = 0_u64;
    for level in (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1) {
        found.push((level, stored_index(level, before >> level)));
        before += 1 << level;
    }
    found
}

/// The right edge of a log: its complete subtrees, largest first.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    subtrees: Vec<(u32, Hash)>,
    size: u64,
}

impl Edge {
    /// The edge of a log without leaves.
    pub fn empty() -> Edge {
        Edge::default()
    }
    /// The edge of a log of `size` leaves from the hashes at [`edge_indexes`]; nothing when their number is wrong.
    pub fn of(size: u64, hashes: Vec<Hash>) -> Option<Edge> {
        let indexes = edge_indexes(size);
        (indexes.len() == hashes.len())
            .then(|| Edge { subtrees: indexes.iter().map(|(level, _)| *level).zip(hashes).collect(), size })
    }
    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }
    /// Appends a leaf and gives each hash to be stored to `store`, in storage order.
    pub fn append(&mut self, leaf: Hash, mut store: impl FnMut(&Hash)) {
        store(&leaf);
        let (mut level, mut hash) = (0, leaf);
        while let Some((_, left)) = self.subtrees.pop_if(|(left_level, _)| *left_level == level) {
            hash = node_hash(&left, &hash);
            level += 1;
            store(&hash);
        }
        self.subtrees.push((level, hash));
        self.size += 1;
    }
    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut from_right = self.subtrees.iter().rev().map(|(_, hash)| *hash);
        match from_right.next() {
            None => empty_root(),
            Some(last) => from_right.fold(last, |right, left| node_hash(&left, &right)),
        }
    }
}
