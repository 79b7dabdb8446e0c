//! Prints what it costs to load and to stream accounts with one reading each, beside the bare scan of the same rows.
//!
//! Usage: `stream ACCOUNTS DATABASE_URL` (a new database).

use std::time::Instant;

use kernel::{Date, Moment, Month, Quantity, Rate};
use metering::account::*;
use metering::reading::*;
use metering::stream::{Books, each_account_reading};
use metering::{MeteringError, SCHEMA};
use store::{Store, StoreError};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let accounts: i64 = arguments.next().ok_or("how many accounts?")?.parse()?;
    let store = Store::open(&arguments.next().ok_or("which database?")?)?;
    store.migrate(&[SCHEMA])?;
    let month = Month::new(2026, 3)?;
    let day = Date::new(2026, 3, 5)?;

    let started = Instant::now();
    let (mut bulk, mut readings) = (AccountBulk::new(1), ReadingBulk::new(1));
    for account_id in 1..=accounts {
        bulk.account(&AccountDetails {
            account: Account {
                account_id,
                unit_id: 7,
                book_id: 1 + account_id / 300,
                category: Category::Residential,
                voltage: VoltageLevel::Below1kv,
                price_class: "residential".into(),
                options: Options::default(),
                persons: 3,
                tier_start: None,
                due_day: 20,
                status: AccountStatus::Active,
                opened_on: day,
                closed_on: None,
                main_account_id: None,
            },
            number: format!("{:010}", 3_000_000_000 + account_id),
            name: "张三".into(),
            address: "人民路1号".into(),
            phone: "13800000000".into(),
            route_sequence: account_id,
            collection: CollectionMethod::Counter,
            tax: TaxStatus::Consumer,
            version: 1,
        })?;
        bulk.meter(&Meter {
            account_id,
            meter_seq: 1,
            number: format!("{account_id:012}"),
            point_seq: 1,
            digits: 6,
            decimals: 2,
            multiplier: Rate::ONE,
            registers: 1,
            installed_on: day,
            removed_on: None,
        })?;
        let previous = 1_000_000_000 + account_id * 10_000 % 70_000_000;
        readings.reading(
            month,
            &Reading {
                account_id,
                meter_seq: 1,
                point_seq: 1,
                digits: 6,
                multiplier: Rate::ONE,
                status: ReadingStatus::Read,
                flags: ReadingFlags::default(),
                read_on: day,
                registers: Registers::total(
                    Quantity::from_units(previous),
                    Quantity::from_units(previous + 173_250_000),
                ),
                entered_by: 9,
                entered_at: Moment::on(day, 10, 0),
                version: 1,
            },
        )?;
        if bulk.encoded_bytes() > 32 << 20 || account_id == accounts {
            store.write(|tx| {
                bulk.load(tx)?;
                readings.load(tx)
            })?;
        }
    }
    report("load account + meter + reading", accounts, started);
    store.refresh_statistics()?;

    for round in 1..=3 {
        let started = Instant::now();
        let mut sum = 0;
        for table in ["account", "reading"] {
            let sql = format!("SELECT * FROM {table} ORDER BY org_id");
            store.read(|tx| {
                tx.each(&sql, &[], |row| {
                    sum += row.int(1)?;
                    Ok::<_, StoreError>(())
                })
            })?;
        }
        report(&format!("bare scan of both tables, round {round}"), accounts, started);
        let started = Instant::now();
        let (mut seen, mut energy) = (0_i64, Quantity::ZERO);
        store.read(|tx| {
            each_account_reading(tx, 1, month, Books::Range(0, i64::MAX), |row| {
                seen += 1;
                for reading in &row.readings {
                    if let Some(kwh) = reading.consumption(Register::Total)? {
                        energy = energy.plus(kwh)?;
                    }
                }
                Ok::<_, MeteringError>(())
            })
        })?;
        report(&format!("stream, round {round} ({energy} kWh, {sum})"), seen, started);
    }
    Ok(())
}

fn report(what: &str, accounts: i64, started: Instant) {
    let micros = started.elapsed().as_micros();
    let nanos_each = micros * 1000 / u128::try_from(accounts.max(1)).unwrap_or(1);
    println!("{what}: {accounts} accounts, {} ms, {nanos_each} ns each", micros / 1000);
}
