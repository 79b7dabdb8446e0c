//! What the billing centre writes: price tables, calculations and issues of a batch of books; and how bills are read back.

use identity::{Actor, Permission, Work};
use kernel::Month;
use ledger::VoucherHeader;
use metering::book::{RunStep, take_run_steps};
use store::{Store, Tx};
use tariff::table::PriceTable;

use crate::canonical::{is_adjustment, read_bill};
use crate::gates::{Flow, Reasons};
use crate::log;
use crate::output::Output;
use crate::posting::BILL_ISSUED;
use crate::run::RunPlan;
use crate::sql::{self, BillKey, CalculationRow, IssueRow};
use crate::{BillingError, Result};

/// Permissions of the billing centre's core.
pub mod permission {
    use super::Permission;
    /// Calculate a book. (BILL-01)
    pub const CALCULATE: Permission = Permission("billing.calculate");
    /// Review a book. (BILL-01)
    pub const REVIEW: Permission = Permission("billing.review");
    /// Issue a book. (BILL-01)
    pub const ISSUE: Permission = Permission("billing.issue");
    /// Look at bills.
    pub const READ: Permission = Permission("billing.read");
    /// Load price tables: a parameter that affects settlement, never a reviewer's.
    pub const LOAD_PRICES: Permission = Permission("price.load");
}

/// The persons of a run; each step is recorded with its own person and time. (BILL-23)
#[derive(Debug, Clone, Copy)]
pub struct Clerks<'c> {
    /// Who calculates.
    pub calculator: &'c Actor,
    /// Who reviews and releases what is clean.
    pub reviewer: &'c Actor,
    /// Who issues.
    pub issuer: &'c Actor,
}

impl Clerks<'_> {
    /// The organisation they act in.
    pub fn org_id(&self) -> i64 {
        self.calculator.org_id
    }
}

/// Loads a price table from its text and keeps it as a version of its own. The same table again changes nothing; the
/// same version with another content is refused.
pub fn load_price_table(work: &mut Work<'_, '_>, file: &str, content: &str) -> Result<PriceTable> {
    work.require(permission::LOAD_PRICES, 0)?;
    let table = PriceTable::parse(file, content).map_err(crate::plans::unreadable)?;
    let (org_id, version) = (work.org_id(), i64::from(table.version()));
    match sql::price_table(work.tx, org_id, table.id(), version)? {
        Some(known) if known == content => Ok(table),
        Some(_) => Err(BillingError::PlanLost(table.id().to_owned())),
        None => {
            let (person, now) = (work.actor().person_id, work.now());
            sql::insert_price_table(
                work.tx,
                org_id,
                table.id(),
                version,
                table.from(),
                content,
                person,
                now,
            )?;
            let document = format!("{} {version}", table.id());
            let digest = vault::leaf_hash(content.as_bytes());
            let entry = log::Entry::new(permission::LOAD_PRICES, 0, "price_table", document, String::new());
            log::record(work, vec![entry.covering(1, digest)])?;
            Ok(table)
        }
    }
}

