//! The score: findings of deviation, events and register arithmetic, summed. Whole numbers only.

use kernel::{Quantity, Rate};
use metering::reading::{Reading, ReadingFlags, ReadingStatus, Register};

use super::evidence::{
    Evidence, Expected, Score, clamp, expect, moved, per_mille, same, seen_before, share, usage,
};
use super::reason::{Finding, Reason};
use super::thresholds::Thresholds;

/// Gathers findings.
struct Found<'t> {
    thresholds: &'t Thresholds,
    list: Vec<Finding>,
}

impl Found<'_> {
    fn add(&mut self, reason: Reason, figures: [i64; 4]) {
        let points = self.thresholds.weight(reason);
        if points > 0 && !self.list.iter().any(|finding| finding.reason == reason) {
            self.list.push(Finding { reason, points, figures });
        }
    }
    fn relieve(&mut self, reason: Reason, of: i32, figures: [i64; 4]) {
        let points = -(of * self.thresholds.weight(reason) / 100);
        if points < 0 {
            self.list.push(Finding { reason, points, figures });
        }
    }
}

/// Is a deviation worth looking for its cause?
const CAUSE_FROM_POINTS: i32 = 1;

/// The score of one account and month. The same evidence always scores the same; further from what is expected never
/// gives fewer points of deviation.
pub fn score(evidence: &Evidence<'_>, thresholds: &Thresholds) -> Score {
    let mut found = Found { thresholds, list: Vec::new() };
    let used = usage(evidence.lines);
    let unread =
        evidence.lines.is_empty() || evidence.lines.iter().any(|line| line.status == ReadingStatus::Unread);
    let expected = expect(evidence, used, thresholds);
    if unread {
        found.add(Reason::Unread, [0; 4]);
    }
    for line in evidence.lines {
        rollover(line, expected.as_ref(), &mut found);
        registers(line, evidence, &mut found);
        continuity(line, evidence, &mut found);
    }
    let replaced = is_replaced(evidence);
    match &expected {
        Some(expected) if !unread => deviation(evidence, expected, used, replaced, &mut found),
        None if !unread && used > 0 => woken(evidence, used, &mut found),
        _ => {}
    }
    estimates(evidence, &mut found);
    Score::of(evidence.account_id, found.list)
}

fn is_replaced(evidence: &Evidence<'_>) -> bool {
    let new = |line: &Reading| {
        !evidence.last.is_empty() && evidence.last.iter().all(|last| last.meter_seq != line.meter_seq)
    };
    evidence
        .lines
        .iter()
        .any(|line| line.flags.has(ReadingFlags::FINAL) || line.flags.has(ReadingFlags::FIRST) || new(line))
}

/// What a whole turn of the register counts, in millionths of what it shows.
fn dial(line: &Reading) -> i64 {
    10_i64.pow(u32::from(line.digits.min(12))).saturating_mul(Quantity::SCALE)
}

/// A register below its last reading, or said to have begun again. Sources: READ-14; the register's range.
fn rollover(line: &Reading, expected: Option<&Expected>, found: &mut Found<'_>) {
    for (register, span) in line.registers.iter().filter(|(register, _)| *register != Register::Demand) {
        let (before, now) = (span.previous.units(), span.current.units());
        if now >= before {
            continue;
        }
        let passed = clamp(i128::from(now) - i128::from(before) + i128::from(dial(line)));
        let energy = times(passed, line.multiplier);
        let plausible = passed <= dial(line) / 10
            && expected.is_none_or(|expected| {
                energy <= expected.energy.saturating_mul(5).max(expected.spread.saturating_mul(10))
            });
        match (line.flags.rolled_over(register), plausible) {
            (false, true) => found.add(Reason::MissedRollover, [before, now, energy, 0]),
            (false, false) => found.add(Reason::Backwards, [before, now, 0, 0]),
            (true, false) => found.add(Reason::DoubtfulRollover, [before, now, energy, 0]),
            (true, true) => {}
        }
    }
}

fn times(shown: i64, multiplier: Rate) -> i64 {
    Quantity::from_units(shown).times(multiplier, 6).map_or(i64::MAX, Quantity::units)
}

const TIMED: [Register; 4] = [Register::Sharp, Register::Peak, Register::Valley, Register::DeepValley];

