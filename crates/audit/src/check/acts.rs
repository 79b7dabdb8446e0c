//! One pass over the log: was each act done by somebody who was allowed to, and what do the acts say of the documents
//! that the modules keep.

use std::collections::{BTreeMap, HashMap, HashSet};

use identity::Catalogue;
use identity::check::{Checked, History};
use kernel::Moment;
use store::Tx;
use vault::{Digest, Leaf, Sealed};

use super::CheckError;

/// A step of a document as an act tells it: state before and after, who, when.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) person_id: i64,
    pub(crate) at: Moment,
}

/// An act that covers lines.
#[derive(Debug, Clone)]
pub(crate) struct Covered {
    pub(crate) seq: i64,
    pub(crate) document: String,
    pub(crate) lines: i64,
    pub(crate) person_id: i64,
    pub(crate) at: Moment,
}

/// An act whose words or whose document repeat what a row of the office says: who, when, before and after.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) verb: String,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) person_id: i64,
    pub(crate) at: Moment,
}

/// A field that a change ticket changed: old and new value, where they are in clear.
pub(crate) type FieldChange = (String, String, String);

/// What the log says, by document.
#[derive(Default)]
pub(crate) struct Told {
    /// Books: `month/book`.
    pub(crate) books: HashMap<String, Vec<Step>>,
    /// Moments at which something was done to a book in bulk: `month book`.
    pub(crate) bulk: HashMap<String, Vec<Moment>>,
    /// Tickets by number.
    pub(crate) tickets: HashMap<String, Vec<(String, String)>>,
    /// Issues by root.
    pub(crate) issues: HashMap<Digest, Vec<Covered>>,
    /// Vouchers by number: digest and the number of acts.
    pub(crate) vouchers: HashMap<String, (Digest, u32)>,
    /// The vouchers written before the log covered them.
    pub(crate) adopted: Option<(i64, Digest)>,
    /// Accounting periods: the last act on each, and the digest a close states.
    pub(crate) periods: BTreeMap<String, (String, Option<Digest>)>,
    /// Price tables: `code version`.
    pub(crate) prices: HashMap<String, Digest>,
    /// Parameters changed, by person and moment.
    pub(crate) parameters: HashMap<(i64, Moment), Vec<FieldChange>>,
    /// Alarms by number: states in order.
    pub(crate) alarms: BTreeMap<i64, Vec<String>>,
    /// Calculations of books: `month book`.
    pub(crate) calculations: HashMap<String, Vec<Said>>,
    /// Opening, closing, reopening of accounting periods, in order.
    pub(crate) period_acts: BTreeMap<String, Vec<Said>>,
    /// Requests to hold an issue, by the number of their ticket.
    pub(crate) holds: HashMap<String, Vec<Said>>,
    /// Who used the ledger, and when.
    pub(crate) ledger_used: HashSet<(i64, Moment)>,
    /// Vouchers are in the log.
    pub(crate) posted: bool,
    /// Who adopted the older vouchers, and when.
    pub(crate) adopted_by: Option<(i64, Moment)>,
    /// The chart of accounts after its last change.
    pub(crate) chart: Option<Option<Digest>>,
}

fn clear(value: &Sealed) -> Option<&str> {
    match value {
        Sealed::Clear(text) => Some(text),
        Sealed::Committed(_) => None,
    }
}

fn state(leaf: &Leaf) -> Option<(String, String)> {
    let change = leaf.changes.iter().find(|change| change.field == "state")?;
    Some((clear(&change.before)?.to_owned(), clear(&change.after)?.to_owned()))
}

/// Reads every act; `progress` learns how many and answers whether to go on.
pub(crate) fn read(
    tx: &mut Tx<'_>,
    org_id: i64,
    history: &History,
    progress: &mut dyn FnMut(i64) -> bool,
) -> Result<(Checked, Told), CheckError> {
    let mut checked = Checked::new(
        "log.rights",
        "日志中每一行为人当时都有相应岗位和权限",
        "whoever did an act in the log held the post and the right then",
    );
    let mut told = Told::default();
    let size = vault::size(tx, org_id)?;
    vault::each_canonical(tx, org_id, 0, size, |seq, bytes| {
        // What does not read is the log's own finding.
        let Ok(leaf) = vault::decode(bytes) else { return Ok(()) };
        checked.look(1);
        if seq % 4_096 == 0 && !progress(4_096.min(size - seq)) {
            return Err(CheckError::Stopped);
        }
        right(&leaf, history, &mut checked);
        told.take(leaf);
        Ok::<_, CheckError>(())
    })?;
    Ok((checked, told))
}

