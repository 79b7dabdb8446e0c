//! What an export or a verification refuses, and why.

use kernel::{Bilingual, Lang, Text};

/// A refusal or failure of audit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The file is not a proof of a known form, or breaks off.
    #[error("the file is not a proof that can be read ({place}): {why}")]
    Unreadable {
        /// Where: a field, a frame.
        place: String,
        /// Why.
        why: String,
    },
    /// What the file claims does not hold.
    #[error("NOT PROVED, {place}: {}", .why.en)]
    NotProved {
        /// Which bill, act, voucher.
        place: String,
        /// What does not hold.
        why: Text,
    },
    /// There is no such issued bill.
    #[error("there is no issued bill {0}")]
    NoSuchBill(String),
    /// The code names a bill, but not as it stands.
    #[error(
        "the code {0} does not fit the bill it names: the bill has another hash, so code or bill was altered; compare \
         the code with the paper letter by letter"
    )]
    WrongCode(String),
    /// The stored bills of an issue are not those that were issued.
    #[error("the stored bills of {0} are not those that the log covers; run `zhangfang check`")]
    Altered(String),
    /// There is nothing to export.
    #[error("the log has no act on {0}")]
    NoActs(String),
    /// A file could not be read or written.
    #[error("{0}")]
    File(String),
    /// The proof does not hold.
    #[error(transparent)]
    Proof(#[from] proof::ProofError),
    /// The log refused or failed.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] ledger::LedgerError),
    /// Billing refused or failed.
    #[error("{0}")]
    Billing(Text2),
    /// Not permitted.
    #[error(transparent)]
    Identity(#[from] identity::IdentityError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::StoreError),
}

/// A text of another crate's error in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text2(pub Text);

impl std::fmt::Display for Text2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.en)
    }
}

impl From<billing::BillingError> for AuditError {
    fn from(error: billing::BillingError) -> AuditError {
        AuditError::Billing(Text2(Text::new(error.text(Lang::Zh), error.text(Lang::En))))
    }
}

impl From<std::io::Error> for AuditError {
    fn from(error: std::io::Error) -> AuditError {
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => unreadable("end", "it breaks off"),
            _ => AuditError::File(error.to_string()),
        }
    }
}

pub(crate) fn unreadable(place: impl Into<String>, why: impl ToString) -> AuditError {
    AuditError::Unreadable { place: place.into(), why: why.to_string() }
}

pub(crate) fn not_proved(
    place: impl Into<String>,
    zh: impl Into<String>,
    en: impl Into<String>,
) -> AuditError {
    AuditError::NotProved { place: place.into(), why: Text::new(zh, en) }
}

impl Bilingual for AuditError {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (lang, AuditError::Proof(error)) => error.text(lang),
            (lang, AuditError::Vault(error)) => error.text(lang),
            (lang, AuditError::Ledger(error)) => error.text(lang),
            (lang, AuditError::Billing(error)) => error.0.text(lang),
            (lang, AuditError::Identity(error)) => error.text(lang),
            (lang, AuditError::Store(error)) => error.text(lang),
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, AuditError::Unreadable { place, why }) => {
                format!("文件不是可读的存证文件（{place}）：{why}")
            }
            (Lang::Zh, AuditError::NotProved { place, why }) => format!("未能证明，{place}：{}", why.zh),
            (Lang::Zh, AuditError::NoSuchBill(code)) => format!("没有已发行的账单 {code}"),
            (Lang::Zh, AuditError::WrongCode(code)) => {
                format!(
                    "验证码 {code} 与其所指账单不符：账单哈希不同，验证码或账单被改动过；请与纸面逐字核对"
                )
            }
            (Lang::Zh, AuditError::Altered(what)) => {
                format!("{what} 的存储账单与日志所载不符；请运行 `zhangfang check`")
            }
            (Lang::Zh, AuditError::NoActs(what)) => format!("日志中没有关于 {what} 的记录"),
            (Lang::Zh, AuditError::File(why)) => format!("文件读写失败：{why}"),
        }
    }
}
