//! The form of an act: as a page of its own, and over a page where the script opens it there.

use kernel::{Bilingual as _, Lang, Text};
use maud::{Markup, html};

use super::field::{Drawn, draw};
use super::{FormState, Screen, head, icon, label, passkey_alert, passkey_place, say};
use crate::catalogue::{Field, Takes, Tone, Weight, Why};
use crate::words;

/// What the frame sends along and nobody needs to read.
const UNSEEN: &[&str] = &["version", "csrf", "request_key", "back", "fixed"];

/// The body of a form's page, or of a dialog.
pub fn form(screen: &Screen<'_>, state: &FormState<'_>) -> Markup {
    let lang = screen.lang;
    let act = state.act;
    let title = words::say(lang, &format!("act.{}", act.name));
    let hint_key = format!("act.{}.hint", act.name);
    let hint = if words::has(&hint_key) {
        html! { p.hint { (words::say(lang, &hint_key)) } }
    } else {
        html! {}
    };
    let path = format!("/acts/{}", act.name);
    let asked: Vec<&Field> =
        act.fields.iter().filter(|field| !state.given.contains_key(field.name)).collect();
    let has_file = asked.iter().any(|field| matches!(field.takes, Takes::File(..)));
    let kind = has_file.then_some("multipart/form-data");
    let grave = act.weight == Weight::Grave;
    let ask = grave.then(|| format!("{} — {}", title, words::say(lang, "frame.sure")));
    let fixed: Vec<&str> = state.given.keys().map(String::as_str).collect();
    html! {
        section.act #act {
            (head(&title, &hint, &html! {}))
            (refused(lang, state, &asked))
            form.paper method="post" action=(path) enctype=[kind] data-ask=[ask] data-act=(act.name)
                hx-post=(path) hx-encoding=[kind] hx-target="#act" hx-select="#act" hx-swap="outerHTML" {
                @for (name, value) in &state.given { input type="hidden" name=(name) value=(value); }
                input type="hidden" name="fixed" value=(fixed.join(","));
                input type="hidden" name="csrf" value=(screen.caller.map_or("", |caller| caller.csrf.as_str()));
                input type="hidden" name="request_key" value=(state.request_key);
                input type="hidden" name="back" value=(state.back);
                (given(lang, state))
                @if !asked.is_empty() {
                    div.fields { @for field in &asked { (one(lang, state, field)) } }
                }
                @if act.weight == Weight::Signed || state.refusal.is_some_and(|refusal| refusal.why == Why::SignFirst) {
                    (signature(lang, state))
                }
                @if state.refusal.is_some_and(|refusal| refusal.permission.is_some()) { (authority(lang, state)) }
                @if grave {
                    div.form-part.sure { div.tick {
                        input type="checkbox" id="act-sure" name="sure" value="true" required;
                        label for="act-sure" { (words::say(lang, "frame.sure_box")) }
                    } }
                }
                div.form-end {
                    button.main.grave[grave] type="submit" { (title) }
                    a.button.bare href=(state.back) data-close { (words::say(lang, "frame.cancel")) }
                }
            }
        }
    }
}

/// What is wrong: the sentence, and every field that is not asked for here, since it cannot be marked in its place.
fn refused(lang: Lang, state: &FormState<'_>, asked: &[&Field]) -> Markup {
    let Some(refusal) = state.refusal else { return html! {} };
    let elsewhere: Vec<&(String, Text)> =
        refusal.fields.iter().filter(|(name, _)| !asked.iter().any(|field| field.name == name)).collect();
    say(
        Tone::Bad,
        &html! {
            p { (refusal.said.text(lang)) }
            @if !elsewhere.is_empty() {
                ul { @for (name, why) in elsewhere { li {
                    @let known = words::has(&format!("field.{name}"));
                    @if known { (label(lang, state.act.name, name)) } @else { (name) }
                    (words::say(lang, "frame.colon")) (why.text(lang))
                } } }
            }
        },
    )
}

