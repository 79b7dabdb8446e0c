//! Commands about exceptions.

use identity::Work;
use kernel::{Date, Month};
use store::Tx;
use workflow::{Channel, ListLine, NewList, NewTicket, Subject, UnsignedFeedback};

use super::model::{Exception, ExceptionFilter, ExceptionState, SentLists};
use super::rules::{self, ListKind};
use super::sql;
use crate::office::record::{record, record_words, require_at, unit_of_post};
use crate::office::{OfficeError, OfficeRules, Party, Result, checked_text, delay, flow, permission};

/// Exceptions of a month, by station and account.
pub fn exceptions_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    filter: &ExceptionFilter,
) -> Result<Vec<Exception>> {
    sql::exceptions(tx, org_id, month, filter)
}

/// Accounts of a book whose exceptions are not in order: issue leaves them out. (BILL-14)
pub fn not_in_order(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<Vec<i64>> {
    sql::not_in_order(tx, org_id, month, book_id)
}

fn one(work: &mut Work<'_, '_>, month: Month, account_id: i64) -> Result<Exception> {
    let org_id = work.org_id();
    let filter = ExceptionFilter { account_id: Some(account_id), ..ExceptionFilter::default() };
    let found = sql::exceptions(work.tx, org_id, month, &filter)?.pop();
    found.ok_or(OfficeError::NotFound { what: "exception of account", id: account_id })
}

fn why(exception: &Exception) -> String {
    let names: Vec<&str> = exception.reasons.each().map(|(_, zh, _)| zh).collect();
    format!("{}：{} 千瓦时，{} 元", names.join("、"), exception.energy_kwh, exception.amount)
}

fn new_ticket<'t>(
    kind: &'t str,
    month: Month,
    exception: &Exception,
    centre: i64,
    text: &'t str,
) -> NewTicket<'t> {
    NewTicket {
        kind,
        subject: Subject { kind: "exception", id: exception.account_id },
        account_id: Some(exception.account_id),
        book_id: Some(exception.book_id),
        month: Some(month),
        raised_unit_id: centre,
        addressed_unit_id: exception.unit_id,
        addressed_post: "station_fee_administrator",
        third_unit_id: None,
        text,
    }
}

/// Puts every public-transformer exception of a station that waits on one of the two lists, makes an exception form of
/// each, and sends both lists through OA to the station; the clock of the answer starts. (BILL-09..11, BILL-16)
pub fn send_lists(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    month: Month,
    unit_id: i64,
) -> Result<SentLists> {
    let centre = unit_of_post(work, permission::RAISE_EXCEPTION, unit_id)?;
    let org_id = work.org_id();
    let waiting = ExceptionFilter {
        unit_id: Some(unit_id),
        state: Some(ExceptionState::Found),
        dedicated: Some(false),
        account_id: None,
    };
    let found = sql::exceptions(work.tx, org_id, month, &waiting)?;
    let (today, now, by) = (work.today(), work.now(), work.actor().person_id);
    let due_on = rules.due("feedback_public", today)?;
    let mut sent = SentLists::default();
    for (kind, title) in [
        (ListKind::Fluctuation, "电量电费浮动异常客户明细表"),
        (ListKind::ZeroAndUnread, "抄零、未抄客户明细表"),
    ] {
        let customers: Vec<&Exception> =
            found.iter().filter(|exception| rules::list_of(exception.reasons) == kind).collect();
        if customers.is_empty() {
            continue;
        }
        let number = flow::number(work, "exception_list", centre)?;
        let list_id = work.next_key();
        for exception in &customers {
            let text = why(exception);
            let ticket =
                flow::raise(work, rules, &new_ticket("public_exception", month, exception, centre, &text))?;
            flow::act(work, rules, ticket.id, "send", "")?;
            sql::save_sent(work.tx, (org_id, month), exception, Some(list_id), ticket.id, now, due_on)?;
        }
        let text = format!("{title} {number}：{month} 共 {} 户，请于 {due_on} 前反馈", customers.len());
        let subject = Subject { kind: "exception_list", id: list_id };
        let message_id = flow::message(work, Channel::Oa, (centre, unit_id), subject, &text)?;
        let count = customers.len();
        let row = sql::ListRow {
            list_id,
            month,
            unit_id,
            kind: kind as i64,
            number: &number,
            customers: count as i64,
            message_id,
            by,
            at: now,
        };
        sql::insert_list(work.tx, org_id, &row)?;
        record(work, permission::RAISE_EXCEPTION, unit_id, "exception_list", &number, "", &text)?;
        match kind {
            ListKind::Fluctuation => sent.fluctuation = Some((number, count)),
            ListKind::ZeroAndUnread => sent.zero_and_unread = Some((number, count)),
        }
        sent.due_on = Some(due_on);
    }
    Ok(sent)
}

