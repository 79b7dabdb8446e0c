//! `zhangfang`, the counting house (账房): the command line.

mod command;
mod demo;
mod failure;
mod house;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kernel::Lang;

use command::{Place, bench, bill, tariff};

/// Zhangfang (账房): bill, collect, keep custody, reconcile and pay.
#[derive(Debug, Parser)]
#[command(name = "zhangfang", version, about, propagate_version = true)]
struct Cli {
    /// Language of the output: zh or en / 输出语言
    #[arg(long, default_value = "zh", global = true, value_parser = parse_lang)]
    lang: Lang,
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See a supply company's month happen, on real prices / 演示：一个供电公司的一个月
    Demo {
        /// Number of accounts / 户数
        #[arg(long, default_value_t = 20_000)]
        accounts: u64,
    },
    /// Prices without a database / 电价与试算
    #[command(subcommand)]
    Tariff(tariff::Tariff),
    /// Single bills / 单户电费
    #[command(subcommand)]
    Bill(bill::Bill),
    /// Measurements / 性能测量
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn parse_lang(text: &str) -> Result<Lang, String> {
    match text {
        "zh" => Ok(Lang::Zh),
        "en" => Ok(Lang::En),
        _ => Err("zh or en".into()),
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Demo { accounts } => demo::run(&cli.place, *accounts, cli.lang),
        Command::Tariff(command) => tariff::run(command, cli.lang),
        Command::Bill(command) => bill::run(command, &cli.place, cli.lang),
        Command::Bench(command) => bench::run(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure.text(cli.lang));
            ExitCode::FAILURE
        }
    }
}
