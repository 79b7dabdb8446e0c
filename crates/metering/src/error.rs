//! What the reading office refuses, and why.

use identity::IdentityError;
use kernel::{Bilingual, FigureError, Lang};
use store::StoreError;

/// A refusal or failure of the reading office.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MeteringError {
    /// A stored code that this program does not know.
    #[error("stored code {code} is not a {what}; the database was written by another program")]
    UnknownCode {
        /// The kind of code.
        what: &'static str,
        /// The number found.
        code: i64,
    },
    /// A reading that cannot be right.
    #[error("meter {meter}: {fault}")]
    Reading {
        /// The meter's number.
        meter: String,
        /// What is wrong with it.
        fault: crate::reading::ReadingFault,
    },
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

impl Bilingual for MeteringError {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (lang, MeteringError::Store(error)) => error.text(lang),
            (lang, MeteringError::Identity(error)) => error.text(lang),
            (lang, MeteringError::Figure(error)) => error.text(lang),
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, MeteringError::UnknownCode { what, code }) => {
                format!("数据库中的代码 {code} 不是有效的 {what}，数据库由其他程序写入")
            }
            (Lang::Zh, MeteringError::Reading { meter, fault }) => {
                format!("电能表 {meter}：{}", fault.text(Lang::Zh))
            }
        }
    }
}
