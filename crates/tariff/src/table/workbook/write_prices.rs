//! A table as sheets: prices, and prices as published.

use std::collections::BTreeSet;

use kernel::{Lang, Price};
use toml::Spanned;

use super::Sheet;
use super::words::{self, Word, plain};
use super::write::{Writer, or_blank, periods_of, price_cells};
use crate::model::Period;
use crate::table::schema::{Class, Component, OneOrByPeriod, Table, Voltage};

/// The headings of the sheet of prices that are always there.
const FIXED: [Word; 11] = [
    words::CLASS,
    words::NAME,
    words::NAME_EN,
    words::CATEGORY,
    words::CONSISTS_OF,
    words::TIME_OF_USE,
    words::TIERS_CODE,
    words::LEVEL,
    words::CAPACITY,
    words::DEMAND,
    words::ACTUAL_DEMAND,
];

/// What stands above the prices of a component: its name where that is clear, else its code.
fn label(component: &Component, all: &[Component], lang: Lang) -> String {
    let name = if lang == Lang::Zh { &component.name.zh } else { &component.name.en };
    let text = plain(name);
    let same = |one: &&Component| {
        [one.code.as_ref(), &one.name.zh, &one.name.en].iter().any(|name| plain(name) == text)
    };
    // Read without its brackets, a name may be something else.
    let heads = [Some(text.as_str()), words::without_unit(&text)];
    let taken = heads.into_iter().flatten().any(|text| FIXED.iter().any(|word| word.is(text)));
    let clear = !text.is_empty() && all.iter().filter(same).count() == 1;
    let clear = clear && !taken && !words::REMARK.is(&text) && words::by_period(&text).is_none();
    if clear { name.trim().to_owned() } else { component.code.as_ref().clone() }
}

type Cells<'t> = Vec<&'t OneOrByPeriod<Price>>;

fn voltages(table: &Table) -> impl Iterator<Item = (&Class, usize, &Voltage)> {
    table.class.iter().flat_map(|class| {
        class.voltage.iter().enumerate().map(move |(place, voltage)| (class, place, voltage.as_ref()))
    })
}

/// The sheet 价格.
pub(super) fn prices(table: &Table, lang: Lang) -> Option<Sheet> {
    let mut writer = Writer::new(words::PRICES, lang);
    for word in &FIXED {
        let unit = match word.key {
            "capacity" => ("元/千伏安·月", "yuan/kVA and month"),
            "demand" | "actual_demand" => ("元/千瓦·月", "yuan/kW and month"),
            _ => ("", ""),
        };
        writer.heading(word, unit);
    }
    let mut columns: Vec<(&str, bool, BTreeSet<Period>)> = Vec::new();
    for component in &table.component {
        let code = component.code.as_ref();
        let cells: Cells<'_> =
            voltages(table).filter_map(|(_, _, voltage)| Some(voltage.price.get(code)?.as_ref())).collect();
        if cells.is_empty() {
            continue;
        }
        let label = label(component, &table.component, lang);
        let one = cells.iter().any(|price| matches!(price, OneOrByPeriod::One(_)));
        let periods = periods_of(cells);
        if one {
            writer.column(label.clone());
        }
        for period in &periods {
            writer.column(format!("{label} {}", writer.period(*period)));
        }
        columns.push((code, one, periods));
    }
    for (class, place, voltage) in voltages(table) {
        let mut row = class_cells(&writer, class, place);
        row.push(writer.word(&words::LEVELS, voltage.level.as_ref().0.key()));
        for price in [&voltage.capacity, &voltage.demand, &voltage.actual_demand] {
            row.push(or_blank(price.as_ref().map(Spanned::as_ref)));
        }
        for (code, one, periods) in &columns {
            let price = voltage.price.get(*code).map(Spanned::as_ref);
            row.extend(price_cells(price, periods).into_iter().skip(usize::from(!*one)));
        }
        writer.row(row);
    }
    writer.finish()
}

/// What the rows of a class have in common stands in the first of them.
fn class_cells(writer: &Writer, class: &Class, place: usize) -> Vec<String> {
    let code = class.code.as_ref().clone();
    if place > 0 {
        return std::iter::once(code).chain((0..6).map(|_| String::new())).collect();
    }
    let components: Vec<&str> = class.components.iter().map(|code| code.as_ref().as_str()).collect();
    vec![
        code,
        class.name.zh.clone(),
        class.name.en.clone(),
        writer.word(&words::CATEGORIES, class.category.key()),
        components.join("、"),
        or_blank(class.time_of_use.as_ref().map(Spanned::as_ref)),
        or_blank(class.tiers.as_ref().map(Spanned::as_ref)),
    ]
}

/// The sheet 公布价.
pub(super) fn published(table: &Table, lang: Lang) -> Option<Sheet> {
    let mut writer = Writer::new(words::PUBLISHED, lang);
    writer.headings(&[words::CLASS, words::LEVEL]);
    let periods: BTreeSet<Period> =
        voltages(table).flat_map(|(_, _, voltage)| voltage.published.keys().copied()).collect();
    for period in &periods {
        writer.heading(words::period(*period), ("", ""));
    }
    writer.headings(&[words::TIER_1, words::TIER_2, words::TIER_3]);
    for (class, _, voltage) in voltages(table) {
        if voltage.published.is_empty() && voltage.published_tiers.is_none() {
            continue;
        }
        let level = writer.word(&words::LEVELS, voltage.level.as_ref().0.key());
        let mut row = vec![class.code.as_ref().clone(), level];
        row.extend(periods.iter().map(|period| or_blank(voltage.published.get(period).map(Spanned::as_ref))));
        let tiers =
            voltage.published_tiers.as_ref().map(|tiers| tiers.as_ref().map(|price| price.to_string()));
        row.extend(tiers.unwrap_or_default());
        writer.row(row);
    }
    writer.finish()
}
