//! Tiers of households: base price on all kWh, additions on what lies in tier 2 and tier 3.

use kernel::{Date, Exact, FigureError, Money, Month, Price, Quantity, split_by_weight};

use super::energy::WHOLE;
use super::lines::{Draft, Maker};
use super::plan::{Plan, TierPlan};
use crate::error::{Billed, Refusal};
use crate::model::{LineKind, Period, PlanId, PointEnergy, RuleId, TierResult, TierState};

/// The tier year a settlement belongs to. A bimonthly route that settles in January reads the last months of the
/// old year, so its year has six settlements from March to January; all others begin in January or February.
pub fn tier_year(month: Month, months_per_reading: u8) -> i16 {
    if months_per_reading == 2 && month.month_of_year() == 1 { month.year() - 1 } else { month.year() }
}

/// Months of the calendar year that an account has used up to and with `until`, a part month counting as one: the
/// [`TierState::months_in_year`] of a transferred account. `began` before that year means from January.
pub fn tier_months_used(began: Date, until: Date) -> u8 {
    let first = if began.year() < until.year() { 1 } else { began.month().month_of_year() };
    u8::try_from(until.month().month_of_year() - first + 1).unwrap_or(1).clamp(1, 12)
}

/// The longest reading, in months.
const MONTHS_MAX: u8 = 12;

/// Thresholds for this reading: of the tier year (or the months of it that the account has), or of the months read.
fn thresholds(tiers: &TierPlan, state: &TierState, month: Month) -> Billed<[Quantity; 2]> {
    if state.months == 0
        || state.months > MONTHS_MAX
        || state.months_in_year == 0
        || state.months_in_year > 12
    {
        return Err(Refusal::OutOfRange("months"));
    }
    let calendar = usize::try_from(month.month_of_year() - 1).map_err(|_| Refusal::OutOfRange("months"))?;
    let mut until = [Quantity::ZERO; 2];
    let months_of_allowance;
    if tiers.by_year {
        let part = Exact::ratio(i64::from(state.months_in_year), 12)?;
        for (slot, of_year) in until.iter_mut().zip(tiers.of_month[calendar].until) {
            *slot = match state.months_in_year {
                12 => of_year,
                _ => of_year.exact().times(part)?.to_quantity(0)?,
            };
        }
        months_of_allowance = state.months_in_year;
    } else {
        // A bimonthly reading has the thresholds of its two months, each by its own season.
        for back in 0..usize::from(state.months) {
            let of_month = tiers.of_month[(calendar + 12 - back) % 12].until;
            for (slot, more) in until.iter_mut().zip(of_month) {
                *slot = slot.plus(more)?;
            }
        }
        months_of_allowance = state.months;
    }
    if tiers.persons_from > 0 && state.persons >= tiers.persons_from {
        let more = times_months(tiers.allowance_kwh, months_of_allowance)?;
        for slot in &mut until {
            *slot = slot.plus(more)?;
        }
    }
    Ok(until)
}

fn times_months(kwh: Quantity, months: u8) -> Billed<Quantity> {
    let units = kwh.units().checked_mul(i64::from(months));
    Ok(units.map(Quantity::from_units).ok_or(FigureError::Overflow("kWh of tiers"))?)
}

/// kWh of this reading in each tier, after `used` kWh before it.
fn in_tiers(kwh: Quantity, used: Quantity, until: [Quantity; 2]) -> Billed<[Quantity; 3]> {
    let end = used.plus(kwh)?;
    let within = |from: Quantity, to: Quantity| -> Billed<Quantity> {
        Ok(end.min(to).minus(used.max(from))?.max(Quantity::ZERO))
    };
    let (first, second) = (within(Quantity::ZERO, until[0])?, within(until[0], until[1])?);
    Ok([first, second, kwh.minus(first)?.minus(second)?])
}

fn add_on(
    maker: &mut Maker<'_>,
    plan_id: PlanId,
    plan: &Plan,
    tiers: &TierPlan,
    energy: &PointEnergy,
    tier: u8,
    kwh: Quantity,
) -> Billed<()> {
    let prices: &[Price; Period::COUNT] = &tiers.add_on[usize::from(tier) - 2];
    let part = plan.parts.first().ok_or(Refusal::NoPriceForPeriod("total"))?;
    let mut line = |period: Period, kwh: Quantity| -> Billed<()> {
        let price = prices[period.index()];
        if kwh.is_zero() || price.is_zero() {
            return Ok(());
        }
        let draft = Draft::energy(energy.point, plan_id, RuleId::TierAddOn, kwh, price);
        let kind = LineKind::TierAddOn;
        let amount = maker.push(Draft { kind, period, tier, component: Some(part.component), ..draft })?;
        maker.sum(part.component, false, false, part.vat, amount)
    };
    if !tiers.add_on_by_period {
        return line(Period::Total, kwh);
    }
    // Which kWh of a period lie in a tier is not metered: each tier has the mix of the whole reading.
    let weights = energy.billed.0.map(Quantity::units);
    let parts = split_by_weight(kwh.units() / WHOLE, &weights)?;
    for (period, part) in Period::ALL.into_iter().zip(parts) {
        line(period, Quantity::whole(part)?)?;
    }
    Ok(())
}

