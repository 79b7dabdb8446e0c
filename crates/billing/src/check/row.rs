//! One issued bill in all its forms, as read and as compared.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use kernel::{Date, Money, Quantity};
use ledger::{Posting, Sketch, Sketcher};
use tariff::{Bill, Period};

use crate::canonical::{Owner, is_adjustment, read_adjustment, read_bill, write_bill, write_issued};
use crate::check::Components;
use crate::plans::PriceBook;
use crate::posting::BillPostings;
use crate::{BillKey, Result};

/// A receivable with the bill and the line of the quantity ledger that bear the same key.
pub(crate) struct IssuedRow {
    pub(crate) key: BillKey,
    pub(crate) issue_id: i64,
    pub(crate) line: i64,
    pub(crate) payer_id: i64,
    pub(crate) amount: i64,
    pub(crate) due_on: Date,
    pub(crate) bill: Option<BillColumns>,
    pub(crate) quantity: Option<QuantityColumns>,
}

pub(crate) struct BillColumns {
    pub(crate) book_id: i64,
    pub(crate) payer_id: i64,
    pub(crate) energy_kwh: i64,
    pub(crate) amount: i64,
    pub(crate) detail: Vec<u8>,
}

pub(crate) struct QuantityColumns {
    pub(crate) issue_id: i64,
    pub(crate) energy_kwh: i64,
    pub(crate) by_period: [i64; 5],
    pub(crate) reactive_kvarh: i64,
    pub(crate) amount: i64,
    pub(crate) tier_used_kwh: i64,
}

/// What a bill comes to, and what is wrong with it.
pub(crate) struct Judged {
    pub(crate) key: BillKey,
    pub(crate) issue_id: i64,
    pub(crate) line: i64,
    pub(crate) book_id: i64,
    pub(crate) energy_kwh: i64,
    pub(crate) amount: i64,
    pub(crate) components: Components,
    pub(crate) sketch: Sketch,
    pub(crate) leaf: [u8; 32],
    pub(crate) adjustment: bool,
    /// Something is owed: its voucher has a posting.
    pub(crate) posted: bool,
    /// Columns against bytes.
    pub(crate) bytes: Option<(&'static str, &'static str)>,
    /// Receivable and quantity ledger against the bill.
    pub(crate) rows: Option<(&'static str, &'static str)>,
    /// Calculated again.
    pub(crate) recomputed: Option<(&'static str, &'static str)>,
}

impl Judged {
    /// Nothing known yet.
    fn of(row: &IssuedRow) -> Judged {
        Judged {
            key: row.key,
            issue_id: row.issue_id,
            line: row.line,
            book_id: 0,
            energy_kwh: 0,
            amount: 0,
            components: Components::new(),
            sketch: Sketch::default(),
            leaf: [0; 32],
            adjustment: false,
            posted: false,
            bytes: None,
            rows: None,
            recomputed: None,
        }
    }
}

/// What a worker needs for every row.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'j> {
    pub(crate) prices: &'j PriceBook,
    pub(crate) postings: &'j BillPostings,
    pub(crate) sketcher: &'j Sketcher,
    pub(crate) deep: bool,
    /// Issues of version 0.1.0, whose leaves are the bills' own bytes.
    pub(crate) first_form: &'j HashSet<i64>,
}

const PERIODS: [Period; 5] = [Period::Sharp, Period::Peak, Period::Flat, Period::Valley, Period::DeepValley];

