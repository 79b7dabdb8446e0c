//! Where each price comes from: the table, and what it is made of.

use kernel::{Bilingual, Exact, Lang, Price, Text};

use super::bill::{Context, both, component_name};
use super::block::{Block, Row};
use super::words;
use crate::engine::{Plan, PriceSet};
use crate::model::{Bill, LineKind, Period, PlanId, RuleId};

/// One block for each plan in use.
pub(super) fn prices(bill: &Bill, context: &Context<'_>) -> Vec<Block> {
    let mut seen: Vec<PlanId> = Vec::new();
    let mut blocks = Vec::new();
    for point in &context.input.points {
        if seen.contains(&point.plan) || bill.lines.iter().all(|line| line.plan != point.plan) {
            continue;
        }
        seen.push(point.plan);
        if let Some(plan) = context.plans.get(point.plan) {
            blocks.push(composition(plan, point.plan, bill, context));
        }
    }
    blocks
}

/// The prices of `plan` in the month of `context`.
pub(super) fn season<'p>(plan: &'p Plan, context: &Context<'_>) -> Option<&'p PriceSet> {
    let month = usize::from(context.input.month.month_of_year().unsigned_abs()).saturating_sub(1);
    plan.seasons.get(usize::from(*plan.season_of_month.get(month)?))
}

/// A price by its components, each with its factor where it floats; nothing where the price is just itself.
fn spelled(plan: &Plan, set: &PriceSet, period: Period, context: &Context<'_>, lang: Lang) -> String {
    let parts = plan.parts.iter().zip(&set.parts).map(|(part, prices)| {
        let own = prices[period.index()];
        let figure = floated(own, prices[Period::Flat.index()]);
        if plan.parts.len() == 1 {
            return figure.unwrap_or_default();
        }
        let figure = figure.unwrap_or_else(|| own.to_string());
        let name = component_name(context, part.component).text(lang);
        if lang == Lang::Zh { format!("{figure}（{name}）") } else { format!("{figure} ({name})") }
    });
    parts.collect::<Vec<_>>().join(" + ").replace("+ -", "- ")
}

fn composition(plan: &Plan, id: PlanId, bill: &Bill, context: &Context<'_>) -> Block {
    let mut block = Block::new(format!("电价：{}", plan.name.zh), format!("Price: {}", plan.name.en));
    if plan.table != "inline" {
        block.push(Row::note(
            "电价表",
            "table",
            format!("{} 第 {} 版，自 {}", plan.table, plan.version, plan.from),
            format!("{} version {}, from {}", plan.table, plan.version, plan.from),
        ));
    }
    if plan.request.left_market {
        block.push(Row::note(
            "购电价",
            "purchase price",
            "退出市场用户，已乘退市倍数",
            "times the multiple of those who left the market",
        ));
    } else if plan.request.own_purchase_price.is_some() {
        block.push(Row::note("购电价", "purchase price", "按用户购电合同", "by the customer's own contract"));
    }
    let Some(set) = season(plan, context) else { return block };
    for period in Period::ALL {
        let used = bill
            .lines
            .iter()
            .any(|line| line.plan == id && line.kind == LineKind::Energy && line.period == period);
        let Some(price) = set.energy[period.index()].filter(|_| used) else { continue };
        let label = if period == Period::Total {
            Text::new("电价", "price")
        } else {
            let name = words::period(period);
            Text::new(format!("{}电价", name.zh), format!("{} price", name.en))
        };
        let calculation = Text::new(
            spelled(plan, set, period, context, Lang::Zh),
            spelled(plan, set, period, context, Lang::En),
        );
        let mut parts = set.parts.iter().map(|prices| prices[period.index()].exact());
        let sum = parts.try_fold(Exact::ZERO, Exact::plus).unwrap_or(price.exact());
        let result = if sum == price.exact() { price.to_string() } else { format!("{sum} → {price}") };
        block.push(Row::worded(label, calculation, result));
    }
    for line in bill.lines.iter().filter(|line| line.plan == id) {
        let (zh, en) = match (line.kind, line.rule) {
            (LineKind::BasicCapacity, _) => ("容量电价", "price per kVA"),
            (LineKind::BasicDemand, RuleId::DemandActual) => {
                ("实际需量电价", "price per kW of actual demand")
            }
            (LineKind::BasicDemand, _) => ("需量电价", "price per kW"),
            _ => continue,
        };
        let row = Row::new(zh, en, "", line.price.to_string());
        if !block.rows.contains(&row) {
            block.push(row);
        }
    }
    for fund in &plan.funds {
        let name = component_name(context, fund.component);
        // Some tables say so in the name.
        let label = if fund.contained && !name.zh.contains("含于") {
            Text::new(format!("{}（含于电价）", name.zh), format!("{} (inside the price)", name.en))
        } else {
            name
        };
        block.push(Row::worded(label, both(""), fund.price.to_string()));
    }
    block
}

/// A floating price as its flat price times a factor, when there is a short factor.
fn floated(own: Price, flat: Price) -> Option<String> {
    if own == flat {
        return None;
    }
    let factor = own.exact().over(flat.exact()).ok()?;
    let short = factor.to_rate(4).ok()?;
    (short.exact() == factor).then(|| format!("{flat} × {short}"))
}
