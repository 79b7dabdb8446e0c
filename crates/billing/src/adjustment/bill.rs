//! The bill of an adjustment: what issue writes for it, and how it is read back.

use identity::Work;
use kernel::{Date, Money, Quantity};
use ledger::{PostingBuffer, VoucherHeader};
use store::Tx;
use tariff::Period;

use super::model::AdjustmentBill;
use crate::canonical::{Owner, is_adjustment, read_adjustment, write_adjustment, write_issued};
use crate::gates::{Flow, Reasons};
use crate::office::{self, OfficeRules};
use crate::posting::{BILL_ISSUED, BillPostings};
use crate::run::{DUE_DAY, due_on};
use crate::service::{NO_VOUCHER, permission};
use crate::sql::{self, BillKey, BillRow, IssueRow, QuantityRow};
use crate::{BillingError, IssuedAs, OfficeError, Result, log};

/// Issues an adjustment as a further bill of its account's month, through the same steps as every bill: bill, issue,
/// number, quantity ledger, receivable, postings, act with root. Answers the key of the issue. (ADJ-08, BILL-20)
///
/// A refund is a negative receivable, posted as the issue with its sides exchanged: it lowers what the customer owes,
/// and receivables, bills issued and account 1122 go on agreeing. Turning a balance in the customer's favour into a
/// debt to be paid out (`refund_due`) is the collection office's decision, with its own voucher.
///
/// The amounts go to the components the adjustment names, by the ledger's codes, without VAT; VAT is named as `vat`.
/// The quantity goes on where the tiers of its month stood, when it says how much of which tier it changes.
pub fn issue_adjustment(
    work: &mut Work<'_, '_>,
    postings: &BillPostings,
    bill: &AdjustmentBill,
    due: Date,
) -> Result<i64> {
    work.require(permission::ISSUE, bill.unit_id)?;
    let (org_id, key, today) = (work.org_id(), bill.key, work.today());
    check(org_id, bill)?;
    let account = metering::account::account_by_id(work.tx, org_id, key.account_id)?;
    let account = account.ok_or(OfficeError::NotFound { what: "account", id: key.account_id })?.account;
    let payer_id = account.main_account_id.unwrap_or(account.account_id);

    let mut detail = Vec::new();
    write_adjustment(bill, &mut detail);
    let (issue_id, voucher_id) = (work.next_key(), work.next_key());
    let numbers = documents::take_numbers(work, "bill", bill.unit_id, today.year(), 1)?;
    let mut covered = Vec::new();
    write_issued(&Owner { key, payer_id, due_on: due }, &detail, &mut covered);
    let root = vault::merkle_root([vault::leaf_hash(&covered)]);

    let mut lines = PostingBuffer::new(org_id);
    lines.begin(voucher_id);
    let mut sums = Vec::with_capacity(bill.components.len());
    for (code, amount) in bill.components.iter().filter(|(_, amount)| !amount.is_zero()) {
        let posting = postings.named(code)?;
        lines.add_signed(&posting.for_customer(payer_id, *amount))?;
        let is_vat = posting.component() == postings.vat().component();
        sums.push((posting.component(), *amount, if is_vat { *amount } else { Money::ZERO }));
    }
    // An adjustment of quantities alone owes nothing and has no voucher.
    let is_posted = !sums.is_empty();
    let row = IssueRow {
        org_id,
        issue_id,
        month: key.month,
        book_id: bill.book_id,
        unit_id: bill.unit_id,
        calculation_id: 0,
        issued_by: work.actor().person_id,
        issued_at: work.now(),
        year: i64::from(numbers.year),
        first_number: numbers.first,
        bills: 1,
        energy_kwh: bill.energy_kwh,
        amount: bill.amount,
        voucher_id: if is_posted { voucher_id } else { NO_VOUCHER },
        bills_root: &root,
    };
    sql::insert_issue(work.tx, &row)?;
    sql::insert_issue_components(work.tx, org_id, issue_id, &sums)?;
    write_rows(work, bill, issue_id, payer_id, due, &detail)?;
    if is_posted {
        let header = VoucherHeader {
            voucher_id,
            unit_id: bill.unit_id,
            posted_on: today,
            effective_on: today,
            event: BILL_ISSUED.into(),
            source: format!("adjustment {}", bill.document),
            text: format!("{} 退补 {} 发行", key.month, bill.document),
        };
        ledger::post_bulk(work, &[header], &mut lines)?;
    }
    let document = format!("{} {}-{}", key.month, key.account_id, key.sequence);
    let summary = format!("{} number={} amount={}", bill.document, numbers.first, bill.amount);
    let entry = log::Entry::new(permission::ISSUE, bill.unit_id, "adjustment_bill", document, summary);
    log::record(work, vec![entry.covering(1, root)])?;
    Ok(issue_id)
}

