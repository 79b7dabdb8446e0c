//! What the demo says at the end: the month in figures, and what to try next.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use billing::RunSummary;
use billing::gates::Reasons;
use documents::sheet::Kind;
use identity::Desk;
use kernel::{Bilingual, Lang, Moment, Money, Month, Quantity};
use metering::account::{Category, each_account};
use vault::{Checkpoint, Signers};

use super::exceptions::Handled;
use super::population::{Kind as CustomerKind, Special};
use super::{Population, Stage};
use crate::command::bill::{find, write_file};
use crate::command::{Place, report, say};
use crate::failure::Done;
use crate::table::{Shown, Table, row};

/// Sums of one class of customers.
#[derive(Debug, Clone, Copy, Default)]
struct ClassSum {
    accounts: i64,
    energy_kwh: Quantity,
    amount: Money,
    issued: Money,
}

/// Everything the summary shows.
pub struct Summary {
    classes: BTreeMap<Category, ClassSum>,
    balance: ledger::TrialBalance,
    checkpoint: Checkpoint,
    ledger_faults: usize,
    postings: i64,
}

impl Stage {
    /// Gathers the summary and makes a checkpoint of the log.
    pub fn summary(&self, signers: &Signers) -> Done<Summary> {
        let (org_id, month) = (self.company.org_id, self.month);
        let mut bills = BTreeMap::new();
        self.store.read(|tx| {
            billing::each_bill(tx, org_id, month, None, |bill| {
                let issued = if bill.due_on.is_some() { bill.amount } else { Money::ZERO };
                bills.insert(bill.key.account_id, (bill.energy_kwh, bill.amount, issued));
                Ok(())
            })
        })?;
        let mut classes: BTreeMap<Category, ClassSum> = BTreeMap::new();
        self.store.read(|tx| {
            each_account(tx, org_id, 1..=Population::account_id(self.population.len()), |details| {
                let sum = classes.entry(details.account.category).or_default();
                if let Some((energy, amount, issued)) = bills.get(&details.account.account_id) {
                    sum.accounts += 1;
                    sum.energy_kwh = sum.energy_kwh.plus(*energy)?;
                    sum.amount = sum.amount.plus(*amount)?;
                    sum.issued = sum.issued.plus(*issued)?;
                }
                Ok::<_, metering::MeteringError>(())
            })
        })?;
        let balance = self.store.read(|tx| ledger::trial_balance(tx, org_id, month, month.next(), None))?;
        let checked = self.store.read(|tx| ledger::check(tx, org_id))?;
        let now = Moment::on(self.today()?, 8, 0);
        let administrator = &self.company.administrator;
        let checkpoint =
            Desk::new(&self.store, administrator).act(now, |work| vault::checkpoint(work, signers))?;
        Ok(Summary {
            classes,
            balance,
            checkpoint,
            ledger_faults: checked.findings.len(),
            postings: checked.postings,
        })
    }

    /// The PDFs of a residential and an industrial bill; answers their files.
    pub fn print_bills(&self, folder: &Path, lang: Lang) -> Done<Vec<PathBuf>> {
        let home = |kind| kind == CustomerKind::HouseholdTimeOfUse;
        let works = |kind| kind == CustomerKind::IndustryWithLosses;
        let mut files = Vec::new();
        for (name, wanted) in
            [("bill-residential", &home as &dyn Fn(CustomerKind) -> bool), ("bill-industrial", &works)]
        {
            let mut customers = (0..self.population.len()).map(|index| self.population.customer(index));
            let Some(customer) = customers.find(|one| wanted(one.kind) && one.special == Special::Usual)
            else {
                continue;
            };
            let number = self.population.dossier(&customer).details.number;
            let found = find(&self.store, self.company.org_id, &number, self.month, lang)?;
            let file = folder.join(format!("{name}-{number}-{}.pdf", self.month));
            write_file(&file, &found.pdf("", lang)?)?;
            files.push(file);
        }
        Ok(files)
    }
}

impl Stage {
    /// Writes every report of the month into one workbook; answers its file.
    pub fn write_reports(&self, folder: &Path, lang: Lang) -> Done<PathBuf> {
        let file = folder.join(format!("reports-{}.xlsx", self.month));
        let today = self.month.next().last_day();
        report::workbook(&self.store, self.company.org_id, self.month, today, lang, &file)?;
        Ok(file)
    }
}

fn seconds(time: Duration) -> String {
    format!("{}.{}", time.as_secs(), time.subsec_millis() / 100)
}

