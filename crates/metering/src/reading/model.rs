//! The nouns of a reading.

use kernel::{Bilingual, Date, Lang, Moment, Quantity, Rate};

use crate::codes::codes;

codes! {
    /// A register of a meter (示数类型).
    Register {
        /// Active, total.
        Total = 0, "total", "总";
        /// Active, sharp peak.
        Sharp = 1, "sharp", "尖";
        /// Active, peak.
        Peak = 2, "peak", "峰";
        /// Active, flat.
        Flat = 3, "flat", "平";
        /// Active, valley.
        Valley = 4, "valley", "谷";
        /// Active, deep valley.
        DeepValley = 5, "deep_valley", "深谷";
        /// Reactive, forward.
        ReactiveForward = 6, "reactive_forward", "正向无功";
        /// Reactive, reverse.
        ReactiveReverse = 7, "reactive_reverse", "反向无功";
        /// Highest demand since the last reset; it has no previous value.
        Demand = 8, "demand", "需量";
    }
}

impl Register {
    /// Its bit in [`crate::account::Meter::registers`].
    pub const fn bit(self) -> u16 {
        1 << self as u16
    }
    /// A unit of reactive energy?
    pub const fn is_reactive(self) -> bool {
        matches!(self, Register::ReactiveForward | Register::ReactiveReverse)
    }
}

codes! {
    /// How a line of a book stands (抄表状态). Source: READ-14.
    ReadingStatus {
        /// Not read (未抄).
        Unread = 0, "unread", "未抄";
        /// Read (已抄).
        Read = 1, "read", "已抄";
        /// Read, and nothing was used (抄零).
        Zero = 2, "zero", "抄零";
    }
}

/// A register at the beginning and at the end of the period, as the meter shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The reading the previous period ended with; zero for demand.
    pub previous: Quantity,
    /// The reading now.
    pub current: Quantity,
}

/// The registers of one meter, by [`Register`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Registers([Option<Span>; 9]);

impl Registers {
    /// Only the total.
    pub fn total(previous: Quantity, current: Quantity) -> Registers {
        let mut registers = Registers::default();
        registers.set(Register::Total, Some(Span { previous, current }));
        registers
    }
    /// One register, if it was read.
    pub const fn of(&self, register: Register) -> Option<Span> {
        self.0[register as usize]
    }
    /// Sets one register.
    pub fn set(&mut self, register: Register, span: Option<Span>) {
        self.0[register as usize] = span;
    }
    /// Those that are there, in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = (Register, Span)> + '_ {
        Register::ALL.iter().zip(&self.0).filter_map(|(register, span)| span.map(|span| (*register, span)))
    }
}

/// Yes-or-no properties of a reading in one whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ReadingFlags(pub u32);

impl ReadingFlags {
    /// There are registers beside the total.
    pub const MORE_REGISTERS: ReadingFlags = ReadingFlags(1);
    /// A person confirmed that a register passed its last digit (翻转): see [`ReadingFlags::rolled_over`].
    pub const ESTIMATED: ReadingFlags = ReadingFlags(1 << 1);
    /// The last reading of a meter that was taken off (拆表).
    pub const FINAL: ReadingFlags = ReadingFlags(1 << 2);
    /// The first reading of a meter that was put on (装表).
    pub const FIRST: ReadingFlags = ReadingFlags(1 << 3);

    /// Has all of `other`?
    pub const fn has(self, other: ReadingFlags) -> bool {
        self.0 & other.0 == other.0
    }
    /// With `other` added when `yes`.
    pub const fn with(self, other: ReadingFlags, yes: bool) -> ReadingFlags {
        if yes { ReadingFlags(self.0 | other.0) } else { ReadingFlags(self.0 & !other.0) }
    }
    /// Did a person confirm that `register` began again at zero?
    pub const fn rolled_over(self, register: Register) -> bool {
        self.0 >> 16 & register.bit() as u32 != 0
    }
    /// With the roll-over of `register` confirmed.
    pub const fn with_roll_over(self, register: Register) -> ReadingFlags {
        ReadingFlags(self.0 | (register.bit() as u32) << 16)
    }
}

