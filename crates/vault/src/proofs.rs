//! Proofs read from the stored hashes: a few look-ups, whatever the size of the log.

use proof::{Hash, HashReader, ProveError};
use store::Tx;

use crate::{VaultError, sql};

/// The stored hashes of an organisation's log; each reading is one query.
pub struct LogHashes<'t, 'c> {
    tx: &'t mut Tx<'c>,
    org_id: i64,
}

impl<'t, 'c> LogHashes<'t, 'c> {
    /// The hashes of this organisation's log.
    pub fn new(tx: &'t mut Tx<'c>, org_id: i64) -> LogHashes<'t, 'c> {
        LogHashes { tx, org_id }
    }
}

impl HashReader for LogHashes<'_, '_> {
    type Error = VaultError;
    fn read(&mut self, indexes: &[u64]) -> Result<Vec<Hash>, VaultError> {
        sql::hashes(self.tx, self.org_id, indexes)
    }
}

fn flat(error: ProveError<VaultError>) -> VaultError {
    match error {
        ProveError::Proof(error) => error.into(),
        ProveError::Reader(error) => error,
    }
}

/// Sizes beyond the log have no hashes; they are refused by name.
fn within(tx: &mut Tx<'_>, org_id: i64, size: i64) -> Result<u64, VaultError> {
    let have = sql::size(tx, org_id)?;
    u64::try_from(size)
        .ok()
        .filter(|_| size <= have)
        .ok_or(VaultError::BeyondEnd { asked: size, size: have })
}

/// The path from the act `seq` to the root of the log at `size` acts.
pub fn inclusion(tx: &mut Tx<'_>, org_id: i64, seq: i64, size: i64) -> Result<Vec<Hash>, VaultError> {
    let until = within(tx, org_id, size)?;
    let index = u64::try_from(seq).map_err(|_| VaultError::BeyondEnd { asked: seq, size })?;
    proof::inclusion_proof(index, until, &mut LogHashes::new(tx, org_id)).map_err(flat)
}

/// The path that proves the log at `new` acts to continue the log at `old` acts.
pub fn consistency(tx: &mut Tx<'_>, org_id: i64, old: i64, new: i64) -> Result<Vec<Hash>, VaultError> {
    let until = within(tx, org_id, new)?;
    let from = within(tx, org_id, old)?;
    proof::consistency_proof(from, until, &mut LogHashes::new(tx, org_id)).map_err(flat)
}
