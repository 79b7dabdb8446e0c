//! The sheets of prices, and of prices as published.

use std::collections::BTreeMap;

use kernel::Price;

use super::grid::{Book, Cell, Grid, Group, Read, Row};
use super::read::{ComponentNames, by_period, optional, period_headings, price_cells, required};
use super::toml_text::TomlText;
use super::values::figure;
use super::words::{self, TIER_1, TIER_2, TIER_3, Word, plain};
use crate::model::Period;

/// A column of prices: which component, and which period of it.
struct PriceColumn<'s> {
    component: usize,
    period: Option<Period>,
    heading: Cell<'s>,
}

/// The component that a heading names.
fn component_of(
    book: &Book<'_>,
    heading: Cell<'_>,
    text: &str,
    components: &[ComponentNames<'_>],
) -> Read<Option<usize>> {
    if let Some(place) = components.iter().position(|one| one.code == heading.text) {
        return Ok(Some(place));
    }
    let mut found = components.iter().enumerate().filter(|(_, one)| one.is(text)).map(|(place, _)| place);
    let first = found.next();
    if found.next().is_some() {
        return Err(book.error(
            heading.at,
            format!("“{}”可指几个组成，请改用代码", heading.text),
            format!("{:?} may mean several components; use the code", heading.text),
        ));
    }
    Ok(first)
}

fn price_columns<'s>(
    book: &Book<'s>,
    grid: &Grid<'s>,
    components: &[ComponentNames<'_>],
) -> Read<Vec<PriceColumn<'s>>> {
    let mut columns: Vec<PriceColumn<'s>> = Vec::new();
    for heading in grid.others() {
        let text = plain(heading.text);
        let mut found = None;
        for text in [Some(text.as_str()), words::without_unit(&text)].into_iter().flatten() {
            if let Some(component) = component_of(book, heading, text, components)? {
                found = Some((component, None));
                break;
            }
            if let Some((head, period)) = words::by_period(text)
                && let Some(component) = component_of(book, heading, head, components)?
            {
                found = Some((component, Some(period)));
                break;
            }
        }
        let Some((component, period)) = found else {
            return Err(book.error(
                heading.at,
                format!("列标题“{}”不是“构成”表中的组成，也不是已知的标题", heading.text),
                format!("the heading {:?} is neither a component of its sheet nor known", heading.text),
            ));
        };
        if columns.iter().any(|known| (known.component, known.period) == (component, period)) {
            return Err(book.error(
                heading.at,
                format!("列标题“{}”与另一列含义相同", heading.text),
                format!("the heading {:?} means the same as another", heading.text),
            ));
        }
        columns.push(PriceColumn { component, period, heading });
    }
    Ok(columns)
}

