//! Known errors put into a demo's readings, and lawful events that look like them, to measure who finds the errors.

use std::collections::HashMap;

use fastrand::Rng;
use kernel::{Month, Quantity, Rate};
use metering::reading::{Reading, ReadingFlags, ReadingStatus, Register, Registers, Span};

use super::{BOOK_ACCOUNTS, Customer, Population, Special, Stage};

/// A kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// Two neighbouring digits exchanged.
    DigitSwap,
    /// One digit wrong.
    DigitOff,
    /// The register passed its last digit and nobody said so.
    MissedRollover,
    /// A mistyped reading below the last one, confirmed as a roll-over.
    FalseRollover,
    /// The multiplier of the month is wrong.
    WrongMultiplier,
    /// A new meter with a wrong multiplier.
    NewMeterMultiplier,
    /// The register stands still.
    Stuck,
    /// The register stood still from some day on, or a phase is missing.
    Slow,
    /// Two meters of the book taken for each other.
    Swapped,
    /// Estimated twice, at a wrong level.
    EstimatedTwice,
    /// Read after two low estimates.
    EstimateJump,
}

impl Trouble {
    /// All kinds.
    pub const ALL: [Trouble; 11] = [
        Trouble::DigitSwap,
        Trouble::DigitOff,
        Trouble::MissedRollover,
        Trouble::FalseRollover,
        Trouble::WrongMultiplier,
        Trouble::NewMeterMultiplier,
        Trouble::Stuck,
        Trouble::Slow,
        Trouble::Swapped,
        Trouble::EstimatedTwice,
        Trouble::EstimateJump,
    ];
    /// Its name in both languages.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Trouble::DigitSwap => ("相邻数字颠倒", "digit swap"),
            Trouble::DigitOff => ("错一位数字", "digit off"),
            Trouble::MissedRollover => ("翻转漏录", "missed rollover"),
            Trouble::FalseRollover => ("误确认翻转", "false rollover"),
            Trouble::WrongMultiplier => ("倍率错误", "wrong multiplier"),
            Trouble::NewMeterMultiplier => ("换表后倍率错误", "new meter, multiplier"),
            Trouble::Stuck => ("表计停走", "stuck register"),
            Trouble::Slow => ("停走或缺相", "slow register"),
            Trouble::Swapped => ("串户", "swapped meters"),
            Trouble::EstimatedTwice => ("连续估抄", "estimated twice"),
            Trouble::EstimateJump => ("估抄后突变", "jump after estimates"),
        }
    }
}

/// What is done to an account.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Error(Trouble),
    /// The register passes its last digit, and that is confirmed.
    Rollover,
    /// Estimated this month, about right.
    Estimated,
    /// Estimated the month before, about right.
    EstimatedBefore,
}

/// Errors and events by the place of the customer.
pub struct Troubles {
    seed: u64,
    month: Month,
    deeds: HashMap<u64, Deed>,
    partner: HashMap<u64, u64>,
}

/// Shares of lawful events, in hundred-thousandths of the accounts.
const ROLLOVERS: u64 = 300;
const ESTIMATED: u64 = 700;

impl Troubles {
    /// Chooses `share` hundred-thousandths of the customers for errors, the kinds in turn, and others for lawful events.
    pub fn choose(stage: &Stage, seed: u64, share: u64) -> Troubles {
        let population = &stage.population;
        let mut rng = Rng::with_seed(seed ^ 0x7472_6f75_626c_65);
        let (mut deeds, mut partner) = (HashMap::new(), HashMap::new());
        let wanted = population.len() * share / 100_000;
        let (mut done, mut tries, mut turn) = (0, 0, 0_usize);
        while done < wanted && tries < population.len() * 50 {
            tries += 1;
            let trouble = Trouble::ALL[turn % Trouble::ALL.len()];
            // Multipliers are customers' with instrument transformers: they live in the first books of the stations.
            let index = match trouble {
                Trouble::WrongMultiplier | Trouble::NewMeterMultiplier => {
                    let books: Vec<u64> =
                        (0..population.books()).filter(|book| population.is_dedicated_book(*book)).collect();
                    books[rng.usize(..books.len())] * BOOK_ACCOUNTS + rng.u64(..BOOK_ACCOUNTS)
                }
                _ => rng.u64(..population.len()),
            };
            let usual = |index: u64, deeds: &HashMap<u64, Deed>| {
                index < population.len()
                    && population.customer(index).special == Special::Usual
                    && !deeds.contains_key(&index)
            };
            if !usual(index, &deeds) {
                continue;
            }
            let customer = population.customer(index);
            let plain = customer.multiplier() == 1;
            let fits = match trouble {
                Trouble::WrongMultiplier | Trouble::NewMeterMultiplier => !plain,
                Trouble::MissedRollover | Trouble::FalseRollover | Trouble::Swapped => plain,
                _ => true,
            };
            // What was not used cannot be read wrongly.
            if !fits
                || population.energy_kwh(&customer, stage.month) < Quantity::from_units(20 * Quantity::SCALE)
            {
                continue;
            }
            if trouble == Trouble::Swapped {
                let other = index / BOOK_ACCOUNTS * BOOK_ACCOUNTS + rng.u64(..BOOK_ACCOUNTS);
                let plain_other =
                    other != index && usual(other, &deeds) && population.customer(other).multiplier() == 1;
                // Two that use the same cannot be told apart, and nobody loses by it.
                let of = |index| population.energy_kwh(&population.customer(index), stage.month).units();
                if !plain_other || of(index).abs_diff(of(other)) < of(index).unsigned_abs() / 10 {
                    continue;
                }
                deeds.insert(other, Deed::Error(trouble));
                partner.insert(index, other);
                partner.insert(other, index);
                done += 1;
            }
            deeds.insert(index, Deed::Error(trouble));
            done += 1;
            turn += 1;
        }
        for (share, deed) in
            [(ROLLOVERS, Deed::Rollover), (ESTIMATED, Deed::Estimated), (ESTIMATED, Deed::EstimatedBefore)]
        {
            for _ in 0..population.len() * share / 100_000 {
                let index = rng.u64(..population.len());
                let customer = population.customer(index);
                if customer.special == Special::Usual && customer.multiplier() == 1 {
                    deeds.entry(index).or_insert(deed);
                }
            }
        }
        Troubles { seed, month: stage.month, deeds, partner }
    }

