//! Rows beside the bills that repeat what bills, exceptions and adjustments say: each against the row or the bytes it
//! repeats. And what the log is compared with: calculations and requests to hold an issue.

use std::collections::BTreeMap;

use identity::check::Checked;
use kernel::{Moment, Month, Quantity};
use store::{Tx, params};

use crate::canonical::{is_adjustment, read_adjustment};
use crate::{BillingError, Result};

/// A calculation as its act in the log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalculationKept {
    /// `month book`.
    pub document: String,
    /// Who calculated.
    pub person_id: i64,
    /// When.
    pub at: Moment,
    /// Accounts, clean ones and amount, in the words of the act.
    pub words: String,
}

/// Every calculation.
pub fn calculations_kept(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<CalculationKept>> {
    tx.list(
        "SELECT month, book_id, calculated_by, calculated_at, accounts, clean, amount FROM calculation
         WHERE org_id = ?1 ORDER BY calculation_id",
        params![org_id],
        |row| {
            let (accounts, clean, amount) = (row.int(4)?, row.int(5)?, row.money(6)?);
            Ok(CalculationKept {
                document: format!("{} {}", row.month(0)?, row.int(1)?),
                person_id: row.int(2)?,
                at: row.moment(3)?,
                words: crate::service::calculation_words(accounts, clean, amount),
            })
        },
    )
}

/// A request to hold an issue as the acts in the log tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldKept {
    /// Its ticket.
    pub ticket_id: i64,
    /// The change ticket it waits for, as far as the log keeps it.
    pub document: String,
    /// Who filed it, and when.
    pub placed: (i64, Moment),
    /// Who ended it, and when.
    pub released: Option<(i64, Moment)>,
    /// When the bill that was held came out.
    pub issued_at: Option<Moment>,
}

/// Every request to hold an issue.
pub fn holds_kept(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<HoldKept>> {
    tx.list(
        "SELECT t.ticket_id, h.document, h.placed_by, h.placed_at, h.released_by, h.released_at, t.issued_at
         FROM hold_ticket t JOIN hold h ON h.org_id = t.org_id AND h.hold_id = t.hold_id
         WHERE t.org_id = ?1 ORDER BY t.hold_id",
        params![org_id],
        |row| {
            Ok(HoldKept {
                ticket_id: row.int(0)?,
                document: crate::office::record::clip(&row.text(1)?),
                placed: (row.int(2)?, row.moment(3)?),
                released: row.int_or_null(4)?.zip(row.moment_or_null(5)?),
                issued_at: row.moment_or_null(6)?,
            })
        },
    )
}

/// Stations of the books that have exceptions, as the exceptions have it: month, book, station.
pub fn exception_stations(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(Month, i64, i64)>> {
    tx.list(
        "SELECT DISTINCT month, book_id, unit_id FROM exception WHERE org_id = ?1",
        params![org_id],
        |row| Ok((row.month(0)?, row.int(1)?, row.int(2)?)),
    )
}

/// What no sum shows: rows that differ from what they repeat. Zero rows when all is well.
const DIFFERS: &[(&str, &str, &str)] = &[
    (
        "流程与异常原因不符，或所属计算不是本抄本本月的",
        "its flow does not fit its reasons, or its calculation is not of its own book and month",
        "SELECT b.month, b.account_id FROM bill b
         LEFT JOIN calculation c ON c.org_id = b.org_id AND c.calculation_id = b.calculation_id
         WHERE b.org_id = ?1 AND b.sequence = 0 AND (b.flow NOT BETWEEN 0 AND 3 OR (b.flow = 0 AND b.reasons <> 0)
           OR (b.flow = 1 AND b.reasons = 0) OR c.calculation_id IS NULL OR c.month <> b.month OR c.book_id <> b.book_id)",
    ),
    (
        "账单既非本月电费也未发行",
        "a bill beside the month's own that was not issued",
        "SELECT b.month, b.account_id FROM bill b WHERE b.org_id = ?1 AND b.sequence <> 0 AND NOT EXISTS (
           SELECT 1 FROM receivable r WHERE r.org_id = b.org_id AND r.month = b.month AND r.account_id = b.account_id
             AND r.sequence = b.sequence)",
    ),
    (
        "异常与其账单的抄本、原因、电量或金额不符",
        "the exception differs from its bill in book, reasons, energy or amount",
        "SELECT e.month, e.account_id FROM exception e
         JOIN bill b ON b.org_id = e.org_id AND b.month = e.month AND b.account_id = e.account_id AND b.sequence = 0
         WHERE e.org_id = ?1 AND (e.book_id <> b.book_id OR e.reasons <> b.reasons OR e.energy_kwh <> b.energy_kwh
           OR e.amount <> b.amount)",
    ),
    (
        "账单有异常原因而异常不在册",
        "the bill has reasons and no exception is listed",
        "SELECT b.month, b.account_id FROM bill b
         LEFT JOIN exception e ON e.org_id = b.org_id AND e.month = b.month AND e.account_id = b.account_id
         WHERE b.org_id = ?1 AND b.sequence = 0 AND b.reasons <> 0 AND e.account_id IS NULL",
    ),
    (
        "异常所在清单不存在，或清单的月份、单位、送达人时间不符",
        "its list is not there, or is of another month, station or moment",
        "SELECT e.month, e.account_id FROM exception e
         LEFT JOIN exception_list l ON l.org_id = e.org_id AND l.list_id = e.list_id
         WHERE e.org_id = ?1 AND e.list_id IS NOT NULL
           AND (l.list_id IS NULL OR l.month <> e.month OR l.unit_id <> e.unit_id OR l.sent_at <> e.sent_at)",
    ),
    (
        "异常清单的户数与其异常不符",
        "a list of exceptions has another count than its exceptions",
        "SELECT l.month, l.list_id FROM exception_list l WHERE l.org_id = ?1 AND l.customers <> (
           SELECT COUNT(*) FROM exception e WHERE e.org_id = l.org_id AND e.month = l.month AND e.list_id = l.list_id)",
    ),
    (
        "暂缓发行与其退补单不符",
        "a hold differs from the adjustment it belongs to",
        "SELECT h.from_month, h.hold_id FROM hold h
         LEFT JOIN adjustment_case c ON c.org_id = h.org_id AND c.number = h.document
         WHERE h.org_id = ?1 AND h.kind = 1 AND (c.case_id IS NULL OR h.placed_by <> c.started_by OR h.placed_at <> c.started_at)",
    ),
    (
        "退补单没有暂缓发行的记录",
        "an adjustment without its hold",
        "SELECT c.month, c.case_id FROM adjustment_case c WHERE c.org_id = ?1 AND NOT EXISTS (
           SELECT 1 FROM hold h WHERE h.org_id = c.org_id AND h.kind = 1 AND h.document = c.number)",
    ),
    (
        "暂缓申请单没有暂缓记录",
        "a request to hold an issue without its hold",
        "SELECT 0, t.hold_id FROM hold_ticket t WHERE t.org_id = ?1 AND NOT EXISTS (
           SELECT 1 FROM hold h WHERE h.org_id = t.org_id AND h.hold_id = t.hold_id)",
    ),
];

