//! Steps of the schema: taken once, in order, never exchanged for others, and whole or not at all; on both engines.
#![allow(clippy::unwrap_used)]

use kernel::{Bilingual, Lang};
use store::{Engine, Migration, Schema, Store, StoreError};

const FIRST: Migration = Migration {
    number: 1,
    name: "things",
    both: "CREATE TABLE thing (id INTEGER NOT NULL, PRIMARY KEY (id)) STRICT, WITHOUT ROWID;",
    sqlite: "",
    postgres: "",
};
const SECOND: Migration = Migration {
    number: 2,
    name: "names",
    both: "ALTER TABLE thing ADD COLUMN name TEXT; CREATE TABLE second (id INTEGER NOT NULL, PRIMARY KEY (id)) STRICT;",
    sqlite: "",
    postgres: "",
};
const BROKEN: Migration = Migration {
    number: 2,
    name: "names",
    both: "ALTER TABLE thing ADD COLUMN name TEXT; CREATE TABLE thing (id INTEGER) STRICT;",
    sqlite: "",
    postgres: "",
};
const REWRITTEN: Migration =
    Migration { both: "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY) STRICT;", ..FIRST };

const OLD: &[Schema] = &[Schema { module: "test", unrecorded: &[], migrations: &[FIRST] }];
const NEW: &[Schema] = &[Schema { module: "test", unrecorded: &[], migrations: &[FIRST, SECOND] }];
const STOPS: &[Schema] = &[Schema { module: "test", unrecorded: &[], migrations: &[FIRST, BROKEN] }];
const OTHER: &[Schema] = &[Schema { module: "test", unrecorded: &[], migrations: &[REWRITTEN, SECOND] }];