    /// What was done to whom: the truth that only the measurement knows.
    pub fn truth(&self) -> HashMap<i64, Trouble> {
        let error = |(index, deed): (&u64, &Deed)| match deed {
            Deed::Error(trouble) => Some((Population::account_id(*index), *trouble)),
            _ => None,
        };
        self.deeds.iter().filter_map(error).collect()
    }

    /// The lines of a customer in `month`, as they were really entered.
    pub fn lines(&self, stage: &Stage, customer: &Customer, month: Month) -> Vec<Reading> {
        let mut lines = stage.readings_of(customer, month);
        let back = month.months_until(self.month);
        let Some(deed) = self.deeds.get(&customer.index).filter(|_| back <= 2) else { return lines };
        let [line] = &mut lines[..] else { return lines };
        let mut rng = Rng::with_seed(self.seed ^ customer.index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        match deed {
            Deed::Rollover => shift_to_the_top(stage, customer, self.month, line, back == 0),
            Deed::Estimated if back == 0 => line.flags = line.flags.with(ReadingFlags::ESTIMATED, true),
            Deed::EstimatedBefore if back == 1 => line.flags = line.flags.with(ReadingFlags::ESTIMATED, true),
            Deed::Error(trouble) => self.spoil(*trouble, stage, customer, line, back, &mut rng),
            _ => {}
        }
        lines
    }

    fn spoil(
        &self,
        trouble: Trouble,
        stage: &Stage,
        customer: &Customer,
        line: &mut Reading,
        back: i32,
        rng: &mut Rng,
    ) {
        let Some(span) = line.registers.of(Register::Total) else { return };
        let (before, now) = (span.previous.units(), span.current.units());
        let used = now - before;
        let unit = Quantity::SCALE;
        let show = |line: &mut Reading, current: i64| {
            let current = Quantity::from_units(current);
            line.registers.set(Register::Total, Some(Span { current, ..span }));
        };
        match trouble {
            Trouble::MissedRollover => shift_to_the_top(stage, customer, self.month, line, false),
            Trouble::EstimatedTwice | Trouble::EstimateJump => {
                let jump = trouble == Trouble::EstimateJump;
                let level = if jump || rng.bool() { rng.i64(250..650) } else { rng.i64(1450..2200) };
                let estimate = |of: Month| {
                    let energy = stage.population.energy_kwh(customer, of).units();
                    energy / customer.multiplier() * level / 1000
                };
                // Estimates of the months before stand in the registers of this one.
                let (first, last) = if jump { (2, 1) } else { (1, 0) };
                if back > first {
                    return;
                }
                let mut off = 0;
                let mut at = first;
                while at > back {
                    let of = self.month.plus(-at).unwrap_or(self.month);
                    off += estimate(of) - true_shown(stage, customer, of);
                    at -= 1;
                }
                let month = self.month.plus(-back).unwrap_or(self.month);
                let previous = before + off;
                let current = if back >= last { previous + estimate(month) } else { now };
                let hundredth = unit / 100;
                let cut = |units: i64| Quantity::from_units(units / hundredth * hundredth);
                let whole = Span { previous: cut(previous), current: cut(current.max(previous)) };
                line.registers = only_total(line, whole);
                line.flags = line.flags.with(ReadingFlags::ESTIMATED, back >= last);
            }
            _ if back > 0 => {}
            Trouble::DigitSwap | Trouble::DigitOff => {
                let whole = now / unit;
                let digit = |place: u32| whole / 10_i64.pow(place) % 10;
                let mut candidates = Vec::new();
                for place in 0..4 {
                    if trouble == Trouble::DigitSwap {
                        candidates.push((digit(place) - digit(place + 1)) * 9 * 10_i64.pow(place));
                    } else {
                        candidates.extend((0..10).map(|other| (other - digit(place)) * 10_i64.pow(place)));
                    }
                }
                // What goes backwards is refused at the desk, and a slip of nothing to speak of is no error.
                candidates.retain(|by| *by != 0 && used + by * unit >= 0 && by.abs() * unit * 20 >= used);
                if !candidates.is_empty() {
                    show(line, now + candidates[rng.usize(..candidates.len())] * unit);
                }
            }
            Trouble::FalseRollover => {
                let lower = before - rng.i64(1..=used.max(unit) * 3);
                show(line, lower.max(0) / unit * unit);
                line.flags = line.flags.with_roll_over(Register::Total);
            }
            Trouble::WrongMultiplier | Trouble::NewMeterMultiplier => {
                let right = customer.multiplier();
                let wrong = [right * 10, (right / 10).max(1), 1, right * 2, right * 3 / 2, right / 2];
                line.multiplier = Rate::whole(wrong[rng.usize(..wrong.len())].max(1)).unwrap_or(Rate::ONE);
                if trouble == Trouble::NewMeterMultiplier {
                    line.meter_seq = 2;
                    let mut registers = Registers::default();
                    for (register, span) in line.registers.iter() {
                        let passed = span.current.minus(span.previous).unwrap_or_default();
                        let new = if register == Register::Demand {
                            span
                        } else {
                            Span { previous: Quantity::ZERO, current: passed }
                        };
                        registers.set(register, Some(new));
                    }
                    line.registers = registers;
                }
            }
            Trouble::Stuck => {
                let mut registers = Registers::default();
                for (register, span) in line.registers.iter() {
                    let stands = register == Register::Total || customer.multiplier() == 1;
                    let current = if stands { span.previous } else { span.current };
                    registers.set(register, Some(Span { current, ..span }));
                }
                line.registers = registers;
            }
            Trouble::Slow => {
                let share =
                    if customer.multiplier() > 1 { [333, 667][rng.usize(..2)] } else { rng.i64(50..500) };
                let mut registers = Registers::default();
                for (register, span) in line.registers.iter() {
                    let passed = span.current.units() - span.previous.units();
                    let hundredths = passed * share / 1000 / (unit / 100) * (unit / 100);
                    let current = Quantity::from_units(span.previous.units() + hundredths);
                    let current = if register == Register::Demand { span.current } else { current };
                    registers.set(register, Some(Span { current, ..span }));
                }
                line.registers = registers;
            }
            Trouble::Swapped => {
                let Some(other) = self.partner.get(&customer.index) else { return };
                let theirs = stage.population.energy_kwh(&stage.population.customer(*other), self.month);
                line.registers =
                    only_total(line, Span { current: Quantity::from_units(before + theirs.units()), ..span });
            }
        }
        let still = line
            .registers
            .iter()
            .all(|(register, span)| register == Register::Demand || span.current == span.previous);
        line.status = if still { ReadingStatus::Zero } else { ReadingStatus::Read };
    }
}

/// The total as given; registers by time in proportion, where the meter has them.
fn only_total(line: &Reading, total: Span) -> Registers {
    let Some(old) = line.registers.of(Register::Total) else { return line.registers };
    let passed = i128::from((old.current.units() - old.previous.units()).max(1));
    let now = i128::from(total.current.units() - total.previous.units());
    let mut registers = Registers::default();
    for (register, span) in line.registers.iter() {
        let own = i128::from(span.current.units() - span.previous.units());
        let hundredth = i128::from(Quantity::SCALE / 100);
        let scaled = i64::try_from(own * now / passed / hundredth * hundredth).unwrap_or(0);
        let current = Quantity::from_units(span.previous.units() + scaled.max(0));
        let span = if register == Register::Demand { span } else { Span { current, ..span } };
        registers.set(register, Some(span));
    }
    registers.set(Register::Total, Some(total));
    registers
}

/// What the total of a customer really moved by in `month`.
fn true_shown(stage: &Stage, customer: &Customer, month: Month) -> i64 {
    let lines = stage.readings_of(customer, month);
    let span = lines.last().and_then(|line| line.registers.of(Register::Total));
    span.map_or(0, |span| span.current.units() - span.previous.units())
}

/// Shifts the total so that it passes its last digit in the month that is run; `confirmed` says whether somebody says so.
fn shift_to_the_top(stage: &Stage, customer: &Customer, month: Month, line: &mut Reading, confirmed: bool) {
    let full = 10_i64.pow(u32::from(line.digits)) * Quantity::SCALE;
    let lines = stage.readings_of(customer, month);
    let Some(last) = lines.last().and_then(|line| line.registers.of(Register::Total)) else { return };
    let middle = (last.current.units() + last.previous.units()) / 2;
    // The middle of the month's consumption is where the register begins again.
    let offset = full - middle / Quantity::SCALE * Quantity::SCALE;
    let Some(span) = line.registers.of(Register::Total) else { return };
    let shifted = |value: Quantity| Quantity::from_units((value.units() + offset).rem_euclid(full));
    let span = Span { previous: shifted(span.previous), current: shifted(span.current) };
    line.registers.set(Register::Total, Some(span));
    if confirmed && span.current < span.previous {
        line.flags = line.flags.with_roll_over(Register::Total);
    }
}
