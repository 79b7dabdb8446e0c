//! The engine: plans, rules and the calculation.

mod basic;
mod calculate;
mod energy;
mod lines;
mod losses;
mod plan;
mod power_factor;
mod relations;
mod rules;
mod tiers;
mod transformer_past;
mod transformers;

pub use calculate::calculate;
pub(crate) use losses::service;
pub use plan::{
    BasicPlan, Component, LoadDiscount, Plan, PlanFund, PlanPart, PlanRequest, Plans, PriceSet, Thresholds,
    TierPlan,
};
pub use power_factor::{adjustment, average_hundredths};
pub use rules::{DayShare, LossModel, LossRow, Regulation, Rules};
pub use tiers::{tier_months_used, tier_year};
pub use transformer_past::TransformerPast;
