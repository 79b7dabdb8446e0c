//! Limits at their edges: the last that is taken and the first that is refused.
#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use proof::note::{MAX_NOTE, MAX_SIGNATURES};
use proof::path::MAX_SIZE;
use proof::policy::{MAX_POLICY, Policy};
use proof::tlog_proof::{MAX_PROOF, TlogProof};
use proof::witness::{MAX_REQUEST, Refusal, Request, Seen, accept_answer, decide};
use proof::{Checkpoint, KeyKind, Note, ProofError, Signature, SigningKey, VerifierKey, Why};

const SEED: [u8; 32] = [7; 32];

fn why<T: std::fmt::Debug>(refused: Result<T, ProofError>) -> (usize, Why) {
    match refused {
        Err(ProofError::Malformed { line, why, .. }) => (line, why),
        other => unreachable!("{other:?}"),
    }
}

/// XC-15: no control character in a name, whatever the encoding of spaces.
#[test]
fn names_have_no_control_characters() {
    for name in ["a\u{1}b", "a\u{1f}b", "a b", "a+b", "a\u{3000}b", ""] {
        assert_eq!(why(SigningKey::generate(KeyKind::Ed25519, name, &SEED)).1, Why::BadName, "{name:?}");
    }
    for name in ["a!b", "电费/log", "a\u{7f}b"] {
        assert!(SigningKey::generate(KeyKind::Ed25519, name, &SEED).is_ok(), "{name:?}");
    }
}

/// XC-15: a checkpoint of the longest length is read, one byte more is not; an empty extension is named by its line.
#[test]
fn checkpoints_have_a_length() {
    let root = STANDARD.encode([0; 32]);
    let of_length = |length: usize| {
        let head = format!("o\n1\n{root}\n");
        format!("{head}{}\n", "x".repeat(length - head.len() - 1))
    };
    assert!(Checkpoint::parse(&of_length(MAX_NOTE)).is_ok());
    assert_eq!(why(Checkpoint::parse(&of_length(MAX_NOTE + 1))), (1, Why::TooLong));
    assert_eq!(why(Checkpoint::parse(&format!("o\n1\n{root}\next\n\n"))), (5, Why::Empty));
    assert_eq!(why(Checkpoint::parse(&format!("o\n1\n{root}\n\next\n"))), (4, Why::Empty));
}

/// XC-15: the text of a key has a length.
#[test]
fn keys_have_a_length() {
    assert_eq!(why(VerifierKey::parse(&"x".repeat(1024))).1, Why::NotAKey);
    assert_eq!(why(VerifierKey::parse(&"x".repeat(1025))).1, Why::TooLong);
}

/// XC-15: what is printed of a signing key names it and keeps its secret.
#[test]
fn a_secret_is_not_printed() {
    let key = SigningKey::generate(KeyKind::Ed25519, "log.example", &SEED).unwrap();
    let printed = format!("{key:?}");
    assert!(printed.contains("log.example"), "{printed}");
    let secret = key.secret_text();
    assert!(!printed.contains(&secret[secret.len() - 20..]), "{printed}");
}

/// XC-15: a signature is checked by the key of its name and of its number, not of one of them.
#[test]
fn a_signature_names_its_key() {
    let text = format!("o\n1\n{}\n", STANDARD.encode([0; 32]));
    let key = SigningKey::generate(KeyKind::Ed25519, "o", &SEED).unwrap();
    let signed = key.sign(&text).unwrap();
    assert!(key.verifier().verify(&text, &signed).is_ok());
    let bytes = [&(signed.id() ^ 1).to_be_bytes(), signed.bytes()].concat();
    let other_id = Signature::parse(&format!("\u{2014} o {}", STANDARD.encode(bytes))).unwrap();
    let bytes = [&signed.id().to_be_bytes(), signed.bytes()].concat();
    let other_name = Signature::parse(&format!("\u{2014} p {}", STANDARD.encode(bytes))).unwrap();
    for other in [other_id, other_name] {
        assert_eq!(key.verifier().verify(&text, &other), Err(ProofError::WrongSignature("o".into())));
    }
}

