//! The price tables in force, compiled once and found by class, voltage and day.
//!
//! Plans are numbered in the database: a stored bill names its plans by number, and the number never changes meaning.

use std::collections::HashMap;

use kernel::{Bilingual, Date, Lang, Price};
use store::Tx;
use tariff::engine::{Plan, PlanRequest};
use tariff::table::PriceTable;
use tariff::{PlanId, Plans, Rules, VoltageLevel};

use crate::sql;
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

/// A price table as it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTable {
    /// Its identifier.
    pub code: String,
    /// Its version.
    pub version: i64,
    /// Its text.
    pub content: String,
}

/// A compiled plan as it is numbered in the database: its place in the list is its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanNumber {
    /// The price table.
    pub table_code: String,
    /// The table's version.
    pub table_version: i64,
    /// First day of its prices.
    pub from: Date,
    /// The day they end.
    pub to: Option<Date>,
    /// The class of use.
    pub class: String,
    /// The voltage, by its key in price tables.
    pub voltage: String,
    /// For customers who left the market.
    pub left_market: bool,
    /// The customer's own purchase price, in units of [`Price`].
    pub own_purchase_price: Option<i64>,
}

impl PlanNumber {
    pub(crate) fn of(plan: &Plan) -> PlanNumber {
        PlanNumber {
            table_code: plan.table.clone(),
            table_version: i64::from(plan.version),
            from: plan.from,
            to: plan.to,
            class: plan.request.class.clone(),
            voltage: plan.request.voltage.key().to_owned(),
            left_market: plan.request.left_market,
            own_purchase_price: plan.request.own_purchase_price.map(Price::units),
        }
    }
    fn request(&self) -> Result<PlanRequest> {
        let lost = || BillingError::PlanLost(self.table_code.clone());
        Ok(PlanRequest {
            class: self.class.clone(),
            voltage: VoltageLevel::from_key(&self.voltage).ok_or_else(lost)?,
            left_market: self.left_market,
            own_purchase_price: self.own_purchase_price.map(Price::from_units),
        })
    }
}

/// Everything a [`PriceBook`] is compiled from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceSet {
    /// The price tables in the order in which they were loaded.
    pub tables: Vec<StoredTable>,
    /// The plans by number.
    pub plans: Vec<PlanNumber>,
}

impl PriceSet {
    /// Reads the organisation's.
    pub fn load(tx: &mut Tx<'_>, org_id: i64) -> Result<PriceSet> {
        Ok(PriceSet { tables: sql::stored_tables(tx, org_id)?, plans: sql::plans(tx, org_id)? })
    }
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
        PriceBook::of(&PriceSet::load(tx, org_id)?)
    }

    /// Compiles a set of price tables without a database; known plans keep their numbers.
    pub fn of(set: &PriceSet) -> Result<PriceBook> {
        let tables = set
            .tables
            .iter()
            .map(|table| PriceTable::parse(&table.code, &table.content).map_err(unreadable))
            .collect::<Result<Vec<_>>>()?;
        let mut book = PriceBook {
            plans: Plans::default(),
            rules: Rules::shipped().map_err(unreadable)?,
            offers: HashMap::new(),
            regions: HashMap::new(),
        };
        // Known plans first and in their order, so that each gets its old number again.
        for (number, stored) in set.plans.iter().enumerate() {
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
            sql::add_plan(tx, org_id, i64::from(id.0), &PlanNumber::of(plan))?;
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
