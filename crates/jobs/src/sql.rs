//! The tables of jobs; the only file that names them.

use std::collections::BTreeMap;

use kernel::{Moment, Text};
use store::{Migration, Row, Schema, StoreError, Tx, params};

use crate::{End, Job, JobFile, State};

/// The tables of this crate.
pub const SCHEMA: Schema = Schema {
    module: "jobs",
    unrecorded: &["job", "job_file", "job_result_part"],
    migrations: &[Migration {
        number: 1,
        name: "long work that people start and leave",
        both: "
CREATE TABLE job (
  org_id INTEGER NOT NULL, job_id INTEGER NOT NULL, act TEXT NOT NULL, person_id INTEGER NOT NULL, given TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  done INTEGER NOT NULL, total INTEGER NOT NULL, said_zh TEXT, said_en TEXT, facts TEXT NOT NULL, see TEXT,
  queued_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER, beat_at INTEGER, starts INTEGER NOT NULL,
  cancel_wanted INTEGER NOT NULL,
  PRIMARY KEY (org_id, job_id)) STRICT, WITHOUT ROWID;
CREATE INDEX job_open ON job (org_id, state, job_id);
CREATE TABLE job_file (
  org_id INTEGER NOT NULL, job_id INTEGER NOT NULL, field TEXT NOT NULL, name TEXT NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY (org_id, job_id, field)) STRICT, WITHOUT ROWID;",
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 2,
        name: "files that jobs made",
        both: "
CREATE TABLE job_result_part (
  org_id INTEGER NOT NULL, job_id INTEGER NOT NULL, part INTEGER NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY (org_id, job_id, part)) STRICT, WITHOUT ROWID;
CREATE INDEX job_of_act ON job (org_id, act, job_id);",
        sqlite: "",
        postgres: "",
    }],
};

const COLUMNS: &str = "job_id, act, person_id, given, state, done, total, said_zh, said_en, facts, see, queued_at, \
started_at, ended_at, starts, cancel_wanted";

fn read(row: &Row<'_>) -> Result<Job, StoreError> {
    let said = match (row.text_or_null(7)?, row.text_or_null(8)?) {
        (Some(zh), Some(en)) => Some(Text { zh, en }),
        _ => None,
    };
    let given = row.with_text(3, |text| serde_json::from_str::<BTreeMap<String, String>>(text))?;
    Ok(Job {
        id: row.int(0)?,
        act: row.text(1)?,
        person_id: row.int(2)?,
        given: given.map_err(|error| StoreError::Sql(format!("what was given to a job: {error}")))?,
        state: State::read(&row.text(4)?)?,
        done: row.int(5)?,
        total: row.int(6)?,
        said,
        facts: row.text(9)?,
        see: row.text_or_null(10)?,
        queued_at: row.moment(11)?,
        started_at: row.moment_or_null(12)?,
        ended_at: row.moment_or_null(13)?,
        starts: row.int(14)?,
        cancel_wanted: row.flag(15)?,
    })
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    act: &str,
    person_id: i64,
    given: &BTreeMap<String, String>,
    now: Moment,
) -> Result<(), StoreError> {
    let given =
        serde_json::to_string(given).map_err(|error| StoreError::Sql(format!("given to a job: {error}")))?;
    tx.execute(
        "INSERT INTO job (org_id, job_id, act, person_id, given, state, done, total, facts, queued_at, starts,
           cancel_wanted)
         VALUES (?1, ?2, ?3, ?4, ?5, 'queued', 0, 0, '{}', ?6, 0, 0)",
        params![org_id, id, act, person_id, &given, now],
    )?;
    Ok(())
}

pub(crate) fn insert_file(tx: &mut Tx<'_>, org_id: i64, id: i64, file: &JobFile) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO job_file (org_id, job_id, field, name, content) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![org_id, id, &file.field, &file.name, file.bytes.as_slice()],
    )?;
    Ok(())
}

pub(crate) fn claimable(
    tx: &mut Tx<'_>,
    org_id: i64,
    silent_since: Moment,
) -> Result<Option<i64>, StoreError> {
    tx.one(
        "SELECT job_id FROM job
         WHERE org_id = ?1 AND (state = 'queued' OR (state = 'running' AND beat_at < ?2))
         ORDER BY job_id LIMIT 1",
        params![org_id, silent_since],
        |row| row.int(0),
    )
}

pub(crate) fn start(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    silent_since: Moment,
    now: Moment,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE job SET state = 'running', started_at = ?3, beat_at = ?3, starts = starts + 1
         WHERE org_id = ?1 AND job_id = ?2 AND (state = 'queued' OR (state = 'running' AND beat_at < ?4))",
        params![org_id, id, now, silent_since],
    )?;
    Ok(changed == 1)
}

pub(crate) fn beat(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    done: i64,
    total: i64,
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE job SET done = ?3, total = ?4, beat_at = ?5 WHERE org_id = ?1 AND job_id = ?2 AND state = 'running'",
        params![org_id, id, done, total, now],
    )?;
    Ok(())
}

pub(crate) fn finish(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    end: &End,
    now: Moment,
) -> Result<(), StoreError> {
    let see = end.see.as_deref().map_or(store::Value::Null, store::Value::Text);
    tx.execute(
        "UPDATE job SET state = ?3, said_zh = ?4, said_en = ?5, facts = ?6, see = ?7, ended_at = ?8
         WHERE org_id = ?1 AND job_id = ?2 AND state = 'running'",
        params![org_id, id, end.state.code(), &end.said.zh, &end.said.en, &end.facts, see, now],
    )?;
    Ok(())
}

