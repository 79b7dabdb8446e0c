//! Are the rows those that the program left?

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};

use super::fingerprint::{Described, Fingerprint, WIDTH};
use super::{kept, recorded};
use crate::{Schema, StoreError, Tx, params};

/// Faults listed for one table at most.
const FAULTS_MAX: usize = 20;
/// So often is told how far it is.
const TOLD_EVERY: i64 = 4_096;

/// Rows of a table that are not as the program left them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The table.
    pub table: String,
    /// What is wrong.
    pub kind: RowFaultKind,
}

/// What is wrong with rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowFaultKind {
    /// The program did not write the row as it is; its key.
    Unwritten(String),
    /// So many rows as the program left them are not there.
    Missing(u64),
    /// What is kept about the rows cannot be read.
    Unreadable,
}

/// Two sums over fingerprints with factors that nobody knew beforehand: equal sums are equal rows.
#[derive(Clone)]
struct Sums {
    states: [RandomState; 2],
}

impl Sums {
    fn of(&self, print: &[u8]) -> [u64; 2] {
        [self.states[0].hash_one(print), self.states[1].hash_one(print)]
    }
}

fn add(sum: &mut [u64; 2], part: [u64; 2], is_new: bool) {
    for (sum, part) in sum.iter_mut().zip(part) {
        *sum = if is_new { sum.wrapping_add(part) } else { sum.wrapping_sub(part) };
    }
}

impl Tx<'_> {
    /// Compares every row of the organisation in recorded tables with what the program left; answers how many rows
    /// there are and what is wrong. Memory: a few numbers for each table, and 50 bytes for each row of a table with
    /// a fault.
    pub fn row_faults(
        &mut self,
        org_id: i64,
        schema: &[Schema],
        tell: &mut dyn FnMut(i64),
    ) -> Result<(i64, Vec<RowFault>), StoreError> {
        let tables = recorded(self, schema)?;
        let mut listed = kept(self)?;
        let sums = Sums { states: [RandomState::new(), RandomState::new()] };
        let mut expected: BTreeMap<String, [u64; 2]> = BTreeMap::new();
        let mut faults = Vec::new();
        self.each_prints(org_id, None, |table, prints, is_new| {
            if prints.len() % WIDTH != 0 {
                faults.push(RowFault { table: table.to_owned(), kind: RowFaultKind::Unreadable });
            }
            let sum = match expected.get_mut(table) {
                Some(sum) => sum,
                None => expected.entry(table.to_owned()).or_default(),
            };
            for print in prints.chunks_exact(WIDTH) {
                add(sum, sums.of(print), is_new);
            }
        })?;
        let (mut looked_at, mut text) = (0, Vec::new());
        for table in &tables {
            // A table that the list lacks is watched no more when the database is opened again.
            if !listed.remove(&table.name) {
                faults.push(RowFault { table: table.name.clone(), kind: RowFaultKind::Unreadable });
            }
            let mut sum = expected.remove(&table.name).unwrap_or_default();
            self.each(&table.query(), params![org_id], |row| {
                add(&mut sum, sums.of(&table.of_row(row, &mut text)?), false);
                looked_at += 1;
                if looked_at % TOLD_EVERY == 0 {
                    tell(looked_at);
                }
                Ok::<_, StoreError>(())
            })?;
            if sum != [0, 0] {
                faults.extend(self.name_rows(org_id, table)?);
            }
        }
        let strange = listed.into_iter();
        faults.extend(strange.map(|table| RowFault { table, kind: RowFaultKind::Unreadable }));
        // What is left belongs to tables that are recorded no more, or never were.
        let strange = expected.into_iter().filter(|(_, sum)| *sum != [0, 0]);
        faults.extend(strange.map(|(table, _)| RowFault { table, kind: RowFaultKind::Unreadable }));
        Ok((looked_at, faults))
    }

    /// Gives the fingerprints of each change of rows, new ones and old ones apart.
    fn each_prints(
        &mut self,
        org_id: i64,
        table: Option<&str>,
        mut take: impl FnMut(&str, &[u8], bool),
    ) -> Result<(), StoreError> {
        self.each(
            "SELECT table_name, added, removed FROM row_change WHERE org_id = ?1 AND (?2 = '' OR table_name = ?2)",
            params![org_id, table.unwrap_or_default()],
            |row| {
                let name = row.text(0)?;
                row.with_blob(1, |prints| take(&name, prints, true))?;
                row.with_blob(2, |prints| take(&name, prints, false))
            },
        )
    }

    /// Which rows of a table they are.
    fn name_rows(&mut self, org_id: i64, table: &Described) -> Result<Vec<RowFault>, StoreError> {
        let mut left: HashMap<Fingerprint, i64> = HashMap::new();
        self.each_prints(org_id, Some(&table.name), |_, prints, is_new| {
            for print in prints.chunks_exact(WIDTH) {
                let mut key = [0; WIDTH];
                key.copy_from_slice(print);
                *left.entry(key).or_default() += if is_new { 1 } else { -1 };
            }
        })?;
        let mut faults = Vec::new();
        let mut fault = |kind| faults.push(RowFault { table: table.name.clone(), kind });
        let (mut text, mut unwritten) = (Vec::new(), 0);
        self.each(&table.query(), params![org_id], |row| {
            let count = left.entry(table.of_row(row, &mut text)?).or_default();
            *count -= 1;
            if *count < 0 {
                unwritten += 1;
                if unwritten <= FAULTS_MAX {
                    fault(RowFaultKind::Unwritten(table.key_of(row)?));
                }
            }
            Ok::<_, StoreError>(())
        })?;
        let missing: i64 = left.values().map(|count| (*count).max(0)).sum();
        if missing > 0 {
            fault(RowFaultKind::Missing(missing.unsigned_abs()));
        }
        // Fingerprints taken away that were never there, with no row to show for it.
        if missing == 0 && unwritten == 0 {
            fault(RowFaultKind::Unreadable);
        }
        Ok(faults)
    }
}
