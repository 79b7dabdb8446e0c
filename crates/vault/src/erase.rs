//! Erasure: destroying what the log knows about a person, without harm to the log.
//!
//! What goes are values and salts in this database. Backups made earlier still hold them; they must be kept no longer
//! than the law lets personal data be kept, or be erased by restoring, erasing and backing up again. On SQLite the pages
//! are overwritten (the write-ahead log is, as it is used again); on PostgreSQL dead rows stay until `VACUUM`, and
//! archived logs for as long as they are kept.

use identity::Work;
use store::Tx;

use crate::act::{Act, Digest, Document};
use crate::append::record;
use crate::service::permission::ERASE;
use crate::sql::{private, search};
use crate::{VaultError, leaf_hash, merkle_root};

const REASON_CHARS_MAX: usize = 600;
const LEAVES_AT_ONCE: i64 = 1_000;

/// Whose personal values are destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erased {
    /// The personal values in all acts on a document, such as an account.
    Document(Document),
    /// The names under which a person of the organisation acted, and what the acts about the person hold.
    Person(i64),
}

/// The root that binds an act of erasure to the commitments it destroyed, which are in order.
pub(crate) fn root_over(commitments: &[Digest]) -> Digest {
    merkle_root(commitments.iter().map(|commitment| leaf_hash(commitment)))
}

/// Destroys salts and values for `reason`, which must not name the person. The act that says so holds how many went
/// and the root over their commitments; [`crate::check()`] finds every value that is missing without such an act.
/// Answers how many values were destroyed.
pub fn erase(work: &mut Work<'_, '_>, what: &Erased, reason: &str) -> Result<i64, VaultError> {
    work.require(ERASE, 0)?;
    let reason = reason.trim();
    let refuse = |why| Err(VaultError::BadAct { field: "the reason", why });
    if reason.is_empty() {
        return refuse("is empty");
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return refuse("is too long");
    }
    let org_id = work.org_id();
    let document = match what {
        Erased::Document(document) => document.clone(),
        Erased::Person(person_id) => Document { kind: "person".into(), number: person_id.to_string() },
    };
    let mut commitments = within(work.tx, org_id, &document)?;
    if let Erased::Person(person_id) = what {
        commitments.extend(private::names(work.tx, org_id, *person_id)?);
    }
    commitments.sort_unstable();
    commitments.dedup();
    let left = private::values(work.tx, org_id, &commitments)?;
    commitments.retain(|commitment| left.contains_key(commitment));
    if commitments.is_empty() {
        return Err(VaultError::NothingToErase { kind: document.kind, number: document.number });
    }
    let unit_id = work.actor().assignment_for(ERASE, 0).map_or(0, |held| held.unit_id);
    let act = Act::new(ERASE, unit_id, document.kind, document.number)
        .change("reason", "", reason)
        .batch(commitments.len() as i64, root_over(&commitments));
    let seq = record(work, &act)?;
    private::destroy(work.tx, org_id, seq, &commitments)?;
    Ok(commitments.len() as i64)
}

/// The commitments in the changed values of all acts on a document.
fn within(tx: &mut Tx<'_>, org_id: i64, document: &Document) -> Result<Vec<Digest>, VaultError> {
    let mut found = Vec::new();
    let mut after = -1;
    loop {
        let leaves = search::by_document(tx, org_id, document, after, LEAVES_AT_ONCE)?;
        let Some(last) = leaves.last() else { return Ok(found) };
        after = last.seq;
        found.extend(leaves.iter().flat_map(|leaf| leaf.commitments()));
    }
}
