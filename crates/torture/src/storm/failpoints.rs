//! Errors of the disk at every call: an act of the program (opening, a command, a checkpoint, commands that
//! share a commit, the migration of an empty database) is done once for each call it makes, and that call fails.
//!
//! Then: what was acknowledged is kept; what was refused is not kept; the process can go on; what a process killed at
//! that moment would leave is whole; the same commands with the same keys complete the work exactly once.

use std::collections::BTreeMap;

use store::Store;

use super::ground::{Copy, Ground, Phase};
use super::{Finding, judge, trials};
use crate::house::{self, Clock, Digest, Given, Keyed, Step, Trouble, give, remembered};
use crate::report::{Asked, Report};
use crate::vfs::{Call, Disk, Image, Loss, Plan};

/// Something the program does on a disk that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// One command.
    Give(Step),
    /// The log is moved into the file.
    Checkpoint,
    /// Four commands that share commits.
    Group,
    /// A database whose log was not moved into its file is opened.
    Open,
    /// An empty database gets its schema.
    Migrate,
}

/// The acts: a command of each kind, and what the store does beside commands.
const ACTS: [(Act, &[Step]); 13] = [
    (Act::Give(Step::Import(0)), &[]),
    (Act::Give(Step::SelfCheck(0)), &[Step::Import(0)]),
    (Act::Give(Step::Submit(0)), &[Step::SelfCheck(0)]),
    (Act::Give(Step::Calculate(0)), &[Step::Submit(0)]),
    (Act::Give(Step::Review(0)), &[Step::Calculate(0)]),
    (Act::Give(Step::Issue(0)), &[Step::Review(0)]),
    (Act::Give(Step::Adjust(0)), &[Step::Issue(0)]),
    (Act::Give(Step::Post(0)), &[]),
    (Act::Give(Step::Reverse(0)), &[Step::Post(0)]),
    (Act::Checkpoint, &[]),
    (Act::Group, &[]),
    (Act::Open, &[Step::Post(30), Step::Post(31)]),
    (Act::Migrate, &[]),
];

/// Commands of [`Act::Group`].
const GROUP: [Step; 4] = [Step::Post(10), Step::Post(11), Step::Post(12), Step::Post(13)];

struct Scene {
    act: Act,
    before: Image,
    after: Digest,
    calls: BTreeMap<Call, u64>,
    migrations: i64,
}

impl Act {
    fn steps(self) -> Vec<Step> {
        match self {
            Act::Give(step) => vec![step],
            Act::Group => GROUP.to_vec(),
            // Something worth a checkpoint.
            Act::Checkpoint => vec![Step::Post(20), Step::Post(21)],
            Act::Open | Act::Migrate => Vec::new(),
        }
    }
    /// Does the disk fail from before the database is opened?
    fn fails_at_opening(self) -> bool {
        matches!(self, Act::Open | Act::Migrate)
    }
}

/// What the program answered while the disk failed.
#[derive(Default)]
struct Told {
    done: Vec<(Step, Given)>,
    refused: Vec<(Step, Trouble)>,
    /// Trouble outside commands: opening, checkpoint.
    elsewhere: Option<Trouble>,
    store: Option<Store>,
}

