//! Draws what the catalogue describes: one look for every list, view, form and problem.
//!
//! Only markup and words here: nothing asks the database. Styles and scripts are files of `assets/`; there is no inline
//! style and no inline script, since the Content-Security-Policy forbids both.
//!
//! A page drawn by hand is put together from the same parts: [`head`] over it, [`say`] for a notice, [`tile`] for one large
//! figure (several in `div.tiles`), [`table`] and [`chart`] in a `div.card`, [`block`] for any part of a view, [`badge`] and
//! [`cell`] for values, [`offers`] for what can be done, [`spark`] for twelve months at a glance, [`nothing`] for none; two
//! parts side by side stand in `div.columns`. A page with a keyboard of its own carries `data-own-keys`. `/components`
//! shows them all.

pub mod assets;
mod chart;
#[cfg(test)]
mod contrast;
mod field;
mod form;
pub mod gallery;
mod icon;
mod list;
mod offer;
mod part;
mod passkey;
mod sheet;
mod shell;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use kernel::{Lang, Moment};
use maud::{Markup, html};

use crate::catalogue::cursor::Turns;
use crate::catalogue::{Act, Caller, Catalogue, Cell, House, Kind, Raw, Refusal, Tone};
use crate::words;

pub(crate) use chart::{chart, spark};
pub use form::form;
pub(crate) use icon::icon;
pub use list::list;
pub(crate) use offer::{offer_path, offers};
pub(crate) use part::{badge, head, nothing, say, tile};
pub(crate) use passkey::{passkey_alert, passkey_place};
pub(crate) use sheet::block;
pub use sheet::sheet;
pub use shell::{document, problem};
pub(crate) use table::table;

/// What stands around a page.
pub struct Screen<'s> {
    /// The house.
    pub house: &'s House,
    /// The catalogue, for offers.
    pub catalogue: &'s Catalogue,
    /// The language.
    pub lang: Lang,
    /// Who is logged in.
    pub caller: Option<&'s Caller>,
    /// The path and query of this page.
    pub path: &'s str,
    /// Its title.
    pub title: String,
    /// The menu: what this person may open.
    pub menu: Vec<MenuGroup>,
    /// What was just done.
    pub flash: Option<String>,
    /// Why every command is refused at the moment.
    pub stopped: Option<String>,
    /// When the page was made.
    pub now: Moment,
}

/// A group of the menu.
#[derive(Debug, Clone)]
pub struct MenuGroup {
    /// Its title.
    pub title: String,
    /// Title and path.
    pub entries: Vec<(String, &'static str)>,
    /// Folded away until it is opened, or holds the page one is on.
    pub folded: bool,
}

/// How a list is asked for, to draw its tools.
pub struct ListState<'s> {
    /// Filters as they were given.
    pub raw: &'s Raw,
    /// The path with its names filled in, without the query.
    pub path: &'s str,
    /// Words looked for.
    pub search: &'s str,
    /// Column and direction.
    pub sort: Option<(&'static str, bool)>,
    /// Where this page begins and those beside it.
    pub turns: Turns,
    /// Rows on a page.
    pub limit: usize,
    /// Choices of filters that are looked up.
    pub options: BTreeMap<&'static str, Vec<(String, String)>>,
    /// A filter that cannot be taken.
    pub refusal: Option<&'s Refusal>,
}

/// A form of an act.
pub struct FormState<'s> {
    /// The act.
    pub act: &'s Act,
    /// Fields that are given and not asked for.
    pub given: BTreeMap<String, String>,
    /// What was entered so far.
    pub raw: &'s Raw,
    /// Why it was refused.
    pub refusal: Option<&'s Refusal>,
    /// The key under which this request is given once.
    pub request_key: &'s str,
    /// Where to go back to.
    pub back: &'s str,
    /// The address under which passkeys work here.
    pub origin: Option<&'s str>,
    /// The person has a passkey to sign with.
    pub has_passkey: bool,
    /// Choices of fields that are looked up.
    pub options: BTreeMap<&'static str, Vec<(String, String)>>,
}

/// The class of a tone.
pub(crate) fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
        Tone::Quiet => "quiet",
    }
}

/// A cell as it stands in a table or beside a label: a word as a badge, red ink for less than nothing.
pub(crate) fn cell(cell: &Cell, kind: Kind, lang: Lang) -> Markup {
    let written = cell.value.written(kind, lang);
    if written.is_empty() {
        return html! {};
    }
    let body = html! {
        @if kind == Kind::Word {
            span class={ "badge " (tone(cell.tone)) } { (written) }
        } @else if cell.value.is_negative() {
            span.negative { (written) }
        } @else if cell.tone != Tone::Plain {
            span class={ "tone " (tone(cell.tone)) } { (written) }
        } @else {
            (written)
        }
    };
    match &cell.link {
        Some(path) => html! { a href=(path) { (body) } },
        None => body,
    }
}

/// The label of a field: the words of this act where there are some, else those of the name.
fn label(lang: Lang, owner: &str, name: &str) -> String {
    let own = format!("field.{owner}.{name}");
    if words::has(&own) { words::say(lang, &own) } else { words::say(lang, &format!("field.{name}")) }
}

/// The title of a column or a fact.
fn column_title(lang: Lang, name: &str) -> String {
    words::say(lang, &format!("column.{name}"))
}
