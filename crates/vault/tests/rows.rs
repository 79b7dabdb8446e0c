//! What rows were is bound into the log before each checkpoint. PostgreSQL is used when `ZHANGFANG_TEST_POSTGRES` names
//! a server.
#![allow(clippy::unwrap_used)]

mod house;

use house::{CHANGE, ORG, alter, make_keys, now, person, prepare_with};
use identity::{Desk, NewPerson};
use store::{Schema, Store, StoreError};
use vault::{Act, Checkpoint, CheckpointPolicy, Finding, Signers, check, checkpoint, record};

const SCHEMAS: &[Schema] = &[identity::SCHEMA, vault::SCHEMA];

fn each_engine(test: impl Fn(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    prepare_with(&store, SCHEMAS);
    test(&store);
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        prepare_with(&store, SCHEMAS);
        test(&store);
    }
}

fn sign(store: &Store, signers: &Signers) -> Checkpoint {
    Desk::new(store, &person(ORG, 11, "王芳")).act(now(), |work| checkpoint(work, signers)).unwrap()
}

fn hire(store: &Store, login: &str) {
    let new = NewPerson { unit_id: 3, login, name: "赵六" };
    let wang = person(ORG, 11, "王芳");
    Desk::new(store, &wang).act(now(), |work| identity::create_person(work, &new)).unwrap();
}

fn findings(store: &Store) -> Vec<Finding> {
    store.read(|tx| check(tx, ORG)).unwrap().findings
}

fn row_faults(store: &Store) -> Vec<String> {
    let (_, faults) = store.read(|tx| tx.row_faults(ORG, SCHEMAS, &mut |_| ())).unwrap();
    faults.into_iter().map(|fault| fault.table).collect()
}

/// XC-15: the last act before a checkpoint binds what every row was; without changes there is no further act.
#[test]
fn a_checkpoint_binds_what_rows_were() {
    each_engine(|store| {
        let signers = make_keys(store);
        hire(store, "zhao");
        let first = sign(store, &signers);
        let last = store.read(|tx| vault::act(tx, ORG, first.size - 1)).unwrap();
        assert_eq!(
            (last.act.verb.as_str(), last.act.document.kind.as_str()),
            ("vault.bind_rows", "row_change")
        );
        assert!(last.act.batch.is_some_and(|batch| batch.lines > 3));
        assert_eq!(sign(store, &signers), first, "a checkpoint itself asks for no other");
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        desk.act(now(), |work| record(work, &Act::new(CHANGE, 3, "meter", "M1"))).unwrap();
        let due = desk
            .act(now(), |work| vault::checkpoint_if_due(work, &signers, CheckpointPolicy::AT_ONCE))
            .unwrap()
            .unwrap();
        assert_eq!(due.size, first.size + 1, "the act; no row was changed but those of checkpoints");
        hire(store, "qian");
        let later = sign(store, &signers);
        assert_eq!(later.size, due.size + 2, "the change of persons, and what binds its rows");
        assert_eq!(findings(store), []);
        assert_eq!(row_faults(store), [] as [&str; 0]);
    });
}

/// XC-15: whoever edits a row and what is kept about it as well is found by the act that bound it.
#[test]
fn what_was_bound_cannot_be_written_again() {
    each_engine(|store| {
        let signers = make_keys(store);
        hire(store, "zhao");
        let size = sign(store, &signers).size;
        hire(store, "sun");
        for (table, edit, expected) in [
            (
                "row_change",
                "UPDATE row_change SET added = removed, removed = added WHERE bound IS NOT NULL",
                true,
            ),
            ("row_change", "UPDATE row_change SET table_name = 'x' WHERE bound IS NOT NULL", true),
            ("row_change", "DELETE FROM row_change WHERE bound IS NOT NULL", true),
            ("row_change", "UPDATE row_change SET bound = bound + 1 WHERE bound IS NOT NULL", true),
            ("row_change", "UPDATE row_change SET bound = 999 WHERE bound IS NULL", true),
            ("row_change", "UPDATE row_change SET bound = NULL WHERE bound IS NOT NULL", true),
            ("row_change", "UPDATE row_change SET id = id + 1000", true),
            ("row_change", "DELETE FROM row_change WHERE bound IS NULL", false),
        ] {
            let mut found = Vec::new();
            let undone = store.write(|tx| {
                alter(tx, table, edit)?;
                found = check(tx, ORG).unwrap().findings;
                Err::<(), _>(StoreError::Busy)
            });
            assert!(undone.is_err());
            let of_rows = found.iter().any(|finding| matches!(finding, Finding::Rows(_)));
            assert_eq!(of_rows, expected, "{edit}: {found:?}");
        }
        assert!(size > 0);
        assert_eq!(findings(store), []);
        // What no act binds yet is found by the rows themselves.
        house::behind_the_guards(store, "row_change", "DELETE FROM row_change WHERE bound IS NULL");
        assert!(!row_faults(store).is_empty());
    });
}
