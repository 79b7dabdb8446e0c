//! The company as it is before its April: founded, supplied, priced, with three months behind it.

use billing::{BillPostings, Clerks, PriceBook, RunBook, RunPlan, run_month};
use identity::{Actor, Assignment, Desk, Founded, NewAssignment, NewOrganisation, NewPerson, NewUnit};
use kernel::{Date, Moment, Month, Quantity, Rate, Text, WorkingCalendar};
use ledger::{Chart, PostingRules};
use metering::account::{
    Account, AccountBulk, AccountDetails, AccountStatus, BasicMethod, Category, CollectionMethod,
    LineLossMethod, Meter, Options, PowerFactorStandard, TaxStatus, Terms, Transformer,
    TransformerLossMethod, VoltageLevel,
};
use metering::book::{Book, BookBulk, Cycle};
use metering::reading::{Reading, ReadingBulk, ReadingFlags, ReadingStatus, Register, Registers, Span};
use store::Store;

use super::{ACCOUNTS, STATIONS, Trouble, book_id, schemas};

const OPENED: &str = "2026-01-04";
/// The organisation's code.
pub(super) const CODE: &str = "TORTURE";

pub(super) fn day(text: &str) -> Result<Date, Trouble> {
    Ok(text.parse()?)
}

fn at(text: &str, minute: i64) -> Result<Moment, Trouble> {
    Ok(Moment::on(day(text)?, 8, 0).plus_millis(minute * 60_000))
}

/// The accounts of a station, in order.
pub(super) fn accounts_of(station: usize) -> impl Iterator<Item = i64> {
    let first = 1_000 * (station as i64 + 1);
    (1..=ACCOUNTS).map(move |number| first + number)
}

/// What kind of customer an account is: price class, category, kWh a month.
fn kind(account_id: i64) -> (&'static str, Category, i64) {
    let spread = account_id * 37 % 90;
    match account_id % 6 {
        0 => ("two_part", Category::TwoPart, 40_000 + 100 * spread),
        1 => ("agricultural", Category::Agricultural, 300 + spread),
        2 => ("single_part_flat", Category::SinglePart, 900 + spread),
        _ => ("residential", Category::Residential, 120 + spread),
    }
}

fn is_industry(account_id: i64) -> bool {
    kind(account_id).1 == Category::TwoPart
}

const INDUSTRY: [(Register, i64); 4] =
    [(Register::Total, 100), (Register::Peak, 30), (Register::Valley, 20), (Register::ReactiveForward, 40)];
const OTHERS: [(Register, i64); 1] = [(Register::Total, 100)];

fn registers(account_id: i64) -> &'static [(Register, i64)] {
    if is_industry(account_id) { &INDUSTRY } else { &OTHERS }
}

/// What a register shows at the end of the `number`th month of the year, in whole kWh on the meter.
fn shown(account_id: i64, share: i64, number: i64) -> i64 {
    let multiplier = if is_industry(account_id) { 100 } else { 1 };
    let (_, _, usage) = kind(account_id);
    1_000 + usage * number * share / 100 / multiplier
}

/// The number of an account's meter.
fn meter_number(account_id: i64) -> String {
    format!("M{account_id}")
}

/// April's readings of a station as the file its reader sends.
pub(super) fn april_file(station: usize) -> String {
    let mut text = String::from("表号,抄表日期,总,峰,谷,正向无功\n");
    for account_id in accounts_of(station) {
        let value = |register: Register| {
            let known = registers(account_id).iter().find(|(known, _)| *known == register);
            known.map_or(String::new(), |(_, share)| shown(account_id, *share, 4).to_string())
        };
        text.push_str(&format!(
            "{},2026-04-05,{},{},{},{}\n",
            meter_number(account_id),
            value(Register::Total),
            value(Register::Peak),
            value(Register::Valley),
            value(Register::ReactiveForward)
        ));
    }
    text
}

