//! SQLite: one writer that shares commits, readers beside it, the bulk loader.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags};

use crate::rows::capture::Capture;
use crate::tx::Connection as Either;
use crate::{Keys, StoreError, Tx, rows};

/// Earlier versions have a race between checkpoints that can corrupt the file.
const LEAST_VERSION: i32 = 3_051_003;
/// Commands that share a commit at most; bounds how much a failed commit can take with it.
const COMMIT_BATCH_MAX: usize = 500;
const READERS_KEPT: usize = 8;

/// How a shared commit ended: filled once, then everybody who took part wakes.
#[derive(Default)]
struct Commit {
    outcome: Mutex<Option<Result<(), StoreError>>>,
    done: Condvar,
}

struct Writer {
    connection: Connection,
    capture: Capture,
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
        trustworthy(rusqlite::version_number(), rusqlite::version())?;
        let path = PathBuf::from(path);
        let refused = |why: String| StoreError::Open { what: path.display().to_string(), why };
        let failed = |error: rusqlite::Error| refused(error.to_string());
        if path.is_dir() {
            return Err(refused("it is a folder; name a file".into()));
        }
        // Without URI file names: readers must open the very file the writer opened.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
        if connection.is_readonly("main").map_err(failed)? {
            return Err(refused("this user may not write to the file".into()));
        }
        connection
            .execute_batch(
                "PRAGMA busy_timeout = 10000;
                 PRAGMA page_size = 8192;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON;
                 PRAGMA recursive_triggers = ON;
                 PRAGMA cache_size = -65536;
                 PRAGMA wal_autocheckpoint = 8192;
                 PRAGMA temp_store = MEMORY;",
            )
            .map_err(failed)?;
        let mode: String =
            connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(failed)?;
        if mode != "wal" {
            return Err(refused(format!(
                "it cannot keep a write-ahead log (mode {mode}); name a file on a local disk"
            )));
        }
        connection.set_prepared_statement_cache_capacity(256);
        let capture = Capture::of(&connection)?;
        let recorded = in_look(&connection, rows::recorded_by_itself)?;
        capture.watch(&connection, recorded)?;
        let writer = Writer { connection, capture, open: None, taken_part: 0 };
        Ok(SqliteFile {
            path,
            writer: Mutex::new(writer),
            waiting: AtomicUsize::new(0),
            readers: Mutex::default(),
        })
    }

    /// Group commit without a thread of its own: whoever finds nobody waiting behind commits for all before.
    /// `note` learns what the engine refused.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        keys: &Keys,
        note: &mut Option<StoreError>,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let mut writer = patiently(&self.writer);
        self.waiting.fetch_sub(1, Ordering::AcqRel);

        let commit = match &writer.open {
            Some(commit) => commit.clone(),
            None => begin(&mut writer).inspect_err(|error| *note = Some(error.clone()))?,
        };
        writer.taken_part += 1;
        // A command that panics is rolled back like one that fails, and must not leave the others waiting.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            in_savepoint(&writer.connection, &writer.capture, keys, note, command)
        }));
        // A full or broken disk makes SQLite end the transaction by itself, and everybody's work with it.
        let lost = writer.connection.is_autocommit();
        if lost || self.waiting.load(Ordering::Acquire) == 0 || writer.taken_part >= COMMIT_BATCH_MAX {
            finish(&mut writer, &commit, note.as_ref());
        }
        drop(writer);
        let outcome = outcome.unwrap_or_else(|panic| resume_unwind(panic));
        // Even a refused command waits: what it saw before refusing may belong to commands not yet durable.
        let mut ended = patiently(&commit.outcome);
        while ended.is_none() {
            ended = commit.done.wait(ended).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(Err(failed)) = &*ended {
            *note = Some(failed.clone());
            return Err(failed.clone().into());
        }
        outcome
    }

    /// Runs `work` in a commit of its own with foreign keys off, and checks all of them before the commit.
    pub(crate) fn write_alone<T>(
        &self,
        keys: &Keys,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = patiently(&self.writer);
        if let Some(commit) = writer.open.clone() {
            finish(&mut writer, &commit, None);
        }
        writer.capture.pause();
        let checked = ForeignKeysOff::switch(&writer.connection)?;
        checked.0.execute_batch("BEGIN IMMEDIATE")?;
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut Tx::new(Either::Sqlite(checked.0), keys))));
        let good = matches!(outcome, Ok(Ok(_)));
        let ended = checked.0.execute_batch(if good { "COMMIT" } else { "ROLLBACK" });
        if !checked.0.is_autocommit() {
            let _ = checked.0.execute_batch("ROLLBACK");
        }
        drop(checked);
        let value = outcome.unwrap_or_else(|panic| resume_unwind(panic))?;
        ended.map_err(|error| commit_error(&error))?;
        Ok(value)
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
        let outcome = look(&mut Tx::new(Either::Sqlite(&connection), keys));
        // A connection that could not begin or end its look is closed, not kept: this drops it.
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

    /// Moves the log into the file and begins it anew, waiting for the readers of this moment to end. Under constant
    /// reading the log would otherwise only grow, and every page of a long run would be written to two large files.
    pub(crate) fn begin_log_anew(&self) -> Result<(), StoreError> {
        let writer = patiently(&self.writer);
        if writer.open.is_some() {
            return Ok(());
        }
        let outcome =
            writer.connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| row.get::<_, i64>(0));
        match outcome {
            // 1: readers did not end in time; the next time will do.
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn refresh_statistics(&self) -> Result<(), StoreError> {
        let mut writer = patiently(&self.writer);
        if let Some(commit) = writer.open.clone() {
            finish(&mut writer, &commit, None);
        }
        Ok(writer.connection.execute_batch("PRAGMA analysis_limit = 1000; PRAGMA optimize = 0x10002;")?)
    }

    pub(crate) fn check_statement(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.reader()?.prepare(sql).map(|_| ())?)
    }

    pub(crate) fn backup_to(&self, path: &Path) -> Result<(), StoreError> {
        let source = self.reader()?;
        let mut target = Connection::open(path)?;
        let backup = rusqlite::backup::Backup::new(&source, &mut target)?;
        // All pages in one step are one snapshot; step by step, steady writing would start the copy over for ever.
        match backup.step(-1)? {
            rusqlite::backup::StepResult::Done => Ok(()),
            _ => Err(StoreError::Busy),
        }
    }
}

