//! Rows of holds.

use kernel::{Moment, Month};
use store::{Bulk, Column, Kind, Row, StoreError, Tx, params};

use super::service::Hold;
use crate::office::Result;

pub(crate) const TABLES: &str = "
CREATE TABLE hold_ticket (
  org_id INTEGER NOT NULL, hold_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, ticket_id INTEGER NOT NULL,
  issue_due_on INTEGER, PRIMARY KEY (org_id, hold_id)) STRICT, WITHOUT ROWID;";

/// When the bill that was held came out.
pub(crate) const ISSUED: &str = "ALTER TABLE hold_ticket ADD COLUMN issued_at INTEGER;";

/// Why an adjustment holds an issue.
pub(crate) const ADJUSTMENT_RUNNING: &str = "退补在途";
/// `hold.kind` of an adjustment in progress, as the issue core reads it.
const ADJUSTMENT: i64 = crate::sql::HOLD_ADJUSTMENT;
/// `hold.kind` of a change that affects the month's settlement.
const CHANGE: i64 = 2;

const HOLD: &str =
    "SELECT h.hold_id, h.account_id, t.unit_id, t.ticket_id, h.from_month, h.reason, h.document,
  h.placed_by, h.placed_at, h.released_at, t.issue_due_on
  FROM hold h JOIN hold_ticket t ON t.org_id = h.org_id AND t.hold_id = h.hold_id WHERE h.org_id = ?1";

fn read(row: &Row<'_>) -> std::result::Result<Hold, StoreError> {
    Ok(Hold {
        hold_id: row.int(0)?,
        account_id: row.int(1)?,
        unit_id: row.int(2)?,
        ticket_id: row.int(3)?,
        from_month: row.month(4)?,
        reason: row.text(5)?,
        document: row.text(6)?,
        placed_by: row.int(7)?,
        placed_at: row.moment(8)?,
        released_at: row.moment_or_null(9)?,
        issue_due_on: row.date_or_null(10)?,
    })
}

pub(crate) fn find(tx: &mut Tx<'_>, org_id: i64, hold_id: i64) -> Result<Option<Hold>> {
    Ok(tx.one(&format!("{HOLD} AND h.hold_id = ?2"), params![org_id, hold_id], read)?)
}

