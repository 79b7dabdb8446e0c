//! Irregular use of electricity (违约用电): what is charged afterwards, and the penalty.
//!
//! The penalty is a multiple of the unrounded difference, rounded once. Source: Supply Rules 1996 art. 100, 2024 art. 101.

use kernel::{Exact, Money, Price, Quantity, Rate, Text};

use super::{ChargeError, ChargeVersion};
use crate::explain::Row;

/// Electricity used at a price below the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceDifference {
    /// What was used: a known quantity, or power and hours for the time found.
    pub usage: Usage,
    /// The price that was paid, yuan per kWh.
    pub paid_price: Price,
    /// The right price, yuan per kWh.
    pub right_price: Price,
    /// A name for the statement, such as "shop".
    pub name: String,
}

/// How much was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Known kWh.
    Energy(Quantity),
    /// Power in kW for so many hours a day; days as found, or as the rule presumes when `None`.
    Power {
        /// kW.
        power_kw: Quantity,
        /// Hours a day.
        hours_per_day: Rate,
        /// Days, when known.
        days: Option<Rate>,
    },
}

/// What a two-part customer pays for capacity, or that the customer is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapacityTerms {
    /// Two-part: yuan per kVA (kW) and month, for so many months.
    TwoPart {
        /// Yuan per kVA (kW) and month.
        basic_price: Price,
        /// Months, whole or in part.
        months: Rate,
    },
    /// Single-part: a sum per kW (kVA), each time.
    SinglePart {
        /// Number of times.
        times: i64,
    },
}

/// The act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breach {
    /// Use for a purpose of a higher price, or a changed category (高价低接).
    HigherPricedUse(Vec<PriceDifference>),
    /// Capacity above the contract (私增容量), in kVA (kW).
    ExcessCapacity(Quantity, CapacityTerms),
    /// Suspended or sealed equipment used (擅自使用暂停或封存设备), in kVA (kW).
    SuspendedEquipment(Quantity, CapacityTerms),
    /// Use above the planned quota (超计划用电).
    OverQuota {
        /// kW above the quota.
        power_kw: Quantity,
        /// Number of times.
        times: i64,
        /// kWh above the quota.
        energy: Quantity,
        /// Yuan per kWh.
        price: Price,
    },
    /// A meter moved or tampered with (私自迁移、更动计量装置).
    Tampering {
        /// A household.
        resident: bool,
        /// Number of times.
        times: i64,
    },
    /// A source brought in, fed out or run in parallel (擅自引入、供出电源), in kW (kVA).
    SourceConnection(Quantity),
}

/// What is to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachCharge {
    /// kWh found, each use in turn (higher-priced use and quota only).
    pub energy: Vec<Quantity>,
    /// Charged afterwards (补交), unrounded.
    pub back_bill_unrounded: Exact,
    /// Charged afterwards (补交).
    pub back_bill: Money,
    /// Penalty (违约使用电费).
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

struct Account<'a> {
    version: &'a ChargeVersion,
    energy: Vec<Quantity>,
    steps: Vec<Row>,
}

impl Account<'_> {
    /// `multiple`: the penalty is a multiple of what is charged afterwards, which newer rules only limit.
    fn close(
        mut self,
        back_bill: Exact,
        penalty: Exact,
        multiple: bool,
        how: &str,
    ) -> Result<BreachCharge, ChargeError> {
        let (back_bill_money, penalty_money) = (back_bill.to_money()?, penalty.to_money()?);
        let total = back_bill_money.plus(penalty_money)?;
        let rule = &self.version.breach;
        let at_most = rule.at_most && multiple;
        if back_bill.signum() != 0 {
            self.steps.push(Row::new(
                "补交电费",
                "charged afterwards",
                back_bill.to_string(),
                back_bill_money.to_string(),
            ));
        }
        let (zh, en) = if at_most {
            ("违约使用电费（上限）", "penalty (upper limit)")
        } else {
            ("违约使用电费", "penalty")
        };
        self.steps.push(Row::new(zh, en, how, penalty_money.to_string()));
        self.steps.push(Row::new(
            "合计",
            "total",
            format!("{back_bill_money} + {penalty_money}"),
            total.to_string(),
        ));
        Ok(BreachCharge {
            energy: self.energy,
            back_bill_unrounded: back_bill,
            back_bill: back_bill_money,
            penalty: penalty_money,
            at_most,
            total,
            rule: self.version.named(&rule.article),
            steps: self.steps,
        })
    }

    fn capacity(
        mut self,
        capacity: Quantity,
        terms: CapacityTerms,
        multiple: Rate,
        per_kw: Money,
    ) -> Result<BreachCharge, ChargeError> {
        not_negative(capacity.is_negative(), "the capacity", "容量")?;
        match terms {
            CapacityTerms::TwoPart { basic_price, months } => {
                not_negative(months.is_negative(), "the months", "月数")?;
                let basic = capacity.at(basic_price).times(months.exact())?;
                self.steps.push(Row::new(
                    "补交基本电费",
                    "basic charge",
                    format!("{capacity} × {basic_price} × {months}"),
                    basic.to_string(),
                ));
                let penalty = basic.times(multiple.exact())?;
                self.close(basic, penalty, true, &format!("{basic} × {multiple}"))
            }
            CapacityTerms::SinglePart { times } => {
                not_negative(times < 0, "the number of times", "次数")?;
                let penalty = capacity.exact().times(per_kw.exact())?.times(Exact::whole(times))?;
                self.close(Exact::ZERO, penalty, false, &format!("{capacity} × {per_kw} × {times}"))
            }
        }
    }
}

