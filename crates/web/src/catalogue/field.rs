//! What an act, a list or a page takes: described once, parsed once, shown as a form and as a schema.

use std::collections::BTreeMap;

use kernel::{Date, Money, Month, Quantity, Text};

use super::{Look, Refusal};

/// Codes with their words.
pub type Choices = Vec<(String, Text)>;

/// What a field takes.
#[derive(Clone, Copy)]
pub enum Takes {
    /// One line of at most so many characters.
    Text(usize),
    /// Several lines of at most so many characters.
    LongText(usize),
    /// An amount in yuan.
    Money,
    /// A quantity with at most six decimals.
    Quantity,
    /// A whole number between these.
    Count(i64, i64),
    /// A key of the house, handed out by a list.
    Id,
    /// A day.
    Date,
    /// A billing month.
    Month,
    /// Yes or no.
    Flag,
    /// One of these codes; their words are the messages `choice.FIELD.CODE`.
    Choice(&'static [&'static str]),
    /// One of what the look finds: code and words.
    Option(fn(&mut Look<'_, '_>) -> Result<Choices, Refusal>),
    /// A file of at most so many bytes; the text names what the browser offers (`.csv,.xlsx`).
    File(usize, &'static str),
    /// A password or another secret: never shown again, never kept with the request.
    Secret,
}

impl std::fmt::Debug for Takes {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Takes::Text(_) => "Text",
            Takes::LongText(_) => "LongText",
            Takes::Money => "Money",
            Takes::Quantity => "Quantity",
            Takes::Count(..) => "Count",
            Takes::Id => "Id",
            Takes::Date => "Date",
            Takes::Month => "Month",
            Takes::Flag => "Flag",
            Takes::Choice(_) => "Choice",
            Takes::Option(_) => "Option",
            Takes::File(..) => "File",
            Takes::Secret => "Secret",
        })
    }
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name; its label is the message `field.NAME`, a hint the message `hint.NAME` where there is one.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// It may not be left out.
    pub required: bool,
}

impl Field {
    /// A field that must be filled.
    pub const fn new(name: &'static str, takes: Takes) -> Field {
        Field { name, takes, required: true }
    }
    /// A field that may be left empty.
    pub const fn maybe(name: &'static str, takes: Takes) -> Field {
        Field { name, takes, required: false }
    }
}

/// A file that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentFile {
    /// Its name as sent.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What a request gave, before it is understood: texts and files by the name of the field.
#[derive(Debug, Clone, Default)]
pub struct Raw {
    /// Texts.
    pub texts: BTreeMap<String, String>,
    /// Files.
    pub files: BTreeMap<String, SentFile>,
}

/// One understood value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Text(String),
    Money(Money),
    Quantity(Quantity),
    Number(i64),
    Date(Date),
    Month(Month),
    Flag(bool),
    File(SentFile),
}

/// What was given, understood: every value bounded and of the kind its field takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    items: BTreeMap<&'static str, Item>,
}

impl Given {
    /// Understands `raw` by `fields`; names every field that cannot be taken, all at once. Unknown names are refused when
    /// `strict`, since a program that misspells a field must hear of it.
    pub fn understand(fields: &[Field], raw: &Raw, strict: bool) -> Result<Given, Refusal> {
        let mut given = Given::default();
        let mut wrong: Vec<(String, Text)> = Vec::new();
        for field in fields {
            if let Takes::File(most, _) = field.takes {
                match raw.files.get(field.name).filter(|file| !file.bytes.is_empty()) {
                    Some(file) if file.bytes.len() > most => wrong.push((
                        field.name.to_owned(),
                        Text::new(
                            format!("文件超过 {most} 字节"),
                            format!("the file is larger than {most} bytes"),
                        ),
                    )),
                    Some(file) => {
                        given.items.insert(field.name, Item::File(file.clone()));
                    }
                    None if field.required => wrong.push((field.name.to_owned(), missing())),
                    None => {}
                }
                continue;
            }
            let text = raw.texts.get(field.name).map(|text| text.trim()).filter(|text| !text.is_empty());
            match text {
                None if matches!(field.takes, Takes::Flag) => {
                    given.items.insert(field.name, Item::Flag(false));
                }
                None if field.required => wrong.push((field.name.to_owned(), missing())),
                None => {}
                Some(text) => match item(field, text, raw) {
                    Ok(item) => {
                        given.items.insert(field.name, item);
                    }
                    Err(why) => wrong.push((field.name.to_owned(), why)),
                },
            }
        }
        if strict {
            let known = |name: &String| fields.iter().any(|field| field.name == name);
            for name in raw.texts.keys().chain(raw.files.keys()).filter(|name| !known(name)) {
                let short: String = name.chars().take(60).collect();
                wrong.push((short, Text::new("没有这个字段", "there is no such field")));
            }
        }
        if wrong.is_empty() { Ok(given) } else { Err(Refusal::fields(wrong)) }
    }

