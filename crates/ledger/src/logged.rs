//! What the ledger writes into the log, and vouchers read back as the bytes the log covers.

use std::collections::BTreeMap;

use identity::{Permission, Work};
use kernel::{Money, Month};
use store::Tx;
use vault::{Act, Digest};

use crate::buffer::Gathered;
use crate::canonical::{self, Movement, PeriodBalance, Voucher, VoucherHead};
use crate::sql::{self, Maker};
use crate::{LedgerError, Posted, PostingBuffer, VoucherHeader};

/// Document kind of a voucher's act; its number is year and number, such as `2026-12`.
pub const VOUCHER: &str = "voucher";
/// Document kind of the act that covers the vouchers written before the log did; its number is their count.
pub const ADOPTED: &str = "vouchers_adopted";
/// Document kind of the acts on accounting periods; their number is the month.
pub const PERIOD: &str = "accounting_period";
/// Document kind of the acts on the chart of accounts.
pub const CHART: &str = "chart";

/// Records one act for each voucher of a batch, in the order of their numbers.
pub(crate) fn record_vouchers(
    work: &mut Work<'_, '_>,
    verb: Permission,
    maker: &Maker,
    vouchers: &[(&VoucherHeader, &Gathered)],
    posted: &[Posted],
    reverses: Option<i64>,
    buffer: &PostingBuffer,
) -> Result<(), LedgerError> {
    let mut bytes = Vec::new();
    let mut acts = Vec::with_capacity(posted.len());
    for ((header, gathered), posted) in vouchers.iter().zip(posted) {
        let head = head_of(maker, header, posted, reverses);
        bytes.clear();
        canonical::write_head(&head, &mut bytes);
        bytes.extend_from_slice(buffer.bytes.get(gathered.bytes.clone()).unwrap_or_default());
        acts.push(
            Act::new(verb, head.unit_id, VOUCHER, head.document())
                .digests(None, Some(vault::leaf_hash(&bytes))),
        );
    }
    vault::record_batch(work, &acts)?;
    Ok(())
}

fn head_of(maker: &Maker, header: &VoucherHeader, posted: &Posted, reverses: Option<i64>) -> VoucherHead {
    VoucherHead {
        org_id: maker.org_id,
        voucher_id: posted.voucher_id,
        year: posted.year,
        number: posted.number,
        period: header.period(),
        posted_on: header.posted_on,
        effective_on: header.effective_on,
        unit_id: header.unit_id,
        event: header.event.clone(),
        source: header.source.clone(),
        summary: header.text.clone(),
        person_id: maker.person_id,
        made_at: maker.made_at,
        reverses,
        total: posted.total,
        count: posted.postings,
    }
}

/// Brings the vouchers written before the log covered vouchers into it, once for an organisation: one act whose root
/// stands over the digests of all of them, in the order of year and number. Every command of the ledger does it
/// first. Answers how many were adopted now.
pub fn adopt(work: &mut Work<'_, '_>) -> Result<i64, LedgerError> {
    let org_id = work.org_id();
    if sql::is_adopted(work.tx, org_id)? {
        return Ok(0);
    }
    // Whoever comes second waits here until the first is done, and then has nothing to do.
    let maker = Maker { org_id, person_id: work.actor().person_id, made_at: work.now() };
    if !sql::claim_adoption(work.tx, &maker)? {
        return Ok(0);
    }
    let (mut vouchers, mut edge) = (0, proof::Edge::empty());
    for (year, last) in sql::voucher_years(work.tx, org_id)? {
        sql::insert_adopted_year(work.tx, org_id, year, last)?;
        each_voucher(work.tx, org_id, year, 1, last, |voucher| {
            edge.append(vault::leaf_hash(&voucher.bytes()), |_| ());
            vouchers += 1;
            Ok::<_, LedgerError>(())
        })?;
    }
    if vouchers > 0 {
        let act = Act::new(permission(ADOPT), 0, ADOPTED, vouchers.to_string()).batch(vouchers, edge.root());
        vault::record(work, &act)?;
    }
    Ok(vouchers)
}

/// The last number of each year whose vouchers were adopted, by year.
pub fn adopted(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, i64)>, LedgerError> {
    sql::adopted_years(tx, org_id)
}

/// The verb under which older vouchers come into the log: nobody's right, but what every command of the ledger does.
const ADOPT: &str = "ledger.adopt";

fn permission(name: &'static str) -> Permission {
    Permission(name)
}

/// Vouchers read at once beside the first.
const MORE_AT_ONCE: i64 = 499;

