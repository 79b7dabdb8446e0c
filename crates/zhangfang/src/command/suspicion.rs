//! `zhangfang exception score, scores, why, compare, mode, thresholds, propose-release, confirm-release`.

use std::path::PathBuf;

use billing::gates::Limits;
use billing::suspicion::{self, Band, Finding, Mode, ScoreSummary, Side};
use billing::{RunBook, RunPlan};
use clap::Subcommand;
use documents::sheet::Kind;
use kernel::{Bilingual, Month};

use super::office::{Office, both, month};
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

const READ: &str = "billing.read";
/// Lines a comparison lists of each kind, the most suspicious first.
const SIDES_MAX: usize = 200;

/// What can be done about the suspicion score.
#[derive(Debug, Subcommand)]
pub enum Suspicion {
    /// Score every account of a month / 异常评分
    Score {
        /// Month, such as 2026-02 / 年月
        #[arg(long, value_parser = month)]
        month: Month,
        /// Worker threads; by default one for each processor / 并行线程数
        #[arg(long)]
        workers: Option<usize>,
    },
    /// Scored accounts with their reasons, the most suspicious first / 评分清单
    Scores {
        /// Month, such as 2026-02 / 年月
        #[arg(long, value_parser = month)]
        month: Month,
        /// From this band up: release, sample, review, hold / 最低档
        #[arg(long, default_value = "review", value_parser = band)]
        band: Band,
        /// Only this book / 抄本编号
        #[arg(long)]
        book: Option<String>,
        /// Lines at most / 最多行数
        #[arg(long, default_value_t = 1_000)]
        limit: usize,
        #[command(flatten)]
        shown: Shown,
    },
    /// Why an account has its score / 评分理由
    Why {
        /// Account number / 户号
        account: String,
        /// Month, such as 2026-02 / 年月
        #[arg(long, value_parser = month)]
        month: Month,
        #[command(flatten)]
        shown: Shown,
    },
    /// The 30 % rule beside the score: who differs, and why / 与30%规则比对
    Compare {
        /// Month, such as 2026-02 / 年月
        #[arg(long, value_parser = month)]
        month: Month,
        #[command(flatten)]
        shown: Shown,
    },
    /// Show who decides, or change it: shadow, decide / 评分模式
    Mode {
        /// shadow: the 30 % rule decides; decide: the score does / 模式
        #[arg(value_parser = mode)]
        mode: Option<Mode>,
    },
    /// Load thresholds of the organisation's own / 装入评分参数
    Thresholds {
        /// The file, TOML / 参数文件
        file: PathBuf,
    },
    /// The first of two people proposes to release a held bill / 提出解除暂扣
    ProposeRelease {
        /// Account number / 户号
        account: String,
        /// Month, such as 2026-02 / 年月
        #[arg(long, value_parser = month)]
        month: Month,
        /// Why / 理由
        reason: String,
    },
    /// The second confirms the release / 确认解除暂扣
    ConfirmRelease {
        /// Account number / 户号
        account: String,
        /// Month, such as 2026-02 / 年月
        #[arg(long, value_parser = month)]
        month: Month,
    },
}

fn band(text: &str) -> Result<Band, String> {
    Band::from_code(text).ok_or_else(|| "release, sample, review or hold".into())
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::from_code(text).ok_or_else(|| "shadow or decide".into())
}

/// Runs the command.
pub fn run(command: &Suspicion, office: &Office) -> Done {
    let account_id = |number: &str| office.account(number).map(|found| found.account.account_id);
    match command {
        Suspicion::Score { month, workers } => {
            let summary = score(office, *month, *workers)?;
            println!("{}", said(office, *month, &summary));
            Ok(())
        }
        Suspicion::Scores { month, band, book, limit, shown } => {
            scores(office, *month, *band, book.as_ref(), *limit, shown)
        }
        Suspicion::Why { account, month, shown } => why(office, account, *month, shown),
        Suspicion::Compare { month, shown } => compare(office, *month, shown),
        Suspicion::Mode { mode: None } => {
            office.require(READ)?;
            let org_id = office.org_id();
            let mode = office.look(|tx| Ok(suspicion::mode(tx, org_id)?))?;
            println!("{} {}", mode.code(), office.say(mode.text(kernel::Lang::Zh), ""));
            Ok(())
        }
        Suspicion::Mode { mode: Some(mode) } => {
            office.change("billing.set_suspicion_mode", command, |work| {
                let before = suspicion::set_mode(work, *mode)?;
                both(
                    format!("评分模式由 {} 改为 {}", before.code(), mode.code()),
                    format!("the mode was {} and is {} now", before.code(), mode.code()),
                )
            })
        }
        Suspicion::Thresholds { file } => {
            let text = std::fs::read_to_string(file).map_err(|error| Failure::file(file.display(), error))?;
            office.change("billing.set_suspicion_thresholds", &(command, &text), |work| {
                let new = suspicion::set_thresholds(work, &text)?;
                both(
                    format!("评分参数第 {} 版已装入", new.version),
                    format!("thresholds, version {}, are in force", new.version),
                )
            })
        }
        Suspicion::ProposeRelease { account, month, reason } => {
            let id = account_id(account)?;
            office.change("billing.propose_release", command, |work| {
                suspicion::propose_release(work, *month, id, reason)?;
                both(
                    format!("{account} {month} 已提出解除暂扣，待另一人确认"),
                    format!("the release of {account}, {month}, waits for another person to confirm it"),
                )
            })
        }
        Suspicion::ConfirmRelease { account, month } => {
            let id = account_id(account)?;
            office.change("billing.confirm_release", command, |work| {
                suspicion::confirm_release(work, *month, id)?;
                both(
                    format!("{account} {month} 已解除暂扣"),
                    format!("{account}, {month}, is no longer held"),
                )
            })
        }
    }
}

