//! Refunds and back-billing for metering errors (退补电量).
//!
//! Each fault has its own base; the sign of the result says whether the customer pays (+) or is paid back (-).
//! Source: Supply Rules 1996, arts. 80 and 81; 2024, the same bases where found.

use kernel::{Exact, Money, Price, Quantity, Rate, Text};

use super::{ChargeError, ChargeVersion};
use crate::explain::Row;

/// One phase of a meter as it was really connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// Current transformer ratio, 150/5 as 30.
    pub ratio: Rate,
    /// The current ran backwards.
    pub reversed: bool,
    /// The phase did not register at all: broken wire, blown fuse.
    pub lost: bool,
}

/// The fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeteringError {
    /// Meter or instrument transformer out of tolerance; error as a fraction, slow is negative. The rule's share of
    /// the time since the last check counts (one half by the 1996 rules).
    Inaccurate {
        /// kWh recorded since the last check or installation.
        recorded: Quantity,
        /// Verified error, -10 % as -0.1.
        error: Rate,
    },
    /// Voltage drop of the leads beyond what is allowed; fractions.
    LeadDrop {
        /// kWh recorded since the leads or the load changed.
        recorded: Quantity,
        /// Measured drop.
        actual: Rate,
        /// Allowed drop.
        allowed: Rate,
    },
    /// Wrong wiring, by the ratio of the right power to the power measured.
    Wiring {
        /// kWh billed.
        billed: Quantity,
        /// Right power, in any unit.
        right_power: Rate,
        /// Power measured, in the same unit.
        measured_power: Rate,
    },
    /// Wrong wiring or unequal current transformers, by phases.
    Phases {
        /// kWh billed.
        billed: Quantity,
        /// The ratio it was billed with, 200/5 as 40.
        billed_ratio: Rate,
        /// The phases as connected.
        phases: Vec<Phase>,
    },
    /// Wrong multiplier.
    Multiplier {
        /// kWh billed with the wrong multiplier.
        billed: Quantity,
        /// The right multiplier.
        right: Rate,
        /// The wrong one.
        wrong: Rate,
    },
    /// Voltage fuse blown, or any fault that cannot be computed: a normal month less the month of the fault.
    NormalMonth {
        /// kWh of a normal month.
        normal: Quantity,
        /// kWh recorded in the month of the fault.
        recorded: Quantity,
        /// Months of the fault.
        months: Rate,
    },
}

/// What is to be paid or paid back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeteringErrorCharge {
    /// Correction rate (更正率): difference by recorded energy, as a fraction; none for a normal month.
    pub correction: Option<Exact>,
    /// kWh before rounding.
    pub energy_unrounded: Exact,
    /// kWh to bill afterwards, negative to refund; rounded as asked.
    pub energy: Quantity,
    /// Yuan, when a price was given; negative is a refund.
    pub amount: Option<Money>,
    /// The rule.
    pub rule: Text,
    /// The worked calculation.
    pub steps: Vec<Row>,
}

/// A fraction in percent, cut off at a readable length.
pub(crate) fn percent(fraction: Exact) -> String {
    fraction.times(Exact::whole(100)).map_or_else(|_| fraction.to_string(), |value| format!("{value}%"))
}

