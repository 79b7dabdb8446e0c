//! What billing writes into the log: one act for each book and step, with a root that covers every bill issued.

use identity::{Permission, Work};
use vault::{Act, Digest};

use crate::Result;

/// An act of billing to be recorded.
pub(crate) struct Entry {
    verb: Permission,
    unit_id: i64,
    kind: &'static str,
    document: String,
    summary: String,
    batch: Option<(i64, Digest)>,
}

impl Entry {
    /// `summary` states in words and figures what the act brought about.
    pub(crate) fn new(
        verb: Permission,
        unit_id: i64,
        kind: &'static str,
        document: String,
        summary: String,
    ) -> Entry {
        Entry { verb, unit_id, kind, document, summary, batch: None }
    }
    /// The act covers this many lines with this Merkle root.
    pub(crate) fn covering(self, lines: i64, root: Digest) -> Entry {
        Entry { batch: Some((lines, root)), ..self }
    }
}

/// Appends the acts, in order.
pub(crate) fn record(work: &mut Work<'_, '_>, entries: Vec<Entry>) -> Result<()> {
    let acts: Vec<Act> = entries
        .into_iter()
        .map(|entry| {
            let act = Act::new(entry.verb, entry.unit_id, entry.kind, entry.document);
            let act = if entry.summary.is_empty() { act } else { act.change("result", "", entry.summary) };
            match entry.batch {
                Some((lines, root)) => act.batch(lines, root),
                None => act,
            }
        })
        .collect();
    vault::record_batch(work, &acts)?;
    Ok(())
}
