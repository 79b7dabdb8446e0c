//! Small parts that every page is put together from.

use kernel::Lang;
use maud::{Markup, html};

use super::{cell, icon, tone};
use crate::catalogue::{Cell, Kind, Tone, Value};

/// The head of a page: its title, what belongs under it, what can be done.
pub(crate) fn head(title: &str, under: &Markup, actions: &Markup) -> Markup {
    html! {
        header.head {
            div.head-words { h1 { (title) } (under) }
            @if !actions.0.is_empty() { div.actions { (actions) } }
        }
    }
}

/// A strip that says something; its sign differs with its tone.
pub(crate) fn say(mood: Tone, body: &Markup) -> Markup {
    let sign = match mood {
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
        Tone::Plain | Tone::Quiet => "note",
    };
    let role = if matches!(mood, Tone::Bad) { Some("alert") } else { None };
    html! { div class={ "say " (tone(mood)) } role=[role] { (icon(sign)) div { (body) } } }
}

/// A word in a frame, as under a title.
pub(crate) fn badge(value: &Cell, lang: Lang) -> Markup {
    let written = value.value.written(Kind::Word, lang);
    // A figure or a month is no state and carries no sign.
    let state =
        matches!(value.value, Value::Word(_) | Value::Said(_) | Value::Flag(_)) || value.tone != Tone::Plain;
    let body = html! { span class={ "badge framed " (if state { tone(value.tone) } else { "fact" }) } { (written) } };
    match &value.link {
        Some(path) => html! { a href=(path) { (body) } },
        None => body,
    }
}

/// What stands where there is nothing to show.
pub(crate) fn nothing(words: &str) -> Markup {
    html! { div.nothing { (super::icon::sized("empty", "32")) strong { (words) } } }
}

/// One figure of the home page: what, how much, a word below it, and where it leads to.
pub(crate) fn tile(label: &str, value: &Cell, kind: Kind, below: &str, lang: Lang) -> Markup {
    let body = html! {
        span.label { (label) }
        span.big { (cell(&Cell { link: None, tone: Tone::Plain, value: value.value.clone() }, kind, lang)) }
        @if !below.is_empty() { span.small { (below) } }
    };
    match &value.link {
        Some(path) => html! { a class={ "tile " (tone(value.tone)) } href=(path) { (body) } },
        None => html! { div class={ "tile " (tone(value.tone)) } { (body) } },
    }
}
