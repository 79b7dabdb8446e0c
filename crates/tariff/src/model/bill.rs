//! What the engine answers: lines and results as compact data, with everything an explanation needs.

use kernel::{Date, Exact, Money, Price, Quantity, Rate};
use serde::{Deserialize, Serialize};

use super::input::UnitsKind;
use super::period::{Period, PeriodEnergy, PlanId, PowerFactorStandard};

/// A component of price, numbered across all tables of one [`crate::Plans`] by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ComponentId(pub u16);

impl ComponentId {
    /// The basic charge (基本电费), code `basic`.
    pub const BASIC: ComponentId = ComponentId(0);
    /// The power-factor adjustment (力调电费), code `power_factor`.
    pub const POWER_FACTOR: ComponentId = ComponentId(1);
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum LineKind {
    /// Energy of one period of the day, at the sum of its components that are not funds.
    Energy,
    /// The addition of a tier (阶梯加价).
    TierAddOn,
    /// Free kWh given back at the base price.
    FreeEnergy,
    /// A fund or surcharge collected for the state (代征).
    Fund,
    /// Basic charge by capacity.
    BasicCapacity,
    /// Basic charge by demand.
    BasicDemand,
    /// Basic charge for demand above the allowance.
    BasicDemandExcess,
    /// Power-factor adjustment.
    PowerFactor,
}

impl LineKind {
    /// The unit of the line's quantity.
    pub const fn unit(self) -> UnitsKind {
        match self {
            LineKind::Energy | LineKind::TierAddOn | LineKind::FreeEnergy | LineKind::Fund => UnitsKind::Kwh,
            LineKind::BasicCapacity => UnitsKind::Kva,
            LineKind::BasicDemand | LineKind::BasicDemandExcess => UnitsKind::Kw,
            LineKind::PowerFactor => UnitsKind::Money,
        }
    }
}

/// The rule a line follows, for its explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum RuleId {
    /// kWh × price, no division by time.
    FlatEnergy,
    /// kWh of the period × price of the period.
    TimeOfUse,
    /// Base price × all kWh of a tiered account.
    TierBase,
    /// Addition × kWh inside the tier.
    TierAddOn,
    /// Free kWh × base price, taken off.
    FreeEnergy,
    /// Fund × all kWh.
    Fund,
    /// kVA × price, whole period.
    CapacityFull,
    /// kVA × price × days / days of the month.
    CapacityDays,
    /// Suspended capacity charged in part (two-year rule of 1996).
    CapacitySuspendedShare,
    /// Suspended for less than the shortest term, or beyond the longest: charged in full.
    CapacitySuspensionNotCounted,
    /// Contract demand, actual within the allowance.
    DemandContract,
    /// Contract demand below the floor: the floor share of capacity is charged.
    DemandFloor,
    /// Above the allowance, reading A: the allowance is charged once.
    DemandAllowanceReadingA,
    /// Above the allowance, reading B: the contract is charged once.
    DemandContractReadingB,
    /// The part above the allowance, doubled.
    DemandExcess,
    /// Actual demand.
    DemandActual,
    /// Percent of the table × base of the adjustment.
    PowerFactor,
}

/// A share of a month, `part / whole`; 1/1 for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fraction {
    /// Numerator, days charged.
    pub part: u32,
    /// Denominator, days of the whole.
    pub whole: u32,
}

impl Fraction {
    /// All of it.
    pub const ONE: Fraction = Fraction { part: 1, whole: 1 };
}

/// One line of a bill: `quantity × price × factor × fraction = exact`, rounded half up to `amount`.
/// For [`LineKind::PowerFactor`] the base of the adjustment stands in the place of quantity × price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Place of the point in the input; the main point for charges of the whole account.
    pub point: u8,
    /// What it is.
    pub kind: LineKind,
    /// The period of the day.
    pub period: Period,
    /// Tier 1, 2, 3 …; 0 when tiers do not matter.
    pub tier: u8,
    /// The rule it follows.
    pub rule: RuleId,
    /// The component it belongs to, when it is a single one; energy lines of several components have [`Share`]s.
    pub component: Option<ComponentId>,
    /// The plan whose price it is.
    pub plan: PlanId,
    /// kWh, kVA or kW ([`LineKind::unit`]); zero for the power-factor adjustment.
    pub quantity: Quantity,
    /// Yuan per unit.
    pub price: Price,
    /// A factor: 0.5, 2, 0.9, or the percentage of the power-factor adjustment.
    pub factor: Rate,
    /// The share of the month.
    pub fraction: Fraction,
    /// The figure before rounding, in yuan.
    pub exact: Exact,
    /// What is charged.
    pub amount: Money,
}

/// The part of one component in a line; the parts of a line sum to its amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Place of the line in [`Bill::lines`].
    pub line: u16,
    /// The component.
    pub component: ComponentId,
    /// Its part.
    pub amount: Money,
}

/// The sum of one component over the bill; all of them sum to the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComponentSum {
    /// The component.
    pub component: ComponentId,
    /// Collected for the state (代征): a fund, separate or contained in a catalogue price.
    pub fund: bool,
    /// A fund contained in a catalogue price: carved out here, no line of its own.
    pub contained: bool,
    /// Its sum.
    pub amount: Money,
    /// VAT rate inside the price; zero where none is due.
    pub vat_rate: Rate,
    /// VAT inside `amount`, rounded once for the whole component.
    pub vat: Money,
}

