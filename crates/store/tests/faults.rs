//! What the door does when things go wrong. PostgreSQL is used when `ZHANGFANG_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::sync::Barrier;

use kernel::{Bilingual, Lang};
use store::{Engine, Migration, Schema, Store, StoreError, params};

const SCHEMA: &[Schema] = &[Schema {
    module: "test",
    unrecorded: &[],
    migrations: &[Migration {
        number: 1,
        name: "things",
        both: "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, bytes BLOB,
                 of_id INTEGER REFERENCES thing (id) DEFERRABLE INITIALLY DEFERRED) STRICT;",
        sqlite: "",
        postgres: "",
    }],
}];

fn each_engine(test: impl Fn(&Store, Option<&str>)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    store.migrate(SCHEMA).unwrap();
    test(&store, None);
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        store.migrate(SCHEMA).unwrap();
        test(&store, Some(&database.url));
    }
}

fn add(store: &Store, id: i64) -> Result<u64, StoreError> {
    store.write(|tx| tx.execute("INSERT INTO thing (id) VALUES (?1)", params![id]))
}

fn count(store: &Store) -> i64 {
    store.read(|tx| tx.one("SELECT COUNT(*) FROM thing", &[], |row| row.int(0))).unwrap().unwrap()
}

#[test]
fn a_command_that_ignores_a_failure_is_not_kept() {
    each_engine(|store, _| {
        add(store, 1).unwrap();
        let outcome = store.write(|tx| {
            tx.execute("INSERT INTO thing (id) VALUES (2)", &[])?;
            let _ = tx.execute("INSERT INTO thing (id) VALUES (1)", &[]);
            Ok::<_, StoreError>(())
        });
        assert!(matches!(outcome, Err(StoreError::FailedBefore(_))), "{outcome:?}");
        assert_eq!(count(store), 1);
        store
            .write(|tx| {
                tx.execute("INSERT INTO thing (id) VALUES (2)", &[])?;
                let tried = tx.attempt(|tx| {
                    tx.execute("INSERT INTO thing (id) VALUES (3)", &[])?;
                    tx.execute("INSERT INTO thing (id) VALUES (1)", &[])
                });
                assert!(matches!(tried, Err(StoreError::Duplicate(_))), "{tried:?}");
                tx.attempt(|tx| tx.execute("INSERT INTO thing (id) VALUES (4)", &[]))
            })
            .unwrap();
        assert_eq!(count(store), 3);
    });
}

/// When the engine has ended the transaction by itself, nothing of the command that goes on is kept, and others work on.
#[test]
fn nothing_is_kept_after_the_transaction_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    store.migrate(SCHEMA).unwrap();
    let mut tried = Vec::new();
    let outcome = store.write(|tx| {
        tx.execute("INSERT INTO thing (id) VALUES (1)", &[])?;
        tx.define("ROLLBACK;")?;
        tried.push(tx.execute("INSERT INTO thing (id) VALUES (2)", &[]));
        tried.push(tx.one("SELECT id FROM thing", &[], |row| row.int(0)).map(|_| 0));
        Ok::<_, StoreError>(())
    });
    let ended = || Err(StoreError::FailedBefore("the transaction has ended".into()));
    assert_eq!(tried, [ended(), ended()]);
    assert!(outcome.is_err(), "{outcome:?}");
    assert_eq!(count(&store), 0);
    add(&store, 3).unwrap();
    assert_eq!(count(&store), 1);
}

