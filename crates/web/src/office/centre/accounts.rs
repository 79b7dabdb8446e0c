//! Accounts: found by number, name, address or meter, and everything about one of them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use billing::desk;
use billing::gates::Flow;
use kernel::{Bilingual, Month, Text};
use metering::account::{AccountOrder, AccountQuery, AccountStatus, Category};

use super::{ACCOUNT, BOOK_WANTED, READ, UNIT_WANTED, both, encode, flow, units_shown};
use crate::catalogue::cursor::Part;
use crate::catalogue::{
    Area, Block, Cell, Chart, Column, Field, Given, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Shape, Sheet, Takes, Tone, Value, View,
};
use crate::cells;

/// Looking at accounts.
const METERING_READ: &str = "metering.read";
/// Months an account's picture shows.
pub const MONTHS: i32 = 12;

const CATEGORIES: &[&str] = &["residential", "residential_flat", "single_part", "two_part", "agricultural"];
const STATUSES: &[&str] = &["active", "pending", "disconnected", "closed"];

const COLUMNS: &[Column] = &[
    Column::sorted("account", Kind::Text),
    Column::sorted("name", Kind::Text),
    Column::new("address", Kind::Text),
    Column::sorted("book", Kind::Text),
    Column::new("unit", Kind::Text),
    Column::new("category", Kind::Text),
    Column::new("price_class", Kind::Text),
    Column::new("transformer", Kind::Word),
    Column::new("account_status", Kind::Word),
];

const LIST: List = List {
    name: "accounts",
    path: "/accounts",
    permission: METERING_READ,
    filters: &[
        UNIT_WANTED,
        BOOK_WANTED,
        Field::maybe("category", Takes::Choice(CATEGORIES)),
        Field::maybe("transformer", Takes::Choice(&["dedicated", "public"])),
        Field::maybe("account_status", Takes::Choice(STATUSES)),
        Field::maybe("price_class", Takes::Option(price_classes)),
    ],
    columns: COLUMNS,
    rows,
    menu: true,
    acts: &[],
};

const VIEW: View = View {
    name: "account",
    path: "/accounts/{account}",
    permission: METERING_READ,
    params: &[ACCOUNT],
    show,
    menu: false,
};

/// The desk.
pub const AREA: Area = Area { name: "accounts", lists: &[LIST], views: &[VIEW], acts: &[], pages: &[] };

fn price_classes(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let org_id = look.org_id();
    let classes = metering::account::price_classes(look.tx, org_id)?;
    Ok(classes.into_iter().map(|class| (class.clone(), Text::new(class.clone(), class))).collect())
}

fn status(status: AccountStatus) -> Cell {
    let tone = match status {
        AccountStatus::Active => Tone::Good,
        AccountStatus::Pending => Tone::Warn,
        AccountStatus::Disconnected => Tone::Bad,
        AccountStatus::Closed => Tone::Quiet,
    };
    Cell::word(format!("choice.account_status.{}", status.key())).toned(tone)
}

/// Supplied by its own transformer or by a public one.
pub fn transformer(dedicated: bool) -> Cell {
    Cell::word(if dedicated { "choice.transformer.dedicated" } else { "choice.transformer.public" })
}

fn rows(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let given = query.given;
    let units = units_shown(look, given, METERING_READ)?;
    let book_id = match given.maybe_text("book") {
        Some(number) => Some(look.book(number)?.book_id),
        None => None,
    };
    let (order, descending) = match query.sort {
        Some(("name", down)) => (AccountOrder::Name, down),
        Some(("account", down)) => (AccountOrder::Number, down),
        Some((_, down)) => (AccountOrder::Book, down),
        None => (AccountOrder::Book, false),
    };
    let wanted = AccountQuery {
        units: units.as_deref(),
        book_id,
        category: given.maybe_text("category").and_then(Category::from_words),
        price_class: given.maybe_text("price_class"),
        dedicated: given.maybe_text("transformer").map(|code| code == "dedicated"),
        status: given.maybe_text("account_status").and_then(AccountStatus::from_words),
        search: query.search,
        order,
        descending,
        walk: query.walk(&[if order.is_text() { Part::Text } else { Part::Number }, Part::Number])?,
        offset: query.offset,
        limit: query.one_more(),
    };
    let org_id = look.org_id();
    let (mut found, total) = metering::account::accounts_page(look.tx, org_id, &wanted)?;
    let walked = query.walked(&mut found, |one| order.place(one));
    let mut rows = Vec::with_capacity(found.len());
    for one in found {
        let book = look.books()?.get(&one.account.book_id).map(|book| book.number.clone());
        rows.push(Row::from(cells![
            Cell::from(one.number.as_str()).to(format!("/accounts/{}", encode(&one.number))),
            one.name,
            one.address,
            book,
            look.unit_name(one.account.unit_id)?,
            both(&one.account.category),
            one.account.price_class.as_str(),
            transformer(one.account.is_dedicated()),
            status(one.account.status),
        ]));
    }
    Ok(Rows { rows, total, walked: Some(walked), ..Rows::default() })
}

