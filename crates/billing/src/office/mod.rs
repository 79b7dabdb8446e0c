//! What all desks of the billing office share: permissions, time limits, refusals, tickets, delays and the
//! record of acts.
//!
//! Tickets, clocks, approvals, lists to be signed and messages are those of `workflow`; they go from unit to unit, so
//! that nothing leaves the centre for a customer (BILL-16, INQ-03).

pub mod delay;
mod error;
pub(crate) mod flow;
pub mod permission;
pub(crate) mod record;
pub mod rules;
mod schema;
mod text;

pub use error::{OfficeError, Refusal};
pub use rules::OfficeRules;
pub use schema::MIGRATIONS_OFFICE;
pub(crate) use text::{checked_code, checked_text};

/// Shorthand for what the office answers.
pub type Result<T> = std::result::Result<T, OfficeError>;

/// Who is answerable for a delay, for data or for a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// The supply station (基层供电单位).
    Station,
    /// The billing centre (电费管理中心).
    Centre,
    /// The metering institute (计量所).
    MeteringInstitute,
    /// The inspection department (稽查部).
    Inspection,
}

impl Party {
    /// All, in order of their numbers.
    pub const ALL: [Party; 4] = [Party::Station, Party::Centre, Party::MeteringInstitute, Party::Inspection];
    /// The stored number.
    pub const fn number(self) -> i64 {
        self as i64
    }
    /// The party with a stored number.
    pub fn from_number(number: i64) -> Option<Party> {
        Party::ALL.into_iter().find(|party| party.number() == number)
    }
}

impl kernel::Bilingual for Party {
    fn text(&self, lang: kernel::Lang) -> String {
        let (zh, en) = match self {
            Party::Station => ("基层供电单位", "supply station"),
            Party::Centre => ("电费管理中心", "billing centre"),
            Party::MeteringInstitute => ("计量所", "metering institute"),
            Party::Inspection => ("稽查部", "inspection department"),
        };
        if lang == kernel::Lang::Zh { zh.into() } else { en.into() }
    }
}
