//! Bills of a month.

use std::collections::HashMap;

use kernel::{Date, Money, Month, Quantity};
use store::{Conditions, KeyPart, Row, Tx, Value, Walk};

use crate::gates::{Flow, Reasons};
use crate::lookup::BillLine;
use crate::{BillKey, BillingError, Result};

/// What a list of bills is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BillOrder {
    /// The account's key, which ascends in book order.
    #[default]
    Account,
    /// kWh.
    Energy,
    /// Fee.
    Amount,
}

/// Which bills a page shows.
#[derive(Debug, Clone)]
pub struct BillQuery<'q> {
    /// Of this month.
    pub month: Month,
    /// Only of these books; nothing means all.
    pub books: Option<&'q [i64]>,
    /// Only of these accounts.
    pub accounts: Option<&'q [i64]>,
    /// Only of this flow.
    pub flow: Option<Flow>,
    /// Only with this reason.
    pub reason: Option<Reasons>,
    /// Only issued, or only not issued.
    pub issued: Option<bool>,
    /// Sorted by.
    pub order: BillOrder,
    /// The largest first.
    pub descending: bool,
    /// Where to go on.
    pub walk: Walk,
    /// Rows left out.
    pub offset: usize,
    /// Rows at most.
    pub limit: usize,
}

impl BillQuery<'_> {
    /// Every bill of a month, in order of account.
    pub fn month(month: Month) -> BillQuery<'static> {
        BillQuery {
            month,
            books: None,
            accounts: None,
            flow: None,
            reason: None,
            issued: None,
            order: BillOrder::Account,
            descending: false,
            walk: Walk::START,
            offset: 0,
            limit: 50,
        }
    }
}

/// Sums over all bills a query finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BillSums {
    /// How many.
    pub bills: i64,
    /// kWh.
    pub energy_kwh: Quantity,
    /// Fee.
    pub amount: Money,
}

const OF_BILL: &str = "SELECT 1 FROM receivable r WHERE r.org_id = b.org_id AND r.month = b.month
 AND r.account_id = b.account_id AND r.sequence = b.sequence";

/// The bills of a page, and the sums over all that the query finds.
pub fn bills_page(tx: &mut Tx<'_>, org_id: i64, query: &BillQuery<'_>) -> Result<(Vec<BillLine>, BillSums)> {
    let (mut lines, sums) = match query.issued {
        Some(true) if query.flow.is_none() && query.reason.is_none() => issued_page(tx, org_id, query)?,
        _ => any_page(tx, org_id, query)?,
    };
    let due = due_days(tx, org_id, query.month, &lines)?;
    for line in &mut lines {
        line.due_on = due.get(&(line.key.account_id, line.key.sequence)).copied();
    }
    Ok((lines, sums))
}

fn sums(row: &Row<'_>) -> Result<BillSums> {
    Ok(BillSums { bills: row.int(0)?, energy_kwh: row.quantity(1)?, amount: row.money(2)? })
}

const SUMS: &str =
    "COUNT(*), CAST(COALESCE(SUM(b.energy_kwh), 0) AS BIGINT), CAST(COALESCE(SUM(b.amount), 0) AS BIGINT)";

impl BillOrder {
    /// The columns that give a bill its place, together different for every bill of a month.
    fn columns(self) -> &'static [&'static str] {
        match self {
            BillOrder::Account => &["b.account_id", "b.sequence"],
            BillOrder::Energy => &["b.energy_kwh", "b.account_id", "b.sequence"],
            BillOrder::Amount => &["b.amount", "b.account_id", "b.sequence"],
        }
    }
    /// The place of a bill in this order, to go on from there.
    pub fn place(self, line: &BillLine) -> Vec<KeyPart> {
        let first = match self {
            BillOrder::Account => None,
            BillOrder::Energy => Some(line.energy_kwh.units()),
            BillOrder::Amount => Some(line.amount.fen()),
        };
        let key = [line.key.account_id, line.key.sequence];
        first.into_iter().chain(key).map(KeyPart::from).collect()
    }
    /// How many numbers such a place has.
    pub fn parts(self) -> usize {
        self.columns().len()
    }
}

