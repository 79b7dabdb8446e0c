//! The lines of a book: what they show, what looks wrong, and one line with its earlier values.

use std::collections::HashMap;

use billing::gates::{Limits, quantity_is_off};
use kernel::{Month, Quantity};
use metering::entry::{self, SheetLine};
use metering::reading::{Reading, ReadingFlags, ReadingStatus, Register};

use super::books::book_of;
use super::{ACCOUNT, BOOK, MONTH, READ, account_path, book_path, person_of};
use crate::catalogue::{
    Block, Cell, Column, Field, Given, Kind, List, Look, Query, Refusal, Row, Rows, Sheet, Takes, Tone, View,
};
use crate::cells;

/// How a line was read, as people choose it: estimates are readings that nobody saw.
pub const KINDS: &[&str] = &["actual", "estimated", "zero", "unread"];
const ONLY: &[&str] = &["missing", "suspicious", "estimated", "unread", "zero"];

/// A register that looks wrong at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Off the average of the three months before by 30 % or more. (BILL-08)
    Off,
    /// Nothing was used.
    Zero,
    /// Nobody read it.
    Unread,
    /// Fewer than three months to compare with.
    Short,
    /// Nothing was used in the three months before.
    ZeroAverage,
}

impl Mark {
    /// Its code; the words are the message `mark.CODE`.
    pub fn code(self) -> &'static str {
        match self {
            Mark::Off => "off",
            Mark::Zero => "zero",
            Mark::Unread => "unread",
            Mark::Short => "short",
            Mark::ZeroAverage => "zero_average",
        }
    }
    /// Is it one to look at before the book is submitted?
    pub fn is_suspicious(self) -> bool {
        matches!(self, Mark::Off)
    }
}

/// The mark of a register: of the total, or of every energy register of a meter without one.
pub fn mark(line: &SheetLine, reading: &Reading, register: Register) -> Result<Option<Mark>, Refusal> {
    let compared = register == Register::Total
        || (reading.registers.of(Register::Total).is_none() && register != Register::Demand);
    if !compared || (reading.entered_by == 0 && reading.status == ReadingStatus::Unread) {
        return Ok(None);
    }
    let past = line.past_sum(register);
    Ok(match reading.status {
        ReadingStatus::Unread => Some(Mark::Unread),
        ReadingStatus::Zero => Some(Mark::Zero),
        ReadingStatus::Read if line.past_months < entry::MONTHS_COMPARED => Some(Mark::Short),
        ReadingStatus::Read if past.units() <= 0 => Some(Mark::ZeroAverage),
        ReadingStatus::Read => {
            let used = reading.consumption(register)?.unwrap_or(Quantity::ZERO);
            quantity_is_off(used, past, &Limits::default()).then_some(Mark::Off)
        }
    })
}

/// How a line was read, by code; none while nobody has entered it.
pub fn kind_of(reading: &Reading) -> Option<&'static str> {
    match reading.status {
        ReadingStatus::Unread if reading.entered_by == 0 => None,
        ReadingStatus::Unread => Some("unread"),
        _ if reading.flags.has(ReadingFlags::ESTIMATED) => Some("estimated"),
        ReadingStatus::Zero => Some("zero"),
        ReadingStatus::Read => Some("actual"),
    }
}

/// The lines of a book.
pub const LINES: List = List {
    name: "book_lines",
    path: "/books/{month}/{book}/lines",
    permission: READ,
    filters: &[MONTH, BOOK, Field::maybe("only", Takes::Choice(ONLY))],
    columns: &[
        Column::sorted("route", Kind::Count),
        Column::sorted("account", Kind::Text),
        Column::sorted("customer", Kind::Text),
        Column::sorted("meter", Kind::Text),
        Column::new("meter_seq", Kind::Count),
        Column::new("register", Kind::Word),
        Column::new("previous", Kind::Quantity(2)),
        Column::new("current", Kind::Quantity(2)),
        Column::new("multiplier", Kind::Text),
        Column::summed("used", Kind::Quantity(2)),
        Column::sorted("average", Kind::Quantity(2)),
        Column::sorted("reading_kind", Kind::Word),
        Column::sorted("mark", Kind::Word),
        Column::sorted("score", Kind::Count),
        Column::new("read_on", Kind::Date),
        Column::new("by", Kind::Text),
    ],
    rows: lines,
    menu: false,
    acts: &[],
};

