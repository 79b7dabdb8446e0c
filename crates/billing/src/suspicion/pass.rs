//! The pass that scores a month: first how the classes and stations moved, then every account.
//!
//! Both steps read in parallel, a chunk of accounts at a time with a fixed number of queries; the rows are written in
//! bulk, one transaction for each batch of books. Readings suffice: no bill has to be calculated before.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use identity::{Actor, Work};
use kernel::{Moment, Month};
use store::{Bulk, Store, Tx};

use super::evidence::{Score, expect, usage};
use super::gather::{Gatherer, each_evidence, each_movement};
use super::pairs::{Candidate, mark_swapped};
use super::peers::{Gathering, Movements};
use super::score::score;
use super::sql::{self, ScoreRow};
use super::thresholds::{Band, Thresholds};
use crate::run::RunBook;
use crate::service::permission;
use crate::{Result, log};

/// What a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScoreSummary {
    /// Accounts scored.
    pub accounts: i64,
    /// Of them in each [`Band`].
    pub bands: [i64; 4],
    /// Wall time of the first step.
    pub peers: Duration,
    /// Wall time of the pass.
    pub elapsed: Duration,
}

/// Accounts per batch and transaction, about.
const BATCH_ACCOUNTS: i64 = 8_000;

/// A score that waits for its book to be complete.
struct Waiting {
    unit_id: i64,
    used: i64,
    expected: Option<i64>,
}

/// The scores of some books as rows.
struct Scored {
    bulk: Bulk,
    accounts: i64,
    bands: [i64; 4],
    text: String,
    waiting: Vec<Waiting>,
    scores: Vec<Score>,
    candidates: Vec<Candidate>,
}

impl Scored {
    fn new() -> Scored {
        Scored {
            bulk: sql::scores(),
            accounts: 0,
            bands: [0; 4],
            text: String::new(),
            waiting: Vec::new(),
            scores: Vec::new(),
            candidates: Vec::new(),
        }
    }

    /// Compares the accounts of the book with each other and makes the rows.
    fn close_book(&mut self, org_id: i64, month: Month, book_id: i64, thresholds: &Thresholds) -> Result<()> {
        mark_swapped(&self.candidates, &mut self.scores, thresholds);
        for (waiting, score) in self.waiting.iter().zip(&self.scores) {
            let band = thresholds.band(score.points);
            let row = ScoreRow {
                book_id,
                unit_id: waiting.unit_id,
                band,
                sampled: band == Band::Sample && thresholds.is_sampled(score.account_id, month),
                used: waiting.used,
                expected: waiting.expected,
                score,
            };
            sql::add_score(&mut self.bulk, (org_id, month), &row, thresholds.version, &mut self.text)?;
            self.accounts += 1;
            self.bands[band as usize] += 1;
        }
        self.waiting.clear();
        self.scores.clear();
        self.candidates.clear();
        Ok(())
    }
}

fn score_books(
    tx: &mut Tx<'_>,
    (org_id, month): (i64, Month),
    books: &[i64],
    gatherer: &mut Gatherer,
    movements: &Movements,
    thresholds: &Thresholds,
) -> Result<Scored> {
    let mut scored = Scored::new();
    let mut open = None;
    let peers = |unit_id, class: &str| movements.of(unit_id, class);
    each_evidence(tx, org_id, month, books, gatherer, peers, |row, evidence| {
        let book_id = row.account.book_id;
        if let Some(before) = open.replace(book_id).filter(|before| *before != book_id) {
            scored.close_book(org_id, month, before, thresholds)?;
        }
        let used = usage(evidence.lines);
        let expected = expect(evidence, used, thresholds);
        let place = scored.scores.len();
        scored.scores.push(score(evidence, thresholds));
        scored.waiting.push(Waiting {
            unit_id: row.account.unit_id,
            used,
            expected: expected.map(|expected| expected.energy),
        });
        let candidate = expected
            .and_then(|expected| Candidate::of(place, evidence.account_id, used, expected, evidence.lines));
        scored.candidates.extend(candidate);
        Ok(())
    })?;
    if let Some(book_id) = open {
        scored.close_book(org_id, month, book_id, thresholds)?;
    }
    Ok(scored)
}

