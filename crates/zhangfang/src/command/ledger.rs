//! `zhangfang ledger`: the books of account.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::Subcommand;
use documents::sheet::Kind;
use kernel::{Bilingual, Month};
use ledger::{AccountCode, Chart, PostingRules, Side};

use super::office::{Office, both, month};
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

const READ: &str = "ledger.read";

/// What can be asked of the ledger.
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Balances and turnovers of every account / 科目余额表
    TrialBalance {
        /// First month / 起月
        #[arg(value_parser = month)]
        from: Month,
        /// Last month; by default the first / 止月
        #[arg(value_parser = month)]
        to: Option<Month>,
        /// Only this unit / 单位代码
        #[arg(long)]
        unit: Option<String>,
        #[command(flatten)]
        shown: Shown,
    },
    /// The postings of an account in a month / 明细账
    Account {
        /// Code of the account, such as 1122 / 科目编码
        code: i64,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Lines at most / 最多行数
        #[arg(long, default_value_t = 200)]
        limit: usize,
        #[command(flatten)]
        shown: Shown,
    },
    /// Accounting periods / 会计期间
    Periods {
        #[command(flatten)]
        shown: Shown,
    },
    /// Open the next accounting period / 开账
    Open {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
    },
    /// Close an accounting period / 结账
    Close {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
    },
    /// Open a closed period again / 反结账
    Reopen {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
    },
    /// Install the standard chart of accounts, or add what is new in it / 建立会计科目
    Chart,
    /// Write the whole ledger as a text that hledger reads / 导出 hledger 日记账
    Export {
        /// The file to write / 输出文件
        file: PathBuf,
    },
    /// Write a whole accounting period with its proof, to be verified offline / 导出会计期间存证文件
    ExportProof {
        /// Accounting period, such as 2026-02 / 会计期间
        #[arg(value_parser = month)]
        month: Month,
        /// The file to write / 输出文件
        file: PathBuf,
        /// Under the checkpoint of so many acts, such as one that witnesses cosigned; by default one made now / 检查点条数
        #[arg(long)]
        checkpoint: Option<i64>,
    },
    /// Prove that balances, vouchers and postings agree / 账账核对
    Check,
}

/// Runs the command.
pub fn run(command: &Ledger, office: &Office) -> Done {
    let org_id = office.org_id();
    match command {
        Ledger::TrialBalance { from, to, unit, shown } => {
            trial_balance(office, *from, to.unwrap_or(*from), unit.as_ref(), shown)
        }
        Ledger::Account { code, month, limit, shown } => {
            account(office, AccountCode(*code), *month, *limit, shown)
        }
        Ledger::Periods { shown } => {
            office.require(READ)?;
            let mut table = Table::new(office.lang).col("期间", "month", Kind::Month).text("状态", "state");
            for period in office.look(|tx| Ok(ledger::periods(tx, org_id)?))? {
                table.push(row![
                    period.month,
                    if period.open { office.say("开", "open") } else { office.say("已结", "closed") }
                ]);
            }
            table.show(shown)
        }
        Ledger::Open { month } => office.change("ledger.open_period", command, |work| {
            ledger::open_period(work, *month)?;
            both(format!("已开账 {month}"), format!("{month} is open"))
        }),
        Ledger::Close { month } => office.require_proved(*month, "period_close").and_then(|()| office.change("ledger.close_period", command, |work| {
            ledger::close_period(work, *month)?;
            both(format!("已结账 {month}"), format!("{month} is closed"))
        })),
        Ledger::Reopen { month } => office.change("ledger.reopen_period", command, |work| {
            ledger::reopen_period(work, *month)?;
            both(format!("已反结账 {month}"), format!("{month} is open again"))
        }),
        Ledger::Chart => {
            let (chart, rules) = (Chart::standard()?, PostingRules::standard()?);
            office.change("ledger.install_chart", command, |work| {
                ledger::install_chart(work, &chart, &rules)?;
                both("会计科目已建立", "the chart of accounts is installed")
            })
        }
        Ledger::Export { file } => office.sign_log().and_then(|()| export(office, file)),
        Ledger::ExportProof { month, file, checkpoint } => {
            super::proof::period(*month, file, *checkpoint, office)
        }
        Ledger::Check => check(office),
    }
}

