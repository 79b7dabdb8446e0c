//! Bills with their proof: one bill, all bills of an account, or the bill a code names.

use std::collections::HashMap;

use billing::{BillCode, BillKey, Issue, IssuedBytes, PriceSet};
use identity::Desk;
use kernel::Moment;
use store::Tx;
use vault::{Document, Signers};

use super::{act_proof, begin};
use crate::AuditError;
use crate::file::{ActProof, BillProof, FORMAT, Prices, ProofFile, base64, pack};

/// The bill that `code` names, when the code fits the bill as it is stored.
pub fn bill_by_code(tx: &mut Tx<'_>, org_id: i64, code: &BillCode) -> Result<BillKey, AuditError> {
    if code.key.org_id != org_id {
        return Err(AuditError::NoSuchBill(code.to_string()));
    }
    match billing::bill_code(tx, code.key)? {
        None => Err(AuditError::NoSuchBill(code.to_string())),
        Some(known) if known == *code => Ok(code.key),
        Some(_) => Err(AuditError::WrongCode(code.to_string())),
    }
}

/// Exports issued bills, each with `about`, words for a person that nothing proves. Asks for the right to read bills at
/// the unit `unit_id`.
pub fn bills(
    desk: &Desk<'_>,
    now: Moment,
    signers: &Signers,
    unit_id: i64,
    keys: &[(BillKey, String)],
    about: &str,
) -> Result<ProofFile, AuditError> {
    let org_id = desk.actor.org_id;
    let plain: Vec<BillKey> = keys.iter().map(|(key, _)| *key).collect();
    let number = bills_number(&plain).ok_or_else(|| AuditError::NoSuchBill(about.to_owned()))?;
    begin(desk, now, signers, BILL_PROOF, &number, |work| {
        Ok(work.require(billing::permission::READ, unit_id)?)
    })?;
    desk.look(|tx| bills_proved(tx, org_id, keys, about))
}

/// Document kind of the export of bills.
pub const BILL_PROOF: &str = "bill_proof";

fn name(key: &BillKey) -> String {
    format!("{} {}-{}", key.month, key.account_id, key.sequence)
}

/// The number under which the export of these bills stands in the log; nothing for no bills.
pub fn bills_number(keys: &[BillKey]) -> Option<String> {
    match keys {
        [] => None,
        [key] => Some(name(key)),
        [key, ..] => Some(format!("{} ({})", key.account_id, keys.len())),
    }
}

/// Issued bills with their proof under the checkpoints there are; writes nothing. Refused while no checkpoint covers the
/// issue yet.
pub fn bills_proved(
    tx: &mut Tx<'_>,
    org_id: i64,
    keys: &[(BillKey, String)],
    about: &str,
) -> Result<ProofFile, AuditError> {
    let mut found = Collector { org_id, acts: Vec::new(), places: HashMap::new() };
    let mut proofs = Vec::with_capacity(keys.len());
    for (key, about) in keys {
        let missing = || AuditError::NoSuchBill(name(key));
        let issue = billing::issue_of(tx, *key)?.ok_or_else(missing)?;
        let (bill, leaves) = issue_with(tx, &issue, *key)?;
        let act = found.issue_act(tx, &issue, &bill)?;
        let line = bill.line.unsigned_abs();
        let path = proof::inclusion_proof_over(line, &leaves)?;
        proofs.push(BillProof {
            code: BillCode::of(*key, &proof::leaf_hash(&bill.bytes)).to_string(),
            about: about.clone(),
            act,
            line,
            path: path.iter().map(|hash| base64(hash)).collect(),
            bytes: base64(&bill.bytes),
        });
    }
    let prices = found.prices(tx)?;
    Ok(ProofFile {
        format: FORMAT.into(),
        about: about.to_owned(),
        acts: found.acts,
        bills: proofs,
        prices: Some(prices),
    })
}

/// Where an issued bill stands in the log, to be read on a page: nothing is exported and nothing is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillPlace {
    /// Its code.
    pub code: BillCode,
    /// The hash of its bytes.
    pub leaf: proof::Hash,
    /// The root over all bills of its issue, as the act in the log has it.
    pub root: proof::Hash,
    /// Its place among them, from 0.
    pub line: i64,
    /// How many there are.
    pub bills: i64,
    /// The path from the leaf to the root.
    pub path: Vec<proof::Hash>,
    /// The number of the act of issue in the log.
    pub seq: i64,
}

/// The place of an issued bill in the log; nothing before issue. Refuses a bill whose bytes the log does not cover.
pub fn place_of(tx: &mut Tx<'_>, org_id: i64, key: BillKey) -> Result<Option<BillPlace>, AuditError> {
    let Some(issue) = billing::issue_of(tx, key)? else { return Ok(None) };
    let (bill, leaves) = issue_with(tx, &issue, key)?;
    let found = Collector { org_id, acts: Vec::new(), places: HashMap::new() };
    let seq = found.act_of_issue(tx, &issue, key)?;
    let leaf = proof::leaf_hash(&bill.bytes);
    Ok(Some(BillPlace {
        code: BillCode::of(key, &leaf),
        leaf,
        root: issue.root,
        line: bill.line,
        bills: issue.bills,
        path: proof::inclusion_proof_over(bill.line.unsigned_abs(), &leaves)?,
        seq,
    }))
}

