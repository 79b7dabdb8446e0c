//! Rows of exceptions, their lists, and steps back.

use kernel::{Date, Moment, Month};
use store::{Row, StoreError, Tx, params};

use super::model::{Exception, ExceptionFilter, ExceptionState};
use crate::gates::{Past, Reasons};
use crate::office::Result;

pub(crate) const TABLES: &str = "
CREATE TABLE exception_list (
  org_id INTEGER NOT NULL, list_id INTEGER NOT NULL, month INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  kind INTEGER NOT NULL, number TEXT NOT NULL, customers INTEGER NOT NULL, message_id INTEGER NOT NULL,
  sent_by INTEGER NOT NULL, sent_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, list_id)) STRICT, WITHOUT ROWID;
CREATE TABLE book_step_back (
  org_id INTEGER NOT NULL, calculation_id INTEGER NOT NULL, step INTEGER NOT NULL, at INTEGER NOT NULL,
  person_id INTEGER NOT NULL, reason TEXT NOT NULL, old_reviewer INTEGER, old_reviewed_at INTEGER,
  PRIMARY KEY (org_id, calculation_id, at)) STRICT, WITHOUT ROWID;";

macro_rules! exception_fields {
    () => {
        "SELECT account_id, book_id, unit_id, dedicated, reasons, energy_kwh, amount, past_months,
  past_energy_kwh, past_amount, state, list_id, ticket_id, due_on, answered_by, answer, in_order_at, late_days, version
  FROM exception WHERE "
    };
}
const EXCEPTION: &str = concat!(exception_fields!(), "org_id = ?1 AND month = ?2");

/// The exceptions of `tail`: a condition with what may follow one.
pub(crate) fn rows_where(tx: &mut Tx<'_>, tail: &str, values: &[store::Value<'_>]) -> Result<Vec<Exception>> {
    Ok(tx.list(&format!("{}{tail}", exception_fields!()), values, read)?)
}

fn wrong(column: usize, expected: &'static str) -> StoreError {
    StoreError::WrongType { column, expected }
}

fn read(row: &Row<'_>) -> std::result::Result<Exception, StoreError> {
    Ok(Exception {
        account_id: row.int(0)?,
        book_id: row.int(1)?,
        unit_id: row.int(2)?,
        dedicated: row.flag(3)?,
        reasons: Reasons(u16::try_from(row.int(4)?).map_err(|_| wrong(4, "reasons"))?),
        energy_kwh: row.quantity(5)?,
        amount: row.money(6)?,
        past: Past {
            months: u8::try_from(row.int(7)?).map_err(|_| wrong(7, "months"))?,
            energy_kwh: row.quantity(8)?,
            fee: row.money(9)?,
        },
        state: ExceptionState::from_number(row.int(10)?).ok_or(wrong(10, "a state of exceptions"))?,
        list_id: row.int_or_null(11)?,
        ticket_id: row.int_or_null(12)?,
        due_on: row.date_or_null(13)?,
        answered_by: row.int_or_null(14)?,
        answer: row.text_or_null(15)?,
        in_order_at: row.moment_or_null(16)?,
        late_days: row.int(17)?,
        version: row.int(18)?,
    })
}

pub(crate) fn exceptions(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    filter: &ExceptionFilter,
) -> Result<Vec<Exception>> {
    // Each parameter stands beside its column first: PostgreSQL takes its type from there.
    let all = -1_i64;
    Ok(tx.list(
        &format!(
            "{EXCEPTION} AND (unit_id = ?3 OR ?3 = -1) AND (account_id = ?4 OR ?4 = -1) AND (state = ?5 OR ?5 = -1)
             AND (dedicated = ?6 OR ?6 = -1) ORDER BY unit_id, account_id"
        ),
        params![
            org_id,
            month,
            filter.unit_id.unwrap_or(all),
            filter.account_id.unwrap_or(all),
            filter.state.map_or(all, ExceptionState::number),
            filter.dedicated.map_or(all, i64::from)
        ],
        read,
    )?)
}

