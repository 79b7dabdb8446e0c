//! What is done with a reading book: opened, checked, submitted, asked back; its reading day proposed and reviewed.

use identity::Work;
use kernel::Text;
use metering::book::{self, Book, Cycle, LogKind, ToOpen};

use super::{
    ACCOUNT, BOOK, CENTRE, MONTH, NOTE, REASON, UNIT, account_in, book_in, book_path, centre_in, persons,
    unit_in,
};
use crate::catalogue::{Act, Done, Field, Given, House, Refusal, Run, Takes, Weight};

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

pub(super) const CREATE_BATCH: Act = Act {
    name: "batch.create",
    path: "/batches",
    permission: "metering.create_batch",
    fields: &[MONTH, UNIT, Field::maybe("books", Takes::LongText(4_000))],
    run: Run::Command(create_batch),
    weight: Weight::Main,
    ..Act::PLAIN
};
pub(super) const DELETE_BATCH: Act = Act {
    name: "batch.delete",
    path: "/batches/{batch}/delete",
    permission: "metering.delete_batch",
    fields: &[Field::new("batch", Takes::Id)],
    run: Run::Command(delete_batch),
    weight: Weight::Grave,
    ..Act::PLAIN
};
pub(super) const CREATE_BOOK: Act = Act {
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
pub(super) const WRITE_LOG: Act = Act {
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
pub(super) const SELF_CHECK: Act = Act {
    name: "book.self_check",
    path: "/books/{month}/{book}/self-check",
    permission: "metering.self_check",
    fields: &[MONTH, BOOK, NOTE],
    run: Run::Command(self_check),
    view: Some("book"),
    ..Act::PLAIN
};
pub(super) const SUBMIT: Act = Act {
    name: "book.submit",
    path: "/books/{month}/{book}/submit",
    permission: "metering.submit_book",
    fields: &[MONTH, BOOK, CENTRE],
    run: Run::Command(submit),
    weight: Weight::Main,
    view: Some("book"),
    ..Act::PLAIN
};
pub(super) const ASK_RETURN: Act = Act {
    name: "book.ask_return",
    path: "/books/{month}/{book}/ask-return",
    permission: "metering.raise_change",
    fields: &[MONTH, BOOK, ACCOUNT, METER, REASON, CENTRE],
    run: Run::Command(ask_return),
    ..Act::PLAIN
};
pub(super) const ANSWER_RETURN: Act = Act {
    name: "book.answer_return",
    path: "/tickets/{ticket}/answer-return",
    permission: "metering.agree_return",
    fields: &[super::tickets::TICKET, ANSWER, NOTE],
    run: Run::Command(answer_return),
    weight: Weight::Main,
    view: Some("ticket"),
    ..Act::PLAIN
};
pub(super) const PROPOSE_DAY: Act = Act {
    name: "book.propose_day",
    path: "/reading-books/{book}/propose-day",
    permission: "metering.set_reading_day",
    fields: &[BOOK, Field::new("day", Takes::Count(1, 31))],
    run: Run::Command(propose_day),
    ..Act::PLAIN
};
pub(super) const REVIEW_DAY: Act = Act {
    name: "book.review_day",
    path: "/reading-days/{proposal}/review",
    permission: "metering.review_reading_day",
    fields: &[Field::new("proposal", Takes::Id), ANSWER, NOTE],
    run: Run::Command(review_day),
    weight: Weight::Main,
    ..Act::PLAIN
};

fn create_batch(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let (month, unit) = (given.month("month")?, unit_in(work, given.text("unit"))?);
    let org_id = work.org_id();
    let to_open = match given.maybe_text("books") {
        Some(numbers) => {
            let split = |c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、' | ';' | '；');
            let numbers = numbers.split(split).filter(|number| !number.is_empty());
            let books = numbers.map(|number| Ok(book_in(work, number)?.book_id));
            ToOpen { books: books.collect::<Result<_, Refusal>>()?, without_day: Vec::new() }
        }
        None => book::books_to_open(work.tx, org_id, unit.id, month)?,
    };
    let (batch, lines) = book::create_batch(work, &house.calendar, unit.id, month, &to_open.books)?;
    let (count, left_out) = (to_open.books.len(), to_open.left_out());
    Ok(Done::said(
        format!("已创建批次：{count} 本抄本，{lines} 只表{}", left_out.zh),
        format!("opened {count} books with {lines} meters{}", left_out.en),
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
