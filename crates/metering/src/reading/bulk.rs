//! Readings in bulk.

use kernel::Month;
use store::{Bulk, Tx, Value};

use super::model::{Reading, ReadingFlags, Register};
use super::sql;
use crate::Result;

/// A buffer for many readings of one organisation. Fill it in ascending order of month, account and meter.
pub struct ReadingBulk {
    org_id: i64,
    bulk: Bulk,
}

impl ReadingBulk {
    /// An empty buffer.
    pub fn new(org_id: i64) -> ReadingBulk {
        ReadingBulk { org_id, bulk: Bulk::new("reading", sql::READING_COLUMNS) }
    }
    /// An empty buffer for the staging table of entered lines.
    pub(crate) fn staging(org_id: i64) -> ReadingBulk {
        ReadingBulk { org_id, bulk: Bulk::new("reading_entry", sql::READING_COLUMNS) }
    }
    /// Adds the reading of one meter in `month`.
    pub fn reading(&mut self, month: Month, reading: &Reading) -> Result<()> {
        Ok(self.bulk.row(&sql::reading_values(self.org_id, month, reading))?)
    }
    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.bulk.rows()
    }
    /// Bytes encoded so far.
    pub fn encoded_bytes(&self) -> u64 {
        self.bulk.encoded_bytes()
    }
    /// Writes everything and empties the buffer; answers the number of rows.
    pub fn load(&mut self, tx: &mut Tx<'_>) -> Result<u64> {
        Ok(tx.load(&mut self.bulk)?)
    }
}

impl Reading {
    /// The flags as they are stored: whether registers beside the total follow is derived, never trusted.
    pub(crate) fn stored_flags(&self) -> ReadingFlags {
        let more = self.registers.iter().any(|(register, _)| register != Register::Total);
        self.flags.with(ReadingFlags::MORE_REGISTERS, more)
    }
}

/// Previous and current of a register as two fields.
pub(crate) fn span_values(reading: &Reading, register: Register) -> [Value<'static>; 2] {
    match reading.registers.of(register) {
        Some(span) => [span.previous.into(), span.current.into()],
        None => [Value::Null, Value::Null],
    }
}
