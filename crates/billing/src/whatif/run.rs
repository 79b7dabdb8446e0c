//! The comparison itself: one thread reads, workers decode, calculate and sum.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use kernel::{Money, Month, Quantity};
use store::{Store, Tx};
use tariff::engine::tier_year;
use tariff::{Bill, PlanId};

use super::model::{Extreme, LineDifference, MonthBill, Outcome, Selection, WhatIf};
use super::prices::Trial;
use super::sql;
use super::tally::{Tally, component_differences, tier_differences};
use super::tenths::Share;
use crate::canonical::{Figures, is_adjustment, read_figures};
use crate::gates::Reasons;
use crate::plans::PriceBook;
use crate::{BillingError, OfficeError, Result};

/// A stored bill in a chunk.
#[derive(Clone, Copy)]
struct Row {
    account_id: i64,
    month: Month,
    book_id: i64,
    unit_id: i64,
    not_calculated: bool,
    from: usize,
    to: usize,
}

/// Bills of a run of accounts, all their months.
#[derive(Default)]
struct Chunk {
    number: usize,
    rows: Vec<Row>,
    bytes: Vec<u8>,
}

impl Chunk {
    fn clear(&mut self) {
        self.rows.clear();
        self.bytes.clear();
    }
}

/// Bills of the months that were issued: about what a comparison has before it.
pub fn expected_bills(tx: &mut Tx<'_>, org_id: i64, months: &[Month]) -> Result<i64> {
    months.iter().map(|month| sql::count(tx, org_id, *month)).sum()
}

/// Compares the selected bills with what `trial` makes of them. Nothing is written: all is read out of one snapshot.
/// `book` holds the prices the bills were made by. `progress` is told how many bills were read
/// and answers whether to go on; when not, the answer is [`BillingError::Stopped`].
///
/// Tiers: what a household used before a month stands in its stored input. Where several months are selected and the
/// old prices did not count tiers over the year, the use of the earlier months is carried into the later ones; use
/// before the first month is then not known, and the bills concerned are counted in [`Outcome::tiers_unknown`].
pub fn compare_months(
    store: &Store,
    org_id: i64,
    book: &PriceBook,
    trial: &Trial,
    selection: &Selection,
    how: &WhatIf,
    progress: impl FnMut(u64) -> bool,
) -> Result<Outcome> {
    let started = Instant::now();
    let work = |chunk: &Chunk, worker: &mut Worker<'_>| worker.compare(chunk);
    let workers = (0..how.workers.max(1)).map(|_| Worker::new(book, trial, how)).collect();
    let workers = stream(store, org_id, selection, how, workers, work, progress)?;
    let mut tally = Tally::new(how.top);
    for worker in workers {
        tally.join(worker.tally)?;
    }
    let mut outcome = tally.finish(book)?;
    outcome.elapsed = started.elapsed();
    Ok(outcome)
}

/// What is unavoidable: the same bills read and decoded by as many threads, nothing calculated and nothing summed.
/// Answers bills, bytes and time. With `decode` false the bytes are only read.
pub fn read_and_decode(
    store: &Store,
    org_id: i64,
    selection: &Selection,
    how: &WhatIf,
    decode: bool,
) -> Result<(u64, u64, Duration)> {
    let started = Instant::now();
    let work = |chunk: &Chunk, (bills, bytes): &mut (u64, u64)| {
        let mut figures = Figures::default();
        for row in chunk.rows.iter().filter(|row| !row.not_calculated) {
            let detail = &chunk.bytes[row.from..row.to];
            if decode && !is_adjustment(detail) {
                std::hint::black_box(read_figures(detail, &mut figures)?);
            }
            *bills += 1;
            *bytes += detail.len() as u64;
        }
        Ok(())
    };
    let workers = vec![(0, 0); how.workers.max(1)];
    let done = stream(store, org_id, selection, how, workers, work, |_| true)?;
    let (bills, bytes) = done.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    Ok((bills, bytes, started.elapsed()))
}

