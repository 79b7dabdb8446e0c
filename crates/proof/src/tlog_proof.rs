//! The file that proves one record (C2SP tlog-proof): index, path and signed checkpoint, checked offline.

use crate::checkpoint::Checkpoint;
use crate::encoding::{base64, from_base64, hash_from_base64, number};
use crate::error::{ProofError, What, Why};
use crate::note::{MAX_NOTE, Note};
use crate::path::{MAX_PATH, MAX_SIZE, verify_inclusion};
use crate::policy::{Policy, Trusted};
use crate::tree::Hash;

/// The longest extra data, in bytes.
pub const MAX_EXTRA: usize = 64 * 1024;

/// The longest proof file read, in bytes.
pub const MAX_PROOF: usize = MAX_NOTE + 2 * MAX_EXTRA;

/// The first line.
const FORM: &str = "c2sp.org/tlog-proof@v1";

/// A proof that one record is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: u64,
    path: Vec<Hash>,
    note: Note,
    checkpoint: Checkpoint,
}

impl TlogProof {
    /// A proof from its parts. Nothing is verified; see [`TlogProof::verify`].
    ///
    /// # Errors
    /// [`ProofError::Malformed`] when a part is too long or the note is no signed checkpoint;
    /// [`ProofError::TooLarge`].
    pub fn new(
        extra: Option<Vec<u8>>,
        index: u64,
        path: Vec<Hash>,
        note: Note,
    ) -> Result<TlogProof, ProofError> {
        let refused = |why| ProofError::malformed(What::ProofFile, 2, why);
        let checkpoint = Checkpoint::parse(note.text())?;
        if note.signatures().is_empty() {
            return Err(refused(Why::NoSignature));
        }
        if extra.as_ref().is_some_and(|extra| extra.len() > MAX_EXTRA) {
            return Err(refused(Why::TooLong));
        }
        if path.len() > MAX_PATH {
            return Err(refused(Why::TooMany));
        }
        if index > MAX_SIZE {
            return Err(ProofError::TooLarge(index));
        }
        Ok(TlogProof { extra, index, path, note, checkpoint })
    }
    /// Reads a proof file.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] with the line that is not as it has to be.
    pub fn parse(bytes: &[u8]) -> Result<TlogProof, ProofError> {
        let refused = |line, why| ProofError::malformed(What::ProofFile, line, why);
        if bytes.len() > MAX_PROOF {
            return Err(refused(1, Why::TooLong));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| refused(1, Why::NotUtf8))?;
        let (head, note) = text.split_once("\n\n").ok_or(refused(1, Why::LineMissing))?;
        let mut lines = head.split('\n').zip(1..).peekable();
        if lines.next().map(|(line, _)| line) != Some(FORM) {
            return Err(refused(1, Why::WrongForm));
        }
        let mut extra = None;
        if let Some((line, at)) = lines.next_if(|(line, _)| line.starts_with("extra ")) {
            extra = Some(from_base64(&line["extra ".len()..]).ok_or(refused(at, Why::NotBase64))?);
        }
        let (line, at) = lines.next().ok_or(refused(2, Why::LineMissing))?;
        let index = line.strip_prefix("index ").ok_or(refused(at, Why::UnknownWord))?;
        let index = number(index).ok_or(refused(at, Why::NotANumber))?;
        let mut path = Vec::new();
        for (line, at) in lines {
            if path.len() == MAX_PATH {
                return Err(refused(at, Why::TooMany));
            }
            path.push(hash_from_base64(line).ok_or(refused(at, Why::NotBase64))?);
        }
        TlogProof::new(extra, index, path, Note::parse(note.as_bytes())?)
    }
    /// The file. [`TlogProof::parse`] reads it.
    pub fn print(&self) -> String {
        let extra = self.extra.as_ref().map(|extra| format!("extra {}\n", base64(extra))).unwrap_or_default();
        let path: String = self.path.iter().map(|hash| format!("{}\n", base64(hash))).collect();
        format!("{FORM}\n{extra}index {}\n{path}\n{}", self.index, self.note.print())
    }
    /// Checks that `record`, the leaf hash of bytes that the verifier has, is in a log that `policy` accepts.
    ///
    /// # Errors
    /// [`ProofError::NotIncluded`], [`ProofError::BeyondEnd`], and what [`Policy::check`] refuses.
    pub fn verify(&self, record: &Hash, policy: &Policy) -> Result<Trusted, ProofError> {
        let trusted = policy.check(&self.note)?;
        let checkpoint = &trusted.checkpoint;
        verify_inclusion(record, self.index, checkpoint.size(), &self.path, checkpoint.root())?;
        Ok(trusted)
    }
    /// Data beside the proof. Nothing proves them.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }
    /// Which leaf, counted from 0.
    pub fn index(&self) -> u64 {
        self.index
    }
    /// From the leaf's sibling up to the root's child.
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
