//! The table of tickets to change a reading.

use store::{Row, Tx, params};

use crate::Result;
use crate::book::{ChangeTicket, Decision};

pub(crate) fn insert(tx: &mut Tx<'_>, org_id: i64, ticket: &ChangeTicket) -> Result<()> {
    tx.execute(
        "INSERT INTO change_ticket (org_id, ticket_id, month, book_id, unit_id, account_id, meter_seq, reason,
           raised_by, raised_at, due_on, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            org_id,
            ticket.ticket_id,
            ticket.month,
            ticket.book_id,
            ticket.unit_id,
            ticket.account_id,
            ticket.meter_seq,
            &ticket.reason,
            ticket.raised_by,
            ticket.raised_at,
            ticket.due_on,
            ticket.state
        ],
    )?;
    Ok(())
}

pub(crate) fn answer(tx: &mut Tx<'_>, org_id: i64, ticket: &ChangeTicket) -> Result<()> {
    Ok(tx.execute_one(
        &format!("ticket {}", ticket.ticket_id),
        "UPDATE change_ticket SET state = ?3, answered_by = ?4, answered_at = ?5, answer = ?6, late_days = ?7
         WHERE org_id = ?1 AND ticket_id = ?2 AND state = 1",
        params![
            org_id,
            ticket.ticket_id,
            ticket.state,
            ticket.answered_by,
            ticket.answered_at,
            ticket.answer.as_deref(),
            ticket.late_days
        ],
    )?)
}

const TICKET: &str =
    "SELECT ticket_id, month, book_id, unit_id, account_id, meter_seq, reason, raised_by, raised_at,
    due_on, state, answered_by, answered_at, answer, late_days FROM change_ticket";

fn read_ticket(row: &Row<'_>) -> Result<ChangeTicket> {
    Ok(ChangeTicket {
        ticket_id: row.int(0)?,
        month: row.month(1)?,
        book_id: row.int(2)?,
        unit_id: row.int(3)?,
        account_id: row.int(4)?,
        meter_seq: row.int(5)?,
        reason: row.text(6)?,
        raised_by: row.int(7)?,
        raised_at: row.moment(8)?,
        due_on: row.date(9)?,
        state: Decision::from_code(row.int(10)?)?,
        answered_by: row.int_or_null(11)?,
        answered_at: row.moment_or_null(12)?,
        answer: row.text_or_null(13)?,
        late_days: row.int_or_null(14)?,
    })
}

pub(crate) fn ticket(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Option<ChangeTicket>> {
    tx.one(&format!("{TICKET} WHERE org_id = ?1 AND ticket_id = ?2"), params![org_id, ticket_id], read_ticket)
}

pub(crate) fn tickets(tx: &mut Tx<'_>, org_id: i64, state: Decision) -> Result<Vec<ChangeTicket>> {
    tx.list(
        &format!("{TICKET} WHERE org_id = ?1 AND state = ?2 ORDER BY due_on, ticket_id LIMIT 10000"),
        params![org_id, state],
        read_ticket,
    )
}
