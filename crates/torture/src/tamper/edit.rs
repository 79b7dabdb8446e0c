//! One edit of a database file, chosen by chance.

use std::path::Path;

use fastrand::Rng;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::classes;

/// How often an edit is thought of anew when the engine itself refuses it or it changes nothing.
const TRIES: usize = 60;
/// Rows cut off the end of a table at most.
const CUT_MAX: u64 = 5;

/// What is done to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One value: a bit of a blob, a number by one, a letter of a text.
    Value,
    /// A row is taken away.
    Delete,
    /// A row is added that looks like another.
    Insert,
    /// Two rows exchange a value.
    Swap,
    /// The last rows are taken away.
    Truncate,
    /// An index says otherwise than its table, which is untouched.
    Index,
    /// A table is changed behind the back of its index.
    BehindIndex,
}

impl Kind {
    const ALL: [Kind; 7] =
        [Kind::Value, Kind::Delete, Kind::Insert, Kind::Swap, Kind::Truncate, Kind::Index, Kind::BehindIndex];
    /// Its name in a report.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Value => "value",
            Kind::Delete => "delete",
            Kind::Insert => "insert",
            Kind::Swap => "swap",
            Kind::Truncate => "truncate",
            Kind::Index => "index",
            Kind::BehindIndex => "behind-index",
        }
    }
}

/// An edit that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// What was done.
    pub kind: Kind,
    /// In which table.
    pub table: String,
    /// In which column, where one value was changed.
    pub column: String,
    /// In words.
    pub what: String,
}

/// A table as the edits see it.
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    columns: Vec<String>,
    key: Vec<String>,
    /// Indexes made by name: which they are, the columns they order by, and which rows they hold.
    indexes: Vec<(String, Vec<String>, String)>,
}

/// All tables of a database.
pub struct Layout {
    /// In order of name.
    pub tables: Vec<Table>,
}

impl Layout {
    /// Reads the layout of the database at `path`.
    pub fn read(path: &Path) -> Layout {
        let raw = Connection::open(path).unwrap();
        let list = |sql: &str, of: &str| -> Vec<String> {
            let mut statement = raw.prepare(sql).unwrap();
            let rows =
                statement.query_map(params_from_iter((!of.is_empty()).then_some(of)), |row| row.get(0));
            rows.unwrap().map(Result::unwrap).collect()
        };
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1";
        let tables = list(names, "").into_iter().map(|name| Table {
            rows: raw
                .query_row(&format!("SELECT COUNT(*) FROM \"{name}\""), [], |row| row.get::<_, i64>(0))
                .map_or(0, i64::unsigned_abs),
            columns: list("SELECT name FROM pragma_table_info(?1) ORDER BY cid", &name),
            key: list("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk", &name),
            indexes: list(
                "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?1 ORDER BY 1",
                &name,
            )
            .into_iter()
            .map(|index| {
                let columns = list("SELECT name FROM pragma_index_info(?1) WHERE name IS NOT NULL", &index);
                let text = list("SELECT sql FROM sqlite_schema WHERE name = ?1", &index).remove(0);
                let rows = text.split_once(" WHERE ").map_or("TRUE", |(_, rows)| rows).to_owned();
                (index, columns, rows)
            })
            .collect(),
            name,
        });
        Layout { tables: tables.collect() }
    }
}

/// Makes one edit in the database at `path`; nothing when chance found none that the engine takes.
pub fn edit(path: &Path, layout: &Layout, chance: &mut Rng, open_too: bool) -> Option<Made> {
    let raw = Connection::open(path).unwrap();
    raw.execute_batch(
        "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF;
         PRAGMA journal_mode = MEMORY; BEGIN",
    )
    .unwrap();
    let guards: Vec<(String, String)> = {
        let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid";
        let mut statement = raw.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    for (name, _) in &guards {
        raw.execute_batch(&format!("DROP TRIGGER \"{name}\"")).unwrap();
    }
    let worth = |table: &&Table| table.rows > 0 && (open_too || !classes::is_open(&table.name, "*"));
    let tables: Vec<&Table> = layout.tables.iter().filter(worth).collect();
    let mut made = None;
    for _ in 0..TRIES {
        let table = tables[chance.usize(..tables.len())];
        let kind = Kind::ALL[chance.usize(..Kind::ALL.len())];
        raw.execute_batch("SAVEPOINT edit").unwrap();
        made = Hand { raw: &raw, table, open_too }.make(kind, chance);
        if made.is_some() {
            raw.execute_batch("RELEASE edit").unwrap();
            break;
        }
        raw.execute_batch("ROLLBACK TO edit; RELEASE edit").unwrap();
    }
    for (_, sql) in &guards {
        raw.execute_batch(sql).unwrap();
    }
    raw.execute_batch("COMMIT; PRAGMA journal_mode = WAL;").unwrap();
    made
}

struct Hand<'h> {
    raw: &'h Connection,
    table: &'h Table,
    open_too: bool,
}

