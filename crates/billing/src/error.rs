//! What can go wrong in the billing centre, in words.

use identity::IdentityError;
use kernel::{Bilingual, FigureError, Lang};
use ledger::LedgerError;
use metering::MeteringError;
use store::StoreError;

use crate::OfficeError;
use crate::canonical::Unreadable;

/// A refusal or failure of billing.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// An account came before any book.
    #[error("internal: an account outside any book")]
    NoBook,
    /// A price table cannot be used.
    #[error("{en}")]
    PriceTable {
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
    /// Somebody wanted it stopped: nothing is wrong, and nothing came of it.
    #[error("stopped as asked")]
    Stopped,
    /// A plan that bills were made by is not to be had any more.
    #[error("price table {0} that bills were made by is missing or changed; load it again unchanged")]
    PlanLost(String),
    /// A price component has no posting rule.
    #[error("price component number {0} has no posting rule")]
    NoPosting(u16),
    /// There is no such bill.
    #[error("account {account} has no bill for {month}")]
    NoBill {
        /// Number or key of the account.
        account: String,
        /// The month.
        month: String,
    },
    /// The book is not in a state for this.
    #[error("book {book_id}: {en}")]
    BookState {
        /// The book.
        book_id: i64,
        /// In Chinese.
        zh: &'static str,
        /// In English.
        en: &'static str,
    },
    /// A stored bill cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A figure does not fit.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// Not permitted.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Metering.
    #[error(transparent)]
    Metering(#[from] MeteringError),
    /// The log.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    /// A rule of the office around the calculation.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// Numbers of documents.
    #[error(transparent)]
    Documents(#[from] documents::DocumentError),
}

impl Bilingual for BillingError {
    fn text(&self, lang: Lang) -> String {
        match self {
            BillingError::Figure(error) => error.text(lang),
            BillingError::Identity(error) => error.text(lang),
            BillingError::Store(error) => error.text(lang),
            BillingError::Ledger(error) => error.text(lang),
            BillingError::Metering(error) => error.text(lang),
            BillingError::Documents(error) => error.text(lang),
            BillingError::Vault(error) => error.text(lang),
            BillingError::Office(error) => error.text(lang),
            error if lang == Lang::En => error.to_string(),
            BillingError::Stopped => "已按要求停止".into(),
            BillingError::NoBook => "内部错误：账户不属于任何抄本".into(),
            BillingError::PriceTable { zh, .. } => zh.clone(),
            BillingError::PlanLost(table) => {
                format!("已用于计费的电价表 {table} 缺失或被改动，请原样重新装入")
            }
            BillingError::NoPosting(component) => format!("电价构成 {component} 没有记账规则"),
            BillingError::NoBill { account, month } => format!("用户 {account} 在 {month} 没有电费账单"),
            BillingError::BookState { book_id, zh, .. } => format!("抄本 {book_id}：{zh}"),
            BillingError::Unreadable(error) => format!("存储的账单在第 {} 字节处无法读取", error.0),
        }
    }
}

/// For commands of the office that end in the core; refusals keep their kind, everything else keeps its words.
impl From<BillingError> for OfficeError {
    fn from(error: BillingError) -> OfficeError {
        match error {
            BillingError::Office(error) => error,
            BillingError::Identity(error) => OfficeError::Identity(error),
            BillingError::Store(error) => OfficeError::Store(error),
            BillingError::Figure(error) => OfficeError::Figure(error),
            error => OfficeError::below(&error),
        }
    }
}
