//! What was used: from the readings of each point to the kWh that are billed.

use kernel::{Exact, Quantity, Text};

use super::bill::{Context, both, percent};
use super::block::{Block, Row};
use super::losses::{net, part};
use super::words;
use crate::model::{
    Bill, LineLoss, MeterSegment, Period, PeriodEnergy, PointEnergy, Reading, Register, Source,
};

fn reading_row(reading: &Reading, segment: &MeterSegment) -> Row {
    let Reading { register, previous, current, rolled_over } = *reading;
    let digits = segment.digits;
    let (spelled, counted) = if register == Register::Demand {
        (current.to_string(), current.exact())
    } else {
        let (more, round) = if rolled_over {
            (format!(" + 10^{digits}"), 10_i64.checked_pow(u32::from(digits)).unwrap_or(0))
        } else {
            (String::new(), 0)
        };
        let counted = current.minus(previous).and_then(|kwh| kwh.exact().plus(Exact::whole(round)));
        (format!("({current} - {previous}{more})"), counted.unwrap_or(Exact::ZERO))
    };
    let unit = match register {
        Register::Demand => "kW",
        Register::ReactiveForward | Register::ReactiveReverse => "kvarh",
        _ => "kWh",
    };
    let multiplier = segment.multiplier;
    let result = counted.times(multiplier.exact()).unwrap_or(Exact::ZERO);
    let name = words::register(register);
    Row::new(&name.zh, &name.en, format!("{spelled} × {multiplier}"), format!("{result} {unit}"))
}

fn meters(block: &mut Block, segments: &[MeterSegment]) {
    for (place, segment) in segments.iter().enumerate() {
        if segments.len() > 1 {
            let number = place + 1;
            block.push(Row::note(&format!("第 {number} 块表"), &format!("meter {number}"), "", ""));
        }
        for reading in &segment.readings {
            block.push(reading_row(reading, segment));
        }
    }
}

/// `peak 300 + valley 200`; nothing for energy that is not divided.
fn by_period(energy: &PeriodEnergy) -> Text {
    let spelled = |name: fn(Text) -> String| {
        let periods = Period::DIVIDED.into_iter().filter(|period| !energy.of(*period).is_zero());
        let each = periods.map(|period| format!("{} {}", name(words::period(period)), energy.of(period)));
        each.collect::<Vec<_>>().join(" + ")
    };
    Text::new(spelled(|name| name.zh), spelled(|name| name.en))
}

/// What sub meters and fixed parts take out of the point at `place`: each with its kWh.
fn deductions(place: u8, bill: &Bill, context: &Context<'_>) -> Vec<(u8, Quantity)> {
    let each = context.input.points.iter().zip(&bill.points).filter_map(|(point, energy)| {
        let kwh = match point.source {
            Source::FixedQuantity { parent, .. } | Source::FixedRatio { parent, .. } if parent == place => {
                net(energy)
            }
            Source::Meters(_) | Source::Given { .. } if point.deducted_from == Some(place) => {
                energy.metered.sum().unwrap_or_default()
            }
            _ => return None,
        };
        Some((energy.point, kwh))
    });
    each.collect()
}

/// What a fixed ratio is a share of: the energy of the point above it, less its sub meters.
fn ratio_base(parent: u8, bill: &Bill, context: &Context<'_>) -> Quantity {
    let points = context.input.points.iter().zip(&bill.points);
    let own = bill.points.get(usize::from(parent)).map(|energy| energy.metered);
    let subs = points.filter(|(point, _)| point.deducted_from == Some(parent));
    let subs = Quantity::sum(subs.map(|(_, energy)| energy.metered.sum().unwrap_or_default()));
    own.and_then(|own| own.sum().ok()).unwrap_or_default().minus(subs.unwrap_or_default()).unwrap_or_default()
}

fn line_loss(point: &PointEnergy, bill: &Bill, context: &Context<'_>) -> Text {
    match context.input.supply.as_deref().map(|supply| supply.line_loss) {
        Some(LineLoss::Rate(rate)) => both(format!("{} × {}", net(point), percent(rate.exact()))),
        Some(LineLoss::Quantity(kwh)) => {
            let bearing = context.input.points.iter().zip(&bill.points);
            let bearing = bearing.filter(|(point, _)| point.bears_line_loss).map(|(_, energy)| energy);
            part(point, &bearing.collect::<Vec<_>>(), &kwh.to_whole().to_string())
        }
        _ => both(""),
    }
}

