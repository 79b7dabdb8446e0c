//! Transformers over a period: which capacity was in which state on which days.

use kernel::{Date, Quantity, Rate};
use smallvec::SmallVec;

use super::rules::{DayShare, Regulation};
use crate::error::{Billed, Refusal};
use crate::model::{
    AccountPeriod, Fraction, RuleId, SupplyAgreement, Transformer, TransformerChange, TransformerState,
};

/// The longest period with a basic charge or fixed losses, in days.
const PERIOD_DAYS_MAX: i64 = 62;

/// Days of the settled month, and how one of them is charged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    /// First day of supply within the period.
    pub start: Date,
    /// First day after it.
    pub end: Date,
    period_from: Date,
    /// Days that make a whole month.
    month_days: u32,
    /// Denominator of a part of a month.
    divisor: u32,
}

impl Days {
    pub(super) fn new(
        input: &AccountPeriod,
        supply: &SupplyAgreement,
        regulation: &Regulation,
    ) -> Billed<Days> {
        let length = input.from.days_until(input.to);
        if length > PERIOD_DAYS_MAX {
            return Err(Refusal::OutOfRange("period"));
        }
        // A period shorter than any month is a part of one, and never a whole month by itself.
        let month_days = if (28..=31).contains(&length) { length } else { input.month.days() };
        let month_days = u32::try_from(month_days).map_err(|_| Refusal::OutOfRange("period"))?;
        let divisor = match regulation.day_share {
            DayShare::Fixed(days) => days.max(1),
            DayShare::Calendar => month_days,
        };
        let start = supply.supplied_from.map_or(input.from, |day| day.max(input.from));
        let end = supply.supplied_to.map_or(input.to, |day| day.min(input.to)).max(start);
        Ok(Days { start, end, period_from: input.from, month_days, divisor })
    }
    /// The share of the month that `days` make: all of it for a whole month, otherwise by the regulation's day.
    pub(super) fn fraction(&self, days: u32) -> Fraction {
        // 30 of 31 days at one thirtieth each are the whole charge, never more.
        if days == self.month_days || (self.divisor..self.month_days).contains(&days) {
            return Fraction::ONE;
        }
        Fraction { part: days, whole: self.divisor }
    }
    /// Days of supply for hours of iron loss: a whole month counts as its divisor (30 days, 720 hours, before 2024).
    pub(super) fn charged_days(&self, days: u32) -> i64 {
        i64::from(if days == self.month_days { self.divisor } else { days })
    }
    fn offset(&self, day: Date) -> u32 {
        u32::try_from(self.period_from.days_until(day)).unwrap_or(0)
    }
    fn all(&self) -> u64 {
        mask(self.offset(self.start), self.offset(self.end))
    }
}

/// Bits of the days from offset `from` up to and without `to`.
fn mask(from: u32, to: u32) -> u64 {
    let below = |day: u32| if day >= 64 { u64::MAX } else { (1_u64 << day) - 1 };
    below(to) & !below(from)
}

/// Capacity of one transformer over days of one charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub transformer: u8,
    pub capacity_kva: Quantity,
    pub days: u32,
    /// Share of the price: 1, or the part for suspended capacity.
    pub share: Rate,
    pub rule: RuleId,
}

/// What the engine needs to know of all transformers.
#[derive(Debug, Default)]
pub(super) struct Spans {
    /// What is charged by capacity.
    pub charged: SmallVec<[Span; 4]>,
    /// Days each transformer was energised.
    pub energised_days: SmallVec<[u32; 4]>,
    /// Days on which anything was supplied at all.
    pub active_days: u32,
    /// At the end of the period: installed, and of these running or on hot standby.
    pub installed_kva: Quantity,
    pub running_kva: Quantity,
}

impl Spans {
    /// Where a day is a thirtieth, days from span `first` on that are charged in full and fill the month with one capacity
    /// are the month's charge once: a suspension that does not count takes nothing off and adds nothing.
    fn join_whole_month(&mut self, first: usize, days: &Days) {
        let [one, more @ ..] = &self.charged[first..] else { return };
        let alike = |span: &Span| span.share == Rate::ONE && span.capacity_kva == one.capacity_kva;
        let length = one.days + more.iter().map(|span| span.days).sum::<u32>();
        if !more.is_empty()
            && days.divisor != days.month_days
            && length == days.month_days
            && self.charged[first..].iter().all(alike)
        {
            self.charged[first] = Span { days: length, rule: RuleId::CapacitySuspensionNotCounted, ..*one };
            self.charged.truncate(first + 1);
        }
    }
}

pub(super) fn changed(
    state: TransformerState,
    change: TransformerChange,
    date: Date,
    suspended_before: u16,
) -> TransformerState {
    match change {
        TransformerChange::Suspend => {
            TransformerState::Suspended { since: date, days_this_year: suspended_before }
        }
        TransformerChange::Resume | TransformerChange::Add => TransformerState::Running,
        TransformerChange::Reduce => TransformerState::Reduced,
        TransformerChange::Remove => TransformerState::Absent,
        TransformerChange::ColdStandby => TransformerState::ColdStandby,
        TransformerChange::HotStandby => TransformerState::HotStandby,
        TransformerChange::Swap { .. } => state,
    }
}

struct Walk<'a> {
    days: &'a Days,
    regulation: &'a Regulation,
    place: u8,
    transformer: &'a Transformer,
    spans: &'a mut Spans,
    suspended_days: u16,
    /// That year.
    year: i16,
}

