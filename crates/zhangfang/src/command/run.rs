//! `zhangfang run`: books through the billing centre: calculate, review, issue, or a whole month at once.

use billing::{BillPostings, Clerks, PriceBook, RunBook, RunPlan};
use clap::{Args, Subcommand};
use documents::sheet::Kind;
use kernel::{Lang, Month};
use ledger::PostingRules;
use metering::book::{BookMonth, BookState};

use super::office::{Office, both, month};
use crate::failure::{Done, Failure};
use crate::house;
use crate::table::{Shown, Table, row};

const READ: &str = "billing.read";

/// What the billing centre does with books.
#[derive(Debug, Subcommand)]
pub enum Run {
    /// Calculate one book, or anew while it is not issued / 计算
    Calculate(OneBook),
    /// Record that a calculated book was reviewed / 复核
    Review(OneBook),
    /// Issue what can be issued of a reviewed book / 发行
    Issue(OneBook),
    /// Send a book back one step with a reason / 退回上一步
    Back {
        #[command(flatten)]
        book: OneBook,
        /// Why / 原因
        #[arg(long)]
        reason: String,
    },
    /// Calculate, review and issue every submitted book of a month / 整月核算发行
    All {
        #[arg(value_parser = month)]
        month: Month,
        /// Login of the reviewer; by default who acts / 复核人
        #[arg(long)]
        reviewer: Option<String>,
        /// Calculate only, issue nothing / 只计算不发行
        #[arg(long)]
        calculate_only: bool,
        /// Worker threads; by default one for each processor / 并行线程数
        #[arg(long)]
        workers: Option<usize>,
    },
    /// The bills of a month with flows and amounts / 电费清单
    List {
        #[arg(value_parser = month)]
        month: Month,
        /// Only this book / 抄本编号
        #[arg(long)]
        book: Option<String>,
        /// Only this flow: clean, exception, adjustment, change / 流程
        #[arg(long)]
        flow: Option<String>,
        /// Only bills that are not issued / 仅未发行
        #[arg(long)]
        open: bool,
        /// Lines at most / 最多行数
        #[arg(long, default_value_t = 1_000)]
        limit: usize,
        #[command(flatten)]
        shown: Shown,
    },
}

/// A book of a month.
#[derive(Debug, Args)]
pub struct OneBook {
    /// Number of the book / 抄本编号
    book: String,
    /// Month, such as 2026-02 / 年月
    #[arg(value_parser = month)]
    month: Month,
}

fn of_month(office: &Office, one: &OneBook) -> Done<BookMonth> {
    let (org_id, book) = (office.org_id(), office.book(&one.book)?);
    let found = office.look(|tx| Ok(metering::book::book_month(tx, org_id, one.month, book.book_id)?))?;
    found.ok_or_else(|| {
        Failure::new(
            format!("抄本 {} 在 {} 没有开册", one.book, one.month),
            format!("book {} is not open in {}", one.book, one.month),
        )
    })
}

fn run_book(office: &Office, book: &BookMonth) -> Done<RunBook> {
    let org_id = office.org_id();
    let lines = office.look(|tx| Ok(metering::book::line_counts(tx, org_id, book.month, book.book_id)?))?;
    Ok(RunBook { book_id: book.book_id, unit_id: book.unit_id, accounts: lines.lines })
}

/// The prices with the numbers of their plans, new ones kept.
fn prices(office: &Office) -> Done<PriceBook> {
    let org_id = office.org_id();
    office.store.write(|tx| {
        identity::alarm::require_calm(tx, org_id)?;
        let book = PriceBook::load(tx, org_id)?;
        book.save_numbers(tx, org_id)?;
        Ok(book)
    })
}

