//! `zhangfang demo`: a supply company's month on real prices, from nothing to issued bills in the ledger.

mod company;
mod dossier;
mod exceptions;
mod names;
mod nature;
mod people;
mod population;
mod shape;
mod summary;
mod tools;
pub mod trouble;
mod waiting;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use billing::{BillPostings, Clerks, PriceBook, RunBook, RunPlan, RunSummary, run_month};
use identity::Desk;
use indicatif::{ProgressBar, ProgressStyle};
use kernel::{Lang, Moment, Month, Rate, WorkingCalendar};
use ledger::PostingRules;
use metering::account::AccountBulk;
use metering::book::{Book, BookBulk, Cycle, Entered};
use metering::reading::{Reading, ReadingBulk, ReadingFlags, ReadingStatus, Register};
use store::Store;
use vault::Signers;

use crate::command::serve::{self, Serve};
use crate::command::{Place, seal};
use crate::failure::{Done, Failure};
use crate::house;
pub use company::{Company, STATIONS};
pub use exceptions::Left;
pub use people::PASSWORD;
pub use population::{BOOK_ACCOUNTS, Customer, HISTORY_MONTHS, Population, Special};
use population::{Prices, hours_of};

/// The seed of every demo.
pub const SEED: u64 = 20_260_131;
/// Accounts written in one transaction.
const CHUNK_ACCOUNTS: u64 = 10_000;

/// A demo made ready: a founded company with customers and prices.
pub struct Stage {
    /// The database.
    pub store: Store,
    /// The company.
    pub company: Company,
    /// The customers.
    pub population: Population,
    /// Compiled prices.
    pub prices: PriceBook,
    /// Compiled posting rules.
    pub postings: BillPostings,
    /// The month that is run.
    pub month: Month,
}

/// A progress bar with a label, drawn only where a person looks.
pub fn bar(label: &str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<28} [{bar:32}] {pos:>9}/{len:<9} {elapsed_precise}");
    let bar = ProgressBar::new(length).with_message(label.to_owned());
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ "));
    bar
}

/// Makes the company with `accounts` customers in an empty database.
pub fn prepare(url: &str, accounts: u64) -> Done<Stage> {
    prepare_from(url, accounts, SEED, false)
}

/// The same from another seed, and with the habits of real customers when `natural`.
pub fn prepare_from(url: &str, accounts: u64, seed: u64, natural: bool) -> Done<Stage> {
    let month = Month::new(2026, 1)?;
    let store = house::open(url)?;
    if store.read(|tx| identity::find_organisation(tx, "DEMO"))?.is_some() {
        return Err(Failure::new(
            "该数据库已有演示数据；请换一个空数据库或数据目录",
            "this database holds a demo already; give an empty database or another data folder",
        ));
    }
    let first = month.plus(-HISTORY_MONTHS)?;
    let day = first.previous().first_day();
    let company = company::found(&store, day, first.previous(), month.next())?;
    let tables = company::load_prices(&store, &company, day)?;
    let prices = store.write(|tx| {
        let book = PriceBook::load(tx, company.org_id)?;
        book.save_numbers(tx, company.org_id)?;
        Ok::<_, billing::BillingError>(book)
    })?;
    let postings = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
    let hubei = tables.iter().find(|table| table.id() == "hubei-2026-01");
    let jiangsu = tables.iter().find(|table| table.id() == "jiangsu-2021-10");
    let (Some(hubei), Some(jiangsu)) = (hubei, jiangsu) else {
        return Err(Failure::new("缺少电价表", "a price table is missing"));
    };
    let region = |table: &tariff::table::PriceTable| Prices {
        region: table.region().to_owned(),
        industrial_hours: hours_of(table, "industrial", month),
        residential_hours: hours_of(table, "residential", month),
    };
    let regions = [region(hubei), region(hubei), region(jiangsu)];
    let population = Population::new(seed, accounts, month, regions, company.units);
    let population = if natural { population.with_nature() } else { population };
    Ok(Stage { store, company, population, prices, postings, month })
}

