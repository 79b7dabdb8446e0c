//! The way of a bill: energy, relations, losses, energy charge, tiers, funds, basic charge, power factor.

use kernel::{Money, Quantity};
use smallvec::SmallVec;

use super::basic::basic_lines;
use super::energy::point_energy;
use super::lines::Maker;
use super::losses::add_losses;
use super::plan::{Plan, Plans};
use super::power_factor::power_factor_line;
use super::relations::relate;
use super::rules::Rules;
use super::tiers::tier_lines;
use super::transformers::{Days, Spans, spans};
use crate::error::{Refusal, RefusedToBill};
use crate::model::{AccountPeriod, Bill, Category, Period, PeriodEnergy, PointEnergy, SupplyAgreement};

/// The most points of one account.
const POINTS_MAX: usize = 250;

type PlanRefs<'p> = SmallVec<[&'p Plan; 4]>;

/// Calculates the bill of `input` into `bill`, whose buffers are reused. Pure: the same input gives the same bill.
/// When the account is refused, the content of `bill` is not a bill.
pub fn calculate(
    plans: &Plans,
    rules: &Rules,
    input: &AccountPeriod,
    bill: &mut Bill,
) -> Result<(), RefusedToBill> {
    bill.clear();
    let account = |reason: Refusal| reason.at(0);
    if input.from >= input.to {
        return Err(account(Refusal::PeriodEmpty));
    }
    if input.points.is_empty() || input.points.len() > POINTS_MAX {
        return Err(account(Refusal::PointCount(input.points.len())));
    }
    // The regulation of the last day, which is the day before `to`.
    let regulation = rules.regulations.iter().rposition(|regulation| regulation.from < input.to);
    let regulation = regulation.ok_or_else(|| account(Refusal::NoRegulation))?;
    bill.regulation = u16::try_from(regulation).unwrap_or(u16::MAX);
    (bill.from, bill.to) = (Some(input.from), Some(input.to));

    let found = gather(plans, input, bill)?;
    relate(plans, input, &mut bill.points)?;
    settle_periods(&found, bill)?;

    let supply = input.supply.as_deref();
    let mut walked = None;
    if let Some(supply) = supply {
        let regulation = &rules.regulations[regulation];
        let days = Days::new(input, supply, regulation).map_err(account)?;
        let spans = spans(input, supply, regulation, &days).map_err(account)?;
        let rests: SmallVec<[Period; 4]> = found.iter().map(|plan| plan.rest_period).collect();
        bill.loss =
            add_losses(rules, input, supply, &spans, &days, &rests, &mut bill.points).map_err(account)?;
        walked = Some((supply, spans, days));
    }
    total_energy(bill).map_err(account)?;

    let mut maker = Maker { bill, power_factor_base: Money::ZERO };
    charge_basic(&mut maker, found[0], input, walked.as_ref()).map_err(account)?;
    charge_energy(&mut maker, &found, input)?;
    if let Some(standard) = supply.and_then(|supply| supply.power_factor) {
        let vat = found[0].power_factor_vat;
        power_factor_line(&mut maker, rules, input.points[0].plan, vat, input, standard).map_err(account)?;
    }
    charge_funds(&mut maker, &found, input)?;
    maker.finish().map_err(account)
}

/// Finds the plans and reads the registers.
fn gather<'p>(
    plans: &'p Plans,
    input: &AccountPeriod,
    bill: &mut Bill,
) -> Result<PlanRefs<'p>, RefusedToBill> {
    let mut found = PlanRefs::new();
    for (place, point) in input.points.iter().enumerate() {
        let plan = plans.get(point.plan).ok_or_else(|| Refusal::NoPlan(point.plan.0).at(place))?;
        if plan.from >= input.to || plan.to.is_some_and(|end| end <= input.from) {
            return Err(Refusal::TableNotInForce(plan.table.clone()).at(place));
        }
        let number = u8::try_from(place).unwrap_or(u8::MAX);
        let deducted = point.deducted_from.is_some();
        let energy =
            point_energy(number, &point.source, plan, deducted).map_err(|reason| reason.at(place))?;
        bill.points.push(energy);
        found.push(plan);
    }
    Ok(found)
}

/// Energy as the plan prices it: summed where it has one price, divided where it has several.
fn settle_periods(found: &[&Plan], bill: &mut Bill) -> Result<(), RefusedToBill> {
    for (place, (plan, energy)) in found.iter().zip(&mut bill.points).enumerate() {
        if plan.time_of_use.is_none() {
            let sum = energy.billed.sum().map_err(|error| Refusal::from(error).at(place))?;
            energy.billed = PeriodEnergy::undivided(sum);
        } else if !energy.billed.of(Period::Total).is_zero() {
            return Err(Refusal::NotDivided.at(place));
        }
    }
    Ok(())
}

fn total_energy(bill: &mut Bill) -> Result<(), Refusal> {
    let (mut kwh, mut kvarh) = (Quantity::ZERO, Quantity::ZERO);
    for energy in &mut bill.points {
        energy.billed_kwh = energy.billed.sum()?;
        kwh = kwh.plus(energy.billed_kwh)?;
        kvarh = kvarh.plus(energy.metered_kvarh)?.plus(energy.reactive_loss_kvarh)?;
    }
    (bill.energy_kwh, bill.reactive_kvarh) = (kwh, kvarh);
    Ok(())
}

fn charge_basic(
    maker: &mut Maker<'_>,
    main: &Plan,
    input: &AccountPeriod,
    walked: Option<&(&SupplyAgreement, Spans, Days)>,
) -> Result<(), Refusal> {
    let agreed = walked.filter(|(supply, ..)| supply.basic != crate::model::BasicMethod::None);
    match (agreed, &main.basic) {
        (Some((supply, spans, days)), Some(basic)) => {
            basic_lines(maker, input.points[0].plan, basic, input, supply, spans, days)
        }
        (Some(_), None) => Err(Refusal::NoBasicPrice),
        (None, _) if main.category == Category::TwoPart => Err(Refusal::NoBasicMethod),
        (None, _) => Ok(()),
    }
}

fn charge_energy(maker: &mut Maker<'_>, found: &[&Plan], input: &AccountPeriod) -> Result<(), RefusedToBill> {
    let month = usize::from(input.month.month_of_year().unsigned_abs()).saturating_sub(1) % 12;
    let mut state = input.tiers;
    for (place, (plan, point)) in found.iter().zip(&input.points).enumerate() {
        let energy: PointEnergy = maker.bill.points[place];
        let mut charge = || -> Result<(), Refusal> {
            let season = usize::from(plan.season_of_month[month]);
            let prices = plan.seasons.get(season).ok_or(Refusal::NoPriceForPeriod("total"))?;
            maker.energy(point.plan, plan, prices, &energy, point.in_power_factor_base)?;
            if let Some(tiers) = &plan.tiers {
                let state = state.as_mut().ok_or(Refusal::NoTierState)?;
                tier_lines(maker, point.plan, plan, tiers, &energy, input.month, state)?;
            }
            Ok(())
        };
        charge().map_err(|reason| reason.at(place))?;
    }
    Ok(())
}

fn charge_funds(maker: &mut Maker<'_>, found: &[&Plan], input: &AccountPeriod) -> Result<(), RefusedToBill> {
    for (place, (plan, point)) in found.iter().zip(&input.points).enumerate() {
        let energy = maker.bill.points[place];
        maker.funds(point.plan, plan, &energy).map_err(|reason| reason.at(place))?;
    }
    Ok(())
}
