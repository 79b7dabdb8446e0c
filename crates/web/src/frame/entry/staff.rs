//! An administrator gives a person a password. It is made by the program, shown once, and changed at the next login; so
//! it is no act of the catalogue, whose answers are kept.

use identity::credential;
use kernel::Moment;
use maud::html;

use super::change;
use super::draw::{own, refusal as problem};
use crate::catalogue::{Caller, Refusal};
use crate::frame::Console;
use crate::frame::answer::Answer;
use crate::frame::asked::Asked;
use crate::render;
use crate::words;

const MANAGE_PERSONS: &str = "identity.manage_persons";

fn person(console: &Console, asked: &Asked, caller: &Caller) -> Result<identity::Person, Refusal> {
    if !caller.holds(MANAGE_PERSONS) {
        return Err(Refusal::not_permitted(MANAGE_PERSONS));
    }
    let login = asked.params.get("login").map_or("", String::as_str);
    let house = &console.house;
    let found = house.store.read(|tx| identity::find_person(tx, house.org_id, login))?;
    found.ok_or_else(|| Refusal::not_found("人员", "person", login))
}

/// The page on which it is given; with `given` it is shown.
pub fn password_page(
    console: &Console,
    asked: &Asked,
    caller: &Caller,
    given: Option<Result<&str, &Refusal>>,
    now: Moment,
) -> Result<Answer, Refusal> {
    let person = person(console, asked, caller)?;
    let lang = caller.lang;
    let screen = console.screen(asked, Some(caller), words::say(lang, "page.staff_password"), now);
    let refused = given.and_then(Result::err);
    let body = html! {
        section.paper.entry {
            h1 { (screen.title) }
            p { strong { (person.name) } " " span.quiet { (person.login) } }
            (problem(lang, refused))
            @if let Some(Ok(password)) = given {
                p.hint { (words::say(lang, "entry.staff_password.once")) }
                p { output.secret { (password) } }
                div.actions { a.button href={ "/people/" (crate::frame::url::encode(&person.login)) } { (words::say(lang, "frame.back")) } }
            } @else {
                p.hint { (words::say(lang, "entry.staff_password.hint")) }
                form method="post" action={ "/people/" (crate::frame::url::encode(&person.login)) "/password" } {
                    (own(caller))
                    div.actions { button.main type="submit" { (words::say(lang, "page.staff_password")) } }
                }
            }
        }
    };
    let mut answer = Answer::page(render::document(&screen, &body));
    if let Some(refusal) = refused {
        answer.status = refusal.why.status();
    }
    Ok(answer)
}

/// Gives it, and shows it once.
pub fn give_password(
    console: &Console,
    asked: &Asked,
    caller: &Caller,
    now: Moment,
) -> Result<Answer, Refusal> {
    let person = person(console, asked, caller)?;
    let house = &console.house;
    let password = credential::generate_password()?;
    let new =
        credential::prepare_password(&house.store, house.cost, house.org_id, person.id, &password, now)?;
    match change(console, caller, now, |work| credential::set_password(work, &new, true)) {
        Ok(()) => password_page(console, asked, caller, Some(Ok(&password)), now),
        Err(refusal) if asked.wants_json() => Err(refusal),
        Err(refusal) => password_page(console, asked, caller, Some(Err(&refusal)), now),
    }
}
