//! Clocks and their postponements.

use kernel::{Date, Moment};
use store::{Bulk, Column, Kind, Row, StoreError, Tx, params};

use crate::{Clock, Postponement};

pub(super) const CLOCK: &str =
    "SELECT id, code, ticket_id, subject_kind, subject_id, account_id, started_on, first_due_on, due_on,
  answerable_unit_id, answerable_post, met_on, dropped_on, version FROM workflow_clock";

const COLUMNS: &[Column] = &[
    ("org_id", Kind::Int),
    ("id", Kind::Int),
    ("code", Kind::Text),
    ("ticket_id", Kind::Int),
    ("subject_kind", Kind::Text),
    ("subject_id", Kind::Int),
    ("account_id", Kind::Int),
    ("started_on", Kind::Int),
    ("first_due_on", Kind::Int),
    ("due_on", Kind::Int),
    ("answerable_unit_id", Kind::Int),
    ("answerable_post", Kind::Text),
    ("version", Kind::Int),
];

pub(super) fn clock(row: &Row<'_>) -> Result<Clock, StoreError> {
    Ok(Clock {
        id: row.int(0)?,
        code: row.text(1)?,
        ticket_id: row.int_or_null(2)?,
        subject_kind: row.text(3)?,
        subject_id: row.int(4)?,
        account_id: row.int_or_null(5)?,
        started_on: row.date(6)?,
        first_due_on: row.date(7)?,
        due_on: row.date(8)?,
        answerable_unit_id: row.int(9)?,
        answerable_post: row.text(10)?,
        met_on: row.date_or_null(11)?,
        dropped_on: row.date_or_null(12)?,
        version: row.int(13)?,
    })
}

pub(crate) fn insert(tx: &mut Tx<'_>, org_id: i64, clocks: &[Clock]) -> Result<(), StoreError> {
    let mut bulk = Bulk::new("workflow_clock", COLUMNS);
    for clock in clocks {
        bulk.row(params![
            org_id,
            clock.id,
            &clock.code,
            clock.ticket_id,
            &clock.subject_kind,
            clock.subject_id,
            clock.account_id,
            clock.started_on,
            clock.first_due_on,
            clock.due_on,
            clock.answerable_unit_id,
            &clock.answerable_post,
            clock.version
        ])?;
    }
    tx.load(&mut bulk)?;
    Ok(())
}

pub(crate) fn find(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<Clock>, StoreError> {
    tx.one(&format!("{CLOCK} WHERE org_id = ?1 AND id = ?2"), params![org_id, id], clock)
}

pub(crate) fn of_ticket(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Vec<Clock>, StoreError> {
    tx.list(
        &format!("{CLOCK} WHERE org_id = ?1 AND ticket_id = ?2 ORDER BY id"),
        params![org_id, ticket_id],
        clock,
    )
}

pub(crate) fn of_subject(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind: &str,
    id: i64,
) -> Result<Vec<Clock>, StoreError> {
    tx.list(
        &format!("{CLOCK} WHERE org_id = ?1 AND subject_kind = ?2 AND subject_id = ?3 ORDER BY id"),
        params![org_id, kind, id],
        clock,
    )
}

/// Open clocks that are due by `due_by`, the longest overdue first.
pub(crate) fn open_due_by(tx: &mut Tx<'_>, org_id: i64, due_by: Date) -> Result<Vec<Clock>, StoreError> {
    tx.list(
        &format!(
            "{CLOCK} WHERE org_id = ?1 AND due_on <= ?2 AND met_on IS NULL AND dropped_on IS NULL ORDER BY due_on, id"
        ),
        params![org_id, due_by],
        clock,
    )
}

/// Clocks that were met on a day from `first` to `last`.
pub(crate) fn met_between(
    tx: &mut Tx<'_>,
    org_id: i64,
    first: Date,
    last: Date,
) -> Result<Vec<Clock>, StoreError> {
    tx.list(
        &format!("{CLOCK} WHERE org_id = ?1 AND met_on >= ?2 AND met_on <= ?3 ORDER BY met_on, id"),
        params![org_id, first, last],
        clock,
    )
}

pub(crate) fn end(
    tx: &mut Tx<'_>,
    org_id: i64,
    clock: &Clock,
    met_on: Option<Date>,
    dropped_on: Option<Date>,
) -> Result<(), StoreError> {
    tx.execute_one(
        "clock",
        "UPDATE workflow_clock SET met_on = ?4, dropped_on = ?5, version = version + 1
         WHERE org_id = ?1 AND id = ?2 AND version = ?3 AND met_on IS NULL AND dropped_on IS NULL",
        params![org_id, clock.id, clock.version, met_on, dropped_on],
    )
}

pub(crate) fn meet_subject(
    tx: &mut Tx<'_>,
    org_id: i64,
    code: &str,
    kind: &str,
    id: i64,
    on: Date,
) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE workflow_clock SET met_on = ?5, version = version + 1
         WHERE org_id = ?1 AND subject_kind = ?2 AND subject_id = ?3 AND code = ?4
           AND met_on IS NULL AND dropped_on IS NULL",
        params![org_id, kind, id, code, on],
    )
}

pub(crate) fn put_off(
    tx: &mut Tx<'_>,
    org_id: i64,
    clock: &Clock,
    id: i64,
    new: &Postponement,
) -> Result<(), StoreError> {
    tx.execute_one(
        "clock",
        "UPDATE workflow_clock SET due_on = ?4, version = version + 1
         WHERE org_id = ?1 AND id = ?2 AND version = ?3 AND met_on IS NULL AND dropped_on IS NULL",
        params![org_id, clock.id, clock.version, new.new_due],
    )?;
    tx.execute(
        "INSERT INTO workflow_postponement (org_id, clock_id, id, old_due, new_due, charged_unit_id, reason, by_person_id, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            clock.id,
            id,
            new.old_due,
            new.new_due,
            new.charged_unit_id,
            &new.reason,
            new.by_person_id,
            new.at
        ],
    )?;
    Ok(())
}

pub(crate) fn postponements(
    tx: &mut Tx<'_>,
    org_id: i64,
    clock_id: i64,
) -> Result<Vec<Postponement>, StoreError> {
    tx.list(
        "SELECT old_due, new_due, charged_unit_id, reason, by_person_id, at FROM workflow_postponement
         WHERE org_id = ?1 AND clock_id = ?2 ORDER BY id",
        params![org_id, clock_id],
        |row| {
            let at: Moment = row.moment(5)?;
            Ok(Postponement {
                old_due: row.date(0)?,
                new_due: row.date(1)?,
                charged_unit_id: row.int(2)?,
                reason: row.text(3)?,
                by_person_id: row.int(4)?,
                at,
            })
        },
    )
}
