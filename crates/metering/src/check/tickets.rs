//! Change tickets, hold-issue requests and adjustments of plan and route by their own rows.

use std::collections::HashSet;

use identity::check::{Checked, History};
use kernel::Moment;
use store::{Tx, params};

use crate::parameter::{HoldState, Origin, ParameterError, TicketState};

type Result<T> = std::result::Result<T, ParameterError>;

/// The state in which a ticket of workflow must be, because a row of this office says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketStanding {
    /// The ticket, as workflow knows it.
    pub ticket_id: i64,
    /// The office's document.
    pub place: String,
    /// The states that fit.
    pub states: &'static [&'static str],
}

pub(super) fn check(tx: &mut Tx<'_>, org_id: i64, history: &History) -> Result<Checked> {
    let mut checked = Checked::new(
        "metering.change_tickets",
        "参数变更工单：录入与核对分开，各步有人有时，经办人有权",
        "change tickets: entered and checked by two persons, each step with person and time and right",
    );
    tx.each(
        "SELECT t.number, t.state, t.unit_id, t.entered_by, t.checked_by, t.checked_at, t.dispatched_by, t.dispatched_at,
           t.handler_id, t.archived_by, t.archived_at, t.started_by, t.started_at, t.origin,
           (SELECT COUNT(*) FROM parameter_line l WHERE l.org_id = t.org_id AND l.ticket_id = t.ticket_id AND l.revision = t.revision),
           (SELECT COUNT(*) FROM parameter_line l WHERE l.org_id = t.org_id AND l.ticket_id = t.ticket_id AND l.applied_at IS NOT NULL)
         FROM parameter_ticket t WHERE t.org_id = ?1 ORDER BY t.ticket_id",
        params![org_id],
        |row| {
            checked.look(1);
            let number = row.text(0)?;
            let place = || number.clone();
            let (state, unit_id) = (TicketState::from_code(row.int(1)?)?, row.int(2)?);
            let origin = Origin::from_code(row.int(13)?)?;
            let checker = row.int_or_null(4)?;
            checked.must(checker != Some(row.int(3)?), place, "录入人自己核对", "who entered its lines checked them");
            let done = matches!(state, TicketState::Circulating | TicketState::Archived);
            let stations_done = done && origin == Origin::Station;
            checked.must(!done || checker.is_some(), place, "未核对而已调度或归档", "it went on without being checked");
            checked.must(
                !stations_done || (row.int_or_null(6)?.is_some() && row.int_or_null(8)?.is_some()),
                place,
                "未调度而已流转",
                "it circulates without having been dispatched",
            );
            let archived = (row.int_or_null(9)?, row.moment_or_null(10)?);
            let is_archived = state == TicketState::Archived;
            checked.must(
                is_archived == archived.0.is_some() && is_archived == archived.1.is_some(),
                place,
                "归档人、归档时间与状态不符",
                "who archived it and when do not fit its state",
            );
            checked.must(row.int(14)? > 0, place, "没有变更内容", "it has no lines");
            checked.must(is_archived || row.int(15)? == 0, place, "未归档而已生效", "lines were applied before its archive");
            let mut might = |person: Option<i64>, at: Option<Moment>, permission: &str| {
                if let (Some(person), Some(at)) = (person, at)
                    && !history.might(person, permission, unit_id, at)
                {
                    let who = history.name(person);
                    checked.find(
                        number.clone(),
                        format!("{who} 当时没有权限 {permission}"),
                        format!("{who} did not hold {permission} then"),
                    );
                }
            };
            might(archived.0, archived.1, "parameter.archive");
            might(row.int_or_null(6)?, row.moment_or_null(7)?, "parameter.dispatch");
            if origin == Origin::Station {
                might(Some(row.int(11)?), Some(row.moment(12)?), "parameter.start");
            }
            Ok::<_, ParameterError>(())
        },
    )?;
    Ok(checked)
}

