//! The table of delegations.

use kernel::{Date, Moment};
use store::{Migration, Row, StoreError, Tx, params};

use super::Delegation;

/// Step 5 of the schema.
pub(crate) const MIGRATION: Migration = Migration {
    number: 5,
    name: "acting for absent colleagues",
    both: "
CREATE TABLE identity_delegation (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, absent_id INTEGER NOT NULL, substitute_id INTEGER NOT NULL,
  assignment_id INTEGER NOT NULL, from_day INTEGER NOT NULL, until_day INTEGER NOT NULL, reason TEXT NOT NULL,
  made_by INTEGER NOT NULL, made_at INTEGER NOT NULL,
  CHECK (absent_id <> substitute_id), CHECK (from_day <= until_day),
  PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;
CREATE INDEX identity_delegation_substitute ON identity_delegation (org_id, substitute_id);
CREATE INDEX identity_delegation_absent ON identity_delegation (org_id, absent_id);",
    sqlite: "
CREATE TRIGGER identity_delegation_fixed BEFORE UPDATE ON identity_delegation
WHEN NEW.org_id <> OLD.org_id OR NEW.id <> OLD.id OR NEW.absent_id <> OLD.absent_id OR NEW.substitute_id <> OLD.substitute_id
  OR NEW.assignment_id <> OLD.assignment_id OR NEW.from_day <> OLD.from_day OR NEW.until_day > OLD.until_day
  OR NEW.reason <> OLD.reason OR NEW.made_by <> OLD.made_by OR NEW.made_at <> OLD.made_at
BEGIN SELECT RAISE(ABORT, 'identity: a delegation can only end earlier'); END;
CREATE TRIGGER identity_delegation_kept BEFORE DELETE ON identity_delegation BEGIN SELECT RAISE(ABORT, 'identity: a delegation is never deleted'); END;",
    postgres: "
CREATE FUNCTION identity_delegation_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.org_id <> OLD.org_id OR NEW.id <> OLD.id OR NEW.absent_id <> OLD.absent_id OR NEW.substitute_id <> OLD.substitute_id
    OR NEW.assignment_id <> OLD.assignment_id OR NEW.from_day <> OLD.from_day OR NEW.until_day > OLD.until_day
    OR NEW.reason <> OLD.reason OR NEW.made_by <> OLD.made_by OR NEW.made_at <> OLD.made_at THEN
    RAISE EXCEPTION 'identity: a delegation can only end earlier';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER identity_delegation_fixed BEFORE UPDATE ON identity_delegation FOR EACH ROW EXECUTE FUNCTION identity_delegation_step();
CREATE TRIGGER identity_delegation_kept BEFORE DELETE OR TRUNCATE ON identity_delegation FOR EACH STATEMENT EXECUTE FUNCTION identity_never();
REVOKE DELETE, TRUNCATE ON identity_delegation FROM PUBLIC, CURRENT_USER;",
};

/// Step 7 of the schema.
pub(crate) const WITHDRAWN: Migration = Migration {
    number: 7,
    name: "delegations withdrawn before they begin",
    both: "ALTER TABLE identity_delegation ADD COLUMN withdrawn_at INTEGER;",
    sqlite: "
DROP TRIGGER identity_delegation_fixed;
CREATE TRIGGER identity_delegation_fixed BEFORE UPDATE ON identity_delegation
WHEN OLD.withdrawn_at IS NOT NULL OR NEW.org_id <> OLD.org_id OR NEW.id <> OLD.id OR NEW.absent_id <> OLD.absent_id
  OR NEW.substitute_id <> OLD.substitute_id OR NEW.assignment_id <> OLD.assignment_id OR NEW.from_day <> OLD.from_day
  OR NEW.until_day > OLD.until_day OR NEW.reason <> OLD.reason OR NEW.made_by <> OLD.made_by OR NEW.made_at <> OLD.made_at
BEGIN SELECT RAISE(ABORT, 'identity: a delegation can only end earlier or be withdrawn, once'); END;",
    postgres: "
CREATE OR REPLACE FUNCTION identity_delegation_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.withdrawn_at IS NOT NULL OR NEW.org_id <> OLD.org_id OR NEW.id <> OLD.id OR NEW.absent_id <> OLD.absent_id
    OR NEW.substitute_id <> OLD.substitute_id OR NEW.assignment_id <> OLD.assignment_id OR NEW.from_day <> OLD.from_day
    OR NEW.until_day > OLD.until_day OR NEW.reason <> OLD.reason OR NEW.made_by <> OLD.made_by
    OR NEW.made_at <> OLD.made_at THEN
    RAISE EXCEPTION 'identity: a delegation can only end earlier or be withdrawn, once';
  END IF;
  RETURN NEW;
END $$;",
};

pub(crate) fn insert(tx: &mut Tx<'_>, org_id: i64, new: &Delegation) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_delegation
           (org_id, id, absent_id, substitute_id, assignment_id, from_day, until_day, reason, made_by, made_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            org_id,
            new.id,
            new.absent_id,
            new.substitute_id,
            new.assignment_id,
            new.from,
            new.until,
            &new.reason,
            new.made_by,
            new.made_at
        ],
    )?;
    Ok(())
}

