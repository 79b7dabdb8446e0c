//! The reading books of a month, from the batch to the submission, and the request that opens one again.

use kernel::{Bilingual as _, Month, Text};
use metering::book::{self, Book, BookMonth, BookProgress, BookState, book_month_key};

use super::{BOOK, MONTH, READ, book_path, clock_name, clock_state, person_of, stations};
use crate::catalogue::{
    Area, Block, Cell, Column, Field, Given, Kind, List, Look, Offer, Page, Query, Refusal, Row, Rows, Sheet,
    Takes, Tone, View, Who,
};
use crate::cells;

/// The states a book can be in, by code.
const STATES: &[&str] =
    &["created", "entering", "submitted", "calculating", "reviewing", "issued", "exception", "returned"];
const COLUMNS: &[Column] = &[
    Column::sorted("book", Kind::Text),
    Column::sorted("book_name", Kind::Text),
    Column::sorted("unit", Kind::Text),
    Column::sorted("reader", Kind::Text),
    Column::sorted("scheduled_on", Kind::Date),
    Column::sorted("due_on", Kind::Date),
    Column::sorted("state", Kind::Word),
    Column::new("lines", Kind::Count),
    Column::new("entered", Kind::Count),
    Column::new("missing", Kind::Count),
    Column::new("suspicious", Kind::Count),
    Column::sorted("late_days", Kind::Count),
    Column::sorted("batch", Kind::Text),
];

/// The books of the month.
const BOOKS: List = List {
    name: "books",
    path: "/books",
    permission: READ,
    filters: &[
        Field::maybe("month", Takes::Month),
        Field::maybe("unit", Takes::Option(stations)),
        Field::maybe("state", Takes::Choice(STATES)),
    ],
    columns: COLUMNS,
    rows: books,
    menu: true,
    acts: &["batch.create"],
};

/// Every book there is, with what is fixed about it.
const MASTER: List = List {
    name: "reading_books",
    path: "/reading-books",
    permission: READ,
    filters: &[Field::maybe("unit", Takes::Option(stations)), Field::maybe("without_day", Takes::Flag)],
    columns: &[
        Column::sorted("book", Kind::Text),
        Column::sorted("book_name", Kind::Text),
        Column::sorted("unit", Kind::Text),
        Column::sorted("reader", Kind::Text),
        Column::sorted("cycle", Kind::Word),
        Column::sorted("reading_day", Kind::Count),
    ],
    rows: master,
    menu: true,
    acts: &["book.create", "route.report"],
};

/// Reading days that wait for review.
const DAYS: List = List {
    name: "reading_days",
    path: "/reading-days",
    permission: READ,
    filters: &[],
    columns: &[
        Column::sorted("proposal", Kind::Text),
        Column::sorted("book", Kind::Text),
        Column::sorted("unit", Kind::Text),
        Column::sorted("reading_day", Kind::Count),
        Column::sorted("proposed_day", Kind::Count),
    ],
    rows: days,
    menu: true,
    acts: &[],
};

/// The area.
pub const AREA: Area = Area {
    name: "reading",
    lists: &[BOOKS, MASTER, DAYS, super::readings::LINES],
    views: &[
        View {
            name: "book",
            path: "/books/{month}/{book}",
            permission: READ,
            params: &[MONTH, BOOK],
            show: show_book,
            menu: false,
        },
        super::readings::LINE,
    ],
    acts: &[
        super::book_acts::CREATE_BATCH,
        super::book_acts::DELETE_BATCH,
        super::book_acts::CREATE_BOOK,
        super::reading_entry::ENTER,
        super::reading_entry::ENTER_ONE,
        super::book_acts::WRITE_LOG,
        super::book_acts::SELF_CHECK,
        super::book_acts::SUBMIT,
        super::book_acts::ASK_RETURN,
        super::book_acts::ANSWER_RETURN,
        super::book_acts::PROPOSE_DAY,
        super::book_acts::REVIEW_DAY,
        super::schedule::REPORT_PLAN,
        super::schedule::APPROVE_PLAN,
        super::schedule::MAINTAIN_PLAN,
        super::schedule::REPORT_ROUTE,
        super::schedule::AGREE_ROUTE,
        super::schedule::CARRY_OUT_ROUTE,
    ],
    pages: &[Page {
        name: "readings",
        path: "/books/{month}/{book}/readings",
        who: Who::Holder(READ),
        params: &[MONTH, BOOK],
        draw: crate::page::reading_grid::draw,
        menu: false,
    }],
};

