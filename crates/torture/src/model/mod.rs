//! What the program promises, said again in a few hundred lines without a database, and random commands that compare.
//!
//! A sequence is thought up by chance where the model stands, given to the model and to the program on each engine, and
//! every answer compared: what was done, what was refused and why, and what questions with random filters are told.
//! After each sequence the books and the log prove themselves. A sequence that fails is made shorter by leaving steps
//! out as long as it still fails.

mod command;
mod query;
mod reference;
mod sequence;
mod system;
pub mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;

use billing::{BillKey, stored_bill};
use kernel::{Month, Quantity};
use ledger::{AccountCode, ComponentId, Posting};
use store::{Store, params};

use crate::month::company::{CUSTOMERS, april, reading};
use crate::report::{Asked, Report};
use command::{Answer, Query, Step};
use reference::{Known, Line, Reference, Voucher};
use system::{Broken, System};
use world::Base;

/// Steps in one sequence.
const STEPS: usize = 50;
/// Threads that run sequences side by side.
const WORKERS: u64 = 2;
/// Attempts at making a failing sequence shorter.
const SHORTER: usize = 400;

/// What a sabotaged run breaks, in turn.
const SABOTAGE: [(bool, Option<Broken>); 3] =
    [(true, None), (false, Some(Broken::Lost)), (false, Some(Broken::Doubled))];

/// How a sequence is run.
#[derive(Clone, Copy)]
struct How {
    postgres: bool,
    wrong_rule: bool,
    broken: Option<Broken>,
}

/// The model as it stands before the first command.
struct Start {
    known: Known,
    vouchers: Vec<Voucher>,
    history: Vec<((Month, i64), (Quantity, kernel::Money, Quantity))>,
}

impl Start {
    /// Reads what the company's first months left on an engine, as the given of every sequence.
    fn of(base: &Base, postgres: bool) -> Option<Start> {
        let how = How { postgres, wrong_rule: false, broken: None };
        let Running { system, path, _database, .. } = start(base, how)?;
        let (org_id, store) = (system.org_id, &system.store);
        let postable = "SELECT code FROM chart_account WHERE org_id = ?1 AND postable = 1";
        let postable = store.read(|tx| tx.list(postable, params![org_id], |row| row.int(0))).unwrap();
        let key = |account_id| BillKey { org_id, month: april().previous(), account_id, sequence: 0 };
        let input = |account: i64| {
            let bill = store.read(|tx| stored_bill(tx, key(account))).unwrap().unwrap();
            (account, bill.input)
        };
        let known = Known {
            units: system.units,
            postable: postable.into_iter().collect(),
            rules: ledger::PostingRules::standard().unwrap(),
            inputs: CUSTOMERS.iter().map(|one| input(one.account_id)).collect(),
            prices: store.read(|tx| billing::PriceBook::load(tx, org_id)).unwrap(),
        };
        let history = "SELECT month, account_id, energy_kwh, amount, tier_used_kwh FROM quantity_ledger
            WHERE org_id = ?1 ORDER BY month, account_id, sequence";
        let history = store.read(|tx| {
            tx.list(history, params![org_id], |row| {
                let bill = (row.quantity(2)?, row.money(3)?, row.quantity(4)?);
                Ok::<_, store::StoreError>(((row.month(0)?, row.int(1)?), bill))
            })
        });
        let vouchers = vouchers(store, org_id);
        let history = history.unwrap();
        drop(system);
        if let Some(path) = path {
            world::remove(&path);
        }
        Some(Start { known, vouchers, history })
    }

    fn model(&self) -> Reference<'_> {
        let mut model = Reference::new(&self.known, self.vouchers.clone());
        for (key, bill) in &self.history {
            model.history.entry(*key).or_default().push(*bill);
        }
        let lines = CUSTOMERS.iter().map(|one| {
            let line = reading(one, april());
            let spans = [
                (tariff::Register::Total, metering::reading::Register::Total),
                (tariff::Register::Peak, metering::reading::Register::Peak),
                (tariff::Register::Valley, metering::reading::Register::Valley),
                (tariff::Register::ReactiveForward, metering::reading::Register::ReactiveForward),
            ];
            let spans = spans.into_iter().filter_map(|(register, of)| {
                let span = line.registers.of(of)?;
                Some((register, span.previous, span.current))
            });
            use metering::reading::ReadingStatus;
            let status = match line.status {
                ReadingStatus::Read => 0,
                ReadingStatus::Zero => 1,
                ReadingStatus::Unread => 2,
            };
            let line = Line { spans: spans.collect(), status, read_on: line.read_on, entered: true };
            (one.account_id, line)
        });
        model.submitted(april(), lines.collect());
        model
    }
}

