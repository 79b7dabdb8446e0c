//! What a page shows and the interface answers: typed values, so that a screen, a file and a program read the same figure.

use documents::sheet::Cell as SheetCell;
use kernel::{Bilingual, Date, Lang, Moment, Money, Month, Price, Quantity, Rate, Text};

use crate::words;

/// What a column or a fact holds, and with it how it is written and described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Texts, also numbers that are names.
    Text,
    /// One of a few words: a state, a post, a reason. Shown as a badge.
    Word,
    /// Whole numbers.
    Count,
    /// Yuan with two decimals.
    Money,
    /// Quantities with this many decimals.
    Quantity(u8),
    /// Prices in yuan with this many decimals.
    Price(u8),
    /// Rates in percent with this many decimals.
    Percent(u8),
    /// A day.
    Date,
    /// A billing month.
    Month,
    /// A moment, shown to the second.
    Moment,
    /// Yes or no.
    Flag,
}

impl Kind {
    /// Figures stand at the right.
    pub fn is_figure(self) -> bool {
        matches!(self, Kind::Count | Kind::Money | Kind::Quantity(_) | Kind::Price(_) | Kind::Percent(_))
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Empty,
    /// A text as stored.
    Text(String),
    /// A word of the message files, by its key; a program reads what follows the last dot.
    Word(String),
    /// A text that comes in both languages.
    Said(Text),
    /// A whole number.
    Count(i64),
    /// An amount.
    Money(Money),
    /// A quantity.
    Quantity(Quantity),
    /// A price.
    Price(Price),
    /// A rate.
    Rate(Rate),
    /// A day.
    Date(Date),
    /// A billing month.
    Month(Month),
    /// A moment.
    Moment(Moment),
    /// Yes or no.
    Flag(bool),
}

/// What a value means to the eye. Never the only sign: the words say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// In order, done.
    Good,
    /// Needs a look: due today, waiting.
    Warn,
    /// Late, refused, negative, wrong.
    Bad,
    /// Of little weight.
    Quiet,
}

/// A value in its place: where it leads to, and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// The value.
    pub value: Value,
    /// The page it leads to, a path of this house.
    pub link: Option<String>,
    /// Its tone.
    pub tone: Tone,
}

impl Cell {
    /// The same cell leading to `path`.
    pub fn to(mut self, path: impl Into<String>) -> Cell {
        self.link = Some(path.into());
        self
    }
    /// The same cell in `tone`.
    pub fn toned(mut self, tone: Tone) -> Cell {
        self.tone = tone;
        self
    }
    /// A word of the message files.
    pub fn word(key: impl Into<String>) -> Cell {
        Cell { value: Value::Word(key.into()), ..Cell::default() }
    }
    /// A text in both languages.
    pub fn said(zh: impl Into<String>, en: impl Into<String>) -> Cell {
        Cell { value: Value::Said(Text::new(zh, en)), ..Cell::default() }
    }
}

macro_rules! cells {
    ($($type:ty => |$value:ident| $made:expr;)+) => {
        $(impl From<$type> for Cell {
            fn from($value: $type) -> Cell {
                Cell { value: $made, ..Cell::default() }
            }
        })+
    };
}
cells! {
    Value => |value| value;
    &str => |value| Value::Text(value.to_owned());
    String => |value| Value::Text(value);
    Text => |value| Value::Said(value);
    i64 => |value| Value::Count(value);
    u32 => |value| Value::Count(i64::from(value));
    u64 => |value| Value::Count(i64::try_from(value).unwrap_or(i64::MAX));
    usize => |value| Value::Count(i64::try_from(value).unwrap_or(i64::MAX));
    Money => |value| Value::Money(value);
    Quantity => |value| Value::Quantity(value);
    Price => |value| Value::Price(value);
    Rate => |value| Value::Rate(value);
    Date => |value| Value::Date(value);
    Month => |value| Value::Month(value);
    Moment => |value| Value::Moment(value);
    bool => |value| Value::Flag(value);
}
impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or_else(Cell::default, Into::into)
    }
}

/// A row of cells: `cells![number, name, amount]`.
#[macro_export]
macro_rules! cells {
    ($($cell:expr),* $(,)?) => { vec![$($crate::catalogue::Cell::from($cell)),*] };
}

