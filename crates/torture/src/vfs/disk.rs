//! What a watched folder remembers, and when it fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::image::{Event, Image, Trace};
use super::shim;

/// A kind of call that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Cutting a file.
    Truncate,
    /// Making durable.
    Sync,
    /// Opening a file.
    Open,
    /// Asking for the size of a file.
    Size,
    /// Mapping the shared index of the write-ahead log.
    Map,
}

impl Call {
    /// All of them.
    pub const ALL: [Call; 7] =
        [Call::Read, Call::Write, Call::Truncate, Call::Sync, Call::Open, Call::Size, Call::Map];
    /// The faults that make sense for it.
    pub fn faults(self) -> &'static [Fault] {
        match self {
            Call::Read => &[Fault::Error, Fault::Short],
            Call::Write => &[Fault::Error, Fault::Full, Fault::Short],
            Call::Truncate | Call::Sync | Call::Open | Call::Size | Call::Map => &[Fault::Error],
        }
    }
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// An input/output error (EIO).
    Error,
    /// No space left (ENOSPC).
    Full,
    /// Half of the bytes, then an error.
    Short,
}

/// Which call fails, and how.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The kind that is counted.
    pub call: Call,
    /// The number of the call that fails, counted from 1.
    pub at: u64,
    /// How.
    pub fault: Fault,
    /// All later calls of the kind fail too, until the plan is taken away.
    pub lasting: bool,
}

/// What the shim is to do with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Let it pass.
    Pass,
    /// Let it fail.
    Fail(Fault),
}

#[derive(Default)]
struct State {
    recording: bool,
    names: Vec<String>,
    start: BTreeMap<String, Vec<u8>>,
    events: Vec<Event>,
    calls: BTreeMap<Call, u64>,
    plan: Option<Plan>,
    chance: Option<(fastrand::Rng, u64)>,
    struck: u64,
}

/// A folder under watch.
pub struct Disk {
    folder: PathBuf,
    state: Mutex<State>,
}

static DISKS: Mutex<Vec<(PathBuf, Weak<Disk>)>> = Mutex::new(Vec::new());

fn patiently<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    /// Takes `folder` under watch until the last handle is dropped.
    pub fn watch(folder: &Path) -> Arc<Disk> {
        shim::install();
        let disk = Arc::new(Disk { folder: folder.to_owned(), state: Mutex::default() });
        let mut disks = patiently(&DISKS);
        disks.retain(|(_, known)| known.strong_count() > 0);
        disks.push((folder.to_owned(), Arc::downgrade(&disk)));
        disk
    }

    pub(super) fn of(path: &Path) -> Option<Arc<Disk>> {
        let folder = path.parent()?;
        patiently(&DISKS).iter().find(|(known, _)| known == folder).and_then(|(_, disk)| disk.upgrade())
    }

    /// Begins a recording with the files as they are now.
    pub fn record(&self) -> std::io::Result<()> {
        let start = self.files()?;
        let mut state = patiently(&self.state);
        (state.recording, state.start) = (true, start);
        state.events.clear();
        Ok(())
    }

    /// Ends the recording and answers it.
    pub fn recorded(&self) -> Trace {
        let mut state = patiently(&self.state);
        state.recording = false;
        Trace {
            start: std::mem::take(&mut state.start),
            names: state.names.clone(),
            events: std::mem::take(&mut state.events),
        }
    }

    /// Puts a mark of the harness between the events.
    pub fn note(&self, mark: u64) {
        let mut state = patiently(&self.state);
        if state.recording {
            state.events.push(Event::Note(mark));
        }
    }

    /// Arms `plan` and counts from zero.
    pub fn arm(&self, plan: Option<Plan>) {
        let mut state = patiently(&self.state);
        (state.plan, state.chance, state.struck) = (plan, None, 0);
        state.calls.clear();
    }

    /// Lets one call in `one_in` fail, by chance from `seed`.
    pub fn arm_by_chance(&self, seed: u64, one_in: u64) {
        let mut state = patiently(&self.state);
        (state.plan, state.struck) = (None, 0);
        state.chance = Some((fastrand::Rng::with_seed(seed), one_in.max(1)));
    }

    /// How many calls failed since it was armed.
    pub fn struck(&self) -> u64 {
        patiently(&self.state).struck
    }

    /// Calls of each kind since it was armed.
    pub fn calls(&self) -> BTreeMap<Call, u64> {
        patiently(&self.state).calls.clone()
    }

    /// The files as the operating system shows them now, without the shared index, which no power loss and no end of
    /// the last process outlives.
    pub fn files(&self) -> std::io::Result<Image> {
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.ends_with("-shm") && entry.file_type()?.is_file() {
                found.insert(name, std::fs::read(entry.path())?);
            }
        }
        Ok(found)
    }

    pub(super) fn number_of(&self, path: &Path) -> u16 {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut state = patiently(&self.state);
        let place = state.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            state.names.push(name.into_owned());
            state.names.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    pub(super) fn judge(&self, call: Call) -> Verdict {
        let mut state = patiently(&self.state);
        let number = state.calls.entry(call).or_default();
        *number += 1;
        let number = *number;
        let planned = state
            .plan
            .filter(|plan| plan.call == call && (number == plan.at || (plan.lasting && number > plan.at)));
        let fault = match planned {
            Some(plan) => Some(plan.fault),
            None => state.chance.as_mut().and_then(|(chance, one_in)| {
                (chance.u64(0..*one_in) == 0).then(|| *chance.choice(call.faults()).unwrap_or(&Fault::Error))
            }),
        };
        match fault {
            Some(fault) => {
                state.struck += 1;
                Verdict::Fail(fault)
            }
            None => Verdict::Pass,
        }
    }

    pub(super) fn happened(&self, event: impl FnOnce() -> Event) {
        let mut state = patiently(&self.state);
        if state.recording {
            let event = event();
            state.events.push(event);
        }
    }
}
