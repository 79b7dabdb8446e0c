//! Rows under columns, everywhere the same: figures at the right, the first column and the head stay in sight.

use kernel::{Bilingual as _, Lang};
use maud::{Markup, html};

use super::offer::row_offers;
use super::{Screen, cell, column_title};
use crate::catalogue::{Cell, Column, Grid, Kind, Row, Value};
use crate::words;

/// The width, in Latin signs, up to which a text stays on one line.
const SHORT_MAX: usize = 30;

/// What a head shows instead of the bare title, such as a link that sorts.
pub(super) struct Head {
    /// What stands in it.
    pub(super) body: Markup,
    /// The value of `aria-sort`.
    pub(super) sort: Option<&'static str>,
}

/// A table in its own box. `title` is what it is called by who cannot see it.
pub(crate) fn table(screen: &Screen<'_>, title: &str, columns: &[Column], rows: &[Row]) -> Markup {
    let heads = columns
        .iter()
        .map(|column| {
            let name = column_title(screen.lang, column.name);
            Head { body: html! { (name) }, sort: None }
        })
        .collect::<Vec<_>>();
    drawn(screen, title, columns, rows, &heads, &[], "table-box")
}

/// The names of columns that have none of their own.
const PLACES: [&str; 40] = [
    "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15", "c16",
    "c17", "c18", "c19", "c20", "c21", "c22", "c23", "c24", "c25", "c26", "c27", "c28", "c29", "c30", "c31",
    "c32", "c33", "c34", "c35", "c36", "c37", "c38", "c39", "c40",
];

/// A table whose columns bring their titles.
pub(super) fn grid(screen: &Screen<'_>, title: &str, grid: &Grid) -> Markup {
    let places = || grid.columns.iter().zip(PLACES);
    let columns: Vec<Column> = places().map(|((_, kind, _), name)| Column::new(name, *kind)).collect();
    let sums: Vec<(&'static str, Value)> = places().map(|((_, _, sum), name)| (name, sum.clone())).collect();
    let head = |(title, _, _): &(kernel::Text, Kind, Value)| {
        let name = title.text(screen.lang);
        Head { body: html! { (name) }, sort: None }
    };
    let heads: Vec<Head> = grid.columns.iter().map(head).collect();
    drawn(screen, title, &columns, &grid.rows, &heads, &sums, "table-box")
}

/// The same with heads of their own and a line of sums.
pub(super) fn drawn(
    screen: &Screen<'_>,
    title: &str,
    columns: &[Column],
    rows: &[Row],
    heads: &[Head],
    sums: &[(&'static str, Value)],
    class: &str,
) -> Markup {
    let lang = screen.lang;
    // The title makes the ids of two tables on one page differ.
    let name: String = title.split_whitespace().collect();
    let acts: Vec<Markup> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| row_offers(&row.offers, screen, &format!("{name}-{at}")))
        .collect();
    let has_acts = acts.iter().any(|acts| !acts.0.is_empty());
    // A column is pinned only where there are enough of them to scroll.
    let pinned = columns.len() > 4;
    html! {
        div class=(class) tabindex="0" role="region" aria-label=(title) {
            table.data.pinned[pinned] {
                thead { tr {
                    @for (column, head) in columns.iter().zip(heads) {
                        th.figure[column.kind.is_figure()] scope="col" aria-sort=[head.sort] { (head.body) }
                    }
                    @if has_acts { th.acts scope="col" { span.unseen { (words::say(lang, "frame.actions")) } } }
                } }
                tbody {
                    @for (row, acts) in rows.iter().zip(&acts) {
                        tr {
                            @for (value, column) in row.cells.iter().zip(columns) {
                                td class=[cell_class(value, column.kind, lang)] { (cell(value, column.kind, lang)) }
                            }
                            @if has_acts { td.acts { (acts) } }
                        }
                    }
                }
                (foot(columns, sums, has_acts, lang))
            }
        }
    }
}

/// Figures stand at the right; short words stay on one line; long ones get room to break in.
fn cell_class(cell: &Cell, kind: Kind, lang: Lang) -> Option<&'static str> {
    if kind.is_figure() {
        return Some("figure");
    }
    // A Chinese sign is as wide as two Latin ones.
    let wide = |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let width = wide(&cell.value.written(kind, lang));
    match width {
        0 => None,
        1..=SHORT_MAX => Some("code"),
        _ => Some("long"),
    }
}

/// The line of sums; the word for it stands in the first column that has none.
fn foot(columns: &[Column], sums: &[(&'static str, Value)], acts: bool, lang: Lang) -> Markup {
    let of = |column: &Column| {
        sums.iter()
            .find(|(name, value)| *name == column.name && *value != Value::Empty)
            .map(|(_, value)| value)
    };
    if !columns.iter().any(|column| of(column).is_some()) {
        return html! {};
    }
    let titled = columns.iter().position(|column| of(column).is_none());
    html! {
        tfoot { tr {
            @for (at, column) in columns.iter().enumerate() {
                @match of(column) {
                    Some(value) => { td.figure { (cell(&value.clone().into(), column.kind, lang)) } }
                    None if titled == Some(at) => { th scope="row" { (words::say(lang, "frame.sum")) } }
                    None => { td {} }
                }
            }
            @if acts { td.acts {} }
        } }
    }
}
