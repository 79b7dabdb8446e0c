//! Commands and looks of the reports.

use std::collections::BTreeMap;

use documents::sheet::Cell;
use identity::Work;
use kernel::{Date, Exact, Money, Month, Quantity, Text};
use store::Tx;

use super::model::{AccountDirectory, ComponentTotal, Report, ReportColumn, StationTotal};
use super::rules::{self, ErrorRate};
use super::{forms, sql};
use crate::exception::{ExceptionFilter, exceptions_of};
use crate::office::record::{record, record_words, require_at};
use crate::office::{OfficeError, OfficeRules, Result, checked_text, permission};

/// Accounts looked up at once while a month is streamed.
const CHUNK: i64 = 2_000;

/// What was issued for a month, by station; instalments and adjustments included.
pub fn station_totals(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<StationTotal>> {
    sql::issued_by_unit(tx, org_id, month)
}

/// Receivable summary (应收电费汇总表): catalogue fee, funds and every component beside the total. (RPT-01, BILL-18)
pub fn receivable_summary(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    components: &[ComponentTotal],
) -> Result<Report> {
    let mut report = forms::receivable_summary(month);
    let mut names: Vec<(&str, &Text)> = Vec::new();
    for component in components {
        if !names.iter().any(|(code, _)| *code == component.code) {
            names.push((&component.code, &component.name));
        }
    }
    report.columns.extend(
        names.iter().map(|(_, name)| ReportColumn::summed(&name.zh, &name.en, documents::sheet::Kind::Money)),
    );
    for station in station_totals(tx, org_id, month)? {
        let own: Vec<&ComponentTotal> =
            components.iter().filter(|component| component.unit_id == station.unit_id).collect();
        let sum =
            |fund: bool| Money::sum(own.iter().filter(|part| part.is_fund == fund).map(|part| part.amount));
        let mut row = vec![
            Cell::Integer(station.unit_id),
            Cell::Integer(station.bills),
            Cell::Quantity(station.energy_kwh),
            Cell::Money(station.amount),
            Cell::Money(sum(false)?),
            Cell::Money(sum(true)?),
        ];
        for (code, _) in &names {
            let amount = Money::sum(own.iter().filter(|part| part.code == *code).map(|part| part.amount))?;
            row.push(Cell::Money(amount));
        }
        report.rows.push(row);
    }
    Ok(report)
}

/// Electricity sales detail (电力销售情况明细表) by class of customer, of one station or of all.
pub fn sales_detail(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    unit_id: Option<i64>,
    directory: &dyn AccountDirectory,
) -> Result<Report> {
    #[derive(Default)]
    struct Sold {
        bills: i64,
        energy: Quantity,
        periods: [Quantity; 5],
        amount: Money,
        en: String,
    }
    let mut classes: BTreeMap<String, Sold> = BTreeMap::new();
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let lines = sql::sold_after(tx, org_id, month, after, CHUNK)?;
        let Some((last, _)) = lines.last() else { break };
        after = *last;
        let mut keys: Vec<i64> = lines.iter().map(|(_, line)| line.account_id).collect();
        keys.dedup();
        let facts = directory.facts(tx, org_id, &keys)?;
        let by_account: BTreeMap<i64, _> = facts.iter().map(|fact| (fact.account_id, fact)).collect();
        for (_, line) in &lines {
            let fact = by_account.get(&line.account_id);
            if unit_id.is_some_and(|unit| fact.is_none_or(|fact| fact.unit_id != unit)) {
                continue;
            }
            let (zh, en) = fact.map_or(("未知", "unknown"), |fact| (&fact.class.zh, &fact.class.en));
            let sold = classes.entry(zh.to_owned()).or_default();
            sold.en = en.to_owned();
            sold.bills += 1;
            sold.energy = sold.energy.plus(line.energy_kwh)?;
            sold.amount = sold.amount.plus(line.amount)?;
            for (sum, part) in sold.periods.iter_mut().zip(line.by_period) {
                *sum = sum.plus(part)?;
            }
        }
    }
    let mut report = forms::sales_detail(month);
    for (class, sold) in classes {
        let mut row = vec![Cell::Text(class), Cell::Integer(sold.bills), Cell::Quantity(sold.energy)];
        row.extend(sold.periods.map(Cell::Quantity));
        row.push(Cell::Money(sold.amount));
        row.push(if sold.energy.is_zero() {
            Cell::Text("—".into())
        } else {
            Cell::Price(sold.amount.exact().over(sold.energy.exact())?.to_price(6)?)
        });
        report.rows.push(row);
    }
    Ok(report)
}

