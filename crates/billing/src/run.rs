//! The billing run: many books calculated, passed through the gates and issued, in key order and in bulk.
//!
//! Workers load a batch of books with a fixed number of queries, calculate it and encode its rows; the one writer
//! takes the batches in order and writes each in one transaction. Memory is bounded by the number of batches under way.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use kernel::{Date, Moment, Money, Month, Quantity};
use metering::book::BookState;
use store::{Store, Tx};

use crate::gates::Limits;
use crate::load::Loader;
use crate::output::{BookOutcome, Output};
use crate::plans::PriceBook;
use crate::posting::BillPostings;
use crate::service::{self, Clerks};
use crate::{BillingError, Result, suspicion};

/// A book to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunBook {
    /// The book.
    pub book_id: i64,
    /// Its station.
    pub unit_id: i64,
    /// About how many accounts it has, for the size of batches.
    pub accounts: i64,
}

/// The day of the month by which a bill is due when neither account nor plan says.
pub(crate) const DUE_DAY: u8 = 20;

/// How to run.
#[derive(Debug, Clone)]
pub struct RunPlan {
    /// The billing month.
    pub month: Month,
    /// Books in ascending order of key.
    pub books: Vec<RunBook>,
    /// When the command was given.
    pub now: Moment,
    /// Issue what is clean at once.
    pub issue: bool,
    /// History taken over from an earlier system: the gates let everything pass. Stated in the log.
    pub take_over: bool,
    /// Threads that load and calculate beside the one that writes.
    pub workers: usize,
    /// Accounts per batch and transaction, about.
    pub batch_accounts: i64,
    /// Limits of the gates.
    pub limits: Limits,
    /// The day of the month by which a bill is due when the account does not say.
    pub due_day: u8,
}

impl RunPlan {
    /// A plan with the usual sizes for `books` of `month`.
    pub fn new(month: Month, books: Vec<RunBook>, now: Moment) -> RunPlan {
        let workers = std::thread::available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1);
        RunPlan {
            month,
            books,
            now,
            issue: true,
            take_over: false,
            workers,
            batch_accounts: 8_000,
            limits: Limits::default(),
            due_day: DUE_DAY,
        }
    }
}

/// Books in runs of about `batch_accounts` accounts.
fn batches_of(books: &[RunBook], batch_accounts: i64) -> Vec<&[RunBook]> {
    let mut batches = Vec::new();
    let (mut start, mut accounts) = (0, 0);
    for (at, book) in books.iter().enumerate() {
        if accounts > 0 && accounts + book.accounts > batch_accounts {
            batches.push(&books[start..at]);
            (start, accounts) = (at, 0);
        }
        accounts += book.accounts;
    }
    if start < books.len() {
        batches.push(&books[start..]);
    }
    batches
}

/// The books of `plan` that wait for this run, and those of them that were calculated before. A book that is not
/// submitted is left alone: it was run already, or its station has not finished it. History is taken over once.
fn waiting(tx: &mut Tx<'_>, org_id: i64, plan: &RunPlan) -> Result<(Vec<RunBook>, HashSet<i64>)> {
    let calculated: HashSet<i64> =
        crate::sql::calculated_books(tx, org_id, plan.month)?.into_iter().collect();
    let waits: HashSet<i64> = if plan.take_over {
        plan.books.iter().map(|book| book.book_id).filter(|id| !calculated.contains(id)).collect()
    } else {
        let opened = metering::book::books_of_month(tx, org_id, plan.month)?;
        let submitted = opened.into_iter().filter(|book| book.state == BookState::Submitted);
        submitted.map(|book| book.book_id).collect()
    };
    let books = plan.books.iter().filter(|book| waits.contains(&book.book_id)).copied().collect();
    Ok((books, calculated))
}

