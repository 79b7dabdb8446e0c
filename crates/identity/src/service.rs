//! The commands about organisations, units, persons and posts, and the loading of the person who acts.

use std::collections::BTreeMap;

use kernel::{Date, Moment};
use store::Tx;

use crate::sql::{self, Change};
use crate::{
    Actor, Assignment, Authority, Catalogue, Founded, HeldPost, IdentityError, KeptAuthority, KeptChange,
    NewAssignment, NewOrganisation, NewPerson, NewUnit, Permission, Person, Unit, Work, delegation, rules,
    session,
};

const MANAGE_UNITS: Permission = Permission("identity.manage_units");
const MANAGE_PERSONS: Permission = Permission("identity.manage_persons");
const MANAGE_POSTS: Permission = Permission("identity.manage_posts");

/// Founds an organisation with its root unit and its first administrator. It is given from the machine itself, before
/// anybody can act, so it asks for no permission.
pub fn found_organisation(
    tx: &mut Tx<'_>,
    new: &NewOrganisation<'_>,
    now: Moment,
) -> Result<Founded, IdentityError> {
    rules::check_code("organisation code", new.code)?;
    rules::check_name("organisation name", &new.name.zh)?;
    rules::check_name("organisation name", &new.name.en)?;
    rules::check_code("login", new.administrator_login)?;
    rules::check_name("name", new.administrator_name)?;
    let org_id = tx.next_key(now);
    let unit_id = tx.next_key(now);
    let administrator_id = tx.next_key(now);
    sql::insert_organisation(tx, org_id, new, now)?;
    let root = NewUnit { parent_id: 0, kind: "company", code: new.code, name: new.name.clone() };
    sql::insert_unit(tx, org_id, unit_id, None, &root)?;
    sql::insert_person(
        tx,
        org_id,
        administrator_id,
        unit_id,
        new.administrator_login,
        new.administrator_name,
    )?;
    let post = NewAssignment {
        person_id: administrator_id,
        unit_id,
        post: "administrator",
        from: now.date(),
        until: None,
        serves: &[],
    };
    let assignment_id = tx.next_key(now);
    sql::insert_assignment(tx, org_id, assignment_id, &post, administrator_id, now)?;
    let change = Change { subject: "organisation", subject_id: org_id, old: "", new: new.code };
    sql::insert_change(tx, org_id, administrator_id, &change, now)?;
    Ok(Founded { org_id, unit_id, administrator_id })
}

/// The organisation with `code`.
pub fn find_organisation(tx: &mut Tx<'_>, code: &str) -> Result<Option<i64>, IdentityError> {
    Ok(sql::organisation_by_code(tx, code)?)
}

