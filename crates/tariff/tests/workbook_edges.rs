//! Workbooks whole and at their limits: what is written in both languages, what is read, and the words of what is not.

#![allow(clippy::unwrap_used)]

mod common;

use kernel::{Bilingual, Lang};
use tariff::table::PriceTable;
use tariff::table::workbook::{Sheet, WorkbookError};

const EVERYTHING: &str = include_str!("data/everything.toml");

fn everything() -> PriceTable {
    PriceTable::parse("everything.toml", EVERYTHING).unwrap()
}

/// Sheets as text: the name of each, then a line for each row.
fn shown(sheets: &[Sheet]) -> String {
    let mut text = String::new();
    for sheet in sheets {
        text.push_str(&format!("== {}\n", sheet.name));
        for row in &sheet.rows {
            let cells: Vec<String> = row.iter().map(|cell| cell.escape_debug().to_string()).collect();
            text.push_str(cells.join(" | ").trim_end());
            text.push('\n');
        }
    }
    text
}

/// Compares with a file line by line, so that the first difference is seen at once.
fn same_lines(file: &str, found: &str, expected: &str) {
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected.trim_end(), "{file}, line {}", number + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{file}");
}

/// BILL-18: the sheets of a table that says all there is to say, heading by heading, in both languages; read again
/// they are the same table, in a TOML form that a person can read too.
#[test]
fn the_workbook_of_everything() {
    let table = everything();
    let files = [
        (Lang::Zh, "everything.zh.txt", include_str!("data/everything.zh.txt")),
        (Lang::En, "everything.en.txt", include_str!("data/everything.en.txt")),
    ];
    for (lang, file, expected) in files {
        let sheets = table.to_workbook(lang);
        same_lines(file, &shown(&sheets), expected);
        let back = PriceTable::from_workbook("everything.xlsx", &sheets).unwrap();
        assert_eq!(back, table);
        same_lines("everything.workbook.toml", back.toml(), include_str!("data/everything.workbook.toml"));
        assert_eq!(PriceTable::parse("back.toml", back.toml()).unwrap(), table);
    }
}

/// The sheet of this name in Chinese.
fn sheet<'s>(sheets: &'s mut [Sheet], name: &str) -> &'s mut Sheet {
    sheets.iter_mut().find(|sheet| sheet.name == name).unwrap()
}

fn read_changed(change: &dyn Fn(&mut Vec<Sheet>)) -> Result<PriceTable, WorkbookError> {
    let mut sheets = everything().to_workbook(Lang::Zh);
    change(&mut sheets);
    PriceTable::from_workbook("b.xlsx", &sheets)
}

