//! `zhangfang tariff quote FILE`: one account, or one charge, described in a TOML or JSON file and priced without a
//! database. The format is documented in `docs/tariff-quote.md`.
//!
//! A file says what it knows and nothing else: everything has a default, and what was presumed is noted in the
//! answer. Unknown keys, wrong figures and what the engine refuses are answered with line and column.

mod agreement;
mod answer;
mod build;
mod catalog;
mod compile;
mod derive;
mod error;
mod fields;
mod figures;
mod node;
mod period;
mod points;
mod power_factor;
mod price;
mod sections;
mod supply;

use kernel::{Exact, FigureError, Money, Price, Text};

pub use answer::Answer;
pub use error::QuoteError;
pub use figures::Expectation;

use crate::charges::ChargeRules;
use crate::engine::{Rules, adjustment, average_hundredths};
use crate::explain::{Block, Row, explain};
use crate::model::PowerFactorStandard;
use crate::table::PriceTable;
use build::{Parts, Priced};
use error::Quoted;
use fields::{Fields, figure_error};
use figures::Figures;
use kernel::{Bilingual, Lang};
use node::{Entry, Node, Source, Value};
use points::DraftPoint;
use sections::Frame;
use supply::DraftSupply;

/// Prices the file `text`. `file_name` is named in errors, and says JSON when it ends in `.json`.
///
/// # Errors
/// The file cannot be read, says something unknown or contradictory, or describes an account that cannot be billed:
/// with line and column.
pub fn quote(text: &str, file_name: &str) -> Result<Answer, QuoteError> {
    quote_with(text, file_name, &[])
}

/// The same, where a file may also name one of `tables`, which go before those that the program carries.
///
/// # Errors
/// As [`quote`].
pub fn quote_with(text: &str, file_name: &str, tables: &[PriceTable]) -> Result<Answer, QuoteError> {
    let source = Source { file: file_name, text };
    let root = flattened(node::read(source)?);
    let top = Fields::of(source, &root)?;
    let mut notes = Vec::new();
    let title = top.text(&["title", "name", "customer", "标题"])?;
    for name in FREE_TEXTS {
        if let Some(node) = top.node(&[name])? {
            allow_text(source, node)?;
        }
    }
    let version =
        top.text(&["rules", "regulation", "rule_version"])?.map(|version| version.trim().to_owned());
    let mut rules = build::rules_of(&top, version.as_deref())?;
    let supply = DraftSupply::read(&top)?;
    let household = period::read_household(&top, &mut notes)?;
    let main = DraftPoint::read_top(&top)?;
    let mut points = Vec::new();
    for (place, fields) in top.tables(&["point", "points"])?.iter().enumerate() {
        let point = DraftPoint::read(fields, &format!("point {}", place + 1))?;
        fields.finish()?;
        points.push(point);
    }
    let prices = named_prices(&top)?;
    let hint = supply.events.iter().map(|event| event.date).min();
    let mut period_notes = Vec::new();
    let period =
        period::read_period(&top, version.as_deref(), household.state.months, hint, &mut period_notes)?;
    let timed = top.has(&["period", "month", "from", "to", "billing_month", "period_from", "period_to"]);
    if rules.regulations.first().is_some_and(|first| first.from >= period.to) {
        rules.regulations.truncate(1);
        rules.regulations[0].from = catalog::always();
        if version.is_none() {
            notes.push(Text::new(
                "结算期早于已知规则，按最早的规则",
                "the period is older than the rules known; the oldest are taken",
            ));
        }
    }
    let parts = Parts { file: source, main, points, prices, supply, household, period, rules, tables };
    let target = target(&top)?;
    let expect = top.node(&["expect", "expected"])?;
    let charge_rules =
        ChargeRules::standard().map_err(|error| top.refuse(error.text(Lang::Zh), error.text(Lang::En)))?;
    let today = match timed.then(|| period.to.plus_days(-1)) {
        Some(Ok(day)) => Some(day),
        _ => None,
    };
    let frame = Frame { rules: charge_rules, version, today };
    let mut charge_figures = Figures::default();
    let sections = sections::read_sections(&top, &frame, &mut charge_figures)?;
    top.finish()?;

    let mut figures = Figures::default();
    let mut blocks = Vec::new();
    let mut priced = None;
    let wrong = |error: FigureError| figure_error(source, &0, &error);
    let direct =
        parts.supply.power_factor.energy_charge.is_some() || parts.supply.power_factor.basic_charge.is_some();
    if direct {
        blocks.push(adjust_only(&parts, &mut figures, &mut notes)?);
    } else if parts.has_account() {
        notes.append(&mut period_notes);
        let result = build::price(&parts, &mut notes)?;
        derive::figures_of(&result, &mut figures).map_err(wrong)?;
        blocks = explain(&result.bill, &result.context());
        if let Some((target, span)) = &target {
            blocks.push(target_block(source, &result, target, span, &mut figures)?);
        }
        priced = Some(result);
    } else if !sections.any {
        return Err(top.refuse(
            "文件没有可计算的内容：给出 kwh 与 price，或 late_fee、breach、theft、metering_error、temporary_supply 之一",
            "there is nothing to price: give `kwh` and `price`, or a section late_fee, breach, theft, metering_error or temporary_supply",
        ));
    }
    if sections.any && priced.is_none() && !direct {
        charge_figures.money(&["total", "charges_total"], sections.total);
    } else if sections.any {
        charge_figures.money(&["charges_total"], sections.total);
    }
    figures.0.append(&mut charge_figures.0);
    blocks.extend(sections.blocks.iter().cloned());
    let expectations = match expect {
        Some(node) => figures::check(source, node, &figures)?,
        None => Vec::new(),
    };
    Ok(Answer { title, notes, priced, sections, blocks, figures, expectations })
}

