//! One pass over the issued bills of a month: one thread reads, others decode, hash and calculate.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use kernel::{Money, Month, Quantity};
use ledger::Sketch;
use store::Tx;
use tariff::Bill;

use super::row::{IssuedRow, Judge, Judged, add_component};
use super::{Components, Options, Sheets, sql};
use crate::plans::PriceBook;
use crate::posting::BillPostings;
use crate::{BillKey, BillingError, Result};

/// Bills handed over at once.
const CHUNK: usize = 1_000;

/// What the bills of an issue come to.
#[derive(Debug, Default)]
pub(crate) struct IssueSums {
    pub(crate) bills: i64,
    pub(crate) energy_kwh: i128,
    pub(crate) amount: i128,
    pub(crate) components: Components,
    pub(crate) sketch: Sketch,
    pub(crate) leaves: Vec<(i64, [u8; 32])>,
    pub(crate) books: BTreeMap<i64, i64>,
    pub(crate) adjustment: Option<BillKey>,
    pub(crate) posted: bool,
}

/// Sums by issue.
pub(crate) type Sums = HashMap<i64, IssueSums>;

fn gone() -> BillingError {
    BillingError::Store(store::StoreError::Sql("a worker of the check ended early".into()))
}

fn place(key: &BillKey) -> String {
    format!("{} {}-{}", key.month, key.account_id, key.sequence)
}

fn take(judged: Vec<Judged>, sums: &mut Sums, sheets: &mut Sheets) -> Result<()> {
    for bill in judged {
        sheets.bytes.look(1);
        sheets.ledger_rows.look(1);
        if let Some((zh, en)) = bill.bytes {
            sheets.bytes.find(place(&bill.key), zh, en);
        }
        if let Some((zh, en)) = bill.rows {
            sheets.ledger_rows.find(place(&bill.key), zh, en);
        }
        if let Some(recomputed) = &mut sheets.recomputed {
            recomputed.look(i64::from(!bill.adjustment));
            if let Some((zh, en)) = bill.recomputed {
                recomputed.find(place(&bill.key), zh, en);
            }
        }
        let sum = sums.entry(bill.issue_id).or_default();
        sum.bills += 1;
        sum.energy_kwh += i128::from(bill.energy_kwh);
        sum.amount += i128::from(bill.amount);
        for (component, (amount, vat)) in bill.components {
            add_component(&mut sum.components, component, amount, vat)?;
        }
        sum.sketch = sum.sketch.plus(bill.sketch);
        sum.leaves.push((bill.line, bill.leaf));
        *sum.books.entry(bill.book_id).or_default() += 1;
        sum.posted |= bill.posted;
        if bill.adjustment {
            sum.adjustment = Some(bill.key);
        }
    }
    Ok(())
}

/// Reads and compares the bills of a month; answers what its issues should be.
pub(crate) fn read(
    tx: &mut Tx<'_>,
    (org_id, month): (i64, Month),
    prices: &PriceBook,
    postings: &BillPostings,
    options: &Options<'_>,
    sheets: &mut Sheets,
    progress: &mut dyn FnMut(i64) -> bool,
) -> Result<Sums> {
    let first_form = sql::first_form(tx, org_id)?;
    let judge =
        Judge { prices, postings, sketcher: options.sketcher, deep: options.deep, first_form: &first_form };
    let workers = options.workers.max(1);
    let (to_workers, waiting) = sync_channel::<Vec<IssuedRow>>(workers * 2);
    let waiting = Mutex::new(waiting);
    let answers: Mutex<Vec<Vec<Judged>>> = Mutex::default();
    let mut sums = Sums::new();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (waiting, answers) = (&waiting, &answers);
            scope.spawn(move || {
                let (mut scratch, mut again) = (Bill::new(), Vec::new());
                loop {
                    let received = waiting.lock().map(|waiting| waiting.recv());
                    let Ok(Ok(rows)) = received else { break };
                    let judged: Vec<Judged> =
                        rows.iter().map(|row| judge.whatever_it_is(row, &mut scratch, &mut again)).collect();
                    if let Ok(mut answers) = answers.lock() {
                        answers.push(judged);
                    }
                }
            });
        }
        let mut collect = |sums: &mut Sums, sheets: &mut Sheets| -> Result<()> {
            let done = answers.lock().map(|mut answers| std::mem::take(&mut *answers)).unwrap_or_default();
            for judged in done {
                if !progress(judged.len() as i64) {
                    return Err(BillingError::Stopped);
                }
                take(judged, sums, sheets)?;
            }
            Ok(())
        };
        let mut chunk = Vec::with_capacity(CHUNK);
        let outcome = sql::each_issued(tx, org_id, month, |row| {
            chunk.push(row);
            if chunk.len() == CHUNK {
                let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
                to_workers.send(full).map_err(|_| gone())?;
                collect(&mut sums, sheets)?;
            }
            Ok(())
        });
        let outcome = outcome.and_then(|()| to_workers.send(chunk).map_err(|_| gone()));
        drop(to_workers);
        outcome
    })?;
    let done = answers.into_inner().unwrap_or_default();
    for judged in done {
        if !progress(judged.len() as i64) {
            return Err(BillingError::Stopped);
        }
        take(judged, &mut sums, sheets)?;
    }
    sql::drafts(tx, org_id, month, &mut sheets.drafts)?;
    sql::lonely_quantities(tx, org_id, month, &mut sheets.ledger_rows)?;
    Ok(sums)
}

/// A total as stored, or nothing when it does not fit.
pub(crate) fn energy(units: i128) -> Option<Quantity> {
    i64::try_from(units).ok().map(Quantity::from_units)
}

/// A total as stored, or nothing when it does not fit.
pub(crate) fn money(fen: i128) -> Option<Money> {
    i64::try_from(fen).ok().map(Money::from_fen)
}
