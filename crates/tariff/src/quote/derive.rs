//! The named figures of a priced bill, and what follows from them.

use kernel::{Exact, FigureError, Money, Price, Quantity};

use super::build::Priced;
use super::figures::Figures;
pub(super) use crate::explain::two_places;
use crate::model::{LineKind, Period, Source, UnitsKind};

/// Decimals of a quotient as shown.
const QUOTIENT_PLACES: u32 = 6;

/// Names every figure of the bill.
pub(super) fn figures_of(priced: &Priced, figures: &mut Figures) -> Result<(), FigureError> {
    let bill = &priced.bill;
    figures.money(&["total", "amount", "to_pay"], bill.total);
    let sum = |kinds: &[LineKind]| {
        Money::sum(bill.lines.iter().filter(|line| kinds.contains(&line.kind)).map(|line| line.amount))
    };
    let energy = sum(&[LineKind::Energy, LineKind::TierAddOn, LineKind::FreeEnergy])?;
    figures.money(&["energy_charge", "energy"], energy);
    figures.money(&["catalogue"], bill.catalogue);
    figures.money(&["funds", "fund_total"], bill.funds);
    figures.money(&["vat"], bill.vat);
    figures.quantity(&["kwh", "energy_kwh", "billed_kwh", "active_kwh"], bill.energy_kwh);
    let metered =
        Quantity::sum(bill.points.iter().map(|point| point.metered.sum()).collect::<Result<Vec<_>, _>>()?)?;
    figures.quantity(&["metered_kwh"], metered);
    figures.quantity(&["kvarh", "reactive_kvarh"], bill.reactive_kvarh);
    by_period(priced, figures)?;
    if bill.basic.is_none() {
        figures.money(&["basic_charge", "basic"], Money::ZERO);
    }
    if bill.power_factor.is_none() {
        figures.money(&["power_factor_adjustment", "pf_adjustment", "pf_adjustment_yuan"], Money::ZERO);
    }
    if let Some(basic) = &bill.basic {
        figures.money(&["basic_charge", "basic"], basic.amount);
        figures.quantity(&["installed_kva"], basic.installed_kva);
        if let Some(actual) = basic.actual_kw {
            figures.quantity(&["actual_kw"], actual);
        }
        if let Some(charged) = basic.charged_kw {
            figures.quantity(&["charged_kw", "billed_kw", "billed_kw_equivalent"], charged);
        }
        if !basic.installed_kva.is_zero() {
            let hours = bill.energy_kwh.exact().over(basic.installed_kva.exact())?;
            figures.quotient(&["load_hours", "kwh_per_kva"], hours, 3)?;
        }
    }
    let line_loss = Quantity::sum(bill.points.iter().map(|point| point.line_loss_kwh))?;
    if !line_loss.is_zero() {
        figures.quantity(&["line_loss_kwh"], line_loss);
    }
    if let Some(loss) = &bill.loss {
        figures.quantity(&["loss_kwh", "transformer_loss_kwh"], loss.active_kwh);
        figures.quantity(&["loss_kvarh"], loss.reactive_kvarh);
    }
    if let Some(result) = &bill.power_factor {
        let value = Price::from_units(i64::from(result.hundredths) * Price::SCALE / 100);
        figures.exact(&["power_factor", "pf"], value.exact(), two_places(result.hundredths), false);
        let percent = result.rate.exact().times(Exact::whole(100))?;
        figures.exact(
            &["adjust_percent", "power_factor_percent", "pf_percent"],
            percent,
            percent.to_string(),
            false,
        );
        figures.money(&["power_factor_adjustment", "pf_adjustment", "pf_adjustment_yuan"], result.amount);
        figures.money(&["power_factor_base", "pf_base", "power_subtotal"], result.base);
        figures.quantity(&["power_factor_kwh", "pf_active", "pf_active_kwh"], result.active_kwh);
        figures.quantity(&["power_factor_kvarh", "pf_reactive", "pf_reactive_kvarh"], result.reactive_kvarh);
    }
    tiers(priced, figures)?;
    points(priced, figures)?;
    for line in bill.lines.iter().filter(|line| line.kind == LineKind::Fund) {
        if let Some(component) = line.component.and_then(|id| priced.plans.component(id)) {
            figures.add_money(&format!("fund.{}", component.code), line.amount)?;
        }
    }
    for sum in &bill.sums {
        if let Some(component) = priced.plans.component(sum.component) {
            figures.add_money(&format!("component.{}", component.code), sum.amount)?;
            if sum.contained {
                // A fund inside the price has no line of its own.
                let name = component.code.strip_suffix(" (fund)").unwrap_or(&component.code);
                figures.add_money(&format!("fund.{name}"), sum.amount)?;
            }
        }
    }
    for (place, line) in bill.lines.iter().enumerate() {
        let name = format!("line.{}", place + 1);
        figures.money(&[&name, &format!("{name}.amount")], line.amount);
        figures.exact(&[&format!("{name}.unrounded")], line.exact, line.exact.to_string(), true);
        if line.kind.unit() != UnitsKind::Money {
            figures.quantity(&[&format!("{name}.quantity")], line.quantity);
            figures.price(&[&format!("{name}.price")], line.price);
        }
    }
    if bill.energy_kwh > Quantity::ZERO {
        let average = bill.total.exact().over(bill.energy_kwh.exact())?;
        figures.quotient(&["average_price", "average"], average, QUOTIENT_PLACES)?;
        if !bill.funds.is_zero() {
            let average = bill.catalogue.exact().over(bill.energy_kwh.exact())?;
            figures.quotient(&["average_price_without_funds"], average, QUOTIENT_PLACES)?;
        }
    }
    Ok(())
}

