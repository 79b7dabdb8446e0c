//! `zhangfang custody`: reading cards, ledgers, handhelds and other tools through their whole life. (READ-01..03, 15)

use clap::Subcommand;
use kernel::Bilingual;
use metering::custody::{self, Tool, ToolEvent, ToolKind, ToolState};

use super::office::{Office, both};
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

/// What can be done about tools.
#[derive(Debug, Subcommand)]
pub enum Custody {
    /// The cards and tools of a station / 抄表工具登记簿
    List {
        /// Code of the station / 单位代码
        unit: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// The whole life of a tool / 工具履历
    History {
        /// The tool's key / 工具号
        tool: i64,
        #[command(flatten)]
        shown: Shown,
    },
    /// Register a card or tool / 登记
    Register {
        /// Code of the station / 单位代码
        unit: String,
        /// card, ledger, handheld or other / 抄本卡片、帐本、抄表机、其他抄表工具
        #[arg(long)]
        kind: String,
        /// Its number / 编号
        #[arg(long)]
        number: String,
        /// Account of a card / 户号
        #[arg(long)]
        account: Option<String>,
        /// Book of a ledger / 抄本编号
        #[arg(long)]
        book: Option<String>,
    },
    /// Record what happened: open, build, recard, transcribe, issue, circulate, keep, destroy / 登记流转
    Record {
        /// The tool's key / 工具号
        tool: i64,
        /// What happened / 事项
        event: String,
        /// Login of the person concerned / 相关人员
        #[arg(long)]
        person: String,
        /// A remark / 备注
        #[arg(long, default_value = "")]
        note: String,
    },
    /// The centre asks for a copy of a paper card / 调阅纸质卡片
    Request {
        /// The card's key / 工具号
        card: i64,
        /// What for / 事由
        text: String,
        /// Code of the billing centre / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// The station has faxed the copy / 传真复印件
    Send {
        /// The request's ticket / 工作票号
        ticket: i64,
        /// A remark / 备注
        #[arg(default_value = "")]
        note: String,
    },
}

fn unknown(what: &str, words: &str) -> Failure {
    Failure::new(format!("不认识的{what}：{words}"), format!("unknown: {words}"))
}

/// Runs the command.
pub fn run(command: &Custody, office: &Office) -> Done {
    let org_id = office.org_id();
    match command {
        Custody::List { unit, shown } => {
            office.require("metering.read")?;
            let unit_id = office.unit(unit)?.id;
            let tools = office.look(|tx| Ok(custody::tools_of(tx, org_id, unit_id)?))?;
            let mut table = Table::new(office.lang)
                .text("工具号", "tool")
                .text("类别", "kind")
                .text("编号", "number")
                .text("状态", "state")
                .text("持有人", "holder");
            for tool in tools {
                let (kind, state) = (tool.kind.text(office.lang), tool.state.text(office.lang));
                let holder = office.name_of(tool.holder_id)?;
                table.push(row![tool.tool_id.to_string(), kind, tool.number, state, holder]);
            }
            table.show(shown)
        }
        Custody::History { tool, shown } => {
            office.require("metering.read")?;
            let life = office.look(|tx| Ok(custody::history(tx, org_id, *tool)?))?;
            let mut table = Table::new(office.lang)
                .text("日期", "on")
                .text("事项", "event")
                .text("相关人员", "person")
                .text("经办", "done by")
                .text("备注", "note");
            for one in life {
                let event = one.event.text(office.lang);
                let (person, by) = (office.person_name(one.person_id)?, office.person_name(one.done_by)?);
                table.push(row![one.on.to_string(), event, person, by, one.note]);
            }
            table.show(shown)
        }
        Custody::Register { unit, kind, number, account, book } => {
            let account_id = account.as_ref().map(|number| office.account(number)).transpose()?;
            let book_id = book.as_ref().map(|number| office.book(number)).transpose()?;
            let tool = Tool {
                tool_id: 0,
                kind: ToolKind::from_words(kind).ok_or_else(|| unknown("工具类别", kind))?,
                number: number.clone(),
                unit_id: office.unit(unit)?.id,
                account_id: account_id.map(|details| details.account.account_id),
                book_id: book_id.map(|book| book.book_id),
                state: ToolState::Kept,
                holder_id: None,
                version: 1,
            };
            office.change("custody.register", command, |work| {
                let tool_id = custody::register_tool(work, &tool)?;
                both(format!("工具号 {tool_id}"), format!("tool {tool_id}"))
            })
        }
        Custody::Record { tool, event, person, note } => {
            let what = ToolEvent::from_words(event).ok_or_else(|| unknown("事项", event))?;
            let person_id = office.person(person)?.id;
            office.change("custody.record", command, |work| {
                custody::record_event(work, *tool, what, person_id, note)?;
                both("已登记", "recorded")
            })
        }
        Custody::Request { card, text, centre } => {
            let (calendar, centre) = (office.calendar()?, office.centre(centre.as_ref())?);
            office.change("custody.request", command, |work| {
                let ticket = custody::request_card(work, &calendar, centre, *card, text)?;
                both(
                    format!("工作票 {}（{}）", ticket.number, ticket.id),
                    format!("ticket {} ({})", ticket.number, ticket.id),
                )
            })
        }
        Custody::Send { ticket, note } => {
            let calendar = office.calendar()?;
            office.change("custody.send", command, |work| {
                custody::send_card(work, &calendar, *ticket, note)?;
                both("已传真", "sent")
            })
        }
    }
}