/// Fills a transaction work ticket about a dedicated-transformer customer to the station's fee administrator; answers
/// its number and the day by which it is answered. (BILL-13)
pub fn raise_ticket(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    month: Month,
    account_id: i64,
    text: &str,
) -> Result<(String, Date)> {
    let exception = one(work, month, account_id)?;
    let centre = unit_of_post(work, permission::RAISE_EXCEPTION, exception.unit_id)?;
    rules::must_be(&exception, ExceptionState::Found)?;
    if !exception.dedicated {
        return Err(OfficeError::refused(
            "BILL-10",
            format!("客户 {account_id} 为公变客户，应列入明细表送基层单位"),
            format!("account {account_id} is served by a public transformer: send it on the station's list"),
        ));
    }
    let text = format!("{}；{}", why(&exception), checked_text("ticket", text, 500)?);
    let kind = rules::ticket_kind(exception.reasons);
    let ticket = flow::raise(work, rules, &new_ticket(kind, month, &exception, centre, &text))?;
    let due_on = rules.due(rules::feedback_clock(true, exception.reasons), work.today())?;
    let (org_id, now) = (work.org_id(), work.now());
    sql::save_sent(work.tx, (org_id, month), &exception, None, ticket.id, now, due_on)?;
    record(
        work,
        permission::RAISE_EXCEPTION,
        exception.unit_id,
        "exception",
        &ticket.number,
        "found",
        "sent",
    )?;
    Ok((ticket.number, due_on))
}

fn ticket_of(exception: &Exception) -> Result<i64> {
    exception.ticket_id.ok_or(OfficeError::NotFound { what: "ticket of account", id: exception.account_id })
}

/// The station answers an exception; an answer after its day postpones the issue, and the delay is the station's.
/// Answers the working days by which it was late. (BILL-11, BILL-13, BILL-15)
pub fn answer(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    month: Month,
    account_id: i64,
    text: &str,
) -> Result<i64> {
    let exception = one(work, month, account_id)?;
    require_at(work, permission::ANSWER_EXCEPTION, exception.unit_id)?;
    rules::must_be(&exception, ExceptionState::Sent)?;
    let text = checked_text("answer", text, 1000)?;
    let ticket = flow::act(work, rules, ticket_of(&exception)?, "answer", text)?;
    let (org_id, today, now, by) = (work.org_id(), work.today(), work.now(), work.actor().person_id);
    let late_days = exception.due_on.map_or(Ok(0), |due| rules.days_late(due, today))?;
    sql::save_answered(work.tx, (org_id, month), &exception, (by, now), text, late_days)?;
    if late_days > 0 {
        let late = delay::Delay {
            month,
            unit_id: exception.unit_id,
            account_id: Some(account_id),
            book_id: Some(exception.book_id),
            party: Party::Station,
            days: late_days,
            cause: "BILL-15 late feedback".into(),
            document: ticket.number.clone(),
        };
        delay::note(work, permission::ANSWER_EXCEPTION, &late)?;
    }
    record_words(work, permission::ANSWER_EXCEPTION, exception.unit_id, "exception", &ticket.number, "sent", text)?;
    Ok(late_days)
}

/// The reviewer asks again because the answer does not settle it; the clock of the answer starts anew.
pub fn ask_again(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    month: Month,
    account_id: i64,
    text: &str,
) -> Result<Date> {
    let exception = one(work, month, account_id)?;
    work.require(permission::RAISE_EXCEPTION, exception.unit_id)?;
    rules::must_be(&exception, ExceptionState::Answered)?;
    let text = checked_text("question", text, 1000)?;
    let ticket = flow::act(work, rules, ticket_of(&exception)?, "ask_again", text)?;
    let due_on = rules.due(rules::feedback_clock(exception.dedicated, exception.reasons), work.today())?;
    let org_id = work.org_id();
    sql::save_state(work.tx, (org_id, month), &exception, ExceptionState::Sent, None, Some(due_on))?;
    record_words(
        work,
        permission::RAISE_EXCEPTION,
        exception.unit_id,
        "exception",
        &ticket.number,
        "answered",
        text,
    )?;
    Ok(due_on)
}

