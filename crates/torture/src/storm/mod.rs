//! Faults of machine, disk and network. One file for each harness; `ground` is what they stand on.

pub mod backup;
pub mod child;
pub mod connection;
pub mod failpoints;
mod ground;
pub mod kill;
pub mod power;
mod proxy;
pub mod server;

pub use ground::{Ground, Phase, Site};

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::house::Trouble;
use crate::report::{Asked, Report};

/// A folder for one trial, in memory where the machine has such a place: what is lost there is lost on purpose.
pub(crate) fn scratch() -> Result<tempfile::TempDir, Trouble> {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::Builder::new().prefix("torture").tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    Ok(made?)
}

/// Runs the trials on as many threads as there are processors; each answers its counts and what it found.
pub(crate) fn trials(
    asked: &Asked,
    report: &mut Report,
    trial: impl Fn(u64, &mut fastrand::Rng) -> Finding + Sync,
) {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let next = AtomicU64::new(asked.trials().start);
    let end = asked.trials().end;
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        break;
                    }
                    let finding = trial(number, &mut asked.chance(number));
                    if let Ok(mut found) = found.lock() {
                        found.push((number, finding));
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.sort_by_key(|(number, _)| *number);
    for (number, finding) in found {
        for (name, count) in finding.counts {
            report.count(name, count);
        }
        for what in finding.faults {
            report.failed(number, what);
        }
    }
}

/// What one trial did and found.
#[derive(Debug, Default)]
pub(crate) struct Finding {
    /// Counts.
    pub counts: Vec<(&'static str, u64)>,
    /// Broken promises.
    pub faults: Vec<String>,
}

impl Finding {
    pub(crate) fn count(&mut self, name: &'static str, number: u64) {
        self.counts.push((name, number));
    }
    pub(crate) fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(what.into());
    }
    /// Adds where it happened to every fault.
    pub(crate) fn at(mut self, place: &str) -> Finding {
        for fault in &mut self.faults {
            *fault = format!("{place}: {fault}");
        }
        self
    }
}

/// Whether each of `steps` that `acknowledged` names is there with its answer, whether everything holds, and whether
/// giving all commands again with the same keys completes the work exactly once. Counts those that were committed but
/// never acknowledged.
pub(crate) fn judge(
    finding: &mut Finding,
    store: &store::Store,
    ground: &Ground,
    session: u64,
    steps: &[crate::house::Step],
    acknowledged: &[(crate::house::Step, Option<String>)],
    expected: &crate::house::Digest,
    keyed: crate::house::Keyed,
) {
    use crate::house::{Clock, Keyed, Step, difference, faults, give, remembered};
    let world = &ground.world;
    match faults(store, world) {
        Ok(found) => found.into_iter().for_each(|what| finding.fault(what)),
        Err(error) => finding.fault(format!("cannot be checked: {error}")),
    }
    let answer_of =
        |step: Step| acknowledged.iter().find(|(known, _)| *known == step).map(|(_, answer)| answer);
    let clock = Clock::of_session(session);
    let mut unacknowledged = 0;
    for step in steps {
        let known = match remembered(store, world, *step) {
            Ok(known) => known,
            Err(error) => return finding.fault(format!("{step:?}: {error}")),
        };
        let told = answer_of(*step);
        match (told, &known) {
            (Some(_), None) if step.key().is_some() && keyed == Keyed::Yes => {
                finding.fault(format!("{step:?} was acknowledged and is lost"));
            }
            (Some(Some(told)), Some(kept)) if told != kept => {
                finding.fault(format!("{step:?} answered {told} and remembers {kept}"));
            }
            (None, Some(_)) => unacknowledged += 1,
            _ => {}
        }
        // A command that was acknowledged is not given again by a client without keys; what it does not know, it repeats.
        if keyed == Keyed::No && told.is_some() {
            continue;
        }
        match give(store, world, &clock, *step, keyed) {
            Ok(given) => {
                if told.is_some() && given.added > 0 {
                    finding
                        .fault(format!("{step:?} was acknowledged and {} rows of it were lost", given.added));
                }
                if step.key().is_none() && told.is_none() && given.added == 0 {
                    unacknowledged += 1;
                }
            }
            Err(error) => finding.fault(format!("{step:?} cannot be given again: {error}")),
        }
    }
    finding.count("committed but unacknowledged", unacknowledged);
    match world.digest(store) {
        Ok(mut found) => {
            if keyed == Keyed::No {
                // Without keys there is nothing to remember; doubles must show elsewhere.
                found.insert("request", expected.get("request").cloned().unwrap_or_default());
            }
            if let Some(what) = difference(expected, &found) {
                finding.fault(format!("the month is another: {what}"));
            }
        }
        Err(error) => finding.fault(format!("cannot be read: {error}")),
    }
    match faults(store, world) {
        Ok(found) => found.into_iter().for_each(|what| finding.fault(format!("after completion: {what}"))),
        Err(error) => finding.fault(format!("cannot be checked after completion: {error}")),
    }
}
