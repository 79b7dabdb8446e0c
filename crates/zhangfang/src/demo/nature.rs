//! How real customers live: habits that last, and what happens in a month. Drawn from the seed like everything else.

use kernel::Month;

use super::population::{Customer, Kind, Population};

/// Habits and chances that move consumption beside the standard profile.
pub struct Nature;

/// The month of the Spring Festival, in which works and shops stand still for a while.
fn festival(year: i16) -> i8 {
    // 2023-01-22, 2024-02-10, 2025-01-29, 2026-02-17
    if matches!(year, 2023 | 2025) { 1 } else { 2 }
}

impl Nature {
    /// Consumption of `month` in thousandths of what the profile says.
    pub(super) fn per_mille(&self, population: &Population, customer: &Customer, month: Month) -> u64 {
        let household = matches!(
            customer.kind,
            Kind::Household
                | Kind::HouseholdTimeOfUse
                | Kind::LargeHousehold
                | Kind::ReliefHousehold
                | Kind::ResidentialFlat
        );
        let number = month.number().unsigned_abs();
        // The weather of a station and month is the same for everybody there.
        let mut weather = population.rng(customer.station as u64 + 1_000_000_007, number);
        let common = if household { weather.u64(860..1180) } else { weather.u64(940..1070) };
        let mut trait_of = population.rng(customer.index, 101);
        let mut chance = population.rng(customer.index, number.wrapping_mul(31) + 7);
        let back = month.months_until(population.month).unsigned_abs().min(24);
        let of_year = month.month_of_year();
        let mut level = common;
        let mut by = |per_mille: u64| level = level * per_mille / 1000;

        // Each month's own chance: quiet homes and restless ones.
        let width = match customer.kind {
            _ if household => trait_of.u64(50..330),
            Kind::Shop | Kind::GroupMember | Kind::Farm => trait_of.u64(50..260),
            _ => trait_of.u64(30..170),
        };
        by(1000 - width + (chance.u64(0..=2 * width) + chance.u64(0..=2 * width)) / 2);
        // Growth or decline over the year.
        let trend = trait_of.u64(0..24);
        by(1000 + trend * 12 - trend * u64::from(back.min(12)));

        let heats = trait_of.u64(400..1700).max(1000);
        let cools = trait_of.u64(700..2300).max(1000);
        let (habit, since) = (trait_of.u32(..1000), trait_of.u32(1..16));
        if household {
            match of_year {
                12 | 1 | 2 => by(heats),
                7 | 8 => by(cools),
                6 | 9 => by((1000 + cools) / 2),
                _ => {}
            }
            match habit {
                // Empty flats; moved out, moved in; a new boiler or air conditioner; guests for good.
                0..40 => by(chance.u64(10..90)),
                40..58 if back < since => by(chance.u64(20..160)),
                58..80 if back >= since => by(chance.u64(20..160)),
                80..135 if back < since => by(1000 + u64::from(habit) * 6),
                _ => {}
            }
            let away = match of_year == festival(month.year()) {
                true => 120,
                false => 45,
            };
            match chance.u32(..1000) {
                draw if draw < away => by(chance.u64(150..750)),
                draw if draw < away + 30 => by(chance.u64(1250..2000)),
                _ => {}
            }
        } else {
            if of_year == festival(month.year()) {
                by(chance.u64(550..900));
            }
            match habit {
                // Given up; opened or extended; works that follow their orders.
                0..12 if back < since => by(chance.u64(5..60)),
                12..40 if back < since => by(trait_of.u64(1200..2400)),
                40..90 => by(chance.u64(600..1500)),
                _ => {}
            }
            match chance.u32(..1000) {
                0..14 => by(chance.u64(30..600)),
                14..24 => by(chance.u64(1300..2200)),
                _ => {}
            }
        }
        level
    }
}
