//! Single books at the centre: submission, calculation, review, issue, a step back. Each command moves the book in
//! metering, meets the deadlines it ends and closes the tickets it settles, in one transaction.

use identity::Work;
use kernel::{Date, Money, Month, Quantity, WorkingCalendar};
use metering::book::{BookMonth, BookState};

use crate::canonical::read_bill;
use crate::gates::{Flow, Limits};
use crate::load::Loader;
use crate::output::{BookOutcome, Output};
use crate::plans::PriceBook;
use crate::posting::BillPostings;
use crate::run::{RunBook, RunPlan, due_on};
use crate::service::{permission, write_calculations, write_issues};
use crate::sql::{self, BillKey};
use crate::{BillingError, OfficeError, OfficeRules, Result, exception, hold, log, progress, suspicion};

/// What calculating or issuing one book did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookResult {
    /// Accounts calculated or bills issued.
    pub bills: i64,
    /// Those that passed the gates, for a calculation.
    pub clean: i64,
    /// Bills of the book that are still not issued, for an issue.
    pub left: i64,
    /// kWh.
    pub energy_kwh: Quantity,
    /// Fee.
    pub amount: Money,
}

/// A book that was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The book as it stands now.
    pub book: BookMonth,
    /// The day by which its clean bills are issued.
    pub issue_by: Date,
}

/// The station submits a book: metering locks its readings, and the centre's deadline starts. `centre_unit_id` names
/// the centre where there are several. (READ-05, BILL-04..06)
pub fn submit_book(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    month: Month,
    book_id: i64,
    centre_unit_id: Option<i64>,
) -> Result<Submission> {
    let org_id = work.org_id();
    let centre = match centre_unit_id {
        Some(unit_id) => unit_id,
        None => {
            let units = identity::units(work.tx, org_id)?;
            let mut centres = units.iter().filter(|unit| unit.kind == "billing_centre").map(|unit| unit.id);
            match (centres.next(), centres.next()) {
                (Some(only), None) => only,
                _ => {
                    return Err(OfficeError::refused(
                        "BILL-04",
                        "无法确定电费管理中心，请指定",
                        "there is not exactly one billing centre: name the one the book goes to",
                    )
                    .into());
                }
            }
        }
    };
    let book = metering::book::submit(work, calendar, month, book_id)?;
    let issue_by = progress::book_submitted(work, calendar, month, book_id, centre)?;
    Ok(Submission { book, issue_by })
}

fn state(work: &mut Work<'_, '_>, month: Month, book_id: i64) -> Result<BookState> {
    let org_id = work.org_id();
    let book = metering::book::book_month(work.tx, org_id, month, book_id)?;
    Ok(book.ok_or(OfficeError::NotFound { what: "book of the month", id: book_id })?.state)
}

fn refused(book_id: i64, zh: &'static str, en: &'static str) -> BillingError {
    BillingError::BookState { book_id, zh, en }
}

/// Calculates one book anew: bills that are not issued yet are replaced, issued ones stay, and so do exceptions that
/// went to the station. A submitted book moves on; a book with exceptions is calculated again as often as its data are
/// corrected, and reviewed again. A reviewed book goes back first, with a reason. (BILL-01, BILL-23)
pub fn calculate_book(
    work: &mut Work<'_, '_>,
    prices: &PriceBook,
    month: Month,
    book: RunBook,
) -> Result<BookResult> {
    work.require(permission::CALCULATE, book.unit_id)?;
    let org_id = work.org_id();
    match state(work, month, book.book_id)? {
        BookState::Calculating | BookState::Exception => {}
        BookState::Reviewing => {
            return Err(refused(
                book.book_id,
                "已进入复核，请先说明原因退回上一步",
                "it is being reviewed: send it back one step with a reason first",
            ));
        }
        BookState::Issued => {
            return Err(refused(book.book_id, "已全部发行", "it is issued; corrections are adjustments"));
        }
        // Metering lets a submitted book pass and says how any other stands.
        BookState::Submitted | BookState::Created | BookState::Entering | BookState::Returned => {
            metering::book::begin_calculation(work, month, book.book_id)?;
        }
    }
    sql::drop_drafts(work.tx, org_id, month, book.book_id)?;
    let issued = sql::issued_accounts(work.tx, org_id, month, book.book_id)?;
    let plan = RunPlan { issue: false, ..RunPlan::new(month, vec![book], work.now()) };
    let mut output = Output::new(org_id, month);
    output.known_exceptions = sql::kept_exceptions(work.tx, org_id, month, book.book_id)?;
    let [calculation_id, issue_id, voucher_id] = std::array::from_fn(|_| work.next_key());
    output.begin_book(BookOutcome::new(book.book_id, book.unit_id, calculation_id, issue_id, voucher_id));
    if suspicion::mode(work.tx, org_id)? == suspicion::Mode::Decide {
        suspicion::score_book(work.tx, org_id, month, book)?;
    }
    Loader::default().load(work.tx, org_id, prices, &plan, &[book], |_, ready| {
        for account in ready.iter().filter(|account| issued.binary_search(&account.account_id).is_err()) {
            output.calculate(prices, &Limits::default(), account, false, None)?;
        }
        Ok(())
    })?;
    let done = &output.books[0];
    let result = BookResult {
        bills: done.accounts,
        clean: done.clean,
        left: done.accounts,
        energy_kwh: done.energy_kwh,
        amount: done.amount,
    };
    write_calculations(work, &plan, &mut output, None)?;
    Ok(result)
}

