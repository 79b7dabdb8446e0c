//! Notes, keys and checkpoints against the reference implementation and the standard's own examples.
#![allow(clippy::unwrap_used)]

use proof::note::{MAX_NOTE, MAX_SIGNATURES};
use proof::{Checkpoint, KeyKind, Note, ProofError, Signature, SigningKey, VerifierKey, What, Why};
use proptest::prelude::*;
use signed_note::{
    Note as TheirNote, Signer as _, StandardSigner, StandardVerifier, VerifierList, new_ed25519_verifier_key,
};

/// The example note of the standard.
const POEM: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

/// The example checkpoint of the standard.
const SOFA: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

/// The key pair and note that the documentation of the Go implementation uses.
const PETER_SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn ed(name: &str, byte: u8) -> SigningKey {
    SigningKey::generate(KeyKind::Ed25519, name, &[byte; 32]).unwrap()
}

fn sm2(name: &str, byte: u8) -> SigningKey {
    SigningKey::generate(KeyKind::Sm2, name, &[byte; 32]).unwrap()
}

fn why(result: Result<impl std::fmt::Debug, ProofError>) -> Why {
    match result {
        Err(ProofError::Malformed { why, .. }) => why,
        other => panic!("expected a malformed text, got {other:?}"),
    }
}

/// XC-15: the standard's note and checkpoint are read and written back byte for byte, and read by the reference alike.
#[test]
fn the_examples_of_the_standard() {
    let poem = Note::parse(POEM.as_bytes()).unwrap();
    assert_eq!(
        poem.text(),
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n"
    );
    assert_eq!(poem.signatures()[0].name(), "quasimodo.example/salvatore");
    assert_eq!(poem.signatures()[0].id(), 0x367b_a04b);
    assert_eq!(poem.print(), POEM);

    let sofa = Note::parse(SOFA.as_bytes()).unwrap();
    assert_eq!(sofa.print(), SOFA);
    let checkpoint = Checkpoint::parse(sofa.text()).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size()), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.body(), sofa.text());
    // Four bytes of number, eight of time, 64 of signature.
    assert_eq!(sofa.signatures()[1].bytes().len(), 72);
    assert_eq!(sofa.signatures()[1].bytes()[..8], 1_679_315_147_u64.to_be_bytes());
}

/// XC-15: a published key pair and note: the same key from the secret, the same signature from the text.
#[test]
fn a_published_key_pair() {
    let secret = SigningKey::parse(PETER_SECRET).unwrap();
    assert_eq!(secret.verifier().text(), PETER);
    assert_eq!(secret.secret_text(), PETER_SECRET);
    let key = VerifierKey::parse(PETER).unwrap();
    let note = Note::parse(PETER_NOTE.as_bytes()).unwrap();
    assert_eq!(note.verify(std::slice::from_ref(&key)).unwrap()[0].name, "PeterNeumann");
    let mut ours = Note::new(note.text()).unwrap();
    ours.add(secret.sign(note.text()).unwrap()).unwrap();
    assert_eq!(ours.print(), PETER_NOTE);
    assert!(!format!("{secret:?}").contains("gQoUAtUU"), "a secret is never shown");
}

/// XC-15: what we sign the reference verifies, and what it signs we verify, with keys exchanged as texts.
#[test]
fn notes_and_keys_interchange() {
    for (byte, name) in [(1_u8, "a"), (2, "log.example/账房"), (200, "x/y-z_0")] {
        let ours = ed(name, byte);
        let theirs = StandardSigner::new(&ours.secret_text()).unwrap();
        let verifier = StandardVerifier::new(&ours.verifier().text()).unwrap();
        let public = ed25519_public(&ours);
        assert_eq!(new_ed25519_verifier_key(name, &public), ours.verifier().text());
        assert_eq!(theirs.key_id(), ours.verifier().id());

        let text = format!("某文书 {byte}\n\nsecond part\n");
        let mut note = Note::new(text.clone()).unwrap();
        note.add(ours.sign(&text).unwrap()).unwrap();
        note.add(sm2(name, byte).sign(&text).unwrap()).unwrap();
        let read = TheirNote::from_bytes(note.print().as_bytes()).unwrap();
        let (verified, unknown) = read.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
        assert_eq!((verified.len(), unknown.len()), (1, 1));
        assert_eq!(read.to_bytes(), note.print().into_bytes());

        let mut note = TheirNote::new(text.as_bytes(), &[]).unwrap();
        note.add_sigs(&[&theirs]).unwrap();
        let read = Note::parse(&note.to_bytes()).unwrap();
        assert_eq!(read.verify(&[ours.verifier().clone()]).unwrap().len(), 1);
        assert_eq!(read.print().into_bytes(), note.to_bytes());
    }
}

