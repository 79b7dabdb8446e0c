//! The nouns of a trial.

use std::time::Duration;

use kernel::{Money, Month, Quantity};
use tariff::{ComponentId, PlanId};

use crate::Result;

/// Which bills are calculated again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The months, ascending and without a gap.
    pub months: Vec<Month>,
    /// Only the books of this station.
    pub unit_id: Option<i64>,
    /// Only this book.
    pub book_id: Option<i64>,
    /// Only bills that are issued; otherwise also those that are calculated.
    pub issued_only: bool,
}

impl Selection {
    /// Every bill of a month.
    pub fn month(month: Month) -> Selection {
        Selection { months: vec![month], unit_id: None, book_id: None, issued_only: false }
    }
}

/// How to compare.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// The largest increases and decreases kept of each.
    pub top: usize,
    /// Threads that decode and calculate beside the one that reads.
    pub workers: usize,
    /// Bills read at a time.
    pub chunk_bills: usize,
    /// Keep every bill that differs, up to this many; 0 keeps none.
    pub lines_max: usize,
}

impl Default for WhatIf {
    fn default() -> WhatIf {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        WhatIf { top: 10, workers, chunk_bills: 4_000, lines_max: 0 }
    }
}

/// Bills before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// Bills compared.
    pub bills: i64,
    /// kWh billed; other prices change none of them.
    pub energy_kwh: Quantity,
    /// As billed.
    pub before: Money,
    /// Under the other prices.
    pub after: Money,
    /// Bills that become dearer.
    pub dearer: i64,
    /// Bills that become cheaper.
    pub cheaper: i64,
}

impl Change {
    /// After less before.
    pub fn difference(&self) -> Result<Money> {
        Ok(self.after.minus(self.before)?)
    }
    pub(crate) fn add(&mut self, energy: Quantity, before: Money, after: Money) -> Result<()> {
        self.bills += 1;
        self.energy_kwh = self.energy_kwh.plus(energy)?;
        self.before = self.before.plus(before)?;
        self.after = self.after.plus(after)?;
        self.dearer += i64::from(after > before);
        self.cheaper += i64::from(after < before);
        Ok(())
    }
    pub(crate) fn join(&mut self, other: &Change) -> Result<()> {
        self.bills += other.bills;
        self.energy_kwh = self.energy_kwh.plus(other.energy_kwh)?;
        self.before = self.before.plus(other.before)?;
        self.after = self.after.plus(other.after)?;
        self.dearer += other.dearer;
        self.cheaper += other.cheaper;
        Ok(())
    }
}

/// One component of all bills before and after, VAT inside and beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ComponentChange {
    /// As billed.
    pub before: Money,
    /// Under the other prices.
    pub after: Money,
    /// VAT inside, as billed.
    pub vat_before: Money,
    /// VAT inside, under the other prices.
    pub vat_after: Money,
}

impl ComponentChange {
    /// After less before.
    pub fn difference(&self) -> Result<Money> {
        Ok(self.after.minus(self.before)?)
    }
    pub(crate) fn join(&mut self, other: &ComponentChange) -> Result<()> {
        self.before = self.before.plus(other.before)?;
        self.after = self.after.plus(other.after)?;
        self.vat_before = self.vat_before.plus(other.vat_before)?;
        self.vat_after = self.vat_after.plus(other.vat_after)?;
        Ok(())
    }
}

/// A tenth of the customers, ordered by fee or by energy; of equal ones the lower key comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tenth {
    /// Customers in it.
    pub accounts: i64,
    /// The least fee in it as billed, or the least energy in units.
    pub lowest: i64,
    /// The greatest.
    pub highest: i64,
    /// kWh.
    pub energy_kwh: Quantity,
    /// As billed.
    pub before: Money,
    /// After less before.
    pub difference: Money,
    /// Customers who pay more.
    pub dearer: i64,
    /// Customers who pay less.
    pub cheaper: i64,
}

/// One month of a customer in a trial: enough to calculate it again and say why it differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthBill {
    /// The month.
    pub month: Month,
    /// The stored bill.
    pub detail: Vec<u8>,
    /// kWh used before the month in its tier year as the trial has it.
    pub used_kwh: Option<Quantity>,
}

/// A customer with one of the largest differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extreme {
    /// The account.
    pub account_id: i64,
    /// Its book.
    pub book_id: i64,
    /// As billed, all months.
    pub before: Money,
    /// Under the other prices.
    pub after: Money,
    /// Its months.
    pub bills: Vec<MonthBill>,
}

impl Extreme {
    /// After less before.
    pub fn difference(&self) -> Result<Money> {
        Ok(self.after.minus(self.before)?)
    }
}

/// Bills whose plan has no counterpart in the other prices; they are in no sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The plan.
    pub plan: PlanId,
    /// Bills.
    pub bills: i64,
    /// As billed.
    pub amount: Money,
}

/// Bills the engine refuses under the other prices; they are in no sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: String,
    /// Bills.
    pub bills: i64,
    /// The first account.
    pub account_id: i64,
    /// As billed.
    pub amount: Money,
}

/// A bill that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDifference {
    /// The account.
    pub account_id: i64,
    /// Its book.
    pub book_id: i64,
    /// As billed.
    pub before: Money,
    /// Under the other prices.
    pub after: Money,
    /// What differs by component: yuan with VAT, and the VAT in it.
    pub components: Vec<(ComponentId, Money, Money)>,
    /// kWh that lie in other tiers, by tier from 1; empty when none do.
    pub tiers: Vec<(u8, Quantity)>,
    /// The bill itself.
    pub bill: MonthBill,
}

/// What a trial comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Bills compared.
    pub total: Change,
    /// Customers compared.
    pub accounts: i64,
    /// Of them, who pay more over all months.
    pub dearer: i64,
    /// Who pay less.
    pub cheaper: i64,
    /// By the plan of the main point.
    pub by_plan: Vec<(PlanId, Change)>,
    /// By region and class code, in order of code.
    pub by_class: Vec<(String, Change)>,
    /// By station, in order of key.
    pub by_unit: Vec<(i64, Change)>,
    /// By component, in order of number.
    pub by_component: Vec<(ComponentId, ComponentChange)>,
    /// Tenths of the customers by fee as billed, lowest first.
    pub by_fee: Vec<Tenth>,
    /// Tenths of the customers by energy, lowest first.
    pub by_energy: Vec<Tenth>,
    /// The largest increases, largest first.
    pub increases: Vec<Extreme>,
    /// The largest decreases, largest first.
    pub decreases: Vec<Extreme>,
    /// Plans without a counterpart.
    pub missing: Vec<Missing>,
    /// What the engine refuses.
    pub refused: Vec<Refused>,
    /// Bills that could not be calculated when they were made.
    pub not_calculated: i64,
    /// Adjustments met: what they changed is not calculated again.
    pub adjustments: i64,
    /// Bills whose tiers are counted over the year now and were not before, so that what was used earlier in the year
    /// and outside the selection is not known.
    pub tiers_unknown: i64,
    /// Bills that differ, when they are kept, in order of account.
    pub lines: Vec<LineDifference>,
    /// Bytes of stored bills read.
    pub bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
}
