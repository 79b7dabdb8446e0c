//! Exact fixed-point decimals: a whole number of the smallest unit in an `i64`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Exact, FigureError, Result};

/// Parses `text` into a whole number of units of `10^-places`, refusing anything that would need rounding.
pub(crate) fn parse_fixed(text: &str, places: u32) -> Result<i64> {
    let not_a_number = || FigureError::NotANumber(text.chars().take(40).collect());
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.as_bytes().first() {
        Some(b'-') => (true, &trimmed[1..]),
        Some(b'+') => (false, &trimmed[1..]),
        Some(_) => (false, trimmed),
        None => return Err(not_a_number()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() || trimmed.len() > 60 {
        return Err(not_a_number());
    }
    let mut value: i128 = 0;
    let mut kept = 0;
    for (index, byte) in whole.bytes().chain(fraction.bytes()).enumerate() {
        if !byte.is_ascii_digit() {
            return Err(not_a_number());
        }
        let in_fraction = index >= whole.len();
        if in_fraction && kept == places {
            if byte != b'0' {
                return Err(FigureError::TooPrecise { text: trimmed.into(), places });
            }
            continue;
        }
        value = value * 10 + i128::from(byte - b'0');
        kept += u32::from(in_fraction);
        if value > i128::from(i64::MAX) {
            return Err(FigureError::Overflow("decimal"));
        }
    }
    value = value.checked_mul(10_i128.pow(places - kept)).ok_or(FigureError::Overflow("decimal"))?;
    i64::try_from(if negative { -value } else { value }).map_err(|_| FigureError::Overflow("decimal"))
}

/// Writes a whole number of units of `10^-places` with at least `least` decimals and no needless zeros after them.
pub(crate) fn write_fixed(f: &mut fmt::Formatter<'_>, units: i128, places: u32, least: u32) -> fmt::Result {
    let scale = 10_u128.pow(places);
    let magnitude = units.unsigned_abs();
    let (whole, mut fraction) = (magnitude / scale, magnitude % scale);
    let mut width = places;
    while width > least && fraction % 10 == 0 {
        fraction /= 10;
        width -= 1;
    }
    let sign = if units < 0 { "-" } else { "" };
    let text = if width == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction:0width$}", width = width as usize)
    };
    f.pad(&text)
}

/// Numbers as people write them in TOML and JSON: text, a whole number, or a float whose shortest form is what was written.
pub(crate) struct NumberText;

