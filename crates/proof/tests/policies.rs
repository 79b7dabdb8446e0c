//! Policies and proof files: who is trusted, and what that proves.
#![allow(clippy::unwrap_used)]

use proof::path::inclusion_proof_over;
use proof::policy::Cosigned;
use proof::{
    Checkpoint, Hash, KeyKind, Note, Policy, ProofError, SigningKey, TlogProof, What, Why, leaf_hash,
    merkle_root,
};
use proptest::prelude::*;

const LOG: &str = "county/DEMO/2026";

fn log_key() -> SigningKey {
    SigningKey::generate(KeyKind::Ed25519, LOG, &[1; 32]).unwrap()
}

fn witness_key(number: u8) -> SigningKey {
    SigningKey::generate(KeyKind::Cosignature, &format!("witness.example/{number}"), &[100 + number; 32])
        .unwrap()
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|at| leaf_hash(format!("act {at}").as_bytes())).collect()
}

/// The signed checkpoint over `leaves`, cosigned by these witnesses, witness n at second 1000 + n.
fn cosigned(leaves: &[Hash], witnesses: &[u8]) -> Note {
    let root = merkle_root(leaves.iter().copied());
    let checkpoint = Checkpoint::new(LOG, leaves.len() as u64, root).unwrap();
    let mut note = proof::sign(&checkpoint, &[log_key()]).unwrap();
    for number in witnesses {
        let signature = witness_key(*number).cosign(note.text(), 1000 + u64::from(*number)).unwrap();
        note.add(signature).unwrap();
    }
    note
}

fn vkey(number: u8) -> String {
    witness_key(number).verifier().text()
}

/// The two-level policy of the standard: two of three X, and one of three Y.
fn two_levels() -> String {
    let log = log_key().verifier().text();
    let mut text = format!("# 县公司日志\n\nlog {log} https://log.example/\n");
    for (at, name) in ["X1", "X2", "X3", "Y1", "Y2", "Y3"].iter().enumerate() {
        text += &format!("\twitness  {name} {}\n", vkey(u8::try_from(at).unwrap() + 1));
    }
    text + "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
}

