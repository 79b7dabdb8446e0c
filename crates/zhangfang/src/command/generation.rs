//! `zhangfang generation`: power bought from generating plants (购电).

use billing::OfficeRules;
use billing::generation::{self, NewPurchase, PurchaseState};
use clap::Subcommand;
use documents::sheet::Kind;
use kernel::{Money, Month, Price, Quantity};
use ledger::PostingRules;

use super::office::{Office, both, money, month, quantity};
use crate::failure::Done;
use crate::table::{Shown, Table, row};

/// What can be done about purchased power.
#[derive(Debug, Subcommand)]
pub enum Generation {
    /// Statements of a month / 某月购电结算单
    List {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        #[command(flatten)]
        shown: Shown,
    },
    /// Add a plant / 登记电厂
    AddPlant {
        /// Its name / 名称
        name: String,
        /// Code of its station / 供电所代码
        #[arg(long)]
        unit: String,
        /// Account on which its own use is billed / 下网户号
        #[arg(long)]
        account: Option<String>,
    },
    /// Settle the on-grid quantity of a plant / 上网电量结算
    Settle {
        /// The plant's key / 电厂号
        plant: i64,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// On-grid kWh / 上网电量
        #[arg(long, value_parser = quantity)]
        kwh: Quantity,
        /// Yuan per kWh without VAT / 不含税电价
        #[arg(long)]
        price: String,
        /// Input VAT as invoiced / 进项税额
        #[arg(long, value_parser = money)]
        vat: Money,
        /// The contract / 合同编号
        #[arg(long)]
        contract: String,
    },
    /// Settle the off-grid quantity of a plant / 下网电量结算
    SettleOffgrid {
        /// The plant's key / 电厂号
        plant: i64,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
    },
    /// Submit a statement to the marketing department / 报营销部审批
    Submit {
        /// The statement's key / 结算单号
        statement: i64,
        /// Code of the marketing department / 营销部代码
        #[arg(long)]
        marketing: String,
    },
    /// Approve a statement / 审批
    Approve {
        /// The statement's key / 结算单号
        statement: i64,
        /// What is said / 内容
        #[arg(default_value = "同意")]
        text: String,
    },
    /// Refuse a statement / 不同意
    Refuse { statement: i64, reason: String },
    /// Book an approved purchase and its payment / 入账付款
    Pay { statement: i64 },
}

/// Runs the command.
pub fn run(command: &Generation, office: &Office) -> Done {
    let rules = OfficeRules::built_in()?;
    match command {
        Generation::List { month, shown } => list(office, *month, shown),
        Generation::AddPlant { name, unit, account } => {
            let unit_id = office.unit(unit)?.id;
            let account = account.as_ref().map(|number| office.account(number)).transpose()?;
            let account_id = account.map(|found| found.account.account_id);
            office.change("generation.add_plant", command, |work| {
                let plant = generation::add_plant(work, unit_id, name, account_id)?;
                both(
                    format!("电厂 {}（{}）", plant.name, plant.plant_id),
                    format!("plant {} ({})", plant.name, plant.plant_id),
                )
            })
        }
        Generation::Settle { plant, month, kwh, price, vat, contract } => {
            let price: Price = price.parse()?;
            office.change("generation.settle", command, |work| {
                let new = NewPurchase {
                    plant_id: *plant,
                    month: *month,
                    energy_kwh: *kwh,
                    price,
                    vat: *vat,
                    contract,
                };
                let made = generation::settle_ongrid(work, &new)?;
                both(
                    format!("结算单 {}：{} 元，税 {} 元", made.statement_id, made.amount, made.vat),
                    format!("statement {}: {} yuan, VAT {}", made.statement_id, made.amount, made.vat),
                )
            })
        }
        Generation::SettleOffgrid { plant, month } => {
            office.change("generation.settle_offgrid", command, |work| {
                let (kwh, fee) = generation::settle_offgrid(work, *month, *plant)?;
                both(format!("下网 {kwh} 千瓦时，{fee} 元"), format!("off-grid {kwh} kWh, {fee} yuan"))
            })
        }
        Generation::Submit { statement, marketing } => {
            let unit_id = office.unit(marketing)?.id;
            office.change("generation.submit", command, |work| {
                let number = generation::submit(work, &rules, *statement, unit_id)?;
                both(format!("已报批 {number}"), format!("submitted as {number}"))
            })
        }
        Generation::Approve { statement, text } => office.change("generation.approve", command, |work| {
            generation::approve(work, &rules, *statement, text)?;
            both("已同意", "approved")
        }),
        Generation::Refuse { statement, reason } => office.change("generation.refuse", command, |work| {
            generation::refuse(work, &rules, *statement, reason)?;
            both("未同意", "refused")
        }),
        Generation::Pay { statement } => {
            let posting = PostingRules::standard()?;
            office.change("generation.pay", command, |work| {
                let voucher = generation::pay(work, &rules, &posting, *statement)?;
                both(format!("已入账，凭证 {voucher}"), format!("booked as voucher {voucher}"))
            })
        }
    }
}

fn list(office: &Office, month: Month, shown: &Shown) -> Done {
    office.require("billing.read")?;
    let org_id = office.org_id();
    let statements = office.look(|tx| Ok(generation::purchased_in(tx, org_id, month)?))?;
    let mut table = Table::new(office.lang)
        .text("结算单号", "statement")
        .text("电厂", "plant")
        .text("供电所", "unit")
        .sum("上网电量", "kWh", Kind::Quantity(0))
        .col("电价", "price", Kind::Price(6))
        .sum("电费", "amount", Kind::Money)
        .sum("税额", "vat", Kind::Money)
        .text("状态", "state");
    for one in statements {
        let plant = office.look(|tx| Ok(generation::find_plant(tx, org_id, one.plant_id)?))?;
        let (zh, en) = match one.state {
            PurchaseState::Settled => ("已结算", "settled"),
            PurchaseState::Submitted => ("报批中", "submitted"),
            PurchaseState::Approved => ("已审批", "approved"),
            PurchaseState::Paid => ("已付款", "paid"),
            PurchaseState::Refused => ("未同意", "refused"),
        };
        table.push(row![
            one.statement_id.to_string(),
            plant.name,
            office.unit_name(one.unit_id)?,
            one.energy_kwh,
            documents::sheet::Cell::Price(one.price),
            one.amount,
            one.vat,
            super::say(office.lang, zh, en),
        ]);
    }
    table.show(shown)
}
