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
    /// Edits of stored data behind the program's back, which its checks must find.
    Tamper(Common),
    /// The same edits of everything, and what nobody notices by table and column.
    TamperGaps(Common),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let report = match &cli.harness {
        Harness::Tamper(common) => torture::tamper::run(&common.asked()),
        Harness::TamperGaps(common) => {
            println!("{}", torture::tamper::gaps(&common.asked()));
            return ExitCode::SUCCESS;
        }
        Harness::PowerLoss(common) => Report::new("power-loss", &common.asked()),
    };
    println!("{report}");
    if report.is_as_expected() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
