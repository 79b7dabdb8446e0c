//! What charges rest on: the demand that counts, the tiers, the power factor and what it adjusts.

use kernel::{Money, Quantity, Text};

use super::bill::{Context, both, component_name, line_calculation, percent, rounded, summed};
use super::block::{Block, Row};
use crate::engine::{BasicPlan, TierPlan, average_hundredths};
use crate::model::{AccountPeriod, BasicMethod, BasicResult, Bill, DemandFeed, LineKind, TierState};

/// Where the kW of the basic charge come from: what was agreed, how far it reaches, what was used, and the discount
/// for high use.
pub(super) fn demand(bill: &Bill, context: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    let plan = context.input.points.first().and_then(|point| context.plans.get(point.plan));
    let plan = plan.and_then(|plan| plan.basic.as_ref());
    let (Some(result), Some(plan)) = (&bill.basic, plan) else { return rows };
    if let Some(BasicMethod::ContractDemand(feeds)) =
        context.input.supply.as_deref().map(|supply| &supply.basic)
    {
        for (place, feed) in feeds.iter().enumerate() {
            agreed(&mut rows, (place, feed), feeds, result, plan, context);
        }
    }
    if let (Some(actual), Some(charged)) = (result.actual_kw, result.charged_kw) {
        rows.push(Row::note(
            "需量",
            "demand",
            format!("实际 {actual} kW，计费 {charged} kW"),
            format!("actual {actual} kW, charged {charged} kW"),
        ));
    }
    if let Some(discount) = plan.discount.filter(|_| result.discounted) {
        let rule =
            format!("{} kWh ÷ {} kVA ≥ {}", bill.energy_kwh, result.installed_kva, discount.from_kwh_per_kva);
        let factor = discount.factor;
        rows.push(Row::note(
            "负荷率优惠",
            "load discount",
            format!("{rule}，× {factor}"),
            format!("{rule}, × {factor}"),
        ));
    }
    rows
}

/// The demand of one feed that may be used at the single price: by contract, or by the floor when that is higher.
fn agreed(
    rows: &mut Vec<Row>,
    (place, feed): (usize, &DemandFeed),
    feeds: &[DemandFeed],
    result: &BasicResult,
    plan: &BasicPlan,
    context: &Context<'_>,
) {
    let name = context.point(feed.point);
    let label = |zh: &str, en: &str| match feeds {
        [_] => Text::new(zh, en),
        _ => Text::new(format!("{} {zh}", name.zh), format!("{}: {en}", name.en)),
    };
    let mut contract = feed.contract_kw;
    rows.push(Row::worded(label("合同需量", "contract demand"), both(""), format!("{contract} kW")));
    let all = Quantity::sum(feeds.iter().map(|feed| feed.contract_kw)).unwrap_or_default();
    let floor = result.running_kva.times(plan.floor, Quantity::PLACES).unwrap_or_default();
    let floor_of_all = format!("{} kVA × {}", result.running_kva, percent(plan.floor.exact()));
    // Feeds share the floor by their contracts; without any the first bears it.
    let (own, calculation) = if all.is_zero() || all == contract {
        (if place == 0 || !all.is_zero() { floor } else { Quantity::ZERO }, floor_of_all)
    } else {
        let own = floor.exact().times(contract.exact()).and_then(|share| share.over(all.exact()));
        let own = own.and_then(|own| own.to_quantity(Quantity::PLACES)).unwrap_or_default();
        (own, format!("{floor_of_all} × {contract}/{all}"))
    };
    if contract < own {
        rows.push(Row::worded(label("需量下限", "demand floor"), both(calculation), format!("{own} kW")));
        contract = own;
    }
    let allowance = contract.times(plan.allowance, Quantity::PLACES).unwrap_or_default();
    if allowance != contract {
        rows.push(Row::worded(
            label("允许需量", "allowed demand"),
            both(format!("{contract} kW × {}", percent(plan.allowance.exact()))),
            format!("{allowance} kW"),
        ));
    }
}