/// Corrects `fault` by `version` of the rules, kWh rounded half up to `decimals` places.
pub fn metering_error(
    fault: &MeteringError,
    price: Option<Price>,
    decimals: u32,
    version: &ChargeVersion,
) -> Result<MeteringErrorCharge, ChargeError> {
    let rule = &version.metering_error;
    let mut steps = Vec::new();
    let one = Exact::whole(1);
    let (recorded, correction, share) = match fault {
        MeteringError::Inaccurate { recorded, error } => {
            let right = one.plus(error.exact())?;
            if right.signum() <= 0 {
                return Err(out_of_range("the error", "误差", "be above -100 %", "须大于 -100%"));
            }
            let correction = one.over(right)?.minus(one)?;
            steps.push(Row::new(
                "正确电量",
                "right energy",
                format!("{recorded} ÷ (1 + {})", percent(error.exact())),
                format!("{} kWh", recorded.exact().over(right)?),
            ));
            (*recorded, correction, rule.instrument_share)
        }
        MeteringError::LeadDrop { recorded, actual, allowed } => {
            let correction = actual.exact().minus(allowed.exact())?;
            steps.push(Row::new(
                "超出允许的压降",
                "drop beyond the allowed",
                format!("{} - {}", percent(actual.exact()), percent(allowed.exact())),
                percent(correction),
            ));
            (*recorded, correction, Rate::ONE)
        }
        MeteringError::Wiring { billed, right_power, measured_power } => {
            let coefficient = right_power.exact().over(measured_power.exact())?;
            steps.push(Row::new(
                "更正系数",
                "correction coefficient",
                format!("{right_power} ÷ {measured_power}"),
                coefficient.to_string(),
            ));
            (*billed, coefficient.minus(one)?, Rate::ONE)
        }
        MeteringError::Phases { billed, billed_ratio, phases } => {
            (*billed, by_phases(*billed_ratio, phases, &mut steps)?, Rate::ONE)
        }
        MeteringError::Multiplier { billed, right, wrong } => {
            let correction = right.exact().over(wrong.exact())?.minus(one)?;
            steps.push(Row::new(
                "倍率差",
                "difference of multipliers",
                format!("({right} - {wrong}) ÷ {wrong}"),
                percent(correction),
            ));
            (*billed, correction, Rate::ONE)
        }
        MeteringError::NormalMonth { normal, recorded, months } => {
            let energy = normal.exact().minus(recorded.exact())?.times(months.exact())?;
            steps.push(Row::new(
                "正常月减故障月",
                "normal month less fault month",
                format!("({normal} - {recorded}) × {months}"),
                format!("{energy} kWh"),
            ));
            return close(None, energy, price, decimals, version, steps);
        }
    };
    if recorded.is_negative() {
        return Err(ChargeError::negative("the energy recorded", "抄见电量"));
    }
    let energy = recorded.exact().times(correction)?.times(share.exact())?;
    let by_share = if share == Rate::ONE { String::new() } else { format!(" × {share}") };
    steps.push(Row::new(
        "更正率",
        "correction rate",
        format!("{} ÷ {recorded}", recorded.exact().times(correction)?),
        percent(correction),
    ));
    steps.push(Row::new(
        "退补电量",
        "energy to correct",
        format!("{recorded} × {}{by_share}", percent(correction)),
        format!("{energy} kWh"),
    ));
    close(Some(correction), energy, price, decimals, version, steps)
}

fn by_phases(billed_ratio: Rate, phases: &[Phase], steps: &mut Vec<Row>) -> Result<Exact, ChargeError> {
    let one = Exact::whole(1);
    let count = i64::try_from(phases.len()).unwrap_or(i64::MAX);
    let right = Exact::whole(count).over(billed_ratio.exact())?;
    let mut measured = Exact::ZERO;
    let mut spelled = String::new();
    for phase in phases.iter().filter(|phase| !phase.lost) {
        let each = one.over(phase.ratio.exact())?;
        measured = if phase.reversed { measured.minus(each)? } else { measured.plus(each)? };
        spelled.push_str(if phase.reversed { " - " } else { " + " });
        spelled.push_str(&format!("1/{}", phase.ratio));
    }
    let spelled = spelled.trim_start_matches(" + ");
    steps.push(Row::new(
        "应计功率 P1",
        "right power P1",
        format!("{count}/{billed_ratio}"),
        right.to_string(),
    ));
    steps.push(Row::new("实计功率 P2", "measured power P2", spelled, measured.to_string()));
    if measured.signum() <= 0 {
        return Err(out_of_range(
            "the power measured by the phases given",
            "按所给各相计得的功率",
            "be above zero; use the normal month instead",
            "须大于零；请改用正常月电量",
        ));
    }
    Ok(right.minus(measured)?.over(measured)?)
}

fn close(
    correction: Option<Exact>,
    energy_unrounded: Exact,
    price: Option<Price>,
    decimals: u32,
    version: &ChargeVersion,
    mut steps: Vec<Row>,
) -> Result<MeteringErrorCharge, ChargeError> {
    let energy = energy_unrounded.to_quantity(decimals)?;
    let amount = match price {
        Some(price) => {
            let amount = energy.at(price).to_money()?;
            let (zh, en) = if amount.is_negative() {
                ("退还电费", "refund")
            } else {
                ("补收电费", "charged afterwards")
            };
            steps.push(Row::new(zh, en, format!("{energy} × {price}"), amount.to_string()));
            Some(amount)
        }
        None => None,
    };
    let rule = version.named(&version.metering_error.article);
    Ok(MeteringErrorCharge { correction, energy_unrounded, energy, amount, rule, steps })
}

