use std::io::Cursor;

use calamine::{Data, DataType, Reader, Xlsx};
use kernel::{Date, Month, Price, Rate};
use proptest::prelude::*;

use super::*;

fn made(workbook: Workbook<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    xlsx(workbook, &mut bytes).unwrap();
    bytes
}

fn book(sheet: Sheet<'_>) -> Workbook<'_> {
    Workbook {
        title: "应收明细".into(),
        issuer: "城东供电所".into(),
        sheets: vec![sheet],
        ..Workbook::default()
    }
}

fn read(bytes: &[u8], sheet: &str) -> Vec<Vec<Data>> {
    let mut file: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    file.worksheet_range(sheet).unwrap().rows().map(<[Data]>::to_vec).collect()
}

fn amounts(fen: &[i64]) -> Sheet<'_> {
    let columns = vec![Column::new("户号", Kind::Text), Column::new("应收", Kind::Money).summed()];
    let rows = fen.iter().map(|fen| vec![Cell::Text("0012".into()), Cell::Money(Money::from_fen(*fen))]);
    Sheet::from_rows("应收", columns, rows).titled("应收明细").with_total()
}

/// All kinds of cells: what is written is read.
#[test]
fn every_kind_of_cell_reads_back() {
    let columns = vec![
        Column::new("户号", Kind::Text),
        Column::new("户数", Kind::Integer).summed(),
        Column::new("电量", Kind::Quantity(2)).summed(),
        Column::new("电费", Kind::Money).summed(),
        Column::new("电价", Kind::Price(6)),
        Column::new("波动率", Kind::Percent(1)),
        Column::new("抄表日", Kind::Date),
        Column::new("月份", Kind::Month),
    ];
    let row = vec![
        Cell::Text("=1+1".into()),
        Cell::Integer(-3),
        Cell::Quantity("12.345678".parse().unwrap()),
        Cell::Money("290388.17".parse().unwrap()),
        Cell::Price("0.52834567".parse::<Price>().unwrap()),
        Cell::Percent("0.305".parse::<Rate>().unwrap()),
        Cell::Date(Date::new(2026, 10, 31).unwrap()),
        Cell::Month(Month::new(2026, 10).unwrap()),
    ];
    let sheet =
        Sheet::from_rows("列/表", columns, vec![row.clone(), row, vec![]]).titled("标题").with_total();
    let rows = read(&made(book(sheet)), "列／表");
    assert_eq!(rows[0][0], Data::String("标题".into()));
    assert_eq!(rows[1][7], Data::String("月份".into()));
    // A text is never read as a formula, and a number in a text column stays a text.
    assert_eq!(rows[2][0], Data::String("=1+1".into()));
    let figures: Vec<f64> = rows[2][1..6].iter().map(|cell| cell.as_f64().unwrap()).collect();
    assert_eq!(figures, [-3.0, 12.345678, 290388.17, 0.52834567, 0.305]);
    let days = |cell: &Data| match cell {
        Data::DateTime(day) => day.as_f64(),
        other => panic!("{other:?}"),
    };
    assert_eq!(days(&rows[2][6]), 46326.0);
    assert_eq!(days(&rows[2][7]), 46296.0);
    assert_eq!(rows[5][0], Data::String("合计".into()));
    let sums: Vec<f64> = rows[5][1..4].iter().map(|cell| cell.as_f64().unwrap()).collect();
    assert_eq!(sums, [-6.0, 24.691356, 580776.34]);
}

/// XC-17: every amount up to 15 significant digits reads back to the fen; longer ones stay exact as text.
#[test]
fn amounts_read_back_exactly() {
    let mut fen: Vec<i64> = vec![0, 1, -1, 10, 29, 57, 58, 115, 999_999_999_999_999, -999_999_999_999_999];
    let mut value: i64 = 1;
    for digit in 0..15 {
        fen.extend([value, value - 1, -value, value.saturating_mul(7) + digit]);
        value *= 10;
    }
    fen.retain(|fen| fen.abs() < 1_000_000_000_000_000);
    let rows = read(&made(book(amounts(&fen))), "应收");
    for (fen, row) in fen.iter().zip(&rows[2..]) {
        let text = row[1].as_f64().unwrap().to_string();
        assert_eq!(text.parse::<Money>().unwrap().fen(), *fen);
    }
    for fen in [1_000_000_000_000_001, i64::MAX, i64::MIN] {
        let mut bytes = Vec::new();
        let written = xlsx(book(amounts(&[fen])), &mut bytes).unwrap();
        // The amount and its total.
        assert_eq!(written.figures_as_text, 2);
        assert_eq!(read(&bytes, "应收")[2][1], Data::String(Money::from_fen(fen).to_string()));
    }
    // Trailing zeros are not significant.
    assert!(number("1000000000000000.00").is_none_or(|n| n.to_string() == "1000000000000000"));
}

