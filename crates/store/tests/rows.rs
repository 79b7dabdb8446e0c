//! Every row is as the program left it, or it is found. PostgreSQL is used when `ZHANGFANG_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used)]

use store::{
    Bulk, Column, Engine, Kind, Migration, RowFault, RowFaultKind, Schema, Store, StoreError, params,
};

const FIRST: Migration = Migration {
    number: 1,
    name: "goods",
    both: "CREATE TABLE goods (
             org_id INTEGER NOT NULL, code TEXT NOT NULL, name TEXT, price INTEGER NOT NULL, picture BLOB,
             PRIMARY KEY (org_id, code)) STRICT, WITHOUT ROWID;
           CREATE TABLE part (
             org_id INTEGER NOT NULL, code TEXT NOT NULL, line INTEGER NOT NULL, PRIMARY KEY (org_id, code, line),
             FOREIGN KEY (org_id, code) REFERENCES goods (org_id, code) ON DELETE CASCADE) STRICT, WITHOUT ROWID;
           CREATE TABLE visit (org_id INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (org_id, at)) STRICT;",
    sqlite: "",
    postgres: "",
};
/// A column that is filled, one that is empty, one that goes, rows rewritten, a table that comes and one that goes, and a table that
/// is not recorded with one column more.
const SECOND: Migration = Migration {
    number: 2,
    name: "stock",
    both: "ALTER TABLE goods ADD COLUMN stock INTEGER NOT NULL DEFAULT 7;
           ALTER TABLE goods DROP COLUMN picture;
           ALTER TABLE part ADD COLUMN note TEXT;
           UPDATE goods SET price = price + 1;
           DROP TABLE part;
           CREATE TABLE shelf (org_id INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (org_id, id)) STRICT;
           INSERT INTO shelf (org_id, id) VALUES (1, 1);
           ALTER TABLE visit ADD COLUMN why TEXT;
           UPDATE visit SET why = 'seen';",
    sqlite: "",
    postgres: "",
};
const BEFORE: &[Schema] = &[Schema { module: "test", unrecorded: &["visit"], migrations: &[FIRST] }];
const AFTER: &[Schema] = &[Schema { module: "test", unrecorded: &["visit"], migrations: &[FIRST, SECOND] }];
const COLUMNS: &[Column] = &[
    ("org_id", Kind::Int),
    ("code", Kind::Text),
    ("price", Kind::Int),
    ("name", Kind::Text),
    ("picture", Kind::Blob),
];

/// A database and where it is, for edits past the program.
struct Place<'p> {
    store: &'p Store,
    url: &'p str,
}

impl Place<'_> {
    fn faults(&self, schema: &[Schema]) -> Vec<RowFault> {
        self.store.read(|tx| tx.row_faults(1, schema, &mut |_| ())).unwrap().1
    }
    fn is_whole(&self) {
        assert_eq!(self.faults(BEFORE), []);
    }
    fn write(&self, sql: &str) -> Result<u64, StoreError> {
        self.store.write(|tx| tx.execute(sql, &[]))
    }
    /// As another program does it.
    fn edit(&self, sql: &str) {
        match self.store.engine() {
            Engine::Sqlite => {
                let edit = rusqlite::Connection::open(self.url).unwrap();
                edit.execute_batch(sql).unwrap();
            }
            Engine::Postgres => {
                let mut edit = postgres::Client::connect(self.url, postgres::NoTls).unwrap();
                edit.batch_execute(sql).unwrap();
            }
        }
    }
}

fn each_engine(test: impl Fn(&Place<'_>)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let url = path.to_str().unwrap();
    let store = Store::open(url).unwrap();
    store.migrate(BEFORE).unwrap();
    test(&Place { store: &store, url });
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        store.migrate(BEFORE).unwrap();
        test(&Place { store: &store, url: &database.url });
    }
}

