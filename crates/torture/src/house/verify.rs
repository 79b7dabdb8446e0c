//! Everything that must hold in any state of the company, half-way or done.

use ledger::AccountCode;
use store::{Engine, Store, Tx, params};

use super::{Trouble, World};

fn sum(tx: &mut Tx<'_>, world: &World, sql: &str) -> Result<i64, Trouble> {
    let found = tx.one(sql, params![world.org_id], |row| Ok::<_, Trouble>(row.int_or_null(0)?))?;
    Ok(found.flatten().unwrap_or(0))
}

/// What does not hold; empty when all is well. The database's own structure, the ledger, the log, and bills issued,
/// receivables, components, quantities and postings against each other, in all and station by station; numbers
/// without a gap; no line of a half-done command.
pub fn faults(store: &Store, world: &World) -> Result<Vec<String>, Trouble> {
    let mut faults = Vec::new();
    store.read(|tx| {
        let org_id = world.org_id;
        if tx.engine() == Engine::Sqlite {
            let said: Vec<String> =
                tx.list("PRAGMA integrity_check", &[], |row| Ok::<_, Trouble>(row.text(0)?))?;
            if said != ["ok"] {
                faults.push(format!("the file: {}", said.join("; ")));
                return Ok(());
            }
            let broken: Vec<String> =
                tx.list("PRAGMA foreign_key_check", &[], |row| Ok::<_, Trouble>(row.text(0)?))?;
            faults.extend(broken.into_iter().map(|table| format!("{table}: a reference to nothing")));
        }
        let ledger = ledger::check(tx, org_id)?;
        faults.extend(ledger.findings.iter().map(|finding| format!("ledger: {finding}")));
        let (_, rows) = tx.row_faults(org_id, &audit::schemas(), &mut |_| ())?;
        faults.extend(rows.iter().map(|fault| format!("rows: {fault:?}")));
        let log = vault::check(tx, org_id)?;
        faults.extend(log.findings.iter().map(|finding| format!("log: {finding}")));
        let receivable = sum(tx, world, "SELECT CAST(SUM(amount) AS BIGINT) FROM receivable WHERE org_id = ?1")?;
        for (what, sql) in [
            (
                "bills issued",
                "SELECT CAST(SUM(b.amount) AS BIGINT) FROM bill b JOIN receivable r ON r.org_id = b.org_id
                   AND r.month = b.month AND r.account_id = b.account_id AND r.sequence = b.sequence WHERE b.org_id = ?1",
            ),
            ("issues", "SELECT CAST(SUM(amount) AS BIGINT) FROM issue WHERE org_id = ?1"),
            ("components", "SELECT CAST(SUM(amount) AS BIGINT) FROM issue_component WHERE org_id = ?1"),
            ("quantities", "SELECT CAST(SUM(amount) AS BIGINT) FROM quantity_ledger WHERE org_id = ?1"),
            (
                "account 1122",
                "SELECT CAST(SUM(debit - credit) AS BIGINT) FROM period_balance WHERE org_id = ?1 AND code = 1122",
            ),
        ] {
            let found = sum(tx, world, sql)?;
            if found != receivable {
                faults.push(format!("{what} {found} fen, receivables {receivable} fen"));
            }
        }
        for (what, sql) in [
            ("reading_entry", "SELECT COUNT(*) FROM reading_entry WHERE org_id = ?1"),
            ("voucher_draft", "SELECT COUNT(*) FROM voucher_draft WHERE org_id = ?1"),
            (
                "postings without a voucher",
                "SELECT COUNT(*) FROM posting p WHERE p.org_id = ?1 AND NOT EXISTS (SELECT 1 FROM voucher v
                   WHERE v.org_id = p.org_id AND v.voucher_id = p.voucher_id)",
            ),
            (
                "receivables without a bill",
                "SELECT COUNT(*) FROM receivable r WHERE r.org_id = ?1 AND NOT EXISTS (SELECT 1 FROM bill b
                   WHERE b.org_id = r.org_id AND b.month = r.month AND b.account_id = r.account_id
                     AND b.sequence = r.sequence)",
            ),
            (
                "issues whose lines are not all there",
                "SELECT COUNT(*) FROM issue i WHERE i.org_id = ?1 AND i.bills <> (SELECT COUNT(*) FROM receivable r
                   WHERE r.org_id = i.org_id AND r.issue_id = i.issue_id)",
            ),
            (
                "issues without their voucher",
                "SELECT COUNT(*) FROM issue i WHERE i.org_id = ?1 AND i.voucher_id <> 0 AND NOT EXISTS (
                   SELECT 1 FROM voucher v WHERE v.org_id = i.org_id AND v.voucher_id = i.voucher_id)",
            ),
        ] {
            let found = sum(tx, world, sql)?;
            if found != 0 {
                faults.push(format!("{what}: {found}"));
            }
        }
        for book in &world.books {
            let own = sum(
                tx,
                world,
                &format!(
                    "SELECT CAST(SUM(r.amount) AS BIGINT) FROM receivable r JOIN issue i ON i.org_id = r.org_id
                     AND i.issue_id = r.issue_id WHERE r.org_id = ?1 AND i.unit_id = {}",
                    book.unit_id
                ),
            )?;
            let kept = ledger::balance_of(tx, org_id, AccountCode(1122), world.april, Some(book.unit_id))?;
            if kept.fen() != own {
                faults.push(format!("station {}: 1122 is {kept}, receivables {own} fen", book.unit_id));
            }
            let numbers: Vec<i64> = tx.list(
                &format!(
                    "SELECT i.first_number + r.line - 1 FROM receivable r JOIN issue i ON i.org_id = r.org_id
                     AND i.issue_id = r.issue_id WHERE r.org_id = ?1 AND i.unit_id = {} ORDER BY 1",
                    book.unit_id
                ),
                params![org_id],
                |row| Ok::<_, Trouble>(row.int(0)?),
            )?;
            if !numbers.iter().copied().eq(1..=numbers.len() as i64) {
                faults.push(format!("station {}: bill numbers have a gap or a double", book.unit_id));
            }
        }
        Ok::<_, Trouble>(())
    })?;
    Ok(faults)
}
