//! The working calendar (工作日历): which days people work, and deadlines counted in them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Date, FigureError, Result, Text};

/// The days of mainland China that the State Council's yearly notices (国务院办公厅关于部分节假日安排的通知) move.
const MAINLAND_CHINA: &str = include_str!("../data/holidays.csv");

/// What a notice says of a day that is not an ordinary day of its week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// A day off (放假), be it a festival, a bridging day or the weekend beside it.
    Holiday,
    /// A day of the weekend that is worked instead (调休上班).
    Working,
}

/// One day that differs from the ordinary week, or a weekend day that belongs to a holiday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecialDay {
    /// The day.
    pub date: Date,
    /// Off or worked.
    pub kind: DayKind,
    /// The festival it belongs to.
    pub name: Text,
}

/// Which days are worked: Monday to Friday, except as special days say. Years outside the data are refused, never
/// guessed, because nobody knows the shifted days before the notice is out.
#[derive(Debug, Clone)]
pub struct WorkingCalendar {
    special: BTreeMap<Date, (DayKind, Text)>,
    years: BTreeSet<i16>,
}

impl WorkingCalendar {
    /// The official calendar of mainland China for 2024, 2025 and 2026.
    pub fn mainland_china() -> Result<WorkingCalendar> {
        WorkingCalendar::from_csv(MAINLAND_CHINA)
    }

    /// From special days. The years covered are those whose New Year's Day (1 January, always a holiday) is among
    /// them; a special day in any other year is refused as part of an incomplete year, and so is a day given twice.
    pub fn new(days: impl IntoIterator<Item = SpecialDay>) -> Result<WorkingCalendar> {
        let mut special = BTreeMap::new();
        for day in days {
            if special.insert(day.date, (day.kind, day.name)).is_some() {
                return Err(FigureError::BadCalendar(format!("{}", day.date)));
            }
        }
        let new_year = |date: &Date| date.number() % 10_000 == 101;
        let years: BTreeSet<i16> = special
            .iter()
            .filter(|(date, day)| new_year(date) && day.0 == DayKind::Holiday)
            .map(|(date, _)| date.year())
            .collect();
        match special.keys().find(|date| !years.contains(&date.year())) {
            Some(date) => Err(FigureError::BadCalendar(format!("{date}, {}-01-01", date.year()))),
            None => Ok(WorkingCalendar { special, years }),
        }
    }

    /// From lines `date,kind,name_zh,name_en` under that heading, `kind` being `holiday` or `working`.
    pub fn from_csv(text: &str) -> Result<WorkingCalendar> {
        let mut days = Vec::new();
        for line in
            text.trim_start_matches('\u{feff}').lines().map(str::trim).skip(1).filter(|line| !line.is_empty())
        {
            let wrong = || FigureError::BadCalendar(line.chars().take(40).collect());
            let fields: Vec<&str> = line.split(',').collect();
            let [date, kind, zh, en] = fields[..] else { return Err(wrong()) };
            let kind = match kind {
                "holiday" => DayKind::Holiday,
                "working" => DayKind::Working,
                _ => return Err(wrong()),
            };
            days.push(SpecialDay { date: date.parse().map_err(|_| wrong())?, kind, name: Text::new(zh, en) });
        }
        WorkingCalendar::new(days)
    }

