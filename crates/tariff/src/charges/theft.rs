//! Theft of electricity (窃电): the quantity presumed, what is charged afterwards, and the penalty.
//!
//! Source: Supply Rules 1996, arts. 102 and 103.

use kernel::{Exact, Money, Price, Quantity, Rate, Text};

use super::{ChargeError, ChargeVersion};
use crate::explain::Row;

/// What the stolen power was for, when hours a day are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Motors and other power: 12 hours a day by the 1996 rules.
    Power,
    /// Lighting: 6 hours a day.
    Lighting,
}

/// How the quantity is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stolen {
    /// Known kWh.
    Energy(Quantity),
    /// Capacity of the equipment connected, kW (1 kVA counts as 1 kW).
    Capacity(Quantity),
    /// By the meter's rated current: `phases × volts × amperes / 1000` kW.
    MeterCurrent {
        /// Amperes.
        amperes: Quantity,
        /// Volts between phase and neutral.
        volts: Quantity,
        /// Phases, 1 or 3.
        phases: i64,
    },
}

/// A case of theft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theft {
    /// How the quantity is found.
    pub stolen: Stolen,
    /// What for.
    pub purpose: Purpose,
    /// Days, when known.
    pub days: Option<Rate>,
    /// Hours a day, when known.
    pub hours_per_day: Option<Rate>,
    /// Yuan per kWh, everything included.
    pub price: Price,
    /// Penalty multiple decided, where the rule gives only an upper limit.
    pub multiple: Option<Rate>,
}

/// What is to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TheftCharge {
    /// kWh presumed, whole.
    pub energy: Quantity,
    /// Charged afterwards.
    pub back_bill: Money,
    /// Penalty.
    pub penalty: Money,
    /// The penalty is an upper limit by this version of the rules.
    pub at_most: bool,
    /// Both together.
    pub total: Money,
    /// The rule.
    pub rule: Text,
    /// The worked calculation.
    pub steps: Vec<Row>,
}

/// Charges `theft` by `version` of the rules.
pub fn theft(theft: &Theft, version: &ChargeVersion) -> Result<TheftCharge, ChargeError> {
    let rule = &version.theft;
    let mut steps = Vec::new();
    let days = match theft.days {
        Some(days) => days,
        None => Rate::whole(rule.unknown_days)?,
    };
    let hours = theft.hours_per_day.unwrap_or(match theft.purpose {
        Purpose::Power => rule.hours_power,
        Purpose::Lighting => rule.hours_lighting,
    });
    if days.is_negative() || hours.is_negative() {
        return Err(ChargeError::negative("days and hours", "天数和时数"));
    }
    let power = match theft.stolen {
        Stolen::Energy(_) => Exact::ZERO,
        Stolen::Capacity(power) => power.exact(),
        Stolen::MeterCurrent { amperes, volts, phases } => {
            let power = volts.exact().times(amperes.exact())?.times(Exact::ratio(phases, 1000)?)?;
            steps.push(Row::new(
                "按电能表电流的功率",
                "power by the meter's current",
                format!("{phases} × {volts} V × {amperes} A ÷ 1000"),
                format!("{power} kW"),
            ));
            power
        }
    };
    let energy = match theft.stolen {
        Stolen::Energy(energy) => energy,
        _ => {
            let energy = power.times(hours.exact())?.times(days.exact())?.to_quantity(0)?;
            steps.push(Row::worded(
                Text::new("窃电量", "stolen energy"),
                Text::new(
                    format!("{power} kW × {hours} 小时 × {days} 天"),
                    format!("{power} kW × {hours} h × {days} days"),
                ),
                format!("{energy} kWh"),
            ));
            energy
        }
    };
    if energy.is_negative() || theft.price.is_negative() {
        return Err(ChargeError::negative("energy and price", "电量和电价"));
    }
    let multiple = theft.multiple.unwrap_or(rule.multiple);
    let unrounded = energy.at(theft.price);
    let back_bill = unrounded.to_money()?;
    let penalty = unrounded.times(multiple.exact())?.to_money()?;
    let total = back_bill.plus(penalty)?;
    let at_most = rule.at_most && theft.multiple.is_none();
    steps.push(Row::new(
        "补交电费",
        "charged afterwards",
        format!("{energy} × {}", theft.price),
        back_bill.to_string(),
    ));
    let (zh, en) = if at_most {
        ("违约使用电费（上限）", "penalty (upper limit)")
    } else {
        ("违约使用电费", "penalty")
    };
    steps.push(Row::new(zh, en, format!("{unrounded} × {multiple}"), penalty.to_string()));
    steps.push(Row::new("合计", "total", format!("{back_bill} + {penalty}"), total.to_string()));
    Ok(TheftCharge { energy, back_bill, penalty, at_most, total, rule: version.named(&rule.article), steps })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charges::ChargeRules;

    fn version() -> &'static ChargeVersion {
        ChargeRules::standard().unwrap().named("1996").unwrap()
    }

    /// Case THEFT-01: 180 days of 6 hours of lighting.
    #[test]
    fn unknown_period_is_180_days() {
        let case = Theft {
            stolen: Stolen::Capacity(Quantity::whole(2).unwrap()),
            purpose: Purpose::Lighting,
            days: None,
            hours_per_day: None,
            price: "0.30".parse().unwrap(),
            multiple: None,
        };
        let charge = theft(&case, version()).unwrap();
        assert_eq!(charge.energy, Quantity::whole(2160).unwrap());
        assert_eq!(
            (charge.back_bill.to_string(), charge.penalty.to_string()),
            ("648.00".into(), "1944.00".into())
        );
        let power =
            theft(&Theft { purpose: Purpose::Power, days: Some("10".parse().unwrap()), ..case }, version())
                .unwrap();
        assert_eq!(power.energy, Quantity::whole(240).unwrap());
    }

    #[test]
    fn meter_current_gives_the_power() {
        let case = Theft {
            stolen: Stolen::MeterCurrent {
                amperes: Quantity::whole(10).unwrap(),
                volts: Quantity::whole(220).unwrap(),
                phases: 1,
            },
            purpose: Purpose::Power,
            days: None,
            hours_per_day: None,
            price: "0.5".parse().unwrap(),
            multiple: None,
        };
        assert_eq!(theft(&case, version()).unwrap().energy, Quantity::whole(4752).unwrap());
    }
}
