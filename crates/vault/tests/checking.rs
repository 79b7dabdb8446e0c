//! What the check finds, where it says it is, and nothing else; on both engines.
#![allow(clippy::unwrap_used)]

mod house;

use house::{CHANGE, ORG, alter, behind_the_guards, each_engine, make_keys, now, person};
use identity::{Desk, NewPerson};
use proof::checkpoint::Checkpoint as CheckpointText;
use proof::{KeyKind, Note, SigningKey};
use store::{Store, StoreError, params};
use vault::{
    Act, CheckReport, Document, Erased, Finding, KeyRole, Signers, VaultError, add_key, check, checkpoint,
    cosign, erase, record_batch, witness_request,
};

fn acts(count: i64) -> Vec<Act> {
    (0..count)
        .map(|number| {
            let act = Act::new(CHANGE, 3, "meter", format!("M{number}"));
            if number % 2 == 0 { act.change_personal("name", "", format!("张{number}")) } else { act }
        })
        .collect()
}

fn findings(store: &Store) -> Vec<Finding> {
    store.read(|tx| check(tx, ORG)).unwrap().findings
}

/// Two keys (acts 0 and 1), a checkpoint at 2, five acts of one day and two of the next (2 to 8), a checkpoint at 9,
/// cosigned by a witness whose key is act 9; a person hired in act 10, values of the meter M0 (act 2) erased by act 11.
fn fill(store: &Store) -> Signers {
    let wang = person(ORG, 11, "王芳");
    let desk = Desk::new(store, &wang);
    let signers = make_keys(store);
    let tomorrow = now().plus_millis(86_400_000);
    desk.act(now(), |work| checkpoint(work, &signers)).unwrap();
    desk.act(now(), |work| record_batch(work, &acts(5))).unwrap();
    desk.act(tomorrow, |work| record_batch(work, &acts(7)[5..])).unwrap();
    desk.act(tomorrow, |work| checkpoint(work, &signers)).unwrap();
    let witness = SigningKey::generate(KeyKind::Cosignature, "auditor.example/w1", &[5; 32]).unwrap();
    desk.act(tomorrow, |work| add_key(work, KeyRole::Witness, witness.verifier())).unwrap();
    let request = store.read(|tx| witness_request(tx, ORG, 0)).unwrap();
    let line = proof::witness::cosign(&request, &witness, 1_770_000_000).unwrap().line();
    desk.act(tomorrow, |work| cosign(work, line.as_bytes())).unwrap();
    desk.act(tomorrow, |work| {
        identity::create_person(work, &NewPerson { unit_id: 3, login: "zhao", name: "赵六" })
    })
    .unwrap();
    desk.act(tomorrow, |work| {
        let document = Document { kind: "meter".into(), number: "M0".into() };
        erase(work, &Erased::Document(document), "x")
    })
    .unwrap();
    signers
}

