//! Reading one cell as what its column says it is.

use kernel::{Date, FigureError, Money, Month, Price, Quantity, Rate};

use crate::schema::{Choice, Kind};
use crate::{Error, Reason, Result};

/// What a cell holds once it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Empty,
    /// Text or code.
    Text(String),
    /// Whole number.
    Integer(i64),
    /// Quantity.
    Quantity(Quantity),
    /// Amount of money.
    Money(Money),
    /// Price per unit.
    Price(Price),
    /// Rate.
    Rate(Rate),
    /// Day.
    Date(Date),
    /// Month.
    Month(Month),
}

impl Value {
    /// The one way to write this value, for keys.
    pub fn canonical(&self) -> String {
        match self {
            Value::Empty => String::new(),
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Quantity(quantity) => quantity.to_string(),
            Value::Money(money) => money.to_string(),
            Value::Price(price) => price.to_string(),
            Value::Rate(rate) => rate.to_string(),
            Value::Date(date) => date.to_string(),
            Value::Month(month) => month.to_string(),
        }
    }
}

/// What a [`Value`] can be taken as.
pub trait FromValue: Sized {
    /// The value as this type; nothing when it is of another kind.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty => $variant:ident),*) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Option<Self> {
                if let Value::$variant(held) = value { Some(held.clone()) } else { None }
            }
        }
    )*};
}
from_value!(
    String => Text, i64 => Integer, Quantity => Quantity, Money => Money, Price => Price, Rate => Rate, Date => Date,
    Month => Month
);

/// Takes `value` out as a `T`; `key` names the column when the program asked for the wrong kind.
pub(crate) fn typed<T: FromValue>(value: &Value, key: &str) -> Result<Option<T>> {
    match value {
        Value::Empty => Ok(None),
        value => T::from_value(value).map(Some).ok_or_else(|| Error::Description(key.into())),
    }
}

/// Signs that take no room and that copying from web pages leaves behind.
fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Full-width signs (全角) as their half-width ones, the minus of typesetters as a hyphen, nothing invisible.
pub(crate) fn half_width(text: &str) -> String {
    text.chars()
        .filter(|sign| !is_invisible(*sign))
        .map(|sign| match sign {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(sign) - 0xfee0).unwrap_or(sign),
            '\u{3000}' | '\u{a0}' => ' ',
            '\u{2212}' => '-',
            other => other,
        })
        .collect()
}

/// The cell without the wrappings by which programs keep Excel from interpreting it: `="0012"` and `'-name`.
pub(crate) fn unwrapped(cell: &str) -> &str {
    let cell = cell.trim();
    if let Some(inner) = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'))
        && !inner.contains('"')
    {
        return inner.trim();
    }
    match cell.strip_prefix('\'') {
        Some(rest)
            if rest.trim_start().starts_with(['=', '+', '-', '@']) || rest.starts_with(['\t', '\r']) =>
        {
            rest.trim()
        }
        _ => cell,
    }
}

/// Reads `cell` as `kind`. Blanks around it never count; an empty cell is [`Value::Empty`].
pub(crate) fn read(cell: &str, kind: &Kind) -> std::result::Result<Value, Reason> {
    let cell = unwrapped(cell);
    if cell.is_empty() {
        return Ok(Value::Empty);
    }
    match kind {
        Kind::Text { chars_max } => {
            if cell.chars().any(|sign| sign.is_control() && !matches!(sign, '\n' | '\t')) {
                return Err(Reason::ControlSign);
            }
            short(cell.to_owned(), *chars_max).map(Value::Text)
        }
        Kind::Code { chars_max } => {
            let code: String = half_width(cell).split_whitespace().collect();
            if is_scientific(&code) {
                return Err(Reason::DigitsLost);
            }
            if code.chars().any(char::is_control) {
                return Err(Reason::ControlSign);
            }
            short(code, *chars_max).map(Value::Text)
        }
        Kind::Choice(choices) => choice(cell, choices).map(Value::Text),
        Kind::Integer { least, most } => {
            let wrong = || Reason::NotAWholeNumber { least: *least, most: *most };
            let text = figure(cell)?;
            let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong());
            }
            let number: i64 = text.parse().map_err(|_| wrong())?;
            if (*least..=*most).contains(&number) { Ok(Value::Integer(number)) } else { Err(wrong()) }
        }
        Kind::Quantity => figure(cell)?.parse().map(Value::Quantity).map_err(figure_reason),
        Kind::Price => figure(cell)?.parse().map(Value::Price).map_err(figure_reason),
        Kind::Money => figure(&plain_money(cell))?.parse().map(Value::Money).map_err(figure_reason),
        Kind::Rate => rate(&figure(cell)?).map(Value::Rate),
        Kind::Date => date(&half_width(cell)).map(Value::Date),
        Kind::Month => month(&half_width(cell)).map(Value::Month),
    }
}

