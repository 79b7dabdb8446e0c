//! The sheets of single facts: what the table is, what prices consist of, how the basic charge is counted.

use kernel::{Price, Quantity, Rate};

use super::grid::{Book, Cell, Grid, Read, Row};
use super::toml_text::TomlText;
use super::values::figure;
use super::words::{self, Word, plain};
use crate::model::Period;

/// A component, for the headings of the sheet of prices.
pub(super) struct ComponentNames<'s> {
    pub code: &'s str,
    names: [String; 3],
}

impl ComponentNames<'_> {
    /// `heading`, already made plain, is its code or one of its names.
    pub fn is(&self, heading: &str) -> bool {
        self.names.iter().any(|name| name == heading)
    }
}

/// A sheet that must be there.
pub(super) fn required<'s>(book: &Book<'s>, sheet: &Word, known: &'static [Word]) -> Read<Grid<'s>> {
    match book.find(sheet)? {
        Some(place) => Grid::open(*book, place, known),
        None => {
            let (zh, en) = (sheet.in_lang(kernel::Lang::Zh), sheet.in_lang(kernel::Lang::En));
            Err(book.whole("", format!("缺少工作表“{zh}”"), format!("the sheet {en:?} ({zh}) is missing")))
        }
    }
}

/// A sheet that may be left out, or left empty.
pub(super) fn optional<'s>(book: &Book<'s>, sheet: &Word, known: &'static [Word]) -> Read<Option<Grid<'s>>> {
    let Some(place) = book.find(sheet)? else { return Ok(None) };
    let mut cells = book.sheets.get(place).into_iter().flat_map(|sheet| sheet.rows.iter().flatten());
    if cells.all(|cell| cell.trim().is_empty()) {
        return Ok(None);
    }
    Grid::open(*book, place, known).map(Some)
}

/// The sheet 基本信息.
pub(super) fn info(book: &Book<'_>, toml: &mut TomlText) -> Read<()> {
    use words::{FROM, ID, LEAVER, NAME, NAME_EN, REGION, SOURCE, TO, VAT, VERSION};
    const ITEMS: &[Word] = &[ID, VERSION, REGION, NAME, NAME_EN, SOURCE, FROM, TO, VAT, LEAVER];
    let grid = required(book, &words::INFO, &[words::ITEM, words::VALUE])?;
    let pairs = grid.pairs(ITEMS)?;
    toml.line("id", grid.needed(&pairs, &ID)?);
    let version = book.whole_number(grid.needed(&pairs, &VERSION)?)?;
    toml.plain_line("version", version.text, version.at);
    toml.line("region", grid.needed(&pairs, &REGION)?);
    toml.name(grid.needed(&pairs, &NAME)?, pairs.get(NAME_EN.key).copied());
    toml.line("source", book.as_written(grid.needed(&pairs, &SOURCE)?));
    toml.line("from", grid.needed(&pairs, &FROM)?);
    if let Some(to) = pairs.get(TO.key) {
        toml.line("to", *to);
    }
    for item in [VAT, LEAVER] {
        if let Some(rate) = pairs.get(item.key) {
            toml.line(item.key, figure::<Rate>(book, *rate)?);
        }
    }
    Ok(())
}

/// A cell of yes or no as a line; nothing where it is blank.
fn yes_no(book: &Book<'_>, toml: &mut TomlText, key: &str, cell: Option<Cell<'_>>) -> Read<()> {
    if let Some(cell) = cell {
        let word = book.choose(cell, &words::YES_NO)?;
        toml.plain_line(key, word.key, cell.at);
    }
    Ok(())
}

