//! Verification offline: the file, the auditor's own policy, and nothing else.
//!
//! Keys come from the policy only, never from the file that is verified. What holds is said in words, and so is what
//! such a file cannot prove.

mod bill;
mod books;
mod items;
mod period;
mod proofs;
mod words;

pub use words::Report;

use std::io::{BufRead, Read};

use proof::{Checkpoint, Policy};

use crate::AuditError;
use crate::file::{FILE_BYTES_MAX, ProofFile};
use crate::frame::MAGIC;

/// What the auditor brings.
pub struct Auditor<'a> {
    /// The auditor's own policy: logs and witnesses that are trusted.
    pub policy: &'a Policy,
    /// The checkpoint kept last time: the log must be its continuation.
    pub previous: Option<&'a Checkpoint>,
    /// Threads that hash and decode.
    pub threads: usize,
}

/// Verifies a proof file or a bundle, whichever it is.
///
/// # Errors
/// The first thing that does not hold, with its place.
pub fn verify(auditor: &Auditor<'_>, mut input: impl BufRead + Send) -> Result<Report, AuditError> {
    let begins = input.fill_buf()?;
    if MAGIC.starts_with(&begins[..begins.len().min(MAGIC.len())]) && !begins.is_empty() {
        return period::verify(auditor, input);
    }
    let mut bytes = Vec::new();
    input.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    proofs::verify(auditor, &ProofFile::parse(&bytes)?)
}
