//! The lists of a month: exceptions by list, reading, adjustments, feedback, delays.

use std::collections::BTreeMap;

use documents::sheet::{Cell, Kind};
use kernel::{Bilingual, Lang, Month};
use metering::book::BookState;
use store::Tx;

use super::forms::{self, KWH, column, form, summed};
use super::model::{AccountDirectory, AccountFact, Report};
use crate::adjustment::{self, AdjustmentCase};
use crate::exception::{Exception, ExceptionFilter, exceptions_of, rules::ListKind, rules::list_of};
use crate::office::{Result, delay, flow};

fn facts_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    directory: &dyn AccountDirectory,
    keys: impl Iterator<Item = i64>,
) -> Result<BTreeMap<i64, AccountFact>> {
    let keys: Vec<i64> = keys.collect();
    Ok(directory.facts(tx, org_id, &keys)?.into_iter().map(|fact| (fact.account_id, fact)).collect())
}

fn account(facts: &BTreeMap<i64, AccountFact>, account_id: i64) -> [Cell; 2] {
    let known = facts.get(&account_id);
    let number = known.map_or_else(|| account_id.to_string(), |fact| fact.number.clone());
    [Cell::Text(number), Cell::Text(known.map_or_else(String::new, |fact| fact.name.clone()))]
}

fn exception_rows(report: &mut Report, facts: &BTreeMap<i64, AccountFact>, found: &[&Exception]) {
    for exception in found {
        let reasons: Vec<&str> = exception.reasons.each().map(|(_, zh, _)| zh).collect();
        let mut row = vec![Cell::Integer(exception.unit_id)];
        row.extend(account(facts, exception.account_id));
        row.extend([
            Cell::Text(reasons.join("、")),
            Cell::Quantity(exception.energy_kwh),
            Cell::Money(exception.amount),
            Cell::Text(exception.state.text(Lang::Zh)),
            exception.due_on.map_or(Cell::Empty, Cell::Date),
            exception.answer.clone().map_or(Cell::Empty, Cell::Text),
            Cell::Integer(exception.late_days),
        ]);
        report.rows.push(row);
    }
}

fn exception_form(code: &'static str, zh: &str, en: &str, month: Month) -> Report {
    let columns = vec![
        column("单位", "Unit", Kind::Integer),
        column("户号", "Account", Kind::Text),
        column("户名", "Name", Kind::Text),
        column("异常原因", "Reasons", Kind::Text),
        summed("电量(千瓦时)", "kWh", KWH),
        summed("电费(元)", "Fee (yuan)", Kind::Money),
        column("状态", "State", Kind::Text),
        column("反馈期限", "Answer by", Kind::Date),
        column("反馈意见", "Answer", Kind::Text),
        column("逾期工作日", "Working days late", Kind::Integer),
    ];
    form(code, zh, en, month, columns)
}

/// The two lists of public-transformer exceptions, all stations. (BILL-10)
pub fn exception_lists(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    directory: &dyn AccountDirectory,
) -> Result<[Report; 2]> {
    let filter = ExceptionFilter { dedicated: Some(false), ..ExceptionFilter::default() };
    let found = exceptions_of(tx, org_id, month, &filter)?;
    let facts = facts_of(tx, org_id, directory, found.iter().map(|exception| exception.account_id))?;
    let mut lists = [
        exception_form(
            "fluctuation_list",
            "电量电费浮动异常客户明细表",
            "Quantity and fee fluctuation exception customers",
            month,
        ),
        exception_form(
            "zero_and_unread_list",
            "抄零、未抄客户明细表",
            "Zero-read and unread customers",
            month,
        ),
    ];
    for (list, kind) in lists.iter_mut().zip([ListKind::Fluctuation, ListKind::ZeroAndUnread]) {
        let own: Vec<&Exception> =
            found.iter().filter(|exception| list_of(exception.reasons) == kind).collect();
        exception_rows(list, &facts, &own);
    }
    Ok(lists)
}