/// A row of the sheet of published prices, by class and level.
type Published<'g, 's> = BTreeMap<(&'s str, &'static str), (Cell<'s>, Row<'g, 's>)>;

fn published_rows<'g, 's>(book: &Book<'s>, grid: &'g Grid<'s>) -> Read<Published<'g, 's>> {
    let mut all = Published::new();
    for group in grid.groups(&words::CLASS)? {
        for row in group.rows {
            let level = row.need(&words::LEVEL)?;
            let key = (group.code.text, book.choose(level, &words::LEVELS)?.key);
            if all.insert(key, (level, row)).is_some() {
                return Err(book.error(
                    level.at,
                    "该类别的电压等级重复",
                    "the voltage level of this class is repeated",
                ));
            }
        }
    }
    Ok(all)
}

fn published_lines<'s>(
    book: &Book<'s>,
    toml: &mut TomlText,
    row: &Row<'_, 's>,
    headings: &[(Period, Cell<'s>)],
) -> Read<()> {
    let tier_words = [TIER_1, TIER_2, TIER_3];
    if tier_words.iter().any(|word| row.filled(word).is_some()) {
        let mut tiers = Vec::new();
        for word in &tier_words {
            tiers.push(figure::<Price>(book, row.need(word)?)?);
        }
        if let Some(first) = tiers.first() {
            toml.at(first.at).raw("published_tiers = [");
        }
        toml.joined(&tiers, |toml, cell| {
            toml.at(cell.at).quoted(cell.text);
        });
        toml.raw("]\n");
    }
    let periods = by_period(row, headings);
    if !periods.is_empty() {
        toml.raw("published = ");
        price_cells(book, toml, None, &periods)?;
        toml.raw("\n");
    }
    Ok(())
}

/// The prices of a row by component, in the order of the columns.
fn price_line<'s>(
    book: &Book<'s>,
    toml: &mut TomlText,
    row: &Row<'_, 's>,
    columns: &[PriceColumn<'s>],
    components: &[ComponentNames<'_>],
) -> Read<()> {
    let mut priced = Vec::new();
    for (place, component) in components.iter().enumerate() {
        let of = || columns.iter().filter(|column| column.component == place);
        let one = of().find(|column| column.period.is_none()).and_then(|column| row.under(column.heading));
        let periods: Vec<_> =
            of().filter_map(|column| Some((column.period?, row.under(column.heading)?))).collect();
        if one.is_some() || !periods.is_empty() {
            priced.push((component.code, one, periods));
        }
    }
    if priced.is_empty() {
        return Ok(());
    }
    toml.raw("price = { ");
    for (place, (code, one, periods)) in priced.iter().enumerate() {
        if place > 0 {
            toml.raw(", ");
        }
        let first = one.or(periods.first().map(|(_, cell)| *cell));
        if let Some(first) = first {
            toml.at(first.at);
        }
        toml.key(code).raw(" = ");
        price_cells(book, toml, *one, periods)?;
    }
    toml.raw(" }\n");
    Ok(())
}

fn class_lines(book: &Book<'_>, toml: &mut TomlText, group: &Group<'_, '_>) -> Read<()> {
    toml.at(group.code.at).raw("\n[[class]]\n").line("code", group.code);
    toml.name(group.need(&words::NAME)?, group.common(&words::NAME_EN)?);
    let category = group.need(&words::CATEGORY)?;
    let word = book.choose(category, &words::CATEGORIES)?;
    toml.line("category", Cell { text: word.key, ..category });
    let listed = group.need(&words::CONSISTS_OF)?;
    let separators = |c: char| c.is_whitespace() || ",，、;；+＋".contains(c);
    let codes: Vec<&str> = listed.text.split(separators).filter(|code| !code.is_empty()).collect();
    toml.at(listed.at).raw("components = [");
    toml.joined(&codes, |toml, code| {
        toml.quoted(code);
    });
    toml.raw("]\n");
    for (key, heading) in [("time_of_use", words::TIME_OF_USE), ("tiers", words::TIERS_CODE)] {
        if let Some(cell) = group.common(&heading)? {
            toml.line(key, cell);
        }
    }
    Ok(())
}

/// The sheets 价格 and 公布价.
pub(super) fn prices<'s>(
    book: &Book<'s>,
    components: &[ComponentNames<'_>],
    toml: &mut TomlText,
) -> Read<()> {
    use words::{
        ACTUAL_DEMAND, CAPACITY, CATEGORY, CLASS, CONSISTS_OF, DEMAND, LEVEL, NAME, NAME_EN, TIERS_CODE,
        TIME_OF_USE,
    };
    const KNOWN: &[Word] = &[
        CLASS,
        NAME,
        NAME_EN,
        CATEGORY,
        CONSISTS_OF,
        TIME_OF_USE,
        TIERS_CODE,
        LEVEL,
        CAPACITY,
        DEMAND,
        ACTUAL_DEMAND,
    ];
    const PUBLISHED: &[Word] = &[CLASS, LEVEL, TIER_1, TIER_2, TIER_3];
    let grid = required(book, &words::PRICES, KNOWN)?;
    let columns = price_columns(book, &grid, components)?;
    let published_grid = optional(book, &words::PUBLISHED, PUBLISHED)?;
    let (mut published, headings) = match &published_grid {
        Some(grid) => (published_rows(book, grid)?, period_headings(grid)?),
        None => (Published::new(), Vec::new()),
    };
    for group in grid.groups(&CLASS)? {
        class_lines(book, toml, &group)?;
        for row in &group.rows {
            let level = row.need(&LEVEL)?;
            let key = book.choose(level, &words::LEVELS)?.key;
            toml.at(level.at).raw("\n[[class.voltage]]\n").line("level", Cell { text: key, ..level });
            for word in [CAPACITY, DEMAND, ACTUAL_DEMAND] {
                if let Some(cell) = row.filled(&word) {
                    toml.line(word.key, figure::<Price>(book, cell)?);
                }
            }
            price_line(book, toml, row, &columns, components)?;
            if let Some((_, row)) = published.remove(&(group.code.text, key)) {
                published_lines(book, toml, &row, &headings)?;
            }
        }
    }
    match published.values().next() {
        None => Ok(()),
        Some((level, _)) => Err(book.error(
            level.at,
            "“价格”表中没有这一类别的这一电压等级",
            "the sheet of prices has no such voltage level of this class",
        )),
    }
}
