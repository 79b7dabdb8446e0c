//! Tickets: raised, moved from state to state by the sides they concern, answered in time or late.

use std::collections::BTreeMap;

use identity::{Permission, Work};
use kernel::{Month, WorkingCalendar};
use sha2::{Digest as _, Sha256};
use store::{StoreError, Tx};

use crate::catalogue::{Side, StartsClock};
use crate::{
    Attachment, Clock, NewClock, NewTicket, Step, Subject, Ticket, UnsignedFeedback, WorkflowError, approval,
    clock, rules, sql,
};

const MESSAGE: Permission = Permission("workflow.message");
/// Longest name or media type of an attached file, in characters.
const FILE_NAME_CHARS_MAX: usize = 200;

/// Raises a ticket in its first state, numbered, and starts its clocks today.
pub fn raise(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    new: &NewTicket<'_>,
) -> Result<Ticket, WorkflowError> {
    let kind = rules::ticket_kind(new.kind)?;
    let post = post_for(work, kind.raise_permission, new.raised_unit_id)?;
    rules::check_text(new.kind, new.text, true)?;
    match (kind.third_side, new.third_unit_id) {
        (true, None) => return Err(WorkflowError::ThirdUnit { kind: kind.code, wanted: "must be named" }),
        (false, Some(_)) => {
            return Err(WorkflowError::ThirdUnit { kind: kind.code, wanted: "must not be named" });
        }
        _ => {}
    }
    let org_id = work.org_id();
    for unit_id in [Some(new.addressed_unit_id), new.third_unit_id].into_iter().flatten() {
        identity::unit(work.tx, org_id, unit_id)?;
    }
    let number = documents::take_number(work, kind.document_kind, new.raised_unit_id)?;
    let ticket = Ticket {
        id: work.next_key(),
        kind: kind.code.to_owned(),
        number,
        state: kind.first_state.to_owned(),
        closed: false,
        subject_kind: new.subject.kind.to_owned(),
        subject_id: new.subject.id,
        account_id: new.account_id,
        book_id: new.book_id,
        month: new.month,
        raised_unit_id: new.raised_unit_id,
        raised_by: work.actor().person_id,
        raised_post: post.clone(),
        raised_at: work.now(),
        addressed_unit_id: new.addressed_unit_id,
        addressed_post: new.addressed_post.to_owned(),
        third_unit_id: new.third_unit_id,
        text: new.text.to_owned(),
        version: 1,
    };
    let blocks = kind.state(kind.first_state).is_some_and(|state| state.blocks_issue);
    sql::ticket::insert(work.tx, org_id, &ticket, blocks)?;
    let first = Step {
        step_no: 1,
        act: "raise".into(),
        from_state: String::new(),
        to_state: ticket.state.clone(),
        person_id: ticket.raised_by,
        post,
        unit_id: ticket.raised_unit_id,
        at: ticket.raised_at,
        text: new.text.to_owned(),
        is_feedback: false,
    };
    keep_step(work, ticket.id, &first)?;
    start(work, calendar, &ticket, &kind.starts)?;
    crate::record(
        work,
        kind.raise_permission,
        ticket.raised_unit_id,
        ("ticket", &ticket.number),
        &[("state", "", &ticket.state), ("text", "", new.text)],
    )?;
    Ok(ticket)
}

/// Takes the step `act` on a ticket loaded at `version`: checks side, permission, maker and text, moves the state, meets
/// and starts clocks, and gives up those that a final state leaves running. A ticket with an approval of its own
/// (subject `ticket`) cannot be approved before that approval is complete.
pub fn act(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    version: i64,
    act: &str,
    text: &str,
) -> Result<Ticket, WorkflowError> {
    let org_id = work.org_id();
    let mut ticket = find(work.tx, org_id, ticket_id)?;
    let step = rules::transition(&ticket, act)?;
    let unit_id = rules::unit_of(&ticket, step.side);
    let post = post_for(work, step.permission, unit_id)?;
    if step.needs_other {
        work.forbid_maker(ticket.raised_by, &ticket.number)?;
    }
    rules::check_text(act, text, step.needs_text)?;
    if ticket.version != version {
        return Err(StoreError::Stale(ticket.number).into());
    }
    if act == "approve" {
        approval::require_complete(work, Subject { kind: "ticket", id: ticket_id })?;
    }
    let kind = rules::ticket_kind(&ticket.kind)?;
    let state = kind.state(step.to).ok_or_else(|| rules::unknown("state", step.to))?;
    sql::ticket::move_to(work.tx, org_id, &ticket, state.code, state.is_final, state.blocks_issue)?;
    let done = Step {
        step_no: ticket.version + 1,
        act: act.to_owned(),
        from_state: std::mem::replace(&mut ticket.state, state.code.to_owned()),
        to_state: state.code.to_owned(),
        person_id: work.actor().person_id,
        post,
        unit_id,
        at: work.now(),
        text: text.to_owned(),
        is_feedback: step.is_feedback,
    };
    keep_step(work, ticket_id, &done)?;
    let today = work.today();
    for running in running_clocks(work, ticket_id)? {
        let met = step.meets_all || step.meets.contains(&running.code.as_str());
        if met {
            sql::clock::end(work.tx, org_id, &running, Some(today), None)?;
        } else if state.is_final {
            sql::clock::end(work.tx, org_id, &running, None, Some(today))?;
        }
    }
    start(work, calendar, &ticket, &step.starts)?;
    ticket.version += 1;
    ticket.closed = state.is_final;
    crate::record(
        work,
        step.permission,
        unit_id,
        ("ticket", &ticket.number),
        &[("act", "", act), ("state", &done.from_state, &done.to_state), ("text", "", text)],
    )?;
    Ok(ticket)
}

