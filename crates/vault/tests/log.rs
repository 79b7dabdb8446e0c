//! The log, on both engines. PostgreSQL is used when `ZHANGFANG_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used)]

mod house;

use house::{CHANGE, ORG, each_engine, make_keys, now, person};
use identity::Desk;
use kernel::{Bilingual, Lang, Text};
use store::StoreError;
use tlog_tiles::Checkpoint as CheckpointText;
use vault::{
    Act, Document, Finding, VaultError, by_day, by_document, by_person, check, checkpoint, last_checkpoint,
    leaf_hash, merkle_root, record, record_batch, size, tree_root,
};

fn changed(number: i64) -> Act {
    Act::new(CHANGE, 3, "meter", format!("M{number}")).digests(Some([1; 32]), Some([2; 32])).change(
        "multiplier",
        "40",
        "60",
    )
}

/// XC-03, XC-15: an act under authority lent on the spot names the lender, one's own acts and other acts do not.
#[test]
fn a_lent_authority_stands_in_the_act() {
    each_engine(|store| {
        let li = person(ORG, 12, "李强");
        let clerk = identity::Actor { assignments: vec![], ..person(ORG, 11, "王芳") };
        let (other, own) = (Act::new(identity::Permission("meter.read"), 3, "meter", "M1"), changed(1));
        let first = Desk::new(store, &clerk)
            .act(now(), |work| {
                work.with_authority(&li, CHANGE, 3, "M1").map_err(VaultError::from)?;
                record_batch(work, &[own.clone(), other.clone()])
            })
            .unwrap();
        let whole = person(ORG, 13, "赵敏");
        Desk::new(store, &whole)
            .act(now(), |work| {
                work.with_authority(&li, CHANGE, 3, "M1").map_err(VaultError::from)?;
                record(work, &own)
            })
            .unwrap();
        let lenders: Vec<_> = (first..first + 3)
            .map(|seq| {
                let found = store.read(|tx| vault::act(tx, ORG, seq)).unwrap();
                let lent = found.act.changes.iter().find(|change| change.field == vault::AUTHORITY);
                (found.person, found.post, lent.is_some_and(|lent| lent.after.ends_with(" 12 clerk")))
            })
            .collect();
        let row = |person: &str, post: &str, lent| (person.to_owned(), post.to_owned(), lent);
        assert_eq!(lenders, [row("王芳", "", true), row("王芳", "", false), row("赵敏", "clerk", false)]);
    });
}

/// XC-15: user, time, old and new value are kept, and found by document, by user and by day.
#[test]
fn an_act_is_found_by_document_person_and_day() {
    each_engine(|store| {
        let (wang, li) = (person(ORG, 11, "王芳"), person(ORG, 12, "李强"));
        let tomorrow = now().plus_millis(86_400_000);
        for number in 0..7 {
            let (who, when) = if number % 2 == 0 { (&wang, now()) } else { (&li, tomorrow) };
            let seq = Desk::new(store, who).act(when, |work| record(work, &changed(number % 3))).unwrap();
            assert_eq!(seq, number);
        }
        store
            .read(|tx| {
                let document = Document { kind: "meter".into(), number: "M1".into() };
                let found = by_document(tx, ORG, &document, None, 10)?;
                let seqs = |acts: &[vault::Recorded]| acts.iter().map(|act| act.seq).collect::<Vec<_>>();
                assert_eq!((seqs(&found.acts), found.next), (vec![1, 4], None));
                let first = &found.acts[0];
                assert_eq!(
                    (first.person.as_str(), first.person_id, first.post.as_str()),
                    ("李强", 12, "clerk")
                );
                assert_eq!((first.at, &first.act), (tomorrow, &changed(1)));
                assert_eq!(seqs(&by_person(tx, ORG, 11, None, 10)?.acts), [0, 2, 4, 6]);
                assert_eq!(seqs(&by_day(tx, ORG, tomorrow.date(), None, 10)?.acts), [1, 3, 5]);
                let page = by_person(tx, ORG, 11, Some(0), 2)?;
                assert_eq!((seqs(&page.acts), page.next), (vec![2, 4], Some(4)));
                assert_eq!(seqs(&by_person(tx, ORG, 11, page.next, 2)?.acts), [6]);
                assert!(
                    by_person(tx, ORG + 1, 11, None, 10)?.acts.is_empty(),
                    "not from another organisation"
                );
                let shown = vault::act(tx, ORG, 1)?;
                assert_eq!(
                    shown.text(Lang::Zh),
                    "#1 2026-01-06 09:30:00 李强（clerk） meter.change meter M1；multiplier：40 → 60"
                );
                let name = |code: &str| (code == "meter.change").then(|| Text::new("换表", "meter changed"));
                assert!(shown.describe(Lang::En, name).contains("李强 (clerk): meter changed, meter M1"));
                assert_eq!(vault::act(tx, ORG, 7), Err(VaultError::BeyondEnd { asked: 7, size: 7 }));
                assert!(check(tx, ORG)?.is_good());
                Ok::<_, VaultError>(())
            })
            .unwrap();
    });
}

