//! What the engine is given: one account and one settlement period.
//!
//! A household fits into one flat value without a heap allocation; everything that only larger customers have
//! sits behind one box ([`AccountPeriod::supply`]).

use kernel::{Date, Month, Quantity, Rate};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::period::{Period, PeriodEnergy, PlanId, PowerFactorStandard};

/// The metering points of an account; the first is its main point.
pub type Points = SmallVec<[Point; 1]>;

/// One account and one settlement period `[from, to)`: everything its bill is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountPeriod {
    /// First day, the day of the previous settlement.
    pub from: Date,
    /// The day of this settlement; it belongs to the next period.
    pub to: Date,
    /// The billing month (电费年月): chooses seasonal prices and monthly tiers.
    pub month: Month,
    /// Metering points, the main point first. At most 250.
    pub points: Points,
    /// Tiers of a household; needed by plans with tiers, ignored by others.
    #[serde(default)]
    pub tiers: Option<TierState>,
    /// What only larger customers have: basic charge, transformers, losses, power factor.
    #[serde(default)]
    pub supply: Option<Box<SupplyAgreement>>,
}

/// A metering point (计量点): its price and where its energy comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The compiled price.
    pub plan: PlanId,
    /// Meters, or a part of another point.
    pub source: Source,
    /// A sub meter behind the point with this place in [`AccountPeriod::points`]: its energy is deducted there (总分表).
    #[serde(default)]
    pub deducted_from: Option<u8>,
    /// Metered behind the customer's transformer: it bears a share of the transformer loss.
    #[serde(default)]
    pub bears_transformer_loss: bool,
    /// It bears the line loss of the agreement.
    #[serde(default)]
    pub bears_line_loss: bool,
    /// Its active and reactive energy count for the average power factor.
    #[serde(default)]
    pub in_power_factor: bool,
    /// Its energy charge counts in the base of the power-factor adjustment.
    #[serde(default)]
    pub in_power_factor_base: bool,
}

/// Where the energy of a point comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Meters, one segment each; several when the meter was changed within the period.
    Meters(SmallVec<[MeterSegment; 1]>),
    /// A fixed quantity (定量) of whole kWh taken out of the point `parent`, from its flat period first.
    FixedQuantity {
        /// Place of the parent in [`AccountPeriod::points`].
        parent: u8,
        /// kWh in this period.
        kwh: Quantity,
    },
    /// A fixed ratio (定比) of the point `parent`.
    FixedRatio {
        /// Place of the parent in [`AccountPeriod::points`].
        parent: u8,
        /// Share of the parent's energy, 0 to 1.
        ratio: Rate,
    },
    /// Energy known by period already: load curves, estimates, agreed quantities.
    Given {
        /// kWh by period.
        active: PeriodEnergy,
        /// kvarh, |forward| + |reverse|.
        reactive: Quantity,
        /// The highest demand of the period in kW.
        demand_kw: Option<Quantity>,
    },
}

/// One meter for the whole period or, when it was changed, for a part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeterSegment {
    /// Whole digits of its registers: a five-digit register returns to zero after 99999. 1 to 12.
    pub digits: u8,
    /// Multiplier (倍率): PT ratio times CT ratio, above zero.
    pub multiplier: Rate,
    /// The readings of its registers.
    pub readings: SmallVec<[Reading; 3]>,
}

/// One register read at the beginning and at the end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Which register.
    pub register: Register,
    /// The reading that the previous period ended with.
    pub previous: Quantity,
    /// The reading now; for [`Register::Demand`] the highest demand shown, and `previous` is ignored.
    pub current: Quantity,
    /// A person confirmed that the register passed its last digit and began again at zero (翻转).
    #[serde(default)]
    pub rolled_over: bool,
}

