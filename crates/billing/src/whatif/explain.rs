//! Why one customer's bill differs, line by line.

use kernel::{Bilingual, Lang, Money, Month, Text};
use tariff::Bill;
use tariff::explain::{Context, LineChange, PriceChange, compare};

use super::model::{LineDifference, MonthBill};
use super::prices::Trial;
use crate::adjustment::BatchLine;
use crate::canonical::read_bill;
use crate::{OfficeError, Result};

/// One month of a customer, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The month.
    pub month: Month,
    /// As billed.
    pub before: Money,
    /// Under the other prices.
    pub after: Money,
    /// Each line before and after, with the prices that differ.
    pub lines: Vec<LineChange>,
}

/// Calculates a month again and sets its lines beside those that were billed.
pub fn explained(trial: &Trial, bill: &MonthBill) -> Result<Explained> {
    let (input, before) = read_bill(&bill.detail)?;
    let mut other = input.clone();
    for point in &mut other.points {
        let missing = || OfficeError::NotFound { what: "counterpart of plan", id: i64::from(point.plan.0) };
        point.plan = trial.counterpart(point.plan).ok_or_else(missing)?;
    }
    if let (Some(state), Some(used)) = (&mut other.tiers, bill.used_kwh) {
        state.used_kwh = used;
    }
    let mut after = Bill::new();
    tariff::calculate(trial.plans(), trial.rules(), &other, &mut after)
        .map_err(|refusal| OfficeError::refused("BILL-18", refusal.to_string(), refusal.to_string()))?;
    let context = |input| Context { plans: trial.plans(), rules: trial.rules(), input, point_names: &[] };
    let (old, new) = (context(&input), context(&other));
    let lines = compare((&before, &old), (&after, &new))?;
    Ok(Explained { month: bill.month, before: before.total, after: after.total, lines })
}

/// `energy 0.558 → 0.568; …`: the prices that differ. A price that a side does not have is a dash.
pub fn prices_in_words(prices: &[PriceChange], lang: Lang) -> String {
    let price =
        |price: Option<kernel::Price>| price.map_or_else(|| "—".to_owned(), |price| price.to_string());
    let words = prices.iter().map(|change| {
        format!("{} {} → {}", change.name.text(lang), price(change.before), price(change.after))
    });
    words.collect::<Vec<_>>().join("; ")
}

impl Explained {
    /// The lines that differ, in one paragraph: what was charged, what would be, and which price it is.
    pub fn in_words(&self, lang: Lang) -> String {
        let side = |side: &Option<tariff::explain::Side>| match side {
            Some(side) => format!("{} = {}", side.calculation, side.amount),
            None => "—".to_owned(),
        };
        let mut text = format!("{} {} → {}", self.month, self.before, self.after);
        for line in self.lines.iter().filter(|line| !line.difference.is_zero() || !line.prices.is_empty()) {
            let (label, before, after) = (line.label.text(lang), side(&line.before), side(&line.after));
            text.push_str(&format!("; {label}: {before} → {after} ({})", line.difference));
            if !line.prices.is_empty() {
                text.push_str(&format!(" [{}]", prices_in_words(&line.prices, lang)));
            }
        }
        text
    }
}

/// The lines of an adjustment batch from the bills that differ: amounts by component without VAT, VAT as `vat`, each
/// with its calculation in both languages.
pub fn batch_lines(trial: &Trial, lines: &[LineDifference]) -> Result<Vec<BatchLine>> {
    let mut found = Vec::with_capacity(lines.len());
    for line in lines {
        let mut components: Vec<(String, Money)> = Vec::with_capacity(line.components.len() + 1);
        let mut vat = Money::ZERO;
        for (id, amount, inside) in &line.components {
            let code = trial.plans().component(*id).map(|known| known.code.clone());
            let code = code.ok_or(crate::BillingError::NoPosting(id.0))?;
            let net = amount.minus(*inside)?;
            if !net.is_zero() {
                components.push((code, net));
            }
            vat = vat.plus(*inside)?;
        }
        if !vat.is_zero() {
            components.push(("vat".to_owned(), vat));
        }
        let explained = explained(trial, &line.bill)?;
        found.push(BatchLine {
            account_id: line.account_id,
            book_id: line.book_id,
            before: line.before,
            after: line.after,
            components,
            tiers: line.tiers.clone(),
            explanation: Text::new(explained.in_words(Lang::Zh), explained.in_words(Lang::En)),
        });
    }
    // A customer whose components only cancel each other without VAT has nothing left to adjust.
    found.retain(|line| !line.components.is_empty() || !line.tiers.is_empty());
    Ok(found)
}
