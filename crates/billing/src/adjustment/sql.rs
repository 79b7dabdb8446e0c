//! Rows of adjustments.

use kernel::{Date, Moment, Month};
use store::{Row, StoreError, Tx, params};

use super::model::{AdjustmentCase, CaseState, Effect, FollowUp, FollowUpItem};
use super::routes::Cause;
use crate::office::Result;

pub(crate) const TABLES: &str = "
CREATE TABLE adjustment_case (
  org_id INTEGER NOT NULL, case_id INTEGER NOT NULL, number TEXT NOT NULL, ticket_id INTEGER NOT NULL,
  approval_id INTEGER NOT NULL, cause INTEGER NOT NULL, reason TEXT NOT NULL, account_id INTEGER NOT NULL,
  unit_id INTEGER NOT NULL, book_id INTEGER NOT NULL, started_unit_id INTEGER NOT NULL, centre_unit_id INTEGER NOT NULL,
  started_by INTEGER NOT NULL, started_at INTEGER NOT NULL, month INTEGER NOT NULL,
  energy_kwh INTEGER NOT NULL, amount INTEGER NOT NULL, answerable INTEGER NOT NULL, basis INTEGER NOT NULL,
  call_message_id INTEGER, evidence_list_id INTEGER, filed_by INTEGER, filed_at INTEGER, filed_where TEXT,
  state INTEGER NOT NULL, sequence INTEGER, issue_id INTEGER, issued_on INTEGER, version INTEGER NOT NULL,
  PRIMARY KEY (org_id, case_id)) STRICT, WITHOUT ROWID;
CREATE INDEX adjustment_of_account ON adjustment_case (org_id, account_id);
CREATE TABLE adjustment_component (
  org_id INTEGER NOT NULL, case_id INTEGER NOT NULL, component TEXT NOT NULL, amount INTEGER NOT NULL,
  PRIMARY KEY (org_id, case_id, component)) STRICT, WITHOUT ROWID;
CREATE TABLE adjustment_tier (
  org_id INTEGER NOT NULL, case_id INTEGER NOT NULL, tier INTEGER NOT NULL, energy_kwh INTEGER NOT NULL,
  PRIMARY KEY (org_id, case_id, tier)) STRICT, WITHOUT ROWID;
CREATE TABLE adjustment_follow_up (
  org_id INTEGER NOT NULL, case_id INTEGER NOT NULL, item INTEGER NOT NULL, chased INTEGER NOT NULL,
  chased_by INTEGER, chased_at INTEGER, done_by INTEGER, done_at INTEGER,
  PRIMARY KEY (org_id, case_id, item)) STRICT, WITHOUT ROWID;
CREATE TABLE adjustment_month_answer (
  org_id INTEGER NOT NULL, list_id INTEGER NOT NULL, copies INTEGER NOT NULL, text TEXT NOT NULL,
  answered_by INTEGER NOT NULL, answered_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, list_id)) STRICT, WITHOUT ROWID;
CREATE TABLE adjustment_running_list (
  org_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, day INTEGER NOT NULL, cases INTEGER NOT NULL,
  message_id INTEGER NOT NULL, given_by INTEGER NOT NULL, given_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, unit_id, day)) STRICT, WITHOUT ROWID;";

const CASE: &str = "SELECT case_id, number, ticket_id, approval_id, cause, reason, account_id, unit_id, book_id,
  started_unit_id, centre_unit_id, started_by, month, energy_kwh, amount, call_message_id, evidence_list_id, state,
  sequence, version FROM adjustment_case WHERE org_id = ?1";

