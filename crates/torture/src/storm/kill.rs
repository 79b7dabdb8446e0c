//! SIGKILL: a child works a phase of the month and is killed at a random moment; the database it leaves is opened,
//! checked and completed with the same keys.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::ground::{Copy, Ground, Phase, Site};
use super::{Finding, child, judge, trials};
use crate::house::{self, Keyed, Step, Trouble};
use crate::report::{Asked, Report};

/// What the child does wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// It acknowledges before the commit.
    Early,
    /// It and the client that completes its work use no request keys.
    Keyless,
}

/// How long an answer travels from the committed command to its client.
const ANSWER_US: u64 = 1_500;
/// A child that does not end is broken.
const PATIENCE: Duration = Duration::from_secs(60);

struct Life {
    acknowledged: Vec<(Step, Option<String>)>,
    /// It had done everything before it was killed.
    done: bool,
    /// From the first sign of life to the last.
    worked: Duration,
    complaint: String,
}

/// Runs a child; kills it `after` it is ready, or lets it end.
fn live(
    program: &Path,
    url: &str,
    phase: Phase,
    sabotage: Option<Sabotage>,
    after: Option<Duration>,
) -> Result<Life, Trouble> {
    let mut command = Command::new(program);
    command.args(["child", "--database", url, "--phase", phase.name(), "--session", "1"]);
    command.args(["--answer-us", &ANSWER_US.to_string()]);
    match sabotage {
        Some(Sabotage::Early) => drop(command.arg("--early")),
        Some(Sabotage::Keyless) => drop(command.arg("--keyless")),
        None => {}
    }
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let out = process.stdout.take().ok_or_else(|| Trouble::of("the child has no output"))?;
    let (send, lines) = channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    let mut life =
        Life { acknowledged: Vec::new(), done: false, worked: Duration::ZERO, complaint: String::new() };
    let ready = matches!(lines.recv_timeout(PATIENCE), Ok(line) if line == "ready");
    let begun = Instant::now();
    if ready {
        listen(&lines, begun, after.unwrap_or(PATIENCE), &mut life);
    }
    life.worked = begun.elapsed();
    if after.is_some() || !life.done {
        // On Unix this is SIGKILL.
        process.kill()?;
    }
    process.wait()?;
    // What was on its way through the pipe when the process died was acknowledged too.
    let _ = reader.join();
    for line in lines.try_iter() {
        heard(&line, &mut life);
    }
    if let Some(mut errors) = process.stderr.take() {
        std::io::Read::read_to_string(&mut errors, &mut life.complaint)?;
    }
    if !ready {
        return Err(Trouble::of(format!("the child did not begin: {}", life.complaint)));
    }
    Ok(life)
}

fn heard(line: &str, life: &mut Life) {
    if line == "done" {
        life.done = true;
    } else if let Some(acknowledged) = child::read_line(line) {
        life.acknowledged.push(acknowledged);
    }
}

fn listen(lines: &Receiver<String>, begun: Instant, for_so_long: Duration, life: &mut Life) {
    loop {
        let left = for_so_long.saturating_sub(begun.elapsed());
        match lines.recv_timeout(left) {
            Ok(line) => heard(&line, life),
            Err(RecvTimeoutError::Timeout) => return,
            Err(RecvTimeoutError::Disconnected) => {
                // It has ended; a kill that comes later hits nobody.
                std::thread::sleep(for_so_long.saturating_sub(begun.elapsed()).min(Duration::from_millis(1)));
                return;
            }
        }
    }
}