/// The reviewer finds the data in order and closes the exception; the bill is due two working days later, which is the
/// later for every day the station was late. Answers that day. (BILL-11, BILL-14, BILL-15)
pub fn put_in_order(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    month: Month,
    account_id: i64,
) -> Result<Date> {
    let exception = one(work, month, account_id)?;
    work.require(permission::CLOSE_EXCEPTION, exception.unit_id)?;
    rules::must_be(&exception, ExceptionState::Answered)?;
    if let Some(person_id) = exception.answered_by {
        work.forbid_maker(person_id, "the answer to the exception")?;
    }
    crate::suspicion::require_released(work, month, &exception)?;
    let step = if exception.dedicated { "close" } else { "data_in_order" };
    let ticket = flow::act(work, rules, ticket_of(&exception)?, step, "")?;
    let due_on = rules.due("issue_after_exception", work.today())?;
    let (org_id, now) = (work.org_id(), work.now());
    let (state, answer_due) = (ExceptionState::InOrder, exception.due_on);
    sql::save_state(work.tx, (org_id, month), &exception, state, Some(now), answer_due)?;
    record(
        work,
        permission::CLOSE_EXCEPTION,
        exception.unit_id,
        "exception",
        &ticket.number,
        "answered",
        step,
    )?;
    Ok(due_on)
}

/// Closes the tickets of a book's exceptions that were issued, and meets their clocks; part of the reviewer's issue,
/// after the issue core has marked them. Answers how many. (BILL-14)
pub fn close_issued(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    month: Month,
    book_id: i64,
) -> Result<usize> {
    let org_id = work.org_id();
    let mut closed = 0;
    for ticket_id in sql::tickets_of_issued(work.tx, org_id, month, book_id)? {
        if !flow::ticket(work.tx, org_id, ticket_id)?.closed {
            flow::act(work, rules, ticket_id, "issue", "")?;
            closed += 1;
        }
    }
    Ok(closed)
}

fn between(feedback: &UnsignedFeedback, one: i64, other: i64) -> bool {
    let units = (feedback.raised_unit_id, feedback.addressed_unit_id);
    units == (one, other) || units == (other, one)
}

/// Feedback of a month between two units that stands on no list signed by both. (BILL-12)
pub fn unsigned_feedback_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    units: (i64, i64),
) -> Result<Vec<UnsignedFeedback>> {
    let mut found = workflow::unsigned_feedback(tx, org_id, month).map_err(flow::workflow_error)?;
    found.retain(|feedback| between(feedback, units.0, units.1));
    Ok(found)
}

/// Makes the month's list of all feedback between the centre and a station, for both to sign. (BILL-12)
pub fn make_feedback_list(
    work: &mut Work<'_, '_>,
    month: Month,
    unit_id: i64,
) -> Result<workflow::SignedList> {
    let centre = unit_of_post(work, permission::MAKE_LIST, unit_id)?;
    let org_id = work.org_id();
    let lines: Vec<ListLine> = unsigned_feedback_of(work.tx, org_id, month, (centre, unit_id))?
        .into_iter()
        .map(|feedback| ListLine {
            subject_kind: "feedback".into(),
            subject_id: feedback.feedback_id,
            text: format!("{} {}", feedback.number, feedback.text),
        })
        .collect();
    let new =
        NewList { kind: "feedback", month, first_unit_id: centre, second_unit_id: unit_id, lines: &lines };
    let list = flow::make_list(work, &new)?;
    let count = format!("{} lines", lines.len());
    record(work, permission::MAKE_LIST, unit_id, "feedback_list", &list.number, "", &count)?;
    Ok(list)
}

/// Sends a reviewed book back one step, to calculated, with a reason, here and in metering; who had reviewed it stays on record. What is
/// issued never goes back. (BILL-23)
pub fn return_book(work: &mut Work<'_, '_>, unit_id: i64, calculation_id: i64, reason: &str) -> Result<()> {
    work.require(permission::RETURN_STEP, unit_id)?;
    let reason = checked_text("reason", reason, 500)?;
    let org_id = work.org_id();
    let found = sql::calculation(work.tx, org_id, calculation_id)?
        .ok_or(OfficeError::NotFound { what: "calculation", id: calculation_id })?;
    let Some(reviewed) = found.reviewed.filter(|_| !found.issued) else {
        let (zh, en) = if found.issued { ("已发行", "issued") } else { ("未复核", "not reviewed") };
        return Err(OfficeError::refused(
            "BILL-23",
            format!("抄本 {} {}{zh}，不能退回", found.book_id, found.month),
            format!("book {} of {} is {en} and cannot go back", found.book_id, found.month),
        ));
    };
    let (by, now) = (work.actor().person_id, work.now());
    sql::step_back(work.tx, org_id, calculation_id, reviewed, (by, now), reason)?;
    // A book taken over from elsewhere was never opened in metering and has no state there.
    if metering::book::book_month(work.tx, org_id, found.month, found.book_id).map_err(flow::below)?.is_some()
    {
        metering::book::send_back(work, found.month, found.book_id, reason).map_err(flow::below)?;
    }
    let (number, old) = (calculation_id.to_string(), format!("reviewed by {}", reviewed.0));
    record_words(work, permission::RETURN_STEP, unit_id, "calculation", &number, &old, reason)
}