/// Scores all books of a month that are open.
fn score(office: &Office, month: Month, workers: Option<usize>) -> Done<ScoreSummary> {
    let org_id = office.org_id();
    let opened = office.look(|tx| Ok(metering::book::books_of_month(tx, org_id, month)?))?;
    let mut books: Vec<RunBook> = office.look(|tx| {
        let book = |one: &metering::book::BookMonth| {
            let lines = metering::book::line_counts(tx, org_id, month, one.book_id)?;
            Ok(RunBook { book_id: one.book_id, unit_id: one.unit_id, accounts: lines.lines })
        };
        opened.iter().map(book).collect::<Done<_>>()
    })?;
    books.sort_by_key(|book| book.book_id);
    if books.is_empty() {
        return Err(Failure::new(format!("{month} 没有开册的抄本"), format!("no book is open in {month}")));
    }
    let workers = workers.unwrap_or_else(|| RunPlan::new(month, Vec::new(), office.now).workers);
    Ok(suspicion::score_month(&office.store, &office.actor, month, &books, office.now, workers)?)
}

/// Scores the month beside a run in shadow mode, and says what came of it.
pub(super) fn score_beside(office: &Office, month: Month, workers: usize) -> Done {
    let org_id = office.org_id();
    if office.look(|tx| Ok(suspicion::mode(tx, org_id)?))? == Mode::Shadow {
        let summary = score(office, month, Some(workers))?;
        println!("{}", said(office, month, &summary));
    }
    Ok(())
}

fn said(office: &Office, month: Month, summary: &ScoreSummary) -> String {
    let [release, sample, review, hold] = summary.bands;
    let accounts = summary.accounts;
    office.say(
        format!("{month} 评分 {accounts} 户：放行 {release}，抽查档 {sample}，复核 {review}，暂扣 {hold}"),
        format!(
            "{month}: {accounts} scored; release {release}, sample {sample}, review {review}, hold {hold}"
        ),
    )
}

fn words(office: &Office, findings: &[Finding]) -> String {
    let texts: Vec<String> = findings.iter().map(|finding| finding.text(office.lang)).collect();
    texts.join(&office.say("；", "; "))
}

fn scores(
    office: &Office,
    month: Month,
    band: Band,
    book: Option<&String>,
    limit: usize,
    shown: &Shown,
) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let book_id = book.map(|number| office.book(number).map(|book| book.book_id)).transpose()?;
    let found = office.look(|tx| Ok(suspicion::scores_of(tx, org_id, month, band, book_id, None)?))?;
    let mut table = Table::new(office.lang)
        .titled(office.say(format!("{month} 异常评分清单"), format!("Suspicion scores of {month}")))
        .text("户号", "account")
        .text("户名", "name")
        .text("供电所", "unit")
        .col("评分", "score", Kind::Integer)
        .text("档", "band")
        .col("用量", "used kWh", Kind::Quantity(0))
        .col("预期", "expected kWh", Kind::Quantity(0))
        .text("理由", "reasons");
    let mut seen = found.iter().filter(|one| office.sees(READ, one.unit_id));
    for one in seen.by_ref().take(limit) {
        let account = office.look(|tx| Ok(metering::account::account_by_id(tx, org_id, one.account_id)?))?;
        let (number, name) =
            account.map_or((one.account_id.to_string(), String::new()), |known| (known.number, known.name));
        table.push(row![
            number,
            name,
            office.unit_name(one.unit_id)?,
            i64::from(one.score),
            one.band.text(office.lang),
            one.used_kwh,
            one.expected_kwh,
            words(office, &one.findings),
        ]);
    }
    let left = seen.count();
    if left > 0 {
        table.note(
            office.say(format!("另有 {left} 户未列出，见 --limit"), format!("{left} more; see --limit")),
        );
    }
    table.show(shown)
}

