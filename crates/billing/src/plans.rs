//! The price tables in force, compiled once and found by class, voltage and day.
//!
//! Plans are numbered in the database: a stored bill names its plans by number, and the number never changes meaning.

use std::collections::HashMap;

use kernel::{Bilingual, Date, Lang};
use store::Tx;
use tariff::engine::PlanRequest;
use tariff::table::PriceTable;
use tariff::{PlanId, Plans, Rules, VoltageLevel};

use crate::sql::{self, StoredPlan};
use crate::{BillingError, Result};

/// A compiled plan as it is looked up.
#[derive(Debug, Clone, Copy)]
struct Offer {
    voltage: VoltageLevel,
    left_market: bool,
    from: Date,
    to: Option<Date>,
    plan: PlanId,
}

/// All prices an organisation bills by, and the rules that are the same for all.
pub struct PriceBook {
    plans: Plans,
    rules: Rules,
    /// By class, written `region:class`; later tables first.
    offers: HashMap<String, Vec<Offer>>,
    /// The region of each table, by its code.
    regions: HashMap<String, String>,
}

impl PriceBook {
    /// Compiles `tables` (any order) without a database; for benchmarks and trials.
    pub fn compile(tables: &[PriceTable]) -> Result<PriceBook> {
        let mut book = PriceBook {
            plans: Plans::default(),
            rules: Rules::shipped().map_err(unreadable)?,
            offers: HashMap::new(),
            regions: HashMap::new(),
        };
        let mut ordered: Vec<&PriceTable> = tables.iter().collect();
        ordered.sort_by_key(|table| (table.from(), table.version()));
        for table in ordered {
            book.add(table)?;
        }
        Ok(book)
    }

    /// Loads every price table of the organisation and numbers the plans as they were numbered before; plans that are
    /// new get the next numbers, which are kept.
    pub fn load(tx: &mut Tx<'_>, org_id: i64) -> Result<PriceBook> {
        let tables = sql::price_tables(tx, org_id)?
            .iter()
            .map(|(code, content)| PriceTable::parse(code, content).map_err(unreadable))
            .collect::<Result<Vec<_>>>()?;
        let known = sql::plans(tx, org_id)?;
        let mut book = PriceBook {
            plans: Plans::default(),
            rules: Rules::shipped().map_err(unreadable)?,
            offers: HashMap::new(),
            regions: HashMap::new(),
        };
        // Known plans first and in their order, so that each gets its old number again.
        for (number, stored) in known.iter().enumerate() {
            let table = tables
                .iter()
                .find(|table| {
                    table.id() == stored.table_code && i64::from(table.version()) == stored.table_version
                })
                .ok_or_else(|| BillingError::PlanLost(stored.table_code.clone()))?;
            let plan = book.plans.compile(table, &stored.request()?).map_err(unreadable)?;
            if usize::try_from(plan.0) != Ok(number) {
                return Err(BillingError::PlanLost(stored.table_code.clone()));
            }
        }
        let mut ordered: Vec<&PriceTable> = tables.iter().collect();
        ordered.sort_by_key(|table| (table.from(), table.version()));
        for table in ordered {
            book.add(table)?;
        }
        Ok(book)
    }

    /// Keeps the numbers of plans that are new.
    pub fn save_numbers(&self, tx: &mut Tx<'_>, org_id: i64) -> Result<()> {
        let known = sql::plans(tx, org_id)?.len();
        for (id, plan) in self.plans.iter().skip(known) {
            sql::add_plan(tx, org_id, i64::from(id.0), &StoredPlan::of(plan))?;
        }
        Ok(())
    }

    fn add(&mut self, table: &PriceTable) -> Result<()> {
        self.regions.insert(table.id().to_owned(), table.region().to_owned());
        let classes: Vec<String> = table.classes().map(|class| class.code.to_owned()).collect();
        for class in classes {
            for voltage in table.voltages(&class) {
                for left_market in [false, true] {
                    let request = PlanRequest { left_market, ..PlanRequest::new(&class, voltage) };
                    let plan = self.plans.compile(table, &request).map_err(unreadable)?;
                    let offer = Offer { voltage, left_market, from: table.from(), to: table.to(), plan };
                    self.offers.entry(format!("{}:{class}", table.region())).or_default().insert(0, offer);
                }
            }
        }
        Ok(())
    }

    /// The plan for `class` (written `region:class`) at a stored voltage code on `day`; of two tables in force the
    /// later one.
    pub fn find(&self, class: &str, voltage: i64, left_market: bool, day: Date) -> Option<PlanId> {
        let offers = self.offers.get(class)?;
        let fits = |offer: &&Offer| {
            offer.voltage as i64 == voltage
                && offer.left_market == left_market
                && offer.from <= day
                && offer.to.is_none_or(|to| day < to)
        };
        offers.iter().find(fits).map(|offer| offer.plan)
    }
    /// The region a plan belongs to.
    pub fn region_of(&self, plan: PlanId) -> Option<&str> {
        let plan = self.plans.get(plan)?;
        self.regions.get(&plan.table).map(String::as_str)
    }
    /// The compiled plans.
    pub fn plans(&self) -> &Plans {
        &self.plans
    }
    /// Regulations, power-factor table, loss tables.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}

pub(crate) fn unreadable(error: tariff::TableError) -> BillingError {
    BillingError::PriceTable { zh: error.text(Lang::Zh), en: error.text(Lang::En) }
}
