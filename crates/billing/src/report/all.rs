//! Every report of a month at once, for one workbook: the forms of RPT-06, then the lists of the month.

use std::collections::BTreeMap;

use documents::sheet::{Cell, Kind, Sheet};
use kernel::{Bilingual, Date, Lang, Month};
use store::Tx;

use super::forms::{self, KWH, column, summed};
use super::model::{MeteringDirectory, Report};
use super::{balance, components, lists, service};
use crate::office::{OfficeRules, Result};

/// Every report of `month` as it stands on `today`, units still by key. (RPT-06)
pub fn reports(
    tx: &mut Tx<'_>,
    rules: &OfficeRules,
    org_id: i64,
    month: Month,
    today: Date,
) -> Result<Vec<Report>> {
    let directory = &MeteringDirectory;
    let units = identity::units(tx, org_id)?;
    let stations: Vec<i64> =
        units.iter().filter(|unit| unit.kind == "supply_station").map(|unit| unit.id).collect();
    let parts = components::component_totals(tx, org_id, month)?;
    let mut made = vec![
        service::exception_work_sheet(tx, org_id, month, None, directory)?,
        service::sales_detail(tx, org_id, month, None, directory)?,
        service::receivable_summary(tx, org_id, month, &parts)?,
        lists::reading_error_rate(tx, org_id, month, &stations)?,
        service::collection_statistics(tx, org_id, month)?,
        service::receivable_vouchers(tx, org_id, month)?,
        forms::received_vouchers(month),
        forms::bank_vouchers(month),
        forms::bank_statement(month),
        forms::bank_reconciliation(month),
    ];
    made.extend(lists::exception_lists(tx, org_id, month, directory)?);
    made.push(lists::dedicated_exceptions(tx, org_id, month, directory)?);
    made.push(lists::reading_progress(tx, org_id, month)?);
    made.extend(lists::adjustment_lists(tx, org_id, month, &stations, directory)?);
    made.push(lists::month_lists(tx, org_id, month)?);
    made.push(lists::unsigned_feedback(tx, org_id, month)?);
    made.push(lists::delays(tx, org_id, month)?);
    made.push(accounting_error_rate(tx, rules, org_id, month)?);
    made.push(station_reports(tx, rules, org_id, month, today)?);
    made.push(marketing_against_finance(tx, org_id, month)?);
    // Bills of a month are posted in that month or the next; both periods are tied out.
    made.push(components::component_tie_out(tx, org_id, month)?);
    made.push(components::component_tie_out(tx, org_id, month.next())?);
    Ok(made)
}

/// The report with this code among all of a month; nothing when there is none such.
pub fn form(
    tx: &mut Tx<'_>,
    rules: &OfficeRules,
    org_id: i64,
    month: Month,
    today: Date,
    code: &str,
) -> Result<Option<Report>> {
    Ok(reports(tx, rules, org_id, month, today)?.into_iter().find(|report| report.code == code))
}

/// Every report of `month` as sheets of one workbook, units by code and name.
pub fn all(
    tx: &mut Tx<'_>,
    rules: &OfficeRules,
    org_id: i64,
    month: Month,
    today: Date,
    lang: Lang,
) -> Result<Vec<Sheet<'static>>> {
    let units: BTreeMap<i64, String> = identity::units(tx, org_id)?
        .into_iter()
        .map(|unit| (unit.id, format!("{} {}", unit.code, unit.name.text(lang))))
        .collect();
    let made = reports(tx, rules, org_id, month, today)?;
    Ok(made.into_iter().map(|report| report.naming(&units).sheet(lang)).collect())
}

fn accounting_error_rate(tx: &mut Tx<'_>, rules: &OfficeRules, org_id: i64, month: Month) -> Result<Report> {
    let columns = vec![
        column("发行户次", "Bills issued", Kind::Integer),
        column("差错户次", "Errors", Kind::Integer),
        column("核算差错率", "Error rate", Kind::Percent(3)),
        column("超限", "Flagged", Kind::Text),
    ];
    let mut report =
        forms::form("accounting_error_rate", "电费核算差错率", "Accounting error rate", month, columns);
    let found = service::error_rate_of_month(tx, rules, org_id, month)?;
    report.rows.push(vec![
        Cell::Integer(found.bills),
        Cell::Integer(found.errors),
        found.rate.map_or(Cell::Text("—".into()), Cell::Percent),
        Cell::Text(if found.flagged { "是" } else { "否" }.into()),
    ]);
    Ok(report)
}

fn station_reports(
    tx: &mut Tx<'_>,
    rules: &OfficeRules,
    org_id: i64,
    month: Month,
    today: Date,
) -> Result<Report> {
    let columns = vec![
        column("单位", "Unit", Kind::Integer),
        summed("户次", "Bills", Kind::Integer),
        summed("电量(千瓦时)", "kWh", KWH),
        summed("应收电费(元)", "Receivable (yuan)", Kind::Money),
        column("确认期限", "Confirm by", Kind::Date),
        column("确认日期", "Confirmed on", Kind::Date),
        column("上报日期", "Submitted on", Kind::Date),
        column("逾期工作日", "Working days late", Kind::Integer),
    ];
    let mut report =
        forms::form("station_reports", "应收报表确认上报表", "Stations' reports", month, columns);
    for status in service::statuses(tx, rules, org_id, month, today)? {
        report.rows.push(vec![
            Cell::Integer(status.total.unit_id),
            Cell::Integer(status.total.bills),
            Cell::Quantity(status.total.energy_kwh),
            Cell::Money(status.total.amount),
            Cell::Date(status.due_on),
            status.confirmed_on.map_or(Cell::Empty, Cell::Date),
            status.submitted_on.map_or(Cell::Empty, Cell::Date),
            Cell::Integer(status.late_days),
        ]);
    }
    Ok(report)
}

fn marketing_against_finance(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Report> {
    let columns = vec![column("项目", "Item", Kind::Text), column("金额(元)", "Amount (yuan)", Kind::Money)];
    let mut report =
        forms::form("marketing_against_finance", "营财核对表", "Marketing against finance", month, columns);
    let found = balance::marketing_against_finance(tx, org_id, month)?;
    let mut line = |text: &str, amount| report.rows.push(vec![Cell::Text(text.into()), Cell::Money(amount)]);
    line("营销口径应收", found.marketing);
    line("财务应收电费科目", found.finance);
    for cause in &found.causes {
        line(&cause.text, cause.amount);
    }
    line("未说明差异", found.unexplained);
    Ok(report)
}
