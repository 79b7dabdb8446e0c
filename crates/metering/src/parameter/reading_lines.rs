//! Reading lines that follow from meters put on and taken off.

use identity::Work;
use kernel::Month;

use super::Result;
use super::supply::{self, OpenMonth, Shown, Supply};
use crate::account::{AccountStatus, Meter};
use crate::book::{self, BookMonth};
use crate::entry;
use crate::reading::{Reading, ReadingBulk, ReadingFlags, ReadingStatus, Registers, Span};

/// Brings the reading lines of the month into step with meters put on and taken off: a meter taken off has its final
/// line in the first month in which lines may still be written, a meter put on its first line in an open one.
pub(crate) fn move_lines(work: &mut Work<'_, '_>, before: &Supply, after: &Supply) -> Result<()> {
    let (org_id, now, account_id) = (work.org_id(), work.now(), after.account_id());
    let closed = after.details.account.status == AccountStatus::Closed;
    let book_id = after.details.account.book_id;
    for shown in &after.shown {
        let Some(meter) = after.meters.iter().find(|meter| meter.meter_seq == shown.meter_seq) else {
            continue;
        };
        let day =
            if shown.taken_off { meter.removed_on.unwrap_or(meter.installed_on) } else { meter.installed_on };
        let opened = supply::sql::opened_months(work.tx, org_id, book_id, day.month())?;
        let mut month = day.month();
        let open = loop {
            match opened.iter().find(|(known, _)| known.month == month) {
                Some((OpenMonth { for_entry: false, .. }, _)) => month = month.next(),
                Some(_) => break true,
                None => break false,
            }
        };
        if !shown.taken_off {
            match book::book_month(work.tx, org_id, month, book_id)? {
                Some(book) if open => first_line(work, &book)?,
                // The meter came after its month was locked: its line waits beside the final one of its forerunner.
                _ if month != day.month() => waiting_line(work, meter, shown, (month, book_id))?,
                _ => {}
            }
            continue;
        }
        if !open && month == day.month() && !closed {
            continue; // The opening of that month finds the meter by itself.
        }
        // A meter put on and taken off by the same ticket never was in any month: it begins with what it showed.
        let began = before.meters.iter().any(|known| known.meter_seq == shown.meter_seq);
        let known = entry::load_lines(work.tx, org_id, month, &[account_id])?;
        let line = known.iter().find(|line| line.meter_seq == shown.meter_seq).copied();
        let mut last = line;
        let mut back = month;
        for _ in 0..14 {
            if last.is_some() || !began {
                break;
            }
            back = back.previous();
            let earlier = entry::load_lines(work.tx, org_id, back, &[account_id])?;
            last = earlier.iter().find(|line| line.meter_seq == shown.meter_seq).copied();
        }
        let mut registers = Registers::default();
        for (register, current) in &shown.registers {
            let span = last.and_then(|last| last.registers.of(*register));
            let previous = match (line.is_some(), span) {
                (true, Some(span)) => span.previous,
                (false, Some(span)) => span.current,
                (_, None) => kernel::Quantity::default(),
            };
            registers.set(*register, Some(Span { previous, current: *current }));
        }
        let mut flags = line.map_or(ReadingFlags::default(), |line| line.flags);
        flags = flags.with(ReadingFlags::FINAL, true);
        let total = registers.of(crate::reading::Register::Total);
        let nothing = total.is_some_and(|span| span.previous == span.current);
        let reading = Reading {
            account_id,
            meter_seq: meter.meter_seq,
            point_seq: meter.point_seq,
            digits: meter.digits,
            multiplier: meter.multiplier,
            status: if nothing { ReadingStatus::Zero } else { ReadingStatus::Read },
            flags,
            read_on: day,
            registers,
            entered_by: work.actor().person_id,
            entered_at: now,
            version: line.map_or(1, |line| line.version),
        };
        if line.is_some() {
            let by = (work.actor().person_id, now);
            entry::apply(work.tx, org_id, month, &[reading], by, "meter taken off")?;
        } else {
            let mut bulk = ReadingBulk::new(org_id);
            bulk.reading(month, &reading)?;
            bulk.load(work.tx)?;
        }
    }
    Ok(())
}

fn waiting_line(
    work: &mut Work<'_, '_>,
    meter: &Meter,
    shown: &Shown,
    (month, book_id): (Month, i64),
) -> Result<()> {
    let (org_id, now) = (work.org_id(), work.now());
    let reading_day = book::book(work.tx, org_id, book_id)?.and_then(|book| book.reading_day);
    let read_on = match reading_day {
        Some(reading_day) => book::rules::scheduled_day(month, reading_day)?,
        None => month.last_day(),
    };
    let mut registers = Registers::default();
    for (register, value) in &shown.registers {
        registers.set(*register, Some(Span { previous: *value, current: *value }));
    }
    let mut bulk = ReadingBulk::new(org_id);
    let line = Reading {
        account_id: meter.account_id,
        meter_seq: meter.meter_seq,
        point_seq: meter.point_seq,
        digits: meter.digits,
        multiplier: meter.multiplier,
        status: ReadingStatus::Unread,
        flags: ReadingFlags::default().with(ReadingFlags::FIRST, true),
        read_on,
        registers,
        entered_by: 0,
        entered_at: now,
        version: 1,
    };
    bulk.reading(month, &line)?;
    bulk.load(work.tx)?;
    Ok(())
}

fn first_line(work: &mut Work<'_, '_>, book: &BookMonth) -> Result<()> {
    let (org_id, now) = (work.org_id(), work.now());
    let since = book.month.plus(-2)?;
    entry::sql::open_first_lines(work.tx, org_id, book, since, now)?;
    Ok(())
}
