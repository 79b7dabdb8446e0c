//! A price table as people send it: a TOML file, or a workbook of the same content, with every complaint in its place.

use documents::sheet::{self, Cell, Column, Kind, Workbook};
use interchange::{Error, Options, Table};
use kernel::{Bilingual, Lang, Price};
use tariff::TableError;
use tariff::table::PriceTable;
use tariff::table::workbook::{ROWS_MAX, SHEETS_MAX, Sheet, WorkbookError};

/// A price file is smaller than this, and so is the text of a workbook.
pub const FILE_BYTES_MAX: usize = 4 << 20;
/// A name no worksheet has: spreadsheets forbid these characters in names.
const NO_SHEET: &str = "[?]";
/// The widest column, in characters of the standard font.
const WIDTH_MAX: usize = 60;

/// Why a file is no price table.
#[derive(Debug, thiserror::Error)]
pub enum PriceFileError {
    /// It is no workbook, and no text either.
    #[error("{file} is not UTF-8 text: save it as UTF-8, or send a workbook")]
    NotText {
        /// The file.
        file: String,
    },
    /// The workbook cannot be opened.
    #[error(transparent)]
    File(#[from] Error),
    /// What a cell of the workbook says is wrong.
    #[error(transparent)]
    Cell(#[from] WorkbookError),
    /// What the text says is wrong.
    #[error(transparent)]
    Table(#[from] TableError),
}

impl Bilingual for PriceFileError {
    fn text(&self, lang: Lang) -> String {
        match self {
            PriceFileError::NotText { file } if lang == Lang::Zh => {
                format!("{file}：不是 UTF-8 文本，请另存为 UTF-8，或使用工作簿")
            }
            PriceFileError::NotText { .. } => self.to_string(),
            PriceFileError::File(error) => error.text(lang),
            PriceFileError::Cell(error) => error.text(lang),
            PriceFileError::Table(error) => error.text(lang),
        }
    }
}

/// Reads and checks a price table by what the file holds, not by its name: TOML, `.xlsx` or `.xls`.
///
/// # Errors
/// Everything that is wrong, with line and column, or with sheet, row and column.
pub fn read(name: &str, bytes: &[u8]) -> Result<PriceTable, PriceFileError> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Ok(PriceTable::from_workbook(name, &sheets_of(name, bytes)?)?);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| PriceFileError::NotText { file: name.to_owned() })?;
    Ok(PriceTable::parse(name, text)?)
}

/// The workbook of a table, to be drawn: `sheets` are what [`PriceTable::to_workbook`] says in `lang`, and the file reads
/// back as an equal table.
pub fn workbook<'s>(table: &PriceTable, sheets: &'s [Sheet], lang: Lang) -> Workbook<'s> {
    Workbook {
        lang,
        title: table.name().text(lang),
        issuer: table.region().to_owned(),
        sheets: sheets.iter().map(sheet_of).collect(),
    }
}

/// All sheets of a workbook, bounded.
fn sheets_of(name: &str, bytes: &[u8]) -> Result<Vec<Sheet>, PriceFileError> {
    let open = |label: &str, worksheet: &str| {
        let rows_max = Some(ROWS_MAX as u64);
        let options = Options { worksheet: Some(worksheet.to_owned()), rows_max, ..Options::default() };
        Table::open_bytes(label, bytes.to_vec(), &options)
    };
    let names = match open(name, NO_SHEET)?.next_row() {
        Err(Error::NoSheet { present, .. }) => present,
        Err(error) => return Err(error.into()),
        Ok(_) => Vec::new(),
    };
    let (mut taken, mut sheets) = (0, Vec::new());
    for sheet in names.into_iter().take(SHEETS_MAX + 1) {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut table = open(&format!("{name} [{sheet}]"), &sheet)?;
        while let Some(row) = table.next_row()? {
            let number = usize::try_from(row.number).unwrap_or(usize::MAX);
            let error = |column: usize, zh: String, en: String| WorkbookError {
                file: name.to_owned(),
                sheet: sheet.clone(),
                row: number,
                column,
                zh,
                en,
            };
            if let Some((column, reason)) = row.doubts.first() {
                return Err(error(column + 1, reason.text(Lang::Zh), reason.text(Lang::En)).into());
            }
            taken += row.cells.iter().map(String::len).sum::<usize>();
            if taken > FILE_BYTES_MAX {
                let (zh, en) = ("工作簿的文字超过 4 MiB", "the workbook holds more than 4 MiB of text");
                return Err(error(1, zh.to_owned(), en.to_owned()).into());
            }
            // Blank rows are left out by the reader; their numbers are needed to name places.
            rows.resize(number.saturating_sub(1), Vec::new());
            rows.push(row.cells);
        }
        sheets.push(Sheet { name: sheet, rows });
    }
    Ok(sheets)
}

/// Is every cell of the column a figure written the one way figures are written?
pub fn is_figures<'c>(mut cells: impl Iterator<Item = &'c String>) -> bool {
    let mut any = false;
    cells.all(|cell| {
        any |= !cell.is_empty();
        cell.is_empty() || cell.parse::<Price>().is_ok_and(|price| price.to_string() == *cell)
    }) && any
}

/// A sheet for the writer: figures as figures where a column has nothing else.
fn sheet_of(sheet: &Sheet) -> sheet::Sheet<'_> {
    let (hint, rest) =
        sheet.rows.split_first().map_or((None, &sheet.rows[..0]), |(hint, rest)| (hint.first(), rest));
    let (headings, rows) =
        rest.split_first().map_or((&[][..], rest), |(headings, rows)| (&headings[..], rows));
    let columns: Vec<Column> =
        headings.iter().enumerate().map(|(place, heading)| column(heading, place, rows)).collect();
    let kinds: Vec<Kind> = columns.iter().map(|column| column.kind).collect();
    let cells = rows.iter().map(move |row| {
        let of = |(text, kind): (&String, &Kind)| match (kind, text.parse()) {
            _ if text.is_empty() => Cell::Empty,
            (Kind::Price(_), Ok(price)) => Cell::Price(price),
            _ => Cell::Text(text.clone()),
        };
        row.iter().zip(&kinds).map(of).collect()
    });
    let mut written = sheet::Sheet::from_rows(sheet.name.clone(), columns, cells);
    written.filter = headings.len() > 2;
    written.titles.extend(hint.cloned());
    written
}

/// The column under a heading. Its cells are figures when every one is, written the one way figures are written.
fn column(heading: &str, place: usize, rows: &[Vec<String>]) -> Column {
    let cells = || rows.iter().filter_map(|row| row.get(place)).filter(|cell| !cell.is_empty());
    let places = |cell: &String| cell.split_once('.').map_or(0, |(_, places)| places.len());
    let wide = |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let width = cells().map(|cell| wide(cell)).chain([wide(heading)]).max().unwrap_or(0).min(WIDTH_MAX);
    let kind = if is_figures(cells()) {
        Kind::Price(u8::try_from(cells().map(places).max().unwrap_or(0)).unwrap_or(12))
    } else {
        Kind::Text
    };
    Column::new(heading, kind).wide(u16::try_from(width + 2).unwrap_or(0))
}