/// Looks at a database that is being opened.
fn in_look<T>(
    connection: &Connection,
    look: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.execute_batch("BEGIN DEFERRED")?;
    let outcome = look(&mut Tx::new(Either::Sqlite(connection), &Keys::of_node(0)));
    connection.execute_batch("ROLLBACK")?;
    outcome
}

fn trustworthy(number: i32, version: &str) -> Result<(), StoreError> {
    if number < LEAST_VERSION {
        return Err(StoreError::TooOld { engine: "SQLite", found: version.into(), needed: "3.51.3" });
    }
    Ok(())
}

/// Foreign keys are off while this lives; SQLite can switch them only between transactions.
struct ForeignKeysOff<'c>(&'c Connection);

impl ForeignKeysOff<'_> {
    fn switch(connection: &Connection) -> Result<ForeignKeysOff<'_>, StoreError> {
        connection.execute_batch("PRAGMA foreign_keys = OFF")?;
        Ok(ForeignKeysOff(connection))
    }
}

impl Drop for ForeignKeysOff<'_> {
    fn drop(&mut self) {
        // It fails only on a connection with which every later statement fails too.
        let _ = self.0.execute_batch("PRAGMA foreign_keys = ON");
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
        if self.connection.execute_batch(end).is_err() {
            // Half a command must not be committed with the others: nobody's work is kept, and everybody is told.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

fn in_savepoint<T, E: From<StoreError>>(
    connection: &Connection,
    capture: &Capture,
    keys: &Keys,
    note: &mut Option<StoreError>,
    command: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    connection.execute_batch("SAVEPOINT command").map_err(StoreError::from)?;
    let mut savepoint = Savepoint { connection, good: false };
    capture.begin();
    let mut tx = Tx::new(Either::Sqlite(connection), keys).seen_by(capture);
    let outcome = command(&mut tx);
    *note = tx.failed;
    if let (Ok(_), Some(failed)) = (&outcome, &*note) {
        return Err(StoreError::FailedBefore(failed.to_string()).into());
    }
    if outcome.is_ok() {
        capture.write(connection).inspect_err(|error| *note = Some(error.clone()))?;
    }
    capture.pause();
    savepoint.good = outcome.is_ok();
    outcome
}

fn begin(writer: &mut Writer) -> Result<Arc<Commit>, StoreError> {
    if !writer.connection.is_autocommit() {
        // Left by a commit and a rollback that both failed; without this nobody could write again.
        writer.connection.execute_batch("ROLLBACK")?;
    }
    writer.connection.execute_batch("BEGIN IMMEDIATE")?;
    let commit = Arc::new(Commit::default());
    writer.open = Some(commit.clone());
    writer.taken_part = 0;
    Ok(commit)
}

/// What a refused COMMIT means. A rule that refuses it does so before anything is written. When the disk fails, the end
/// of the transaction may stand in the log already: this process goes on without it and writes over it, but if it dies
/// first, the next one finds the transaction there.
fn commit_error(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation | rusqlite::ErrorCode::DatabaseBusy) => {
            StoreError::CommitFailed(error.to_string())
        }
        _ => StoreError::CommitUnknown(error.to_string()),
    }
}

fn finish(writer: &mut Writer, commit: &Commit, failed: Option<&StoreError>) {
    writer.open = None;
    let outcome = if writer.connection.is_autocommit() {
        let why = failed.map_or("the engine ended the transaction".into(), ToString::to_string);
        Err(StoreError::CommitFailed(why))
    } else {
        writer.connection.execute_batch("COMMIT").map_err(|error| commit_error(&error))
    };
    if outcome.is_err() && !writer.connection.is_autocommit() {
        let _ = writer.connection.execute_batch("ROLLBACK");
    }
    *patiently(&commit.outcome) = Some(outcome);
    commit.done.notify_all();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_with_the_checkpoint_race_is_refused() {
        assert!(trustworthy(rusqlite::version_number(), rusqlite::version()).is_ok());
        assert!(trustworthy(3_051_003, "3.51.3").is_ok());
        for (number, version) in [(3_051_002, "3.51.2"), (3_040_001, "3.40.1")] {
            let refused = trustworthy(number, version);
            assert!(matches!(refused, Err(StoreError::TooOld { .. })), "{version}: {refused:?}");
        }
    }
}