/// The energy of one point, step by step.
pub(super) fn energy(point: &PointEnergy, bill: &Bill, context: &Context<'_>) -> Block {
    let mut block = if context.several() {
        let name = context.point(point.point);
        Block::new(format!("电量：{}", name.zh), format!("Energy: {}", name.en))
    } else {
        Block::new("电量", "Energy")
    };
    let mut demand_readings = 0;
    match context.input.points.get(usize::from(point.point)).map(|point| &point.source) {
        Some(Source::Meters(segments)) => {
            meters(&mut block, segments);
            let readings = segments.iter().flat_map(|segment| &segment.readings);
            demand_readings = readings.filter(|reading| reading.register == Register::Demand).count();
        }
        Some(Source::FixedQuantity { parent, kwh }) => {
            let parent = context.point(*parent);
            block.push(Row::worded(
                Text::new("定量", "fixed quantity"),
                Text::new(format!("自 {}", parent.zh), format!("out of {}", parent.en)),
                format!("{kwh} kWh"),
            ));
        }
        Some(Source::FixedRatio { parent, ratio }) => {
            let base = ratio_base(*parent, bill, context);
            let parent = context.point(*parent);
            block.push(Row::worded(
                Text::new("定比", "fixed ratio"),
                Text::new(
                    format!("{} {base} × {ratio}", parent.zh),
                    format!("{} {base} × {ratio}", parent.en),
                ),
                format!("{} kWh", net(point)),
            ));
        }
        Some(Source::Given { .. }) | None => {}
    }
    let metered = point.metered.sum().unwrap_or_default();
    if !metered.is_zero() {
        let label = Text::new("抄见电量", "metered energy");
        block.push(Row::worded(label, by_period(&point.metered), format!("{metered} kWh")));
    }
    for (place, kwh) in deductions(point.point, bill, context) {
        let name = context.point(place);
        let label = Text::new(format!("扣减 {}", name.zh), format!("less {}", name.en));
        block.push(Row::worded(label, both(""), format!("-{kwh} kWh")));
    }
    if !point.transformer_loss_kwh.is_zero() {
        let kwh = point.transformer_loss_kwh;
        block.push(Row::new("变压器损耗", "transformer loss", "", format!("{kwh} kWh")));
    }
    if !point.line_loss_kwh.is_zero() {
        let label = Text::new("线路损耗", "line loss");
        block.push(Row::worded(
            label,
            line_loss(point, bill, context),
            format!("{} kWh", point.line_loss_kwh),
        ));
    }
    if point.billed_kwh != net(point) && point.billed.of(Period::Total).is_zero() {
        block.push(Row::note(
            "损耗分时",
            "losses by period",
            "按各时段电量分摊",
            "shared by the kWh of the periods",
        ));
    }
    block.push(Row::worded(
        Text::new("计费电量", "billed energy"),
        by_period(&point.billed),
        format!("{} kWh", point.billed_kwh),
    ));
    for (sub, energy) in context.input.points.iter().zip(&bill.points) {
        if sub.deducted_from == Some(point.point) && !energy.metered_kvarh.is_zero() {
            let name = context.point(energy.point);
            let label = Text::new(format!("扣减 {} 无功", name.zh), format!("less {}, reactive", name.en));
            block.push(Row::worded(label, both(""), format!("-{} kvarh", energy.metered_kvarh)));
        }
    }
    let reactive = point.metered_kvarh.plus(point.reactive_loss_kvarh).unwrap_or_default();
    if !reactive.is_zero() {
        let calculation = if point.reactive_loss_kvarh.is_zero() {
            String::new()
        } else {
            format!("{} + {}", point.metered_kvarh, point.reactive_loss_kvarh)
        };
        block.push(Row::new("无功电量", "reactive energy", calculation, format!("{reactive} kvarh")));
    }
    // The demand of a single reading stands there already.
    if let Some(demand) = point.demand_kw.filter(|_| demand_readings != 1) {
        block.push(Row::new("最大需量", "maximum demand", "", format!("{demand} kW")));
    }
    block
}
