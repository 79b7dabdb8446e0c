//! How fast tables are read, beside the bare cost of the same file: `reading_speed [rows]` prints rows per second for
//! CSV in two encodings and for a workbook, and for the CSV parser alone on the same bytes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use interchange::{Choice, Column, Entry, Kind, Options, Sheet, Table};
use kernel::{Money, Text};
use rust_xlsxwriter::Workbook;

type Done<T> = Result<T, Box<dyn std::error::Error>>;

const HEADINGS: [&str; 7] = ["户号", "户名", "用电地址", "电量", "金额", "收费日期", "类别"];

fn row(number: u32) -> [String; 7] {
    let fen = number.wrapping_mul(2_654_435_761) % 1_000_000;
    [
        format!("{number:010}"),
        format!("用户{number}"),
        format!("建设路{}号", number % 1000),
        format!("{}", fen / 56),
        Money::from_fen(fen.into()).to_string(),
        "2026-01-31".into(),
        "居民".into(),
    ]
}

fn sheet() -> Done<Sheet> {
    let text = || Kind::Text { chars_max: 60 };
    let class = Kind::Choice(vec![Choice::new("com", &["商业"]), Choice::new("res", &["居民"])]);
    let columns = vec![
        Column::required("account", Kind::Code { chars_max: 20 }, &[HEADINGS[0]]),
        Column::required("name", text(), &[HEADINGS[1]]),
        Column::optional("address", text(), &[HEADINGS[2]]),
        Column::required("energy", Kind::Quantity, &[HEADINGS[3]]),
        Column::required("amount", Kind::Money, &[HEADINGS[4]]),
        Column::required("paid", Kind::Date, &[HEADINGS[5]]),
        Column::required("class", class, &[HEADINGS[6]]),
    ];
    Ok(Sheet::new(Text::new("收费明细", "Collections"), columns)?)
}

fn read(path: &Path, sheet: &Sheet) -> Done<u64> {
    let (mut rows, mut total) = (0, Money::ZERO);
    for entry in sheet.read(Table::open_path(path, &Options::default())?)? {
        if let Entry::Good(row) = entry? {
            total = total.plus(row.need("amount")?)?;
            rows += 1;
        }
    }
    Ok(rows)
}

fn timed(what: &str, work: impl FnOnce() -> Done<u64>) -> Done<u128> {
    let start = Instant::now();
    let rows = work()?;
    let millis = start.elapsed().as_millis().max(1);
    println!("{what:<28} {rows:>9} rows {millis:>7} ms {:>9} rows/s", u128::from(rows) * 1000 / millis);
    Ok(millis)
}

fn main() -> Done<()> {
    let rows: u32 = std::env::args().nth(1).map_or(Ok(200_000), |rows| rows.parse())?;
    let folder = tempfile::tempdir()?;
    let (utf8, gbk, xlsx) =
        (folder.path().join("u.csv"), folder.path().join("g.csv"), folder.path().join("w.xlsx"));
    let (mut as_utf8, mut as_gbk) =
        (BufWriter::new(File::create(&utf8)?), BufWriter::new(File::create(&gbk)?));
    let mut book = Workbook::new();
    let page = book.add_worksheet_with_constant_memory()?;
    page.write_row(0, 0, HEADINGS)?;
    for number in 0..=rows {
        let cells = if number == 0 { HEADINGS.map(String::from) } else { row(number) };
        let line = format!("{}\r\n", cells.join(","));
        as_utf8.write_all(line.as_bytes())?;
        as_gbk.write_all(&encoding_rs::GBK.encode(&line).0)?;
        if number > 0 && number < 1_048_576 {
            page.write_row(number, 0, &cells)?;
        }
    }
    as_utf8.flush()?;
    as_gbk.flush()?;
    book.save(&xlsx)?;

    let sheet = sheet()?;
    let bare = timed("bare CSV parser, UTF-8", || {
        let mut record = csv::StringRecord::new();
        let (mut reader, mut rows) = (csv::Reader::from_path(&utf8)?, 0);
        while reader.read_record(&mut record)? {
            rows += 1;
        }
        Ok(rows)
    })?;
    for (what, path) in [("sheet, CSV UTF-8", &utf8), ("sheet, CSV GBK", &gbk), ("sheet, .xlsx", &xlsx)] {
        let millis = timed(what, || read(path, &sheet))?;
        println!("{:<28} {} times the bare parser", "", millis / bare.max(1));
    }
    Ok(())
}