fn order(query: &BillQuery<'_>) -> String {
    let order = query.walk.order(query.order.columns(), query.descending);
    format!("{order} LIMIT {} OFFSET {}", query.limit, query.offset)
}

const LINE: &str = "SELECT b.account_id, b.sequence, b.book_id, b.flow, b.reasons, b.energy_kwh, b.amount";

fn line(org_id: i64, month: Month, row: &Row<'_>) -> Result<BillLine> {
    Ok(BillLine {
        key: BillKey { org_id, month, account_id: row.int(0)?, sequence: row.int(1)? },
        book_id: row.int(2)?,
        flow: Flow::from_number(row.int(3)?).unwrap_or(Flow::ReviewException),
        reasons: Reasons(u16::try_from(row.int(4)?).unwrap_or(0)),
        energy_kwh: row.quantity(5)?,
        amount: row.money(6)?,
        due_on: None,
    })
}

fn any_page(tx: &mut Tx<'_>, org_id: i64, query: &BillQuery<'_>) -> Result<(Vec<BillLine>, BillSums)> {
    let mut wanted =
        Conditions::new("b.org_id = ? AND b.month = ?", &[Value::Int(org_id), query.month.into()]);
    if let Some(books) = query.books {
        wanted.and_one_of("b.book_id", books);
    }
    if let Some(accounts) = query.accounts {
        wanted.and_one_of("b.account_id", accounts);
    }
    if let Some(flow) = query.flow {
        wanted.and("b.flow = ?", &[Value::Int(flow.number())]);
    }
    if let Some(reason) = query.reason {
        wanted.and("(b.reasons / ?) % 2 = 1", &[reason.0.into()]);
    }
    match query.issued {
        Some(true) => wanted.and(&format!("EXISTS ({OF_BILL})"), &[]),
        Some(false) => wanted.and(&format!("NOT EXISTS ({OF_BILL})"), &[]),
        None => &mut wanted,
    };
    let text = wanted.text();
    if query.issued.is_some() && query.walk == Walk::START {
        // The receivables are asked once, not once for the sums and once for the page.
        let mut found = None;
        let sql = format!(
            "{LINE}, COUNT(*) OVER (), CAST(SUM(b.energy_kwh) OVER () AS BIGINT), CAST(SUM(b.amount) OVER () AS BIGINT)
             FROM bill b WHERE {text} {}",
            order(query)
        );
        let lines = tx.list(&sql, wanted.values(), |row| {
            let (bills, energy_kwh, amount) = (row.int(7)?, row.quantity(8)?, row.money(9)?);
            found = Some(BillSums { bills, energy_kwh, amount });
            line(org_id, query.month, row)
        })?;
        if let Some(found) = found {
            return Ok((lines, found));
        }
    }
    let total = tx.one(&format!("SELECT {SUMS} FROM bill b WHERE {text}"), wanted.values(), sums)?;
    wanted.and_walked(&query.walk, query.order.columns(), query.descending);
    let sql = format!("{LINE} FROM bill b WHERE {} {}", wanted.text(), order(query));
    let lines = tx.list(&sql, wanted.values(), |row| line(org_id, query.month, row))?;
    Ok((query.walk.in_order(lines), total.unwrap_or_default()))
}