/// A month with its energy and its amount, where there are any.
type MonthFigures = (Month, Option<kernel::Quantity>, Option<kernel::Money>);

/// Quantity and fee of an account in the months up to `last`, the oldest first: what was issued, and for a month that is
/// not issued what was calculated.
pub fn months_of(
    look: &mut Look<'_, '_>,
    account_id: i64,
    last: Month,
    count: i32,
) -> Result<Vec<MonthFigures>, Refusal> {
    let org_id = look.org_id();
    let first = last.plus(1 - count)?;
    let issued = billing::inquiry::fee_information(look.tx, org_id, account_id, first, last)?;
    let mut months = BTreeMap::new();
    for one in issued {
        months.insert(one.month, (one.energy_kwh, one.amount));
    }
    if let Entry::Vacant(place) = months.entry(last) {
        let drafts = desk::bill_months(look.tx, org_id, account_id, &[last])?;
        if let Some(draft) = drafts.iter().find(|line| line.key.sequence == 0) {
            place.insert((draft.energy_kwh, draft.amount));
        }
    }
    let mut found = Vec::new();
    let mut month = first;
    while month <= last {
        let known = months.get(&month);
        found.push((month, known.map(|known| known.0), known.map(|known| known.1)));
        month = month.next();
    }
    Ok(found)
}

fn charts(blocks: &mut Vec<Block>, months: &[(Month, Option<kernel::Quantity>, Option<kernel::Money>)]) {
    let along: Vec<String> = months.iter().map(|(month, ..)| month.to_string()).collect();
    let value = |value: Option<Value>| value.unwrap_or(Value::Empty);
    let energy = months.iter().map(|(_, kwh, _)| value(kwh.map(Value::Quantity))).collect();
    let amount = months.iter().map(|(.., amount)| value(amount.map(Value::Money))).collect();
    blocks.push(Block::Chart(Chart {
        name: "energy_months",
        shape: Shape::Bar,
        along: along.clone(),
        series: vec![(Text::new("电量（千瓦时）", "Energy (kWh)"), energy)],
        kind: Kind::Quantity(0),
    }));
    blocks.push(Block::Chart(Chart {
        name: "amount_months",
        shape: Shape::Bar,
        along,
        series: vec![(Text::new("电费（元）", "Amount (yuan)"), amount)],
        kind: Kind::Money,
    }));
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let found = look.account(given.text("account"))?;
    look.require(METERING_READ, found.account.unit_id)?;
    let (org_id, account_id, month) = (look.org_id(), found.account.account_id, look.this_month());
    let mut sheet = Sheet::new(format!("{} {}", found.number, found.name));
    sheet.version = Some(found.version.to_string());
    sheet.badges = vec![status(found.account.status), transformer(found.account.is_dedicated())];
    let book = look.books()?.get(&found.account.book_id).map(|book| book.number.clone());
    let main = match found.account.main_account_id {
        Some(main) => metering::account::account_by_id(look.tx, org_id, main)?.map(|main| main.number),
        None => None,
    };
    let facts: Vec<(&'static str, Kind, Cell)> = vec![
        ("account", Kind::Text, found.number.as_str().into()),
        ("name", Kind::Text, found.name.as_str().into()),
        ("address", Kind::Text, found.address.as_str().into()),
        ("phone", Kind::Text, found.phone.as_str().into()),
        ("unit", Kind::Text, look.unit_name(found.account.unit_id)?.into()),
        (
            "book",
            Kind::Text,
            book.map(|number| Cell::from(number.as_str()).to(format!("/books/{month}/{}", encode(&number))))
                .unwrap_or_default(),
        ),
        ("category", Kind::Text, both(&found.account.category).into()),
        ("voltage", Kind::Text, both(&found.account.voltage).into()),
        ("price_class", Kind::Text, found.account.price_class.as_str().into()),
        ("collection", Kind::Text, both(&found.collection).into()),
        ("tax", Kind::Text, both(&found.tax).into()),
        ("opened_on", Kind::Date, found.account.opened_on.into()),
        ("closed_on", Kind::Date, found.account.closed_on.into()),
        (
            "main_account",
            Kind::Text,
            main.map(|number| Cell::from(number.as_str()).to(format!("/accounts/{}", encode(&number))))
                .unwrap_or_default(),
        ),
    ];
    sheet.push(Block::Facts { name: "account_facts", facts });
    let sees_bills = look.sees(READ, found.account.unit_id);
    if sees_bills {
        let months = months_of(look, account_id, month, MONTHS)?;
        charts(&mut sheet.blocks, &months);
        bills(look, &mut sheet, &found.number, account_id, &months)?;
    }
    meters(look, &mut sheet, account_id)?;
    tickets(look, &mut sheet, account_id)?;
    holds(look, &mut sheet, account_id)?;
    history(look, &mut sheet, account_id)?;
    for act in [
        "adjustment.start_station",
        "adjustment.start_centre",
        "adjustment.start_metering",
        "adjustment.start_inspection",
        "adjustment.request_fee",
        "inquiry.receive",
        "hold.place",
    ] {
        sheet.offers.push(Offer::new(act, &[("account", &found.number)]));
    }
    Ok(sheet)
}

