//! Proofs of inclusion and consistency against the reference implementation, byte for byte and both ways.
#![allow(clippy::unwrap_used)]

use proof::path::{
    HashReader, consistency_proof, consistency_proof_over, inclusion_proof, inclusion_proof_over,
    verify_consistency, verify_inclusion, verify_line,
};
use proof::tree::{Edge, Hash, empty_root, leaf_hash, merkle_root};
use proof::{ProofError, ProveError};
use proptest::prelude::*;
use tlog_tiles::{Hash as Theirs, check_record, check_tree, prove_record, prove_tree};

struct Stored(Vec<Theirs>);

impl tlog_tiles::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Theirs>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}

/// A log of `size` leaves: stored hashes, leaf hashes, and the root at every size.
struct Log {
    stored: Vec<Hash>,
    leaves: Vec<Hash>,
    roots: Vec<Hash>,
}

impl Log {
    fn new(size: u64, seed: u64) -> Log {
        let (mut edge, mut stored, mut roots) = (Edge::empty(), Vec::new(), vec![empty_root()]);
        let leaves: Vec<Hash> =
            (0..size).map(|at| leaf_hash(format!("{seed} act {at}").as_bytes())).collect();
        for leaf in &leaves {
            edge.append(*leaf, |hash| stored.push(*hash));
            roots.push(edge.root());
        }
        Log { stored, leaves, roots }
    }
    fn theirs(&self) -> Stored {
        Stored(self.stored.iter().map(|hash| Theirs(*hash)).collect())
    }
}

fn plain(path: &[Theirs]) -> Vec<Hash> {
    path.iter().map(|hash| hash.0).collect()
}

fn wrapped(path: &[Hash]) -> Vec<Theirs> {
    path.iter().map(|hash| Theirs(*hash)).collect()
}

/// XC-15: every inclusion proof of every tree up to 130 leaves, made by both and checked by both.
#[test]
fn inclusion_proofs_are_those_of_the_reference() {
    let log = Log::new(130, 1);
    let (mut ours, theirs) = (log.stored.as_slice(), log.theirs());
    for size in 1..=130 {
        let root = log.roots[size as usize];
        for index in 0..size {
            let leaf = log.leaves[index as usize];
            let path = inclusion_proof(index, size, &mut ours).unwrap();
            let reference = prove_record(size, index, &theirs).unwrap();
            assert_eq!(path, plain(&reference), "leaf {index} of {size}");
            assert_eq!(path, inclusion_proof_over(index, &log.leaves[..size as usize]).unwrap());
            verify_inclusion(&leaf, index, size, &path, &root).unwrap();
            check_record(&wrapped(&path), size, Theirs(root), index, Theirs(leaf)).unwrap();
        }
    }
}

/// XC-15: every consistency proof between any two sizes up to 130, made by both and checked by both.
#[test]
fn consistency_proofs_are_those_of_the_reference() {
    let log = Log::new(130, 2);
    let (mut ours, theirs) = (log.stored.as_slice(), log.theirs());
    for new in 1..=130 {
        let new_root = log.roots[new as usize];
        for old in 1..=new {
            let old_root = log.roots[old as usize];
            let path = consistency_proof(old, new, &mut ours).unwrap();
            let reference = prove_tree(new, old, &theirs).unwrap();
            assert_eq!(path, plain(&reference), "{old} to {new}");
            assert_eq!(path, consistency_proof_over(old, &log.leaves[..new as usize]).unwrap());
            verify_consistency(old, &old_root, new, &new_root, &path).unwrap();
            check_tree(&wrapped(&path), new, Theirs(new_root), old, Theirs(old_root)).unwrap();
        }
    }
}

/// The empty log continues into everything, and only as the empty log.
#[test]
fn the_empty_log() {
    let log = Log::new(5, 3);
    verify_consistency(0, &empty_root(), 5, &log.roots[5], &[]).unwrap();
    verify_consistency(0, &empty_root(), 0, &empty_root(), &[]).unwrap();
    assert!(verify_consistency(0, &log.roots[1], 5, &log.roots[5], &[]).is_err());
    assert!(verify_consistency(0, &log.roots[1], 0, &log.roots[1], &[]).is_err());
    assert!(verify_consistency(0, &empty_root(), 5, &log.roots[5], &[log.roots[1]]).is_err());
    assert_eq!(consistency_proof(0, 5, &mut log.stored.as_slice()).unwrap(), Vec::<Hash>::new());
}