fn why(office: &Office, account: &str, month: Month, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, known) = (office.org_id(), office.account(account)?);
    let id = known.account.account_id;
    let found =
        office.look(|tx| Ok(suspicion::scores_of(tx, org_id, month, Band::Release, None, Some(id))?))?;
    let Some(one) = found.into_iter().next().filter(|one| office.sees(READ, one.unit_id)) else {
        return Err(Failure::new(
            format!("户号 {account} 在 {month} 没有评分；先运行 `zhangfang exception score --month {month}`"),
            format!(
                "account {account} has no score in {month}; run `zhangfang exception score --month {month}`"
            ),
        ));
    };
    let mut table = Table::new(office.lang)
        .titled(office.say(
            format!("{account} {} {month}：{} 分，{}", known.name, one.score, one.band.text(office.lang)),
            format!("{account} {} {month}: score {}, {}", known.name, one.score, one.band.text(office.lang)),
        ))
        .text("理由", "reason")
        .col("分值", "points", Kind::Integer)
        .text("说明", "words");
    for finding in &one.findings {
        table.push(row![finding.reason.code(), i64::from(finding.points), finding.text(office.lang)]);
    }
    if one.findings.is_empty() {
        table.note(office.say("没有可疑之处", "nothing speaks against it"));
    }
    if let Some(release) = office.look(|tx| Ok(suspicion::release_of(tx, org_id, month, id)?))? {
        let (first, second) =
            (office.person_name(release.proposed_by)?, office.name_of(release.confirmed_by)?);
        table.note(office.say(
            format!("解除暂扣：{first} 提出（{}），确认：{second}", release.reason),
            format!("release proposed by {first} ({}), confirmed by: {second}", release.reason),
        ));
    }
    table.show(shown)
}

fn compare(office: &Office, month: Month, shown: &Shown) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let limits = Limits::default();
    let found = office.look(|tx| Ok(suspicion::compare(tx, org_id, month, &limits)?))?;
    if found.bills() == 0 {
        return Err(Failure::new(
            format!("{month} 没有既计算又评分的电费；先运行 `zhangfang exception score --month {month}`"),
            format!("no bill of {month} has a score; run `zhangfang exception score --month {month}`"),
        ));
    }
    let mut table = Table::new(office.lang)
        .titled(
            office.say(format!("{month} 30%规则与评分比对"), format!("{month}: the 30 % rule and the score")),
        )
        .text("差异", "difference")
        .text("户号", "account")
        .text("规则", "rule")
        .col("评分", "score", Kind::Integer)
        .text("档", "band")
        .text("理由", "reasons");
    let caught = office.say("规则放行，评分拦下", "rule passes, score stops");
    let released = office.say("规则拦下，评分放行", "rule stops, score passes");
    let mut sides = |name: &str, list: &[Side]| -> Done {
        let mut ranked: Vec<&Side> = list.iter().collect();
        ranked.sort_by_key(|side| (std::cmp::Reverse(side.score), side.account_id));
        for side in ranked.into_iter().take(SIDES_MAX) {
            let number = office.look(|tx| office.account_number(tx, side.account_id))?;
            table.push(row![
                name,
                number,
                super::run::reasons(office, side.rule),
                i64::from(side.score),
                side.band.text(office.lang),
                words(office, &side.findings),
            ]);
        }
        Ok(())
    };
    sides(&caught, &found.caught)?;
    sides(&released, &found.released)?;
    let names = [
        ("规则：正常", "rule: clean"),
        ("规则：仅波动异常", "rule: fluctuation only"),
        ("必查（抄零、未抄等）", "mandatory gates"),
    ];
    for ((zh, en), [release, sample, review, hold]) in names.into_iter().zip(found.counts) {
        table.note(office.say(
            format!("{zh}：放行 {release}，抽查档 {sample}，复核 {review}，暂扣 {hold}"),
            format!("{en}: release {release}, sample {sample}, review {review}, hold {hold}"),
        ));
    }
    let (caught, released) = (found.caught.len(), found.released.len());
    table.note(office.say(
        format!("评分多拦 {caught} 户，少拦 {released} 户；每类至多列 {SIDES_MAX} 户"),
        format!("the score stops {caught} more and {released} less; at most {SIDES_MAX} of each are listed"),
    ));
    table.show(shown)
}