/// Runs the command.
pub fn run(command: &Run, office: &Office) -> Done {
    match command {
        Run::Calculate(one) => calculate(command, office, one),
        Run::Review(one) => {
            let book = of_month(office, one)?;
            let ready = run_book(office, &book)?;
            office.change("billing.review_book", command, |work| {
                billing::review_book(work, one.month, ready)?;
                both(
                    format!("抄本 {} {} 已复核", one.book, one.month),
                    format!("book {} of {} is reviewed", one.book, one.month),
                )
            })
        }
        Run::Issue(one) => issue(command, office, one),
        Run::Back { book: one, reason } => {
            let book = of_month(office, one)?;
            let ready = run_book(office, &book)?;
            office.change("billing.send_book_back", command, |work| {
                let back = billing::send_book_back(work, one.month, ready, reason)?;
                both(
                    format!("抄本 {} 退回：{}", one.book, kernel::Bilingual::text(&back, Lang::Zh)),
                    format!("book {} is back: {}", one.book, back.key()),
                )
            })
        }
        Run::All { month, reviewer, calculate_only, workers } => {
            all(office, *month, reviewer.as_ref(), *calculate_only, *workers)
        }
        Run::List { month, book, flow, open, limit, shown } => {
            list(office, *month, book.as_ref(), flow.as_ref(), *open, *limit, shown)
        }
    }
}

fn calculate(command: &Run, office: &Office, one: &OneBook) -> Done {
    let book = of_month(office, one)?;
    let (ready, prices) = (run_book(office, &book)?, prices(office)?);
    office.change("billing.calculate_book", command, |work| {
        let done = billing::calculate_book(work, &prices, one.month, ready)?;
        let (bills, clean, kwh, amount) = (done.bills, done.clean, done.energy_kwh, done.amount);
        both(
            format!(
                "抄本 {} {}：计算 {bills} 户，正常 {clean} 户，电量 {kwh} 千瓦时，电费 {amount} 元",
                one.book, one.month
            ),
            format!(
                "book {} of {}: {bills} bills, {clean} clean, {kwh} kWh, {amount} yuan",
                one.book, one.month
            ),
        )
    })
}

fn issue(command: &Run, office: &Office, one: &OneBook) -> Done {
    let book = of_month(office, one)?;
    let (ready, prices) = (run_book(office, &book)?, prices(office)?);
    let postings = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
    let rules = billing::OfficeRules::built_in()?;
    let due_day = RunPlan::new(one.month, Vec::new(), office.now).due_day;
    office.change("billing.issue_book", command, |work| {
        let done = billing::issue_book(work, &rules, &postings, one.month, ready, due_day)?;
        if done.bills == 0 {
            // Refused, so that the book's history shows no step that brought nothing about.
            return Err(Failure::new(
                format!(
                    "抄本 {} {} 没有可发行的电费；`zhangfang exception list` 查看待处理的异常",
                    one.book, one.month
                ),
                format!(
                    "no bill of book {} of {} can be issued; see `zhangfang exception list`",
                    one.book, one.month
                ),
            ));
        }
        let (bills, left, amount) = (done.bills, done.left, done.amount);
        both(
            format!("抄本 {} {}：发行 {bills} 户，电费 {amount} 元，待处理 {left} 户", one.book, one.month),
            format!("book {} of {}: {bills} bills issued, {amount} yuan, {left} left", one.book, one.month),
        )
    })
}

fn all(
    office: &Office,
    month: Month,
    reviewer: Option<&String>,
    calculate_only: bool,
    workers: Option<usize>,
) -> Done {
    let (org_id, today) = (office.org_id(), office.now.date());
    let submitted: Vec<BookMonth> = office
        .look(|tx| Ok(metering::book::books_of_month(tx, org_id, month)?))?
        .into_iter()
        .filter(|book| book.state == BookState::Submitted)
        .collect();
    if submitted.is_empty() {
        return Err(Failure::new(
            format!("{month} 没有已提交待核算的抄本；`zhangfang book list {month}` 查看进度"),
            format!("no book of {month} is submitted; `zhangfang book list {month}` shows how they stand"),
        ));
    }
    let books = submitted.iter().map(|book| run_book(office, book)).collect::<Done<Vec<_>>>()?;
    let prices = prices(office)?;
    let postings = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
    let reviewer = match reviewer {
        Some(login) => house::actor(&office.store, org_id, login, today)?,
        None => office.actor.clone(),
    };
    let clerks = Clerks { calculator: &office.actor, reviewer: &reviewer, issuer: &reviewer };
    let lines = books.iter().map(|book| book.accounts.unsigned_abs()).sum();
    let mut plan = RunPlan { issue: !calculate_only, ..RunPlan::new(month, books, office.now) };
    if let Some(workers) = workers {
        plan.workers = workers.clamp(1, 256);
    }
    let progress = crate::demo::bar("billing / 核算发行", lines);
    let done = billing::run_month(&office.store, &clerks, &prices, &postings, &plan, |so_far| {
        progress.set_position(so_far.accounts.unsigned_abs());
    })?;
    progress.finish_and_clear();
    office.sign_log()?;
    println!(
        "{}",
        office.say(
            format!(
                "{month}：计算 {} 户，正常 {} 户，发行 {} 户，电量 {} 千瓦时，电费 {} 元（发行 {} 元）",
                done.accounts, done.clean, done.issued, done.energy_kwh, done.amount, done.issued_amount
            ),
            format!(
                "{month}: {} bills, {} clean, {} issued, {} kWh, {} yuan ({} issued)",
                done.accounts, done.clean, done.issued, done.energy_kwh, done.amount, done.issued_amount
            ),
        )
    );
    for ((_, _, zh, en), count) in
        billing::gates::Reasons::ALL.iter().zip(done.reasons).filter(|(_, count)| *count > 0)
    {
        println!("{}", office.say(format!("  {zh}：{count} 户"), format!("  {en}: {count}")));
    }
    // Where the score decides, the run has scored its books; where it does not, the scores are kept beside it.
    super::suspicion::score_beside(office, month, plan.workers)
}

