//! Comma, tab and semicolon separated text, row by row in bounded memory.

use std::io::{self, Read};

use crate::encoding::{Encoding, Utf8Text};
use crate::limits::{CELL_CHARS_MAX, COLUMNS_MAX, ROW_BYTES_MAX};
use crate::table::{Row, Source};
use crate::{Error, Reason, Result};

const BUFFER_BYTES: usize = 64 << 10;

/// Lets through only so many bytes, so that an open quotation mark cannot swallow a whole file.
struct Rationed<R> {
    source: R,
    delivered: u64,
    ration: u64,
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.delivered >= self.ration {
            return Err(io::Error::other(RowTooLong));
        }
        let length = self.source.read(buffer)?;
        self.delivered += length as u64;
        Ok(length)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("row too long")]
struct RowTooLong;

/// The separator used most in the first row that has one, outside quotation marks; a comma if none occurs.
pub(crate) fn separator(beginning: &str) -> u8 {
    const KNOWN: [char; 3] = [',', '\t', ';'];
    for line in beginning.lines() {
        let mut counts = [0; KNOWN.len()];
        let mut quoted = false;
        for letter in line.chars() {
            quoted ^= letter == '"';
            if let Some(at) = KNOWN.iter().position(|known| *known == letter && !quoted) {
                counts[at] += 1;
            }
        }
        // Ties go to the earlier one, so that `a,b;c` is comma separated.
        let most = (0..KNOWN.len()).rev().max_by_key(|at| counts[*at]).unwrap_or(0);
        if counts[most] > 0 {
            return [b',', b'\t', b';'][most];
        }
    }
    b','
}

/// A text table being read.
pub(crate) struct Delimited<R> {
    file: String,
    rows: csv::Reader<Rationed<Utf8Text<R>>>,
    record: csv::StringRecord,
    /// Line ends inside cells so far: a line of the text, but no row of the table.
    inner_lines: u64,
    last_row: u64,
}

impl<R: Read> Delimited<R> {
    pub fn new(file: &str, source: R, encoding: Encoding, separator: u8) -> Delimited<R> {
        let rationed = Rationed { source: Utf8Text::new(source, encoding), delivered: 0, ration: 0 };
        let rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .terminator(csv::Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(rationed);
        Delimited { file: file.into(), rows, record: csv::StringRecord::new(), inner_lines: 0, last_row: 0 }
    }

    fn failure(&self, error: csv::Error) -> Error {
        let file = self.file.clone();
        match error.into_kind() {
            csv::ErrorKind::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<RowTooLong>()) => {
                Error::RowTooLong { file, row: self.last_row + 1, bytes_max: ROW_BYTES_MAX }
            }
            csv::ErrorKind::Io(source) => Error::Io { file, source },
            other => Error::Io { file, source: io::Error::other(format!("{other:?}")) },
        }
    }
}

impl<R: Read + Send> Source for Delimited<R> {
    fn next_row(&mut self) -> Result<Option<Row>> {
        let used = self.rows.position().byte();
        self.rows.get_mut().ration = used + BUFFER_BYTES as u64 + ROW_BYTES_MAX;
        if !self.rows.read_record(&mut self.record).map_err(|error| self.failure(error))? {
            return Ok(None);
        }
        let inner = self.record.iter().flat_map(str::bytes).filter(|byte| *byte == b'\n').count() as u64;
        // Every row ends with a line end here, so the reader now stands on the line below the row.
        let line = self.rows.position().line().saturating_sub(1 + inner);
        let number = line.saturating_sub(self.inner_lines).max(self.last_row + 1);
        self.inner_lines += inner;
        self.last_row = number;
        let mut row =
            Row { number, cells: Vec::with_capacity(self.record.len().min(COLUMNS_MAX)), doubts: Vec::new() };
        for (column, cell) in self.record.iter().enumerate() {
            let mut cell = cell;
            if cell.len() > CELL_CHARS_MAX
                && let Some((end, _)) = cell.char_indices().nth(CELL_CHARS_MAX)
            {
                cell = &cell[..end];
                row.doubts.push((column, Reason::cell_too_long()));
            }
            row.cells.push(cell.to_owned());
        }
        Ok(Some(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_found() {
        let cases = [
            ("户号,户名;别名,金额", b','),
            ("户号\t户名\n", b'\t'),
            ("户号;户名;1,5", b';'),
            ("\"a,b,c,d\";x", b';'),
            ("电费明细表\n户号\t金额", b'\t'),
            ("户号", b','),
            ("", b','),
        ];
        for (text, expected) in cases {
            assert_eq!(separator(text), expected, "{text:?}");
        }
    }
}
