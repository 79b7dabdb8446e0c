//! Closing checklists and closed periods.

use kernel::Moment;
use store::{StoreError, Tx, params};

use crate::ChecklistItem;

pub(crate) fn open(
    tx: &mut Tx<'_>,
    org_id: i64,
    unit_id: i64,
    period: i64,
    item: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO workflow_closing_item (org_id, unit_id, period, item, note, nothing_to_do)
         VALUES (?1, ?2, ?3, ?4, '', 0) ON CONFLICT (org_id, unit_id, period, item) DO NOTHING",
        params![org_id, unit_id, period, item],
    )?;
    Ok(())
}

pub(crate) fn items(
    tx: &mut Tx<'_>,
    org_id: i64,
    unit_id: i64,
    period: i64,
) -> Result<Vec<ChecklistItem>, StoreError> {
    tx.list(
        "SELECT item, done_by, done_at, note, nothing_to_do FROM workflow_closing_item
         WHERE org_id = ?1 AND unit_id = ?2 AND period = ?3 ORDER BY item",
        params![org_id, unit_id, period],
        |row| {
            Ok(ChecklistItem {
                code: row.text(0)?,
                done: row.int_or_null(1)?.zip(row.moment_or_null(2)?),
                note: row.text(3)?,
                nothing_to_do: row.flag(4)?,
            })
        },
    )
}

pub(crate) struct Tick<'a> {
    pub unit_id: i64,
    pub period: i64,
    pub item: &'a str,
    pub note: &'a str,
    pub nothing_to_do: bool,
}

/// Ticks an open item; answers whether there was one.
pub(crate) fn tick(
    tx: &mut Tx<'_>,
    org_id: i64,
    tick: &Tick<'_>,
    by: i64,
    now: Moment,
) -> Result<bool, StoreError> {
    let touched = tx.execute(
        "UPDATE workflow_closing_item SET done_by = ?5, done_at = ?6, note = ?7, nothing_to_do = ?8
         WHERE org_id = ?1 AND unit_id = ?2 AND period = ?3 AND item = ?4 AND done_by IS NULL",
        params![org_id, tick.unit_id, tick.period, tick.item, by, now, tick.note, tick.nothing_to_do],
    )?;
    Ok(touched == 1)
}

pub(crate) fn closed(
    tx: &mut Tx<'_>,
    org_id: i64,
    unit_id: i64,
    period: i64,
) -> Result<Option<(i64, Moment)>, StoreError> {
    tx.one(
        "SELECT closed_by, closed_at FROM workflow_closing WHERE org_id = ?1 AND unit_id = ?2 AND period = ?3",
        params![org_id, unit_id, period],
        |row| Ok((row.int(0)?, row.moment(1)?)),
    )
}

pub(crate) fn close(
    tx: &mut Tx<'_>,
    org_id: i64,
    unit_id: i64,
    period: i64,
    by: i64,
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO workflow_closing (org_id, unit_id, period, closed_by, closed_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![org_id, unit_id, period, by, now],
    )?;
    Ok(())
}
