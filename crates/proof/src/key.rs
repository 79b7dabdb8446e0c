//! Keys and their texts.
//!
//! A verifier key is `name+id+base64(kind and public key)`, a signing key the same behind `PRIVATE+KEY+` with the
//! secret. The id is the first four bytes of SHA-256 over name, line break, kind and public key, in eight hexadecimal
//! digits. Kinds are the signature types of C2SP: 0x01 for Ed25519, 0x04 for the timestamped cosignature of a witness,
//! and 0xff with a longer name for SM2, which has no byte of its own; verifiers that do not know it ignore it.

use ed25519_dalek::{Signer as _, SigningKey as EdSigning, VerifyingKey as EdVerifying};
use sha2::{Digest as _, Sha256};
use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::dsa::{Signature as SmSignature, SigningKey as SmSigning, VerifyingKey as SmVerifying};

use crate::encoding::{base64, from_base64, name_is_usable};
use crate::error::{ProofError, What, Why};
use crate::note::Signature;
use crate::path::MAX_SIZE;

/// The distinguishing identifier under which SM2 keys sign, the usual one of GM/T 0009.
pub const SM2_ID: &str = "1234567812345678";

/// The longest name of a key, in bytes.
pub const MAX_NAME: usize = 255;

/// The most keys read from one file.
pub const MAX_KEYS: usize = 256;

/// The longest text of a key, in bytes.
const MAX_KEY: usize = 1024;

/// The kind byte and name of SM2 signatures.
const SM2_KIND: &[u8] = b"\xffsm2-with-sm3-cn";

/// What begins the text of a signing key.
const PRIVATE: &str = "PRIVATE+KEY+";

/// What a key signs, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Ed25519 over the note's text: the key of a log. Type 0x01.
    Ed25519,
    /// Timestamped Ed25519 over a checkpoint: the key of a witness. Type 0x04.
    Cosignature,
    /// SM2 with SM3 (GB/T 32918.2) over the note's text: the second key of a log. Type 0xff, `sm2-with-sm3-cn`.
    Sm2,
}

impl KeyKind {
    /// The bytes that stand for the kind before a key.
    fn prefix(self) -> &'static [u8] {
        match self {
            KeyKind::Ed25519 => &[0x01],
            KeyKind::Cosignature => &[0x04],
            KeyKind::Sm2 => SM2_KIND,
        }
    }
    fn of(material: &[u8]) -> Option<(KeyKind, &[u8])> {
        [KeyKind::Ed25519, KeyKind::Cosignature, KeyKind::Sm2]
            .into_iter()
            .find_map(|kind| Some((kind, material.strip_prefix(kind.prefix())?)))
    }
}

fn key_id(name: &str, kind: KeyKind, public: &[u8]) -> u32 {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update("\n")
        .chain_update(kind.prefix())
        .chain_update(public)
        .finalize();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// The name, id and bytes of a key's text.
fn take_apart(text: &str, what: What) -> Result<(&str, u32, Vec<u8>), ProofError> {
    let refused = |why| ProofError::malformed(what, 1, why);
    if text.len() > MAX_KEY {
        return Err(refused(Why::TooLong));
    }
    // Base64 may have plus signs of its own: names and ids have none.
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(refused(Why::NotAKey));
    };
    if !name_is_usable(name) || name.len() > MAX_NAME {
        return Err(refused(Why::BadName));
    }
    let canonical = id.len() == 8 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let id = u32::from_str_radix(id, 16).ok().filter(|_| canonical).ok_or(refused(Why::NotAKey))?;
    Ok((name, id, from_base64(material).ok_or(refused(Why::NotBase64))?))
}

#[derive(Debug, Clone)]
enum Public {
    Ed(EdVerifying),
    Sm(Box<SmVerifying>),
}

/// A key that checks signatures. Bring your own: one that comes with what it is to prove proves nothing.
#[derive(Debug, Clone)]
pub struct VerifierKey {
    name: String,
    id: u32,
    kind: KeyKind,
    public: Public,
}

impl PartialEq for VerifierKey {
    fn eq(&self, other: &VerifierKey) -> bool {
        self.name == other.name && self.kind == other.kind && self.public_bytes() == other.public_bytes()
    }
}

impl Eq for VerifierKey {}

