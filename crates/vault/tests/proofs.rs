//! Signed checkpoints, witnesses and proofs, as somebody outside checks them.
#![allow(clippy::unwrap_used)]

mod house;

use house::{CHANGE, ORG, behind_the_guards, each_engine, make_keys, now, person};
use identity::Desk;
use kernel::Moment;
use proof::policy::Policy;
use proof::tlog_proof::TlogProof;
use proof::witness::{Request, Seen, decide};
use proof::{KeyKind, SigningKey, VerifierKey, verify_consistency, verify_inclusion};
use store::{Store, StoreError};
use vault::{
    Act, CheckpointPolicy, Finding, KeyRole, Signers, VaultError, add_key, check, checkpoint,
    checkpoint_if_due, checkpoints, consistency, cosign, each_canonical, inclusion, last_cosigned, leaf_hash,
    log_keys, name_log, proof_of, record, record_batch, signed_note, size, tree_root, witness_request,
};

fn acts(count: i64) -> Vec<Act> {
    (0..count).map(|number| Act::new(CHANGE, 3, "meter", format!("M{number}"))).collect()
}

fn fill(store: &Store, count: i64) {
    let wang = person(ORG, 11, "王芳");
    Desk::new(store, &wang).act(now(), |work| record_batch(work, &acts(count))).unwrap();
}

fn sign(store: &Store, signers: &Signers, at: Moment) -> vault::Checkpoint {
    let wang = person(ORG, 11, "王芳");
    Desk::new(store, &wang).act(at, |work| checkpoint(work, signers)).unwrap()
}

fn findings(store: &Store) -> Vec<Finding> {
    store.read(|tx| check(tx, ORG)).unwrap().findings
}

#[test]
fn every_act_has_its_proof_and_every_state_continues_the_one_before() {
    each_engine(|store| {
        fill(store, 70);
        store
            .read(|tx| {
                let mut hashes = Vec::new();
                each_canonical(tx, ORG, 0, 70, |_, bytes| {
                    hashes.push(leaf_hash(bytes));
                    Ok::<_, VaultError>(())
                })?;
                for until in [1, 2, 63, 64, 65, 70] {
                    let root = tree_root(tx, ORG, until)?;
                    for seq in 0..until {
                        let path = inclusion(tx, ORG, seq, until)?;
                        verify_inclusion(&hashes[seq as usize], seq as u64, until as u64, &path, &root)?;
                    }
                    for old in 0..=until {
                        let before = tree_root(tx, ORG, old)?;
                        let path = consistency(tx, ORG, old, until)?;
                        verify_consistency(old as u64, &before, until as u64, &root, &path)?;
                    }
                }
                assert!(inclusion(tx, ORG, 70, 70).is_err());
                assert_eq!(inclusion(tx, ORG, 3, 71), Err(VaultError::BeyondEnd { asked: 71, size: 70 }));
                assert!(consistency(tx, ORG, 5, 4).is_err() && consistency(tx, ORG, -1, 4).is_err());
                assert!(each_canonical(tx, ORG, 60, 71, |_, _| Ok::<_, VaultError>(())).is_err());
                Ok::<_, VaultError>(())
            })
            .unwrap();
    });
}

