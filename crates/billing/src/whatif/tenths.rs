//! Ten equal groups of customers, exact and in bounded memory.

use kernel::{Money, Quantity};

use super::model::Tenth;
use crate::Result;

/// A customer as the groups need it: 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Share {
    /// Fee as billed, in fen.
    pub(crate) before: i64,
    /// Energy in units.
    pub(crate) energy: i64,
    /// After less before, in fen.
    pub(crate) difference: i64,
}

/// Divides `shares`, given in order of account, into ten groups by `of`, lowest first; of equal ones the earlier account
/// comes first. Groups of a number that is not a multiple of ten differ by one. Takes 4 bytes more for each.
pub(crate) fn tenths(shares: &[Share], of: impl Fn(&Share) -> i64) -> Result<Vec<Tenth>> {
    let count = shares.len();
    let mut order: Vec<u32> = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
    let key = |at: &u32| (of(&shares[*at as usize]), *at);
    let mut groups = Vec::with_capacity(10);
    let mut rest = order.as_mut_slice();
    let mut from = 0;
    for group in 1..=10 {
        let to = count * group / 10;
        let size = to - from;
        // Only which accounts are in a group counts, not their order in it.
        if size > 0 && size < rest.len() {
            rest.select_nth_unstable_by_key(size - 1, key);
        }
        let (mine, others) = rest.split_at_mut(size);
        groups.push(sum(shares, mine, &of)?);
        (rest, from) = (others, to);
    }
    Ok(groups)
}

fn sum(shares: &[Share], group: &[u32], of: &impl Fn(&Share) -> i64) -> Result<Tenth> {
    let mut tenth = Tenth::default();
    for at in group {
        let share = &shares[*at as usize];
        let value = of(share);
        let first = tenth.accounts == 0;
        tenth.lowest = if first { value } else { tenth.lowest.min(value) };
        tenth.highest = if first { value } else { tenth.highest.max(value) };
        tenth.accounts += 1;
        tenth.energy_kwh = tenth.energy_kwh.plus(Quantity::from_units(share.energy))?;
        tenth.before = tenth.before.plus(Money::from_fen(share.before))?;
        tenth.difference = tenth.difference.plus(Money::from_fen(share.difference))?;
        tenth.dearer += i64::from(share.difference > 0);
        tenth.cheaper += i64::from(share.difference < 0);
    }
    Ok(tenth)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn share(before: i64, difference: i64) -> Share {
        Share { before, energy: -before, difference }
    }

    /// Twelve customers: groups of one and two; of equal fees the earlier account is in the lower group.
    #[test]
    fn groups_are_exact_and_ties_go_by_account() {
        let fees = [5, 5, 5, 1, 9, 9, 2, 2, 7, 7, 7, 100];
        let shares: Vec<Share> = fees.iter().zip(1..).map(|(fee, place)| share(*fee, place)).collect();
        let found = tenths(&shares, |share| share.before).unwrap();
        let sizes: Vec<i64> = found.iter().map(|tenth| tenth.accounts).collect();
        assert_eq!(sizes, [1, 1, 1, 1, 2, 1, 1, 1, 1, 2]);
        // Sorted: 1(4) 2(7) 2(8) 5(1) 5(2) 5(3) 7(9) 7(10) 7(11) 9(5) 9(6) 100(12).
        let differences: Vec<i64> = found.iter().map(|tenth| tenth.difference.fen()).collect();
        assert_eq!(differences, [4, 7, 8, 1, 2 + 3, 9, 10, 11, 5, 6 + 12]);
        assert_eq!((found[4].lowest, found[4].highest), (5, 5));
        assert_eq!((found[9].lowest, found[9].highest), (9, 100));
        let by_energy = tenths(&shares, |share| share.energy).unwrap();
        assert_eq!(by_energy[0].before.fen(), 100);
    }

    #[test]
    fn groups_agree_with_sorting_and_with_the_whole() {
        let mut state = 7_u64;
        for count in [0, 1, 9, 10, 11, 1_000, 1_003] {
            let shares: Vec<Share> = (0..count)
                .map(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    share((state >> 57) as i64, (state >> 40 & 15) as i64 - 7)
                })
                .collect();
            let mut sorted: Vec<usize> = (0..count).collect();
            sorted.sort_by_key(|at| shares[*at].before);
            let found = tenths(&shares, |share| share.before).unwrap();
            for (group, tenth) in found.iter().enumerate() {
                let mine = &sorted[count * group / 10..count * (group + 1) / 10];
                let sum: i64 = mine.iter().map(|at| shares[*at].difference).sum();
                assert_eq!(
                    (tenth.accounts, tenth.difference.fen()),
                    (mine.len() as i64, sum),
                    "{count} {group}"
                );
            }
            let all: i64 = found.iter().map(|tenth| tenth.accounts).sum();
            assert_eq!(all, count as i64);
        }
    }
}
