//! The billing run's one pass, on both engines.
#![allow(clippy::unwrap_used)]

use kernel::{Date, Moment, Month, Quantity, Rate};
use metering::account::*;
use metering::reading::*;
use metering::stream::*;
use metering::{MeteringError, SCHEMA};
use store::Store;

const ORG: i64 = 1;

fn each_engine(test: impl Fn(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    store.migrate(&[SCHEMA]).unwrap();
    test(&store);
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        store.migrate(&[SCHEMA]).unwrap();
        test(&store);
    }
}

fn day(number: i64) -> Date {
    Date::from_number(number).unwrap()
}
fn month() -> Month {
    Month::new(2026, 3).unwrap()
}

fn account(account_id: i64, book_id: i64) -> AccountDetails {
    AccountDetails {
        account: Account {
            account_id,
            unit_id: 7,
            book_id,
            category: Category::Residential,
            voltage: VoltageLevel::Below1kv,
            price_class: "residential".into(),
            options: Options::default(),
            persons: 3,
            tier_start: None,
            due_day: 20,
            status: AccountStatus::Active,
            opened_on: day(20200101),
            closed_on: None,
            main_account_id: None,
        },
        number: format!("{:010}", 3_000_000_000 + account_id),
        name: format!("用户{account_id}"),
        address: "人民路1号".into(),
        phone: String::new(),
        route_sequence: account_id,
        collection: CollectionMethod::Counter,
        tax: TaxStatus::Consumer,
        version: 1,
    }
}

fn reading(account_id: i64, meter_seq: i64) -> Reading {
    Reading {
        account_id,
        meter_seq,
        point_seq: 1,
        digits: 6,
        multiplier: Rate::ONE,
        status: ReadingStatus::Read,
        flags: ReadingFlags::default(),
        read_on: day(20260305),
        registers: Registers::total(
            Quantity::whole(account_id).unwrap(),
            Quantity::whole(account_id + 100).unwrap(),
        ),
        entered_by: 9,
        entered_at: Moment::on(day(20260305), 10, 0),
        version: 1,
    }
}

/// Everything that was loaded comes back, in order of book and account, also for an account that moved between books,
/// with meter changes, points, terms and transformers in their places, however the books are asked for.
#[test]
fn the_stream_gives_back_what_was_loaded() {
    each_engine(|store| {
        let mut expected = Vec::new();
        let mut accounts = AccountBulk::new(ORG);
        let mut readings = ReadingBulk::new(ORG);
        for account_id in 1..=9_000_i64 {
            let book_id = if account_id == 5 { 80 } else { 1 + account_id / 100 };
            let mut details = account(account_id, book_id);
            let mut row = AccountReadings {
                account: details.account.clone(),
                terms: None,
                months: 1,
                points: vec![],
                transformers: vec![],
                events: vec![],
                readings: vec![],
            };
            if account_id % 1000 == 17 {
                let large = Options::HAS_TERMS
                    .with(Options::HAS_POINTS, true)
                    .with(Options::HAS_TRANSFORMERS, true)
                    .with(Options::DEDICATED_TRANSFORMER, true);
                details.account.options = large;
                details.account.category = Category::TwoPart;
                details.account.price_class = "two_part".into();
                row.account = details.account.clone();
                let terms = Terms {
                    account_id,
                    basic: BasicMethod::ContractDemand,
                    contract_demand_kw: Some("1000".parse().unwrap()),
                    power_factor: Some(PowerFactorStandard::P90),
                    transformer_loss: TransformerLossMethod::Fixed,
                    transformer_loss_kwh: Some("304".parse().unwrap()),
                    transformer_loss_kvarh: None,
                    line_loss: LineLossMethod::Rate,
                    line_loss_rate: Some("0.03".parse().unwrap()),
                    line_loss_kwh: None,
                    loss_formula: None,
                };
                accounts.terms(&terms).unwrap();
                row.terms = Some(terms);
                for point_seq in 1..=2 {
                    let point = Point {
                        account_id,
                        point_seq,
                        price_class: (point_seq == 2).then(|| "single_part".into()),
                        time_of_use: point_seq == 1,
                        relation: if point_seq == 1 {
                            PointRelation::Metered
                        } else {
                            PointRelation::FixedRatio
                        },
                        parent_seq: (point_seq == 2).then_some(1),
                        fixed_kwh: None,
                        fixed_ratio: (point_seq == 2).then(|| "0.1".parse().unwrap()),
                        bears_transformer_loss: true,
                        bears_line_loss: true,
                        in_power_factor: point_seq == 1,
                    };
                    accounts.point(&point).unwrap();
                    row.points.push(point);
                }
                let transformer = Transformer {
                    account_id,
                    seq: 1,
                    model: "S9-1000".into(),
                    capacity_kva: "1000".parse().unwrap(),
                    connected_on: day(20200101),
                };
                let event = TransformerEvent {
                    account_id,
                    seq: 1,
                    on: day(20260310),
                    event_no: 1,
                    change: TransformerChange::Suspend,
                    capacity_kva: None,
                };
                accounts.transformer(&transformer).unwrap();
                accounts.event(&event).unwrap();
                row.transformers.push(transformer);
                row.events.push(event);
                let mut first = reading(account_id, 1);
                first.flags = ReadingFlags::FINAL.with(ReadingFlags::MORE_REGISTERS, true);
                for register in Register::ALL {
                    let previous = if *register == Register::Demand { "0" } else { "1.5" };
                    first.registers.set(
                        *register,
                        Some(Span { previous: previous.parse().unwrap(), current: "2.25".parse().unwrap() }),
                    );
                }
                row.readings.push(first);
                row.readings.push(reading(account_id, 2));
            } else if account_id % 1000 == 18 {
                details.account.status = AccountStatus::Closed;
                details.account.closed_on = Some(day(20251231));
            } else if account_id % 1000 != 19 {
                row.readings.push(reading(account_id, 1));
            }
            for one in &row.readings {
                readings.reading(month(), one).unwrap();
                readings.reading(month().next(), one).unwrap();
            }
            accounts.account(&details).unwrap();
            if account_id % 1000 != 18 {
                expected.push(row);
            }
        }
        expected.sort_by_key(|row| (row.account.book_id, row.account.account_id));
        store
            .write(|tx| {
                accounts.load(tx)?;
                readings.load(tx)?;
                Ok::<_, MeteringError>(())
            })
            .unwrap();
        let read = |books: Books<'_>| {
            let mut found = Vec::new();
            store
                .read(|tx| {
                    each_account_reading(tx, ORG, month(), books, |row| {
                        found.push(row.clone());
                        Ok::<_, MeteringError>(())
                    })
                })
                .unwrap();
            found
        };
        assert!(read(Books::Range(i64::MIN, i64::MAX)) == expected);
        let of = |from: i64, to: i64| {
            expected
                .iter()
                .filter(|row| (from..=to).contains(&row.account.book_id))
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(read(Books::Range(80, 81)), of(80, 81));
        assert_eq!(read(Books::Range(1000, 2000)), vec![]);
        assert_eq!(read(Books::List(&[1, 80])), [of(1, 1), of(80, 80)].concat());
        assert_eq!(read(Books::List(&[])), vec![]);
        let picked = store.read(|tx| accounts_with_readings(tx, ORG, month(), &[5, 17, 99_999, 5])).unwrap();
        let wanted = expected.iter().filter(|row| [5, 17].contains(&row.account.account_id)).cloned();
        assert_eq!(picked, wanted.collect::<Vec<_>>());
    });
}
