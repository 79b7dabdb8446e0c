//! Stored readings against the inputs of issued bills: assembled again, the meters must show what the bill was made of.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use identity::check::Checked;
use kernel::{Moment, Month};
use store::{Store, Tx, params};
use tariff::{AccountPeriod, MeterSegment, Source};

use crate::canonical::{is_adjustment, read_bill};
use crate::load::Loader;
use crate::plans::PriceBook;
use crate::run::{RunBook, RunPlan};
use crate::{BillingError, Result};

/// Bills compared in a batch of books, and what is wrong with them.
type Recomputed = (i64, Vec<(String, Differs)>);

/// Books loaded at once.
const BOOKS: usize = 16;

/// What the comparison of inputs answers.
#[derive(Debug)]
pub struct InputsCompared {
    /// The check.
    pub checked: Checked,
    /// Bills whose readings are the same and whose agreement, prices or tiers were changed since, lawfully or not: the
    /// stored data describe another month by now.
    pub changed_since: i64,
}

/// Puts the inputs of every issued bill together again from what metering and the quantity ledger have now, and compares
/// them with the bill's own. Readings of an issued book never change, so they must be the same; the rest is counted.
/// Every batch of books is read on a snapshot of its own: what is issued does not change. `progress` learns the bills
/// compared and answers whether to go on; when not, the answer is [`BillingError::Stopped`].
pub fn compare_inputs(
    store: &Store,
    org_id: i64,
    prices: &PriceBook,
    workers: usize,
    progress: &mut dyn FnMut(i64) -> bool,
) -> Result<InputsCompared> {
    let months = store.read(|tx| super::sql::months(tx, org_id))?;
    let books = store.read(|tx| metering::book::books(tx, org_id).map_err(BillingError::from))?;
    let mut keys: Vec<RunBook> = books
        .iter()
        .map(|book| RunBook { book_id: book.book_id, unit_id: book.unit_id, accounts: 1 })
        .collect();
    keys.sort_unstable_by_key(|book| book.book_id);
    let jobs: Vec<(Month, &[RunBook])> =
        months.iter().flat_map(|month| keys.chunks(BOOKS).map(move |books| (*month, books))).collect();
    let known = store.read(|tx| Known::read(tx, org_id, &books))?;
    let (next, changed) = (AtomicUsize::new(0), AtomicI64::new(0));
    let done: Mutex<Vec<Result<Recomputed>>> = Mutex::default();
    let mut checked = Checked::new(
        "billing.inputs",
        "抄表库中的表码、合同、变压器、计量点与已发行账单的输入一致",
        "stored readings, agreements, transformers and points are the inputs of the issued bills",
    );
    for account_id in &known.missing {
        checked.find(
            format!("account {account_id}"),
            "有已发行账单的用户不存在",
            "the account of issued bills is not there",
        );
    }
    let mut collect = |checked: &mut Checked| -> Result<()> {
        let answers = done.lock().map(|mut done| std::mem::take(&mut *done)).unwrap_or_default();
        for answer in answers {
            let (bills, wrong) = answer?;
            checked.look(bills);
            if !progress(bills) {
                // Nobody takes another part; those under way end by themselves.
                next.store(jobs.len(), Ordering::Relaxed);
                return Err(BillingError::Stopped);
            }
            for (place, what) in wrong {
                let (zh, en) = what.words();
                checked.find(place, zh, en);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for _ in 0..workers.max(1) {
            threads.push(scope.spawn(|| {
                let mut loader = Loader::default();
                while let Some((month, books)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer =
                        store.read(|tx| one(tx, (org_id, *month), prices, books, &known, &mut loader));
                    let answer = answer.map(|(bills, since, wrong)| {
                        changed.fetch_add(since, Ordering::Relaxed);
                        (bills, wrong)
                    });
                    if let Ok(mut done) = done.lock() {
                        done.push(answer);
                    }
                }
            }));
        }
        while threads.iter().any(|thread| !thread.is_finished()) {
            std::thread::sleep(std::time::Duration::from_millis(20));
            collect(&mut checked)?;
        }
        Ok::<_, BillingError>(())
    })?;
    collect(&mut checked)?;
    Ok(InputsCompared { checked, changed_since: changed.into_inner() })
}

/// What of a bill's inputs is not as it was.
#[derive(Clone, Copy)]
enum Differs {
    Readings,
    Terms,
}

impl Differs {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Differs::Readings => ("表码与账单的输入不符", "the readings are not those of the bill"),
            Differs::Terms => (
                "用户档案、合同、变压器或计量点与账单的输入不符，且没有变更记录",
                "account, agreement, transformers or points are not those of the bill, and no change of them is recorded",
            ),
        }
    }
}

/// What explains that inputs are others by now, and accounts that have bills and are not there.
struct Known {
    accounts: metering::check::AccountsKept,
    /// Books whose cycle or day was changed.
    changed_books: HashSet<i64>,
    /// When prices were loaded last.
    prices_loaded: Option<Moment>,
    missing: Vec<i64>,
}

impl Known {
    fn read(tx: &mut Tx<'_>, org_id: i64, books: &[metering::book::Book]) -> Result<Known> {
        let accounts = metering::check::accounts_kept(tx, org_id)?;
        let changed_books = books.iter().filter(|book| book.version > 1).map(|book| book.book_id).collect();
        let loaded =
            tx.one("SELECT MAX(loaded_at) FROM price_table WHERE org_id = ?1", params![org_id], |row| {
                row.moment_or_null(0)
            })?;
        let mut missing = Vec::new();
        tx.each("SELECT DISTINCT account_id FROM receivable WHERE org_id = ?1", params![org_id], |row| {
            let account_id = row.int(0)?;
            if !accounts.all.contains(&account_id) {
                missing.push(account_id);
            }
            Ok::<_, BillingError>(())
        })?;
        Ok(Known { accounts, changed_books, prices_loaded: loaded.flatten(), missing })
    }
}