/// Gives the vouchers of `year` numbered `first..=last` to `take`, in order, as they are stored.
pub fn each_voucher<E: From<LedgerError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    year: i64,
    first: i64,
    last: i64,
    mut take: impl FnMut(Voucher) -> Result<(), E>,
) -> Result<(), E> {
    let mut from = first;
    while from <= last {
        let to = last.min(from.saturating_add(MORE_AT_ONCE));
        let mut heads = sql::voucher_heads(tx, org_id, year, from, to)?.into_iter();
        let mut open: Option<Voucher> = heads.next().map(|head| Voucher { head, postings: Vec::new() });
        // Postings arrive in the order of the headers; each of another voucher ends the one before it.
        sql::each_posting_between(tx, org_id, year, from, to, |number, posting| {
            while let Some(voucher) = open.take_if(|voucher| voucher.head.number != number) {
                take(voucher)?;
                open = heads.next().map(|head| Voucher { head, postings: Vec::new() });
            }
            if let Some(voucher) = &mut open {
                voucher.postings.push(posting);
            }
            Ok::<_, E>(())
        })?;
        if let Some(voucher) = open {
            take(voucher)?;
        }
        for head in heads {
            take(Voucher { head, postings: Vec::new() })?;
        }
        from = to + 1;
    }
    Ok(())
}

/// The voucher with this number; nothing when there is none.
pub fn voucher_by_number(
    tx: &mut Tx<'_>,
    org_id: i64,
    year: i64,
    number: i64,
) -> Result<Option<Voucher>, LedgerError> {
    let mut found = None;
    each_voucher(tx, org_id, year, number, number, |voucher| {
        found = Some(voucher);
        Ok::<_, LedgerError>(())
    })?;
    Ok(found)
}

/// The last number of each year with vouchers, by year.
pub fn voucher_years(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, i64)>, LedgerError> {
    sql::voucher_years(tx, org_id)
}

/// The balances of a period as its close states them, from the kept balances.
pub fn period_balance(tx: &mut Tx<'_>, org_id: i64, period: Month) -> Result<PeriodBalance, LedgerError> {
    let (vouchers, postings) = sql::period_counts(tx, org_id, period)?;
    let movements = sql::movements(tx, org_id, period)?;
    let total = Money::sum(movements.iter().map(|movement| movement.debit))?;
    Ok(PeriodBalance { org_id, period, vouchers, postings, total, movements })
}

/// The balances of a period built up from its vouchers, one after another, without a database.
#[derive(Debug, Clone)]
pub struct BalanceBuilder {
    org_id: i64,
    period: Month,
    vouchers: i64,
    postings: i64,
    total: Money,
    sums: BTreeMap<(i64, i64, u16), (Money, Money)>,
}

impl BalanceBuilder {
    /// Nothing posted yet.
    pub fn new(org_id: i64, period: Month) -> BalanceBuilder {
        BalanceBuilder { org_id, period, vouchers: 0, postings: 0, total: Money::ZERO, sums: BTreeMap::new() }
    }
    /// Adds a voucher of the period by its header and [`Voucher::movements`]; one of another period is left out.
    pub fn add(&mut self, head: &VoucherHead, movements: &[Movement]) -> Result<(), LedgerError> {
        if head.period != self.period {
            return Ok(());
        }
        self.vouchers += 1;
        self.postings += head.count;
        self.total = self.total.plus(head.total)?;
        for moved in movements {
            let sums = self.sums.entry((moved.unit_id, moved.account.0, moved.component.0)).or_default();
            *sums = (sums.0.plus(moved.debit)?, sums.1.plus(moved.credit)?);
        }
        Ok(())
    }
    /// The balances.
    pub fn finish(&self) -> PeriodBalance {
        let movements = self.sums.iter().map(|((unit_id, code, component), (debit, credit))| Movement {
            unit_id: *unit_id,
            account: crate::AccountCode(*code),
            component: crate::ComponentId(*component),
            debit: *debit,
            credit: *credit,
        });
        PeriodBalance {
            org_id: self.org_id,
            period: self.period,
            vouchers: self.vouchers,
            postings: self.postings,
            total: self.total,
            movements: movements.collect(),
        }
    }
}

/// Records an act on a period; a close states what it closed.
pub(crate) fn record_period(
    work: &mut Work<'_, '_>,
    verb: Permission,
    month: Month,
    closed: Option<&PeriodBalance>,
) -> Result<(), LedgerError> {
    let mut act = Act::new(verb, 0, PERIOD, month.to_string());
    if let Some(balance) = closed {
        act = act
            .change("vouchers", "", balance.vouchers.to_string())
            .change("postings", "", balance.postings.to_string())
            .change("total", "", balance.total.to_string())
            .digests(None, Some(balance.digest()));
    }
    vault::record(work, &act)?;
    Ok(())
}

/// The digest of the chart of accounts and the list of components as they are stored.
pub fn chart_digest(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<Digest>, LedgerError> {
    let mut out = Vec::new();
    let chart = sql::chart(tx, org_id)?;
    let mut line = |parts: &[&str]| {
        for part in parts {
            canonical::int(part.len() as i64, &mut out);
            out.extend_from_slice(part.as_bytes());
        }
    };
    for account in chart.accounts() {
        let parent = account.parent.map(|parent| parent.to_string()).unwrap_or_default();
        line(&[
            &account.code.to_string(),
            &parent,
            account.kind.name(),
            account.side.name(),
            &account.name.zh,
            &account.name.en,
            if account.postable { "1" } else { "0" },
        ]);
    }
    for (component, code, zh, en) in sql::named_components(tx, org_id)? {
        line(&[&component.0.to_string(), &code, &zh, &en]);
    }
    Ok(if out.is_empty() { None } else { Some(vault::leaf_hash(&out)) })
}
