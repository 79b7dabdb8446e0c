//! Floor 1: the one door to the database, SQLite or PostgreSQL.
//!
//! A [`Store`] is opened from one URL. Every change runs inside [`Store::write`], every consistent look inside
//! [`Store::read`]; both hand a [`Tx`] to a closure, and the closure's error rolls everything back. SQL is written
//! once, with `?1` placeholders and the three types INTEGER, TEXT and BLOB; it is translated for PostgreSQL here
//! and nowhere else. Bulk rows go through [`Bulk`], at the speed of the engine's own loader.
//!
//! This crate knows no table but its own three (migrations, idempotency, nodes) and no rule of the trade.

mod bare;
mod bulk;
mod dialect;
mod error;
mod idempotency;
mod keys;
mod migrate;
mod postgres_engine;
mod sqlite_engine;
mod tx;
mod value;

pub use bare::BareInsert;
pub use bulk::{Bulk, Column, Kind};
pub use error::StoreError;
pub use keys::Keys;
pub use migrate::{Migration, Schema};
pub use tx::{Row, Tx};
pub use value::Value;

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
    /// which is created when missing. Refuses an SQLite library older than 3.51.3 and a PostgreSQL older than 15.
    pub fn open(url: &str) -> Result<Store, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let pool = PostgresPool::open(url)?;
            let node = pool.claim_node()?;
            Ok(Store { door: Door::Postgres(pool), keys: Keys::of_node(node) })
        } else {
            let path = url.strip_prefix("sqlite:").unwrap_or(url);
            Ok(Store { door: Door::Sqlite(SqliteFile::open(path)?), keys: Keys::of_node(0) })
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
    pub fn write<T, E: From<StoreError>>(
        &self,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.door {
            Door::Sqlite(file) => file.write(&self.keys, command),
            Door::Postgres(pool) => pool.write(&self.keys, command),
        }
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

    /// Brings the database to the schema of this program, module by module. A database that is newer than the
    /// program is refused untouched.
    pub fn migrate(&self, schema: &[Schema]) -> Result<u32, StoreError> {
        migrate::migrate(self, schema)
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

    /// Tells the engine that much has changed, so that it plans queries by the new sizes.
    pub fn refresh_statistics(&self) -> Result<(), StoreError> {
        match &self.door {
            Door::Sqlite(file) => file.refresh_statistics(),
            Door::Postgres(pool) => pool.refresh_statistics(),
        }
    }

    /// Copies the whole database to a new SQLite file while it is in use (SQLite only; PostgreSQL has `pg_dump`).
    pub fn backup_to(&self, path: &str) -> Result<(), StoreError> {
        match &self.door {
            Door::Sqlite(file) => file.backup_to(path),
            Door::Postgres(_) => Err(StoreError::NotOffered("backup_to: use pg_dump on PostgreSQL")),
        }
    }
}
