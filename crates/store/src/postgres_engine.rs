//! PostgreSQL: a small pool of connections, prepared statements kept per connection, binary COPY for bulk rows.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, NoTls, Statement};

use crate::bulk::EncodedRows;
use crate::dialect::placeholders_for_postgres;
use crate::error::whole_story;
use crate::tx::Connection as Either;
use crate::{Keys, StoreError, Tx, Value};

const CONNECTIONS_MAX: usize = 16;
const LEAST_VERSION: i64 = 150_000;
/// Rows are sent to the server in pieces of this size.
const COPY_PIECE_BYTES: usize = 1 << 20;
/// Up to so many rows one prepared INSERT is quicker than COPY, which asks the server three times.
const FEW_ROWS: u64 = 8;
/// Prepared statements kept by one connection; the one unused for longest goes first.
const STATEMENTS_KEPT: usize = 512;
/// A command that finds all connections taken for so long is told that the database is busy.
const PATIENCE: Duration = Duration::from_secs(10);
/// Begins a transaction that only looks.
const LOOK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Two programs that start at once define the same things one after the other.
const SETTING_UP: i64 = 0x7a68_616e_6766_616e;

pub(crate) struct PostgresConnection {
    client: Client,
    statements: HashMap<String, (u64, Statement)>,
    used: u64,
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
        let mut config: postgres::Config = url.parse().map_err(|_| StoreError::Open {
            what: "PostgreSQL".into(),
            why: "not a valid postgres:// URL".into(),
        })?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
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
            |error: postgres::Error| StoreError::Open { what: self.shown.clone(), why: whole_story(&error) };
        let mut client = self.config.connect(NoTls).map_err(failed)?;
        client.batch_execute(crate::rows::postgres::OPEN)?;
        client.batch_execute(
            "SET lock_timeout = '10s'; SET client_min_messages = warning; SET TIME ZONE 'UTC'; \
             SELECT set_config('synchronous_commit', 'on', FALSE) WHERE current_setting('synchronous_commit') = 'off'",
        )?;
        Ok(PostgresConnection { client, statements: HashMap::new(), used: 0 })
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Each program that opens the database takes the next node number, so that keys of two programs differ.
    pub(crate) fn claim_node(&self) -> Result<i64, StoreError> {
        let mut lent = self.lend()?;
        let client = &mut lent.connection()?.client;
        client.batch_execute(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock({SETTING_UP}); CREATE SEQUENCE IF NOT EXISTS store_node; COMMIT"
        ))?;
        let node = client.query_one("SELECT nextval('store_node')", &[])?.try_get(0)?;
        lent.good();
        Ok(node)
    }

    fn lend(&self) -> Result<Lent<'_>, StoreError> {
        Ok(Lent { pool: self, connection: Some(self.take()?) })
    }

    fn take(&self) -> Result<PostgresConnection, StoreError> {
        let begun = Instant::now();
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
            let left = PATIENCE.checked_sub(begun.elapsed()).ok_or(StoreError::Busy)?;
            idle = self.freed.wait_timeout(idle, left).unwrap_or_else(PoisonError::into_inner).0;
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

    /// A connection with a transaction begun. Idle connections that died meanwhile (a restart of the server) are
    /// thrown away: nothing was asked of them yet.
    fn begin(&self, begin: &str) -> Result<Lent<'_>, StoreError> {
        let mut tries_left = CONNECTIONS_MAX;
        loop {
            let mut lent = self.lend()?;
            let client = &mut lent.connection()?.client;
            match client.batch_execute(begin) {
                Ok(()) => return Ok(lent),
                Err(error) if tries_left > 0 && (client.is_closed() || is_ended(&error)) => tries_left -= 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn run<T, E: From<StoreError>>(
        &self,
        keys: &Keys,
        begin: &str,
        note: &mut Option<StoreError>,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut lent = self.begin(begin).inspect_err(|error| *note = Some(error.clone()))?;
        let mut tx = Tx::new(Either::Postgres(lent.connection()?), keys);
        let mut outcome = command(&mut tx);
        *note = tx.failed;
        if let (Ok(_), Some(failed)) = (&outcome, &*note) {
            // The server would answer COMMIT with a silent rollback.
            outcome = Err(StoreError::FailedBefore(failed.to_string()).into());
        }
        let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
        match (outcome, lent.connection()?.client.batch_execute(end)) {
            (outcome, Ok(())) => {
                lent.good();
                outcome
            }
            (Err(error), Err(_)) => Err(error),
            // Whoever only looked has seen one moment of the database, however the connection ended.
            (Ok(seen), Err(_)) if begin == LOOK => Ok(seen),
            (Ok(_), Err(error)) => {
                let error = commit_error(error);
                *note = Some(error.clone());
                Err(error.into())
            }
        }
    }

    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        keys: &Keys,
        note: &mut Option<StoreError>,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(keys, "BEGIN", note, command)
    }

    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        keys: &Keys,
        look: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(keys, LOOK, &mut None, look)
    }

    pub(crate) fn refresh_statistics(&self) -> Result<(), StoreError> {
        let mut lent = self.lend()?;
        lent.connection()?.client.batch_execute("ANALYZE")?;
        lent.good();
        Ok(())
    }

    pub(crate) fn check_statement(&self, sql: &str) -> Result<(), StoreError> {
        let mut lent = self.begin("BEGIN READ ONLY")?;
        let client = &mut lent.connection()?.client;
        let prepared = client.prepare(&placeholders_for_postgres(sql)).map(|_| ());
        client.batch_execute("ROLLBACK")?;
        lent.good();
        Ok(prepared?)
    }
}

