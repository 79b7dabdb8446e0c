//! `zhangfang work`: what waits: tickets, deadlines, lists to be signed, closing checklists.

use clap::{Subcommand, ValueEnum};
use documents::sheet::Kind;
use kernel::{Bilingual, Date, Month};
use workflow::{Catalogue, ClockState, ListSide, Period};

use super::office::{Office, both, date, month};
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

const READ: &str = "workflow.read";

/// What can be asked about work that waits.
#[derive(Debug, Subcommand)]
pub enum Work {
    /// Tickets that are open at a unit / 未完成的工单
    Tickets {
        /// The unit; by default every unit the person may see / 单位代码
        #[arg(long)]
        unit: Option<String>,
        #[command(flatten)]
        shown: Shown,
    },
    /// One ticket with its steps and deadlines / 工单详情
    Ticket {
        /// Its key / 工单号
        ticket: i64,
        #[command(flatten)]
        shown: Shown,
    },
    /// Take a step on a ticket, such as withdraw / 工单办理
    Act {
        /// Its key / 工单号
        ticket: i64,
        /// The step, as its kind allows / 动作
        act: String,
        /// What is said with it / 说明
        #[arg(default_value = "")]
        text: String,
    },
    /// Everything that is late, the longest first / 逾期清单
    Late {
        #[command(flatten)]
        shown: Shown,
    },
    /// Everything due by a day, late or not / 到期事项
    Due {
        /// By this day; by default in seven days / 截止日
        #[arg(value_parser = date)]
        by: Option<Date>,
        #[command(flatten)]
        shown: Shown,
    },
    /// Lists of a month that both sides sign / 双方签字清单
    Lists {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Only those that lack a signature / 仅待签字
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        shown: Shown,
    },
    /// Show what stands on a list / 清单内容
    List {
        /// Its key / 清单号
        list: i64,
        #[command(flatten)]
        shown: Shown,
    },
    /// Sign a list for one side / 签字
    Sign {
        /// Its key / 清单号
        list: i64,
        /// first or second side / 签字方
        #[arg(long, value_enum)]
        side: Side,
    },
    /// The closing checklist of a unit and period / 结账检查表
    Closing {
        /// The unit / 单位代码
        unit: String,
        /// A day, a month or a year / 期间
        period: String,
        /// Lay the checklist out / 生成检查表
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        shown: Shown,
    },
    /// Tick an item of the checklist / 检查项打勾
    Tick {
        /// Code of the unit / 单位代码
        unit: String,
        /// A day, a month or a year / 期间
        period: String,
        /// The item's code / 检查项代码
        item: String,
        /// There was nothing to do; a note says why / 无事项
        #[arg(long)]
        nothing: bool,
        /// A note / 说明
        #[arg(default_value = "")]
        note: String,
    },
    /// Close the period of a unit; every item must be ticked / 期间关闭
    Close { unit: String, period: String },
}

/// A side of a list.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Side {
    /// The first unit named on it.
    First,
    /// The second.
    Second,
}

fn period(text: &str) -> Done<Period> {
    if let Ok(day) = text.parse::<Date>() {
        return Ok(Period::Day(day));
    }
    if let Ok(month) = text.parse::<Month>() {
        return Ok(Period::Month(month));
    }
    let year = text.parse::<i16>().ok().filter(|year| (1900..=9999).contains(year));
    year.map(Period::Year).ok_or_else(|| {
        Failure::new(
            format!("{text:?} 不是期间；写如 2026-01-31、2026-01 或 2026"),
            format!("{text:?} is not a period; write 2026-01-31, 2026-01 or 2026"),
        )
    })
}

