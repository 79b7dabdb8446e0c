//! The doors, with examples of what ought to come in.

use std::fmt::Display;
use std::str::FromStr;

use interchange::{Options, Sheet, Table};
use kernel::{Bilingual, Date, Lang, Money, Month, Price, Quantity, Rate};
use tariff::table::{PriceTable, SHIPPED, workbook};

use crate::proofs;

/// One door.
pub struct Target {
    /// Its name, as `cargo fuzz run` takes it.
    pub name: &'static str,
    /// Tries one input.
    pub run: fn(&[u8]),
    /// Inputs to start from.
    pub examples: fn() -> Vec<Vec<u8>>,
}

/// Every door.
pub const TARGETS: &[Target] = &[
    Target { name: "figures", run: figures, examples: figure_examples },
    Target { name: "quote", run: quote, examples: quote_examples },
    Target { name: "price_table", run: price_table, examples: price_table_examples },
    Target { name: "price_workbook", run: price_workbook, examples: price_workbook_examples },
    Target {
        name: "import_accounts",
        run: import_accounts,
        examples: || templates(metering::import::accounts_sheet),
    },
    Target {
        name: "import_meters",
        run: import_meters,
        examples: || templates(metering::import::meters_sheet),
    },
    Target {
        name: "import_points",
        run: import_points,
        examples: || templates(metering::import::points_sheet),
    },
    Target {
        name: "import_readings",
        run: import_readings,
        examples: || templates(metering::import::readings_sheet),
    },
    Target { name: "bill_bytes", run: bill_bytes, examples: bill_examples },
    Target { name: "act_bytes", run: proofs::act_bytes, examples: proofs::act_examples },
    Target { name: "notes", run: proofs::notes, examples: proofs::note_examples },
    Target { name: "proof_files", run: proofs::proof_files, examples: proofs::proof_file_examples },
    Target { name: "proof_paths", run: proofs::proof_paths, examples: proofs::path_examples },
];

/// Tries one input at the door called `name`.
///
/// # Panics
/// When there is no such door, or when it breaks.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    assert!(target.is_some(), "there is no door {name}");
    target.into_iter().for_each(|target| (target.run)(bytes));
}

/// What both languages say of a refusal must be there.
pub(crate) fn told(refusal: &dyn Bilingual) {
    for lang in [Lang::Zh, Lang::En] {
        assert!(!refusal.text(lang).is_empty(), "a refusal without words");
    }
}

fn same_again<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert!(
            value.to_string().parse::<T>().is_ok_and(|again| again == value),
            "{text:?} reads as {value}"
        );
    }
}

fn figures(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    same_again::<Money>(text);
    same_again::<Quantity>(text);
    same_again::<Price>(text);
    same_again::<Rate>(text);
    same_again::<Date>(text);
    same_again::<Month>(text);
    if let Ok(amount) = Money::from_capitals(text) {
        assert_eq!(Money::from_capitals(&amount.to_capitals()).ok(), Some(amount), "{text:?}");
    }
}

