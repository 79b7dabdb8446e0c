//! One field: its label, its input, what to know about it, what is wrong with it.

use kernel::{Bilingual as _, Lang, Text};
use maud::{Markup, html};

use super::{icon, label};
use crate::catalogue::{Field, Takes};
use crate::words;

/// Where a field stands and what is in it.
pub(super) struct Drawn<'d> {
    /// The field.
    pub(super) field: &'d Field,
    /// The act or list it belongs to: its own words come first.
    pub(super) owner: &'d str,
    /// Before the name, so that a filter and a form on one page differ.
    pub(super) prefix: &'d str,
    /// What was entered.
    pub(super) value: &'d str,
    /// Why it cannot be taken.
    pub(super) wrong: Option<&'d Text>,
    /// What it can be, where that is looked up.
    pub(super) options: Option<&'d [(String, String)]>,
    /// A filter: empty means all.
    pub(super) filter: bool,
}

/// Choices a person picks from; above this they type, with the choices offered.
const PICK_MAX: usize = 200;

/// The field with everything that belongs to it.
pub(super) fn draw(lang: Lang, drawn: &Drawn<'_>) -> Markup {
    let field = drawn.field;
    let id = format!("{}-{}", drawn.prefix, field.name);
    let hint_key = format!("hint.{}", field.name);
    let hint = hint(lang, drawn, &hint_key);
    let described = match (hint.is_some(), drawn.wrong.is_some()) {
        (true, true) => Some(format!("{id}-hint {id}-wrong")),
        (true, false) => Some(format!("{id}-hint")),
        (false, true) => Some(format!("{id}-wrong")),
        (false, false) => None,
    };
    let title = label(lang, drawn.owner, field.name);
    let optional = !field.required && !drawn.filter && !matches!(field.takes, Takes::Flag);
    html! {
        div class={ "field " (width(drawn)) } {
            @if matches!(field.takes, Takes::Flag) {
                div.tick {
                    input type="checkbox" id=(id) name=(field.name) value="true" checked[matches!(drawn.value, "true" | "on" | "1")]
                        aria-describedby=[described] aria-invalid=[drawn.wrong.map(|_| "true")];
                    label for=(id) { (title) }
                }
            } @else {
                label for=(id) { (title)
                    @if optional { span.optional { (words::say(lang, "frame.optional")) } }
                }
                (input(lang, drawn, &id, described.as_deref()))
            }
            @if let Some(hint) = hint { p.hint id={ (id) "-hint" } { (hint) } }
            @if let Some(wrong) = drawn.wrong { p.wrong id={ (id) "-wrong" } { (icon("bad")) span { (wrong.text(lang)) } } }
        }
    }
}

/// What to know before filling it: the words for it, else the bounds of a number or a file.
fn hint(lang: Lang, drawn: &Drawn<'_>, key: &str) -> Option<String> {
    if drawn.filter {
        return None;
    }
    if words::has(key) {
        return Some(words::say(lang, key));
    }
    match drawn.field.takes {
        Takes::Count(least, most) if most < 1_000_000 => Some(words::fill(
            lang,
            "frame.from_to",
            &[("from", &least.to_string()), ("to", &most.to_string())],
        )),
        Takes::File(most, kinds) => {
            let size =
                if most >= 1 << 20 { format!("{} MB", most >> 20) } else { format!("{} KB", most >> 10) };
            Some(words::fill(lang, "frame.file_at_most", &[("kinds", kinds), ("size", &size)]))
        }
        _ => None,
    }
}

