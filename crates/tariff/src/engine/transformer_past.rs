//! What happened to a transformer before a period, as the engine wants it when the period begins.

use kernel::Date;

use super::rules::Rules;
use super::transformers::changed;
use crate::model::{TransformerChange, TransformerState};

/// A transformer on its way to the day on which a period begins. The rules before 2024 limit the days of suspension in a
/// calendar year, so those of earlier suspensions are counted.
#[derive(Debug, Clone)]
pub struct TransformerPast {
    from: Date,
    new_year: Date,
    /// Days below which a suspension was charged in full and does not count for the year.
    shortest: i64,
    /// Whether the days of a year have a limit.
    limited: bool,
    state: TransformerState,
    days_suspended: i64,
}

impl TransformerPast {
    /// A transformer in `state`, before a period of `[from, to)` under the rules in force then.
    pub fn new(rules: &Rules, from: Date, to: Date, state: TransformerState) -> TransformerPast {
        let in_force = rules.regulations.iter().rfind(|regulation| regulation.from < to);
        TransformerPast {
            from,
            new_year: Date::new(from.year(), 1, 1).unwrap_or(from),
            shortest: in_force.map_or(0, |regulation| i64::from(regulation.suspension_days_min)),
            limited: in_force.is_some_and(|regulation| regulation.suspension_days_max.is_some()),
            state,
            days_suspended: 0,
        }
    }
    /// A change of the day `date`, not after the first day of the period; the earliest first.
    pub fn happened(&mut self, date: Date, change: TransformerChange) {
        if let TransformerState::Suspended { since, .. } = self.state
            && change == TransformerChange::Resume
            && since.days_until(date) >= self.shortest
        {
            self.days_suspended += self.days_of_year(since, date);
        }
        self.state = changed(self.state, change, date, 0);
    }
    /// The state when the period begins, and whether a suspension ends that very day: a transformer that runs again
    /// carries the days of the year in a suspension of no days, to be followed by its resumption on the first day.
    /// `days_this_year` stands in place of the days counted.
    pub fn begin(self, days_this_year: Option<i64>) -> (TransformerState, bool) {
        let current = match self.state {
            TransformerState::Suspended { since, .. } => self.days_of_year(since, self.from),
            _ => 0,
        };
        let days = days_this_year.unwrap_or(self.days_suspended + current);
        let days_this_year = u16::try_from(days).unwrap_or(u16::MAX);
        match self.state {
            TransformerState::Suspended { since, .. } => {
                (TransformerState::Suspended { since, days_this_year }, false)
            }
            TransformerState::Running if self.limited && days_this_year > 0 => {
                (TransformerState::Suspended { since: self.from, days_this_year }, true)
            }
            other => (other, false),
        }
    }
    fn days_of_year(&self, since: Date, until: Date) -> i64 {
        since.max(self.new_year).days_until(until).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TransformerChange::{Reduce, Resume, Suspend};
    use TransformerState::{Reduced, Running, Suspended};

    type Happened<'a> = &'a [(&'a str, TransformerChange)];

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    /// What stands at the beginning of `from` after what `happened` to a running transformer.
    fn begun(from: &str, happened: Happened<'_>, days_this_year: Option<i64>) -> (TransformerState, bool) {
        let (from, rules) = (day(from), Rules::shipped().expect("rules"));
        let to = from.plus_days(30).expect("a day");
        let mut past = TransformerPast::new(&rules, from, to, Running);
        for (date, change) in happened {
            past.happened(day(date), *change);
        }
        past.begin(days_this_year)
    }

    /// BILL-19: days of suspension count for the year when the suspension was long enough, under rules that limit them.
    #[test]
    fn days_of_the_year_are_those_of_suspensions_that_count() {
        let suspended = |since: &str, days_this_year: u16| Suspended { since: day(since), days_this_year };
        let cases: &[(&str, Happened<'_>, (TransformerState, bool))] = &[
            ("2014-06-01", &[], (Running, false)),
            (
                "2014-06-01",
                &[("2014-03-01", Suspend), ("2014-03-16", Resume)],
                (suspended("2014-06-01", 15), true),
            ),
            ("2014-06-01", &[("2014-03-01", Suspend), ("2014-03-15", Resume)], (Running, false)),
            // A change that ends no suspension counts nothing.
            (
                "2014-06-01",
                &[("2014-01-01", Suspend), ("2014-02-01", Reduce), ("2014-04-01", Resume)],
                (Running, false),
            ),
            (
                "2014-06-01",
                &[
                    ("2014-01-01", Suspend),
                    ("2014-01-31", Resume),
                    ("2014-03-01", Suspend),
                    ("2014-03-21", Resume),
                ],
                (suspended("2014-06-01", 50), true),
            ),
            (
                "2014-06-01",
                &[("2014-01-01", Suspend), ("2014-01-31", Resume), ("2014-05-01", Suspend)],
                (suspended("2014-05-01", 61), false),
            ),
            (
                "2014-06-01",
                &[("2014-01-01", Suspend), ("2014-01-31", Resume), ("2014-05-01", Reduce)],
                (Reduced, false),
            ),
            // No limit since 2016.
            ("2017-06-01", &[("2017-01-01", Suspend), ("2017-04-01", Resume)], (Running, false)),
            ("2017-06-01", &[("2017-05-01", Suspend)], (suspended("2017-05-01", 31), false)),
        ];
        for (from, happened, expected) in cases {
            assert_eq!(begun(from, happened, None), *expected, "{from} {happened:?}");
        }
    }

    /// The same, when the days are told.
    #[test]
    fn days_of_the_year_may_be_told() {
        let carried = Suspended { since: day("2014-06-01"), days_this_year: 100 };
        assert_eq!(begun("2014-06-01", &[], Some(100)), (carried, true));
        assert_eq!(begun("2017-06-01", &[], Some(100)), (Running, false));
        let spring = [("2014-03-01", Suspend), ("2014-03-21", Resume)];
        assert_eq!(begun("2014-06-01", &spring, Some(0)), (Running, false));
    }
}
