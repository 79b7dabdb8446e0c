//! Rules of reports: ratios, logical relations, deadlines, balances.

use kernel::{Date, Exact, Money, Rate};

use super::model::{ComponentTotal, StationTotal};
use crate::office::{OfficeError, Result};

/// `part ÷ whole` as a rate of four places, so that it prints as percent with two decimals; nothing when there is no
/// whole. (XC-20, XC-22, XC-23)
pub fn share(part: i64, whole: i64) -> Result<Option<Rate>> {
    if whole == 0 {
        return Ok(None);
    }
    Ok(Some(Exact::ratio(part, whole)?.to_rate(4)?))
}

/// An accounting error rate and whether it must be looked into. (BILL-21)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorRate {
    /// Bills that had to be corrected for an error of the centre.
    pub errors: i64,
    /// Bills issued.
    pub bills: i64,
    /// The rate, to ten places; nothing without bills.
    pub rate: Option<Rate>,
    /// The rate has reached the limit.
    pub flagged: bool,
}

/// The error rate against `limit`; compared without rounding, exactly at the limit is flagged. (BILL-21)
pub fn error_rate(errors: i64, bills: i64, limit: Rate) -> Result<ErrorRate> {
    if bills <= 0 {
        return Ok(ErrorRate { errors, bills, rate: None, flagged: errors > 0 });
    }
    let exact = Exact::ratio(errors, bills)?;
    Ok(ErrorRate { errors, bills, rate: Some(exact.to_rate(10)?), flagged: exact >= limit.exact() })
}

/// The components of a station must sum to its receivable, catalogue fee and funds together. (RPT-01, BILL-18)
pub fn check_relations(total: &StationTotal, components: &[ComponentTotal]) -> Result<()> {
    let own = components.iter().filter(|component| component.unit_id == total.unit_id);
    let sum = Money::sum(own.map(|component| component.amount))?;
    if sum == total.amount {
        return Ok(());
    }
    Err(OfficeError::refused(
        "RPT-01",
        format!("单位 {} 各费用项合计 {sum} 与应收 {} 不符，请先核对总账", total.unit_id, total.amount),
        format!(
            "components of unit {} sum to {sum}, receivable is {}: reconcile with the ledger first",
            total.unit_id, total.amount
        ),
    ))
}

/// May a station confirm on `today`? After the deadline only with a consent given by then. (RPT-03, RPT-04)
pub fn check_confirmation(deadline: Date, today: Date, consented_on: Option<Date>) -> Result<()> {
    if today <= deadline || consented_on.is_some_and(|day| day <= deadline) {
        return Ok(());
    }
    Err(OfficeError::refused(
        "RPT-04",
        format!("确认期限 {deadline} 已过，且期限前没有营销部书面同意"),
        format!(
            "the deadline {deadline} has passed without a written consent of the marketing department before it"
        ),
    ))
}

/// May a consent still be given on `today`? (RPT-04)
pub fn check_consent(deadline: Date, today: Date) -> Result<()> {
    if today <= deadline {
        return Ok(());
    }
    Err(OfficeError::refused(
        "RPT-04",
        format!("书面同意须在期限 {deadline} 前登记"),
        format!("a written consent must be recorded by the deadline {deadline}"),
    ))
}

/// The sum of stations. (RPT-07)
pub fn sum_stations(unit_id: i64, stations: &[StationTotal]) -> Result<StationTotal> {
    let mut total = StationTotal { unit_id, ..StationTotal::default() };
    for station in stations {
        total.bills += station.bills;
        total.energy_kwh = total.energy_kwh.plus(station.energy_kwh)?;
        total.amount = total.amount.plus(station.amount)?;
    }
    Ok(total)
}

/// Why marketing and finance differ. (RPT-10)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Another reporting basis (口径).
    Basis = 1,
    /// Bad debts written off.
    BadDebt = 2,
    /// Timing of entry (入账时间差).
    Timing = 3,
}

impl Cause {
    /// The cause with a stored number.
    pub fn from_number(number: i64) -> Option<Cause> {
        [Cause::Basis, Cause::BadDebt, Cause::Timing].into_iter().find(|cause| *cause as i64 == number)
    }
}

/// Marketing's balance less finance's, and what of it no cause explains. (RPT-10)
pub fn unexplained(
    marketing: Money,
    finance: Money,
    causes: impl IntoIterator<Item = Money>,
) -> Result<Money> {
    Ok(marketing.minus(finance)?.minus(Money::sum(causes)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Quantity, Text};

    fn yuan(text: &str) -> Money {
        text.parse().unwrap()
    }

    /// BILL-21: flagged from 0.1 % on, measured exactly.
    #[test]
    fn the_error_rate_is_flagged_at_one_in_a_thousand() {
        let limit: Rate = "0.001".parse().unwrap();
        for (errors, bills, flagged) in [
            (0, 1000, false),
            (1, 1000, true),
            (1, 1001, false),
            (999, 1_000_000, false),
            (0, 0, false),
            (1, 0, true),
        ] {
            assert_eq!(error_rate(errors, bills, limit).unwrap().flagged, flagged, "{errors}/{bills}");
        }
        assert_eq!(error_rate(0, 0, limit).unwrap().rate, None);
    }

    /// RPT-03, RPT-04: confirmation closes with its deadline unless marketing consented before it.
    #[test]
    fn late_confirmation_needs_an_earlier_consent() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let deadline = day("2025-11-28");
        assert!(check_confirmation(deadline, day("2025-11-28"), None).is_ok());
        assert_eq!(check_confirmation(deadline, day("2025-11-29"), None).unwrap_err().rule(), Some("RPT-04"));
        assert!(check_confirmation(deadline, day("2025-12-01"), Some(day("2025-11-27"))).is_ok());
        assert!(check_confirmation(deadline, day("2025-12-01"), Some(day("2025-11-29"))).is_err());
        assert!(check_consent(deadline, day("2025-11-29")).is_err());
    }

    /// RPT-01, BILL-18
    #[test]
    fn components_must_sum_to_the_receivable() {
        let total = StationTotal { unit_id: 3, bills: 2, energy_kwh: Quantity::ZERO, amount: yuan("10.00") };
        let part = |amount: &str, is_fund| ComponentTotal {
            unit_id: 3,
            code: "x".into(),
            name: Text::new("项", "x"),
            is_fund,
            amount: yuan(amount),
        };
        assert!(check_relations(&total, &[part("9.00", false), part("1.00", true)]).is_ok());
        assert_eq!(check_relations(&total, &[part("9.00", false)]).unwrap_err().rule(), Some("RPT-01"));
    }

    /// RPT-10, XC-23
    #[test]
    fn what_no_cause_explains_stays_visible() {
        let left = unexplained(yuan("100.00"), yuan("70.00"), [yuan("20.00"), yuan("-5.00")]).unwrap();
        assert_eq!(left, yuan("15.00"));
        assert_eq!(share(1, 0).unwrap(), None);
        assert_eq!(share(1, 3).unwrap().unwrap().to_string(), "0.3333");
    }
}
