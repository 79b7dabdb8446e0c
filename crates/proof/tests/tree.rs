//! The tree against the reference implementation, byte for byte, and against the figures of the standard.
#![allow(clippy::unwrap_used)]

use proof::tree::{Edge, edge_indexes, empty_root, leaf_hash, merkle_root, stored_count, stored_index};
use proptest::prelude::*;
use tlog_tiles::{
    Error, Hash, HashReader, check_record, check_tree, prove_record, prove_tree, record_hash,
    stored_hash_count, stored_hash_index, stored_hashes, tree_hash,
};

struct Stored(Vec<Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}

fn leaf(at: u64) -> Vec<u8> {
    format!("act {at}").into_bytes()
}

/// XC-15: sizes 0 to 300, every stored hash, every root, and the reference's own proofs over what we stored.
#[test]
fn hashes_places_and_roots_are_those_of_the_reference() {
    let (mut ours, mut theirs) = (Stored(Vec::new()), Stored(Vec::new()));
    let mut edge = Edge::empty();
    let mut roots = vec![empty_root()];
    assert_eq!(edge.root(), tree_hash(0, &theirs).unwrap().0);
    for at in 0..300_u64 {
        assert_eq!(leaf_hash(&leaf(at)), record_hash(&leaf(at)).0);
        let fresh = stored_hashes(at, &leaf(at), &theirs).unwrap();
        theirs.0.extend(fresh);
        edge.append(leaf_hash(&leaf(at)), |hash| ours.0.push(Hash(*hash)));
        assert_eq!(ours.0, theirs.0, "size {}", at + 1);
        assert_eq!(stored_count(at + 1), stored_hash_count(at + 1));
        assert_eq!(stored_count(at + 1), ours.0.len() as u64);
        let root = tree_hash(at + 1, &theirs).unwrap().0;
        assert_eq!(edge.root(), root);
        assert_eq!(merkle_root((0..=at).map(|at| leaf_hash(&leaf(at)))), root);
        let edge_hash = |(_, index): (u32, u64)| ours.0[usize::try_from(index).unwrap()].0;
        let reloaded = edge_indexes(at + 1).into_iter().map(edge_hash).collect();
        assert_eq!(Edge::of(at + 1, reloaded).unwrap().root(), root);
        roots.push(root);
    }
    for at in [0, 1, 7, 128, 299] {
        let proof = prove_record(300, at, &ours).unwrap();
        check_record(&proof, 300, Hash(roots[300]), at, record_hash(&leaf(at))).unwrap();
        let proof = prove_tree(300, at + 1, &ours).unwrap();
        check_tree(&proof, 300, Hash(roots[300]), at + 1, Hash(roots[usize::try_from(at).unwrap() + 1]))
            .unwrap();
    }
    assert!(Edge::of(3, vec![[0; 32]]).is_none());
}

proptest! {
    #[test]
    fn places_are_those_of_the_reference(level in 0_u8..20, number in 0_u64..1_000_000_000) {
        prop_assert_eq!(stored_index(u32::from(level), number), stored_hash_index(level, number));
        prop_assert_eq!(stored_count(number), stored_hash_count(number));
    }
}

/// The empty tree and the empty leaf, as RFC 6962 logs everywhere have them.
#[test]
fn the_well_known_hashes() {
    let hex = |hash: [u8; 32]| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(hex(leaf_hash(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}
