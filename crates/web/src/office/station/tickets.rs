//! What waits between units: tickets with their steps, files and clocks, and the exceptions a station answers.

use billing::exception::{Exception, ExceptionState};
use identity::Work;
use kernel::{Bilingual as _, Date, Month, Text};
use workflow::{Side, Standing, Ticket, TicketKind};

use super::books::CLOCKS;
use super::{NOTE, account_path, clock_name, clock_state, said};
use crate::catalogue::{
    Act, Area, Block, Cell, Column, Done, Download, Field, FileMade, Given, House, Kind, List, Look, Offer,
    Query, Refusal, Row, Rows, Run, Sheet, Takes, Tone, View, Weight,
};
use crate::cells;

const READ: &str = "workflow.read";
/// The ticket of a path or form.
pub const TICKET: Field = Field::new("ticket", Takes::Id);
/// The most bytes of a file on a ticket.
const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
const SIDES: &[&str] = &["to_us", "from_us"];

/// Columns of tickets, wherever they stand.
pub const COLUMNS: &[Column] = &[
    Column::sorted("number", Kind::Text),
    Column::sorted("ticket_kind", Kind::Text),
    Column::sorted("state", Kind::Word),
    Column::sorted("from_unit", Kind::Text),
    Column::sorted("to_unit", Kind::Text),
    Column::sorted("account", Kind::Text),
    Column::sorted("month", Kind::Month),
    Column::sorted("raised_at", Kind::Moment),
    Column::sorted("due_on", Kind::Date),
    Column::new("text", Kind::Text),
];

/// Columns of exceptions, wherever they stand.
pub const EXCEPTIONS: &[Column] = &[
    Column::sorted("account", Kind::Text),
    Column::sorted("customer", Kind::Text),
    Column::sorted("unit", Kind::Text),
    Column::sorted("transformer", Kind::Word),
    Column::new("reasons", Kind::Text),
    Column::sorted("used", Kind::Quantity(0)),
    Column::sorted("average", Kind::Quantity(0)),
    Column::sorted("amount", Kind::Money),
    Column::sorted("state", Kind::Word),
    Column::sorted("due_on", Kind::Date),
    Column::new("answer", Kind::Text),
];

const TICKETS: List = List {
    name: "tickets",
    path: "/tickets",
    permission: READ,
    filters: &[
        Field::maybe("unit", Takes::Option(units)),
        Field::maybe("side", Takes::Choice(SIDES)),
        Field::maybe("ticket_kind", Takes::Option(kinds)),
        Field::maybe("late", Takes::Flag),
    ],
    columns: COLUMNS,
    rows: tickets,
    menu: true,
    acts: &[],
};

/// The area.
pub const AREA: Area = Area {
    name: "tickets",
    lists: &[TICKETS],
    views: &[View {
        name: "ticket",
        path: "/tickets/{ticket}",
        permission: READ,
        params: &[TICKET],
        show: show_ticket,
        menu: false,
    }],
    acts: &[STEP, FEEDBACK, ATTACH, RESOLVE],
    pages: &[],
};

/// Files on tickets.
pub const DOWNLOADS: &[Download] = &[Download {
    name: "ticket_file",
    path: "/tickets/{ticket}/files/{file}",
    permission: READ,
    params: &[TICKET, Field::new("file", Takes::Id)],
    types: &["application/octet-stream"],
    make: file,
}];

/// Steps that move a ticket and nothing else; the others have acts of their own, which do what follows from them.
const PLAIN_STEPS: &[(&str, &str)] = &[
    ("book_return", "withdraw"),
    ("dedicated_reading_anomaly", "receive"),
    ("dedicated_other_anomaly", "receive"),
    ("metering_fee_request", "refuse"),
];
const STEPS: &[&str] = &["withdraw", "receive", "refuse"];

const STEP: Act = Act {
    name: "ticket.step",
    path: "/tickets/{ticket}/step",
    permission: READ,
    fields: &[TICKET, Field::new("step", Takes::Choice(STEPS)), NOTE],
    run: Run::Command(step),
    view: Some("ticket"),
    ..Act::PLAIN
};
const FEEDBACK: Act = Act {
    name: "ticket.feedback",
    path: "/tickets/{ticket}/feedback",
    permission: "workflow.message",
    fields: &[TICKET, Field::new("text", Takes::LongText(1_000))],
    run: Run::Command(feedback),
    ..Act::PLAIN
};
const ATTACH: Act = Act {
    name: "ticket.attach",
    path: "/tickets/{ticket}/files",
    permission: "workflow.message",
    fields: &[
        TICKET,
        Field::new("file", Takes::File(FILE_BYTES_MAX, ".pdf,.jpg,.jpeg,.png,.xlsx,.xls,.csv,.docx,.txt")),
    ],
    run: Run::Command(attach),
    ..Act::PLAIN
};
const RESOLVE: Act = Act {
    name: "inconsistency.resolve",
    path: "/tickets/{ticket}/resolve",
    permission: "parameter.change",
    fields: &[TICKET, Field::maybe("change_ticket", Takes::Id), Field::new("text", Takes::LongText(500))],
    run: Run::Command(resolve),
    weight: Weight::Main,
    view: Some("ticket"),
    ..Act::PLAIN
};

