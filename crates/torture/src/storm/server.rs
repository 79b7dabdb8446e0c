//! SIGKILL of the server itself: a PostgreSQL of our own loses its first process while commands run, is started again,
//! and the clients ask again with the same keys. For the nightly run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use store::Store;

use super::ground::{Ground, Phase, Site};
use super::{Finding, judge};
use crate::house::{Clock, Keyed, Step, Trouble, give, remembered};
use crate::report::{Asked, Report};

/// The variable by which tests find a server.
const VARIABLE: &str = "ZHANGFANG_TEST_POSTGRES";
/// A client asks so often, every so many milliseconds.
const TRIES: u32 = 400;
const PAUSE: Duration = Duration::from_millis(25);

/// A server of our own in a folder.
#[derive(Debug, Clone)]
struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Server {
    /// PostgreSQL does not run as root: root runs it as the package's own user.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let is_root = Path::new("/root").metadata().is_ok_and(|_| whoami() == "root");
        if is_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        }
    }
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
    fn make(&self) -> Result<(), Trouble> {
        let data = self.data();
        let mut initdb = self.command("initdb");
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        ran(initdb.stdout(Stdio::null()))
    }
    /// Starts it; what the dead one left (its processes on their way out) is waited for.
    fn start(&self) -> Result<(), Trouble> {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off",
            self.port,
            self.folder.display()
        );
        let mut last = Trouble::of("not tried");
        for _ in 0..100 {
            let mut start = self.command("pg_ctl");
            start.arg("-D").arg(self.data()).arg("-w").arg("-l").arg(self.folder.join("log"));
            start.arg("-o").arg(&options).arg("start");
            match ran(start.stdout(Stdio::null())) {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(last)
    }
    /// Kills the first process of the server.
    fn kill(&self) -> Result<(), Trouble> {
        let text = std::fs::read_to_string(self.data().join("postmaster.pid"))?;
        let pid = text.lines().next().unwrap_or_default().trim().to_owned();
        if pid.parse::<u32>().is_err() {
            return Err(Trouble::of("the server has no process"));
        }
        ran(Command::new("kill").args(["-9", &pid]))
    }
    fn stop(&self) {
        let mut stop = self.command("pg_ctl");
        stop.arg("-D").arg(self.data()).args(["-m", "immediate", "stop"]);
        // The folder goes away in any case.
        let _ = ran(stop.stdout(Stdio::null()));
    }
}

fn whoami() -> String {
    let said = Command::new("id").arg("-un").output();
    said.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default()
}

fn ran(command: &mut Command) -> Result<(), Trouble> {
    let status = command.stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(Trouble::of(format!("{command:?}: {status}"))) }
}

fn programs() -> Result<PathBuf, Trouble> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")?
        .filter_map(|entry| entry.ok().map(|entry| entry.path().join("bin")))
        .filter(|path| path.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().ok_or_else(|| Trouble::of("PostgreSQL's server is not installed"))
}

/// Starts a server of our own and lets this program do the work with it; answers whether all was well. `inner` are the
/// arguments with which the program calls itself.
pub fn with_own_server(inner: &[String]) -> Result<bool, Trouble> {
    let folder = super::scratch()?;
    let path = folder.path().to_owned();
    ran(Command::new("chmod").arg("755").arg(&path))?;
    if whoami() == "root" {
        ran(Command::new("chown").arg("postgres:").arg(&path))?;
    }
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let server = Server { programs: programs()?, folder: path, port };
    server.make()?;
    server.start()?;
    let outcome = Command::new(std::env::current_exe()?)
        .args(inner)
        .arg("--folder")
        .arg(&server.folder)
        .arg("--port")
        .arg(port.to_string())
        .env(VARIABLE, format!("postgres://postgres@127.0.0.1:{port}"))
        .status();
    server.stop();
    Ok(outcome?.success())
}

/// Kills the server in `folder` `asked.count` times.
pub fn kill_server(asked: &Asked, folder: &Path, port: u16) -> Result<Option<Report>, Trouble> {
    let Some(ground) = Ground::at(Site::Postgres)? else { return Ok(None) };
    let server = Server { programs: programs()?, folder: folder.to_owned(), port };
    let mut report = Report::new("kill-server", asked);
    for number in asked.trials() {
        let mut chance = asked.chance(number);
        let phase = Phase::ALL[usize::try_from(number).unwrap_or(0) % Phase::ALL.len()];
        let mut finding = Finding::default();
        let outcome = one(&ground, &server, phase, &mut chance, asked.sabotage, &mut finding);
        if let Err(error) = outcome {
            finding.fault(error.text);
        }
        let finding = finding.at(phase.name());
        for (name, count) in finding.counts {
            report.count(name, count);
        }
        for what in finding.faults {
            report.failed(number, what);
        }
    }
    Ok(Some(report))
}

fn one(
    ground: &Ground,
    server: &Server,
    phase: Phase,
    chance: &mut fastrand::Rng,
    sabotage: bool,
    finding: &mut Finding,
) -> Result<(), Trouble> {
    let copy = ground.copy(phase)?;
    let store = Store::open(&copy.url)?;
    let keyed = if sabotage { Keyed::No } else { Keyed::Yes };
    let clock = Clock::of_session(1);
    let pause = Duration::from_micros(chance.u64(0..150_000));
    let mut acknowledged: Vec<(Step, Option<String>)> = Vec::new();
    let mut unknown = 0;
    let killed: Result<(), Trouble> = std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            std::thread::sleep(pause);
            server.kill()?;
            server.start()
        });
        for step in phase.steps() {
            for _ in 0..TRIES {
                match give(&store, &ground.world, &clock, step, keyed) {
                    Ok(given) => {
                        acknowledged.push((step, step.key().filter(|_| !sabotage).map(|_| given.answer)));
                        break;
                    }
                    Err(error) if error.is_unknown() => unknown += 1,
                    Err(_) => {}
                }
                std::thread::sleep(PAUSE);
            }
        }
        killer.join().unwrap_or_else(|_| Err(Trouble::of("the killer panicked")))
    });
    killed?;
    finding.count("kills of the server", 1);
    finding.count("commits unknown", unknown);
    finding.count("acknowledgements", acknowledged.len() as u64);
    let steps = phase.steps();
    if let Some(step) = steps.iter().find(|step| !acknowledged.iter().any(|(known, _)| known == *step)) {
        finding.fault(format!("{step:?} was never answered"));
    }
    // One more look with fresh eyes: nothing of the pool may be from before.
    let eye = Store::open(&copy.url)?;
    for (step, _) in &acknowledged {
        if step.key().is_some() && !sabotage && remembered(&eye, &ground.world, *step)?.is_none() {
            finding.fault(format!("{step:?} was acknowledged and is lost"));
        }
    }
    judge(finding, &eye, ground, 2, &steps, &acknowledged, ground.end(phase)?, keyed);
    Ok(())
}
