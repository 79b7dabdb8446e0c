//! Price tables as workbooks: the same content as the TOML form, and complaints that name the cell.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::{Bilingual, Lang};
use proptest::prelude::*;
use tariff::table::workbook::Sheet;
use tariff::table::{PriceTable, SHIPPED, shipped_table};

fn hubei(lang: Lang) -> Vec<Sheet> {
    shipped_table("hubei-2026-01").unwrap().unwrap().to_workbook(lang)
}

/// The row and column of the cell in `sheet` that reads `text`, from 0.
fn find(sheets: &[Sheet], sheet: &str, text: &str) -> (usize, usize, usize) {
    let place = sheets.iter().position(|one| one.name == sheet).unwrap();
    for (row, cells) in sheets[place].rows.iter().enumerate() {
        if let Some(column) = cells.iter().position(|cell| cell == text) {
            return (place, row, column);
        }
    }
    panic!("{text} is not in {sheet}");
}

/// BILL-18: every shipped table goes out as a workbook, in either language, and comes back the same.
#[test]
fn every_shipped_table_survives_the_workbook() {
    for lang in [Lang::Zh, Lang::En] {
        for shipped in SHIPPED {
            let table = shipped_table(shipped.id).unwrap().unwrap();
            let sheets = table.to_workbook(lang);
            let back =
                PriceTable::from_workbook("table.xlsx", &sheets).unwrap_or_else(|error| panic!("{error}"));
            assert!(back == table, "{}", shipped.id);
            // The TOML form of a workbook is a table of its own.
            assert!(PriceTable::parse("table.toml", back.toml()).unwrap() == table, "{}", shipped.id);
        }
    }
    assert_ne!(
        shipped_table("hubei-2026-01").unwrap().unwrap(),
        shipped_table("jiangsu-2021-10").unwrap().unwrap()
    );
}

const SEASONS: &str = r#"
[[time_of_use.season]]
months = [11, 12, 1, 2]
factor = { sharp = { of = "peak", times = "1.2" }, peak = "1.8", deep_valley = "0.2", valley = "0.38" }
hours = { sharp = ["18:00-20:00"], peak = ["20:00-22:00", "08:00-10:00"], deep_valley = ["03:00-05:00"], flat = ["00:00-03:00", "05:00-08:00", "10:00-18:00", "22:00-24:00"] }

[[time_of_use.season]]
months = [3, 4, 5, 6, 7, 8, 9, 10]
hours = {}

[[time_of_use.day]]
when = "hot"
from_celsius = 35
months = [7, 8, 9]
hours = { peak = ["12:00-14:00"] }

[[time_of_use.day]]
when = "holiday"
hours = { valley = ["10:00-12:00"] }

[[tiers]]
code = "jiangsu""#;

/// What no shipped table uses survives too: seasons with factors of their own, multiples of a period, special days,
/// prices and additions by period, components with every flag, the third kind of demand price.
#[test]
fn everything_the_form_can_say_survives() {
    let (start, end) = (EXAM.find("\n[[time_of_use.season]]").unwrap(), EXAM.find("\n[[tiers]]").unwrap());
    let text =
        format!("{}{SEASONS}{}", &EXAM[..start], &EXAM[end + "\n[[tiers]]\ncode = \"jiangsu\"".len()..]);
    let text = text
        .replace("code = \"day\"", "code = \"day\"\nround_places = 6")
        .replace("price = \"0.007\"", "vat = true\nprice = \"0.007\"")
        .replace("floats = true", "floats = true\nmarket = true\nin_power_factor_base = false")
        .replace("capacity = \"13\"", "capacity = \"13\"\nactual_demand = \"38.123456789012\"")
        .replace("thresholds = [2880, 4800]", "thresholds = [\"2880.5\", 4800]")
        .replacen(
            "add_on = [\"0.05\", \"0.30\"]",
            "add_on = [\"0.05\", { total = \"0.3\", peak = \"0.4\" }]",
            1,
        )
        .replace("to = \"2026-08-01\"", "")
        .replace("three_gorges_fund", "total")
        .replace("catalogue = \"0.70\"", "catalogue = \"0.70\", total = \"0.0071\", local_fund = \"0.008\"")
        .replace(
            "name = { zh = \"地方附加费\", en = \"local surcharge\" }",
            "name = { zh = \"类别\", en = \"demand\" }",
        )
        .replace(
            "source = \"published worked examples\"",
            "source = \"\"\"one\n\\\"two\\\" \\\\ three\n\"\"\"",
        );
    let table = PriceTable::parse("exam.toml", &text).unwrap();
    assert_ne!(table, PriceTable::parse("exam.toml", EXAM).unwrap());
    for lang in [Lang::Zh, Lang::En] {
        let back = PriceTable::from_workbook("exam.xlsx", &table.to_workbook(lang)).unwrap();
        assert!(back == table, "{}", back.toml());
    }
}