/// The connection is no more, or will not be in a moment: the server says goodbye before it closes.
fn is_ended(error: &postgres::Error) -> bool {
    error.is_closed() || error.code().is_some_and(|code| code.code().starts_with("57P"))
}

/// What a refused COMMIT means. A server that answers has rolled back, unless it was being shut down.
fn commit_error(error: postgres::Error) -> StoreError {
    match error.as_db_error() {
        Some(_) if !is_ended(&error) => match StoreError::from(error) {
            StoreError::Sql(why) => StoreError::CommitFailed(why),
            told => told,
        },
        _ => StoreError::CommitUnknown(whole_story(&error)),
    }
}

/// A connection that is closed, not reused, when a command panics or its end is unknown.
struct Lent<'p> {
    pool: &'p PostgresPool,
    connection: Option<PostgresConnection>,
}

impl Lent<'_> {
    fn connection(&mut self) -> Result<&mut PostgresConnection, StoreError> {
        self.connection.as_mut().ok_or(StoreError::Busy)
    }
    /// It ended well and can be reused.
    fn good(mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.give_back(connection);
        }
    }
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
        self.used += 1;
        if let Some((used, statement)) = self.statements.get_mut(sql) {
            *used = self.used;
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&placeholders_for_postgres(sql))?;
        if self.statements.len() >= STATEMENTS_KEPT {
            let oldest =
                self.statements.iter().min_by_key(|(_, (used, _))| *used).map(|(sql, _)| sql.clone());
            oldest.and_then(|sql| self.statements.remove(&sql));
        }
        self.statements.insert(sql.to_owned(), (self.used, statement.clone()));
        Ok(statement)
    }

    /// The error to report; a statement that the server will never run again (its table was redefined) is forgotten.
    fn refused(&mut self, sql: &str, error: postgres::Error) -> StoreError {
        use postgres::error::SqlState;
        let useless = [SqlState::FEATURE_NOT_SUPPORTED, SqlState::INVALID_SQL_STATEMENT_NAME];
        if error.code().is_some_and(|code| useless.contains(code)) {
            self.statements.remove(sql);
        }
        error.into()
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        let statement = self.statement(sql)?;
        let params =
            params.iter().map(|value| value as &(dyn postgres::types::ToSql + Sync)).collect::<Vec<_>>();
        self.client.execute(&statement, &params).map_err(|error| self.refused(sql, error))
    }

    pub(crate) fn each<E: From<StoreError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        note: &mut impl FnMut(StoreError) -> E,
        mut take: impl FnMut(&postgres::Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let statement = self.statement(sql).map_err(&mut *note)?;
        let params = params.iter().map(|value| value as &(dyn postgres::types::ToSql + Sync));
        let refused = match self.client.query_raw(&statement, params) {
            Err(error) => error,
            Ok(mut rows) => loop {
                match rows.next() {
                    Ok(Some(row)) => take(&row)?,
                    Ok(None) => return Ok(()),
                    Err(error) => break error,
                }
            },
        };
        Err(note(self.refused(sql, refused)))
    }

    pub(crate) fn run_as_is(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(self.client.batch_execute(sql)?)
    }

    fn insert_few(&mut self, bulk: EncodedRows<'_>) -> Result<(), StoreError> {
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

    pub(crate) fn load(&mut self, bulk: EncodedRows<'_>) -> Result<(), StoreError> {
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