fn units(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let mut found: Vec<identity::Unit> = look.units()?.values().cloned().collect();
    found.retain(|unit| look.sees(READ, unit.id));
    found.sort_by(|one, two| one.code.cmp(&two.code));
    Ok(found.into_iter().map(|unit| (unit.code, unit.name)).collect())
}

fn kinds(_: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let kinds = &workflow::Catalogue::built_in().tickets;
    Ok(kinds.iter().map(|kind| (kind.code.to_owned(), kind.text.clone())).collect())
}

fn kind_of(ticket: &Ticket) -> Option<&'static TicketKind> {
    workflow::Catalogue::built_in().ticket(&ticket.kind)
}

/// What a state of a ticket is called.
pub fn state_text(kind: Option<&TicketKind>, code: &str) -> Text {
    let found = kind.and_then(|kind| kind.state(code)).map(|state| state.text.clone());
    found.unwrap_or_else(|| Text::new(code, code))
}

/// A ticket as a row, without its deadline.
pub fn row(look: &mut Look<'_, '_>, ticket: &Ticket) -> Result<Row, Refusal> {
    let account = ticket.account_id.map(|id| super::account_number(look, id)).transpose()?;
    row_of(look, ticket, account, None)
}

fn row_of(
    look: &mut Look<'_, '_>,
    ticket: &Ticket,
    account: Option<String>,
    due: Option<&Standing>,
) -> Result<Row, Refusal> {
    let kind = kind_of(ticket);
    let state = Cell::from(state_text(kind, &ticket.state));
    let name =
        kind.map_or_else(|| Text::new(ticket.kind.clone(), ticket.kind.clone()), |kind| kind.text.clone());
    let due = due.map(|standing| due_cell(standing.clock.due_on, look.today()));
    let text: String = ticket.text.chars().take(80).collect();
    Ok(Row::from(cells![
        Cell::from(ticket.number.clone()).to(page_of(ticket)),
        name,
        if ticket.closed { state.toned(Tone::Quiet) } else { state },
        look.unit_name(ticket.raised_unit_id)?,
        look.unit_name(ticket.addressed_unit_id)?,
        account.map(|number| Cell::from(number.clone()).to(account_path(&number))),
        ticket.month,
        ticket.raised_at,
        due,
        text,
    ]))
}

/// A due day, by how near it is.
pub fn due_cell(due_on: Date, today: Date) -> Cell {
    Cell::from(due_on).toned(match due_on.days_until(today) {
        days if days > 0 => Tone::Bad,
        0 => Tone::Warn,
        _ => Tone::Plain,
    })
}

/// The page on which a ticket is dealt with.
fn page_of(ticket: &Ticket) -> String {
    match ticket.kind.as_str() {
        "change" | "other_change" => format!("/parameters/{}", ticket.id),
        _ => format!("/tickets/{}", ticket.id),
    }
}