fn short(text: String, chars_max: usize) -> std::result::Result<String, Reason> {
    if text.chars().nth(chars_max).is_some() { Err(Reason::TooLong { chars_max }) } else { Ok(text) }
}

/// `1.23E+15`, as Excel shows long numbers and writes them to CSV.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole) && digits(fraction) && exponent.strip_prefix('+').is_some_and(digits)
}

/// A number in half-width digits without the commas between thousands.
fn figure(cell: &str) -> std::result::Result<String, Reason> {
    let text = half_width(cell).trim().to_owned();
    if is_scientific(&text) {
        return Err(Reason::DigitsLost);
    }
    if !text.contains(',') {
        return Ok(text);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = if let Some(rest) = whole.strip_prefix('-') { ("-", rest) } else { ("", whole) };
    let mut groups = digits.split(',');
    let first = groups.next().map_or(0, str::len);
    if !(1..=3).contains(&first) || groups.any(|group| group.len() != 3) || fraction.contains(',') {
        return Err(Reason::NotANumber);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(format!("{sign}{}{point}{fraction}", digits.replace(',', "")))
}

/// `¥1,234.56` and `1234.56元` without sign and unit.
fn plain_money(cell: &str) -> String {
    let text = cell.trim();
    let text = text.strip_suffix(['元', '圆']).unwrap_or(text).trim_end();
    match text.strip_prefix(['-', '－']) {
        Some(rest) => format!("-{}", rest.trim_start().trim_start_matches(['¥', '￥'])),
        None => text.trim_start_matches(['¥', '￥']).trim_start().to_owned(),
    }
}

fn figure_reason(error: FigureError) -> Reason {
    match error {
        FigureError::NotANumber(_) => Reason::NotANumber,
        other => Reason::Figure(other),
    }
}

/// `0.05` or `5%`.
fn rate(text: &str) -> std::result::Result<Rate, Reason> {
    let Some(percent) = text.strip_suffix('%') else { return text.parse().map_err(figure_reason) };
    let hundredfold: Rate = percent.trim_end().parse().map_err(figure_reason)?;
    if hundredfold.units() % 100 != 0 {
        return Err(Reason::Figure(FigureError::TooPrecise { text: text.into(), places: Rate::PLACES }));
    }
    Ok(Rate::from_units(hundredfold.units() / 100))
}

/// A day; midnight may stand behind it, as programs write days into CSV.
fn date(text: &str) -> std::result::Result<Date, Reason> {
    let day = match text.split_once([' ', 'T']) {
        Some((day, clock)) if is_midnight(clock) => day,
        _ => text,
    };
    day.parse().map_err(|_| Reason::ImpossibleDate)
}

fn is_midnight(clock: &str) -> bool {
    let clock = clock.trim();
    clock.starts_with('0')
        && clock.len() <= 12
        && clock.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'))
}

/// A month, or its first day, which Excel makes of a month that somebody types.
fn month(text: &str) -> std::result::Result<Month, Reason> {
    if let Ok(month) = text.parse() {
        return Ok(month);
    }
    match date(text) {
        Ok(day) if day.day() == 1 => Ok(day.month()),
        _ => Err(Reason::ImpossibleDate),
    }
}

fn choice(cell: &str, choices: &[Choice]) -> std::result::Result<String, Reason> {
    // Mostly people write it exactly as the template does.
    let same = |choice: &&Choice| choice.code == cell || choice.names.iter().any(|name| name == cell);
    if let Some(choice) = choices.iter().find(same) {
        return Ok(choice.code.clone());
    }
    let wanted = crate::schema::normal(cell);
    let fits = |choice: &&Choice| {
        std::iter::once(&choice.code).chain(&choice.names).any(|name| crate::schema::normal(name) == wanted)
    };
    match choices.iter().find(fits) {
        Some(choice) => Ok(choice.code.clone()),
        None => Err(Reason::NotAChoice {
            accepted: choices
                .iter()
                .map(|choice| choice.names.first().unwrap_or(&choice.code).clone())
                .collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(cell: &str, kind: &Kind) -> Option<String> {
        read(cell, kind).ok().map(|value| value.canonical())
    }

    #[test]
    fn cells_are_read_as_people_write_them() {
        let money = [
            ("1234.5", Some("1234.50")),
            (" １２３４．５０ ", Some("1234.50")),
            ("1,234,567.89", Some("1234567.89")),
            ("１，２３４", Some("1234.00")),
            ("￥1,234.56", Some("1234.56")),
            ("-¥5.00", Some("-5.00")),
            ("300元", Some("300.00")),
            ("−12", Some("-12.00")),
            ("12,34", None),
            ("1,2345", None),
            ("1.234,5", None),
            ("12.345", None),
            ("1.2E+15", None),
            ("壹佰", None),
            ("¥", None),
        ];
        for (cell, expected) in money {
            assert_eq!(canonical(cell, &Kind::Money).as_deref(), expected, "{cell}");
        }
        let rates = [
            ("5%", Some("0.05")),
            ("１．５％", Some("0.015")),
            ("0.05", Some("0.05")),
            ("0.000000001%", None),
        ];
        for (cell, expected) in rates {
            assert_eq!(canonical(cell, &Kind::Rate).as_deref(), expected, "{cell}");
        }
        let dates = [
            ("2026/1/31", Some("2026-01-31")),
            ("２０２６年１月３１日", Some("2026-01-31")),
            ("2026-01-31 00:00:00", Some("2026-01-31")),
            ("2026-01-31T00:00", Some("2026-01-31")),
            ("2026-01-31 09:30", None),
            ("2026-02-30", None),
            ("46053", None),
        ];
        for (cell, expected) in dates {
            assert_eq!(canonical(cell, &Kind::Date).as_deref(), expected, "{cell}");
        }
        for (cell, expected) in
            [("2026年1月", Some("2026-01")), ("2026-01-01", Some("2026-01")), ("2026-01-02", None)]
        {
            assert_eq!(canonical(cell, &Kind::Month).as_deref(), expected, "{cell}");
        }
        let code = Kind::Code { chars_max: 12 };
        let codes = [
            ("００１２ ３４", Some("001234")),
            ("=\"0012\"", Some("0012")),
            ("12E3", Some("12E3")),
            ("00\u{200b}12", Some("0012")),
            ("00\u{7}12", None),
            ("6.22202E+15", None),
            ("1234567890123", None),
        ];
        for (cell, expected) in codes {
            assert_eq!(canonical(cell, &code).as_deref(), expected, "{cell}");
        }
        let integer = Kind::Integer { least: 0, most: 99 };
        for (cell, expected) in
            [("１２", Some("12")), ("100", None), ("-1", None), ("1.5", None), ("+7", Some("7"))]
        {
            assert_eq!(canonical(cell, &integer).as_deref(), expected, "{cell}");
        }
    }

    #[test]
    fn choices_go_by_code_or_name() {
        let kind = Kind::Choice(vec![
            Choice::new("residential", &["居民生活", "Residential"]),
            Choice::new("commercial", &["一般工商业", "Commercial"]),
        ]);
        for cell in ["residential", " 居民 生活", "RESIDENTIAL"] {
            assert_eq!(canonical(cell, &kind).as_deref(), Some("residential"), "{cell}");
        }
        let accepted = vec!["居民生活".to_owned(), "一般工商业".to_owned()];
        assert_eq!(read("农业", &kind), Err(Reason::NotAChoice { accepted }));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(cell in "\\PC{0,40}", figures in "[-+0-9０-９,，.．%¥元eE:/ 年月日]{0,24}") {
            let kinds = [
                Kind::Text { chars_max: 20 }, Kind::Code { chars_max: 20 }, Kind::Integer { least: -9, most: 9 },
                Kind::Quantity, Kind::Money, Kind::Price, Kind::Rate, Kind::Date, Kind::Month,
            ];
            for (cell, kind) in [&cell, &figures].into_iter().flat_map(|cell| kinds.iter().map(move |kind| (cell, kind))) {
                if let Ok(value) = read(cell, kind) {
                    prop_assert_eq!(read(&value.canonical(), kind), Ok(value));
                }
            }
        }
    }
}
