//! Accounting periods (会计期间): opened one after another, closed in order.

use identity::Work;
use kernel::Month;
use store::Tx;

use crate::service::{WHOLE_ORGANISATION, permission};
use crate::sql::{self, Maker};
use crate::{LedgerError, check, logged};

/// An accounting period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The month.
    pub month: Month,
    /// Takes postings.
    pub open: bool,
}

/// All periods of the organisation, in order.
pub fn periods(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Period>, LedgerError> {
    sql::periods(tx, org_id)
}

fn maker(work: &Work<'_, '_>) -> Maker {
    Maker { org_id: work.org_id(), person_id: work.actor().person_id, made_at: work.now() }
}

/// Opens the period after the last one, or the very first. Several periods may be open at once.
pub fn open_period(work: &mut Work<'_, '_>, month: Month) -> Result<(), LedgerError> {
    work.require(permission::OPEN_PERIOD, WHOLE_ORGANISATION)?;
    let known = sql::periods(work.tx, work.org_id())?;
    if let Some(last) = known.last()
        && last.month.next() != month
    {
        let why = format!("the next period is {}", last.month.next());
        return Err(LedgerError::PeriodOrder { period: month, what: "opened", why });
    }
    let maker = maker(work);
    sql::insert_period(work.tx, month, &maker)?;
    logged::record_period(work, permission::OPEN_PERIOD, month, None)
}

/// Closes an open period (结账): all earlier ones must be closed, and its balances agree with its entries.
/// What stands in the books then is frozen (RPT-11), and the act in the log states it: counts, total, and the digest of
/// all balances.
pub fn close_period(work: &mut Work<'_, '_>, month: Month) -> Result<(), LedgerError> {
    work.require(permission::CLOSE_PERIOD, WHOLE_ORGANISATION)?;
    let org_id = work.org_id();
    let refused = |why: String| LedgerError::PeriodOrder { period: month, what: "closed", why };
    let known = sql::periods(work.tx, org_id)?;
    match known.iter().find(|period| period.month == month) {
        None => return Err(refused("it was never opened".into())),
        Some(period) if !period.open => return Err(refused("it is closed already".into())),
        Some(_) => (),
    }
    if let Some(earlier) = known.iter().find(|period| period.open && period.month < month) {
        return Err(refused(format!("{} is still open", earlier.month)));
    }
    // The lock first: whoever posts into the period has either finished or will be refused.
    let maker = maker(work);
    sql::set_open(work.tx, month, false, &maker)?;
    let report = check::check_period(work.tx, org_id, month)?;
    match report.first() {
        Some(finding) => return Err(refused(finding.to_string())),
        None => logged::adopt(work)?,
    };
    let balance = logged::period_balance(work.tx, org_id, month)?;
    logged::record_period(work, permission::CLOSE_PERIOD, month, Some(&balance))
}

/// Opens a closed period again (反结账), as long as no later one was closed.
pub fn reopen_period(work: &mut Work<'_, '_>, month: Month) -> Result<(), LedgerError> {
    work.require(permission::REOPEN_PERIOD, WHOLE_ORGANISATION)?;
    let refused = |why: String| LedgerError::PeriodOrder { period: month, what: "reopened", why };
    let known = sql::periods(work.tx, work.org_id())?;
    if !known.iter().any(|period| period.month == month && !period.open) {
        return Err(refused("it is not closed".into()));
    }
    if let Some(later) = known.iter().find(|period| !period.open && period.month > month) {
        return Err(refused(format!("{} is closed after it", later.month)));
    }
    let maker = maker(work);
    sql::set_open(work.tx, month, true, &maker)?;
    logged::record_period(work, permission::REOPEN_PERIOD, month, None)
}
