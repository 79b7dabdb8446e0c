//! The desks of the billing centre and of those who approve: accounts, bills, review, exceptions, adjustments, approvals,
//! progress, inquiries, purchased power.
//!
//! No act here changes a parameter that affects settlement: a reviewer has no such right, and none is offered. (BILL-17)

pub mod accounts;
pub mod adjust;
pub mod adjustments;
pub mod approvals;
pub mod bill;
pub mod bills;
pub mod deadlines;
pub mod exceptions;
pub mod generation;
pub mod holds;
pub mod inquiries;
pub mod progress;
pub mod review;
pub mod suspicion;

use std::collections::BTreeMap;

use billing::gates::{Flow, Reasons};
use billing::{OfficeRules, RunBook};
use identity::Work;
use kernel::{Bilingual, Lang, Month, Text};
use metering::account::AccountName;
use metering::book::{BookMonth, BookState};

use crate::catalogue::{Cell, Field, Given, Look, Refusal, Takes, Tone};

/// Looking at bills.
pub const READ: &str = "billing.read";
/// The month of a path or form.
pub const MONTH: Field = Field::new("month", Takes::Month);
/// The month of a filter.
pub const MONTH_WANTED: Field = Field::maybe("month", Takes::Month);
/// The book of a path or form.
pub const BOOK: Field = Field::new("book", Takes::Text(20));
/// The book of a filter.
pub const BOOK_WANTED: Field = Field::maybe("book", Takes::Text(20));
/// The account of a path or form.
pub const ACCOUNT: Field = Field::new("account", Takes::Text(20));
/// The station of a form.
pub const UNIT: Field = Field::new("unit", Takes::Option(stations));
/// The station of a filter.
pub const UNIT_WANTED: Field = Field::maybe("unit", Takes::Option(stations));
/// Why.
pub const REASON: Field = Field::new("reason", Takes::LongText(500));
/// What is said, left out at will.
pub const NOTE: Field = Field::maybe("note", Takes::LongText(500));

/// The supply stations this person acts on.
pub fn stations(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let mut found: Vec<(String, Text)> = Vec::new();
    let units: Vec<identity::Unit> = look.units()?.values().cloned().collect();
    for unit in units.into_iter().filter(|unit| unit.kind == "supply_station") {
        let held = |held: &identity::Assignment| {
            held.all_units || held.unit_id == unit.id || held.units.contains(&unit.id)
        };
        if look.caller.actor.assignments.iter().any(held) {
            found.push((unit.code, unit.name));
        }
    }
    found.sort_by(|one, two| one.0.cmp(&two.0));
    Ok(found)
}

/// The rules of the office.
pub fn rules() -> Result<OfficeRules, Refusal> {
    Ok(OfficeRules::built_in()?)
}

/// The month that is asked for, or that of today.
pub fn month_of(look: &Look<'_, '_>, given: &Given) -> Month {
    given.maybe_month("month").unwrap_or_else(|| look.this_month())
}

/// The stations whose rows are shown: those the person may see by `permission`, or the one that is asked for.
pub fn units_shown(
    look: &mut Look<'_, '_>,
    given: &Given,
    permission: &str,
) -> Result<Option<Vec<i64>>, Refusal> {
    let seen = look.caller.units_of(permission);
    let Some(code) = given.maybe_text("unit") else { return Ok(seen) };
    let wanted = look.unit_by_code(code)?.id;
    let may = seen.is_none_or(|seen| seen.contains(&wanted));
    Ok(Some(if may { vec![wanted] } else { Vec::new() }))
}

/// The books whose rows are shown; nothing means all.
pub fn books_shown(
    look: &mut Look<'_, '_>,
    given: &Given,
    permission: &str,
) -> Result<Option<Vec<i64>>, Refusal> {
    let units = units_shown(look, given, permission)?;
    if let Some(number) = given.maybe_text("book") {
        let book = look.book(number)?;
        let may = units.is_none_or(|units| units.contains(&book.unit_id));
        return Ok(Some(if may { vec![book.book_id] } else { Vec::new() }));
    }
    let Some(units) = units else { return Ok(None) };
    let books = look.books()?.values().filter(|book| units.contains(&book.unit_id));
    Ok(Some(books.map(|book| book.book_id).collect()))
}

/// Accounts that a search can lead to at once.
pub const SEARCH_MOST: usize = 20_000;

/// The accounts that the words of a search mean; nothing when nothing is searched for.
pub fn accounts_searched(look: &mut Look<'_, '_>, search: &str) -> Result<Option<Vec<i64>>, Refusal> {
    if search.is_empty() {
        return Ok(None);
    }
    let org_id = look.org_id();
    Ok(Some(metering::account::account_keys(look.tx, org_id, search, SEARCH_MOST)?))
}

/// What to say when a search led to more accounts than are looked at.
pub fn search_note(found: Option<&[i64]>) -> Option<Text> {
    let most = SEARCH_MOST;
    found.filter(|found| found.len() >= most).map(|_| {
        Text::new(
            format!("符合查找词的用户超过 {most} 户，只列出前 {most} 户；请写得更具体"),
            format!("more than {most} customers fit the words; only the first {most} are looked at"),
        )
    })
}

/// Names of accounts for the rows of a page.
pub fn names(
    look: &mut Look<'_, '_>,
    keys: impl IntoIterator<Item = i64>,
) -> Result<BTreeMap<i64, AccountName>, Refusal> {
    let mut keys: Vec<i64> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();
    let org_id = look.org_id();
    Ok(metering::account::account_names(look.tx, org_id, &keys)?)
}

