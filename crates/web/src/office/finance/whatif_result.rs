//! The page of a comparison: what changes in all, by class, station, component and tenth, and for whom most.

use kernel::{Bilingual as _, Exact, Money, Month, Quantity, Rate, Text};
use serde_json::Value as Json;

use super::bill_path;
use super::prices::READ;
use super::whatif::COMPARE;
use crate::catalogue::{
    Block, Cell, Chart, Column, Field, Given, Kind, Look, Refusal, Row, Shape, Sheet, Takes, Tone, Value,
    View,
};

/// The result of a comparison.
pub const RESULT: View = View {
    name: "comparison",
    path: "/whatif/{job}",
    permission: READ,
    params: &[Field::new("job", Takes::Id)],
    show,
    menu: false,
};

fn number(json: &Json, at: usize) -> i64 {
    json.get(at).and_then(Json::as_i64).unwrap_or(0)
}

fn text(json: &Json, at: usize) -> String {
    json.get(at).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn list<'j>(facts: &'j Json, name: &str) -> &'j [Json] {
    facts.get(name).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// Sums as they were kept: bills, energy, before, after, dearer, cheaper.
struct Change {
    bills: i64,
    energy: Quantity,
    before: Money,
    after: Money,
    dearer: i64,
    cheaper: i64,
}

impl Change {
    fn read(json: &Json) -> Change {
        Change {
            bills: number(json, 0),
            energy: Quantity::from_units(number(json, 1)),
            before: Money::from_fen(number(json, 2)),
            after: Money::from_fen(number(json, 3)),
            dearer: number(json, 4),
            cheaper: number(json, 5),
        }
    }
    fn difference(&self) -> Result<Money, Refusal> {
        Ok(self.after.minus(self.before)?)
    }
    fn row(&self, name: Cell) -> Result<Row, Refusal> {
        let difference = self.difference()?;
        Ok(Row::from(vec![
            name,
            Cell::from(self.bills),
            Cell::from(self.energy),
            Cell::from(self.before),
            Cell::from(self.after),
            Cell::from(difference),
            Cell::from(share(difference, self.before)),
            Cell::from(self.dearer),
            Cell::from(self.cheaper),
        ]))
    }
}

/// `part / whole` as a rate; nothing for a whole of nothing.
fn share(part: Money, whole: Money) -> Option<Rate> {
    Exact::ratio(part.fen(), whole.fen()).and_then(|share| share.to_rate(6)).ok()
}

fn change_columns(first: &'static str) -> Vec<Column> {
    vec![
        Column::new(first, Kind::Text),
        Column::summed("bills", Kind::Count),
        Column::summed("energy_kwh", Kind::Quantity(0)),
        Column::summed("fee_before", Kind::Money),
        Column::summed("fee_after", Kind::Money),
        Column::summed("difference", Kind::Money),
        Column::new("share", Kind::Percent(2)),
        Column::summed("dearer", Kind::Count),
        Column::summed("cheaper", Kind::Count),
    ]
}

fn chart(name: &'static str, along: Vec<String>, before: Vec<Value>, after: Vec<Value>) -> Block {
    Block::Chart(Chart {
        name,
        shape: Shape::Bar,
        along,
        series: vec![
            (Text::new("原电费", "as billed"), before),
            (Text::new("试算电费", "under the other prices"), after),
        ],
        kind: Kind::Money,
    })
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, id, lang) = (look.org_id(), given.number("job")?, look.lang());
    let missing = || Refusal::not_found("试算", "comparison", &id.to_string());
    let job = jobs::find(look.tx, org_id, id)?.filter(|job| job.act == COMPARE.name).ok_or_else(missing)?;
    let facts: Json = serde_json::from_str(&job.facts).unwrap_or(Json::Null);
    require_seen(look, &job, &facts)?;
    let months: Vec<String> =
        list(&facts, "months").iter().filter_map(|month| month.as_str().map(str::to_owned)).collect();
    let span = match (months.first(), months.last()) {
        (Some(first), Some(last)) if first != last => format!("{first} – {last}"),
        (Some(first), _) => first.clone(),
        _ => String::new(),
    };
    let title = Text::new(format!("电价试算对比 {span}"), format!("{span} under other prices"));
    let mut sheet = Sheet::new(title.text(lang));
    if job.state != jobs::State::Done {
        let words = job.said.unwrap_or_else(|| Text::new("尚未完成", "not done yet"));
        sheet.push(Block::Note(Tone::Warn, words));
        return Ok(sheet);
    }
    if months.len() == 1 {
        sheet.offer("whatif.batch", &[("job", &id)]);
    }
    let null = Json::Null;
    let total = Change::read(facts.get("total").unwrap_or(&null));
    let accounts = facts.get("accounts").unwrap_or(&null);
    let (all, dearer, cheaper) = (number(accounts, 0), number(accounts, 1), number(accounts, 2));
    let difference = total.difference()?;
    let chosen = |name: &str| facts.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    sheet.push(Block::Facts {
        name: "comparison",
        facts: vec![
            ("months", Kind::Text, Cell::from(span)),
            ("unit", Kind::Text, Cell::from(chosen("unit"))),
            ("book", Kind::Text, Cell::from(chosen("book"))),
            ("bills", Kind::Count, Cell::from(total.bills)),
            ("energy_kwh", Kind::Quantity(0), Cell::from(total.energy)),
            ("fee_before", Kind::Money, Cell::from(total.before)),
            ("fee_after", Kind::Money, Cell::from(total.after)),
            ("difference", Kind::Money, Cell::from(difference)),
            ("share", Kind::Percent(2), Cell::from(share(difference, total.before))),
            ("customers", Kind::Count, Cell::from(all)),
            ("dearer", Kind::Count, Cell::from(dearer)),
            ("cheaper", Kind::Count, Cell::from(cheaper)),
            ("unchanged", Kind::Count, Cell::from(all - dearer - cheaper)),
        ],
    });
    notes(&mut sheet, &facts);
    parts(look, &mut sheet, &facts)?;
    for (name, kind) in [("by_fee", Kind::Money), ("by_energy", Kind::Quantity(0))] {
        tenths(&mut sheet, &facts, name, kind);
    }
    for name in ["increases", "decreases"] {
        extremes(&mut sheet, &facts, name, lang)?;
    }
    Ok(sheet)
}

