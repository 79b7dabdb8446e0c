//! The commands of plan and route adjustments.

use identity::{Permission, Work};
use kernel::{Month, WorkingCalendar};
use store::Tx;
use workflow::{NewTicket, Subject};

use super::{PlanAdjustment, RouteAdjustment, RouteMove, sql};
use crate::book::{self, Book, BookState, Cycle, checked_note, rules::is_read_in};
use crate::parameter::permissions::{PLAN_ADJUST, PLAN_APPROVE, PLAN_MAINTAIN, ROUTE_ADJUST, ROUTE_AGREE};
use crate::parameter::service::step;
use crate::parameter::supply::{self, FieldChange};
use crate::parameter::{ParameterError, Result};
use crate::{entry, trace};

fn record_step(work: &mut Work<'_, '_>, verb: Permission, ticket_id: i64, words: &str) -> Result<()> {
    let org_id = work.org_id();
    let ticket = workflow::find(work.tx, org_id, ticket_id)?;
    trace::record(work, verb, ticket.raised_unit_id, (&ticket.kind, &ticket.number), words)?;
    Ok(())
}

fn known_book(work: &mut Work<'_, '_>, book_id: i64) -> Result<Book> {
    let org_id = work.org_id();
    let found = book::book(work.tx, org_id, book_id)?;
    found.ok_or_else(|| ParameterError::not_found("抄本", "book", book_id))
}

/// The station reports another reading day or other months of reading for a book, from the month after this one or a
/// later one; the marketing department (`marketing_unit_id`) decides, the centre maintains. Source: PARM-12, PARM-13.
pub fn report_plan(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    book_id: i64,
    (reading_day, cycle, from_month): (u8, Cycle, Month),
    (marketing_unit_id, centre_unit_id): (i64, i64),
    reason: &str,
) -> Result<PlanAdjustment> {
    let book = known_book(work, book_id)?;
    work.require(PLAN_ADJUST, book.unit_id)?;
    let what = ("抄表计划", "reading plan");
    if !(1..=31).contains(&reading_day) {
        return Err(ParameterError::value(what, ("例日应为每月 1 至 31 日", "the day is one of 1 to 31")));
    }
    if book.reading_day == Some(reading_day) && book.cycle == cycle {
        return Err(ParameterError::value(what, ("与现行计划相同", "it is the plan in force")));
    }
    if from_month <= work.today().month() {
        return Err(ParameterError::value(what, ("应自下月或以后生效", "it holds from next month or later")));
    }
    let org_id = work.org_id();
    let raised = workflow::raise(
        work,
        calendar,
        &NewTicket {
            kind: "reading_plan",
            subject: Subject { kind: "reading_book", id: book_id },
            account_id: None,
            book_id: Some(book_id),
            month: Some(from_month),
            raised_unit_id: book.unit_id,
            addressed_unit_id: marketing_unit_id,
            addressed_post: "marketing_officer",
            third_unit_id: Some(centre_unit_id),
            text: checked_note(reason)?,
        },
    )?;
    let plan = PlanAdjustment {
        adjustment_id: raised.id,
        book_id,
        from_month,
        reading_day,
        cycle,
        old_reading_day: book.reading_day,
        old_cycle: book.cycle,
        maintained_at: None,
    };
    sql::insert_plan(work.tx, org_id, &plan)?;
    let detail = format!("book {}: day {reading_day} {} from {from_month}", book.number, cycle.key());
    trace::record(work, PLAN_ADJUST, book.unit_id, ("reading_plan", &raised.number), &detail)?;
    Ok(plan)
}

/// A plan adjustment.
pub fn plan(tx: &mut Tx<'_>, org_id: i64, adjustment_id: i64) -> Result<Option<PlanAdjustment>> {
    sql::plan(tx, org_id, adjustment_id)
}

fn known_plan(work: &mut Work<'_, '_>, adjustment_id: i64) -> Result<PlanAdjustment> {
    let org_id = work.org_id();
    plan(work.tx, org_id, adjustment_id)?
        .ok_or_else(|| ParameterError::not_found("抄表计划调整", "plan adjustment", adjustment_id))
}

