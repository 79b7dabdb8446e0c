//! Accounts (用电户) and everything that is measured for them.

mod bulk;
mod listing;
mod model;
pub mod rules;
mod service;
pub(crate) mod sql;

pub use bulk::AccountBulk;
pub use listing::{
    AccountName, AccountOrder, AccountQuery, account_keys, account_names, accounts_page, price_classes,
};
pub use model::{
    Account, AccountDetails, AccountStatus, BasicMethod, Category, CollectionMethod, LineLossMethod,
    LossFigures, LossFormula, Meter, Options, Point, PointRelation, PowerFactorStandard, TaxStatus, Terms,
    Transformer, TransformerChange, TransformerEvent, TransformerLossMethod, VoltageLevel,
};
pub use rules::AccountField;
pub use service::{AccountChange, changes, meters, open_account};
pub use sql::{account_by_id, account_by_number, accounts_of_book, each_account, names_of};
