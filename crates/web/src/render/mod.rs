//! Draws what the catalogue describes: one look for every list, view, form and problem.
//!
//! Only markup and words here: nothing asks the database. Styles and scripts are files of `assets/`; there is no inline
//! style and no inline script, since the Content-Security-Policy forbids both.

pub mod assets;
mod form;
mod list;
mod sheet;
mod shell;

use std::collections::BTreeMap;

use kernel::{Lang, Moment};
use maud::{Markup, html};

use crate::catalogue::{Act, Caller, Catalogue, Cell, House, Kind, Offer, Raw, Refusal, Tone, Value};
use crate::words;

pub use form::form;
pub use list::list;
pub use sheet::sheet;
pub use shell::{document, problem};

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
    /// Rows left out.
    pub offset: usize,
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

/// A cell as it stands in a table or beside a label.
pub(crate) fn cell(cell: &Cell, kind: Kind, lang: Lang) -> Markup {
    let written = cell.value.written(kind, lang);
    let body = html! {
        @if matches!(cell.value, Value::Word(_)) && kind == Kind::Word {
            span class={ "badge " (tone(cell.tone)) } { (written) }
        } @else if cell.tone != Tone::Plain {
            span class={ "tone " (tone(cell.tone)) } { (written) }
        } @else if cell.value.is_negative() {
            span.negative { (written) }
        } @else {
            (written)
        }
    };
    match &cell.link {
        Some(path) if !written.is_empty() => html! { a href=(path) { (body) } },
        _ => body,
    }
}

/// The offers a person may take: others are not drawn.
pub(crate) fn offers(offers: &[Offer], screen: &Screen<'_>) -> Markup {
    html! {
        @for offer in offers {
            @if let Some(act) = screen.catalogue.act(offer.act) {
                @if screen.caller.is_some_and(|caller| caller.holds(act.permission)) {
                    a.button href=(offer_path(offer)) { (words::say(screen.lang, &format!("act.{}", act.name))) }
                }
            }
        }
    }
}

/// The path of an offer's form.
pub(crate) fn offer_path(offer: &Offer) -> String {
    let query: Vec<String> = offer
        .given
        .iter()
        .map(|(name, value)| format!("{name}={}", crate::frame::url::encode(value)))
        .collect();
    format!("/acts/{}?{}", offer.act, query.join("&"))
}
