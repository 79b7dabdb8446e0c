//! The same request twice changes nothing, on both engines. PostgreSQL is used when `ZHANGFANG_TEST_POSTGRES` names a
//! server.
#![allow(clippy::unwrap_used)]

use std::sync::mpsc;
use std::time::Duration;

use kernel::{Date, Moment};
use store::{Store, StoreError};

fn each_engine(test: impl Fn(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    store.migrate(&[]).unwrap();
    test(&store);
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        store.migrate(&[]).unwrap();
        test(&store);
    }
}

fn now() -> Moment {
    Moment::on(Date::new(2026, 1, 5).unwrap(), 9, 0)
}

/// A request key gives the answer it was given before, to the same request and to no other.
#[test]
fn a_request_key_gives_its_answer_again() {
    each_engine(|store| {
        let ask = |org_id, verb: &str, key: &str, body: &[u8]| {
            store.write(|tx| tx.remembered(org_id, verb, key, body))
        };
        let keep = |org_id, verb: &str, key: &str, body: &[u8], answer: &str| {
            store.write(|tx| tx.remember(org_id, verb, key, body, answer, now()))
        };
        assert_eq!(ask(1, "a.pay", "k1", b"100"), Ok(None));
        assert_eq!(keep(1, "a.pay", "k1", b"100", "receipt 5"), Ok(()));
        let answered = || Ok(Some("receipt 5".to_owned()));
        for (org_id, verb, key, body, expected) in [
            (1, "a.pay", "k1", &b"100"[..], answered()),
            (1, "a.pay", "k1", b"100", answered()),
            (1, "a.pay", "k1", b"101", Err(StoreError::KeyReused("k1".into()))),
            (1, "a.pay", "k1", b"", Err(StoreError::KeyReused("k1".into()))),
            (1, "a.refund", "k1", b"100", Err(StoreError::KeyReused("k1".into()))),
            (1, "a.pay", "k2", b"100", Ok(None)),
            (2, "a.pay", "k1", b"100", Ok(None)),
        ] {
            assert_eq!(ask(org_id, verb, key, body), expected, "{org_id} {verb} {key} {body:?}");
        }
        let again = keep(1, "a.pay", "k1", b"100", "receipt 6");
        assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
        assert_eq!(keep(2, "a.pay", "k1", b"7", "receipt 7"), Ok(()), "of another organisation");
        assert_eq!(ask(1, "a.pay", "k1", b"100"), answered());
        assert_eq!(ask(2, "a.pay", "k1", b"7"), Ok(Some("receipt 7".to_owned())));
    });
}

/// What fails keeps no answer, so that the request can be made again.
#[test]
fn a_failed_request_may_be_made_again() {
    each_engine(|store| {
        let failed = store.write(|tx| {
            tx.remember(1, "a.pay", "k1", b"100", "receipt 5", now())?;
            Err::<(), _>(StoreError::Sql("the power went".into()))
        });
        assert!(failed.is_err());
        assert_eq!(store.write(|tx| tx.remembered(1, "a.pay", "k1", b"100")), Ok(None));
    });
}

/// Of two equal requests at once the later waits for the first and is given its answer.
#[test]
fn the_later_of_two_equal_requests_waits() {
    each_engine(|store| {
        let (begun, begin) = mpsc::channel();
        let (answered, answer) = mpsc::channel();
        // What this closure owns goes with it when it fails, so that neither side waits for ever.
        std::thread::scope(move |scope| {
            scope.spawn(move || {
                begin.recv().unwrap();
                let found = store.write(|tx| tx.remembered(1, "a.pay", "k1", b"100"));
                answered.send(found).unwrap();
            });
            store
                .write(|tx| {
                    assert_eq!(tx.remembered(1, "a.pay", "k1", b"100"), Ok(None));
                    begun.send(()).unwrap();
                    // The other one must not have an answer before this one is done, however long that takes.
                    let early = answer.recv_timeout(Duration::from_millis(300));
                    assert_eq!(early, Err(mpsc::RecvTimeoutError::Timeout));
                    tx.remember(1, "a.pay", "k1", b"100", "receipt 5", now())
                })
                .unwrap();
            assert_eq!(answer.recv().unwrap(), Ok(Some("receipt 5".to_owned())));
        });
    });
}