/// XC-15: notes and signature lines have a length, and what is wrong is named by its line.
#[test]
fn notes_are_refused_by_line() {
    assert_eq!(MAX_NOTE, 262_144);
    assert_eq!(why(Signature::parse(&"x".repeat(MAX_NOTE))), (1, Why::NotASignatureLine));
    assert_eq!(why(Signature::parse(&"x".repeat(MAX_NOTE + 1))), (1, Why::TooLong));
    let answer = |length: usize| [vec![b'x'; length - 1], vec![b'\n']].concat();
    assert_eq!(why(Signature::parse_lines(&answer(MAX_NOTE))), (1, Why::NotASignatureLine));
    assert_eq!(why(Signature::parse_lines(&answer(MAX_NOTE + 1))), (1, Why::TooLong));
    let text = format!("o\n1\n{}\n", STANDARD.encode([0; 32]));
    let key = SigningKey::generate(KeyKind::Ed25519, "o", &SEED).unwrap();
    let good = key.sign(&text).unwrap().line();
    assert_eq!(
        why(Signature::parse_lines(format!("{good}{good}x\n").as_bytes())),
        (3, Why::NotASignatureLine)
    );
    let crowded = good.repeat(MAX_SIGNATURES + 1);
    assert_eq!(why(Signature::parse_lines(crowded.as_bytes())), (MAX_SIGNATURES + 1, Why::TooMany));
    assert_eq!(why(Note::parse(format!("a\n\n{crowded}").as_bytes())), (MAX_SIGNATURES + 3, Why::TooMany));
    for (note, line, refusal) in [
        (String::new(), 1, Why::NoSignature),
        ("a".to_owned(), 1, Why::NoSignature),
        ("a\nb\n".to_owned(), 2, Why::NoSignature),
        ("a\nb\n\n".to_owned(), 4, Why::NoSignature),
        ("a\nb\n\nx\n".to_owned(), 4, Why::NotASignatureLine),
        (format!("a\nb\nc\n\n{good}x\n"), 6, Why::NotASignatureLine),
        ("a\n\nx y".to_owned(), 3, Why::NoFinalNewline),
        ("a\nb\n\n\tx\n".to_owned(), 4, Why::ControlCharacter),
    ] {
        assert_eq!(why(Note::parse(note.as_bytes())), (line, refusal), "{note:?}");
    }
}

/// XC-15: a cosignature has a time below 2^63.
#[test]
fn a_cosignature_has_a_time() {
    let text = format!("o\n1\n{}\n", STANDARD.encode([0; 32]));
    let witness = SigningKey::generate(KeyKind::Cosignature, "w", &SEED).unwrap();
    let last = witness.cosign(&text, MAX_SIZE).unwrap();
    assert_eq!(witness.verifier().verify(&text, &last), Ok(Some(MAX_SIZE)));
    assert!(witness.cosign(&text, MAX_SIZE + 1).is_err());
    for beyond in [MAX_SIZE + 1, u64::MAX] {
        let signed = ed25519_dalek::SigningKey::from_bytes(&SEED)
            .sign(format!("cosignature/v1\ntime {beyond}\n{text}").as_bytes());
        let bytes =
            [&witness.verifier().id().to_be_bytes(), beyond.to_be_bytes().as_slice(), &signed.to_bytes()]
                .concat();
        let made = Signature::parse(&format!("\u{2014} w {}", STANDARD.encode(bytes))).unwrap();
        assert_eq!(
            witness.verifier().verify(&text, &made),
            Err(ProofError::WrongSignature("w".into())),
            "{beyond}"
        );
    }
}