/// What was given goes; what the job made stays.
pub(crate) fn delete_files(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM job_file WHERE org_id = ?1 AND job_id = ?2 AND field NOT LIKE 'made:%'",
        params![org_id, id],
    )?;
    Ok(())
}

pub(crate) fn delete_file(tx: &mut Tx<'_>, org_id: i64, id: i64, field: &str) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM job_file WHERE org_id = ?1 AND job_id = ?2 AND field = ?3",
        params![org_id, id, field],
    )?;
    Ok(())
}

pub(crate) fn file(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    field: &str,
) -> Result<Option<JobFile>, StoreError> {
    tx.one(
        "SELECT field, name, content FROM job_file WHERE org_id = ?1 AND job_id = ?2 AND field = ?3",
        params![org_id, id, field],
        |row| Ok(JobFile { field: row.text(0)?, name: row.text(1)?, bytes: row.blob(2)? }),
    )
}

pub(crate) fn put_back(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE job SET state = 'queued' WHERE org_id = ?1 AND job_id = ?2 AND state = 'running'",
        params![org_id, id],
    )?;
    Ok(())
}

pub(crate) fn want_cancel(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE job SET cancel_wanted = 1 WHERE org_id = ?1 AND job_id = ?2 AND state IN ('queued', 'running')",
        params![org_id, id],
    )?;
    Ok(())
}

pub(crate) fn cancel_waiting(tx: &mut Tx<'_>, org_id: i64, id: i64, now: Moment) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE job SET state = 'cancelled', ended_at = ?3 WHERE org_id = ?1 AND job_id = ?2 AND state = 'queued'",
        params![org_id, id, now],
    )?;
    Ok(())
}

pub(crate) fn find(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<Job>, StoreError> {
    let text = format!("SELECT {COLUMNS} FROM job WHERE org_id = ?1 AND job_id = ?2");
    tx.one(&text, params![org_id, id], read)
}

pub(crate) fn files(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Vec<JobFile>, StoreError> {
    tx.list(
        "SELECT field, name, content FROM job_file WHERE org_id = ?1 AND job_id = ?2 ORDER BY field",
        params![org_id, id],
        |row| Ok(JobFile { field: row.text(0)?, name: row.text(1)?, bytes: row.blob(2)? }),
    )
}

pub(crate) fn list(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: Option<i64>,
    offset: usize,
    limit: usize,
) -> Result<(Vec<Job>, usize), StoreError> {
    // Nobody has the key -1: it stands for everybody.
    let person = person_id.unwrap_or(-1);
    let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    // Facts may be long and no list shows them.
    let columns = COLUMNS.replace(" facts,", " '{}',");
    let text = format!(
        "SELECT {columns} FROM job WHERE org_id = ?1 AND (?2 = CAST(-1 AS BIGINT) OR person_id = ?2)
         ORDER BY job_id DESC LIMIT ?3 OFFSET ?4"
    );
    let rows = tx.list(&text, params![org_id, person, whole(limit), whole(offset)], read)?;
    let total = tx.one(
        "SELECT COUNT(*) FROM job WHERE org_id = ?1 AND (?2 = CAST(-1 AS BIGINT) OR person_id = ?2)",
        params![org_id, person],
        |row| row.int(0),
    )?;
    Ok((rows, usize::try_from(total.unwrap_or(0)).unwrap_or(0)))
}

/// The jobs of one act, the latest first, with how many there are; facts included.
pub(crate) fn of_act(
    tx: &mut Tx<'_>,
    org_id: i64,
    act: &str,
    offset: usize,
    limit: usize,
) -> Result<(Vec<Job>, usize), StoreError> {
    let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let columns = COLUMNS.replace(" facts,", " '{}',");
    let text = format!(
        "SELECT {columns} FROM job WHERE org_id = ?1 AND act = ?2 ORDER BY job_id DESC LIMIT ?3 OFFSET ?4"
    );
    let rows = tx.list(&text, params![org_id, act, whole(limit), whole(offset)], read)?;
    let total =
        tx.one("SELECT COUNT(*) FROM job WHERE org_id = ?1 AND act = ?2", params![org_id, act], |row| {
            row.int(0)
        })?;
    Ok((rows, usize::try_from(total.unwrap_or(0)).unwrap_or(0)))
}

pub(crate) fn insert_part(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    part: i64,
    content: &[u8],
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO job_result_part (org_id, job_id, part, content) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (org_id, job_id, part) DO UPDATE SET content = excluded.content",
        params![org_id, id, part, content],
    )?;
    Ok(())
}

/// Lets go of what jobs made that ended before `before`, and of what an earlier start of this job made.
pub(crate) fn forget(tx: &mut Tx<'_>, org_id: i64, id: i64, before: Moment) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM job_result_part WHERE org_id = ?1 AND (job_id = ?2 OR job_id IN
           (SELECT job_id FROM job WHERE org_id = ?1 AND ended_at < ?3))",
        params![org_id, id, before],
    )?;
    Ok(())
}

pub(crate) fn parts(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Vec<Vec<u8>>, StoreError> {
    tx.list(
        "SELECT content FROM job_result_part WHERE org_id = ?1 AND job_id = ?2 ORDER BY part",
        params![org_id, id],
        |row| row.blob(0),
    )
}