/// A threshold with its calculation: of the year or its part, of the months read, and the allowance of large
/// households. Nothing for a tier without an end.
fn threshold(tiers: &TierPlan, state: &TierState, input: &AccountPeriod, tier: usize) -> Option<String> {
    let month = usize::from(input.month.month_of_year().unsigned_abs()).saturating_sub(1);
    let of_month = |back: usize| tiers.of_month[(month + 12 - back) % 12].until[tier];
    if of_month(0) >= TierPlan::NO_END {
        return None;
    }
    let (mut text, months) = if tiers.by_year {
        let months = state.months_in_year;
        let part = if months == 12 { String::new() } else { format!(" × {months}/12") };
        (format!("{}{part}", of_month(0)), months)
    } else {
        let months = (0..usize::from(state.months)).map(|back| of_month(back).to_string());
        (months.collect::<Vec<_>>().join(" + "), state.months)
    };
    if tiers.persons_from > 0 && state.persons >= tiers.persons_from {
        text.push_str(&format!(" + {} × {months}", tiers.allowance_kwh));
    }
    Some(text)
}

/// Where a household stands in its tiers.
pub(super) fn tiers(bill: &Bill, context: &Context<'_>) -> Option<Block> {
    let result = bill.tiers.as_ref()?;
    let state = context.input.tiers.as_ref()?;
    let mut plans = context.input.points.iter().filter_map(|point| context.plans.get(point.plan));
    let plan = plans.find_map(|plan| plan.tiers.as_ref())?;
    let now = Quantity::sum(result.in_tier).unwrap_or_default();
    let before = result.used_kwh.minus(now).unwrap_or_default();
    let mut block = Block::new("阶梯", "Tiers");
    let mut ends = 0;
    for (place, until) in result.thresholds.iter().enumerate() {
        let Some(calculation) = threshold(plan, state, context.input, place) else { break };
        ends += 1;
        let calculation = if calculation == until.to_string() { String::new() } else { calculation };
        let (zh, en) = (format!("第 {ends} 档上限"), format!("end of tier {ends}"));
        block.push(Row::new(&zh, &en, calculation, format!("{until} kWh")));
    }
    block.push(Row::new(
        "累计电量",
        "used so far",
        format!("{before} + {now}"),
        format!("{} kWh", result.used_kwh),
    ));
    for (place, kwh) in result.in_tier.iter().enumerate().take(ends + 1) {
        let number = place + 1;
        block.push(Row::new(&format!("第 {number} 档"), &format!("tier {number}"), "", format!("{kwh} kWh")));
    }
    if !result.free_kwh.is_zero() {
        let months = i64::from(state.months);
        let all = plan.free_kwh.units().checked_mul(months) == Some(result.free_kwh.units());
        let calculation = if all { format!("{} × {months}", plan.free_kwh) } else { String::new() };
        block.push(Row::new("免费电量", "free energy", calculation, format!("{} kWh", result.free_kwh)));
    }
    Some(block)
}

/// The charges that the power factor adjusts, in the order of the bill: the basic charge, and of each energy line the
/// components that count.
fn adjusted(bill: &Bill, context: &Context<'_>) -> Vec<Money> {
    let plan = |place: usize| context.input.points.get(place).and_then(|point| context.plans.get(point.plan));
    let mut amounts = Vec::new();
    let basic = plan(0).and_then(|plan| plan.basic.as_ref()).filter(|basic| basic.in_power_factor_base);
    amounts.extend(bill.basic.filter(|_| basic.is_some()).map(|basic| basic.amount));
    for (place, line) in bill.lines.iter().enumerate() {
        let point = context.input.points.get(usize::from(line.point));
        let counts = line.kind == LineKind::Energy && point.is_some_and(|point| point.in_power_factor_base);
        let Some(plan) = plan(usize::from(line.point)).filter(|_| counts) else { continue };
        let counts = |component| {
            plan.parts.iter().any(|part| part.component == component && part.in_power_factor_base)
        };
        let own = line.component.filter(|component| counts(*component)).map(|_| line.amount);
        let shares =
            bill.shares.iter().filter(|share| usize::from(share.line) == place && counts(share.component));
        amounts.push(Money::sum(shares.map(|share| share.amount).chain(own)).unwrap_or_default());
    }
    amounts.retain(|amount| !amount.is_zero());
    amounts
}

