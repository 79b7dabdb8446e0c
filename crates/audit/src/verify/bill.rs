//! One issued bill, decoded: whose it is, whether its lines add up, and whether the calculation gives it again.

use billing::PriceBook;
use billing::canonical::{Content, IssuedBill, write_bill};
use kernel::{Money, Quantity};
use tariff::{AccountPeriod, Bill};

use crate::AuditError;
use crate::error::not_proved;

/// Checks what a bill says of itself.
///
/// # Errors
/// Lines, components and total that do not add up; a line that is not its unrounded figure rounded.
pub(crate) fn adds_up(place: &str, bill: &IssuedBill) -> Result<(), AuditError> {
    match &bill.content {
        Content::Calculated(both) => calculated(place, &both.1),
        Content::Adjustment(bill) => {
            let sum = Money::sum(bill.components.iter().map(|(_, amount)| *amount));
            same(place, "components", sum.ok(), bill.amount)
        }
    }
}

fn same(place: &str, what: &str, sum: Option<Money>, stated: Money) -> Result<(), AuditError> {
    if sum == Some(stated) {
        return Ok(());
    }
    let sum = sum.map_or_else(|| "?".to_owned(), |sum| sum.to_string());
    Err(not_proved(
        place,
        format!("{what} 合计为 {sum}，账单却写 {stated}"),
        format!("the {what} add up to {sum}, but the bill says {stated}"),
    ))
}

fn calculated(place: &str, bill: &Bill) -> Result<(), AuditError> {
    same(place, "lines", Money::sum(bill.lines.iter().map(|line| line.amount)).ok(), bill.total)?;
    same(place, "components", Money::sum(bill.sums.iter().map(|sum| sum.amount)).ok(), bill.total)?;
    same(place, "VAT", Money::sum(bill.sums.iter().map(|sum| sum.vat)).ok(), bill.vat)?;
    same(place, "catalogue + funds", bill.catalogue.plus(bill.funds).ok(), bill.total)?;
    let billed = Quantity::sum(bill.points.iter().map(|point| point.billed_kwh)).ok();
    if billed != Some(bill.energy_kwh) {
        return Err(not_proved(
            place,
            "各计量点电量之和与账单电量不符",
            "the energy of the points does not add up to that of the bill",
        ));
    }
    Ok(())
}

/// Calculates a bill again from its own inputs and the prices, and compares the bytes.
pub(crate) struct Recalculation<'p> {
    prices: &'p PriceBook,
    scratch: Bill,
    again: Vec<u8>,
    stored: Vec<u8>,
}

impl<'p> Recalculation<'p> {
    pub(crate) fn new(prices: &'p PriceBook) -> Recalculation<'p> {
        Recalculation { prices, scratch: Bill::new(), again: Vec::new(), stored: Vec::new() }
    }
    /// # Errors
    /// The calculation refuses the inputs, or gives another bill.
    pub(crate) fn check(
        &mut self,
        place: &str,
        input: &AccountPeriod,
        bill: &Bill,
    ) -> Result<(), AuditError> {
        tariff::calculate(self.prices.plans(), self.prices.rules(), input, &mut self.scratch).map_err(
            |refusal| {
                not_proved(
                    place,
                    format!("以其输入重新计算被拒绝：{refusal}"),
                    format!("the calculation refuses its inputs: {refusal}"),
                )
            },
        )?;
        self.again.clear();
        self.stored.clear();
        write_bill(input, &self.scratch, &mut self.again);
        write_bill(input, bill, &mut self.stored);
        if self.again == self.stored {
            return Ok(());
        }
        Err(not_proved(
            place,
            format!("以其输入重新计算得 {}，账单为 {}", self.scratch.total, bill.total),
            format!(
                "calculated again from its inputs it comes to {}, the bill says {}",
                self.scratch.total, bill.total
            ),
        ))
    }
}
