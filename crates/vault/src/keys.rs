//! Keys: those of the log in files of its owner, those that others may trust in the log itself.
//!
//! A signing key is a file of mode 0600; it never enters the database and is never shown. Its public half is recorded
//! as an act before it signs anything, so the log itself says from which act on which key spoke for it. A key is
//! changed by adding the new one, signing with both for a while, and taking the old file away: what the old one signed
//! stays verifiable, because its public half stays in the log.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use identity::Work;
use proof::{KeyKind, SigningKey, VerifierKey};
use store::Tx;

use crate::append::record;
use crate::service::permission::KEYS;
use crate::sql::checkpoint as sql;
use crate::{Act, VaultError};

/// A file with a key is never larger.
const KEY_FILE_BYTES_MAX: u64 = 4_096;
/// Key files looked at in one folder, at most.
const KEY_FILES_MAX: usize = 64;
/// The kind of document of an act that adds a key.
pub(crate) const KEY_DOCUMENT: &str = "log_key";

/// The keys with which checkpoints are signed.
#[derive(Debug, Default)]
pub struct Signers {
    keys: Vec<SigningKey>,
}

impl Signers {
    /// No keys: nothing is signed.
    pub fn none() -> Signers {
        Signers::default()
    }
    /// These keys.
    pub fn new(keys: Vec<SigningKey>) -> Signers {
        Signers { keys }
    }
    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
    /// The keys.
    pub fn keys(&self) -> &[SigningKey] {
        &self.keys
    }
    /// A new Ed25519 key and a new SM2 key for the log `origin`, from the system's random source.
    pub fn generate(origin: &str) -> Result<Signers, VaultError> {
        let mut keys = Vec::new();
        for kind in [KeyKind::Ed25519, KeyKind::Sm2] {
            let mut random = [0_u8; 32];
            getrandom::fill(&mut random).map_err(|error| VaultError::Random(error.to_string()))?;
            keys.push(SigningKey::generate(kind, origin, &random)?);
        }
        Ok(Signers { keys })
    }
    /// Writes each key to a file of its own that only its owner can read: `folder/CODE-ID.key`. Refuses to write over
    /// a file. Answers the files.
    pub fn write(&self, folder: &Path, code: &str) -> Result<Vec<PathBuf>, VaultError> {
        make_folder(folder)?;
        let mut files = Vec::new();
        for key in &self.keys {
            let path = folder.join(format!("{code}-{:08x}.key", key.verifier().id()));
            let failed = |error: std::io::Error| file_error(&path, &error);
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&path).map_err(failed)?;
            file.write_all(format!("{}\n", key.secret_text()).as_bytes()).map_err(failed)?;
            file.sync_all().map_err(failed)?;
            files.push(path);
        }
        Ok(files)
    }
    /// Reads the keys of the organisation `code` from the folder; none when there is no folder. Refuses a file that
    /// others than its owner can read or write.
    pub fn read(folder: &Path, code: &str) -> Result<Signers, VaultError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Signers::none()),
            Err(error) => return Err(file_error(folder, &error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| file_error(folder, &error))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let id = name.strip_prefix(code).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".key"));
            if id.is_some_and(|id| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit())) {
                files.push(path);
            }
        }
        files.sort();
        if files.len() > KEY_FILES_MAX {
            return Err(VaultError::KeyFile {
                path: folder.display().to_string(),
                why: "too many keys".into(),
            });
        }
        let mut keys = files.iter().map(|path| read_key(path)).collect::<Result<Vec<_>, _>>()?;
        // Ed25519 first: every verifier reads it.
        keys.sort_by_key(|key| key.verifier().kind() != KeyKind::Ed25519);
        Ok(Signers { keys })
    }
}

fn file_error(path: &Path, error: &std::io::Error) -> VaultError {
    VaultError::KeyFile { path: path.display().to_string(), why: error.to_string() }
}

