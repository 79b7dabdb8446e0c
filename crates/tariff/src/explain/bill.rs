//! The worked calculation of a bill: from the readings to the total, every figure with where it came from.

use kernel::{Bilingual, Exact, Lang, Money, Price, Quantity, Text};

use super::block::{Block, Row};
use super::words;
use crate::engine::average_hundredths;
use crate::engine::{Plan, Plans, Rules};
use crate::model::{
    AccountPeriod, Bill, Fraction, Line, LineKind, Period, PlanId, PointEnergy, Reading, Register, Source,
    UnitsKind,
};

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
    fn point(&self, place: u8) -> String {
        let name = self.point_names.get(usize::from(place)).filter(|name| !name.is_empty());
        name.cloned().unwrap_or_else(|| (usize::from(place) + 1).to_string())
    }
    fn several(&self) -> bool {
        self.input.points.len() > 1
    }
}

/// Explains `bill`, which was calculated from the context's input.
pub fn explain(bill: &Bill, context: &Context<'_>) -> Vec<Block> {
    let mut blocks = vec![settlement(bill, context)];
    blocks.extend(bill.points.iter().map(|point| energy(point, context)));
    blocks.extend(prices(bill, context));
    blocks.extend(losses(bill, context));
    let of = |kinds: &[LineKind]| -> Vec<&Line> {
        bill.lines.iter().filter(|line| kinds.contains(&line.kind)).collect()
    };
    charge(
        &mut blocks,
        "基本电费",
        "Basic charge",
        &of(&[LineKind::BasicCapacity, LineKind::BasicDemand, LineKind::BasicDemandExcess]),
        context,
    );
    if let (Some(basic), Some(block)) =
        (&bill.basic, blocks.last_mut().filter(|_| bill.basic.is_some_and(|basic| !basic.amount.is_zero())))
    {
        if let (Some(actual), Some(charged)) = (basic.actual_kw, basic.charged_kw) {
            block.push(Row::note(
                "需量",
                "demand",
                format!("实际 {actual} kW，计费 {charged} kW"),
                format!("actual {actual} kW, charged {charged} kW"),
            ));
        }
        if basic.discounted {
            block.push(Row::note("负荷率优惠", "load discount", "已适用", "applied"));
        }
    }
    charge(
        &mut blocks,
        "电度电费",
        "Energy charge",
        &of(&[LineKind::Energy, LineKind::TierAddOn, LineKind::FreeEnergy]),
        context,
    );
    blocks.extend(tiers(bill));
    blocks.extend(power_factor(bill, context));
    charge(&mut blocks, "代征基金及附加", "Funds", &of(&[LineKind::Fund]), context);
    blocks.push(total(bill, context));
    blocks
}

