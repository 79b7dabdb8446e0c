//! Issued bills as the log covers them, read from the database for their proofs.

use std::collections::HashMap;

use store::Tx;

use crate::canonical::{Owner, write_issued};
use crate::sql::{self, BillKey};
use crate::{BillCode, Result};

/// One issue: the bills that went out together under one root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// Its key.
    pub issue_id: i64,
    /// The billing month of its bills.
    pub month: kernel::Month,
    /// Bills in it.
    pub bills: i64,
    /// The day on which it was made.
    pub issued_on: kernel::Date,
    /// The root over them, as the act in the log has it.
    pub root: [u8; 32],
    /// Issued by version 0.1.0: the leaves are the bills' own bytes and do not say whose they are.
    pub first_form: bool,
}

/// An issued bill with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedBytes {
    /// The issue.
    pub issue_id: i64,
    /// Its place among the bills of the issue, from 0.
    pub line: i64,
    /// Its key.
    pub key: BillKey,
    /// The bytes the log covers.
    pub bytes: Vec<u8>,
}

/// All issues of the organisation made in the accounting period `period`, by the day on which they were made.
pub fn issues_made_in(tx: &mut Tx<'_>, org_id: i64, period: kernel::Month) -> Result<Vec<Issue>> {
    sql::issues_made_in(tx, org_id, period)
}

/// The issue of a bill; nothing when the bill was not issued.
pub fn issue_of(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<Issue>> {
    sql::issue_of(tx, key)
}

/// Gives the bills of `issues`, all of one billing month, to `take`: by issue and line. Reads the month's receivables
/// once, whatever the number of issues; 200 at most are asked for at once.
pub fn each_issued<E: From<crate::BillingError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    issues: &[Issue],
    mut take: impl FnMut(IssuedBytes) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let mut outcome = Ok(());
    let read = sql::each_issued_bill(tx, org_id, issues, |issue, line, key, payer_id, due_on, detail| {
        let bytes = covered(issue, Owner { key, payer_id, due_on }, detail);
        let bill = IssuedBytes { issue_id: issue.issue_id, line: line - 1, key, bytes };
        take(bill).map_err(|error| {
            outcome = Err(error);
            crate::BillingError::NoBook
        })
    });
    outcome?;
    Ok(read?)
}

/// Receivables read at once while the neighbours of a bill are looked for.
const BESIDE: i64 = 512;

/// The bills of the issue of the issued bill `key`, by line. They are looked for beside the bill, since the bills of an
/// issue are those of a book, whose accounts stand together: about as many rows are read as the issue has, and not the
/// month. Bills that are scattered (adjustments of many customers in one issue) are found too, in one pass over the month.
pub fn issue_beside(tx: &mut Tx<'_>, issue: &Issue, key: BillKey) -> Result<Vec<IssuedBytes>> {
    let Some(own) = sql::line_of(tx, key)?.filter(|own| own.issue_id == issue.issue_id) else {
        return Ok(Vec::new());
    };
    let mut placed = vec![own];
    for back in [true, false] {
        let (mut from, mut strangers) = (key, 0);
        while (placed.len() as i64) < issue.bills && strangers < BESIDE {
            let next = sql::beside(tx, from, back, BESIDE)?;
            let Some(last) = next.last() else { break };
            from = last.key;
            let before = placed.len();
            let read = next.len();
            placed.extend(next.into_iter().filter(|one| one.issue_id == issue.issue_id));
            // A whole part without one of the issue's: beyond it there are none, or they are scattered.
            strangers = if placed.len() == before { strangers + read as i64 } else { 0 };
        }
    }
    if placed.len() as i64 != issue.bills {
        let mut whole = Vec::new();
        each_issued(tx, key.org_id, std::slice::from_ref(issue), |bill| {
            whole.push(bill);
            Ok::<_, crate::BillingError>(())
        })?;
        return Ok(whole);
    }
    placed.sort_unstable_by_key(|one| one.line);
    let accounts: Vec<i64> = placed.iter().map(|one| one.key.account_id).collect();
    let mut details = HashMap::with_capacity(placed.len());
    sql::details(tx, (key.org_id, issue.month), &accounts, |account_id, sequence, detail| {
        details.insert((account_id, sequence), detail);
    })?;
    let mut bytes = |one: sql::Placed| {
        let detail = details.remove(&(one.key.account_id, one.key.sequence))?;
        let owner = Owner { key: one.key, payer_id: one.payer_id, due_on: one.due_on };
        Some(IssuedBytes {
            issue_id: issue.issue_id,
            line: one.line - 1,
            key: one.key,
            bytes: covered(issue, owner, detail),
        })
    };
    Ok(placed.into_iter().filter_map(&mut bytes).collect())
}

/// The bytes of a bill that the log covers.
fn covered(issue: &Issue, owner: Owner, detail: Vec<u8>) -> Vec<u8> {
    if issue.first_form {
        return detail;
    }
    let mut bytes = Vec::with_capacity(detail.len() + 40);
    write_issued(&owner, &detail, &mut bytes);
    bytes
}

/// The code of an issued bill; nothing when it was not issued.
pub fn bill_code(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<BillCode>> {
    let Some(issue) = issue_of(tx, key)? else { return Ok(None) };
    let Some((payer_id, due_on, detail)) = sql::issued_bill(tx, key)? else { return Ok(None) };
    let bytes = covered(&issue, Owner { key, payer_id, due_on }, detail);
    Ok(Some(BillCode::of(key, &vault::leaf_hash(&bytes))))
}

/// The months and sequences in which an account has issued bills, in order.
pub fn issued_keys(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<BillKey>> {
    sql::issued_keys(tx, org_id, account_id)
}

/// The book of an issue.
pub fn book_of_issue(tx: &mut Tx<'_>, org_id: i64, issue_id: i64) -> Result<i64> {
    sql::book_of_issue(tx, org_id, issue_id)
}
