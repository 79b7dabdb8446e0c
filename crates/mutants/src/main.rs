//! `zhangfang-mutants`: tries every mutant that `cargo mutants --list` names, all of them built into one program.
//!
//! A program is built once and asked by an environment variable to behave as one mutant, so that a trial costs what the
//! tests cost that reach it. What cannot be built so (constant functions, fields of structs) is named for `cargo mutants`.

mod mutant;
mod program;
mod rewrite;
mod trial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::mutant::Mutant;
use crate::program::{Program, Trouble};
use crate::trial::Outcome;

/// Change the program in one small place after the other and see which changes no test notices.
#[derive(Debug, Parser)]
#[command(name = "zhangfang-mutants", version)]
struct Cli {
    /// The package whose mutants are tried, by its own tests.
    package: String,
    /// Try only mutants whose name holds this, e.g. `charges/` or `in Money::plus`.
    #[arg(long, default_value = "")]
    only: String,
    /// Where the changed copy of the workspace, its build and the results go.
    #[arg(long, default_value = "target/mutants")]
    folder: PathBuf,
    /// Mutants tried at once; as many as there are processors when not given.
    #[arg(long)]
    jobs: Option<usize>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::FAILURE
        }
    }
}

/// Whether no mutant was missed.
fn run(cli: &Cli) -> Result<bool, Trouble> {
    let workspace = std::env::current_dir().map_err(|error| Trouble::file(Path::new("."), error))?;
    let folder = workspace.join(&cli.folder);
    let mutants = mutant::list(&cli.package)?;
    let program = Program::build(&workspace, &folder, &cli.package, &mutants)?;
    println!("{} of {} mutants are built in", program.built.len(), mutants.len());
    let jobs = cli.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let wanted: Vec<usize> =
        program.built.iter().copied().filter(|id| mutants[id - 1].name.contains(&cli.only)).collect();
    let mut outcomes = trial::all(&program, &wanted, jobs)?;
    for (id, mutant) in (1..).zip(&mutants) {
        if !program.built.contains(&id) && mutant.name.contains(&cli.only) {
            let outcome = if program.unviable.contains(&id) { Outcome::Unviable } else { Outcome::NotBuilt };
            outcomes.insert(id, outcome);
        }
    }
    report(&folder, &mutants, &outcomes)
}

fn report(folder: &Path, mutants: &[Mutant], outcomes: &BTreeMap<usize, Outcome>) -> Result<bool, Trouble> {
    let of = |wanted: Outcome| outcomes.iter().filter(move |(_, outcome)| **outcome == wanted);
    for outcome in Outcome::ALL {
        println!("{:>6} {}", of(outcome).count(), outcome.text());
    }
    for (outcome, name) in [(Outcome::Missed, "missed.txt"), (Outcome::NotBuilt, "not_built.txt")] {
        let lines: String = of(outcome).map(|(id, _)| format!("{}\n", mutants[id - 1].name)).collect();
        if outcome == Outcome::Missed {
            print!("{lines}");
        }
        let path = folder.join(name);
        std::fs::write(&path, lines).map_err(|error| Trouble::file(&path, error))?;
    }
    Ok(of(Outcome::Missed).next().is_none())
}
