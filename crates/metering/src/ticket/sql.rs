//! Which line a ticket is about.

use store::{Tx, params};

use super::ChangeOf;
use crate::Result;

pub(crate) fn insert(tx: &mut Tx<'_>, (org_id, ticket_id): (i64, i64), of: &ChangeOf) -> Result<()> {
    tx.execute(
        "INSERT INTO change_ticket (org_id, ticket_id, month, book_id, account_id, meter_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, ticket_id, of.month, of.book_id, of.account_id, of.meter_seq],
    )?;
    Ok(())
}

pub(crate) fn change_of(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Option<ChangeOf>> {
    tx.one(
        "SELECT month, book_id, account_id, meter_seq FROM change_ticket WHERE org_id = ?1 AND ticket_id = ?2",
        params![org_id, ticket_id],
        |row| {
            Ok(ChangeOf {
                month: row.month(0)?,
                book_id: row.int(1)?,
                account_id: row.int(2)?,
                meter_seq: row.int(3)?,
            })
        },
    )
}