/// Founds the company in an empty database and takes it through its first three months.
pub fn found(store: &Store) -> Result<(), Trouble> {
    store.migrate(&schemas())?;
    let new = NewOrganisation {
        code: CODE,
        name: Text::new("示范供电公司", "Example Power Company"),
        administrator_login: "root",
        administrator_name: "管理员",
    };
    let now = at(OPENED, 0)?;
    let founded = store.write(|tx| identity::found_organisation(tx, &new, now).map_err(Trouble::from))?;
    let (org_id, root) = (founded.org_id, founded.unit_id);
    let administrator = store.read(|tx| {
        Ok::<_, Trouble>(identity::load_actor(tx, org_id, founded.administrator_id, day(OPENED)?)?)
    })?;
    let unit = |parent_id: i64, kind: &str, code: &str, minute: i64| {
        let new = NewUnit { parent_id, kind, code, name: Text::new(code, code) };
        let now = at(OPENED, minute)?;
        Desk::new(store, &administrator)
            .act(now, |work| identity::create_unit(work, &new).map_err(Trouble::from))
    };
    let department = unit(root, "supply_department", "D1", 1)?;
    let mut stations = [0; STATIONS];
    for (number, station) in stations.iter_mut().enumerate() {
        *station = unit(department, "supply_station", &format!("S{number}"), 2 + number as i64)?;
    }
    let centre = unit(root, "billing_centre", "C", 20)?;
    let marketing = unit(root, "marketing_department", "M", 21)?;
    let finance = unit(root, "finance_department", "F", 22)?;
    let mut minute = 30;
    let mut person = |login: &str, unit_id: i64, post: &str| {
        minute += 1;
        let now = at(OPENED, minute)?;
        let from = day(OPENED)?;
        Desk::new(store, &administrator).act(now, |work| {
            let person_id = identity::create_person(work, &NewPerson { unit_id, login, name: login })?;
            let new = NewAssignment { person_id, unit_id, post, from, until: None, serves: &[] };
            identity::assign(work, &new)?;
            Ok::<_, Trouble>(())
        })
    };
    for (number, station) in stations.iter().enumerate() {
        person(&format!("fee{number}"), *station, "station_fee_administrator")?;
    }
    person("reviewer", centre, "reviewer")?;
    person("reviewer2", centre, "reviewer")?;
    person("marketing", marketing, "marketing_officer")?;
    person("accountant", finance, "accountant")?;
    books_of_account(store, &founded)?;
    let actor = |login: &str| super::world::actor(store, org_id, login);
    let hubei = tariff::table::SHIPPED
        .iter()
        .find(|table| table.id == "hubei-2026-01")
        .ok_or_else(|| Trouble::of("the price table hubei-2026-01 is not shipped"))?;
    let now = at("2026-01-05", 0)?;
    Desk::new(store, &actor("marketing")?).act(now, |work| {
        billing::load_price_table(work, hubei.id, hubei.text).map(|_| ()).map_err(Trouble::from)
    })?;
    customers(store, org_id, &stations)?;
    history(store, org_id, &stations, [actor("reviewer")?, actor("reviewer2")?])?;
    let calendar = WorkingCalendar::mainland_china()?;
    let april: Month = "2026-04".parse()?;
    for (number, station) in stations.iter().enumerate() {
        let now = at("2026-04-02", number as i64)?;
        Desk::new(store, &actor(&format!("fee{number}"))?).act(now, |work| {
            let books = [book_id(number)];
            metering::book::create_batch(work, &calendar, *station, april, &books)
                .map(|_| ())
                .map_err(Trouble::from)
        })?;
    }
    Ok(())
}

fn books_of_account(store: &Store, founded: &Founded) -> Result<(), Trouble> {
    let keeper = Actor {
        org_id: founded.org_id,
        person_id: founded.administrator_id,
        name: "总账".into(),
        assignments: vec![Assignment {
            post: "ledger".into(),
            unit_id: founded.unit_id,
            units: vec![],
            all_units: true,
            permissions: ledger::permission::ALL.iter().map(|known| known.0.to_owned()).collect(),
            for_person: None,
            lent_to: vec![],
        }],
    };
    let rules = PostingRules::standard()?;
    Desk::new(store, &keeper).act(at(OPENED, 100)?, |work| {
        ledger::install_chart(work, &Chart::standard()?, &rules)?;
        for month in ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"] {
            ledger::open_period(work, month.parse()?)?;
        }
        Ok::<_, Trouble>(())
    })
}

fn customers(store: &Store, org_id: i64, stations: &[i64; STATIONS]) -> Result<(), Trouble> {
    let mut books = BookBulk::new(org_id);
    let mut accounts = AccountBulk::new(org_id);
    for (number, unit_id) in stations.iter().enumerate() {
        books.book(&Book {
            book_id: book_id(number),
            number: format!("B{number}"),
            name: "街道".into(),
            unit_id: *unit_id,
            reader_id: 0,
            cycle: Cycle::Monthly,
            reading_day: Some(5),
            version: 1,
        })?;
        for account_id in accounts_of(number) {
            customer(&mut accounts, account_id, *unit_id, book_id(number))?;
        }
    }
    let mut readings = ReadingBulk::new(org_id);
    for number in 1..=3 {
        let month = Month::new(2026, number)?;
        for station in 0..STATIONS {
            for account_id in accounts_of(station) {
                readings.reading(month, &reading(account_id, month)?)?;
            }
        }
    }
    store.write(|tx| {
        books.load(tx)?;
        accounts.load(tx)?;
        readings.load(tx)?;
        Ok::<_, Trouble>(())
    })
}

