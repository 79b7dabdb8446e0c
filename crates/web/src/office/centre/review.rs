//! Books at the centre: which wait, why, since when; calculated, reviewed, issued, sent back; the whole month as a job.

use std::sync::atomic::{AtomicBool, Ordering};

use billing::desk::{self, BookProgress};
use billing::suspicion::Mode;
use billing::{BillPostings, Clerks, OfficeRules, PriceBook, RunBook, RunPlan};
use kernel::{Bilingual, Lang, Month};
use ledger::PostingRules;
use metering::book::{BookMonth, BookState};

use super::{
    BOOK, MONTH, MONTH_WANTED, READ, REASON, UNIT_WANTED, book_in, book_state, encode, month_of, rules,
    units_shown,
};
use crate::catalogue::{
    Act, Area, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Run, Takes, Tone, Weight,
};
use crate::cells;
use crate::job::JobRun;

const COLUMNS: &[Column] = &[
    Column::sorted("book", Kind::Text),
    Column::sorted("unit", Kind::Text),
    Column::sorted("book_state", Kind::Text),
    Column::sorted("book_submitted_on", Kind::Date),
    Column::sorted("issue_by", Kind::Date),
    Column::summed("working_days_late", Kind::Count),
    Column::summed("accounts", Kind::Count),
    Column::summed("clean", Kind::Count),
    Column::summed("open_exceptions", Kind::Count),
    Column::summed("in_order", Kind::Count),
    Column::summed("issued", Kind::Count),
    Column::summed("amount", Kind::Money),
    Column::summed("issued_amount", Kind::Money),
];

const STATES: &[&str] =
    &["submitted", "calculating", "reviewing", "exception", "issued", "returned", "entering", "created"];

const LIST: List = List {
    name: "review",
    path: "/review",
    permission: READ,
    filters: &[
        MONTH_WANTED,
        UNIT_WANTED,
        Field::maybe("book_state", Takes::Choice(STATES)),
        Field::maybe("waiting", Takes::Flag),
    ],
    columns: COLUMNS,
    rows,
    menu: true,
    acts: &["month.run", "score.run"],
};

/// What may not be sent twice is safe to be begun anew: a run passes over books that do not wait.
const ACTS: &[Act] = &[
    Act {
        name: "book.calculate",
        path: "/books/{month}/{book}/calculate",
        permission: "billing.calculate",
        fields: &[MONTH, BOOK],
        run: Run::Command(calculate),
        weight: Weight::Main,
        ..Act::PLAIN
    },
    Act {
        name: "book.review",
        path: "/books/{month}/{book}/review",
        permission: "billing.review",
        fields: &[MONTH, BOOK],
        run: Run::Command(review),
        weight: Weight::Main,
        ..Act::PLAIN
    },
    Act {
        name: "book.issue",
        path: "/books/{month}/{book}/issue",
        permission: "billing.issue",
        fields: &[MONTH, BOOK],
        run: Run::Command(issue),
        weight: Weight::Main,
        ..Act::PLAIN
    },
    Act {
        name: "book.send_back",
        path: "/books/{month}/{book}/send-back",
        permission: "billing.return_step",
        fields: &[MONTH, BOOK, REASON],
        run: Run::Command(send_back),
        weight: Weight::Grave,
        ..Act::PLAIN
    },
    Act {
        name: "month.run",
        path: "/months/{month}/run",
        permission: "billing.issue",
        fields: &[MONTH, Field::maybe("calculate_only", Takes::Flag)],
        run: Run::Job(run_month),
        weight: Weight::Main,
        ..Act::PLAIN
    },
];

/// The desk.
pub const AREA: Area =
    Area { name: "review", lists: &[LIST], views: &[], acts: ACTS, pages: &[crate::page::review::PAGE] };

