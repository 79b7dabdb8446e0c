//! The tables of number series and prints; the only file that names them.

use kernel::Moment;
use store::{Migration, Schema, StoreError, Tx, params};

use crate::{Print, Series};

/// The tables of this crate.
pub const SCHEMA: Schema = Schema {
    module: "documents",
    unrecorded: &[],
    migrations: &[Migration {
        number: 1,
        name: "number series and printing register",
        both: "
CREATE TABLE document_series (
  org_id INTEGER NOT NULL, kind TEXT NOT NULL, unit_id INTEGER NOT NULL, year INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (org_id, kind, unit_id, year)) STRICT, WITHOUT ROWID;
CREATE TABLE document_gap (
  org_id INTEGER NOT NULL, kind TEXT NOT NULL, unit_id INTEGER NOT NULL, year INTEGER NOT NULL, number INTEGER NOT NULL,
  reason TEXT NOT NULL, by_person_id INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (org_id, kind, unit_id, year, number)) STRICT, WITHOUT ROWID;
CREATE TABLE document_print (
  org_id INTEGER NOT NULL, kind TEXT NOT NULL, document_id INTEGER NOT NULL, reprint INTEGER NOT NULL,
  number TEXT NOT NULL, first_copy INTEGER NOT NULL, last_copy INTEGER NOT NULL, copies INTEGER NOT NULL,
  unit_id INTEGER NOT NULL, person_id INTEGER NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (org_id, kind, document_id, reprint)) STRICT, WITHOUT ROWID;",
        sqlite: "",
        postgres: "",
    }],
};

/// Moves the counter by `count` and answers its new value; the row stays locked until the transaction ends.
pub(crate) fn advance(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind: &str,
    unit_id: i64,
    year: i16,
    count: u32,
) -> Result<i64, StoreError> {
    let last = tx.one(
        "INSERT INTO document_series (org_id, kind, unit_id, year, last) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (org_id, kind, unit_id, year) DO UPDATE SET last = document_series.last + excluded.last
         RETURNING last",
        params![org_id, kind, unit_id, i32::from(year), count],
        |row| row.int(0),
    )?;
    last.ok_or_else(|| StoreError::Sql("document_series gave no number".into()))
}

pub(crate) fn last_given(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind: &str,
    unit_id: i64,
    year: i16,
) -> Result<i64, StoreError> {
    let last = tx.one(
        "SELECT last FROM document_series WHERE org_id = ?1 AND kind = ?2 AND unit_id = ?3 AND year = ?4",
        params![org_id, kind, unit_id, i32::from(year)],
        |row| row.int(0),
    )?;
    Ok(last.unwrap_or(0))
}

pub(crate) fn series(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Series>, StoreError> {
    tx.list(
        "SELECT kind, unit_id, year, last FROM document_series WHERE org_id = ?1 ORDER BY kind, unit_id, year",
        params![org_id],
        |row| {
            let year = i16::try_from(row.int(2)?);
            Ok(Series {
                kind: row.text(0)?,
                unit_id: row.int(1)?,
                year: year.map_err(|_| StoreError::WrongType { column: 2, expected: "a year" })?,
                last: row.int(3)?,
            })
        },
    )
}

pub(crate) struct Gap {
    pub kind: &'static str,
    pub unit_id: i64,
    pub year: i16,
    pub number: i64,
}

pub(crate) fn is_explained(tx: &mut Tx<'_>, org_id: i64, gap: &Gap) -> Result<bool, StoreError> {
    let found = tx.one(
        "SELECT number FROM document_gap
         WHERE org_id = ?1 AND kind = ?2 AND unit_id = ?3 AND year = ?4 AND number = ?5",
        params![org_id, gap.kind, gap.unit_id, i32::from(gap.year), gap.number],
        |row| row.int(0),
    )?;
    Ok(found.is_some())
}

pub(crate) fn insert_gap(
    tx: &mut Tx<'_>,
    org_id: i64,
    gap: &Gap,
    reason: &str,
    by: i64,
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO document_gap (org_id, kind, unit_id, year, number, reason, by_person_id, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![org_id, gap.kind, gap.unit_id, i32::from(gap.year), gap.number, reason, by, now],
    )?;
    Ok(())
}

pub(crate) fn explained(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind: &str,
    unit_id: i64,
    year: i16,
) -> Result<Vec<i64>, StoreError> {
    tx.list(
        "SELECT number FROM document_gap
         WHERE org_id = ?1 AND kind = ?2 AND unit_id = ?3 AND year = ?4 ORDER BY number",
        params![org_id, kind, unit_id, i32::from(year)],
        |row| row.int(0),
    )
}

pub(crate) fn prints_before(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind: &str,
    document_id: i64,
) -> Result<u32, StoreError> {
    let count = tx.one(
        "SELECT COUNT(*) FROM document_print WHERE org_id = ?1 AND kind = ?2 AND document_id = ?3",
        params![org_id, kind, document_id],
        |row| row.int(0),
    )?;
    Ok(u32::try_from(count.unwrap_or(0)).unwrap_or(u32::MAX))
}

pub(crate) fn insert_print(tx: &mut Tx<'_>, org_id: i64, print: &Print) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO document_print (org_id, kind, document_id, reprint, number, first_copy, last_copy, copies,
           unit_id, person_id, at, reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            org_id,
            &print.kind,
            print.document_id,
            print.reprint,
            &print.number,
            print.first_copy,
            print.last_copy,
            print.of,
            print.unit_id,
            print.person_id,
            print.at,
            &print.reason
        ],
    )?;
    Ok(())
}

pub(crate) fn prints(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind: &str,
    document_id: i64,
) -> Result<Vec<Print>, StoreError> {
    tx.list(
        "SELECT kind, document_id, reprint, number, first_copy, last_copy, copies, unit_id, person_id, at, reason
         FROM document_print WHERE org_id = ?1 AND kind = ?2 AND document_id = ?3 ORDER BY reprint",
        params![org_id, kind, document_id],
        |row| {
            let copy = |column: usize| {
                let wrong = StoreError::WrongType { column, expected: "a number of copies" };
                u16::try_from(row.int(column)?).map_err(|_| wrong)
            };
            let reprint = u32::try_from(row.int(2)?);
            Ok(Print {
                kind: row.text(0)?,
                document_id: row.int(1)?,
                reprint: reprint
                    .map_err(|_| StoreError::WrongType { column: 2, expected: "a number of reprints" })?,
                number: row.text(3)?,
                first_copy: copy(4)?,
                last_copy: copy(5)?,
                of: copy(6)?,
                unit_id: row.int(7)?,
                person_id: row.int(8)?,
                at: row.moment(9)?,
                reason: row.text(10)?,
            })
        },
    )
}