fn trial_balance(office: &Office, from: Month, to: Month, unit: Option<&String>, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, unit_id) = (office.org_id(), office.unit_id(unit)?);
    let balance = office.look(|tx| Ok(ledger::trial_balance(tx, org_id, from, to, unit_id)?))?;
    let period = if from == to { from.to_string() } else { format!("{from} — {to}") };
    let of =
        unit_id.map(|id| office.unit_name(id)).transpose()?.map_or(String::new(), |name| format!(" {name}"));
    let mut table = Table::new(office.lang)
        .titled(office.say(format!("科目余额表 {period}{of}"), format!("Trial balance {period}{of}")))
        .text("科目", "account")
        .text("名称", "name")
        .text("方向", "side")
        .col("期初余额", "opening", Kind::Money)
        .sum("本期借方", "debit", Kind::Money)
        .sum("本期贷方", "credit", Kind::Money)
        .col("期末余额", "closing", Kind::Money);
    for line in &balance.lines {
        // A balance is shown on its account's own side, as an accountant reads it.
        let (side, sign) = match line.side {
            Side::Debit => (office.say("借", "debit"), false),
            Side::Credit => (office.say("贷", "credit"), true),
        };
        let on_side = |amount: kernel::Money| if sign { amount.negated() } else { Ok(amount) };
        table.push(row![
            line.account.to_string(),
            line.name.text(office.lang),
            side,
            on_side(line.opening)?,
            line.debit,
            line.credit,
            on_side(line.closing)?,
        ]);
    }
    let even = balance.debit == balance.credit;
    table.note(if even {
        office.say("借贷平衡", "debits equal credits")
    } else {
        office.say("借贷不平衡！请运行 ledger check", "debits and credits DIFFER: run ledger check")
    });
    table.show(shown)
}

fn account(office: &Office, code: AccountCode, month: Month, limit: usize, shown: &Shown) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let name = Chart::standard()?.account(code).map(|known| known.name.text(office.lang)).unwrap_or_default();
    let mut table = Table::new(office.lang)
        .titled(
            office.say(format!("明细账 {code} {name} {month}"), format!("Account {code} {name}, {month}")),
        )
        .col("凭证号", "number", Kind::Integer)
        .col("记账日期", "posted on", Kind::Date)
        .text("摘要", "text")
        .text("户号", "customer")
        .text("对方科目", "other account")
        .sum("借方", "debit", Kind::Money)
        .sum("贷方", "credit", Kind::Money);
    let (mut after, mut left) = (None, limit);
    loop {
        let page =
            office.look(|tx| Ok(ledger::account_detail(tx, org_id, code, month, after, left.min(1_000))?))?;
        for line in &page.lines {
            let customer = line
                .customer
                .map(|id| office.look(|tx| office.account_number(tx, id)))
                .transpose()?
                .unwrap_or_default();
            table.push(row![
                line.number,
                line.posted_on,
                line.text.as_str(),
                customer,
                line.other.to_string(),
                line.debit,
                line.credit
            ]);
        }
        left = left.saturating_sub(page.lines.len());
        after = page.next;
        if after.is_none() || left == 0 {
            break;
        }
    }
    if after.is_some() {
        table.note(office.say("未列完；用 --limit 增加行数", "there are more; raise --limit"));
    }
    table.show(shown)
}

fn export(office: &Office, path: &PathBuf) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let failed = |error| Failure::file(path.display(), error);
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let mut out = BufWriter::new(File::create(&part).map_err(failed)?);
    office.look(|tx| Ok(ledger::export_hledger(tx, org_id, &mut out)?))?;
    out.flush().and_then(|()| std::fs::rename(&part, path)).map_err(failed)?;
    println!("{}", path.display());
    Ok(())
}

fn check(office: &Office) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let report = office.look(|tx| Ok(ledger::check(tx, org_id)?))?;
    let (vouchers, postings, periods) = (report.vouchers, report.postings, report.periods);
    println!(
        "{}",
        office.say(
            format!("核对 {periods} 个期间、{vouchers} 张凭证、{postings} 条分录"),
            format!("compared {periods} periods, {vouchers} vouchers, {postings} postings"),
        )
    );
    for finding in &report.findings {
        println!("{}", finding.text(office.lang));
    }
    if report.is_good() {
        println!("{}", office.say("账账相符", "the books agree"));
        return Ok(());
    }
    let count = report.findings.len();
    Err(Failure::new(format!("发现 {count} 处不符"), format!("{count} differences were found")))
}
