//! The document around every page, and the page of a problem.

use kernel::{Bilingual as _, Lang};
use maud::{DOCTYPE, Markup, html};

use super::{Screen, assets, head, icon, say};
use crate::catalogue::{Caller, Refusal, Tone, Why};
use crate::words;

/// How htmx behaves here: it evaluates nothing, styles nothing, remembers no page of a person's, and shows every answer.
const HTMX: &str = r#"{"allowEval":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,"historyCacheSize":0,"refreshOnHistoryMiss":true,"allowScriptTags":false,"attributesToSettle":["class"],"scrollIntoViewOnBoost":false,"responseHandling":[{"code":"204","swap":false},{"code":"...","swap":true}]}"#;

/// Keys and what they do, for the dialog that tells.
const KEYS: &[(&[&str], &str)] = &[
    (&["/"], "frame.key_search"),
    (&["j", "k"], "frame.key_rows"),
    (&["Enter"], "frame.key_open"),
    (&["n", "p"], "frame.key_pages"),
    (&["Esc"], "frame.key_close"),
    (&["?"], "frame.key_help"),
];

/// A whole document around `body`.
pub fn document(screen: &Screen<'_>, body: &Markup) -> Markup {
    let lang = screen.lang;
    html! {
        (DOCTYPE)
        html lang=(if lang == Lang::Zh { "zh-CN" } else { "en" }) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX);
                title { (screen.title) " · " (words::say(lang, "frame.house")) }
                link rel="icon" type="image/svg+xml" href=(assets::href("mark.svg"));
                link rel="stylesheet" href=(assets::href("style.css"));
                script src=(assets::href("theme.js")) {}
                script src=(assets::href("htmx.js")) defer {}
                script src=(assets::href("app.js")) defer {}
                @if screen.caller.is_some() { script src=(assets::href("passkey.js")) defer {} }
                script src=(assets::href("charts.js")) data-library=(assets::href("echarts.js")) defer {}
            }
            @match screen.caller {
                Some(caller) => { (inside(screen, caller, body)) }
                None => { (outside(screen, body)) }
            }
        }
    }
}

/// The page of a person who is logged in.
fn inside(screen: &Screen<'_>, caller: &Caller, body: &Markup) -> Markup {
    let lang = screen.lang;
    html! {
        body.shell {
            a.skip href="#main" { (words::say(lang, "frame.skip")) }
            header.bar {
                a.menu-open.button.bare.square href="#menu" aria-label=(words::say(lang, "frame.menu")) { (icon("menu")) }
                (brand(screen))
                (find(lang, "find-search"))
                div.bar-tools {
                    (switches(screen, Some(caller)))
                    (person(lang, caller))
                }
            }
            (menu(screen))
            div.stage {
                main #main tabindex="-1" { (printed_head(screen)) (strips(screen)) (body) }
                (foot(screen))
            }
            (dialogs(lang))
        }
    }
}

/// The page of somebody who is not: the login, the check of a printed bill.
fn outside(screen: &Screen<'_>, body: &Markup) -> Markup {
    html! {
        body.outside {
            a.skip href="#main" { (words::say(screen.lang, "frame.skip")) }
            header.bar {
                (brand(screen))
                div.bar-tools { (switches(screen, None)) }
            }
            main #main tabindex="-1" { (strips(screen)) (body) }
            (foot(screen))
        }
    }
}

/// The way to an account, a book or a bill by its number.
fn find(lang: Lang, id: &str) -> Markup {
    let title = words::say(lang, "frame.find");
    html! {
        form.find role="search" action="/find" method="get" {
            (icon("search"))
            label.unseen for=(id) { (title) }
            input id=(id) type="search" name="q" maxlength="100" autocomplete="off" required placeholder=(title);
        }
    }
}

fn brand(screen: &Screen<'_>) -> Markup {
    html! {
        a.brand href="/" {
            (super::icon::mark())
            span.brand-words {
                strong { (screen.house.org_name.text(screen.lang)) }
                span { (words::say(screen.lang, "frame.house")) }
            }
        }
    }
}

/// Language, and light or dark.
fn switches(screen: &Screen<'_>, caller: Option<&Caller>) -> Markup {
    let lang = screen.lang;
    let (other, code) = if lang == Lang::Zh { ("en", "en") } else { ("zh", "zh-CN") };
    html! {
        form method="post" action="/lang" {
            @if let Some(caller) = caller { input type="hidden" name="csrf" value=(caller.csrf); }
            input type="hidden" name="back" value=(screen.path);
            button.bare type="submit" name="lang" value=(other) lang=(code) { (words::say(lang, "frame.lang")) }
        }
        button.bare.square type="button" data-theme-switch title=(words::say(lang, "frame.theme"))
            aria-label=(words::say(lang, "frame.theme")) { (icon("theme")) }
    }
}

/// Who is logged in, with the posts held and the way out.
fn person(lang: Lang, caller: &Caller) -> Markup {
    let catalogue = identity::Catalogue::built_in();
    let mut posts: Vec<String> = Vec::new();
    for held in &caller.actor.assignments {
        let mut name =
            catalogue.post(&held.post).map_or_else(|| held.post.clone(), |post| post.text.text(lang));
        if held.for_person.is_some() {
            name = words::fill(lang, "frame.acting", &[("post", &name)]);
        }
        if !posts.contains(&name) {
            posts.push(name);
        }
    }
    let initial: String = caller.actor.name.chars().take(1).collect();
    let joined = posts.join(&words::say(lang, "frame.comma"));
    html! {
        button.person.bare type="button" popovertarget="person-menu" aria-haspopup="true" aria-expanded="false" {
            span.initial aria-hidden="true" { (initial) }
            span.person-words { strong { (caller.actor.name) } span { (joined) } }
            (icon("down"))
        }
        div.menu #person-menu popover {
            dl { dt { (caller.actor.name) } @for post in &posts { dd { (post) } } }
            hr;
            a href="/profile" { (icon("key")) (words::say(lang, "frame.profile")) }
            button type="button" data-keys { (icon("note")) (words::say(lang, "frame.keys")) }
            form method="post" action="/logout" {
                input type="hidden" name="csrf" value=(caller.csrf);
                button type="submit" { (icon("out")) (words::say(lang, "frame.logout")) }
            }
        }
    }
}

