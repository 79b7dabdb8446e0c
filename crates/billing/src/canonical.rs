//! Bills as stored bytes: what went in and what came out, in one fixed form that never changes for a version.
//!
//! Whole numbers are zigzag varints, sequences carry their length, choices a tag. The same bill always gives the
//! same bytes; these bytes, not a rendering of columns, are what the log proves and what an explanation is made of.

mod adjustment;
mod figures;
mod issued;

pub use figures::{Figures, read_figures};

pub use adjustment::{is_adjustment, read_adjustment, write_adjustment};
pub use issued::{Content, IssuedBill, Owner, read_issued, write_issued};

use kernel::{Date, Exact, Money, Month, Price, Quantity, Rate};
use smallvec::SmallVec;
use tariff::{
    AccountPeriod, BasicMethod, BasicResult, Bill, ComponentId, ComponentSum, DemandFeed, Fraction, Line,
    LineKind, LineLoss, LossFormula, LossModelId, LossResult, MeterSegment, Period, PeriodEnergy, PlanId,
    Point, PointEnergy, PowerFactorResult, PowerFactorStandard, Reading, Register, RuleId, Share, Source,
    SupplyAgreement, TierResult, TierState, Transformer, TransformerChange, TransformerEvent,
    TransformerLoss, TransformerState,
};

/// The form written by this program.
const VERSION: u8 = 1;
/// No sequence in a bill is longer; a longer one is not a bill.
const LENGTH_MAX: usize = 100_000;

/// The bytes are not a bill of a known form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored bill cannot be read at byte {0}")]
pub struct Unreadable(pub usize);

/// Bytes being read.
pub struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

type Read<T> = Result<T, Unreadable>;

impl Reader<'_> {
    fn broken<T>(&self) -> Read<T> {
        Err(Unreadable(self.at))
    }
    fn byte(&mut self) -> Read<u8> {
        let Some(byte) = self.bytes.get(self.at) else { return self.broken() };
        self.at += 1;
        Ok(*byte)
    }
    fn unsigned(&mut self) -> Read<u128> {
        let mut value = 0_u128;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            value |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                // A longer spelling of the same number would make two forms of one bill.
                return if byte == 0 && shift > 0 { self.broken() } else { Ok(value) };
            }
        }
        self.broken()
    }
    /// Like [`Reader::unsigned`] for what fits 64 bits, which nearly everything does.
    fn unsigned_64(&mut self) -> Read<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if byte == 0 && shift > 0 || shift == 63 && byte > 1 {
                return self.broken();
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        self.broken()
    }
    fn length(&mut self) -> Read<usize> {
        match usize::try_from(self.unsigned_64()?) {
            Ok(length) if length <= LENGTH_MAX => Ok(length),
            _ => self.broken(),
        }
    }
}

fn put_unsigned(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A value with one fixed form in bytes.
trait Canonical: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Reader<'_>) -> Read<Self>;
}

impl Canonical for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        put_unsigned(((self << 1) ^ (self >> 63)) as u64, out);
    }
    fn take(from: &mut Reader<'_>) -> Read<i64> {
        let raw = from.unsigned_64()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }
}

macro_rules! small_numbers {
    ($($kind:ty),*) => {$(
        impl Canonical for $kind {
            fn put(&self, out: &mut Vec<u8>) {
                put_unsigned(u64::from(*self), out);
            }
            fn take(from: &mut Reader<'_>) -> Read<Self> {
                let value = from.unsigned_64()?;
                <$kind>::try_from(value).or_else(|_| from.broken())
            }
        }
    )*};
}
small_numbers!(u8, u16, u32);

impl Canonical for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take(from: &mut Reader<'_>) -> Read<bool> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => from.broken(),
        }
    }
}

impl Canonical for i128 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut value = ((self << 1) ^ (self >> 127)) as u128;
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }
    fn take(from: &mut Reader<'_>) -> Read<i128> {
        let raw = from.unsigned()?;
        Ok((raw >> 1) as i128 ^ -((raw & 1) as i128))
    }
}

macro_rules! through_i64 {
    ($($kind:ty: $to:expr, $from:expr;)*) => {$(
        impl Canonical for $kind {
            fn put(&self, out: &mut Vec<u8>) {
                #[allow(clippy::redundant_closure_call)]
                ($to)(*self).put(out);
            }
            fn take(from: &mut Reader<'_>) -> Read<Self> {
                let value = i64::take(from)?;
                #[allow(clippy::redundant_closure_call)]
                Option::from(($from)(value)).map_or_else(|| from.broken(), Ok)
            }
        }
    )*};
}
through_i64! {
    Money: Money::fen, Money::from_fen;
    Quantity: Quantity::units, Quantity::from_units;
    Price: Price::units, Price::from_units;
    Rate: Rate::units, Rate::from_units;
    Date: Date::number, |number| Date::from_number(number).ok();
    Month: Month::number, |number| Month::from_number(number).ok();
}

