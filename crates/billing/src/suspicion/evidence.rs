//! What the score knows of one account and month, and what it expects of it.

use kernel::Quantity;
use metering::reading::{Reading, Register};

use super::reason::Reason;
use super::thresholds::Thresholds;

/// Months back that are known.
pub const MONTHS_KNOWN: usize = 13;

/// What was issued before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// kWh by months back, from one month back on, in millionths; nothing where nothing was issued.
    pub energy: [Option<i64>; MONTHS_KNOWN],
    /// Of the three months before: kWh, of these at other than flat times, and kvarh; in millionths.
    pub recent: [i64; 3],
}

impl History {
    /// Adds what was issued `back` months before.
    pub fn add(&mut self, back: usize, energy: i64, timed: i64, reactive: i64) {
        let Some(month) = back.checked_sub(1).and_then(|at| self.energy.get_mut(at)) else { return };
        *month = Some(month.unwrap_or(0).saturating_add(energy));
        if back <= 3 {
            for (sum, value) in self.recent.iter_mut().zip([energy, timed, reactive]) {
                *sum = sum.saturating_add(value);
            }
        }
    }
    /// Settlements known.
    pub fn months(&self) -> usize {
        self.energy.iter().flatten().count()
    }
    /// The same month last year.
    pub fn year_ago(&self) -> Option<i64> {
        self.energy[11]
    }
    /// Median of the last three settlements.
    pub fn level(&self) -> Option<i64> {
        let mut last: Vec<i64> = self.energy.iter().flatten().copied().take(3).collect();
        median(&mut last)
    }
    /// How far months usually lie apart, in thousandths of their size, as a standard deviation would say it: by the
    /// median absolute deviation from the median, or from month to month where that is less, because a season moves
    /// slowly. Nothing with fewer than six months.
    fn spread_share(&self) -> Option<i64> {
        let months = &self.energy[..12];
        let mut known: Vec<i64> = months.iter().flatten().copied().collect();
        if known.len() < 6 {
            return None;
        }
        let middle = median(&mut known)?;
        let apart = |one: i64, other: i64| one.saturating_sub(other).saturating_abs();
        let mut off: Vec<i64> = known.iter().map(|energy| apart(*energy, middle)).collect();
        // 1.4826 makes a median deviation a standard deviation; of differences it is that by the root of two.
        let level = share(median(&mut off)?, middle).map(|share| share.saturating_mul(1483) / 1000);
        let mut steps: Vec<i64> = months
            .windows(2)
            .filter_map(|pair| pair[0].zip(pair[1]))
            .filter_map(|(one, other)| share(apart(one, other), one.max(other)))
            .collect();
        let steps = if steps.len() < 5 { None } else { median(&mut steps) };
        let steps = steps.map(|share| share.saturating_mul(1048) / 1000);
        level.into_iter().chain(steps).min()
    }
}

/// One meter's line of the month before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastLine {
    /// Which meter.
    pub meter_seq: i64,
    /// Its multiplier, in units of 10^-10.
    pub multiplier: i64,
    /// What the total ended at.
    pub current: i64,
}

/// How the peers moved; thousandths, 1000 for no movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peers {
    /// This month against each one's level of the last three settlements: the median.
    pub level: i64,
    /// This month against each one's same month last year: the median.
    pub year: i64,
    /// How many they are.
    pub members: usize,
}

impl Peers {
    /// Nobody to compare with.
    pub const NONE: Peers = Peers { level: 1000, year: 1000, members: 0 };
}

/// What else is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circumstances {
    /// A transformer was changed this month.
    pub supply_changed: bool,
    /// A change ticket or a hold is in force.
    pub change_ticket: bool,
    /// Months running, before this one, that were estimated.
    pub estimated_before: u8,
    /// Months that one reading covers.
    pub months_read: u8,
}

/// Everything about one account and month that the score looks at.
#[derive(Debug, Clone)]
pub struct Evidence<'e> {
    /// The account.
    pub account_id: i64,
    /// Its meters' lines of the month, those of sub-meters left out.
    pub lines: &'e [Reading],
    /// What was issued before.
    pub history: History,
    /// Its meters' lines of the month before.
    pub last: &'e [LastLine],
    /// How its peers moved.
    pub peers: Peers,
    /// What else is known.
    pub circumstances: Circumstances,
}

/// What a line's register moved by, times the multiplier, in millionths; below zero when it went backwards.
pub fn moved(line: &Reading, register: Register) -> Option<i64> {
    let span = line.registers.of(register)?;
    let rolled = line.flags.rolled_over(register);
    let found = metering::reading::consumption(register, span, line.digits, line.multiplier, rolled);
    Some(found.map_or(i64::MAX, Quantity::units))
}

