//! Commands: install the chart, post, post in bulk, reverse.

use std::collections::BTreeMap;

use identity::{Permission, Work};
use kernel::{Date, Money, Month};

use crate::buffer::Gathered;
use crate::logged;
use crate::sql::{self, BalanceKey, Maker};
use crate::{Chart, Entry, LedgerError, Posted, Posting, PostingBuffer, PostingRules, VoucherHeader};

/// The rights the ledger asks for. Offices that post as part of their own command ask for their own right instead.
pub mod permission {
    use identity::Permission;

    /// Write a voucher by hand.
    pub const POST: Permission = Permission("ledger.post");
    /// Reverse a voucher by hand.
    pub const REVERSE: Permission = Permission("ledger.reverse");
    /// Open accounting periods.
    pub const OPEN_PERIOD: Permission = Permission("ledger.open_period");
    /// Close accounting periods.
    pub const CLOSE_PERIOD: Permission = Permission("ledger.close_period");
    /// Open a closed period again.
    pub const REOPEN_PERIOD: Permission = Permission("ledger.reopen_period");
    /// Install or extend the chart of accounts.
    pub const CHART: Permission = Permission("ledger.chart");
    /// Read the books.
    pub const READ: Permission = Permission("ledger.read");
    /// Not a right but a verb in the log: a voucher that another office's command posted by its own right.
    pub const VOUCHER: Permission = Permission("ledger.voucher");
    /// All of them, for building posts.
    pub const ALL: &[Permission] = &[POST, REVERSE, OPEN_PERIOD, CLOSE_PERIOD, REOPEN_PERIOD, CHART, READ];
}

/// The unit number that stands for the whole organisation when a right is asked for.
pub(crate) const WHOLE_ORGANISATION: i64 = 0;

/// Installs the chart and the components of the rules for the organisation, or adds what is new to them. Accounts
/// that exist keep code, kind and side; their names follow the file.
pub fn install_chart(
    work: &mut Work<'_, '_>,
    chart: &Chart,
    rules: &PostingRules,
) -> Result<(), LedgerError> {
    work.require(permission::CHART, WHOLE_ORGANISATION)?;
    let org_id = work.org_id();
    let before = logged::chart_digest(work.tx, org_id)?;
    for account in chart.accounts() {
        sql::insert_account(work.tx, org_id, account)?;
    }
    for component in rules.components() {
        sql::insert_component(work.tx, org_id, component)?;
    }
    let after = logged::chart_digest(work.tx, org_id)?;
    if before != after {
        let act = vault::Act::new(permission::CHART, WHOLE_ORGANISATION, logged::CHART, logged::CHART);
        vault::record(work, &act.digests(before, after))?;
    }
    Ok(())
}

/// Posts one voucher as part of another office's command, which has asked for its own right.
pub fn post(
    work: &mut Work<'_, '_>,
    header: &VoucherHeader,
    postings: &[Posting],
) -> Result<Posted, LedgerError> {
    post_as(work, permission::VOUCHER, header, postings)
}

fn post_as(
    work: &mut Work<'_, '_>,
    verb: Permission,
    header: &VoucherHeader,
    postings: &[Posting],
) -> Result<Posted, LedgerError> {
    let mut buffer = PostingBuffer::new(work.org_id());
    buffer.begin(header.voucher_id);
    postings.iter().try_for_each(|posting| buffer.add(posting))?;
    only(write(work, verb, std::slice::from_ref(header), &mut buffer, None)?)
}

/// The event of vouchers that a person wrote by hand.
pub const MANUAL: &str = "manual";

/// Posts a voucher that a person wrote by hand; asks for [`permission::POST`].
pub fn post_manual(
    work: &mut Work<'_, '_>,
    header: &VoucherHeader,
    entry: &Entry,
) -> Result<Posted, LedgerError> {
    work.require(permission::POST, header.unit_id)?;
    let postings = entry.postings()?;
    post_as(work, permission::POST, header, &postings)
}

/// Posts all vouchers of `buffer` at the speed of the engine's loader: balances are summed in memory and added once.
/// There must be one header for each voucher begun, in any order. The buffer is emptied and keeps its memory.
pub fn post_bulk(
    work: &mut Work<'_, '_>,
    headers: &[VoucherHeader],
    buffer: &mut PostingBuffer,
) -> Result<Vec<Posted>, LedgerError> {
    write(work, permission::VOUCHER, headers, buffer, None)
}

