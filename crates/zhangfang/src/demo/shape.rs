//! The shape of consumption over the day and the year, from measured standard profiles.

use kernel::{Month, Quantity};

/// Hours of a day.
pub const HOURS: usize = 24;

/// Who consumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumer {
    /// A household.
    Household,
    /// Trade and industry.
    Trade,
    /// A farm.
    Farm,
}

/// For each month of a year and hour of the day, the share of a year's consumption, in units of 10^-9.
pub struct Shape([[u64; HOURS]; 12]);

/// Day types in the order of the columns: Saturday, Sunday and holiday, working day.
const DAY_TYPES: usize = 3;

impl Shape {
    /// The shape of `consumer` in `year`, by the calendar of that year.
    pub fn of(consumer: Consumer, year: i16) -> Shape {
        let text = match consumer {
            Consumer::Household => include_str!("../../data/load_profiles/h25.csv"),
            Consumer::Trade => include_str!("../../data/load_profiles/g25.csv"),
            Consumer::Farm => include_str!("../../data/load_profiles/l25.csv"),
        };
        let days = days_by_type(year);
        let mut energy = [[0_u64; HOURS]; 12];
        for line in text.lines().skip(2) {
            let mut cells = line.split(',');
            let Some(hour) =
                cells.next().and_then(|label| label.get(..2)).and_then(|hour| hour.parse::<usize>().ok())
            else {
                continue;
            };
            for (column, cell) in cells.take(12 * DAY_TYPES).enumerate() {
                let quarter = cell.trim().parse::<Quantity>().map_or(0, Quantity::units).max(0) as u64;
                let (month, day_type) = (column / DAY_TYPES, column % DAY_TYPES);
                if hour < HOURS {
                    energy[month][hour] += quarter * days[month][day_type];
                }
            }
        }
        let year_total: u64 = energy.iter().flatten().sum::<u64>().max(1);
        for hour in energy.iter_mut().flatten() {
            *hour = u64::try_from(u128::from(*hour) * 1_000_000_000 / u128::from(year_total)).unwrap_or(0);
        }
        Shape(energy)
    }

    /// kWh by hour of the day that a consumer of `year_kwh` whole kWh a year uses in `month`, in thousandths of a kWh.
    pub fn month(&self, month: Month, year_kwh: u64) -> [u64; HOURS] {
        self.0[usize::from(month.month_of_year().unsigned_abs()) - 1]
            .map(|share| share * year_kwh / 1_000_000)
    }
}

fn days_by_type(year: i16) -> [[u64; DAY_TYPES]; 12] {
    let mut days = [[0; DAY_TYPES]; 12];
    for (index, counts) in days.iter_mut().enumerate() {
        let Ok(month) = Month::new(year, index as i8 + 1) else { continue };
        for offset in 0..month.days() {
            match month.first_day().plus_days(offset).map_or(1, kernel::Date::weekday) {
                6 => counts[0] += 1,
                7 => counts[1] += 1,
                _ => counts[2] += 1,
            }
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_of_months_is_the_year() {
        for consumer in [Consumer::Household, Consumer::Trade, Consumer::Farm] {
            let shape = Shape::of(consumer, 2025);
            let year: u64 = (1..=12)
                .map(|month| shape.month(Month::new(2025, month).unwrap(), 2_400).iter().sum::<u64>())
                .sum();
            assert!((2_390_000..=2_400_000).contains(&year), "{consumer:?}: {year}");
        }
    }

    #[test]
    fn households_use_more_in_the_evening_than_at_night() {
        let day = Shape::of(Consumer::Household, 2026).month(Month::new(2026, 1).unwrap(), 2_400);
        assert!(day[19] > 2 * day[3]);
    }
}