fn customer(bulk: &mut AccountBulk, account_id: i64, unit_id: i64, book_id: i64) -> Result<(), Trouble> {
    let (class, category, _) = kind(account_id);
    let industry = is_industry(account_id);
    let options = Options::default()
        .with(Options::DEDICATED_TRANSFORMER, industry)
        .with(Options::POWER_FACTOR, industry)
        .with(Options::TIME_OF_USE, industry)
        .with(Options::LOW_SIDE_METERING, industry)
        .with(Options::HAS_TERMS, industry)
        .with(Options::HAS_TRANSFORMERS, industry);
    let opened_on = day("2025-01-01")?;
    bulk.account(&AccountDetails {
        account: Account {
            account_id,
            unit_id,
            book_id,
            category,
            voltage: if industry { VoltageLevel::From1To10kv } else { VoltageLevel::Below1kv },
            price_class: format!("湖北:{class}"),
            options,
            persons: 3,
            tier_start: None,
            due_day: 0,
            status: AccountStatus::Active,
            opened_on,
            closed_on: None,
            main_account_id: None,
        },
        number: format!("42{account_id:08}"),
        name: format!("客户{account_id}"),
        address: "示范路".into(),
        phone: String::new(),
        route_sequence: account_id,
        collection: CollectionMethod::Counter,
        tax: TaxStatus::Consumer,
        version: 1,
    })?;
    if industry {
        bulk.terms(&Terms {
            account_id,
            basic: BasicMethod::Capacity,
            contract_demand_kw: None,
            power_factor: Some(PowerFactorStandard::P90),
            transformer_loss: TransformerLossMethod::Table,
            transformer_loss_kwh: None,
            transformer_loss_kvarh: None,
            line_loss: LineLossMethod::None,
            line_loss_rate: None,
            line_loss_kwh: None,
            loss_formula: None,
        })?;
        bulk.transformer(&Transformer {
            account_id,
            seq: 1,
            model: "SL7-500".into(),
            capacity_kva: Quantity::whole(500)?,
            connected_on: day("2019-05-20")?,
        })?;
    }
    bulk.meter(&Meter {
        account_id,
        meter_seq: 1,
        number: meter_number(account_id),
        point_seq: 1,
        digits: 6,
        decimals: 2,
        multiplier: Rate::whole(if industry { 100 } else { 1 })?,
        registers: registers(account_id).iter().fold(0, |bits, (of, _)| bits | of.bit()),
        installed_on: opened_on,
        removed_on: None,
    })?;
    Ok(())
}

fn reading(account_id: i64, month: Month) -> Result<Reading, Trouble> {
    let number = i64::from(month.month_of_year());
    let mut of = Registers::default();
    for (register, share) in registers(account_id) {
        let value = |number| Quantity::whole(shown(account_id, *share, number));
        of.set(*register, Some(Span { previous: value(number - 1)?, current: value(number)? }));
    }
    let read_on = month.first_day().plus_days(4)?;
    Ok(Reading {
        account_id,
        meter_seq: 1,
        point_seq: 1,
        digits: 6,
        multiplier: Rate::whole(if is_industry(account_id) { 100 } else { 1 })?,
        status: ReadingStatus::Read,
        flags: ReadingFlags::default(),
        read_on,
        registers: of,
        entered_by: 0,
        entered_at: Moment::on(read_on, 9, 0),
        version: 1,
    })
}

fn history(
    store: &Store,
    org_id: i64,
    stations: &[i64; STATIONS],
    [calculator, reviewer]: [Actor; 2],
) -> Result<(), Trouble> {
    let prices = store.write(|tx| {
        let book = PriceBook::load(tx, org_id)?;
        book.save_numbers(tx, org_id)?;
        Ok::<_, Trouble>(book)
    })?;
    let postings = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
    let clerks = Clerks { calculator: &calculator, reviewer: &reviewer, issuer: &reviewer };
    let books: Vec<RunBook> = stations
        .iter()
        .enumerate()
        .map(|(number, unit_id)| RunBook { book_id: book_id(number), unit_id: *unit_id, accounts: ACCOUNTS })
        .collect();
    for number in 1..=3 {
        let month = Month::new(2026, number)?;
        let now = Moment::on(month.last_day(), 9, 0);
        let plan = RunPlan { take_over: true, workers: 1, ..RunPlan::new(month, books.clone(), now) };
        run_month(store, &clerks, &prices, &postings, &plan, |_| ())?;
    }
    Ok(())
}
