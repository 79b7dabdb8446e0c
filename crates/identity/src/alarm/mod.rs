//! Alarms: something about the books is not as it must be, and nothing is written until two persons have decided.
//!
//! An alarm is raised by the check of the books ([`raise`]). From then on every [`crate::Desk`] refuses commands with
//! an error that names the alarm. One person proposes a decision with a reason ([`propose`]), another confirms it
//! ([`confirm`]) or sends it back ([`send_back`]). A finding that was decided does not stop the books again; a further
//! one does. The tables refuse deletion, change of what was found, and every change after the decision.

mod model;
mod service;
mod sql;

pub use model::{Alarm, AlarmFinding, AlarmState, Decision, NewAlarm};
pub use service::{
    alarms, confirm, decided_findings, find, findings, open_alarm, permission, propose, raise, require_calm,
    send_back,
};
pub(crate) use sql::MIGRATION;
