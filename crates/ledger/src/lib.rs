//! Floor 2: the general ledger, kept by every office without noticing.
//!
//! A posting is one debit account, one credit account and one positive amount, so an unbalanced entry cannot be
//! written down. A voucher (凭证) seals its postings: the database itself refuses it when its period is not open, an
//! account is unknown, a number would be skipped, or the postings do not add up to it; and refuses every later change.
//! Corrections are red vouchers (红冲) that mirror the postings.
//!
//! [`Chart`] and [`PostingRules`] are data files. [`post`] writes one voucher, [`post_bulk`] thousands; balances per
//! period, unit, account and component are kept in the same transaction. [`trial_balance`], [`account_detail`],
//! [`customer_balances`] and [`export_hledger`] read; [`check()`] proves that balances and entries agree.
//!
//! Every voucher is an act in the vault's log with the digest of its canonical bytes ([`Voucher`], [`read_voucher`]);
//! so are the steps of periods, where a close states what it closed, and changes of the chart.

mod buffer;
mod canonical;
mod chart;
mod check;
mod entry;
mod error;
mod hledger;
mod logged;
mod looks;
mod model;
mod periods;
mod reports;
mod rules;
mod schema;
mod service;
mod sketch;
mod sql;

pub use buffer::PostingBuffer;
pub use canonical::{Movement, PeriodBalance, UnreadableVoucher, Voucher, VoucherHead, read_voucher};
pub use chart::{Account, AccountKind, Chart, Side};
pub use check::{
    CheckReport, Finding, PeriodMade, VoucherFigures, Vouchers, adoption, check, check_with, period_with,
    periods_made,
};
pub use entry::{Entry, Leg};
pub use error::LedgerError;
pub use hledger::export_hledger;
pub use logged::{
    ADOPTED, BalanceBuilder, CHART, PERIOD, VOUCHER, adopt, adopted, chart_digest, each_voucher,
    period_balance, voucher_by_number, voucher_years,
};
pub use looks::{
    AccountLines, COUNT_MAX, Customer, LineFilter, Part, VoucherFilter, account_lines, chart,
    component_names, reversed_by, voucher_head, voucher_movements, voucher_postings, vouchers_of,
};
pub use model::{AccountCode, ComponentId, Posted, Posting, VoucherHeader};
pub use periods::{Period, close_period, open_period, periods, reopen_period};
pub use reports::{
    BalanceLine, ComponentBalance, DetailLine, DetailPage, TrialBalance, account_detail, balance_of,
    balances_by_component, customer_balance, customer_balances, trial_balance,
};
pub use rules::{Accounts, Component, EventRules, PostingRules};
pub use schema::SCHEMA;
pub use service::{MANUAL, install_chart, permission, post, post_bulk, post_manual, reverse, reverse_manual};
pub use sketch::{Sketch, Sketcher};
