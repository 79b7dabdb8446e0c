//! The parts that the pages of getting in have in common.

use kernel::{Bilingual as _, Lang};
use maud::{Markup, html};

use crate::catalogue::{Caller, Refusal};
use crate::words;

/// One field with its label; `kind` is that of the input, `fill` what the browser may fill in.
pub fn field(lang: Lang, name: &str, kind: &str, fill: &str, value: &str) -> Markup {
    let id = format!("field-{name}");
    let hint = format!("hint.{name}");
    html! {
        div.field {
            label for=(id) { (words::say(lang, &format!("field.{name}"))) }
            input id=(id) name=(name) type=(kind) autocomplete=(fill) value=[(!value.is_empty()).then_some(value)]
                maxlength="200" required
                aria-describedby=[words::has(&hint).then(|| format!("{id}-hint"))];
            @if words::has(&hint) { p.hint id={ (id) "-hint" } { (words::say(lang, &hint)) } }
        }
    }
}

/// What was refused, or said.
pub fn said(text: &str, good: bool) -> Markup {
    html! {
        div class=(if good { "say good" } else { "say bad" }) role=(if good { "status" } else { "alert" }) { p { (text) } }
    }
}

/// What was refused, with each field.
pub fn refusal(lang: Lang, refusal: Option<&Refusal>) -> Markup {
    html! {
        @if let Some(refusal) = refusal {
            div.say.bad role="alert" {
                div {
                    p { (refusal.said.text(lang)) }
                    @if !refusal.fields.is_empty() {
                        ul { @for (name, why) in &refusal.fields {
                            li { (words::say(lang, &format!("field.{name}"))) ": " (why.text(lang)) }
                        } }
                    }
                }
            }
        }
    }
}

/// What every form of a person who is in carries.
pub fn own(caller: &Caller) -> Markup {
    html! { input type="hidden" name="csrf" value=(caller.csrf); }
}