fn not_negative(negative: bool, what: &'static str, what_zh: &'static str) -> Result<(), ChargeError> {
    if negative { Err(ChargeError::negative(what, what_zh)) } else { Ok(()) }
}

/// Charges `breach` by `version` of the rules.
pub fn breach(breach: &Breach, version: &ChargeVersion) -> Result<BreachCharge, ChargeError> {
    let rule = &version.breach;
    let mut account = Account { version, energy: Vec::new(), steps: Vec::new() };
    match breach {
        Breach::HigherPricedUse(uses) => {
            let mut difference = Exact::ZERO;
            for each in uses {
                let energy = used(each, version, &mut account.steps)?;
                let gap = each.right_price.minus(each.paid_price)?;
                let amount = energy.at(gap);
                account.steps.push(Row::worded(
                    Text::new(
                        format!("{}差额", each.name),
                        format!("{} difference", each.name).trim().to_owned(),
                    ),
                    same(format!("{energy} × ({} - {})", each.right_price, each.paid_price)),
                    amount.to_string(),
                ));
                difference = difference.plus(amount)?;
                account.energy.push(energy);
            }
            let penalty = difference.times(rule.higher_price_multiple.exact())?;
            account.close(
                difference,
                penalty,
                true,
                &format!("{difference} × {}", rule.higher_price_multiple),
            )
        }
        Breach::ExcessCapacity(capacity, terms) => {
            account.capacity(*capacity, *terms, rule.excess_capacity_multiple, rule.excess_capacity_per_kw)
        }
        Breach::SuspendedEquipment(capacity, terms) => {
            account.capacity(*capacity, *terms, rule.suspended_multiple, rule.suspended_per_kw)
        }
        Breach::OverQuota { power_kw, times, energy, price } => {
            let (Some(per_kw), Some(multiple)) = (rule.quota_per_kw, rule.quota_multiple) else {
                return Err(ChargeError::NotCharged {
                    version: version.version.clone(),
                    what: "use above a planned quota",
                    what_zh: "超计划用电",
                });
            };
            not_negative(power_kw.is_negative() || *times < 0 || energy.is_negative(), "a figure", "数值")?;
            let by_power = power_kw.exact().times(per_kw.exact())?.times(Exact::whole(*times))?;
            let by_energy = energy.at(*price).times(multiple.exact())?;
            account.energy.push(*energy);
            account.close(
                Exact::ZERO,
                by_power.plus(by_energy)?,
                false,
                &format!("{power_kw} × {per_kw} × {times} + {energy} × {price} × {multiple}"),
            )
        }
        Breach::Tampering { resident, times } => {
            not_negative(*times < 0, "the number of times", "次数")?;
            let each = if *resident { rule.tampering_resident } else { rule.tampering_other };
            let penalty = each.exact().times(Exact::whole(*times))?;
            account.close(Exact::ZERO, penalty, false, &format!("{each} × {times}"))
        }
        Breach::SourceConnection(capacity) => {
            not_negative(capacity.is_negative(), "the capacity", "容量")?;
            let penalty = capacity.exact().times(rule.source_per_kw.exact())?;
            account.close(Exact::ZERO, penalty, false, &format!("{capacity} × {}", rule.source_per_kw))
        }
    }
}

pub(crate) fn same(text: String) -> Text {
    Text::new(text.clone(), text)
}

