//! Many rows at once, encoded where they are computed and written where the writer is.

use crate::{StoreError, Value};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of 64 bits.
    Int,
    /// Text.
    Text,
    /// Bytes.
    Blob,
}

/// A column of a bulk load: its name and type.
pub type Column = (&'static str, Kind);

/// Rows for one table, encoded in the binary COPY layout of PostgreSQL, from which the SQLite writer binds as well.
/// It can be filled on any thread and handed to [`crate::Tx::load`], which keeps its memory for the next batch.
pub struct Bulk {
    pub(crate) table: &'static str,
    pub(crate) columns: &'static [Column],
    pub(crate) bytes: Vec<u8>,
    pub(crate) rows: u64,
}

impl Bulk {
    /// An empty load for `table` with `columns` in the order in which fields will be given.
    pub fn new(table: &'static str, columns: &'static [Column]) -> Bulk {
        Bulk { table, columns, bytes: Vec::new(), rows: 0 }
    }
    /// The table it loads.
    pub fn table(&self) -> &'static str {
        self.table
    }
    /// Complete rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }
    /// Encoded bytes so far, a fair measure of what will be written.
    pub fn encoded_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }
    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.rows = 0;
    }
    /// Adds one row; it must have a value for each column, of its type or null.
    pub fn row(&mut self, values: &[Value<'_>]) -> Result<(), StoreError> {
        if values.len() != self.columns.len() {
            return Err(StoreError::Sql(format!(
                "bulk load of {}: {} values for {} columns",
                self.table,
                values.len(),
                self.columns.len()
            )));
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&(self.columns.len() as i16).to_be_bytes());
        for (index, value) in values.iter().enumerate() {
            let kind = self.columns[index].1;
            match (kind, value) {
                (_, Value::Null) => self.bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
                (Kind::Int, Value::Int(value)) => {
                    self.bytes.extend_from_slice(&8_i32.to_be_bytes());
                    self.bytes.extend_from_slice(&value.to_be_bytes());
                }
                (Kind::Text, Value::Text(value)) => self.length_and_bytes(value.as_bytes()),
                (Kind::Blob, Value::Blob(value)) => self.length_and_bytes(value),
                _ => {
                    self.bytes.truncate(start);
                    return Err(StoreError::WrongType { column: index, expected: "the column's own type" });
                }
            }
        }
        self.rows += 1;
        Ok(())
    }
    fn length_and_bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
        self.bytes.extend_from_slice(bytes);
    }

    /// Walks the encoded rows, giving each row's fields to `take`.
    pub(crate) fn each_field<'b>(
        &'b self,
        mut field: impl FnMut(usize, Value<'b>) -> Result<(), StoreError>,
        mut row_end: impl FnMut() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let broken = || StoreError::Sql(format!("bulk load of {}: broken buffer", self.table));
        let mut at = 0_usize;
        let mut take = |length: usize| -> Option<&'b [u8]> {
            let slice = self.bytes.get(at..at.checked_add(length)?)?;
            at += length;
            Some(slice)
        };
        for _ in 0..self.rows {
            take(2).ok_or_else(broken)?;
            for (index, (_, kind)) in self.columns.iter().enumerate() {
                let length = i32::from_be_bytes(take(4).and_then(|b| b.try_into().ok()).ok_or_else(broken)?);
                let value = match usize::try_from(length) {
                    Err(_) => Value::Null,
                    Ok(length) => {
                        let bytes = take(length).ok_or_else(broken)?;
                        match kind {
                            Kind::Int => {
                                Value::Int(i64::from_be_bytes(bytes.try_into().map_err(|_| broken())?))
                            }
                            Kind::Text => Value::Text(std::str::from_utf8(bytes).map_err(|_| broken())?),
                            Kind::Blob => Value::Blob(bytes),
                        }
                    }
                };
                field(index, value)?;
            }
            row_end()?;
        }
        Ok(())
    }
}