/// Exceptions of dedicated-transformer customers with their tickets. (BILL-13)
pub fn dedicated_exceptions(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    directory: &dyn AccountDirectory,
) -> Result<Report> {
    let filter = ExceptionFilter { dedicated: Some(true), ..ExceptionFilter::default() };
    let found = exceptions_of(tx, org_id, month, &filter)?;
    let facts = facts_of(tx, org_id, directory, found.iter().map(|exception| exception.account_id))?;
    let mut report = exception_form(
        "dedicated_exceptions",
        "专变客户异常明细表",
        "Exceptions of dedicated-transformer customers",
        month,
    );
    exception_rows(&mut report, &facts, &found.iter().collect::<Vec<_>>());
    Ok(report)
}

/// Monthly reading error-rate report (抄表差错率月报表) of `stations`. (XC-21, XC-22, RPT-06)
pub fn reading_error_rate(tx: &mut Tx<'_>, org_id: i64, month: Month, stations: &[i64]) -> Result<Report> {
    let mut report = forms::reading_error_rate(month);
    for unit_id in stations {
        let figures =
            metering::statistics::reading_figures(tx, org_id, month, Some(*unit_id)).map_err(flow::below)?;
        if figures.due == 0 {
            continue;
        }
        let percent = |rate: metering::Result<Option<kernel::Rate>>| {
            Ok::<_, crate::OfficeError>(
                rate.map_err(flow::below)?.map_or(Cell::Text("—".into()), Cell::Percent),
            )
        };
        report.rows.push(vec![
            Cell::Integer(*unit_id),
            Cell::Integer(figures.due),
            Cell::Integer(figures.read),
            percent(figures.actual_reading_rate())?,
            Cell::Integer(figures.households_in_error),
            percent(figures.error_rate())?,
        ]);
    }
    Ok(report)
}

