//! SQLite: triggers of this connection alone tell each row before and after; what a command changed is written with it.
//!
//! The triggers are temporary: they are in no file, and whoever opens the file with another program has none.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use super::CHUNK;
use super::fingerprint::{Described, Fingerprint, WIDTH, begin};
use crate::catalogue::quoted;
use crate::{StoreError, Value};

/// A row that was, or is.
struct Seen {
    table: usize,
    org_id: i64,
    is_new: bool,
    print: Fingerprint,
}

#[derive(Default)]
struct State {
    /// Between the beginning and the end of a command.
    on: bool,
    tables: Vec<Described>,
    seen: Vec<Seen>,
    /// How much of it stands in `row_change`.
    written: usize,
    text: Vec<u8>,
}

/// A moment within a command.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    seen: usize,
    written: usize,
}

/// What the commands of one connection change.
#[derive(Clone, Default)]
pub(crate) struct Capture(Arc<Mutex<State>>);

impl Capture {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection whose triggers tell this capture.
    pub(crate) fn of(connection: &Connection) -> Result<Capture, StoreError> {
        let capture = Capture::default();
        let told = capture.clone();
        let flags = FunctionFlags::SQLITE_UTF8;
        connection.create_scalar_function("row_seen", -1, flags, move |row| told.see(row))?;
        Ok(capture)
    }

    /// One row: number of the table, 1 for a new row and 0 for an old one, organisation, fields.
    fn see(&self, row: &Context<'_>) -> rusqlite::Result<i64> {
        let mut state = self.state();
        if !state.on {
            return Ok(0);
        }
        let State { tables, seen, text, .. } = &mut *state;
        let refused = |why: &str| rusqlite::Error::UserFunctionError(why.into());
        let (table, is_new, org_id) = (row.get::<i64>(0)?, row.get::<i64>(1)? == 1, row.get(2)?);
        let table = usize::try_from(table).unwrap_or(usize::MAX);
        let described = tables.get(table).filter(|known| known.columns.len() + 3 == row.len());
        let described = described.ok_or_else(|| refused("the table has changed; open the database again"))?;
        let mut print = begin(described, text);
        for (at, (name, _)) in described.columns.iter().enumerate() {
            let value = match row.get_raw(at + 3) {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Int(number),
                ValueRef::Text(bytes) => {
                    Value::Text(std::str::from_utf8(bytes).map_err(|_| refused("a text is not UTF-8"))?)
                }
                ValueRef::Blob(bytes) => Value::Blob(bytes),
                ValueRef::Real(_) => return Err(refused("a field is no whole number")),
            };
            print.field(name, value);
        }
        let print = print.end();
        seen.push(Seen { table, org_id, is_new, print });
        Ok(0)
    }

    /// From now on rows of these tables are seen, and of no others.
    pub(crate) fn watch(&self, connection: &Connection, tables: Vec<Described>) -> Result<(), StoreError> {
        self.unwatch(connection)?;
        for (number, table) in tables.iter().enumerate() {
            let told = |side: &str, is_new: u8| {
                let fields: Vec<String> =
                    table.columns.iter().map(|(name, _)| format!("{side}.{}", quoted(name))).collect();
                format!("SELECT row_seen({number}, {is_new}, {side}.org_id, {});", fields.join(", "))
            };
            let (old, new) = (told("OLD", 0), told("NEW", 1));
            let on = quoted(&table.name);
            for (event, body) in
                [("INSERT", new.clone()), ("UPDATE", format!("{old} {new}")), ("DELETE", old)]
            {
                let name = quoted(&format!("row_seen {} {event}", table.name));
                connection.execute_batch(&format!(
                    "CREATE TEMP TRIGGER {name} AFTER {event} ON main.{on} BEGIN {body} END;"
                ))?;
            }
        }
        self.state().tables = tables;
        Ok(())
    }

    /// Takes the triggers away, as is needed before a table is built otherwise.
    pub(crate) fn unwatch(&self, connection: &Connection) -> Result<(), StoreError> {
        let names: Vec<String> = connection
            .prepare("SELECT name FROM sqlite_temp_schema WHERE type = 'trigger'")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for name in names {
            connection.execute_batch(&format!("DROP TRIGGER temp.{}", quoted(&name)))?;
        }
        self.state().tables.clear();
        Ok(())
    }

    /// A command begins.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        state.on = true;
        state.seen.clear();
        state.written = 0;
    }
    /// What the rest of this command changes is not recorded row by row.
    pub(crate) fn pause(&self) {
        self.state().on = false;
    }
    /// How much was seen so far.
    pub(crate) fn mark(&self) -> Mark {
        let state = self.state();
        Mark { seen: state.seen.len(), written: state.written }
    }
    /// What was seen and written since is undone.
    pub(crate) fn rewind(&self, mark: Mark) {
        let mut state = self.state();
        state.seen.truncate(mark.seen);
        state.written = mark.written;
    }

    /// Writes what was seen and is not written yet.
    pub(crate) fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut changes: BTreeMap<(i64, usize), Chunks> = BTreeMap::new();
        let names: Vec<String> = {
            let mut state = self.state();
            if state.written == state.seen.len() {
                return Ok(());
            }
            for Seen { table, org_id, is_new, print } in &state.seen[state.written..] {
                changes.entry((*org_id, *table)).or_default().add(*is_new, print);
            }
            state.written = state.seen.len();
            state.tables.iter().map(|table| table.name.clone()).collect()
        };
        let mut statement = connection.prepare_cached(
            "INSERT INTO row_change (id, org_id, table_name, added, removed)
             SELECT COALESCE(MAX(id), 0) + 1, ?1, ?2, ?3, ?4 FROM row_change",
        )?;
        for ((org_id, table), chunks) in changes {
            let name = names.get(table).map_or("", String::as_str);
            for (added, removed) in chunks.0 {
                statement.execute(params![org_id, name, added, removed])?;
            }
        }
        Ok(())
    }
}

/// Fingerprints of new and of old rows, in pieces of a bounded size.
#[derive(Default)]
pub(super) struct Chunks(pub(super) Vec<(Vec<u8>, Vec<u8>)>);

impl Chunks {
    pub(super) fn add(&mut self, is_new: bool, print: &Fingerprint) {
        let room = |(added, removed): &(Vec<u8>, Vec<u8>)| added.len() + removed.len() < CHUNK * WIDTH;
        if !self.0.last().is_some_and(room) {
            self.0.push(Default::default());
        }
        if let Some((added, removed)) = self.0.last_mut() {
            if is_new { added } else { removed }.extend_from_slice(print);
        }
    }
}
