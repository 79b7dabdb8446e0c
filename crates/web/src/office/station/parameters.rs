//! Changes of what a customer is billed by (参数变更): the station's tickets from start to archive, and the hold-issue
//! requests that belong to them.

use identity::Work;
use kernel::{Bilingual as _, Date, Quantity, Text};
use metering::parameter::{self, Change, HoldState, Line, NewChange, Origin, ParameterTicket, TicketQuery, TicketState};
use serde_json::{Value as Json, json};

use super::books::ANSWER;
use super::tickets::{TICKET, files, state_text, step_text};
use super::{
    ACCOUNT, CENTRE, MONTH, NOTE, REASON, UNIT, account_in, account_path, centre_in, other_units, person_in,
    persons, stations, unit_in,
};
use crate::catalogue::{
    Act, Area, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row,
    Rows, Run, Sheet, Takes, Tone, View, Weight,
};
use crate::cells;

const READ: &str = "metering.read";
const STATES: &[&str] = &["started", "audited", "circulating", "archived", "withdrawn", "refused"];
/// Changes of one value, which need no JSON.
const SIMPLE: &[&str] = &[
    "persons", "relief", "time_of_use", "price_class", "voltage", "contract_demand", "power_factor", "name",
    "address", "phone", "collection", "tax",
];

const COLUMNS: &[Column] = &[
    Column::new("number", Kind::Text),
    Column::new("account", Kind::Text),
    Column::new("customer", Kind::Text),
    Column::new("unit", Kind::Text),
    Column::new("origin", Kind::Word),
    Column::new("state", Kind::Word),
    Column::new("applied_on", Kind::Date),
    Column::new("affects_from", Kind::Date),
    Column::new("reason", Kind::Text),
    Column::new("started_by", Kind::Text),
    Column::new("checked_by", Kind::Text),
];

const CHANGES_IN: &[Field] = &[
    Field::maybe("from", Takes::Date),
    Field::maybe("change_kind", Takes::Choice(SIMPLE)),
    Field::maybe("value", Takes::Text(200)),
    Field::maybe("changes", Takes::LongText(60_000)),
];

/// The area.
pub const AREA: Area = Area {
    name: "parameters",
    lists: &[
        List {
            name: "parameters",
            path: "/parameters",
            permission: READ,
            filters: &[
                Field::maybe("unit", Takes::Option(stations)),
                Field::maybe("state", Takes::Choice(STATES)),
                Field::maybe("account", Takes::Text(20)),
            ],
            columns: COLUMNS,
            rows: tickets,
            menu: true,
            acts: &["parameter.start", "parameter.start_swap", "parameter.start_other"],
        },
        List {
            name: "circulation",
            path: "/parameters-in-circulation",
            permission: READ,
            filters: &[Field::maybe("unit", Takes::Option(stations))],
            columns: &[
                Column::sorted("number", Kind::Text),
                Column::sorted("account", Kind::Text),
                Column::sorted("unit", Kind::Text),
                Column::sorted("state", Kind::Word),
                Column::sorted("affects_from", Kind::Date),
                Column::sorted("held", Kind::Flag),
            ],
            rows: circulation,
            menu: true,
            acts: &["parameter.list_running", "parameter.apply_due"],
        },
        List {
            name: "holds_missing",
            path: "/holds-missing",
            permission: READ,
            filters: &[Field::maybe("month", Takes::Month)],
            columns: &[
                Column::sorted("number", Kind::Text),
                Column::sorted("account", Kind::Text),
                Column::sorted("unit", Kind::Text),
                Column::sorted("affects_from", Kind::Date),
                Column::sorted("scheduled_on", Kind::Date),
            ],
            rows: holds_missing,
            menu: true,
            acts: &[],
        },
    ],
    views: &[View {
        name: "parameter",
        path: "/parameters/{ticket}",
        permission: READ,
        params: &[TICKET],
        show,
        menu: false,
    }],
    acts: &[
        START, START_SWAP, START_OTHER, ENTER, CHECK, AUDIT, DISPATCH, ARCHIVE, WITHDRAW, PRINT, CORRECT,
        APPLY_DUE, LIST_RUNNING, HOLD, WITHDRAW_HOLD,
    ],
    pages: &[],
};

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

