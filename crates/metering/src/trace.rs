//! The record of acts: the last step of every command.

use identity::{Permission, Work};
use vault::Act;

use crate::Result;

/// Records that the person at work used the right `verb` on the document `kind` `number` of `unit_id`; `detail` says
/// what it came to.
pub(crate) fn record(
    work: &mut Work<'_, '_>,
    verb: Permission,
    unit_id: i64,
    (kind, number): (&str, &str),
    detail: &str,
) -> Result<()> {
    let act = Act::new(verb, unit_id, kind, number);
    let act = if detail.is_empty() { act } else { act.change("detail", "", detail) };
    vault::record(work, &act)?;
    Ok(())
}

/// As [`record`], where `words` were written by a person and may name a customer: the log can forget them.
pub(crate) fn record_words(
    work: &mut Work<'_, '_>,
    verb: Permission,
    unit_id: i64,
    (kind, number): (&str, &str),
    words: &str,
) -> Result<()> {
    let act = Act::new(verb, unit_id, kind, number);
    let act = if words.is_empty() { act } else { act.change_personal("detail", "", words) };
    vault::record(work, &act)?;
    Ok(())
}
