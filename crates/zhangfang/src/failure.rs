//! One failure for the command line: what a person reads, in both languages.

use kernel::{Bilingual, Lang};

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    zh: String,
    en: String,
}

/// What commands answer.
pub type Done<T = ()> = Result<T, Failure>;

impl Failure {
    /// A failure in both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Failure {
        Failure { zh: zh.into(), en: en.into() }
    }
    /// A failure of reading or writing `path`.
    pub fn file(path: impl std::fmt::Display, error: impl std::fmt::Display) -> Failure {
        Failure::new(format!("文件 {path}：{error}"), format!("{path}: {error}"))
    }
    /// The text in `lang`.
    pub fn text(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

impl<E: Bilingual> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure { zh: error.text(Lang::Zh), en: error.text(Lang::En) }
    }
}