/// Bills, exceptions, holds and adjustments against the rows and bytes that they repeat.
pub fn kept(tx: &mut Tx<'_>, org_id: i64) -> Result<Checked> {
    let mut checked = Checked::new(
        "billing.kept",
        "账单、异常、暂缓、退补的附属记录与其所依据的记录一致",
        "what stands beside bills, exceptions, holds and adjustments is what it was made from",
    );
    for (zh, en, sql) in DIFFERS {
        checked.look(1);
        tx.each(&format!("{sql} LIMIT 1000"), params![org_id], |row| {
            checked.find(format!("{} {}", row.int(0)?, row.int(1)?), *zh, *en);
            Ok::<_, BillingError>(())
        })?;
    }
    holds_of_adjustments(tx, org_id, &mut checked)?;
    newest_calculations(tx, org_id, &mut checked)?;
    issued_adjustments(tx, org_id, &mut checked)?;
    Ok(checked)
}

/// The month from which an adjustment holds an issue is that of its beginning, its reason is always the same.
fn holds_of_adjustments(tx: &mut Tx<'_>, org_id: i64, checked: &mut Checked) -> Result<()> {
    tx.each(
        "SELECT hold_id, from_month, placed_at, reason FROM hold WHERE org_id = ?1 AND kind = 1",
        params![org_id],
        |row| {
            let same = row.int(1)? == row.moment(2)?.date().month().number()
                && row.text(3)? == crate::hold::ADJUSTMENT_RUNNING;
            let place = row.int(0)?;
            checked.must(
                same,
                || format!("hold {place}"),
                "起始月份或原因与退补不符",
                "its first month or reason is not that of an adjustment",
            );
            Ok::<_, BillingError>(())
        },
    )
}