/// Goods of several kinds of values, and their parts.
fn fill(store: &Store) {
    let mut bulk = Bulk::new("goods", COLUMNS);
    for number in 0..100_i64 {
        let code = format!("G{number}");
        let name = (number % 3 != 0).then(|| format!("货物 it's; {number} :\n"));
        let picture = [0, 255, (number % 256) as u8];
        let picture = (number % 2 == 0).then_some(&picture[..]);
        bulk.row(params![1_i64, &code, number * -1_000_003, name.as_ref(), picture]).unwrap();
    }
    store
        .write(|tx| {
            tx.load(&mut bulk)?;
            tx.execute("INSERT INTO part (org_id, code, line) SELECT org_id, code, 1 FROM goods", &[])?;
            tx.execute("INSERT INTO part (org_id, code, line) SELECT org_id, code, 2 FROM goods", &[])
        })
        .unwrap();
}

/// XC-01: a bulk whose last row is refused leaves no row behind, neither of the attempt it stands in, which the command
/// outlives, nor when the command does not look at the refusal.
#[test]
fn a_bulk_is_loaded_whole_or_not_at_all() {
    each_engine(|place| {
        let store = place.store;
        fill(store);
        // The wrong row is the first or the last of one statement, or stands alone behind full ones.
        for (count, wrong) in [(32, 0), (32, 31), (70, 40), (65, 64), (1, 0)] {
            let filled = || {
                let mut bulk = Bulk::new("goods", COLUMNS);
                for number in 0..count {
                    let code = if number == wrong { "G7".to_owned() } else { format!("B{number}") };
                    bulk.row(params![1_i64, &code, 1_i64, None::<&str>, None::<&[u8]>]).unwrap();
                }
                bulk
            };
            let kept = format!("kept {count} {wrong}");
            store
                .write(|tx| {
                    let tried = tx.attempt(|tx| tx.load(&mut filled()));
                    assert!(matches!(tried, Err(StoreError::Duplicate(_))), "{tried:?}");
                    tx.execute("UPDATE goods SET name = ?1", params![&kept])
                })
                .unwrap();
            let unseen = store.write(|tx| {
                let _ = tx.load(&mut filled());
                Ok::<_, StoreError>(())
            });
            assert!(unseen.is_err());
            let found = store.read(|tx| {
                tx.one("SELECT COUNT(*) FROM goods WHERE name = ?1", params![&kept], |row| row.int(0))
            });
            assert_eq!(found, Ok(Some(100)));
            assert_eq!(
                store.read(|tx| tx.one("SELECT COUNT(*) FROM goods", &[], |row| row.int(0))),
                Ok(Some(100))
            );
            place.is_whole();
        }
    });
}

