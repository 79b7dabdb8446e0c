//! The nouns of reading books.

use kernel::{Date, Moment, Month, Quantity};

use crate::codes::codes;
use crate::reading::{ReadingStatus, Register};

codes! {
    /// Where a book stands in a month (抄本状态).
    BookState {
        /// Opened, nothing entered yet.
        Created = 1, "created", "已建";
        /// Readings are being entered.
        Entering = 2, "entering", "录入中";
        /// Submitted to accounting; readings are locked.
        Submitted = 3, "submitted", "已提交";
        /// Being calculated.
        Calculating = 4, "calculating", "计算中";
        /// Being reviewed.
        Reviewing = 5, "reviewing", "复核中";
        /// Issued.
        Issued = 6, "issued", "已发行";
        /// Held by exceptions.
        Exception = 7, "exception", "异常";
        /// Returned to the station for correction.
        Returned = 8, "returned", "已退回";
    }
}

codes! {
    /// The months in which a book is read.
    Cycle {
        /// Every month.
        Monthly = 1, "monthly", "每月";
        /// January, March …
        OddMonths = 2, "odd_months", "单月";
        /// February, April …
        EvenMonths = 3, "even_months", "双月";
    }
}

impl Cycle {
    /// Months that one reading covers.
    pub const fn months(self) -> u8 {
        match self {
            Cycle::Monthly => 1,
            Cycle::OddMonths | Cycle::EvenMonths => 2,
        }
    }
}

codes! {
    /// How far a proposal or a request came.
    Decision {
        /// Waits for an answer.
        Open = 1, "open", "待处理";
        /// Agreed.
        Agreed = 2, "agreed", "同意";
        /// Refused.
        Refused = 3, "refused", "不同意";
    }
}

codes! {
    /// What a reader saw on site (抄表日志).
    LogKind {
        /// The meter stopped, burnt or is damaged.
        MeterFault = 1, "meter_fault", "表计故障";
        /// A seal is missing or broken.
        SealBroken = 2, "seal_broken", "封印异常";
        /// Nobody let the reader in.
        NoAccess = 3, "no_access", "无法进入";
        /// Suspected theft or breach of contract.
        IrregularUse = 4, "irregular_use", "疑似违约窃电";
        /// Use changed strikingly.
        UnusualUse = 5, "unusual_use", "用电量异常";
        /// Records and site differ.
        DataMismatch = 6, "data_mismatch", "档案不符";
        /// Anything else.
        Other = 9, "other", "其他";
    }
}

/// A reading book (抄本).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    /// Its key; keys of accounts ascend within it.
    pub book_id: i64,
    /// Its number, unique in the organisation.
    pub number: String,
    /// Its name.
    pub name: String,
    /// The supply station it belongs to.
    pub unit_id: i64,
    /// The meter reader.
    pub reader_id: i64,
    /// The months in which it is read.
    pub cycle: Cycle,
    /// The scheduled reading day of the month (抄表例日) in force; nothing until one was reviewed.
    pub reading_day: Option<u8>,
    /// Version of the row.
    pub version: i64,
}

/// A book in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookMonth {
    /// The month.
    pub month: Month,
    /// The book.
    pub book_id: i64,
    /// The batch in which it was opened.
    pub batch_id: i64,
    /// The supply station.
    pub unit_id: i64,
    /// Where it stands.
    pub state: BookState,
    /// The day it should be read.
    pub scheduled_on: Date,
    /// Who checked it, if anybody did since the last entry.
    pub checked_by: Option<i64>,
    /// When it was submitted first.
    pub submitted_at: Option<Moment>,
    /// Who submitted it last.
    pub submitted_by: Option<i64>,
    /// Calendar days beyond the limit at the first submission.
    pub late_days: i64,
    /// Version of the row.
    pub version: i64,
}

/// A step a book took. Source: BILL-23.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookStep {
    /// From where.
    pub from: BookState,
    /// To where.
    pub to: BookState,
    /// Who.
    pub person_id: i64,
    /// When.
    pub at: Moment,
    /// Why, when it went back.
    pub reason: String,
}

/// How many lines of a book stand how. Source: READ-14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineCounts {
    /// All lines.
    pub lines: i64,
    /// Read.
    pub read: i64,
    /// Zero-read.
    pub zero: i64,
    /// Unread.
    pub unread: i64,
    /// Never touched by anybody since the batch was created.
    pub untouched: i64,
}

/// How far a book came in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BookProgress {
    /// Its lines.
    pub counts: LineCounts,
    /// Lines entered as estimates.
    pub estimated: i64,
    /// Entered lines whose total is off the average of the three months before by 30 % or more; a first sight for the
    /// reader, the gates of the centre decide.
    pub suspicious: i64,
}

/// What a person enters for one meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Whose.
    pub account_id: i64,
    /// Which meter.
    pub meter_seq: i64,
    /// How the line stands; nothing derives read or zero-read from the registers.
    pub status: Option<ReadingStatus>,
    /// The day it was read.
    pub read_on: Date,
    /// What the registers show now.
    pub shown: Vec<(Register, Quantity)>,
    /// The registers that began again at zero, as the person confirms.
    pub rolled_over: Vec<Register>,
    /// The values are an estimate.
    pub estimated: bool,
    /// The version of the line the person saw; nothing accepts any.
    pub version: Option<i64>,
}

/// An entry of the reading log. Source: READ-07.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The account.
    pub account_id: i64,
    /// The meter.
    pub meter_seq: i64,
    /// What was seen.
    pub kind: LogKind,
    /// In the reader's words.
    pub note: String,
    /// Who wrote it.
    pub person_id: i64,
    /// When.
    pub at: Moment,
}
