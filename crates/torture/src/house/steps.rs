//! The commands of April, each with its request key.

use billing::adjustment::{AdjustmentBill, issue_adjustment};
use billing::{BillKey, Clerks, RunPlan, run_month};
use identity::{Actor, Desk, Work};
use interchange::{Options, Table};
use kernel::{Bilingual, Lang, Money, Month, Quantity};
use ledger::{AccountCode, Entry, Leg, VoucherHeader};
use metering::import::{Incoming, import_readings};
use serde::{Deserialize, Serialize};
use store::{Store, params};

use super::founding::{accounts_of, april_file, day};
use super::{Clock, STATIONS, Trouble, World, book_id};

/// A command. Stations are counted from 0, vouchers from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Step {
    /// The station's readings from a file. Rows have natural keys; there is no request key.
    Import(usize),
    /// The station checks its own readings.
    SelfCheck(usize),
    /// The station submits its book.
    Submit(usize),
    /// The centre calculates the book.
    Calculate(usize),
    /// The centre reviews it.
    Review(usize),
    /// The centre issues it.
    Issue(usize),
    /// A customer of the book gets a refund for March.
    Adjust(usize),
    /// The accountant writes a voucher.
    Post(usize),
    /// The accountant reverses that voucher.
    Reverse(usize),
    /// Every submitted book is calculated, reviewed and issued at once. Its own state makes it safe to repeat.
    Run,
}

/// Are commands given with their request keys? Without them is how the sabotage twins work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyed {
    /// With the step's request key.
    Yes,
    /// Without any.
    No,
}

/// What a command answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The answer as it is kept under the request key.
    pub answer: String,
    /// Rows that an import brought; 0 when the file had been taken in before.
    pub added: u64,
}

impl Step {
    /// The request key; nothing for those that have natural keys.
    pub fn key(self) -> Option<String> {
        match self {
            Step::Import(_) | Step::Run => None,
            _ => Some(format!("storm-{self:?}")),
        }
    }
    /// The name of the kind: import, calculation, issue, posting and so on.
    pub fn kind(self) -> &'static str {
        match self {
            Step::Import(_) => "import",
            Step::SelfCheck(_) | Step::Submit(_) => "submission",
            Step::Calculate(_) | Step::Review(_) => "calculation",
            Step::Issue(_) | Step::Adjust(_) => "issue",
            Step::Post(_) | Step::Reverse(_) => "posting",
            Step::Run => "run",
        }
    }
}

/// The whole month: station after station, with `vouchers` written in between.
pub fn month_of(vouchers: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    for station in 0..STATIONS {
        steps.extend([Step::Import(station), Step::SelfCheck(station), Step::Submit(station)]);
        for number in (0..vouchers).filter(|number| number % STATIONS == station) {
            steps.push(Step::Post(number));
            if number % 3 == 0 {
                steps.push(Step::Reverse(number));
            }
        }
        steps.extend([
            Step::Calculate(station),
            Step::Review(station),
            Step::Issue(station),
            Step::Adjust(station),
        ]);
    }
    steps
}

/// What is kept as the body under a step's request key.
fn body(step: Step) -> String {
    format!("{step:?}")
}

fn verb(step: Step) -> String {
    format!("torture.{}", step.kind())
}

/// The answer the database remembers for the step's request key.
pub fn remembered(store: &Store, world: &World, step: Step) -> Result<Option<String>, Trouble> {
    let Some(key) = step.key() else { return Ok(None) };
    store.read(|tx| {
        tx.remembered(world.org_id, &verb(step), &key, body(step).as_bytes()).map_err(Trouble::from)
    })
}