/// A wrong digit in a published price is refused, and the cell is named in both languages.
#[test]
fn a_misread_published_price_is_found_in_its_cell() {
    let mut sheets = hubei(Lang::Zh);
    let (sheet, row, column) = find(&sheets, "公布价", "0.735886");
    sheets[sheet].rows[row][column] = "0.735686".into();
    let error = PriceTable::from_workbook("hubei.xlsx", &sheets).unwrap_err();
    assert_eq!((error.sheet.as_str(), error.row, error.column), ("公布价", row + 1, column + 1));
    let letters = error.column_letters();
    assert!(
        error
            .to_string()
            .starts_with(&format!("hubei.xlsx, sheet 公布价, row {}, column {letters}: ", row + 1))
    );
    assert!(error.to_string().contains("0.735886"), "{error}");
    let zh = error.text(Lang::Zh);
    assert!(zh.contains(&format!("工作表“公布价” 第 {} 行 {letters} 列：公布价 0.735686", row + 1)), "{zh}");
}

/// What is wrong in a cell is named with that cell.
#[test]
fn complaints_name_sheet_row_and_column() {
    let cases = [
        ("基本信息", "2026-01-01", "2026-02-30", "calendar"),
        ("基本信息", "1", "1.5", "whole number"),
        ("基本信息", "退出市场倍数", "倍数", "not known"),
        ("构成", "line_loss", "Line Loss", "lower-case"),
        ("构成", "line_loss", "purchase", "repeated"),
        ("构成", "电能", "税", "not one of"),
        ("构成", "0.013643", "0.0136x", "0.0136x"),
        ("构成", "含于电价", "含税", "not known"),
        ("时段", "1至6、9至12", "1至6、9至11", "no period is named"),
        ("时段", "7、8", "2026-07-08", "text cell"),
        ("时段", "尖峰", "夜", "not one of"),
        ("时段", "20:00", "19:00", "overlaps"),
        ("时段", "20:00", "20:15", "half-hour"),
        ("浮动系数", "1.49", "峰×", "not a decimal"),
        ("浮动系数", "1.49", "夜×2", "not a period"),
        ("浮动系数", "industrial", "commercial", "no \"commercial\""),
        ("阶梯", "2160", "4801", "rise"),
        ("阶梯", "0.05", "", "tier 2 addition"),
        ("阶梯", "年", "周", "not one of"),
        ("阶梯", "0.558", "", "free_price"),
        ("基本电费", "1.05", "0.95", "allowance"),
        ("基本电费", "A", "C", "not one of"),
        ("价格", "单一制", "民用", "not one of"),
        ("价格", "输配电价", "输电价", "neither a component"),
        ("价格", "目录电价 峰", "目录电价 夜", "neither a component"),
        ("价格", "1-10千伏", "10千伏", "not one of"),
        ("价格", "1-10千伏", "不满1千伏", "repeated"),
        ("价格", "26.3", "-26.3", "negative"),
        ("价格", "0.2103", "", "no price"),
        ("价格", "0.2103", "0.21O3", "0.21O3"),
        ("价格", "industrial", "commercial", "commercial"),
        ("价格", "catalogue、contained_reservoir_fund", "catalogue、contained_fund", "contained_fund"),
        ("公布价", "single_part_flat", "single_part_flot", "no such voltage level"),
        ("公布价", "0.608", "0.609", "tier prices"),
        ("公布价", "0.858", "", "tier 3"),
    ];
    let mut misplaced = Vec::new();
    for (sheet, from, to, word) in cases {
        let mut sheets = hubei(Lang::Zh);
        let (place, row, column) = find(&sheets, sheet, from);
        sheets[place].rows[row][column] = to.into();
        let Err(error) = PriceTable::from_workbook("hubei.xlsx", &sheets) else {
            misplaced.push(format!("{sheet} {from} {to}: accepted"));
            continue;
        };
        let said = error.to_string().contains(word) && error.text(Lang::Zh).contains('行');
        let placed = error.row > 0 && error.column > 0 && !error.sheet.is_empty() && !error.zh.is_empty();
        if !said || !placed {
            misplaced.push(format!("{sheet} {from} {to}: {error}"));
        }
        // Some complaints stand where the consequence is: at the season, the level, the code.
        let elsewhere = [
            "no such voltage level",
            "no period is named",
            "overlaps",
            "allowance",
            "free_price",
            "no price",
            "tier prices",
            "rise",
        ];
        let place = (error.sheet.as_str(), error.row, error.column);
        if !elsewhere.contains(&word) && place != (sheet, row + 1, column + 1) {
            misplaced.push(format!("{from} {to}: {error}"));
        }
    }
    assert!(misplaced.is_empty(), "{misplaced:#?}");
}