    /// The text of a field; empty when it was left out.
    pub fn text(&self, name: &str) -> &str {
        match self.items.get(name) {
            Some(Item::Text(text)) => text,
            _ => "",
        }
    }
    /// The text of a field that may be left out.
    pub fn maybe_text(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }
    /// The whole number or key of a field.
    pub fn number(&self, name: &str) -> Result<i64, Refusal> {
        self.maybe_number(name).ok_or_else(|| absent(name))
    }
    /// The whole number or key of a field that may be left out.
    pub fn maybe_number(&self, name: &str) -> Option<i64> {
        match self.items.get(name) {
            Some(Item::Number(number)) => Some(*number),
            _ => None,
        }
    }
    /// The amount of a field.
    pub fn money(&self, name: &str) -> Result<Money, Refusal> {
        self.maybe_money(name).ok_or_else(|| absent(name))
    }
    /// The amount of a field that may be left out.
    pub fn maybe_money(&self, name: &str) -> Option<Money> {
        match self.items.get(name) {
            Some(Item::Money(amount)) => Some(*amount),
            _ => None,
        }
    }
    /// The quantity of a field.
    pub fn quantity(&self, name: &str) -> Result<Quantity, Refusal> {
        self.maybe_quantity(name).ok_or_else(|| absent(name))
    }
    /// The quantity of a field that may be left out.
    pub fn maybe_quantity(&self, name: &str) -> Option<Quantity> {
        match self.items.get(name) {
            Some(Item::Quantity(quantity)) => Some(*quantity),
            _ => None,
        }
    }
    /// The day of a field.
    pub fn date(&self, name: &str) -> Result<Date, Refusal> {
        self.maybe_date(name).ok_or_else(|| absent(name))
    }
    /// The day of a field that may be left out.
    pub fn maybe_date(&self, name: &str) -> Option<Date> {
        match self.items.get(name) {
            Some(Item::Date(date)) => Some(*date),
            _ => None,
        }
    }
    /// The month of a field.
    pub fn month(&self, name: &str) -> Result<Month, Refusal> {
        self.maybe_month(name).ok_or_else(|| absent(name))
    }
    /// The month of a field that may be left out.
    pub fn maybe_month(&self, name: &str) -> Option<Month> {
        match self.items.get(name) {
            Some(Item::Month(month)) => Some(*month),
            _ => None,
        }
    }
    /// Was it ticked?
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.items.get(name), Some(Item::Flag(true)))
    }
    /// The file of a field.
    pub fn file(&self, name: &str) -> Option<&SentFile> {
        match self.items.get(name) {
            Some(Item::File(file)) => Some(file),
            _ => None,
        }
    }
    /// The bytes by which the same request is known again: every value in the order of names, files by their digest,
    /// secrets left out.
    pub fn canonical(&self, fields: &[Field]) -> Vec<u8> {
        use sha2::{Digest as _, Sha256};
        let mut bytes = Vec::new();
        for (name, item) in &self.items {
            if fields.iter().any(|field| field.name == *name && matches!(field.takes, Takes::Secret)) {
                continue;
            }
            let value = match item {
                Item::File(file) => format!("{} {:x?}", file.name, Sha256::digest(&file.bytes)),
                other => format!("{other:?}"),
            };
            bytes.extend_from_slice(format!("{name}={}:{value}\n", value.len()).as_bytes());
        }
        bytes
    }
}

fn missing() -> Text {
    Text::new("必填", "must be given")
}

fn absent(name: &str) -> Refusal {
    Refusal::fields(vec![(name.to_owned(), missing())])
}

fn item(field: &Field, text: &str, raw: &Raw) -> Result<Item, Text> {
    let figure = |error: kernel::FigureError| {
        use kernel::{Bilingual as _, Lang};
        Text::new(error.text(Lang::Zh), error.text(Lang::En))
    };
    let bounded = |text: &str, most: usize, lines: bool| {
        if text.chars().count() > most {
            return Err(Text::new(format!("不能超过 {most} 字"), format!("at most {most} characters")));
        }
        if text.chars().any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) {
            return Err(Text::new("含有控制字符", "has control characters"));
        }
        Ok(Item::Text(text.to_owned()))
    };
    match field.takes {
        Takes::Text(most) => bounded(text, most, false),
        Takes::LongText(most) => bounded(text, most, true),
        Takes::Option(_) => bounded(text, 100, false),
        // A password may begin or end with a blank.
        Takes::Secret => bounded(raw.texts.get(field.name).map_or(text, String::as_str), 1_000, false),
        Takes::Money => plain(text).parse().map(Item::Money).map_err(figure),
        Takes::Quantity => plain(text).parse().map(Item::Quantity).map_err(figure),
        Takes::Date => text.parse().map(Item::Date).map_err(figure),
        Takes::Month => text.parse().map(Item::Month).map_err(figure),
        Takes::Count(least, most) => match plain(text).parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(Item::Number(number)),
            _ => Err(Text::new(
                format!("应为 {least} 到 {most} 的整数"),
                format!("a whole number from {least} to {most}"),
            )),
        },
        Takes::Id => match text.parse::<i64>() {
            Ok(number) if number >= 0 => Ok(Item::Number(number)),
            _ => Err(Text::new("不是有效的编号", "not a key")),
        },
        Takes::Flag => match text {
            "true" | "on" | "1" => Ok(Item::Flag(true)),
            "false" | "0" => Ok(Item::Flag(false)),
            _ => Err(Text::new("应为是或否", "true or false")),
        },
        Takes::Choice(codes) if codes.contains(&text) => Ok(Item::Text(text.to_owned())),
        Takes::Choice(codes) => {
            Err(Text::new(format!("应为 {} 之一", codes.join("、")), format!("one of {}", codes.join(", "))))
        }
        Takes::File(..) => Err(Text::new("应为文件", "a file is needed")),
    }
}

/// A figure as people paste it: grouping commas and full-width digits are understood.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, ',' | '，'))
        .map(|c| match c {
            '０'..='９' => char::from_u32(u32::from(c) - 0xFF10 + 0x30).unwrap_or(c),
            '．' => '.',
            '－' => '-',
            other => other,
        })
        .collect()
}
