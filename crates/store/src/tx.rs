//! A transaction.

use crate::bulk::EncodedRows;
use crate::dialect::definitions_for_postgres;
use crate::postgres_engine::PostgresConnection;
use crate::row::AnyRow;
use crate::rows::capture::Capture;
use crate::rows::fingerprint::Described;
use crate::{Bulk, Engine, Keys, Row, StoreError, Value};
use kernel::Moment;

pub(crate) enum Connection<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut PostgresConnection),
}

/// A transaction in progress. All SQL goes through it; statements are prepared once and kept.
pub struct Tx<'c> {
    pub(crate) connection: Connection<'c>,
    pub(crate) keys: &'c Keys,
    /// The first statement that failed. A command that goes on regardless is not committed: PostgreSQL keeps nothing
    /// of such a transaction and says so to nobody, and SQLite must not behave otherwise.
    pub(crate) failed: Option<StoreError>,
    /// SQLite's writer: what sees the rows that change.
    pub(crate) capture: Option<&'c Capture>,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(connection: Connection<'c>, keys: &'c Keys) -> Tx<'c> {
        Tx { connection, keys, failed: None, capture: None }
    }
    pub(crate) fn seen_by(self, capture: &'c Capture) -> Tx<'c> {
        Tx { capture: Some(capture), ..self }
    }
}

