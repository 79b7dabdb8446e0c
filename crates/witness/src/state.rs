//! What the witness last cosigned of each log: one file for each, the signed checkpoint as the log sent it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use proof::witness::Seen;
use proof::{Checkpoint, Note, ProofError, VerifierKey};
use sha2::{Digest as _, Sha256};

use crate::error::WitnessError;
use crate::files::{read_bounded, replace_durably, sync_folder};

/// The ending of state files.
const SEEN: &str = "seen";
/// The ending of evidence against a log.
const EVIDENCE: &str = "evidence";
/// The file whose lock says that a witness uses the folder.
const LOCK: &str = "lock";
/// The longest file read.
const MAX_STATE: u64 = proof::note::MAX_NOTE as u64;

/// A state folder, held against other witnesses as long as this lives.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    _lock: File,
}

/// What a witness last cosigned of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The signed checkpoint.
    pub note: Note,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// When it was last kept, in seconds since 1970, as the file system says.
    pub kept_at: Option<u64>,
    /// A contradicting checkpoint that the log signed too, if there was one.
    pub evidence: Option<PathBuf>,
}

fn file_name(origin: &str, ending: &str) -> String {
    // Origins are any text; their hash is a file name everywhere.
    let hash: String = Sha256::digest(origin).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hash}.{ending}")
}

fn read(path: &Path) -> Result<(Note, Checkpoint), WitnessError> {
    let note =
        Note::parse(&read_bounded(path, MAX_STATE)?).map_err(|error| WitnessError::damaged(path, error))?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(|error| WitnessError::damaged(path, error))?;
    if path.file_name() != Some(file_name(checkpoint.origin(), SEEN).as_ref()) {
        return Err(WitnessError::damaged(path, "it is of another log"));
    }
    Ok((note, checkpoint))
}

impl State {
    /// Takes a state folder into use; makes it when there is none.
    pub(crate) fn open(folder: &Path) -> Result<State, WitnessError> {
        let failed = |error| WitnessError::file(folder, error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(WitnessError::InUse(folder.display().to_string())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        sync_folder(folder)?;
        Ok(State { folder: folder.to_owned(), _lock: lock })
    }
    /// What was last cosigned of a log. A file that cannot be trusted is an error, never an unknown log.
    pub(crate) fn seen(&self, origin: &str, logs: &[VerifierKey]) -> Result<Seen, WitnessError> {
        let path = self.folder.join(file_name(origin, SEEN));
        if !path.try_exists().map_err(|error| WitnessError::file(&path, error))? {
            return Ok(Seen::nothing());
        }
        let (note, checkpoint) = read(&path)?;
        // The log may have other keys by now; a wrong signature of a key it still has is damage.
        match note.verify(logs) {
            Ok(_) | Err(ProofError::NotSigned(_)) => {}
            Err(error) => return Err(WitnessError::damaged(&path, error)),
        }
        Ok(Seen { size: checkpoint.size(), root: *checkpoint.root() })
    }
    /// Keeps what is about to be cosigned; durable once this returns.
    pub(crate) fn keep(&self, origin: &str, note: &Note) -> Result<(), WitnessError> {
        replace_durably(&self.folder, &file_name(origin, SEEN), note.print().as_bytes())
    }
    /// Keeps the first checkpoint that contradicts what was cosigned.
    pub(crate) fn keep_evidence(&self, origin: &str, note: &Note) -> Result<(), WitnessError> {
        let name = file_name(origin, EVIDENCE);
        let path = self.folder.join(&name);
        if path.try_exists().map_err(|error| WitnessError::file(&path, error))? {
            return Ok(());
        }
        replace_durably(&self.folder, &name, note.print().as_bytes())
    }
}

/// What is in a state folder, by origin; to look at, also while a witness uses it.
///
/// # Errors
/// [`WitnessError::File`]; [`WitnessError::Damaged`] for the first file that cannot be read.
pub fn seen_in(folder: &Path) -> Result<Vec<Kept>, WitnessError> {
    let failed = |error| WitnessError::file(folder, error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension() == Some(SEEN.as_ref()) {
            let (note, checkpoint) = read(&path)?;
            let evidence = Some(path.with_extension(EVIDENCE)).filter(|evidence| evidence.exists());
            let kept_at = std::fs::metadata(&path)
                .and_then(|about| about.modified())
                .ok()
                .and_then(|at| Some(at.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()));
            found.push(Kept { note, checkpoint, kept_at, evidence });
        }
    }
    found.sort_by(|a, b| a.checkpoint.origin().cmp(b.checkpoint.origin()));
    Ok(found)
}
