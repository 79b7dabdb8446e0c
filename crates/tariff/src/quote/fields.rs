//! Typed reading of one table: several spellings for a key, numbers as people write them, and a refusal of keys
//! nobody asked for, with the nearest known one.

use std::cell::{Cell, RefCell};
use std::str::FromStr;

use kernel::{Bilingual, Date, Exact, FigureError, Lang, Rate};

use super::error::{QuoteError, Quoted};
use super::node::{Entry, Node, Source, Span, Value};

/// A table being read.
pub(super) struct Fields<'a> {
    pub source: Source<'a>,
    pub span: Span,
    entries: &'a [Entry],
    taken: Vec<Cell<bool>>,
    known: RefCell<Vec<&'static str>>,
}

/// Keys compare without case, and with `-`, blank and `_` alike.
fn plain(key: &str) -> String {
    key.trim().to_lowercase().replace(['-', ' '], "_")
}

/// How many single-character changes lie between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let changed = corner + usize::from(left != *right);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

/// The nearest of `known` to `word`, when it is near enough to be meant.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word: String = plain(word).chars().take(60).collect();
    known
        .into_iter()
        .map(|name| {
            let contained = word.len() >= 3 && (name.contains(&word) || word.contains(name));
            (if contained { distance(&word, name).min(3) } else { distance(&word, name) }, name)
        })
        .filter(|(far, name)| *far <= 2 + name.len() / 4)
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

