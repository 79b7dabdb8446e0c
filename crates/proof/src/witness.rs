//! When a witness cosigns (C2SP tlog-witness): the decision, without network and files.
//!
//! A witness keeps, for each log, the last size and root it cosigned, and cosigns only what continues them. Whoever
//! uses [`decide`] must keep what it decided on durable storage *before* the cosignature leaves the house, and must
//! not decide on two requests for one log at the same time: otherwise two branches of a log could both be cosigned.

use crate::checkpoint::{Checkpoint, check_log};
use crate::encoding::{base64, hash_from_base64, number};
use crate::error::{ProofError, What, Why};
use crate::key::{SigningKey, VerifierKey};
use crate::note::{MAX_NOTE, Note, Signature};
use crate::path::{MAX_PATH, MAX_SIZE, verify_consistency};
use crate::tree::{Hash, empty_root};

/// The longest request read, in bytes.
pub const MAX_REQUEST: usize = MAX_NOTE + 4096;

/// The media type of the answer [`Refusal::Conflict`].
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// A request to cosign: the body of `add-checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    old: u64,
    path: Vec<Hash>,
    note: Note,
    checkpoint: Checkpoint,
}

impl Request {
    /// A request from the size that the witness last cosigned (0 when it never did), the proof of consistency from it,
    /// and the signed checkpoint.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] when the note is no signed checkpoint or the path is too long;
    /// [`ProofError::TooLarge`].
    pub fn new(old: u64, path: Vec<Hash>, note: Note) -> Result<Request, ProofError> {
        let checkpoint = Checkpoint::parse(note.text())?;
        if note.signatures().is_empty() {
            return Err(ProofError::malformed(What::Request, path.len() + 3, Why::NoSignature));
        }
        if path.len() > MAX_PATH {
            return Err(ProofError::malformed(What::Request, MAX_PATH + 2, Why::TooMany));
        }
        if old > MAX_SIZE {
            return Err(ProofError::TooLarge(old));
        }
        Ok(Request { old, path, note, checkpoint })
    }
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] with the line that is not as it has to be.
    pub fn parse(bytes: &[u8]) -> Result<Request, ProofError> {
        let refused = |line, why| ProofError::malformed(What::Request, line, why);
        if bytes.len() > MAX_REQUEST {
            return Err(refused(1, Why::TooLong));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| refused(1, Why::NotUtf8))?;
        let (head, note) = text.split_once("\n\n").ok_or(refused(1, Why::LineMissing))?;
        let mut lines = head.split('\n').zip(1..);
        let old = lines.next().and_then(|(line, _)| line.strip_prefix("old "));
        let old = number(old.ok_or(refused(1, Why::WrongForm))?).ok_or(refused(1, Why::NotANumber))?;
        let mut path = Vec::new();
        for (line, at) in lines {
            if path.len() == MAX_PATH {
                return Err(refused(at, Why::TooMany));
            }
            path.push(hash_from_base64(line).ok_or(refused(at, Why::NotBase64))?);
        }
        Request::new(old, path, Note::parse(note.as_bytes())?)
    }
    /// The body of the request.
    pub fn print(&self) -> String {
        let path: String = self.path.iter().map(|hash| format!("{}\n", base64(hash))).collect();
        format!("old {}\n{path}\n{}", self.old, self.note.print())
    }
    /// The size the proof starts from.
    pub fn old(&self) -> u64 {
        self.old
    }
    /// The proof of consistency.
    pub fn path(&self) -> &[Hash] {
        &self.path
    }
    /// The signed checkpoint.
    pub fn note(&self) -> &Note {
        &self.note
    }
    /// The checkpoint, not verified.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

/// What a witness last cosigned of one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Leaves.
    pub size: u64,
    /// Their root.
    pub root: Hash,
}

impl Seen {
    /// What a witness knows of a log that it never cosigned.
    pub fn nothing() -> Seen {
        Seen { size: 0, root: empty_root() }
    }
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is not one, or its sizes fall.
    #[error("{0}")]
    BadRequest(ProofError),
    /// The witness does not know the log.
    #[error("{0}")]
    UnknownLog(ProofError),
    /// No key that the witness trusts for the log signed, or one signed something else.
    #[error("{0}")]
    NotSigned(ProofError),
    /// The request does not start from what was last cosigned, or has another root for the same size.
    #[error("the witness last cosigned {size} leaves of this log; start from there")]
    Conflict {
        /// The size last cosigned.
        size: u64,
        /// Whether the same size was asked for under another root: two histories of one log.
        fork: bool,
    },
    /// The log is not proved to continue what was last cosigned.
    #[error("{0}")]
    NotConsistent(ProofError),
}

impl Refusal {
    /// The HTTP status that says so.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::BadRequest(_) => 400,
            Refusal::NotSigned(_) => 403,
            Refusal::UnknownLog(_) => 404,
            Refusal::Conflict { .. } => 409,
            Refusal::NotConsistent(_) => 422,
        }
    }
    /// Whether the refusal is evidence against the log: it signed a history that contradicts its earlier one.
    pub fn is_evidence(&self) -> bool {
        matches!(self, Refusal::Conflict { fork: true, .. })
    }
}

/// Decides on a request, given the keys of the logs that the witness trusts and what it last cosigned of this log.
/// What it may cosign is returned, and is what it has seen from then on.
///
/// # Errors
/// [`Refusal`], in the order in which the standard has them.
pub fn decide(request: &Request, logs: &[VerifierKey], seen: Seen) -> Result<Seen, Refusal> {
    let checkpoint = &request.checkpoint;
    check_log(checkpoint, &request.note, logs).map_err(|error| match error {
        ProofError::UnknownLog(_) => Refusal::UnknownLog(error),
        other => Refusal::NotSigned(other),
    })?;
    let next = Seen { size: checkpoint.size(), root: *checkpoint.root() };
    if request.old > next.size {
        return Err(Refusal::BadRequest(ProofError::Shrunk { old: request.old, new: next.size }));
    }
    if request.old != seen.size {
        return Err(Refusal::Conflict {
            size: seen.size,
            fork: next.size == seen.size && next.root != seen.root,
        });
    }
    if next.size == seen.size && next.root != seen.root {
        return Err(Refusal::Conflict { size: seen.size, fork: true });
    }
    verify_consistency(seen.size, &seen.root, next.size, &next.root, &request.path)
        .map_err(Refusal::NotConsistent)?;
    Ok(next)
}

/// The cosignature on a request that [`decide`] accepted, at a time in seconds since 1970. To be called after what was
/// seen is kept.
///
/// # Errors
/// [`ProofError::WrongUse`] when the key is not that of a witness.
pub fn cosign(request: &Request, key: &SigningKey, seconds: u64) -> Result<Signature, ProofError> {
    key.cosign(request.note.text(), seconds)
}

/// Takes a witness's answer into the checkpoint it was given for: those of its signatures that `witnesses` made.
/// Others are left out.
///
/// # Errors
/// [`ProofError::NotSigned`] when none of `witnesses` cosigned; [`ProofError::WrongSignature`];
/// [`ProofError::Malformed`].
pub fn accept_answer(note: &Note, answer: &[u8], witnesses: &[VerifierKey]) -> Result<Note, ProofError> {
    let mut whole = note.clone();
    let mut answered = Note::new(note.text())?;
    for signature in Signature::parse_lines(answer)? {
        let known = |key: &&VerifierKey| key.name() == signature.name() && key.id() == signature.id();
        if witnesses.iter().any(|key| known(&key)) {
            whole.add(signature.clone())?;
        }
        answered.add(signature)?;
    }
    answered.verify(witnesses)?;
    Ok(whole)
}
