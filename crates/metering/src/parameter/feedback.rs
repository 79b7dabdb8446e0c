//! What the centre says about parameters without ever touching them: inconsistencies between contract and system, and
//! error lists with a suggested correction, which the station modifies. Source: PARM-02, PARM-10, BILL-17.

use identity::Work;
use kernel::WorkingCalendar;
use store::Tx;
use workflow::{NewTicket, Subject};

use super::change::Line;
use super::fault::chinese;
use super::model::{ParameterTicket, TicketState};
use super::permissions::{CHANGE, CONFIRM_CORRECTION, RAISE_ERROR_LIST, REPORT_INCONSISTENCY, SECOND_MODIFY};
use super::service::{self, SUBJECT, loaded, wrong_state};
use super::{ParameterError, Result, sql, supply};
use crate::book::checked_note;
use crate::trace;

/// Longest value of a contract or of the system that is kept, in characters.
const VALUE_CHARS_MAX: usize = 200;

/// A parameter that differs between contract and system (参数不一致).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inconsistency {
    /// Its key, that of its workflow ticket as well.
    pub inconsistency_id: i64,
    /// The account.
    pub account_id: i64,
    /// The parameter, by the names of `account_change.field`.
    pub field: String,
    /// What the contract says.
    pub contract_value: String,
    /// What the system says.
    pub system_value: String,
    /// The change by which the station resolved it.
    pub change_ticket_id: Option<i64>,
}

/// An error list about a change ticket (错误清单).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorList {
    /// Its key, that of its workflow ticket as well.
    pub error_list_id: i64,
    /// The change ticket, archived or not.
    pub ticket_id: i64,
    /// What is wrong.
    pub error: String,
    /// How it should be.
    pub suggestion: String,
    /// The revision of lines by which the station modified it.
    pub revision: Option<i64>,
}

/// The centre feeds back, to the station, that contract and system differ for a dedicated-transformer customer.
/// Source: PARM-02.
pub fn report_inconsistency(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    centre_unit_id: i64,
    account_id: i64,
    field: &str,
    (contract_value, system_value): (&str, &str),
) -> Result<Inconsistency> {
    work.require(REPORT_INCONSISTENCY, centre_unit_id)?;
    let org_id = work.org_id();
    let details = supply::sql::load_details(work.tx, org_id, account_id)?
        .ok_or_else(|| ParameterError::not_found("用户", "account", account_id))?;
    if !details.account.is_dedicated() {
        let (zh, en) = ("不是专变客户", "it is not a dedicated-transformer customer");
        return Err(ParameterError::not_now(&details.number, zh, en));
    }
    let short = |text: &str| text.trim().chars().take(VALUE_CHARS_MAX).collect::<String>();
    let (field, contract_value, system_value) = (short(field), short(contract_value), short(system_value));
    if field.is_empty() || contract_value == system_value {
        let why = ("应写明参数及合同与系统中不同的值", "name the parameter and two different values");
        return Err(ParameterError::value(("参数不一致", "inconsistency"), why));
    }
    let text = format!("{} ({field}): {contract_value} / {system_value}", chinese(&field));
    let raised = workflow::raise(
        work,
        calendar,
        &NewTicket {
            kind: "parameter_inconsistency",
            subject: Subject { kind: "account", id: account_id },
            account_id: Some(account_id),
            book_id: None,
            month: None,
            raised_unit_id: centre_unit_id,
            addressed_unit_id: details.account.unit_id,
            addressed_post: "station_fee_administrator",
            third_unit_id: None,
            text: &text,
        },
    )?;
    let found = Inconsistency {
        inconsistency_id: raised.id,
        account_id,
        field,
        contract_value,
        system_value,
        change_ticket_id: None,
    };
    sql::insert_inconsistency(work.tx, org_id, &found)?;
    trace::record_words(
        work,
        REPORT_INCONSISTENCY,
        centre_unit_id,
        ("parameter_inconsistency", &raised.number),
        &text,
    )?;
    Ok(found)
}

/// The station resolves an inconsistency, by a change ticket of that account or by an explanation. Source: PARM-01.
pub fn resolve_inconsistency(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    inconsistency_id: i64,
    change_ticket_id: Option<i64>,
    answer: &str,
) -> Result<()> {
    let org_id = work.org_id();
    let found = inconsistency(work.tx, org_id, inconsistency_id)?
        .ok_or_else(|| ParameterError::not_found("参数不一致", "inconsistency", inconsistency_id))?;
    let details = supply::sql::load_details(work.tx, org_id, found.account_id)?
        .ok_or_else(|| ParameterError::not_found("用户", "account", found.account_id))?;
    work.require(CHANGE, details.account.unit_id)?;
    if let Some(ticket_id) = change_ticket_id {
        let ticket = loaded(work, ticket_id)?;
        if ticket.account_id != found.account_id {
            let (zh, en) = ("不是该用户的工单", "it is not a ticket of that account");
            return Err(ParameterError::not_now(&ticket.number, zh, en));
        }
    }
    let answer = checked_note(answer)?.to_owned();
    service::step(work, calendar, inconsistency_id, "resolve", &answer)?;
    sql::link_inconsistency(work.tx, org_id, inconsistency_id, change_ticket_id)?;
    let number = workflow::find(work.tx, org_id, inconsistency_id)?.number;
    trace::record_words(
        work,
        CHANGE,
        details.account.unit_id,
        ("parameter_inconsistency", &number),
        &answer,
    )?;
    Ok(())
}

