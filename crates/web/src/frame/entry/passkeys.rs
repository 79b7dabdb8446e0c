//! What a browser asks of a passkey, and what it answers. Scripts speak JSON here; the ceremonies are identity's.

use identity::Actor;
use identity::login::Lender;
use identity::passkey::{self, Site};
use identity::session::Session;
use kernel::Moment;
use maud::html;
use serde_json::json;

use super::draw::own;
use super::{own_session, refused};
use crate::catalogue::{Act, Caller, Given, Refusal};
use crate::frame::answer::Answer;
use crate::frame::asked::Asked;
use crate::frame::{Console, url};
use crate::render;
use crate::words;

fn site(console: &Console) -> Result<Site, Refusal> {
    console.site().ok_or_else(|| {
        Refusal::refused(
            "通行密钥只能用于以域名（https）或 localhost 打开的页面",
            "passkeys need pages opened under a name, over https, or under localhost",
        )
    })
}

fn text<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.body.texts.get(name).map_or("", String::as_str)
}

fn begun(options: &str) -> Result<Answer, Refusal> {
    Ok(Answer::bytes(200, "application/json", options.as_bytes().to_vec()))
}

fn done(see: &str) -> Answer {
    Answer::json(200, &json!({ "see": see }))
}

/// The page that asks for the second factor, or, of who has no passkey yet, to add one.
pub fn second_factor_page(
    console: &Console,
    asked: &Asked,
    caller: &Caller,
    now: Moment,
) -> Result<Answer, Refusal> {
    let lang = caller.lang;
    let this = own_session(console, asked, now)?;
    let known = console.house.store.read(|tx| passkey::passkeys(tx, this.org_id, this.person_id))?;
    let screen = console.screen(asked, Some(caller), words::say(lang, "page.second_factor"), now);
    let to = super::login::to(asked);
    let site = console.site();
    let origin = site.as_ref().map(|site| site.origin.as_str());
    let controls = html! {
            @if known.is_empty() {
                form id="passkey-add" method="post" action="/profile/passkeys" data-begin="/profile/passkeys/begin" data-to=(to) {
                    (own(caller))
                    div.fields { div.field {
                        label for="field-passkey-name" { (words::say(lang, "column.passkey_name")) }
                        input id="field-passkey-name" name="name" maxlength="60" required;
                    } }
                    (render::passkey_alert(lang))
                    div.actions { button.main type="submit" { (words::say(lang, "entry.passkeys.add")) } }
                }
            } @else {
                form id="passkey-use" method="post" action="/second-factor" data-begin="/second-factor/begin" data-to=(to) {
                    (own(caller))
                    (render::passkey_alert(lang))
                    div.actions { button.main type="submit" { (words::say(lang, "entry.second_factor.use")) } }
                }
            }
    };
    let hint = if known.is_empty() { "entry.second_factor.none" } else { "entry.second_factor.hint" };
    let body = html! {
        section.paper.entry {
            h1 { (screen.title) }
            p.hint { (words::say(lang, hint)) }
            (render::passkey_place(lang, origin, &controls))
        }
    };
    Ok(Answer::page(render::document(&screen, &body)))
}

/// What the passkey is asked.
pub fn begin_second_factor(console: &Console, asked: &Asked, now: Moment) -> Result<Answer, Refusal> {
    let this = own_session(console, asked, now)?;
    let store = &console.house.store;
    begun(&passkey::begin_second_factor(store, &site(console)?, &this, now)?)
}

/// The passkey's answer.
pub fn second_factor(console: &Console, asked: &Asked, now: Moment) -> Result<Answer, Refusal> {
    let this = own_session(console, asked, now)?;
    let answer = text(asked, "answer");
    let store = &console.house.store;
    passkey::finish_second_factor(store, &site(console)?, &this, answer, now).map_err(refused)?;
    Ok(done(super::login::to(asked)))
}

/// What a new passkey is asked.
pub fn begin_passkey(console: &Console, asked: &Asked, now: Moment) -> Result<Answer, Refusal> {
    let this = own_session(console, asked, now)?;
    begun(&passkey::begin_registration(&console.house.store, &site(console)?, &this, now)?)
}

