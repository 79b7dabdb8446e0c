//! PostgreSQL: a small pool of connections, prepared statements kept per connection, binary COPY for bulk rows.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, NoTls, Statement};

use crate::dialect::{definitions_for_postgres, placeholders_for_postgres};
use crate::tx::Connection as Either;
use crate::{Bulk, Keys, StoreError, Tx, Value};

const CONNECTIONS_MAX: usize = 16;
const LEAST_VERSION: i64 = 150_000;
/// Rows are sent to the server in pieces of this size.
const COPY_PIECE_BYTES: usize = 1 << 20;
/// Up to so many rows one prepared INSERT is quicker than COPY, which asks the server three times.
const FEW_ROWS: u64 = 8;

pub(crate) struct PostgresConnection {
    client: Client,
    statements: HashMap<String, Statement>,
}

struct Idle {
    connections: Vec<PostgresConnection>,
    open: usize,
}

pub(crate) struct PostgresPool {
    config: postgres::Config,
    shown: String,
    idle: Mutex<Idle>,
    freed: Condvar,
}

impl PostgresPool {
    pub(crate) fn open(url: &str) -> Result<PostgresPool, StoreError> {
        let config: postgres::Config = url.parse().map_err(|_| StoreError::Open {
            what: "PostgreSQL".into(),
            why: "not a valid postgres:// URL".into(),
        })?;
        let shown = format!("PostgreSQL {}", config.get_dbname().unwrap_or("(default)"));
        let idle = Mutex::new(Idle { connections: Vec::new(), open: 0 });
        let pool = PostgresPool { config, shown, idle, freed: Condvar::new() };
        let mut first = pool.connect()?;
        let version = first.client.query_one("SHOW server_version_num", &[])?.try_get::<_, String>(0)?;
        if version.parse::<i64>().unwrap_or(0) < LEAST_VERSION {
            return Err(StoreError::TooOld { engine: "PostgreSQL", found: version, needed: "15" });
        }
        let mut idle = pool.lock();
        idle.open = 1;
        idle.connections.push(first);
        drop(idle);
        Ok(pool)
    }

