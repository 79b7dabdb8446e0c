//! Unrounded results: exact fractions that become money or quantities only where a rule rounds.

use std::cmp::Ordering;
use std::fmt;

use crate::{FigureError, Money, Price, Quantity, Rate, Result};

/// An exact fraction, in yuan unless its maker says otherwise. It is never rounded until a rule asks for money
/// ([`Exact::to_money`]) or a quantity ([`Exact::to_quantity`]); then once, half up (away from zero).
#[derive(Debug, Clone, Copy)]
pub struct Exact {
    numerator: i128,
    denominator: i128,
}

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Exact {
    /// Nothing.
    pub const ZERO: Exact = Exact { numerator: 0, denominator: 1 };

    /// `numerator / denominator`; the denominator must be above zero, which every maker in this crate guarantees.
    pub(crate) const fn new(numerator: i128, denominator: i128) -> Exact {
        assert!(denominator > 0, "an exact figure has a denominator above zero");
        Exact { numerator, denominator }
    }
    /// A whole number.
    pub const fn whole(value: i64) -> Exact {
        Exact::new(value as i128, 1)
    }
    /// `part / whole`; fails when `whole` is zero.
    pub fn ratio(part: i64, whole: i64) -> Result<Exact> {
        match whole.cmp(&0) {
            Ordering::Equal => Err(FigureError::DivisionByZero),
            Ordering::Less => Ok(Exact::new(-i128::from(part), -i128::from(whole))),
            Ordering::Greater => Ok(Exact::new(i128::from(part), i128::from(whole))),
        }
    }
    fn reduced(self) -> Exact {
        let divisor = gcd(self.numerator.unsigned_abs(), self.denominator.unsigned_abs()).max(1) as i128;
        Exact { numerator: self.numerator / divisor, denominator: self.denominator / divisor }
    }
    fn retry(self, other: Exact, combine: impl Fn(Exact, Exact) -> Option<Exact>) -> Result<Exact> {
        combine(self, other)
            .or_else(|| combine(self.reduced(), other.reduced()))
            .ok_or(FigureError::Overflow("exact figure"))
    }
    /// Sum.
    pub fn plus(self, other: Exact) -> Result<Exact> {
        self.retry(other, |a, b| {
            if a.denominator == b.denominator {
                return Some(Exact { numerator: a.numerator.checked_add(b.numerator)?, ..a });
            }
            let common = gcd(a.denominator.unsigned_abs(), b.denominator.unsigned_abs()) as i128;
            let (left, right) = (b.denominator / common, a.denominator / common);
            let numerator = a.numerator.checked_mul(left)?.checked_add(b.numerator.checked_mul(right)?)?;
            Some(Exact { numerator, denominator: a.denominator.checked_mul(left)? })
        })
    }
    /// Difference.
    pub fn minus(self, other: Exact) -> Result<Exact> {
        self.plus(Exact {
            numerator: other.numerator.checked_neg().ok_or(FigureError::Overflow("exact figure"))?,
            ..other
        })
    }
    /// Product.
    pub fn times(self, other: Exact) -> Result<Exact> {
        self.retry(other, |a, b| {
            Some(Exact {
                numerator: a.numerator.checked_mul(b.numerator)?,
                denominator: a.denominator.checked_mul(b.denominator)?,
            })
        })
    }
    /// Quotient; fails when `other` is zero.
    pub fn over(self, other: Exact) -> Result<Exact> {
        match other.numerator.cmp(&0) {
            Ordering::Equal => Err(FigureError::DivisionByZero),
            Ordering::Less => {
                self.times(Exact { numerator: -other.denominator, denominator: -other.numerator })
            }
            Ordering::Greater => {
                self.times(Exact { numerator: other.denominator, denominator: other.numerator })
            }
        }
    }
    /// Sign: -1, 0 or 1.
    pub const fn signum(self) -> i128 {
        self.numerator.signum()
    }
    /// The size without the sign.
    pub const fn abs(self) -> Exact {
        Exact { numerator: self.numerator.abs(), ..self }
    }

    /// Units of `10^-places`, rounded half up (away from zero).
    fn rounded_units(self, places: u32, what: &'static str) -> Result<i64> {
        let scale = 10_i128.pow(places);
        let round = |figure: Exact| {
            // A common denominator such as 10^18 is cut down rather than the numerator blown up.
            let (numerator, denominator) = if figure.denominator % scale == 0 {
                (figure.numerator, figure.denominator / scale)
            } else {
                (figure.numerator.checked_mul(scale)?, figure.denominator)
            };
            let away = denominator / 2 * numerator.signum();
            // For an odd denominator there is no exact half, and integer division leaves the nearest.
            i64::try_from(numerator.checked_add(away)? / denominator).ok()
        };
        round(self).or_else(|| round(self.reduced())).ok_or(FigureError::Overflow(what))
    }
    /// Rounded half up to whole fen.
    pub fn to_money(self) -> Result<Money> {
        self.rounded_units(2, "money").map(Money::from_fen)
    }
    /// Rounded half up to `places` decimals (at most 6).
    pub fn to_quantity(self, places: u32) -> Result<Quantity> {
        let places = places.min(Quantity::PLACES);
        let units = self.rounded_units(places, "quantity")?;
        let step = 10_i64.pow(Quantity::PLACES - places);
        units.checked_mul(step).map(Quantity::from_units).ok_or(FigureError::Overflow("quantity"))
    }
    /// Rounded half up to `places` decimals (at most 12).
    pub fn to_price(self, places: u32) -> Result<Price> {
        let places = places.min(Price::PLACES);
        let units = self.rounded_units(places, "price")?;
        let step = 10_i64.pow(Price::PLACES - places);
        units.checked_mul(step).map(Price::from_units).ok_or(FigureError::Overflow("price"))
    }
    /// Rounded half up to `places` decimals (at most 10).
    pub fn to_rate(self, places: u32) -> Result<Rate> {
        let places = places.min(Rate::PLACES);
        let units = self.rounded_units(places, "rate")?;
        let step = 10_i64.pow(Rate::PLACES - places);
        units.checked_mul(step).map(Rate::from_units).ok_or(FigureError::Overflow("rate"))
    }
    /// The same figure as a price, when 12 decimals hold it exactly.
    pub fn as_price(self) -> Option<Price> {
        let price = self.to_price(Price::PLACES).ok()?;
        (price.exact() == self).then_some(price)
    }
    /// From a stored numerator and denominator; nothing when the denominator is not above zero.
    pub const fn from_parts(numerator: i128, denominator: i128) -> Option<Exact> {
        if denominator > 0 { Some(Exact { numerator, denominator }) } else { None }
    }
    /// Numerator and denominator in lowest terms, for storage and proofs.
    pub fn parts(self) -> (i128, i128) {
        let reduced = self.reduced();
        (reduced.numerator, reduced.denominator)
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Exact) -> bool {
        self.parts() == other.parts()
    }
}
impl Eq for Exact {}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Exact) -> Option<Ordering> {
        self.minus(*other).ok().map(|difference| difference.signum().cmp(&0))
    }
}

