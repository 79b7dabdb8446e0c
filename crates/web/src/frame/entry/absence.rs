//! One's own absence: who acts for oneself, for whom one acts, arranged and ended without an administrator.

use identity::delegation::{self, Delegation, NewDelegation};
use identity::{Catalogue, HeldPost, Person, Work};
use kernel::{Bilingual as _, Date, Lang, Moment, Text};
use maud::{Markup, html};
use store::Tx;

use super::draw::own;
use super::{change, profile};
use crate::catalogue::{Caller, Refusal};
use crate::frame::Console;
use crate::frame::answer::Answer;
use crate::frame::asked::Asked;
use crate::words;

/// What the page shows of absences.
pub struct Absences {
    /// Own delegations that have not ended, as absent or as substitute, with the post and the other person.
    rows: Vec<(Delegation, String, String)>,
    /// One's own posts that do not end before today.
    posts: Vec<HeldPost>,
    /// Who could act.
    colleagues: Vec<Person>,
}

/// Reads what the page shows.
pub fn read(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    today: Date,
    lang: Lang,
) -> Result<Absences, Refusal> {
    let persons = identity::persons(tx, org_id)?;
    let name = |id: i64| persons.iter().find(|person| person.id == id).map(|person| person.name.clone());
    let mut rows = Vec::new();
    for one in delegation::delegations(tx, org_id, Some(person_id))? {
        if one.until < today || one.withdrawn_at.is_some() {
            continue;
        }
        let held = identity::held_posts(tx, org_id, one.absent_id)?;
        let post = held.iter().find(|held| held.id == one.assignment_id).map(|held| post_name(held, lang));
        let other = if one.absent_id == person_id { one.substitute_id } else { one.absent_id };
        rows.push((one, post.unwrap_or_default(), name(other).unwrap_or_default()));
    }
    let mut posts = identity::held_posts(tx, org_id, person_id)?;
    posts.retain(|held| held.until.is_none_or(|last| today <= last));
    let colleagues = persons.into_iter().filter(|person| person.active && person.id != person_id).collect();
    Ok(Absences { rows, posts, colleagues })
}

fn post_name(held: &HeldPost, lang: Lang) -> String {
    Catalogue::built_in().post(&held.post).map_or_else(|| held.post.clone(), |post| post.text.text(lang))
}

/// The part of the page.
pub fn draw(lang: Lang, caller: &Caller, found: &Absences, today: Date) -> Markup {
    let say = |key: &str| words::say(lang, key);
    let me = caller.actor.person_id;
    html! {
        section.paper {
            h2 { (say("entry.absence")) }
            p.hint { (say("entry.absence.hint")) }
            @if !found.rows.is_empty() { table {
                thead { tr {
                    th scope="col" { (say("column.absence")) }
                    th scope="col" { (say("column.held_post")) }
                    th scope="col" { (say("column.held_from")) }
                    th scope="col" { (say("column.held_until")) }
                    th scope="col" { (say("column.why_absent")) }
                    th scope="col" { (say("frame.actions")) }
                } }
                tbody { @for (one, post, other) in &found.rows { tr {
                    td { (words::fill(lang, if one.absent_id == me { "entry.absence.acts_for_me" } else { "entry.absence.i_act_for" }, &[("name", other)])) }
                    td { (post) }
                    td { (one.from) }
                    td { (one.until) }
                    td { (one.reason) }
                    td {
                        @if one.withdrawable(today) { (step(caller, one.id, "withdraw", &say("entry.absence.withdraw"))) }
                        @else if one.until > today { (step(caller, one.id, "end", &say("entry.absence.end"))) }
                    }
                } } }
            } }
            @if found.posts.is_empty() { p.hint { (say("entry.absence.no_post")) } } @else {
                form method="post" action="/profile/absences" {
                    (own(caller))
                    div.fields {
                        div.field.half {
                            label for="field-substitute" { (say("entry.absence.substitute")) }
                            select id="field-substitute" name="substitute" required {
                                option value="" { (say("entry.absence.choose")) }
                                @for person in &found.colleagues { option value=(person.login) { (person.name) " " (person.login) } }
                            }
                        }
                        div.field.half {
                            label for="field-absent-post" { (say("column.held_post")) }
                            select id="field-absent-post" name="assignment" {
                                option value="" { (say("entry.absence.all_posts")) }
                                @for held in &found.posts { option value=(held.id) { (post_name(held, lang)) } }
                            }
                        }
                        div.field.third {
                            label for="field-absent-from" { (say("field.first_day")) }
                            input id="field-absent-from" name="first_day" type="date" min=(today) value=(today) required;
                        }
                        div.field.third {
                            label for="field-absent-until" { (say("field.last_day")) }
                            input id="field-absent-until" name="last_day" type="date" min=(today) required;
                        }
                        div.field.third {
                            label for="field-why-absent" { (say("field.why_absent")) }
                            input id="field-why-absent" name="why_absent" maxlength="100" required;
                        }
                    }
                    div.actions { button type="submit" { (say("entry.absence.arrange")) } }
                }
            }
        }
    }
}

