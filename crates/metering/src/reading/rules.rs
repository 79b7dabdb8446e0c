//! The arithmetic of registers.

use kernel::{Quantity, Rate};

use super::model::{Reading, ReadingFault, ReadingFlags, ReadingStatus, Register, Registers, Span};
use crate::Result;

/// The largest number of whole digits a register can have.
pub(crate) const DIGITS_MAX: u8 = 12;

fn capacity(digits: u8) -> i64 {
    10_i64.pow(u32::from(digits.min(DIGITS_MAX))) * Quantity::SCALE
}

/// What passed through `register`: current − previous, plus the register's range when it rolled over, times the
/// multiplier; for demand, current times the multiplier. Unrounded beyond 6 decimals (half up).
pub fn consumption(
    register: Register,
    span: Span,
    digits: u8,
    multiplier: Rate,
    rolled_over: bool,
) -> Result<Quantity> {
    let shown = match register {
        Register::Demand => span.current,
        _ if rolled_over => {
            span.current.minus(span.previous)?.plus(Quantity::from_units(capacity(digits)))?
        }
        _ => span.current.minus(span.previous)?,
    };
    Ok(shown.times(multiplier, 6)?)
}

/// The first thing wrong with a reading, if anything is. Sources: READ-14; `rules/electricity.md` 1.4 and 6.
pub fn first_fault(
    registers: &Registers,
    digits: u8,
    status: ReadingStatus,
    flags: ReadingFlags,
) -> Option<ReadingFault> {
    let mut moved = None;
    for (register, span) in registers.iter() {
        for value in [span.previous, span.current] {
            if value.is_negative() {
                return Some(ReadingFault::Negative { register });
            }
            if value.units() >= capacity(digits) {
                return Some(ReadingFault::TooManyDigits { register, value, digits });
            }
        }
        let rolled_over = flags.rolled_over(register);
        if register == Register::Demand {
            if !span.current.is_zero() {
                moved = moved.or(Some(register));
            }
            continue;
        }
        if span.current < span.previous && !rolled_over {
            return Some(ReadingFault::Backwards {
                register,
                previous: span.previous,
                current: span.current,
            });
        }
        if rolled_over && span.current >= span.previous {
            return Some(ReadingFault::NoRollOver { register });
        }
        if span.current != span.previous {
            moved = moved.or(Some(register));
        }
    }
    match (status, moved) {
        (ReadingStatus::Read | ReadingStatus::Zero, _) if registers.iter().next().is_none() => {
            Some(ReadingFault::NoRegister)
        }
        (ReadingStatus::Read, None) => Some(ReadingFault::ReadButStill),
        (ReadingStatus::Zero, Some(register)) => Some(ReadingFault::ZeroButMoved { register }),
        (ReadingStatus::Unread, Some(register)) => Some(ReadingFault::UnreadButMoved { register }),
        _ => None,
    }
}

impl Reading {
    /// What passed through `register` in the period, if the meter has it.
    pub fn consumption(&self, register: Register) -> Result<Option<Quantity>> {
        let Some(span) = self.registers.of(register) else { return Ok(None) };
        let rolled_over = self.flags.rolled_over(register);
        consumption(register, span, self.digits, self.multiplier, rolled_over).map(Some)
    }
    /// The first thing wrong with it, if anything is.
    pub fn first_fault(&self) -> Option<ReadingFault> {
        first_fault(&self.registers, self.digits, self.status, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kwh(text: &str) -> Quantity {
        text.parse().unwrap()
    }
    fn span(previous: &str, current: &str) -> Span {
        Span { previous: kwh(previous), current: kwh(current) }
    }

    #[test]
    fn energy_is_the_difference_times_the_multiplier() {
        for (register, previous, current, digits, multiplier, rolled, expected) in [
            (Register::Total, "100.5", "250.75", 6, "1", false, "150.25"),
            (Register::Total, "9990", "15", 4, "1", true, "25"),
            (Register::Peak, "10.01", "10.02", 6, "3000", false, "30"),
            (Register::ReactiveForward, "99999.99", "0.01", 5, "1.5", true, "0.03"),
            (Register::Demand, "0", "0.4321", 4, "3000", false, "1296.3"),
        ] {
            let found =
                consumption(register, span(previous, current), digits, multiplier.parse().unwrap(), rolled);
            assert_eq!(found.unwrap(), kwh(expected), "{previous} to {current}");
        }
    }

    /// READ-14: a status that contradicts the registers is refused.
    #[test]
    fn readings_that_cannot_be_right_are_found() {
        use ReadingFault::*;
        let total = Register::Total;
        let plain = ReadingFlags::default();
        let rolled = plain.with_roll_over(total);
        for (previous, current, status, flags, expected) in [
            ("10", "20", ReadingStatus::Read, plain, None),
            ("10", "10", ReadingStatus::Zero, plain, None),
            ("10", "10", ReadingStatus::Unread, plain, None),
            ("99990", "20", ReadingStatus::Read, rolled, None),
            ("10", "10", ReadingStatus::Read, plain, Some(ReadButStill)),
            ("10", "20", ReadingStatus::Zero, plain, Some(ZeroButMoved { register: total })),
            ("10", "20", ReadingStatus::Unread, plain, Some(UnreadButMoved { register: total })),
            ("10", "20", ReadingStatus::Read, rolled, Some(NoRollOver { register: total })),
            ("-1", "20", ReadingStatus::Read, plain, Some(Negative { register: total })),
            (
                "20",
                "10",
                ReadingStatus::Read,
                plain,
                Some(Backwards { register: total, previous: kwh("20"), current: kwh("10") }),
            ),
            (
                "20",
                "100000",
                ReadingStatus::Read,
                plain,
                Some(TooManyDigits { register: total, value: kwh("100000"), digits: 5 }),
            ),
        ] {
            let registers = Registers::total(kwh(previous), kwh(current));
            assert_eq!(first_fault(&registers, 5, status, flags), expected, "{previous} to {current}");
        }
        assert_eq!(
            first_fault(&Registers::default(), 5, ReadingStatus::Read, plain),
            Some(ReadingFault::NoRegister)
        );
    }
}