/// Reverses a voucher that was written by hand; asks for [`permission::REVERSE`] at its unit. What an office posted is
/// corrected by that office's own document, or its sub-ledger would no longer tie out.
pub fn reverse_manual(
    work: &mut Work<'_, '_>,
    voucher_id: i64,
    posted_on: Date,
    text: &str,
) -> Result<Posted, LedgerError> {
    let org_id = work.org_id();
    let original =
        sql::voucher(work.tx, org_id, voucher_id)?.ok_or(LedgerError::NoSuchVoucher(voucher_id))?;
    work.require(permission::REVERSE, original.unit_id)?;
    if original.event != MANUAL {
        return Err(LedgerError::NotByHand(original.source));
    }
    reverse_as(work, permission::REVERSE, voucher_id, posted_on, text)
}

/// Reverses a voucher with a red one (红冲) that mirrors its postings, sides exchanged, on `posted_on` in an open
/// period. A voucher can be reversed once; a red voucher can itself be reversed.
pub fn reverse(
    work: &mut Work<'_, '_>,
    voucher_id: i64,
    posted_on: Date,
    text: &str,
) -> Result<Posted, LedgerError> {
    reverse_as(work, permission::VOUCHER, voucher_id, posted_on, text)
}

fn reverse_as(
    work: &mut Work<'_, '_>,
    verb: Permission,
    voucher_id: i64,
    posted_on: Date,
    text: &str,
) -> Result<Posted, LedgerError> {
    let org_id = work.org_id();
    let original =
        sql::voucher(work.tx, org_id, voucher_id)?.ok_or(LedgerError::NoSuchVoucher(voucher_id))?;
    if posted_on < original.posted_on {
        return Err(LedgerError::ReversedTooEarly { day: posted_on, original: original.posted_on });
    }
    if sql::is_reversed(work.tx, org_id, voucher_id)? {
        return Err(LedgerError::AlreadyReversed(voucher_id));
    }
    let header = VoucherHeader {
        voucher_id: work.next_key(),
        unit_id: original.unit_id,
        posted_on,
        effective_on: original.effective_on,
        event: original.event,
        source: original.source,
        text: if text.is_empty() {
            format!("红冲 {} 年第 {} 号凭证", original.posted_on.year(), original.number)
        } else {
            text.to_owned()
        },
    };
    let mut buffer = PostingBuffer::new(org_id);
    buffer.begin(header.voucher_id);
    sql::each_posting(work.tx, org_id, voucher_id, |posting| {
        buffer.add(&Posting { debit: posting.credit, credit: posting.debit, ..posting })
    })?;
    only(write(work, verb, std::slice::from_ref(&header), &mut buffer, Some(voucher_id))?)
}

fn only(mut posted: Vec<Posted>) -> Result<Posted, LedgerError> {
    posted.pop().ok_or(LedgerError::NoVoucher)
}

fn check_header(header: &VoucherHeader) -> Result<(), LedgerError> {
    for (what, text, most) in
        [("event", &header.event, 40), ("source", &header.source, 200), ("text", &header.text, 400)]
    {
        if text.len() > most {
            return Err(LedgerError::BadHeader(format!("{what} is longer than {most} bytes")));
        }
        if text.chars().any(char::is_control) {
            return Err(LedgerError::BadHeader(format!("{what} contains control characters")));
        }
    }
    if header.event.is_empty() {
        return Err(LedgerError::BadHeader("the event is empty".into()));
    }
    Ok(())
}

/// Headers and gathered vouchers side by side, in the order of the headers.
fn matched<'a>(
    headers: &'a [VoucherHeader],
    buffer: &'a PostingBuffer,
) -> Result<Vec<(&'a VoucherHeader, &'a Gathered)>, LedgerError> {
    let mismatch = |voucher_id, what| LedgerError::HeaderMismatch { voucher_id, what };
    let mut by_id: BTreeMap<i64, &Gathered> = BTreeMap::new();
    for voucher in &buffer.vouchers {
        if voucher.postings == 0 {
            return Err(mismatch(voucher.voucher_id, "no postings"));
        }
        if by_id.insert(voucher.voucher_id, voucher).is_some() {
            return Err(mismatch(voucher.voucher_id, "two headers"));
        }
    }
    let mut found = Vec::with_capacity(headers.len());
    for header in headers {
        check_header(header)?;
        let voucher =
            by_id.remove(&header.voucher_id).ok_or_else(|| mismatch(header.voucher_id, "no postings"))?;
        found.push((header, voucher));
    }
    match by_id.keys().next() {
        Some(&left) => Err(mismatch(left, "no header")),
        None => Ok(found),
    }
}