fn right(leaf: &Leaf, history: &History, checked: &mut Checked) {
    let place = || format!("act {} {} {}", leaf.seq, leaf.document.kind, leaf.document.number);
    let who = || history.name(leaf.person_id);
    if history.login(leaf.person_id).is_none() {
        checked.find(
            place(),
            format!("人员 {} 不存在", leaf.person_id),
            format!("person {} does not exist", leaf.person_id),
        );
        return;
    }
    // Changes of persons and posts are taken into the log later, with the moment at which they were made, and stand
    // under identity's own check; what nobody's right covers (founding, vouchers that follow from another act) has no post.
    let absorbed = leaf.changes.iter().any(|change| change.field == "identity_change");
    let is_right = Catalogue::built_in().permission(&leaf.verb).is_some();
    if absorbed || !is_right {
        return;
    }
    if leaf.post.is_empty() && lent(leaf, history) {
        return;
    }
    if leaf.post.is_empty() {
        checked.find(
            place(),
            format!("{} 未以任何岗位行使“{}”", who(), leaf.verb),
            format!("{} used {} without any post", who(), leaf.verb),
        );
        return;
    }
    let carries = Catalogue::built_in()
        .post(&leaf.post)
        .is_some_and(|post| post.permissions.contains(leaf.verb.as_str()));
    if !carries || !history.held_post(leaf.person_id, &leaf.post, leaf.unit_id, leaf.at) {
        checked.find(
            place(),
            format!("{} 当时不任“{}”或该岗位无“{}”权限", who(), leaf.post, leaf.verb),
            format!("{} did not hold {} then, or that post does not carry {}", who(), leaf.post, leaf.verb),
        );
    }
}

/// Was the act done with the authority of another person who held the right then (XC-03)?
fn lent(leaf: &Leaf, history: &History) -> bool {
    let said = leaf.changes.iter().find(|change| change.field == vault::AUTHORITY);
    let said = said.and_then(|change| clear(&change.after)).unwrap_or_default();
    let [_, lender, post] = said.split(' ').collect::<Vec<_>>()[..] else { return false };
    let carries =
        Catalogue::built_in().post(post).is_some_and(|post| post.permissions.contains(leaf.verb.as_str()));
    let Ok(lender) = lender.parse() else { return false };
    carries && lender != leaf.person_id && history.held_post(lender, post, leaf.unit_id, leaf.at)
}

impl Told {
    fn take(&mut self, leaf: Leaf) {
        let number = leaf.document.number.clone();
        let said = |field: &str| {
            let change = leaf.changes.iter().find(|change| change.field == field);
            let word = |value: Option<&Sealed>| value.and_then(clear).unwrap_or_default().to_owned();
            Said {
                verb: leaf.verb.clone(),
                before: word(change.map(|change| &change.before)),
                after: word(change.map(|change| &change.after)),
                person_id: leaf.person_id,
                at: leaf.at,
            }
        };
        if matches!(leaf.document.kind.as_str(), ledger::VOUCHER | ledger::PERIOD | ledger::ADOPTED) {
            self.ledger_used.insert((leaf.person_id, leaf.at));
        }
        match (leaf.document.kind.as_str(), leaf.verb.as_str()) {
            ("book_month", _) => {
                if let Some((before, after)) = state(&leaf) {
                    let step = Step { before, after, person_id: leaf.person_id, at: leaf.at };
                    self.books.entry(number).or_default().push(step);
                }
            }
            ("book" | "adjustment_bill" | "taken_over_book", verb) => {
                if let (Some(batch), "billing.issue") = (&leaf.batch, verb) {
                    let act = Covered {
                        seq: leaf.seq,
                        document: number.clone(),
                        lines: batch.lines,
                        person_id: leaf.person_id,
                        at: leaf.at,
                    };
                    self.issues.entry(batch.root).or_default().push(act);
                }
                if verb == "billing.calculate" {
                    self.calculations.entry(number.clone()).or_default().push(said("result"));
                }
                self.bulk.entry(number).or_default().push(leaf.at);
            }
            ("ticket", _) => {
                if let Some(step) = state(&leaf) {
                    self.tickets.entry(number).or_default().push(step);
                }
            }
            (ledger::VOUCHER, _) => {
                self.posted = true;
                let known = self.vouchers.entry(number).or_insert(([0; 32], 0));
                *known = (leaf.after.unwrap_or_default(), known.1 + 1);
            }
            ("hold", _) => self.holds.entry(number).or_default().push(said("state")),
            (ledger::ADOPTED, _) => {
                self.posted = true;
                self.adopted_by = Some((leaf.person_id, leaf.at));
                self.adopted = leaf.batch.as_ref().map(|batch| (batch.lines, batch.root));
            }
            (ledger::PERIOD, verb) => {
                self.period_acts.entry(number.clone()).or_default().push(said("vouchers"));
                self.periods.insert(number, (verb.to_owned(), leaf.after));
            }
            (ledger::CHART, _) => self.chart = Some(leaf.after),
            ("price_table", _) => {
                if let Some(batch) = &leaf.batch {
                    self.prices.insert(number, batch.root);
                }
            }
            ("account", "parameter.change") => {
                let fields =
                    leaf.changes.iter().filter(|change| change.field != "ticket").filter_map(|change| {
                        Some((
                            change.field.clone(),
                            clear(&change.before)?.to_owned(),
                            clear(&change.after)?.to_owned(),
                        ))
                    });
                self.parameters.entry((leaf.person_id, leaf.at)).or_default().extend(fields);
            }
            ("alarm", _) => {
                if let (Ok(number), Some((_, after))) = (number.parse(), state(&leaf)) {
                    self.alarms.entry(number).or_default().push(after);
                }
            }
            _ => (),
        }
    }
}
