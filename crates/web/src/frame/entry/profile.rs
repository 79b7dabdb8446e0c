//! One's own account: posts, password, passkeys, sessions, tokens, language, light or dark.

use identity::session::{self, Session, Theme};
use identity::token::{self, MadeToken, NewToken, Token};
use identity::{Catalogue, credential, passkey};
use kernel::{Bilingual as _, Lang, Moment};
use maud::{Markup, html};

use super::absence;
use super::draw::{own, refusal as problem};
use super::{SESSION, change, code, own_session};
use crate::catalogue::{Caller, Refusal};
use crate::frame::answer::Answer;
use crate::frame::asked::Asked;
use crate::frame::{Console, url};
use crate::render;
use crate::words;

/// Seconds for which a wish is remembered by the browser.
const WISH_SECONDS: i64 = 31_536_000;

/// What happened on the page that is drawn again.
pub enum Happened<'h> {
    /// A token was made: its secret is shown.
    Token(&'h MadeToken),
    /// Something was refused.
    Refused(&'h Refusal),
}

/// One's own account.
pub fn page(
    console: &Console,
    asked: &Asked,
    caller: &Caller,
    happened: Option<&Happened<'_>>,
    now: Moment,
) -> Result<Answer, Refusal> {
    let lang = caller.lang;
    let this = own_session(console, asked, now)?;
    let (org_id, person_id) = (this.org_id, this.person_id);
    let (state, keys, sessions, tokens, absences) = console.house.store.read(|tx| -> Result<_, Refusal> {
        Ok((
            credential::account_state(tx, org_id, person_id)?,
            passkey::passkeys(tx, org_id, person_id)?,
            session::sessions(tx, org_id, person_id, now)?,
            token::tokens(tx, org_id, Some(person_id))?,
            absence::read(tx, org_id, person_id, now.date(), lang)?,
        ))
    })?;
    let screen = console.screen(asked, Some(caller), words::say(lang, "page.profile"), now);
    let catalogue = Catalogue::built_in();
    let site = console.site();
    let body = html! {
        div.head { div.head-words { h1 { (screen.title) } p.hint { (caller.actor.name) } } }
        @match happened {
            Some(Happened::Token(made)) => {
                div.say.good role="status" { div {
                    p { (words::say(lang, "entry.token.once")) }
                    p { output.secret { (made.secret) } }
                } }
            }
            Some(Happened::Refused(refusal)) => { (problem(lang, Some(refusal))) }
            None => {}
        }
        section.paper {
            h2 { (words::say(lang, "entry.posts")) }
            ul { @for held in &caller.actor.assignments {
                li {
                    (catalogue.post(&held.post).map_or(held.post.clone(), |post| post.text.text(lang)))
                    @if held.for_person.is_some() { " " span.badge.warn { (words::say(lang, "entry.acting_for")) } }
                }
            } }
        }
        section.paper {
            h2 { (words::say(lang, "page.password")) }
            @if let Some(at) = state.password_set_at { p.hint { (words::say(lang, "entry.password.since")) " " (at) } }
            div.actions { a.button href="/password" { (words::say(lang, "page.password")) } }
        }
        (wishes(lang, caller, &this))
        (passkeys(lang, caller, &keys, state.second_factor, site.as_ref()))
        (absence::draw(lang, caller, &absences, now.date()))
        (session_table(lang, caller, &sessions, this.id))
        (token_table(lang, caller, &tokens, now))
    };
    let answer = Answer::page(render::document(&screen, &body));
    let mut answer = if screen.flash.is_some() { answer.cookie("flash", "", 0, false) } else { answer };
    if let Some(Happened::Refused(refusal)) = happened {
        answer.status = refusal.why.status();
    }
    Ok(answer)
}

fn wishes(lang: Lang, caller: &Caller, this: &Session) -> Markup {
    let chosen = this.lang;
    html! {
        section.paper {
            h2 { (words::say(lang, "entry.wishes")) }
            form method="post" action="/profile/preferences" {
                (own(caller))
                div.fields {
                    div.field.half {
                        label for="field-lang" { (words::say(lang, "field.lang")) }
                        select id="field-lang" name="lang" {
                            option value="" selected[chosen.is_none()] { (words::say(lang, "choice.lang.auto")) }
                            option value="zh" selected[chosen == Some(Lang::Zh)] { "中文" }
                            option value="en" selected[chosen == Some(Lang::En)] { "English" }
                        }
                    }
                    div.field.half {
                        label for="field-theme" { (words::say(lang, "field.theme")) }
                        select id="field-theme" name="theme" {
                            @for (theme, key) in [(Theme::Auto, "auto"), (Theme::Light, "light"), (Theme::Dark, "dark")] {
                                option value=(theme.key()) selected[this.theme == theme] { (words::say(lang, &format!("choice.theme.{key}"))) }
                            }
                        }
                    }
                }
                div.actions { button type="submit" { (words::say(lang, "frame.submit")) } }
            }
        }
    }
}

fn passkeys(
    lang: Lang,
    caller: &Caller,
    keys: &[passkey::Passkey],
    asked_always: bool,
    site: Option<&passkey::Site>,
) -> Markup {
    let controls = html! {
        form id="passkey-add" method="post" action="/profile/passkeys" data-begin="/profile/passkeys/begin" {
            (own(caller))
            div.fields { div.field.half {
                label for="field-passkey-name" { (words::say(lang, "column.passkey_name")) }
                input id="field-passkey-name" name="name" maxlength="60" required;
            } }
            (render::passkey_alert(lang))
            div.actions { button type="submit" { (words::say(lang, "entry.passkeys.add")) } }
        }
    };
    html! {
        section.paper {
            h2 { (words::say(lang, "entry.passkeys")) }
            p.hint { (words::say(lang, "entry.passkeys.hint")) }
            @if !keys.is_empty() { table {
                thead { tr {
                    th scope="col" { (words::say(lang, "column.passkey_name")) }
                    th scope="col" { (words::say(lang, "column.added_at")) }
                    th scope="col" { (words::say(lang, "column.last_used_at")) }
                    th scope="col" { (words::say(lang, "frame.actions")) }
                } }
                tbody { @for key in keys { tr {
                    td { (key.name) }
                    td { (key.added_at) }
                    td { @if let Some(at) = key.last_used_at { (at) } }
                    td { form method="post" action="/profile/passkeys/remove" {
                        (own(caller))
                        input type="hidden" name="id" value=(key.id);
                        button.small.grave type="submit" { (words::say(lang, "entry.remove")) }
                    } }
                } } }
            } }
            (render::passkey_place(lang, site.map(|site| site.origin.as_str()), &controls))
            @if !keys.is_empty() {
                form method="post" action="/profile/second-factor" {
                    (own(caller))
                    input type="hidden" name="on" value=(if asked_always { "false" } else { "true" });
                    p { (words::say(lang, if asked_always { "entry.second_factor.on" } else { "entry.second_factor.off" })) }
                    div.actions { button type="submit" {
                        (words::say(lang, if asked_always { "entry.second_factor.switch_off" } else { "entry.second_factor.switch_on" }))
                    } }
                }
            }
        }
    }
}

fn session_table(lang: Lang, caller: &Caller, sessions: &[Session], this: i64) -> Markup {
    html! {
        section.paper {
            h2 { (words::say(lang, "entry.sessions")) }
            table {
                thead { tr {
                    th scope="col" { (words::say(lang, "column.since")) }
                    th scope="col" { (words::say(lang, "column.last_used_at")) }
                    th scope="col" { (words::say(lang, "column.from_address")) }
                    th scope="col" { (words::say(lang, "column.browser")) }
                    th scope="col" { (words::say(lang, "frame.actions")) }
                } }
                tbody { @for one in sessions { tr {
                    td { (one.made_at) }
                    td { (one.touched_at) }
                    td { (one.address) }
                    td { (one.agent) }
                    td {
                        @if one.id == this { span.badge.good { (words::say(lang, "entry.sessions.this")) } }
                        @else { form method="post" action="/profile/sessions/end" {
                            (own(caller))
                            input type="hidden" name="id" value=(one.id);
                            button.small.grave type="submit" { (words::say(lang, "entry.sessions.end")) }
                        } }
                    }
                } } }
            }
            form method="post" action="/profile/sessions/end" {
                (own(caller))
                input type="hidden" name="id" value="all";
                div.actions { button.grave type="submit" { (words::say(lang, "entry.sessions.end_all")) } }
            }
        }
    }
}

fn token_table(lang: Lang, caller: &Caller, tokens: &[Token], now: Moment) -> Markup {
    html! {
        section.paper {
            h2 { (words::say(lang, "entry.tokens")) }
            p.hint { (words::say(lang, "entry.tokens.hint")) }
            table {
                thead { tr {
                    th scope="col" { (words::say(lang, "column.token_name")) }
                    th scope="col" { (words::say(lang, "column.scopes")) }
                    th scope="col" { (words::say(lang, "column.last_used_at")) }
                    th scope="col" { (words::say(lang, "column.expires_at")) }
                    th scope="col" { (words::say(lang, "frame.actions")) }
                } }
                tbody { @for token in tokens { tr {
                    td { (token.name) }
                    td { code { (token.scopes.join(" ")) } }
                    td { @if let Some(at) = token.last_used_at { (at) } }
                    td { (token.expires_at) }
                    td {
                        @if token.is_valid(now) { form method="post" action="/profile/tokens/revoke" {
                            (own(caller))
                            input type="hidden" name="id" value=(token.id);
                            button.small.grave type="submit" { (words::say(lang, "entry.tokens.revoke")) }
                        } } @else { span.badge.quiet { (words::say(lang, "entry.tokens.invalid")) } }
                    }
                } } }
            }
            form method="post" action="/profile/tokens" {
                (own(caller))
                div.fields {
                    div.field.third {
                        label for="field-token-name" { (words::say(lang, "column.token_name")) }
                        input id="field-token-name" name="name" maxlength="60" required;
                    }
                    div.field.third {
                        label for="field-token-scopes" { (words::say(lang, "column.scopes")) }
                        input id="field-token-scopes" name="scopes" maxlength="1000" required placeholder="*.read";
                    }
                    div.field.third {
                        label for="field-token-last" { (words::say(lang, "field.last_day")) }
                        input id="field-token-last" name="last_day" type="date" required;
                    }
                }
                div.actions { button type="submit" { (words::say(lang, "entry.tokens.make")) } }
            }
        }
    }
}

fn again(console: &Console, lang: Lang, key: &str) -> Answer {
    let _ = console;
    Answer::see("/profile").cookie("flash", &url::encode(&words::say(lang, key)), 60, false)
}

fn text<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.body.texts.get(name).map_or("", |text| text.trim())
}

