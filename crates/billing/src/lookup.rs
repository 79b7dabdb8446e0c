//! Bills as lists show them, without their details.

use kernel::{Date, Money, Month, Quantity};
use store::{Tx, params};

use crate::gates::{Flow, Reasons};
use crate::{BillKey, BillingError, Result};

/// One bill in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    /// Its key.
    pub key: BillKey,
    /// The book it was read in.
    pub book_id: i64,
    /// Its flow.
    pub flow: Flow,
    /// Why it was an exception, if it was.
    pub reasons: Reasons,
    /// kWh.
    pub energy_kwh: Quantity,
    /// Yuan.
    pub amount: Money,
    /// The day by which it is paid; nothing while it is not issued.
    pub due_on: Option<Date>,
}

/// Gives every bill of `month`, of one book or of all, to `take` in order of account, without keeping them.
pub fn each_bill(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    book_id: Option<i64>,
    mut take: impl FnMut(BillLine) -> Result<()>,
) -> Result<()> {
    tx.each(
        "SELECT b.account_id, b.sequence, b.book_id, b.flow, b.reasons, b.energy_kwh, b.amount, r.due_on
         FROM bill b LEFT JOIN receivable r
           ON r.org_id = b.org_id AND r.month = b.month AND r.account_id = b.account_id AND r.sequence = b.sequence
         WHERE b.org_id = ?1 AND b.month = ?2 AND (?3 = 0 OR b.book_id = ?4)
         ORDER BY b.account_id, b.sequence",
        params![org_id, month, i64::from(book_id.is_some()), book_id.unwrap_or_default()],
        |row| {
            take(BillLine {
                key: BillKey { org_id, month, account_id: row.int(0)?, sequence: row.int(1)? },
                book_id: row.int(2)?,
                flow: Flow::from_number(row.int(3)?).unwrap_or(Flow::ReviewException),
                reasons: Reasons(u16::try_from(row.int(4)?).unwrap_or(0)),
                energy_kwh: row.quantity(5)?,
                amount: row.money(6)?,
                due_on: row.date_or_null(7)?,
            })
        },
    )
}

/// How a book of a month stands at the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BookTotals {
    /// Bills calculated.
    pub bills: i64,
    /// Of them, issued.
    pub issued: i64,
    /// Yuan calculated.
    pub amount: Money,
    /// Yuan issued.
    pub issued_amount: Money,
}

/// The bills of each book of `month`, summed: (book, totals) in order of book.
pub fn book_totals(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<(i64, BookTotals)>> {
    tx.list(
        "SELECT b.book_id, COUNT(*), COUNT(r.account_id), CAST(SUM(b.amount) AS BIGINT),
           CAST(COALESCE(SUM(r.amount), 0) AS BIGINT)
         FROM bill b LEFT JOIN receivable r
           ON r.org_id = b.org_id AND r.month = b.month AND r.account_id = b.account_id AND r.sequence = b.sequence
         WHERE b.org_id = ?1 AND b.month = ?2 GROUP BY b.book_id ORDER BY b.book_id",
        params![org_id, month],
        |row| {
            let totals = BookTotals {
                bills: row.int(1)?,
                issued: row.int(2)?,
                amount: row.money(3)?,
                issued_amount: row.money(4)?,
            };
            Ok::<_, BillingError>((row.int(0)?, totals))
        },
    )
}

/// A price table as it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedTable {
    /// Its identifier, such as `hubei-2026-01`.
    pub code: String,
    /// Its version.
    pub version: i64,
    /// First day of its prices.
    pub from: Date,
    /// Who loaded it.
    pub loaded_by: i64,
    /// When.
    pub loaded_at: kernel::Moment,
}

