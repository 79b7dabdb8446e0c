//! Reading cards, ledgers, handhelds and other tools through their whole life (抄表工具), and copies of cards for the
//! centre.

use identity::Work;
use kernel::Text;
use metering::custody::{self, Tool, ToolEvent, ToolKind, ToolState};

use super::tickets::TICKET;
use super::{CENTRE, NOTE, UNIT, account_in, book_in, centre_in, person_in, persons, stations, unit_in};
use crate::catalogue::{
    Act, Area, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row,
    Rows, Run, Sheet, Takes, Tone, View, Weight,
};
use crate::cells;

const READ: &str = "metering.read";
const KINDS: &[&str] = &["card", "ledger", "handheld", "other"];
const STATES: &[&str] = &["kept", "issued", "destroyed"];
const CARD_EVENTS: &[&str] = &["open", "build", "recard", "transcribe"];
const TOOL_EVENTS: &[&str] = &["issue", "circulate", "keep", "destroy"];
const ROOM_EVENTS: &[&str] = &["issue", "circulate", "keep"];
const TOOL: Field = Field::new("tool", Takes::Id);
const PERSON: Field = Field::new("person", Takes::Option(persons));

const COLUMNS: &[Column] = &[
    Column::sorted("tool", Kind::Text),
    Column::sorted("tool_kind", Kind::Word),
    Column::sorted("unit", Kind::Text),
    Column::sorted("account", Kind::Text),
    Column::sorted("book", Kind::Text),
    Column::sorted("tool_state", Kind::Word),
    Column::sorted("holder", Kind::Text),
];

/// The area.
pub const AREA: Area = Area {
    name: "custody",
    lists: &[
        List {
            name: "tools",
            path: "/reading-tools",
            permission: READ,
            filters: &[
                Field::maybe("unit", Takes::Option(stations)),
                Field::maybe("tool_kind", Takes::Choice(KINDS)),
            ],
            columns: COLUMNS,
            rows: tools,
            menu: true,
            acts: &["tool.register"],
        },
        List {
            name: "ledger_room",
            path: "/ledger-room",
            permission: "ledger_room.issue",
            filters: &[
                Field::maybe("tool_kind", Takes::Choice(&["ledger", "handheld"])),
                Field::maybe("tool_state", Takes::Choice(STATES)),
            ],
            columns: COLUMNS,
            rows: room,
            menu: true,
            acts: &[],
        },
    ],
    views: &[View {
        name: "tool",
        path: "/reading-tools/{tool}",
        permission: READ,
        params: &[TOOL],
        show,
        menu: false,
    }],
    acts: &[REGISTER, RECORD_CARD, RECORD_TOOL, RECORD_ROOM, REQUEST, SEND],
    pages: &[],
};

const REGISTER: Act = Act {
    name: "tool.register",
    path: "/reading-tools",
    permission: "metering.keep_tools",
    fields: &[
        UNIT,
        Field::new("tool_kind", Takes::Choice(KINDS)),
        Field::new("tool_number", Takes::Text(40)),
        Field::maybe("account", Takes::Text(20)),
        Field::maybe("book", Takes::Text(20)),
    ],
    run: Run::Command(register),
    weight: Weight::Main,
    ..Act::PLAIN
};
const RECORD_CARD: Act = Act {
    name: "card.record",
    path: "/reading-tools/{tool}/card-events",
    permission: "metering.keep_cards",
    fields: &[TOOL, Field::new("event", Takes::Choice(CARD_EVENTS)), PERSON, NOTE],
    run: Run::Command(record),
    ..Act::PLAIN
};
const RECORD_TOOL: Act = Act {
    name: "tool.record",
    path: "/reading-tools/{tool}/events",
    permission: "metering.keep_tools",
    fields: &[TOOL, Field::new("event", Takes::Choice(TOOL_EVENTS)), PERSON, NOTE],
    run: Run::Command(record),
    ..Act::PLAIN
};
const RECORD_ROOM: Act = Act {
    name: "ledger.record",
    path: "/ledger-room/{tool}/events",
    permission: "ledger_room.issue",
    fields: &[TOOL, Field::new("event", Takes::Choice(ROOM_EVENTS)), PERSON, NOTE],
    run: Run::Command(record),
    weight: Weight::Main,
    ..Act::PLAIN
};
const REQUEST: Act = Act {
    name: "card.request",
    path: "/reading-tools/{tool}/request-copy",
    permission: "metering.request_card",
    fields: &[TOOL, Field::new("text", Takes::LongText(500)), CENTRE],
    run: Run::Command(request),
    ..Act::PLAIN
};
const SEND: Act = Act {
    name: "card.send",
    path: "/tickets/{ticket}/send-card",
    permission: "metering.send_card",
    fields: &[TICKET, NOTE],
    run: Run::Command(send),
    weight: Weight::Main,
    view: Some("ticket"),
    ..Act::PLAIN
};