fn number(asked: &Asked, name: &str) -> Result<i64, Refusal> {
    let wrong = || Refusal::fields(vec![(name.to_owned(), words::text("entry.not_a_key"))]);
    text(asked, name).parse().map_err(|_| wrong())
}

/// Language and light or dark.
pub fn preferences(console: &Console, asked: &Asked, now: Moment) -> Result<Answer, Refusal> {
    let this = own_session(console, asked, now)?;
    let lang = match text(asked, "lang") {
        "zh" => Some(Lang::Zh),
        "en" => Some(Lang::En),
        _ => None,
    };
    let theme = Theme::from_key(text(asked, "theme"));
    console.house.store.write(|tx| session::set_preferences(tx, &this, lang, theme))?;
    let answer = again(console, lang.unwrap_or(asked.lang()), "entry.kept");
    let answer = match lang {
        Some(lang) => answer.cookie("lang", code(lang), WISH_SECONDS, false),
        None => answer.cookie("lang", "", 0, false),
    };
    // A script sets the theme before the first paint, so this one cookie can be read by scripts.
    let seconds = if theme == Theme::Auto { 0 } else { WISH_SECONDS };
    Ok(answer.with("set-cookie", format!("theme={}; Path=/; Max-Age={seconds}; SameSite=Lax", theme.key())))
}