/// Registers of one meter against each other. Source: `rules/electricity.md`: the total is the sum of its registers.
fn registers(line: &Reading, evidence: &Evidence<'_>, found: &mut Found<'_>) {
    let thresholds = found.thresholds;
    let Some(total) = moved(line, Register::Total) else { return };
    let has_timed = TIMED.iter().any(|register| line.registers.of(*register).is_some());
    let timed = TIMED.iter().filter_map(|register| moved(line, *register)).fold(0, i64::saturating_add);
    let flat = moved(line, Register::Flat);
    let summed = timed.saturating_add(flat.unwrap_or(0));
    let reactive = [Register::ReactiveForward, Register::ReactiveReverse]
        .iter()
        .filter_map(|register| moved(line, *register))
        .fold(0, i64::saturating_add);
    // The last digit of each register may be cut off.
    let slack = times(Quantity::SCALE * 2, line.multiplier).max(per_mille(summed, 10));
    let still = line.registers.of(Register::Total).is_some_and(|span| span.current == span.previous);
    if still && (summed > slack || reactive > slack) {
        return found.add(Reason::HalfStuck, [summed.max(reactive), 0, 0, 0]);
    }
    if total < 0 {
        return;
    }
    let whole = flat.is_some();
    if has_timed && (summed > total.saturating_add(slack) || whole && summed.saturating_add(slack) < total) {
        found.add(Reason::RegistersOver, [total, summed, 0, 0]);
    }
    let [energy, past_timed, past_reactive] = evidence.history.recent;
    let single = evidence.lines.len() == 1;
    if has_timed && single && past_timed > 0 && timed >= 0 && energy > 0 {
        // At its usual shares the registers by time stand for this much.
        let speaks = clamp(i128::from(timed) * i128::from(energy) / i128::from(past_timed));
        let apart = (i128::from(total) - i128::from(speaks)).abs() * 1000;
        let larger = total.max(speaks);
        if larger > thresholds.spread_kwh.units().saturating_mul(2)
            && apart > i128::from(larger) * i128::from(thresholds.register_share)
        {
            found.add(Reason::RegisterShares, [total, speaks, 0, 0]);
        }
    }
    if single && past_reactive > 0 && energy > 0 && total > 0 {
        if let (Some(now), Some(then)) = (share(reactive, total), share(past_reactive, energy)) {
            let limit = thresholds.reactive_factor;
            let (low, high) = (now.min(then).max(20), now.max(then));
            if share(high, low).is_some_and(|factor| factor >= limit) {
                found.add(Reason::PowerFactor, [now, then, 0, 0]);
            }
        }
    }
    if let Some(demand) = moved(line, Register::Demand).filter(|demand| *demand > 0) {
        let days = i64::from(evidence.circumstances.months_read.max(1)).saturating_mul(31);
        let most = demand.saturating_mul(24).saturating_mul(days);
        if total > most.saturating_add(slack) {
            found.add(Reason::DemandImpossible, [total, demand, days * 24, 0]);
        }
    }
}

/// Does the month begin where the last one ended, with the same multiplier?
fn continuity(line: &Reading, evidence: &Evidence<'_>, found: &mut Found<'_>) {
    let Some(last) = evidence.last.iter().find(|last| last.meter_seq == line.meter_seq) else { return };
    if let Some(span) = line.registers.of(Register::Total)
        && span.previous.units() != last.current
    {
        found.add(Reason::Discontinuous, [last.current, span.previous.units(), 0, 0]);
    }
    let now = line.multiplier.units();
    let circumstances = evidence.circumstances;
    if now != last.multiplier && !circumstances.change_ticket && !circumstances.supply_changed {
        let shown = |units: i64| clamp(i128::from(units) * 1000 / i128::from(Rate::SCALE));
        found.add(Reason::MultiplierChanged, [shown(last.multiplier), shown(now), 0, 0]);
    }
}

/// How far the month is off, what would explain it, and what speaks for the customer.
fn deviation(evidence: &Evidence<'_>, expected: &Expected, used: i64, replaced: bool, found: &mut Found<'_>) {
    let thresholds = found.thresholds;
    let history = &evidence.history;
    let points = thresholds.deviation_points(expected.tenths);
    let seen = seen_before(history, used, expected.above);
    if used == 0 {
        if points >= CAUSE_FROM_POINTS || expected.energy > thresholds.spread_kwh.units() {
            found.add(Reason::Stuck, [expected.energy, seen, 0, 0]);
            let running = history.energy.iter().take_while(|energy| **energy == Some(0)).count() as i64;
            if running > 0 {
                found.add(Reason::StuckAgain, [running + 1, 0, 0, 0]);
            }
        }
    }
    if points < CAUSE_FROM_POINTS {
        return;
    }
    let year = history.year_ago().unwrap_or(-1);
    let level = history.level().unwrap_or(0);
    let peers = if evidence.peers.members > 0 { evidence.peers.level } else { 0 };
    let reason = if expected.above { Reason::Above } else { Reason::Below };
    found.list.push(Finding { reason, points, figures: [used, year, level, peers] });
    if evidence.circumstances.estimated_before > 0
        && !evidence.lines.iter().any(|line| line.flags.has(ReadingFlags::ESTIMATED))
    {
        let months = i64::from(evidence.circumstances.estimated_before);
        found.add(Reason::EstimatedJump, [months, 0, 0, 0]);
    }
    if replaced {
        found.add(Reason::MeterReplaced, [0; 4]);
    }
    multiple(evidence, expected, used, replaced, found);
    if let ([line], true) = (evidence.lines, used != 0) {
        digits(line, expected, found);
    }
    let circumstances = evidence.circumstances;
    if seen > 0 {
        found.relieve(Reason::SeenBefore, points, [seen, 0, 0, 0]);
    }
    if circumstances.supply_changed {
        found.relieve(Reason::SupplyChanged, points, [0; 4]);
    }
    if circumstances.change_ticket {
        found.relieve(Reason::ChangeTicket, points, [0; 4]);
    }
    if history.months() < 6 {
        found.relieve(Reason::NewAccount, points, [history.months() as i64, 0, 0, 0]);
    }
}

