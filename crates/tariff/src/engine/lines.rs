//! Lines: each rounded once to the fen, and split over its components without losing one.

use kernel::{Exact, Money, Price, Quantity, Rate, split_by_weight};
use smallvec::SmallVec;

use super::plan::{Plan, PlanFund, PriceSet};
use crate::error::{Billed, Refusal};
use crate::model::{
    Bill, ComponentId, ComponentSum, Fraction, Line, LineKind, Period, PlanId, PointEnergy, RuleId, Share,
};

/// A line before it is calculated.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub point: u8,
    pub plan: PlanId,
    pub kind: LineKind,
    pub rule: RuleId,
    pub period: Period,
    pub tier: u8,
    pub component: Option<ComponentId>,
    pub quantity: Quantity,
    pub price: Price,
    pub factor: Rate,
    pub fraction: Fraction,
}

impl Draft {
    /// An energy line of the whole month.
    pub(super) fn energy(point: u8, plan: PlanId, rule: RuleId, quantity: Quantity, price: Price) -> Draft {
        Draft {
            point,
            plan,
            kind: LineKind::Energy,
            rule,
            period: Period::Total,
            tier: 0,
            component: None,
            quantity,
            price,
            factor: Rate::ONE,
            fraction: Fraction::ONE,
        }
    }

    fn exact(&self) -> Billed<Exact> {
        let mut exact = self.quantity.at(self.price);
        if self.factor != Rate::ONE {
            exact = exact.times(self.factor.exact())?;
        }
        if self.fraction != Fraction::ONE {
            let fraction = Exact::ratio(i64::from(self.fraction.part), i64::from(self.fraction.whole))?;
            exact = exact.times(fraction)?;
        }
        Ok(exact)
    }
}

/// A bill in the making.
pub(super) struct Maker<'a> {
    pub bill: &'a mut Bill,
    /// The base of the power-factor adjustment so far.
    pub power_factor_base: Money,
}

impl Maker<'_> {
    /// Calculates a draft, adds it to the bill and answers its amount.
    pub(super) fn push(&mut self, draft: Draft) -> Billed<Money> {
        let exact = draft.exact()?;
        self.push_exact(draft, exact)
    }

    /// Adds a line whose unrounded figure is known.
    pub(super) fn push_exact(&mut self, draft: Draft, exact: Exact) -> Billed<Money> {
        let amount = exact.to_money()?;
        let Draft { point, plan, kind, rule, period, tier, component, quantity, price, factor, fraction } =
            draft;
        self.bill.lines.push(Line {
            point,
            kind,
            period,
            tier,
            rule,
            component,
            plan,
            quantity,
            price,
            factor,
            fraction,
            exact,
            amount,
        });
        self.bill.total = self.bill.total.plus(amount)?;
        if kind == LineKind::Fund {
            self.bill.funds = self.bill.funds.plus(amount)?;
        }
        Ok(amount)
    }

    /// Adds to the sum of a component.
    pub(super) fn sum(
        &mut self,
        component: ComponentId,
        fund: bool,
        contained: bool,
        vat_rate: Rate,
        amount: Money,
    ) -> Billed<()> {
        let same = |sum: &&mut ComponentSum| {
            sum.component == component && sum.contained == contained && sum.vat_rate == vat_rate
        };
        if let Some(sum) = self.bill.sums.iter_mut().find(same) {
            sum.amount = sum.amount.plus(amount)?;
        } else {
            let vat = Money::ZERO;
            self.bill.sums.push(ComponentSum { component, fund, contained, amount, vat_rate, vat });
        }
        Ok(())
    }

    /// Splits the line just pushed over the parts of the energy price and adds them to the sums.
    fn split(
        &mut self,
        plan: &Plan,
        prices: &PriceSet,
        period: Period,
        amount: Money,
        adjusted: bool,
    ) -> Billed<()> {
        let line = u16::try_from(self.bill.lines.len() - 1).map_err(|_| Refusal::OutOfRange("energy"))?;
        let weights: SmallVec<[i64; 8]> =
            prices.parts.iter().map(|prices| prices[period.index()].units()).collect();
        for (part, fen) in plan.parts.iter().zip(split_signed(amount.fen(), &weights)?) {
            let share = Money::from_fen(fen);
            self.bill.shares.push(Share { line, component: part.component, amount: share });
            self.sum(part.component, false, false, part.vat, share)?;
            if adjusted && part.in_power_factor_base {
                self.power_factor_base = self.power_factor_base.plus(share)?;
            }
        }
        Ok(())
    }

    /// A line of energy at the price of one period, with its components.
    pub(super) fn energy_line(
        &mut self,
        draft: Draft,
        plan: &Plan,
        prices: &PriceSet,
        adjusted: bool,
    ) -> Billed<()> {
        let single = match plan.parts.as_slice() {
            [part] => Some(*part),
            _ => None,
        };
        let amount = self.push(Draft { component: single.map(|part| part.component), ..draft })?;
        match single {
            Some(part) => {
                self.sum(part.component, false, false, part.vat, amount)?;
                if adjusted && part.in_power_factor_base {
                    self.power_factor_base = self.power_factor_base.plus(amount)?;
                }
                Ok(())
            }
            None => self.split(plan, prices, draft.period, amount, adjusted),
        }
    }

    /// Energy of a point: one line, or one for each period of the day.
    pub(super) fn energy(
        &mut self,
        plan_id: PlanId,
        plan: &Plan,
        prices: &PriceSet,
        energy: &PointEnergy,
        adjusted: bool,
    ) -> Billed<()> {
        let flat_rule = if plan.tiers.is_some() { RuleId::TierBase } else { RuleId::FlatEnergy };
        for period in Period::ALL {
            let quantity = energy.billed.of(period);
            if quantity.is_zero() {
                continue;
            }
            let price = prices.energy[period.index()].ok_or(Refusal::NoPriceForPeriod(period.key()))?;
            let rule = if period == Period::Total { flat_rule } else { RuleId::TimeOfUse };
            let draft = Draft::energy(energy.point, plan_id, rule, quantity, price);
            self.energy_line(Draft { period, ..draft }, plan, prices, adjusted)?;
        }
        Ok(())
    }

    /// Funds of a point: a line each beside the price, or carved out of it for the ledger.
    pub(super) fn funds(&mut self, plan_id: PlanId, plan: &Plan, energy: &PointEnergy) -> Billed<()> {
        if energy.billed_kwh.is_zero() {
            return Ok(());
        }
        for fund in &plan.funds {
            let PlanFund { component, price, contained, vat } = *fund;
            if contained {
                let amount = energy.billed_kwh.at(price).to_money()?;
                self.sum(component, true, true, vat, amount)?;
                if let Some(part) = plan.parts.first() {
                    self.sum(part.component, false, false, part.vat, amount.negated()?)?;
                }
                continue;
            }
            let draft = Draft::energy(energy.point, plan_id, RuleId::Fund, energy.billed_kwh, price);
            let amount = self.push(Draft { kind: LineKind::Fund, component: Some(component), ..draft })?;
            self.sum(component, true, false, vat, amount)?;
        }
        Ok(())
    }

    /// VAT of each component, and what the bill consists of.
    pub(super) fn finish(&mut self) -> Billed<()> {
        let mut vat = Money::ZERO;
        for sum in &mut self.bill.sums {
            if !sum.vat_rate.is_zero() {
                let inside = sum.vat_rate.exact().over(Rate::ONE.plus(sum.vat_rate)?.exact())?;
                sum.vat = sum.amount.exact().times(inside)?.to_money()?;
                vat = vat.plus(sum.vat)?;
            }
        }
        self.bill.vat = vat;
        self.bill.catalogue = self.bill.total.minus(self.bill.funds)?;
        Ok(())
    }
}