/// Adds feedback to a ticket without moving it, by any side of it.
pub fn add_feedback(work: &mut Work<'_, '_>, ticket_id: i64, text: &str) -> Result<(), WorkflowError> {
    let org_id = work.org_id();
    let ticket = find(work.tx, org_id, ticket_id)?;
    let (post, unit_id) = post_of_a_side(work, &ticket)?;
    rules::check_text("feedback", text, true)?;
    let kind = rules::ticket_kind(&ticket.kind)?;
    let state = kind.state(&ticket.state).ok_or_else(|| rules::unknown("state", &ticket.state))?;
    sql::ticket::move_to(work.tx, org_id, &ticket, state.code, state.is_final, state.blocks_issue)?;
    let said = Step {
        step_no: ticket.version + 1,
        act: "feedback".into(),
        from_state: ticket.state.clone(),
        to_state: ticket.state.clone(),
        person_id: work.actor().person_id,
        post,
        unit_id,
        at: work.now(),
        text: text.to_owned(),
        is_feedback: true,
    };
    keep_step(work, ticket_id, &said)?;
    crate::record(work, MESSAGE, unit_id, ("ticket", &ticket.number), &[("feedback", "", text)])
}

/// Adds a file to a ticket, by its fingerprint; the file itself is kept by whoever stores files. Answers its key.
pub fn attach(
    work: &mut Work<'_, '_>,
    ticket_id: i64,
    name: &str,
    media_type: &str,
    size_bytes: i64,
    sha256: [u8; 32],
) -> Result<i64, WorkflowError> {
    let org_id = work.org_id();
    let ticket = find(work.tx, org_id, ticket_id)?;
    let (_, unit_id) = post_of_a_side(work, &ticket)?;
    for text in [name, media_type] {
        if text.trim().is_empty() || text.chars().count() > FILE_NAME_CHARS_MAX {
            return Err(WorkflowError::TextNeeded { what: "the file".into(), most: FILE_NAME_CHARS_MAX });
        }
    }
    let file = Attachment {
        id: work.next_key(),
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        size_bytes,
        sha256: sha256.to_vec(),
        added_by: work.actor().person_id,
        at: work.now(),
    };
    sql::ticket::insert_attachment(work.tx, org_id, ticket_id, &file)?;
    // With its fingerprint, so that another file in its place can be told.
    let print: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    let changes = [("attachment", "", name), ("sha256", "", print.as_str())];
    crate::record(work, MESSAGE, unit_id, ("ticket", &ticket.number), &changes)?;
    Ok(file.id)
}

/// Adds a file to a ticket and keeps its bytes as well. Answers its key.
pub fn attach_file(
    work: &mut Work<'_, '_>,
    ticket_id: i64,
    name: &str,
    media_type: &str,
    content: &[u8],
) -> Result<i64, WorkflowError> {
    let org_id = work.org_id();
    let digest: [u8; 32] = Sha256::digest(content).into();
    let size_bytes = i64::try_from(content.len()).unwrap_or(i64::MAX);
    let id = attach(work, ticket_id, name, media_type, size_bytes, digest)?;
    sql::ticket::insert_content(work.tx, (org_id, ticket_id, id), content)?;
    Ok(id)
}

/// A file of a ticket with its bytes, which are those that were added: bytes that do not fit their fingerprint are not
/// given out.
pub fn attached_file(
    tx: &mut Tx<'_>,
    org_id: i64,
    ticket_id: i64,
    file_id: i64,
) -> Result<(Attachment, Vec<u8>), WorkflowError> {
    let missing = WorkflowError::NotFound { what: "file", id: file_id };
    let file = attachments(tx, org_id, ticket_id)?.into_iter().find(|file| file.id == file_id);
    let Some(file) = file else { return Err(missing) };
    let content = sql::ticket::content(tx, (org_id, ticket_id, file_id))?;
    let content = content.filter(|content| Sha256::digest(content).as_slice() == file.sha256.as_slice());
    Ok((file, content.ok_or(missing)?))
}