/// What cannot be proved is refused in words, not by a panic.
#[test]
fn beyond_the_end() {
    let log = Log::new(5, 4);
    let mut stored = log.stored.as_slice();
    let beyond = ProofError::BeyondEnd { index: 5, size: 5 };
    assert_eq!(inclusion_proof(5, 5, &mut stored), Err(ProveError::Proof(beyond.clone())));
    assert_eq!(verify_inclusion(&log.leaves[4], 5, 5, &[], &log.roots[5]), Err(beyond));
    let shrunk = ProofError::Shrunk { old: 6, new: 5 };
    assert_eq!(consistency_proof(6, 5, &mut stored), Err(ProveError::Proof(shrunk.clone())));
    assert_eq!(verify_consistency(6, &log.roots[5], 5, &log.roots[5], &[]), Err(shrunk));
    let mut short = &log.stored[..3];
    assert!(matches!(
        inclusion_proof(0, 5, &mut short),
        Err(ProveError::Proof(ProofError::ReaderShort { .. }))
    ));
    for size in [u64::MAX, 1 << 63] {
        assert_eq!(
            verify_inclusion(&log.leaves[0], 0, size, &[], &log.roots[1]),
            Err(ProofError::TooLarge(size))
        );
        assert!(verify_consistency(1, &log.roots[1], size, &log.roots[1], &[]).is_err());
    }
    // The largest log there can be: paths of 63 hashes, and no overflow on the way.
    let largest = (1 << 63) - 1;
    let path = inclusion_proof(largest - 1, largest, &mut Everywhere).unwrap();
    let root = climb(&log.leaves[0], &path);
    verify_inclusion(&log.leaves[0], largest - 1, largest, &path, &root).unwrap();
    assert_eq!(inclusion_proof(0, largest, &mut Everywhere).unwrap().len(), 63);
    consistency_proof(largest / 3, largest, &mut Everywhere).unwrap();
}

/// The last leaf of a full right edge has only left siblings.
fn climb(leaf: &Hash, path: &[Hash]) -> Hash {
    path.iter().fold(*leaf, |hash, left| proof::node_hash(left, &hash))
}

struct Everywhere;

impl HashReader for Everywhere {
    type Error = String;
    fn read(&mut self, indexes: &[u64]) -> Result<Vec<Hash>, String> {
        Ok(indexes.iter().map(|index| leaf_hash(&index.to_be_bytes())).collect())
    }
}

/// A reader's own failure is handed on.
#[test]
fn a_reader_that_fails() {
    struct Broken;
    impl HashReader for Broken {
        type Error = &'static str;
        fn read(&mut self, _: &[u64]) -> Result<Vec<Hash>, &'static str> {
            Err("disk")
        }
    }
    assert_eq!(inclusion_proof(0, 2, &mut Broken), Err(ProveError::Reader("disk")));
}

/// XC-15: a bill's line is proved under the root of its batch, and no other line, place or batch is.
#[test]
fn a_line_of_a_batch() {
    let lines: Vec<String> = (0..37).map(|at| format!("account {at}: {} fen", at * 311)).collect();
    let leaves: Vec<Hash> = lines.iter().map(|line| leaf_hash(line.as_bytes())).collect();
    let root = merkle_root(leaves.iter().copied());
    for (at, line) in lines.iter().enumerate() {
        let path = inclusion_proof_over(at as u64, &leaves).unwrap();
        verify_line(line.as_bytes(), at as u64, 37, &path, &root).unwrap();
        assert!(verify_line(format!("{line}0").as_bytes(), at as u64, 37, &path, &root).is_err());
        assert!(verify_line(line.as_bytes(), (at as u64 + 1) % 37, 37, &path, &root).is_err());
    }
    assert!(inclusion_proof_over(37, &leaves).is_err());
}

