//! Is the database whole: what guards its rows, its indexes and references, and whose rows they are. PostgreSQL is used
//! when `ZHANGFANG_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used)]

use store::{DefinitionFault, Definitions, Engine, Migration, Schema, Store, compare_definitions};

const SCHEMA: &[Schema] = &[Schema {
    module: "test",
    unrecorded: &["town", "street"],
    migrations: &[Migration {
        number: 1,
        name: "towns",
        both: "CREATE TABLE town (id INTEGER NOT NULL PRIMARY KEY, people INTEGER NOT NULL) STRICT;
               CREATE INDEX town_people ON town (people) WHERE people > 5;
               CREATE TABLE street (id INTEGER NOT NULL PRIMARY KEY,
                 town_id INTEGER NOT NULL REFERENCES town (id)) STRICT;
               INSERT INTO town (id, people) VALUES (1, 5), (2, 6), (3, 7);
               INSERT INTO street (id, town_id) VALUES (10, 1), (11, 2), (12, 2);",
        sqlite: "CREATE TRIGGER town_stays BEFORE DELETE ON town BEGIN SELECT RAISE(ABORT, 'it stays'); END;",
        postgres: "CREATE FUNCTION town_stays() RETURNS trigger LANGUAGE plpgsql AS $$
                   BEGIN RAISE EXCEPTION 'it stays'; END $$;
                   CREATE TRIGGER town_stays BEFORE DELETE ON town FOR EACH STATEMENT EXECUTE FUNCTION town_stays();",
    }],
}];

/// A new database on each engine, and edits to it past the program.
fn each_engine(test: impl Fn(&Store, &dyn Fn(&str))) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let store = Store::open(path.to_str().unwrap()).unwrap();
    store.migrate(SCHEMA).unwrap();
    test(&store, &|sql| rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap());
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        store.migrate(SCHEMA).unwrap();
        test(&store, &|sql| {
            postgres::Client::connect(&database.url, postgres::NoTls).unwrap().batch_execute(sql).unwrap();
        });
    }
}

/// XC-16: what is missing or altered is a fault, and a further trigger; further tables and indexes are not.
#[test]
fn definitions_are_compared() {
    let list = |pairs: &[(&str, &str)]| -> Definitions {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    };
    let expected = list(&[("index i", "a"), ("table t", "b"), ("trigger g", "c")]);
    type Case<'c> = (&'c [(&'c str, &'c str)], &'c [(&'c str, DefinitionFault)]);
    let cases: [Case<'_>; 5] = [
        (&[("index i", "a"), ("table t", "b"), ("trigger g", "c")], &[]),
        (
            &[("index i", "a"), ("table t", "b "), ("trigger g", "c")],
            &[("table t", DefinitionFault::Altered)],
        ),
        (&[("index i", "a"), ("table t", "b")], &[("trigger g", DefinitionFault::Missing)]),
        (&[("index i", "a"), ("index j", ""), ("table t", "b"), ("table u", ""), ("trigger g", "c")], &[]),
        (
            &[("table t", "b"), ("trigger f", "c"), ("trigger g", "d")],
            &[
                ("index i", DefinitionFault::Missing),
                ("trigger g", DefinitionFault::Altered),
                ("trigger f", DefinitionFault::Unknown),
            ],
        ),
    ];
    for (found, faults) in cases {
        let faults: Vec<_> = faults.iter().map(|(name, fault)| ((*name).to_owned(), *fault)).collect();
        assert_eq!(compare_definitions(&list(found), &expected), faults, "{found:?}");
    }
}

/// XC-16: a database is defined as a fresh one of its schema; a guard that is taken away, exchanged or added is named.
#[test]
fn a_guard_that_was_changed_is_named() {
    each_engine(|store, edit| {
        let fresh = store.fresh_definitions(SCHEMA).unwrap();
        let faults = || compare_definitions(&store.read(|tx| tx.definitions()).unwrap(), &fresh);
        assert!(fresh.keys().any(|name| name.contains("town_stays")));
        assert_eq!(faults(), []);
        let (on_town, make, more) = match store.engine() {
            Engine::Sqlite => {
                ("trigger ", "BEFORE DELETE ON town BEGIN SELECT 1; END", "DROP TRIGGER town_stays")
            }
            Engine::Postgres => (
                "trigger town.",
                "BEFORE UPDATE ON town FOR EACH STATEMENT EXECUTE FUNCTION town_stays()",
                "DROP TRIGGER town_stays ON town",
            ),
        };
        edit("CREATE TABLE own (id INTEGER); CREATE INDEX own_index ON own (id)");
        assert_eq!(faults(), []);
        edit(&format!("CREATE TRIGGER stranger {make}"));
        let stranger = (format!("{on_town}stranger"), DefinitionFault::Unknown);
        assert_eq!(faults(), std::slice::from_ref(&stranger));
        edit(more);
        let stays = format!("{on_town}town_stays");
        assert_eq!(faults(), [(stays.clone(), DefinitionFault::Missing), stranger.clone()]);
        edit(&format!("CREATE TRIGGER town_stays {make}"));
        assert_eq!(faults(), [(stays, DefinitionFault::Altered), stranger]);
    });
}

/// XC-16: an index that lacks rows, one that is not valid, and rows that refer to nothing are found and named.
#[test]
fn broken_indexes_and_references_are_named() {
    each_engine(|store, edit| {
        let engine_faults = || store.read(|tx| tx.engine_faults()).unwrap();
        assert_eq!(engine_faults(), Vec::<String>::new());
        match store.engine() {
            Engine::Sqlite => {
                edit(
                    "PRAGMA foreign_keys = OFF; INSERT INTO street (id, town_id) VALUES (13, 77), (14, 78);",
                );
                let streets = "2 rows of street refer to rows of town that are not there";
                assert_eq!(engine_faults(), [streets]);
                edit(
                    "PRAGMA writable_schema = ON;
                     UPDATE sqlite_schema SET sql = 'CREATE INDEX town_people ON town (people)'
                     WHERE name = 'town_people'; PRAGMA writable_schema = RESET; CREATE TABLE later (id INTEGER);",
                );
                let found = engine_faults();
                assert!(found[0].contains("town_people"), "{found:?}");
                assert_eq!(found.last().map(String::as_str), Some(streets));
            }
            Engine::Postgres => {
                edit("UPDATE pg_index SET indpred = NULL WHERE indexrelid = 'town_people'::regclass");
                let found = engine_faults();
                assert_eq!(found, ["index town_people of town does not have the rows of its table"]);
                edit("UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = 'town_people'::regclass");
                assert_eq!(engine_faults(), ["index town_people of town is not valid"]);
            }
        }
    });
}

/// XC-16: only tables whose rows belong to somebody are asked for owners nobody knows.
#[test]
fn tables_without_owners_are_not_asked() {
    each_engine(|store, _| {
        let owners = store.read(|tx| tx.owners_other_than(&[]));
        assert_eq!(owners, Ok(Vec::new()));
    });
}
