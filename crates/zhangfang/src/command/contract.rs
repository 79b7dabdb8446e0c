//! `zhangfang contract`: supply contracts and settlement agreements (合同), and the directory of the month.

use clap::Subcommand;
use documents::sheet::Kind;
use kernel::{Bilingual, Date, Month};
use metering::contract::{self, NewContract};

use super::office::{Office, both, date, month};
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

const READ: &str = "contract.read";

/// What can be done about contracts.
#[derive(Debug, Subcommand)]
pub enum Contract {
    /// The contracts of an account / 用户合同
    List {
        /// Account number / 户号
        account: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// Keep a signed contract / 登记合同
    Keep {
        /// Account number / 户号
        account: String,
        /// Its number / 合同编号
        number: String,
        /// supply or settlement / 类型
        #[arg(long, default_value = "supply")]
        kind: String,
        /// Day of signing / 签订日
        #[arg(long, value_parser = date)]
        signed: Date,
        /// First month or day / 起
        #[arg(long, value_parser = date)]
        from: Date,
        /// Last month or day / 止
        #[arg(long, value_parser = date)]
        to: Option<Date>,
        /// Key of the contract it revises / 所修订合同号
        #[arg(long)]
        revises: Option<i64>,
        /// A parameter with its value, such as price_class=…; again for each / 参数
        #[arg(long = "term", value_name = "NAME=VALUE")]
        terms: Vec<String>,
        /// A note / 说明
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Fax a copy to the centre / 传递合同复印件
    Transfer {
        /// The contract's key / 合同号
        contract: i64,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// Contracts transferred late or not at all / 逾期传递的合同
    Late {
        /// First day / 起日
        #[arg(value_parser = date)]
        first: Date,
        /// Last day / 止日
        #[arg(value_parser = date)]
        last: Date,
        #[command(flatten)]
        shown: Shown,
    },
    /// Compile the month's directory, for both to sign / 编制合同目录表
    Directory {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the unit / 单位代码
        unit: String,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// Sign a directory / 合同目录表签字
    Sign {
        /// The list's key / 清单号
        list: i64,
        /// For the station, not for the centre / 供电所签字
        #[arg(long)]
        station: bool,
    },
    /// Where contracts and the system differ at a station / 合同与系统比对
    Compare {
        /// Code of the unit / 单位代码
        unit: String,
        #[command(flatten)]
        shown: Shown,
    },
}

/// Runs the command.
pub fn run(command: &Contract, office: &Office) -> Done {
    let calendar = office.calendar()?;
    let (org_id, today) = (office.org_id(), office.now.date());
    match command {
        Contract::List { account, shown } => {
            office.require(READ)?;
            let id = office.account(account)?.account.account_id;
            let contracts = office.look(|tx| Ok(contract::contracts_of(tx, org_id, id)?))?;
            let mut table = Table::new(office.lang)
                .text("合同号", "contract")
                .text("编号", "number")
                .text("类型", "kind")
                .col("签订日", "signed on", Kind::Date)
                .col("起日", "from", Kind::Date)
                .col("止日", "to", Kind::Date)
                .text("参数", "terms");
            for one in contracts {
                let terms: Vec<String> =
                    one.terms.iter().map(|(name, value)| format!("{name}={value}")).collect();
                table.push(row![
                    one.contract_id.to_string(),
                    one.number,
                    one.kind.text(office.lang),
                    one.signed_on,
                    one.valid_from,
                    one.valid_to,
                    terms.join(" "),
                ]);
            }
            table.show(shown)
        }
        Contract::Keep { account, number, kind, signed, from, to, revises, terms, note } => {
            let split = |text: &String| {
                text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(
                    || {
                        Failure::new(
                            format!("{text:?} 应写成 名称=值"),
                            format!("{text:?} is to be written name=value"),
                        )
                    },
                )
            };
            let new = NewContract {
                account_id: office.account(account)?.account.account_id,
                kind: kind.clone(),
                number: number.clone(),
                signed_on: *signed,
                valid_from: *from,
                valid_to: *to,
                revises: *revises,
                terms: terms.iter().map(split).collect::<Done<_>>()?,
                note: note.clone(),
            };
            office.change("contract.keep", command, |work| {
                let kept = contract::keep(work, &calendar, &new)?;
                both(
                    format!("已登记合同 {}（{}）", kept.number, kept.contract_id),
                    format!("kept the contract {} ({})", kept.number, kept.contract_id),
                )
            })
        }
        Contract::Transfer { contract: id, centre } => {
            let centre = office.centre(centre.as_ref())?;
            office.change("contract.transfer", command, |work| {
                let sent = contract::transfer(work, &calendar, *id, centre)?;
                let (due, late) = (sent.due_on, sent.late_days());
                both(
                    format!("已传递，期限 {due}，逾期 {late} 天"),
                    format!("transferred; it was due by {due}, {late} days late"),
                )
            })
        }
        Contract::Late { first, last, shown } => {
            office.require(READ)?;
            let late = office
                .look(|tx| Ok(contract::late_contracts(tx, &calendar, org_id, (*first, *last), today)?))?;
            let mut table = Table::new(office.lang)
                .text("编号", "number")
                .text("户号", "account")
                .text("供电所", "unit")
                .col("签订日", "signed on", Kind::Date)
                .col("期限", "due on", Kind::Date)
                .col("传递日", "sent on", Kind::Date)
                .col("逾期天", "late days", Kind::Integer);
            for one in late.iter().filter(|one| office.sees(READ, one.contract.unit_id)) {
                table.push(row![
                    one.contract.number.as_str(),
                    office.look(|tx| office.account_number(tx, one.contract.account_id))?,
                    office.unit_name(one.contract.unit_id)?,
                    one.contract.signed_on,
                    one.due_on,
                    one.sent_on,
                    one.late_days,
                ]);
            }
            table.show(shown)
        }
        Contract::Directory { month, unit, centre } => {
            let (unit_id, centre) = (office.unit(unit)?.id, office.centre(centre.as_ref())?);
            office.change("contract.directory", command, |work| {
                let list = contract::compile_directory(work, unit_id, *month, centre)?;
                both(
                    format!("合同目录表 {}（{}）待双方签字", list.number, list.id),
                    format!("directory {} ({}) waits for both signatures", list.number, list.id),
                )
            })
        }
        Contract::Sign { list, station } => office.change("contract.sign", command, |work| {
            let signed = contract::sign_directory(work, *list, *station)?;
            both(format!("{} 已签字", signed.number), format!("{} is signed", signed.number))
        }),
        Contract::Compare { unit, shown } => {
            office.require(READ)?;
            let unit_id = office.unit(unit)?.id;
            let found = office.look(|tx| Ok(contract::find_differences(tx, org_id, unit_id, today)?))?;
            let mut table = Table::new(office.lang)
                .text("户号", "account")
                .text("参数", "field")
                .text("合同", "contract value")
                .text("系统", "system value");
            for one in found {
                let account = office.look(|tx| office.account_number(tx, one.account_id))?;
                table.push(row![account, one.field, one.contract_value, one.system_value]);
            }
            table.show(shown)
        }
    }
}
