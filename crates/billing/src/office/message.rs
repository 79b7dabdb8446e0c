//! Messages between units (OA, fax, telephone): sender, receiver, time, document. There is no message to a customer.

use identity::Work;
use kernel::Moment;
use store::{StoreError, Tx, params};

use super::{Result, checked_text};

/// How it was said. (XC-16)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// The office system (OA).
    Oa,
    /// By telephone, noted by who called.
    Telephone,
    /// By fax.
    Fax,
}

impl Means {
    fn from_number(number: i64) -> Means {
        match number {
            1 => Means::Telephone,
            2 => Means::Fax,
            _ => Means::Oa,
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its key.
    pub message_id: i64,
    /// The unit that sent it.
    pub from_unit: i64,
    /// The unit it went to.
    pub to_unit: i64,
    /// How.
    pub means: Means,
    /// The document it carries or is about.
    pub document: String,
    /// What it says.
    pub text: String,
    /// Who sent it.
    pub sent_by: i64,
    /// When.
    pub sent_at: Moment,
}

/// Logs a message; the caller has authorised the act it belongs to.
pub(crate) fn send(
    work: &mut Work<'_, '_>,
    from_unit: i64,
    to_unit: i64,
    means: Means,
    document: &str,
    text: &str,
) -> Result<i64> {
    let text = checked_text("message", text, 2000)?;
    let key = work.next_key();
    let (org_id, person_id, now) = (work.org_id(), work.actor().person_id, work.now());
    work.tx.execute(
        "INSERT INTO office_message (org_id, message_id, from_unit, to_unit, means, document, text, sent_by, sent_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![org_id, key, from_unit, to_unit, means as i64, document, text, person_id, now],
    )?;
    Ok(key)
}

/// Messages to or from a unit since `since`, in order.
pub fn messages_of(tx: &mut Tx<'_>, org_id: i64, unit_id: i64, since: Moment) -> Result<Vec<Message>> {
    Ok(tx.list(
        "SELECT message_id, from_unit, to_unit, means, document, text, sent_by, sent_at FROM office_message
         WHERE org_id = ?1 AND (from_unit = ?2 OR to_unit = ?2) AND sent_at >= ?3 ORDER BY message_id",
        params![org_id, unit_id, since],
        |row| {
            Ok::<_, StoreError>(Message {
                message_id: row.int(0)?,
                from_unit: row.int(1)?,
                to_unit: row.int(2)?,
                means: Means::from_number(row.int(3)?),
                document: row.text(4)?,
                text: row.text(5)?,
                sent_by: row.int(6)?,
                sent_at: row.moment(7)?,
            })
        },
    )?)
}
