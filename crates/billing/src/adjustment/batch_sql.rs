//! Rows of batches.

use std::collections::HashMap;

use kernel::{Money, Month, Text};
use store::{Bulk, Column, Kind, StoreError, Tx, params};

use super::batch::{Batch, BatchLine};
use super::model::{AdjustmentCase, CaseState};
use crate::Result;

/// The lines of a batch never change; what is approved is what is issued.
pub(crate) const TABLES: &str = "
CREATE TABLE adjustment_batch (
  org_id INTEGER NOT NULL, case_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, month INTEGER NOT NULL,
  source BLOB NOT NULL, basis TEXT NOT NULL,
  bills INTEGER NOT NULL, charged INTEGER NOT NULL, refunded INTEGER NOT NULL,
  PRIMARY KEY (org_id, case_id)) STRICT, WITHOUT ROWID;
CREATE INDEX adjustment_batch_of_unit ON adjustment_batch (org_id, unit_id, month);
CREATE TABLE adjustment_line (
  org_id INTEGER NOT NULL, case_id INTEGER NOT NULL, book_id INTEGER NOT NULL, account_id INTEGER NOT NULL,
  before_amount INTEGER NOT NULL, amount INTEGER NOT NULL, detail BLOB NOT NULL,
  explanation_zh TEXT NOT NULL, explanation_en TEXT NOT NULL,
  PRIMARY KEY (org_id, case_id, book_id, account_id)) STRICT, WITHOUT ROWID;";
pub(crate) const GUARDS_SQLITE: &str = "
CREATE TRIGGER adjustment_line_fixed BEFORE UPDATE ON adjustment_line BEGIN SELECT RAISE(ABORT, 'the lines of a slip never change'); END;
CREATE TRIGGER adjustment_line_kept BEFORE DELETE ON adjustment_line BEGIN SELECT RAISE(ABORT, 'the lines of a slip never change'); END;
CREATE TRIGGER adjustment_batch_fixed BEFORE UPDATE ON adjustment_batch BEGIN SELECT RAISE(ABORT, 'the lines of a slip never change'); END;
CREATE TRIGGER adjustment_batch_kept BEFORE DELETE ON adjustment_batch BEGIN SELECT RAISE(ABORT, 'the lines of a slip never change'); END;";
pub(crate) const GUARDS_POSTGRES: &str = "
CREATE TRIGGER adjustment_line_fixed BEFORE UPDATE OR DELETE ON adjustment_line FOR EACH ROW EXECUTE FUNCTION office_never_changes();
CREATE TRIGGER adjustment_batch_fixed BEFORE UPDATE OR DELETE ON adjustment_batch FOR EACH ROW EXECUTE FUNCTION office_never_changes();";

const LINE: &[Column] = &[
    ("org_id", Kind::Int),
    ("case_id", Kind::Int),
    ("book_id", Kind::Int),
    ("account_id", Kind::Int),
    ("before_amount", Kind::Int),
    ("amount", Kind::Int),
    ("detail", Kind::Blob),
    ("explanation_zh", Kind::Text),
    ("explanation_en", Kind::Text),
];

pub(crate) fn lines() -> Bulk {
    Bulk::new("adjustment_line", LINE)
}

pub(crate) fn add_line(
    bulk: &mut Bulk,
    org_id: i64,
    case: &AdjustmentCase,
    line: &BatchLine,
    amount: Money,
    detail: &[u8],
) -> Result<()> {
    let Text { zh, en } = &line.explanation;
    let (before, account) = (line.before, line.account_id);
    Ok(bulk.row(params![org_id, case.case_id, line.book_id, account, before, amount, detail, zh, en])?)
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    org_id: i64,
    batch: &Batch,
    source: &[u8; 32],
    basis: &str,
) -> Result<()> {
    let case = &batch.case;
    tx.execute(
        "INSERT INTO adjustment_batch (org_id, case_id, unit_id, month, source, basis, bills, charged, refunded)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            case.case_id,
            case.unit_id,
            case.month,
            source,
            basis,
            batch.bills,
            batch.charged,
            batch.refunded
        ],
    )?;
    Ok(())
}

/// Customers, charges and refunds of a batch.
pub(crate) fn find(tx: &mut Tx<'_>, org_id: i64, case_id: i64) -> Result<Option<(i64, Money, Money)>> {
    Ok(tx.one(
        "SELECT bills, charged, refunded FROM adjustment_batch WHERE org_id = ?1 AND case_id = ?2",
        params![org_id, case_id],
        |row| Ok::<_, StoreError>((row.int(0)?, row.money(1)?, row.money(2)?)),
    )?)
}

/// By account, the lines of a station and month in batches that are not refused: the batch, whether it follows from
/// `source`, and its number.
pub(crate) fn live_lines(
    tx: &mut Tx<'_>,
    org_id: i64,
    unit_id: i64,
    month: Month,
    source: &[u8; 32],
) -> Result<HashMap<i64, (i64, bool, String)>> {
    let batches = tx.list(
        "SELECT b.case_id, b.source, c.number FROM adjustment_batch b
         JOIN adjustment_case c ON c.org_id = b.org_id AND c.case_id = b.case_id
         WHERE b.org_id = ?1 AND b.unit_id = ?2 AND b.month = ?3 AND c.state <> ?4",
        params![org_id, unit_id, month, CaseState::Refused as i64],
        |row| Ok::<_, StoreError>((row.int(0)?, row.blob(1)?, row.text(2)?)),
    )?;
    let mut found = HashMap::new();
    for (case_id, of, number) in batches {
        let same = of == source;
        tx.each(
            "SELECT account_id FROM adjustment_line WHERE org_id = ?1 AND case_id = ?2",
            params![org_id, case_id],
            |row| {
                found.insert(row.int(0)?, (case_id, same, number.clone()));
                Ok::<_, StoreError>(())
            },
        )?;
    }
    Ok(found)
}

/// Gives amount as billed, stored bytes and explanation of each line, in order of book and account.
pub(crate) fn each_line(
    tx: &mut Tx<'_>,
    org_id: i64,
    case_id: i64,
    mut take: impl FnMut(Money, &[u8], Text) -> Result<()>,
) -> Result<()> {
    tx.each(
        "SELECT before_amount, detail, explanation_zh, explanation_en FROM adjustment_line
         WHERE org_id = ?1 AND case_id = ?2 ORDER BY book_id, account_id",
        params![org_id, case_id],
        |row| {
            let explanation = Text::new(row.text(2)?, row.text(3)?);
            let before = row.money(0)?;
            row.with_blob(1, |detail| take(before, detail, explanation))?
        },
    )
}

/// By account, the highest sequence of its bills in the month.
pub(crate) fn sequences(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    first: i64,
    last: i64,
) -> Result<HashMap<i64, i64>> {
    let mut found = HashMap::new();
    tx.each(
        "SELECT account_id, MAX(sequence) FROM bill
         WHERE org_id = ?1 AND month = ?2 AND account_id BETWEEN ?3 AND ?4 GROUP BY account_id",
        params![org_id, month, first, last],
        |row| {
            found.insert(row.int(0)?, row.int(1)?);
            Ok::<_, StoreError>(())
        },
    )?;
    Ok(found)
}