/// Runs the command.
pub fn run(command: &Work, office: &Office) -> Done {
    let org_id = office.org_id();
    let today = office.now.date();
    match command {
        Work::Tickets { unit, shown } => tickets(office, unit.as_ref(), shown),
        Work::Ticket { ticket, shown } => one_ticket(office, *ticket, shown),
        Work::Act { ticket, act, text } => {
            let calendar = office.calendar()?;
            office.change("workflow.act", command, |work| {
                let org_id = work.org_id();
                let found = workflow::find(work.tx, org_id, *ticket)?;
                let done = workflow::act(work, &calendar, *ticket, found.version, act, text)?;
                both(
                    format!("工单 {}：{}", done.number, done.state),
                    format!("ticket {} is {}", done.number, done.state),
                )
            })
        }
        Work::Late { shown } => {
            let late = office.look(|tx| Ok(workflow::late_list(tx, org_id, today)?))?;
            clocks(office, office.say(format!("{today} 逾期清单"), format!("Late on {today}")), &late, shown)
        }
        Work::Due { by, shown } => {
            let by = by.map_or_else(|| today.plus_days(7), Ok)?;
            let open = office.look(|tx| Ok(workflow::open_clocks(tx, org_id, by, today)?))?;
            clocks(office, office.say(format!("{by} 前到期"), format!("Due by {by}")), &open, shown)
        }
        Work::Lists { month, open, shown } => lists(office, *month, *open, shown),
        Work::List { list, shown } => {
            office.require(READ)?;
            let lines = office.look(|tx| Ok(workflow::list_lines(tx, org_id, *list)?))?;
            let mut table = Table::new(office.lang).col("行", "line", Kind::Integer).text("内容", "text");
            for (at, line) in (1_i64..).zip(lines) {
                table.push(row![at, line.text]);
            }
            table.show(shown)
        }
        Work::Sign { list, side } => {
            let side = match side {
                Side::First => ListSide::First,
                Side::Second => ListSide::Second,
            };
            office.change("workflow.sign_list", command, |work| {
                let signed = workflow::sign_list(work, *list, side)?;
                let whole = signed.is_complete();
                both(
                    format!(
                        "清单 {} 已签字{}",
                        signed.number,
                        if whole { "，双方签字齐全" } else { "，待对方签字" }
                    ),
                    format!(
                        "list {} is signed, {}",
                        signed.number,
                        if whole { "by both sides" } else { "by one side" }
                    ),
                )
            })
        }
        Work::Closing { unit, period: text, open, shown } => {
            closing(command, office, unit, text, *open, shown)
        }
        Work::Tick { unit, period: text, item, nothing, note } => {
            let (unit_id, period) = (office.unit(unit)?.id, period(text)?);
            office.change("workflow.tick_closing", command, |work| {
                billing::closing::tick(work, unit_id, period, item, *nothing, note)?;
                both(format!("{unit} {text}：{item} 已完成"), format!("{unit} {text}: {item} is done"))
            })
        }
        Work::Close { unit, period: text } => {
            let (unit_id, period) = (office.unit(unit)?.id, period(text)?);
            if let workflow::Period::Month(month) = period {
                office.require_proved(month, "month_close")?;
            }
            office.change("workflow.close_period", command, |work| {
                workflow::close_period(work, unit_id, period)?;
                both(format!("{unit} {text} 已关闭"), format!("{text} of {unit} is closed"))
            })
        }
    }
}

fn tickets(office: &Office, unit: Option<&String>, shown: &Shown) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let only = office.unit_id(unit)?;
    let units = office.look(|tx| Ok(identity::units(tx, org_id)?))?;
    let mut found = Vec::new();
    for unit in units.iter().filter(|unit| only.map_or(office.sees(READ, unit.id), |id| id == unit.id)) {
        found.extend(office.look(|tx| Ok(workflow::open_tickets(tx, org_id, unit.id)?))?);
    }
    // A ticket waits at two units; it is one ticket.
    found.sort_by_key(|ticket| ticket.id);
    found.dedup_by_key(|ticket| ticket.id);
    let mut table = Table::new(office.lang)
        .text("工单号", "ticket")
        .text("编号", "number")
        .text("类型", "kind")
        .text("状态", "state")
        .text("发起", "raised by unit")
        .text("受理", "addressed to")
        .text("户号", "account")
        .text("时间", "raised at")
        .text("内容", "text");
    for ticket in found {
        let kind = Catalogue::built_in().ticket(&ticket.kind);
        let state = kind.and_then(|kind| kind.state(&ticket.state)).map(|state| state.text.text(office.lang));
        let account =
            ticket.account_id.map(|id| office.look(|tx| office.account_number(tx, id))).transpose()?;
        table.push(row![
            ticket.id.to_string(),
            ticket.number,
            kind.map_or(ticket.kind.clone(), |kind| kind.text.text(office.lang)),
            state.unwrap_or(ticket.state),
            office.unit_name(ticket.raised_unit_id)?,
            office.unit_name(ticket.addressed_unit_id)?,
            account,
            ticket.raised_at,
            ticket.text,
        ]);
    }
    table.show(shown)
}

fn one_ticket(office: &Office, ticket_id: i64, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, today) = (office.org_id(), office.now.date());
    let ticket = office.look(|tx| Ok(workflow::find(tx, org_id, ticket_id)?))?;
    let steps = office.look(|tx| Ok(workflow::history(tx, org_id, ticket_id)?))?;
    let clocks = office.look(|tx| Ok(workflow::clocks_of_ticket(tx, org_id, ticket_id, today)?))?;
    let kind = Catalogue::built_in().ticket(&ticket.kind);
    let state = |code: &str| {
        kind.and_then(|kind| kind.state(code))
            .map_or_else(|| code.to_owned(), |state| state.text.text(office.lang))
    };
    let mut table = Table::new(office.lang)
        .titled(format!(
            "{} {}",
            ticket.number,
            kind.map(|kind| kind.text.text(office.lang)).unwrap_or_default()
        ))
        .titled(ticket.text.clone())
        .text("时间", "at")
        .text("经办人", "by")
        .text("单位", "unit")
        .text("动作", "act")
        .text("状态", "state")
        .text("说明", "text");
    for step in steps {
        let (by, unit) = (office.person_name(step.person_id)?, office.unit_name(step.unit_id)?);
        table.push(row![step.at, by, unit, step.act, state(&step.to_state), step.text]);
    }
    for standing in &clocks {
        let due = standing.clock.due_on;
        let what = Catalogue::built_in().deadline(&standing.clock.code, standing.clock.started_on);
        let what = what.map_or(standing.clock.code.clone(), |deadline| deadline.text.text(office.lang));
        table.note(format!("{what}: {due} {}", state_of(office, standing.state)));
    }
    table.show(shown)
}

