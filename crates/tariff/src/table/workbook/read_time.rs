//! The sheets of seasons: hours, factors, tiers.

use kernel::{Price, Quantity};

use super::grid::{Book, Cell, Grid, Group, Place, Read, Row};
use super::read::{by_period, optional, period_headings, price_cells};
use super::toml_text::TomlText;
use super::values::{clock, factor, figure, month_list, months};
use super::words::{self, Word};
use crate::model::Period;

/// Hours of one season, or of special days.
struct Season<'s> {
    day: &'static str,
    celsius: Option<Cell<'s>>,
    /// `None` for the whole year.
    months: Option<Vec<u8>>,
    at: Place,
    hours: Vec<(Period, Vec<(Cell<'s>, Cell<'s>)>)>,
}

fn sorted(months: Option<&Vec<u8>>) -> Vec<u8> {
    let mut all = months.cloned().unwrap_or_else(|| (1..=12).collect());
    all.sort_unstable();
    all
}

impl Season<'_> {
    fn same(&self, other: &Self) -> bool {
        let celsius = |one: &Self| one.celsius.map(|cell| cell.text.to_owned());
        self.day == other.day
            && celsius(self) == celsius(other)
            && sorted(self.months.as_ref()) == sorted(other.months.as_ref())
    }
}

/// What a row says of its season; what it leaves blank is as in the row above.
fn season_of<'s>(book: &Book<'_>, row: &Row<'_, 's>, above: Option<&Season<'s>>) -> Read<Season<'s>> {
    let day = match (row.filled(&words::DAY), above) {
        (Some(cell), _) => book.choose(cell, &words::DAYS)?.key,
        (None, Some(above)) if above.day != "ordinary" => return Err(row.missing(&words::DAY)),
        (None, _) => "ordinary",
    };
    let above = above.filter(|above| above.day == day);
    let celsius = row.filled(&words::CELSIUS).or(above.and_then(|above| above.celsius));
    let (months, at) = match (row.filled(&words::MONTHS), above) {
        (Some(cell), _) => (months(book, cell)?, cell.at),
        (None, Some(above)) => (above.months.clone(), above.at),
        (None, None) if day == "ordinary" => return Err(row.missing(&words::MONTHS)),
        (None, None) => (None, row.cell(&words::DAY).at),
    };
    Ok(Season { day, celsius, months, at, hours: Vec::new() })
}

fn add_hours<'s>(book: &Book<'_>, row: &Row<'_, 's>, season: &mut Season<'s>) -> Read<()> {
    let cells = [words::PERIOD, words::BEGIN, words::END];
    // A row without hours only says that the season is there, all of it flat.
    if cells.iter().all(|heading| row.filled(heading).is_none()) {
        return Ok(());
    }
    let named = row.need(&words::PERIOD)?;
    let key = book.choose(named, words::periods())?.key;
    let span = (row.need(&words::BEGIN)?, row.need(&words::END)?);
    let Some(period) = Period::ALL.into_iter().find(|period| period.key() == key) else { return Ok(()) };
    match season.hours.iter_mut().find(|(known, _)| *known == period) {
        Some((_, spans)) => spans.push(span),
        None => season.hours.push((period, vec![span])),
    }
    Ok(())
}

fn seasons<'s>(book: &Book<'_>, group: &Group<'_, 's>) -> Read<Vec<Season<'s>>> {
    let mut all: Vec<Season<'s>> = Vec::new();
    let mut current = None;
    for row in &group.rows {
        let above = current.and_then(|place: usize| all.get(place));
        let said = season_of(book, row, above)?;
        let place = match all.iter().position(|season| season.same(&said)) {
            Some(place) => place,
            None => {
                all.push(said);
                all.len() - 1
            }
        };
        if let Some(season) = all.get_mut(place) {
            add_hours(book, row, season)?;
        }
        current = Some(place);
    }
    Ok(all)
}

/// One row of the sheet of factors.
struct FactorRow<'s> {
    code: Cell<'s>,
    months: Option<(Vec<u8>, Cell<'s>)>,
    round: Option<Cell<'s>>,
    factors: Vec<(Period, Cell<'s>)>,
}

fn factor_rows<'s>(book: &Book<'s>) -> Read<Vec<FactorRow<'s>>> {
    const KNOWN: &[Word] = &[words::TIME_OF_USE, words::MONTHS, words::ROUND];
    let Some(grid) = optional(book, &words::FACTORS, KNOWN)? else { return Ok(Vec::new()) };
    let headings = period_headings(&grid)?;
    let mut all: Vec<FactorRow<'s>> = Vec::new();
    for group in grid.groups(&words::TIME_OF_USE)? {
        for row in &group.rows {
            let cell = row.filled(&words::MONTHS);
            let season = cell.map(|cell| months(book, cell)).transpose()?.flatten();
            let season = season.map(|season| sorted(Some(&season))).zip(cell);
            let own = season.as_ref().map(|(months, _)| months);
            let twice = |one: &FactorRow<'s>| {
                one.code.text == group.code.text && one.months.as_ref().map(|(months, _)| months) == own
            };
            if all.iter().any(twice) {
                let at = cell.unwrap_or(row.cell(&words::TIME_OF_USE)).at;
                let zh = format!("“{}”同一季的系数有两行", group.code.text);
                return Err(book.error(
                    at,
                    zh,
                    format!("two rows of factors for one season of {:?}", group.code.text),
                ));
            }
            all.push(FactorRow {
                code: group.code,
                months: season,
                round: row.filled(&words::ROUND),
                factors: by_period(row, &headings),
            });
        }
    }
    Ok(all)
}

