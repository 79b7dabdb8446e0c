//! One slip for many customers: what a change of prices makes of a month that was billed already, as one case of the
//! station's route with a line for each customer. (ADJ-01, ADJ-03, ADJ-16..18)
//!
//! The case and its ticket are those of every adjustment, so that approval, operation, archive and follow-up are the
//! same steps; its account is 0. The lines are fixed from the start: what is approved is what is issued, byte for byte
//! but for the place within the month.

use std::collections::HashMap;

use identity::Work;
use kernel::{Bilingual, Lang, Money, Month, Quantity, Text};
use store::Tx;
use workflow::{NewApproval, NewTicket, Subject};

use super::batch_sql as sql;
use super::model::{AdjustmentBill, AdjustmentCase, CaseState, Effect};
use super::routes::Cause;
use super::service;
use crate::canonical::{read_adjustment, write_adjustment};
use crate::office::record::{record, require_at};
use crate::office::{OfficeError, OfficeRules, checked_code, checked_text, flow, permission};
use crate::posting::BillPostings;
use crate::{BillKey, Result, log};

/// Customers of one batch at most: its lines are held in memory, and a person must be able to look through them.
pub const BATCH_LINES_MAX: usize = 50_000;
/// The text of the prices that is kept with a batch.
const BASIS_BYTES_MAX: usize = 8 << 20;
/// What a line says of its calculation at most.
const EXPLANATION_BYTES_MAX: usize = 16_000;

/// A customer of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchLine {
    /// The account.
    pub account_id: i64,
    /// The book it was billed in.
    pub book_id: i64,
    /// As billed.
    pub before: Money,
    /// As it would have been.
    pub after: Money,
    /// The difference by component, by the ledger's codes, VAT as `vat`; they sum to it.
    pub components: Vec<(String, Money)>,
    /// kWh that lie in other tiers; they sum to nothing.
    pub tiers: Vec<(u8, Quantity)>,
    /// How it comes about.
    pub explanation: Text,
}

/// A batch to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBatch {
    /// The station.
    pub unit_id: i64,
    /// The month that is corrected.
    pub month: Month,
    /// The specific reason.
    pub reason: String,
    /// The prices it follows from, kept with it.
    pub basis: String,
    /// The centre that operates it.
    pub centre_unit_id: i64,
    /// The customers, in any order.
    pub lines: Vec<BatchLine>,
}

/// A batch that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its case.
    pub case: AdjustmentCase,
    /// Customers in it.
    pub bills: i64,
    /// What is charged in addition, all customers who pay more.
    pub charged: Money,
    /// What is given back, below zero.
    pub refunded: Money,
    /// It was there already: nothing was started anew.
    pub known: bool,
}

/// A line as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLine {
    /// What is issued; its sequence is 0 until then.
    pub bill: AdjustmentBill,
    /// As billed.
    pub before: Money,
    /// How the difference comes about.
    pub explanation: Text,
}

/// What the issue of a batch brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchIssued {
    /// Bills.
    pub bills: i64,
    /// Issues: one for each book.
    pub issues: i64,
    /// Yuan in all.
    pub amount: Money,
}

impl AdjustmentCase {
    /// A slip for many customers.
    pub const fn is_batch(&self) -> bool {
        self.account_id == 0
    }
}