fn ed25519_public(key: &SigningKey) -> ed25519_dalek::VerifyingKey {
    let bytes: [u8; 32] = key.verifier().public_bytes().try_into().unwrap();
    ed25519_dalek::VerifyingKey::from_bytes(&bytes).unwrap()
}

/// XC-15: what is no note is refused with what is wrong and where; the reference refuses the same texts.
#[test]
fn texts_that_are_no_notes() {
    let good = "— n AAAAAQI=\n";
    let cases: &[(String, Why)] = &[
        (String::new(), Why::NoSignature),
        ("text\n".into(), Why::NoSignature),
        (format!("text\n{good}"), Why::NoSignature),
        ("text\n\n".into(), Why::NoSignature),
        (format!("text\n\n{}", good.trim_end()), Why::NoFinalNewline),
        (format!("text\n\n{good}\n"), Why::NoSignature),
        (format!("text\n\n{good}junk\n"), Why::NotASignatureLine),
        (format!("text\r\n\n{good}"), Why::ControlCharacter),
        (format!("te\txt\n\n{good}"), Why::ControlCharacter),
        (format!("te\0xt\n\n{good}"), Why::ControlCharacter),
        ("text\n\n- n AAAAAQI=\n".into(), Why::NotASignatureLine),
        ("text\n\n—n AAAAAQI=\n".into(), Why::NotASignatureLine),
        ("text\n\n— n\n".into(), Why::NotASignatureLine),
        ("text\n\n—  AAAAAQI=\n".into(), Why::BadName),
        ("text\n\n— a+b AAAAAQI=\n".into(), Why::BadName),
        ("text\n\n— a\u{3000}b AAAAAQI=\n".into(), Why::BadName),
        ("text\n\n— a\u{a0}b AAAAAQI=\n".into(), Why::BadName),
        ("text\n\n— a b AAAAAQI=\n".into(), Why::NotBase64),
        ("text\n\n— n AAAAAQI\n".into(), Why::NotBase64),
        ("text\n\n— n AAAAAQJ=\n".into(), Why::NotBase64),
        ("text\n\n— n AAAAAQI= \n".into(), Why::NotBase64),
        ("text\n\n— n AAAAAQ==\n".into(), Why::NotBase64),
        ("text\n\n— n AAA_AQI=\n".into(), Why::NotBase64),
        (format!("text\n\n{}", good.repeat(MAX_SIGNATURES + 1)), Why::TooMany),
        (format!("{}\n\n{good}", "x".repeat(MAX_NOTE)), Why::TooLong),
    ];
    for (text, expected) in cases {
        let shown: String = text.chars().take(60).collect();
        assert_eq!(why(Note::parse(text.as_bytes())), *expected, "{shown:?}");
        // The reference has a longer size limit; of everything else it thinks alike.
        if *expected != Why::TooLong && *expected != Why::TooMany {
            assert!(TheirNote::from_bytes(text.as_bytes()).is_err(), "{shown:?}");
        }
    }
    assert_eq!(why(Note::parse(b"text\n\n\xff\n")), Why::NotUtf8);
    assert_eq!(why(Note::new("no line break")), Why::NoFinalNewline);
    assert_eq!(
        Note::parse(b"one\ntwo\n\n\xe2\x80\x94 n AAAAAQI=\nbad\n"),
        Err(ProofError::Malformed { what: What::Note, line: 5, why: Why::NotASignatureLine })
    );
    // At least 16 signatures have to be accepted.
    assert_eq!(
        Note::parse(format!("text\n\n{}", good.repeat(16)).as_bytes()).unwrap().signatures().len(),
        16
    );
}

