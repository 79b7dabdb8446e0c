//! Messages between units.

use kernel::Moment;
use store::{Row, StoreError, Tx, params};

use crate::Message;

pub(crate) fn insert_message(
    tx: &mut Tx<'_>,
    org_id: i64,
    message: &Message,
    channel: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO workflow_message (org_id, id, number, channel, from_unit_id, from_person_id, to_unit_id, to_person_id,
           sent_at, logged_at, subject_kind, subject_id, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            org_id,
            message.id,
            &message.number,
            channel,
            message.from_unit_id,
            message.from_person_id,
            message.to_unit_id,
            message.to_person_id,
            message.sent_at,
            message.logged_at,
            &message.subject_kind,
            message.subject_id,
            &message.text
        ],
    )?;
    Ok(())
}

const MESSAGE: &str =
    "SELECT id, number, channel, from_unit_id, from_person_id, to_unit_id, to_person_id, sent_at,
  logged_at, subject_kind, subject_id, text FROM workflow_message";

fn message(row: &Row<'_>) -> Result<Message, StoreError> {
    let channel = crate::message::channel(row.int(2)?);
    Ok(Message {
        id: row.int(0)?,
        number: row.text(1)?,
        channel: channel.ok_or(StoreError::WrongType { column: 2, expected: "a channel" })?,
        from_unit_id: row.int(3)?,
        from_person_id: row.int(4)?,
        to_unit_id: row.int(5)?,
        to_person_id: row.int_or_null(6)?,
        sent_at: row.moment(7)?,
        logged_at: row.moment(8)?,
        subject_kind: row.text(9)?,
        subject_id: row.int(10)?,
        text: row.text(11)?,
    })
}

pub(crate) fn messages_about(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind: &str,
    id: i64,
) -> Result<Vec<Message>, StoreError> {
    tx.list(
        &format!("{MESSAGE} WHERE org_id = ?1 AND subject_kind = ?2 AND subject_id = ?3 ORDER BY id"),
        params![org_id, kind, id],
        message,
    )
}

pub(crate) fn messages_between(
    tx: &mut Tx<'_>,
    org_id: i64,
    from: Moment,
    until: Moment,
) -> Result<Vec<Message>, StoreError> {
    tx.list(
        &format!("{MESSAGE} WHERE org_id = ?1 AND sent_at >= ?2 AND sent_at < ?3 ORDER BY id"),
        params![org_id, from, until],
        message,
    )
}

/// The numbers of all messages.
pub(crate) fn numbers(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<String>, StoreError> {
    tx.list("SELECT number FROM workflow_message WHERE org_id = ?1", params![org_id], |row| row.text(0))
}
