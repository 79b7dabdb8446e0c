//! What the fee consists of: by billing month out of the issues, and tied out to the ledger by accounting period.

use std::collections::BTreeMap;

use documents::sheet::{Cell, Kind};
use kernel::{Money, Month, Text};
use ledger::{ComponentId, PostingRules};
use store::Tx;

use super::balance::RECEIVABLE_ACCOUNT;
use super::forms::{column, form, summed};
use super::model::{ComponentTotal, Report};
use super::sql;
use crate::BILL_ISSUED;
use crate::office::{OfficeError, Result};

/// Funds collected on behalf of the state are credited below this account (代收基金).
const FUNDS_ACCOUNT: i64 = 2241;

fn below(error: ledger::LedgerError) -> OfficeError {
    OfficeError::below(&error)
}

fn posting_rules() -> Result<PostingRules> {
    PostingRules::standard().map_err(below)
}

fn name_of(rules: &PostingRules, component: i64) -> (String, Text) {
    let known = rules.components().iter().find(|known| i64::from(known.id.0) == component);
    known.map_or_else(
        || (component.to_string(), Text::new(component.to_string(), component.to_string())),
        |known| (known.code.clone(), known.name.clone()),
    )
}

/// What every component of the bills of `month` comes to at every station, VAT inside; adjustments included.
/// (RPT-01, BILL-18)
pub fn component_totals(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<ComponentTotal>> {
    let rules = posting_rules()?;
    let event = rules.event(BILL_ISSUED).map_err(below)?;
    let found = sql::components_of(tx, org_id, month)?;
    found
        .into_iter()
        .map(|(unit_id, number, amount)| {
            let (code, name) = name_of(&rules, number);
            let component = rules.component(&code).map_err(below)?;
            let is_fund = event.accounts(component).map_err(below)?.credit.0 / 100 == FUNDS_ACCOUNT;
            Ok(ComponentTotal { unit_id, code, name, is_fund, amount })
        })
        .collect()
}

/// Issues of an accounting period against the ledger's receivable account, by station and component: what was issued
/// and what was posted must be the same to the fen. (RPT-10)
pub fn component_tie_out(tx: &mut Tx<'_>, org_id: i64, period: Month) -> Result<Report> {
    let rules = posting_rules()?;
    let vat = rules.component("vat").map_err(below)?;
    let mut sides: BTreeMap<(i64, i64), (Money, Money)> = BTreeMap::new();
    for (unit_id, component, amount, inside) in sql::components_issued_in(tx, org_id, period)? {
        let issued = &mut sides.entry((unit_id, component)).or_default().0;
        *issued = issued.plus(amount.minus(inside)?)?;
        let issued = &mut sides.entry((unit_id, i64::from(vat.0))).or_default().0;
        *issued = issued.plus(inside)?;
    }
    let posted =
        ledger::balances_by_component(tx, org_id, RECEIVABLE_ACCOUNT, period, period).map_err(below)?;
    for line in posted.into_iter().filter(|line| line.component != ComponentId::NONE) {
        let posted = &mut sides.entry((line.unit_id, i64::from(line.component.0))).or_default().1;
        *posted = posted.plus(line.debit.minus(line.credit)?)?;
    }
    let columns = vec![
        column("单位", "Unit", Kind::Integer),
        column("费用项", "Component", Kind::Text),
        summed("发行(元)", "Issued (yuan)", Kind::Money),
        summed("总账(元)", "Ledger (yuan)", Kind::Money),
        summed("差额(元)", "Difference (yuan)", Kind::Money),
    ];
    let mut report =
        form("component_tie_out", "发行与总账核对表", "Issues against the ledger", period, columns);
    for ((unit_id, component), (issued, posted)) in sides {
        if issued.is_zero() && posted.is_zero() {
            continue;
        }
        report.rows.push(vec![
            Cell::Integer(unit_id),
            Cell::Text(name_of(&rules, component).1.zh),
            Cell::Money(issued),
            Cell::Money(posted),
            Cell::Money(issued.minus(posted)?),
        ]);
    }
    Ok(report)
}
