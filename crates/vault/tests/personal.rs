//! Personal values: commitments in the log, erasure beside it; and identity's changes in the log.
#![allow(clippy::unwrap_used)]

mod house;

use house::{CHANGE, ORG, behind_the_guards, each_engine, make_keys, now, person};
use identity::{Desk, NewPerson};
use kernel::{Bilingual, Lang, Moment};
use store::{Engine, Store, StoreError, params};
use vault::{
    Act, Document, ERASED, Erased, Finding, Leaf, Sealed, VaultError, absorb_identity, by_document, check,
    checkpoint, commitment, encode, erase, leaf, leaf_hash, record, record_batch,
};

fn renamed(number: &str) -> Act {
    Act::new(CHANGE, 3, "account", number)
        .change_personal("name", "张三", "李四")
        .change("price_class", "residential", "commercial")
        .change_personal("phone", "", "13800000000")
}

fn document(number: &str) -> Document {
    Document { kind: "account".into(), number: number.into() }
}

fn findings(store: &Store) -> Vec<Finding> {
    store.read(|tx| check(tx, ORG)).unwrap().findings
}

fn count(store: &Store, table: &str) -> i64 {
    store.read(|tx| tx.one(&format!("SELECT COUNT(*) FROM {table}"), &[], |row| row.int(0))).unwrap().unwrap()
}

/// XC-15: names and telephone numbers are not in the leaf, are shown while they are kept, and can be forgotten while
/// the log stays whole.
#[test]
fn what_is_personal_can_be_forgotten() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let signers = make_keys(store);
        let act = |number: &str| desk.act(now(), |work| record(work, &renamed(number))).unwrap();
        let (first, other) = (act("0001"), act("0002"));
        let before = desk.act(now(), |work| checkpoint(work, &signers)).unwrap();
        let bytes = store
            .read(|tx| tx.one("SELECT canonical FROM leaf WHERE seq = ?1", params![first], |row| row.blob(0)))
            .unwrap()
            .unwrap();
        for clear in ["张三", "李四", "13800000000", "王芳"] {
            assert!(!bytes.windows(clear.len()).any(|part| part == clear.as_bytes()), "{clear}");
        }
        let shown = |seq| store.read(|tx| vault::act(tx, ORG, seq)).unwrap();
        assert_eq!(shown(first).act, renamed("0001"));
        assert_eq!(shown(first).person, "王芳");

        let gone =
            desk.act(now(), |work| erase(work, &Erased::Document(document("0001")), "客户申请")).unwrap();
        assert_eq!(gone, 3, "two names and a telephone number");
        let after = shown(first);
        let values: Vec<(&str, &str)> =
            after.act.changes.iter().map(|change| (change.before.as_str(), change.after.as_str())).collect();
        assert_eq!(values, [(ERASED, ERASED), ("residential", "commercial"), ("", ERASED)]);
        assert!(after.text(Lang::Zh).contains("（已删除）"), "{}", after.text(Lang::Zh));
        assert_eq!(after.person, "王芳", "the clerk's name is not the customer's");
        assert_eq!(shown(other).act, renamed("0002"), "another account is untouched");
        assert_eq!(findings(store), []);
        let root = store.read(|tx| vault::tree_root(tx, ORG, before.size)).unwrap();
        assert_eq!(root, before.root, "the log is what it was");
        let history = store.read(|tx| by_document(tx, ORG, &document("0001"), None, 10)).unwrap();
        assert_eq!(history.acts.last().unwrap().act.verb, "vault.erase");
        let again = desk.act(now(), |work| erase(work, &Erased::Document(document("0001")), "again"));
        assert!(matches!(again, Err(VaultError::NothingToErase { .. })), "{again:?}");
        let silent = desk.act(now(), |work| erase(work, &Erased::Document(document("0002")), " "));
        assert!(matches!(silent, Err(VaultError::BadAct { .. })), "{silent:?}");
        let clerk = identity::Actor { assignments: vec![], ..wang.clone() };
        let refused = Desk::new(store, &clerk)
            .act(now(), |work| erase(work, &Erased::Document(document("0002")), "no right"));
        assert!(matches!(refused, Err(VaultError::Identity(_))), "{refused:?}");
    });
}

