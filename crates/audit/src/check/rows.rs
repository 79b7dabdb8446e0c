//! Rows that repeat what an act in the log says: who did it, when, and in the same words. And what belongs to nobody.

use std::collections::HashMap;

use identity::check::Checked;
use metering::check::BookFigures;
use store::{RowFault, RowFaultKind, Schema, Tx};
use workflow::WorkflowFigures;

use super::CheckError;
use super::acts::{Said, Told};

/// Rows of organisations that do not exist, and the list of what the schema was made by.
pub(crate) fn strangers(tx: &mut Tx<'_>, schema: &[Schema]) -> Result<Checked, CheckError> {
    let mut checked = Checked::new(
        "database.rows",
        "每一行属于存在的单位组织，数据库结构的版本记录完整",
        "every row belongs to an organisation there is, and the list of schema steps is whole",
    );
    let known = identity::check::organisations(tx)?;
    for (table, org_id) in tx.owners_other_than(&known)? {
        checked.find(
            table,
            format!("有行属于不存在的组织 {org_id}"),
            format!("rows of organisation {org_id}, which does not exist"),
        );
    }
    for step in tx.schema_step_faults(schema)? {
        checked.find(
            step,
            "结构版本记录缺失、多余或被改动",
            "a step of the schema is missing in the list, or altered, or not one of this program",
        );
    }
    Ok(checked)
}

/// Every row of every recorded table is as the program left it.
pub(crate) fn as_left(
    tx: &mut Tx<'_>,
    org_id: i64,
    schema: &[Schema],
    tell: &mut dyn FnMut(i64) -> bool,
) -> Result<Checked, CheckError> {
    let mut checked = Checked::new(
        "database.kept",
        "每一行与程序写入时所存指纹一致，无增、无删、无改",
        "every row is as the program left it by its fingerprint, none edited, added or taken away",
    );
    // Whoever is to stop hears it when this pass is over.
    let mut told = |rows| {
        tell(rows);
    };
    let (rows, faults) = tx.row_faults(org_id, schema, &mut told)?;
    checked.look(rows);
    for RowFault { table, kind } in faults {
        let (place, zh, en) = match kind {
            RowFaultKind::Unwritten(key) => (
                format!("{table} {key}"),
                "此行不是本程序写成的".to_owned(),
                "the program did not write this row as it is".to_owned(),
            ),
            RowFaultKind::Missing(rows) => (
                table,
                format!("有 {rows} 行已不是本程序写成时的样子，或已不存在"),
                format!("{rows} rows as the program left them are not there"),
            ),
            RowFaultKind::Unreadable => {
                (table, "所存的行指纹被改动".to_owned(), "what is kept about its rows was altered".to_owned())
            }
        };
        checked.find(place, zh, en);
    }
    Ok(checked)
}

/// Calculations, accounting periods, the chart and the adoption of vouchers, requests to hold an issue.
pub(crate) fn rows_in_log(
    tx: &mut Tx<'_>,
    org_id: i64,
    told: &mut Told,
    workflow: Option<&WorkflowFigures>,
) -> Result<Checked, CheckError> {
    let mut checked = Checked::new(
        "log.rows",
        "计算、会计期间、科目表、暂缓申请的人员、时间、内容与日志一致",
        "calculations, periods, the chart and hold requests have the persons, moments and words of their acts",
    );
    calculations(tx, org_id, told, &mut checked)?;
    periods(tx, org_id, told, &mut checked)?;
    chart(tx, org_id, told, &mut checked)?;
    if let Some(workflow) = workflow {
        holds(tx, org_id, told, workflow, &mut checked)?;
    }
    Ok(checked)
}

fn calculations(
    tx: &mut Tx<'_>,
    org_id: i64,
    told: &mut Told,
    checked: &mut Checked,
) -> Result<(), CheckError> {
    for kept in billing::check::calculations_kept(tx, org_id)? {
        checked.look(1);
        let acts = told.calculations.entry(kept.document.clone()).or_default();
        let found = acts
            .iter()
            .position(|act| act.person_id == kept.person_id && act.at == kept.at && act.after == kept.words);
        match found {
            Some(at) => drop(acts.swap_remove(at)),
            None => checked.find(
                format!("calculation {}", kept.document),
                "日志中没有这次计算，或人员、时间、户数、金额不符",
                "the log does not have this calculation with its person, moment, count and amount",
            ),
        }
    }
    for (document, acts) in &told.calculations {
        for _ in acts {
            checked.find(
                format!("calculation {document}"),
                "日志中的计算在库中不存在",
                "a calculation of the log is not in the database",
            );
        }
    }
    Ok(())
}

