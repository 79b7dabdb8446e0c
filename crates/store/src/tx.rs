//! A transaction, and the rows it reads.

use crate::postgres_engine::PostgresConnection;
use crate::{Bulk, Engine, Keys, StoreError, Value};
use kernel::{Date, Moment, Money, Month, Price, Quantity, Rate};

pub(crate) enum Connection<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut PostgresConnection),
}

/// A transaction in progress. All SQL goes through it; statements are prepared once and kept.
pub struct Tx<'c> {
    pub(crate) connection: Connection<'c>,
    pub(crate) keys: &'c Keys,
}

enum AnyRow<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r postgres::Row),
}

/// A row being read, fields by position from 0.
pub struct Row<'r>(AnyRow<'r>);

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

    /// Runs a statement; answers the number of rows it touched.
    pub fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                Ok(statement.execute(rusqlite::params_from_iter(params))? as u64)
            }
            Connection::Postgres(connection) => connection.execute(sql, params),
        }
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
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql).map_err(StoreError::from)?;
                let mut rows =
                    statement.query(rusqlite::params_from_iter(params)).map_err(StoreError::from)?;
                while let Some(row) = rows.next().map_err(StoreError::from)? {
                    take(&Row(AnyRow::Sqlite(row)))?;
                }
                Ok(())
            }
            Connection::Postgres(connection) => {
                connection.each(sql, params, |row| take(&Row(AnyRow::Postgres(row))))
            }
        }
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
        if rows > 0 {
            match &mut self.connection {
                Connection::Sqlite(connection) => crate::sqlite_engine::load(connection, bulk)?,
                Connection::Postgres(connection) => connection.load(bulk)?,
            }
        }
        bulk.clear();
        Ok(rows)
    }

    /// Runs definitions (several statements, no parameters), translated for the engine.
    pub fn define(&mut self, definitions: &str) -> Result<(), StoreError> {
        if definitions.trim().is_empty() {
            return Ok(());
        }
        match &mut self.connection {
            Connection::Sqlite(connection) => Ok(connection.execute_batch(definitions)?),
            Connection::Postgres(connection) => connection.define(definitions),
        }
    }
}

fn wrong(column: usize, expected: &'static str) -> StoreError {
    StoreError::WrongType { column, expected }
}

impl Row<'_> {
    /// A whole number, or nothing. PostgreSQL's sums must be cast to BIGINT in the query.
    pub fn int_or_null(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match &self.0 {
            AnyRow::Sqlite(row) => row.get(column).map_err(|_| wrong(column, "a whole number")),
            AnyRow::Postgres(row) => match row.try_get::<_, Option<i64>>(column) {
                Ok(value) => Ok(value),
                Err(_) => row
                    .try_get::<_, Option<i32>>(column)
                    .map(|value| value.map(i64::from))
                    .map_err(|_| wrong(column, "a whole number")),
            },
        }
    }
    /// A whole number.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.int_or_null(column)?.ok_or_else(|| wrong(column, "a whole number, not null"))
    }
    /// Text, or nothing.
    pub fn text_or_null(&self, column: usize) -> Result<Option<String>, StoreError> {
        match &self.0 {
            AnyRow::Sqlite(row) => row.get(column).map_err(|_| wrong(column, "text")),
            AnyRow::Postgres(row) => row.try_get(column).map_err(|_| wrong(column, "text")),
        }
    }
    /// Text.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.text_or_null(column)?.ok_or_else(|| wrong(column, "text, not null"))
    }
    /// Looks at text without copying it.
    pub fn with_text<T>(&self, column: usize, look: impl FnOnce(&str) -> T) -> Result<T, StoreError> {
        match &self.0 {
            AnyRow::Sqlite(row) => {
                let text = row.get_ref(column).ok().and_then(|value| value.as_str().ok());
                text.map(look).ok_or_else(|| wrong(column, "text, not null"))
            }
            AnyRow::Postgres(row) => {
                row.try_get::<_, &str>(column).map(look).map_err(|_| wrong(column, "text, not null"))
            }
        }
    }
    /// Bytes, or nothing.
    pub fn blob_or_null(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.0 {
            AnyRow::Sqlite(row) => row.get(column).map_err(|_| wrong(column, "bytes")),
            AnyRow::Postgres(row) => row.try_get(column).map_err(|_| wrong(column, "bytes")),
        }
    }
    /// Bytes.
    pub fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.blob_or_null(column)?.ok_or_else(|| wrong(column, "bytes, not null"))
    }
    /// Looks at bytes without copying them.
    pub fn with_blob<T>(&self, column: usize, look: impl FnOnce(&[u8]) -> T) -> Result<T, StoreError> {
        match &self.0 {
            AnyRow::Sqlite(row) => {
                let bytes = row.get_ref(column).ok().and_then(|value| value.as_blob().ok());
                bytes.map(look).ok_or_else(|| wrong(column, "bytes, not null"))
            }
            AnyRow::Postgres(row) => {
                row.try_get::<_, &[u8]>(column).map(look).map_err(|_| wrong(column, "bytes, not null"))
            }
        }
    }
    /// Yes or no, stored as 1 or 0.
    pub fn flag(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }
    /// Money, stored in fen.
    pub fn money(&self, column: usize) -> Result<Money, StoreError> {
        self.int(column).map(Money::from_fen)
    }
    /// A quantity, stored in millionths.
    pub fn quantity(&self, column: usize) -> Result<Quantity, StoreError> {
        self.int(column).map(Quantity::from_units)
    }
    /// A price, stored in 10^-12 yuan.
    pub fn price(&self, column: usize) -> Result<Price, StoreError> {
        self.int(column).map(Price::from_units)
    }
    /// A rate, stored in 10^-10.
    pub fn rate(&self, column: usize) -> Result<Rate, StoreError> {
        self.int(column).map(Rate::from_units)
    }
    /// A date, stored as yyyymmdd.
    pub fn date(&self, column: usize) -> Result<Date, StoreError> {
        Ok(Date::from_number(self.int(column)?)?)
    }
    /// A month, stored as yyyymm.
    pub fn month(&self, column: usize) -> Result<Month, StoreError> {
        Ok(Month::from_number(self.int(column)?)?)
    }
    /// A moment, stored in milliseconds.
    pub fn moment(&self, column: usize) -> Result<Moment, StoreError> {
        self.int(column).map(Moment::from_millis)
    }
    /// A date, or nothing.
    pub fn date_or_null(&self, column: usize) -> Result<Option<Date>, StoreError> {
        Ok(self.int_or_null(column)?.map(Date::from_number).transpose()?)
    }
    /// A moment, or nothing.
    pub fn moment_or_null(&self, column: usize) -> Result<Option<Moment>, StoreError> {
        Ok(self.int_or_null(column)?.map(Moment::from_millis))
    }
}
