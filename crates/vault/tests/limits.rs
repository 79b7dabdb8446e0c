//! The log at its limits: where asking, naming, erasing and reading of keys end; on both engines.
#![allow(clippy::unwrap_used)]

mod house;

use house::{CHANGE, ORG, each_engine, make_keys, now, person};
use identity::Desk;
use proof::{KeyKind, SigningKey};
use store::Store;
use vault::{
    Act, Document, Erased, KeyRole, Signers, VaultError, add_key, by_day, by_document, by_person, check,
    checkpoint, checkpoint_at, checkpoint_over, checkpoints, consistency, each_canonical, erase, inclusion,
    last_checkpoint, name_log, origin, proof_of, record_batch, signed_note, tree_root, witness_request,
};

fn fill(store: &Store, count: i64) {
    let wang = person(ORG, 11, "王芳");
    let acts: Vec<Act> = (0..count).map(|number| Act::new(CHANGE, 3, "meter", number.to_string())).collect();
    Desk::new(store, &wang).act(now(), |work| record_batch(work, &acts)).unwrap();
}

fn beyond<T>(asked: i64, size: i64) -> Result<T, VaultError> {
    Err(VaultError::BeyondEnd { asked, size })
}

/// XC-15: acts are given as far as the log goes, and what lies beyond is refused by its number.
#[test]
fn acts_are_given_as_far_as_the_log_goes() {
    each_engine(|store| {
        fill(store, 5);
        let range = |from, to| {
            store.read(|tx| {
                let mut found = Vec::new();
                each_canonical(tx, ORG, from, to, |seq, bytes| {
                    assert_eq!(vault::decode(bytes).unwrap().seq, seq);
                    found.push(seq);
                    Ok::<_, VaultError>(())
                })?;
                Ok::<_, VaultError>(found)
            })
        };
        for (from, to, expected) in [
            (0, 5, Ok(vec![0, 1, 2, 3, 4])),
            (0, 0, Ok(vec![])),
            (5, 5, Ok(vec![])),
            (2, 4, Ok(vec![2, 3])),
            (4, 5, Ok(vec![4])),
            (1, 2, Ok(vec![1])),
            (-1, 3, beyond(3, 5)),
            (3, 2, beyond(2, 5)),
            (0, 6, beyond(6, 5)),
            (-2, -1, beyond(-1, 5)),
        ] {
            assert_eq!(range(from, to), expected, "{from}..{to}");
        }
        let stopped = store.read(|tx| {
            each_canonical(tx, ORG, 0, 5, |seq, _| if seq < 2 { Ok(()) } else { Err(VaultError::NoOrigin) })
        });
        assert_eq!(stopped, Err(VaultError::NoOrigin), "the taker's own refusal comes back");
        store
            .read(|tx| {
                assert_eq!(tree_root(tx, ORG, -1), beyond(-1, 5));
                assert_eq!(tree_root(tx, ORG, 6), beyond(6, 5));
                assert_eq!(tree_root(tx, ORG, 0), Ok(vault::tree::empty_root()));
                assert_eq!(tree_root(tx, ORG, 5)?, check(tx, ORG)?.root);
                assert_eq!(inclusion(tx, ORG, -1, 5), beyond(-1, 5));
                assert_eq!(inclusion(tx, ORG, 0, -1), beyond(-1, 5));
                assert_eq!(consistency(tx, ORG, 6, 6), beyond(6, 5));
                assert_eq!(consistency(tx, ORG, 5, 5), Ok(vec![]));
                assert_eq!(vault::act(tx, ORG, -1), beyond(-1, 5));
                assert_eq!(vault::act(tx, ORG, 4)?.act.document.number, "4");
                Ok::<_, VaultError>(())
            })
            .unwrap();
    });
}

