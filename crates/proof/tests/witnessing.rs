//! When a witness cosigns, and when it does not: the decision of the standard, without network and files.
#![allow(clippy::unwrap_used)]

use proof::path::consistency_proof_over;
use proof::witness::{Refusal, Request, Seen, accept_answer, cosign, decide};
use proof::{
    Checkpoint, Hash, KeyKind, Note, ProofError, SigningKey, VerifierKey, Why, leaf_hash, merkle_root,
};
use proptest::prelude::*;

const LOG: &str = "county/DEMO/2026";

fn key(kind: KeyKind, name: &str, byte: u8) -> SigningKey {
    SigningKey::generate(kind, name, &[byte; 32]).unwrap()
}

fn trusted() -> Vec<VerifierKey> {
    vec![
        key(KeyKind::Ed25519, LOG, 1).verifier().clone(),
        key(KeyKind::Ed25519, "city", 2).verifier().clone(),
    ]
}

/// Leaves of which those from `fork` on are different.
fn leaves(count: u64, fork: u64) -> Vec<Hash> {
    (0..count).map(|at| leaf_hash(format!("act {at} {}", at >= fork).as_bytes())).collect()
}

fn seen(leaves: &[Hash]) -> Seen {
    Seen { size: leaves.len() as u64, root: merkle_root(leaves.iter().copied()) }
}

fn signed(leaves: &[Hash], keys: &[SigningKey]) -> Note {
    let seen = seen(leaves);
    let checkpoint = Checkpoint::new(LOG, seen.size, seen.root).unwrap();
    let mut note = Note::new(checkpoint.body()).unwrap();
    keys.iter().for_each(|key| note.add(key.sign(&checkpoint.body()).unwrap()).unwrap());
    note
}

fn request(old: u64, leaves: &[Hash]) -> Request {
    let path = consistency_proof_over(old.min(leaves.len() as u64), leaves).unwrap();
    Request::new(old, path, signed(leaves, &[key(KeyKind::Ed25519, LOG, 1)])).unwrap()
}

const NO_FORK: u64 = u64::MAX;

/// XC-15: each answer of the standard, with its status.
#[test]
fn the_decisions() {
    let (old, new) = (leaves(10, NO_FORK), leaves(25, NO_FORK));
    let logs = trusted();
    // The first checkpoint of a log is taken as it is; what continues is cosigned; the same again is too.
    assert_eq!(decide(&request(0, &old), &logs, Seen::nothing()), Ok(seen(&old)));
    assert_eq!(decide(&request(10, &new), &logs, seen(&old)), Ok(seen(&new)));
    assert_eq!(decide(&request(25, &new), &logs, seen(&new)), Ok(seen(&new)));
    assert_eq!(decide(&request(0, &[]), &logs, Seen::nothing()), Ok(Seen::nothing()));

    let status =
        |request: &Request, logs: &[VerifierKey], seen| decide(request, logs, seen).unwrap_err().status();
    // 404: a log that is not trusted.
    assert_eq!(status(&request(0, &old), &logs[1..], Seen::nothing()), 404);
    // 403: the origin is known and none of its keys signed, or a signature is of something else.
    let by = |key: SigningKey| Request::new(0, vec![], signed(&old, &[key])).unwrap();
    assert_eq!(status(&by(key(KeyKind::Ed25519, LOG, 3)), &logs, Seen::nothing()), 403);
    assert_eq!(status(&by(key(KeyKind::Ed25519, "city", 2)), &logs, Seen::nothing()), 403);
    assert_eq!(status(&by(key(KeyKind::Sm2, LOG, 1)), &logs, Seen::nothing()), 403);
    let mut altered = signed(&old, &[]);
    altered.add(key(KeyKind::Ed25519, LOG, 1).sign("other\n").unwrap()).unwrap();
    assert_eq!(status(&Request::new(0, vec![], altered).unwrap(), &logs, Seen::nothing()), 403);
    // 400: an old size beyond the checkpoint's.
    assert_eq!(status(&request(26, &new), &logs, seen(&new)), 400);
    assert_eq!(status(&request(11, &old), &logs, seen(&new)), 400);
    // 409: not from what was last cosigned, with the size to start from: also the rollback to an older checkpoint.
    for (request, last) in [
        (request(0, &new), seen(&old)),
        (request(9, &new), seen(&old)),
        (request(0, &old), seen(&new)),
        (request(10, &old), seen(&new)),
    ] {
        assert_eq!(decide(&request, &logs, last), Err(Refusal::Conflict { size: last.size, fork: false }));
    }
    // 409: another root for the same size is a second history, and evidence.
    let forked = leaves(25, 20);
    for old in [0, 10, 25] {
        let refused = decide(&request(old, &forked), &logs, seen(&new)).unwrap_err();
        assert_eq!(refused, Refusal::Conflict { size: 25, fork: true });
        assert!(refused.is_evidence());
    }
    // 422: history altered at any place below what was cosigned, or a proof that is none.
    for fork in 0..10 {
        assert_eq!(status(&request(10, &leaves(25, fork)), &logs, seen(&old)), 422, "altered from {fork}");
    }
    assert_eq!(decide(&request(10, &leaves(25, 10)), &logs, seen(&old)), Ok(seen(&leaves(25, 10))));
    let note = request(10, &new).note().clone();
    assert_eq!(status(&Request::new(10, vec![], note.clone()).unwrap(), &logs, seen(&old)), 422);
    assert_eq!(status(&Request::new(0, vec![[1; 32]], note.clone()).unwrap(), &logs, Seen::nothing()), 422);
    assert_eq!(status(&Request::new(25, vec![[1; 32]], note).unwrap(), &logs, seen(&new)), 422);
}