/// Receivable vouchers (应收电费凭证): one line per issue.
pub fn receivable_vouchers(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Report> {
    let mut report = forms::receivable_vouchers(month);
    for issue in sql::issues(tx, org_id, month)? {
        report.rows.push(vec![
            Cell::Date(issue.issued_at.date()),
            Cell::Integer(issue.book_id),
            Cell::Integer(issue.unit_id),
            Cell::Text(issue.voucher_id.to_string()),
            Cell::Integer(issue.bills),
            Cell::Quantity(issue.energy_kwh),
            Cell::Money(issue.amount),
        ]);
    }
    Ok(report)
}

/// Collection statistics (电费回收情况统计表), the receivable side; the form says that nothing is received here yet.
pub fn collection_statistics(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Report> {
    let mut report = forms::collection_statistics(month);
    for station in station_totals(tx, org_id, month)? {
        let rate = rules::share(Money::ZERO.fen(), station.amount.fen())?;
        report.rows.push(vec![
            Cell::Integer(station.unit_id),
            Cell::Money(station.amount),
            Cell::Money(Money::ZERO),
            Cell::Money(station.amount),
            rate.map_or(Cell::Text("无".into()), Cell::Percent),
        ]);
    }
    Ok(report)
}

/// Exception work sheet (异常处理工作单) of a month, of one station or of all.
pub fn exception_work_sheet(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    unit_id: Option<i64>,
    directory: &dyn AccountDirectory,
) -> Result<Report> {
    let mut report = forms::exception_work_sheet(month);
    let found = exceptions_of(tx, org_id, month, &ExceptionFilter { unit_id, ..ExceptionFilter::default() })?;
    for chunk in found.chunks(CHUNK as usize) {
        let keys: Vec<i64> = chunk.iter().map(|exception| exception.account_id).collect();
        let facts = directory.facts(tx, org_id, &keys)?;
        let by_account: BTreeMap<i64, _> = facts.iter().map(|fact| (fact.account_id, fact)).collect();
        for exception in chunk {
            let fact = by_account.get(&exception.account_id);
            let third = Exact::whole(3);
            let volatility = |this: i64, past: i64| -> Result<Cell> {
                let found = crate::gates::volatility(this, past).filter(|_| exception.past.months == 3);
                Ok(found
                    .map(|exact| exact.to_rate(4))
                    .transpose()?
                    .map_or(Cell::Text("—".into()), Cell::Percent))
            };
            let average = exception.past.energy_kwh.exact().over(third)?.to_quantity(2)?;
            let reasons: Vec<&str> = exception.reasons.each().map(|(_, zh, _)| zh).collect();
            report.rows.push(vec![
                Cell::Text(fact.map_or_else(|| exception.account_id.to_string(), |fact| fact.number.clone())),
                Cell::Text(fact.map_or_else(String::new, |fact| fact.name.clone())),
                Cell::Integer(exception.unit_id),
                Cell::Text(reasons.join("、")),
                Cell::Quantity(exception.energy_kwh),
                Cell::Money(exception.amount),
                Cell::Quantity(average),
                Cell::Money(exception.past.fee.exact().over(third)?.to_money()?),
                volatility(exception.energy_kwh.units(), exception.past.energy_kwh.units())?,
                volatility(exception.amount.fen(), exception.past.fee.fen())?,
                Cell::Text(kernel::Bilingual::text(&exception.state, kernel::Lang::Zh)),
                exception.due_on.map_or(Cell::Empty, Cell::Date),
                exception.answer.clone().map_or(Cell::Empty, Cell::Text),
                Cell::Integer(exception.late_days),
            ]);
        }
    }
    Ok(report)
}

/// The accounting error rate of a month: adjustments for an error of the centre against bills issued. (BILL-21)
pub fn error_rate_of_month(
    tx: &mut Tx<'_>,
    rules: &OfficeRules,
    org_id: i64,
    month: Month,
) -> Result<ErrorRate> {
    let errors = crate::adjustment::centre_errors_of(tx, org_id, month)?;
    let bills = sql::bills_issued(tx, org_id, month)?;
    rules::error_rate(errors, bills, rules.error_rate_flag(month.last_day())?)
}

/// Compiles a month: one row per station with its sums, after checking their logical relations. Only the centre does;
/// a station's confirmed row is not touched again. (RPT-01)
pub fn compile(
    work: &mut Work<'_, '_>,
    month: Month,
    components: &[ComponentTotal],
) -> Result<Vec<StationTotal>> {
    let org_id = work.org_id();
    let totals = station_totals(work.tx, org_id, month)?;
    for total in &totals {
        work.require(permission::COMPILE_REPORT, total.unit_id)?;
        rules::check_relations(total, components)?;
    }
    let (by, now) = (work.actor().person_id, work.now());
    for total in &totals {
        match sql::report_of(work.tx, org_id, month, total.unit_id)? {
            Some(row) if row.confirmed_by.is_some() && row.total == *total => continue,
            Some(row) if row.confirmed_by.is_some() => {
                return Err(OfficeError::refused(
                    "RPT-02",
                    format!(
                        "单位 {} 已确认 {}，与现应收 {} 不同，请先查明差异",
                        total.unit_id, row.total.amount, total.amount
                    ),
                    format!(
                        "unit {} confirmed {}, now {} is receivable: find out why",
                        total.unit_id, row.total.amount, total.amount
                    ),
                ));
            }
            _ => sql::save_compiled(work.tx, org_id, month, total, by, now)?,
        }
        let new = format!("{} bills, {} kWh, {}", total.bills, total.energy_kwh, total.amount);
        record(
            work,
            permission::COMPILE_REPORT,
            total.unit_id,
            "receivable_report",
            &month.to_string(),
            "",
            &new,
        )?;
    }
    Ok(totals)
}

/// The marketing department consents in writing to a late confirmation; by the deadline only. (RPT-04)
pub fn consent_to_late(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    month: Month,
    unit_id: i64,
    text: &str,
) -> Result<()> {
    work.require(permission::CONSENT_LATE, unit_id)?;
    let text = checked_text("consent", text, 1000)?;
    rules::check_consent(rules.confirm_by(month)?, work.today())?;
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    sql::save_consent(work.tx, (org_id, month, unit_id), text, by, now)?;
    record_words(work, permission::CONSENT_LATE, unit_id, "receivable_report", &month.to_string(), "", text)
}

/// The station confirms its compiled data: `amount` is what it saw, so that nobody confirms another figure. Late only
/// with marketing's earlier consent. (RPT-02, RPT-03, RPT-04)
pub fn confirm(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    month: Month,
    unit_id: i64,
    amount: Money,
) -> Result<()> {
    require_at(work, permission::CONFIRM_REPORT, unit_id)?;
    let org_id = work.org_id();
    let row = sql::report_of(work.tx, org_id, month, unit_id)?
        .ok_or(OfficeError::NotFound { what: "compiled report of unit", id: unit_id })?;
    work.forbid_maker(row.compiled_by, "the compiled report")?;
    if row.total.amount != amount {
        return Err(OfficeError::refused(
            "RPT-02",
            format!("应收为 {}，与所确认的 {amount} 不同，请重新查看", row.total.amount),
            format!("the receivable is {}, not {amount}: look again", row.total.amount),
        ));
    }
    let consented = sql::consented_on(work.tx, org_id, month, unit_id)?;
    rules::check_confirmation(rules.confirm_by(month)?, work.today(), consented)?;
    let (by, now) = (work.actor().person_id, work.now());
    sql::save_confirmed(work.tx, (org_id, month, unit_id), row.version, by, now)?;
    record(
        work,
        permission::CONFIRM_REPORT,
        unit_id,
        "receivable_report",
        &month.to_string(),
        "",
        &amount.to_string(),
    )
}

/// The station submits its confirmed report; an unconfirmed one cannot be submitted. (RPT-02)
pub fn submit(work: &mut Work<'_, '_>, month: Month, unit_id: i64) -> Result<()> {
    require_at(work, permission::CONFIRM_REPORT, unit_id)?;
    let org_id = work.org_id();
    let row = sql::report_of(work.tx, org_id, month, unit_id)?
        .ok_or(OfficeError::NotFound { what: "compiled report of unit", id: unit_id })?;
    if row.confirmed_by.is_none() {
        return Err(OfficeError::refused(
            "RPT-02",
            format!("{month} 应收数据尚未确认，不能上报"),
            format!("the receivable data of {month} are not confirmed: confirm them before submitting"),
        ));
    }
    let (by, now) = (work.actor().person_id, work.now());
    sql::save_submitted(work.tx, (org_id, month, unit_id), by, now)?;
    record(
        work,
        permission::CONFIRM_REPORT,
        unit_id,
        "receivable_report",
        &month.to_string(),
        "confirmed",
        "submitted",
    )
}

/// How a station's report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportStatus {
    /// Its figures.
    pub total: StationTotal,
    /// The day it was confirmed.
    pub confirmed_on: Option<Date>,
    /// The day it was submitted.
    pub submitted_on: Option<Date>,
    /// The day by which it is confirmed.
    pub due_on: Date,
    /// Working days late, so far or when it was confirmed.
    pub late_days: i64,
}

/// The stations' reports of a month with their deadlines. (RPT-03, XC-08)
pub fn statuses(
    tx: &mut Tx<'_>,
    rules: &OfficeRules,
    org_id: i64,
    month: Month,
    today: Date,
) -> Result<Vec<ReportStatus>> {
    let due_on = rules.confirm_by(month)?;
    let rows = sql::reports_of(tx, org_id, month)?;
    rows.into_iter()
        .map(|row| {
            Ok(ReportStatus {
                total: row.total,
                confirmed_on: row.confirmed_on,
                submitted_on: row.submitted_on,
                due_on,
                late_days: rules.days_late(due_on, row.confirmed_on.unwrap_or(today))?,
            })
        })
        .collect()
}

/// Rolls submitted reports up to `unit_id`: a supply department sums the stations below it; marketing and the company
/// sum the supply departments that have rolled up, or the stations where there are none. Every one must be there.
/// (RPT-07)
pub fn roll_up(work: &mut Work<'_, '_>, month: Month, unit_id: i64) -> Result<StationTotal> {
    require_at(work, permission::ROLL_UP, unit_id)?;
    let org_id = work.org_id();
    let Parts { there: parts, missing } = parts_of(work.tx, org_id, month, unit_id)?;
    if let Some(missing) = missing {
        return Err(missing_report(month, missing));
    }
    if parts.is_empty() {
        return Err(OfficeError::NotFound { what: "submitted report of month", id: month.number() });
    }
    let total = rules::sum_stations(unit_id, &parts)?;
    let (by, now) = (work.actor().person_id, work.now());
    sql::save_rollup(work.tx, org_id, month, &total, by, now)?;
    let new = format!("{} bills, {}", total.bills, total.amount);
    record(work, permission::ROLL_UP, unit_id, "receivable_rollup", &month.to_string(), "", &new)?;
    Ok(total)
}

/// What is rolled up to a unit, as far as it is there.
struct Parts {
    there: Vec<StationTotal>,
    /// The first unit that has not submitted.
    missing: Option<i64>,
}

fn parts_of(tx: &mut Tx<'_>, org_id: i64, month: Month, unit_id: i64) -> Result<Parts> {
    let units = identity::units(tx, org_id)?;
    let kind_of = |id: i64| units.iter().find(|unit| unit.id == id).map(|unit| unit.kind.as_str());
    let departments: Vec<i64> =
        units.iter().filter(|unit| unit.kind == "supply_department").map(|unit| unit.id).collect();
    let below = |id: i64| {
        let mut at = Some(id);
        // No tree of units is deeper; a circle cannot hold this up.
        for _ in 0..50 {
            at = units.iter().find(|unit| Some(unit.id) == at).and_then(|unit| unit.parent_id);
            if at.is_none() || at == Some(unit_id) {
                break;
            }
        }
        at == Some(unit_id)
    };
    let is_department = kind_of(unit_id) == Some("supply_department");
    if is_department || departments.is_empty() {
        let rows = sql::reports_of(tx, org_id, month)?;
        let own: Vec<_> = rows.iter().filter(|row| !is_department || below(row.total.unit_id)).collect();
        let missing = own.iter().find(|row| row.submitted_on.is_none()).map(|row| row.total.unit_id);
        let there = own.iter().filter(|row| row.submitted_on.is_some()).map(|row| row.total).collect();
        return Ok(Parts { there, missing });
    }
    let mut there = sql::rollups(tx, org_id, month)?;
    there.retain(|total| departments.contains(&total.unit_id));
    let missing = departments.into_iter().find(|id| !there.iter().any(|total| total.unit_id == *id));
    Ok(Parts { there, missing })
}

/// How many submitted reports of a month wait to be rolled up to `unit_id`; none once they were. (RPT-07)
pub fn to_roll_up(tx: &mut Tx<'_>, org_id: i64, month: Month, unit_id: i64) -> Result<usize> {
    let done = sql::rollups(tx, org_id, month)?.iter().any(|total| total.unit_id == unit_id);
    if done { Ok(0) } else { Ok(parts_of(tx, org_id, month, unit_id)?.there.len()) }
}

fn missing_report(month: Month, unit_id: i64) -> OfficeError {
    OfficeError::refused(
        "RPT-07",
        format!("单位 {unit_id} 尚未上报 {month}，不能汇总"),
        format!("unit {unit_id} has not submitted {month}: it cannot be rolled up without it"),
    )
}

/// What was rolled up for a month, by unit.
pub fn rolled_up(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<StationTotal>> {
    sql::rollups(tx, org_id, month)
}
