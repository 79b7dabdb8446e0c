//! The bill as a person reads it: the worked calculation, and the printed document made from the same stored bytes.

use documents::page::{
    Block, Column, Document, Facts, KeyFigure, Paragraph, Scan, Step, Steps, Table, quantity, yuan,
};
use kernel::{Bilingual, Lang, Money, Text};
use metering::account::AccountDetails;
use tariff::explain::{self, Context};
use tariff::{LineKind, UnitsKind};

use crate::BillCode;
use crate::plans::PriceBook;
use crate::service::StoredBill;

/// What a bill does not say itself: who issues it, whose it is, under which number.
#[derive(Debug, Clone, Copy)]
pub struct BillPaper<'p> {
    /// The supply company.
    pub issuer: &'p str,
    /// The supply station: where to ask. Never the centre. (INQ-03)
    pub station: &'p str,
    /// The account.
    pub account: &'p AccountDetails,
    /// The bill's number as printed, or nothing before issue.
    pub number: &'p str,
    /// The code that leads to its proof, or nothing before issue.
    pub code: Option<&'p BillCode>,
    /// The public address before the code, such as `https://bill.example/p/`; empty for the bare code.
    pub address: &'p str,
}

/// The worked calculation of a stored bill: every line with its rule, version and unrounded figure.
pub fn explain_bill(prices: &PriceBook, bill: &StoredBill) -> Vec<explain::Block> {
    let context =
        Context { plans: prices.plans(), rules: prices.rules(), input: &bill.input, point_names: &[] };
    explain::explain(&bill.bill, &context)
}

/// The words for a line of a bill.
fn line_name(prices: &PriceBook, line: &tariff::Line, lang: Lang) -> String {
    let period = period_name(line.period).map(|text| text.text(lang));
    let component =
        line.component.and_then(|id| prices.plans().component(id)).map(|known| known.name.text(lang));
    let name = match line.kind {
        LineKind::Energy => Text::new("电度电费", "Energy charge").text(lang),
        LineKind::TierAddOn => match line.tier {
            2 => Text::new("第二档加价", "Second tier addition").text(lang),
            _ => Text::new("第三档加价", "Third tier addition").text(lang),
        },
        LineKind::FreeEnergy => Text::new("免费电量减免", "Free energy").text(lang),
        LineKind::Fund => component.unwrap_or_default(),
        LineKind::BasicCapacity => Text::new("基本电费（容量）", "Basic charge (capacity)").text(lang),
        LineKind::BasicDemand => Text::new("基本电费（需量）", "Basic charge (demand)").text(lang),
        LineKind::BasicDemandExcess => {
            Text::new("基本电费（超需量）", "Basic charge (excess demand)").text(lang)
        }
        LineKind::PowerFactor => Text::new("力调电费", "Power-factor adjustment").text(lang),
    };
    match period {
        Some(period) if line.kind == LineKind::Energy => format!("{name}（{period}）"),
        _ => name,
    }
}

fn period_name(period: tariff::Period) -> Option<Text> {
    match period {
        tariff::Period::Total => None,
        tariff::Period::Sharp => Some(Text::new("尖峰", "sharp")),
        tariff::Period::Peak => Some(Text::new("峰", "peak")),
        tariff::Period::Flat => Some(Text::new("平", "flat")),
        tariff::Period::Valley => Some(Text::new("谷", "valley")),
        tariff::Period::DeepValley => Some(Text::new("深谷", "deep valley")),
    }
}

fn unit(kind: LineKind) -> &'static str {
    match kind.unit() {
        UnitsKind::Kwh => "kWh",
        UnitsKind::Kva => "kVA",
        UnitsKind::Kw => "kW",
        UnitsKind::Money => "",
    }
}

