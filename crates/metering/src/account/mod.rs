//! Accounts (用电户) and everything that is measured for them.

mod bulk;
mod model;
pub mod rules;
mod service;
pub(crate) mod sql;

pub use bulk::AccountBulk;
pub use model::{
    Account, AccountDetails, AccountStatus, BasicMethod, Category, CollectionMethod, LineLossMethod, Meter,
    Options, Point, PointRelation, PowerFactorStandard, TaxStatus, Terms, Transformer, TransformerChange,
    TransformerEvent, TransformerLossMethod, VoltageLevel,
};
pub use rules::AccountField;
pub use service::{
    AccountChange, change_account, change_meter, changes, details, find_by_number, meters, move_to_book,
    open_account, record_transformer_event,
};
