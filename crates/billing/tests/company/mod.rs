//! A month's work of a small company on real prices: three books, customers of every kind, three months taken over.
#![allow(dead_code)]

use billing::{
    BillPostings, BillingError, Clerks, PriceBook, RunBook, RunPlan, RunSummary, report, run_month,
};
use identity::Desk;
use kernel::{Money, Month, Quantity, Rate};
use ledger::{Chart, PostingRules};
use metering::account::*;
use metering::book::{Book, BookBulk, Cycle, SubmittedBulk};
use metering::reading::{Reading, ReadingBulk, ReadingFlags, ReadingStatus, Register, Registers, Span};

use super::house::*;

/// Books: public and dedicated of the first station, public of the second.
pub const PUBLIC_BOOK: i64 = 601;
pub const DEDICATED_BOOK: i64 = 602;
pub const FAR_BOOK: i64 = 603;

/// What happens to a customer in April.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum April {
    Usual,
    Doubled,
    Zero,
    Unread,
}

#[derive(Debug, Clone, Copy)]
pub struct Customer {
    pub account_id: i64,
    pub book: i64,
    pub class: &'static str,
    pub category: Category,
    pub month_kwh: i64,
    pub april: April,
    pub main: Option<i64>,
}

const fn customer(
    account_id: i64,
    book: i64,
    class: &'static str,
    category: Category,
    month_kwh: i64,
) -> Customer {
    Customer { account_id, book, class, category, month_kwh, april: April::Usual, main: None }
}
const fn household(account_id: i64, book: i64, month_kwh: i64) -> Customer {
    customer(account_id, book, "residential", Category::Residential, month_kwh)
}

/// Everybody, by book and key.
pub const CUSTOMERS: [Customer; 15] = [
    household(1001, PUBLIC_BOOK, 150),
    household(1002, PUBLIC_BOOK, 700),
    Customer { april: April::Doubled, ..household(1003, PUBLIC_BOOK, 180) },
    Customer { april: April::Zero, ..household(1004, PUBLIC_BOOK, 120) },
    Customer { april: April::Unread, ..household(1005, PUBLIC_BOOK, 90) },
    customer(1006, PUBLIC_BOOK, "residential_flat", Category::ResidentialFlat, 2_000),
    customer(1007, PUBLIC_BOOK, "single_part_flat", Category::SinglePart, 3_100),
    Customer {
        main: Some(1007),
        ..customer(1008, PUBLIC_BOOK, "single_part_flat", Category::SinglePart, 900)
    },
    customer(1009, PUBLIC_BOOK, "agricultural", Category::Agricultural, 640),
    customer(1101, DEDICATED_BOOK, "two_part", Category::TwoPart, 60_000),
    Customer {
        april: April::Doubled,
        ..customer(1102, DEDICATED_BOOK, "two_part", Category::TwoPart, 45_000)
    },
    household(1201, FAR_BOOK, 160),
    household(1202, FAR_BOOK, 210),
    Customer { april: April::Doubled, ..household(1203, FAR_BOOK, 130) },
    customer(1204, FAR_BOOK, "agricultural", Category::Agricultural, 300),
];

pub fn april() -> Month {
    month("2026-04")
}

/// The company with prices, books and readings, ready for its April run.
pub struct Company<'h, 's> {
    pub house: &'h House<'s>,
    pub prices: PriceBook,
    pub postings: BillPostings,
}

impl<'h, 's> Company<'h, 's> {
    /// Accounting periods are open up to `last_period`.
    pub fn new(house: &'h House<'s>, last_period: &str) -> Company<'h, 's> {
        let hubei = tariff::table::SHIPPED.iter().find(|table| table.id == "hubei-2026-01").unwrap();
        Company::with_prices(house, last_period, hubei.text)
    }

    /// The same on other prices.
    pub fn with_prices(house: &'h House<'s>, last_period: &str, prices: &str) -> Company<'h, 's> {
        let rules = PostingRules::standard().unwrap();
        house.ledger_keeper("2026-01-04", |work| {
            ledger::install_chart(work, &Chart::standard()?, &rules)?;
            let mut period = month("2026-01");
            while period <= month(last_period) {
                ledger::open_period(work, period)?;
                period = period.next();
            }
            Ok::<_, ledger::LedgerError>(())
        });
        act(house, "marketing", "2026-01-05", |work| billing::load_price_table(work, "prices", prices))
            .unwrap();
        let prices = house
            .store
            .write(|tx| {
                let book = PriceBook::load(tx, house.org_id())?;
                book.save_numbers(tx, house.org_id())?;
                Ok::<_, BillingError>(book)
            })
            .unwrap();
        let postings = BillPostings::new(prices.plans(), &rules).unwrap();
        let company = Company { house, prices, postings };
        company.load();
        company
    }

    fn unit_of(&self, book: i64) -> i64 {
        if book == FAR_BOOK { self.house.other_station } else { self.house.station }
    }