/// Gives the command.
pub fn give(store: &Store, world: &World, clock: &Clock, step: Step, keyed: Keyed) -> Result<Given, Trouble> {
    let once = |actor: &Actor, command: &dyn Fn(&mut Work<'_, '_>) -> Result<String, Trouble>| {
        let desk = Desk::new(store, actor);
        let now = clock.now()?;
        let answer = match step.key().filter(|_| keyed == Keyed::Yes) {
            Some(key) => desk.act_once(now, &verb(step), &key, body(step).as_bytes(), command)?,
            None => desk.act(now, command)?,
        };
        // As it is kept: the text in JSON.
        let answer = serde_json::to_string(&answer).map_err(|error| Trouble::of(error.to_string()))?;
        Ok(Given { answer, added: 0 })
    };
    let april = world.april;
    let said = |text: &dyn Bilingual| text.text(Lang::En);
    match step {
        Step::Import(station) => {
            let options = Options { worksheet: None, encoding: None, rows_max: None };
            let table = Table::open_bytes(&format!("S{station}.csv"), april_file(station), &options)?;
            let incoming = Incoming { table, now: clock.now()?, lang: Lang::En };
            let desk = Desk::new(store, &world.fee[station]);
            let (outcome, rejects) = import_readings(&desk, incoming, april, Vec::new())?;
            // Once its book is submitted the same file is refused line by line, and changes nothing either.
            if outcome.rejected > 0 && !(outcome.seen_before && outcome.added == 0) {
                return Err(Trouble::of(format!("rejected: {}", String::from_utf8_lossy(&rejects))));
            }
            Ok(Given { answer: String::new(), added: outcome.added })
        }
        Step::SelfCheck(station) => once(&world.fee[station], &|work| {
            metering::book::self_check(work, april, book_id(station), "已核对")?;
            Ok(String::new())
        }),
        Step::Submit(station) => once(&world.fee[station], &|work| {
            let done = billing::submit_book(work, &world.calendar, april, book_id(station), None)?;
            Ok(said(&done.book.state))
        }),
        Step::Calculate(station) => once(&world.reviewer, &|work| {
            let done = billing::calculate_book(work, &world.prices, april, world.books[station])?;
            Ok(format!("{} {} {}", done.bills, done.energy_kwh, done.amount))
        }),
        Step::Review(station) => once(&world.reviewer2, &|work| {
            billing::review_book(work, april, world.books[station])?;
            Ok(String::new())
        }),
        Step::Issue(station) => once(&world.reviewer2, &|work| {
            let book = world.books[station];
            let done = billing::issue_book(work, &world.rules, &world.postings, april, book, 20)?;
            Ok(format!("{} {} {}", done.bills, done.left, done.amount))
        }),
        Step::Adjust(station) => once(&world.reviewer2, &|work| {
            let issue_id =
                issue_adjustment(work, &world.postings, &refund(world, station)?, day("2026-05-20")?)?;
            Ok(issue_id.to_string())
        }),
        Step::Post(number) => once(&world.accountant, &|work| {
            let header = VoucherHeader {
                voucher_id: work.next_key(),
                unit_id: world.books[number % STATIONS].unit_id,
                posted_on: day("2026-04-08")?,
                effective_on: day("2026-04-08")?,
                event: "manual".into(),
                source: source(number),
                text: format!("手工凭证 {number}"),
            };
            let amount = Money::from_fen(1_000 + number as i64);
            let entry = Entry::new()
                .debit(Leg::new(AccountCode(1002), amount))
                .credit(Leg::new(AccountCode(224202), amount));
            let posted = ledger::post_manual(work, &header, &entry)?;
            Ok(format!("{} {}", posted.voucher_id, posted.number))
        }),
        Step::Reverse(number) => once(&world.accountant, &|work| {
            let org_id = work.org_id();
            let found = work.tx.one(
                "SELECT voucher_id FROM voucher WHERE org_id = ?1 AND source = ?2 AND reverses IS NULL",
                params![org_id, &source(number)],
                |row| Ok::<_, Trouble>(row.int(0)?),
            )?;
            let voucher_id = found.ok_or_else(|| Trouble::of("no voucher to reverse"))?;
            let red = ledger::reverse(work, voucher_id, day("2026-04-08")?, "")?;
            Ok(format!("{} {}", red.voucher_id, red.number))
        }),
        Step::Run => {
            let clerks =
                Clerks { calculator: &world.reviewer, reviewer: &world.reviewer2, issuer: &world.reviewer2 };
            let plan = RunPlan {
                workers: 1,
                batch_accounts: super::ACCOUNTS,
                ..RunPlan::new(april, world.books.clone(), clock.now()?)
            };
            let done = run_month(store, &clerks, &world.prices, &world.postings, &plan, |_| ())?;
            Ok(Given { answer: String::new(), added: done.issued.unsigned_abs() })
        }
    }
}

/// What a voucher written by hand says it was made from.
fn source(number: usize) -> String {
    format!("manual {number}")
}

fn refund(world: &World, station: usize) -> Result<AdjustmentBill, Trouble> {
    let account_id = accounts_of(station).next().ok_or_else(|| Trouble::of("a station without accounts"))?;
    let month: Month = "2026-03".parse()?;
    let fen = Money::from_fen;
    Ok(AdjustmentBill {
        key: BillKey { org_id: world.org_id, month, account_id, sequence: 1 },
        unit_id: world.books[station].unit_id,
        book_id: book_id(station),
        document: format!("TB-{station}"),
        reason: "表码录入错误".into(),
        energy_kwh: Quantity::ZERO,
        tiers: vec![],
        components: vec![("energy".into(), fen(-5_300)), ("vat".into(), fen(-689))],
        amount: fen(-5_989),
    })
}