/// Issued bills by the quantity ledger, whose rows are narrow and say what was issued.
fn issued_page(tx: &mut Tx<'_>, org_id: i64, query: &BillQuery<'_>) -> Result<(Vec<BillLine>, BillSums)> {
    let month = query.month;
    let head = "b.org_id = ? AND b.month = ? AND b.issue_id > 0";
    let mut wanted = Conditions::new(head, &[Value::Int(org_id), month.into()]);
    if let Some(books) = query.books {
        let keys: Vec<String> = books.iter().map(i64::to_string).collect();
        let keys = if keys.is_empty() { "-1".to_owned() } else { keys.join(",") };
        let of_books = "SELECT i.issue_id FROM issue i WHERE i.org_id = ? AND i.month = ? AND i.book_id IN";
        let condition = format!("b.issue_id IN ({of_books} ({keys}))");
        wanted.and(&condition, &[Value::Int(org_id), month.into()]);
    }
    if let Some(accounts) = query.accounts {
        wanted.and_one_of("b.account_id", accounts);
    }
    let sql = format!("SELECT {SUMS} FROM quantity_ledger b WHERE {}", wanted.text());
    let total = tx.one(&sql, wanted.values(), sums)?;
    wanted.and_walked(&query.walk, query.order.columns(), query.descending);
    let text = wanted.text();
    let sql = format!(
        "SELECT p.account_id, p.sequence, l.book_id, l.flow, l.reasons, l.energy_kwh, l.amount FROM (
           SELECT b.account_id, b.sequence, b.energy_kwh, b.amount FROM quantity_ledger b WHERE {text} {}) p
         JOIN bill l ON l.org_id = ?1 AND l.month = ?2 AND l.account_id = p.account_id AND l.sequence = p.sequence",
        order(query)
    );
    let mut lines = tx.list(&sql, wanted.values(), |row| line(org_id, month, row))?;
    // A join promises no order.
    lines.sort_by(|one, two| {
        let key = |line: &BillLine| (line.key.account_id, line.key.sequence);
        let first = match query.order {
            BillOrder::Account => std::cmp::Ordering::Equal,
            BillOrder::Energy => one.energy_kwh.cmp(&two.energy_kwh),
            BillOrder::Amount => one.amount.cmp(&two.amount),
        };
        let order = first.then(key(one).cmp(&key(two)));
        if query.descending { order.reverse() } else { order }
    });
    Ok((lines, total.unwrap_or_default()))
}

fn due_days(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    lines: &[BillLine],
) -> Result<HashMap<(i64, i64), Date>> {
    let mut found = HashMap::new();
    let mut accounts: Vec<i64> = lines.iter().map(|line| line.key.account_id).collect();
    accounts.sort_unstable();
    accounts.dedup();
    for some in accounts.chunks(2_000) {
        let mut wanted = Conditions::new("org_id = ? AND month = ?", &[Value::Int(org_id), month.into()]);
        wanted.and_one_of("account_id", some);
        let sql = format!("SELECT account_id, sequence, due_on FROM receivable WHERE {}", wanted.text());
        tx.each(&sql, wanted.values(), |row| {
            found.insert((row.int(0)?, row.int(1)?), row.date(2)?);
            Ok::<_, BillingError>(())
        })?;
    }
    Ok(found)
}

/// The bills of an account in `months`, in their order: issued or not, adjustments included.
pub fn bill_months(tx: &mut Tx<'_>, org_id: i64, account_id: i64, months: &[Month]) -> Result<Vec<BillLine>> {
    let mut found = Vec::new();
    // A month at a time, since the month comes before the account in the key.
    for month in months {
        let query = BillQuery { accounts: Some(&[account_id]), limit: 200, ..BillQuery::month(*month) };
        found.extend(bills_page(tx, org_id, &query)?.0);
    }
    Ok(found)
}

/// Issue, book and voucher of an issued bill; nothing before issue.
pub fn issue_of_bill(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<IssuedIn>> {
    tx.one(
        "SELECT i.issue_id, i.book_id, i.voucher_id, i.issued_by, i.issued_at, r.line, r.payer_id FROM receivable r
         JOIN issue i ON i.org_id = r.org_id AND i.issue_id = r.issue_id
         WHERE r.org_id = ?1 AND r.month = ?2 AND r.account_id = ?3 AND r.sequence = ?4",
        store::params![key.org_id, key.month, key.account_id, key.sequence],
        |row| {
            Ok(IssuedIn {
                issue_id: row.int(0)?,
                book_id: row.int(1)?,
                voucher_id: row.int(2)?,
                issued_by: row.int(3)?,
                issued_at: row.moment(4)?,
                line: row.int(5)?,
                payer_id: row.int(6)?,
            })
        },
    )
}

/// In which issue a bill went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuedIn {
    /// The issue.
    pub issue_id: i64,
    /// The book.
    pub book_id: i64,
    /// The voucher; 0 when nothing was owed.
    pub voucher_id: i64,
    /// Who issued.
    pub issued_by: i64,
    /// When.
    pub issued_at: kernel::Moment,
    /// The place of the bill in the issue, from 1.
    pub line: i64,
    /// Who owes it.
    pub payer_id: i64,
}
