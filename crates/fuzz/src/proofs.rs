//! The doors of the log: acts as bytes, notes, keys, policies, proof files, requests to a witness, paths.

use kernel::Moment;
use proof::path::{consistency_proof_over, inclusion_proof_over};
use proof::witness::Request;
use proof::{
    Checkpoint, Hash, KeyKind, Note, Policy, Signature, SigningKey, TlogProof, VerifierKey, leaf_hash,
    merkle_root, verify_consistency, verify_inclusion,
};
use vault::{decode, encode};

use crate::doors::told;

pub(crate) fn act_bytes(bytes: &[u8]) {
    match decode(bytes) {
        Ok(leaf) => {
            let mut again = Vec::new();
            encode(&leaf, &mut again);
            assert_eq!(again, bytes, "two forms of one act");
        }
        Err(error) => told(&error),
    }
}

fn leaf(version: u8) -> Vec<u8> {
    // An array of 15 items, as `vault` writes it; personal values come with form 2.
    let mut bytes = vec![0x8f, version, 1, 0, 0x67];
    bytes.extend_from_slice(b"a.right");
    bytes.extend_from_slice(&[1, 2, 0x61, b'x', 0x60, 0x1b]);
    bytes.extend_from_slice(&Moment::from_millis(1_769_823_000_000).millis().to_be_bytes());
    bytes.extend_from_slice(&[
        0x64, b'b', b'o', b'o', b'k', 0x61, b'1', 0xf6, 0xf6, 0x83, 0x61, b'f', 0x60, 0x61, b'v', 0xf6,
    ]);
    bytes
}

pub(crate) fn act_examples() -> Vec<Vec<u8>> {
    let person = vault::commitment(&[7; 32], "person");
    let mut second = leaf(2);
    // The name of the person is a commitment there.
    if let Some(at) = second.windows(2).position(|pair| pair == [0x61, b'x']) {
        second.splice(at..at + 2, [&[0x58, 32], person.as_slice()].concat());
    }
    vec![leaf(1), second]
}

fn key(kind: KeyKind, seed: u8) -> Option<SigningKey> {
    SigningKey::generate(kind, "example.com/log", &[seed; 32]).ok()
}

fn signed_note() -> Option<Note> {
    let checkpoint = Checkpoint::new("example.com/log", 5, merkle_root(hashes(5))).ok()?;
    let keys = [key(KeyKind::Ed25519, 1)?, key(KeyKind::Sm2, 2)?];
    let mut note = proof::sign(&checkpoint, &keys).ok()?;
    let witness = SigningKey::generate(KeyKind::Cosignature, "witness.example", &[3; 32]).ok()?;
    note.add(witness.cosign(note.text(), 1_769_823_000).ok()?).ok()?;
    Some(note)
}

/// Notes, signature lines, keys and policies, all as text.
pub(crate) fn notes(bytes: &[u8]) {
    match Note::parse(bytes) {
        Ok(note) => {
            assert_eq!(note.print().as_bytes(), bytes, "two forms of one note");
            if let Ok(checkpoint) = Checkpoint::parse(note.text()) {
                assert!(Checkpoint::parse(&checkpoint.body()).is_ok_and(|again| again == checkpoint));
            }
            let keys: Vec<VerifierKey> =
                key(KeyKind::Ed25519, 1).iter().map(|key| key.verifier().clone()).collect();
            // Only the note as it was signed may verify.
            if note.verify(&keys).is_ok() {
                assert!(signed_note().is_some_and(|signed| signed.text() == note.text()), "a forged note");
            }
        }
        Err(error) => told(&error),
    }
    if let Ok(policy) = Policy::parse(bytes) {
        assert!(policy.logs().len() <= proof::policy::MAX_ENTRIES);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(signature) = Signature::parse(text) {
        assert_eq!(signature.line().trim_end_matches('\n'), text, "two forms of one signature");
    }
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.text(), text, "two forms of one key");
    }
    if let Ok(key) = SigningKey::parse(text) {
        assert_eq!(key.secret_text(), text, "two forms of one key");
    }
}

