//! Key files, and files that are durable before anything depends on them.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use proof::{KeyKind, SigningKey, VerifierKey};

use crate::error::WitnessError;

/// The longest key file read, in bytes.
const MAX_KEY_FILE: u64 = 256 * 1024;

/// Reads a file, up to `limit` bytes.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, WitnessError> {
    let failed = |error| WitnessError::file(path, error);
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(WitnessError::file(path, format!("larger than {limit} bytes")));
    }
    Ok(bytes)
}

/// Replaces a file so that after a crash it is either as before or as asked, and is as asked once this returns.
pub(crate) fn replace_durably(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), WitnessError> {
    let (path, fresh) = (folder.join(name), folder.join(format!("{name}.new")));
    let failed = |error| WitnessError::file(&fresh, error);
    let mut file = File::create(&fresh).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    drop(file);
    std::fs::rename(&fresh, &path).map_err(|error| WitnessError::file(&path, error))?;
    sync_folder(folder)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), WitnessError> {
    // Windows has no such call, and orders its own journal.
    if cfg!(unix) {
        let failed = |error| WitnessError::file(folder, error);
        File::open(folder).map_err(failed)?.sync_all().map_err(failed)?;
    }
    Ok(())
}

/// Reads a request that came as a file.
///
/// # Errors
/// [`WitnessError::File`], also when it is larger than any request.
pub fn read_request(path: &Path) -> Result<Vec<u8>, WitnessError> {
    read_bounded(path, proof::witness::MAX_REQUEST as u64)
}

/// Makes a witness's key, writes it into a new file that only its owner can read, and gives the key that others check
/// it with.
///
/// # Errors
/// [`WitnessError::File`] when the file is there already; a key is never overwritten. [`WitnessError::Proof`] for a
/// name that cannot be one.
pub fn new_key(name: &str, path: &Path) -> Result<VerifierKey, WitnessError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| WitnessError::NoRandomness(error.to_string()))?;
    let key = SigningKey::generate(KeyKind::Cosignature, name, &random)?;
    let failed = |error| WitnessError::file(path, error);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(format!("{}\n", key.secret_text()).as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))?;
    Ok(key.verifier().clone())
}

/// Reads the private key of a witness from a file that only its owner can read.
///
/// # Errors
/// [`WitnessError::KeyExposed`], [`WitnessError::Key`], [`WitnessError::NotAWitnessKey`], [`WitnessError::File`].
pub fn read_signing_key(path: &Path) -> Result<SigningKey, WitnessError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let about = std::fs::metadata(path).map_err(|error| WitnessError::file(path, error))?;
        if about.permissions().mode() & 0o077 != 0 {
            return Err(WitnessError::KeyExposed(path.display().to_string()));
        }
    }
    let bytes = read_bounded(path, MAX_KEY_FILE)?;
    let refused = |error| WitnessError::Key { path: path.display().to_string(), error };
    // A file that is not text has no key; the text itself is not repeated.
    let text = String::from_utf8(bytes).unwrap_or_default();
    let key = SigningKey::parse(text.trim_end_matches(['\r', '\n'])).map_err(refused)?;
    if key.verifier().kind() != KeyKind::Cosignature {
        return Err(WitnessError::NotAWitnessKey(key.verifier().name().to_owned()));
    }
    Ok(key)
}

/// Reads a file of verifier keys, one on each line; lines that begin with `#` are passed over.
///
/// # Errors
/// [`WitnessError::Key`] with the line that is no key; [`WitnessError::File`].
pub fn read_keys(path: &Path) -> Result<Vec<VerifierKey>, WitnessError> {
    let text = String::from_utf8(read_bounded(path, MAX_KEY_FILE)?)
        .map_err(|_| WitnessError::file(path, "not UTF-8 text"))?;
    VerifierKey::parse_file(&text)
        .map_err(|error| WitnessError::Key { path: path.display().to_string(), error })
}
