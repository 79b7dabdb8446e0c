//! Alarms and the log: every step of an alarm is an act.

use identity::alarm::{self, Alarm, AlarmState, NewAlarm, permission};
use identity::{Actor, Desk, Permission, Work};
use kernel::Moment;
use store::Store;
use vault::Act;

use super::{CheckError, Report};

type Result<T> = std::result::Result<T, CheckError>;

/// Document kind of an alarm's acts; its number is the alarm's.
const ALARM: &str = "alarm";

fn act(right: Permission, alarm: &Alarm, before: &str) -> Act {
    Act::new(right, 0, ALARM, alarm.number.to_string()).change("state", before, alarm.state.key())
}

/// Raises an alarm about what `report` found and no alarm was decided about; nothing when there is nothing such. From
/// the commit on every desk of the organisation refuses commands. The books are stopped also when the log itself is too
/// damaged to take the act: then the alarm stands in its own table alone, and the next check says so.
pub fn raise(
    store: &Store,
    actor: &Actor,
    now: Moment,
    source: &str,
    report: &Report,
) -> Result<Option<Alarm>> {
    let org_id = actor.org_id;
    store.write(|tx| {
        let decided = alarm::decided_findings(tx, org_id)?;
        let findings = report.undecided(&decided);
        if findings.is_empty() {
            return Ok(None);
        }
        let before = alarm::alarms(tx, org_id)?.len();
        let found = findings.len() as i64;
        let new = NewAlarm { source, found: found.max(report.found()), findings: &findings };
        let raised = alarm::raise(tx, org_id, actor.person_id, now, &new)?;
        if alarm::alarms(tx, org_id)?.len() > before {
            let words = findings.iter().take(5).map(|finding| format!("{}: {}", finding.place, finding.en));
            let words: String = words.collect::<Vec<_>>().join("; ").chars().take(600).collect();
            let act = act(permission::CHECK, &raised, "")
                .change("source", "", source)
                .change("found", "", raised.found.to_string())
                .change("findings", "", words);
            let kept = tx.attempt(|tx| vault::record(&mut Work::new(tx, actor, now), &act));
            // The alarm is what counts; a log that cannot be written is among what was found.
            drop(kept);
        }
        Ok(Some(raised))
    })
}

/// Gives one step of a decision and records it.
fn step(
    work: &mut Work<'_, '_>,
    number: i64,
    right: Permission,
    reason: &str,
    decide: impl FnOnce(&mut Work<'_, '_>) -> std::result::Result<Alarm, identity::IdentityError>,
) -> Result<Alarm> {
    let org_id = work.org_id();
    let before: AlarmState = alarm::find(work.tx, org_id, number)?.state;
    let after = decide(work)?;
    let act = act(right, &after, before.key()).change("reason", "", reason);
    let (actor, now) = (work.actor(), work.now());
    // A damaged log must not keep a decision from being taken: the alarm's own row keeps it then.
    let kept = work.tx.attempt(|tx| vault::record(&mut Work::new(tx, actor, now), &act));
    drop(kept);
    Ok(after)
}

/// Proposes a decision about an alarm. Refused without the right, without a reason, or when one is proposed already.
pub fn propose(desk: &Desk<'_>, now: Moment, number: i64, reason: &str) -> Result<Alarm> {
    desk.act_on_alarm(now, |work| propose_in(work, number, reason))
}

/// The same within a command that an alarm does not stop.
pub fn propose_in(work: &mut Work<'_, '_>, number: i64, reason: &str) -> Result<Alarm> {
    step(work, number, permission::PROPOSE, reason, |work| alarm::propose(work, number, reason))
}

/// Confirms the decision that another person proposed; commands are taken again when no other alarm waits.
pub fn confirm(desk: &Desk<'_>, now: Moment, number: i64, reason: &str) -> Result<Alarm> {
    desk.act_on_alarm(now, |work| confirm_in(work, number, reason))
}

/// The same within a command that an alarm does not stop.
pub fn confirm_in(work: &mut Work<'_, '_>, number: i64, reason: &str) -> Result<Alarm> {
    step(work, number, permission::CONFIRM, reason, |work| alarm::confirm(work, number, reason))
}

/// Sends a proposed decision back, with a reason.
pub fn send_back(desk: &Desk<'_>, now: Moment, number: i64, reason: &str) -> Result<Alarm> {
    desk.act_on_alarm(now, |work| send_back_in(work, number, reason))
}

/// The same within a command that an alarm does not stop.
pub fn send_back_in(work: &mut Work<'_, '_>, number: i64, reason: &str) -> Result<Alarm> {
    step(work, number, permission::CONFIRM, reason, |work| alarm::send_back(work, number, reason))
}
