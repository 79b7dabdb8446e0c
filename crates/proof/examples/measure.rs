//! How fast proofs are: `cargo run --release -p proof --example measure [LEAVES]`.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use proof::path::{HashReader, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
use proof::{Checkpoint, Edge, Hash, KeyKind, SigningKey, leaf_hash, merkle_root};

const LEAF_BYTES: usize = 300;
const ROUNDS: u64 = 20_000;

fn leaf(number: u64) -> Hash {
    let mut bytes = [0x5a; LEAF_BYTES];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    leaf_hash(&bytes)
}

fn each(what: &str, count: u64, mut run: impl FnMut(u64)) {
    let start = Instant::now();
    (0..count).for_each(&mut run);
    let nanos = start.elapsed().as_nanos() / u128::from(count);
    println!("{what:<34} {nanos:>9} ns, {:>9} a second", 1_000_000_000 / nanos.max(1));
}

fn main() {
    let size: u64 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let start = Instant::now();
    let root = merkle_root((0..size).map(leaf));
    println!("{size} leaves of {LEAF_BYTES} bytes to a root: {} ms", start.elapsed().as_millis());

    let (mut edge, mut stored) = (Edge::empty(), Vec::new());
    let old = size * 3 / 4;
    let mut old_root = root;
    for number in 0..size {
        edge.append(leaf(number), |hash| stored.push(*hash));
        if number + 1 == old {
            old_root = edge.root();
        }
    }
    let mut reader = stored.as_slice();
    let place = |round: u64| round.wrapping_mul(0x9e37_79b9_7f4a_7c15) % size;
    each("inclusion proof made", ROUNDS, |round| {
        black_box(inclusion_proof(place(round), size, &mut reader).unwrap());
    });
    let path = inclusion_proof(size / 3, size, &mut reader).unwrap();
    let one = leaf(size / 3);
    println!("inclusion path of {} hashes", path.len());
    each("inclusion proof checked", ROUNDS, |_| verify_inclusion(&one, size / 3, size, &path, &root).unwrap());
    each("consistency proof made", ROUNDS, |_| {
        black_box(consistency_proof(old, size, &mut reader).unwrap());
    });
    let path = consistency_proof(old, size, &mut reader).unwrap();
    println!("consistency path of {} hashes", path.len());
    each("consistency proof checked", ROUNDS, |_| {
        verify_consistency(old, &old_root, size, &root, &path).unwrap();
    });

    let keys = [KeyKind::Ed25519, KeyKind::Sm2].map(|kind| SigningKey::generate(kind, "log", &[7; 32]).unwrap());
    let witness = SigningKey::generate(KeyKind::Cosignature, "w", &[8; 32]).unwrap();
    let checkpoint = Checkpoint::new("log", size, root).unwrap();
    let mut note = proof::sign(&checkpoint, &keys).unwrap();
    note.add(witness.cosign(note.text(), 1_700_000_000).unwrap()).unwrap();
    println!("checkpoint with Ed25519, SM2 and a cosignature: {} bytes", note.print().len());
    let trusted = keys.each_ref().map(|key| key.verifier().clone());
    for (name, key) in [("Ed25519", &keys[0]), ("SM2", &keys[1])] {
        each(&format!("{name} signed"), 500, |_| {
            black_box(key.sign(note.text()).unwrap());
        });
    }
    let bytes = note.print().into_bytes();
    for (name, keys) in [("Ed25519", &trusted[..1]), ("SM2", &trusted[1..])] {
        each(&format!("checkpoint read and {name} checked"), 500, |_| {
            black_box(proof::open(&bytes, keys).unwrap());
        });
    }
}