impl Stage {
    /// A year of history, the month read, billed and its exceptions handled but for those `left` to do; everybody has a
    /// password.
    pub fn fill(
        &self,
        accounts: u64,
        signers: &Signers,
        left: Left,
    ) -> Done<(RunSummary, exceptions::Handled)> {
        self.load_accounts()?;
        let progress = bar("history / 历史十二个月", accounts * u64::from(HISTORY_MONTHS.unsigned_abs()));
        for back in (1..=HISTORY_MONTHS).rev() {
            let month = self.month.plus(-back)?;
            self.load_readings(month, &progress)?;
            self.run_history(month)?;
            self.sign_log(signers, month)?;
        }
        progress.finish();
        self.store.refresh_statistics()?;
        self.read_month()?;
        let run = self.bill_month()?;
        // PostgreSQL must know that the month has rows, or it plans what follows as if there were one.
        self.store.refresh_statistics()?;
        let handled = self.handle_exceptions(left)?;
        self.hand_out_passwords()?;
        Ok((run, handled))
    }

    /// Where and when its people go on: the day after its story ends.
    pub fn place(&self, place: &Place) -> Done<Place> {
        Ok(Place { on: Some(self.today()?.to_string()), org: "DEMO".into(), ..place.clone() })
    }

    /// Names the log and gives it keys; an earlier demo's in the folder are used again.
    pub fn make_keys(&self, folder: &Path) -> Done<Signers> {
        let day = self.month.plus(-HISTORY_MONTHS)?.previous().first_day();
        let desk = Desk::new(&self.store, &self.company.administrator);
        seal::make_keys(&desk, Moment::on(day, 10, 0), folder, seal::LOG_NAME)
    }

    /// Signs the log at the end of `month`.
    pub fn sign_log(&self, signers: &Signers, month: Month) -> Done {
        let desk = Desk::new(&self.store, &self.company.administrator);
        desk.act(Moment::on(month.last_day(), 23, 0), |work| vault::checkpoint(work, signers))?;
        Ok(())
    }

    /// Writes accounts, agreements, meters and books.
    pub fn load_accounts(&self) -> Done {
        let (org_id, population) = (self.company.org_id, &self.population);
        let progress = bar("accounts / 建档", population.len());
        let mut books = BookBulk::new(org_id);
        for book in 0..population.books() {
            let (book_id, unit_id, _) = population.book(book);
            books.book(&Book {
                book_id,
                number: Population::book_number(book_id),
                name: format!("第 {book_id} 册"),
                unit_id,
                reader_id: 0,
                cycle: Cycle::Monthly,
                reading_day: Some(population.reading_day(book)),
                version: 1,
            })?;
        }
        self.store.write(|tx| books.load(tx))?;
        let mut bulk = AccountBulk::new(org_id);
        let mut at = 0;
        while at < population.len() {
            let end = (at + CHUNK_ACCOUNTS).min(population.len());
            for index in at..end {
                let dossier = population.dossier(&population.customer(index));
                bulk.account(&dossier.details)?;
                if let Some(terms) = &dossier.terms {
                    bulk.terms(terms)?;
                }
                dossier.transformers.iter().try_for_each(|transformer| bulk.transformer(transformer))?;
                dossier.events.iter().try_for_each(|event| bulk.event(event))?;
                dossier.points.iter().try_for_each(|point| bulk.point(point))?;
                dossier.meters.iter().try_for_each(|meter| bulk.meter(meter))?;
                if !dossier.taken_off.is_empty() {
                    bulk.shown(dossier.details.account.account_id, 1, true, &dossier.taken_off)?;
                }
            }
            self.store.write(|tx| bulk.load(tx))?;
            at = end;
            progress.set_position(at);
        }
        progress.finish();
        Ok(())
    }

    /// Writes the readings of `month` as they were taken over or read from afar.
    pub fn load_readings(&self, month: Month, progress: &ProgressBar) -> Done {
        let (org_id, population) = (self.company.org_id, &self.population);
        let mut bulk = ReadingBulk::new(org_id);
        let mut at = 0;
        while at < population.len() {
            let end = (at + CHUNK_ACCOUNTS).min(population.len());
            for index in at..end {
                let customer = population.customer(index);
                if population.is_supplied(&customer, month) {
                    for line in self.readings_of(&customer, month) {
                        bulk.reading(month, &line)?;
                    }
                }
            }
            self.store.write(|tx| bulk.load(tx))?;
            progress.inc(end - at);
            at = end;
        }
        Ok(())
    }

