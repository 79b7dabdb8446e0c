//! Unmetered temporary supply (临时用电): prepaid by capacity, hours and term; half is given back when it ends early.
//!
//! Source: Supply Rules 1996, art. 87.

use kernel::{Money, Price, Quantity, Rate, Text};

use super::breach::same;
use super::{ChargeError, ChargeVersion};
use crate::explain::Row;

/// How the quantity is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// kWh agreed.
    Energy(Quantity),
    /// Capacity in kW (1 kVA counts as 1 kW), hours a day, days.
    Capacity {
        /// kW.
        power_kw: Quantity,
        /// Hours a day.
        hours_per_day: Rate,
        /// Days.
        days: Rate,
    },
}

/// An agreement on temporary supply without a meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Temporary {
    /// How the quantity is found.
    pub agreed: Agreed,
    /// Each component of the price with its name, yuan per kWh; each becomes a line.
    pub prices: Vec<(Text, Price)>,
    /// Days used, and days agreed, when the supply ended early.
    pub ended_after: Option<(Rate, Rate)>,
}

/// What is prepaid and what is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemporaryCharge {
    /// kWh, whole.
    pub energy: Quantity,
    /// One line for each component.
    pub lines: Vec<(Text, Money)>,
    /// Prepaid.
    pub prepaid: Money,
    /// Given back.
    pub refund: Money,
    /// The rule.
    pub rule: Text,
    /// The worked calculation.
    pub steps: Vec<Row>,
}

/// Charges `temporary` by `version` of the rules. Ended at exactly half of the term: nothing is given back.
pub fn temporary(temporary: &Temporary, version: &ChargeVersion) -> Result<TemporaryCharge, ChargeError> {
    let rule = &version.temporary;
    let mut steps = Vec::new();
    let energy = match temporary.agreed {
        Agreed::Energy(energy) => energy,
        Agreed::Capacity { power_kw, hours_per_day, days } => {
            let energy =
                power_kw.exact().times(hours_per_day.exact())?.times(days.exact())?.to_quantity(0)?;
            steps.push(Row::worded(
                Text::new("约定电量", "agreed energy"),
                Text::new(
                    format!("{power_kw} kW × {hours_per_day} 小时 × {days} 天"),
                    format!("{power_kw} kW × {hours_per_day} h × {days} days"),
                ),
                format!("{energy} kWh"),
            ));
            energy
        }
    };
    if energy.is_negative() {
        return Err(ChargeError::negative("the energy", "电量"));
    }
    let mut lines = Vec::new();
    for (name, price) in &temporary.prices {
        let amount = energy.at(*price).to_money()?;
        steps.push(Row::worded(name.clone(), same(format!("{energy} × {price}")), amount.to_string()));
        lines.push((name.clone(), amount));
    }
    let prepaid = Money::sum(lines.iter().map(|(_, amount)| *amount))?;
    steps.push(Row::new("预收电费", "prepaid", "", prepaid.to_string()));
    let mut refund = Money::ZERO;
    if let Some((used, agreed)) = temporary.ended_after {
        if used.is_negative() || agreed.is_negative() {
            return Err(ChargeError::negative("the days", "天数"));
        }
        if used.plus(used)? < agreed {
            refund = prepaid.times(rule.refund_share).to_money()?;
            steps.push(Row::new(
                "不足约定期限一半，退还",
                "ended before half the term, refund",
                format!("{prepaid} × {}", rule.refund_share),
                refund.to_string(),
            ));
        } else {
            steps.push(Row::note(
                "不退还",
                "no refund",
                format!("已用 {used}/{agreed} 天，达到期限一半"),
                format!("{used} of {agreed} days, half the term or more"),
            ));
        }
    }
    Ok(TemporaryCharge { energy, lines, prepaid, refund, rule: version.named(&rule.article), steps })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charges::ChargeRules;

    fn supply(ended_after: Option<(&str, &str)>) -> TemporaryCharge {
        let prices = ["0.641", "0.004", "0.02", "0.002"];
        let case = Temporary {
            agreed: Agreed::Energy(Quantity::whole(5336).unwrap()),
            prices: prices.iter().map(|price| (Text::new("价", "price"), price.parse().unwrap())).collect(),
            ended_after: ended_after.map(|(used, agreed)| (used.parse().unwrap(), agreed.parse().unwrap())),
        };
        temporary(&case, ChargeRules::standard().unwrap().named("1996").unwrap()).unwrap()
    }

    /// Case TEMP-01: 3420.38 + 21.34 + 106.72 + 10.67.
    #[test]
    fn each_component_is_a_line_of_two_decimals() {
        let charge = supply(None);
        let lines: Vec<String> = charge.lines.iter().map(|(_, amount)| amount.to_string()).collect();
        assert_eq!(lines, ["3420.38", "21.34", "106.72", "10.67"]);
        assert_eq!(charge.prepaid.to_string(), "3559.11");
    }

    #[test]
    fn half_is_given_back_before_half_the_term() {
        let cases = [
            (None, "0.00"),
            (Some(("14", "30")), "1779.56"),
            (Some(("15", "30")), "0.00"),
            (Some(("30", "30")), "0.00"),
        ];
        for (ended, refund) in cases {
            assert_eq!(supply(ended).refund.to_string(), refund, "{ended:?}");
        }
    }
}