fn vouchers(store: &Store, org_id: i64) -> Vec<Voucher> {
    let sql = "SELECT v.number, v.posted_on, v.unit_id, v.event, p.debit, p.credit, p.amount, p.account_id, p.component, v.voucher_id
        FROM voucher v JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.voucher_id
        WHERE v.org_id = ?1 ORDER BY v.number, p.line";
    let mut found: BTreeMap<i64, Voucher> = BTreeMap::new();
    store
        .read(|tx| {
            tx.each(sql, params![org_id], |row| {
                let (day, unit, event) = (row.date(1)?, row.int(2)?, row.text(3)?);
                let voucher =
                    found.entry(row.int(0)?).or_insert_with(|| Voucher::new(day, unit, &event, vec![]));
                voucher.rank = row.int(9)?;
                voucher.postings.push(Posting {
                    debit: AccountCode(row.int(4)?),
                    credit: AccountCode(row.int(5)?),
                    amount: row.money(6)?,
                    customer: row.int_or_null(7)?,
                    component: ComponentId(u16::try_from(row.int(8)?).unwrap_or(0)),
                });
                Ok::<_, store::StoreError>(())
            })
        })
        .unwrap();
    let mut found: Vec<Voucher> = found.into_values().collect();
    let mut keys: Vec<i64> = found.iter().map(|voucher| voucher.rank).collect();
    keys.sort_unstable();
    for voucher in &mut found {
        voucher.rank = keys.partition_point(|key| *key < voucher.rank) as i64 + 1;
    }
    found
}

/// What one sequence counted.
#[derive(Default)]
struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    fn add(&mut self, name: &'static str) {
        *self.0.entry(name).or_default() += 1;
    }
}

/// A system with what must outlive it.
struct Running<'b> {
    system: System<'b>,
    url: String,
    path: Option<std::path::PathBuf>,
    _database: Option<world::Copied>,
}

fn start<'b>(base: &'b Base, how: How) -> Option<Running<'b>> {
    let (mut system, url, path, database) = if how.postgres {
        let (database, store) = base.postgres_copy()?;
        (System::new(base, store), database.url.clone(), None, Some(database))
    } else {
        let (path, store) = base.sqlite_copy();
        (System::new(base, store), path.display().to_string(), Some(path), None)
    };
    system.broken = how.broken;
    Some(Running { system, url, path, _database: database })
}

/// The trace of the log that does not depend on keys: who did what to what kind of document, when.
fn trace(system: &System<'_>) -> Vec<String> {
    let size = system.store.read(|tx| vault::size(tx, system.org_id)).unwrap();
    let act = |seq| system.store.read(|tx| vault::act(tx, system.org_id, seq)).unwrap();
    (0..size)
        .map(act)
        .map(|one| {
            let lines = one.act.batch.as_ref().map(|batch| batch.lines);
            format!("{} {} {} {} {lines:?}", one.person, one.at, one.act.verb, one.act.document.kind)
        })
        .collect()
}

/// Runs `steps` on one engine. Answers how it failed, if it did, and what the log holds.
fn play(
    base: &Base,
    start_state: &Start,
    steps: &[Step],
    how: How,
    counts: &mut Counts,
) -> Result<Vec<String>, String> {
    let Some(mut running) = start(base, how) else { return Ok(Vec::new()) };
    let url = running.url.clone();
    let outcome = compare(&mut running.system, &url, start_state, steps, how, counts);
    let outcome = outcome.and_then(|()| {
        proved(&running.system)?;
        Ok(trace(&running.system))
    });
    let path = running.path.take();
    drop(running);
    if let Some(path) = path {
        world::remove(&path);
    }
    outcome
}

fn compare(
    system: &mut System<'_>,
    url: &str,
    start: &Start,
    steps: &[Step],
    how: How,
    counts: &mut Counts,
) -> Result<(), String> {
    let mut model = start.model();
    model.wrong_rule = how.wrong_rule;
    let mut seen = std::collections::BTreeSet::new();
    for (place, step) in steps.iter().enumerate() {
        if place == steps.len() / 2 {
            system.restart(url);
            counts.add("restarts");
        }
        match step {
            Step::Give(given) => {
                let expected: Answer = model.give(given);
                let (got, turned_away) = system.give(given);
                counts.add(if expected.is_ok() { "commands done" } else { "commands refused" });
                if !seen.insert(given.key) {
                    counts.add("retries");
                }
                if given.twice_at_once {
                    counts.add("given twice at once");
                }
                if turned_away {
                    counts.add("later of two turned away");
                }
                if expected != got {
                    return Err(format!(
                        "step {place}: {given:?}: the model says {expected:?}, the program {got:?}"
                    ));
                }
            }
            Step::Ask(query) => {
                counts.add("questions");
                let (expected, got) = (model.ask(query), system.ask(query));
                if expected != got {
                    return Err(format!("step {place}: {query:?}: {}", difference(&expected, &got)));
                }
            }
        }
    }
    // At the end everything is asked once, so that nothing a sequence did stays unseen.
    let whole = [Month::from_number(202_601).unwrap(), april().plus(3).unwrap()];
    let mut last = vec![
        Query::Balance { from: whole[0], to: whole[1], unit: None },
        Query::Customers { account: 1122, month: whole[1] },
        Query::Periods,
    ];
    for month in [april(), april().next()] {
        last.extend([Query::Bills { month }, Query::Issued { month }, Query::Books { month }]);
    }
    for query in last {
        let (expected, got) = (model.ask(&query), system.ask(&query));
        if expected != got {
            return Err(format!("at the end: {query:?}: {}", difference(&expected, &got)));
        }
    }
    Ok(())
}

