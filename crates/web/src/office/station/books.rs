//! The reading books of a month, from the batch to the submission, and the request that opens one again.

use identity::Work;
use kernel::{Bilingual as _, Month, Text};
use metering::book::{self, Book, BookMonth, BookProgress, BookState, Cycle, LogKind, book_month_key};

use super::{
    ACCOUNT, BOOK, CENTRE, MONTH, NOTE, READ, REASON, UNIT, account_in, book_in, book_path, centre_in,
    clock_name, clock_state, persons, stations, unit_in,
};
use crate::catalogue::{
    Act, Area, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Page, Query, Refusal,
    Row, Rows, Run, Sheet, Takes, Tone, View, Weight, Who,
};
use crate::cells;

/// The states a book can be in, by code.
const STATES: &[&str] =
    &["created", "entering", "submitted", "calculating", "reviewing", "issued", "exception", "returned"];
/// What a reader sees on site.
pub const LOG_KINDS: &[&str] =
    &["meter_fault", "seal_broken", "no_access", "irregular_use", "unusual_use", "data_mismatch", "other"];
/// The months in which a book is read.
pub const CYCLES: &[&str] = &["monthly", "odd_months", "even_months"];
const ANSWERS: &[&str] = &["agree", "refuse"];

/// Agreed or refused.
pub const ANSWER: Field = Field::new("answer", Takes::Choice(ANSWERS));
/// Which meter of an account; the first when it is left out.
pub const METER: Field = Field::maybe("meter", Takes::Count(1, 9_999));

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
    filters: &[Field::maybe("unit", Takes::Option(stations))],
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
        CREATE_BATCH,
        DELETE_BATCH,
        CREATE_BOOK,
        super::readings::ENTER,
        super::readings::ENTER_ONE,
        WRITE_LOG,
        SELF_CHECK,
        SUBMIT,
        ASK_RETURN,
        ANSWER_RETURN,
        PROPOSE_DAY,
        REVIEW_DAY,
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

