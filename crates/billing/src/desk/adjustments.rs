//! Adjustments of all states.

use kernel::{Moment, Money, Month, Quantity};
use store::{Conditions, Tx, Value, params};

use crate::adjustment::{AdjustmentCase, CaseState, Cause};
use crate::{BillingError, Result};

/// Which adjustments a page shows, the newest first.
#[derive(Debug, Clone, Default)]
pub struct CaseQuery<'q> {
    /// Only of these stations; nothing means all.
    pub units: Option<&'q [i64]>,
    /// Only in this state.
    pub state: Option<CaseState>,
    /// Only of this cause.
    pub cause: Option<Cause>,
    /// Only of bills of this month.
    pub month: Option<Month>,
    /// Only of these accounts.
    pub accounts: Option<&'q [i64]>,
    /// Part of the number.
    pub number: Option<&'q str>,
    /// Sorted by the amount, largest first or last; by key otherwise.
    pub by_amount: Option<bool>,
    /// Rows left out.
    pub offset: usize,
    /// Rows at most.
    pub limit: usize,
}

/// The cases of a page; how many there are, their kWh and their amounts in all.
pub fn cases_page(
    tx: &mut Tx<'_>,
    org_id: i64,
    query: &CaseQuery<'_>,
) -> Result<(Vec<AdjustmentCase>, i64, Quantity, Money)> {
    let mut wanted = Conditions::new("org_id = ?", &[Value::Int(org_id)]);
    if let Some(units) = query.units {
        wanted.and_one_of("unit_id", units);
    }
    if let Some(state) = query.state {
        wanted.and("state = ?", &[Value::Int(state as i64)]);
    }
    if let Some(cause) = query.cause {
        wanted.and("cause = ?", &[Value::Int(cause.number())]);
    }
    if let Some(month) = query.month {
        wanted.and("month = ?", &[month.into()]);
    }
    let pattern = query.number.map(store::containing).unwrap_or_default();
    match (query.accounts, query.number.is_some()) {
        (Some(accounts), true) => {
            let keys: Vec<String> = accounts.iter().map(i64::to_string).collect();
            let keys = if keys.is_empty() { "-1".to_owned() } else { keys.join(",") };
            let either = format!("LOWER(number) LIKE ? ESCAPE '!' OR account_id IN ({keys})");
            wanted.and(&either, &[Value::from(&pattern)]);
        }
        (Some(accounts), false) => {
            wanted.and_one_of("account_id", accounts);
        }
        (None, true) => {
            wanted.and("LOWER(number) LIKE ? ESCAPE '!'", &[Value::from(&pattern)]);
        }
        (None, false) => {}
    }
    let sums = tx.one(
        &format!(
            "SELECT COUNT(*), CAST(COALESCE(SUM(energy_kwh), 0) AS BIGINT), CAST(COALESCE(SUM(amount), 0) AS BIGINT)
             FROM adjustment_case WHERE {}",
            wanted.text()
        ),
        wanted.values(),
        |row| Ok::<_, BillingError>((row.int(0)?, row.quantity(1)?, row.money(2)?)),
    )?;
    let order = match query.by_amount {
        None => "case_id DESC",
        Some(true) => "amount DESC, case_id DESC",
        Some(false) => "amount, case_id DESC",
    };
    let tail = format!("{} ORDER BY {order} LIMIT {} OFFSET {}", wanted.text(), query.limit, query.offset);
    let cases = crate::adjustment::cases_where(tx, &tail, wanted.values())?;
    let (count, energy_kwh, amount) = sums.unwrap_or_default();
    Ok((cases, count, energy_kwh, amount))
}

/// How many adjustments are in progress, by station.
pub fn case_counts(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, i64)>> {
    tx.list(
        "SELECT unit_id, COUNT(*) FROM adjustment_case WHERE org_id = ?1 AND state = ?2 GROUP BY unit_id ORDER BY unit_id",
        params![org_id, CaseState::Running as i64],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )
}

/// When a case was started.
pub fn started_at(tx: &mut Tx<'_>, org_id: i64, case_id: i64) -> Result<Option<Moment>> {
    tx.one(
        "SELECT started_at FROM adjustment_case WHERE org_id = ?1 AND case_id = ?2",
        params![org_id, case_id],
        |row| Ok(row.moment(0)?),
    )
}
