//! The door, on both engines. PostgreSQL is used when `ZHANGFANG_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used)]

use kernel::{Date, Moment, Money, Price, Quantity, Rate};
use store::{Bulk, Kind, Migration, Row, Schema, Store, StoreError, Value, params};

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

/// Figures, days and moments are stored as whole numbers and come back as what they were; nothing comes back as nothing.
#[test]
fn figures_read_back_as_what_they_were() {
    let day = Date::new(2026, 1, 5).unwrap();
    let (money, quantity) = (Money::from_fen(-12_345), Quantity::from_units(7_000_001));
    let (price, rate) = (Price::from_units(622_000_000_001), Rate::from_units(-15_000_000_001));
    each_engine(|store| {
        let read = |value: Value<'_>, check: &dyn Fn(&Row<'_>)| {
            store
                .write(|tx| {
                    tx.execute("DELETE FROM thing", &[])?;
                    let sql = "INSERT INTO thing (org_id, id, version) VALUES (1, 1, ?1)";
                    tx.execute(sql, &[value])
                })
                .unwrap();
            let sql = "SELECT version, CAST(NULL AS BIGINT) FROM thing";
            let looked = store.read(|tx| {
                tx.one(sql, &[], |row| {
                    check(row);
                    Ok::<_, StoreError>(true)
                })
            });
            assert_eq!(looked, Ok(Some(true)));
        };
        read(Value::from(money), &|row| assert_eq!((row.money(0), row.int(0)), (Ok(money), Ok(-12_345))));
        read(Value::from(quantity), &|row| {
            assert_eq!((row.quantity(0), row.int(0)), (Ok(quantity), Ok(7_000_001)));
        });
        read(Value::from(price), &|row| {
            assert_eq!((row.price(0), row.int(0)), (Ok(price), Ok(622_000_000_001)));
        });
        read(Value::from(rate), &|row| {
            assert_eq!((row.rate(0), row.int(0)), (Ok(rate), Ok(-15_000_000_001)))
        });
        for (flag, number) in [(true, 1), (false, 0)] {
            read(Value::from(flag), &|row| assert_eq!((row.flag(0), row.int(0)), (Ok(flag), Ok(number))));
        }
        read(Value::from(day), &|row| {
            assert_eq!(
                (row.date(0), row.date_or_null(0), row.int(0)),
                (Ok(day), Ok(Some(day)), Ok(20_260_105))
            );
            assert_eq!(row.date_or_null(1), Ok(None));
        });
        read(Value::from(day.month()), &|row| {
            assert_eq!((row.month(0), row.int(0)), (Ok(day.month()), Ok(202_601)));
        });
        read(Value::from(now()), &|row| {
            assert_eq!((row.moment(0), row.moment_or_null(0)), (Ok(now()), Ok(Some(now()))));
            assert_eq!(row.moment_or_null(1), Ok(None));
            for missing in [row.int(1), row.flag(1).map(i64::from), row.money(1).map(Money::fen)] {
                let expected = "a whole number, not null";
                assert_eq!(missing, Err(StoreError::WrongType { column: 1, expected }));
            }
        });
        // A number that is no day is refused.
        read(Value::Int(20_260_230), &|row| {
            assert!(row.date(0).is_err() && row.date_or_null(0).is_err() && row.month(0).is_err());
        });
    });
}

/// A database is named by its path, with or without the scheme, or by its server; the door says which engine it is,
/// and how large.
#[test]
fn the_door_says_what_is_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("named.db");
    let path = path.to_str().unwrap();
    for url in [path.to_owned(), format!("sqlite:{path}"), format!("sqlite://{path}")] {
        let store = Store::open(&url).unwrap();
        assert_eq!(store.engine().name(), "sqlite", "{url}");
        assert!(store.engine_version().unwrap().starts_with("SQLite 3."));
        store.migrate(SCHEMA).unwrap();
        let sizes =
            ["", "-wal"].map(|end| std::fs::metadata(format!("{path}{end}")).map_or(0, |file| file.len()));
        assert!(sizes[0] + sizes[1] > 8_192, "{sizes:?}");
        assert_eq!(store.size_bytes(), Ok((sizes[0] + sizes[1]) as i64));
    }
    for (url, what) in [("mysql://clerk:secret@host/db", "mysql://..."), ("file:///x.db", "file://...")] {
        let why = "write postgres://user:password@host/name, or the path of an SQLite file".to_owned();
        let refused = Store::open(url).map(|_| ());
        assert_eq!(refused, Err(StoreError::Open { what: what.to_owned(), why }));
    }
    for scheme in ["postgres", "postgresql"] {
        let refused = Store::open(&format!("{scheme}://clerk:secret@127.0.0.1:1/db")).map(|_| ());
        let Err(StoreError::Open { why, .. }) = &refused else { panic!("{refused:?}") };
        // The reason of the driver and what caused it, once each.
        assert!(why.contains("Connection refused") && !why.contains("write postgres"), "{why}");
        assert_eq!(why.matches("Connection refused").count(), 1, "{why}");
    }
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        assert_eq!(store.engine().name(), "postgres");
        assert!(store.engine_version().unwrap().starts_with("PostgreSQL "));
        assert!(store.size_bytes().unwrap() > 1 << 20);
    }
}

