//! Reading cards, ledgers, handheld readers and other tools: who holds them, from their first day to their destruction.
//!
//! Each tool belongs to one station. Ledgers and handhelds go out only through the ledger-issue room, by somebody who
//! does no accounting, and a ledger stays in while its book is being accounted.

mod model;
pub mod rules;
mod service;
pub(crate) mod sql;

pub use model::{RoomCount, Tool, ToolEvent, ToolHistory, ToolKind, ToolState};
pub use service::{
    history, record_event, register_tool, request_card, room_counts, send_card, tool, tools_of,
};
