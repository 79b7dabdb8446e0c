//! Pages drawn by hand: where a list or a view does not fit.

pub mod home;
pub mod interface;
pub mod reading_grid;
pub mod review;
pub mod verify;

use crate::catalogue::{Look, Refusal};

/// Where a number that a person typed leads to: an account, a book, a bill's code.
pub fn find(look: &mut Look<'_, '_>, wanted: &str) -> Result<String, Refusal> {
    if let Some(account) = metering::account::account_by_number(look.tx, look.org_id(), wanted)? {
        return Ok(format!("/accounts/{}", crate::frame::url::encode(&account.number)));
    }
    if let Some(book) = metering::book::book_by_number(look.tx, look.org_id(), wanted)? {
        let month = look.this_month();
        return Ok(format!("/books/{month}/{}", crate::frame::url::encode(&book.number)));
    }
    Ok(format!("/accounts?q={}", crate::frame::url::encode(wanted)))
}
