//! `zhangfang bill`: single bills, explained and printed.

use std::path::{Path, PathBuf};

use billing::{
    BillCode, BillKey, BillPaper, PriceBook, StoredBill, bill_code, bill_document, explain_bill, stored_bill,
};
use clap::Subcommand;
use documents::Numbers;
use kernel::{Bilingual, Lang, Month};
use metering::account::{AccountDetails, account_by_number};
use store::Store;

use super::Place;
use super::office::Office;
use super::whatif::WhatifCommand;
use crate::failure::{Done, Failure};

/// What can be asked of a bill.
#[derive(Debug, Subcommand)]
pub enum Bill {
    /// Print the bill as a worked calculation / 打印电费计算过程
    Explain {
        /// Account number / 户号
        account: String,
        /// Billing month, such as 2026-01 / 电费年月
        month: String,
    },
    /// Write the bill as a PDF / 生成账单 PDF
    Pdf {
        /// Account number / 户号
        account: String,
        /// Billing month / 电费年月
        month: String,
        /// Where to write it; by default NUMBER-MONTH.pdf in the data folder / 输出文件
        #[arg(long)]
        out: Option<PathBuf>,
        /// Public address before the code in the QR code, such as https://bill.example/p/ / 二维码中的公开网址前缀
        #[arg(long, default_value = "")]
        address: String,
    },
    /// Write issued bills with their proof, by account or by the code on the bill / 导出账单存证文件
    Proof(super::proof::BillProofs),
    /// Months under other prices: who would pay more, who less; nothing is written / 电价试算对比
    Whatif(WhatifCommand),
}

/// A bill with everything its paper needs.
pub struct Found {
    /// The prices it was made by.
    pub prices: PriceBook,
    /// Whose it is.
    pub account: AccountDetails,
    /// The bill.
    pub bill: StoredBill,
    /// Its printed number.
    pub number: String,
    /// The code that leads to its proof, once it is issued.
    pub code: Option<BillCode>,
    /// Name of the organisation.
    pub issuer: String,
    /// Name of the station.
    pub station: String,
}

/// Finds a bill by account number and month.
pub fn find(store: &Store, org_id: i64, number: &str, month: Month, lang: Lang) -> Done<Found> {
    let missing = || {
        Failure::new(
            format!("用户 {number} 在 {month} 没有已计算的电费"),
            format!("account {number} has no calculated bill for {month}"),
        )
    };
    let prices = store.read(|tx| PriceBook::load(tx, org_id))?;
    let account = store
        .read(|tx| account_by_number(tx, org_id, number))?
        .ok_or_else(|| Failure::new(format!("没有户号 {number}"), format!("there is no account {number}")))?;
    let key = BillKey { org_id, month, account_id: account.account.account_id, sequence: 0 };
    let bill = store.read(|tx| stored_bill(tx, key))?.ok_or_else(missing)?;
    let code = store.read(|tx| bill_code(tx, key))?;
    let units = store.read(|tx| identity::units(tx, org_id))?;
    let name = |found: Option<&identity::Unit>| found.map(|unit| unit.name.text(lang)).unwrap_or_default();
    let station = units.iter().find(|unit| unit.id == account.account.unit_id);
    let number = match &bill.issued {
        Some(issued) => {
            let unit = units.iter().find(|unit| unit.id == issued.unit_id);
            Numbers {
                kind: documents::kind("bill")?,
                unit_code: unit.map(|unit| unit.code.clone()).unwrap_or_default(),
                year: i16::try_from(issued.year).unwrap_or(0),
                first: issued.number,
                count: 1,
            }
            .written(0)
        }
        None => String::new(),
    };
    Ok(Found {
        issuer: name(units.iter().find(|unit| unit.parent_id.is_none())),
        station: name(station),
        prices,
        account,
        bill,
        number,
        code,
    })
}

impl Found {
    /// The bill's PDF; `address` stands before the code in its QR code.
    pub fn pdf(&self, address: &str, lang: Lang) -> Done<Vec<u8>> {
        let paper = BillPaper {
            issuer: &self.issuer,
            station: &self.station,
            account: &self.account,
            number: &self.number,
            code: self.code.as_ref(),
            address,
        };
        Ok(paper::pdf(&bill_document(&self.prices, &self.bill, &paper, lang))?)
    }
}

/// Writes a file, whole or not at all.
pub fn write_file(path: &Path, bytes: &[u8]) -> Done {
    let part = path.with_extension("part");
    std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(|error| Failure::file(path.display(), error))
}

/// Runs the command.
pub fn run(command: &Bill, place: &Place, lang: Lang) -> Done {
    if let Bill::Proof(proofs) = command {
        return super::proof::bills(proofs, &Office::enter(place, lang)?);
    }
    if let Bill::Whatif(command) = command {
        return super::whatif::run(command, &Office::enter(place, lang)?);
    }
    let store = place.open()?;
    let actor = place.actor(&store)?;
    match command {
        Bill::Explain { account, month } => {
            let found = find(&store, actor.org_id, account, month.parse()?, lang)?;
            println!("{} {}  {}", found.account.number, found.account.name, found.number);
            println!("{}", tariff::explain::render(&explain_bill(&found.prices, &found.bill), lang));
        }
        Bill::Pdf { account, month, out, address } => {
            let month: Month = month.parse()?;
            let found = find(&store, actor.org_id, account, month, lang)?;
            let path = out.clone().unwrap_or_else(|| place.data.join(format!("{account}-{month}.pdf")));
            write_file(&path, &found.pdf(address, lang)?)?;
            println!("{}", path.display());
        }
        Bill::Proof(_) | Bill::Whatif(_) => {}
    }
    Ok(())
}
