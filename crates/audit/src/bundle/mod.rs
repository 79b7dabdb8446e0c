//! Exports with their proof. An export is an act itself: who took what out is in the log, under the same checkpoint.

mod bill;
mod document;
mod period;

pub use bill::{
    BILL_PROOF, BillPlace, act_of_bill, bill_by_code, bills, bills_number, bills_proved, place_of,
};
pub use document::{DOCUMENT_PROOF, document, document_proved};
pub(crate) use period::{Head, numbered};
pub use period::{PeriodExported, period};

use identity::{Desk, Permission, Work};
use kernel::Moment;
use store::Tx;
use vault::{Act, CheckpointPolicy, Signers, VaultError};

use crate::AuditError;
use crate::file::{ActProof, base64};

/// The verb of an export in the log.
const EXPORT: Permission = Permission("audit.export");

/// Records the export of `kind` `number`, and makes the checkpoint by which it is proved; answers its size.
fn begin(
    desk: &Desk<'_>,
    now: Moment,
    signers: &Signers,
    kind: &str,
    number: &str,
    ask: impl FnOnce(&mut Work<'_, '_>) -> Result<(), AuditError>,
) -> Result<i64, AuditError> {
    desk.act(now, |work| {
        ask(work)?;
        record(work, signers, kind, number)?;
        match vault::checkpoint_if_due(work, signers, CheckpointPolicy::AT_ONCE)? {
            Some(made) => Ok(made.size),
            None => Err(VaultError::NoKeys.into()),
        }
    })
}

/// Records that `kind` `number` is taken out, for what is then read without writing ([`bills_proved`],
/// [`document_proved`]). Asks for no right: the command does. Refused while the log has no name or no keys.
pub fn record(
    work: &mut Work<'_, '_>,
    signers: &Signers,
    kind: &str,
    number: &str,
) -> Result<(), AuditError> {
    ledger::adopt(work)?;
    let org_id = work.org_id();
    if vault::origin(work.tx, org_id)?.is_none() {
        return Err(VaultError::NoOrigin.into());
    }
    if signers.is_empty() {
        return Err(VaultError::NoKeys.into());
    }
    vault::record(work, &Act::new(EXPORT, 0, kind, number))?;
    Ok(())
}

/// The proof of one act, under the checkpoint that proves it best: one that witnesses cosigned, where there is one.
fn act_proof(tx: &mut Tx<'_>, org_id: i64, seq: i64) -> Result<ActProof, AuditError> {
    let mut leaf = String::new();
    vault::each_canonical(tx, org_id, seq, seq + 1, |_, bytes| {
        leaf = base64(bytes);
        Ok::<_, AuditError>(())
    })?;
    Ok(ActProof { leaf, proof: vault::proof_of(tx, org_id, seq)?.print(), voucher: None })
}