/// The newest calculation of a book has all its bills, and comes to what they come to.
fn newest_calculations(tx: &mut Tx<'_>, org_id: i64, checked: &mut Checked) -> Result<()> {
    tx.each(
        "SELECT c.month, c.book_id, c.accounts, c.clean, c.energy_kwh, c.amount, COUNT(b.account_id),
           CAST(SUM(CASE WHEN b.reasons = 0 THEN 1 ELSE 0 END) AS BIGINT),
           CAST(COALESCE(SUM(b.energy_kwh), 0) AS BIGINT), CAST(COALESCE(SUM(b.amount), 0) AS BIGINT)
         FROM (SELECT org_id, month, book_id, MAX(calculation_id) AS newest FROM calculation WHERE org_id = ?1
               GROUP BY org_id, month, book_id) n
         JOIN calculation c ON c.org_id = n.org_id AND c.calculation_id = n.newest
         LEFT JOIN bill b ON b.org_id = c.org_id AND b.month = c.month AND b.book_id = c.book_id
           AND b.calculation_id = c.calculation_id AND b.sequence = 0
         GROUP BY c.month, c.book_id, c.accounts, c.clean, c.energy_kwh, c.amount ORDER BY 1, 2",
        params![org_id],
        |row| {
            checked.look(1);
            let place = format!("{} {}", row.int(0)?, row.int(1)?);
            let same =
                row.int(2)? == row.int(6)? && row.int(4)? == row.int(8)? && row.int(5)? == row.int(9)?;
            checked.must(
                same,
                || place,
                "最近一次计算的户数、电量或金额与其账单不符",
                "the newest calculation has another count, energy or amount than its bills",
            );
            Ok::<_, BillingError>(())
        },
    )
}

/// An issued adjustment is what its bill's bytes say: document, book, station, components, tiers.
fn issued_adjustments(tx: &mut Tx<'_>, org_id: i64, checked: &mut Checked) -> Result<()> {
    let mut components: BTreeMap<i64, Vec<(String, i64)>> = BTreeMap::new();
    tx.each(
        "SELECT case_id, component, amount FROM adjustment_component WHERE org_id = ?1",
        params![org_id],
        |row| {
            components.entry(row.int(0)?).or_default().push((row.text(1)?, row.int(2)?));
            Ok::<_, BillingError>(())
        },
    )?;
    let mut tiers: BTreeMap<i64, Vec<(i64, Quantity)>> = BTreeMap::new();
    tx.each(
        "SELECT case_id, tier, energy_kwh FROM adjustment_tier WHERE org_id = ?1",
        params![org_id],
        |row| {
            tiers.entry(row.int(0)?).or_default().push((row.int(1)?, row.quantity(2)?));
            Ok::<_, BillingError>(())
        },
    )?;
    tx.each(
        "SELECT c.case_id, c.number, c.unit_id, c.book_id, b.detail FROM adjustment_case c
         JOIN receivable r ON r.org_id = c.org_id AND r.account_id = c.account_id AND r.sequence = c.sequence
           AND r.issue_id = c.issue_id
         JOIN bill b ON b.org_id = r.org_id AND b.month = r.month AND b.account_id = r.account_id AND b.sequence = r.sequence
         WHERE c.org_id = ?1 AND c.state = 1 AND NOT EXISTS (
           SELECT 1 FROM adjustment_batch a WHERE a.org_id = c.org_id AND a.case_id = c.case_id)",
        params![org_id],
        |row| {
            checked.look(1);
            let (case_id, number) = (row.int(0)?, row.text(1)?);
            let mut components = components.remove(&case_id).unwrap_or_default();
            let mut tiers = tiers.remove(&case_id).unwrap_or_default();
            let detail = row.blob(4)?;
            let Some(bill) = is_adjustment(&detail).then(|| read_adjustment(&detail).ok()).flatten() else {
                checked.find(number, "发行的账单不是退补账单", "what was issued is no adjustment");
                return Ok(());
            };
            let mut issued: Vec<(String, i64)> =
                bill.components.iter().map(|(code, amount)| (code.clone(), amount.fen())).collect();
            let mut issued_tiers: Vec<(i64, Quantity)> =
                bill.tiers.iter().map(|(tier, energy)| (i64::from(*tier), *energy)).collect();
            components.sort_unstable();
            issued.sort_unstable();
            tiers.sort_unstable();
            issued_tiers.sort_unstable();
            let same = bill.document == number
                && bill.unit_id == row.int(2)?
                && bill.book_id == row.int(3)?
                && issued == components
                && issued_tiers == tiers;
            checked.must(
                same,
                || number,
                "退补单的单位、抄本、费用项或阶梯与发行的存证字节不符",
                "its station, book, components or tiers differ from the bytes that were issued",
            );
            Ok::<_, BillingError>(())
        },
    )
}
