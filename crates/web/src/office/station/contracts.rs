//! Supply contracts and settlement agreements (合同): kept by the station, their copies sent to the centre in time.

use identity::Work;
use kernel::{Bilingual as _, Text};
use metering::contract::{self, Contract, ContractKind, NewContract};

use super::{
    ACCOUNT, CENTRE, MONTH, NOTE, UNIT, account_in, account_path, centre_in, said, stations, unit_in,
};
use crate::catalogue::{
    Act, Area, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row,
    Rows, Run, Sheet, Takes, Tone, View, Weight,
};
use crate::cells;

const READ: &str = "contract.read";
const KINDS: &[&str] = &["supply", "settlement"];
const CONTRACT: Field = Field::new("contract", Takes::Id);

const COLUMNS: &[Column] = &[
    Column::new("contract_number", Kind::Text),
    Column::new("contract_kind", Kind::Text),
    Column::new("account", Kind::Text),
    Column::new("customer", Kind::Text),
    Column::new("unit", Kind::Text),
    Column::new("signed_on", Kind::Date),
    Column::new("valid_from", Kind::Date),
    Column::new("valid_to", Kind::Date),
];
const LATE: &[Column] = &[
    Column::sorted("contract_number", Kind::Text),
    Column::sorted("account", Kind::Text),
    Column::sorted("unit", Kind::Text),
    Column::sorted("signed_on", Kind::Date),
    Column::sorted("due_on", Kind::Date),
    Column::sorted("sent_on", Kind::Date),
    Column::sorted("late_days", Kind::Count),
];
const DIFFERENCES: &[Column] = &[
    Column::sorted("account", Kind::Text),
    Column::sorted("customer", Kind::Text),
    Column::sorted("parameter", Kind::Text),
    Column::sorted("contract_value", Kind::Text),
    Column::sorted("system_value", Kind::Text),
];

/// The area.
pub const AREA: Area = Area {
    name: "contracts",
    lists: &[
        List {
            name: "contracts",
            path: "/contracts",
            permission: READ,
            filters: &[
                Field::maybe("unit", Takes::Option(stations)),
                Field::maybe("account", Takes::Text(20)),
            ],
            columns: COLUMNS,
            rows: contracts,
            menu: true,
            acts: &["contract.keep", "contract.directory"],
        },
        List {
            name: "late_contracts",
            path: "/late-contracts",
            permission: READ,
            filters: &[Field::maybe("from", Takes::Date), Field::maybe("to", Takes::Date)],
            columns: LATE,
            rows: late,
            menu: true,
            acts: &[],
        },
        List {
            name: "contract_differences",
            path: "/contract-differences",
            permission: READ,
            filters: &[Field::maybe("unit", Takes::Option(stations))],
            columns: DIFFERENCES,
            rows: differences,
            menu: true,
            acts: &[],
        },
    ],
    views: &[View {
        name: "contract",
        path: "/contracts/{contract}",
        permission: READ,
        params: &[CONTRACT],
        show,
        menu: false,
    }],
    acts: &[KEEP, TRANSFER, DIRECTORY],
    pages: &[],
};

const KEEP: Act = Act {
    name: "contract.keep",
    path: "/contracts",
    permission: "contract.keep",
    fields: &[
        ACCOUNT,
        Field::new("contract_number", Takes::Text(40)),
        Field::new("contract_kind", Takes::Choice(KINDS)),
        Field::new("signed_on", Takes::Date),
        Field::new("valid_from", Takes::Date),
        Field::maybe("valid_to", Takes::Date),
        Field::maybe("revises", Takes::Id),
        Field::maybe("terms", Takes::LongText(8_000)),
        NOTE,
    ],
    run: Run::Command(keep),
    weight: Weight::Main,
    ..Act::PLAIN
};
const TRANSFER: Act = Act {
    name: "contract.transfer",
    path: "/contracts/{contract}/transfer",
    permission: "contract.transfer",
    fields: &[CONTRACT, CENTRE],
    run: Run::Command(transfer),
    weight: Weight::Main,
    ..Act::PLAIN
};
const DIRECTORY: Act = Act {
    name: "contract.directory",
    path: "/contract-directories",
    permission: "contract.compile_directory",
    fields: &[MONTH, UNIT, CENTRE],
    run: Run::Command(directory),
    ..Act::PLAIN
};

