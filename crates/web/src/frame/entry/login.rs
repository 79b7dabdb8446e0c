//! The login page, the way out, and the change of one's own password.

use identity::{AccessRules, Attempt, LoginRefused, credential, session};
use kernel::{Bilingual as _, Moment};
use maud::html;

use super::draw::{field, own, refusal as problem, said};
use super::{SESSION, code, foreign, from_here, own_session, refused};
use crate::catalogue::{Caller, Refusal, Why};
use crate::frame::answer::Answer;
use crate::frame::asked::Asked;
use crate::frame::{Console, url};
use crate::render;
use crate::words;

/// Where to go on to; a page of this house only, and none of getting in.
pub fn to(asked: &Asked) -> &str {
    let given = asked.body.texts.get("to").or_else(|| asked.query.get("to"));
    let given = given.map(String::as_str).filter(|path| url::is_local(path));
    given
        .filter(|path| !["/login", "/password", "/second-factor"].iter().any(|own| path.starts_with(own)))
        .unwrap_or("/")
}

/// The login page.
pub fn page(
    console: &Console,
    asked: &Asked,
    refusal: Option<&LoginRefused>,
    now: Moment,
) -> Result<Answer, Refusal> {
    let lang = asked.lang();
    let screen = console.screen(asked, None, words::say(lang, "page.login"), now);
    let typed = asked.body.texts.get("login").map_or("", String::as_str);
    let body = html! {
        section.paper.entry {
            h1 { (screen.title) }
            p.hint { (console.house.org_name.text(lang)) }
            @if let Some(refusal) = refusal { (said(&refusal.text(lang), false)) }
            form method="post" action="/login" {
                input type="hidden" name="to" value=(to(asked));
                div.fields {
                    (field(lang, "login", "text", "username", typed))
                    (field(lang, "password", "password", "current-password", ""))
                }
                div.actions { button.main type="submit" { (words::say(lang, "page.login")) } }
            }
        }
    };
    let mut answer = Answer::page(render::document(&screen, &body));
    answer.status = match refusal {
        None => 200,
        Some(LoginRefused::Wait { seconds }) => {
            answer = answer.with("retry-after", seconds.to_string());
            429
        }
        Some(LoginRefused::Store(_) | LoginRefused::Failed(_)) => 503,
        Some(_) => 403,
    };
    Ok(answer)
}

/// Login and password.
pub fn login(console: &Console, asked: &Asked, now: Moment) -> Result<Answer, Refusal> {
    if !from_here(asked) {
        return Err(foreign());
    }
    let text = |name: &str| asked.body.texts.get(name).map_or("", String::as_str);
    let house = &console.house;
    let address = asked.address.to_string();
    let attempt = Attempt {
        org_id: house.org_id,
        login: text("login").trim(),
        password: text("password"),
        address: &address,
        agent: asked.header("user-agent").unwrap_or_default(),
    };
    match identity::login::login(&house.store, house.cost, &attempt, now) {
        Ok(inside) => {
            let lang = inside.session.lang;
            let answer = Answer::see(to(asked));
            let answer = entered(answer, console, &inside, now);
            Ok(match lang {
                Some(lang) => answer.cookie("lang", code(lang), 31_536_000, false),
                None => answer,
            })
        }
        Err(refused) if asked.wants_json() => Err(super::refused(refused)),
        Err(refused) => page(console, asked, Some(&refused), now),
    }
}

/// With the cookie of a session that was just opened.
fn entered(answer: Answer, console: &Console, inside: &identity::LoggedIn, now: Moment) -> Answer {
    let seconds = (inside.session.ends_at.millis() - now.millis()) / 1_000;
    answer.cookie(SESSION, &inside.token, seconds, console.secure)
}

/// Out.
pub fn logout(
    console: &Console,
    asked: &Asked,
    caller: Option<&Caller>,
    now: Moment,
) -> Result<Answer, Refusal> {
    if let Some(caller) = caller {
        super::require_own_page(caller, asked)?;
        let own = own_session(console, asked, now)?;
        console.house.store.write(|tx| session::end_session(tx, &own, now))?;
    }
    Ok(Answer::see("/login").cookie(SESSION, "", 0, console.secure))
}

/// The page to change one's password.
pub fn password_page(
    console: &Console,
    asked: &Asked,
    caller: &Caller,
    refusal: Option<&Refusal>,
    now: Moment,
) -> Result<Answer, Refusal> {
    let lang = caller.lang;
    let screen = console.screen(asked, Some(caller), words::say(lang, "page.password"), now);
    let rules = AccessRules::on(now.date());
    let hint = words::fill(
        lang,
        "entry.password.rules",
        &[("min", &rules.password_chars_min.to_string()), ("last", &rules.password_remembered.to_string())],
    );
    let body = html! {
        section.paper.entry {
            h1 { (screen.title) }
            @if caller.held_at.is_some() { p.hint { (words::say(lang, "entry.password.must")) } }
            (problem(lang, refusal))
            form method="post" action="/password" {
                (own(caller))
                input type="hidden" name="to" value=(to(asked));
                div.fields {
                    (field(lang, "old_password", "password", "current-password", ""))
                    (field(lang, "new_password", "password", "new-password", ""))
                    (field(lang, "new_password_again", "password", "new-password", ""))
                }
                p.hint { (hint) }
                div.actions { button.main type="submit" { (words::say(lang, "page.password")) } }
            }
        }
    };
    let mut answer = Answer::page(render::document(&screen, &body));
    if let Some(refusal) = refusal {
        answer.status = refusal.why.status();
    }
    Ok(answer)
}

/// The old and the new password.
pub fn change_password(
    console: &Console,
    asked: &Asked,
    caller: &Caller,
    now: Moment,
) -> Result<Answer, Refusal> {
    let text = |name: &str| asked.body.texts.get(name).map_or("", String::as_str);
    let changed = if text("new_password") == text("new_password_again") {
        let own = own_session(console, asked, now)?;
        let (old, new) = (text("old_password"), text("new_password"));
        credential::change_password(&console.house.store, console.house.cost, &own, old, new, now).map_err(
            |error| match error {
                identity::IdentityError::Login(error) => refused(error),
                error => Refusal::from(error),
            },
        )
    } else {
        let fields = vec![("new_password_again".to_owned(), words::text("entry.password.differ"))];
        Err(Refusal::fields(fields))
    };
    match changed {
        Ok(inside) => {
            let said = url::encode(&words::say(caller.lang, "entry.password.changed"));
            let answer = Answer::see(to(asked)).cookie("flash", &said, 60, false);
            Ok(entered(answer, console, &inside, now))
        }
        Err(refusal) if asked.wants_json() || refusal.why == Why::NotLoggedIn => Err(refusal),
        Err(refusal) => password_page(console, asked, caller, Some(&refusal), now),
    }
}
