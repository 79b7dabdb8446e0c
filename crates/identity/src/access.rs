//! The figures of getting in: how long a password is, how long a session lives, how long a wrong guess waits.

use std::sync::LazyLock;

use kernel::Date;

use crate::credential::PasswordCost;
use crate::table::data_rows;

/// The figures in force on one day (`data/access_rules.csv`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessRules {
    /// Least characters of a password.
    pub password_chars_min: usize,
    /// Most characters of a password.
    pub password_chars_max: usize,
    /// How many of the last passwords may not be used again.
    pub password_remembered: usize,
    /// Days after which a password must be changed; 0 is never.
    pub password_days: i64,
    /// A session ends after so long without a request, in milliseconds.
    pub session_idle_ms: i64,
    /// A session ends after so long, in milliseconds.
    pub session_ms: i64,
    /// Failures of one login before it must wait.
    pub login_failures: i64,
    /// Failures of one address before it must wait; more than of a login, since an office shares one address.
    pub address_failures: i64,
    /// The first wait, in milliseconds; each further failure doubles it.
    pub first_delay_ms: i64,
    /// The longest wait, in milliseconds.
    pub longest_delay_ms: i64,
    /// Failures are forgotten after so long without another, in milliseconds.
    pub failures_forgotten_ms: i64,
    /// What a password hash costs.
    pub cost: PasswordCost,
    /// Most days an API token is valid.
    pub token_days_max: i64,
    /// A passkey can be added for so long after the person proved who they are, in milliseconds.
    pub fresh_ms: i64,
    /// A passkey challenge is valid for so long, in milliseconds.
    pub challenge_ms: i64,
}

struct Figure {
    code: &'static str,
    value: i64,
    from: Date,
    until: Option<Date>,
}

static FIGURES: LazyLock<Vec<Figure>> =
    LazyLock::new(|| read().expect("the data files of this crate are checked by its tests"));

fn read() -> Result<Vec<Figure>, String> {
    let file = "access_rules.csv";
    data_rows(file, include_str!("../data/access_rules.csv"))?
        .into_iter()
        .map(|[code, value, from, until, _, _]| {
            let wrong = |error: &dyn std::fmt::Display| format!("{file}, {code}: {error}");
            let day = |text: &str| text.parse::<Date>().map_err(|error| wrong(&error));
            let value = value.parse::<u32>().map_err(|error| wrong(&error))?;
            let until = if until.is_empty() { None } else { Some(day(until)?) };
            Ok(Figure { code, value: i64::from(value), from: day(from)?, until })
        })
        .collect()
}

/// The figure `code` on `day`; before the first day of all, the earliest one.
fn figure(code: &str, day: Date) -> i64 {
    let of_code = || FIGURES.iter().filter(|figure| figure.code == code);
    let in_force = of_code()
        .filter(|figure| figure.from <= day && figure.until.is_none_or(|until| day <= until))
        .max_by_key(|figure| figure.from);
    in_force.or_else(|| of_code().min_by_key(|figure| figure.from)).map_or(0, |figure| figure.value)
}

impl AccessRules {
    /// The figures in force on `day`.
    pub fn on(day: Date) -> AccessRules {
        let at = |code: &str| figure(code, day);
        let size = |code: &str| usize::try_from(at(code)).unwrap_or(usize::MAX);
        let small = |code: &str| u32::try_from(at(code)).unwrap_or(u32::MAX);
        AccessRules {
            password_chars_min: size("password_chars_min"),
            password_chars_max: size("password_chars_max"),
            password_remembered: size("password_remembered"),
            password_days: at("password_days"),
            session_idle_ms: at("session_idle_minutes") * 60_000,
            session_ms: at("session_hours") * 3_600_000,
            login_failures: at("login_failures"),
            address_failures: at("address_failures"),
            first_delay_ms: at("first_delay_seconds") * 1_000,
            longest_delay_ms: at("longest_delay_seconds") * 1_000,
            failures_forgotten_ms: at("failures_forgotten_hours") * 3_600_000,
            cost: PasswordCost {
                memory_kib: small("argon2_memory_kib"),
                passes: small("argon2_passes"),
                lanes: small("argon2_lanes"),
            },
            token_days_max: at("token_days_max"),
            fresh_ms: at("fresh_minutes") * 60_000,
            challenge_ms: at("challenge_minutes") * 60_000,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_there() {
        let rules = AccessRules::on("2026-03-02".parse().unwrap());
        assert_eq!(read().unwrap().len(), 17);
        assert_eq!(
            (rules.password_chars_min, rules.password_chars_max, rules.password_remembered),
            (10, 128, 5)
        );
        assert_eq!((rules.session_idle_ms, rules.session_ms), (1_800_000, 43_200_000));
        assert_eq!((rules.login_failures, rules.first_delay_ms, rules.longest_delay_ms), (5, 5_000, 900_000));
        assert_eq!(rules.cost, PasswordCost { memory_kib: 19_456, passes: 2, lanes: 1 });
        assert!(rules.address_failures > rules.login_failures && rules.challenge_ms == 300_000);
        assert!(rules.token_days_max > 0 && rules.failures_forgotten_ms > rules.longest_delay_ms);
        assert_eq!(AccessRules::on("1950-01-01".parse().unwrap()), rules);
    }
}
