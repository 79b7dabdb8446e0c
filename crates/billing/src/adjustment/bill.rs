//! The bill of an adjustment: what issue writes for it, and how it is read back.

use identity::Work;
use kernel::{Date, Money, Quantity};
use ledger::{ComponentId, PostingBuffer, VoucherHeader};
use metering::account::Account;
use store::{Bulk, Tx};
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
    let key = bill.key;
    let words = Words {
        source: format!("adjustment {}", bill.document),
        text: format!("{} 退补 {} 发行", key.month, bill.document),
        document: format!("{} {}-{}", key.month, key.account_id, key.sequence),
    };
    issue_rows(work, postings, std::slice::from_ref(bill), |_| due, words)
}

/// Issues the adjustments of one slip and one book in one issue, each due on the account's own day of the month.
/// Answers the key of the issue.
pub(crate) fn issue_bills(
    work: &mut Work<'_, '_>,
    postings: &BillPostings,
    bills: &[AdjustmentBill],
    slip: &str,
) -> Result<i64> {
    let Some(first) = bills.first() else { return Err(BillingError::NoBook) };
    let words = Words {
        source: format!("adjustment {slip} {}", first.book_id),
        text: format!("{} 退补 {slip} 抄本 {} 发行 {} 户", first.key.month, first.book_id, bills.len()),
        document: format!("{} {slip} {}", first.key.month, first.book_id),
    };
    let today = work.today();
    issue_rows(work, postings, bills, |account| own_due(today, account), words)
}

/// What an issue is called in the ledger and in the log.
struct Words {
    source: String,
    text: String,
    document: String,
}

/// The next of the account's own days.
fn own_due(today: Date, account: &Account) -> Date {
    due_on(today, if account.due_day == 0 { DUE_DAY } else { account.due_day })
}

/// Issues `bills` of one station and book in one issue with one voucher.
fn issue_rows(
    work: &mut Work<'_, '_>,
    postings: &BillPostings,
    bills: &[AdjustmentBill],
    due: impl Fn(&Account) -> Date,
    words: Words,
) -> Result<i64> {
    let Some(first) = bills.first() else { return Err(BillingError::NoBook) };
    work.require(permission::ISSUE, first.unit_id)?;
    let (org_id, today) = (work.org_id(), work.today());
    let count = u32::try_from(bills.len()).map_err(|_| BillingError::NoBook)?;
    for bill in bills {
        check(org_id, bill)?;
    }
    let (issue_id, voucher_id) = (work.next_key(), work.next_key());
    let numbers = documents::take_numbers(work, "bill", first.unit_id, today.year(), count)?;

    let mut lines = PostingBuffer::new(org_id);
    lines.begin(voucher_id);
    let mut sums: Vec<(ComponentId, Money, Money)> = Vec::with_capacity(first.components.len());
    let mut rows =
        Rows { bills: sql::bills(), quantities: sql::quantities(), receivables: sql::receivables() };
    let mut digests = Vec::with_capacity(bills.len());
    let (mut energy_kwh, mut amount, mut is_posted) = (Quantity::ZERO, Money::ZERO, false);
    let (mut detail, mut covered) = (Vec::new(), Vec::new());
    for (line, bill) in (1..).zip(bills) {
        let account = metering::account::account_by_id(work.tx, org_id, bill.key.account_id)?;
        let account =
            account.ok_or(OfficeError::NotFound { what: "account", id: bill.key.account_id })?.account;
        let payer_id = account.main_account_id.unwrap_or(account.account_id);
        detail.clear();
        write_adjustment(bill, &mut detail);
        let due_on = due(&account);
        covered.clear();
        write_issued(&Owner { key: bill.key, payer_id, due_on }, &detail, &mut covered);
        digests.push(vault::leaf_hash(&covered));
        for (code, part) in bill.components.iter().filter(|(_, part)| !part.is_zero()) {
            let posting = postings.named(code)?;
            lines.add_signed(&posting.for_customer(payer_id, *part))?;
            is_posted = true;
            let is_vat = posting.component() == postings.vat().component();
            let vat = if is_vat { *part } else { Money::ZERO };
            match sums.iter_mut().find(|(known, ..)| *known == posting.component()) {
                Some((_, sum, inside)) => (*sum, *inside) = (sum.plus(*part)?, inside.plus(vat)?),
                None => sums.push((posting.component(), *part, vat)),
            }
        }
        energy_kwh = energy_kwh.plus(bill.energy_kwh)?;
        amount = amount.plus(bill.amount)?;
        rows.add(work, bill, (issue_id, line), payer_id, due_on, &detail)?;
    }
    let root = vault::merkle_root(digests);
    let row = IssueRow {
        org_id,
        issue_id,
        month: first.key.month,
        book_id: first.book_id,
        unit_id: first.unit_id,
        calculation_id: 0,
        issued_by: work.actor().person_id,
        issued_at: work.now(),
        year: i64::from(numbers.year),
        first_number: numbers.first,
        bills: i64::from(count),
        energy_kwh,
        amount,
        // Adjustments of quantities alone owe nothing and have no voucher.
        voucher_id: if is_posted { voucher_id } else { NO_VOUCHER },
        bills_root: &root,
    };
    sql::insert_issue(work.tx, &row)?;
    sql::insert_issue_components(work.tx, org_id, issue_id, &sums)?;
    rows.load(work)?;
    if is_posted {
        let header = VoucherHeader {
            voucher_id,
            unit_id: first.unit_id,
            posted_on: today,
            effective_on: today,
            event: BILL_ISSUED.into(),
            source: words.source,
            text: words.text,
        };
        ledger::post_bulk(work, &[header], &mut lines)?;
    }
    let summary = format!("{} number={} amount={amount}", first.document, numbers.first);
    let summary = if count == 1 { summary } else { format!("{summary} bills={count}") };
    let entry = log::Entry::new(permission::ISSUE, first.unit_id, "adjustment_bill", words.document, summary);
    log::record(work, vec![entry.covering(i64::from(count), root)])?;
    Ok(issue_id)
}

/// The bulk tables of an issue.
struct Rows {
    bills: Bulk,
    quantities: Bulk,
    receivables: Bulk,
}

impl Rows {
    fn add(
        &mut self,
        work: &mut Work<'_, '_>,
        bill: &AdjustmentBill,
        (issue_id, line): (i64, i64),
        payer_id: i64,
        due: Date,
        detail: &[u8],
    ) -> Result<()> {
        let key = bill.key;
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
        sql::add_bill(&mut self.bills, &row)?;
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
        sql::add_quantity(&mut self.quantities, &row)?;
        Ok(sql::add_receivable(&mut self.receivables, key, issue_id, line, payer_id, bill.amount, due)?)
    }
    fn load(mut self, work: &mut Work<'_, '_>) -> Result<()> {
        work.tx.load(&mut self.bills)?;
        work.tx.load(&mut self.quantities)?;
        work.tx.load(&mut self.receivables)?;
        Ok(())
    }
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
        let due =
            account.map_or(due_on(work.today(), DUE_DAY), |found| own_due(work.today(), &found.account));
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
