//! Commands about change slips, with their rows.

use identity::Work;
use kernel::{Bilingual, Lang, Moment, Month};
use store::{Row, StoreError, Tx, params};

use crate::office::record::{record, record_words};
use crate::office::{OfficeError, Result, checked_text, flow, permission};

pub(crate) const TABLES: &str = "
CREATE TABLE change_slip (
  org_id INTEGER NOT NULL, slip_id INTEGER NOT NULL, number TEXT NOT NULL, unit_id INTEGER NOT NULL,
  team_unit_id INTEGER NOT NULL, account_id INTEGER NOT NULL, month INTEGER NOT NULL, kind TEXT NOT NULL,
  content TEXT NOT NULL, checked TEXT NOT NULL, state INTEGER NOT NULL, remark TEXT,
  received_by INTEGER NOT NULL, received_at INTEGER NOT NULL, registered_by INTEGER, registered_at INTEGER,
  ended_by INTEGER, ended_at INTEGER, version INTEGER NOT NULL,
  PRIMARY KEY (org_id, slip_id)) STRICT, WITHOUT ROWID;
CREATE INDEX change_slip_of_team ON change_slip (org_id, team_unit_id, month);
CREATE TABLE change_slip_register (
  org_id INTEGER NOT NULL, team_unit_id INTEGER NOT NULL, month INTEGER NOT NULL, slips INTEGER NOT NULL,
  closed_by INTEGER NOT NULL, closed_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, team_unit_id, month)) STRICT, WITHOUT ROWID;";

/// Where a slip stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlipState {
    /// Received after its validity was checked.
    Received,
    /// Entered in the team's register (异动传单登记本).
    Registered,
    /// Carried out.
    Done,
    /// Returned to who brought it, with a reason.
    Returned,
}

impl SlipState {
    const ALL: [SlipState; 4] =
        [SlipState::Received, SlipState::Registered, SlipState::Done, SlipState::Returned];
    fn from_number(number: i64) -> Option<SlipState> {
        SlipState::ALL.into_iter().find(|state| *state as i64 == number)
    }
    /// Nothing is left to do.
    pub const fn is_closed(self) -> bool {
        matches!(self, SlipState::Done | SlipState::Returned)
    }
}

impl Bilingual for SlipState {
    fn text(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            SlipState::Received => ("已受理", "received"),
            SlipState::Registered => ("已登记", "registered"),
            SlipState::Done => ("已办结", "done"),
            SlipState::Returned => ("已退回", "returned"),
        };
        if lang == Lang::Zh { zh.into() } else { en.into() }
    }
}

/// A slip brought to the slip clerk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSlip<'s> {
    /// The unit whose clerk receives it.
    pub unit_id: i64,
    /// The reading team concerned (营抄班).
    pub team_unit_id: i64,
    /// The account.
    pub account_id: i64,
    /// The month whose account close it belongs to.
    pub month: Month,
    /// What kind of change, such as 增容.
    pub kind: &'s str,
    /// What changes.
    pub content: &'s str,
    /// What the clerk checked before accepting it: signatures, stamp, content.
    pub checked: &'s str,
}

/// A change slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSlip {
    /// Its key.
    pub slip_id: i64,
    /// Its number.
    pub number: String,
    /// The unit whose clerk received it.
    pub unit_id: i64,
    /// The reading team.
    pub team_unit_id: i64,
    /// The account.
    pub account_id: i64,
    /// The month.
    pub month: Month,
    /// What changes.
    pub content: String,
    /// Where it stands.
    pub state: SlipState,
    /// When it was received.
    pub received_at: Moment,
    /// Version of the row.
    pub version: i64,
}

const SLIP: &str =
    "SELECT slip_id, number, unit_id, team_unit_id, account_id, month, content, state, received_at, version
  FROM change_slip WHERE org_id = ?1";

