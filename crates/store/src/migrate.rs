//! Numbered, forward-only changes of the schema, embedded in the program.

use sha2::{Digest, Sha256};

use crate::{Engine, Store, StoreError, Tx, catalogue, params, rows};

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
    /// Its tables whose rows have no fingerprints: rows that other checks derive or sum up whole, too many to be told
    /// one by one, and what lives for hours only. All others have them (see [`Tx::row_faults`]).
    pub unrecorded: &'static [&'static str],
}

impl Migration {
    /// What tells this step from any other text, in the form of SHA-256 over its parts, each with its length. It is
    /// recorded when the step is taken, and a program whose step of the same number reads otherwise is refused.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new().chain_update(self.number.to_be_bytes());
        for part in [self.name, self.both, self.sqlite, self.postgres] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        digest.finalize().into()
    }
}

/// The tables of this crate.
pub(crate) const OWN: Schema = Schema {
    module: "store",
    migrations: &[
        Migration {
            number: 1,
            name: "idempotency",
            both: "CREATE TABLE idempotency (
                 org_id INTEGER NOT NULL, request_key TEXT NOT NULL, verb TEXT NOT NULL,
                 body_hash BLOB NOT NULL, response TEXT NOT NULL, made_at INTEGER NOT NULL,
                 PRIMARY KEY (org_id, request_key)) STRICT, WITHOUT ROWID;",
            sqlite: "",
            postgres: "",
        },
        Migration {
            number: 2,
            name: "digests of migrations",
            // Databases of 0.1.0 have none: they are adopted as what this program says it released.
            both: "ALTER TABLE schema_migration ADD COLUMN sha256 BLOB;",
            sqlite: "",
            postgres: "",
        },
        rows::MIGRATION,
    ],
    // `row_change` and the lists about it: the vault binds them.
    unrecorded: &[],
};

/// The list of what a database has had.
pub(crate) const LIST: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
               module TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL,
               PRIMARY KEY (module, number)) STRICT, WITHOUT ROWID;";

/// The store's own step with which digests begin.
const DIGESTS: i64 = 2;

/// The store's own step with which fingerprints of rows begin.
const FINGERPRINTS: i64 = rows::MIGRATION.number;

/// How far to go: as far as the program can, or exactly to what is named.
pub(crate) type UpTo<'a> = Option<&'a [(String, i64, String)]>;

pub(crate) fn migrate(store: &Store, schema: &[Schema], up_to: UpTo<'_>) -> Result<u32, StoreError> {
    if let Some(asked) = up_to {
        known(schema, asked)?;
    }
    store.write(|tx| {
        if tx.engine() == Engine::Postgres {
            // IF NOT EXISTS alone fails when two programs start at once.
            tx.run_as_is("SELECT pg_advisory_xact_lock(hashtext('schema_migration'))")?;
        }
        tx.define(LIST)
    })?;
    store.write(|tx| {
        if tx.engine() == Engine::Postgres {
            // Two programs that start at once: the second waits and finds the work done.
            tx.execute("LOCK TABLE schema_migration IN EXCLUSIVE MODE", &[])?;
        }
        let have = catalogue::migrations(tx)?;
        known(schema, &have)?;
        let digests = have.iter().any(|(module, number, _)| module == OWN.module && *number >= DIGESTS);
        if digests {
            compare(tx, schema)?;
        }
        let wanted = |module: &str, number: i64| {
            up_to.is_none_or(|asked| asked.iter().any(|(name, at, _)| name == module && *at == number))
        };
        let mut ahead: Vec<(&str, &Migration)> = Vec::new();
        for module in std::iter::once(&OWN).chain(schema) {
            let newest = newest_of(&have, module.module);
            let steps = module.migrations.iter().filter(|step| step.number > newest);
            ahead.extend(
                steps.filter(|step| wanted(module.module, step.number)).map(|step| (module.module, step)),
            );
        }
        if !ahead.is_empty() {
            tx.pause_capture()?;
            let steps: Vec<&Migration> = ahead.iter().map(|(_, step)| *step).collect();
            let before = rows::before(tx, &steps)?;
            tx.unwatch()?;
            for (module, step) in &ahead {
                tx.define(step.both)?;
                match tx.engine() {
                    Engine::Sqlite => tx.define(step.sqlite)?,
                    Engine::Postgres => tx.define(step.postgres)?,
                }
                tx.execute(
                    "INSERT INTO schema_migration (module, number, name) VALUES (?1, ?2, ?3)",
                    params![*module, step.number, step.name],
                )?;
            }
            let begun = newest_of(&have, OWN.module) >= FINGERPRINTS || wanted(OWN.module, FINGERPRINTS);
            if begun {
                rows::after(tx, schema, before)?;
            }
        }
        if wanted(OWN.module, DIGESTS) {
            adopt(tx, schema)?;
        }
        Ok(u32::try_from(ahead.len()).unwrap_or(u32::MAX))
    })
}

fn newest_of(have: &[(String, i64, String)], module: &str) -> i64 {
    have.iter().filter(|(name, _, _)| name == module).map(|(_, number, _)| *number).max().unwrap_or(0)
}

/// Refuses what another program wrote: a module this one does not have, or a step beyond its own.
fn known(schema: &[Schema], have: &[(String, i64, String)]) -> Result<(), StoreError> {
    for (module, number, _) in have {
        let own = std::iter::once(&OWN).chain(schema).find(|own| own.module == module);
        let newest = own.map_or(0, |own| own.migrations.last().map_or(0, |migration| migration.number));
        if *number > newest {
            let newest_found = newest_of(have, module);
            return Err(StoreError::Newer { module: module.clone(), number: newest_found, known: newest });
        }
    }
    Ok(())
}

/// Refuses a database whose recorded steps are not the ones this program has under the same numbers.
fn compare(tx: &mut Tx<'_>, schema: &[Schema]) -> Result<(), StoreError> {
    let recorded = tx.list(
        "SELECT module, number, sha256 FROM schema_migration WHERE sha256 IS NOT NULL ORDER BY module, number",
        &[],
        |row| Ok::<_, StoreError>((row.text(0)?, row.int(1)?, row.blob(2)?)),
    )?;
    for (module, number, sha256) in recorded {
        let own = std::iter::once(&OWN).chain(schema).find(|own| own.module == module);
        let step = own.and_then(|own| own.migrations.iter().find(|step| step.number == number));
        if step.is_none_or(|step| step.digest().as_slice() != sha256) {
            return Err(StoreError::OtherMigration { module, number });
        }
    }
    Ok(())
}

/// Records the digest of every step that has none yet: those just taken, and those of a database of 0.1.0.
fn adopt(tx: &mut Tx<'_>, schema: &[Schema]) -> Result<(), StoreError> {
    for module in std::iter::once(&OWN).chain(schema) {
        for step in module.migrations {
            tx.execute(
                "UPDATE schema_migration SET sha256 = ?3 WHERE module = ?1 AND number = ?2 AND sha256 IS NULL",
                params![module.module, step.number, step.digest().as_slice()],
            )?;
        }
    }
    Ok(())
}
