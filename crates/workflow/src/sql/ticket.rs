//! Tickets, their history and their files.

use kernel::{Date, Month};
use store::{Conditions, Row, StoreError, Tx, Value, params};

use crate::{Attachment, Step, Ticket, UnsignedFeedback};

pub(super) const TICKET: &str = "SELECT id, kind, number, state, closed, subject_kind, subject_id, account_id, book_id, month,
  raised_unit_id, raised_by, raised_post, raised_at, addressed_unit_id, addressed_post, third_unit_id, text, version
  FROM workflow_ticket";

pub(super) fn ticket(row: &Row<'_>) -> Result<Ticket, StoreError> {
    Ok(Ticket {
        id: row.int(0)?,
        kind: row.text(1)?,
        number: row.text(2)?,
        state: row.text(3)?,
        closed: row.flag(4)?,
        subject_kind: row.text(5)?,
        subject_id: row.int(6)?,
        account_id: row.int_or_null(7)?,
        book_id: row.int_or_null(8)?,
        month: row.int_or_null(9)?.map(Month::from_number).transpose()?,
        raised_unit_id: row.int(10)?,
        raised_by: row.int(11)?,
        raised_post: row.text(12)?,
        raised_at: row.moment(13)?,
        addressed_unit_id: row.int(14)?,
        addressed_post: row.text(15)?,
        third_unit_id: row.int_or_null(16)?,
        text: row.text(17)?,
        version: row.int(18)?,
    })
}

pub(crate) fn insert(tx: &mut Tx<'_>, org_id: i64, ticket: &Ticket, blocks: bool) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO workflow_ticket (org_id, id, kind, number, state, closed, blocks, subject_kind, subject_id, account_id,
           book_id, month, raised_unit_id, raised_by, raised_post, raised_at, addressed_unit_id, addressed_post,
           third_unit_id, text, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        params![
            org_id,
            ticket.id,
            &ticket.kind,
            &ticket.number,
            &ticket.state,
            ticket.closed,
            blocks,
            &ticket.subject_kind,
            ticket.subject_id,
            ticket.account_id,
            ticket.book_id,
            ticket.month,
            ticket.raised_unit_id,
            ticket.raised_by,
            &ticket.raised_post,
            ticket.raised_at,
            ticket.addressed_unit_id,
            &ticket.addressed_post,
            ticket.third_unit_id,
            &ticket.text,
            ticket.version
        ],
    )?;
    Ok(())
}

