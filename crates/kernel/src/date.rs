//! Dates, billing months and moments, as parameters: nothing here knows what day it is.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{FigureError, Result};

/// A day of the Gregorian calendar. Stored as the whole number `yyyymmdd`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// From year, month and day.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Date> {
        civil::Date::new(year, month, day)
            .map(Date)
            .map_err(|_| FigureError::NotADate(format!("{year}-{month}-{day}")))
    }
    /// From the stored form `yyyymmdd`.
    pub fn from_number(number: i64) -> Result<Date> {
        let wrong = || FigureError::NotADate(number.to_string());
        let year = i16::try_from(number / 10_000).map_err(|_| wrong())?;
        let month = i8::try_from(number / 100 % 100).map_err(|_| wrong())?;
        let day = i8::try_from(number % 100).map_err(|_| wrong())?;
        Date::new(year, month, day).map_err(|_| wrong())
    }
    /// The stored form `yyyymmdd`.
    pub fn number(self) -> i64 {
        i64::from(self.0.year()) * 10_000 + i64::from(self.0.month()) * 100 + i64::from(self.0.day())
    }
    /// The year.
    pub fn year(self) -> i16 {
        self.0.year()
    }
    /// The day of the month, 1 to 31.
    pub fn day(self) -> i8 {
        self.0.day()
    }
    /// The month it lies in.
    pub fn month(self) -> Month {
        Month { year: self.0.year(), month: self.0.month() }
    }
    /// Monday is 1, Sunday is 7.
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }
    /// The day `days` later, or earlier when negative; fails beyond the calendar.
    pub fn plus_days(self, days: i64) -> Result<Date> {
        self.0
            .checked_add(jiff::Span::new().try_days(days).map_err(|_| FigureError::Overflow("date"))?)
            .map(Date)
            .map_err(|_| FigureError::Overflow("date"))
    }
    /// Whole days from this day to `later`; negative when `later` is earlier.
    pub fn days_until(self, later: Date) -> i64 {
        (later.0 - self.0).get_days().into()
    }
    /// Days since 1970-01-01.
    pub fn epoch_days(self) -> i64 {
        civil::date(1970, 1, 1).until(self.0).map_or(0, |span| span.get_days().into())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day()))
    }
}
impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn numbers<const N: usize>(text: &str) -> Option<[i64; N]> {
    let mut parts = text.split('-');
    let mut found = [0; N];
    for slot in &mut found {
        let part = parts.next()?;
        if part.is_empty() || part.len() > 4 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

impl FromStr for Date {
    type Err = FigureError;
    /// Reads `2026-01-31`, `2026/1/31`, `2026.1.31`, `20260131` and `2026年1月31日`.
    fn from_str(text: &str) -> Result<Date> {
        let plain = text.trim().replace(['/', '.', '年', '月'], "-").replace('日', "");
        let wrong = || FigureError::NotADate(text.chars().take(40).collect());
        if plain.len() == 8 && plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return Date::from_number(plain.parse().map_err(|_| wrong())?).map_err(|_| wrong());
        }
        let [year, month, day] = numbers::<3>(&plain).ok_or_else(wrong)?;
        Date::from_number(year * 10_000 + month * 100 + day).map_err(|_| wrong())
    }
}

/// A calendar month, the usual billing cycle. Stored as the whole number `yyyymm`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// From year and month (1 to 12).
    pub fn new(year: i16, month: i8) -> Result<Month> {
        if (1..=12).contains(&month) && (1..=9999).contains(&year) {
            Ok(Month { year, month })
        } else {
            Err(FigureError::NotADate(format!("{year}-{month}")))
        }
    }
    /// From the stored form `yyyymm`.
    pub fn from_number(number: i64) -> Result<Month> {
        let wrong = || FigureError::NotADate(number.to_string());
        let year = i16::try_from(number / 100).map_err(|_| wrong())?;
        Month::new(year, i8::try_from(number % 100).map_err(|_| wrong())?).map_err(|_| wrong())
    }
    /// The stored form `yyyymm`.
    pub fn number(self) -> i64 {
        i64::from(self.year) * 100 + i64::from(self.month)
    }
    /// The year.
    pub fn year(self) -> i16 {
        self.year
    }
    /// The month of the year, 1 to 12.
    pub fn month_of_year(self) -> i8 {
        self.month
    }
    /// The first day.
    pub fn first_day(self) -> Date {
        Date(civil::date(self.year, self.month, 1))
    }
    /// The last day.
    pub fn last_day(self) -> Date {
        Date(civil::date(self.year, self.month, 1).last_of_month())
    }
    /// The number of calendar days, 28 to 31.
    pub fn days(self) -> i64 {
        i64::from(self.last_day().day())
    }
    /// The month `months` later, or earlier when negative; fails beyond the calendar.
    pub fn plus(self, months: i32) -> Result<Month> {
        let index = i32::from(self.year) * 12 + i32::from(self.month) - 1 + months;
        let year = i16::try_from(index.div_euclid(12)).map_err(|_| FigureError::Overflow("month"))?;
        Month::new(year, i8::try_from(index.rem_euclid(12) + 1).map_err(|_| FigureError::Overflow("month"))?)
    }
    /// The next month.
    pub fn next(self) -> Month {
        self.plus(1).unwrap_or(self)
    }
    /// The previous month.
    pub fn previous(self) -> Month {
        self.plus(-1).unwrap_or(self)
    }
    /// Whole months from this one to `later`; negative when `later` is earlier.
    pub fn months_until(self, later: Month) -> i32 {
        (i32::from(later.year) - i32::from(self.year)) * 12 + i32::from(later.month) - i32::from(self.month)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}", self.year, self.month))
    }
}
impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Month {
    type Err = FigureError;
    /// Reads `2026-01`, `2026/1`, `202601` and `2026年1月`.
    fn from_str(text: &str) -> Result<Month> {
        let plain = text.trim().replace(['/', '.', '年'], "-").replace('月', "");
        let wrong = || FigureError::NotADate(text.chars().take(40).collect());
        if plain.len() == 6 && plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return Month::from_number(plain.parse().map_err(|_| wrong())?).map_err(|_| wrong());
        }
        let [year, month] = numbers::<2>(&plain).ok_or_else(wrong)?;
        Month::from_number(year * 100 + month).map_err(|_| wrong())
    }
}

