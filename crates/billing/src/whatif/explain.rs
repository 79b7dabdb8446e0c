//! Why one customer's bill differs, line by line.

use kernel::{Money, Month};
use tariff::Bill;
use tariff::explain::{Context, LineChange, compare};

use super::model::MonthBill;
use super::prices::Trial;
use crate::canonical::read_bill;
use crate::{OfficeError, Result};

/// One month of a customer, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The month.
    pub month: Month,
    /// As billed.
    pub before: Money,
    /// Under the other prices.
    pub after: Money,
    /// Each line before and after, with the prices that differ.
    pub lines: Vec<LineChange>,
}

/// Calculates a month again and sets its lines beside those that were billed.
pub fn explained(trial: &Trial, bill: &MonthBill) -> Result<Explained> {
    let (input, before) = read_bill(&bill.detail)?;
    let mut other = input.clone();
    for point in &mut other.points {
        let missing = || OfficeError::NotFound { what: "counterpart of plan", id: i64::from(point.plan.0) };
        point.plan = trial.counterpart(point.plan).ok_or_else(missing)?;
    }
    if let (Some(state), Some(used)) = (&mut other.tiers, bill.used_kwh) {
        state.used_kwh = used;
    }
    let mut after = Bill::new();
    tariff::calculate(trial.plans(), trial.rules(), &other, &mut after)
        .map_err(|refusal| OfficeError::refused("BILL-18", refusal.to_string(), refusal.to_string()))?;
    let context = |input| Context { plans: trial.plans(), rules: trial.rules(), input, point_names: &[] };
    let (old, new) = (context(&input), context(&other));
    let lines = compare((&before, &old), (&after, &new))?;
    Ok(Explained { month: bill.month, before: before.total, after: after.total, lines })
}
