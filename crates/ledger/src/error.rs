//! What the ledger refuses, and why.

use kernel::{Bilingual, Date, FigureError, Lang, Money, Month};
use store::StoreError;

use crate::AccountCode;

/// A refusal or failure of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The accounting period takes no postings.
    #[error("the accounting period {0} is not open; post into an open period or have it opened")]
    PeriodNotOpen(Month),
    /// The period cannot be opened or closed now.
    #[error("the accounting period {period} cannot be {what}: {why}")]
    PeriodOrder {
        /// The period.
        period: Month,
        /// What was asked: opened, closed or reopened.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// The account is not in the chart, or has sub-accounts and takes no postings itself.
    #[error("account {0} is not in the chart of accounts, or takes no postings")]
    UnknownAccount(AccountCode),
    /// No posting rule for this event and component.
    #[error("no posting rule for event {event:?} with component {component:?}; add it to the posting rules")]
    NoRule {
        /// The business event.
        event: String,
        /// The component, empty when the event has none.
        component: String,
    },
    /// The component is not in the list of components.
    #[error("the component {0:?} is not known to the ledger; add it to the list of components")]
    UnknownComponent(String),
    /// An amount must be above zero.
    #[error("{amount} cannot be posted from {credit} to {debit}: an amount must be above zero")]
    NotPositive {
        /// Debited account.
        debit: AccountCode,
        /// Credited account.
        credit: AccountCode,
        /// The amount.
        amount: Money,
    },
    /// Debit and credit are the same account.
    #[error("account {0} cannot be debited and credited by the same posting")]
    SameAccount(AccountCode),
    /// The legs of an entry do not balance.
    #[error("the entry does not balance: debit {debit}, credit {credit}")]
    Unbalanced {
        /// Sum of the debit legs.
        debit: Money,
        /// Sum of the credit legs.
        credit: Money,
    },
    /// Two legs that meet name different customers.
    #[error("a posting concerns one customer, not {0} and {1}; move it over a clearing account")]
    TwoCustomers(i64, i64),
    /// A posting was added before any voucher was begun.
    #[error("no voucher was begun in this buffer")]
    NoVoucher,
    /// Headers and buffered vouchers differ.
    #[error("voucher {voucher_id} has {what}")]
    HeaderMismatch {
        /// The voucher.
        voucher_id: i64,
        /// What is missing or too much.
        what: &'static str,
    },
    /// The voucher does not exist.
    #[error("voucher {0} does not exist")]
    NoSuchVoucher(i64),
    /// The voucher was reversed before.
    #[error("voucher {0} was reversed before and cannot be reversed again")]
    AlreadyReversed(i64),
    /// An office posted it as part of its own command.
    #[error(
        "the voucher of {0:?} was posted by an office: it is corrected by a document of that office, not by hand"
    )]
    NotByHand(String),
    /// A text or date of the header is not acceptable.
    #[error("voucher header: {0}")]
    BadHeader(String),
    /// A day is outside the period.
    #[error("{day} is before the document it reverses ({original})")]
    ReversedTooEarly {
        /// The day asked for.
        day: Date,
        /// The day of the original.
        original: Date,
    },
    /// A data file (chart, components, posting rules) is wrong.
    #[error("{file}, line {line}: {why}")]
    BadData {
        /// Which file.
        file: &'static str,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// The journal could not be written out.
    #[error("the journal could not be written: {0}")]
    Output(String),
    /// Not permitted.
    #[error(transparent)]
    Identity(#[from] identity::IdentityError),
    /// The log refused or failed.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A figure does not fit.
    #[error(transparent)]
    Figure(#[from] FigureError),
}

impl Bilingual for LedgerError {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (lang, LedgerError::Identity(error)) => error.text(lang),
            (lang, LedgerError::Store(error)) => error.text(lang),
            (lang, LedgerError::Vault(error)) => error.text(lang),
            (lang, LedgerError::Figure(error)) => error.text(lang),
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, error) => chinese(error),
        }
    }
}

fn chinese(error: &LedgerError) -> String {
    match error {
        LedgerError::PeriodNotOpen(period) => format!("会计期间 {period} 未开放，请记入已开放的期间"),
        LedgerError::PeriodOrder { period, what, why } => {
            let what = match *what {
                "opened" => "开账",
                "closed" => "结账",
                _ => "反结账",
            };
            format!("会计期间 {period} 不能{what}：{why}")
        }
        LedgerError::UnknownAccount(code) => format!("科目 {code} 不在科目表中，或不是末级科目"),
        LedgerError::NoRule { event, component } => {
            format!("业务 {event:?} 的费用项 {component:?} 没有记账规则，请先补充")
        }
        LedgerError::UnknownComponent(code) => format!("总账不认识费用项 {code:?}，请先登记"),
        LedgerError::NotPositive { debit, credit, amount } => {
            format!("借 {debit} 贷 {credit} 金额 {amount}：金额必须大于零")
        }
        LedgerError::SameAccount(code) => format!("科目 {code} 不能在同一分录中既借又贷"),
        LedgerError::Unbalanced { debit, credit } => format!("借贷不平：借方 {debit}，贷方 {credit}"),
        LedgerError::TwoCustomers(one, other) => {
            format!("一条分录只能涉及一个客户，不能同时涉及 {one} 和 {other}，请经过渡科目")
        }
        LedgerError::NoVoucher => "尚未开始任何凭证".into(),
        LedgerError::HeaderMismatch { voucher_id, what } => {
            let what = match *what {
                "no postings" => "没有分录",
                "no header" => "没有凭证头",
                _ => "重复的凭证头",
            };
            format!("凭证 {voucher_id} {what}")
        }
        LedgerError::NoSuchVoucher(id) => format!("凭证 {id} 不存在"),
        LedgerError::AlreadyReversed(id) => format!("凭证 {id} 已被红冲，不能再次红冲"),
        LedgerError::NotByHand(source) => {
            format!("凭证（{source}）由业务产生，请在该业务中以退补等单据更正，不能手工红冲")
        }
        LedgerError::BadHeader(why) => format!("凭证头：{why}"),
        LedgerError::ReversedTooEarly { day, original } => {
            format!("红冲日期 {day} 早于原凭证日期 {original}")
        }
        LedgerError::BadData { file, line, why } => format!("{file} 第 {line} 行：{why}"),
        LedgerError::Output(why) => format!("账簿导出失败：{why}"),
        LedgerError::Identity(error) => error.text(Lang::Zh),
        LedgerError::Store(error) => error.text(Lang::Zh),
        LedgerError::Vault(error) => error.text(Lang::Zh),
        LedgerError::Figure(error) => error.text(Lang::Zh),
    }
}