/// A button that ends an arrangement in one of its ways.
fn step(caller: &Caller, id: i64, way: &str, label: &str) -> Markup {
    html! {
        form method="post" action={ "/profile/absences/" (way) } {
            (own(caller))
            input type="hidden" name="id" value=(id);
            button.small.grave type="submit" { (label) }
        }
    }
}

fn text<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.body.texts.get(name).map_or("", |text| text.trim())
}

fn wrong(name: &str, zh: &str, en: &str) -> Refusal {
    Refusal::fields(vec![(name.to_owned(), Text::new(zh, en))])
}

/// A colleague acts for oneself for some days, in one post or in all.
pub fn arrange(console: &Console, asked: &Asked, caller: &Caller, now: Moment) -> Result<Answer, Refusal> {
    let done = change(console, caller, now, |work| {
        let (org_id, me) = (work.org_id(), work.actor().person_id);
        let substitute = identity::find_person(work.tx, org_id, text(asked, "substitute"))?;
        let substitute =
            substitute.ok_or_else(|| wrong("substitute", "没有这位同事", "there is no such colleague"))?;
        let (from, until): (Date, Date) = (day(asked, "first_day")?, day(asked, "last_day")?);
        let wanted = text(asked, "assignment");
        let meant = |held: &HeldPost| match wanted {
            "" => held.from <= until && held.until.is_none_or(|last| from <= last),
            id => held.id.to_string() == id,
        };
        let held = identity::held_posts(work.tx, org_id, me)?;
        let assignments: Vec<i64> = held.into_iter().filter(meant).map(|held| held.id).collect();
        let new = NewDelegation {
            absent_id: me,
            substitute_id: substitute.id,
            assignments: &assignments,
            from,
            until,
            reason: text(asked, "why_absent"),
        };
        delegation::delegate(work, &new)?;
        Ok::<_, Refusal>(())
    });
    profile::after(console, asked, caller, done.map(|()| "entry.absence.arranged"), now)
}

fn day(asked: &Asked, name: &str) -> Result<Date, Refusal> {
    text(asked, name).parse().map_err(|_| wrong(name, "应为日期", "must be a date"))
}

/// One's own arrangement that a form names; the administrator ends others' from their list.
fn mine(work: &mut Work<'_, '_>, asked: &Asked) -> Result<Delegation, Refusal> {
    let (org_id, me, id) = (work.org_id(), work.actor().person_id, text(asked, "id"));
    let mine = delegation::delegations(work.tx, org_id, Some(me))?;
    let one = mine.into_iter().find(|one| one.id.to_string() == id);
    one.ok_or_else(|| Refusal::not_found("代理", "delegation", id))
}

/// Ends one's own arrangement after today, or after its first day if that is to come.
pub fn end(console: &Console, asked: &Asked, caller: &Caller, now: Moment) -> Result<Answer, Refusal> {
    let done = change(console, caller, now, |work| {
        let one = mine(work, asked)?;
        let last = one.from.max(work.today());
        delegation::end_delegation(work, one.id, last)?;
        Ok::<_, Refusal>(())
    });
    profile::after(console, asked, caller, done.map(|()| "entry.absence.ended"), now)
}

/// Withdraws one's own arrangement before it begins.
pub fn withdraw(console: &Console, asked: &Asked, caller: &Caller, now: Moment) -> Result<Answer, Refusal> {
    let done = change(console, caller, now, |work| {
        let one = mine(work, asked)?;
        delegation::withdraw_delegation(work, one.id)?;
        Ok::<_, Refusal>(())
    });
    profile::after(console, asked, caller, done.map(|()| "entry.absence.withdrawn"), now)
}
