//! The nouns of a bill: what the engine is given, and what it answers.

mod bill;
mod input;
mod period;

pub use bill::{
    BasicResult, Bill, ComponentId, ComponentSum, Fraction, Line, LineKind, LossResult, PointEnergy,
    PowerFactorResult, RuleId, Share, TierResult,
};
pub use input::{
    AccountPeriod, BasicMethod, DemandFeed, LineLoss, LossFormula, LossModelId, MeterSegment, Point, Points,
    Reading, Register, Source, SupplyAgreement, TierState, Transformer, TransformerChange, TransformerEvent,
    TransformerLoss, TransformerState, UnitsKind,
};
pub use period::{Category, Period, PeriodEnergy, PlanId, PowerFactorStandard, VoltageLevel};