/// The number of an account with the way to it, and the customer's name.
pub fn customer(names: &BTreeMap<i64, AccountName>, account_id: i64) -> (Cell, Cell) {
    match names.get(&account_id) {
        Some(known) => (
            Cell::from(known.number.as_str()).to(format!("/accounts/{}", encode(&known.number))),
            Cell::from(known.name.as_str()),
        ),
        None => (Cell::from(account_id.to_string()), Cell::default()),
    }
}

/// The number of a book with the way to its screen of review.
pub fn book_cell(look: &mut Look<'_, '_>, month: Month, book_id: i64) -> Result<Cell, Refusal> {
    let number = look.books()?.get(&book_id).map(|book| book.number.clone());
    let Some(number) = number else { return Ok(Cell::from(book_id.to_string())) };
    let path = format!("/books/{month}/{}", encode(&number));
    Ok(Cell::from(number).to(path))
}

/// A text as a segment of a path or the value of a query.
pub fn encode(text: &str) -> String {
    crate::frame::url::encode(text)
}

/// The reasons of an exception as one text in both languages.
pub fn reasons(found: Reasons) -> Text {
    let zh: Vec<&str> = found.each().map(|(_, zh, _)| zh).collect();
    let en: Vec<&str> = found.each().map(|(_, _, en)| en).collect();
    Text::new(zh.join("、"), en.join(", "))
}

/// Anything that is said in both languages.
pub fn both(thing: &impl Bilingual) -> Text {
    Text::new(thing.text(Lang::Zh), thing.text(Lang::En))
}

/// The codes of flows, in the order of their numbers.
pub const FLOWS: &[&str] = &["clean", "exception", "adjustment", "change"];

/// A flow as a word.
pub fn flow(flow: Flow) -> Cell {
    let (code, tone) = match flow {
        Flow::Clean => ("clean", Tone::Good),
        Flow::ReviewException => ("exception", Tone::Warn),
        Flow::Adjustment => ("adjustment", Tone::Quiet),
        Flow::Change => ("change", Tone::Quiet),
    };
    Cell::word(format!("choice.flow.{code}")).toned(tone)
}

/// The codes of reasons a list can be filtered by.
pub const REASONS: &[&str] = &[
    "quantity_fluctuation",
    "fee_fluctuation",
    "zero_read",
    "unread",
    "short_history",
    "zero_average",
    "not_calculated",
    "late_reading",
    "sampled",
    "suspect",
    "held",
];

/// The reason a filter names.
pub fn reason_wanted(given: &Given) -> Option<Reasons> {
    let code = given.maybe_text("reasons")?;
    Reasons::ALL.iter().find(|(_, known, ..)| *known == code).map(|(reason, ..)| *reason)
}

/// Where a book stands, as a word.
pub fn book_state(state: BookState) -> Cell {
    let tone = match state {
        BookState::Issued => Tone::Good,
        BookState::Exception | BookState::Returned => Tone::Warn,
        BookState::Created | BookState::Entering => Tone::Quiet,
        _ => Tone::Plain,
    };
    Cell::said(state.text(Lang::Zh), state.text(Lang::En)).toned(tone)
}

/// The account with this number.
pub fn account_in(work: &mut Work<'_, '_>, given: &Given) -> Result<i64, Refusal> {
    let (org_id, number) = (work.org_id(), given.text("account"));
    let found = metering::account::account_by_number(work.tx, org_id, number)?;
    found.map(|found| found.account.account_id).ok_or_else(|| Refusal::not_found("用户", "account", number))
}

/// The unit with this code.
pub fn unit_in(work: &mut Work<'_, '_>, code: &str) -> Result<i64, Refusal> {
    let org_id = work.org_id();
    let found = identity::units(work.tx, org_id)?.into_iter().find(|unit| unit.code == code);
    found.map(|unit| unit.id).ok_or_else(|| Refusal::not_found("单位", "unit", code))
}

/// The first unit of a kind: the one billing centre, the one marketing department.
pub fn unit_of_kind(work: &mut Work<'_, '_>, kind: &str) -> Result<i64, Refusal> {
    let org_id = work.org_id();
    let found = identity::units(work.tx, org_id)?.into_iter().find(|unit| unit.kind == kind);
    found.map(|unit| unit.id).ok_or_else(|| Refusal::not_found("单位", "unit", kind))
}

/// The book that is named, as it stands in the month that is named.
pub fn book_in(work: &mut Work<'_, '_>, given: &Given) -> Result<(BookMonth, RunBook), Refusal> {
    let (org_id, number, month) = (work.org_id(), given.text("book"), given.month("month")?);
    let book = metering::book::book_by_number(work.tx, org_id, number)?
        .ok_or_else(|| Refusal::not_found("抄本", "reading book", number))?;
    let found = metering::book::book_month(work.tx, org_id, month, book.book_id)?.ok_or_else(|| {
        Refusal::new(
            crate::catalogue::Why::NotFound,
            format!("抄本 {number} 在 {month} 没有开册"),
            format!("book {number} is not open in {month}"),
        )
    })?;
    let lines = metering::book::line_counts(work.tx, org_id, month, book.book_id)?;
    let ready = RunBook { book_id: found.book_id, unit_id: found.unit_id, accounts: lines.lines };
    Ok((found, ready))
}
