//! What is done with a change ticket, from its start to its archive, and with the holds that belong to it.

use identity::Work;
use kernel::{Bilingual as _, Date, Quantity, Text};
use metering::parameter::{self, Change, Line, NewChange, ParameterTicket};
use serde_json::{Value as Json, json};

use super::book_acts::ANSWER;
use super::tickets::TICKET;
use super::{
    ACCOUNT, CENTRE, MONTH, NOTE, REASON, UNIT, account_in, centre_in, other_units, person_in, persons,
    unit_in,
};
use crate::catalogue::{Act, Done, Field, Given, House, Refusal, Run, Takes, Weight};

/// Changes of one value, which need no JSON.
const SIMPLE: &[&str] = &[
    "persons",
    "relief",
    "time_of_use",
    "price_class",
    "voltage",
    "contract_demand",
    "power_factor",
    "name",
    "address",
    "phone",
    "collection",
    "tax",
];

const FROM: Field = Field::maybe("from", Takes::Date);
const CHANGE_KIND: Field = Field::maybe("change_kind", Takes::Choice(SIMPLE));
const VALUE: Field = Field::maybe("value", Takes::Text(200));
const CHANGES: Field = Field::maybe("changes", Takes::LongText(60_000));

const fn on_ticket(
    name: &'static str,
    path: &'static str,
    permission: &'static str,
    fields: &'static [Field],
    run: Run,
    weight: Weight,
) -> Act {
    Act { name, path, permission, fields, run, weight, view: Some("parameter"), ..Act::PLAIN }
}

pub(super) const START: Act = Act {
    name: "parameter.start",
    path: "/parameters",
    permission: "parameter.start",
    fields: &[
        Field::maybe("account", Takes::Text(20)),
        FROM,
        CHANGE_KIND,
        VALUE,
        CHANGES,
        Field::maybe("applied_on", Takes::Date),
        REASON,
    ],
    run: Run::Command(start),
    weight: Weight::Main,
    ..Act::PLAIN
};
pub(super) const START_OTHER: Act = Act {
    name: "parameter.start_other",
    path: "/parameters-of-others",
    permission: "parameter.start_other",
    fields: &[
        Field::new("other_unit", Takes::Option(other_units)),
        ACCOUNT,
        FROM,
        CHANGE_KIND,
        VALUE,
        CHANGES,
        Field::maybe("applied_on", Takes::Date),
        REASON,
    ],
    run: Run::Command(start_other),
    ..Act::PLAIN
};
pub(super) const START_SWAP: Act = Act {
    name: "parameter.start_swap",
    path: "/meter-swaps",
    permission: "parameter.start",
    fields: &[
        ACCOUNT,
        Field::new("meter", Takes::Count(1, 9_999)),
        Field::new("from", Takes::Date),
        Field::new("off_shown", Takes::Text(200)),
        Field::new("meter_number", Takes::Text(30)),
        Field::new("digits", Takes::Count(1, 12)),
        Field::new("decimals", Takes::Count(0, 6)),
        Field::new("multiplier", Takes::Text(20)),
        Field::new("on_shown", Takes::Text(200)),
        Field::maybe("applied_on", Takes::Date),
        REASON,
    ],
    run: Run::Command(start_swap),
    ..Act::PLAIN
};
pub(super) const ENTER: Act = on_ticket(
    "parameter.enter",
    "/parameters/{ticket}/lines",
    "parameter.start",
    &[TICKET, FROM, CHANGE_KIND, VALUE, CHANGES],
    Run::Command(enter),
    Weight::Plain,
);
pub(super) const CHECK: Act = on_ticket(
    "parameter.check",
    "/parameters/{ticket}/check",
    "parameter.start",
    &[TICKET, NOTE],
    Run::Command(check),
    Weight::Main,
);
pub(super) const AUDIT: Act = on_ticket(
    "parameter.audit",
    "/parameters/{ticket}/audit",
    "parameter.audit",
    &[TICKET, ANSWER, NOTE],
    Run::Command(audit),
    Weight::Main,
);
pub(super) const DISPATCH: Act = on_ticket(
    "parameter.dispatch",
    "/parameters/{ticket}/dispatch",
    "parameter.dispatch",
    &[TICKET, Field::new("handler", Takes::Option(persons))],
    Run::Command(dispatch),
    Weight::Main,
);
pub(super) const ARCHIVE: Act = on_ticket(
    "parameter.archive",
    "/parameters/{ticket}/archive",
    "parameter.archive",
    &[TICKET],
    Run::Command(archive),
    Weight::Main,
);
pub(super) const WITHDRAW: Act = on_ticket(
    "parameter.withdraw",
    "/parameters/{ticket}/withdraw",
    "parameter.start",
    &[TICKET, REASON],
    Run::Command(withdraw),
    Weight::Grave,
);
pub(super) const PRINT: Act = Act {
    name: "parameter.print",
    path: "/parameters/{ticket}/print",
    permission: "parameter.start",
    fields: &[TICKET, Field::maybe("reason", Takes::Text(200))],
    run: Run::Command(print),
    ..Act::PLAIN
};
pub(super) const CORRECT: Act = Act {
    name: "parameter.correct",
    path: "/error-lists/{error_list}/correct",
    permission: "parameter.second_modify",
    fields: &[Field::new("error_list", Takes::Id), FROM, CHANGE_KIND, VALUE, CHANGES, NOTE],
    run: Run::Command(correct),
    weight: Weight::Main,
    ..Act::PLAIN
};
pub(super) const APPLY_DUE: Act = Act {
    name: "parameter.apply_due",
    path: "/parameters-due",
    permission: "parameter.archive",
    fields: &[UNIT],
    run: Run::Command(apply_due),
    ..Act::PLAIN
};
pub(super) const LIST_RUNNING: Act = Act {
    name: "parameter.list_running",
    path: "/parameters-in-circulation",
    permission: "parameter.list_running",
    fields: &[UNIT],
    run: Run::Command(list_running),
    weight: Weight::Main,
    ..Act::PLAIN
};
pub(super) const HOLD: Act = on_ticket(
    "hold.file",
    "/parameters/{ticket}/holds",
    "parameter.hold_issue",
    &[TICKET, MONTH, REASON, CENTRE],
    Run::Command(file_hold),
    Weight::Plain,
);
pub(super) const WITHDRAW_HOLD: Act = Act {
    name: "hold.withdraw",
    path: "/parameters/{ticket}/holds/{hold}/withdraw",
    permission: "parameter.hold_issue",
    fields: &[TICKET, Field::new("hold", Takes::Id), REASON],
    run: Run::Command(withdraw_hold),
    weight: Weight::Grave,
    ..Act::PLAIN
};