/// XC-15: unknown keys are ignored, wrong signatures of known ones refuse the note, doubles count once.
#[test]
fn whose_signature_counts() {
    let (log, other) = (ed("log", 1), ed("other", 2));
    let text = "log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    let signed = |signatures: &[&Signature]| {
        let lines: String = signatures.iter().map(|one| one.line()).collect();
        Note::parse(format!("{text}\n{lines}").as_bytes()).unwrap()
    };
    let good = log.sign(text).unwrap();
    let bad = log.sign("something else\n").unwrap();
    let foreign = other.sign(text).unwrap();
    let keys = [log.verifier().clone()];

    assert_eq!(signed(&[&foreign]).verify(&keys), Err(ProofError::NotSigned(vec!["other".into()])));
    assert_eq!(signed(&[&foreign, &good]).verify(&keys).unwrap().len(), 1);
    assert_eq!(signed(&[&good, &good]).verify(&keys).unwrap().len(), 1);
    for wrong in [vec![&bad], vec![&good, &bad], vec![&bad, &good], vec![&good, &good, &bad]] {
        assert_eq!(signed(&wrong).verify(&keys), Err(ProofError::WrongSignature("log".into())));
    }
    // Same name, other number: an unknown key. Same number, other name: an unknown key too.
    let renumbered = signature("log", good.id() ^ 1, good.bytes());
    let renamed = signature("logs", good.id(), good.bytes());
    assert!(matches!(signed(&[&renumbered, &renamed]).verify(&keys), Err(ProofError::NotSigned(_))));
    assert!(signed(&[&good]).verify(&[]).is_err());

    let mut note = signed(&[&good]);
    note.add(good.clone()).unwrap();
    assert_eq!(note.signatures().len(), 1);
}

fn signature(name: &str, id: u32, bytes: &[u8]) -> Signature {
    use base64::Engine as _;
    let whole = [&id.to_be_bytes(), bytes].concat();
    let encoded = base64::engine::general_purpose::STANDARD.encode(whole);
    Signature::parse(&format!("— {name} {encoded}")).unwrap()
}

/// XC-15: a cosignature binds time and text, and a log's key is not a witness's.
#[test]
fn cosignatures() {
    let text = "log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    let witness = SigningKey::generate(KeyKind::Cosignature, "w.example/1", &[7; 32]).unwrap();
    let key = witness.verifier();
    let cosigned = witness.cosign(text, 1_679_315_147).unwrap();
    assert_eq!(key.verify(text, &cosigned).unwrap(), Some(1_679_315_147));
    // Signed over the statement of the standard, by plain Ed25519.
    let plain = SigningKey::generate(KeyKind::Ed25519, "w.example/1", &[7; 32]).unwrap();
    let statement = plain.sign(&format!("cosignature/v1\ntime 1679315147\n{text}")).unwrap();
    assert_eq!(cosigned.bytes()[8..], *statement.bytes());
    assert_ne!(plain.verifier().id(), key.id(), "the kind is part of the number");

    for byte in 0..cosigned.bytes().len() {
        let mut bytes = cosigned.bytes().to_vec();
        bytes[byte] ^= 1;
        assert!(key.verify(text, &signature("w.example/1", key.id(), &bytes)).is_err(), "byte {byte}");
    }
    assert!(key.verify(&text.replace('0', "1"), &cosigned).is_err());
    assert!(key.verify(text, &signature("w.example/1", key.id(), &cosigned.bytes()[..71])).is_err());
    assert!(matches!(witness.sign(text), Err(ProofError::WrongUse(_))));
    assert!(matches!(plain.cosign(text, 1), Err(ProofError::WrongUse(_))));
    assert!(matches!(witness.cosign(text, u64::MAX), Err(ProofError::WrongUse(_))));
    assert_eq!(VerifierKey::parse(&key.text()).unwrap(), *key);
    assert_eq!(SigningKey::parse(&witness.secret_text()).unwrap().verifier(), key);
}