    /// The lines of a customer in `month`.
    pub fn readings_of(&self, customer: &population::Customer, month: Month) -> Vec<Reading> {
        let read_on = self.population.read_on(customer.index / BOOK_ACCOUNTS, month);
        let lines = self.population.lines(customer, month);
        lines
            .into_iter()
            .map(|line| {
                let flags = line
                    .rolled_over
                    .iter()
                    .fold(ReadingFlags::default(), |flags, of| flags.with_roll_over(*of));
                let still = line
                    .registers
                    .iter()
                    .all(|(of, span)| of == Register::Demand || span.current == span.previous);
                Reading {
                    account_id: Population::account_id(customer.index),
                    meter_seq: line.meter_seq,
                    point_seq: 1,
                    digits: customer.meter_digits(),
                    multiplier: Rate::whole(customer.multiplier()).unwrap_or(Rate::ONE),
                    status: match (customer.special, still) {
                        (Special::Unread, true) if month == self.month => ReadingStatus::Unread,
                        (_, true) => ReadingStatus::Zero,
                        (_, false) => ReadingStatus::Read,
                    },
                    flags,
                    read_on,
                    registers: line.registers,
                    entered_by: 0,
                    entered_at: Moment::on(read_on, 10, 0),
                    version: 1,
                }
            })
            .collect()
    }

    /// All books, for a run.
    pub fn run_books(&self) -> Vec<RunBook> {
        let book = |at| {
            let (book_id, unit_id, accounts) = self.population.book(at);
            RunBook { book_id, unit_id, accounts }
        };
        (0..self.population.books()).map(book).collect()
    }

    /// Runs one month of history: issued and posted as it was, without gates.
    pub fn run_history(&self, month: Month) -> Done<RunSummary> {
        let now = Moment::on(month.last_day(), 20, 0);
        let reviewer = self.company.person(&self.store, "fuhe", now.date())?;
        let clerks = Clerks { calculator: &reviewer, reviewer: &reviewer, issuer: &reviewer };
        let plan = RunPlan { take_over: true, ..RunPlan::new(month, self.run_books(), now) };
        Ok(run_month(&self.store, &clerks, &self.prices, &self.postings, &plan, |_| ())?)
    }

    /// The stations open their books, enter the readings, check and submit.
    pub fn read_month(&self) -> Done {
        let calendar = WorkingCalendar::mainland_china()?;
        let day = self.month.first_day();
        let progress = bar("reading / 抄表", self.population.books());
        for (station, unit_id) in self.company.units.into_iter().enumerate() {
            let code = STATIONS[station].0.to_lowercase();
            let administrator = self.company.person(&self.store, &format!("{code}-guanli"), day)?;
            let reader = self.company.person(&self.store, &format!("{code}-chaobiao"), day)?;
            let own: Vec<u64> =
                (0..self.population.books()).filter(|at| self.population.book(*at).1 == unit_id).collect();
            let ids: Vec<i64> = own.iter().map(|at| self.population.book(*at).0).collect();
            let office = Desk::new(&self.store, &administrator);
            for some in ids.chunks(200) {
                office.act(Moment::on(day, 8, 0), |work| {
                    metering::book::create_batch(work, &calendar, unit_id, self.month, some)
                })?;
            }
            for at in own {
                let (book_id, _, accounts) = self.population.book(at);
                let read_on = self.population.read_on(at, self.month);
                let entered = self.entered(at, accounts);
                Desk::new(&self.store, &reader).act(Moment::on(read_on, 17, 0), |work| {
                    metering::entry::enter_readings(work, self.month, book_id, &entered, "")
                })?;
                office.act(Moment::on(read_on, 18, 0), |work| {
                    metering::book::self_check(work, self.month, book_id, "表码已核对")?;
                    billing::submit_book(work, &calendar, self.month, book_id, None)
                })?;
                progress.inc(1);
            }
        }
        progress.finish();
        Ok(())
    }

    fn entered(&self, book: u64, accounts: i64) -> Vec<Entered> {
        let first = book * BOOK_ACCOUNTS;
        let mut entered = Vec::new();
        for index in first..first + accounts.unsigned_abs() {
            let customer = self.population.customer(index);
            // The line of a meter that was taken off came with its final reading.
            let lines = self.readings_of(&customer, self.month);
            let last = lines.len().saturating_sub(1);
            for reading in lines.into_iter().skip(last) {
                let unread = reading.status == ReadingStatus::Unread;
                let shown = reading.registers.iter().map(|(register, span)| (register, span.current));
                entered.push(Entered {
                    account_id: reading.account_id,
                    meter_seq: reading.meter_seq,
                    status: Some(reading.status),
                    read_on: reading.read_on,
                    shown: if unread { Vec::new() } else { shown.collect() },
                    rolled_over: reading
                        .registers
                        .iter()
                        .map(|(of, _)| of)
                        .filter(|of| reading.flags.rolled_over(*of))
                        .collect(),
                    estimated: false,
                    version: None,
                });
            }
        }
        entered
    }

