//! New accounts held until the month begins (新户待上帐), and the carry-over of ledgers at the end of a year (年度过帐).

use identity::Work;
use kernel::Text;
use metering::yearly;

use super::{ACCOUNT, MONTH, UNIT, account_in, person_in, persons, stations, unit_in};
use crate::catalogue::{
    Act, Area, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Run, Takes, Tone, Weight,
};
use crate::cells;

const READ: &str = "metering.read";
const YEAR: Field = Field::new("year", Takes::Count(1990, 2100));
const MATERIALS: &[Column] = &[
    Column::sorted("unit", Kind::Text),
    Column::sorted("material", Kind::Text),
    Column::sorted("ready_by", Kind::Date),
    Column::sorted("ready_on", Kind::Date),
];
const WAITING: &[Column] = &[
    Column::sorted("account", Kind::Text),
    Column::sorted("customer", Kind::Text),
    Column::sorted("unit", Kind::Text),
    Column::sorted("book", Kind::Text),
    Column::sorted("received_at", Kind::Moment),
];
const DIFFERENCES: &[Column] = &[
    Column::sorted("account", Kind::Text),
    Column::sorted("unit", Kind::Text),
    Column::sorted("meter_seq", Kind::Count),
    Column::new("closing", Kind::Quantity(2)),
    Column::new("opening", Kind::Quantity(2)),
];

/// The area.
pub const AREA: Area = Area {
    name: "yearly",
    lists: &[
        List {
            name: "new_accounts",
            path: "/new-accounts",
            permission: READ,
            filters: &[Field::maybe("unit", Takes::Option(stations))],
            columns: WAITING,
            rows: waiting,
            menu: true,
            acts: &["new_account.queue", "new_account.issue"],
        },
        List {
            name: "materials",
            path: "/carry-over-materials",
            permission: READ,
            filters: &[
                Field::maybe("year", Takes::Count(1990, 2100)),
                Field::maybe("unit", Takes::Option(stations)),
            ],
            columns: MATERIALS,
            rows: materials,
            menu: true,
            acts: &["ledger.carry_over"],
        },
        List {
            name: "carry_over",
            path: "/carry-over-differences",
            permission: READ,
            filters: &[
                Field::maybe("year", Takes::Count(1990, 2100)),
                Field::maybe("unit", Takes::Option(stations)),
            ],
            columns: DIFFERENCES,
            rows: differences,
            menu: false,
            acts: &[],
        },
    ],
    views: &[],
    acts: &[QUEUE, ISSUE, READY, CARRY_OVER],
    pages: &[],
};

const QUEUE: Act = Act {
    name: "new_account.queue",
    path: "/new-accounts",
    permission: "metering.hold_new_accounts",
    fields: &[ACCOUNT],
    run: Run::Command(queue),
    ..Act::PLAIN
};
const ISSUE: Act = Act {
    name: "new_account.issue",
    path: "/new-accounts/issue",
    permission: "metering.hold_new_accounts",
    fields: &[UNIT, MONTH, Field::new("reader", Takes::Option(persons))],
    run: Run::Command(issue),
    weight: Weight::Main,
    ..Act::PLAIN
};
const READY: Act = Act {
    name: "material.ready",
    path: "/carry-over-materials/{material}/ready",
    permission: "metering.carry_over",
    fields: &[YEAR, UNIT, Field::new("material", Takes::Text(40))],
    run: Run::Command(ready),
    weight: Weight::Main,
    ..Act::PLAIN
};
const CARRY_OVER: Act = Act {
    name: "ledger.carry_over",
    path: "/carry-overs",
    permission: "metering.carry_over",
    fields: &[YEAR, UNIT],
    run: Run::Command(carry_over),
    weight: Weight::Grave,
    closes: true,
    ..Act::PLAIN
};