/// Who reads the result sees every station it is about.
fn require_seen(look: &mut Look<'_, '_>, job: &jobs::Job, facts: &Json) -> Result<(), Refusal> {
    let units: Vec<i64> = list(facts, "by_unit").iter().map(|unit| number(unit, 0)).collect();
    if job.person_id == look.caller.actor.person_id || units.iter().all(|unit_id| look.sees(READ, *unit_id)) {
        return Ok(());
    }
    Err(Refusal::not_permitted(READ))
}

fn notes(sheet: &mut Sheet, facts: &Json) {
    let null = Json::Null;
    let counts = facts.get("notes").unwrap_or(&null);
    for (at, zh, en) in [
        (0, "笔当时未能计算，未试算", "bills could not be calculated when made, and are left out"),
        (1, "笔退补电费不重算", "adjustments met, which are not calculated again"),
        (
            2,
            "笔的年阶梯此前用量未知，按已存用量起算",
            "bills begin their yearly tiers with the use that was stored",
        ),
    ] {
        let count = number(counts, at);
        if count > 0 {
            sheet.push(Block::Note(Tone::Quiet, Text::new(format!("{count} {zh}"), format!("{count} {en}"))));
        }
    }
    let left_out = list(facts, "left_out");
    if !left_out.is_empty() {
        sheet.push(Block::Note(
            Tone::Warn,
            Text::new(
                "以下账单不在任何合计之内；可用“类别对应”指定",
                "these bills are in no sum; say where their class goes",
            ),
        ));
        let rows = left_out.iter().map(|part| {
            Row::from(vec![
                Cell::from(Text::new(text(part, 0), text(part, 1))),
                Cell::from(number(part, 2)),
                Cell::from(Money::from_fen(number(part, 3))),
            ])
        });
        sheet.push(Block::Table {
            name: "left_out",
            columns: vec![
                Column::new("reason", Kind::Text),
                Column::summed("bills", Kind::Count),
                Column::summed("fee_before", Kind::Money),
            ],
            rows: rows.collect(),
        });
    }
}