/// One meter in one month (表码). It carries the meter's digits and multiplier of that month, so that an old bill can
/// be computed again after the meter was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Whose.
    pub account_id: i64,
    /// Which of the account's meters.
    pub meter_seq: i64,
    /// The point it measures.
    pub point_seq: i64,
    /// Whole digits of its registers.
    pub digits: u8,
    /// Multiplier (倍率).
    pub multiplier: Rate,
    /// How the line stands.
    pub status: ReadingStatus,
    /// Yes-or-no properties.
    pub flags: ReadingFlags,
    /// The day it was read; for an unread line the day it should have been.
    pub read_on: Date,
    /// What the registers showed. An unread line keeps its previous values, current equal to previous.
    pub registers: Registers,
    /// The person who entered it; 0 for the system.
    pub entered_by: i64,
    /// When it was entered.
    pub entered_at: Moment,
    /// Version of the row, from 1.
    pub version: i64,
}

/// What is wrong with a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadingFault {
    /// The register shows less than before and nobody confirmed a roll-over.
    Backwards {
        /// Which register.
        register: Register,
        /// Before.
        previous: Quantity,
        /// Now.
        current: Quantity,
    },
    /// A roll-over was confirmed, but the register shows no less than before.
    NoRollOver {
        /// Which register.
        register: Register,
    },
    /// More digits than the register has.
    TooManyDigits {
        /// Which register.
        register: Register,
        /// What was given.
        value: Quantity,
        /// Whole digits of the register.
        digits: u8,
    },
    /// Below zero.
    Negative {
        /// Which register.
        register: Register,
    },
    /// The line says zero-read, but a register moved.
    ZeroButMoved {
        /// Which register.
        register: Register,
    },
    /// The line says unread, but a register has a new value.
    UnreadButMoved {
        /// Which register.
        register: Register,
    },
    /// The line says read, but nothing moved: it must say zero-read.
    ReadButStill,
    /// The line says read or zero-read, but has no register at all.
    NoRegister,
    /// The meter has the register, but no value was given for it.
    RegisterMissing {
        /// Which register.
        register: Register,
    },
    /// A value was given for a register the meter does not have.
    NoSuchRegister {
        /// Which register.
        register: Register,
    },
}

impl std::fmt::Display for ReadingFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl Bilingual for ReadingFault {
    fn text(&self, lang: Lang) -> String {
        use ReadingFault::*;
        let name = |register: &Register| register.text(lang);
        match (self, lang) {
            (Backwards { register, previous, current }, Lang::Zh) => {
                format!("{}示数 {current} 小于上次 {previous}，未确认翻转", name(register))
            }
            (Backwards { register, previous, current }, Lang::En) => format!(
                "register {} shows {current}, less than {previous} before; confirm a roll-over or correct it",
                name(register)
            ),
            (NoRollOver { register }, Lang::Zh) => {
                format!("{}示数不小于上次，却标为翻转", name(register))
            }
            (NoRollOver { register }, Lang::En) => {
                format!("register {} is marked as rolled over but shows no less than before", name(register))
            }
            (TooManyDigits { register, value, digits }, Lang::Zh) => {
                format!("{}示数 {value} 超过表计的 {digits} 位整数", name(register))
            }
            (TooManyDigits { register, value, digits }, Lang::En) => {
                format!("register {} shows {value}, more than its {digits} whole digits", name(register))
            }
            (Negative { register }, Lang::Zh) => format!("{}示数为负", name(register)),
            (Negative { register }, Lang::En) => format!("register {} is below zero", name(register)),
            (ZeroButMoved { register }, Lang::Zh) => {
                format!("抄表状态为抄零，但{}示数有变化", name(register))
            }
            (ZeroButMoved { register }, Lang::En) => {
                format!("the line says zero-read, but register {} moved", name(register))
            }
            (UnreadButMoved { register }, Lang::Zh) => {
                format!("抄表状态为未抄，但填有新的{}示数", name(register))
            }
            (UnreadButMoved { register }, Lang::En) => {
                format!("the line says unread, but register {} has a new value", name(register))
            }
            (ReadButStill, Lang::Zh) => "示数没有变化，抄表状态应为抄零".into(),
            (ReadButStill, Lang::En) => "no register moved: the line must say zero-read".into(),
            (RegisterMissing { register }, Lang::Zh) => format!("缺少{}示数", name(register)),
            (RegisterMissing { register }, Lang::En) => {
                format!("register {} has no value; enter it", name(register))
            }
            (NoSuchRegister { register }, Lang::Zh) => format!("表计没有{}示数", name(register)),
            (NoSuchRegister { register }, Lang::En) => {
                format!("the meter has no register {}; leave it out", name(register))
            }
            (NoRegister, Lang::Zh) => "没有任何示数".into(),
            (NoRegister, Lang::En) => "there is no register value".into(),
        }
    }
}
