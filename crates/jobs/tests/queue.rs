//! The queue on both engines: claimed once, claimed again when its program is silent, ended once.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use std::collections::BTreeMap;

use jobs::{End, JobFile, State};
use kernel::{Moment, Text};
use store::Store;

fn on_both(story: impl Fn(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("jobs.db").display().to_string()).unwrap();
    store.migrate(&[jobs::SCHEMA]).unwrap();
    story(&store);
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        store.migrate(&[jobs::SCHEMA]).unwrap();
        story(&store);
    }
}

fn at(seconds: i64) -> Moment {
    Moment::from_millis(1_770_000_000_000 + seconds * 1_000)
}

fn queued(store: &Store, act: &str) -> i64 {
    let given = BTreeMap::from([("month".to_owned(), "2026-01".to_owned())]);
    let file = JobFile { field: "file".into(), name: "表码.csv".into(), bytes: vec![0, 255, 10] };
    store.write(|tx| jobs::queue(tx, 1, act, 7, &given, &[file], at(0))).unwrap()
}

fn claim(store: &Store, silent_since: i64, now: i64) -> Option<jobs::Job> {
    store.write(|tx| jobs::claim(tx, 1, at(silent_since), at(now))).unwrap()
}

fn end(state: State) -> End {
    End { state, said: Text::new("完成", "done"), facts: "{}".into(), see: Some("/bills".into()) }
}

/// A job is done by one program, and by another when that one is silent; what was given comes along.
#[test]
fn a_job_is_claimed_by_one_program_at_a_time() {
    on_both(|store| {
        let id = queued(store, "month.run");
        let first = claim(store, -20, 1).unwrap();
        assert_eq!((first.id, first.starts, first.given["month"].as_str()), (id, 1, "2026-01"));
        assert_eq!(claim(store, -10, 10), None, "its program lives");
        assert!(!store.write(|tx| jobs::beat(tx, 1, id, 30, 100, at(15))).unwrap());
        assert_eq!(claim(store, 10, 30), None, "it told something at 15");
        let again = claim(store, 16, 36).unwrap();
        assert_eq!((again.id, again.starts, again.done, again.total), (id, 2, 30, 100));
        let files = store.read(|tx| jobs::files(tx, 1, id)).unwrap();
        assert_eq!((files.len(), files[0].bytes.as_slice()), (1, [0, 255, 10].as_slice()));
        store.write(|tx| jobs::finish(tx, 1, id, &end(State::Done), at(40))).unwrap();
        assert!(store.read(|tx| jobs::files(tx, 1, id)).unwrap().is_empty(), "its files went with its end");
        assert_eq!(claim(store, 1_000, 1_000), None, "it is over");
        // An end told late by the silent program changes nothing.
        store.write(|tx| jobs::finish(tx, 1, id, &end(State::Failed), at(50))).unwrap();
        assert_eq!(store.read(|tx| jobs::find(tx, 1, id)).unwrap().unwrap().state, State::Done);
    });
}

/// Jobs are done in the order in which they were asked for; one put back keeps its place.
#[test]
fn jobs_keep_their_order() {
    on_both(|store| {
        let ids: Vec<i64> = ["one", "two"].map(|act| queued(store, act)).to_vec();
        assert_eq!(claim(store, -20, 1).unwrap().id, ids[0]);
        store.write(|tx| jobs::put_back(tx, 1, ids[0])).unwrap();
        assert_eq!(claim(store, -20, 2).unwrap().id, ids[0]);
        assert_eq!(claim(store, -20, 2).unwrap().id, ids[1]);
        let (found, total) = store.read(|tx| jobs::jobs(tx, 1, Some(7), 0, 1)).unwrap();
        assert_eq!((found[0].id, total), (ids[1], 2), "the latest first");
        assert_eq!(store.read(|tx| jobs::jobs(tx, 1, Some(8), 0, 9)).unwrap().1, 0);
        assert_eq!(store.read(|tx| jobs::jobs(tx, 2, None, 0, 9)).unwrap().1, 0);
    });
}

/// A job that waits is stopped at once; one that runs hears of it and ends by itself.
#[test]
fn a_job_can_be_stopped() {
    on_both(|store| {
        let (running, waiting) = (queued(store, "one"), queued(store, "two"));
        assert_eq!(claim(store, -20, 1).unwrap().id, running);
        for id in [running, waiting] {
            store.write(|tx| jobs::cancel(tx, 1, id, at(2))).unwrap();
        }
        let state = |id| store.read(|tx| jobs::find(tx, 1, id)).unwrap().unwrap().state;
        assert_eq!((state(running), state(waiting)), (State::Running, State::Cancelled));
        assert!(store.write(|tx| jobs::beat(tx, 1, running, 1, 2, at(3))).unwrap(), "it is told");
        store.write(|tx| jobs::finish(tx, 1, running, &end(State::Cancelled), at(4))).unwrap();
        assert_eq!(state(running), State::Cancelled);
    });
}
