//! The door, on both engines. PostgreSQL is used when `ZHANGFANG_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used)]

use kernel::{Date, Moment};
use store::{Bulk, Kind, Migration, Schema, Store, StoreError, params};

const SCHEMA: &[Schema] = &[Schema {
    module: "test",
    unrecorded: &[],
    migrations: &[Migration {
        number: 1,
        name: "things",
        both: "CREATE TABLE thing (org_id INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT, bytes BLOB, version INTEGER NOT NULL,
                 PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;",
        sqlite: "",
        postgres: "",
    }],
}];

fn each_engine(test: impl Fn(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    assert_eq!(store.migrate(SCHEMA).unwrap(), 4);
    test(&store);
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        assert_eq!(store.migrate(SCHEMA).unwrap(), 4);
        test(&store);
    }
}

fn now() -> Moment {
    Moment::on(Date::new(2026, 1, 5).unwrap(), 9, 0)
}

fn count(store: &Store) -> i64 {
    store.read(|tx| tx.one("SELECT COUNT(*) FROM thing", &[], |row| row.int(0))).unwrap().unwrap()
}

#[test]
fn what_was_written_reads_back() {
    each_engine(|store| {
        store
            .write(|tx| {
                tx.execute(
                    "INSERT INTO thing (org_id, id, name, bytes, version) VALUES (?1, ?2, ?3, ?4, 1)",
                    params![1, 7, "账房", &[0_u8, 255]],
                )
            })
            .unwrap();
        let (name, bytes, version) = store
            .read(|tx| {
                tx.one(
                    "SELECT name, bytes, version FROM thing WHERE org_id = ?1 AND id = ?2",
                    params![1, 7],
                    |row| Ok::<_, StoreError>((row.text(0)?, row.blob(1)?, row.int(2)?)),
                )
            })
            .unwrap()
            .unwrap();
        assert_eq!((name.as_str(), bytes, version), ("账房", vec![0, 255], 1));
    });
}

#[test]
fn a_failed_command_leaves_nothing() {
    each_engine(|store| {
        let failed = store.write(|tx| {
            tx.execute("INSERT INTO thing (org_id, id, version) VALUES (1, 1, 1)", &[])?;
            Err::<(), _>(StoreError::Stale("it".into()))
        });
        assert_eq!(failed, Err(StoreError::Stale("it".into())));
        assert_eq!(count(store), 0);
    });
}

#[test]
fn a_reader_cannot_write() {
    each_engine(|store| {
        let tried =
            store.read(|tx| tx.execute("INSERT INTO thing (org_id, id, version) VALUES (1, 1, 1)", &[]));
        assert!(tried.is_err());
    });
}

#[test]
fn duplicates_and_stale_versions_are_told_apart() {
    each_engine(|store| {
        let insert =
            || store.write(|tx| tx.execute("INSERT INTO thing (org_id, id, version) VALUES (1, 1, 1)", &[]));
        insert().unwrap();
        assert!(matches!(insert(), Err(StoreError::Duplicate(_))));
        let update = |version: i64| {
            store.write(|tx| {
                tx.execute_one(
                    "thing 1",
                    "UPDATE thing SET version = version + 1 WHERE id = 1 AND version = ?1",
                    params![version],
                )
            })
        };
        update(1).unwrap();
        assert_eq!(update(1), Err(StoreError::Stale("thing 1".into())));
    });
}

#[test]
fn bulk_rows_arrive_whole() {
    each_engine(|store| {
        let columns = &[
            ("org_id", Kind::Int),
            ("id", Kind::Int),
            ("name", Kind::Text),
            ("bytes", Kind::Blob),
            ("version", Kind::Int),
        ];
        let mut bulk = Bulk::new("thing", columns);
        for id in 0..10_000_i64 {
            let name = format!("表{id}");
            let name = (id % 3 != 0).then_some(name.as_str());
            bulk.row(params![1, id, name, &id.to_be_bytes(), 1]).unwrap();
        }
        assert!(bulk.row(params![1]).is_err());
        assert!(bulk.row(params!["no", 1, "x", &[1_u8], 1]).is_err());
        assert_eq!(store.write(|tx| tx.load(&mut bulk)).unwrap(), 10_000);
        assert_eq!(count(store), 10_000);
        let mut sum = 0;
        store
            .read(|tx| {
                tx.each("SELECT id, name, bytes FROM thing ORDER BY org_id, id", &[], |row| {
                    let id = row.int(0)?;
                    assert_eq!(row.text_or_null(1)?, (id % 3 != 0).then(|| format!("表{id}")));
                    assert_eq!(row.blob(2)?, id.to_be_bytes());
                    sum += id;
                    Ok::<_, StoreError>(())
                })
            })
            .unwrap();
        assert_eq!(sum, 49_995_000);
    });
}