/// A book's state as a badge.
pub fn state(state: BookState) -> Cell {
    let tone = match state {
        BookState::Issued => Tone::Good,
        BookState::Exception | BookState::Returned => Tone::Warn,
        BookState::Created => Tone::Quiet,
        _ => Tone::Plain,
    };
    Cell::word(format!("state.book.{}", state.key())).toned(tone)
}

fn is_open(state: BookState) -> bool {
    matches!(state, BookState::Created | BookState::Entering | BookState::Returned)
}

/// A count that should be zero.
fn left(count: i64, tone: Tone) -> Cell {
    if count == 0 { Cell::from(count).toned(Tone::Quiet) } else { Cell::from(count).toned(tone) }
}

fn books(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let month = query.given.maybe_month("month").unwrap_or_else(|| look.this_month());
    let unit = query.given.maybe_text("unit").map(|code| look.unit_by_code(code)).transpose()?;
    let wanted = query.given.maybe_text("state").map(str::to_owned);
    let (org_id, lang, today) = (look.org_id(), look.lang(), look.today());
    let mut rows = Vec::new();
    let mut found: Vec<(Book, BookMonth)> = Vec::new();
    for book in book::books_of_month(look.tx, org_id, month)? {
        let fits = unit.as_ref().is_none_or(|unit| unit.id == book.unit_id)
            && wanted.as_ref().is_none_or(|wanted| wanted == book.state.key())
            && look.sees(READ, book.unit_id);
        if fits && let Some(known) = look.books()?.get(&book.book_id).cloned() {
            found.push((known, book));
        }
    }
    for (known, book) in &found {
        let due_on =
            workflow::rules::due_by_code(&look.house.calendar, "submit_readings", book.scheduled_on)?;
        let late =
            if book.submitted_at.is_some() { book.late_days } else { book::rules::late_days(due_on, today) };
        let due = Cell::from(due_on).toned(match (book.submitted_at, late) {
            (Some(_), _) => Tone::Quiet,
            (None, late) if late > 0 => Tone::Bad,
            (None, _) if due_on == today => Tone::Warn,
            (None, _) => Tone::Plain,
        });
        let path = book_path(month, &known.number);
        let mut row = Row::from(cells![
            Cell::from(known.number.clone()).to(path.clone()),
            known.name.clone(),
            look.unit_name(book.unit_id)?,
            person_of(look, known.reader_id)?,
            book.scheduled_on,
            due,
            state(book.state),
            // Counted below, for the rows that are shown only.
            Cell::default(),
            Cell::default(),
            Cell::default(),
            Cell::default(),
            if late > 0 { Cell::from(late).toned(Tone::Bad) } else { Cell::default() },
            if book.batch_id > 0 { Cell::from(book.batch_id.to_string()) } else { Cell::default() },
        ]);
        match book.state {
            BookState::Created => row.offers.push(Offer::new("batch.delete", &[("batch", &book.batch_id)])),
            BookState::Entering | BookState::Returned if book.checked_by.is_some() => {
                row.offers.push(Offer::new("book.submit", &[("month", &month), ("book", &known.number)]));
            }
            BookState::Entering | BookState::Returned => {
                row.offers.push(Offer::new("book.self_check", &[("month", &month), ("book", &known.number)]));
            }
            _ => {}
        }
        rows.push(row);
    }
    let mut shown = Rows::of(COLUMNS, rows, query, lang);
    count(look, month, &found, &mut shown)?;
    Ok(shown)
}