/// One line with its earlier values.
pub const LINE: View = View {
    name: "reading",
    path: "/readings/{month}/{account}/{meter}",
    permission: READ,
    params: &[MONTH, ACCOUNT, Field::new("meter", Takes::Count(1, 9_999))],
    show: show_line,
    menu: false,
};

/// Scores of a month for a book, where it was scored.
pub fn scores(look: &mut Look<'_, '_>, month: Month, book_id: i64) -> Result<HashMap<i64, u8>, Refusal> {
    use billing::suspicion::{Band, scores_of};
    let org_id = look.org_id();
    let found = scores_of(look.tx, org_id, month, Band::Sample, Some(book_id), None)?;
    Ok(found.into_iter().map(|score| (score.account_id, score.score)).collect())
}

fn mark_cell(mark: Option<Mark>) -> Cell {
    match mark {
        Some(mark) => Cell::word(format!("mark.{}", mark.code())).toned(if mark.is_suspicious() {
            Tone::Bad
        } else {
            Tone::Warn
        }),
        None => Cell::default(),
    }
}

fn lines(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let month = query.given.month("month")?;
    let (known, _) = book_of(look, query.given)?;
    let (org_id, lang) = (look.org_id(), look.lang());
    let scores = scores(look, month, known.book_id)?;
    let only = query.given.text("only").to_owned();
    let mut rows = Vec::new();
    for line in entry::entry_sheet(look.tx, org_id, month, known.book_id)? {
        let reading = &line.reading;
        let kind = kind_of(reading);
        let score = scores.get(&reading.account_id).copied();
        for (register, span) in reading.registers.iter() {
            let mark = mark(&line, reading, register)?;
            let wanted = match only.as_str() {
                "" => true,
                "missing" => line.is_open(),
                "suspicious" => mark.is_some_and(Mark::is_suspicious),
                of_kind => kind == Some(of_kind),
            };
            if !wanted {
                continue;
            }
            let path = format!(
                "/readings/{month}/{}/{}",
                crate::frame::url::encode(&line.account_number),
                reading.meter_seq
            );
            let entered = !line.is_open();
            rows.push(Row::from(cells![
                line.route_sequence,
                Cell::from(line.account_number.clone()).to(path),
                line.name.clone(),
                line.meter_number.clone(),
                reading.meter_seq,
                Cell::word(format!("choice.register.{}", register.key())),
                span.previous,
                if entered { Cell::from(span.current) } else { Cell::default() },
                reading.multiplier.to_string(),
                if entered { Cell::from(reading.consumption(register)?) } else { Cell::default() },
                line.average(register)?,
                kind.map_or_else(
                    || Cell::word("choice.reading_kind.missing").toned(Tone::Warn),
                    |kind| Cell::word(format!("choice.reading_kind.{kind}"))
                ),
                mark_cell(mark),
                score.map(i64::from),
                reading.read_on,
                person_of(look, reading.entered_by)?,
            ]));
        }
    }
    // Reactive energy and demand are no kWh: a sum over all registers would say nothing.
    let mut shown = Rows::of(LINES.columns, rows, query, lang);
    shown.sums.clear();
    Ok(shown)
}

