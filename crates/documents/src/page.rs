//! A printed document (打印单据), described without an engine.
//!
//! Texts arrive ready to print: the office chooses the language and formats its figures (see
//! [`yuan`] and [`grouped`]). How a page looks, where it breaks and what repeats is decided by
//! the `paper` crate alone, so that every document of the house looks the same.

use kernel::{Lang, Money, Quantity};

/// How the sheet of A4 lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Orientation {
    /// Upright (纵向).
    #[default]
    Portrait,
    /// On its side (横向), for wide lists.
    Landscape,
}

/// Where a cell's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Texts.
    #[default]
    Left,
    /// Short marks.
    Center,
    /// Figures.
    Right,
}

/// Which copy of the document this is (第 n 联) and whether it is a reprint (补打). XC-11.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyNote {
    /// This copy, from 1.
    pub number: u16,
    /// How many copies belong together.
    pub of: u16,
    /// 0 for the first print; n for the n-th reprint.
    pub reprint: u32,
}

impl From<crate::CopyMark> for CopyNote {
    /// The mark the register of prints gave is the note on the page.
    fn from(mark: crate::CopyMark) -> Self {
        CopyNote { number: mark.copy, of: mark.of, reprint: mark.reprint }
    }
}

/// One document, first page to last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Language of the fixed words the page itself adds ("page 1 of 2").
    pub lang: Lang,
    /// Who issues it; stands above the title and becomes the file's author.
    pub issuer: String,
    /// What it is: 电费账单, 交款清单.
    pub title: String,
    /// Period or subject, under the title.
    pub subtitle: String,
    /// The document's own number in its series (单据编号); empty when it has none.
    pub number: String,
    /// Which copy; absent on documents that have only one.
    pub copy: Option<CopyNote>,
    /// A code a machine or a person at the counter types back, such as a payment code.
    pub code: Option<Code>,
    /// How the sheet lies.
    pub orientation: Orientation,
    /// The body, in order.
    pub blocks: Vec<Block>,
    /// Stands at the foot of every page beside the number: where to ask, what the paper is not.
    pub footer: String,
}

/// A code with its name: "缴费码" "3301 0221 7788".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What it is for.
    pub label: String,
    /// The code as text.
    pub text: String,
}

/// One part of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading over what follows; never left alone at the foot of a page.
    Heading(String),
    /// Names and values in 2 to 4 columns.
    Facts(Facts),
    /// The few figures a reader looks for first: amount due, due date.
    KeyFigures(Vec<KeyFigure>),
    /// Columns and rows.
    Table(Table),
    /// Running text.
    Paragraph(Paragraph),
    /// A worked calculation, one line a step.
    Steps(Steps),
    /// Who signs; stays together on one page.
    Signatures(Vec<Party>),
    /// A code for a camera, with words beside it; stays together on one page.
    Scan(Scan),
    /// What follows starts a new page.
    PageBreak,
}

/// A code that a camera reads (二维码).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// What the camera reads, at most 500 bytes.
    pub content: String,
    /// What it is for.
    pub label: String,
    /// The code in letters, to be typed where there is no camera.
    pub text: String,
    /// What to do with it; small and grey.
    pub note: String,
}

/// Names and values: customer, address, meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Pairs side by side, 1 to 4; other numbers are taken as the nearest of these.
    pub columns: u8,
    /// The pairs, filled row by row.
    pub pairs: Vec<Fact>,
}

/// One name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// Its value; wraps when long.
    pub value: String,
    /// Takes the whole width: addresses, remarks.
    pub wide: bool,
}

/// A figure shown large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFigure {
    /// What it is.
    pub name: String,
    /// The figure, ready to print.
    pub value: String,
    /// The one that matters most.
    pub main: bool,
}

/// A table. Rows with fewer cells than columns are filled up with empty ones; cells beyond the
/// last column are an error of the caller, refused by `paper`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// A line over the table; empty for none.
    pub caption: String,
    /// The columns, at most 40.
    pub columns: Vec<Column>,
    /// The rows in order.
    pub rows: Vec<Row>,
    /// The header stands again on every page the table continues on.
    pub repeat_header: bool,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its title, aligned like its cells.
    pub title: String,
    /// Where its cells stand.
    pub align: Align,
    /// Its share of the width, against the other columns' weights; 0 counts as 1.
    pub weight: u16,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// An ordinary row.
    Cells(Vec<String>),
    /// A line across all columns that opens a group of rows.
    Group(String),
    /// A sum under a group, set off by a hairline.
    Subtotal(Vec<String>),
    /// A sum of the whole table, set off by a full line. A text followed by empty cells may run over them.
    Total(Vec<String>),
}

/// Running text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// The text; `\n` starts a new line.
    pub text: String,
    /// Small and grey: notes, legal hints.
    pub quiet: bool,
}

