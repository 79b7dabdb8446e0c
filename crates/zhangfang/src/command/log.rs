//! `zhangfang log`: who did what, when, on which document; and the proof that nobody altered it.

use std::path::PathBuf;

use clap::Subcommand;
use identity::Catalogue;
use kernel::{Bilingual, Date, Text};
use vault::Document;

use super::office::{Office, date};
use super::seal::{self, Erase, Keys};
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
    /// Write all acts on one document with their proof, to be verified offline / 导出单据存证文件
    Export {
        /// Its kind, such as voucher / 单据类型
        kind: String,
        /// Its number / 单据编号
        number: String,
        /// The file to write / 输出文件
        #[arg(long)]
        out: std::path::PathBuf,
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
    /// The keys of the log and of its witnesses / 签名密钥与见证人公钥
    #[command(subcommand)]
    Keys(Keys),
    /// Sign the log as it is now: who holds the checkpoint can prove later that nothing was altered / 生成签名检查点
    Checkpoint {
        /// Name of the log, organisation code/name; only needed before there are keys / 日志来源名，首次可指定
        #[arg(long)]
        origin: Option<String>,
    },
    /// Checkpoints with their signatures and cosignatures, the newest first / 检查点与会签
    Checkpoints {
        /// Checkpoints at most / 最多个数
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Only those of fewer acts / 只列少于此条数的
        #[arg(long)]
        below: Option<i64>,
        #[command(flatten)]
        shown: Shown,
    },
    /// Write the proof of one act as a file that anyone can check offline / 导出单条证明
    Proof {
        /// Number of the act / 序号
        seq: i64,
        /// The file to write / 证明文件
        #[arg(long)]
        out: PathBuf,
        /// Also write the act's bytes, which the proof is about / 同时导出该条原始字节
        #[arg(long)]
        record: Option<PathBuf>,
    },
    /// Write what a witness is asked to cosign, to be carried by hand / 导出会签请求
    WitnessRequest {
        /// The file to write / 请求文件
        #[arg(long)]
        out: PathBuf,
        /// The size this witness cosigned last, if known otherwise / 该见证人上次会签的条数
        #[arg(long)]
        old: Option<i64>,
        /// The witness's name / 见证人名称
        #[arg(long)]
        witness: Option<String>,
    },
    /// Take in a witness's answer from a file / 收入见证人会签
    Cosign {
        /// The answer: signature lines, or the whole note / 会签文件
        file: PathBuf,
    },
    /// Ask a witness over HTTP to cosign, and take its answer in / 联机请见证人会签
    Submit {
        /// Address of the witness, http://host:port / 见证人地址
        #[arg(long)]
        url: String,
    },
    /// Destroy personal values kept with the log; the log stays whole / 销毁日志中的个人信息
    Erase(Erase),
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
        .or_else(|| verb_without_right(code))
}

/// Acts that follow from another command or need no right of their own, and what they are about.
fn verb_without_right(code: &str) -> Option<Text> {
    let (zh, en) = match code {
        "ledger.voucher" => ("登记凭证（业务自动生成）", "post a voucher of an office's command"),
        "ledger.adopt" => ("早期凭证补入日志", "take earlier vouchers into the log"),
        "audit.export" => ("导出存证文件", "export with proof"),
        "vouchers_adopted" => ("早期凭证", "earlier vouchers"),
        "accounting_period" => ("会计期间", "accounting period"),
        "chart" => ("会计科目表", "chart of accounts"),
        "bill_proof" => ("账单存证", "proof of bills"),
        "document_proof" => ("单据存证", "proof of a document"),
        "period_proof" => ("期间存证", "proof of a period"),
        _ => return None,
    };
    Some(Text::new(zh, en))
}

/// Runs the command.
pub fn run(command: &Log, office: &Office) -> Done {
    let org_id = office.org_id();
    match command {
        Log::Document { kind, number, page } => {
            let document = Document { kind: kind.clone(), number: number.clone() };
            list(office, page, |tx, after, size| Ok(vault::by_document(tx, org_id, &document, after, size)?))
        }
        Log::Export { kind, number, out } => super::proof::document(kind, number, out, office),
        Log::Person { login, page } => {
            let person_id = office.person(login)?.id;
            list(office, page, |tx, after, size| Ok(vault::by_person(tx, org_id, person_id, after, size)?))
        }
        Log::Day { day, page } => {
            let day = day.unwrap_or(office.now.date());
            list(office, page, |tx, after, size| Ok(vault::by_day(tx, org_id, day, after, size)?))
        }
        Log::Keys(command) => seal::keys(command, office),
        Log::Checkpoint { origin } => seal::checkpoint(origin.as_ref(), office),
        Log::Checkpoints { limit, below, shown } => seal::checkpoints(*below, *limit, shown, office),
        Log::Proof { seq, out, record } => seal::proof(*seq, out, record.as_ref(), office),
        Log::WitnessRequest { out, old, witness } => {
            seal::witness_request(out, *old, witness.as_ref(), office)
        }
        Log::Cosign { file } => seal::cosign(file, office),
        Log::Submit { url } => seal::submit(url, office),
        Log::Erase(command) => seal::erase(command, office),
        Log::Check => {
            office.require(READ)?;
            let report = office.look(|tx| Ok(vault::check(tx, org_id)?))?;
            let (size, checkpoints, signatures) = (report.size, report.checkpoints, report.signatures);
            let (values, changes) = (report.personal_values, report.identity_changes);
            println!(
                "{}",
                office.say(
                    format!(
                        "重算 {size} 条记录，比对 {checkpoints} 个检查点、{signatures} 个签名、{values} 项个人信息、{changes} 项单位人员岗位变更"
                    ),
                    format!(
                        "recomputed {size} acts, compared {checkpoints} checkpoints, {signatures} signatures, {values} personal values, {changes} changes of units, persons and posts"
                    ),
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