fn both(text: impl Into<String>) -> Text {
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

fn reading_row(reading: &Reading, digits: u8, multiplier: kernel::Rate) -> Row {
    let Reading { register, previous, current, rolled_over } = *reading;
    let difference = if register == Register::Demand {
        current.exact()
    } else {
        let round = if rolled_over { 10_i64.checked_pow(u32::from(digits)).unwrap_or(0) } else { 0 };
        current
            .minus(previous)
            .map(Quantity::exact)
            .and_then(|d| d.plus(Exact::whole(round)))
            .unwrap_or(Exact::ZERO)
    };
    let spelled = match (register, rolled_over) {
        (Register::Demand, _) => format!("{current}"),
        (_, true) => format!("({current} - {previous} + 10^{digits})"),
        _ => format!("({current} - {previous})"),
    };
    let unit = match register {
        Register::Demand => "kW",
        Register::ReactiveForward | Register::ReactiveReverse => "kvarh",
        _ => "kWh",
    };
    let result = difference.times(multiplier.exact()).unwrap_or(Exact::ZERO);
    let name = words::register(register);
    Row::new(&name.zh, &name.en, format!("{spelled} × {multiplier}"), format!("{result} {unit}"))
}

fn energy(point: &PointEnergy, context: &Context<'_>) -> Block {
    let name = context.point(point.point);
    let mut block = Block::new(format!("电量：{name}"), format!("Energy: {name}"));
    match context.input.points.get(usize::from(point.point)).map(|point| &point.source) {
        Some(Source::Meters(segments)) => {
            for (number, segment) in segments.iter().enumerate() {
                if segments.len() > 1 {
                    let number = number + 1;
                    block.push(Row::note(&format!("第 {number} 块表"), &format!("meter {number}"), "", ""));
                }
                for reading in &segment.readings {
                    block.push(reading_row(reading, segment.digits, segment.multiplier));
                }
            }
        }
        Some(Source::FixedQuantity { parent, kwh }) => {
            let parent = context.point(*parent);
            block.push(Row::worded(
                Text::new("定量", "fixed quantity"),
                Text::new(format!("自 {parent}"), format!("out of {parent}")),
                format!("{kwh} kWh"),
            ));
        }
        Some(Source::FixedRatio { parent, ratio }) => {
            let parent = context.point(*parent);
            block.push(Row::worded(
                Text::new("定比", "fixed ratio"),
                Text::new(format!("{parent} × {ratio}"), format!("{parent} × {ratio}")),
                format!("{} kWh", point.billed_kwh),
            ));
        }
        Some(Source::Given { .. }) | None => {}
    }
    let divided: Vec<Period> =
        Period::DIVIDED.into_iter().filter(|period| !point.billed.of(*period).is_zero()).collect();
    let metered = point.metered.sum().unwrap_or_default();
    if !metered.is_zero() {
        block.push(Row::new("抄见电量", "metered energy", "", format!("{metered} kWh")));
    }
    if !point.deducted_kwh.is_zero() {
        block.push(Row::new(
            "扣减分表和定量",
            "less sub meters and fixed parts",
            "",
            format!("-{} kWh", point.deducted_kwh),
        ));
    }
    if !point.transformer_loss_kwh.is_zero() {
        block.push(Row::new(
            "变压器损耗",
            "transformer loss",
            "",
            format!("{} kWh", point.transformer_loss_kwh),
        ));
    }
    if !point.line_loss_kwh.is_zero() {
        block.push(Row::new("线路损耗", "line loss", "", format!("{} kWh", point.line_loss_kwh)));
    }
    let spelled: Vec<String> = divided
        .iter()
        .map(|period| format!("{} {}", words::period(*period).zh, point.billed.of(*period)))
        .collect();
    let spelled_en: Vec<String> = divided
        .iter()
        .map(|period| format!("{} {}", words::period(*period).en, point.billed.of(*period)))
        .collect();
    block.push(Row::worded(
        Text::new("计费电量", "billed energy"),
        Text::new(spelled.join(" + "), spelled_en.join(" + ")),
        format!("{} kWh", point.billed_kwh),
    ));
    let reactive = point.metered_kvarh.plus(point.reactive_loss_kvarh).unwrap_or_default();
    if !reactive.is_zero() {
        let calculation = if point.reactive_loss_kvarh.is_zero() {
            String::new()
        } else {
            format!("{} + {}", point.metered_kvarh, point.reactive_loss_kvarh)
        };
        block.push(Row::new("无功电量", "reactive energy", calculation, format!("{reactive} kvarh")));
    }
    if let Some(demand) = point.demand_kw {
        block.push(Row::new("最大需量", "maximum demand", "", format!("{demand} kW")));
    }
    block
}

pub(super) fn component_name(context: &Context<'_>, id: crate::model::ComponentId) -> Text {
    context.plans.component(id).map_or_else(|| both("-"), |component| component.name.clone())
}

/// Where each price comes from: one block for each plan in use.
fn prices(bill: &Bill, context: &Context<'_>) -> Vec<Block> {
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
    let month = usize::try_from(context.input.month.month_of_year() - 1).unwrap_or(0);
    let season = usize::from(plan.season_of_month.get(month).copied().unwrap_or(0));
    let Some(set) = plan.seasons.get(season) else { return block };
    for period in Period::ALL {
        let used = bill
            .lines
            .iter()
            .any(|line| line.plan == id && line.kind == LineKind::Energy && line.period == period);
        let Some(price) = set.energy[period.index()].filter(|_| used) else { continue };
        let flat = set.parts.iter().map(|prices| prices[Period::Flat.index()]);
        let spelled = |lang: Lang| -> String {
            let parts = plan.parts.iter().zip(&set.parts).zip(flat.clone()).map(|((part, prices), flat)| {
                let own = prices[period.index()];
                let figure = floated(own, flat, period).unwrap_or_else(|| own.to_string());
                if plan.parts.len() > 1 {
                    format!("{figure} ({})", component_name(context, part.component).text(lang))
                } else if figure == own.to_string() {
                    String::new()
                } else {
                    figure
                }
            });
            parts.collect::<Vec<_>>().join(" + ")
        };
        let label = if period == Period::Total {
            Text::new("电价", "price")
        } else {
            let name = words::period(period);
            Text::new(format!("{}电价", name.zh), format!("{} price", name.en))
        };
        block.push(Row::worded(label, Text::new(spelled(Lang::Zh), spelled(Lang::En)), price.to_string()));
    }
    if let Some(basic) = &plan.basic {
        for (zh, en, price) in [("容量电价", "per kVA", basic.capacity), ("需量电价", "per kW", basic.demand)]
        {
            if let Some(price) = price {
                block.push(Row::new(zh, en, "", price.to_string()));
            }
        }
    }
    for fund in &plan.funds {
        let name = component_name(context, fund.component);
        let label = if fund.contained {
            Text::new(format!("{}（含于电价）", name.zh), format!("{} (inside the price)", name.en))
        } else {
            name
        };
        block.push(Row::worded(label, both(""), fund.price.to_string()));
    }
    block
}

/// A floating price as its flat price times a factor, when the factor is short.
fn floated(own: Price, flat: Price, period: Period) -> Option<String> {
    if period == Period::Total || period == Period::Flat || own == flat || flat.is_zero() {
        return None;
    }
    let factor = own.exact().over(flat.exact()).ok()?;
    let short = factor.to_rate(4).ok()?;
    (short.exact() == factor).then(|| format!("{flat} × {short}"))
}

fn losses(bill: &Bill, context: &Context<'_>) -> Option<Block> {
    let loss = bill.loss.as_ref()?;
    let mut block = Block::new("变压器损耗分摊", "Transformer loss");
    let share = if loss.fraction == Fraction::ONE {
        String::new()
    } else {
        format!("{}/{}", loss.fraction.part, loss.fraction.whole)
    };
    block.push(Row::new("有功损耗", "active loss", share.clone(), format!("{} kWh", loss.active_kwh)));
    block.push(Row::new("无功损耗", "reactive loss", share, format!("{} kvarh", loss.reactive_kvarh)));
    let bearing: Vec<&PointEnergy> = bill
        .points
        .iter()
        .filter(|point| !point.transformer_loss_kwh.is_zero() || !point.reactive_loss_kvarh.is_zero())
        .collect();
    if bearing.len() > 1 {
        for (order, point) in bearing.iter().enumerate() {
            let name = context.point(point.point);
            let own =
                point.billed_kwh.minus(point.transformer_loss_kwh).and_then(|k| k.minus(point.line_loss_kwh));
            let own = own.unwrap_or_default();
            let calculation = if order == 0 {
                Text::new("其余", "the rest")
            } else {
                both(format!("{} × {own} ÷ Σ kWh", loss.active_kwh))
            };
            block.push(Row::worded(
                both(name),
                calculation,
                format!("{} kWh, {} kvarh", point.transformer_loss_kwh, point.reactive_loss_kvarh),
            ));
        }
    }
    Some(block)
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
        label = Text::new(format!("{name} {}", label.zh), format!("{name}: {}", label.en));
    }
    label
}

