//! `zhangfang progress`: books that should have been issued (应发行而未发行), and the urge to issue them.

use billing::OfficeRules;
use clap::Subcommand;
use kernel::Month;

use super::office::{Office, both, month};
use crate::failure::Done;

/// What can be done about the progress of issue.
#[derive(Debug, Subcommand)]
pub enum Progress {
    /// Ask which books of a station should have been issued; the question is recorded / 查询应发行未发行
    Late {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the station / 供电所代码
        unit: String,
    },
    /// Urge the centre to issue what a query found / 督促发行
    Urge {
        /// The query's key / 查询号
        query: i64,
        /// What is said / 内容
        text: String,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// The centre answers an urge / 答复督促
    Answer {
        /// The ticket's key / 工单号
        ticket: i64,
        /// The answer / 答复
        text: String,
    },
}

/// Runs the command.
pub fn run(command: &Progress, office: &Office) -> Done {
    let rules = OfficeRules::built_in()?;
    match command {
        Progress::Late { month, unit } => {
            let (unit_id, books) = (office.unit(unit)?.id, office.books()?);
            office.change("billing.should_be_issued", command, |work| {
                let (query, late) = billing::progress::should_be_issued(work, &rules, *month, unit_id)?;
                let mut zh = format!("查询号 {query}：应发行而未发行 {} 本", late.len());
                let mut en = format!("query {query}: {} books should have been issued", late.len());
                for book in late {
                    let number = books.get(&book.book_id).map_or("", |known| known.number.as_str());
                    zh.push_str(&format!(
                        "\n  {number}  期限 {}  逾期 {} 个工作日",
                        book.due_on, book.late_days
                    ));
                    en.push_str(&format!(
                        "\n  {number}  due {}  {} working days late",
                        book.due_on, book.late_days
                    ));
                }
                both(zh, en)
            })
        }
        Progress::Urge { query, text, centre } => {
            let centre = office.centre(centre.as_ref())?;
            office.change("billing.urge", command, |work| {
                let ticket = billing::progress::urge(work, &rules, *query, centre, text)?;
                both(
                    format!("督促 {}（{}）已送电费管理中心", ticket.number, ticket.id),
                    format!("urge {} ({}) went to the centre", ticket.number, ticket.id),
                )
            })
        }
        Progress::Answer { ticket, text } => office.change("billing.answer_urge", command, |work| {
            let answered = billing::progress::answer_urge(work, &rules, *ticket, text)?;
            both(format!("{} 已答复", answered.number), format!("{} is answered", answered.number))
        }),
    }
}
