//! Issues against the sums of their bills.

use std::collections::HashMap;

use kernel::Month;
use store::Tx;

use super::month::{IssueSums, Sums, energy, money};
use super::{Components, IssueFigures, Sheets, sql};
use crate::Result;

/// Compares the issues of a month with what its bills come to.
pub(crate) fn compare(
    tx: &mut Tx<'_>,
    (org_id, month): (i64, Month),
    mut sums: Sums,
    sheets: &mut Sheets,
) -> Result<Vec<IssueFigures>> {
    let mut components = sql::components(tx, org_id, month)?;
    let mut found = Vec::new();
    for issue in sql::issues(tx, org_id, month)? {
        let sum = sums.remove(&issue.issue_id).unwrap_or_default();
        let kept = components.remove(&issue.issue_id).unwrap_or_default();
        found.push(one(issue, sum, &kept, sheets)?);
    }
    for (issue_id, sum) in sums {
        let place = format!("{month} issue {issue_id}");
        let bills = sum.bills;
        sheets.issues.find(
            place,
            format!("{bills} 张账单的发行批次不存在"),
            format!("{bills} bills name an issue that is not there"),
        );
    }
    for (issue_id, _) in components {
        sheets.components.find(
            format!("{month} issue {issue_id}"),
            "费用项没有发行批次",
            "components without an issue",
        );
    }
    Ok(found)
}

fn one(
    issue: sql::StoredIssue,
    mut sum: IssueSums,
    kept: &Components,
    sheets: &mut Sheets,
) -> Result<IssueFigures> {
    let place = || format!("{} {} issue {}", issue.month, issue.book_id, issue.issue_id);
    sheets.issues.look(1);
    sheets.components.look(kept.len() as i64);
    sheets.roots.look(1);
    let same = sum.bills == issue.bills
        && energy(sum.energy_kwh) == Some(issue.energy_kwh)
        && money(sum.amount) == Some(issue.amount);
    sheets.issues.must(
        same,
        place,
        "户数、电量或金额与其账单之和不符",
        "count, energy or amount are not the sums of its bills",
    );
    let own_book = sum.books.keys().all(|book| *book == issue.book_id);
    sheets.issues.must(own_book, place, "含有其他抄本的账单", "it has bills of another book");
    sheets.issues.must(
        sum.posted == (issue.voucher_id != 0),
        place,
        "应有凭证而无，或反之",
        "it lacks a voucher, or has one for nothing",
    );
    sum.leaves.sort_unstable();
    let in_order = sum.leaves.iter().zip(1_i64..).all(|((line, _), expected)| *line == expected);
    sheets.issues.must(in_order, place, "行号有缺号或重号", "its lines have gaps or repeat");
    sheets.components.must(
        *kept == sum.components,
        place,
        "分费用项金额与其账单之和不符",
        "fee or VAT by component are not the sums of its bills",
    );
    let root = vault::merkle_root(sum.leaves.iter().map(|(_, leaf)| *leaf));
    sheets.roots.must(
        root[..] == issue.bills_root[..],
        place,
        "默克尔根与存证字节不符",
        "its Merkle root is not that of the stored bytes",
    );
    Ok(IssueFigures {
        issue_id: issue.issue_id,
        month: issue.month,
        book_id: issue.book_id,
        unit_id: issue.unit_id,
        issued_by: issue.issued_by,
        issued_at: issue.issued_at,
        year: issue.year,
        first_number: issue.first_number,
        bills: issue.bills,
        voucher_id: issue.voucher_id,
        root,
        sketch: sum.sketch,
        adjustment: sum.adjustment,
    })
}

/// Components by issue.
pub(crate) type ByIssue = HashMap<i64, Components>;
