//! How the books of a month stand at the centre, by sums that the runs have kept: no bill is read.

use std::collections::BTreeMap;

use kernel::{Moment, Money, Month, Quantity};
use store::{Conditions, Tx, Value, params};

use crate::exception::ExceptionState;
use crate::gates::Reasons;
use crate::{BillingError, Result};

/// A book of a month as its newest calculation and its issues left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BookProgress {
    /// Accounts calculated.
    pub accounts: i64,
    /// Of them, clean.
    pub clean: i64,
    /// Fee calculated.
    pub amount: Money,
    /// When.
    pub calculated_at: Option<Moment>,
    /// Who calculated.
    pub calculated_by: Option<i64>,
    /// Who reviewed, if anybody did.
    pub reviewed_by: Option<i64>,
    /// Bills issued, adjustments left out.
    pub issued: i64,
    /// Fee issued.
    pub issued_amount: Money,
    /// Exceptions that are not in order yet.
    pub open_exceptions: i64,
    /// Exceptions in order that can be issued.
    pub in_order: i64,
}

/// The books of `month` that were calculated, by key.
pub fn book_progress(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<BTreeMap<i64, BookProgress>> {
    let mut found: BTreeMap<i64, BookProgress> = BTreeMap::new();
    // In order of key, so that the newest calculation stays.
    tx.each(
        "SELECT book_id, accounts, clean, amount, calculated_at, calculated_by, reviewed_by FROM calculation
         WHERE org_id = ?1 AND month = ?2 ORDER BY calculation_id",
        params![org_id, month],
        |row| {
            let book = BookProgress {
                accounts: row.int(1)?,
                clean: row.int(2)?,
                amount: row.money(3)?,
                calculated_at: Some(row.moment(4)?),
                calculated_by: Some(row.int(5)?),
                reviewed_by: row.int_or_null(6)?,
                ..BookProgress::default()
            };
            found.insert(row.int(0)?, book);
            Ok::<_, BillingError>(())
        },
    )?;
    tx.each(
        "SELECT book_id, CAST(SUM(bills) AS BIGINT), CAST(SUM(amount) AS BIGINT) FROM issue
         WHERE org_id = ?1 AND month = ?2 AND calculation_id > 0 GROUP BY book_id",
        params![org_id, month],
        |row| {
            let book = found.entry(row.int(0)?).or_default();
            (book.issued, book.issued_amount) = (row.int(1)?, row.money(2)?);
            Ok::<_, BillingError>(())
        },
    )?;
    tx.each(
        "SELECT book_id, COUNT(CASE WHEN state < ?3 THEN 1 END), COUNT(CASE WHEN state = ?3 THEN 1 END) FROM exception
         WHERE org_id = ?1 AND month = ?2 GROUP BY book_id",
        params![org_id, month, ExceptionState::InOrder.number()],
        |row| {
            let book = found.entry(row.int(0)?).or_default();
            (book.open_exceptions, book.in_order) = (row.int(1)?, row.int(2)?);
            Ok::<_, BillingError>(())
        },
    )?;
    Ok(found)
}

/// Exceptions of a month that stand alike at a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceptionCount {
    /// The station.
    pub unit_id: i64,
    /// Where they stand.
    pub state: ExceptionState,
    /// Of dedicated-transformer customers.
    pub dedicated: bool,
    /// How many.
    pub count: i64,
    /// Of them, with an answer due before `today`.
    pub late: i64,
    /// Of them, held by their score.
    pub held: i64,
}

/// The exceptions of a month by station, state and transformer; late by the end of the day before `today`.
pub fn exception_counts(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    today: kernel::Date,
) -> Result<Vec<ExceptionCount>> {
    tx.list(
        "SELECT unit_id, state, dedicated, COUNT(*), COUNT(CASE WHEN due_on < ?3 AND state = 1 THEN 1 END),
           COUNT(CASE WHEN (reasons / ?4) % 2 = 1 THEN 1 END)
         FROM exception WHERE org_id = ?1 AND month = ?2 GROUP BY unit_id, state, dedicated
         ORDER BY unit_id, state, dedicated",
        params![org_id, month, today, Reasons::HELD.0],
        |row| {
            Ok(ExceptionCount {
                unit_id: row.int(0)?,
                state: ExceptionState::from_number(row.int(1)?).unwrap_or(ExceptionState::Found),
                dedicated: row.flag(2)?,
                count: row.int(3)?,
                late: row.int(4)?,
                held: row.int(5)?,
            })
        },
    )
}

/// How many exceptions of a month, of some books or all, have each reason; one can have several.
pub fn reason_counts(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    books: Option<&[i64]>,
) -> Result<Vec<(Reasons, i64)>> {
    let mut wanted = Conditions::new("org_id = ? AND month = ?", &[Value::Int(org_id), month.into()]);
    if let Some(books) = books {
        wanted.and_one_of("book_id", books);
    }
    let sql = format!("SELECT reasons, COUNT(*) FROM exception WHERE {} GROUP BY reasons", wanted.text());
    let mut counts = vec![0; Reasons::ALL.len()];
    tx.each(&sql, wanted.values(), |row| {
        let (reasons, count) = (Reasons(u16::try_from(row.int(0)?).unwrap_or(0)), row.int(1)?);
        for (sum, (reason, ..)) in counts.iter_mut().zip(Reasons::ALL) {
            if reasons.has(*reason) {
                *sum += count;
            }
        }
        Ok::<_, BillingError>(())
    })?;
    let named = Reasons::ALL.iter().map(|(reason, ..)| *reason).zip(counts);
    Ok(named.filter(|(_, count)| *count > 0).collect())
}

/// kWh and fee issued for each of `months` by station: (month, station, kWh, fee), adjustments included.
pub fn unit_amounts(
    tx: &mut Tx<'_>,
    org_id: i64,
    (first, last): (Month, Month),
) -> Result<Vec<(Month, i64, Quantity, Money)>> {
    tx.list(
        "SELECT month, unit_id, CAST(SUM(energy_kwh) AS BIGINT), CAST(SUM(amount) AS BIGINT) FROM issue
         WHERE org_id = ?1 AND month BETWEEN ?2 AND ?3 GROUP BY month, unit_id ORDER BY month, unit_id",
        params![org_id, first, last],
        |row| Ok((row.month(0)?, row.int(1)?, row.quantity(2)?, row.money(3)?)),
    )
}
