//! What may happen to a tool.

use identity::{Actor, Permission};

use super::model::{Tool, ToolEvent, ToolKind, ToolState};
use crate::book::BookState;
use crate::permissions;

/// The state after `event`; nothing when it cannot happen to such a tool there. Source: READ-01, READ-02.
pub fn after(kind: ToolKind, state: ToolState, event: ToolEvent) -> Option<ToolState> {
    use ToolEvent::*;
    use ToolState::*;
    match (state, event) {
        (Kept, Open | Build | Recard | Transcribe) if kind == ToolKind::Card => Some(Kept),
        (Kept, Issue) | (Issued, Circulate) => Some(Issued),
        (Issued | Kept, Keep) => Some(Kept),
        (Kept, Destroy) => Some(Destroyed),
        _ => None,
    }
}

/// The right that an event needs. Source: READ-01, READ-02, READ-15.
pub fn right(kind: ToolKind, event: ToolEvent) -> Permission {
    use ToolEvent::*;
    match (kind, event) {
        (_, Open | Build | Recard | Transcribe) => permissions::KEEP_CARDS,
        (ToolKind::Ledger | ToolKind::Handheld, Issue | Circulate | Keep) => permissions::ISSUE_LEDGER,
        _ => permissions::KEEP_TOOLS,
    }
}

/// Does this person do accounting, and so may not be the one who issues ledgers? Source: READ-15, XC-02.
pub fn does_accounting(actor: &Actor) -> bool {
    let accounting = [permissions::CALCULATE, permissions::REVIEW, permissions::ISSUE];
    actor
        .assignments
        .iter()
        .flat_map(|held| &held.permissions)
        .any(|name| accounting.iter().any(|permission| permission.0 == name))
}

/// May `tool` leave custody while its book stands in these states? A ledger cannot be lent during accounting.
/// Source: READ-15.
pub fn may_be_lent(tool: &Tool, book_states: &[BookState]) -> bool {
    use BookState::*;
    tool.kind != ToolKind::Ledger
        || !book_states.iter().any(|state| matches!(state, Submitted | Calculating | Reviewing | Exception))
}