/// The whole way: the log signs, a witness cosigns offline, an auditor with keys of their own checks one act.
#[test]
fn an_auditor_checks_with_their_own_keys() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let signers = make_keys(store);
        fill(store, 20);
        sign(store, &signers, now());
        let witness = SigningKey::generate(KeyKind::Cosignature, "auditor.example/w1", &[5; 32]).unwrap();
        let logs: Vec<VerifierKey> = signers.keys().iter().map(|key| key.verifier().clone()).collect();

        // The witness reads the request from a stick and has never seen this log.
        let ask = |old| store.read(|tx| witness_request(tx, ORG, old)).unwrap().print();
        let request = Request::parse(ask(0).as_bytes()).unwrap();
        let seen = decide(&request, &logs, Seen::nothing()).unwrap();
        let line = proof::witness::cosign(&request, &witness, 1_770_000_000).unwrap().line();
        let refused = desk.act(now(), |work| cosign(work, line.as_bytes()));
        assert!(matches!(refused, Err(VaultError::NotCosigned(_))), "an unknown witness: {refused:?}");
        desk.act(now(), |work| add_key(work, KeyRole::Witness, witness.verifier())).unwrap();
        let taken = desk.act(now(), |work| cosign(work, line.as_bytes())).unwrap();
        assert_eq!((taken.size, taken.witnesses), (22, vec!["auditor.example/w1".to_owned()]));
        desk.act(now(), |work| cosign(work, line.as_bytes())).unwrap();
        assert_eq!(store.read(|tx| last_cosigned(tx, ORG, None)), Ok(22));
        assert_eq!(store.read(|tx| last_cosigned(tx, ORG, Some("other"))), Ok(0));
        // A witness that took a new key keeps its name; its answers hold by either key.
        let renewed = SigningKey::generate(KeyKind::Cosignature, "auditor.example/w1", &[6; 32]).unwrap();
        desk.act(now(), |work| add_key(work, KeyRole::Witness, renewed.verifier())).unwrap();
        let by_new = proof::witness::cosign(&request, &renewed, 1_770_000_001).unwrap().line();
        let taken = desk.act(now(), |work| cosign(work, by_new.as_bytes())).unwrap();
        assert_eq!((taken.size, taken.witnesses), (22, vec!["auditor.example/w1".to_owned()]));

        let policy = format!("log {}\nwitness w1 {}\nquorum w1\n", logs[0].text(), witness.verifier().text());
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        let (file, bytes) = store
            .read(|tx| {
                let mut kept = Vec::new();
                each_canonical(tx, ORG, 7, 8, |_, bytes| {
                    kept.extend_from_slice(bytes);
                    Ok::<_, VaultError>(())
                })?;
                Ok::<_, VaultError>((proof_of(tx, ORG, 7)?.print(), kept))
            })
            .unwrap();
        let read = TlogProof::parse(file.as_bytes()).unwrap();
        read.verify(&leaf_hash(&bytes), &policy).unwrap();
        let mut forged = bytes;
        forged[40] ^= 1;
        assert!(read.verify(&leaf_hash(&forged), &policy).is_err());

        // The log goes on; the witness sees that it continues.
        fill(store, 5);
        sign(store, &signers, now());
        let request = Request::parse(ask(22).as_bytes()).unwrap();
        decide(&request, &logs, seen).unwrap();
        let last = store.read(|tx| checkpoints(tx, ORG, None, 10)).unwrap();
        assert_eq!(last.iter().map(|kept| kept.cosignatures.len()).collect::<Vec<_>>(), [0, 2]);
        let note = store.read(|tx| signed_note(tx, ORG, 22)).unwrap();
        assert_eq!(note.signatures().len(), 4, "Ed25519, SM2 and both keys of the witness");
        assert_eq!(findings(store), []);
        let uncovered = store.read(|tx| proof_of(tx, ORG, 99));
        assert!(matches!(uncovered, Err(VaultError::NotCovered { .. })), "{uncovered:?}");
    });
}

/// Checkpoints come after so many acts or so much time, and never without keys.
#[test]
fn checkpoints_come_when_due() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let due = |signers: &Signers, millis, policy| {
            desk.act(now().plus_millis(millis), |work| checkpoint_if_due(work, signers, policy))
                .unwrap()
                .is_some()
        };
        let policy = CheckpointPolicy { acts: 10, millis: 60_000 };
        fill(store, 5);
        assert!(!due(&Signers::none(), 0, CheckpointPolicy::AT_ONCE), "no keys");
        let early = Signers::generate("ORG1/log").unwrap();
        assert!(!due(&early, 0, CheckpointPolicy::AT_ONCE), "no name");
        desk.act(now(), |work| name_log(work, "log")).unwrap();
        let empty = person(2, 11, "王芳");
        let nothing = Desk::new(store, &empty).act(now(), |work| {
            name_log(work, "log")?;
            checkpoint_if_due(work, &early, CheckpointPolicy::AT_ONCE)
        });
        assert_eq!(nothing, Ok(None), "a log without acts");
        let signers = make_keys(store);
        assert!(!due(&Signers::none(), 0, CheckpointPolicy::AT_ONCE), "a name, but no keys");
        assert!(due(&signers, 0, policy), "the first");
        assert!(!due(&signers, 3_600_000, policy), "nothing was added");
        fill(store, 1);
        assert!(!due(&signers, 59_999, policy));
        assert!(due(&signers, 60_000, policy), "a minute");
        fill(store, 9);
        assert!(!due(&signers, 60_001, policy));
        fill(store, 1);
        assert!(due(&signers, 60_001, policy), "ten acts");
        fill(store, 1);
        assert!(due(&signers, -60_000, policy), "the clock was set back");
        fill(store, 1);
        assert!(due(&signers, -60_000, CheckpointPolicy::AT_ONCE));
        let new = identity::NewPerson { unit_id: 3, login: "zhao", name: "赵六" };
        desk.act(now(), |work| identity::create_person(work, &new)).unwrap();
        assert!(due(&signers, 0, CheckpointPolicy::AT_ONCE), "a person came");
        assert!(!due(&signers, 0, CheckpointPolicy::AT_ONCE));
        assert_eq!(CheckpointPolicy::STANDARD, CheckpointPolicy { acts: 1_000, millis: 60_000 });
        assert_eq!(findings(store), []);
    });
}

