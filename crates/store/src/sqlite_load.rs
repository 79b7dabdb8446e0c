//! The bulk loader of SQLite.

use std::cell::{Cell, RefCell};

use rusqlite::{CachedStatement, Connection};

use crate::StoreError;
use crate::bulk::EncodedRows;

/// Rows of one INSERT. A trigger that may raise makes SQLite save every page a statement touches, once a statement: with one
/// row each that costs many times as much as the insert itself.
const ROWS_AT_ONCE: u64 = 32;

fn insert_text(bulk: EncodedRows<'_>, rows: u64) -> String {
    let names: Vec<&str> = bulk.columns.iter().map(|(name, _)| *name).collect();
    let row = format!("({})", vec!["?"; names.len()].join(", "));
    let rows: Vec<&str> = (0..rows).map(|_| row.as_str()).collect();
    // OR FAIL leaves the rows before the wrong one, which need no saved pages then: whoever loads undoes them, the command
    // as a whole or the attempt they stand in.
    format!("INSERT OR FAIL INTO {} ({}) VALUES {}", bulk.table, names.join(", "), rows.join(", "))
}

/// Prepared INSERTs of several rows, the rest row by row: the fastest way into SQLite short of its own C API.
pub(crate) fn load(connection: &Connection, bulk: EncodedRows<'_>) -> Result<(), StoreError> {
    let width = bulk.columns.len();
    let prepare = |needed: bool, rows: u64| {
        needed.then(|| connection.prepare_cached(&insert_text(bulk, rows))).transpose()
    };
    let many = prepare(bulk.rows >= ROWS_AT_ONCE, ROWS_AT_ONCE)?;
    let single = prepare(!bulk.rows.is_multiple_of(ROWS_AT_ONCE), 1)?;
    let statements = RefCell::new((many, single));
    let (left, at) = (Cell::new(bulk.rows), Cell::new(0_usize));
    let with_statement =
        |act: &mut dyn FnMut(&mut CachedStatement<'_>, u64) -> Result<(), rusqlite::Error>| {
            let (many, single) = &mut *statements.borrow_mut();
            let (statement, rows) =
                if left.get() >= ROWS_AT_ONCE { (many, ROWS_AT_ONCE) } else { (single, 1) };
            match statement {
                Some(statement) => Ok(act(statement, rows)?),
                None => Err(StoreError::Sql(format!("bulk load of {}: rows miscounted", bulk.table))),
            }
        };
    bulk.each_field(
        |index, value| {
            let place = at.get() * width + index + 1;
            with_statement(&mut |statement, _| statement.raw_bind_parameter(place, value))
        },
        || {
            at.set(at.get() + 1);
            let mut written = 0;
            with_statement(&mut |statement, rows| {
                if at.get() as u64 == rows {
                    statement.raw_execute()?;
                    written = rows;
                }
                Ok(())
            })?;
            if written > 0 {
                at.set(0);
                left.set(left.get() - written);
            }
            Ok(())
        },
    )
}
