//! What one worker of a trial gathers, and how workers' sums become one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use kernel::{Money, Quantity};
use tariff::{Bill, ComponentId, PlanId};

use super::model::{Change, ComponentChange, Extreme, LineDifference, Missing, Outcome, Refused};
use super::tenths::{Share, tenths};
use crate::Result;
use crate::canonical::Figures;
use crate::plans::PriceBook;

/// Sums of the bills a worker compared.
#[derive(Default)]
pub(crate) struct Tally {
    by_plan: Vec<Change>,
    by_unit: HashMap<i64, Change>,
    by_component: Vec<ComponentChange>,
    missing: BTreeMap<u32, (i64, Money)>,
    refused: BTreeMap<String, Refused>,
    increases: Top,
    decreases: Top,
    /// Customers of each chunk, by the chunk's number.
    pub(crate) shares: Vec<(usize, Vec<Share>)>,
    pub(crate) lines: Vec<LineDifference>,
    pub(crate) not_calculated: i64,
    pub(crate) adjustments: i64,
    pub(crate) tiers_unknown: i64,
    pub(crate) bytes: u64,
}

/// Parts of the largest differences of one direction: few, so that a sorted list is the quickest heap.
#[derive(Default)]
struct Top {
    limit: usize,
    /// Largest size of difference first, then the lowest account.
    kept: Vec<(u64, Extreme)>,
}

impl Top {
    fn would_take(&self, size: u64, account_id: i64) -> bool {
        self.kept.len() < self.limit
            || self
                .kept
                .last()
                .is_some_and(|(least, of)| (size, Reverse(account_id)) > (*least, Reverse(of.account_id)))
    }
    fn take(&mut self, size: u64, extreme: Extreme) {
        let at = self.kept.partition_point(|(kept, of)| {
            (*kept, Reverse(of.account_id)) > (size, Reverse(extreme.account_id))
        });
        self.kept.insert(at, (size, extreme));
        self.kept.truncate(self.limit);
    }
    fn join(&mut self, other: Top) {
        for (size, extreme) in other.kept {
            if self.would_take(size, extreme.account_id) {
                self.take(size, extreme);
            }
        }
    }
}

/// The sums of `slot`, made when it is new.
fn slot<T: Default + Clone>(sums: &mut Vec<T>, slot: usize) -> &mut T {
    if sums.len() <= slot {
        sums.resize(slot + 1, T::default());
    }
    &mut sums[slot]
}

impl Tally {
    pub(crate) fn new(top: usize) -> Tally {
        let mut tally = Tally::default();
        (tally.increases.limit, tally.decreases.limit) = (top, top);
        tally
    }

    /// Adds a bill as it was and as it would be.
    pub(crate) fn add(&mut self, plan: PlanId, unit_id: i64, before: &Figures, after: &Bill) -> Result<()> {
        let (energy, old, new) = (before.energy_kwh, before.total, after.total);
        slot(&mut self.by_plan, plan.0 as usize).add(energy, old, new)?;
        self.by_unit.entry(unit_id).or_default().add(energy, old, new)?;
        for sum in &before.sums {
            let of = slot(&mut self.by_component, usize::from(sum.component.0));
            (of.before, of.vat_before) = (of.before.plus(sum.amount)?, of.vat_before.plus(sum.vat)?);
        }
        for sum in &after.sums {
            let of = slot(&mut self.by_component, usize::from(sum.component.0));
            (of.after, of.vat_after) = (of.after.plus(sum.amount)?, of.vat_after.plus(sum.vat)?);
        }
        Ok(())
    }
    /// A bill whose plan has no counterpart.
    pub(crate) fn add_missing(&mut self, plan: PlanId, amount: Money) -> Result<()> {
        let (bills, sum) = self.missing.entry(plan.0).or_default();
        *bills += 1;
        *sum = sum.plus(amount)?;
        Ok(())
    }
    /// A bill the engine refuses.
    pub(crate) fn add_refused(&mut self, reason: String, account_id: i64, amount: Money) -> Result<()> {
        let new = || Refused { reason: reason.clone(), bills: 0, account_id, amount: Money::ZERO };
        let kept = self.refused.entry(reason.clone()).or_insert_with(new);
        kept.bills += 1;
        kept.account_id = kept.account_id.min(account_id);
        kept.amount = kept.amount.plus(amount)?;
        Ok(())
    }
    /// A customer's difference over all months, and with it the customer when it is among the largest.
    pub(crate) fn add_account(&mut self, share: Share, account_id: i64, extreme: impl FnOnce() -> Extreme) {
        let top = if share.difference > 0 { &mut self.increases } else { &mut self.decreases };
        let size = share.difference.unsigned_abs();
        if size > 0 && top.would_take(size, account_id) {
            top.take(size, extreme());
        }
        match self.shares.last_mut() {
            Some((_, shares)) => shares.push(share),
            None => self.shares.push((0, vec![share])),
        }
    }