impl<'a> Fields<'a> {
    /// Reads `node` as a table.
    pub fn of(source: Source<'a>, node: &'a Node) -> Quoted<Fields<'a>> {
        match &node.value {
            Value::Table(entries) => Ok(Fields {
                source,
                span: node.span.clone(),
                entries,
                taken: entries.iter().map(|_| Cell::new(false)).collect(),
                known: RefCell::default(),
            }),
            _ => Err(source.refuse(
                &node.span,
                "这里应是一个表（键 = 值）",
                "a table of keys and values is expected here",
            )),
        }
    }

    /// The entry under one of its spellings. Two spellings at once are refused.
    pub fn entry(&self, names: &[&'static str]) -> Quoted<Option<&'a Entry>> {
        self.known.borrow_mut().extend(names);
        let mut found: Option<&'a Entry> = None;
        for (index, entry) in self.entries.iter().enumerate() {
            if !names.contains(&plain(&entry.key).as_str()) || matches!(entry.node.value, Value::Nothing) {
                continue;
            }
            self.taken[index].set(true);
            if let Some(first) = found {
                return Err(self.source.refuse(
                    &entry.key_span,
                    format!("“{}”与“{}”是同一项，请只留一个", entry.key, first.key),
                    format!("`{}` and `{}` are the same thing; keep one", entry.key, first.key),
                ));
            }
            found = Some(entry);
        }
        Ok(found)
    }
    /// The value under one of its spellings.
    pub fn node(&self, names: &[&'static str]) -> Quoted<Option<&'a Node>> {
        Ok(self.entry(names)?.map(|entry| &entry.node))
    }
    /// Is one of the spellings there? Does not count as reading it.
    pub fn has(&self, names: &[&str]) -> bool {
        self.entries.iter().any(|entry| {
            names.contains(&plain(&entry.key).as_str()) && !matches!(entry.node.value, Value::Nothing)
        })
    }
    /// Where the value of a key stands, or the table.
    pub fn span_of(&self, names: &[&str]) -> Span {
        self.entries
            .iter()
            .find(|entry| names.contains(&plain(&entry.key).as_str()))
            .map_or_else(|| self.span.clone(), |entry| entry.node.span.clone())
    }
    /// All entries not read yet, and marks them read.
    pub fn rest(&self) -> Vec<&'a Entry> {
        let mut rest = Vec::new();
        for (entry, taken) in self.entries.iter().zip(&self.taken) {
            if !taken.replace(true) {
                rest.push(entry);
            }
        }
        rest
    }
    /// A free text.
    pub fn text(&self, names: &[&'static str]) -> Quoted<Option<String>> {
        self.node(names)?.map(|node| text_of(self.source, node)).transpose()
    }
    /// True or false.
    pub fn flag(&self, names: &[&'static str]) -> Quoted<Option<bool>> {
        let Some(node) = self.node(names)? else { return Ok(None) };
        match &node.value {
            Value::Flag(flag) => Ok(Some(*flag)),
            Value::Text(text) => match text.trim().to_lowercase().as_str() {
                "yes" | "true" | "on" | "是" => Ok(Some(true)),
                "no" | "false" | "off" | "否" => Ok(Some(false)),
                _ => Err(self.source.refuse(
                    &node.span,
                    "这里应是 true 或 false",
                    "true or false is expected here",
                )),
            },
            _ => Err(self.source.refuse(
                &node.span,
                "这里应是 true 或 false",
                "true or false is expected here",
            )),
        }
    }
    /// A figure, as number or text.
    pub fn figure<T: FromStr<Err = FigureError>>(&self, names: &[&'static str]) -> Quoted<Option<T>> {
        self.node(names)?.map(|node| figure_of(self.source, node)).transpose()
    }
    /// A figure that must not be negative.
    pub fn amount<T: FromStr<Err = FigureError> + PartialOrd + Default>(
        &self,
        names: &[&'static str],
    ) -> Quoted<Option<T>> {
        self.node(names)?.map(|node| amount_of(self.source, node)).transpose()
    }
    /// A rate: a fraction, or a text with % or ‰.
    pub fn rate(&self, names: &[&'static str]) -> Quoted<Option<Rate>> {
        self.node(names)?.map(|node| rate_of(self.source, node)).transpose()
    }
    /// A rate written in percent: 5, "5" or "5%".
    pub fn percent(&self, names: &[&'static str]) -> Quoted<Option<Rate>> {
        let Some(node) = self.node(names)? else { return Ok(None) };
        let written = number_text(self.source, node)?;
        let text = if written.ends_with(['%', '％', '‰']) { written } else { format!("{written}%") };
        parse_rate(&text).map(Some).map_err(|error| figure_error(self.source, &node.span, &error))
    }
    /// A ratio such as 150/5, 30 or 100×30.
    pub fn ratio(&self, names: &[&'static str]) -> Quoted<Option<Rate>> {
        self.node(names)?.map(|node| ratio_of(self.source, node)).transpose()
    }
    /// A whole number in a range.
    pub fn count(&self, names: &[&'static str], from: i64, to: i64) -> Quoted<Option<i64>> {
        let Some(node) = self.node(names)? else { return Ok(None) };
        let text = number_text(self.source, node)?;
        match text.parse::<i64>() {
            Ok(count) if (from..=to).contains(&count) => Ok(Some(count)),
            _ => Err(self.source.refuse(
                &node.span,
                format!("这里应是 {from} 到 {to} 的整数"),
                format!("a whole number from {from} to {to} is expected here"),
            )),
        }
    }
    /// A day.
    pub fn date(&self, names: &[&'static str]) -> Quoted<Option<Date>> {
        self.node(names)?.map(|node| date_of(self.source, node)).transpose()
    }
    /// A table inside.
    pub fn table(&self, names: &[&'static str]) -> Quoted<Option<Fields<'a>>> {
        self.node(names)?.map(|node| Fields::of(self.source, node)).transpose()
    }
    /// A list of tables; a single table counts as a list of one.
    pub fn tables(&self, names: &[&'static str]) -> Quoted<Vec<Fields<'a>>> {
        match self.node(names)? {
            None => Ok(Vec::new()),
            Some(Node { value: Value::List(list), .. }) => {
                list.iter().map(|node| Fields::of(self.source, node)).collect()
            }
            Some(node) => Ok(vec![Fields::of(self.source, node)?]),
        }
    }
    /// One of several words; the first spelling of each choice names it.
    pub fn choice<T: Copy>(&self, names: &[&'static str], choices: &[(&[&str], T)]) -> Quoted<Option<T>> {
        self.node(names)?.map(|node| choice_of(self.source, node, choices)).transpose()
    }
    /// An error at the table.
    pub fn refuse(&self, zh: impl Into<String>, en: impl Into<String>) -> QuoteError {
        self.source.refuse(&self.span, zh, en)
    }
    /// An error at the value of a key.
    pub fn refuse_at(&self, names: &[&str], zh: impl Into<String>, en: impl Into<String>) -> QuoteError {
        self.source.refuse(&self.span_of(names), zh, en)
    }
    /// Refuses keys that nobody asked for.
    pub fn finish(&self) -> Quoted<()> {
        for (entry, taken) in self.entries.iter().zip(&self.taken) {
            if taken.get() || matches!(entry.node.value, Value::Nothing) {
                continue;
            }
            let known = self.known.borrow();
            let (mut zh, mut en) = match nearest(&entry.key, known.iter().copied()) {
                Some(name) => (format!("，是否指“{name}”？"), format!("; did you mean `{name}`?")),
                None => {
                    let mut names: Vec<&str> = known.clone();
                    names.sort_unstable();
                    names.dedup();
                    (
                        format!("；可用的有：{}", names.join("、")),
                        format!("; known here: {}", names.join(", ")),
                    )
                }
            };
            zh.insert_str(0, &format!("不认识的项“{}”", short(&entry.key)));
            en.insert_str(0, &format!("unknown key `{}`", short(&entry.key)));
            return Err(self.source.refuse(&entry.key_span, zh, en));
        }
        Ok(())
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

pub(super) fn figure_error(source: Source<'_>, span: &Span, error: &FigureError) -> QuoteError {
    source.refuse(span, error.text(Lang::Zh), error.text(Lang::En))
}

/// A text, or a number or date as it is written.
pub(super) fn text_of(source: Source<'_>, node: &Node) -> Quoted<String> {
    match &node.value {
        Value::Text(text) | Value::Number(text) | Value::Date(text) => Ok(text.clone()),
        _ => Err(source.refuse(&node.span, "这里应是文字", "a text is expected here")),
    }
}

const UNITS: [&str; 16] = [
    "yuan/kwh",
    "元/千瓦时",
    "元/kwh",
    "kvarh",
    "kvar",
    "kwh",
    "kva",
    "kw",
    "yuan",
    "元",
    "千瓦时",
    "千伏安",
    "千瓦",
    "度",
    "天",
    "个月",
];

/// `1,234,567.89` without its commas; anything else as it is.
fn ungrouped(text: &str) -> String {
    let whole = text.split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default().trim_start_matches(['-', '+']);
    if (1..=3).contains(&first.len()) && whole.contains(',') && groups.all(|group| group.len() == 3) {
        return text.replace(',', "");
    }
    text.to_owned()
}

/// The text of a number, without its unit.
fn number_text(source: Source<'_>, node: &Node) -> Quoted<String> {
    match &node.value {
        Value::Number(text) => Ok(text.clone()),
        Value::Text(text) => {
            let text = text.trim();
            let lower = text.to_ascii_lowercase();
            let unit = UNITS.iter().find(|unit| lower.ends_with(*unit)).map_or(0, |unit| unit.len());
            Ok(ungrouped(text.get(..text.len() - unit).unwrap_or(text).trim()))
        }
        _ => Err(source.refuse(&node.span, "这里应是数字", "a number is expected here")),
    }
}

pub(super) fn figure_of<T: FromStr<Err = FigureError>>(source: Source<'_>, node: &Node) -> Quoted<T> {
    let text = number_text(source, node)?;
    text.parse().map_err(|error| figure_error(source, &node.span, &error))
}

pub(super) fn amount_of<T: FromStr<Err = FigureError> + PartialOrd + Default>(
    source: Source<'_>,
    node: &Node,
) -> Quoted<T> {
    let figure: T = figure_of(source, node)?;
    if figure < T::default() {
        return Err(source.refuse(&node.span, "这里不得为负", "this must not be negative"));
    }
    Ok(figure)
}

fn parse_rate(text: &str) -> Result<Rate, FigureError> {
    let (digits, divisor) = match text.strip_suffix(['%', '％']) {
        Some(digits) => (digits, 100),
        None => match text.strip_suffix('‰') {
            Some(digits) => (digits, 1000),
            None => (text, 1),
        },
    };
    let rate: Rate = digits.parse()?;
    if divisor == 1 {
        return Ok(rate);
    }
    let exact = rate.exact().over(Exact::whole(divisor))?;
    exact.to_rate(Rate::PLACES)
}

pub(super) fn rate_of(source: Source<'_>, node: &Node) -> Quoted<Rate> {
    let text = number_text(source, node)?;
    parse_rate(&text).map_err(|error| figure_error(source, &node.span, &error))
}

fn parse_ratio(text: &str) -> Result<Rate, FigureError> {
    let wrong = || FigureError::NotANumber(short(text));
    let mut product = Exact::whole(1);
    for factor in text.split(['*', '×', 'x', 'X']) {
        let each = match factor.split_once(['/', ':', '：']) {
            Some((primary, secondary)) => {
                let strip =
                    |side: &str| side.trim().trim_end_matches(['V', 'v', 'A', 'a', 'k']).trim().to_owned();
                let over: Rate = strip(primary).parse()?;
                over.exact().over(strip(secondary).parse::<Rate>()?.exact())?
            }
            None => factor.trim().parse::<Rate>()?.exact(),
        };
        product = product.times(each)?;
    }
    let rate = product.to_rate(Rate::PLACES)?;
    if rate <= Rate::ZERO { Err(wrong()) } else { Ok(rate) }
}

pub(super) fn ratio_of(source: Source<'_>, node: &Node) -> Quoted<Rate> {
    let text = number_text(source, node)?;
    parse_ratio(&text).map_err(|_| {
        source.refuse(
            &node.span,
            format!("“{}”不是大于零的变比，例如 150/5 或 30", short(&text)),
            format!("`{}` is not a ratio above zero such as 150/5 or 30", short(&text)),
        )
    })
}

pub(super) fn date_of(source: Source<'_>, node: &Node) -> Quoted<Date> {
    let text = text_of(source, node)?;
    text.parse().map_err(|_| {
        source.refuse(
            &node.span,
            format!("“{}”不是日期，例如 2026-01-31", short(&text)),
            format!("`{}` is not a date such as 2026-01-31", short(&text)),
        )
    })
}

pub(super) fn choice_of<T: Copy>(source: Source<'_>, node: &Node, choices: &[(&[&str], T)]) -> Quoted<T> {
    let text = plain(&text_of(source, node)?);
    for (spellings, choice) in choices {
        if spellings.iter().any(|spelling| *spelling == text) {
            return Ok(*choice);
        }
    }
    let all = choices.iter().flat_map(|(spellings, _)| spellings.iter().copied());
    let names: Vec<&str> = choices.iter().filter_map(|(spellings, _)| spellings.first().copied()).collect();
    let (zh, en) = match nearest(&text, all) {
        Some(name) => (format!("，是否指“{name}”？"), format!("; did you mean `{name}`?")),
        None => (String::new(), String::new()),
    };
    Err(source.refuse(
        &node.span,
        format!("“{}”不在可选之列：{}{zh}", short(&text), names.join("、")),
        format!("`{}` is not one of: {}{en}", short(&text), names.join(", ")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_and_rates_are_read_as_written() {
        let cases = [
            ("150/5", "30"),
            ("10000/100", "100"),
            ("30", "30"),
            ("10000/100 × 150/5", "3000"),
            ("200:5", "40"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_ratio(text).unwrap().to_string(), expected, "{text}");
        }
        for text in ["", "0", "1/0", "-3", "a/b", "1//2"] {
            assert!(parse_ratio(text).is_err(), "{text}");
        }
        assert_eq!(parse_rate("-0.75%").unwrap().to_string(), "-0.0075");
        assert_eq!(parse_rate("2‰").unwrap().to_string(), "0.002");
    }

    #[test]
    fn thousands_may_be_grouped() {
        let cases = [
            ("1,234.50", "1234.50"),
            ("-12,345,678", "-12345678"),
            ("0,5", "0,5"),
            ("1,23", "1,23"),
            (",123", ",123"),
        ];
        for (text, expected) in cases {
            assert_eq!(ungrouped(text), expected);
        }
    }

    #[test]
    fn unknown_words_are_answered_with_the_nearest() {
        assert_eq!(nearest("enrgy", ["energy", "capacity"]), Some("energy"));
        assert_eq!(nearest("kWh-Used", ["used_kwh", "kwh_used"]), Some("kwh_used"));
        assert_eq!(nearest("zzzzzzzz", ["energy", "capacity"]), None);
    }
}
