//! From rows of text to typed rows.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;

use kernel::Text;
use sha2::{Digest, Sha256};

use crate::limits::HEADING_ROWS_MAX;
use crate::problem::column_letter;
use crate::schema::{Sheet, is_reject_heading};
use crate::table::{Row, Table};
use crate::value::{FromValue, Value, read, typed};
use crate::{Error, Problem, Reason, Result};

/// Where the columns of a sheet stand in one file.
#[derive(Debug)]
pub(crate) struct Layout {
    keys: Vec<String>,
    /// For each column of the sheet, the column of the file.
    places: Vec<Option<usize>>,
    /// The headings of the file as written.
    pub headings: Vec<String>,
    /// The columns of the file that are its own, not those a file of rejects added.
    pub own: Vec<usize>,
}

impl Layout {
    fn heading(&self, column: usize) -> String {
        match self.headings.get(column).map(|heading| heading.trim()) {
            Some(heading) if !heading.is_empty() => heading.to_owned(),
            _ => column_letter(column),
        }
    }

    fn place(&self, key: &str) -> Result<usize> {
        self.keys.iter().position(|known| known == key).ok_or_else(|| Error::Description(key.into()))
    }
}

/// One row of the table after reading.
#[derive(Debug)]
pub enum Entry {
    /// Every column could be read.
    Good(TypedRow),
    /// Something is wrong with it.
    Bad(BadRow),
}

/// A row whose columns could all be read.
#[derive(Debug, Clone)]
pub struct TypedRow {
    values: Vec<Value>,
    row: Row,
    layout: Arc<Layout>,
}

/// A row that is refused, and why.
#[derive(Debug, Clone)]
pub struct BadRow {
    /// The row as it stands in the file.
    pub row: Row,
    /// What is wrong with it: at least one problem.
    pub problems: Vec<Problem>,
}

impl TypedRow {
    /// The row of the file, counted from 1.
    pub fn number(&self) -> u64 {
        self.row.number
    }

    /// The value under `key`, nothing if it is empty. A wrong key or type is an [`Error::Description`].
    pub fn get<T: FromValue>(&self, key: &str) -> Result<Option<T>> {
        typed(&self.values[self.layout.place(key)?], key)
    }

    /// The value under `key` of a required column.
    pub fn need<T: FromValue>(&self, key: &str) -> Result<T> {
        self.get(key)?.ok_or_else(|| Error::Description(key.into()))
    }

    /// The natural key of the row: its values under `keys` in their canonical form, so that the same row written
    /// another way (`1,000.0`, `１０００`) has the same key.
    pub fn natural_key(&self, keys: &[&str]) -> Result<String> {
        let places: Vec<usize> = keys.iter().map(|key| self.layout.place(key)).collect::<Result<_>>()?;
        Ok(self.key_of(&places))
    }

    fn key_of(&self, places: &[usize]) -> String {
        let parts: Vec<String> = places.iter().map(|place| self.values[*place].canonical()).collect();
        parts.join("\u{1f}")
    }

    /// The row refused after all by a rule of the office that reads it; `key` names the column at fault, if one is.
    pub fn refuse(self, key: Option<&str>, rule: Text) -> BadRow {
        self.bad(key, Reason::Rule(rule))
    }

    fn bad(self, key: Option<&str>, reason: Reason) -> BadRow {
        let place =
            key.and_then(|key| self.layout.place(key).ok()).and_then(|place| self.layout.places[place]);
        let column = place.map(|column| self.layout.heading(column));
        BadRow { problems: vec![Problem { row: self.row.number, column, reason }], row: self.row }
    }
}

/// A table being read as a sheet: an iterator over its rows, good and bad. It ends after the first error, which is
/// one of the file and not of a row.
pub struct SheetReader<'s> {
    sheet: &'s Sheet,
    table: Table,
    layout: Arc<Layout>,
    heading_row: u64,
    unknown: Vec<String>,
    seen: HashMap<[u8; 16], u64>,
}

