//! A workbook (Excel 导出), described without an engine.
//!
//! Columns carry a type, so that a figure stays a figure in the file and can be summed there.
//! Rows are handed over one at a time and need never be in memory together: a list of a million
//! receivables streams from the database into the file.

use std::fmt;

use kernel::{Date, Lang, Money, Month, Price, Quantity, Rate};

/// What stopped a stream of rows: the source's own error, or the refusal of who takes them.
pub type StreamError = Box<dyn std::error::Error + Send + Sync>;

/// Takes rows one at a time.
pub trait RowTaker {
    /// Takes one row, cells in the order of the columns. An error means: stop, and hand it on.
    fn take(&mut self, cells: &[Cell]) -> Result<(), StreamError>;
}

/// Gives all rows to the taker, in order.
pub type RowSource<'a> = Box<dyn FnOnce(&mut dyn RowTaker) -> Result<(), StreamError> + 'a>;

/// A file of one or more sheets.
#[derive(Debug, Default)]
pub struct Workbook<'a> {
    /// Language of the words the file itself adds ("total").
    pub lang: Lang,
    /// Title in the file's properties.
    pub title: String,
    /// Who issues it, in the file's properties.
    pub issuer: String,
    /// The sheets in order; at least one.
    pub sheets: Vec<Sheet<'a>>,
}

/// One sheet: title lines, a frozen header, rows, a total.
pub struct Sheet<'a> {
    /// Name on the tab; made acceptable to Excel and unique by the writer.
    pub name: String,
    /// Lines over the header: what, which period, which unit, made on which day.
    pub titles: Vec<String>,
    /// The columns in order, 1 to 200.
    pub columns: Vec<Column>,
    /// Header cells carry filters.
    pub filter: bool,
    /// A last row with the sums of the columns that are [`Column::summed`].
    pub total: bool,
    rows: RowSource<'a>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Header text.
    pub title: String,
    /// What its cells are.
    pub kind: Kind,
    /// Width in characters of the standard font (a Chinese character takes two); 0 takes the kind's own width.
    pub width: u16,
    /// Its sum stands in the total row; integers, quantities and money only.
    pub summed: bool,
}

/// What a column holds, and so how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Texts, also numbers that are names: customer numbers, accounts.
    Text,
    /// Whole numbers.
    Integer,
    /// Quantities shown with this many decimals (at most 6).
    Quantity(u8),
    /// Money in yuan with two decimals.
    Money,
    /// Prices in yuan shown with this many decimals (at most 12).
    Price(u8),
    /// Rates shown in percent with this many decimals (at most 8).
    Percent(u8),
    /// Days.
    Date,
    /// Billing months.
    Month,
}

/// One cell. A cell whose kind is not its column's is refused by the writer; [`Cell::Empty`] fits
/// every column, and [`Cell::Text`] too ("—", "not read").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text; never read as a formula.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A quantity.
    Quantity(Quantity),
    /// An amount.
    Money(Money),
    /// A price.
    Price(Price),
    /// A rate, 0.05 shown as 5 %.
    Percent(Rate),
    /// A day.
    Date(Date),
    /// A billing month.
    Month(Month),
}

impl<'a> Sheet<'a> {
    /// A sheet whose rows come from an iterator, with filters and without a total.
    pub fn from_rows<I>(name: impl Into<String>, columns: Vec<Column>, rows: I) -> Self
    where
        I: IntoIterator<Item = Vec<Cell>> + 'a,
    {
        Sheet::streamed(name, columns, move |taker| rows.into_iter().try_for_each(|row| taker.take(&row)))
    }

    /// A sheet whose rows are given by `source`, for instance while a query runs.
    pub fn streamed<F>(name: impl Into<String>, columns: Vec<Column>, source: F) -> Self
    where
        F: FnOnce(&mut dyn RowTaker) -> Result<(), StreamError> + 'a,
    {
        let rows = Box::new(source);
        Sheet { name: name.into(), titles: Vec::new(), columns, filter: true, total: false, rows }
    }

    /// Adds a line over the header.
    pub fn titled(mut self, line: impl Into<String>) -> Self {
        self.titles.push(line.into());
        self
    }

    /// Adds the total row.
    pub fn with_total(mut self) -> Self {
        self.total = true;
        self
    }

    /// Gives all rows to `taker`; a sheet is read once.
    pub fn stream(self, taker: &mut dyn RowTaker) -> Result<(), StreamError> {
        (self.rows)(taker)
    }
}

impl fmt::Debug for Sheet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sheet")
            .field("name", &self.name)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl Column {
    /// A column of its kind's own width, not summed.
    pub fn new(title: impl Into<String>, kind: Kind) -> Self {
        Column { title: title.into(), kind, width: 0, summed: false }
    }
    /// With this width, in characters.
    pub fn wide(mut self, width: u16) -> Self {
        self.width = width;
        self
    }
    /// With its sum in the total row.
    pub fn summed(mut self) -> Self {
        self.summed = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Count {
        rows: usize,
        stop_at: usize,
    }

    impl RowTaker for Count {
        fn take(&mut self, cells: &[Cell]) -> Result<(), StreamError> {
            assert_eq!(cells.len(), 1);
            self.rows += 1;
            if self.rows == self.stop_at { Err("enough".into()) } else { Ok(()) }
        }
    }

    #[test]
    fn rows_are_streamed_and_stop_when_the_taker_refuses() {
        let sheet = |n: i64| {
            let columns = vec![Column::new("n", Kind::Integer)];
            Sheet::from_rows("s", columns, (0..n).map(|i| vec![Cell::Integer(i)]))
        };
        let mut all = Count { rows: 0, stop_at: usize::MAX };
        sheet(1000).stream(&mut all).unwrap();
        assert_eq!(all.rows, 1000);
        let mut some = Count { rows: 0, stop_at: 10 };
        assert_eq!(sheet(i64::MAX).stream(&mut some).unwrap_err().to_string(), "enough");
        assert_eq!(some.rows, 10);
    }
}
