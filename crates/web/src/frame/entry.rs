//! Getting in: who asks, by which session or token; what they must pass first; authority and signatures.

mod absence;
mod draw;
mod login;
mod passkeys;
mod profile;
mod staff;

use identity::login::Lender;
use identity::session::{self, Session};
use identity::{Actor, Attempt, IdentityError, LoginRefused, token};
use kernel::{Lang, Moment};
use vault::checkpoint_if_due;

use super::answer::Answer;
use super::asked::Asked;
use super::{Console, url};
use crate::catalogue::{Act, Caller, Raw, Refusal, Weight, Why};

/// The cookie that holds the secret of a session.
const SESSION: &str = "session";

/// A step of getting in or out, or of what a person does about their own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The login page.
    Login,
    /// Login and password.
    DoLogin,
    /// Out.
    Logout,
    /// The page to change one's password.
    Password,
    /// The old and the new password.
    DoPassword,
    /// The page that asks for the second factor.
    SecondFactor,
    /// What the passkey is asked, as JSON.
    BeginSecondFactor,
    /// The passkey's answer.
    DoSecondFactor,
    /// One's own account.
    Profile,
    /// Language and light or dark.
    Preferences,
    /// The switch of the second factor.
    Switch,
    /// Ends one of one's sessions, or all.
    EndSession,
    /// Has a colleague act for oneself.
    ArrangeAbsence,
    /// Ends that.
    EndAbsence,
    WithdrawAbsence,
    /// Makes a token; its secret is shown once.
    MakeToken,
    /// Revokes one's own token.
    RevokeToken,
    /// What a new passkey is asked, as JSON.
    BeginPasskey,
    /// The new passkey's answer.
    AddPasskey,
    /// Takes a passkey away.
    RemovePasskey,
    /// What a passkey is asked to sign an act, as JSON.
    BeginSign,
    /// What the passkey of whoever lends authority is asked, as JSON.
    BeginAuthority,
    /// The page on which an administrator gives a person a password.
    StaffPassword,
    /// Gives it, and shows it once.
    DoStaffPassword,
}

impl Step {
    /// Path, is it a POST, step.
    pub const ROUTES: &[(&str, bool, Step)] = &[
        ("/login", false, Step::Login),
        ("/login", true, Step::DoLogin),
        ("/logout", true, Step::Logout),
        ("/password", false, Step::Password),
        ("/password", true, Step::DoPassword),
        ("/second-factor", false, Step::SecondFactor),
        ("/second-factor/begin", true, Step::BeginSecondFactor),
        ("/second-factor", true, Step::DoSecondFactor),
        ("/profile", false, Step::Profile),
        ("/profile/preferences", true, Step::Preferences),
        ("/profile/second-factor", true, Step::Switch),
        ("/profile/sessions/end", true, Step::EndSession),
        ("/profile/absences", true, Step::ArrangeAbsence),
        ("/profile/absences/end", true, Step::EndAbsence),
        ("/profile/absences/withdraw", true, Step::WithdrawAbsence),
        ("/profile/tokens", true, Step::MakeToken),
        ("/profile/tokens/revoke", true, Step::RevokeToken),
        ("/profile/passkeys/begin", true, Step::BeginPasskey),
        ("/profile/passkeys", true, Step::AddPasskey),
        ("/profile/passkeys/remove", true, Step::RemovePasskey),
        ("/sign/begin", true, Step::BeginSign),
        ("/authority/begin", true, Step::BeginAuthority),
        ("/people/{login}/password", false, Step::StaffPassword),
        ("/people/{login}/password", true, Step::DoStaffPassword),
    ];
}

/// The page that must be passed before anything else.
fn held_at(session: &Session) -> Option<&'static str> {
    if session.second_factor_wanted && !session.second_factor_done {
        Some("/second-factor")
    } else if session.must_change_password {
        Some("/password")
    } else {
        None
    }
}