/// People leave blank what is as in the row above, merge cells, reorder columns, write remarks, mix languages.
#[test]
fn sheets_are_read_as_people_fill_them_in() {
    let table = shipped_table("hubei-2026-01").unwrap().unwrap();
    let mut sheets = hubei(Lang::Zh);
    for sheet in &mut sheets {
        sheet.rows.insert(0, vec!["湖北省电力公司".into()]);
        sheet.rows.insert(3, Vec::new());
        if sheet.name == "时段" {
            let mut above: Vec<String> = Vec::new();
            for row in sheet.rows.iter_mut().skip(4) {
                let lead: Vec<String> = row[..4].to_vec();
                let same_code = above.first() == lead.first();
                if above == lead {
                    row[..4].fill(String::new());
                } else if same_code {
                    row[0] = String::new();
                }
                // A spreadsheet gives times of day with seconds, and 24:00 as its first day.
                row[5].push_str(":00");
                row[6] = if row[6] == "24:00" { "1900-01-01".into() } else { format!("{}:00", row[6]) };
                above = lead;
            }
        }
        if sheet.name == "价格" {
            sheet.name = "Prices".into();
            for row in &mut sheet.rows {
                row.reverse();
            }
            let heading = sheet.rows.iter_mut().find(|row| row.iter().any(|cell| cell == "类别")).unwrap();
            for cell in heading.iter_mut() {
                match cell.as_str() {
                    "类别" => *cell = "CLASS".into(),
                    "电压等级" => *cell = "Voltage level".into(),
                    "输配电价" => *cell = "transmission (yuan/kWh)".into(),
                    "目录电价 峰" => *cell = "catalogue_peak".into(),
                    _ => {}
                }
            }
            heading.push("备注".into());
            sheet.rows[5].push("核对过".into());
        }
    }
    sheets.push(Sheet { name: "Sheet1".into(), rows: vec![vec![" ".into()]] });
    sheets.push(Sheet { name: "说明".into(), rows: vec![vec!["随意".into()]] });
    sheets.reverse();
    let back = PriceTable::from_workbook("hubei.xlsx", &sheets).unwrap_or_else(|error| panic!("{error}"));
    assert!(back == table, "{}", back.toml());
}

/// Sheets that are missing, repeated, not known, too large or without headings are refused by name.
#[test]
fn whole_sheets_are_refused_by_name() {
    let refused = |change: &dyn Fn(&mut Vec<Sheet>)| {
        let mut sheets = hubei(Lang::Zh);
        change(&mut sheets);
        PriceTable::from_workbook("hubei.xlsx", &sheets).unwrap_err()
    };
    assert!(refused(&|sheets| sheets.clear()).zh.contains("基本信息"));
    assert!(refused(&|sheets| sheets.retain(|sheet| sheet.name != "价格")).zh.contains("价格"));
    assert_eq!(refused(&|sheets| sheets[0].name = "信息".into()).sheet, "信息");
    let again = |sheets: &mut Vec<Sheet>| sheets.push(Sheet { name: "tiers".into(), ..sheets[4].clone() });
    assert!(refused(&again).en.contains("two sheets"));
    assert_eq!(refused(&|sheets| sheets[0].rows.truncate(1)).sheet, "基本信息");
    assert!(refused(&|sheets| sheets[1].rows[2].push("x".into())).en.contains("no heading above"));
    assert!(refused(&|sheets| sheets[1].rows[1].push("代码".into())).en.contains("repeated"));
    assert!(refused(&|sheets| sheets[1].rows[2].resize(201, String::new())).en.contains("columns"));
    assert!(refused(&|sheets| sheets[1].rows.resize(5_001, Vec::new())).en.contains("rows"));
    assert!(refused(&|sheets| sheets[1].rows[2][1] = "长".repeat(4_001)).en.contains("characters"));
    assert!(refused(&|sheets| sheets.resize(21, Sheet::default())).en.contains("sheets"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Whatever is put into a cell, the answer is a table or a complaint with a sheet.
    #[test]
    fn any_cell_is_read_or_refused(place in 0_usize..8, row in 0_usize..40, column in 0_usize..20, text in "\\PC{0,12}|[\"\\\\{}\\n=\\[\\]'-]{1,6}|[0-9:.,-]{1,8}") {
        let mut sheets = hubei(Lang::Zh);
        let rows = &mut sheets[place].rows;
        let row = row % rows.len();
        let column = column % rows[row].len().max(1);
        if let Some(cell) = rows[row].get_mut(column) {
            *cell = text;
        }
        if let Err(error) = PriceTable::from_workbook("x.xlsx", &sheets) {
            prop_assert!(!error.sheet.is_empty() || error.row == 0);
            prop_assert!(!error.text(Lang::Zh).is_empty() && !error.en.is_empty());
        }
    }
}
