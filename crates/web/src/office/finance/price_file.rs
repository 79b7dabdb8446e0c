//! A price table as people send it: a TOML file, or a workbook of the same content.

use documents::sheet::{self, Cell, Column, Kind, Workbook};
use interchange::{Error, Options, Table};
use kernel::{Bilingual as _, Lang, Price};
use tariff::table::PriceTable;
use tariff::table::workbook::{ROWS_MAX, SHEETS_MAX, Sheet, WorkbookError};

use crate::catalogue::{Refusal, SentFile};

/// A price file is smaller than this.
pub const FILE_BYTES_MAX: usize = 4 << 20;
/// A name no worksheet has: spreadsheets forbid these characters in names.
const NO_SHEET: &str = "[?]";

/// Reads and checks a price table by what the file holds, not by its name; every complaint names its place.
pub fn read(file: &SentFile) -> Result<PriceTable, Refusal> {
    let (name, bytes) = (file.name.as_str(), &file.bytes);
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Ok(PriceTable::from_workbook(name, &sheets_of(name, bytes)?)?);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| {
        Refusal::refused(
            format!("{name}：不是 UTF-8 文本，请另存为 UTF-8，或使用工作簿"),
            format!("{name} is not UTF-8 text: save it as UTF-8, or send a workbook"),
        )
    })?;
    Ok(PriceTable::parse(name, text)?)
}

/// All sheets of a workbook, bounded.
fn sheets_of(name: &str, bytes: &[u8]) -> Result<Vec<Sheet>, Refusal> {
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

/// The table as a workbook that reads back as an equal table.
pub fn workbook(table: &PriceTable, lang: Lang) -> Result<Vec<u8>, Refusal> {
    let sheets = table.to_workbook(lang);
    let book = Workbook {
        lang,
        title: table.name().text(lang),
        issuer: table.region().to_owned(),
        sheets: sheets.iter().map(sheet_of).collect(),
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    paper::xlsx(book, &mut bytes)?;
    Ok(bytes.into_inner())
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
    let kinds: Vec<Kind> = (0..headings.len())
        .map(|place| {
            let cells = || rows.iter().filter_map(|row| row.get(place));
            let places = |cell: &String| cell.split_once('.').map_or(0, |(_, places)| places.len());
            match is_figures(cells()) {
                true => Kind::Price(u8::try_from(cells().map(places).max().unwrap_or(0)).unwrap_or(12)),
                false => Kind::Text,
            }
        })
        .collect();
    let columns = headings.iter().zip(&kinds).map(|(heading, kind)| Column::new(heading, *kind)).collect();
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