/// The stations that are asked for, by code, among those one may see.
fn units(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Vec<(i64, String)>, Refusal> {
    let only = query.given.maybe_text("unit").map(|code| look.unit_by_code(code)).transpose()?;
    let found: Vec<(i64, String)> = look
        .units()?
        .values()
        .filter(|unit| unit.kind == "supply_station")
        .map(|unit| (unit.id, unit.code.clone()))
        .collect();
    Ok(found
        .into_iter()
        .filter(|(id, _)| look.sees(READ, *id) && only.as_ref().is_none_or(|only| only.id == *id))
        .collect())
}

fn year(look: &Look<'_, '_>, query: &Query<'_>) -> i16 {
    let given = query.given.maybe_number("year").and_then(|year| i16::try_from(year).ok());
    // In the first months of a year it is the one before that is carried over.
    given.unwrap_or_else(|| {
        let month = look.this_month();
        let behind = if month.month_of_year() <= 3 { month.plus(-12).unwrap_or(month) } else { month };
        i16::try_from(behind.number() / 100).unwrap_or(0)
    })
}

fn waiting(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let mut found = Vec::new();
    for (unit_id, _) in units(look, query)? {
        found.extend(yearly::waiting_accounts(look.tx, org_id, unit_id)?);
    }
    let keys: Vec<i64> = found.iter().map(|one| one.account_id).collect();
    let names = metering::account::names_of(look.tx, org_id, &keys)?;
    let mut rows = Vec::with_capacity(found.len());
    for one in found {
        let (number, name) = names.get(&one.account_id).cloned().unwrap_or_default();
        rows.push(Row::from(cells![
            Cell::from(number.clone()).to(super::account_path(&number)),
            name,
            look.unit_name(one.unit_id)?,
            look.books()?.get(&one.book_id).map(|book| book.number.clone()),
            one.received_at,
        ]));
    }
    Ok(Rows::of(WAITING, rows, query, lang))
}

fn materials(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang, today, year) = (look.org_id(), look.lang(), look.today(), year(look, query));
    let mut rows = Vec::new();
    for (unit_id, code) in units(look, query)? {
        for one in yearly::materials(look.tx, org_id, year, unit_id)? {
            let late = one.is_late(today);
            let mut row = Row::from(cells![
                look.unit_name(unit_id)?,
                one.name.clone(),
                Cell::from(one.ready_by).toned(if late { Tone::Bad } else { Tone::Plain }),
                one.ready_on.map(|day| Cell::from(day).toned(Tone::Good)),
            ]);
            if one.ready_on.is_none() {
                let given: [(&str, &dyn std::fmt::Display); 3] =
                    [("year", &year), ("unit", &code), ("material", &one.code)];
                row.offers.push(Offer::new("material.ready", &given));
            }
            rows.push(row);
        }
    }
    let mut shown = Rows::of(MATERIALS, rows, query, lang);
    shown.note = Some(Text::new(format!("{year} 年度"), format!("year {year}")));
    Ok(shown)
}

fn differences(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang, year) = (look.org_id(), look.lang(), year(look, query));
    let mut rows = Vec::new();
    for (unit_id, _) in units(look, query)? {
        let found = yearly::compare_carry_over(look.tx, org_id, year, unit_id)?;
        let keys: Vec<i64> = found.iter().map(|one| one.account_id).collect();
        let names = metering::account::names_of(look.tx, org_id, &keys)?;
        for one in found {
            rows.push(Row::from(cells![
                names.get(&one.account_id).map(|(number, _)| number.clone()),
                look.unit_name(unit_id)?,
                one.meter_seq,
                one.closing,
                one.opening,
            ]));
        }
    }
    let mut shown = Rows::of(DIFFERENCES, rows, query, lang);
    shown.note = Some(Text::new(
        format!("{year} 年度：新旧帐不一致的表计，空表示一致"),
        format!("year {year}: meters whose old and new ledger differ; none is as it should be"),
    ));
    Ok(shown)
}

fn queue(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let account = account_in(work, given.text("account"))?;
    yearly::queue_new_account(work, account.account.account_id)?;
    let number = account.number;
    Ok(Done::said(format!("{number} 已列入待上帐"), format!("{number} waits for the month to begin"))
        .see("/new-accounts"))
}

fn issue(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (unit, month) = (unit_in(work, given.text("unit"))?, given.month("month")?);
    let reader = person_in(work, given.text("reader"))?;
    let count = yearly::issue_new_accounts(work, unit.id, month, reader)?;
    Ok(Done::said(format!("上帐 {count} 户"), format!("{count} accounts issued"))
        .see("/new-accounts")
        .fact("accounts", count))
}

fn year_of(given: &Given) -> Result<i16, Refusal> {
    Ok(i16::try_from(given.number("year")?).unwrap_or(0))
}

fn ready(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let unit = unit_in(work, given.text("unit"))?;
    yearly::material_ready(work, year_of(given)?, unit.id, given.text("material"))?;
    Ok(Done::said("物资已备齐", "the material is ready").see("/carry-over-materials"))
}

fn carry_over(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let unit = unit_in(work, given.text("unit"))?;
    let count = yearly::carry_over(work, year_of(given)?, unit.id)?;
    Ok(Done::said(format!("已过帐 {count} 户"), format!("{count} accounts carried over"))
        .see("/carry-over-differences")
        .fact("accounts", count))
}