/// Streams the selected bills in chunks to `workers`, each with what is its own; answers what they have become.
fn stream<W: Send>(
    store: &Store,
    org_id: i64,
    selection: &Selection,
    how: &WhatIf,
    workers: Vec<W>,
    work: impl Fn(&Chunk, &mut W) -> Result<()> + Sync,
    mut progress: impl FnMut(u64) -> bool,
) -> Result<Vec<W>> {
    let (send, receive) = sync_channel::<Chunk>(workers.len());
    let receive = Mutex::new(receive);
    let (spare, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let (receive, spare, stop, work) = (&receive, &spare, &stop, &work);
    std::thread::scope(|scope| {
        let threads: Vec<_> = workers
            .into_iter()
            .map(|mut own| {
                scope.spawn(move || {
                    while let Some(mut chunk) = next(receive) {
                        let done = if stop.load(Ordering::Relaxed) { Ok(()) } else { work(&chunk, &mut own) };
                        if let Err(error) = done {
                            stop.store(true, Ordering::Relaxed);
                            // The reader may be waiting to hand over: the rest is taken and let go.
                            while next(receive).is_some() {}
                            return Err(error);
                        }
                        chunk.clear();
                        if let Ok(mut spare) = spare.lock() {
                            spare.push(chunk);
                        }
                    }
                    Ok(own)
                })
            })
            .collect();
        let read = store.read(|tx| {
            let mut reader = Reader::new(tx, org_id, selection, how)?;
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                let mut chunk = spare.lock().ok().and_then(|mut spare| spare.pop()).unwrap_or_default();
                chunk.number = number;
                let more = reader.fill(tx, &mut chunk)?;
                if send.send(chunk).is_err() || !more {
                    break;
                }
                if !progress(reader.read) {
                    stop.store(true, Ordering::Relaxed);
                    return Err(BillingError::Stopped);
                }
                number += 1;
            }
            Ok(())
        });
        drop(send);
        let mut done = Vec::new();
        for thread in threads {
            let lost =
                || OfficeError::refused("BILL-18", "比较线程中断", "a thread of the comparison ended early");
            done.push(thread.join().unwrap_or_else(|_| Err(lost().into()))?);
        }
        read.map(|()| done)
    })
}

fn next(receive: &Mutex<Receiver<Chunk>>) -> Option<Chunk> {
    receive.lock().ok()?.recv().ok()
}

/// Reads chunk after chunk out of one snapshot.
struct Reader<'s> {
    org_id: i64,
    selection: &'s Selection,
    chunk_bills: usize,
    /// Station of each book.
    units: HashMap<i64, i64>,
    after: i64,
    read: u64,
}

impl<'s> Reader<'s> {
    fn new(tx: &mut Tx<'_>, org_id: i64, selection: &'s Selection, how: &WhatIf) -> Result<Reader<'s>> {
        let books = metering::book::books(tx, org_id)?;
        let units = books.into_iter().map(|book| (book.book_id, book.unit_id)).collect();
        let chunk_bills = how.chunk_bills.max(2);
        Ok(Reader { org_id, selection, chunk_bills, units, after: i64::MIN, read: 0 })
    }

    /// Fills `chunk` with the bills of the next accounts, every month of them; answers whether there are more.
    fn fill(&mut self, tx: &mut Tx<'_>, chunk: &mut Chunk) -> Result<bool> {
        let mut end = i64::MAX;
        for month in &self.selection.months {
            let mut limit = self.chunk_bills;
            loop {
                let rows = chunk.rows.len();
                let (found, last) = self.read_month(tx, *month, end, limit, chunk)?;
                if found < limit {
                    break;
                }
                // The last account may have further bills: it is left for the next chunk.
                if last - 1 > self.after {
                    end = end.min(last - 1);
                    break;
                }
                chunk.rows.truncate(rows);
                limit *= 2;
            }
        }
        chunk.rows.retain(|row| row.account_id <= end);
        self.read += chunk.rows.len() as u64;
        self.after = end;
        Ok(end < i64::MAX)
    }

    /// Answers how many rows the query gave and the account of the last.
    fn read_month(
        &self,
        tx: &mut Tx<'_>,
        month: Month,
        end: i64,
        limit: usize,
        chunk: &mut Chunk,
    ) -> Result<(usize, i64)> {
        let (mut found, mut last) = (0, self.after);
        let Selection { unit_id, book_id, issued_only, .. } = self.selection;
        // Accounts of a book stand together: its station is looked up once for a run of them.
        let mut known = (i64::MIN, 0);
        sql::each_stored(tx, (self.org_id, month, *issued_only), (self.after, end), limit, |row| {
            (found, last) = (found + 1, row.int(0)?);
            let of = row.int(2)?;
            if known.0 != of {
                known = (of, self.units.get(&of).copied().unwrap_or(0));
            }
            if book_id.is_some_and(|only| only != of) || unit_id.is_some_and(|only| only != known.1) {
                return Ok(());
            }
            let from = chunk.bytes.len();
            row.with_blob(4, |bytes| chunk.bytes.extend_from_slice(bytes))?;
            chunk.rows.push(Row {
                account_id: last,
                month,
                book_id: of,
                unit_id: known.1,
                not_calculated: row.int(3)? & i64::from(Reasons::NOT_CALCULATED.0) != 0,
                from,
                to: chunk.bytes.len(),
            });
            Ok(())
        })?;
        Ok((found, last))
    }
}