type Row = Vec<Value>;

impl Hand<'_> {
    fn make(&self, kind: Kind, chance: &mut Rng) -> Option<Made> {
        let (column, what) = match kind {
            Kind::Value => self.change(chance, None)?,
            Kind::Delete => self.delete(chance)?,
            Kind::Insert => self.insert(chance)?,
            Kind::Swap => self.swap(chance)?,
            Kind::Truncate => self.truncate(chance)?,
            Kind::Index => self.index(chance, true)?,
            Kind::BehindIndex => self.index(chance, false)?,
        };
        let table = self.table.name.clone();
        Some(Made { kind, what: format!("{} in {table}: {what}", kind.name()), table, column })
    }

    fn rows(&self, order: &str) -> Vec<Row> {
        let mut statement =
            self.raw.prepare(&format!("SELECT * FROM \"{}\" {order}", self.table.name)).unwrap();
        let width = statement.column_count();
        let rows =
            statement.query_map([], |row| (0..width).map(|at| row.get(at)).collect::<Result<Row, _>>());
        rows.unwrap().map(Result::unwrap).collect()
    }
    fn one(&self, chance: &mut Rng) -> Row {
        let place = chance.u64(..self.table.rows);
        self.rows(&format!("LIMIT 1 OFFSET {place}")).remove(0)
    }
    fn place(&self, column: &str) -> usize {
        self.table.columns.iter().position(|name| name == column).unwrap()
    }
    /// The key of `row` as a condition, its values from `?first` on.
    fn key(&self, row: &Row, first: usize) -> (String, Vec<Value>) {
        let columns = if self.table.key.is_empty() { &self.table.columns } else { &self.table.key };
        let parts: Vec<String> =
            columns.iter().enumerate().map(|(at, name)| format!("\"{name}\" IS ?{}", at + first)).collect();
        (parts.join(" AND "), columns.iter().map(|name| row[self.place(name)].clone()).collect())
    }
    fn shown(&self, row: &Row) -> String {
        let (_, values) = self.key(row, 1);
        values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" ")
    }
    /// Columns that chance may touch.
    fn columns(&self, of: Option<&[String]>) -> Vec<&String> {
        let open = |name: &&String| self.open_too || !classes::is_open(&self.table.name, name);
        self.table.columns.iter().filter(open).filter(|name| of.is_none_or(|of| of.contains(name))).collect()
    }

    fn set(&self, row: &Row, column: &str, value: &Value) -> Option<()> {
        let (condition, key) = self.key(row, 2);
        let sql = format!("UPDATE \"{}\" SET \"{column}\" = ?1 WHERE {condition}", self.table.name);
        let touched =
            self.raw.execute(&sql, params_from_iter(std::iter::once(value.clone()).chain(key))).ok()?;
        (touched == 1).then_some(())
    }

    fn change(&self, chance: &mut Rng, of: Option<&[String]>) -> Option<(String, String)> {
        let row = self.one(chance);
        let columns = self.columns(of);
        let column = *columns.get(chance.usize(..columns.len().max(1)))?;
        let old = &row[self.place(column)];
        let new = altered(old, chance)?;
        self.set(&row, column, &new)?;
        Some((column.clone(), format!("{column} of {}: {old:?} -> {new:?}", self.shown(&row))))
    }

    fn remove(&self, row: &Row) -> Option<()> {
        let (condition, key) = self.key(row, 1);
        let sql = format!("DELETE FROM \"{}\" WHERE {condition}", self.table.name);
        (self.raw.execute(&sql, params_from_iter(key)).ok()? == 1).then_some(())
    }

    fn delete(&self, chance: &mut Rng) -> Option<(String, String)> {
        if classes::may_lack(&self.table.name) && !self.open_too {
            return None;
        }
        let row = self.one(chance);
        self.remove(&row)?;
        Some((String::new(), self.shown(&row)))
    }

    fn insert(&self, chance: &mut Rng) -> Option<(String, String)> {
        if classes::may_have_more(&self.table.name) && !self.open_too {
            return None;
        }
        let mut row = self.one(chance);
        let last = self.table.key.last()?;
        let place = self.place(last);
        row[place] = match &row[place] {
            Value::Integer(number) => Value::Integer(number + chance.i64(1..3)),
            other => altered(other, chance)?,
        };
        let marks: Vec<String> = (1..=row.len()).map(|at| format!("?{at}")).collect();
        let sql = format!("INSERT INTO \"{}\" VALUES ({})", self.table.name, marks.join(", "));
        self.raw.execute(&sql, params_from_iter(&row)).ok()?;
        Some((String::new(), self.shown(&row)))
    }

    fn swap(&self, chance: &mut Rng) -> Option<(String, String)> {
        let (one, other) = (self.one(chance), self.one(chance));
        let mut columns = self.columns(None);
        columns.retain(|name| !self.table.key.contains(name));
        let column = *columns.get(chance.usize(..columns.len().max(1)))?;
        let (here, there) = (&one[self.place(column)], &other[self.place(column)]);
        if here == there {
            return None;
        }
        self.set(&one, column, there)?;
        self.set(&other, column, here)?;
        Some((column.clone(), format!("{column} of {} and {}", self.shown(&one), self.shown(&other))))
    }

    fn truncate(&self, chance: &mut Rng) -> Option<(String, String)> {
        if classes::may_lack(&self.table.name) && !self.open_too {
            return None;
        }
        let order: Vec<String> = self.table.key.iter().map(|name| format!("\"{name}\" DESC")).collect();
        let count = chance.u64(1..=CUT_MAX);
        let rows = self.rows(&format!("ORDER BY {} LIMIT {count}", order.join(", ")));
        rows.iter().try_for_each(|row| self.remove(row))?;
        Some((String::new(), format!("the last {}", rows.len())))
    }

    /// With `only`, the index is made wrong and its table stays as it was; else the table changes and the index does not.
    fn index(&self, chance: &mut Rng, only: bool) -> Option<(String, String)> {
        let (index, columns, rows) =
            self.table.indexes.get(chance.usize(..self.table.indexes.len().max(1)))?;
        let row = self.one(chance);
        // A row that an index of some rows leaves out is not in it to be made wrong.
        let (condition, key) = self.key(&row, 1);
        let sql = format!("SELECT COUNT(*) FROM \"{}\" WHERE {condition} AND ({rows})", self.table.name);
        let held: i64 = self.raw.query_row(&sql, params_from_iter(key), |row| row.get(0)).unwrap();
        if held == 0 {
            return None;
        }
        let columns: Vec<&String> =
            self.columns(Some(columns)).into_iter().filter(|name| !self.table.key.contains(name)).collect();
        let column = *columns.get(chance.usize(..columns.len().max(1)))?;
        let old = &row[self.place(column)];
        let new = altered(old, chance)?;
        if only {
            self.set(&row, column, &new)?;
        }
        let text = self.hide(index);
        self.set(&row, column, if only { old } else { &new })?;
        self.show(&text);
        Some((column.clone(), format!("{index}, {column} of {}: {old:?} -> {new:?}", self.shown(&row))))
    }

    /// Takes an index out of the schema without touching its pages.
    fn hide(&self, index: &str) -> [Value; 5] {
        let row =
            |row: &rusqlite::Row<'_>| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?]);
        let sql = "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = ?1";
        let text = self.raw.query_row(sql, [index], row).unwrap();
        self.raw.execute_batch("PRAGMA writable_schema = ON").unwrap();
        self.raw.execute("DELETE FROM sqlite_schema WHERE name = ?1", [index]).unwrap();
        self.raw.execute_batch("PRAGMA writable_schema = RESET").unwrap();
        text
    }
    fn show(&self, text: &[Value; 5]) {
        self.raw.execute_batch("PRAGMA writable_schema = ON").unwrap();
        let sql =
            "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.raw.execute(sql, params_from_iter(text)).unwrap();
        self.raw.execute_batch("PRAGMA writable_schema = RESET").unwrap();
    }
}

/// Another value of the same type, as near as can be.
fn altered(value: &Value, chance: &mut Rng) -> Option<Value> {
    match value {
        Value::Integer(number) => {
            Some(Value::Integer(if chance.bool() { number.wrapping_add(1) } else { number.wrapping_sub(1) }))
        }
        Value::Blob(bytes) if !bytes.is_empty() => {
            let mut bytes = bytes.clone();
            let place = chance.usize(..bytes.len());
            bytes[place] ^= 1 << chance.u8(..8);
            Some(Value::Blob(bytes))
        }
        Value::Text(text) if !text.is_empty() => {
            let mut chars: Vec<char> = text.chars().collect();
            let place = chance.usize(..chars.len());
            chars[place] = if chars[place] == 'x' { 'y' } else { 'x' };
            Some(Value::Text(chars.into_iter().collect()))
        }
        _ => None,
    }
}
