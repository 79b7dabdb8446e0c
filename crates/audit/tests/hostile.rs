//! Whatever bytes come, they are refused in words and in bounded memory.
#![allow(clippy::unwrap_used)]

use audit::AuditError;
use audit::file::ProofFile;
use audit::frame::{Kind, MAGIC, Reader, Writer};
use audit::verify::{Auditor, verify};
use base64::Engine as _;
use billing::canonical::read_issued;
use proof::{KeyKind, Policy, SigningKey};
use proptest::prelude::*;

fn policy() -> (SigningKey, Policy) {
    let key = SigningKey::generate(KeyKind::Ed25519, "example/log", &[5; 32]).unwrap();
    let text = format!("log {}\nquorum none\n", key.verifier().text());
    (key, Policy::parse(text.as_bytes()).unwrap())
}

fn check(bytes: &[u8]) -> Result<audit::verify::Report, AuditError> {
    verify(&Auditor { policy: &policy().1, previous: None, threads: 2 }, bytes)
}

proptest! {
    #[test]
    fn no_bytes_make_it_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(check(&bytes).is_err());
        prop_assert!(check(&[MAGIC, &bytes].concat()).is_err());
        prop_assert!(ProofFile::parse(&bytes).is_err());
        let _ = read_issued(&bytes);
        let _ = ledger::read_voucher(&bytes);
    }

    #[test]
    fn frames_are_read_as_they_were_written(frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..10)) {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out).unwrap();
        for frame in &frames {
            writer.frame(Kind::Act, frame).unwrap();
        }
        prop_assert_eq!(writer.end().unwrap(), frames.len() as u64 + 1);
        let mut reader = Reader::new(out.as_slice()).unwrap();
        for frame in &frames {
            prop_assert_eq!(reader.frame().unwrap().unwrap(), (Kind::Act, frame.clone()));
        }
        prop_assert!(reader.frame().unwrap().is_none());
    }
}

/// A frame that claims to be long does not take memory that is not there; a file that unpacks beyond measure is refused.
#[test]
fn claims_of_size_are_not_believed() {
    let claimed = [MAGIC, b"H\x0f\xff\xff\xff{}".as_slice()].concat();
    assert!(matches!(check(&claimed), Err(AuditError::Unreadable { .. })));
    let beyond = [MAGIC, b"H\xff\xff\xff\xff{}".as_slice()].concat();
    assert!(matches!(check(&beyond), Err(AuditError::Unreadable { .. })));

    let (key, _) = policy();
    let leaf = vault::Leaf {
        form: 2,
        org_id: 1,
        seq: 0,
        verb: "x.y".into(),
        unit_id: 0,
        person_id: 1,
        person: vault::Sealed::Clear(String::new()),
        post: String::new(),
        at: kernel::Moment::from_millis(0),
        document: vault::Document { kind: "x".into(), number: "1".into() },
        before: None,
        after: None,
        changes: vec![],
        batch: None,
    };
    let mut bytes = Vec::new();
    vault::encode(&leaf, &mut bytes);
    let hash = proof::leaf_hash(&bytes);
    let checkpoint = proof::Checkpoint::new("example/log", 1, proof::merkle_root([hash])).unwrap();
    let note = proof::sign(&checkpoint, std::slice::from_ref(&key)).unwrap();
    let proved = proof::TlogProof::new(None, 0, vec![], note).unwrap().print();
    let text = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let file = |packed: &[u8]| {
        serde_json::json!({
            "format": "zhangfang-proof/1", "about": "",
            "acts": [{"leaf": text(&bytes), "proof": proved}],
            "prices": {"packed": text(packed), "acts": []},
        })
        .to_string()
    };
    // Empty prices in raw DEFLATE are fine; sixty-four megabytes of nothing are not.
    assert!(check(file(&audit::file::no_prices().unwrap()).as_bytes()).is_ok());
    let mut bomb = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut bomb, &vec![b' '; 64 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 100_000);
    let error = check(file(&bomb).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
}
