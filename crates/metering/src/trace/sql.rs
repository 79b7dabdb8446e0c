//! The tables of acts and of limits.

use kernel::{Date, Moment};
use store::{Tx, params};

use crate::Result;

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    (org_id, act_id): (i64, i64),
    person_id: i64,
    at: Moment,
    [act, document, detail]: [&str; 3],
) -> Result<()> {
    tx.execute(
        "INSERT INTO metering_act (org_id, act_id, person_id, done_at, act, document, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![org_id, act_id, person_id, at, act, document, detail],
    )?;
    Ok(())
}

pub(crate) fn limit(tx: &mut Tx<'_>, org_id: i64, name: &str, day: Date) -> Result<Option<i64>> {
    tx.one(
        "SELECT days FROM metering_limit WHERE org_id = ?1 AND name = ?2 AND from_date <= ?3
         ORDER BY from_date DESC LIMIT 1",
        params![org_id, name, day],
        |row| Ok(row.int(0)?),
    )
}
