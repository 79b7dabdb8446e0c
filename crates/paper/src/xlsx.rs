//! Workbooks as Excel files, rows streamed to the file.
//!
//! Excel keeps every figure as a binary double. [`number`] is the one place where a figure
//! becomes one: from its decimal text, and only if it has at most 15 significant digits, which a
//! double gives back exactly. A figure with more digits is written as text, never rounded.

use std::io::Write;
use std::path::Path;

use documents::sheet::{Cell, Column, Kind, RowTaker, Sheet, StreamError, Workbook};
use kernel::{Lang, Money, Quantity};
use rust_xlsxwriter as excel;

use crate::PaperError;
use crate::xlsx_format::{Formats, sheet_name, width};

/// A sheet has at most this many columns.
const COLUMNS_MAX: usize = 200;
/// Rows of an Excel sheet, titles, header and total included.
const SHEET_ROWS_MAX: u32 = 1_048_576;
/// UTF-16 units of text in an Excel cell.
const TEXT_MAX: usize = 32_767;
/// Significant decimal digits a double keeps exactly.
const DIGITS_MAX: usize = 15;

/// A written workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Rows, without titles, headers and totals.
    pub rows: u64,
    /// Sheets; a list longer than an Excel sheet continues on a next one.
    pub sheets: usize,
    /// Figures with more than 15 significant digits, kept exactly as texts.
    pub figures_as_text: u64,
}

/// Writes `workbook` to `writer` as an Excel file. Same workbook, same bytes.
///
/// Rows go through a temporary file, so that a million of them need no memory.
///
/// # Errors
/// No sheet; a sheet with no or too many columns; a cell that does not fit its column; what the
/// source of the rows or the disk says.
pub fn xlsx<W: Write + Send>(workbook: Workbook<'_>, writer: W) -> Result<Written, PaperError> {
    write(workbook, writer, SHEET_ROWS_MAX)
}

/// Writes `workbook` to the file `path`. The file appears only when it is complete.
///
/// # Errors
/// As [`xlsx`].
pub fn xlsx_file(workbook: Workbook<'_>, path: &Path) -> Result<Written, PaperError> {
    let failed = |error: std::io::Error| PaperError::Xlsx(format!("{}: {error}", path.display()));
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let file = std::fs::File::create(&unfinished).map_err(failed)?;
    let result = xlsx(workbook, std::io::BufWriter::new(file));
    match &result {
        Ok(_) => std::fs::rename(&unfinished, path).map_err(failed)?,
        // What remains is of no use; the first error is the one to report.
        Err(_) => drop(std::fs::remove_file(&unfinished)),
    }
    result
}

fn write<W: Write + Send>(workbook: Workbook<'_>, writer: W, rows_max: u32) -> Result<Written, PaperError> {
    if workbook.sheets.is_empty() {
        return Err(PaperError::Nothing);
    }
    let mut file = excel::Workbook::new();
    file.set_properties(&properties(&workbook)?);
    let mut written = Written::default();
    let mut names = Vec::new();
    for sheet in workbook.sheets {
        let columns = sheet.columns.len();
        if columns == 0 || columns > COLUMNS_MAX {
            return Err(PaperError::Columns { table: sheet.name, columns, most: COLUMNS_MAX });
        }
        write_sheet(&mut file, sheet, workbook.lang, rows_max, &mut names, &mut written)?;
    }
    written.sheets = names.len();
    file.save_to_writer(writer)?;
    Ok(written)
}

/// Title, author and a creation day that never changes, so that same rows give same bytes.
fn properties(workbook: &Workbook) -> Result<excel::DocProperties, PaperError> {
    let day = excel::ExcelDateTime::from_ymd(2000, 1, 1)?;
    let properties = excel::DocProperties::new().set_title(&workbook.title).set_author(&workbook.issuer);
    Ok(properties.set_creation_datetime(&day))
}

fn write_sheet(
    file: &mut excel::Workbook,
    sheet: Sheet<'_>,
    lang: Lang,
    rows_max: u32,
    names: &mut Vec<String>,
    written: &mut Written,
) -> Result<(), PaperError> {
    let mut pen = Pen {
        file,
        names,
        written,
        rows_max,
        name: sheet.name.clone(),
        titles: sheet.titles.clone(),
        columns: sheet.columns.clone(),
        filter: sheet.filter,
        formats: Formats::new(&sheet.columns),
        sums: sheet.columns.iter().map(Sum::of).collect(),
        page: None,
        rows: 0,
        failed: None,
    };
    pen.start_page()?;
    let total = sheet.total;
    let streamed = sheet.stream(&mut pen);
    if let Some(failed) = pen.failed.take() {
        return Err(failed);
    }
    streamed.map_err(|source| PaperError::Rows { sheet: pen.name.clone(), source })?;
    if total {
        pen.total(lang)?;
    }
    pen.end_page()
}

/// The sum of a column, kept exactly.
enum Sum {
    None,
    Integer(i64),
    Quantity(Quantity),
    Money(Money),
}