fn cells_of(
    look: &mut Look<'_, '_>,
    one: &Contract,
    account: Option<&(String, String)>,
) -> Result<Row, Refusal> {
    let (number, name) = account.cloned().unwrap_or_else(|| (one.account_id.to_string(), String::new()));
    let mut row = Row::from(cells![
        Cell::from(one.number.clone()).to(format!("/contracts/{}", one.contract_id)),
        said(&one.kind),
        Cell::from(number.clone()).to(account_path(&number)),
        name,
        look.unit_name(one.unit_id)?,
        one.signed_on,
        one.valid_from,
        one.valid_to,
    ]);
    if one.kind == ContractKind::Supply {
        row.offers.push(Offer::new("contract.transfer", &[("contract", &one.contract_id)]));
    }
    Ok(row)
}

fn units(look: &mut Look<'_, '_>, only: Option<&str>) -> Result<Vec<i64>, Refusal> {
    if let Some(code) = only {
        let unit = look.unit_by_code(code)?;
        look.require(READ, unit.id)?;
        return Ok(vec![unit.id]);
    }
    let found: Vec<i64> = look.units()?.keys().copied().collect();
    Ok(found.into_iter().filter(|id| look.sees(READ, *id)).collect())
}

fn contracts(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let org_id = look.org_id();
    if let Some(number) = query.given.maybe_text("account") {
        let account = look.account(number)?;
        look.require(READ, account.account.unit_id)?;
        let mut rows = Vec::new();
        let names = (account.number.clone(), account.name.clone());
        for one in contract::contracts_of(look.tx, org_id, account.account.account_id)? {
            rows.push(cells_of(look, &one, Some(&names))?);
        }
        return Ok(Rows::of(COLUMNS, rows, query, look.lang()));
    }
    let units = units(look, query.given.maybe_text("unit"))?;
    let page = (query.offset, query.limit);
    let (found, total) = contract::contracts_page(look.tx, org_id, &units, query.search, page)?;
    let keys: Vec<i64> = found.iter().map(|one| one.account_id).collect();
    let names = metering::account::names_of(look.tx, org_id, &keys)?;
    let mut rows = Vec::with_capacity(found.len());
    for one in &found {
        rows.push(cells_of(look, one, names.get(&one.account_id))?);
    }
    Ok(Rows { rows, total, ..Rows::default() })
}

fn late(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang, today) = (look.org_id(), look.lang(), look.today());
    let first = query.given.maybe_date("from").unwrap_or(look.this_month().previous().first_day());
    let last = query.given.maybe_date("to").unwrap_or(today);
    let mut found = contract::late_contracts(look.tx, &look.house.calendar, org_id, (first, last), today)?;
    found.retain(|one| look.sees(READ, one.contract.unit_id));
    let keys: Vec<i64> = found.iter().map(|one| one.contract.account_id).collect();
    let names = metering::account::names_of(look.tx, org_id, &keys)?;
    let mut rows = Vec::with_capacity(found.len());
    for one in found {
        let mut row = Row::from(cells![
            Cell::from(one.contract.number).to(format!("/contracts/{}", one.contract.contract_id)),
            names.get(&one.contract.account_id).map(|(number, _)| number.clone()),
            look.unit_name(one.contract.unit_id)?,
            one.contract.signed_on,
            one.due_on,
            one.sent_on,
            Cell::from(one.late_days).toned(Tone::Bad),
        ]);
        if one.sent_on.is_none() {
            row.offers.push(Offer::new("contract.transfer", &[("contract", &one.contract.contract_id)]));
        }
        rows.push(row);
    }
    Ok(Rows::of(LATE, rows, query, lang))
}

