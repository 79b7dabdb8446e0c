//! The log of messages between units (XC-16): OA, fax, telephone and mail, with sender, receiver, moment and document.

use identity::{Permission, Work};
use kernel::{Bilingual, Date, Lang, Moment};
use store::Tx;

use crate::{Channel, Message, NewMessage, Subject, WorkflowError, rules, sql};

const MESSAGE: Permission = Permission("workflow.message");

impl Channel {
    const ALL: [Channel; 4] = [Channel::Oa, Channel::Fax, Channel::Telephone, Channel::Mail];

    fn number(self) -> i64 {
        self as i64
    }
}

impl Bilingual for Channel {
    fn text(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            Channel::Oa => ("OA", "OA"),
            Channel::Fax => ("传真", "fax"),
            Channel::Telephone => ("电话", "telephone"),
            Channel::Mail => ("邮件", "mail"),
        };
        if lang == Lang::Zh { zh } else { en }.to_owned()
    }
}

pub(crate) fn channel(number: i64) -> Option<Channel> {
    Channel::ALL.into_iter().find(|channel| channel.number() == number)
}

/// Logs a message that was sent, at the latest now. The person who logs it is its sender.
pub fn log_message(work: &mut Work<'_, '_>, new: &NewMessage<'_>) -> Result<Message, WorkflowError> {
    work.require(MESSAGE, new.from_unit_id)?;
    rules::check_text("the message", new.text, true)?;
    if new.sent_at > work.now() {
        return Err(WorkflowError::NotSentYet);
    }
    let org_id = work.org_id();
    identity::unit(work.tx, org_id, new.to_unit_id)?;
    let number = documents::take_number(work, "message", new.from_unit_id)?;
    let message = Message {
        id: work.next_key(),
        number,
        channel: new.channel,
        from_unit_id: new.from_unit_id,
        from_person_id: work.actor().person_id,
        to_unit_id: new.to_unit_id,
        to_person_id: new.to_person_id,
        sent_at: new.sent_at,
        logged_at: work.now(),
        subject_kind: new.subject.kind.to_owned(),
        subject_id: new.subject.id,
        text: new.text.to_owned(),
    };
    sql::message::insert_message(work.tx, org_id, &message, new.channel.number())?;
    crate::record(
        work,
        MESSAGE,
        message.from_unit_id,
        ("message", &message.number),
        &[("to_unit", "", &message.to_unit_id.to_string()), ("text", "", &message.text)],
    )?;
    Ok(message)
}

/// Messages about a document, in order.
pub fn messages_about(
    tx: &mut Tx<'_>,
    org_id: i64,
    subject: Subject<'_>,
) -> Result<Vec<Message>, WorkflowError> {
    Ok(sql::message::messages_about(tx, org_id, subject.kind, subject.id)?)
}

/// Messages sent on the days from `first` to `last`, in order.
pub fn messages_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    first: Date,
    last: Date,
) -> Result<Vec<Message>, WorkflowError> {
    let (from, until) = (Moment::on(first, 0, 0), Moment::on(last.plus_days(1)?, 0, 0));
    Ok(sql::message::messages_between(tx, org_id, from, until)?)
}
