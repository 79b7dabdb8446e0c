//! The nouns: accounts, components, postings, vouchers.

use std::fmt;

use kernel::{Date, Money, Month};

/// The code of an account in the chart (科目编码), a whole number such as 1122 or 600101.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountCode(pub i64);

impl fmt::Display for AccountCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The number of a component of the bill in the ledger's list of components; it is stored and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentId(pub u16);

impl ComponentId {
    /// No component: the posting concerns the whole amount.
    pub const NONE: ComponentId = ComponentId(0);
}

/// One line of a voucher (分录): `amount` moves from the credit account to the debit account. It balances by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Account debited (借方科目).
    pub debit: AccountCode,
    /// Account credited (贷方科目).
    pub credit: AccountCode,
    /// Above zero, in fen.
    pub amount: Money,
    /// The customer account concerned, if one is.
    pub customer: Option<i64>,
    /// The component of the bill, or [`ComponentId::NONE`].
    pub component: ComponentId,
}

/// What a voucher (记账凭证) says beside its postings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoucherHeader {
    /// Its key, from `work.next_key()`; vouchers of a bulk are written fastest in the order of their keys.
    pub voucher_id: i64,
    /// The organisation unit (station) whose books it belongs to.
    pub unit_id: i64,
    /// Posting date (记账日期): its month is the accounting period.
    pub posted_on: Date,
    /// The day the business took place (业务日期).
    pub effective_on: Date,
    /// The business event, such as `bill_issued`; at most 40 bytes.
    pub event: String,
    /// The document it was made from, kind and number; at most 200 bytes.
    pub source: String,
    /// The summary a person reads (摘要); at most 400 bytes.
    pub text: String,
}

impl VoucherHeader {
    /// The accounting period, the month of the posting date.
    pub fn period(&self) -> Month {
        self.posted_on.month()
    }
}

/// A voucher as it was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// Its key.
    pub voucher_id: i64,
    /// The year its number belongs to.
    pub year: i64,
    /// Its number, without gaps within organisation and year.
    pub number: i64,
    /// Sum of its postings.
    pub total: Money,
    /// How many postings it has.
    pub postings: i64,
}