fn wrong(field: &str, zh: impl Into<String>, en: impl Into<String>) -> Refusal {
    Refusal::fields(vec![(field.to_owned(), Text::new(zh, en))])
}

/// The lines a form or a program gives: one simple change, or any number of changes as JSON.
fn lines_of(given: &Given, today: Date) -> Result<Vec<Line>, Refusal> {
    let from = given.maybe_date("from").unwrap_or(today);
    let mut lines = Vec::new();
    if let Some(kind) = given.maybe_text("change_kind") {
        lines.push(Line { from, change: simple(kind, given.text("value"))? });
    }
    if let Some(text) = given.maybe_text("changes") {
        let not = |error: serde_json::Error| {
            wrong("changes", format!("变更内容无法识别：{error}"), format!("not changes: {error}"))
        };
        let given: Json = serde_json::from_str(text).map_err(not)?;
        let given = if let Json::Array(given) = given { given } else { vec![given] };
        for one in given {
            // With its own first day, or a bare change from the day of the form.
            let line = if one.get("change").is_some() {
                serde_json::from_value(one).map_err(not)?
            } else {
                Line { from, change: serde_json::from_value(one).map_err(not)? }
            };
            lines.push(line);
        }
    }
    if lines.is_empty() {
        return Err(wrong(
            "change_kind",
            "请选择变更项目并填写新值，或填写变更内容",
            "choose a change with its new value, or give changes",
        ));
    }
    Ok(lines)
}