/// A change to one row: which sheet, which row (from 1, as the spreadsheet counts), and its cells; a row beyond
/// the last is added.
type RowChange = (&'static str, usize, &'static [&'static str]);

fn with_rows(rows: &[RowChange]) -> Result<PriceTable, WorkbookError> {
    read_changed(&|sheets| {
        for (name, number, cells) in rows {
            let all = &mut sheet(sheets, name).rows;
            all.resize(all.len().max(*number), Vec::new());
            all[number - 1] = cells.iter().map(|cell| (*cell).to_owned()).collect();
        }
    })
}

/// Values may be typed in small letters and full-width, and frost may begin a special day as heat does.
#[test]
fn values_as_people_type_them() {
    let typed = with_rows(&[
        ("基本电费", 5, &["超需量读法", "b"]),
        ("时段", 7, &["industrial", "高温日", "-5", "7至9", "峰", "12:00", "14:00"]),
    ]);
    let table = typed.unwrap();
    assert!(table.toml().contains("excess_reading = \"B\"\n"), "{}", table.toml());
    assert!(table.toml().contains("from_celsius = -5\n"), "{}", table.toml());
}

/// What is wrong with rows is said in whole sentences, in both languages, and with the cell.
#[test]
fn rows_that_are_refused() {
    let cases: &[(&[RowChange], &str, &str)] = &[
        (
            &[("基本信息", 3, &["编号", ""])],
            "b.xlsx 工作表“基本信息”：缺少项目“编号”",
            "b.xlsx, sheet 基本信息: the item \"id\" is missing",
        ),
        (
            &[("基本信息", 4, &["版本", "05"])],
            "b.xlsx 工作表“基本信息” 第 4 行 B 列：“05”不是整数",
            "b.xlsx, sheet 基本信息, row 4, column B: \"05\" is not a whole number",
        ),
        (
            &[("基本信息", 4, &["版本", "1234567890"])],
            "b.xlsx 工作表“基本信息” 第 4 行 B 列：“1234567890”不是整数",
            "b.xlsx, sheet 基本信息, row 4, column B: \"1234567890\" is not a whole number",
        ),
        (
            &[("基本信息", 13, &["编号", "other"])],
            "b.xlsx 工作表“基本信息” 第 13 行 A 列：项目“编号”重复",
            "b.xlsx, sheet 基本信息, row 13, column A: the item \"编号\" is repeated",
        ),
        // A code that would be more than a key in the TOML form.
        (
            &[("构成", 11, &["x\" = 1, \"y", "名", "", "基金", "", "", "", "", "", "0.1"])],
            "b.xlsx 工作表“构成” 第 11 行 A 列：代码“x\" = 1, \"y”须为 1 至 60 个小写字母、数字、下划线或连字符",
            "b.xlsx, sheet 构成, row 11, column A: the code \"x\\\" = 1, \\\"y\" must be 1 to 60 lower-case letters, digits, underscores or hyphens",
        ),
        (
            &[("构成", 4, &["line-loss", "线损", "", "电能", "", "", "", "", "", "0.01", "", "0.02"])],
            "b.xlsx 工作表“构成” 第 4 行 L 列：同一价格既有统一价又有分时价，或同一时段填了两次",
            "b.xlsx, sheet 构成, row 4, column L: the price is given once for all periods and once by period, or a period twice",
        ),
        // After a special day the kind of day must be said again.
        (
            &[("时段", 9, &["industrial", "", "", "", "平", "14:00", "15:00"])],
            "b.xlsx 工作表“时段” 第 9 行 B 列：请填写“日别”",
            "b.xlsx, sheet 时段, row 9, column B: fill in \"day\"",
        ),
        (
            &[("时段", 3, &["industrial", "平日", "", "", "尖峰", "18:00", "20:00"])],
            "b.xlsx 工作表“时段” 第 3 行 D 列：请填写“月份”",
            "b.xlsx, sheet 时段, row 3, column D: fill in \"months\"",
        ),
        (
            &[("时段", 3, &["industrial", "平日", "", "1至6、6至12", "尖峰", "18:00", "20:00"])],
            "b.xlsx 工作表“时段” 第 3 行 D 列：月份 6 重复",
            "b.xlsx, sheet 时段, row 3, column D: month 6 is repeated",
        ),
        (
            &[("时段", 3, &["industrial", "平日", "", "0至6", "尖峰", "18:00", "20:00"])],
            "b.xlsx 工作表“时段” 第 3 行 D 列：“0至6”不是月份，请写作 7、8 或 1至6、9至12（若被表格软件改成日期，请把单元格设为文本）",
            "b.xlsx, sheet 时段, row 3, column D: \"0至6\" is not months such as \"7, 8\" or \"1 to 6, 9 to 12\" (make it a text cell if it was turned into a date)",
        ),
        (
            &[("时段", 7, &["industrial", "高温日", "三十五", "7至9", "峰", "12:00", "14:00"])],
            "b.xlsx 工作表“时段” 第 7 行 C 列：“三十五”不是整数",
            "b.xlsx, sheet 时段, row 7, column C: \"三十五\" is not a whole number",
        ),
        (
            &[("浮动系数", 8, &["farm", "2、1、12、11", "", "", "1.3"])],
            "b.xlsx 工作表“浮动系数” 第 8 行 B 列：“farm”同一季的系数有两行",
            "b.xlsx, sheet 浮动系数, row 8, column B: two rows of factors for one season of \"farm\"",
        ),
        (
            &[("浮动系数", 8, &["shop", "", "", "", "1.3"])],
            "b.xlsx 工作表“浮动系数” 第 8 行 A 列：“shop”同一季的系数有两行",
            "b.xlsx, sheet 浮动系数, row 8, column A: two rows of factors for one season of \"shop\"",
        ),
        (
            &[("浮动系数", 8, &["farm", "3至9", "", "", "1.3"])],
            "b.xlsx 工作表“浮动系数” 第 8 行 B 列：“时段”表中没有这样一季",
            "b.xlsx, sheet 浮动系数, row 8, column B: the sheet of hours has no season of these months",
        ),
        (
            &[("阶梯", 5, &["by_month", "年", "5至10", "260", "600"])],
            "b.xlsx 工作表“阶梯” 第 5 行 B 列：与第 4 行的“月”不一致",
            "b.xlsx, sheet 阶梯, row 5, column B: differs from \"月\" in row 4",
        ),
        (
            &[(
                "阶梯",
                2,
                &[
                    "阶梯",
                    "周期",
                    "月份",
                    "一档上限",
                    "二档上限",
                    "二档加价",
                    "二档加价 峰",
                    "四档加价 谷",
                    "三档加价",
                    "多人口起点",
                    "多人口加量",
                    "免费电量",
                    "免费电量单价",
                ],
            )],
            "b.xlsx 工作表“阶梯” 第 2 行 H 列：不认识的列标题“四档加价 谷”，请改名、删除，或把标题改为“备注”",
            "b.xlsx, sheet 阶梯, row 2, column H: the heading \"四档加价 谷\" is not known; rename it, remove it or call it \"remark\"",
        ),
        (
            &[("阶梯", 7, &["by_year", "", "", "100", "200"])],
            "b.xlsx 工作表“阶梯” 第 7 行 D 列：同一阶梯不分季的分界有两行，请填写月份或删去一行",
            "b.xlsx, sheet 阶梯, row 7, column D: two rows of limits without months; name the months or remove one",
        ),
        (
            &[("阶梯", 7, &["by_month", "", "5"])],
            "b.xlsx 工作表“阶梯” 第 7 行 D 列：请填写“一档上限”",
            "b.xlsx, sheet 阶梯, row 7, column D: fill in \"tier 1 until\"",
        ),
    ];
    for (rows, zh, en) in cases {
        let Err(error) = with_rows(rows) else { panic!("accepted: {zh}") };
        assert_eq!(error.text(Lang::Zh), *zh);
        assert_eq!(error.text(Lang::En), *en);
    }
}

/// Rows that say the same as before in other words are read as the same table.
#[test]
fn rows_that_mean_the_same() {
    let cases: &[&[RowChange]] = &[
        // Holidays without months: of the whole year.
        &[("时段", 9, &["industrial", "节假日", "", "", "谷", "10:00", "12:00"])],
        &[("时段", 11, &["", "", "", "", "谷", "00:00", "08:00"])],
        &[("时段", 11, &["", "平日", "", "2、1、12、11", "谷", "00:00", "08:00"])],
        // What a row repeats of the rows above it may stand there.
        &[("阶梯", 5, &["by_month", "月", "5至10", "260", "600", "", "", "", "", "", "", "10", "0.5"])],
        &[(
            "价格",
            4,
            &[
                "two_part",
                "两部制",
                "",
                "",
                "catalogue、line-loss、fund_1",
                "",
                "",
                "20至35千伏",
                "",
                "20",
                "38.123456789012",
                "0.59",
                "",
                "",
                "0.03",
                "0.02",
                "0.015",
                "0.01",
            ],
        )],
    ];
    for rows in cases {
        assert_eq!(with_rows(rows).unwrap_or_else(|error| panic!("{error}")), everything(), "{rows:?}");
    }
    let version = with_rows(&[("基本信息", 4, &["版本", "0"])]).unwrap();
    assert_eq!(version.version(), 0);
    let version = with_rows(&[("基本信息", 4, &["版本", "123456789"])]).unwrap();
    assert_eq!(version.version(), 123_456_789);
}

/// A workbook may be as large as is said, and not by one sheet, row, column or character larger.
#[test]
fn sizes_at_the_limit_and_one_beyond() {
    type Change<'c> = &'c dyn Fn(&mut Vec<Sheet>, usize);
    let sheets: Change<'_> = &|all, beyond| all.resize(20 + beyond, Sheet::default());
    let rows: Change<'_> = &|all, beyond| sheet(all, "时段").rows.resize(5_000 + beyond, Vec::new());
    let columns: Change<'_> = &|all, beyond| sheet(all, "时段").rows[1].resize(200 + beyond, String::new());
    let characters: Change<'_> =
        &|all, beyond| sheet(all, "基本信息").rows[7][1] = "长".repeat(4_000 + beyond);
    let plain: Change<'_> = &|all, beyond| sheet(all, "基本信息").rows[7][1] = "x".repeat(4_000 + beyond);
    let cases = [
        (sheets, "b.xlsx：超过 20 张工作表", "b.xlsx: more than 20 sheets"),
        (rows, "b.xlsx 工作表“时段”：超过 5000 行", "b.xlsx, sheet 时段: more than 5000 rows"),
        (
            columns,
            "b.xlsx 工作表“时段” 第 2 行 GS 列：超过 200 列",
            "b.xlsx, sheet 时段, row 2, column GS: more than 200 columns",
        ),
        (
            characters,
            "b.xlsx 工作表“基本信息” 第 8 行 B 列：超过 4000 个字符",
            "b.xlsx, sheet 基本信息, row 8, column B: longer than 4000 characters",
        ),
        (
            plain,
            "b.xlsx 工作表“基本信息” 第 8 行 B 列：超过 4000 个字符",
            "b.xlsx, sheet 基本信息, row 8, column B: longer than 4000 characters",
        ),
    ];
    for (change, zh, en) in cases {
        read_changed(&|sheets| change(sheets, 0)).unwrap_or_else(|error| panic!("{error}"));
        let error = read_changed(&|sheets| change(sheets, 1)).unwrap_err();
        assert_eq!((error.text(Lang::Zh).as_str(), error.text(Lang::En).as_str()), (zh, en));
    }
}

/// Columns are named as the spreadsheet names them.
#[test]
fn the_letters_of_columns() {
    let cases = [
        (0, ""),
        (1, "A"),
        (2, "B"),
        (26, "Z"),
        (27, "AA"),
        (28, "AB"),
        (52, "AZ"),
        (53, "BA"),
        (200, "GR"),
        (702, "ZZ"),
        (703, "AAA"),
    ];
    for (column, letters) in cases {
        assert_eq!(WorkbookError { column, ..WorkbookError::default() }.column_letters(), letters);
    }
}
