//! `zhangfang tariff`: prices without a database.

use std::path::PathBuf;

use clap::Subcommand;
use kernel::{Bilingual, Lang};
use tariff::table::{PriceTable, SHIPPED, shipped_table};

use super::say;
use crate::failure::{Done, Failure};

/// A price file is smaller than this.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// What can be asked of prices.
#[derive(Debug, Subcommand)]
pub enum Tariff {
    /// Price one account or charge described in a TOML or JSON file / 按文件试算
    Quote {
        /// The file; see docs/tariff-quote.md
        file: PathBuf,
        /// Answer as JSON / 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// List the price tables that come with the program / 列出内置电价表
    Tables,
    /// Check a price table file: form, arithmetic, published prices / 校验电价表文件
    Check {
        /// The TOML file
        file: PathBuf,
    },
}

/// Reads a file of bounded size as text.
pub fn read_text(path: &PathBuf) -> Done<String> {
    let size = std::fs::metadata(path).map_err(|error| Failure::file(path.display(), error))?.len();
    if size > FILE_BYTES_MAX {
        return Err(Failure::file(path.display(), "larger than 4 MiB / 大于 4 MiB"));
    }
    std::fs::read_to_string(path).map_err(|error| Failure::file(path.display(), error))
}

/// Runs the command. A quote whose expectations are not met ends with an error.
pub fn run(command: &Tariff, lang: Lang) -> Done {
    match command {
        Tariff::Quote { file, json } => {
            let answer = tariff::quote::quote(&read_text(file)?, &file.display().to_string())?;
            if *json {
                println!("{:#}", answer.json());
            } else {
                println!("{}", answer.text(lang));
            }
            if !answer.passed() {
                return Err(Failure::new("有期望值不符", "an expected figure differs"));
            }
        }
        Tariff::Tables => {
            for shipped in SHIPPED {
                let Some(table) = shipped_table(shipped.id) else { continue };
                let table = table?;
                let to = table.to().map_or(String::new(), |to| format!(" — {to}"));
                println!("{:<26} {}{to:<14} {}", table.id(), table.from(), table.name().text(lang));
            }
        }
        Tariff::Check { file } => {
            let table = PriceTable::parse(&file.display().to_string(), &read_text(file)?)?;
            let classes: Vec<&str> = table.classes().map(|class| class.code).collect();
            println!(
                "{} {} {}: {}",
                table.id(),
                say(lang, "版本", "version"),
                table.version(),
                say(lang, "校验通过", "in order")
            );
            println!("{}: {}", say(lang, "用电类别", "classes"), classes.join(", "));
        }
    }
    Ok(())
}