pub(crate) fn of_account(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<Hold>> {
    Ok(tx.list(
        &format!("{HOLD} AND h.account_id = ?2 ORDER BY h.hold_id"),
        params![org_id, account_id],
        read,
    )?)
}

/// Every hold-issue request in force, by account, 5,000 at most.
pub(crate) fn in_force(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Hold>> {
    let sql = format!("{HOLD} AND h.released_at IS NULL ORDER BY h.account_id, h.hold_id LIMIT 5000");
    Ok(tx.list(&sql, params![org_id], read)?)
}

pub(crate) fn filed_for(tx: &mut Tx<'_>, org_id: i64, account_id: i64, document: &str) -> Result<bool> {
    let found = tx.one(
        "SELECT COUNT(*) FROM hold WHERE org_id = ?1 AND account_id = ?2 AND document = ?3",
        params![org_id, account_id, document],
        |row| row.int(0),
    )?;
    Ok(found.unwrap_or(0) > 0)
}

/// Holds an account's normal issue while an adjustment is in progress.
pub(crate) fn insert_for_adjustment(
    tx: &mut Tx<'_>,
    (org_id, hold_id, account_id): (i64, i64, i64),
    document: &str,
    (by, at): (i64, Moment),
) -> Result<()> {
    tx.execute(
        "INSERT INTO hold (org_id, hold_id, account_id, kind, from_month, reason, document, placed_by, placed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![org_id, hold_id, account_id, ADJUSTMENT, at.date().month(), ADJUSTMENT_RUNNING, document, by, at],
    )?;
    Ok(())
}

const HOLDS: &[Column] = &[
    ("org_id", Kind::Int),
    ("hold_id", Kind::Int),
    ("account_id", Kind::Int),
    ("kind", Kind::Int),
    ("from_month", Kind::Int),
    ("reason", Kind::Text),
    ("document", Kind::Text),
    ("placed_by", Kind::Int),
    ("placed_at", Kind::Int),
];

/// A bulk load of holds.
pub(crate) fn holds() -> Bulk {
    Bulk::new("hold", HOLDS)
}

pub(crate) fn add_for_adjustment(
    bulk: &mut Bulk,
    (org_id, hold_id, account_id): (i64, i64, i64),
    document: &str,
    (by, at): (i64, Moment),
) -> Result<()> {
    let month = at.date().month();
    Ok(bulk.row(params![
        org_id,
        hold_id,
        account_id,
        ADJUSTMENT,
        month,
        ADJUSTMENT_RUNNING,
        document,
        by,
        at
    ])?)
}

/// Ends every hold of an adjustment of many customers.
pub(crate) fn release_batch(
    tx: &mut Tx<'_>,
    org_id: i64,
    document: &str,
    (by, at): (i64, Moment),
) -> Result<()> {
    tx.execute(
        "UPDATE hold SET released_by = ?4, released_at = ?5
         WHERE org_id = ?1 AND kind = ?2 AND document = ?3 AND released_at IS NULL",
        params![org_id, ADJUSTMENT, document, by, at],
    )?;
    Ok(())
}

pub(crate) fn release_adjustment(
    tx: &mut Tx<'_>,
    (org_id, account_id): (i64, i64),
    document: &str,
    (by, at): (i64, Moment),
) -> Result<()> {
    Ok(tx.execute_one(
        &format!("hold of {document}"),
        "UPDATE hold SET released_by = ?5, released_at = ?6
         WHERE org_id = ?1 AND account_id = ?2 AND kind = ?3 AND document = ?4 AND released_at IS NULL",
        params![org_id, account_id, ADJUSTMENT, document, by, at],
    )?)
}

pub(crate) fn insert(tx: &mut Tx<'_>, org_id: i64, hold: &Hold) -> Result<()> {
    tx.execute(
        "INSERT INTO hold (org_id, hold_id, account_id, kind, from_month, reason, document, placed_by, placed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            hold.hold_id,
            hold.account_id,
            CHANGE,
            hold.from_month,
            &hold.reason,
            &hold.document,
            hold.placed_by,
            hold.placed_at
        ],
    )?;
    tx.execute(
        "INSERT INTO hold_ticket (org_id, hold_id, unit_id, ticket_id) VALUES (?1, ?2, ?3, ?4)",
        params![org_id, hold.hold_id, hold.unit_id, hold.ticket_id],
    )?;
    Ok(())
}

pub(crate) fn save_released(
    tx: &mut Tx<'_>,
    org_id: i64,
    hold_id: i64,
    (by, at): (i64, Moment),
    issue_due_on: kernel::Date,
) -> Result<()> {
    tx.execute_one(
        &format!("hold {hold_id}"),
        "UPDATE hold SET released_by = ?3, released_at = ?4 WHERE org_id = ?1 AND hold_id = ?2 AND released_at IS NULL",
        params![org_id, hold_id, by, at],
    )?;
    Ok(tx.execute_one(
        &format!("hold {hold_id}"),
        "UPDATE hold_ticket SET issue_due_on = ?3 WHERE org_id = ?1 AND hold_id = ?2",
        params![org_id, hold_id, issue_due_on],
    )?)
}

/// Requests whose hold is over and whose account has its bill of `month`: (hold, ticket, station).
pub(crate) fn released_and_issued(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
) -> Result<Vec<(i64, i64, i64)>> {
    Ok(tx.list(
        "SELECT h.hold_id, t.ticket_id, t.unit_id FROM hold h
         JOIN hold_ticket t ON t.org_id = h.org_id AND t.hold_id = h.hold_id
         JOIN receivable r ON r.org_id = h.org_id AND r.month = ?2 AND r.account_id = h.account_id AND r.sequence = 0
         WHERE h.org_id = ?1 AND h.released_at IS NOT NULL AND t.issued_at IS NULL AND h.from_month <= ?2
         ORDER BY h.hold_id",
        params![org_id, month],
        |row| Ok::<_, StoreError>((row.int(0)?, row.int(1)?, row.int(2)?)),
    )?)
}

pub(crate) fn save_issued(tx: &mut Tx<'_>, org_id: i64, hold_id: i64, at: Moment) -> Result<()> {
    Ok(tx.execute_one(
        &format!("hold {hold_id}"),
        "UPDATE hold_ticket SET issued_at = ?3 WHERE org_id = ?1 AND hold_id = ?2 AND issued_at IS NULL",
        params![org_id, hold_id, at],
    )?)
}
