//! `zhangfang inquiry`: questions of customers (咨询), answered by the station.

use billing::OfficeRules;
use clap::Subcommand;
use documents::sheet::Kind;
use kernel::Month;

use super::office::{Office, both, month};
use crate::failure::Done;
use crate::table::{Shown, Table, row};

/// What can be done about inquiries.
#[derive(Debug, Subcommand)]
pub enum Inquiry {
    /// What a customer was billed and paid / 用户电费信息
    Fees {
        /// Account number / 户号
        account: String,
        /// First month or day / 起
        #[arg(value_parser = month)]
        from: Month,
        /// Last month or day / 止
        #[arg(value_parser = month)]
        to: Month,
        #[command(flatten)]
        shown: Shown,
    },
    /// Receive a question / 受理咨询
    Receive {
        /// Account number / 户号
        account: String,
        /// The question / 问题
        question: String,
    },
    /// Show an inquiry / 查看咨询
    Show {
        /// Its key / 咨询号
        inquiry: i64,
        #[command(flatten)]
        shown: Shown,
    },
    /// Forward it to the centre / 转电费管理中心
    Forward {
        /// The inquiry's key / 咨询号
        inquiry: i64,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// The centre answers the station / 中心答复供电所
    Answer { inquiry: i64, text: String },
    /// The station tells the customer / 答复用户
    Tell {
        /// The inquiry's key / 咨询号
        inquiry: i64,
        /// What the customer is told / 答复内容
        words: String,
        /// Telephones of the centre, which must not be given to customers / 中心电话
        #[arg(long)]
        centre_telephone: Vec<String>,
    },
}

/// Runs the command.
pub fn run(command: &Inquiry, office: &Office) -> Done {
    let rules = OfficeRules::built_in()?;
    let org_id = office.org_id();
    match command {
        Inquiry::Fees { account, from, to, shown } => {
            office.require("billing.read")?;
            let id = office.account(account)?.account.account_id;
            let months =
                office.look(|tx| Ok(billing::inquiry::fee_information(tx, org_id, id, *from, *to)?))?;
            let mut table = Table::new(office.lang)
                .titled(account.clone())
                .col("年月", "month", Kind::Month)
                .sum("电量", "kWh", Kind::Quantity(0))
                .sum("电费", "amount", Kind::Money)
                .sum("已缴", "paid", Kind::Money);
            for one in months {
                table.push(row![one.month, one.energy_kwh, one.amount, one.paid]);
            }
            table.show(shown)
        }
        Inquiry::Receive { account, question } => {
            let id = office.account(account)?.account.account_id;
            office.change("inquiry.receive", command, |work| {
                let inquiry = billing::inquiry::receive(work, id, question)?;
                both(format!("已受理，咨询号 {inquiry}"), format!("received as {inquiry}"))
            })
        }
        Inquiry::Show { inquiry, shown } => {
            office.require("billing.read")?;
            let found = office.look(|tx| Ok(billing::inquiry::find(tx, org_id, *inquiry)?))?;
            let account = office.look(|tx| office.account_number(tx, found.account_id))?;
            let mut table = Table::new(office.lang).text("项目", "item").text("内容", "text");
            table.push(row![office.say("户号", "account"), account]);
            table.push(row![office.say("问题", "question"), found.question]);
            table.push(row![office.say("中心答复", "answer of the centre"), found.centre_answer]);
            table.push(row![office.say("答复用户", "told to the customer"), found.told]);
            table.show(shown)
        }
        Inquiry::Forward { inquiry, centre } => {
            let centre = office.centre(centre.as_ref())?;
            office.change("inquiry.forward", command, |work| {
                billing::inquiry::forward(work, &rules, *inquiry, centre)?;
                both("已转电费管理中心", "forwarded to the centre")
            })
        }
        Inquiry::Answer { inquiry, text } => office.change("inquiry.answer", command, |work| {
            billing::inquiry::answer_to_station(work, &rules, *inquiry, text)?;
            both("已答复供电所", "answered to the station")
        }),
        Inquiry::Tell { inquiry, words, centre_telephone } => {
            office.change("inquiry.tell", command, |work| {
                let telephones: Vec<&str> = centre_telephone.iter().map(String::as_str).collect();
                billing::inquiry::tell_customer(work, &rules, *inquiry, words, &telephones)?;
                both("已答复用户", "the customer was told")
            })
        }
    }
}