/// XC-15: whatever the program does to rows, they are as it left them: in bulk and one by one, replaced, deleted with what
/// hangs on them, undone in part and undone whole, by several commands at once.
#[test]
fn what_the_program_does_is_as_it_should_be() {
    each_engine(|place| {
        let store = place.store;
        fill(store);
        place.is_whole();
        for sql in [
            "UPDATE goods SET price = 5 WHERE code = 'G7'",
            "UPDATE goods SET price = price, picture = NULL, name = ''",
            "UPDATE goods SET code = 'H1' WHERE code = 'G1' AND FALSE",
            "DELETE FROM goods WHERE code IN ('G3', 'G4')",
            "INSERT INTO goods (org_id, code, price) VALUES (1, 'G7', 1), (1, 'N', 2)
             ON CONFLICT (org_id, code) DO UPDATE SET price = excluded.price",
            "INSERT INTO goods (org_id, code, price) VALUES (1, 'G7', 9) ON CONFLICT DO NOTHING",
            "INSERT INTO visit (org_id, at) VALUES (1, 1)",
            "INSERT INTO goods (org_id, code, price) VALUES (2, 'G7', 1)",
        ] {
            place.write(sql).unwrap();
            assert_eq!(place.faults(BEFORE), [], "{sql}");
        }
        store
            .write(|tx| {
                tx.execute("UPDATE goods SET price = 1", &[])?;
                let undone = tx.attempt(|tx| {
                    tx.execute("UPDATE goods SET price = 2", &[])?;
                    tx.execute("INSERT INTO goods (org_id, code, price) VALUES (1, 'N', 2)", &[])
                });
                assert!(undone.is_err());
                tx.attempt(|tx| tx.execute("UPDATE goods SET name = 'kept'", &[]))
            })
            .unwrap();
        place.is_whole();
        let refused = store.write(|tx| {
            tx.execute("DELETE FROM goods", &[])?;
            Err::<(), _>(StoreError::Busy)
        });
        assert!(refused.is_err());
        place.is_whole();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for number in 0..20_i64 {
                        let code = format!("T{thread} {number}");
                        let done = store.write(|tx| {
                            tx.execute(
                                "INSERT INTO goods (org_id, code, price) VALUES (1, ?1, 1)",
                                params![&code],
                            )?;
                            if number % 3 == 0 { Err(StoreError::Busy) } else { Ok(()) }
                        });
                        assert_eq!(done.is_ok(), number % 3 != 0);
                    }
                });
            }
        });
        place.is_whole();
        // Opened again by another program of ours.
        let again = Store::open(place.url).unwrap();
        again.write(|tx| tx.execute("UPDATE goods SET price = 3 WHERE code = 'N'", &[])).unwrap();
        place.is_whole();
    });
}

/// XC-15: one edit past the program, in any table and column, is found and named.
#[test]
fn what_somebody_else_does_is_found() {
    let unwritten =
        |table: &str, key: &str| RowFault { table: table.into(), kind: RowFaultKind::Unwritten(key.into()) };
    let missing = |table: &str, rows| RowFault { table: table.into(), kind: RowFaultKind::Missing(rows) };
    let cases = [
        (
            "UPDATE goods SET price = price + 1 WHERE code = 'G5'",
            vec![unwritten("goods", "code G5"), missing("goods", 1)],
        ),
        (
            "UPDATE goods SET name = NULL WHERE code = 'G5'",
            vec![unwritten("goods", "code G5"), missing("goods", 1)],
        ),
        ("DELETE FROM part WHERE code = 'G5'", vec![missing("part", 2)]),
        (
            "INSERT INTO part (org_id, code, line) VALUES (1, 'G5', 3)",
            vec![unwritten("part", "code G5, line 3")],
        ),
        ("INSERT INTO visit (org_id, at) VALUES (1, 1)", vec![]),
    ];
    each_engine(|place| {
        fill(place.store);
        for (edit, expected) in &cases {
            let before = place.faults(BEFORE);
            assert_eq!(before, [], "{edit}");
            place.edit(edit);
            assert_eq!(&place.faults(BEFORE), expected, "{edit}");
            // What the program does afterwards does not hide it.
            place.write("UPDATE goods SET price = 77 WHERE code = 'G5'").unwrap();
            assert_eq!(place.faults(BEFORE).is_empty(), expected.is_empty(), "{edit}");
            place.write("DELETE FROM goods").unwrap();
            assert_eq!(place.faults(BEFORE).is_empty(), expected.is_empty(), "{edit}");
            // Begin again, as whoever edits can: by the list of changes.
            match place.store.engine() {
                Engine::Sqlite => place.edit(
                    "DROP TRIGGER row_change_no_delete; DELETE FROM row_change; DELETE FROM part; DELETE FROM visit;
                     CREATE TRIGGER row_change_no_delete BEFORE DELETE ON row_change
                     BEGIN SELECT RAISE(ABORT, 'no'); END;",
                ),
                Engine::Postgres => place.edit(
                    "ALTER TABLE row_change DISABLE TRIGGER USER; DELETE FROM row_change; DELETE FROM part;
                     DELETE FROM visit; ALTER TABLE row_change ENABLE TRIGGER USER",
                ),
            }
            fill(place.store);
        }
    });
}