fn make_folder(folder: &Path) -> Result<(), VaultError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| file_error(folder, &error))
}

fn read_key(path: &Path) -> Result<SigningKey, VaultError> {
    let failed = |error: std::io::Error| file_error(path, &error);
    let file = fs::File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&file.metadata().map_err(failed)?);
        if mode & 0o077 != 0 {
            return Err(VaultError::KeyReadable(path.display().to_string()));
        }
    }
    let mut text = String::new();
    file.take(KEY_FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(SigningKey::parse(text.trim_end())?)
}

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyRole {
    /// The log's own.
    Log,
    /// A witness's, whose cosignatures are taken.
    Witness,
}

impl KeyRole {
    /// As it is stored.
    pub fn key(self) -> &'static str {
        match self {
            KeyRole::Log => "log",
            KeyRole::Witness => "witness",
        }
    }
}

/// A key that the log knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    /// The act that added it: it speaks for what comes after.
    pub seq: i64,
    /// Whose it is.
    pub role: KeyRole,
    /// The key.
    pub key: VerifierKey,
}

/// Every key that was added, in order.
pub fn log_keys(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<LogKey>, VaultError> {
    let rows = sql::keys(tx, org_id)?;
    let read = |(seq, role, vkey): (i64, String, String)| {
        let role = if role == KeyRole::Log.key() { KeyRole::Log } else { KeyRole::Witness };
        Ok(LogKey { seq, role, key: VerifierKey::parse(&vkey)? })
    };
    rows.into_iter().map(read).collect()
}

/// The name of the organisation's log, once it has one.
pub fn origin(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<String>, VaultError> {
    Ok(sql::origin(tx, org_id)?)
}

/// Names the log `<organisation code>/<name>`, once and for ever; answers the whole name. The same name again changes
/// nothing, another is refused.
pub fn name_log(work: &mut Work<'_, '_>, name: &str) -> Result<String, VaultError> {
    work.require(KEYS, 0)?;
    let (org_id, now) = (work.org_id(), work.now());
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/');
    if name.is_empty() || name.len() > 100 || !name.bytes().all(good) {
        return Err(VaultError::BadOrigin(name.chars().take(100).collect()));
    }
    let code = identity::organisation_code(work.tx, org_id)?.ok_or(VaultError::NoOrigin)?;
    let wanted = format!("{code}/{name}");
    match sql::origin(work.tx, org_id)? {
        Some(origin) if origin == wanted => Ok(origin),
        Some(origin) => Err(VaultError::OriginFixed(origin)),
        None => {
            sql::insert_origin(work.tx, org_id, &wanted, now)?;
            Ok(wanted)
        }
    }
}

/// Adds a key that the log will know, with an act that holds it; answers the number of that act. A key known already
/// is not added again. A key of the log must have the log's name; a witness has a cosignature key.
pub fn add_key(work: &mut Work<'_, '_>, role: KeyRole, key: &VerifierKey) -> Result<i64, VaultError> {
    work.require(KEYS, 0)?;
    let org_id = work.org_id();
    let origin = sql::origin(work.tx, org_id)?.ok_or(VaultError::NoOrigin)?;
    let fits = match role {
        KeyRole::Log => key.kind() != KeyKind::Cosignature && key.name() == origin,
        KeyRole::Witness => key.kind() == KeyKind::Cosignature && key.name() != origin,
    };
    if !fits {
        return Err(VaultError::WrongKey { name: key.name().to_owned(), role: role.key() });
    }
    if let Some(known) = log_keys(work.tx, org_id)?.into_iter().find(|known| known.key == *key) {
        return Ok(known.seq);
    }
    let act = Act::new(KEYS, 0, KEY_DOCUMENT, format!("{:08x}", key.id()))
        .change("role", "", role.key())
        .change("vkey", "", key.text());
    let seq = record(work, &act)?;
    sql::insert_key(work.tx, org_id, seq, role.key(), &key.text())?;
    Ok(seq)
}
