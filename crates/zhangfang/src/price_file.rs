//! Price table files on disk.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use billing::price_file::{self, FILE_BYTES_MAX};
use kernel::Lang;
use tariff::table::PriceTable;

use crate::failure::{Done, Failure};

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
    let table = price_file::read(&path.display().to_string(), &read_bytes(path)?)?;
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
    let mut bytes = Vec::new();
    paper::xlsx(price_file::workbook(table, &sheets, lang), &mut bytes)?;
    let name = path.display().to_string();
    if price_file::read(&name, &bytes)? != *table {
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
        paper::xlsx_file(price_file::workbook(&table, &sheets, Lang::Zh), &path).unwrap();
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
