//! How the office speaks to `workflow`, `documents` and `metering`: one place, so that their faces stand in one file.

use identity::Work;
use kernel::{Bilingual, Lang};
use store::Tx;
use workflow::{Channel, NewMessage, NewTicket, Subject, Ticket};

use super::{OfficeError, OfficeRules, Result};

/// What another crate refused, in both languages; its own refusals about persons stay recognisable.
pub(crate) fn below<E: Bilingual>(error: E) -> OfficeError {
    OfficeError::Below(Box::new(kernel::Text::new(error.text(Lang::Zh), error.text(Lang::En))))
}

fn workflow(error: workflow::WorkflowError) -> OfficeError {
    match error {
        workflow::WorkflowError::Identity(error) => OfficeError::Identity(error),
        workflow::WorkflowError::Store(error) => OfficeError::Store(error),
        error => below(error),
    }
}

pub(crate) fn raise(work: &mut Work<'_, '_>, rules: &OfficeRules, new: &NewTicket<'_>) -> Result<Ticket> {
    workflow::raise(work, &rules.calendar, new).map_err(workflow)
}

/// Takes a step on a ticket as it stands now; the office's own row is what two persons at once would stumble over.
pub(crate) fn act(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    ticket_id: i64,
    act: &str,
    text: &str,
) -> Result<Ticket> {
    let org_id = work.org_id();
    let version = workflow::find(work.tx, org_id, ticket_id).map_err(workflow)?.version;
    workflow::act(work, &rules.calendar, ticket_id, version, act, text).map_err(workflow)
}

pub(crate) fn ticket(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Ticket> {
    workflow::find(tx, org_id, ticket_id).map_err(workflow)
}

/// The due day of the running clock `code` of a ticket.
pub(crate) fn due_of(work: &mut Work<'_, '_>, ticket_id: i64, code: &str) -> Result<Option<kernel::Date>> {
    let (org_id, today) = (work.org_id(), work.today());
    let clocks = workflow::clocks_of_ticket(work.tx, org_id, ticket_id, today).map_err(workflow)?;
    let running = clocks.iter().filter(|standing| {
        standing.clock.code == code && standing.clock.met_on.is_none() && standing.clock.dropped_on.is_none()
    });
    Ok(running.map(|standing| standing.clock.due_on).next_back())
}

/// Logs a message from one unit to another about a document.
pub(crate) fn message(
    work: &mut Work<'_, '_>,
    channel: Channel,
    (from_unit_id, to_unit_id): (i64, i64),
    subject: Subject<'_>,
    text: &str,
) -> Result<i64> {
    let sent_at = work.now();
    let new = NewMessage { channel, from_unit_id, to_unit_id, to_person_id: None, sent_at, subject, text };
    Ok(workflow::log_message(work, &new).map_err(workflow)?.id)
}

pub(crate) fn make_list(
    work: &mut Work<'_, '_>,
    new: &workflow::NewList<'_>,
) -> Result<workflow::SignedList> {
    workflow::make_list(work, new).map_err(workflow)
}

pub(crate) fn list(tx: &mut Tx<'_>, org_id: i64, list_id: i64) -> Result<workflow::SignedList> {
    workflow::find_list(tx, org_id, list_id).map_err(workflow)
}

pub(crate) fn sign(
    work: &mut Work<'_, '_>,
    list_id: i64,
    side: workflow::ListSide,
) -> Result<workflow::SignedList> {
    workflow::sign_list(work, list_id, side).map_err(workflow)
}

pub(crate) fn open_approval(
    work: &mut Work<'_, '_>,
    new: &workflow::NewApproval<'_>,
) -> Result<workflow::Approval> {
    workflow::open_approval(work, new).map_err(workflow)
}

pub(crate) fn decide(
    work: &mut Work<'_, '_>,
    approval_id: i64,
    approved: bool,
    text: &str,
) -> Result<workflow::Approval> {
    workflow::decide(work, approval_id, approved, text).map_err(workflow)
}

/// The next number of a document of `kind` at `unit_id`.
pub(crate) fn number(work: &mut Work<'_, '_>, kind: &str, unit_id: i64) -> Result<String> {
    documents::take_number(work, kind, unit_id).map_err(below)
}

pub(crate) fn workflow_error(error: workflow::WorkflowError) -> OfficeError {
    workflow(error)
}

/// Where an account belongs, as metering has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) unit_id: i64,
    pub(crate) book_id: i64,
}

/// The station and book of an account; nobody's word is taken for it.
pub(crate) fn place_of(work: &mut Work<'_, '_>, account_id: i64) -> Result<Place> {
    let (org_id, month) = (work.org_id(), work.today().month());
    let found =
        metering::stream::accounts_with_readings(work.tx, org_id, month, &[account_id]).map_err(below)?;
    let row = found.first().ok_or(OfficeError::NotFound { what: "account", id: account_id })?;
    Ok(Place { unit_id: row.account.unit_id, book_id: row.account.book_id })
}
