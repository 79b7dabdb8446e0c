//! Values that change by date: prices, rates, parameters, holders of a post.

use serde::{Deserialize, Serialize};

use crate::{Date, FigureError, Result};

/// One value and the days on which it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spell<T> {
    /// The first day.
    pub from: Date,
    /// The last day, included; without it the value holds until the day before the next one begins, or for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// The value.
    pub value: T,
}

/// The days within a range on which one value holds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval<'a, T> {
    /// The first day.
    pub first: Date,
    /// The last day, included.
    pub last: Date,
    /// The value.
    pub value: &'a T,
}

/// A value that changes by date: ordered by first day, with at most one value on any day.
///
/// ```
/// # use kernel::{Date, Effective};
/// let rate = Effective::from_days([(Date::new(2024, 1, 1)?, 10), (Date::new(2025, 7, 1)?, 12)])?;
/// assert_eq!(rate.value_at(Date::new(2025, 6, 30)?), Some(&10));
/// assert_eq!(rate.value_at(Date::new(2023, 12, 31)?), None);
/// # Ok::<(), kernel::FigureError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Spell<T>>", into = "Vec<Spell<T>>", bound(serialize = "T: Clone + Serialize"))]
pub struct Effective<T> {
    spells: Vec<Spell<T>>,
}

impl<T> Default for Effective<T> {
    fn default() -> Self {
        Effective { spells: Vec::new() }
    }
}

impl<T> Effective<T> {
    /// From spells in any order. Refuses two from the same day, two that overlap, and one that ends before it begins
    /// ([`FigureError::Overlap`]).
    pub fn new(spells: impl IntoIterator<Item = Spell<T>>) -> Result<Effective<T>> {
        let mut spells: Vec<Spell<T>> = spells.into_iter().collect();
        spells.sort_by_key(|spell| spell.from);
        for spell in &spells {
            if spell.until.is_some_and(|until| until < spell.from) {
                return Err(FigureError::Overlap(spell.from));
            }
        }
        for pair in spells.windows(2) {
            if pair[0].from == pair[1].from || pair[0].until.is_some_and(|until| until >= pair[1].from) {
                return Err(FigureError::Overlap(pair[1].from));
            }
        }
        Ok(Effective { spells })
    }

    /// From first days and values, each holding until the next; refuses two from the same day.
    pub fn from_days(values: impl IntoIterator<Item = (Date, T)>) -> Result<Effective<T>> {
        Effective::new(values.into_iter().map(|(from, value)| Spell { from, until: None, value }))
    }

    /// The spells in order of their first day, as given.
    pub fn spells(&self) -> &[Spell<T>] {
        &self.spells
    }

    /// The value that holds on `date`, if any.
    pub fn value_at(&self, date: Date) -> Option<&T> {
        let after = self.spells.partition_point(|spell| spell.from <= date);
        let spell = self.spells.get(after.checked_sub(1)?)?;
        spell.until.is_none_or(|until| date <= until).then_some(&spell.value)
    }

    /// The values that hold from `first` to `last` (both included) in order, cut to that range; days without a value
    /// are in none of them.
    pub fn intervals(&self, first: Date, last: Date) -> Vec<Interval<'_, T>> {
        let start = self.spells.partition_point(|spell| spell.from <= first).saturating_sub(1);
        let mut found = Vec::new();
        for (index, spell) in self.spells.iter().enumerate().skip(start) {
            if spell.from > last {
                break;
            }
            // A spell begins at least one day after the one before it, so the day before exists.
            let before_next =
                self.spells.get(index + 1).map(|next| next.from.plus_days(-1).unwrap_or(spell.from));
            let end = [spell.until, before_next].into_iter().flatten().min().unwrap_or(last).min(last);
            let begin = spell.from.max(first);
            if begin <= end {
                found.push(Interval { first: begin, last: end, value: &spell.value });
            }
        }
        found
    }

    /// The first day from `first` to `last` (both included) on which no value holds.
    pub fn first_gap(&self, first: Date, last: Date) -> Option<Date> {
        let mut day = first;
        for interval in self.intervals(first, last) {
            if interval.first > day {
                break;
            }
            day = match interval.last.plus_days(1) {
                Ok(next) => next,
                Err(_) => return None,
            };
        }
        (day <= last).then_some(day)
    }
}

impl<T> TryFrom<Vec<Spell<T>>> for Effective<T> {
    type Error = FigureError;
    fn try_from(spells: Vec<Spell<T>>) -> Result<Effective<T>> {
        Effective::new(spells)
    }
}

