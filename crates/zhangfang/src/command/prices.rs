//! `zhangfang prices`: the price tables an organisation bills by.

use std::path::PathBuf;

use clap::Subcommand;
use documents::sheet::Kind;
use kernel::Bilingual;

use super::office::{Office, both};
use crate::failure::Done;
use crate::price_file::price_text;
use crate::table::{Shown, Table, row};

/// What can be done with price tables.
#[derive(Debug, Subcommand)]
pub enum Prices {
    /// Load a price table; the same table again changes nothing / 装载电价表
    Load {
        /// A TOML file, a workbook, or the name of a table that comes with the program (`tariff tables`) / 文件或内置表名
        file: PathBuf,
    },
    /// Price tables that were loaded / 已装载的电价表
    List {
        #[command(flatten)]
        shown: Shown,
    },
}

/// Runs the command.
pub fn run(command: &Prices, office: &Office) -> Done {
    match command {
        Prices::Load { file } => {
            let name = file.display().to_string();
            let content = price_text(file)?;
            office.change("price.load", command, |work| {
                let table = billing::load_price_table(work, &name, &content)?;
                let (id, version, from) = (table.id(), table.version(), table.from());
                both(
                    format!(
                        "已装载 {id} 第 {version} 版，自 {from} 起：{}",
                        table.name().text(kernel::Lang::Zh)
                    ),
                    format!(
                        "loaded {id} version {version} from {from}: {}",
                        table.name().text(kernel::Lang::En)
                    ),
                )
            })
        }
        Prices::List { shown } => {
            let org_id = office.org_id();
            let tables = office.look(|tx| Ok(billing::price_tables(tx, org_id)?))?;
            let mut table = Table::new(office.lang)
                .text("电价表", "table")
                .col("版本", "version", Kind::Integer)
                .col("起日", "from", Kind::Date)
                .text("装载人", "loaded by")
                .text("装载时间", "loaded at");
            for loaded in tables {
                let by = office.person_name(loaded.loaded_by)?;
                table.push(row![loaded.code, loaded.version, loaded.from, by, loaded.loaded_at]);
            }
            table.show(shown)
        }
    }
}
