//! The basic charge (基本电费): by capacity, by contract demand, by actual demand.

use kernel::{Money, Price, Quantity, Rate};

use super::lines::{Draft, Maker};
use super::plan::{BasicPlan, LoadDiscount};
use super::transformers::{Days, Spans};
use crate::error::{Billed, Refusal};
use crate::model::{
    AccountPeriod, BasicMethod, BasicResult, ComponentId, Fraction, LineKind, Period, PlanId, RuleId,
    SupplyAgreement,
};

struct Charge<'m, 'b, 'p> {
    maker: &'m mut Maker<'b>,
    plan_id: PlanId,
    plan: &'p BasicPlan,
    point: u8,
    amount: Money,
}

impl Charge<'_, '_, '_> {
    fn push(
        &mut self,
        kind: LineKind,
        rule: RuleId,
        quantity: Quantity,
        price: Price,
        factor: Rate,
        fraction: Fraction,
    ) -> Billed<()> {
        if quantity.is_zero() || fraction.part == 0 {
            return Ok(());
        }
        let amount = self.maker.push(Draft {
            point: self.point,
            plan: self.plan_id,
            kind,
            rule,
            period: Period::Total,
            tier: 0,
            component: Some(ComponentId::BASIC),
            quantity,
            price,
            factor,
            fraction,
        })?;
        self.maker.sum(ComponentId::BASIC, false, false, self.plan.vat, amount)?;
        if self.plan.in_power_factor_base {
            self.maker.power_factor_base = self.maker.power_factor_base.plus(amount)?;
        }
        self.amount = self.amount.plus(amount)?;
        Ok(())
    }

    fn capacity(&mut self, spans: &Spans, days: &Days) -> Billed<()> {
        let price = self.plan.capacity.ok_or(Refusal::NoBasicPrice)?;
        for span in &spans.charged {
            let fraction = days.fraction(span.days);
            let rule = match span.rule {
                RuleId::CapacityFull if fraction != Fraction::ONE => RuleId::CapacityDays,
                rule => rule,
            };
            self.push(LineKind::BasicCapacity, rule, span.capacity_kva, price, span.share, fraction)?;
        }
        Ok(())
    }

    /// One feed by contract; answers its kW as if charged at the single price.
    fn contract(
        &mut self,
        contract: Quantity,
        actual: Quantity,
        floor: Quantity,
        discount: Rate,
        fraction: Fraction,
    ) -> Billed<Quantity> {
        let price = self.plan.demand.ok_or(Refusal::NoBasicPrice)?;
        if contract.is_negative() {
            return Err(Refusal::Negative("demand"));
        }
        let below = contract < floor;
        let contract = contract.max(floor);
        let allowance = contract.times(self.plan.allowance, Quantity::PLACES)?;
        if actual <= allowance {
            let rule = if below { RuleId::DemandFloor } else { RuleId::DemandContract };
            self.push(LineKind::BasicDemand, rule, contract, price, discount, fraction)?;
            return Ok(contract);
        }
        let (once, rule) = if self.plan.excess_reading_a {
            (allowance, RuleId::DemandAllowanceReadingA)
        } else {
            (contract, RuleId::DemandContractReadingB)
        };
        self.push(LineKind::BasicDemand, rule, once, price, discount, fraction)?;
        let excess = actual.minus(allowance)?;
        let factor = self.plan.excess_factor.exact().times(discount.exact())?.to_rate(Rate::PLACES)?;
        self.push(LineKind::BasicDemandExcess, RuleId::DemandExcess, excess, price, factor, fraction)?;
        Ok(once.plus(excess.times(self.plan.excess_factor, Quantity::PLACES)?)?)
    }
}

fn discount_applies(
    discount: &LoadDiscount,
    input: &AccountPeriod,
    kwh: Quantity,
    installed: Quantity,
) -> Billed<bool> {
    let in_force = discount.from < input.to && discount.to.is_none_or(|end| input.to <= end);
    if !in_force || installed.is_zero() {
        return Ok(false);
    }
    let least = installed.exact().times(discount.from_kwh_per_kva.exact())?;
    Ok(kwh.exact() >= least)
}

fn demand_of(maker: &Maker<'_>, point: u8) -> Billed<Quantity> {
    maker.bill.points.get(usize::from(point)).and_then(|energy| energy.demand_kw).ok_or(Refusal::NoDemand)
}

/// The basic charge of an account whose main plan has one.
pub(super) fn basic_lines(
    maker: &mut Maker<'_>,
    plan_id: PlanId,
    plan: &BasicPlan,
    input: &AccountPeriod,
    supply: &SupplyAgreement,
    spans: &Spans,
    days: &Days,
) -> Billed<()> {
    let discounted = match (&plan.discount, &supply.basic) {
        (Some(discount), BasicMethod::ContractDemand(_) | BasicMethod::ActualDemand) => {
            discount_applies(discount, input, maker.bill.energy_kwh, spans.installed_kva)?
        }
        _ => false,
    };
    let factor = match &plan.discount {
        Some(discount) if discounted => discount.factor,
        _ => Rate::ONE,
    };
    let fraction = days.fraction(spans.active_days);
    let mut charge = Charge { maker, plan_id, plan, point: 0, amount: Money::ZERO };
    let (mut actual_kw, mut charged_kw) = (None, None);
    match &supply.basic {
        BasicMethod::None => return Err(Refusal::NoBasicMethod),
        BasicMethod::Capacity if supply.transformers.is_empty() => return Err(Refusal::NoBasicMethod),
        BasicMethod::Capacity => charge.capacity(spans, days)?,
        BasicMethod::ContractDemand(feeds) => {
            let (mut actual, mut charged) = (Quantity::ZERO, Quantity::ZERO);
            let contract = Quantity::sum(feeds.iter().map(|feed| feed.contract_kw))?;
            let floor = spans.running_kva.times(plan.floor, Quantity::PLACES)?;
            for (place, feed) in feeds.iter().enumerate() {
                // The floor holds for the whole account: feeds share it by their contracts, and without any the
                // first bears it.
                let own_floor = match (contract.is_zero(), place) {
                    (true, 0) => floor,
                    (true, _) => Quantity::ZERO,
                    _ => floor
                        .exact()
                        .times(feed.contract_kw.exact())?
                        .over(contract.exact())?
                        .to_quantity(6)?,
                };
                let own = demand_of(charge.maker, feed.point)?;
                charge.point = feed.point;
                let kw = charge.contract(feed.contract_kw, own, own_floor, factor, fraction)?;
                actual = actual.plus(own)?;
                charged = charged.plus(kw)?;
            }
            if feeds.is_empty() {
                return Err(Refusal::NoBasicMethod);
            }
            (actual_kw, charged_kw) = (Some(actual), Some(charged));
        }
        BasicMethod::ActualDemand => {
            let price = plan.actual_demand.or(plan.demand).ok_or(Refusal::NoBasicPrice)?;
            let demands = charge.maker.bill.points.iter().filter_map(|energy| energy.demand_kw);
            let actual = Quantity::sum(demands)?;
            if charge.maker.bill.points.iter().all(|energy| energy.demand_kw.is_none()) {
                return Err(Refusal::NoDemand);
            }
            charge.push(LineKind::BasicDemand, RuleId::DemandActual, actual, price, factor, fraction)?;
            (actual_kw, charged_kw) = (Some(actual), Some(actual));
        }
    }
    let amount = charge.amount;
    maker.bill.basic = Some(BasicResult {
        installed_kva: spans.installed_kva,
        running_kva: spans.running_kva,
        actual_kw,
        charged_kw,
        discounted,
        amount,
    });
    Ok(())
}