#[test]
fn one_by_one_and_in_bulk_give_the_same_tree() {
    each_engine(|store| {
        let (one, other) = (person(1, 11, "王芳"), person(2, 11, "王芳"));
        let acts: Vec<Act> = (0..100).map(changed).collect();
        for act in &acts {
            Desk::new(store, &one).act(now(), |work| record(work, act)).unwrap();
        }
        for part in acts.chunks(37) {
            Desk::new(store, &other).act(now(), |work| record_batch(work, part)).unwrap();
        }
        let report = |org| store.read(|tx| check(tx, org)).unwrap();
        assert!(report(1).is_good() && report(2).is_good(), "{:?} {:?}", report(1), report(2));
        assert_eq!((report(1).size, report(2).size), (100, 100));
        assert_ne!(report(1).root, report(2).root, "the organisation is part of every act");
        store
            .read(|tx| {
                assert_eq!(tree_root(tx, 1, 100)?, report(1).root);
                assert_eq!(tree_root(tx, 1, 0)?, vault::tree::empty_root());
                assert_eq!(tree_root(tx, 1, 101), Err(VaultError::BeyondEnd { asked: 101, size: 100 }));
                assert_eq!(size(tx, 2)?, 100);
                Ok::<_, VaultError>(())
            })
            .unwrap();
    });
}

/// XC-15: the log refuses every change, also by raw SQL.
#[test]
fn raw_sql_cannot_alter_the_log() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        desk.act(now(), |work| record_batch(work, &[changed(1), changed(2)])).unwrap();
        let signers = make_keys(store);
        desk.act(now(), |work| checkpoint(work, &signers)).unwrap();
        desk.act(now(), |work| record(work, &changed(3).change_personal("name", "", "张三"))).unwrap();
        let mut changes = vec![
            "INSERT INTO leaf (org_id, seq, leaf_hash, canonical, at) SELECT org_id, 7, leaf_hash, canonical, at FROM leaf WHERE seq = 0".to_owned(),
            "INSERT INTO tlog_hash (org_id, idx, h) SELECT org_id, 9, h FROM tlog_hash WHERE idx = 0".to_owned(),
        ];
        let tables =
            ["leaf", "tlog_hash", "checkpoint", "leaf_document", "leaf_person", "leaf_day", "leaf_private"];
        for table in tables.into_iter().chain(["log_origin", "log_key"]) {
            changes.push(format!("UPDATE {table} SET org_id = 2"));
            changes.push(format!("DELETE FROM {table}"));
            if store.engine() == store::Engine::Postgres {
                changes.push(format!("TRUNCATE {table}"));
            } else {
                changes.push(format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
            }
        }
        for change in changes {
            let tried = store.write(|tx| tx.execute(&change, &[]));
            assert!(matches!(tried, Err(StoreError::Refused(_))), "{change}: {tried:?}");
        }
        assert!(store.read(|tx| check(tx, ORG)).unwrap().is_good());
    });
}

