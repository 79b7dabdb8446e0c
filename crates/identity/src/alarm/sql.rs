//! The tables of alarms.

use std::collections::BTreeSet;

use store::{Engine, Migration, Row, StoreError, Tx, params};

use super::model::{Alarm, AlarmFinding, AlarmState, Decision};

/// Alarms and what they found.
pub(crate) const MIGRATION: Migration = Migration {
    number: 3,
    name: "alarms",
    both: "
CREATE TABLE identity_alarm (
  org_id INTEGER NOT NULL, number INTEGER NOT NULL CHECK (number > 0), raised_at INTEGER NOT NULL,
  raised_by INTEGER NOT NULL, source TEXT NOT NULL, found INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),
  proposed_by INTEGER, proposed_at INTEGER, proposal TEXT, confirmed_by INTEGER, confirmed_at INTEGER, confirmation TEXT,
  version INTEGER NOT NULL,
  CHECK ((state = 0) = (proposed_by IS NULL)), CHECK ((state = 2) = (confirmed_by IS NOT NULL)),
  CHECK (confirmed_by IS NULL OR confirmed_by <> proposed_by),
  PRIMARY KEY (org_id, number)) STRICT, WITHOUT ROWID;
CREATE INDEX identity_alarm_open ON identity_alarm (org_id, number) WHERE state < 2;
CREATE TABLE identity_alarm_finding (
  org_id INTEGER NOT NULL, number INTEGER NOT NULL, line INTEGER NOT NULL, check_code TEXT NOT NULL, place TEXT NOT NULL,
  text_zh TEXT NOT NULL, text_en TEXT NOT NULL,
  PRIMARY KEY (org_id, number, line)) STRICT, WITHOUT ROWID;",
    sqlite: "
CREATE TRIGGER identity_alarm_new BEFORE INSERT ON identity_alarm WHEN NEW.state <> 0
BEGIN SELECT RAISE(ABORT, 'identity: an alarm begins undecided'); END;
CREATE TRIGGER identity_alarm_fixed BEFORE UPDATE ON identity_alarm
WHEN OLD.state = 2 OR NEW.org_id <> OLD.org_id OR NEW.number <> OLD.number OR NEW.raised_at <> OLD.raised_at
  OR NEW.raised_by <> OLD.raised_by OR NEW.source <> OLD.source OR NEW.found <> OLD.found
  OR NEW.version <> OLD.version + 1 OR (OLD.state = 0 AND NEW.state = 2)
BEGIN SELECT RAISE(ABORT, 'identity: an alarm is decided step by step and then never changes'); END;
CREATE TRIGGER identity_alarm_kept BEFORE DELETE ON identity_alarm BEGIN SELECT RAISE(ABORT, 'identity: an alarm is never deleted'); END;
CREATE TRIGGER identity_alarm_finding_fixed BEFORE UPDATE ON identity_alarm_finding BEGIN SELECT RAISE(ABORT, 'identity: a finding never changes'); END;
CREATE TRIGGER identity_alarm_finding_kept BEFORE DELETE ON identity_alarm_finding BEGIN SELECT RAISE(ABORT, 'identity: a finding is never deleted'); END;",
    postgres: "
CREATE FUNCTION identity_alarm_never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'identity: % never changes and is never deleted', TG_TABLE_NAME; END $$;
CREATE FUNCTION identity_alarm_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 0 THEN RAISE EXCEPTION 'identity: an alarm begins undecided'; END IF;
  ELSIF OLD.state = 2 OR NEW.org_id <> OLD.org_id OR NEW.number <> OLD.number OR NEW.raised_at <> OLD.raised_at
    OR NEW.raised_by <> OLD.raised_by OR NEW.source <> OLD.source OR NEW.found <> OLD.found
    OR NEW.version <> OLD.version + 1 OR (OLD.state = 0 AND NEW.state = 2) THEN
    RAISE EXCEPTION 'identity: an alarm is decided step by step and then never changes';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER identity_alarm_step BEFORE INSERT OR UPDATE ON identity_alarm FOR EACH ROW EXECUTE FUNCTION identity_alarm_step();
CREATE TRIGGER identity_alarm_kept BEFORE DELETE OR TRUNCATE ON identity_alarm FOR EACH STATEMENT EXECUTE FUNCTION identity_alarm_never();
CREATE TRIGGER identity_alarm_finding_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON identity_alarm_finding FOR EACH STATEMENT EXECUTE FUNCTION identity_alarm_never();
REVOKE DELETE, TRUNCATE ON identity_alarm FROM PUBLIC, CURRENT_USER;
REVOKE UPDATE, DELETE, TRUNCATE ON identity_alarm_finding FROM PUBLIC, CURRENT_USER;",
};

/// Distinguishes this lock from other advisory locks of the same database.
const LOCK_CLASS: i64 = 0x616c_726d;

const ALARM: &str =
    "SELECT number, raised_at, raised_by, source, found, state, proposed_by, proposed_at, proposal,
  confirmed_by, confirmed_at, confirmation, version FROM identity_alarm WHERE org_id = ?1";

/// Alarms of an organisation are raised and decided one after another.
pub(crate) fn lock(tx: &mut Tx<'_>, org_id: i64) -> Result<(), StoreError> {
    if tx.engine() == Engine::Postgres {
        tx.execute("SELECT pg_advisory_xact_lock(?1)", params![(LOCK_CLASS << 32) ^ org_id])?;
    }
    Ok(())
}

