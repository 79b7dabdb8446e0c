//! Approvals and their steps.

use kernel::Moment;
use store::{Row, StoreError, Tx, params};

use crate::{Approval, ApprovalState, ApprovalStep, Decision, Subject};

const APPROVAL: &str =
    "SELECT id, number, kind, unit_id, amount, maker_id, state, version FROM workflow_approval";

fn state_number(state: ApprovalState) -> i64 {
    match state {
        ApprovalState::Open => 0,
        ApprovalState::Approved => 1,
        ApprovalState::Refused => 2,
    }
}

pub(super) fn approval(row: &Row<'_>) -> Result<Approval, StoreError> {
    Ok(Approval {
        id: row.int(0)?,
        number: row.text(1)?,
        kind: row.text(2)?,
        unit_id: row.int(3)?,
        amount: row.money(4)?,
        maker_id: row.int(5)?,
        state: match row.int(6)? {
            0 => ApprovalState::Open,
            1 => ApprovalState::Approved,
            2 => ApprovalState::Refused,
            _ => return Err(StoreError::WrongType { column: 6, expected: "a state of an approval" }),
        },
        version: row.int(7)?,
        steps: Vec::new(),
    })
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    org_id: i64,
    approval: &Approval,
    subject: Subject<'_>,
    is_refund: bool,
    by: i64,
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO workflow_approval (org_id, id, number, kind, subject_kind, subject_id, unit_id, amount, is_refund,
           maker_id, opened_by, opened_at, state, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            org_id,
            approval.id,
            &approval.number,
            &approval.kind,
            subject.kind,
            subject.id,
            approval.unit_id,
            approval.amount,
            is_refund,
            approval.maker_id,
            by,
            now,
            state_number(approval.state),
            approval.version
        ],
    )?;
    for step in &approval.steps {
        tx.execute(
            "INSERT INTO workflow_approval_step (org_id, approval_id, step, post, permission) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![org_id, approval.id, step.step, &step.post, &step.permission],
        )?;
    }
    Ok(())
}

pub(super) fn with_steps(
    tx: &mut Tx<'_>,
    org_id: i64,
    mut approval: Approval,
) -> Result<Approval, StoreError> {
    approval.steps = tx.list(
        "SELECT step, post, permission, person_id, at, approved, text FROM workflow_approval_step
         WHERE org_id = ?1 AND approval_id = ?2 ORDER BY step",
        params![org_id, approval.id],
        |row| {
            let decision = match row.int_or_null(3)? {
                None => None,
                Some(person_id) => Some(Decision {
                    person_id,
                    at: row.moment(4)?,
                    approved: row.flag(5)?,
                    text: row.text(6)?,
                }),
            };
            Ok::<_, StoreError>(ApprovalStep {
                step: row.int(0)?,
                post: row.text(1)?,
                permission: row.text(2)?,
                decision,
            })
        },
    )?;
    Ok(approval)
}

pub(crate) fn find(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<Approval>, StoreError> {
    let found =
        tx.one(&format!("{APPROVAL} WHERE org_id = ?1 AND id = ?2"), params![org_id, id], approval)?;
    found.map(|found| with_steps(tx, org_id, found)).transpose()
}

pub(crate) fn of_subject(
    tx: &mut Tx<'_>,
    org_id: i64,
    subject: Subject<'_>,
) -> Result<Vec<Approval>, StoreError> {
    let found = tx.list(
        &format!("{APPROVAL} WHERE org_id = ?1 AND subject_kind = ?2 AND subject_id = ?3 ORDER BY id"),
        params![org_id, subject.kind, subject.id],
        approval,
    )?;
    found.into_iter().map(|found| with_steps(tx, org_id, found)).collect()
}

pub(crate) fn decide(
    tx: &mut Tx<'_>,
    org_id: i64,
    approval: &Approval,
    step: i64,
    decision: &Decision,
    state: ApprovalState,
) -> Result<(), StoreError> {
    tx.execute_one(
        &approval.number,
        "UPDATE workflow_approval SET state = ?4, version = version + 1
         WHERE org_id = ?1 AND id = ?2 AND version = ?3",
        params![org_id, approval.id, approval.version, state_number(state)],
    )?;
    tx.execute_one(
        &approval.number,
        "UPDATE workflow_approval_step SET person_id = ?4, at = ?5, approved = ?6, text = ?7
         WHERE org_id = ?1 AND approval_id = ?2 AND step = ?3 AND person_id IS NULL",
        params![
            org_id,
            approval.id,
            step,
            decision.person_id,
            decision.at,
            decision.approved,
            &decision.text
        ],
    )
}

/// Every approval with its steps, whether it is a refund, and when it was opened.
pub(crate) fn all(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(Approval, bool, Moment)>, StoreError> {
    let found = tx.list(
        "SELECT id, number, kind, unit_id, amount, maker_id, state, version, is_refund, opened_at FROM workflow_approval
         WHERE org_id = ?1 ORDER BY id",
        params![org_id],
        |row| Ok::<_, StoreError>((approval(row)?, row.flag(8)?, row.moment(9)?)),
    )?;
    let with = |(found, is_refund, at)| Ok((with_steps(tx, org_id, found)?, is_refund, at));
    found.into_iter().map(with).collect()
}