/// Tables that only group keys of the account: their keys count as if they stood at the top.
const GROUPS: [&str; 6] = ["account", "customer", "agreement", "supply", "contract", "inputs"];

fn flattened(root: Node) -> Node {
    let Node { span, value } = root;
    let Value::Table(entries) = value else { return Node { span, value } };
    let mut flat = Vec::with_capacity(entries.len());
    for entry in entries {
        match entry.node.value {
            Value::Table(inner) if GROUPS.contains(&entry.key.to_lowercase().as_str()) => flat.extend(inner),
            value => flat.push(Entry { node: Node { value, ..entry.node }, ..entry }),
        }
    }
    Node { span, value: Value::Table(flat) }
}

/// Keys that only say something to a reader of the file.
const FREE_TEXTS: [&str; 11] = [
    "case", "id", "number", "address", "note", "notes", "comment", "source", "topic", "province", "currency",
];

/// Free text, or a list of it.
fn allow_text(source: Source<'_>, node: &Node) -> Quoted<()> {
    match &node.value {
        Value::Table(_) => Err(source.refuse(&node.span, "这里应是文字", "a text is expected here")),
        _ => Ok(()),
    }
}

/// `[prices.NAME]`.
fn named_prices<'a>(top: &Fields<'a>) -> Quoted<Vec<(String, &'a Node)>> {
    let Some(fields) = top.table(&["prices"])? else { return Ok(Vec::new()) };
    Ok(fields.rest().into_iter().map(|entry| (entry.key.clone(), &entry.node)).collect())
}

/// What `[target]` asks for.
enum Target {
    Average(Price),
    Reduction(Price),
}

fn target(top: &Fields<'_>) -> Quoted<Option<(Target, node::Start)>> {
    let reduction = top.figure(&["target_reduction"])?;
    let average = top.figure(&["target_average_price"])?;
    let mut target = reduction.map(Target::Reduction).or(average.map(Target::Average));
    if let Some(fields) = top.table(&["target"])? {
        let average = fields.figure(&["average_price", "average"])?.map(Target::Average);
        target = average.or(fields.figure(&["reduction", "lower_by"])?.map(Target::Reduction));
        fields.finish()?;
        if target.is_none() {
            return Err(
                fields.refuse("缺少 average_price 或 reduction", "`average_price` or `reduction` is missing")
            );
        }
    }
    let span = top.span_of(&["target", "target_reduction", "target_average_price"]);
    Ok(target.map(|target| (target, span)))
}

