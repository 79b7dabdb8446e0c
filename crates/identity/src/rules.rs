//! What is allowed about units, persons and posts, as pure functions.

use std::collections::BTreeSet;

use kernel::Date;

use crate::{Catalogue, HeldPost, IdentityError, Post, Unit};

/// Longest login or unit code, in characters.
pub const CODE_CHARS_MAX: usize = 32;
/// Longest name, in characters.
pub const NAME_CHARS_MAX: usize = 100;
/// Deepest tree of units; deeper is taken for a circle.
const DEPTH_MAX: usize = 16;

/// Refuses a login or unit code that is empty, too long, or has anything but ASCII letters, digits, `-`, `_` and `.`.
pub fn check_code(what: &'static str, code: &str) -> Result<(), IdentityError> {
    let allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    if code.is_empty() || code.len() > CODE_CHARS_MAX || !code.chars().all(allowed) {
        return Err(IdentityError::BadText { what, text: code.chars().take(40).collect() });
    }
    Ok(())
}

/// Refuses a name that is blank, too long, or has control characters.
pub fn check_name(what: &'static str, name: &str) -> Result<(), IdentityError> {
    let chars = name.chars().count();
    if name.trim().is_empty() || chars > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(IdentityError::BadText { what, text: name.chars().take(40).collect() });
    }
    Ok(())
}

/// The duties (职责) that `post` brings.
pub fn duties_of<'c>(catalogue: &'c Catalogue, post: &Post) -> BTreeSet<&'c str> {
    let has = |duty: &&crate::Duty| !duty.permissions.is_disjoint(&post.permissions);
    catalogue.duties.iter().filter(has).map(|duty| duty.code).collect()
}

/// Decides whether a person who holds `held` may also hold `new` at a unit of `unit_kind`.
///
/// Refuses an unknown post, a post held at the wrong kind of unit, days in the wrong order, the same post twice, and
/// two incompatible duties (XC-02) on any common day on which the rule is in force.
pub fn check_assignment(
    catalogue: &'static Catalogue,
    person: &str,
    held: &[HeldPost],
    new: &HeldPost,
    unit_kind: &str,
) -> Result<(), IdentityError> {
    let unknown = |code: &str| IdentityError::UnknownPost { post: code.chars().take(40).collect() };
    let post = catalogue.post(&new.post).ok_or_else(|| unknown(&new.post))?;
    if !post.unit_kinds.contains(&unit_kind) {
        return Err(IdentityError::WrongUnitKind { post: new.post.clone(), kind: unit_kind.to_owned() });
    }
    if new.until.is_some_and(|until| until < new.from) {
        return Err(IdentityError::DaysInWrongOrder { from: new.from, until: new.until.unwrap_or(new.from) });
    }
    let duties = duties_of(catalogue, post);
    for other in held {
        let Some((first, last)) = common_days(other, new) else { continue };
        if other.post == new.post && other.unit_id == new.unit_id {
            return Err(IdentityError::AlreadyHeld { person: person.to_owned(), post: new.post.clone() });
        }
        let other_post = catalogue.post(&other.post).ok_or_else(|| unknown(&other.post))?;
        let other_duties = duties_of(catalogue, other_post);
        for pair in &catalogue.incompatible {
            let in_force =
                last.is_none_or(|last| pair.from <= last) && pair.until.is_none_or(|until| first <= until);
            let crossed =
                |a: &BTreeSet<&str>, b: &BTreeSet<&str>| a.contains(pair.first) && b.contains(pair.second);
            if in_force && (crossed(&duties, &other_duties) || crossed(&other_duties, &duties)) {
                return Err(IdentityError::IncompatibleDuties {
                    person: person.to_owned(),
                    held: other.post.clone(),
                    new: new.post.clone(),
                    pair,
                });
            }
        }
    }
    Ok(())
}

/// The days that two holdings share: the first, and the last unless both are open.
fn common_days(one: &HeldPost, other: &HeldPost) -> Option<(Date, Option<Date>)> {
    let first = one.from.max(other.from);
    let last = match (one.until, other.until) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    last.is_none_or(|last| first <= last).then_some((first, last))
}

/// `root` and every unit below it, in the order of the tree.
pub fn with_all_below(units: &[Unit], root: i64) -> Vec<i64> {
    let mut found = vec![root];
    let mut level = vec![root];
    for _ in 0..DEPTH_MAX {
        level = units
            .iter()
            .filter(|unit| unit.parent_id.is_some_and(|parent| level.contains(&parent)))
            .map(|unit| unit.id)
            .filter(|id| !found.contains(id))
            .collect();
        if level.is_empty() {
            break;
        }
        found.extend(&level);
    }
    found
}
