//! Lists of reading books: books, progress, lines, logs, steps, earlier values.

use documents::sheet::Kind;
use kernel::{Bilingual, Month};
use metering::book::BookState;
use metering::reading::ReadingStatus;

use super::book::unknown;
use super::office::Office;
use crate::failure::Done;
use crate::table::{Shown, Table, row};

const READ: &str = "metering.read";

/// The reading books there are.
pub(super) fn books(office: &Office, shown: &Shown) -> Done {
    office.require(READ)?;
    let mut table = Table::new(office.lang)
        .text("抄本编号", "book")
        .text("名称", "name")
        .text("供电所", "unit")
        .text("抄表员", "reader")
        .text("周期", "cycle")
        .col("例日", "reading day", Kind::Integer);
    for book in office.books()?.into_values().filter(|book| office.sees(READ, book.unit_id)) {
        let (unit, reader) = (office.unit_name(book.unit_id)?, office.person_name(book.reader_id)?);
        let day = book.reading_day.map(i64::from);
        table.push(row![book.number, book.name, unit, reader, book.cycle.text(office.lang), day]);
    }
    table.show(shown)
}

/// How the books of a month stand, at the station and at the centre.
pub(super) fn list(
    office: &Office,
    month: Month,
    unit: Option<&String>,
    state: Option<&String>,
    shown: &Shown,
) -> Done {
    office.require(READ)?;
    let (org_id, only, books) = (office.org_id(), office.unit_id(unit)?, office.books()?);
    let keys: Vec<&str> = BookState::ALL.iter().map(|state| state.key()).collect();
    let state = state
        .map(|word| BookState::from_words(word).ok_or_else(|| unknown("抄本状态", "the state", word, &keys)))
        .transpose()?;
    let of_month = office.look(|tx| Ok(metering::book::books_of_month(tx, org_id, month)?))?;
    let totals = office.look(|tx| Ok(billing::book_totals(tx, org_id, month)?))?;
    let mut table = Table::new(office.lang)
        .titled(office.say(format!("{month} 抄本进度"), format!("Reading books of {month}")))
        .text("抄本编号", "book")
        .text("供电所", "unit")
        .text("状态", "state")
        .col("抄表日", "scheduled", Kind::Date)
        .text("提交", "submitted")
        .col("逾期天", "late days", Kind::Integer)
        .sum("表计", "lines", Kind::Integer)
        .sum("未录", "open", Kind::Integer)
        .sum("已算户", "bills", Kind::Integer)
        .sum("已发行", "issued", Kind::Integer)
        .sum("电费", "amount", Kind::Money)
        .text("批次", "batch");
    let fits = |book: &&metering::book::BookMonth| {
        only.is_none_or(|unit_id| unit_id == book.unit_id)
            && state.is_none_or(|state| state == book.state)
            && office.sees(READ, book.unit_id)
    };
    for book in of_month.iter().filter(fits) {
        let counts = office.look(|tx| Ok(metering::book::line_counts(tx, org_id, month, book.book_id)?))?;
        let at = totals.binary_search_by_key(&book.book_id, |(id, _)| *id).ok();
        let (bills, issued, amount) = at.map_or((0, 0, kernel::Money::ZERO), |at| {
            (totals[at].1.bills, totals[at].1.issued, totals[at].1.amount)
        });
        table.push(row![
            books.get(&book.book_id).map(|known| known.number.clone()),
            office.unit_name(book.unit_id)?,
            book.state.text(office.lang),
            book.scheduled_on,
            book.submitted_at,
            book.late_days,
            counts.lines,
            counts.untouched,
            bills,
            issued,
            amount,
            book.batch_id.to_string(),
        ]);
    }
    table.show(shown)
}

/// The lines of a book with previous and current readings.
pub(super) fn lines(office: &Office, book: &str, month: Month, open: bool, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, found) = (office.org_id(), office.book(book)?);
    let mut table = Table::new(office.lang)
        .titled(format!("{} {} {month}", found.number, found.name))
        .text("户号", "account")
        .text("户名", "name")
        .col("表序", "meter", Kind::Integer)
        .text("状态", "status")
        .text("计度器", "register")
        .col("上次", "previous", Kind::Quantity(2))
        .col("本次", "current", Kind::Quantity(2))
        .text("倍率", "multiplier")
        .col("电量", "consumption", Kind::Quantity(2))
        .col("抄表日期", "read on", Kind::Date)
        .text("录入人", "entered by");
    if !office.sees(READ, found.unit_id) {
        return table.show(shown);
    }
    let lines = office.look(|tx| Ok(metering::entry::lines_of_book(tx, org_id, month, found.book_id)?))?;
    for line in lines.iter().filter(|line| !open || line.status == ReadingStatus::Unread) {
        let account = office.look(|tx| Ok(metering::account::account_by_id(tx, org_id, line.account_id)?))?;
        let (number, name) = account
            .map_or((line.account_id.to_string(), String::new()), |account| (account.number, account.name));
        let by = office.person_name(line.entered_by)?;
        for (register, span) in line.registers.iter() {
            table.push(row![
                number.as_str(),
                name.as_str(),
                line.meter_seq,
                line.status.text(office.lang),
                register.text(office.lang),
                span.previous,
                span.current,
                line.multiplier.to_string(),
                line.consumption(register)?,
                line.read_on,
                by.as_str(),
            ]);
        }
    }
    table.show(shown)
}

