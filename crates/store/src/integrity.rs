//! Is the database itself whole: its pages and indexes, its references, and everything that guards its rows?
//!
//! An edited index or a dropped trigger changes no row, so no sum of the books would show it.

use std::collections::BTreeMap;

use crate::catalogue::quoted;
use crate::migrate::{LIST, OWN};
use crate::{Engine, Schema, Store, StoreError, Tx, params, rows};

/// Faults listed at most.
const FAULTS_MAX: usize = 100;

/// Definitions by name: tables, indexes, triggers and what else a migration makes, each as the engine prints it.
pub type Definitions = BTreeMap<String, String>;

/// What a definition of this database is, compared with what a fresh migration makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefinitionFault {
    /// It is not there.
    Missing,
    /// It is another one.
    Altered,
    /// It acts on rows and no migration made it.
    Unknown,
}

/// Compares the definitions of a database with the expected ones. Further tables and indexes are the administrator's
/// own business; further triggers are not.
pub fn compare_definitions(found: &Definitions, expected: &Definitions) -> Vec<(String, DefinitionFault)> {
    let mut faults = Vec::new();
    for (name, definition) in expected {
        match found.get(name) {
            None => faults.push((name.clone(), DefinitionFault::Missing)),
            Some(other) if other != definition => faults.push((name.clone(), DefinitionFault::Altered)),
            Some(_) => (),
        }
    }
    let strangers = found.keys().filter(|name| name.starts_with("trigger ") && !expected.contains_key(*name));
    faults.extend(strangers.map(|name| (name.clone(), DefinitionFault::Unknown)));
    faults
}

/// The name of a step of the schema and its digest, as a database lists it.
type Listed = (String, Option<Vec<u8>>);

