//! `zhangfang exception`: bills that do not pass the gates, from the centre to the station and back.

use billing::OfficeRules;
use billing::exception::{ExceptionFilter, ExceptionState, exceptions_of};
use clap::Subcommand;
use documents::sheet::Kind;
use kernel::{Bilingual, Month};

use super::office::{Office, both, month};
use crate::failure::Done;
use crate::table::{Shown, Table, row};

const READ: &str = "billing.read";

/// What can be done about exceptions.
#[derive(Debug, Subcommand)]
pub enum Exception {
    #[command(flatten)]
    Suspicion(super::suspicion::Suspicion),
    /// Exceptions of a month / 异常清单
    List {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Only this station / 供电所代码
        #[arg(long)]
        unit: Option<String>,
        /// Only those that are not in order yet / 仅未处理完
        #[arg(long)]
        open: bool,
        /// Only dedicated-transformer customers, or only others: true, false / 专变
        #[arg(long)]
        dedicated: Option<bool>,
        #[command(flatten)]
        shown: Shown,
    },
    /// Send the two lists of public-transformer exceptions to a station / 公变异常清单送达供电所
    Send {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the station / 供电所代码
        unit: String,
    },
    /// Raise a ticket about a dedicated-transformer customer / 专变异常工作票
    Ticket {
        /// Account number / 户号
        account: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// What is to be found out / 内容
        text: String,
    },
    /// The station answers / 反馈
    Answer {
        /// Account number / 户号
        account: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// What was found / 反馈意见
        text: String,
    },
    /// The reviewer asks again / 再次询问
    AskAgain {
        /// Account number / 户号
        account: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// What is said / 内容
        text: String,
    },
    /// The reviewer finds the data in order; the bill may be issued / 数据无误
    InOrder {
        /// Account number / 户号
        account: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
    },
    /// Make the month's list of all feedback with a station, for both to sign / 反馈信息签字清单
    FeedbackList {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the station / 供电所代码
        unit: String,
    },
}

/// Runs the command.
pub fn run(command: &Exception, office: &Office) -> Done {
    let rules = OfficeRules::built_in()?;
    let account_id = |number: &str| office.account(number).map(|found| found.account.account_id);
    match command {
        Exception::Suspicion(command) => super::suspicion::run(command, office),
        Exception::List { month, unit, open, dedicated, shown } => {
            list(office, *month, unit.as_ref(), *open, *dedicated, shown)
        }
        Exception::Send { month, unit } => {
            let unit_id = office.unit(unit)?.id;
            office.change("billing.send_exception_lists", command, |work| {
                let sent = billing::exception::send_lists(work, &rules, *month, unit_id)?;
                let (mut zh, mut en) = (String::new(), String::new());
                for (name_zh, name_en, list) in [
                    ("波动异常清单", "fluctuation list", &sent.fluctuation),
                    ("抄零未抄清单", "zero and unread list", &sent.zero_and_unread),
                ] {
                    if let Some((number, lines)) = list {
                        zh.push_str(&format!("{name_zh} {number}：{lines} 户；"));
                        en.push_str(&format!("{name_en} {number}: {lines} accounts; "));
                    }
                }
                match sent.due_on {
                    Some(day) => {
                        both(format!("{zh}应于 {day} 前反馈"), format!("{en}to be answered by {day}"))
                    }
                    None => both("没有待送达的公变异常", "no public-transformer exception waits to be sent"),
                }
            })
        }
        Exception::Ticket { account, month, text } => {
            let id = account_id(account)?;
            office.change("billing.raise_exception_ticket", command, |work| {
                let (number, due) = billing::exception::raise_ticket(work, &rules, *month, id, text)?;
                both(
                    format!("工作票 {number}，应于 {due} 前反馈"),
                    format!("ticket {number}, to be answered by {due}"),
                )
            })
        }
        Exception::Answer { account, month, text } => {
            let id = account_id(account)?;
            office.change("billing.answer_exception", command, |work| {
                let late = billing::exception::answer(work, &rules, *month, id, text)?;
                both(
                    format!("已反馈 {account}，逾期 {late} 个工作日"),
                    format!("answered {account}, {late} working days late"),
                )
            })
        }
        Exception::AskAgain { account, month, text } => {
            let id = account_id(account)?;
            office.change("billing.ask_again", command, |work| {
                let due = billing::exception::ask_again(work, &rules, *month, id, text)?;
                both(
                    format!("已再次询问 {account}，应于 {due} 前反馈"),
                    format!("asked {account} again, answer by {due}"),
                )
            })
        }
        Exception::InOrder { account, month } => {
            let id = account_id(account)?;
            office.change("billing.exception_in_order", command, |work| {
                let due = billing::exception::put_in_order(work, &rules, *month, id)?;
                both(
                    format!("{account} 数据无误，应于 {due} 前发行"),
                    format!("{account} is in order, to be issued by {due}"),
                )
            })
        }
        Exception::FeedbackList { month, unit } => {
            let unit_id = office.unit(unit)?.id;
            office.change("billing.make_feedback_list", command, |work| {
                let list = billing::exception::make_feedback_list(work, *month, unit_id)?;
                both(
                    format!("清单 {}（{}）待双方签字：work sign", list.number, list.id),
                    format!("list {} ({}) waits for both signatures: work sign", list.number, list.id),
                )
            })
        }
    }
}

fn list(
    office: &Office,
    month: Month,
    unit: Option<&String>,
    open: bool,
    dedicated: Option<bool>,
    shown: &Shown,
) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let filter = ExceptionFilter { unit_id: office.unit_id(unit)?, account_id: None, state: None, dedicated };
    let found = office.look(|tx| Ok(exceptions_of(tx, org_id, month, &filter)?))?;
    let mut table = Table::new(office.lang)
        .titled(office.say(format!("{month} 异常处理清单"), format!("Exceptions of {month}")))
        .text("户号", "account")
        .text("户名", "name")
        .text("供电所", "unit")
        .text("变压器", "transformer")
        .text("异常原因", "reasons")
        .sum("电量", "kWh", Kind::Quantity(0))
        .sum("电费", "amount", Kind::Money)
        .text("状态", "state")
        .col("反馈期限", "answer by", Kind::Date)
        .text("反馈意见", "answer");
    let fits = |one: &&billing::exception::Exception| {
        office.sees(READ, one.unit_id)
            && (!open || !matches!(one.state, ExceptionState::InOrder | ExceptionState::Issued))
    };
    for one in found.iter().filter(fits) {
        let account = office.look(|tx| Ok(metering::account::account_by_id(tx, org_id, one.account_id)?))?;
        let (number, name) =
            account.map_or((one.account_id.to_string(), String::new()), |known| (known.number, known.name));
        table.push(row![
            number,
            name,
            office.unit_name(one.unit_id)?,
            if one.dedicated { office.say("专变", "dedicated") } else { office.say("公变", "public") },
            super::run::reasons(office, one.reasons),
            one.energy_kwh,
            one.amount,
            one.state.text(office.lang),
            one.due_on,
            one.answer.clone(),
        ]);
    }
    table.show(shown)
}