/// The names of flows: key, Chinese, English.
const FLOWS: [(&str, &str, &str); 4] = [
    ("clean", "正常", "clean"),
    ("exception", "复核异常", "exception"),
    ("adjustment", "退补", "adjustment"),
    ("change", "变更", "change"),
];

fn list(
    office: &Office,
    month: Month,
    book: Option<&String>,
    flow: Option<&String>,
    open: bool,
    limit: usize,
    shown: &Shown,
) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let book_id = book.map(|number| office.book(number).map(|book| book.book_id)).transpose()?;
    let flow = flow
        .map(|word| {
            let keys = FLOWS.map(|(key, ..)| key);
            let at = keys.iter().position(|key| key == word);
            at.ok_or_else(|| super::book::unknown("流程", "the flow", word, &keys))
        })
        .transpose()?;
    let books = office.books()?;
    let mut bills = Vec::new();
    let mut more = 0_usize;
    office.look(|tx| {
        billing::each_bill(tx, org_id, month, book_id, |bill| {
            let seen = books.get(&bill.book_id).is_none_or(|book| office.sees(READ, book.unit_id));
            let fits = seen
                && flow.is_none_or(|flow| billing::gates::Flow::ALL[flow] == bill.flow)
                && !(open && bill.due_on.is_some());
            if fits && bills.len() < limit {
                bills.push(bill);
            } else if fits {
                more += 1;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    let mut table = Table::new(office.lang)
        .titled(office.say(format!("{month} 电费清单"), format!("Bills of {month}")))
        .text("户号", "account")
        .text("户名", "name")
        .text("抄本", "book")
        .text("流程", "flow")
        .text("异常原因", "reasons")
        .sum("电量", "kWh", Kind::Quantity(0))
        .sum("电费", "amount", Kind::Money)
        .col("应缴日", "due on", Kind::Date);
    for bill in bills {
        let account =
            office.look(|tx| Ok(metering::account::account_by_id(tx, org_id, bill.key.account_id)?))?;
        let (number, name) = account
            .map_or((bill.key.account_id.to_string(), String::new()), |known| (known.number, known.name));
        let (_, zh, en) = FLOWS[usize::try_from(bill.flow.number()).unwrap_or(0).min(3)];
        table.push(row![
            number,
            name,
            books.get(&bill.book_id).map(|book| book.number.clone()),
            super::say(office.lang, zh, en),
            reasons(office, bill.reasons),
            bill.energy_kwh,
            bill.amount,
            bill.due_on,
        ]);
    }
    if more > 0 {
        table.note(office.say(
            format!("另有 {more} 户未列出；用 --limit 或 --book 调整"),
            format!("{more} more are not shown; use --limit or --book"),
        ));
    }
    table.show(shown)
}

/// The reasons of an exception in words.
pub fn reasons(office: &Office, reasons: billing::gates::Reasons) -> String {
    let words: Vec<&str> = reasons.each().map(|(_, zh, en)| super::say(office.lang, zh, en)).collect();
    words.join(super::say(office.lang, "、", ", "))
}