/// Books of `month` that were calculated already.
pub fn calculated_books(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<i64>> {
    sql::calculated_books(tx, org_id, month)
}

/// The voucher of an issue in which nothing is owed.
pub(crate) const NO_VOUCHER: i64 = 0;

/// Writes one batch of a run in one transaction: all of it or nothing.
pub(crate) fn write_batch(
    store: &Store,
    clerks: &Clerks<'_>,
    plan: &RunPlan,
    output: &mut Output,
) -> Result<()> {
    store.write(|tx| {
        identity::alarm::require_calm(tx, clerks.org_id())?;
        if !plan.take_over {
            move_books(tx, clerks, plan, output)?;
            for book in output.books.iter().filter(|book| output.calculated_before.contains(&book.book_id)) {
                sql::drop_drafts(tx, clerks.org_id(), plan.month, book.book_id)?;
            }
        }
        write_calculations(
            &mut Work::new(tx, clerks.calculator, plan.now),
            plan,
            output,
            Some(clerks.reviewer),
        )?;
        if plan.issue {
            let work = &mut Work::new(tx, clerks.issuer, plan.now);
            write_issues(work, plan.month, output)?;
            if !plan.take_over {
                end_deadlines(work, plan.month, output)?;
            }
        }
        Ok(())
    })
}

/// The clean bills of the books are out: their clocks are met, and hold-issue requests that were released are done.
/// (BILL-04, BILL-05, PARM-05)
fn end_deadlines(work: &mut Work<'_, '_>, month: Month, output: &Output) -> Result<()> {
    for book in &output.books {
        crate::progress::book_issued(work, month, book.book_id)?;
    }
    crate::hold::close_issued(work, None, month)?;
    Ok(())
}

/// Takes the books through their states; a book with exceptions stays with the reviewer.
fn move_books(tx: &mut Tx<'_>, clerks: &Clerks<'_>, plan: &RunPlan, output: &Output) -> Result<()> {
    let mut acts: [(&Actor, Vec<vault::Act>); 3] =
        [clerks.calculator, clerks.reviewer, clerks.issuer].map(|actor| (actor, Vec::new()));
    for book in &output.books {
        let mut steps = vec![(clerks.calculator, RunStep::Calculate), (clerks.reviewer, RunStep::Review)];
        if plan.issue && book.issued == book.accounts {
            steps.push((clerks.issuer, RunStep::Issue));
        } else if book.clean < book.accounts {
            steps.push((clerks.reviewer, RunStep::Hold));
        }
        let exceptions = book.accounts - book.clean;
        let why = format!("{exceptions} exceptions / 异常 {exceptions} 户");
        let taken = take_run_steps(tx, plan.now, (plan.month, book.book_id), &steps, &why)?;
        for ((_, step), act) in steps.iter().zip(taken) {
            let role = match step {
                RunStep::Calculate => 0,
                RunStep::Review | RunStep::Hold => 1,
                RunStep::Issue => 2,
            };
            acts[role].1.push(act);
        }
    }
    // One append for each person: the acts of a book stay in the order of its steps.
    for (actor, acts) in acts {
        vault::record_batch(&mut Work::new(tx, actor, plan.now), &acts)?;
    }
    Ok(())
}

/// Writes the calculations of `output` with their bills and exceptions, and one act for each book.
pub(crate) fn write_calculations(
    work: &mut Work<'_, '_>,
    plan: &RunPlan,
    output: &mut Output,
    reviewer: Option<&Actor>,
) -> Result<()> {
    let mut acts = Vec::with_capacity(output.books.len());
    for book in &output.books {
        work.require(permission::CALCULATE, book.unit_id)?;
        if let Some(reviewer) = reviewer {
            Work::new(work.tx, reviewer, plan.now).require(permission::REVIEW, book.unit_id)?;
        }
        let (calculated_by, now) = (work.actor().person_id, work.now());
        sql::insert_calculation(
            work.tx,
            &CalculationRow {
                org_id: work.org_id(),
                calculation_id: book.calculation_id,
                month: plan.month,
                book_id: book.book_id,
                calculated_by,
                calculated_at: now,
                reviewed_by: reviewer.map(|person| person.person_id),
                accounts: book.accounts,
                clean: book.clean,
                energy_kwh: book.energy_kwh,
                amount: book.amount,
            },
        )?;
        let kind = if plan.take_over { "taken_over_book" } else { "book" };
        let document = format!("{} {}", plan.month, book.book_id);
        let summary = calculation_words(book.accounts, book.clean, book.amount);
        acts.push(log::Entry::new(permission::CALCULATE, book.unit_id, kind, document, summary));
    }
    work.tx.load(&mut output.bills)?;
    work.tx.load(&mut output.exceptions)?;
    for row in &output.changed_exceptions {
        sql::change_exception(work.tx, row)?;
    }
    log::record(work, acts)?;
    Ok(())
}

/// What a calculation came to, as its act in the log says it.
pub(crate) fn calculation_words(accounts: i64, clean: i64, amount: kernel::Money) -> String {
    format!("accounts={accounts} clean={clean} amount={amount}")
}

/// Writes the issues of `output`: numbers, quantity ledger, receivables, vouchers, and one act for each book whose root
/// covers every bill in it. (BILL-20)
pub(crate) fn write_issues(work: &mut Work<'_, '_>, month: Month, output: &mut Output) -> Result<()> {
    let today = work.today();
    let mut headers = Vec::new();
    let mut acts = Vec::new();
    for book in output.books.iter().filter(|book| book.issued > 0) {
        work.require(permission::ISSUE, book.unit_id)?;
        let count = u32::try_from(book.issued).map_err(|_| BillingError::NoBook)?;
        let numbers = documents::take_numbers(work, "bill", book.unit_id, today.year(), count)?;
        let root = vault::merkle_root(book.digests.iter().copied());
        let (issued_by, now) = (work.actor().person_id, work.now());
        sql::insert_issue(
            work.tx,
            &IssueRow {
                org_id: work.org_id(),
                issue_id: book.issue_id,
                month,
                book_id: book.book_id,
                unit_id: book.unit_id,
                calculation_id: book.calculation_id,
                issued_by,
                issued_at: now,
                year: i64::from(numbers.year),
                first_number: numbers.first,
                bills: book.issued,
                energy_kwh: book.issued_energy_kwh,
                amount: book.issued_amount,
                voucher_id: if book.posted { book.voucher_id } else { NO_VOUCHER },
                bills_root: &root,
            },
        )?;
        let org_id = work.org_id();
        sql::insert_issue_components(work.tx, org_id, book.issue_id, &book.sums)?;
        if book.posted {
            headers.push(VoucherHeader {
                voucher_id: book.voucher_id,
                unit_id: book.unit_id,
                posted_on: today,
                effective_on: today,
                event: BILL_ISSUED.into(),
                source: format!("issue {} {}", month, book.book_id),
                text: format!("{month} 抄本 {} 电费发行 {} 户", book.book_id, book.issued),
            });
        }
        let summary = format!(
            "bills={} numbers={}-{} kwh={} amount={}",
            book.issued,
            numbers.first,
            numbers.last(),
            book.issued_energy_kwh,
            book.issued_amount
        );
        let document = format!("{month} {}", book.book_id);
        let entry = log::Entry::new(permission::ISSUE, book.unit_id, "book", document, summary);
        acts.push(entry.covering(book.issued, root));
    }
    work.tx.load(&mut output.quantities)?;
    work.tx.load(&mut output.receivables)?;
    ledger::post_bulk(work, &headers, &mut output.postings)?;
    log::record(work, acts)?;
    Ok(())
}

/// A bill as it is stored.
#[derive(Debug, Clone)]
pub struct StoredBill {
    /// Its key.
    pub key: BillKey,
    /// The book it was read in.
    pub book_id: i64,
    /// Its flow.
    pub flow: Flow,
    /// Why it was an exception, if it was.
    pub reasons: Reasons,
    /// What went in.
    pub input: tariff::AccountPeriod,
    /// What came out.
    pub bill: tariff::Bill,
    /// The canonical bytes.
    pub detail: Vec<u8>,
    /// Its number, once issued.
    pub issued: Option<IssuedAs>,
}

/// What issue gave a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedAs {
    /// The issue.
    pub issue_id: i64,
    /// The station.
    pub unit_id: i64,
    /// Year of the number series.
    pub year: i64,
    /// The number in its series.
    pub number: i64,
    /// The day by which it is due.
    pub due_on: kernel::Date,
    /// When it was issued.
    pub issued_at: kernel::Moment,
}

/// Why a bill could not be calculated, in the words of the refusal; nothing when it could.
pub fn why_not_calculated(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<String>> {
    let Some(row) = sql::bill(tx, key)? else { return Ok(None) };
    if !row.reasons.has(Reasons::NOT_CALCULATED) {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&row.detail).into_owned()))
}

/// Reads a stored bill; nothing when the account has none in that month or it could not be calculated, and nothing for
/// an adjustment, which [`crate::adjustment::stored_adjustment`] reads.
pub fn stored_bill(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<StoredBill>> {
    let Some(row) = sql::bill(tx, key)? else { return Ok(None) };
    if row.reasons.has(Reasons::NOT_CALCULATED) || is_adjustment(&row.detail) {
        return Ok(None);
    }
    let (input, bill) = read_bill(&row.detail)?;
    let issued = sql::issued_as(tx, key)?;
    Ok(Some(StoredBill {
        key,
        book_id: row.book_id,
        flow: row.flow,
        reasons: row.reasons,
        input,
        bill,
        detail: row.detail,
        issued,
    }))
}