/// One ticket.
pub fn find(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Ticket, WorkflowError> {
    let found = sql::ticket::find(tx, org_id, ticket_id)?;
    found.ok_or(WorkflowError::NotFound { what: "ticket", id: ticket_id })
}

/// The tickets of these keys that there are, by key.
pub fn find_all(
    tx: &mut Tx<'_>,
    org_id: i64,
    ticket_ids: &[i64],
) -> Result<BTreeMap<i64, Ticket>, WorkflowError> {
    let mut found = BTreeMap::new();
    for some in ticket_ids.chunks(2_000) {
        found.extend(sql::ticket::find_all(tx, org_id, some)?.into_iter().map(|ticket| (ticket.id, ticket)));
    }
    Ok(found)
}

/// A ticket's history, in order.
pub fn history(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Vec<Step>, WorkflowError> {
    Ok(sql::ticket::steps(tx, org_id, ticket_id)?)
}

/// A ticket's files.
pub fn attachments(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Vec<Attachment>, WorkflowError> {
    Ok(sql::ticket::attachments(tx, org_id, ticket_id)?)
}

/// Tickets about a subject.
pub fn tickets_about(
    tx: &mut Tx<'_>,
    org_id: i64,
    subject: Subject<'_>,
) -> Result<Vec<Ticket>, WorkflowError> {
    Ok(sql::ticket::of_subject(tx, org_id, subject.kind, subject.id)?)
}

/// Open tickets in which a unit has a side.
pub fn open_tickets(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Vec<Ticket>, WorkflowError> {
    Ok(sql::ticket::open_at(tx, org_id, unit_id)?)
}

/// Tickets that hold the issue of a customer's bill (BILL-14, ADJ-16, PARM-04).
pub fn blocking_issue(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<Ticket>, WorkflowError> {
    Ok(sql::ticket::blocking(tx, org_id, account_id)?)
}

/// Every account whose issue is held, in order, for a billing run.
pub fn accounts_on_hold(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<i64>, WorkflowError> {
    Ok(sql::ticket::blocked_accounts(tx, org_id)?)
}

/// Feedback of `month` that stands on no list signed by the two units of its ticket (BILL-12).
pub fn unsigned_feedback(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
) -> Result<Vec<UnsignedFeedback>, WorkflowError> {
    Ok(sql::ticket::unsigned_feedback(tx, org_id, month.first_day(), month.last_day())?)
}

/// Refuses unless the person who acts holds `permission` on the unit; answers the post under which.
pub(crate) fn post_for(
    work: &Work<'_, '_>,
    permission: Permission,
    unit_id: i64,
) -> Result<String, WorkflowError> {
    work.require(permission, unit_id)?;
    let held = work.actor().assignment_for(permission, unit_id);
    Ok(held.map(|held| held.post.clone()).unwrap_or_default())
}

fn post_of_a_side(work: &Work<'_, '_>, ticket: &Ticket) -> Result<(String, i64), WorkflowError> {
    let mut refused = None;
    for side in [Side::Addressee, Side::Raiser, Side::Third] {
        let unit_id = rules::unit_of(ticket, side);
        match post_for(work, MESSAGE, unit_id) {
            Ok(post) => return Ok((post, unit_id)),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or(WorkflowError::NotFound { what: "ticket", id: ticket.id }))
}

fn keep_step(work: &mut Work<'_, '_>, ticket_id: i64, step: &Step) -> Result<(), WorkflowError> {
    let (org_id, feedback_id) = (work.org_id(), work.next_key());
    let authority = work.authority().map(|authority| authority.id);
    Ok(sql::ticket::insert_step(work.tx, org_id, ticket_id, step, feedback_id, authority)?)
}

fn running_clocks(work: &mut Work<'_, '_>, ticket_id: i64) -> Result<Vec<Clock>, WorkflowError> {
    let org_id = work.org_id();
    let mut clocks = sql::clock::of_ticket(work.tx, org_id, ticket_id)?;
    clocks.retain(|clock| clock.met_on.is_none() && clock.dropped_on.is_none());
    Ok(clocks)
}

fn start(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket: &Ticket,
    starts: &[StartsClock],
) -> Result<(), WorkflowError> {
    let new: Vec<NewClock<'_>> = starts
        .iter()
        .map(|start| NewClock {
            code: start.clock,
            ticket_id: Some(ticket.id),
            subject: Subject { kind: &ticket.subject_kind, id: ticket.subject_id },
            account_id: ticket.account_id,
            started_on: work.today(),
            answerable_unit_id: rules::unit_of(ticket, start.side),
            answerable_post: match start.side {
                Side::Raiser => &ticket.raised_post,
                Side::Addressee => &ticket.addressed_post,
                Side::Third => "",
            },
        })
        .collect();
    clock::start_clocks(work, calendar, &new)?;
    Ok(())
}
