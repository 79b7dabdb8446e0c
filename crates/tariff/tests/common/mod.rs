//! What the tests of the engine share: a table of examination prices, and short words for inputs.
#![allow(dead_code)]

use kernel::{Date, Money, Month, Price, Quantity, Rate};
use smallvec::{SmallVec, smallvec};
use tariff::engine::PlanRequest;
use tariff::table::{PriceTable, shipped_table};
use tariff::*;

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}
pub fn kwh(text: &str) -> Quantity {
    text.parse().unwrap()
}
pub fn yuan(text: &str) -> Money {
    text.parse().unwrap()
}
pub fn price(text: &str) -> Price {
    text.parse().unwrap()
}
pub fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

/// Old examination prices, one class each, valid for ever.
pub const EXAM: &str = include_str!("../data/exam.toml");

pub struct Desk {
    pub plans: Plans,
    pub rules: Rules,
    pub table: PriceTable,
}

impl Desk {
    pub fn of(table: PriceTable) -> Desk {
        Desk { plans: Plans::new(), rules: Rules::shipped().unwrap(), table }
    }
    pub fn exam() -> Desk {
        Desk::of(PriceTable::parse("exam.toml", EXAM).unwrap())
    }
    pub fn exam_with(change: impl Fn(&str) -> String) -> Desk {
        let text = change(EXAM);
        assert_ne!(text, EXAM, "the change must change something");
        Desk::of(PriceTable::parse("exam.toml", &text).unwrap())
    }
    pub fn shipped(id: &str) -> Desk {
        Desk::of(shipped_table(id).unwrap().unwrap())
    }
    pub fn plan(&mut self, class: &str, level: &str) -> PlanId {
        let voltage = VoltageLevel::from_key(level).unwrap();
        self.plans.compile(&self.table, &PlanRequest::new(class, voltage)).unwrap()
    }
    pub fn bill(&self, input: &AccountPeriod) -> Bill {
        let mut bill = Bill::new();
        calculate(&self.plans, &self.rules, input, &mut bill).unwrap();
        proves_itself(&bill);
        bill
    }
    pub fn refusal(&self, input: &AccountPeriod) -> Refusal {
        calculate(&self.plans, &self.rules, input, &mut Bill::new()).unwrap_err().reason
    }
}

/// BILL-18, XC-17: the total is the catalogue fee plus what is collected for the state, lines sum to it, and so do
/// components; every rounding is at most half a fen.
pub fn proves_itself(bill: &Bill) {
    assert_eq!(Money::sum(bill.lines.iter().map(|line| line.amount)).unwrap(), bill.total);
    assert_eq!(Money::sum(bill.sums.iter().map(|sum| sum.amount)).unwrap(), bill.total);
    assert_eq!(bill.catalogue.plus(bill.funds).unwrap(), bill.total);
    for (place, line) in bill.lines.iter().enumerate() {
        assert_eq!(line.exact.to_money().unwrap(), line.amount);
        let shares: Vec<_> = bill.shares.iter().filter(|share| usize::from(share.line) == place).collect();
        if line.component.is_none() {
            assert_eq!(Money::sum(shares.iter().map(|share| share.amount)).unwrap(), line.amount);
        } else {
            assert!(shares.is_empty());
        }
    }
}

pub fn reading(register: Register, previous: &str, current: &str) -> Reading {
    Reading { register, previous: kwh(previous), current: kwh(current), rolled_over: false }
}

pub fn meter(multiplier: &str, readings: &[Reading]) -> MeterSegment {
    MeterSegment { digits: 6, multiplier: rate(multiplier), readings: SmallVec::from_slice(readings) }
}

pub fn point(plan: PlanId, source: Source) -> Point {
    Point {
        plan,
        source,
        deducted_from: None,
        bears_transformer_loss: false,
        bears_line_loss: false,
        in_power_factor: true,
        in_power_factor_base: true,
    }
}

pub fn metered(plan: PlanId, multiplier: &str, readings: &[Reading]) -> Point {
    point(plan, Source::Meters(smallvec![meter(multiplier, readings)]))
}

/// kWh on the total register, read once.
pub fn simple(plan: PlanId, used: &str) -> Point {
    metered(plan, "1", &[reading(Register::Total, "0", used)])
}

pub fn account(from: &str, to: &str, points: impl IntoIterator<Item = Point>) -> AccountPeriod {
    let (from, to) = (day(from), day(to));
    let month: Month = to.plus_days(-1).unwrap().month();
    AccountPeriod { from, to, month, points: points.into_iter().collect(), tiers: None, supply: None }
}

pub fn household(plan: PlanId, from: &str, to: &str, used: &str, tiers: TierState) -> AccountPeriod {
    AccountPeriod { tiers: Some(tiers), ..account(from, to, [simple(plan, used)]) }
}

pub fn transformer(kva: &str) -> Transformer {
    Transformer {
        capacity_kva: kwh(kva),
        state: TransformerState::Running,
        connected: None,
        loss_model: None,
    }
}

pub fn amounts(bill: &Bill, kind: LineKind) -> Vec<Money> {
    bill.lines.iter().filter(|line| line.kind == kind).map(|line| line.amount).collect()
}
