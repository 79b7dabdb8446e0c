//! The proof that what is issued is one thing in all its forms: stored bytes, columns, quantity ledger, receivables,
//! issues with their components, numbers and Merkle roots; and that the desks around the issue stand in lawful states.
//! Only billing's own tables are read; what the ledger, the log and the other modules say of the same is compared in
//! the crate above, from the figures given here.

mod desks;
mod issues;
mod kept;
mod month;
mod recompute;
mod row;
mod sql;

use std::collections::BTreeMap;

use identity::check::Checked;
use kernel::{Moment, Month};
use ledger::{Sketch, Sketcher};
use store::Tx;

use crate::plans::PriceBook;
use crate::posting::BillPostings;
use crate::{BillKey, Result};

pub use desks::{TicketStanding, desks, document_numbers, ticket_standings};
pub use kept::{CalculationKept, HoldKept, calculations_kept, exception_stations, holds_kept, kept};
pub use recompute::{InputsCompared, compare_inputs};

/// How to check.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// Factors of the sums over postings that the ledger is compared by.
    pub sketcher: &'o Sketcher,
    /// Calculate every bill again from its stored inputs.
    pub deep: bool,
    /// Threads that decode, hash and calculate beside the one that reads.
    pub workers: usize,
    /// Only this month; every month otherwise.
    pub month: Option<Month>,
}

/// An issue as billing has it, for whoever compares it with the ledger and the log.
#[derive(Debug, Clone)]
pub struct IssueFigures {
    /// Its key.
    pub issue_id: i64,
    /// The billing month.
    pub month: Month,
    /// The book.
    pub book_id: i64,
    /// The station.
    pub unit_id: i64,
    /// Who issued it.
    pub issued_by: i64,
    /// When.
    pub issued_at: Moment,
    /// Year of the numbers.
    pub year: i64,
    /// The first number.
    pub first_number: i64,
    /// How many bills.
    pub bills: i64,
    /// Its voucher; 0 when nothing is owed.
    pub voucher_id: i64,
    /// The Merkle root over its bills, as recomputed from the stored bytes.
    pub root: [u8; 32],
    /// The postings that its bills call for.
    pub sketch: Sketch,
    /// The one bill of an adjustment, whose act names it.
    pub adjustment: Option<BillKey>,
}

/// What [`bills`] answers.
#[derive(Debug, Default)]
pub struct BillFigures {
    /// The checks.
    pub checked: Vec<Checked>,
    /// Every issue.
    pub issues: Vec<IssueFigures>,
}

/// Reads every bill once, in the order of its key, and compares all its forms. `progress` learns the bills read and answers
/// whether to go on; when not, the answer is [`BillingError::Stopped`].
pub fn bills(
    tx: &mut Tx<'_>,
    org_id: i64,
    prices: &PriceBook,
    postings: &BillPostings,
    options: &Options<'_>,
    progress: &mut dyn FnMut(i64) -> bool,
) -> Result<BillFigures> {
    let mut sheets = Sheets::new(options.deep);
    let months = match options.month {
        Some(month) => vec![month],
        None => sql::months(tx, org_id)?,
    };
    let mut issues = Vec::new();
    for month in months {
        let sums = month::read(tx, (org_id, month), prices, postings, options, &mut sheets, progress)?;
        issues.extend(issues::compare(tx, (org_id, month), sums, &mut sheets)?);
    }
    if options.month.is_none() {
        sql::orphans(tx, org_id, &mut sheets.issues)?;
    }
    let mut checked =
        vec![sheets.bytes, sheets.ledger_rows, sheets.drafts, sheets.issues, sheets.components, sheets.roots];
    checked.extend(sheets.recomputed);
    Ok(BillFigures { checked, issues })
}

/// The checks that one pass fills.
pub(crate) struct Sheets {
    pub(crate) bytes: Checked,
    pub(crate) ledger_rows: Checked,
    pub(crate) drafts: Checked,
    pub(crate) issues: Checked,
    pub(crate) components: Checked,
    pub(crate) roots: Checked,
    pub(crate) recomputed: Option<Checked>,
}

impl Sheets {
    fn new(deep: bool) -> Sheets {
        Sheets {
            bytes: Checked::new(
                "billing.bytes",
                "已发行账单：列与存证字节一致",
                "issued bills: their columns are what their stored bytes say",
            ),
            ledger_rows: Checked::new(
                "billing.rows",
                "已发行账单、应收、电量台账逐户一致",
                "issued bills, receivables and quantity ledger agree for each account",
            ),
            drafts: Checked::new(
                "billing.drafts",
                "未发行账单：列与存证字节一致，异常在册",
                "bills not issued: their columns are what their bytes say, and their exceptions are listed",
            ),
            issues: Checked::new(
                "billing.issues",
                "发行批次等于其账单之和，行号、编号连续",
                "issues are the sums of their bills, in lines without gaps",
            ),
            components: Checked::new(
                "billing.components",
                "发行批次分费用项等于其账单之和",
                "issues by component are the sums of their bills",
            ),
            roots: Checked::new(
                "billing.roots",
                "发行批次的默克尔根由存证字节重算一致",
                "the Merkle root of each issue is that of the stored bytes",
            ),
            recomputed: deep.then(|| {
                Checked::new(
                    "billing.recomputed",
                    "每张账单按其存证的输入重新计算，字节相同",
                    "every bill calculated again from its stored inputs gives the same bytes",
                )
            }),
        }
    }
}

/// Code of every price table with its version, the digest of its content as the log has it, and who loaded it.
pub fn price_tables(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(String, [u8; 32])>> {
    sql::price_tables(tx, org_id)
}

/// Proves that every numbered plan is what its price table compiles to.
pub fn plans(tx: &mut Tx<'_>, org_id: i64, prices: &PriceBook) -> Result<Checked> {
    let mut checked = Checked::new(
        "billing.plans",
        "电价方案编号与电价表编译结果一致",
        "numbered plans are what their price tables compile to",
    );
    let stored = crate::sql::plans(tx, org_id)?;
    for (number, (stored, (_, plan))) in stored.iter().zip(prices.plans().iter()).enumerate() {
        checked.look(1);
        let same = *stored == crate::plans::PlanNumber::of(plan);
        checked.must(same, || format!("plan {number}"), "与电价表不符", "it differs from its price table");
    }
    Ok(checked)
}

/// Fee and VAT of an issue by the ledger's component.
pub(crate) type Components = BTreeMap<u16, (kernel::Money, kernel::Money)>;
