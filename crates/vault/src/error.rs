//! What the vault refuses, and why.

use kernel::{Bilingual, Lang};
use store::StoreError;

/// A refusal or failure of the vault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A text of the act is too long, empty or has control characters.
    #[error("the act cannot be recorded: {field} {why}")]
    BadAct {
        /// Which part of the act.
        field: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Stored bytes are not an act in canonical form.
    #[error("the stored bytes are not an act: {0}")]
    NotCanonical(&'static str),
    /// The log has no such leaf, or not so many.
    #[error("the log has {size} acts; {asked} was asked for")]
    BeyondEnd {
        /// What was asked for.
        asked: i64,
        /// The size of the log.
        size: i64,
    },
    /// A stored hash is missing.
    #[error("the log is damaged: hash {0} is missing")]
    HashMissing(i64),
    /// The origin of a checkpoint is not acceptable.
    #[error("the origin {0:?} must be a name without spaces, plus signs and line breaks")]
    BadOrigin(String),
    /// Not permitted.
    #[error(transparent)]
    Identity(#[from] identity::IdentityError),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bilingual for VaultError {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            VaultError::BadAct { field, why } => {
                let why = match *why {
                    "is too long" => "过长",
                    "is empty" => "为空",
                    _ => "不合要求",
                };
                format!("操作无法记入日志：{field} {why}")
            }
            VaultError::NotCanonical(why) => format!("存储的内容不是操作记录：{why}"),
            VaultError::BeyondEnd { asked, size } => format!("日志共有 {size} 条，要求的是 {asked}"),
            VaultError::HashMissing(index) => format!("日志已损坏：缺少第 {index} 个哈希"),
            VaultError::BadOrigin(origin) => format!("日志名称 {origin:?} 不得含空格、加号或换行"),
            VaultError::Identity(error) => error.text(lang),
            VaultError::Store(error) => error.text(lang),
        }
    }
}
