//! Whole files, as people send them, read as a sheet.
#![allow(clippy::unwrap_used, reason = "steps shared by tests")]

use interchange::{
    Choice, Column, Encoding, Entry, Error, Format, Kind, Options, Reason, Rejects, Sheet, Table, limits,
};
use kernel::{Bilingual, Date, Lang, Money, Price, Quantity, Rate, Text};
use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Formula, Workbook};

fn sheet() -> Sheet {
    let columns = vec![
        Column::required("account", Kind::Code { chars_max: 20 }, &["户号", "客户编号", "Account No."]),
        Column::optional("name", Kind::Text { chars_max: 10 }, &["户名", "Name"]),
        Column::required("amount", Kind::Money, &["金额（元）", "金额", "Amount"]),
        Column::optional("paid", Kind::Date, &["收费日期", "Paid on"]),
        Column::optional("energy", Kind::Quantity, &["电量", "Energy"]),
        Column::optional("price", Kind::Price, &["电价", "Price"]),
        Column::optional("share", Kind::Rate, &["比例", "Share"]),
        Column::optional(
            "class",
            Kind::Choice(vec![Choice::new("res", &["居民", "Residential"]), Choice::new("com", &["商业"])]),
            &["类别", "Class"],
        ),
    ];
    Sheet::new(Text::new("收费明细", "Collections"), columns).unwrap()
}

fn open(name: &str, bytes: impl Into<Vec<u8>>) -> Table {
    Table::open_bytes(name, bytes, &Options::default()).unwrap()
}

/// Rows as `number: account amount` or `number: problems`.
fn told(table: Table, lang: Lang) -> Vec<String> {
    let sheet = sheet();
    let entries = sheet.read(table).unwrap().map(|entry| match entry.unwrap() {
        Entry::Good(row) => format!(
            "{}: {} {}",
            row.number(),
            row.need::<String>("account").unwrap(),
            row.need::<Money>("amount").unwrap()
        ),
        Entry::Bad(bad) => {
            bad.problems.iter().map(|problem| problem.text(lang)).collect::<Vec<_>>().join(" | ")
        }
    });
    entries.collect()
}

#[test]
fn a_table_reads_the_same_in_every_encoding() {
    let text = "户号,户名,金额\r\n００１２,张三㐀,１，２３４．５\r\n0013,李四,\"6,789.00\"\r\n";
    let text = text.replace("１，２３４．５", "\"１，２３４．５\"");
    let expected = ["2: 0012 1234.50", "3: 0013 6789.00"];
    let mut utf16 = vec![0xff, 0xfe];
    utf16
        .extend(text.replace(',', "\t").replace("6\t789", "6,789").encode_utf16().flat_map(u16::to_le_bytes));
    let cases = [
        (text.clone().into_bytes(), Format::Text(Encoding::Utf8, ',')),
        (format!("\u{feff}{text}").into_bytes(), Format::Text(Encoding::Utf8, ',')),
        (encoding_rs::GB18030.encode(&text).0.into_owned(), Format::Text(Encoding::Gb18030, ',')),
        (
            encoding_rs::GBK.encode(&text.replace('㐀', "")).0.into_owned(),
            Format::Text(Encoding::Gb18030, ','),
        ),
        (utf16, Format::Text(Encoding::Utf16Le, '\t')),
        (text.replace(',', ";").replace("6;789", "6,789").into_bytes(), Format::Text(Encoding::Utf8, ';')),
    ];
    for (bytes, format) in cases {
        let table = open("a.csv", bytes);
        assert_eq!(table.format(), format);
        assert_eq!(told(table, Lang::Zh), expected, "{format:?}");
    }
}

#[test]
fn the_same_content_has_the_same_digest() {
    let digest = |bytes: &[u8]| open("x.csv", bytes).digest().to_owned();
    // The published SHA-256 of "abc".
    assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_ne!(digest(b"abd"), digest(b"abc"));
}

