//! A view of one thing, block by block.

use kernel::{Bilingual as _, Lang};
use maud::{Markup, html};

use super::{Screen, badge, cell, chart, column_title, head, icon, nothing, offers, say, table};
use crate::catalogue::{Block, Cell, Kind, Sheet};
use crate::words;

/// Titled blocks from which on a line of links leads to each.
const JUMPS_FROM: usize = 4;

/// The body of a view's page.
pub fn sheet(screen: &Screen<'_>, sheet: &Sheet) -> Markup {
    let lang = screen.lang;
    let under = html! {
        @if !sheet.badges.is_empty() {
            div.badges { @for value in &sheet.badges { (badge(value, lang)) } }
        }
    };
    let paper = format!("{}?format=pdf", screen.path);
    let actions = html! {
        (offers(&sheet.offers, screen))
        a.button.bare.square href=(paper) download title=(words::say(lang, "frame.pdf")) aria-label=(words::say(lang, "frame.pdf")) { (icon("file")) }
        button.bare.square.only-wide type="button" data-print title=(words::say(lang, "frame.print")) aria-label=(words::say(lang, "frame.print")) { (icon("print")) }
    };
    // Grids have titles of their own and are many: they are not listed.
    let listed = |block: &&Block| !matches!(block, Block::Grid(_));
    let named: Vec<&'static str> = sheet.blocks.iter().filter(listed).filter_map(name).collect();
    html! {
        (head(&sheet.title, &under, &actions))
        @if named.len() >= JUMPS_FROM {
            nav.jumps aria-label=(words::say(lang, "frame.on_this_page")) {
                @for name in &named { a href={ "#block-" (name) } { (title(lang, name)) } }
            }
        }
        div.sheet { @for part in &sheet.blocks { (block(screen, part)) } }
    }
}

/// The name of a block that has a title.
fn name(block: &Block) -> Option<&'static str> {
    match block {
        Block::Facts { name, .. }
        | Block::Table { name, .. }
        | Block::Steps { name, .. }
        | Block::Timeline { name, .. }
        | Block::Files { name, .. }
        | Block::Raw { name, .. }
        | Block::Progress { name, .. } => Some(name),
        Block::Chart(chart) => Some(chart.name),
        Block::Grid(grid) => Some(grid.name),
        Block::Note(..) => None,
    }
}

fn title(lang: Lang, name: &str) -> String {
    words::say(lang, &format!("block.{name}"))
}

/// One block.
pub(crate) fn block(screen: &Screen<'_>, block: &Block) -> Markup {
    let lang = screen.lang;
    let Some(name) = name(block) else {
        let Block::Note(mood, text) = block else { return html! {} };
        return say(*mood, &html! { (text.text(lang)) });
    };
    let title = match block {
        Block::Grid(grid) => grid.title.text(lang),
        _ => title(lang, name),
    };
    html! {
        section.block id={ "block-" (name) } aria-labelledby={ "title-" (name) } {
            h2 id={ "title-" (name) } { (title) }
            div.card { (body(screen, block, name, &title)) }
        }
    }
}

fn body(screen: &Screen<'_>, block: &Block, name: &str, title: &str) -> Markup {
    let lang = screen.lang;
    let none = || nothing(&words::say(lang, "frame.nothing_here"));
    match block {
        Block::Facts { facts, .. } => facts_grid(lang, facts),
        Block::Table { rows, .. } if rows.is_empty() => none(),
        Block::Table { columns, rows, .. } => table(screen, title, columns, rows),
        Block::Grid(grid) if grid.rows.is_empty() => none(),
        Block::Grid(grid) => super::table::grid(screen, title, grid),
        Block::Chart(drawn) => chart(screen, drawn),
        Block::Steps { steps, .. } => html! {
            div.table-box tabindex="0" role="region" aria-label=(title) {
                table.steps { tbody {
                    @for (at, (what, how, result)) in steps.iter().enumerate() {
                        tr {
                            td.number { (at + 1) }
                            td.what { (what) }
                            td.how { (how) }
                            td.figure.result { span.negative[result.starts_with('-')] { (result) } }
                        }
                    }
                } }
            }
        },
        Block::Timeline { events, .. } if events.is_empty() => none(),
        Block::Timeline { events, .. } => html! {
            ol.timeline { @for (when, who, what, words) in events {
                li {
                    time datetime=(when.to_string().replacen(' ', "T", 1)) { (when) }
                    div {
                        span.what { (what.text(lang)) } span.who { (who) }
                        @if !words.is_empty() { p.words { (words) } }
                    }
                }
            } }
        },
        Block::Files { files, .. } if files.is_empty() => none(),
        Block::Files { files, .. } => html! {
            ul.files { @for (title, path) in files {
                li { a href=(path) download { (icon("file")) (title.text(lang)) } }
            } }
        },
        Block::Raw { text, .. } => html! {
            div.raw {
                button.small.copy type="button" data-copy={ "#raw-" (name) } data-done=(words::say(lang, "frame.copied")) { (icon("copy")) (words::say(lang, "frame.copy")) }
                pre id={ "raw-" (name) } tabindex="0" { (text) }
            }
        },
        // The whole of the page is asked for again: what came of it stands there as soon as it is over.
        Block::Progress { done, total, .. } => html! {
            div role="status" hx-get=(screen.path) hx-trigger="every 2s" hx-select="#main" hx-target="#main" hx-swap="outerHTML" {
                @if *total > 0 {
                    progress.progress value=(done) max=(total) aria-label=(title) {}
                    p { (done) " / " (total) }
                } @else {
                    progress.progress aria-label=(title) {}
                    p { (done) }
                }
            }
        },
        Block::Note(..) => html! {},
    }
}

/// Names and values side by side; amounts stand out, long words take the room of two.
pub(super) fn facts_grid(lang: Lang, facts: &[(&'static str, Kind, Cell)]) -> Markup {
    html! {
        dl.facts { @for (label, kind, value) in facts {
            @let written = value.value.written(*kind, lang);
            div.amount[*kind == Kind::Money].long[written.chars().count() > 32] {
                dt { (column_title(lang, label)) }
                dd { @if written.is_empty() { span.nil { "–" } } @else { (cell(value, *kind, lang)) } }
            }
        } }
    }
}