impl Sum {
    fn of(column: &Column) -> Sum {
        match column.kind {
            _ if !column.summed => Sum::None,
            Kind::Integer => Sum::Integer(0),
            Kind::Quantity(_) => Sum::Quantity(Quantity::ZERO),
            Kind::Money => Sum::Money(Money::ZERO),
            _ => Sum::None,
        }
    }
    /// Adds a cell; `None` when the sum does not fit.
    fn add(&mut self, cell: &Cell) -> Option<()> {
        match (self, cell) {
            (Sum::Integer(sum), Cell::Integer(value)) => *sum = sum.checked_add(*value)?,
            (Sum::Quantity(sum), Cell::Quantity(value)) => *sum = sum.plus(*value).ok()?,
            (Sum::Money(sum), Cell::Money(value)) => *sum = sum.plus(*value).ok()?,
            _ => {}
        }
        Some(())
    }
    fn cell(&self) -> Cell {
        match self {
            Sum::None => Cell::Empty,
            Sum::Integer(sum) => Cell::Integer(*sum),
            Sum::Quantity(sum) => Cell::Quantity(*sum),
            Sum::Money(sum) => Cell::Money(*sum),
        }
    }
}

/// One Excel sheet while it is written.
struct Page {
    sheet: excel::Worksheet,
    header_row: u32,
    next_row: u32,
}

/// Writes the rows of one described sheet to one or more Excel sheets.
struct Pen<'a> {
    file: &'a mut excel::Workbook,
    names: &'a mut Vec<String>,
    written: &'a mut Written,
    rows_max: u32,
    name: String,
    titles: Vec<String>,
    columns: Vec<Column>,
    filter: bool,
    formats: Formats,
    sums: Vec<Sum>,
    page: Option<Page>,
    rows: u64,
    failed: Option<PaperError>,
}

impl RowTaker for Pen<'_> {
    fn take(&mut self, cells: &[Cell]) -> Result<(), StreamError> {
        self.row(cells).map_err(|error| {
            let words = error.to_string();
            self.failed = Some(error);
            words.into()
        })
    }
}