#[test]
fn a_workbook_is_read_as_it_looks() {
    let mut book = Workbook::new();
    book.add_worksheet().set_hidden(true).set_name("旧").unwrap();
    let page = book.add_worksheet().set_active(true).set_name("明细").unwrap();
    let day = CellFormat::new().set_num_format("yyyy-mm-dd");
    let percent = CellFormat::new().set_num_format("0.00%");
    page.write(0, 0, "2026年1月收费明细表").unwrap();
    for (column, heading) in
        (0_u16..).zip(["户　号*", "收费日期", "金额(元)", "电量", "电价", "比例", "类别", "备注"])
    {
        page.write(2, column, heading).unwrap();
    }
    let date = ExcelDateTime::from_ymd(2026, 1, 31).unwrap();
    page.write(3, 0, "0012").unwrap();
    page.write_with_format(3, 1, &date, &day).unwrap();
    page.write(3, 2, 1234.56).unwrap();
    page.write(3, 3, 0.1 + 0.2).unwrap();
    page.write(3, 4, 0.028_889_375).unwrap();
    page.write_with_format(3, 5, 0.05, &percent).unwrap();
    page.write(3, 6, "居民").unwrap();
    page.write(5, 0, 12).unwrap();
    page.write(5, 1, "2026/2/1").unwrap();
    page.write_formula(5, 2, Formula::new("=1/3").set_result("0.333333333333333")).unwrap();
    page.write(6, 0, 6_222_020_200_112_233_i64).unwrap();
    page.write(6, 2, 1).unwrap();
    page.write_formula(7, 2, Formula::new("=NA()").set_result("#N/A")).unwrap();
    page.write(7, 0, "0015").unwrap();
    let bytes = book.save_to_buffer().unwrap();

    let table = open("收费.xlsx", bytes.clone());
    assert_eq!(table.format(), Format::Xlsx);
    let sheet = sheet();
    let mut reader = sheet.read(table).unwrap();
    assert_eq!(reader.heading_row(), 3);
    assert_eq!(reader.unknown_headings(), ["备注"]);
    let Some(Ok(Entry::Good(row))) = reader.next() else { panic!("row 4 is good") };
    assert_eq!(row.number(), 4);
    assert_eq!(row.need::<Money>("amount").unwrap(), "1234.56".parse().unwrap());
    assert_eq!(row.get::<Date>("paid").unwrap(), Some(Date::new(2026, 1, 31).unwrap()));
    assert_eq!(row.get::<Quantity>("energy").unwrap(), Some("0.3".parse().unwrap()));
    assert_eq!(row.get::<Price>("price").unwrap(), Some("0.028889375".parse().unwrap()));
    assert_eq!(row.get::<Rate>("share").unwrap(), Some("0.05".parse().unwrap()));
    assert_eq!(row.get::<String>("class").unwrap(), Some("res".into()));
    assert_eq!(row.get::<String>("name").unwrap(), None);
    assert!(matches!(row.get::<Money>("account"), Err(Error::Description(_))));
    assert!(matches!(row.get::<Money>("nothing"), Err(Error::Description(_))));

    let rest = told(open("收费.xlsx", bytes.clone()), Lang::En);
    assert_eq!(
        rest[1..],
        [
            "row 6, 金额(元): 0.333333333333333 has more than 2 decimal places",
            "row 7, 户　号*: Excel has dropped digits (more than 15, or scientific notation); format the column as text and enter it again",
            "row 8, 金额(元): the cell holds the Excel error #N/A; correct the formula or enter the value",
        ]
    );
    let options = Options { worksheet: Some("没有".into()), ..Options::default() };
    let mut table = Table::open_bytes("收费.xlsx", bytes, &options).unwrap();
    assert_eq!(table.next_row().unwrap_err().text(Lang::Zh), "收费.xlsx：没有工作表“没有”，现有：旧、明细");
}

/// The file was written by the Python package xlwt.
#[test]
fn an_old_workbook_is_read_too() {
    let table = open("old.xls", include_bytes!("fixtures/old.xls").to_vec());
    assert_eq!(table.format(), Format::Xls);
    assert_eq!(told(table, Lang::Zh), ["3: 0012 1234.56", "4: 13 7.00", "第 5 行“户号”：不能为空，请填写"]);
}

#[test]
fn headings_that_are_missing_repeated_or_unknown_are_named() {
    let refusal = |sheet: Sheet, text: &str| sheet.read(open("a.csv", text)).err().unwrap().text(Lang::Zh);
    assert_eq!(
        refusal(sheet(), "客户编号,Name\n1,2\n"),
        "a.csv 第 1 行：缺少列标题：金额（元），请补上或使用模板"
    );
    assert_eq!(refusal(sheet(), ""), "a.csv 第 1 行：缺少列标题：户号、金额（元），请补上或使用模板");
    assert_eq!(refusal(sheet(), "\n户号,金额,AMOUNT\n"), "a.csv 第 2 行：列标题重复：AMOUNT，每种只保留一列");
    assert_eq!(
        refusal(sheet().refusing_unknown_headings(), "户号,备注,金额\n"),
        "a.csv 第 1 行：不认识的列标题：备注，请删除或改名"
    );
}

#[test]
fn rows_are_numbered_as_excel_numbers_them() {
    let text = "户号,户名,金额\n\n1,\"两\n行\",1\n,,\n2,\"a\r\n\r\nb\",2\n3,x\n";
    assert_eq!(
        told(open("a.csv", text), Lang::Zh),
        ["3: 1 1.00", "5: 2 2.00", "第 6 行“金额”：不能为空，请填写"]
    );
}

#[test]
fn repeated_rows_are_refused_when_the_sheet_says_so() {
    let sheet = sheet().unique_by(&["account", "amount"]).unwrap();
    let table = open("a.csv", "户号,金额\n1,\"1,000\"\n2,1\n１,1000.00\n");
    let entries: Vec<_> = sheet.read(table).unwrap().map(Result::unwrap).collect();
    let [Entry::Good(first), Entry::Good(_), Entry::Bad(bad)] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(first.natural_key(&["account", "amount"]).unwrap(), "1\u{1f}1000.00");
    assert_eq!(bad.problems[0].reason, Reason::Repeated { first_row: 2 });
}

