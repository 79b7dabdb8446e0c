//! The proof that the log is whole, recomputed from the stored bytes alone.
//!
//! Leaves and hashes are read in pages and compared as they come. Held in memory are, for each act, 24 bytes (what the
//! indexes by document and person say of it), and for each personal value, change of posts and checkpoint a small
//! record: some 250 MB for ten million acts.

mod beside;
mod finding;

use sha2::{Digest as _, Sha256};
use store::Tx;

use crate::act::Digest;
use crate::canonical::{self, Leaf};
use crate::rows::Bound;
use crate::sql::{check as read, search};
use crate::tree::{self, Edge, Hash};
use crate::{VaultError, sql};
use beside::Beside;

pub use finding::Finding;

const FINDINGS_MAX: usize = 100;
/// Leaves read at once.
const PAGE: i64 = 1_000;

/// What [`check()`] looked at and found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Acts recomputed.
    pub size: i64,
    /// The root they give.
    pub root: Digest,
    /// Checkpoints compared.
    pub checkpoints: usize,
    /// Signatures and cosignatures verified.
    pub signatures: usize,
    /// Personal values compared with their commitments.
    pub personal_values: usize,
    /// Changes of units, persons and posts compared.
    pub identity_changes: usize,
    /// Changes of units, persons and posts that the next act takes into the log.
    pub identity_waiting: usize,
    /// What is wrong, at most a hundred; empty when all is well.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Nothing was found.
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What was found so far; beyond a hundred nothing is kept.
#[derive(Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    pub(crate) fn push(&mut self, finding: Finding) {
        if self.0.len() < FINDINGS_MAX {
            self.0.push(finding);
        }
    }
}

/// Hashes every stored act again, rebuilds the tree and compares numbers, hashes, search indexes, checkpoints with
/// their signatures, keys, personal values, and the changes of units, persons and posts.
pub fn check(tx: &mut Tx<'_>, org_id: i64) -> Result<CheckReport, VaultError> {
    let mut findings = Findings::default();
    let mut indexes = Indexes::read(tx, org_id, &mut findings)?;
    let mut beside = Beside::read(tx, org_id, &mut findings)?;
    let (mut edge, mut size, mut last, mut place) = (Edge::empty(), 0, -1, 0);
    let mut bound = Bound::read(tx, org_id)?;
    beside.at_size(0, &edge, &mut findings);
    loop {
        let mut expected: Vec<Hash> = Vec::new();
        let count = search::each_leaf(tx, org_id, last, PAGE, |stored| {
            let seq = stored.seq;
            if seq != size {
                findings.push(Finding::Gap(seq));
            }
            last = seq;
            let hash = tree::leaf_hash(stored.canonical);
            let leaf = canonical::decode(stored.canonical).ok();
            let belongs =
                |leaf: &Leaf| leaf.org_id == org_id && leaf.seq == seq && leaf.at.millis() == stored.at;
            if hash[..] != *stored.hash || !leaf.as_ref().is_some_and(belongs) {
                findings.push(Finding::Leaf(seq));
            }
            if let Some(leaf) = &leaf {
                indexes.compare(seq, leaf, &mut findings);
                beside.leaf(seq, leaf, &mut findings);
                bound.leaf(seq, leaf, &mut findings);
            }
            edge.append(hash, |hash| expected.push(*hash));
            size += 1;
            beside.at_size(size, &edge, &mut findings);
            Ok(())
        })?;
        place = compare_hashes(tx, org_id, place, &expected, &mut findings)?;
        if count < PAGE {
            break;
        }
    }
    // Hashes that no leaf gives.
    read::hashes_from(tx, org_id, place, 1, |index, _| findings.push(Finding::Hash(index)))?;
    indexes.end(&mut findings);
    bound.end(&mut findings);
    let seen = beside.end(tx, &mut findings)?;
    let Findings(findings) = findings;
    Ok(CheckReport {
        size,
        root: edge.root(),
        checkpoints: seen.checkpoints,
        signatures: seen.signatures,
        personal_values: seen.personal_values,
        identity_changes: seen.identity_changes,
        identity_waiting: seen.identity_waiting,
        findings,
    })
}