/// A book of the month with how it stands.
pub struct BookLine {
    /// The book of the month.
    pub book: BookMonth,
    /// Its number.
    pub number: String,
    /// What its calculation and issues came to.
    pub progress: BookProgress,
    /// The day by which its clean bills are issued.
    pub issue_by: Option<kernel::Date>,
    /// Working days late.
    pub late_days: i64,
}

impl BookLine {
    /// Does it wait for the centre: submitted, with steps open, or with bills that can be issued?
    pub fn waits(&self) -> bool {
        match self.book.state {
            BookState::Submitted | BookState::Calculating | BookState::Reviewing => true,
            BookState::Exception => self.progress.open_exceptions + self.progress.in_order > 0,
            _ => false,
        }
    }
    /// The acts that lead it on.
    pub fn offers(&self, month: Month) -> Vec<Offer> {
        let given: &[(&'static str, &dyn std::fmt::Display)] = &[("month", &month), ("book", &self.number)];
        let acts: &[&'static str] = match self.book.state {
            BookState::Submitted => &["book.calculate"],
            BookState::Calculating => &["book.review", "book.calculate", "book.send_back"],
            BookState::Reviewing => &["book.issue", "book.send_back"],
            BookState::Exception => &["book.issue", "book.review", "book.calculate"],
            _ => &[],
        };
        acts.iter().map(|act| Offer::new(act, given)).collect()
    }
}

/// The books of `month` that the person may see, with how they stand; no bill is read.
pub fn books_of(
    look: &mut Look<'_, '_>,
    month: Month,
    units: Option<&[i64]>,
) -> Result<Vec<BookLine>, Refusal> {
    let (org_id, today) = (look.org_id(), look.today());
    let progress = desk::book_progress(look.tx, org_id, month)?;
    let rules = rules()?;
    let opened = metering::book::books_of_month(look.tx, org_id, month)?;
    let mut found = Vec::with_capacity(opened.len());
    for book in opened {
        if units.is_some_and(|units| !units.contains(&book.unit_id)) {
            continue;
        }
        let number = look
            .books()?
            .get(&book.book_id)
            .map_or_else(|| book.book_id.to_string(), |known| known.number.clone());
        let progress = progress.get(&book.book_id).copied().unwrap_or_default();
        let issue_by = due(&rules, &book)?;
        // A book is late while no bill of it is out; what is left over has clocks of its own.
        let late_days = match issue_by {
            Some(due) if progress.issued == 0 && book.state != BookState::Issued => {
                rules.days_late(due, today)?
            }
            _ => 0,
        };
        found.push(BookLine { book, number, progress, issue_by, late_days });
    }
    Ok(found)
}

fn due(rules: &OfficeRules, book: &BookMonth) -> Result<Option<kernel::Date>, Refusal> {
    match book.submitted_at {
        Some(at) => Ok(Some(rules.due("issue_clean_public", at.date())?)),
        None => Ok(None),
    }
}

fn rows(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let given = query.given;
    let month = month_of(look, given);
    let units = units_shown(look, given, READ)?;
    let wanted = given.maybe_text("book_state").map(str::to_owned);
    let only_waiting = given.flag("waiting");
    // Who does not review finds the book itself.
    let desk = if look.caller.holds("billing.review") { "review" } else { "books" };
    let mut rows = Vec::new();
    for line in books_of(look, month, units.as_deref())? {
        let state = line.book.state;
        if wanted.as_ref().is_some_and(|wanted| wanted != state.key()) || only_waiting && !line.waits() {
            continue;
        }
        let late = if line.late_days > 0 { Tone::Bad } else { Tone::Plain };
        let progress = line.progress;
        let cells = cells![
            Cell::from(line.number.as_str()).to(format!("/{desk}/{month}/{}", encode(&line.number))),
            look.unit_name(line.book.unit_id)?,
            book_state(state),
            line.book.submitted_at.map(|at| at.date()),
            Cell::from(line.issue_by).toned(late),
            Cell::from(line.late_days).toned(late),
            progress.accounts,
            progress.clean,
            progress.open_exceptions,
            progress.in_order,
            progress.issued,
            progress.amount,
            progress.issued_amount,
        ];
        rows.push(Row { cells, offers: line.offers(month) });
    }
    let lang = look.lang();
    Ok(Rows::of(COLUMNS, rows, query, lang))
}

/// The prices with the numbers of their plans, new ones kept; and what bills post.
fn prices(work: &mut identity::Work<'_, '_>) -> Result<(PriceBook, BillPostings), Refusal> {
    let org_id = work.org_id();
    let prices = PriceBook::load(work.tx, org_id)?;
    prices.save_numbers(work.tx, org_id)?;
    let postings = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
    Ok((prices, postings))
}

fn to_book(done: Done, given: &Given) -> Result<Done, Refusal> {
    Ok(done.see(format!("/review/{}/{}", given.month("month")?, encode(given.text("book")))))
}

fn calculate(work: &mut identity::Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, (_, book)) = (given.month("month")?, book_in(work, given)?);
    let (prices, _) = prices(work)?;
    let done = billing::calculate_book(work, &prices, month, book)?;
    let (bills, clean, kwh, amount) = (done.bills, done.clean, done.energy_kwh, done.amount);
    let said = Done::said(
        format!(
            "抄本 {} 已计算：{bills} 户，正常 {clean} 户，电量 {kwh} 千瓦时，电费 {amount} 元",
            given.text("book")
        ),
        format!("book {}: {bills} bills, {clean} clean, {kwh} kWh, {amount} yuan", given.text("book")),
    );
    to_book(said.fact("bills", bills).fact("clean", clean).fact("amount", amount.to_string()), given)
}

fn review(work: &mut identity::Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, (_, book)) = (given.month("month")?, book_in(work, given)?);
    billing::review_book(work, month, book)?;
    let number = given.text("book");
    to_book(Done::said(format!("抄本 {number} 已复核"), format!("book {number} is reviewed")), given)
}

