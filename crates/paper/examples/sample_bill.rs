//! Writes a household bill, an industrial bill, a long collection list and a workbook into a folder:
//! `cargo run -p paper --example sample_bill -- FOLDER [ROWS OF THE WORKBOOK]`

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use documents::page::{
    Block, Code, Column, CopyNote, Document, Facts, KeyFigure, Orientation, Paragraph, Party, Step, Steps,
    Table, quantity, yuan,
};
use documents::sheet::{self, Cell, Kind, RowTaker, Sheet, Workbook};
use kernel::{Date, Lang, Money, Month, Price, Quantity, Rate};
use paper::Printed;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "sample".into()));
    std::fs::create_dir_all(&folder)?;
    for (name, document) in
        [("household.pdf", household()?), ("industrial.pdf", industrial()?), ("list.pdf", collection_list()?)]
    {
        let started = Instant::now();
        let printed = paper::print(std::slice::from_ref(&document))?;
        let took = started.elapsed();
        std::fs::write(folder.join(name), &printed.bytes)?;
        let Printed { bytes, pages, missing } = printed;
        println!("{name}: {pages} pages, {} bytes in {took:?}, missing {missing:?}", bytes.len());
    }
    let rows = std::env::args().nth(2).map_or(Ok(200), |rows| rows.parse())?;
    let started = Instant::now();
    let written = paper::xlsx_file(receivables(rows), &folder.join("receivables.xlsx"))?;
    println!("receivables.xlsx: {} rows in {:?}", written.rows, started.elapsed());
    Ok(())
}

/// A line of a bill: quantity at price, rounded to the fen, with its worked calculation.
fn charge(label: &str, energy: &str, price: &str) -> Result<(Step, Money), kernel::FigureError> {
    let energy_kwh: Quantity = energy.parse()?;
    let unit_price: Price = price.parse()?;
    let unrounded = energy_kwh.at(unit_price);
    let amount = unrounded.to_money()?;
    let step = Step {
        label: label.into(),
        calculation: format!("{} kWh × {price} 元/kWh = {unrounded} 元", quantity(energy_kwh, 0)),
        amount: yuan(amount),
        result: false,
    };
    Ok((step, amount))
}

fn sum(lines: &[(Step, Money)]) -> Result<Money, kernel::FigureError> {
    Money::sum(lines.iter().map(|(_, amount)| *amount))
}

fn key(name: &str, value: String, main: bool) -> KeyFigure {
    KeyFigure { name: name.into(), value, main }
}

fn household() -> Result<Document, Box<dyn Error>> {
    let lines = [
        charge("第一档 230 kWh 以内", "230", "0.538")?,
        charge("第二档 231～400 kWh", "170", "0.588")?,
        charge("第三档 401 kWh 以上", "46", "0.838")?,
    ];
    let total = sum(&lines)?;
    let mut bill = Document::new(Lang::Zh, "城东供电所", "电费账单");
    bill.subtitle = "2026 年 10 月　居民生活用电（一户一表）".into();
    bill.number = "ZD-2026-10-0012873".into();
    bill.code = Some(Code { label: "缴费码".into(), text: "3301 0221 7788".into() });
    bill.footer = "用电咨询请致电或前往本供电所营业厅".into();
    bill.push(Block::KeyFigures(vec![
        key("本期应缴（元）", format!("¥ {}", yuan(total)), true),
        key("本期电量（kWh）", quantity("446".parse()?, 0), false),
        key("最迟缴费日", "2026-11-20".into(), false),
        key("上期结余（元）", yuan(Money::ZERO), false),
    ]));
    bill.push(Block::Facts(
        Facts::new(
            3,
            [
                ("户名", "欧阳晓堃"),
                ("户号", "3301022177"),
                ("抄表本", "D-0417"),
                ("电表编号", "0041 7792 3306"),
                ("电价", "居民阶梯"),
                ("抄表日", "2026-10-31"),
            ],
        )
        .wide("用电地址", "城东区建国北路 128 号锦绣花园 7 幢 2 单元 1403 室"),
    ));
    let mut reading = Table::new([
        Column::text("示数类型", 20),
        Column::figure("上期示数", 16),
        Column::figure("本期示数", 16),
        Column::figure("倍率", 8),
        Column::figure("抄见电量 kWh", 16),
        Column::text("抄表方式", 14),
    ]);
    reading.caption = "电量".into();
    reading.row(["正向有功（总）", "12,087.00", "12,533.00", "1", "446", "远程采集"]);
    bill.push(Block::Table(reading));
    let mut steps: Vec<Step> = lines.into_iter().map(|(step, _)| step).collect();
    steps.push(Step { label: "合计".into(), calculation: "".into(), amount: yuan(total), result: true });
    bill.push(Block::Steps(Steps { caption: "电费计算（元）".into(), steps }));
    bill.push(Block::Paragraph(Paragraph {
        text: "阶梯电量按月计算；各档金额四舍五入到分后相加。逾期未缴的，自逾期之日起按日加收电费违约金。\n本账单不作报销凭证，需要发票请凭户号在营业厅或网上营业厅开具。".into(),
        quiet: true,
    }));
    Ok(bill)
}