/// Lays the bill out for printing: what is owed and by when, the lines, what is collected for the state, and the whole
/// calculation for whoever wants to redo it.
pub fn bill_document(prices: &PriceBook, bill: &StoredBill, paper: &BillPaper<'_>, lang: Lang) -> Document {
    let say = |zh: &str, en: &str| match lang {
        Lang::Zh => zh.to_owned(),
        Lang::En => en.to_owned(),
    };
    let figures = &bill.bill;
    let mut document = Document::new(lang, paper.issuer, say("电费账单", "Electricity bill"));
    document.number = paper.number.to_owned();
    document.subtitle = match (figures.from, figures.to) {
        (Some(from), Some(to)) => {
            let last = to.plus_days(-1).unwrap_or(to);
            format!("{} {}　{from} — {last}", say("电费年月", "Month"), bill.key.month)
        }
        _ => bill.key.month.to_string(),
    };
    let account = paper.account;
    let facts = Facts::new(
        2,
        [
            (say("户号", "Account"), account.number.clone()),
            (say("户名", "Name"), account.name.clone()),
            (say("用电类别", "Category"), account.account.category.text(lang)),
            (say("电压等级", "Voltage"), account.account.voltage.text(lang)),
        ],
    );
    document.push(Block::Facts(facts.wide(say("用电地址", "Address"), account.address.clone())));
    let mut keys = vec![
        KeyFigure {
            name: say("本期应交（元）", "Amount due (yuan)"),
            value: yuan(figures.total),
            main: true,
        },
        KeyFigure {
            name: say("电量（kWh）", "Energy (kWh)"),
            value: quantity(figures.energy_kwh, 0),
            main: false,
        },
    ];
    if let Some(issued) = &bill.issued {
        keys.push(KeyFigure {
            name: say("交费截止日", "Due date"),
            value: issued.due_on.to_string(),
            main: false,
        });
    }
    document.push(Block::KeyFigures(keys));
    let words = figures.total.to_capitals();
    document.push(Block::Paragraph(Paragraph {
        text: format!("{}　{words}", say("金额大写", "In capitals")),
        quiet: false,
    }));

    let mut table = Table::new([
        Column::text(say("项目", "Item"), 9),
        Column::figure(say("数量", "Quantity"), 5),
        Column::text("", 2),
        Column::figure(say("单价（元）", "Price (yuan)"), 5),
        Column::figure(say("金额（元）", "Amount (yuan)"), 5),
    ]);
    for line in &figures.lines {
        let (count, price) = match line.kind {
            LineKind::PowerFactor => (String::new(), String::new()),
            _ => (
                quantity(line.quantity, if line.quantity.to_whole() == line.quantity { 0 } else { 2 }),
                line.price.to_string(),
            ),
        };
        table.row([
            line_name(prices, line, lang),
            count,
            unit(line.kind).to_owned(),
            price,
            yuan(line.amount),
        ]);
    }
    table.total([
        say("合计", "Total"),
        quantity(figures.energy_kwh, 0),
        "kWh".into(),
        String::new(),
        yuan(figures.total),
    ]);
    document.push(Block::Table(table));

    let mut sums = Table::new([
        Column::text(say("电价构成", "Component of price"), 12),
        Column::figure(say("金额（元）", "Amount (yuan)"), 5),
        Column::figure(say("其中增值税", "VAT inside"), 5),
    ]);
    sums.caption = say("目录电费与代征费用", "Catalogue fee and what is collected for the state");
    for sum in &figures.sums {
        let name =
            prices.plans().component(sum.component).map(|known| known.name.text(lang)).unwrap_or_default();
        sums.row([
            name,
            yuan(sum.amount),
            if sum.vat == Money::ZERO { String::new() } else { yuan(sum.vat) },
        ]);
    }
    sums.total([say("合计", "Total"), yuan(figures.total), yuan(figures.vat)]);
    document.push(Block::Table(sums));

    if let Some(code) = paper.code {
        document.push(Block::Scan(Scan {
            content: format!("{}{code}", paper.address),
            label: say("账单验证码", "Code of this bill"),
            text: code.to_string(),
            note: say(
                "凭此码可索取本账单的存证文件：证明账单记入日志后未被改动。",
                "By this code you can ask for the proof of this bill: that it was recorded and never altered since.",
            ),
        }));
    }
    document.push(Block::Heading(say("计算过程", "How it was calculated")));
    for block in explain_bill(prices, bill) {
        let steps = block.rows.iter().map(|row| Step {
            label: row.label.text(lang),
            calculation: row.calculation.text(lang),
            amount: row.result.clone(),
            result: false,
        });
        document.push(Block::Steps(Steps { caption: block.heading.text(lang), steps: steps.collect() }));
    }
    document.footer =
        format!("{}：{}", say("咨询请联系供电所", "Questions: your supply station"), paper.station);
    document
}
