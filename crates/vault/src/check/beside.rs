//! What stands beside the leaves: checkpoints and their signatures, keys, personal values, changes of posts. Each
//! table must say what the leaves say, and nothing more.

use std::collections::{BTreeMap, HashMap, HashSet};

use identity::KeptChange;
use proof::checkpoint::Checkpoint as CheckpointText;
use proof::{KeyKind, Note, Signature, VerifierKey};
use store::Tx;

use super::{Finding, Findings};
use crate::absorb::{KEY_FIELD, act_of};
use crate::act::Digest;
use crate::canonical::{Leaf, Sealed};
use crate::checkpoint::Checkpoint;
use crate::erase::root_over;
use crate::keys::{KEY_DOCUMENT, KeyRole};
use crate::personal::commitment;
use crate::service::permission;
use crate::sql::{checkpoint as stored, identity as absorbed, private};
use crate::tree::Edge;
use crate::VaultError;

/// A personal value that is still there.
struct Mark {
    seq: i64,
    person_id: i64,
    seen: bool,
}

/// How much was compared.
pub(super) struct Seen {
    pub checkpoints: usize,
    pub signatures: usize,
    pub personal_values: usize,
    pub identity_changes: usize,
    pub identity_waiting: usize,
}

pub(super) struct Beside {
    org_id: i64,
    origin: Option<String>,
    checkpoints: HashMap<i64, Checkpoint>,
    /// Number of the act, role and text of each key, until its leaf was seen.
    key_rows: HashMap<i64, (String, String)>,
    keys: Vec<(i64, String, VerifierKey)>,
    private: HashMap<Digest, Mark>,
    erased: HashSet<Digest>,
    /// What each act of erasure destroyed, until its leaf was seen.
    erasures: BTreeMap<i64, Vec<Digest>>,
    changes: HashMap<i64, KeptChange>,
    /// Act and key of each absorbed change, until its leaf was seen.
    absorbed: HashMap<i64, i64>,
    /// Commitments with the values that they must commit to, and whose finding it is when they do not.
    expected: Vec<(Digest, String, i64)>,
    seen: Seen,
}

impl Beside {
    pub(super) fn read(tx: &mut Tx<'_>, org_id: i64, findings: &mut Findings) -> Result<Beside, VaultError> {
        let mut checkpoints = HashMap::new();
        let mut numbered = 0;
        stored::each(tx, org_id, |made, number| {
            numbered += i64::from(number.is_some());
            // A checkpoint is missing before this one.
            if made.is_signed() && number != Some(numbered) {
                findings.push(Finding::Checkpoint(made.size));
            }
            checkpoints.insert(made.size, made);
        })?;
        let rows = stored::keys(tx, org_id)?;
        let mut keys = Vec::new();
        for (seq, role, vkey) in &rows {
            match VerifierKey::parse(vkey) {
                Ok(key) => keys.push((*seq, role.clone(), key)),
                Err(_) => findings.push(Finding::Key(*seq)),
            }
        }
        let mut marks = HashMap::new();
        private::each(tx, org_id, |row| {
            if commitment(&row.salt, &row.value) != row.commitment {
                findings.push(Finding::Private(row.seq));
            }
            marks.insert(row.commitment, Mark { seq: row.seq, person_id: row.person_id, seen: false });
        })?;
        let mut erasures: BTreeMap<i64, Vec<Digest>> = BTreeMap::new();
        let mut erased = HashSet::new();
        for (seq, commitment) in private::erased(tx, org_id)? {
            erased.insert(commitment);
            erasures.entry(seq).or_default().push(commitment);
            // Said to be destroyed, and still there.
            if marks.contains_key(&commitment) {
                findings.push(Finding::Private(seq));
            }
        }
        let changes = identity::changes(tx, org_id)?;
        let absorbed = absorbed::absorbed(tx, org_id)?;
        let seen = Seen {
            checkpoints: checkpoints.len(),
            signatures: 0,
            personal_values: marks.len(),
            identity_changes: absorbed.len(),
            identity_waiting: 0,
        };
        Ok(Beside {
            org_id,
            origin: stored::origin(tx, org_id)?,
            checkpoints,
            key_rows: rows.into_iter().map(|(seq, role, vkey)| (seq, (role, vkey))).collect(),
            keys,
            private: marks,
            erased,
            erasures,
            changes: changes.into_iter().map(|change| (change.id, change)).collect(),
            absorbed: absorbed.into_iter().map(|(change, seq)| (seq, change)).collect(),
            expected: Vec::new(),
            seen,
        })
    }

