//! Tickets, clocks, approvals, lists, closings and messages as they are kept.

use kernel::{Date, Moment, Money, Month};

/// What a ticket, clock, approval or message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The kind of thing, such as `reading_book`, `bill`, `ticket`.
    pub kind: &'a str,
    /// Its key.
    pub id: i64,
}

/// A ticket to be raised.
#[derive(Debug, Clone)]
pub struct NewTicket<'a> {
    /// The code of its kind.
    pub kind: &'a str,
    /// What it is about.
    pub subject: Subject<'a>,
    /// The customer's account, if one.
    pub account_id: Option<i64>,
    /// The reading book, if one.
    pub book_id: Option<i64>,
    /// The billing month, if one.
    pub month: Option<Month>,
    /// The unit that raises it.
    pub raised_unit_id: i64,
    /// The unit that must deal with it.
    pub addressed_unit_id: i64,
    /// The post that must deal with it, if known.
    pub addressed_post: &'a str,
    /// The unit that carries it out, for kinds with a third side.
    pub third_unit_id: Option<i64>,
    /// What is asked or found.
    pub text: &'a str,
}

/// A ticket (工作票).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its key.
    pub id: i64,
    /// The code of its kind.
    pub kind: String,
    /// Its number in printed form.
    pub number: String,
    /// The code of its state.
    pub state: String,
    /// Nothing more can be done.
    pub closed: bool,
    /// The kind of thing it is about.
    pub subject_kind: String,
    /// The key of that thing.
    pub subject_id: i64,
    /// The customer's account.
    pub account_id: Option<i64>,
    /// The reading book.
    pub book_id: Option<i64>,
    /// The billing month.
    pub month: Option<Month>,
    /// The unit that raised it.
    pub raised_unit_id: i64,
    /// Who raised it.
    pub raised_by: i64,
    /// In which post.
    pub raised_post: String,
    /// When.
    pub raised_at: Moment,
    /// The unit that must deal with it.
    pub addressed_unit_id: i64,
    /// The post that must deal with it.
    pub addressed_post: String,
    /// The unit that carries it out.
    pub third_unit_id: Option<i64>,
    /// What is asked or found.
    pub text: String,
    /// Its version, for whoever changes it next.
    pub version: i64,
}

/// One row of a ticket's history; never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place, from 1.
    pub step_no: i64,
    /// What was done; `raise` for the first.
    pub act: String,
    /// The state before; empty for the first.
    pub from_state: String,
    /// The state after.
    pub to_state: String,
    /// Who.
    pub person_id: i64,
    /// In which post.
    pub post: String,
    /// For which unit.
    pub unit_id: i64,
    /// When.
    pub at: Moment,
    /// With which words.
    pub text: String,
    /// Is it feedback, which both sides sign?
    pub is_feedback: bool,
}

/// A file that belongs to a ticket, by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its key.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub size_bytes: i64,
    /// Its SHA-256.
    pub sha256: Vec<u8>,
    /// Who added it.
    pub added_by: i64,
    /// When.
    pub at: Moment,
}

/// A clock to be started.
#[derive(Debug, Clone)]
pub struct NewClock<'a> {
    /// The code of its deadline.
    pub code: &'a str,
    /// The ticket it belongs to, if one.
    pub ticket_id: Option<i64>,
    /// What it is about.
    pub subject: Subject<'a>,
    /// The customer's account, if one.
    pub account_id: Option<i64>,
    /// The day it starts.
    pub started_on: Date,
    /// The unit that is late when it runs out.
    pub answerable_unit_id: i64,
    /// The post within that unit, if known.
    pub answerable_post: &'a str,
}

/// A running or ended deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Its key.
    pub id: i64,
    /// The code of its deadline.
    pub code: String,
    /// The ticket it belongs to.
    pub ticket_id: Option<i64>,
    /// The kind of thing it is about.
    pub subject_kind: String,
    /// The key of that thing.
    pub subject_id: i64,
    /// The customer's account.
    pub account_id: Option<i64>,
    /// The day it started.
    pub started_on: Date,
    /// The day it was due first.
    pub first_due_on: Date,
    /// The day it is due.
    pub due_on: Date,
    /// The unit that is answerable.
    pub answerable_unit_id: i64,
    /// The post that is answerable.
    pub answerable_post: String,
    /// The day it was met.
    pub met_on: Option<Date>,
    /// The day it was given up, because the matter took another course.
    pub dropped_on: Option<Date>,
    /// Its version.
    pub version: i64,
}

/// How a clock stands (XC-08).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// Not due yet.
    Running,
    /// Met in time.
    Met,
    /// Not met by its day: so many calendar days late, so far or when it was met.
    Late {
        /// Calendar days after the due day.
        days: i64,
    },
    /// Given up.
    Dropped,
}

/// One deadline that was put off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postponement {
    /// The day before.
    pub old_due: Date,
    /// The day after.
    pub new_due: Date,
    /// The unit to which the delay is charged.
    pub charged_unit_id: i64,
    /// Why.
    pub reason: String,
    /// Who put it off.
    pub by_person_id: i64,
    /// When.
    pub at: Moment,
}

