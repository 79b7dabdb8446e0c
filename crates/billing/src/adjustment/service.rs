//! Commands that move an adjustment along its route.

use identity::Work;
use kernel::{Bilingual, Date, Lang, Month};
use store::Tx;
use workflow::{ApprovalState, Channel, NewApproval, NewTicket, Subject};

use super::model::{
    AdjustmentBill, AdjustmentCase, CaseState, Effect, FollowUp, FollowUpItem, NewAdjustment,
};
use super::sql;
use crate::BillKey;
use crate::office::record::{record, record_words, require_at, unit_of_post};
use crate::office::{OfficeError, OfficeRules, Party, Result, checked_text, delay, flow, permission};

/// One case.
pub fn find(tx: &mut Tx<'_>, org_id: i64, case_id: i64) -> Result<AdjustmentCase> {
    sql::find(tx, org_id, case_id)?.ok_or(OfficeError::NotFound { what: "adjustment", id: case_id })
}

/// What a case changes.
pub fn effect_of(tx: &mut Tx<'_>, org_id: i64, case: &AdjustmentCase) -> Result<Effect> {
    sql::effect(tx, org_id, case)
}

/// Cases of a station in progress. (ADJ-13)
pub fn running(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Vec<AdjustmentCase>> {
    sql::running(tx, org_id, unit_id)
}

/// Cases of a station whose bills were issued in the calendar month. (ADJ-12)
pub fn cases_of_month(
    tx: &mut Tx<'_>,
    org_id: i64,
    unit_id: i64,
    month: Month,
) -> Result<Vec<AdjustmentCase>> {
    sql::issued_between(tx, org_id, unit_id, month.first_day(), month.last_day())
}

/// Accounts from `first` to `last` with an adjustment in progress: their normal issue is held. (ADJ-16)
pub fn in_progress(tx: &mut Tx<'_>, org_id: i64, first: i64, last: i64) -> Result<Vec<i64>> {
    sql::in_progress(tx, org_id, first, last)
}

/// Adjustments of a month's bills for an error of the centre. (BILL-21)
pub fn centre_errors_of(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<i64> {
    sql::centre_errors(tx, org_id, month)
}

/// The follow-up checklist of a case. (ADJ-15)
pub fn follow_ups(tx: &mut Tx<'_>, org_id: i64, case_id: i64) -> Result<Vec<FollowUp>> {
    sql::follow_ups(tx, org_id, case_id)
}

pub(crate) fn load(work: &mut Work<'_, '_>, case_id: i64) -> Result<AdjustmentCase> {
    let org_id = work.org_id();
    let case = find(work.tx, org_id, case_id)?;
    if case.state == CaseState::Running {
        return Ok(case);
    }
    Err(OfficeError::refused(
        "ADJ-03",
        format!("退补 {} 已办结", case.number),
        format!("adjustment {} is finished", case.number),
    ))
}

/// The metering institute asks the station for a fee adjustment by a transaction work ticket, and supplies its basis;
/// it starts nothing itself. Answers the ticket's key. (ADJ-06, ADJ-10)
pub fn raise_fee_request(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    account_id: i64,
    basis: &str,
) -> Result<i64> {
    let place = flow::place_of(work, account_id)?;
    let institute = unit_of_post(work, permission::RAISE_METERING_FEE, place.unit_id)?;
    let basis = checked_text("basis", basis, 1000)?;
    let new = NewTicket {
        kind: "metering_fee_request",
        subject: Subject { kind: "account", id: account_id },
        account_id: Some(account_id),
        book_id: Some(place.book_id),
        month: None,
        raised_unit_id: institute,
        addressed_unit_id: place.unit_id,
        addressed_post: "station_fee_administrator",
        third_unit_id: None,
        text: basis,
    };
    let ticket = flow::raise(work, rules, &new)?;
    record_words(
        work,
        permission::RAISE_METERING_FEE,
        place.unit_id,
        "metering_fee_request",
        &ticket.number,
        "",
        basis,
    )?;
    Ok(ticket.id)
}

/// Starts an adjustment: the slip gets its formal number and keeps its specific reason, the approval it needs is
/// opened, and from now on the customer's normal issue is held. (ADJ-01..07, ADJ-16, ADJ-17, ADJ-18)
pub fn start(work: &mut Work<'_, '_>, rules: &OfficeRules, new: &NewAdjustment) -> Result<AdjustmentCase> {
    let route = new.cause.route();
    let place = flow::place_of(work, new.account_id)?;
    let reason = checked_text("reason", &new.reason, 500)?;
    new.effect.check()?;
    let amount = new.effect.amount()?;
    let by_station = route.starts == permission::START_STATION;
    let started_unit_id = if by_station {
        require_at(work, route.starts, place.unit_id)?;
        place.unit_id
    } else {
        unit_of_post(work, route.starts, place.unit_id)?
    };
    let cause = new.cause.text(Lang::Zh);
    match (route.on_request, new.request_ticket_id) {
        (true, Some(ticket_id)) => take_up_request(work, rules, ticket_id, new.account_id)?,
        (false, None) => {}
        (true, None) => {
            return Err(OfficeError::refused(
                "ADJ-06",
                "计量故障电费退补须依据计量所事务工作票发起",
                "a fee adjustment for a metering fault is started on the metering institute's ticket: name it",
            ));
        }
        (false, Some(_)) => {
            return Err(OfficeError::refused(
                "ADJ-06",
                format!("{cause} 不依据计量所工作票"),
                "only a fee adjustment for a metering fault is started on the institute's ticket: leave it out",
            ));
        }
    }
    let case_id = work.next_key();
    let (addressed, third) = match route.ticket_kind {
        "adjustment_station" => (new.centre_unit_id, None),
        "adjustment_centre" => (place.unit_id, None),
        _ => (place.unit_id, Some(new.centre_unit_id)),
    };
    let ticket = flow::raise(
        work,
        rules,
        &NewTicket {
            kind: route.ticket_kind,
            subject: Subject { kind: "adjustment", id: case_id },
            account_id: Some(new.account_id),
            book_id: Some(place.book_id),
            month: Some(new.month),
            raised_unit_id: started_unit_id,
            addressed_unit_id: addressed,
            addressed_post: "",
            third_unit_id: third,
            text: &format!("{cause}：{reason}"),
        },
    )?;
    let approval = flow::open_approval(
        work,
        &NewApproval {
            kind: route.ticket_kind,
            subject: Subject { kind: "ticket", id: ticket.id },
            unit_id: place.unit_id,
            amount: amount.abs()?,
            is_refund: amount.is_negative(),
            maker_id: work.actor().person_id,
        },
    )?;
    let case = AdjustmentCase {
        case_id,
        number: ticket.number.clone(),
        ticket_id: ticket.id,
        approval_id: approval.id,
        cause: new.cause,
        reason: reason.to_owned(),
        account_id: new.account_id,
        unit_id: place.unit_id,
        book_id: place.book_id,
        started_unit_id,
        centre_unit_id: new.centre_unit_id,
        started_by: work.actor().person_id,
        month: new.month,
        energy_kwh: new.effect.energy_kwh,
        amount,
        called: false,
        evidence_list_id: None,
        state: CaseState::Running,
        sequence: None,
        version: 1,
    };
    let mut follow_up = new.follow_up.clone();
    follow_up.sort_unstable();
    follow_up.dedup();
    let (org_id, now) = (work.org_id(), work.now());
    sql::insert(work.tx, org_id, &case, &new.effect, &follow_up, now)?;
    crate::hold::begin_adjustment(work, case.account_id, &case.number)?;
    if let Some(document) = &new.change_ticket {
        attribute_missing_hold(work, &case, document, route.starts)?;
    }
    let new = format!("{cause} {} kWh {amount}", case.energy_kwh);
    record(work, route.starts, case.unit_id, "adjustment", &case.number, "", &new)?;
    Ok(case)
}

fn take_up_request(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    ticket_id: i64,
    account_id: i64,
) -> Result<()> {
    let org_id = work.org_id();
    let request = flow::ticket(work.tx, org_id, ticket_id)?;
    if request.kind != "metering_fee_request" || request.account_id != Some(account_id) {
        return Err(OfficeError::refused(
            "ADJ-06",
            format!("工作票 {} 不是本户的计量所退补工作票", request.number),
            format!("ticket {} is not the metering institute's request for this account", request.number),
        ));
    }
    flow::act(work, rules, ticket_id, "answer", "已发起退补")?;
    Ok(())
}

/// Without a hold-issue request for the change it follows from, the adjustment is the station's. (PARM-06)
fn attribute_missing_hold(
    work: &mut Work<'_, '_>,
    case: &AdjustmentCase,
    document: &str,
    verb: identity::Permission,
) -> Result<()> {
    let org_id = work.org_id();
    if crate::hold::was_filed_for(work.tx, org_id, case.account_id, document)? {
        return Ok(());
    }
    delay::note(
        work,
        verb,
        &delay::Delay {
            month: case.month,
            unit_id: case.unit_id,
            account_id: Some(case.account_id),
            book_id: Some(case.book_id),
            party: Party::Station,
            days: 0,
            cause: format!("PARM-06 no hold-issue request for {document}"),
            document: case.number.clone(),
        },
    )
}

/// Decides the approval step that waits. When it was the last and the person may, the case goes on at once; answers
/// whether every step is approved. (ADJ-03..07, ADJ-17)
pub fn approve(work: &mut Work<'_, '_>, rules: &OfficeRules, case_id: i64, text: &str) -> Result<bool> {
    let case = load(work, case_id)?;
    let approval = flow::decide(work, case.approval_id, true, text)?;
    let verb = approver(&case);
    record(
        work,
        verb,
        case.unit_id,
        "adjustment",
        &case.number,
        "started",
        &format!("approved: {}", approval.number),
    )?;
    if approval.state != ApprovalState::Approved {
        return Ok(false);
    }
    if work.require(verb, case.started_unit_id).is_ok() {
        flow::act(work, rules, case.ticket_id, "approve", text)?;
    }
    Ok(true)
}

/// Sends a case on whose last approval was a leader's, who is not of the unit that started it. (ADJ-17)
pub fn send_on(work: &mut Work<'_, '_>, rules: &OfficeRules, case_id: i64) -> Result<()> {
    let case = load(work, case_id)?;
    flow::act(work, rules, case.ticket_id, "approve", "")?;
    record(work, approver(&case), case.unit_id, "adjustment", &case.number, "approved", "sent on")
}

fn approver(case: &AdjustmentCase) -> identity::Permission {
    match case.cause.route().ticket_kind {
        "adjustment_station" => permission::APPROVE_STATION,
        "adjustment_centre" => permission::APPROVE_CENTRE,
        "adjustment_metering" => permission::APPROVE_METERING,
        _ => permission::APPROVE_INSPECTION,
    }
}

/// Refuses a case before it is operated, by the approver or, for wrong data, by the station; it ends without effect.
pub fn refuse(work: &mut Work<'_, '_>, rules: &OfficeRules, case_id: i64, reason: &str) -> Result<()> {
    let case = load(work, case_id)?;
    let reason = checked_text("reason", reason, 500)?;
    let org_id = work.org_id();
    let state = flow::ticket(work.tx, org_id, case.ticket_id)?.state;
    let (act, verb) = if state == "approved" {
        ("refuse_data", permission::AUDIT_DATA)
    } else {
        ("refuse", approver(&case))
    };
    flow::act(work, rules, case.ticket_id, act, reason)?;
    sql::save_end(work.tx, org_id, &case, CaseState::Refused, None)?;
    if case.is_batch() {
        crate::hold::end_batch(work, &case.number)?;
    } else {
        crate::hold::end_adjustment(work, case.account_id, &case.number)?;
    }
    record_words(work, verb, case.unit_id, "adjustment", &case.number, &state, &format!("refused: {reason}"))
}

fn step(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    case_id: i64,
    act: &str,
    verb: identity::Permission,
    text: &str,
) -> Result<AdjustmentCase> {
    let case = load(work, case_id)?;
    let ticket = flow::act(work, rules, case.ticket_id, act, text)?;
    record(work, verb, case.unit_id, "adjustment", &case.number, act, &ticket.state)?;
    Ok(case)
}

/// The station audits the original data. (ADJ-04, ADJ-05, ADJ-07)
pub fn audit(work: &mut Work<'_, '_>, rules: &OfficeRules, case_id: i64, text: &str) -> Result<()> {
    step(work, rules, case_id, "audit", permission::AUDIT_DATA, text).map(drop)
}

/// The centre operates the adjustment; who started it does not. (ADJ-03)
pub fn operate(work: &mut Work<'_, '_>, rules: &OfficeRules, case_id: i64) -> Result<()> {
    step(work, rules, case_id, "operate", permission::OPERATE, "").map(drop)
}

/// The centre archives the adjustment. (ADJ-03)
pub fn archive(work: &mut Work<'_, '_>, rules: &OfficeRules, case_id: i64) -> Result<()> {
    step(work, rules, case_id, "archive", permission::ARCHIVE, "").map(drop)
}

/// Notes the centre's telephone call that asks the station to create the book, enter the readings and submit. (ADJ-08)
pub fn record_call(work: &mut Work<'_, '_>, case_id: i64, text: &str) -> Result<()> {
    let case = load(work, case_id)?;
    work.require(permission::FOLLOW_UP, case.unit_id)?;
    let text = checked_text("call", text, 500)?;
    let org_id = work.org_id();
    let subject = Subject { kind: "adjustment", id: case_id };
    let message_id =
        flow::message(work, Channel::Telephone, (case.centre_unit_id, case.unit_id), subject, text)?;
    sql::save_call(work.tx, org_id, &case, message_id)?;
    record(
        work,
        permission::FOLLOW_UP,
        case.unit_id,
        "adjustment",
        &case.number,
        "",
        &format!("called: {text}"),
    )
}

/// The centre chases a follow-up step. (ADJ-15)
pub fn chase(work: &mut Work<'_, '_>, case_id: i64, item: FollowUpItem) -> Result<()> {
    let case = load(work, case_id)?;
    work.require(permission::FOLLOW_UP, case.unit_id)?;
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    sql::save_chased(work.tx, org_id, case_id, item, (by, now))?;
    record(
        work,
        permission::FOLLOW_UP,
        case.unit_id,
        "adjustment",
        &case.number,
        "",
        &format!("chased {item:?}"),
    )
}

/// The station has done a follow-up step. (ADJ-15)
pub fn complete_follow_up(work: &mut Work<'_, '_>, case_id: i64, item: FollowUpItem) -> Result<()> {
    let case = load(work, case_id)?;
    require_at(work, permission::DO_FOLLOW_UP, case.unit_id)?;
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    sql::save_done(work.tx, org_id, case_id, item, (by, now))?;
    record(
        work,
        permission::DO_FOLLOW_UP,
        case.unit_id,
        "adjustment",
        &case.number,
        "",
        &format!("done {item:?}"),
    )
}

/// The station reports that all follow-up steps of an archived case are done; the fee is then due two working days
/// later. Answers that day. (ADJ-15, ADJ-16)
pub fn finish_follow_up(work: &mut Work<'_, '_>, rules: &OfficeRules, case_id: i64) -> Result<Date> {
    let case = load(work, case_id)?;
    require_at(work, permission::DO_FOLLOW_UP, case.unit_id)?;
    let org_id = work.org_id();
    let open =
        sql::follow_ups(work.tx, org_id, case_id)?.iter().filter(|step| step.done_by.is_none()).count();
    if open > 0 {
        return Err(OfficeError::refused(
            "ADJ-16",
            format!("退补 {} 还有 {open} 项后续操作未完成", case.number),
            format!("adjustment {} has {open} follow-up steps to be done first", case.number),
        ));
    }
    flow::act(work, rules, case.ticket_id, "follow_up", "")?;
    record(
        work,
        permission::DO_FOLLOW_UP,
        case.unit_id,
        "adjustment",
        &case.number,
        "archived",
        "followed up",
    )?;
    let due = flow::due_of(work, case.ticket_id, "issue_after_adjustment")?;
    due.map_or_else(|| rules.due("issue_after_adjustment", work.today()), Ok)
}

/// Issues the adjustment as a further bill of the account's month. `issue_adjustment` writes and posts it and answers
/// the key of the issue; here it is decided that it may. (ADJ-08, ADJ-16)
pub fn issue(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    case_id: i64,
    issue_adjustment: impl FnOnce(&mut Work<'_, '_>, &AdjustmentBill) -> Result<i64>,
) -> Result<AdjustmentBill> {
    let case = load(work, case_id)?;
    work.require(permission::ISSUE, case.unit_id)?;
    if case.is_batch() {
        return Err(OfficeError::refused(
            "ADJ-16",
            format!("退补 {} 是多户退补，须按清单发行", case.number),
            format!("adjustment {} is a batch: it is issued by its lines", case.number),
        ));
    }
    if case.cause.route().needs_call && !case.called {
        return Err(OfficeError::refused(
            "ADJ-08",
            format!("退补 {} 尚未电话通知基层单位创建电子抄本", case.number),
            format!(
                "adjustment {}: call the station about the electronic book and note the call first",
                case.number
            ),
        ));
    }
    flow::act(work, rules, case.ticket_id, "issue", "")?;
    let org_id = work.org_id();
    let effect = sql::effect(work.tx, org_id, &case)?;
    let sequence = sql::next_sequence(work.tx, org_id, case.month, case.account_id)?;
    let bill = AdjustmentBill {
        key: BillKey { org_id, month: case.month, account_id: case.account_id, sequence },
        unit_id: case.unit_id,
        book_id: case.book_id,
        document: case.number.clone(),
        reason: case.reason.clone(),
        energy_kwh: effect.energy_kwh,
        amount: effect.amount()?,
        tiers: effect.tiers,
        components: effect.components,
    };
    let issue_id = issue_adjustment(work, &bill)?;
    let today = work.today();
    sql::save_end(work.tx, org_id, &case, CaseState::Issued, Some((sequence, issue_id, today)))?;
    crate::hold::end_adjustment(work, case.account_id, &case.number)?;
    let new = format!("bill {} of {}: {}", sequence, case.month, bill.amount);
    record(work, permission::ISSUE, case.unit_id, "adjustment", &case.number, "followed up", &new)?;
    Ok(bill)
}