    pub(crate) fn join(&mut self, other: Tally) -> Result<()> {
        for (at, change) in other.by_plan.iter().enumerate() {
            slot(&mut self.by_plan, at).join(change)?;
        }
        for (unit_id, change) in &other.by_unit {
            self.by_unit.entry(*unit_id).or_default().join(change)?;
        }
        for (at, change) in other.by_component.iter().enumerate() {
            slot(&mut self.by_component, at).join(change)?;
        }
        for (plan, (bills, amount)) in other.missing {
            let (count, sum) = self.missing.entry(plan).or_default();
            *count += bills;
            *sum = sum.plus(amount)?;
        }
        for (reason, refused) in other.refused {
            match self.refused.get_mut(&reason) {
                Some(kept) => {
                    kept.bills += refused.bills;
                    kept.account_id = kept.account_id.min(refused.account_id);
                    kept.amount = kept.amount.plus(refused.amount)?;
                }
                None => {
                    self.refused.insert(reason, refused);
                }
            }
        }
        self.increases.join(other.increases);
        self.decreases.join(other.decreases);
        self.shares.extend(other.shares);
        self.lines.extend(other.lines);
        self.not_calculated += other.not_calculated;
        self.adjustments += other.adjustments;
        self.tiers_unknown += other.tiers_unknown;
        self.bytes += other.bytes;
        Ok(())
    }

    /// The outcome; `book` knows the classes of the plans as billed.
    pub(crate) fn finish(mut self, book: &PriceBook) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let mut by_class: BTreeMap<String, Change> = BTreeMap::new();
        for (id, change) in (0..).map(PlanId).zip(&self.by_plan).filter(|(_, change)| change.bills > 0) {
            outcome.total.join(change)?;
            outcome.by_plan.push((id, *change));
            let class = book.plans().get(id).map(|plan| plan.request.class.as_str()).unwrap_or_default();
            let class = format!("{}:{class}", book.region_of(id).unwrap_or_default());
            by_class.entry(class).or_default().join(change)?;
        }
        outcome.by_class = by_class.into_iter().collect();
        outcome.by_unit = self.by_unit.into_iter().collect();
        outcome.by_unit.sort_unstable_by_key(|(unit_id, _)| *unit_id);
        outcome.by_component = (0..)
            .map(ComponentId)
            .zip(self.by_component)
            .filter(|(_, change)| *change != ComponentChange::default())
            .collect();
        self.shares.sort_unstable_by_key(|(chunk, _)| *chunk);
        let shares: Vec<Share> = if self.shares.len() == 1 {
            self.shares.pop().map(|(_, shares)| shares).unwrap_or_default()
        } else {
            let mut all = Vec::with_capacity(self.shares.iter().map(|(_, shares)| shares.len()).sum());
            // Each chunk's memory is given back as soon as it is copied.
            for (_, shares) in self.shares.drain(..) {
                all.extend(shares);
            }
            all
        };
        outcome.accounts = shares.len() as i64;
        outcome.dearer = shares.iter().filter(|share| share.difference > 0).count() as i64;
        outcome.cheaper = shares.iter().filter(|share| share.difference < 0).count() as i64;
        outcome.by_fee = tenths(&shares, |share| share.before)?;
        outcome.by_energy = tenths(&shares, |share| share.energy)?;
        outcome.increases = self.increases.kept.into_iter().map(|(_, extreme)| extreme).collect();
        outcome.decreases = self.decreases.kept.into_iter().map(|(_, extreme)| extreme).collect();
        outcome.missing = self
            .missing
            .into_iter()
            .map(|(plan, (bills, amount))| Missing { plan: PlanId(plan), bills, amount })
            .collect();
        outcome.refused = self.refused.into_values().collect();
        outcome.lines = self.lines;
        outcome.lines.sort_by_key(|line| (line.account_id, line.bill.month));
        outcome.not_calculated = self.not_calculated;
        outcome.adjustments = self.adjustments;
        outcome.tiers_unknown = self.tiers_unknown;
        outcome.bytes = self.bytes;
        Ok(outcome)
    }
}

/// What differs between the components of two bills: yuan with VAT, and the VAT in it.
pub(crate) fn component_differences(
    before: &Figures,
    after: &Bill,
) -> Result<Vec<(ComponentId, Money, Money)>> {
    let mut found: BTreeMap<ComponentId, (Money, Money)> = BTreeMap::new();
    for sum in &after.sums {
        let of = found.entry(sum.component).or_default();
        *of = (of.0.plus(sum.amount)?, of.1.plus(sum.vat)?);
    }
    for sum in &before.sums {
        let of = found.entry(sum.component).or_default();
        *of = (of.0.minus(sum.amount)?, of.1.minus(sum.vat)?);
    }
    let differs = |(_, (amount, vat)): &(ComponentId, (Money, Money))| !amount.is_zero() || !vat.is_zero();
    Ok(found.into_iter().filter(differs).map(|(id, (amount, vat))| (id, amount, vat)).collect())
}

/// kWh that lie in other tiers, by tier from 1; nothing when none do, or only one of the bills has tiers.
pub(crate) fn tier_differences(before: &Figures, after: &Bill) -> Result<Vec<(u8, Quantity)>> {
    let (Some(old), Some(new)) = (&before.tiers, &after.tiers) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for (tier, (old, new)) in (1..).zip(old.in_tier.iter().zip(new.in_tier)) {
        let moved = new.minus(*old)?;
        if !moved.is_zero() {
            found.push((tier, moved));
        }
    }
    Ok(found)
}