/// One price, or one for each period: ` "0.5"` or ` { peak = "0.6" }`; nothing where there is neither.
pub(super) fn price_cells(
    book: &Book<'_>,
    toml: &mut TomlText,
    one: Option<Cell<'_>>,
    by_period: &[(Period, Cell<'_>)],
) -> Read<()> {
    let mut periods = Vec::new();
    for (period, cell) in by_period {
        let cell = figure::<Price>(book, *cell)?;
        if one.is_some() || periods.iter().any(|(known, _)| known == period) {
            return Err(book.error(
                cell.at,
                "同一价格既有统一价又有分时价，或同一时段填了两次",
                "the price is given once for all periods and once by period, or a period twice",
            ));
        }
        periods.push((*period, cell));
    }
    if let Some(cell) = one {
        toml.at(cell.at).quoted(figure::<Price>(book, cell)?.text);
        return Ok(());
    }
    toml.raw("{ ");
    toml.joined(&periods, |toml, (period, cell)| {
        toml.at(cell.at).raw(period.key()).raw(" = ").quoted(cell.text);
    });
    toml.raw(" }");
    Ok(())
}

fn component(
    book: &Book<'_>,
    toml: &mut TomlText,
    row: &Row<'_, '_>,
    by_period: &[(Period, Cell<'_>)],
) -> Read<()> {
    let code = row.need(&words::CODE)?;
    toml.at(code.at).raw("\n[[component]]\n").line("code", code);
    toml.name(row.need(&words::NAME)?, row.filled(&words::NAME_EN));
    let kind = row.need(&words::KIND)?;
    let word = book.choose(kind, &words::KINDS)?;
    toml.line("kind", Cell { text: word.key, ..kind });
    let flags = [words::FLOATS, words::IN_BASE, words::TAXED, words::CONTAINED, words::MARKET];
    for flag in flags {
        yes_no(book, toml, flag.key, row.filled(&flag))?;
    }
    let one = row.filled(&words::PRICE);
    if one.is_some() || !by_period.is_empty() {
        toml.raw("price = ");
        price_cells(book, toml, one, by_period)?;
        toml.raw("\n");
    }
    Ok(())
}

/// The sheet 构成.
pub(super) fn components<'s>(book: &Book<'s>, toml: &mut TomlText) -> Read<Vec<ComponentNames<'s>>> {
    use words::{CODE, CONTAINED, FLOATS, IN_BASE, KIND, MARKET, NAME, NAME_EN, PRICE, TAXED};
    const KNOWN: &[Word] = &[CODE, NAME, NAME_EN, KIND, FLOATS, IN_BASE, TAXED, CONTAINED, MARKET, PRICE];
    let grid = required(book, &words::COMPONENTS, KNOWN)?;
    let headings = period_headings(&grid)?;
    let mut all = Vec::new();
    for row in grid.rows()? {
        component(book, toml, &row, &by_period(&row, &headings))?;
        let names = [CODE, NAME, NAME_EN].map(|heading| plain(row.cell(&heading).text));
        all.push(ComponentNames { code: row.cell(&CODE).text, names });
    }
    Ok(all)
}

/// Headings that are periods; others are refused.
pub(super) fn period_headings<'s>(grid: &Grid<'s>) -> Read<Vec<(Period, Cell<'s>)>> {
    let period = |heading: Cell<'s>| {
        let text = plain(heading.text);
        let head = words::without_unit(&text).unwrap_or(&text);
        words::period_of(head).map(|period| (period, heading)).ok_or_else(|| grid.unknown(heading))
    };
    grid.others().map(period).collect()
}

/// The filled cells of a row under headings of periods.
pub(super) fn by_period<'s>(row: &Row<'_, 's>, headings: &[(Period, Cell<'s>)]) -> Vec<(Period, Cell<'s>)> {
    headings.iter().filter_map(|(period, heading)| Some((*period, row.under(*heading)?))).collect()
}

/// The sheet 基本电费.
pub(super) fn basic(book: &Book<'_>, toml: &mut TomlText) -> Read<()> {
    use words::{
        ALLOWANCE, DISCOUNT_FACTOR, DISCOUNT_FROM, DISCOUNT_KWH, DISCOUNT_TO, EXCESS_FACTOR, EXCESS_READING,
        FLOOR, IN_BASE,
    };
    const ITEMS: &[Word] = &[
        FLOOR,
        ALLOWANCE,
        EXCESS_READING,
        EXCESS_FACTOR,
        IN_BASE,
        DISCOUNT_KWH,
        DISCOUNT_FACTOR,
        DISCOUNT_FROM,
        DISCOUNT_TO,
    ];
    let Some(grid) = optional(book, &words::BASIC, &[words::ITEM, words::VALUE])? else { return Ok(()) };
    let pairs = grid.pairs(ITEMS)?;
    let Some(first) = pairs.values().next() else { return Ok(()) };
    toml.at(first.at).raw("\n[basic]\n");
    for item in [FLOOR, ALLOWANCE, EXCESS_FACTOR] {
        toml.line(item.key, figure::<Rate>(book, grid.needed(&pairs, &item)?)?);
    }
    let reading = grid.needed(&pairs, &EXCESS_READING)?;
    let word = book.choose(reading, &words::READINGS)?;
    toml.line(EXCESS_READING.key, Cell { text: word.key, ..reading });
    yes_no(book, toml, IN_BASE.key, pairs.get(IN_BASE.key).copied())?;
    let discount = [DISCOUNT_KWH, DISCOUNT_FACTOR, DISCOUNT_FROM, DISCOUNT_TO];
    if discount.iter().any(|item| pairs.contains_key(item.key)) {
        let kwh = figure::<Quantity>(book, grid.needed(&pairs, &DISCOUNT_KWH)?)?;
        toml.at(kwh.at).raw("\n[basic.load_discount]\n").line(DISCOUNT_KWH.key, kwh);
        let factor = grid.needed(&pairs, &DISCOUNT_FACTOR)?;
        toml.line("factor", figure::<Rate>(book, factor)?);
        toml.line("from", grid.needed(&pairs, &DISCOUNT_FROM)?);
        if let Some(to) = pairs.get(DISCOUNT_TO.key) {
            toml.line("to", *to);
        }
    }
    Ok(())
}
