//! The nouns of custody.

use kernel::Date;

use crate::codes::codes;

codes! {
    /// What kind of tool it is.
    ToolKind {
        /// A paper reading card (纸质抄本卡片).
        Card = 1, "card", "抄本卡片";
        /// A ledger (帐本) with the cards of a book.
        Ledger = 2, "ledger", "帐本";
        /// A handheld reader (抄表机).
        Handheld = 3, "handheld", "抄表机";
        /// Any other tool.
        Other = 9, "other", "其他抄表工具";
    }
}

codes! {
    /// Where a tool is.
    ToolState {
        /// In custody at the station.
        Kept = 1, "kept", "在库";
        /// With a person.
        Issued = 2, "issued", "已发放";
        /// Destroyed; nothing follows.
        Destroyed = 3, "destroyed", "已销毁";
    }
}

codes! {
    /// What happens to a tool.
    ToolEvent {
        /// A card is opened (立卡).
        Open = 1, "open", "立卡";
        /// A card is built (建卡).
        Build = 2, "build", "建卡";
        /// A card is carried over to a new one (过卡).
        Recard = 3, "recard", "过卡";
        /// A card is transcribed (抄录).
        Transcribe = 4, "transcribe", "抄录";
        /// Issued to a person (发放).
        Issue = 5, "issue", "发放";
        /// Passed on to another person (流转).
        Circulate = 6, "circulate", "流转";
        /// Taken back into custody (保管).
        Keep = 7, "keep", "保管";
        /// Destroyed (销毁).
        Destroy = 8, "destroy", "销毁";
    }
}

/// A tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its key.
    pub tool_id: i64,
    /// What it is.
    pub kind: ToolKind,
    /// Its number, unique within its kind.
    pub number: String,
    /// The station it belongs to.
    pub unit_id: i64,
    /// The account of a card.
    pub account_id: Option<i64>,
    /// The book of a ledger.
    pub book_id: Option<i64>,
    /// Where it is.
    pub state: ToolState,
    /// Who has it.
    pub holder_id: Option<i64>,
    /// Version of the row.
    pub version: i64,
}

/// One event of a tool's life. Source: READ-02.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolHistory {
    /// What happened.
    pub event: ToolEvent,
    /// When.
    pub on: Date,
    /// The person it concerns: who receives, keeps or destroys it.
    pub person_id: i64,
    /// Who recorded it.
    pub done_by: i64,
    /// In words.
    pub note: String,
}

/// Ledgers and handhelds of a station, as the ledger-issue room looks after them. Source: READ-15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomCount {
    /// The station.
    pub unit_id: i64,
    /// Ledgers in custody whose books are to be read, and that may be lent.
    pub to_issue: i64,
    /// Ledgers and handhelds that are out.
    pub out: i64,
    /// Of those, ledgers whose books are being accounted: they should be back.
    pub overdue: i64,
}