fn flip(hash: &mut Hash, bit: usize) {
    hash[bit / 8 % 32] ^= 1 << (bit % 8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// XC-15: larger trees, both ways, and every single change is refused.
    #[test]
    fn any_change_is_refused(
        size in 1_u64..700, index in any::<prop::sample::Index>(), old in any::<prop::sample::Index>(),
        bit in 0_usize..256, place in any::<prop::sample::Index>(), seed in any::<u64>(),
    ) {
        let log = Log::new(size, seed);
        let index = index.index(size as usize) as u64;
        let old = old.index(size as usize) as u64 + 1;
        let (root, leaf) = (log.roots[size as usize], log.leaves[index as usize]);
        let theirs = log.theirs();

        let path = inclusion_proof(index, size, &mut log.stored.as_slice()).unwrap();
        prop_assert_eq!(&path, &plain(&prove_record(size, index, &theirs).unwrap()));
        verify_inclusion(&leaf, index, size, &path, &root).unwrap();
        let holds = |leaf: &Hash, index, size, path: &[Hash], root: &Hash| {
            verify_inclusion(leaf, index, size, path, root).is_ok()
        };
        let changed = |hash: &Hash| { let mut hash = *hash; flip(&mut hash, bit); hash };
        prop_assert!(!holds(&changed(&leaf), index, size, &path, &root));
        prop_assert!(!holds(&leaf, index, size, &path, &changed(&root)));
        for other in (0..size).filter(|other| *other != index) {
            prop_assert!(!holds(&leaf, other, size, &path, &root));
        }
        if !path.is_empty() {
            let at = place.index(path.len());
            let mut other = path.clone();
            flip(&mut other[at], bit);
            prop_assert!(!holds(&leaf, index, size, &other, &root));
            other.remove(at);
            prop_assert!(!holds(&leaf, index, size, &other, &root));
        }
        let longer = [path.as_slice(), &[leaf]].concat();
        prop_assert!(!holds(&leaf, index, size, &longer, &root));

        let old_root = log.roots[old as usize];
        let path = consistency_proof(old, size, &mut log.stored.as_slice()).unwrap();
        prop_assert_eq!(&path, &plain(&prove_tree(size, old, &theirs).unwrap()));
        verify_consistency(old, &old_root, size, &root, &path).unwrap();
        let holds = |old, old_root: &Hash, new, new_root: &Hash, path: &[Hash]| {
            verify_consistency(old, old_root, new, new_root, path).is_ok()
        };
        prop_assert!(!holds(old, &changed(&old_root), size, &root, &path));
        prop_assert!(!holds(old, &old_root, size, &changed(&root), &path));
        for at in 0..path.len() {
            let mut other = path.clone();
            flip(&mut other[at], bit);
            prop_assert!(!holds(old, &old_root, size, &root, &other));
            other.remove(at);
            prop_assert!(!holds(old, &old_root, size, &root, &other));
        }
        let longer = [path.as_slice(), &[leaf]].concat();
        prop_assert!(!holds(old, &old_root, size, &root, &longer));
        // The roots of other sizes are not continued by this path.
        for other in (1..=size).filter(|other| *other != old) {
            prop_assert!(!holds(other, &old_root, size, &root, &path));
        }
    }

    /// A claimed size, place and path of anyone's choice never panics, and never proves anything by accident.
    #[test]
    fn hostile_claims(index in any::<u64>(), size in any::<u64>(), old in any::<u64>(),
        path in prop::collection::vec(any::<Hash>(), 0..80), root in any::<Hash>(), leaf in any::<Hash>()) {
        prop_assert!(verify_inclusion(&leaf, index, size, &path, &root).is_err());
        prop_assert!(verify_inclusion(&leaf, index % 1000, size % 1000, &path, &root).is_err());
        prop_assert!(verify_consistency(old, &leaf, size, &root, &path).is_err());
        prop_assert!(verify_consistency(old % 1000, &leaf, size % 1000, &root, &path).is_err());
    }
}
