//! What may happen to a book, as pure functions.

use kernel::{Date, Month};

use super::model::{BookMonth, BookState, Cycle, Entered, LineCounts};
use crate::reading::{Reading, ReadingFlags, ReadingStatus, Span};
use crate::{MeteringError, Result};

/// An act that moves a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A reading is entered or modified.
    Enter,
    /// The station submits it.
    Submit,
    /// The centre agrees to return it.
    Return,
    /// The centre calculates it.
    Calculate,
    /// The centre reviews it.
    Review,
    /// The centre issues it.
    Issue,
    /// The centre finds exceptions that hold it.
    Hold,
    /// The exceptions are answered: it is reviewed again.
    Resume,
    /// The centre sends it back one step.
    StepBack,
}

impl Act {
    /// All of them.
    pub const ALL: [Act; 9] = [
        Act::Enter,
        Act::Submit,
        Act::Return,
        Act::Calculate,
        Act::Review,
        Act::Issue,
        Act::Hold,
        Act::Resume,
        Act::StepBack,
    ];
}

/// Where `act` takes a book from `state`; nothing when it is not allowed there.
/// Source: section 26 of the register; READ-05, READ-09, READ-11, BILL-23.
pub fn after(state: BookState, act: Act) -> Option<BookState> {
    use BookState::*;
    Some(match (state, act) {
        (Created | Entering, Act::Enter) => Entering,
        (Returned, Act::Enter) => Returned,
        (Entering | Returned, Act::Submit) => Submitted,
        (Submitted, Act::Return) => Returned,
        (Submitted, Act::Calculate) => Calculating,
        (Calculating, Act::Review) | (Exception, Act::Resume) => Reviewing,
        (Reviewing, Act::Issue) => Issued,
        (Reviewing, Act::Hold) => Exception,
        (Calculating, Act::StepBack) => Submitted,
        (Reviewing | Exception, Act::StepBack) => Calculating,
        _ => return None,
    })
}

/// As [`after`], refusing in words.
pub fn step(book: &BookMonth, act: Act) -> Result<BookState> {
    after(book.state, act).ok_or(MeteringError::WrongState {
        month: book.month,
        book_id: book.book_id,
        state: book.state,
    })
}

/// The day of `month` on which a book with reading day `day` is read; a short month ends it early.
pub fn scheduled_day(month: Month, day: u8) -> Result<Date> {
    let day = i64::from(day.max(1)).min(month.days());
    Ok(month.first_day().plus_days(day - 1)?)
}

/// Is a book of `cycle` read in `month`?
pub fn is_read_in(cycle: Cycle, month: Month) -> bool {
    match cycle {
        Cycle::Monthly => true,
        Cycle::OddMonths => month.month_of_year() % 2 == 1,
        Cycle::EvenMonths => month.month_of_year() % 2 == 0,
    }
}

/// Calendar days by which a submission on `submitted` misses `due_on`; 0 when in time. Source: READ-08.
pub fn late_days(due_on: Date, submitted: Date) -> i64 {
    due_on.days_until(submitted).max(0)
}

/// May the book be submitted? A self-check must be recorded since the last entry, and nobody may have forgotten a line:
/// unread lines are marked so by a person. Source: READ-06, READ-14.
pub fn may_submit(book: &BookMonth, counts: LineCounts) -> Result<BookState> {
    let state = step(book, Act::Submit)?;
    if book.checked_by.is_none() {
        return Err(MeteringError::NotSelfChecked { month: book.month, book_id: book.book_id });
    }
    if counts.untouched > 0 {
        return Err(MeteringError::LinesUntouched {
            month: book.month,
            book_id: book.book_id,
            lines: counts.untouched,
        });
    }
    Ok(state)
}

/// The line after a person entered `entered`; the meter's own fields and previous values stay. Refuses what cannot be
/// right and registers the meter does not have.
pub fn enter(
    line: &Reading,
    entered: &Entered,
) -> std::result::Result<Reading, crate::reading::ReadingFault> {
    use crate::reading::ReadingFault;
    let mut next = *line;
    next.read_on = entered.read_on;
    next.flags = ReadingFlags(line.flags.0 & 0xffff).with(ReadingFlags::ESTIMATED, entered.estimated);
    for register in &entered.rolled_over {
        next.flags = next.flags.with_roll_over(*register);
    }
    for (register, span) in line.registers.iter() {
        let shown = entered.shown.iter().find(|(given, _)| *given == register).map(|(_, value)| *value);
        let still = matches!(entered.status, Some(ReadingStatus::Zero | ReadingStatus::Unread));
        let kept = still.then_some(span.previous);
        match shown.or(kept) {
            Some(current) => next.registers.set(register, Some(Span { previous: span.previous, current })),
            None => return Err(ReadingFault::RegisterMissing { register }),
        }
    }
    if let Some((register, _)) =
        entered.shown.iter().find(|(register, _)| line.registers.of(*register).is_none())
    {
        return Err(ReadingFault::NoSuchRegister { register: *register });
    }
    let moved = next.registers.iter().any(|(_, span)| span.current != span.previous);
    next.status = entered.status.unwrap_or(if moved { ReadingStatus::Read } else { ReadingStatus::Zero });
    match next.first_fault() {
        Some(fault) => Err(fault),
        None => Ok(next),
    }
}
