//! One pass over the accounts of some books with their readings of a month: what a billing run reads.
//!
//! Accounts come in order of book and account. They are read a few thousand at a time, set by set and never one by
//! one, into buffers that are used again. Rows that only larger customers have are fetched only for runs of accounts
//! that say so. When account keys ascend in book order, as they are given out, a chunk is one range of each table;
//! an account that moved to another book costs one small range more.

pub(crate) mod sql;

use kernel::Month;
use store::Tx;

use crate::account::{Account, AccountStatus, Options, Point, Terms, Transformer, TransformerEvent};
use crate::reading::Reading;
use crate::{MeteringError, Result};

/// Accounts read at a time; their buffers take a few megabytes.
pub const CHUNK_ACCOUNTS: usize = 4096;
/// Account keys further apart than this are read as separate ranges.
const GAP_MAX: i64 = 512;

/// Which books to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Books<'b> {
    /// From the first to the last key, both included.
    Range(i64, i64),
    /// These, in ascending order.
    List(&'b [i64]),
}

/// An account with everything its bill of one month is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountReadings {
    /// The account as it stands now.
    pub account: Account,
    /// Months that one reading of its book covers: 1, or 2 for a book read every other month.
    pub months: u8,
    /// Terms of larger customers.
    pub terms: Option<Terms>,
    /// Points with terms of their own, in order; empty when the account has one point at its own price.
    pub points: Vec<Point>,
    /// Transformers, in order.
    pub transformers: Vec<Transformer>,
    /// Everything that ever happened to the transformers, by transformer, date and number.
    pub events: Vec<TransformerEvent>,
    /// Its meters' lines of the month, in order of meter; empty when no line was opened.
    pub readings: Vec<Reading>,
}

/// Buffers of one chunk, used again for the next.
#[derive(Default)]
pub(crate) struct Chunk {
    /// (book, account) in the order in which they are given out.
    pub(crate) keys: Vec<(i64, i64)>,
    /// Places in `keys`, in ascending order of account.
    by_account: Vec<u32>,
    /// Filled up to the number of accounts of the chunk.
    rows: Vec<AccountReadings>,
    /// Which of the rows were found.
    found: usize,
    /// Books between the first and the last of `keys` that are read every other month, in ascending order.
    bimonthly: Vec<i64>,
}

/// The place of the next account while a set is merged in ascending order of account.
pub(crate) struct Cursor<'c> {
    keys: &'c [(i64, i64)],
    order: &'c [u32],
    at: usize,
}

impl Cursor<'_> {
    /// The place in the chunk of `account_id`, which never descends from call to call.
    #[inline]
    pub(crate) fn seek(&mut self, account_id: i64) -> Option<usize> {
        while let Some(&place) = self.order.get(self.at) {
            let place = place as usize;
            let key = self.keys[place].1;
            if key == account_id {
                return Some(place);
            }
            if key > account_id {
                return None;
            }
            self.at += 1;
        }
        None
    }
}

impl Chunk {
    fn clear(&mut self) {
        self.keys.clear();
        self.by_account.clear();
        self.found = 0;
    }

    /// Sorts and cuts into runs of neighbouring account keys: (from, to) places in `by_account`.
    fn runs(&mut self) -> Vec<(usize, usize)> {
        let keys = &self.keys;
        self.by_account.extend(0..keys.len() as u32);
        self.by_account.sort_by_key(|place| keys[*place as usize].1);
        let account = |at: usize| keys[self.by_account[at] as usize].1;
        let mut runs = Vec::new();
        let mut from = 0;
        for at in 1..=keys.len() {
            if at == keys.len() || account(at) - account(at - 1) > GAP_MAX {
                runs.push((from, at));
                from = at;
            }
        }
        runs
    }

