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
        let encoded = self.encode(values);
        match encoded {
            Ok(()) => self.rows += 1,
            // Half a row must not stay behind.
            Err(_) => self.bytes.truncate(start),
        }
        encoded
    }
    fn encode(&mut self, values: &[Value<'_>]) -> Result<(), StoreError> {
        let out = &mut self.bytes;
        append_width(out, self.columns.len())?;
        for (index, value) in values.iter().enumerate() {
            match (self.columns[index].1, value) {
                (_, Value::Null) => append_null(out),
                (Kind::Int, Value::Int(value)) => append_int(out, *value),
                (Kind::Text, Value::Text(value)) => append_bytes(out, value.as_bytes())?,
                (Kind::Blob, Value::Blob(value)) => append_bytes(out, value)?,
                _ => return Err(StoreError::WrongType { column: index, expected: "the column's own type" }),
            }
        }
        Ok(())
    }
    pub(crate) fn rows_view(&self) -> EncodedRows<'_> {
        EncodedRows { table: self.table, columns: self.columns, bytes: &self.bytes, rows: self.rows }
    }
}

/// A field's length and bytes; a field longer than the layout can say is refused.
pub(crate) fn append_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), StoreError> {
    let length = i32::try_from(bytes.len())
        .map_err(|_| StoreError::Sql(format!("a field of {} bytes is too long", bytes.len())))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// A whole number as a field.
pub(crate) fn append_int(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&8_i32.to_be_bytes());
    out.extend_from_slice(&value.to_be_bytes());
}

/// Nothing as a field.
pub(crate) fn append_null(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1_i32).to_be_bytes());
}

/// The number of fields, which begins each row.
pub(crate) fn append_width(out: &mut Vec<u8>, columns: usize) -> Result<(), StoreError> {
    let width = i16::try_from(columns)
        .map_err(|_| StoreError::Sql(format!("{columns} columns are more than a row can have")))?;
    out.extend_from_slice(&width.to_be_bytes());
    Ok(())
}

/// Encoded rows on their way to or from a table, wherever they are kept.
#[derive(Clone, Copy)]
pub(crate) struct EncodedRows<'b> {
    pub(crate) table: &'b str,
    pub(crate) columns: &'b [(&'b str, Kind)],
    pub(crate) bytes: &'b [u8],
    pub(crate) rows: u64,
}

impl<'b> EncodedRows<'b> {
    /// Walks the rows, giving each field to `field` and calling `row_end` after each row. Refuses bytes that are not
    /// exactly so many rows of these columns.
    pub(crate) fn each_field(
        self,
        mut field: impl FnMut(usize, Value<'b>) -> Result<(), StoreError>,
        mut row_end: impl FnMut() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let broken = || StoreError::Sql(format!("bulk load of {}: broken buffer", self.table));
        let bytes = self.bytes;
        let mut at = 0_usize;
        let mut take = |length: usize| -> Option<&'b [u8]> {
            let end = at.checked_add(length)?;
            let slice = bytes.get(at..end)?;
            at = end;
            Some(slice)
        };
        for _ in 0..self.rows {
            let width = take(2).and_then(|b| b.try_into().ok()).map(i16::from_be_bytes);
            if width.and_then(|width| usize::try_from(width).ok()) != Some(self.columns.len()) {
                return Err(broken());
            }
            for (index, (_, kind)) in self.columns.iter().enumerate() {
                let length = i32::from_be_bytes(take(4).and_then(|b| b.try_into().ok()).ok_or_else(broken)?);
                let value = match (usize::try_from(length), length) {
                    (Err(_), -1) => Value::Null,
                    (Err(_), _) => return Err(broken()),
                    (Ok(length), _) => {
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
        if at == bytes.len() { Ok(()) } else { Err(broken()) }
    }
}
