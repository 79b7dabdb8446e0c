//! Plans: final unit prices, compiled once per table version, class, voltage and options.

use std::collections::HashMap;

use kernel::{Date, Price, Quantity, Rate, Text};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::model::{Category, ComponentId, Period, PlanId, VoltageLevel};

/// What to compile: a class at a voltage out of a table, with the options of the customer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlanRequest {
    /// Code of the class in the table.
    pub class: String,
    /// Voltage of supply.
    pub voltage: VoltageLevel,
    /// Pays the multiple of the purchase price for those who left the market (退出市场), Rate::ONE otherwise.
    #[serde(default)]
    pub left_market: bool,
    /// Purchase price of a market contract in place of the agent's, yuan per kWh.
    #[serde(default)]
    pub own_purchase_price: Option<Price>,
}

impl PlanRequest {
    /// A class at a voltage without options.
    pub fn new(class: &str, voltage: VoltageLevel) -> PlanRequest {
        PlanRequest { class: class.to_owned(), voltage, left_market: false, own_purchase_price: None }
    }
}

/// A component of price as all tables of one [`Plans`] know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Code, the same in all tables.
    pub code: String,
    /// Name.
    pub name: Text,
    /// Collected for the state (代征).
    pub fund: bool,
}

/// Final prices of one season.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceSet {
    /// Sum of the components that are not separate funds, by period; `None` where the plan has no such period.
    pub energy: [Option<Price>; Period::COUNT],
    /// Parts of `energy` by component: price by period, in the order of [`Plan::parts`].
    pub parts: SmallVec<[[Price; Period::COUNT]; 2]>,
}

/// A part of the energy price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanPart {
    /// The component.
    pub component: ComponentId,
    /// It is in the base of the power-factor adjustment.
    pub in_power_factor_base: bool,
    /// It floats with the time of day.
    pub floats: bool,
    /// VAT rate inside the price; zero when none is due.
    pub vat: Rate,
}

/// A fund: beside the price, or contained in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanFund {
    /// The component.
    pub component: ComponentId,
    /// Yuan per kWh.
    pub price: Price,
    /// Contained in the catalogue price: carved out for the ledger, no line of its own.
    pub contained: bool,
    /// VAT rate inside the price; zero when none is due.
    pub vat: Rate,
}

/// Thresholds of tiers for one season (kWh a month) or for the year (kWh a year).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// End of tier 1 and of tier 2.
    pub until: [Quantity; 2],
}

/// Tiers of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierPlan {
    /// Counted over the tier year; otherwise by month.
    pub by_year: bool,
    /// For each calendar month, January first, the thresholds; by-year plans have twelve equal entries of a year.
    pub of_month: [Thresholds; 12],
    /// Additions of tier 2 and tier 3 by period; slot `Total` for plans whose additions do not depend on time.
    pub add_on: [[Price; Period::COUNT]; 2],
    /// The additions differ by period of the day.
    pub add_on_by_period: bool,
    /// Households from this many persons get `allowance_kwh` more a month in tiers 1 and 2.
    pub persons_from: u8,
    /// kWh a month.
    pub allowance_kwh: Quantity,
    /// Free kWh a month for entitled households.
    pub free_kwh: Quantity,
    /// The price at which free kWh are given back.
    pub free_price: Price,
}

impl TierPlan {
    /// Where a tier ends that has no end: above anything an account uses.
    pub const NO_END: Quantity = Quantity::from_units(1_000_000_000 * Quantity::SCALE);
}

/// Prices and rules of the basic charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicPlan {
    /// Yuan per kVA and month.
    pub capacity: Option<Price>,
    /// Yuan per kW and month by contract demand.
    pub demand: Option<Price>,
    /// Yuan per kW and month by actual demand.
    pub actual_demand: Option<Price>,
    /// Contract demand is not below this share of capacity (40 % rule); zero for no floor.
    pub floor: Rate,
    /// Demand up to contract × this is not in excess (105 % rule).
    pub allowance: Rate,
    /// Above the allowance the allowance itself is charged (reading A), otherwise the contract (reading B).
    pub excess_reading_a: bool,
    /// The part in excess is charged this many times.
    pub excess_factor: Rate,
    /// Load discount (260 kWh rule), if the table has one.
    pub discount: Option<LoadDiscount>,
    /// The basic charge is in the base of the power-factor adjustment.
    pub in_power_factor_base: bool,
    /// VAT rate inside the price.
    pub vat: Rate,
}

