//! Time limits of the office: data with dates, and the defaults of `data/limits.csv`.

use kernel::Date;
use store::Tx;

use crate::{MeteringError, Result, trace};

const DEFAULTS: &str = include_str!("../data/limits.csv");

/// A time limit of this office.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Calendar days from the scheduled reading day to the submission of the book. Source: READ-08, A1.
    SubmitReadings,
    /// Calendar days from the request for a card to its fax. Source: READ-03.
    FaxCard,
    /// Working days from a ticket to its answer. Source: READ-10.
    AnswerChangeTicket,
    /// Days before the end of the year by which the carry-over's materials must be there. Source: READ-18.
    CarryOverMaterials,
}

impl Limit {
    const fn name(self) -> &'static str {
        match self {
            Limit::SubmitReadings => "submit_readings",
            Limit::FaxCard => "fax_card",
            Limit::AnswerChangeTicket => "answer_change_ticket",
            Limit::CarryOverMaterials => "carry_over_materials",
        }
    }

    fn default_days(self) -> Option<i64> {
        DEFAULTS.lines().skip(1).find_map(|line| {
            let mut fields = line.split(',');
            (fields.next()? == self.name()).then(|| fields.next()?.parse().ok())?
        })
    }

    /// The limit in force on `day`, in days.
    pub fn days(self, tx: &mut Tx<'_>, org_id: i64, day: Date) -> Result<i64> {
        match trace::sql::limit(tx, org_id, self.name(), day)? {
            Some(days) => Ok(days),
            None => self.default_days().ok_or(MeteringError::UnknownCode { what: "Limit", code: 0 }),
        }
    }
}
