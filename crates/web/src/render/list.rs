//! A list: its filters, its rows, its pages.

use maud::{Markup, html};

use super::{ListState, Screen, cell, offers};
use crate::catalogue::{List, Offer, Rows};
use crate::words;

/// The body of a list's page.
pub fn list(screen: &Screen<'_>, list: &List, state: &ListState<'_>, rows: &Rows) -> Markup {
    let lang = screen.lang;
    let acts: Vec<Offer> = list.acts.iter().map(|act| Offer::new(act, &[])).collect();
    html! {
        h1 { (screen.title) }
        div.actions { (offers(&acts, screen)) }
        form method="get" action=(state.path) { input type="search" name="q" value=(state.search) aria-label=(words::say(lang, "frame.search")); }
        table {
            thead { tr {
                @for column in list.columns {
                    th.figure[column.kind.is_figure()] scope="col" { (words::say(lang, &format!("column.{}", column.name))) }
                }
                th { (words::say(lang, "frame.actions")) }
            } }
            tbody { @for row in &rows.rows { tr {
                @for (value, column) in row.cells.iter().zip(list.columns) {
                    td.figure[column.kind.is_figure()] { (cell(value, column.kind, lang)) }
                }
                td { (offers(&row.offers, screen)) }
            } } }
        }
    }
}
