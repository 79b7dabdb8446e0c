//! The tables of change tickets, their lines, hold-issue requests, daily lists and the centre's words.

use kernel::{Date, Moment, Month};
use store::{Conditions, Row, Tx, Value, params};

use super::change::Line;
use super::feedback::{ErrorList, Inconsistency};
use super::hold::{Circulating, HoldRequest, HoldState};
use super::model::{Origin, ParameterTicket, StoredLine, TicketState};
use super::service::TicketQuery;
use super::{ParameterError, Result};

const TICKET: &str =
    "SELECT ticket_id, number, origin, state, unit_id, account_id, opens, applied_on, affects_from,
  revision, reason, started_by, started_at, entered_by, checked_by, handler_id, archived_at, version
  FROM parameter_ticket";

fn read_ticket(row: &Row<'_>) -> Result<ParameterTicket> {
    Ok(ParameterTicket {
        ticket_id: row.int(0)?,
        number: row.text(1)?,
        origin: Origin::from_code(row.int(2)?)?,
        state: TicketState::from_code(row.int(3)?)?,
        unit_id: row.int(4)?,
        account_id: row.int(5)?,
        opens: row.flag(6)?,
        applied_on: row.date(7)?,
        affects_from: row.date(8)?,
        revision: row.int(9)?,
        reason: row.text(10)?,
        started_by: row.int(11)?,
        started_at: row.moment(12)?,
        entered_by: row.int(13)?,
        checked_by: row.int_or_null(14)?,
        handler_id: row.int_or_null(15)?,
        archived_at: row.moment_or_null(16)?,
        version: row.int(17)?,
    })
}

pub(crate) fn insert_ticket(tx: &mut Tx<'_>, org_id: i64, ticket: &ParameterTicket) -> Result<()> {
    tx.execute(
        "INSERT INTO parameter_ticket (org_id, ticket_id, number, origin, state, unit_id, account_id, opens, applied_on,
           affects_from, revision, reason, started_by, started_at, entered_by, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 1)",
        params![
            org_id,
            ticket.ticket_id,
            &ticket.number,
            ticket.origin,
            ticket.state,
            ticket.unit_id,
            ticket.account_id,
            ticket.opens,
            ticket.applied_on,
            ticket.affects_from,
            ticket.revision,
            &ticket.reason,
            ticket.started_by,
            ticket.started_at,
            ticket.entered_by
        ],
    )?;
    Ok(())
}

