//! Reports as data: trial balance, account detail, balances by customer.

use kernel::{Date, Money, Month, Text};
use store::{Tx, Value, params};

use crate::{AccountCode, ComponentId, LedgerError, Side, sql};

/// Lines of an account detail given at once, at most.
const PAGE_MAX: usize = 1_000;

/// One account in the trial balance (科目余额表). Balances are debit less credit: credit balances are negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceLine {
    /// Account.
    pub account: AccountCode,
    /// Its name.
    pub name: Text,
    /// Its normal side.
    pub side: Side,
    /// Balance before the first period.
    pub opening: Money,
    /// Debits of the periods.
    pub debit: Money,
    /// Credits of the periods.
    pub credit: Money,
    /// Balance at the end.
    pub closing: Money,
}

/// The trial balance of one or more periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialBalance {
    /// First period.
    pub from: Month,
    /// Last period.
    pub to: Month,
    /// The unit, or all.
    pub unit_id: Option<i64>,
    /// Accounts that ever moved, by code.
    pub lines: Vec<BalanceLine>,
    /// Sum of debits.
    pub debit: Money,
    /// Sum of credits; equal to the debits in books that are in order.
    pub credit: Money,
}

/// The trial balance from `from` to `to`, of one unit or of all. Reads balances only, never postings.
pub fn trial_balance(
    tx: &mut Tx<'_>,
    org_id: i64,
    from: Month,
    to: Month,
    unit_id: Option<i64>,
) -> Result<TrialBalance, LedgerError> {
    let chart = sql::chart(tx, org_id)?;
    let mut found =
        TrialBalance { from, to, unit_id, lines: Vec::new(), debit: Money::ZERO, credit: Money::ZERO };
    tx.each(
        "SELECT code,
           CAST(SUM(CASE WHEN period < ?2 THEN debit - credit ELSE 0 END) AS BIGINT),
           CAST(SUM(CASE WHEN period < ?2 THEN 0 ELSE debit END) AS BIGINT),
           CAST(SUM(CASE WHEN period < ?2 THEN 0 ELSE credit END) AS BIGINT)
         FROM period_balance WHERE org_id = ?1 AND period <= ?3 AND (?4 = 0 OR unit_id = ?5)
         GROUP BY code ORDER BY code",
        params![org_id, from, to, i64::from(unit_id.is_some()), unit_id.unwrap_or_default()],
        |row| {
            let account = AccountCode(row.int(0)?);
            let known = chart.account(account).ok_or(LedgerError::UnknownAccount(account))?;
            let (opening, debit, credit) = (row.money(1)?, row.money(2)?, row.money(3)?);
            found.debit = found.debit.plus(debit)?;
            found.credit = found.credit.plus(credit)?;
            let closing = opening.plus(debit)?.minus(credit)?;
            let (name, side) = (known.name.clone(), known.side);
            found.lines.push(BalanceLine { account, name, side, opening, debit, credit, closing });
            Ok::<_, LedgerError>(())
        },
    )?;
    Ok(found)
}

/// Debit less credit of `account` at the end of `month`, of one unit or of all, for tying out sub-ledgers.
pub fn balance_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    account: AccountCode,
    month: Month,
    unit_id: Option<i64>,
) -> Result<Money, LedgerError> {
    let found = tx.one(
        "SELECT CAST(COALESCE(SUM(debit - credit), 0) AS BIGINT) FROM period_balance
         WHERE org_id = ?1 AND period <= ?2 AND code = ?3 AND (?4 = 0 OR unit_id = ?5)",
        params![org_id, month, account.0, i64::from(unit_id.is_some()), unit_id.unwrap_or_default()],
        |row| row.money(0),
    )?;
    Ok(found.unwrap_or(Money::ZERO))
}

/// What moved on an account at a unit for one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComponentBalance {
    /// The unit.
    pub unit_id: i64,
    /// The component; [`ComponentId::NONE`] for what has none.
    pub component: ComponentId,
    /// Debits.
    pub debit: Money,
    /// Credits.
    pub credit: Money,
}

/// Debits and credits of `account` in the periods from `from` to `to`, by unit and component, in that order. Reads
/// balances only, so it costs the same however many postings there are. Asked of the receivable account it says what
/// every component of the bills came to at every station.
pub fn balances_by_component(
    tx: &mut Tx<'_>,
    org_id: i64,
    account: AccountCode,
    from: Month,
    to: Month,
) -> Result<Vec<ComponentBalance>, LedgerError> {
    tx.list(
        "SELECT unit_id, component, CAST(SUM(debit) AS BIGINT), CAST(SUM(credit) AS BIGINT) FROM period_balance
         WHERE org_id = ?1 AND period >= ?2 AND period <= ?3 AND code = ?4
         GROUP BY unit_id, component ORDER BY unit_id, component",
        params![org_id, from, to, account.0],
        |row| {
            Ok(ComponentBalance {
                unit_id: row.int(0)?,
                component: sql::component(row.int(1)?)?,
                debit: row.money(2)?,
                credit: row.money(3)?,
            })
        },
    )
}

