//! `[[metering_error]]`.

use kernel::{Exact, Money, Rate};

use super::{Frame, Sections, charge_error, headed, missing, overflow};
use crate::charges::metering_error::{MeteringError, Phase, metering_error};
use crate::quote::error::Quoted;
use crate::quote::fields::Fields;
use crate::quote::fields::{figure_of, ratio_of};
use crate::quote::figures::Figures;
use crate::quote::node::Value;

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Inaccurate,
    LeadDrop,
    Wiring,
    Phases,
    Multiplier,
    NormalMonth,
}

const FAULTS: [(&[&str], Fault); 6] = [
    (&["inaccurate", "meter_error", "slow", "fast", "meter", "误差"], Fault::Inaccurate),
    (&["lead_drop", "voltage_drop", "二次压降"], Fault::LeadDrop),
    (&["wiring", "wrong_wiring", "接线错误"], Fault::Wiring),
    (&["phases", "unequal_ct", "ct", "变比不一致"], Fault::Phases),
    (&["multiplier", "wrong_multiplier", "倍率错误"], Fault::Multiplier),
    (&["normal_month", "fuse", "pt_fuse", "正常月"], Fault::NormalMonth),
];

fn phase(fields: &Fields<'_>) -> Quoted<Phase> {
    let ratio = fields.ratio(&["ct", "ratio"])?.ok_or_else(|| missing(fields, "变比", "ct"))?;
    let phase = Phase {
        ratio,
        reversed: fields.flag(&["reversed"])?.unwrap_or(false),
        lost: fields.flag(&["lost", "broken", "fuse_blown"])?.unwrap_or(false),
    };
    fields.text(&["name", "phase"])?;
    fields.finish()?;
    Ok(phase)
}