fn issue(work: &mut identity::Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, (_, book)) = (given.month("month")?, book_in(work, given)?);
    let (_, postings) = prices(work)?;
    let due_day = RunPlan::new(month, Vec::new(), work.now()).due_day;
    let number = given.text("book");
    let done = billing::issue_book(work, &rules()?, &postings, month, book, due_day)?;
    if done.bills == 0 {
        // Refused, so that the book's history shows no step that brought nothing about.
        return Err(Refusal::refused(
            format!("抄本 {number} 没有可发行的电费，剩余 {} 户须先处理异常", done.left),
            format!("no bill of book {number} can be issued: {} wait for their exceptions", done.left),
        ));
    }
    let (bills, left, amount) = (done.bills, done.left, done.amount);
    let said = Done::said(
        format!("抄本 {number} 发行 {bills} 户，电费 {amount} 元，待处理 {left} 户"),
        format!("book {number}: {bills} bills issued, {amount} yuan, {left} left"),
    );
    to_book(said.fact("bills", bills).fact("left", left).fact("amount", amount.to_string()), given)
}

fn send_back(work: &mut identity::Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, (_, book)) = (given.month("month")?, book_in(work, given)?);
    let back = billing::send_book_back(work, month, book, given.text("reason"))?;
    let number = given.text("book");
    let said = Done::said(
        format!("抄本 {number} 已退回：{}", back.text(Lang::Zh)),
        format!("book {number} is back: {}", back.text(Lang::En)),
    );
    to_book(said, given)
}

