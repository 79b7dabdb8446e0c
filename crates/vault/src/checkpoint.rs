//! Checkpoints: the state of the log, signed, to be kept where nobody of this house can reach it.

use identity::Work;
use kernel::Moment;
use proof::checkpoint::{self as text, Checkpoint as CheckpointText};
use proof::{KeyKind, Note, Signature, VerifierKey};
use store::Tx;

use crate::act::Digest;
use crate::keys::{KeyRole, LogKey, Signers, log_keys};
use crate::service::permission::CHECKPOINT;
use crate::sql::checkpoint as stored;
use crate::{VaultError, absorb, rows, sql};

/// Checkpoints given at once, at most.
const PAGE_MAX: usize = 1_000;

/// The state of the log at one moment: so many acts, this root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Acts covered.
    pub size: i64,
    /// The root over them.
    pub root: Digest,
    /// The signed note of C2SP tlog-checkpoint with the log's own signatures. What release 0.1.0 wrote is the text
    /// without signatures.
    pub note: String,
    /// When it was made.
    pub made_at: Moment,
}

impl Checkpoint {
    /// Release 0.1.0 wrote checkpoints without signatures.
    pub fn is_signed(&self) -> bool {
        self.note.contains("\n\n")
    }
}

/// When a checkpoint is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointPolicy {
    /// After so many acts.
    pub acts: i64,
    /// Or so many milliseconds after the last one, if anything was added.
    pub millis: i64,
}

impl CheckpointPolicy {
    /// A thousand acts or a minute: what is lost to proof when somebody rewrites the tail of the log.
    pub const STANDARD: CheckpointPolicy = CheckpointPolicy { acts: 1_000, millis: 60_000 };
    /// At once, if anything was added: at the close of a period, before a backup, an export or a report.
    pub const AT_ONCE: CheckpointPolicy = CheckpointPolicy { acts: 1, millis: 0 };
}

/// States and signs the log as it is now, and keeps the statement. When nothing was added since the last one, that one
/// is given. The log must have its name and the keys must have been added to it.
pub fn checkpoint(work: &mut Work<'_, '_>, signers: &Signers) -> Result<Checkpoint, VaultError> {
    work.require(CHECKPOINT, 0)?;
    make(work, signers)
}

/// Makes a checkpoint when `policy` says that one is due; a duty of the program, for which nobody needs a right.
/// Nothing is made while the log has no name or there are no keys.
pub fn checkpoint_if_due(
    work: &mut Work<'_, '_>,
    signers: &Signers,
    policy: CheckpointPolicy,
) -> Result<Option<Checkpoint>, VaultError> {
    let (org_id, now) = (work.org_id(), work.now());
    if signers.is_empty() || stored::origin(work.tx, org_id)?.is_none() {
        return Ok(None);
    }
    absorb::catch_up(work)?;
    let size = sql::size(work.tx, org_id)?;
    let due = match stored::last(work.tx, org_id)? {
        // The clock may have been set back: a minute either way is a minute.
        Some(last) => {
            let (acts, millis) = (size - last.size, now.millis().abs_diff(last.made_at.millis()));
            acts > 0
                && (acts >= policy.acts || i64::try_from(millis).is_ok_and(|since| since >= policy.millis))
        }
        None => size > 0,
    };
    if due { make(work, signers).map(Some) } else { Ok(None) }
}

fn make(work: &mut Work<'_, '_>, signers: &Signers) -> Result<Checkpoint, VaultError> {
    let (org_id, made_at) = (work.org_id(), work.now());
    let origin = stored::origin(work.tx, org_id)?.ok_or(VaultError::NoOrigin)?;
    if !signers.keys().iter().any(|key| key.verifier().kind() == KeyKind::Ed25519) {
        return Err(VaultError::NoKeys);
    }
    let known = log_keys(work.tx, org_id)?;
    for key in signers.keys() {
        let is_known = |known: &LogKey| known.role == KeyRole::Log && known.key == *key.verifier();
        if !known.iter().any(is_known) {
            return Err(VaultError::UnknownKey(key.verifier().text()));
        }
    }
    absorb::absorb_identity(work)?;
    rows::bind_rows(work)?;
    sql::lock(work.tx, org_id)?;
    let size = sql::size(work.tx, org_id)?;
    if let Some(last) = stored::last(work.tx, org_id)?
        && last.size == size
    {
        return Ok(last);
    }
    let root = sql::edge(work.tx, org_id, size)?.root();
    let note = text::sign(&CheckpointText::new(&origin, size as u64, root)?, signers.keys())?.print();
    let made = Checkpoint { size, root, note, made_at };
    stored::insert(work.tx, org_id, &made)?;
    Ok(made)
}