fn by_period(priced: &Priced, figures: &mut Figures) -> Result<(), FigureError> {
    let bill = &priced.bill;
    for period in Period::ALL {
        let billed = Quantity::sum(bill.points.iter().map(|point| point.billed.of(period)))?;
        let metered = Quantity::sum(bill.points.iter().map(|point| point.metered.of(period)))?;
        let key = period.key();
        if period != Period::Total && !(billed.is_zero() && metered.is_zero()) {
            figures.quantity(&[&format!("{key}_kwh"), &format!("billed_{key}_kwh")], billed);
            figures.quantity(&[&format!("metered_{key}_kwh")], metered);
        }
        let lines =
            || bill.lines.iter().filter(|line| line.kind == LineKind::Energy && line.period == period);
        if lines().next().is_some() {
            let amount = Money::sum(lines().map(|line| line.amount))?;
            figures.money(&[&format!("{key}_charge")], amount);
            if let Some(first) = lines().next() {
                figures.price(&[&format!("{key}_price")], first.price);
            }
        }
    }
    Ok(())
}

/// kWh and money by tier: what lies in a tier, at the base price and its addition.
fn tiers(priced: &Priced, figures: &mut Figures) -> Result<(), FigureError> {
    let bill = &priced.bill;
    let Some(tiers) = &bill.tiers else { return Ok(()) };
    for (place, kwh) in tiers.in_tier.iter().enumerate() {
        figures.quantity(&[&format!("tier{}_kwh", place + 1)], *kwh);
    }
    for (place, kwh) in tiers.thresholds.iter().enumerate() {
        figures.quantity(&[&format!("tier{}_until", place + 1)], *kwh);
    }
    figures.quantity(&["used_kwh"], tiers.used_kwh);
    figures.quantity(&["free_kwh"], tiers.free_kwh);
    let base = bill.lines.iter().find(|line| line.kind == LineKind::Energy && line.period == Period::Total);
    for tier in 1..=3_u8 {
        let added = || bill.lines.iter().filter(|line| line.kind == LineKind::TierAddOn && line.tier == tier);
        let addition = added().try_fold(Exact::ZERO, |sum, line| sum.plus(line.exact))?;
        if tier > 1 {
            figures.money(&[&format!("tier{tier}_add_on")], Money::sum(added().map(|line| line.amount))?);
        }
        if let Some(base) = base {
            let own = tiers.in_tier[usize::from(tier) - 1].at(base.price).plus(addition)?;
            figures.money(&[&format!("tier{tier}"), &format!("tier{tier}_charge")], own.to_money()?);
        }
    }
    Ok(())
}

fn points(priced: &Priced, figures: &mut Figures) -> Result<(), FigureError> {
    let bill = &priced.bill;
    for point in &bill.points {
        let place = usize::from(point.point);
        let Some(name) = priced.names.get(place) else { continue };
        let at = |key: &str| [format!("point.{name}.{key}"), format!("point.{}.{key}", place + 1)];
        let mut quantity = |key: &str, value: Quantity| {
            let [named, numbered] = at(key);
            figures.quantity(&[&named, &numbered], value);
        };
        quantity("kwh", point.billed_kwh);
        quantity("metered_kwh", point.metered.sum()?);
        quantity("deducted_kwh", point.deducted_kwh);
        quantity("loss_kwh", point.transformer_loss_kwh);
        quantity("line_loss_kwh", point.line_loss_kwh);
        quantity("kvarh", point.metered_kvarh);
        quantity("loss_kvarh", point.reactive_loss_kvarh);
        if let Some(demand) = point.demand_kw {
            quantity("demand_kw", demand);
        }
        for period in Period::DIVIDED {
            if !point.billed.of(period).is_zero() {
                quantity(&format!("{}_kwh", period.key()), point.billed.of(period));
            }
        }
        let energy = [LineKind::Energy, LineKind::TierAddOn, LineKind::FreeEnergy];
        let own = bill.lines.iter().filter(|line| line.point == point.point && energy.contains(&line.kind));
        let [named, numbered] = at("charge");
        figures.money(&[&named, &numbered], Money::sum(own.map(|line| line.amount))?);
        if let Some(Source::Meters(segments)) = priced.input.points.get(place).map(|point| &point.source)
            && let Some(first) = segments.first()
        {
            let [named, numbered] = at("multiplier");
            let mut names = vec![named.as_str(), numbered.as_str()];
            if place == 0 {
                names.push("multiplier");
            }
            figures.rate(&names, first.multiplier);
        }
    }
    Ok(())
}

/// kWh at which the average price falls to `target`: `fixed ÷ (target - price per kWh)`.
pub(super) fn kwh_for_average(priced: &Priced, target: Price) -> Result<Option<Exact>, FigureError> {
    let bill = &priced.bill;
    let fixed = bill.basic.as_ref().map_or(Money::ZERO, |basic| basic.amount);
    if bill.energy_kwh.is_zero() {
        return Ok(None);
    }
    let variable = bill.total.minus(fixed)?.exact().over(bill.energy_kwh.exact())?;
    let gap = target.exact().minus(variable)?;
    if gap.signum() <= 0 { Ok(None) } else { fixed.exact().over(gap).map(Some) }
}