/// The same terms, apart from what settlements since then have moved on (the use of the tiers), from the days when the
/// book itself was changed, and from the prices when some were loaded since.
fn same_terms(
    stored: &AccountPeriod,
    mut input: AccountPeriod,
    of_changed_book: bool,
    repriced: bool,
) -> bool {
    if let (Some(tiers), Some(stored)) = (&mut input.tiers, &stored.tiers) {
        tiers.used_kwh = stored.used_kwh;
        if of_changed_book {
            tiers.months = stored.months;
        }
    }
    if of_changed_book {
        input.from = stored.from;
    }
    if repriced {
        for (point, stored) in input.points.iter_mut().zip(&stored.points) {
            point.plan = stored.plan;
        }
    }
    input == *stored
}

fn segments(input: &AccountPeriod) -> Vec<&MeterSegment> {
    let meters = input.points.iter().filter_map(|point| match &point.source {
        Source::Meters(segments) => Some(segments.iter()),
        _ => None,
    });
    meters.flatten().collect()
}

/// The same meters with the same readings, in whatever order the points stand by now.
fn same_readings(one: &AccountPeriod, other: &AccountPeriod) -> bool {
    let (one, mut other) = (segments(one), segments(other));
    one.len() == other.len()
        && one.iter().all(|segment| match other.iter().position(|found| found == segment) {
            Some(place) => {
                other.swap_remove(place);
                true
            }
            None => false,
        })
}

/// Bills compared, bills of which something else changed since, and the places where readings differ.
type Compared = (i64, i64, Vec<(String, Differs)>);

fn one(
    tx: &mut Tx<'_>,
    (org_id, month): (i64, Month),
    prices: &PriceBook,
    books: &[RunBook],
    known: &Known,
    loader: &mut Loader,
) -> Result<Compared> {
    let plan = RunPlan::new(month, books.to_vec(), Moment::on(month.first_day(), 0, 0));
    let mut inputs: HashMap<i64, std::result::Result<AccountPeriod, String>> = HashMap::new();
    let mut runs: Vec<(i64, i64)> = Vec::new();
    let mut of_changed_book: HashSet<i64> = HashSet::new();
    loader.load(tx, org_id, prices, &plan, books, |book, ready| {
        if known.changed_books.contains(&book.book_id) {
            of_changed_book.extend(ready.iter().map(|account| account.account_id));
        }
        if let (Some(first), Some(last)) = (ready.first(), ready.last()) {
            runs.push((first.account_id, last.account_id));
        }
        inputs.extend(ready.iter().map(|account| (account.account_id, account.input.clone())));
        Ok(())
    })?;
    let (mut bills, mut since, mut wrong) = (0, 0, Vec::new());
    for run in runs {
        issued_details(tx, (org_id, month), run, |account_id, calculated_at, detail| {
            // An account of another book between the keys of this one has its own turn.
            let (Some(input), Ok((stored, _))) = (inputs.remove(&account_id), read_bill(detail)) else {
                return;
            };
            bills += 1;
            match input {
                Ok(input) if !same_readings(&stored, &input) => {
                    wrong.push((format!("{month} {account_id}"), Differs::Readings));
                }
                input if known.accounts.changed.contains(&account_id) => {
                    since += i64::from(input.map_or(true, |input| input != stored));
                }
                Ok(input) => {
                    since += i64::from(input != stored);
                    let of_changed_book = of_changed_book.contains(&account_id);
                    let repriced = known.prices_loaded.zip(calculated_at).is_none_or(|(last, at)| last >= at);
                    if !same_terms(&stored, input, of_changed_book, repriced) {
                        wrong.push((format!("{month} {account_id}"), Differs::Terms));
                    }
                }
                Err(_) => wrong.push((format!("{month} {account_id}"), Differs::Terms)),
            }
        })?;
    }
    Ok((bills, since, wrong))
}

/// Account and stored bytes of the month's own issued bills of accounts between two keys.
fn issued_details(
    tx: &mut Tx<'_>,
    (org_id, month): (i64, Month),
    (first, last): (i64, i64),
    mut take: impl FnMut(i64, Option<Moment>, &[u8]),
) -> Result<()> {
    tx.each(
        "SELECT b.account_id, b.detail, c.calculated_at FROM bill b
         LEFT JOIN calculation c ON c.org_id = b.org_id AND c.calculation_id = b.calculation_id
         JOIN receivable r ON r.org_id = b.org_id AND r.month = b.month AND r.account_id = b.account_id AND r.sequence = b.sequence
         WHERE b.org_id = ?1 AND b.month = ?2 AND b.account_id BETWEEN ?3 AND ?4 AND b.sequence = 0 ORDER BY b.account_id",
        params![org_id, month, first, last],
        |row| {
            let account_id = row.int(0)?;
            let calculated_at = row.moment_or_null(2)?;
            row.with_blob(1, |detail| {
                if !is_adjustment(detail) {
                    take(account_id, calculated_at, detail);
                }
            })?;
            Ok::<_, BillingError>(())
        },
    )
}
