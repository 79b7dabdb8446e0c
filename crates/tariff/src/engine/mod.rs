//! The engine: plans, rules and the calculation.

mod plan;
mod rules;

pub use plan::{
    BasicPlan, Component, LoadDiscount, Plan, PlanFund, PlanPart, PlanRequest, Plans, PriceSet, Thresholds,
    TierPlan,
};
pub use rules::{DayShare, LossModel, LossRow, Regulation, Rules};

use crate::error::RefusedToBill;
use crate::model::{AccountPeriod, Bill};

/// Calculates the bill of `input` into `bill`, whose buffers are reused. Pure: the same input gives the same bill.
/// When the account is refused the content of `bill` is undefined.
pub fn calculate(
    plans: &Plans,
    rules: &Rules,
    input: &AccountPeriod,
    bill: &mut Bill,
) -> Result<(), RefusedToBill> {
    bill.clear();
    let _ = (plans, rules, input);
    Ok(())
}
