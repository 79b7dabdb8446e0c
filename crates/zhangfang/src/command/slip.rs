//! `zhangfang slip`: change slips (异动传单), received by one clerk and registered per reading team.

use billing::slip::{self, NewSlip};
use clap::Subcommand;
use kernel::{Bilingual, Month};

use super::office::{Office, both, month};
use crate::failure::Done;
use crate::table::{Shown, Table, row};

/// What can be done about slips.
#[derive(Debug, Subcommand)]
pub enum Slip {
    /// The slips of a reading team in a month / 异动传单登记本
    List {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the reading team / 营抄班代码
        team: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// Receive a slip after checking it / 接收传单
    Receive {
        /// Account number / 户号
        account: String,
        /// Month of the account close / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the unit whose clerk receives it / 接收单位代码
        #[arg(long)]
        unit: String,
        /// Code of the reading team / 营抄班代码
        #[arg(long)]
        team: String,
        /// What kind of change / 变更类型
        #[arg(long)]
        kind: String,
        /// What changes / 变更内容
        #[arg(long)]
        content: String,
        /// What was checked: signatures, stamp, content / 核对事项
        #[arg(long)]
        checked: String,
    },
    /// Return a slip that is not valid / 退回传单
    Return {
        /// The slip's key / 传单号
        slip: i64,
        /// Why / 原因
        reason: String,
    },
    /// Enter a slip in its team's register / 登记传单
    Register {
        /// The slip's key / 传单号
        slip: i64,
    },
    /// Note that a slip is carried out / 传单办结
    Finish {
        /// The slip's key / 传单号
        slip: i64,
        /// A remark / 备注
        #[arg(default_value = "")]
        remark: String,
    },
    /// Close a team's register for a month / 月结月清
    Close {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the unit / 单位代码
        unit: String,
        /// Code of the reading team / 营抄班代码
        team: String,
    },
}

/// Runs the command.
pub fn run(command: &Slip, office: &Office) -> Done {
    match command {
        Slip::List { month, team, shown } => {
            office.require("adjustment.read")?;
            let (org_id, team_id) = (office.org_id(), office.unit(team)?.id);
            let slips = office.look(|tx| Ok(slip::slips_of(tx, org_id, team_id, *month)?))?;
            let mut table = Table::new(office.lang)
                .text("传单号", "slip")
                .text("编号", "number")
                .text("户号", "account")
                .text("内容", "content")
                .text("状态", "state")
                .text("接收时间", "received at");
            for one in slips {
                let account = office.look(|tx| office.account_number(tx, one.account_id))?;
                let state = one.state.text(office.lang);
                table.push(row![
                    one.slip_id.to_string(),
                    one.number,
                    account,
                    one.content,
                    state,
                    one.received_at
                ]);
            }
            table.show(shown)
        }
        Slip::Receive { account, month, unit, team, kind, content, checked } => {
            let account_id = office.account(account)?.account.account_id;
            let (unit_id, team_unit_id) = (office.unit(unit)?.id, office.unit(team)?.id);
            office.change("slip.receive", command, |work| {
                let new =
                    NewSlip { unit_id, team_unit_id, account_id, month: *month, kind, content, checked };
                let made = slip::receive(work, &new)?;
                both(
                    format!("传单 {}（{}）", made.number, made.slip_id),
                    format!("slip {} ({})", made.number, made.slip_id),
                )
            })
        }
        Slip::Return { slip: id, reason } => office.change("slip.return", command, |work| {
            slip::return_slip(work, *id, reason)?;
            both("已退回", "returned")
        }),
        Slip::Register { slip: id } => office.change("slip.register", command, |work| {
            slip::register(work, *id)?;
            both("已登记", "registered")
        }),
        Slip::Finish { slip: id, remark } => office.change("slip.finish", command, |work| {
            slip::finish(work, *id, remark)?;
            both("已办结", "carried out")
        }),
        Slip::Close { month, unit, team } => {
            let (unit_id, team_id) = (office.unit(unit)?.id, office.unit(team)?.id);
            office.change("slip.close_register", command, |work| {
                let count = slip::close_register(work, unit_id, team_id, *month)?;
                both(
                    format!("{month} 月结月清，共 {count} 张"),
                    format!("{month} is closed with {count} slips"),
                )
            })
        }
    }
}