fn simple(kind: &str, value: &str) -> Result<Change, Refusal> {
    let yes = || match value {
        "是" | "true" | "yes" | "1" => Ok(true),
        "否" | "false" | "no" | "0" => Ok(false),
        _ => Err(wrong("value", "应为是或否", "yes or no")),
    };
    let change = match kind {
        "persons" => {
            let persons: u8 = value.parse().map_err(|_| wrong("value", "应为人数", "a number of persons"))?;
            json!({ "kind": "persons", "persons": persons })
        }
        "relief" => json!({ "kind": "relief", "entitled": yes()? }),
        "time_of_use" => json!({ "kind": "time_of_use", "chosen": yes()? }),
        "price_class" => json!({ "kind": "price_class", "price_class": value }),
        "voltage" => json!({ "kind": "voltage", "voltage": value }),
        "contract_demand" => json!({ "kind": "contract_demand", "contract_demand_kw": value }),
        "power_factor" if value.is_empty() => json!({ "kind": "power_factor" }),
        "power_factor" => json!({ "kind": "power_factor", "standard": value }),
        detail => json!({ "kind": "detail", "field": detail, "value": value }),
    };
    serde_json::from_value(change).map_err(|error| {
        wrong("value", format!("新值无法识别：{error}"), format!("not such a value: {error}"))
    })
}

fn told(ticket: &ParameterTicket) -> Done {
    Done::said(
        format!("变更工单 {}：{}", ticket.number, ticket.state.text(kernel::Lang::Zh)),
        format!("change ticket {} is {}", ticket.number, ticket.state.text(kernel::Lang::En)),
    )
    .see(format!("/parameters/{}", ticket.ticket_id))
    .fact("ticket", ticket.ticket_id.to_string())
    .fact("number", ticket.number.clone())
    .fact("affects_from", ticket.affects_from.to_string())
}

fn new_change(work: &mut Work<'_, '_>, given: &Given, lines: Vec<Line>) -> Result<NewChange, Refusal> {
    let account = given.maybe_text("account").map(|number| account_in(work, number)).transpose()?;
    Ok(NewChange {
        account_id: account.map(|account| account.account.account_id),
        applied_on: given.maybe_date("applied_on").unwrap_or(work.today()),
        reason: given.text("reason").to_owned(),
        lines,
    })
}

fn start(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let lines = lines_of(given, work.today())?;
    let new = new_change(work, given, lines)?;
    Ok(told(&parameter::start(work, &house.calendar, &new)?))
}

fn start_other(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let lines = lines_of(given, work.today())?;
    let new = new_change(work, given, lines)?;
    let unit = unit_in(work, given.text("other_unit"))?;
    Ok(told(&parameter::start_other(work, &house.calendar, unit.id, &new)?))
}

/// Readings as people write them: `1234.5`, or `total=1234.5 peak=300`.
fn shown_of(field: &str, text: &str) -> Result<Json, Refusal> {
    let mut shown = Vec::new();
    for part in text.split_whitespace() {
        let (register, value) = part.split_once('=').unwrap_or(("total", part));
        let value: Quantity = value.parse().map_err(|error: kernel::FigureError| {
            wrong(field, error.text(kernel::Lang::Zh), error.text(kernel::Lang::En))
        })?;
        shown.push(json!({ "register": register, "value": value.to_string() }));
    }
    Ok(Json::Array(shown))
}

fn start_swap(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let account = account_in(work, given.text("account"))?;
    let (org_id, meter) = (work.org_id(), given.number("meter")?);
    let meters = metering::account::meters(work.tx, org_id, account.account.account_id)?;
    let off = meters.iter().find(|one| one.meter_seq == meter && one.removed_on.is_none());
    let off = off.ok_or_else(|| wrong("meter", "没有在用的这只表", "no such meter in use"))?;
    let change = json!({
        "kind": "meter_swap",
        "off": { "meter_seq": meter, "registers": shown_of("off_shown", given.text("off_shown"))? },
        "on": {
            "number": given.text("meter_number"), "point_seq": off.point_seq,
            "digits": given.number("digits")?, "decimals": given.number("decimals")?,
            "multiplier": given.text("multiplier"), "registers": shown_of("on_shown", given.text("on_shown"))?,
        },
    });
    let change: Change = serde_json::from_value(change).map_err(|error| {
        Refusal::refused(format!("换表内容无法识别：{error}"), format!("not a swap of meters: {error}"))
    })?;
    let new = new_change(work, given, vec![Line { from: given.date("from")?, change }])?;
    Ok(told(&parameter::start(work, &house.calendar, &new)?))
}

fn enter(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let lines = lines_of(given, work.today())?;
    Ok(told(&parameter::enter(work, &house.calendar, given.number("ticket")?, &lines)?))
}

