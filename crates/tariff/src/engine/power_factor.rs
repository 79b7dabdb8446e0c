//! The average power factor and its adjustment (力调电费), (83)水电财字第215号.

use kernel::{Quantity, Rate};

use super::energy::WHOLE;
use super::lines::{Draft, Maker};
use super::rules::Rules;
use crate::error::Billed;
use crate::model::{
    AccountPeriod, ComponentId, Fraction, LineKind, Period, PlanId, PowerFactorResult, PowerFactorStandard,
    RuleId,
};

/// `active / sqrt(active² + reactive²)` in hundredths, half up; decided on whole numbers, without a square root.
/// `None` when there was neither active nor reactive energy.
pub fn average_hundredths(active: Quantity, reactive: Quantity) -> Option<u8> {
    let (p, q) = (i128::from(active.units() / WHOLE), i128::from(reactive.units() / WHOLE));
    if p <= 0 && q <= 0 {
        return None;
    }
    let square = p * p + q * q;
    // The largest n with (n - ½)/100 <= p / sqrt(square), that is (2n - 1)² · square <= (200 p)².
    let mut found = 0;
    let (mut low, mut high) = (1_i128, 100_i128);
    while low <= high {
        let middle = (low + high) / 2;
        let edge = 2 * middle - 1;
        if edge * edge * square <= 40_000 * p * p {
            found = middle;
            low = middle + 1;
        } else {
            high = middle - 1;
        }
    }
    u8::try_from(found).ok()
}

/// The adjustment for an average power factor: 0.05 is a surcharge of 5 %.
pub fn adjustment(rules: &Rules, standard: PowerFactorStandard, hundredths: u8) -> Rate {
    let row = match standard {
        PowerFactorStandard::P90 => &rules.power_factor[0],
        PowerFactorStandard::P85 => &rules.power_factor[1],
        PowerFactorStandard::P80 => &rules.power_factor[2],
    };
    row[usize::from(hundredths.min(100))]
}

/// Adjusts the base that the maker has gathered.
pub(super) fn power_factor_line(
    maker: &mut Maker<'_>,
    rules: &Rules,
    plan: PlanId,
    vat: Rate,
    input: &AccountPeriod,
    standard: PowerFactorStandard,
) -> Billed<()> {
    let (mut active, mut reactive) = (Quantity::ZERO, Quantity::ZERO);
    for (point, energy) in input.points.iter().zip(&maker.bill.points) {
        if point.in_power_factor {
            active = active.plus(energy.billed_kwh)?;
            reactive = reactive.plus(energy.metered_kvarh)?.plus(energy.reactive_loss_kvarh)?;
        }
    }
    let Some(hundredths) = average_hundredths(active, reactive) else { return Ok(()) };
    let rate = adjustment(rules, standard, hundredths);
    let base = maker.power_factor_base;
    let mut amount = kernel::Money::ZERO;
    if !rate.is_zero() && !base.is_zero() {
        let draft = Draft {
            point: 0,
            plan,
            kind: LineKind::PowerFactor,
            rule: RuleId::PowerFactor,
            period: Period::Total,
            tier: 0,
            component: Some(ComponentId::POWER_FACTOR),
            quantity: Quantity::ZERO,
            price: kernel::Price::ZERO,
            factor: rate,
            fraction: Fraction::ONE,
        };
        amount = maker.push_exact(draft, base.times(rate))?;
        maker.sum(ComponentId::POWER_FACTOR, false, false, vat, amount)?;
    }
    maker.bill.power_factor = Some(PowerFactorResult {
        active_kwh: active,
        reactive_kvarh: reactive,
        hundredths,
        standard,
        rate,
        base,
        amount,
    });
    Ok(())
}
