//! The bare cost of rows: how long the engine needs to take them, with nothing around it. For benchmarks.

use std::time::{Duration, Instant};

use crate::{Bulk, Column, Engine, Kind, Store, StoreError, Value};

/// What a bare insert took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BareInsert {
    /// Rows inserted.
    pub rows: u64,
    /// Their encoded bytes.
    pub bytes: u64,
    /// Time the engine needed, commits included; reading the rows is not counted.
    pub elapsed: Duration,
}

/// Names that are not taken from a catalogue.
fn plain(name: &str) -> Result<&str, StoreError> {
    let good = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if good { Ok(name) } else { Err(StoreError::Sql(format!("not a table name: {name:?}"))) }
}

impl Store {
    /// The columns of `table` with their types, in order.
    fn columns_of(&self, table: &str) -> Result<Vec<(String, Kind)>, StoreError> {
        let kind = |declared: &str| match declared.to_ascii_uppercase().as_str() {
            "TEXT" => Kind::Text,
            "BLOB" | "BYTEA" => Kind::Blob,
            _ => Kind::Int,
        };
        let sql = match self.engine() {
            Engine::Sqlite => "SELECT name, type FROM pragma_table_info(?1) ORDER BY cid",
            Engine::Postgres => {
                "SELECT column_name::text, data_type::text FROM information_schema.columns
                 WHERE table_schema = 'public' AND table_name = ?1 ORDER BY ordinal_position"
            }
        };
        self.read(|tx| tx.list(sql, &[Value::Text(table)], |row| Ok((row.text(0)?, kind(&row.text(1)?)))))
    }

    /// Inserts the rows of `tables` that meet their condition again, bare, into `target`: tables of the same columns and
    /// primary key and nothing else, `batch_rows` rows to a transaction. `target` must be an empty database of the same engine; on PostgreSQL it
    /// may be this very one, the rows go to a schema of their own that is dropped at the end.
    pub fn measure_bare_insert(
        &self,
        target: &Store,
        tables: &[(&str, &str)],
        batch_rows: u64,
    ) -> Result<BareInsert, StoreError> {
        let mut found = BareInsert::default();
        let schema = if self.engine() == Engine::Postgres { "bare." } else { "" };
        if !schema.is_empty() {
            target.write(|tx| tx.define("DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare;"))?;
        }
        for (table, condition) in tables {
            let table = plain(table)?;
            let definition = match self.engine() {
                Engine::Sqlite => self
                    .read(|tx| {
                        tx.one(
                            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?1",
                            &[Value::Text(table)],
                            |row| row.text(0),
                        )
                    })?
                    .map(|sql| without_references(&sql))
                    .unwrap_or_default(),
                Engine::Postgres => {
                    format!("CREATE TABLE bare.{table} (LIKE public.{table} INCLUDING INDEXES);")
                }
            };
            target.write(|tx| tx.define(&definition))?;
            let columns = self.columns_of(table)?;
            // A bulk load keeps its names for the life of the program; a benchmark may leave a few behind.
            let leaked: &'static [Column] = Vec::leak(
                columns
                    .iter()
                    .map(|(name, kind)| (&*String::leak(name.clone()), *kind))
                    .collect::<Vec<Column>>(),
            );
            let mut bulk = Bulk::new(String::leak(format!("{schema}{table}")), leaked);
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            let mut flush = |bulk: &mut Bulk| -> Result<(), StoreError> {
                found.rows += bulk.rows();
                found.bytes += bulk.encoded_bytes();
                let started = Instant::now();
                target.write(|tx| tx.load(bulk))?;
                found.elapsed += started.elapsed();
                Ok(())
            };
            self.read(|tx| {
                let sql = format!("SELECT {} FROM {table} WHERE {condition}", names.join(", "));
                tx.each(&sql, &[], |row| {
                    enum Held {
                        Int(Option<i64>),
                        Text(Option<String>),
                        Blob(Option<Vec<u8>>),
                    }
                    let mut held = Vec::with_capacity(leaked.len());
                    for (at, (_, kind)) in leaked.iter().enumerate() {
                        held.push(match kind {
                            Kind::Int => Held::Int(row.int_or_null(at)?),
                            Kind::Text => Held::Text(row.text_or_null(at)?),
                            Kind::Blob => Held::Blob(row.blob_or_null(at)?),
                        });
                    }
                    let values: Vec<Value<'_>> = held
                        .iter()
                        .map(|field| match field {
                            Held::Int(value) => value.map_or(Value::Null, Value::Int),
                            Held::Text(value) => value.as_deref().map_or(Value::Null, Value::Text),
                            Held::Blob(value) => value.as_deref().map_or(Value::Null, Value::Blob),
                        })
                        .collect();
                    bulk.row(&values)?;
                    if bulk.rows() >= batch_rows { flush(&mut bulk) } else { Ok(()) }
                })
            })?;
            flush(&mut bulk)?;
        }
        if !schema.is_empty() {
            target.write(|tx| tx.define("DROP SCHEMA bare CASCADE;"))?;
        }
        Ok(found)
    }
}

/// A table definition without its foreign keys: they are part of what the bare figure leaves out.
fn without_references(sql: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_i32;
    let mut parts = vec![String::new()];
    let Some(open) = sql.find('(') else { return sql.to_owned() };
    let close = sql.rfind(')').unwrap_or(sql.len());
    for char in sql[open + 1..close].chars() {
        match char {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if char == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(char);
        }
    }
    let kept: Vec<String> = parts
        .into_iter()
        .filter(|part| !part.trim_start().to_ascii_uppercase().starts_with("FOREIGN KEY"))
        .map(|part| part.split(" REFERENCES ").next().unwrap_or_default().to_owned())
        .collect();
    out.push_str(&sql[..=open]);
    out.push_str(&kept.join(","));
    out.push_str(&sql[close..]);
    out
}

#[cfg(test)]
mod tests {
    use super::without_references;

    #[test]
    fn a_bare_table_has_its_key_and_no_references() {
        let sql =
            "CREATE TABLE t (a INTEGER NOT NULL REFERENCES b(c), d TEXT CHECK (d <> ''), PRIMARY KEY (a, d),
          FOREIGN KEY (a, d) REFERENCES e (a, d)) STRICT, WITHOUT ROWID";
        let bare = without_references(sql);
        assert!(!bare.contains("REFERENCES") && !bare.contains("FOREIGN"), "{bare}");
        assert!(bare.contains("PRIMARY KEY (a, d)") && bare.ends_with(") STRICT, WITHOUT ROWID"), "{bare}");
    }
}
