//! The worked calculation of a bill: from the readings to the total, every figure with where it came from.

use kernel::{Exact, Money, Rate, Text};

use super::basis::{demand, power_factor, tiers};
use super::block::{Block, Row};
use super::energy::energy;
use super::losses::{losses, times};
use super::price::prices;
use super::words;
use crate::engine::{Plans, Rules};
use crate::model::{AccountPeriod, Bill, ComponentId, ComponentSum, Line, LineKind, Period, UnitsKind};

/// What a bill does not carry itself: the plans and rules it was made by, its input, and names for the points.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The plans.
    pub plans: &'a Plans,
    /// The rules.
    pub rules: &'a Rules,
    /// The input.
    pub input: &'a AccountPeriod,
    /// A name for each point, in order; a missing one is numbered.
    pub point_names: &'a [String],
}

impl Context<'_> {
    /// What a point is called.
    pub(super) fn point(&self, place: u8) -> Text {
        match self.point_names.get(usize::from(place)) {
            Some(name) if !name.is_empty() => both(name),
            _ => {
                let number = usize::from(place) + 1;
                Text::new(format!("计量点 {number}"), format!("point {number}"))
            }
        }
    }
    /// Several points must be told apart.
    pub(super) fn several(&self) -> bool {
        self.input.points.len() > 1
    }
}

/// Explains `bill`, which was calculated from the context's input.
pub fn explain(bill: &Bill, context: &Context<'_>) -> Vec<Block> {
    let mut blocks = vec![settlement(bill, context)];
    blocks.extend(bill.points.iter().map(|point| energy(point, bill, context)));
    blocks.extend(prices(bill, context));
    blocks.extend(losses(bill, context));
    let of = |kinds: &[LineKind]| -> Vec<&Line> {
        bill.lines.iter().filter(|line| kinds.contains(&line.kind)).collect()
    };
    let basic = of(&[LineKind::BasicCapacity, LineKind::BasicDemand, LineKind::BasicDemandExcess]);
    blocks.extend(charge("基本电费", "Basic charge", &basic, demand(bill, context), context));
    let energy = of(&[LineKind::Energy, LineKind::TierAddOn, LineKind::FreeEnergy]);
    blocks.extend(tiers(bill, context));
    blocks.extend(charge("电度电费", "Energy charge", &energy, Vec::new(), context));
    blocks.extend(power_factor(bill, context));
    blocks.extend(charge("代征基金及附加", "Funds", &of(&[LineKind::Fund]), Vec::new(), context));
    blocks.push(total(bill, context));
    blocks
}

pub(super) fn both(text: impl Into<String>) -> Text {
    let text = text.into();
    Text::new(text.clone(), text)
}

fn settlement(bill: &Bill, context: &Context<'_>) -> Block {
    let input = context.input;
    let days = input.from.days_until(input.to);
    let mut block = Block::new("结算", "Settlement").with(Row::note(
        "结算期",
        "period",
        format!("{} 至 {}（不含），{days} 天，电费年月 {}", input.from, input.to, input.month),
        format!("{} to {} (exclusive), {days} days, billing month {}", input.from, input.to, input.month),
    ));
    if let Some(regulation) = context.rules.regulations.get(usize::from(bill.regulation)) {
        // A regulation that the caller put in force for all time has no day worth saying.
        let (zh, en) = if regulation.from.year() > 1 {
            (format!("（自 {}）", regulation.from), format!(" (from {})", regulation.from))
        } else {
            (String::new(), String::new())
        };
        block.push(Row::note(
            "规则",
            "rules",
            format!("{}{zh}", regulation.name.zh),
            format!("{}{en}", regulation.name.en),
        ));
    }
    block
}

pub(super) fn component_name(context: &Context<'_>, id: ComponentId) -> Text {
    context.plans.component(id).map_or_else(|| both("-"), |component| component.name.clone())
}

/// `5.00 + 3.20 - 0.40`.
pub(super) fn summed(amounts: impl Iterator<Item = Money>) -> String {
    amounts.map(|amount| amount.to_string()).collect::<Vec<_>>().join(" + ").replace("+ -", "- ")
}

/// An unrounded figure and what it was rounded to.
pub(crate) fn rounded(exact: Exact, amount: Money) -> String {
    if exact == amount.exact() { amount.to_string() } else { format!("{exact} → {amount}") }
}

const fn unit(kind: UnitsKind) -> &'static str {
    match kind {
        UnitsKind::Kwh => "kWh",
        UnitsKind::Kva => "kVA",
        UnitsKind::Kw => "kW",
        UnitsKind::Money => "",
    }
}

/// What a line is called.
pub(crate) fn line_label(line: &Line, context: &Context<'_>) -> Text {
    let mut label = match line.kind {
        LineKind::Fund => {
            line.component.map_or_else(|| words::kind(line.kind), |id| component_name(context, id))
        }
        LineKind::TierAddOn => {
            Text::new(format!("第 {} 档加价", line.tier), format!("tier {} addition", line.tier))
        }
        kind => words::kind(kind),
    };
    if line.period != Period::Total {
        let period = words::period(line.period);
        label = Text::new(format!("{}·{}", label.zh, period.zh), format!("{}, {}", label.en, period.en));
    }
    if context.several() {
        let name = context.point(line.point);
        label = Text::new(format!("{} {}", name.zh, label.zh), format!("{}: {}", name.en, label.en));
    }
    label
}

