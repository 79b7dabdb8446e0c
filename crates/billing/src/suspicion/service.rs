//! Commands about the score: the mode, the thresholds, the release of a held bill by two people; and the comparison.

use identity::Work;
use kernel::{Month, Quantity};
use store::Tx;

use super::reason::Finding;
pub use super::sql::Release;
use super::sql::{self, Mode, StoredScore};
use super::thresholds::{Band, Thresholds};
use crate::exception::{Exception, ExceptionFilter, exceptions_of};
use crate::gates::{self, Limits, Past, ReadAs, Reasons};
use crate::office::record::record;
use crate::office::{OfficeError, Result, checked_text, permission};

/// Changes who decides, by a person who may; from the next calculation on. (BILL-04, BILL-08)
pub fn set_mode(work: &mut Work<'_, '_>, mode: Mode) -> Result<Mode> {
    work.require(permission::SET_SUSPICION, 0)?;
    let (org_id, key, now) = (work.org_id(), work.next_key(), work.now());
    let before = sql::mode(work.tx, org_id)?;
    if before == mode {
        return Err(OfficeError::refused(
            "BILL-08",
            format!("评分模式已经是 {}", mode.code()),
            format!("the mode is {} already", mode.code()),
        ));
    }
    let own = sql::own_thresholds(work.tx, org_id)?;
    let by = work.actor().person_id;
    sql::insert_setting(work.tx, (org_id, key), mode, own.as_deref(), (by, now))?;
    record(work, permission::SET_SUSPICION, 0, "suspicion_mode", "mode", before.code(), mode.code())?;
    Ok(before)
}

/// Loads the organisation's own thresholds in place of the built-in ones; a wrong file is refused as a whole.
pub fn set_thresholds(work: &mut Work<'_, '_>, text: &str) -> Result<Thresholds> {
    work.require(permission::SET_SUSPICION, 0)?;
    let new = Thresholds::parse(text)?;
    let (org_id, key, now) = (work.org_id(), work.next_key(), work.now());
    let before = sql::thresholds(work.tx, org_id)?;
    let mode = sql::mode(work.tx, org_id)?;
    let by = work.actor().person_id;
    sql::insert_setting(work.tx, (org_id, key), mode, Some(text), (by, now))?;
    let words = |of: &Thresholds| format!("version {} bands {:?}", of.version, of.bands);
    let (old, now) = (words(&before), words(&new));
    record(work, permission::SET_SUSPICION, 0, "suspicion_thresholds", "thresholds", &old, &now)?;
    Ok(new)
}

/// Scores of a month from the band `from` up, highest first.
pub fn scores_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    from: Band,
    book_id: Option<i64>,
    account_id: Option<i64>,
) -> Result<Vec<StoredScore>> {
    sql::list(tx, org_id, month, from, book_id, account_id)
}

fn held(work: &mut Work<'_, '_>, month: Month, account_id: i64) -> Result<Exception> {
    let org_id = work.org_id();
    let filter = ExceptionFilter { account_id: Some(account_id), ..ExceptionFilter::default() };
    let found = exceptions_of(work.tx, org_id, month, &filter)?.pop();
    let exception = found.ok_or(OfficeError::NotFound { what: "exception of account", id: account_id })?;
    if exception.reasons.has(Reasons::HELD) {
        return Ok(exception);
    }
    Err(OfficeError::refused(
        "BILL-14",
        format!("客户 {account_id} 的电费没有暂扣"),
        format!("the bill of account {account_id} is not held"),
    ))
}

/// The release of an account's bill, if one was proposed.
pub fn release_of(tx: &mut Tx<'_>, org_id: i64, month: Month, account_id: i64) -> Result<Option<Release>> {
    sql::release(tx, org_id, month, account_id)
}

/// The first of two people proposes to release a held bill, with a reason. (BILL-14)
pub fn propose_release(work: &mut Work<'_, '_>, month: Month, account_id: i64, reason: &str) -> Result<()> {
    let exception = held(work, month, account_id)?;
    work.require(permission::PROPOSE_RELEASE, exception.unit_id)?;
    let reason = checked_text("reason", reason, 500)?;
    let (org_id, now) = (work.org_id(), work.now());
    let proposal = Release {
        energy_kwh: exception.energy_kwh,
        amount: exception.amount,
        reason: reason.to_owned(),
        proposed_by: work.actor().person_id,
        confirmed_by: None,
    };
    sql::save_proposal(work.tx, (org_id, month, account_id), &proposal, now)?;
    let number = format!("{month} {account_id}");
    record(work, permission::PROPOSE_RELEASE, exception.unit_id, "held_bill", &number, "held", reason)
}

/// The second confirms: another person, for the figures that were proposed. (BILL-14; maker is not checker)
pub fn confirm_release(work: &mut Work<'_, '_>, month: Month, account_id: i64) -> Result<()> {
    let exception = held(work, month, account_id)?;
    work.require(permission::CONFIRM_RELEASE, exception.unit_id)?;
    let (org_id, now) = (work.org_id(), work.now());
    let Some(proposal) = sql::release(work.tx, org_id, month, account_id)? else {
        return Err(OfficeError::refused(
            "BILL-14",
            format!("客户 {account_id} 尚无人提出解除暂扣"),
            format!("nobody has proposed to release the bill of account {account_id}"),
        ));
    };
    work.forbid_maker(proposal.proposed_by, "the proposal to release the bill")?;
    same_figures(&exception, &proposal)?;
    let by = work.actor().person_id;
    sql::save_confirmation(work.tx, (org_id, month, account_id), (by, now))?;
    let number = format!("{month} {account_id}");
    record(work, permission::CONFIRM_RELEASE, exception.unit_id, "held_bill", &number, "held", "released")
}

