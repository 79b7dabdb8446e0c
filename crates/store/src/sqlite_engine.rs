//! SQLite: one writer that shares commits, readers beside it, the bulk loader.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{CachedStatement, Connection, OpenFlags};

use crate::tx::Connection as Either;
use crate::{Bulk, Keys, StoreError, Tx};

/// Earlier versions have a race between checkpoints that can corrupt the file.
const LEAST_VERSION: i32 = 3_051_003;
/// Commands that share a commit at most; bounds how much a failed commit can take with it.
const COMMIT_BATCH_MAX: usize = 500;
const READERS_KEPT: usize = 8;

/// How a shared commit ended: filled once, then everybody who took part wakes.
#[derive(Default)]
struct Commit {
    outcome: Mutex<Option<Result<(), String>>>,
    done: Condvar,
}

struct Writer {
    connection: Connection,
    open: Option<Arc<Commit>>,
    taken_part: usize,
}

pub(crate) struct SqliteFile {
    path: PathBuf,
    writer: Mutex<Writer>,
    waiting: AtomicUsize,
    readers: Mutex<Vec<Connection>>,
}

fn patiently<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic inside a command is rolled back to its savepoint by the guard below; what the lock protects stays whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SqliteFile {
    pub(crate) fn open(path: &str) -> Result<SqliteFile, StoreError> {
        if rusqlite::version_number() < LEAST_VERSION {
            return Err(StoreError::TooOld {
                engine: "SQLite",
                found: rusqlite::version().into(),
                needed: "3.51.3",
            });
        }
        let path = PathBuf::from(path);
        let failed = |error: rusqlite::Error| StoreError::Open {
            what: path.display().to_string(),
            why: error.to_string(),
        };
        let connection = Connection::open(&path).map_err(failed)?;
        connection
            .execute_batch(
                "PRAGMA page_size = 8192;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON;
                 PRAGMA recursive_triggers = ON;
                 PRAGMA busy_timeout = 10000;
                 PRAGMA cache_size = -65536;
                 PRAGMA wal_autocheckpoint = 8192;
                 PRAGMA temp_store = MEMORY;",
            )
            .map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(256);
        let writer = Writer { connection, open: None, taken_part: 0 };
        Ok(SqliteFile {
            path,
            writer: Mutex::new(writer),
            waiting: AtomicUsize::new(0),
            readers: Mutex::default(),
        })
    }

    /// Group commit without a thread of its own: whoever finds nobody waiting behind commits for all before.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        keys: &Keys,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let mut writer = patiently(&self.writer);
        self.waiting.fetch_sub(1, Ordering::AcqRel);

        let commit = match &writer.open {
            Some(commit) => commit.clone(),
            None => {
                writer.connection.execute_batch("BEGIN IMMEDIATE").map_err(StoreError::from)?;
                let commit = Arc::new(Commit::default());
                writer.open = Some(commit.clone());
                writer.taken_part = 0;
                commit
            }
        };
        writer.taken_part += 1;
        // A command that panics is rolled back like one that fails, and must not leave the others waiting.
        let outcome = catch_unwind(AssertUnwindSafe(|| in_savepoint(&writer.connection, keys, command)));
        if self.waiting.load(Ordering::Acquire) == 0 || writer.taken_part >= COMMIT_BATCH_MAX {
            finish(&mut writer, &commit);
        }
        drop(writer);
        let outcome = outcome.unwrap_or_else(|panic| resume_unwind(panic));
        // Even a refused command waits: what it saw before refusing may belong to commands not yet durable.
        let mut ended = patiently(&commit.outcome);
        while ended.is_none() {
            ended = commit.done.wait(ended).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(Err(why)) = &*ended {
            return Err(StoreError::CommitFailed(why.clone()).into());
        }
        outcome
    }

    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        keys: &Keys,
        look: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let kept = patiently(&self.readers).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => self.reader()?,
        };
        connection.execute_batch("BEGIN DEFERRED").map_err(StoreError::from)?;
        let outcome = look(&mut Tx { connection: Either::Sqlite(&connection), keys });
        connection.execute_batch("ROLLBACK").map_err(StoreError::from)?;
        let mut readers = patiently(&self.readers);
        if readers.len() < READERS_KEPT {
            readers.push(connection);
        }
        outcome
    }

    fn reader(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.execute_batch(
            "PRAGMA query_only = ON; PRAGMA busy_timeout = 10000; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;",
        )?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(connection)
    }

    pub(crate) fn size_bytes(&self) -> i64 {
        let size = |path: &Path| {
            std::fs::metadata(path).map_or(0, |file| i64::try_from(file.len()).unwrap_or(i64::MAX))
        };
        let log = PathBuf::from(format!("{}-wal", self.path.display()));
        size(&self.path) + size(&log)
    }

    pub(crate) fn refresh_statistics(&self) -> Result<(), StoreError> {
        Ok(patiently(&self.writer)
            .connection
            .execute_batch("PRAGMA analysis_limit = 1000; PRAGMA optimize = 0x10002;")?)
    }

    pub(crate) fn backup_to(&self, path: &str) -> Result<(), StoreError> {
        if Path::new(path).exists() {
            return Err(StoreError::Open { what: path.into(), why: "the file exists already".into() });
        }
        let source = self.reader()?;
        let mut target = Connection::open(path)?;
        let backup = rusqlite::backup::Backup::new(&source, &mut target)?;
        backup.run_to_completion(1024, std::time::Duration::from_millis(1), None)?;
        Ok(())
    }
}

