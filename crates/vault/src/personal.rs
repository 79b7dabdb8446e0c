//! Personal values: what stands in the leaf is a commitment; the value and its salt stand beside it and can go.
//!
//! A commitment is HMAC-SHA256 of the value under a salt of 32 random bytes, so that nobody can find the value by
//! trying likely ones once the salt is destroyed. The salts are the only randomness in the log: everything else in a
//! leaf follows from the command. The name of the person who acts has one salt for as long as the name stays: which
//! acts are of the same person is in the leaf anyway.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::Tx;

use crate::act::{Change, Digest, ERASED, Recorded};
use crate::canonical::{Leaf, Sealed, SealedChange};
use crate::sql::private::{self, Private};
use crate::{Act, VaultError};

/// A salt.
pub type Salt = [u8; 32];

/// The commitment to `value` under `salt`.
pub fn commitment(salt: &Salt, value: &str) -> Digest {
    // HMAC fills a short key with zeros up to the block.
    let mut key = [0_u8; 64];
    key[..32].copy_from_slice(salt);
    let keyed = <Hmac<Sha256> as KeyInit>::new(&key.into());
    keyed.chain_update(value.as_bytes()).finalize().into_bytes().into()
}

/// Bytes fetched from the system at once, for 32 salts.
const RANDOM_BYTES: usize = 1_024;

/// Seals the personal values of one append.
pub(crate) struct Sealer {
    org_id: i64,
    salts: Vec<Salt>,
    names: HashMap<i64, (String, Digest)>,
}

impl Sealer {
    pub(crate) fn new(org_id: i64) -> Sealer {
        Sealer { org_id, salts: Vec::new(), names: HashMap::new() }
    }

    fn salt(&mut self) -> Result<Salt, VaultError> {
        if self.salts.is_empty() {
            let mut bytes = [0_u8; RANDOM_BYTES];
            getrandom::fill(&mut bytes).map_err(|error| VaultError::Random(error.to_string()))?;
            self.salts.extend(bytes.as_chunks::<32>().0);
        }
        // Just filled, if it was empty.
        Ok(self.salts.pop().unwrap_or_default())
    }

    fn seal(&mut self, value: &str, person_id: i64, seq: i64) -> Result<Private, VaultError> {
        let salt = self.salt()?;
        let commitment = commitment(&salt, value);
        Ok(Private { commitment, salt, value: value.to_owned(), person_id, seq })
    }

    /// The name of a person who acts. The salt of an earlier act is used again while the name is the same.
    pub(crate) fn name(
        &mut self,
        tx: &mut Tx<'_>,
        person_id: i64,
        name: &str,
        seq: i64,
        keep: &mut impl FnMut(&Private) -> Result<(), VaultError>,
    ) -> Result<Digest, VaultError> {
        if let Some((known, commitment)) = self.names.get(&person_id)
            && known == name
        {
            return Ok(*commitment);
        }
        let found = private::last_name(tx, self.org_id, person_id)?;
        let commitment = match found {
            // A row somebody tampered with is not relied on.
            Some(kept) if kept.value == name && commitment(&kept.salt, name) == kept.commitment => {
                kept.commitment
            }
            _ => {
                let fresh = self.seal(name, person_id, seq)?;
                keep(&fresh)?;
                fresh.commitment
            }
        };
        self.names.insert(person_id, (name.to_owned(), commitment));
        Ok(commitment)
    }

    /// The changes of an act; personal values other than nothing are sealed.
    pub(crate) fn changes(
        &mut self,
        act: &Act,
        seq: i64,
        keep: &mut impl FnMut(&Private) -> Result<(), VaultError>,
    ) -> Result<Vec<SealedChange>, VaultError> {
        let mut value = |text: &str, personal: bool| {
            if !personal || text.is_empty() {
                return Ok(Sealed::Clear(text.to_owned()));
            }
            let fresh = self.seal(text, 0, seq)?;
            keep(&fresh)?;
            Ok::<_, VaultError>(Sealed::Committed(fresh.commitment))
        };
        act.changes
            .iter()
            .map(|Change { field, before, after, personal }| {
                let (before, after) = (value(before, *personal)?, value(after, *personal)?);
                Ok(SealedChange { field: field.clone(), before, after })
            })
            .collect()
    }
}

/// Fills in the values that are still there; the others read [`ERASED`].
pub(crate) fn open(tx: &mut Tx<'_>, org_id: i64, leaves: Vec<Leaf>) -> Result<Vec<Recorded>, VaultError> {
    let mut wanted: Vec<Digest> = Vec::new();
    for leaf in &leaves {
        wanted.extend(leaf.commitments());
        if let Sealed::Committed(commitment) = &leaf.person {
            wanted.push(*commitment);
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    let values = private::values(tx, org_id, &wanted)?;
    let clear = |value: Sealed| match value {
        Sealed::Clear(text) => (text, false),
        Sealed::Committed(commitment) => match values.get(&commitment) {
            // A value that was exchanged does not give the commitment and is not shown.
            Some((salt, value)) if self::commitment(salt, value) == commitment => (value.clone(), true),
            _ => (ERASED.to_owned(), true),
        },
    };
    let opened = leaves.into_iter().map(|leaf| {
        let changes = leaf.changes.into_iter().map(|change| {
            let ((before, one), (after, other)) = (clear(change.before), clear(change.after));
            Change { field: change.field, before, after, personal: one || other }
        });
        let act = Act {
            verb: leaf.verb,
            unit_id: leaf.unit_id,
            document: leaf.document,
            before: leaf.before,
            after: leaf.after,
            changes: changes.collect(),
            batch: leaf.batch,
        };
        let Leaf { org_id, seq, person_id, post, at, .. } = leaf;
        Recorded { org_id, seq, person_id, person: clear(leaf.person).0, post, at, act }
    });
    Ok(opened.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 1, whose key is 20 bytes long: a key is filled up with zeros, so 32 bytes give the same.
    #[test]
    fn a_commitment_is_hmac_sha256() {
        let mut salt = [0_u8; 32];
        salt[..20].fill(0x0b);
        let hex: String = commitment(&salt, "Hi There").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn every_value_has_a_salt_of_its_own() {
        let mut sealer = Sealer::new(1);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100 {
            assert!(seen.insert(sealer.seal("same", 0, 0).map(|sealed| sealed.commitment).ok()));
        }
    }
}