fn state(state: ToolState) -> Cell {
    Cell::word(format!("choice.tool_state.{}", state.key())).toned(match state {
        ToolState::Kept => Tone::Plain,
        ToolState::Issued => Tone::Warn,
        ToolState::Destroyed => Tone::Quiet,
    })
}

fn rows(
    look: &mut Look<'_, '_>,
    query: &Query<'_>,
    permission: &'static str,
    fits: impl Fn(&Tool) -> bool,
) -> Result<Rows, Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let only = query.given.maybe_text("unit").map(|code| look.unit_by_code(code)).transpose()?;
    let units: Vec<i64> = look.units()?.keys().copied().collect();
    let kind = ToolKind::from_words(query.given.text("tool_kind"));
    let state_wanted = query.given.maybe_text("tool_state");
    let mut found: Vec<Tool> = Vec::new();
    for unit_id in units {
        if look.sees(permission, unit_id) && only.as_ref().is_none_or(|only| only.id == unit_id) {
            found.extend(custody::tools_of(look.tx, org_id, unit_id)?);
        }
    }
    found.retain(|tool| {
        fits(tool)
            && kind.is_none_or(|kind| tool.kind == kind)
            && state_wanted.is_none_or(|wanted| tool.state.key() == wanted)
    });
    let keys: Vec<i64> = found.iter().filter_map(|tool| tool.account_id).collect();
    let names = metering::account::names_of(look.tx, org_id, &keys)?;
    let mut rows = Vec::with_capacity(found.len());
    for tool in found {
        let account = tool.account_id.and_then(|id| names.get(&id)).map(|(number, _)| number.clone());
        let book = match tool.book_id {
            Some(id) => look.books()?.get(&id).map(|book| book.number.clone()),
            None => None,
        };
        let number = Cell::from(tool.number.clone());
        let mut row = Row::from(cells![
            if permission == READ { number.to(format!("/reading-tools/{}", tool.tool_id)) } else { number },
            Cell::word(format!("choice.tool_kind.{}", tool.kind.key())),
            look.unit_name(tool.unit_id)?,
            account,
            book,
            state(tool.state),
            tool.holder_id.map(|id| look.person_name(id)).transpose()?,
        ]);
        row.offers = offers(&tool);
        rows.push(row);
    }
    Ok(Rows::of(COLUMNS, rows, query, lang))
}

/// What can happen next to a tool, by the act whose right it takes.
fn offers(tool: &Tool) -> Vec<Offer> {
    let mut offers = Vec::new();
    for event in ToolEvent::ALL {
        if custody::rules::after(tool.kind, tool.state, *event).is_none() {
            continue;
        }
        let act = match custody::rules::right(tool.kind, *event).0 {
            "metering.keep_cards" => "card.record",
            "ledger_room.issue" => "ledger.record",
            _ => "tool.record",
        };
        if offers.iter().all(|offer: &Offer| offer.act != act) {
            offers.push(Offer::new(act, &[("tool", &tool.tool_id)]));
        }
    }
    if tool.kind == ToolKind::Card {
        offers.push(Offer::new("card.request", &[("tool", &tool.tool_id)]));
    }
    offers
}

fn tools(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    rows(look, query, READ, |_| true)
}