fn tickets(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang, today) = (look.org_id(), look.lang(), look.today());
    let only = query.given.maybe_text("unit").map(|code| look.unit_by_code(code)).transpose()?;
    let units: Vec<i64> = look.units()?.keys().copied().collect();
    let units: Vec<i64> = units
        .into_iter()
        .filter(|id| look.sees(READ, *id) && only.as_ref().is_none_or(|only| only.id == *id))
        .collect();
    let mut found = Vec::new();
    for unit_id in &units {
        found.extend(workflow::open_tickets(look.tx, org_id, *unit_id)?);
    }
    // A ticket waits at two units; it is one ticket.
    found.sort_by_key(|ticket| ticket.id);
    found.dedup_by_key(|ticket| ticket.id);
    let (side, kind) = (query.given.text("side").to_owned(), query.given.text("ticket_kind").to_owned());
    found.retain(|ticket| {
        (kind.is_empty() || ticket.kind == kind)
            && match side.as_str() {
                "to_us" => units.contains(&ticket.addressed_unit_id),
                "from_us" => units.contains(&ticket.raised_unit_id),
                _ => true,
            }
    });
    // The nearest deadline of each ticket, from one look at all that run.
    let mut due: std::collections::HashMap<i64, Standing> = std::collections::HashMap::new();
    for standing in workflow::open_clocks(look.tx, org_id, today.plus_days(3_650)?, today)? {
        let Some(ticket_id) = standing.clock.ticket_id else { continue };
        let nearer = due.get(&ticket_id).is_none_or(|known| standing.clock.due_on < known.clock.due_on);
        if nearer {
            due.insert(ticket_id, standing);
        }
    }
    if query.given.flag("late") {
        found.retain(|ticket| due.get(&ticket.id).is_some_and(|one| one.clock.due_on < today));
    }
    let accounts: Vec<i64> = found.iter().filter_map(|ticket| ticket.account_id).collect();
    let names = metering::account::names_of(look.tx, org_id, &accounts)?;
    let mut rows = Vec::new();
    for ticket in found.iter().rev() {
        let account = ticket.account_id.and_then(|id| names.get(&id)).map(|(number, _)| number.clone());
        rows.push(row_of(look, ticket, account, due.get(&ticket.id))?);
    }
    Ok(Rows::of(COLUMNS, rows, query, lang))
}

/// An exception as a row.
pub fn exception_row(look: &mut Look<'_, '_>, month: Month, one: &Exception) -> Result<Row, Refusal> {
    let org_id = look.org_id();
    let account = metering::account::account_by_id(look.tx, org_id, one.account_id)?;
    let (number, name) =
        account.map_or((one.account_id.to_string(), String::new()), |known| (known.number, known.name));
    exception_cells(look, month, one, number, name)
}

fn exception_cells(
    look: &mut Look<'_, '_>,
    month: Month,
    one: &Exception,
    number: String,
    name: String,
) -> Result<Row, Refusal> {
    let (zh, en): (Vec<&str>, Vec<&str>) = one.reasons.each().map(|(_, zh, en)| (zh, en)).unzip();
    let average = if one.past.months == 0 {
        None
    } else {
        let months = i64::from(one.past.months) * kernel::Quantity::SCALE;
        Some(kernel::Exact::ratio(one.past.energy_kwh.units(), months)?.to_quantity(0)?)
    };
    let today = look.today();
    let waits = one.state == ExceptionState::Sent;
    let mut row = Row::from(cells![
        Cell::from(number.clone()).to(account_path(&number)),
        name,
        look.unit_name(one.unit_id)?,
        Cell::word(if one.dedicated { "choice.transformer.dedicated" } else { "choice.transformer.public" }),
        Text::new(zh.join("、"), en.join(", ")),
        one.energy_kwh,
        average,
        one.amount,
        Cell::from(said(&one.state)).toned(if waits { Tone::Warn } else { Tone::Plain }),
        one.due_on.map(|due| if waits { due_cell(due, today) } else { Cell::from(due) }),
        one.answer.clone(),
    ]);
    if waits {
        row.offers.push(Offer::new("exception.answer", &[("month", &month), ("account", &number)]));
    }
    Ok(row)
}

/// The ticket, for who belongs to one of its sides.
fn ticket_of(look: &mut Look<'_, '_>, given: &Given) -> Result<Ticket, Refusal> {
    let (org_id, id) = (look.org_id(), given.number("ticket")?);
    let ticket = workflow::find(look.tx, org_id, id)?;
    let sides = [Some(ticket.raised_unit_id), Some(ticket.addressed_unit_id), ticket.third_unit_id];
    if sides.into_iter().flatten().any(|unit_id| look.sees(READ, unit_id)) {
        Ok(ticket)
    } else {
        Err(Refusal::not_permitted(READ))
    }
}

