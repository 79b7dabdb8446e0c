//! The power factor of a quote: its standard, and a factor or percentage given directly.

use kernel::{Quantity, Text};

use super::build::Parts;
use super::error::Quoted;
use super::node::{Source as File, Start};
use super::points::{DraftPoint, REACTIVE};
use crate::engine::{Rules, adjustment};
use crate::model::{AccountPeriod, Bill, Category, PowerFactorStandard, Reading, Register, Source};

pub(super) fn standard_of(
    parts: &Parts<'_>,
    drafts: &[DraftPoint],
    category: Category,
    notes: &mut Vec<Text>,
) -> Option<PowerFactorStandard> {
    let given = &parts.supply.power_factor;
    if given.none
        || matches!(category, Category::Residential | Category::ResidentialFlat) && given.standard.is_none()
    {
        return None;
    }
    if given.standard.is_some() {
        return given.standard;
    }
    let measured = drafts.iter().any(|draft| draft.kvarh.is_some() || draft.energy.reads(&REACTIVE));
    if measured || given.hundredths.is_some() || given.rate.is_some() {
        notes.push(Text::new(
            "未给出功率因数标准，按 0.90；不考核请写 power_factor = false",
            "no power-factor standard is given; 0.90 is taken (write `power_factor = false` for none)",
        ));
        return Some(PowerFactorStandard::P90);
    }
    None
}

/// The power factor that the file gives, directly or by its percentage of the table.
pub(super) fn wanted_hundredths(
    parts: &Parts<'_>,
    standard: Option<PowerFactorStandard>,
    rules: &Rules,
) -> Quoted<Option<u8>> {
    let given = &parts.supply.power_factor;
    let Some(standard) = standard else { return Ok(None) };
    if given.hundredths.is_some() || given.rate.is_none() {
        return Ok(given.hundredths);
    }
    by_rate(parts.file, &given.span, standard, given.rate.unwrap_or_default(), rules).map(Some)
}

/// The highest power factor that has this percentage.
pub(super) fn by_rate(
    file: File<'_>,
    span: &Start,
    standard: PowerFactorStandard,
    rate: kernel::Rate,
    rules: &Rules,
) -> Quoted<u8> {
    (1..=100).rev().find(|hundredths| adjustment(rules, standard, *hundredths) == rate).ok_or_else(|| {
        file.refuse(span, "功率因数调整表没有这个比率", "the power-factor table has no such percentage")
    })
}

/// Gives the main point as many kvarh as make the wanted power factor.
pub(super) fn force_power_factor(
    parts: &Parts<'_>,
    input: &mut AccountPeriod,
    bill: &Bill,
    wanted: u8,
) -> Quoted<()> {
    let file = parts.file;
    let span = &parts.supply.power_factor.span;
    let result = bill.power_factor.as_ref();
    let active = result.map_or(bill.energy_kwh, |result| result.active_kwh);
    let already = result.map_or(Quantity::ZERO, |result| result.reactive_kvarh);
    let refuse = || {
        file.refuse(
            span,
            "已有无功电量时不能再给功率因数",
            "a power factor cannot be given beside kvarh that give another one",
        )
    };
    if result.is_some_and(|result| result.hundredths == wanted) {
        return Ok(());
    }
    let needed = reactive_for(active, wanted).ok_or_else(refuse)?;
    let more = needed.minus(already).map_err(|_| refuse())?;
    let measured = input.points.iter().any(|point| match &point.source {
        Source::Given { reactive, .. } => !reactive.is_zero(),
        Source::Meters(segments) => segments
            .iter()
            .any(|segment| segment.readings.iter().any(|reading| REACTIVE.contains(&reading.register))),
        _ => false,
    });
    if measured || more.is_negative() {
        return Err(refuse());
    }
    match input.points.first_mut().map(|point| &mut point.source) {
        Some(Source::Given { reactive, .. }) => *reactive = more,
        Some(Source::Meters(segments)) => {
            let Some(first) = segments.first_mut() else { return Err(refuse()) };
            let shown = more.exact().over(first.multiplier.exact()).and_then(|shown| shown.to_quantity(6));
            if first.readings.iter().all(|reading| !reading.rolled_over) {
                first.digits = 12;
            }
            first.readings.push(Reading {
                register: Register::ReactiveForward,
                previous: Quantity::ZERO,
                current: shown.map_err(|_| refuse())?,
                rolled_over: false,
            });
        }
        _ => return Err(refuse()),
    }
    Ok(())
}

/// Makes the engine take the percentage of `wanted` whatever the energy is: the row of the standard holds nothing
/// else, and one kvarh makes sure that there is an average at all.
pub(super) fn take_power_factor(
    rules: &mut Rules,
    input: &mut AccountPeriod,
    standard: Option<PowerFactorStandard>,
    wanted: u8,
) {
    let Some(standard) = standard else { return };
    let rate = adjustment(rules, standard, wanted);
    for row in &mut rules.power_factor {
        row.fill(rate);
    }
    if let Some(Source::Given { reactive, .. }) = input.points.first_mut().map(|point| &mut point.source)
        && reactive.is_zero()
    {
        *reactive = ONE_KVARH;
    }
}

/// Shows the factor given, and no kvarh that nobody read.
pub(super) fn show_power_factor(bill: &mut Bill, input: &mut AccountPeriod, wanted: u8) {
    if let Some(Source::Given { reactive, .. }) = input.points.first_mut().map(|point| &mut point.source)
        && let Ok(less) = bill.reactive_kvarh.minus(reactive.to_whole())
    {
        bill.reactive_kvarh = less;
        *reactive = Quantity::ZERO;
        if let Some(point) = bill.points.first_mut() {
            point.metered_kvarh = Quantity::ZERO;
        }
        if let Some(result) = &mut bill.power_factor {
            result.reactive_kvarh = less;
        }
    }
    if let Some(result) = &mut bill.power_factor {
        result.hundredths = wanted;
    }
}

const ONE_KVARH: Quantity = Quantity::from_units(Quantity::SCALE);

/// kvarh that make a power factor of exactly `hundredths`: `P · √(100² - n²) / n`.
fn reactive_for(active: Quantity, hundredths: u8) -> Option<Quantity> {
    let (p, n) = (i128::from(active.units()), i128::from(hundredths));
    if n == 0 {
        return None;
    }
    let root = ((10_000 - n * n) * 1_000_000_000_000).max(0).isqrt();
    let units = p.checked_mul(root)? / (n * 1_000_000);
    i64::try_from(units).ok().map(Quantity::from_units)
}
