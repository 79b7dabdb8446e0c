//! Losses: found for the account, split over its points by active energy, the remainder to the main point.

use kernel::{Exact, Quantity, Rate, split_by_weight, split_with_remainder_to};
use smallvec::SmallVec;

use super::energy::WHOLE;
use super::relations::spread;
use super::rules::{LossModel, Regulation, Rules};
use super::transformers::{Days, Spans, spans};
use crate::error::{Billed, Refusal};
use crate::model::{
    AccountPeriod, Fraction, LineLoss, LossFormula, LossResult, Period, PointEnergy, SupplyAgreement,
    Transformer, TransformerLoss,
};

/// An unrounded pair of active and reactive loss.
#[derive(Clone, Copy)]
struct Loss {
    active: Exact,
    reactive: Exact,
}

fn share_of(fraction: Fraction) -> Billed<Exact> {
    Ok(Exact::ratio(i64::from(fraction.part), i64::from(fraction.whole))?)
}

/// One transformer by its rows: fixed losses by days, and a rate of its kWh.
fn by_table(model: &LossModel, kwh: Exact, fraction: Fraction) -> Billed<Loss> {
    let row = model.row(kwh).ok_or(Refusal::NoLossModel(0))?;
    let days = share_of(fraction)?;
    let loss = |fixed: Quantity, rate: Rate| -> Billed<Exact> {
        Ok(fixed.exact().times(days)?.plus(kwh.times(rate.exact())?)?)
    };
    Ok(Loss {
        active: loss(row.active_kwh, row.active_rate)?,
        reactive: loss(row.reactive_kvarh, row.reactive_rate)?,
    })
}

fn by_formula(
    formula: &LossFormula,
    capacity: Quantity,
    kwh: Quantity,
    kvarh: Quantity,
    hours: i64,
) -> Billed<Loss> {
    let hours = Exact::whole(hours);
    match formula {
        LossFormula::CopperRate { no_load_kw, no_load_kvar, copper_rate, reactive_rate } => Ok(Loss {
            active: no_load_kw.exact().times(hours)?.plus(kwh.exact().times(copper_rate.exact())?)?,
            reactive: no_load_kvar.exact().times(hours)?.plus(kwh.exact().times(reactive_rate.exact())?)?,
        }),
        LossFormula::LoadSquare { no_load_kw, load_loss_kw, no_load_current, impedance, shape } => {
            let square = |energy: Quantity| -> Billed<Exact> {
                let whole = Exact::whole(energy.units() / WHOLE);
                Ok(whole.times(whole)?)
            };
            let size = capacity.exact();
            let base = size.times(size)?.times(hours)?;
            let load = if base.signum() == 0 {
                Exact::ZERO
            } else {
                square(kwh)?.plus(square(kvarh)?)?.over(base)?.times(shape.exact())?
            };
            // Cut to a millionth before further products: far below the whole kWh that are billed.
            let load = load.to_quantity(Quantity::PLACES)?.exact();
            Ok(Loss {
                active: no_load_kw.exact().times(hours)?.plus(load.times(load_loss_kw.exact())?)?,
                reactive: size
                    .times(no_load_current.exact())?
                    .times(hours)?
                    .plus(load.times(impedance.exact())?.times(size)?)?,
            })
        }
    }
}

/// kWh of one transformer: the whole by its share of the energised capacity.
fn own_kwh(total: Quantity, transformer: &Transformer, capacity: Quantity) -> Billed<Exact> {
    Ok(total.exact().times(transformer.capacity_kva.exact())?.over(capacity.exact())?)
}

/// How long the transformers of an account served in a period, and how large they are.
pub(crate) struct Service {
    /// Share of the month of each transformer; none where it did not run.
    pub shares: SmallVec<[Option<Fraction>; 4]>,
    /// The share of the one that ran longest.
    pub longest: Fraction,
    /// The hours of that one.
    pub hours: i64,
    /// kVA of those that ran.
    pub capacity_kva: Quantity,
}

impl Service {
    fn of(supply: &SupplyAgreement, spans: &Spans, days: &Days) -> Billed<Service> {
        let longest = spans.energised_days.iter().copied().max().unwrap_or(spans.active_days);
        let energised =
            supply.transformers.iter().zip(&spans.energised_days).filter(|(_, energised)| **energised > 0);
        Ok(Service {
            shares: spans
                .energised_days
                .iter()
                .map(|energised| (*energised > 0).then(|| days.fraction(*energised)))
                .collect(),
            longest: days.fraction(longest),
            // A whole month has the hours of its days, or 720 where a day is one thirtieth.
            hours: days.charged_days(longest) * 24,
            capacity_kva: Quantity::sum(energised.map(|(transformer, _)| transformer.capacity_kva))?,
        })
    }
}

/// How long the transformers of `input` served by `regulation`; for an explanation of its losses.
pub(crate) fn service(input: &AccountPeriod, regulation: &Regulation) -> Option<Service> {
    let supply = input.supply.as_deref()?;
    let days = Days::new(input, supply, regulation).ok()?;
    Service::of(supply, &spans(input, supply, regulation, &days).ok()?, &days).ok()
}

