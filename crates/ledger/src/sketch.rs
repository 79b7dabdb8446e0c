//! A sum over postings that tells two sets of them apart by account, customer and component.
//!
//! Bills and the ledger both know what each customer was charged by component, but keep it in different orders and
//! different shares. Each posting is turned into its amount times a random factor of its accounts, customer and
//! component; sums of these are equal when every sum by accounts, customer and component is, in whatever order and
//! shares they come. They are unequal otherwise, but for a chance of one in 2^64 and less; the factors are drawn anew
//! for each comparison, so nobody can arrange for the chance. Memory is a number, not a table of customers.

use kernel::Money;

use crate::{AccountCode, ComponentId};

/// The random factors of one comparison.
#[derive(Debug, Clone, Copy)]
pub struct Sketcher {
    seed: [u64; 2],
}

/// A sum of postings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sketch(u128);

impl Sketcher {
    /// Factors from a seed that is drawn anew for each comparison.
    pub fn new(seed: [u64; 2]) -> Sketcher {
        Sketcher { seed }
    }
    /// `amount`, of either sign, debited and credited for `customer`. The same accounts the other way round with the
    /// other sign are the same.
    pub fn of(
        &self,
        (debit, credit): (AccountCode, AccountCode),
        customer: Option<i64>,
        component: ComponentId,
        amount: Money,
    ) -> Sketch {
        let (accounts, fen) = match debit <= credit {
            true => ((debit.0, credit.0), amount.fen()),
            false => ((credit.0, debit.0), amount.fen().wrapping_neg()),
        };
        let fields = [
            accounts.0,
            accounts.1,
            i64::from(customer.is_some()),
            customer.unwrap_or(0),
            i64::from(component.0),
        ];
        let [mut high, mut low] = self.seed;
        for field in fields {
            high = mixed(high ^ field as u64);
            low = mixed(low.rotate_left(17) ^ field as u64 ^ high);
        }
        let factor = (u128::from(high) << 64) + u128::from(low | 1);
        Sketch(factor.wrapping_mul(i128::from(fen) as u128))
    }
}

impl Sketch {
    /// This and `other`.
    #[must_use]
    pub fn plus(self, other: Sketch) -> Sketch {
        Sketch(self.0.wrapping_add(other.0))
    }
    /// The sketch of the same postings with the sides exchanged.
    #[must_use]
    pub fn reversed(self) -> Sketch {
        Sketch(self.0.wrapping_neg())
    }
}

/// The finaliser of the generator splitmix64: every bit of the result depends on every bit of the argument.
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sum does not depend on order or shares; a fen, a customer or a component more does.
    #[test]
    fn sums_are_told_apart() {
        let sketcher = Sketcher::new([3, 5]);
        let of = |debit, credit, customer, component, fen| {
            let accounts = (AccountCode(debit), AccountCode(credit));
            sketcher.of(accounts, Some(customer), ComponentId(component), Money::from_fen(fen))
        };
        let whole = of(1122, 600101, 7, 1, 300).plus(of(1122, 222101, 7, 2, 40));
        let shares =
            of(1122, 222101, 7, 2, 40).plus(of(1122, 600101, 7, 1, 100)).plus(of(1122, 600101, 7, 1, 200));
        assert_eq!(whole, shares);
        assert_eq!(
            whole.plus(of(600101, 1122, 7, 1, 300)),
            of(1122, 222101, 7, 2, 40),
            "the red posting takes it away"
        );
        assert_eq!(whole.plus(whole.reversed()), Sketch::default());
        for other in [
            of(1122, 600101, 7, 1, 301),
            of(1122, 600101, 8, 1, 300),
            of(1122, 600101, 7, 3, 300),
            of(1122, 600102, 7, 1, 300),
        ] {
            assert_ne!(other, of(1122, 600101, 7, 1, 300));
        }
    }

    /// The first outputs of splitmix64 from the seed 0, as published for the generator.
    #[test]
    fn the_finaliser_is_that_of_splitmix64() {
        let steps = [0, 1, 2].map(|step: u64| mixed(step.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        assert_eq!(steps, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }

    /// Figures computed by another program from the definition.
    #[test]
    fn factors_depend_on_every_field() {
        for (seed, debit, credit, customer, component, fen, expected) in [
            ([3, 5], 1122, 600101, Some(7), 1, 1, 0x4b86133c851549e39240c773334c68bb),
            ([3, 5], 600101, 1122, Some(7), 1, 300, 0x7ee175140b0d69509c1644ffe27544dc),
            (
                [9223372036854775817, 12345678901234567],
                1001,
                1122,
                None,
                0,
                -5,
                0x1440229cbea241ea98ccb25129fac89d,
            ),
            ([3, 5], 1122, 600101, Some(-9), 4000, 1, 0x55ef23daf5f4d8384f0bd2915d3501bf),
            ([1, 2], 1001, 1122, None, 0, 1, 0xc3393786142d5b06a5ea5fb2141bd381),
            ([1, 2], 1001, 1122, Some(0), 0, 1, 0x5ee799ca1f228c87d7b854635898f639),
        ] {
            let accounts = (AccountCode(debit), AccountCode(credit));
            let amount = Money::from_fen(fen);
            let sketch = Sketcher::new(seed).of(accounts, customer, ComponentId(component), amount);
            assert_eq!(sketch.0, expected, "{debit} {credit} {customer:?} {component} {fen}");
        }
    }
}
