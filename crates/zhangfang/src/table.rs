//! Tables a person reads in a terminal, with Chinese characters two columns wide; the same rows as JSON or as Excel.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use documents::sheet::{Cell, Column, Kind, Sheet, Workbook};
use kernel::{Bilingual, Date, Lang, Moment, Money, Month, Quantity, Rate, Text};
use serde_json::{Map, Value};

use crate::failure::{Done, Failure};

/// How a list is shown.
#[derive(Debug, Clone, Default, Args)]
pub struct Shown {
    /// Print JSON instead of a table / 输出 JSON
    #[arg(long)]
    pub json: bool,
    /// Write an Excel file instead / 写成 Excel 文件
    #[arg(long, value_name = "FILE.xlsx")]
    pub out: Option<PathBuf>,
}

/// One column.
#[derive(Debug, Clone)]
struct Heading {
    title: String,
    key: String,
    kind: Kind,
    summed: bool,
}

/// Headed rows of typed cells.
#[derive(Debug, Clone)]
pub struct Table {
    lang: Lang,
    titles: Vec<String>,
    headings: Vec<Heading>,
    rows: Vec<Vec<Cell>>,
    notes: Vec<String>,
}

/// A cell made from what a row says.
pub trait IntoCell {
    /// The cell.
    fn into_cell(self) -> Cell;
}

macro_rules! cells {
    ($($type:ty => |$value:ident| $cell:expr;)+) => {
        $(impl IntoCell for $type {
            fn into_cell(self) -> Cell {
                let $value = self;
                $cell
            }
        })+
    };
}
cells! {
    Cell => |value| value;
    &str => |value| Cell::Text(value.to_owned());
    String => |value| Cell::Text(value);
    i64 => |value| Cell::Integer(value);
    u64 => |value| Cell::Integer(i64::try_from(value).unwrap_or(i64::MAX));
    usize => |value| Cell::Integer(i64::try_from(value).unwrap_or(i64::MAX));
    Money => |value| Cell::Money(value);
    Quantity => |value| Cell::Quantity(value);
    Rate => |value| Cell::Percent(value);
    Date => |value| Cell::Date(value);
    Month => |value| Cell::Month(value);
    Moment => |value| Cell::Text(value.to_string());
}
impl<T: IntoCell> IntoCell for Option<T> {
    fn into_cell(self) -> Cell {
        self.map_or(Cell::Empty, IntoCell::into_cell)
    }
}

/// A row of cells: `row![number, name, amount]`.
macro_rules! row {
    ($($cell:expr),+ $(,)?) => { vec![$($crate::table::IntoCell::into_cell($cell)),+] };
}
pub(crate) use row;

impl Table {
    /// An empty table.
    pub fn new(lang: Lang) -> Table {
        Table { lang, titles: Vec::new(), headings: Vec::new(), rows: Vec::new(), notes: Vec::new() }
    }
    /// With a line over the heading.
    pub fn titled(mut self, line: impl Into<String>) -> Table {
        self.titles.push(line.into());
        self
    }
    /// With one more column; its English title, in lower case, is its key in JSON.
    pub fn col(self, zh: &str, en: &str, kind: Kind) -> Table {
        self.column(&Text::new(zh, en), kind, false)
    }
    /// With one more column of texts.
    pub fn text(self, zh: &str, en: &str) -> Table {
        self.col(zh, en, Kind::Text)
    }
    /// With one more column that is summed.
    pub fn sum(self, zh: &str, en: &str, kind: Kind) -> Table {
        self.column(&Text::new(zh, en), kind, true)
    }
    /// With one more column.
    pub fn column(mut self, title: &Text, kind: Kind, summed: bool) -> Table {
        let plain = title.en.to_lowercase();
        let words = plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let key = words.collect::<Vec<_>>().join("_");
        self.headings.push(Heading { title: title.text(self.lang), key, kind, summed });
        self
    }
    /// Adds a row, cells in the order of the columns.
    pub fn push(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }
    /// Adds a line below the table.
    pub fn note(&mut self, line: impl Into<String>) {
        self.notes.push(line.into());
    }
    /// Prints the table, or writes it as a file.
    pub fn show(self, shown: &Shown) -> Done {
        match &shown.out {
            Some(path) => {
                let title = self.titles.first().cloned().unwrap_or_else(|| "zhangfang".into());
                let lang = self.lang;
                let book = Workbook { lang, title, issuer: String::new(), sheets: vec![self.sheet()] };
                let written = paper::xlsx_file(book, path)?;
                let said = Text::new(
                    format!("{}：{} 行", path.display(), written.rows),
                    format!("{}: {} rows", path.display(), written.rows),
                );
                println!("{}", said.text(lang));
            }
            None if shown.json => print(&format!("{:#}\n", self.json()))?,
            None => print(&self.render()?)?,
        }
        Ok(())
    }

