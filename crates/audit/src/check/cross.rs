//! What one module says against what another or the log says of the same.

use std::collections::{BTreeMap, HashMap, HashSet};

use billing::check::IssueFigures;
use identity::check::{Checked, History};
use ledger::Vouchers;
use metering::check::BookFigures;
use store::Tx;
use workflow::WorkflowFigures;

use super::CheckError;
use super::acts::{Covered, Told};

/// Bills against postings: for every issue, by accounts, customer and component.
pub(crate) fn bills_and_postings(issues: &[IssueFigures], vouchers: &Vouchers) -> Checked {
    let mut checked = Checked::new(
        "cross.postings",
        "已发行账单＝应收＝分录：逐户、逐费用项、合计",
        "bills issued = receivables = postings, for each customer and component and in all",
    );
    let mut named = HashSet::new();
    for issue in issues.iter().filter(|issue| issue.voucher_id != 0) {
        checked.look(issue.bills);
        let place = || format!("{} {} issue {}", issue.month, issue.book_id, issue.issue_id);
        let Some(voucher) = vouchers.get(&issue.voucher_id) else {
            checked.find(place(), "发行批次的凭证不存在", "the voucher of the issue does not exist");
            continue;
        };
        let number = voucher.head.document();
        if !named.insert(issue.voucher_id) {
            checked.find(
                place(),
                format!("凭证 {number} 属于两个发行批次"),
                format!("voucher {number} belongs to two issues"),
            );
        }
        if voucher.sketch != issue.sketch {
            checked.find(
                place(),
                format!("凭证 {number} 的分录与账单不符（按户、科目、费用项）"),
                format!("the postings of voucher {number} are not those its bills call for"),
            );
        }
        let same = voucher.head.unit_id == issue.unit_id
            && voucher.head.person_id == issue.issued_by
            && voucher.head.made_at == issue.issued_at
            && voucher.head.event == billing::BILL_ISSUED;
        checked.must(
            same,
            place,
            "凭证的单位、经办人、时间或事项与发行不符",
            "unit, person, time or event of its voucher differ from the issue",
        );
    }
    for (voucher_id, voucher) in vouchers {
        let of_bills = voucher.head.event == billing::BILL_ISSUED && voucher.head.reverses.is_none();
        if of_bills && !named.contains(voucher_id) {
            checked.find(
                format!("voucher {}", voucher.head.document()),
                "发行凭证没有发行批次",
                "a voucher of issued bills that no issue has",
            );
        }
    }
    checked
}

/// Issues against the log.
pub(crate) fn issues_in_log(issues: &[IssueFigures], told: &mut Told, whole: bool) -> Checked {
    let mut checked = Checked::new(
        "log.issues",
        "每次发行在日志中有其默克尔根，反之亦然",
        "every issue has its root in the log, and every root its issue",
    );
    for issue in issues {
        checked.look(1);
        let place = || format!("{} {} issue {}", issue.month, issue.book_id, issue.issue_id);
        // The act on adjustments names their slip, which this figure does not have; root and moment tell them apart.
        let document = format!("{} {}", issue.month, issue.book_id);
        let named = |act: &Covered| issue.adjustment.is_some() || act.document == document;
        let acts = told.issues.get_mut(&issue.root);
        let found = acts.and_then(|acts| {
            let at = acts.iter().position(|act| named(act) && act.at == issue.issued_at)?;
            Some(acts.swap_remove(at))
        });
        match found {
            None => checked.find(place(), "日志中没有这次发行", "the log does not have this issue"),
            Some(act) => {
                let same = act.lines == issue.bills && act.person_id == issue.issued_by;
                checked.must(same, place, "户数或发行人与日志不符", "count or person differ from the log");
            }
        }
    }
    if whole {
        for act in told.issues.values().flatten() {
            checked.find(
                format!("act {} {}", act.seq, act.document),
                "日志中的发行在库中不存在",
                "an issue of the log is not in the database",
            );
        }
    }
    checked
}

