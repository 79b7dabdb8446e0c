//! `zhangfang book`: reading books from the opening of a month to their submission, and the tickets that open them again.

use clap::Subcommand;
use kernel::{Date, Month, Quantity};
use metering::book::{Book as ReadingBook, Cycle, Entered, LogKind};
use metering::reading::{ReadingStatus, Register};

use super::book_lists;
use super::office::{Office, both, date, month};
use crate::failure::{Done, Failure};
use crate::table::Shown;

/// What can be done with reading books.
#[derive(Debug, Subcommand)]
pub enum Book {
    /// The reading books there are / 列出抄本
    Books {
        #[command(flatten)]
        shown: Shown,
    },
    /// Make a reading book; its reading day is proposed and reviewed afterwards / 新建抄本
    New {
        /// Its number, unique / 抄本编号
        number: String,
        /// Its name / 抄本名称
        #[arg(long)]
        name: String,
        /// Code of its station / 供电所代码
        #[arg(long)]
        unit: String,
        /// Login of its meter reader / 抄表员登录名
        #[arg(long)]
        reader: Option<String>,
        /// monthly, odd_months or even_months / 抄表周期
        #[arg(long, default_value = "monthly")]
        cycle: String,
    },
    /// The books of a month with their states / 某月抄本的进度
    List {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Only this station / 供电所代码
        #[arg(long)]
        unit: Option<String>,
        /// Only this state, such as entering / 状态
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        shown: Shown,
    },
    /// Open books for a month as one batch / 创建抄表批次
    Open {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the station / 供电所代码
        #[arg(long)]
        unit: String,
        /// Numbers of the books; by default every book of the station read in that month / 抄本编号
        books: Vec<String>,
    },
    /// Take a batch back while nothing was entered / 删除批次
    DeleteBatch {
        /// The batch's key, as `book list` shows it / 批次号
        batch: i64,
    },
    /// The lines of a book with previous and current readings / 抄本明细
    Lines {
        /// Number of the book / 抄本编号
        book: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Only lines nobody has entered yet / 仅未录入
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        shown: Shown,
    },
    /// Enter the reading of one meter; whole files go through `import readings` / 录入单户表码
    Enter {
        /// Account number / 户号
        account: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// What the meter showed: 1234.5, or by register: total=1234.5 peak=300 / 示数
        shown: Vec<String>,
        /// Which meter of the account / 表序号
        #[arg(long, default_value_t = 1)]
        meter: i64,
        /// Day of reading; by default the day of the command / 抄表日期
        #[arg(long, value_parser = date)]
        read_on: Option<Date>,
        /// read, zero or unread; found from the figures if not given / 抄表状态
        #[arg(long)]
        status: Option<String>,
        /// Registers that rolled over / 翻转的计度器
        #[arg(long)]
        rolled_over: Vec<String>,
        /// Estimated, not read / 估抄
        #[arg(long)]
        estimated: bool,
        /// Why an entered value is changed; needed in a returned book / 修改原因
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Record the station's check of a book / 自查
    Check {
        /// Number of the book / 抄本编号
        book: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// What was checked / 说明
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Submit a book to the centre; its readings are locked / 提交核算
    Submit {
        /// Number of the book / 抄本编号
        book: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// Write down what was seen on site / 抄表日志
    Log {
        /// Account number / 户号
        account: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// meter_fault, seal_broken, no_access, irregular_use, unusual_use, data_mismatch, other / 类别
        #[arg(long)]
        kind: String,
        /// What was seen / 内容
        note: String,
        /// Which meter of the account / 表序号
        #[arg(long, default_value_t = 1)]
        meter: i64,
    },
    /// Show the log of a book / 查看抄表日志
    Logs {
        /// Number of the book / 抄本编号
        book: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        #[command(flatten)]
        shown: Shown,
    },
    /// Ask the centre to return a submitted book, to change one line / 申请退回抄本
    RequestChange {
        /// Account number / 户号
        account: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Why / 原因
        reason: String,
        /// Which meter of the account / 表序号
        #[arg(long, default_value_t = 1)]
        meter: i64,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// Answer such a request: agreed, the book is returned; refused, the answer says why / 答复退回申请
    AnswerChange {
        /// The ticket's key, as `work tickets` shows it / 工单号
        ticket: i64,
        /// Refuse instead of agreeing / 不同意
        #[arg(long)]
        refuse: bool,
        /// The answer / 答复
        #[arg(default_value = "")]
        text: String,
    },
    /// Reading days that wait for review / 待审核的抄表例日
    Days {
        #[command(flatten)]
        shown: Shown,
    },
    /// Propose the reading day of a book / 报送抄表例日
    ProposeDay {
        /// Number of the book / 抄本编号
        book: String,
        /// Day of the month, 1 to 31 / 日
        day: u8,
    },
    /// Review a proposed reading day / 审核抄表例日
    ReviewDay {
        /// The proposal's key, as `book days` shows it / 申报号
        proposal: i64,
        /// Refuse instead of agreeing / 不同意
        #[arg(long)]
        refuse: bool,
        /// A note / 说明
        #[arg(default_value = "")]
        note: String,
    },
    /// How much of a month was read, and how much of it wrongly / 实抄率与差错率
    Rate {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Only this station / 供电所代码
        #[arg(long)]
        unit: Option<String>,
        #[command(flatten)]
        shown: Shown,
    },
    /// The steps a book took in a month / 抄本流转记录
    Steps {
        /// Number of the book / 抄本编号
        book: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        #[command(flatten)]
        shown: Shown,
    },
    /// Earlier values of one line / 表码修改记录
    History {
        /// Account number / 户号
        account: String,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Which meter of the account / 表序号
        #[arg(long, default_value_t = 1)]
        meter: i64,
        #[command(flatten)]
        shown: Shown,
    },
}

/// A word of a list that is not one of its words.
pub fn unknown(what_zh: &str, what_en: &str, word: &str, known: &[&str]) -> Failure {
    let known = known.join(", ");
    Failure::new(
        format!("{what_zh}没有 {word:?}；可用：{known}"),
        format!("{what_en} is not {word:?}; it is one of: {known}"),
    )
}

/// Runs the command.
pub fn run(command: &Book, office: &Office) -> Done {
    match command {
        Book::Books { shown } => book_lists::books(office, shown),
        Book::New { number, name, unit, reader, cycle } => {
            let unit_id = office.unit(unit)?.id;
            let reader_id =
                reader.as_ref().map_or(Ok(0), |login| office.person(login).map(|person| person.id))?;
            let keys: Vec<&str> = Cycle::ALL.iter().map(|cycle| cycle.key()).collect();
            let cycle =
                Cycle::from_words(cycle).ok_or_else(|| unknown("抄表周期", "the cycle", cycle, &keys))?;
            // Keys of books ascend; accounts are neighbours in the order of their books.
            let book_id = office.books()?.keys().next_back().map_or(1, |last| last + 1);
            let new = ReadingBook {
                book_id,
                number: number.clone(),
                name: name.clone(),
                unit_id,
                reader_id,
                cycle,
                reading_day: None,
                version: 1,
            };
            office.change("metering.create_book", command, |work| {
                metering::book::create_book(work, &new)?;
                both(format!("已建抄本 {number}"), format!("made the book {number}"))
            })
        }
        Book::List { month, unit, state, shown } => {
            book_lists::list(office, *month, unit.as_ref(), state.as_ref(), shown)
        }
        Book::Open { month, unit, books } => {
            let unit_id = office.unit(unit)?.id;
            let to_open = if books.is_empty() {
                office.look(|tx| Ok(metering::book::books_to_open(tx, office.org_id(), unit_id, *month)?))?
            } else {
                let books = books.iter().map(|number| Ok(office.book(number)?.book_id));
                metering::book::ToOpen { books: books.collect::<Done<_>>()?, without_day: Vec::new() }
            };
            let calendar = office.calendar()?;
            office.change("metering.create_batch", command, |work| {
                let (batch, lines) =
                    metering::book::create_batch(work, &calendar, unit_id, *month, &to_open.books)?;
                let (count, left_out) = (to_open.books.len(), to_open.left_out());
                both(
                    format!("批次 {batch}：{count} 本抄本，{lines} 行{}", left_out.zh),
                    format!("batch {batch}: {count} books, {lines} lines{}", left_out.en),
                )
            })
        }
        Book::DeleteBatch { batch } => office.change("metering.delete_batch", command, |work| {
            metering::book::delete_batch(work, *batch)?;
            both(format!("已删除批次 {batch}"), format!("deleted the batch {batch}"))
        }),
        Book::Lines { book, month, open, shown } => book_lists::lines(office, book, *month, *open, shown),
        Book::Enter { account, month, shown, meter, read_on, status, rolled_over, estimated, reason } => {
            let found = office.account(account)?;
            let entered = Entered {
                account_id: found.account.account_id,
                meter_seq: *meter,
                status: status.as_deref().map(status_of).transpose()?,
                read_on: read_on.unwrap_or(office.now.date()),
                shown: shown.iter().map(|text| shown_of(text)).collect::<Done<_>>()?,
                rolled_over: rolled_over.iter().map(|word| register_of(word)).collect::<Done<_>>()?,
                estimated: *estimated,
                version: None,
            };
            office.change("metering.enter_readings", command, |work| {
                let lines =
                    metering::entry::enter_readings(work, *month, found.account.book_id, &[entered], reason)?;
                both(format!("已录入 {account}：{lines} 行"), format!("entered {account}: {lines} lines"))
            })
        }
        Book::Check { book, month, note } => {
            let book_id = office.book(book)?.book_id;
            office.change("metering.self_check", command, |work| {
                metering::book::self_check(work, *month, book_id, note)?;
                both(format!("抄本 {book} {month} 已自查"), format!("book {book} of {month} is checked"))
            })
        }
        Book::Submit { book, month, centre } => submit(command, office, book, *month, centre.as_ref()),
        Book::Log { account, month, kind, note, meter } => {
            let found = office.account(account)?;
            let keys: Vec<&str> = LogKind::ALL.iter().map(|kind| kind.key()).collect();
            let kind =
                LogKind::from_words(kind).ok_or_else(|| unknown("日志类别", "the kind", kind, &keys))?;
            office.change("metering.write_log", command, |work| {
                metering::book::write_log(work, *month, (found.account.account_id, *meter), kind, note)?;
                both(format!("已记日志：{account}"), format!("written into the log of {account}"))
            })
        }
        Book::Logs { book, month, shown } => book_lists::logs(office, book, *month, shown),
        Book::RequestChange { account, month, reason, meter, centre } => {
            let found = office.account(account)?;
            let (calendar, centre) = (office.calendar()?, office.centre(centre.as_ref())?);
            office.change("metering.raise_change", command, |work| {
                let line = (found.account.account_id, *meter);
                let ticket = metering::ticket::raise_change(work, &calendar, centre, *month, line, reason)?;
                both(
                    format!("工作票 {}（{}）已送电费管理中心", ticket.number, ticket.id),
                    format!("ticket {} ({}) went to the billing centre", ticket.number, ticket.id),
                )
            })
        }
        Book::AnswerChange { ticket, refuse, text } => {
            let calendar = office.calendar()?;
            office.change("metering.answer_change", command, |work| {
                let answered = metering::ticket::answer_change(work, &calendar, *ticket, !refuse, text)?;
                both(
                    format!("工作票 {} {}", answered.number, if *refuse { "不同意" } else { "同意退回" }),
                    format!("ticket {} is {}", answered.number, if *refuse { "refused" } else { "agreed" }),
                )
            })
        }
        Book::Days { shown } => book_lists::days(office, shown),
        Book::ProposeDay { book, day } => {
            let book_id = office.book(book)?.book_id;
            office.change("metering.propose_reading_day", command, |work| {
                let proposal = metering::book::propose_reading_day(work, book_id, *day)?;
                both(
                    format!("抄本 {book} 例日 {day} 已报送，申报号 {proposal}"),
                    format!("day {day} of book {book} is proposed as {proposal}"),
                )
            })
        }
        Book::ReviewDay { proposal, refuse, note } => {
            office.change("metering.review_reading_day", command, |work| {
                metering::book::review_reading_day(work, *proposal, !refuse, note)?;
                both(format!("申报 {proposal} 已审核"), format!("the proposal {proposal} is reviewed"))
            })
        }
        Book::Rate { month, unit, shown } => book_lists::rate(office, *month, unit.as_ref(), shown),
        Book::Steps { book, month, shown } => book_lists::steps(office, book, *month, shown),
        Book::History { account, month, meter, shown } => {
            book_lists::history(office, account, *month, *meter, shown)
        }
    }
}

fn submit(command: &Book, office: &Office, book: &str, month: Month, centre: Option<&String>) -> Done {
    let book_id = office.book(book)?.book_id;
    let calendar = office.calendar()?;
    let centre = office.centre(centre)?;
    office.change("metering.submit", command, |work| {
        // The centre's own deadline begins with the submission, in the same act.
        let done = billing::submit_book(work, &calendar, month, book_id, Some(centre))?;
        let (late, issue_by) = (done.book.late_days, done.issue_by);
        both(
            format!("抄本 {book} {month} 已提交，逾期 {late} 天，应于 {issue_by} 前发行"),
            format!("book {book} of {month} is submitted, {late} days late; to be issued by {issue_by}"),
        )
    })
}

fn status_of(word: &str) -> Done<ReadingStatus> {
    let keys: Vec<&str> = ReadingStatus::ALL.iter().map(|status| status.key()).collect();
    ReadingStatus::from_words(word).ok_or_else(|| unknown("抄表状态", "the status", word, &keys))
}

fn register_of(word: &str) -> Done<Register> {
    let keys: Vec<&str> = Register::ALL.iter().map(|register| register.key()).collect();
    Register::from_words(word).ok_or_else(|| unknown("计度器", "the register", word, &keys))
}

fn shown_of(text: &str) -> Done<(Register, Quantity)> {
    match text.split_once('=') {
        Some((register, figure)) => Ok((register_of(register)?, figure.parse()?)),
        None => Ok((Register::Total, text.parse()?)),
    }
}