/// Who asks, by cookie or by token; none for nobody.
pub fn who(console: &Console, asked: &Asked, now: Moment) -> Result<Option<Caller>, Refusal> {
    if let Some(given) = asked.header("authorization") {
        return machine(console, asked, given, now);
    }
    let Some(secret) = asked.cookie(SESSION) else { return Ok(None) };
    let house = &console.house;
    let found = house.store.read(|tx| -> Result<_, IdentityError> {
        let Some(session) = session::find_session(tx, secret, now)? else { return Ok(None) };
        if session.org_id != house.org_id {
            return Ok(None);
        }
        let actor = identity::load_actor(tx, session.org_id, session.person_id, now.date())?;
        Ok(Some((session, actor)))
    })?;
    let Some((session, actor)) = found else { return Ok(None) };
    if session::is_touch_due(&session, now) {
        house.store.write(|tx| session::touch_session(tx, &session, now))?;
    }
    let lang = match (asked.cookie("lang"), session.lang) {
        (None, Some(chosen)) => chosen,
        _ => asked.lang(),
    };
    let held_at = held_at(&session);
    Ok(Some(Caller {
        actor,
        lang,
        csrf: session.csrf,
        session_id: Some(session.id),
        machine: false,
        held_at,
    }))
}

/// A program with a token; tokens open the interface for programs only.
fn machine(console: &Console, asked: &Asked, given: &str, now: Moment) -> Result<Option<Caller>, Refusal> {
    let secret = given.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, secret)) = secret.filter(|_| asked.path.starts_with("/api/")) else { return Ok(None) };
    let house = &console.house;
    let found = house.store.read(|tx| -> Result<_, IdentityError> {
        let found = token::find_token(tx, secret.trim(), now)?;
        let Some(found) = found.filter(|token| token.org_id == house.org_id) else { return Ok(None) };
        let actor = token::token_actor(tx, &found, now.date())?;
        Ok(Some((found, actor)))
    })?;
    let Some((found, actor)) = found else { return Ok(None) };
    if token::is_touch_due(&found, now) {
        house.store.write(|tx| token::touch_token(tx, &found, now))?;
    }
    let lang = asked.lang();
    Ok(Some(Caller { actor, lang, csrf: String::new(), session_id: None, machine: true, held_at: None }))
}

/// A visitor who is not logged in, for public pages: may nothing.
pub fn visitor(console: &Console, asked: &Asked) -> Caller {
    let actor =
        Actor { org_id: console.house.org_id, person_id: 0, name: String::new(), assignments: Vec::new() };
    let lang = asked.lang();
    Caller { actor, lang, csrf: String::new(), session_id: None, machine: false, held_at: None }
}

/// Refuses work while the password must be changed or the second factor is missing.
pub fn require_free(caller: &Caller, _asked: &Asked) -> Result<(), Refusal> {
    match caller.held_at {
        None => Ok(()),
        Some("/password") => {
            Err(Refusal::new(Why::NotPermitted, "请先修改密码", "choose another password first"))
        }
        Some(_) => {
            Err(Refusal::new(Why::NotPermitted, "请先完成第二因素验证", "give the second factor first"))
        }
    }
}

/// Does the request come from a page of this house, as far as the browser says?
fn from_here(asked: &Asked) -> bool {
    asked.header("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"))
}

fn foreign() -> Refusal {
    Refusal::new(
        Why::NotPermitted,
        "此请求不是从本系统的页面发出，请刷新页面后重试",
        "this request does not come from a page of this house; reload the page and try again",
    )
}

/// Refuses a change that another site's page caused: the form's token must be the session's own.
pub fn require_own_page(caller: &Caller, asked: &Asked) -> Result<(), Refusal> {
    if caller.machine {
        return Ok(());
    }
    let given = asked.header("x-csrf").or_else(|| asked.body.texts.get("csrf").map(String::as_str));
    if from_here(asked) && !caller.csrf.is_empty() && given == Some(caller.csrf.as_str()) {
        return Ok(());
    }
    Err(foreign())
}

/// A refusal of credentials: one that waits says so to programs as well.
fn refused(error: LoginRefused) -> Refusal {
    let why = match &error {
        LoginRefused::Wait { .. } => Some(Why::TooMany),
        LoginRefused::Wrong | LoginRefused::Locked | LoginRefused::Passkey { .. } => Some(Why::NotPermitted),
        LoginRefused::Failed(_) | LoginRefused::Store(_) => None,
    };
    let mut refusal = Refusal::from(error);
    if let Some(why) = why {
        refusal.why = why;
    }
    refusal
}

