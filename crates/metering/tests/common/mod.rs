//! What the tests of this office share: both engines, people with posts, a small station.
#![allow(clippy::unwrap_used, dead_code)]

use identity::{Actor, Assignment, Desk, Work};
use kernel::{Date, Moment, Month, Quantity, Rate, WorkingCalendar};
use metering::account::*;
use metering::book::*;
use metering::reading::*;
use metering::{MeteringError, SCHEMA, permissions};
use store::Store;

/// This office's tables and those of the floor below that its commands write.
pub const ALL_TABLES: &[store::Schema] =
    &[identity::SCHEMA, documents::SCHEMA, vault::SCHEMA, workflow::SCHEMA, SCHEMA];

pub const ORG: i64 = 1;
pub const STATION: i64 = 7;
pub const CENTRE: i64 = 9;

pub fn each_engine(test: impl Fn(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    prepared(&store);
    test(&store);
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        prepared(&store);
        test(&store);
    }
}

/// The tables, and an organisation with a station and a centre of known keys.
fn prepared(store: &Store) {
    store.migrate(ALL_TABLES).unwrap();
    let unit = "INSERT INTO identity_unit (org_id, id, parent_id, kind, code, name_zh, name_en)
                VALUES (?1, ?2, NULL, ?3, ?4, ?4, ?4)";
    for (unit_id, kind, code) in [(STATION, "supply_station", "S7"), (CENTRE, "billing_centre", "C9")] {
        store.write(|tx| tx.execute(unit, store::params![ORG, unit_id, kind, code])).unwrap();
    }
}

pub fn day(number: i64) -> Date {
    Date::from_number(number).unwrap()
}
pub fn at(number: i64) -> Moment {
    Moment::on(day(number), 10, 0)
}
pub fn month(number: i64) -> Month {
    Month::from_number(number).unwrap()
}
pub fn kwh(text: &str) -> Quantity {
    text.parse().unwrap()
}
pub fn calendar() -> WorkingCalendar {
    WorkingCalendar::mainland_china().unwrap()
}

pub fn person(person_id: i64, name: &str, permissions: &[identity::Permission]) -> Actor {
    Actor {
        org_id: ORG,
        person_id,
        name: name.into(),
        assignments: vec![Assignment {
            post: "post".into(),
            unit_id: STATION,
            units: vec![STATION],
            all_units: true,
            permissions: permissions.iter().map(|permission| permission.0.to_owned()).collect(),
            for_person: None,
            lent_to: vec![],
        }],
    }
}

/// The station's fee administrator.
pub fn station() -> Actor {
    use permissions::*;
    person(
        11,
        "站员",
        &[
            KEEP_CARDS,
            KEEP_TOOLS,
            SEND_CARD,
            CREATE_BATCH,
            DELETE_BATCH,
            ENTER_READING,
            SELF_CHECK,
            SUBMIT_BOOK,
            WRITE_LOG,
            RAISE_CHANGE,
            MANAGE_BOOKS,
            MANAGE_ACCOUNTS,
            HOLD_NEW_ACCOUNTS,
            CARRY_OVER,
            CHANGE_PARAMETER,
            ROUTE_ADJUST,
        ],
    )
}
/// The centre's reviewer.
pub fn centre() -> Actor {
    use permissions::*;
    person(21, "复核员", &[REQUEST_CARD, AGREE_RETURN, CALCULATE, REVIEW, ISSUE, RETURN_STEP, READ])
}
pub fn supply_department() -> Actor {
    person(31, "供电部", &[permissions::SET_READING_DAY])
}
pub fn marketing() -> Actor {
    person(41, "营销部", &[permissions::REVIEW_READING_DAY])
}

pub fn act<T>(
    store: &Store,
    who: &Actor,
    now: Moment,
    command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, MeteringError>,
) -> Result<T, MeteringError> {
    Desk::new(store, who).act(now, command)
}

pub fn account(account_id: i64, book_id: i64) -> AccountDetails {
    AccountDetails {
        account: Account {
            account_id,
            unit_id: STATION,
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

pub fn meter(account_id: i64, meter_seq: i64) -> Meter {
    Meter {
        account_id,
        meter_seq,
        number: format!("M{account_id:04}{meter_seq}"),
        point_seq: 1,
        digits: 6,
        decimals: 2,
        multiplier: Rate::ONE,
        registers: 1,
        installed_on: day(20200101),
        removed_on: None,
    }
}

/// A book 1 with accounts 1 to `accounts`, read on the 5th, and a month of it opened by the station.
pub fn opened_book(store: &Store, accounts: i64, of: Month) {
    let book = Book {
        book_id: 1,
        number: "0001".into(),
        name: "东街".into(),
        unit_id: STATION,
        reader_id: 51,
        cycle: Cycle::Monthly,
        reading_day: None,
        version: 1,
    };
    let start = Moment::on(of.first_day(), 8, 0);
    act(store, &station(), start, |work| create_book(work, &book)).unwrap();
    let mut bulk = AccountBulk::new(ORG);
    for account_id in 1..=accounts {
        bulk.account(&account(account_id, 1)).unwrap();
        bulk.meter(&meter(account_id, 1)).unwrap();
    }
    store.write(|tx| bulk.load(tx)).unwrap();
    let proposal = act(store, &supply_department(), start, |work| propose_reading_day(work, 1, 5)).unwrap();
    act(store, &marketing(), start, |work| review_reading_day(work, proposal, true, "")).unwrap();
    act(store, &station(), start, |work| create_batch(work, &calendar(), STATION, of, &[1])).unwrap();
}

pub fn shown(account_id: i64, value: &str, read_on: i64) -> Entered {
    Entered {
        account_id,
        meter_seq: 1,
        status: None,
        read_on: day(read_on),
        shown: vec![(Register::Total, kwh(value))],
        rolled_over: vec![],
        estimated: false,
        version: None,
    }
}
