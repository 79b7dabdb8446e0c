//! Files that mean harm: whatever the bytes, reading ends with rows or an error.
#![allow(clippy::unwrap_used, reason = "steps shared by tests")]

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use interchange::{Column, Entry, Error, Kind, Options, Rejects, Sheet, Table};
use kernel::{Bilingual, Lang, Text};
use proptest::prelude::*;
use rust_xlsxwriter::Workbook;

fn sheet() -> Sheet {
    let columns = vec![
        Column::required("a", Kind::Code { chars_max: 9 }, &["a"]),
        Column::optional("b", Kind::Money, &["b"]),
        Column::optional("c", Kind::Date, &["c"]),
    ];
    Sheet::new(Text::new("表", "Table"), columns).unwrap()
}

/// Reads all there is; every text in both languages can be made.
fn swallow(bytes: Vec<u8>) -> Result<u64, Error> {
    let sheet = sheet();
    let read = || {
        let mut reader = sheet.read(Table::open_bytes("x", bytes, &Options::default())?)?;
        let mut rejects = Rejects::new(Vec::new(), &reader, Lang::En).unwrap();
        let mut rows = 0;
        for entry in reader.by_ref() {
            rows += 1;
            if let Entry::Bad(bad) = entry? {
                rejects.push(&bad).unwrap();
            }
        }
        Ok(rows)
    };
    read().inspect_err(|error: &Error| {
        assert!(!error.text(Lang::Zh).is_empty() && !error.text(Lang::En).is_empty());
    })
}

fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.write(0, 0, "a").unwrap();
    page.write(0, 1, "b").unwrap();
    for row in 1..40 {
        page.write(row, 0, format!("code {row}")).unwrap();
        page.write(row, 1, row).unwrap();
    }
    book.save_to_buffer().unwrap()
}

fn zip_of(parts: &[(&str, u64)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, length) in parts {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::copy(&mut std::io::repeat(b' ').take(*length), &mut archive).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_zip_bomb_is_refused_before_it_is_unpacked() {
    let bomb = zip_of(&[("[Content_Types].xml", 10), ("xl/sharedStrings.xml", 140 << 20)]);
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(swallow(bomb), Err(Error::Unpacked { part, .. }) if part == "xl/sharedStrings.xml"));
    assert!(matches!(swallow(zip_of(&[("readme.txt", 10)])), Err(Error::Workbook { .. })));
}

/// The parts of `workbook()` with one of them changed by `change`, packed again.
fn repacked(part: &str, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(workbook())).unwrap();
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let mut entry = from.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if name == part {
            change(&mut content);
        }
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(&content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A string table that declares more strings than there is memory is refused before memory is set aside.
#[test]
fn a_false_declaration_is_refused() {
    let with = |text: &str| {
        swallow(repacked("xl/sharedStrings.xml", |content| {
            let old = String::from_utf8(content.clone()).unwrap();
            *content = old.replacen("uniqueCount=\"41\"", text, 1).into_bytes();
        }))
    };
    assert_eq!(with("uniqueCount=\"41\"").unwrap(), 39);
    assert!(matches!(with("uniqueCount=\"300000000000000\""), Err(Error::Workbook { .. })));
    assert!(matches!(with("uniqueCount = '30000000000'"), Err(Error::Workbook { .. })));
}

/// A workbook with a password is a container without a workbook in it.
#[test]
fn a_password_is_named_as_the_reason() {
    let mut container = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    container.create_stream("/EncryptedPackage").unwrap().write_all(&[7; 5000]).unwrap();
    let error = swallow(container.into_inner().into_inner()).unwrap_err();
    assert!(error.text(Lang::Zh).contains("密码"), "{error}");
}

/// A container whose sectors point at themselves does not fill the memory.
#[test]
fn circular_containers_are_refused() {
    let good = include_bytes!("fixtures/old.xls");
    let number = |at: usize| u32::from_le_bytes(good[at..at + 4].try_into().unwrap());
    let table = (number(76) as usize + 1) * 512;
    let sectors = (good.len() - 512) / 512;
    let mut refused = 0;
    for from in 0..sectors {
        for to in 0..sectors {
            let mut bytes = good.to_vec();
            bytes[table + from * 4..table + from * 4 + 4]
                .copy_from_slice(&u32::try_from(to).unwrap().to_le_bytes());
            refused += u32::from(matches!(swallow(bytes), Err(Error::Workbook { .. })));
        }
    }
    // Most of these chains are broken; some say the same as before, or change what is not used.
    assert!(refused > 50, "{refused}");
}

/// A sheet whose cells stand in opposite corners costs nothing.
#[test]
fn far_apart_cells_cost_nothing() {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.write(0, 0, "a").unwrap();
    page.write(1_048_575, 0, "1").unwrap();
    assert_eq!(swallow(book.save_to_buffer().unwrap()).unwrap(), 1);
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.write(0, 0, "a").unwrap();
    page.write(1, 16_383, "1").unwrap();
    assert!(matches!(swallow(book.save_to_buffer().unwrap()), Err(Error::TooManyColumns { row: 2, .. })));
}

/// Content that is made while it is read: a heading and as many rows as wanted.
struct Endless {
    rows: u64,
    at: u64,
}
const ROW: &[u8] = "0012345678,1234.56,2026-01-31,张三李四王五\n".as_bytes();
const HEADING: &[u8] = "a,b,c,备注\n".as_bytes();
impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut written = 0;
        let end = HEADING.len() as u64 + self.rows * ROW.len() as u64;
        while written < buffer.len() && self.at < end {
            let part = match self.at.checked_sub(HEADING.len() as u64) {
                None => &HEADING[usize::try_from(self.at).unwrap()..],
                Some(place) => &ROW[usize::try_from(place % ROW.len() as u64).unwrap()..],
            };
            let length = (&mut buffer[written..]).write(part)?;
            written += length;
            self.at += length as u64;
        }
        Ok(written)
    }
}
impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        if let SeekFrom::Start(at) = to {
            self.at = at;
        }
        Ok(self.at)
    }
}

