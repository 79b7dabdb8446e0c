//! The tables of failures and of what happened at the door.

use kernel::Moment;
use store::{Row, StoreError, Tx, params};

use super::event::{EventFilter, LoginEvent, LoginEventKind, NewEvent};
use super::throttle::{Counted, Failures};

fn failures_of(row: &Row<'_>) -> Result<Failures, StoreError> {
    Ok(Failures {
        failures: row.int(0)?,
        last_at: row.int(1)?,
        refused_until: row.int(2)?,
        refused: row.int(3)?,
    })
}

const FAILURES: &str = "SELECT failures, last_at, refused_until, refused FROM identity_throttle
 WHERE org_id = ?1 AND kind = ?2 AND name = ?3";

/// The failures counted under `name`.
pub(crate) fn failures(
    tx: &mut Tx<'_>,
    org_id: i64,
    counted: Counted,
    name: &str,
) -> Result<Failures, StoreError> {
    let found = tx.one(FAILURES, params![org_id, counted.key(), name], failures_of)?;
    Ok(found.unwrap_or_default())
}

/// The failures counted under `name`, held until the transaction ends, so that two tries at once are counted as two.
pub(crate) fn hold_failures(
    tx: &mut Tx<'_>,
    org_id: i64,
    counted: Counted,
    name: &str,
) -> Result<Failures, StoreError> {
    tx.execute(
        "INSERT INTO identity_throttle (org_id, kind, name, failures, last_at, refused_until, refused)
         VALUES (?1, ?2, ?3, 0, 0, 0, 0)
         ON CONFLICT (org_id, kind, name) DO UPDATE SET refused = identity_throttle.refused",
        params![org_id, counted.key(), name],
    )?;
    failures(tx, org_id, counted, name)
}

pub(crate) fn keep_failures(
    tx: &mut Tx<'_>,
    org_id: i64,
    counted: Counted,
    name: &str,
    failures: &Failures,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE identity_throttle SET failures = ?4, last_at = ?5, refused_until = ?6, refused = ?7
         WHERE org_id = ?1 AND kind = ?2 AND name = ?3",
        params![
            org_id,
            counted.key(),
            name,
            failures.failures,
            failures.last_at,
            failures.refused_until,
            failures.refused
        ],
    )?;
    Ok(())
}

pub(crate) fn forget_failures(
    tx: &mut Tx<'_>,
    org_id: i64,
    counted: Counted,
    name: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM identity_throttle WHERE org_id = ?1 AND kind = ?2 AND name = ?3",
        params![org_id, counted.key(), name],
    )?;
    Ok(())
}

/// Takes away what was counted before `before`, so that guesses under ever new names do not fill the database.
pub(crate) fn forget_before(tx: &mut Tx<'_>, org_id: i64, before: Moment) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM identity_throttle WHERE org_id = ?1 AND last_at < ?2 AND refused_until < ?2",
        params![org_id, before],
    )?;
    Ok(())
}

pub(crate) fn insert_event(
    tx: &mut Tx<'_>,
    org_id: i64,
    event: &NewEvent<'_>,
    now: Moment,
) -> Result<(), StoreError> {
    let id = tx.next_key(now);
    tx.execute(
        "INSERT INTO identity_login_event (org_id, id, at, kind, person_id, login, address, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![org_id, id, now, event.kind.key(), event.person_id, event.login, event.address, event.detail],
    )?;
    Ok(())
}

pub(crate) fn events(
    tx: &mut Tx<'_>,
    org_id: i64,
    filter: &EventFilter,
    limit: u32,
) -> Result<Vec<LoginEvent>, StoreError> {
    let from = filter.from.map_or(i64::MIN, Moment::millis);
    let until = filter.until.map_or(i64::MAX, Moment::millis);
    let before = filter.before.unwrap_or(i64::MAX);
    let person = if filter.person_id.is_some() { "AND person_id = ?6" } else { "AND ?6 = 0" };
    let text = format!(
        "SELECT id, at, kind, person_id, login, address, detail FROM identity_login_event
         WHERE org_id = ?1 AND id < ?2 AND at >= ?3 AND at < ?4 {person} ORDER BY id DESC LIMIT ?5"
    );
    tx.list(&text, params![org_id, before, from, until, limit, filter.person_id.unwrap_or(0)], |row| {
        let kind = row.text(2)?;
        Ok(LoginEvent {
            id: row.int(0)?,
            at: row.moment(1)?,
            kind: LoginEventKind::ALL.iter().copied().find(|known| known.key() == kind),
            person_id: row.int_or_null(3)?,
            login: row.text(4)?,
            address: row.text(5)?,
            detail: row.text(6)?,
        })
    })
}
