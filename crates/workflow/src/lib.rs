//! Work between people: tickets with states and deadlines, approvals by amount, lists that both sides sign, closing
//! checklists, and the log of messages between units.
//!
//! What kinds there are, which steps lead where, who may take them, how long each may last and whose approval an
//! amount needs is data: the files in `data/`. This crate knows no reading, no bill and no amount of its own.

mod approval;
pub mod catalogue;
mod check;
mod clock;
mod closing;
mod error;
mod inbox;
mod message;
mod model;
pub mod rules;
mod signed_list;
mod sql;
mod ticket;

use identity::{Permission, Work};
use vault::Act;

pub use approval::{approvals_of, decide, find_approval, open_approval, require_complete, step_for};
pub use catalogue::{Catalogue, Deadline, ListKind, Side, TicketKind, Transition};
pub use check::{TicketFigures, WorkflowFigures, check};
pub use clock::{
    Standing, clocks_of, clocks_of_ticket, drop_clock, late_list, meet_clocks, met_clocks, open_clocks,
    postpone_clock, postponements, start_clocks,
};
pub use closing::{Evidence, Proved, checklist, close_period, closed_by, open_checklist, tick_item};
pub use error::WorkflowError;
pub use inbox::{
    ClockGroup, ClockQuery, OpenApproval, TicketGroup, approvals_open, clock_groups, clock_place,
    clocks_page, open_tickets_of_account, ticket_groups,
};
pub use message::{log_message, messages_about, messages_of};
pub use model::{
    Approval, ApprovalState, ApprovalStep, Attachment, Channel, ChecklistItem, Clock, ClockState, Decision,
    ListLine, ListSide, Message, NewApproval, NewClock, NewList, NewMessage, NewTicket, Period, Postponement,
    Signature, SignedList, Step, Subject, Ticket, UnsignedFeedback,
};
pub use signed_list::{
    LIST_LINES_MAX, find_list, list_lines, lists_of, make_list, sign_list, unsigned_lists,
};
pub use sql::SCHEMA;
pub use ticket::{
    accounts_on_hold, act, add_feedback, attach, attach_file, attached_file, attachments, blocking_issue,
    find, find_all, history, open_tickets, raise, tickets_about, unsigned_feedback,
};

/// Fields that hold what people wrote, in which a customer may be named; the log can forget them.
const WORDS: &[&str] = &["text", "feedback", "attachment", "signature"];

/// The one place where an act of this crate is recorded: which right was used, on which document of which unit, and
/// what changed (field, before, after).
fn record(
    work: &mut Work<'_, '_>,
    right: Permission,
    unit_id: i64,
    document: (&str, &str),
    changes: &[(&str, &str, &str)],
) -> Result<(), WorkflowError> {
    let act = Act::new(right, unit_id, document.0, document.1);
    let act = changes.iter().fold(act, |act, (field, before, after)| {
        if WORDS.contains(field) {
            act.change_personal(*field, *before, *after)
        } else {
            act.change(*field, *before, *after)
        }
    });
    let act = match work.authority() {
        Some(authority) => act.change_personal("authority", "", authority.authority_name.clone()),
        None => act,
    };
    vault::record(work, &act)?;
    Ok(())
}