    /// The years covered, in order.
    pub fn years(&self) -> impl Iterator<Item = i16> + '_ {
        self.years.iter().copied()
    }

    fn covered(&self, date: Date) -> Result<()> {
        if self.years.contains(&date.year()) { Ok(()) } else { Err(FigureError::NoCalendar(date.year())) }
    }

    /// Is `date` worked? Fails with [`FigureError::NoCalendar`] outside the years covered.
    pub fn is_working_day(&self, date: Date) -> Result<bool> {
        self.covered(date)?;
        Ok(match self.special.get(&date) {
            Some((kind, _)) => *kind == DayKind::Working,
            None => date.weekday() <= 5,
        })
    }

    /// The festival that makes `date` a day off; nothing for ordinary and shifted working days and plain weekends.
    /// Fails outside the years covered.
    pub fn holiday(&self, date: Date) -> Result<Option<&Text>> {
        self.covered(date)?;
        Ok(self.special.get(&date).filter(|(kind, _)| *kind == DayKind::Holiday).map(|(_, name)| name))
    }

    /// The last day of a time limit of `days` working days that begins with an event on `from`.
    ///
    /// The day of the event does not count, whether worked or not: the first working day after it is day 1 (Civil
    /// Code, art. 201). A limit of no days ends on `from` itself. Fails when the count leaves the years covered.
    pub fn add_working_days(&self, from: Date, days: u32) -> Result<Date> {
        self.covered(from)?;
        let (mut date, mut left) = (from, days);
        while left > 0 {
            date = date.plus_days(1)?;
            left -= u32::from(self.is_working_day(date)?);
        }
        Ok(date)
    }

    /// The first working day on or after `date`: where a limit in calendar days ends when its last day is a day off
    /// (Civil Code, art. 203).
    pub fn working_day_from(&self, date: Date) -> Result<Date> {
        let mut date = date;
        while !self.is_working_day(date)? {
            date = date.plus_days(1)?;
        }
        Ok(date)
    }

    /// Working days after `from` up to and including `to`, so that the day of an event does not count and the day of
    /// the answer does; negative when `to` is earlier. Fails when either lies outside the years covered.
    pub fn working_days_between(&self, from: Date, to: Date) -> Result<i64> {
        if to < from {
            return self.working_days_between(to, from).map(|days| -days);
        }
        self.covered(from)?;
        self.covered(to)?;
        let (mut date, mut days) = (from, 0);
        while date < to {
            date = date.plus_days(1)?;
            days += i64::from(self.is_working_day(date)?);
        }
        Ok(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// XC-07: every day of three years agrees with an independent calendar.
    #[test]
    fn every_day_agrees_with_an_independent_calendar() {
        let calendar = WorkingCalendar::mainland_china().unwrap();
        let fixture = include_str!("../tests/fixtures/chinese_calendar_days.csv");
        let mut next = day("2024-01-01");
        for line in fixture.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())) {
            let (date, working) = line.split_once(',').unwrap();
            assert_eq!(day(date), next);
            assert_eq!(calendar.is_working_day(next).unwrap(), working == "1", "{date}");
            next = next.plus_days(1).unwrap();
        }
        assert_eq!(next, day("2027-01-01"));
    }

    /// The special days themselves make sense: a shifted working day lies on a weekend, and every festival is there.
    #[test]
    fn the_data_are_plausible() {
        let calendar = WorkingCalendar::mainland_china().unwrap();
        assert_eq!(calendar.years().collect::<Vec<_>>(), [2024, 2025, 2026]);
        for (date, (kind, _)) in &calendar.special {
            assert!(*kind == DayKind::Holiday || date.weekday() >= 6, "{date}");
        }
        for year in calendar.years() {
            for name in ["元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节"]
            {
                assert!(
                    calendar
                        .special
                        .iter()
                        .any(|(date, (_, text))| date.year() == year && text.zh.contains(name))
                );
            }
        }
    }

    /// XC-07
    #[test]
    fn deadlines_skip_holidays_and_use_shifted_days() {
        let calendar = WorkingCalendar::mainland_china().unwrap();
        let cases = [
            // received, working days, due
            ("2026-02-13", 1, "2026-02-14"), // a Saturday worked before the Spring Festival
            ("2026-02-14", 1, "2026-02-24"),
            ("2026-02-18", 1, "2026-02-24"), // received within the holiday
            ("2026-02-13", 6, "2026-02-28"), // another worked Saturday
            ("2025-09-30", 3, "2025-10-11"),
            ("2025-12-31", 2, "2026-01-05"), // over the year, Sunday 4 January is worked
            ("2026-03-31", 4, "2026-04-07"), // four working days after the month's end
            ("2026-07-01", 0, "2026-07-01"),
        ];
        for (from, days, due) in cases {
            assert_eq!(calendar.add_working_days(day(from), days).unwrap(), day(due), "{from} + {days}");
        }
        assert_eq!(calendar.working_day_from(day("2026-10-01")).unwrap(), day("2026-10-08"));
        assert_eq!(calendar.working_days_between(day("2026-02-13"), day("2026-02-28")).unwrap(), 6);
        assert_eq!(calendar.holiday(day("2025-10-06")).unwrap().unwrap().zh, "国庆节、中秋节");
        assert_eq!(calendar.holiday(day("2026-02-14")).unwrap(), None);
    }

    /// XC-07
    #[test]
    fn years_without_data_are_refused() {
        let calendar = WorkingCalendar::mainland_china().unwrap();
        assert_eq!(calendar.is_working_day(day("2027-01-04")), Err(FigureError::NoCalendar(2027)));
        assert_eq!(calendar.holiday(day("2023-12-31")), Err(FigureError::NoCalendar(2023)));
        assert_eq!(calendar.add_working_days(day("2026-12-31"), 1), Err(FigureError::NoCalendar(2027)));
        assert!(calendar.working_days_between(day("2026-12-31"), day("2027-01-01")).is_err());
        assert!(calendar.working_day_from(day("2023-01-01")).is_err());
    }

    #[test]
    fn bad_data_are_refused() {
        for lines in [
            "2026-01-01,holiday,元旦",
            "2026-01-01,free,元旦,New Year",
            "2026-02-30,holiday,春节,Spring Festival",
            "2026-01-01,holiday,元旦,New Year\n2026-01-01,holiday,元旦,New Year",
            "2026-05-01,holiday,劳动节,Labour Day",
        ] {
            let text = format!("date,kind,name_zh,name_en\n{lines}\n");
            assert!(matches!(WorkingCalendar::from_csv(&text), Err(FigureError::BadCalendar(_))), "{lines}");
        }
    }

    proptest! {
        /// XC-07: counting days and adding days are each other's inverse.
        #[test]
        fn adding_and_counting_agree(offset in 0_i64..900, days in 1_u32..100) {
            let calendar = WorkingCalendar::mainland_china().unwrap();
            let from = day("2024-01-01").plus_days(offset).unwrap();
            let due = calendar.add_working_days(from, days).unwrap();
            prop_assert!(calendar.is_working_day(due).unwrap());
            prop_assert_eq!(calendar.working_days_between(from, due).unwrap(), i64::from(days));
            prop_assert_eq!(calendar.working_days_between(due, from).unwrap(), -i64::from(days));
        }
    }
}
