//! Money in whole fen.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::decimal::{NumberText, parse_fixed, write_fixed};
use crate::{Exact, FigureError, Rate, Result};

/// An amount of money in whole fen (分); 100 fen are 1 yuan. Arithmetic is checked: an overflow is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// From whole fen.
    pub const fn from_fen(fen: i64) -> Money {
        Money(fen)
    }
    /// The amount in whole fen.
    pub const fn fen(self) -> i64 {
        self.0
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
    pub fn plus(self, other: Money) -> Result<Money> {
        self.0.checked_add(other.0).map(Money).ok_or(FigureError::Overflow("money"))
    }
    /// Difference; fails when it does not fit.
    pub fn minus(self, other: Money) -> Result<Money> {
        self.0.checked_sub(other.0).map(Money).ok_or(FigureError::Overflow("money"))
    }
    /// The same amount with the other sign.
    pub fn negated(self) -> Result<Money> {
        self.0.checked_neg().map(Money).ok_or(FigureError::Overflow("money"))
    }
    /// The size without the sign.
    pub fn abs(self) -> Result<Money> {
        self.0.checked_abs().map(Money).ok_or(FigureError::Overflow("money"))
    }
    /// The sum of many; fails when it does not fit.
    pub fn sum(values: impl IntoIterator<Item = Money>) -> Result<Money> {
        values.into_iter().try_fold(Money::ZERO, Money::plus)
    }
    /// The amount times `rate`, unrounded.
    pub fn times(self, rate: Rate) -> Exact {
        Exact::new(i128::from(self.0) * i128::from(rate.units()), 100 * i128::from(Rate::SCALE))
    }
    /// The amount in yuan as an exact fraction.
    pub fn exact(self) -> Exact {
        Exact::new(i128::from(self.0), 100)
    }
}

impl FromStr for Money {
    type Err = FigureError;
    /// Reads yuan with at most two decimals: `"1234.56"`.
    fn from_str(text: &str) -> Result<Money> {
        parse_fixed(text, 2).map(Money)
    }
}

impl fmt::Display for Money {
    /// Writes yuan with exactly two decimals: `1234.56`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(f, i128::from(self.0), 2, 2)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(NumberText)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-17
    #[test]
    fn money_is_exact_to_the_fen() {
        assert_eq!("290388.17".parse::<Money>().unwrap().fen(), 29_038_817);
        assert_eq!(Money::from_fen(-5).to_string(), "-0.05");
        assert_eq!(Money::from_fen(100).to_string(), "1.00");
        assert!("0.001".parse::<Money>().is_err());
        assert!(Money::from_fen(i64::MAX).plus(Money::from_fen(1)).is_err());
        assert!(Money::from_fen(i64::MIN).negated().is_err());
    }
}
