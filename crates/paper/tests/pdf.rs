//! What stands on the pages, read back from the bytes by a small reader of our own.
// Helpers of tests may panic as tests do.
#![allow(clippy::unwrap_used)]

mod reader;

use documents::page::*;
use kernel::{Bilingual, Lang};
use proptest::prelude::*;
use reader::Pdf;

fn document() -> Document {
    let mut document = Document::new(Lang::Zh, "城东供电所", "交款清单");
    document.subtitle = "2026 年 10 月".into();
    document.number = "JK-000123".into();
    document
}

fn numbered_table(rows: usize) -> Table {
    let mut table =
        Table::new([Column::text("户号", 20), Column::text("户名", 40), Column::figure("金额", 20)]);
    for row in 0..rows {
        if row % 17 == 0 {
            table.group(format!("组{row}"));
        }
        let name =
            ["王秀英", "内蒙古自治区锡林郭勒盟正镶白旗明安图镇人民政府机关事务服务中心第二办公区物业管理处"]
                [row % 2];
        table.row([format!("R{row:05}"), name.into(), "1,234.56".into()]);
    }
    table.total(["合计", "", "9,999.99"]);
    table
}

/// XC-11: the copy is stated, and a reprint is marked on every page.
#[test]
fn a_reprint_says_so_on_every_page() {
    let mut document = document();
    document.copy = Some(CopyNote { number: 2, of: 3, reprint: 4 });
    document.push(Block::Table(numbered_table(120)));
    let pdf = Pdf::read(&paper::pdf(&document).unwrap());
    assert!(pdf.pages.len() > 2);
    assert!(pdf.pages[0].contains("第 2 联 / 共 3 联"));
    assert!(pdf.pages.iter().all(|page| page.contains("补打 第 4 次") && page.contains("JK-000123")));
    document.copy = Some(CopyNote { number: 1, of: 1, reprint: 0 });
    assert!(!Pdf::read(&paper::pdf(&document).unwrap()).text().contains("补打"));
}