    /// The checkpoint at this size, if there is one, against the tree.
    pub(super) fn at_size(&mut self, size: i64, edge: &Edge, findings: &mut Findings) {
        if self.checkpoints.get(&size).is_some_and(|made| made.root != edge.root() || !self.is_right(made)) {
            findings.push(Finding::Checkpoint(size));
        }
        if let Some(made) = self.checkpoints.remove(&size) {
            self.seen.signatures += made.note.matches("\n\u{2014} ").count();
        }
    }

    /// Text and signatures of a checkpoint.
    fn is_right(&self, made: &Checkpoint) -> bool {
        let of_log = |key: &&(i64, String, VerifierKey)| key.1 == KeyRole::Log.key();
        if !made.is_signed() {
            // What 0.1.0 made stays: nothing is unsigned once the log has a key.
            let first = self.keys.iter().filter(of_log).map(|(seq, ..)| *seq).min();
            return first.is_none_or(|first| made.size <= first)
                && CheckpointText::parse(&made.note).is_ok_and(|text| says(&text, made));
        }
        let Ok(note) = Note::parse(made.note.as_bytes()) else { return false };
        let Ok(text) = CheckpointText::parse(note.text()) else { return false };
        let keys = self.keys.iter().filter(of_log).filter(|(seq, ..)| *seq < made.size);
        let keys: Vec<VerifierKey> = keys.map(|(_, _, key)| key.clone()).collect();
        let signed = note.verify(&keys).unwrap_or_default();
        let by_all = signed.len() == note.signatures().len();
        let by_ed25519 = signed.iter().any(|signer| keys[signer.key].kind() == KeyKind::Ed25519);
        says(&text, made) && self.origin.as_deref() == Some(text.origin()) && by_all && by_ed25519
    }

    pub(super) fn leaf(&mut self, seq: i64, leaf: &Leaf, findings: &mut Findings) {
        let name = match &leaf.person {
            Sealed::Committed(name) => Some((name, leaf.person_id)),
            Sealed::Clear(_) => None,
        };
        for (commitment, person_id) in leaf.commitments().map(|value| (value, 0)).chain(name) {
            match self.private.get_mut(commitment) {
                Some(mark) => {
                    mark.seen |= mark.seq == seq;
                    if mark.person_id != person_id {
                        findings.push(Finding::Private(seq));
                    }
                }
                None if self.erased.contains(commitment) => {}
                None => findings.push(Finding::Private(seq)),
            }
        }
        if leaf.verb == permission::ERASE.0 {
            let gone = self.erasures.remove(&seq).unwrap_or_default();
            let bound = leaf.batch.as_ref();
            if !bound.is_some_and(|batch| batch.lines == gone.len() as i64 && batch.root == root_over(&gone)) {
                findings.push(Finding::Private(seq));
            }
        }
        if leaf.document.kind == KEY_DOCUMENT {
            let says = |field: &str| {
                let found = leaf.changes.iter().find(|change| change.field == field)?;
                if let Sealed::Clear(text) = &found.after { Some(text.clone()) } else { None }
            };
            let row = self.key_rows.remove(&seq);
            if row.is_none() || row != says("role").zip(says("vkey")) {
                findings.push(Finding::Key(seq));
            }
        }
        self.identity(seq, leaf, findings);
    }