/// A register of a meter (示数类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Register {
    /// Active, total.
    Total,
    /// Active, sharp peak.
    Sharp,
    /// Active, peak.
    Peak,
    /// Active, flat.
    Flat,
    /// Active, valley.
    Valley,
    /// Active, deep valley.
    DeepValley,
    /// Reactive, forward.
    ReactiveForward,
    /// Reactive, reverse.
    ReactiveReverse,
    /// Highest 15-minute demand.
    Demand,
}

impl Register {
    /// Its key in files and messages.
    pub const fn key(self) -> &'static str {
        match self {
            Register::Total => "total",
            Register::Sharp => "sharp",
            Register::Peak => "peak",
            Register::Flat => "flat",
            Register::Valley => "valley",
            Register::DeepValley => "deep_valley",
            Register::ReactiveForward => "reactive_forward",
            Register::ReactiveReverse => "reactive_reverse",
            Register::Demand => "demand",
        }
    }
    /// The slot of active energy it fills; none for reactive energy and demand.
    pub const fn period(self) -> Option<Period> {
        match self {
            Register::Total => Some(Period::Total),
            Register::Sharp => Some(Period::Sharp),
            Register::Peak => Some(Period::Peak),
            Register::Flat => Some(Period::Flat),
            Register::Valley => Some(Period::Valley),
            Register::DeepValley => Some(Period::DeepValley),
            Register::ReactiveForward | Register::ReactiveReverse | Register::Demand => None,
        }
    }
}

/// Where a household stands in its tiers before this period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierState {
    /// kWh already billed in this tier year; 0 at its first settlement. Ignored by monthly tiers.
    pub used_kwh: Quantity,
    /// Months this reading covers: 1, or 2 for a bimonthly route.
    pub months: u8,
    /// Months whose thresholds the account has in this tier year: 12, or the months used (a part month counts as
    /// one) after a transfer (过户). A closed account (销户) keeps 12.
    pub months_in_year: u8,
    /// Persons of the household, for the allowance of large households.
    pub persons: u8,
    /// Entitled to the free kWh of the table (低保, 特困).
    pub free_kwh: bool,
}

impl Default for TierState {
    fn default() -> Self {
        TierState { used_kwh: Quantity::ZERO, months: 1, months_in_year: 12, persons: 1, free_kwh: false }
    }
}

/// What the supply contract of a larger customer says (供用电合同).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SupplyAgreement {
    /// How the basic charge (基本电费) is found. Its prices are those of the main point's plan.
    pub basic: BasicMethod,
    /// First day of supply when the account opened within the period.
    pub supplied_from: Option<Date>,
    /// First day without supply when the account ended within the period.
    pub supplied_to: Option<Date>,
    /// Transformers and high-voltage motors (as transformers without loss), in their state at `from`.
    pub transformers: SmallVec<[Transformer; 1]>,
    /// What changed within the period, in order of date.
    pub events: SmallVec<[TransformerEvent; 1]>,
    /// The standard of the power-factor adjustment; none when it does not apply.
    pub power_factor: Option<PowerFactorStandard>,
    /// Transformer loss of points metered on the low side (高供低计).
    pub transformer_loss: TransformerLoss,
    /// Line loss up to the meter.
    pub line_loss: LineLoss,
}

/// How the basic charge is found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasicMethod {
    /// No basic charge (single-part price).
    #[default]
    None,
    /// By capacity in kVA.
    Capacity,
    /// By contract demand (合同最大需量), one entry per feed; their charges are summed.
    ContractDemand(SmallVec<[DemandFeed; 1]>),
    /// By actual demand (实际最大需量): the demands of all points, summed.
    ActualDemand,
}

/// One feed (电源) with its own maximum demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandFeed {
    /// The point that meters it.
    pub point: u8,
    /// Agreed demand in kW.
    pub contract_kw: Quantity,
}