/// Vouchers, periods and the chart against the log.
pub(crate) fn ledger_in_log(
    tx: &mut Tx<'_>,
    org_id: i64,
    vouchers: &Vouchers,
    told: &mut Told,
) -> Result<Checked, CheckError> {
    let mut checked = Checked::new(
        "log.ledger",
        "每张凭证、每次结账、会计科目在日志中有其摘要",
        "every voucher, every close and the chart have their digests in the log",
    );
    let adopted: BTreeMap<i64, i64> = ledger::adopted(tx, org_id)?.into_iter().collect();
    let mut older: Vec<(i64, i64, [u8; 32])> = Vec::new();
    for voucher in vouchers.values() {
        checked.look(1);
        let (year, number) = (voucher.head.year, voucher.head.number);
        let document = voucher.head.document();
        match told.vouchers.remove(&document) {
            Some((digest, 1)) if digest == voucher.digest => (),
            Some((_, 1)) => checked.find(
                format!("voucher {document}"),
                "与日志中的摘要不符",
                "it differs from its digest in the log",
            ),
            Some(_) => checked.find(format!("voucher {document}"), "日志中有两次", "the log has it twice"),
            None if adopted.get(&year).is_some_and(|last| number <= *last) => {
                older.push((year, number, voucher.digest))
            }
            None => {
                checked.find(format!("voucher {document}"), "日志中没有这张凭证", "the log does not have it")
            }
        }
    }
    for document in told.vouchers.keys() {
        checked.find(
            format!("voucher {document}"),
            "日志中的凭证在库中不存在",
            "a voucher of the log is not in the database",
        );
    }
    older.sort_unstable();
    let root = vault::merkle_root(older.iter().map(|(_, _, digest)| *digest));
    let told_of = told.adopted.unwrap_or((0, vault::merkle_root(std::iter::empty())));
    if told_of != (older.len() as i64, root) {
        checked.find(
            "vouchers_adopted",
            "升级前的凭证与日志中的根不符",
            "vouchers from before the log differ from their root in it",
        );
    }
    for period in ledger::periods(tx, org_id)? {
        let told_of = told.periods.remove(&period.month.to_string());
        let place = || period.month.to_string();
        match told_of {
            // Periods from before the upgrade have no act.
            None => (),
            Some((verb, digest)) => {
                let closed = verb == "ledger.close_period";
                checked.must(
                    closed != period.open,
                    place,
                    "开账状态与日志不符",
                    "open or closed differs from the log",
                );
                if closed && !period.open {
                    let now = ledger::period_balance(tx, org_id, period.month)?.digest();
                    checked.must(
                        digest == Some(now),
                        place,
                        "结账时的余额摘要与现在不符",
                        "its balances are not those it was closed with",
                    );
                }
            }
        }
    }
    for month in told.periods.keys() {
        checked.find(month.clone(), "日志中的会计期间不存在", "a period of the log does not exist");
    }
    Ok(checked)
}

/// Books against the log: every step has an act of its own, or was part of a bulk act of version 0.1.0.
pub(crate) fn books_in_log(books: &[BookFigures], told: &mut Told) -> Checked {
    let mut checked = Checked::new(
        "log.books",
        "抄本的每一步在日志中，顺序、人员、状态一致",
        "every step of every book is in the log, in the same order, by the same person",
    );
    for book in books {
        checked.look(1);
        let number = format!("{}/{}", book.month, book.book_id);
        let place = || number.clone();
        let acts = told.books.remove(&number).unwrap_or_default();
        let bulk = told.bulk.get(&format!("{} {}", book.month, book.book_id));
        let mut acts = acts.into_iter().peekable();
        for (from, to, person_id, at) in &book.steps {
            let same = acts.next_if(|act| {
                act.before == from.key()
                    && act.after == to.key()
                    && act.person_id == *person_id
                    && act.at == *at
            });
            if same.is_none() && !bulk.is_some_and(|moments| moments.contains(at)) {
                checked.find(
                    place(),
                    format!("日志中没有由“{}”到“{}”的一步", from.key(), to.key()),
                    format!("the log does not have the step from {} to {}", from.key(), to.key()),
                );
            }
        }
        if let Some(act) = acts.next() {
            checked.find(
                place(),
                format!("日志中由“{}”到“{}”的一步在库中不存在", act.before, act.after),
                format!("the step from {} to {} of the log is not in the database", act.before, act.after),
            );
        }
    }
    // A batch that was taken back takes its books with it, untouched.
    for (number, acts) in &told.books {
        if !acts.is_empty() {
            checked.find(
                number.clone(),
                "日志中的抄本在库中不存在",
                "a book of the log is not in the database",
            );
        }
    }
    checked
}

/// Tickets against the log: the moves of each are its acts, and its state that of the last.
pub(crate) fn tickets_in_log(workflow: &WorkflowFigures, told: &mut Told) -> Checked {
    let mut checked = Checked::new(
        "log.tickets",
        "工作票的每一步在日志中，当前状态等于最后一步",
        "every step of every ticket is in the log, and its state is that of the last",
    );
    for ticket in workflow.tickets.values() {
        checked.look(1);
        let acts = told.tickets.remove(&ticket.number).unwrap_or_default();
        let last = acts.last().map(|(_, after)| after.as_str());
        checked.must(
            last == Some(&ticket.state),
            || ticket.number.clone(),
            "当前状态与日志不符",
            "its state differs from the log",
        );
        checked.must(
            acts == ticket.moves,
            || ticket.number.clone(),
            "步骤与日志不符",
            "its steps differ from the log",
        );
    }
    for number in told.tickets.keys() {
        checked.find(
            number.clone(),
            "日志中的工作票在库中不存在",
            "a ticket of the log is not in the database",
        );
    }
    checked
}