/// XC-15: texts that are no keys.
#[test]
fn texts_that_are_no_keys() {
    let cases = [
        ("", Why::NotAKey),
        ("PeterNeumann", Why::NotAKey),
        ("PeterNeumann+c74f20a3", Why::NotAKey),
        ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", Why::NotAKey),
        ("PeterNeumann+74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", Why::NotAKey),
        ("PeterNeumann++74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", Why::NotAKey),
        ("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", Why::BadName),
        ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", Why::BadName),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", Why::WrongKeyId),
        ("PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", Why::WrongKeyId),
        ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T", Why::NotBase64),
        ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n", Why::NotBase64),
        ("PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", Why::WrongKeyKind),
        ("PeterNeumann+c74f20a3+", Why::WrongKeyKind),
    ];
    for (text, expected) in cases {
        assert_eq!(why(VerifierKey::parse(text)), expected, "{text:?}");
    }
    assert_eq!(why(VerifierKey::parse(&"x".repeat(5000))), Why::TooLong);
    assert_eq!(why(SigningKey::parse(PETER)), Why::NotAKey);
    assert_eq!(why(SigningKey::generate(KeyKind::Ed25519, "a+b", &[1; 32])), Why::BadName);
    assert_eq!(why(SigningKey::generate(KeyKind::Sm2, "a", &[0; 32])), Why::UnusableKey);
    assert_eq!(why(SigningKey::generate(KeyKind::Sm2, "a", &[255; 32])), Why::UnusableKey);
    // Points of small order, and the point that has a second encoding.
    let mut one = [0; 32];
    one[0] = 1;
    for weak in [[0; 32], one] {
        assert_eq!(
            why(VerifierKey::parse(&key_text("n", &[&[1], weak.as_slice()].concat()))),
            Why::UnusableKey
        );
    }
    let mut not_a_point = sm2("n", 3).verifier().public_bytes();
    not_a_point[64] ^= 1;
    let material = [b"\xffsm2-with-sm3-cn", not_a_point.as_slice()].concat();
    assert_eq!(why(VerifierKey::parse(&key_text("n", &material))), Why::UnusableKey);
}

fn key_text(name: &str, material: &[u8]) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest([name.as_bytes(), b"\n", material].concat());
    let encoded = base64::engine::general_purpose::STANDARD.encode(material);
    format!("{name}+{:02x}{:02x}{:02x}{:02x}+{encoded}", hash[0], hash[1], hash[2], hash[3])
}

/// Key files name the line that is wrong.
#[test]
fn key_files() {
    let (first, second) = (ed("a", 1).verifier().text(), sm2("a", 1).verifier().text());
    let file = format!("# the log of the county\n\n{first}\r\n  {second}\n");
    assert_eq!(VerifierKey::parse_file(&file).unwrap().len(), 2);
    let twice = format!("{first}\n{first}\n");
    assert_eq!(
        VerifierKey::parse_file(&twice),
        Err(ProofError::Malformed { what: What::VerifierKey, line: 2, why: Why::GivenTwice })
    );
    assert_eq!(VerifierKey::parse_file("").unwrap(), []);
}