/// Keys are changed by adding; what the old ones signed stays provable; strangers' keys sign nothing.
#[test]
fn keys_change_and_old_checkpoints_stay() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let unnamed = desk.act(now(), |work| checkpoint(work, &Signers::none()));
        assert_eq!(unnamed, Err(VaultError::NoOrigin));
        let old = make_keys(store);
        assert!(matches!(
            desk.act(now(), |work| checkpoint(work, &Signers::none())),
            Err(VaultError::NoKeys)
        ));
        sign(store, &old, now());
        let new = Signers::generate("ORG1/log").unwrap();
        let early = desk.act(now(), |work| checkpoint(work, &new));
        assert!(matches!(early, Err(VaultError::UnknownKey(_))), "{early:?}");
        for key in new.keys() {
            let seq = desk.act(now(), |work| add_key(work, KeyRole::Log, key.verifier())).unwrap();
            assert_eq!(desk.act(now(), |work| add_key(work, KeyRole::Log, key.verifier())), Ok(seq), "once");
        }
        let both = Signers::new(
            [old, new]
                .into_iter()
                .flat_map(|signers| {
                    let texts: Vec<String> = signers.keys().iter().map(SigningKey::secret_text).collect();
                    texts.into_iter().map(|text| SigningKey::parse(&text).unwrap())
                })
                .collect(),
        );
        let made = sign(store, &both, now());
        assert_eq!(made.note.matches("\u{2014} ORG1/log ").count(), 4);
        assert_eq!(store.read(|tx| log_keys(tx, ORG)).unwrap().len(), 4);
        let renamed = desk.act(now(), |work| name_log(work, "other"));
        assert_eq!(renamed, Err(VaultError::OriginFixed("ORG1/log".into())));
        assert_eq!(desk.act(now(), |work| name_log(work, "log")), Ok("ORG1/log".into()));
        for (role, kind, name) in [
            (KeyRole::Log, KeyKind::Ed25519, "ORG2/log"),
            (KeyRole::Log, KeyKind::Cosignature, "ORG1/log"),
            (KeyRole::Witness, KeyKind::Ed25519, "w"),
            (KeyRole::Witness, KeyKind::Cosignature, "ORG1/log"),
        ] {
            let key = SigningKey::generate(kind, name, &[9; 32]).unwrap();
            let refused = desk.act(now(), |work| add_key(work, role, key.verifier()));
            assert!(matches!(refused, Err(VaultError::WrongKey { .. })), "{name}: {refused:?}");
        }
        assert_eq!(findings(store), []);
    });
}

