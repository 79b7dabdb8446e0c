//! Checkpoints (C2SP tlog-checkpoint): origin, size and root of a log as the text of a note.

use crate::encoding::{base64, hash_from_base64, number};
use crate::error::{ProofError, What, Why};
use crate::key::{KeyKind, SigningKey, VerifierKey};
use crate::note::Note;
use crate::path::MAX_SIZE;
use crate::tree::Hash;

/// The state of a log: so many leaves under this root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// The checkpoint of the log `origin`, which is also the name of the log's keys.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] for an origin that is empty or has control characters; [`ProofError::TooLarge`].
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Checkpoint, ProofError> {
        if origin.is_empty() || origin.bytes().any(|byte| byte < b' ') {
            return Err(ProofError::malformed(What::Checkpoint, 1, Why::BadName));
        }
        if size > MAX_SIZE {
            return Err(ProofError::TooLarge(size));
        }
        Ok(Checkpoint { origin: origin.to_owned(), size, root, extensions: Vec::new() })
    }
    /// Reads the text of a note. Extension lines are kept; this program writes none.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] with the line that is not as it has to be.
    pub fn parse(text: &str) -> Result<Checkpoint, ProofError> {
        let refused = |line, why| ProofError::malformed(What::Checkpoint, line, why);
        if text.len() > crate::note::MAX_NOTE {
            return Err(refused(1, Why::TooLong));
        }
        let body = text.strip_suffix('\n').ok_or(refused(1, Why::NoFinalNewline))?;
        let mut lines = body.split('\n');
        let origin = lines.next().unwrap_or_default();
        let size = lines.next().ok_or(refused(2, Why::LineMissing))?;
        let root = lines.next().ok_or(refused(3, Why::LineMissing))?;
        let size = number(size).ok_or(refused(2, Why::NotANumber))?;
        let root = hash_from_base64(root).ok_or(refused(3, Why::NotBase64))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if let Some(at) = extensions.iter().position(String::is_empty) {
            return Err(refused(at + 4, Why::Empty));
        }
        Ok(Checkpoint { extensions, ..Checkpoint::new(origin, size, root)? })
    }
    /// The text of the note.
    pub fn body(&self) -> String {
        let extensions: String = self.extensions.iter().map(|line| format!("{line}\n")).collect();
        format!("{}\n{}\n{}\n{extensions}", self.origin, self.size, base64(&self.root))
    }
    /// Which log.
    pub fn origin(&self) -> &str {
        &self.origin
    }
    /// Leaves of the log.
    pub fn size(&self) -> u64 {
        self.size
    }
    /// The root over the leaves.
    pub fn root(&self) -> &Hash {
        &self.root
    }
    /// Lines after the root, opaque; normally none.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

/// Signs a checkpoint with each of the log's keys.
///
/// # Errors
/// [`ProofError::WrongUse`] for the key of a witness; [`ProofError::WrongOrigin`] for a key that is not named as the
/// log.
pub fn sign(checkpoint: &Checkpoint, keys: &[SigningKey]) -> Result<Note, ProofError> {
    let mut note = Note::new(checkpoint.body())?;
    for key in keys {
        let name = key.verifier().name();
        if name != checkpoint.origin {
            return Err(ProofError::WrongOrigin {
                expected: name.to_owned(),
                found: checkpoint.origin.clone(),
            });
        }
        note.add(key.sign(note.text())?)?;
    }
    Ok(note)
}

/// Reads a signed checkpoint and proves that its log signed it: at least one of `keys` is named as the log's origin,
/// is the key of a log, and its signature holds. Cosignatures are looked at by [`crate::note::Note::verify`] or the
/// policy.
///
/// # Errors
/// [`ProofError::UnknownLog`] when no key is of this log; [`ProofError::NotSigned`]; [`ProofError::WrongSignature`];
/// [`ProofError::Malformed`].
pub fn open(note: &[u8], keys: &[VerifierKey]) -> Result<(Checkpoint, Note), ProofError> {
    let note = Note::parse(note)?;
    let checkpoint = Checkpoint::parse(note.text())?;
    check_log(&checkpoint, &note, keys)?;
    Ok((checkpoint, note))
}

/// See [`open`].
pub(crate) fn check_log(
    checkpoint: &Checkpoint,
    note: &Note,
    keys: &[VerifierKey],
) -> Result<(), ProofError> {
    let is_of_log =
        |key: &&VerifierKey| key.name() == checkpoint.origin && key.kind() != KeyKind::Cosignature;
    let of_log: Vec<VerifierKey> = keys.iter().filter(is_of_log).cloned().collect();
    if of_log.is_empty() {
        return Err(ProofError::UnknownLog(checkpoint.origin.clone()));
    }
    note.verify(&of_log).map(|_| ())
}
