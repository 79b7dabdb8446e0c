//! Does the jobs of the queue, one after the other, in a thread of its own.
//!
//! A job outlives the page that asked for it and the program that runs it: what was asked is in the database, and a job
//! that was under way when the program stopped begins again at the next start. Each is an act that is safe to begin anew.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use identity::{Actor, Desk};
use jobs::{End, JobFile, State};
use kernel::{Bilingual as _, Lang, Moment, Text};
use store::Tx;

use crate::catalogue::{Act, Caller, Done, Given, House, Raw, Refusal, Run, SentFile, Takes};
use crate::frame::Console;

/// A program that has not told anything for so long has stopped; a living one tells every [`TELL_EVERY`].
const SILENCE_MILLIS: i64 = 20_000;
/// How often the queue is looked at when nobody wakes it.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often a write is tried again while the database is busy.
const RETRIES: u32 = 20;
/// How often it is written how far a job is, and that its program lives.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// A job being done.
pub struct JobRun<'j> {
    /// The house.
    pub house: &'j House,
    /// For whom, with the posts of the day it was asked for.
    pub actor: Actor,
    /// When it was asked for: the moment its commands bear, so that a second start says the same.
    pub now: Moment,
    /// Its key, by which what came of it is found again.
    pub job_id: i64,
    /// How often it began: more than once when the program stopped in the middle of it.
    pub starts: i64,
    done: AtomicI64,
    total: AtomicI64,
    stop: AtomicBool,
    closing: &'j AtomicBool,
}

impl JobRun<'_> {
    /// The desk at which its commands are given.
    pub fn desk(&self) -> Desk<'_> {
        Desk::new(&self.house.store, &self.actor)
    }
    /// Looks without changing anything.
    pub fn look<T>(&self, look: impl FnOnce(&mut Tx<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.house.store.read(look)
    }
    /// Tells how far it is. Refuses when somebody wants it stopped or the program ends: the work then returns with `?`,
    /// between two commands, and what was committed stays.
    pub fn progress(&self, done: i64, total: i64) -> Result<(), Refusal> {
        if !self.closing.load(Ordering::Acquire) {
            self.done.store(done, Ordering::Release);
            self.total.store(total, Ordering::Release);
        }
        if self.is_stopping() { Err(self.stopped()) } else { Ok(()) }
    }
    /// How a job ends that heard in its midst that it is to stop.
    pub fn stopped(&self) -> Refusal {
        if self.closing.load(Ordering::Acquire) {
            return interrupted();
        }
        Refusal::refused("已按要求停止；已完成的部分保留", "stopped as asked; what was done stays")
    }
    /// The job's key: what it makes is found by it.
    pub fn id(&self) -> i64 {
        self.job_id
    }
    /// Keeps a file that the job made; it outlives the job.
    pub fn keep(&self, what: &str, name: &str, bytes: Vec<u8>) -> Result<(), Refusal> {
        let (org_id, id) = (self.house.org_id, self.job_id);
        Ok(self
            .house
            .store
            .write_retrying(RETRIES, |tx| jobs::keep_made(tx, org_id, id, what, name, bytes.clone()))?)
    }
    /// Is it to stop? For work that cannot return an error from within.
    pub fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire) || self.closing.load(Ordering::Acquire)
    }
}

/// Whether a job is over, and a bell for it.
#[derive(Debug, Default)]
struct Over(Mutex<bool>, Condvar);

/// Rings when it is dropped.
struct LetGo<'o>(&'o Over);

impl Drop for LetGo<'_> {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

/// Writes how far a job is, and hears whether somebody wants it stopped, until it is over. In a thread of its own, so that
/// the work waits for no write but its own.
fn tell(running: &JobRun<'_>, over: &Over) {
    let mut ended = over.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    while !*ended {
        ended = match over.1.wait_timeout(ended, TELL_EVERY) {
            Ok((ended, _)) => ended,
            Err(poisoned) => poisoned.into_inner().0,
        };
        if *ended {
            break;
        }
        drop(ended);
        let (done, total) = (running.done.load(Ordering::Acquire), running.total.load(Ordering::Acquire));
        let (house, id, alive) = (running.house, running.job_id, crate::frame::machine_now());
        // A database that is busy now is told the next time.
        if let Ok(true) = house.store.write(|tx| jobs::beat(tx, house.org_id, id, done, total, alive)) {
            running.stop.store(true, Ordering::Release);
        }
        ended = over.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    }
}

/// The mark of work that the program's end interrupted: it goes on at the next start.
const INTERRUPTED: &str = "\u{1}interrupted";

fn interrupted() -> Refusal {
    Refusal::refused(INTERRUPTED, INTERRUPTED)
}

/// The queue's bell and the program's end.
#[derive(Debug, Default)]
pub struct Jobs {
    bell: Mutex<bool>,
    rung: Condvar,
    closing: AtomicBool,
}