/// Phases as tables, or `ct = ["150/5", …]` with `reversed = [3]` and `lost = [2]`.
fn phases_of(fields: &Fields<'_>) -> Quoted<Vec<Phase>> {
    let mut phases = Vec::new();
    for each in fields.tables(&["phase", "phases"])? {
        phases.push(phase(&each)?);
    }
    if let Some(node) = fields.node(&["ct", "cts"])? {
        let list = match &node.value {
            Value::List(list) => list.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for each in list {
            let ratio = ratio_of(fields.source, each)?;
            phases.push(Phase { ratio, reversed: false, lost: false });
        }
    }
    for (names, reversed) in [(&["reversed"], true), (&["lost"], false)] {
        let Some(node) = fields.node(names)? else { continue };
        let list = match &node.value {
            Value::List(list) => list.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for each in list {
            let number: kernel::Quantity = figure_of(fields.source, each)?;
            let place = usize::try_from(number.units() / kernel::Quantity::SCALE - 1).ok();
            let Some(phase) = place.and_then(|place| phases.get_mut(place)) else {
                return Err(fields.source.refuse(
                    &each.span,
                    "没有这一相（从 1 数起）",
                    "there is no such phase; they count from 1",
                ));
            };
            if reversed {
                phase.reversed = true;
            } else {
                phase.lost = true;
            }
        }
    }
    Ok(phases)
}

pub(super) fn read_metering_error(
    fields: &Fields<'_>,
    frame: &Frame<'_>,
    number: usize,
    figures: &mut Figures,
    sections: &mut Sections,
) -> Quoted<()> {
    let mut version = frame.version_of(fields)?.clone();
    let name = fields.text(&["name", "title", "note"])?;
    let recorded = fields.amount(&["kwh", "recorded_kwh", "billed_kwh", "energy_kwh"])?;
    let error = fields.percent(&["error_percent"])?.or(fields.rate(&["error"])?);
    let phases = phases_of(fields)?;
    let normal = fields.amount(&["normal_kwh", "normal_month_kwh"])?;
    let right = fields.ratio(&["right", "right_multiplier", "correct_multiplier"])?;
    let wrong_ratio = fields.ratio(&["wrong", "wrong_multiplier"])?;
    let coefficient = fields.amount(&["coefficient", "correction_coefficient", "k"])?;
    let correction = fields.percent(&["correction_percent"])?.or(fields.rate(&["correction_rate"])?);
    let right_power = fields.amount(&["right_power"])?;
    let measured_power = fields.amount(&["measured_power"])?;
    let (actual, allowed) = (fields.rate(&["actual_drop"])?, fields.rate(&["allowed_drop"])?);
    let fault = fields.choice(&["kind", "fault", "type"], &FAULTS)?.unwrap_or(if error.is_some() {
        Fault::Inaccurate
    } else if !phases.is_empty() {
        Fault::Phases
    } else if normal.is_some() {
        Fault::NormalMonth
    } else if right.is_some() {
        Fault::Multiplier
    } else if actual.is_some() {
        Fault::LeadDrop
    } else {
        Fault::Wiring
    });
    let kwh = || recorded.ok_or_else(|| missing(fields, "电量", "kwh"));
    let figures_wrong = overflow(fields);
    let case = match fault {
        Fault::Inaccurate => MeteringError::Inaccurate {
            recorded: kwh()?,
            error: error.ok_or_else(|| missing(fields, "误差", "error_percent"))?,
        },
        Fault::LeadDrop => MeteringError::LeadDrop {
            recorded: kwh()?,
            actual: actual.ok_or_else(|| missing(fields, "实际压降", "actual_drop"))?,
            allowed: allowed.unwrap_or_default(),
        },
        Fault::Wiring => {
            let (right_power, measured_power) = match (coefficient, correction, right_power, measured_power) {
                (Some(coefficient), ..) => (coefficient, Rate::ONE),
                (None, Some(correction), ..) => {
                    (correction.plus(Rate::ONE).map_err(&figures_wrong)?, Rate::ONE)
                }
                (None, None, Some(right), Some(measured)) => (right, measured),
                _ => {
                    return Err(fields.refuse(
                        "计量差错须给出 error_percent、coefficient、correction_percent、ct、right_multiplier、normal_kwh 或 actual_drop 之一",
                        "say what was wrong: error_percent, coefficient, correction_percent, ct, right_multiplier, normal_kwh or actual_drop",
                    ));
                }
            };
            MeteringError::Wiring { billed: kwh()?, right_power, measured_power }
        }
        Fault::Phases => {
            let billed_ratio = fields.ratio(&["billed_ct", "billed_as", "billed_ratio"])?;
            MeteringError::Phases {
                billed: kwh()?,
                billed_ratio: billed_ratio.ok_or_else(|| missing(fields, "计费变比", "billed_ct"))?,
                phases,
            }
        }
        Fault::Multiplier => MeteringError::Multiplier {
            billed: kwh()?,
            right: right.ok_or_else(|| missing(fields, "正确倍率", "right_multiplier"))?,
            wrong: wrong_ratio.ok_or_else(|| missing(fields, "错误倍率", "wrong_multiplier"))?,
        },
        Fault::NormalMonth => MeteringError::NormalMonth {
            normal: normal.ok_or_else(|| missing(fields, "正常月电量", "normal_kwh"))?,
            recorded: recorded.unwrap_or_default(),
            months: fields.amount(&["months"])?.unwrap_or(Rate::ONE),
        },
    };
    if let Some(share) = fields.rate(&["share_of_time"])? {
        version.metering_error.instrument_share = share;
    }
    let price = fields.figure(&["price", "energy_price"])?;
    let decimals = fields.count(&["kwh_decimals"], 0, 6)?.unwrap_or(0);
    fields.finish()?;
    let result = metering_error(&case, price, u32::try_from(decimals).unwrap_or(0), &version)
        .map_err(|error| charge_error(fields, &error))?;
    let prefix = format!("metering_error.{number}");
    figures.quantity(&[&prefix, &format!("{prefix}.kwh"), &format!("{prefix}.back_bill_kwh")], result.energy);
    figures.exact(
        &[&format!("{prefix}.kwh_unrounded")],
        result.energy_unrounded,
        result.energy_unrounded.to_string(),
        true,
    );
    if let Some(correction) = result.correction {
        let percent = correction.times(Exact::whole(100)).map_err(&figures_wrong)?;
        figures.exact(
            &[&format!("{prefix}.correction_percent"), &format!("{prefix}.k_percent")],
            percent,
            percent.to_string(),
            true,
        );
    }
    figures.add_quantity("back_bill_kwh", result.energy).map_err(&figures_wrong)?;
    if let Some(amount) = result.amount {
        figures.money(&[&format!("{prefix}.amount")], amount);
        figures.add_money("back_bill", amount).map_err(&figures_wrong)?;
    }
    let block = headed("计量差错退补", "Metering error", number, name, &result.rule, result.steps);
    sections.add(fields, block, result.amount.unwrap_or(Money::ZERO))
}
