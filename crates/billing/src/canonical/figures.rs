//! The figures of a stored bill without its lines: what a comparison of a whole month needs, read several times as fast.

use kernel::{Money, Quantity};
use tariff::{AccountPeriod, BasicResult, ComponentSum, LineKind, LossResult, PowerFactorResult, TierResult};

use super::{Canonical, Read, Reader, Unreadable, VERSION};

/// What a stored bill comes to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Sums by component.
    pub sums: Vec<ComponentSum>,
    /// What is to be paid.
    pub total: Money,
    /// VAT inside the total.
    pub vat: Money,
    /// kWh billed.
    pub energy_kwh: Quantity,
    /// Tiers after the period.
    pub tiers: Option<TierResult>,
}

impl Reader<'_> {
    /// Passes over `count` numbers.
    fn skip(&mut self, count: usize) -> Read<()> {
        for _ in 0..count {
            while self.byte()? >= 0x80 {}
        }
        Ok(())
    }

    fn skip_optional(&mut self) -> Read<()> {
        if bool::take(self)? { self.skip(1) } else { Ok(()) }
    }

    /// A line: point, kind, period, tier, rule, component; plan, quantity, price, fraction (two), factor, amount.
    fn skip_line(&mut self) -> Read<()> {
        self.skip(1)?;
        let kind = LineKind::take(self)?;
        self.skip(3)?;
        self.skip_optional()?;
        self.skip(7)?;
        // Only this kind keeps its figure before rounding, as numerator and denominator.
        if kind == LineKind::PowerFactor { self.skip(2) } else { Ok(()) }
    }

    /// A point's energy: its place, two rows of periods with the losses between, the sums, and perhaps a demand.
    fn skip_point(&mut self) -> Read<()> {
        self.skip(1 + 2 * tariff::Period::COUNT + 3 + 3)?;
        self.skip_optional()
    }
}

/// Reads the input of a stored bill, and into `figures`, whose memory is used again, what it came to.
///
/// # Errors
/// Bytes that are not a calculated bill, with the place. What the lines say is passed over, not checked.
pub fn read_figures(bytes: &[u8], figures: &mut Figures) -> Result<AccountPeriod, Unreadable> {
    let from = &mut Reader { bytes, at: 0 };
    if from.byte()? != VERSION {
        return Err(Unreadable(0));
    }
    let input = AccountPeriod::take(from)?;
    // From and to, each perhaps, and the regulation.
    from.skip_optional()?;
    from.skip_optional()?;
    from.skip(1)?;
    for _ in 0..from.length()? {
        from.skip_line()?;
    }
    for _ in 0..from.length()? {
        from.skip(3)?;
    }
    for _ in 0..from.length()? {
        from.skip_point()?;
    }
    figures.sums.clear();
    for _ in 0..from.length()? {
        figures.sums.push(Canonical::take(from)?);
    }
    figures.total = Canonical::take(from)?;
    from.skip(2)?;
    figures.vat = Canonical::take(from)?;
    figures.energy_kwh = Canonical::take(from)?;
    from.skip(1)?;
    <Option<LossResult> as Canonical>::take(from)?;
    <Option<BasicResult> as Canonical>::take(from)?;
    <Option<PowerFactorResult> as Canonical>::take(from)?;
    figures.tiers = <Option<TierResult> as Canonical>::take(from)?;
    if from.at == bytes.len() { Ok(input) } else { from.broken() }
}