/// XC-15: policies, proof files and requests have lengths; the last byte that is taken and the first that is refused.
#[test]
fn files_have_a_length() {
    assert_eq!((MAX_POLICY, MAX_PROOF, MAX_REQUEST), (262_144, 393_216, 266_240));
    let policy = |length: usize| format!("quorum none\n#{}\n", "x".repeat(length - 14));
    assert_eq!(policy(MAX_POLICY).len(), MAX_POLICY);
    assert!(Policy::parse(policy(MAX_POLICY).as_bytes()).is_ok());
    assert_eq!(why(Policy::parse(policy(MAX_POLICY + 1).as_bytes())), (1, Why::TooLong));
    let rubbish = |length: usize| vec![b'x'; length];
    assert_eq!(why(TlogProof::parse(&rubbish(MAX_PROOF))), (1, Why::LineMissing));
    assert_eq!(why(TlogProof::parse(&rubbish(MAX_PROOF + 1))), (1, Why::TooLong));
    assert_eq!(why(Request::parse(&rubbish(MAX_REQUEST))), (1, Why::LineMissing));
    assert_eq!(why(Request::parse(&rubbish(MAX_REQUEST + 1))), (1, Why::TooLong));
}

/// XC-15: what is wrong in a proof file or a request is named by its line.
#[test]
fn proofs_and_requests_are_refused_by_line() {
    let key = SigningKey::generate(KeyKind::Ed25519, "o", &SEED).unwrap();
    let note = proof::sign(&Checkpoint::new("o", 1, [0; 32]).unwrap(), &[key]).unwrap();
    let hash = STANDARD.encode([0; 32]);
    let path = |count: usize| format!("{hash}\n").repeat(count);
    let text = note.print();
    for (file, line, refusal) in [
        (format!("c2sp.org/tlog-proof@v1\nindex 0\n{}\n{text}", path(64)), 66, Why::TooMany),
        (format!("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n{}\n{text}", path(64)), 67, Why::TooMany),
        (format!("c2sp.org/tlog-proof@v1\nindex 0\n{}x\n\n{text}", path(2)), 5, Why::NotBase64),
        (format!("c2sp.org/tlog-proof@v1\nextra *\nindex 0\n\n{text}"), 2, Why::NotBase64),
        (format!("c2sp.org/tlog-proof@v1\nextra AAAA\nindex x\n\n{text}"), 3, Why::NotANumber),
        (format!("c2sp.org/tlog-proof@v1\nplace 0\n\n{text}"), 2, Why::UnknownWord),
        (format!("c2sp.org/tlog-proof@v1\n\n{text}"), 2, Why::LineMissing),
        (format!("c2sp.org/tlog-proof@v2\nindex 0\n\n{text}"), 1, Why::WrongForm),
    ] {
        assert_eq!(why(TlogProof::parse(file.as_bytes())), (line, refusal), "{file}");
    }
    for (request, line, refusal) in [
        (format!("old 0\n{}\n{text}", path(64)), 65, Why::TooMany),
        (format!("old 0\n{}x\n\n{text}", path(3)), 5, Why::NotBase64),
        (format!("old x\n\n{text}"), 1, Why::NotANumber),
        (format!("new 0\n\n{text}"), 1, Why::WrongForm),
    ] {
        assert_eq!(why(Request::parse(request.as_bytes())), (line, refusal), "{request}");
    }
    assert_eq!(why(Request::new(0, vec![[0; 32]; 64], note.clone())), (65, Why::TooMany));
    assert!(Request::parse(format!("old 0\n{}\n{text}", path(63)).as_bytes()).is_ok());
    assert!(
        TlogProof::parse(format!("c2sp.org/tlog-proof@v1\nindex 0\n{}\n{text}", path(63)).as_bytes()).is_ok()
    );
}

#[test]
fn an_edge_counts_its_leaves() {
    let mut edge = proof::Edge::empty();
    for count in 0..9 {
        assert_eq!(edge.size(), count);
        let hashes = edge_hashes(count);
        assert_eq!(proof::Edge::of(count, hashes).map(|edge| edge.size()), Some(count));
        edge.append(proof::leaf_hash(b"x"), |_| ());
    }
}

/// As many hashes as the edge of a log of this size has.
fn edge_hashes(size: u64) -> Vec<proof::Hash> {
    vec![[0; 32]; size.count_ones() as usize]
}

