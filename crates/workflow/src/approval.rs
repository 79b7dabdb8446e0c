//! Approvals by amount: a chain of posts, each step by another person than the maker (ADJ-03, ADJ-17).

use identity::{Actor, Permission, Work};
use store::Tx;

use crate::{
    Approval, ApprovalState, ApprovalStep, Decision, NewApproval, Subject, WorkflowError, rules, sql,
};

const OPEN: Permission = Permission("workflow.open_approval");

/// Opens an approval with the steps that its amount needs today.
pub fn open_approval(work: &mut Work<'_, '_>, new: &NewApproval<'_>) -> Result<Approval, WorkflowError> {
    work.require(OPEN, new.unit_id)?;
    let limits = rules::approval_steps(new.kind, new.amount, new.is_refund, work.today())?;
    let number = documents::take_number(work, "approval", new.unit_id)?;
    let steps = limits.iter().map(|limit| ApprovalStep {
        step: i64::from(limit.step),
        post: limit.post.to_owned(),
        permission: limit.permission.0.to_owned(),
        decision: None,
    });
    let approval = Approval {
        id: work.next_key(),
        number,
        kind: new.kind.to_owned(),
        unit_id: new.unit_id,
        amount: new.amount,
        maker_id: new.maker_id,
        state: ApprovalState::Open,
        version: 1,
        steps: steps.collect(),
    };
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    sql::approval::insert(work.tx, org_id, &approval, new.subject, new.is_refund, by, now)?;
    let amount = approval.amount.to_string();
    crate::record(
        work,
        OPEN,
        approval.unit_id,
        ("approval", &approval.number),
        &[("kind", "", &approval.kind), ("amount", "", &amount)],
    )?;
    Ok(approval)
}

/// Does the person hold the post that decides `step` of a matter of `unit_id`?
fn holds(actor: &Actor, step: &ApprovalStep, unit_id: i64) -> bool {
    actor.assignments.iter().any(|held| {
        held.post == step.post
            && held.permissions.contains(&step.permission)
            && (held.all_units || held.unit_id == unit_id || held.units.contains(&unit_id))
    })
}

/// The step that waits, when it waits for this person: who prepared the matter or decided an earlier step does not.
pub fn step_for<'a>(approval: &'a Approval, actor: &Actor) -> Option<&'a ApprovalStep> {
    let step = approval.steps.iter().find(|step| step.decision.is_none())?;
    let by_me = |step: &ApprovalStep| {
        step.decision.as_ref().is_some_and(|decision| decision.person_id == actor.person_id)
    };
    let mine = approval.state == ApprovalState::Open
        && approval.maker_id != actor.person_id
        && !approval.steps.iter().any(by_me)
        && holds(actor, step, approval.unit_id);
    mine.then_some(step)
}

/// Decides the step that waits. Only the post named by the step decides, never the maker, and nobody twice; a refusal
/// ends the approval and needs words.
pub fn decide(
    work: &mut Work<'_, '_>,
    approval_id: i64,
    approved: bool,
    text: &str,
) -> Result<Approval, WorkflowError> {
    let org_id = work.org_id();
    let mut approval = find_approval(work.tx, org_id, approval_id)?;
    rules::check_text(&approval.number, text, !approved)?;
    let decided = || WorkflowError::Decided { number: approval.number.clone() };
    if approval.state != ApprovalState::Open {
        return Err(decided());
    }
    let waiting = approval.steps.iter().position(|step| step.decision.is_none()).ok_or_else(decided)?;
    let step = &approval.steps[waiting];
    let actor = work.actor();
    if !holds(actor, step, approval.unit_id) {
        return Err(WorkflowError::WrongPost {
            number: approval.number.clone(),
            step: step.step,
            post: step.post.clone(),
        });
    }
    work.forbid_maker(approval.maker_id, &approval.number)?;
    let already = |step: &ApprovalStep| {
        step.decision.as_ref().is_some_and(|decision| decision.person_id == actor.person_id)
    };
    if approval.steps.iter().any(already) {
        return Err(WorkflowError::SignedBefore {
            person: actor.name.clone(),
            what: approval.number.clone(),
        });
    }
    let decision = Decision { person_id: actor.person_id, at: work.now(), approved, text: text.to_owned() };
    let state = match (approved, waiting + 1 == approval.steps.len()) {
        (false, _) => ApprovalState::Refused,
        (true, true) => ApprovalState::Approved,
        (true, false) => ApprovalState::Open,
    };
    sql::approval::decide(work.tx, org_id, &approval, step.step, &decision, state)?;
    let right = rules::permission(&step.permission)?;
    let outcome = if approved { "approved" } else { "refused" };
    let place = format!("step {}", step.step);
    crate::record(
        work,
        right,
        approval.unit_id,
        ("approval", &approval.number),
        &[(&place, "", outcome), ("text", "", text)],
    )?;
    approval.steps[waiting].decision = Some(decision);
    approval.state = state;
    approval.version += 1;
    Ok(approval)
}

/// Refuses while a subject has an approval that is not complete. A subject that never needed one passes; one refused
/// and opened anew passes when the last is complete.
pub fn require_complete(work: &mut Work<'_, '_>, subject: Subject<'_>) -> Result<(), WorkflowError> {
    let org_id = work.org_id();
    match sql::approval::of_subject(work.tx, org_id, subject)?.pop() {
        Some(last) if last.state != ApprovalState::Approved => {
            Err(WorkflowError::NotApproved { number: last.number })
        }
        _ => Ok(()),
    }
}

/// One approval.
pub fn find_approval(tx: &mut Tx<'_>, org_id: i64, approval_id: i64) -> Result<Approval, WorkflowError> {
    let found = sql::approval::find(tx, org_id, approval_id)?;
    found.ok_or(WorkflowError::NotFound { what: "approval", id: approval_id })
}

/// The approvals of a subject, in order.
pub fn approvals_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    subject: Subject<'_>,
) -> Result<Vec<Approval>, WorkflowError> {
    Ok(sql::approval::of_subject(tx, org_id, subject)?)
}