/// Counts the lines of the books that are shown.
fn count(
    look: &mut Look<'_, '_>,
    month: Month,
    found: &[(Book, BookMonth)],
    shown: &mut Rows,
) -> Result<(), Refusal> {
    use crate::catalogue::Value;
    let org_id = look.org_id();
    let key_of = |row: &Row| match row.cells.first().map(|cell| &cell.value) {
        Some(Value::Text(number)) => {
            found.iter().find(|(known, _)| known.number == *number).map(|(known, _)| known.book_id)
        }
        _ => None,
    };
    let keys: Vec<i64> = shown.rows.iter().filter_map(key_of).collect();
    let mut progress: Vec<(i64, BookProgress)> = Vec::with_capacity(keys.len());
    for some in keys.chunks(500) {
        progress.extend(book::progress_of(look.tx, org_id, month, some)?);
    }
    for row in &mut shown.rows {
        let Some(key) = key_of(row) else { continue };
        let Some((_, of)) = progress.iter().find(|(book_id, _)| *book_id == key) else { continue };
        let counts = of.counts;
        let book = row.cells.first().and_then(|cell| cell.link.clone()).unwrap_or_default();
        let filled = [
            Cell::from(counts.lines).to(format!("{book}/lines")),
            Cell::from(counts.lines - counts.untouched).to(format!("{book}/readings")),
            left(counts.untouched, Tone::Warn).to(format!("{book}/readings")),
            left(of.suspicious, Tone::Warn).to(format!("{book}/lines?only=suspicious")),
        ];
        for (cell, filled) in row.cells.iter_mut().skip(7).zip(filled) {
            *cell = filled;
        }
    }
    Ok(())
}

fn master(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let unit = query.given.maybe_text("unit").map(|code| look.unit_by_code(code)).transpose()?;
    let (month, lang) = (look.this_month(), look.lang());
    let books: Vec<Book> = look.books()?.values().cloned().collect();
    let mut rows = Vec::new();
    for book in books {
        if !look.sees(READ, book.unit_id) || unit.as_ref().is_some_and(|unit| unit.id != book.unit_id) {
            continue;
        }
        if query.given.flag("without_day") && book.reading_day.is_some() {
            continue;
        }
        let mut row = Row::from(cells![
            Cell::from(book.number.clone()).to(book_path(month, &book.number)),
            book.name.clone(),
            look.unit_name(book.unit_id)?,
            person_of(look, book.reader_id)?,
            Cell::word(format!("choice.cycle.{}", book.cycle.key())),
            book.reading_day.map(i64::from),
        ]);
        row.offers.push(Offer::new("book.propose_day", &[("book", &book.number)]));
        row.offers.push(Offer::new("plan.report", &[("book", &book.number)]));
        rows.push(row);
    }
    Ok(Rows::of(MASTER.columns, rows, query, lang))
}

fn days(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let mut rows = Vec::new();
    for (proposal, book_id, day) in book::unreviewed_reading_days(look.tx, org_id)? {
        let Some(book) = look.books()?.get(&book_id).cloned() else { continue };
        if !look.sees(READ, book.unit_id) {
            continue;
        }
        let mut row = Row::from(cells![
            proposal.to_string(),
            book.number.clone(),
            look.unit_name(book.unit_id)?,
            book.reading_day.map(i64::from),
            i64::from(day),
        ]);
        row.offers.push(Offer::new("book.review_day", &[("proposal", &proposal)]));
        rows.push(row);
    }
    Ok(Rows::of(DAYS.columns, rows, query, lang))
}

/// The book of a month that a path names, for who may see it.
pub fn book_of(look: &mut Look<'_, '_>, given: &Given) -> Result<(Book, BookMonth), Refusal> {
    let month = given.month("month")?;
    let known = look.book(given.text("book"))?;
    look.require(READ, known.unit_id)?;
    let org_id = look.org_id();
    let opened = book::book_month(look.tx, org_id, month, known.book_id)?;
    let opened =
        opened.ok_or_else(|| Refusal::not_found("该月抄本", "reading book of that month", &known.number))?;
    Ok((known, opened))
}

