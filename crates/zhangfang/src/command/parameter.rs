//! `zhangfang parameter`: changes of what a customer is billed by (参数变更), from ticket to archive.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use documents::sheet::Kind;
use kernel::{Bilingual, Date, Month};
use metering::parameter::{self, Change, Line, NewChange, ParameterTicket};

use super::office::{Office, both, date, month};
use super::tariff::read_text;
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

const READ: &str = "metering.read";

/// What can be done about parameters.
#[derive(Debug, Subcommand)]
pub enum Parameter {
    /// The change tickets of an account / 用户的变更工单
    List {
        /// Account number / 户号
        account: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// What a ticket changes / 工单内容
    Lines {
        /// The ticket's key / 工单号
        ticket: i64,
        #[command(flatten)]
        shown: Shown,
    },
    /// Every parameter of an account that was ever changed / 参数变更记录
    History {
        /// Account number / 户号
        account: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// Start a change ticket of the station / 发起变更
    Start {
        /// Account number; none for a new customer / 户号
        #[arg(long)]
        account: Option<String>,
        /// Code of the other unit that starts it, such as the metering institute / 其他单位代码
        #[arg(long)]
        other_unit: Option<String>,
        /// Day on which the customer applied; by default the day of the command / 申请日
        #[arg(long, value_parser = date)]
        applied: Option<Date>,
        /// Why / 原因
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        changes: Changes,
    },
    /// Enter the lines of a ticket anew / 修改工单内容
    Enter {
        /// The ticket's key / 工单号
        ticket: i64,
        #[command(flatten)]
        changes: Changes,
    },
    /// Check a ticket; not by who entered it / 校核
    Check {
        /// The ticket's key / 工单号
        ticket: i64,
        /// A note / 说明
        #[arg(default_value = "")]
        note: String,
    },
    /// Audit a ticket of another unit / 审核
    Audit {
        /// The ticket's key / 工单号
        ticket: i64,
        /// Refuse instead of agreeing / 不同意
        #[arg(long)]
        refuse: bool,
        /// A note / 说明
        #[arg(default_value = "")]
        note: String,
    },
    /// Dispatch a ticket to who handles it / 调度
    Dispatch {
        /// The ticket's key / 工单号
        ticket: i64,
        /// Login of who handles it / 经办人登录名
        handler: String,
    },
    /// Archive a ticket; what it changes holds from then on / 归档
    Archive { ticket: i64 },
    /// Withdraw a ticket / 撤回
    Withdraw { ticket: i64, reason: String },
    /// Apply archived lines of a station whose day has come / 执行到期变更
    ApplyDue { unit: String },
    /// The day's list of changes in circulation / 在途变更清单
    Running {
        /// Code of the station / 供电所代码
        unit: String,
        /// Record it as the day's list / 登记当日清单
        #[arg(long)]
        record: bool,
        #[command(flatten)]
        shown: Shown,
    },
    /// Hold the issue of a month until the ticket is archived / 暂缓发行申请
    Hold {
        /// The ticket's key / 工单号
        ticket: i64,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Why / 原因
        #[arg(long)]
        reason: String,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// Changes that affect a month and have no hold-issue request / 应申请而未申请暂缓的变更
    HoldsMissing {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        #[command(flatten)]
        shown: Shown,
    },
    /// The centre reports that contract and system differ / 反馈合同与系统不一致
    ReportInconsistency {
        /// Account number / 户号
        account: String,
        /// The parameter / 参数
        field: String,
        /// As in the contract / 合同值
        #[arg(long)]
        contract: String,
        /// As in the system / 系统值
        #[arg(long)]
        system: String,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// The centre lists an error of a ticket with a suggested correction / 错误清单
    ErrorList {
        /// The ticket's key / 工单号
        ticket: i64,
        /// What is wrong / 错误
        error: String,
        /// The suggested correction / 修改建议
        suggestion: String,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// The station corrects what an error list names / 二次修改
    Correct {
        /// Key of the error list / 错误清单号
        error_list: i64,
        /// A note / 说明
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        changes: Changes,
    },
    /// The centre confirms a correction, or says what is still wrong / 确认修改
    Confirm {
        /// Key of the error list / 错误清单号
        error_list: i64,
        /// What is still wrong / 仍有误
        #[arg(long)]
        wrong: Option<String>,
    },
}

/// What changes: on the command line or in a file.
#[derive(Debug, Args)]
pub struct Changes {
    /// First day of the new state, for --change / 生效日
    #[arg(long, value_parser = date)]
    from: Option<Date>,
    /// A change as JSON, such as {"kind":"persons","persons":5}; again for each / 变更内容
    #[arg(long = "change", value_name = "JSON", required_unless_present = "file")]
    changes: Vec<String>,
    /// A JSON file with all lines: [{"from":"2026-03-01","change":{…}}] / 变更内容文件
    #[arg(long)]
    file: Option<PathBuf>,
}

impl Changes {
    fn lines(&self, office: &Office) -> Done<Vec<Line>> {
        let wrong = |place: &str, error: serde_json::Error| {
            Failure::new(
                format!("{place}：变更内容无法识别：{error}"),
                format!("{place}: not a change: {error}"),
            )
        };
        let mut lines: Vec<Line> = match &self.file {
            Some(path) => {
                let place = path.display().to_string();
                serde_json::from_str(&read_text(path)?).map_err(|error| wrong(&place, error))?
            }
            None => Vec::new(),
        };
        for text in &self.changes {
            let change: Change = serde_json::from_str(text).map_err(|error| wrong("--change", error))?;
            lines.push(Line { from: self.from.unwrap_or(office.now.date()), change });
        }
        Ok(lines)
    }
}

/// Runs the command.
pub fn run(command: &Parameter, office: &Office) -> Done {
    let calendar = office.calendar()?;
    let org_id = office.org_id();
    match command {
        Parameter::List { account, shown } => list(office, account, shown),
        Parameter::Lines { ticket, shown } => {
            office.require(READ)?;
            let lines = office.look(|tx| Ok(parameter::lines(tx, org_id, *ticket)?))?;
            let mut table = Table::new(office.lang)
                .col("版次", "revision", Kind::Integer)
                .col("生效日", "from", Kind::Date)
                .text("变更", "change")
                .text("内容", "content")
                .text("执行时间", "applied at");
            for line in lines {
                let content = serde_json::to_string(&line.line.change).unwrap_or_default();
                let name = line.line.change.name().text(office.lang);
                table.push(row![line.revision, line.line.from, name, content, line.applied_at]);
            }
            table.show(shown)
        }
        Parameter::History { account, shown } => {
            office.require(READ)?;
            let id = office.account(account)?.account.account_id;
            let changes = office.look(|tx| Ok(parameter::history(tx, org_id, id)?))?;
            let mut table = Table::new(office.lang)
                .text("时间", "at")
                .text("参数", "field")
                .text("原值", "old")
                .text("新值", "new")
                .col("生效日", "from", Kind::Date)
                .text("工单", "ticket")
                .text("经办人", "by");
            for kept in changes {
                let by = office.person_name(kept.person_id)?;
                let change = kept.change;
                table.push(row![kept.at, change.field, change.old, change.new, change.from, kept.ticket, by]);
            }
            table.show(shown)
        }
        Parameter::Start { account, other_unit, applied, reason, changes } => {
            let account = account.as_ref().map(|number| office.account(number)).transpose()?;
            let new = NewChange {
                account_id: account.map(|found| found.account.account_id),
                applied_on: applied.unwrap_or(office.now.date()),
                reason: reason.clone(),
                lines: changes.lines(office)?,
            };
            let other = office.unit_id(other_unit.as_ref())?;
            office.change("parameter.start", command, |work| {
                let ticket = match other {
                    Some(unit_id) => parameter::start_other(work, &calendar, unit_id, &new)?,
                    None => parameter::start(work, &calendar, &new)?,
                };
                both(
                    format!(
                        "变更工单 {}（{}），影响自 {} 起",
                        ticket.number, ticket.ticket_id, ticket.affects_from
                    ),
                    format!(
                        "ticket {} ({}) affects from {}",
                        ticket.number, ticket.ticket_id, ticket.affects_from
                    ),
                )
            })
        }
        Parameter::Enter { ticket, changes } => {
            let lines = changes.lines(office)?;
            office.change("parameter.enter", command, |work| {
                told(&parameter::enter(work, &calendar, *ticket, &lines)?)
            })
        }
        Parameter::Check { ticket, note } => {
            office.change("parameter.check", command, |work| told(&parameter::check(work, *ticket, note)?))
        }
        Parameter::Audit { ticket, refuse, note } => office.change("parameter.audit", command, |work| {
            told(&parameter::audit(work, &calendar, *ticket, !refuse, note)?)
        }),
        Parameter::Dispatch { ticket, handler } => {
            let handler = office.person(handler)?;
            office.change("parameter.dispatch", command, |work| {
                told(&parameter::dispatch(work, &calendar, *ticket, handler.id)?)
            })
        }
        Parameter::Archive { ticket } => office.change("parameter.archive", command, |work| {
            let done = parameter::archive(work, &calendar, *ticket)?;
            let (changed, waiting, released) = (done.changed, done.waiting, done.released);
            both(
                format!("已归档：{changed} 项参数变更，{waiting} 行待生效，解除暂缓 {released} 件"),
                format!(
                    "archived: {changed} parameters changed, {waiting} lines wait, {released} holds released"
                ),
            )
        }),
        Parameter::Withdraw { ticket, reason } => office.change("parameter.withdraw", command, |work| {
            told(&parameter::withdraw(work, &calendar, *ticket, reason)?)
        }),
        Parameter::ApplyDue { unit } => {
            let unit_id = office.unit(unit)?.id;
            office.change("parameter.apply_due", command, |work| {
                let (applied, failed) = parameter::apply_due(work, &calendar, unit_id)?;
                let mut zh = format!("已执行 {applied} 行");
                let mut en = format!("applied {applied} lines");
                for (ticket, error) in &failed {
                    zh.push_str(&format!("\n{ticket}：{}", error.text(kernel::Lang::Zh)));
                    en.push_str(&format!("\n{ticket}: {}", error.text(kernel::Lang::En)));
                }
                both(zh, en)
            })
        }
        Parameter::Running { unit, record, shown } => running(command, office, unit, *record, shown),
        Parameter::Hold { ticket, month, reason, centre } => {
            let centre = office.centre(centre.as_ref())?;
            office.change("parameter.hold", command, |work| {
                let hold = parameter::file_hold(work, &calendar, *ticket, *month, centre, reason)?;
                both(
                    format!("{month} 暂缓发行，记录号 {}", hold.hold_id),
                    format!("{month} is held, as {}", hold.hold_id),
                )
            })
        }
        Parameter::HoldsMissing { month, shown } => {
            office.require(READ)?;
            let today = office.now.date();
            let missing = office.look(|tx| Ok(parameter::holds_missing(tx, org_id, *month, today)?))?;
            let mut table = Table::new(office.lang)
                .text("户号", "account")
                .text("供电所", "unit")
                .text("工单", "ticket")
                .col("影响起日", "affects from", Kind::Date)
                .col("抄表例日", "scheduled on", Kind::Date);
            for one in missing.iter().filter(|one| office.sees(READ, one.unit_id)) {
                let account = office.look(|tx| office.account_number(tx, one.account_id))?;
                let unit = office.unit_name(one.unit_id)?;
                table.push(row![account, unit, one.number.as_str(), one.affects_from, one.scheduled_on]);
            }
            table.show(shown)
        }
        Parameter::ReportInconsistency { account, field, contract, system, centre } => {
            let (id, centre) = (office.account(account)?.account.account_id, office.centre(centre.as_ref())?);
            office.change("parameter.report_inconsistency", command, |work| {
                let values = (contract.as_str(), system.as_str());
                let made = parameter::report_inconsistency(work, &calendar, centre, id, field, values)?;
                let key = made.inconsistency_id;
                both(format!("已反馈不一致 {key}"), format!("reported as {key}"))
            })
        }
        Parameter::ErrorList { ticket, error, suggestion, centre } => {
            let centre = office.centre(centre.as_ref())?;
            office.change("parameter.error_list", command, |work| {
                let list = parameter::raise_error_list(work, &calendar, centre, *ticket, error, suggestion)?;
                both(format!("错误清单 {}", list.error_list_id), format!("error list {}", list.error_list_id))
            })
        }
        Parameter::Correct { error_list, note, changes } => {
            let lines = changes.lines(office)?;
            office.change("parameter.second_modify", command, |work| {
                told(&parameter::second_modify(work, &calendar, *error_list, &lines, note)?)
            })
        }
        Parameter::Confirm { error_list, wrong } => {
            office.change("parameter.confirm", command, |work| match wrong {
                Some(why) => {
                    parameter::reject_correction(work, &calendar, *error_list, why)?;
                    both("仍有误，已退回供电所", "still wrong: back to the station")
                }
                None => {
                    parameter::confirm_correction(work, &calendar, *error_list)?;
                    both("修改无误", "the correction is right")
                }
            })
        }
    }
}

fn told(ticket: &ParameterTicket) -> Done<kernel::Text> {
    both(
        format!("变更工单 {}：{}", ticket.number, ticket.state.text(kernel::Lang::Zh)),
        format!("ticket {} is {}", ticket.number, ticket.state.text(kernel::Lang::En)),
    )
}

fn list(office: &Office, account: &str, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, id) = (office.org_id(), office.account(account)?.account.account_id);
    let tickets = office.look(|tx| Ok(parameter::tickets_of_account(tx, org_id, id)?))?;
    let mut table = Table::new(office.lang)
        .text("工单号", "ticket")
        .text("编号", "number")
        .text("状态", "state")
        .col("申请日", "applied on", Kind::Date)
        .col("影响起日", "affects from", Kind::Date)
        .text("原因", "reason")
        .text("发起人", "started by")
        .text("校核人", "checked by");
    for ticket in tickets {
        table.push(row![
            ticket.ticket_id.to_string(),
            ticket.number,
            ticket.state.text(office.lang),
            ticket.applied_on,
            ticket.affects_from,
            ticket.reason,
            office.person_name(ticket.started_by)?,
            office.name_of(ticket.checked_by)?,
        ]);
    }
    table.show(shown)
}

fn running(command: &Parameter, office: &Office, unit: &str, record: bool, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, unit_id) = (office.org_id(), office.unit(unit)?.id);
    if record {
        office.change("parameter.list_circulation", command, |work| {
            let count = parameter::list_circulation(work, unit_id)?.len();
            both(format!("已登记在途变更 {count} 件"), format!("recorded {count} changes in circulation"))
        })?;
    }
    let running = office.look(|tx| Ok(parameter::in_circulation(tx, org_id, unit_id)?))?;
    let mut table = Table::new(office.lang)
        .text("编号", "number")
        .text("户号", "account")
        .text("状态", "state")
        .col("影响起日", "affects from", Kind::Date)
        .text("暂缓发行", "held");
    for one in running {
        let account = office.look(|tx| office.account_number(tx, one.account_id))?;
        let held = if one.held { office.say("已申请", "yes") } else { String::new() };
        table.push(row![one.number, account, one.state.text(office.lang), one.affects_from, held]);
    }
    table.show(shown)
}