/// The cases of `tail`: a condition with what may follow one.
pub(crate) fn cases_where(
    tx: &mut Tx<'_>,
    tail: &str,
    values: &[store::Value<'_>],
) -> Result<Vec<AdjustmentCase>> {
    let fields = CASE.strip_suffix("org_id = ?1").unwrap_or(CASE);
    Ok(tx.list(&format!("{fields}{tail}"), values, read)?)
}

fn wrong(column: usize, expected: &'static str) -> StoreError {
    StoreError::WrongType { column, expected }
}

fn read(row: &Row<'_>) -> std::result::Result<AdjustmentCase, StoreError> {
    Ok(AdjustmentCase {
        case_id: row.int(0)?,
        number: row.text(1)?,
        ticket_id: row.int(2)?,
        approval_id: row.int(3)?,
        cause: Cause::from_number(row.int(4)?).ok_or(wrong(4, "a cause"))?,
        reason: row.text(5)?,
        account_id: row.int(6)?,
        unit_id: row.int(7)?,
        book_id: row.int(8)?,
        started_unit_id: row.int(9)?,
        centre_unit_id: row.int(10)?,
        started_by: row.int(11)?,
        month: row.month(12)?,
        energy_kwh: row.quantity(13)?,
        amount: row.money(14)?,
        called: row.int_or_null(15)?.is_some(),
        evidence_list_id: row.int_or_null(16)?,
        state: CaseState::from_number(row.int(17)?).ok_or(wrong(17, "a state of cases"))?,
        sequence: row.int_or_null(18)?,
        version: row.int(19)?,
    })
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    org_id: i64,
    case: &AdjustmentCase,
    effect: &Effect,
    follow_up: &[FollowUpItem],
    at: Moment,
) -> Result<()> {
    let route = case.cause.route();
    tx.execute(
        "INSERT INTO adjustment_case (org_id, case_id, number, ticket_id, approval_id, cause, reason, account_id, unit_id,
           book_id, started_unit_id, centre_unit_id, started_by, started_at, month, energy_kwh, amount, answerable, basis,
           state, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, 1)",
        params![
            org_id,
            case.case_id,
            &case.number,
            case.ticket_id,
            case.approval_id,
            case.cause.number(),
            &case.reason,
            case.account_id,
            case.unit_id,
            case.book_id,
            case.started_unit_id,
            case.centre_unit_id,
            case.started_by,
            at,
            case.month,
            case.energy_kwh,
            case.amount,
            route.answerable.number(),
            route.basis.number(),
            case.state as i64
        ],
    )?;
    for (component, amount) in &effect.components {
        tx.execute(
            "INSERT INTO adjustment_component (org_id, case_id, component, amount) VALUES (?1, ?2, ?3, ?4)",
            params![org_id, case.case_id, component, *amount],
        )?;
    }
    for (tier, energy) in &effect.tiers {
        tx.execute(
            "INSERT INTO adjustment_tier (org_id, case_id, tier, energy_kwh) VALUES (?1, ?2, ?3, ?4)",
            params![org_id, case.case_id, *tier, *energy],
        )?;
    }
    for item in follow_up {
        tx.execute(
            "INSERT INTO adjustment_follow_up (org_id, case_id, item, chased) VALUES (?1, ?2, ?3, 0)",
            params![org_id, case.case_id, *item as i64],
        )?;
    }
    Ok(())
}

pub(crate) fn find(tx: &mut Tx<'_>, org_id: i64, case_id: i64) -> Result<Option<AdjustmentCase>> {
    Ok(tx.one(&format!("{CASE} AND case_id = ?2"), params![org_id, case_id], read)?)
}

pub(crate) fn effect(tx: &mut Tx<'_>, org_id: i64, case: &AdjustmentCase) -> Result<Effect> {
    let components = tx.list(
        "SELECT component, amount FROM adjustment_component WHERE org_id = ?1 AND case_id = ?2 ORDER BY component",
        params![org_id, case.case_id],
        |row| Ok::<_, StoreError>((row.text(0)?, row.money(1)?)),
    )?;
    let tiers = tx.list(
        "SELECT tier, energy_kwh FROM adjustment_tier WHERE org_id = ?1 AND case_id = ?2 ORDER BY tier",
        params![org_id, case.case_id],
        |row| {
            let tier = u8::try_from(row.int(0)?).map_err(|_| wrong(0, "a tier"))?;
            Ok::<_, StoreError>((tier, row.quantity(1)?))
        },
    )?;
    Ok(Effect { energy_kwh: case.energy_kwh, tiers, components })
}