fn industrial() -> Result<Document, Box<dyn Error>> {
    let catalogue = [
        charge("尖峰时段", "18420", "1.2846")?,
        charge("高峰时段", "96350", "1.0537")?,
        charge("平时段", "121880", "0.6671")?,
        charge("低谷时段", "143275", "0.2913")?,
    ];
    let surcharges = [
        charge("国家重大水利工程建设基金", "379925", "0.00196875")?,
        charge("大中型水库移民后期扶持资金", "379925", "0.0062")?,
        charge("可再生能源电价附加", "379925", "0.019")?,
    ];
    let energy_fee = sum(&catalogue)?;
    let levy = sum(&surcharges)?;
    let basic_fee = Quantity::whole(1600)?.at("30".parse()?).to_money()?;
    let factor_base = energy_fee.plus(basic_fee)?;
    let factor_fee = factor_base.times("-0.0045".parse()?).to_money()?;
    let total = Money::sum([energy_fee, basic_fee, factor_fee, levy])?;

    let mut bill = Document::new(Lang::Zh, "城东供电所", "电费账单");
    bill.subtitle = "2026 年 10 月　大工业用电　10 kV　两部制分时".into();
    bill.number = "ZD-2026-10-0000341".into();
    bill.copy = Some(CopyNote { number: 1, of: 2, reprint: 1 });
    bill.code = Some(Code { label: "缴费码".into(), text: "3301 9000 0341".into() });
    bill.footer = "用电咨询请致电或前往本供电所营业厅".into();
    bill.push(Block::KeyFigures(vec![
        key("本期应缴（元）", format!("¥ {}", yuan(total)), true),
        key("结算电量（kWh）", quantity("379925".parse()?, 0), false),
        key("功率因数", "0.93".into(), false),
        key("最迟缴费日", "2026-11-15".into(), false),
    ]));
    bill.push(Block::Facts(
        Facts::new(
            2,
            [
                ("户名", "恒达精密铸造（集团）有限公司第二分公司"),
                ("户号", "3301900003"),
                ("受电容量", "1,600 kVA（800 kVA × 2）"),
                ("计量方式", "高供高计，倍率 1,500"),
                ("基本电费方式", "按变压器容量"),
                ("功率因数标准", "0.90"),
            ],
        )
        .wide("用电地址", "城东经济技术开发区第十六大街 88 号"),
    ));
    bill.push(Block::Heading("一、电量".into()));
    let mut reading = Table::new([
        Column::text("示数类型", 18),
        Column::figure("上期示数", 12),
        Column::figure("本期示数", 12),
        Column::figure("示数差", 12),
        Column::figure("倍率", 9),
        Column::figure("抄见电量", 13),
        Column::figure("变损、线损", 11),
        Column::figure("结算电量 kWh", 14),
    ]);
    reading.group("计量点 01　表号 0330 1187 2450");
    for row in [
        ["正向有功（总）", "8,124.16", "8,375.88", "251.72", "1,500", "377,580", "2,345", "379,925"],
        ["　其中：尖峰", "402.10", "414.31", "12.21", "1,500", "18,315", "105", "18,420"],
        ["　其中：高峰", "2,051.44", "2,115.27", "63.83", "1,500", "95,745", "605", "96,350"],
        ["　其中：平", "2,610.02", "2,690.78", "80.76", "1,500", "121,140", "740", "121,880"],
        ["　其中：低谷", "3,060.60", "3,155.52", "94.92", "1,500", "142,380", "895", "143,275"],
        ["正向无功（总）", "2,930.11", "3,026.77", "96.66", "1,500", "144,990", "5,120", "150,110"],
    ] {
        reading.row(row);
    }
    bill.push(Block::Table(reading));
    bill.push(Block::Heading("二、电费".into()));
    let mut steps: Vec<Step> = catalogue.into_iter().map(|(step, _)| step).collect();
    let step = |label: &str, calculation: String, amount: Money, result: bool| Step {
        label: label.into(),
        calculation,
        amount: yuan(amount),
        result,
    };
    steps.push(step("基本电费", "1,600 kVA × 30 元/kVA·月 × 1 个月".into(), basic_fee, false));
    let how =
        format!("（{} ＋ {}）× −0.45 %　实际功率因数 0.93 ≥ 标准 0.90", yuan(energy_fee), yuan(basic_fee));
    steps.push(step("力调电费", how, factor_fee, false));
    steps.push(step("目录电费小计", "".into(), factor_base.plus(factor_fee)?, true));
    bill.push(Block::Steps(Steps { caption: "目录电费（元）".into(), steps }));
    let mut steps: Vec<Step> = surcharges.into_iter().map(|(step, _)| step).collect();
    steps.push(step("代收费用小计", "".into(), levy, true));
    bill.push(Block::Steps(Steps { caption: "代收费用（元）".into(), steps }));
    let mut parts = Table::new([Column::text("电费总额", 60), Column::figure("元", 20)]);
    parts.row(["目录电费".to_string(), yuan(factor_base.plus(factor_fee)?)]);
    parts.row(["代收费用".to_string(), yuan(levy)]);
    parts.total(["合计".to_string(), yuan(total)]);
    bill.push(Block::Table(parts));
    let lines = || vec!["签字（盖章）".to_string(), "日期".to_string()];
    bill.push(Block::Signatures(vec![
        Party { role: "供电方".into(), name: "城东供电所".into(), lines: lines() },
        Party {
            role: "用电方".into(),
            name: "恒达精密铸造（集团）有限公司第二分公司".into(),
            lines: lines(),
        },
    ]));
    Ok(bill)
}

