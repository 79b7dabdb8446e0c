//! Hold-issue requests (暂缓发行): who is left out of the issue, since when, for which change.

use billing::hold;
use identity::Work;
use metering::parameter::HoldState;

use super::{
    ACCOUNT, READ, REASON, UNIT_WANTED, account_in, customer, names, rules, unit_of_kind, units_shown,
};
use crate::catalogue::{
    Act, Area, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Run, Takes, Weight,
};
use crate::cells;

const COLUMNS: &[Column] = &[
    Column::sorted("account", Kind::Text),
    Column::sorted("name", Kind::Text),
    Column::sorted("unit", Kind::Text),
    Column::sorted("from_month", Kind::Month),
    Column::sorted("document", Kind::Text),
    Column::new("reason", Kind::Text),
    Column::new("placed_by", Kind::Text),
    Column::sorted("placed_at", Kind::Moment),
];

const LIST: List = List {
    name: "holds",
    path: "/holds",
    permission: READ,
    filters: &[UNIT_WANTED],
    columns: COLUMNS,
    rows,
    menu: true,
    acts: &["hold.place"],
};

const ACTS: &[Act] = &[
    Act {
        name: "hold.place",
        path: "/holds",
        permission: "parameter.hold_issue",
        fields: &[
            ACCOUNT,
            Field::new("from_month", Takes::Month),
            Field::new("document", Takes::Text(60)),
            REASON,
        ],
        run: Run::Command(place),
        ..Act::PLAIN
    },
    Act {
        name: "hold.release",
        path: "/holds/{hold}/release",
        permission: "parameter.archive",
        fields: &[Field::new("hold", Takes::Id)],
        run: Run::Command(release),
        weight: Weight::Main,
        ..Act::PLAIN
    },
];

/// The desk.
pub const AREA: Area = Area { name: "holds", lists: &[LIST], views: &[], acts: ACTS, pages: &[] };

fn rows(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let org_id = look.org_id();
    let units = units_shown(look, query.given, READ)?;
    let found = hold::holds_open(look.tx, org_id)?;
    // Requests filed on a change ticket are metering's own; they end with their ticket.
    let month = look.this_month();
    let mut filed = metering::parameter::hold_requests(look.tx, org_id, month.previous())?;
    filed.extend(metering::parameter::hold_requests(look.tx, org_id, month)?);
    filed.retain(|request| request.state == HoldState::Filed);
    let accounts = found.iter().map(|hold| hold.account_id);
    let names = names(look, accounts.chain(filed.iter().map(|request| request.account_id)))?;
    let mut rows = Vec::new();
    for hold in found {
        if units.as_ref().is_some_and(|units| !units.contains(&hold.unit_id)) {
            continue;
        }
        let (number, name) = customer(&names, hold.account_id);
        let cells = cells![
            number,
            name,
            look.unit_name(hold.unit_id)?,
            hold.from_month,
            hold.document.as_str(),
            hold.reason.as_str(),
            look.person_name(hold.placed_by)?,
            hold.placed_at,
        ];
        rows.push(Row { cells, offers: vec![Offer::new("hold.release", &[("hold", &hold.hold_id)])] });
    }
    for request in filed {
        if units.as_ref().is_some_and(|units| !units.contains(&request.unit_id)) {
            continue;
        }
        let (number, name) = customer(&names, request.account_id);
        let ticket = metering::parameter::ticket(look.tx, org_id, request.ticket_id)?;
        let document = Cell::from(ticket.map(|ticket| ticket.number));
        rows.push(Row::from(cells![
            number,
            name,
            look.unit_name(request.unit_id)?,
            request.month,
            document.to(format!("/parameters/{}", request.ticket_id)),
            "",
            look.person_name(request.filed_by)?,
            request.filed_at,
        ]));
    }
    let lang = look.lang();
    Ok(Rows::of(COLUMNS, rows, query, lang))
}

fn place(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let account = account_in(work, given)?;
    let centre = unit_of_kind(work, "billing_centre")?;
    let month = given.month("from_month")?;
    let (document, reason) = (given.text("document"), given.text("reason"));
    let placed = hold::place(work, &rules()?, account, month, document, reason, centre)?;
    let number = given.text("account");
    let done = Done::said(
        format!("{number} 自 {month} 起暂缓发行，待工单 {document} 归档"),
        format!("{number} is held from {month} until ticket {document} is archived"),
    );
    Ok(done.fact("hold", placed.hold_id.to_string()))
}

fn release(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let due = hold::release(work, &rules()?, given.number("hold")?)?;
    let done =
        Done::said(format!("已解除暂缓，应于 {due} 前发行"), format!("released, to be issued by {due}"));
    Ok(done.fact("issue_by", due.to_string()))
}
