//! Closing a month: what each unit has to do before, who did it, and what proves it (XC-09).

use identity::Work;
use kernel::{Bilingual as _, Month, Text};
use workflow::{Period, Proved};

use super::{month_of, unit_by_code, units};
use crate::catalogue::{
    Act, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Run, Sheet, Takes, Tone, View, Weight,
};
use crate::frame::url;
use crate::job::JobRun;

const READ: &str = "workflow.read";
const MONTH: Field = Field::new("month", Takes::Month);
const UNIT: Field = Field::new("unit", Takes::Option(closing_units));

/// The kinds of unit that have something to do at a month's end.
fn has_list(kind: &str) -> bool {
    let items = &workflow::Catalogue::built_in().closing_items;
    items.iter().any(|item| item.unit_kind == kind && item.every == workflow::catalogue::Every::Month)
}

fn closing_units(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let kinds: Vec<String> =
        look.units()?.values().filter(|unit| has_list(&unit.kind)).map(|unit| unit.code.clone()).collect();
    Ok(units(look)?.into_iter().filter(|(code, _)| kinds.contains(code)).collect())
}

/// How far every unit is with a month.
pub const CLOSINGS: List = List {
    name: "closings",
    path: "/closing",
    permission: READ,
    filters: &[Field::maybe("month", Takes::Month)],
    columns: COLUMNS,
    rows: closings,
    menu: true,
    acts: &["report.freeze"],
};

const COLUMNS: &[Column] = &[
    Column::sorted("unit", Kind::Text),
    Column::sorted("items", Kind::Count),
    Column::sorted("items_done", Kind::Count),
    Column::sorted("unsigned_lists", Kind::Count),
    Column::new("closed_by", Kind::Text),
    Column::new("closed_at", Kind::Moment),
    Column::new("state", Kind::Word),
];

/// Items of a unit's checklist, whether it was laid out or not.
fn items_of(
    look: &mut Look<'_, '_>,
    unit: &identity::Unit,
    month: Month,
) -> Result<Vec<(&'static workflow::catalogue::ClosingItem, Option<workflow::ChecklistItem>)>, Refusal> {
    let org_id = look.org_id();
    let laid_out = workflow::checklist(look.tx, org_id, unit.id, Period::Month(month))?;
    let known = &workflow::Catalogue::built_in().closing_items;
    let mine = known
        .iter()
        .filter(|item| item.unit_kind == unit.kind && item.every == workflow::catalogue::Every::Month);
    Ok(mine.map(|item| (item, laid_out.iter().find(|laid| laid.code == item.code).cloned())).collect())
}

fn closings(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, month) = (look.org_id(), month_of(look, query.given));
    let units: Vec<identity::Unit> =
        look.units()?.values().filter(|unit| has_list(&unit.kind)).cloned().collect();
    let unsigned = workflow::unsigned_lists(look.tx, org_id, month)?;
    let mut rows = Vec::new();
    for unit in units {
        if !look.sees(READ, unit.id) {
            continue;
        }
        let items = items_of(look, &unit, month)?;
        let done =
            items.iter().filter(|(_, laid)| laid.as_ref().is_some_and(|laid| laid.done.is_some())).count();
        let waiting = unsigned
            .iter()
            .filter(|list| list.first_unit_id == unit.id || list.second_unit_id == unit.id)
            .count();
        let closed = workflow::closed_by(look.tx, org_id, unit.id, Period::Month(month))?;
        let state = match (closed, done == items.len()) {
            (Some(_), _) => Cell::word("state.closed").toned(Tone::Good),
            (None, true) => Cell::word("state.ready_to_close").toned(Tone::Warn),
            (None, false) => Cell::word("state.items_open").toned(Tone::Warn),
        };
        let path = format!("/closing/{month}/{}", url::encode(&unit.code));
        let cells = vec![
            Cell::from(look.unit_name(unit.id)?).to(path),
            Cell::from(items.len()),
            Cell::from(done),
            Cell::from(waiting).to(format!("/lists?month={month}&unsigned=true")),
            Cell::from(closed.map(|(person, _)| look.person_name(person)).transpose()?),
            Cell::from(closed.map(|(_, at)| at)),
            state,
        ];
        rows.push(Row::from(cells));
    }
    Ok(Rows::of(COLUMNS, rows, query, look.lang()))
}

