//! Backups while commands run: each backup is restored into an empty place on either engine, is whole, has the root of
//! the log it was taken from, holds everything acknowledged before it began, and the month can be completed from it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use store::Store;

use super::ground::{Copy, Ground, Phase, Site};
use super::{Finding, judge, trials};
use crate::house::{self, Clock, Digest, Keyed, STATIONS, Step, Trouble, give};
use crate::report::{Asked, Report};

/// Backups of one month.
const BACKUPS: usize = 3;

/// The month in lanes: two for the books, one for vouchers.
fn lanes() -> Vec<Vec<Step>> {
    let books = |odd| -> Vec<Step> {
        let stations = (0..STATIONS).filter(|at| at % 2 == odd);
        let way = |at| {
            [
                Step::Import(at),
                Step::SelfCheck(at),
                Step::Submit(at),
                Step::Calculate(at),
                Step::Review(at),
                Step::Issue(at),
                Step::Adjust(at),
            ]
        };
        stations.flat_map(way).collect()
    };
    vec![books(0), books(1), Phase::Posting.steps()]
}

struct Taken {
    file: tempfile::TempDir,
    /// What was acknowledged before it began.
    before: Vec<(Step, Option<String>)>,
}

/// Drills `asked.count` months.
pub fn backup(asked: &Asked, site: Site) -> Result<Option<Report>, Trouble> {
    let Some(ground) = Ground::at(site)? else { return Ok(None) };
    let ground = &*ground;
    let name = if site == Site::Sqlite { "backup" } else { "backup --postgres" };
    let mut report = Report::new(name, asked);
    trials(asked, &mut report, |_, chance| {
        let mut finding = Finding::default();
        if let Err(error) = one(ground, chance, asked.sabotage, &mut finding) {
            finding.fault(error.text);
        }
        finding
    });
    Ok(Some(report))
}

fn one(
    ground: &Ground,
    chance: &mut fastrand::Rng,
    sabotage: bool,
    finding: &mut Finding,
) -> Result<(), Trouble> {
    let copy = ground.copy(Phase::Import)?;
    let store = house::open(&copy.url)?;
    let (taken, told) = under_load(ground, &store, chance)?;
    let end = ground.world.digest(&store)?;
    for backup in taken {
        finding.count("backups", 1);
        finding.count("acknowledged before", backup.before.len() as u64);
        // The other engine takes the same file, when there is one.
        let target = match chance.bool() && std::env::var_os("ZHANGFANG_TEST_POSTGRES").is_some() {
            true => Site::Postgres,
            false => Site::Sqlite,
        };
        finding.count(
            if target == Site::Postgres { "restored into PostgreSQL" } else { "restored into SQLite" },
            1,
        );
        let before = if sabotage { &told } else { &backup.before };
        restored(ground, &store, &backup, before, &end, target, finding)
            .map_err(|error| Trouble::of(format!("restore: {error}")))?;
    }
    Ok(())
}

/// The whole month, with backups at random moments; what each began with, and everything that was acknowledged.
fn under_load(
    ground: &Ground,
    store: &Store,
    chance: &mut fastrand::Rng,
) -> Result<(Vec<Taken>, Vec<(Step, Option<String>)>), Trouble> {
    let clock = Clock::of_session(1);
    let acknowledged = Mutex::new(Vec::new());
    let failed = AtomicBool::new(false);
    let all = lanes();
    let total: usize = all.iter().map(Vec::len).sum();
    let mut due: Vec<usize> = (0..BACKUPS).map(|_| chance.usize(0..total)).collect();
    due.sort_unstable();
    let poisoned = || Trouble::of("a lane panicked");
    let mut taken = Vec::new();
    let outcome: Result<(), Trouble> = std::thread::scope(|scope| {
        let lanes: Vec<_> = all
            .into_iter()
            .map(|lane| {
                let (clock, acknowledged, failed) = (&clock, &acknowledged, &failed);
                scope.spawn(move || {
                    for step in lane {
                        let given =
                            give(store, &ground.world, clock, step, Keyed::Yes).inspect_err(|_| {
                                failed.store(true, Ordering::Release);
                            })?;
                        let mut acknowledged = acknowledged.lock().map_err(|_| poisoned())?;
                        acknowledged.push((step, step.key().map(|_| given.answer)));
                    }
                    Ok::<_, Trouble>(())
                })
            })
            .collect();
        for at in due {
            let before = loop {
                let so_far = acknowledged.lock().map_err(|_| poisoned())?.clone();
                if so_far.len() >= at || failed.load(Ordering::Acquire) {
                    break so_far;
                }
                std::thread::yield_now();
            };
            let file = super::scratch()?;
            store.backup(&file.path().join("month.backup"))?;
            taken.push(Taken { file, before });
        }
        lanes.into_iter().try_for_each(|lane| lane.join().map_err(|_| poisoned())?)
    });
    outcome?;
    let told = acknowledged.into_inner().map_err(|_| poisoned())?;
    Ok((taken, told))
}

fn restored(
    ground: &Ground,
    source: &Store,
    backup: &Taken,
    before: &[(Step, Option<String>)],
    end: &Digest,
    target: Site,
    finding: &mut Finding,
) -> Result<(), Trouble> {
    let place = Copy::empty(target)?;
    let store = house::open(&place.url)?;
    let report = store.restore(&backup.file.path().join("month.backup"))?;
    finding.count("rows restored", report.rows);
    let org_id = ground.world.org_id;
    let size = store.read(|tx| vault::size(tx, org_id).map_err(Trouble::from))?;
    let root = |store: &Store| store.read(|tx| vault::tree_root(tx, org_id, size).map_err(Trouble::from));
    if root(source)? != root(&store)? {
        finding.fault(format!("the log of {size} acts has another root than where it came from"));
    }
    judge(finding, &store, ground, 2, &lanes().concat(), before, end, Keyed::Yes);
    Ok(())
}
