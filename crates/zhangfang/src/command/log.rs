//! `zhangfang log`: who did what, when, on which document; and the proof that nobody altered it.

use clap::Subcommand;
use identity::Catalogue;
use kernel::{Bilingual, Date, Text};
use vault::Document;

use super::office::{Office, both, date};
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

const READ: &str = "vault.read";
/// Acts asked for at once.
const PAGE: usize = 500;

/// What can be asked of the log.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// Acts on one document / 按单据查询
    Document {
        /// Its kind, such as book or work_ticket / 单据类型
        kind: String,
        /// Its number / 单据编号
        number: String,
        #[command(flatten)]
        page: Page,
    },
    /// Acts of one person / 按人员查询
    Person {
        /// Login / 登录名
        login: String,
        #[command(flatten)]
        page: Page,
    },
    /// Acts of one day / 按日期查询
    Day {
        /// The day; by default today / 日期
        #[arg(value_parser = date)]
        day: Option<Date>,
        #[command(flatten)]
        page: Page,
    },
    /// Make a checkpoint to keep outside: who holds it can prove later that nothing was altered / 生成检查点
    Checkpoint {
        /// Name of this log in the checkpoint, such as jhgd.example/zhangfang / 日志来源名
        #[arg(long)]
        origin: String,
    },
    /// Recompute the whole log from its stored bytes / 校验日志完整性
    Check,
}

/// How many acts are shown.
#[derive(Debug, clap::Args)]
pub struct Page {
    /// Acts at most / 最多条数
    #[arg(long, default_value_t = 200)]
    limit: usize,
    /// Go on after this number / 从此序号之后继续
    #[arg(long)]
    after: Option<i64>,
    #[command(flatten)]
    shown: Shown,
}

/// Names of posts and acts, as the catalogue gives them.
fn name(code: &str) -> Option<Text> {
    let catalogue = Catalogue::built_in();
    let post = catalogue.post(code).map(|post| post.text.clone());
    post.or_else(|| catalogue.permission(code).map(|permission| permission.text.clone()))
        .or_else(|| documents::kind(code).ok().map(|kind| kind.text.clone()))
}

/// Runs the command.
pub fn run(command: &Log, office: &Office) -> Done {
    let org_id = office.org_id();
    match command {
        Log::Document { kind, number, page } => {
            let document = Document { kind: kind.clone(), number: number.clone() };
            list(office, page, |tx, after, size| Ok(vault::by_document(tx, org_id, &document, after, size)?))
        }
        Log::Person { login, page } => {
            let person_id = office.person(login)?.id;
            list(office, page, |tx, after, size| Ok(vault::by_person(tx, org_id, person_id, after, size)?))
        }
        Log::Day { day, page } => {
            let day = day.unwrap_or(office.now.date());
            list(office, page, |tx, after, size| Ok(vault::by_day(tx, org_id, day, after, size)?))
        }
        Log::Checkpoint { origin } => office.change("vault.checkpoint", command, |work| {
            work.require(vault::permission::CHECKPOINT, 0)?;
            let made = vault::checkpoint(work, origin)?;
            both(made.note.clone(), made.note)
        }),
        Log::Check => {
            office.require(READ)?;
            let report = office.look(|tx| Ok(vault::check(tx, org_id)?))?;
            let (size, checkpoints) = (report.size, report.checkpoints);
            println!(
                "{}",
                office.say(
                    format!("重算 {size} 条记录，比对 {checkpoints} 个检查点"),
                    format!("recomputed {size} acts, compared {checkpoints} checkpoints"),
                )
            );
            for finding in &report.findings {
                println!("{}", finding.text(office.lang));
            }
            if report.is_good() {
                println!("{}", office.say("日志完整，未被改动", "the log is whole and unaltered"));
                return Ok(());
            }
            let count = report.findings.len();
            Err(Failure::new(format!("发现 {count} 处被改动"), format!("{count} alterations were found")))
        }
    }
}

fn list(
    office: &Office,
    page: &Page,
    ask: impl Fn(&mut store::Tx<'_>, Option<i64>, usize) -> Done<vault::ActPage>,
) -> Done {
    office.require(READ)?;
    let mut table = Table::new(office.lang)
        .col("序号", "seq", documents::sheet::Kind::Integer)
        .text("时间", "at")
        .text("人员", "person")
        .text("岗位", "post")
        .text("行为", "act")
        .text("单据类型", "document kind")
        .text("单据", "document")
        .text("变更", "changes");
    let (mut after, mut left) = (page.after, page.limit);
    loop {
        let found = office.look(|tx| ask(tx, after, left.min(PAGE)))?;
        for act in &found.acts {
            let named =
                |code: &str| name(code).map_or_else(|| code.to_owned(), |text| text.text(office.lang));
            let mut changes: Vec<String> = act.act.changes.iter().map(changed).collect();
            if let Some(batch) = &act.act.batch {
                changes.push(office.say(format!("共 {} 行", batch.lines), format!("{} lines", batch.lines)));
            }
            table.push(row![
                act.seq,
                act.at,
                act.person.as_str(),
                named(&act.post),
                named(&act.act.verb),
                named(&act.act.document.kind),
                act.act.document.number.as_str(),
                changes.join("; "),
            ]);
        }
        left = left.saturating_sub(found.acts.len());
        after = found.next;
        if after.is_none() || left == 0 {
            break;
        }
    }
    if let Some(after) = after {
        table.note(
            office.say(
                format!("还有更多；用 --after {after} 继续"),
                format!("there are more: --after {after}"),
            ),
        );
    }
    table.show(&page.shown)
}

fn changed(change: &vault::Change) -> String {
    match (change.before.as_str(), change.after.as_str()) {
        ("", after) => format!("{}: {after}", change.field),
        (before, after) => format!("{}: {before} → {after}", change.field),
    }
}