/// A plain multiple or fraction: ten or a hundred times for a slipped decimal point, the multiplier itself when it was
/// left out or taken twice; with a new meter also the steps from one size of instrument transformer to the next.
fn multiple(evidence: &Evidence<'_>, expected: &Expected, used: i64, replaced: bool, found: &mut Found<'_>) {
    if used <= 0 || expected.energy <= 0 {
        return;
    }
    let largest = evidence.lines.iter().map(|line| line.multiplier.units() / Rate::SCALE).max().unwrap_or(1);
    let changed = [(2, 1), (3, 2), (3, 1), (4, 1), (5, 1)];
    let steps: &[(i64, i64)] = if replaced && largest > 1 { &changed } else { &[] };
    let factors = [(10, 1), (100, 1), (largest, 1)];
    let (large, small) = if expected.above { (used, expected.energy) } else { (expected.energy, used) };
    let fits = factors
        .iter()
        .chain(steps)
        .filter(|(by, over)| by > over)
        .any(|(by, over)| same(large.saturating_mul(*over), small.saturating_mul(*by), found.thresholds));
    if fits {
        let factor = share(used, expected.energy).unwrap_or(0);
        found.add(Reason::Multiple, [expected.energy, factor, 0, 0]);
    }
}

/// Would two neighbouring digits exchanged, or one other digit, bring the total into range?
fn digits(line: &Reading, expected: &Expected, found: &mut Found<'_>) {
    let Some(span) = line.registers.of(Register::Total) else { return };
    if line.flags.rolled_over(Register::Total) {
        return;
    }
    let (before, now) = (span.previous.units(), span.current.units());
    let near = |candidate: i64| {
        let energy = times(candidate.saturating_sub(before), line.multiplier);
        let apart = i128::from(energy) - i128::from(expected.energy);
        energy > 0 && apart.abs() <= i128::from(expected.spread)
    };
    let whole = now / Quantity::SCALE;
    let digit = |place: u32| whole / 10_i64.pow(place) % 10;
    let places = u32::from(line.digits.min(12));
    for place in 0..places.saturating_sub(1) {
        let difference = digit(place) - digit(place + 1);
        // The higher place takes the lower digit and the other way round.
        let candidate = beside(now, difference * 9, place);
        if difference != 0 && near(candidate) {
            return found.add(Reason::DigitSwap, [now, candidate, 0, 0]);
        }
    }
    for place in 0..places {
        for other in 0..10 {
            let candidate = beside(now, other - digit(place), place);
            if other != digit(place) && near(candidate) {
                return found.add(Reason::DigitOff, [now, candidate, 0, 0]);
            }
        }
    }
}

/// A reading with `by` added at a place of its whole digits.
fn beside(reading: i64, by: i64, place: u32) -> i64 {
    clamp(i128::from(reading) + i128::from(by) * 10_i128.pow(place) * i128::from(Quantity::SCALE))
}

/// Used again after nothing: there is no level to compare with.
fn woken(evidence: &Evidence<'_>, used: i64, found: &mut Found<'_>) {
    let history = &evidence.history;
    if history.months() >= 3 && used > found.thresholds.spread_kwh.units().saturating_mul(4) {
        found.add(Reason::WokeUp, [used, 0, 0, 0]);
    }
}

fn estimates(evidence: &Evidence<'_>, found: &mut Found<'_>) {
    if evidence.lines.iter().any(|line| line.flags.has(ReadingFlags::ESTIMATED)) {
        found.add(Reason::Estimated, [0; 4]);
        let before = i64::from(evidence.circumstances.estimated_before);
        if before > 0 {
            found.add(Reason::EstimatedAgain, [before + 1, 0, 0, 0]);
        }
    }
}