impl<T: Canonical> Canonical for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_some()));
        if let Some(value) = self {
            value.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Read<Self> {
        Ok(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

impl<T: Canonical> Canonical for Box<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }
    fn take(from: &mut Reader<'_>) -> Read<Self> {
        T::take(from).map(Box::new)
    }
}

impl<T: Canonical> Canonical for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_unsigned(self.len() as u64, out);
        self.iter().for_each(|item| item.put(out));
    }
    fn take(from: &mut Reader<'_>) -> Read<Self> {
        (0..from.length()?).map(|_| T::take(from)).collect()
    }
}

impl<A: smallvec::Array> Canonical for SmallVec<A>
where
    A::Item: Canonical,
{
    fn put(&self, out: &mut Vec<u8>) {
        put_unsigned(self.len() as u64, out);
        self.iter().for_each(|item| item.put(out));
    }
    fn take(from: &mut Reader<'_>) -> Read<Self> {
        (0..from.length()?).map(|_| A::Item::take(from)).collect()
    }
}

impl<T: Canonical + Copy + Default, const N: usize> Canonical for [T; N] {
    fn put(&self, out: &mut Vec<u8>) {
        for item in self {
            item.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Read<Self> {
        let mut items = [T::default(); N];
        for item in &mut items {
            *item = T::take(from)?;
        }
        Ok(items)
    }
}

macro_rules! structs {
    ($($kind:ident { $($field:tt),* $(,)? })*) => {$(
        impl Canonical for $kind {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }
            fn take(from: &mut Reader<'_>) -> Read<Self> {
                Ok($kind { $($field: Canonical::take(from)?),* })
            }
        }
    )*};
}
structs! {
    AccountPeriod { from, to, month, points, tiers, supply }
    Point {
        plan, source, deducted_from, bears_transformer_loss, bears_line_loss, in_power_factor, in_power_factor_base,
    }
    MeterSegment { digits, multiplier, readings }
    Reading { register, previous, current, rolled_over }
    TierState { used_kwh, months, months_in_year, persons, free_kwh }
    SupplyAgreement {
        basic, supplied_from, supplied_to, transformers, events, power_factor, transformer_loss, line_loss,
    }
    DemandFeed { point, contract_kw }
    Transformer { capacity_kva, state, connected, loss_model }
    TransformerEvent { date, transformer, change }
    PeriodEnergy { 0 }
    PlanId { 0 }
    LossModelId { 0 }
    ComponentId { 0 }
    Fraction { part, whole }
    Share { line, component, amount }
    ComponentSum { component, fund, contained, vat_rate, amount, vat }
    PointEnergy {
        point, metered, deducted_kwh, transformer_loss_kwh, line_loss_kwh, billed, billed_kwh, metered_kvarh,
        reactive_loss_kvarh, demand_kw,
    }
    LossResult { active_kwh, reactive_kvarh, fraction }
    BasicResult { installed_kva, running_kva, actual_kw, charged_kw, discounted, amount }
    PowerFactorResult { active_kwh, reactive_kvarh, hundredths, standard, rate, base, amount }
    TierResult { in_tier, thresholds, used_kwh, free_kwh }
    Bill {
        from, to, regulation, lines, shares, points, sums, total, catalogue, funds, vat, energy_kwh, reactive_kvarh,
        loss, basic, power_factor, tiers,
    }
}

macro_rules! choices {
    ($($kind:ident { $($tag:literal => $variant:ident $({ $($field:ident),* })? $(( $inner:ident ))?),* $(,)? })*) => {$(
        impl Canonical for $kind {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $($kind::$variant $({ $($field),* })? $(( $inner ))? => {
                        out.push($tag);
                        $($($field.put(out);)*)?
                        $($inner.put(out);)?
                    })*
                }
            }
            fn take(from: &mut Reader<'_>) -> Read<Self> {
                match from.byte()? {
                    $($tag => {
                        $($(let $field = Canonical::take(from)?;)*)?
                        $(let $inner = Canonical::take(from)?;)?
                        Ok($kind::$variant $({ $($field),* })? $(( $inner ))?)
                    })*
                    _ => from.broken(),
                }
            }
        }
    )*};
}
choices! {
    Period { 0 => Total, 1 => Sharp, 2 => Peak, 3 => Flat, 4 => Valley, 5 => DeepValley }
    Register {
        0 => Total, 1 => Sharp, 2 => Peak, 3 => Flat, 4 => Valley, 5 => DeepValley, 6 => ReactiveForward,
        7 => ReactiveReverse, 8 => Demand,
    }
    Source {
        0 => Meters(segments), 1 => FixedQuantity { parent, kwh }, 2 => FixedRatio { parent, ratio },
        3 => Given { active, reactive, demand_kw },
    }
    BasicMethod { 0 => None, 1 => Capacity, 2 => ContractDemand(feeds), 3 => ActualDemand }
    TransformerState {
        0 => Running, 1 => Suspended { since, days_this_year }, 2 => Reduced, 3 => Absent, 4 => ColdStandby, 5 => HotStandby,
    }
    TransformerChange {
        0 => Suspend, 1 => Resume, 2 => Reduce, 3 => Add, 4 => Remove, 5 => Swap { capacity_kva }, 6 => ColdStandby,
        7 => HotStandby,
    }
    TransformerLoss { 0 => None, 1 => Fixed { active_kwh, reactive_kvarh }, 2 => Table, 3 => Formula(formula) }
    LossFormula {
        0 => CopperRate { no_load_kw, no_load_kvar, copper_rate, reactive_rate },
        1 => LoadSquare { no_load_kw, load_loss_kw, no_load_current, impedance, shape },
    }
    LineLoss { 0 => None, 1 => Rate(rate), 2 => Quantity(quantity) }
    PowerFactorStandard { 0 => P90, 1 => P85, 2 => P80 }
    LineKind {
        0 => Energy, 1 => TierAddOn, 2 => FreeEnergy, 3 => Fund, 4 => BasicCapacity, 5 => BasicDemand,
        6 => BasicDemandExcess, 7 => PowerFactor,
    }
    RuleId {
        0 => FlatEnergy, 1 => TimeOfUse, 2 => TierBase, 3 => TierAddOn, 4 => FreeEnergy, 5 => Fund, 6 => CapacityFull,
        7 => CapacityDays, 8 => CapacitySuspendedShare, 9 => CapacitySuspensionNotCounted, 10 => DemandContract,
        11 => DemandFloor, 12 => DemandAllowanceReadingA, 13 => DemandContractReadingB, 14 => DemandExcess,
        15 => DemandActual, 16 => PowerFactor,
    }
}