#[test]
fn the_same_request_is_answered_once() {
    each_engine(|store| {
        let ask = |body: &[u8]| {
            store.write(|tx| match tx.remembered(1, "issue", "k1", body)? {
                Some(answer) => Ok((false, answer)),
                None => {
                    tx.execute("INSERT INTO thing (org_id, id, version) VALUES (1, 1, 1)", &[])?;
                    tx.remember(1, "issue", "k1", body, "done", now())?;
                    Ok((true, "done".to_owned()))
                }
            })
        };
        assert_eq!(ask(b"a"), Ok((true, "done".into())));
        assert_eq!(ask(b"a"), Ok((false, "done".into())));
        assert_eq!(ask(b"b"), Err(StoreError::KeyReused("k1".into())));
        assert_eq!(count(store), 1);
    });
}

#[test]
fn many_at_once_share_commits_and_all_are_kept() {
    each_engine(|store| {
        std::thread::scope(|scope| {
            for thread in 0..8_i64 {
                scope.spawn(move || {
                    for at in 0..100_i64 {
                        let kept = store.write(|tx| {
                            tx.execute(
                                "INSERT INTO thing (org_id, id, version) VALUES (1, ?1, 1)",
                                params![thread * 1000 + at],
                            )?;
                            if at % 10 == 9 { Err(StoreError::Busy) } else { Ok(()) }
                        });
                        assert_eq!(kept.is_ok(), at % 10 != 9);
                    }
                });
            }
        });
        assert_eq!(count(store), 720);
    });
}

#[test]
fn a_panic_in_a_command_harms_nobody_else() {
    each_engine(|store| {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            store.write(|tx| -> Result<(), StoreError> {
                tx.execute("INSERT INTO thing (org_id, id, version) VALUES (1, 1, 1)", &[])?;
                panic!("in the middle")
            })
        }));
        assert!(panicked.is_err());
        store
            .write(|tx| tx.execute("INSERT INTO thing (org_id, id, version) VALUES (1, 2, 1)", &[]))
            .unwrap();
        assert_eq!(count(store), 1);
    });
}

/// XC-18
#[test]
fn a_backup_taken_in_use_restores() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let store = Store::open(&path("live.db")).unwrap();
    store.migrate(SCHEMA).unwrap();
    store.write(|tx| tx.execute("INSERT INTO thing (org_id, id, version) VALUES (1, 1, 1)", &[])).unwrap();
    store.backup_to(&path("copy.db")).unwrap();
    store.write(|tx| tx.execute("INSERT INTO thing (org_id, id, version) VALUES (1, 2, 1)", &[])).unwrap();
    assert!(store.backup_to(&path("copy.db")).is_err(), "an existing file is never overwritten");
    let restored = Store::open(&path("copy.db")).unwrap();
    assert_eq!(restored.migrate(SCHEMA).unwrap(), 0);
    assert_eq!((count(&store), count(&restored)), (2, 1));
}

#[test]
fn a_newer_database_is_refused_untouched() {
    each_engine(|store| {
        store
            .write(|tx| {
                tx.execute(
                    "INSERT INTO schema_migration (module, number, name) VALUES ('test', 9, 'later')",
                    &[],
                )
            })
            .unwrap();
        assert_eq!(
            store.migrate(SCHEMA),
            Err(StoreError::Newer { module: "test".into(), number: 9, known: 1 })
        );
    });
}
