//! `zhangfang yearly`: new accounts held until the month begins, and the carry-over at the end of the year. (READ-16..18)

use clap::Subcommand;
use kernel::{Bilingual, Month};
use metering::yearly;

use super::office::{Office, both, month};
use crate::failure::Done;
use crate::table::{Shown, Table, row};

/// What can be done at the turn of the month and of the year.
#[derive(Debug, Subcommand)]
pub enum Yearly {
    /// New accounts that wait for the month to begin / 待上帐新户
    Waiting {
        /// Code of the station / 单位代码
        unit: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// Queue a new account received after last month's close / 新户待上帐
    Queue {
        /// Account number / 户号
        account: String,
    },
    /// Issue the waiting accounts to a meter reader before reading begins / 新户上帐
    Issue {
        /// Code of the station / 单位代码
        unit: String,
        /// The month / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Login of the meter reader / 抄表员
        #[arg(long)]
        reader: String,
    },
    /// The checklist of materials for the carry-over / 过帐物资清单
    Materials {
        /// Code of the station / 单位代码
        unit: String,
        /// The year that ends / 年度
        year: i16,
        #[command(flatten)]
        shown: Shown,
    },
    /// Tick a material as ready / 物资备齐
    Ready {
        /// Code of the station / 单位代码
        unit: String,
        /// The year that ends / 年度
        year: i16,
        /// Code of the material / 物资代码
        material: String,
    },
    /// Carry every account over to the new ledger / 年度过帐
    CarryOver {
        /// Code of the station / 单位代码
        unit: String,
        /// The year that ends / 年度
        year: i16,
    },
    /// Compare the old ledger with the new one / 新旧帐核对
    Compare {
        /// Code of the station / 单位代码
        unit: String,
        /// The year that ends / 年度
        year: i16,
        #[command(flatten)]
        shown: Shown,
    },
}

/// Runs the command.
pub fn run(command: &Yearly, office: &Office) -> Done {
    let org_id = office.org_id();
    match command {
        Yearly::Waiting { unit, shown } => {
            office.require("metering.read")?;
            let unit_id = office.unit(unit)?.id;
            let waiting = office.look(|tx| Ok(yearly::waiting_accounts(tx, org_id, unit_id)?))?;
            let mut table = Table::new(office.lang).text("户号", "account").text("接收时间", "received at");
            for one in waiting {
                let account = office.look(|tx| office.account_number(tx, one.account_id))?;
                table.push(row![account, one.received_at]);
            }
            table.show(shown)
        }
        Yearly::Queue { account } => {
            let account_id = office.account(account)?.account.account_id;
            office.change("yearly.queue", command, |work| {
                yearly::queue_new_account(work, account_id)?;
                both("已列入待上帐", "queued")
            })
        }
        Yearly::Issue { unit, month, reader } => {
            let (unit_id, reader_id) = (office.unit(unit)?.id, office.person(reader)?.id);
            office.change("yearly.issue", command, |work| {
                let count = yearly::issue_new_accounts(work, unit_id, *month, reader_id)?;
                both(format!("上帐 {count} 户"), format!("{count} accounts issued"))
            })
        }
        Yearly::Materials { unit, year, shown } => {
            office.require("metering.read")?;
            let unit_id = office.unit(unit)?.id;
            let list = office.look(|tx| Ok(yearly::materials(tx, org_id, *year, unit_id)?))?;
            let mut table = Table::new(office.lang)
                .text("代码", "code")
                .text("物资", "material")
                .text("期限", "ready by")
                .text("备齐", "ready on");
            for one in list {
                let ready = one.ready_on.map(|day| day.to_string()).unwrap_or_default();
                table.push(row![one.code, one.name.text(office.lang), one.ready_by.to_string(), ready]);
            }
            table.show(shown)
        }
        Yearly::Ready { unit, year, material } => {
            let unit_id = office.unit(unit)?.id;
            office.change("yearly.ready", command, |work| {
                yearly::material_ready(work, *year, unit_id, material)?;
                both("已备齐", "ready")
            })
        }
        Yearly::CarryOver { unit, year } => {
            let unit_id = office.unit(unit)?.id;
            office.change("yearly.carry_over", command, |work| {
                let count = yearly::carry_over(work, *year, unit_id)?;
                both(format!("过帐 {count} 户"), format!("{count} accounts carried over"))
            })
        }
        Yearly::Compare { unit, year, shown } => {
            office.require("metering.read")?;
            let unit_id = office.unit(unit)?.id;
            let found = office.look(|tx| Ok(yearly::compare_carry_over(tx, org_id, *year, unit_id)?))?;
            let mut table = Table::new(office.lang)
                .text("户号", "account")
                .text("表序", "meter")
                .text("旧帐止码", "closing")
                .text("新帐起码", "opening");
            for one in found {
                let account = office.look(|tx| office.account_number(tx, one.account_id))?;
                let text = |value: Option<kernel::Quantity>| {
                    value.map(|value| value.to_string()).unwrap_or_default()
                };
                table.push(row![account, one.meter_seq.to_string(), text(one.closing), text(one.opening)]);
            }
            table.show(shown)
        }
    }
}
