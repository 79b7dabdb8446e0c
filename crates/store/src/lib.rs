//! Floor 1: the one door to the database, SQLite or PostgreSQL.
//!
//! A [`Store`] is opened from one URL. Every change runs inside [`Store::write`], every consistent look inside
//! [`Store::read`]; both hand a [`Tx`] to a closure, and the closure's error rolls everything back. SQL is written
//! once, with `?1` placeholders and the three types INTEGER, TEXT and BLOB; it is translated for PostgreSQL here
//! and nowhere else. Bulk rows go through [`Bulk`], at the speed of the engine's own loader.
//!
//! This crate knows no table but its own three (migrations, idempotency, nodes) and no rule of the trade.

mod backup;
mod backup_file;
mod bare;
mod bulk;
mod catalogue;
mod conditions;
mod dialect;
mod error;
mod idempotency;
mod integrity;
mod keys;
mod migrate;
mod nesting;
mod postgres_engine;
mod restore;
mod retry;
mod row;
mod rows;
mod sqlite_engine;
mod sqlite_load;
mod tx;
mod value;
mod walk;

pub use backup_file::{BackupFault, BackupReport, BackupTable};
pub use bare::BareInsert;
pub use bulk::{Bulk, Column, Kind};
pub use conditions::{Conditions, containing};
pub use error::StoreError;
pub use integrity::{DefinitionFault, Definitions, compare_definitions};
pub use keys::Keys;
pub use migrate::{Migration, Schema};
pub use row::Row;
pub use rows::{RowChange, RowFault, RowFaultKind};
pub use tx::Tx;
pub use value::Value;
pub use walk::{KeyPart, Walk};

use kernel::Moment;
use postgres_engine::PostgresPool;
use sqlite_engine::SqliteFile;

/// Which database engine serves a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded engine, one file.
    Sqlite,
    /// A PostgreSQL server, version 15 or later.
    Postgres,
}

impl Engine {
    /// The name as printed in reports: `sqlite` or `postgres`.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        }
    }
}

enum Door {
    Sqlite(SqliteFile),
    Postgres(PostgresPool),
}

/// An open database. It can be shared between threads.
pub struct Store {
    door: Door,
    keys: Keys,
}