pub(crate) fn note_examples() -> Vec<Vec<u8>> {
    let mut found: Vec<String> = signed_note().iter().map(Note::print).collect();
    for kind in [KeyKind::Ed25519, KeyKind::Sm2, KeyKind::Cosignature] {
        found.extend(key(kind, 9).iter().flat_map(|key| [key.secret_text(), key.verifier().text()]));
    }
    found.extend(signed_note().iter().flat_map(|note| note.signatures().iter().map(Signature::line)));
    if let (Some(log), Some(one), Some(two)) =
        (key(KeyKind::Ed25519, 1), key(KeyKind::Cosignature, 4), key(KeyKind::Cosignature, 5))
    {
        let (log, one, two) = (log.verifier().text(), one.verifier().text(), two.verifier().text());
        found.push(format!(
            "log {log}\nwitness one {one}\nwitness two {two}\ngroup all all one two\nquorum all\n"
        ));
    }
    found.into_iter().map(String::into_bytes).collect()
}

/// Proof files and requests to a witness.
pub(crate) fn proof_files(bytes: &[u8]) {
    match TlogProof::parse(bytes) {
        Ok(proof) => assert_eq!(proof.print().as_bytes(), bytes, "two forms of one proof"),
        Err(error) => told(&error),
    }
    match Request::parse(bytes) {
        Ok(request) => assert_eq!(request.print().as_bytes(), bytes, "two forms of one request"),
        Err(error) => told(&error),
    }
}

pub(crate) fn proof_file_examples() -> Vec<Vec<u8>> {
    let Some(note) = signed_note() else { return Vec::new() };
    let leaves = hashes(5);
    let inclusion = inclusion_proof_over(2, &leaves).unwrap_or_default();
    let consistency = consistency_proof_over(3, &leaves).unwrap_or_default();
    let proof =
        TlogProof::new(Some(b"extra".to_vec()), 2, inclusion, note.clone()).map(|proof| proof.print());
    let request = Request::new(3, consistency, note).map(|request| request.print());
    [proof, request].into_iter().flatten().map(String::into_bytes).collect()
}

fn hashes(size: u8) -> Vec<Hash> {
    (0..size).map(|number| leaf_hash(&[number])).collect()
}

/// Paths of any length and content: the first bytes choose the places, the rest is the path. What is not the path of
/// the tree proves nothing.
pub(crate) fn proof_paths(bytes: &[u8]) {
    let Some((&[size, index, flipped], rest)) = bytes.split_first_chunk::<3>() else { return };
    let leaves = hashes(size);
    let root = merkle_root(leaves.iter().copied());
    let (path, _) = rest.as_chunks::<32>();
    let (place, total) = (u64::from(index), u64::from(size));
    let right = inclusion_proof_over(u64::from(index), &leaves).is_ok_and(|right| right == path);
    let claimed = leaf_hash(&[index]);
    assert_eq!(
        verify_inclusion(&claimed, place, total, path, &root).is_ok(),
        right,
        "a path that is not the tree's"
    );
    let mut other = path.to_vec();
    if let Some(hash) = other.get_mut(usize::from(flipped) % path.len().max(1)) {
        hash[usize::from(flipped) % 32] ^= 1;
        assert!(verify_inclusion(&claimed, place, total, &other, &root).is_err() || !right);
    }
    let old_root = merkle_root(leaves.iter().copied().take(usize::from(index)));
    let right = consistency_proof_over(u64::from(index), &leaves).is_ok_and(|right| right == path);
    assert_eq!(
        verify_consistency(place, &old_root, total, &root, path).is_ok(),
        right,
        "a path that is not the tree's"
    );
}

pub(crate) fn path_examples() -> Vec<Vec<u8>> {
    let leaves = hashes(77);
    [0_u8, 1, 32, 63, 64, 76]
        .into_iter()
        .flat_map(|index| {
            let paths = [
                inclusion_proof_over(u64::from(index), &leaves),
                consistency_proof_over(u64::from(index), &leaves),
            ];
            paths.into_iter().flatten().map(move |path| [&[77, index, 5], path.concat().as_slice()].concat())
        })
        .collect()
}
