//! The way in: name and password. What follows (a changed password, a passkey) has pages of its own.

use kernel::Bilingual as _;
use maud::{Markup, html};

use super::{Screen, say};
use crate::catalogue::{Refusal, Tone};
use crate::words;

/// The body of the login page: `to` is where to go on, `typed` the name that was given before a refusal.
pub fn login(screen: &Screen<'_>, to: &str, typed: &str, refusal: Option<&Refusal>) -> Markup {
    let lang = screen.lang;
    html! {
        div {
            @if let Some(refusal) = refusal { (say(Tone::Bad, &html! { (refusal.said.text(lang)) })) }
            form.paper method="post" action="/login" {
                h1 { (words::say(lang, "page.login")) }
                p.hint { (screen.house.org_name.text(lang)) }
                input type="hidden" name="to" value=(to);
                div.fields {
                    div.field {
                        label for="login-name" { (words::say(lang, "frame.login")) }
                        input #login-name type="text" name="login" value=(typed) maxlength="100" required autofocus[typed.is_empty()]
                            autocomplete="username" autocapitalize="none" spellcheck="false";
                    }
                    div.field {
                        label for="login-password" { (words::say(lang, "frame.password")) }
                        input #login-password type="password" name="password" maxlength="1000" required autofocus[!typed.is_empty()]
                            autocomplete="current-password";
                    }
                }
                div.form-end { button.main type="submit" { (words::say(lang, "page.login")) } }
            }
        }
    }
}
