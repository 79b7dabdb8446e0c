//! A view of one thing, block by block.

use kernel::Bilingual as _;
use maud::{Markup, html};

use super::{Screen, cell, offers, tone};
use crate::catalogue::{Block, Sheet};
use crate::words;

/// The body of a view's page.
pub fn sheet(screen: &Screen<'_>, sheet: &Sheet) -> Markup {
    html! {
        h1 { (sheet.title) }
        div.actions { (offers(&sheet.offers, screen)) }
        @for part in &sheet.blocks { (block(screen, part)) }
    }
}

/// One block.
fn block(screen: &Screen<'_>, block: &Block) -> Markup {
    let lang = screen.lang;
    match block {
        Block::Facts { name, facts } => html! {
            section { h2 { (words::say(lang, &format!("block.{name}"))) }
                dl { @for (label, kind, value) in facts {
                    dt { (words::say(lang, &format!("column.{label}"))) } dd { (cell(value, *kind, lang)) }
                } }
            }
        },
        Block::Table { name, columns, rows } => html! {
            section { h2 { (words::say(lang, &format!("block.{name}"))) }
                table {
                    thead { tr { @for column in columns { th scope="col" { (words::say(lang, &format!("column.{}", column.name))) } } } }
                    tbody { @for row in rows { tr {
                        @for (value, column) in row.cells.iter().zip(columns) { td { (cell(value, column.kind, lang)) } }
                    } } }
                }
            }
        },
        Block::Note(mood, text) => html! { p class={ "note " (tone(*mood)) } { (text.text(lang)) } },
        _ => html! {},
    }
}
