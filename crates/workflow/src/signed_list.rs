//! Lists that both sides sign (XC-04): complete only with the signature of each.

use identity::{Permission, Work};
use kernel::Month;
use store::Tx;

use crate::{ListLine, ListSide, NewList, Signature, SignedList, WorkflowError, rules, sql, ticket};

const MAKE: Permission = Permission("workflow.make_list");
const SIGN: Permission = Permission("workflow.sign_list");
/// Most lines of one list.
pub const LIST_LINES_MAX: usize = 100_000;

/// Makes a numbered list; its lines never change afterwards. Either side may make it.
pub fn make_list(work: &mut Work<'_, '_>, new: &NewList<'_>) -> Result<SignedList, WorkflowError> {
    let kind = rules::list_kind(new.kind)?;
    let mut making_unit = new.first_unit_id;
    if work.require(MAKE, making_unit).is_err() {
        making_unit = new.second_unit_id;
        work.require(MAKE, making_unit)?;
    }
    if new.first_unit_id == new.second_unit_id {
        return Err(WorkflowError::OneSide);
    }
    let too_long = new.lines.iter().find(|line| line.text.chars().count() > rules::TEXT_CHARS_MAX);
    if too_long.is_some() || new.lines.len() > LIST_LINES_MAX {
        return Err(WorkflowError::TextNeeded { what: kind.code.into(), most: rules::TEXT_CHARS_MAX });
    }
    let org_id = work.org_id();
    identity::unit(work.tx, org_id, new.second_unit_id)?;
    let number = documents::take_number(work, kind.document_kind, new.first_unit_id)?;
    let list = SignedList {
        id: work.next_key(),
        kind: kind.code.to_owned(),
        number,
        month: new.month,
        first_unit_id: new.first_unit_id,
        second_unit_id: new.second_unit_id,
        made_by: work.actor().person_id,
        made_at: work.now(),
        signatures: Vec::new(),
    };
    sql::list::insert(work.tx, org_id, &list, new.lines)?;
    let lines = new.lines.len().to_string();
    crate::record(work, MAKE, making_unit, ("list", &list.number), &[("lines", "", &lines)])?;
    Ok(list)
}

/// Signs for one side. The person holds a post at that very unit, whatever else the post acts on; the side has not
/// signed, and the person has not signed for the other.
pub fn sign_list(work: &mut Work<'_, '_>, list_id: i64, side: ListSide) -> Result<SignedList, WorkflowError> {
    let org_id = work.org_id();
    let mut list = find_list(work.tx, org_id, list_id)?;
    let unit_id = match side {
        ListSide::First => list.first_unit_id,
        ListSide::Second => list.second_unit_id,
    };
    ticket::post_for(work, SIGN, unit_id)?;
    let actor = work.actor();
    let of_unit = actor.assignments.iter().find(|held| {
        held.unit_id == unit_id && held.permissions.iter().any(|permission| permission == SIGN.0)
    });
    let Some(held) = of_unit else {
        return Err(WorkflowError::NotOfThisUnit { person: actor.name.clone(), unit_id });
    };
    if list.signatures.iter().any(|signature| signature.side == side) {
        return Err(WorkflowError::SideSigned { what: list.number });
    }
    if list.signatures.iter().any(|signature| signature.person_id == actor.person_id) {
        return Err(WorkflowError::SignedBefore { person: actor.name.clone(), what: list.number });
    }
    let signature = Signature { side, person_id: actor.person_id, post: held.post.clone(), at: work.now() };
    sql::list::sign(work.tx, org_id, list_id, &signature)?;
    let name = work.actor().name.clone();
    crate::record(work, SIGN, unit_id, ("list", &list.number), &[("signature", "", &name)])?;
    list.signatures.push(signature);
    Ok(list)
}

/// One list.
pub fn find_list(tx: &mut Tx<'_>, org_id: i64, list_id: i64) -> Result<SignedList, WorkflowError> {
    let found = sql::list::find(tx, org_id, list_id)?;
    found.ok_or(WorkflowError::NotFound { what: "list", id: list_id })
}

/// The lines of a list.
pub fn list_lines(tx: &mut Tx<'_>, org_id: i64, list_id: i64) -> Result<Vec<ListLine>, WorkflowError> {
    Ok(sql::list::lines(tx, org_id, list_id)?)
}

/// Every list of a month.
pub fn lists_of(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<SignedList>, WorkflowError> {
    Ok(sql::list::of_month(tx, org_id, month)?)
}

/// The lists of a month that lack a signature.
pub fn unsigned_lists(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<SignedList>, WorkflowError> {
    let mut lists = lists_of(tx, org_id, month)?;
    lists.retain(|list| !list.is_complete());
    Ok(lists)
}
