//! The tables of billing, and the only place that names them.

mod issued;

pub(crate) use issued::*;

use std::collections::HashMap;

use kernel::{Date, Moment, Money, Month, Quantity};
use store::{Bulk, Column, Kind, StoreError, Tx, params};
use tariff::Period;

use crate::BillingError;
use crate::gates::{Flow, Past, Pending, Reasons};
use crate::plans::{PlanNumber, StoredTable};
use crate::service::IssuedAs;

type Result<T, E = BillingError> = std::result::Result<T, E>;

const BILL: &[Column] = &[
    ("org_id", Kind::Int),
    ("month", Kind::Int),
    ("account_id", Kind::Int),
    ("sequence", Kind::Int),
    ("book_id", Kind::Int),
    ("calculation_id", Kind::Int),
    ("payer_id", Kind::Int),
    ("flow", Kind::Int),
    ("reasons", Kind::Int),
    ("energy_kwh", Kind::Int),
    ("amount", Kind::Int),
    ("detail", Kind::Blob),
];
const QUANTITY_LEDGER: &[Column] = &[
    ("org_id", Kind::Int),
    ("month", Kind::Int),
    ("account_id", Kind::Int),
    ("sequence", Kind::Int),
    ("issue_id", Kind::Int),
    ("energy_kwh", Kind::Int),
    ("sharp_kwh", Kind::Int),
    ("peak_kwh", Kind::Int),
    ("flat_kwh", Kind::Int),
    ("valley_kwh", Kind::Int),
    ("deep_valley_kwh", Kind::Int),
    ("reactive_kvarh", Kind::Int),
    ("amount", Kind::Int),
    ("tier_used_kwh", Kind::Int),
];
const RECEIVABLE: &[Column] = &[
    ("org_id", Kind::Int),
    ("month", Kind::Int),
    ("account_id", Kind::Int),
    ("sequence", Kind::Int),
    ("issue_id", Kind::Int),
    ("line", Kind::Int),
    ("payer_id", Kind::Int),
    ("amount", Kind::Int),
    ("due_on", Kind::Int),
];
const EXCEPTION: &[Column] = &[
    ("org_id", Kind::Int),
    ("month", Kind::Int),
    ("account_id", Kind::Int),
    ("book_id", Kind::Int),
    ("unit_id", Kind::Int),
    ("dedicated", Kind::Int),
    ("reasons", Kind::Int),
    ("energy_kwh", Kind::Int),
    ("amount", Kind::Int),
    ("past_months", Kind::Int),
    ("past_energy_kwh", Kind::Int),
    ("past_amount", Kind::Int),
];

/// A bulk load of bills.
pub(crate) fn bills() -> Bulk {
    Bulk::new("bill", BILL)
}
/// A bulk load of the quantity ledger.
pub(crate) fn quantities() -> Bulk {
    Bulk::new("quantity_ledger", QUANTITY_LEDGER)
}
/// A bulk load of receivables.
pub(crate) fn receivables() -> Bulk {
    Bulk::new("receivable", RECEIVABLE)
}
/// A bulk load of exceptions.
pub(crate) fn exceptions() -> Bulk {
    Bulk::new("exception", EXCEPTION)
}

/// Key of one bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BillKey {
    /// The organisation.
    pub org_id: i64,
    /// The billing month.
    pub month: Month,
    /// The account.
    pub account_id: i64,
    /// 0 for the month's own bill, 1 and up for further ones (instalments, adjustments).
    pub sequence: i64,
}

/// What a bill row says beside its detail.
pub(crate) struct BillRow<'b> {
    pub(crate) key: BillKey,
    pub(crate) book_id: i64,
    pub(crate) calculation_id: i64,
    pub(crate) payer_id: i64,
    pub(crate) flow: Flow,
    pub(crate) reasons: Reasons,
    pub(crate) energy_kwh: Quantity,
    pub(crate) amount: Money,
    pub(crate) detail: &'b [u8],
}