/// Who lends another person's authority on the spot (XC-03): login and password are right, and a post carries the
/// permission. Whoever has a passkey is asked for it by [`authority`].
pub fn lender(
    console: &Console,
    act: &Act,
    raw: &Raw,
    asked: &Asked,
    now: Moment,
) -> Result<Option<Lender>, Refusal> {
    let text = |name: &str| raw.texts.get(name).map_or("", String::as_str);
    let (login, password) = (text("authority_login").trim(), text("authority_password"));
    if login.is_empty() {
        return Ok(None);
    }
    let house = &console.house;
    let address = asked.address.to_string();
    let attempt = Attempt { org_id: house.org_id, login, password, address: &address, agent: "" };
    let asks_again = |refusal: Refusal| Refusal { permission: Some(act.permission.to_owned()), ..refusal };
    let lender = identity::login::verify_authority(&house.store, house.cost, &attempt, now)
        .map_err(|error| asks_again(refused(error)))?;
    if lender.unit_with(act.permission).is_none() {
        let name = identity::Catalogue::built_in().permission(act.permission);
        let (zh, en) = name.map_or((act.permission, act.permission), |known| {
            (known.text.zh.as_str(), known.text.en.as_str())
        });
        return Err(asks_again(Refusal::new(
            Why::NotPermitted,
            format!("授权人 {login} 的岗位没有“{zh}”的权限，不能授权"),
            format!("the posts of {login} do not carry the right to {en}, which cannot be lent then"),
        )));
    }
    Ok(Some(lender))
}

/// The authority that is lent: by whom, for which unit. The unit named is where that person holds the post; the command
/// itself asks whether the post reaches the unit concerned. None when the same request was answered before: its answer is
/// remembered.
#[allow(clippy::too_many_arguments)]
pub fn authority(
    console: &Console,
    act: &Act,
    lender: Lender,
    raw: &Raw,
    asked: &Asked,
    key: &str,
    body: &[u8],
    now: Moment,
) -> Result<Option<(Actor, i64)>, Refusal> {
    let house = &console.house;
    let Some(unit) = lender.unit_with(act.permission) else {
        return Err(Refusal::not_permitted(act.permission));
    };
    if !lender.has_passkey() {
        return Ok(Some((lender.by_password().map_err(refused)?, unit)));
    }
    if house.store.write(|tx| tx.remembered(house.org_id, act.name, key, body))?.is_some() {
        return Ok(None);
    }
    let answer = raw.texts.get("authority_passkey").map_or("", String::as_str);
    let given = if answer.is_empty() {
        Err(Refusal::new(
            Why::NotPermitted,
            "授权人登记了通行密钥，仅凭密码不能授权：请授权人用通行密钥确认",
            "whoever lends the authority has a passkey, and the password alone is not enough: confirm with the passkey",
        ))
    } else {
        let own = own_session(console, asked, now)?;
        passkeys::lent(console, &own, lender, (act.name, key, body), answer, now)
    };
    // The form asks for the authority again.
    given
        .map(|actor| Some((actor, unit)))
        .map_err(|refusal| Refusal { permission: Some(act.permission.to_owned()), ..refusal })
}

/// Refuses an act that must be signed until it is: with a passkey, or with the password again.
#[allow(clippy::too_many_arguments)]
pub fn require_signature(
    console: &Console,
    act: &Act,
    raw: &Raw,
    caller: &Caller,
    asked: &Asked,
    key: &str,
    body: &[u8],
    now: Moment,
) -> Result<(), Refusal> {
    if act.weight != Weight::Signed {
        return Ok(());
    }
    let text = |name: &str| raw.texts.get(name).map_or("", String::as_str);
    let first = || {
        Refusal::new(
            Why::SignFirst,
            "此操作须由本人用通行密钥签名，或再次输入密码",
            "this act is signed by a person: with a passkey, or with the password again",
        )
    };
    if caller.machine {
        return Err(first());
    }
    let house = &console.house;
    // The same request again needs no second signature: it is answered from memory.
    let answered = house.store.write(|tx| tx.remembered(house.org_id, act.name, key, body))?.is_some();
    if answered {
        return Ok(());
    }
    let own = own_session(console, asked, now)?;
    let (answer, password) = (text("sign_passkey"), text("sign_password"));
    if !answer.is_empty() {
        return passkeys::signed(console, &own, act, key, body, answer, asked, now);
    }
    if password.is_empty() {
        return Err(first());
    }
    let address = asked.address.to_string();
    identity::login::confirm_password(&house.store, house.cost, &own, password, &address, now)
        .map_err(refused)
}