impl VerifierKey {
    /// Reads `name+id+base64`, without a line break.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] when it is no key, its id is not its own, or its point is not usable.
    pub fn parse(text: &str) -> Result<VerifierKey, ProofError> {
        let refused = |why| ProofError::malformed(What::VerifierKey, 1, why);
        let (name, id, material) = take_apart(text, What::VerifierKey)?;
        let (kind, public) = KeyKind::of(&material).ok_or(refused(Why::WrongKeyKind))?;
        if key_id(name, kind, public) != id {
            return Err(refused(Why::WrongKeyId));
        }
        let usable = match kind {
            KeyKind::Ed25519 | KeyKind::Cosignature => {
                public.try_into().ok().and_then(ed_public).map(Public::Ed)
            }
            KeyKind::Sm2 => sm_public(public).map(|key| Public::Sm(Box::new(key))),
        };
        let public = usable.ok_or(refused(Why::UnusableKey))?;
        Ok(VerifierKey { name: name.to_owned(), id, kind, public })
    }
    /// Reads a file of keys, one on each line; empty lines and lines that begin with `#` are passed over.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] with the line that is no key, or gives a key twice.
    pub fn parse_file(text: &str) -> Result<Vec<VerifierKey>, ProofError> {
        let mut found: Vec<VerifierKey> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let here = |why| ProofError::malformed(What::VerifierKey, at + 1, why);
            let key = VerifierKey::parse(line).map_err(|error| match error {
                ProofError::Malformed { why, .. } => here(why),
                other => other,
            })?;
            if found.contains(&key) {
                return Err(here(Why::GivenTwice));
            }
            if found.len() == MAX_KEYS {
                return Err(here(Why::TooMany));
            }
            found.push(key);
        }
        Ok(found)
    }
    /// The key's text, without a line break.
    pub fn text(&self) -> String {
        let material = [self.kind.prefix(), &self.public_bytes()].concat();
        format!("{}+{:08x}+{}", self.name, self.id, base64(&material))
    }
    /// The key's name; for the key of a log, the log's origin.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The key's number, which with the name finds its signatures. It identifies, it does not secure.
    pub fn id(&self) -> u32 {
        self.id
    }
    /// What the key signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }
    /// The public key: 32 bytes, or for SM2 the 65 of the uncompressed point.
    pub fn public_bytes(&self) -> Vec<u8> {
        match &self.public {
            Public::Ed(key) => key.as_bytes().to_vec(),
            Public::Sm(key) => key.to_sec1_bytes().into_vec(),
        }
    }
    /// Checks a signature under this key's name and number on `text`; for a cosignature, when it was made, in seconds
    /// since 1970.
    ///
    /// # Errors
    /// [`ProofError::WrongSignature`].
    pub fn verify(&self, text: &str, signature: &Signature) -> Result<Option<u64>, ProofError> {
        let wrong = || ProofError::WrongSignature(self.name.clone());
        if signature.name() != self.name || signature.id() != self.id {
            return Err(wrong());
        }
        let bytes = signature.bytes();
        match (&self.public, self.kind) {
            (Public::Ed(key), KeyKind::Cosignature) => {
                let (stamp, bytes) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
                let seconds = u64::from_be_bytes(*stamp);
                if seconds > MAX_SIZE {
                    return Err(wrong());
                }
                ed_verify(key, cosigned_text(text, seconds).as_bytes(), bytes).ok_or_else(wrong)?;
                Ok(Some(seconds))
            }
            (Public::Ed(key), _) => ed_verify(key, text.as_bytes(), bytes).ok_or_else(wrong).map(|()| None),
            (Public::Sm(key), _) => {
                let signature = SmSignature::from_slice(bytes).map_err(|_| wrong())?;
                key.verify(text.as_bytes(), &signature).map_err(|_| wrong())?;
                Ok(None)
            }
        }
    }
}

fn ed_public(bytes: &[u8; 32]) -> Option<EdVerifying> {
    // A point of small order would accept signatures on anything; another encoding of a point would be a second
    // text of the same key.
    EdVerifying::from_bytes(bytes).ok().filter(|key| !key.is_weak() && is_canonical(key))
}

/// Whether the bytes are the encoding that the point itself has: the y coordinate below the prime, no negative zero.
fn is_canonical(key: &EdVerifying) -> bool {
    key.to_edwards().compress().as_bytes() == key.as_bytes()
}

fn sm_public(bytes: &[u8]) -> Option<SmVerifying> {
    // Only the uncompressed point, so that a key has one text.
    let uncompressed = bytes.len() == 65 && bytes[0] == 4;
    uncompressed.then(|| SmVerifying::from_sec1_bytes(SM2_ID, bytes).ok()).flatten()
}

fn ed_verify(key: &EdVerifying, message: &[u8], signature: &[u8]) -> Option<()> {
    let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
    key.verify_strict(message, &signature).ok()
}

/// What a witness signs: its statement, the time, and the checkpoint.
fn cosigned_text(checkpoint: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{checkpoint}")
}

