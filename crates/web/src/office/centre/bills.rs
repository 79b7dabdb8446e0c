//! Bills of a month: a page at a time, filtered, sorted and summed by the database.

use billing::desk::{self, BillOrder, BillQuery};
use billing::gates::Flow;

use super::accounts::bill_path;
use super::{
    BOOK_WANTED, FLOWS, MONTH_WANTED, READ, REASONS, UNIT_WANTED, accounts_searched, book_cell, books_shown,
    customer, flow, month_of, names, reason_wanted, reasons, search_note,
};
use crate::catalogue::cursor::Part;
use crate::catalogue::{
    Area, Cell, Column, Field, Kind, List, Look, Query, Refusal, Row, Rows, Takes, Tone, Value,
};
use crate::cells;

const COLUMNS: &[Column] = &[
    Column::new("account", Kind::Text),
    Column::new("name", Kind::Text),
    Column::new("book", Kind::Text),
    Column::new("flow", Kind::Word),
    Column::new("reasons", Kind::Text),
    Column::summed("energy_kwh", Kind::Quantity(2)),
    Column::summed("amount", Kind::Money),
    Column::new("pay_by", Kind::Date),
    Column::new("bill_state", Kind::Word),
];

const LIST: List = List {
    name: "bills",
    path: "/bills",
    permission: READ,
    filters: &[
        MONTH_WANTED,
        UNIT_WANTED,
        BOOK_WANTED,
        Field::maybe("flow", Takes::Choice(FLOWS)),
        Field::maybe("bill_state", Takes::Choice(&["issued", "open"])),
        Field::maybe("reasons", Takes::Choice(REASONS)),
    ],
    columns: COLUMNS,
    rows,
    menu: true,
    acts: &[],
};

/// The desk.
pub const AREA: Area =
    Area { name: "bills", lists: &[LIST], views: &[super::bill::VIEW], acts: &[], pages: &[] };

/// Whether a bill is issued, as a word.
pub fn bill_state(issued: bool) -> Cell {
    if issued {
        Cell::word("choice.bill_state.issued").toned(Tone::Good)
    } else {
        Cell::word("choice.bill_state.open").toned(Tone::Warn)
    }
}

fn rows(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, given) = (look.org_id(), query.given);
    let month = month_of(look, given);
    let books = books_shown(look, given, READ)?;
    let accounts = accounts_searched(look, query.search)?;
    let (order, descending) = match query.sort {
        Some(("energy_kwh", down)) => (BillOrder::Energy, down),
        Some(("amount", down)) => (BillOrder::Amount, down),
        _ => (BillOrder::Account, false),
    };
    let wanted = BillQuery {
        books: books.as_deref(),
        accounts: accounts.as_deref(),
        flow: given
            .maybe_text("flow")
            .and_then(|code| FLOWS.iter().position(|known| *known == code))
            .and_then(|at| Flow::ALL.get(at).copied()),
        reason: reason_wanted(given),
        issued: given.maybe_text("bill_state").map(|state| state == "issued"),
        order,
        descending,
        walk: query.walk(if order == BillOrder::Account {
            &[Part::Number; 2]
        } else {
            &[Part::Number; 3]
        })?,
        offset: query.offset,
        limit: query.one_more(),
        ..BillQuery::month(month)
    };
    let (mut found, sums) = desk::bills_page(look.tx, org_id, &wanted)?;
    let walked = query.walked(&mut found, |line| order.place(line));
    let names = names(look, found.iter().map(|line| line.key.account_id))?;
    let mut rows = Vec::with_capacity(found.len());
    for line in found {
        let (mut number, name) = customer(&names, line.key.account_id);
        if let Some(known) = names.get(&line.key.account_id) {
            number.link = Some(bill_path(month, &known.number, line.key.sequence));
        }
        rows.push(Row::from(cells![
            number,
            name,
            book_cell(look, month, line.book_id)?,
            flow(line.flow),
            reasons(line.reasons),
            line.energy_kwh,
            line.amount,
            line.due_on,
            bill_state(line.due_on.is_some()),
        ]));
    }
    Ok(Rows {
        rows,
        total: usize::try_from(sums.bills).unwrap_or(0),
        sums: vec![("energy_kwh", Value::Quantity(sums.energy_kwh)), ("amount", Value::Money(sums.amount))],
        note: search_note(accounts.as_deref()),
        walked: Some(walked),
        ..Rows::default()
    })
}