/// A person's name goes everywhere at once, and a later act has a new salt.
#[test]
fn the_name_of_a_person_can_be_forgotten() {
    each_engine(|store| {
        let (wang, li) = (person(ORG, 11, "王芳"), person(ORG, 12, "李强"));
        let acts: Vec<Act> = (0..50).map(|number| renamed(&number.to_string())).collect();
        Desk::new(store, &wang).act(now(), |work| record_batch(work, &acts)).unwrap();
        let names = |store: &Store| {
            store
                .read(|tx| {
                    tx.one("SELECT COUNT(*) FROM leaf_private WHERE person_id = 11", &[], |row| row.int(0))
                })
                .unwrap()
                .unwrap()
        };
        assert_eq!(names(store), 1, "one salt for all acts under one name");
        Desk::new(store, &li).act(now(), |work| erase(work, &Erased::Person(11), "retired")).unwrap();
        assert_eq!(names(store), 0);
        let shown = store.read(|tx| vault::act(tx, ORG, 7)).unwrap();
        assert_eq!((shown.person.as_str(), shown.person_id), (ERASED, 11));
        Desk::new(store, &wang).act(now(), |work| record(work, &renamed("x"))).unwrap();
        let shown = store.read(|tx| vault::act(tx, ORG, 51)).unwrap();
        assert_eq!(shown.person, "王芳");
        assert_eq!(findings(store), []);
    });
}

/// The tables refuse changes of personal values and deletion without an act; who takes the guards away is found out.
#[test]
fn personal_values_go_by_an_act_only() {
    let tricks: [(&str, &str); 4] = [
        ("leaf_private", "DELETE FROM leaf_private WHERE value = '李四'"),
        ("leaf_private", "UPDATE leaf_private SET value = '王五' WHERE value = '李四'"),
        ("leaf_private", "UPDATE leaf_private SET person_id = 99 WHERE person_id = 11"),
        (
            "leaf_erased",
            "INSERT INTO leaf_erased (org_id, commitment, seq) SELECT org_id, commitment, 0 FROM leaf_private WHERE value = '李四'",
        ),
    ];
    for (table, trick) in tricks {
        each_engine(|store| {
            let wang = person(ORG, 11, "王芳");
            Desk::new(store, &wang).act(now(), |work| record(work, &renamed("0001"))).unwrap();
            assert_eq!(findings(store), []);
            if table == "leaf_private" {
                let tried = store.write(|tx| tx.execute(trick, &[]));
                assert!(matches!(tried, Err(StoreError::Refused(_))), "{trick}: {tried:?}");
            }
            behind_the_guards(store, table, trick);
            assert!(findings(store).contains(&Finding::Private(0)), "{trick}: {:?}", findings(store));
        });
    }
}

/// Only what was said to be erased may be missing: more deleted under cover of an erasure is found.
#[test]
fn an_erasure_covers_only_what_it_names() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        desk.act(now(), |work| record_batch(work, &[renamed("0001"), renamed("0002")])).unwrap();
        let seq = desk
            .act(now(), |work| {
                erase(work, &Erased::Document(document("0001")), "x")?;
                vault::size(work.tx, ORG)
            })
            .unwrap()
            - 1;
        assert_eq!(findings(store), []);
        let more = format!(
            "INSERT INTO leaf_erased (org_id, commitment, seq) SELECT org_id, commitment, {seq} FROM leaf_private WHERE seq = 1 AND person_id = 0"
        );
        store.write(|tx| tx.execute(&more, &[])).unwrap();
        store
            .write(|tx| tx.execute("DELETE FROM leaf_private WHERE seq = 1 AND person_id = 0", &[]))
            .unwrap();
        assert_eq!(findings(store), [Finding::Private(seq)]);
    });
}