enum Secret {
    Ed(Box<EdSigning>),
    Sm(Box<SmSigning>),
}

/// A key that signs. Its text is a secret: it goes into a file that only its owner reads, and never into a log.
pub struct SigningKey {
    verifier: VerifierKey,
    secret: Secret,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// A new key from 32 bytes that must come from the system's random source.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] when the name cannot be one, or for SM2 when the bytes are not a key (one in 2^32
    /// tries; take other bytes).
    pub fn generate(kind: KeyKind, name: &str, random: &[u8; 32]) -> Result<SigningKey, ProofError> {
        let refused = |why| ProofError::malformed(What::SigningKey, 1, why);
        if !name_is_usable(name) || name.len() > MAX_NAME {
            return Err(refused(Why::BadName));
        }
        let (secret, public) = match kind {
            KeyKind::Ed25519 | KeyKind::Cosignature => {
                let secret = EdSigning::from_bytes(random);
                let public = secret.verifying_key();
                (Secret::Ed(Box::new(secret)), Public::Ed(public))
            }
            KeyKind::Sm2 => {
                let secret = SmSigning::from_slice(SM2_ID, random).map_err(|_| refused(Why::UnusableKey))?;
                let public = Box::new(secret.verifying_key().clone());
                (Secret::Sm(Box::new(secret)), Public::Sm(public))
            }
        };
        let mut verifier = VerifierKey { name: name.to_owned(), id: 0, kind, public };
        verifier.id = key_id(name, kind, &verifier.public_bytes());
        Ok(SigningKey { verifier, secret })
    }
    /// Reads `PRIVATE+KEY+name+id+base64`, without a line break.
    ///
    /// # Errors
    /// [`ProofError::Malformed`], which never repeats any part of the text.
    pub fn parse(text: &str) -> Result<SigningKey, ProofError> {
        let refused = |why| ProofError::malformed(What::SigningKey, 1, why);
        let rest = text.strip_prefix(PRIVATE).ok_or(refused(Why::NotAKey))?;
        let (name, id, material) = take_apart(rest, What::SigningKey)?;
        let (kind, secret) = KeyKind::of(&material).ok_or(refused(Why::WrongKeyKind))?;
        let secret = secret.try_into().map_err(|_| refused(Why::UnusableKey))?;
        let key = SigningKey::generate(kind, name, secret)?;
        if key.verifier.id != id {
            return Err(refused(Why::WrongKeyId));
        }
        Ok(key)
    }
    /// The key's text, a secret, without a line break.
    pub fn secret_text(&self) -> String {
        let secret = match &self.secret {
            Secret::Ed(key) => key.to_bytes().to_vec(),
            Secret::Sm(key) => key.to_bytes().to_vec(),
        };
        let material = [self.verifier.kind.prefix(), &secret].concat();
        format!("{PRIVATE}{}+{:08x}+{}", self.verifier.name, self.verifier.id, base64(&material))
    }
    /// The key that checks what this one signs.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }
    /// Signs the text of a note, as a log does.
    ///
    /// # Errors
    /// [`ProofError::WrongUse`] for the key of a witness; [`ProofError::CannotSign`].
    pub fn sign(&self, text: &str) -> Result<Signature, ProofError> {
        let bytes = match (&self.secret, self.verifier.kind) {
            (_, KeyKind::Cosignature) => return Err(ProofError::WrongUse(self.verifier.name.clone())),
            (Secret::Ed(key), _) => key.sign(text.as_bytes()).to_bytes().to_vec(),
            (Secret::Sm(key), _) => {
                let signature: SmSignature = key
                    .try_sign(text.as_bytes())
                    .map_err(|_| ProofError::CannotSign(self.verifier.name.clone()))?;
                signature.to_bytes().to_vec()
            }
        };
        Ok(Signature::new(&self.verifier.name, self.verifier.id, bytes))
    }
    /// Cosigns the text of a checkpoint at a time in seconds since 1970, as a witness does.
    ///
    /// # Errors
    /// [`ProofError::WrongUse`] for the key of a log, and for a time beyond 2^63.
    pub fn cosign(&self, checkpoint: &str, seconds: u64) -> Result<Signature, ProofError> {
        match (&self.secret, self.verifier.kind) {
            (Secret::Ed(key), KeyKind::Cosignature) if seconds <= MAX_SIZE => {
                let signature = key.sign(cosigned_text(checkpoint, seconds).as_bytes());
                let bytes = [&seconds.to_be_bytes(), signature.to_bytes().as_slice()].concat();
                Ok(Signature::new(&self.verifier.name, self.verifier.id, bytes))
            }
            _ => Err(ProofError::WrongUse(self.verifier.name.clone())),
        }
    }
}