/// The energy of one point, step by step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PointEnergy {
    /// Place of the point.
    pub point: u8,
    /// From its own registers, multiplied, whole kWh.
    pub metered: PeriodEnergy,
    /// Taken off for sub meters and fixed parts.
    pub deducted_kwh: Quantity,
    /// Share of the transformer loss.
    pub transformer_loss_kwh: Quantity,
    /// Line loss.
    pub line_loss_kwh: Quantity,
    /// What is billed, by period of the plan.
    pub billed: PeriodEnergy,
    /// The sum of `billed`.
    pub billed_kwh: Quantity,
    /// |forward| + |reverse| of its registers.
    pub metered_kvarh: Quantity,
    /// Share of the reactive transformer loss.
    pub reactive_loss_kvarh: Quantity,
    /// Highest demand in kW, multiplied.
    pub demand_kw: Option<Quantity>,
}

/// Transformer loss of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossResult {
    /// kWh.
    pub active_kwh: Quantity,
    /// kvarh.
    pub reactive_kvarh: Quantity,
    /// The share of the month it stands for.
    pub fraction: Fraction,
}

/// The basic charge of the account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BasicResult {
    /// Installed kVA at the end of the period (running, suspended and standby).
    pub installed_kva: Quantity,
    /// Installed kVA without suspended, reduced and cold standby, at the end of the period.
    pub running_kva: Quantity,
    /// Actual demand, for demand methods.
    pub actual_kw: Option<Quantity>,
    /// kW charged as if at the single price: the excess counts twice.
    pub charged_kw: Option<Quantity>,
    /// kWh per kVA when the load discount (260 kWh rule) applied.
    pub discounted: bool,
    /// The sum of the lines.
    pub amount: Money,
}

/// The average power factor and its adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PowerFactorResult {
    /// kWh that count.
    pub active_kwh: Quantity,
    /// kvarh that count.
    pub reactive_kvarh: Quantity,
    /// The average in hundredths, half up.
    pub hundredths: u8,
    /// The standard.
    pub standard: PowerFactorStandard,
    /// The percentage of the table as a rate: 0.05 is a surcharge of 5 %.
    pub rate: Rate,
    /// Basic and energy charge that are adjusted.
    pub base: Money,
    /// The adjustment.
    pub amount: Money,
}

/// Where a household stands in its tiers after this period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierResult {
    /// kWh of this period in tiers 1, 2 and 3.
    pub in_tier: [Quantity; 3],
    /// The thresholds that applied, of the year or of the months.
    pub thresholds: [Quantity; 2],
    /// kWh billed in the tier year, this period included; for the next [`super::TierState`].
    pub used_kwh: Quantity,
    /// Free kWh given.
    pub free_kwh: Quantity,
}

/// A calculated bill. [`crate::calculate`] clears and refills one, so that a run allocates nothing per bill.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bill {
    /// First day of the period.
    pub from: Option<Date>,
    /// Day of settlement.
    pub to: Option<Date>,
    /// The regulation that applied, its place in [`crate::Rules::regulations`].
    pub regulation: u16,
    /// Lines in the order they are shown.
    pub lines: Vec<Line>,
    /// Parts of lines by component, in order of line. A line with `component` set has none.
    pub shares: Vec<Share>,
    /// Energy by point.
    pub points: Vec<PointEnergy>,
    /// Sums by component, in order of first use.
    pub sums: Vec<ComponentSum>,
    /// What is to be paid.
    pub total: Money,
    /// Catalogue fee (目录电费): everything but the funds that stand beside the price. `total = catalogue + funds`.
    pub catalogue: Money,
    /// Funds beside the price (代收费用).
    pub funds: Money,
    /// VAT inside the total.
    pub vat: Money,
    /// kWh billed on all points.
    pub energy_kwh: Quantity,
    /// kvarh of all points, losses included.
    pub reactive_kvarh: Quantity,
    /// Transformer loss, where there is one.
    pub loss: Option<LossResult>,
    /// Basic charge, where there is one.
    pub basic: Option<BasicResult>,
    /// Power factor, where it applies.
    pub power_factor: Option<PowerFactorResult>,
    /// Tiers after this period, for a household with tiers.
    pub tiers: Option<TierResult>,
}

impl Bill {
    /// An empty bill whose buffers fit a typical customer.
    pub fn new() -> Bill {
        Bill {
            lines: Vec::with_capacity(16),
            shares: Vec::with_capacity(16),
            points: Vec::with_capacity(4),
            sums: Vec::with_capacity(12),
            ..Bill::default()
        }
    }
    /// Empties it and keeps its buffers.
    pub fn clear(&mut self) {
        let (mut lines, mut shares) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.shares));
        let (mut points, mut sums) = (std::mem::take(&mut self.points), std::mem::take(&mut self.sums));
        lines.clear();
        shares.clear();
        points.clear();
        sums.clear();
        *self = Bill { lines, shares, points, sums, ..Bill::default() };
    }
}
