//! Delays and who answers for them. (BILL-06, BILL-15, PARM-06)

use identity::{Permission, Work};
use kernel::{Bilingual, Lang, Month};
use store::{StoreError, Tx, params};

use super::record::record;
use super::{Party, Result};

/// A delay or fault attributed to a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delay {
    /// The billing month.
    pub month: Month,
    /// The station concerned.
    pub unit_id: i64,
    /// The account, if it is about one.
    pub account_id: Option<i64>,
    /// The book, if it is about a whole one.
    pub book_id: Option<i64>,
    /// Who answers for it.
    pub party: Party,
    /// Working days, 0 when it is a fault without a length.
    pub days: i64,
    /// Why: a requirement's id and a word.
    pub cause: String,
    /// The document it was noticed on.
    pub document: String,
}

/// Notes a delay found while doing `verb`.
pub(crate) fn note(work: &mut Work<'_, '_>, verb: Permission, delay: &Delay) -> Result<()> {
    let key = work.next_key();
    let (org_id, now) = (work.org_id(), work.now());
    work.tx.execute(
        "INSERT INTO office_delay (org_id, delay_id, month, unit_id, account_id, book_id, party, days, cause, document, noted_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            org_id,
            key,
            delay.month,
            delay.unit_id,
            delay.account_id,
            delay.book_id,
            delay.party.number(),
            delay.days,
            &delay.cause,
            &delay.document,
            now
        ],
    )?;
    let new = format!("{} {} days: {}", delay.party.text(Lang::En), delay.days, delay.cause);
    record(work, verb, delay.unit_id, "delay", &delay.document, "", &new)
}

/// The delays of a month, in the order in which they were noticed.
pub fn delays_of_month(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<Delay>> {
    Ok(tx.list(
        "SELECT unit_id, account_id, book_id, party, days, cause, document FROM office_delay
         WHERE org_id = ?1 AND month = ?2 ORDER BY delay_id",
        params![org_id, month],
        |row| {
            Ok::<_, StoreError>(Delay {
                month,
                unit_id: row.int(0)?,
                account_id: row.int_or_null(1)?,
                book_id: row.int_or_null(2)?,
                party: Party::from_number(row.int(3)?)
                    .ok_or(StoreError::WrongType { column: 3, expected: "a party" })?,
                days: row.int(4)?,
                cause: row.text(5)?,
                document: row.text(6)?,
            })
        },
    )?)
}