    fn load(&self) {
        let org_id = self.house.org_id();
        let mut books = BookBulk::new(org_id);
        for book_id in [PUBLIC_BOOK, DEDICATED_BOOK, FAR_BOOK] {
            books
                .book(&Book {
                    book_id,
                    number: format!("B{book_id}"),
                    name: "街道".into(),
                    unit_id: self.unit_of(book_id),
                    reader_id: 0,
                    cycle: Cycle::Monthly,
                    reading_day: Some(5),
                    version: 1,
                })
                .unwrap();
        }
        let mut accounts = AccountBulk::new(org_id);
        for one in &CUSTOMERS {
            self.add_account(one, &mut accounts);
        }
        let mut readings = ReadingBulk::new(org_id);
        for number in 1..=4 {
            let month = Month::new(2026, number).unwrap();
            for one in &CUSTOMERS {
                readings.reading(month, &reading(one, month)).unwrap();
            }
        }
        let mut submitted = SubmittedBulk::new(org_id);
        for book_id in [PUBLIC_BOOK, DEDICATED_BOOK, FAR_BOOK] {
            let (unit_id, read_on) = (self.unit_of(book_id), day("2026-04-05"));
            submitted.book(april(), book_id, unit_id, read_on, at("2026-04-06")).unwrap();
        }
        self.house
            .store
            .write(|tx| {
                books.load(tx)?;
                accounts.load(tx)?;
                readings.load(tx)?;
                submitted.load(tx)?;
                Ok::<_, metering::MeteringError>(())
            })
            .unwrap();
        for back in (1..=3).rev() {
            let past = april().plus(-back).unwrap();
            let plan = RunPlan { take_over: true, ..self.plan(past, &past.last_day().to_string()) };
            assert_eq!(self.run(&plan).unwrap().issued, CUSTOMERS.len() as i64);
        }
    }

    fn add_account(&self, one: &Customer, bulk: &mut AccountBulk) {
        let account_id = one.account_id;
        let industry = one.category == Category::TwoPart;
        let options = Options::default()
            .with(Options::DEDICATED_TRANSFORMER, industry)
            .with(Options::POWER_FACTOR, industry)
            .with(Options::TIME_OF_USE, industry)
            .with(Options::LOW_SIDE_METERING, industry)
            .with(Options::HAS_TERMS, industry)
            .with(Options::HAS_TRANSFORMERS, industry);
        bulk.account(&AccountDetails {
            account: Account {
                account_id,
                unit_id: self.unit_of(one.book),
                book_id: one.book,
                category: one.category,
                voltage: if industry { VoltageLevel::From1To10kv } else { VoltageLevel::Below1kv },
                price_class: format!("湖北:{}", one.class),
                options,
                persons: 3,
                tier_start: None,
                due_day: 0,
                status: AccountStatus::Active,
                opened_on: day("2025-01-01"),
                closed_on: None,
                main_account_id: one.main,
            },
            number: format!("42{account_id:08}"),
            name: format!("客户{account_id}"),
            address: "示范路".into(),
            phone: String::new(),
            route_sequence: account_id,
            collection: CollectionMethod::Counter,
            tax: TaxStatus::Consumer,
            version: 1,
        })
        .unwrap();
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
            })
            .unwrap();
            bulk.transformer(&Transformer {
                account_id,
                seq: 1,
                model: "SL7-500".into(),
                capacity_kva: kwh(500),
                connected_on: day("2019-05-20"),
            })
            .unwrap();
        }
        bulk.meter(&Meter {
            account_id,
            meter_seq: 1,
            number: format!("M{account_id}"),
            point_seq: 1,
            digits: 6,
            decimals: 2,
            multiplier: Rate::whole(multiplier(one)).unwrap(),
            registers: reading(one, april()).registers.iter().fold(0, |bits, (of, _)| bits | of.bit()),
            installed_on: day("2025-01-01"),
            removed_on: None,
        })
        .unwrap();
    }

    pub fn books(&self) -> Vec<RunBook> {
        [PUBLIC_BOOK, DEDICATED_BOOK, FAR_BOOK].into_iter().map(|book_id| self.book(book_id)).collect()
    }
    pub fn book(&self, book_id: i64) -> RunBook {
        let accounts = CUSTOMERS.iter().filter(|one| one.book == book_id).count() as i64;
        RunBook { book_id, unit_id: self.unit_of(book_id), accounts }
    }
    /// Two batches at least, so that their order counts.
    pub fn plan(&self, month: Month, on: &str) -> RunPlan {
        RunPlan { batch_accounts: 8, workers: 2, ..RunPlan::new(month, self.books(), at(on)) }
    }
    pub fn run(&self, plan: &RunPlan) -> billing::Result<RunSummary> {
        let (calculator, reviewer) = (self.house.actor("reviewer"), self.house.actor("reviewer2"));
        let clerks = Clerks { calculator: &calculator, reviewer: &reviewer, issuer: &reviewer };
        run_month(self.house.store, &clerks, &self.prices, &self.postings, plan, |_| ())
    }
}

fn multiplier(one: &Customer) -> i64 {
    if one.category == Category::TwoPart { 100 } else { 1 }
}

