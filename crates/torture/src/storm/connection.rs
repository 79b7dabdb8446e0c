//! Lost connections to PostgreSQL: the wire is cut before or after a chosen request, commits above all, or the server
//! ends the connection at a random moment. The client asks again with the same key until it is answered; each command
//! happened exactly once, and nothing that was refused is kept.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use store::Store;

use super::ground::{Copy, Ground, Phase, Site};
use super::proxy::{Cut, Proxy};
use super::{Finding, judge, trials};
use crate::house::{Clock, Keyed, Step, Trouble, give, remembered};
use crate::report::{Asked, Report};

/// A client asks so often.
const TRIES: u32 = 8;
/// The name that the connections which only look give the server: it ends all others.
const EYE: &str = "eye";

/// `url` with the wire in place of the server; answers also where the server is.
fn through(url: &str, port: u16) -> Result<String, Trouble> {
    let (before, after) =
        url.rsplit_once('@').ok_or_else(|| Trouble::of("no user in the server's address"))?;
    let (_, database) = after.split_once('/').ok_or_else(|| Trouble::of("no database in the address"))?;
    Ok(format!("{before}@127.0.0.1:{port}/{database}"))
}

fn server_of(url: &str) -> Result<String, Trouble> {
    let host = url.rsplit_once('@').and_then(|(_, after)| after.split_once('/')).map(|(host, _)| host);
    host.map(str::to_owned).ok_or_else(|| Trouble::of("no server in the address"))
}

/// Loses the connection `asked.count` times; nothing when there is no server.
pub fn connection_loss(asked: &Asked) -> Result<Option<Report>, Trouble> {
    let Some(ground) = Ground::at(Site::Postgres)? else { return Ok(None) };
    let ground = &*ground;
    let mut report = Report::new("connection-loss", asked);
    let mut lengths = Vec::new();
    for phase in Phase::ALL {
        let copy = ground.copy(phase)?;
        let proxy = Proxy::to(server_of(&copy.url)?)?;
        let store = Store::open(&through(&copy.url, proxy.port())?)?;
        proxy.arm(None);
        let clock = Clock::of_session(1);
        for step in phase.steps() {
            give(&store, &ground.world, &clock, step, Keyed::Yes)?;
        }
        lengths.push(proxy.seen());
    }
    report.count("requests of all phases", lengths.iter().map(|(requests, _)| requests).sum());
    report.count("commits of all phases", lengths.iter().map(|(_, commits)| commits).sum());
    trials(asked, &mut report, |number, chance| {
        let place = usize::try_from(number).unwrap_or(0) % Phase::ALL.len();
        // Without keys only posting can be done twice: a book knows its own state.
        let place = if asked.sabotage { 3 } else { place };
        let phase = Phase::ALL[place];
        let (requests, commits) = lengths[place];
        let way = if asked.sabotage { 0 } else { chance.u8(0..4) };
        let cut = match way {
            0 | 1 => Cut { at: chance.u64(1..=commits.max(1)), commits_only: true, after: way == 0 },
            _ => Cut { at: chance.u64(1..=requests.max(1)), commits_only: false, after: chance.bool() },
        };
        let ended_by_server = way == 3;
        let mut finding = Finding::default();
        let outcome = one(ground, phase, cut, ended_by_server, chance, asked.sabotage, &mut finding);
        if let Err(error) = outcome {
            finding.fault(error.text);
        }
        let how = if ended_by_server { "ended by the server".into() } else { format!("{cut:?}") };
        finding.at(&format!("{}, {how}", phase.name()))
    });
    Ok(Some(report))
}

fn one(
    ground: &Ground,
    phase: Phase,
    cut: Cut,
    ended_by_server: bool,
    chance: &mut fastrand::Rng,
    sabotage: bool,
    finding: &mut Finding,
) -> Result<(), Trouble> {
    let copy: Copy = ground.copy(phase)?;
    let proxy = Proxy::to(server_of(&copy.url)?)?;
    let store = Store::open(&through(&copy.url, proxy.port())?)?;
    let eye = Store::open(&format!("{}?application_name={EYE}", copy.url))?;
    let keyed = if sabotage { Keyed::No } else { Keyed::Yes };
    let clock = Clock::of_session(1);
    let mut acknowledged: Vec<(Step, Option<String>)> = Vec::new();
    let over = AtomicBool::new(false);
    let pause = chance.u64(0..60_000);
    proxy.arm((!ended_by_server).then_some(cut));
    std::thread::scope(|scope| {
        if ended_by_server {
            scope.spawn(|| end_connections(&copy.url, pause, &over));
        }
        for step in phase.steps() {
            let mut answered = false;
            for _ in 0..TRIES {
                match give(&store, &ground.world, &clock, step, keyed) {
                    Ok(given) => {
                        acknowledged.push((step, step.key().filter(|_| !sabotage).map(|_| given.answer)));
                        answered = true;
                        break;
                    }
                    Err(error) => told(finding, ground, &eye, step, &error),
                }
            }
            if !answered {
                finding.fault(format!("{step:?} was never answered"));
            }
        }
        over.store(true, Ordering::Release);
    });
    finding.count("connections lost", if ended_by_server { 1 } else { proxy.cuts() });
    drop(store);
    judge(finding, &eye, ground, 2, &phase.steps(), &acknowledged, ground.end(phase)?, keyed);
    Ok(())
}

/// What an error says must be so.
fn told(finding: &mut Finding, ground: &Ground, eye: &Store, step: Step, error: &Trouble) {
    let kept = match remembered(eye, &ground.world, step) {
        Ok(kept) => kept.is_some(),
        Err(error) => return finding.fault(format!("{step:?}: {error}")),
    };
    match (error.is_unknown(), kept) {
        (true, true) => finding.count("unknown and kept", 1),
        (true, false) => finding.count("unknown and not kept", 1),
        (false, false) => finding.count("refused", 1),
        (false, true) => finding.fault(format!("{step:?} was refused ({error}), and is kept")),
    }
}

/// After a while, the server ends every connection of the database but this one and those that only look.
fn end_connections(url: &str, pause_us: u64, over: &AtomicBool) {
    let Ok(mut client) = postgres::Client::connect(url, postgres::NoTls) else { return };
    std::thread::sleep(Duration::from_micros(pause_us));
    if !over.load(Ordering::Acquire) {
        let _ = client.batch_execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> '{EYE}'"
        ));
    }
}