fn show_ticket(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let ticket = ticket_of(look, given)?;
    let (org_id, today) = (look.org_id(), look.today());
    let kind = kind_of(&ticket);
    let name = kind.map_or_else(|| ticket.kind.clone(), |kind| kind.text.text(look.lang()));
    let mut sheet = Sheet::new(format!("{} {name}", ticket.number));
    sheet.version = Some(ticket.version.to_string());
    let state = Cell::from(state_text(kind, &ticket.state));
    sheet.badges.push(if ticket.closed { state.clone().toned(Tone::Quiet) } else { state.clone() });
    offers(look, &ticket, &mut sheet)?;
    let account = ticket.account_id.map(|id| super::account_number(look, id)).transpose()?;
    let book = match ticket.book_id {
        Some(id) => look.books()?.get(&id).map(|book| book.number.clone()),
        None => None,
    };
    let book = match (book, ticket.month) {
        (Some(number), Some(month)) => Cell::from(number.clone()).to(super::book_path(month, &number)),
        (number, _) => Cell::from(number),
    };
    let third = ticket.third_unit_id.map(|id| look.unit_name(id)).transpose()?;
    sheet.push(Block::Facts {
        name: "ticket",
        facts: vec![
            ("number", Kind::Text, Cell::from(ticket.number.clone())),
            ("state", Kind::Word, state),
            ("from_unit", Kind::Text, Cell::from(look.unit_name(ticket.raised_unit_id)?)),
            ("to_unit", Kind::Text, Cell::from(look.unit_name(ticket.addressed_unit_id)?)),
            ("third_unit", Kind::Text, Cell::from(third)),
            ("raised_by", Kind::Text, Cell::from(look.person_name(ticket.raised_by)?)),
            ("raised_at", Kind::Moment, Cell::from(ticket.raised_at)),
            (
                "account",
                Kind::Text,
                account.map_or_else(Cell::default, |number| {
                    Cell::from(number.clone()).to(account_path(&number))
                }),
            ),
            ("book", Kind::Text, book),
            ("month", Kind::Month, Cell::from(ticket.month)),
            ("text", Kind::Text, Cell::from(ticket.text.clone())),
        ],
    });
    let mut clocks = Vec::new();
    for standing in workflow::clocks_of_ticket(look.tx, org_id, ticket.id, today)? {
        clocks.push(Row::from(cells![
            clock_name(&standing.clock),
            look.unit_name(standing.clock.answerable_unit_id)?,
            standing.clock.started_on,
            due_cell(standing.clock.due_on, standing.clock.met_on.unwrap_or(today)),
            standing.clock.met_on,
            clock_state(standing.state),
        ]));
    }
    if !clocks.is_empty() {
        sheet.push(Block::Table { name: "clocks", columns: CLOCKS.to_vec(), rows: clocks });
    }
    files(look, &ticket, &mut sheet)?;
    let mut events = Vec::new();
    for step in workflow::history(look.tx, org_id, ticket.id)?.into_iter().rev() {
        events.push((step.at, look.person_name(step.person_id)?, step_text(kind, &step), step.text));
    }
    sheet.push(Block::Timeline { name: "ticket_steps", events });
    Ok(sheet)
}

/// What was done in a step, in words.
pub fn step_text(kind: Option<&TicketKind>, step: &workflow::Step) -> Text {
    match step.act.as_str() {
        "raise" => Text::new("提出", "raised"),
        "feedback" => Text::new("补充反馈", "feedback"),
        act => {
            let found = kind.and_then(|kind| kind.transitions.iter().find(|step| step.act == act));
            let name = found.map_or_else(|| Text::new(act, act), |step| step.text.clone());
            let to = state_text(kind, &step.to_state);
            Text::new(format!("{}（{}）", name.zh, to.zh), format!("{} ({})", name.en, to.en))
        }
    }
}

/// What can be done with a ticket where it stands, by who belongs to the side whose turn it is.
fn offers(look: &mut Look<'_, '_>, ticket: &Ticket, sheet: &mut Sheet) -> Result<(), Refusal> {
    let id = &ticket.id;
    let may = |look: &Look<'_, '_>, side: Side, permission: &'static str| {
        look.sees(permission, workflow::rules::unit_of(ticket, side))
    };
    let state = ticket.state.as_str();
    match (ticket.kind.as_str(), state) {
        ("book_return", "raised") if may(look, Side::Addressee, "metering.agree_return") => {
            sheet.offer("book.answer_return", &[("ticket", id)]);
        }
        ("card_copy", "raised") if may(look, Side::Addressee, "metering.send_card") => {
            sheet.offer("card.send", &[("ticket", id)]);
        }
        ("issue_urge", "raised") if may(look, Side::Addressee, "billing.answer_urge") => {
            sheet.offer("progress.answer", &[("ticket", id)]);
        }
        (
            "public_exception" | "dedicated_reading_anomaly" | "dedicated_other_anomaly",
            "sent" | "raised" | "received",
        ) => {
            if let (Some(month), Some(account_id)) = (ticket.month, ticket.account_id) {
                let number = super::account_number(look, account_id)?;
                sheet.offer("exception.answer", &[("month", &month), ("account", &number)]);
            }
        }
        ("parameter_inconsistency", "raised") => {
            sheet.offer("inconsistency.resolve", &[("ticket", id)]);
        }
        ("error_list", "raised") => {
            sheet.offer("parameter.correct", &[("error_list", id)]);
        }
        ("reading_plan", "reported") => {
            sheet.offer("plan.approve", &[("ticket", id)]);
        }
        ("reading_plan", "approved") => {
            sheet.offer("plan.maintain", &[("ticket", id)]);
        }
        ("reading_route", "reported") => {
            sheet.offer("route.agree", &[("ticket", id)]);
        }
        ("reading_route", "agreed") => {
            sheet.offer("route.carry_out", &[("ticket", id)]);
        }
        ("hold_issue", "held") if ticket.subject_kind == "change_ticket" => {
            let change = ticket.subject_id;
            sheet.offer("hold.withdraw", &[("ticket", &change), ("hold", id)]);
        }
        ("metering_fee_request", "raised") => {
            if let Some(account_id) = ticket.account_id {
                let number = super::account_number(look, account_id)?;
                sheet.offer(
                    "adjustment.start_station",
                    &[("request_ticket", id), ("account", &number), ("cause", &"metering_fee")],
                );
            }
        }
        _ => {}
    }
    for (kind, act) in PLAIN_STEPS {
        if *kind == ticket.kind
            && let Ok(found) = workflow::rules::transition(ticket, act)
            && look.sees(found.permission.0, workflow::rules::unit_of(ticket, found.side))
        {
            sheet.offer("ticket.step", &[("ticket", id), ("step", act)]);
        }
    }
    if !ticket.closed {
        sheet.offer("ticket.feedback", &[("ticket", id)]);
    }
    sheet.offer("ticket.attach", &[("ticket", id)]);
    Ok(())
}