fn show_book(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let month = given.month("month")?;
    let (known, opened) = book_of(look, given)?;
    let (org_id, today) = (look.org_id(), look.today());
    let number = &known.number;
    let mut sheet = Sheet::new(format!("{} {number} {}", month, known.name));
    sheet.version = Some(opened.version.to_string());
    sheet.badges.push(state(opened.state));
    sheet.badges.push(Cell::from(look.unit_name(opened.unit_id)?));
    let late = opened.late_days;
    if late > 0 {
        let told = Cell::said(format!("逾期提交 {late} 天"), format!("submitted {late} days late"));
        sheet.badges.push(told.toned(Tone::Bad));
    }
    let progress = book::progress_of(look.tx, org_id, month, &[known.book_id])?;
    let progress = progress.first().map(|(_, progress)| *progress).unwrap_or_default();
    let counts = progress.counts;
    let open = is_open(opened.state);
    if open {
        if matches!(opened.state, BookState::Entering | BookState::Returned) {
            if opened.checked_by.is_some() && counts.untouched == 0 {
                sheet.offer("book.submit", &[("month", &month), ("book", number)]);
            }
            sheet.offer("book.self_check", &[("month", &month), ("book", number)]);
        }
        if opened.state == BookState::Created && opened.batch_id > 0 {
            sheet.offer("batch.delete", &[("batch", &opened.batch_id)]);
        }
    } else {
        sheet.offer("book.ask_return", &[("month", &month), ("book", number)]);
    }
    sheet.offer("book.write_log", &[("month", &month), ("book", number)]);
    if open && counts.untouched > 0 {
        sheet.push(Block::Note(
            Tone::Warn,
            Text::new(
                format!("还有 {} 只表未录入；全部录入并自查后方可提交", counts.untouched),
                format!(
                    "{} meters are not entered; the book is submitted when all are and it was checked",
                    counts.untouched
                ),
            ),
        ));
    } else if open && opened.checked_by.is_none() {
        sheet.push(Block::Note(
            Tone::Warn,
            Text::new("自最后一次录入后尚未自查", "not checked since the last entry"),
        ));
    }
    let due_on = workflow::rules::due_by_code(&look.house.calendar, "submit_readings", opened.scheduled_on)?;
    let checker = opened.checked_by.map(|id| look.person_name(id)).transpose()?;
    let submitter = opened.submitted_by.filter(|id| *id > 0).map(|id| look.person_name(id)).transpose()?;
    let grid = format!("{}/readings", book_path(month, number));
    sheet.push(Block::Facts {
        name: "book",
        facts: vec![
            ("book", Kind::Text, Cell::from(number.clone())),
            ("book_name", Kind::Text, Cell::from(known.name.clone())),
            ("reader", Kind::Text, Cell::from(person_of(look, known.reader_id)?)),
            ("scheduled_on", Kind::Date, Cell::from(opened.scheduled_on)),
            ("due_on", Kind::Date, Cell::from(due_on)),
            ("state", Kind::Word, state(opened.state)),
            ("checked_by", Kind::Text, Cell::from(checker)),
            ("submitted_at", Kind::Moment, Cell::from(opened.submitted_at)),
            ("submitted_by", Kind::Text, Cell::from(submitter)),
            ("late_days", Kind::Count, Cell::from(late)),
        ],
    });
    let lines = format!("{}/lines", book_path(month, number));
    sheet.push(Block::Facts {
        name: "line_counts",
        facts: vec![
            ("lines", Kind::Count, Cell::from(counts.lines).to(grid.clone())),
            ("entered", Kind::Count, Cell::from(counts.lines - counts.untouched)),
            ("missing", Kind::Count, left(counts.untouched, Tone::Warn).to(grid.clone())),
            ("read", Kind::Count, Cell::from(counts.read)),
            ("zero_read", Kind::Count, Cell::from(counts.zero)),
            ("unread", Kind::Count, Cell::from(counts.unread)),
            ("estimated", Kind::Count, Cell::from(progress.estimated)),
            (
                "suspicious",
                Kind::Count,
                left(progress.suspicious, Tone::Warn).to(format!("{lines}?only=suspicious")),
            ),
        ],
    });
    sheet.push(Block::Files {
        name: "book_pages",
        files: vec![
            (Text::new("录入表码", "Enter readings"), grid),
            (Text::new("抄本明细", "Lines of the book"), lines),
        ],
    });
    exceptions(look, &mut sheet, month, &known)?;
    log_entries(look, &mut sheet, month, &known)?;
    let key = book_month_key(month, known.book_id);
    let mut clocks = Vec::new();
    for standing in workflow::clocks_of(look.tx, org_id, "book_month", key, today)? {
        clocks.push(Row::from(cells![
            clock_name(&standing.clock),
            look.unit_name(standing.clock.answerable_unit_id)?,
            standing.clock.started_on,
            standing.clock.due_on,
            standing.clock.met_on,
            clock_state(standing.state),
        ]));
    }
    sheet.push(Block::Table { name: "clocks", columns: CLOCKS.to_vec(), rows: clocks });
    let subject = workflow::Subject { kind: "book_month", id: key };
    let mut tickets = Vec::new();
    for ticket in workflow::tickets_about(look.tx, org_id, subject)? {
        tickets.push(super::tickets::row(look, &ticket)?);
    }
    if !tickets.is_empty() {
        let columns = super::tickets::COLUMNS.to_vec();
        sheet.push(Block::Table { name: "tickets", columns, rows: tickets });
    }
    let mut events = Vec::new();
    for step in book::steps(look.tx, org_id, month, known.book_id)?.into_iter().rev() {
        let what = Text::new(
            format!("{} → {}", step.from.text(kernel::Lang::Zh), step.to.text(kernel::Lang::Zh)),
            format!("{} → {}", step.from.text(kernel::Lang::En), step.to.text(kernel::Lang::En)),
        );
        events.push((step.at, look.person_name(step.person_id)?, what, step.reason));
    }
    sheet.push(Block::Timeline { name: "steps", events });
    Ok(sheet)
}

