//! Inquiries of customers, and the questions of stations about the progress of issue.

use kernel::{Moment, Month};
use store::{Conditions, Tx, Value, params};

use crate::inquiry::{Inquiry, InquiryState, read_inquiry};
use crate::{BillingError, Result};

/// The inquiries of some stations, the newest first: a page, and how many there are.
pub fn inquiries_page(
    tx: &mut Tx<'_>,
    org_id: i64,
    units: Option<&[i64]>,
    state: Option<InquiryState>,
    accounts: Option<&[i64]>,
    (offset, limit): (usize, usize),
) -> Result<(Vec<(Inquiry, Moment)>, i64)> {
    let mut wanted = Conditions::new("org_id = ?", &[Value::Int(org_id)]);
    if let Some(units) = units {
        wanted.and_one_of("unit_id", units);
    }
    if let Some(state) = state {
        wanted.and("state = ?", &[Value::Int(state as i64)]);
    }
    if let Some(accounts) = accounts {
        wanted.and_one_of("account_id", accounts);
    }
    let count = format!("SELECT COUNT(*) FROM inquiry WHERE {}", wanted.text());
    let total = tx.one(&count, wanted.values(), |row| Ok::<_, BillingError>(row.int(0)?))?;
    let sql = format!(
        "SELECT inquiry_id, unit_id, account_id, question, state, ticket_id, centre_answer, told, version, received_at
         FROM inquiry WHERE {} ORDER BY inquiry_id DESC LIMIT {limit} OFFSET {offset}",
        wanted.text()
    );
    let rows =
        tx.list(&sql, wanted.values(), |row| Ok::<_, BillingError>((read_inquiry(row)?, row.moment(9)?)))?;
    Ok((rows, total.unwrap_or(0)))
}

/// How many inquiries stand how, by station; those that are closed are left out.
pub fn inquiry_counts(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, InquiryState, i64)>> {
    tx.list(
        "SELECT unit_id, state, COUNT(*) FROM inquiry WHERE org_id = ?1 AND state < 3 GROUP BY unit_id, state
         ORDER BY unit_id, state",
        params![org_id],
        |row| Ok((row.int(0)?, InquiryState::from_number(row.int(1)?), row.int(2)?)),
    )
}

/// A question of a station: which of its books should have been issued. (BILL-07)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueQuery {
    /// Its key.
    pub query_id: i64,
    /// The station.
    pub unit_id: i64,
    /// The month it asked about.
    pub month: Month,
    /// Books that were late.
    pub books: i64,
    /// Who asked.
    pub asked_by: i64,
    /// When.
    pub asked_at: Moment,
    /// The urge that followed.
    pub ticket_id: Option<i64>,
}

/// The questions of stations about `month`, the newest first.
pub fn issue_queries(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<IssueQuery>> {
    tx.list(
        "SELECT query_id, unit_id, month, books, asked_by, asked_at, ticket_id FROM issue_query
         WHERE org_id = ?1 AND month = ?2 ORDER BY query_id DESC LIMIT 2000",
        params![org_id, month],
        |row| {
            Ok(IssueQuery {
                query_id: row.int(0)?,
                unit_id: row.int(1)?,
                month: row.month(2)?,
                books: row.int(3)?,
                asked_by: row.int(4)?,
                asked_at: row.moment(5)?,
                ticket_id: row.int_or_null(6)?,
            })
        },
    )
}