impl Store {
    /// Opens `url`: `postgres://user:password@host:port/name`, `sqlite:path`, or a plain path to an SQLite file,
    /// which is created when missing. Refuses an SQLite library older than 3.51.3, a PostgreSQL older than 15, and
    /// what is no database or cannot be written. No error shows a password.
    pub fn open(url: &str) -> Result<Store, StoreError> {
        match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => {
                let pool = PostgresPool::open(url)?;
                let node = pool.claim_node()?;
                Ok(Store { door: Door::Postgres(pool), keys: Keys::of_node(node) })
            }
            // What follows an unknown scheme may hold a password: it is not shown.
            Some((scheme, _)) if scheme != "sqlite" => Err(StoreError::Open {
                what: format!("{}://...", scheme.chars().take(20).collect::<String>()),
                why: "write postgres://user:password@host/name, or the path of an SQLite file".into(),
            }),
            _ => {
                let path = url.strip_prefix("sqlite:").unwrap_or(url);
                Ok(Store { door: Door::Sqlite(SqliteFile::open(path)?), keys: Keys::of_node(0) })
            }
        }
    }

    /// The engine behind this store.
    pub fn engine(&self) -> Engine {
        match &self.door {
            Door::Sqlite(_) => Engine::Sqlite,
            Door::Postgres(_) => Engine::Postgres,
        }
    }

    /// A new key that is larger than all made before by this program.
    pub fn next_key(&self, now: Moment) -> i64 {
        self.keys.next(now)
    }

    /// The engine's own version text.
    pub fn engine_version(&self) -> Result<String, StoreError> {
        match &self.door {
            Door::Sqlite(_) => Ok(format!("SQLite {}", rusqlite::version())),
            Door::Postgres(_) => self
                .read(|tx| tx.one("SELECT version()", &[], |row| row.text(0)).map(Option::unwrap_or_default)),
        }
    }

    /// Runs one command in a transaction of its own. When `command` fails, nothing it did remains; when this
    /// returns `Ok`, everything it did is durable. On SQLite, commands that wait for the writer share one commit.
    ///
    /// A command in which a statement failed cannot succeed, also when it ignores the failure (see [`Tx::attempt`]).
    /// A command inside a command of the same store is refused with [`StoreError::Nested`].
    pub fn write<T, E: From<StoreError>>(
        &self,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_noting(&mut None, command)
    }

    fn write_noting<T, E: From<StoreError>>(
        &self,
        note: &mut Option<StoreError>,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _inside = nesting::Inside::enter(self)?;
        match &self.door {
            Door::Sqlite(file) => file.write(&self.keys, note, command),
            Door::Postgres(pool) => pool.write(&self.keys, note, command),
        }
    }

    /// Like [`Store::write`], up to `times` times, while the engine says that trying again is safe: a deadlock or a
    /// serialisation failure on PostgreSQL, a lock not obtained, a shared commit of which nothing was kept. Between
    /// tries it waits a little longer each time.
    ///
    /// `command` starts from the beginning at each try: it must load what it decides on again, and change nothing
    /// outside its transaction. A lost connection during the commit is not tried again ([`StoreError::CommitUnknown`]):
    /// only the request key can tell whether the command was kept.
    pub fn write_retrying<T, E: From<StoreError>>(
        &self,
        times: u32,
        command: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        retry::write(self, times, command)
    }

    /// Has the engine read each SQL text without running it; the error names the first it does not take. For tests
    /// that prove every text of a module on both engines.
    pub fn check_statements(&self, texts: &[&str]) -> Result<(), StoreError> {
        for text in texts {
            let checked = match &self.door {
                Door::Sqlite(file) => file.check_statement(text),
                Door::Postgres(pool) => pool.check_statement(text),
            };
            checked.map_err(|error| StoreError::Sql(format!("{error}; in: {text}")))?;
        }
        Ok(())
    }

    /// Runs `look` on one consistent snapshot; writing inside it fails.
    pub fn read<T, E: From<StoreError>>(
        &self,
        look: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.door {
            Door::Sqlite(file) => file.read(&self.keys, look),
            Door::Postgres(pool) => pool.read(&self.keys, look),
        }
    }

    /// Brings the database to the schema of this program, module by module, in one transaction: whatever stops it, the
    /// database is as it was. A database that is newer than the program, has modules it does not know, or was made by
    /// other steps under the same numbers is refused untouched.
    pub fn migrate(&self, schema: &[Schema]) -> Result<u32, StoreError> {
        migrate::migrate(self, schema, None)
    }

    /// Brings an empty database to exactly the steps named, as a backup of an earlier version tells them
    /// ([`BackupReport::migrations`]), so that the backup can be restored and then migrated like the database it
    /// was made from.
    pub fn migrate_to(&self, schema: &[Schema], steps: &[(String, i64, String)]) -> Result<u32, StoreError> {
        migrate::migrate(self, schema, Some(steps))
    }

    /// The store's own part of the schema, for the list of what was released.
    pub fn own_schema() -> Schema {
        migrate::OWN
    }

    /// Bytes that the database occupies on disk.
    pub fn size_bytes(&self) -> Result<i64, StoreError> {
        match &self.door {
            Door::Sqlite(file) => Ok(file.size_bytes()),
            Door::Postgres(_) => self.read(|tx| {
                tx.one("SELECT pg_database_size(current_database())", &[], |row| row.int(0))
                    .map(Option::unwrap_or_default)
            }),
        }
    }

    /// Between the commits of a long bulk run: lets the engine tidy its write-ahead log while nobody writes.
    pub fn tidy_log(&self) -> Result<(), StoreError> {
        match &self.door {
            Door::Sqlite(file) => file.begin_log_anew(),
            Door::Postgres(_) => Ok(()),
        }
    }

    /// Tells the engine that much has changed, so that it plans queries by the new sizes.
    pub fn refresh_statistics(&self) -> Result<(), StoreError> {
        match &self.door {
            Door::Sqlite(file) => {
                let _inside = nesting::Inside::enter(self)?;
                file.refresh_statistics()
            }
            Door::Postgres(pool) => pool.refresh_statistics(),
        }
    }

    /// Copies the whole database to a new SQLite file while it is in use (SQLite only). For a copy that either
    /// engine takes, see [`Store::backup`].
    pub fn backup_to(&self, path: &str) -> Result<(), StoreError> {
        match &self.door {
            Door::Sqlite(file) => {
                let part = backup_file::PartFile::create(std::path::Path::new(path))?;
                file.backup_to(part.part_path())?;
                part.publish()
            }
            Door::Postgres(_) => Err(StoreError::NotOffered("backup_to: use backup, or pg_dump")),
        }
    }

    /// Writes every row of one consistent snapshot to the new file `path` while others go on reading and writing.
    /// The file can be restored into either engine. It appears under its name only when it is complete and durable.
    /// Memory is bounded by the largest row. On SQLite the write-ahead log grows until the backup is done.
    pub fn backup(&self, path: &std::path::Path) -> Result<BackupReport, StoreError> {
        backup::backup(self, path)
    }

    /// Brings a backup back into this database, which must have exactly the migrations recorded in the file and no
    /// rows. The whole file is verified before the first row is written; all rows are committed or none.
    ///
    /// The guards of a module judge acts in progress and would refuse history, so its triggers are off while the rows
    /// are written, inside the same transaction, and are proved to be back before the commit. Keys, checks and
    /// foreign keys hold for every row. What triggers guard beyond that rests on the file's digests: run the
    /// program's own check of the books afterwards.
    pub fn restore(&self, path: &std::path::Path) -> Result<BackupReport, StoreError> {
        let _inside = nesting::Inside::enter(self)?;
        restore::restore(self, path)
    }

    /// Reads a backup from its first byte to its last, verifies its digests and tells what is in it.
    pub fn inspect_backup(path: &std::path::Path) -> Result<BackupReport, StoreError> {
        backup_file::inspect(path)
    }
}