fn write(
    work: &mut Work<'_, '_>,
    verb: Permission,
    headers: &[VoucherHeader],
    buffer: &mut PostingBuffer,
    reverses: Option<i64>,
) -> Result<Vec<Posted>, LedgerError> {
    let maker = Maker { org_id: work.org_id(), person_id: work.actor().person_id, made_at: work.now() };
    if buffer.org_id() != maker.org_id {
        return Err(LedgerError::BadHeader("the postings belong to another organisation".into()));
    }
    logged::adopt(work)?;
    let vouchers = matched(headers, buffer)?;
    // The database refuses all of this as well; asked here first so that a person is told in plain words.
    let mut periods: Vec<Month> = vouchers.iter().map(|(header, _)| header.period()).collect();
    periods.sort_unstable();
    periods.dedup();
    for &period in &periods {
        if !sql::is_open(work.tx, maker.org_id, period)? {
            return Err(LedgerError::PeriodNotOpen(period));
        }
    }
    let balances = sums(&vouchers, buffer)?;
    let known = sql::postable(work.tx, maker.org_id)?;
    if let Some((_, _, code, _)) = balances.keys().find(|(_, _, code, _)| known.binary_search(code).is_err())
    {
        return Err(LedgerError::UnknownAccount(*code));
    }
    let posted = numbered(work, &maker, &vouchers)?;
    logged::record_vouchers(work, verb, &maker, &vouchers, &posted, reverses, buffer)?;
    let numbered = headers.iter().zip(&posted).map(|(header, posted)| (header, posted, reverses));
    sql::load_drafts(work.tx, maker.org_id, headers)?;
    work.tx.load(&mut buffer.rows)?;
    sql::load_vouchers(work.tx, &maker, numbered)?;
    for (key, (debit, credit)) in balances {
        sql::add_balance(work.tx, maker.org_id, key, debit, credit)?;
    }
    buffer.clear();
    Ok(posted)
}

/// What each balance grows by: debit and credit. Ordered, so that two writers touch rows in the same order.
fn sums(
    vouchers: &[(&VoucherHeader, &Gathered)],
    buffer: &PostingBuffer,
) -> Result<BTreeMap<BalanceKey, (Money, Money)>, LedgerError> {
    let mut found: BTreeMap<BalanceKey, (Money, Money)> = BTreeMap::new();
    for (header, voucher) in vouchers {
        for pair in buffer.pairs.get(voucher.pairs.clone()).unwrap_or_default() {
            let mut key = (header.period(), header.unit_id, pair.debit, pair.component);
            let debited = found.entry(key).or_default();
            debited.0 = debited.0.plus(pair.amount)?;
            key.2 = pair.credit;
            let credited = found.entry(key).or_default();
            credited.1 = credited.1.plus(pair.amount)?;
        }
    }
    Ok(found)
}

fn numbered(
    work: &mut Work<'_, '_>,
    maker: &Maker,
    vouchers: &[(&VoucherHeader, &Gathered)],
) -> Result<Vec<Posted>, LedgerError> {
    let year = |header: &VoucherHeader| i64::from(header.posted_on.year());
    let mut next: BTreeMap<i64, i64> = BTreeMap::new();
    for (header, _) in vouchers {
        *next.entry(year(header)).or_default() += 1;
    }
    for (year, count) in &mut next {
        *count = sql::take_numbers(work.tx, maker.org_id, *year, *count)?;
    }
    let mut posted = Vec::with_capacity(vouchers.len());
    for (header, voucher) in vouchers {
        let year = year(header);
        let number = next.entry(year).or_default();
        posted.push(Posted {
            voucher_id: header.voucher_id,
            year,
            number: *number,
            total: voucher.total,
            postings: voucher.postings,
        });
        *number += 1;
    }
    Ok(posted)
}
