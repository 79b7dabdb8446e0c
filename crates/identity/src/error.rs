//! Refusals about who may do what.

use kernel::{Bilingual, Lang};
use store::StoreError;

/// Why a person may not act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// None of the person's posts carries the permission for this unit.
    #[error("{person} may not do this: permission {permission} is missing for unit {unit_id}")]
    NotPermitted {
        /// Who asked.
        person: String,
        /// The permission asked for.
        permission: &'static str,
        /// The organisation unit concerned.
        unit_id: i64,
    },
    /// The same person made what must now be checked by another.
    #[error("{person} made {what} and may not check it: another person must")]
    MakerIsChecker {
        /// Who asked.
        person: String,
        /// The document.
        what: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bilingual for IdentityError {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (lang, IdentityError::Store(error)) => error.text(lang),
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, IdentityError::NotPermitted { person, permission, unit_id }) => {
                format!("{person} 无权操作：对单位 {unit_id} 缺少权限 {permission}")
            }
            (Lang::Zh, IdentityError::MakerIsChecker { person, what }) => {
                format!("{what} 由 {person} 经办，不得由本人审核，须换人")
            }
        }
    }
}