/// XC-15: whatever is altered behind the guards is found, and told by the place where it was altered.
#[test]
fn each_alteration_is_found_at_its_place() {
    use Finding::{Checkpoint, Cosignature, Gap, Hash, Identity, Index, Key, Leaf, Private};
    let identity = Identity(0);
    let cases: &[(&str, &str, &[Finding])] = &[
        ("leaf", "UPDATE leaf SET at = at + 1 WHERE seq = 4", &[Leaf(4)]),
        (
            "leaf",
            "UPDATE leaf SET leaf_hash = (SELECT leaf_hash FROM leaf WHERE seq = 5) WHERE seq = 4",
            &[Leaf(4)],
        ),
        (
            "tlog_hash",
            "UPDATE tlog_hash SET h = (SELECT h FROM tlog_hash WHERE idx = 5) WHERE idx = 4",
            &[Hash(4)],
        ),
        (
            "tlog_hash",
            "UPDATE tlog_hash SET h = (SELECT h FROM tlog_hash WHERE idx = 5) WHERE idx = 0",
            &[Hash(0)],
        ),
        (
            "tlog_hash",
            "UPDATE tlog_hash SET h = (SELECT h FROM tlog_hash WHERE idx = 5) WHERE idx = 21",
            &[Hash(21)],
        ),
        ("tlog_hash", "DELETE FROM tlog_hash WHERE idx = 21", &[Hash(21)]),
        ("tlog_hash", "UPDATE tlog_hash SET idx = 24 WHERE idx = 21", &[Hash(24), Hash(24)]),
        ("leaf_document", "DELETE FROM leaf_document WHERE seq = 4", &[Index(4)]),
        ("leaf_document", "UPDATE leaf_document SET number = 'M9' WHERE seq = 4", &[Index(4)]),
        ("leaf_document", "UPDATE leaf_document SET kind = 'gauge' WHERE seq = 4", &[Index(4)]),
        (
            "leaf_document",
            "INSERT INTO leaf_document (org_id, kind, number, seq) VALUES (1, 'meter', 'M9', 4)",
            &[Index(4)],
        ),
        (
            "leaf_document",
            "INSERT INTO leaf_document (org_id, kind, number, seq) VALUES (1, 'meter', 'M9', 12)",
            &[Index(12)],
        ),
        (
            "leaf_document",
            "INSERT INTO leaf_document (org_id, kind, number, seq) VALUES (1, 'meter', 'M9', -1)",
            &[Index(-1)],
        ),
        ("leaf_person", "DELETE FROM leaf_person WHERE seq = 4", &[Index(4)]),
        ("leaf_person", "UPDATE leaf_person SET person_id = 12 WHERE seq = 4", &[Index(4)]),
        ("leaf_person", "INSERT INTO leaf_person (org_id, person_id, seq) VALUES (1, 12, 12)", &[Index(12)]),
        ("leaf_person", "INSERT INTO leaf_person (org_id, person_id, seq) VALUES (1, 12, 4)", &[Index(4)]),
        ("leaf_day", "UPDATE leaf_day SET day = 20260107 WHERE first_seq = 7", &[Index(7), Index(8)]),
        ("leaf_day", "UPDATE leaf_day SET last_seq = 7 WHERE first_seq = 7", &[Index(8)]),
        ("leaf_day", "UPDATE leaf_day SET first_seq = 8 WHERE first_seq = 7", &[Index(7)]),
        ("leaf_day", "DELETE FROM leaf_day WHERE first_seq = 0", &[Index(0)]),
        (
            "leaf_private",
            "UPDATE leaf_private SET value = '王五' WHERE seq = 4 AND person_id = 0",
            &[Private(4)],
        ),
        ("leaf_private", "UPDATE leaf_private SET seq = 5 WHERE seq = 4 AND person_id = 0", &[Private(5)]),
        (
            "leaf_private",
            "UPDATE leaf_private SET person_id = 9 WHERE seq = 4 AND person_id = 0",
            &[Private(4)],
        ),
        ("leaf_private", "DELETE FROM leaf_private WHERE seq = 4 AND person_id = 0", &[Private(4)]),
        (
            "leaf_erased",
            "UPDATE leaf_erased SET commitment = (SELECT leaf_hash FROM leaf WHERE seq = 0)",
            &[Private(2), Private(11)],
        ),
        ("leaf_erased", "UPDATE leaf_erased SET seq = 8", &[Private(11), Private(8)]),
        ("leaf_erased", "DELETE FROM leaf_erased", &[Private(2), Private(11)]),
        (
            "leaf_erased",
            "INSERT INTO leaf_erased (org_id, commitment, seq) SELECT 1, leaf_hash, 11 FROM leaf WHERE seq = 0",
            &[Private(11)],
        ),
        ("leaf_identity", "DELETE FROM leaf_identity", &[Identity(10)]),
        ("leaf_identity", "UPDATE leaf_identity SET seq = 8", &[identity.clone(), Identity(10)]),
        (
            "leaf_identity",
            "UPDATE leaf_identity SET seq = 99",
            &[Identity(10), identity.clone(), identity.clone()],
        ),
        ("identity_change", "UPDATE identity_change SET at = at + 1", std::slice::from_ref(&identity)),
        ("identity_change", "UPDATE identity_change SET subject = 'unit'", std::slice::from_ref(&identity)),
        ("identity_change", "UPDATE identity_change SET subject = 'post'", std::slice::from_ref(&identity)),
        ("identity_change", "UPDATE identity_change SET subject_id = 9", std::slice::from_ref(&identity)),
        ("identity_change", "UPDATE identity_change SET by_person_id = 9", std::slice::from_ref(&identity)),
        ("identity_change", "UPDATE identity_change SET new = 'x'", std::slice::from_ref(&identity)),
        (
            "checkpoint",
            "UPDATE checkpoint SET root = (SELECT root FROM checkpoint WHERE size = 2) WHERE size = 9",
            &[Checkpoint(9)],
        ),
        (
            "checkpoint",
            "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 2) WHERE size = 9",
            &[Checkpoint(9), Cosignature(9)],
        ),
        ("checkpoint", "UPDATE checkpoint SET number = 3 WHERE size = 9", &[Checkpoint(9)]),
        ("checkpoint", "UPDATE checkpoint SET number = NULL WHERE size = 9", &[Checkpoint(9)]),
        ("checkpoint", "UPDATE checkpoint SET size = 8 WHERE size = 2", &[Checkpoint(8)]),
        ("checkpoint", "DELETE FROM checkpoint WHERE size = 2", &[Checkpoint(9)]),
        ("checkpoint", "DELETE FROM checkpoint WHERE size = 9", &[Cosignature(9)]),
        // The key that signed would speak for the acts after its own only.
        ("log_key", "UPDATE log_key SET seq = 2 WHERE seq = 1", &[Key(1), Checkpoint(2), Key(2)]),
        ("log_key", "UPDATE log_key SET role = 'log' WHERE seq = 9", &[Key(9), Cosignature(9)]),
        ("log_key", "DELETE FROM log_key WHERE seq = 9", &[Key(9), Cosignature(9)]),
        ("log_key", "UPDATE log_key SET seq = 8 WHERE seq = 9", &[Key(9), Key(8)]),
        ("log_key", "UPDATE log_key SET vkey = 'x' WHERE seq = 9", &[Key(9), Key(9), Cosignature(9)]),
        ("cosignature", "UPDATE cosignature SET size = 2", &[Cosignature(2)]),
        ("cosignature", "UPDATE cosignature SET size = 3", &[Cosignature(3)]),
        ("cosignature", "UPDATE cosignature SET line = 'x'", &[Cosignature(9)]),
        ("log_origin", "UPDATE log_origin SET origin = 'ORG9/log'", &[Checkpoint(2), Checkpoint(9)]),
        ("leaf", "DELETE FROM leaf WHERE seq = 0", &[Gap(1), Gap(2), Checkpoint(2), Gap(3)]),
    ];
    each_engine(|store| {
        fill(store);
        let report = store.read(|tx| check(tx, ORG)).unwrap();
        assert_eq!(report.findings, []);
        assert!(report.is_good());
        assert_eq!((report.size, report.checkpoints, report.signatures), (12, 2, 5));
        assert_eq!((report.personal_values, report.identity_changes, report.identity_waiting), (6, 1, 0));
        let change: i64 = store
            .read(|tx| tx.one("SELECT change_id FROM leaf_identity", &[], |row| row.int(0)))
            .map_err(|error: StoreError| error)
            .unwrap()
            .unwrap();
        for (table, trick, expected) in cases {
            let report = altered(store, table, trick);
            assert!(!report.is_good(), "{trick}");
            let found: Vec<Finding> = report
                .findings
                .into_iter()
                .map(|finding| if finding == Identity(change) { Identity(0) } else { finding })
                .collect();
            // After a missing act nothing fits any more.
            let told = if matches!(found[0], Gap(_)) { &found[..expected.len()] } else { &found[..] };
            assert_eq!(told, *expected, "{trick}");
        }
        assert_eq!(findings(store), [], "all of it was taken back");
    });
}

