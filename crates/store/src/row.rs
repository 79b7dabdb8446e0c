//! A row being read, field by field.

use kernel::{Date, Moment, Money, Month, Price, Quantity, Rate};

use crate::bulk::{append_bytes, append_int, append_null};
use crate::{Kind, StoreError, Value};

pub(crate) enum AnyRow<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r postgres::Row),
}

/// A row being read, fields by position from 0.
pub struct Row<'r>(pub(crate) AnyRow<'r>);

fn wrong(column: usize, expected: &'static str) -> StoreError {
    StoreError::WrongType { column, expected }
}

impl Row<'_> {
    /// The field at `column`, of the type the catalogue says.
    pub(crate) fn value(&self, column: usize, kind: Kind) -> Result<Value<'_>, StoreError> {
        use rusqlite::types::ValueRef;
        let mismatch = || wrong(column, "the column's own type");
        match &self.0 {
            AnyRow::Sqlite(row) => match (kind, row.get_ref(column).map_err(|_| mismatch())?) {
                (_, ValueRef::Null) => Ok(Value::Null),
                (Kind::Int, ValueRef::Integer(value)) => Ok(Value::Int(value)),
                (Kind::Text, ValueRef::Text(bytes)) => {
                    std::str::from_utf8(bytes).map(Value::Text).map_err(|_| mismatch())
                }
                (Kind::Blob, ValueRef::Blob(bytes)) => Ok(Value::Blob(bytes)),
                _ => Err(mismatch()),
            },
            AnyRow::Postgres(row) => {
                let value = match kind {
                    Kind::Int => row.try_get::<_, Option<i64>>(column).map(Value::from),
                    Kind::Text => row.try_get::<_, Option<&str>>(column).map(Value::from),
                    Kind::Blob => row.try_get::<_, Option<&[u8]>>(column).map(Value::from),
                };
                value.map_err(|_| mismatch())
            }
        }
    }
    /// Appends the field at `column` to `out` in the layout of a bulk load.
    pub(crate) fn encode(&self, column: usize, kind: Kind, out: &mut Vec<u8>) -> Result<(), StoreError> {
        use rusqlite::types::ValueRef;
        let mismatch = || wrong(column, "the column's own type");
        match &self.0 {
            AnyRow::Sqlite(row) => match (kind, row.get_ref(column).map_err(|_| mismatch())?) {
                (_, ValueRef::Null) => append_null(out),
                (Kind::Int, ValueRef::Integer(value)) => append_int(out, value),
                (Kind::Text, ValueRef::Text(bytes)) if std::str::from_utf8(bytes).is_ok() => {
                    append_bytes(out, bytes)?;
                }
                (Kind::Blob, ValueRef::Blob(bytes)) => append_bytes(out, bytes)?,
                _ => return Err(mismatch()),
            },
            AnyRow::Postgres(row) => match kind {
                Kind::Int => match row.try_get::<_, Option<i64>>(column).map_err(|_| mismatch())? {
                    Some(value) => append_int(out, value),
                    None => append_null(out),
                },
                Kind::Text => match row.try_get::<_, Option<&str>>(column).map_err(|_| mismatch())? {
                    Some(text) => append_bytes(out, text.as_bytes())?,
                    None => append_null(out),
                },
                Kind::Blob => match row.try_get::<_, Option<&[u8]>>(column).map_err(|_| mismatch())? {
                    Some(bytes) => append_bytes(out, bytes)?,
                    None => append_null(out),
                },
            },
        }
        Ok(())
    }
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