/// Where a household's tiers stood after the month before.
struct Carried {
    month: Month,
    /// As billed.
    stored_kwh: Quantity,
    /// In the trial.
    used_kwh: Quantity,
}

/// One thread's share of the work.
struct Worker<'w> {
    book: &'w PriceBook,
    trial: &'w Trial,
    lines_max: usize,
    tally: Tally,
    figures: Figures,
    bill: Bill,
    /// Of the account under way: what the trial says was used before each month.
    used: Vec<Option<Quantity>>,
}

impl<'w> Worker<'w> {
    fn new(book: &'w PriceBook, trial: &'w Trial, how: &WhatIf) -> Worker<'w> {
        Worker {
            book,
            trial,
            lines_max: how.lines_max,
            tally: Tally::new(how.top),
            figures: Figures::default(),
            bill: Bill::new(),
            used: Vec::new(),
        }
    }

    fn compare(&mut self, chunk: &Chunk) -> Result<()> {
        let mut rows = chunk.rows.as_slice();
        let mut sorted;
        if rows.windows(2).any(|pair| pair[0].account_id > pair[1].account_id) {
            sorted = rows.to_vec();
            sorted.sort_by_key(|row| (row.account_id, row.month));
            rows = &sorted;
        }
        self.tally.shares.push((chunk.number, Vec::with_capacity(rows.len())));
        while let Some(first) = rows.first() {
            let size = rows.iter().take_while(|row| row.account_id == first.account_id).count();
            let (mine, others) = rows.split_at(size);
            self.account(chunk, mine)?;
            rows = others;
        }
        Ok(())
    }

    /// All months of one account.
    fn account(&mut self, chunk: &Chunk, rows: &[Row]) -> Result<()> {
        self.used.clear();
        let (mut before, mut after, mut energy) = (Money::ZERO, Money::ZERO, Quantity::ZERO);
        let mut compared = false;
        let mut carried = None;
        for row in rows {
            let detail = &chunk.bytes[row.from..row.to];
            self.tally.bytes += detail.len() as u64;
            self.used.push(None);
            if row.not_calculated {
                self.tally.not_calculated += 1;
            } else if is_adjustment(detail) {
                self.tally.adjustments += 1;
            } else if self.month(row, detail, &mut carried)? {
                compared = true;
                before = before.plus(self.figures.total)?;
                after = after.plus(self.bill.total)?;
                energy = energy.plus(self.figures.energy_kwh)?;
            }
        }
        if !compared {
            return Ok(());
        }
        let difference = after.minus(before)?.fen();
        let share = Share { before: before.fen(), energy: energy.units(), difference };
        let used = &self.used;
        self.tally.add_account(share, rows[0].account_id, || {
            let plain = |row: &&Row| !row.not_calculated && !is_adjustment(&chunk.bytes[row.from..row.to]);
            let bills = rows.iter().zip(used).filter(|(row, _)| plain(row)).map(|(row, used)| MonthBill {
                month: row.month,
                detail: chunk.bytes[row.from..row.to].to_vec(),
                used_kwh: *used,
            });
            let Row { account_id, book_id, .. } = rows[0];
            Extreme { account_id, book_id, before, after, bills: bills.collect() }
        });
        Ok(())
    }

    /// One bill; answers whether it could be compared.
    fn month(&mut self, row: &Row, detail: &[u8], carried: &mut Option<Carried>) -> Result<bool> {
        let mut input = read_figures(detail, &mut self.figures)?;
        let old = input.points.first().map_or(PlanId(u32::MAX), |point| point.plan);
        for point in &mut input.points {
            match self.trial.counterpart(point.plan) {
                Some(plan) => point.plan = plan,
                None => {
                    *carried = None;
                    self.tally.add_missing(point.plan, self.figures.total)?;
                    return Ok(false);
                }
            }
        }
        let mut stored_before = Quantity::ZERO;
        if let Some(state) = &mut input.tiers {
            stored_before = state.used_kwh;
            let year = |month| tier_year(month, state.months);
            match carried.as_ref().filter(|carried| year(carried.month) == year(row.month)) {
                // What came between the two bills, such as an adjustment of kWh, came in the trial as well.
                Some(carried) => {
                    let between = state.used_kwh.minus(carried.stored_kwh)?;
                    state.used_kwh = carried.used_kwh.plus(between)?;
                }
                None => self.note_unknown_tiers(old, &input.points[0].plan, row.month, state.months),
            }
            if let Some(slot) = self.used.last_mut() {
                *slot = Some(state.used_kwh);
            }
        }
        if let Err(refusal) =
            tariff::calculate(self.trial.plans(), self.trial.rules(), &input, &mut self.bill)
        {
            *carried = None;
            self.tally.add_refused(refusal.to_string(), row.account_id, self.figures.total)?;
            return Ok(false);
        }
        *carried = input.tiers.map(|state| {
            let after =
                |tiers: &Option<tariff::TierResult>, before| tiers.map_or(before, |tiers| tiers.used_kwh);
            Carried {
                month: row.month,
                stored_kwh: after(&self.figures.tiers, stored_before),
                used_kwh: after(&self.bill.tiers, state.used_kwh),
            }
        });
        self.tally.add(old, row.unit_id, &self.figures, &self.bill)?;
        if self.lines_max > 0 {
            self.keep_line(row, detail)?;
        }
        Ok(true)
    }

    /// Counts a bill whose earlier use in the tier year the stored bill does not say: the old plan did not count it.
    fn note_unknown_tiers(&mut self, old: PlanId, new: &PlanId, month: Month, months: u8) {
        let by_year = |plan: Option<&tariff::engine::Plan>| {
            plan.and_then(|plan| plan.tiers.as_ref()).is_some_and(|tiers| tiers.by_year)
        };
        let first = month
            .plus(-i32::from(months))
            .is_ok_and(|past| tier_year(past, months) != tier_year(month, months));
        let (old, new) = (self.book.plans().get(old), self.trial.plans().get(*new));
        self.tally.tiers_unknown += i64::from(by_year(new) && !by_year(old) && !first);
    }

    fn keep_line(&mut self, row: &Row, detail: &[u8]) -> Result<()> {
        let components = component_differences(&self.figures, &self.bill)?;
        let tiers = tier_differences(&self.figures, &self.bill)?;
        if components.is_empty() && tiers.is_empty() {
            return Ok(());
        }
        if self.tally.lines.len() >= self.lines_max {
            let most = self.lines_max;
            return Err(OfficeError::refused(
                "ADJ-18",
                format!("一张退补清单最多 {most} 户，请按抄本（--book）分开发起"),
                format!("a batch has {most} bills at most: start one for each book (--book)"),
            )
            .into());
        }
        let used_kwh = self.used.last().copied().flatten();
        self.tally.lines.push(LineDifference {
            account_id: row.account_id,
            book_id: row.book_id,
            before: self.figures.total,
            after: self.bill.total,
            components,
            tiers,
            bill: MonthBill { month: row.month, detail: detail.to_vec(), used_kwh },
        });
        Ok(())
    }
}