fn figure_examples() -> Vec<Vec<u8>> {
    [
        "12.34",
        "-0.01",
        "0.123456789012",
        "2026-02-28",
        "202602",
        "2026-02",
        "壹佰贰拾叁元肆角伍分",
        "人民币负壹万元整",
        "50%",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn quote(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match tariff::quote::quote(text, "fuzz.toml") {
        Ok(answer) => {
            for lang in [Lang::Zh, Lang::En] {
                assert!(!answer.text(lang).is_empty());
            }
            assert!(answer.json().is_object());
        }
        Err(error) => told(&error),
    }
}

fn quote_examples() -> Vec<Vec<u8>> {
    [
        include_bytes!("../../../examples/quote/01-household-simple.toml").to_vec(),
        include_bytes!("../../tariff/tests/quote/actual-multi.toml").to_vec(),
        include_bytes!("../../tariff/tests/quote/260-exact.toml").to_vec(),
        include_bytes!("../../tariff/tests/quote/agri-pf.toml").to_vec(),
        include_bytes!("../../tariff/tests/quote/beijing-table.toml").to_vec(),
    ]
    .to_vec()
}

fn price_table(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match PriceTable::parse("fuzz.toml", text) {
        Ok(table) => {
            let again = PriceTable::parse("fuzz.toml", table.toml());
            assert!(again.is_ok_and(|again| again == table), "a table differs from its own text");
        }
        Err(error) => told(&error),
    }
}

fn price_table_examples() -> Vec<Vec<u8>> {
    SHIPPED.iter().map(|table| table.text.as_bytes().to_vec()).collect()
}

/// Sheets as text: form feeds between sheets, whose first line is the name, then rows of cells between tabs.
fn price_workbook(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let sheets: Vec<workbook::Sheet> = text
        .split('\u{c}')
        .map(|sheet| {
            let mut lines = sheet.split('\n');
            let name = lines.next().unwrap_or_default().to_owned();
            let rows = lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect();
            workbook::Sheet { name, rows }
        })
        .collect();
    match PriceTable::from_workbook("fuzz.xlsx", &sheets) {
        Ok(table) => {
            let again = PriceTable::parse("fuzz.toml", table.toml());
            assert!(again.is_ok_and(|again| again == table), "a workbook's table differs from its own text");
        }
        Err(error) => told(&error),
    }
}

fn price_workbook_examples() -> Vec<Vec<u8>> {
    let tables = SHIPPED.iter().filter_map(|table| PriceTable::parse(table.id, table.text).ok());
    tables
        .map(|table| {
            let sheets: Vec<String> = table
                .to_workbook(Lang::Zh)
                .iter()
                .map(|sheet| {
                    let rows: Vec<String> = sheet.rows.iter().map(|row| row.join("\t")).collect();
                    format!("{}\n{}", sheet.name, rows.join("\n"))
                })
                .collect();
            sheets.join("\u{c}").into_bytes()
        })
        .collect()
}

fn import(bytes: &[u8], sheet: metering::Result<Sheet>) {
    let Ok(sheet) = sheet else { return };
    let options = Options { rows_max: Some(1_000), ..Options::default() };
    let reader = match Table::open_bytes("fuzz", bytes, &options).and_then(|table| sheet.read(table)) {
        Ok(reader) => reader,
        Err(error) => return told(&error),
    };
    for row in reader {
        match row {
            Ok(interchange::Entry::Bad(row)) => {
                assert!(!row.problems.is_empty(), "a row refused without a reason");
                row.problems.iter().for_each(|problem| told(problem));
            }
            Ok(_) => {}
            Err(error) => return told(&error),
        }
    }
}

fn import_accounts(bytes: &[u8]) {
    import(bytes, metering::import::accounts_sheet());
}
fn import_meters(bytes: &[u8]) {
    import(bytes, metering::import::meters_sheet());
}
fn import_points(bytes: &[u8]) {
    import(bytes, metering::import::points_sheet());
}
fn import_readings(bytes: &[u8]) {
    import(bytes, metering::import::readings_sheet());
}

fn templates(sheet: fn() -> metering::Result<Sheet>) -> Vec<Vec<u8>> {
    let headings = sheet().map(|sheet| sheet.template()).unwrap_or_default();
    let row = |cell: &str| headings.iter().map(|_| cell).collect::<Vec<_>>().join(",");
    let text = format!("{}\n{}\n{}\n{}\n", headings.join(","), row("1"), row("2026-01-31"), row("居民"));
    let tabbed = text.replace(',', "\t");
    vec![
        text.into_bytes(),
        tabbed.into_bytes(),
        include_bytes!("../../interchange/tests/fixtures/old.xls").to_vec(),
    ]
}

fn bill_bytes(bytes: &[u8]) {
    if let Ok((input, bill)) = billing::canonical::read_bill(bytes) {
        let mut again = Vec::new();
        billing::canonical::write_bill(&input, &bill, &mut again);
        assert_eq!(again, bytes, "two forms of one bill");
    }
    if let Ok(bill) = billing::canonical::read_adjustment(bytes) {
        let mut again = Vec::new();
        billing::canonical::write_adjustment(&bill, &mut again);
        assert_eq!(again, bytes, "two forms of one adjustment");
    }
}

/// Bills of a demonstration month: the shortest, a middling one, the longest.
fn bill_examples() -> Vec<Vec<u8>> {
    [
        include_bytes!("../examples/bill-form1-0.bin").to_vec(),
        include_bytes!("../examples/bill-form1-1.bin").to_vec(),
        include_bytes!("../examples/bill-form1-2.bin").to_vec(),
    ]
    .to_vec()
}
