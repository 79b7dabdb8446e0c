//! The dated figures of the Supply Rules for charges outside the monthly bill.

use std::sync::OnceLock;

use kernel::{Date, Money, Rate, Text};
use serde::Deserialize;

use super::ChargeError;

/// Late fee (电费违约金) rates per day, as fractions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateFeeRule {
    /// The article.
    pub article: Text,
    /// Residents, in every year.
    pub resident: Rate,
    /// Others, days in the calendar year of the debt.
    pub same_year: Rate,
    /// Others, days in later calendar years.
    pub later_year: Rate,
    /// Least amount per receivable when overdue at all; zero switches it off.
    pub minimum: Money,
    /// Read in the text of the rule, or carried over from the version before.
    pub confirmed: bool,
}

/// Irregular use (违约用电).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreachRule {
    /// The article.
    pub article: Text,
    /// Penalty as a multiple of the price difference.
    pub higher_price_multiple: Rate,
    /// Months taken when the start is unknown.
    pub unknown_months: i64,
    /// Days taken for each of those months.
    pub days_per_month: i64,
    /// Penalty as a multiple of the basic charge of the excess capacity (two-part customers).
    pub excess_capacity_multiple: Rate,
    /// Yuan per kW (kVA) of excess capacity (other customers).
    pub excess_capacity_per_kw: Money,
    /// Yuan per kW above the planned quota, each time.
    pub quota_per_kw: Option<Money>,
    /// Penalty for electricity above the quota as a multiple of its energy charge.
    pub quota_multiple: Option<Rate>,
    /// Penalty as a multiple of the basic charge of suspended or sealed equipment (two-part customers).
    pub suspended_multiple: Rate,
    /// Yuan per kW (kVA) of suspended or sealed equipment, each time (other customers).
    pub suspended_per_kw: Money,
    /// Tampering with a meter, resident, each time.
    pub tampering_resident: Money,
    /// Tampering with a meter, others, each time.
    pub tampering_other: Money,
    /// Yuan per kW (kVA) of a source brought in, fed out or run in parallel.
    pub source_per_kw: Money,
    /// The multiples are upper limits ("not more than"), not fixed.
    pub at_most: bool,
    /// Read in the text of the rule.
    pub confirmed: bool,
    /// Figures that were not.
    #[serde(default)]
    pub unconfirmed: Vec<String>,
}

/// Theft of electricity (窃电).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TheftRule {
    /// The article.
    pub article: Text,
    /// Penalty as a multiple of the back-billed amount.
    pub multiple: Rate,
    /// Days when the period is unknown.
    pub unknown_days: i64,
    /// Hours a day for power.
    pub hours_power: Rate,
    /// Hours a day for lighting.
    pub hours_lighting: Rate,
    /// The multiple is an upper limit.
    pub at_most: bool,
    /// Read in the text of the rule.
    pub confirmed: bool,
}

/// Refunds and back-billing for metering errors (退补电量).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeteringErrorRule {
    /// The article.
    pub article: Text,
    /// Share of the time since the last check or installation for an inaccurate meter or instrument transformer.
    pub instrument_share: Rate,
    /// Read in the text of the rule.
    pub confirmed: bool,
}

/// Unmetered temporary supply (临时用电).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemporaryRule {
    /// The article.
    pub article: Text,
    /// Share of the prepaid amount given back when the supply ended before half of its term.
    pub refund_share: Rate,
    /// Read in the text of the rule.
    pub confirmed: bool,
}

/// One version of the Supply Rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeVersion {
    /// Short name: `1996`, `2024`.
    pub version: String,
    /// First day in force.
    pub from: Date,
    /// Full title.
    pub title: Text,
    /// Late fee.
    pub late_fee: LateFeeRule,
    /// Irregular use.
    pub breach: BreachRule,
    /// Theft.
    pub theft: TheftRule,
    /// Metering errors.
    pub metering_error: MeteringErrorRule,
    /// Unmetered temporary supply.
    pub temporary: TemporaryRule,
}

impl ChargeVersion {
    /// Title and article, as a bill names its rule.
    pub fn named(&self, article: &Text) -> Text {
        Text::new(format!("{}{}", self.title.zh, article.zh), format!("{}, {}", self.title.en, article.en))
    }
}

/// All versions known, by date.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeRules {
    #[serde(rename = "version")]
    versions: Vec<ChargeVersion>,
}

impl ChargeRules {
    /// Reads rule data in the form of `data/charges.toml`.
    pub fn parse(text: &str) -> Result<ChargeRules, ChargeError> {
        let mut rules: ChargeRules =
            toml::from_str(text).map_err(|error| ChargeError::RuleData(error.to_string()))?;
        rules.versions.sort_by_key(|version| version.from);
        if rules.versions.is_empty() {
            return Err(ChargeError::RuleData("no version".into()));
        }
        Ok(rules)
    }
    /// The rules the program carries.
    pub fn standard() -> Result<&'static ChargeRules, ChargeError> {
        static RULES: OnceLock<Result<ChargeRules, ChargeError>> = OnceLock::new();
        RULES
            .get_or_init(|| ChargeRules::parse(include_str!("../../data/charges.toml")))
            .as_ref()
            .map_err(Clone::clone)
    }
    /// The version in force on `date`.
    pub fn on(&self, date: Date) -> Result<&ChargeVersion, ChargeError> {
        self.versions.iter().rev().find(|version| version.from <= date).ok_or(ChargeError::NoRuleOn(date))
    }
    /// The version of that short name.
    pub fn named(&self, version: &str) -> Option<&ChargeVersion> {
        self.versions.iter().find(|known| known.version == version)
    }
    /// All versions, oldest first.
    pub fn versions(&self) -> &[ChargeVersion] {
        &self.versions
    }
    /// The same rules as if only `version` had ever been in force, for agreements that name one.
    pub fn only(&self, version: &str) -> Option<ChargeRules> {
        let mut chosen = self.named(version)?.clone();
        chosen.from = Date::new(1, 1, 1).ok()?;
        Some(ChargeRules { versions: vec![chosen] })
    }
    /// The same rules with late-fee rates of a supply contract in place of every version's.
    #[must_use]
    pub fn with_late_fee(mut self, change: impl Fn(&mut LateFeeRule)) -> ChargeRules {
        for version in &mut self.versions {
            change(&mut version.late_fee);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_follows_the_day() {
        let rules = ChargeRules::standard().unwrap();
        let on = |text: &str| rules.on(text.parse().unwrap()).map(|version| version.version.clone());
        assert_eq!(on("1996-10-08").unwrap(), "1996");
        assert_eq!(on("2024-05-31").unwrap(), "1996");
        assert_eq!(on("2024-06-01").unwrap(), "2024");
        assert!(matches!(on("1996-10-07"), Err(ChargeError::NoRuleOn(_))));
        assert_eq!(rules.only("2024").unwrap().on("1990-01-01".parse().unwrap()).unwrap().version, "2024");
    }
}