#[test]
fn all_parts_of_a_document_are_on_the_page_and_can_be_searched() {
    let mut document = document();
    document.code = Some(Code { label: "缴费码".into(), text: "3301 0221".into() });
    document.footer = "问询请到营业厅".into();
    document.push(Block::Heading("一、电费".into()));
    document.push(Block::KeyFigures(vec![KeyFigure {
        name: "应缴".into(),
        value: "¥ 262.25".into(),
        main: true,
    }]));
    document.push(Block::Facts(
        Facts::new(3, [("户名", "欧阳晓堃"), ("户号", "0012")]).wide("地址", "建国北路 128 号"),
    ));
    let step = Step {
        label: "第一档".into(),
        calculation: "230 kWh × 0.538 元/kWh = 123.74".into(),
        amount: "123.74".into(),
        result: false,
    };
    document.push(Block::Steps(Steps { caption: "计算过程".into(), steps: vec![step] }));
    document.push(Block::Paragraph(Paragraph { text: "本单据不作报销凭证。".into(), quiet: true }));
    document.push(Block::PageBreak);
    let party = |role: &str| Party { role: role.into(), name: "甲".into(), lines: vec!["签字".into()] };
    document.push(Block::Signatures(vec![party("交款人"), party("收款行")]));
    let bytes = paper::pdf(&document).unwrap();
    let pdf = Pdf::read(&bytes);
    assert_eq!(pdf.pages.len(), 2);
    let text = pdf.text();
    for words in [
        "城东供电所",
        "交款清单",
        "编号　JK-000123",
        "缴费码　3301 0221",
        "问询请到营业厅",
        "一、电费",
        "¥ 262.25",
        "欧阳晓堃",
        "建国北路 128 号",
        "230 kWh × 0.538 元/kWh = 123.74",
        "本单据不作报销凭证。",
        "收款行：甲",
        "签字",
        "第 1 页 / 共 2 页",
        "第 2 页 / 共 2 页",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    // The file names its title and author, and no time.
    assert!(pdf.raw.contains("/Title") && pdf.raw.contains("/Author"));
    assert!(!pdf.raw.contains("CreationDate") && !pdf.raw.contains("ModDate"));
    assert!(bytes == paper::pdf(&document).unwrap());
}

#[test]
fn english_documents_count_pages_in_english() {
    let mut document = Document::new(Lang::En, "East Supply Station", "Electricity bill");
    document.copy = Some(CopyNote { number: 1, of: 2, reprint: 1 });
    let text = Pdf::read(&paper::pdf(&document).unwrap()).text();
    for words in ["Page 1 of 1", "Copy 1 of 2", "REPRINT 1"] {
        assert!(text.contains(words), "{words} in {text}");
    }
}

#[test]
fn many_documents_in_one_file_count_their_own_pages() {
    let mut long = document();
    long.push(Block::Table(numbered_table(100)));
    let pages = Pdf::read(&paper::pdf(&long).unwrap()).pages.len();
    let printed = paper::print(&[document(), long, document()]).unwrap();
    let pdf = Pdf::read(&printed.bytes);
    assert_eq!((pdf.pages.len(), printed.pages), (pages + 2, pages + 2));
    assert!(pdf.pages[0].contains("第 1 页 / 共 1 页"));
    assert!(pdf.pages[1].contains(&format!("第 1 页 / 共 {pages} 页")));
}

#[test]
fn a_character_the_type_lacks_prints_as_geta_and_is_reported() {
    let mut document = document();
    document
        .push(Block::Paragraph(Paragraph { text: "户名：𠮷野😀家\u{7}☑".into(), quiet: false }));
    let printed = paper::print(&[document]).unwrap();
    assert_eq!(printed.missing.into_iter().collect::<String>(), "😀𠮷");
    assert!(Pdf::read(&printed.bytes).text().contains("户名：〓野〓家■"));
}

#[test]
fn a_wrong_table_is_refused_in_both_languages() {
    let fails = |table: Table| {
        let mut document = document();
        document.push(Block::Table(table));
        paper::pdf(&document).unwrap_err()
    };
    let mut table = numbered_table(3);
    table.caption = "清单".into();
    table.row(["1", "2", "3", "4"]);
    let error = fails(table);
    assert!(error.to_string().contains("row 6") && error.text(Lang::Zh).contains("第 6 行"), "{error}");
    assert!(matches!(fails(Table::default()), paper::PaperError::Columns { columns: 0, .. }));
    let wide = Table::new((0..41).map(|n| Column::text(n.to_string(), 1)));
    assert!(matches!(fails(wide), paper::PaperError::Columns { columns: 41, .. }));
    assert!(matches!(paper::print(&[]), Err(paper::PaperError::Nothing)));
}

#[test]
fn a_document_without_end_is_refused() {
    let mut endless = document();
    for _ in 0..5_001 {
        endless.push(Block::PageBreak);
        endless.push(Block::Paragraph(Paragraph { text: "页".into(), quiet: false }));
    }
    assert!(matches!(paper::pdf(&endless), Err(paper::PaperError::TooManyPages { .. })));
}

#[test]
fn a_cell_higher_than_a_page_runs_on_and_loses_nothing() {
    let mut document = document();
    let long: String = (0..3_000).map(|n| format!("第{n}项")).collect();
    let mut table = Table::new([Column::text("序", 10), Column::text("内容", 20)]);
    table.row(["1".to_string(), long.clone()]);
    table.row(["2", "尾"]);
    document.push(Block::Table(table));
    let pdf = Pdf::read(&paper::pdf(&document).unwrap());
    assert!(pdf.pages.len() > 3);
    // What every page adds, taken away again.
    let furniture = |line: &&str| {
        !["JK-000123", "交款清单　2026 年 10 月", "序", "内容", "2", "尾"].contains(line)
            && !line.contains(" 页 / 共 ")
    };
    let body: String = pdf.pages.iter().flat_map(|page| page.lines()).filter(furniture).collect();
    assert!(body.ends_with(&format!("1{long}")), "{}", &body[..200]);
    assert!(pdf.pages.last().unwrap().contains("尾"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// However long the table, every row stands on exactly one page, under its header.
    #[test]
    fn no_row_is_lost(rows in 0_usize..260, landscape: bool, repeat_header: bool, lead in 0_usize..60) {
        let mut document = document();
        document.orientation = if landscape { Orientation::Landscape } else { Orientation::Portrait };
        document.push(Block::Paragraph(Paragraph { text: "前言\n".repeat(lead), quiet: false }));
        let mut table = numbered_table(rows);
        table.repeat_header = repeat_header;
        document.push(Block::Table(table));
        let party = Party { role: "收款行".into(), name: String::new(), lines: vec!["签字".into()] };
        document.push(Block::Signatures(vec![party]));
        let pdf = Pdf::read(&paper::pdf(&document).unwrap());
        let text = pdf.text();
        for row in 0..rows {
            prop_assert_eq!(text.matches(&format!("R{row:05}")).count(), 1, "row {}", row);
        }
        prop_assert_eq!(text.matches("合计").count(), 1);
        let with_rows = pdf.pages.iter().filter(|page| page.contains("1,234.56") || page.contains("合计")).count();
        let headers = text.lines().filter(|line| *line == "户号").count();
        prop_assert_eq!(headers, if repeat_header { with_rows } else { 1 });
        // Nobody signs a page without the total, and no total stands without a row.
        let last = pdf.pages.last().unwrap();
        prop_assert!(last.contains("收款行") && last.contains("合计"));
        prop_assert!(rows == 0 || last.contains("1,234.56"));
        for (index, page) in pdf.pages.iter().enumerate() {
            let words = format!("第 {} 页 / 共 {} 页", index + 1, pdf.pages.len());
            prop_assert!(page.contains(&words));
        }
    }

    /// Whatever the texts, a document is printed and the same each time.
    #[test]
    fn any_text_is_printed(texts in proptest::collection::vec(any::<String>(), 14), columns in 0_u8..9) {
        let mut parts = texts.into_iter().cycle();
        let mut text = || parts.next().unwrap_or_default();
        let mut document = Document::new(Lang::Zh, text(), text());
        document.subtitle = text();
        document.number = text();
        document.footer = text();
        document.code = Some(Code { label: text(), text: text() });
        document.push(Block::Heading(text()));
        let facts = Facts::new(columns, [(text(), text()), (text(), text())]).wide(text(), text());
        document.push(Block::Facts(facts));
        document.push(Block::KeyFigures(vec![KeyFigure { name: text(), value: text(), main: true }]));
        let mut table = Table::new((0..columns.max(1)).map(|n| Column::figure(text(), n.into())));
        table.caption = text();
        table.group(text()).row([text()]).subtotal([text()]).total([text()]);
        document.push(Block::Table(table));
        let step = Step { label: text(), calculation: text(), amount: text(), result: true };
        document.push(Block::Steps(Steps { caption: text(), steps: vec![step] }));
        document.push(Block::Signatures(vec![Party { role: text(), name: text(), lines: vec![text()] }]));
        let bytes = paper::pdf(&document).unwrap();
        prop_assert!(!Pdf::read(&bytes).pages.is_empty());
        prop_assert!(bytes == paper::pdf(&document).unwrap());
    }
}