/// The books of a month with their accounts, in order, that `fits`.
pub fn run_books(
    job: &JobRun<'_>,
    month: Month,
    fits: impl Fn(&BookMonth) -> bool,
) -> Result<Vec<RunBook>, Refusal> {
    let org_id = job.house.org_id;
    job.look(|tx| {
        let opened = metering::book::books_of_month(tx, org_id, month)?;
        let mut books = Vec::new();
        for book in opened.iter().filter(|book| fits(book)) {
            let lines = metering::book::line_counts(tx, org_id, month, book.book_id)?;
            books.push(RunBook { book_id: book.book_id, unit_id: book.unit_id, accounts: lines.lines });
        }
        books.sort_by_key(|book| book.book_id);
        Ok(books)
    })
}

/// Accounts run before somebody is asked whether to go on.
const CHUNK_ACCOUNTS: i64 = 5_000;

/// Calculates, reviews and issues every submitted book of the month, some books at a time: it can be stopped between
/// two of them, and what is done stays. Begun anew it passes over books that no longer wait.
fn run_month(job: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    let org_id = job.house.org_id;
    let books = run_books(job, month, |book| book.state == BookState::Submitted)?;
    let total: i64 = books.iter().map(|book| book.accounts).sum();
    if books.is_empty() {
        return Err(Refusal::refused(
            format!("{month} 没有已提交待核算的抄本"),
            format!("no book of {month} is submitted and waiting"),
        ));
    }
    let (prices, postings) = job.desk().act(job.now, prices)?;
    let clerks = Clerks { calculator: &job.actor, reviewer: &job.actor, issuer: &job.actor };
    // Where the score decides, a month is scored by what its peers did: all of it at once.
    let scored = job.look(|tx| Ok(billing::suspicion::mode(tx, org_id)?))? == Mode::Decide;
    let chunk = if scored { i64::MAX } else { CHUNK_ACCOUNTS };
    let (mut done, mut summary) = (0, Sums::default());
    job.progress(0, total)?;
    let mut rest = books.as_slice();
    while !rest.is_empty() {
        let (mut end, mut accounts) = (0, 0);
        while end < rest.len() && (end == 0 || accounts + rest[end].accounts <= chunk) {
            accounts += rest[end].accounts;
            end += 1;
        }
        let plan = RunPlan {
            issue: !given.flag("calculate_only"),
            ..RunPlan::new(month, rest[..end].to_vec(), job.now)
        };
        let stopping = AtomicBool::new(false);
        let run = billing::run_month(&job.house.store, &clerks, &prices, &postings, &plan, |so_far| {
            // Told at the end of each batch; a batch that was written stays whatever comes.
            if job.progress(done + so_far.accounts, total).is_err() {
                stopping.store(true, Ordering::Release);
            }
        })?;
        summary.add(&run)?;
        done += accounts;
        rest = &rest[end..];
        if stopping.load(Ordering::Acquire) || !rest.is_empty() {
            job.progress(done, total)?;
        }
    }
    job.progress(total, total)?;
    if !scored {
        super::suspicion::score(job, month)?;
    }
    let Sums { accounts, clean, issued, amount, issued_amount } = summary;
    let said = Done::said(
        format!(
            "{month}：计算 {accounts} 户，正常 {clean} 户，发行 {issued} 户，电费 {amount} 元（发行 {issued_amount} 元）"
        ),
        format!(
            "{month}: {accounts} bills, {clean} clean, {issued} issued, {amount} yuan ({issued_amount} issued)"
        ),
    );
    Ok(said.see(format!("/review?month={month}")).fact("accounts", accounts).fact("issued", issued))
}

/// What the chunks of a run came to.
#[derive(Default)]
struct Sums {
    accounts: i64,
    clean: i64,
    issued: i64,
    amount: kernel::Money,
    issued_amount: kernel::Money,
}

impl Sums {
    fn add(&mut self, run: &billing::RunSummary) -> Result<(), Refusal> {
        self.accounts += run.accounts;
        self.clean += run.clean;
        self.issued += run.issued;
        self.amount = self.amount.plus(run.amount)?;
        self.issued_amount = self.issued_amount.plus(run.issued_amount)?;
        Ok(())
    }
}
