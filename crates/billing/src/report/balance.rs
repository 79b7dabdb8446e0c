//! Receivables at a moment, marketing against finance, and the frozen month-end balance. (RPT-09..11, XC-19)

use identity::Work;
use kernel::{Moment, Money, Month};
use ledger::AccountCode;
use store::{StoreError, Tx, params};

use super::rules::{self, Cause};
use crate::office::record::record;
use crate::office::{OfficeError, Result, checked_text, permission};

/// Electricity receivable (应收电费) in the chart of accounts.
pub const RECEIVABLE_ACCOUNT: AccountCode = AccountCode(1122);
/// Acts on the organisation as a whole.
const WHOLE_ORGANISATION: i64 = 0;

/// What a customer owed at `at`: receivable, received, arrears. Received is zero until there is a collection office.
pub fn receivable_at(
    tx: &mut Tx<'_>,
    org_id: i64,
    account_id: i64,
    at: Moment,
) -> Result<(Money, Money, Money)> {
    let receivable = tx.one(
        "SELECT CAST(COALESCE(SUM(r.amount), 0) AS BIGINT) FROM receivable r
         JOIN issue i ON i.org_id = r.org_id AND i.issue_id = r.issue_id
         WHERE r.org_id = ?1 AND r.account_id = ?2 AND i.issued_at <= ?3",
        params![org_id, account_id, at],
        |row| row.money(0),
    )?;
    let receivable = receivable.unwrap_or(Money::ZERO);
    Ok((receivable, Money::ZERO, receivable))
}

fn receivable_of_all(tx: &mut Tx<'_>, org_id: i64, at: Moment) -> Result<Money> {
    let sum = tx.one(
        "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM issue WHERE org_id = ?1 AND issued_at <= ?2",
        params![org_id, at],
        |row| row.money(0),
    )?;
    Ok(sum.unwrap_or(Money::ZERO))
}

/// Fixes a moment as the basis of booking: the figures of that moment are kept with it. Not in the future. (RPT-09)
pub fn fix_time_point(work: &mut Work<'_, '_>, at: Moment, text: &str) -> Result<Money> {
    work.require(permission::QUERY_FINANCE, WHOLE_ORGANISATION)?;
    let text = checked_text("booking point", text, 200)?;
    if at > work.now() {
        return Err(OfficeError::refused(
            "RPT-09",
            format!("时点 {at} 尚未到来"),
            format!("the moment {at} has not come yet"),
        ));
    }
    let (org_id, key, by, now) = (work.org_id(), work.next_key(), work.actor().person_id, work.now());
    let receivable = receivable_of_all(work.tx, org_id, at)?;
    work.tx.execute(
        "INSERT INTO booking_point (org_id, point_id, at, text, receivable, fixed_by, fixed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![org_id, key, at, text, receivable, by, now],
    )?;
    let new = format!("{at}: {receivable}");
    record(work, permission::QUERY_FINANCE, WHOLE_ORGANISATION, "booking_point", &key.to_string(), "", &new)?;
    Ok(receivable)
}

/// One explained part of the difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Why.
    pub cause: Cause,
    /// Marketing's figure is higher by this.
    pub amount: Money,
    /// In words.
    pub text: String,
}

/// The balance of marketing against finance at the end of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Receivables of billing months up to this one, by marketing's basis.
    pub marketing: Money,
    /// The ledger's receivable account.
    pub finance: Money,
    /// The causes: computed timing first, then what was noted.
    pub causes: Vec<Difference>,
    /// What no cause explains; zero in books that agree.
    pub unexplained: Money,
}

/// Notes a cause of difference that only a person knows: another basis, a bad debt. (RPT-10)
pub fn note_difference(work: &mut Work<'_, '_>, month: Month, difference: &Difference) -> Result<()> {
    work.require(permission::BALANCE_FINANCE, WHOLE_ORGANISATION)?;
    let text = checked_text("difference", &difference.text, 400)?;
    let (org_id, key, by, now) = (work.org_id(), work.next_key(), work.actor().person_id, work.now());
    work.tx.execute(
        "INSERT INTO balance_difference (org_id, month, difference_id, cause, amount, text, noted_by, noted_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![org_id, month, key, difference.cause as i64, difference.amount, text, by, now],
    )?;
    let new = format!("{} {text}", difference.amount);
    record(work, permission::BALANCE_FINANCE, WHOLE_ORGANISATION, "balance", &month.to_string(), "", &new)
}

