//! Floor 0: the things every room counts with, and no I/O at all.
//!
//! Money in whole fen, exact quantities, prices and rates, the one rounding rule, dates and
//! billing months, the working calendar, capital numerals, values that change by date, and
//! texts in two languages. Nothing here reads a clock, a file or a random number, and no
//! binary floating point takes part in any figure.

mod calendar;
mod date;
mod decimal;
mod effective;
mod exact;
mod lang;
mod money;
mod numerals;
mod split;

pub use calendar::{DayKind, SpecialDay, WorkingCalendar};
pub use date::{Date, Moment, Month};
pub use decimal::{Price, Quantity, Rate};
pub use effective::{Effective, Interval, Spell};
pub use exact::Exact;
pub use lang::{Bilingual, Lang, Text};
pub use money::Money;
pub use split::{split_by_weight, split_with_remainder_to};

/// What can go wrong with a figure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FigureError {
    /// The result does not fit the type that must hold it; nothing was wrapped or saturated.
    #[error("the figure is too large: {0}")]
    Overflow(&'static str),
    /// The text is not a plain decimal number.
    #[error("not a decimal number: {0:?}")]
    NotANumber(String),
    /// More decimal places than the type keeps; nothing is rounded silently.
    #[error("{text} has more than {places} decimal places")]
    TooPrecise {
        /// The text as given.
        text: String,
        /// The number of places the type keeps.
        places: u32,
    },
    /// Division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// Not a date, month or time of the calendar.
    #[error("not a calendar date: {0:?}")]
    NotADate(String),
    /// A split needs weights of which at least one is positive and none is negative.
    #[error("a split needs weights that are not negative and not all zero")]
    NoWeights,
    /// Not an amount in regular capital numerals (大写).
    #[error("not an amount in regular capital numerals: {0:?}; write it like 壹佰元整")]
    NotCapitals(String),
    /// The working calendar has no data for the year; nothing is guessed.
    #[error("the working calendar has no data for {0}; enter the official holidays of that year first")]
    NoCalendar(i16),
    /// A line of the working calendar that cannot be used: unreadable, given twice, or of a year without its 1 January.
    #[error("the working calendar cannot use {0:?}: unreadable, given twice, or its year lacks 1 January")]
    BadCalendar(String),
    /// Two values hold on the same day, or one ends before it begins.
    #[error("two values hold on {0}, or one ends before it begins")]
    Overlap(Date),
}

impl Bilingual for FigureError {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, FigureError::Overflow(what)) => format!("数值过大：{what}"),
            (Lang::Zh, FigureError::NotANumber(text)) => format!("不是十进制数：{text:?}"),
            (Lang::Zh, FigureError::TooPrecise { text, places }) => {
                format!("{text} 的小数位超过 {places} 位")
            }
            (Lang::Zh, FigureError::DivisionByZero) => "除数为零".into(),
            (Lang::Zh, FigureError::NotADate(text)) => format!("不是有效日期：{text:?}"),
            (Lang::Zh, FigureError::NoWeights) => "分摊需要非负且不全为零的权数".into(),
            (Lang::Zh, FigureError::NotCapitals(text)) => {
                format!("不是规范的大写金额：{text:?}，应写如“壹佰元整”")
            }
            (Lang::Zh, FigureError::NoCalendar(year)) => {
                format!("工作日历没有 {year} 年的数据，请先录入该年法定节假日安排")
            }
            (Lang::Zh, FigureError::BadCalendar(line)) => {
                format!("工作日历无法采用 {line:?}：无法识别、重复，或该年缺少 1 月 1 日")
            }
            (Lang::Zh, FigureError::Overlap(date)) => format!("{date} 同时有两个生效值，或止期早于起期"),
        }
    }
}

/// Shorthand for results whose only failure is a figure.
pub type Result<T> = std::result::Result<T, FigureError>;