fn decision(row: &Row<'_>, first: usize) -> Result<Option<Decision>, StoreError> {
    let Some(person_id) = row.int_or_null(first)? else { return Ok(None) };
    Ok(Some(Decision { person_id, at: row.moment(first + 1)?, reason: row.text(first + 2)? }))
}

fn alarm(row: &Row<'_>) -> Result<Alarm, StoreError> {
    let wrong = StoreError::WrongType { column: 5, expected: "a state of alarms" };
    Ok(Alarm {
        number: row.int(0)?,
        raised_at: row.moment(1)?,
        raised_by: row.int(2)?,
        source: row.text(3)?,
        found: row.int(4)?,
        state: AlarmState::from_number(row.int(5)?).ok_or(wrong)?,
        proposal: decision(row, 6)?,
        confirmation: decision(row, 9)?,
        version: row.int(12)?,
    })
}

pub(crate) fn open_alarm(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<Alarm>, StoreError> {
    tx.one(&format!("{ALARM} AND state < 2 ORDER BY number LIMIT 1"), params![org_id], alarm)
}

pub(crate) fn alarms(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Alarm>, StoreError> {
    tx.list(&format!("{ALARM} ORDER BY number"), params![org_id], alarm)
}

pub(crate) fn find(tx: &mut Tx<'_>, org_id: i64, number: i64) -> Result<Option<Alarm>, StoreError> {
    tx.one(&format!("{ALARM} AND number = ?2"), params![org_id, number], alarm)
}

pub(crate) fn last_number(tx: &mut Tx<'_>, org_id: i64) -> Result<i64, StoreError> {
    let last =
        tx.one("SELECT MAX(number) FROM identity_alarm WHERE org_id = ?1", params![org_id], |row| {
            row.int_or_null(0)
        })?;
    Ok(last.flatten().unwrap_or(0))
}

pub(crate) fn insert(tx: &mut Tx<'_>, org_id: i64, alarm: &Alarm) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_alarm (org_id, number, raised_at, raised_by, source, found, state, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1)",
        params![
            org_id,
            alarm.number,
            alarm.raised_at,
            alarm.raised_by,
            &alarm.source,
            alarm.found,
            alarm.state as i64
        ],
    )?;
    Ok(())
}

pub(crate) fn insert_finding(
    tx: &mut Tx<'_>,
    org_id: i64,
    number: i64,
    line: i64,
    finding: &AlarmFinding,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_alarm_finding (org_id, number, line, check_code, place, text_zh, text_en)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![org_id, number, line, &finding.check, &finding.place, &finding.zh, &finding.en],
    )?;
    Ok(())
}

pub(crate) fn save(tx: &mut Tx<'_>, org_id: i64, alarm: &Alarm) -> Result<(), StoreError> {
    let person = |decision: &Option<Decision>| decision.as_ref().map(|decision| decision.person_id);
    let at = |decision: &Option<Decision>| decision.as_ref().map(|decision| decision.at);
    let reason = |decision: &Option<Decision>| decision.as_ref().map(|decision| decision.reason.clone());
    let (proposal, confirmation) = (reason(&alarm.proposal), reason(&alarm.confirmation));
    tx.execute_one(
        &format!("alarm {}", alarm.number),
        "UPDATE identity_alarm SET state = ?4, proposed_by = ?5, proposed_at = ?6, proposal = ?7, confirmed_by = ?8,
           confirmed_at = ?9, confirmation = ?10, version = version + 1
         WHERE org_id = ?1 AND number = ?2 AND version = ?3",
        params![
            org_id,
            alarm.number,
            alarm.version,
            alarm.state as i64,
            person(&alarm.proposal),
            at(&alarm.proposal),
            proposal.as_deref(),
            person(&alarm.confirmation),
            at(&alarm.confirmation),
            confirmation.as_deref()
        ],
    )
}

const FINDING: &str = "SELECT f.check_code, f.place, f.text_zh, f.text_en FROM identity_alarm_finding f";

fn finding(row: &Row<'_>) -> Result<AlarmFinding, StoreError> {
    Ok(AlarmFinding { check: row.text(0)?, place: row.text(1)?, zh: row.text(2)?, en: row.text(3)? })
}

pub(crate) fn findings(tx: &mut Tx<'_>, org_id: i64, number: i64) -> Result<Vec<AlarmFinding>, StoreError> {
    let sql = format!("{FINDING} WHERE f.org_id = ?1 AND f.number = ?2 ORDER BY f.line");
    tx.list(&sql, params![org_id, number], finding)
}

pub(crate) fn findings_in(
    tx: &mut Tx<'_>,
    org_id: i64,
    state: AlarmState,
) -> Result<BTreeSet<AlarmFinding>, StoreError> {
    let sql = format!(
        "{FINDING} JOIN identity_alarm a ON a.org_id = f.org_id AND a.number = f.number
         WHERE f.org_id = ?1 AND a.state = ?2"
    );
    let mut found = BTreeSet::new();
    tx.each(&sql, params![org_id, state as i64], |row| {
        found.insert(finding(row)?);
        Ok::<_, StoreError>(())
    })?;
    Ok(found)
}
