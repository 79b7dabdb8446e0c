//! Getting in: who asks, the login page, the way out.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use identity::Actor;
use kernel::{Lang, Moment};

use super::answer::Answer;
use super::asked::Asked;
use super::{Console, random_text, url};
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

/// Sessions of this program: token to person and the token of forms.
fn sessions() -> &'static Mutex<BTreeMap<String, (i64, String)>> {
    static SESSIONS: OnceLock<Mutex<BTreeMap<String, (i64, String)>>> = OnceLock::new();
    SESSIONS.get_or_init(Mutex::default)
}

/// Who asks, by cookie or by token; none for nobody.
pub fn who(console: &Console, asked: &Asked, now: Moment) -> Result<Option<Caller>, Refusal> {
    let Some(token) = asked.cookie("session") else { return Ok(None) };
    let found = sessions().lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(token).cloned();
    let Some((person_id, csrf)) = found else { return Ok(None) };
    let house = &console.house;
    let actor = house.store.read(|tx| identity::load_actor(tx, house.org_id, person_id, now.date()))?;
    Ok(Some(Caller { actor, lang: asked.lang(), csrf, session_id: Some(0), machine: false }))
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
            let login = asked.body.texts.get("login").map_or("", String::as_str);
            let house = &console.house;
            let person = house.store.read(|tx| identity::find_person(tx, house.org_id, login))?;
            let person = person.ok_or_else(|| {
                Refusal::new(Why::NotLoggedIn, "登录名或密码有误", "login or password is wrong")
            })?;
            let (token, csrf) = (random_text(32), random_text(32));
            sessions()
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .insert(token.clone(), (person.id, csrf));
            let to = asked.body.texts.get("to").map_or("/", String::as_str);
            Ok(Answer::see(to).cookie("session", &token, 43_200, console.secure))
        }
        Step::Logout => {
            if let Some(caller) = caller {
                require_own_page(caller, asked)?;
            }
            if let Some(token) = asked.cookie("session") {
                sessions().lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(token);
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
