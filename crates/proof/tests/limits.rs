//! Limits at their edges, encodings that are not the only one, and refusals in both languages.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use kernel::{Bilingual, Lang};
use proof::key::{MAX_KEYS, MAX_NAME};
use proof::note::{MAX_NOTE, MAX_SIGNATURES};
use proof::path::{MAX_PATH, MAX_SIZE};
use proof::policy::MAX_ENTRIES;
use proof::tlog_proof::MAX_EXTRA;
use proof::witness::Request;
use proof::{
    Checkpoint, KeyKind, Note, Policy, ProofError, Signature, SigningKey, TlogProof, VerifierKey, What, Why,
    empty_root,
};
use sha2::Digest as _;

fn why(result: Result<impl std::fmt::Debug, ProofError>) -> Why {
    match result {
        Err(ProofError::Malformed { why, .. }) => why,
        other => panic!("expected a malformed text, got {other:?}"),
    }
}

fn encoded(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn key(number: u16, kind: KeyKind, name: &str) -> SigningKey {
    let mut random = [3; 32];
    random[..2].copy_from_slice(&number.to_be_bytes());
    SigningKey::generate(kind, name, &random).unwrap()
}

fn signature(bytes: usize) -> Signature {
    Signature::parse(&format!("— n {}", encoded(&vec![7; bytes]))).unwrap()
}

#[test]
fn names_and_key_files_at_their_limits() {
    let longest = key(1, KeyKind::Ed25519, &"n".repeat(MAX_NAME));
    assert_eq!(SigningKey::parse(&longest.secret_text()).unwrap().verifier(), longest.verifier());
    assert_eq!(VerifierKey::parse(&longest.verifier().text()).unwrap(), *longest.verifier());
    let longest = key(1, KeyKind::Sm2, &"名".repeat(MAX_NAME / 3));
    assert_eq!(VerifierKey::parse(&longest.verifier().text()).unwrap(), *longest.verifier());
    let longer = "n".repeat(MAX_NAME + 1);
    assert_eq!(why(SigningKey::generate(KeyKind::Ed25519, &longer, &[1; 32])), Why::BadName);
    let material = [&[1], key(1, KeyKind::Ed25519, "n").verifier().public_bytes().as_slice()].concat();
    assert_eq!(why(VerifierKey::parse(&key_text(&longer, &material))), Why::BadName);

    let file = |count: usize| -> String {
        (0..count)
            .map(|at| {
                format!("{}\n", key(u16::try_from(at).unwrap(), KeyKind::Ed25519, "n").verifier().text())
            })
            .collect()
    };
    assert_eq!(VerifierKey::parse_file(&file(MAX_KEYS)).unwrap().len(), MAX_KEYS);
    assert_eq!(why(VerifierKey::parse_file(&file(MAX_KEYS + 1))), Why::TooMany);

    // Keys are equal when name, kind and bytes are.
    let one = key(1, KeyKind::Ed25519, "n").verifier().clone();
    assert_ne!(one, *key(1, KeyKind::Ed25519, "m").verifier());
    assert_ne!(one, *key(2, KeyKind::Ed25519, "n").verifier());
    assert_ne!(one, *key(1, KeyKind::Cosignature, "n").verifier());
}

fn key_text(name: &str, material: &[u8]) -> String {
    let hash = sha2::Sha256::digest([name.as_bytes(), b"\n", material].concat());
    format!("{name}+{:02x}{:02x}{:02x}{:02x}+{}", hash[0], hash[1], hash[2], hash[3], encoded(material))
}

/// XC-15: a public key has one encoding. The prime is 2^255 - 19, so small y coordinates can also be written with the
/// prime added; those writings are refused.
#[test]
fn a_point_has_one_encoding() {
    let mut usable = 0;
    for y in 2..19_u8 {
        let mut canonical = [0; 32];
        canonical[0] = y;
        let mut other = [0xff; 32];
        (other[0], other[31]) = (0xed + y, 0x7f);
        for sign in [0, 0x80] {
            canonical[31] |= sign;
            other[31] |= sign;
            usable += usize::from(
                VerifierKey::parse(&key_text("n", &[&[1], canonical.as_slice()].concat())).is_ok(),
            );
            let refused = VerifierKey::parse(&key_text("n", &[&[1], other.as_slice()].concat()));
            assert_eq!(why(refused), Why::UnusableKey, "y {y}");
        }
    }
    assert!(usable > 4, "some of these points are on the curve, or nothing was tested: {usable}");
    // A compressed SM2 point is the same key in other words.
    let whole = key(5, KeyKind::Sm2, "n").verifier().public_bytes();
    let compressed = [&[2 + (whole[64] & 1)], &whole[1..33]].concat();
    for bytes in [compressed.as_slice(), &whole[1..], &[0], &[]] {
        let material = [b"\xffsm2-with-sm3-cn", bytes].concat();
        assert_eq!(why(VerifierKey::parse(&key_text("n", &material))), Why::UnusableKey);
    }
}

#[test]
fn notes_at_their_limits() {
    let line = signature(5).line();
    let full = "x".repeat(MAX_NOTE - line.len() - 2) + "\n\n" + &line;
    assert_eq!(full.len(), MAX_NOTE);
    assert_eq!(Note::parse(full.as_bytes()).unwrap().print(), full);
    assert_eq!(why(Note::parse(format!("x{full}").as_bytes())), Why::TooLong);
    assert_eq!(why(Note::new(format!("{}\n", "x".repeat(MAX_NOTE)))), Why::TooLong);
    assert!(Note::new(format!("{}\n", "x".repeat(MAX_NOTE - 1))).is_ok());

    let crowded = format!("text\n\n{}", line.repeat(MAX_SIGNATURES));
    let mut note = Note::parse(crowded.as_bytes()).unwrap();
    assert_eq!(why(note.add(signature(6))), Why::TooMany);
    assert_eq!(note.add(signature(5)), Ok(()), "it is there already");
    assert_eq!(why(Note::parse(format!("{crowded}{line}").as_bytes())), Why::TooMany);
    assert_eq!(Signature::parse_lines(line.as_bytes()).unwrap(), [signature(5)]);
    assert_eq!(why(Signature::parse_lines(&vec![b'x'; MAX_NOTE + 1])), Why::TooLong);
    assert_eq!(why(Signature::parse(&"x".repeat(MAX_NOTE + 1))), Why::TooLong);
}

#[test]
fn sizes_at_their_limits() {
    let text = format!("o\n{MAX_SIZE}\n{}\n", encoded(&empty_root()));
    assert_eq!(Checkpoint::parse(&text).unwrap().body(), text);
    assert_eq!(Checkpoint::new("o", MAX_SIZE + 1, empty_root()), Err(ProofError::TooLarge(MAX_SIZE + 1)));
    assert_eq!(why(Checkpoint::new("", 1, empty_root())), Why::BadName);
    assert_eq!(why(Checkpoint::new("a\nb", 1, empty_root())), Why::BadName);
    assert_eq!(why(Checkpoint::parse(&"x".repeat(MAX_NOTE + 1))), Why::TooLong);

    let log = key(1, KeyKind::Ed25519, "o");
    let note = proof::sign(&Checkpoint::new("o", 1, empty_root()).unwrap(), &[log]).unwrap();
    let bare = Note::new(note.text()).unwrap();
    let path = |length| vec![empty_root(); length];
    let file = |extra: usize, index, length| {
        TlogProof::new(Some(vec![1; extra]), index, path(length), note.clone())
            .and_then(|made| TlogProof::parse(made.print().as_bytes()))
    };
    assert!(file(MAX_EXTRA, MAX_SIZE, MAX_PATH).is_ok());
    assert_eq!(why(file(MAX_EXTRA + 1, 0, 0)), Why::TooLong);
    assert_eq!(why(file(0, 0, MAX_PATH + 1)), Why::TooMany);
    assert_eq!(file(0, MAX_SIZE + 1, 0), Err(ProofError::TooLarge(MAX_SIZE + 1)));
    assert_eq!(why(TlogProof::new(None, 0, path(0), bare.clone())), Why::NoSignature);
    let request = |old, length| Request::new(old, path(length), note.clone());
    assert!(request(MAX_SIZE, MAX_PATH).is_ok());
    assert_eq!(why(request(0, MAX_PATH + 1)), Why::TooMany);
    assert_eq!(request(MAX_SIZE + 1, 0), Err(ProofError::TooLarge(MAX_SIZE + 1)));
    assert_eq!(why(Request::new(0, path(0), bare)), Why::NoSignature);
}

#[test]
fn policies_at_their_limits() {
    let policy = |logs: usize, witnesses: usize, groups: usize| {
        let key = |at: usize, kind| key(u16::try_from(at).unwrap(), kind, "n").verifier().text();
        let logs: String = (0..logs).map(|at| format!("log {}\n", key(at, KeyKind::Ed25519))).collect();
        let parties: String =
            (0..witnesses).map(|at| format!("witness w{at} {}\n", key(at, KeyKind::Cosignature))).collect();
        let groups: String = (0..groups)
            .map(|at| format!("group g{at} any {}{at}\n", if at < witnesses { "w" } else { "x" }))
            .collect();
        Policy::parse(format!("{logs}{parties}{groups}quorum none\n").as_bytes())
    };
    let full = policy(MAX_ENTRIES, MAX_ENTRIES, MAX_ENTRIES).unwrap();
    assert_eq!((full.logs().len(), full.witnesses().len()), (MAX_ENTRIES, MAX_ENTRIES));
    assert_eq!(why(policy(MAX_ENTRIES + 1, 0, 0)), Why::TooMany);
    assert_eq!(why(policy(0, MAX_ENTRIES + 1, 0)), Why::TooMany);
    // A chain of groups, each over the one before it, beyond what all parties may be.
    let mut chain =
        format!("witness w {}\ngroup g0 any w\n", key(1, KeyKind::Cosignature, "n").verifier().text());
    for at in 1..2 * MAX_ENTRIES - 1 {
        chain += &format!("group g{at} all g{}\n", at - 1);
    }
    let last = 2 * MAX_ENTRIES - 2;
    assert!(Policy::parse(format!("{chain}quorum g{last}\n").as_bytes()).is_ok());
    chain += &format!("group more any g{last}\n");
    assert_eq!(why(Policy::parse(format!("{chain}quorum more\n").as_bytes())), Why::TooMany);
}

/// Every refusal has words of its own in both languages, and says where.
#[test]
fn refusals_in_both_languages() {
    let whats = [
        What::Note,
        What::Checkpoint,
        What::VerifierKey,
        What::SigningKey,
        What::Policy,
        What::ProofFile,
        What::Request,
        What::Answer,
    ];
    let whys = [
        Why::TooLong,
        Why::TooMany,
        Why::NotUtf8,
        Why::ControlCharacter,
        Why::NoFinalNewline,
        Why::LineMissing,
        Why::Empty,
        Why::NoSignature,
        Why::NotASignatureLine,
        Why::BadName,
        Why::NotBase64,
        Why::NotANumber,
        Why::NotAKey,
        Why::WrongKeyId,
        Why::WrongKeyKind,
        Why::UnusableKey,
        Why::UnknownWord,
        Why::GivenTwice,
        Why::UnknownName,
        Why::BadThreshold,
        Why::WrongForm,
    ];
    let name = || "county/DEMO".to_owned();
    let mut errors = vec![
        ProofError::BeyondEnd { index: 1, size: 1 },
        ProofError::TooLarge(1),
        ProofError::Shrunk { old: 2, new: 1 },
        ProofError::ReaderShort { asked: 2, given: 1 },
        ProofError::NotIncluded { index: 1, size: 2 },
        ProofError::NotConsistent { old: 1, new: 2 },
        ProofError::WrongSignature(name()),
        ProofError::NotSigned(vec![name()]),
        ProofError::WrongUse(name()),
        ProofError::CannotSign(name()),
        ProofError::WrongOrigin { expected: name(), found: "city".into() },
        ProofError::UnknownLog(name()),
        ProofError::NoQuorum { quorum: name(), cosigned: vec![] },
    ];
    for what in whats {
        errors.extend(whys.map(|why| ProofError::Malformed { what, line: 7, why }));
    }
    let count = errors.len();
    let said: BTreeSet<String> = errors
        .iter()
        .flat_map(|error| {
            let (zh, en) = (error.text(Lang::Zh), error.text(Lang::En));
            assert!(zh.chars().any(|c| c > '\u{2fff}') && en.is_ascii(), "{zh} / {en}");
            if let ProofError::Malformed { .. } = error {
                assert!(zh.contains("第 7 行") && en.ends_with("line 7"), "{zh} / {en}");
            }
            [zh, en]
        })
        .collect();
    assert_eq!(said.len(), 2 * count, "no two refusals say the same");
}
