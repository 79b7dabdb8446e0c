//! What the desk for parameters and contracts refuses, and why.

use documents::DocumentError;
use identity::IdentityError;
use kernel::{Bilingual, FigureError, Lang, Text};
use store::StoreError;
use workflow::WorkflowError;

use super::fault::Fault;
use crate::MeteringError;

/// A refusal or failure of a parameter change, a schedule adjustment or a contract.
#[derive(Debug, thiserror::Error)]
pub enum ParameterError {
    /// Something that is not there.
    #[error("there is no {} {key}", what.en)]
    NotFound {
        /// The kind of thing.
        what: Text,
        /// Its key as given.
        key: String,
    },
    /// The matter does not stand where this may be done.
    #[error("{number}: {}", why.en)]
    NotNow {
        /// The document's number.
        number: String,
        /// Why, and what to do first.
        why: Text,
    },
    /// A line of a change cannot be.
    #[error("line {line}: {fault}")]
    Line {
        /// Its place on the ticket, from 1.
        line: usize,
        /// What is wrong.
        fault: Fault,
    },
    /// A value that cannot be.
    #[error("{}: {}", what.en, why.en)]
    Value {
        /// The value's name.
        what: Text,
        /// Why, and what to do.
        why: Text,
    },
    /// Tickets, clocks and lists.
    #[error(transparent)]
    Workflow(#[from] WorkflowError),
    /// Numbers and prints.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The log of acts.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    /// Accounts, books and readings.
    #[error(transparent)]
    Metering(#[from] MeteringError),
    /// Who may do what.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A figure does not fit.
    #[error(transparent)]
    Figure(#[from] FigureError),
}

impl ParameterError {
    pub(crate) fn not_found(zh: &str, en: &str, key: impl ToString) -> ParameterError {
        ParameterError::NotFound { what: Text::new(zh, en), key: key.to_string() }
    }
    pub(crate) fn not_now(number: impl ToString, zh: &str, en: &str) -> ParameterError {
        ParameterError::NotNow { number: number.to_string(), why: Text::new(zh, en) }
    }
    pub(crate) fn value(what: (&str, &str), why: (&str, &str)) -> ParameterError {
        ParameterError::Value { what: Text::new(what.0, what.1), why: Text::new(why.0, why.1) }
    }
}

impl Bilingual for ParameterError {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (lang, ParameterError::Workflow(error)) => error.text(lang),
            (lang, ParameterError::Document(error)) => error.text(lang),
            (lang, ParameterError::Vault(error)) => error.text(lang),
            (lang, ParameterError::Metering(error)) => error.text(lang),
            (lang, ParameterError::Identity(error)) => error.text(lang),
            (lang, ParameterError::Store(error)) => error.text(lang),
            (lang, ParameterError::Figure(error)) => error.text(lang),
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, ParameterError::NotFound { what, key }) => format!("没有{} {key}", what.zh),
            (Lang::Zh, ParameterError::NotNow { number, why }) => format!("{number}：{}", why.zh),
            (Lang::Zh, ParameterError::Line { line, fault }) => format!("第 {line} 行：{}", fault.text(lang)),
            (Lang::Zh, ParameterError::Value { what, why }) => format!("{}：{}", what.zh, why.zh),
        }
    }
}