/// Starts a batch: one ticket, one approval over everything that moves, and a line for each customer; from now on the
/// normal issue of all of them is held. (ADJ-01, ADJ-16, ADJ-17, ADJ-18)
///
/// A customer who has a line from the same prices for the month, in a batch that is not refused, is left out; when none
/// is left, the batch they are in is answered and nothing is started: the same what-if twice does not double. A line
/// from other prices for the month is refused, for it was compared with the same first bill.
///
/// The approval limits look at the sum of all amounts without their signs, so that refunds and charges cannot hide each
/// other, and at a refund when there is one.
pub fn start_batch(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    postings: &BillPostings,
    new: &NewBatch,
) -> Result<Batch> {
    let route = Cause::TariffPolicy.route();
    require_at(work, route.starts, new.unit_id)?;
    let reason = checked_text("reason", &new.reason, 500)?;
    let org_id = work.org_id();
    let source = vault::leaf_hash(new.basis.as_bytes());
    let (lines, known) = fresh_lines(work.tx, org_id, new, &source)?;
    if let (true, Some(case_id)) = (lines.is_empty(), known) {
        return batch_of(work.tx, org_id, case_id);
    }
    let sums = check(postings, new, &lines)?;

    let case_id = work.next_key();
    let cause = Cause::TariffPolicy.text(Lang::Zh);
    let count = lines.len();
    let ticket = flow::raise(
        work,
        rules,
        &NewTicket {
            kind: route.ticket_kind,
            subject: Subject { kind: "adjustment", id: case_id },
            account_id: None,
            book_id: None,
            month: Some(new.month),
            raised_unit_id: new.unit_id,
            addressed_unit_id: new.centre_unit_id,
            addressed_post: "",
            third_unit_id: None,
            text: &format!("{cause}（{count} 户，见清单）：{reason}"),
        },
    )?;
    let approval = flow::open_approval(
        work,
        &NewApproval {
            kind: route.ticket_kind,
            subject: Subject { kind: "ticket", id: ticket.id },
            unit_id: new.unit_id,
            amount: sums.charged.minus(sums.refunded)?,
            is_refund: sums.refunded.is_negative(),
            maker_id: work.actor().person_id,
        },
    )?;
    let case = AdjustmentCase {
        case_id,
        number: ticket.number.clone(),
        ticket_id: ticket.id,
        approval_id: approval.id,
        cause: Cause::TariffPolicy,
        reason: reason.to_owned(),
        account_id: 0,
        unit_id: new.unit_id,
        book_id: 0,
        started_unit_id: new.unit_id,
        centre_unit_id: new.centre_unit_id,
        started_by: work.actor().person_id,
        month: new.month,
        energy_kwh: Quantity::ZERO,
        amount: sums.charged.plus(sums.refunded)?,
        called: false,
        evidence_list_id: None,
        state: CaseState::Running,
        sequence: None,
        version: 1,
    };
    let effect = Effect { energy_kwh: Quantity::ZERO, tiers: Vec::new(), components: sums.components };
    let now = work.now();
    super::sql::insert(work.tx, org_id, &case, &effect, &[], now)?;
    let batch =
        Batch { case, bills: count as i64, charged: sums.charged, refunded: sums.refunded, known: false };
    sql::insert(work.tx, org_id, &batch, &source, &new.basis)?;
    let root = keep_lines(work, &batch.case, &lines)?;
    let accounts: Vec<i64> = lines.iter().map(|line| line.account_id).collect();
    crate::hold::begin_batch(work, &accounts, &batch.case.number)?;
    let summary = format!("bills={count} charged={} refunded={}", batch.charged, batch.refunded);
    let entry = log::Entry::new(route.starts, new.unit_id, "adjustment", batch.case.number.clone(), summary);
    log::record(work, vec![entry.covering(batch.bills, root)])?;
    Ok(batch)
}

/// The lines of customers who have none from the same prices, in order of account, and the batch of one who has.
fn fresh_lines<'n>(
    tx: &mut Tx<'_>,
    org_id: i64,
    new: &'n NewBatch,
    source: &[u8; 32],
) -> Result<(Vec<&'n BatchLine>, Option<i64>)> {
    let mut lines: Vec<&BatchLine> = new.lines.iter().collect();
    lines.sort_unstable_by_key(|line| line.account_id);
    let live: HashMap<i64, (i64, bool, String)> =
        sql::live_lines(tx, org_id, new.unit_id, new.month, source)?;
    let mut known = None;
    let mut fresh = Vec::with_capacity(lines.len());
    for line in lines {
        match live.get(&line.account_id) {
            None => fresh.push(line),
            Some((case_id, true, _)) => known = Some(*case_id),
            Some((_, false, number)) => {
                let (account, month) = (line.account_id, new.month);
                return Err(OfficeError::refused(
                    "ADJ-18",
                    format!("用户 {account} {month} 已按另一电价在退补 {number} 中退补，不能重复；请先不同意该退补"),
                    format!("account {account} has {month} adjusted by other prices in {number}: refuse that one first"),
                )
                .into());
            }
        }
    }
    Ok((fresh, known))
}

struct Sums {
    charged: Money,
    refunded: Money,
    components: Vec<(String, Money)>,
}

/// Refuses lines that are not what they say, and sums them.
fn check(postings: &BillPostings, new: &NewBatch, lines: &[&BatchLine]) -> Result<Sums> {
    let refuse = |zh: String, en: String| Err(OfficeError::refused("ADJ-18", zh, en).into());
    if lines.is_empty() {
        return refuse(
            "没有需要退补的用户".into(),
            "nobody's bill differs: there is nothing to adjust".into(),
        );
    }
    if lines.len() > BATCH_LINES_MAX {
        let most = BATCH_LINES_MAX;
        return refuse(
            format!("一张退补清单最多 {most} 户，请按抄本分开发起"),
            format!("a batch has {most} customers at most: start one for each book"),
        );
    }
    if new.basis.trim().is_empty() || new.basis.len() > BASIS_BYTES_MAX {
        return refuse("缺少电价依据，或超过 8 MiB".into(), "the prices are missing or above 8 MiB".into());
    }
    let mut sums = Sums { charged: Money::ZERO, refunded: Money::ZERO, components: Vec::new() };
    if let Some(pair) = lines.windows(2).find(|pair| pair[0].account_id == pair[1].account_id) {
        let account = pair[0].account_id;
        return refuse(format!("用户 {account} 重复"), format!("account {account} is given twice"));
    }
    for line in lines {
        let account = line.account_id;
        let difference = line.after.minus(line.before)?;
        let by_component = Money::sum(line.components.iter().map(|(_, amount)| *amount))?;
        let by_tier = Quantity::sum(line.tiers.iter().map(|(_, energy)| *energy))?;
        let nothing = line.components.iter().all(|(_, amount)| amount.is_zero()) && line.tiers.is_empty();
        let long = line.explanation.zh.len().max(line.explanation.en.len()) > EXPLANATION_BYTES_MAX;
        if account == 0 || by_component != difference || !by_tier.is_zero() || nothing || long {
            return refuse(
                format!(
                    "用户 {account} 的费用项合计 {by_component} 与差额 {difference} 不符，或阶梯电量之和不为零"
                ),
                format!(
                    "account {account}: components sum to {by_component}, not {difference}, or tiers do not sum to zero"
                ),
            );
        }
        for (code, amount) in &line.components {
            checked_code("component", code)?;
            match sums.components.iter_mut().find(|(known, _)| known == code) {
                Some((_, sum)) => *sum = sum.plus(*amount)?,
                None => {
                    // Refused now rather than when everybody has approved.
                    postings.named(code)?;
                    sums.components.push((code.clone(), *amount));
                }
            }
        }
        let side = if difference.is_negative() { &mut sums.refunded } else { &mut sums.charged };
        *side = side.plus(difference)?;
    }
    Ok(sums)
}