/// The act of the log that covers an issued bill: its number.
pub fn act_of_bill(tx: &mut Tx<'_>, key: BillKey) -> Result<i64, AuditError> {
    let missing = || AuditError::NoSuchBill(name(&key));
    let issue = billing::issue_of(tx, key)?.ok_or_else(missing)?;
    Collector { org_id: key.org_id, acts: Vec::new(), places: HashMap::new() }.act_of_issue(tx, &issue, key)
}

/// The bill `key` of an issue, and the leaf hashes of all its bills, whose root is that of the issue.
fn issue_with(
    tx: &mut Tx<'_>,
    issue: &Issue,
    key: BillKey,
) -> Result<(IssuedBytes, Vec<proof::Hash>), AuditError> {
    let bills = billing::issue_beside(tx, issue, key)?;
    let leaves: Vec<proof::Hash> = bills.iter().map(|bill| proof::leaf_hash(&bill.bytes)).collect();
    let found = bills.into_iter().find(|bill| bill.key == key);
    let found = found.ok_or_else(|| AuditError::NoSuchBill(name(&key)))?;
    if proof::merkle_root(leaves.iter().copied()) != issue.root {
        return Err(AuditError::Altered(name(&key)));
    }
    Ok((found, leaves))
}

/// Acts with their proofs, each once.
struct Collector {
    org_id: i64,
    acts: Vec<ActProof>,
    places: HashMap<i64, usize>,
}

impl Collector {
    fn add(&mut self, tx: &mut Tx<'_>, seq: i64) -> Result<usize, AuditError> {
        if let Some(place) = self.places.get(&seq) {
            return Ok(*place);
        }
        self.acts.push(act_proof(tx, self.org_id, seq)?);
        let place = self.acts.len() - 1;
        self.places.insert(seq, place);
        Ok(place)
    }
    /// The act of a day whose batch has `root`.
    fn find_on(
        &self,
        tx: &mut Tx<'_>,
        day: kernel::Date,
        root: &proof::Hash,
    ) -> Result<Option<i64>, AuditError> {
        self.search(root, |after| vault::by_day(tx, self.org_id, day, after, 500))
    }
    /// The act on `document` whose batch has `root`.
    fn find(
        &self,
        tx: &mut Tx<'_>,
        document: &Document,
        root: &proof::Hash,
    ) -> Result<Option<i64>, AuditError> {
        self.search(root, |after| vault::by_document(tx, self.org_id, document, after, 200))
    }
    fn search(
        &self,
        root: &proof::Hash,
        mut ask: impl FnMut(Option<i64>) -> Result<vault::ActPage, vault::VaultError>,
    ) -> Result<Option<i64>, AuditError> {
        let mut after = None;
        loop {
            let page = ask(after)?;
            let fits =
                |act: &&vault::Recorded| act.act.batch.as_ref().is_some_and(|batch| batch.root == *root);
            if let Some(act) = page.acts.iter().find(fits) {
                return Ok(Some(act.seq));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(None),
            }
        }
    }
    fn issue_act(&mut self, tx: &mut Tx<'_>, issue: &Issue, bill: &IssuedBytes) -> Result<usize, AuditError> {
        let seq = self.act_of_issue(tx, issue, bill.key)?;
        self.add(tx, seq)
    }
    fn act_of_issue(&self, tx: &mut Tx<'_>, issue: &Issue, key: BillKey) -> Result<i64, AuditError> {
        let month = issue.month;
        let book = billing::book_of_issue(tx, self.org_id, issue.issue_id)?;
        let places = [
            ("book", format!("{month} {book}")),
            ("adjustment_bill", format!("{month} {}-{}", key.account_id, key.sequence)),
        ];
        let mut found = None;
        for (kind, number) in places {
            let document = Document { kind: kind.into(), number };
            found = match found {
                None => self.find(tx, &document, &issue.root)?,
                found => found,
            };
        }
        // A batch of adjustments bears the name of its slip: it is looked for on the day of the issue.
        if found.is_none() {
            found = self.find_on(tx, issue.issued_on, &issue.root)?;
        }
        found.ok_or_else(|| AuditError::NoActs(format!("issue {}", issue.issue_id)))
    }
    fn prices(&mut self, tx: &mut Tx<'_>) -> Result<Prices, AuditError> {
        let set = PriceSet::load(tx, self.org_id)?;
        let mut acts = Vec::with_capacity(set.tables.len());
        for table in &set.tables {
            let number = format!("{} {}", table.code, table.version);
            let document = Document { kind: "price_table".into(), number };
            let root = proof::leaf_hash(table.content.as_bytes());
            acts.push(match self.find(tx, &document, &root)? {
                Some(seq) => Some(self.add(tx, seq)?),
                None => None,
            });
        }
        Ok(Prices { packed: base64(&pack(&set)?), acts })
    }
}
