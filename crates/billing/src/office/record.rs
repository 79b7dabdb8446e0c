//! The record of every act of the office, and numbers of its documents: the one place where both are made.

use identity::{IdentityError, Permission, Work};
use kernel::Moment;
use store::{StoreError, Tx, params};

use super::Result;

pub(crate) const TABLES: &str = "
CREATE TABLE office_act (
  org_id INTEGER NOT NULL, act_id INTEGER NOT NULL, person_id INTEGER NOT NULL, at INTEGER NOT NULL,
  verb TEXT NOT NULL, document TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL,
  PRIMARY KEY (org_id, act_id)) STRICT, WITHOUT ROWID;
CREATE INDEX office_act_of_document ON office_act (org_id, document);
CREATE TABLE office_number (
  org_id INTEGER NOT NULL, kind TEXT NOT NULL, unit_id INTEGER NOT NULL, year INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (org_id, kind, unit_id, year)) STRICT, WITHOUT ROWID;
CREATE TABLE office_message (
  org_id INTEGER NOT NULL, message_id INTEGER NOT NULL, from_unit INTEGER NOT NULL, to_unit INTEGER NOT NULL,
  means INTEGER NOT NULL, document TEXT NOT NULL, text TEXT NOT NULL, sent_by INTEGER NOT NULL, sent_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, message_id)) STRICT, WITHOUT ROWID;
CREATE TABLE office_list (
  org_id INTEGER NOT NULL, list_id INTEGER NOT NULL, kind INTEGER NOT NULL, number TEXT NOT NULL, period INTEGER NOT NULL,
  first_unit INTEGER NOT NULL, second_unit INTEGER NOT NULL, lines INTEGER NOT NULL,
  made_by INTEGER NOT NULL, made_at INTEGER NOT NULL,
  first_signer INTEGER, first_signed_at INTEGER, second_signer INTEGER, second_signed_at INTEGER,
  answer TEXT, answered_by INTEGER, answered_at INTEGER,
  PRIMARY KEY (org_id, list_id)) STRICT, WITHOUT ROWID;
CREATE INDEX office_list_of_period ON office_list (org_id, kind, period, second_unit);
CREATE TABLE office_list_line (
  org_id INTEGER NOT NULL, list_id INTEGER NOT NULL, line INTEGER NOT NULL, account_id INTEGER, document TEXT NOT NULL,
  text TEXT NOT NULL, energy_kwh INTEGER NOT NULL, amount INTEGER NOT NULL,
  PRIMARY KEY (org_id, list_id, line)) STRICT, WITHOUT ROWID;
CREATE TABLE office_delay (
  org_id INTEGER NOT NULL, delay_id INTEGER NOT NULL, month INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  account_id INTEGER, book_id INTEGER, party INTEGER NOT NULL, days INTEGER NOT NULL, cause TEXT NOT NULL,
  document TEXT NOT NULL, noted_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, delay_id)) STRICT, WITHOUT ROWID;
CREATE INDEX office_delay_of_month ON office_delay (org_id, month);";

/// Records what was done on which document, and what stood there before and after.
pub(crate) fn record(work: &mut Work<'_, '_>, verb: &str, document: &str, old: &str, new: &str) -> Result<()> {
    let key = work.next_key();
    let (org_id, person_id, now) = (work.org_id(), work.actor().person_id, work.now());
    work.tx.execute(
        "INSERT INTO office_act (org_id, act_id, person_id, at, verb, document, old, new)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![org_id, key, person_id, now, verb, document, old, new],
    )?;
    Ok(())
}

/// Who did what on one document, in order: person, moment, verb, before, after. (XC-15)
pub fn acts_on(
    tx: &mut Tx<'_>,
    org_id: i64,
    document: &str,
) -> Result<Vec<(i64, Moment, String, String, String)>> {
    Ok(tx.list(
        "SELECT person_id, at, verb, old, new FROM office_act WHERE org_id = ?1 AND document = ?2 ORDER BY act_id",
        params![org_id, document],
        |row| Ok::<_, StoreError>((row.int(0)?, row.moment(1)?, row.text(2)?, row.text(3)?, row.text(4)?)),
    )?)
}

/// The next number of a document of `kind` at `unit_id` in the year of the command: continuous, never chosen by a
/// person, and given back when the command fails. (ADJ-18, XC-10)
pub(crate) fn next_number(work: &mut Work<'_, '_>, kind: &str, unit_id: i64) -> Result<String> {
    let (org_id, year) = (work.org_id(), i64::from(work.today().year()));
    work.tx.execute(
        "INSERT INTO office_number (org_id, kind, unit_id, year, last) VALUES (?1, ?2, ?3, ?4, 1)
         ON CONFLICT (org_id, kind, unit_id, year) DO UPDATE SET last = office_number.last + 1",
        params![org_id, kind, unit_id, year],
    )?;
    let last = work.tx.one(
        "SELECT last FROM office_number WHERE org_id = ?1 AND kind = ?2 AND unit_id = ?3 AND year = ?4",
        params![org_id, kind, unit_id, year],
        |row| row.int(0),
    )?;
    Ok(format!("{kind}-{unit_id}-{year}-{:06}", last.unwrap_or(1)))
}

/// Refuses unless the person holds `permission` in a post at `unit_id` itself: nobody speaks for another unit, also
/// not one whose post acts on every unit.
pub(crate) fn require_at(work: &Work<'_, '_>, permission: Permission, unit_id: i64) -> Result<()> {
    let own = work.actor().assignments.iter().any(|held| {
        held.unit_id == unit_id && held.permissions.iter().any(|name| name == permission.0)
    });
    if own {
        return Ok(());
    }
    let person = work.actor().name.clone();
    Err(IdentityError::NotPermitted { person, permission: permission.0, unit_id }.into())
}

/// The unit at which the person holds `permission` while acting on `unit_id`; refuses when there is none.
pub(crate) fn unit_of_post(work: &Work<'_, '_>, permission: Permission, unit_id: i64) -> Result<i64> {
    work.require(permission, unit_id)?;
    Ok(work.actor().assignment_for(permission, unit_id).map_or(unit_id, |held| held.unit_id))
}