impl Sheet {
    /// Finds the headings of `table` and stands before the first row under them.
    ///
    /// The heading is the first of the top rows that holds every required heading. Refuses missing and repeated
    /// headings, and unknown ones if the sheet says so.
    pub fn read(&self, table: Table) -> Result<SheetReader<'_>> {
        let mut table = table;
        let mut nearest: Option<(u64, Vec<String>)> = None;
        for _ in 0..HEADING_ROWS_MAX {
            let Some(row) = table.next_row()? else { break };
            let missing = self.missing(&row);
            if missing.is_empty() && row.cells.iter().any(|cell| self.accepting(cell).is_some()) {
                return self.under(row, table);
            }
            if nearest.as_ref().is_none_or(|(_, least)| missing.len() < least.len()) {
                nearest = Some((row.number, missing));
            }
        }
        let (row, missing) = nearest.unwrap_or_else(|| (1, self.missing(&Row::default())));
        Err(Error::MissingHeadings { file: table.file().into(), row, missing })
    }

    fn missing(&self, row: &Row) -> Vec<String> {
        let present: Vec<usize> = row.cells.iter().filter_map(|cell| self.accepting(cell)).collect();
        let columns = self.columns().iter().enumerate();
        columns
            .filter(|(place, column)| column.required && !present.contains(place))
            .filter_map(|(_, column)| column.headings.first().cloned())
            .collect()
    }

    fn under(&self, row: Row, table: Table) -> Result<SheetReader<'_>> {
        let mut places = vec![None; self.columns().len()];
        let (mut own, mut unknown, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
        for (column, heading) in row.cells.iter().enumerate() {
            match self.accepting(heading) {
                Some(place) if places[place].is_some() => repeated.push(heading.trim().to_owned()),
                Some(place) => places[place] = Some(column),
                None if is_reject_heading(heading) => continue,
                None if heading.trim().is_empty() => {}
                None => unknown.push(heading.trim().to_owned()),
            }
            own.push(column);
        }
        let file = || table.file().to_owned();
        if !repeated.is_empty() {
            return Err(Error::DuplicateHeadings { file: file(), row: row.number, headings: repeated });
        }
        if self.refuses_unknown() && !unknown.is_empty() {
            return Err(Error::UnknownHeadings { file: file(), row: row.number, headings: unknown });
        }
        let keys = self.columns().iter().map(|column| column.key.clone()).collect();
        let layout = Arc::new(Layout { keys, places, headings: row.cells, own });
        Ok(SheetReader { sheet: self, table, layout, heading_row: row.number, unknown, seen: HashMap::new() })
    }
}

impl SheetReader<'_> {
    /// The table that is read, for its name, digest and format.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The row of the headings, counted from 1.
    pub fn heading_row(&self) -> u64 {
        self.heading_row
    }

    /// The headings nobody knows, as written; their columns are passed over.
    pub fn unknown_headings(&self) -> &[String] {
        &self.unknown
    }

    pub(crate) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    fn entry(&mut self, row: Row) -> Entry {
        let layout = &self.layout;
        let mut problems = Vec::new();
        let mut values = Vec::with_capacity(layout.places.len());
        for (column, place) in self.sheet.columns().iter().zip(&layout.places) {
            let cell = place.and_then(|place| row.cells.get(place)).map_or("", String::as_str);
            let doubt = row.doubts.iter().find(|(doubtful, _)| Some(*doubtful) == *place);
            let read = match doubt {
                Some((_, reason)) => Err(reason.clone()),
                None => read(cell, &column.kind),
            };
            let reason = match read {
                Ok(Value::Empty) if column.required => Reason::Empty,
                Ok(value) => {
                    values.push(value);
                    continue;
                }
                Err(reason) => reason,
            };
            let heading = place.map(|place| layout.heading(place));
            problems.push(Problem { row: row.number, column: heading, reason });
        }
        for (column, cell) in row.cells.iter().enumerate().skip(layout.headings.len()) {
            if !cell.trim().is_empty() {
                let heading = Some(layout.heading(column));
                problems.push(Problem { row: row.number, column: heading, reason: Reason::NoHeading });
            }
        }
        if !problems.is_empty() {
            return Entry::Bad(BadRow { row, problems });
        }
        let row = TypedRow { values, row, layout: Arc::clone(layout) };
        match self.first_row_like(&row) {
            Some(first_row) => {
                let key =
                    self.sheet.unique_places().first().map(|place| self.sheet.columns()[*place].key.as_str());
                Entry::Bad(row.bad(key, Reason::Repeated { first_row }))
            }
            None => Entry::Good(row),
        }
    }

    fn first_row_like(&mut self, row: &TypedRow) -> Option<u64> {
        let places = self.sheet.unique_places();
        if places.is_empty() {
            return None;
        }
        let digest = Sha256::digest(row.key_of(places).as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        match self.seen.entry(key) {
            Slot::Occupied(first) => Some(*first.get()),
            Slot::Vacant(slot) => {
                slot.insert(row.row.number);
                None
            }
        }
    }
}

impl Iterator for SheetReader<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Result<Entry>> {
        match self.table.next_row() {
            Ok(row) => row.map(|row| Ok(self.entry(row))),
            Err(error) => Some(Err(error)),
        }
    }
}