const CREATE_BATCH: Act = Act {
    name: "batch.create",
    path: "/batches",
    permission: "metering.create_batch",
    fields: &[MONTH, UNIT, Field::maybe("books", Takes::LongText(4_000))],
    run: Run::Command(create_batch),
    weight: Weight::Main,
    ..Act::PLAIN
};
const DELETE_BATCH: Act = Act {
    name: "batch.delete",
    path: "/batches/{batch}/delete",
    permission: "metering.delete_batch",
    fields: &[Field::new("batch", Takes::Id)],
    run: Run::Command(delete_batch),
    weight: Weight::Grave,
    ..Act::PLAIN
};
const CREATE_BOOK: Act = Act {
    name: "book.create",
    path: "/reading-books",
    permission: "metering.manage_books",
    fields: &[
        BOOK,
        Field::new("name", Takes::Text(60)),
        UNIT,
        Field::maybe("reader", Takes::Option(persons)),
        Field::new("cycle", Takes::Choice(CYCLES)),
    ],
    run: Run::Command(create_book),
    ..Act::PLAIN
};
const WRITE_LOG: Act = Act {
    name: "book.write_log",
    path: "/books/{month}/{book}/log",
    permission: "metering.write_log",
    fields: &[
        MONTH,
        BOOK,
        ACCOUNT,
        METER,
        Field::new("log_kind", Takes::Choice(LOG_KINDS)),
        Field::new("text", Takes::LongText(500)),
    ],
    run: Run::Command(write_log),
    ..Act::PLAIN
};
const SELF_CHECK: Act = Act {
    name: "book.self_check",
    path: "/books/{month}/{book}/self-check",
    permission: "metering.self_check",
    fields: &[MONTH, BOOK, NOTE],
    run: Run::Command(self_check),
    view: Some("book"),
    ..Act::PLAIN
};
const SUBMIT: Act = Act {
    name: "book.submit",
    path: "/books/{month}/{book}/submit",
    permission: "metering.submit_book",
    fields: &[MONTH, BOOK, CENTRE],
    run: Run::Command(submit),
    weight: Weight::Main,
    view: Some("book"),
    ..Act::PLAIN
};
const ASK_RETURN: Act = Act {
    name: "book.ask_return",
    path: "/books/{month}/{book}/ask-return",
    permission: "metering.raise_change",
    fields: &[MONTH, BOOK, ACCOUNT, METER, REASON, CENTRE],
    run: Run::Command(ask_return),
    ..Act::PLAIN
};
const ANSWER_RETURN: Act = Act {
    name: "book.answer_return",
    path: "/tickets/{ticket}/answer-return",
    permission: "metering.agree_return",
    fields: &[super::tickets::TICKET, ANSWER, NOTE],
    run: Run::Command(answer_return),
    weight: Weight::Main,
    view: Some("ticket"),
    ..Act::PLAIN
};
const PROPOSE_DAY: Act = Act {
    name: "book.propose_day",
    path: "/reading-books/{book}/propose-day",
    permission: "metering.set_reading_day",
    fields: &[BOOK, Field::new("day", Takes::Count(1, 31))],
    run: Run::Command(propose_day),
    ..Act::PLAIN
};
const REVIEW_DAY: Act = Act {
    name: "book.review_day",
    path: "/reading-days/{proposal}/review",
    permission: "metering.review_reading_day",
    fields: &[Field::new("proposal", Takes::Id), ANSWER, NOTE],
    run: Run::Command(review_day),
    weight: Weight::Main,
    ..Act::PLAIN
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
            look.person_name(known.reader_id)?,
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
        let filled = [
            Cell::from(counts.lines),
            Cell::from(counts.lines - counts.untouched),
            left(counts.untouched, Tone::Warn),
            left(of.suspicious, Tone::Warn),
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
        let mut row = Row::from(cells![
            Cell::from(book.number.clone()).to(book_path(month, &book.number)),
            book.name.clone(),
            look.unit_name(book.unit_id)?,
            look.person_name(book.reader_id)?,
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
            ("reader", Kind::Text, Cell::from(look.person_name(known.reader_id)?)),
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

fn create_batch(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let (month, unit) = (given.month("month")?, unit_in(work, given.text("unit"))?);
    let org_id = work.org_id();
    let chosen: Vec<i64> = match given.maybe_text("books") {
        Some(numbers) => {
            let split = |c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、' | ';' | '；');
            let numbers = numbers.split(split).filter(|number| !number.is_empty());
            numbers.map(|number| Ok(book_in(work, number)?.book_id)).collect::<Result<_, Refusal>>()?
        }
        None => {
            let opened = book::books_of_month(work.tx, org_id, month)?;
            let fits = |book: &Book| {
                book.unit_id == unit.id
                    && book::rules::is_read_in(book.cycle, month)
                    && opened.iter().all(|open| open.book_id != book.book_id)
            };
            book::books(work.tx, org_id)?.into_iter().filter(fits).map(|book| book.book_id).collect()
        }
    };
    let (batch, lines) = book::create_batch(work, &house.calendar, unit.id, month, &chosen)?;
    let count = chosen.len();
    Ok(Done::said(
        format!("已创建批次：{count} 本抄本，{lines} 只表"),
        format!("opened {count} books with {lines} meters"),
    )
    .see(format!("/books?month={month}&unit={}", crate::frame::url::encode(&unit.code)))
    .fact("batch", batch.to_string())
    .fact("books", count)
    .fact("lines", lines))
}

fn delete_batch(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    book::delete_batch(work, given.number("batch")?)?;
    Ok(Done::said("已删除批次", "the batch is deleted").see("/books"))
}

fn create_book(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let unit = unit_in(work, given.text("unit"))?;
    let org_id = work.org_id();
    let reader_id = match given.maybe_text("reader") {
        Some(login) => super::person_in(work, login)?,
        None => 0,
    };
    // Keys of books ascend; accounts are neighbours in the order of their books.
    let last = book::books(work.tx, org_id)?.last().map_or(0, |last| last.book_id);
    let new = Book {
        book_id: last + 1,
        number: given.text("book").to_owned(),
        name: given.text("name").to_owned(),
        unit_id: unit.id,
        reader_id,
        cycle: Cycle::from_words(given.text("cycle")).unwrap_or(Cycle::Monthly),
        reading_day: None,
        version: 1,
    };
    book::create_book(work, &new)?;
    Ok(Done::said(format!("已建抄本 {}", new.number), format!("made the book {}", new.number))
        .see("/reading-books"))
}

fn write_log(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, number) = (given.month("month")?, given.text("account"));
    let account = account_in(work, number)?;
    let meter = given.maybe_number("meter").unwrap_or(1);
    let kind = LogKind::from_words(given.text("log_kind"))
        .ok_or_else(|| Refusal::not_found("日志类别", "kind of log entry", given.text("log_kind")))?;
    book::write_log(work, month, (account.account.account_id, meter), kind, given.text("text"))?;
    Ok(Done::said(format!("已记抄表日志：{number}"), format!("written into the log of {number}"))
        .see(book_path(month, given.text("book"))))
}

fn self_check(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, book) = (given.month("month")?, book_in(work, given.text("book"))?);
    book::self_check(work, month, book.book_id, given.text("note"))?;
    let number = &book.number;
    Ok(Done::said(format!("抄本 {number} {month} 已自查"), format!("book {number} of {month} is checked"))
        .see(book_path(month, number)))
}

fn submit(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let (month, book) = (given.month("month")?, book_in(work, given.text("book"))?);
    let centre = centre_in(work, given.maybe_text("centre"))?;
    let done = billing::submit_book(work, &house.calendar, month, book.book_id, Some(centre))?;
    let (number, late, issue_by) = (&book.number, done.book.late_days, done.issue_by);
    let said = if late > 0 {
        Done::said(
            format!("抄本 {number} {month} 已提交，逾期 {late} 天，应于 {issue_by} 前发行"),
            format!("book {number} of {month} is submitted, {late} days late; to be issued by {issue_by}"),
        )
    } else {
        Done::said(
            format!("抄本 {number} {month} 已按时提交，应于 {issue_by} 前发行"),
            format!("book {number} of {month} is submitted in time; to be issued by {issue_by}"),
        )
    };
    Ok(said.see(book_path(month, number)).fact("late_days", late).fact("issue_by", issue_by.to_string()))
}

fn ask_return(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    let account = account_in(work, given.text("account"))?;
    let book = book_in(work, given.text("book"))?;
    if account.account.book_id != book.book_id {
        let known =
            Text::new(format!("不在抄本 {} 中", book.number), format!("is not in book {}", book.number));
        return Err(Refusal::fields(vec![("account".into(), known)]));
    }
    let centre = centre_in(work, given.maybe_text("centre"))?;
    let line = (account.account.account_id, given.maybe_number("meter").unwrap_or(1));
    let ticket =
        metering::ticket::raise_change(work, &house.calendar, centre, month, line, given.text("reason"))?;
    Ok(Done::said(
        format!("工作票 {} 已送电费管理中心", ticket.number),
        format!("ticket {} went to the billing centre", ticket.number),
    )
    .see(format!("/tickets/{}", ticket.id))
    .fact("ticket", ticket.id.to_string())
    .fact("number", ticket.number))
}

fn answer_return(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let (ticket, agreed) = (given.number("ticket")?, given.text("answer") == "agree");
    let answered =
        metering::ticket::answer_change(work, &house.calendar, ticket, agreed, given.text("note"))?;
    let number = &answered.number;
    let said = if agreed {
        Done::said(
            format!("工作票 {number} 已同意，抄本退回供电所"),
            format!("ticket {number} is agreed; the book goes back to the station"),
        )
    } else {
        Done::said(format!("工作票 {number} 不同意"), format!("ticket {number} is refused"))
    };
    Ok(said.see(format!("/tickets/{ticket}")))
}

fn propose_day(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (book, day) = (book_in(work, given.text("book"))?, given.number("day")?);
    let proposal = book::propose_reading_day(work, book.book_id, u8::try_from(day).unwrap_or(0))?;
    let number = &book.number;
    Ok(Done::said(
        format!("抄本 {number} 例日 {day} 日已报送，待营销部审核"),
        format!("day {day} of book {number} is proposed and waits for review"),
    )
    .see("/reading-days")
    .fact("proposal", proposal.to_string()))
}

fn review_day(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let agreed = given.text("answer") == "agree";
    book::review_reading_day(work, given.number("proposal")?, agreed, given.text("note"))?;
    Ok(if agreed {
        Done::said("例日已审核生效", "the reading day is in force")
    } else {
        Done::said("例日未同意", "the reading day is refused")
    }
    .see("/reading-days"))
}
