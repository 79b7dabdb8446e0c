//! Closing checklists per unit and period (XC-09): a period is closed only when nothing on its list is open.

use identity::{Permission, Work};
use kernel::{Moment, Text};
use store::Tx;

use crate::catalogue::{Catalogue, ClosingItem};
use crate::{ChecklistItem, Period, WorkflowError, rules, sql};

const TICK: Permission = Permission("workflow.tick_closing");
const CLOSE: Permission = Permission("workflow.close_period");

/// Lays out the checklist of a unit for a period, by the kind of the unit. Laying it out again adds only what is new;
/// a closed period is refused.
pub fn open_checklist(
    work: &mut Work<'_, '_>,
    unit_id: i64,
    period: Period,
) -> Result<Vec<ChecklistItem>, WorkflowError> {
    work.require(TICK, unit_id)?;
    let org_id = work.org_id();
    refuse_closed(work, unit_id, period)?;
    lay_out(work, unit_id, period)?;
    Ok(sql::closing::items(work.tx, org_id, unit_id, period.number())?)
}

/// Does what the books say prove an item?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proved {
    /// It is as it should be.
    Yes,
    /// It is not: the item stays open.
    No,
    /// There is nothing that could prove it: nothing to do, which a person says with a note.
    Nothing,
    /// The books say nothing about it: a person's word.
    Unsaid,
}

/// What the books say about an item, by whoever knows them; this crate knows lists and signatures only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// In words.
    pub said: Text,
    /// Whether it proves the item.
    pub proved: Proved,
}

impl Evidence {
    /// The books say nothing.
    pub fn unsaid() -> Evidence {
        Evidence { said: Text::new("", ""), proved: Proved::Unsaid }
    }
}

/// Ticks an item as done, or as having nothing to do, which needs a note. Refused when `evidence` denies it. An item
/// that stands for lists to be signed is refused while one of the unit's lists of that month lacks a signature.
pub fn tick_item(
    work: &mut Work<'_, '_>,
    unit_id: i64,
    period: Period,
    item: &str,
    (nothing_to_do, note): (bool, &str),
    evidence: &Evidence,
) -> Result<(), WorkflowError> {
    work.require(TICK, unit_id)?;
    rules::check_text(item, note, nothing_to_do)?;
    refuse_closed(work, unit_id, period)?;
    let known = known_item(item)?;
    let org_id = work.org_id();
    if let (Some(list_kind), Period::Month(month)) = (known.list_kind, period) {
        let count = sql::list::unsigned_count(work.tx, org_id, list_kind, month, unit_id)?;
        if count > 0 {
            return Err(WorkflowError::ListsUnsigned { item: known.code, count });
        }
    }
    let denied = |nothing_there| WorkflowError::NotProved {
        item: known.code,
        said: evidence.said.clone(),
        nothing_there,
    };
    match evidence.proved {
        Proved::No => return Err(denied(false)),
        Proved::Nothing if !nothing_to_do => return Err(denied(true)),
        Proved::Yes | Proved::Nothing | Proved::Unsaid => {}
    }
    let tick = sql::closing::Tick { unit_id, period: period.number(), item: known.code, note, nothing_to_do };
    let (by, now) = (work.actor().person_id, work.now());
    if !sql::closing::tick(work.tx, org_id, &tick, by, now)? {
        return Err(rules::unknown("open closing item", item));
    }
    let done = if nothing_to_do { "nothing to do" } else { "done" };
    crate::record(
        work,
        TICK,
        unit_id,
        ("closing", &period.to_string()),
        &[(known.code, "", done), ("note", "", note)],
    )
}

/// Closes a period of a unit. Refused while an item of its list is open; a list never laid out is laid out and is open.
pub fn close_period(work: &mut Work<'_, '_>, unit_id: i64, period: Period) -> Result<(), WorkflowError> {
    work.require(CLOSE, unit_id)?;
    refuse_closed(work, unit_id, period)?;
    lay_out(work, unit_id, period)?;
    let org_id = work.org_id();
    let open: Vec<String> = sql::closing::items(work.tx, org_id, unit_id, period.number())?
        .into_iter()
        .filter(|item| item.done.is_none())
        .map(|item| item.code)
        .collect();
    if !open.is_empty() {
        return Err(WorkflowError::OpenItems { unit_id, period: period.to_string(), items: open.join(", ") });
    }
    let (by, now) = (work.actor().person_id, work.now());
    sql::closing::close(work.tx, org_id, unit_id, period.number(), by, now)?;
    crate::record(work, CLOSE, unit_id, ("closing", &period.to_string()), &[("state", "open", "closed")])
}

/// The checklist of a unit for a period, as laid out.
pub fn checklist(
    tx: &mut Tx<'_>,
    org_id: i64,
    unit_id: i64,
    period: Period,
) -> Result<Vec<ChecklistItem>, WorkflowError> {
    Ok(sql::closing::items(tx, org_id, unit_id, period.number())?)
}

/// Who closed a period of a unit, and when.
pub fn closed_by(
    tx: &mut Tx<'_>,
    org_id: i64,
    unit_id: i64,
    period: Period,
) -> Result<Option<(i64, Moment)>, WorkflowError> {
    Ok(sql::closing::closed(tx, org_id, unit_id, period.number())?)
}

fn lay_out(work: &mut Work<'_, '_>, unit_id: i64, period: Period) -> Result<(), WorkflowError> {
    let org_id = work.org_id();
    let unit = identity::unit(work.tx, org_id, unit_id)?;
    let mine = |item: &&ClosingItem| item.unit_kind == unit.kind && item.every == period.every();
    for item in Catalogue::built_in().closing_items.iter().filter(mine) {
        sql::closing::open(work.tx, org_id, unit_id, period.number(), item.code)?;
    }
    Ok(())
}

fn known_item(code: &str) -> Result<&'static ClosingItem, WorkflowError> {
    let found = Catalogue::built_in().closing_items.iter().find(|item| item.code == code);
    found.ok_or_else(|| rules::unknown("closing item", code))
}

fn refuse_closed(work: &mut Work<'_, '_>, unit_id: i64, period: Period) -> Result<(), WorkflowError> {
    let org_id = work.org_id();
    match sql::closing::closed(work.tx, org_id, unit_id, period.number())? {
        Some(_) => Err(WorkflowError::Closed { unit_id, period: period.to_string() }),
        None => Ok(()),
    }
}