/// XC-15: exactly the quorums that the policy describes are met, over all 64 sets of witnesses.
#[test]
fn every_set_of_witnesses() {
    let policy = Policy::parse(two_levels().as_bytes()).unwrap();
    assert_eq!((policy.logs().len(), policy.witnesses().len()), (1, 6));
    assert!(policy.asks_for_witnesses());
    for set in 0..64_u8 {
        let chosen: Vec<u8> = (1..=6).filter(|number| set >> (number - 1) & 1 == 1).collect();
        let enough = (set & 0b111).count_ones() >= 2 && set & 0b11_1000 != 0;
        let answer = policy.check(&cosigned(&leaves(9), &chosen));
        assert_eq!(answer.is_ok(), enough, "{chosen:?}: {answer:?}");
        match answer {
            Ok(trusted) => {
                let times: Vec<u64> = trusted.cosigned.iter().map(|one| one.seconds).collect();
                assert_eq!(times, chosen.iter().map(|number| 1000 + u64::from(*number)).collect::<Vec<_>>());
            }
            Err(ProofError::NoQuorum { quorum, cosigned }) => {
                assert_eq!((quorum.as_str(), cosigned.len()), ("X-and-Y", chosen.len()));
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// XC-15: strangers' cosignatures, doubled ones, plain signatures of a witness and the log's own do not count.
#[test]
fn what_does_not_count() {
    let log = log_key().verifier().text();
    let text = format!("log {log}\nwitness a {}\nwitness b {}\ngroup g 2 a b\nquorum g\n", vkey(1), vkey(2));
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert!(policy.check(&cosigned(&leaves(3), &[1, 2])).is_ok());
    assert!(policy.check(&cosigned(&leaves(3), &[1, 3, 4, 5])).is_err());
    let mut twice = cosigned(&leaves(3), &[1]);
    twice.add(witness_key(1).cosign(twice.text(), 5).unwrap()).unwrap();
    assert!(matches!(policy.check(&twice), Err(ProofError::NoQuorum { .. })));
    let mut plain = cosigned(&leaves(3), &[1]);
    let as_log = SigningKey::generate(KeyKind::Ed25519, "witness.example/2", &[102; 32]).unwrap();
    plain.add(as_log.sign(plain.text()).unwrap()).unwrap();
    assert!(matches!(policy.check(&plain), Err(ProofError::NoQuorum { .. })));
    // A cosignature on another checkpoint refuses the note, even beside enough others.
    let mut moved = cosigned(&leaves(3), &[1, 2]);
    let foreign = cosigned(&leaves(4), &[1]);
    moved.add(foreign.signatures()[1].clone()).unwrap();
    assert!(matches!(policy.check(&moved), Err(ProofError::WrongSignature(_))));

    let unsigned = {
        let note = cosigned(&leaves(3), &[1, 2]);
        let mut bare = Note::new(note.text()).unwrap();
        note.signatures()[1..].iter().for_each(|one| bare.add(one.clone()).unwrap());
        bare
    };
    assert!(matches!(policy.check(&unsigned), Err(ProofError::NotSigned(_))));
    let elsewhere =
        text.replace(&log, &SigningKey::generate(KeyKind::Sm2, "x", &[4; 32]).unwrap().verifier().text());
    let policy = Policy::parse(elsewhere.as_bytes()).unwrap();
    assert_eq!(policy.check(&cosigned(&leaves(3), &[1, 2])), Err(ProofError::UnknownLog(LOG.into())));
}

/// A quorum of none asks for the log's signature alone, and still shows who cosigned.
#[test]
fn no_witnesses_asked_for() {
    let text = format!("log {}\nwitness w {}\nquorum none\n", log_key().verifier().text(), vkey(1));
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert!(!policy.asks_for_witnesses());
    assert_eq!(policy.check(&cosigned(&leaves(2), &[])).unwrap().cosigned, []);
    let cosigned = policy.open(cosigned(&leaves(2), &[1]).print().as_bytes()).unwrap().cosigned;
    assert_eq!(cosigned, [Cosigned { witness: "w".into(), seconds: 1001 }]);
}

/// XC-15: policies that are none, with the line.
#[test]
fn texts_that_are_no_policies() {
    let (log, w1, w2) = (log_key().verifier().text(), vkey(1), vkey(2));
    let same_key =
        SigningKey::generate(KeyKind::Cosignature, "other-name", &[101; 32]).unwrap().verifier().text();
    let cases: Vec<(String, usize, Why)> = vec![
        (String::new(), 1, Why::NoFinalNewline),
        ("\n".into(), 2, Why::LineMissing),
        ("quorum none".into(), 1, Why::NoFinalNewline),
        ("quorum none\nquorum none\n".into(), 2, Why::GivenTwice),
        ("quorum w\n".into(), 1, Why::UnknownName),
        ("quorum\n".into(), 1, Why::Empty),
        ("quorum none x\n".into(), 1, Why::Empty),
        ("quorum none # why\n".into(), 1, Why::Empty),
        ("Quorum none\n".into(), 1, Why::UnknownWord),
        ("quorum none\r\n".into(), 1, Why::ControlCharacter),
        ("quorum\u{b}none\n".into(), 1, Why::ControlCharacter),
        ("quorum none\n# \u{7f}\n".into(), 2, Why::ControlCharacter),
        ("log x\nquorum none\n".into(), 1, Why::NotAKey),
        (format!("log {w1}\nquorum none\n"), 1, Why::WrongKeyKind),
        (format!("log {log}\nlog {log}\nquorum none\n"), 2, Why::GivenTwice),
        (format!("log {log} url more\nquorum none\n"), 1, Why::Empty),
        (format!("witness w {log}\nquorum w\n"), 1, Why::WrongKeyKind),
        (format!("witness w {w1}\nwitness w {w2}\nquorum w\n"), 2, Why::GivenTwice),
        (format!("witness w {w1}\nwitness v {w1}\nquorum w\n"), 2, Why::GivenTwice),
        (format!("witness w {w1}\nwitness v {same_key}\nquorum w\n"), 2, Why::GivenTwice),
        (format!("witness none {w1}\nquorum none\n"), 1, Why::GivenTwice),
        (format!("witness w {w1}\ngroup g 0 w\nquorum g\n"), 2, Why::BadThreshold),
        (format!("witness w {w1}\ngroup g 2 w\nquorum g\n"), 2, Why::BadThreshold),
        (format!("witness w {w1}\ngroup g 01 w\nquorum g\n"), 2, Why::BadThreshold),
        (format!("witness w {w1}\ngroup g some w\nquorum g\n"), 2, Why::BadThreshold),
        (format!("witness w {w1}\ngroup g any\nquorum g\n"), 2, Why::Empty),
        (format!("witness w {w1}\ngroup g any w w\nquorum g\n"), 2, Why::GivenTwice),
        (format!("witness w {w1}\ngroup g any w\ngroup h any w\nquorum g\n"), 3, Why::GivenTwice),
        (format!("witness w {w1}\ngroup g any g w\nquorum g\n"), 2, Why::UnknownName),
        (format!("witness w {w1}\ngroup g any none\nquorum g\n"), 2, Why::UnknownName),
        (format!("witness w {w1}\ngroup w any w\nquorum w\n"), 2, Why::GivenTwice),
        (format!("quorum w\nwitness w {w1}\n"), 1, Why::UnknownName),
        ("#\n".repeat(200_000), 1, Why::TooLong),
    ];
    for (text, line, why) in cases {
        let shown: String = text.chars().take(80).collect();
        let expected = ProofError::Malformed { what: What::Policy, line, why };
        assert_eq!(Policy::parse(text.as_bytes()).unwrap_err(), expected, "{shown:?}");
    }
    // Names are bytes and need not be UTF-8; comments too.
    let mut bytes = format!("witness \u{1} {w1}\n# \u{1}\nquorum \u{1}\n").into_bytes();
    bytes.iter_mut().filter(|byte| **byte == 1).for_each(|byte| *byte = 0xe9);
    assert!(Policy::parse(&bytes).is_ok());
}

fn proof_file(index: u64, count: u64, witnesses: &[u8], extra: Option<Vec<u8>>) -> TlogProof {
    let leaves = leaves(count);
    let path = inclusion_proof_over(index, &leaves).unwrap();
    TlogProof::new(extra, index, path, cosigned(&leaves, witnesses)).unwrap()
}

/// XC-15: the file is written in the standard's form and proves the one record it was made for.
#[test]
fn a_proof_file() {
    let policy = Policy::parse(two_levels().as_bytes()).unwrap();
    let made = proof_file(5, 9, &[1, 2, 4], Some(b"bill".to_vec()));
    let text = made.print();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra YmlsbA==\nindex 5\n"), "{text}");
    let read = TlogProof::parse(text.as_bytes()).unwrap();
    assert_eq!((read.index(), read.path().len(), read.extra()), (5, 4, Some(b"bill".as_slice())));
    assert_eq!(read, made);
    let trusted = read.verify(&leaf_hash(b"act 5"), &policy).unwrap();
    assert_eq!((trusted.checkpoint.size(), trusted.cosigned.len()), (9, 3));
    assert!(matches!(read.verify(&leaf_hash(b"act 6"), &policy), Err(ProofError::NotIncluded { .. })));
    assert!(matches!(
        proof_file(5, 9, &[1, 4], None).verify(&leaf_hash(b"act 5"), &policy),
        Err(ProofError::NoQuorum { .. })
    ));
    // A log of one record needs no path.
    let single = proof_file(0, 1, &[1, 2, 4], None);
    let read = TlogProof::parse(single.print().as_bytes()).unwrap();
    assert!(read.verify(&leaf_hash(b"act 0"), &policy).is_ok());
}

/// XC-15: proof files that are none.
#[test]
fn texts_that_are_no_proof_files() {
    let text = proof_file(5, 9, &[], None).print();
    let hash = text.lines().nth(2).unwrap();
    let cases = [
        (text.replace("@v1", "@v2"), Why::WrongForm),
        (text.replace("index 5", "index 05"), Why::NotANumber),
        (text.replace("index 5", "index  5"), Why::NotANumber),
        (text.replace("index 5", "Index 5"), Why::UnknownWord),
        (text.replace("index 5", "extra AAA"), Why::NotBase64),
        (text.replace("index 5\n", "extra AAAA\n"), Why::UnknownWord),
        (text.replace("index 5", "extra AAAA\nextra AAAA\nindex 5"), Why::UnknownWord),
        (text.replacen(hash, &hash[..40], 1), Why::NotBase64),
        (text.replacen(hash, &format!("{hash}\n").repeat(64), 1).replacen("\n\n", "\n", 1), Why::TooMany),
        (text.replace("\n\n", "\n"), Why::LineMissing),
        (text.trim_end().to_owned(), Why::NoFinalNewline),
        ("x".repeat(600_000), Why::TooLong),
    ];
    for (text, expected) in cases {
        let shown: String = text.chars().take(200).collect();
        match TlogProof::parse(text.as_bytes()) {
            Err(ProofError::Malformed { why, .. }) => assert_eq!(why, expected, "{shown}"),
            other => panic!("{shown}: {other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// XC-15: one changed byte anywhere in a proof file: it is refused, unless the byte is in data that nothing
    /// proves, or turns a witness's line into a stranger's.
    #[test]
    fn any_changed_byte_is_refused(count in 1_u64..40, index in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(), change in 1_u8..=255) {
        let policy = Policy::parse(two_levels().as_bytes()).unwrap();
        let index = index.index(usize::try_from(count).unwrap()) as u64;
        let leaf = leaf_hash(format!("act {index}").as_bytes());
        let bytes = proof_file(index, count, &[1, 2, 4], None).print().into_bytes();
        TlogProof::parse(&bytes).unwrap().verify(&leaf, &policy).unwrap();
        let at = place.index(bytes.len());
        let mut changed = bytes.clone();
        changed[at] ^= change;
        let verdict = TlogProof::parse(&changed).and_then(|proof| proof.verify(&leaf, &policy));
        prop_assert!(verdict.is_err(), "byte {} of {:?}", at, String::from_utf8_lossy(&changed));
        let mut shorter = bytes;
        shorter.remove(at);
        prop_assert!(TlogProof::parse(&shorter).and_then(|proof| proof.verify(&leaf, &policy)).is_err());
    }

    /// Whatever is read never panics, and is written back as it was.
    #[test]
    fn reading_anything(text in "(c2sp.org/tlog-proof@v1\n)?(index [0-9]{1,3}\n)?(\\PC|\n|— ){0,40}",
        policy in "((log|witness|group|quorum|#|none|any|all|[0-9a-z+]{1,3}|[ \t\n]){1,4}){0,12}\n") {
        let _ = Policy::parse(policy.as_bytes());
        if let Ok(proof) = TlogProof::parse(text.as_bytes()) {
            prop_assert_eq!(proof.print(), text);
        }
    }
}