/// REC-23: the same row of a file is not taken twice; across files the digest and the natural keys tell.
#[test]
fn a_key_is_the_same_however_the_row_is_written() {
    let sheet = sheet();
    let key = |text: &str| {
        let mut reader = sheet.read(open("a.csv", text)).unwrap();
        let Some(Ok(Entry::Good(row))) = reader.next() else { panic!("{text} is good") };
        row.natural_key(&["account", "paid", "amount"]).unwrap()
    };
    let first = key("户号,金额,收费日期\n0012,1000,2026-01-31\n");
    assert_eq!(first, key("收费日期;金额;户号\n2026年1月31日;￥1,000.00;００１２\n"));
    assert_ne!(first, key("户号,金额,收费日期\n012,1000,2026-01-31\n"));
}

/// Bad rows come back as a file that can be corrected and sent again; good rows are not lost.
#[test]
fn rejects_come_back_and_can_be_sent_again() {
    let sheet = sheet();
    let text = "户号,备注,金额\n1,好,5\n2,=cmd(),五\n,\"a,b\",5\n3,x,4,y\n4,z,0\n";
    let mut reader = sheet.read(open("a.csv", text)).unwrap();
    let mut rejects = Rejects::new(Vec::new(), &reader, Lang::Zh).unwrap();
    let mut good = 0;
    for entry in reader.by_ref() {
        match entry.unwrap() {
            Entry::Good(row) if row.need::<Money>("amount").unwrap().is_zero() => {
                let rule = Text::new("金额不能为零", "the amount must not be zero");
                rejects.push(&row.refuse(Some("amount"), rule)).unwrap();
            }
            Entry::Good(_) => good += 1,
            Entry::Bad(bad) => rejects.push(&bad).unwrap(),
        }
    }
    assert_eq!((good, rejects.count()), (1, 4));
    let file = String::from_utf8(rejects.finish().unwrap()).unwrap();
    let expected = "\u{feff}户号,备注,金额,行号,列,原因\r\n\
        2,'=cmd(),五,3,金额,不是数字\r\n\
        ,\"a,b\",5,4,户号,不能为空，请填写\r\n\
        3,x,4,5,D,该单元格没有对应的列标题，请删除或补上标题,y\r\n\
        4,z,0,6,金额,金额不能为零\r\n";
    assert_eq!(file, expected);
    let corrected = file.replace("五", "6").replace("\r\n,", "\r\n9,").replace(",y", "");
    assert_eq!(
        told(open("b.csv", corrected.clone()), Lang::Zh),
        ["2: 2 6.00", "3: 9 5.00", "4: 3 4.00", "5: 4 0.00"]
    );
    let reader = sheet.read(open("b.csv", corrected)).unwrap();
    let again = Rejects::new(Vec::new(), &reader, Lang::En).unwrap().finish().unwrap();
    assert_eq!(String::from_utf8(again).unwrap(), "\u{feff}户号,备注,金额,Row,Column,Reason\r\n");
    assert!(reader.unknown_headings() == ["备注"]);
}

#[test]
fn limits_refuse_with_the_place() {
    let fail = |mut table: Table| loop {
        match table.next_row() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("not refused"),
            Err(error) => return error,
        }
    };
    let open_quote = format!("a,b\n1,\"{}", "x\n".repeat(2_000_000));
    let error = fail(open("q.csv", open_quote));
    assert!(matches!(error, Error::RowTooLong { row: 2, .. }), "{error}");
    let options = Options { rows_max: Some(3), ..Options::default() };
    let error = fail(Table::open_bytes("r.csv", "1\n2\n3\n4\n", &options).unwrap());
    assert!(matches!(error, Error::TooManyRows { rows_max: 3, .. }), "{error}");
    let error = fail(open("c.csv", [b"x,".repeat(limits::COLUMNS_MAX), b"x\n".to_vec()].concat()));
    assert!(matches!(error, Error::TooManyColumns { row: 1, .. }), "{error}");
    let long = format!("户号,户名,金额\n1,{},1\n", "长".repeat(limits::CELL_CHARS_MAX + 1));
    assert_eq!(told(open("l.csv", long), Lang::Zh), ["第 2 行“户名”：超过 32767 个字符，请缩短"]);
    let html = Table::open_bytes("h.xls", "<html><table>", &Options::default()).unwrap_err();
    assert!(matches!(html, Error::NotATable { .. }));
    let gone = Table::open_bytes("u.csv", b"a\x80\xff", &Options::default());
    assert!(matches!(gone.unwrap_err(), Error::Undecodable { line: 1, .. }));
}

#[test]
fn a_file_of_this_machine_is_read_by_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("收费.csv");
    std::fs::write(&path, "户号,金额\n1,2\n").unwrap();
    let table = Table::open_path(&path, &Options::default()).unwrap();
    assert_eq!(table.file(), "收费.csv");
    assert_eq!(told(table, Lang::Zh), ["2: 1 2.00"]);
    assert!(matches!(
        Table::open_path(&folder.path().join("no.csv"), &Options::default()),
        Err(Error::Io { .. })
    ));
}