/// A worked calculation (计算过程) a person can redo on paper.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Steps {
    /// A line over the steps; empty for none.
    pub caption: String,
    /// The steps in order.
    pub steps: Vec<Step>,
}

/// One step of a calculation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is computed.
    pub label: String,
    /// How: "230 kWh × 0.5283 元/kWh = 121.509".
    pub calculation: String,
    /// The rounded result; empty when the step has none.
    pub amount: String,
    /// A result of the steps before it, set off by a line.
    pub result: bool,
}

/// One side that signs (签字方).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// In what part: 交款人, 收款行.
    pub role: String,
    /// Printed name or organisation; empty to leave room.
    pub name: String,
    /// Lines to fill in by hand: 签字, 日期.
    pub lines: Vec<String>,
}

impl Document {
    /// An empty portrait document.
    pub fn new(lang: Lang, issuer: impl Into<String>, title: impl Into<String>) -> Self {
        Document { lang, issuer: issuer.into(), title: title.into(), ..Document::default() }
    }
    /// Adds a block at the end.
    pub fn push(&mut self, block: Block) -> &mut Self {
        self.blocks.push(block);
        self
    }
}

impl Facts {
    /// Pairs of name and value in `columns` columns.
    pub fn new<N: Into<String>, V: Into<String>>(
        columns: u8,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| Fact {
            name: name.into(),
            value: value.into(),
            wide: false,
        });
        Facts { columns, pairs: pairs.collect() }
    }
    /// Adds a pair over the whole width.
    pub fn wide(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.pairs.push(Fact { name: name.into(), value: value.into(), wide: true });
        self
    }
}

impl Table {
    /// A table with these columns that repeats its header.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Table { columns: columns.into_iter().collect(), repeat_header: true, ..Table::default() }
    }
    /// Adds an ordinary row.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) -> &mut Self {
        self.rows.push(Row::Cells(cells.into_iter().map(Into::into).collect()));
        self
    }
    /// Opens a group.
    pub fn group(&mut self, title: impl Into<String>) -> &mut Self {
        self.rows.push(Row::Group(title.into()));
        self
    }
    /// Adds a group's sum.
    pub fn subtotal<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) -> &mut Self {
        self.rows.push(Row::Subtotal(cells.into_iter().map(Into::into).collect()));
        self
    }
    /// Adds the table's sum.
    pub fn total<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) -> &mut Self {
        self.rows.push(Row::Total(cells.into_iter().map(Into::into).collect()));
        self
    }
}

impl Column {
    /// A column of texts.
    pub fn text(title: impl Into<String>, weight: u16) -> Self {
        Column { title: title.into(), align: Align::Left, weight }
    }
    /// A column of figures.
    pub fn figure(title: impl Into<String>, weight: u16) -> Self {
        Column { title: title.into(), align: Align::Right, weight }
    }
    /// A column of short marks.
    pub fn mark(title: impl Into<String>, weight: u16) -> Self {
        Column { title: title.into(), align: Align::Center, weight }
    }
}

/// An amount in yuan as a page shows it: two decimals, thousands grouped, `-` for less than nothing.
pub fn yuan(amount: Money) -> String {
    grouped(&amount.to_string())
}

/// A quantity rounded half up to `places` decimals (at most 6), all of them shown, thousands grouped.
pub fn quantity(value: Quantity, places: u32) -> String {
    let places = places.min(Quantity::PLACES) as usize;
    let text = value.rounded(places as u32).to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    if places == 0 { grouped(whole) } else { grouped(&format!("{whole}.{decimals:0<places$}")) }
}

/// A plain decimal number with a comma between groups of three digits of its whole part.
pub fn grouped(number: &str) -> String {
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, decimals) = number.split_once('.').map_or((number, None), |(w, d)| (w, Some(d)));
    let mut text = String::from(sign);
    let digits = whole.chars().count();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (digits - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(decimals) = decimals {
        text.push('.');
        text.push_str(decimals);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_by_thousands() {
        for (fen, text) in [
            (0, "0.00"),
            (5, "0.05"),
            (-5, "-0.05"),
            (99_999, "999.99"),
            (-100_000, "-1,000.00"),
            (29_038_817, "290,388.17"),
            (i64::MIN, "-92,233,720,368,547,758.08"),
        ] {
            assert_eq!(yuan(Money::from_fen(fen)), text);
        }
        let kwh: Quantity = "1234567.895".parse().unwrap();
        assert_eq!(quantity(kwh, 0), "1,234,568");
        assert_eq!(quantity(kwh, 2), "1,234,567.90");
        assert_eq!(quantity(kwh, 9), "1,234,567.895000");
        assert_eq!(quantity(Quantity::from_units(-500_000), 0), "-1");
        assert_eq!(quantity(Quantity::ZERO, 3), "0.000");
    }
}
