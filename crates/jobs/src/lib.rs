//! Floor 2: long work that people start and leave: its queue, its progress, its end.
//!
//! A job is what was asked (an act's name and what was given), for whom, how far it is, and what came of it. Nothing here
//! runs anything: the program claims a job, tells how far it is, and finishes it. A job whose program stopped is claimed
//! again, so the work itself must be safe to begin anew.

mod sql;

use std::collections::BTreeMap;

use kernel::{Moment, Text};
use store::{StoreError, Tx};

pub use sql::SCHEMA;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for its turn.
    Queued,
    /// Is being done.
    Running,
    /// Done.
    Done,
    /// Refused or failed; `said` tells why.
    Failed,
    /// Stopped by a person.
    Cancelled,
}

impl State {
    /// Every state with its code.
    pub const ALL: [(State, &'static str); 5] = [
        (State::Queued, "queued"),
        (State::Running, "running"),
        (State::Done, "done"),
        (State::Failed, "failed"),
        (State::Cancelled, "cancelled"),
    ];
    /// Its code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, code)| code)
    }
    fn read(code: &str) -> Result<State, StoreError> {
        let found = Self::ALL.iter().find(|(_, known)| *known == code).map(|(state, _)| *state);
        found.ok_or_else(|| StoreError::Sql(format!("job state {code:?}")))
    }
    /// Nothing more will come of it.
    pub fn is_over(self) -> bool {
        matches!(self, State::Done | State::Failed | State::Cancelled)
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its key.
    pub id: i64,
    /// The act it does.
    pub act: String,
    /// For whom.
    pub person_id: i64,
    /// What was given, by field.
    pub given: BTreeMap<String, String>,
    /// Where it stands.
    pub state: State,
    /// How much is done ...
    pub done: i64,
    /// ... of how much; 0 while that is not known.
    pub total: i64,
    /// What came of it.
    pub said: Option<Text>,
    /// Facts for programs, as JSON.
    pub facts: String,
    /// The page with its result.
    pub see: Option<String>,
    /// When it was asked for; the moment its commands bear.
    pub queued_at: Moment,
    /// When it began last.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// How often it began.
    pub starts: i64,
    /// Somebody wants it stopped.
    pub cancel_wanted: bool,
}

/// A file that was given to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFile {
    /// The field.
    pub field: String,
    /// The file's name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What a job ended with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Done, failed or cancelled.
    pub state: State,
    /// In words.
    pub said: Text,
    /// Facts for programs, as JSON.
    pub facts: String,
    /// The page with its result.
    pub see: Option<String>,
}

/// Puts a job into the queue.
pub fn queue(
    tx: &mut Tx<'_>,
    org_id: i64,
    act: &str,
    person_id: i64,
    given: &BTreeMap<String, String>,
    files: &[JobFile],
    now: Moment,
) -> Result<i64, StoreError> {
    let id = tx.next_key(now);
    sql::insert(tx, org_id, id, act, person_id, given, now)?;
    for file in files {
        sql::insert_file(tx, org_id, id, file)?;
    }
    Ok(id)
}

/// Takes the oldest job that waits, or one whose program has not been heard of since `silent_since`.
pub fn claim(
    tx: &mut Tx<'_>,
    org_id: i64,
    silent_since: Moment,
    now: Moment,
) -> Result<Option<Job>, StoreError> {
    let Some(id) = sql::claimable(tx, org_id, silent_since)? else { return Ok(None) };
    // Two programs may have seen the same job; only one changes the row it saw.
    if !sql::start(tx, org_id, id, silent_since, now)? {
        return Ok(None);
    }
    find(tx, org_id, id)
}

/// Tells how far a job is; answers whether somebody wants it stopped.
pub fn beat(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    done: i64,
    total: i64,
    now: Moment,
) -> Result<bool, StoreError> {
    sql::beat(tx, org_id, id, done, total, now)?;
    Ok(find(tx, org_id, id)?.is_none_or(|job| job.cancel_wanted || job.state.is_over()))
}

/// Ends a job that runs, and lets go of its files.
pub fn finish(tx: &mut Tx<'_>, org_id: i64, id: i64, end: &End, now: Moment) -> Result<(), StoreError> {
    sql::finish(tx, org_id, id, end, now)?;
    sql::delete_files(tx, org_id, id)
}

/// Puts a job that its program cannot end back into the queue.
pub fn put_back(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<(), StoreError> {
    sql::put_back(tx, org_id, id)
}

/// Asks for a job to be stopped; one that waits is stopped at once.
pub fn cancel(tx: &mut Tx<'_>, org_id: i64, id: i64, now: Moment) -> Result<(), StoreError> {
    sql::want_cancel(tx, org_id, id)?;
    sql::cancel_waiting(tx, org_id, id, now)
}

/// One job.
pub fn find(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<Job>, StoreError> {
    sql::find(tx, org_id, id)
}

/// The files of a job that is not over.
pub fn files(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Vec<JobFile>, StoreError> {
    sql::files(tx, org_id, id)
}

/// Keeps a file that a job made, in place of one of that name that an earlier beginning of it made. It outlives the job.
pub fn keep_made(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    what: &str,
    name: &str,
    bytes: Vec<u8>,
) -> Result<(), StoreError> {
    let field = format!("made:{what}");
    sql::delete_file(tx, org_id, id, &field)?;
    sql::insert_file(tx, org_id, id, &JobFile { field, name: name.to_owned(), bytes })
}

/// A file that a job made, if it made one.
pub fn made(tx: &mut Tx<'_>, org_id: i64, id: i64, what: &str) -> Result<Option<JobFile>, StoreError> {
    sql::file(tx, org_id, id, &format!("made:{what}"))
}

/// Jobs, the latest first; of one person or of all.
pub fn jobs(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: Option<i64>,
    offset: usize,
    limit: usize,
) -> Result<(Vec<Job>, usize), StoreError> {
    sql::list(tx, org_id, person_id, offset, limit)
}

/// The jobs of one act, the latest first, without their facts.
pub fn jobs_of_act(
    tx: &mut Tx<'_>,
    org_id: i64,
    act: &str,
    offset: usize,
    limit: usize,
) -> Result<(Vec<Job>, usize), StoreError> {
    sql::of_act(tx, org_id, act, offset, limit)
}

/// How long a file that a job made can be fetched.
const KEPT_MILLIS: i64 = 7 * 86_400_000;

/// Lets go of what an earlier start of the job made, and of files that are a week old; before the first [`keep`].
pub fn begin_result(tx: &mut Tx<'_>, org_id: i64, id: i64, now: Moment) -> Result<(), StoreError> {
    sql::forget(tx, org_id, id, now.plus_millis(-KEPT_MILLIS))
}

/// Keeps a part of the file that a job makes; parts are counted from 0.
pub fn keep(tx: &mut Tx<'_>, org_id: i64, id: i64, part: i64, content: &[u8]) -> Result<(), StoreError> {
    sql::insert_part(tx, org_id, id, part, content)
}

/// The file that a job made, whole; empty when there is none or it was let go.
pub fn result(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Vec<u8>, StoreError> {
    Ok(sql::parts(tx, org_id, id)?.concat())
}
