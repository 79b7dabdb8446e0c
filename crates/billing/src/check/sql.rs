//! What the check reads.

use std::collections::HashSet;

use identity::check::Checked;
use kernel::{Moment, Money, Month, Quantity};
use store::{Row, StoreError, Tx, params};

use super::issues::ByIssue;
use super::row::{BillColumns, IssuedRow, QuantityColumns};
use crate::canonical::{is_adjustment, read_bill};
use crate::gates::{Flow, Reasons};
use crate::{BillKey, BillingError, Result};

/// Months with a bill, an issue or a line of the quantity ledger.
pub(crate) fn months(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Month>> {
    let mut found: Vec<Month> = Vec::new();
    for table in ["bill", "receivable", "issue", "quantity_ledger"] {
        // One look into the key for each month, not a pass over a million rows.
        let mut after = 0;
        loop {
            let next = tx.one(
                &format!("SELECT MIN(month) FROM {table} WHERE org_id = ?1 AND month > ?2"),
                params![org_id, after],
                |row| row.int_or_null(0),
            )?;
            let Some(number) = next.flatten() else { break };
            found.push(Month::from_number(number)?);
            after = number;
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn issued(row: &Row<'_>, org_id: i64, month: Month) -> std::result::Result<IssuedRow, StoreError> {
    let bill = match row.int_or_null(6)? {
        None => None,
        Some(book_id) => Some(BillColumns {
            book_id,
            payer_id: row.int(7)?,
            energy_kwh: row.int(8)?,
            amount: row.int(9)?,
            detail: row.blob(10)?,
        }),
    };
    let quantity = match row.int_or_null(11)? {
        None => None,
        Some(issue_id) => Some(QuantityColumns {
            issue_id,
            energy_kwh: row.int(12)?,
            by_period: [row.int(13)?, row.int(14)?, row.int(15)?, row.int(16)?, row.int(17)?],
            reactive_kvarh: row.int(18)?,
            amount: row.int(19)?,
            tier_used_kwh: row.int(20)?,
        }),
    };
    Ok(IssuedRow {
        key: BillKey { org_id, month, account_id: row.int(0)?, sequence: row.int(1)? },
        issue_id: row.int(2)?,
        line: row.int(3)?,
        payer_id: row.int(4)?,
        amount: row.int(5)?,
        due_on: row.date(21)?,
        bill,
        quantity,
    })
}

/// Every receivable of a month with its bill and its line of the quantity ledger, in the order of the key.
pub(crate) fn each_issued(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    mut take: impl FnMut(IssuedRow) -> Result<()>,
) -> Result<()> {
    tx.each(
        "SELECT r.account_id, r.sequence, r.issue_id, r.line, r.payer_id, r.amount,
           b.book_id, b.payer_id, b.energy_kwh, b.amount, b.detail,
           q.issue_id, q.energy_kwh, q.sharp_kwh, q.peak_kwh, q.flat_kwh, q.valley_kwh, q.deep_valley_kwh,
           q.reactive_kvarh, q.amount, q.tier_used_kwh, r.due_on
         FROM receivable r
         LEFT JOIN bill b ON b.org_id = r.org_id AND b.month = r.month AND b.account_id = r.account_id AND b.sequence = r.sequence
         LEFT JOIN quantity_ledger q ON q.org_id = r.org_id AND q.month = r.month AND q.account_id = r.account_id AND q.sequence = r.sequence
         WHERE r.org_id = ?1 AND r.month = ?2 ORDER BY r.account_id, r.sequence",
        params![org_id, month],
        |row| take(issued(row, org_id, month)?),
    )
}

/// The issues of version 0.1.0.
pub(crate) fn first_form(tx: &mut Tx<'_>, org_id: i64) -> Result<HashSet<i64>> {
    let found =
        tx.list("SELECT issue_id FROM issue_first_form WHERE org_id = ?1", params![org_id], |row| {
            Ok::<_, BillingError>(row.int(0)?)
        })?;
    Ok(found.into_iter().collect())
}

/// Lines of the quantity ledger that name an issue and have no receivable.
pub(crate) fn lonely_quantities(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    checked: &mut Checked,
) -> Result<()> {
    tx.each(
        "SELECT q.account_id, q.sequence FROM quantity_ledger q
         WHERE q.org_id = ?1 AND q.month = ?2 AND q.issue_id <> 0 AND NOT EXISTS (
           SELECT 1 FROM receivable r WHERE r.org_id = q.org_id AND r.month = q.month AND r.account_id = q.account_id
             AND r.sequence = q.sequence) ORDER BY q.account_id, q.sequence",
        params![org_id, month],
        |row| {
            let place = format!("{month} {}-{}", row.int(0)?, row.int(1)?);
            checked.find(place, "电量台账没有对应的应收", "the quantity ledger has a line without a receivable");
            Ok::<_, BillingError>(())
        },
    )
}

/// Bills without a receivable: columns against bytes, and the exception that says why they wait.
pub(crate) fn drafts(tx: &mut Tx<'_>, org_id: i64, month: Month, checked: &mut Checked) -> Result<()> {
    tx.each(
        "SELECT b.account_id, b.sequence, b.flow, b.reasons, b.energy_kwh, b.amount, b.detail,
           e.reasons, e.energy_kwh, e.amount, c.calculation_id
         FROM bill b
         LEFT JOIN exception e ON e.org_id = b.org_id AND e.month = b.month AND e.account_id = b.account_id AND b.sequence = 0
         LEFT JOIN calculation c ON c.org_id = b.org_id AND c.calculation_id = b.calculation_id
         WHERE b.org_id = ?1 AND b.month = ?2 AND NOT EXISTS (
           SELECT 1 FROM receivable r WHERE r.org_id = b.org_id AND r.month = b.month AND r.account_id = b.account_id
             AND r.sequence = b.sequence) ORDER BY b.account_id, b.sequence",
        params![org_id, month],
        |row| {
            checked.look(1);
            let place = || format!("{month} {}-{}", row.int(0).unwrap_or(0), row.int(1).unwrap_or(0));
            let reasons = Reasons(u16::try_from(row.int(3)?).unwrap_or(u16::MAX));
            let (energy_kwh, amount, detail) = (row.quantity(4)?, row.money(5)?, row.blob(6)?);
            if Flow::from_number(row.int(2)?).is_none() || row.int_or_null(10)?.is_none() {
                checked.find(place(), "流程未知或没有计算记录", "its flow is unknown or its calculation is not there");
            }
            if reasons.has(Reasons::NOT_CALCULATED) {
                let nothing = energy_kwh.is_zero() && amount.is_zero();
                checked.must(nothing, place, "未能计算却有金额", "it could not be calculated and has an amount");
            } else if is_adjustment(&detail) {
                checked.find(place(), "退补账单没有应收", "an adjustment without a receivable");
            } else {
                let same = read_bill(&detail).is_ok_and(|(input, bill)| {
                    input.month == month && bill.energy_kwh == energy_kwh && bill.total == amount
                });
                checked.must(same, place, "电量或金额与存证字节不符", "energy or amount differ from the stored bytes");
            }
            if !reasons.is_none() {
                let listed = row.int_or_null(7)?.is_some();
                checked.must(listed, place, "异常未列入", "it has reasons and no exception is listed");
                if listed {
                    let same = row.int(7)? == i64::from(reasons.0) && row.quantity(8)? == energy_kwh && row.money(9)? == amount;
                    checked.must(same, place, "异常的数据与账单不符", "its exception has other figures");
                }
            }
            Ok::<_, BillingError>(())
        },
    )
}

/// An issue as stored.
pub(crate) struct StoredIssue {
    pub(crate) issue_id: i64,
    pub(crate) month: Month,
    pub(crate) book_id: i64,
    pub(crate) unit_id: i64,
    pub(crate) issued_by: i64,
    pub(crate) issued_at: Moment,
    pub(crate) year: i64,
    pub(crate) first_number: i64,
    pub(crate) bills: i64,
    pub(crate) energy_kwh: Quantity,
    pub(crate) amount: Money,
    pub(crate) voucher_id: i64,
    pub(crate) bills_root: Vec<u8>,
}

pub(crate) fn issues(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<StoredIssue>> {
    tx.list(
        "SELECT issue_id, book_id, unit_id, issued_by, issued_at, year, first_number, bills, energy_kwh, amount, voucher_id,
           bills_root FROM issue WHERE org_id = ?1 AND month = ?2 ORDER BY book_id, issue_id",
        params![org_id, month],
        |row| {
            Ok(StoredIssue {
                issue_id: row.int(0)?,
                month,
                book_id: row.int(1)?,
                unit_id: row.int(2)?,
                issued_by: row.int(3)?,
                issued_at: row.moment(4)?,
                year: row.int(5)?,
                first_number: row.int(6)?,
                bills: row.int(7)?,
                energy_kwh: row.quantity(8)?,
                amount: row.money(9)?,
                voucher_id: row.int(10)?,
                bills_root: row.blob(11)?,
            })
        },
    )
}

/// Fee and VAT by component of the issues of a month.
pub(crate) fn components(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<ByIssue> {
    let mut found = ByIssue::new();
    tx.each(
        "SELECT c.issue_id, c.component, c.amount, c.vat FROM issue i
         JOIN issue_component c ON c.org_id = i.org_id AND c.issue_id = i.issue_id WHERE i.org_id = ?1 AND i.month = ?2",
        params![org_id, month],
        |row| {
            let wrong = StoreError::WrongType { column: 1, expected: "a component" };
            let component = u16::try_from(row.int(1)?).map_err(|_| wrong)?;
            found.entry(row.int(0)?).or_default().insert(component, (row.money(2)?, row.money(3)?));
            Ok::<_, BillingError>(())
        },
    )?;
    Ok(found)
}

/// Components that name an issue that is not there, and calculations whose issue is not theirs.
pub(crate) fn orphans(tx: &mut Tx<'_>, org_id: i64, checked: &mut Checked) -> Result<()> {
    tx.each(
        "SELECT DISTINCT c.issue_id FROM issue_component c WHERE c.org_id = ?1 AND NOT EXISTS (
           SELECT 1 FROM issue i WHERE i.org_id = c.org_id AND i.issue_id = c.issue_id) LIMIT 100",
        params![org_id],
        |row| {
            checked.find(
                format!("issue {}", row.int(0)?),
                "费用项的发行批次不存在",
                "components name an issue that is not there",
            );
            Ok::<_, BillingError>(())
        },
    )?;
    tx.each(
        "SELECT i.month, i.book_id, i.issue_id FROM issue i
         LEFT JOIN calculation c ON c.org_id = i.org_id AND c.calculation_id = i.calculation_id
         WHERE i.org_id = ?1 AND i.calculation_id <> 0 AND (c.calculation_id IS NULL OR c.month <> i.month OR c.book_id <> i.book_id
           OR c.reviewed_by IS NULL OR c.calculated_at > i.issued_at) LIMIT 100",
        params![org_id],
        |row| {
            let place = format!("{} {} issue {}", row.int(0)?, row.int(1)?, row.int(2)?);
            checked.find(place, "没有对应的已复核计算", "it has no reviewed calculation of its own book and month");
            Ok::<_, BillingError>(())
        },
    )
}

pub(crate) fn price_tables(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(String, [u8; 32])>> {
    tx.list(
        "SELECT code, version, content FROM price_table WHERE org_id = ?1 ORDER BY code, version",
        params![org_id],
        |row| {
            let digest = row.with_text(2, |content| vault::leaf_hash(content.as_bytes()))?;
            Ok((format!("{} {}", row.text(0)?, row.int(1)?), digest))
        },
    )
}