/// Columns of clocks, wherever they stand.
pub const CLOCKS: &[Column] = &[
    Column::new("deadline", Kind::Text),
    Column::new("answerable", Kind::Text),
    Column::new("started_on", Kind::Date),
    Column::new("due_on", Kind::Date),
    Column::new("met_on", Kind::Date),
    Column::new("state", Kind::Word),
];

fn exceptions(look: &mut Look<'_, '_>, sheet: &mut Sheet, month: Month, known: &Book) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let filter = billing::exception::ExceptionFilter { unit_id: Some(known.unit_id), ..Default::default() };
    let mut rows = Vec::new();
    for one in billing::exception::exceptions_of(look.tx, org_id, month, &filter)? {
        if one.book_id == known.book_id {
            rows.push(super::tickets::exception_row(look, month, &one)?);
        }
    }
    if !rows.is_empty() {
        sheet.push(Block::Table { name: "exceptions", columns: super::tickets::EXCEPTIONS.to_vec(), rows });
    }
    Ok(())
}

fn log_entries(
    look: &mut Look<'_, '_>,
    sheet: &mut Sheet,
    month: Month,
    known: &Book,
) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let accounts = metering::account::accounts_of_book(look.tx, org_id, known.book_id)?;
    let (Some(first), Some(last)) = (accounts.first(), accounts.last()) else { return Ok(()) };
    let bounds = (first.account.account_id, last.account.account_id);
    let mut rows = Vec::new();
    for entry in book::log_entries(look.tx, org_id, month, bounds)? {
        // Keys of another book's accounts can lie between.
        let Some(account) = accounts.iter().find(|one| one.account.account_id == entry.account_id) else {
            continue;
        };
        rows.push(Row::from(cells![
            entry.at,
            account.number.clone(),
            account.name.clone(),
            entry.meter_seq,
            Cell::word(format!("choice.log_kind.{}", entry.kind.key())),
            entry.note,
            look.person_name(entry.person_id)?,
        ]));
    }
    if !rows.is_empty() {
        let columns = vec![
            Column::new("at", Kind::Moment),
            Column::new("account", Kind::Text),
            Column::new("customer", Kind::Text),
            Column::new("meter_seq", Kind::Count),
            Column::new("log_kind", Kind::Word),
            Column::new("text", Kind::Text),
            Column::new("by", Kind::Text),
        ];
        sheet.push(Block::Table { name: "reading_log", columns, rows });
    }
    Ok(())
}