/// What a run did.
#[derive(Debug, Clone, Default)]
pub struct RunSummary {
    /// Accounts calculated.
    pub accounts: i64,
    /// Clean ones.
    pub clean: i64,
    /// Bills issued.
    pub issued: i64,
    /// kWh calculated.
    pub energy_kwh: Quantity,
    /// Fee calculated.
    pub amount: Money,
    /// kWh issued.
    pub issued_energy_kwh: Quantity,
    /// Fee issued.
    pub issued_amount: Money,
    /// Exceptions by reason, in the order of [`crate::gates::Reasons`] bits; one account can have several.
    pub reasons: [i64; 16],
    /// Rows written, small tables aside.
    pub rows: u64,
    /// Their encoded bytes.
    pub bytes: u64,
    /// Time spent by all workers loading.
    pub loading: Duration,
    /// Time spent by all workers calculating and encoding.
    pub calculating: Duration,
    /// Time spent by the writer.
    pub writing: Duration,
    /// Wall time of the run.
    pub elapsed: Duration,
}

impl RunSummary {
    fn add(&mut self, output: &Output) -> Result<()> {
        for book in &output.books {
            self.accounts += book.accounts;
            self.clean += book.clean;
            self.issued += book.issued;
            self.energy_kwh = self.energy_kwh.plus(book.energy_kwh)?;
            self.amount = self.amount.plus(book.amount)?;
            self.issued_energy_kwh = self.issued_energy_kwh.plus(book.issued_energy_kwh)?;
            self.issued_amount = self.issued_amount.plus(book.issued_amount)?;
        }
        for (sum, count) in self.reasons.iter_mut().zip(output.reasons) {
            *sum += count;
        }
        let (rows, bytes) = output.volume();
        self.rows += rows;
        self.bytes += bytes;
        Ok(())
    }
}

/// Encoded bytes after which the engine may tidy its log.
const LOG_BYTES: u64 = 48 << 20;

struct Batch {
    place: usize,
    output: Output,
}

/// Runs the books of `plan`: calculation, gates and, when asked, issue of what is clean. Each batch is one transaction
/// with its acts in the log; a run that is stopped has done whole batches only, and running again does the rest: books
/// that are not waiting are passed over, so that the same run again changes nothing.
pub fn run_month(
    store: &Store,
    clerks: &Clerks<'_>,
    prices: &PriceBook,
    postings: &BillPostings,
    plan: &RunPlan,
    mut progress: impl FnMut(&RunSummary),
) -> Result<RunSummary> {
    let started = Instant::now();
    let (books, before) = store.read(|tx| waiting(tx, clerks.org_id(), plan))?;
    if !plan.take_over && store.read(|tx| suspicion::mode(tx, clerks.org_id()))? == suspicion::Mode::Decide {
        // Scores of readings that were corrected since say nothing: what is run is scored now.
        suspicion::score_month(store, clerks.calculator, plan.month, &books, plan.now, plan.workers)?;
    }
    let batches = batches_of(&books, plan.batch_accounts);
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let spare: Mutex<Vec<Output>> = Mutex::default();
    let (send, receive) = sync_channel::<Result<(Batch, Duration, Duration)>>(plan.workers);
    let mut summary = RunSummary::default();

    std::thread::scope(|scope| {
        for _ in 0..plan.workers.max(1) {
            let send = send.clone();
            let (next, stop, spare, batches, before) = (&next, &stop, &spare, &batches, &before);
            scope.spawn(move || {
                let mut loader = Loader::default();
                while !stop.load(Ordering::Relaxed) {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(books) = batches.get(place) else { break };
                    let output = spare.lock().ok().and_then(|mut spare| spare.pop());
                    let mut output = output.unwrap_or_else(|| Output::new(clerks.org_id(), plan.month));
                    let again = books.iter().map(|book| book.book_id).filter(|id| before.contains(id));
                    output.calculated_before.extend(again);
                    let made =
                        prepare(store, clerks.org_id(), prices, postings, plan, books, &mut loader, output);
                    let made = made.map(|(output, loading, calculating)| {
                        (Batch { place, output }, loading, calculating)
                    });
                    let failed = made.is_err();
                    if send.send(made).is_err() || failed {
                        break;
                    }
                }
            });
        }
        drop(send);
        // Batches are written in order, so that every table grows at its end.
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        let mut bytes_since_tidy = 0;
        let outcome = (|| {
            for made in &receive {
                let (batch, loading, calculating) = made?;
                summary.loading += loading;
                summary.calculating += calculating;
                waiting.insert(batch.place, batch.output);
                while let Some(mut output) = waiting.remove(&due) {
                    let writing = Instant::now();
                    summary.add(&output)?;
                    let (_, volume) = output.volume();
                    service::write_batch(store, clerks, plan, &mut output)?;
                    bytes_since_tidy += volume;
                    if bytes_since_tidy > LOG_BYTES {
                        store.tidy_log()?;
                        bytes_since_tidy = 0;
                    }
                    summary.writing += writing.elapsed();
                    output.clear();
                    if let Ok(mut spare) = spare.lock() {
                        spare.push(output);
                    }
                    due += 1;
                    summary.elapsed = started.elapsed();
                    progress(&summary);
                }
            }
            Ok(())
        })();
        stop.store(true, Ordering::Relaxed);
        // Whoever still waits to hand over a batch finds nobody and ends.
        drop(receive);
        outcome
    })
    .map(|()| {
        summary.elapsed = started.elapsed();
        summary
    })
}

