//! What the reading office refuses, and why.

use identity::IdentityError;
use kernel::{Bilingual, FigureError, Lang, Month, Text};
use store::StoreError;
use vault::VaultError;
use workflow::WorkflowError;

use crate::book::BookState;
use crate::codes::codes;

codes! {
    /// The kinds of things this office speaks of in refusals.
    What {
        /// A reading book.
        Book = 1, "book", "抄本";
        /// A book in a month.
        BookMonth = 2, "book_of_the_month", "当月抄本";
        /// A batch.
        Batch = 3, "batch", "批次";
        /// A meter's line.
        Line = 4, "line", "表码行";
        /// A ticket to change a reading.
        Ticket = 5, "ticket", "事务工作票";
        /// A proposal of a reading day.
        Proposal = 6, "proposal", "例日申报";
        /// A scheduled reading day.
        ReadingDay = 7, "reading_day", "抄表例日";
        /// A reason or a note.
        Note = 8, "note", "说明";
        /// A card or another reading tool.
        Tool = 9, "tool", "抄表工具";
        /// A request for a card.
        CardRequest = 10, "card_request", "调阅申请";
        /// An account.
        Account = 11, "account", "用户";
        /// A meter.
        Meter = 12, "meter", "电能表";
        /// The carry-over of a year.
        CarryOver = 13, "carry_over", "年度过帐";
        /// An import file.
        File = 14, "file", "导入文件";
        /// A month.
        Month = 15, "month", "月份";
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

/// A refusal or failure of the reading office.
#[derive(Debug, thiserror::Error)]
pub enum MeteringError {
    /// A stored code that this program does not know.
    #[error("stored code {code} is not a {what}; the database was written by another program")]
    UnknownCode {
        /// The kind of code.
        what: &'static str,
        /// The number found.
        code: i64,
    },
    /// A reading that cannot be right.
    #[error("meter {meter}: {fault}")]
    Reading {
        /// The meter's number.
        meter: String,
        /// What is wrong with it.
        fault: crate::reading::ReadingFault,
    },
    /// The book does not stand where this may be done.
    #[error("book {book_id} of {month} is {}: this cannot be done now", state.text(Lang::En))]
    WrongState {
        /// The month.
        month: Month,
        /// The book.
        book_id: i64,
        /// Where it stands.
        state: BookState,
    },
    /// Nobody recorded the self-check since the last entry.
    #[error("book {book_id} of {month} has no self-check since its last entry; record it first")]
    NotSelfChecked {
        /// The month.
        month: Month,
        /// The book.
        book_id: i64,
    },
    /// Lines that nobody touched.
    #[error("book {book_id} of {month} has {lines} lines that nobody read or marked as unread")]
    LinesUntouched {
        /// The month.
        month: Month,
        /// The book.
        book_id: i64,
        /// How many.
        lines: i64,
    },
    /// Something that is not there.
    #[error("there is no {what} {key}")]
    NotFound {
        /// The kind of thing.
        what: What,
        /// Its key as given.
        key: String,
    },
    /// Something that is there already, or was decided already.
    #[error("{what} {key} is there already or was decided already")]
    AlreadyDone {
        /// The kind of thing.
        what: What,
        /// Its key.
        key: String,
    },
    /// A value outside what is allowed.
    #[error("{what} {value:?} is not allowed: {}", why.en)]
    NotAllowed {
        /// The kind of value.
        what: What,
        /// The value as given.
        value: String,
        /// Why, and what to do.
        why: Text,
    },
    /// Who may do what.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] interchange::Error),
    /// The file of rejected rows cannot be written.
    #[error("the file of rejected rows cannot be written: {0}")]
    Rejects(#[from] std::io::Error),
    /// The log of acts refused.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A ticket, a clock or a checklist refused.
    #[error(transparent)]
    Workflow(#[from] WorkflowError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A figure does not fit.
    #[error(transparent)]
    Figure(#[from] FigureError),
}

impl Bilingual for MeteringError {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (lang, MeteringError::Store(error)) => error.text(lang),
            (lang, MeteringError::Identity(error)) => error.text(lang),
            (lang, MeteringError::Figure(error)) => error.text(lang),
            (lang, MeteringError::File(error)) => error.text(lang),
            (Lang::Zh, MeteringError::Rejects(error)) => format!("无法写出退回行文件：{error}"),
            (lang, MeteringError::Vault(error)) => error.text(lang),
            (lang, MeteringError::Workflow(error)) => error.text(lang),
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, MeteringError::UnknownCode { what, code }) => {
                format!("数据库中的代码 {code} 不是有效的 {what}，数据库由其他程序写入")
            }
            (Lang::Zh, MeteringError::WrongState { month, book_id, state }) => {
                format!("{month} 抄本 {book_id} 处于“{}”，现在不能这样操作", state.text(Lang::Zh))
            }
            (Lang::Zh, MeteringError::NotSelfChecked { month, book_id }) => {
                format!("{month} 抄本 {book_id} 最后一次录入后未做表码自查，请先自查")
            }
            (Lang::Zh, MeteringError::LinesUntouched { month, book_id, lines }) => {
                format!("{month} 抄本 {book_id} 还有 {lines} 行未录入，也未标为未抄")
            }
            (Lang::Zh, MeteringError::NotFound { what, key }) => {
                format!("没有{} {key}", what.text(Lang::Zh))
            }
            (Lang::Zh, MeteringError::AlreadyDone { what, key }) => {
                format!("{} {key} 已经存在或已经处理", what.text(Lang::Zh))
            }
            (Lang::Zh, MeteringError::NotAllowed { what, value, why }) => {
                format!("{}“{value}”不符合要求：{}", what.text(Lang::Zh), why.zh)
            }
            (Lang::Zh, MeteringError::Reading { meter, fault }) => {
                format!("电能表 {meter}：{}", fault.text(Lang::Zh))
            }
        }
    }
}