fn collection_list() -> Result<Document, Box<dyn Error>> {
    let mut list = Document::new(Lang::Zh, "城东供电所", "走收用户收费明细清单");
    list.subtitle = "2026 年 10 月　抄表本 D-0417　走收员 慕容建国".into();
    list.number = "ZS-2026-10-000057".into();
    list.orientation = Orientation::Landscape;
    list.copy = Some(CopyNote { number: 1, of: 2, reprint: 0 });
    let mut table = Table::new([
        Column::mark("序号", 6),
        Column::text("户号", 12),
        Column::text("户名", 18),
        Column::text("用电地址", 34),
        Column::figure("电量 kWh", 10),
        Column::figure("电费", 12),
        Column::figure("违约金", 10),
        Column::figure("应收合计", 13),
        Column::text("备注", 10),
    ]);
    let mut sum_all = Money::ZERO;
    let mut number = 0_i64;
    for street in ["建国北路", "体育场路", "文晖大桥东侧安置小区"] {
        table.group(format!("{street}　2026-10-31 抄表"));
        let mut sum_street = Money::ZERO;
        for house in 1..=24_i64 {
            number += 1;
            let energy_kwh = Quantity::whole(60 + (number * 7919) % 700)?;
            let fee = energy_kwh.at("0.538".parse()?).to_money()?;
            let late = if number % 9 == 0 { fee.times("0.012".parse()?).to_money()? } else { Money::ZERO };
            let due = fee.plus(late)?;
            sum_street = sum_street.plus(due)?;
            let name = ["王秀英", "李建军", "欧阳晓堃", "买买提·艾力", "城东区锦绣花园业主委员会"]
                [(number % 5) as usize];
            table.row([
                number.to_string(),
                format!("33010{:05}", 22_000 + number * 13),
                name.into(),
                format!(
                    "{street} {} 号 {} 幢 {} 单元 {} 室",
                    100 + house,
                    house % 7 + 1,
                    house % 3 + 1,
                    101 + house
                ),
                quantity(energy_kwh, 0),
                yuan(fee),
                if late.is_zero() { "".into() } else { yuan(late) },
                yuan(due),
                if number % 9 == 0 { "逾期".into() } else { String::new() },
            ]);
        }
        table.subtotal(["", "", &format!("{street}小计 24 户"), "", "", "", "", &yuan(sum_street), ""]);
        sum_all = sum_all.plus(sum_street)?;
    }
    table.total(["", "", &format!("合计 {number} 户"), "", "", "", "", &yuan(sum_all), ""]);
    list.push(Block::Table(table));
    list.push(Block::Signatures(vec![
        Party { role: "打印人".into(), name: "".into(), lines: vec!["签字".into(), "日期".into()] },
        Party {
            role: "走收员".into(), name: "慕容建国".into(), lines: vec!["签字".into(), "日期".into()]
        },
    ]));
    Ok(list)
}