/// Rewritten notes, exchanged keys and invented cosignatures are found.
#[test]
fn what_stands_beside_the_log_is_checked_too() {
    let tricks = [
        ("checkpoint", "DELETE FROM checkpoint WHERE number = 1"),
        ("checkpoint", "UPDATE checkpoint SET note = REPLACE(note, 'ORG1/log', 'ORG2/log')"),
        (
            "checkpoint",
            "UPDATE checkpoint SET note = SUBSTR(note, 1, LENGTH(note) - 10) || 'AAAAAAAA=' || SUBSTR(note, LENGTH(note))",
        ),
        (
            "checkpoint",
            "INSERT INTO checkpoint (org_id, size, root, note, made_at) SELECT org_id, size - 1, root, note, made_at FROM checkpoint WHERE number = 2",
        ),
        ("log_key", "DELETE FROM log_key WHERE seq = 0"),
        ("log_key", "UPDATE log_key SET role = 'witness' WHERE seq = 0"),
        (
            "log_key",
            "INSERT INTO log_key (org_id, seq, role, vkey) SELECT org_id, 4, role, REPLACE(vkey, 'ORG1', 'ORG3') FROM log_key WHERE seq = 0",
        ),
        ("log_origin", "UPDATE log_origin SET origin = 'ORG9/log'"),
        (
            "cosignature",
            "INSERT INTO cosignature (org_id, size, line, taken_at) VALUES (1, 7, '\u{2014} w AAAABBBBCCCCDDDD', 0)",
        ),
    ];
    for (table, trick) in tricks {
        each_engine(|store| {
            let signers = make_keys(store);
            fill(store, 5);
            sign(store, &signers, now());
            fill(store, 3);
            sign(store, &signers, now());
            assert_eq!(findings(store), []);
            if !trick.starts_with("INSERT") {
                let tried = store.write(|tx| tx.execute(trick, &[]));
                assert!(matches!(tried, Err(StoreError::Refused(_))), "{trick}: {tried:?}");
            }
            behind_the_guards(store, table, trick);
            assert_ne!(findings(store), [], "{trick}");
        });
    }
}

/// Keys live in files of their owner.
#[cfg(unix)]
#[test]
fn key_files_are_their_owners() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("deep/keys");
    assert!(Signers::read(&keys, "ORG1").unwrap().is_empty(), "no folder, no keys");
    let made = Signers::generate("ORG1/log").unwrap();
    let files = made.write(&keys, "ORG1").unwrap();
    assert_eq!(files.len(), 2);
    for file in &files {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(std::fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o700);
    std::fs::write(keys.join("ORG1-notes.txt"), "not a key").unwrap();
    Signers::generate("ORG1-B/log").unwrap().write(&keys, "ORG1-B").unwrap();
    let read = Signers::read(&keys, "ORG1").unwrap();
    assert_eq!(read.keys().len(), 2, "only this organisation's");
    assert_eq!(read.keys()[0].verifier().kind(), KeyKind::Ed25519);
    assert!(made.keys().iter().all(|key| read.keys().iter().any(|other| other.verifier() == key.verifier())));
    assert!(matches!(made.write(&keys, "ORG1"), Err(VaultError::KeyFile { .. })), "never written over");
    for mode in [0o640, 0o604, 0o620] {
        std::fs::set_permissions(&files[0], std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = Signers::read(&keys, "ORG1").map(|_| ());
        assert!(matches!(refused, Err(VaultError::KeyReadable(_))), "{mode:o}");
    }
    std::fs::set_permissions(&files[0], std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&files[0], "PRIVATE+KEY+ORG1/log+00000000+AAAA").unwrap();
    let error = Signers::read(&keys, "ORG1").map(|_| ()).unwrap_err().to_string();
    assert!(!error.contains("AAAA"), "no error shows a key: {error}");
}

/// Many threads write and sign at once: one log, every checkpoint is of it.
#[test]
fn signing_while_others_write() {
    each_engine(|store| {
        let signers = make_keys(store);
        let policy = CheckpointPolicy { acts: 7, millis: i64::MAX };
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let signers = &signers;
                scope.spawn(move || {
                    let actor = person(ORG, 20 + thread, "甲");
                    for act in acts(25) {
                        Desk::new(store, &actor)
                            .act(now(), |work| {
                                record(work, &act)?;
                                checkpoint_if_due(work, signers, policy)
                            })
                            .unwrap();
                    }
                });
            }
        });
        assert_eq!(store.read(|tx| size(tx, ORG)), Ok(102));
        let report = store.read(|tx| check(tx, ORG)).unwrap();
        assert_eq!(report.findings, []);
        assert!(report.checkpoints >= 14, "{}", report.checkpoints);
    });
}