/// A checkpoint must say what the log is, in the words of a note, and be signed by the log's keys and nobody else.
#[test]
fn a_note_that_says_something_else_is_found() {
    each_engine(|store| {
        let signers = fill(store);
        let root = store.read(|tx| vault::tree_root(tx, ORG, 2)).unwrap();
        let text = |size, root| CheckpointText::new("ORG1/log", size, root).unwrap().body();
        let note = |text: &str, keys: &[&SigningKey]| {
            let mut note = Note::new(text).unwrap();
            keys.iter().for_each(|key| note.add(key.sign(text).unwrap()).unwrap());
            note.print()
        };
        let [ed25519, sm2] = signers.keys() else { panic!("two keys") };
        let stranger = SigningKey::generate(KeyKind::Ed25519, "ORG1/log", &[77; 32]).unwrap();
        let right = text(2, root);
        for (what, note, good) in [
            ("as it is", note(&right, &[ed25519, sm2]), true),
            ("one signature less", note(&right, &[ed25519]), true),
            ("no signature that every verifier reads", note(&right, &[sm2]), false),
            ("a stranger's signature more", note(&right, &[ed25519, sm2, &stranger]), false),
            ("another size", note(&text(3, root), &[ed25519, sm2]), false),
            ("another root", note(&text(2, [9; 32]), &[ed25519, sm2]), false),
            ("another line", note(&format!("{right}more\n"), &[ed25519, sm2]), false),
            ("without signatures, though there are keys", right.clone(), false),
            ("no checkpoint", note("ORG1/log\n", &[ed25519, sm2]), false),
        ] {
            let trick = format!("UPDATE checkpoint SET note = '{note}' WHERE size = 2");
            let found = altered(store, "checkpoint", &trick).findings;
            assert_eq!(found.is_empty(), good, "{what}: {found:?}");
            assert!(
                found.iter().all(|one| *one == Finding::Checkpoint(2)) || what.starts_with("without"),
                "{what}: {found:?}"
            );
        }
    });
}