/// The switch of the second factor.
pub fn switch(console: &Console, asked: &Asked, caller: &Caller, now: Moment) -> Result<Answer, Refusal> {
    let this = own_session(console, asked, now)?;
    let on = text(asked, "on") == "true";
    let done = change(console, caller, now, |work| passkey::set_second_factor(work, &this, on));
    after(console, asked, caller, done.map(|()| "entry.kept"), now)
}

/// Draws the page again with what was refused, or goes back to it.
pub(super) fn after(
    console: &Console,
    asked: &Asked,
    caller: &Caller,
    done: Result<&str, Refusal>,
    now: Moment,
) -> Result<Answer, Refusal> {
    match done {
        Ok(key) => Ok(again(console, caller.lang, key)),
        Err(refusal) if asked.wants_json() => Err(refusal),
        Err(refusal) => page(console, asked, caller, Some(&Happened::Refused(&refusal)), now),
    }
}

/// Ends one of one's sessions, or all.
pub fn end_session(console: &Console, asked: &Asked, now: Moment) -> Result<Answer, Refusal> {
    let this = own_session(console, asked, now)?;
    if text(asked, "id") == "all" {
        console.house.store.write(|tx| session::end_all_sessions(tx, &this, now))?;
        return Ok(Answer::see("/login").cookie(SESSION, "", 0, console.secure));
    }
    let id = number(asked, "id")?;
    console.house.store.write(|tx| session::end_session_of(tx, &this, id, now))?;
    Ok(again(console, asked.lang(), "entry.sessions.ended"))
}

/// Makes a token; its secret is shown once.
pub fn make_token(console: &Console, asked: &Asked, caller: &Caller, now: Moment) -> Result<Answer, Refusal> {
    let scopes: Vec<&str> = text(asked, "scopes").split_whitespace().collect();
    let made = text(asked, "last_day").parse().map_err(Refusal::from).and_then(|last_day| {
        let new = NewToken {
            person_id: caller.actor.person_id,
            name: text(asked, "name"),
            scopes: &scopes,
            last_day,
        };
        change(console, caller, now, |work| token::create_token(work, &new))
    });
    match made {
        Ok(made) => page(console, asked, caller, Some(&Happened::Token(&made)), now),
        Err(refusal) if asked.wants_json() => Err(refusal),
        Err(refusal) => page(console, asked, caller, Some(&Happened::Refused(&refusal)), now),
    }
}

/// Revokes one's own token.
pub fn revoke_token(
    console: &Console,
    asked: &Asked,
    caller: &Caller,
    now: Moment,
) -> Result<Answer, Refusal> {
    let id = number(asked, "id")?;
    let done = change(console, caller, now, |work| token::revoke_token(work, id));
    after(console, asked, caller, done.map(|()| "entry.tokens.revoked"), now)
}
