//! What Excel stores, as text: numbers without binary noise, dates in ISO form. Only texts and whole numbers are
//! calculated with.

use kernel::Date;

use crate::Reason;

/// Excel shows and keeps fifteen digits.
const DIGITS_KEPT: usize = 15;
/// 9999-12-31 in either date system.
const DAYS_MAX: i64 = 2_958_465;

/// The number that was typed or calculated: the shortest text that reads back as the stored value, or, when that has
/// more than fifteen digits (the noise of a calculation), the fifteen digits Excel shows.
///
/// A whole part of more than fifteen digits has lost its last digits in Excel already and is refused.
pub(crate) fn number_text(value: f64) -> Result<String, Reason> {
    if !value.is_finite() {
        return Err(Reason::NotANumber);
    }
    let shortest = format!("{value}");
    let unsigned = shortest.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.len() > DIGITS_KEPT {
        return Err(Reason::DigitsLost);
    }
    let digits = format!("{whole}{fraction}");
    if digits.trim_start_matches('0').len() <= DIGITS_KEPT {
        return Ok(if shortest == "-0" { "0".into() } else { shortest });
    }
    let rounded = format!("{value:.14e}");
    plain(&rounded).ok_or(Reason::NotANumber)
}

/// `-1.25e-3` as `-0.00125`.
fn plain(scientific: &str) -> Option<String> {
    let (mantissa, exponent) = scientific.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let text = if point <= 0 {
        format!("0.{}{digits}", "0".repeat(usize::try_from(-point).ok()?))
    } else {
        let point = usize::try_from(point).ok()?;
        let (whole, fraction) = digits.split_at_checked(point).unwrap_or((&digits, ""));
        format!("{whole:0<point$}.{fraction}")
    };
    Some(format!("{sign}{}", text.trim_end_matches('0').trim_end_matches('.')))
}

/// The day and time that the stored serial number means: `2026-01-31`, `2026-01-31 09:30:00`, or `09:30:00` for a
/// time without a day and for a duration. Seconds are rounded half up.
pub(crate) fn date_text(serial: f64, from_1904: bool, duration: bool) -> Result<String, Reason> {
    let text = format!("{serial}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut days: i64 = whole.parse().map_err(|_| Reason::ImpossibleDate)?;
    if !(0..=DAYS_MAX).contains(&days) || text.starts_with('-') {
        return Err(Reason::ImpossibleDate);
    }
    // Twelve decimals of a day are a tenth of a microsecond.
    let fraction = &fraction[..fraction.len().min(12)];
    let parts = fraction.parse::<i64>().unwrap_or(0);
    let scale = 10_i64.pow(u32::try_from(fraction.len()).map_err(|_| Reason::ImpossibleDate)?);
    let mut seconds = (parts * 86_400 + scale / 2) / scale;
    if seconds == 86_400 {
        days += 1;
        seconds = 0;
    }
    let clock = |hours: i64| format!("{hours:02}:{:02}:{:02}", seconds / 60 % 60, seconds % 60);
    if duration {
        return Ok(clock(days * 24 + seconds / 3600));
    }
    if days == 0 && !from_1904 {
        return Ok(clock(seconds / 3600));
    }
    let (year, month, day, offset) = match (from_1904, days) {
        (true, _) => (1904, 1, 1, days),
        // Excel believes that 1900 had a 29 February.
        (false, 60) => return Err(Reason::ImpossibleDate),
        (false, ..60) => (1899, 12, 31, days),
        (false, _) => (1899, 12, 30, days),
    };
    let date = Date::new(year, month, day)
        .and_then(|epoch| epoch.plus_days(offset))
        .map_err(|_| Reason::ImpossibleDate)?;
    Ok(if seconds == 0 { date.to_string() } else { format!("{date} {}", clock(seconds / 3600)) })
}

#[cfg(test)]
#[allow(clippy::float_arithmetic)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_come_back_as_typed() {
        let cases = [
            (0.1, "0.1"),
            (0.0, "0"),
            (-0.0, "0"),
            (1234.56, "1234.56"),
            (-12.5, "-12.5"),
            (0.1 + 0.2, "0.3"),
            (1.1 * 1.1, "1.21"),
            (0.558 * 100.0, "55.8"),
            (1e-7, "0.0000001"),
            (123_456_789_012_345.0, "123456789012345"),
            (100.0, "100"),
            (1.0 / 3.0, "0.333333333333333"),
            (-200.0 / 3.0, "-66.6666666666667"),
            (99_999.999_999_999_99, "100000"),
        ];
        for (value, text) in cases {
            assert_eq!(number_text(value).unwrap(), text);
        }
        assert!(matches!(number_text(6_222_020_200_112_233.0), Err(Reason::DigitsLost)));
        assert!(matches!(number_text(1e300), Err(Reason::DigitsLost)));
        assert!(number_text(f64::NAN).is_err() && number_text(f64::INFINITY).is_err());
    }

    #[test]
    fn dates_come_back_as_shown() {
        let cases = [
            (45_000.0, false, false, "2023-03-15"),
            (46_053.0, false, false, "2026-01-31"),
            (46_053.395_833_333_336, false, false, "2026-01-31 09:30:00"),
            (46_053.999_999_999_99, false, false, "2026-02-01"),
            (1.0, false, false, "1900-01-01"),
            (59.0, false, false, "1900-02-28"),
            (61.0, false, false, "1900-03-01"),
            (2_958_465.0, false, false, "9999-12-31"),
            (0.5, false, false, "12:00:00"),
            (1.5, false, true, "36:00:00"),
            (44_591.0, true, false, "2026-01-31"),
        ];
        for (serial, from_1904, duration, text) in cases {
            assert_eq!(date_text(serial, from_1904, duration).unwrap(), text, "{serial}");
        }
        for serial in [60.0, -1.0, -0.5, 3e6, 1e300, f64::NAN, f64::INFINITY] {
            assert!(date_text(serial, false, false).is_err(), "{serial}");
        }
    }

    proptest! {
        /// Any figure of up to fifteen digits survives Excel.
        #[test]
        fn decimals_survive(units in -999_999_999_999_999_i64..=999_999_999_999_999, places in 0_u32..=6) {
            let scale = 10_i64.pow(places);
            let sign = if units < 0 { "-" } else { "" };
            let typed = format!("{sign}{}.{:0width$}", (units / scale).abs(), (units % scale).abs(), width = places as usize);
            let typed = if places == 0 { units.to_string() } else { typed.trim_end_matches('0').trim_end_matches('.').to_owned() };
            let stored: f64 = typed.parse().unwrap();
            prop_assert_eq!(number_text(stored).unwrap(), if typed == "-0" { "0".to_owned() } else { typed });
        }

        #[test]
        fn any_float_is_handled(bits: u64, from_1904: bool, duration: bool) {
            let value = f64::from_bits(bits);
            let _ = number_text(value);
            let _ = date_text(value, from_1904, duration);
        }
    }
}
