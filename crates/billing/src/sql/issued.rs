//! Issued bills and their issues, for proofs.

use kernel::{Date, Moment, Month};
use store::{StoreError, Tx, params};

use super::{BillKey, Result};
use crate::BillingError;
use crate::issued::Issue;

const ISSUE: &str = "i.issue_id, i.month, i.bills, i.bills_root, f.issue_id, i.issued_at FROM issue i
 LEFT JOIN issue_first_form f ON f.org_id = i.org_id AND f.issue_id = i.issue_id";

fn issue(row: &store::Row<'_>) -> Result<Issue> {
    let root = row.with_blob(3, |bytes| <[u8; 32]>::try_from(bytes).ok())?;
    Ok(Issue {
        issue_id: row.int(0)?,
        month: row.month(1)?,
        bills: row.int(2)?,
        issued_on: row.moment(5)?.date(),
        root: root.ok_or(StoreError::WrongType { column: 3, expected: "a digest of 32 bytes" })?,
        first_form: row.int_or_null(4)?.is_some(),
    })
}

/// The issues made between the first and last moment of a calendar month, by key.
pub(crate) fn issues_made_in(tx: &mut Tx<'_>, org_id: i64, period: Month) -> Result<Vec<Issue>> {
    let (from, to) = (Moment::on(period.first_day(), 0, 0), Moment::on(period.next().first_day(), 0, 0));
    tx.list(
        &format!("SELECT {ISSUE} WHERE i.org_id = ?1 AND i.issued_at >= ?2 AND i.issued_at < ?3 ORDER BY i.issue_id"),
        params![org_id, from, to],
        issue,
    )
}