pub fn reading(one: &Customer, month: Month) -> Reading {
    let number = i64::from(month.month_of_year());
    let used = |before: i64, this: i64| Span {
        previous: kwh(1_000 + before / multiplier(one)),
        current: kwh(1_000 + (before + this) / multiplier(one)),
    };
    let special = if number == 4 { one.april } else { April::Usual };
    let this = match special {
        April::Usual => one.month_kwh,
        April::Doubled => one.month_kwh * 2,
        April::Zero | April::Unread => 0,
    };
    let span = |share: i64| Some(used(one.month_kwh * (number - 1) * share / 100, this * share / 100));
    let mut registers = Registers::default();
    registers.set(Register::Total, span(100));
    if one.category == Category::TwoPart {
        for (register, share) in
            [(Register::Peak, 30), (Register::Valley, 20), (Register::ReactiveForward, 40)]
        {
            registers.set(register, span(share));
        }
    }
    let read_on = month.first_day().plus_days(4).unwrap();
    Reading {
        account_id: one.account_id,
        meter_seq: 1,
        point_seq: 1,
        digits: 6,
        multiplier: Rate::whole(multiplier(one)).unwrap(),
        status: match special {
            April::Zero => ReadingStatus::Zero,
            April::Unread => ReadingStatus::Unread,
            _ => ReadingStatus::Read,
        },
        flags: ReadingFlags::default(),
        read_on,
        registers,
        entered_by: 0,
        entered_at: at(&read_on.to_string()),
        version: 1,
    }
}

/// `login` gives a command of the core on `date`.
pub fn act<T>(
    house: &House<'_>,
    login: &str,
    date: &str,
    command: impl FnOnce(&mut identity::Work<'_, '_>) -> billing::Result<T>,
) -> billing::Result<T> {
    let actor = house.actor(login);
    Desk::new(house.store, &actor).act(at(date), command)
}

/// kWh as the ledger of quantities keeps them.
pub fn units(value: i64) -> i64 {
    Quantity::whole(value).unwrap().units()
}

const RECEIVABLE: ledger::AccountCode = ledger::AccountCode(1122);

fn fen(house: &House<'_>, sql: &str) -> Money {
    Money::from_fen(house.number(sql))
}

/// Every promise of the books at once: receivables, bills, issues, components and the ledger say the same, station by
/// station; numbers have no gap; the ledger and the log prove themselves.
pub fn ties_out(house: &House<'_>, last: &str) {
    let org_id = house.org_id();
    let balance =
        |unit| house.store.read(|tx| ledger::balance_of(tx, org_id, RECEIVABLE, month(last), unit)).unwrap();
    let receivable = fen(house, "SELECT CAST(SUM(amount) AS BIGINT) FROM receivable WHERE org_id = ?1");
    assert_eq!(receivable, balance(None));
    let issued_bills = "SELECT CAST(SUM(b.amount) AS BIGINT) FROM bill b JOIN receivable r ON r.org_id = b.org_id
        AND r.month = b.month AND r.account_id = b.account_id AND r.sequence = b.sequence WHERE b.org_id = ?1";
    assert_eq!(fen(house, issued_bills), receivable);
    let components = "SELECT CAST(SUM(amount) AS BIGINT) FROM issue_component WHERE org_id = ?1";
    assert_eq!(fen(house, components), receivable);
    assert_eq!(
        fen(house, "SELECT CAST(SUM(amount) AS BIGINT) FROM quantity_ledger WHERE org_id = ?1"),
        receivable
    );
    for unit in [house.station, house.other_station] {
        let own = fen(
            house,
            &format!(
                "SELECT CAST(SUM(r.amount) AS BIGINT) FROM receivable r JOIN issue i ON i.org_id = r.org_id
                 AND i.issue_id = r.issue_id WHERE r.org_id = ?1 AND i.unit_id = {unit}"
            ),
        );
        assert_eq!(own, balance(Some(unit)));
        let numbers = house
            .store
            .read(|tx| {
                tx.list(
                    &format!(
                        "SELECT i.first_number + r.line - 1 FROM receivable r JOIN issue i ON i.org_id = r.org_id
                         AND i.issue_id = r.issue_id WHERE r.org_id = ?1 AND i.unit_id = {unit} ORDER BY 1"
                    ),
                    store::params![org_id],
                    |row| row.int(0),
                )
            })
            .unwrap();
        assert!(numbers.iter().copied().eq(1..=numbers.len() as i64), "{numbers:?}");
    }
    let mut period = month("2026-01");
    while period <= month(last) {
        let tied = house.look(|tx, org_id| report::component_tie_out(tx, org_id, period));
        assert_eq!(tied.money_total(4).unwrap(), Money::ZERO, "{tied:?}");
        assert_eq!(tied.money_total(2).unwrap(), tied.money_total(3).unwrap());
        period = period.next();
    }
    let ledger = house.store.read(|tx| ledger::check(tx, org_id)).unwrap();
    assert!(ledger.is_good(), "{ledger:?}");
    let log = house.store.read(|tx| vault::check(tx, org_id)).unwrap();
    assert!(log.is_good(), "{log:?}");
}
