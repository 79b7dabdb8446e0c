//! Number series and the printing register, on both databases.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use documents::{CopyMark, DocumentError, PrintRequest, check_series, take_numbers};
use identity::{Actor, Assignment, Desk, IdentityError, NewOrganisation, NewUnit};
use kernel::{Bilingual, Date, Lang, Moment, Text};
use store::{Store, StoreError};

struct House<'s> {
    store: &'s Store,
    actor: Actor,
    station: i64,
    other: i64,
}

fn each_engine(test: impl Fn(&House<'_>)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    test(&house(&store));
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        test(&house(&store));
    }
}

fn now() -> Moment {
    Moment::on(Date::new(2026, 3, 2).unwrap(), 9, 0)
}

fn house(store: &Store) -> House<'_> {
    store.migrate(&[identity::SCHEMA, documents::SCHEMA]).unwrap();
    let new = NewOrganisation {
        code: "example",
        name: Text::new("示范供电公司", "Example Power Company"),
        administrator_login: "root",
        administrator_name: "管理员",
    };
    let founded = store.write(|tx| identity::found_organisation(tx, &new, now())).unwrap();
    let load = |tx: &mut store::Tx<'_>| {
        identity::load_actor(tx, founded.org_id, founded.administrator_id, now().date())
    };
    let administrator = store.read(load).unwrap();
    let unit = |code| {
        let unit = NewUnit {
            parent_id: founded.unit_id,
            kind: "supply_station",
            code,
            name: Text::new("供电所", "station"),
        };
        Desk::new(store, &administrator).act(now(), |work| identity::create_unit(work, &unit)).unwrap()
    };
    let (station, other) = (unit("S01"), unit("S02"));
    let actor = Actor {
        org_id: founded.org_id,
        person_id: 7,
        name: "李四".into(),
        assignments: vec![Assignment {
            post: "station_fee_administrator".into(),
            unit_id: station,
            units: vec![station],
            all_units: false,
            permissions: vec!["documents.print".into(), "documents.explain_gap".into()],
            for_person: None,
            lent_to: vec![],
        }],
    };
    House { store, actor, station, other }
}

impl House<'_> {
    fn take(&self, kind: &str, unit_id: i64, year: i16, count: u32) -> Result<String, DocumentError> {
        Desk::new(self.store, &self.actor).act(now(), |work| {
            let numbers = take_numbers(work, kind, unit_id, year, count)?;
            Ok(format!("{}..{}", numbers.written(0), numbers.last()))
        })
    }
    fn check(&self, used: &[i64]) -> documents::rules::SeriesCheck {
        let org_id = self.actor.org_id;
        let check =
            |tx: &mut store::Tx<'_>| check_series(tx, org_id, "bill", self.station, 2026, used.to_vec());
        self.store.read(check).unwrap()
    }
}

/// XC-10, ADJ-18: one series per kind, unit and year; a block is consecutive.
#[test]
fn series_are_continuous_per_kind_unit_and_year() {
    each_engine(|house| {
        let (one, two) = (house.station, house.other);
        let cases = [
            ("adjustment_slip", one, 2026, 1, "TB-S01-2026-000001..1"),
            ("adjustment_slip", one, 2026, 1, "TB-S01-2026-000002..2"),
            ("adjustment_slip", two, 2026, 1, "TB-S02-2026-000001..1"),
            ("adjustment_slip", one, 2027, 1, "TB-S01-2027-000001..1"),
            ("bill", one, 2026, 100_000, "DF-S01-2026-000000001..100000"),
            ("bill", one, 2026, 2, "DF-S01-2026-000100001..100002"),
            ("voucher", one, 2026, 1, "PZ-2026-0000001..1"),
            ("voucher", two, 2026, 1, "PZ-2026-0000002..2"),
        ];
        for (kind, unit, year, count, expected) in cases {
            assert_eq!(house.take(kind, unit, year, count).unwrap(), expected);
        }
        let series = house.store.read(|tx| documents::series(tx, house.actor.org_id)).unwrap();
        assert_eq!(series.len(), 5);
        let refused = house.take("poem", one, 2026, 1);
        assert_eq!(refused, Err(DocumentError::UnknownKind { kind: "poem".into() }));
        assert!(matches!(house.take("bill", one, 2026, 0), Err(DocumentError::BadCount { .. })));
        let nowhere = house.take("bill", 99, 2026, 1);
        assert_eq!(nowhere, Err(DocumentError::Identity(IdentityError::UnknownUnit { unit_id: 99 })));
    });
}

/// XC-10: a command that fails gives its numbers back.
#[test]
fn a_failed_command_leaves_no_gap() {
    each_engine(|house| {
        assert_eq!(house.take("bill", house.station, 2026, 3).unwrap(), "DF-S01-2026-000000001..3");
        let failed = Desk::new(house.store, &house.actor).act(now(), |work| {
            take_numbers(work, "bill", house.station, 2026, 500)?;
            Err::<(), DocumentError>(StoreError::Busy.into())
        });
        assert!(failed.is_err());
        assert_eq!(house.take("bill", house.station, 2026, 1).unwrap(), "DF-S01-2026-000000004..4");
    });
}