/// Components of adjusted points that are not adjusted themselves.
fn left_out(context: &Context<'_>) -> Vec<Text> {
    let mut names = Vec::new();
    for point in context.input.points.iter().filter(|point| point.in_power_factor_base) {
        let Some(plan) = context.plans.get(point.plan) else { continue };
        for part in plan.parts.iter().filter(|part| !part.in_power_factor_base) {
            let name = component_name(context, part.component);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// The average power factor, its percentage, and what it is a percentage of.
pub(super) fn power_factor(bill: &Bill, context: &Context<'_>) -> Option<Block> {
    let result = bill.power_factor.as_ref()?;
    let mut block = Block::new("功率因数调整", "Power factor");
    let (active, reactive) = (result.active_kwh, result.reactive_kvarh);
    let points = context.input.points.iter().zip(&bill.points).filter(|(point, _)| point.in_power_factor);
    let counting: Vec<(Quantity, Quantity)> = points
        .map(|(_, energy)| {
            (energy.billed_kwh, energy.metered_kvarh.plus(energy.reactive_loss_kvarh).unwrap_or_default())
        })
        .collect();
    if counting.len() > 1 {
        let sum = |of: fn(&(Quantity, Quantity)) -> Quantity| {
            counting.iter().map(|point| of(point).to_string()).collect::<Vec<_>>().join(" + ")
        };
        block.push(Row::new(
            "参与计算的有功",
            "active energy that counts",
            sum(|point| point.0),
            format!("{active} kWh"),
        ));
        block.push(Row::new(
            "参与计算的无功",
            "reactive energy that counts",
            sum(|point| point.1),
            format!("{reactive} kvarh"),
        ));
    }
    // A factor that was given, and not measured, has no calculation.
    let measured = average_hundredths(active, reactive) == Some(result.hundredths);
    let calculation =
        if measured { format!("{active} ÷ √({active}² + {reactive}²)") } else { String::new() };
    let average = two_places(result.hundredths);
    block.push(Row::new("平均功率因数", "average power factor", calculation, average.clone()));
    let standard = two_places(result.standard.hundredths());
    block.push(Row::worded(
        Text::new("调整率", "percentage"),
        Text::new(
            format!("按标准 {standard} 和实际 {average} 查表"),
            format!("table of standard {standard} at {average}"),
        ),
        percent(result.rate.exact()),
    ));
    let adjusted = adjusted(bill, context);
    // What cannot be told line by line is not told at all.
    let told = adjusted.len() > 1 && Money::sum(adjusted.iter().copied()) == Ok(result.base);
    let amounts = if told { summed(adjusted.into_iter()) } else { String::new() };
    block.push(Row::new("计算基数", "base", amounts, result.base.to_string()));
    let left_out = left_out(context);
    if !left_out.is_empty() {
        let spelled =
            |name: fn(&Text) -> &str, and: &str| left_out.iter().map(name).collect::<Vec<_>>().join(and);
        block.push(Row::note(
            "不计入基数",
            "not in the base",
            spelled(|name| &name.zh, "、"),
            spelled(|name| &name.en, ", "),
        ));
    }
    for line in bill.lines.iter().filter(|line| line.kind == LineKind::PowerFactor) {
        block.push(Row::worded(
            Text::new("力调电费", "adjustment"),
            both(line_calculation(line, bill)),
            rounded(line.exact, line.amount),
        ));
    }
    Some(block)
}

/// Hundredths with both decimals: `0.90`.
pub(crate) fn two_places(hundredths: u8) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