impl<T> From<Effective<T>> for Vec<Spell<T>> {
    fn from(effective: Effective<T>) -> Vec<Spell<T>> {
        effective.spells
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn spell(from: &str, until: Option<&str>, value: i32) -> Spell<i32> {
        Spell { from: day(from), until: until.map(day), value }
    }

    #[test]
    fn a_value_holds_from_its_first_day_until_the_next() {
        let price =
            Effective::from_days([(day("2025-07-01"), 2), (day("2024-01-01"), 1), (day("2026-01-01"), 3)])
                .unwrap();
        let cases = [
            ("2023-12-31", None),
            ("2024-01-01", Some(1)),
            ("2025-06-30", Some(1)),
            ("2025-07-01", Some(2)),
            ("2025-12-31", Some(2)),
            ("2099-01-01", Some(3)),
        ];
        for (date, value) in cases {
            assert_eq!(price.value_at(day(date)).copied(), value, "{date}");
        }
    }

    #[test]
    fn overlaps_are_refused_and_touching_spells_are_not() {
        let refused = [
            vec![spell("2026-01-01", None, 1), spell("2026-01-01", None, 1)],
            vec![spell("2026-01-01", Some("2026-03-01"), 1), spell("2026-03-01", None, 2)],
            vec![spell("2026-01-02", Some("2026-01-01"), 1)],
        ];
        for spells in refused {
            assert!(matches!(Effective::new(spells.clone()), Err(FigureError::Overlap(_))), "{spells:?}");
        }
        let touching = [spell("2026-01-01", Some("2026-02-28"), 1), spell("2026-03-01", None, 2)];
        assert!(Effective::new(touching).is_ok());
    }

    #[test]
    fn a_month_is_cut_where_the_value_changes() {
        let rate = Effective::new([
            spell("2026-01-10", Some("2026-01-15"), 1),
            spell("2026-01-20", None, 2),
            spell("2026-01-25", None, 3),
        ])
        .unwrap();
        let found: Vec<_> = rate
            .intervals(day("2026-01-12"), day("2026-01-31"))
            .into_iter()
            .map(|interval| (interval.first, interval.last, *interval.value))
            .collect();
        let expected = [
            (day("2026-01-12"), day("2026-01-15"), 1),
            (day("2026-01-20"), day("2026-01-24"), 2),
            (day("2026-01-25"), day("2026-01-31"), 3),
        ];
        assert_eq!(found, expected);
        assert_eq!(rate.first_gap(day("2026-01-12"), day("2026-01-31")), Some(day("2026-01-16")));
        assert_eq!(rate.first_gap(day("2026-01-20"), day("2030-01-31")), None);
        assert_eq!(rate.first_gap(day("2026-01-01"), day("2026-01-05")), Some(day("2026-01-01")));
        assert!(rate.intervals(day("2026-02-01"), day("2026-01-01")).is_empty());
    }

    #[test]
    fn the_stored_form_is_checked_when_it_is_read() {
        let good =
            r#"[{"from":"2026-01-01","value":5},{"from":"2026-02-01","until":"2026-02-10","value":6}]"#;
        let read: Effective<i32> = serde_json::from_str(good).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), good);
        let bad = r#"[{"from":"2026-01-01","value":5},{"from":"2026-01-01","value":6}]"#;
        assert!(serde_json::from_str::<Effective<i32>>(bad).is_err());
    }

    proptest! {
        /// Day by day, the intervals say the same as `value_at`.
        #[test]
        fn intervals_agree_with_every_day(
            starts in prop::collection::btree_map(0_i64..120, prop::option::of(0_i64..20), 0..12),
            first in 0_i64..130, length in 0_i64..60,
        ) {
            let epoch = day("2026-01-01");
            let at = |offset: i64| epoch.plus_days(offset).unwrap();
            let spells = starts.iter().map(|(from, length)| Spell {
                from: at(*from), until: length.map(|length| at(from + length)), value: *from,
            });
            let Ok(effective) = Effective::new(spells) else { return Ok(()) };
            let intervals = effective.intervals(at(first), at(first + length));
            let mut gap = None;
            for offset in first..=first + length {
                let date = at(offset);
                let within: Vec<_> =
                    intervals.iter().filter(|interval| interval.first <= date && date <= interval.last).collect();
                prop_assert!(within.len() <= 1);
                prop_assert_eq!(within.first().map(|interval| interval.value), effective.value_at(date));
                if within.is_empty() && gap.is_none() {
                    gap = Some(date);
                }
            }
            prop_assert_eq!(effective.first_gap(at(first), at(first + length)), gap);
        }
    }
}