/// The issue of a bill.
pub(crate) fn issue_of(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<Issue>> {
    tx.one(
        &format!(
            "SELECT {ISSUE} JOIN receivable r ON r.org_id = i.org_id AND r.issue_id = i.issue_id
             WHERE r.org_id = ?1 AND r.month = ?2 AND r.account_id = ?3 AND r.sequence = ?4"
        ),
        params![key.org_id, key.month, key.account_id, key.sequence],
        issue,
    )
}

/// Gives the bills of `issues`, all of one billing month, to `take`, by issue and line: issue, line, key, payer, due
/// day, stored bytes.
pub(crate) fn each_issued_bill(
    tx: &mut Tx<'_>,
    org_id: i64,
    issues: &[Issue],
    mut take: impl FnMut(&Issue, i64, BillKey, i64, Date, Vec<u8>) -> Result<()>,
) -> Result<()> {
    let Some(first) = issues.first() else { return Ok(()) };
    let month = first.month;
    let marks: Vec<String> = (3..issues.len() + 3).map(|at| format!("?{at}")).collect();
    let mut asked = vec![store::Value::Int(org_id), store::Value::from(month)];
    asked.extend(issues.iter().map(|issue| store::Value::Int(issue.issue_id)));
    // The month's receivables are passed over once; a bill is then found by its key.
    let sql = format!(
        "SELECT r.issue_id, r.line, r.account_id, r.sequence, r.payer_id, r.due_on, b.detail FROM receivable r JOIN bill b
           ON b.org_id = r.org_id AND b.month = r.month AND b.account_id = r.account_id AND b.sequence = r.sequence
         WHERE r.org_id = ?1 AND r.month = ?2 AND r.issue_id IN ({}) ORDER BY r.issue_id, r.line",
        marks.join(", ")
    );
    tx.each(&sql, &asked, |row| {
        let issue_id = row.int(0)?;
        let issue = issues.iter().find(|issue| issue.issue_id == issue_id).unwrap_or(first);
        let key = BillKey { org_id, month, account_id: row.int(2)?, sequence: row.int(3)? };
        take(issue, row.int(1)?, key, row.int(4)?, row.date(5)?, row.blob(6)?)
    })
}

/// A receivable's place: its issue, its line in it, its key, payer and due day.
pub(crate) struct Placed {
    pub issue_id: i64,
    pub line: i64,
    pub key: BillKey,
    pub payer_id: i64,
    pub due_on: Date,
}

/// The receivables of a month beside the bill `from`, in the order of their keys away from it, `limit` at most.
pub(crate) fn beside(tx: &mut Tx<'_>, from: BillKey, back: bool, limit: i64) -> Result<Vec<Placed>> {
    let (sign, way) = if back { ("<", " DESC") } else { (">", "") };
    let sql = format!(
        "SELECT issue_id, line, account_id, sequence, payer_id, due_on FROM receivable
         WHERE org_id = ?1 AND month = ?2 AND (account_id, sequence) {sign} (?3, ?4)
         ORDER BY account_id{way}, sequence{way} LIMIT ?5"
    );
    tx.list(&sql, params![from.org_id, from.month, from.account_id, from.sequence, limit], |row| {
        Ok(Placed {
            issue_id: row.int(0)?,
            line: row.int(1)?,
            key: BillKey { account_id: row.int(2)?, sequence: row.int(3)?, ..from },
            payer_id: row.int(4)?,
            due_on: row.date(5)?,
        })
    })
}

/// The line of an issued bill in its issue.
pub(crate) fn line_of(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<Placed>> {
    tx.one(
        "SELECT issue_id, line, payer_id, due_on FROM receivable
         WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 AND sequence = ?4",
        params![key.org_id, key.month, key.account_id, key.sequence],
        |row| {
            let (payer_id, due_on) = (row.int(2)?, row.date(3)?);
            Ok(Placed { issue_id: row.int(0)?, line: row.int(1)?, key, payer_id, due_on })
        },
    )
}

/// The stored bytes of bills of a month, by account and sequence.
pub(crate) fn details(
    tx: &mut Tx<'_>,
    (org_id, month): (i64, Month),
    accounts: &[i64],
    mut take: impl FnMut(i64, i64, Vec<u8>),
) -> Result<()> {
    for some in accounts.chunks(1_000) {
        let mut wanted =
            store::Conditions::new("org_id = ? AND month = ?", &[store::Value::Int(org_id), month.into()]);
        wanted.and_one_of("account_id", some);
        let sql = format!("SELECT account_id, sequence, detail FROM bill WHERE {}", wanted.text());
        tx.each(&sql, wanted.values(), |row| {
            take(row.int(0)?, row.int(1)?, row.blob(2)?);
            Ok::<_, BillingError>(())
        })?;
    }
    Ok(())
}

/// Payer, due day and stored bytes of an issued bill.
pub(crate) fn issued_bill(tx: &mut Tx<'_>, key: BillKey) -> Result<Option<(i64, Date, Vec<u8>)>> {
    tx.one(
        "SELECT r.payer_id, r.due_on, b.detail FROM receivable r JOIN bill b
           ON b.org_id = r.org_id AND b.month = r.month AND b.account_id = r.account_id AND b.sequence = r.sequence
         WHERE r.org_id = ?1 AND r.month = ?2 AND r.account_id = ?3 AND r.sequence = ?4",
        params![key.org_id, key.month, key.account_id, key.sequence],
        |row| Ok((row.int(0)?, row.date(1)?, row.blob(2)?)),
    )
}

/// The keys of an account's issued bills.
pub(crate) fn issued_keys(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<BillKey>> {
    let months: Vec<Month> = tx.list(
        "SELECT DISTINCT month FROM issue WHERE org_id = ?1 ORDER BY month",
        params![org_id],
        |row| Ok::<_, BillingError>(row.month(0)?),
    )?;
    let mut found = Vec::new();
    for month in months {
        tx.each(
            "SELECT sequence FROM receivable WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 ORDER BY sequence",
            params![org_id, month, account_id],
            |row| {
                found.push(BillKey { org_id, month, account_id, sequence: row.int(0)? });
                Ok::<_, BillingError>(())
            },
        )?;
    }
    Ok(found)
}

/// The book of an issue; 0 when there is no such issue.
pub(crate) fn book_of_issue(tx: &mut Tx<'_>, org_id: i64, issue_id: i64) -> Result<i64> {
    let found = tx.one(
        "SELECT book_id FROM issue WHERE org_id = ?1 AND issue_id = ?2",
        params![org_id, issue_id],
        |row| Ok::<_, BillingError>(row.int(0)?),
    )?;
    Ok(found.unwrap_or_default())
}