/// kWh of the month by the total registers, in millionths.
pub fn usage(lines: &[Reading]) -> i64 {
    lines.iter().filter_map(|line| moved(line, Register::Total)).fold(0, i64::saturating_add)
}

/// What is expected of a month and how far the month is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// kWh expected by the nearer of season and level, in millionths.
    pub energy: i64,
    /// How far months of this account usually lie apart.
    pub spread: i64,
    /// Tenths of the spread by which the month is off; never below zero.
    pub tenths: i64,
    /// More than expected?
    pub above: bool,
}

/// What the account's season and level, moved as its peers moved, let expect: their mean where they agree, the nearer of the
/// two where they do not. Nothing while too little is known or nothing is usually used.
pub fn expect(evidence: &Evidence<'_>, usage: i64, thresholds: &Thresholds) -> Option<Expected> {
    let history = &evidence.history;
    if history.months() < 3 {
        return None;
    }
    let share_of_spread =
        history.spread_share().unwrap_or(thresholds.spread_share).max(thresholds.spread_share);
    let peers = evidence.peers;
    let season = history.year_ago().filter(|energy| *energy > 0).map(|energy| per_mille(energy, peers.year));
    let level = history.level().filter(|energy| *energy > 0).map(|energy| per_mille(energy, peers.level));
    let off = |energy: i64| {
        let spread = per_mille(energy, share_of_spread).max(thresholds.spread_kwh.units());
        let distance = i128::from(usage) - i128::from(energy);
        let tenths = i64::try_from(distance.abs() * 10 / i128::from(spread.max(1))).unwrap_or(i64::MAX);
        Expected { energy, spread, tenths, above: distance > 0 }
    };
    match (season, level) {
        // Two estimates that agree are together better than each.
        (Some(season), Some(level)) if agree(season, level) => Some(off(season / 2 + level / 2)),
        _ => season.into_iter().chain(level).map(off).min_by_key(|expected| expected.tenths),
    }
}

/// Do season and level say about the same: the smaller is at least seven tenths of the larger?
fn agree(season: i64, level: i64) -> bool {
    i128::from(season.min(level)) * 10 >= i128::from(season.max(level)) * 7
}

/// Months of the last twelve that were as low, or as high, as this one.
pub fn seen_before(history: &History, usage: i64, above: bool) -> i64 {
    let alike = |energy: &i64| {
        if above { per_mille(*energy, 1100) >= usage } else { *energy <= per_mille(usage, 1100) }
    };
    history.energy[..12].iter().flatten().filter(|energy| alike(energy)).count() as i64
}

/// `value` times `share` thousandths.
pub(crate) fn per_mille(value: i64, share: i64) -> i64 {
    clamp(i128::from(value) * i128::from(share) / 1000)
}

/// `part` in thousandths of `whole`; nothing when `whole` is not above zero.
pub(crate) fn share(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| clamp(i128::from(part) * 1000 / i128::from(whole)))
}

pub(crate) fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// Are both the same within `thresholds.same_share` of the larger?
pub(crate) fn same(one: i64, other: i64, thresholds: &Thresholds) -> bool {
    let apart = (i128::from(one) - i128::from(other)).abs() * 1000;
    one > 0 && other > 0 && apart <= i128::from(one.max(other)) * i128::from(thresholds.same_share)
}

/// The middle of `values`, which are put into order; of an even number the lower of the two middle ones.
pub fn median(values: &mut [i64]) -> Option<i64> {
    if values.is_empty() {
        return None;
    }
    let middle = (values.len() - 1) / 2;
    Some(*values.select_nth_unstable(middle).1)
}

/// The score of one account and month with its reasons, heaviest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// The account.
    pub account_id: i64,
    /// 0 to 100.
    pub points: u8,
    /// Why.
    pub findings: Vec<super::Finding>,
}

impl Score {
    /// Sums the findings; the sum stays within 0 and 100.
    pub(crate) fn of(account_id: i64, mut findings: Vec<super::Finding>) -> Score {
        findings.sort_by_key(|finding| (-finding.points, finding.reason));
        let points = findings.iter().map(|finding| finding.points).fold(0, i32::saturating_add);
        Score { account_id, points: points.clamp(0, 100) as u8, findings }
    }
    /// Does it have this reason?
    pub fn has(&self, reason: Reason) -> bool {
        self.findings.iter().any(|finding| finding.reason == reason)
    }
}
