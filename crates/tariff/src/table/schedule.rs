//! Which period of the day a half-hour belongs to: seasonal hours, holidays, hot days.

use kernel::{Date, Quantity};
use toml::Spanned;

use super::place::Source;
use super::schema::{DayTrigger, Hours, SpecialDay, TimeOfUse};
use crate::error::TableError;
use crate::model::{Period, PeriodEnergy};

/// Half-hours of a day.
pub const SLOTS: usize = 48;

/// What is known of one day, entered per day: nothing is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayFacts {
    /// A holiday in the sense of the price table.
    pub holiday: bool,
    /// Highest temperature of the day in °C, when it was recorded.
    pub celsius_max: Option<i16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Special {
    trigger: DayTrigger,
    from_celsius: i16,
    months: [bool; 12],
    slots: [Option<Period>; SLOTS],
}

/// The hours of a time-of-use price, checked: every half-hour of every month has exactly one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    code: String,
    of_month: [[Period; SLOTS]; 12],
    special: Vec<Special>,
}

impl Schedule {
    /// Its code in the table.
    pub fn code(&self) -> &str {
        &self.code
    }
    /// The periods that occur in a calendar month (0 is January), on ordinary and special days.
    pub(crate) fn periods_of(&self, month: usize) -> impl Iterator<Item = Period> {
        let special = self.special.iter().filter(move |special| special.months[month]);
        let special = special.flat_map(|special| special.slots.iter().flatten().copied());
        self.of_month[month].iter().copied().chain(special)
    }
    /// The period of the half-hour `slot` (0 is 00:00–00:30) on `date`. Later special days of the table win.
    pub fn period(&self, date: Date, slot: usize, facts: DayFacts) -> Period {
        let month = month_index(date);
        let slot = slot.min(SLOTS - 1);
        let special = self.special.iter().rev().filter(|special| {
            special.months[month]
                && match special.trigger {
                    DayTrigger::Holiday => facts.holiday,
                    DayTrigger::Hot => {
                        facts.celsius_max.is_some_and(|celsius| celsius >= special.from_celsius)
                    }
                }
        });
        special.filter_map(|special| special.slots[slot]).next().unwrap_or(self.of_month[month][slot])
    }
    /// Divides a load curve of half-hourly kWh into periods; whole kWh are the caller's affair.
    pub fn divide<'c>(
        &self,
        days: impl IntoIterator<Item = (Date, DayFacts, &'c [Quantity; SLOTS])>,
    ) -> kernel::Result<PeriodEnergy> {
        let mut energy = PeriodEnergy::default();
        for (date, facts, curve) in days {
            for (slot, kwh) in curve.iter().enumerate() {
                let place = self.period(date, slot, facts).index();
                energy.0[place] = energy.0[place].plus(*kwh)?;
            }
        }
        Ok(energy)
    }
}

fn month_index(date: Date) -> usize {
    usize::from(date.month().month_of_year().unsigned_abs()).saturating_sub(1) % 12
}

fn slot_of(clock: &str) -> Option<usize> {
    let (hour, minute) = clock.trim().split_once(':')?;
    let (hour, minute): (usize, usize) = (hour.parse().ok()?, minute.parse().ok()?);
    let half = match minute {
        0 => 0,
        30 => 1,
        _ => return None,
    };
    hour.checked_mul(2)?.checked_add(half).filter(|slot| *slot <= SLOTS)
}

