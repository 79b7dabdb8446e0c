//! Looking up books, for pages, papers and commands.

use store::{Tx, params};

use super::Book;
use super::sql::{BOOK, read_book};
use crate::Result;

/// All reading books of the organisation, in order of key.
pub fn books(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Book>> {
    tx.list(&format!("{BOOK} WHERE org_id = ?1 ORDER BY book_id"), params![org_id], read_book)
}

/// The reading book with this number (抄本编号), if there is one.
pub fn book_by_number(tx: &mut Tx<'_>, org_id: i64, number: &str) -> Result<Option<Book>> {
    tx.one(&format!("{BOOK} WHERE org_id = ?1 AND number = ?2"), params![org_id, number], read_book)
}
