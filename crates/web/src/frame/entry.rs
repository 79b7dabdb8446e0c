//! Getting in: who asks, the login page, the way out.

use identity::Actor;
use kernel::{Bilingual as _, Lang, Moment};

use super::answer::Answer;
use super::asked::Asked;
use super::{Console, url};
use crate::catalogue::{Act, Caller, Raw, Refusal, Why};
use crate::render;

/// A step of getting in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The login page.
    Login,
    /// Login and password.
    DoLogin,
    /// Out.
    Logout,
}

impl Step {
    /// Path, is it a POST, step.
    pub const ROUTES: &[(&str, bool, Step)] =
        &[("/login", false, Step::Login), ("/login", true, Step::DoLogin), ("/logout", true, Step::Logout)];
}

/// Who asks, by cookie; none for nobody.
pub fn who(console: &Console, asked: &Asked, now: Moment) -> Result<Option<Caller>, Refusal> {
    let Some(token) = asked.cookie("session") else { return Ok(None) };
    let house = &console.house;
    let Some(session) = identity::session::pass_session(&house.store, token, now)? else { return Ok(None) };
    if session.org_id != house.org_id {
        return Ok(None);
    }
    let actor =
        house.store.read(|tx| identity::load_actor(tx, house.org_id, session.person_id, now.date()))?;
    let lang = session.lang.unwrap_or_else(|| asked.lang());
    Ok(Some(Caller { actor, lang, csrf: session.csrf, session_id: Some(session.id), machine: false }))
}

/// A visitor who is not logged in, for public pages: may nothing.
pub fn visitor(console: &Console, asked: &Asked) -> Caller {
    let actor =
        Actor { org_id: console.house.org_id, person_id: 0, name: String::new(), assignments: Vec::new() };
    Caller { actor, lang: asked.lang(), csrf: String::new(), session_id: None, machine: false }
}

/// Refuses work while the password must be changed or the second factor is missing.
pub fn require_free(_caller: &Caller, _asked: &Asked) -> Result<(), Refusal> {
    Ok(())
}

/// Refuses a change that another site's page caused: the form's token must be the session's own.
pub fn require_own_page(caller: &Caller, asked: &Asked) -> Result<(), Refusal> {
    if caller.machine {
        return Ok(());
    }
    let given = asked.header("x-csrf").or_else(|| asked.body.texts.get("csrf").map(String::as_str));
    let same = asked.header("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    if same && !caller.csrf.is_empty() && given == Some(caller.csrf.as_str()) {
        return Ok(());
    }
    Err(Refusal::new(
        Why::NotPermitted,
        "此请求不是从本系统的页面发出，请刷新页面后重试",
        "this request does not come from a page of this house; reload the page and try again",
    ))
}

/// Another person's authority given on the spot (XC-03): who gives it, for which unit.
pub fn authority(
    _console: &Console,
    _act: &Act,
    _raw: &Raw,
    _caller: &Caller,
    _asked: &Asked,
    _now: Moment,
) -> Result<Option<(Actor, i64)>, Refusal> {
    Ok(None)
}

/// Refuses an act that must be signed until it is.
#[allow(clippy::too_many_arguments)]
pub fn require_signature(
    _console: &Console,
    _act: &Act,
    _raw: &Raw,
    _caller: &Caller,
    _asked: &Asked,
    _key: &str,
    _body: &[u8],
    _now: Moment,
) -> Result<(), Refusal> {
    Ok(())
}

/// A step of getting in or out.
pub fn step(
    console: &Console,
    step: Step,
    asked: &Asked,
    caller: Option<&Caller>,
    now: Moment,
) -> Result<Answer, Refusal> {
    match step {
        Step::Login => {
            let screen = console.screen(asked, None, crate::words::say(asked.lang(), "page.login"), now);
            let to = asked.query.get("to").cloned().unwrap_or_else(|| "/".into());
            let body = maud::html! {
                h1 { (screen.title) }
                form method="post" action="/login" {
                    input type="hidden" name="to" value=(to);
                    label { "login" input name="login"; } label { "password" input type="password" name="password"; }
                    button type="submit" { "login" }
                }
            };
            Ok(Answer::page(render::document(&screen, &body)))
        }
        Step::DoLogin => {
            let text = |name: &str| asked.body.texts.get(name).map_or("", String::as_str);
            let address = asked.address.to_string();
            let attempt = identity::Attempt {
                org_id: console.house.org_id,
                login: text("login"),
                password: text("password"),
                address: &address,
                agent: asked.header("user-agent").unwrap_or_default(),
            };
            let entered = identity::login::login(&console.house.store, console.house.cost, &attempt, now);
            let entered = entered.map_err(|refused| {
                let why = match &refused {
                    identity::LoginRefused::Wait { .. } => Why::TooMany,
                    identity::LoginRefused::Store(_) | identity::LoginRefused::Failed(_) => Why::Failed,
                    _ => Why::NotPermitted,
                };
                Refusal::new(why, refused.text(Lang::Zh), refused.text(Lang::En))
            })?;
            Ok(Answer::see(text("to")).cookie("session", &entered.token, 43_200, console.secure))
        }
        Step::Logout => {
            if let Some(caller) = caller {
                require_own_page(caller, asked)?;
            }
            if let Some(token) = asked.cookie("session") {
                console.house.store.write(|tx| match identity::session::find_session(tx, token, now)? {
                    Some(session) => identity::session::end_session(tx, &session, now),
                    None => Ok(()),
                })?;
            }
            Ok(Answer::see("/login").cookie("session", "", 0, console.secure))
        }
    }
}

/// Keeps the language a person chose.
pub fn set_language(asked: &Asked) -> Result<Answer, Refusal> {
    let wanted = match asked.body.texts.get("lang").map(String::as_str) {
        Some("en") => Lang::En,
        _ => Lang::Zh,
    };
    let back = asked.header("referer").and_then(|from| {
        let rest = from.split_once("://")?.1;
        rest.find('/').map(|at| rest[at..].to_owned())
    });
    let back = back.filter(|path| url::is_local(path)).unwrap_or_else(|| "/".into());
    let code = if wanted == Lang::En { "en" } else { "zh" };
    Ok(Answer::see(&back).cookie("lang", code, 31_536_000, false))
}
