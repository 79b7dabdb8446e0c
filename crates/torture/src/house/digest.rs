//! The month as business sees it, without keys and times: the same after every way of getting there.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use store::{Row, Store, params};

use super::{Trouble, World};

/// Lines of each table that matters, sorted.
pub type Digest = BTreeMap<&'static str, Vec<String>>;

/// Name, query, and the kind of each column: `i` a number, `n` a number or nothing, `t` a text, `b` bytes by their hash.
const TABLES: &[(&str, &str, &str)] = &[
    (
        "reading",
        "SELECT month, account_id, meter_seq, status, total_previous, total_current, version FROM reading
         WHERE org_id = ?1",
        "iiiinni",
    ),
    ("reading_history", "SELECT month, account_id, version FROM reading_history WHERE org_id = ?1", "iii"),
    ("book_month", "SELECT month, book_id, state, late_days, version FROM book_month WHERE org_id = ?1", "iiiii"),
    (
        "book_step",
        "SELECT month, book_id, version, from_state, to_state, person_id FROM book_step WHERE org_id = ?1",
        "iiiiii",
    ),
    ("import_file", "SELECT kind, digest, rejected FROM import_file WHERE org_id = ?1", "iti"),
    (
        "calculation",
        "SELECT month, book_id, accounts, clean, energy_kwh, amount, reviewed_by FROM calculation WHERE org_id = ?1",
        "iiiiiin",
    ),
    (
        "bill",
        "SELECT month, account_id, sequence, flow, reasons, energy_kwh, amount, detail FROM bill WHERE org_id = ?1",
        "iiiiiiib",
    ),
    (
        "receivable",
        "SELECT r.month, r.account_id, r.sequence, r.payer_id, r.amount, r.due_on, i.unit_id, i.year,
           i.first_number + r.line - 1
         FROM receivable r JOIN issue i ON i.org_id = r.org_id AND i.issue_id = r.issue_id WHERE r.org_id = ?1",
        "iiiiiiiii",
    ),
    ("issue", "SELECT month, book_id, bills, energy_kwh, amount, bills_root FROM issue WHERE org_id = ?1", "iiiiib"),
    (
        "issue_component",
        "SELECT i.month, i.book_id, i.bills, c.component, c.amount, c.vat FROM issue_component c
         JOIN issue i ON i.org_id = c.org_id AND i.issue_id = c.issue_id WHERE c.org_id = ?1",
        "iiiiii",
    ),
    (
        "quantity_ledger",
        "SELECT month, account_id, sequence, energy_kwh, amount, tier_used_kwh FROM quantity_ledger WHERE org_id = ?1",
        "iiiiii",
    ),
    (
        "period_balance",
        "SELECT period, unit_id, code, component, debit, credit FROM period_balance WHERE org_id = ?1",
        "iiiiii",
    ),
    (
        "voucher",
        "SELECT period, unit_id, event, source, total, postings, CASE WHEN reverses IS NULL THEN 0 ELSE 1 END
         FROM voucher WHERE org_id = ?1",
        "iittiii",
    ),
    ("document_series", "SELECT kind, unit_id, year, last FROM document_series WHERE org_id = ?1", "tiii"),
    ("leaf", "SELECT kind, number FROM leaf_document WHERE org_id = ?1", "tt"),
    ("request", "SELECT request_key, verb FROM idempotency WHERE org_id = ?1", "tt"),
    (
        "clock",
        "SELECT code, subject_kind, subject_id, started_on, due_on, met_on FROM workflow_clock WHERE org_id = ?1",
        "ttiiin",
    ),
];

fn text(row: &Row<'_>, kinds: &str) -> Result<String, Trouble> {
    let mut out = String::new();
    for (at, kind) in kinds.chars().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        match kind {
            'i' => out.push_str(&row.int(at)?.to_string()),
            'n' => out.push_str(&row.int_or_null(at)?.map_or("-".to_owned(), |value| value.to_string())),
            't' => out.push_str(&row.text(at)?),
            _ => {
                for byte in Sha256::digest(row.blob(at)?).iter().take(8) {
                    out.push_str(&format!("{byte:02x}"));
                }
            }
        }
    }
    Ok(out)
}

impl World {
    /// The month as it stands.
    pub fn digest(&self, store: &Store) -> Result<Digest, Trouble> {
        store.read(|tx| {
            let mut found = Digest::new();
            for (name, sql, kinds) in TABLES {
                let mut lines = tx.list(sql, params![self.org_id], |row| text(row, kinds))?;
                lines.sort_unstable();
                found.insert(name, lines);
            }
            Ok(found)
        })
    }
}

/// Where two months differ first, if they do: what is missing and what is too much.
pub fn difference(expected: &Digest, found: &Digest) -> Option<String> {
    for (name, lines) in expected {
        let Some(other) = found.get(name).filter(|other| *other != lines) else { continue };
        let left_over = |from: &[String], of: &[String]| {
            let mut of = of.to_vec();
            let mut left = Vec::new();
            for line in from {
                match of.binary_search(line) {
                    Ok(place) => drop(of.remove(place)),
                    Err(_) => left.push(line.clone()),
                }
            }
            left
        };
        let (missing, extra) = (left_over(lines, other), left_over(other, lines));
        let first = |lines: &[String]| lines.iter().take(3).cloned().collect::<Vec<_>>().join(" | ");
        return Some(format!(
            "{name}: {} missing ({}), {} too many ({})",
            missing.len(),
            first(&missing),
            extra.len(),
            first(&extra)
        ));
    }
    None
}