/// The checklist of a unit (结账检查表).
pub const CLOSING: View = View {
    name: "closing",
    path: "/closing/{month}/{unit}",
    permission: READ,
    params: &[MONTH, UNIT],
    show,
    menu: false,
};

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, month, lang) = (look.org_id(), given.month("month")?, look.lang());
    let unit = look.unit_by_code(given.text("unit"))?;
    look.require(READ, unit.id)?;
    let title =
        Text::new(format!("{month} 结账：{}", unit.name.zh), format!("Closing {month}: {}", unit.name.en));
    let mut sheet = Sheet::new(title.text(lang));
    let items = items_of(look, &unit, month)?;
    let closed = workflow::closed_by(look.tx, org_id, unit.id, Period::Month(month))?;
    let laid_out = items.iter().all(|(_, laid)| laid.is_some());
    let open = items.iter().filter(|(_, laid)| laid.as_ref().is_none_or(|laid| laid.done.is_none())).count();
    match closed {
        Some(_) => sheet.badges.push(Cell::word("state.closed").toned(Tone::Good)),
        None if open == 0 => sheet.badges.push(Cell::word("state.ready_to_close").toned(Tone::Warn)),
        None => sheet.badges.push(Cell::word("state.items_open").toned(Tone::Warn)),
    }
    if closed.is_none() {
        if laid_out {
            sheet.offer("closing.close", &[("month", &month), ("unit", &unit.code)]);
        } else {
            sheet.offer("closing.lay_out", &[("month", &month), ("unit", &unit.code)]);
        }
    }
    let mut rows = Vec::with_capacity(items.len());
    for (item, laid) in &items {
        let (proof, proved) = evidence(look, item, &unit, month)?;
        let done = laid.as_ref().and_then(|laid| laid.done);
        let (word, tone) = match (&done, laid.as_ref().is_some_and(|laid| laid.nothing_to_do)) {
            (Some(_), true) => ("state.nothing_to_do", Tone::Good),
            (Some(_), false) => ("state.done", Tone::Good),
            (None, _) => ("state.open_item", Tone::Warn),
        };
        let proof = match proved {
            Proved::Yes => proof.toned(Tone::Good),
            Proved::No => proof.toned(Tone::Bad),
            Proved::Nothing | Proved::Unsaid => proof,
        };
        let cells = vec![
            Cell::from(item.text.clone()),
            Cell::word(word).toned(tone),
            proof,
            Cell::from(done.map(|(person, _)| look.person_name(person)).transpose()?),
            Cell::from(done.map(|(_, at)| at)),
            Cell::from(laid.as_ref().map(|laid| laid.note.clone())),
            Cell::from(item.requirement),
        ];
        let offers = match (&done, closed, laid) {
            // What the books deny is refused, so it is not offered.
            (None, None, Some(_)) if proved != Proved::No => vec![Offer::new(
                "closing.tick",
                &[("month", &month), ("unit", &unit.code), ("closing_item", &item.code)],
            )],
            _ => Vec::new(),
        };
        rows.push(Row { cells, offers });
    }
    sheet.push(Block::Table {
        name: "checklist",
        columns: vec![
            Column::new("closing_item", Kind::Text),
            Column::new("state", Kind::Word),
            Column::new("proved_by", Kind::Text),
            Column::new("by", Kind::Text),
            Column::new("at", Kind::Moment),
            Column::new("note", Kind::Text),
            Column::new("requirement", Kind::Text),
        ],
        rows,
    });
    if let Some((person, at)) = closed {
        let who = look.person_name(person)?;
        sheet.push(Block::Note(
            Tone::Good,
            Text::new(format!("{who} 于 {at} 关闭"), format!("closed by {who} at {at}")),
        ));
    }
    Ok(sheet)
}