fn movements_of(
    store: &Store,
    (org_id, month): (i64, Month),
    batches: &[Vec<i64>],
    workers: usize,
    thresholds: &Thresholds,
) -> Result<Movements> {
    let next = AtomicUsize::new(0);
    let parts: Vec<Result<Gathering>> = std::thread::scope(|scope| {
        let work = || {
            let (mut gathering, mut gatherer) = (Gathering::default(), Gatherer::default());
            while let Some(books) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                store.read(|tx| {
                    each_movement(tx, org_id, month, books, &mut gatherer, |row, used, history| {
                        gathering.add(row.account.unit_id, &row.account.price_class, used, history);
                    })
                })?;
            }
            Ok(gathering)
        };
        let threads: Vec<_> = (0..workers.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut all = Gathering::default();
    for part in parts {
        all.merge(part?);
    }
    Ok(all.close(thresholds))
}

/// Scores every account of `books` in `month` and writes the scores in place of earlier ones. Needs the right to
/// calculate; one act in the log states what came of it.
pub fn score_month(
    store: &Store,
    actor: &Actor,
    month: Month,
    books: &[RunBook],
    now: Moment,
    workers: usize,
) -> Result<ScoreSummary> {
    let started = Instant::now();
    let org_id = actor.org_id;
    let thresholds = store.read(|tx| sql::thresholds(tx, org_id))?;
    store.read(|tx| {
        // Reading asks as writing does, before the work and not after it.
        let work = Work::new(tx, actor, now);
        books.iter().try_for_each(|book| work.require(permission::CALCULATE, book.unit_id))
    })?;
    let mut batches: Vec<Vec<i64>> = Vec::new();
    let mut accounts = 0;
    for book in books {
        if accounts == 0 || accounts + book.accounts > BATCH_ACCOUNTS {
            batches.push(Vec::new());
            accounts = 0;
        }
        accounts += book.accounts.max(1);
        if let Some(batch) = batches.last_mut() {
            batch.push(book.book_id);
        }
    }
    let movements = movements_of(store, (org_id, month), &batches, workers, &thresholds)?;
    let mut summary = ScoreSummary { peers: started.elapsed(), ..ScoreSummary::default() };
    let next = AtomicUsize::new(0);
    let (send, receive) = sync_channel::<Result<(usize, Scored)>>(workers.max(1));
    std::thread::scope(|scope| {
        for _ in 0..workers.max(1) {
            let send = send.clone();
            let (next, batches, movements, thresholds) = (&next, &batches, &movements, &thresholds);
            scope.spawn(move || {
                let mut gatherer = Gatherer::default();
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(books) = batches.get(place) else { break };
                    let made = store.read(|tx| {
                        score_books(tx, (org_id, month), books, &mut gatherer, movements, thresholds)
                    });
                    let failed = made.is_err();
                    if send.send(made.map(|scored| (place, scored))).is_err() || failed {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut outcome = Ok(());
        for made in &receive {
            outcome = made.and_then(|(place, mut scored)| {
                store.write(|tx| {
                    for book_id in &batches[place] {
                        sql::drop_scores(tx, org_id, month, *book_id)?;
                    }
                    tx.load(&mut scored.bulk)?;
                    Ok::<_, crate::BillingError>(())
                })?;
                summary.accounts += scored.accounts;
                for (sum, count) in summary.bands.iter_mut().zip(scored.bands) {
                    *sum += count;
                }
                Ok(())
            });
            if outcome.is_err() {
                break;
            }
        }
        // Whoever still waits to hand over a batch finds nobody and ends.
        drop(receive);
        outcome
    })?;
    let [release, sample, review, hold] = summary.bands;
    let words = format!("release={release} sample={sample} review={review} hold={hold}");
    store.write(|tx| {
        let mut work = Work::new(tx, actor, now);
        let unit_id = books.first().map_or(0, |book| book.unit_id);
        let entry =
            log::Entry::new(permission::CALCULATE, unit_id, "suspicion_scores", month.to_string(), words);
        log::record(&mut work, vec![entry])
    })?;
    summary.elapsed = started.elapsed();
    Ok(summary)
}

/// Scores one book anew inside a command, its peers being the books of its station that are read so far.
pub(crate) fn score_book(tx: &mut Tx<'_>, org_id: i64, month: Month, book: RunBook) -> Result<()> {
    let thresholds = sql::thresholds(tx, org_id)?;
    let opened = metering::book::books_of_month(tx, org_id, month)?;
    let mut books: Vec<i64> =
        opened.iter().filter(|one| one.unit_id == book.unit_id).map(|one| one.book_id).collect();
    books.sort_unstable();
    let (mut gathering, mut gatherer) = (Gathering::default(), Gatherer::default());
    each_movement(tx, org_id, month, &books, &mut gatherer, |row, used, history| {
        gathering.add(row.account.unit_id, &row.account.price_class, used, history);
    })?;
    let movements = gathering.close(&thresholds);
    let one = [book.book_id];
    let mut scored = score_books(tx, (org_id, month), &one, &mut gatherer, &movements, &thresholds)?;
    sql::drop_scores(tx, org_id, month, book.book_id)?;
    tx.load(&mut scored.bulk)?;
    Ok(())
}
