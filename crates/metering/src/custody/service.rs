//! The commands of custody.

use identity::Work;
use kernel::{Month, Text, WorkingCalendar};
use store::Tx;
use workflow::{NewTicket, Subject, Ticket};

use super::model::{RoomCount, Tool, ToolEvent, ToolHistory, ToolState};
use super::{rules, sql};
use crate::book::not_found;
use crate::error::What;
use crate::{MeteringError, Result, permissions, trace};

const CARD_COPY: &str = "card_copy";

/// Registers a tool of a station; it begins in custody. Source: READ-01, READ-02.
pub fn register_tool(work: &mut Work<'_, '_>, tool: &Tool) -> Result<i64> {
    let right = rules::right(tool.kind, ToolEvent::Destroy);
    work.require(right, tool.unit_id)?;
    let org_id = work.org_id();
    let new = Tool {
        tool_id: work.next_key(),
        state: ToolState::Kept,
        holder_id: None,
        version: 1,
        ..tool.clone()
    };
    sql::insert(work.tx, org_id, &new)?;
    trace::record(work, right, new.unit_id, ("reading_tool", &new.number), new.kind.key())?;
    Ok(new.tool_id)
}

/// Records what happened to a tool, with the person it concerns. Source: READ-01, READ-02, READ-15.
pub fn record_event(
    work: &mut Work<'_, '_>,
    tool_id: i64,
    event: ToolEvent,
    person_id: i64,
    note: &str,
) -> Result<()> {
    let org_id = work.org_id();
    let mut tool = loaded(work, tool_id)?;
    let right = rules::right(tool.kind, event);
    work.require(right, tool.unit_id)?;
    let refuse = |zh: &str, en: &str| MeteringError::NotAllowed {
        what: What::Tool,
        value: tool.number.clone(),
        why: Text::new(zh, en),
    };
    if right == permissions::ISSUE_LEDGER && rules::does_accounting(work.actor()) {
        return Err(refuse("核算人员不得发放帐本、抄表机", "who does accounting cannot issue ledgers"));
    }
    let state = rules::after(tool.kind, tool.state, event)
        .ok_or_else(|| refuse("当前状态不能这样登记", "this cannot happen to it in its state"))?;
    if event == ToolEvent::Issue {
        let states = match tool.book_id {
            Some(book_id) => sql::states_of_book(work.tx, org_id, book_id)?,
            None => Vec::new(),
        };
        if !rules::may_be_lent(&tool, &states) {
            return Err(refuse("核算期间帐本不得外借", "a ledger cannot be lent during accounting"));
        }
    }
    let history = ToolHistory {
        event,
        on: work.today(),
        person_id,
        done_by: work.actor().person_id,
        note: note.trim().chars().take(500).collect(),
    };
    tool.state = state;
    tool.holder_id = (state == ToolState::Issued).then_some(person_id);
    sql::save(work.tx, org_id, &tool, &history)?;
    trace::record(work, right, tool.unit_id, ("reading_tool", &tool.number), event.key())
}

/// The centre asks for a copy of a paper card; the station has two days. Source: READ-03.
pub fn request_card(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    centre_unit_id: i64,
    tool_id: i64,
    text: &str,
) -> Result<Ticket> {
    let tool = loaded(work, tool_id)?;
    let new = NewTicket {
        kind: CARD_COPY,
        subject: Subject { kind: "reading_tool", id: tool_id },
        account_id: tool.account_id,
        book_id: tool.book_id,
        month: None,
        raised_unit_id: centre_unit_id,
        addressed_unit_id: tool.unit_id,
        addressed_post: "",
        third_unit_id: None,
        text,
    };
    Ok(workflow::raise(work, calendar, &new)?)
}

/// The station's fee administrator has faxed the copy back. Source: READ-03.
pub fn send_card(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    note: &str,
) -> Result<Ticket> {
    let org_id = work.org_id();
    let ticket = workflow::find(work.tx, org_id, ticket_id)?;
    if ticket.kind != CARD_COPY {
        return Err(not_found(What::CardRequest, ticket_id));
    }
    Ok(workflow::act(work, calendar, ticket_id, ticket.version, "send", note)?)
}

fn loaded(work: &mut Work<'_, '_>, tool_id: i64) -> Result<Tool> {
    let org_id = work.org_id();
    sql::tool(work.tx, org_id, tool_id)?.ok_or_else(|| not_found(What::Tool, tool_id))
}

/// One tool.
pub fn tool(tx: &mut Tx<'_>, org_id: i64, tool_id: i64) -> Result<Option<Tool>> {
    sql::tool(tx, org_id, tool_id)
}
/// The tools of a station, at most 10,000, by kind and number.
pub fn tools_of(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Vec<Tool>> {
    sql::tools_of(tx, org_id, unit_id)
}
/// What the ledger-issue room has to look after, by station: books of `month` that are to be read. Source: READ-15.
pub fn room_counts(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<RoomCount>> {
    sql::room_counts(tx, org_id, month)
}
/// The whole life of a tool. Source: READ-02.
pub fn history(tx: &mut Tx<'_>, org_id: i64, tool_id: i64) -> Result<Vec<ToolHistory>> {
    sql::history(tx, org_id, tool_id)
}