pub(crate) fn ticket(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Option<ParameterTicket>> {
    let sql = format!("{TICKET} WHERE org_id = ?1 AND ticket_id = ?2");
    tx.one(&sql, params![org_id, ticket_id], read_ticket)
}

pub(crate) fn of_account(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<ParameterTicket>> {
    let sql = format!("{TICKET} WHERE org_id = ?1 AND account_id = ?2 ORDER BY ticket_id");
    tx.list(&sql, params![org_id, account_id], read_ticket)
}

/// The part of all tickets that is asked for, the latest first, and how many there are.
pub(crate) fn tickets(
    tx: &mut Tx<'_>,
    org_id: i64,
    query: &TicketQuery<'_>,
) -> Result<(Vec<ParameterTicket>, usize)> {
    let number = store::containing(query.number);
    let mut wanted = Conditions::new("org_id = ?", &[Value::Int(org_id)]);
    if let Some(units) = query.units {
        wanted.and_one_of("unit_id", units);
    }
    if let Some(state) = query.state {
        wanted.and("state = ?", &[state.into()]);
    }
    if let Some(account_id) = query.account_id {
        wanted.and("account_id = ?", &[Value::Int(account_id)]);
    }
    if !query.number.trim().is_empty() {
        wanted.and("LOWER(number) LIKE ? ESCAPE '!'", &[Value::Text(&number)]);
    }
    let count = format!("SELECT COUNT(*) FROM parameter_ticket WHERE {}", wanted.text());
    let total: Option<i64> = tx.one(&count, wanted.values(), |row| Ok::<_, ParameterError>(row.int(0)?))?;
    let sql = format!(
        "{TICKET} WHERE {} ORDER BY ticket_id DESC LIMIT {} OFFSET {}",
        wanted.text(),
        query.limit,
        query.offset
    );
    let found = tx.list(&sql, wanted.values(), read_ticket)?;
    Ok((found, usize::try_from(total.unwrap_or(0)).unwrap_or(0)))
}

/// Tickets that are neither archived nor given up; of one station, or of all when `unit_id` is 0.
pub(crate) fn open_tickets(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Vec<ParameterTicket>> {
    let sql = format!(
        "{TICKET} WHERE org_id = ?1 AND state IN (1, 2, 3) AND (CAST(?2 AS BIGINT) = 0 OR unit_id = ?2) ORDER BY ticket_id"
    );
    tx.list(&sql, params![org_id, unit_id], read_ticket)
}

/// Writes what moves, if the version is still the one that was loaded.
pub(crate) fn save_ticket(tx: &mut Tx<'_>, org_id: i64, ticket: &ParameterTicket) -> Result<()> {
    Ok(tx.execute_one(
        &ticket.number,
        "UPDATE parameter_ticket SET state = ?4, affects_from = ?5, revision = ?6, entered_by = ?7, checked_by = ?8,
                handler_id = ?9, version = version + 1
         WHERE org_id = ?1 AND ticket_id = ?2 AND version = ?3",
        params![
            org_id,
            ticket.ticket_id,
            ticket.version,
            ticket.state,
            ticket.affects_from,
            ticket.revision,
            ticket.entered_by,
            ticket.checked_by,
            ticket.handler_id
        ],
    )?)
}

pub(crate) fn stamp_check(
    tx: &mut Tx<'_>,
    (org_id, ticket_id): (i64, i64),
    at: Moment,
    note: &str,
) -> Result<()> {
    tx.execute(
        "UPDATE parameter_ticket SET checked_at = ?3, check_note = ?4 WHERE org_id = ?1 AND ticket_id = ?2",
        params![org_id, ticket_id, at, note],
    )?;
    Ok(())
}

pub(crate) fn stamp_dispatch(
    tx: &mut Tx<'_>,
    (org_id, ticket_id): (i64, i64),
    (by, at): (i64, Moment),
) -> Result<()> {
    tx.execute(
        "UPDATE parameter_ticket SET dispatched_by = ?3, dispatched_at = ?4 WHERE org_id = ?1 AND ticket_id = ?2",
        params![org_id, ticket_id, by, at],
    )?;
    Ok(())
}

pub(crate) fn stamp_archive(
    tx: &mut Tx<'_>,
    (org_id, ticket_id): (i64, i64),
    (by, at): (i64, Moment),
) -> Result<()> {
    tx.execute(
        "UPDATE parameter_ticket SET archived_by = ?3, archived_at = ?4 WHERE org_id = ?1 AND ticket_id = ?2",
        params![org_id, ticket_id, by, at],
    )?;
    Ok(())
}

fn broken(error: serde_json::Error) -> ParameterError {
    store::StoreError::Sql(format!("a line of a change ticket cannot be read: {error}")).into()
}

pub(crate) fn insert_lines(
    tx: &mut Tx<'_>,
    (org_id, ticket_id, revision): (i64, i64, i64),
    lines: &[Line],
    (by, at): (i64, Moment),
) -> Result<()> {
    for (index, line) in lines.iter().enumerate() {
        let content = serde_json::to_string(&line.change).map_err(broken)?;
        tx.execute(
            "INSERT INTO parameter_line (org_id, ticket_id, revision, line_no, from_date, content, entered_by, entered_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![org_id, ticket_id, revision, index as i64 + 1, line.from, content.as_str(), by, at],
        )?;
    }
    Ok(())
}

fn read_line(row: &Row<'_>) -> Result<StoredLine> {
    let change = row.with_text(3, |text| serde_json::from_str(text))?.map_err(broken)?;
    Ok(StoredLine {
        revision: row.int(0)?,
        line_no: row.int(1)?,
        line: Line { from: row.date(2)?, change },
        applied_at: row.moment_or_null(4)?,
    })
}

pub(crate) fn lines(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Vec<StoredLine>> {
    tx.list(
        "SELECT revision, line_no, from_date, content, applied_at FROM parameter_line
         WHERE org_id = ?1 AND ticket_id = ?2 ORDER BY revision, line_no",
        params![org_id, ticket_id],
        read_line,
    )
}

pub(crate) fn mark_applied(
    tx: &mut Tx<'_>,
    (org_id, ticket_id, revision): (i64, i64, i64),
    line_no: i64,
    at: Moment,
) -> Result<()> {
    Ok(tx.execute_one(
        "line of a change ticket",
        "UPDATE parameter_line SET applied_at = ?5
         WHERE org_id = ?1 AND ticket_id = ?2 AND revision = ?3 AND line_no = ?4 AND applied_at IS NULL",
        params![org_id, ticket_id, revision, line_no, at],
    )?)
}

/// Archived tickets of a station with lines whose day has come, at most 10,000.
pub(crate) fn due_tickets(
    tx: &mut Tx<'_>,
    org_id: i64,
    unit_id: i64,
    day: Date,
) -> Result<Vec<ParameterTicket>> {
    let sql = format!(
        "{TICKET} t WHERE t.org_id = ?1 AND t.unit_id = ?2 AND t.state = 4 AND EXISTS (
           SELECT 1 FROM parameter_line l WHERE l.org_id = t.org_id AND l.ticket_id = t.ticket_id
             AND l.revision = t.revision AND l.applied_at IS NULL AND l.from_date <= ?3)
         ORDER BY t.ticket_id LIMIT 10000"
    );
    tx.list(&sql, params![org_id, unit_id, day], read_ticket)
}

const HOLD: &str =
    "SELECT month, account_id, hold_id, ticket_id, unit_id, state, filed_by, filed_at, ended_at
  FROM hold_request";

fn read_hold(row: &Row<'_>) -> Result<HoldRequest> {
    Ok(HoldRequest {
        month: row.month(0)?,
        account_id: row.int(1)?,
        hold_id: row.int(2)?,
        ticket_id: row.int(3)?,
        unit_id: row.int(4)?,
        state: HoldState::from_code(row.int(5)?)?,
        filed_by: row.int(6)?,
        filed_at: row.moment(7)?,
        ended_at: row.moment_or_null(8)?,
    })
}

pub(crate) fn insert_hold(tx: &mut Tx<'_>, org_id: i64, hold: &HoldRequest) -> Result<()> {
    tx.execute(
        "INSERT INTO hold_request (org_id, month, account_id, hold_id, ticket_id, unit_id, state, filed_by, filed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            hold.month,
            hold.account_id,
            hold.hold_id,
            hold.ticket_id,
            hold.unit_id,
            hold.state,
            hold.filed_by,
            hold.filed_at
        ],
    )?;
    Ok(())
}

pub(crate) fn end_hold(
    tx: &mut Tx<'_>,
    org_id: i64,
    hold: &HoldRequest,
    state: HoldState,
    at: Moment,
) -> Result<()> {
    Ok(tx.execute_one(
        "hold-issue request",
        "UPDATE hold_request SET state = ?5, ended_at = ?6
         WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 AND hold_id = ?4 AND state = 1",
        params![org_id, hold.month, hold.account_id, hold.hold_id, state, at],
    )?)
}

pub(crate) fn holds_of_ticket(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Vec<HoldRequest>> {
    let sql = format!("{HOLD} WHERE org_id = ?1 AND ticket_id = ?2 ORDER BY hold_id");
    tx.list(&sql, params![org_id, ticket_id], read_hold)
}

pub(crate) fn holds_of_month(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<HoldRequest>> {
    let sql = format!("{HOLD} WHERE org_id = ?1 AND month = ?2 ORDER BY account_id, hold_id");
    tx.list(&sql, params![org_id, month], read_hold)
}

pub(crate) fn insert_circulation(
    tx: &mut Tx<'_>,
    (org_id, unit_id, day): (i64, i64, Date),
    lines: &[Circulating],
    (by, at): (i64, Moment),
) -> Result<()> {
    tx.execute(
        "INSERT INTO circulation_list (org_id, unit_id, day, tickets, made_by, made_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, unit_id, day, lines.len() as i64, by, at],
    )?;
    for line in lines {
        tx.execute(
            "INSERT INTO circulation_line (org_id, unit_id, day, ticket_id, number, account_id, state, affects_from, held)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                org_id,
                unit_id,
                day,
                line.ticket_id,
                &line.number,
                line.account_id,
                line.state,
                line.affects_from,
                line.held
            ],
        )?;
    }
    Ok(())
}

/// The list of a day, if it was given.
pub(crate) fn circulation(
    tx: &mut Tx<'_>,
    (org_id, unit_id, day): (i64, i64, Date),
) -> Result<Option<Vec<Circulating>>> {
    let key = params![org_id, unit_id, day];
    let given = tx.one(
        "SELECT tickets FROM circulation_list WHERE org_id = ?1 AND unit_id = ?2 AND day = ?3",
        key,
        |row| Ok::<_, ParameterError>(row.int(0)?),
    )?;
    if given.is_none() {
        return Ok(None);
    }
    let lines = tx.list(
        "SELECT ticket_id, number, account_id, state, affects_from, held FROM circulation_line
         WHERE org_id = ?1 AND unit_id = ?2 AND day = ?3 ORDER BY ticket_id",
        key,
        |row| {
            Ok::<_, ParameterError>(Circulating {
                ticket_id: row.int(0)?,
                number: row.text(1)?,
                account_id: row.int(2)?,
                state: TicketState::from_code(row.int(3)?)?,
                affects_from: row.date(4)?,
                held: row.flag(5)?,
            })
        },
    )?;
    Ok(Some(lines))
}

pub(crate) fn insert_inconsistency(tx: &mut Tx<'_>, org_id: i64, found: &Inconsistency) -> Result<()> {
    tx.execute(
        "INSERT INTO inconsistency (org_id, inconsistency_id, account_id, field, contract_value, system_value)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            org_id,
            found.inconsistency_id,
            found.account_id,
            &found.field,
            &found.contract_value,
            &found.system_value
        ],
    )?;
    Ok(())
}

pub(crate) fn inconsistency(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<Inconsistency>> {
    tx.one(
        "SELECT inconsistency_id, account_id, field, contract_value, system_value, change_ticket_id FROM inconsistency
         WHERE org_id = ?1 AND inconsistency_id = ?2",
        params![org_id, id],
        |row| {
            Ok(Inconsistency {
                inconsistency_id: row.int(0)?,
                account_id: row.int(1)?,
                field: row.text(2)?,
                contract_value: row.text(3)?,
                system_value: row.text(4)?,
                change_ticket_id: row.int_or_null(5)?,
            })
        },
    )
}

pub(crate) fn link_inconsistency(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    ticket_id: Option<i64>,
) -> Result<()> {
    Ok(tx.execute_one(
        "inconsistency",
        "UPDATE inconsistency SET change_ticket_id = ?3 WHERE org_id = ?1 AND inconsistency_id = ?2",
        params![org_id, id, ticket_id],
    )?)
}

pub(crate) fn insert_error_list(tx: &mut Tx<'_>, org_id: i64, list: &ErrorList) -> Result<()> {
    tx.execute(
        "INSERT INTO error_list (org_id, error_list_id, ticket_id, error, suggestion) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![org_id, list.error_list_id, list.ticket_id, &list.error, &list.suggestion],
    )?;
    Ok(())
}

pub(crate) fn error_list(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<ErrorList>> {
    tx.one(
        "SELECT error_list_id, ticket_id, error, suggestion, revision FROM error_list
         WHERE org_id = ?1 AND error_list_id = ?2",
        params![org_id, id],
        |row| {
            Ok(ErrorList {
                error_list_id: row.int(0)?,
                ticket_id: row.int(1)?,
                error: row.text(2)?,
                suggestion: row.text(3)?,
                revision: row.int_or_null(4)?,
            })
        },
    )
}

pub(crate) fn set_modified(tx: &mut Tx<'_>, org_id: i64, id: i64, revision: i64) -> Result<()> {
    Ok(tx.execute_one(
        "error list",
        "UPDATE error_list SET revision = ?3 WHERE org_id = ?1 AND error_list_id = ?2",
        params![org_id, id, revision],
    )?)
}