fn check(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let ticket = parameter::check(work, given.number("ticket")?, given.text("note"))?;
    Ok(Done::said(format!("变更工单 {} 已校核", ticket.number), format!("{} is checked", ticket.number))
        .see(format!("/parameters/{}", ticket.ticket_id)))
}

fn audit(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let agreed = given.text("answer") == "agree";
    let id = given.number("ticket")?;
    Ok(told(&parameter::audit(work, &house.calendar, id, agreed, given.text("note"))?))
}

fn dispatch(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let handler = person_in(work, given.text("handler"))?;
    Ok(told(&parameter::dispatch(work, &house.calendar, given.number("ticket")?, handler)?))
}

fn archive(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let id = given.number("ticket")?;
    let done = parameter::archive(work, &house.calendar, id)?;
    let (changed, waiting, released) = (done.changed, done.waiting, done.released);
    Ok(Done::said(
        format!("已归档：{changed} 项参数变更，{waiting} 行待生效，解除暂缓 {released} 件"),
        format!("archived: {changed} parameters changed, {waiting} lines wait, {released} holds released"),
    )
    .see(format!("/parameters/{id}"))
    .fact("changed", changed)
    .fact("waiting", waiting)
    .fact("released", released))
}

fn withdraw(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let id = given.number("ticket")?;
    Ok(told(&parameter::withdraw(work, &house.calendar, id, given.text("reason"))?))
}

/// Prints the ticket: entered in the register of prints, and the paper kept with the ticket.
fn print(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (org_id, id) = (work.org_id(), given.number("ticket")?);
    let found = parameter::ticket(work.tx, org_id, id)?;
    let ticket = found.ok_or_else(|| Refusal::not_found("变更工单", "change ticket", &id.to_string()))?;
    let pages = parameter::print(work, id, given.text("reason"), kernel::Lang::Zh)?;
    let mut last = None;
    for (at, page) in (1..).zip(&pages) {
        let name = format!("{}-{}-{at}.pdf", ticket.number, work.today());
        last = Some(workflow::attach_file(work, id, &name, "application/pdf", &paper::pdf(page)?)?);
    }
    let see = match last {
        Some(file) if pages.len() == 1 => format!("/tickets/{id}/files/{file}"),
        _ => format!("/parameters/{id}"),
    };
    Ok(Done::said(
        format!("已打印 {} 份，登记在打印簿并附于工单", pages.len()),
        format!("{} copies printed, registered and kept with the ticket", pages.len()),
    )
    .see(see))
}

fn correct(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let lines = lines_of(given, work.today())?;
    let list = given.number("error_list")?;
    Ok(told(&parameter::second_modify(work, &house.calendar, list, &lines, given.text("note"))?))
}

fn apply_due(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let unit = unit_in(work, given.text("unit"))?;
    let (applied, failed) = parameter::apply_due(work, &house.calendar, unit.id)?;
    let mut done = Done::said(format!("已执行 {applied} 行到期变更"), format!("applied {applied} lines"));
    for (ticket, error) in &failed {
        done.said.zh.push_str(&format!("；{ticket}：{}", error.text(kernel::Lang::Zh)));
        done.said.en.push_str(&format!("; {ticket}: {}", error.text(kernel::Lang::En)));
    }
    Ok(done.fact("applied", applied).fact("failed", failed.len()))
}

fn list_running(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let unit = unit_in(work, given.text("unit"))?;
    let count = parameter::list_circulation(work, unit.id)?.len();
    Ok(Done::said(format!("已登记在途变更 {count} 件"), format!("recorded {count} changes in circulation"))
        .fact("count", count))
}

fn file_hold(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let (id, month) = (given.number("ticket")?, given.month("month")?);
    let centre = centre_in(work, given.maybe_text("centre"))?;
    let hold = parameter::file_hold(work, &house.calendar, id, month, centre, given.text("reason"))?;
    Ok(Done::said(format!("{month} 已申请暂缓发行"), format!("the issue of {month} is held"))
        .see(format!("/parameters/{id}"))
        .fact("hold", hold.hold_id.to_string()))
}

fn withdraw_hold(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let (ticket, hold) = (given.number("ticket")?, given.number("hold")?);
    parameter::withdraw_hold(work, &house.calendar, (ticket, hold), given.text("reason"))?;
    Ok(Done::said("暂缓发行申请已撤回", "the hold is withdrawn").see(format!("/parameters/{ticket}")))
}
