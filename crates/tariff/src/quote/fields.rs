//! Typed reading of one table: several spellings for a key, numbers as people write them, and a refusal of keys
//! nobody asked for, with the nearest known one.

use std::cell::{Cell, RefCell};
use std::str::FromStr;

use kernel::{Bilingual, Date, Exact, FigureError, Lang, Rate};

use super::error::{QuoteError, Quoted};
use super::node::{Entry, Node, Source, Start, Value};

/// A table being read.
pub(super) struct Fields<'a> {
    pub source: Source<'a>,
    pub span: Start,
    entries: &'a [Entry],
    taken: Vec<Cell<bool>>,
    known: RefCell<Vec<&'static str>>,
}

/// More keys than these are not listed in an error.
const LISTED_MAX: usize = 40;

/// Keys of the top of the file that are easily written below a `[section]`, which then takes them.
const TOP_KEYS: [&str; 26] = [
    "kwh",
    "price",
    "month",
    "period",
    "rules",
    "category",
    "title",
    "used_kwh",
    "capacity_kva",
    "capacity_price",
    "contract_kw",
    "demand_kw",
    "demand_price",
    "energy_price",
    "pf_standard",
    "power_factor",
    "line_loss",
    "loss",
    "transformers",
    "funds",
    "tiers",
    "readings",
    "multiplier",
    "kvarh",
    "basis",
    "voltage",
];

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
        .filter(|(far, name)| {
            let long = name.chars().count();
            *far <= 2 + long / 4 && *far < long.max(word.chars().count())
        })
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

