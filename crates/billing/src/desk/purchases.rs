//! Generating plants and the statements of power bought from them.

use kernel::Month;
use store::{Tx, params};

use crate::Result;
use crate::generation::{Plant, PurchaseStatement, read_plant, statements_where};

/// Every plant, by station and key.
pub fn plants(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Plant>> {
    tx.list(
        "SELECT plant_id, unit_id, name, offgrid_account_id FROM generation_plant WHERE org_id = ?1
         ORDER BY unit_id, plant_id",
        params![org_id],
        |row| Ok(read_plant(row)?),
    )
}

/// The statements of a month, refused ones included; of all months when none is named, the newest first.
pub fn statements(tx: &mut Tx<'_>, org_id: i64, month: Option<Month>) -> Result<Vec<PurchaseStatement>> {
    Ok(match month {
        Some(month) => statements_where(
            tx,
            "month = ?2 ORDER BY unit_id, plant_id, statement_id",
            params![org_id, month],
        )?,
        None => {
            statements_where(tx, "statement_id > 0 ORDER BY statement_id DESC LIMIT 2000", params![org_id])?
        }
    })
}
