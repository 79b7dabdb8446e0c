//! What keeps a check from running at all.

use kernel::{Bilingual, Lang, Text};
use store::StoreError;

/// Why a check could not run, or a command about an alarm was refused. What a check finds is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// A module could not read what it has to prove.
    #[error("{}", .0.en)]
    Module(Box<Text>),
    /// Something was found: the alarm was raised and the command refused.
    #[error("{}", .0.en)]
    Found(Box<Text>),
    /// Somebody wanted it stopped: what was looked at so far proves nothing.
    #[error("stopped as asked; what was looked at so far proves nothing")]
    Stopped,
    /// A refusal about persons and alarms.
    #[error(transparent)]
    Identity(#[from] identity::IdentityError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bilingual for CheckError {
    fn text(&self, lang: Lang) -> String {
        match self {
            CheckError::Module(text) | CheckError::Found(text) => text.text(lang),
            CheckError::Stopped => match lang {
                Lang::Zh => "已按要求停止，已查看部分不作为结论".into(),
                Lang::En => self.to_string(),
            },
            CheckError::Identity(error) => error.text(lang),
            CheckError::Store(error) => error.text(lang),
        }
    }
}

macro_rules! modules {
    ($($error:ty),*) => {$(
        impl From<$error> for CheckError {
            fn from(error: $error) -> CheckError {
                CheckError::Module(Box::new(Text::new(error.text(Lang::Zh), error.text(Lang::En))))
            }
        }
    )*};
}
modules!(
    vault::VaultError,
    ledger::LedgerError,
    documents::DocumentError,
    workflow::WorkflowError,
    metering::MeteringError,
    metering::ParameterError,
    billing::BillingError
);