/// What the books say about an item, and where to look.
fn evidence(
    look: &mut Look<'_, '_>,
    item: &workflow::catalogue::ClosingItem,
    unit: &identity::Unit,
    month: Month,
) -> Result<(Cell, Proved), Refusal> {
    let (org_id, today) = (look.org_id(), look.today());
    let found = billing::closing::evidence(look.tx, org_id, item, unit.id, month, today)?;
    if found.said.zh.is_empty() {
        return Ok((Cell::default(), found.proved));
    }
    let path = match item.code {
        _ if item.list_kind.is_some() => format!("/lists?month={month}"),
        "receivable_confirmed" | "receivable_compiled" => format!("/reports/stations?month={month}"),
        "slips_closed" => format!("/slips?month={month}"),
        "all_books_issued" => format!("/books?month={month}"),
        "error_rate_reported" => format!("/reports/{month}/accounting_error_rate"),
        _ => format!("/reports/{month}/reconcile"),
    };
    Ok((Cell::from(found.said).to(path), found.proved))
}

/// Lays the checklist out.
pub const LAY_OUT: Act = Act {
    name: "closing.lay_out",
    path: "/closing/{month}/{unit}/lay-out",
    permission: "workflow.tick_closing",
    fields: &[MONTH, UNIT],
    run: Run::Command(lay_out),
    weight: Weight::Main,
    ..Act::PLAIN
};

fn path_of(month: Month, code: &str) -> String {
    format!("/closing/{month}/{}", url::encode(code))
}

fn lay_out(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    let unit = unit_by_code(work, given.text("unit"))?;
    let items = workflow::open_checklist(work, unit.id, Period::Month(month))?.len();
    Ok(Done::said(format!("检查表 {items} 项"), format!("the checklist has {items} items"))
        .see(path_of(month, &unit.code)))
}

/// Ticks an item: done, or nothing to do, with a note.
pub const TICK: Act = Act {
    name: "closing.tick",
    path: "/closing/{month}/{unit}/tick",
    permission: "workflow.tick_closing",
    fields: &[
        MONTH,
        UNIT,
        Field::new("closing_item", Takes::Option(items)),
        Field::maybe("nothing_to_do", Takes::Flag),
        Field::maybe("note", Takes::LongText(500)),
    ],
    run: Run::Command(tick),
    ..Act::PLAIN
};

fn items(_: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let known = &workflow::Catalogue::built_in().closing_items;
    let month = known.iter().filter(|item| item.every == workflow::catalogue::Every::Month);
    Ok(month.map(|item| (item.code.to_owned(), item.text.clone())).collect())
}

fn tick(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    let unit = unit_by_code(work, given.text("unit"))?;
    let (item, nothing) = (given.text("closing_item"), given.flag("nothing_to_do"));
    billing::closing::tick(work, unit.id, Period::Month(month), item, nothing, given.text("note"))?;
    Ok(Done::said("已登记", "ticked").see(path_of(month, &unit.code)))
}

/// Closes the month of a unit, once the month is proved; every item must be ticked.
pub const CLOSE: Act = Act {
    name: "closing.close",
    path: "/closing/{month}/{unit}/close",
    permission: "workflow.close_period",
    fields: &[MONTH, UNIT],
    run: Run::Job(close),
    weight: Weight::Signed,
    closes: true,
    ..Act::PLAIN
};

fn close(run: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    let (org_id, month) = (run.house.org_id, given.month("month")?);
    let unit = run.look(|tx| {
        let found = identity::units(tx, org_id)?.into_iter().find(|unit| unit.code == given.text("unit"));
        found.ok_or_else(|| Refusal::not_found("单位", "unit", given.text("unit")))
    })?;
    let done = || {
        Done::said(
            format!("{} {month} 已关闭", unit.name.zh),
            format!("{month} of {} is closed", unit.name.en),
        )
        .see(path_of(month, &unit.code))
    };
    run.progress(0, 2)?;
    let closed = run.look(|tx| Ok(workflow::closed_by(tx, org_id, unit.id, Period::Month(month))?))?;
    if run.starts > 1 && closed.is_some() {
        return Ok(done());
    }
    audit::check::require_proved(&run.house.store, &run.actor, run.now, month, "month_close")?;
    run.progress(1, 2)?;
    run.desk().act(run.now, |work| -> Result<(), Refusal> {
        Ok(workflow::close_period(work, unit.id, Period::Month(month))?)
    })?;
    Ok(done())
}