fn same_figures(exception: &Exception, proposal: &Release) -> Result<()> {
    if (exception.energy_kwh, exception.amount) == (proposal.energy_kwh, proposal.amount) {
        return Ok(());
    }
    Err(OfficeError::refused(
        "BILL-14",
        format!("客户 {} 的电费在提出解除暂扣后已变，请重新提出", exception.account_id),
        format!(
            "the bill of account {} changed since its release was proposed: propose it again",
            exception.account_id
        ),
    ))
}

/// Refuses while a held bill is not released by two people for its present figures. (BILL-14)
pub(crate) fn require_released(work: &mut Work<'_, '_>, month: Month, exception: &Exception) -> Result<()> {
    if !exception.reasons.has(Reasons::HELD) {
        return Ok(());
    }
    let org_id = work.org_id();
    match sql::release(work.tx, org_id, month, exception.account_id)? {
        Some(release) if release.confirmed_by.is_some() => same_figures(exception, &release),
        _ => Err(OfficeError::refused(
            "BILL-14",
            format!("客户 {} 的电费暂扣中，须由两人解除", exception.account_id),
            format!("the bill of account {} is held: two people release it first", exception.account_id),
        )),
    }
}

/// A bill on which the 30 % rule and the score differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// The account.
    pub account_id: i64,
    /// Its book.
    pub book_id: i64,
    /// What the rule says.
    pub rule: Reasons,
    /// The score.
    pub score: u8,
    /// Its band.
    pub band: Band,
    /// Why.
    pub findings: Vec<Finding>,
}

/// The 30 % rule beside the score.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// Bills by what the rule says (clean, fluctuation only, a gate that nobody can leave out) and by band.
    pub counts: [[i64; 4]; 3],
    /// Bills the rule takes out for fluctuation alone and the score releases.
    pub released: Vec<Side>,
    /// Bills the rule lets pass and the score does not, by review or hold.
    pub caught: Vec<Side>,
}

/// Bills looked at together.
const CHUNK: i64 = 4096;

/// Compares the two for every bill of `month` that has a score; the rule is applied anew to the bill's figures, so that
/// it makes no difference which of the two decided. The rule cannot tell unread from read again: what the run said of
/// that stands.
pub fn compare(tx: &mut Tx<'_>, org_id: i64, month: Month, limits: &Limits) -> Result<Comparison> {
    let mut found = Comparison::default();
    let mut after = i64::MIN;
    loop {
        let bills = sql::bills_beside(tx, org_id, month, after, CHUNK)?;
        let (Some(first), Some(last)) = (bills.first(), bills.last()) else { break };
        let bounds = (first.account_id, last.account_id);
        after = bounds.1;
        let mut past = vec![Past::default(); bills.len()];
        for back in 1..=3 {
            let mut seen = None;
            crate::sql::each_issued(
                tx,
                org_id,
                month.plus(-back)?,
                bounds.0,
                bounds.1,
                |account, energy, fee, _| {
                    if let Ok(place) = bills.binary_search_by_key(&account, |bill| bill.account_id) {
                        let past = &mut past[place];
                        past.months += u8::from(seen.replace(account) != Some(account));
                        past.energy_kwh = past.energy_kwh.plus(energy)?;
                        past.fee = past.fee.plus(fee)?;
                    }
                    Ok::<_, OfficeError>(())
                },
            )?;
        }
        for (bill, past) in bills.into_iter().zip(past) {
            found.add(bill, &past, limits);
        }
    }
    Ok(found)
}

impl Comparison {
    fn add(&mut self, bill: sql::BillBeside, past: &Past, limits: &Limits) {
        let fluctuation = Reasons::QUANTITY_FLUCTUATION.with(Reasons::FEE_FLUCTUATION);
        let kept = Reasons(bill.reasons & !(fluctuation.0 | Reasons::OF_THE_SCORE.0));
        let anew = gates::reasons(bill.energy_kwh, bill.amount, past, ReadAs::Read, limits);
        let rule = if kept.has(Reasons::NOT_CALCULATED) { kept } else { kept.with(anew) };
        let mandatory = rule.0 & !fluctuation.0 != 0 || bill.amount.is_negative();
        let row = if mandatory { 2 } else { usize::from(!rule.is_none()) };
        self.counts[row][bill.band as usize] += 1;
        let passes = bill.band == Band::Release || bill.band == Band::Sample && !bill.sampled;
        let side = Side {
            account_id: bill.account_id,
            book_id: bill.book_id,
            rule,
            score: bill.score,
            band: bill.band,
            findings: bill.findings,
        };
        if row == 1 && passes {
            self.released.push(side);
        } else if row == 0 && bill.band >= Band::Review {
            self.caught.push(side);
        }
    }
    /// Bills compared.
    pub fn bills(&self) -> i64 {
        self.counts.iter().flatten().sum()
    }
}

impl StoredScore {
    /// kWh by which the month is off.
    pub fn off_kwh(&self) -> Option<Quantity> {
        self.used_kwh.minus(self.expected_kwh?).ok()
    }
}
