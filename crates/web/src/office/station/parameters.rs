//! Changes of what a customer is billed by (参数变更): the station's tickets from start to archive, and the hold-issue
//! requests that belong to them.

use kernel::{Date, Text};
use metering::parameter::{self, Change, HoldState, Origin, ParameterTicket, TicketQuery, TicketState};
use serde_json::Value as Json;

use super::tickets::{TICKET, files, state_text, step_text};
use super::{account_path, parameter_acts, stations};
use crate::catalogue::{
    Area, Block, Cell, Column, Field, Given, Kind, List, Look, Offer, Query, Refusal, Row, Rows, Sheet,
    Takes, Tone, View,
};
use crate::cells;

const READ: &str = "metering.read";
const STATES: &[&str] = &["started", "audited", "circulating", "archived", "withdrawn", "refused"];
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
        parameter_acts::START,
        parameter_acts::START_OTHER,
        parameter_acts::START_SWAP,
        parameter_acts::ENTER,
        parameter_acts::CHECK,
        parameter_acts::AUDIT,
        parameter_acts::DISPATCH,
        parameter_acts::ARCHIVE,
        parameter_acts::WITHDRAW,
        parameter_acts::PRINT,
        parameter_acts::CORRECT,
        parameter_acts::APPLY_DUE,
        parameter_acts::LIST_RUNNING,
        parameter_acts::HOLD,
        parameter_acts::WITHDRAW_HOLD,
    ],
    pages: &[],
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
            (
                "account",
                Kind::Text,
                number.map_or_else(Cell::default, |number| {
                    Cell::from(number.clone()).to(account_path(&number))
                }),
            ),
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
            (
                "checked_by",
                Kind::Text,
                Cell::from(ticket.checked_by.map(|id| look.person_name(id)).transpose()?),
            ),
            (
                "handler",
                Kind::Text,
                Cell::from(ticket.handler_id.map(|id| look.person_name(id)).transpose()?),
            ),
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
            row.offers
                .push(Offer::new("hold.withdraw", &[("ticket", &ticket.ticket_id), ("hold", &hold.hold_id)]));
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