impl Value {
    /// As a person reads it, in a column or fact of `kind`; empty for nothing.
    pub fn written(&self, kind: Kind, lang: Lang) -> String {
        match self {
            Value::Empty => String::new(),
            Value::Text(text) => text.clone(),
            Value::Word(key) => words::say(lang, key),
            Value::Said(text) => text.text(lang),
            Value::Count(number) => documents::page::grouped(&number.to_string()),
            Value::Money(amount) => documents::page::yuan(*amount),
            Value::Quantity(quantity) => {
                let places = if let Kind::Quantity(places) = kind { u32::from(places) } else { 2 };
                documents::page::quantity(*quantity, places)
            }
            Value::Price(price) => price.to_string(),
            Value::Rate(rate) => percent(*rate, if let Kind::Percent(places) = kind { places } else { 2 }),
            Value::Date(date) => date.to_string(),
            Value::Month(month) => month.to_string(),
            Value::Moment(moment) => moment.to_string(),
            Value::Flag(yes) => words::say(lang, if *yes { "word.yes" } else { "word.no" }),
        }
    }
    /// As a program reads it: figures as exact decimal strings, whole numbers as numbers, words as their codes.
    pub fn json(&self, lang: Lang) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::Empty => Json::Null,
            Value::Text(text) => Json::String(text.clone()),
            Value::Word(key) => Json::String(key.rsplit('.').next().unwrap_or_default().to_owned()),
            Value::Said(text) => Json::String(text.text(lang)),
            Value::Count(number) => Json::from(*number),
            Value::Money(amount) => Json::String(amount.to_string()),
            Value::Quantity(quantity) => Json::String(quantity.to_string()),
            Value::Price(price) => Json::String(price.to_string()),
            Value::Rate(rate) => Json::String(rate.to_string()),
            Value::Date(date) => Json::String(date.to_string()),
            Value::Month(month) => Json::String(month.to_string()),
            Value::Moment(moment) => Json::String(moment.to_string()),
            Value::Flag(yes) => Json::Bool(*yes),
        }
    }
    /// As a cell of an Excel sheet.
    pub fn sheet_cell(&self, lang: Lang) -> SheetCell {
        match self {
            Value::Empty => SheetCell::Empty,
            Value::Count(number) => SheetCell::Integer(*number),
            Value::Money(amount) => SheetCell::Money(*amount),
            Value::Quantity(quantity) => SheetCell::Quantity(*quantity),
            Value::Price(price) => SheetCell::Price(*price),
            Value::Rate(rate) => SheetCell::Percent(*rate),
            Value::Date(date) => SheetCell::Date(*date),
            Value::Month(month) => SheetCell::Month(*month),
            other => SheetCell::Text(other.written(Kind::Text, lang)),
        }
    }
    /// Less than nothing: shown so that nobody overlooks it.
    pub fn is_negative(&self) -> bool {
        match self {
            Value::Count(number) => *number < 0,
            Value::Money(amount) => amount.fen() < 0,
            Value::Quantity(quantity) => quantity.to_string().starts_with('-'),
            Value::Price(price) => price.to_string().starts_with('-'),
            Value::Rate(rate) => rate.to_string().starts_with('-'),
            _ => false,
        }
    }
    /// What comes first when a column is sorted: figures by size, texts by their characters, nothing last.
    pub fn order(&self, other: &Value, lang: Lang) -> std::cmp::Ordering {
        use std::cmp::Ordering;
        match (self, other) {
            (Value::Empty, Value::Empty) => Ordering::Equal,
            (Value::Empty, _) => Ordering::Greater,
            (_, Value::Empty) => Ordering::Less,
            (Value::Count(one), Value::Count(two)) => one.cmp(two),
            (Value::Money(one), Value::Money(two)) => one.cmp(two),
            (Value::Quantity(one), Value::Quantity(two)) => one.cmp(two),
            (Value::Price(one), Value::Price(two)) => one.cmp(two),
            (Value::Rate(one), Value::Rate(two)) => one.cmp(two),
            (Value::Date(one), Value::Date(two)) => one.cmp(two),
            (Value::Month(one), Value::Month(two)) => one.cmp(two),
            (Value::Moment(one), Value::Moment(two)) => one.cmp(two),
            (Value::Flag(one), Value::Flag(two)) => one.cmp(two),
            (one, two) => one.written(Kind::Text, lang).cmp(&two.written(Kind::Text, lang)),
        }
    }
}

/// A rate in percent with `places` decimals.
fn percent(rate: Rate, places: u8) -> String {
    // A rate has ten decimals, so a hundred times it has eight; both are exact.
    let text = rate.to_string();
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{decimals:0<10}");
    let parts: i128 = digits.parse().unwrap_or(0);
    let drop = 10_i128.pow(u32::from(8_u8.saturating_sub(places)));
    let rounded = (parts + drop / 2) / drop;
    let unit = 10_i128.pow(u32::from(places.min(8)));
    if places == 0 {
        format!("{sign}{rounded}%")
    } else {
        format!("{sign}{}.{:0width$}%", rounded / unit, rounded % unit, width = usize::from(places.min(8)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Percent are rounded half up and keep their places.
    #[test]
    fn rates_are_written_in_percent() {
        for (rate, places, written) in
            [("0.9975", 2, "99.75%"), ("0.05", 0, "5%"), ("-0.12345", 1, "-12.3%"), ("1", 2, "100.00%")]
        {
            let rate: Rate = rate.parse().expect("a rate");
            assert_eq!(Value::Rate(rate).written(Kind::Percent(places), Lang::Zh), written);
        }
    }
}
