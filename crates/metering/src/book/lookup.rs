//! Looking up books, for pages, papers and commands.

use std::collections::BTreeSet;

use kernel::{Month, Text};
use store::{Tx, params};

use super::sql::{BOOK, read_book};
use super::{Book, books_of_month, rules};
use crate::{MeteringError, Result, What};

/// All reading books of the organisation, in order of key.
pub fn books(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Book>> {
    tx.list(&format!("{BOOK} WHERE org_id = ?1 ORDER BY book_id"), params![org_id], read_book)
}

/// The reading book with this number (抄本编号), if there is one.
pub fn book_by_number(tx: &mut Tx<'_>, org_id: i64, number: &str) -> Result<Option<Book>> {
    tx.one(&format!("{BOOK} WHERE org_id = ?1 AND number = ?2"), params![org_id, number], read_book)
}

/// What a station has to open in a month when nobody names the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToOpen {
    /// Books read in the month by their cycle and not yet open, in order of key.
    pub books: Vec<i64>,
    /// Numbers of the others: they have no reading day in force, and wait until the supply department proposes one.
    pub without_day: Vec<String>,
}

impl ToOpen {
    /// What is left out and why, to stand behind what is said of a batch; empty when nothing is.
    pub fn left_out(&self) -> Text {
        let count = self.without_day.len();
        if count == 0 {
            return Text::new("", "");
        }
        Text::new(
            format!("；未建 {count} 本，抄表例日未经审核生效：{}", self.numbers("、", " 等")),
            format!("; {count} left out, with no reading day in force: {}", self.numbers(", ", " and more")),
        )
    }
    fn numbers(&self, between: &str, more: &str) -> String {
        const SHOWN: usize = 20;
        let count = self.without_day.len();
        let numbers = self.without_day[..count.min(SHOWN)].join(between);
        if count > SHOWN { format!("{numbers}{more}") } else { numbers }
    }
}

/// The books of the station `unit_id` to open in `month`; refused when there is none.
pub fn books_to_open(tx: &mut Tx<'_>, org_id: i64, unit_id: i64, month: Month) -> Result<ToOpen> {
    let open: BTreeSet<i64> =
        books_of_month(tx, org_id, month)?.into_iter().map(|opened| opened.book_id).collect();
    let mut found = ToOpen { books: Vec::new(), without_day: Vec::new() };
    for book in books(tx, org_id)? {
        let wanted = book.unit_id == unit_id && rules::is_read_in(book.cycle, month);
        match book.reading_day {
            _ if !wanted || open.contains(&book.book_id) => {}
            Some(_) => found.books.push(book.book_id),
            None => found.without_day.push(book.number),
        }
    }
    if !found.books.is_empty() {
        return Ok(found);
    }
    Err(match found.without_day.first() {
        Some(_) => MeteringError::NotAllowed {
            what: What::ReadingDay,
            value: found.numbers("、", " 等"),
            why: Text::new("抄表例日未经审核生效", "the reading day is not reviewed, so not in force"),
        },
        None => MeteringError::NotAllowed {
            what: What::Month,
            value: month.to_string(),
            why: Text::new("该月没有待建的抄本", "no book of the station is left to open"),
        },
    })
}
