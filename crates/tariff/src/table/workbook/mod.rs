//! A price table as a workbook (电价工作簿): the same content as the TOML form, in sheets an accountant fills in.
//!
//! Reading turns the cells into the TOML form and lets [`PriceTable::parse`] check it, so that both forms obey the
//! same rules; every complaint names sheet, row and column. Writing lays any table out as sheets that read back as
//! an equal table. No file is opened here: a workbook is its sheets as rows of text.
//!
//! Every sheet has its headings in one row, in Chinese or English; titles may stand above it. Columns may stand in
//! any order, a column headed 备注 or `remark` is for people only.

mod error;
mod grid;
mod read;
mod read_prices;
mod read_time;
mod toml_text;
mod values;
mod words;
mod write;
mod write_prices;

use kernel::Lang;

use super::PriceTable;
use grid::{Book, Read};
use toml_text::TomlText;

pub use error::WorkbookError;

/// Most sheets of a workbook.
pub const SHEETS_MAX: usize = 20;
/// Most rows of a sheet, titles included.
pub const ROWS_MAX: usize = 5_000;
/// Most columns of a sheet.
pub const COLUMNS_MAX: usize = 200;
/// Longest cell, in characters.
pub const CELL_CHARS_MAX: usize = 4_000;
/// The headings are looked for among this many rows from the top.
const HEADING_ROWS_MAX: usize = 20;

/// A sheet as rows of text. Row 0 is the first row of the sheet, blank rows included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// The name on its tab.
    pub name: String,
    /// Its cells; figures as plain decimals, days as `2026-01-31`. Written sheets have a line for the person who
    /// fills them in, then the headings, then the rows.
    pub rows: Vec<Vec<String>>,
}

impl PriceTable {
    /// Reads a workbook called `file` (a name for messages only) and checks it as [`PriceTable::parse`] does.
    ///
    /// # Errors
    /// A sheet that is missing, repeated, not known or too large; a heading or value that is not known; and all that
    /// `parse` refuses, with the cell it came from.
    pub fn from_workbook(file: &str, sheets: &[Sheet]) -> Result<PriceTable, WorkbookError> {
        let book = Book { file, sheets };
        check_names(&book)?;
        let toml = toml_of(&book)?;
        PriceTable::parse(file, toml.text()).map_err(|error| match toml.place(error.line, error.column) {
            Some(place) => book.error(place, error.zh, error.en),
            None => book.whole("", error.zh, error.en),
        })
    }

    /// The table as sheets with headings in `lang`: what [`PriceTable::from_workbook`] reads as an equal table.
    pub fn to_workbook(&self, lang: Lang) -> Vec<Sheet> {
        write::sheets(&self.raw, lang)
    }
}

fn check_names(book: &Book<'_>) -> Read<()> {
    if book.sheets.len() > SHEETS_MAX {
        return Err(book.whole(
            "",
            format!("超过 {SHEETS_MAX} 张工作表"),
            format!("more than {SHEETS_MAX} sheets"),
        ));
    }
    for sheet in book.sheets {
        let name = words::plain(&sheet.name);
        let known = words::SHEETS.iter().any(|word| word.is(&name)) || words::NOTES.is(&name);
        let blank = sheet.rows.iter().flatten().all(|cell| cell.trim().is_empty());
        if !known && !blank {
            let all = |lang| words::SHEETS.map(|word| word.in_lang(lang));
            return Err(book.whole(
                &sheet.name,
                format!(
                    "不认识的工作表，可用的工作表：{}；只供阅读的工作表请命名为“说明”",
                    all(Lang::Zh).join("、")
                ),
                format!(
                    "the sheet is not known; there may be {}, and one called notes for people only",
                    all(Lang::En).join(", ")
                ),
            ));
        }
    }
    Ok(())
}

/// The TOML form of the workbook.
fn toml_of(book: &Book<'_>) -> Read<TomlText> {
    let mut toml = TomlText::default();
    read::info(book, &mut toml)?;
    let components = read::components(book, &mut toml)?;
    read_time::hours(book, &mut toml)?;
    read_time::tiers(book, &mut toml)?;
    read::basic(book, &mut toml)?;
    read_prices::prices(book, &components, &mut toml)?;
    Ok(toml)
}
