//! From registers to kWh: rollover, multipliers, meter changes, the period that is not metered.

use kernel::{Quantity, Rate};

use super::plan::Plan;
use crate::error::{Billed, Refusal};
use crate::model::{MeterSegment, Period, PeriodEnergy, PointEnergy, Reading, Register, Source};

/// Units of a whole kWh in a stored quantity.
pub(super) const WHOLE: i64 = Quantity::SCALE;

/// What a register counted between two readings, before the multiplier.
fn counted(reading: &Reading, digits: u8) -> Billed<Quantity> {
    let limit = 10_i64.pow(u32::from(digits)) * WHOLE;
    for shown in [reading.previous, reading.current] {
        if shown.is_negative() || shown.units() >= limit {
            return Err(Refusal::ReadingOutOfRange { reading: shown, digits });
        }
    }
    let difference = reading.current.minus(reading.previous)?;
    if reading.rolled_over {
        return Ok(difference.plus(Quantity::from_units(limit))?);
    }
    if difference.is_negative() {
        return Err(Refusal::RegisterBackwards {
            register: reading.register.key(),
            previous: reading.previous,
            current: reading.current,
        });
    }
    Ok(difference)
}

/// Registers of one meter, multiplied, in whole kWh and kvarh.
#[derive(Default)]
struct Registers {
    active: [Option<Quantity>; Period::COUNT],
    kvarh: Quantity,
    demand: Option<Quantity>,
}

fn multiplied(quantity: Quantity, multiplier: Rate) -> Billed<Quantity> {
    if multiplier == Rate::ONE { Ok(quantity.to_whole()) } else { Ok(quantity.times(multiplier, 0)?) }
}

fn read(segment: &MeterSegment) -> Billed<Registers> {
    if segment.digits == 0 || segment.digits > 12 || segment.multiplier <= Rate::ZERO {
        return Err(Refusal::MeterRecord);
    }
    let mut registers = Registers::default();
    let mut seen = 0_u16;
    for reading in &segment.readings {
        let bit = 1_u16 << reading.register as u16;
        if seen & bit != 0 {
            return Err(Refusal::RegisterTwice(reading.register.key()));
        }
        seen |= bit;
        if reading.register == Register::Demand {
            if reading.current.is_negative() {
                return Err(Refusal::Negative("demand"));
            }
            registers.demand = Some(reading.current.times(segment.multiplier, Quantity::PLACES)?);
            continue;
        }
        let energy = multiplied(counted(reading, segment.digits)?, segment.multiplier)?;
        match reading.register.period() {
            Some(period) => registers.active[period.index()] = Some(energy),
            None => registers.kvarh = registers.kvarh.plus(energy)?,
        }
    }
    Ok(registers)
}

/// Divides the active energy of one meter by period: the period `rest` is the total less the others, so that what
/// the registers lose by rounding never changes the total.
///
/// A sub meter (`deducted`) keeps its periods whatever its own price, so that each leaves the same period of the
/// point above it; where its registers do not agree it is undivided.
fn divide(
    registers: &Registers,
    segment: &MeterSegment,
    plan: &Plan,
    deducted: bool,
) -> Billed<PeriodEnergy> {
    let timed = plan.time_of_use.is_some();
    let divided = by_period(registers, segment, if timed { plan.rest_period } else { Period::Flat });
    match (registers.active[Period::Total.index()], divided) {
        (Some(total), Ok(_)) if !timed && !deducted => Ok(PeriodEnergy::undivided(total)),
        (Some(total), Err(_)) if !timed => Ok(PeriodEnergy::undivided(total)),
        (_, divided) => divided,
    }
}

fn by_period(registers: &Registers, segment: &MeterSegment, rest: Period) -> Billed<PeriodEnergy> {
    let mut energy = PeriodEnergy::default();
    let total = registers.active[Period::Total.index()];
    let divided = Period::DIVIDED.iter().any(|period| registers.active[period.index()].is_some());
    match (total, divided) {
        (None, false) => Err(Refusal::NoActiveEnergy),
        (Some(total), false) => Ok(PeriodEnergy::undivided(total)),
        (None, true) => {
            for period in Period::DIVIDED {
                energy.0[period.index()] = registers.active[period.index()].unwrap_or_default();
            }
            Ok(energy)
        }
        (Some(total), true) => {
            let (mut others, mut count, mut largest) = (Quantity::ZERO, 1_i64, rest);
            for period in Period::DIVIDED {
                let Some(metered) = registers.active[period.index()] else { continue };
                count += 1;
                if period != rest {
                    energy.0[period.index()] = metered;
                    others = others.plus(metered)?;
                    if metered > energy.of(largest) || largest == rest {
                        largest = period;
                    }
                }
            }
            // Each register may be off by its last shown hundredth and by the rounding to whole kWh.
            let hundredth = Quantity::from_units(WHOLE / 100).times(segment.multiplier, 6)?;
            let tolerance = hundredth.max(Quantity::ONE).units().saturating_mul(count);
            let left = total.minus(others)?;
            let differ = |periods: Quantity| Refusal::PeriodsDiffer { periods, total };
            if let Some(metered) = registers.active[rest.index()]
                && metered.minus(left)?.abs()?.units() > tolerance
            {
                return Err(differ(others.plus(metered)?));
            }
            if left.is_negative() {
                if left.abs()?.units() > tolerance || energy.of(largest).plus(left)?.is_negative() {
                    return Err(differ(others));
                }
                energy.0[largest.index()] = energy.of(largest).plus(left)?;
            } else {
                energy.0[rest.index()] = left;
            }
            Ok(energy)
        }
    }
}

/// The gross energy of one point from its own source; parts of another point stay empty here.
/// A sub meter of another point is `deducted` from it.
pub(super) fn point_energy(point: u8, source: &Source, plan: &Plan, deducted: bool) -> Billed<PointEnergy> {
    let mut energy = PointEnergy { point, ..PointEnergy::default() };
    match source {
        Source::Meters(segments) => {
            if segments.is_empty() {
                return Err(Refusal::NoActiveEnergy);
            }
            for segment in segments {
                let registers = read(segment)?;
                let divided = divide(&registers, segment, plan, deducted)?;
                for (slot, part) in energy.metered.0.iter_mut().zip(divided.0) {
                    *slot = slot.plus(part)?;
                }
                energy.metered_kvarh = energy.metered_kvarh.plus(registers.kvarh)?;
                energy.demand_kw = energy.demand_kw.max(registers.demand);
            }
        }
        Source::Given { active, reactive, demand_kw } => {
            if active.0.iter().chain([reactive]).chain(demand_kw).any(|quantity| quantity.is_negative()) {
                return Err(Refusal::Negative("energy"));
            }
            for (slot, part) in energy.metered.0.iter_mut().zip(active.0) {
                *slot = part.to_whole();
            }
            energy.metered_kvarh = reactive.to_whole();
            energy.demand_kw = *demand_kw;
        }
        Source::FixedQuantity { .. } | Source::FixedRatio { .. } => {}
    }
    energy.billed = energy.metered;
    Ok(energy)
}