/// XC-15: a row as the program once left it, brought back after the program changed it, is found.
#[test]
fn an_earlier_row_brought_back_is_found() {
    each_engine(|place| {
        for price in [1, 2, 1, 3] {
            let sql = format!(
                "INSERT INTO goods (org_id, code, price) VALUES (1, 'G', {price})
                 ON CONFLICT (org_id, code) DO UPDATE SET price = excluded.price"
            );
            place.write(&sql).unwrap();
        }
        place.is_whole();
        for earlier in [1, 2] {
            place.edit(&format!("UPDATE goods SET price = {earlier}"));
            let kinds: Vec<_> = place.faults(BEFORE).into_iter().map(|fault| fault.kind).collect();
            assert_eq!(
                kinds,
                [RowFaultKind::Unwritten("code G".into()), RowFaultKind::Missing(1)],
                "{earlier}"
            );
        }
        place.edit("UPDATE goods SET price = 3");
        place.is_whole();
    });
}

/// XC-15: what a command did to many rows is kept in pieces of at most 8192 rows; while all rows are looked at, it is
/// told how far it is.
#[test]
fn many_rows_are_kept_in_pieces() {
    let insert = |from: i64, to: i64| {
        format!(
            "INSERT INTO goods (org_id, code, price) WITH RECURSIVE number (i) AS (
               SELECT {from} UNION ALL SELECT i + 1 FROM number WHERE i < {to})
             SELECT 1, 'N' || i, i FROM number"
        )
    };
    each_engine(|place| {
        let in_pieces = place.store.engine() == Engine::Sqlite;
        let mut kept = 0;
        // New and old rows count alike.
        for (sql, pieces) in [
            (insert(1, 8_192), 1),
            (insert(8_193, 16_385), 2),
            ("UPDATE goods SET price = 0 WHERE price <= 4096".to_owned(), 1),
            ("UPDATE goods SET price = -1 WHERE price <= 4097".to_owned(), 2),
        ] {
            place.write(&sql).unwrap();
            kept += if in_pieces { pieces } else { 1 };
            assert_eq!(place.store.read(|tx| tx.rows_pending(1, "")).unwrap(), kept, "{sql}");
        }
        let mut told = Vec::new();
        let (looked_at, faults) =
            place.store.read(|tx| tx.row_faults(1, BEFORE, &mut |so_far| told.push(so_far))).unwrap();
        assert_eq!((looked_at, faults), (16_385, vec![]));
        assert_eq!(told, [4_096, 8_192, 12_288, 16_384]);
    });
}