/// Records that the book's newest calculation was reviewed by a person; the book is under review from then on.
/// (BILL-01, BILL-23)
pub fn review_book(work: &mut Work<'_, '_>, month: Month, book: RunBook) -> Result<()> {
    work.require(permission::REVIEW, book.unit_id)?;
    match state(work, month, book.book_id)? {
        BookState::Calculating => {
            metering::book::begin_review(work, month, book.book_id)?;
        }
        BookState::Exception => {
            metering::book::resume_review(work, month, book.book_id)?;
        }
        BookState::Reviewing => {}
        _ => return Err(refused(book.book_id, "未在核算中", "it is not with the centre for calculation")),
    }
    let (org_id, person, now) = (work.org_id(), work.actor().person_id, work.now());
    if sql::mark_reviewed(work.tx, org_id, month, book.book_id, person, now)? == 0 {
        return Err(refused(book.book_id, "尚未计算或已复核", "not calculated yet, or reviewed already"));
    }
    let document = format!("{month} {}", book.book_id);
    let entry = log::Entry::new(permission::REVIEW, book.unit_id, "book", document, String::new());
    log::record(work, vec![entry])?;
    Ok(())
}

/// Issues what can be issued of a reviewed book: clean bills and exceptions that are in order, neither held nor under
/// adjustment. What was issued before is left alone, so the same command again issues only what became free meanwhile;
/// when nothing is free, nothing at all changes. Tickets of exceptions and holds that are settled are closed, the
/// deadline is met, and the book is issued, or held by what is left. (BILL-01, BILL-14, BILL-20)
pub fn issue_book(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    postings: &BillPostings,
    month: Month,
    book: RunBook,
    due_day: u8,
) -> Result<BookResult> {
    work.require(permission::ISSUE, book.unit_id)?;
    let org_id = work.org_id();
    if !sql::is_reviewed(work.tx, org_id, month, book.book_id)? {
        return Err(refused(book.book_id, "尚未复核", "not reviewed yet"));
    }
    let holds = sql::active_holds(work.tx, org_id, month)?;
    let mut drafts = sql::issuable(work.tx, org_id, month, book.book_id)?;
    drafts.retain(|draft| !holds.contains_key(&draft.key.account_id));
    let mut output = Output::new(org_id, month);
    let [issue_id, voucher_id] = std::array::from_fn(|_| work.next_key());
    let calculation_id = drafts.first().map_or(0, |draft| draft.calculation_id);
    output.begin_book(BookOutcome::new(book.book_id, book.unit_id, calculation_id, issue_id, voucher_id));
    if drafts.is_empty() {
        let left = sql::left_over(work.tx, org_id, month, book.book_id)?;
        let (energy_kwh, amount) = (Quantity::ZERO, Money::ZERO);
        return Ok(BookResult { bills: 0, clean: 0, left, energy_kwh, amount });
    }
    match state(work, month, book.book_id)? {
        BookState::Reviewing => {}
        BookState::Exception => {
            metering::book::resume_review(work, month, book.book_id)?;
        }
        _ => return Err(refused(book.book_id, "未在复核中", "it is not under review")),
    }
    let accounts: Vec<i64> = drafts.iter().map(|draft| draft.key.account_id).collect();
    let due_days = due_days(work, &accounts)?;
    for (draft, own_day) in drafts.iter().zip(due_days) {
        let due = due_on(work.today(), if own_day == 0 { due_day } else { own_day });
        let (_, bill) = read_bill(&draft.detail)?;
        output.issue_bill(postings, draft.key, draft.payer_id, due, &bill, Some(&draft.detail))?;
    }
    let done = &output.books[0];
    let (bills, energy_kwh, amount) = (done.issued, done.issued_energy_kwh, done.issued_amount);
    let settled: Vec<BillKey> =
        drafts.iter().filter(|draft| draft.flow != Flow::Clean).map(|draft| draft.key).collect();
    write_issues(work, month, &mut output)?;
    for key in settled {
        sql::mark_exception_issued(work.tx, key)?;
    }
    exception::close_issued(work, rules, month, book.book_id)?;
    hold::close_issued(work, Some(rules), month)?;
    progress::book_issued(work, month, book.book_id)?;
    let left = sql::left_over(work.tx, org_id, month, book.book_id)?;
    if left == 0 {
        metering::book::issue(work, month, book.book_id)?;
    } else {
        let why = format!("{left} exceptions / 异常 {left} 户");
        metering::book::hold_for_exceptions(work, month, book.book_id, &why)?;
    }
    Ok(BookResult { bills, clean: bills, left, energy_kwh, amount })
}

/// The due day of each of `accounts`, which ascend; 0 where the account does not say.
fn due_days(work: &mut Work<'_, '_>, accounts: &[i64]) -> Result<Vec<u8>> {
    let (org_id, month) = (work.org_id(), work.today().month());
    let mut days = Vec::with_capacity(accounts.len());
    for keys in accounts.chunks(metering::stream::CHUNK_ACCOUNTS) {
        let rows = metering::stream::accounts_with_readings(work.tx, org_id, month, keys)?;
        days.extend(keys.iter().map(|key| {
            let found = rows.iter().find(|row| row.account.account_id == *key);
            found.map_or(0, |row| row.account.due_day)
        }));
    }
    Ok(days)
}

/// Sends a book back one step with a reason: a reviewed one to its calculation, a calculated one to the state in which
/// it was submitted. What is issued never goes back. (BILL-23)
pub fn send_book_back(
    work: &mut Work<'_, '_>,
    month: Month,
    book: RunBook,
    reason: &str,
) -> Result<BookState> {
    let org_id = work.org_id();
    match sql::reviewed_calculation(work.tx, org_id, month, book.book_id)? {
        Some(calculation_id) => exception::return_book(work, book.unit_id, calculation_id, reason)?,
        None => {
            metering::book::send_back(work, month, book.book_id, reason)?;
        }
    }
    state(work, month, book.book_id)
}