/// XC-15: only two histories of one size are evidence against a log; each refusal has its status.
#[test]
fn a_refusal_is_evidence_only_of_a_fork() {
    let error = || ProofError::UnknownLog("o".into());
    for (refusal, status, evidence) in [
        (Refusal::BadRequest(error()), 400, false),
        (Refusal::NotSigned(error()), 403, false),
        (Refusal::UnknownLog(error()), 404, false),
        (Refusal::Conflict { size: 5, fork: false }, 409, false),
        (Refusal::Conflict { size: 5, fork: true }, 409, true),
        (Refusal::NotConsistent(error()), 422, false),
    ] {
        assert_eq!((refusal.status(), refusal.is_evidence()), (status, evidence), "{refusal}");
    }
}

/// XC-15: a log without leaves has one root; a conflict is a fork only when two roots stand over one size.
#[test]
fn equal_sizes_have_equal_roots() {
    let empty = proof::empty_root();
    assert_eq!(proof::verify_consistency(0, &empty, 0, &empty, &[]), Ok(()));
    let refused = Err(ProofError::NotConsistent { old: 0, new: 0 });
    assert_eq!(proof::verify_consistency(0, &[1; 32], 0, &[1; 32], &[]), refused);
    assert_eq!(proof::verify_consistency(5, &[1; 32], 5, &[1; 32], &[]), Ok(()));

    let key = SigningKey::generate(KeyKind::Ed25519, "o", &SEED).unwrap();
    let logs = [key.verifier().clone()];
    let note = proof::sign(&Checkpoint::new("o", 5, [1; 32]).unwrap(), &[key]).unwrap();
    let decided = |old, size, root: u8| {
        let request = Request::new(old, vec![], note.clone()).unwrap();
        decide(&request, &logs, Seen { size, root: [root; 32] })
    };
    let conflict = |size, fork| Err(Refusal::Conflict { size, fork });
    for (old, size, root, expected) in [
        (5, 5, 1, Ok(Seen { size: 5, root: [1; 32] })),
        (5, 5, 2, conflict(5, true)),
        (4, 5, 2, conflict(5, true)),
        (4, 5, 1, conflict(5, false)),
        (4, 3, 1, conflict(3, false)),
        (4, 3, 2, conflict(3, false)),
        (5, 7, 2, conflict(7, false)),
        (6, 6, 1, Err(Refusal::BadRequest(ProofError::Shrunk { old: 6, new: 5 }))),
        (4, 4, 2, Err(Refusal::NotConsistent(ProofError::NotConsistent { old: 4, new: 5 }))),
    ] {
        assert_eq!(decided(old, size, root), expected, "{old} {size} {root}");
    }
}

/// XC-15: of an answer only what known witnesses signed is taken, known by name and number.
#[test]
fn an_answer_is_taken_by_name_and_number() {
    let text = format!("o\n1\n{}\n", STANDARD.encode([0; 32]));
    let witness = |name, seed| SigningKey::generate(KeyKind::Cosignature, name, &[seed; 32]).unwrap();
    let (known, other_key, other_name) = (witness("w", 1), witness("w", 2), witness("v", 1));
    let line = |key: &SigningKey| key.cosign(&text, 5).unwrap().line();
    let note = Note::new(text.clone()).unwrap();
    let answer = [line(&other_key), line(&known), line(&other_name)].concat();
    let whole = accept_answer(&note, answer.as_bytes(), &[known.verifier().clone()]).unwrap();
    assert_eq!(whole.signatures(), [known.cosign(&text, 5).unwrap()]);
}

/// XC-15: a policy says what is wrong with a key.
#[test]
fn a_policy_says_what_is_wrong_with_a_key() {
    let key = SigningKey::generate(KeyKind::Ed25519, "o", &SEED).unwrap().verifier().text();
    let wrong_id = key.replacen("o+", "p+", 1);
    for (line, refusal) in [
        (format!("log {wrong_id}"), Why::WrongKeyId),
        ("log x".to_owned(), Why::NotAKey),
        (format!("log {}", "x".repeat(2000)), Why::TooLong),
    ] {
        assert_eq!(why(Policy::parse(format!("\n{line}\nquorum none\n").as_bytes())), (2, refusal), "{line}");
    }
    assert!(Policy::parse(format!("log {key}\nquorum none\n").as_bytes()).is_ok());
}