fn used(
    each: &PriceDifference,
    version: &ChargeVersion,
    steps: &mut Vec<Row>,
) -> Result<Quantity, ChargeError> {
    match each.usage {
        Usage::Energy(energy) => {
            not_negative(energy.is_negative(), "the energy", "电量")?;
            Ok(energy)
        }
        Usage::Power { power_kw, hours_per_day, days } => {
            not_negative(
                power_kw.is_negative() || hours_per_day.is_negative(),
                "power and hours",
                "功率和时数",
            )?;
            let rule = &version.breach;
            let (days, spelled) = match days {
                Some(days) => (days, days.to_string()),
                None => {
                    let presumed = rule.unknown_months.saturating_mul(rule.days_per_month);
                    (Rate::whole(presumed)?, format!("{} × {}", rule.unknown_months, rule.days_per_month))
                }
            };
            not_negative(days.is_negative(), "the days", "天数")?;
            let energy =
                power_kw.exact().times(hours_per_day.exact())?.times(days.exact())?.to_quantity(0)?;
            steps.push(Row::worded(
                Text::new(format!("{}电量", each.name), format!("{} energy", each.name).trim().to_owned()),
                Text::new(
                    format!("{power_kw} kW × {hours_per_day} 小时 × {spelled} 天"),
                    format!("{power_kw} kW × {hours_per_day} h × {spelled} days"),
                ),
                format!("{energy} kWh"),
            ));
            Ok(energy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charges::ChargeRules;

    fn version(name: &str) -> &'static ChargeVersion {
        ChargeRules::standard().unwrap().named(name).unwrap()
    }
    fn figures(act: &Breach, name: &str) -> (String, String) {
        let charge = breach(act, version(name)).unwrap();
        (charge.back_bill.to_string(), charge.penalty.to_string())
    }
    fn pair(a: &str, b: &str) -> (String, String) {
        (a.into(), b.into())
    }

    /// Case VIOL-01: start unknown, three months; the penalty doubles the unrounded difference.
    #[test]
    fn shop_and_workshop_on_a_household_account() {
        let usage = |kw: i64, hours: i64| Usage::Power {
            power_kw: Quantity::whole(kw).unwrap(),
            hours_per_day: Rate::whole(hours).unwrap(),
            days: None,
        };
        let of = |usage, right: &str| PriceDifference {
            usage,
            paid_price: "0.5653".parse().unwrap(),
            right_price: right.parse().unwrap(),
            name: String::new(),
        };
        let act = Breach::HigherPricedUse(vec![of(usage(5, 12), "0.7625"), of(usage(3, 6), "0.8895")]);
        let charge = breach(&act, version("1996")).unwrap();
        assert_eq!(charge.energy, [Quantity::whole(5400).unwrap(), Quantity::whole(1620).unwrap()]);
        assert_eq!(charge.back_bill_unrounded.to_string(), "1590.084");
        assert_eq!(figures(&act, "1996"), pair("1590.08", "3180.17"));
        assert!(!charge.at_most && breach(&act, version("2024")).unwrap().at_most);
    }

    #[test]
    fn each_act_has_its_charge() {
        let kva = |value| Quantity::whole(value).unwrap();
        let two_part =
            CapacityTerms::TwoPart { basic_price: "30".parse().unwrap(), months: "2.5".parse().unwrap() };
        let single = CapacityTerms::SinglePart { times: 1 };
        let cases = [
            (Breach::ExcessCapacity(kva(100), two_part), "7500.00", "22500.00"),
            (Breach::ExcessCapacity(kva(40), single), "0.00", "2000.00"),
            (Breach::SuspendedEquipment(kva(100), two_part), "7500.00", "15000.00"),
            (Breach::SuspendedEquipment(kva(40), CapacityTerms::SinglePart { times: 2 }), "0.00", "2400.00"),
            (Breach::Tampering { resident: true, times: 1 }, "0.00", "500.00"),
            (Breach::Tampering { resident: false, times: 2 }, "0.00", "10000.00"),
            (Breach::SourceConnection(kva(10)), "0.00", "5000.00"),
        ];
        for (act, back_bill, penalty) in cases {
            assert_eq!(figures(&act, "1996"), pair(back_bill, penalty), "{act:?}");
        }
        let quota = Breach::OverQuota {
            power_kw: kva(20),
            times: 3,
            energy: kva(100),
            price: "0.5".parse().unwrap(),
        };
        assert_eq!(figures(&quota, "1996"), pair("0.00", "310.00"));
        assert!(matches!(breach(&quota, version("2024")), Err(ChargeError::NotCharged { .. })));
    }
}
