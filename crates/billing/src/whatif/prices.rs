//! The other prices, and which plan of theirs takes the place of which.

use std::collections::HashMap;

use tariff::engine::{Plan, PlanRequest};
use tariff::table::PriceTable;
use tariff::{PlanId, Plans, Rules, VoltageLevel};

use crate::plans::{PriceBook, unreadable};
use crate::{BillingError, Result};

/// Says which class and voltage of the other prices a class takes, where it is not the one of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRule {
    /// Class code as billed.
    pub class: String,
    /// Only at this voltage.
    pub voltage: Option<VoltageLevel>,
    /// Class code in the other prices.
    pub new_class: String,
    /// Voltage in the other prices; the same when not named.
    pub new_voltage: Option<VoltageLevel>,
}

impl PlanRule {
    /// Reads `CLASS[@VOLTAGE]=CLASS[@VOLTAGE]`, voltages by their keys; nothing when it is not of this form.
    pub fn parse(text: &str) -> Option<PlanRule> {
        let side = |text: &str| match text.split_once('@') {
            Some((class, voltage)) => Some((class.to_owned(), Some(VoltageLevel::from_key(voltage)?))),
            None => Some((text.to_owned(), None)),
        };
        let (old, new) = text.split_once('=')?;
        let ((class, voltage), (new_class, new_voltage)) = (side(old.trim())?, side(new.trim())?);
        let named = !class.is_empty() && !new_class.is_empty();
        named.then_some(PlanRule { class, voltage, new_class, new_voltage })
    }
    fn fits(&self, plan: &Plan) -> bool {
        self.class == plan.request.class && self.voltage.is_none_or(|level| level == plan.request.voltage)
    }
}

/// Other prices, compiled beside those in force: components keep their numbers, plans get further ones.
pub struct Trial {
    plans: Plans,
    rules: Rules,
    /// By the number of the plan as billed.
    counterparts: Vec<Option<PlanId>>,
}

impl Trial {
    /// Compiles `tables` and finds for each plan of `book` the one of the same region, class and voltage, or the one a
    /// rule names. The prices apply to every day, whatever day a table says it begins on.
    ///
    /// # Errors
    /// A table that cannot be compiled; a rule that fits no plan, or names a class or voltage no table has.
    pub fn new(book: &PriceBook, tables: &[PriceTable], named: &[PlanRule]) -> Result<Trial> {
        let mut trial = Trial {
            plans: book.plans().clone(),
            rules: Rules::shipped().map_err(unreadable)?,
            counterparts: Vec::new(),
        };
        if let Some(idle) = named.iter().find(|rule| !book.plans().iter().any(|(_, plan)| rule.fits(plan))) {
            return Err(BillingError::PriceTable {
                zh: format!("--map：没有按类别 {} 计费的电价方案", idle.class),
                en: format!("--map: no plan in force is of class {}", idle.class),
            });
        }
        let mut compiled: HashMap<(usize, PlanRequest), PlanId> = HashMap::new();
        for (id, plan) in book.plans().iter() {
            let rule = named.iter().find(|rule| rule.fits(plan));
            let mut request = plan.request.clone();
            if let Some(rule) = rule {
                request.class.clone_from(&rule.new_class);
                request.voltage = rule.new_voltage.unwrap_or(request.voltage);
            }
            let has = |table: &PriceTable| table.voltages(&request.class).contains(&request.voltage);
            let region = book.region_of(id);
            let found = tables.iter().position(|table| Some(table.region()) == region && has(table));
            // A rule may lead out of the region; the same name alone never does.
            let found = found.or_else(|| rule.and_then(|_| tables.iter().position(has)));
            if let (None, Some(rule)) = (found, rule) {
                let level = request.voltage.key();
                return Err(BillingError::PriceTable {
                    zh: format!("--map：新电价表没有类别 {}、电压 {level}", rule.new_class),
                    en: format!("--map: the other prices have no class {} at {level}", rule.new_class),
                });
            }
            let counterpart = match found {
                Some(at) => Some(match compiled.get(&(at, request.clone())) {
                    Some(known) => *known,
                    None => {
                        let made = trial.plans.compile_trial(&tables[at], &request).map_err(unreadable)?;
                        compiled.insert((at, request), made);
                        made
                    }
                }),
                None => None,
            };
            trial.counterparts.push(counterpart);
        }
        Ok(trial)
    }
    /// What takes the place of a plan.
    pub fn counterpart(&self, plan: PlanId) -> Option<PlanId> {
        self.counterparts.get(plan.0 as usize).copied().flatten()
    }
    /// All plans, those as billed and the others.
    pub fn plans(&self) -> &Plans {
        &self.plans
    }
    /// Regulations, power-factor table, loss tables: as they are.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}