impl Tx<'_> {
    /// Has the engine verify its own pages, keys and indexes; answers its complaints, empty when all is well.
    ///
    /// SQLite: `integrity_check` and `foreign_key_check`, which read every page and look up every index entry.
    /// PostgreSQL: `amcheck` with every heap tuple looked up, where that extension is installed; otherwise every index is
    /// read in its own order and compared with the table read from end to end.
    pub fn engine_faults(&mut self) -> Result<Vec<String>, StoreError> {
        match self.engine() {
            Engine::Sqlite => self.sqlite_faults(),
            Engine::Postgres => self.postgres_faults(),
        }
    }

    fn sqlite_faults(&mut self) -> Result<Vec<String>, StoreError> {
        let mut faults = self.list("PRAGMA integrity_check(100)", &[], |row| row.text(0))?;
        faults.retain(|text| text != "ok");
        let broken = self.list(
            "SELECT \"table\", parent, COUNT(*) FROM pragma_foreign_key_check GROUP BY 1, 2 LIMIT 100",
            &[],
            |row| {
                let (table, parent, rows) = (row.text(0)?, row.text(1)?, row.int(2)?);
                Ok::<_, StoreError>(format!(
                    "{rows} rows of {table} refer to rows of {parent} that are not there"
                ))
            },
        )?;
        faults.extend(broken);
        Ok(faults)
    }

    fn postgres_faults(&mut self) -> Result<Vec<String>, StoreError> {
        let amcheck =
            self.one("SELECT COUNT(*) FROM pg_extension WHERE extname = 'amcheck'", &[], |row| row.flag(0))?;
        let indexes = self.list(
            "SELECT i.indexrelid::bigint, c.relname::text, t.relname::text, i.indisvalid::int::bigint,
               COALESCE(pg_get_expr(i.indpred, i.indrelid), ''),
               (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place) FROM unnest(i.indkey::int2[])
                  WITH ORDINALITY AS k (attnum, place) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum)
             FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
             WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'r' ORDER BY 3, 2",
            &[],
            |row| {
                let texts = (row.text(1)?, row.text(2)?, row.text(4)?, row.text(5)?);
                Ok::<_, StoreError>((row.int(0)?, row.flag(3)?, texts))
            },
        )?;
        let mut faults = Vec::new();
        for (id, valid, (index, table, condition, columns)) in indexes {
            if faults.len() >= FAULTS_MAX {
                break;
            }
            if !valid {
                faults.push(format!("index {index} of {table} is not valid"));
            } else if amcheck == Some(true) {
                let looked = self.attempt(|tx| {
                    tx.one(
                        "SELECT bt_index_check(?1::bigint::oid::regclass, true)::text",
                        params![id],
                        |_| Ok::<_, StoreError>(()),
                    )
                });
                if let Err(error) = looked {
                    faults.push(format!("index {index} of {table}: {error}"));
                }
            } else if self.digest_by(&table, &columns, &condition, true)?
                != self.digest_by(&table, &columns, &condition, false)?
            {
                faults.push(format!("index {index} of {table} does not have the rows of its table"));
            }
        }
        Ok(faults)
    }

    /// Count and digest of the columns of an index, read by the index or past it.
    fn digest_by(
        &mut self,
        table: &str,
        columns: &str,
        condition: &str,
        by_index: bool,
    ) -> Result<Option<(i64, String)>, StoreError> {
        let (scan, index) = if by_index { ("off", "on") } else { ("on", "off") };
        self.run_as_is(&format!(
            "SET LOCAL enable_seqscan = {scan}; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = {scan};
             SET LOCAL enable_indexscan = {index}; SET LOCAL enable_indexonlyscan = {index}"
        ))?;
        let condition = if condition.is_empty() { String::new() } else { format!(" WHERE {condition}") };
        let order = if by_index { format!(" ORDER BY {columns}") } else { String::new() };
        let sql = format!(
            "SELECT COUNT(*), COALESCE(SUM(hashtextextended(s.line, 7)), 0)::text FROM (
               SELECT ROW({columns})::text AS line FROM {}{condition}{order}) s",
            quoted(table)
        );
        let found = self.one(&sql, &[], |row| Ok::<_, StoreError>((row.int(0)?, row.text(1)?)));
        self.run_as_is(
            "SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on; SET LOCAL enable_sort = on;
             SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = on",
        )?;
        found
    }

    /// Tables with rows of an organisation that is not among `known`, and which one: one look into the key for each
    /// organisation.
    pub fn owners_other_than(&mut self, known: &[i64]) -> Result<Vec<(String, i64)>, StoreError> {
        let mut found = Vec::new();
        for table in crate::catalogue::tables(self)? {
            if !table.columns.iter().any(|(name, _)| name == "org_id") {
                continue;
            }
            let mut after = i64::MIN;
            loop {
                let sql = format!("SELECT MIN(org_id) FROM {} WHERE org_id > ?1", quoted(&table.name));
                let next = self.one(&sql, params![after], |row| row.int_or_null(0))?;
                let Some(org_id) = next.flatten() else { break };
                // 0 stands for the installation as a whole.
                if org_id != 0 && !known.contains(&org_id) {
                    found.push((table.name.clone(), org_id));
                }
                after = org_id;
            }
        }
        Ok(found)
    }

    /// Steps of `schema` that the database's own list lacks, has with another name or digest, or has in excess.
    pub fn schema_step_faults(&mut self, schema: &[Schema]) -> Result<Vec<String>, StoreError> {
        let mut listed: BTreeMap<(String, i64), Listed> = BTreeMap::new();
        self.each("SELECT module, number, name, sha256 FROM schema_migration", &[], |row| {
            listed.insert((row.text(0)?, row.int(1)?), (row.text(2)?, row.blob_or_null(3)?));
            Ok::<_, StoreError>(())
        })?;
        let mut found = Vec::new();
        for module in std::iter::once(&OWN).chain(schema) {
            for step in module.migrations {
                let digest = step.digest().to_vec();
                let same = listed
                    .remove(&(module.module.to_owned(), step.number))
                    .is_some_and(|(name, sha256)| name == step.name && sha256 == Some(digest));
                if !same {
                    found.push(format!("{} {}", module.module, step.number));
                }
            }
        }
        found.extend(listed.into_keys().map(|(module, number)| format!("{module} {number}")));
        Ok(found)
    }

    /// The definitions of this database as they are.
    pub fn definitions(&mut self) -> Result<Definitions, StoreError> {
        let list = match self.engine() {
            Engine::Sqlite => {
                "SELECT type || ' ' || name, COALESCE(sql, '') FROM sqlite_schema
                 WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            }
            Engine::Postgres => POSTGRES_DEFINITIONS,
        };
        let mut found = Definitions::new();
        self.each(list, &[], |row| {
            found.insert(row.text(0)?, row.text(1)?);
            Ok::<_, StoreError>(())
        })?;
        Ok(found)
    }
}