fn difference(expected: &str, got: &str) -> String {
    let only = |one: &str, other: &str| {
        let lines: Vec<&str> =
            one.lines().filter(|line| !other.lines().any(|known| known == *line)).collect();
        lines.join(" | ")
    };
    format!("only the model says [{}], only the program [{}]", only(expected, got), only(got, expected))
}

fn proved(system: &System<'_>) -> Result<(), String> {
    let org_id = system.org_id;
    let books = system.store.read(|tx| ledger::check(tx, org_id)).map_err(|error| error.to_string())?;
    let log = system.store.read(|tx| vault::check(tx, org_id)).map_err(|error| error.to_string())?;
    if books.is_good() && log.is_good() {
        return Ok(());
    }
    Err(format!("the books or the log do not prove themselves: {:?} {:?}", books.findings, log.findings))
}

/// Thinks up the sequence of a trial.
fn sequence(start: &Start, asked: &Asked, number: u64) -> Vec<Step> {
    let mut chance = asked.chance(number);
    let mut model = start.model();
    let mut steps = Vec::with_capacity(STEPS);
    for _ in 0..STEPS {
        let step = sequence::next(&model, &steps, &mut chance);
        if let Step::Give(given) = &step {
            // Only where it leaves the model matters here.
            let _ = model.give(given);
        }
        steps.push(step);
    }
    steps
}

/// Leaves out steps as long as the sequence still fails.
fn shorter(base: &Base, start: &Start, steps: Vec<Step>, how: How) -> Vec<Step> {
    let mut steps = steps;
    let (mut width, mut tries) = (steps.len() / 2, 0);
    while width > 0 {
        let mut at = 0;
        while at < steps.len() && tries < SHORTER {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + width).min(steps.len()));
            tries += 1;
            if play(base, start, &fewer, how, &mut Counts::default()).is_err() {
                steps = fewer;
            } else {
                at += width;
            }
        }
        width /= 2;
    }
    steps
}

fn trial(
    base: &Base,
    starts: &[Option<Start>; 2],
    asked: &Asked,
    number: u64,
    counts: &mut Counts,
) -> Result<(), String> {
    let [Some(first), _] = starts else { return Err("there is no SQLite".into()) };
    let steps = sequence(first, asked, number);
    let (wrong_rule, broken) = if asked.sabotage { SABOTAGE[(number % 3) as usize] } else { (false, None) };
    let mut traces = Vec::new();
    for (postgres, start) in [false, true].into_iter().zip(starts) {
        let Some(start) = start else { continue };
        let how = How { postgres, wrong_rule, broken };
        match play(base, start, &steps, how, counts) {
            Ok(trace) => traces.push(trace),
            Err(_) => {
                // One that fails by design needs no study.
                let fewest = if asked.sabotage { steps } else { shorter(base, start, steps, how) };
                let why = play(base, start, &fewest, how, &mut Counts::default()).err();
                let engine = if postgres { "PostgreSQL" } else { "SQLite" };
                let shown: Vec<String> = fewest.iter().map(|step| format!("      {step:?}")).collect();
                let why = why.unwrap_or_else(|| "it does not fail when played again".into());
                return Err(format!("{engine}: {why}\n    {} steps:\n{}", fewest.len(), shown.join("\n")));
            }
        }
    }
    match traces.as_slice() {
        [sqlite, postgres] if !postgres.is_empty() && sqlite != postgres => {
            let odd = sqlite.iter().zip(postgres).find(|(one, other)| one != other);
            Err(format!("the logs of the two engines differ: {odd:?}"))
        }
        _ => Ok(()),
    }
}

/// Runs `asked.count` sequences on both engines.
pub fn run(asked: &Asked) -> Report {
    let base = Base::new(true, |_| ());
    let starts = [false, true].map(|postgres| Start::of(&base, postgres));
    let report = Mutex::new(Report::new("model", asked));
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (base, starts, report) = (&base, &starts, &report);
            scope.spawn(move || {
                for number in asked.trials().filter(|number| number % WORKERS == worker) {
                    let mut counts = Counts::default();
                    let outcome = trial(base, starts, asked, number, &mut counts);
                    let mut report = report.lock().unwrap();
                    report.count("sequences", 1);
                    for (name, count) in counts.0 {
                        report.count(name, count);
                    }
                    if let Err(why) = outcome {
                        report.failed(number, why);
                    }
                }
            });
        }
    });
    report.into_inner().unwrap()
}
