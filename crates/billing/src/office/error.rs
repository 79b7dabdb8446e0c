//! Why a command of the office is refused.

use std::fmt;

use identity::IdentityError;
use kernel::{Bilingual, FigureError, Lang, Text};
use store::StoreError;

/// A rule of the trade that says no: which one, and what a person can do about it, in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The requirement behind the rule, such as `BILL-14`.
    pub rule: &'static str,
    /// What happened, where, and what to do.
    pub text: Text,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text.en, self.rule)
    }
}

/// What stops a command of the office.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfficeError {
    /// A rule of the trade.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// There is no such document.
    #[error("there is no {what} {id}; look it up in the list")]
    NotFound {
        /// Its kind, English.
        what: &'static str,
        /// Its key.
        id: i64,
    },
    /// A text that cannot be stored.
    #[error(
        "{what}: the text is empty, longer than {characters_max} characters or has control characters; correct it"
    )]
    BadText {
        /// The field.
        what: &'static str,
        /// Its limit.
        characters_max: usize,
    },
    /// A data file of this crate or of the organisation is wrong.
    #[error("{file}, line {line}: {why}")]
    BadData {
        /// Which file.
        file: &'static str,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// The person may not.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The database failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A figure does not fit, or the working calendar lacks a year.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// What lies below the office (ledger, log, metering) refused.
    #[error("{}", .0.en)]
    Below(Box<Text>),
}

impl OfficeError {
    /// A refusal by `rule`.
    pub fn refused(rule: &'static str, zh: impl Into<String>, en: impl Into<String>) -> OfficeError {
        OfficeError::Refused(Box::new(Refusal { rule, text: Text::new(zh, en) }))
    }
    /// What another crate said, in both its languages.
    pub fn below(error: &impl Bilingual) -> OfficeError {
        OfficeError::Below(Box::new(Text::new(error.text(Lang::Zh), error.text(Lang::En))))
    }
    /// The rule that refused, if one did.
    pub fn rule(&self) -> Option<&'static str> {
        match self {
            OfficeError::Refused(refusal) => Some(refusal.rule),
            _ => None,
        }
    }
}

impl Bilingual for OfficeError {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (lang, OfficeError::Identity(error)) => error.text(lang),
            (lang, OfficeError::Store(error)) => error.text(lang),
            (lang, OfficeError::Figure(error)) => error.text(lang),
            (lang, OfficeError::Below(text)) => text.text(lang),
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, OfficeError::Refused(refusal)) => format!("{}（{}）", refusal.text.zh, refusal.rule),
            (Lang::Zh, OfficeError::NotFound { what, id }) => format!("没有 {what} {id}，请在清单中查找"),
            (Lang::Zh, OfficeError::BadText { what, characters_max }) => {
                format!("{what}：内容为空、超过 {characters_max} 个字符或含控制字符，请更正")
            }
            (Lang::Zh, OfficeError::BadData { file, line, why }) => format!("{file} 第 {line} 行：{why}"),
        }
    }
}