/// Demand price reduced for high use of capacity (260 kWh rule).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadDiscount {
    /// kWh per kVA and month from which it applies.
    pub from_kwh_per_kva: Quantity,
    /// Factor on the demand price.
    pub factor: Rate,
    /// First day of the rule.
    pub from: Date,
    /// First day without it.
    pub to: Option<Date>,
}

/// A compiled plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Id of the table it came from.
    pub table: String,
    /// Version of the table.
    pub version: u32,
    /// First day in force.
    pub from: Date,
    /// First day no longer in force.
    pub to: Option<Date>,
    /// What was asked for.
    pub request: PlanRequest,
    /// Name of the class.
    pub name: Text,
    /// The rules that apply.
    pub category: Category,
    /// Prices by season.
    pub seasons: SmallVec<[PriceSet; 1]>,
    /// For each calendar month, January first, the place in `seasons`.
    pub season_of_month: [u8; 12],
    /// Parts of the energy price.
    pub parts: SmallVec<[PlanPart; 2]>,
    /// Funds.
    pub funds: SmallVec<[PlanFund; 2]>,
    /// Divided by time of day; the schedule is in the table under this code.
    pub time_of_use: Option<String>,
    /// The period that takes what no other register shows: flat, or peak where the plan has no flat.
    pub rest_period: Period,
    /// Tiers, for households.
    pub tiers: Option<TierPlan>,
    /// Basic charge, for two-part prices.
    pub basic: Option<BasicPlan>,
    /// VAT rate inside the power-factor adjustment.
    pub power_factor_vat: Rate,
}

/// All compiled plans of a run, by number, and the components they are made of.
#[derive(Debug, Clone)]
pub struct Plans {
    pub(crate) plans: Vec<Plan>,
    pub(crate) known: HashMap<(String, u32, PlanRequest), PlanId>,
    components: Vec<Component>,
}

impl Default for Plans {
    fn default() -> Plans {
        Plans::new()
    }
}

impl Plans {
    /// No plans yet; the components of basic charge and power factor are known already.
    pub fn new() -> Plans {
        let component = |code: &str, zh: &str, en: &str| Component {
            code: code.into(),
            name: Text::new(zh, en),
            fund: false,
        };
        let components = vec![
            component("basic", "基本电费", "basic charge"),
            component("power_factor", "力调电费", "power-factor adjustment"),
        ];
        Plans { plans: Vec::new(), known: HashMap::new(), components }
    }
    /// The plan with this number.
    pub fn get(&self, id: PlanId) -> Option<&Plan> {
        self.plans.get(id.0 as usize)
    }
    /// The component with this number.
    pub fn component(&self, id: ComponentId) -> Option<&Component> {
        self.components.get(usize::from(id.0))
    }
    /// The component with this code.
    pub fn component_named(&self, code: &str) -> Option<ComponentId> {
        self.components().find(|(_, component)| component.code == code).map(|(id, _)| id)
    }
    /// All plans with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (PlanId, &Plan)> {
        (0..).map(PlanId).zip(&self.plans)
    }
    /// All components with their numbers.
    pub fn components(&self) -> impl Iterator<Item = (ComponentId, &Component)> {
        (0..).map(ComponentId).zip(&self.components)
    }
    /// The number of a component; `None` when its code is known as the other kind.
    pub(crate) fn intern(&mut self, code: &str, name: &Text, fund: bool) -> Option<ComponentId> {
        if let Some(id) = self.component_named(code) {
            return self.component(id).filter(|known| known.fund == fund).map(|_| id);
        }
        let id = ComponentId(u16::try_from(self.components.len()).ok()?);
        self.components.push(Component { code: code.to_owned(), name: name.clone(), fund });
        Some(id)
    }
}
