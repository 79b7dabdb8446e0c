//! What tables there are, from the engine's own catalogue.

use crate::{Engine, Kind, StoreError, Tx, params};

/// A table as a backup sees it: what it is called and what a row of it looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, Kind)>,
    /// Positions of the primary key's columns, in its order; empty without one.
    pub(crate) key: Vec<usize>,
}

/// The list of migrations: (module, number, name), in order.
pub(crate) type Migrations = Vec<(String, i64, String)>;

/// A name as both engines take it, whatever it contains.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Table {
    /// A query for all rows in the same order on both engines, so that digests can be compared.
    pub(crate) fn query(&self, engine: Engine) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| quoted(name)).collect();
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let order = if self.key.is_empty() { &all } else { &self.key };
        let order: Vec<String> = order
            .iter()
            .map(|&at| {
                let collation = match (self.columns[at].1, engine) {
                    (Kind::Text, Engine::Postgres) => " COLLATE \"C\"",
                    (Kind::Text, Engine::Sqlite) => " COLLATE BINARY",
                    _ => "",
                };
                // SQLite puts nulls first by itself; a key has none.
                let nulls =
                    if engine == Engine::Postgres && self.key.is_empty() { " NULLS FIRST" } else { "" };
                format!("{}{collation}{nulls}", names[at])
            })
            .collect();
        format!("SELECT {} FROM {} ORDER BY {}", names.join(", "), quoted(&self.name), order.join(", "))
    }
}

/// All tables but the lists of migrations and of recorded tables, which migrations fill, in the order of their names' bytes.
pub(crate) fn tables(tx: &mut Tx<'_>) -> Result<Vec<Table>, StoreError> {
    let engine = tx.engine();
    let list = match engine {
        Engine::Sqlite => {
            "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type <> 'view'
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name COLLATE BINARY"
        }
        Engine::Postgres => {
            "SELECT relname::text, CASE relkind WHEN 'f' THEN 'foreign' ELSE 'table' END FROM pg_class
             WHERE relkind IN ('r', 'p', 'f') AND NOT relispartition AND relnamespace = current_schema()::regnamespace
             ORDER BY relname::text COLLATE \"C\""
        }
    };
    let names = tx.list(list, &[], |row| Ok::<_, StoreError>((row.text(0)?, row.text(1)?)))?;
    let mut found = Vec::new();
    for (name, kind) in names {
        if kind != "table" {
            return Err(StoreError::Sql(format!("{name} is a {kind} table, which a backup does not carry")));
        }
        if name != "schema_migration" && name != "row_recorded" {
            found.push(table(tx, name)?);
        }
    }
    Ok(found)
}

fn table(tx: &mut Tx<'_>, name: String) -> Result<Table, StoreError> {
    // Generated columns are left out: the engine fills them again.
    let list = match tx.engine() {
        Engine::Sqlite => {
            "SELECT name, type, pk FROM pragma_table_xinfo(?1) WHERE hidden = 0 ORDER BY cid"
        }
        Engine::Postgres => {
            "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod),
               COALESCE((SELECT array_position(i.indkey::int2[], a.attnum) + 1 - array_lower(i.indkey::int2[], 1)
                         FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary), 0)
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
             WHERE c.relname = ?1::text AND c.relnamespace = current_schema()::regnamespace
               AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum"
        }
    };
    let engine = tx.engine();
    let mut columns = Vec::new();
    let mut key = Vec::new();
    tx.each(list, params![&name], |row| {
        let (column, kind) = (row.text(0)?, row.text(1)?);
        let kind = match (engine, kind.to_ascii_uppercase().as_str()) {
            (Engine::Sqlite, "INTEGER" | "INT") | (Engine::Postgres, "BIGINT") => Kind::Int,
            (_, "TEXT") => Kind::Text,
            (Engine::Sqlite, "BLOB") | (Engine::Postgres, "BYTEA") => Kind::Blob,
            _ => {
                let why = format!("{name}.{column} has type {kind:?}, which a backup does not carry");
                return Err(StoreError::Sql(why));
            }
        };
        let place = row.int(2)?;
        if place > 0 {
            key.push((place, columns.len()));
        }
        columns.push((column, kind));
        Ok(())
    })?;
    key.sort_unstable();
    Ok(Table { name, columns, key: key.into_iter().map(|(_, at)| at).collect() })
}

/// The migrations the database has had.
pub(crate) fn migrations(tx: &mut Tx<'_>) -> Result<Migrations, StoreError> {
    let mut found: Migrations = tx.list("SELECT module, number, name FROM schema_migration", &[], |row| {
        Ok::<_, StoreError>((row.text(0)?, row.int(1)?, row.text(2)?))
    })?;
    found.sort_unstable();
    Ok(found)
}

/// A printable list of everything that guards rows: triggers and foreign keys, as the engine itself describes them.
pub(crate) fn guards(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let list = match tx.engine() {
        Engine::Sqlite => {
            "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || sql FROM sqlite_schema
             WHERE type IN ('trigger', 'table') ORDER BY 1"
        }
        Engine::Postgres => {
            "SELECT t.tgrelid::regclass::text || ' ' || t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid)
             FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
             WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
             UNION ALL
             SELECT conrelid::regclass::text || ' ' || conname::text || ' ' || pg_get_constraintdef(oid)
             FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND conrelid <> 0
             ORDER BY 1"
        }
    };
    tx.list(list, &[], |row| row.text(0))
}
