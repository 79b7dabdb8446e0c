//! Power loss: the whole month is recorded on a watched disk, cut off at random moments, and each disk that may be left
//! must open, hold everything acknowledged, and be completed by the same commands with the same keys.

use store::Store;

use super::ground::{Copy, Ground, Phase};
use super::{Finding, judge, trials};
use crate::house::{self, Clock, Digest, Keyed, Step, Trouble, give, month_of};
use crate::report::{Asked, Report};
use crate::vfs::{Disk, Image, Loss, Trace};

/// Vouchers written during the month.
const VOUCHERS: usize = 8;

struct Recording {
    trace: Trace,
    steps: Vec<Step>,
    answers: Vec<String>,
    end: Digest,
}

/// The month with its acknowledgements, and checkpoints at random moments.
fn record(ground: &Ground, seed: u64) -> Result<Recording, Trouble> {
    let copy = ground.copy(Phase::Import)?;
    let folder = copy.folder.as_ref().ok_or_else(|| Trouble::of("the recording needs a folder"))?;
    let disk = Disk::watch(folder.path());
    disk.record()?;
    let store = house::open(&copy.url)?;
    let steps = month_of(VOUCHERS);
    let (clock, mut chance) = (Clock::of_session(1), fastrand::Rng::with_seed(seed));
    let mut answers = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let given = give(&store, &ground.world, &clock, *step, Keyed::Yes)?;
        disk.note(number as u64);
        answers.push(given.answer);
        if chance.u8(0..4) == 0 {
            store.tidy_log()?;
        }
    }
    let trace = disk.recorded();
    let end = ground.world.digest(&store)?;
    Ok(Recording { trace, steps, answers, end })
}

/// Tries `asked.count` images.
pub fn power_loss(asked: &Asked) -> Result<Report, Trouble> {
    let ground = Ground::sqlite()?;
    let recording = record(ground, asked.seed)?;
    let mut report = Report::new("power-loss", asked);
    report.count("events recorded", recording.trace.events.len() as u64);
    report.count("syncs", recording.trace.syncs() as u64);
    report.count("commands", recording.steps.len() as u64);
    trials(asked, &mut report, |_, chance| {
        let upto = chance.usize(1..=recording.trace.events.len());
        let loss = chance.choice(Loss::ALL).unwrap_or(Loss::Torn);
        let finding = one(ground, &recording, upto, loss, chance, asked.sabotage);
        finding.at(&format!("cut at event {upto}, {loss:?}"))
    });
    Ok(report)
}

fn one(
    ground: &Ground,
    recording: &Recording,
    upto: usize,
    loss: Loss,
    chance: &mut fastrand::Rng,
    sabotage: bool,
) -> Finding {
    let mut finding = Finding::default();
    finding.count("images", 1);
    finding.count(
        match loss {
            Loss::Dropped => "dropped",
            Loss::Kept => "kept",
            Loss::Prefix => "prefix",
            Loss::Mixed => "mixed",
            Loss::Torn => "torn",
        },
        1,
    );
    let image = recording.trace.image(upto, loss, chance, sabotage);
    let marks = recording.trace.marks(upto);
    let acknowledged: Vec<(Step, Option<String>)> = marks
        .into_iter()
        .filter_map(|mark| usize::try_from(mark).ok())
        .map(|mark| {
            (recording.steps[mark], recording.steps[mark].key().map(|_| recording.answers[mark].clone()))
        })
        .collect();
    finding.count("acknowledgements", acknowledged.len() as u64);
    let twice = chance.u8(0..4) == 0;
    let (image, acknowledged, session) = if twice {
        finding.count("cut twice", 1);
        match again(ground, recording, &image, loss, chance, sabotage) {
            Ok((image, more)) => (image, [acknowledged, more].concat(), 3),
            Err(error) => {
                finding.fault(format!("does not go on: {error}"));
                return finding;
            }
        }
    } else {
        (image, acknowledged, 2)
    };
    let opened = Copy::of_image(&image).and_then(|copy| {
        let store: Store = house::open(&copy.url)?;
        Ok((copy, store))
    });
    match opened {
        Ok((copy, store)) => {
            judge(
                &mut finding,
                &store,
                ground,
                session,
                &recording.steps,
                &acknowledged,
                &recording.end,
                Keyed::Yes,
            );
            drop(store);
            drop(copy);
        }
        Err(error) => finding.fault(format!("does not open: {error}")),
    }
    finding
}

/// What a disk holds after the power went, and what was acknowledged since it came back.
type Left = (Image, Vec<(Step, Option<String>)>);

/// The power goes a second time, while the database is recovered and the month goes on.
fn again(
    ground: &Ground,
    recording: &Recording,
    image: &Image,
    loss: Loss,
    chance: &mut fastrand::Rng,
    sabotage: bool,
) -> Result<Left, Trouble> {
    let copy = Copy::of_image(image)?;
    let folder = copy.folder.as_ref().ok_or_else(|| Trouble::of("the recording needs a folder"))?;
    let disk = Disk::watch(folder.path());
    disk.record()?;
    let store = house::open(&copy.url)?;
    let clock = Clock::of_session(2);
    let until = chance.usize(0..=recording.steps.len());
    let mut answers = Vec::new();
    for (number, step) in recording.steps.iter().enumerate().take(until) {
        let given = give(&store, &ground.world, &clock, *step, Keyed::Yes)?;
        disk.note(number as u64);
        answers.push(given.answer);
        if chance.u8(0..6) == 0 {
            store.tidy_log()?;
        }
    }
    let trace = disk.recorded();
    let upto = chance.usize(0..=trace.events.len());
    let marks = trace.marks(upto).into_iter().filter_map(|mark| usize::try_from(mark).ok());
    let more =
        marks.map(|mark| (recording.steps[mark], recording.steps[mark].key().map(|_| answers[mark].clone())));
    let more = more.collect();
    Ok((trace.image(upto, loss, chance, sabotage), more))
}