/// The reading book's receivables (应收明细) as a workbook: rows are made while they are written.
fn receivables(households: i64) -> Workbook<'static> {
    let columns = vec![
        sheet::Column::new("户号", Kind::Text).wide(14),
        sheet::Column::new("户名", Kind::Text).wide(18),
        sheet::Column::new("月份", Kind::Month),
        sheet::Column::new("电量 kWh", Kind::Quantity(0)).summed(),
        sheet::Column::new("电价 元/kWh", Kind::Price(6)),
        sheet::Column::new("应收电费", Kind::Money).summed(),
        sheet::Column::new("波动率", Kind::Percent(1)),
        sheet::Column::new("发行日", Kind::Date),
    ];
    let rows = move |taker: &mut dyn RowTaker| {
        let (month, issued) = (Month::new(2026, 10)?, Date::new(2026, 11, 2)?);
        let price: Price = "0.538".parse()?;
        for household in 0..households {
            let energy_kwh = Quantity::whole(60 + household * 7919 % 700)?;
            taker.take(&[
                Cell::Text(format!("33{household:08}")),
                Cell::Text(["王秀英", "李建军", "欧阳晓堃"][(household % 3) as usize].into()),
                Cell::Month(month),
                Cell::Quantity(energy_kwh),
                Cell::Price(price),
                Cell::Money(energy_kwh.at(price).to_money()?),
                Cell::Percent(Rate::from_units((household * 7_907 % 6_000 - 3_000) * Rate::SCALE / 10_000)),
                Cell::Date(issued),
            ])?;
        }
        Ok(())
    };
    let list = Sheet::streamed("应收明细", columns, rows)
        .titled("应收明细")
        .titled("城东供电所　2026 年 10 月　发行 2026-11-02")
        .with_total();
    Workbook {
        title: "应收明细".into(),
        issuer: "城东供电所".into(),
        sheets: vec![list],
        ..Workbook::default()
    }
}
