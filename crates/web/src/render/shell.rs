//! The document around every page, and the page of a problem.

use kernel::{Bilingual as _, Lang};
use maud::{DOCTYPE, Markup, html};

use super::Screen;
use crate::catalogue::Refusal;
use crate::words;

/// A whole document around `body`.
pub fn document(screen: &Screen<'_>, body: &Markup) -> Markup {
    let lang = screen.lang;
    html! {
        (DOCTYPE)
        html lang=(if lang == Lang::Zh { "zh-CN" } else { "en" }) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (screen.title) " · " (words::say(lang, "frame.house")) }
                link rel="stylesheet" href="/assets/style.css";
                script src="/assets/htmx.min.js" defer {}
                script src="/assets/app.js" defer {}
            }
            body {
                a.skip href="#main" { (words::say(lang, "frame.skip")) }
                header {
                    a.house href="/" { (screen.house.org_name.text(lang)) }
                    @if let Some(caller) = screen.caller {
                        span.who { (caller.actor.name) }
                        form method="post" action="/logout" {
                            input type="hidden" name="csrf" value=(caller.csrf);
                            button type="submit" { (words::say(lang, "frame.logout")) }
                        }
                    }
                }
                nav aria-label=(words::say(lang, "frame.menu")) {
                    @for group in &screen.menu {
                        section {
                            h2 { (group.title) }
                            ul { @for (title, path) in &group.entries {
                                li { a href=(path) aria-current=[(screen.path == *path).then_some("page")] { (title) } }
                            } }
                        }
                    }
                }
                main id="main" {
                    @if let Some(stopped) = &screen.stopped { p.alarm role="alert" { (stopped) } }
                    @if let Some(flash) = &screen.flash { p.flash role="status" { (flash) } }
                    (body)
                }
            }
        }
    }
}

/// The body of a page that tells of a problem.
pub fn problem(screen: &Screen<'_>, refusal: &Refusal, request_id: &str) -> Markup {
    let lang = screen.lang;
    html! {
        h1 { (words::say(lang, &format!("problem.{}", refusal.why.code()))) }
        p role="alert" { (refusal.said.text(lang)) }
        ul { @for (name, why) in &refusal.fields { li { (name) ": " (why.text(lang)) } } }
        p.quiet { (words::say(lang, "problem.request")) " " (request_id) }
    }
}