/// The files of a ticket, to take away.
pub fn files(look: &mut Look<'_, '_>, ticket: &Ticket, sheet: &mut Sheet) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let mut files = Vec::new();
    for file in workflow::attachments(look.tx, org_id, ticket.id)? {
        let by = look.person_name(file.added_by)?;
        let name = format!("{} ({} B, {by}, {})", file.name, file.size_bytes, file.at);
        files.push((Text::new(name.clone(), name), format!("/tickets/{}/files/{}", ticket.id, file.id)));
    }
    if !files.is_empty() {
        sheet.push(Block::Files { name: "ticket_files", files });
    }
    Ok(())
}

fn file(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let ticket = ticket_of(look, given)?;
    let org_id = look.org_id();
    let (file, bytes) = workflow::attached_file(look.tx, org_id, ticket.id, given.number("file")?)?;
    // Whatever it is called, a browser takes it away and opens nothing.
    Ok(FileMade { name: file.name, content_type: "application/octet-stream", bytes })
}

fn step(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let (org_id, id, act) = (work.org_id(), given.number("ticket")?, given.text("step"));
    let ticket = workflow::find(work.tx, org_id, id)?;
    if !PLAIN_STEPS.contains(&(ticket.kind.as_str(), act)) {
        return Err(Refusal::refused(
            "此工作票的这一步有专门的操作",
            "that step of such a ticket has an act of its own",
        ));
    }
    let done = workflow::act(work, &house.calendar, id, ticket.version, act, given.text("note"))?;
    let state = state_text(kind_of(&done), &done.state);
    Ok(Done::said(
        format!("工作票 {}：{}", done.number, state.zh),
        format!("ticket {} is {}", done.number, state.en),
    )
    .see(format!("/tickets/{id}")))
}

fn feedback(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let id = given.number("ticket")?;
    workflow::add_feedback(work, id, given.text("text"))?;
    Ok(Done::said("已补充反馈", "the feedback is added").see(format!("/tickets/{id}")))
}

fn attach(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let id = given.number("ticket")?;
    let Some(sent) = given.file("file") else {
        return Err(Refusal::fields(vec![("file".into(), Text::new("请选择文件", "choose a file"))]));
    };
    let name: String = sent.name.rsplit(['/', '\\']).next().unwrap_or_default().chars().take(120).collect();
    let name = if name.trim().is_empty() { "file".to_owned() } else { name };
    let file = workflow::attach_file(work, id, &name, media_type(&name), &sent.bytes)?;
    Ok(Done::said(format!("已附文件 {name}"), format!("attached {name}"))
        .see(format!("/tickets/{id}"))
        .fact("file", file.to_string()))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "pdf" => "application/pdf",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "csv" => "text/csv",
        "txt" => "text/plain",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => "application/octet-stream",
    }
}

fn resolve(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let id = given.number("ticket")?;
    let change = given.maybe_number("change_ticket");
    metering::parameter::resolve_inconsistency(work, &house.calendar, id, change, given.text("text"))?;
    Ok(Done::said("参数不一致已处理", "the inconsistency is resolved").see(format!("/tickets/{id}")))
}
