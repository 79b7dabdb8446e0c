//! Numbers of documents as pure functions: how they are written, and which of a series are missing.

use std::ops::RangeInclusive;

use crate::DocumentKind;

/// The printed form of a number: prefix, unit's code when the series is the unit's own, year, and the number filled up
/// with zeros: `TB-S01-2026-000017`. A number longer than the width is written in full.
pub fn written(kind: &DocumentKind, unit_code: &str, year: i16, number: i64) -> String {
    let width = kind.width;
    if kind.per_unit {
        format!("{}-{unit_code}-{year:04}-{number:0width$}", kind.prefix)
    } else {
        format!("{}-{year:04}-{number:0width$}", kind.prefix)
    }
}

/// What is wrong with a series.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeriesCheck {
    /// Numbers taken that neither a document nor an explanation accounts for.
    pub unexplained: Vec<RangeInclusive<i64>>,
    /// Numbers that two documents bear.
    pub twice: Vec<i64>,
    /// Numbers that a document bears although the series never gave them out.
    pub never_given: Vec<i64>,
}

impl SeriesCheck {
    /// Is everything in order?
    pub fn is_clean(&self) -> bool {
        self.unexplained.is_empty() && self.twice.is_empty() && self.never_given.is_empty()
    }
}

/// Compares the numbers 1 to `last_given` with those documents bear (`used`) and those an explanation names
/// (`explained`), in any order.
pub fn check_series(last_given: i64, mut used: Vec<i64>, explained: &[i64]) -> SeriesCheck {
    used.sort_unstable();
    let mut check = SeriesCheck::default();
    for pair in used.windows(2) {
        if pair[0] == pair[1] && check.twice.last() != Some(&pair[0]) {
            check.twice.push(pair[0]);
        }
    }
    used.extend_from_slice(explained);
    used.sort_unstable();
    used.dedup();
    check.never_given = used.iter().copied().filter(|number| *number < 1 || *number > last_given).collect();
    let mut next = 1;
    for number in used.into_iter().filter(|number| (1..=last_given).contains(number)) {
        if number > next {
            check.unexplained.push(next..=number - 1);
        }
        next = number + 1;
    }
    if next <= last_given {
        check.unexplained.push(next..=last_given);
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind;

    /// XC-10, ADJ-18
    #[test]
    fn a_number_is_written_with_kind_unit_and_year() {
        let slip = kind("adjustment_slip").unwrap();
        assert_eq!(written(slip, "S01", 2026, 17), "TB-S01-2026-000017");
        assert_eq!(written(slip, "S01", 2026, 12_345_678), "TB-S01-2026-12345678");
        assert_eq!(written(kind("voucher").unwrap(), "S01", 2026, 1), "PZ-2026-0000001");
    }

    /// XC-10
    #[test]
    fn a_series_is_checked_number_by_number() {
        let cases: &[(i64, &[i64], &[i64], SeriesCheck)] = &[
            (0, &[], &[], SeriesCheck::default()),
            (5, &[3, 1, 2, 5, 4], &[], SeriesCheck::default()),
            (5, &[1, 2, 4, 5], &[3], SeriesCheck::default()),
            (6, &[2, 4], &[], SeriesCheck { unexplained: vec![1..=1, 3..=3, 5..=6], ..Default::default() }),
            (3, &[1, 2, 2, 2, 3], &[], SeriesCheck { twice: vec![2], ..Default::default() }),
            (2, &[0, 1, 2, 3], &[], SeriesCheck { never_given: vec![0, 3], ..Default::default() }),
        ];
        for (last, used, explained, expected) in cases {
            assert_eq!(&check_series(*last, used.to_vec(), explained), expected, "{last} {used:?}");
        }
    }
}