/// What release 0.1.0 left without signatures must still say what the log is.
#[test]
fn a_text_without_signatures_is_compared_too() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        Desk::new(store, &wang).act(now(), |work| record_batch(work, &acts(3))).unwrap();
        let root = store.read(|tx| vault::tree_root(tx, ORG, 3)).unwrap();
        let text = |size, root| CheckpointText::new("any/name", size, root).unwrap().body();
        let insert = "INSERT INTO checkpoint (org_id, size, root, note, made_at) VALUES (?1, 3, ?2, ?3, 0)";
        store.write(|tx| tx.execute(insert, params![ORG, &root, &text(3, root)])).unwrap();
        assert_eq!(findings(store), []);
        for note in [text(2, root), text(3, [9; 32]), format!("{}more\n", text(3, root)), "x".into()] {
            let found = altered(store, "checkpoint", &format!("UPDATE checkpoint SET note = '{note}'"));
            assert_eq!(found.findings, [Finding::Checkpoint(3)], "{note}");
        }
    });
}

/// XC-15: a second entry for an act in a search index is found, wherever it comes in the order of reading.
#[test]
fn a_second_entry_in_an_index_is_found() {
    each_engine(|store| {
        fill(store);
        for (table, columns, values) in [
            ("leaf_document", "kind, number, seq", "'meter', 'M1', 4"),
            ("leaf_document", "kind, number, seq", "'meter', 'M3', 4"),
            ("leaf_person", "person_id, seq", "10, 4"),
            ("leaf_person", "person_id, seq", "12, 4"),
        ] {
            let trick = format!("INSERT INTO {table} (org_id, {columns}) VALUES (1, {values})");
            let found = altered(store, table, &trick).findings;
            assert!(
                !found.is_empty() && found.iter().all(|one| *one == Finding::Index(4)),
                "{trick}: {found:?}"
            );
        }
    });
}

