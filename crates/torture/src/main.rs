//! `zhangfang-torture`: one subcommand per harness.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use torture::report::{Asked, Report};

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
    /// Power loss at random moments, with writes dropped, kept, mixed and torn.
    PowerLoss(Common),
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
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let report = match &cli.harness {
        Harness::Model(common) => torture::model::run(&common.asked()),
        Harness::Tamper(common) => torture::tamper::run(&common.asked()),
        Harness::TamperGaps(common) => {
            println!("{}", torture::tamper::gaps(&common.asked()));
            return ExitCode::SUCCESS;
        }
        Harness::Upgrade(common) => torture::upgrade::run(&common.asked()),
        Harness::Steps { version } => {
            for (module, number, digest) in torture::upgrade::steps() {
                println!("{version} {module} {number} {digest}");
            }
            return ExitCode::SUCCESS;
        }
        Harness::Fixture { file } => return fixture(file),
        Harness::PowerLoss(common) => Report::new("power-loss", &common.asked()),
    };
    println!("{report}");
    if report.is_as_expected() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fixture(file: &std::path::Path) -> ExitCode {
    match torture::model::world::fixture(file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            ExitCode::FAILURE
        }
    }
}
