//! The dated figures by which changes are judged: `data/change_rules.csv`.

use std::sync::LazyLock;

use identity::data_rows;
use kernel::{Date, WorkingCalendar};

use super::fault::Fault;

/// How a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Calendar days.
    Days,
    /// Working days.
    WorkingDays,
    /// Calendar months.
    Months,
    /// Hundredths.
    Percent,
    /// Kilovolt-amperes.
    Kva,
    /// How often.
    Times,
    /// Yes when it is there.
    Yes,
}

/// One figure and the days on which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRule {
    /// Its name.
    pub name: &'static str,
    /// The figure.
    pub value: i64,
    /// What it counts.
    pub unit: Unit,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Option<Date>,
    /// Where it stands.
    pub source: &'static str,
}

/// All figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRules(Vec<ChangeRule>);

static BUILT_IN: LazyLock<ChangeRules> =
    LazyLock::new(|| read().expect("the data file of this crate is checked by its tests"));

impl ChangeRules {
    /// Those embedded in this program.
    pub fn built_in() -> &'static ChangeRules {
        &BUILT_IN
    }
    /// Other figures, for instance those of a province.
    pub fn new(rules: Vec<ChangeRule>) -> ChangeRules {
        ChangeRules(rules)
    }
    /// All of them.
    pub fn all(&self) -> &[ChangeRule] {
        &self.0
    }
    /// The figure `name` as it holds on `day`, if any does.
    pub fn on(&self, name: &str, day: Date) -> Option<&ChangeRule> {
        self.0
            .iter()
            .find(|rule| rule.name == name && rule.from <= day && rule.until.is_none_or(|until| day <= until))
    }
    /// The value of `name` on `day`, if any.
    pub fn value(&self, name: &str, day: Date) -> Option<i64> {
        self.on(name, day).map(|rule| rule.value)
    }
    /// Refuses unless `applied` lies at least as far ahead of `from` as the figure `name` of that day asks. The day of
    /// the application does not count; the day of the change does.
    pub fn check_lead(
        &self,
        calendar: &WorkingCalendar,
        name: &str,
        applied: Date,
        from: Date,
    ) -> Result<(), Fault> {
        let Some(rule) = self.on(name, from) else { return Ok(()) };
        let (given, working) = match rule.unit {
            Unit::WorkingDays => {
                // New Year's Day is never worked, and its year's calendar may not be out yet.
                let new_year = from.number() % 10_000 == 101 && applied < from;
                let to = if new_year { from.plus_days(-1)? } else { from };
                (calendar.working_days_between(applied, to)?, true)
            }
            _ => (applied.days_until(from), false),
        };
        if given < rule.value {
            return Err(Fault::TooLate { applied, from, needed: rule.value, given, working });
        }
        Ok(())
    }
}

fn read() -> Result<ChangeRules, String> {
    let file = "change_rules.csv";
    let date = |text: &str| text.parse::<Date>().map_err(|error| format!("{file}: {error}"));
    data_rows(file, include_str!("../../data/change_rules.csv"))?
        .into_iter()
        .map(|[name, value, unit, from, until, source]| {
            Ok(ChangeRule {
                name,
                value: value.parse().map_err(|_| format!("{file}, {name}: value {value}"))?,
                unit: match unit {
                    "days" => Unit::Days,
                    "working_days" => Unit::WorkingDays,
                    "months" => Unit::Months,
                    "percent" => Unit::Percent,
                    "kVA" => Unit::Kva,
                    "times" => Unit::Times,
                    "yes" => Unit::Yes,
                    _ => return Err(format!("{file}, {name}: unit {unit}")),
                },
                from: date(from)?,
                until: if until.is_empty() { None } else { Some(date(until)?) },
                source,
            })
        })
        .collect::<Result<Vec<_>, String>>()
        .map(ChangeRules)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Every figure has a source, and no two of one name hold on the same day.
    #[test]
    fn figures_do_not_overlap() {
        let rules = read().unwrap();
        for (index, rule) in rules.all().iter().enumerate() {
            assert!(!rule.source.is_empty(), "{}", rule.name);
            for other in &rules.all()[index + 1..] {
                let apart = other.name != rule.name
                    || rule.until.is_some_and(|until| until < other.from)
                    || other.until.is_some_and(|until| until < rule.from);
                assert!(apart, "{}", rule.name);
            }
        }
    }
}
