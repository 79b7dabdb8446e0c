//! The commands of the program, one file for each office or task.

pub mod adjust;
pub mod alarm;
pub mod backup;
pub mod bench;
mod bench_console;
mod bench_exceptions;
mod bench_proof;
pub mod bill;
pub mod book;
mod book_lists;
pub mod check;
pub mod contract;
pub mod credential;
pub mod custody;
pub mod exception;
pub mod generation;
pub mod hold;
pub mod import;
pub mod init;
pub mod inquiry;
pub mod ledger;
pub mod log;
pub mod office;
pub mod parameter;
pub mod people;
pub mod prices;
pub mod progress;
pub mod proof;
pub mod report;
pub mod run;
pub mod schedule;
pub mod seal;
pub mod serve;
pub mod slip;
pub mod suspicion;
pub mod tariff;
pub mod verify;
pub mod whatif;
pub mod witness;
pub mod work;
pub mod yearly;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use identity::Actor;
use kernel::{Date, Lang, Moment};
use store::Store;

use crate::failure::{Done, Failure};
use crate::house;

/// Where the data are, who acts, and when.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Data folder with the embedded database / 数据目录
    #[arg(long, default_value = "data/demo", global = true)]
    pub data: PathBuf,
    /// PostgreSQL instead of the embedded database: postgres://user@host:port/name / 使用 PostgreSQL
    #[arg(long, global = true)]
    pub database: Option<String>,
    /// Organisation code / 组织代码
    #[arg(long, default_value = "DEMO", global = true)]
    pub org: String,
    /// Login of the person who acts / 操作人登录名
    // Its own id: a global argument shares its value with every subcommand's argument of the same id.
    #[arg(id = "acting_login", long = "as", value_name = "LOGIN", default_value = "fuhe", global = true)]
    pub login: String,
    /// The day on which the command is given, instead of today / 操作日期
    #[arg(long, value_name = "DATE", global = true)]
    pub on: Option<String>,
    /// Give a changing command at most once under this key / 请求键：同一键只执行一次
    #[arg(long, value_name = "KEY", global = true)]
    pub request_key: Option<String>,
    /// Folder with the keys that sign the log; by default `keys` in the data folder / 日志签名密钥目录
    #[arg(long, value_name = "DIR", global = true)]
    pub keys: Option<PathBuf>,
    /// A checkpoint of the log is made after so many acts ... / 每多少条操作生成检查点
    #[arg(long, value_name = "N", default_value_t = 1_000, global = true, value_parser = clap::value_parser!(i64).range(1..))]
    pub checkpoint_acts: i64,
    /// ... or so many seconds after the last one / 距上次检查点多少秒后再生成
    #[arg(long, value_name = "S", default_value_t = 60, global = true, value_parser = clap::value_parser!(i64).range(0..=86_400))]
    pub checkpoint_seconds: i64,
}

impl Place {
    /// The database's URL.
    pub fn url(&self) -> String {
        self.database.clone().unwrap_or_else(|| self.data.join("zhangfang.db").display().to_string())
    }
    /// Opens the database; an embedded one must be there already.
    pub fn open(&self) -> Done<Store> {
        if self.database.is_none() && !self.data.join("zhangfang.db").exists() {
            let folder = self.data.display();
            return Err(Failure::new(
                format!("{folder} 中没有数据库；先运行 `zhangfang demo`，或用 --data、--database 指定"),
                format!(
                    "there is no database in {folder}; run `zhangfang demo` first, or give --data or --database"
                ),
            ));
        }
        Ok(house::open(&self.url())?)
    }
    /// The folder with the keys that sign the log.
    pub fn key_folder(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| self.data.join("keys"))
    }
    /// The organisation's key.
    pub fn org_id(&self, store: &Store) -> Done<i64> {
        let found = store.read(|tx| identity::find_organisation(tx, &self.org))?;
        found.ok_or_else(|| {
            Failure::new(format!("没有组织 {}", self.org), format!("there is no organisation {}", self.org))
        })
    }
    /// When the command is given: now, or on the named day at this time of day. Keys grow with time, so two commands
    /// must not be given in the same millisecond.
    pub fn now(&self) -> Done<Moment> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(0));
        let Some(day) = &self.on else { return Ok(now) };
        let midnight = Moment::on(now.date(), 0, 0);
        Ok(Moment::on(day.parse::<Date>()?, 0, 0).plus_millis(now.millis() - midnight.millis()))
    }
    /// The person who acts, with the posts of that day.
    pub fn actor(&self, store: &Store) -> Done<Actor> {
        let org_id = self.org_id(store)?;
        house::actor(store, org_id, &self.login, self.now()?.date())
    }
}

/// Writes `zh` or `en`.
pub fn say<'t>(lang: Lang, zh: &'t str, en: &'t str) -> &'t str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}