/// The new passkey's answer.
pub fn add_passkey(console: &Console, asked: &Asked, now: Moment) -> Result<Answer, Refusal> {
    let this = own_session(console, asked, now)?;
    let (name, answer) = (text(asked, "name").trim(), text(asked, "answer"));
    let store = &console.house.store;
    passkey::finish_registration(store, &site(console)?, &this, name, answer, now)?;
    let see = match super::login::to(asked) {
        "/" => "/profile",
        path => path,
    };
    let said = url::encode(&words::say(asked.lang(), "entry.passkeys.added"));
    Ok(done(see).cookie("flash", &said, 60, false))
}

/// Takes a passkey away.
pub fn remove_passkey(
    console: &Console,
    asked: &Asked,
    caller: &Caller,
    now: Moment,
) -> Result<Answer, Refusal> {
    let this = own_session(console, asked, now)?;
    let id = text(asked, "id").parse().map_err(|_| Refusal::not_found("通行密钥", "passkey", ""))?;
    let done = passkey::remove_passkey(&console.house.store, &this, id, now);
    super::profile::after(
        console,
        asked,
        caller,
        done.map(|()| "entry.passkeys.removed").map_err(Refusal::from),
        now,
    )
}

/// What a passkey is asked to sign an act: the act's name, its request key and its fields, as they will be sent.
pub fn begin_sign(console: &Console, asked: &Asked, caller: &Caller, now: Moment) -> Result<Answer, Refusal> {
    let this = own_session(console, asked, now)?;
    let name = text(asked, "act");
    let act = console.catalogue.act(name).ok_or_else(|| Refusal::not_found("操作", "act", name))?;
    if !caller.holds(act.permission) {
        return Err(Refusal::not_permitted(act.permission));
    }
    let given = Given::understand(act.fields, &asked.raw(), false)?;
    let body = given.canonical(act.fields);
    let what = (act.name, text(asked, "request_key"), body.as_slice());
    begun(&passkey::begin_signature(&console.house.store, &site(console)?, &this, what, now)?)
}

/// What the passkey of another person is asked who lends authority for an act on the spot (XC-03); the password comes
/// first, so that nobody learns of another's passkeys.
pub fn begin_authority(console: &Console, asked: &Asked, now: Moment) -> Result<Answer, Refusal> {
    let this = own_session(console, asked, now)?;
    let name = text(asked, "act");
    let act = console.catalogue.act(name).ok_or_else(|| Refusal::not_found("操作", "act", name))?;
    let raw = asked.raw();
    let lender = super::lender(console, act, &raw, asked, now)?.ok_or_else(|| {
        Refusal::refused("请先填写授权人的登录名和密码", "give login and password of who lends the authority")
    })?;
    if !lender.has_passkey() {
        return Err(Refusal::refused(
            "授权人没有登记通行密钥，密码即可，请直接提交",
            "whoever lends the authority has no passkey: the password is enough, send the form",
        ));
    }
    let given = Given::understand(act.fields, &raw, false)?;
    let body = given.canonical(act.fields);
    let what = (act.name, text(asked, "request_key"), body.as_slice());
    begun(&passkey::begin_authority(&console.house.store, &site(console)?, &this, &lender, what, now)?)
}

/// Takes the answer of the passkey of whoever lends authority.
pub fn lent(
    console: &Console,
    this: &Session,
    lender: Lender,
    what: (&str, &str, &[u8]),
    answer: &str,
    now: Moment,
) -> Result<Actor, Refusal> {
    let store = &console.house.store;
    passkey::finish_authority(store, &site(console)?, this, lender, what, answer, now).map_err(refused)
}

/// Takes the signature under an act.
#[allow(clippy::too_many_arguments)]
pub fn signed(
    console: &Console,
    this: &Session,
    act: &Act,
    key: &str,
    body: &[u8],
    answer: &str,
    _asked: &Asked,
    now: Moment,
) -> Result<(), Refusal> {
    let store = &console.house.store;
    passkey::sign_act(store, &site(console)?, this, (act.name, key, body), answer, now).map_err(refused)?;
    Ok(())
}