/// A transformer, or a high-voltage motor with 1 kW as 1 kVA.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Transformer {
    /// Rated kVA.
    pub capacity_kva: Quantity,
    /// Its state when the period begins.
    pub state: TransformerState,
    /// The day it was connected, for the 50 % rule of the 1996 regulation.
    #[serde(default)]
    pub connected: Option<Date>,
    /// Its entry in the loss tables of [`crate::Rules`].
    #[serde(default)]
    pub loss_model: Option<LossModelId>,
}

/// An entry of the transformer loss tables in [`crate::Rules`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LossModelId(pub u16);

/// The state of a transformer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransformerState {
    /// Running.
    Running,
    /// Suspended and sealed (暂停) since `since`; `days_this_year` were used before the period began.
    Suspended {
        /// The day it was sealed.
        since: Date,
        /// Days suspended in this calendar year before the period.
        days_this_year: u16,
    },
    /// Taken out by a reduction of capacity (减容).
    Reduced,
    /// Not installed (yet, or any more).
    Absent,
    /// Cold standby sealed by the utility (冷备用): free.
    ColdStandby,
    /// Hot or unsealed standby (热备用): charged.
    HotStandby,
}

/// Something that happened to a transformer. Its day is charged in the new state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransformerEvent {
    /// The day.
    pub date: Date,
    /// Place in [`SupplyAgreement::transformers`].
    pub transformer: u8,
    /// What happened.
    pub change: TransformerChange,
}

/// What can happen to a transformer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransformerChange {
    /// Sealed (暂停).
    Suspend,
    /// Unsealed or put back after a reduction (恢复).
    Resume,
    /// Taken out by a reduction (减容).
    Reduce,
    /// Installed (增容).
    Add,
    /// Removed for good (拆除, 销户).
    Remove,
    /// Temporarily replaced by one of this many kVA (暂换), or given back its own capacity.
    Swap {
        /// kVA from this day on.
        capacity_kva: Quantity,
    },
    /// Put on sealed cold standby.
    ColdStandby,
    /// Put on hot standby.
    HotStandby,
}

/// How transformer loss is found.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransformerLoss {
    /// None: metered on the high side.
    #[default]
    None,
    /// Agreed or looked up by hand for a whole month; a part of a period takes its share of days.
    Fixed {
        /// kWh a month.
        active_kwh: Quantity,
        /// kvarh a month.
        reactive_kvarh: Quantity,
    },
    /// Looked up for each transformer by its [`Transformer::loss_model`].
    Table,
    /// By formula for each running transformer.
    Formula(LossFormula),
}

/// Loss formulas. Hours are those of the days in service.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossFormula {
    /// Iron loss = no-load loss × hours; copper loss = a rate of the kWh.
    CopperRate {
        /// No-load loss in kW.
        no_load_kw: Quantity,
        /// No-load reactive power in kvar.
        no_load_kvar: Quantity,
        /// Copper loss as a share of the metered kWh, usually 0.02.
        copper_rate: Rate,
        /// Reactive copper loss as a share of the metered kWh.
        reactive_rate: Rate,
    },
    /// Iron loss P0·t and load loss K·Pk·(Wp² + Wq²)/(S²·t); reactive with I0 %·S and Uk %·S in their place.
    LoadSquare {
        /// P0, kW.
        no_load_kw: Quantity,
        /// Pk, kW at rated load.
        load_loss_kw: Quantity,
        /// I0, no-load current as a share of rated.
        no_load_current: Rate,
        /// Uk, impedance voltage as a share of rated.
        impedance: Rate,
        /// K, correction for the shape of the load.
        shape: Rate,
    },
}

/// How line loss is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineLoss {
    /// None.
    #[default]
    None,
    /// A share of the metered kWh of each bearing point.
    Rate(Rate),
    /// A fixed kWh in this period, split over the bearing points by active energy.
    Quantity(Quantity),
}

/// The unit a quantity of a line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitsKind {
    /// kWh.
    Kwh,
    /// kVA.
    Kva,
    /// kW.
    Kw,
    /// The quantity has no meaning; the line is a share of money.
    Money,
}