/// A moment, in milliseconds since 1970-01-01 00:00 UTC. Days are those of China Standard Time (UTC+8, no summer time).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

const CHINA_OFFSET_MS: i64 = 8 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

impl Moment {
    /// From milliseconds since 1970-01-01 00:00 UTC.
    pub const fn from_millis(millis: i64) -> Moment {
        Moment(millis)
    }
    /// Milliseconds since 1970-01-01 00:00 UTC, the stored form.
    pub const fn millis(self) -> i64 {
        self.0
    }
    /// `hour:minute` China time on `date`.
    pub fn on(date: Date, hour: i64, minute: i64) -> Moment {
        Moment(date.epoch_days() * DAY_MS + (hour * 60 + minute) * 60_000 - CHINA_OFFSET_MS)
    }
    /// The day in China.
    pub fn date(self) -> Date {
        let days = (self.0 + CHINA_OFFSET_MS).div_euclid(DAY_MS);
        Date(civil::date(1970, 1, 1)).plus_days(days).unwrap_or(Date(civil::date(1970, 1, 1)))
    }
    /// A later (or, when negative, earlier) moment.
    pub const fn plus_millis(self, millis: i64) -> Moment {
        Moment(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Moment {
    /// `2026-01-31 09:30:00` China time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = (self.0 + CHINA_OFFSET_MS).rem_euclid(DAY_MS) / 1000;
        let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        f.pad(&format!("{} {clock}", self.date()))
    }
}

macro_rules! serde_as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )*};
}
serde_as_text!(Date, Month);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them() {
        let day = Date::new(2026, 1, 31).unwrap();
        for text in ["2026-01-31", "2026/1/31", "20260131", "2026年1月31日", "2026.01.31"] {
            assert_eq!(text.parse::<Date>().unwrap(), day, "{text}");
        }
        // Eight characters, as the plain form has, and not all of them digits.
        assert_eq!("2026-1-1".parse::<Date>(), Date::new(2026, 1, 1));
        assert!("2026131".parse::<Date>().is_err() && "202601311".parse::<Date>().is_err());
        for text in ["", "2026-02-30", "2026-13-01", "31.1.2026", "2026-1", "2026-1-1-1", "今天"] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert_eq!("2026年1月".parse::<Month>().unwrap(), day.month());
    }

    #[test]
    fn months_and_days_count() {
        let month = Month::new(2024, 2).unwrap();
        assert_eq!(month.days(), 29);
        assert_eq!(month.plus(-2).unwrap(), Month::new(2023, 12).unwrap());
        assert_eq!(month.first_day().days_until(month.next().first_day()), 29);
        assert_eq!(Month::new(2023, 12).unwrap().months_until(month), 2);
        assert_eq!(month.last_day().plus_days(1).unwrap(), month.next().first_day());
    }

    #[test]
    fn the_day_changes_at_midnight_in_china() {
        let day = Date::new(2026, 1, 31).unwrap();
        let midnight = Moment::on(day, 0, 0);
        assert_eq!(midnight.date(), day);
        assert_eq!(midnight.plus_millis(-1).date(), day.plus_days(-1).unwrap());
        assert_eq!(Moment::on(day, 9, 30).to_string(), "2026-01-31 09:30:00");
    }
}
