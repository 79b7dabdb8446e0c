//! Exceptions and scores of a month.

use kernel::{Money, Month, Quantity};
use store::{Conditions, Tx, Value, params};

use crate::exception::{Exception, ExceptionState};
use crate::gates::Reasons;
use crate::suspicion::{Band, StoredScore};
use crate::{BillingError, Result};

/// What a list of exceptions is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExceptionOrder {
    /// Station, then account.
    #[default]
    Account,
    /// kWh.
    Energy,
    /// Fee.
    Amount,
    /// The day by which the station answers; without one last.
    Due,
}

/// Which exceptions a page shows.
#[derive(Debug, Clone)]
pub struct ExceptionQuery<'q> {
    /// Of this month.
    pub month: Month,
    /// Only of these stations; nothing means all.
    pub units: Option<&'q [i64]>,
    /// Only of this book.
    pub book_id: Option<i64>,
    /// Only of these accounts.
    pub accounts: Option<&'q [i64]>,
    /// Only in this state.
    pub state: Option<ExceptionState>,
    /// Only those that are not in order yet.
    pub open: bool,
    /// Only with this reason.
    pub reason: Option<Reasons>,
    /// Of dedicated-transformer customers, or of the others.
    pub dedicated: Option<bool>,
    /// Sorted by.
    pub order: ExceptionOrder,
    /// The largest first.
    pub descending: bool,
    /// Rows left out.
    pub offset: usize,
    /// Rows at most.
    pub limit: usize,
}

impl ExceptionQuery<'_> {
    /// Every exception of a month, by station and account.
    pub fn month(month: Month) -> ExceptionQuery<'static> {
        ExceptionQuery {
            month,
            units: None,
            book_id: None,
            accounts: None,
            state: None,
            open: false,
            reason: None,
            dedicated: None,
            order: ExceptionOrder::Account,
            descending: false,
            offset: 0,
            limit: 50,
        }
    }
}

/// Sums over all exceptions a query finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExceptionSums {
    /// How many.
    pub count: i64,
    /// kWh.
    pub energy_kwh: Quantity,
    /// Fee.
    pub amount: Money,
}

/// The exceptions of a page, and the sums over all that the query finds.
pub fn exceptions_page(
    tx: &mut Tx<'_>,
    org_id: i64,
    query: &ExceptionQuery<'_>,
) -> Result<(Vec<Exception>, ExceptionSums)> {
    let mut wanted = Conditions::new("org_id = ? AND month = ?", &[Value::Int(org_id), query.month.into()]);
    if let Some(units) = query.units {
        wanted.and_one_of("unit_id", units);
    }
    if let Some(book_id) = query.book_id {
        wanted.and("book_id = ?", &[Value::Int(book_id)]);
    }
    if let Some(accounts) = query.accounts {
        wanted.and_one_of("account_id", accounts);
    }
    if let Some(state) = query.state {
        wanted.and("state = ?", &[Value::Int(state.number())]);
    }
    if query.open {
        wanted.and("state < ?", &[Value::Int(ExceptionState::InOrder.number())]);
    }
    if let Some(reason) = query.reason {
        wanted.and("(reasons / ?) % 2 = 1", &[reason.0.into()]);
    }
    if let Some(dedicated) = query.dedicated {
        wanted.and("dedicated = ?", &[dedicated.into()]);
    }
    let sums = tx.one(
        &format!(
            "SELECT COUNT(*), CAST(COALESCE(SUM(energy_kwh), 0) AS BIGINT), CAST(COALESCE(SUM(amount), 0) AS BIGINT)
             FROM exception WHERE {}",
            wanted.text()
        ),
        wanted.values(),
        |row| {
            let (count, energy_kwh, amount) = (row.int(0)?, row.quantity(1)?, row.money(2)?);
            Ok::<_, BillingError>(ExceptionSums { count, energy_kwh, amount })
        },
    )?;
    let way = if query.descending { " DESC" } else { "" };
    let order = match query.order {
        ExceptionOrder::Account => format!("unit_id{way}, account_id{way}"),
        ExceptionOrder::Energy => format!("energy_kwh{way}, account_id"),
        ExceptionOrder::Amount => format!("amount{way}, account_id"),
        ExceptionOrder::Due => {
            format!("CASE WHEN due_on IS NULL THEN 1 ELSE 0 END, due_on{way}, account_id")
        }
    };
    let tail = format!("{} ORDER BY {order} LIMIT {} OFFSET {}", wanted.text(), query.limit, query.offset);
    let rows = crate::exception::rows_where(tx, &tail, wanted.values())?;
    Ok((rows, sums.unwrap_or_default()))
}

/// Which scores a page shows, the most suspicious first.
#[derive(Debug, Clone)]
pub struct ScoreQuery<'q> {
    /// Of this month.
    pub month: Month,
    /// From this band up.
    pub from: Band,
    /// Only of these stations; nothing means all.
    pub units: Option<&'q [i64]>,
    /// Only of this book.
    pub book_id: Option<i64>,
    /// Only of these accounts.
    pub accounts: Option<&'q [i64]>,
    /// The least suspicious first.
    pub ascending: bool,
    /// Rows left out.
    pub offset: usize,
    /// Rows at most.
    pub limit: usize,
}

/// The scores of a page, and how many the query finds.
pub fn scores_page(tx: &mut Tx<'_>, org_id: i64, query: &ScoreQuery<'_>) -> Result<(Vec<StoredScore>, i64)> {
    let mut wanted = Conditions::new("org_id = ? AND month = ?", &[Value::Int(org_id), query.month.into()]);
    wanted.and("band >= ?", &[Value::Int(query.from.number())]);
    if let Some(units) = query.units {
        wanted.and_one_of("unit_id", units);
    }
    if let Some(book_id) = query.book_id {
        wanted.and("book_id = ?", &[Value::Int(book_id)]);
    }
    if let Some(accounts) = query.accounts {
        wanted.and_one_of("account_id", accounts);
    }
    let count = format!("SELECT COUNT(*) FROM suspicion_score WHERE {}", wanted.text());
    let total = tx.one(&count, wanted.values(), |row| Ok::<_, BillingError>(row.int(0)?))?;
    let way = if query.ascending { "" } else { " DESC" };
    let tail = format!(
        "{} ORDER BY score{way}, ABS(used_kwh - COALESCE(expected_kwh, used_kwh)) DESC, account_id LIMIT {} OFFSET {}",
        wanted.text(),
        query.limit,
        query.offset
    );
    Ok((crate::suspicion::scores_where(tx, &tail, wanted.values())?, total.unwrap_or(0)))
}

/// Releases of held bills that wait for the second person: (account, station, who proposed, reason).
pub fn releases_waiting(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<(i64, i64, i64, String)>> {
    tx.list(
        "SELECT s.account_id, e.unit_id, s.proposed_by, s.reason FROM suspicion_release s
         JOIN exception e ON e.org_id = s.org_id AND e.month = s.month AND e.account_id = s.account_id
         WHERE s.org_id = ?1 AND s.month = ?2 AND s.confirmed_by IS NULL AND e.state < ?3 ORDER BY s.account_id",
        params![org_id, month, ExceptionState::InOrder.number()],
        |row| Ok((row.int(0)?, row.int(1)?, row.int(2)?, row.text(3)?)),
    )
}