/// A log that release 0.1.0 began, in form 1, goes on in form 2 and is one log.
#[test]
fn form_1_and_form_2_are_one_log() {
    each_engine(|store| {
        let old = Leaf {
            form: 1,
            org_id: ORG,
            seq: 0,
            verb: "meter.change".into(),
            unit_id: 3,
            person_id: 11,
            person: Sealed::Clear("王芳".into()),
            post: "clerk".into(),
            at: now(),
            document: document("0001"),
            before: None,
            after: None,
            changes: vec![],
            batch: None,
        };
        let mut bytes = Vec::new();
        encode(&old, &mut bytes);
        let hash = leaf_hash(&bytes);
        store
            .write(|tx| {
                tx.execute(
                    "INSERT INTO leaf (org_id, seq, leaf_hash, canonical, at) VALUES (?1, 0, ?2, ?3, ?4)",
                    params![ORG, &hash, &bytes, now()],
                )?;
                tx.execute("INSERT INTO tlog_hash (org_id, idx, h) VALUES (?1, 0, ?2)", params![ORG, &hash])?;
                tx.execute(
                    "INSERT INTO leaf_document (org_id, kind, number, seq) VALUES (?1, 'account', '0001', 0)",
                    params![ORG],
                )?;
                tx.execute(
                    "INSERT INTO leaf_person (org_id, person_id, seq) VALUES (?1, 11, 0)",
                    params![ORG],
                )?;
                tx.execute(
                    "INSERT INTO leaf_day (org_id, day, first_seq, last_seq) VALUES (?1, ?2, 0, 0)",
                    params![ORG, now().date()],
                )?;
                // As 0.1.0 made them: without signatures, under any name.
                tx.execute(
                    "INSERT INTO checkpoint (org_id, size, root, note, made_at) VALUES (?1, 1, ?2, ?3, 0)",
                    params![ORG, &hash, &unsigned(&hash)],
                )
            })
            .unwrap();
        assert_eq!(findings(store), []);
        let wang = person(ORG, 11, "王芳");
        let signers = make_keys(store);
        let desk = Desk::new(store, &wang);
        desk.act(now(), |work| record(work, &renamed("0001"))).unwrap();
        let made = desk.act(now(), |work| checkpoint(work, &signers)).unwrap();
        assert!(made.is_signed());
        assert_eq!(findings(store), []);
        let acts = store.read(|tx| by_document(tx, ORG, &document("0001"), None, 10)).unwrap().acts;
        assert_eq!(acts.iter().map(|act| act.person.as_str()).collect::<Vec<_>>(), ["王芳", "王芳"]);
        assert_eq!(store.read(|tx| leaf(tx, ORG, 0)).unwrap(), old);
        // Once there are keys, nothing goes unsigned any more.
        desk.act(now(), |work| record(work, &renamed("0003"))).unwrap();
        let size = made.size + 1;
        let root = store.read(|tx| vault::tree_root(tx, ORG, size)).unwrap();
        store
            .write(|tx| {
                let note = unsigned(&root).replace("\n1\n", &format!("\n{size}\n"));
                tx.execute(
                    "INSERT INTO checkpoint (org_id, size, root, note, made_at) VALUES (?1, ?2, ?3, ?4, 0)",
                    params![ORG, size, &root, &note],
                )
            })
            .unwrap();
        assert_eq!(findings(store), [Finding::Checkpoint(size)]);
    });
}

fn unsigned(root: &vault::Digest) -> String {
    proof::Checkpoint::new("zhangfang.demo/jianghan", 1, *root).unwrap().body()
}

fn hire(store: &Store, login: &str, at: Moment) {
    let wang = person(ORG, 11, "王芳");
    let new = NewPerson { unit_id: 3, login, name: "赵六" };
    Desk::new(store, &wang).act(at, |work| identity::create_person(work, &new)).unwrap();
}