impl Pen<'_> {
    fn start_page(&mut self) -> Result<(), PaperError> {
        let mut sheet = self.file.new_worksheet_with_constant_memory()?;
        let name = sheet_name(&self.name, self.names);
        sheet.set_name(&name)?;
        self.names.push(name);
        sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0).set_footer("&L&A&R&P / &N");
        for (index, column) in self.columns.iter().enumerate() {
            sheet.set_column_width(index as u16, width(column))?;
        }
        let mut row = 0;
        for (index, title) in self.titles.iter().enumerate() {
            let format = if index == 0 { &self.formats.title } else { &self.formats.subtitle };
            sheet.write_string_with_format(row, 0, cut(title), format)?;
            row += 1;
        }
        for (index, column) in self.columns.iter().enumerate() {
            let format = self.formats.header(column.kind);
            sheet.write_string_with_format(row, index as u16, cut(&column.title), format)?;
        }
        sheet.set_freeze_panes(row + 1, 0)?;
        sheet.set_repeat_rows(row, row)?;
        self.page = Some(Page { sheet, header_row: row, next_row: row + 1 });
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), PaperError> {
        let Some(mut page) = self.page.take() else { return Ok(()) };
        if self.filter {
            let last = page.next_row.saturating_sub(1).max(page.header_row);
            page.sheet.autofilter(page.header_row, 0, last, self.columns.len() as u16 - 1)?;
        }
        self.file.push_worksheet(page.sheet);
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> Result<(), PaperError> {
        self.rows += 1;
        if cells.len() > self.columns.len() {
            let row = usize::try_from(self.rows).unwrap_or(usize::MAX);
            let (cells, columns) = (cells.len(), self.columns.len());
            return Err(PaperError::Cells { table: self.name.clone(), row, cells, columns });
        }
        // One row stays free for the total.
        if self.page.as_ref().is_some_and(|page| page.next_row + 1 >= self.rows_max) {
            self.end_page()?;
            self.start_page()?;
        }
        let mut filled = Vec::new();
        for (index, cell) in cells.iter().enumerate() {
            self.check(index, cell)?;
            if self.sums[index].add(cell).is_none() {
                let column = self.columns[index].title.clone();
                return Err(PaperError::Sum { sheet: self.name.clone(), column });
            }
            filled.push(cell);
        }
        self.write_cells(&filled, false)?;
        self.written.rows += 1;
        Ok(())
    }

    fn check(&self, index: usize, cell: &Cell) -> Result<(), PaperError> {
        let column = &self.columns[index];
        let (sheet, row) = (self.name.clone(), self.rows);
        match (column.kind, cell) {
            (_, Cell::Text(text)) if text.len() > TEXT_MAX && text.encode_utf16().count() > TEXT_MAX => {
                Err(PaperError::LongText { sheet, row, column: column.title.clone(), most: TEXT_MAX })
            }
            (_, Cell::Empty | Cell::Text(_))
            | (Kind::Integer, Cell::Integer(_))
            | (Kind::Quantity(_), Cell::Quantity(_))
            | (Kind::Money, Cell::Money(_))
            | (Kind::Price(_), Cell::Price(_))
            | (Kind::Percent(_), Cell::Percent(_))
            | (Kind::Date, Cell::Date(_))
            | (Kind::Month, Cell::Month(_)) => Ok(()),
            (kind, cell) => Err(PaperError::Kind {
                sheet,
                row,
                column: column.title.clone(),
                found: cell_name(cell),
                expected: kind_name(kind),
            }),
        }
    }

    fn write_cells(&mut self, cells: &[&Cell], total: bool) -> Result<(), PaperError> {
        let Some(page) = &mut self.page else { return Ok(()) };
        let row = page.next_row;
        page.next_row += 1;
        for (index, cell) in cells.iter().enumerate() {
            let column = index as u16;
            let format = self.formats.cell(index, total);
            let (text, value) = match cell {
                Cell::Empty if total => {
                    page.sheet.write_blank(row, column, format)?;
                    continue;
                }
                Cell::Empty => continue,
                Cell::Text(text) => {
                    page.sheet.write_string_with_format(row, column, writable(text), format)?;
                    continue;
                }
                Cell::Integer(value) => (value.to_string(), None),
                Cell::Quantity(value) => (value.to_string(), None),
                Cell::Money(value) => (value.to_string(), None),
                Cell::Price(value) => (value.to_string(), None),
                Cell::Percent(value) => (value.to_string(), None),
                Cell::Date(date) => (date.to_string(), Some(day_number(date.epoch_days()))),
                Cell::Month(month) => (month.to_string(), Some(day_number(month.first_day().epoch_days()))),
            };
            let figure = match value {
                None => number(&text),
                Some(day) => day.and_then(|day| number(&day)),
            };
            match figure {
                Some(figure) => page.sheet.write_number_with_format(row, column, figure, format)?,
                None => {
                    self.written.figures_as_text += 1;
                    page.sheet.write_string_with_format(row, column, text, format)?
                }
            };
        }
        Ok(())
    }

    fn total(&mut self, lang: Lang) -> Result<(), PaperError> {
        let mut cells: Vec<Cell> = self.sums.iter().map(Sum::cell).collect();
        if let Some(place) = cells.iter().position(|cell| *cell == Cell::Empty) {
            cells[place] = Cell::Text(if lang == Lang::Zh { "合计" } else { "Total" }.into());
        }
        self.write_total(&cells)
    }

    /// The total stands outside the range that is filtered and sorted.
    fn write_total(&mut self, cells: &[Cell]) -> Result<(), PaperError> {
        let filter = std::mem::take(&mut self.filter);
        if let Some(page) = self.page.as_mut().filter(|_| filter) {
            let last = page.next_row.saturating_sub(1).max(page.header_row);
            page.sheet.autofilter(page.header_row, 0, last, self.columns.len() as u16 - 1)?;
        }
        self.write_cells(&cells.iter().collect::<Vec<_>>(), true)
    }
}

/// The double that stands for a decimal text of at most 15 significant digits, and gives it back.
fn number(text: &str) -> Option<f64> {
    let digits = text.trim_start_matches('-').replace('.', "");
    let significant = digits.trim_start_matches('0');
    let trailing = if text.contains('.') { significant.trim_end_matches('0') } else { significant };
    if trailing.len() > DIGITS_MAX { None } else { text.parse().ok() }
}

/// Excel's number of a day; `None` before March 1900, where its calendar is wrong.
fn day_number(epoch_days: i64) -> Option<String> {
    const DAYS_TO_1970: i64 = 25_569;
    let day = epoch_days.checked_add(DAYS_TO_1970)?;
    (day > 60).then(|| day.to_string())
}

/// Titles and headers as long as a cell may be.
fn cut(text: &str) -> String {
    writable(&text.chars().take(1_000).collect::<String>())
}

/// XML cannot hold the two characters that are none.
fn writable(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn cell_name(cell: &Cell) -> &'static str {
    match cell {
        Cell::Empty => "empty",
        Cell::Text(_) => "text",
        Cell::Integer(_) => "integer",
        Cell::Quantity(_) => "quantity",
        Cell::Money(_) => "money",
        Cell::Price(_) => "price",
        Cell::Percent(_) => "percent",
        Cell::Date(_) => "date",
        Cell::Month(_) => "month",
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Integer => "integer",
        Kind::Quantity(_) => "quantity",
        Kind::Money => "money",
        Kind::Price(_) => "price",
        Kind::Percent(_) => "percent",
        Kind::Date => "date",
        Kind::Month => "month",
    }
}

impl From<excel::XlsxError> for PaperError {
    fn from(error: excel::XlsxError) -> Self {
        PaperError::Xlsx(error.to_string())
    }
}

#[cfg(test)]
#[path = "xlsx_tests.rs"]
mod tests;