pub(crate) fn not_in_order(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<Vec<i64>> {
    Ok(tx.list(
        "SELECT account_id FROM exception WHERE org_id = ?1 AND month = ?2 AND book_id = ?3 AND state < ?4
         ORDER BY account_id",
        params![org_id, month, book_id, ExceptionState::InOrder.number()],
        |row| row.int(0),
    )?)
}

/// Tickets of the book's exceptions that were issued.
pub(crate) fn tickets_of_issued(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    book_id: i64,
) -> Result<Vec<i64>> {
    Ok(tx.list(
        "SELECT ticket_id FROM exception WHERE org_id = ?1 AND month = ?2 AND book_id = ?3 AND state = ?4
           AND ticket_id IS NOT NULL ORDER BY account_id",
        params![org_id, month, book_id, ExceptionState::Issued.number()],
        |row| row.int(0),
    )?)
}

fn what(account_id: i64) -> String {
    format!("exception of account {account_id}")
}

/// Writes that a list or ticket was sent.
pub(crate) fn save_sent(
    tx: &mut Tx<'_>,
    (org_id, month): (i64, Month),
    exception: &Exception,
    list_id: Option<i64>,
    ticket_id: i64,
    at: Moment,
    due_on: Date,
) -> Result<()> {
    Ok(tx.execute_one(
        &what(exception.account_id),
        "UPDATE exception SET state = ?5, list_id = ?6, ticket_id = ?7, sent_at = ?8, due_on = ?9, version = version + 1
         WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 AND version = ?4",
        params![
            org_id,
            month,
            exception.account_id,
            exception.version,
            ExceptionState::Sent.number(),
            list_id,
            ticket_id,
            at,
            due_on
        ],
    )?)
}

pub(crate) fn save_answered(
    tx: &mut Tx<'_>,
    (org_id, month): (i64, Month),
    exception: &Exception,
    (by, at): (i64, Moment),
    answer: &str,
    late_days: i64,
) -> Result<()> {
    Ok(tx.execute_one(
        &what(exception.account_id),
        "UPDATE exception SET state = ?5, answered_by = ?6, answered_at = ?7, answer = ?8, late_days = late_days + ?9,
           version = version + 1 WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 AND version = ?4",
        params![
            org_id,
            month,
            exception.account_id,
            exception.version,
            ExceptionState::Answered.number(),
            by,
            at,
            answer,
            late_days
        ],
    )?)
}

/// Moves an exception to `state`, with the moment at which its data were found in order and a new due day for answers.
pub(crate) fn save_state(
    tx: &mut Tx<'_>,
    (org_id, month): (i64, Month),
    exception: &Exception,
    state: ExceptionState,
    in_order_at: Option<Moment>,
    due_on: Option<Date>,
) -> Result<()> {
    Ok(tx.execute_one(
        &what(exception.account_id),
        "UPDATE exception SET state = ?5, in_order_at = ?6, due_on = ?7, version = version + 1
         WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 AND version = ?4",
        params![org_id, month, exception.account_id, exception.version, state.number(), in_order_at, due_on],
    )?)
}

/// A list that was sent.
pub(crate) struct ListRow<'l> {
    pub(crate) list_id: i64,
    pub(crate) month: Month,
    pub(crate) unit_id: i64,
    pub(crate) kind: i64,
    pub(crate) number: &'l str,
    pub(crate) customers: i64,
    pub(crate) message_id: i64,
    pub(crate) by: i64,
    pub(crate) at: Moment,
}

pub(crate) fn insert_list(tx: &mut Tx<'_>, org_id: i64, list: &ListRow<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO exception_list (org_id, list_id, month, unit_id, kind, number, customers, message_id, sent_by, sent_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            org_id,
            list.list_id,
            list.month,
            list.unit_id,
            list.kind,
            list.number,
            list.customers,
            list.message_id,
            list.by,
            list.at
        ],
    )?;
    Ok(())
}

/// A calculation as far as going back asks.
pub(crate) struct CalculationRow {
    pub(crate) month: Month,
    pub(crate) book_id: i64,
    pub(crate) reviewed: Option<(i64, Moment)>,
    pub(crate) issued: bool,
}

pub(crate) fn calculation(
    tx: &mut Tx<'_>,
    org_id: i64,
    calculation_id: i64,
) -> Result<Option<CalculationRow>> {
    Ok(tx.one(
        "SELECT c.month, c.book_id, c.reviewed_by, c.reviewed_at,
           (SELECT COUNT(*) FROM issue i WHERE i.org_id = c.org_id AND i.calculation_id = c.calculation_id)
         FROM calculation c WHERE c.org_id = ?1 AND c.calculation_id = ?2",
        params![org_id, calculation_id],
        |row| {
            Ok::<_, StoreError>(CalculationRow {
                month: row.month(0)?,
                book_id: row.int(1)?,
                reviewed: row.int_or_null(2)?.zip(row.moment_or_null(3)?),
                issued: row.int(4)? > 0,
            })
        },
    )?)
}

pub(crate) fn step_back(
    tx: &mut Tx<'_>,
    org_id: i64,
    calculation_id: i64,
    old: (i64, Moment),
    (by, at): (i64, Moment),
    reason: &str,
) -> Result<()> {
    tx.execute(
        "INSERT INTO book_step_back (org_id, calculation_id, step, at, person_id, reason, old_reviewer, old_reviewed_at)
         VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7)",
        params![org_id, calculation_id, at, by, reason, old.0, old.1],
    )?;
    Ok(tx.execute_one(
        &format!("calculation {calculation_id}"),
        "UPDATE calculation SET reviewed_by = NULL, reviewed_at = NULL
         WHERE org_id = ?1 AND calculation_id = ?2 AND reviewed_by = ?3",
        params![org_id, calculation_id, old.0],
    )?)
}
