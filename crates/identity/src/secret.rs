//! Random secrets handed out once, of which the database keeps the digest only.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use sha2::{Digest, Sha256};

use crate::IdentityError;

/// Random bytes of a secret.
const RANDOM_BYTES: usize = 32;
/// The organisation's key goes before them, so that a secret is found with one look.
const WHOLE_BYTES: usize = 8 + RANDOM_BYTES;

/// A secret as it is handed out, never kept.
pub(crate) struct Secret([u8; WHOLE_BYTES]);

/// Fills `bytes` from the machine's source of randomness.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], IdentityError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| IdentityError::NoRandomness { why: error.to_string() })?;
    Ok(bytes)
}

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
}

impl Secret {
    pub(crate) fn new(org_id: i64) -> Result<Secret, IdentityError> {
        let mut whole = [0; WHOLE_BYTES];
        whole[..8].copy_from_slice(&org_id.to_be_bytes());
        whole[8..].copy_from_slice(&random::<RANDOM_BYTES>()?);
        Ok(Secret(whole))
    }
    fn from_bytes(bytes: &[u8]) -> Option<Secret> {
        Some(Secret(bytes.try_into().ok()?))
    }
    /// As a cookie holds it.
    pub(crate) fn base64(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }
    /// Reads what [`Secret::base64`] wrote.
    pub(crate) fn from_base64(text: &str) -> Option<Secret> {
        // What is longer is none; it need not be decoded.
        if text.len() > 2 * WHOLE_BYTES {
            return None;
        }
        Secret::from_bytes(&BASE64URL_NOPAD.decode(text.as_bytes()).ok()?)
    }
    /// As a person copies it into a configuration.
    pub(crate) fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }
    /// Reads what [`Secret::base32`] wrote.
    pub(crate) fn from_base32(text: &str) -> Option<Secret> {
        if text.len() > 2 * WHOLE_BYTES {
            return None;
        }
        Secret::from_bytes(&BASE32_NOPAD.decode(text.as_bytes()).ok()?)
    }
    /// The organisation it belongs to.
    pub(crate) fn org_id(&self) -> i64 {
        let mut key = [0; 8];
        key.copy_from_slice(&self.0[..8]);
        i64::from_be_bytes(key)
    }
    /// What is kept.
    pub(crate) fn digest(&self) -> [u8; 32] {
        sha256(&[&self.0])
    }
    /// Another secret that follows from it, for `purpose`.
    pub(crate) fn derive(&self, purpose: &str) -> String {
        BASE64URL_NOPAD.encode(&sha256(&[purpose.as_bytes(), b"\0", &self.0]))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_and_nothing_else_is() {
        let secret = Secret::new(77).unwrap();
        let (web, machine) = (secret.base64(), secret.base32());
        for read in [Secret::from_base64(&web), Secret::from_base32(&machine)] {
            let read = read.unwrap();
            assert_eq!((read.org_id(), read.digest()), (77, secret.digest()));
        }
        assert_ne!(Secret::new(77).unwrap().digest(), secret.digest());
        assert_ne!(secret.derive("a"), secret.derive("b"));
        let long = "A".repeat(1_000_000);
        for text in ["", "AAAA", &web[1..], &machine, "张", &long, &format!("{web}A")] {
            assert!(Secret::from_base64(text).is_none(), "{text:.20}");
        }
        assert!(Secret::from_base32(&web).is_none() && Secret::from_base32("").is_none());
    }
}
