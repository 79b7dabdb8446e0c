//! Issued bills as the log covers them, read from the database for their proofs.

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
        let bytes = if issue.first_form {
            detail
        } else {
            let mut bytes = Vec::with_capacity(detail.len() + 40);
            write_issued(&Owner { key, payer_id, due_on }, &detail, &mut bytes);
            bytes
        };
        let bill = IssuedBytes { issue_id: issue.issue_id, line: line - 1, key, bytes };
        take(bill).map_err(|error| {
            outcome = Err(error);
            crate::BillingError::NoBook
        })
    });
    outcome?;
    Ok(read?)
}

/// The code of an issued bill; nothing when it was not issued.
pub fn bill_code(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<BillCode>> {
    let Some(issue) = issue_of(tx, key)? else { return Ok(None) };
    let Some((payer_id, due_on, detail)) = sql::issued_bill(tx, key)? else { return Ok(None) };
    let mut bytes = detail;
    if !issue.first_form {
        let mut covered = Vec::with_capacity(bytes.len() + 40);
        write_issued(&Owner { key, payer_id, due_on }, &bytes, &mut covered);
        bytes = covered;
    }
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
