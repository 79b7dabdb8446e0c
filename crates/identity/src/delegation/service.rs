//! The commands of delegations.

use kernel::{Date, Moment};
use store::{StoreError, Tx};

use super::sql;
use crate::{Catalogue, HeldPost, IdentityError, Permission, Work, rules, service};

const MANAGE_POSTS: Permission = Permission("identity.manage_posts");
/// Most days of one delegation; an absence that is longer is a new holding of the post.
const DAYS_MAX: i64 = 366;

/// One post of an absent person, held by another for some days (代理).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Its key.
    pub id: i64,
    /// Who is absent.
    pub absent_id: i64,
    /// Who acts for them.
    pub substitute_id: i64,
    /// The holding of the post.
    pub assignment_id: i64,
    /// The first day.
    pub from: Date,
    /// The last day, included.
    pub until: Date,
    /// Why.
    pub reason: String,
    /// Who arranged it.
    pub made_by: i64,
    /// When.
    pub made_at: Moment,
    /// When it was withdrawn, before its first day: nobody ever acted by it.
    pub withdrawn_at: Option<Moment>,
}

impl Delegation {
    /// Does it hold on `day`?
    pub fn on(&self, day: Date) -> bool {
        self.withdrawn_at.is_none() && self.from <= day && day <= self.until
    }
    /// Can it be withdrawn on `day`? What has begun can only end.
    pub fn withdrawable(&self, day: Date) -> bool {
        self.withdrawn_at.is_none() && day < self.from
    }
}

/// A delegation to be arranged.
#[derive(Debug, Clone)]
pub struct NewDelegation<'a> {
    /// Who is absent.
    pub absent_id: i64,
    /// Who acts for them.
    pub substitute_id: i64,
    /// Which holdings of posts; all of the absent person's own.
    pub assignments: &'a [i64],
    /// The first day, not before today.
    pub from: Date,
    /// The last day, included.
    pub until: Date,
    /// Why.
    pub reason: &'a str,
}

/// What the list of changes says of a delegation.
pub(crate) fn words(delegation: &Delegation) -> String {
    let Delegation { absent_id, substitute_id, assignment_id, from, reason, .. } = delegation;
    format!("person {substitute_id} for {absent_id} in {assignment_id} from {from}: {reason}")
}

/// What the list of changes says of a delegation that was withdrawn.
pub(crate) const WITHDRAWN_WORDS: &str = "withdrawn";

/// The posts a substitute holds for others, within the days of both the delegation and the post itself.
pub(crate) fn holdings_of_substitute(
    tx: &mut Tx<'_>,
    org_id: i64,
    substitute_id: i64,
) -> Result<Vec<(HeldPost, i64)>, StoreError> {
    let mut found = Vec::new();
    let standing = sql::of_substitute(tx, org_id, substitute_id)?.into_iter();
    for delegation in standing.filter(|delegation| delegation.withdrawn_at.is_none()) {
        let held = crate::sql::held_posts(tx, org_id, delegation.absent_id)?;
        let Some(held) = held.into_iter().find(|held| held.id == delegation.assignment_id) else { continue };
        let from = held.from.max(delegation.from);
        let until = held.until.map_or(delegation.until, |until| until.min(delegation.until));
        if from <= until {
            let held = HeldPost { person_id: substitute_id, from, until: Some(until), ..held };
            found.push((held, delegation.absent_id));
        }
    }
    Ok(found)
}