/// Marketing counts by billing month, finance by the day of entry: what was issued after the month's end, and what was
/// issued ahead of its month, is the timing difference and is computed; other causes are those noted. (RPT-10)
pub fn marketing_against_finance(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Explained> {
    let end = Moment::on(month.next().first_day(), 0, 0);
    let sums = tx.one(
        "SELECT CAST(COALESCE(SUM(CASE WHEN month <= ?2 THEN amount ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN month <= ?2 AND issued_at >= ?3 THEN amount
                                       WHEN month > ?2 AND issued_at < ?3 THEN -amount ELSE 0 END), 0) AS BIGINT)
         FROM issue WHERE org_id = ?1",
        params![org_id, month, end],
        |row| Ok::<_, StoreError>((row.money(0)?, row.money(1)?)),
    )?;
    let (marketing, timing) = sums.unwrap_or_default();
    let finance = ledger::balance_of(tx, org_id, RECEIVABLE_ACCOUNT, month, None)
        .map_err(|error| OfficeError::below(&error))?;
    let mut causes = Vec::new();
    if !timing.is_zero() {
        causes.push(Difference {
            cause: Cause::Timing,
            amount: timing,
            text: "发行日期与应收月份不同月".into(),
        });
    }
    tx.each(
        "SELECT cause, amount, text FROM balance_difference WHERE org_id = ?1 AND month = ?2 ORDER BY difference_id",
        params![org_id, month],
        |row| {
            let cause = Cause::from_number(row.int(0)?)
                .ok_or(StoreError::WrongType { column: 0, expected: "a cause of difference" })?;
            causes.push(Difference { cause, amount: row.money(1)?, text: row.text(2)? });
            Ok::<_, StoreError>(())
        },
    )?;
    let unexplained = rules::unexplained(marketing, finance, causes.iter().map(|cause| cause.amount))?;
    Ok(Explained { marketing, finance, causes, unexplained })
}

/// A frozen month-end balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// The unit; 0 for the whole organisation.
    pub unit_id: i64,
    /// The balance of the receivable account at 24:00 of the last day, on the finance basis.
    pub balance: Money,
    /// When it was frozen.
    pub frozen_at: Moment,
}

/// Freezes the receivable balance at 24:00 of the month's last day, for the organisation and each of `unit_ids`.
/// Once, and only when the month is over; afterwards the database itself refuses every change. (RPT-11)
pub fn freeze_month_end(work: &mut Work<'_, '_>, month: Month, unit_ids: &[i64]) -> Result<Money> {
    work.require(permission::CLOSE_FINANCE, WHOLE_ORGANISATION)?;
    if work.today() <= month.last_day() {
        return Err(OfficeError::refused(
            "RPT-11",
            format!("{month} 尚未结束，不能冻结月末余额"),
            format!("{month} is not over: its balance cannot be frozen yet"),
        ));
    }
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    let mut whole = Money::ZERO;
    for unit_id in [WHOLE_ORGANISATION].iter().chain(unit_ids) {
        let only = (*unit_id != WHOLE_ORGANISATION).then_some(*unit_id);
        let balance = ledger::balance_of(work.tx, org_id, RECEIVABLE_ACCOUNT, month, only)
            .map_err(|error| OfficeError::below(&error))?;
        if only.is_none() {
            whole = balance;
        }
        work.tx.execute(
            "INSERT INTO receivable_snapshot (org_id, month, unit_id, balance, frozen_by, frozen_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![org_id, month, *unit_id, balance, by, now],
        )?;
    }
    let (number, new) = (month.to_string(), whole.to_string());
    record(work, permission::CLOSE_FINANCE, WHOLE_ORGANISATION, "receivable_snapshot", &number, "", &new)?;
    Ok(whole)
}

/// The frozen balances of a month; none before it was frozen.
pub fn snapshots(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<Snapshot>> {
    Ok(tx.list(
        "SELECT unit_id, balance, frozen_at FROM receivable_snapshot WHERE org_id = ?1 AND month = ?2 ORDER BY unit_id",
        params![org_id, month],
        |row| {
            Ok::<_, StoreError>(Snapshot { unit_id: row.int(0)?, balance: row.money(1)?, frozen_at: row.moment(2)? })
        },
    )?)
}