    fn connect(&self) -> Result<PostgresConnection, StoreError> {
        let failed =
            |error: postgres::Error| StoreError::Open { what: self.shown.clone(), why: error.to_string() };
        let mut client = self.config.connect(NoTls).map_err(failed)?;
        client.batch_execute(
            "SET lock_timeout = '10s'; SET client_min_messages = warning; SET TIME ZONE 'UTC'",
        )?;
        Ok(PostgresConnection { client, statements: HashMap::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Each program that opens the database takes the next node number, so that keys of two programs differ.
    pub(crate) fn claim_node(&self) -> Result<i64, StoreError> {
        let mut connection = self.take()?;
        connection.client.batch_execute("CREATE SEQUENCE IF NOT EXISTS store_node")?;
        let node = connection.client.query_one("SELECT nextval('store_node')", &[])?.try_get(0)?;
        self.give_back(connection);
        Ok(node)
    }

    fn take(&self) -> Result<PostgresConnection, StoreError> {
        let mut idle = self.lock();
        loop {
            if let Some(connection) = idle.connections.pop() {
                return Ok(connection);
            }
            if idle.open < CONNECTIONS_MAX {
                idle.open += 1;
                drop(idle);
                return self.connect().inspect_err(|_| self.forget());
            }
            idle = self.freed.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give_back(&self, connection: PostgresConnection) {
        self.lock().connections.push(connection);
        self.freed.notify_one();
    }

    fn forget(&self) {
        self.lock().open -= 1;
        self.freed.notify_one();
    }

    fn run<T, E: From<StoreError>>(
        &self,
        keys: &Keys,
        begin: &str,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut lent = Lent { pool: self, connection: Some(self.take()?) };
        let Some(connection) = lent.connection.as_mut() else { return Err(StoreError::Busy.into()) };
        connection.client.batch_execute(begin).map_err(StoreError::from)?;
        let outcome = command(&mut Tx { connection: Either::Postgres(connection), keys });
        let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = connection.client.batch_execute(end).map_err(StoreError::from);
        let connection = if ended.is_ok() { lent.connection.take() } else { None };
        if let Some(connection) = connection {
            self.give_back(connection);
        }
        match (outcome, ended) {
            (Ok(value), Ok(())) => Ok(value),
            (Err(error), _) => Err(error),
            (Ok(_), Err(error)) => Err(StoreError::CommitFailed(error.to_string()).into()),
        }
    }

    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        keys: &Keys,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(keys, "BEGIN", command)
    }

    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        keys: &Keys,
        look: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(keys, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", look)
    }

    pub(crate) fn refresh_statistics(&self) -> Result<(), StoreError> {
        let mut connection = self.take()?;
        connection.client.batch_execute("ANALYZE")?;
        self.give_back(connection);
        Ok(())
    }
}

/// A connection that is closed, not reused, when a command panics or its end is unknown.
struct Lent<'p> {
    pool: &'p PostgresPool,
    connection: Option<PostgresConnection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if self.connection.is_some() {
            self.pool.forget();
        }
    }
}

impl PostgresConnection {
    fn statement(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&placeholders_for_postgres(sql))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        let statement = self.statement(sql)?;
        let params =
            params.iter().map(|value| value as &(dyn postgres::types::ToSql + Sync)).collect::<Vec<_>>();
        Ok(self.client.execute(&statement, &params)?)
    }

    pub(crate) fn each<E: From<StoreError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut take: impl FnMut(&postgres::Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let statement = self.statement(sql)?;
        let params = params.iter().map(|value| value as &(dyn postgres::types::ToSql + Sync));
        let mut rows = self.client.query_raw(&statement, params).map_err(StoreError::from)?;
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            take(&row)?;
        }
        Ok(())
    }

    pub(crate) fn define(&mut self, definitions: &str) -> Result<(), StoreError> {
        Ok(self.client.batch_execute(&definitions_for_postgres(definitions))?)
    }

    fn insert_few(&mut self, bulk: &Bulk) -> Result<(), StoreError> {
        let names: Vec<&str> = bulk.columns.iter().map(|(name, _)| *name).collect();
        let mut values = Vec::with_capacity(names.len() * bulk.rows as usize);
        bulk.each_field(
            |_, value| {
                values.push(value);
                Ok(())
            },
            || Ok(()),
        )?;
        let marks: Vec<String> = (1..=values.len()).map(|at| format!("${at}")).collect();
        let rows: Vec<String> =
            marks.chunks(names.len()).map(|row| format!("({})", row.join(", "))).collect();
        let sql = format!("INSERT INTO {} ({}) VALUES {}", bulk.table, names.join(", "), rows.join(", "));
        self.execute(&sql, &values)?;
        Ok(())
    }

    pub(crate) fn load(&mut self, bulk: &Bulk) -> Result<(), StoreError> {
        if bulk.rows <= FEW_ROWS {
            return self.insert_few(bulk);
        }
        let names: Vec<&str> = bulk.columns.iter().map(|(name, _)| *name).collect();
        let sql = format!("COPY {} ({}) FROM STDIN (FORMAT BINARY)", bulk.table, names.join(", "));
        let failed = |error: std::io::Error| match error.downcast::<postgres::Error>() {
            Ok(error) => StoreError::from(error),
            Err(error) => StoreError::Sql(error.to_string()),
        };
        let mut copy = self.client.copy_in(sql.as_str())?;
        copy.write_all(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0").map_err(failed)?;
        for piece in bulk.bytes.chunks(COPY_PIECE_BYTES) {
            copy.write_all(piece).map_err(failed)?;
        }
        copy.write_all(&(-1_i16).to_be_bytes()).map_err(failed)?;
        copy.finish()?;
        Ok(())
    }
}