/// Splits by weights of either sign; the parts sum to `total`. A component may lower the price (a deviation
/// handed back), so with negative weights each part but the largest is rounded and the largest takes the rest.
fn split_signed(total: i64, weights: &[i64]) -> Billed<SmallVec<[i64; 8]>> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let largest =
        weights.iter().enumerate().max_by_key(|(_, weight)| weight.unsigned_abs()).map(|(at, _)| at);
    let Some(largest) = largest else { return Err(Refusal::OutOfRange("energy")) };
    if weights.iter().all(|weight| *weight >= 0) && sum > 0 {
        return Ok(SmallVec::from_vec(split_by_weight(total, weights)?));
    }
    let mut parts: SmallVec<[i64; 8]> = SmallVec::from_elem(0, weights.len());
    if sum == 0 {
        parts[largest] = total;
        return Ok(parts);
    }
    let mut left = total;
    for (place, weight) in weights.iter().enumerate() {
        if place == largest {
            continue;
        }
        let product = i128::from(total) * i128::from(*weight);
        let size = (product.abs() * 2 + sum.abs()) / (sum.abs() * 2);
        let part = if product.is_negative() == sum.is_negative() { size } else { -size };
        parts[place] = i64::try_from(part).map_err(|_| Refusal::OutOfRange("energy"))?;
        left = left.checked_sub(parts[place]).ok_or(Refusal::OutOfRange("energy"))?;
    }
    parts[largest] = left;
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_component_below_zero_keeps_its_sign() {
        assert_eq!(split_signed(100, &[60, -10, 50]).unwrap().as_slice(), [60, -10, 50]);
        assert_eq!(split_signed(-100, &[60, -10, 50]).unwrap().as_slice(), [-60, 10, -50]);
        assert_eq!(split_signed(7, &[5, -5]).unwrap().as_slice(), [0, 7]);
    }

    /// BILL-18, XC-17: each part but the largest is rounded half up, away from zero; the largest takes the rest.
    #[test]
    fn parts_of_either_sign_are_rounded_once() {
        let cases: [(i64, &[i64], &[i64]); 15] = [
            (100, &[60, -10, 51], &[60, -10, 50]),
            (5, &[3, -1, -1], &[15, -5, -5]),
            (1, &[5, -1, -2], &[3, -1, -1]),
            (1, &[-5, 1, 2], &[3, -1, -1]),
            (-1, &[-5, 1, 2], &[-3, 1, 1]),
            (10, &[7, -3], &[18, -8]),
            (10, &[8, -3], &[16, -6]),
            (3, &[8, -1], &[3, 0]),
            (10, &[7, -3, 0], &[18, -8, 0]),
            (4, &[8, -1], &[5, -1]),
            (3, &[1, 1], &[2, 1]),
            (9, &[0, 0], &[0, 9]),
            (9, &[0, 5, 0], &[0, 9, 0]),
            (9, &[-2, -1], &[6, 3]),
            (9, &[7], &[9]),
        ];
        for (total, weights, parts) in cases {
            assert_eq!(split_signed(total, weights).unwrap().as_slice(), parts, "{total} {weights:?}");
        }
        assert!(split_signed(9, &[]).is_err());
    }

    proptest! {
        /// BILL-18: components sum to their line.
        #[test]
        fn shares_sum_to_the_line(total in -1_000_000_000_i64..1_000_000_000, weights in prop::collection::vec(-1_000_000_000_000_i64..1_000_000_000_000, 1..8)) {
            let parts = split_signed(total, &weights).unwrap();
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
        }
    }
}