/// XC-15: the request's bytes are those of the standard, and what is none is refused with its line.
#[test]
fn requests_as_bytes() {
    let body = "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";
    let read = Request::parse(body.as_bytes()).unwrap();
    assert_eq!((read.old(), read.path().len(), read.note().signatures().len()), (20_852_014, 4, 2));
    assert_eq!(read.print(), body);
    let hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n";
    let cases = [
        (body.replace("old 2", "old 02"), Why::NotANumber),
        (body.replace("old 2", "old  2"), Why::NotANumber),
        (body.replace("old 2", "Old 2"), Why::WrongForm),
        (body.replace("old 20852014", "old 99999999999999999999"), Why::NotANumber),
        (body.replace(hash, &hash[1..]), Why::NotBase64),
        (body.replace(hash, "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkax=\n"), Why::NotBase64),
        (body.replace(hash, &hash.repeat(61)), Why::TooMany),
        (body.replace("j/0=\n\n", "j/0=\n"), Why::NotBase64),
        (body.replace("20852163", "x"), Why::NotANumber),
        (body.trim_end().to_owned(), Why::NoFinalNewline),
        (String::new(), Why::LineMissing),
        ("old 1\n\n".into(), Why::NoSignature),
        ("x".repeat(300_000), Why::TooLong),
    ];
    for (text, expected) in cases {
        let shown: String = text.chars().take(120).collect();
        match Request::parse(text.as_bytes()) {
            Err(ProofError::Malformed { why, .. }) => assert_eq!(why, expected, "{shown:?}"),
            other => panic!("{shown:?}: {other:?}"),
        }
    }
    // The most that a client may send is read: 63 hashes.
    assert!(Request::parse(body.replace(hash, &hash.repeat(60)).as_bytes()).is_ok());
}

/// XC-15: the log takes what its witnesses cosigned into its checkpoint, and nothing else.
#[test]
fn answers() {
    let request = request(0, &leaves(10, NO_FORK));
    let (one, two) = (key(KeyKind::Cosignature, "w1", 7), key(KeyKind::Cosignature, "w2", 8));
    let (first, second) = (cosign(&request, &one, 50).unwrap(), cosign(&request, &two, 60).unwrap());
    let known = [one.verifier().clone()];
    let answer = format!("{}{}", second.line(), first.line());
    let note = accept_answer(request.note(), answer.as_bytes(), &known).unwrap();
    assert_eq!(note.signatures().len(), 2);
    assert_eq!(note.verify(&known).unwrap()[0].seconds, Some(50));
    assert!(matches!(
        accept_answer(request.note(), second.line().as_bytes(), &known),
        Err(ProofError::NotSigned(_))
    ));
    let elsewhere = one.cosign("other\n", 50).unwrap().line();
    assert!(matches!(
        accept_answer(request.note(), elsewhere.as_bytes(), &known),
        Err(ProofError::WrongSignature(_))
    ));
    for broken in ["", "\n", "25\n", answer.trim_end()] {
        assert!(accept_answer(request.note(), broken.as_bytes(), &known).is_err(), "{broken:?}");
    }
    assert!(matches!(cosign(&request, &key(KeyKind::Ed25519, LOG, 1), 1), Err(ProofError::WrongUse(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// XC-15: over any series of requests, honest and forged, all that was cosigned is one history.
    #[test]
    fn what_is_cosigned_is_one_history(steps in prop::collection::vec((0_u64..40, 0_u64..40, 0_u64..60), 1..30)) {
        let logs = trusted();
        let mut last = Seen::nothing();
        let mut cosigned: Vec<Vec<Hash>> = Vec::new();
        for (size, old, fork) in steps {
            let leaves = leaves(size, fork);
            // Half of the requests start where the witness is.
            let old = if old % 2 == 0 { last.size.min(size) } else { old.min(size) };
            if let Ok(next) = decide(&request(old, &leaves), &logs, last) {
                prop_assert!(next.size >= last.size);
                last = next;
                cosigned.push(leaves);
            }
        }
        for pair in cosigned.windows(2) {
            prop_assert_eq!(&pair[1][..pair[0].len()], pair[0].as_slice());
        }
    }

    /// One changed byte in a request is never cosigned as what it was: refused, or the same decision on the same
    /// checkpoint.
    #[test]
    fn a_changed_request(place in any::<prop::sample::Index>(), change in 1_u8..=255) {
        let (old, new) = (leaves(10, NO_FORK), leaves(25, NO_FORK));
        let mut bytes = request(10, &new).print().into_bytes();
        let at = place.index(bytes.len());
        bytes[at] ^= change;
        let decided = Request::parse(&bytes).ok().and_then(|request| decide(&request, &trusted(), seen(&old)).ok());
        prop_assert!(decided.is_none(), "byte {}", at);
    }
}