impl de::Visitor<'_> for NumberText {
    type Value = String;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number, as text such as \"0.558\" or as a number")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<String, E> {
        Ok(text.to_owned())
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> std::result::Result<String, E> {
        Ok(value.to_string())
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> std::result::Result<String, E> {
        Ok(value.to_string())
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> std::result::Result<String, E> {
        // The shortest text that reads back as the same float is the literal itself up to 15 digits.
        let text = format!("{value}");
        if text.bytes().filter(u8::is_ascii_digit).count() > 15 {
            return Err(E::custom("a number of more than 15 digits must be written as text, in quotes"));
        }
        Ok(text)
    }
}

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident, $places:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(i64);

        impl $name {
            /// Decimal places kept.
            pub const PLACES: u32 = $places;
            /// Units in one whole.
            pub const SCALE: i64 = 10_i64.pow($places);
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// One whole.
            pub const ONE: Self = Self(Self::SCALE);

            /// From the stored whole number of smallest units.
            pub const fn from_units(units: i64) -> Self {
                Self(units)
            }
            /// The whole number of smallest units, as stored.
            pub const fn units(self) -> i64 {
                self.0
            }
            /// From a whole number; fails when it does not fit.
            pub fn whole(value: i64) -> Result<Self> {
                value.checked_mul(Self::SCALE).map(Self).ok_or(FigureError::Overflow(stringify!($name)))
            }
            /// Nothing at all?
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }
            /// Below zero?
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }
            /// Sum; fails when it does not fit.
            pub fn plus(self, other: Self) -> Result<Self> {
                self.0.checked_add(other.0).map(Self).ok_or(FigureError::Overflow(stringify!($name)))
            }
            /// Difference; fails when it does not fit.
            pub fn minus(self, other: Self) -> Result<Self> {
                self.0.checked_sub(other.0).map(Self).ok_or(FigureError::Overflow(stringify!($name)))
            }
            /// The same figure with the other sign.
            pub fn negated(self) -> Result<Self> {
                self.0.checked_neg().map(Self).ok_or(FigureError::Overflow(stringify!($name)))
            }
            /// The size without the sign.
            pub fn abs(self) -> Result<Self> {
                self.0.checked_abs().map(Self).ok_or(FigureError::Overflow(stringify!($name)))
            }
            /// The sum of many; fails when it does not fit.
            pub fn sum(values: impl IntoIterator<Item = Self>) -> Result<Self> {
                values.into_iter().try_fold(Self::ZERO, Self::plus)
            }
            /// Rounded half up (away from zero) to `places` decimals.
            pub fn rounded(self, places: u32) -> Self {
                if places >= Self::PLACES {
                    return self;
                }
                let step = 10_i128.pow(Self::PLACES - places);
                let half = if self.0 < 0 { -step / 2 } else { step / 2 };
                let units = (i128::from(self.0) + half) / step * step;
                Self(i64::try_from(units).unwrap_or(self.0))
            }
            /// The figure as an exact fraction.
            pub fn exact(self) -> Exact {
                Exact::new(i128::from(self.0), i128::from(Self::SCALE))
            }
        }

        impl FromStr for $name {
            type Err = FigureError;
            fn from_str(text: &str) -> Result<Self> {
                crate::decimal::parse_fixed(text, $places).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                crate::decimal::write_fixed(f, i128::from(self.0), $places, 0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = deserializer.deserialize_any(crate::decimal::NumberText)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

fixed_point!(
    /// A quantity (kWh, kvarh, kVA, kW, a register's reading) with 6 decimals, up to 9.2 × 10^12.
    Quantity,
    6
);
fixed_point!(
    /// A price in yuan per unit with 12 decimals, up to 9.2 million yuan.
    Price,
    12
);
fixed_point!(
    /// A rate, factor or multiplier without unit (0.05 is 5 %) with 10 decimals, up to 922 million.
    Rate,
    10
);

impl Quantity {
    /// This quantity at `price`, unrounded, in yuan.
    pub fn at(self, price: Price) -> Exact {
        Exact::new(
            i128::from(self.units()) * i128::from(price.units()),
            i128::from(Quantity::SCALE) * i128::from(Price::SCALE),
        )
    }
    /// This quantity times `rate`, rounded half up to `places` decimals (at most 6).
    pub fn times(self, rate: Rate, places: u32) -> Result<Quantity> {
        Exact::new(
            i128::from(self.units()) * i128::from(rate.units()),
            i128::from(Quantity::SCALE) * i128::from(Rate::SCALE),
        )
        .to_quantity(places)
    }
    /// Whole units only, rounded half up: kWh as they are billed.
    pub fn to_whole(self) -> Quantity {
        self.rounded(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_read_back_as_written() {
        for text in ["0", "0.028889375", "-12.5", "123456", "0.000000000001"] {
            assert_eq!(text.parse::<Price>().unwrap().to_string(), text);
        }
        assert_eq!("1.50".parse::<Rate>().unwrap().to_string(), "1.5");
    }

    #[test]
    fn what_would_need_rounding_is_refused() {
        assert!(matches!("0.0000001".parse::<Quantity>(), Err(FigureError::TooPrecise { places: 6, .. })));
        assert_eq!("0.1000000000".parse::<Quantity>().unwrap(), Quantity::from_units(100_000));
        for text in ["", "-", ".", "1,000", "1e3", "壹", "9999999999999999999", "--1", "1.2.3"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_may_be_written_with_or_without_quotes() {
        let prices: Vec<Price> = serde_json::from_str(r#"["0.558", 0.558, 26]"#).unwrap();
        assert_eq!(prices[0], prices[1]);
        assert_eq!(prices[2], Price::whole(26).unwrap());
        assert!(serde_json::from_str::<Price>("0.12345678901234567").is_err());
    }

    #[test]
    fn half_is_rounded_away_from_zero() {
        let cases =
            [("202.67", "203"), ("43.42", "43"), ("0.5", "1"), ("-0.5", "-1"), ("-0.4", "0"), ("2.5", "3")];
        for (from, to) in cases {
            assert_eq!(from.parse::<Quantity>().unwrap().to_whole(), to.parse().unwrap(), "{from}");
        }
    }
}