/// Opens the database and does the act; `arm` begins the trouble.
fn perform(ground: &Ground, act: Act, url: &str, session: u64, arm: impl Fn()) -> Told {
    let mut told = Told::default();
    if act.fails_at_opening() {
        arm();
    }
    let store = match house::open(url) {
        Ok(store) => store,
        Err(error) => {
            told.elsewhere = Some(error.into());
            return told;
        }
    };
    if !act.fails_at_opening() {
        arm();
    }
    let clock = Clock::of_session(session);
    let world = &ground.world;
    if act == Act::Group {
        let answers: Vec<(Step, Result<Given, Trouble>)> = std::thread::scope(|scope| {
            let threads = GROUP.map(|step| {
                let (store, clock) = (&store, &clock);
                scope.spawn(move || (step, give(store, world, clock, step, Keyed::Yes)))
            });
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        for (step, answer) in answers {
            match answer {
                Ok(given) => told.done.push((step, given)),
                Err(error) => told.refused.push((step, error)),
            }
        }
    } else {
        for step in act.steps() {
            match give(&store, world, &clock, step, Keyed::Yes) {
                Ok(given) => told.done.push((step, given)),
                Err(error) => told.refused.push((step, error)),
            }
        }
    }
    if act == Act::Checkpoint {
        told.elsewhere = store.tidy_log().err().map(Trouble::from);
    }
    told.store = Some(store);
    told
}

/// How many migrations the database has.
fn migrations(store: &Store) -> Result<i64, Trouble> {
    let count = "SELECT COUNT(*) FROM schema_migration";
    let found = store.read(|tx| tx.one(count, &[], |row| row.int(0)).map_err(Trouble::from))?;
    Ok(found.unwrap_or(0))
}

fn scenes(ground: &Ground) -> Result<Vec<Scene>, Trouble> {
    let copy = ground.copy(Phase::Import)?;
    let mut scenes = Vec::new();
    let clock = Clock::of_session(1);
    for (act, first) in ACTS {
        let before = if act == Act::Migrate {
            Image::new()
        } else {
            let store = Store::open(&copy.url)?;
            for step in first {
                give(&store, &ground.world, &clock, *step, Keyed::Yes)?;
            }
            // To be opened with its log; otherwise closed in order.
            let with_log = if act == Act::Open { Some(copy.image()?) } else { None };
            drop(store);
            with_log.map_or_else(|| copy.image(), Ok)?
        };
        let trial = Copy::of_image(&before)?;
        let folder = trial.folder.as_ref().ok_or_else(|| Trouble::of("a scene needs a folder"))?;
        let disk = Disk::watch(folder.path());
        let told = perform(ground, act, &trial.url, 2, || disk.arm(None));
        if let Some((step, error)) = told.refused.first() {
            return Err(Trouble::of(format!("{step:?}: {error}")));
        }
        let Some(store) = told.store else {
            return Err(told.elsewhere.unwrap_or_else(|| Trouble::of("nothing was done")));
        };
        let calls = disk.calls();
        let after = if act == Act::Migrate { Digest::new() } else { ground.world.digest(&store)? };
        let migrations = migrations(&store)?;
        scenes.push(Scene { act, before, after, calls, migrations });
    }
    Ok(scenes)
}

/// Every call of every scene with every fault that fits it, once and lasting. Calls that change something come first; an
/// order by `seed` within a scene, and the scenes in turn, so that the first few hundred are of every kind.
fn plans(scenes: &[Scene], seed: u64) -> Vec<(usize, Plan)> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut found = Vec::new();
    for (place, scene) in scenes.iter().enumerate() {
        let mut own = Vec::new();
        for (call, count) in &scene.calls {
            for at in 1..=*count {
                for fault in call.faults() {
                    for lasting in [false, true] {
                        let changes = !matches!(call, Call::Read | Call::Size);
                        let later = !changes || (lasting && *call != Call::Sync);
                        let first = *call != Call::Sync;
                        let plan = Plan { call: *call, at, fault: *fault, lasting };
                        own.push(((later, first, chance.u64(..)), plan));
                    }
                }
            }
        }
        own.sort_by_key(|(order, _)| *order);
        let in_turn = own.into_iter().enumerate();
        found.extend(in_turn.map(|(rank, ((later, ..), plan))| ((later, rank, place), (place, plan))));
    }
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, plan)| plan).collect()
}

/// Tries the first `asked.count` of all failing calls.
pub fn failpoints(asked: &Asked) -> Result<Report, Trouble> {
    let ground = Ground::sqlite()?;
    let scenes = scenes(ground)?;
    let plans = plans(&scenes, asked.seed);
    let mut report = Report::new("failpoints", asked);
    report.count("acts", scenes.len() as u64);
    report.count("calls that can fail", scenes.iter().flat_map(|scene| scene.calls.values()).sum());
    report.count("faults there are", plans.len() as u64);
    trials(asked, &mut report, |number, chance| {
        // When there are fewer faults than trials, the rest strike by chance, several times in one act.
        let planned = usize::try_from(number).ok().and_then(|number| plans.get(number));
        let (scene, plan) = match planned {
            Some((place, plan)) => (&scenes[*place], Some(*plan)),
            None => (&scenes[chance.usize(0..scenes.len())], None),
        };
        let mut finding = Finding::default();
        if let Err(error) = one(ground, scene, plan, chance, asked.sabotage, &mut finding) {
            finding.fault(error.text);
        }
        let place = match plan {
            Some(Plan { call, at, fault, lasting }) => {
                format!("{:?}, {call:?} {at}, {fault:?}{}", scene.act, if lasting { ", lasting" } else { "" })
            }
            None => format!("{:?}, by chance", scene.act),
        };
        finding.at(&place)
    });
    Ok(report)
}

