//! `zhangfang bench`: figures, with what the engine needs at the least beside them.

use clap::Subcommand;

use crate::failure::Done;

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// A billing month: calculation alone, the whole run, and the bare insert of the same rows / 核算发行性能
    Billing {
        /// Number of accounts
        #[arg(long, default_value_t = 100_000)]
        accounts: u64,
        /// Print one JSON object per engine
        #[arg(long)]
        json: bool,
    },
}

/// Runs the measurement.
pub fn run(_command: &Bench) -> Done {
    Ok(())
}