fn bills(
    look: &mut Look<'_, '_>,
    sheet: &mut Sheet,
    number: &str,
    account_id: i64,
    months: &[(Month, Option<kernel::Quantity>, Option<kernel::Money>)],
) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let keys: Vec<Month> =
        months.iter().rev().filter(|(_, kwh, _)| kwh.is_some()).map(|(month, ..)| *month).collect();
    let lines = desk::bill_months(look.tx, org_id, account_id, &keys)?;
    let rows = lines
        .into_iter()
        .map(|line| {
            let path = bill_path(line.key.month, number, line.key.sequence);
            let (shown, sequence) = (line.flow, line.key.sequence);
            let kind = if sequence > 0 && shown == Flow::Clean { Flow::Adjustment } else { shown };
            Row::from(cells![
                Cell::from(line.key.month).to(path),
                sequence,
                flow(kind),
                line.energy_kwh,
                line.amount,
                line.due_on,
                super::bills::bill_state(line.due_on.is_some()),
            ])
        })
        .collect();
    let columns = vec![
        Column::new("month", Kind::Month),
        Column::new("sequence", Kind::Count),
        Column::new("flow", Kind::Word),
        Column::new("energy_kwh", Kind::Quantity(2)),
        Column::new("amount", Kind::Money),
        Column::new("pay_by", Kind::Date),
        Column::new("bill_state", Kind::Word),
    ];
    sheet.push(Block::Table { name: "account_bills", columns, rows });
    Ok(())
}

/// The page of a bill.
pub fn bill_path(month: Month, account: &str, sequence: i64) -> String {
    let further = if sequence > 0 { format!("?sequence={sequence}") } else { String::new() };
    format!("/bills/{month}/{}{further}", encode(account))
}

fn meters(look: &mut Look<'_, '_>, sheet: &mut Sheet, account_id: i64) -> Result<(), Refusal> {
    let (org_id, month) = (look.org_id(), look.this_month());
    let rows = metering::account::meters(look.tx, org_id, account_id)?
        .into_iter()
        .map(|meter| {
            Row::from(cells![
                meter.number,
                meter.point_seq,
                meter.multiplier.to_string(),
                i64::from(meter.digits),
                meter.installed_on,
                meter.removed_on,
            ])
        })
        .collect();
    let columns = vec![
        Column::new("meter", Kind::Text),
        Column::new("point", Kind::Count),
        Column::new("multiplier", Kind::Text),
        Column::new("digits", Kind::Count),
        Column::new("installed_on", Kind::Date),
        Column::new("removed_on", Kind::Date),
    ];
    sheet.push(Block::Table { name: "meters", columns, rows });
    let read = metering::stream::accounts_with_readings(look.tx, org_id, month, &[account_id])?;
    let rows = read.iter().flat_map(|account| &account.readings).flat_map(register_rows).collect();
    sheet.push(Block::Table { name: "registers", columns: register_columns(), rows });
    Ok(())
}

/// The columns of [`register_rows`].
pub fn register_columns() -> Vec<Column> {
    vec![
        Column::new("meter_seq", Kind::Count),
        Column::new("register", Kind::Text),
        Column::new("previous", Kind::Quantity(2)),
        Column::new("current", Kind::Quantity(2)),
        Column::new("multiplier", Kind::Text),
        Column::new("used_kwh", Kind::Quantity(2)),
        Column::new("reading_status", Kind::Text),
        Column::new("read_on", Kind::Date),
    ]
}

