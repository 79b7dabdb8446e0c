//! A list: its filters, its rows, its pages. Filtering, sorting and paging replace the rows only; without the script the
//! whole page comes again.

use kernel::{Bilingual as _, Lang};
use maud::{Markup, html};

use super::field::{Drawn, draw};
use super::table::{Head, drawn};
use super::{ListState, Screen, column_title, head, icon, nothing, offers, say};
use crate::catalogue::cursor::Start;
use crate::catalogue::{Column, Field, List, Offer, Rows, Tone};
use crate::frame::url::encode;
use crate::words;

/// Rows on a page when nothing else is asked, and what can be asked.
const LIMITS: &[usize] = &[50, 100, 200];

/// The body of a list's page.
pub fn list(screen: &Screen<'_>, list: &List, state: &ListState<'_>, rows: &Rows) -> Markup {
    let acts: Vec<Offer> = list.acts.iter().map(|act| Offer::new(act, &[])).collect();
    let place = place(list, state, screen.lang);
    html! {
        (head(&screen.title, &place, &offers(&acts, screen)))
        (filters(screen, list, state))
        div.rows #rows {
            @if let Some(refusal) = state.refusal {
                (say(Tone::Bad, &html! {
                    p { (refusal.said.text(screen.lang)) }
                    @if !refusal.fields.is_empty() {
                        ul { @for (name, why) in &refusal.fields { li {
                            (super::label(screen.lang, list.name, name)) (words::say(screen.lang, "frame.colon")) (why.text(screen.lang))
                        } } }
                    }
                }))
            }
            @if let Some((name, down)) = state.sort {
                input type="hidden" name="sort" form="filters" value=(sort_text(name, down));
            }
            @if let Some(note) = &rows.note { (say(Tone::Plain, &html! { (note.text(screen.lang)) })) }
            div.card {
                (top(screen, list, state, rows))
                @if rows.rows.is_empty() {
                    (nothing(&words::say(screen.lang, "frame.no_rows")))
                } @else {
                    (drawn(screen, &screen.title, list.columns, &rows.rows, &heads(screen.lang, list, state), &rows.sums, "table-box tall"))
                }
                (end(screen, list, state, rows))
            }
        }
    }
}

/// Names in the list's own path: of which thing these are the rows.
fn place(list: &List, state: &ListState<'_>, lang: Lang) -> Markup {
    let named: Vec<(&Field, &String)> = list
        .filters
        .iter()
        .filter(|field| in_path(list, field.name))
        .filter_map(|field| state.raw.texts.get(field.name).map(|value| (field, value)))
        .collect();
    html! {
        @if !named.is_empty() {
            p.hint { @for (at, (field, value)) in named.iter().enumerate() {
                @if at > 0 { " · " }
                span.quiet { (super::label(lang, list.name, field.name)) " " } (value)
            } }
        }
    }
}

fn in_path(list: &List, name: &str) -> bool {
    list.path.contains(&format!("{{{name}}}"))
}

fn sort_text(name: &str, down: bool) -> String {
    format!("{}{name}", if down { "-" } else { "" })
}

/// The address of this list with everything that was asked, other than `but`, and with `also`.
fn address(list: &List, state: &ListState<'_>, but: &[&str], also: &[(&str, String)]) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    for field in list.filters.iter().filter(|field| !in_path(list, field.name)) {
        if let Some(value) = state.raw.texts.get(field.name).filter(|value| !value.is_empty()) {
            pairs.push((field.name, value.clone()));
        }
    }
    if !state.search.is_empty() {
        pairs.push(("q", state.search.to_owned()));
    }
    if let Some((name, down)) = state.sort {
        pairs.push(("sort", sort_text(name, down)));
    }
    if LIMITS.first() != Some(&state.limit) {
        pairs.push(("limit", state.limit.to_string()));
    }
    pairs.retain(|(name, _)| !but.contains(name) && !also.iter().any(|(other, _)| other == name));
    pairs.extend(also.iter().cloned());
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if query.is_empty() { state.path.to_owned() } else { format!("{}?{}", state.path, query.join("&")) }
}

/// A link that replaces the rows.
fn turn(path: &str, class: &str, rel: Option<&str>, name: &str, body: &Markup) -> Markup {
    html! {
        a class=[Some(class).filter(|class| !class.is_empty())] href=(path) rel=[rel]
            aria-label=[Some(name).filter(|name| !name.is_empty())]
            hx-get=(path) hx-target="#rows" hx-select="#rows" hx-swap="outerHTML" hx-push-url="true" { (body) }
    }
}

fn filters(screen: &Screen<'_>, list: &List, state: &ListState<'_>) -> Markup {
    let lang = screen.lang;
    let shown: Vec<&Field> = list.filters.iter().filter(|field| !in_path(list, field.name)).collect();
    let narrowed = !state.search.is_empty()
        || shown.iter().any(|field| state.raw.texts.get(field.name).is_some_and(|value| !value.is_empty()));
    html! {
        form.filters #filters method="get" action=(state.path) role="search" aria-label=(words::say(lang, "frame.filter"))
            hx-get=(state.path) hx-target="#rows" hx-select="#rows" hx-swap="outerHTML" hx-push-url="true"
            hx-trigger="submit, change, input changed delay:350ms from:#list-search" hx-sync="this:replace" {
            div.field.wide {
                label for="list-search" { (words::say(lang, "frame.search")) }
                div.search { (icon("search"))
                    input #list-search type="search" name="q" value=(state.search) maxlength="100" autocomplete="off" aria-keyshortcuts="/";
                }
            }
            @for field in shown {
                (draw(lang, &Drawn {
                    field,
                    owner: list.name,
                    prefix: "filter",
                    value: state.raw.texts.get(field.name).map_or("", String::as_str),
                    wrong: None,
                    options: state.options.get(field.name).map(Vec::as_slice),
                    filter: true,
                }))
            }
            @if LIMITS.first() != Some(&state.limit) { input type="hidden" name="limit" value=(state.limit); }
            div.ends {
                button type="submit" { (words::say(lang, "frame.filter")) }
                @if narrowed { a.button.bare href=(state.path) { (words::say(lang, "frame.clear")) } }
            }
        }
    }
}