pub(crate) fn add_bill(bulk: &mut Bulk, row: &BillRow<'_>) -> Result<(), StoreError> {
    bulk.row(params![
        row.key.org_id,
        row.key.month,
        row.key.account_id,
        row.key.sequence,
        row.book_id,
        row.calculation_id,
        row.payer_id,
        row.flow.number(),
        row.reasons.0,
        row.energy_kwh,
        row.amount,
        row.detail,
    ])
}

/// A line of the quantity ledger (电量台账).
pub(crate) struct QuantityRow {
    pub(crate) key: BillKey,
    pub(crate) issue_id: i64,
    pub(crate) energy_kwh: Quantity,
    pub(crate) by_period: [Quantity; Period::COUNT],
    pub(crate) reactive_kvarh: Quantity,
    pub(crate) amount: Money,
    pub(crate) tier_used_kwh: Quantity,
}

pub(crate) fn add_quantity(bulk: &mut Bulk, row: &QuantityRow) -> Result<(), StoreError> {
    let of = |period: Period| row.by_period[period.index()];
    bulk.row(params![
        row.key.org_id,
        row.key.month,
        row.key.account_id,
        row.key.sequence,
        row.issue_id,
        row.energy_kwh,
        of(Period::Sharp),
        of(Period::Peak),
        of(Period::Flat),
        of(Period::Valley),
        of(Period::DeepValley),
        row.reactive_kvarh,
        row.amount,
        row.tier_used_kwh,
    ])
}

pub(crate) fn add_receivable(
    bulk: &mut Bulk,
    key: BillKey,
    issue_id: i64,
    line: i64,
    payer_id: i64,
    amount: Money,
    due_on: Date,
) -> Result<(), StoreError> {
    bulk.row(params![
        key.org_id,
        key.month,
        key.account_id,
        key.sequence,
        issue_id,
        line,
        payer_id,
        amount,
        due_on
    ])
}

/// What is kept of an exception when it is found.
pub(crate) struct ExceptionRow {
    pub(crate) key: BillKey,
    pub(crate) book_id: i64,
    pub(crate) unit_id: i64,
    pub(crate) dedicated: bool,
    pub(crate) reasons: Reasons,
    pub(crate) energy_kwh: Quantity,
    pub(crate) amount: Money,
    pub(crate) past: Past,
}

pub(crate) fn add_exception(bulk: &mut Bulk, row: &ExceptionRow) -> Result<(), StoreError> {
    bulk.row(params![
        row.key.org_id,
        row.key.month,
        row.key.account_id,
        row.book_id,
        row.unit_id,
        row.dedicated,
        row.reasons.0,
        row.energy_kwh,
        row.amount,
        row.past.months,
        row.past.energy_kwh,
        row.past.fee,
    ])
}

/// Gives kWh, fee and tier use issued in `month` to accounts from `first` to `last`, in order of account.
pub(crate) fn each_issued<E: From<StoreError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    first: i64,
    last: i64,
    mut take: impl FnMut(i64, Quantity, Money, Quantity) -> Result<(), E>,
) -> Result<(), E> {
    tx.each(
        "SELECT account_id, energy_kwh, amount, tier_used_kwh FROM quantity_ledger
         WHERE org_id = ?1 AND month = ?2 AND account_id BETWEEN ?3 AND ?4 ORDER BY account_id, sequence",
        params![org_id, month, first, last],
        |row| take(row.int(0)?, row.quantity(1)?, row.money(2)?, row.quantity(3)?),
    )
}

/// kWh used in the tier year up to the month of `key`, by the last of the account's bills of that month.
pub(crate) fn tier_used(tx: &mut Tx<'_>, key: BillKey) -> Result<Quantity> {
    let found = tx.one(
        "SELECT tier_used_kwh FROM quantity_ledger WHERE org_id = ?1 AND month = ?2 AND account_id = ?3
         ORDER BY sequence DESC LIMIT 1",
        params![key.org_id, key.month, key.account_id],
        |row| row.quantity(0),
    )?;
    Ok(found.unwrap_or(Quantity::ZERO))
}