/// What is settled already and not asked for.
fn given(lang: Lang, state: &FormState<'_>) -> Markup {
    let seen: Vec<(&String, &String)> = state
        .given
        .iter()
        .filter(|(name, value)| !UNSEEN.contains(&name.as_str()) && !value.is_empty())
        .collect();
    html! {
        @if !seen.is_empty() {
            dl.given { @for (name, value) in seen {
                div { dt { (label(lang, state.act.name, name)) } dd { (given_words(lang, state, name, value)) } }
            } }
        }
    }
}

fn given_words(lang: Lang, state: &FormState<'_>, name: &str, value: &str) -> String {
    let takes = state.act.fields.iter().find(|field| field.name == name).map(|field| field.takes);
    match takes {
        Some(Takes::Choice(codes)) if codes.contains(&value) => {
            words::say(lang, &format!("choice.{name}.{value}"))
        }
        Some(Takes::Option(_)) => state
            .options
            .get(name)
            .and_then(|options| options.iter().find(|(code, _)| code == value))
            .map_or_else(|| value.to_owned(), |(_, words)| words.clone()),
        Some(Takes::Flag) => {
            words::say(lang, if matches!(value, "true" | "on" | "1") { "word.yes" } else { "word.no" })
        }
        _ => value.to_owned(),
    }
}

fn one(lang: Lang, state: &FormState<'_>, field: &Field) -> Markup {
    let wrong = state
        .refusal
        .and_then(|refusal| refusal.fields.iter().find(|(name, _)| name == field.name).map(|(_, why)| why));
    draw(
        lang,
        &Drawn {
            field,
            owner: state.act.name,
            prefix: "act",
            value: state.raw.texts.get(field.name).map_or("", String::as_str),
            wrong,
            options: state.options.get(field.name).map(Vec::as_slice),
            filter: false,
        },
    )
}

/// Important acts are signed: by the passkey of whoever has one, else by the password once more.
fn signature(lang: Lang, state: &FormState<'_>) -> Markup {
    let button = html! {
        span.label { (words::say(lang, "frame.passkey")) }
        button type="button" data-passkey-sign { (icon("key")) (words::say(lang, "frame.passkey_sign")) }
        (passkey_alert(lang))
    };
    html! {
        section.form-part data-sign {
            h2 { (words::say(lang, "frame.sign")) }
            p.hint { (words::say(lang, "frame.sign.hint")) }
            input type="hidden" name="sign_passkey" value="";
            div.fields {
                div.field.half {
                    label for="act-sign_password" { (words::say(lang, "frame.password")) }
                    input type="password" id="act-sign_password" name="sign_password" autocomplete="current-password";
                }
                @if state.has_passkey { div.field.half { (passkey_place(lang, state.origin, &button)) } }
            }
        }
    }
}

/// Another person's authority, asked on the spot.
fn authority(lang: Lang, state: &FormState<'_>) -> Markup {
    let login = state.raw.texts.get("authority_login").map_or("", String::as_str);
    html! {
        details.form-part open[!login.is_empty()] {
            summary { (words::say(lang, "frame.authority")) }
            p.hint { (words::say(lang, "frame.authority.hint")) }
            div.fields {
                div.field.half {
                    label for="act-authority_login" { (words::say(lang, "frame.login")) }
                    input type="text" id="act-authority_login" name="authority_login" value=(login) autocomplete="off" maxlength="100";
                }
                div.field.half {
                    label for="act-authority_password" { (words::say(lang, "frame.password")) }
                    input type="password" id="act-authority_password" name="authority_password" autocomplete="off";
                }
            }
            input type="hidden" name="authority_passkey" value="";
            (passkey_place(lang, state.origin, &html! {
                p.hint { (words::say(lang, "frame.authority.passkey_hint")) }
                button type="button" data-passkey-lend { (icon("key")) (words::say(lang, "frame.authority.passkey")) }
                (passkey_alert(lang))
            }))
        }
    }
}