fn target_block(
    source: Source<'_>,
    priced: &Priced,
    target: &Target,
    span: &node::Start,
    figures: &mut Figures,
) -> Quoted<Block> {
    let wrong = |error: FigureError| figure_error(source, span, &error);
    let bill = &priced.bill;
    let price = match target {
        Target::Average(price) => *price,
        Target::Reduction(less) => {
            let average = bill.total.exact().over(bill.energy_kwh.exact()).map_err(wrong)?;
            average.minus(less.exact()).and_then(|price| price.to_price(Price::PLACES)).map_err(wrong)?
        }
    };
    let kwh = derive::kwh_for_average(priced, price).map_err(wrong)?.ok_or_else(|| {
        source.refuse(span, "这个平均电价达不到", "this average price cannot be reached by more energy")
    })?;
    figures.quotient(&["target_kwh", "min_kwh"], kwh, 3).map_err(wrong)?;
    let shown = kwh.to_quantity(3).map_err(wrong)?;
    let fixed = bill.basic.as_ref().map_or(Money::ZERO, |basic| basic.amount);
    Ok(Block::new("目标均价", "Target average price").with(Row::new(
        "所需电量",
        "energy needed",
        format!("{fixed} ÷ ({price} - ({} - {fixed}) ÷ {})", bill.total, bill.energy_kwh),
        format!("{shown} kWh"),
    )))
}

/// The power-factor adjustment alone, when only the charges it is taken of are known.
fn adjust_only(parts: &Parts<'_>, figures: &mut Figures, notes: &mut Vec<Text>) -> Quoted<Block> {
    let given = &parts.supply.power_factor;
    let file = parts.file;
    let wrong = |error: FigureError| figure_error(file, &given.span, &error);
    let standard = given.standard.unwrap_or_else(|| {
        notes.push(Text::new(
            "未给出功率因数标准，按 0.90",
            "no power-factor standard is given; 0.90 is taken",
        ));
        PowerFactorStandard::P90
    });
    let rules: &Rules = &parts.rules;
    let active = match &parts.main.energy {
        points::Energy::Given(kwh) => Some(match kwh[0] {
            Some(total) => total,
            None => kernel::Quantity::sum(kwh.iter().flatten().copied()).map_err(wrong)?,
        }),
        _ => None,
    };
    let kvarh = parts.main.kvarh.unwrap_or_default();
    let hundredths = match (given.hundredths, given.rate) {
        (Some(hundredths), _) => Some(hundredths),
        (None, Some(_)) => None,
        (None, None) => {
            Some(active.and_then(|active| average_hundredths(active, kvarh)).ok_or_else(|| {
                file.refuse(
                    &parts.main.span,
                    "力调电费须给出 power_factor，或 kwh 与 kvarh",
                    "the adjustment needs `power_factor`, or `kwh` and `kvarh`",
                )
            })?)
        }
    };
    let rate = match hundredths {
        Some(hundredths) => adjustment(rules, standard, hundredths),
        None => given.rate.unwrap_or_default(),
    };
    let energy = given.energy_charge.unwrap_or_default();
    let basic = given.basic_charge.unwrap_or_default();
    let base = energy.plus(basic).map_err(wrong)?;
    let exact = base.times(rate);
    let amount = exact.to_money().map_err(wrong)?;
    let total = base.plus(amount).map_err(wrong)?;
    let percent = rate.exact().times(Exact::whole(100)).map_err(wrong)?;
    figures.money(&["total"], total);
    figures.money(&["power_factor_adjustment", "pf_adjustment", "pf_adjustment_yuan"], amount);
    figures.money(&["power_factor_base", "pf_base"], base);
    figures.exact(
        &["adjust_percent", "power_factor_percent", "pf_percent"],
        percent,
        percent.to_string(),
        false,
    );
    let mut block = Block::new("功率因数调整", "Power factor");
    if let Some(hundredths) = hundredths {
        let text = derive::two_places(hundredths);
        let value = Price::from_units(i64::from(hundredths) * (Price::SCALE / 100));
        figures.exact(&["power_factor", "pf"], value.exact(), text.clone(), false);
        let calculation = match (given.hundredths, active) {
            (None, Some(active)) => format!("{active} ÷ √({active}² + {kvarh}²)"),
            _ => String::new(),
        };
        block.push(Row::new("平均功率因数", "average power factor", calculation, text));
    }
    block.push(Row::worded(
        Text::new("调整率", "percentage of the table"),
        Text::new(
            format!("标准 0.{}", standard.hundredths()),
            format!("standard 0.{}", standard.hundredths()),
        ),
        format!("{percent}%"),
    ));
    block.push(Row::new("计算基数", "base", format!("{energy} + {basic}"), base.to_string()));
    block.push(Row::new("力调电费", "adjustment", format!("{base} × {percent}%"), amount.to_string()));
    block.push(Row::new("合计", "total", format!("{base} + {amount}"), total.to_string()));
    Ok(block)
}