/// How the books of the month stand, by station. (READ-08, READ-10)
pub fn reading_progress(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Report> {
    let mut stations: BTreeMap<i64, [i64; 6]> = BTreeMap::new();
    for book in metering::book::books_of_month(tx, org_id, month).map_err(flow::below)? {
        let counts = stations.entry(book.unit_id).or_default();
        counts[0] += 1;
        counts[1] += i64::from(book.submitted_at.is_some());
        counts[2] += i64::from(book.late_days > 0);
        counts[3] += book.late_days;
        counts[4] += i64::from(book.state == BookState::Exception);
        counts[5] += i64::from(book.state == BookState::Issued);
    }
    let columns = vec![
        column("单位", "Unit", Kind::Integer),
        summed("抄本", "Books", Kind::Integer),
        summed("已提交", "Submitted", Kind::Integer),
        summed("逾期提交", "Submitted late", Kind::Integer),
        summed("逾期天数", "Days late", Kind::Integer),
        summed("异常待处理", "Held by exceptions", Kind::Integer),
        summed("已发行", "Issued", Kind::Integer),
    ];
    let mut report =
        form("reading_progress", "抄表与发行进度表", "Reading and issue by station", month, columns);
    for (unit_id, counts) in stations {
        let mut row = vec![Cell::Integer(unit_id)];
        row.extend(counts.map(Cell::Integer));
        report.rows.push(row);
    }
    Ok(report)
}

/// Adjustments issued in the month, and those in progress, of `stations`. (ADJ-12, ADJ-13)
pub fn adjustment_lists(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    stations: &[i64],
    directory: &dyn AccountDirectory,
) -> Result<[Report; 2]> {
    let columns = || {
        vec![
            column("单位", "Unit", Kind::Integer),
            column("编号", "Number", Kind::Text),
            column("户号", "Account", Kind::Text),
            column("户名", "Name", Kind::Text),
            column("电费年月", "Month", Kind::Month),
            column("原因", "Cause", Kind::Text),
            column("说明", "Reason", Kind::Text),
            summed("电量(千瓦时)", "kWh", KWH),
            summed("电费(元)", "Fee (yuan)", Kind::Money),
        ]
    };
    let mut issued = form("adjustments_issued", "退补电费清单", "Adjustments issued", month, columns());
    let mut running =
        form("adjustments_running", "在途退补清单", "Adjustments in progress", month, columns());
    for unit_id in stations {
        let own = adjustment::cases_of_month(tx, org_id, *unit_id, month)?;
        let open = adjustment::running(tx, org_id, *unit_id)?;
        let keys = own.iter().chain(&open).map(|case| case.account_id);
        let facts = facts_of(tx, org_id, directory, keys)?;
        let row = |case: &AdjustmentCase| {
            let mut row = vec![Cell::Integer(case.unit_id), Cell::Text(case.number.clone())];
            row.extend(account(&facts, case.account_id));
            row.extend([
                Cell::Month(case.month),
                Cell::Text(case.cause.text(Lang::Zh)),
                Cell::Text(case.reason.clone()),
                Cell::Quantity(case.energy_kwh),
                Cell::Money(case.amount),
            ]);
            row
        };
        issued.rows.extend(own.iter().map(row));
        running.rows.extend(open.iter().map(row));
    }
    Ok([issued, running])
}

/// The lists of the month that two sides sign, with their signatures. (XC-04, BILL-12, ADJ-12)
pub fn month_lists(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Report> {
    let columns = vec![
        column("编号", "Number", Kind::Text),
        column("种类", "Kind", Kind::Text),
        column("甲方单位", "First unit", Kind::Integer),
        column("乙方单位", "Second unit", Kind::Integer),
        column("签字", "Signatures", Kind::Integer),
        column("双方已签", "Complete", Kind::Text),
    ];
    let mut report = form("month_lists", "月末双方签字清单", "Lists both sides sign", month, columns);
    for list in workflow::lists_of(tx, org_id, month).map_err(flow::workflow_error)? {
        let complete = if list.is_complete() { "是" } else { "否" };
        let kind = workflow::Catalogue::built_in().list(&list.kind).map(|kind| kind.text.zh.clone());
        report.rows.push(vec![
            Cell::Text(list.number),
            Cell::Text(kind.unwrap_or(list.kind)),
            Cell::Integer(list.first_unit_id),
            Cell::Integer(list.second_unit_id),
            Cell::Integer(i64::try_from(list.signatures.len()).unwrap_or(2)),
            Cell::Text(complete.into()),
        ]);
    }
    Ok(report)
}

/// Feedback of the month on no list signed by both. (BILL-12)
pub fn unsigned_feedback(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Report> {
    let columns = vec![
        column("工单", "Ticket", Kind::Text),
        column("发起单位", "Raised by", Kind::Integer),
        column("单位", "Unit", Kind::Integer),
        column("内容", "Text", Kind::Text),
    ];
    let mut report = form("unsigned_feedback", "未签字反馈清单", "Feedback not signed yet", month, columns);
    for feedback in workflow::unsigned_feedback(tx, org_id, month).map_err(flow::workflow_error)? {
        report.rows.push(vec![
            Cell::Text(feedback.number),
            Cell::Integer(feedback.raised_unit_id),
            Cell::Integer(feedback.addressed_unit_id),
            Cell::Text(feedback.text),
        ]);
    }
    Ok(report)
}

/// Delays and faults of the month with who answers for them. (BILL-06, BILL-15, PARM-06)
pub fn delays(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Report> {
    let columns = vec![
        column("单位", "Unit", Kind::Integer),
        column("责任方", "Answerable", Kind::Text),
        summed("工作日", "Working days", Kind::Integer),
        column("原因", "Cause", Kind::Text),
        column("单据", "Document", Kind::Text),
    ];
    let mut report = form("delays", "延误与责任清单", "Delays and who answers for them", month, columns);
    for delay in delay::delays_of_month(tx, org_id, month)? {
        report.rows.push(vec![
            Cell::Integer(delay.unit_id),
            Cell::Text(delay.party.text(Lang::Zh)),
            Cell::Integer(delay.days),
            Cell::Text(delay.cause),
            Cell::Text(delay.document),
        ]);
    }
    Ok(report)
}
