//! What can be wrong with a quote file: where, and what to do.

use kernel::{Bilingual, Lang};

/// A quote file that cannot be answered. It names the place: line and column, from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {en}")]
pub struct QuoteError {
    /// The file as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Bilingual for QuoteError {
    fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Zh => format!("{} 第 {} 行第 {} 列：{}", self.file, self.line, self.column, self.zh),
        }
    }
}

/// Shorthand of this module.
pub(super) type Quoted<T> = Result<T, QuoteError>;
