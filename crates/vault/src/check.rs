//! The proof that the log is whole, recomputed from the stored bytes alone.

use std::collections::HashMap;
use std::fmt;

use kernel::{Bilingual, Lang};
use store::{Tx, params};

use crate::act::Digest;
use crate::search::each_leaf;
use crate::tree::{self, Edge, Hash};
use crate::{VaultError, canonical, sql};

const FINDINGS_MAX: usize = 100;
/// Hashes fetched at once while the tree is compared.
const HASHES_AT_ONCE: i64 = 10_000;

/// Something in the log that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A number is missing before this one.
    Gap(i64),
    /// The bytes of the act do not give its hash, or do not read, or belong elsewhere.
    Leaf(i64),
    /// A stored hash of the tree is not what its leaves give.
    Hash(i64),
    /// The root of the checkpoint of this size is not the log's.
    Checkpoint(i64),
    /// An act is not found by its document, person or day.
    Index(i64),
}

impl Bilingual for Finding {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, Finding::Gap(seq)) => format!("acts are missing before number {seq}"),
            (Lang::Zh, Finding::Gap(seq)) => format!("第 {seq} 条之前缺少记录"),
            (Lang::En, Finding::Leaf(seq)) => format!("act {seq} was altered"),
            (Lang::Zh, Finding::Leaf(seq)) => format!("第 {seq} 条记录被改动"),
            (Lang::En, Finding::Hash(index)) => format!("hash {index} of the tree was altered"),
            (Lang::Zh, Finding::Hash(index)) => format!("第 {index} 个哈希被改动"),
            (Lang::En, Finding::Checkpoint(size)) => {
                format!("the checkpoint at {size} does not belong to this log")
            }
            (Lang::Zh, Finding::Checkpoint(size)) => format!("第 {size} 条处的检查点与日志不符"),
            (Lang::En, Finding::Index(seq)) => {
                format!("act {seq} is not found by its document, person or day")
            }
            (Lang::Zh, Finding::Index(seq)) => format!("第 {seq} 条记录不能按单据、人员或日期查到"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

/// What [`check()`] looked at and found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Acts recomputed.
    pub size: i64,
    /// The root they give.
    pub root: Digest,
    /// Checkpoints compared.
    pub checkpoints: usize,
    /// What is wrong, at most a hundred; empty when all is well.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Nothing was found.
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Hashes every stored act again, rebuilds the tree and compares numbers, hashes, checkpoints and search indexes.
pub fn check(tx: &mut Tx<'_>, org_id: i64) -> Result<CheckReport, VaultError> {
    let mut findings = Vec::new();
    let mut checkpoints: HashMap<i64, Digest> = HashMap::new();
    tx.each("SELECT size, root FROM checkpoint WHERE org_id = ?1", params![org_id], |row| {
        checkpoints.insert(row.int(0)?, sql::digest(row, 1)?);
        Ok::<_, VaultError>(())
    })?;
    let compared = checkpoints.len();
    let mut edge = Edge::empty();
    let mut hashes: Vec<Hash> = Vec::new();
    let mut size = 0;
    // An empty log may have a checkpoint too.
    if let Some(root) = checkpoints.remove(&0)
        && root != tree::empty_root()
    {
        findings.push(Finding::Checkpoint(0));
    }
    each_leaf(tx, org_id, |seq, stored, bytes, at| {
        if seq != size {
            findings.push(Finding::Gap(seq));
        }
        let hash = tree::leaf_hash(bytes);
        let read = canonical::decode(bytes);
        let belongs = read.is_ok_and(|act| act.org_id == org_id && act.seq == seq && act.at.millis() == at);
        if hash != stored || !belongs {
            findings.push(Finding::Leaf(seq));
        }
        edge.append(hash, |hash| hashes.push(*hash));
        size += 1;
        if let Some(root) = checkpoints.remove(&size)
            && root != edge.root()
        {
            findings.push(Finding::Checkpoint(size));
        }
        Ok(())
    })?;
    findings.extend(checkpoints.into_keys().map(Finding::Checkpoint));
    compare_hashes(tx, org_id, &hashes, &mut findings)?;
    compare_indexes(tx, org_id, &mut findings)?;
    findings.truncate(FINDINGS_MAX);
    Ok(CheckReport { size, root: edge.root(), checkpoints: compared, findings })
}

fn compare_hashes(
    tx: &mut Tx<'_>,
    org_id: i64,
    hashes: &[Hash],
    findings: &mut Vec<Finding>,
) -> Result<(), VaultError> {
    let mut next = 0_i64;
    loop {
        let from = next;
        tx.each(
            "SELECT idx, h FROM tlog_hash WHERE org_id = ?1 AND idx >= ?2 ORDER BY idx LIMIT ?3",
            params![org_id, from, HASHES_AT_ONCE],
            |row| {
                let index = row.int(0)?;
                let expected = usize::try_from(index).ok().and_then(|at| hashes.get(at));
                if index != next || expected != Some(&sql::digest(row, 1)?) {
                    findings.push(Finding::Hash(index));
                }
                next = index + 1;
                Ok::<_, VaultError>(())
            },
        )?;
        if next == from || findings.len() >= FINDINGS_MAX {
            break;
        }
    }
    if next < hashes.len() as i64 {
        findings.push(Finding::Hash(next));
    }
    Ok(())
}

/// Each act must be found by its own document, person and day, and by nothing else.
fn compare_indexes(tx: &mut Tx<'_>, org_id: i64, findings: &mut Vec<Finding>) -> Result<(), VaultError> {
    let mut documents: HashMap<i64, (String, String)> = HashMap::new();
    let mut persons: HashMap<i64, i64> = HashMap::new();
    let mut days: Vec<(i64, i64, kernel::Date)> = Vec::new();
    let mut twice = Vec::new();
    tx.each("SELECT kind, number, seq FROM leaf_document WHERE org_id = ?1", params![org_id], |row| {
        let seq = row.int(2)?;
        if documents.insert(seq, (row.text(0)?, row.text(1)?)).is_some() {
            twice.push(seq);
        }
        Ok::<_, VaultError>(())
    })?;
    tx.each("SELECT person_id, seq FROM leaf_person WHERE org_id = ?1", params![org_id], |row| {
        let seq = row.int(1)?;
        if persons.insert(seq, row.int(0)?).is_some() {
            twice.push(seq);
        }
        Ok::<_, VaultError>(())
    })?;
    tx.each(
        "SELECT first_seq, last_seq, day FROM leaf_day WHERE org_id = ?1 ORDER BY first_seq",
        params![org_id],
        |row| {
            days.push((row.int(0)?, row.int(1)?, row.date(2)?));
            Ok::<_, VaultError>(())
        },
    )?;
    findings.extend(twice.into_iter().map(Finding::Index));
    each_leaf(tx, org_id, |seq, _, bytes, _| {
        let Ok(read) = canonical::decode(bytes) else { return Ok(()) };
        let document = documents.remove(&seq);
        let same_document = document.is_some_and(|(kind, number)| {
            kind == read.act.document.kind && number == read.act.document.number
        });
        let same_person = persons.remove(&seq) == Some(read.person_id);
        let run =
            days.partition_point(|(first, _, _)| *first <= seq).checked_sub(1).and_then(|at| days.get(at));
        let same_day = run.is_some_and(|(_, last, day)| seq <= *last && *day == read.at.date());
        if !(same_document && same_person && same_day) {
            findings.push(Finding::Index(seq));
        }
        Ok(())
    })?;
    findings.extend(documents.into_keys().chain(persons.into_keys()).map(Finding::Index));
    Ok(())
}