/// How many there are, and where they can be taken.
fn top(screen: &Screen<'_>, list: &List, state: &ListState<'_>, rows: &Rows) -> Markup {
    let lang = screen.lang;
    html! {
        div.card-top {
            span data-live { (range(lang, state, rows)) }
            div.tools {
                a.button.small.bare href=(address(list, state, &[], &[("format", "xlsx".into())])) download { (icon("sheet")) (words::say(lang, "frame.excel")) }
                a.button.small.bare href=(address(list, state, &[], &[("format", "pdf".into())])) download { (icon("file")) (words::say(lang, "frame.pdf")) }
                button.small.bare.only-wide type="button" data-print { (icon("print")) (words::say(lang, "frame.print")) }
            }
        }
    }
}

fn range(lang: Lang, state: &ListState<'_>, rows: &Rows) -> String {
    let count = |number: usize| documents::page::grouped(&number.to_string());
    if rows.rows.is_empty() {
        return words::fill(lang, "frame.rows_none", &[("total", &count(rows.total))]);
    }
    let (before, shown) = (state.turns.before, rows.rows.len());
    let words = if rows.more { "frame.rows_more" } else { "frame.rows" };
    words::fill(
        lang,
        words,
        &[("total", &count(rows.total)), ("from", &count(before + 1)), ("to", &count(before + shown))],
    )
}

fn heads(lang: Lang, list: &List, state: &ListState<'_>) -> Vec<Head> {
    list.columns.iter().map(|column| sort_head(lang, list, state, column)).collect()
}

/// A head to sort by: first up, then down, then as it was.
fn sort_head(lang: Lang, list: &List, state: &ListState<'_>, column: &Column) -> Head {
    let title = column_title(lang, column.name);
    if !column.sorts {
        return Head { body: html! { (title) }, sort: None };
    }
    let now = state.sort.filter(|(name, _)| *name == column.name).map(|(_, down)| down);
    let next = match now {
        None => address(list, state, &["sort"], &[("sort", sort_text(column.name, false))]),
        Some(false) => address(list, state, &["sort"], &[("sort", sort_text(column.name, true))]),
        Some(true) => address(list, state, &["sort"], &[]),
    };
    let (sign, sort) = match now {
        None => ("both", None),
        Some(false) => ("up", Some("ascending")),
        Some(true) => ("down", Some("descending")),
    };
    Head { body: turn(&next, "", None, "", &html! { (title) (icon(sign)) }), sort }
}

fn end(screen: &Screen<'_>, list: &List, state: &ListState<'_>, rows: &Rows) -> Markup {
    let lang = screen.lang;
    let limit = state.limit.max(1);
    let turns = &state.turns;
    let page = turns.before / limit + 1;
    let pages = rows.total.div_ceil(limit).max(page);
    let place = if rows.more {
        words::fill(lang, "frame.page", &[("page", &page.to_string())])
    } else {
        words::fill(lang, "frame.page_of", &[("page", &page.to_string()), ("pages", &pages.to_string())])
    };
    let at = |to: &Start| {
        let also = if *to == Start::default() { Vec::new() } else { vec![to.written(list, state.raw)] };
        address(list, state, &[], &also)
    };
    let step = |to: Option<&Start>, rel: Option<&str>, key: &str, sign: &str| {
        let name = words::say(lang, key);
        html! {
            @if let Some(to) = to { (turn(&at(to), "button small bare square", rel, &name, &icon(sign))) }
            @else { span.button.small.bare.square aria-disabled="true" { (icon(sign)) } }
        }
    };
    if rows.total <= LIMITS.first().copied().unwrap_or(50) && turns.previous.is_none() {
        return html! {};
    }
    let first = turns.previous.as_ref().map(|_| Start::default());
    html! {
        nav.card-end aria-label=(words::say(lang, "frame.pages")) {
            span { (words::say(lang, "frame.rows_a_page")) }
            span {
                @for wanted in LIMITS {
                    @if *wanted == state.limit { span.button.small.bare aria-current="true" { strong { (wanted) } } }
                    @else { (turn(&address(list, state, &["limit"], &[("limit", wanted.to_string())]), "button small bare", None, "", &html! { (wanted) })) }
                }
            }
            div.pages {
                (step(first.as_ref(), None, "frame.first", "first"))
                (step(turns.previous.as_ref(), Some("prev"), "frame.previous", "left"))
                span aria-current="page" { (place) }
                (step(turns.next.as_ref(), Some("next"), "frame.next", "right"))
                (step(turns.last.as_ref(), None, "frame.last", "last"))
            }
        }
    }
}
