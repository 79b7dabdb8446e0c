//! Books, step by step.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use identity::check::{Checked, History};
use identity::data_rows;
use kernel::{Bilingual, Lang, Month};
use store::{Tx, params};

use super::BookFigures;
use crate::book::BookState;
use crate::{MeteringError, Result};

/// One lawful step of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookRule {
    /// From where.
    pub from: BookState,
    /// To where.
    pub to: BookState,
    /// The right it needs on the book's station.
    pub permission: &'static str,
    /// A reason must be given.
    pub needs_reason: bool,
}

static RULES: LazyLock<Vec<BookRule>> =
    LazyLock::new(|| read().expect("the data file of this crate is checked by its tests"));

fn read() -> std::result::Result<Vec<BookRule>, String> {
    let file = "book_steps.csv";
    let state = |text: &str| BookState::from_words(text).ok_or(format!("{file}: state {text}"));
    data_rows(file, include_str!("../../data/book_steps.csv"))?
        .into_iter()
        .map(|[from, to, permission, needs_reason]| {
            Ok(BookRule { from: state(from)?, to: state(to)?, permission, needs_reason: needs_reason == "1" })
        })
        .collect()
}

/// Every lawful step.
pub fn book_rules() -> &'static [BookRule] {
    &RULES
}

pub(super) fn replay(tx: &mut Tx<'_>, org_id: i64, history: &History) -> Result<(Checked, Vec<BookFigures>)> {
    replay_month(tx, org_id, history, None)
}

pub(super) fn replay_month(
    tx: &mut Tx<'_>,
    org_id: i64,
    history: &History,
    month: Option<Month>,
) -> Result<(Checked, Vec<BookFigures>)> {
    let mut checked = Checked::new(
        "metering.books",
        "抄本逐步合法：状态、权限、退回原因",
        "books took lawful steps only: states, rights, reasons for going back",
    );
    let (first, last) = month.map_or((0, i64::MAX), |month| (month.number(), month.number()));
    let mut books: BTreeMap<(i64, i64), BookFigures> = BTreeMap::new();
    tx.each(
        "SELECT month, book_id, unit_id, state, batch_id FROM book_month WHERE org_id = ?1 AND month BETWEEN ?2 AND ?3",
        params![org_id, first, last],
        |row| {
            let began = if row.int(4)? == 0 { BookState::Submitted } else { BookState::Created };
            let book = BookFigures {
                month: row.month(0)?,
                book_id: row.int(1)?,
                unit_id: row.int(2)?,
                state: BookState::from_code(row.int(3)?)?,
                began,
                steps: Vec::new(),
            };
            books.insert((row.int(0)?, row.int(1)?), book);
            Ok::<_, MeteringError>(())
        },
    )?;
    checked.look(books.len() as i64);
    tx.each(
        "SELECT month, book_id, from_state, to_state, person_id, done_at, reason FROM book_step
         WHERE org_id = ?1 AND month BETWEEN ?2 AND ?3 ORDER BY month, book_id, version",
        params![org_id, first, last],
        |row| {
            let (from, to) = (BookState::from_code(row.int(2)?)?, BookState::from_code(row.int(3)?)?);
            let (person_id, at, reason) = (row.int(4)?, row.moment(5)?, row.text(6)?);
            let key = (row.int(0)?, row.int(1)?);
            let place = || format!("{}/{}", key.0, key.1);
            let Some(book) = books.get_mut(&key) else {
                checked.find(place(), "有步骤而抄本未开册", "it has steps and was never opened");
                return Ok(());
            };
            let before = book.steps.last().map_or(book.began, |(_, to, ..)| *to);
            if before != from {
                checked.find(place(), "步骤不连续", "a step does not follow from the one before");
            }
            match RULES.iter().find(|rule| rule.from == from && rule.to == to) {
                None => checked.find(
                    place(),
                    format!("不允许由“{}”到“{}”", from.text(Lang::Zh), to.text(Lang::Zh)),
                    format!("no step leads from {} to {}", from.key(), to.key()),
                ),
                Some(rule) => {
                    if !history.might(person_id, rule.permission, book.unit_id, at) {
                        let who = history.name(person_id);
                        checked.find(
                            place(),
                            format!("{who} 当时无权由“{}”到“{}”", from.text(Lang::Zh), to.text(Lang::Zh)),
                            format!("{who} had no right then to take it from {} to {}", from.key(), to.key()),
                        );
                    }
                    if rule.needs_reason && reason.trim().is_empty() {
                        checked.find(place(), "退回或搁置没有原因", "a step back or a hold lacks its reason");
                    }
                }
            }
            book.steps.push((from, to, person_id, at));
            Ok::<_, MeteringError>(())
        },
    )?;
    for book in books.values() {
        let last = book.steps.last().map_or(book.began, |(_, to, ..)| *to);
        checked.must(
            last == book.state,
            || format!("{}/{}", book.month, book.book_id),
            "当前状态与最后一步不符",
            "its state is not that of its last step",
        );
    }
    Ok((checked, books.into_values().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::rules::{Act, after};

    /// Section 26, BILL-23: the table of steps says what the rule says, and nothing else.
    #[test]
    fn the_table_is_the_rule() {
        let mut expected = Vec::new();
        for from in BookState::ALL {
            for act in Act::ALL {
                if let Some(to) = after(*from, act)
                    && to != *from
                {
                    expected.push((*from, to));
                }
            }
        }
        let mut found: Vec<_> = book_rules().iter().map(|rule| (rule.from, rule.to)).collect();
        expected.sort_unstable();
        expected.dedup();
        found.sort_unstable();
        assert_eq!(found, expected);
        let catalogue = identity::Catalogue::built_in();
        for rule in book_rules() {
            assert!(catalogue.permission(rule.permission).is_some(), "{}", rule.permission);
        }
    }
}