pub(crate) fn find(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<Ticket>, StoreError> {
    tx.one(&format!("{TICKET} WHERE org_id = ?1 AND id = ?2"), params![org_id, id], ticket)
}

pub(crate) fn find_all(tx: &mut Tx<'_>, org_id: i64, ids: &[i64]) -> Result<Vec<Ticket>, StoreError> {
    let mut wanted = Conditions::new("org_id = ?", &[Value::Int(org_id)]);
    wanted.and_one_of("id", ids);
    tx.list(&format!("{TICKET} WHERE {}", wanted.text()), wanted.values(), ticket)
}

pub(crate) fn move_to(
    tx: &mut Tx<'_>,
    org_id: i64,
    ticket: &Ticket,
    state: &str,
    closed: bool,
    blocks: bool,
) -> Result<(), StoreError> {
    tx.execute_one(
        &ticket.number,
        "UPDATE workflow_ticket SET state = ?4, closed = ?5, blocks = ?6, version = version + 1
         WHERE org_id = ?1 AND id = ?2 AND version = ?3",
        params![org_id, ticket.id, ticket.version, state, closed, blocks],
    )
}

pub(crate) fn of_subject(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind: &str,
    id: i64,
) -> Result<Vec<Ticket>, StoreError> {
    tx.list(
        &format!("{TICKET} WHERE org_id = ?1 AND subject_kind = ?2 AND subject_id = ?3 ORDER BY id"),
        params![org_id, kind, id],
        ticket,
    )
}

pub(crate) fn blocking(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<Ticket>, StoreError> {
    tx.list(
        &format!("{TICKET} WHERE org_id = ?1 AND account_id = ?2 AND blocks = 1 ORDER BY id"),
        params![org_id, account_id],
        ticket,
    )
}

pub(crate) fn blocked_accounts(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<i64>, StoreError> {
    tx.list(
        "SELECT DISTINCT account_id FROM workflow_ticket
         WHERE org_id = ?1 AND account_id IS NOT NULL AND blocks = 1 ORDER BY account_id",
        params![org_id],
        |row| row.int(0),
    )
}

pub(crate) fn open_at(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Vec<Ticket>, StoreError> {
    tx.list(
        &format!(
            "{TICKET} WHERE org_id = ?1 AND closed = 0
               AND (addressed_unit_id = ?2 OR raised_unit_id = ?2 OR third_unit_id = ?2) ORDER BY id"
        ),
        params![org_id, unit_id],
        ticket,
    )
}

pub(crate) fn insert_step(
    tx: &mut Tx<'_>,
    org_id: i64,
    ticket_id: i64,
    step: &Step,
    feedback_id: i64,
    authority_id: Option<i64>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO workflow_step (org_id, ticket_id, step_no, act, from_state, to_state, person_id, post, unit_id, at,
           day, text, is_feedback, feedback_id, authority_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            org_id,
            ticket_id,
            step.step_no,
            &step.act,
            &step.from_state,
            &step.to_state,
            step.person_id,
            &step.post,
            step.unit_id,
            step.at,
            step.at.date(),
            &step.text,
            step.is_feedback,
            feedback_id,
            authority_id
        ],
    )?;
    Ok(())
}

fn step(row: &Row<'_>) -> Result<Step, StoreError> {
    Ok(Step {
        step_no: row.int(0)?,
        act: row.text(1)?,
        from_state: row.text(2)?,
        to_state: row.text(3)?,
        person_id: row.int(4)?,
        post: row.text(5)?,
        unit_id: row.int(6)?,
        at: row.moment(7)?,
        text: row.text(8)?,
        is_feedback: row.flag(9)?,
    })
}

pub(crate) fn steps(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Vec<Step>, StoreError> {
    tx.list(
        "SELECT step_no, act, from_state, to_state, person_id, post, unit_id, at, text, is_feedback FROM workflow_step
         WHERE org_id = ?1 AND ticket_id = ?2 ORDER BY step_no",
        params![org_id, ticket_id],
        step,
    )
}

/// Feedback from `first` to `last` that stands on no list signed by the two units of its ticket.
pub(crate) fn unsigned_feedback(
    tx: &mut Tx<'_>,
    org_id: i64,
    first: Date,
    last: Date,
) -> Result<Vec<UnsignedFeedback>, StoreError> {
    tx.list(
        "SELECT s.feedback_id, t.number, s.text, t.raised_unit_id, t.addressed_unit_id
         FROM workflow_step s JOIN workflow_ticket t ON t.org_id = s.org_id AND t.id = s.ticket_id
         WHERE s.org_id = ?1 AND s.is_feedback = 1 AND s.day >= ?2 AND s.day <= ?3 AND NOT EXISTS (
           SELECT 1 FROM workflow_list_line l JOIN workflow_list x ON x.org_id = l.org_id AND x.id = l.list_id
           WHERE ((x.first_unit_id = t.raised_unit_id AND x.second_unit_id = t.addressed_unit_id)
               OR (x.first_unit_id = t.addressed_unit_id AND x.second_unit_id = t.raised_unit_id))
             AND l.org_id = s.org_id AND l.subject_kind = 'feedback' AND l.subject_id = s.feedback_id
             AND (SELECT COUNT(*) FROM workflow_signature g WHERE g.org_id = l.org_id AND g.list_id = l.list_id) = 2)
         ORDER BY s.feedback_id",
        params![org_id, first, last],
        |row| {
            Ok(UnsignedFeedback {
                feedback_id: row.int(0)?,
                number: row.text(1)?,
                text: row.text(2)?,
                raised_unit_id: row.int(3)?,
                addressed_unit_id: row.int(4)?,
            })
        },
    )
}

pub(crate) fn insert_attachment(
    tx: &mut Tx<'_>,
    org_id: i64,
    ticket_id: i64,
    file: &Attachment,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO workflow_attachment (org_id, ticket_id, id, name, media_type, size_bytes, sha256, added_by, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            ticket_id,
            file.id,
            &file.name,
            &file.media_type,
            file.size_bytes,
            &file.sha256,
            file.added_by,
            file.at
        ],
    )?;
    Ok(())
}

pub(crate) fn attachments(
    tx: &mut Tx<'_>,
    org_id: i64,
    ticket_id: i64,
) -> Result<Vec<Attachment>, StoreError> {
    tx.list(
        "SELECT id, name, media_type, size_bytes, sha256, added_by, at FROM workflow_attachment
         WHERE org_id = ?1 AND ticket_id = ?2 ORDER BY id",
        params![org_id, ticket_id],
        |row| {
            Ok(Attachment {
                id: row.int(0)?,
                name: row.text(1)?,
                media_type: row.text(2)?,
                size_bytes: row.int(3)?,
                sha256: row.blob(4)?,
                added_by: row.int(5)?,
                at: row.moment(6)?,
            })
        },
    )
}

/// Every ticket, in order of key.
pub(crate) fn each(
    tx: &mut Tx<'_>,
    org_id: i64,
    mut take: impl FnMut(Ticket) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    tx.each(&format!("{TICKET} WHERE org_id = ?1 ORDER BY id"), params![org_id], |row| take(ticket(row)?))
}

/// Every step of every ticket, in order.
pub(crate) fn each_step(
    tx: &mut Tx<'_>,
    org_id: i64,
    mut take: impl FnMut(i64, Step) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    tx.each(
        "SELECT step_no, act, from_state, to_state, person_id, post, unit_id, at, text, is_feedback, ticket_id
         FROM workflow_step WHERE org_id = ?1 ORDER BY ticket_id, step_no",
        params![org_id],
        |row| take(row.int(10)?, step(row)?),
    )
}

pub(crate) fn insert_content(
    tx: &mut Tx<'_>,
    (org_id, ticket_id, id): (i64, i64, i64),
    content: &[u8],
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO workflow_file (org_id, ticket_id, id, content) VALUES (?1, ?2, ?3, ?4)",
        params![org_id, ticket_id, id, content],
    )?;
    Ok(())
}

pub(crate) fn content(
    tx: &mut Tx<'_>,
    (org_id, ticket_id, id): (i64, i64, i64),
) -> Result<Option<Vec<u8>>, StoreError> {
    tx.one(
        "SELECT content FROM workflow_file WHERE org_id = ?1 AND ticket_id = ?2 AND id = ?3",
        params![org_id, ticket_id, id],
        |row| row.blob(0),
    )
}