    /// The billing centre calculates, reviews and issues what is clean.
    pub fn bill_month(&self) -> Done<RunSummary> {
        // The last books are read at the end of the month; the centre runs the same evening.
        let now = Moment::on(self.month.last_day(), 20, 0);
        let calculator = self.company.person(&self.store, "hesuan", now.date())?;
        let reviewer = self.company.person(&self.store, "fuhe", now.date())?;
        let clerks = Clerks { calculator: &calculator, reviewer: &reviewer, issuer: &reviewer };
        let plan = RunPlan::new(self.month, self.run_books(), now);
        let progress = bar("billing / 核算发行", self.population.len());
        let summary = run_month(&self.store, &clerks, &self.prices, &self.postings, &plan, |so_far| {
            progress.set_position(so_far.accounts.unsigned_abs());
        })?;
        progress.finish();
        Ok(summary)
    }
}

/// An embedded demo begins anew: an earlier one in the folder makes way, anything else there is left alone.
fn clear_folder(place: &Place) -> Done {
    std::fs::create_dir_all(&place.data).map_err(|error| Failure::file(place.data.display(), error))?;
    if place.database.is_some() {
        return Ok(());
    }
    let database = place.data.join("zhangfang.db");
    if database.exists() {
        let earlier = house::open(&place.url())?;
        let is_demo = earlier.read(|tx| identity::find_organisation(tx, "DEMO"))?.is_some();
        drop(earlier);
        if !is_demo {
            return Err(Failure::new(
                format!("{} 不是演示数据库，不会覆盖；请用 --data 另选目录", database.display()),
                format!(
                    "{} is not a demo and is not overwritten; choose another folder with --data",
                    database.display()
                ),
            ));
        }
        for suffix in ["", "-wal", "-shm"] {
            let file = place.data.join(format!("zhangfang.db{suffix}"));
            if file.exists() {
                std::fs::remove_file(&file).map_err(|error| Failure::file(file.display(), error))?;
            }
        }
    }
    Ok(())
}

/// Makes a demo ready to be served, without a word but its progress; answers it with the place and day of its office.
pub fn make(place: &Place, accounts: u64, left: Left) -> Done<(Stage, Place)> {
    clear_folder(place)?;
    let stage = prepare(&place.url(), accounts)?;
    let signers = stage.make_keys(&place.key_folder())?;
    stage.fill(accounts, &signers, left)?;
    stage.open_next_month()?;
    stage.leave_work_open()?;
    let place = stage.place(place)?;
    Ok((stage, place))
}

/// Runs the whole demo.
pub fn run(place: &Place, accounts: u64, listen: Option<SocketAddr>, lang: Lang) -> Done {
    if accounts < 3 * BOOK_ACCOUNTS {
        return Err(Failure::new("演示至少需要 600 户", "the demo needs at least 600 accounts"));
    }
    let started = Instant::now();
    clear_folder(place)?;
    let stage = prepare(&place.url(), accounts)?;
    let signers = stage.make_keys(&place.key_folder())?;
    let (run, handled) = stage.fill(accounts, &signers, Left::NOTHING)?;
    let summary = stage.summary(&signers)?;
    let mut files = vec![stage.write_reports(&place.data, lang)?];
    files.extend(stage.print_bills(&place.data, lang)?);
    summary.print(stage.month, &run, &handled, started.elapsed(), lang)?;
    let number = stage.population.dossier(&stage.population.customer(0)).details.number;
    summary::try_next(place, &files, &number, stage.month, lang);
    stage.print_people(lang)?;
    let Some(listen) = listen else { return Ok(()) };
    stage.open_next_month()?;
    stage.leave_work_open()?;
    let place = stage.place(place)?;
    serve::run_on(&Serve::demo(listen), &place, Arc::new(stage.store), identity::PasswordCost::CHEAP, lang)
}