impl Judge<'_> {
    fn add(&self, judged: &mut Judged, line: &Posting) -> Result<()> {
        let sketch = self.sketcher.of((line.debit, line.credit), line.customer, line.component, line.amount);
        judged.sketch = judged.sketch.plus(sketch);
        judged.posted |= !line.amount.is_zero();
        Ok(())
    }

    /// As [`Judge::issued`]. Stored data are what is in doubt: whatever they do to a figure, the check goes on.
    pub(crate) fn whatever_it_is(&self, row: &IssuedRow, scratch: &mut Bill, again: &mut Vec<u8>) -> Judged {
        let judged = catch_unwind(AssertUnwindSafe(|| self.issued(row, scratch, again)));
        match judged {
            Ok(Ok(judged)) => judged,
            Ok(Err(_)) | Err(_) => Judged {
                bytes: Some(("存证的数据无法核对", "the stored figures cannot be made sense of")),
                ..Judged::of(row)
            },
        }
    }

    /// Compares all forms of one issued bill.
    fn issued(&self, row: &IssuedRow, scratch: &mut Bill, again: &mut Vec<u8>) -> Result<Judged> {
        let mut judged = Judged::of(row);
        let Some(bill) = &row.bill else {
            judged.rows = Some(("应收没有对应的账单", "the receivable has no bill"));
            return Ok(judged);
        };
        judged.book_id = bill.book_id;
        judged.leaf = if self.first_form.contains(&row.issue_id) {
            vault::leaf_hash(&bill.detail)
        } else {
            again.clear();
            let owner = Owner { key: row.key, payer_id: row.payer_id, due_on: row.due_on };
            write_issued(&owner, &bill.detail, again);
            vault::leaf_hash(again)
        };
        let mut by_period = [Quantity::ZERO; Period::COUNT];
        let mut expected = (Quantity::ZERO, Money::ZERO, Quantity::ZERO, None);
        if is_adjustment(&bill.detail) {
            judged.adjustment = true;
            let Ok(read) = read_adjustment(&bill.detail) else {
                judged.bytes = Some(("存证字节不可读", "the stored bytes cannot be read"));
                return Ok(judged);
            };
            let same_place = read.key == row.key && read.book_id == bill.book_id;
            let adds_up = Money::sum(read.components.iter().map(|(_, amount)| *amount))? == read.amount;
            if !same_place || !adds_up {
                judged.bytes = Some((
                    "存证字节属于另一账单或合计不符",
                    "the stored bytes are of another bill or do not add up",
                ));
            }
            for (code, amount) in read.components.iter().filter(|(_, amount)| !amount.is_zero()) {
                let component = self.postings.named(code)?.component();
                let vat = if component == self.postings.vat().component() { *amount } else { Money::ZERO };
                add_component(&mut judged.components, component.0, *amount, vat)?;
            }
            self.postings
                .each_posting_of_adjustment(&read, row.payer_id, |line| self.add(&mut judged, &line))?;
            expected.0 = read.energy_kwh;
            expected.1 = read.amount;
        } else {
            let Ok((input, read)) = read_bill(&bill.detail) else {
                judged.bytes = Some(("存证字节不可读", "the stored bytes cannot be read"));
                return Ok(judged);
            };
            if input.month != row.key.month {
                judged.bytes = Some(("存证字节属于另一月份", "the stored bytes are of another month"));
            }
            for point in &read.points {
                for (sum, energy) in by_period.iter_mut().zip(point.billed.0) {
                    *sum = sum.plus(energy)?;
                }
            }
            let mut inside = Money::ZERO;
            let mut whole = Money::ZERO;
            for sum in &read.sums {
                whole = whole.plus(sum.amount)?;
                inside = inside.plus(sum.vat)?;
                if sum.amount.is_zero() {
                    continue;
                }
                match self.postings.of(sum.component) {
                    Some(posting) => {
                        add_component(&mut judged.components, posting.component().0, sum.amount, sum.vat)?;
                    }
                    None => judged.bytes = Some(("费用项未知", "a component is unknown")),
                }
            }
            if judged.bytes.is_none() {
                self.postings.each_posting(&read, row.payer_id, |line| self.add(&mut judged, &line))?;
            }
            if whole != read.total || inside != read.vat {
                judged.bytes = Some(("各费用项合计与总额不符", "the components do not sum to the total"));
            }
            expected = (
                read.energy_kwh,
                read.total,
                read.reactive_kvarh,
                Some(read.tiers.map_or(Quantity::ZERO, |tiers| tiers.used_kwh)),
            );
            if self.deep {
                again.clear();
                let calculated = tariff::calculate(self.prices.plans(), self.prices.rules(), &input, scratch);
                if calculated.is_ok() {
                    write_bill(&input, scratch, again);
                }
                if *again != bill.detail {
                    judged.recomputed =
                        Some(("重新计算的结果不同", "calculated again it comes out otherwise"));
                }
            }
        }
        let (energy_kwh, amount, reactive_kvarh, tier_used_kwh) = expected;
        judged.energy_kwh = energy_kwh.units();
        judged.amount = amount.fen();
        if bill.energy_kwh != energy_kwh.units() || bill.amount != amount.fen() {
            judged.bytes =
                Some(("电量或金额与存证字节不符", "energy or amount differ from the stored bytes"));
        }
        if row.amount != amount.fen() || row.payer_id != bill.payer_id {
            judged.rows = Some((
                "应收的金额或付费户与账单不符",
                "amount or payer of the receivable differ from the bill",
            ));
        }
        match &row.quantity {
            None => judged.rows = Some(("电量台账缺少该账单", "the quantity ledger lacks the bill")),
            Some(line) => {
                let periods = PERIODS.map(|period| by_period[period.index()].units());
                let same = line.issue_id == row.issue_id
                    && line.energy_kwh == energy_kwh.units()
                    && line.by_period == periods
                    && line.reactive_kvarh == reactive_kvarh.units()
                    && line.amount == amount.fen()
                    && tier_used_kwh.is_none_or(|used| used.units() == line.tier_used_kwh);
                if !same {
                    judged.rows = Some(("电量台账与账单不符", "the quantity ledger differs from the bill"));
                }
            }
        }
        Ok(judged)
    }
}

pub(crate) fn add_component(
    components: &mut Components,
    component: u16,
    amount: Money,
    vat: Money,
) -> Result<()> {
    let sum = components.entry(component).or_default();
    *sum = (sum.0.plus(amount)?, sum.1.plus(vat)?);
    Ok(())
}
