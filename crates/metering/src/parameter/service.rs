//! The commands that carry a change ticket from its start to its archive.

use documents::PrintRequest;
use documents::page::{Block, CopyNote, Document, Fact, Facts, Party};
use identity::{Permission, Work, load_actor};
use kernel::{Bilingual, Date, Lang, Moment, WorkingCalendar};
use store::Tx;
use workflow::{NewClock, NewTicket, Subject};

use super::change::{Change, Line};
use super::change_rules::ChangeRules;
use super::hold::HoldRequest;
use super::model::{self, Archived, NewChange, Origin, ParameterTicket, StoredLine, TicketState};
use super::permissions::{ARCHIVE, AUDIT, CHANGE, DISPATCH, START, START_OTHER};
use super::rules::{self, Circumstances};
use super::supply::{FieldChange, KeptChange, Supply};
use super::{ParameterError, Result, hold, reading_lines, sql, supply};
use crate::book::{self, checked_note};
use crate::yearly::new_accounts::queue_when_late;
use crate::{entry, trace};

/// Lines of a ticket at most.
const LINES_MAX: usize = 200;
/// The subject under which clocks and hold-issue requests of a ticket are kept.
pub(crate) const SUBJECT: &str = "change_ticket";

pub(crate) fn loaded(work: &mut Work<'_, '_>, ticket_id: i64) -> Result<ParameterTicket> {
    let org_id = work.org_id();
    let found = sql::ticket(work.tx, org_id, ticket_id)?;
    found.ok_or_else(|| ParameterError::not_found("参数变更工单", "change ticket", ticket_id))
}

