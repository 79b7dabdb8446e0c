//! The accountant's and the heads' desk: the ledger, the month's reports, closing, prices.

mod chart;
mod closing;
mod ledger;
mod prices;
mod quote;
mod report_acts;
mod reports;
mod vouchers;
mod whatif;
mod whatif_result;

use std::collections::BTreeMap;

use billing::report::{AccountDirectory as _, AccountFact, MeteringDirectory};
use kernel::{Month, Text};

use crate::catalogue::{Area, Download, Given, Look, Refusal};

/// The books of account.
pub const LEDGER: Area = Area {
    name: "ledger",
    lists: &[
        ledger::BALANCE,
        ledger::ACCOUNT,
        vouchers::VOUCHERS,
        vouchers::ENTRIES,
        chart::CHART,
        chart::PERIODS,
    ],
    views: &[vouchers::VOUCHER],
    acts: &[vouchers::POST, vouchers::REVERSE, chart::INSTALL, chart::OPEN, chart::CLOSE, chart::REOPEN],
    pages: &[],
};

/// The reports of a month and its closing.
pub const REPORTS: Area = Area {
    name: "reports",
    lists: &[reports::STATUS, reports::REPORTS, report_acts::TARGETS, report_acts::ROLLED, closing::CLOSINGS],
    views: &[reports::REPORT, report_acts::RECONCILE, closing::CLOSING],
    acts: &[
        report_acts::COMPILE,
        report_acts::CONFIRM,
        report_acts::CONSENT,
        report_acts::SUBMIT,
        report_acts::ROLL_UP,
        report_acts::SET_TARGET,
        report_acts::APPROVE_TARGETS,
        report_acts::FREEZE,
        report_acts::NOTE_DIFFERENCE,
        report_acts::FIX_POINT,
        closing::LAY_OUT,
        closing::TICK,
        closing::CLOSE,
    ],
    pages: &[],
};

/// The price tables and what other prices would come to.
pub const PRICES: Area = Area {
    name: "prices",
    lists: &[prices::TABLES, whatif::COMPARISONS],
    views: &[prices::TABLE, whatif_result::RESULT],
    acts: &[prices::LOAD, whatif::COMPARE, whatif::BATCH],
    pages: &[quote::TRY],
};

/// Files to take away.
pub const DOWNLOADS: &[Download] =
    &[ledger::HLEDGER, reports::WORKBOOK, reports::PAPER, prices::WORKBOOK, prices::TOML];

/// The month that was asked for; this month when none was.
pub(crate) fn month_of(look: &Look<'_, '_>, given: &Given) -> Month {
    given.maybe_month("month").unwrap_or_else(|| look.this_month())
}

/// The unit that was asked for by its code, which the caller must be allowed to see. Without one, every unit, for who
/// sees every unit; the caller's own, for who has one only.
pub(crate) fn unit_of(
    look: &mut Look<'_, '_>,
    permission: &'static str,
    given: &Given,
) -> Result<Option<i64>, Refusal> {
    if let Some(code) = given.maybe_text("unit") {
        let unit = look.unit_by_code(code)?;
        look.require(permission, unit.id)?;
        return Ok(Some(unit.id));
    }
    match look.caller.units_of(permission).as_deref() {
        None => Ok(None),
        Some([only]) => Ok(Some(*only)),
        Some(_) => Err(Refusal::fields(vec![("unit".to_owned(), Text::new("请选择单位", "choose a unit"))])),
    }
}

/// The units a filter offers: code, and code with name.
pub(crate) fn units(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    options(look, |_| true)
}

/// The supply stations.
pub(crate) fn stations(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    options(look, |kind| kind == "supply_station")
}

fn options(look: &mut Look<'_, '_>, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Text)>, Refusal> {
    let units = look.units()?.values().filter(|unit| wanted(&unit.kind));
    let mut found: Vec<(String, Text)> = units
        .map(|unit| {
            let (zh, en) =
                (format!("{} {}", unit.code, unit.name.zh), format!("{} {}", unit.code, unit.name.en));
            (unit.code.clone(), Text::new(zh, en))
        })
        .collect();
    found.sort_by(|one, two| one.0.cmp(&two.0));
    Ok(found)
}

/// The unit with this code, within a command.
pub(crate) fn unit_by_code(work: &mut identity::Work<'_, '_>, code: &str) -> Result<identity::Unit, Refusal> {
    let org_id = work.org_id();
    let found = identity::units(work.tx, org_id)?.into_iter().find(|unit| unit.code == code);
    found.ok_or_else(|| Refusal::not_found("单位", "unit", code))
}

/// The code of a unit, for paths.
pub(crate) fn unit_code(look: &mut Look<'_, '_>, unit_id: i64) -> Result<String, Refusal> {
    Ok(look.units()?.get(&unit_id).map(|unit| unit.code.clone()).unwrap_or_default())
}

/// Number, name and station of accounts by their keys, all at once.
pub(crate) fn accounts(
    look: &mut Look<'_, '_>,
    keys: impl Iterator<Item = i64>,
) -> Result<BTreeMap<i64, AccountFact>, Refusal> {
    let mut keys: Vec<i64> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    let org_id = look.org_id();
    let facts = MeteringDirectory.facts(look.tx, org_id, &keys)?;
    Ok(facts.into_iter().map(|fact| (fact.account_id, fact)).collect())
}

/// Where a bill is read.
pub(crate) fn bill_path(month: Month, account_number: &str, sequence: i64) -> String {
    format!("/bills/{month}/{}?sequence={sequence}", crate::frame::url::encode(account_number))
}
