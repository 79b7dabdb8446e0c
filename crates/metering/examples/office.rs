//! Prints what it costs to take in customers, meters and readings from files and to open a month.
//!
//! Usage: `office ACCOUNTS DATABASE_URL` (a new database).

use std::fmt::Write;
use std::time::Instant;

use identity::{Actor, Assignment, Desk};
use interchange::{Options, Table};
use kernel::{Date, Lang, Moment, Month, WorkingCalendar};
use metering::book::{Book, BookBulk, Cycle, create_batch};
use metering::import::{Incoming, Outcome, import_accounts, import_meters, import_readings};
use metering::{MeteringError, SCHEMA, permissions};
use store::Store;

const BOOK_ACCOUNTS: i64 = 400;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let accounts: i64 = arguments.next().ok_or("how many accounts?")?.parse()?;
    let store = Store::open(&arguments.next().ok_or("which database?")?)?;
    store.migrate(&[identity::SCHEMA, documents::SCHEMA, vault::SCHEMA, workflow::SCHEMA, SCHEMA])?;
    let actor = Actor {
        org_id: 1,
        person_id: 11,
        name: "站员".into(),
        assignments: vec![Assignment {
            post: "station_fee_administrator".into(),
            unit_id: 7,
            units: vec![],
            all_units: true,
            permissions: permissions::ALL.iter().map(|permission| permission.0.to_owned()).collect(),
            for_person: None,
            lent_to: vec![],
        }],
    };
    let desk = Desk::new(&store, &actor);
    let month = Month::new(2026, 3)?;
    let now = Moment::on(Date::new(2026, 3, 6)?, 9, 0);

    let mut books = BookBulk::new(1);
    let last_book = accounts / BOOK_ACCOUNTS + 1;
    for book_id in 1..=last_book {
        books.book(&Book {
            book_id,
            number: format!("{book_id:05}"),
            name: "册".into(),
            unit_id: 7,
            reader_id: 51,
            cycle: Cycle::Monthly,
            reading_day: Some(5),
            version: 1,
        })?;
    }
    store.write(|tx| books.load(tx))?;

    let mut customers = String::from("户号,户名,用电地址,抄本编号,用电类别,电压等级,电价代码,立户日期\n");
    let mut meters = String::from("户号,表号,整数位,装表日期\n");
    let mut readings = String::from("表号,抄表日期,总\n");
    for id in 1..=accounts {
        let (number, book) = (3_000_000_000 + id, 1 + id / BOOK_ACCOUNTS);
        writeln!(customers, "{number},张三,人民路{id}号,{book:05},居民,220V,residential,2020-01-01")?;
        writeln!(meters, "{number},A{id:09},6,2020-01-01")?;
        writeln!(readings, "A{id:09},2026-03-05,{}", 100 + id % 900)?;
    }
    let incoming = |name: &str, text: &str| -> Result<Incoming, interchange::Error> {
        let table = Table::open_bytes(name, text.as_bytes(), &Options::default())?;
        Ok(Incoming { table, now, lang: Lang::Zh })
    };
    let timed = |what: &str, run: &mut dyn FnMut() -> Result<(Outcome, Vec<u8>), MeteringError>| {
        let started = Instant::now();
        let (outcome, rejects) = run()?;
        let first = String::from_utf8_lossy(&rejects).lines().nth(1).unwrap_or("").to_owned();
        let counts = format!("{}+{}-{}", outcome.added, outcome.unchanged, outcome.rejected);
        report(&format!("{what} ({counts}) {first}"), accounts, started);
        Ok::<_, MeteringError>(())
    };
    for round in ["customers", "customers again"] {
        timed(round, &mut || import_accounts(&desk, incoming("customers.csv", &customers)?, Vec::new()))?;
    }
    timed("meters", &mut || import_meters(&desk, incoming("meters.csv", &meters)?, Vec::new()))?;
    let calendar = WorkingCalendar::mainland_china()?;
    let all: Vec<i64> = (1..=last_book).collect();
    let started = Instant::now();
    let (_, lines) = desk.act(now, |work| create_batch(work, &calendar, 7, month, &all))?;
    report(&format!("open {lines} lines of {last_book} books"), accounts, started);
    for round in ["readings", "readings again"] {
        timed(round, &mut || {
            import_readings(&desk, incoming("readings.csv", &readings)?, month, Vec::new())
        })?;
    }
    Ok(())
}

fn report(what: &str, accounts: i64, started: Instant) {
    let micros = started.elapsed().as_micros();
    let nanos_each = micros * 1000 / u128::try_from(accounts.max(1)).unwrap_or(1);
    println!("{what}: {} ms, {nanos_each} ns a row", micros / 1000);
}
