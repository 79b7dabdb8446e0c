//! The nouns of exceptions.

use kernel::{Bilingual, Date, Lang, Moment, Money, Quantity};

use crate::gates::{Past, Reasons};

/// Where an exception stands. A state never goes back but by asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExceptionState {
    /// Found by the run.
    Found,
    /// On a list sent, or a ticket raised, to the station.
    Sent,
    /// Answered by the station.
    Answered,
    /// The data are in order; the bill can be issued.
    InOrder,
    /// Issued.
    Issued,
}

impl ExceptionState {
    const ALL: [ExceptionState; 5] = [
        ExceptionState::Found,
        ExceptionState::Sent,
        ExceptionState::Answered,
        ExceptionState::InOrder,
        ExceptionState::Issued,
    ];
    /// The stored number.
    pub const fn number(self) -> i64 {
        self as i64
    }
    /// The state with a stored number.
    pub fn from_number(number: i64) -> Option<ExceptionState> {
        ExceptionState::ALL.into_iter().find(|state| state.number() == number)
    }
}

impl Bilingual for ExceptionState {
    fn text(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            ExceptionState::Found => ("已发现", "found"),
            ExceptionState::Sent => ("已送达", "sent"),
            ExceptionState::Answered => ("已反馈", "answered"),
            ExceptionState::InOrder => ("数据无误", "data in order"),
            ExceptionState::Issued => ("已发行", "issued"),
        };
        if lang == Lang::Zh { zh.into() } else { en.into() }
    }
}

/// An account's month that is not clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The account.
    pub account_id: i64,
    /// Its book.
    pub book_id: i64,
    /// Its station.
    pub unit_id: i64,
    /// Supplied by its own transformer (专变).
    pub dedicated: bool,
    /// Why it is an exception.
    pub reasons: Reasons,
    /// This month's kWh.
    pub energy_kwh: Quantity,
    /// This month's fee.
    pub amount: Money,
    /// The three months before.
    pub past: Past,
    /// Where it stands.
    pub state: ExceptionState,
    /// The list it was sent on.
    pub list_id: Option<i64>,
    /// Its exception form or ticket.
    pub ticket_id: Option<i64>,
    /// By when the station answers.
    pub due_on: Option<Date>,
    /// Who answered.
    pub answered_by: Option<i64>,
    /// What.
    pub answer: Option<String>,
    /// When the data were found to be in order.
    pub in_order_at: Option<Moment>,
    /// Working days the answer was late.
    pub late_days: i64,
    /// Version of the row.
    pub version: i64,
}

/// Which exceptions are wanted; nothing means all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExceptionFilter {
    /// Of one station.
    pub unit_id: Option<i64>,
    /// Of one account.
    pub account_id: Option<i64>,
    /// In one state.
    pub state: Option<ExceptionState>,
    /// Of dedicated-transformer customers, or of the others.
    pub dedicated: Option<bool>,
}

/// The lists sent to a station: number and how many customers stand on each; none where nobody would.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentLists {
    /// "Quantity/fee fluctuation exception customers" (电量电费浮动异常客户明细表).
    pub fluctuation: Option<(String, usize)>,
    /// "Zero-read and unread customers" (抄零、未抄客户明细表).
    pub zero_and_unread: Option<(String, usize)>,
    /// By when the station answers.
    pub due_on: Option<Date>,
}