fn menu(screen: &Screen<'_>) -> Markup {
    let lang = screen.lang;
    let current = current(screen);
    html! {
        nav.side #menu aria-label=(words::say(lang, "frame.menu")) {
            div.menu-close { a.button.bare.square href="#main" aria-label=(words::say(lang, "frame.close")) { (icon("close")) } }
            // Where the bar is too narrow for it.
            (find(lang, "find-menu"))
            @for group in &screen.menu {
                @let here = group.entries.iter().any(|(_, path)| current == Some(*path));
                @let entries = html! {
                    ul { @for (title, path) in &group.entries {
                        li { a href=(path) aria-current=[(current == Some(*path)).then_some("page")] { (title) } }
                    } }
                };
                @if group.folded {
                    details open[here] { summary { (icon("right")) (group.title) } (entries) }
                } @else {
                    section { h2 { (group.title) } (entries) }
                }
            }
        }
    }
}

/// The entry under which this page stands: the longest whose path begins the page's own.
fn current(screen: &Screen<'_>) -> Option<&'static str> {
    let path = screen.path.split('?').next().unwrap_or_default();
    screen
        .menu
        .iter()
        .flat_map(|group| &group.entries)
        .map(|(_, entry)| *entry)
        .filter(|entry| path.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        .max_by_key(|entry| entry.len())
}

fn strips(screen: &Screen<'_>) -> Markup {
    html! {
        div.unseen #live role="status" aria-live="polite" {}
        @if let Some(stopped) = &screen.stopped { (say(Tone::Bad, &html! { strong { (stopped) } })) }
        @if let Some(flash) = &screen.flash {
            div.say.good.flash role="status" { (icon("good")) div { (flash) } }
        }
    }
}

/// What stands over a printed page.
fn printed_head(screen: &Screen<'_>) -> Markup {
    html! {
        div.printed-head aria-hidden="true" {
            span { (screen.house.org_name.text(screen.lang)) }
            span { (screen.now) }
        }
    }
}

fn foot(screen: &Screen<'_>) -> Markup {
    html! {
        footer.foot {
            span { (words::say(screen.lang, "frame.house")) " " (env!("CARGO_PKG_VERSION")) }
            @if screen.caller.is_some() {
                button.small.bare.end.only-wide type="button" data-keys { (words::say(screen.lang, "frame.keys")) " " kbd { "?" } }
            }
        }
    }
}

/// Dialogs that the script opens: a form over the page, the question whether one is sure, the keys.
fn dialogs(lang: Lang) -> Markup {
    let close = words::say(lang, "frame.close");
    html! {
        dialog #dialog {
            button.bare.square.dialog-close type="button" data-close aria-label=(close) { (icon("close")) }
            div.dialog-body #dialog-body {}
        }
        dialog.ask #ask aria-labelledby="ask-words" {
            form.dialog-body method="dialog" {
                h2 #ask-words data-ask-words {}
                p.hint { (words::say(lang, "frame.sure.hint")) }
                div.form-end {
                    button.main.grave type="submit" value="yes" { (words::say(lang, "frame.submit")) }
                    button type="submit" value="no" autofocus { (words::say(lang, "frame.cancel")) }
                }
            }
        }
        dialog.ask #keys aria-labelledby="keys-title" {
            button.bare.square.dialog-close type="button" data-close aria-label=(close) { (icon("close")) }
            div.dialog-body {
                h2 #keys-title { (words::say(lang, "frame.keys")) }
                dl.keys { @for (keys, key) in KEYS {
                    dt { @for key in *keys { kbd { (key) } " " } } dd { (words::say(lang, key)) }
                } }
            }
        }
    }
}

/// The body of a page that tells of a problem: what happened, where, what to do.
pub fn problem(screen: &Screen<'_>, refusal: &Refusal, request_id: &str) -> Markup {
    let lang = screen.lang;
    let todo = match refusal.why {
        Why::NotPermitted => Some("problem.not-permitted.todo"),
        Why::NotFound => Some("problem.not-found.todo"),
        Why::Failed => Some("problem.failed.todo"),
        Why::Changed => Some("problem.changed.todo"),
        _ => None,
    };
    html! {
        div.problem {
            (head(&words::say(lang, &format!("problem.{}", refusal.why.code())), &html! {}, &html! {}))
            (say(Tone::Bad, &html! {
                p { (refusal.said.text(lang)) }
                @if !refusal.fields.is_empty() {
                    ul { @for (name, why) in &refusal.fields { li { (name) (words::say(lang, "frame.colon")) (why.text(lang)) } } }
                }
            }))
            @if let Some(todo) = todo { p { (words::say(lang, todo)) } }
            div.form-end { a.button href="/" { (words::say(lang, "frame.home")) } }
            p.problem-code { (words::say(lang, "problem.request")) " " code { (request_id) } }
        }
    }
}
