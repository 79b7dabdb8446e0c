//! What can be done here: acts as buttons and menus. Only what the person may do is drawn.

use maud::{Markup, html};

use super::{Screen, icon};
use crate::catalogue::{Act, Offer, Weight};
use crate::words;

/// Buttons over a page before the rest goes into a menu.
const BUTTONS_MAX: usize = 4;

/// The offers a person may take, as buttons: what the page is for comes first.
pub(crate) fn offers(offers: &[Offer], screen: &Screen<'_>) -> Markup {
    let mut allowed = allowed(offers, screen);
    allowed.sort_by_key(|(_, act)| match act.weight {
        Weight::Main => 0,
        Weight::Signed | Weight::Plain => 1,
        Weight::Grave => 2,
    });
    let shown = if allowed.len() > BUTTONS_MAX { BUTTONS_MAX - 1 } else { allowed.len() };
    let rest = allowed.split_off(shown);
    html! {
        @for (offer, act) in &allowed { (link(screen, offer, act, weight_class(act.weight))) }
        (more(screen, "page-acts", &rest, "button"))
    }
}

/// The offers on a row: the first as a button, one more beside it, all others in a menu.
pub(super) fn row_offers(offers: &[Offer], screen: &Screen<'_>, row: &str) -> Markup {
    let mut allowed = allowed(offers, screen);
    let rest = if allowed.len() > 2 { allowed.split_off(1) } else { Vec::new() };
    html! {
        @if !allowed.is_empty() {
            div.row-acts {
                @for (offer, act) in &allowed {
                    @let grave = if act.weight == Weight::Grave { "button small grave" } else { "button small" };
                    (link(screen, offer, act, grave))
                }
                (more(screen, &format!("acts-{row}"), &rest, "small bare"))
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

fn allowed<'o>(offers: &'o [Offer], screen: &Screen<'_>) -> Vec<(&'o Offer, &'static Act)> {
    offers
        .iter()
        .filter_map(|offer| screen.catalogue.act(offer.act).map(|act| (offer, act)))
        .filter(|(_, act)| screen.caller.is_some_and(|caller| caller.holds(act.permission)))
        .collect()
}

fn weight_class(weight: Weight) -> &'static str {
    match weight {
        Weight::Main => "button main",
        Weight::Plain | Weight::Signed => "button",
        Weight::Grave => "button grave",
    }
}

/// A link to the form; with the script the form opens over the page.
fn link(screen: &Screen<'_>, offer: &Offer, act: &Act, class: &str) -> Markup {
    let path = offer_path(offer);
    html! {
        a class=(class) href=(path) hx-get=(path) hx-target="#dialog-body" hx-select="#act" hx-swap="innerHTML" {
            @if act.weight == Weight::Signed { (icon("sign")) }
            (words::say(screen.lang, &format!("act.{}", act.name)))
        }
    }
}

fn more(screen: &Screen<'_>, id: &str, rest: &[(&Offer, &'static Act)], class: &str) -> Markup {
    html! {
        @if !rest.is_empty() {
            button type="button" class={ (class) " square" } popovertarget=(id) aria-haspopup="true" aria-expanded="false"
                aria-label=(words::say(screen.lang, "frame.more")) { (icon("more")) }
            div.menu id=(id) popover {
                @for (offer, act) in rest {
                    (link(screen, offer, act, if act.weight == Weight::Grave { "grave" } else { "" }))
                }
            }
        }
    }
}