/// Everybody whose bill of `month` is held this moment: adjustments in progress, and changes that affect the month.
pub(crate) fn active_holds(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<HashMap<i64, Pending>> {
    let mut found: HashMap<i64, Pending> = HashMap::new();
    tx.each(
        "SELECT account_id, kind FROM hold
         WHERE org_id = ?1 AND released_at IS NULL AND (kind = ?2 OR from_month <= ?3)",
        params![org_id, HOLD_ADJUSTMENT, month],
        |row| {
            let pending = found.entry(row.int(0)?).or_default();
            match row.int(1)? {
                HOLD_ADJUSTMENT => pending.adjustment = true,
                _ => pending.change = true,
            }
            Ok::<_, BillingError>(())
        },
    )?;
    // The hold-issue requests of change tickets are metering's own. (PARM-04)
    let filed = metering::parameter::accounts_to_hold(tx, org_id, month)
        .map_err(|error| BillingError::Office(crate::OfficeError::below(&error)))?;
    for account_id in filed {
        found.entry(account_id).or_default().change = true;
    }
    Ok(found)
}

/// `hold.kind` of an adjustment in progress; every other kind is a change.
pub(crate) const HOLD_ADJUSTMENT: i64 = 1;
/// `exception.state` of an exception whose data are in order: it may be issued.
pub(crate) const EXCEPTION_IN_ORDER: i64 = 3;
/// `exception.state` of an exception that was issued.
pub(crate) const EXCEPTION_ISSUED: i64 = 4;

pub(crate) fn plans(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<PlanNumber>> {
    tx.list(
        "SELECT table_code, table_version, effective_from, effective_to, class, voltage, left_market, own_purchase_price
         FROM price_plan WHERE org_id = ?1 ORDER BY plan_id",
        params![org_id],
        |row| {
            Ok(PlanNumber {
                table_code: row.text(0)?,
                table_version: row.int(1)?,
                from: row.date(2)?,
                to: row.date_or_null(3)?,
                class: row.text(4)?,
                voltage: row.text(5)?,
                left_market: row.flag(6)?,
                own_purchase_price: row.int_or_null(7)?,
            })
        },
    )
}

pub(crate) fn add_plan(tx: &mut Tx<'_>, org_id: i64, plan_id: i64, plan: &PlanNumber) -> Result<()> {
    tx.execute(
        "INSERT INTO price_plan (org_id, plan_id, table_code, table_version, effective_from, effective_to, class,
           voltage, left_market, own_purchase_price) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            org_id,
            plan_id,
            &plan.table_code,
            plan.table_version,
            plan.from,
            plan.to,
            &plan.class,
            &plan.voltage,
            plan.left_market,
            plan.own_purchase_price,
        ],
    )?;
    Ok(())
}

pub(crate) fn price_table(tx: &mut Tx<'_>, org_id: i64, code: &str, version: i64) -> Result<Option<String>> {
    tx.one(
        "SELECT content FROM price_table WHERE org_id = ?1 AND code = ?2 AND version = ?3",
        params![org_id, code, version],
        |row| Ok(row.text(0)?),
    )
}

#[allow(clippy::too_many_arguments)]
pub(crate) fn insert_price_table(
    tx: &mut Tx<'_>,
    org_id: i64,
    code: &str,
    version: i64,
    from: Date,
    content: &str,
    person_id: i64,
    now: Moment,
) -> Result<()> {
    tx.execute(
        "INSERT INTO price_table (org_id, code, version, effective_from, content, loaded_by, loaded_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![org_id, code, version, from, content, person_id, now],
    )?;
    Ok(())
}

pub(crate) struct CalculationRow {
    pub(crate) org_id: i64,
    pub(crate) calculation_id: i64,
    pub(crate) month: Month,
    pub(crate) book_id: i64,
    pub(crate) calculated_by: i64,
    pub(crate) calculated_at: Moment,
    pub(crate) reviewed_by: Option<i64>,
    pub(crate) accounts: i64,
    pub(crate) clean: i64,
    pub(crate) energy_kwh: Quantity,
    pub(crate) amount: Money,
}

pub(crate) fn insert_calculation(tx: &mut Tx<'_>, row: &CalculationRow) -> Result<()> {
    tx.execute(
        "INSERT INTO calculation (org_id, calculation_id, month, book_id, calculated_by, calculated_at, reviewed_by,
           reviewed_at, accounts, clean, energy_kwh, amount)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            row.org_id,
            row.calculation_id,
            row.month,
            row.book_id,
            row.calculated_by,
            row.calculated_at,
            row.reviewed_by,
            row.reviewed_by.map(|_| row.calculated_at),
            row.accounts,
            row.clean,
            row.energy_kwh,
            row.amount,
        ],
    )?;
    Ok(())
}