/// Writes the lines and answers the root over their bytes.
fn keep_lines(work: &mut Work<'_, '_>, case: &AdjustmentCase, lines: &[&BatchLine]) -> Result<[u8; 32]> {
    let org_id = work.org_id();
    let mut bulk = sql::lines();
    let mut digests = Vec::with_capacity(lines.len());
    let mut detail = Vec::new();
    for line in lines {
        let bill = AdjustmentBill {
            key: BillKey { org_id, month: case.month, account_id: line.account_id, sequence: 0 },
            unit_id: case.unit_id,
            book_id: line.book_id,
            document: case.number.clone(),
            reason: format!("{}；{}", case.reason, line.explanation.zh),
            energy_kwh: Quantity::ZERO,
            tiers: line.tiers.clone(),
            components: line.components.clone(),
            amount: line.after.minus(line.before)?,
        };
        detail.clear();
        write_adjustment(&bill, &mut detail);
        digests.push(vault::leaf_hash(&detail));
        sql::add_line(&mut bulk, org_id, case, line, bill.amount, &detail)?;
    }
    work.tx.load(&mut bulk)?;
    Ok(vault::merkle_root(digests))
}

/// A batch by the key of its case.
pub fn batch_of(tx: &mut Tx<'_>, org_id: i64, case_id: i64) -> Result<Batch> {
    let case = service::find(tx, org_id, case_id)?;
    let (bills, charged, refunded) = sql::find(tx, org_id, case_id)?
        .ok_or(OfficeError::NotFound { what: "adjustment batch", id: case_id })?;
    Ok(Batch { case, bills, charged, refunded, known: true })
}

/// Gives the lines of a batch in order of book and account, without keeping them.
pub fn each_line(
    tx: &mut Tx<'_>,
    org_id: i64,
    case_id: i64,
    mut take: impl FnMut(KeptLine) -> Result<()>,
) -> Result<()> {
    sql::each_line(tx, org_id, case_id, |before, detail, explanation| {
        take(KeptLine { bill: read_adjustment(detail)?, before, explanation })
    })
}

/// Issues a batch: for each book one issue with numbers, quantity ledger, receivables, voucher and an act whose root
/// covers every bill. (ADJ-08, ADJ-16, BILL-20)
pub fn issue_batch(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    postings: &BillPostings,
    case_id: i64,
) -> Result<BatchIssued> {
    let org_id = work.org_id();
    let case = service::load(work, case_id)?;
    if !case.is_batch() {
        return Err(OfficeError::NotFound { what: "adjustment batch", id: case_id }.into());
    }
    work.require(permission::ISSUE, case.unit_id)?;
    flow::act(work, rules, case.ticket_id, "issue", "")?;
    let mut bills = Vec::new();
    each_line(work.tx, org_id, case_id, |line| {
        bills.push(line.bill);
        Ok(())
    })?;
    let mut done = BatchIssued { bills: 0, issues: 0, amount: Money::ZERO };
    let mut first_issue = 0;
    for book in bills.chunk_by_mut(|a, b| a.book_id == b.book_id) {
        let (first, last) = (book[0].key.account_id, book[book.len() - 1].key.account_id);
        let taken = sql::sequences(work.tx, org_id, case.month, first, last)?;
        for bill in book.iter_mut() {
            bill.key.sequence = taken.get(&bill.key.account_id).copied().unwrap_or(0) + 1;
            done.amount = done.amount.plus(bill.amount)?;
        }
        let issue_id = super::bill::issue_bills(work, postings, book, &case.number)?;
        first_issue = if done.issues == 0 { issue_id } else { first_issue };
        done.bills += book.len() as i64;
        done.issues += 1;
    }
    let today = work.today();
    super::sql::save_end(work.tx, org_id, &case, CaseState::Issued, Some((0, first_issue, today)))?;
    crate::hold::end_batch(work, &case.number)?;
    let new = format!("{} bills of {}: {}", done.bills, case.month, done.amount);
    record(work, permission::ISSUE, case.unit_id, "adjustment", &case.number, "followed up", &new)?;
    Ok(done)
}
