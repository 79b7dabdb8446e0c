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

/// Code and title of every report of a month, in the order of [`reports`].
pub const TITLES: &[(&str, &str, &str)] = &[
    ("exception_work_sheet", "异常处理工作单", "Exception work sheet"),
    ("sales_detail", "电力销售情况明细表", "Electricity sales detail"),
    ("receivable_summary", "应收电费汇总表", "Receivable summary"),
    ("reading_error_rate", "抄表差错率月报表", "Monthly reading error-rate report"),
    ("collection_statistics", "电费回收情况统计表", "Collection statistics"),
    ("receivable_voucher", "应收电费凭证", "Receivable vouchers"),
    ("received_voucher", "实收电费凭证", "Received vouchers"),
    ("bank_voucher", "银行凭证", "Bank vouchers"),
    ("bank_statement", "银行对账单", "Bank statement"),
    ("bank_reconciliation", "银行余额调节表", "Bank reconciliation statement"),
    ("fluctuation_list", "电量电费浮动异常客户明细表", "Quantity and fee fluctuation exception customers"),
    ("zero_and_unread_list", "抄零、未抄客户明细表", "Zero-read and unread customers"),
    ("dedicated_exceptions", "专变客户异常明细表", "Exceptions of dedicated-transformer customers"),
    ("reading_progress", "抄表与发行进度表", "Reading and issue by station"),
    ("adjustments_issued", "退补电费清单", "Adjustments issued"),
    ("adjustments_running", "在途退补清单", "Adjustments in progress"),
    ("month_lists", "月末双方签字清单", "Lists both sides sign"),
    ("unsigned_feedback", "未签字反馈清单", "Feedback not signed yet"),
    ("delays", "延误与责任清单", "Delays and who answers for them"),
    ("accounting_error_rate", "电费核算差错率", "Accounting error rate"),
    ("station_reports", "应收报表确认上报表", "Stations' reports"),
    ("marketing_against_finance", "营财核对表", "Marketing against finance"),
    ("component_tie_out", "发行与总账核对表", "Issues against the ledger"),
];

/// The report with this code, made alone; of one station where it has stations. Nothing when there is none such.
pub fn one(
    tx: &mut Tx<'_>,
    rules: &OfficeRules,
    org_id: i64,
    month: Month,
    today: Date,
    unit_id: Option<i64>,
    code: &str,
) -> Result<Option<Report>> {
    let directory = &MeteringDirectory;
    let stations = |tx: &mut Tx<'_>| -> Result<Vec<i64>> {
        let units = identity::units(tx, org_id)?;
        Ok(units.iter().filter(|unit| unit.kind == "supply_station").map(|unit| unit.id).collect())
    };
    let among = |made: Vec<Report>| made.into_iter().find(|report| report.code == code);
    let mut made = match code {
        "exception_work_sheet" => service::exception_work_sheet(tx, org_id, month, unit_id, directory)?,
        "sales_detail" => return Ok(Some(service::sales_detail(tx, org_id, month, unit_id, directory)?)),
        "receivable_summary" => {
            let parts = components::component_totals(tx, org_id, month)?;
            service::receivable_summary(tx, org_id, month, &parts)?
        }
        "reading_error_rate" => {
            let stations = stations(tx)?;
            lists::reading_error_rate(tx, org_id, month, &stations)?
        }
        "collection_statistics" => service::collection_statistics(tx, org_id, month)?,
        "receivable_voucher" => service::receivable_vouchers(tx, org_id, month)?,
        "received_voucher" => forms::received_vouchers(month),
        "bank_voucher" => forms::bank_vouchers(month),
        "bank_statement" => forms::bank_statement(month),
        "bank_reconciliation" => forms::bank_reconciliation(month),
        "dedicated_exceptions" => lists::dedicated_exceptions(tx, org_id, month, directory)?,
        "reading_progress" => lists::reading_progress(tx, org_id, month)?,
        "month_lists" => lists::month_lists(tx, org_id, month)?,
        "unsigned_feedback" => lists::unsigned_feedback(tx, org_id, month)?,
        "delays" => lists::delays(tx, org_id, month)?,
        "accounting_error_rate" => accounting_error_rate(tx, rules, org_id, month)?,
        "station_reports" => station_reports(tx, rules, org_id, month, today)?,
        "marketing_against_finance" => marketing_against_finance(tx, org_id, month)?,
        "component_tie_out" => components::component_tie_out(tx, org_id, month)?,
        "adjustments_issued" | "adjustments_running" => {
            let stations = stations(tx)?;
            match among(lists::adjustment_lists(tx, org_id, month, &stations, directory)?.to_vec()) {
                Some(report) => report,
                None => return Ok(None),
            }
        }
        _ => match among(lists::exception_lists(tx, org_id, month, directory)?.to_vec()) {
            Some(report) => report,
            None => return Ok(None),
        },
    };
    if let Some(unit_id) = unit_id {
        made.keep_units(|found| found == unit_id);
    }
    Ok(Some(made))
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