/// A load of any number of rows arrives whole, also where it fills the statements for many rows exactly.
#[test]
fn loads_of_every_size_arrive_whole() {
    each_engine(|store| {
        let mut bulk =
            Bulk::new("thing", &[("org_id", Kind::Int), ("id", Kind::Int), ("version", Kind::Int)]);
        let mut expected = 0;
        for rows in [1, 2, 31, 32, 33, 63, 64, 65, 96, 128, 160, 1_000, 1_024] {
            for id in expected..expected + rows {
                bulk.row(params![1, id, id * 3]).unwrap();
            }
            assert_eq!(store.write(|tx| tx.load(&mut bulk)), Ok(rows as u64), "{rows}");
            expected += rows;
            let right = "SELECT COUNT(*) FROM thing WHERE version = id * 3";
            assert_eq!(store.read(|tx| tx.one(right, &[], |row| row.int(0))), Ok(Some(expected)), "{rows}");
        }
    });
}

/// SQLite: tidying moves the log into the file, and statistics are there after they were asked for.
#[test]
fn the_log_is_tidied_and_statistics_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let store = Store::open(path.to_str().unwrap()).unwrap();
    store.migrate(SCHEMA).unwrap();
    let mut bulk = Bulk::new("thing", &[("org_id", Kind::Int), ("id", Kind::Int), ("version", Kind::Int)]);
    for id in 0..5_000_i64 {
        bulk.row(params![1, id, 1]).unwrap();
    }
    store.write(|tx| tx.load(&mut bulk)).unwrap();
    let size = || std::fs::metadata(&path).unwrap().len();
    let before = size();
    store.tidy_log().unwrap();
    assert!(size() > before + 40_000, "{before} to {}", size());
    store.refresh_statistics().unwrap();
    let known = "SELECT COUNT(*) FROM sqlite_stat1 WHERE tbl = 'thing'";
    assert_eq!(store.read(|tx| tx.one(known, &[], |row| row.int(0))), Ok(Some(1)));
}

/// Keys made by the door itself and inside a command grow together.
#[test]
fn keys_grow_inside_and_outside_of_commands() {
    each_engine(|store| {
        let first = store.next_key(now());
        let (second, third) =
            store.write(|tx| Ok::<_, StoreError>((tx.next_key(now()), tx.next_key(now())))).unwrap();
        assert!(now().millis() < first && first < second && second < third && third < store.next_key(now()));
    });
}

/// Programs that share a server make keys that are never the same, though their clocks are.
#[test]
fn programs_on_one_server_make_different_keys() {
    let Some(database) = testbed::postgres_database() else { return };
    let stores: Vec<Store> = (0..4).map(|_| Store::open(&database.url).unwrap()).collect();
    let keys: std::collections::BTreeSet<i64> = stores.iter().map(|store| store.next_key(now())).collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
}

/// A bulk load knows how much it holds, is empty when it was loaded, and can be filled anew.
#[test]
fn a_bulk_load_is_emptied_by_loading() {
    each_engine(|store| {
        let mut bulk =
            Bulk::new("thing", &[("org_id", Kind::Int), ("id", Kind::Int), ("version", Kind::Int)]);
        assert_eq!((bulk.table(), bulk.rows(), bulk.encoded_bytes()), ("thing", 0, 0));
        for (from, expected) in [(0, 3), (3, 6)] {
            for id in from..from + 3 {
                bulk.row(params![1, id, 1]).unwrap();
            }
            // Two bytes for the number of fields, four for the length of each and eight for its number.
            assert_eq!((bulk.rows(), bulk.encoded_bytes()), (3, 3 * (2 + 3 * 12)));
            assert_eq!(store.write(|tx| tx.load(&mut bulk)), Ok(3));
            assert_eq!((bulk.rows(), bulk.encoded_bytes()), (0, 0));
            assert_eq!(store.write(|tx| tx.load(&mut bulk)), Ok(0));
            assert_eq!(count(store), expected);
        }
        bulk.row(params![1, 9, 1]).unwrap();
        bulk.clear();
        assert_eq!(store.write(|tx| tx.load(&mut bulk)), Ok(0));
        assert_eq!(count(store), 6);
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