/// The calculation of a line, without its result.
pub(crate) fn line_calculation(line: &Line, bill: &Bill) -> String {
    if line.kind == LineKind::PowerFactor {
        let base = bill.power_factor.as_ref().map_or(Money::ZERO, |result| result.base);
        return format!("{base} × {}", percent(line.factor.exact()));
    }
    let mut text = format!("{} {} × {}", line.quantity, unit(line.kind.unit()), line.price);
    if line.factor != Rate::ONE {
        text.push_str(&format!(" × {}", line.factor));
    }
    text.push_str(&times(line.fraction));
    text
}

pub(super) fn percent(fraction: Exact) -> String {
    crate::charges::metering_error::percent(fraction)
}

/// Lines of one kind under `heading`, after rows that say where their quantities come from.
fn charge(zh: &str, en: &str, lines: &[&Line], before: Vec<Row>, context: &Context<'_>) -> Option<Block> {
    if lines.is_empty() {
        return None;
    }
    let mut block = Block::new(zh, en);
    block.rows = before;
    for line in lines {
        let calculation = line_calculation(line, &Bill::default());
        let rule = words::rule(line);
        let said = !matches!(line.kind, LineKind::Energy | LineKind::Fund);
        let calculation = if said {
            Text::new(format!("{calculation}（{}）", rule.zh), format!("{calculation} ({})", rule.en))
        } else {
            both(calculation)
        };
        block.push(Row::worded(line_label(line, context), calculation, rounded(line.exact, line.amount)));
    }
    if lines.len() > 1 {
        let sum = Money::sum(lines.iter().map(|line| line.amount)).unwrap_or_default();
        block.push(Row::new("小计", "subtotal", "", sum.to_string()));
    }
    Some(block)
}

/// Funds inside the price, point by point: the component they are taken out of, the fund, its calculation and amount.
fn contained(bill: &Bill, context: &Context<'_>) -> Vec<(ComponentId, ComponentId, String, Money)> {
    let mut found = Vec::new();
    for (point, energy) in context.input.points.iter().zip(&bill.points) {
        let Some(plan) = context.plans.get(point.plan) else { continue };
        let Some(out_of) = plan.parts.first() else { continue };
        for fund in plan.funds.iter().filter(|fund| fund.contained && !energy.billed_kwh.is_zero()) {
            let amount = energy.billed_kwh.at(fund.price).to_money().unwrap_or_default();
            let calculation = format!("{} kWh × {}", energy.billed_kwh, fund.price);
            found.push((out_of.component, fund.component, calculation, amount));
        }
    }
    found
}

/// The sums of the components. A fund inside a price is taken out of the component that holds it.
fn components(block: &mut Block, bill: &Bill, context: &Context<'_>) {
    if bill.sums.len() < 2 {
        return;
    }
    if !bill.shares.is_empty() {
        block.push(Row::note(
            "构成",
            "components",
            "每行金额按各组成电价的比例分摊，精确到分",
            "each amount is split in proportion to the prices it is made of, to the fen",
        ));
    }
    let inside = contained(bill, context);
    for sum in &bill.sums {
        let calculation = if sum.contained {
            let own = inside.iter().filter(|(_, fund, ..)| *fund == sum.component);
            own.map(|(.., calculation, _)| calculation.as_str()).collect::<Vec<_>>().join(" + ")
        } else {
            let taken = inside.iter().filter(|(out_of, ..)| *out_of == sum.component);
            let taken: Vec<Money> = taken.map(|(.., amount)| *amount).collect();
            let gross = Money::sum(taken.iter().copied().chain([sum.amount])).unwrap_or_default();
            let less: String = taken.iter().map(|amount| format!(" - {amount}")).collect();
            if less.is_empty() { String::new() } else { format!("{gross}{less}") }
        };
        let mut name = component_name(context, sum.component);
        let same =
            |other: &&ComponentSum| other.component == sum.component && other.contained == sum.contained;
        if bill.sums.iter().filter(same).count() > 1 {
            let rate = percent(sum.vat_rate.exact());
            name = Text::new(format!("{}（税率 {rate}）", name.zh), format!("{} (VAT {rate})", name.en));
        }
        block.push(Row::worded(name, both(calculation), sum.amount.to_string()));
    }
}

/// VAT inside the components: one calculation, or the VAT of each.
fn vat(bill: &Bill) -> Text {
    let taxed: Vec<&ComponentSum> = bill.sums.iter().filter(|sum| !sum.vat_rate.is_zero()).collect();
    let [first, more @ ..] = taxed.as_slice() else { return both("") };
    let whole = Rate::ONE.plus(first.vat_rate).unwrap_or(Rate::ONE);
    let share = format!("{} ÷ {}", percent(first.vat_rate.exact()), percent(whole.exact()));
    if more.is_empty() {
        return both(format!("{} × {share}", first.amount));
    }
    let parts = summed(taxed.iter().map(|sum| sum.vat));
    if more.iter().all(|sum| sum.vat_rate == first.vat_rate) {
        Text::new(format!("各项 × {share}：{parts}"), format!("each × {share}: {parts}"))
    } else {
        both(parts)
    }
}

fn total(bill: &Bill, context: &Context<'_>) -> Block {
    let mut block = Block::new("合计", "Total");
    components(&mut block, bill, context);
    let mut sum = String::new();
    if !bill.funds.is_zero() {
        block.push(Row::new("目录电费", "catalogue fee", "", bill.catalogue.to_string()));
        block.push(Row::new("代征合计", "all funds", "", bill.funds.to_string()));
        sum = format!("{} + {}", bill.catalogue, bill.funds);
    }
    block.push(Row::new("应收电费", "to pay", sum, bill.total.to_string()));
    if !bill.vat.is_zero() {
        block.push(Row::worded(Text::new("其中增值税", "of which VAT"), vat(bill), bill.vat.to_string()));
    }
    block
}
