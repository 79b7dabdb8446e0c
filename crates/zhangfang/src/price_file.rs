//! Price table files: the TOML form, or a workbook of the same content.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use documents::sheet::{self, Cell, Column, Kind};
use interchange::{Error, Options, Table};
use kernel::{Bilingual, Lang, Price};
use tariff::table::PriceTable;
use tariff::table::workbook::{ROWS_MAX, SHEETS_MAX, Sheet, WorkbookError};

use crate::failure::{Done, Failure};

/// A price file is smaller than this, and so is the text of a workbook.
const FILE_BYTES_MAX: usize = 4 << 20;
/// A name no worksheet has: spreadsheets forbid these characters in names.
const NO_SHEET: &str = "[?]";
/// The widest column, in characters of the standard font.
const WIDTH_MAX: usize = 60;

/// A price table that was read and checked.
#[derive(Debug)]
pub struct PriceFile {
    /// Its TOML form: the text of the file, or what a workbook says.
    pub toml: String,
    /// The table.
    pub table: PriceTable,
}

/// Reads a price table from a TOML file or a workbook (`.xlsx`, `.xls`), by what the file holds, not by its name.
///
/// # Errors
/// A file that cannot be read or is larger than 4 MiB; everything that is wrong in the table, with line and column or
/// with sheet, row and column.
pub fn read_price_file(path: &Path) -> Done<PriceFile> {
    let bytes = read_bytes(path)?;
    let name = path.display().to_string();
    let table = if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        table_of(&name, bytes)?
    } else {
        PriceTable::parse(&name, &text_of(path, bytes)?)?
    };
    Ok(PriceFile { toml: table.toml().to_owned(), table })
}

/// The TOML text of a price table by what a person names: a table that comes with the program, or a file.
///
/// # Errors
/// Neither is there; what [`read_price_file`] refuses.
pub fn price_text(file: &Path) -> Done<String> {
    let name = file.display().to_string();
    match tariff::table::SHIPPED.iter().find(|table| table.id == name) {
        Some(table) => Ok(table.text.to_owned()),
        None if file.exists() => Ok(read_price_file(file)?.toml),
        None => Err(Failure::new(
            format!("没有文件 {name}，也没有这个名称的内置电价表；`zhangfang tariff tables` 列出内置表"),
            format!(
                "there is no file {name} and no table of that name; `zhangfang tariff tables` lists them"
            ),
        )),
    }
}

/// Writes `table` as a new workbook `path`, after having read it back as an equal table.
///
/// # Errors
/// A file that is there already or cannot be written; a table that a workbook cannot hold.
pub fn write_price_workbook(table: &PriceTable, path: &Path, lang: Lang) -> Done {
    let sheets = table.to_workbook(lang);
    let workbook = sheet::Workbook {
        lang,
        title: table.name().text(lang),
        issuer: table.region().to_owned(),
        sheets: sheets.iter().map(sheet_of).collect(),
    };
    let mut bytes = Vec::new();
    paper::xlsx(workbook, &mut bytes)?;
    let name = path.display().to_string();
    if table_of(&name, bytes.clone())? != *table {
        return Err(Failure::new(
            format!("{name}：电价表 {} 不能无损写成工作簿，请使用 TOML 文件", table.id()),
            format!("{name}: a workbook cannot hold all of the table {}; use its TOML file", table.id()),
        ));
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|error| Failure::file(&name, error))?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(|error| Failure::file(&name, error))
}

/// Reads a file of bounded size.
pub fn read_bytes(path: &Path) -> Done<Vec<u8>> {
    let failed = |error: std::io::Error| Failure::file(path.display(), error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Failure::file(path.display(), "larger than 4 MiB / 大于 4 MiB"));
    }
    Ok(bytes)
}

/// The bytes of a file as text.
pub fn text_of(path: &Path, bytes: Vec<u8>) -> Done<String> {
    String::from_utf8(bytes).map_err(|_| {
        Failure::file(path.display(), "not UTF-8 text; save it as UTF-8 / 不是 UTF-8 文本，请另存为 UTF-8")
    })
}

fn table_of(name: &str, bytes: Vec<u8>) -> Done<PriceTable> {
    Ok(PriceTable::from_workbook(name, &sheets_of(name, bytes)?)?)
}

