//! Change slips (异动传单): received by one clerk, registered for each reading team, closed with the month.

use billing::slip::{self, NewSlip, SlipState};
use identity::Work;

use super::{ACCOUNT, MONTH, account_in, account_path, said, teams, unit_in};
use crate::catalogue::{
    Act, Area, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Run, Takes, Tone, Weight,
};
use crate::cells;

const READ: &str = "adjustment.read";
const TEAM: Field = Field::new("team", Takes::Option(teams));
const SLIP: Field = Field::new("slip", Takes::Id);
const COLUMNS: &[Column] = &[
    Column::sorted("number", Kind::Text),
    Column::sorted("account", Kind::Text),
    Column::sorted("team", Kind::Text),
    Column::new("content", Kind::Text),
    Column::sorted("state", Kind::Text),
    Column::sorted("received_at", Kind::Moment),
];

/// The area.
pub const AREA: Area = Area {
    name: "slips",
    lists: &[List {
        name: "slips",
        path: "/change-slips",
        permission: READ,
        filters: &[Field::maybe("month", Takes::Month), Field::maybe("team", Takes::Option(teams))],
        columns: COLUMNS,
        rows: slips,
        menu: true,
        acts: &["slip.receive", "slip.close_register"],
    }],
    views: &[],
    acts: &[RECEIVE, RETURN, REGISTER, FINISH, CLOSE],
    pages: &[],
};

const RECEIVE: Act = Act {
    name: "slip.receive",
    path: "/change-slips",
    permission: "adjustment.receive_slip",
    fields: &[
        ACCOUNT,
        MONTH,
        Field::new("receiving_unit", Takes::Option(receivers)),
        TEAM,
        Field::new("slip_kind", Takes::Text(40)),
        Field::new("content", Takes::LongText(1_000)),
        Field::new("checked", Takes::LongText(200)),
    ],
    run: Run::Command(receive),
    weight: Weight::Main,
    ..Act::PLAIN
};
const RETURN: Act = Act {
    name: "slip.return",
    path: "/change-slips/{slip}/return",
    permission: "adjustment.receive_slip",
    fields: &[SLIP, Field::new("reason", Takes::LongText(200))],
    run: Run::Command(give_back),
    weight: Weight::Grave,
    ..Act::PLAIN
};
const REGISTER: Act = Act {
    name: "slip.register",
    path: "/change-slips/{slip}/register",
    permission: "adjustment.register_slip",
    fields: &[SLIP],
    run: Run::Command(register),
    weight: Weight::Main,
    ..Act::PLAIN
};
const FINISH: Act = Act {
    name: "slip.finish",
    path: "/change-slips/{slip}/finish",
    permission: "adjustment.register_slip",
    fields: &[SLIP, Field::new("remark", Takes::LongText(200))],
    run: Run::Command(finish),
    weight: Weight::Main,
    ..Act::PLAIN
};
const CLOSE: Act = Act {
    name: "slip.close_register",
    path: "/slip-registers",
    permission: "adjustment.register_slip",
    fields: &[MONTH, Field::new("receiving_unit", Takes::Option(receivers)), TEAM],
    run: Run::Command(close),
    closes: true,
    ..Act::PLAIN
};

fn receivers(look: &mut Look<'_, '_>) -> Result<Vec<(String, kernel::Text)>, Refusal> {
    super::of_kind(look, &["supply_station", "billing_centre"])
}

fn slips(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let month = query.given.maybe_month("month").unwrap_or_else(|| look.this_month());
    let only = query.given.maybe_text("team").map(|code| look.unit_by_code(code)).transpose()?;
    let teams: Vec<i64> = look
        .units()?
        .values()
        .filter(|unit| matches!(unit.kind.as_str(), "reading_team" | "supply_station"))
        .filter(|unit| only.as_ref().is_none_or(|only| only.id == unit.id))
        .map(|unit| unit.id)
        .collect();
    let mut found = Vec::new();
    for team in teams {
        for one in slip::slips_of(look.tx, org_id, team, month)? {
            if look.sees(READ, team) || look.sees(READ, one.unit_id) {
                found.push((team, one));
            }
        }
    }
    let keys: Vec<i64> = found.iter().map(|(_, one)| one.account_id).collect();
    let names = metering::account::names_of(look.tx, org_id, &keys)?;
    let mut rows = Vec::with_capacity(found.len());
    for (team, one) in found {
        let number = names.get(&one.account_id).map(|(number, _)| number.clone()).unwrap_or_default();
        let open = !one.state.is_closed();
        let mut row = Row::from(cells![
            one.number.clone(),
            Cell::from(number.clone()).to(account_path(&number)),
            look.unit_name(team)?,
            one.content.clone(),
            Cell::from(said(&one.state)).toned(if open { Tone::Warn } else { Tone::Quiet }),
            one.received_at,
        ]);
        let acts: &[&'static str] = match one.state {
            SlipState::Received => &["slip.register", "slip.return"],
            SlipState::Registered => &["slip.finish"],
            _ => &[],
        };
        row.offers = acts.iter().map(|act| Offer::new(act, &[("slip", &one.slip_id)])).collect();
        rows.push(row);
    }
    Ok(Rows::of(COLUMNS, rows, query, lang))
}

fn receive(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let account = account_in(work, given.text("account"))?;
    let (unit, team) = (unit_in(work, given.text("receiving_unit"))?, unit_in(work, given.text("team"))?);
    let new = NewSlip {
        unit_id: unit.id,
        team_unit_id: team.id,
        account_id: account.account.account_id,
        month: given.month("month")?,
        kind: given.text("slip_kind"),
        content: given.text("content"),
        checked: given.text("checked"),
    };
    let made = slip::receive(work, &new)?;
    Ok(Done::said(format!("传单 {} 已接收", made.number), format!("slip {} is received", made.number))
        .see(format!("/change-slips?month={}", new.month))
        .fact("slip", made.slip_id.to_string())
        .fact("number", made.number))
}

fn give_back(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    slip::return_slip(work, given.number("slip")?, given.text("reason"))?;
    Ok(Done::said("传单已退回", "the slip is returned"))
}

fn register(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    slip::register(work, given.number("slip")?)?;
    Ok(Done::said("传单已登记", "the slip is registered"))
}

fn finish(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    slip::finish(work, given.number("slip")?, given.text("remark"))?;
    Ok(Done::said("传单已办结", "the slip is carried out"))
}

fn close(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (unit, team) = (unit_in(work, given.text("receiving_unit"))?, unit_in(work, given.text("team"))?);
    let month = given.month("month")?;
    let count = slip::close_register(work, unit.id, team.id, month)?;
    Ok(Done::said(
        format!("{month} 月结月清，共 {count} 张传单"),
        format!("the register of {month} is closed with {count} slips"),
    )
    .fact("slips", count))
}
