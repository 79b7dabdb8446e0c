//! Loads books for a run: agreements and readings from metering, history and tier use from the quantity ledger, holds.
//! A fixed number of queries per batch, every one in key order.

use std::collections::HashMap;

use kernel::{Month, Quantity};
use metering::stream::AccountReadings;
use metering::stream::{Books, each_chunk};
use store::Tx;
use tariff::engine::tier_year;

use crate::assemble::{assemble, read_as};
use crate::gates::{Past, Pending, Verdict};
use crate::output::Ready;
use crate::plans::PriceBook;
use crate::run::{RunBook, RunPlan, due_on};
use crate::{Result, sql, suspicion};

/// What was issued to one account before.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    past: Past,
    tier_used_kwh: Quantity,
    /// How many months back the settlement lies that says what was used; 0 while none was found.
    tier_back: u8,
}

impl Before {
    /// Takes what a settlement of `past`, `back` months before `month`, says of the tiers. The latest settlement of the
    /// same tier year counts, of several bills in its month the highest; the first settlement of a tier year begins at
    /// zero. The tier year of a book read every other month has six settlements, of which the last may lie in January.
    fn take_tier(
        &mut self,
        used_kwh: Quantity,
        (past, back): (Month, u8),
        (month, months_read): (Month, u8),
    ) {
        let nearest = self.tier_back == 0 || self.tier_back == back;
        if nearest && tier_year(past, months_read) == tier_year(month, months_read) {
            self.tier_back = back;
            // The last of the month's bills says how far the tiers are used, adjustments included.
            self.tier_used_kwh = used_kwh;
        }
    }
}

/// Months back in which earlier settlements are looked for.
const MONTHS_BACK: u8 = 3;

/// Buffers of a worker, used again for every batch.
#[derive(Default)]
pub(crate) struct Loader {
    ready: Vec<Ready>,
    order: Vec<(i64, usize)>,
    before: Vec<Before>,
    verdicts: HashMap<i64, Verdict>,
    /// The book whose verdicts are loaded.
    verdicts_of: Option<i64>,
}

/// Account keys further apart than this are looked up as separate ranges.
const GAP_MAX: i64 = 512;

impl Loader {
    /// Loads `books` and gives each run of accounts of one book to `take`, in order. A book can come in several runs.
    pub(crate) fn load(
        &mut self,
        tx: &mut Tx<'_>,
        org_id: i64,
        prices: &PriceBook,
        plan: &RunPlan,
        books: &[RunBook],
        mut take: impl FnMut(&RunBook, &[Ready]) -> Result<()>,
    ) -> Result<()> {
        let holds = sql::active_holds(tx, org_id, plan.month)?;
        // History is taken over as it is: nobody scored it.
        let by_score = !plan.take_over && suspicion::mode(tx, org_id)? == suspicion::Mode::Decide;
        self.verdicts_of = None;
        let list: Vec<i64> = books.iter().map(|book| book.book_id).collect();
        let mut units = books.iter().peekable();
        each_chunk(tx, org_id, plan.month, Books::List(&list), |tx, rows| {
            self.history(tx, org_id, plan.month, rows)?;
            self.ready.clear();
            for (row, before) in rows.iter().zip(&self.before) {
                let mut ready = ready(prices, plan, row, before, &holds);
                if by_score {
                    let book_id = row.account.book_id;
                    if self.verdicts_of.replace(book_id) != Some(book_id) {
                        self.verdicts = suspicion::verdicts(tx, org_id, plan.month, book_id)?;
                    }
                    let found = self.verdicts.get(&row.account.account_id);
                    ready.verdict = Some(found.copied().unwrap_or(Verdict::Unscored));
                }
                self.ready.push(ready);
            }
            let mut at = 0;
            while at < rows.len() {
                let book_id = rows[at].account.book_id;
                let end = at + rows[at..].iter().take_while(|row| row.account.book_id == book_id).count();
                while units.next_if(|book| book.book_id < book_id).is_some() {}
                let Some(book) = units.peek() else { return Err(crate::BillingError::NoBook) };
                take(book, &self.ready[at..end])?;
                at = end;
            }
            Ok(())
        })
    }