/// All sheets of a workbook, bounded.
fn sheets_of(name: &str, bytes: Vec<u8>) -> Done<Vec<Sheet>> {
    let open = |label: &str, worksheet: &str| {
        let rows_max = Some(ROWS_MAX as u64);
        let options = Options { worksheet: Some(worksheet.to_owned()), rows_max, ..Options::default() };
        Table::open_bytes(label, bytes.clone(), &options)
    };
    let names = match open(name, NO_SHEET)?.next_row() {
        Err(Error::NoSheet { present, .. }) => present,
        Err(error) => return Err(error.into()),
        Ok(_) => Vec::new(),
    };
    let mut taken = 0;
    let mut sheets = Vec::new();
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
    let figure = |cell: &String| cell.parse::<Price>().is_ok_and(|price| price.to_string() == *cell);
    let places = |cell: &String| cell.split_once('.').map_or(0, |(_, places)| places.len());
    let wide = |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let width = cells().map(|cell| wide(cell)).chain([wide(heading)]).max().unwrap_or(0).min(WIDTH_MAX);
    let kind = if cells().next().is_some() && cells().all(figure) {
        Kind::Price(u8::try_from(cells().map(places).max().unwrap_or(0)).unwrap_or(12))
    } else {
        Kind::Text
    };
    Column::new(heading, kind).wide(u16::try_from(width + 2).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use tariff::table::{SHIPPED, shipped_table};

    use super::*;

    /// BILL-18: every shipped table goes through a real workbook file and comes back the same, to the last digit.
    #[test]
    fn shipped_tables_survive_a_workbook_file() {
        let folder = tempfile::tempdir().unwrap();
        for lang in [Lang::Zh, Lang::En] {
            for shipped in SHIPPED {
                let table = shipped_table(shipped.id).unwrap().unwrap();
                let path = folder.path().join(format!("{}-{lang:?}.xlsx", shipped.id));
                write_price_workbook(&table, &path, lang).unwrap();
                let file = read_price_file(&path).unwrap();
                assert!(file.table == table, "{}", shipped.id);
                assert!(PriceTable::parse("again.toml", &file.toml).unwrap() == table, "{}", shipped.id);
                // A workbook somebody works on is never overwritten.
                assert!(write_price_workbook(&table, &path, lang).is_err());
            }
        }
    }

    /// The TOML file itself is the content.
    #[test]
    fn toml_files_are_read_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prices.toml");
        std::fs::write(&path, SHIPPED[0].text).unwrap();
        assert_eq!(read_price_file(&path).unwrap().toml, SHIPPED[0].text);
        std::fs::write(&path, b"\xff\xfe\x00").unwrap();
        assert!(read_price_file(&path).unwrap_err().text(Lang::En).contains("UTF-8"));
        std::fs::write(&path, vec![b' '; FILE_BYTES_MAX + 1]).unwrap();
        assert!(read_price_file(&path).unwrap_err().text(Lang::En).contains("4 MiB"));
        assert!(read_price_file(&folder.path().join("none.toml")).is_err());
    }

    /// A wrong published price in a real file is refused with its sheet, row and column; prices of more digits than a
    /// spreadsheet keeps are not rounded.
    #[test]
    fn a_wrong_cell_of_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hubei.xlsx");
        let table = shipped_table("hubei-2026-01").unwrap().unwrap();
        let mut sheets = table.to_workbook(Lang::Zh);
        let published = sheets.iter_mut().find(|sheet| sheet.name == "公布价").unwrap();
        let row = published.rows.iter().position(|row| row.contains(&"0.735886".into())).unwrap();
        let column = published.rows[row].iter().position(|cell| cell == "0.735886").unwrap();
        published.rows[row][column] = "0.735686".into();
        let workbook =
            sheet::Workbook { sheets: sheets.iter().map(sheet_of).collect(), ..sheet::Workbook::default() };
        paper::xlsx_file(workbook, &path).unwrap();
        let failure = read_price_file(&path).unwrap_err();
        let letter = char::from(b'A' + u8::try_from(column).unwrap());
        let place = format!("工作表“公布价” 第 {} 行 {letter} 列", row + 1);
        assert!(failure.text(Lang::Zh).contains(&place), "{}", failure.text(Lang::Zh));
        assert!(failure.text(Lang::En).contains("0.735886"), "{}", failure.text(Lang::En));

        let long = SHIPPED[1]
            .text
            .replace("\"0.4840\"", "\"1234567.484000000001\"")
            .replace("\\\n\"\"\"", "\n\"\"\"");
        let table = PriceTable::parse("long.toml", &long).unwrap();
        let path = folder.path().join("long.xlsx");
        write_price_workbook(&table, &path, Lang::En).unwrap();
        assert!(read_price_file(&path).unwrap().table == table);
    }

    /// A file that only looks like a workbook is refused.
    #[test]
    fn damaged_workbooks_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broken.xlsx");
        for bytes in [&b"PK\x03\x04broken"[..], b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1broken"] {
            std::fs::write(&path, bytes).unwrap();
            assert!(read_price_file(&path).is_err());
        }
    }
}