/// Tickets against the rows they stand for.
pub(crate) fn standings(
    tx: &mut Tx<'_>,
    org_id: i64,
    workflow: &WorkflowFigures,
) -> Result<Checked, CheckError> {
    let mut checked = Checked::new(
        "cross.tickets",
        "退补、暂缓、异常、变更的状态与其工作票一致，发行的退补审批完毕",
        "adjustments, holds, exceptions and changes stand where their tickets do; issued adjustments are approved",
    );
    let mut one = |ticket_id: i64, place: String, states: &[&str], approved: Option<i64>| {
        checked.look(1);
        match workflow.tickets.get(&ticket_id) {
            None => checked.find(place.clone(), "工作票不存在", "its ticket does not exist"),
            Some(ticket) if !states.contains(&ticket.state.as_str()) => checked.find(
                place.clone(),
                format!("与工作票 {}（{}）的状态不符", ticket.number, ticket.state),
                format!("it does not fit ticket {}, which is {}", ticket.number, ticket.state),
            ),
            Some(_) => (),
        }
        if let Some(approval_id) = approved {
            let complete = workflow.approvals.get(&approval_id).is_some_and(|(_, complete)| *complete);
            checked.must(complete, || place, "已发行而审批未完成", "it is issued and was not approved");
        }
    };
    for standing in billing::check::ticket_standings(tx, org_id)? {
        one(standing.ticket_id, standing.place, standing.states, standing.approved);
    }
    for standing in metering::check::ticket_standings(tx, org_id)? {
        one(standing.ticket_id, standing.place, standing.states, None);
    }
    Ok(checked)
}

/// Price tables and parameters against the log.
pub(crate) fn data_in_log(tx: &mut Tx<'_>, org_id: i64, told: &mut Told) -> Result<Checked, CheckError> {
    let mut checked = Checked::new(
        "log.data",
        "电价表与参数变更同日志一致",
        "price tables and changes of parameters are as the log has them",
    );
    for (document, digest) in billing::check::price_tables(tx, org_id)? {
        checked.look(1);
        let told_of = told.prices.remove(&document);
        checked.must(
            told_of == Some(digest),
            || document,
            "电价表与装入时的摘要不符",
            "the price table is not the one that was loaded",
        );
    }
    for document in told.prices.keys() {
        checked.find(document.clone(), "日志中的电价表不存在", "a price table of the log does not exist");
    }
    let mut kept: HashMap<_, Vec<(String, String, String)>> = HashMap::new();
    metering::check::account_changes(tx, org_id, |key, field, old, new| {
        kept.entry(key).or_default().push((field.to_owned(), old.to_owned(), new.to_owned()));
    })?;
    for (key, told_of) in &told.parameters {
        checked.look(1);
        let kept = kept.get(key).map_or(&[][..], Vec::as_slice);
        if let Some(missing) = told_of.iter().find(|change| !kept.contains(change)) {
            checked.find(
                format!("{} {}", key.1, missing.0),
                "日志中的参数变更不在库中",
                "a change of a parameter in the log is not in the database",
            );
        }
    }
    Ok(checked)
}

/// Alarms against the log, so that nobody takes one back in the table alone.
pub(crate) fn alarms_in_log(tx: &mut Tx<'_>, org_id: i64, told: &Told) -> Result<Checked, CheckError> {
    let mut checked = Checked::new(
        "log.alarms",
        "警报及其处理与日志一致",
        "alarms and their decisions are as the log has them",
    );
    let alarms: BTreeMap<i64, _> =
        identity::alarm::alarms(tx, org_id)?.into_iter().map(|alarm| (alarm.number, alarm)).collect();
    checked.look(alarms.len() as i64);
    let known = alarms.keys().zip(1_i64..).all(|(number, expected)| *number == expected);
    checked.must(known, || "alarm".into(), "警报编号有缺号", "numbers of alarms are missing");
    for (number, states) in &told.alarms {
        let place = || format!("alarm {number}");
        match alarms.get(number) {
            None => checked.find(place(), "日志中的警报不存在", "an alarm of the log does not exist"),
            Some(alarm) => {
                let last = states.last().map(String::as_str);
                checked.must(
                    last == Some(alarm.state.key()),
                    place,
                    "警报状态与日志不符",
                    "its state differs from the log",
                );
            }
        }
    }
    Ok(checked)
}

/// Numbers of documents against their series.
pub(crate) fn numbers(
    tx: &mut Tx<'_>,
    org_id: i64,
    issues: &[IssueFigures],
    workflow: &WorkflowFigures,
    history: &History,
) -> Result<Vec<Checked>, CheckError> {
    let mut used = documents::NumbersUsed::default();
    for issue in issues {
        used.block("bill", issue.unit_id, issue.year, issue.first_number, issue.bills);
    }
    for (kind, number) in &workflow.numbers {
        used.written(kind, number.clone());
    }
    for (kind, number) in billing::check::document_numbers(tx, org_id)? {
        used.written(kind, number);
    }
    Ok(documents::check(tx, org_id, used, history)?)
}