/// XC-15: a log signs with both keys; a checkpoint of another log, or signed by none of them, is refused.
#[test]
fn checkpoints() {
    let checkpoint = Checkpoint::new("county/DEMO", 12, [5; 32]).unwrap();
    let keys = [ed("county/DEMO", 1), sm2("county/DEMO", 2)];
    let note = proof::sign(&checkpoint, &keys).unwrap();
    let public: Vec<VerifierKey> = keys.iter().map(|key| key.verifier().clone()).collect();
    for keys in [&public[..1], &public[1..], &public[..]] {
        let (opened, again) = proof::open(note.print().as_bytes(), keys).unwrap();
        assert_eq!((opened, again), (checkpoint.clone(), note.clone()));
    }
    let theirs = tlog_tiles::Checkpoint::from_bytes(note.text().as_bytes()).unwrap();
    assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), ("county/DEMO", 12, [5; 32]));
    assert_eq!(String::from_utf8(theirs.to_bytes()).unwrap(), checkpoint.body());

    let elsewhere = [ed("city", 1).verifier().clone()];
    assert_eq!(
        proof::open(note.print().as_bytes(), &elsewhere),
        Err(ProofError::UnknownLog("county/DEMO".into()))
    );
    let namesake = [ed("county/DEMO", 9).verifier().clone()];
    assert!(matches!(proof::open(note.print().as_bytes(), &namesake), Err(ProofError::NotSigned(_))));
    assert!(matches!(proof::sign(&checkpoint, &[ed("city", 1)]), Err(ProofError::WrongOrigin { .. })));

    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let cases = [
        (format!("\n1\n{root}\n"), Why::BadName),
        ("o\n1\n".into(), Why::LineMissing),
        ("o\n".into(), Why::LineMissing),
        (format!("o\n01\n{root}\n"), Why::NotANumber),
        (format!("o\n+1\n{root}\n"), Why::NotANumber),
        (format!("o\n-1\n{root}\n"), Why::NotANumber),
        (format!("o\n\n{root}\n"), Why::NotANumber),
        (format!("o\n9223372036854775808\n{root}\n"), Why::NotANumber),
        (format!("o\n18446744073709551616\n{root}\n"), Why::NotANumber),
        (format!("o\n1\n{}\n", &root[1..]), Why::NotBase64),
        (format!("o\n1\n{}\n", root.replace("FU=", "FV=")), Why::NotBase64),
        (format!("o\n1\n{root}"), Why::NoFinalNewline),
        (format!("o\n1\n{root}\n\n"), Why::Empty),
        (format!("o\n1\n{root}\nx\n\ny\n"), Why::Empty),
    ];
    for (text, expected) in cases {
        assert_eq!(why(Checkpoint::parse(&text)), expected, "{text:?}");
    }
    let extended = format!("o\n1\n{root}\nmore\n");
    let read = Checkpoint::parse(&extended).unwrap();
    assert_eq!((read.extensions(), read.body()), (["more".to_owned()].as_slice(), extended));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// XC-15: a signed checkpoint with one changed byte anywhere, key with one changed byte anywhere: refused.
    #[test]
    fn any_changed_byte_is_refused(size in 1_u64..1 << 40, root in any::<[u8; 32]>(), seed in 1_u8..200,
        place in any::<prop::sample::Index>(), change in 1_u8..=255, use_sm2 in any::<bool>()) {
        let kind = if use_sm2 { KeyKind::Sm2 } else { KeyKind::Ed25519 };
        let key = SigningKey::generate(kind, "county/DEMO", &[seed; 32]).unwrap();
        let checkpoint = Checkpoint::new("county/DEMO", size, root).unwrap();
        let note = proof::sign(&checkpoint, std::slice::from_ref(&key)).unwrap().print().into_bytes();
        let keys = [key.verifier().clone()];
        prop_assert!(proof::open(&note, &keys).is_ok());
        let mut changed = note.clone();
        let at = place.index(note.len());
        changed[at] ^= change;
        prop_assert!(proof::open(&changed, &keys).is_err(), "byte {at}");
        let mut shorter = note.clone();
        shorter.remove(at);
        prop_assert!(proof::open(&shorter, &keys).is_err(), "without byte {at}");

        let text = key.verifier().text().into_bytes();
        let at = place.index(text.len());
        let mut changed = text.clone();
        changed[at] ^= change;
        let other = std::str::from_utf8(&changed).ok().and_then(|text| VerifierKey::parse(text).ok());
        prop_assert!(other.is_none(), "byte {at} of the key");

        let secret = key.secret_text().into_bytes();
        let at = place.index(secret.len());
        let mut changed = secret.clone();
        changed[at] ^= change;
        let other = std::str::from_utf8(&changed).ok().and_then(|text| SigningKey::parse(text).ok());
        prop_assert!(other.is_none(), "byte {at} of the secret");
    }

    /// Whatever is read never panics, and what is read is written back as it was.
    #[test]
    fn reading_anything(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "(\\PC|\n|— | |=|\\+){0,80}") {
        for input in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(note) = Note::parse(input) {
                prop_assert_eq!(note.print().into_bytes(), input.to_vec());
            }
            let _ = Signature::parse_lines(input);
            if let Ok(text) = std::str::from_utf8(input) {
                let _ = VerifierKey::parse(text);
                let _ = SigningKey::parse(text);
                if let Ok(checkpoint) = Checkpoint::parse(text) {
                    prop_assert_eq!(checkpoint.body(), text);
                }
            }
        }
    }
}