#[test]
fn same_rows_give_same_bytes() {
    let fen: Vec<i64> = (0..500).collect();
    let bytes = made(book(amounts(&fen)));
    assert!(bytes == made(book(amounts(&fen))));
    assert!(bytes != made(book(amounts(&fen[1..]))));
}

#[test]
fn a_list_longer_than_a_sheet_continues_on_the_next() {
    let fen: Vec<i64> = (1..=100).collect();
    let mut bytes = Vec::new();
    let written = write(book(amounts(&fen)), &mut bytes, 43).unwrap();
    assert_eq!((written.rows, written.sheets), (100, 3));
    let mut all = Vec::new();
    for name in ["应收", "应收 (2)", "应收 (3)"] {
        let rows = read(&bytes, name);
        assert!(rows.len() <= 43);
        assert_eq!(rows[1][1], Data::String("应收".into()));
        all.extend(rows[2..].iter().map(|row| row[1].as_f64().unwrap()));
    }
    let mut expected: Vec<f64> =
        fen.iter().map(|fen| number(&Money::from_fen(*fen).to_string()).unwrap()).collect();
    expected.push(50.5);
    assert_eq!(all, expected);
}

#[test]
fn the_file_has_frozen_header_filter_and_fixed_date() {
    let bytes = made(book(amounts(&[1, 2, 3])));
    let mut archive = Xlsx::new(Cursor::new(bytes.clone())).unwrap();
    assert_eq!(archive.sheet_names(), ["应收"]);
    assert!(archive.worksheet_formula("应收").unwrap().is_empty());
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains(r#"<autoFilter ref="A2:B5"/>"#), "{sheet}");
    assert!(sheet.contains(r#"state="frozen""#) && sheet.contains(r#"topLeftCell="A3""#), "{sheet}");
    let core = part(&bytes, "docProps/core.xml");
    assert!(core.contains("2000-01-01T00:00:00Z") && core.contains("城东供电所"), "{core}");
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let columns = || vec![Column::new("电费", Kind::Money).summed()];
    let fails = |rows: Vec<Vec<Cell>>| {
        xlsx(book(Sheet::from_rows("明细", columns(), rows)), Vec::new()).unwrap_err().to_string()
    };
    let money = |fen| vec![Cell::Money(Money::from_fen(fen))];
    assert!(fails(vec![money(1), vec![Cell::Integer(1)]]).contains("row 2"));
    assert!(fails(vec![vec![Cell::Empty, Cell::Empty]]).contains("2 cells"));
    assert!(fails(vec![money(i64::MAX), money(1)]).contains("sum"));
    assert!(fails(vec![vec![Cell::Text("x".repeat(32_768))]]).contains("longer"));
    assert!(matches!(xlsx(Workbook::default(), Vec::new()), Err(PaperError::Nothing)));
    let none = Sheet::from_rows("空", vec![], Vec::new());
    assert!(matches!(xlsx(book(none), Vec::new()), Err(PaperError::Columns { .. })));
    let broken = Sheet::streamed("明细", columns(), |_| Err("connection lost".into()));
    let error = xlsx(book(broken), Vec::new()).unwrap_err();
    assert!(error.to_string().contains("connection lost"));
}

/// One file of the archive: read by name through its local header, as any unzip does.
fn part(bytes: &[u8], name: &str) -> String {
    use std::io::Read;
    let at = bytes.windows(name.len()).position(|window| window == name.as_bytes()).unwrap();
    let header = &bytes[at - 30..at];
    let extra = usize::from(u16::from_le_bytes([header[28], header[29]]));
    let mut text = String::new();
    let mut inflated = flate2::read::DeflateDecoder::new(&bytes[at + name.len() + extra..]);
    inflated.read_to_string(&mut text).unwrap();
    text
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]
    #[test]
    fn any_text_is_written_and_read(text in "\\PC{0,40}", name in "\\PC{0,40}") {
        let columns = vec![Column::new(name.clone(), Kind::Text)];
        let bytes = made(book(Sheet::from_rows(name.clone(), columns, vec![vec![Cell::Text(format!("x{text}"))]])));
        let rows = read(&bytes, &sheet_name(&name, &[]));
        let last = rows.last().unwrap()[0].to_string();
        // Excel's reader undoes escapes such as _x0041_.
        prop_assert!(last.starts_with('x'));
        prop_assert!(text.contains("_x") || last == format!("x{text}"), "{last:?}");
    }
}
