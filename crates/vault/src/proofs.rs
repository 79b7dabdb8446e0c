//! Proofs read from the stored hashes: a few look-ups, whatever the size of the log.

use proof::tlog_proof::TlogProof;
use proof::witness::Request;
use proof::{Hash, HashReader, ProveError};
use store::Tx;

use crate::{VaultError, checkpoint_over, last_checkpoint, signed_note, sql};

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
    u64::try_from(size).ok().filter(|_| size <= have).ok_or(VaultError::BeyondEnd { asked: size, size: have })
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

/// The proof of an act as a file of its own (C2SP tlog-proof), against the checkpoint that proves it best.
pub fn proof_of(tx: &mut Tx<'_>, org_id: i64, seq: i64) -> Result<TlogProof, VaultError> {
    let size = checkpoint_over(tx, org_id, seq)?.size;
    let path = inclusion(tx, org_id, seq, size)?;
    let note = signed_note(tx, org_id, size)?;
    Ok(TlogProof::new(None, seq.unsigned_abs(), path, note)?)
}

/// What a witness that cosigned the log at `old` acts (0 for never) is asked to cosign now: the last checkpoint, with
/// the proof that it continues the old one.
pub fn witness_request(tx: &mut Tx<'_>, org_id: i64, old: i64) -> Result<Request, VaultError> {
    let last = last_checkpoint(tx, org_id)?.ok_or(VaultError::NoCheckpoint(old))?;
    let path = consistency(tx, org_id, old, last.size)?;
    let note = proof::Note::parse(last.note.as_bytes())?;
    Ok(Request::new(old.unsigned_abs(), path, note)?)
}

/// The size that `witness` cosigned last, or any witness when none is named; 0 for never.
pub fn last_cosigned(tx: &mut Tx<'_>, org_id: i64, witness: Option<&str>) -> Result<i64, VaultError> {
    let all = sql::checkpoint::all_cosignatures(tx, org_id)?;
    let by = |line: &str| {
        let signed = proof::Signature::parse(line.trim_end_matches('\n'));
        witness.is_none_or(|witness| signed.is_ok_and(|signed| signed.name() == witness))
    };
    Ok(all.into_iter().rev().find(|(_, line)| by(line)).map_or(0, |(size, _)| size))
}