fn factor_line(book: &Book<'_>, toml: &mut TomlText, row: &FactorRow<'_>) -> Read<()> {
    if row.factors.is_empty() {
        return Ok(());
    }
    toml.at(row.code.at).raw("factor = { ");
    for (place, (period, cell)) in row.factors.iter().enumerate() {
        if place > 0 {
            toml.raw(", ");
        }
        factor(book, toml, *period, *cell)?;
    }
    toml.raw(" }\n");
    Ok(())
}

fn season_toml<'s>(
    book: &Book<'s>,
    toml: &mut TomlText,
    season: &Season<'s>,
    factors: Option<&FactorRow<'s>>,
) -> Read<()> {
    toml.at(season.at);
    if season.day == "ordinary" {
        toml.raw("\n[[time_of_use.season]]\n");
    } else {
        toml.raw("\n[[time_of_use.day]]\nwhen = ").quoted(season.day).raw("\n");
    }
    match (&season.months, season.day) {
        (Some(months), _) => toml.plain_line("months", &month_list(months), season.at),
        (None, "ordinary") => toml.plain_line("months", &month_list(&sorted(None)), season.at),
        (None, _) => toml,
    };
    if let Some(celsius) = season.celsius {
        let digits = celsius.text.trim_start_matches('-');
        book.whole_number(Cell { text: digits, ..celsius })?;
        toml.plain_line("from_celsius", celsius.text, celsius.at);
    }
    if let Some(factors) = factors {
        factor_line(book, toml, factors)?;
    }
    toml.at(season.at).raw("hours = { ");
    toml.joined(&season.hours, |toml, (period, spans)| {
        toml.raw(period.key()).raw(" = [");
        toml.joined(spans, |toml, (begin, end)| {
            toml.at(begin.at).quoted(&format!("{}-{}", clock(begin.text), clock(end.text)));
        });
        toml.raw("]");
    });
    toml.raw(" }\n");
    Ok(())
}

/// The sheets 时段 and 浮动系数.
pub(super) fn hours<'s>(book: &Book<'s>, toml: &mut TomlText) -> Read<()> {
    use words::{BEGIN, CELSIUS, DAY, END, MONTHS, PERIOD, TIME_OF_USE};
    const KNOWN: &[Word] = &[TIME_OF_USE, DAY, CELSIUS, MONTHS, PERIOD, BEGIN, END];
    let mut factors = factor_rows(book)?;
    let grid = optional(book, &words::HOURS, KNOWN)?;
    let groups = match &grid {
        Some(grid) => {
            grid.no_others()?;
            grid.groups(&TIME_OF_USE)?
        }
        None => Vec::new(),
    };
    for group in groups {
        let all = seasons(book, &group)?;
        let (own, others): (Vec<_>, Vec<_>) =
            factors.into_iter().partition(|row| row.code.text == group.code.text);
        factors = others;
        toml.at(group.code.at).raw("\n[[time_of_use]]\n").line("code", group.code);
        if let Some(round) = own.iter().find_map(|row| row.round) {
            toml.plain_line("round_places", book.whole_number(round)?.text, round.at);
        }
        if let Some(common) = own.iter().find(|row| row.months.is_none()) {
            factor_line(book, toml, common)?;
        }
        let (ordinary, special): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.day == "ordinary");
        let of_season = |row: &FactorRow<'s>, season: &Season<'s>| {
            row.months.as_ref().is_some_and(|(months, _)| *months == sorted(season.months.as_ref()))
        };
        for row in &own {
            let known = ordinary.iter().any(|season| of_season(row, season));
            if let Some((_, cell)) = row.months.as_ref().filter(|_| !known) {
                return Err(book.error(
                    cell.at,
                    "“时段”表中没有这样一季",
                    "the sheet of hours has no season of these months",
                ));
            }
        }
        for season in &ordinary {
            season_toml(book, toml, season, own.iter().find(|row| of_season(row, season)))?;
        }
        for season in &special {
            season_toml(book, toml, season, None)?;
        }
    }
    match factors.first() {
        None => Ok(()),
        Some(row) => Err(book.error(
            row.code.at,
            format!("“时段”表中没有“{}”", row.code.text),
            format!("the sheet of hours has no {:?}", row.code.text),
        )),
    }
}

