//! Adjustments of the reading plan and of the reading route (抄表计划、抄表路线调整); their tickets stand among the tickets.

use identity::Work;
use kernel::Month;
use metering::book::Cycle;
use metering::parameter::schedule::{self, RouteMove};

use super::book_acts::{ANSWER, CYCLES};
use super::{BOOK, CENTRE, NOTE, REASON, account_in, book_in, centre_in, marketing, unit_in};
use crate::catalogue::{Act, Done, Field, Given, House, Refusal, Run, Takes, Weight};

const ADJUSTMENT: Field = Field::new("ticket", Takes::Id);

/// The station reports another reading day or cycle of a book.
pub const REPORT_PLAN: Act = Act {
    name: "plan.report",
    path: "/reading-books/{book}/plan",
    permission: "metering.plan_adjust",
    fields: &[
        BOOK,
        Field::new("day", Takes::Count(1, 31)),
        Field::new("cycle", Takes::Choice(CYCLES)),
        Field::new("from_month", Takes::Month),
        Field::new("marketing", Takes::Option(marketing)),
        REASON,
        CENTRE,
    ],
    run: Run::Command(report_plan),
    ..Act::PLAIN
};
/// Marketing decides a plan.
pub const APPROVE_PLAN: Act = Act {
    name: "plan.approve",
    path: "/tickets/{ticket}/approve-plan",
    permission: "metering.plan_approve",
    fields: &[ADJUSTMENT, ANSWER, NOTE],
    run: Run::Command(approve_plan),
    weight: Weight::Main,
    view: Some("ticket"),
    ..Act::PLAIN
};
/// The centre maintains an approved plan in the system.
pub const MAINTAIN_PLAN: Act = Act {
    name: "plan.maintain",
    path: "/tickets/{ticket}/maintain-plan",
    permission: "metering.plan_maintain",
    fields: &[ADJUSTMENT],
    run: Run::Command(maintain_plan),
    weight: Weight::Main,
    view: Some("ticket"),
    ..Act::PLAIN
};
/// The station reports another route.
pub const REPORT_ROUTE: Act = Act {
    name: "route.report",
    path: "/reading-routes",
    permission: "metering.route_adjust",
    fields: &[
        Field::new("to_book", Takes::Text(20)),
        Field::maybe("from_book", Takes::Text(20)),
        Field::maybe("account", Takes::Text(20)),
        Field::maybe("route_sequence", Takes::Count(0, 9_999_999)),
        REASON,
        CENTRE,
    ],
    run: Run::Command(report_route),
    ..Act::PLAIN
};
/// The centre decides a route.
pub const AGREE_ROUTE: Act = Act {
    name: "route.agree",
    path: "/tickets/{ticket}/agree-route",
    permission: "metering.route_agree",
    fields: &[ADJUSTMENT, ANSWER, NOTE],
    run: Run::Command(agree_route),
    weight: Weight::Main,
    view: Some("ticket"),
    ..Act::PLAIN
};
/// The station carries an agreed route out.
pub const CARRY_OUT_ROUTE: Act = Act {
    name: "route.carry_out",
    path: "/tickets/{ticket}/carry-out-route",
    permission: "metering.route_adjust",
    fields: &[ADJUSTMENT],
    run: Run::Command(carry_out_route),
    weight: Weight::Main,
    view: Some("ticket"),
    ..Act::PLAIN
};

fn reported(adjustment: i64) -> Done {
    Done::said("已报送", "reported")
        .see(format!("/tickets/{adjustment}"))
        .fact("ticket", adjustment.to_string())
}

fn report_plan(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let book = book_in(work, given.text("book"))?;
    let day = u8::try_from(given.number("day")?).unwrap_or(0);
    let cycle = Cycle::from_words(given.text("cycle")).unwrap_or(Cycle::Monthly);
    let from: Month = given.month("from_month")?;
    let marketing = unit_in(work, given.text("marketing"))?.id;
    let units = (marketing, centre_in(work, given.maybe_text("centre"))?);
    let plan = (day, cycle, from);
    let made = schedule::report_plan(work, &house.calendar, book.book_id, plan, units, given.text("reason"))?;
    Ok(reported(made.adjustment_id))
}

fn approve_plan(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let (ticket, agreed) = (given.number("ticket")?, given.text("answer") == "agree");
    schedule::approve_plan(work, &house.calendar, ticket, agreed, given.text("note"))?;
    Ok(Done::said("抄表计划调整已审批", "the plan is decided").see(format!("/tickets/{ticket}")))
}

fn maintain_plan(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let ticket = given.number("ticket")?;
    schedule::maintain_plan(work, &house.calendar, ticket)?;
    Ok(Done::said("抄表计划已维护", "the plan is maintained").see(format!("/tickets/{ticket}")))
}

fn report_route(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let to_book_id = book_in(work, given.text("to_book"))?.book_id;
    let moves = match (given.maybe_text("from_book"), given.maybe_text("account")) {
        (Some(number), None) => {
            RouteMove::WholeBook { from_book_id: book_in(work, number)?.book_id, to_book_id }
        }
        (None, Some(number)) => RouteMove::Single {
            account_id: account_in(work, number)?.account.account_id,
            to_book_id,
            route_sequence: given.maybe_number("route_sequence").unwrap_or(0),
        },
        _ => {
            return Err(Refusal::refused(
                "请填写整本调整的抄本或单户调整的户号，二者之一",
                "give either the book that moves as a whole or the account that moves alone",
            ));
        }
    };
    let centre = centre_in(work, given.maybe_text("centre"))?;
    let made = schedule::report_route(work, &house.calendar, moves, centre, given.text("reason"))?;
    Ok(reported(made.adjustment_id))
}

fn agree_route(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let (ticket, agreed) = (given.number("ticket")?, given.text("answer") == "agree");
    schedule::agree_route(work, &house.calendar, ticket, agreed, given.text("note"))?;
    Ok(Done::said("抄表路线调整已审核", "the route is decided").see(format!("/tickets/{ticket}")))
}

fn carry_out_route(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let ticket = given.number("ticket")?;
    let moved = schedule::carry_out_route(work, &house.calendar, ticket)?;
    Ok(Done::said(format!("路线已执行：{moved} 户"), format!("carried out: {moved} accounts"))
        .see(format!("/tickets/{ticket}"))
        .fact("accounts", moved))
}