/// Additions and free kWh of one household point; moves `state` on for the next point.
pub(super) fn tier_lines(
    maker: &mut Maker<'_>,
    plan_id: PlanId,
    plan: &Plan,
    tiers: &TierPlan,
    energy: &PointEnergy,
    month: Month,
    state: &mut TierState,
) -> Billed<()> {
    if state.used_kwh.is_negative() {
        return Err(Refusal::Negative("energy"));
    }
    if !tiers.by_year && maker.bill.tiers.is_none() {
        // Monthly tiers begin anew with every reading; only the points of one bill share them.
        state.used_kwh = Quantity::ZERO;
    }
    let until = thresholds(tiers, state, month)?;
    let kwh = energy.billed_kwh;
    let in_tier = in_tiers(kwh, state.used_kwh, until)?;
    for (tier, kwh) in [(2, in_tier[1]), (3, in_tier[2])] {
        if !kwh.is_zero() {
            add_on(maker, plan_id, plan, tiers, energy, tier, kwh)?;
        }
    }
    let mut free = Quantity::ZERO;
    if state.free_kwh && !tiers.free_kwh.is_zero() {
        free = kwh.min(times_months(tiers.free_kwh, state.months)?);
    }
    if !free.is_zero() {
        let part = plan.parts.first().ok_or(Refusal::NoPriceForPeriod("total"))?;
        let draft =
            Draft::energy(energy.point, plan_id, RuleId::FreeEnergy, free.negated()?, tiers.free_price);
        let kind = LineKind::FreeEnergy;
        let amount: Money = maker.push(Draft { kind, component: Some(part.component), ..draft })?;
        maker.sum(part.component, false, false, part.vat, amount)?;
    }
    state.used_kwh = state.used_kwh.plus(kwh)?;
    // Several points of one household share its tiers; the result tells of all of them.
    let before = maker.bill.tiers.map_or([Quantity::ZERO; 3], |result| result.in_tier);
    let free_before = maker.bill.tiers.map_or(Quantity::ZERO, |result| result.free_kwh);
    let mut total = in_tier;
    for (slot, more) in total.iter_mut().zip(before) {
        *slot = slot.plus(more)?;
    }
    maker.bill.tiers = Some(TierResult {
        in_tier: total,
        thresholds: until,
        used_kwh: state.used_kwh,
        free_kwh: free_before.plus(free)?,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BILL-18: whatever was used before, each kWh lies in one tier, the first below the first threshold.
    #[test]
    fn kwh_lie_in_tiers_by_what_was_used_before() {
        for (kwh, used, expected) in [
            (0, 0, [0, 0, 0]),
            (99, 0, [99, 0, 0]),
            (100, 0, [100, 0, 0]),
            (101, 0, [100, 1, 0]),
            (300, 0, [100, 150, 50]),
            (10, 95, [5, 5, 0]),
            (10, 100, [0, 10, 0]),
            (10, 245, [0, 5, 5]),
            (10, 250, [0, 0, 10]),
            (200, 90, [10, 150, 40]),
        ] {
            let until = [100, 250].map(|kwh| Quantity::whole(kwh).unwrap());
            let whole = |kwh| Quantity::whole(kwh).unwrap();
            assert_eq!(
                in_tiers(whole(kwh), whole(used), until),
                Ok(expected.map(whole)),
                "{kwh} after {used}"
            );
        }
    }

    /// BILL-18: only a household of so many persons has the allowance, and a plan without that number has none.
    #[test]
    fn an_allowance_needs_a_number_of_persons() {
        let whole = |kwh| Quantity::whole(kwh).unwrap();
        let until = [2760, 4800].map(whole);
        for (persons_from, persons, expected) in
            [(0, 0, [2760, 4800]), (0, 9, [2760, 4800]), (5, 4, [2760, 4800]), (5, 5, [3960, 6000])]
        {
            let tiers = TierPlan {
                by_year: true,
                of_month: [crate::engine::plan::Thresholds { until }; 12],
                add_on: [[Price::ZERO; Period::COUNT]; 2],
                add_on_by_period: false,
                persons_from,
                allowance_kwh: whole(100),
                free_kwh: Quantity::ZERO,
                free_price: Price::ZERO,
            };
            let state = TierState { persons, ..TierState::default() };
            let month = "2026-01".parse().unwrap();
            assert_eq!(
                thresholds(&tiers, &state, month),
                Ok(expected.map(whole)),
                "{persons_from} {persons}"
            );
        }
    }

    #[test]
    fn the_tier_year_of_a_settlement() {
        let month = |text: &str| text.parse::<Month>().unwrap();
        for (text, months, year) in [
            ("2026-01", 1, 2026),
            ("2026-01", 2, 2025),
            ("2026-02", 2, 2026),
            ("2026-12", 2, 2026),
            ("2026-01", 3, 2026),
            ("2026-03", 1, 2026),
        ] {
            assert_eq!(tier_year(month(text), months), year, "{text} {months}");
        }
    }

    #[test]
    fn months_of_a_tier_year_count_when_begun() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        for (began, until, months) in [
            ("2026-03-31", "2026-03-31", 1),
            ("2026-03-31", "2026-04-01", 2),
            ("2026-01-01", "2026-12-31", 12),
            ("2025-11-01", "2026-02-15", 2),
            ("2025-01-01", "2025-01-02", 1),
            ("2026-05-01", "2026-02-15", 1),
        ] {
            assert_eq!(tier_months_used(day(began), day(until)), months, "{began} {until}");
        }
    }
}