/// Where the tickets of change tickets, hold-issue requests and adjustments must stand.
pub fn ticket_standings(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<TicketStanding>> {
    let mut found = Vec::new();
    tx.each(
        "SELECT ticket_id, number, state, origin FROM parameter_ticket WHERE org_id = ?1",
        params![org_id],
        |row| {
            let station = Origin::from_code(row.int(3)?)? == Origin::Station;
            found.push(TicketStanding {
                ticket_id: row.int(0)?,
                place: row.text(1)?,
                states: match TicketState::from_code(row.int(2)?)? {
                    TicketState::Started => &["started"],
                    TicketState::Audited => &["audited"],
                    TicketState::Circulating if station => &["circulating"],
                    TicketState::Circulating => &["audited"],
                    TicketState::Archived => &["archived"],
                    TicketState::Withdrawn => &["withdrawn"],
                    TicketState::Refused => &["refused"],
                },
            });
            Ok::<_, ParameterError>(())
        },
    )?;
    tx.each("SELECT hold_id, state FROM hold_request WHERE org_id = ?1", params![org_id], |row| {
        found.push(TicketStanding {
            ticket_id: row.int(0)?,
            place: format!("hold request {}", row.int(0)?),
            states: match HoldState::from_code(row.int(1)?)? {
                HoldState::Filed => &["held"],
                HoldState::Released => &["released", "issued"],
                HoldState::Withdrawn => &["withdrawn"],
            },
        });
        Ok::<_, ParameterError>(())
    })?;
    for (sql, open, done) in [
        (
            "SELECT adjustment_id, maintained_at FROM plan_adjustment WHERE org_id = ?1",
            &["reported", "approved", "refused"] as &'static [&'static str],
            &["maintained"] as &'static [&'static str],
        ),
        (
            "SELECT adjustment_id, done_at FROM route_adjustment WHERE org_id = ?1",
            &["reported", "agreed", "refused"],
            &["done"],
        ),
    ] {
        tx.each(sql, params![org_id], |row| {
            let states = if row.int_or_null(1)?.is_some() { done } else { open };
            let place = format!("adjustment of plan or route {}", row.int(0)?);
            found.push(TicketStanding { ticket_id: row.int(0)?, place, states });
            Ok::<_, ParameterError>(())
        })?;
    }
    tx.each("SELECT ticket_id FROM change_ticket WHERE org_id = ?1", params![org_id], |row| {
        found.push(TicketStanding {
            ticket_id: row.int(0)?,
            place: format!("return ticket {}", row.int(0)?),
            states: &["raised", "agreed", "refused", "withdrawn"],
        });
        Ok::<_, ParameterError>(())
    })?;
    Ok(found)
}

/// The accounts there are, and those of which something was changed since they were opened.
#[derive(Debug, Default)]
pub struct AccountsKept {
    /// All of them.
    pub all: HashSet<i64>,
    /// Those with a kept change, a step of their version, or both.
    pub changed: HashSet<i64>,
}

/// Reads the keys of all accounts: about 50 bytes for each.
pub fn accounts_kept(tx: &mut Tx<'_>, org_id: i64) -> crate::Result<AccountsKept> {
    let mut kept = AccountsKept::default();
    tx.each("SELECT account_id, version FROM account WHERE org_id = ?1", params![org_id], |row| {
        let account_id = row.int(0)?;
        kept.all.insert(account_id);
        if row.int(1)? > 1 {
            kept.changed.insert(account_id);
        }
        Ok::<_, crate::MeteringError>(())
    })?;
    tx.each("SELECT DISTINCT account_id FROM account_change WHERE org_id = ?1", params![org_id], |row| {
        kept.changed.insert(row.int(0)?);
        Ok::<_, crate::MeteringError>(())
    })?;
    Ok(kept)
}

/// Every kept change of a parameter by the moment and person of its act: field, old and new value. Each has an act of its
/// own in the log when it came by a ticket.
pub fn account_changes(
    tx: &mut Tx<'_>,
    org_id: i64,
    mut take: impl FnMut((i64, Moment), &str, &str, &str),
) -> Result<()> {
    tx.each(
        "SELECT person_id, changed_at, field, old_value, new_value FROM account_change WHERE org_id = ?1",
        params![org_id],
        |row| {
            let (old, new) =
                (row.text_or_null(3)?.unwrap_or_default(), row.text_or_null(4)?.unwrap_or_default());
            take((row.int(0)?, row.moment(1)?), &row.text(2)?, &old, &new);
            Ok::<_, ParameterError>(())
        },
    )
}