fn read(row: &Row<'_>) -> std::result::Result<ChangeSlip, StoreError> {
    Ok(ChangeSlip {
        slip_id: row.int(0)?,
        number: row.text(1)?,
        unit_id: row.int(2)?,
        team_unit_id: row.int(3)?,
        account_id: row.int(4)?,
        month: row.month(5)?,
        content: row.text(6)?,
        state: SlipState::from_number(row.int(7)?)
            .ok_or(StoreError::WrongType { column: 7, expected: "a state of slips" })?,
        received_at: row.moment(8)?,
        version: row.int(9)?,
    })
}

/// The slips of a reading team in a month, by number. (ADJ-20)
pub fn slips_of(tx: &mut Tx<'_>, org_id: i64, team_unit_id: i64, month: Month) -> Result<Vec<ChangeSlip>> {
    let sql = format!("{SLIP} AND team_unit_id = ?2 AND month = ?3 ORDER BY number");
    Ok(tx.list(&sql, params![org_id, team_unit_id, month], read)?)
}

/// How many slips of a month are still open, and how many there are, of a unit whose clerk receives them or whose team
/// they concern. (ADJ-20)
pub fn open_of_unit(tx: &mut Tx<'_>, org_id: i64, unit_id: i64, month: Month) -> Result<(usize, usize)> {
    let sql = format!("{SLIP} AND (unit_id = ?2 OR team_unit_id = ?2) AND month = ?3 ORDER BY number");
    let slips = tx.list(&sql, params![org_id, unit_id, month], read)?;
    Ok((slips.iter().filter(|slip| !slip.state.is_closed()).count(), slips.len()))
}

fn find(tx: &mut Tx<'_>, org_id: i64, slip_id: i64) -> Result<ChangeSlip> {
    let found = tx.one(&format!("{SLIP} AND slip_id = ?2"), params![org_id, slip_id], read)?;
    found.ok_or(OfficeError::NotFound { what: "change slip", id: slip_id })
}

fn refuse_closed(work: &mut Work<'_, '_>, team_unit_id: i64, month: Month) -> Result<()> {
    let org_id = work.org_id();
    let closed = work.tx.one(
        "SELECT COUNT(*) FROM change_slip_register WHERE org_id = ?1 AND team_unit_id = ?2 AND month = ?3",
        params![org_id, team_unit_id, month],
        |row| row.int(0),
    )?;
    if closed.unwrap_or(0) == 0 {
        return Ok(());
    }
    Err(OfficeError::refused(
        "ADJ-20",
        format!("班组 {team_unit_id} {month} 异动传单登记本已结清，请登记到下月"),
        format!(
            "the slip register of team {team_unit_id} for {month} is closed: enter the slip in the next month"
        ),
    ))
}

/// The designated clerk receives a slip after checking that it is valid; it gets its number. (ADJ-19)
pub fn receive(work: &mut Work<'_, '_>, new: &NewSlip<'_>) -> Result<ChangeSlip> {
    work.require(permission::RECEIVE_SLIP, new.unit_id)?;
    let kind = checked_text("kind of change", new.kind, 40)?;
    let content = checked_text("content", new.content, 1000)?;
    let checked = checked_text("what was checked", new.checked, 200)?;
    flow::place_of(work, new.account_id)?;
    refuse_closed(work, new.team_unit_id, new.month)?;
    let number = flow::number(work, "change_slip", new.unit_id)?;
    let slip_id = work.next_key();
    let (org_id, by, now) = (work.org_id(), work.actor().person_id, work.now());
    work.tx.execute(
        "INSERT INTO change_slip (org_id, slip_id, number, unit_id, team_unit_id, account_id, month, kind, content, checked,
           state, received_by, received_at, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, ?12, 1)",
        params![
            org_id,
            slip_id,
            &number,
            new.unit_id,
            new.team_unit_id,
            new.account_id,
            new.month,
            kind,
            content,
            checked,
            by,
            now
        ],
    )?;
    record_words(work, permission::RECEIVE_SLIP, new.unit_id, "change_slip", &number, "", checked)?;
    find(work.tx, org_id, slip_id)
}