/// An inconsistency as fed back.
pub fn inconsistency(tx: &mut Tx<'_>, org_id: i64, inconsistency_id: i64) -> Result<Option<Inconsistency>> {
    sql::inconsistency(tx, org_id, inconsistency_id)
}

/// The centre's reviewer finds an error in a ticket, archived or not, and tells the station how it should be. The
/// customer's bill waits until the modification is right. Source: PARM-10.
pub fn raise_error_list(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    centre_unit_id: i64,
    ticket_id: i64,
    error: &str,
    suggestion: &str,
) -> Result<ErrorList> {
    work.require(RAISE_ERROR_LIST, centre_unit_id)?;
    let ticket = loaded(work, ticket_id)?;
    if matches!(ticket.state, TicketState::Withdrawn | TicketState::Refused) {
        return Err(wrong_state(&ticket));
    }
    let (error, suggestion) = (checked_note(error)?.to_owned(), checked_note(suggestion)?.to_owned());
    let org_id = work.org_id();
    let raised = workflow::raise(
        work,
        calendar,
        &NewTicket {
            kind: "error_list",
            subject: Subject { kind: SUBJECT, id: ticket_id },
            account_id: Some(ticket.account_id),
            book_id: None,
            month: None,
            raised_unit_id: centre_unit_id,
            addressed_unit_id: ticket.unit_id,
            addressed_post: "station_fee_administrator",
            third_unit_id: None,
            text: &error,
        },
    )?;
    let list = ErrorList { error_list_id: raised.id, ticket_id, error, suggestion, revision: None };
    sql::insert_error_list(work.tx, org_id, &list)?;
    trace::record(work, RAISE_ERROR_LIST, centre_unit_id, ("error_list", &raised.number), &ticket.number)?;
    Ok(list)
}

/// An error list.
pub fn error_list(tx: &mut Tx<'_>, org_id: i64, error_list_id: i64) -> Result<Option<ErrorList>> {
    sql::error_list(tx, org_id, error_list_id)
}

fn listed(work: &mut Work<'_, '_>, error_list_id: i64) -> Result<ErrorList> {
    let org_id = work.org_id();
    error_list(work.tx, org_id, error_list_id)?
        .ok_or_else(|| ParameterError::not_found("错误清单", "error list", error_list_id))
}

/// The station makes the second modification (二次修改): other lines for the ticket. An archived ticket's lines are
/// applied at once and kept as the ticket's next revision; a ticket on its way must be checked again.
/// Source: PARM-10.
pub fn second_modify(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    error_list_id: i64,
    lines: &[Line],
    note: &str,
) -> Result<ParameterTicket> {
    let list = listed(work, error_list_id)?;
    let mut ticket = loaded(work, list.ticket_id)?;
    work.require(SECOND_MODIFY, ticket.unit_id)?;
    let note = checked_note(note)?.to_owned();
    let archived = ticket.state == TicketState::Archived;
    // The account exists once its ticket is archived: what follows changes it.
    ticket.opens &= !archived;
    let ticket = service::replace_lines(work, calendar, ticket, lines)?;
    if archived {
        let name = format!("{}/{}", ticket.number, ticket.revision);
        service::carry_out(work, calendar, &ticket, &name)?;
    }
    service::step(work, calendar, error_list_id, "modify", &note)?;
    let org_id = work.org_id();
    sql::set_modified(work.tx, org_id, error_list_id, ticket.revision)?;
    trace::record_words(work, SECOND_MODIFY, ticket.unit_id, ("change_ticket", &ticket.number), &note)?;
    Ok(ticket)
}

fn record_confirmation(work: &mut Work<'_, '_>, error_list_id: i64, words: &str) -> Result<()> {
    let org_id = work.org_id();
    let ticket = workflow::find(work.tx, org_id, error_list_id)?;
    let document = ("error_list", ticket.number.as_str());
    trace::record_words(work, CONFIRM_CORRECTION, ticket.raised_unit_id, document, words)?;
    Ok(())
}

/// The centre confirms that the modification is right; two working days to the issue begin. Source: PARM-10.
pub fn confirm_correction(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    error_list_id: i64,
) -> Result<()> {
    listed(work, error_list_id)?;
    service::step(work, calendar, error_list_id, "confirm", "")?;
    record_confirmation(work, error_list_id, "right")?;
    Ok(())
}

/// The centre finds the modification still wrong, and says why. Source: PARM-10.
pub fn reject_correction(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    error_list_id: i64,
    why: &str,
) -> Result<()> {
    listed(work, error_list_id)?;
    service::step(work, calendar, error_list_id, "reject", checked_note(why)?)?;
    record_confirmation(work, error_list_id, why)?;
    Ok(())
}
