//! Every act on one document, with its proof; a voucher's act with the voucher.

use identity::Desk;
use kernel::Moment;
use store::Tx;
use vault::{Document, Signers};

use super::{act_proof, begin};
use crate::AuditError;
use crate::file::{FORMAT, ProofFile, base64};

/// Acts of one export, at most.
const ACTS_MAX: usize = 10_000;

/// Exports all acts on `document`. Asks for the right to read the log.
pub fn document(
    desk: &Desk<'_>,
    now: Moment,
    signers: &Signers,
    document: &Document,
    about: &str,
) -> Result<ProofFile, AuditError> {
    let org_id = desk.actor.org_id;
    let name = format!("{} {}", document.kind, document.number);
    let size = begin(desk, now, signers, DOCUMENT_PROOF, &name, |work| {
        Ok(work.require(vault::permission::READ, 0)?)
    })?;
    desk.look(|tx| document_proved(tx, org_id, document, size, about))
}

/// Document kind of the export of a document.
pub const DOCUMENT_PROOF: &str = "document_proof";

/// All acts on `document` among the first `size` with their proofs under the checkpoints there are; writes nothing.
pub fn document_proved(
    tx: &mut Tx<'_>,
    org_id: i64,
    document: &Document,
    size: i64,
    about: &str,
) -> Result<ProofFile, AuditError> {
    let name = format!("{} {}", document.kind, document.number);
    let (mut acts, mut after) = (Vec::new(), None);
    loop {
        let page = vault::by_document(tx, org_id, document, after, 500)?;
        for act in page.acts.iter().filter(|act| act.seq < size) {
            let mut proved = act_proof(tx, org_id, act.seq)?;
            if document.kind == ledger::VOUCHER
                && let Some((year, number)) = year_and_number(&document.number)
                && let Some(voucher) = ledger::voucher_by_number(tx, org_id, year, number)?
            {
                proved.voucher = Some(base64(&voucher.bytes()));
            }
            acts.push(proved);
        }
        if acts.len() > ACTS_MAX {
            return Err(AuditError::File(format!("more than {ACTS_MAX} acts on {name}")));
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if acts.is_empty() {
        return Err(AuditError::NoActs(name));
    }
    Ok(ProofFile { format: FORMAT.into(), about: about.to_owned(), acts, bills: Vec::new(), prices: None })
}

fn year_and_number(text: &str) -> Option<(i64, i64)> {
    let (year, number) = text.split_once('-')?;
    Some((year.parse().ok()?, number.parse().ok()?))
}