pub(crate) fn calculated_books(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<i64>> {
    tx.list(
        "SELECT DISTINCT book_id FROM calculation WHERE org_id = ?1 AND month = ?2 ORDER BY book_id",
        params![org_id, month],
        |row| Ok(row.int(0)?),
    )
}

/// The newest calculation of a book and whether it was reviewed.
const NEWEST_CALCULATION: &str =
    "SELECT MAX(calculation_id) FROM calculation WHERE org_id = ?1 AND month = ?2 AND book_id = ?3";

pub(crate) fn mark_reviewed(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    book_id: i64,
    person_id: i64,
    now: Moment,
) -> Result<u64> {
    let Some(newest) = newest_calculation(tx, org_id, month, book_id)? else { return Ok(0) };
    Ok(tx.execute(
        "UPDATE calculation SET reviewed_by = ?1, reviewed_at = ?2
         WHERE org_id = ?3 AND calculation_id = ?4 AND reviewed_by IS NULL",
        params![person_id, now, org_id, newest],
    )?)
}

fn newest_calculation(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<Option<i64>> {
    let found = tx.one(NEWEST_CALCULATION, params![org_id, month, book_id], |row| row.int_or_null(0))?;
    Ok(found.flatten())
}

/// The newest calculation of the book, if it was reviewed.
pub(crate) fn reviewed_calculation(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    book_id: i64,
) -> Result<Option<i64>> {
    let newest = newest_calculation(tx, org_id, month, book_id)?;
    Ok(if is_reviewed(tx, org_id, month, book_id)? { newest } else { None })
}

pub(crate) fn is_reviewed(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<bool> {
    let Some(newest) = newest_calculation(tx, org_id, month, book_id)? else { return Ok(false) };
    let reviewed = tx.one(
        "SELECT COUNT(*) FROM calculation WHERE org_id = ?1 AND calculation_id = ?2 AND reviewed_by IS NOT NULL",
        params![org_id, newest],
        |row| row.flag(0),
    )?;
    Ok(reviewed == Some(true))
}

pub(crate) struct IssueRow<'r> {
    pub(crate) org_id: i64,
    pub(crate) issue_id: i64,
    pub(crate) month: Month,
    pub(crate) book_id: i64,
    pub(crate) unit_id: i64,
    pub(crate) calculation_id: i64,
    pub(crate) issued_by: i64,
    pub(crate) issued_at: Moment,
    pub(crate) year: i64,
    pub(crate) first_number: i64,
    pub(crate) bills: i64,
    pub(crate) energy_kwh: Quantity,
    pub(crate) amount: Money,
    pub(crate) voucher_id: i64,
    pub(crate) bills_root: &'r [u8; 32],
}

/// Keeps what an issue's fee consists of.
pub(crate) fn insert_issue_components(
    tx: &mut Tx<'_>,
    org_id: i64,
    issue_id: i64,
    sums: &[(ledger::ComponentId, Money, Money)],
) -> Result<()> {
    for (component, amount, vat) in sums {
        tx.execute(
            "INSERT INTO issue_component (org_id, issue_id, component, amount, vat) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![org_id, issue_id, i64::from(component.0), *amount, *vat],
        )?;
    }
    Ok(())
}

pub(crate) fn insert_issue(tx: &mut Tx<'_>, row: &IssueRow<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO issue (org_id, issue_id, month, book_id, unit_id, calculation_id, issued_by, issued_at, year,
           first_number, bills, energy_kwh, amount, voucher_id, bills_root)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            row.org_id,
            row.issue_id,
            row.month,
            row.book_id,
            row.unit_id,
            row.calculation_id,
            row.issued_by,
            row.issued_at,
            row.year,
            row.first_number,
            row.bills,
            row.energy_kwh,
            row.amount,
            row.voucher_id,
            row.bills_root,
        ],
    )?;
    Ok(())
}

