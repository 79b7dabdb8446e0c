//! `zhangfang-torture`: one subcommand per harness.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use torture::house::Trouble;
use torture::report::{Asked, Report};
use torture::storm::kill::Sabotage;
use torture::storm::{self, Site};

/// Break the machine under the program and see whether it keeps its promises.
#[derive(Debug, Parser)]
#[command(name = "zhangfang-torture", version)]
struct Cli {
    #[command(subcommand)]
    harness: Harness,
}

/// What every harness takes.
#[derive(Debug, Clone, Args)]
struct Common {
    /// How many trials.
    #[arg(long, default_value_t = 100)]
    count: u64,
    /// Where chance begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this trial of the run.
    #[arg(long)]
    only: Option<u64>,
    /// Break the promise on purpose: the run must fail, and is good when it does.
    #[arg(long)]
    sabotage: bool,
}

impl Common {
    fn asked(&self) -> Asked {
        Asked { only: self.only, sabotage: self.sabotage, ..Asked::new(self.count, self.seed) }
    }
}

#[derive(Debug, Subcommand)]
enum Harness {
    /// Power loss at random moments, with unsynced writes dropped, kept, mixed and torn.
    PowerLoss(Common),
    /// Errors of the disk at every call.
    Failpoints(Common),
    /// SIGKILL at random moments of import, calculation, issue, posting and the run of all books.
    Kill {
        #[command(flatten)]
        common: Common,
        /// On the server named by ZHANGFANG_TEST_POSTGRES.
        #[arg(long)]
        postgres: bool,
        /// Sabotage by commands without request keys instead of acknowledgements before the commit.
        #[arg(long)]
        keyless: bool,
    },
    /// Lost connections to PostgreSQL.
    ConnectionLoss(Common),
    /// Backups under load, restored and compared.
    Backup {
        #[command(flatten)]
        common: Common,
        /// From the server named by ZHANGFANG_TEST_POSTGRES.
        #[arg(long)]
        postgres: bool,
    },
    /// SIGKILL of a PostgreSQL server of its own.
    KillServer {
        #[command(flatten)]
        common: Common,
        #[arg(long, hide = true)]
        folder: Option<std::path::PathBuf>,
        #[arg(long, hide = true, default_value_t = 0)]
        port: u16,
    },
    /// Random commands against a reference model, on both engines.
    Model(Common),
    /// Edits of stored data behind the program's back, which its checks must find.
    Tamper(Common),
    /// The same edits of everything, and what nobody notices by table and column.
    TamperGaps(Common),
    /// Databases of every released version, brought up to date and interrupted at every statement.
    Upgrade(Common),
    /// The list of the schema's steps, for `fixtures/released_steps.txt` at a release.
    Steps {
        /// The version to be released.
        version: String,
    },
    /// Writes the database of a finished month, for `fixtures` at a release.
    Fixture {
        /// The file to write.
        file: std::path::PathBuf,
    },
    /// The process that `kill` kills.
    #[command(hide = true)]
    Child(storm::child::Child),
}

fn site(postgres: bool) -> Site {
    if postgres { Site::Postgres } else { Site::Sqlite }
}

fn run(harness: &Harness) -> Result<Option<Report>, Trouble> {
    match harness {
        Harness::PowerLoss(common) => storm::power::power_loss(&common.asked()).map(Some),
        Harness::Failpoints(common) => storm::failpoints::failpoints(&common.asked()).map(Some),
        Harness::Kill { common, postgres, keyless } => {
            let sabotage = if *keyless { Sabotage::Keyless } else { Sabotage::Early };
            storm::kill::kill(&common.asked(), &std::env::current_exe()?, site(*postgres), sabotage)
        }
        Harness::ConnectionLoss(common) => storm::connection::connection_loss(&common.asked()),
        Harness::Backup { common, postgres } => storm::backup::backup(&common.asked(), site(*postgres)),
        Harness::KillServer { common, folder: Some(folder), port } => {
            storm::server::kill_server(&common.asked(), folder, *port)
        }
        Harness::KillServer { .. } => {
            let inner: Vec<String> = std::env::args().skip(1).collect();
            std::process::exit(if storm::server::with_own_server(&inner)? { 0 } else { 1 });
        }
        Harness::Model(common) => Ok(Some(torture::model::run(&common.asked()))),
        Harness::Tamper(common) => Ok(Some(torture::tamper::run(&common.asked()))),
        Harness::TamperGaps(common) => {
            println!("{}", torture::tamper::gaps(&common.asked()));
            std::process::exit(0);
        }
        Harness::Upgrade(common) => Ok(Some(torture::upgrade::run(&common.asked()))),
        Harness::Steps { version } => {
            for (module, number, digest) in torture::upgrade::steps() {
                println!("{version} {module} {number} {digest}");
            }
            std::process::exit(0);
        }
        Harness::Fixture { file } => {
            torture::model::world::fixture(file)?;
            std::process::exit(0);
        }
        Harness::Child(told) => {
            storm::child::work(told)?;
            std::process::exit(0);
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli.harness) {
        Ok(Some(report)) => {
            println!("{report}");
            if report.is_as_expected() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Ok(None) => {
            println!("there is no server: set ZHANGFANG_TEST_POSTGRES");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