/// The bulk tables take a single row as well.
fn write_rows(
    work: &mut Work<'_, '_>,
    bill: &AdjustmentBill,
    issue_id: i64,
    payer_id: i64,
    due: Date,
    detail: &[u8],
) -> Result<()> {
    let key = bill.key;
    let (mut bills, mut quantities, mut receivables) = (sql::bills(), sql::quantities(), sql::receivables());
    let row = BillRow {
        key,
        book_id: bill.book_id,
        calculation_id: 0,
        payer_id,
        flow: Flow::Adjustment,
        reasons: Reasons::NONE,
        energy_kwh: bill.energy_kwh,
        amount: bill.amount,
        detail,
    };
    sql::add_bill(&mut bills, &row)?;
    let used = sql::tier_used(work.tx, key)?;
    let by_tier = Quantity::sum(bill.tiers.iter().map(|(_, energy)| *energy))?;
    let row = QuantityRow {
        key,
        issue_id,
        energy_kwh: bill.energy_kwh,
        by_period: [Quantity::ZERO; Period::COUNT],
        reactive_kvarh: Quantity::ZERO,
        amount: bill.amount,
        tier_used_kwh: used.plus(by_tier)?,
    };
    sql::add_quantity(&mut quantities, &row)?;
    sql::add_receivable(&mut receivables, key, issue_id, 1, payer_id, bill.amount, due)?;
    work.tx.load(&mut bills)?;
    work.tx.load(&mut quantities)?;
    work.tx.load(&mut receivables)?;
    Ok(())
}

/// Refuses what the office cannot have meant: another organisation, the month's own place, a sum that is not one.
fn check(org_id: i64, bill: &AdjustmentBill) -> Result<()> {
    let sum = Money::sum(bill.components.iter().map(|(_, amount)| *amount))?;
    if bill.key.org_id == org_id && bill.key.sequence >= 1 && sum == bill.amount {
        return Ok(());
    }
    Err(OfficeError::refused(
        "ADJ-18",
        format!("退补 {} 各费用项合计 {sum} 与金额 {} 不符，或序号不成立", bill.document, bill.amount),
        format!(
            "adjustment {}: components sum to {sum}, not {}, or its place is wrong",
            bill.document, bill.amount
        ),
    )
    .into())
}

/// Issues the adjustment of a case through [`issue_adjustment`], due on the account's own day of the month.
pub fn issue_with(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    postings: &BillPostings,
    case_id: i64,
) -> office::Result<AdjustmentBill> {
    super::issue(work, rules, case_id, |work, bill| {
        let org_id = work.org_id();
        let account = metering::account::account_by_id(work.tx, org_id, bill.key.account_id);
        let account = account.map_err(|error| OfficeError::below(&error))?;
        let day = account.map(|found| found.account.due_day).filter(|day| *day != 0).unwrap_or(DUE_DAY);
        let due = due_on(work.today(), day);
        Ok(issue_adjustment(work, postings, bill, due)?)
    })
}

/// An adjustment as it was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAdjustment {
    /// What was issued.
    pub bill: AdjustmentBill,
    /// The number it bears and its due day.
    pub issued: IssuedAs,
    /// The canonical bytes the log covers.
    pub detail: Vec<u8>,
}

/// Reads an issued adjustment; nothing when the key has none.
pub fn stored_adjustment(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<StoredAdjustment>> {
    let Some(row) = sql::bill(tx, key)?.filter(|row| is_adjustment(&row.detail)) else { return Ok(None) };
    let bill = read_adjustment(&row.detail)?;
    let missing =
        || BillingError::NoBill { account: key.account_id.to_string(), month: key.month.to_string() };
    let issued = sql::issued_as(tx, key)?.ok_or_else(missing)?;
    Ok(Some(StoredAdjustment { bill, issued, detail: row.detail }))
}