fn show_line(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (month, meter) = (given.month("month")?, given.number("meter")?);
    let account = look.account(given.text("account"))?;
    look.require(READ, account.account.unit_id)?;
    let org_id = look.org_id();
    let missing = || Refusal::not_found("该月抄表行", "line of that month", &account.number);
    let found = entry::entry_sheet_of(look.tx, org_id, month, account.account.book_id, &[&account])?;
    let line = found
        .iter()
        .find(|line| line.reading.account_id == account.account.account_id && line.reading.meter_seq == meter)
        .ok_or_else(missing)?;
    let reading = &line.reading;
    let book = look.books()?.get(&account.account.book_id).map(|book| book.number.clone());
    let book = book.unwrap_or_default();
    let mut sheet = Sheet::new(format!("{month} {} {}", account.number, account.name));
    sheet.version = Some(reading.version.to_string());
    if let Some(kind) = kind_of(reading) {
        sheet.badges.push(Cell::word(format!("choice.reading_kind.{kind}")));
    }
    sheet.offer("readings.enter_one", &[("month", &month), ("account", &account.number), ("meter", &meter)]);
    sheet.offer(
        "book.write_log",
        &[("month", &month), ("book", &book), ("account", &account.number), ("meter", &meter)],
    );
    sheet.offer(
        "book.ask_return",
        &[("month", &month), ("book", &book), ("account", &account.number), ("meter", &meter)],
    );
    sheet.push(Block::Facts {
        name: "reading",
        facts: vec![
            ("account", Kind::Text, Cell::from(account.number.clone()).to(account_path(&account.number))),
            ("customer", Kind::Text, Cell::from(account.name.clone())),
            ("address", Kind::Text, Cell::from(line.address.clone())),
            ("book", Kind::Text, Cell::from(book.clone()).to(book_path(month, &book))),
            ("meter", Kind::Text, Cell::from(line.meter_number.clone())),
            ("multiplier", Kind::Text, Cell::from(reading.multiplier.to_string())),
            ("digits", Kind::Count, Cell::from(i64::from(reading.digits))),
            ("read_on", Kind::Date, Cell::from(reading.read_on)),
            ("by", Kind::Text, Cell::from(person_of(look, reading.entered_by)?)),
            ("at", Kind::Moment, Cell::from(reading.entered_at)),
        ],
    });
    let mut rows = Vec::new();
    for (register, span) in reading.registers.iter() {
        rows.push(Row::from(cells![
            Cell::word(format!("choice.register.{}", register.key())),
            span.previous,
            span.current,
            reading.consumption(register)?,
            line.average(register)?,
            mark_cell(mark(line, reading, register)?),
            reading.flags.rolled_over(register),
        ]));
    }
    let columns = vec![
        Column::new("register", Kind::Word),
        Column::new("previous", Kind::Quantity(2)),
        Column::new("current", Kind::Quantity(2)),
        Column::new("used", Kind::Quantity(2)),
        Column::new("average", Kind::Quantity(2)),
        Column::new("mark", Kind::Word),
        Column::new("rolled_over", Kind::Flag),
    ];
    sheet.push(Block::Table { name: "registers", columns, rows });
    let mut rows = Vec::new();
    let key = (reading.account_id, meter);
    for one in entry::reading_history(look.tx, org_id, month, key)?.into_iter().rev() {
        for (register, span) in one.reading.registers.iter() {
            rows.push(Row::from(cells![
                Cell::word(format!("choice.register.{}", register.key())),
                span.current,
                kind_of(&one.reading).map(|kind| Cell::word(format!("choice.reading_kind.{kind}"))),
                person_of(look, one.reading.entered_by)?,
                one.reading.entered_at,
                look.person_name(one.replaced_by)?,
                one.replaced_at,
                one.reason.clone(),
            ]));
        }
    }
    if !rows.is_empty() {
        let columns = vec![
            Column::new("register", Kind::Word),
            Column::new("earlier", Kind::Quantity(2)),
            Column::new("reading_kind", Kind::Word),
            Column::new("by", Kind::Text),
            Column::new("at", Kind::Moment),
            Column::new("replaced_by", Kind::Text),
            Column::new("replaced_at", Kind::Moment),
            Column::new("reason", Kind::Text),
        ];
        sheet.push(Block::Table { name: "earlier_values", columns, rows });
    }
    Ok(sheet)
}
