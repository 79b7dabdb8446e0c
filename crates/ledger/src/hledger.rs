//! The whole ledger as text that hledger reads, so that anyone can check the books without this program.

use std::collections::HashMap;
use std::io::Write;

use kernel::Date;
use store::{Tx, params};

use crate::chart::AccountKind;
use crate::{Account, AccountCode, Chart, ComponentId, LedgerError, sql};

/// Writes all vouchers of the organisation, in order of key, as an hledger journal in yuan (CNY).
pub fn export_hledger(tx: &mut Tx<'_>, org_id: i64, out: &mut impl Write) -> Result<(), LedgerError> {
    let failed = |error: std::io::Error| LedgerError::Output(error.to_string());
    let chart = sql::chart(tx, org_id)?;
    let components: HashMap<ComponentId, String> = sql::components(tx, org_id)?.into_iter().collect();
    let mut names: HashMap<AccountCode, String> = HashMap::new();
    writeln!(out, "decimal-mark .\ncommodity 1000.00 CNY\n").map_err(failed)?;
    for account in chart.accounts() {
        let name = full_name(&chart, account);
        writeln!(out, "account {name}  ; type:{}", type_letter(account.kind)).map_err(failed)?;
        names.insert(account.code, name);
    }
    let mut current = None;
    tx.each(
        "SELECT v.voucher_id, v.posted_on, v.effective_on, v.year, v.number, v.event, v.source, v.summary, v.reverses,
           p.debit, p.credit, p.amount, p.account_id, p.component
         FROM voucher v JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.voucher_id
         WHERE v.org_id = ?1 ORDER BY v.voucher_id, p.line",
        params![org_id],
        |row| {
            let voucher_id = row.int(0)?;
            if current != Some(voucher_id) {
                current = Some(voucher_id);
                let (posted_on, effective_on) = (row.date(1)?, row.date(2)?);
                let event = row.text(5)?;
                let header = header(posted_on, effective_on, &format!("{}-{}", row.int(3)?, row.int(4)?), &row.text(7)?);
                writeln!(out, "\n{header}").map_err(failed)?;
                writeln!(out, "    ; voucher:{voucher_id}, event:{}", plain(&event)).map_err(failed)?;
                let source = row.text(6)?;
                if !source.is_empty() {
                    writeln!(out, "    ; source:{}", plain(&source)).map_err(failed)?;
                }
                if let Some(reverses) = row.int_or_null(8)? {
                    writeln!(out, "    ; reverses:{reverses}").map_err(failed)?;
                }
            }
            let name = |code: i64| {
                let code = AccountCode(code);
                names.get(&code).ok_or(LedgerError::UnknownAccount(code))
            };
            let amount = row.money(11)?;
            let mut tags = String::new();
            if let Some(customer) = row.int_or_null(12)? {
                tags = format!("  ; customer:{customer}");
            }
            let component = sql::component(row.int(13)?)?;
            if component != ComponentId::NONE {
                let code = components.get(&component).cloned().unwrap_or_else(|| component.0.to_string());
                tags.push_str(if tags.is_empty() { "  ; component:" } else { ", component:" });
                tags.push_str(&code);
            }
            writeln!(out, "    {}  {amount} CNY{tags}", name(row.int(9)?)?).map_err(failed)?;
            writeln!(out, "    {}  {} CNY{tags}", name(row.int(10)?)?, amount.negated()?).map_err(failed)
        },
    )
}

fn header(posted_on: Date, effective_on: Date, number: &str, text: &str) -> String {
    let second = if posted_on == effective_on { String::new() } else { format!("={effective_on}") };
    format!("{posted_on}{second} * ({number}) {}", plain(text)).trim_end().to_owned()
}

/// Text that hledger takes as it stands: no comment marks, no line breaks, no tag separators.
fn plain(text: &str) -> String {
    text.chars()
        .map(|char| if matches!(char, ';' | ',' | ':' | '|' | '\n' | '\r' | '\t') { ' ' } else { char })
        .collect()
}

/// `1122 应收电费`, sub-accounts below their parents.
fn full_name(chart: &Chart, account: &Account) -> String {
    let own =
        format!("{} {}", account.code, account.name.zh.split_whitespace().collect::<Vec<_>>().join(" "));
    match account.parent.and_then(|parent| chart.account(parent)) {
        Some(parent) => format!("{}:{own}", full_name(chart, parent)),
        None => own,
    }
}

fn type_letter(kind: AccountKind) -> char {
    match kind {
        AccountKind::Asset => 'A',
        AccountKind::Liability => 'L',
        AccountKind::Equity => 'E',
        AccountKind::Revenue => 'R',
        AccountKind::Expense => 'X',
    }
}