/// What a line of readings says of each register: before, now, times the multiplier, what it comes to.
pub fn register_rows(line: &metering::reading::Reading) -> Vec<Row> {
    let status = both(&line.status);
    line.registers
        .iter()
        .map(|(register, span)| {
            let turn = if line.flags.rolled_over(register) {
                kernel::Quantity::whole(10_i64.pow(u32::from(line.digits.min(12)))).ok()
            } else {
                None
            };
            let moved = span.current.minus(span.previous).ok();
            let moved = match (moved, turn) {
                (Some(moved), Some(turn)) => moved.plus(turn).ok(),
                (moved, _) => moved,
            };
            let used = moved.and_then(|moved| moved.times(line.multiplier, 6).ok());
            Row::from(cells![
                line.meter_seq,
                both(&register),
                span.previous,
                span.current,
                line.multiplier.to_string(),
                used,
                status.clone(),
                line.read_on,
            ])
        })
        .collect()
}

fn tickets(look: &mut Look<'_, '_>, sheet: &mut Sheet, account_id: i64) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let mut rows = Vec::new();
    for ticket in workflow::open_tickets_of_account(look.tx, org_id, account_id)? {
        rows.push(Row::from(cells![
            Cell::from(ticket.number.as_str()).to(ticket_path(&ticket)),
            ticket_kind(&ticket.kind),
            ticket_state(&ticket.kind, &ticket.state),
            look.unit_name(ticket.raised_unit_id)?,
            look.unit_name(ticket.addressed_unit_id)?,
            ticket.raised_at,
            ticket.text.as_str(),
        ]));
    }
    let columns = vec![
        Column::new("ticket", Kind::Text),
        Column::new("ticket_kind", Kind::Text),
        Column::new("ticket_state", Kind::Text),
        Column::new("raised_unit", Kind::Text),
        Column::new("addressed_unit", Kind::Text),
        Column::new("raised_at", Kind::Moment),
        Column::new("text", Kind::Text),
    ];
    sheet.push(Block::Table { name: "open_tickets", columns, rows });
    Ok(())
}

/// Where a ticket is dealt with.
pub fn ticket_path(ticket: &workflow::Ticket) -> String {
    match ticket.subject_kind.as_str() {
        "adjustment" => format!("/adjustments/{}", ticket.subject_id),
        "inquiry" => format!("/inquiries/{}", ticket.subject_id),
        "purchase_statement" => format!("/statements/{}", ticket.subject_id),
        _ => format!("/tickets/{}", ticket.id),
    }
}

/// The name of a kind of ticket.
pub fn ticket_kind(code: &str) -> Text {
    let known = workflow::Catalogue::built_in().ticket(code);
    known.map_or_else(|| Text::new(code, code), |kind| kind.text.clone())
}

/// The name of a ticket's state.
pub fn ticket_state(kind: &str, code: &str) -> Text {
    let known = workflow::Catalogue::built_in().ticket(kind).and_then(|kind| kind.state(code));
    known.map_or_else(|| Text::new(code, code), |state| state.text.clone())
}

fn holds(look: &mut Look<'_, '_>, sheet: &mut Sheet, account_id: i64) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let holds = billing::hold::holds_of(look.tx, org_id, account_id)?;
    let mut rows = Vec::new();
    for hold in holds {
        let mut row = Row::from(cells![
            hold.document.as_str(),
            hold.from_month,
            hold.reason.as_str(),
            look.person_name(hold.placed_by)?,
            hold.placed_at,
            hold.released_at,
            hold.issue_due_on,
        ]);
        if hold.released_at.is_none() {
            row.offers.push(Offer::new("hold.release", &[("hold", &hold.hold_id)]));
        }
        rows.push(row);
    }
    let columns = vec![
        Column::new("document", Kind::Text),
        Column::new("from_month", Kind::Month),
        Column::new("reason", Kind::Text),
        Column::new("placed_by", Kind::Text),
        Column::new("placed_at", Kind::Moment),
        Column::new("released_at", Kind::Moment),
        Column::new("issue_due_on", Kind::Date),
    ];
    sheet.push(Block::Table { name: "holds", columns, rows });
    Ok(())
}

fn history(look: &mut Look<'_, '_>, sheet: &mut Sheet, account_id: i64) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let mut events = Vec::new();
    for change in metering::account::changes(look.tx, org_id, account_id)?.into_iter().rev() {
        let what = Text::new(
            format!("{}：{} → {}（自 {} 起）", change.field, change.old_value, change.new_value, change.from),
            format!("{}: {} → {} (from {})", change.field, change.old_value, change.new_value, change.from),
        );
        events.push((change.at, look.person_name(change.person_id)?, what, change.ticket));
    }
    sheet.push(Block::Timeline { name: "account_changes", events });
    Ok(())
}

/// A thing with two languages in the language of the answer.
pub fn spoken(look: &Look<'_, '_>, thing: &impl Bilingual) -> String {
    thing.text(look.lang())
}