const START: Act = Act {
    name: "parameter.start",
    path: "/parameters",
    permission: "parameter.start",
    fields: &[
        Field::maybe("account", Takes::Text(20)),
        CHANGES_IN[0],
        CHANGES_IN[1],
        CHANGES_IN[2],
        CHANGES_IN[3],
        Field::maybe("applied_on", Takes::Date),
        REASON,
    ],
    run: Run::Command(start),
    weight: Weight::Main,
    ..Act::PLAIN
};
const START_OTHER: Act = Act {
    name: "parameter.start_other",
    path: "/parameters-of-others",
    permission: "parameter.start_other",
    fields: &[
        Field::new("other_unit", Takes::Option(other_units)),
        ACCOUNT,
        CHANGES_IN[0],
        CHANGES_IN[1],
        CHANGES_IN[2],
        CHANGES_IN[3],
        Field::maybe("applied_on", Takes::Date),
        REASON,
    ],
    run: Run::Command(start_other),
    ..Act::PLAIN
};
const START_SWAP: Act = Act {
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
const ENTER_FIELDS: &[Field] = &[TICKET, CHANGES_IN[0], CHANGES_IN[1], CHANGES_IN[2], CHANGES_IN[3]];
const ENTER: Act = on_ticket(
    "parameter.enter",
    "/parameters/{ticket}/lines",
    "parameter.start",
    ENTER_FIELDS,
    Run::Command(enter),
    Weight::Plain,
);
const CHECK: Act = on_ticket(
    "parameter.check",
    "/parameters/{ticket}/check",
    "parameter.start",
    &[TICKET, NOTE],
    Run::Command(check),
    Weight::Main,
);
const AUDIT: Act = on_ticket(
    "parameter.audit",
    "/parameters/{ticket}/audit",
    "parameter.audit",
    &[TICKET, ANSWER, NOTE],
    Run::Command(audit),
    Weight::Main,
);
const DISPATCH: Act = on_ticket(
    "parameter.dispatch",
    "/parameters/{ticket}/dispatch",
    "parameter.dispatch",
    &[TICKET, Field::new("handler", Takes::Option(persons))],
    Run::Command(dispatch),
    Weight::Main,
);
const ARCHIVE: Act = on_ticket(
    "parameter.archive",
    "/parameters/{ticket}/archive",
    "parameter.archive",
    &[TICKET],
    Run::Command(archive),
    Weight::Main,
);
const WITHDRAW: Act = on_ticket(
    "parameter.withdraw",
    "/parameters/{ticket}/withdraw",
    "parameter.start",
    &[TICKET, REASON],
    Run::Command(withdraw),
    Weight::Grave,
);
const PRINT: Act = Act {
    name: "parameter.print",
    path: "/parameters/{ticket}/print",
    permission: "parameter.start",
    fields: &[TICKET, Field::maybe("reason", Takes::Text(200))],
    run: Run::Command(print),
    ..Act::PLAIN
};
const CORRECT: Act = Act {
    name: "parameter.correct",
    path: "/error-lists/{error_list}/correct",
    permission: "parameter.second_modify",
    fields: &[
        Field::new("error_list", Takes::Id),
        CHANGES_IN[0],
        CHANGES_IN[1],
        CHANGES_IN[2],
        CHANGES_IN[3],
        NOTE,
    ],
    run: Run::Command(correct),
    weight: Weight::Main,
    ..Act::PLAIN
};
const APPLY_DUE: Act = Act {
    name: "parameter.apply_due",
    path: "/parameters-due",
    permission: "parameter.archive",
    fields: &[UNIT],
    run: Run::Command(apply_due),
    ..Act::PLAIN
};
const LIST_RUNNING: Act = Act {
    name: "parameter.list_running",
    path: "/parameters-in-circulation",
    permission: "parameter.list_running",
    fields: &[UNIT],
    run: Run::Command(list_running),
    weight: Weight::Main,
    ..Act::PLAIN
};
const HOLD: Act = on_ticket(
    "hold.file",
    "/parameters/{ticket}/holds",
    "parameter.hold_issue",
    &[TICKET, MONTH, REASON, CENTRE],
    Run::Command(file_hold),
    Weight::Plain,
);
const WITHDRAW_HOLD: Act = Act {
    name: "hold.withdraw",
    path: "/parameters/{ticket}/holds/{hold}/withdraw",
    permission: "parameter.hold_issue",
    fields: &[TICKET, Field::new("hold", Takes::Id), REASON],
    run: Run::Command(withdraw_hold),
    weight: Weight::Grave,
    ..Act::PLAIN
};

fn state_cell(state: TicketState) -> Cell {
    let tone = match state {
        TicketState::Archived => Tone::Good,
        TicketState::Withdrawn | TicketState::Refused => Tone::Quiet,
        TicketState::Started | TicketState::Audited => Tone::Warn,
        TicketState::Circulating => Tone::Plain,
    };
    Cell::word(format!("choice.state.{}", state.key())).toned(tone)
}

fn origin_cell(origin: Origin) -> Cell {
    Cell::word(format!("choice.origin.{}", origin.key()))
}

fn seen_units(look: &mut Look<'_, '_>, only: &str) -> Result<Vec<i64>, Refusal> {
    if !only.is_empty() {
        let unit = look.unit_by_code(only)?;
        look.require(READ, unit.id)?;
        return Ok(vec![unit.id]);
    }
    let units: Vec<i64> = look.units()?.keys().copied().collect();
    Ok(units.into_iter().filter(|id| look.sees(READ, *id)).collect())
}

fn tickets(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let org_id = look.org_id();
    let units = seen_units(look, query.given.text("unit"))?;
    let account = query.given.maybe_text("account").map(|number| look.account(number)).transpose()?;
    let wanted = TicketQuery {
        units: Some(&units),
        state: TicketState::from_words(query.given.text("state")),
        account_id: account.map(|account| account.account.account_id),
        number: query.search,
        offset: query.offset,
        limit: query.limit,
    };
    let (found, total) = parameter::tickets(look.tx, org_id, &wanted)?;
    let keys: Vec<i64> = found.iter().map(|ticket| ticket.account_id).collect();
    let names = metering::account::names_of(look.tx, org_id, &keys)?;
    let mut rows = Vec::with_capacity(found.len());
    for ticket in found {
        let (number, name) = match names.get(&ticket.account_id) {
            Some((number, name)) => (Cell::from(number.clone()).to(account_path(number)), name.clone()),
            None => (Cell::word("page.parameter.not_opened").toned(Tone::Quiet), String::new()),
        };
        let mut row = Row::from(cells![
            Cell::from(ticket.number.clone()).to(format!("/parameters/{}", ticket.ticket_id)),
            number,
            name,
            look.unit_name(ticket.unit_id)?,
            origin_cell(ticket.origin),
            state_cell(ticket.state),
            ticket.applied_on,
            ticket.affects_from,
            ticket.reason.clone(),
            look.person_name(ticket.started_by)?,
            ticket.checked_by.map(|id| look.person_name(id)).transpose()?,
        ]);
        row.offers = next_steps(&ticket).into_iter().take(1).collect();
        rows.push(row);
    }
    Ok(Rows { rows, total, ..Rows::default() })
}

/// What can be done next with a ticket.
fn next_steps(ticket: &ParameterTicket) -> Vec<Offer> {
    let id = ticket.ticket_id;
    let offer = |act| Offer::new(act, &[("ticket", &id)]);
    match (ticket.state, ticket.origin, ticket.checked_by) {
        (TicketState::Started, Origin::OtherUnit, _) => vec![offer("parameter.audit")],
        (TicketState::Started, Origin::Station, None) => vec![
            offer("parameter.check"),
            offer("parameter.enter"),
            offer("hold.file"),
            offer("parameter.withdraw"),
        ],
        (TicketState::Started, Origin::Station, Some(_)) => vec![
            offer("parameter.dispatch"),
            offer("parameter.enter"),
            offer("hold.file"),
            offer("parameter.withdraw"),
        ],
        (TicketState::Audited, ..) => vec![offer("parameter.dispatch"), offer("hold.file")],
        (TicketState::Circulating, _, None) => {
            vec![offer("parameter.check"), offer("hold.file"), offer("parameter.withdraw")]
        }
        (TicketState::Circulating, _, Some(_)) => {
            vec![offer("parameter.archive"), offer("hold.file"), offer("parameter.withdraw")]
        }
        _ => Vec::new(),
    }
}

fn circulation(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let units = seen_units(look, query.given.text("unit"))?;
    let mut found = Vec::new();
    for unit_id in units {
        for one in parameter::in_circulation(look.tx, org_id, unit_id)? {
            found.push((unit_id, one));
        }
    }
    let keys: Vec<i64> = found.iter().map(|(_, one)| one.account_id).collect();
    let names = metering::account::names_of(look.tx, org_id, &keys)?;
    let mut rows = Vec::with_capacity(found.len());
    for (unit_id, one) in found {
        let account = names.get(&one.account_id).map(|(number, _)| number.clone());
        rows.push(Row::from(cells![
            Cell::from(one.number).to(format!("/parameters/{}", one.ticket_id)),
            account,
            look.unit_name(unit_id)?,
            state_cell(one.state),
            one.affects_from,
            one.held,
        ]));
    }
    Ok(Rows::of(AREA.lists[1].columns, rows, query, lang))
}

fn holds_missing(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let month = query.given.maybe_month("month").unwrap_or_else(|| look.this_month());
    let (org_id, lang, today) = (look.org_id(), look.lang(), look.today());
    let mut found = parameter::holds_missing(look.tx, org_id, month, today)?;
    found.retain(|one| look.sees(READ, one.unit_id));
    let keys: Vec<i64> = found.iter().map(|one| one.account_id).collect();
    let names = metering::account::names_of(look.tx, org_id, &keys)?;
    let mut rows = Vec::with_capacity(found.len());
    for one in found {
        let mut row = Row::from(cells![
            Cell::from(one.number).to(format!("/parameters/{}", one.ticket_id)),
            names.get(&one.account_id).map(|(number, _)| number.clone()),
            look.unit_name(one.unit_id)?,
            one.affects_from,
            Cell::from(one.scheduled_on).toned(Tone::Bad),
        ]);
        row.offers.push(Offer::new("hold.file", &[("ticket", &one.ticket_id), ("month", &month)]));
        rows.push(row);
    }
    Ok(Rows::of(AREA.lists[2].columns, rows, query, lang))
}

/// The ticket, for who sees its station or the unit that started it.
fn ticket_of(look: &mut Look<'_, '_>, given: &Given) -> Result<ParameterTicket, Refusal> {
    let (org_id, id) = (look.org_id(), given.number("ticket")?);
    let found = parameter::ticket(look.tx, org_id, id)?;
    let ticket = found.ok_or_else(|| Refusal::not_found("变更工单", "change ticket", &id.to_string()))?;
    let raised = workflow::find(look.tx, org_id, id)?.raised_unit_id;
    if look.sees(READ, ticket.unit_id) || look.sees(READ, raised) {
        Ok(ticket)
    } else {
        Err(Refusal::not_permitted(READ))
    }
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let ticket = ticket_of(look, given)?;
    let (org_id, today, lang) = (look.org_id(), look.today(), look.lang());
    let account = metering::account::account_by_id(look.tx, org_id, ticket.account_id)?;
    let mut sheet = Sheet::new(format!(
        "{} {}",
        ticket.number,
        crate::words::say(lang, if ticket.opens { "page.parameter.opens" } else { "view.parameter" })
    ));
    sheet.version = Some(ticket.version.to_string());
    sheet.badges.push(state_cell(ticket.state));
    sheet.offers = next_steps(&ticket);
    sheet.offer("parameter.print", &[("ticket", &ticket.ticket_id)]);
    sheet.offer("ticket.attach", &[("ticket", &ticket.ticket_id)]);
    let number = account.as_ref().map(|account| account.number.clone());
    sheet.push(Block::Facts {
        name: "parameter",
        facts: vec![
            ("account", Kind::Text, number.map_or_else(Cell::default, |number| {
                Cell::from(number.clone()).to(account_path(&number))
            })),
            ("customer", Kind::Text, Cell::from(account.map(|account| account.name))),
            ("unit", Kind::Text, Cell::from(look.unit_name(ticket.unit_id)?)),
            ("origin", Kind::Word, origin_cell(ticket.origin)),
            ("applied_on", Kind::Date, Cell::from(ticket.applied_on)),
            ("affects_from", Kind::Date, Cell::from(ticket.affects_from)),
            ("revision", Kind::Count, Cell::from(ticket.revision)),
            ("reason", Kind::Text, Cell::from(ticket.reason.clone())),
            ("started_by", Kind::Text, Cell::from(look.person_name(ticket.started_by)?)),
            ("started_at", Kind::Moment, Cell::from(ticket.started_at)),
            ("entered_by", Kind::Text, Cell::from(look.person_name(ticket.entered_by)?)),
            ("checked_by", Kind::Text, Cell::from(ticket.checked_by.map(|id| look.person_name(id)).transpose()?)),
            ("handler", Kind::Text, Cell::from(ticket.handler_id.map(|id| look.person_name(id)).transpose()?)),
            ("archived_at", Kind::Moment, Cell::from(ticket.archived_at)),
        ],
    });
    let mut rows = Vec::new();
    for stored in parameter::lines(look.tx, org_id, ticket.ticket_id)? {
        let row = Row::from(cells![
            stored.revision,
            stored.line_no,
            stored.line.from,
            stored.line.change.name(),
            content(&stored.line.change),
            stored.applied_at,
        ]);
        rows.push(row);
    }
    let columns = vec![
        Column::new("revision", Kind::Count),
        Column::new("line", Kind::Count),
        Column::new("from", Kind::Date),
        Column::new("change_kind", Kind::Text),
        Column::new("content", Kind::Text),
        Column::new("applied_at", Kind::Moment),
    ];
    sheet.push(Block::Table { name: "change_lines", columns, rows });
    before_and_after(look, &ticket, today, &mut sheet)?;
    holds(look, &ticket, &mut sheet)?;
    let raised = workflow::find(look.tx, org_id, ticket.ticket_id)?;
    files(look, &raised, &mut sheet)?;
    let kind = workflow::Catalogue::built_in().ticket(&raised.kind);
    let mut events = Vec::new();
    for step in workflow::history(look.tx, org_id, ticket.ticket_id)?.into_iter().rev() {
        events.push((step.at, look.person_name(step.person_id)?, step_text(kind, &step), step.text));
    }
    sheet.push(Block::Timeline { name: "ticket_steps", events });
    Ok(sheet)
}

/// What a change says, without its kind: names and values as they are kept.
fn content(change: &Change) -> String {
    let Ok(Json::Object(fields)) = serde_json::to_value(change) else { return String::new() };
    let fields: Vec<String> = fields
        .into_iter()
        .filter(|(name, _)| name != "kind")
        .map(|(name, value)| match value {
            Json::String(text) => format!("{name}: {text}"),
            value => format!("{name}: {value}"),
        })
        .collect();
    fields.join("; ")
}

/// What the ticket changes, or has changed: each parameter before and after.
fn before_and_after(
    look: &mut Look<'_, '_>,
    ticket: &ParameterTicket,
    today: Date,
    sheet: &mut Sheet,
) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let (changes, name) = if ticket.state == TicketState::Archived {
        let kept = parameter::history(look.tx, org_id, ticket.account_id)?;
        let own = kept.into_iter().filter(|kept| {
            // A second modification bears the number with a stroke and its own number behind it.
            kept.ticket == ticket.number || kept.ticket.starts_with(&format!("{}/", ticket.number))
        });
        (own.map(|kept| kept.change).collect(), "changed")
    } else if ticket.state.is_open() {
        match parameter::preview(look.tx, org_id, &look.house.calendar, ticket, today) {
            Ok(changes) => (changes, "would_change"),
            Err(error) => {
                let why = Refusal::from(error).said;
                let told = Text::new(
                    format!("按今天的档案不能归档：{}", why.zh),
                    format!("could not be archived today: {}", why.en),
                );
                sheet.push(Block::Note(Tone::Bad, told));
                return Ok(());
            }
        }
    } else {
        return Ok(());
    };
    let rows = changes
        .into_iter()
        .map(|change| {
            let field = parameter::fault::chinese(&change.field).to_owned();
            Row::from(cells![Text::new(field, change.field.clone()), change.old, change.new, change.from])
        })
        .collect();
    let columns = vec![
        Column::new("parameter", Kind::Text),
        Column::new("before", Kind::Text),
        Column::new("after", Kind::Text),
        Column::new("from", Kind::Date),
    ];
    sheet.push(if name == "changed" {
        Block::Table { name: "changed", columns, rows }
    } else {
        Block::Table { name: "would_change", columns, rows }
    });
    Ok(())
}