/// An approval to be opened.
#[derive(Debug, Clone)]
pub struct NewApproval<'a> {
    /// The kind of approval.
    pub kind: &'a str,
    /// What is to be approved.
    pub subject: Subject<'a>,
    /// The unit whose matter it is.
    pub unit_id: i64,
    /// The amount, without sign.
    pub amount: Money,
    /// Money goes back to the customer.
    pub is_refund: bool,
    /// Who prepared it.
    pub maker_id: i64,
}

/// How an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalState {
    /// Waits for a step.
    Open,
    /// Every step approved.
    Approved,
    /// A step refused.
    Refused,
}

/// An approval with its chain of steps (审批).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Its key.
    pub id: i64,
    /// Its number.
    pub number: String,
    /// Its kind.
    pub kind: String,
    /// The unit whose matter it is.
    pub unit_id: i64,
    /// The amount.
    pub amount: Money,
    /// Who prepared it.
    pub maker_id: i64,
    /// How it stands.
    pub state: ApprovalState,
    /// Its version.
    pub version: i64,
    /// Its steps in order.
    pub steps: Vec<ApprovalStep>,
}

/// One step of an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalStep {
    /// Its place.
    pub step: i64,
    /// The post that decides.
    pub post: String,
    /// The permission that post uses.
    pub permission: String,
    /// Who decided, when, and how; none while it waits.
    pub decision: Option<Decision>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Who.
    pub person_id: i64,
    /// When.
    pub at: Moment,
    /// Yes or no.
    pub approved: bool,
    /// With which words.
    pub text: String,
}

/// A list to be signed by both sides.
#[derive(Debug, Clone)]
pub struct NewList<'a> {
    /// The code of its kind.
    pub kind: &'a str,
    /// The month it is about.
    pub month: Month,
    /// One side.
    pub first_unit_id: i64,
    /// The other side.
    pub second_unit_id: i64,
    /// Its lines.
    pub lines: &'a [ListLine],
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListLine {
    /// The kind of thing.
    pub subject_kind: String,
    /// The key of that thing.
    pub subject_id: i64,
    /// What the line says.
    pub text: String,
}

/// A side of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListSide {
    /// The first unit.
    First,
    /// The second unit.
    Second,
}

/// A signature on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// For which side.
    pub side: ListSide,
    /// Who.
    pub person_id: i64,
    /// In which post.
    pub post: String,
    /// When.
    pub at: Moment,
}

/// A list signed by both sides (双方签字清单).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedList {
    /// Its key.
    pub id: i64,
    /// The code of its kind.
    pub kind: String,
    /// Its number.
    pub number: String,
    /// The month.
    pub month: Month,
    /// One side.
    pub first_unit_id: i64,
    /// The other side.
    pub second_unit_id: i64,
    /// Who made it.
    pub made_by: i64,
    /// When.
    pub made_at: Moment,
    /// Its signatures so far.
    pub signatures: Vec<Signature>,
}

impl SignedList {
    /// Complete only with both signatures (XC-04).
    pub fn is_complete(&self) -> bool {
        let has = |side| self.signatures.iter().any(|signature| signature.side == side);
        has(ListSide::First) && has(ListSide::Second)
    }
}

/// The day, month or year that is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A day.
    Day(Date),
    /// A month.
    Month(Month),
    /// A year.
    Year(i16),
}

/// An item of a unit's closing checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecklistItem {
    /// The item's code.
    pub code: String,
    /// Who ticked it, and when; none while it is open.
    pub done: Option<(i64, Moment)>,
    /// What was noted.
    pub note: String,
    /// There was nothing to do, for the reason noted.
    pub nothing_to_do: bool,
}

/// How a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The office system (OA).
    Oa,
    /// Fax (传真).
    Fax,
    /// Telephone (电话).
    Telephone,
    /// Mail (邮件).
    Mail,
}

/// A message to be logged.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    /// How it went.
    pub channel: Channel,
    /// The unit that sent it.
    pub from_unit_id: i64,
    /// The unit that received it.
    pub to_unit_id: i64,
    /// Who received it, if known.
    pub to_person_id: Option<i64>,
    /// When it was sent; never later than it is logged.
    pub sent_at: Moment,
    /// The document it carries or is about.
    pub subject: Subject<'a>,
    /// What it says.
    pub text: &'a str,
}

/// A logged message (XC-16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its key.
    pub id: i64,
    /// Its number.
    pub number: String,
    /// How it went.
    pub channel: Channel,
    /// The unit that sent it.
    pub from_unit_id: i64,
    /// Who sent it.
    pub from_person_id: i64,
    /// The unit that received it.
    pub to_unit_id: i64,
    /// Who received it.
    pub to_person_id: Option<i64>,
    /// When it was sent.
    pub sent_at: Moment,
    /// When it was logged.
    pub logged_at: Moment,
    /// The kind of document.
    pub subject_kind: String,
    /// The key of that document.
    pub subject_id: i64,
    /// What it says.
    pub text: String,
}

/// One piece of feedback that both sides have yet to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedFeedback {
    /// Its key, for the line of a list (subject `feedback`).
    pub feedback_id: i64,
    /// The ticket's number.
    pub number: String,
    /// What was said.
    pub text: String,
    /// The unit that raised the ticket.
    pub raised_unit_id: i64,
    /// The unit it is addressed to.
    pub addressed_unit_id: i64,
}