fn account_loss(
    rules: &Rules,
    supply: &SupplyAgreement,
    spans: &Spans,
    days: &Days,
    kwh: Quantity,
    kvarh: Quantity,
) -> Billed<Option<LossResult>> {
    let service = Service::of(supply, spans, days)?;
    let loss = match &supply.transformer_loss {
        TransformerLoss::None => return Ok(None),
        TransformerLoss::Fixed { active_kwh, reactive_kvarh } => {
            let share = share_of(service.longest)?;
            Loss { active: active_kwh.exact().times(share)?, reactive: reactive_kvarh.exact().times(share)? }
        }
        TransformerLoss::Table => {
            let mut sum = Loss { active: Exact::ZERO, reactive: Exact::ZERO };
            for (place, (transformer, share)) in supply.transformers.iter().zip(&service.shares).enumerate() {
                let Some(share) = share.filter(|_| !service.capacity_kva.is_zero()) else { continue };
                let model = transformer
                    .loss_model
                    .and_then(|id| rules.loss_models.get(usize::from(id.0)))
                    .ok_or(Refusal::NoLossModel(place))?;
                let part = by_table(model, own_kwh(kwh, transformer, service.capacity_kva)?, share)?;
                sum.active = sum.active.plus(part.active)?;
                sum.reactive = sum.reactive.plus(part.reactive)?;
            }
            sum
        }
        TransformerLoss::Formula(formula) => {
            by_formula(formula, service.capacity_kva, kwh, kvarh, service.hours)?
        }
    };
    let (active_kwh, reactive_kvarh) = (loss.active.to_quantity(0)?, loss.reactive.to_quantity(0)?);
    if active_kwh.is_negative() || reactive_kvarh.is_negative() {
        return Err(Refusal::Negative("loss"));
    }
    Ok(Some(LossResult { active_kwh, reactive_kvarh, fraction: service.longest }))
}

/// Whole units by active energy; the main point (the first that bears) takes the remainder.
fn shares(total: Quantity, weights: &[i64]) -> Billed<SmallVec<[Quantity; 4]>> {
    let mut parts: SmallVec<[Quantity; 4]> = SmallVec::from_elem(Quantity::ZERO, weights.len());
    if weights.iter().all(|weight| *weight == 0) {
        if let Some(main) = parts.first_mut() {
            *main = total;
        }
        return Ok(parts);
    }
    let mut split = split_with_remainder_to(total.units(), weights, 0, WHOLE)?;
    if split.iter().any(|part| *part < 0) {
        // More points than kWh: the remainder would be negative, so the largest remainders take whole kWh.
        split = split_by_weight(total.units() / WHOLE, weights)?;
        split.iter_mut().for_each(|part| *part *= WHOLE);
    }
    for (slot, part) in parts.iter_mut().zip(split) {
        *slot = Quantity::from_units(part);
    }
    Ok(parts)
}

fn add(energy: &mut PointEnergy, loss: Quantity, rest: Period) -> Billed<()> {
    let spreads = spread(loss, &energy.billed, rest)?;
    for (slot, part) in energy.billed.0.iter_mut().zip(spreads.0) {
        *slot = slot.plus(part)?;
    }
    Ok(())
}

/// Finds the losses of the account and adds them to its points. `rests` are the rest periods of the points.
pub(super) fn add_losses(
    rules: &Rules,
    input: &AccountPeriod,
    supply: &SupplyAgreement,
    spans: &Spans,
    days: &Days,
    rests: &[Period],
    energies: &mut [PointEnergy],
) -> Billed<Option<LossResult>> {
    let net =
        energies.iter().map(|energy| energy.billed.sum()).collect::<Result<SmallVec<[Quantity; 4]>, _>>()?;
    let bearing = |bears: &dyn Fn(usize) -> bool| -> SmallVec<[usize; 4]> {
        (0..energies.len()).filter(|place| bears(*place)).collect()
    };
    let low_side = bearing(&|place| input.points[place].bears_transformer_loss);
    let behind_line = bearing(&|place| input.points[place].bears_line_loss);

    let mut result = None;
    if !low_side.is_empty() {
        let weights: SmallVec<[i64; 4]> = low_side.iter().map(|place| net[*place].units()).collect();
        let kwh = Quantity::sum(low_side.iter().map(|place| net[*place]))?;
        let kvarh = Quantity::sum(low_side.iter().map(|place| energies[*place].metered_kvarh))?;
        result = account_loss(rules, supply, spans, days, kwh, kvarh)?;
        if let Some(loss) = result {
            let (active, reactive) =
                (shares(loss.active_kwh, &weights)?, shares(loss.reactive_kvarh, &weights)?);
            for (order, place) in low_side.iter().enumerate() {
                energies[*place].transformer_loss_kwh = active[order];
                energies[*place].reactive_loss_kvarh = reactive[order];
            }
        }
    }
    match supply.line_loss {
        LineLoss::None => {}
        LineLoss::Rate(rate) if rate.is_negative() => return Err(Refusal::Negative("loss")),
        LineLoss::Rate(rate) => {
            for place in &behind_line {
                energies[*place].line_loss_kwh = net[*place].times(rate, 0)?;
            }
        }
        LineLoss::Quantity(kwh) if kwh.is_negative() => return Err(Refusal::Negative("loss")),
        LineLoss::Quantity(kwh) => {
            let weights: SmallVec<[i64; 4]> = behind_line.iter().map(|place| net[*place].units()).collect();
            for (place, part) in behind_line.iter().zip(shares(kwh.to_whole(), &weights)?) {
                energies[*place].line_loss_kwh = part;
            }
        }
    }
    for (energy, rest) in energies.iter_mut().zip(rests) {
        let loss = energy.transformer_loss_kwh.plus(energy.line_loss_kwh)?;
        if !loss.is_zero() {
            add(energy, loss, *rest)?;
        }
    }
    Ok(result)
}