impl<'a> Fields<'a> {
    /// Reads `node` as a table.
    pub fn of(source: Source<'a>, node: &'a Node) -> Quoted<Fields<'a>> {
        match &node.value {
            Value::Table(entries) => Ok(Fields {
                source,
                span: node.span,
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
    pub fn span_of(&self, names: &[&str]) -> Start {
        self.entries
            .iter()
            .find(|entry| names.contains(&plain(&entry.key).as_str()))
            .map_or_else(|| self.span, |entry| entry.node.span)
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
            let misplaced = TOP_KEYS.contains(&plain(&entry.key).as_str());
            let (mut zh, mut en) = match nearest(&entry.key, known.iter().copied()) {
                _ if misplaced => (
                    "：这一项属于文件顶层，请写在第一个 [方括号] 之前".to_owned(),
                    ": it belongs to the top of the file; write it above the first [section]".to_owned(),
                ),
                Some(name) => (format!("，是否指“{name}”？"), format!("; did you mean `{name}`?")),
                None => {
                    let mut names: Vec<&str> = known.clone();
                    names.sort_unstable();
                    names.dedup();
                    if names.len() > LISTED_MAX {
                        (
                            "；可用的项见 docs/tariff-quote.zh-CN.md".to_owned(),
                            "; the keys are listed in docs/tariff-quote.md".to_owned(),
                        )
                    } else {
                        (
                            format!("；可用的有：{}", names.join("、")),
                            format!("; known here: {}", names.join(", ")),
                        )
                    }
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

pub(super) fn figure_error(source: Source<'_>, span: &Start, error: &FigureError) -> QuoteError {
    source.refuse(span, error.text(Lang::Zh), error.text(Lang::En))
}

/// A text, or a number or date as it is written.
pub(super) fn text_of(source: Source<'_>, node: &Node) -> Quoted<String> {
    match &node.value {
        Value::Text(text) | Value::Number(text) | Value::Date(text) => Ok(text.clone()),
        _ => Err(source.refuse(&node.span, "这里应是文字", "a text is expected here")),
    }
}

/// Units that may follow a number, in lower case and without blanks; what the number is multiplied by, as a power
/// of ten.
const UNITS: [(&[&str], i32); 5] = [
    (
        &[
            "kwh",
            "kvarh",
            "kvar",
            "kva",
            "kw",
            "yuan",
            "rmb",
            "cny",
            "v",
            "a",
            "h",
            "hours",
            "days",
            "months",
            "元",
            "千瓦时",
            "千瓦小时",
            "千乏时",
            "千乏",
            "千伏安",
            "千瓦",
            "度",
            "伏",
            "安",
            "小时",
            "天",
            "日",
            "个月",
            "月",
            "次",
            "人",
            "户",
            "台",
        ],
        0,
    ),
    (&["mwh", "mvarh", "mva", "mw", "兆瓦时", "兆瓦", "兆伏安"], 3),
    (&["万kwh", "万千瓦时", "万度", "万kva", "万千伏安", "万kw", "万千瓦", "万元", "万"], 4),
    (&["分", "fen"], -2),
    (&["厘"], -3),
];

/// The power of ten of a unit such as `kWh`, `元/千瓦时`, `yuan/kVA·month` or `分/kWh`.
fn power_of_unit(unit: &str) -> Option<i32> {
    let unit: String = unit.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let mut parts = unit.split(['/', '·', '.', '每']).filter(|part| !part.is_empty());
    let find = |part: &str| UNITS.iter().find(|(names, _)| names.contains(&part)).map(|(_, power)| *power);
    let power = find(parts.next()?)?;
    // Only what is counted may be a thousand or a hundredth: yuan per MWh is another price.
    parts.all(|part| find(part) == Some(0) || part == "month" || part == "day").then_some(power)
}

/// Moves the decimal point: `1.25` by 2 is `125`.
fn shifted(number: &str, places: i32) -> Option<String> {
    if !(-12..=18).contains(&places) {
        return None;
    }
    let (sign, digits) = match number.strip_prefix(['-', '+']) {
        Some(digits) => (if number.starts_with('-') { "-" } else { "" }, digits),
        None => ("", number),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{decimals}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count = usize::try_from(places.unsigned_abs()).ok()?;
    let moved = if places >= 0 {
        let padded = format!("{all}{}", "0".repeat(count.saturating_sub(decimals.len())));
        let point = whole.len() + count;
        format!("{}.{}", &padded[..point], &padded[point..])
    } else {
        let padded = format!("{}{all}", "0".repeat(count));
        let point = padded.len() - decimals.len() - count;
        format!("{}.{}", &padded[..point], &padded[point..])
    };
    let trimmed = moved.trim_end_matches('0').trim_end_matches('.').trim_start_matches('0');
    let lead = if trimmed.is_empty() || trimmed.starts_with('.') { "0" } else { "" };
    Some(format!("{sign}{lead}{trimmed}"))
}

/// `1e3` and `2.5E-2` without their exponents; anything else as it is.
fn without_exponent(text: &str) -> String {
    let moved = text.split_once(['e', 'E']).and_then(|(number, power)| shifted(number, power.parse().ok()?));
    moved.unwrap_or_else(|| text.to_owned())
}

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
        Value::Number(text) => Ok(without_exponent(text)),
        Value::Text(text) => {
            let text = text.trim().trim_start_matches(['¥', '￥']).trim_start();
            let end = text.find(|c: char| !c.is_ascii_digit() && !"+-.,".contains(c)).unwrap_or(text.len());
            let (number, unit) = (ungrouped(&text[..end]), text[end..].trim());
            if unit.is_empty() {
                return Ok(number);
            }
            match power_of_unit(unit) {
                Some(0) => Ok(number),
                Some(power) => Ok(shifted(&number, power).unwrap_or(number)),
                None => Ok(without_exponent(text)),
            }
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
    fn units_and_exponents_move_the_point() {
        let cases = [
            ("1.2 MWh", "1200"),
            ("3.5万千瓦时", "35000"),
            ("52.83 分/kWh", "0.5283"),
            ("0.5元/度", "0.5"),
            ("26.3元/千伏安·月", "26.3"),
            ("¥1,234.50", "1234.50"),
            ("2880 kWh", "2880"),
            ("-10 kWh", "-10"),
            ("1e3", "1000"),
            ("2.5E-2", "0.025"),
            ("0.5 元/MWh", "0.5 元/MWh"),
            ("1e99", "1e99"),
            ("150/5", "150/5"),
            ("2%", "2%"),
            ("12.5 分/kWh", "0.125"),
        ];
        let source = Source { file: "a.toml", text: "" };
        for (text, expected) in cases {
            let node = Node { span: 0, value: Value::Text(text.to_owned()) };
            assert_eq!(number_text(source, &node).unwrap(), expected, "{text}");
        }
        for (number, places, expected) in [
            ("1.25", 1, "12.5"),
            ("1.25", -1, "0.125"),
            ("5", -3, "0.005"),
            ("-0.5", 4, "-5000"),
            ("0", 3, "0"),
        ] {
            assert_eq!(shifted(number, places).as_deref(), Some(expected), "{number} {places}");
        }
        assert_eq!(shifted("", 3), None);
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
        // Two changes, and one more for every four letters; a word of two letters is not found by two.
        assert_eq!(nearest("abx", ["abc"]), Some("abc"));
        assert_eq!(nearest("cabaxxty", ["capacity"]), Some("capacity"));
        assert_eq!(nearest("xabaxxty", ["capacity"]), Some("capacity"));
        assert_eq!(nearest("xabaxxtx", ["capacity"]), None);
        assert_eq!(nearest("ab", ["pt"]), None);
        // One within the other is near, however long; but not two letters.
        assert_eq!(nearest("my_total_energy_kwh", ["energy"]), Some("energy"));
        assert_eq!(nearest("day", ["hours_of_each_day_of_use"]), Some("hours_of_each_day_of_use"));
        assert_eq!(nearest("kw", ["average_power_kw_total"]), None);
    }

    #[test]
    fn words_differ_by_single_characters() {
        for (a, b, changes) in [
            ("", "", 0),
            ("", "ab", 2),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("flat", "flt", 1),
            ("峰", "谷", 1),
        ] {
            assert_eq!(distance(a, b), changes, "{a} {b}");
        }
    }

    /// Up to forty keys are listed where none is near; beyond that the documentation is named.
    #[test]
    fn known_keys_are_listed_while_they_are_few() {
        const KEYS: [&str; LISTED_MAX + 1] = [
            "aa", "ab", "ac", "ad", "ae", "af", "ag", "ah", "ai", "aj", "ba", "bb", "bc", "bd", "be", "bf",
            "bg", "bh", "bi", "bj", "ca", "cb", "cc", "cd", "ce", "cf", "cg", "ch", "ci", "cj", "da", "db",
            "dc", "dd", "de", "df", "dg", "dh", "di", "dj", "ea",
        ];
        let source = Source { file: "a.toml", text: "" };
        let entry =
            Entry { key: "zzzzzzzz".into(), key_span: 0, node: Node { span: 0, value: Value::Flag(true) } };
        let node = Node { span: 0, value: Value::Table(vec![entry]) };
        for (count, listed) in [(LISTED_MAX, true), (LISTED_MAX + 1, false)] {
            let fields = Fields::of(source, &node).unwrap();
            for key in KEYS.chunks(1).take(count) {
                fields.node(key).unwrap();
            }
            let error = fields.finish().unwrap_err();
            assert_eq!(error.en.contains("known here: aa, ab"), listed, "{error}");
            assert_eq!(error.en.contains("docs/tariff-quote.md"), !listed, "{error}");
        }
    }
}