fn each_engine(test: impl Fn(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    test(&Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap());
    if let Some(database) = testbed::postgres_database() {
        test(&Store::open(&database.url).unwrap());
    }
}
fn steps(store: &Store) -> Vec<(String, i64)> {
    let sql = "SELECT module, number FROM schema_migration ORDER BY module, number";
    store.read(|tx| tx.list(sql, &[], |row| Ok::<_, StoreError>((row.text(0)?, row.int(1)?)))).unwrap()
}
fn run(store: &Store, sql: &str) {
    store.write(|tx| tx.execute(sql, &[])).unwrap();
}

#[test]
fn a_step_that_fails_leaves_the_database_as_it_was() {
    each_engine(|store| {
        store.migrate(OLD).unwrap();
        let before = steps(store);
        assert!(store.migrate(STOPS).is_err());
        assert_eq!(steps(store), before);
        assert!(store.check_statements(&["SELECT name FROM thing"]).is_err(), "half a step stayed");
        assert_eq!(store.migrate(NEW).unwrap(), 1);
        assert_eq!(store.migrate(NEW).unwrap(), 0);
    });
}

/// A database of before the fingerprints of rows, made as an old backup names it, goes on like any other.
#[test]
fn a_database_is_brought_to_an_earlier_version_and_goes_on() {
    let steps_of = |list: &[(&str, i64)]| -> Vec<(String, i64, String)> {
        list.iter().map(|(module, number)| ((*module).to_owned(), *number, String::new())).collect()
    };
    each_engine(|store| {
        let earlier = steps_of(&[("store", 1), ("store", 2), ("test", 1)]);
        assert_eq!(store.migrate_to(NEW, &earlier), Ok(3));
        let have: Vec<_> = earlier.into_iter().map(|(module, number, _)| (module, number)).collect();
        assert_eq!(steps(store), have);
        assert_eq!(store.migrate(NEW), Ok(2));
        assert_eq!(store.migrate(NEW), Ok(0));
    });
}

/// Also where it is the only step there is.
#[test]
fn an_only_step_cannot_be_exchanged() {
    const ONLY: &[Schema] = &[Schema { module: "test", unrecorded: &[], migrations: &[REWRITTEN] }];
    each_engine(|store| {
        store.migrate(OLD).unwrap();
        let refused = store.migrate(ONLY);
        assert!(matches!(&refused, Err(StoreError::OtherMigration { number: 1, .. })), "{refused:?}");
    });
}

#[test]
fn a_released_step_cannot_be_exchanged() {
    each_engine(|store| {
        store.migrate(NEW).unwrap();
        let refused = StoreError::OtherMigration { module: "test".into(), number: 1 };
        assert_eq!(store.migrate(OTHER), Err(refused));
        assert_eq!(store.migrate(NEW).unwrap(), 0);
    });
}

/// A database of 0.1.0 knows no digests: they are taken over once, and hold from then on.
#[test]
fn a_database_without_digests_is_adopted() {
    each_engine(|store| {
        store.migrate(OLD).unwrap();
        run(store, "DELETE FROM schema_migration WHERE module = 'store' AND number >= 2");
        let only_postgres = match store.engine() {
            Engine::Sqlite => "",
            Engine::Postgres => "DROP SEQUENCE row_change_id; DROP FUNCTION row_change_never;",
        };
        let undone = "ALTER TABLE schema_migration DROP COLUMN sha256; DROP TABLE row_change; DROP TABLE row_recorded;";
        store.write(|tx| tx.define(&format!("{undone} {only_postgres}"))).unwrap();
        assert_eq!(store.migrate(NEW).unwrap(), 3, "the store's own two steps and the module's");
        let missing = "SELECT COUNT(*) FROM schema_migration WHERE sha256 IS NULL";
        assert_eq!(store.read(|tx| tx.one(missing, &[], |row| row.int(0))).unwrap(), Some(0));
        assert!(matches!(store.migrate(OTHER), Err(StoreError::OtherMigration { .. })));
    });
}

#[test]
fn a_module_nobody_knows_is_refused_in_both_languages() {
    each_engine(|store| {
        store.migrate(NEW).unwrap();
        let before = steps(store);
        let refused = store.migrate(OLD).unwrap_err();
        assert_eq!(refused, StoreError::Newer { module: "test".into(), number: 2, known: 1 });
        let refused = store.migrate(&[]).unwrap_err();
        assert_eq!(refused, StoreError::Newer { module: "test".into(), number: 2, known: 0 });
        for (lang, word) in [(Lang::Zh, "没有该模块"), (Lang::En, "no such module")] {
            let text = refused.text(lang);
            assert!(text.contains(word) && text.contains("test") && text.contains(env!("CARGO_PKG_VERSION")));
        }
        assert_eq!(steps(store), before);
    });
}

/// XC-18: what an earlier version backed up comes back, and is then brought up like the database it came from.
#[test]
fn a_backup_of_an_earlier_version_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let old = Store::open(folder.path().join("old.db").to_str().unwrap()).unwrap();
    let file = folder.path().join("old.backup");
    old.migrate(OLD).unwrap();
    run(&old, "INSERT INTO thing (id) VALUES (7)");
    let taken = old.backup(&file).unwrap();
    each_engine(|store| {
        store.migrate_to(NEW, &taken.migrations).unwrap();
        store.restore(&file).unwrap();
        assert_eq!(store.migrate(NEW).unwrap(), 1);
        let found =
            store.read(|tx| tx.one("SELECT COUNT(name) + id FROM thing GROUP BY id", &[], |row| row.int(0)));
        assert_eq!(found.unwrap(), Some(7));
        let later = [("test".to_owned(), 3, "later".to_owned())];
        assert!(matches!(store.migrate_to(NEW, &later), Err(StoreError::Newer { number: 3, known: 2, .. })));
    });
}

/// XC-16: rows of an owner nobody knows, and a list of schema steps that is not whole, are found.
#[test]
fn strange_owners_and_altered_steps_are_found() {
    let path = std::env::temp_dir().join(format!("owners_{}.db", std::process::id()));
    let store = Store::open(&path.display().to_string()).unwrap();
    let schema: &[Schema] = &[];
    store.migrate(schema).unwrap();
    let look = || {
        store
            .read(|tx| {
                let owners = tx.owners_other_than(&[1])?;
                Ok::<_, StoreError>((owners, tx.schema_step_faults(schema)?))
            })
            .unwrap()
    };
    assert_eq!(look(), (Vec::new(), Vec::new()));
    store
        .write(|tx| {
            for org_id in [1, 2] {
                tx.execute(
                    "INSERT INTO idempotency (org_id, request_key, verb, body_hash, response, made_at)
                     VALUES (?1, 'a', 'v', ?2, '', 0)",
                    store::params![org_id, &[0_u8; 32][..]],
                )?;
            }
            tx.execute("UPDATE schema_migration SET name = 'other' WHERE number = 1", &[])?;
            tx.execute("DELETE FROM schema_migration WHERE number = 2", &[])
        })
        .unwrap();
    let (owners, steps) = look();
    assert_eq!(owners, [("idempotency".to_owned(), 2), ("row_change".to_owned(), 2)]);
    assert_eq!(steps, ["store 1", "store 2"]);
}