/// The figure before rounding of a line: it follows from the line's other fields, save where it stands on its own.
fn exact_of(line: &Line) -> Option<Exact> {
    let days = Exact::ratio(line.fraction.part.into(), line.fraction.whole.into()).ok()?;
    line.quantity.at(line.price).times(line.factor.exact()).ok()?.times(days).ok()
}

impl Canonical for Line {
    fn put(&self, out: &mut Vec<u8>) {
        self.point.put(out);
        self.kind.put(out);
        self.period.put(out);
        self.tier.put(out);
        self.rule.put(out);
        self.component.put(out);
        self.plan.put(out);
        self.quantity.put(out);
        self.price.put(out);
        self.fraction.put(out);
        self.factor.put(out);
        self.amount.put(out);
        // Whether the unrounded figure follows from the rest is decided by kind, not by comparing: comparing costs more.
        if self.kind == LineKind::PowerFactor {
            let (numerator, denominator) = self.exact.parts();
            numerator.put(out);
            denominator.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Read<Line> {
        let mut line = Line {
            point: Canonical::take(from)?,
            kind: Canonical::take(from)?,
            period: Canonical::take(from)?,
            tier: Canonical::take(from)?,
            rule: Canonical::take(from)?,
            component: Canonical::take(from)?,
            plan: Canonical::take(from)?,
            quantity: Canonical::take(from)?,
            price: Canonical::take(from)?,
            fraction: Canonical::take(from)?,
            factor: Canonical::take(from)?,
            amount: Canonical::take(from)?,
            exact: Exact::ZERO,
        };
        line.exact = if line.kind == LineKind::PowerFactor {
            let (numerator, denominator) = (i128::take(from)?, i128::take(from)?);
            match Exact::from_parts(numerator, denominator) {
                // A fraction that can be reduced would be a second form of the same bill.
                Some(exact) if exact.parts() == (numerator, denominator) => exact,
                _ => return from.broken(),
            }
        } else {
            match exact_of(&line) {
                Some(exact) => exact,
                None => return from.broken(),
            }
        };
        Ok(line)
    }
}

/// Appends the canonical bytes of a calculated bill, inputs first.
pub fn write_bill(input: &AccountPeriod, bill: &Bill, out: &mut Vec<u8>) {
    out.push(VERSION);
    input.put(out);
    bill.put(out);
}

/// Reads back what [`write_bill`] wrote; anything else is refused with the place where it stops making sense.
pub fn read_bill(bytes: &[u8]) -> Result<(AccountPeriod, Bill), Unreadable> {
    let mut from = Reader { bytes, at: 0 };
    if from.byte()? != VERSION {
        return Err(Unreadable(0));
    }
    let both = (Canonical::take(&mut from)?, Canonical::take(&mut from)?);
    if from.at == bytes.len() { Ok(both) } else { from.broken() }
}