/// Accounts of the book that have an issued bill in the month, in order.
pub(crate) fn issued_accounts(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<Vec<i64>> {
    let mut found = tx.list(
        "SELECT r.account_id FROM issue i
         JOIN receivable r ON r.org_id = i.org_id AND r.month = i.month AND r.issue_id = i.issue_id
         WHERE i.org_id = ?1 AND i.month = ?2 AND i.book_id = ?3 AND r.sequence = 0",
        params![org_id, month, book_id],
        |row| Ok::<_, BillingError>(row.int(0)?),
    )?;
    found.sort_unstable();
    Ok(found)
}

/// Forgets calculated bills and exceptions of the book that are not issued, before it is calculated again.
pub(crate) fn drop_drafts(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<()> {
    tx.execute(
        "DELETE FROM exception WHERE org_id = ?1 AND month = ?2 AND book_id = ?3 AND state = 0",
        params![org_id, month, book_id],
    )?;
    tx.execute(
        "DELETE FROM bill WHERE org_id = ?1 AND month = ?2 AND book_id = ?3 AND sequence = 0
           AND NOT EXISTS (SELECT 1 FROM receivable r WHERE r.org_id = bill.org_id AND r.month = bill.month
                             AND r.account_id = bill.account_id AND r.sequence = bill.sequence)",
        params![org_id, month, book_id],
    )?;
    Ok(())
}

/// A calculated bill that may be issued.
pub(crate) struct Draft {
    pub(crate) key: BillKey,
    pub(crate) calculation_id: i64,
    pub(crate) payer_id: i64,
    pub(crate) flow: Flow,
    pub(crate) detail: Vec<u8>,
}

/// Bills of the book that are not issued and are clean, or exceptions that are in order. A bill that became clean when
/// it was calculated anew still waits for its exception to be closed. (BILL-14) Holds are the caller's.
pub(crate) fn issuable(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<Vec<Draft>> {
    tx.list(
        "SELECT b.account_id, b.calculation_id, b.payer_id, b.flow, b.detail FROM bill b
         LEFT JOIN exception e ON e.org_id = b.org_id AND e.month = b.month AND e.account_id = b.account_id
         WHERE b.org_id = ?1 AND b.month = ?2 AND b.book_id = ?3 AND b.sequence = 0
           AND ((b.reasons = 0 AND e.account_id IS NULL) OR e.state = ?4) AND (b.reasons / ?5) % 2 = 0
           AND ((b.reasons / ?6) % 2 = 0 OR EXISTS (
             SELECT 1 FROM suspicion_release s WHERE s.org_id = b.org_id AND s.month = b.month
               AND s.account_id = b.account_id AND s.confirmed_by IS NOT NULL
               AND s.energy_kwh = b.energy_kwh AND s.amount = b.amount))
           AND NOT EXISTS (SELECT 1 FROM receivable r WHERE r.org_id = b.org_id AND r.month = b.month
                             AND r.account_id = b.account_id AND r.sequence = 0)
         ORDER BY b.account_id",
        params![org_id, month, book_id, EXCEPTION_IN_ORDER, Reasons::NOT_CALCULATED.0, Reasons::HELD.0],
        |row| {
            Ok(Draft {
                key: BillKey { org_id, month, account_id: row.int(0)?, sequence: 0 },
                calculation_id: row.int(1)?,
                payer_id: row.int(2)?,
                flow: Flow::from_number(row.int(3)?).unwrap_or(Flow::ReviewException),
                detail: row.blob(4)?,
            })
        },
    )
}

pub(crate) fn mark_exception_issued(tx: &mut Tx<'_>, key: BillKey) -> Result<()> {
    tx.execute(
        "UPDATE exception SET state = ?1, version = version + 1 WHERE org_id = ?2 AND month = ?3 AND account_id = ?4",
        params![EXCEPTION_ISSUED, key.org_id, key.month, key.account_id],
    )?;
    Ok(())
}

/// Bills of the book that are not issued: exceptions, and whoever is held.
pub(crate) fn left_over(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<i64> {
    let found = tx.one(
        "SELECT COUNT(*) FROM bill b WHERE b.org_id = ?1 AND b.month = ?2 AND b.book_id = ?3 AND b.sequence = 0
           AND NOT EXISTS (SELECT 1 FROM receivable r WHERE r.org_id = b.org_id AND r.month = b.month
                             AND r.account_id = b.account_id AND r.sequence = 0)",
        params![org_id, month, book_id],
        |row| row.int(0),
    )?;
    Ok(found.unwrap_or(0))
}

/// Accounts of the book whose exception has gone to the station already, in order.
pub(crate) fn kept_exceptions(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<Vec<i64>> {
    tx.list(
        "SELECT account_id FROM exception WHERE org_id = ?1 AND month = ?2 AND book_id = ?3 AND state > 0
         ORDER BY account_id",
        params![org_id, month, book_id],
        |row| Ok(row.int(0)?),
    )
}

/// Gives an exception that stays the figures of a new calculation.
pub(crate) fn change_exception(tx: &mut Tx<'_>, row: &ExceptionRow) -> Result<()> {
    tx.execute(
        "UPDATE exception SET reasons = ?4, energy_kwh = ?5, amount = ?6, version = version + 1
         WHERE org_id = ?1 AND month = ?2 AND account_id = ?3",
        params![row.key.org_id, row.key.month, row.key.account_id, row.reasons.0, row.energy_kwh, row.amount],
    )?;
    Ok(())
}

/// What a bill row says beside its key.
pub(crate) struct KeptBill {
    pub(crate) book_id: i64,
    pub(crate) flow: Flow,
    pub(crate) reasons: Reasons,
    pub(crate) detail: Vec<u8>,
}

pub(crate) fn bill(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<KeptBill>> {
    tx.one(
        "SELECT book_id, flow, reasons, detail FROM bill
         WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 AND sequence = ?4",
        params![key.org_id, key.month, key.account_id, key.sequence],
        |row| {
            Ok(KeptBill {
                book_id: row.int(0)?,
                flow: Flow::from_number(row.int(1)?).unwrap_or(Flow::ReviewException),
                reasons: Reasons(u16::try_from(row.int(2)?).unwrap_or(0)),
                detail: row.blob(3)?,
            })
        },
    )
}

pub(crate) fn issued_as(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<IssuedAs>> {
    tx.one(
        "SELECT i.issue_id, i.unit_id, i.year, i.first_number + r.line - 1, r.due_on, i.issued_at FROM receivable r
         JOIN issue i ON i.org_id = r.org_id AND i.issue_id = r.issue_id
         WHERE r.org_id = ?1 AND r.month = ?2 AND r.account_id = ?3 AND r.sequence = ?4",
        params![key.org_id, key.month, key.account_id, key.sequence],
        |row| {
            Ok(IssuedAs {
                issue_id: row.int(0)?,
                unit_id: row.int(1)?,
                year: row.int(2)?,
                number: row.int(3)?,
                due_on: row.date(4)?,
                issued_at: row.moment(5)?,
            })
        },
    )
}

/// Gives what was issued in `month` to accounts from the first to the last, in order of account: kWh, of these at other
/// than flat times, and kvarh, in millionths.
pub(crate) fn each_used<E: From<StoreError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    (first, last): (i64, i64),
    mut take: impl FnMut(i64, i64, i64, i64) -> Result<(), E>,
) -> Result<(), E> {
    tx.each(
        "SELECT account_id, energy_kwh, sharp_kwh + peak_kwh + valley_kwh + deep_valley_kwh, reactive_kvarh
         FROM quantity_ledger
         WHERE org_id = ?1 AND month = ?2 AND account_id BETWEEN ?3 AND ?4 ORDER BY account_id, sequence",
        params![org_id, month, first, last],
        |row| take(row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?),
    )
}

/// Code, version and content of every price table, in the order in which they were loaded.
pub(crate) fn stored_tables(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<StoredTable>> {
    tx.list(
        "SELECT code, version, content FROM price_table WHERE org_id = ?1 ORDER BY loaded_at, code, version",
        params![org_id],
        |row| Ok(StoredTable { code: row.text(0)?, version: row.int(1)?, content: row.text(2)? }),
    )
}