    fn fill(&mut self, tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<()> {
        let runs = self.runs();
        for row in &mut self.rows {
            row.terms = None;
            row.points.clear();
            row.transformers.clear();
            row.events.clear();
            row.readings.clear();
        }
        for (from, to) in runs {
            let order = &self.by_account[from..to];
            let keys = &self.keys;
            let cursor = || Cursor { keys, order, at: 0 };
            let bounds = (keys[order[0] as usize].1, keys[order[order.len() - 1] as usize].1);
            let rows = &mut self.rows;
            let seen = sql::fill_accounts(tx, org_id, bounds, cursor(), rows)?;
            if seen.has(Options::HAS_TERMS) {
                sql::fill_terms(tx, org_id, bounds, cursor(), rows)?;
            }
            if seen.has(Options::HAS_POINTS) {
                sql::fill_points(tx, org_id, bounds, cursor(), rows)?;
            }
            if seen.has(Options::HAS_TRANSFORMERS) {
                sql::fill_transformers(tx, org_id, bounds, cursor(), rows)?;
                sql::fill_events(tx, org_id, bounds, cursor(), rows)?;
            }
            sql::fill_readings(tx, org_id, month, bounds, cursor(), rows)?;
        }
        self.fill_months(tx, org_id)?;
        self.found = self.keys.len();
        // Accounts that ended before and were not read are not part of the month.
        self.compact();
        Ok(())
    }

    /// Gives each row the months its book's readings cover. A book that is not in the table is read every month.
    fn fill_months(&mut self, tx: &mut Tx<'_>, org_id: i64) -> Result<()> {
        let books = self.keys.iter().map(|(book_id, _)| *book_id);
        let (Some(first), Some(last)) = (books.clone().min(), books.max()) else { return Ok(()) };
        self.bimonthly.clear();
        sql::list_bimonthly(tx, org_id, (first, last), &mut self.bimonthly)?;
        for ((book_id, _), row) in self.keys.iter().zip(&mut self.rows) {
            row.months = if self.bimonthly.binary_search(book_id).is_ok() { 2 } else { 1 };
        }
        Ok(())
    }

    fn compact(&mut self) {
        let mut kept = 0;
        for at in 0..self.found {
            let row = &self.rows[at];
            if row.account.status != AccountStatus::Closed || !row.readings.is_empty() {
                if kept != at {
                    self.rows.swap(kept, at);
                }
                kept += 1;
            }
        }
        self.found = kept;
    }
}

/// Gives the accounts of `books` with their readings of `month` to `take`, a slice of up to [`CHUNK_ACCOUNTS`] at a
/// time, in order of book and account, with the transaction for what else belongs to them. Closed accounts without a line in the month are left out.
pub fn each_chunk<E: From<MeteringError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    books: Books<'_>,
    mut take: impl FnMut(&mut Tx<'_>, &[AccountReadings]) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let mut chunk = Chunk::default();
    let mut give = |tx: &mut Tx<'_>, chunk: &mut Chunk| -> std::result::Result<(), E> {
        if chunk.keys.is_empty() {
            return Ok(());
        }
        while chunk.rows.len() < chunk.keys.len() {
            chunk.rows.push(sql::empty_row());
        }
        chunk.fill(tx, org_id, month)?;
        let outcome = take(tx, &chunk.rows[..chunk.found]);
        chunk.clear();
        outcome
    };
    let single;
    let ranges: &mut dyn Iterator<Item = (i64, i64)> = match books {
        Books::Range(first, last) => {
            single = (first, last);
            &mut std::iter::once(single)
        }
        Books::List(list) => &mut list.iter().map(|book| (*book, *book)),
    };
    for (first, last) in ranges {
        let mut after = (first, i64::MIN);
        loop {
            let room = CHUNK_ACCOUNTS - chunk.keys.len();
            let before = chunk.keys.len();
            sql::list_keys(tx, org_id, after, last, room as i64, &mut chunk.keys)?;
            let listed = chunk.keys.len() - before;
            if let Some(key) = chunk.keys.last() {
                after = *key;
            }
            if chunk.keys.len() >= CHUNK_ACCOUNTS {
                give(tx, &mut chunk)?;
            }
            if listed < room {
                break;
            }
        }
    }
    give(tx, &mut chunk)
}

/// As [`each_chunk`], one account at a time.
pub fn each_account_reading<E: From<MeteringError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    books: Books<'_>,
    mut take: impl FnMut(&AccountReadings) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    each_chunk(tx, org_id, month, books, |_, rows| rows.iter().try_for_each(&mut take))
}

/// The readings of single accounts, for pages and corrections. At most [`CHUNK_ACCOUNTS`] keys are looked at.
pub fn accounts_with_readings(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    account_ids: &[i64],
) -> Result<Vec<AccountReadings>> {
    let mut chunk = Chunk::default();
    for account_id in account_ids.iter().take(CHUNK_ACCOUNTS) {
        if let Some(book_id) = sql::book_of(tx, org_id, *account_id)? {
            chunk.keys.push((book_id, *account_id));
        }
    }
    chunk.keys.sort_unstable();
    chunk.keys.dedup();
    chunk.rows.resize_with(chunk.keys.len(), sql::empty_row);
    chunk.fill(tx, org_id, month)?;
    chunk.rows.truncate(chunk.found);
    Ok(chunk.rows)
}