const DELEGATION: &str =
    "SELECT id, absent_id, substitute_id, assignment_id, from_day, until_day, reason, made_by, made_at,
  withdrawn_at FROM identity_delegation";

fn delegation(row: &Row<'_>) -> Result<Delegation, StoreError> {
    Ok(Delegation {
        id: row.int(0)?,
        absent_id: row.int(1)?,
        substitute_id: row.int(2)?,
        assignment_id: row.int(3)?,
        from: row.date(4)?,
        until: row.date(5)?,
        reason: row.text(6)?,
        made_by: row.int(7)?,
        made_at: row.moment(8)?,
        withdrawn_at: row.moment_or_null(9)?,
    })
}

pub(crate) fn by_id(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<Delegation>, StoreError> {
    tx.one(&format!("{DELEGATION} WHERE org_id = ?1 AND id = ?2"), params![org_id, id], delegation)
}

pub(crate) fn of_substitute(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
) -> Result<Vec<Delegation>, StoreError> {
    tx.list(
        &format!("{DELEGATION} WHERE org_id = ?1 AND substitute_id = ?2 ORDER BY id"),
        params![org_id, person_id],
        delegation,
    )
}

pub(crate) fn of_absent(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Vec<Delegation>, StoreError> {
    tx.list(
        &format!("{DELEGATION} WHERE org_id = ?1 AND absent_id = ?2 ORDER BY id"),
        params![org_id, person_id],
        delegation,
    )
}

pub(crate) fn all(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Delegation>, StoreError> {
    tx.list(&format!("{DELEGATION} WHERE org_id = ?1 ORDER BY id"), params![org_id], delegation)
}

pub(crate) fn end(tx: &mut Tx<'_>, org_id: i64, id: i64, last_day: Date) -> Result<bool, StoreError> {
    let touched = tx.execute(
        "UPDATE identity_delegation SET until_day = ?3
         WHERE org_id = ?1 AND id = ?2 AND from_day <= ?3 AND until_day > ?3 AND withdrawn_at IS NULL",
        params![org_id, id, last_day],
    )?;
    Ok(touched == 1)
}

pub(crate) fn withdraw(tx: &mut Tx<'_>, org_id: i64, id: i64, at: Moment) -> Result<bool, StoreError> {
    let touched = tx.execute(
        "UPDATE identity_delegation SET withdrawn_at = ?3 WHERE org_id = ?1 AND id = ?2 AND withdrawn_at IS NULL",
        params![org_id, id, at],
    )?;
    Ok(touched == 1)
}
