//! The sixth step of every command, and who may speak for a unit.

use identity::{IdentityError, Permission, Work};
use vault::Act;

use super::{Result, flow};

pub(crate) const TABLES: &str = "
CREATE TABLE office_delay (
  org_id INTEGER NOT NULL, delay_id INTEGER NOT NULL, month INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  account_id INTEGER, book_id INTEGER, party INTEGER NOT NULL, days INTEGER NOT NULL, cause TEXT NOT NULL,
  document TEXT NOT NULL, noted_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, delay_id)) STRICT, WITHOUT ROWID;
CREATE INDEX office_delay_of_month ON office_delay (org_id, month);";

/// Records in the log what was done on the document `kind` `number` of `unit_id`, and what stood there before and after.
pub(crate) fn record(
    work: &mut Work<'_, '_>,
    verb: Permission,
    unit_id: i64,
    kind: &str,
    number: &str,
    old: &str,
    new: &str,
) -> Result<()> {
    let act = Act::new(verb, unit_id, kind, number).change("state", clip(old), clip(new));
    vault::record(work, &act).map_err(flow::below)?;
    Ok(())
}

/// As [`record`], where `words` were written by a person in the state `old` and may name a customer: the log can forget
/// them.
pub(crate) fn record_words(
    work: &mut Work<'_, '_>,
    verb: Permission,
    unit_id: i64,
    kind: &str,
    number: &str,
    old: &str,
    words: &str,
) -> Result<()> {
    let act = Act::new(verb, unit_id, kind, number);
    let act = if old.is_empty() { act } else { act.change("in_state", "", clip(old)) };
    let act = if words.is_empty() { act } else { act.change_personal("words", "", clip(words)) };
    vault::record(work, &act).map_err(flow::below)?;
    Ok(())
}

/// The log keeps the beginning of a long text; the document itself keeps it whole.
pub(crate) fn clip(text: &str) -> String {
    text.chars().take(600).collect()
}

/// Refuses unless the person holds `permission` in a post at `unit_id` itself: nobody speaks for another unit, also
/// not one whose post acts on every unit.
pub(crate) fn require_at(work: &Work<'_, '_>, permission: Permission, unit_id: i64) -> Result<()> {
    let own = work
        .actor()
        .assignments
        .iter()
        .any(|held| held.unit_id == unit_id && held.permissions.iter().any(|name| name == permission.0));
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