fn width(drawn: &Drawn<'_>) -> &'static str {
    match drawn.field.takes {
        Takes::Date | Takes::Month | Takes::Count(..) | Takes::Id | Takes::Money | Takes::Quantity => "half",
        Takes::Choice(_) | Takes::Secret => "half",
        Takes::Option(_) => "half wide",
        Takes::Text(most) if most <= 40 => "half",
        Takes::Text(_) | Takes::LongText(_) | Takes::File(..) => "wide",
        Takes::Flag => "",
    }
}

fn input(lang: Lang, drawn: &Drawn<'_>, id: &str, described: Option<&str>) -> Markup {
    let field = drawn.field;
    let (name, value, required) = (field.name, drawn.value, field.required && !drawn.filter);
    let invalid = drawn.wrong.map(|_| "true");
    let line = |kind: &str, class: Option<&str>, mode: Option<&str>, most: Option<usize>, fill: &str| {
        html! {
            input type=(kind) id=(id) name=(name) value=(value) class=[class] inputmode=[mode] maxlength=[most]
                autocomplete=(fill) required[required] aria-describedby=[described] aria-invalid=[invalid];
        }
    };
    match field.takes {
        Takes::Text(most) => line("text", None, None, Some(most), "off"),
        Takes::LongText(most) => html! {
            textarea id=(id) name=(name) rows="4" maxlength=(most) required[required] aria-describedby=[described]
                aria-invalid=[invalid] { "\n" (value) }
        },
        Takes::Money => html! {
            div.within { span.unit aria-hidden="true" { "¥" } (line("text", Some("amount"), Some("decimal"), Some(30), "off")) }
        },
        Takes::Quantity => line("text", Some("number"), Some("decimal"), Some(30), "off"),
        Takes::Count(..) => line("text", Some("number"), Some("numeric"), Some(20), "off"),
        Takes::Id => line("text", None, Some("numeric"), Some(20), "off"),
        Takes::Date => line("date", None, None, None, "off"),
        Takes::Month => line("month", None, None, None, "off"),
        Takes::Secret => {
            let new = name.contains("new") || name.contains("repeat");
            html! {
                input type="password" id=(id) name=(name) autocomplete=(if new { "new-password" } else { "current-password" })
                    required[required] aria-describedby=[described] aria-invalid=[invalid];
            }
        }
        Takes::File(_, kinds) => html! {
            input type="file" id=(id) name=(name) accept=(kinds) required[required] aria-describedby=[described] aria-invalid=[invalid];
        },
        Takes::Choice(codes) => {
            let choices: Vec<(String, String)> = codes
                .iter()
                .map(|code| ((*code).to_owned(), words::say(lang, &format!("choice.{name}.{code}"))))
                .collect();
            pick(lang, drawn, id, described, &choices)
        }
        Takes::Option(_) => {
            let choices = drawn.options.unwrap_or_default();
            if choices.len() <= PICK_MAX {
                return pick(lang, drawn, id, described, choices);
            }
            html! {
                input type="text" id=(id) name=(name) value=(value) list={ (id) "-list" } maxlength="100" autocomplete="off"
                    required[required] aria-describedby=[described] aria-invalid=[invalid];
                datalist id={ (id) "-list" } { @for (code, words) in choices { option value=(code) { (words) } } }
            }
        }
        Takes::Flag => html! {},
    }
}

fn pick(
    lang: Lang,
    drawn: &Drawn<'_>,
    id: &str,
    described: Option<&str>,
    choices: &[(String, String)],
) -> Markup {
    let required = drawn.field.required && !drawn.filter;
    let known = choices.iter().any(|(code, _)| code == drawn.value);
    let empty = if drawn.filter { "frame.all" } else { "frame.choose" };
    html! {
        span.pick {
            select id=(id) name=(drawn.field.name) required[required] aria-describedby=[described]
                aria-invalid=[drawn.wrong.map(|_| "true")] {
                option value="" { (words::say(lang, empty)) }
                @for (code, words) in choices { option value=(code) selected[code == drawn.value] { (words) } }
                // What was asked for and is not among them stays to be seen.
                @if !known && !drawn.value.is_empty() { option value=(drawn.value) selected { (drawn.value) } }
            }
            (icon("down"))
        }
    }
}
