//! Meters of one book that were taken for each other (串户): both months fit when exchanged.

use metering::reading::{Reading, Register};

use super::evidence::{Expected, Score, clamp, same};
use super::reason::{Finding, Reason};
use super::thresholds::Thresholds;

/// What is kept of an account that is off while its book is gone through.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Place of its score among those of the book.
    pub place: usize,
    /// The account.
    pub account_id: i64,
    /// kWh of the month, in millionths; below zero when the register went backwards.
    pub used: i64,
    /// What is expected.
    pub expected: Expected,
    /// Its only line, if there is one only.
    pub line: Option<Reading>,
}

/// More accounts of a book that are off are not compared with each other: the book as a whole is wrong.
const CANDIDATES_MAX: usize = 400;
/// An account is off from so many tenths of its spread.
const OFF_TENTHS: i64 = 30;

impl Candidate {
    /// The account as a candidate when it is off or went backwards.
    pub fn of(
        place: usize,
        account_id: i64,
        used: i64,
        expected: Expected,
        lines: &[Reading],
    ) -> Option<Candidate> {
        let line = match lines {
            [line] => Some(*line),
            _ => None,
        };
        (expected.tenths >= OFF_TENTHS).then_some(Candidate { place, account_id, used, expected, line })
    }
}

/// What `own` used if it had shown what `other` shows, and the reverse.
fn with_readings_exchanged(own: &Candidate, other: &Candidate) -> Option<(i64, i64)> {
    let (a, b) = (own.line.as_ref()?, other.line.as_ref()?);
    let energy = |of: &Reading, shown: &Reading| {
        let before = of.registers.of(Register::Total)?.previous;
        let now = shown.registers.of(Register::Total)?.current;
        Some(now.minus(before).ok()?.times(of.multiplier, 6).ok()?.units())
    };
    Some((energy(a, b)?, energy(b, a)?))
}

fn fits(candidate: &Candidate, energy: i64, thresholds: &Thresholds) -> bool {
    let apart = (i128::from(energy) - i128::from(candidate.expected.energy)).abs();
    same(energy, candidate.expected.energy, thresholds) || clamp(apart) <= candidate.expected.spread
}

/// Marks pairs of `candidates` of one book whose months fit when exchanged, one too high and one too low. An account
/// that fits several others is marked with the first.
pub fn mark_swapped(candidates: &[Candidate], scores: &mut [Score], thresholds: &Thresholds) {
    let points = thresholds.weight(Reason::Swapped);
    if points == 0 || candidates.len() > CANDIDATES_MAX {
        return;
    }
    let mut marked = vec![false; candidates.len()];
    for (at, one) in candidates.iter().enumerate() {
        for (beside, other) in candidates.iter().enumerate().skip(at + 1) {
            if marked[at] || marked[beside] || one.expected.above == other.expected.above {
                continue;
            }
            let consumption = (other.used, one.used);
            let found = std::iter::once(consumption)
                .chain(with_readings_exchanged(one, other))
                .find(|(a, b)| fits(one, *a, thresholds) && fits(other, *b, thresholds));
            let Some((a, b)) = found else { continue };
            (marked[at], marked[beside]) = (true, true);
            for (candidate, partner, energies) in [(one, other, (a, b)), (other, one, (b, a))] {
                let Some(score) = scores.get_mut(candidate.place) else { continue };
                let figures = [partner.account_id, energies.0, energies.1, 0];
                let mut findings = std::mem::take(&mut score.findings);
                findings.push(Finding { reason: Reason::Swapped, points, figures });
                *score = Score::of(candidate.account_id, findings);
            }
        }
    }
}