fn advance(
    work: &mut Work<'_, '_>,
    slip_id: i64,
    verb: identity::Permission,
    (from, to): (SlipState, SlipState),
    remark: &str,
) -> Result<()> {
    let org_id = work.org_id();
    let slip = find(work.tx, org_id, slip_id)?;
    work.require(verb, slip.unit_id)?;
    if slip.state != from {
        return Err(OfficeError::refused(
            "ADJ-20",
            format!(
                "传单 {} {}，此操作须在“{}”时进行",
                slip.number,
                slip.state.text(Lang::Zh),
                from.text(Lang::Zh)
            ),
            format!(
                "slip {} is {}; this is done when it is {}",
                slip.number,
                slip.state.text(Lang::En),
                from.text(Lang::En)
            ),
        ));
    }
    let (by, now) = (work.actor().person_id, work.now());
    let columns = if to.is_closed() { ("ended_by", "ended_at") } else { ("registered_by", "registered_at") };
    work.tx.execute_one(
        &slip.number,
        &format!(
            "UPDATE change_slip SET state = ?4, remark = ?5, {} = ?6, {} = ?7, version = version + 1
             WHERE org_id = ?1 AND slip_id = ?2 AND version = ?3",
            columns.0, columns.1
        ),
        params![org_id, slip_id, slip.version, to as i64, remark, by, now],
    )?;
    let (old, new) = (from.text(Lang::En), format!("{} {remark}", to.text(Lang::En)));
    record_words(work, verb, slip.unit_id, "change_slip", &slip.number, &old, &new)
}

/// The clerk returns a slip that turned out not to be valid. (ADJ-19)
pub fn return_slip(work: &mut Work<'_, '_>, slip_id: i64, reason: &str) -> Result<()> {
    let reason = checked_text("reason", reason, 200)?.to_owned();
    advance(work, slip_id, permission::RECEIVE_SLIP, (SlipState::Received, SlipState::Returned), &reason)
}

/// Enters a slip in its team's register. (ADJ-20)
pub fn register(work: &mut Work<'_, '_>, slip_id: i64) -> Result<()> {
    advance(work, slip_id, permission::REGISTER_SLIP, (SlipState::Received, SlipState::Registered), "")
}

/// Notes that a registered slip is carried out. (ADJ-20)
pub fn finish(work: &mut Work<'_, '_>, slip_id: i64, remark: &str) -> Result<()> {
    let remark = checked_text("remark", remark, 200)?.to_owned();
    advance(work, slip_id, permission::REGISTER_SLIP, (SlipState::Registered, SlipState::Done), &remark)
}

/// Closes a team's register for a month; refused while a slip is open (月结月清). Answers how many slips it holds.
/// (ADJ-20)
pub fn close_register(
    work: &mut Work<'_, '_>,
    unit_id: i64,
    team_unit_id: i64,
    month: Month,
) -> Result<usize> {
    work.require(permission::REGISTER_SLIP, unit_id)?;
    let org_id = work.org_id();
    refuse_closed(work, team_unit_id, month)?;
    let slips = slips_of(work.tx, org_id, team_unit_id, month)?;
    let open: Vec<&str> =
        slips.iter().filter(|slip| !slip.state.is_closed()).map(|slip| slip.number.as_str()).collect();
    if !open.is_empty() {
        return Err(OfficeError::refused(
            "ADJ-20",
            format!("{month} 还有未办结的异动传单：{}", open.join("、")),
            format!("slips of {month} are still open: {}", open.join(", ")),
        ));
    }
    let (by, now) = (work.actor().person_id, work.now());
    work.tx.execute(
        "INSERT INTO change_slip_register (org_id, team_unit_id, month, slips, closed_by, closed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, team_unit_id, month, slips.len() as i64, by, now],
    )?;
    let number = format!("{team_unit_id} {month}");
    record(work, permission::REGISTER_SLIP, unit_id, "change_slip_register", &number, "", "closed")?;
    Ok(slips.len())
}