impl Summary {
    /// Prints the summary.
    pub fn print(
        &self,
        month: Month,
        run: &RunSummary,
        handled: &Handled,
        took: Duration,
        lang: Lang,
    ) -> Done {
        println!();
        let title = say(
            lang,
            "江汉供电公司（演示）：当月电费",
            "Jianghan Electricity Supply (demo): the month's bills",
        );
        let mut table = Table::new(lang)
            .titled(format!("{title} {month}"))
            .text("用电类别", "Class")
            .sum("户数", "Accounts", Kind::Integer)
            .sum("电量 kWh", "Energy kWh", Kind::Quantity(0))
            .sum("电费（元）", "Fee (yuan)", Kind::Money)
            .sum("其中已发行（元）", "Issued (yuan)", Kind::Money);
        for (category, sum) in &self.classes {
            table.push(row![category.text(lang), sum.accounts, sum.energy_kwh, sum.amount, sum.issued]);
        }
        table.show(&Shown::default())?;

        println!();
        let title =
            say(lang, "复核异常（一户可有多个原因）", "Exceptions by kind (one account can have several)");
        let mut table =
            Table::new(lang).titled(title).text("原因", "Reason").col("户数", "Accounts", Kind::Integer);
        for (reason, _, zh, en) in Reasons::ALL {
            let count = run.reasons[reason.0.trailing_zeros() as usize];
            if count > 0 {
                table.push(row![say(lang, zh, en), count]);
            }
        }
        let Handled { found, in_order, issued } = *handled;
        table.note(match lang {
            Lang::Zh => format!("异常 {found} 户：已反馈并核实 {in_order} 户，其后发行 {issued} 户，其余等待补抄"),
            Lang::En => format!("{found} exceptions: {in_order} answered and put in order, {issued} issued after that, the rest wait for a reading"),
        });
        table.show(&Shown::default())?;

        println!();
        let title = say(lang, "试算平衡表", "Trial balance");
        let mut table = Table::new(lang)
            .titled(format!("{title} {} — {}", self.balance.from, self.balance.to))
            .text("科目", "Account")
            .text("名称", "Name")
            .col("期初", "Opening", Kind::Money)
            .sum("借方", "Debit", Kind::Money)
            .sum("贷方", "Credit", Kind::Money)
            .col("期末", "Closing", Kind::Money);
        for line in &self.balance.lines {
            let name = line.name.text(lang);
            table.push(row![
                line.account.to_string(),
                name,
                line.opening,
                line.debit,
                line.credit,
                line.closing
            ]);
        }
        let balanced = self.balance.debit == self.balance.credit && self.ledger_faults == 0;
        table.note(match (lang, balanced) {
            (Lang::Zh, true) => format!("借贷相等；{} 笔分录与余额核对无误", self.postings),
            (Lang::En, true) => {
                format!("debits equal credits; {} postings agree with the balances", self.postings)
            }
            (Lang::Zh, false) => "账不平！".into(),
            (Lang::En, false) => "THE BOOKS DO NOT BALANCE".into(),
        });
        table.show(&Shown::default())?;

        println!();
        println!("{}:", say(lang, "日志检查点", "Log checkpoint"));
        for line in self.checkpoint.note.lines() {
            println!("  {line}");
        }
        println!();
        let (issued, run_s, took) = (run.issued + issued, seconds(run.elapsed), seconds(took));
        match lang {
            Lang::Zh => println!("共发行 {issued} 户；核算发行 {run_s} 秒，全程 {took} 秒"),
            Lang::En => {
                println!("{issued} bills issued; calculation to issue {run_s} s, everything {took} s")
            }
        }
        Ok(())
    }
}

/// What to try next.
pub fn try_next(place: &Place, files: &[PathBuf], number: &str, month: Month, lang: Lang) {
    println!();
    println!("{}", say(lang, "已写出：", "Written:"));
    for file in files {
        println!("  {}", file.display());
    }
    let at = match &place.database {
        Some(url) => format!("--database {url}"),
        None => format!("--data {}", place.data.display()),
    };
    println!("{}", say(lang, "接下来可以试：", "Try next:"));
    for command in [
        format!("bill explain {number} {month}"),
        format!("bill pdf {number} {month}"),
        format!("exception list {month}"),
        format!("ledger trial-balance {month} {month} --as kuaiji"),
        "log checkpoint --as guanli".to_owned(),
    ] {
        println!("  zhangfang {command} {at}");
    }
    println!("  zhangfang tariff quote examples/quote/01-household-simple.toml");
}