pub(crate) fn running(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Vec<AdjustmentCase>> {
    let sql = format!("{CASE} AND unit_id = ?2 AND state = ?3 ORDER BY case_id");
    Ok(tx.list(&sql, params![org_id, unit_id, CaseState::Running as i64], read)?)
}

pub(crate) fn issued_between(
    tx: &mut Tx<'_>,
    org_id: i64,
    unit_id: i64,
    first: Date,
    last: Date,
) -> Result<Vec<AdjustmentCase>> {
    let sql =
        format!("{CASE} AND unit_id = ?2 AND state = ?3 AND issued_on BETWEEN ?4 AND ?5 ORDER BY number");
    Ok(tx.list(&sql, params![org_id, unit_id, CaseState::Issued as i64, first, last], read)?)
}

pub(crate) fn in_progress(tx: &mut Tx<'_>, org_id: i64, first: i64, last: i64) -> Result<Vec<i64>> {
    Ok(tx.list(
        "SELECT account_id FROM adjustment_case
         WHERE org_id = ?1 AND account_id BETWEEN ?2 AND ?3 AND state = ?4
         UNION
         SELECT l.account_id FROM adjustment_line l
         JOIN adjustment_case c ON c.org_id = l.org_id AND c.case_id = l.case_id
         WHERE l.org_id = ?1 AND l.account_id BETWEEN ?2 AND ?3 AND c.state = ?4
         ORDER BY account_id",
        params![org_id, first, last, CaseState::Running as i64],
        |row| row.int(0),
    )?)
}

/// Adjustments of bills of `month` made for an error of the centre, refused ones left out.
pub(crate) fn centre_errors(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<i64> {
    let causes: Vec<i64> =
        Cause::ALL.into_iter().filter(|cause| cause.is_centre_error()).map(Cause::number).collect();
    let mut count = 0;
    for cause in causes {
        let found = tx.one(
            "SELECT COUNT(*) FROM adjustment_case WHERE org_id = ?1 AND month = ?2 AND cause = ?3 AND state <> ?4",
            params![org_id, month, cause, CaseState::Refused as i64],
            |row| row.int(0),
        )?;
        count += found.unwrap_or(0);
    }
    Ok(count)
}

/// The next free sequence within the account's month, above its own bill's 0.
pub(crate) fn next_sequence(tx: &mut Tx<'_>, org_id: i64, month: Month, account_id: i64) -> Result<i64> {
    let found = tx.one(
        "SELECT COALESCE(MAX(sequence), 0) FROM bill WHERE org_id = ?1 AND month = ?2 AND account_id = ?3",
        params![org_id, month, account_id],
        |row| row.int(0),
    )?;
    Ok(found.unwrap_or(0) + 1)
}

pub(crate) fn save_call(tx: &mut Tx<'_>, org_id: i64, case: &AdjustmentCase, message_id: i64) -> Result<()> {
    Ok(tx.execute_one(
        &case.number,
        "UPDATE adjustment_case SET call_message_id = ?4, version = version + 1
         WHERE org_id = ?1 AND case_id = ?2 AND version = ?3",
        params![org_id, case.case_id, case.version, message_id],
    )?)
}

pub(crate) fn save_evidence(tx: &mut Tx<'_>, org_id: i64, case: &AdjustmentCase, list_id: i64) -> Result<()> {
    Ok(tx.execute_one(
        &case.number,
        "UPDATE adjustment_case SET evidence_list_id = ?4, version = version + 1
         WHERE org_id = ?1 AND case_id = ?2 AND version = ?3 AND evidence_list_id IS NULL",
        params![org_id, case.case_id, case.version, list_id],
    )?)
}

pub(crate) fn save_filed(
    tx: &mut Tx<'_>,
    org_id: i64,
    case: &AdjustmentCase,
    (by, at): (i64, Moment),
    place: &str,
) -> Result<()> {
    Ok(tx.execute_one(
        &case.number,
        "UPDATE adjustment_case SET filed_by = ?4, filed_at = ?5, filed_where = ?6, version = version + 1
         WHERE org_id = ?1 AND case_id = ?2 AND version = ?3 AND filed_at IS NULL",
        params![org_id, case.case_id, case.version, by, at, place],
    )?)
}

pub(crate) fn save_end(
    tx: &mut Tx<'_>,
    org_id: i64,
    case: &AdjustmentCase,
    state: CaseState,
    issued: Option<(i64, i64, Date)>,
) -> Result<()> {
    Ok(tx.execute_one(
        &case.number,
        "UPDATE adjustment_case SET state = ?4, sequence = ?5, issue_id = ?6, issued_on = ?7, version = version + 1
         WHERE org_id = ?1 AND case_id = ?2 AND version = ?3 AND state = 0",
        params![
            org_id,
            case.case_id,
            case.version,
            state as i64,
            issued.map(|(sequence, _, _)| sequence),
            issued.map(|(_, issue_id, _)| issue_id),
            issued.map(|(_, _, day)| day)
        ],
    )?)
}

pub(crate) fn follow_ups(tx: &mut Tx<'_>, org_id: i64, case_id: i64) -> Result<Vec<FollowUp>> {
    Ok(tx.list(
        "SELECT item, chased, done_by FROM adjustment_follow_up WHERE org_id = ?1 AND case_id = ?2 ORDER BY item",
        params![org_id, case_id],
        |row| {
            Ok::<_, StoreError>(FollowUp {
                item: FollowUpItem::from_number(row.int(0)?).ok_or(wrong(0, "a follow-up step"))?,
                chased: row.int(1)?,
                done_by: row.int_or_null(2)?,
            })
        },
    )?)
}

pub(crate) fn save_chased(
    tx: &mut Tx<'_>,
    org_id: i64,
    case_id: i64,
    item: FollowUpItem,
    (by, at): (i64, Moment),
) -> Result<()> {
    Ok(tx.execute_one(
        "follow-up step",
        "UPDATE adjustment_follow_up SET chased = chased + 1, chased_by = ?4, chased_at = ?5
         WHERE org_id = ?1 AND case_id = ?2 AND item = ?3 AND done_at IS NULL",
        params![org_id, case_id, item as i64, by, at],
    )?)
}

pub(crate) fn save_done(
    tx: &mut Tx<'_>,
    org_id: i64,
    case_id: i64,
    item: FollowUpItem,
    (by, at): (i64, Moment),
) -> Result<()> {
    Ok(tx.execute_one(
        "follow-up step",
        "UPDATE adjustment_follow_up SET done_by = ?4, done_at = ?5
         WHERE org_id = ?1 AND case_id = ?2 AND item = ?3 AND done_at IS NULL",
        params![org_id, case_id, item as i64, by, at],
    )?)
}

pub(crate) fn insert_month_answer(
    tx: &mut Tx<'_>,
    org_id: i64,
    list_id: i64,
    copies: u32,
    text: &str,
    (by, at): (i64, Moment),
) -> Result<()> {
    tx.execute(
        "INSERT INTO adjustment_month_answer (org_id, list_id, copies, text, answered_by, answered_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, list_id, copies, text, by, at],
    )?;
    Ok(())
}

pub(crate) fn month_answer(tx: &mut Tx<'_>, org_id: i64, list_id: i64) -> Result<Option<(i64, String)>> {
    Ok(tx.one(
        "SELECT copies, text FROM adjustment_month_answer WHERE org_id = ?1 AND list_id = ?2",
        params![org_id, list_id],
        |row| Ok::<_, StoreError>((row.int(0)?, row.text(1)?)),
    )?)
}

pub(crate) fn insert_running_list(
    tx: &mut Tx<'_>,
    org_id: i64,
    (unit_id, day): (i64, Date),
    cases: i64,
    message_id: i64,
    (by, at): (i64, Moment),
) -> Result<()> {
    tx.execute(
        "INSERT INTO adjustment_running_list (org_id, unit_id, day, cases, message_id, given_by, given_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![org_id, unit_id, day, cases, message_id, by, at],
    )?;
    Ok(())
}

pub(crate) fn running_lists_of(tx: &mut Tx<'_>, org_id: i64, day: Date) -> Result<Vec<i64>> {
    Ok(tx.list(
        "SELECT unit_id FROM adjustment_running_list WHERE org_id = ?1 AND day = ?2 ORDER BY unit_id",
        params![org_id, day],
        |row| row.int(0),
    )?)
}
