//! Small signs beside words, drawn in the colour of the text. A sign never stands for words: those are always there.

use maud::{Markup, PreEscaped, html};

/// The strokes of a sign on a field of 16 by 16.
fn strokes(name: &str) -> &'static str {
    match name {
        "search" => "<circle cx='7' cy='7' r='4.25'/><path d='m10.25 10.25 3.5 3.5'/>",
        "menu" => "<path d='M2.5 4.5h11M2.5 8h11M2.5 11.5h11'/>",
        "close" => "<path d='m4 4 8 8M12 4l-8 8'/>",
        "theme" => {
            "<circle cx='8' cy='8' r='5.75'/><path d='M8 2.25a5.75 5.75 0 0 1 0 11.5z' fill='currentColor'/>"
        }
        "language" => {
            "<circle cx='8' cy='8' r='5.75'/><path d='M2.25 8h11.5M8 2.25c2 1.8 2.6 3.7 2.6 5.75S10 12 8 13.75C6 12 5.4 10.05 5.4 8S6 4.05 8 2.25z'/>"
        }
        "down" => "<path d='m4.5 6.25 3.5 3.5 3.5-3.5'/>",
        "up" => "<path d='m4.5 9.75 3.5-3.5 3.5 3.5'/>",
        "both" => "<path d='m5.25 6.5 2.75-2.75 2.75 2.75M5.25 9.5 8 12.25l2.75-2.75'/>",
        "left" => "<path d='M9.75 4.5 6.25 8l3.5 3.5'/>",
        "right" => "<path d='M6.25 4.5 9.75 8l-3.5 3.5'/>",
        "first" => "<path d='M11 4.5 7.5 8l3.5 3.5M5 4.5v7'/>",
        "last" => "<path d='M5 4.5 8.5 8 5 11.5M11 4.5v7'/>",
        "more" => {
            "<g fill='currentColor' stroke='none'><circle cx='3.5' cy='8' r='1.25'/><circle cx='8' cy='8' r='1.25'/><circle cx='12.5' cy='8' r='1.25'/></g>"
        }
        "good" => "<circle cx='8' cy='8' r='5.75'/><path d='m5.5 8.25 1.75 1.75 3.25-3.75'/>",
        "warn" => "<path d='M8 2.5 14 13H2z'/><path d='M8 6.5v3M8 11.25v.1'/>",
        "bad" => {
            "<path d='M5.5 2.25h5l3.25 3.25v5l-3.25 3.25h-5L2.25 10.5v-5z'/><path d='M8 5v3.75M8 10.9v.1'/>"
        }
        "note" => "<circle cx='8' cy='8' r='5.75'/><path d='M8 7.5v3.5M8 5.1v.1'/>",
        "file" => "<path d='M4 1.75h5L12.25 5v9.25H4z'/><path d='M9 1.75V5h3.25'/>",
        "sheet" => {
            "<rect x='2.25' y='2.75' width='11.5' height='10.5' rx='1.5'/><path d='M2.25 6.25h11.5M6.5 6.25v7'/>"
        }
        "print" => "<path d='M4.5 6V2.25h7V6M4.5 11.5H2.25V6h11.5v5.5H11.5'/><path d='M4.5 9.5h7v4.25h-7z'/>",
        "copy" => {
            "<rect x='5.25' y='5.25' width='8' height='8' rx='1.5'/><path d='M3.5 10.75H2.75v-8h8v.75'/>"
        }
        "sign" => "<path d='m3 13 .75-3L10.5 3.25l2.25 2.25L6 12.25z'/><path d='M9 4.75 11.25 7'/>",
        "key" => "<circle cx='5' cy='11' r='2.75'/><path d='m7 9 6-6M10.5 5.5l2 2'/>",
        "out" => "<path d='M9.5 2.75H3v10.5h6.5M6.5 8h7M11 5.25 13.75 8 11 10.75'/>",
        "empty" => {
            "<rect x='2.25' y='3.25' width='11.5' height='9.5' rx='1.5'/><path d='M2.25 9h3l1 1.75h3.5l1-1.75h3'/>"
        }
        _ => "<circle cx='8' cy='8' r='1.5'/>",
    }
}

/// A sign of 16 pixels, hidden from who listens to the page.
pub(crate) fn icon(name: &str) -> Markup {
    sized(name, "16")
}

/// A sign of another size.
pub(crate) fn sized(name: &str, size: &str) -> Markup {
    html! {
        svg width=(size) height=(size) viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" { (PreEscaped(strokes(name))) }
    }
}

/// The mark of the house: a page of a ledger with the beads of an abacus.
pub(crate) fn mark() -> Markup {
    html! {
        svg width="30" height="30" viewBox="0 0 32 32" aria-hidden="true" {
            (PreEscaped("<rect width='32' height='32' rx='7' fill='currentColor'/>\
    <path d='M8 10h16M8 16h16M8 22h16' stroke='#fff' stroke-opacity='.45' stroke-width='1.5'/>\
    <path d='M12 7v18' stroke='#ffb4a8' stroke-width='1.5'/>\
    <g fill='#fff'><circle cx='21.5' cy='10' r='2.6'/><circle cx='17' cy='16' r='2.6'/><circle cx='21.5' cy='22' r='2.6'/></g>"))
        }
    }
}