fn one(
    ground: &Ground,
    scene: &Scene,
    plan: Option<Plan>,
    chance: &mut fastrand::Rng,
    sabotage: bool,
    finding: &mut Finding,
) -> Result<(), Trouble> {
    let copy = Copy::of_image(&scene.before)?;
    let folder = copy.folder.as_ref().ok_or_else(|| Trouble::of("a scene needs a folder"))?;
    let disk = Disk::watch(folder.path());
    disk.record()?;
    let seed = chance.u64(..);
    let mut told = perform(ground, scene.act, &copy.url, 2, || match plan {
        Some(plan) => disk.arm(Some(plan)),
        None => disk.arm_by_chance(seed, 30),
    });
    finding.count("acts tried", 1);
    finding.count("struck", u64::from(disk.struck() > 0));
    disk.arm(None);
    if sabotage {
        // A program that swallows what the disk said.
        let swallowed =
            told.refused.drain(..).map(|(step, _)| (step, Given { answer: String::new(), added: 0 }));
        told.done.extend(swallowed.collect::<Vec<_>>());
    }
    finding.count("commands refused", told.refused.len() as u64);
    finding.count("not opened", u64::from(told.store.is_none()));
    let unknown = told.refused.iter().filter(|(_, error)| error.is_unknown()).count();
    finding.count("told that the commit is unknown", unknown as u64);

    // What a kill at this moment leaves, and what a power loss at this moment may leave.
    let trace = disk.recorded();
    let killed = disk.files()?;
    let loss = chance.choice(Loss::ALL).unwrap_or(Loss::Dropped);
    let lost = trace.image(trace.events.len(), loss, chance, false);
    // A write that failed half-way left bytes that a later recovery must not take for good.
    for (what, image) in [("killed then", killed), ("power lost then", lost)] {
        let mut after = Finding::default();
        outcome(ground, scene, &Copy::of_image(&image)?, &told, &mut after, sabotage)?;
        finding.faults.extend(after.faults.into_iter().map(|fault| format!("{what}: {fault}")));
    }

    // The process itself goes on, once the disk is well again.
    if let Some(store) = told.store.take() {
        let clock = Clock::of_session(3);
        let mut went_on = true;
        for step in scene.act.steps() {
            if let Err(error) = give(&store, &ground.world, &clock, step, Keyed::Yes) {
                went_on = false;
                finding.fault(format!("the process cannot go on: {step:?}: {error}"));
            }
        }
        finding.count("went on", u64::from(went_on));
    }
    let mut after = Finding::default();
    outcome(ground, scene, &copy, &Told { store: None, ..told }, &mut after, sabotage)?;
    finding.faults.extend(
        after
            .faults
            .into_iter()
            // After the same commands were given again in the same process, what was refused is there.
            .filter(|fault| !fault.contains("was refused"))
            .map(|fault| format!("ended then: {fault}")),
    );
    Ok(())
}

/// Opens what is left and compares it with what was told.
fn outcome(
    ground: &Ground,
    scene: &Scene,
    copy: &Copy,
    told: &Told,
    finding: &mut Finding,
    sabotage: bool,
) -> Result<(), Trouble> {
    let store = house::open(&copy.url).map_err(|error| Trouble::of(format!("does not open: {error}")))?;
    if scene.act == Act::Migrate {
        // Opened again, the empty database has its whole schema.
        let found = migrations(&store)?;
        if found != scene.migrations {
            finding.fault(format!("{found} of {} migrations", scene.migrations));
        }
        return Ok(());
    }
    for (step, error) in &told.refused {
        let kept = remembered(&store, &ground.world, *step)?;
        if kept.is_some() && error.says_nothing_kept() {
            finding.fault(format!("{step:?} was refused ({error}), and is kept"));
        }
    }
    let acknowledged: Vec<(Step, Option<String>)> = told
        .done
        .iter()
        .map(|(step, given)| (*step, step.key().map(|_| given.answer.clone()).filter(|_| !sabotage)))
        .collect();
    judge(finding, &store, ground, 4, &scene.act.steps(), &acknowledged, &scene.after, Keyed::Yes);
    Ok(())
}