fn room(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    rows(look, query, "ledger_room.issue", |tool| matches!(tool.kind, ToolKind::Ledger | ToolKind::Handheld))
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, id) = (look.org_id(), given.number("tool")?);
    let found = custody::tool(look.tx, org_id, id)?;
    let tool = found.ok_or_else(|| Refusal::not_found("抄表工具", "reading tool", &id.to_string()))?;
    look.require(READ, tool.unit_id)?;
    let mut sheet = Sheet::new(tool.number.clone());
    sheet.badges.push(state(tool.state));
    sheet.offers = offers(&tool);
    let account = tool.account_id.map(|id| super::account_number(look, id)).transpose()?;
    let book = match tool.book_id {
        Some(id) => look.books()?.get(&id).map(|book| book.number.clone()),
        None => None,
    };
    let holder = tool.holder_id.map(|id| look.person_name(id)).transpose()?;
    sheet.push(Block::Facts {
        name: "tool",
        facts: vec![
            ("tool", Kind::Text, Cell::from(tool.number.clone())),
            ("tool_kind", Kind::Word, Cell::word(format!("choice.tool_kind.{}", tool.kind.key()))),
            ("unit", Kind::Text, Cell::from(look.unit_name(tool.unit_id)?)),
            ("account", Kind::Text, Cell::from(account)),
            ("book", Kind::Text, Cell::from(book)),
            ("tool_state", Kind::Word, state(tool.state)),
            ("holder", Kind::Text, Cell::from(holder)),
        ],
    });
    let mut rows = Vec::new();
    for one in custody::history(look.tx, org_id, id)?.into_iter().rev() {
        rows.push(Row::from(cells![
            one.on,
            Cell::word(format!("choice.event.{}", one.event.key())),
            look.person_name(one.person_id)?,
            look.person_name(one.done_by)?,
            one.note,
        ]));
    }
    let columns = vec![
        Column::new("on", Kind::Date),
        Column::new("event", Kind::Word),
        Column::new("person", Kind::Text),
        Column::new("by", Kind::Text),
        Column::new("note", Kind::Text),
    ];
    sheet.push(Block::Table { name: "tool_life", columns, rows });
    Ok(sheet)
}

fn register(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let account = given.maybe_text("account").map(|number| account_in(work, number)).transpose()?;
    let book = given.maybe_text("book").map(|number| book_in(work, number)).transpose()?;
    let unit = unit_in(work, given.text("unit"))?;
    let tool = Tool {
        tool_id: 0,
        kind: ToolKind::from_words(given.text("tool_kind")).unwrap_or(ToolKind::Other),
        number: given.text("tool_number").to_owned(),
        unit_id: unit.id,
        account_id: account.map(|account| account.account.account_id),
        book_id: book.map(|book| book.book_id),
        state: ToolState::Kept,
        holder_id: None,
        version: 1,
    };
    let id = custody::register_tool(work, &tool)?;
    Ok(Done::said(format!("已登记 {}", tool.number), format!("registered {}", tool.number))
        .see(format!("/reading-tools/{id}"))
        .fact("tool", id.to_string()))
}

fn record(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let id = given.number("tool")?;
    let event = ToolEvent::from_words(given.text("event")).ok_or_else(|| {
        Refusal::fields(vec![("event".into(), Text::new("没有这个事项", "there is no such event"))])
    })?;
    let person = person_in(work, given.text("person"))?;
    custody::record_event(work, id, event, person, given.text("note"))?;
    Ok(Done::said("已登记", "recorded"))
}

fn request(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let centre = centre_in(work, given.maybe_text("centre"))?;
    let ticket =
        custody::request_card(work, &house.calendar, centre, given.number("tool")?, given.text("text"))?;
    Ok(Done::said(
        format!("调阅单 {} 已送供电所", ticket.number),
        format!("request {} went to the station", ticket.number),
    )
    .see(format!("/tickets/{}", ticket.id))
    .fact("ticket", ticket.id.to_string()))
}

fn send(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let id = given.number("ticket")?;
    custody::send_card(work, &house.calendar, id, given.text("note"))?;
    Ok(Done::said("已传真复印件", "the copy is sent").see(format!("/tickets/{id}")))
}