    /// Prints several tables one below the other, or writes them as the sheets of one file; JSON is an object of them by
    /// the names given.
    pub fn show_all(tables: Vec<(&str, Table)>, shown: &Shown, title: &str, lang: Lang) -> Done {
        match &shown.out {
            Some(path) => {
                let sheets = tables.into_iter().map(|(_, table)| table.sheet()).collect();
                let book = Workbook { lang, title: title.to_owned(), issuer: String::new(), sheets };
                let written = paper::xlsx_file(book, path)?;
                let (zh, en) = (
                    format!("{}：{} 张表，{} 行", path.display(), written.sheets, written.rows),
                    format!("{}: {} sheets, {} rows", path.display(), written.sheets, written.rows),
                );
                println!("{}", Text::new(zh, en).text(lang));
            }
            None if shown.json => {
                let object: Map<String, Value> =
                    tables.iter().map(|(name, table)| ((*name).to_owned(), table.json())).collect();
                print(&format!("{:#}\n", Value::Object(object)))?;
            }
            None => {
                for (at, (_, table)) in tables.iter().enumerate() {
                    print(&format!("{}{}", if at > 0 { "\n" } else { "" }, table.render()?))?;
                }
            }
        }
        Ok(())
    }

    fn sheet(self) -> Sheet<'static> {
        let total = self.headings.iter().any(|heading| heading.summed);
        let columns = self.headings.iter().map(|heading| {
            let column = Column::new(heading.title.clone(), heading.kind);
            if heading.summed { column.summed() } else { column }
        });
        let name = self.titles.first().cloned().unwrap_or_else(|| "zhangfang".into());
        let mut sheet = Sheet::from_rows(name, columns.collect(), self.rows);
        sheet.titles = self.titles;
        sheet.titles.extend(self.notes);
        if total { sheet.with_total() } else { sheet }
    }

    fn json(&self) -> Value {
        let object = |cells: &Vec<Cell>| {
            let pairs = self.headings.iter().zip(cells);
            Value::Object(
                pairs.map(|(heading, cell)| (heading.key.clone(), cell_json(cell))).collect::<Map<_, _>>(),
            )
        };
        Value::Array(self.rows.iter().map(object).collect())
    }

    /// The table as text: figures at the right, words at the left, a total under a rule.
    fn render(&self) -> Done<String> {
        let mut lines: Vec<Vec<String>> =
            vec![self.headings.iter().map(|heading| heading.title.clone()).collect()];
        for cells in &self.rows {
            lines.push(
                self.headings.iter().zip(cells).map(|(heading, cell)| written(cell, heading.kind)).collect(),
            );
        }
        let has_total = self.headings.iter().any(|heading| heading.summed) && !self.rows.is_empty();
        if has_total {
            lines.push(self.total()?);
        }
        let widths: Vec<usize> = (0..self.headings.len())
            .map(|at| lines.iter().filter_map(|line| line.get(at)).map(|text| width(text)).max().unwrap_or(0))
            .collect();
        let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1));
        let mut text = String::new();
        for title in &self.titles {
            text.push_str(title);
            text.push('\n');
        }
        let last = lines.len() - 1;
        for (at, line) in lines.iter().enumerate() {
            if at == 1 || (has_total && at == last && at > 1) {
                text.push_str(&rule);
                text.push('\n');
            }
            let mut written = String::new();
            for ((cell, columns), heading) in line.iter().zip(&widths).zip(&self.headings) {
                let blanks = " ".repeat(columns.saturating_sub(width(cell)));
                let cell = if is_figure(heading.kind) {
                    format!("{blanks}{cell}")
                } else {
                    format!("{cell}{blanks}")
                };
                written.push_str(&cell);
                written.push_str("  ");
            }
            text.push_str(written.trim_end());
            text.push('\n');
        }
        if self.rows.is_empty() {
            text.push_str(&Text::new("（没有记录）\n", "(nothing)\n").text(self.lang));
        }
        for note in &self.notes {
            text.push_str(note);
            text.push('\n');
        }
        Ok(text)
    }

    fn total(&self) -> Done<Vec<String>> {
        let mut line = Vec::with_capacity(self.headings.len());
        for (at, heading) in self.headings.iter().enumerate() {
            let mut total = match heading.kind {
                _ if !heading.summed => Cell::Empty,
                Kind::Money => Cell::Money(Money::ZERO),
                Kind::Quantity(_) => Cell::Quantity(Quantity::ZERO),
                _ => Cell::Integer(0),
            };
            for cells in &self.rows {
                total = match (total, cells.get(at)) {
                    (Cell::Money(sum), Some(Cell::Money(part))) => Cell::Money(sum.plus(*part)?),
                    (Cell::Quantity(sum), Some(Cell::Quantity(part))) => Cell::Quantity(sum.plus(*part)?),
                    (Cell::Integer(sum), Some(Cell::Integer(part))) => {
                        Cell::Integer(sum.saturating_add(*part))
                    }
                    (total, _) => total,
                };
            }
            line.push(written(&total, heading.kind));
        }
        if let Some(first) = line.first_mut().filter(|text| text.is_empty()) {
            *first = Text::new("合计", "total").text(self.lang);
        }
        Ok(line)
    }
}