/// The price tables of the organisation, in order of their first day.
pub fn price_tables(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<LoadedTable>> {
    tx.list(
        "SELECT code, version, effective_from, loaded_by, loaded_at FROM price_table WHERE org_id = ?1
         ORDER BY effective_from, code, version",
        params![org_id],
        |row| {
            Ok::<_, BillingError>(LoadedTable {
                code: row.text(0)?,
                version: row.int(1)?,
                from: row.date(2)?,
                loaded_by: row.int(3)?,
                loaded_at: row.moment(4)?,
            })
        },
    )
}

/// The vouchers of an accounting period in which the customer `payer_id` stands as the one who owes: those of the issues
/// of its own bills and of the bills it pays for others, whatever their billing month.
pub fn vouchers_of_payer(tx: &mut Tx<'_>, org_id: i64, payer_id: i64, period: Month) -> Result<Vec<i64>> {
    let (from, to) = (period.first_day(), period.last_day());
    let from = kernel::Moment::on(from, 0, 0);
    let to = kernel::Moment::on(to, 23, 59).plus_millis(60_000);
    let mut months = issue_months(tx, org_id, from, to)?;
    months.dedup();
    let mut found: Vec<i64> = Vec::new();
    for month in months {
        let of_issue = "JOIN issue i ON i.org_id = r.org_id AND i.issue_id = r.issue_id
             WHERE r.org_id = ?1 AND r.month = ?2 AND i.issued_at >= ?4 AND i.issued_at < ?5";
        found.extend(tx.list(
            &format!(
                "SELECT i.voucher_id FROM receivable r {of_issue} AND r.account_id = ?3 AND r.payer_id = ?3
                 UNION SELECT i.voucher_id FROM receivable r {of_issue} AND r.payer_id = ?3 AND r.payer_id <> r.account_id"
            ),
            params![org_id, month, payer_id, from, to],
            |row| row.int(0),
        )?);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The billing months of the issues made from `from` until before `to`.
fn issue_months(
    tx: &mut Tx<'_>,
    org_id: i64,
    from: kernel::Moment,
    to: kernel::Moment,
) -> Result<Vec<Month>> {
    tx.list(
        "SELECT DISTINCT month FROM issue WHERE org_id = ?1 AND issued_at >= ?2 AND issued_at < ?3 ORDER BY month",
        params![org_id, from, to],
        |row| Ok::<_, BillingError>(row.month(0)?),
    )
}

/// The bills that a voucher posted for each of `payers`: the payer's own bill, or the first of those it pays for others.
pub fn bills_of_voucher(
    tx: &mut Tx<'_>,
    org_id: i64,
    voucher_id: i64,
    payers: &[i64],
) -> Result<Vec<(i64, BillKey)>> {
    let issue = tx.one(
        "SELECT issue_id, month FROM issue WHERE org_id = ?1 AND voucher_id = ?2 AND voucher_id <> 0 LIMIT 1",
        params![org_id, voucher_id],
        |row| Ok::<_, BillingError>((row.int(0)?, row.month(1)?)),
    )?;
    let Some((issue_id, month)) = issue else { return Ok(Vec::new()) };
    let mut found = Vec::with_capacity(payers.len());
    for payer_id in payers {
        let key = tx.one(
            "SELECT account_id, sequence FROM (
               SELECT account_id, sequence, 0 AS others FROM receivable
               WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 AND issue_id = ?4 AND payer_id = ?3
               UNION ALL
               SELECT account_id, sequence, 1 FROM receivable
               WHERE org_id = ?1 AND month = ?2 AND payer_id = ?3 AND payer_id <> account_id AND issue_id = ?4) t
             ORDER BY others, account_id, sequence LIMIT 1",
            params![org_id, month, *payer_id, issue_id],
            |row| {
                Ok::<_, BillingError>(BillKey { org_id, month, account_id: row.int(0)?, sequence: row.int(1)? })
            },
        )?;
        found.extend(key.map(|key| (*payer_id, key)));
    }
    Ok(found)
}

/// The text of a loaded price table; nothing when there is none such.
pub fn price_table_text(tx: &mut Tx<'_>, org_id: i64, code: &str, version: i64) -> Result<Option<String>> {
    crate::sql::price_table(tx, org_id, code, version)
}
