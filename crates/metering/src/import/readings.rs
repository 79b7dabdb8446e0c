//! Readings of a month from a file.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use identity::{Desk, Work};
use interchange::TypedRow;
use kernel::{Bilingual, Date, Lang, Month, Quantity, Text};

use super::accounts::strs;
use super::portions::{Fate, refused, take_in};
use super::{FileKind, Incoming, Outcome, sheets, sql};
use crate::book::rules::{self, Act};
use crate::book::{self, BookMonth, Entered, take_step};
use crate::entry;
use crate::reading::{Reading, ReadingStatus, Register};
use crate::{Result, permissions};

/// Takes in the readings of `month` for books that are open. Unknown meters, closed books, other months, days out of
/// the month's reach, and values that cannot be right come back in `rejects`; a line that stands exactly so already is
/// unchanged. Source: READ-05, READ-14.
pub fn import_readings<W: Write>(
    desk: &Desk<'_>,
    incoming: Incoming,
    month: Month,
    rejects: W,
) -> Result<(Outcome, W)> {
    let sheet = sheets::readings_sheet()?;
    take_in(desk, incoming, FileKind::Readings, &sheet, rejects, |work, rows| take(work, month, rows))
}

fn take(work: &mut Work<'_, '_>, month: Month, rows: &[TypedRow]) -> Result<Vec<Fate>> {
    let org_id = work.org_id();
    let numbers =
        rows.iter().map(|row| row.need::<String>("meter")).collect::<interchange::Result<Vec<_>>>()?;
    let installed = sql::meters_by_number(work.tx, org_id, &strs(&numbers))?;
    let accounts: Vec<i64> = installed.values().map(|one| one.meter.account_id).collect();
    let mut lines: HashMap<(i64, i64), Reading> = HashMap::with_capacity(accounts.len());
    for line in entry::load_lines(work.tx, org_id, month, &accounts)? {
        lines.insert((line.account_id, line.meter_seq), line);
    }
    let mut books: BTreeMap<i64, Option<BookMonth>> = BTreeMap::new();
    let mut decided: BTreeMap<i64, Vec<Reading>> = BTreeMap::new();
    let mut fates = Vec::with_capacity(rows.len());
    for (row, number) in rows.iter().zip(&numbers) {
        let Some(one) = installed.get(number) else {
            fates.push(refused(
                Some("meter"),
                format!("没有在用的电能表 {number}"),
                format!("there is no meter {number} in use"),
            ));
            continue;
        };
        let opened = match books.entry(one.book_id) {
            Slot::Occupied(found) => found.into_mut(),
            Slot::Vacant(slot) => slot.insert(book::book_month(work.tx, org_id, month, one.book_id)?),
        };
        let fate = match opened {
            _ if work.require(permissions::ENTER_READING, one.unit_id).is_err() => {
                refused(Some("meter"), "无权录入该表", "you may not enter readings of this meter")
            }
            None => refused(
                Some("meter"),
                format!("{month} 未建该表所在抄本的批次"),
                format!("the book of this meter is not opened in {month}"),
            ),
            Some(opened) => match rules::after(opened.state, Act::Enter) {
                None => {
                    let state = opened.state;
                    refused(
                        Some("meter"),
                        format!("抄本“{}”，表码已锁定", state.text(Lang::Zh)),
                        format!("the book is {}: its readings are locked", state.text(Lang::En)),
                    )
                }
                Some(_) => match (read(row, month, one, work.today())?, lines.get(&key(one))) {
                    (Err(fate), _) => fate,
                    (_, None) => {
                        refused(Some("meter"), "本月没有该表的抄表行", "the month has no line of this meter")
                    }
                    (Ok(entered), Some(line)) => {
                        match rules::enter(line, &rolled_where_less(entered, line)) {
                            Err(fault) => Fate::Refused(
                                Some("total"),
                                Text::new(fault.text(Lang::Zh), fault.text(Lang::En)),
                            ),
                            Ok(next) if next == *line && line.entered_by != 0 => Fate::Unchanged,
                            Ok(next) => {
                                decided.entry(one.book_id).or_default().push(next);
                                Fate::Added
                            }
                        }
                    }
                },
            },
        };
        fates.push(fate);
    }
    let by = (work.actor().person_id, work.now());
    for (book_id, mut next) in decided {
        let Some(Some(opened)) = books.remove(&book_id) else { continue };
        next.sort_by_key(|line| (line.account_id, line.meter_seq));
        entry::apply(work.tx, org_id, month, &next, by, "import")?;
        let to = rules::step(&opened, Act::Enter)?;
        if to != opened.state || opened.checked_by.is_some() {
            take_step(work, permissions::ENTER_READING, &opened, to, "", |book| book.checked_by = None)?;
        }
        entry::record_lines(work, &opened, &next, "import")?;
    }
    Ok(fates)
}

fn key(one: &sql::Installed) -> (i64, i64) {
    (one.meter.account_id, one.meter.meter_seq)
}

/// A row confirms a roll-over for the meter, and so for those registers that show less than before; a row that confirms
/// one although none does keeps it for the first, to be refused.
fn rolled_where_less(mut entered: Entered, line: &Reading) -> Entered {
    if let Some(first) = entered.rolled_over.first().copied() {
        let shows_less = |register: Register| {
            let shown = entered.shown.iter().find(|(given, _)| *given == register);
            let before = line.registers.of(register).filter(|_| register != Register::Demand);
            shown.zip(before).is_some_and(|((_, value), span)| *value < span.previous)
        };
        let less: Vec<Register> =
            entered.rolled_over.iter().copied().filter(|register| shows_less(*register)).collect();
        entered.rolled_over = if less.is_empty() { vec![first] } else { less };
    }
    entered
}

/// What one row says, with the checks that need the month and the day.
fn read(
    row: &TypedRow,
    month: Month,
    one: &sql::Installed,
    today: Date,
) -> Result<std::result::Result<Entered, Fate>> {
    if let Some(other) = row.get::<Month>("month")?.filter(|other| *other != month) {
        return Ok(Err(refused(
            Some("month"),
            format!("该行是 {other} 的表码，本次导入 {month}"),
            format!("this row is of {other}, this import is of {month}"),
        )));
    }
    let read_on: Date = row.need("read_on")?;
    let reach = month.previous().first_day()..=month.next().last_day();
    if !reach.contains(&read_on) || read_on > today {
        return Ok(Err(refused(
            Some("read_on"),
            format!("抄表日期 {read_on} 不在 {month} 前后或晚于今天"),
            format!("the day {read_on} is out of reach of {month} or after today"),
        )));
    }
    let yes = |key: &str| row.get::<String>(key).map(|value| value.as_deref() == Some("1"));
    let mut shown = Vec::new();
    for register in Register::ALL {
        if let Some(value) = row.get::<Quantity>(register.key())? {
            shown.push((*register, value));
        }
    }
    let rolled_over = if yes("rolled_over")? {
        Register::ALL.iter().copied().filter(|register| one.meter.registers & register.bit() != 0).collect()
    } else {
        Vec::new()
    };
    Ok(Ok(Entered {
        account_id: one.meter.account_id,
        meter_seq: one.meter.meter_seq,
        status: row.get::<String>("status")?.and_then(|words| ReadingStatus::from_words(&words)),
        read_on,
        shown,
        rolled_over,
        estimated: yes("estimated")?,
        version: None,
    }))
}
