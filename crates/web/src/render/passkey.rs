//! Where a passkey is used on a page. A browser lends its passkeys only to pages opened under the one address they were
//! made for, so each place says under which address it works, and the script shows the controls there and a word
//! elsewhere.

use kernel::Lang;
use maud::{Markup, html};

use crate::words;

/// A place with controls that ask a passkey. `origin` is the address of this house for passkeys, such as
/// `https://office.example.com`; none when the house has no such address.
pub(crate) fn passkey_place(lang: Lang, origin: Option<&str>, controls: &Markup) -> Markup {
    let Some(origin) = origin else {
        return html! { p.hint { (words::say(lang, "frame.passkey.no_address")) } };
    };
    html! {
        div.passkey data-passkey data-origin=(origin) hidden { (controls) }
        p.hint data-passkey-elsewhere data-origin=(origin) hidden {
            (words::say(lang, "frame.passkey.elsewhere")) " " a href={ (origin) "/" } { (origin) }
        }
        p.hint data-passkey-unable data-origin=(origin) hidden { (words::say(lang, "frame.passkey.unable")) }
        noscript { p.hint { (words::say(lang, "frame.passkey.no_script")) } }
    }
}

/// Where the script says why a ceremony did not succeed; the words stand here, in the language of the page.
pub(crate) fn passkey_alert(lang: Lang) -> Markup {
    let say = |key: &str| words::say(lang, &format!("frame.passkey.{key}"));
    html! {
        p.wrong role="alert" hidden data-passkey-said
            data-refused=(say("refused")) data-known=(say("known")) data-failed=(say("failed")) data-lost=(say("lost")) {}
    }
}