/// The marketing department approves or refuses. Source: PARM-13.
pub fn approve_plan(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    adjustment_id: i64,
    agreed: bool,
    note: &str,
) -> Result<()> {
    known_plan(work, adjustment_id)?;
    step(work, calendar, adjustment_id, if agreed { "approve" } else { "refuse" }, note)?;
    record_step(work, PLAN_APPROVE, adjustment_id, note)?;
    Ok(())
}

/// The centre maintains an approved plan in the system: the book's reading day and months from the plan's first month.
/// It waits until the months before are opened, so that they keep the plan they have. Source: PARM-13.
pub fn maintain_plan(work: &mut Work<'_, '_>, calendar: &WorkingCalendar, adjustment_id: i64) -> Result<()> {
    let plan = known_plan(work, adjustment_id)?;
    let book = known_book(work, plan.book_id)?;
    work.require(PLAN_MAINTAIN, book.unit_id)?;
    let (org_id, now, today) = (work.org_id(), work.now(), work.today().month());
    let last = sql::last_opened(work.tx, org_id, plan.book_id)?;
    if last.is_some_and(|last| last >= plan.from_month) {
        let (zh, en) = ("生效月份的抄本已经开出", "a month of the new plan is opened already");
        return Err(ParameterError::not_now(&book.number, zh, en));
    }
    let mut month = today;
    while month < plan.from_month {
        if is_read_in(book.cycle, month) && last.is_none_or(|last| last < month) {
            let zh = format!("{month} 的抄本尚未开出，仍按原计划，请先创建批次");
            let en = format!("{month} is still read by the old plan and not opened; create its batch first");
            return Err(ParameterError::not_now(&book.number, &zh, &en));
        }
        month = month.next();
    }
    step(work, calendar, adjustment_id, "maintain", "")?;
    sql::maintain(work.tx, org_id, &plan, &book, now)?;
    let detail = format!("day {} {} from {}", plan.reading_day, plan.cycle.key(), plan.from_month);
    record_step(work, PLAN_MAINTAIN, adjustment_id, &detail)?;
    Ok(())
}

/// The station reports that accounts move to another book of its own, or a household to another place.
/// Source: PARM-12, PARM-14.
pub fn report_route(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    moves: RouteMove,
    centre_unit_id: i64,
    reason: &str,
) -> Result<RouteAdjustment> {
    let org_id = work.org_id();
    let (from_book_id, to_book_id, account_id) = match moves {
        RouteMove::WholeBook { from_book_id, to_book_id } => (from_book_id, to_book_id, None),
        RouteMove::Single { account_id, to_book_id, .. } => {
            (entry::account_place(work.tx, org_id, account_id)?.1, to_book_id, Some(account_id))
        }
    };
    let (from, to) = (known_book(work, from_book_id)?, known_book(work, to_book_id)?);
    work.require(ROUTE_ADJUST, from.unit_id)?;
    let what = ("抄表路线", "reading route");
    if from.unit_id != to.unit_id {
        return Err(ParameterError::value(
            what,
            ("两个抄本应属于同一供电单位", "both books belong to one station"),
        ));
    }
    match moves {
        RouteMove::WholeBook { .. } if from_book_id == to_book_id => {
            return Err(ParameterError::value(what, ("应调整到另一抄本", "it goes to another book")));
        }
        RouteMove::Single { route_sequence, .. } if route_sequence < 0 => {
            return Err(ParameterError::value(what, ("抄表顺序不能为负", "a place is not negative")));
        }
        _ => {}
    }
    let raised = workflow::raise(
        work,
        calendar,
        &NewTicket {
            kind: "reading_route",
            subject: Subject { kind: "reading_book", id: from_book_id },
            account_id,
            book_id: Some(from_book_id),
            month: None,
            raised_unit_id: from.unit_id,
            addressed_unit_id: centre_unit_id,
            addressed_post: "reviewer",
            third_unit_id: None,
            text: checked_note(reason)?,
        },
    )?;
    let route = RouteAdjustment { adjustment_id: raised.id, from_book_id, moves, done: None };
    sql::insert_route(work.tx, org_id, &route)?;
    trace::record(
        work,
        ROUTE_ADJUST,
        from.unit_id,
        ("reading_route", &raised.number),
        &format!("{} to {}", from.number, to.number),
    )?;
    Ok(route)
}