/// Prints a long text; who reads only its beginning (`| head`) has not made a mistake.
fn print(text: &str) -> Done {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::file("stdout", error)),
        _ => Ok(()),
    }
}

fn is_figure(kind: Kind) -> bool {
    !matches!(kind, Kind::Text | Kind::Date | Kind::Month)
}

fn cell_json(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Integer(value) => Value::from(*value),
        // Figures stay exact: JSON numbers would be read as binary fractions.
        Cell::Quantity(value) => Value::from(value.to_string()),
        Cell::Money(value) => Value::from(value.to_string()),
        Cell::Price(value) => Value::from(value.to_string()),
        Cell::Percent(value) => Value::from(value.to_string()),
        Cell::Date(value) => Value::from(value.to_string()),
        Cell::Month(value) => Value::from(value.to_string()),
        Cell::Text(value) => Value::from(value.clone()),
    }
}

fn written(cell: &Cell, kind: Kind) -> String {
    match (cell, kind) {
        (Cell::Empty, _) => String::new(),
        (Cell::Text(text), _) => one_line(text),
        (Cell::Integer(value), _) => value.to_string(),
        (Cell::Quantity(value), Kind::Quantity(places)) => {
            grouped(&fixed(&value.rounded(u32::from(places)).to_string(), places))
        }
        (Cell::Quantity(value), _) => grouped(&value.to_string()),
        (Cell::Money(value), _) => grouped(&value.to_string()),
        (Cell::Price(value), Kind::Price(places)) => {
            fixed(&value.rounded(u32::from(places)).to_string(), places)
        }
        (Cell::Price(value), _) => value.to_string(),
        (Cell::Percent(value), kind) => {
            let places = if let Kind::Percent(places) = kind { places } else { 2 };
            match value.units().checked_mul(100) {
                Some(units) => {
                    let percent = Rate::from_units(units).rounded(u32::from(places)).to_string();
                    format!("{}%", fixed(&percent, places))
                }
                None => value.to_string(),
            }
        }
        (Cell::Date(value), _) => value.to_string(),
        (Cell::Month(value), _) => value.to_string(),
    }
}

/// Control characters would move the cursor of whoever reads the table.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// With exactly this many decimals, so that points stand under each other.
fn fixed(figure: &str, places: u8) -> String {
    let decimals = figure.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let zeros = usize::from(places).saturating_sub(decimals);
    match (decimals, zeros) {
        (_, 0) => figure.to_owned(),
        (0, _) => format!("{figure}.{}", "0".repeat(zeros)),
        _ => format!("{figure}{}", "0".repeat(zeros)),
    }
}

/// Thousands apart: `1,234,567.89`.
fn grouped(figure: &str) -> String {
    let (sign, figure) = figure.strip_prefix('-').map_or(("", figure), |rest| ("-", rest));
    let (whole, fraction) =
        figure.split_once('.').map_or((figure, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// Columns a text takes on a screen: a Chinese character takes two.
pub fn width(text: &str) -> usize {
    let wide = |c: char| {
        matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}'
            | '\u{20000}'..='\u{3fffd}')
    };
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_at_the_right_and_chinese_takes_two_columns() {
        let mut table =
            Table::new(Lang::Zh).titled("二月").text("户名", "name").sum("电费", "amount", Kind::Money);
        table.push(row!["张三", Money::from_fen(123_456)]);
        table.push(row!["Li Si", Money::from_fen(-78)]);
        let expected = "二月\n户名       电费\n───────────────\n张三   1,234.56\nLi Si     -0.78\n───────────────\n合计   1,233.78\n";
        assert_eq!(table.render().map_err(|_| ()), Ok(expected.to_owned()));
    }

    #[test]
    fn json_keeps_figures_exact_and_names_columns() {
        let mut table = Table::new(Lang::Zh).text("户名", "Name").col("日 期", "Read on", Kind::Date).sum(
            "电费",
            "Amount",
            Kind::Money,
        );
        table.push(row!["a", None::<Date>, Money::from_fen(10)]);
        assert_eq!(table.json().to_string(), r#"[{"amount":"0.10","name":"a","read_on":null}]"#);
    }

    /// XC-23
    #[test]
    fn rates_are_shown_with_two_decimals() {
        for (rate, text) in [("-1", "-100.00%"), ("0.5", "50.00%"), ("0.12345", "12.35%"), ("0", "0.00%")] {
            let rate: Rate = rate.parse().unwrap();
            assert_eq!(written(&Cell::Percent(rate), Kind::Percent(2)), text);
        }
    }

    #[test]
    fn thousands_are_apart() {
        for (figure, text) in
            [("0.00", "0.00"), ("-1234.5", "-1,234.5"), ("1000000", "1,000,000"), ("999", "999")]
        {
            assert_eq!(grouped(figure), text);
        }
    }
}