/// Rolls back to the savepoint when dropped unless the command came to a good end, also when it panics.
struct Savepoint<'c> {
    connection: &'c Connection,
    good: bool,
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        let end = if self.good { "RELEASE command" } else { "ROLLBACK TO command; RELEASE command" };
        // If even this fails the commit will fail too, and everybody is told.
        let _ = self.connection.execute_batch(end);
    }
}

fn in_savepoint<T, E: From<StoreError>>(
    connection: &Connection,
    keys: &Keys,
    command: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    connection.execute_batch("SAVEPOINT command").map_err(StoreError::from)?;
    let mut savepoint = Savepoint { connection, good: false };
    let outcome = command(&mut Tx { connection: Either::Sqlite(connection), keys });
    savepoint.good = outcome.is_ok();
    outcome
}

fn finish(writer: &mut Writer, commit: &Commit) {
    writer.open = None;
    let outcome = writer.connection.execute_batch("COMMIT").map_err(|error| error.to_string());
    if outcome.is_err() && !writer.connection.is_autocommit() {
        let _ = writer.connection.execute_batch("ROLLBACK");
    }
    *patiently(&commit.outcome) = Some(outcome);
    commit.done.notify_all();
}

/// Rows of one INSERT. A table with triggers makes SQLite save every page a statement touches, once a statement:
/// with one row each that costs twice as much as the insert itself.
const ROWS_AT_ONCE: u64 = 32;

fn insert_text(bulk: &Bulk, rows: u64) -> String {
    let names: Vec<&str> = bulk.columns.iter().map(|(name, _)| *name).collect();
    let row = format!("({})", vec!["?"; names.len()].join(", "));
    let rows: Vec<&str> = (0..rows).map(|_| row.as_str()).collect();
    format!("INSERT INTO {} ({}) VALUES {}", bulk.table, names.join(", "), rows.join(", "))
}

/// Prepared INSERTs of several rows, the rest row by row: the fastest way into SQLite short of its own C API.
pub(crate) fn load(connection: &Connection, bulk: &Bulk) -> Result<(), StoreError> {
    let width = bulk.columns.len();
    let prepare = |needed: bool, rows: u64| {
        needed.then(|| connection.prepare_cached(&insert_text(bulk, rows))).transpose()
    };
    let many = prepare(bulk.rows >= ROWS_AT_ONCE, ROWS_AT_ONCE)?;
    let single = prepare(!bulk.rows.is_multiple_of(ROWS_AT_ONCE), 1)?;
    let statements = RefCell::new((many, single));
    let (left, at) = (Cell::new(bulk.rows), Cell::new(0_usize));
    let with_statement =
        |act: &mut dyn FnMut(&mut CachedStatement<'_>, u64) -> Result<(), rusqlite::Error>| {
            let (many, single) = &mut *statements.borrow_mut();
            let (statement, rows) =
                if left.get() >= ROWS_AT_ONCE { (many, ROWS_AT_ONCE) } else { (single, 1) };
            match statement {
                Some(statement) => Ok(act(statement, rows)?),
                None => Err(StoreError::Sql(format!("bulk load of {}: rows miscounted", bulk.table))),
            }
        };
    bulk.each_field(
        |index, value| {
            let place = at.get() * width + index + 1;
            with_statement(&mut |statement, _| statement.raw_bind_parameter(place, value))
        },
        || {
            at.set(at.get() + 1);
            let mut written = 0;
            with_statement(&mut |statement, rows| {
                if at.get() as u64 == rows {
                    statement.raw_execute()?;
                    written = rows;
                }
                Ok(())
            })?;
            if written > 0 {
                at.set(0);
                left.set(left.get() - written);
            }
            Ok(())
        },
    )
}