/// The session that asks.
fn own_session(console: &Console, asked: &Asked, now: Moment) -> Result<Session, Refusal> {
    let found = match asked.cookie(SESSION) {
        Some(secret) => console.house.store.read(|tx| session::find_session(tx, secret, now))?,
        None => None,
    };
    let found = found.filter(|session| session.org_id == console.house.org_id);
    found.ok_or_else(|| Refusal::new(Why::NotLoggedIn, "请先登录", "please log in first"))
}

/// Gives one command about identity: it stands in the log at once.
fn change<T, E>(
    console: &Console,
    caller: &Caller,
    now: Moment,
    command: impl FnOnce(&mut identity::Work<'_, '_>) -> Result<T, E>,
) -> Result<T, Refusal>
where
    Refusal: From<E>,
{
    let house = &console.house;
    identity::Desk::new(&house.store, &caller.actor).act(now, |work| -> Result<T, Refusal> {
        let done = command(work)?;
        vault::absorb_identity(work)?;
        checkpoint_if_due(work, &house.signers, house.policy)?;
        Ok(done)
    })
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
        Step::Login if caller.is_some() => Ok(Answer::see(login::to(asked))),
        Step::Login => login::page(console, asked, None, now),
        Step::DoLogin => login::login(console, asked, now),
        Step::Logout => login::logout(console, asked, caller, now),
        _ => {
            let caller =
                caller.ok_or_else(|| Refusal::new(Why::NotLoggedIn, "请先登录", "please log in first"))?;
            if caller.machine {
                return Err(Refusal::not_found("页面", "page", &asked.path));
            }
            if asked.method == axum::http::Method::POST {
                require_own_page(caller, asked)?;
            }
            // These pages are the way out of what holds a person up; all others wait.
            let on_the_way = match caller.held_at {
                Some("/password") => matches!(step, Step::Password | Step::DoPassword),
                Some(_) => matches!(
                    step,
                    Step::SecondFactor
                        | Step::BeginSecondFactor
                        | Step::DoSecondFactor
                        | Step::BeginPasskey
                        | Step::AddPasskey
                ),
                None => true,
            };
            if !on_the_way {
                require_free(caller, asked)?;
            }
            own_step(console, step, asked, caller, now)
        }
    }
}

fn own_step(
    console: &Console,
    step: Step,
    asked: &Asked,
    caller: &Caller,
    now: Moment,
) -> Result<Answer, Refusal> {
    match step {
        Step::Login | Step::DoLogin | Step::Logout => Err(Refusal::not_found("页面", "page", &asked.path)),
        Step::Password => login::password_page(console, asked, caller, None, now),
        Step::DoPassword => login::change_password(console, asked, caller, now),
        Step::SecondFactor => passkeys::second_factor_page(console, asked, caller, now),
        Step::BeginSecondFactor => passkeys::begin_second_factor(console, asked, now),
        Step::DoSecondFactor => passkeys::second_factor(console, asked, now),
        Step::Profile => profile::page(console, asked, caller, None, now),
        Step::Preferences => profile::preferences(console, asked, now),
        Step::Switch => profile::switch(console, asked, caller, now),
        Step::EndSession => profile::end_session(console, asked, now),
        Step::ArrangeAbsence => absence::arrange(console, asked, caller, now),
        Step::EndAbsence => absence::end(console, asked, caller, now),
        Step::WithdrawAbsence => absence::withdraw(console, asked, caller, now),
        Step::MakeToken => profile::make_token(console, asked, caller, now),
        Step::RevokeToken => profile::revoke_token(console, asked, caller, now),
        Step::BeginPasskey => passkeys::begin_passkey(console, asked, now),
        Step::AddPasskey => passkeys::add_passkey(console, asked, now),
        Step::RemovePasskey => passkeys::remove_passkey(console, asked, caller, now),
        Step::BeginSign => passkeys::begin_sign(console, asked, caller, now),
        Step::BeginAuthority => passkeys::begin_authority(console, asked, now),
        Step::StaffPassword => staff::password_page(console, asked, caller, None, now),
        Step::DoStaffPassword => staff::give_password(console, asked, caller, now),
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
    Ok(Answer::see(&back).cookie("lang", code(wanted), 31_536_000, false))
}

fn code(lang: Lang) -> &'static str {
    if lang == Lang::En { "en" } else { "zh" }
}
