//! Numbered, forward-only changes of the schema, embedded in the program.

use crate::{Engine, Store, StoreError, params};

/// One step of a module's schema. It never changes once released; a later step corrects it.
pub struct Migration {
    /// Its number within the module, from 1 without gaps.
    pub number: i64,
    /// What it brings, in a few words.
    pub name: &'static str,
    /// Definitions for both engines, in the form SQLite takes (`STRICT`, `INTEGER`, `BLOB`).
    pub both: &'static str,
    /// What only SQLite needs (triggers in its own language).
    pub sqlite: &'static str,
    /// What only PostgreSQL needs.
    pub postgres: &'static str,
}

/// The schema of one module: its name and its steps in order.
pub struct Schema {
    /// The module's name.
    pub module: &'static str,
    /// Its steps.
    pub migrations: &'static [Migration],
}

/// The tables of this crate.
pub(crate) const OWN: Schema = Schema {
    module: "store",
    migrations: &[Migration {
        number: 1,
        name: "idempotency",
        both: "CREATE TABLE idempotency (
                 org_id INTEGER NOT NULL, request_key TEXT NOT NULL, verb TEXT NOT NULL,
                 body_hash BLOB NOT NULL, response TEXT NOT NULL, made_at INTEGER NOT NULL,
                 PRIMARY KEY (org_id, request_key)) STRICT, WITHOUT ROWID;",
        sqlite: "",
        postgres: "",
    }],
};

/// The list of what a database has had.
pub(crate) const LIST: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
               module TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL,
               PRIMARY KEY (module, number)) STRICT, WITHOUT ROWID;";

pub(crate) fn migrate(store: &Store, schema: &[Schema]) -> Result<u32, StoreError> {
    store.write(|tx| {
        if tx.engine() == Engine::Postgres {
            // IF NOT EXISTS alone fails when two programs start at once.
            tx.run_as_is("SELECT pg_advisory_xact_lock(hashtext('schema_migration'))")?;
        }
        tx.define(LIST)
    })?;
    let mut applied = 0;
    store.write(|tx| {
        if tx.engine() == Engine::Postgres {
            // Two programs that start at once: the second waits and finds the work done.
            tx.execute("LOCK TABLE schema_migration IN EXCLUSIVE MODE", &[])?;
        }
        for module in std::iter::once(&OWN).chain(schema) {
            let have = tx
                .one(
                    "SELECT COALESCE(MAX(number), 0) FROM schema_migration WHERE module = ?1",
                    params![module.module],
                    |row| row.int(0),
                )?
                .unwrap_or(0);
            let newest = module.migrations.last().map_or(0, |migration| migration.number);
            if have > newest {
                return Err(StoreError::Newer { module: module.module.into(), number: have });
            }
            for migration in module.migrations.iter().filter(|migration| migration.number > have) {
                tx.define(migration.both)?;
                match tx.engine() {
                    Engine::Sqlite => tx.define(migration.sqlite)?,
                    Engine::Postgres => tx.define(migration.postgres)?,
                }
                tx.execute(
                    "INSERT INTO schema_migration (module, number, name) VALUES (?1, ?2, ?3)",
                    params![module.module, migration.number, migration.name],
                )?;
                applied += 1;
            }
        }
        Ok(applied)
    })
}