/// One posting as seen from an account (明细账).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailLine {
    /// Voucher and line, the key of the page.
    pub key: (i64, i64),
    /// The voucher's number in its year.
    pub number: i64,
    /// Posting date.
    pub posted_on: Date,
    /// The event.
    pub event: String,
    /// The summary.
    pub text: String,
    /// The account on the other side.
    pub other: AccountCode,
    /// The customer.
    pub customer: Option<i64>,
    /// The component.
    pub component: ComponentId,
    /// Debited with this; zero when credited.
    pub debit: Money,
    /// Credited with this; zero when debited.
    pub credit: Money,
}

/// A page of an account's detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailPage {
    /// In order of voucher and line.
    pub lines: Vec<DetailLine>,
    /// Ask for the next page after this key; nothing when this was the last.
    pub next: Option<(i64, i64)>,
}

/// The postings of `account` in `month` after the key `after`, at most `size` (and never more than 1,000).
pub fn account_detail(
    tx: &mut Tx<'_>,
    org_id: i64,
    account: AccountCode,
    month: Month,
    after: Option<(i64, i64)>,
    size: usize,
) -> Result<DetailPage, LedgerError> {
    let size = size.clamp(1, PAGE_MAX);
    let (voucher_id, line) = after.unwrap_or((i64::MIN, 0));
    let ask = i64::try_from(size + 1).unwrap_or(i64::MAX);
    let mut lines = tx.list(
        "SELECT v.voucher_id, p.line, v.number, v.posted_on, v.event, v.summary, p.debit, p.credit, p.amount,
           p.account_id, p.component
         FROM voucher v JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.voucher_id
         WHERE v.org_id = ?1 AND v.period = ?2 AND (p.debit = ?3 OR p.credit = ?3)
           AND v.voucher_id >= ?4 AND (v.voucher_id > ?4 OR p.line > ?5)
         ORDER BY v.voucher_id, p.line LIMIT ?6",
        &[
            Value::Int(org_id),
            Value::from(month),
            Value::Int(account.0),
            Value::Int(voucher_id),
            Value::Int(line),
            Value::Int(ask),
        ],
        |row| {
            let (debit, credit, amount) = (AccountCode(row.int(6)?), AccountCode(row.int(7)?), row.money(8)?);
            let debited = debit == account;
            Ok::<_, LedgerError>(DetailLine {
                key: (row.int(0)?, row.int(1)?),
                number: row.int(2)?,
                posted_on: row.date(3)?,
                event: row.text(4)?,
                text: row.text(5)?,
                other: if debited { credit } else { debit },
                customer: row.int_or_null(9)?,
                component: sql::component(row.int(10)?)?,
                debit: if debited { amount } else { Money::ZERO },
                credit: if debited { Money::ZERO } else { amount },
            })
        },
    )?;
    let more = lines.len() > size;
    lines.truncate(size);
    let next = if more { lines.last().map(|line| line.key) } else { None };
    Ok(DetailPage { lines, next })
}

const BY_CUSTOMER: &str =
    "SELECT p.account_id, CAST(SUM(CASE WHEN p.debit = ?2 THEN p.amount ELSE -p.amount END) AS BIGINT)
 FROM voucher v JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.voucher_id
 WHERE v.org_id = ?1 AND v.period <= ?3 AND (p.debit = ?2 OR p.credit = ?2) AND p.account_id IS NOT NULL";

/// Debit less credit of `account` at the end of `month` for each customer with a balance, in order of customer.
/// Reads all postings, for tying out a sub-ledger; pages ask the sub-ledger.
pub fn customer_balances(
    tx: &mut Tx<'_>,
    org_id: i64,
    account: AccountCode,
    month: Month,
    mut take: impl FnMut(i64, Money) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    tx.each(
        &format!("{BY_CUSTOMER} GROUP BY p.account_id ORDER BY p.account_id"),
        params![org_id, account.0, month],
        |row| match row.money(1)? {
            Money::ZERO => Ok(()),
            balance => take(row.int(0)?, balance),
        },
    )
}

/// Debit less credit of `account` at the end of `month` for one customer. Reads all postings.
pub fn customer_balance(
    tx: &mut Tx<'_>,
    org_id: i64,
    account: AccountCode,
    month: Month,
    customer: i64,
) -> Result<Money, LedgerError> {
    let found = tx.one(
        &format!("{BY_CUSTOMER} AND p.account_id = ?4 GROUP BY p.account_id"),
        params![org_id, account.0, month, customer],
        |row| row.money(1),
    )?;
    Ok(found.unwrap_or(Money::ZERO))
}
