//! `zhangfang tariff`: prices without a database.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use kernel::{Bilingual, Lang};
use tariff::table::{SHIPPED, shipped_table};

use super::say;
use crate::failure::{Done, Failure};
use crate::price_file::{read_bytes, read_price_file, text_of, write_price_workbook};

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
        /// The TOML file or workbook (.xlsx) / TOML 文件或工作簿
        file: PathBuf,
    },
    /// Write a price table as a workbook, to look at or to start the next one from / 电价表写成工作簿
    Workbook {
        /// A table that comes with the program, or a file / 内置电价表的编号，或文件
        table: String,
        /// The new workbook (.xlsx) / 新工作簿
        #[arg(long)]
        out: PathBuf,
    },
}

/// Reads a file of bounded size as text.
pub fn read_text(path: &Path) -> Done<String> {
    text_of(path, read_bytes(path)?)
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
            let table = read_price_file(file)?.table;
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
        Tariff::Workbook { table, out } => {
            let table = match shipped_table(table) {
                Some(shipped) => shipped?,
                None => read_price_file(Path::new(table))?.table,
            };
            write_price_workbook(&table, out, lang)?;
            println!("{} → {}", table.id(), out.display());
        }
    }
    Ok(())
}