/// XC-01, XC-15: who came and which post was given is in the log too, before whatever is done next.
#[test]
fn changes_of_persons_are_in_the_log() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        hire(store, "zhao", now());
        hire(store, "qian", now().plus_millis(86_400_000));
        assert_eq!(store.read(|tx| check(tx, ORG)).unwrap().identity_waiting, 2);
        assert_eq!(desk.act(now(), |work| record(work, &renamed("1"))), Ok(2), "after the two changes");
        hire(store, "sun", now().plus_millis(100));
        assert_eq!(desk.act(now(), absorb_identity), Ok(1));
        assert_eq!(desk.act(now(), absorb_identity), Ok(0));
        let report = store.read(|tx| check(tx, ORG)).unwrap();
        assert_eq!((report.size, report.identity_changes, report.identity_waiting), (4, 3, 0));
        assert_eq!(report.findings, []);
        let shown = store.read(|tx| vault::act(tx, ORG, 0)).unwrap();
        assert_eq!((shown.act.verb.as_str(), shown.post.as_str()), ("identity.manage_persons", "clerk"));
        assert_eq!(shown.act.changes[1].after, "zhao 赵六 unit 3");
        // The customer's erasure and the clerk's are the same thing.
        let id: i64 = shown.act.document.number.parse().unwrap();
        desk.act(now(), |work| erase(work, &Erased::Person(id), "left")).unwrap();
        assert_eq!(findings(store), []);
    });
}

/// XC-01, XC-15: units, persons and posts go into the log under the right that each needed.
#[test]
fn each_kind_of_change_has_its_verb() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let kinds = [
            ("unit", "identity.manage_units", false),
            ("person", "identity.manage_persons", true),
            ("assignment", "identity.manage_posts", false),
            ("organisation", "identity.found", false),
            ("password", "identity.set_password", false),
            ("lock", "identity.lock_account", true),
            ("second_factor", "identity.ask_second_factor", false),
            ("token", "identity.make_token", false),
            ("passkey", "identity.add_passkey", false),
            ("delegation", "identity.delegate", true),
            ("signature", "identity.sign_act", false),
        ];
        for (place, (subject, _, _)) in (1..).zip(kinds) {
            let insert =
                "INSERT INTO identity_change (org_id, id, by_person_id, at, subject, subject_id, old, new)
                VALUES (?1, ?2, 11, ?3, ?4, 77, 'before', 'after')";
            store.write(|tx| tx.execute(insert, params![ORG, place, now(), subject])).unwrap();
        }
        assert_eq!(desk.act(now(), absorb_identity), Ok(kinds.len()));
        let told: Vec<_> = (0..kinds.len() as i64)
            .map(|seq| {
                let found = store.read(|tx| leaf(tx, ORG, seq)).unwrap();
                let sealed = matches!(found.changes[1].after, Sealed::Committed(_));
                (found.verb, found.document.kind, found.document.number, sealed)
            })
            .collect();
        let expected =
            kinds.map(|(kind, verb, sealed)| (verb.to_owned(), kind.to_owned(), "77".to_owned(), sealed));
        assert_eq!(told, expected);
        assert_eq!(findings(store), []);
        for id in 1..=kinds.len() as i64 {
            let change = format!("UPDATE identity_change SET new = 'x' WHERE id = {id}");
            behind_the_guards(store, "identity_change", &change);
            assert_eq!(findings(store), [Finding::Identity(id)], "in clear or committed");
            behind_the_guards(store, "identity_change", &change.replace("'x'", "'after'"));
        }
        assert_eq!(findings(store), []);
    });
}

/// XC-15: a personal value somebody exchanged is not shown, and a name is sealed afresh rather than rely on it.
#[test]
fn an_exchanged_personal_value_is_not_relied_on() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let act =
            |number: &str| Desk::new(store, &wang).act(now(), |work| record(work, &renamed(number))).unwrap();
        let first = act("1");
        let shown = |seq| store.read(|tx| vault::act(tx, ORG, seq)).unwrap().person;
        let name = "person_id = 11 AND org_id = 1";
        behind_the_guards(
            store,
            "leaf_private",
            &format!("UPDATE leaf_private SET value = '王方' WHERE {name}"),
        );
        assert_eq!(shown(first), ERASED, "the exchanged name is not what was sealed");
        let second = act("2");
        assert_eq!((shown(first).as_str(), shown(second).as_str()), (ERASED, "王芳"));
        let salt = "SELECT salt FROM leaf_private WHERE org_id = 1 AND person_id = 0 LIMIT 1";
        behind_the_guards(
            store,
            "leaf_private",
            &format!("UPDATE leaf_private SET value = '王芳', salt = ({salt}) WHERE {name}"),
        );
        assert_eq!(shown(second), ERASED);
        assert_eq!(shown(act("3")), "王芳", "sealed with a salt of its own");
    });
}