    /// A leaf that holds a change of units, persons or posts, against the table of changes.
    fn identity(&mut self, seq: i64, leaf: &Leaf, findings: &mut Findings) {
        let holds_change = leaf.changes.first().is_some_and(|change| change.field == KEY_FIELD);
        let Some(id) = self.absorbed.remove(&seq) else {
            if holds_change {
                findings.push(Finding::Identity(seq));
            }
            return;
        };
        let Some(change) = self.changes.remove(&id) else { return findings.push(Finding::Identity(id)) };
        let act = act_of(&change);
        let same = leaf.verb == act.verb
            && leaf.document == act.document
            && leaf.person_id == change.by_person_id
            && leaf.at == change.at
            && leaf.changes.len() == act.changes.len();
        if !same {
            return findings.push(Finding::Identity(id));
        }
        for (have, want) in leaf.changes.iter().zip(&act.changes) {
            let mut right = have.field == want.field;
            for (have, want) in [(&have.before, &want.before), (&have.after, &want.after)] {
                match have {
                    Sealed::Clear(text) => right &= text == want,
                    Sealed::Committed(commitment) if self.private.contains_key(commitment) => {
                        self.expected.push((*commitment, want.clone(), id));
                    }
                    // An erased value cannot be compared any more; the act of erasure answers for it.
                    Sealed::Committed(_) => {}
                }
            }
            if !right {
                findings.push(Finding::Identity(id));
            }
        }
    }

    /// What no leaf speaks of, and what needs the database once more.
    pub(super) fn end(mut self, tx: &mut Tx<'_>, findings: &mut Findings) -> Result<Seen, VaultError> {
        let beyond = self.checkpoints.into_keys();
        beyond.for_each(|size| findings.push(Finding::Checkpoint(size)));
        self.key_rows.into_keys().for_each(|seq| findings.push(Finding::Key(seq)));
        let unseen = self.private.values().filter(|mark| !mark.seen);
        unseen.for_each(|mark| findings.push(Finding::Private(mark.seq)));
        self.erasures.into_keys().for_each(|seq| findings.push(Finding::Private(seq)));
        self.absorbed.into_values().for_each(|id| findings.push(Finding::Identity(id)));
        // What came after the last change in the log goes in with the next act; what came before was slipped in.
        let last = absorbed::last_absorbed(tx, self.org_id)?;
        for id in self.changes.into_keys() {
            if id > last {
                self.seen.identity_waiting += 1;
            } else {
                findings.push(Finding::Identity(id));
            }
        }
        let wanted: Vec<Digest> = self.expected.iter().map(|(commitment, ..)| *commitment).collect();
        let values = private::values(tx, self.org_id, &wanted)?;
        for (commitment, want, id) in &self.expected {
            if values.get(commitment).is_none_or(|(_, value)| value != want) {
                findings.push(Finding::Identity(*id));
            }
        }
        for (size, line) in stored::all_cosignatures(tx, self.org_id)? {
            let holds = match (stored::at(tx, self.org_id, size)?, Signature::parse(line.trim_end_matches('\n'))) {
                (Some(made), Ok(signature)) => Note::parse(made.note.as_bytes()).is_ok_and(|note| {
                    let witnesses = self.keys.iter().filter(|(_, role, _)| role == KeyRole::Witness.key());
                    witnesses.into_iter().any(|(_, _, key)| key.verify(note.text(), &signature).is_ok())
                }),
                _ => false,
            };
            self.seen.signatures += 1;
            if !holds {
                findings.push(Finding::Cosignature(size));
            }
        }
        Ok(self.seen)
    }
}

fn says(text: &CheckpointText, made: &Checkpoint) -> bool {
    i64::try_from(text.size()) == Ok(made.size) && *text.root() == made.root && text.extensions().is_empty()
}