impl Tx<'_> {
    /// The engine this runs on.
    pub fn engine(&self) -> Engine {
        match &self.connection {
            Connection::Sqlite(_) => Engine::Sqlite,
            Connection::Postgres(_) => Engine::Postgres,
        }
    }

    /// A new key that is larger than all made before by this program.
    pub fn next_key(&self, now: Moment) -> i64 {
        self.keys.next(now)
    }

    /// SQLite ends a transaction by itself when the disk is full or broken; what comes after would be committed alone.
    fn still_open(&self) -> Result<(), StoreError> {
        match &self.connection {
            Connection::Sqlite(connection) if connection.is_autocommit() => {
                let why =
                    self.failed.as_ref().map_or("the transaction has ended".into(), ToString::to_string);
                Err(StoreError::FailedBefore(why))
            }
            _ => Ok(()),
        }
    }

    fn noted<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &done {
            self.failed.get_or_insert_with(|| error.clone());
        }
        done
    }

    /// Runs a statement; answers the number of rows it touched. When it fails the command cannot succeed any more,
    /// except inside [`Tx::attempt`].
    pub fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        self.still_open()?;
        let done = match &mut self.connection {
            Connection::Sqlite(connection) => connection
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(params)))
                .map(|rows| rows as u64)
                .map_err(StoreError::from),
            Connection::Postgres(connection) => connection.execute(sql, params),
        };
        self.noted(done)
    }

    /// Tries something that may fail and can be done without: when `part` fails, what it did is undone and the
    /// command may go on.
    pub fn attempt<T, E: From<StoreError>>(
        &mut self,
        part: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run_as_is("SAVEPOINT attempt")?;
        let mark = self.capture.map(Capture::mark);
        let before = self.failed.take();
        let mut outcome = part(self);
        let within = std::mem::replace(&mut self.failed, before);
        if let (Ok(_), Some(error)) = (&outcome, within) {
            outcome = Err(StoreError::FailedBefore(error.to_string()).into());
        }
        let end = if outcome.is_ok() {
            "RELEASE SAVEPOINT attempt"
        } else {
            "ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt"
        };
        self.run_as_is(end)?;
        if let (Err(_), Some(capture), Some(mark)) = (&outcome, self.capture, mark) {
            capture.rewind(mark);
        }
        outcome
    }

    /// Nothing of what follows in this transaction is recorded row by row.
    pub(crate) fn pause_capture(&mut self) -> Result<(), StoreError> {
        match (self.engine(), self.capture) {
            (Engine::Postgres, _) => self.run_as_is(crate::rows::postgres::PAUSE),
            (Engine::Sqlite, capture) => {
                capture.map(Capture::pause);
                Ok(())
            }
        }
    }
    /// SQLite: from now on changed rows of these tables are seen.
    pub(crate) fn watch(&mut self, tables: Vec<Described>) -> Result<(), StoreError> {
        match (&self.connection, self.capture) {
            (Connection::Sqlite(connection), Some(capture)) => capture.watch(connection, tables),
            _ => Ok(()),
        }
    }
    /// SQLite: what this command changed so far is written; PostgreSQL's triggers have done so.
    pub(crate) fn write_seen(&mut self) -> Result<(), StoreError> {
        match (&self.connection, self.capture) {
            (Connection::Sqlite(connection), Some(capture)) => capture.write(connection),
            _ => Ok(()),
        }
    }
    /// SQLite: no changed row is seen any more.
    pub(crate) fn unwatch(&mut self) -> Result<(), StoreError> {
        match (&self.connection, self.capture) {
            (Connection::Sqlite(connection), Some(capture)) => capture.unwatch(connection),
            _ => Ok(()),
        }
    }

    /// Runs statements of this crate without translating them.
    pub(crate) fn run_as_is(&mut self, sql: &str) -> Result<(), StoreError> {
        self.still_open()?;
        let done = match &mut self.connection {
            Connection::Sqlite(connection) => connection.execute_batch(sql).map_err(StoreError::from),
            Connection::Postgres(connection) => connection.run_as_is(sql),
        };
        self.noted(done)
    }

    /// Runs a statement that must touch exactly one row, or the document `what` was changed meanwhile.
    pub fn execute_one(&mut self, what: &str, sql: &str, params: &[Value<'_>]) -> Result<(), StoreError> {
        match self.execute(sql, params)? {
            1 => Ok(()),
            _ => Err(StoreError::Stale(what.into())),
        }
    }

    /// Gives each row of a query to `take`, in order, without keeping them.
    pub fn each<E: From<StoreError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut take: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.still_open()?;
        let mut failure = None;
        let mut note = |error: StoreError| {
            failure = Some(error.clone());
            E::from(error)
        };
        let done = match &mut self.connection {
            Connection::Sqlite(connection) => {
                sqlite_each(connection, sql, params, &mut note, |row| take(&Row(AnyRow::Sqlite(row))))
            }
            Connection::Postgres(connection) => {
                connection.each(sql, params, &mut note, |row| take(&Row(AnyRow::Postgres(row))))
            }
        };
        if let Some(error) = failure {
            self.failed.get_or_insert(error);
        }
        done
    }

    /// All rows of a query; for answers that are known to be small.
    pub fn list<T, E: From<StoreError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let mut found = Vec::new();
        self.each(sql, params, |row| {
            found.push(read(row)?);
            Ok::<(), E>(())
        })?;
        Ok(found)
    }

    /// The first row of a query, if there is one.
    pub fn one<T, E: From<StoreError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let mut found = None;
        self.each(sql, params, |row| {
            if found.is_none() {
                found = Some(read(row)?);
            }
            Ok::<(), E>(())
        })?;
        Ok(found)
    }

    /// Writes all rows of `bulk` at engine speed and empties it; answers how many.
    pub fn load(&mut self, bulk: &mut Bulk) -> Result<u64, StoreError> {
        let rows = bulk.rows;
        self.load_encoded(bulk.rows_view())?;
        bulk.clear();
        Ok(rows)
    }

    pub(crate) fn load_encoded(&mut self, rows: EncodedRows<'_>) -> Result<(), StoreError> {
        if rows.rows == 0 {
            return Ok(());
        }
        self.still_open()?;
        let done = match &mut self.connection {
            Connection::Sqlite(connection) => crate::sqlite_load::load(connection, rows),
            Connection::Postgres(connection) => connection.load(rows),
        };
        self.noted(done)
    }

    /// Runs definitions (several statements, no parameters), translated for the engine.
    pub fn define(&mut self, definitions: &str) -> Result<(), StoreError> {
        if definitions.trim().is_empty() {
            return Ok(());
        }
        match self.engine() {
            Engine::Sqlite => self.run_as_is(definitions),
            Engine::Postgres => self.run_as_is(&definitions_for_postgres(definitions)),
        }
    }
}

fn sqlite_each<E: From<StoreError>>(
    connection: &rusqlite::Connection,
    sql: &str,
    params: &[Value<'_>],
    note: &mut impl FnMut(StoreError) -> E,
    mut take: impl FnMut(&rusqlite::Row<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = connection.prepare_cached(sql).map_err(|error| note(error.into()))?;
    let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(|error| note(error.into()))?;
    while let Some(row) = rows.next().map_err(|error| note(error.into()))? {
        take(row)?;
    }
    Ok(())
}