fn state_of(office: &Office, state: ClockState) -> String {
    match state {
        ClockState::Running => office.say("进行中", "running"),
        ClockState::Met => office.say("按时完成", "met"),
        ClockState::Late { days } => office.say(format!("逾期 {days} 天"), format!("{days} days late")),
        ClockState::Dropped => office.say("已撤销", "dropped"),
    }
}

fn clocks(office: &Office, title: String, standing: &[workflow::Standing], shown: &Shown) -> Done {
    office.require(READ)?;
    let mut table = Table::new(office.lang)
        .titled(title)
        .text("事项", "what")
        .text("责任单位", "unit")
        .text("单据", "document")
        .text("户号", "account")
        .col("起算日", "started on", Kind::Date)
        .col("期限", "due on", Kind::Date)
        .text("状态", "state");
    for one in standing.iter().filter(|one| office.sees(READ, one.clock.answerable_unit_id)) {
        let clock = &one.clock;
        let what = Catalogue::built_in().deadline(&clock.code, clock.started_on);
        let account =
            clock.account_id.map(|id| office.look(|tx| office.account_number(tx, id))).transpose()?;
        table.push(row![
            what.map_or(clock.code.clone(), |deadline| deadline.text.text(office.lang)),
            office.unit_name(clock.answerable_unit_id)?,
            format!("{} {}", clock.subject_kind, clock.subject_id),
            account,
            clock.started_on,
            clock.due_on,
            state_of(office, one.state),
        ]);
    }
    table.show(shown)
}

fn lists(office: &Office, month: Month, open: bool, shown: &Shown) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let lists = office.look(|tx| Ok(workflow::lists_of(tx, org_id, month)?))?;
    let mut table = Table::new(office.lang)
        .text("清单号", "list")
        .text("编号", "number")
        .text("类型", "kind")
        .text("甲方", "first")
        .text("甲方签字", "signed first")
        .text("乙方", "second")
        .text("乙方签字", "signed second");
    for list in lists.iter().filter(|list| !open || !list.is_complete()) {
        let kind = Catalogue::built_in().list(&list.kind);
        let signed = |side: ListSide| {
            let found = list.signatures.iter().find(|signature| signature.side == side);
            found
                .map(|signature| Ok(format!("{} {}", office.person_name(signature.person_id)?, signature.at)))
                .transpose()
        };
        let (first, second): (Done<Option<String>>, Done<Option<String>>) =
            (signed(ListSide::First), signed(ListSide::Second));
        table.push(row![
            list.id.to_string(),
            list.number.as_str(),
            kind.map_or(list.kind.clone(), |kind| kind.text.text(office.lang)),
            office.unit_name(list.first_unit_id)?,
            first?,
            office.unit_name(list.second_unit_id)?,
            second?,
        ]);
    }
    table.show(shown)
}

fn closing(command: &Work, office: &Office, unit: &str, text: &str, open: bool, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, unit_id, period) = (office.org_id(), office.unit(unit)?.id, period(text)?);
    if open {
        office.change("workflow.open_checklist", command, |work| {
            let items = workflow::open_checklist(work, unit_id, period)?.len();
            both(format!("检查表 {items} 项"), format!("the checklist has {items} items"))
        })?;
    }
    let items = office.look(|tx| Ok(workflow::checklist(tx, org_id, unit_id, period)?))?;
    let closed = office.look(|tx| Ok(workflow::closed_by(tx, org_id, unit_id, period)?))?;
    let mut table = Table::new(office.lang)
        .titled(format!("{} {text}", office.unit_name(unit_id)?))
        .text("代码", "item")
        .text("检查项", "text")
        .text("完成人", "by")
        .text("时间", "at")
        .text("说明", "note");
    for item in items {
        let known = Catalogue::built_in().closing_items.iter().find(|known| known.code == item.code);
        let by = office.name_of(item.done.map(|(person, _)| person))?;
        table.push(row![
            item.code.as_str(),
            known.map(|known| known.text.text(office.lang)),
            by,
            item.done.map(|(_, at)| at),
            item.note,
        ]);
    }
    if let Some((person, at)) = closed {
        let who = office.person_name(person)?;
        table.note(office.say(format!("{who} 于 {at} 关闭"), format!("closed by {who} at {at}")));
    }
    table.show(shown)
}