/// XC-15: a run of a day that no act needs is found, whether it stands beside another one or has no end.
#[test]
fn a_run_too_many_is_found() {
    each_engine(|store| {
        fill(store);
        let (last, run) = store
            .read(|tx| {
                tx.one("SELECT first_seq, last_seq FROM leaf_day WHERE org_id = 1 ORDER BY first_seq DESC LIMIT 1", &[], |row| {
                    Ok::<_, StoreError>((row.int(1)?, row.int(0)?))
                })
            })
            .unwrap()
            .unwrap();
        assert!(run < last, "the last run has several acts");
        let day = format!("(SELECT day FROM leaf_day WHERE org_id = 1 AND last_seq = {last})");
        for (first, end, found) in
            [(last, last, last), (last + 1, last, last + 1), (last + 1, last + 1, last + 1)]
        {
            let trick = format!(
                "INSERT INTO leaf_day (org_id, day, first_seq, last_seq) VALUES (1, {day}, {first}, {end})"
            );
            assert_eq!(
                altered(store, "leaf_day", &trick).findings,
                [Finding::Index(found)],
                "{first} to {end}"
            );
        }
    });
}

/// What the check says of an alteration, which is taken back.
fn altered(store: &Store, table: &str, trick: &str) -> CheckReport {
    let altered = store.write(|tx| {
        alter(tx, table, trick)?;
        let report = check(tx, ORG).map_err(|error| Undone::Failed(error.to_string()))?;
        Err::<(), _>(Undone::Found(report))
    });
    match altered {
        Err(Undone::Found(report)) => report,
        Err(Undone::Failed(why)) => panic!("{trick}: {why}"),
        Ok(()) => panic!("{trick}: kept"),
    }
}

/// Why an alteration was taken back.
#[derive(Debug)]
enum Undone {
    Found(CheckReport),
    Failed(String),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Undone {
        Undone::Failed(error.to_string())
    }
}

/// A leaf that belongs to another log or another place is found although its bytes and hash agree.
#[test]
fn a_leaf_from_elsewhere_is_found() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        Desk::new(store, &wang).act(now(), |work| record_batch(work, &acts(4))).unwrap();
        let other = person(2, 11, "王芳");
        Desk::new(store, &other).act(now(), |work| record_batch(work, &acts(4))).unwrap();
        let exchange = |to: &str, from: &str| {
            format!(
                "UPDATE leaf SET canonical = (SELECT canonical FROM leaf WHERE {from}), leaf_hash = (SELECT leaf_hash FROM leaf WHERE {from}) WHERE {to}"
            )
        };
        behind_the_guards(store, "leaf", &exchange("org_id = 1 AND seq = 1", "org_id = 2 AND seq = 1"));
        assert!(findings(store).contains(&Finding::Leaf(1)), "of another organisation");
        behind_the_guards(store, "leaf", &exchange("org_id = 1 AND seq = 3", "org_id = 1 AND seq = 0"));
        assert!(findings(store).contains(&Finding::Leaf(3)), "of another place");
        behind_the_guards(
            store,
            "leaf",
            "UPDATE leaf SET canonical = leaf_hash WHERE org_id = 1 AND seq = 2",
        );
        assert!(findings(store).contains(&Finding::Leaf(2)), "that does not read");
        assert!(findings(store).contains(&Finding::Index(2)), "its entries belong to nothing any more");
        for table in ["leaf_document", "leaf_person"] {
            let found = altered(store, table, &format!("DELETE FROM {table} WHERE org_id = 1 AND seq = 2"));
            assert!(found.findings.contains(&Finding::Index(2)), "nor does the entry left by {table}");
        }
    });
}

/// Findings are kept up to a hundred, and a log is read to its end however many pages it has.
#[test]
fn long_logs_are_read_to_their_end() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let fill = |count| desk.act(now(), |work| record_batch(work, &acts(count))).unwrap();
        for (more, size) in [(999, 999), (1, 1000), (1, 1001), (999, 2000), (500, 2500)] {
            fill(more);
            let report = store.read(|tx| check(tx, ORG)).unwrap();
            assert_eq!((report.size, report.findings), (size, vec![]));
            assert_eq!(store.read(|tx| vault::tree_root(tx, ORG, size)), Ok::<_, VaultError>(report.root));
        }
        behind_the_guards(
            store,
            "leaf_document",
            "DELETE FROM leaf_document WHERE seq >= 1001 AND seq < 1102",
        );
        let expected: Vec<Finding> = (1001..1101).map(Finding::Index).collect();
        assert_eq!(findings(store), expected);
    });
}