impl Walk<'_> {
    fn push(&mut self, capacity_kva: Quantity, days: u32, share: Rate, rule: RuleId) {
        if days == 0 || share.is_zero() || capacity_kva.is_zero() {
            return;
        }
        let span = Span { transformer: self.place, capacity_kva, days, share, rule };
        match self.spans.charged.last_mut() {
            Some(last) if Span { days, ..*last } == span => last.days += days,
            _ => self.spans.charged.push(span),
        }
    }

    /// `[from, to)` in one state; `resumed` tells that a suspension ended at `to`.
    fn stretch(
        &mut self,
        from: Date,
        to: Date,
        state: TransformerState,
        capacity: Quantity,
        resumed: bool,
    ) -> u64 {
        let (from, to) = (from.max(self.days.start), to.min(self.days.end));
        if from >= to {
            return 0;
        }
        let bits = mask(self.days.offset(from), self.days.offset(to));
        let length = bits.count_ones();
        match state {
            TransformerState::Running | TransformerState::HotStandby => {
                self.push(capacity, length, Rate::ONE, RuleId::CapacityFull);
                self.spans.energised_days[usize::from(self.place)] += length;
                bits
            }
            TransformerState::Absent | TransformerState::Reduced | TransformerState::ColdStandby => 0,
            TransformerState::Suspended { since, .. } => {
                self.suspension(since, from, to, capacity, resumed);
                0
            }
        }
    }

    fn suspension(&mut self, since: Date, from: Date, to: Date, capacity: Quantity, resumed: bool) {
        if resumed && since.days_until(to) < i64::from(self.regulation.suspension_days_min) {
            let length = mask(self.days.offset(from), self.days.offset(to)).count_ones();
            self.push(capacity, length, Rate::ONE, RuleId::CapacitySuspensionNotCounted);
            return;
        }
        // Days are counted by the calendar year: a stretch over New Year is two.
        let new_year = Date::new(to.year(), 1, 1).unwrap_or(from).clamp(from, to);
        self.suspension_in_year(since, from, new_year, capacity);
        self.suspension_in_year(since, new_year, to, capacity);
    }

    fn suspension_in_year(&mut self, since: Date, from: Date, to: Date, capacity: Quantity) {
        if from >= to {
            return;
        }
        if from.year() > self.year {
            (self.year, self.suspended_days) = (from.year(), 0);
        }
        let length = mask(self.days.offset(from), self.days.offset(to)).count_ones();
        let allowed = match self.regulation.suspension_days_max {
            Some(max) => u32::from(max.saturating_sub(self.suspended_days)).min(length),
            None => length,
        };
        self.suspended_days = self.suspended_days.saturating_add(u16::try_from(length).unwrap_or(u16::MAX));
        let young = self.transformer.connected.is_some_and(|connected| {
            let limit = connected.number() + i64::from(self.regulation.young_years) * 10_000;
            since.number() < limit
        });
        let share = if young { self.regulation.suspended_share_young } else { Rate::ZERO };
        self.push(capacity, allowed, share, RuleId::CapacitySuspendedShare);
        self.push(capacity, length - allowed, Rate::ONE, RuleId::CapacitySuspensionNotCounted);
    }

    /// Walks through the period; answers the days energised, the last state and the last capacity.
    fn run(&mut self, input: &AccountPeriod, supply: &SupplyAgreement) -> (u64, TransformerState, Quantity) {
        let mut state = self.transformer.state;
        if let TransformerState::Suspended { days_this_year, .. } = state {
            self.suspended_days = days_this_year;
        }
        let mut capacity = self.transformer.capacity_kva;
        let (mut from, mut active) = (input.from, 0);
        let place = self.place;
        for event in supply.events.iter().filter(|event| event.transformer == place) {
            let resumed = event.change == TransformerChange::Resume;
            active |= self.stretch(from, event.date, state, capacity, resumed);
            from = event.date;
            state = changed(state, event.change, event.date, self.suspended_days);
            if let TransformerChange::Swap { capacity_kva } = event.change {
                capacity = capacity_kva;
            }
        }
        active |= self.stretch(from, input.to, state, capacity, false);
        (active, state, capacity)
    }
}

/// Walks all transformers through the period.
pub(super) fn spans(
    input: &AccountPeriod,
    supply: &SupplyAgreement,
    regulation: &Regulation,
    days: &Days,
) -> Billed<Spans> {
    let mut last = input.from;
    for (place, event) in supply.events.iter().enumerate() {
        let capacity_ok =
            !matches!(event.change, TransformerChange::Swap { capacity_kva } if capacity_kva.is_negative());
        let known = usize::from(event.transformer) < supply.transformers.len();
        if !known || !capacity_ok || event.date < last || event.date >= input.to {
            return Err(Refusal::WrongEvent(place));
        }
        last = event.date;
    }
    let mut spans =
        Spans { energised_days: SmallVec::from_elem(0, supply.transformers.len()), ..Spans::default() };
    let mut active = 0;
    for (place, transformer) in supply.transformers.iter().enumerate() {
        if transformer.capacity_kva.is_negative() {
            return Err(Refusal::Negative("capacity"));
        }
        let place = u8::try_from(place).map_err(|_| Refusal::OutOfRange("capacity"))?;
        let first = spans.charged.len();
        let mut walk = Walk {
            days,
            regulation,
            place,
            transformer,
            spans: &mut spans,
            suspended_days: 0,
            year: input.from.year(),
        };
        let (energised, state, capacity) = walk.run(input, supply);
        spans.join_whole_month(first, days);
        active |= energised;
        let running = matches!(state, TransformerState::Running | TransformerState::HotStandby);
        if running {
            spans.running_kva = spans.running_kva.plus(capacity)?;
        }
        if !matches!(state, TransformerState::Absent | TransformerState::Reduced) {
            spans.installed_kva = spans.installed_kva.plus(capacity)?;
        }
    }
    if supply.transformers.is_empty() {
        active = days.all();
    }
    spans.active_days = active.count_ones();
    Ok(spans)
}