/// The ticket.
pub fn ticket(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Option<ParameterTicket>> {
    sql::ticket(tx, org_id, ticket_id)
}
/// Every line ever entered on a ticket; those of its revision count.
pub fn lines(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Vec<StoredLine>> {
    sql::lines(tx, org_id, ticket_id)
}
/// The tickets of an account, the oldest first.
pub fn tickets_of_account(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<ParameterTicket>> {
    sql::of_account(tx, org_id, account_id)
}
/// Every parameter of an account before and after, with ticket, person and time. Source: PARM-01, XC-15.
pub fn history(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<KeptChange>> {
    Ok(supply::sql::history(tx, org_id, account_id)?)
}
/// The account with all that belongs to it, as it is now.
pub fn supply_of(tx: &mut Tx<'_>, org_id: i64, account_id: i64, today: Date) -> Result<Option<Supply>> {
    Ok(supply::sql::load(tx, org_id, account_id, today)?)
}

/// The dedicated-transformer customers of a station, at most 10,000.
pub fn dedicated_accounts(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Vec<i64>> {
    Ok(supply::sql::dedicated_of(tx, org_id, unit_id, 10_000)?)
}

/// The account a change is about, its station and the reading day of its book.
fn place(tx: &mut Tx<'_>, org_id: i64, account_id: Option<i64>, lines: &[Line]) -> Result<(i64, Option<u8>)> {
    let book_id = match (account_id, lines.first()) {
        (Some(account_id), _) => entry::account_place(tx, org_id, account_id)?.1,
        (None, Some(Line { change: Change::Open { account }, .. })) => account.book_id,
        (None, _) => {
            let why = ("新装工单的第一行应为新装", "a ticket without an account begins with the new account");
            return Err(ParameterError::value(("变更内容", "lines"), why));
        }
    };
    let book =
        book::book(tx, org_id, book_id)?.ok_or_else(|| ParameterError::not_found("抄本", "book", book_id))?;
    let unit_id = match account_id {
        Some(account_id) => entry::account_place(tx, org_id, account_id)?.0,
        None => book.unit_id,
    };
    Ok((unit_id, book.reading_day))
}

/// Judges `lines` against the account as it is now; answers it before and after with what changes.
fn judge(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket: &ParameterTicket,
    lines: &[Line],
) -> Result<(Option<Supply>, Supply, Vec<FieldChange>)> {
    let (org_id, today) = (work.org_id(), work.today());
    judge_on(work.tx, (org_id, today), calendar, ticket, lines)
}

fn judge_on(
    tx: &mut Tx<'_>,
    (org_id, today): (i64, Date),
    calendar: &WorkingCalendar,
    ticket: &ParameterTicket,
    lines: &[Line],
) -> Result<(Option<Supply>, Supply, Vec<FieldChange>)> {
    if lines.is_empty() || lines.len() > LINES_MAX {
        let why = ("一张工单 1 至 200 行", "a ticket has 1 to 200 lines");
        return Err(ParameterError::value(("变更内容", "lines"), why));
    }
    let before = supply::sql::load(tx, org_id, ticket.account_id, today)?;
    let known = before.as_ref().map(|before| before.account_id());
    let (_, reading_day) = place(tx, org_id, known, lines)?;
    let now = Circumstances {
        applied_on: ticket.applied_on,
        today,
        calendar,
        rules: ChangeRules::built_in(),
        reading_day,
    };
    let (after, history) = rules::apply(before.as_ref(), (ticket.account_id, ticket.unit_id), lines, now)?;
    for meter in after.meters.iter().filter(|meter| meter.removed_on.is_none()) {
        let holder = supply::sql::account_of_meter(tx, org_id, &meter.number)?;
        if holder.is_some_and(|holder| holder != ticket.account_id) {
            let key = format!("{} ({})", meter.number, holder.unwrap_or_default());
            return Err(ParameterError::not_now(
                key,
                "该表号已在其他用户处使用",
                "another account has this meter in use",
            ));
        }
    }
    Ok((before, after, history))
}

/// What the lines of an open ticket would change today, parameter by parameter, before and after; what refuses them
/// today is the error. An archived ticket has changed what [`history`] tells.
pub fn preview(
    tx: &mut Tx<'_>,
    org_id: i64,
    calendar: &WorkingCalendar,
    ticket: &ParameterTicket,
    today: Date,
) -> Result<Vec<FieldChange>> {
    let stored = sql::lines(tx, org_id, ticket.ticket_id)?.into_iter();
    let lines: Vec<Line> =
        stored.filter(|line| line.revision == ticket.revision).map(|line| line.line).collect();
    Ok(judge_on(tx, (org_id, today), calendar, ticket, &lines)?.2)
}

/// Which change tickets are wanted, the latest first.
#[derive(Debug, Clone, Default)]
pub struct TicketQuery<'q> {
    /// Of these stations; of all without.
    pub units: Option<&'q [i64]>,
    /// In this state.
    pub state: Option<TicketState>,
    /// Of this account.
    pub account_id: Option<i64>,
    /// Whose number contains this.
    pub number: &'q str,
    /// Left out at the beginning.
    pub offset: usize,
    /// At most.
    pub limit: usize,
}

/// Change tickets with how many there are in all.
pub fn tickets(
    tx: &mut Tx<'_>,
    org_id: i64,
    query: &TicketQuery<'_>,
) -> Result<(Vec<ParameterTicket>, usize)> {
    sql::tickets(tx, org_id, query)
}

/// The hold-issue requests of a change ticket. Source: PARM-04.
pub fn holds_of_ticket(tx: &mut Tx<'_>, org_id: i64, ticket_id: i64) -> Result<Vec<HoldRequest>> {
    sql::holds_of_ticket(tx, org_id, ticket_id)
}

fn begin(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    (origin, raised_unit): (Origin, Option<i64>),
    new: &NewChange,
) -> Result<ParameterTicket> {
    let reason = checked_note(&new.reason)?.to_owned();
    let org_id = work.org_id();
    let (unit_id, _) = place(work.tx, org_id, new.account_id, &new.lines)?;
    let permission = if origin == Origin::Station { START } else { START_OTHER };
    work.require(permission, raised_unit.unwrap_or(unit_id))?;
    let (org_id, now, today) = (work.org_id(), work.now(), work.today());
    if new.applied_on > today {
        let why = ("申请日期不能晚于今天", "the application cannot lie ahead");
        return Err(ParameterError::value(("申请日期", "day of application"), why));
    }
    let account_id = match (new.account_id, new.lines.first()) {
        (Some(account_id), _) => account_id,
        (None, Some(Line { change: Change::Open { account }, .. })) => {
            supply::sql::free_account_id(work.tx, org_id, account.book_id)?
        }
        (None, _) => 0,
    };
    let by = work.actor().person_id;
    let mut ticket = ParameterTicket {
        ticket_id: 0,
        number: String::new(),
        origin,
        state: TicketState::Started,
        unit_id,
        account_id,
        opens: model::opens(&new.lines),
        applied_on: new.applied_on,
        affects_from: model::affects_from(&new.lines).unwrap_or(today),
        revision: 1,
        reason,
        started_by: by,
        started_at: now,
        entered_by: by,
        checked_by: None,
        handler_id: None,
        archived_at: None,
        version: 1,
    };
    judge(work, calendar, &ticket, &new.lines)?;
    let raised = workflow::raise(
        work,
        calendar,
        &NewTicket {
            kind: if origin == Origin::Station { "change" } else { "other_change" },
            subject: Subject { kind: "account", id: account_id },
            account_id: Some(account_id),
            book_id: None,
            month: None,
            raised_unit_id: raised_unit.unwrap_or(unit_id),
            addressed_unit_id: unit_id,
            addressed_post: "station_fee_administrator",
            third_unit_id: None,
            text: &ticket.reason,
        },
    )?;
    (ticket.ticket_id, ticket.number) = (raised.id, raised.number);
    sql::insert_ticket(work.tx, org_id, &ticket)?;
    sql::insert_lines(work.tx, (org_id, ticket.ticket_id, 1), &new.lines, (by, now))?;
    if origin == Origin::Station {
        step_clock(work, calendar, &ticket)?;
    }
    trace::record_words(
        work,
        permission,
        raised_unit.unwrap_or(ticket.unit_id),
        ("change_ticket", &ticket.number),
        &format!("account {account_id}: {}", ticket.reason),
    )?;
    Ok(ticket)
}

/// The clock of a step that has no deadline of its own. Source: PARM-11.
fn step_clock(work: &mut Work<'_, '_>, calendar: &WorkingCalendar, ticket: &ParameterTicket) -> Result<()> {
    workflow::meet_clocks(work, "any_step", SUBJECT, ticket.ticket_id)?;
    let clock = NewClock {
        code: "any_step",
        ticket_id: None,
        subject: Subject { kind: SUBJECT, id: ticket.ticket_id },
        account_id: Some(ticket.account_id),
        started_on: work.today(),
        answerable_unit_id: ticket.unit_id,
        answerable_post: "station_fee_administrator",
    };
    workflow::start_clocks(work, calendar, &[clock])?;
    Ok(())
}

/// The station starts a ticket and enters its lines, which are judged at once. Source: PARM-01, PARM-08.
pub fn start(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    new: &NewChange,
) -> Result<ParameterTicket> {
    begin(work, calendar, (Origin::Station, None), new)
}

/// Another unit (metering institute, inspection) starts a ticket, which the station receives. Source: PARM-09.
pub fn start_other(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    raised_unit_id: i64,
    new: &NewChange,
) -> Result<ParameterTicket> {
    begin(work, calendar, (Origin::OtherUnit, Some(raised_unit_id)), new)
}

/// Enters the lines of a started ticket anew; an earlier check is void, earlier lines are kept. Source: PARM-01.
pub fn enter(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    lines: &[Line],
) -> Result<ParameterTicket> {
    let ticket = loaded(work, ticket_id)?;
    work.require(START, ticket.unit_id)?;
    if ticket.state != TicketState::Started || ticket.origin != Origin::Station {
        return Err(wrong_state(&ticket));
    }
    replace_lines(work, calendar, ticket, lines)
}

pub(crate) fn replace_lines(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    mut ticket: ParameterTicket,
    lines: &[Line],
) -> Result<ParameterTicket> {
    if model::opens(lines) != ticket.opens {
        let why = ("新装与变更不能互换，应另开工单", "a new account and a change need tickets of their own");
        return Err(ParameterError::value(("变更内容", "lines"), why));
    }
    judge(work, calendar, &ticket, lines)?;
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    ticket.revision += 1;
    ticket.entered_by = by;
    ticket.checked_by = None;
    ticket.affects_from = model::affects_from(lines).unwrap_or(ticket.affects_from);
    sql::save_ticket(work.tx, org_id, &ticket)?;
    ticket.version += 1;
    sql::insert_lines(work.tx, (org_id, ticket.ticket_id, ticket.revision), lines, (by, now))?;
    trace::record(
        work,
        START,
        ticket.unit_id,
        ("change_ticket", &ticket.number),
        &format!("lines of revision {}", ticket.revision),
    )?;
    Ok(ticket)
}

pub(crate) fn wrong_state(ticket: &ParameterTicket) -> ParameterError {
    let zh = format!("工单处于“{}”，现在不能这样操作", ticket.state.text(Lang::Zh));
    let en = format!("the ticket is {}: this cannot be done now", ticket.state.text(Lang::En));
    ParameterError::not_now(&ticket.number, &zh, &en)
}

/// A second person of the station checks the lines; without it a ticket is neither dispatched nor archived.
/// Source: PARM-01.
pub fn check(work: &mut Work<'_, '_>, ticket_id: i64, note: &str) -> Result<ParameterTicket> {
    let mut ticket = loaded(work, ticket_id)?;
    work.require(START, ticket.unit_id)?;
    work.forbid_maker(ticket.entered_by, &ticket.number)?;
    if !ticket.state.is_open() || ticket.origin != Origin::Station {
        return Err(wrong_state(&ticket));
    }
    seal_check(work, &mut ticket, note)?;
    trace::record_words(work, START, ticket.unit_id, ("change_ticket", &ticket.number), note)?;
    Ok(ticket)
}

/// Particulars of the customer as a person; the log can forget them.
fn is_personal(field: &str) -> bool {
    ["name", "phone", "address"].contains(&field)
}

fn seal_check(work: &mut Work<'_, '_>, ticket: &mut ParameterTicket, note: &str) -> Result<()> {
    let (org_id, now) = (work.org_id(), work.now());
    ticket.checked_by = Some(work.actor().person_id);
    sql::save_ticket(work.tx, org_id, ticket)?;
    ticket.version += 1;
    sql::stamp_check(work.tx, (org_id, ticket.ticket_id), now, note.trim())
}

pub(crate) fn step(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    act: &str,
    text: &str,
) -> Result<()> {
    let org_id = work.org_id();
    let version = workflow::find(work.tx, org_id, ticket_id)?.version;
    workflow::act(work, calendar, ticket_id, version, act, text)?;
    Ok(())
}

/// The station audits the original data of another unit's ticket and agrees or refuses. Source: PARM-09.
pub fn audit(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    agreed: bool,
    note: &str,
) -> Result<ParameterTicket> {
    let mut ticket = loaded(work, ticket_id)?;
    work.require(AUDIT, ticket.unit_id)?;
    if ticket.state != TicketState::Started || ticket.origin != Origin::OtherUnit {
        return Err(wrong_state(&ticket));
    }
    step(work, calendar, ticket_id, if agreed { "audit" } else { "refuse" }, note)?;
    ticket.state = if agreed { TicketState::Audited } else { TicketState::Refused };
    seal_check(work, &mut ticket, note)?;
    trace::record_words(
        work,
        AUDIT,
        ticket.unit_id,
        ("change_ticket", &ticket.number),
        &format!("{}: {note}", ticket.state.key()),
    )?;
    Ok(ticket)
}

/// The station hands a checked ticket to the person who carries it out, who must be allowed to change parameters of
/// that station; nobody of the centre is. Source: PARM-07, PARM-08.
pub fn dispatch(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    handler_id: i64,
) -> Result<ParameterTicket> {
    let mut ticket = loaded(work, ticket_id)?;
    work.require(DISPATCH, ticket.unit_id)?;
    let ready = match ticket.origin {
        Origin::Station => ticket.state == TicketState::Started,
        Origin::OtherUnit => ticket.state == TicketState::Audited,
    };
    if !ready {
        return Err(wrong_state(&ticket));
    }
    require_checked(&ticket)?;
    let (org_id, today) = (work.org_id(), work.today());
    let handler = load_actor(work.tx, org_id, handler_id, today)?;
    if handler.assignment_for(CHANGE, ticket.unit_id).is_none() {
        let (person, permission) = (handler.name, CHANGE.0);
        return Err(
            identity::IdentityError::NotPermitted { person, permission, unit_id: ticket.unit_id }.into()
        );
    }
    if ticket.origin == Origin::Station {
        step(work, calendar, ticket_id, "dispatch", "")?;
    }
    ticket.state = TicketState::Circulating;
    ticket.handler_id = Some(handler_id);
    sql::save_ticket(work.tx, org_id, &ticket)?;
    ticket.version += 1;
    let by = (work.actor().person_id, work.now());
    sql::stamp_dispatch(work.tx, (org_id, ticket_id), by)?;
    step_clock(work, calendar, &ticket)?;
    trace::record_words(work, DISPATCH, ticket.unit_id, ("change_ticket", &ticket.number), &handler.name)?;
    Ok(ticket)
}

fn require_checked(ticket: &ParameterTicket) -> Result<()> {
    match ticket.checked_by {
        Some(_) => Ok(()),
        None => Err(ParameterError::not_now(
            &ticket.number,
            "尚未核对，请先由另一人核对",
            "nobody else has checked it; have it checked first",
        )),
    }
}

/// The station archives a ticket: its lines are judged once more and applied to the account, old and new values are
/// kept, and hold-issue requests end. Lines whose day lies ahead wait for [`apply_due`].
/// Source: PARM-01, PARM-05, PARM-07.
pub fn archive(work: &mut Work<'_, '_>, calendar: &WorkingCalendar, ticket_id: i64) -> Result<Archived> {
    let mut ticket = loaded(work, ticket_id)?;
    work.require(ARCHIVE, ticket.unit_id)?;
    work.require(CHANGE, ticket.unit_id)?;
    if ticket.state != TicketState::Circulating {
        return Err(wrong_state(&ticket));
    }
    require_checked(&ticket)?;
    let (org_id, now) = (work.org_id(), work.now());
    let number = ticket.number.clone();
    let (changed, waiting) = carry_out(work, calendar, &ticket, &number)?;
    step(work, calendar, ticket_id, "archive", "")?;
    workflow::meet_clocks(work, "any_step", SUBJECT, ticket_id)?;
    ticket.state = TicketState::Archived;
    sql::save_ticket(work.tx, org_id, &ticket)?;
    let by = work.actor().person_id;
    sql::stamp_archive(work.tx, (org_id, ticket_id), (by, now))?;
    let released = hold::release_all(work, calendar, ticket_id)?;
    trace::record(
        work,
        ARCHIVE,
        ticket.unit_id,
        ("change_ticket", &ticket.number),
        &format!("account {}: {changed} changed", ticket.account_id),
    )?;
    Ok(Archived { account_id: ticket.account_id, changed, waiting, released })
}

/// Applies those lines of the ticket's revision whose day has come and that were not applied yet.
pub(crate) fn carry_out(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket: &ParameterTicket,
    name: &str,
) -> Result<(u64, u64)> {
    let (org_id, today, now) = (work.org_id(), work.today(), work.now());
    let mut stored = sql::lines(work.tx, org_id, ticket.ticket_id)?;
    stored.retain(|line| line.revision == ticket.revision && line.applied_at.is_none());
    let all: Vec<Line> = stored.iter().map(|stored| stored.line.clone()).collect();
    // The whole ticket is judged, so that nothing is half applied that could never be finished.
    judge(work, calendar, ticket, &all)?;
    let due: Vec<StoredLine> = stored.iter().filter(|stored| stored.line.from <= today).cloned().collect();
    let waiting = (stored.len() - due.len()) as u64;
    if due.is_empty() {
        return Ok((0, waiting));
    }
    let lines: Vec<Line> = due.iter().map(|stored| stored.line.clone()).collect();
    let (before, after, history) = judge(work, calendar, ticket, &lines)?;
    match &before {
        None => {
            supply::sql::insert(work.tx, org_id, &after)?;
            queue_when_late(work, ticket.account_id)?;
        }
        Some(before) => {
            supply::sql::save(work.tx, org_id, before, &after)?;
            reading_lines::move_lines(work, before, &after)?;
        }
    }
    let by = (work.actor().person_id, now);
    let mut act = vault::Act::new(CHANGE, ticket.unit_id, "account", after.details.number.clone());
    act = act.change("ticket", "", name);
    for change in &history {
        let (old, new) = (change.old.clone().unwrap_or_default(), change.new.clone().unwrap_or_default());
        act = if is_personal(&change.field) {
            act.change_personal(change.field.clone(), old, new)
        } else {
            act.change(change.field.clone(), old, new)
        };
        let change_id = work.next_key();
        supply::sql::keep(work.tx, (org_id, ticket.account_id, change_id), change, name, by)?;
    }
    vault::record(work, &act)?;
    for stored in &due {
        let key = (org_id, ticket.ticket_id, ticket.revision);
        sql::mark_applied(work.tx, key, stored.line_no, now)?;
    }
    Ok((history.len() as u64, waiting))
}

/// Applies waiting lines of archived tickets of a station whose day has come. Answers how many tickets were finished,
/// and for each that could not be what stands in the way; its account needs an error list. Source: PARM-01.
pub fn apply_due(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    unit_id: i64,
) -> Result<(u64, Vec<(String, ParameterError)>)> {
    work.require(ARCHIVE, unit_id)?;
    work.require(CHANGE, unit_id)?;
    let (org_id, today) = (work.org_id(), work.today());
    let (mut done, mut refused) = (0, Vec::new());
    for ticket in sql::due_tickets(work.tx, org_id, unit_id, today)? {
        let number = ticket.number.clone();
        match carry_out(work, calendar, &ticket, &number) {
            Ok((changed, _)) => {
                done += 1;
                trace::record(
                    work,
                    ARCHIVE,
                    unit_id,
                    ("change_ticket", &number),
                    &format!("due: {changed} changed"),
                )?;
            }
            // A line is judged before anything is written, so that the other tickets can go on.
            Err(error @ (ParameterError::Line { .. } | ParameterError::NotNow { .. })) => {
                refused.push((number, error))
            }
            Err(error) => return Err(error),
        }
    }
    Ok((done, refused))
}

/// Takes a ticket back before its archive, with a reason. Source: section 26.
pub fn withdraw(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    ticket_id: i64,
    reason: &str,
) -> Result<ParameterTicket> {
    const RIGHT: Permission = START;
    let mut ticket = loaded(work, ticket_id)?;
    work.require(RIGHT, ticket.unit_id)?;
    if !ticket.state.is_open() || ticket.origin != Origin::Station {
        return Err(wrong_state(&ticket));
    }
    let reason = checked_note(reason)?.to_owned();
    step(work, calendar, ticket_id, "withdraw", &reason)?;
    workflow::meet_clocks(work, "any_step", SUBJECT, ticket_id)?;
    ticket.state = TicketState::Withdrawn;
    let org_id = work.org_id();
    sql::save_ticket(work.tx, org_id, &ticket)?;
    ticket.version += 1;
    hold::withdraw_all(work, calendar, ticket_id, &reason)?;
    trace::record_words(
        work,
        RIGHT,
        ticket.unit_id,
        ("change_ticket", &ticket.number),
        &format!("withdrawn: {reason}"),
    )?;
    Ok(ticket)
}

/// The page of a change ticket, entered in the register of prints: one document for each copy. Source: PARM-01, XC-11.
pub fn print(work: &mut Work<'_, '_>, ticket_id: i64, reason: &str, lang: Lang) -> Result<Vec<Document>> {
    let ticket = loaded(work, ticket_id)?;
    work.require(START, ticket.unit_id)?;
    let org_id = work.org_id();
    let marks = documents::register_print(
        work,
        &PrintRequest {
            kind: "change_ticket",
            document_id: ticket_id,
            number: &ticket.number,
            unit_id: ticket.unit_id,
            copies: None,
            reason,
        },
    )?;
    let unit = identity::unit(work.tx, org_id, ticket.unit_id)?;
    let say = |zh: &str, en: &str| if lang == Lang::Zh { zh.to_owned() } else { en.to_owned() };
    let fact = |zh: &str, en: &str, value: String, wide: bool| Fact { name: say(zh, en), value, wide };
    let mut pairs = vec![
        fact("用户编号", "account", ticket.account_id.to_string(), false),
        fact("申请日期", "applied on", ticket.applied_on.to_string(), false),
        fact("发起时间", "started", day_of(ticket.started_at), false),
        fact("状态", "state", ticket.state.text(lang), false),
        fact("原因", "reason", ticket.reason.clone(), true),
    ];
    for stored in sql::lines(work.tx, org_id, ticket_id)? {
        if stored.revision == ticket.revision {
            let content = serde_json::to_string(&stored.line.change).unwrap_or_default();
            let name = stored.line.change.name().text(lang);
            pairs.push(Fact { name: format!("{name} {}", stored.line.from), value: content, wide: true });
        }
    }
    let party = |zh: &str, en: &str| Party {
        role: say(zh, en),
        name: String::new(),
        lines: vec![say("签字", "signature"), say("日期", "date")],
    };
    let page = Document {
        lang,
        issuer: unit.name.text(lang),
        title: match ticket.opens {
            true => say("新装工单", "new-installation ticket"),
            false => say("参数变更申请工单", "parameter-change ticket"),
        },
        number: ticket.number.clone(),
        blocks: vec![
            Block::Facts(Facts { columns: 2, pairs }),
            Block::Signatures(vec![party("经办", "entered by"), party("核对", "checked by")]),
        ],
        ..Document::default()
    };
    Ok(marks.into_iter().map(|mark| Document { copy: Some(CopyNote::from(mark)), ..page.clone() }).collect())
}

fn day_of(at: Moment) -> String {
    at.date().to_string()
}