/// The addition of one tier: one cell, or one for each period.
fn addition<'s>(
    book: &Book<'s>,
    toml: &mut TomlText,
    grid: &Grid<'s>,
    group: &Group<'_, 's>,
    word: &Word,
) -> Read<()> {
    let one = group.common(word)?;
    let mut by_period = Vec::new();
    for heading in grid.others() {
        let text = words::plain(heading.text);
        let head = words::without_unit(&text).unwrap_or(&text);
        match words::by_period(head) {
            Some((head, period)) if word.is(head) => {
                by_period.extend(group.common_under(heading)?.map(|cell| (period, cell)));
            }
            Some((head, _)) if words::ADD_ON_2.is(head) || words::ADD_ON_3.is(head) => {}
            _ => return Err(grid.unknown(heading)),
        }
    }
    if one.is_none() && by_period.is_empty() {
        return Err(group.need(word).err().unwrap_or_default());
    }
    price_cells(book, toml, one, &by_period)
}

/// The limits of a row, when it has any.
fn limits<'s>(book: &Book<'_>, row: &Row<'_, 's>) -> Read<Option<[Cell<'s>; 2]>> {
    let cells = [words::UNTIL_1, words::UNTIL_2];
    if cells.iter().all(|word| row.filled(word).is_none()) {
        return Ok(None);
    }
    let [first, second] = cells;
    let limits = [row.need(&first)?, row.need(&second)?];
    for limit in limits {
        figure::<Quantity>(book, limit)?;
    }
    Ok(Some(limits))
}

fn limits_line(toml: &mut TomlText, limits: &[Cell<'_>; 2]) {
    let [first, _] = limits;
    toml.at(first.at).raw("thresholds = [");
    toml.joined(limits, |toml, cell| {
        toml.at(cell.at).quoted(cell.text);
    });
    toml.raw("]\n");
}

fn tiers_of<'s>(book: &Book<'s>, toml: &mut TomlText, grid: &Grid<'s>, group: &Group<'_, 's>) -> Read<()> {
    toml.at(group.code.at).raw("\n[[tiers]]\n").line("code", group.code);
    let cycle = group.need(&words::CYCLE)?;
    let word = book.choose(cycle, &words::CYCLES)?;
    toml.line("period", Cell { text: word.key, ..cycle });
    toml.raw("add_on = [");
    addition(book, toml, grid, group, &words::ADD_ON_2)?;
    toml.raw(", ");
    addition(book, toml, grid, group, &words::ADD_ON_3)?;
    toml.raw("]\n");
    if let Some(cell) = group.common(&words::PERSONS)? {
        toml.plain_line(words::PERSONS.key, book.whole_number(cell)?.text, cell.at);
    }
    for word in [words::ALLOWANCE_KWH, words::FREE_KWH] {
        if let Some(cell) = group.common(&word)? {
            toml.line(word.key, figure::<Quantity>(book, cell)?);
        }
    }
    if let Some(cell) = group.common(&words::FREE_PRICE)? {
        toml.line(words::FREE_PRICE.key, figure::<Price>(book, cell)?);
    }
    let mut whole: Option<[Cell<'s>; 2]> = None;
    let mut of_seasons = Vec::new();
    for row in &group.rows {
        let cell = row.filled(&words::MONTHS);
        let season = cell.map(|cell| months(book, cell)).transpose()?.flatten();
        match (season.zip(cell), limits(book, row)?) {
            (Some((season, cell)), Some(limits)) => of_seasons.push((season, cell, limits)),
            (Some(_), None) => return Err(row.missing(&words::UNTIL_1)),
            (None, Some([first, second])) => {
                if whole.replace([first, second]).is_some() {
                    return Err(book.error(
                        first.at,
                        "同一阶梯不分季的分界有两行，请填写月份或删去一行",
                        "two rows of limits without months; name the months or remove one",
                    ));
                }
            }
            (None, None) => {}
        }
    }
    if let Some(limits) = &whole {
        limits_line(toml, limits);
    }
    for (season, cell, limits) in &of_seasons {
        toml.at(cell.at).raw("\n[[tiers.season]]\n").plain_line("months", &month_list(season), cell.at);
        limits_line(toml, limits);
    }
    Ok(())
}

/// The sheet 阶梯.
pub(super) fn tiers(book: &Book<'_>, toml: &mut TomlText) -> Read<()> {
    use words::{
        ADD_ON_2, ADD_ON_3, ALLOWANCE_KWH, CYCLE, FREE_KWH, FREE_PRICE, MONTHS, PERSONS, TIERS_CODE, UNTIL_1,
        UNTIL_2,
    };
    const KNOWN: &[Word] = &[
        TIERS_CODE,
        CYCLE,
        MONTHS,
        UNTIL_1,
        UNTIL_2,
        ADD_ON_2,
        ADD_ON_3,
        PERSONS,
        ALLOWANCE_KWH,
        FREE_KWH,
        FREE_PRICE,
    ];
    let Some(grid) = optional(book, &words::TIERS, KNOWN)? else { return Ok(()) };
    for group in grid.groups(&TIERS_CODE)? {
        tiers_of(book, toml, &grid, &group)?;
    }
    Ok(())
}