/// A route adjustment.
pub fn route(tx: &mut Tx<'_>, org_id: i64, adjustment_id: i64) -> Result<Option<RouteAdjustment>> {
    sql::route(tx, org_id, adjustment_id)
}

fn known_route(work: &mut Work<'_, '_>, adjustment_id: i64) -> Result<RouteAdjustment> {
    let org_id = work.org_id();
    route(work.tx, org_id, adjustment_id)?
        .ok_or_else(|| ParameterError::not_found("抄表路线调整", "route adjustment", adjustment_id))
}

/// The centre agrees or refuses. Source: PARM-14.
pub fn agree_route(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    adjustment_id: i64,
    agreed: bool,
    note: &str,
) -> Result<()> {
    known_route(work, adjustment_id)?;
    step(work, calendar, adjustment_id, if agreed { "agree" } else { "refuse" }, note)?;
    record_step(work, ROUTE_AGREE, adjustment_id, note)?;
    Ok(())
}

/// Refuses while a month of the book is between its opening and its issue.
fn require_no_open_month(work: &mut Work<'_, '_>, book: &Book) -> Result<()> {
    let org_id = work.org_id();
    let first = work.today().month().previous();
    for (month, state) in supply::sql::opened_months(work.tx, org_id, book.book_id, first)? {
        if state != BookState::Issued {
            let zh = format!("{} 的抄本已开出而未发行，发行后才能调整", month.month);
            let en = format!("{} is opened and not issued; it can be adjusted after the issue", month.month);
            return Err(ParameterError::not_now(&book.number, &zh, &en));
        }
    }
    Ok(())
}

/// The station carries out an agreed route adjustment; it holds from the next month that is opened. Answers how many
/// accounts moved. Source: PARM-14.
pub fn carry_out_route(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    adjustment_id: i64,
) -> Result<i64> {
    let route = known_route(work, adjustment_id)?;
    let from = known_book(work, route.from_book_id)?;
    work.require(ROUTE_ADJUST, from.unit_id)?;
    require_no_open_month(work, &from)?;
    let (org_id, now, today) = (work.org_id(), work.now(), work.today());
    let (to_book_id, moving) = match route.moves {
        RouteMove::WholeBook { to_book_id, .. } => {
            let last = sql::last_sequence(work.tx, org_id, to_book_id)?;
            let accounts = sql::accounts_of(work.tx, org_id, route.from_book_id)?;
            // Behind the accounts that are there, in the order they had.
            let placed =
                accounts.into_iter().zip(last + 1..).map(|((id, old), new)| (id, old, new)).collect();
            (to_book_id, placed)
        }
        RouteMove::Single { account_id, to_book_id, route_sequence } => {
            let details = supply::sql::load_details(work.tx, org_id, account_id)?
                .ok_or_else(|| ParameterError::not_found("用户", "account", account_id))?;
            (to_book_id, vec![(account_id, details.route_sequence, route_sequence)])
        }
    };
    let to = known_book(work, to_book_id)?;
    if to_book_id != route.from_book_id {
        require_no_open_month(work, &to)?;
    }
    step(work, calendar, adjustment_id, "carry_out", "")?;
    let ticket = workflow::find(work.tx, org_id, adjustment_id)?.number;
    let by = (work.actor().person_id, now);
    for (account_id, old_sequence, sequence) in &moving {
        let place = (to_book_id, *sequence);
        sql::move_account(work.tx, org_id, *account_id, route.from_book_id, place)?;
        let change = FieldChange {
            field: "book".into(),
            old: Some(format!("{} {old_sequence}", from.number)),
            new: Some(format!("{} {sequence}", to.number)),
            from: today,
        };
        let change_id = work.next_key();
        supply::sql::keep(work.tx, (org_id, *account_id, change_id), &change, &ticket, by)?;
    }
    let moved = moving.len() as i64;
    sql::finish_route(work.tx, org_id, adjustment_id, now, moved)?;
    trace::record(
        work,
        ROUTE_ADJUST,
        from.unit_id,
        ("reading_route", &ticket),
        &format!("{moved} accounts to {}", to.number),
    )?;
    Ok(moved)
}
