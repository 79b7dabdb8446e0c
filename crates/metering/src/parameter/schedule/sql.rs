//! The tables of plan and route adjustments, and what they change of books and accounts.

use kernel::{Moment, Month};
use store::{Tx, params};

use super::{PlanAdjustment, RouteAdjustment, RouteMove};
use crate::book::{Book, Cycle};
use crate::parameter::Result;

pub(super) fn insert_plan(tx: &mut Tx<'_>, org_id: i64, plan: &PlanAdjustment) -> Result<()> {
    tx.execute(
        "INSERT INTO plan_adjustment (org_id, adjustment_id, book_id, from_month, reading_day, cycle, old_reading_day,
           old_cycle) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            org_id,
            plan.adjustment_id,
            plan.book_id,
            plan.from_month,
            plan.reading_day,
            plan.cycle,
            plan.old_reading_day,
            plan.old_cycle
        ],
    )?;
    Ok(())
}

pub(super) fn plan(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<PlanAdjustment>> {
    tx.one(
        "SELECT adjustment_id, book_id, from_month, reading_day, cycle, old_reading_day, old_cycle, maintained_at
         FROM plan_adjustment WHERE org_id = ?1 AND adjustment_id = ?2",
        params![org_id, id],
        |row| {
            Ok(PlanAdjustment {
                adjustment_id: row.int(0)?,
                book_id: row.int(1)?,
                from_month: row.month(2)?,
                reading_day: row.int(3)? as u8,
                cycle: Cycle::from_code(row.int(4)?)?,
                old_reading_day: row.int_or_null(5)?.map(|day| day as u8),
                old_cycle: Cycle::from_code(row.int(6)?)?,
                maintained_at: row.moment_or_null(7)?,
            })
        },
    )
}

/// Writes the new plan into the book and stamps the adjustment.
pub(super) fn maintain(
    tx: &mut Tx<'_>,
    org_id: i64,
    plan: &PlanAdjustment,
    book: &Book,
    at: Moment,
) -> Result<()> {
    tx.execute_one(
        &format!("book {}", book.number),
        "UPDATE book SET reading_day = ?4, cycle = ?5, version = version + 1
         WHERE org_id = ?1 AND book_id = ?2 AND version = ?3",
        params![org_id, book.book_id, book.version, plan.reading_day, plan.cycle],
    )?;
    Ok(tx.execute_one(
        "plan adjustment",
        "UPDATE plan_adjustment SET maintained_at = ?3
         WHERE org_id = ?1 AND adjustment_id = ?2 AND maintained_at IS NULL",
        params![org_id, plan.adjustment_id, at],
    )?)
}

pub(super) fn insert_route(tx: &mut Tx<'_>, org_id: i64, route: &RouteAdjustment) -> Result<()> {
    let (to, account_id, sequence) = match route.moves {
        RouteMove::WholeBook { to_book_id, .. } => (to_book_id, None, None),
        RouteMove::Single { account_id, to_book_id, route_sequence } => {
            (to_book_id, Some(account_id), Some(route_sequence))
        }
    };
    tx.execute(
        "INSERT INTO route_adjustment (org_id, adjustment_id, from_book_id, to_book_id, account_id, route_sequence)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, route.adjustment_id, route.from_book_id, to, account_id, sequence],
    )?;
    Ok(())
}

pub(super) fn route(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<RouteAdjustment>> {
    tx.one(
        "SELECT adjustment_id, from_book_id, to_book_id, account_id, route_sequence, done_at, moved
         FROM route_adjustment WHERE org_id = ?1 AND adjustment_id = ?2",
        params![org_id, id],
        |row| {
            let (from_book_id, to_book_id) = (row.int(1)?, row.int(2)?);
            let moves = match row.int_or_null(3)? {
                None => RouteMove::WholeBook { from_book_id, to_book_id },
                Some(account_id) => {
                    let route_sequence = row.int_or_null(4)?.unwrap_or(0);
                    RouteMove::Single { account_id, to_book_id, route_sequence }
                }
            };
            let done = row.moment_or_null(5)?.zip(row.int_or_null(6)?);
            Ok(RouteAdjustment { adjustment_id: row.int(0)?, from_book_id, moves, done })
        },
    )
}

/// Accounts of a book that are not closed, with their place in the route; in the order of the route.
// Keys of the book's accounts lead, from the index of books: asked for together with other columns, all accounts of the
// organisation would be looked through.
pub(super) fn accounts_of(tx: &mut Tx<'_>, org_id: i64, book_id: i64) -> Result<Vec<(i64, i64)>> {
    tx.list(
        "SELECT a.account_id, a.route_sequence FROM account k CROSS JOIN account a
         WHERE k.org_id = ?1 AND k.book_id = ?2 AND a.org_id = k.org_id AND a.account_id = k.account_id AND a.status <> 4
         ORDER BY a.route_sequence, a.account_id",
        params![org_id, book_id],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )
}

pub(super) fn last_sequence(tx: &mut Tx<'_>, org_id: i64, book_id: i64) -> Result<i64> {
    let last = tx.one(
        "SELECT COALESCE(MAX(a.route_sequence), 0) FROM account k CROSS JOIN account a
         WHERE k.org_id = ?1 AND k.book_id = ?2 AND a.org_id = k.org_id AND a.account_id = k.account_id",
        params![org_id, book_id],
        |row| Ok::<_, crate::parameter::ParameterError>(row.int(0)?),
    )?;
    Ok(last.unwrap_or(0))
}

/// Moves one account out of `from_book_id`; refused when it has left it meanwhile.
pub(super) fn move_account(
    tx: &mut Tx<'_>,
    org_id: i64,
    account_id: i64,
    from_book_id: i64,
    (to_book_id, route_sequence): (i64, i64),
) -> Result<()> {
    Ok(tx.execute_one(
        &format!("account {account_id}"),
        "UPDATE account SET book_id = ?4, route_sequence = ?5, version = version + 1
         WHERE org_id = ?1 AND account_id = ?2 AND book_id = ?3",
        params![org_id, account_id, from_book_id, to_book_id, route_sequence],
    )?)
}

pub(super) fn finish_route(tx: &mut Tx<'_>, org_id: i64, id: i64, at: Moment, moved: i64) -> Result<()> {
    Ok(tx.execute_one(
        "route adjustment",
        "UPDATE route_adjustment SET done_at = ?3, moved = ?4
         WHERE org_id = ?1 AND adjustment_id = ?2 AND done_at IS NULL",
        params![org_id, id, at, moved],
    )?)
}

/// The latest month in which the book was opened.
pub(super) fn last_opened(tx: &mut Tx<'_>, org_id: i64, book_id: i64) -> Result<Option<Month>> {
    let last = tx.one(
        "SELECT MAX(month) FROM book_month WHERE org_id = ?1 AND book_id = ?2",
        params![org_id, book_id],
        |row| Ok::<_, crate::parameter::ParameterError>(row.int_or_null(0)?),
    )?;
    Ok(last.flatten().map(Month::from_number).transpose()?)
}
