//! The commands about alarms.

use std::collections::BTreeSet;

use kernel::{Moment, Text};
use store::{StoreError, Tx};

use super::model::{Alarm, AlarmFinding, AlarmState, Decision, NewAlarm};
use super::sql;
use crate::{IdentityError, Work};

/// The rights about alarms.
pub mod permission {
    use crate::Permission;

    /// Prove the books and raise an alarm.
    pub const CHECK: Permission = Permission("alarm.check");
    /// Propose how an alarm is decided.
    pub const PROPOSE: Permission = Permission("alarm.propose");
    /// Confirm a proposed decision, or send it back.
    pub const CONFIRM: Permission = Permission("alarm.confirm");
}

/// Alarms concern the organisation as a whole.
const WHOLE_ORGANISATION: i64 = 0;
/// Longest reason, in characters.
const REASON_CHARS_MAX: usize = 1_000;

/// Refuses while an alarm waits for its decision. Every command asks this first, in its own transaction.
pub fn require_calm(tx: &mut Tx<'_>, org_id: i64) -> Result<(), StoreError> {
    match sql::open_alarm(tx, org_id)? {
        Some(alarm) => Err(StoreError::Stopped(Box::new(alarm.refusal()))),
        None => Ok(()),
    }
}

/// Raises an alarm: commands are refused from the commit on. It asks for no permission: whoever finds that the books
/// are wrong stops them. A finding that an alarm waiting for its decision already has is not raised again; when
/// nothing is left, that alarm is answered.
pub fn raise(
    tx: &mut Tx<'_>,
    org_id: i64,
    raised_by: i64,
    now: Moment,
    new: &NewAlarm<'_>,
) -> Result<Alarm, StoreError> {
    sql::lock(tx, org_id)?;
    let mut known = sql::findings_in(tx, org_id, AlarmState::Raised)?;
    known.extend(sql::findings_in(tx, org_id, AlarmState::Proposed)?);
    let fresh: Vec<&AlarmFinding> = new.findings.iter().filter(|finding| !known.contains(finding)).collect();
    if fresh.is_empty()
        && let Some(open) = sql::open_alarm(tx, org_id)?
    {
        return Ok(open);
    }
    let alarm = Alarm {
        number: sql::last_number(tx, org_id)? + 1,
        raised_at: now,
        raised_by,
        source: new.source.chars().take(40).collect(),
        found: new.found.max(fresh.len() as i64),
        state: AlarmState::Raised,
        proposal: None,
        confirmation: None,
        version: 1,
    };
    sql::insert(tx, org_id, &alarm)?;
    for (line, finding) in (1_i64..).zip(fresh.into_iter().take(NewAlarm::FINDINGS_MAX)) {
        sql::insert_finding(tx, org_id, alarm.number, line, finding)?;
    }
    Ok(alarm)
}

fn reason_given(reason: &str) -> Result<String, IdentityError> {
    let reason = reason.trim();
    let chars = reason.chars().count();
    if chars == 0 || chars > REASON_CHARS_MAX || reason.chars().any(|char| char.is_control() && char != '\n')
    {
        return Err(IdentityError::BadText { what: "reason", text: reason.chars().take(40).collect() });
    }
    Ok(reason.to_owned())
}

fn loaded(work: &mut Work<'_, '_>, number: i64) -> Result<Alarm, IdentityError> {
    let org_id = work.org_id();
    sql::lock(work.tx, org_id)?;
    find(work.tx, org_id, number)
}

fn wrong_state(number: i64, zh: &str, en: &str) -> IdentityError {
    IdentityError::AlarmState { number, why: Text::new(zh, en) }
}

fn said(work: &Work<'_, '_>, reason: String) -> Decision {
    Decision { person_id: work.actor().person_id, at: work.now(), reason }
}

/// Proposes that commands be taken again, with the reason: what was found out and what was done about it.
pub fn propose(work: &mut Work<'_, '_>, number: i64, reason: &str) -> Result<Alarm, IdentityError> {
    work.require(permission::PROPOSE, WHOLE_ORGANISATION)?;
    let reason = reason_given(reason)?;
    let mut alarm = loaded(work, number)?;
    if alarm.state != AlarmState::Raised {
        return Err(wrong_state(
            number,
            "已有处理意见，须由另一人确认或退回",
            "a decision is proposed already: another person confirms it or sends it back",
        ));
    }
    alarm.proposal = Some(said(work, reason));
    alarm.state = AlarmState::Proposed;
    save(work, alarm)
}

/// Confirms the proposed decision; commands are taken again when no other alarm waits. Never by who proposed it.
pub fn confirm(work: &mut Work<'_, '_>, number: i64, reason: &str) -> Result<Alarm, IdentityError> {
    let (reason, mut alarm) = judged(work, number, reason)?;
    alarm.confirmation = Some(said(work, reason));
    alarm.state = AlarmState::Decided;
    save(work, alarm)
}

/// Sends the proposed decision back with a reason: the alarm waits for another proposal.
pub fn send_back(work: &mut Work<'_, '_>, number: i64, reason: &str) -> Result<Alarm, IdentityError> {
    let (_, mut alarm) = judged(work, number, reason)?;
    alarm.proposal = None;
    alarm.state = AlarmState::Raised;
    save(work, alarm)
}

fn judged(work: &mut Work<'_, '_>, number: i64, reason: &str) -> Result<(String, Alarm), IdentityError> {
    work.require(permission::CONFIRM, WHOLE_ORGANISATION)?;
    let reason = reason_given(reason)?;
    let alarm = loaded(work, number)?;
    match (&alarm.proposal, alarm.state) {
        (Some(proposal), AlarmState::Proposed) => {
            work.forbid_maker(proposal.person_id, &format!("the decision about alarm {number}"))?;
            Ok((reason, alarm))
        }
        (_, AlarmState::Decided) => Err(wrong_state(number, "已经决定", "it is decided already")),
        _ => Err(wrong_state(
            number,
            "尚无处理意见，先由审计员提出",
            "nothing is proposed yet: the auditor does",
        )),
    }
}

fn save(work: &mut Work<'_, '_>, mut alarm: Alarm) -> Result<Alarm, IdentityError> {
    let org_id = work.org_id();
    sql::save(work.tx, org_id, &alarm)?;
    alarm.version += 1;
    Ok(alarm)
}

/// The first alarm that waits for its decision, if there is one.
pub fn open_alarm(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<Alarm>, StoreError> {
    sql::open_alarm(tx, org_id)
}

/// Every alarm, the newest last.
pub fn alarms(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Alarm>, StoreError> {
    sql::alarms(tx, org_id)
}

/// One alarm.
pub fn find(tx: &mut Tx<'_>, org_id: i64, number: i64) -> Result<Alarm, IdentityError> {
    sql::find(tx, org_id, number)?.ok_or(IdentityError::UnknownAlarm { number })
}

/// What an alarm found.
pub fn findings(tx: &mut Tx<'_>, org_id: i64, number: i64) -> Result<Vec<AlarmFinding>, StoreError> {
    sql::findings(tx, org_id, number)
}

/// Everything that was decided about: it does not stop the books a second time.
pub fn decided_findings(tx: &mut Tx<'_>, org_id: i64) -> Result<BTreeSet<AlarmFinding>, StoreError> {
    sql::findings_in(tx, org_id, AlarmState::Decided)
}