/// Compares the stored hashes from `place` on with those that the leaves give; answers the place after them.
fn compare_hashes(
    tx: &mut Tx<'_>,
    org_id: i64,
    place: i64,
    expected: &[Hash],
    findings: &mut Findings,
) -> Result<i64, VaultError> {
    let (end, mut next) = (place + expected.len() as i64, place);
    read::hashes_from(tx, org_id, place, expected.len() as i64, |index, hash| {
        let wanted = usize::try_from(index - place).ok().and_then(|at| expected.get(at));
        if index != next || wanted != Some(&hash) {
            findings.push(Finding::Hash(index));
        }
        next = index + 1;
    })?;
    if next < end {
        findings.push(Finding::Hash(next));
    }
    Ok(end)
}

/// What the search indexes say of each act, in little memory: 16 bytes of a digest of the document, and the person.
struct Indexes {
    documents: Vec<[u8; 16]>,
    persons: Vec<i64>,
    days: Vec<(i64, i64, kernel::Date)>,
}

const NOBODY: i64 = i64::MIN;

fn document_mark(kind: &str, number: &str) -> [u8; 16] {
    let whole: Digest = Sha256::new()
        .chain_update((kind.len() as u64).to_be_bytes())
        .chain_update(kind)
        .chain_update(number)
        .finalize()
        .into();
    // The mark of no document is zero; a digest that begins so would be a wonder.
    let mut mark = [0; 16];
    mark.copy_from_slice(&whole[..16]);
    mark
}

impl Indexes {
    fn read(tx: &mut Tx<'_>, org_id: i64, findings: &mut Findings) -> Result<Indexes, VaultError> {
        let size = usize::try_from(sql::size(tx, org_id)?).unwrap_or(0);
        let mut documents = vec![[0; 16]; size];
        let mut persons = vec![NOBODY; size];
        let place = |seq: i64| usize::try_from(seq).ok().filter(|at| *at < size);
        read::documents(tx, org_id, |kind, number, seq| match place(seq) {
            Some(at) if documents[at] == [0; 16] => documents[at] = document_mark(kind, number),
            _ => findings.push(Finding::Index(seq)),
        })?;
        read::persons(tx, org_id, |person, seq| match place(seq) {
            Some(at) if persons[at] == NOBODY => persons[at] = person,
            _ => findings.push(Finding::Index(seq)),
        })?;
        let days = read::days(tx, org_id)?;
        // A run that no act needs: beside another one, or beyond the last act.
        let mut next = 0;
        for (first, last, _) in &days {
            if *first < next || last < first || usize::try_from(*last).is_ok_and(|last| last >= size) {
                findings.push(Finding::Index(*first));
            }
            next = last.saturating_add(1);
        }
        Ok(Indexes { documents, persons, days })
    }

    /// Each act must be found by its own document, person and day.
    fn compare(&mut self, seq: i64, leaf: &Leaf, findings: &mut Findings) {
        let Ok(at) = usize::try_from(seq) else { return };
        let places = self.documents.get_mut(at).zip(self.persons.get_mut(at));
        let Some((document, person)) = places else { return };
        let by_document = std::mem::take(document);
        let by_person = std::mem::replace(person, NOBODY);
        let run = self.days.partition_point(|(first, _, _)| *first <= seq).checked_sub(1);
        let same_day = run
            .and_then(|run| self.days.get(run))
            .is_some_and(|(_, last, day)| seq <= *last && *day == leaf.at.date());
        let same_document = by_document == document_mark(&leaf.document.kind, &leaf.document.number);
        if !(same_document && by_person == leaf.person_id && same_day) {
            findings.push(Finding::Index(seq));
        }
    }

    /// What is left belongs to no act.
    fn end(self, findings: &mut Findings) {
        let documents = self.documents.iter().map(|mark| *mark != [0; 16]);
        let left = documents.zip(self.persons.iter().map(|person| *person != NOBODY));
        for (seq, _) in left.enumerate().filter(|(_, (document, person))| *document || *person) {
            findings.push(Finding::Index(seq as i64));
        }
    }
}