/// XC-15: pages are as long as asked, from 1 to 1,000, and tell whether another follows.
#[test]
fn pages_of_acts_are_as_long_as_asked() {
    each_engine(|store| {
        fill(store, 1002);
        let pages = |after, size| {
            let found = store.read(|tx| by_person(tx, ORG, 11, after, size)).unwrap();
            let same = store.read(|tx| by_day(tx, ORG, now().date(), after, size)).unwrap();
            assert_eq!(found, same);
            (found.acts.first().map(|act| act.seq), found.acts.len(), found.next)
        };
        for (after, size, expected) in [
            (None, 0, (Some(0), 1, Some(0))),
            (None, 1, (Some(0), 1, Some(0))),
            (None, 1000, (Some(0), 1000, Some(999))),
            (None, 5000, (Some(0), 1000, Some(999))),
            (Some(0), 1000, (Some(1), 1000, Some(1000))),
            (Some(1), 1000, (Some(2), 1000, None)),
            (Some(999), 2, (Some(1000), 2, None)),
            (Some(1001), 5, (None, 0, None)),
        ] {
            assert_eq!(pages(after, size), expected, "{after:?} {size}");
        }
        let document = Document { kind: "meter".into(), number: "7".into() };
        let one = store.read(|tx| by_document(tx, ORG, &document, None, 1)).unwrap();
        assert_eq!((one.acts.len(), one.next), (1, None));
    });
}

/// The name of a log is a short word of the letters that notes allow, given once.
#[test]
fn a_log_is_named_within_limits() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let name = |name: &str| desk.act(now(), |work| name_log(work, name));
        assert_eq!(store.read(|tx| origin(tx, ORG)), Ok(None));
        let long = |length| "x".repeat(length);
        for bad in ["", "a b", "a+b", "日志", "a\nb", &long(101), &long(200)] {
            let shown = bad.chars().take(100).collect();
            assert_eq!(name(bad), Err(VaultError::BadOrigin(shown)), "{bad:?}");
        }
        let clerk = identity::Actor { assignments: vec![], ..wang.clone() };
        let refused = Desk::new(store, &clerk).act(now(), |work| name_log(work, "log"));
        assert!(matches!(refused, Err(VaultError::Identity(_))), "{refused:?}");
        let good = format!("{}.-_/9Z", long(94));
        assert_eq!(name(&good), Ok(format!("ORG1/{good}")));
        assert_eq!(name(&good), Ok(format!("ORG1/{good}")));
        assert_eq!(name("log"), Err(VaultError::OriginFixed(format!("ORG1/{good}"))));
        assert_eq!(store.read(|tx| origin(tx, ORG)), Ok(Some(format!("ORG1/{good}"))));
    });
}

/// XC-15: the reason of an erasure is neither empty nor longer than 600 characters.
#[test]
fn an_erasure_needs_a_short_reason() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let acts: Vec<Act> = (0..300)
            .map(|number| {
                Act::new(CHANGE, 3, "account", "1").change_personal("name", "", format!("张{number}"))
            })
            .collect();
        desk.act(now(), |work| record_batch(work, &acts)).unwrap();
        let document = || Erased::Document(Document { kind: "account".into(), number: "1".into() });
        let erase = |reason: &str| desk.act(now(), |work| erase(work, &document(), reason));
        let bad = |why| Err(VaultError::BadAct { field: "the reason", why });
        assert_eq!(erase("  "), bad("is empty"));
        assert_eq!(erase(&"字".repeat(601)), bad("is too long"));
        assert_eq!(erase(&"字".repeat(600)), Ok(300), "values are asked for in more than one statement");
        let report = store.read(|tx| check(tx, ORG)).unwrap();
        assert_eq!((report.findings, report.personal_values), (vec![], 1));
    });
}

/// Which checkpoint proves an act, and what is said when none does.
#[test]
fn an_act_is_proved_by_a_checkpoint_over_it() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let none = store.read(|tx| witness_request(tx, ORG, 0));
        assert_eq!(none.map(|request| request.print()), Err(VaultError::NoCheckpoint(0)));
        assert_eq!(store.read(|tx| last_checkpoint(tx, ORG)), Ok(None));
        let signers = make_keys(store);
        let sign = || desk.act(now(), |work| checkpoint(work, &signers)).unwrap();
        fill(store, 2);
        let first = sign();
        fill(store, 3);
        let second = sign();
        fill(store, 1);
        store
            .read(|tx| {
                assert_eq!((first.size, second.size), (4, 7));
                for seq in [0, 3, 4, 6] {
                    assert_eq!(checkpoint_over(tx, ORG, seq)?, second, "{seq}");
                    assert!(proof_of(tx, ORG, seq).is_ok(), "{seq}");
                }
                for seq in [7, 8] {
                    assert_eq!(checkpoint_over(tx, ORG, seq), Err(VaultError::NotCovered { seq, size: 8 }));
                }
                assert_eq!(checkpoint_at(tx, ORG, 4)?, Some(first.clone()));
                assert_eq!(checkpoint_at(tx, ORG, 5)?, None);
                assert_eq!(signed_note(tx, ORG, 4)?.signatures().len(), 2);
                assert_eq!(
                    signed_note(tx, ORG, 5).map(|note| note.print()),
                    Err(VaultError::NoCheckpoint(5))
                );
                let mut sizes = |below, count| {
                    checkpoints(tx, ORG, below, count)
                        .map(|found| found.iter().map(|kept| kept.checkpoint.size).collect::<Vec<_>>())
                };
                assert_eq!(sizes(None, 10)?, [7, 4]);
                assert_eq!(sizes(None, 0)?, [7]);
                assert_eq!(sizes(Some(7), 10)?, [4]);
                assert_eq!(sizes(Some(4), 10)?, Vec::<i64>::new());
                Ok::<_, VaultError>(())
            })
            .unwrap();
    });
}