/// By class, by station, by component: a picture and a table each.
fn parts(look: &mut Look<'_, '_>, sheet: &mut Sheet, facts: &Json) -> Result<(), Refusal> {
    let lang = look.lang();
    let null = Json::Null;
    let (mut along, mut before, mut after, mut rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for class in list(facts, "by_class") {
        let sums = Change::read(class.get(3).unwrap_or(&null));
        let name = Text::new(text(class, 1), text(class, 2));
        along.push(name.text(lang));
        before.push(Value::Money(sums.before));
        after.push(Value::Money(sums.after));
        rows.push(sums.row(Cell::from(name))?);
    }
    sheet.push(chart("chart_by_class", along, before, after));
    sheet.push(Block::Table { name: "by_class", columns: change_columns("class"), rows });
    let (mut along, mut before, mut after, mut rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for unit in list(facts, "by_unit") {
        let sums = Change::read(unit.get(1).unwrap_or(&null));
        let name = look.unit_name(number(unit, 0))?;
        along.push(name.clone());
        before.push(Value::Money(sums.before));
        after.push(Value::Money(sums.after));
        rows.push(sums.row(Cell::from(name))?);
    }
    sheet.push(chart("chart_by_station", along, before, after));
    sheet.push(Block::Table { name: "by_station", columns: change_columns("unit"), rows });
    let (mut along, mut before, mut after, mut rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for part in list(facts, "by_component") {
        let name = Text::new(text(part, 0), text(part, 1));
        let (old, new) = (Money::from_fen(number(part, 2)), Money::from_fen(number(part, 3)));
        let vat = Money::from_fen(number(part, 5)).minus(Money::from_fen(number(part, 4)))?;
        let difference = new.minus(old)?;
        along.push(name.text(lang));
        before.push(Value::Money(old));
        after.push(Value::Money(new));
        rows.push(Row::from(vec![
            Cell::from(name),
            Cell::from(old),
            Cell::from(new),
            Cell::from(difference),
            Cell::from(share(difference, old)),
            Cell::from(vat),
        ]));
    }
    sheet.push(chart("chart_by_component", along, before, after));
    sheet.push(Block::Table {
        name: "by_component",
        columns: vec![
            Column::new("component", Kind::Text),
            Column::summed("fee_before", Kind::Money),
            Column::summed("fee_after", Kind::Money),
            Column::summed("difference", Kind::Money),
            Column::new("share", Kind::Percent(2)),
            Column::summed("vat_difference", Kind::Money),
        ],
        rows,
    });
    Ok(())
}

/// Tenths of the customers, ordered by fee or by energy.
fn tenths(sheet: &mut Sheet, facts: &Json, name: &'static str, kind: Kind) {
    let bound = |units: i64| match kind {
        Kind::Money => Cell::from(Money::from_fen(units)),
        _ => Cell::from(Quantity::from_units(units)),
    };
    let (mut along, mut differences, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for (at, tenth) in (1_i64..).zip(list(facts, name)) {
        let (before, difference) = (Money::from_fen(number(tenth, 4)), Money::from_fen(number(tenth, 5)));
        along.push(at.to_string());
        differences.push(Value::Money(difference));
        rows.push(Row::from(vec![
            Cell::from(at),
            bound(number(tenth, 1)),
            bound(number(tenth, 2)),
            Cell::from(number(tenth, 0)),
            Cell::from(Quantity::from_units(number(tenth, 3))),
            Cell::from(before),
            Cell::from(difference),
            Cell::from(share(difference, before)),
            Cell::from(number(tenth, 6)),
            Cell::from(number(tenth, 7)),
        ]));
    }
    let chart_name = if name == "by_fee" { "chart_by_fee" } else { "chart_by_energy" };
    sheet.push(Block::Chart(Chart {
        name: chart_name,
        shape: Shape::Bar,
        along,
        series: vec![(Text::new("差额", "difference"), differences)],
        kind: Kind::Money,
    }));
    sheet.push(Block::Table {
        name,
        columns: vec![
            Column::new("tenth", Kind::Count),
            Column::new("lowest", kind),
            Column::new("highest", kind),
            Column::summed("customers", Kind::Count),
            Column::summed("energy_kwh", Kind::Quantity(0)),
            Column::summed("fee_before", Kind::Money),
            Column::summed("difference", Kind::Money),
            Column::new("share", Kind::Percent(2)),
            Column::summed("dearer", Kind::Count),
            Column::summed("cheaper", Kind::Count),
        ],
        rows,
    });
}

/// The customers whose fee changes most.
fn extremes(sheet: &mut Sheet, facts: &Json, name: &'static str, lang: kernel::Lang) -> Result<(), Refusal> {
    let mut rows = Vec::new();
    for one in list(facts, name) {
        let (before, after) = (Money::from_fen(number(one, 2)), Money::from_fen(number(one, 3)));
        let account = text(one, 0);
        let month: Option<Month> = text(one, 6).parse().ok();
        let link = month.map_or_else(
            || format!("/accounts/{}", crate::frame::url::encode(&account)),
            |month| bill_path(month, &account, 0),
        );
        let words = Text::new(text(one, 4), text(one, 5)).text(lang);
        rows.push(Row::from(vec![
            Cell::from(account).to(link),
            Cell::from(text(one, 1)),
            Cell::from(before),
            Cell::from(after),
            Cell::from(after.minus(before)?),
            Cell::from(words),
        ]));
    }
    sheet.push(Block::Table {
        name,
        columns: vec![
            Column::new("account", Kind::Text),
            Column::new("name", Kind::Text),
            Column::new("fee_before", Kind::Money),
            Column::new("fee_after", Kind::Money),
            Column::new("difference", Kind::Money),
            Column::new("explanation", Kind::Text),
        ],
        rows,
    });
    Ok(())
}