const fn out_of_range(
    what: &'static str,
    what_zh: &'static str,
    must: &'static str,
    must_zh: &'static str,
) -> ChargeError {
    ChargeError::OutOfRange { what, what_zh, must, must_zh }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charges::ChargeRules;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }
    fn kwh(value: i64) -> Quantity {
        Quantity::whole(value).unwrap()
    }
    fn energy(fault: &MeteringError, decimals: u32) -> String {
        let version = ChargeRules::standard().unwrap().named("1996").unwrap();
        metering_error(fault, None, decimals, version).unwrap().energy.to_string()
    }
    fn phase(ratio: &str, reversed: bool) -> Phase {
        Phase { ratio: rate(ratio), reversed, lost: false }
    }

    /// Case ERR-01: ten per cent slow, half of the time.
    #[test]
    fn slow_meter_counts_for_half_the_time() {
        assert_eq!(
            energy(&MeteringError::Inaccurate { recorded: kwh(900_000), error: rate("-0.1") }, 0),
            "50000"
        );
        // Fast: refunded.
        assert_eq!(energy(&MeteringError::Inaccurate { recorded: kwh(1100), error: rate("0.1") }, 0), "-50");
    }

    /// Case ERR-03: unequal ratios and one reversed phase; K is 80 %.
    #[test]
    fn unequal_ratios_and_a_reversed_phase() {
        let phases = vec![phase("30", false), phase("30", false), phase("40", true)];
        let fault = MeteringError::Phases { billed: kwh(500_000), billed_ratio: rate("40"), phases };
        let version = ChargeRules::standard().unwrap().named("1996").unwrap();
        let result = metering_error(&fault, None, 0, version).unwrap();
        assert_eq!(percent(result.correction.unwrap()), "80%");
        assert_eq!(result.energy, kwh(400_000));
    }

    /// Case ERR-04: one transformer 400/5 among 300/5.
    #[test]
    fn one_swapped_transformer() {
        let phases = vec![phase("60", false), phase("60", false), phase("80", false)];
        let fault = MeteringError::Phases { billed: kwh(1350), billed_ratio: rate("60"), phases };
        assert_eq!(energy(&fault, 2), "122.73");
    }

    #[test]
    fn each_fault_has_its_base() {
        let lost = Phase { ratio: rate("60"), reversed: false, lost: true };
        let phases = vec![phase("60", false), phase("60", false), lost];
        let cases = [
            (MeteringError::Phases { billed: kwh(2000), billed_ratio: rate("60"), phases }, "1000"),
            (MeteringError::Multiplier { billed: kwh(3000), right: rate("40"), wrong: rate("30") }, "1000"),
            (MeteringError::Multiplier { billed: kwh(4000), right: rate("30"), wrong: rate("40") }, "-1000"),
            (
                MeteringError::LeadDrop {
                    recorded: kwh(10_000),
                    actual: rate("0.008"),
                    allowed: rate("0.0025"),
                },
                "55",
            ),
            (
                MeteringError::Wiring {
                    billed: kwh(1000),
                    right_power: rate("1.5"),
                    measured_power: Rate::ONE,
                },
                "500",
            ),
            (MeteringError::NormalMonth { normal: kwh(800), recorded: kwh(300), months: rate("1.5") }, "750"),
        ];
        for (fault, expected) in cases {
            assert_eq!(energy(&fault, 0), expected, "{fault:?}");
        }
    }

    #[test]
    fn what_cannot_be_computed_is_refused() {
        let version = ChargeRules::standard().unwrap().named("2024").unwrap();
        let phases = vec![phase("60", true), phase("60", false)];
        for fault in [
            MeteringError::Phases { billed: kwh(1), billed_ratio: rate("60"), phases },
            MeteringError::Inaccurate { recorded: kwh(1), error: rate("-1") },
            MeteringError::Multiplier { billed: kwh(1), right: Rate::ONE, wrong: Rate::ZERO },
        ] {
            assert!(metering_error(&fault, None, 0, version).is_err(), "{fault:?}");
        }
    }
}
