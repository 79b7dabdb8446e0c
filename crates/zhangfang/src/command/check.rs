//! `zhangfang check`: the proof that the books are as they must be; what it finds stops the books until it is decided.

use std::time::Duration;

use audit::check::{Options, Progress, Report};
use clap::Args;
use documents::sheet::Kind;
use identity::alarm;
use indicatif::{ProgressBar, ProgressStyle};
use kernel::{Bilingual, Text};

use super::office::Office;
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

/// How to check.
#[derive(Debug, Args)]
pub struct Check {
    /// Also calculate every issued bill again, and compare the stored readings / 逐户重新计算
    #[arg(long)]
    deep: bool,
    /// Only look: raise no alarm / 只查看，不报警
    #[arg(long)]
    look: bool,
    /// Leave out the engine's own proof of its pages and indexes, the longest part / 跳过数据库引擎自检
    #[arg(long)]
    without_engine: bool,
    #[command(flatten)]
    shown: Shown,
}

const CHECK: &str = "alarm.check";

/// Runs the command.
pub fn run(command: &Check, office: &Office) -> Done {
    office.require(CHECK)?;
    let schemas = audit::schemas();
    let options = Options { deep: command.deep, engine: !command.without_engine, ..Options::new(&schemas) };
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos}") {
        bar.set_style(style);
    }
    let mut named: Option<Text> = None;
    let mut progress = |step: &Progress| {
        if named.as_ref() != Some(&step.name) {
            bar.set_message(step.name.text(office.lang));
            bar.set_position(0);
            named = Some(step.name.clone());
        }
        bar.inc(u64::try_from(step.looked_at).unwrap_or(0));
        bar.tick();
        true
    };
    let report = audit::check::check(&office.store, office.org_id(), &options, &mut progress)?;
    bar.finish_and_clear();
    print(office, command, &report)?;
    if report.is_good() {
        println!("{}", office.say("账目无误", "the books are as they must be"));
        return Ok(());
    }
    let org_id = office.org_id();
    let decided = office.look(|tx| Ok(alarm::decided_findings(tx, org_id)?))?;
    let open = report.undecided(&decided).len();
    if open == 0 {
        println!(
            "{}",
            office.say("所有不符均已有处理决定", "everything that was found has been decided about")
        );
        return Ok(());
    }
    let found = report.found();
    if command.look {
        return Err(Failure::new(
            format!("发现 {found} 处不符（只查看，未报警）"),
            format!("{found} findings (only looked, no alarm raised)"),
        ));
    }
    match audit::check::raise(&office.store, &office.actor, office.now, "check", &report)? {
        Some(raised) => Err(raised.refusal().into()),
        None => Ok(()),
    }
}

fn seconds(time: Duration) -> String {
    format!("{}.{:02}", time.as_secs(), time.subsec_millis() / 10)
}

fn print(office: &Office, command: &Check, report: &Report) -> Done {
    let mut table = Table::new(office.lang)
        .titled(office.say("账目核对", "Proof of the books"))
        .text("核对项", "check")
        .col("查看", "looked at", Kind::Integer)
        .col("不符", "found", Kind::Integer)
        .text("秒", "seconds");
    for part in &report.parts {
        let checked = &part.checked;
        table.push(row![
            checked.name.text(office.lang),
            checked.looked_at,
            checked.found,
            seconds(part.elapsed)
        ]);
    }
    for (_, why) in &report.skipped {
        let why = why.text(office.lang);
        table.note(
            office.say(format!("未核对触发器与约束：{why}"), format!("guards were not compared: {why}")),
        );
    }
    if report.changed_since > 0 {
        let count = report.changed_since;
        table.note(office.say(
            format!("{count} 张账单的协议、电价或阶梯数据已有后续变更，仅比对了表码"),
            format!(
                "{count} bills: agreement, prices or tiers changed since; only their readings were compared"
            ),
        ));
    }
    if let Some((size, root)) = &report.log {
        let root: String = root.iter().map(|byte| format!("{byte:02x}")).collect();
        table.note(
            office.say(format!("日志 {size} 条，根 {root}"), format!("log of {size} acts, root {root}")),
        );
    }
    table.note(
        office.say(
            format!("用时 {} 秒", seconds(report.elapsed)),
            format!("{} seconds", seconds(report.elapsed)),
        ),
    );
    table.show(&command.shown)?;
    for finding in report.findings() {
        println!("[{}] {}", finding.check, finding.text(office.lang));
    }
    Ok(())
}
