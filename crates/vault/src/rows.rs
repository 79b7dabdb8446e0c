//! What rows were: the changes of rows that the store keeps, bound into the log before each checkpoint.

use std::collections::BTreeMap;

use identity::Work;
use store::RowChange;

use crate::act::{Act, Batch, Digest, Document};
use crate::append::{Appender, Hand};
use crate::canonical::Leaf;
use crate::check::{Finding, Findings};
use crate::{VaultError, leaf_hash, merkle_root};

/// The document of an act that binds changes of rows.
pub(crate) const ROWS_DOCUMENT: &str = "row_change";
/// Its verb; the program does it, nobody needs a right for it.
pub(crate) const BIND: &str = "vault.bind_rows";
/// The table every checkpoint adds a row to. That alone asks for no further act: the checkpoint would never be the last.
const BY_CHECKPOINT: &str = "checkpoint";

/// Binds every change of rows that no act binds yet by one act.
pub(crate) fn bind_rows(work: &mut Work<'_, '_>) -> Result<(), VaultError> {
    let org_id = work.org_id();
    if work.tx.rows_pending(org_id, BY_CHECKPOINT)? == 0 {
        return Ok(());
    }
    let mut log = Appender::open(work.tx, org_id)?;
    let changes = work.tx.bind_rows(org_id, log.next())?;
    let act = act_of(&changes);
    let actor = work.actor();
    let hand = Hand { person_id: actor.person_id, person: &actor.name, post: "", at: work.now() };
    log.append(work.tx, &hand, &act)?;
    log.close(work.tx)
}

/// The act that binds these changes, which are in the order of their numbers.
fn act_of(changes: &[RowChange]) -> Act {
    let numbers =
        changes.first().zip(changes.last()).map(|(first, last)| format!("{}-{}", first.id, last.id));
    Act {
        verb: BIND.to_owned(),
        unit_id: 0,
        document: Document { kind: ROWS_DOCUMENT.to_owned(), number: numbers.unwrap_or_default() },
        before: None,
        after: None,
        changes: Vec::new(),
        batch: Some(Batch { lines: changes.len() as i64, root: root_over(changes) }),
    }
}

fn root_over(changes: &[RowChange]) -> Digest {
    let mut line = Vec::new();
    let leaves = changes.iter().map(|change| {
        line.clear();
        line.extend_from_slice(&change.id.to_be_bytes());
        line.extend_from_slice(&change.added);
        line.extend_from_slice(&change.removed);
        line.extend_from_slice(change.table.as_bytes());
        leaf_hash(&line)
    });
    merkle_root(leaves)
}

/// Changes of rows by the act that binds them, until its leaf was seen.
#[derive(Default)]
pub(crate) struct Bound(BTreeMap<i64, Vec<RowChange>>);

impl Bound {
    pub(crate) fn read(tx: &mut store::Tx<'_>, org_id: i64) -> Result<Bound, VaultError> {
        let mut bound = Bound::default();
        tx.each_row_change(org_id, |change| {
            if let Some(seq) = change.bound {
                bound.0.entry(seq).or_default().push(change);
            }
        })?;
        bound.0.values_mut().for_each(|changes| changes.sort_unstable_by_key(|change| change.id));
        Ok(bound)
    }

    pub(crate) fn leaf(&mut self, seq: i64, leaf: &Leaf, findings: &mut Findings) {
        let changes = self.0.remove(&seq);
        if leaf.document.kind != ROWS_DOCUMENT && changes.is_none() {
            return;
        }
        let act = act_of(&changes.unwrap_or_default());
        if (&leaf.verb, &leaf.document, &leaf.batch) != (&act.verb, &act.document, &act.batch) {
            findings.push(Finding::Rows(seq));
        }
    }

    /// What is said to be bound by acts there are not.
    pub(crate) fn end(self, findings: &mut Findings) {
        self.0.into_keys().for_each(|seq| findings.push(Finding::Rows(seq)));
    }
}