/// Kills `asked.count` children of `program` (this crate's own binary), one phase after the other. `sabotage` is what
/// the children do wrong when the run is sabotaged.
pub fn kill(
    asked: &Asked,
    program: &Path,
    site: Site,
    sabotage: Sabotage,
) -> Result<Option<Report>, Trouble> {
    let Some(ground) = Ground::at(site)? else { return Ok(None) };
    let ground = &*ground;
    let sabotage = asked.sabotage.then_some(sabotage);
    let mut report = Report::new(
        match (site, sabotage) {
            (Site::Sqlite, Some(Sabotage::Keyless)) => "kill --keyless",
            (Site::Sqlite, _) => "kill",
            (Site::Postgres, _) => "kill --postgres",
        },
        asked,
    );
    // How long each phase takes when nobody disturbs it decides when to kill.
    let mut lengths = Vec::new();
    for phase in Phase::ALL {
        let copy = ground.copy(phase)?;
        let life = live(program, &copy.url, phase, None, None)?;
        if !life.done {
            return Err(Trouble::of(format!("{}: the child failed: {}", phase.name(), life.complaint)));
        }
        lengths.push(life.worked);
    }
    trials(asked, &mut report, |number, chance| {
        let place = usize::try_from(number).unwrap_or(0) % Phase::ALL.len();
        // Without keys only posting can be done twice: a book knows its own state.
        let phase = if sabotage == Some(Sabotage::Keyless) { Phase::Posting } else { Phase::ALL[place] };
        let length = lengths[Phase::ALL.iter().position(|known| *known == phase).unwrap_or(0)];
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        let after = Duration::from_micros(chance.u64(0..=micros));
        let mut finding = Finding::default();
        if let Err(error) = one(program, ground, phase, sabotage, after, &mut finding) {
            finding.fault(error.text);
        }
        finding.at(&format!("{} killed after {} us", phase.name(), after.as_micros()))
    });
    Ok(Some(report))
}

fn one(
    program: &Path,
    ground: &Ground,
    phase: Phase,
    sabotage: Option<Sabotage>,
    after: Duration,
    finding: &mut Finding,
) -> Result<(), Trouble> {
    let mut copy: Copy = ground.copy(phase)?;
    let mut life = live(program, &copy.url, phase, sabotage, Some(after))?;
    let mut sooner = after;
    while life.done && !sooner.is_zero() {
        // It was quicker than the kill, and nothing was killed: another one is killed sooner.
        finding.count("ended before the kill", 1);
        sooner /= 2;
        copy = ground.copy(phase)?;
        life = live(program, &copy.url, phase, sabotage, Some(sooner))?;
    }
    finding.count("kills", u64::from(!life.done));
    finding.count(
        match phase {
            Phase::Import => "in import",
            Phase::Calculation => "in calculation",
            Phase::Issue => "in issue",
            Phase::Posting => "in posting",
            Phase::Run => "in the run of all books",
        },
        u64::from(!life.done),
    );
    finding.count("acknowledgements", life.acknowledged.len() as u64);
    if !life.complaint.is_empty() {
        finding.fault(format!("the child complained: {}", life.complaint.trim()));
    }
    let keyed = if sabotage == Some(Sabotage::Keyless) { Keyed::No } else { Keyed::Yes };
    let mut acknowledged = life.acknowledged;
    if sabotage.is_some() {
        // What a sabotaged child answers means nothing.
        acknowledged.iter_mut().for_each(|(_, answer)| *answer = None);
    }
    if ground.site == Site::Postgres {
        wait_for_the_server(&copy.url)?;
    }
    let store = house::open(&copy.url)?;
    judge(finding, &store, ground, 2, &phase.steps(), &acknowledged, ground.end(phase)?, keyed);
    Ok(())
}

/// The server may still work for a client that is dead; what it decides is waited for.
fn wait_for_the_server(url: &str) -> Result<(), Trouble> {
    let failed = |error: postgres::Error| Trouble::of(error.to_string());
    let mut client = postgres::Client::connect(url, postgres::NoTls).map_err(failed)?;
    for _ in 0..2_000 {
        let sql = "SELECT COUNT(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        let others: i64 = client.query_one(sql, &[]).map_err(failed)?.get(0);
        if others == 0 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Err(Trouble::of("the server still works for a client that is dead"))
}