/// Two hundred thousand rows by default; `ROWS=1000000` for the million. The content never exists as a whole, and the
/// reader holds one row at a time.
#[test]
fn many_rows_stream_through() {
    let rows = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(200_000);
    let sheet = sheet();
    let table = Table::open("big.csv", Endless { rows, at: 0 }, &Options::default()).unwrap();
    let mut bad = 0;
    let mut last = 0;
    for entry in sheet.read(table).unwrap() {
        match entry.unwrap() {
            Entry::Good(row) => last = row.number(),
            Entry::Bad(refused) => {
                bad += 1;
                last = refused.row.number;
            }
        }
    }
    // The codes are one sign too long.
    assert_eq!((bad, last), (rows, rows + 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0_usize..5) {
        let start: &[u8] = [&b""[..], b"a,b,c\n", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe"][kind];
        let _ = swallow([start, &bytes].concat());
    }

    #[test]
    fn random_tables_never_panic(text in "[ab,;\t\"\r\n=1９.张\u{0}-]{0,200}") {
        let _ = swallow(text.clone().into_bytes());
        let _ = swallow(format!("a,b,c\n{text}").into_bytes());
    }

    /// The same for what is inside a workbook.
    #[test]
    fn damaged_parts_never_panic(
        part in prop::sample::select(vec![
            "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml",
            "xl/_rels/workbook.xml.rels", "[Content_Types].xml",
        ]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(any::<u8>())), 0..6),
        kept in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let bytes = repacked(part, |content| {
            for (at, byte) in &changes {
                let at = at.index(content.len());
                match byte {
                    Some(byte) => content[at] = *byte,
                    None => { content.remove(at); }
                }
            }
            if let Some(kept) = kept {
                content.truncate(kept.index(content.len()));
            }
        });
        let _ = swallow(bytes);
    }

    /// A workbook with some bytes changed is read or refused.
    #[test]
    fn damaged_workbooks_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        for mut bytes in [workbook(), include_bytes!("fixtures/old.xls").to_vec()] {
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let _ = swallow(bytes);
        }
    }
}
