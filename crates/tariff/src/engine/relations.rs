//! Points of one account that hang together: sub meters are deducted, fixed parts are split out.

use kernel::{Quantity, Rate, split_with_remainder_to};
use smallvec::SmallVec;

use super::energy::WHOLE;
use super::plan::{Plan, Plans};
use crate::error::{Billed, Refusal, RefusedToBill};
use crate::model::{AccountPeriod, Period, PeriodEnergy, Point, PointEnergy, Source};

/// What no period is named for is taken from here, in this order: the flat period first.
const TAKEN_FROM: [Period; 6] =
    [Period::Total, Period::Flat, Period::Peak, Period::Valley, Period::Sharp, Period::DeepValley];

/// Takes `take` out of `from`, period by period, and what does not fit from the flat period on.
/// Answers what was taken from each period.
fn take(from: &mut PeriodEnergy, take: &PeriodEnergy) -> Billed<PeriodEnergy> {
    let available = from.sum()?;
    let wanted = take.sum()?;
    if wanted > available {
        return Err(Refusal::DeductedTooMuch { taken: wanted, available });
    }
    let before = *from;
    let mut open = take.of(Period::Total);
    for period in Period::DIVIDED {
        let fits = from.of(period).min(take.of(period));
        from.0[period.index()] = from.of(period).minus(fits)?;
        open = open.plus(take.of(period).minus(fits)?)?;
    }
    for period in TAKEN_FROM {
        let fits = from.of(period).min(open);
        from.0[period.index()] = from.of(period).minus(fits)?;
        open = open.minus(fits)?;
    }
    let mut taken = PeriodEnergy::default();
    for (slot, (before, after)) in taken.0.iter_mut().zip(before.0.iter().zip(from.0)) {
        *slot = before.minus(after)?;
    }
    Ok(taken)
}

/// Spreads `whole` kWh over the periods of `like`, the remainder to `rest`; undivided where `like` is empty.
pub(super) fn spread(whole: Quantity, like: &PeriodEnergy, rest: Period) -> Billed<PeriodEnergy> {
    let weights = like.0.map(Quantity::units);
    if weights.iter().all(|weight| *weight == 0) {
        let mut energy = PeriodEnergy::default();
        energy.0[rest.index()] = whole;
        return Ok(energy);
    }
    // A rest period without energy takes no remainder: the largest does.
    let heaviest = (0..Period::COUNT).max_by_key(|place| weights[*place]).unwrap_or(0);
    let main = if weights[rest.index()] > 0 { rest.index() } else { heaviest };
    let mut energy = PeriodEnergy::default();
    for (slot, part) in
        energy.0.iter_mut().zip(split_with_remainder_to(whole.units(), &weights, main, WHOLE)?)
    {
        *slot = Quantity::from_units(part);
    }
    if energy.0.iter().any(|part| part.is_negative()) {
        // A few kWh over many periods: rounding up the others would leave the main one below zero.
        energy = PeriodEnergy::default();
        energy.0[main] = whole;
    }
    Ok(energy)
}

/// The place of a point that others may hang on: one with energy of its own.
fn metered(points: &[Point], place: u8) -> Billed<usize> {
    let place = usize::from(place);
    match points.get(place).map(|point| &point.source) {
        Some(Source::Meters(_) | Source::Given { .. }) => Ok(place),
        _ => Err(Refusal::WrongParent),
    }
}

/// No point is, through its parents, a sub meter of itself.
fn reject_circles(points: &[Point], start: usize) -> Billed<()> {
    let mut place = start;
    for _ in 0..points.len() {
        match points[place].deducted_from {
            Some(parent) => place = metered(points, parent)?,
            None => return Ok(()),
        }
    }
    Err(Refusal::WrongParent)
}

fn fixed_part(
    point: &Point,
    plan: &Plan,
    base: &PeriodEnergy,
    parent: &mut PeriodEnergy,
    rest: Period,
) -> Billed<PeriodEnergy> {
    let wanted = match &point.source {
        Source::FixedQuantity { kwh, .. } if kwh.is_negative() => return Err(Refusal::Negative("energy")),
        Source::FixedQuantity { kwh, .. } => kwh.to_whole(),
        Source::FixedRatio { ratio, .. } if ratio.is_negative() || *ratio > Rate::ONE => {
            return Err(Refusal::OutOfRange("ratio"));
        }
        Source::FixedRatio { ratio, .. } => base.sum()?.times(*ratio, 0)?,
        Source::Meters(_) | Source::Given { .. } => return Ok(PeriodEnergy::default()),
    };
    // A part with its own prices by time takes its share of every period; any other part takes the flat period first.
    let wanted = if plan.time_of_use.is_some() {
        spread(wanted, base, rest)?
    } else {
        PeriodEnergy::undivided(wanted)
    };
    take(parent, &wanted)
}

/// Deducts sub meters and splits out fixed parts. An account of one point has neither: nothing stands above it.
pub(super) fn relate(
    plans: &Plans,
    input: &AccountPeriod,
    energies: &mut [PointEnergy],
) -> Result<(), RefusedToBill> {
    let points = &input.points;
    let gross_kvarh: SmallVec<[Quantity; 4]> = energies.iter().map(|energy| energy.metered_kvarh).collect();
    for (place, point) in points.iter().enumerate() {
        let Some(parent) = point.deducted_from else { continue };
        let related = || -> Billed<usize> {
            metered(points, u8::try_from(place).unwrap_or(u8::MAX))?;
            reject_circles(points, place)?;
            metered(points, parent)
        };
        let parent = related().map_err(|reason| reason.at(place))?;
        let gross = energies[place].metered;
        let deduct = |energy: &mut PointEnergy| -> Billed<()> {
            let taken = take(&mut energy.billed, &gross)?;
            energy.deducted_kwh = energy.deducted_kwh.plus(taken.sum()?)?;
            Ok(())
        };
        deduct(&mut energies[parent]).map_err(|reason| reason.at(parent))?;
        let kvarh = energies[parent].metered_kvarh.minus(gross_kvarh[place]);
        energies[parent].metered_kvarh =
            kvarh.map_err(|error| Refusal::from(error).at(parent))?.max(Quantity::ZERO);
    }
    let bases: SmallVec<[PeriodEnergy; 4]> = energies.iter().map(|energy| energy.billed).collect();
    for (place, point) in points.iter().enumerate() {
        let (Source::FixedQuantity { parent, .. } | Source::FixedRatio { parent, .. }) = point.source else {
            continue;
        };
        let part = || -> Result<(usize, PeriodEnergy, PeriodEnergy), Refusal> {
            let parent = metered(points, parent)?;
            let plan = plans.get(point.plan).ok_or(Refusal::NoPlan(point.plan.0))?;
            let above = plans.get(points[parent].plan).ok_or(Refusal::NoPlan(points[parent].plan.0))?;
            let mut left = energies[parent].billed;
            let taken = fixed_part(point, plan, &bases[parent], &mut left, above.rest_period)?;
            Ok((parent, taken, left))
        };
        let (parent, taken, left) = part().map_err(|reason| reason.at(place))?;
        let total = taken.sum().and_then(|sum| energies[parent].deducted_kwh.plus(sum));
        energies[parent].deducted_kwh = total.map_err(|error| Refusal::from(error).at(parent))?;
        energies[parent].billed = left;
        energies[place].billed = taken;
    }
    Ok(())
}