/// XC-10: commands at the same time get different numbers, none is left out, also when some of them fail.
#[test]
fn numbers_taken_at_once_never_collide() {
    each_engine(|house| {
        let taken: Vec<i64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6_u32)
                .map(|thread| {
                    scope.spawn(move || {
                        let mut mine = Vec::new();
                        for round in 0..30_u32 {
                            let count = 1 + (thread + round) % 4;
                            let outcome = Desk::new(house.store, &house.actor).act(now(), |work| {
                                let numbers = take_numbers(work, "bill", house.station, 2026, count)?;
                                if (thread * 7 + round) % 5 == 0 {
                                    return Err(DocumentError::from(StoreError::Busy));
                                }
                                Ok(numbers.first..=numbers.last())
                            });
                            mine.extend(outcome.into_iter().flatten());
                        }
                        mine
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let distinct: BTreeSet<i64> = taken.iter().copied().collect();
        assert_eq!(distinct.len(), taken.len());
        assert_eq!(distinct.last().copied().unwrap(), i64::try_from(distinct.len()).unwrap());
        assert!(house.check(&taken).is_clean());
    });
}

/// XC-10: a gap is found until it is explained, with a reason and by whoever may.
#[test]
fn gaps_are_found_and_explained() {
    each_engine(|house| {
        house.take("bill", house.station, 2026, 5).unwrap();
        assert_eq!(house.check(&[1, 2, 5]).unexplained, [3..=4]);
        let explain = |unit_id, number, reason: &str| {
            Desk::new(house.store, &house.actor)
                .act(now(), |work| documents::explain_gap(work, "bill", unit_id, 2026, number, reason))
        };
        assert!(matches!(explain(house.station, 3, " "), Err(DocumentError::ReasonNeeded { .. })));
        assert!(matches!(explain(house.station, 6, "纸张损坏"), Err(DocumentError::NeverGiven { .. })));
        assert!(matches!(
            explain(house.other, 1, "纸张损坏"),
            Err(DocumentError::Identity(IdentityError::NotPermitted { .. }))
        ));
        explain(house.station, 3, "纸张损坏").unwrap();
        assert!(matches!(explain(house.station, 3, "again"), Err(DocumentError::AlreadyExplained { .. })));
        assert_eq!(house.check(&[1, 2, 5]).unexplained, [4..=4]);
        explain(house.station, 4, "作废").unwrap();
        assert!(house.check(&[5, 2, 1]).is_clean());
    });
}

/// XC-11
#[test]
fn copies_are_counted_and_reprints_are_marked() {
    each_engine(|house| {
        let request = |copies, reason| PrintRequest {
            kind: "adjustment_slip",
            document_id: 42,
            number: "TB-S01-2026-000001",
            unit_id: house.station,
            copies,
            reason,
        };
        let print = |copies, reason| {
            Desk::new(house.store, &house.actor)
                .act(now(), |work| documents::register_print(work, &request(copies, reason)))
        };
        let mark = |copy, reprint| CopyMark { copy, of: 3, reprint };
        assert_eq!(print(None, "").unwrap(), [mark(1, 0), mark(2, 0), mark(3, 0)]);
        assert!(matches!(print(None, ""), Err(DocumentError::ReasonNeeded { .. })));
        assert!(matches!(print(Some((3, 4)), "x"), Err(DocumentError::NoSuchCopies { .. })));
        assert!(matches!(print(Some((0, 1)), "x"), Err(DocumentError::NoSuchCopies { .. })));
        let again = print(Some((2, 2)), "卡纸").unwrap();
        assert_eq!(again, [mark(2, 1)]);
        assert_eq!(again[0].text(Lang::Zh), "第2联 共3联 补打第1次");
        assert_eq!(mark(1, 0).text(Lang::En), "copy 1 of 3");
        let log =
            house.store.read(|tx| documents::prints(tx, house.actor.org_id, "adjustment_slip", 42)).unwrap();
        let kept: Vec<_> = log.iter().map(|print| (print.reprint, print.person_id, &*print.reason)).collect();
        assert_eq!(kept, [(0, 7, ""), (1, 7, "卡纸")]);
        assert_eq!(log[1].at, now());
    });
}

#[test]
fn kinds_have_different_codes_and_prefixes() {
    let codes: BTreeSet<_> = documents::kinds().iter().map(|kind| kind.code).collect();
    let prefixes: BTreeSet<_> = documents::kinds().iter().map(|kind| kind.prefix).collect();
    assert_eq!((codes.len(), prefixes.len()), (documents::kinds().len(), documents::kinds().len()));
}