#[test]
fn a_full_disk_is_told_to_everybody_whose_work_it_took() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    store.migrate(SCHEMA).unwrap();
    let limit = |pages: u32| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        store.write(|tx| tx.list(&sql, &[], |row| row.int(0))).unwrap();
    };
    limit(40);
    let told = std::thread::scope(|scope| {
        let store = &store;
        let threads: Vec<_> = (0..8_i64)
            .map(|thread| {
                scope.spawn(move || {
                    let ids = (0..40_i64).map(|at| thread * 100 + at);
                    let add = |id: &i64| {
                        let kept = store.write(|tx| {
                            let bytes = vec![1_u8; 5000];
                            let insert = "INSERT INTO thing (id, bytes) VALUES (?1, ?2)";
                            let _ = tx.execute(insert, params![*id, &bytes]);
                            // Going on regardless must not be kept either, not even by the engine's own rules.
                            tx.execute(insert, params![id + 50, &bytes])
                        });
                        kept.is_ok()
                    };
                    ids.filter(add).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<i64>>()
    });
    let mut expected: Vec<i64> = told.iter().flat_map(|id| [*id, id + 50]).collect();
    expected.sort_unstable();
    let there = store.read(|tx| tx.list("SELECT id FROM thing ORDER BY id", &[], |row| row.int(0))).unwrap();
    assert_eq!(there, expected);
    assert!(!told.is_empty() && told.len() < 320, "the disk became full: {}", told.len());
    limit(100_000);
    add(&store, 9999).unwrap();
}

#[test]
fn a_failed_shared_commit_can_be_tried_again() {
    each_engine(|store, _| {
        let tries = Cell::new(0);
        let outcome = store.write_retrying(3, |tx| {
            tries.set(tries.get() + 1);
            let missing = (tries.get() < 3).then_some(99);
            tx.execute("INSERT INTO thing (id, of_id) VALUES (1, ?1)", params![missing])
        });
        match store.engine() {
            // A shared commit that fails may have failed for another's sake.
            Engine::Sqlite => assert_eq!((outcome, tries.get(), count(store)), (Ok(1), 3, 1)),
            Engine::Postgres => {
                assert!(matches!(outcome, Err(StoreError::Refused(_))), "{outcome:?}");
                assert_eq!((tries.get(), count(store)), (1, 0));
            }
        }
        tries.set(0);
        let refused = store.write_retrying(5, |tx| {
            tries.set(tries.get() + 1);
            tx.execute("INSERT INTO nowhere (id) VALUES (1)", &[])
        });
        assert!(refused.is_err());
        assert_eq!(tries.get(), 1, "what cannot succeed is not tried again");
    });
}

#[test]
fn a_deadlock_is_resolved_by_trying_again() {
    each_engine(|store, _| {
        if store.engine() == Engine::Sqlite {
            return;
        }
        add(store, 1).unwrap();
        add(store, 2).unwrap();
        let both_hold_one = Barrier::new(2);
        let tries: u32 = std::thread::scope(|scope| {
            let threads = [(1, 2), (2, 1)].map(|(first, second)| {
                let barrier = &both_hold_one;
                scope.spawn(move || {
                    let mut tries = 0;
                    store
                        .write_retrying(5, |tx| {
                            tries += 1;
                            let touch = "UPDATE thing SET bytes = ?2 WHERE id = ?1";
                            tx.execute(touch, params![first, b"x"])?;
                            if tries == 1 {
                                barrier.wait();
                            }
                            tx.execute(touch, params![second, b"x"])
                        })
                        .unwrap();
                    tries
                })
            });
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(tries, 3, "one of the two was the victim once");
    });
}

#[test]
fn a_command_inside_a_command_is_refused() {
    each_engine(|store, _| {
        let outcome = store.write(|_| add(store, 1));
        assert_eq!(outcome, Err(StoreError::Nested));
        assert_eq!(add(store, 1), Ok(1));
        let looked = store.write(|_| Ok::<_, StoreError>(count(store)));
        assert_eq!(looked, Ok(1));
    });
}

#[test]
fn a_spoiled_reader_is_not_used_again() {
    each_engine(|store, _| {
        add(store, 1).unwrap();
        for spoil in ["ROLLBACK", "nonsense", "SELECT * FROM nowhere"] {
            for _ in 0..20 {
                let _ = store.read(|tx| tx.execute(spoil, &[]));
                assert_eq!(count(store), 1, "{spoil}");
            }
        }
    });
}

#[test]
fn connections_that_died_are_replaced_unnoticed() {
    each_engine(|store, url| {
        let Some(url) = url else { return };
        std::thread::scope(|scope| {
            for id in 0..8 {
                scope.spawn(move || add(store, id).unwrap());
            }
        });
        let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        client.batch_execute(end).unwrap();
        for id in 100..120 {
            add(store, id).unwrap();
        }
        assert_eq!(count(store), 28);
    });
}

#[test]
fn a_connection_that_ends_before_the_commit_leaves_it_unknown_and_a_look_seen() {
    each_engine(|store, url| {
        let Some(url) = url else { return };
        add(store, 1).unwrap();
        let others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let cut = || {
            let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
            client.batch_execute(&format!("SELECT pg_terminate_backend(pid) {others}")).unwrap();
            let left = |client: &mut postgres::Client| -> i64 {
                client.query_one(&format!("SELECT COUNT(*) {others}"), &[]).unwrap().get(0)
            };
            while left(&mut client) > 0 {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        };
        let seen = store.read(|tx| {
            let seen = tx.list("SELECT id FROM thing", &[], |row| row.int(0))?;
            cut();
            Ok::<_, StoreError>(seen)
        });
        assert_eq!(seen.unwrap(), [1]);
        let told = store.write(|tx| {
            tx.execute("INSERT INTO thing (id) VALUES (2)", &[])?;
            cut();
            Ok::<_, StoreError>(())
        });
        assert!(matches!(told, Err(StoreError::CommitUnknown(_))), "{told:?}");
        assert_eq!(count(store), 1);
    });
}

#[test]
fn prepared_statements_are_bounded_and_survive_a_new_table() {
    each_engine(|store, _| {
        let kept = |tx: &mut store::Tx<'_>| {
            tx.one("SELECT COUNT(*) FROM pg_prepared_statements", &[], |row| row.int(0))
        };
        for number in 0..1200 {
            let sql = format!("SELECT {number} FROM thing");
            store.read(|tx| tx.list(&sql, &[], |row| row.int(0))).unwrap();
        }
        if store.engine() == Engine::Postgres {
            let kept = store.read(kept).unwrap().unwrap();
            assert!((100..=520).contains(&kept), "{kept}");
        }
        let all = || store.write(|tx| tx.list("SELECT * FROM thing", &[], |row| row.int(0)));
        all().unwrap();
        store.write(|tx| tx.define("ALTER TABLE thing ADD COLUMN more TEXT;")).unwrap();
        let _ = all();
        all().unwrap();
    });
}

#[test]
fn statements_are_checked_without_running() {
    each_engine(|store, _| {
        let good = "INSERT INTO thing (id) VALUES (?1)";
        store.check_statements(&[good, "SELECT bytes FROM thing WHERE id = ?1 AND of_id = ?1"]).unwrap();
        let refused = store.check_statements(&[good, "SELECT colour FROM thing"]).unwrap_err().to_string();
        assert!(refused.contains("SELECT colour FROM thing"), "{refused}");
        assert_eq!(count(store), 0);
        store.check_statements(&[good]).unwrap();
    });
}

#[test]
fn what_is_no_database_is_refused_without_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("letter.txt"), "Dear Sir, ".repeat(1000)).unwrap();
    let open = |url: &str| Store::open(url).map(|_| ());
    let mut urls = vec![
        path(""),
        path("letter.txt"),
        path("no/such/folder/x.db"),
        ":memory:".to_owned(),
        "mysql://clerk:s3cret@host/db".to_owned(),
        "Postgres://clerk:s3cret@host/db".to_owned(),
        "postgres://clerk:s3cret@127.0.0.1:notaport/db".to_owned(),
        "postgres://clerk:s3cret@127.0.0.1:1/db".to_owned(),
        "postgres://clerk:s3cret@127.0.0.1:1/db?s3cret=1".to_owned(),
    ];
    if let Ok(server) = std::env::var("ZHANGFANG_TEST_POSTGRES") {
        urls.push(format!("{}/nowhere", server.replace("postgres@", "nobody:s3cret@")));
    }
    let locked = path("locked.db");
    drop(Store::open(&locked).unwrap());
    let mut permissions = std::fs::metadata(&locked).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&locked, permissions).unwrap();
    // The administrator of the machine may write everywhere.
    if std::fs::OpenOptions::new().write(true).open(&locked).is_err() {
        urls.push(locked);
    }
    for url in urls {
        let refused = open(&url).expect_err(&url);
        assert!(matches!(refused, StoreError::Open { .. }), "{url}: {refused:?}");
        for text in [refused.to_string(), format!("{refused:?}"), refused.text(Lang::Zh)] {
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
    assert_eq!(std::fs::read_to_string(path("letter.txt")).unwrap(), "Dear Sir, ".repeat(1000));
    assert!(!std::path::Path::new("mysql:").exists());
}