/// What was seen on site.
pub(super) fn logs(office: &Office, book: &str, month: Month, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, found) = (office.org_id(), office.book(book)?);
    let mut table = Table::new(office.lang)
        .text("时间", "at")
        .text("户号", "account")
        .col("表序", "meter", Kind::Integer)
        .text("类别", "kind")
        .text("内容", "note")
        .text("记录人", "by");
    let lines = office.look(|tx| Ok(metering::entry::lines_of_book(tx, org_id, month, found.book_id)?))?;
    let keys = (lines.first().map(|line| line.account_id), lines.last().map(|line| line.account_id));
    if let ((Some(first), Some(last)), true) = (keys, office.sees(READ, found.unit_id)) {
        let entries = office.look(|tx| Ok(metering::book::log_entries(tx, org_id, month, (first, last))?))?;
        for entry in entries {
            let number = office.look(|tx| office.account_number(tx, entry.account_id))?;
            let by = office.person_name(entry.person_id)?;
            table.push(row![entry.at, number, entry.meter_seq, entry.kind.text(office.lang), entry.note, by]);
        }
    }
    table.show(shown)
}

/// Reading days that wait for review.
pub(super) fn days(office: &Office, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, books) = (office.org_id(), office.books()?);
    let open = office.look(|tx| Ok(metering::book::unreviewed_reading_days(tx, org_id)?))?;
    let mut table = Table::new(office.lang)
        .text("申报号", "proposal")
        .text("抄本编号", "book")
        .text("供电所", "unit")
        .col("例日", "day", Kind::Integer);
    for (proposal, book_id, day) in open {
        let book = books.get(&book_id);
        let unit = book.map(|book| office.unit_name(book.unit_id)).transpose()?;
        table.push(row![proposal.to_string(), book.map(|book| book.number.clone()), unit, i64::from(day)]);
    }
    table.show(shown)
}

/// The steps a book took in a month.
pub(super) fn steps(office: &Office, book: &str, month: Month, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, found) = (office.org_id(), office.book(book)?);
    let steps = office.look(|tx| Ok(metering::book::steps(tx, org_id, month, found.book_id)?))?;
    let mut table = Table::new(office.lang)
        .text("时间", "at")
        .text("经办人", "by")
        .text("原状态", "from")
        .text("新状态", "to")
        .text("原因", "reason");
    for step in steps {
        let by = office.person_name(step.person_id)?;
        table.push(row![step.at, by, step.from.text(office.lang), step.to.text(office.lang), step.reason]);
    }
    table.show(shown)
}

/// Earlier values of a line.
pub(super) fn history(office: &Office, account: &str, month: Month, meter: i64, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, found) = (office.org_id(), office.account(account)?);
    let earlier = office.look(|tx| {
        Ok(metering::entry::reading_history(tx, org_id, month, (found.account.account_id, meter))?)
    })?;
    let mut table = Table::new(office.lang)
        .text("计度器", "register")
        .col("原示数", "value", Kind::Quantity(2))
        .text("状态", "status")
        .text("录入人", "entered by")
        .text("录入时间", "entered at")
        .text("修改人", "replaced by")
        .text("修改时间", "replaced at")
        .text("原因", "reason");
    for one in earlier {
        let (entered_by, by) =
            (office.person_name(one.reading.entered_by)?, office.person_name(one.replaced_by)?);
        for (register, span) in one.reading.registers.iter() {
            table.push(row![
                register.text(office.lang),
                span.current,
                one.reading.status.text(office.lang),
                entered_by.as_str(),
                one.reading.entered_at,
                by.as_str(),
                one.replaced_at,
                one.reason.as_str(),
            ]);
        }
    }
    table.show(shown)
}

/// How much of a month was read, and how much of it wrongly. (XC-21, XC-22)
pub(super) fn rate(office: &Office, month: Month, unit: Option<&String>, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, unit_id) = (office.org_id(), office.unit_id(unit)?);
    let figures = office.look(|tx| Ok(metering::statistics::reading_figures(tx, org_id, month, unit_id)?))?;
    let mut table = Table::new(office.lang)
        .titled(office.say(format!("{month} 抄表率"), format!("Reading rates of {month}")))
        .text("指标", "figure")
        .col("数值", "rate", Kind::Percent(2));
    table.push(row![office.say("电能表实抄率", "actual reading rate"), figures.actual_reading_rate()?]);
    table.push(row![office.say("抄表差错率", "reading error rate"), figures.error_rate()?]);
    table.show(shown)
}