fn holds(look: &mut Look<'_, '_>, ticket: &ParameterTicket, sheet: &mut Sheet) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let mut rows = Vec::new();
    for hold in parameter::holds_of_ticket(look.tx, org_id, ticket.ticket_id)? {
        let mut row = Row::from(cells![
            hold.month,
            Cell::word(format!("choice.hold_state.{}", hold.state.key())),
            look.person_name(hold.filed_by)?,
            hold.filed_at,
            hold.ended_at,
        ]);
        if hold.state == HoldState::Filed {
            row.offers.push(Offer::new("hold.withdraw", &[("ticket", &ticket.ticket_id), ("hold", &hold.hold_id)]));
        }
        rows.push(row);
    }
    if !rows.is_empty() {
        let columns = vec![
            Column::new("month", Kind::Month),
            Column::new("hold_state", Kind::Word),
            Column::new("filed_by", Kind::Text),
            Column::new("filed_at", Kind::Moment),
            Column::new("ended_at", Kind::Moment),
        ];
        sheet.push(Block::Table { name: "holds", columns, rows });
    }
    let about = workflow::Subject { kind: "change_ticket", id: ticket.ticket_id };
    let mut rows = Vec::new();
    for one in workflow::tickets_about(look.tx, org_id, about)? {
        if one.kind != "error_list" {
            continue;
        }
        let list = parameter::error_list(look.tx, org_id, one.id)?;
        let kind = workflow::Catalogue::built_in().ticket(&one.kind);
        let mut row = Row::from(cells![
            Cell::from(one.number.clone()).to(format!("/tickets/{}", one.id)),
            state_text(kind, &one.state),
            list.as_ref().map(|list| list.error.clone()),
            list.as_ref().map(|list| list.suggestion.clone()),
            one.raised_at,
        ]);
        if one.state == "raised" {
            row.offers.push(Offer::new("parameter.correct", &[("error_list", &one.id)]));
        }
        rows.push(row);
    }
    if !rows.is_empty() {
        let columns = vec![
            Column::new("number", Kind::Text),
            Column::new("state", Kind::Text),
            Column::new("error", Kind::Text),
            Column::new("suggestion", Kind::Text),
            Column::new("raised_at", Kind::Moment),
        ];
        sheet.push(Block::Table { name: "error_lists", columns, rows });
    }
    Ok(())
}

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
    serde_json::from_value(change)
        .map_err(|error| wrong("value", format!("新值无法识别：{error}"), format!("not such a value: {error}")))
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

