//! A session, and what a person wishes to see.

use kernel::{Lang, Moment};

/// Light or dark pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the machine is set.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Its code.
    pub fn key(self) -> &'static str {
        match self {
            Theme::Auto => "",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
    /// The theme with this code; anything unknown is [`Theme::Auto`].
    pub fn from_key(key: &str) -> Theme {
        [Theme::Light, Theme::Dark].into_iter().find(|theme| theme.key() == key).unwrap_or_default()
    }
}

/// A session (会话).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The organisation.
    pub org_id: i64,
    /// Its key, by which lists name it; no secret.
    pub id: i64,
    /// Who is in.
    pub person_id: i64,
    /// What every changing request of this session must carry; a secret of its own. Empty in lists.
    pub csrf: String,
    /// A second factor is asked of this person.
    pub second_factor_wanted: bool,
    /// The second factor was given.
    pub second_factor_done: bool,
    /// The person must choose another password before anything else.
    pub must_change_password: bool,
    /// Since when.
    pub made_at: Moment,
    /// The last request, to the minute.
    pub touched_at: Moment,
    /// When the person last proved who they are.
    pub authenticated_at: Moment,
    /// The session ends then at the latest.
    pub ends_at: Moment,
    /// From which address it was opened.
    pub address: String,
    /// In which browser.
    pub agent: String,
    /// The language the person chose.
    pub lang: Option<Lang>,
    /// The theme the person chose.
    pub theme: Theme,
    pub(crate) token_hash: Vec<u8>,
}

impl Session {
    /// Nothing is asked of the person before they can work.
    pub fn is_clear(&self) -> bool {
        !self.must_change_password && (self.second_factor_done || !self.second_factor_wanted)
    }
}

pub(crate) fn lang_key(lang: Option<Lang>) -> &'static str {
    match lang {
        None => "",
        Some(Lang::Zh) => "zh",
        Some(Lang::En) => "en",
    }
}

pub(crate) fn lang_from_key(key: &str) -> Option<Lang> {
    [Lang::Zh, Lang::En].into_iter().find(|lang| lang_key(Some(*lang)) == key)
}