    /// Fills `before`, parallel to `rows`.
    fn history(
        &mut self,
        tx: &mut Tx<'_>,
        org_id: i64,
        month: Month,
        rows: &[AccountReadings],
    ) -> Result<()> {
        self.before.clear();
        self.before.resize(rows.len(), Before::default());
        self.order.clear();
        self.order.extend(rows.iter().enumerate().map(|(place, row)| (row.account.account_id, place)));
        self.order.sort_unstable();
        let mut from = 0;
        while from < self.order.len() {
            let mut to = from + 1;
            while to < self.order.len() && self.order[to].0 - self.order[to - 1].0 <= GAP_MAX {
                to += 1;
            }
            let run = &self.order[from..to];
            let before = &mut self.before;
            for back in 1..=MONTHS_BACK {
                let past_month = month.plus(-i32::from(back))?;
                let mut at = 0;
                let mut last = None;
                sql::each_issued(
                    tx,
                    org_id,
                    past_month,
                    run[0].0,
                    run[run.len() - 1].0,
                    |account, energy, fee, tier| {
                        while at < run.len() && run[at].0 < account {
                            at += 1;
                        }
                        if at < run.len() && run[at].0 == account {
                            let place = run[at].1;
                            let found = &mut before[place];
                            found.past.months += u8::from(last != Some(account));
                            found.past.energy_kwh = found.past.energy_kwh.plus(energy)?;
                            found.past.fee = found.past.fee.plus(fee)?;
                            found.take_tier(tier, (past_month, back), (month, rows[place].months));
                            last = Some(account);
                        }
                        Ok::<_, crate::BillingError>(())
                    },
                )?;
            }
            from = to;
        }
        Ok(())
    }
}

fn ready(
    prices: &PriceBook,
    plan: &RunPlan,
    row: &AccountReadings,
    before: &Before,
    holds: &HashMap<i64, Pending>,
) -> Ready {
    let account = &row.account;
    let due_day = if account.due_day == 0 { plan.due_day } else { account.due_day };
    Ready {
        account_id: account.account_id,
        payer_id: account.main_account_id.unwrap_or(account.account_id),
        dedicated: account.is_dedicated(),
        read_as: read_as(&row.readings),
        past: before.past,
        pending: holds.get(&account.account_id).copied().unwrap_or_default(),
        due_on: due_on(plan.now.date(), due_day),
        verdict: None,
        input: assemble(prices, row, plan.month, before.tier_used_kwh),
    }
}

/// Everything `plan` would calculate, put together and kept: for trials and measurements of calculation alone.
pub fn load_ready(tx: &mut Tx<'_>, org_id: i64, prices: &PriceBook, plan: &RunPlan) -> Result<Vec<Ready>> {
    let mut kept = Vec::new();
    Loader::default().load(tx, org_id, prices, plan, &plan.books, |_, ready| {
        kept.extend_from_slice(ready);
        Ok(())
    })?;
    Ok(kept)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn month(number: i64) -> Month {
        Month::from_number(number).unwrap()
    }

    /// What a settlement of `of` finds used, when every settlement before it left what `past` says.
    fn used(of: i64, months_read: u8, past: &[(i64, i64)]) -> i64 {
        let mut before = Before::default();
        for back in 1..=MONTHS_BACK {
            let past_month = month(of).plus(-i32::from(back)).unwrap();
            for (_, kwh) in past.iter().filter(|(number, _)| month(*number) == past_month) {
                let kwh = Quantity::whole(*kwh).unwrap();
                before.take_tier(kwh, (past_month, back), (month(of), months_read));
            }
        }
        before.tier_used_kwh.units() / Quantity::SCALE
    }

    /// The tier year of decisions.md: a tier year of bimonthly readers has six settlements; January of odd-month readers belongs to the old year,
    /// and the first settlement of a year begins at zero.
    #[test]
    fn tier_use_over_a_year_end() {
        let monthly = [(202510, 900), (202511, 1000), (202512, 1100), (202601, 90), (202602, 170)];
        assert_eq!(used(202512, 1, &monthly), 1000);
        assert_eq!(used(202601, 1, &monthly), 0);
        assert_eq!(used(202602, 1, &monthly), 90);
        assert_eq!(used(202603, 1, &monthly), 170);

        let odd = [(202509, 800), (202511, 1000), (202601, 1200), (202603, 150)];
        assert_eq!(used(202601, 2, &odd), 1000, "January ends the old year");
        assert_eq!(used(202603, 2, &odd), 0, "March begins the new one");
        assert_eq!(used(202605, 2, &odd), 150);

        let even = [(202510, 900), (202512, 1100), (202602, 180)];
        assert_eq!(used(202512, 2, &even), 900);
        assert_eq!(used(202602, 2, &even), 0, "February begins the new year");
        assert_eq!(used(202604, 2, &even), 180);
    }

    /// A household whose meter could not be read for a month keeps what it used before; of two bills of a month
    /// the later total counts.
    #[test]
    fn tier_use_survives_a_month_without_a_bill() {
        assert_eq!(used(202605, 1, &[(202602, 300), (202603, 420), (202603, 450)]), 450);
        assert_eq!(used(202602, 1, &[(202511, 900), (202512, 1000)]), 0);
    }
}