/// The checkpoint made last.
pub fn last_checkpoint(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<Checkpoint>, VaultError> {
    Ok(stored::last(tx, org_id)?)
}

/// The checkpoint of exactly `size` acts.
pub fn checkpoint_at(tx: &mut Tx<'_>, org_id: i64, size: i64) -> Result<Option<Checkpoint>, VaultError> {
    Ok(stored::at(tx, org_id, size)?)
}

/// The signed checkpoint by which an act is best proved: the largest that witnesses cosigned, else the largest.
pub fn checkpoint_over(tx: &mut Tx<'_>, org_id: i64, seq: i64) -> Result<Checkpoint, VaultError> {
    let found = match stored::cosigned_above(tx, org_id, seq)? {
        Some(size) => stored::at(tx, org_id, size)?,
        None => stored::last(tx, org_id)?,
    };
    found
        .filter(|found| found.size > seq && found.is_signed())
        .ok_or(VaultError::NotCovered { seq, size: sql::size(tx, org_id)? })
}

/// A cosignature that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness.
    pub witness: String,
    /// The signature line, with its line break.
    pub line: String,
    /// When it was taken in.
    pub taken_at: Moment,
}

/// A checkpoint with the cosignatures it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCheckpoint {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Its cosignatures, in the order in which they came.
    pub cosignatures: Vec<Cosignature>,
}

/// Checkpoints of fewer than `below` acts, the newest first, at most `count` (and never more than 1,000).
pub fn checkpoints(
    tx: &mut Tx<'_>,
    org_id: i64,
    below: Option<i64>,
    count: usize,
) -> Result<Vec<KeptCheckpoint>, VaultError> {
    let limit = count.clamp(1, PAGE_MAX) as i64;
    let found = stored::below(tx, org_id, below.unwrap_or(i64::MAX), limit)?;
    found.into_iter().map(|checkpoint| kept(tx, org_id, checkpoint)).collect()
}

fn kept(tx: &mut Tx<'_>, org_id: i64, checkpoint: Checkpoint) -> Result<KeptCheckpoint, VaultError> {
    let lines = stored::cosignatures(tx, org_id, checkpoint.size)?;
    let cosignatures = lines.into_iter().map(|(line, taken_at)| {
        let witness = Signature::parse(line.trim_end_matches('\n'))?.name().to_owned();
        Ok(Cosignature { witness, line, taken_at })
    });
    Ok(KeptCheckpoint { checkpoint, cosignatures: cosignatures.collect::<Result<_, VaultError>>()? })
}

/// A part of the checkpoints, the newest first, and how many there are.
pub fn checkpoints_part(
    tx: &mut Tx<'_>,
    org_id: i64,
    offset: usize,
    limit: usize,
) -> Result<(Vec<KeptCheckpoint>, i64), VaultError> {
    let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let (found, count) = stored::part(tx, org_id, whole(offset), whole(limit))?;
    let kept: Result<_, VaultError> =
        found.into_iter().map(|checkpoint| kept(tx, org_id, checkpoint)).collect();
    Ok((kept?, count))
}

/// The checkpoint of `size` as a note with all signatures: the log's and the witnesses'.
pub fn signed_note(tx: &mut Tx<'_>, org_id: i64, size: i64) -> Result<Note, VaultError> {
    let found = stored::at(tx, org_id, size)?.filter(Checkpoint::is_signed);
    let found = found.ok_or(VaultError::NoCheckpoint(size))?;
    let mut note = Note::parse(found.note.as_bytes())?;
    for (line, _) in stored::cosignatures(tx, org_id, size)? {
        note.add(Signature::parse(line.trim_end_matches('\n'))?)?;
    }
    Ok(note)
}

/// What taking cosignatures in came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The size of the checkpoint.
    pub size: i64,
    /// The witnesses that cosigned it.
    pub witnesses: Vec<String>,
}

/// Takes in what a witness answered: signature lines, or a whole note. Each must be by a witness whose key was added
/// ([`crate::add_key`]) and must hold for a checkpoint of this log; lines alone are tried on the newest thousand.
pub fn cosign(work: &mut Work<'_, '_>, answer: &[u8]) -> Result<Cosigned, VaultError> {
    work.require(CHECKPOINT, 0)?;
    let (org_id, now) = (work.org_id(), work.now());
    let known = log_keys(work.tx, org_id)?;
    let witnesses: Vec<VerifierKey> =
        known.into_iter().filter(|known| known.role == KeyRole::Witness).map(|known| known.key).collect();
    let (lines, tried) = if answer.windows(2).any(|pair| pair == b"\n\n") {
        let note = Note::parse(answer)?;
        let size = i64::try_from(CheckpointText::parse(note.text())?.size()).unwrap_or(i64::MAX);
        let found = stored::at(work.tx, org_id, size)?.ok_or(VaultError::NoCheckpoint(size))?;
        (note.signatures().to_vec(), vec![found])
    } else {
        (Signature::parse_lines(answer)?, stored::below(work.tx, org_id, i64::MAX, PAGE_MAX as i64)?)
    };
    for made in tried.iter().filter(|made| made.is_signed()) {
        let own = Note::parse(made.note.as_bytes())?;
        let mut taken = Vec::new();
        for line in &lines {
            let key = witnesses.iter().find(|key| key.name() == line.name() && key.id() == line.id());
            if let Some(key) = key.filter(|key| key.verify(own.text(), line).is_ok()) {
                stored::insert_cosignature(work.tx, org_id, made.size, &line.line(), now)?;
                taken.push(key.name().to_owned());
            }
        }
        if !taken.is_empty() {
            return Ok(Cosigned { size: made.size, witnesses: taken });
        }
    }
    Err(VaultError::NotCosigned(lines.iter().map(|line| line.name().to_owned()).collect()))
}