/// An operator who removes the guards is still found out by the hashes.
#[test]
fn tampering_behind_the_guards_is_found() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        desk.act(now(), |work| record_batch(work, &(0..9).map(changed).collect::<Vec<_>>())).unwrap();
        let signers = make_keys(store);
        let made = desk.act(now(), |work| checkpoint(work, &signers)).unwrap();
        let size = made.size;
        let guards: &[&str] = if store.engine() == store::Engine::Sqlite {
            &[
                "DROP TRIGGER leaf_no_update",
                "DROP TRIGGER tlog_hash_no_update",
                "DROP TRIGGER leaf_document_no_delete",
            ]
        } else {
            &[
                "DROP TRIGGER leaf_never ON leaf",
                "DROP TRIGGER tlog_hash_never ON tlog_hash",
                "DROP TRIGGER leaf_document_never ON leaf_document",
            ]
        };
        store
            .write(|tx| {
                for guard in guards {
                    tx.execute(guard, &[])?;
                }
                let canonical =
                    tx.one("SELECT canonical FROM leaf WHERE seq = 4", &[], |row| row.blob(0))?.unwrap();
                let at = canonical.windows(2).position(|pair| pair == b"60").unwrap();
                let mut forged = canonical;
                forged[at] = b'4';
                // The forger is careful and fits the leaf's own hash to the new bytes.
                tx.execute(
                    "UPDATE leaf SET canonical = ?1, leaf_hash = ?2 WHERE seq = 4",
                    store::params![&forged, &leaf_hash(&forged)],
                )?;
                tx.execute("DELETE FROM leaf_document WHERE seq = 2", &[])
            })
            .unwrap();
        let report = store.read(|tx| check(tx, ORG)).unwrap();
        assert!(
            report.findings.contains(&Finding::Hash(i64::try_from(vault::tree::stored_index(0, 4)).unwrap()))
        );
        assert!(report.findings.contains(&Finding::Checkpoint(size)), "{report:?}");
        assert!(report.findings.contains(&Finding::Index(2)), "{report:?}");
        assert_ne!(report.root, made.root);
    });
}

#[test]
fn a_refused_command_leaves_no_trace_and_no_gap() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let attempt = |fail: bool| {
            desk.act(now(), |work| {
                let seq = record(work, &changed(1))?;
                if fail { Err(VaultError::HashMissing(0)) } else { Ok(seq) }
            })
        };
        assert_eq!(attempt(false), Ok(0));
        assert!(attempt(true).is_err());
        assert_eq!(attempt(false), Ok(1));
        for act in [
            Act::new(CHANGE, 3, "", "1"),
            Act::new(CHANGE, 3, "meter", "1\n2"),
            Act::new(CHANGE, 3, "meter", "x".repeat(300)),
            changed(1).change("note", "", "x".repeat(5_000)),
        ] {
            let refused = desk.act(now(), |work| record(work, &act));
            assert!(matches!(refused, Err(VaultError::BadAct { .. })), "{refused:?}");
        }
        assert_eq!(store.read(|tx| size(tx, ORG)), Ok(2));
    });
}

#[test]
fn writers_at_once_leave_no_gap() {
    each_engine(|store| {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    let actor = person(ORG, thread, "甲");
                    for number in 0..25 {
                        Desk::new(store, &actor).act(now(), |work| record(work, &changed(number))).unwrap();
                    }
                });
            }
        });
        let report = store.read(|tx| check(tx, ORG)).unwrap();
        assert!(report.is_good(), "{report:?}");
        assert_eq!(report.size, 100);
    });
}

#[test]
fn a_checkpoint_is_one_that_others_read() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let signers = make_keys(store);
        let make = || desk.act(now(), |work| checkpoint(work, &signers)).unwrap();
        let before = make();
        desk.act(now(), |work| record_batch(work, &(0..5).map(changed).collect::<Vec<_>>())).unwrap();
        let made = make();
        assert_eq!(make(), made, "nothing was added since");
        assert_eq!(made.size, before.size + 5);
        let text = made.note.split_once("\n\n").unwrap().0;
        let read = CheckpointText::from_bytes(format!("{text}\n").as_bytes()).unwrap();
        assert_eq!((read.origin(), read.size() as i64, read.hash().0), ("ORG1/log", made.size, made.root));
        store
            .read(|tx| {
                assert_eq!(last_checkpoint(tx, ORG)?, Some(made.clone()));
                assert_eq!(tree_root(tx, ORG, made.size)?, made.root);
                let report = check(tx, ORG)?;
                assert_eq!((report.checkpoints, report.signatures, report.findings), (2, 4, vec![]));
                Ok::<_, VaultError>(())
            })
            .unwrap();
    });
}

#[test]
fn a_batch_is_bound_by_its_root() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let lines: Vec<[u8; 32]> = (0..1000_u32).map(|line| leaf_hash(&line.to_be_bytes())).collect();
        let act = Act::new(CHANGE, 3, "run", "2026-01").batch(1000, merkle_root(lines.clone()));
        Desk::new(store, &wang).act(now(), |work| record(work, &act)).unwrap();
        let kept = store.read(|tx| vault::act(tx, ORG, 0)).unwrap().act.batch.unwrap();
        assert_eq!(kept.lines, 1000);
        assert_eq!(kept.root, merkle_root(lines.clone()));
        let mut altered = lines;
        altered[500] = leaf_hash(b"other");
        assert_ne!(kept.root, merkle_root(altered));
    });
}
