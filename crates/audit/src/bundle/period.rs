//! A whole accounting period as a bundle: every act up to a checkpoint, every voucher, every bill issued in the period.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use billing::{Issue, PriceSet};
use identity::Desk;
use kernel::{Moment, Month};
use ledger::Voucher;
use serde::{Deserialize, Serialize};
use store::Tx;
use vault::{Leaf, Signers};

use super::begin;
use crate::AuditError;
use crate::file::pack;
use crate::frame::{Kind, Writer};

/// Acts read at once.
const CHUNK: i64 = 1_000;
/// Bills held in memory at once, and issues asked for at once.
const BILLS_MAX: i64 = 50_000;
const ISSUES_MAX: usize = 200;

/// The first frame of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) org_id: i64,
    pub(crate) period: i64,
    pub(crate) about: String,
}

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeriodExported {
    /// Acts, all of them.
    pub acts: i64,
    /// Vouchers, all of them.
    pub vouchers: i64,
    /// Bills issued in the period.
    pub bills: i64,
}

/// Writes the bundle of `period` to `out`, with little memory whatever its size. `about` are words for a person that
/// nothing proves. The bundle stands under the checkpoint of `checkpoint` acts, such as one that witnesses have cosigned
/// meanwhile, or under one made now. Asks for the right to read the ledger.
pub fn period(
    desk: &Desk<'_>,
    now: Moment,
    signers: &Signers,
    period: Month,
    about: &str,
    checkpoint: Option<i64>,
    out: impl Write,
) -> Result<PeriodExported, AuditError> {
    let org_id = desk.actor.org_id;
    let made = begin(desk, now, signers, "period_proof", &period.to_string(), |work| {
        Ok(work.require(ledger::permission::READ, 0)?)
    })?;
    let size = checkpoint.unwrap_or(made);
    desk.look(|tx| {
        let mut out = Writer::new(out)?;
        let head = Head { org_id, period: period.number(), about: about.to_owned() };
        let head = serde_json::to_vec(&head).map_err(|error| AuditError::File(error.to_string()))?;
        out.frame(Kind::Head, &head)?;
        out.frame(Kind::Checkpoint, vault::signed_note(tx, org_id, size)?.print().as_bytes())?;
        out.frame(Kind::Prices, &pack(&PriceSet::load(tx, org_id)?)?)?;
        let issues = billing::issues_made_in(tx, org_id, period)?;
        let issues: HashMap<[u8; 32], Issue> = issues.into_iter().map(|issue| (issue.root, issue)).collect();
        let mut export = Export { org_id, issues, done: PeriodExported::default(), out };
        let mut from = 0;
        while from < size {
            let to = size.min(from + CHUNK);
            export.chunk(tx, from, to)?;
            from = to;
        }
        export.out.end()?;
        Ok(export.done)
    })
}

struct Export<W> {
    org_id: i64,
    issues: HashMap<[u8; 32], Issue>,
    done: PeriodExported,
    out: Writer<W>,
}

impl<W: Write> Export<W> {
    fn chunk(&mut self, tx: &mut Tx<'_>, from: i64, to: i64) -> Result<(), AuditError> {
        let mut acts: Vec<(Vec<u8>, Leaf)> = Vec::new();
        vault::each_canonical(tx, self.org_id, from, to, |_, bytes| {
            acts.push((bytes.to_vec(), vault::decode(bytes)?));
            Ok::<_, AuditError>(())
        })?;
        let mut vouchers = self.vouchers(tx, &acts)?;
        let mut bills: HashMap<i64, Vec<Vec<u8>>> = HashMap::new();
        for (place, (bytes, leaf)) in acts.iter().enumerate() {
            self.out.frame(Kind::Act, bytes)?;
            self.done.acts += 1;
            if leaf.document.kind == ledger::ADOPTED {
                self.adopted(tx)?;
            } else if let Some(number) = numbered(leaf) {
                if let Some(voucher) = vouchers.remove(&number) {
                    self.out.frame(Kind::Voucher, &voucher.bytes())?;
                    self.done.vouchers += 1;
                }
            } else if let Some(issue) = self.issue(leaf) {
                if !bills.contains_key(&issue.issue_id) {
                    let rest = acts.get(place..).unwrap_or_default();
                    bills = self.bills(tx, issue.month, rest.iter().map(|(_, leaf)| leaf))?;
                }
                for bill in bills.remove(&issue.issue_id).unwrap_or_default() {
                    self.out.frame(Kind::Bill, &bill)?;
                    self.done.bills += 1;
                }
            }
        }
        Ok(())
    }

    /// Vouchers that were there before the log covered vouchers, after the act that adopted them.
    fn adopted(&mut self, tx: &mut Tx<'_>) -> Result<(), AuditError> {
        let adopted = ledger::adopted(tx, self.org_id)?;
        for (year, last) in adopted {
            ledger::each_voucher(tx, self.org_id, year, 1, last, |voucher| {
                self.out.frame(Kind::Voucher, &voucher.bytes())?;
                self.done.vouchers += 1;
                Ok::<_, AuditError>(())
            })?;
        }
        Ok(())
    }

    /// The vouchers of the acts, by year and number.
    fn vouchers(
        &self,
        tx: &mut Tx<'_>,
        acts: &[(Vec<u8>, Leaf)],
    ) -> Result<HashMap<(i64, i64), Voucher>, AuditError> {
        let mut ranges: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for (year, number) in acts.iter().filter_map(|(_, leaf)| numbered(leaf)) {
            let range = ranges.entry(year).or_insert((number, number));
            *range = (range.0.min(number), range.1.max(number));
        }
        let mut found = HashMap::new();
        for (year, (first, last)) in ranges {
            ledger::each_voucher(tx, self.org_id, year, first, last, |voucher| {
                found.insert((year, voucher.head.number), voucher);
                Ok::<_, AuditError>(())
            })?;
        }
        Ok(found)
    }

    fn issue(&self, leaf: &Leaf) -> Option<Issue> {
        let batch = leaf.batch.as_ref()?;
        if leaf.verb == billing::permission::ISSUE.0 { self.issues.get(&batch.root).copied() } else { None }
    }

    /// The bills of as many of the coming issues as are read at once.
    fn bills<'l>(
        &self,
        tx: &mut Tx<'_>,
        month: Month,
        leaves: impl Iterator<Item = &'l Leaf>,
    ) -> Result<HashMap<i64, Vec<Vec<u8>>>, AuditError> {
        let (mut asked, mut count) = (Vec::new(), 0);
        for issue in leaves.filter_map(|leaf| self.issue(leaf)).filter(|issue| issue.month == month) {
            if !asked.is_empty() && (asked.len() >= ISSUES_MAX || count + issue.bills > BILLS_MAX) {
                break;
            }
            count += issue.bills;
            asked.push(issue);
        }
        let mut found: HashMap<i64, Vec<Vec<u8>>> = HashMap::new();
        billing::each_issued(tx, self.org_id, &asked, |bill| {
            found.entry(bill.issue_id).or_default().push(bill.bytes);
            Ok::<_, AuditError>(())
        })?;
        Ok(found)
    }
}

/// Year and number of the voucher that an act records.
pub(crate) fn numbered(leaf: &Leaf) -> Option<(i64, i64)> {
    if leaf.document.kind != ledger::VOUCHER || leaf.after.is_none() {
        return None;
    }
    let (year, number) = leaf.document.number.split_once('-')?;
    Some((year.parse().ok()?, number.parse().ok()?))
}