/// The code of an organisation.
pub fn organisation_code(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<String>, IdentityError> {
    Ok(sql::organisation_code(tx, org_id)?)
}

/// Makes a unit below another.
pub fn create_unit(work: &mut Work<'_, '_>, new: &NewUnit<'_>) -> Result<i64, IdentityError> {
    work.require(MANAGE_UNITS, new.parent_id)?;
    rules::check_code("unit code", new.code)?;
    rules::check_name("unit name", &new.name.zh)?;
    rules::check_name("unit name", &new.name.en)?;
    if Catalogue::built_in().unit_kind(new.kind).is_none() {
        return Err(IdentityError::UnknownUnitKind { kind: new.kind.chars().take(40).collect() });
    }
    let org_id = work.org_id();
    known_unit(work.tx, org_id, new.parent_id)?;
    let id = work.next_key();
    sql::insert_unit(work.tx, org_id, id, Some(new.parent_id), new)?;
    note(work, "unit", id, "", &format!("{} {}", new.kind, new.code))?;
    Ok(id)
}

/// Registers a person at the one unit the person belongs to.
pub fn create_person(work: &mut Work<'_, '_>, new: &NewPerson<'_>) -> Result<i64, IdentityError> {
    work.require(MANAGE_PERSONS, new.unit_id)?;
    rules::check_code("login", new.login)?;
    rules::check_name("name", new.name)?;
    let org_id = work.org_id();
    known_unit(work.tx, org_id, new.unit_id)?;
    let id = work.next_key();
    sql::insert_person(work.tx, org_id, id, new.unit_id, new.login, new.name)?;
    note(work, "person", id, "", &format!("{} {} unit {}", new.login, new.name, new.unit_id))?;
    Ok(id)
}

/// Gives a post to a person. Refused when it does not go together with a post the person holds on any of those days
/// (XC-02), and for one's own person: nobody widens their own rights.
pub fn assign(work: &mut Work<'_, '_>, new: &NewAssignment<'_>) -> Result<i64, IdentityError> {
    work.require(MANAGE_POSTS, new.unit_id)?;
    work.forbid_maker(new.person_id, &format!("the post {}", new.post))?;
    let org_id = work.org_id();
    let unit = known_unit(work.tx, org_id, new.unit_id)?;
    for unit_id in new.serves {
        known_unit(work.tx, org_id, *unit_id)?;
    }
    let person = hold_person(work, new.person_id)?;
    let mut held = sql::held_posts(work.tx, org_id, new.person_id)?;
    let for_others = delegation::holdings_of_substitute(work.tx, org_id, new.person_id)?;
    held.extend(for_others.into_iter().map(|(held, _)| held));
    let id = work.next_key();
    let wanted = HeldPost {
        id,
        person_id: new.person_id,
        unit_id: new.unit_id,
        post: new.post.to_owned(),
        from: new.from,
        until: new.until,
    };
    rules::check_assignment(Catalogue::built_in(), &person.name, &held, &wanted, &unit.kind)?;
    let (by, now) = (work.actor().person_id, work.now());
    sql::insert_assignment(work.tx, org_id, id, new, by, now)?;
    note(work, "assignment", id, "", &format!("{} person {} unit {}", new.post, new.person_id, new.unit_id))?;
    Ok(id)
}

/// Ends the holding of a post with `last_day`, which still counts.
pub fn end_assignment(
    work: &mut Work<'_, '_>,
    person_id: i64,
    assignment_id: i64,
    last_day: Date,
) -> Result<(), IdentityError> {
    let org_id = work.org_id();
    let held = sql::held_posts(work.tx, org_id, person_id)?;
    let unknown = IdentityError::UnknownAssignment { assignment_id };
    let Some(post) = held.into_iter().find(|held| held.id == assignment_id) else { return Err(unknown) };
    work.require(MANAGE_POSTS, post.unit_id)?;
    if !sql::end_assignment(work.tx, org_id, person_id, assignment_id, last_day)? {
        return Err(unknown);
    }
    let until = |day: Option<Date>| day.map_or("open".to_owned(), |day| day.to_string());
    note(work, "assignment", assignment_id, &until(post.until), &until(Some(last_day)))
}

/// A person leaves: every post ends with `last_day` and the account acts no more.
pub fn retire_person(work: &mut Work<'_, '_>, person_id: i64, last_day: Date) -> Result<(), IdentityError> {
    let org_id = work.org_id();
    let person = hold_person(work, person_id)?;
    work.require(MANAGE_PERSONS, person.unit_id)?;
    work.forbid_maker(person_id, "the account")?;
    for post in sql::held_posts(work.tx, org_id, person_id)? {
        // A post that begins later or has ended already needs no end.
        sql::end_assignment(work.tx, org_id, person_id, post.id, last_day)?;
    }
    sql::retire_person(work.tx, org_id, person_id)?;
    let now = work.now();
    session::end_all(work.tx, org_id, person_id, "retired", now)?;
    note(work, "person", person_id, "active", &format!("retired {last_day}"))
}

/// The person with `login` in the organisation, also one who no longer works there.
pub fn find_person(tx: &mut Tx<'_>, org_id: i64, login: &str) -> Result<Option<Person>, IdentityError> {
    Ok(sql::person_by_login(tx, org_id, login)?)
}

/// The person with this key, also one who no longer works there.
pub fn person(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Option<Person>, IdentityError> {
    Ok(sql::person_by_id(tx, org_id, person_id)?)
}

/// All persons of the organisation, by login.
pub fn persons(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Person>, IdentityError> {
    Ok(sql::persons(tx, org_id)?)
}

/// All units of the organisation, by code.
pub fn units(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Unit>, IdentityError> {
    Ok(sql::units(tx, org_id)?)
}

/// One unit.
pub fn unit(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Unit, IdentityError> {
    known_unit(tx, org_id, unit_id)
}

/// Every post a person holds or has held.
pub fn held_posts(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Vec<HeldPost>, IdentityError> {
    Ok(sql::held_posts(tx, org_id, person_id)?)
}

/// The posts that persons hold themselves on `day`, by person.
pub fn posts_on(
    tx: &mut Tx<'_>,
    org_id: i64,
    day: Date,
) -> Result<BTreeMap<i64, Vec<HeldPost>>, IdentityError> {
    let mut held: BTreeMap<i64, Vec<HeldPost>> = BTreeMap::new();
    for post in sql::posts_on(tx, org_id, day)? {
        held.entry(post.person_id).or_default().push(post);
    }
    Ok(held)
}

/// The person as they act on `day`: the posts held that day, the units each acts on, the permissions each carries.
pub fn load_actor(tx: &mut Tx<'_>, org_id: i64, person_id: i64, day: Date) -> Result<Actor, IdentityError> {
    let person = sql::person_by_id(tx, org_id, person_id)?;
    let person = person.filter(|person| person.active).ok_or(IdentityError::UnknownPerson { person_id })?;
    let units = sql::units(tx, org_id)?;
    let lent: Vec<_> = delegation::sql::of_absent(tx, org_id, person_id)?;
    let own = sql::held_posts(tx, org_id, person_id)?.into_iter().map(|held| (held, None));
    // One's own posts come first: what one may do oneself is not done for another.
    let of_others = delegation::holdings_of_substitute(tx, org_id, person_id)?;
    let of_others = of_others.into_iter().map(|(held, absent_id)| (held, Some(absent_id)));
    let mut assignments = Vec::new();
    for (held, for_person) in own.chain(of_others).filter(|(held, _)| held.on(day)) {
        let Some(post) = Catalogue::built_in().post(&held.post) else {
            return Err(IdentityError::UnknownPost { post: held.post });
        };
        let mut acts_on = rules::with_all_below(&units, held.unit_id);
        acts_on.extend(sql::served_units(tx, org_id, held.id)?);
        let lent_to = lent.iter().filter(|lent| lent.assignment_id == held.id && lent.on(day));
        assignments.push(Assignment {
            post: held.post,
            unit_id: held.unit_id,
            units: acts_on,
            all_units: post.all_units,
            permissions: post.permissions.iter().map(|name| (*name).to_owned()).collect(),
            for_person,
            lent_to: lent_to.map(|lent| lent.substitute_id).collect(),
        });
    }
    Ok(Actor { org_id, person_id, name: person.name, assignments })
}

/// Every authority given on the spot, in order.
pub fn authorities(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<KeptAuthority>, IdentityError> {
    Ok(sql::authorities(tx, org_id)?)
}

/// Every change of units, persons and posts, in order.
pub fn changes(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<KeptChange>, IdentityError> {
    Ok(sql::changes_after(tx, org_id, i64::MIN)?)
}

/// The changes whose key is above `after`, in order; for the log, which takes each of them in.
pub fn changes_after(tx: &mut Tx<'_>, org_id: i64, after: i64) -> Result<Vec<KeptChange>, IdentityError> {
    Ok(sql::changes_after(tx, org_id, after)?)
}

pub(crate) fn keep_authority(
    work: &mut Work<'_, '_>,
    authority: &Authority,
    unit_id: i64,
    what: &str,
) -> Result<(), IdentityError> {
    let (org_id, now) = (work.org_id(), work.now());
    Ok(sql::insert_authority(work.tx, org_id, authority, unit_id, what, now)?)
}

pub(crate) fn known_unit(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Unit, IdentityError> {
    sql::find_unit(tx, org_id, unit_id)?.ok_or(IdentityError::UnknownUnit { unit_id })
}

pub(crate) fn hold_person(work: &mut Work<'_, '_>, person_id: i64) -> Result<Person, IdentityError> {
    let org_id = work.org_id();
    let unknown = IdentityError::UnknownPerson { person_id };
    if !sql::hold_person(work.tx, org_id, person_id)? {
        return Err(unknown);
    }
    sql::person_by_id(work.tx, org_id, person_id)?.ok_or(unknown)
}

pub(crate) fn note(
    work: &mut Work<'_, '_>,
    subject: &'static str,
    subject_id: i64,
    old: &str,
    new: &str,
) -> Result<(), IdentityError> {
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    Ok(sql::insert_change(work.tx, org_id, by, &Change { subject, subject_id, old, new }, now)?)
}