impl Jobs {
    /// Puts an act into the queue; the same request key again answers the same job.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn queue(
        &self,
        console: &Console,
        act: &'static Act,
        raw: &Raw,
        given: &Given,
        caller: &Caller,
        key: &str,
        body: &[u8],
        now: Moment,
    ) -> Result<Done, Refusal> {
        let house = &console.house;
        let plain =
            |field: &&crate::catalogue::Field| !matches!(field.takes, Takes::File(..) | Takes::Secret);
        let texts: BTreeMap<String, String> = act
            .fields
            .iter()
            .filter(plain)
            .filter_map(|field| raw.texts.get(field.name).map(|text| (field.name.to_owned(), text.clone())))
            .collect();
        let files: Vec<JobFile> = act
            .fields
            .iter()
            .filter_map(|field| {
                given.file(field.name).map(|file| JobFile {
                    field: field.name.to_owned(),
                    name: file.name.clone(),
                    bytes: file.bytes.clone(),
                })
            })
            .collect();
        let desk = Desk::new(&house.store, &caller.actor);
        let put = |work: &mut identity::Work<'_, '_>| -> Result<Done, Refusal> {
            let id =
                jobs::queue(work.tx, house.org_id, act.name, caller.actor.person_id, &texts, &files, now)?;
            Ok(Done::said("已开始办理，可离开此页", "It has begun; you may leave this page")
                .see(format!("/jobs/{id}"))
                .fact("job", id.to_string()))
        };
        // An alarm does not keep the books from being checked again.
        let done = match act.on_alarm {
            true => desk.act_on_alarm_once(now, act.name, key, body, put)?,
            false => desk.act_once(now, act.name, key, body, put)?,
        };
        self.ring();
        Ok(done)
    }

    fn ring(&self) {
        *self.bell.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = true;
        self.rung.notify_all();
    }

    /// Lets the worker end after the command it is at.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.ring();
    }

    /// Works until [`Jobs::close`].
    pub fn work(&self, console: &Arc<Console>) {
        while !self.closing.load(Ordering::Acquire) {
            match self.one(console) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(refusal) => console.log_fault("job", &refusal.said.text(Lang::En)),
            }
            let mut bell = self.bell.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if !*bell {
                bell = match self.rung.wait_timeout(bell, LOOK_EVERY) {
                    Ok((bell, _)) => bell,
                    Err(poisoned) => poisoned.into_inner().0,
                };
            }
            *bell = false;
        }
    }

    /// Does the next job; answers whether there was one.
    pub fn one(&self, console: &Console) -> Result<bool, Refusal> {
        let (house, alive) = (&console.house, crate::frame::machine_now());
        let silent = alive.plus_millis(-SILENCE_MILLIS);
        // Looking is cheap and takes no lock; claiming is a write.
        let claimed =
            house.store.write_retrying(RETRIES, |tx| jobs::claim(tx, house.org_id, silent, alive))?;
        let Some(job) = claimed else { return Ok(false) };
        let end = match self.run(console, &job) {
            Ok(done) => End {
                state: State::Done,
                said: done.said,
                facts: serde_json::Value::Object(done.facts).to_string(),
                see: done.see,
            },
            // The next start goes on with it.
            Err(refusal) if refusal.said.zh == INTERRUPTED => {
                house.store.write_retrying(RETRIES, |tx| jobs::put_back(tx, house.org_id, job.id))?;
                return Ok(false);
            }
            Err(refusal) => {
                let wanted = house.store.read(|tx| jobs::find(tx, house.org_id, job.id))?;
                let cancelled = wanted.is_some_and(|job| job.cancel_wanted);
                let state = if cancelled { State::Cancelled } else { State::Failed };
                let mut said = refusal.said;
                for (name, why) in &refusal.fields {
                    said = Text::new(
                        format!("{} {name}：{}", said.zh, why.zh),
                        format!("{} {name}: {}", said.en, why.en),
                    );
                }
                End { state, said, facts: "{}".into(), see: None }
            }
        };
        let ended = crate::frame::machine_now();
        house.store.write_retrying(RETRIES, |tx| jobs::finish(tx, house.org_id, job.id, &end, ended))?;
        Ok(true)
    }

    fn run(&self, console: &Console, job: &jobs::Job) -> Result<Done, Refusal> {
        let house = &console.house;
        let act = console.catalogue.act(&job.act);
        let Some((act, Run::Job(run))) = act.map(|act| (act, act.run)) else {
            return Err(Refusal::not_found("操作", "act", &job.act));
        };
        let (actor, files) = house.store.read(|tx| -> Result<_, Refusal> {
            let actor = identity::load_actor(tx, house.org_id, job.person_id, job.queued_at.date())?;
            Ok((actor, jobs::files(tx, house.org_id, job.id)?))
        })?;
        let files = files
            .into_iter()
            .map(|file| (file.field, SentFile { name: file.name, bytes: file.bytes }))
            .collect();
        let given = Given::understand(act.fields, &Raw { texts: job.given.clone(), files }, false)?;
        let running = JobRun {
            house,
            actor,
            now: job.queued_at,
            job_id: job.id,
            starts: job.starts,
            done: AtomicI64::new(job.done),
            total: AtomicI64::new(job.total),
            stop: AtomicBool::new(false),
            closing: &self.closing,
        };
        let over = Over::default();
        let done = std::thread::scope(|threads| {
            threads.spawn(|| tell(&running, &over));
            // Whatever comes of the work, the teller is let go: also when it panics.
            let _letting_go = LetGo(&over);
            run(&running, &given)
        })?;
        let policy = if act.closes { vault::CheckpointPolicy::AT_ONCE } else { house.policy };
        // While an alarm waits nothing is written; the job may be the one that raised it.
        let stopped = running.look(|tx| Ok(identity::alarm::open_alarm(tx, house.org_id)?))?.is_some();
        if !house.signers.is_empty() && !stopped {
            running.desk().act(running.now, |work| -> Result<(), Refusal> {
                vault::checkpoint_if_due(work, &house.signers, policy)?;
                Ok(())
            })?;
        }
        Ok(done)
    }
}
