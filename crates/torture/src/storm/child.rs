//! The process that is killed: it works one phase of the month and says what was acknowledged, line by line.

use std::io::Write;
use std::time::Duration;

use clap::Args;

use super::ground::Phase;
use crate::house::{self, Clock, Keyed, Step, Trouble, World, give};

/// What the child is told.
#[derive(Debug, Clone, Args)]
pub struct Child {
    /// The database.
    #[arg(long)]
    pub database: String,
    /// The phase.
    #[arg(long)]
    pub phase: String,
    /// Which session of the clock.
    #[arg(long)]
    pub session: u64,
    /// How long an answer is on its way, in microseconds.
    #[arg(long, default_value_t = 0)]
    pub answer_us: u64,
    /// Sabotage: say that a command is done before it is given.
    #[arg(long)]
    pub early: bool,
    /// Sabotage: give commands without request keys.
    #[arg(long)]
    pub keyless: bool,
}

/// A line of the child: a command that is done, with its answer.
pub fn line(step: Step, answer: &str) -> Result<String, Trouble> {
    serde_json::to_string(&(step, answer)).map_err(|error| Trouble::of(error.to_string()))
}

/// Reads such a line; nothing when it was cut off.
pub fn read_line(line: &str) -> Option<(Step, Option<String>)> {
    let (step, answer): (Step, String) = serde_json::from_str(line).ok()?;
    Some((step, step.key().map(|_| answer)))
}

fn say(line: &str) {
    // Nobody to listen any more: the parent has seen enough.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Works the phase.
pub fn work(told: &Child) -> Result<(), Trouble> {
    let phase = Phase::named(&told.phase).ok_or_else(|| Trouble::of("no such phase"))?;
    let store = house::open(&told.database)?;
    let world = World::load(&store)?;
    let clock = Clock::of_session(told.session);
    let keyed = if told.keyless { Keyed::No } else { Keyed::Yes };
    say("ready");
    let outcome: Result<Vec<()>, Trouble> = std::thread::scope(|scope| {
        let lanes: Vec<_> = phase
            .lanes()
            .into_iter()
            .map(|lane| {
                let (store, world, clock) = (&store, &world, &clock);
                scope.spawn(move || {
                    for step in lane {
                        if told.early {
                            say(&line(step, "early")?);
                        }
                        let given = give(store, world, clock, step, keyed)?;
                        std::thread::sleep(Duration::from_micros(told.answer_us));
                        if !told.early {
                            say(&line(step, &given.answer)?);
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        let joined = lanes.into_iter().map(|lane| match lane.join() {
            Ok(done) => done,
            Err(_) => Err(Trouble::of("a lane panicked")),
        });
        joined.collect()
    });
    outcome?;
    say("done");
    Ok(())
}
