//! The proof that books, readings, change tickets and tools came to where they stand by lawful steps of people who were
//! allowed to. Which steps a book may take, and by which right, is data: `data/book_steps.csv`.

mod books;
mod registers;
mod tickets;

use identity::check::{Checked, History};
use kernel::{Moment, Month};
use store::Tx;

use crate::book::BookState;
use crate::{ParameterError, Result};

pub use books::{BookRule, book_rules};
pub use tickets::{AccountsKept, TicketStanding, account_changes, accounts_kept, ticket_standings};

/// A book of a month, for whoever compares its steps with the log.
#[derive(Debug, Clone)]
pub struct BookFigures {
    /// The month.
    pub month: Month,
    /// The book.
    pub book_id: i64,
    /// Its station.
    pub unit_id: i64,
    /// Where it stands.
    pub state: BookState,
    /// Where it began: created, or submitted when it was taken over from elsewhere.
    pub began: BookState,
    /// Its steps: from, to, who, when.
    pub steps: Vec<(BookState, BookState, i64, Moment)>,
}

/// What [`check`] answers.
#[derive(Debug, Default)]
pub struct MeteringFigures {
    /// The checks.
    pub checked: Vec<Checked>,
    /// Every book of every month.
    pub books: Vec<BookFigures>,
}

/// Replays books, and compares readings with their history, change tickets with their lines, tools with their events.
pub fn check(
    tx: &mut Tx<'_>,
    org_id: i64,
    history: &History,
) -> std::result::Result<MeteringFigures, ParameterError> {
    let (checked, books) = books::replay(tx, org_id, history)?;
    let mut figures = MeteringFigures { checked: vec![checked], books };
    figures.checked.extend(registers::check(tx, org_id)?);
    figures.checked.push(tickets::check(tx, org_id, history)?);
    Ok(figures)
}

/// Books alone, for a month: part of what is proved before a period is closed.
pub fn books_of_month(tx: &mut Tx<'_>, org_id: i64, history: &History, month: Month) -> Result<Checked> {
    Ok(books::replay_month(tx, org_id, history, Some(month))?.0)
}