/// XC-15: the post is told of the person who acts now, and of nobody whose change is taken in.
#[test]
fn a_change_is_signed_by_whoever_made_it() {
    each_engine(|store| {
        let (wang, li) = (person(ORG, 11, "王芳"), person(ORG, 12, "李强"));
        hire(store, "zhao", now());
        Desk::new(store, &li).act(now(), |work| record(work, &renamed("1"))).unwrap();
        hire(store, "qian", now());
        Desk::new(store, &wang).act(now(), |work| record(work, &renamed("2"))).unwrap();
        let told: Vec<_> = (0..4)
            .map(|seq| {
                let found = store.read(|tx| vault::act(tx, ORG, seq)).unwrap();
                (found.person_id, found.person, found.post)
            })
            .collect();
        let row = |person_id, person: &str, post: &str| (person_id, person.to_owned(), post.to_owned());
        assert_eq!(
            told,
            [row(11, "", ""), row(12, "李强", "clerk"), row(11, "", "clerk"), row(11, "王芳", "clerk")]
        );
    });
}

/// Whoever rewrites, removes or slips in a change of persons is found out.
#[test]
fn altered_changes_of_persons_are_found() {
    let tricks = [
        "UPDATE identity_change SET new = 'zhao 钱七 unit 3' WHERE new LIKE 'zhao%'",
        "UPDATE identity_change SET by_person_id = 12 WHERE new LIKE 'zhao%'",
        "UPDATE identity_change SET old = 'x' WHERE new LIKE 'zhao%'",
        "DELETE FROM identity_change WHERE new LIKE 'zhao%'",
        "INSERT INTO identity_change (org_id, id, by_person_id, at, subject, subject_id, old, new) SELECT org_id, id - 1, by_person_id, at, subject, subject_id, old, new FROM identity_change WHERE new LIKE 'zhao%'",
    ];
    for trick in tricks {
        each_engine(|store| {
            let wang = person(ORG, 11, "王芳");
            hire(store, "zhao", now());
            Desk::new(store, &wang).act(now(), |work| record(work, &renamed("1"))).unwrap();
            assert_eq!(findings(store), []);
            let refused = store.write(|tx| tx.execute(trick, &[]));
            if !trick.starts_with("INSERT") {
                assert!(matches!(refused, Err(StoreError::Refused(_))), "{trick}: {refused:?}");
                behind_the_guards(store, "identity_change", trick);
            }
            let found = findings(store);
            assert!(matches!(found[..], [Finding::Identity(_)]), "{trick}: {found:?}");
        });
    }
}

/// What is deleted from an embedded database is overwritten in its pages.
#[test]
fn erased_values_leave_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let store = Store::open(path.to_str().unwrap()).unwrap();
    assert_eq!(store.engine(), Engine::Sqlite);
    store.migrate(&[identity::SCHEMA, vault::SCHEMA]).unwrap();
    let wang = person(ORG, 11, "王芳");
    let desk = Desk::new(&store, &wang);
    let rare = "欧阳一二三四五六七八九";
    let act = Act::new(CHANGE, 3, "account", "0001").change_personal("name", "", rare);
    desk.act(now(), |work| record(work, &act)).unwrap();
    desk.act(now(), |work| erase(work, &Erased::Document(document("0001")), "x")).unwrap();
    assert_eq!(count(&store, "leaf_erased"), 1);
    let copy = folder.path().join("copy.db");
    store.backup_to(copy.to_str().unwrap()).unwrap();
    let bytes = std::fs::read(copy).unwrap();
    assert!(!bytes.windows(rare.len()).any(|part| part == rare.as_bytes()));
}

/// A commitment is to the value under its salt: another value or salt gives another.
#[test]
fn a_commitment_binds() {
    assert_eq!(commitment(&[1; 32], "a"), commitment(&[1; 32], "a"));
    assert_ne!(commitment(&[1; 32], "a"), commitment(&[1; 32], "b"));
    assert_ne!(commitment(&[1; 32], "a"), commitment(&[2; 32], "a"));
}