fn periods(tx: &mut Tx<'_>, org_id: i64, told: &Told, checked: &mut Checked) -> Result<(), CheckError> {
    let adoption = ledger::adoption(tx, org_id)?;
    let used = !told.ledger_used.is_empty();
    // Whoever uses the ledger first adopts what was there before.
    match adoption {
        None => checked.must(
            !told.posted,
            || "voucher_adoption".into(),
            "日志覆盖凭证的起点不存在",
            "the moment from which the log covers vouchers is not there",
        ),
        Some(made) => {
            let same = told.adopted_by.map_or(!used || told.ledger_used.contains(&made), |by| by == made);
            checked.must(
                same,
                || "voucher_adoption".into(),
                "日志覆盖凭证的起点与日志不符",
                "the moment from which the log covers vouchers is not that of its act",
            );
        }
    }
    for period in ledger::periods_made(tx, org_id)? {
        checked.look(1);
        let place = || format!("period {}", period.month);
        let acts = told.period_acts.get(&period.month.to_string()).map_or(&[][..], Vec::as_slice);
        let opened = acts.iter().find(|act| act.verb == "ledger.open_period");
        let from_before = adoption.is_some_and(|(_, at)| period.opened.1 < at);
        checked.must(
            opened.map_or(from_before, |act| (act.person_id, act.at) == period.opened),
            place,
            "开账的人员或时间与日志不符",
            "who opened it and when are not what the log says",
        );
        if let Some(last) = acts.last() {
            let expected = match last.verb.as_str() {
                "ledger.close_period" => (Some(last.person_id), Some(last.at)),
                _ => (None, None),
            };
            checked.must(
                expected == period.closed,
                place,
                "结账的人员或时间与日志不符",
                "who closed it and when are not what the log says",
            );
        }
    }
    Ok(())
}

fn chart(tx: &mut Tx<'_>, org_id: i64, told: &Told, checked: &mut Checked) -> Result<(), CheckError> {
    if let Some(digest) = told.chart {
        checked.look(1);
        checked.must(
            ledger::chart_digest(tx, org_id)? == digest,
            || ledger::CHART.into(),
            "会计科目或费用项与最后一次设置的摘要不符",
            "accounts or components differ from the digest of their last change",
        );
    }
    Ok(())
}

fn holds(
    tx: &mut Tx<'_>,
    org_id: i64,
    told: &mut Told,
    workflow: &WorkflowFigures,
    checked: &mut Checked,
) -> Result<(), CheckError> {
    for hold in billing::check::holds_kept(tx, org_id)? {
        checked.look(1);
        let number = workflow.tickets.get(&hold.ticket_id).map(|ticket| ticket.number.clone());
        let acts = number.as_ref().and_then(|number| told.holds.remove(number)).unwrap_or_default();
        let of = |after: &str| acts.iter().find(|act: &&Said| act.after == after);
        let placed = acts.iter().find(|act| act.before.is_empty());
        let same = placed
            .is_some_and(|act| (act.person_id, act.at) == hold.placed && act.after == hold.document)
            && of("released").is_none_or(|act| Some((act.person_id, act.at)) == hold.released)
            && of("issued").map(|act| act.at) == hold.issued_at;
        checked.must(
            same,
            || format!("hold {}", number.unwrap_or_else(|| hold.ticket_id.to_string())),
            "暂缓申请、解除或发行的人员、时间、工单与日志不符",
            "who filed, ended or issued it, when, or its change ticket are not what the log says",
        );
    }
    for number in told.holds.keys() {
        checked.find(
            format!("hold {number}"),
            "日志中的暂缓申请在库中不存在",
            "a request to hold an issue is in the log and not in the database",
        );
    }
    Ok(())
}

/// Exceptions stand under the station of their book.
pub(crate) fn exception_stations(
    tx: &mut Tx<'_>,
    org_id: i64,
    books: &[BookFigures],
) -> Result<Checked, CheckError> {
    let mut checked = Checked::new(
        "cross.exceptions",
        "异常所属单位等于其抄本所属单位",
        "exceptions belong to the station of their book",
    );
    let stations: HashMap<_, i64> =
        books.iter().map(|book| ((book.month, book.book_id), book.unit_id)).collect();
    for (month, book_id, unit_id) in billing::check::exception_stations(tx, org_id)? {
        checked.look(1);
        let same = stations.get(&(month, book_id)).is_none_or(|station| *station == unit_id);
        checked.must(
            same,
            || format!("{month} {book_id}"),
            "异常的单位不是抄本的单位",
            "an exception of another station than its book's",
        );
    }
    Ok(checked)
}