/// Arranges that one person acts for another for some days; answers the keys, one for each post.
///
/// The absent person may arrange it, or whoever holds `identity.manage_posts` for the unit; the substitute may not.
/// Refused when the duties do not go together with the substitute's own (XC-02), as when a post is given.
pub fn delegate(work: &mut Work<'_, '_>, new: &NewDelegation<'_>) -> Result<Vec<i64>, IdentityError> {
    rules::check_name("reason", new.reason)?;
    let (org_id, today, by, now) = (work.org_id(), work.today(), work.actor().person_id, work.now());
    let in_order = new.from <= new.until && today <= new.from && new.from.days_until(new.until) < DAYS_MAX;
    if !in_order {
        return Err(IdentityError::DelegationDays { from: new.from, until: new.until, days: DAYS_MAX });
    }
    if new.absent_id == new.substitute_id {
        return Err(IdentityError::OwnSubstitute);
    }
    work.forbid_maker(new.substitute_id, "the posts of the absent colleague")?;
    // Both rows in the order of their keys, so that two commands about the same two do not wait for each other.
    let (first, second) = (new.absent_id.min(new.substitute_id), new.absent_id.max(new.substitute_id));
    let (first, second) = (service::hold_person(work, first)?, service::hold_person(work, second)?);
    let substitute = if first.id == new.substitute_id { first } else { second };
    let own = crate::sql::held_posts(work.tx, org_id, new.absent_id)?;
    let mut held = crate::sql::held_posts(work.tx, org_id, substitute.id)?;
    held.extend(holdings_of_substitute(work.tx, org_id, substitute.id)?.into_iter().map(|(held, _)| held));
    let mut made = Vec::new();
    for assignment_id in new.assignments {
        let unknown = IdentityError::UnknownAssignment { assignment_id: *assignment_id };
        let post = own.iter().find(|post| post.id == *assignment_id).ok_or(unknown.clone())?;
        if post.from > new.until || post.until.is_some_and(|until| until < new.from) {
            return Err(unknown);
        }
        if by != new.absent_id {
            work.require(MANAGE_POSTS, post.unit_id)?;
        }
        let wanted =
            HeldPost { person_id: substitute.id, from: new.from, until: Some(new.until), ..post.clone() };
        let unit = service::known_unit(work.tx, org_id, post.unit_id)?;
        rules::check_assignment(Catalogue::built_in(), &substitute.name, &held, &wanted, &unit.kind)?;
        let delegation = Delegation {
            id: work.next_key(),
            absent_id: new.absent_id,
            substitute_id: substitute.id,
            assignment_id: *assignment_id,
            from: new.from,
            until: new.until,
            reason: new.reason.to_owned(),
            made_by: by,
            made_at: now,
            withdrawn_at: None,
        };
        sql::insert(work.tx, org_id, &delegation)?;
        service::note(work, "delegation", delegation.id, "", &words(&delegation))?;
        held.push(wanted);
        made.push(delegation.id);
    }
    if made.is_empty() {
        return Err(IdentityError::UnknownAssignment { assignment_id: 0 });
    }
    Ok(made)
}

/// Ends a delegation earlier, with `last_day`, which still counts; the absent person, the substitute, or whoever holds
/// `identity.manage_posts` may.
pub fn end_delegation(
    work: &mut Work<'_, '_>,
    delegation_id: i64,
    last_day: Date,
) -> Result<(), IdentityError> {
    let org_id = work.org_id();
    let delegation = standing(work, delegation_id)?;
    let unknown = IdentityError::UnknownDelegation { delegation_id };
    // What was done on the days before stays done: the past is not changed.
    if last_day < work.today().plus_days(-1)? || !sql::end(work.tx, org_id, delegation_id, last_day)? {
        return Err(unknown);
    }
    service::note(work, "delegation", delegation_id, &delegation.until.to_string(), &last_day.to_string())
}

/// Withdraws a delegation that has not begun: nobody acts by it. The same persons may who may end one; one that has begun
/// can only end.
pub fn withdraw_delegation(work: &mut Work<'_, '_>, delegation_id: i64) -> Result<(), IdentityError> {
    let (org_id, today, now) = (work.org_id(), work.today(), work.now());
    let delegation = standing(work, delegation_id)?;
    if delegation.withdrawn_at.is_none() && !delegation.withdrawable(today) {
        return Err(IdentityError::DelegationBegun { delegation_id, from: delegation.from });
    }
    if !sql::withdraw(work.tx, org_id, delegation_id, now)? {
        return Err(IdentityError::UnknownDelegation { delegation_id });
    }
    service::note(work, "delegation", delegation_id, &delegation.until.to_string(), WITHDRAWN_WORDS)
}

/// A delegation that the person of `work` may end: the absent person, the substitute, or whoever holds
/// `identity.manage_posts`.
fn standing(work: &mut Work<'_, '_>, delegation_id: i64) -> Result<Delegation, IdentityError> {
    let (org_id, by) = (work.org_id(), work.actor().person_id);
    let unknown = IdentityError::UnknownDelegation { delegation_id };
    let delegation = sql::by_id(work.tx, org_id, delegation_id)?.ok_or(unknown)?;
    if by != delegation.absent_id && by != delegation.substitute_id {
        let held = crate::sql::held_posts(work.tx, org_id, delegation.absent_id)?;
        let post = held.iter().find(|held| held.id == delegation.assignment_id);
        work.require(MANAGE_POSTS, post.map_or(0, |post| post.unit_id))?;
    }
    Ok(delegation)
}

/// Every delegation of the organisation, or those in which `person_id` is absent or acts, in order.
pub fn delegations(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: Option<i64>,
) -> Result<Vec<Delegation>, StoreError> {
    let Some(person_id) = person_id else { return sql::all(tx, org_id) };
    let mut found = sql::of_absent(tx, org_id, person_id)?;
    found.extend(sql::of_substitute(tx, org_id, person_id)?);
    found.sort_by_key(|delegation| delegation.id);
    Ok(found)
}
