//! How well reading is done. Source: XC-21, XC-22, XC-23.

pub(crate) mod sql;

use identity::Work;
use kernel::{Exact, Month, Rate};
use store::Tx;

use crate::book::{checked_note, not_found};
use crate::error::What;
use crate::{Result, entry, permissions, trace};

/// The figures of one station and month, or of the whole organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadingFigures {
    /// Meters that should be read.
    pub due: i64,
    /// Meters actually read, zero-read among them; an estimate is not a reading.
    pub read: i64,
    /// Households with a reading found wrong after submission.
    pub households_in_error: i64,
}

impl ReadingFigures {
    /// Actual reading rate (电能表实抄率): meters actually read ÷ meters that should be read, to two decimals of a percent.
    /// Nothing when none should be read. Source: XC-21, XC-23.
    pub fn actual_reading_rate(&self) -> Result<Option<Rate>> {
        share(self.read, self.due)
    }
    /// Reading error rate (抄表差错率): households in error ÷ meters actually read, to two decimals of a percent. Nothing
    /// when none was read. Source: XC-22, XC-23.
    pub fn error_rate(&self) -> Result<Option<Rate>> {
        share(self.households_in_error, self.read)
    }
}

fn share(part: i64, whole: i64) -> Result<Option<Rate>> {
    if whole == 0 {
        return Ok(None);
    }
    Ok(Some(Exact::whole(part).over(Exact::whole(whole))?.to_rate(4)?))
}

/// The figures of `month` for one station, or for all. Source: XC-21, XC-22.
pub fn reading_figures(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    unit_id: Option<i64>,
) -> Result<ReadingFigures> {
    sql::figures(tx, org_id, month, unit_id)
}

/// The centre records that a submitted reading was wrong; once per meter and month. Source: XC-22.
pub fn record_reading_error(
    work: &mut Work<'_, '_>,
    month: Month,
    (account_id, meter_seq): (i64, i64),
    note: &str,
) -> Result<()> {
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    let (unit_id, _) = entry::account_place(work.tx, org_id, account_id)?;
    work.require(permissions::REVIEW, unit_id)?;
    let lines = entry::load_lines(work.tx, org_id, month, &[account_id])?;
    if lines.iter().all(|line| line.meter_seq != meter_seq) {
        return Err(not_found(What::Line, format!("{account_id}-{meter_seq} / {month}")));
    }
    let note = checked_note(note)?;
    sql::keep_error(work.tx, org_id, month, (account_id, meter_seq, unit_id), note, (by, now))?;
    let number = format!("{month} {account_id}-{meter_seq}");
    trace::record_words(work, permissions::REVIEW, unit_id, ("reading_error", &number), note)
}