fn differences(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang, today) = (look.org_id(), look.lang(), look.today());
    let mut found = Vec::new();
    for unit_id in units(look, query.given.maybe_text("unit"))? {
        found.extend(contract::find_differences(look.tx, org_id, unit_id, today)?);
    }
    let keys: Vec<i64> = found.iter().map(|one| one.account_id).collect();
    let names = metering::account::names_of(look.tx, org_id, &keys)?;
    let mut rows = Vec::with_capacity(found.len());
    for one in found {
        let (number, name) = names.get(&one.account_id).cloned().unwrap_or_default();
        let field = metering::parameter::fault::chinese(&one.field).to_owned();
        rows.push(Row::from(cells![
            Cell::from(number.clone()).to(account_path(&number)),
            name,
            Text::new(field, one.field.clone()),
            one.contract_value,
            Cell::from(one.system_value).toned(Tone::Bad),
        ]));
    }
    Ok(Rows::of(DIFFERENCES, rows, query, lang))
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, id) = (look.org_id(), given.number("contract")?);
    let found = contract::contract(look.tx, org_id, id)?;
    let one = found.ok_or_else(|| Refusal::not_found("合同", "contract", &id.to_string()))?;
    look.require(READ, one.unit_id)?;
    let account = super::account_number(look, one.account_id)?;
    let sent = contract::transfer_of(look.tx, org_id, id)?;
    let mut sheet = Sheet::new(format!("{} {}", one.number, one.kind.text(look.lang())));
    if sent.is_none() && one.kind == ContractKind::Supply {
        sheet.offer("contract.transfer", &[("contract", &id)]);
    }
    sheet.push(Block::Facts {
        name: "contract",
        facts: vec![
            ("contract_number", Kind::Text, Cell::from(one.number.clone())),
            ("contract_kind", Kind::Text, Cell::from(said(&one.kind))),
            ("account", Kind::Text, Cell::from(account.clone()).to(account_path(&account))),
            ("unit", Kind::Text, Cell::from(look.unit_name(one.unit_id)?)),
            ("signed_on", Kind::Date, Cell::from(one.signed_on)),
            ("valid_from", Kind::Date, Cell::from(one.valid_from)),
            ("valid_to", Kind::Date, Cell::from(one.valid_to)),
            (
                "revises",
                Kind::Text,
                one.revises.map_or_else(Cell::default, |before| {
                    Cell::from(before.to_string()).to(format!("/contracts/{before}"))
                }),
            ),
            ("note", Kind::Text, Cell::from(one.note.clone())),
        ],
    });
    if let Some(sent) = sent {
        let late = sent.late_days();
        sheet.push(Block::Facts {
            name: "transfer",
            facts: vec![
                ("to_unit", Kind::Text, Cell::from(look.unit_name(sent.centre_unit_id)?)),
                ("sent_at", Kind::Moment, Cell::from(sent.sent_at)),
                ("due_on", Kind::Date, Cell::from(sent.due_on)),
                (
                    "late_days",
                    Kind::Count,
                    Cell::from(late).toned(if late > 0 { Tone::Bad } else { Tone::Plain }),
                ),
                (
                    "list",
                    Kind::Text,
                    sent.directory_id.map_or_else(Cell::default, |list| {
                        Cell::from(list.to_string()).to(format!("/lists/{list}"))
                    }),
                ),
            ],
        });
    }
    let rows = one
        .terms
        .iter()
        .map(|(name, value)| {
            let field = metering::parameter::fault::chinese(name).to_owned();
            Row::from(cells![Text::new(field, name.clone()), value.clone()])
        })
        .collect();
    let columns = vec![Column::new("parameter", Kind::Text), Column::new("contract_value", Kind::Text)];
    sheet.push(Block::Table { name: "terms", columns, rows });
    Ok(sheet)
}

/// Parameters of a contract, one a line: name=value.
fn terms_of(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let wrong = |line: usize| {
        Refusal::fields(vec![(
            "terms".into(),
            Text::new(format!("第 {line} 行应写成 名称=值"), format!("line {line} is to be name=value")),
        )])
    };
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            let (name, value) = line.split_once(['=', '＝']).ok_or_else(|| wrong(at))?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}

fn keep(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let new = NewContract {
        account_id: account_in(work, given.text("account"))?.account.account_id,
        kind: given.text("contract_kind").to_owned(),
        number: given.text("contract_number").to_owned(),
        signed_on: given.date("signed_on")?,
        valid_from: given.date("valid_from")?,
        valid_to: given.maybe_date("valid_to"),
        revises: given.maybe_number("revises"),
        terms: terms_of(given.text("terms"))?,
        note: given.text("note").to_owned(),
    };
    let kept = contract::keep(work, &house.calendar, &new)?;
    Ok(Done::said(format!("已登记合同 {}", kept.number), format!("kept the contract {}", kept.number))
        .see(format!("/contracts/{}", kept.contract_id))
        .fact("contract", kept.contract_id.to_string()))
}

fn transfer(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let id = given.number("contract")?;
    let centre = centre_in(work, given.maybe_text("centre"))?;
    let sent = contract::transfer(work, &house.calendar, id, centre)?;
    let (due, late) = (sent.due_on, sent.late_days());
    let done = if late > 0 {
        Done::said(
            format!("已传递，期限 {due}，逾期 {late} 天"),
            format!("sent; it was due by {due}, {late} days late"),
        )
    } else {
        Done::said(format!("已按时传递（期限 {due}）"), format!("sent in time, due by {due}"))
    };
    Ok(done.see(format!("/contracts/{id}")).fact("late_days", late))
}

fn directory(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (unit, month) = (unit_in(work, given.text("unit"))?, given.month("month")?);
    let centre = centre_in(work, given.maybe_text("centre"))?;
    let list = contract::compile_directory(work, unit.id, month, centre)?;
    Ok(Done::said(
        format!("合同目录表 {} 待双方签字", list.number),
        format!("directory {} waits for both signatures", list.number),
    )
    .see(format!("/lists/{}", list.id))
    .fact("list", list.id.to_string()))
}
