//! Where losses come from, and which point bears how much of them.

use kernel::{Quantity, Rate, Text};

use super::bill::{Context, both, percent};
use super::block::{Block, Row};
use crate::engine::service;
use crate::model::{Bill, Fraction, LossFormula, PointEnergy, SupplyAgreement, TransformerLoss};

/// The kWh of a point before losses.
pub(super) fn net(point: &PointEnergy) -> Quantity {
    let net =
        point.billed_kwh.minus(point.transformer_loss_kwh).and_then(|kwh| kwh.minus(point.line_loss_kwh));
    net.unwrap_or_default()
}

fn net_of(points: &[&PointEnergy]) -> Quantity {
    Quantity::sum(points.iter().map(|point| net(point))).unwrap_or_default()
}

/// How a point's part of `whole` is found: by its kWh, and what is left is borne by the first.
pub(super) fn part(point: &PointEnergy, bearing: &[&PointEnergy], whole: &str) -> Text {
    match bearing {
        [] | [_] => both(""),
        [first, ..] if first.point == point.point => Text::new("其余", "the rest"),
        _ => both(format!("{whole} × {} ÷ {}", net(point), net_of(bearing))),
    }
}

/// ` × 10/30`; nothing for all of it.
pub(super) fn times(fraction: Fraction) -> String {
    if fraction == Fraction::ONE {
        String::new()
    } else {
        format!(" × {}/{}", fraction.part, fraction.whole)
    }
}

/// `fixed + kWh × rate`, without what is zero.
fn sum(fixed: String, is_zero: bool, kwh: &str, rate: Rate) -> String {
    match (is_zero, rate.is_zero()) {
        (_, true) => fixed,
        (true, false) => format!("{kwh} × {}", percent(rate.exact())),
        (false, false) => format!("{fixed} + {kwh} × {}", percent(rate.exact())),
    }
}

/// The loss of each transformer by its rows in the loss tables, active and reactive.
fn by_table(
    supply: &SupplyAgreement,
    kwh: Quantity,
    bill: &Bill,
    context: &Context<'_>,
) -> Option<[String; 2]> {
    let regulation = context.rules.regulations.get(usize::from(bill.regulation))?;
    let service = service(context.input, regulation)?;
    let (mut active, mut reactive) = (Vec::new(), Vec::new());
    for (transformer, share) in supply.transformers.iter().zip(&service.shares) {
        let Some(share) = *share else { continue };
        let model = context.rules.loss_models.get(usize::from(transformer.loss_model?.0))?;
        let (kva, all) = (transformer.capacity_kva, service.capacity_kva);
        let row = model.row(kwh.exact().times(kva.exact()).ok()?.over(all.exact()).ok()?)?;
        let own = if kva == all { kwh.to_string() } else { format!("{kwh} × {kva}/{all}") };
        let fixed = |quantity: Quantity| format!("{quantity}{}", times(share));
        active.push(sum(fixed(row.active_kwh), row.active_kwh.is_zero(), &own, row.active_rate));
        reactive.push(sum(fixed(row.reactive_kvarh), row.reactive_kvarh.is_zero(), &own, row.reactive_rate));
    }
    Some([active, reactive].map(|each| each.join(" + ")))
}

fn by_formula(
    formula: &LossFormula,
    kwh: Quantity,
    kvarh: Quantity,
    bill: &Bill,
    context: &Context<'_>,
) -> Option<[String; 2]> {
    let regulation = context.rules.regulations.get(usize::from(bill.regulation))?;
    let service = service(context.input, regulation)?;
    let (hours, kva) = (service.hours, service.capacity_kva);
    Some(match *formula {
        LossFormula::CopperRate { no_load_kw, no_load_kvar, copper_rate, reactive_rate } => {
            [(no_load_kw, "kW", copper_rate), (no_load_kvar, "kvar", reactive_rate)].map(
                |(no_load, unit, rate)| {
                    sum(format!("{no_load} {unit} × {hours} h"), no_load.is_zero(), &kwh.to_string(), rate)
                },
            )
        }
        LossFormula::LoadSquare { no_load_kw, load_loss_kw, no_load_current, impedance, shape } => {
            let load = format!("{shape} × ({kwh}² + {kvarh}²) ÷ ({kva}² × {hours})");
            let current = percent(no_load_current.exact());
            let impedance = percent(impedance.exact());
            [
                format!("{no_load_kw} kW × {hours} h + {load_loss_kw} kW × {load}"),
                format!("{kva} kVA × {current} × {hours} h + {impedance} × {kva} kVA × {load}"),
            ]
        }
    })
}

/// The transformer loss of the account, how it was found, and how points share it.
pub(super) fn losses(bill: &Bill, context: &Context<'_>) -> Option<Block> {
    let loss = bill.loss.as_ref()?;
    let supply = context.input.supply.as_deref()?;
    let points = context.input.points.iter().zip(&bill.points);
    let bearing: Vec<&PointEnergy> =
        points.filter(|(point, _)| point.bears_transformer_loss).map(|(_, energy)| energy).collect();
    let kwh = net_of(&bearing);
    let kvarh = Quantity::sum(bearing.iter().map(|point| point.metered_kvarh)).unwrap_or_default();
    let found = match &supply.transformer_loss {
        TransformerLoss::None => None,
        TransformerLoss::Fixed { active_kwh, reactive_kvarh } => (loss.fraction != Fraction::ONE)
            .then(|| [active_kwh, reactive_kvarh].map(|month| format!("{month}{}", times(loss.fraction)))),
        TransformerLoss::Table => by_table(supply, kwh, bill, context),
        TransformerLoss::Formula(formula) => by_formula(formula, kwh, kvarh, bill, context),
    };
    let [active, reactive] = found.unwrap_or_default();
    let mut block = Block::new("变压器损耗", "Transformer loss");
    block.push(Row::new("有功损耗", "active loss", active, format!("{} kWh", loss.active_kwh)));
    if !loss.reactive_kvarh.is_zero() {
        block.push(Row::new("无功损耗", "reactive loss", reactive, format!("{} kvarh", loss.reactive_kvarh)));
    }
    if bearing.len() > 1 {
        let whole = if loss.reactive_kvarh.is_zero() {
            loss.active_kwh.to_string()
        } else {
            format!("({} kWh, {} kvarh)", loss.active_kwh, loss.reactive_kvarh)
        };
        for point in &bearing {
            let own = if loss.reactive_kvarh.is_zero() {
                format!("{} kWh", point.transformer_loss_kwh)
            } else {
                format!("{} kWh, {} kvarh", point.transformer_loss_kwh, point.reactive_loss_kvarh)
            };
            block.push(Row::worded(context.point(point.point), part(point, &bearing, &whole), own));
        }
    }
    Some(block)
}
