//! Refusals about numbers and prints.

use identity::IdentityError;
use kernel::{Bilingual, Lang};
use store::StoreError;

/// Why a number or a print was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// No kind of document has this code.
    #[error("there is no kind of document {kind:?}")]
    UnknownKind {
        /// The code given.
        kind: String,
    },
    /// A block must have at least one number and not too many.
    #[error("{count} numbers cannot be taken at once: between 1 and {most} can")]
    BadCount {
        /// How many were asked for.
        count: u32,
        /// How many can be taken.
        most: u32,
    },
    /// Only numbers that were given out can be explained.
    #[error("number {number} of {kind} {year} was never given out and needs no explanation")]
    NeverGiven {
        /// The kind.
        kind: &'static str,
        /// The year of the series.
        year: i16,
        /// The number.
        number: i64,
    },
    /// The gap is explained already.
    #[error("number {number} of {kind} {year} is explained already")]
    AlreadyExplained {
        /// The kind.
        kind: &'static str,
        /// The year of the series.
        year: i16,
        /// The number.
        number: i64,
    },
    /// A reason must be given.
    #[error("a reason is needed for {what}")]
    ReasonNeeded {
        /// For what.
        what: String,
    },
    /// The copies asked for do not exist.
    #[error("copies {first} to {last} of {of} do not exist")]
    NoSuchCopies {
        /// First copy.
        first: u16,
        /// Last copy.
        last: u16,
        /// How many there are.
        of: u16,
    },
    /// The person may not.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bilingual for DocumentError {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            DocumentError::UnknownKind { kind } => format!("没有单据种类 {kind:?}"),
            DocumentError::BadCount { count, most } => {
                format!("一次不能取 {count} 个号码，应为 1 至 {most} 个")
            }
            DocumentError::NeverGiven { kind, year, number } => {
                format!("{kind} {year} 年 {number} 号从未发出，无需说明")
            }
            DocumentError::AlreadyExplained { kind, year, number } => {
                format!("{kind} {year} 年 {number} 号已有说明")
            }
            DocumentError::ReasonNeeded { what } => format!("{what} 须填写原因"),
            DocumentError::NoSuchCopies { first, last, of } => {
                format!("没有第 {first} 至 {last} 联，共 {of} 联")
            }
            DocumentError::Identity(error) => error.text(lang),
            DocumentError::Store(error) => error.text(lang),
        }
    }
}