/// Everything a migration makes in the current schema, printed without the schema's name.
const POSTGRES_DEFINITIONS: &str = "
SELECT 'trigger ' || c.relname || '.' || t.tgname,
  t.tgenabled::text || ' ' || replace(pg_get_triggerdef(t.oid, true), current_schema() || '.', '')
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.prosrc
FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind = 'f'
UNION ALL
SELECT 'constraint ' || c.relname || '.' || k.conname, replace(pg_get_constraintdef(k.oid, true), current_schema() || '.', '')
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.connamespace = current_schema()::regnamespace
UNION ALL
SELECT 'index ' || c.relname, replace(pg_get_indexdef(c.oid, 0, true), current_schema() || '.', '')
FROM pg_class c WHERE c.relkind = 'i' AND c.relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'column ' || c.relname || '.' || a.attname,
  format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull::text || ' ' || COALESCE(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'right ' || c.relname, COALESCE((
  SELECT string_agg(x.privilege_type, ' ' ORDER BY x.privilege_type) FROM aclexplode(c.relacl) x WHERE x.grantee = c.relowner), 'all')
FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace";

impl Store {
    /// The definitions that a fresh migration of `schema` makes on this engine. SQLite makes them in memory; PostgreSQL
    /// in a schema of its own inside a transaction that is rolled back, for which the role may create schemas.
    pub fn fresh_definitions(&self, schema: &[Schema]) -> Result<Definitions, StoreError> {
        match self.engine() {
            Engine::Sqlite => in_memory(schema),
            Engine::Postgres => {
                let mut found = Definitions::new();
                let name = format!("fresh_{}", self.next_key(kernel::Moment::from_millis(0)));
                let ended = self.write(|tx| {
                    tx.run_as_is(&format!("CREATE SCHEMA {name}; SET LOCAL search_path TO {name}"))?;
                    tx.define(LIST)?;
                    for migration in std::iter::once(&OWN).chain(schema).flat_map(|module| module.migrations)
                    {
                        tx.define(migration.both)?;
                        tx.define(migration.postgres)?;
                    }
                    let tables = rows::recorded(tx, schema)?;
                    rows::define(tx, tables)?;
                    found = tx.definitions()?;
                    // Nothing of it stays.
                    Err::<(), _>(StoreError::NotOffered("fresh definitions are never kept"))
                });
                match ended {
                    Err(StoreError::NotOffered(_)) => Ok(found),
                    Err(error) => Err(error),
                    Ok(()) => Ok(found),
                }
            }
        }
    }
}

fn in_memory(schema: &[Schema]) -> Result<Definitions, StoreError> {
    let connection = rusqlite::Connection::open_in_memory()?;
    // Statements of a `Tx` belong to a transaction.
    connection.execute_batch("BEGIN")?;
    connection.execute_batch(LIST)?;
    for migration in std::iter::once(&OWN).chain(schema).flat_map(|module| module.migrations) {
        connection.execute_batch(migration.both)?;
        connection.execute_batch(migration.sqlite)?;
    }
    let keys = crate::Keys::of_node(0);
    Tx::new(crate::tx::Connection::Sqlite(&connection), &keys).definitions()
}