impl fmt::Display for Exact {
    /// All decimals when the fraction ends within 18 of them; otherwise 8 decimals cut off and an ellipsis.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (numerator, denominator) = self.parts();
        let negative = numerator < 0;
        let numerator = numerator.unsigned_abs();
        let denominator = denominator.unsigned_abs();
        let mut text = format!("{}{}", if negative { "-" } else { "" }, numerator / denominator);
        let mut rest = numerator % denominator;
        let mut digits = String::new();
        while rest != 0 && digits.len() < 18 {
            let Some(shifted) = rest.checked_mul(10) else { break };
            digits.push(char::from(b'0' + u8::try_from(shifted / denominator).unwrap_or(9)));
            rest = shifted % denominator;
        }
        if rest != 0 {
            digits.truncate(8);
            digits.push('…');
        }
        if !digits.is_empty() {
            text.push('.');
            text.push_str(&digits);
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounds_half_up_once() {
        let cases =
            [(1, 200, 1), (-1, 200, -1), (1, 201, 0), (3_180_168, 1000, 318_017), (1, 3, 33), (2, 3, 67)];
        for (numerator, denominator, fen) in cases {
            assert_eq!(Exact::ratio(numerator, denominator).unwrap().to_money().unwrap().fen(), fen);
        }
    }

    #[test]
    fn shows_every_decimal_or_says_there_are_more() {
        assert_eq!(Exact::ratio(1, 8).unwrap().to_string(), "0.125");
        assert_eq!(Exact::ratio(-1, 3).unwrap().to_string(), "-0.33333333…");
        assert_eq!(Exact::whole(7).to_string(), "7");
    }

    proptest! {
        #[test]
        fn fractions_follow_the_laws(a in -9_999_999_i64..9_999_999, b in 1_i64..99_999, c in -9_999_999_i64..9_999_999, d in 1_i64..99_999) {
            let (x, y) = (Exact::ratio(a, b).unwrap(), Exact::ratio(c, d).unwrap());
            prop_assert_eq!(x.plus(y).unwrap(), y.plus(x).unwrap());
            prop_assert_eq!(x.plus(y).unwrap().minus(y).unwrap(), x);
            if c != 0 {
                prop_assert_eq!(x.times(y).unwrap().over(y).unwrap(), x);
            }
        }

        #[test]
        fn rounding_is_never_more_than_half_a_fen_away(a in any::<i32>(), b in 1_i64..1_000_000) {
            let exact = Exact::ratio(i64::from(a), b).unwrap();
            let error = exact.to_money().unwrap().exact().minus(exact).unwrap().abs();
            prop_assert!(error <= Exact::ratio(1, 200).unwrap());
        }
    }
}
