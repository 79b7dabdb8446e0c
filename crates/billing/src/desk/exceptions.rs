//! Exceptions and scores of a month, each walked by the last row seen.

use kernel::{Date, Money, Month, Quantity};
use store::{Conditions, KeyPart, Tx, Value, Walk, params};

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

/// Behind every day and before every day: where an exception stands that no station has to answer.
const AFTER_ALL: i64 = 99_999_999;
const BEFORE_ALL: i64 = 0;

impl ExceptionOrder {
    /// The columns that give an exception its place, together different for every exception of a month.
    fn columns(self, descending: bool) -> [&'static str; 2] {
        match (self, descending) {
            (ExceptionOrder::Account, _) => ["unit_id", "account_id"],
            (ExceptionOrder::Energy, _) => ["energy_kwh", "account_id"],
            (ExceptionOrder::Amount, _) => ["amount", "account_id"],
            (ExceptionOrder::Due, false) => ["COALESCE(due_on, 99999999)", "account_id"],
            (ExceptionOrder::Due, true) => ["COALESCE(due_on, 0)", "account_id"],
        }
    }
    /// The place of an exception in this order, to go on from there.
    pub fn place(self, descending: bool, one: &Exception) -> Vec<KeyPart> {
        let first = match self {
            ExceptionOrder::Account => one.unit_id,
            ExceptionOrder::Energy => one.energy_kwh.units(),
            ExceptionOrder::Amount => one.amount.fen(),
            ExceptionOrder::Due => {
                one.due_on.map_or(if descending { BEFORE_ALL } else { AFTER_ALL }, Date::number)
            }
        };
        vec![first.into(), one.account_id.into()]
    }
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
    /// Where to go on.
    pub walk: Walk,
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
            walk: Walk::START,
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
    let columns = query.order.columns(query.descending);
    wanted.and_walked(&query.walk, &columns, query.descending);
    let order = query.walk.order(&columns, query.descending);
    let tail = format!("{}{order} LIMIT {} OFFSET {}", wanted.text(), query.limit, query.offset);
    let rows = crate::exception::rows_where(tx, &tail, wanted.values())?;
    Ok((query.walk.in_order(rows), sums.unwrap_or_default()))
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
    /// Where to go on.
    pub walk: Walk,
    /// Rows left out.
    pub offset: usize,
    /// Rows at most.
    pub limit: usize,
}

/// The columns that give a score its place, together different for every score of a month: among equal scores what is
/// off by more kWh is the more suspicious.
const SCORE_PLACE: [&str; 4] =
    ["score", "ABS(used_kwh - COALESCE(expected_kwh, used_kwh))", "account_id", "book_id"];

/// The place of a score in a list, to go on from there.
pub fn score_place(one: &StoredScore) -> Vec<KeyPart> {
    let used = one.used_kwh.units();
    let off = used.saturating_sub(one.expected_kwh.map_or(used, Quantity::units)).saturating_abs();
    [i64::from(one.score), off, one.account_id, one.book_id].into_iter().map(KeyPart::from).collect()
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
    wanted.and_walked(&query.walk, &SCORE_PLACE, !query.ascending);
    let order = query.walk.order(&SCORE_PLACE, !query.ascending);
    let tail = format!("{}{order} LIMIT {} OFFSET {}", wanted.text(), query.limit, query.offset);
    let rows = crate::suspicion::scores_where(tx, &tail, wanted.values())?;
    Ok((query.walk.in_order(rows), total.unwrap_or(0)))
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