#[allow(clippy::too_many_arguments)]
fn prepare(
    store: &Store,
    org_id: i64,
    prices: &PriceBook,
    postings: &BillPostings,
    plan: &RunPlan,
    books: &[RunBook],
    loader: &mut Loader,
    mut output: Output,
) -> Result<(Output, Duration, Duration)> {
    let mut loading = Instant::now();
    let (mut loaded, mut calculated) = (Duration::ZERO, Duration::ZERO);
    let issue = plan.issue.then_some(postings);
    store.read(|tx: &mut Tx<'_>| {
        for book_id in &output.calculated_before {
            output.known_exceptions.extend(crate::sql::kept_exceptions(tx, org_id, plan.month, *book_id)?);
        }
        output.known_exceptions.sort_unstable();
        loader.load(tx, org_id, prices, plan, books, |book, ready| {
            let calculating = Instant::now();
            loaded += calculating - loading;
            if output.books.last().is_none_or(|open| open.book_id != book.book_id) {
                let [calculation_id, issue_id, voucher_id] =
                    std::array::from_fn(|_| store.next_key(plan.now));
                output.begin_book(BookOutcome::new(
                    book.book_id,
                    book.unit_id,
                    calculation_id,
                    issue_id,
                    voucher_id,
                ));
            }
            for account in ready {
                output.calculate(prices, &plan.limits, account, plan.take_over, issue)?;
            }
            loading = Instant::now();
            calculated += loading - calculating;
            Ok::<_, BillingError>(())
        })
    })?;
    loaded += loading.elapsed();
    Ok((output, loaded, calculated))
}

/// The day by which a bill issued on `today` is due: the next `day` of a month at least five days away.
pub(crate) fn due_on(today: Date, day: u8) -> Date {
    let in_month = |month: Month| {
        let day = i8::try_from(day.clamp(1, 31)).unwrap_or(28);
        Date::new(month.year(), month.month_of_year(), day).unwrap_or(month.last_day())
    };
    let earliest = today.plus_days(5).unwrap_or(today);
    let this = in_month(earliest.month());
    if this >= earliest { this } else { in_month(earliest.month().next()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_is_due_on_its_day_but_never_at_once() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        let cases = [
            ("2026-01-08", 20, "2026-01-20"),
            ("2026-01-18", 20, "2026-02-20"),
            ("2026-01-28", 31, "2026-02-28"),
            ("2026-01-26", 31, "2026-01-31"),
        ];
        for (today, day, due) in cases {
            assert_eq!(due_on(date(today), day), date(due), "{today} {day}");
        }
    }
}
