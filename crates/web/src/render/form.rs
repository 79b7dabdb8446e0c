//! The form of an act.

use kernel::Bilingual as _;
use maud::{Markup, html};

use super::{FormState, Screen};
use crate::words;

/// The body of a form's page, or of a dialog.
pub fn form(screen: &Screen<'_>, state: &FormState<'_>) -> Markup {
    let lang = screen.lang;
    html! {
        h1 { (words::say(lang, &format!("act.{}", state.act.name))) }
        @if let Some(refusal) = state.refusal { p.alarm role="alert" { (refusal.said.text(lang)) } }
        form method="post" action={ "/acts/" (state.act.name) } {
            @for (name, value) in &state.given { input type="hidden" name=(name) value=(value); }
            input type="hidden" name="csrf" value=(screen.caller.map_or("", |caller| caller.csrf.as_str()));
            input type="hidden" name="request_key" value=(state.request_key);
            input type="hidden" name="back" value=(state.back);
            @for field in state.act.fields.iter().filter(|field| !state.given.contains_key(field.name)) {
                label { (words::say(lang, &format!("field.{}", field.name)))
                    input name=(field.name) value=[state.raw.texts.get(field.name)] required[field.required]; }
            }
            button type="submit" { (words::say(lang, "frame.submit")) }
        }
    }
}