/// The list of changes itself only grows, and a change is bound once.
#[test]
fn changes_are_bound_once_and_never_edited() {
    each_engine(|place| {
        let store = place.store;
        fill(store);
        let pending = store.read(|tx| tx.rows_pending(1, "")).unwrap();
        assert!(pending >= 2, "{pending}");
        let bound = store.write(|tx| tx.bind_rows(1, 40)).unwrap();
        assert_eq!(bound.len() as i64, pending);
        assert!(bound.is_sorted_by_key(|change| change.id));
        assert!(bound.iter().all(|change| change.bound == Some(40)));
        assert_eq!(store.read(|tx| tx.rows_pending(1, "")).unwrap(), 0);
        assert_eq!(store.write(|tx| tx.bind_rows(1, 41)).unwrap(), []);
        place.write("UPDATE part SET line = 9 WHERE line = 2").unwrap();
        assert_eq!(store.read(|tx| tx.rows_pending(1, "part")).unwrap(), 0);
        let later = store.write(|tx| tx.bind_rows(1, 41)).unwrap();
        assert_eq!(later.iter().map(|change| change.table.as_str()).collect::<Vec<_>>(), ["part"]);
        let mut all = Vec::new();
        store.read(|tx| tx.each_row_change(1, |change| all.push(change))).unwrap();
        all.sort_unstable_by_key(|change| change.id);
        assert_eq!(all, [bound, later].concat());
        for edit in [
            "UPDATE row_change SET bound = 42",
            "UPDATE row_change SET bound = NULL",
            "UPDATE row_change SET added = removed",
            "DELETE FROM row_change",
        ] {
            assert!(place.write(edit).is_err(), "{edit}");
        }
        place.is_whole();
        // A command binds what it has changed itself, and what it changes after that is left for the next.
        let own = store
            .write(|tx| {
                tx.execute("UPDATE part SET line = 2 WHERE line = 9", &[])?;
                let pending = tx.rows_pending(1, "")?;
                let own = tx.bind_rows(1, 50)?;
                tx.execute("UPDATE part SET line = 3 WHERE line = 2", &[])?;
                assert_eq!((pending, own.len(), tx.rows_pending(1, "")?), (1, 1, 1));
                Ok::<_, StoreError>(own)
            })
            .unwrap();
        assert_eq!((own[0].table.as_str(), own[0].bound), ("part", Some(50)));
        let next = store.write(|tx| tx.bind_rows(1, 51)).unwrap();
        assert_eq!(next.len(), 1);
        assert!(next[0].id > own[0].id && next[0].added != own[0].added);
        place.is_whole();
    });
}

/// XC-15: a database of before, with rows in it, goes on: what its steps did is no edit, and what somebody edited before
/// is still found after them.
#[test]
fn a_new_schema_goes_on_with_the_rows_it_finds() {
    for edited in [false, true] {
        each_engine(|place| {
            fill(place.store);
            place.write("INSERT INTO visit (org_id, at) VALUES (1, 7)").unwrap();
            if edited {
                place.edit("UPDATE goods SET price = 0 WHERE code = 'G5'");
            }
            let later = Store::open(place.url).unwrap();
            later.migrate(AFTER).unwrap();
            let place = Place { store: &later, url: place.url };
            assert_eq!(place.faults(AFTER).is_empty(), !edited);
            place.write("UPDATE goods SET stock = 8 WHERE code = 'G9'").unwrap();
            place.write("INSERT INTO shelf (org_id, id) VALUES (1, 2)").unwrap();
            assert_eq!(place.faults(AFTER).is_empty(), !edited);
            place.edit("DELETE FROM shelf WHERE id = 1");
            assert!(place.faults(AFTER).iter().any(|fault| fault.table == "shelf"));
        });
    }
}

/// XC-15: both engines compute the same fingerprints: a backup of one, restored into the other, is whole, and work goes on.
#[test]
fn fingerprints_move_between_engines() {
    let Some(database) = testbed::postgres_database() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let open = |url: &str| {
        let store = Store::open(url).unwrap();
        store.migrate(BEFORE).unwrap();
        store
    };
    let work = |store: &Store, code: &str| {
        store
            .write(|tx| {
                tx.execute("INSERT INTO goods (org_id, code, price) VALUES (1, ?1, 3)", params![code])?;
                tx.execute("UPDATE goods SET name = name || ?1, price = -price", params![code])
            })
            .unwrap();
        let faults = store.read(|tx| tx.row_faults(1, BEFORE, &mut |_| ())).unwrap();
        assert_eq!(faults.1, []);
        assert!(faults.0 > 300);
    };
    let first = open(path("first.db").to_str().unwrap());
    fill(&first);
    work(&first, "a");
    first.backup(&path("first.backup")).unwrap();
    let second = open(&database.url);
    second.restore(&path("first.backup")).unwrap();
    work(&second, "b");
    second.backup(&path("second.backup")).unwrap();
    let third = open(path("third.db").to_str().unwrap());
    third.restore(&path("second.backup")).unwrap();
    work(&third, "c");
}