/// The calculation of a line, without its result.
pub(crate) fn line_calculation(line: &Line, bill: &Bill) -> String {
    if line.kind == LineKind::PowerFactor {
        let base = bill.power_factor.as_ref().map_or(Money::ZERO, |result| result.base);
        return format!("{base} × {}", percent(line.factor));
    }
    let mut text = format!("{} {} × {}", line.quantity, unit(line.kind.unit()), line.price);
    if line.factor != kernel::Rate::ONE {
        text.push_str(&format!(" × {}", line.factor));
    }
    if line.fraction != Fraction::ONE {
        text.push_str(&format!(" × {}/{}", line.fraction.part, line.fraction.whole));
    }
    text
}

fn percent(rate: kernel::Rate) -> String {
    crate::charges::metering_error::percent(rate.exact())
}

fn charge(blocks: &mut Vec<Block>, zh: &str, en: &str, lines: &[&Line], context: &Context<'_>) {
    if lines.is_empty() {
        return;
    }
    let mut block = Block::new(zh, en);
    for line in lines {
        let calculation = line_calculation(line, &Bill::default());
        let rule = words::rule(line.rule);
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
    blocks.push(block);
}

fn tiers(bill: &Bill) -> Option<Block> {
    let tiers = bill.tiers.as_ref()?;
    let now = Quantity::sum(tiers.in_tier).unwrap_or_default();
    let before = tiers.used_kwh.minus(now).unwrap_or_default();
    let mut block = Block::new("阶梯", "Tiers");
    block.push(Row::new(
        "分界电量",
        "thresholds",
        "",
        format!("{} / {} kWh", tiers.thresholds[0], tiers.thresholds[1]),
    ));
    block.push(Row::new(
        "累计电量",
        "used so far",
        format!("{before} + {now}"),
        format!("{} kWh", tiers.used_kwh),
    ));
    for (place, kwh) in tiers.in_tier.iter().enumerate() {
        let number = place + 1;
        block.push(Row::new(&format!("第 {number} 档"), &format!("tier {number}"), "", format!("{kwh} kWh")));
    }
    if !tiers.free_kwh.is_zero() {
        block.push(Row::new("免费电量", "free energy", "", format!("{} kWh", tiers.free_kwh)));
    }
    Some(block)
}

fn power_factor(bill: &Bill, context: &Context<'_>) -> Option<Block> {
    let result = bill.power_factor.as_ref()?;
    let mut block = Block::new("功率因数调整", "Power factor");
    let value = Price::from_units(i64::from(result.hundredths) * Price::SCALE / 100);
    let (active, reactive) = (result.active_kwh, result.reactive_kvarh);
    // A factor that was given, and not measured, has no calculation.
    let measured = average_hundredths(active, reactive) == Some(result.hundredths);
    let calculation =
        if measured { format!("{active} ÷ √({active}² + {reactive}²)") } else { String::new() };
    block.push(Row::new("平均功率因数", "average power factor", calculation, value.to_string()));
    let standard = result.standard.hundredths();
    block.push(Row::worded(
        Text::new("调整率", "percentage of the table"),
        Text::new(format!("标准 0.{standard}"), format!("standard 0.{standard}")),
        percent(result.rate),
    ));
    block.push(Row::new("计算基数", "base", "", result.base.to_string()));
    for line in bill.lines.iter().filter(|line| line.kind == LineKind::PowerFactor) {
        block.push(Row::worded(
            Text::new("力调电费", "adjustment"),
            both(line_calculation(line, bill)),
            rounded(line.exact, line.amount),
        ));
    }
    let _ = context;
    Some(block)
}

fn total(bill: &Bill, context: &Context<'_>) -> Block {
    let mut block = Block::new("合计", "Total");
    for sum in bill.sums.iter().filter(|_| bill.sums.len() > 1) {
        let name = component_name(context, sum.component);
        block.push(Row::worded(name, both(""), sum.amount.to_string()));
    }
    if !bill.funds.is_zero() {
        block.push(Row::new("目录电费", "catalogue fee", "", bill.catalogue.to_string()));
        block.push(Row::new("代征合计", "funds", "", bill.funds.to_string()));
    }
    block.push(Row::new("应收电费", "to pay", "", bill.total.to_string()));
    if !bill.vat.is_zero() {
        block.push(Row::new("其中增值税", "of which VAT", "", bill.vat.to_string()));
    }
    block
}