/// Only keys that the log knows as its own sign it, and an Ed25519 key is among them.
#[test]
fn only_the_logs_own_keys_sign() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let unnamed = SigningKey::generate(KeyKind::Ed25519, "ORG1/log", &[1; 32]).unwrap();
        let early = desk.act(now(), |work| add_key(work, KeyRole::Log, unnamed.verifier()));
        assert_eq!(early, Err(VaultError::NoOrigin));
        make_keys(store);
        let key = |kind, seed| SigningKey::generate(kind, "ORG1/log", &[seed; 32]).unwrap();
        let sign = |keys| desk.act(now(), |work| checkpoint(work, &Signers::new(keys)));
        let sm2 = key(KeyKind::Sm2, 7);
        desk.act(now(), |work| add_key(work, KeyRole::Log, sm2.verifier())).unwrap();
        assert_eq!(sign(vec![sm2]), Err(VaultError::NoKeys), "no verifier but a Chinese one would read it");
        let known = key(KeyKind::Ed25519, 8);
        desk.act(now(), |work| add_key(work, KeyRole::Log, known.verifier())).unwrap();
        assert_eq!(
            sign(vec![known, key(KeyKind::Ed25519, 9)]),
            Err(VaultError::UnknownKey(key(KeyKind::Ed25519, 9).verifier().text()))
        );
        let before = store.read(|tx| last_checkpoint(tx, ORG)).unwrap();
        assert_eq!(before, None, "nothing was signed");
        let made = sign(vec![key(KeyKind::Ed25519, 8)]).unwrap();
        assert_eq!(made.note.matches("\u{2014} ORG1/log ").count(), 1);
    });
}

/// Key files: no more than 64 are read, names that are not a key's are passed over, and a file in place of the folder
/// is told.
#[cfg(unix)]
#[test]
fn key_files_are_read_within_limits() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    std::fs::write(place("file"), "x").unwrap();
    let told = Signers::read(&place("file"), "ORG1").map(|signers| signers.keys().len());
    assert!(matches!(told, Err(VaultError::KeyFile { .. })), "{told:?}");
    let told = Signers::read(&place("nothing"), "ORG1").map(|signers| signers.keys().len());
    assert_eq!(told, Ok(0));
    let keys = place("keys");
    for seed in 0..64 {
        let key = SigningKey::generate(KeyKind::Ed25519, "ORG1/log", &[seed; 32]).unwrap();
        Signers::new(vec![key]).write(&keys, "ORG1").unwrap();
    }
    for other in
        ["ORG1-1234567.key", "ORG1-123456789.key", "ORG1-1234567g.key", "ORG1-12345678", "XORG1-12345678.key"]
    {
        std::fs::write(keys.join(other), "not a key").unwrap();
    }
    assert_eq!(Signers::read(&keys, "ORG1").unwrap().keys().len(), 64);
    let one_more = SigningKey::generate(KeyKind::Sm2, "ORG1/log", &[99; 32]).unwrap();
    Signers::new(vec![one_more]).write(&keys, "ORG1").unwrap();
    let told = Signers::read(&keys, "ORG1").map(|signers| signers.keys().len());
    assert!(matches!(&told, Err(VaultError::KeyFile { why, .. }) if why == "too many keys"), "{told:?}");
}
