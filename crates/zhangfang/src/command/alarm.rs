//! `zhangfang alarm`: what was found in the books, and the two persons who decide about it.

use clap::Subcommand;
use documents::sheet::Kind;
use identity::alarm::{self, Alarm as Raised, AlarmState};
use kernel::Bilingual;

use super::office::Office;
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

/// What can be done about alarms.
#[derive(Debug, Subcommand)]
pub enum Alarm {
    /// Every alarm / 列出警报
    List {
        #[command(flatten)]
        shown: Shown,
    },
    /// What an alarm is about and how it was decided / 查看警报
    Show {
        /// Its number / 警报编号
        number: i64,
        #[command(flatten)]
        shown: Shown,
    },
    /// Decide: the auditor proposes, a head confirms or sends back; the books go on after the confirmation /
    /// 处理：审计员提出，负责人确认或退回
    Decide {
        /// Its number / 警报编号
        number: i64,
        /// What was found out, and why the books may go on / 原因与处理意见
        #[arg(long)]
        reason: String,
        /// Send the proposal back instead of confirming it / 退回处理意见
        #[arg(long)]
        back: bool,
    },
}

/// Runs the command.
pub fn run(command: &Alarm, office: &Office) -> Done {
    let org_id = office.org_id();
    match command {
        Alarm::List { shown } => {
            let mut table = Table::new(office.lang)
                .titled(office.say("警报", "Alarms"))
                .col("编号", "number", Kind::Integer)
                .text("时间", "raised")
                .text("由", "by")
                .text("来源", "source")
                .col("不符", "findings", Kind::Integer)
                .text("状态", "state");
            for raised in office.look(|tx| Ok(alarm::alarms(tx, org_id)?))? {
                table.push(row![
                    raised.number,
                    raised.raised_at.to_string(),
                    office.person_name(raised.raised_by)?,
                    raised.source,
                    raised.found,
                    raised.state.text(office.lang)
                ]);
            }
            table.show(shown)
        }
        Alarm::Show { number, shown } => show(office, *number, shown),
        Alarm::Decide { number, reason, back } => decide(office, *number, reason, *back),
    }
}

fn show(office: &Office, number: i64, shown: &Shown) -> Done {
    let org_id = office.org_id();
    let (raised, findings): (Raised, _) =
        office.look(|tx| Ok((alarm::find(tx, org_id, number)?, alarm::findings(tx, org_id, number)?)))?;
    let mut table = Table::new(office.lang)
        .titled(office.say(
            format!("第 {number} 号警报 {} {}", raised.raised_at, raised.state.text(office.lang)),
            format!("Alarm {number} of {}: {}", raised.raised_at, raised.state.text(office.lang)),
        ))
        .text("核对项", "check")
        .text("何处", "where")
        .text("不符", "what");
    for finding in findings {
        let what = match office.lang {
            kernel::Lang::Zh => finding.zh,
            kernel::Lang::En => finding.en,
        };
        table.push(row![finding.check, finding.place, what]);
    }
    for (decision, zh, en) in
        [(&raised.proposal, "提出", "proposed"), (&raised.confirmation, "确认", "confirmed")]
    {
        if let Some(said) = decision {
            let (who, at, why) = (office.person_name(said.person_id)?, said.at, &said.reason);
            table.note(
                office.say(format!("{who} 于 {at} {zh}：{why}"), format!("{en} by {who} at {at}: {why}")),
            );
        }
    }
    table.show(shown)
}

/// The first person who decides proposes; the second confirms or sends back.
fn decide(office: &Office, number: i64, reason: &str, back: bool) -> Done {
    let org_id = office.org_id();
    let state = office.look(|tx| Ok(alarm::find(tx, org_id, number)?))?.state;
    let (desk, now) = (office.desk(), office.now);
    let said = match (state, back) {
        (AlarmState::Raised, false) => {
            audit::check::propose(&desk, now, number, reason)?;
            office.say(
                format!("已提出第 {number} 号警报的处理意见，待负责人确认"),
                format!("proposed for alarm {number}; a head has to confirm it"),
            )
        }
        (AlarmState::Proposed, false) => {
            audit::check::confirm(&desk, now, number, reason)?;
            office.say(format!("第 {number} 号警报已决定"), format!("alarm {number} is decided"))
        }
        (AlarmState::Proposed, true) => {
            audit::check::send_back(&desk, now, number, reason)?;
            office.say(
                format!("第 {number} 号警报的处理意见已退回"),
                format!("the proposal for alarm {number} is sent back"),
            )
        }
        (AlarmState::Decided, _) | (AlarmState::Raised, true) => {
            return Err(Failure::new(
                format!("第 {number} 号警报{}，现在不能这样处理", state.text(kernel::Lang::Zh)),
                format!("alarm {number} {}: this cannot be done now", state.text(kernel::Lang::En)),
            ));
        }
    };
    println!("{said}");
    if let Some(open) = office.look(|tx| Ok(alarm::open_alarm(tx, org_id)?))? {
        println!("{}", open.refusal().text(office.lang));
    }
    Ok(())
}