fn fill(source: &Source<'_>, hours: &Hours) -> Result<[Option<Period>; SLOTS], TableError> {
    let mut slots = [None; SLOTS];
    for (period, ranges) in hours {
        for range in ranges {
            let wrong = || {
                source.error(
                    range.span(),
                    format!("“{}”不是“18:00-20:00”这样的时段（整点或半点）", range.as_ref()),
                    format!(
                        "{:?} is not hours such as \"18:00-20:00\", on the hour or half-hour",
                        range.as_ref()
                    ),
                )
            };
            let (from, to) = range.as_ref().split_once('-').ok_or_else(wrong)?;
            let (from, to) = (slot_of(from).ok_or_else(wrong)?, slot_of(to).ok_or_else(wrong)?);
            if from >= to || *period == Period::Total {
                return Err(wrong());
            }
            for slot in &mut slots[from..to] {
                if slot.replace(*period).is_some() {
                    return Err(source.error(
                        range.span(),
                        format!("时段 {} 与另一时段重叠", range.as_ref()),
                        format!("{} overlaps another period", range.as_ref()),
                    ));
                }
            }
        }
    }
    Ok(slots)
}

/// Marks months, each between 1 and 12.
pub(super) fn months(source: &Source<'_>, months: &[Spanned<u8>]) -> Result<[bool; 12], TableError> {
    let mut marked = [false; 12];
    for month in months {
        let slot = usize::from(*month.as_ref()).checked_sub(1).and_then(|place| marked.get_mut(place));
        match slot {
            Some(slot) if !*slot => *slot = true,
            _ => {
                let month_text = month.as_ref();
                return Err(source.error(
                    month.span(),
                    format!("月份 {month_text} 不在 1 至 12 之间或重复"),
                    format!("month {month_text} is not between 1 and 12, or is repeated"),
                ));
            }
        }
    }
    Ok(marked)
}

fn special(source: &Source<'_>, day: &Spanned<SpecialDay>) -> Result<Special, TableError> {
    let rule = day.as_ref();
    let from_celsius = match (rule.when, rule.from_celsius) {
        (DayTrigger::Hot, Some(celsius)) => celsius,
        (DayTrigger::Holiday, None) => 0,
        _ => {
            return Err(source.error(
                day.span(),
                "when = \"hot\" 须有 from_celsius，\"holiday\" 不得有",
                "when = \"hot\" needs from_celsius, and \"holiday\" has none",
            ));
        }
    };
    let months = if rule.months.is_empty() { [true; 12] } else { months(source, &rule.months)? };
    Ok(Special { trigger: rule.when, from_celsius, months, slots: fill(source, &rule.hours)? })
}

/// Checks and compiles the hours of one time-of-use price.
pub(super) fn schedule(source: &Source<'_>, tou: &TimeOfUse) -> Result<Schedule, TableError> {
    let mut of_month: [Option<[Period; SLOTS]>; 12] = [None; 12];
    for season in &tou.season {
        let slots = fill(source, &season.as_ref().hours)?;
        // Hours that are not named are flat, when the season names no flat hours itself.
        let rest = (!season.as_ref().hours.contains_key(&Period::Flat)).then_some(Period::Flat);
        let mut whole = [Period::Flat; SLOTS];
        for (place, (slot, named)) in whole.iter_mut().zip(slots).enumerate() {
            *slot = named.or(rest).ok_or_else(|| {
                let clock = format!("{:02}:{:02}", place / 2, place % 2 * 30);
                source.error(
                    season.span(),
                    format!("本季 {clock} 没有时段"),
                    format!("no period is named for {clock} in this season"),
                )
            })?;
        }
        let marked = months(source, &season.as_ref().months)?;
        for (slot, _) in of_month.iter_mut().zip(marked).filter(|(_, marked)| *marked) {
            if slot.replace(whole).is_some() {
                return Err(source.error(
                    season.span(),
                    "同一月份属于两季",
                    "a month belongs to two seasons",
                ));
            }
        }
    }
    let mut all = [[Period::Flat; SLOTS]; 12];
    for (place, (slot, found)) in all.iter_mut().zip(of_month).enumerate() {
        *slot = found.ok_or_else(|| {
            source.error(
                tou.code.span(),
                format!("{} 月没有时段", place + 1),
                format!("no season has month {}", place + 1),
            )
        })?;
    }
    let special = tou.day.iter().map(|day| special(source, day)).collect::<Result<Vec<_>, _>>()?;
    Ok(Schedule { code: tou.code.as_ref().clone(), of_month: all, special })
}
