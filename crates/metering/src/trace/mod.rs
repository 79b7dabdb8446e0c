//! The record of acts: the last step of every command.

pub(crate) mod sql;

use identity::Work;

use crate::Result;

/// Records that the person at work did `act` to `document`; `detail` says what changed.
pub(crate) fn record(work: &mut Work<'_, '_>, act: &str, document: &str, detail: &str) -> Result<()> {
    let act_id = work.next_key();
    let (org_id, person_id, now) = (work.org_id(), work.actor().person_id, work.now());
    sql::insert(work.tx, (org_id, act_id), person_id, now, [act, document, detail])
}
