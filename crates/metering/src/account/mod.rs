//! Accounts (用电户) and everything that is measured for them.

mod bulk;
mod lookup;
mod model;
pub(crate) mod sql;

pub use bulk::AccountBulk;
pub use lookup::{account_by_id, account_by_number, each_account};
pub use model::{
    Account, AccountDetails, AccountStatus, BasicMethod, Category, CollectionMethod, LineLossMethod, Meter,
    Options, Point, PointRelation, PowerFactorStandard, TaxStatus, Terms, Transformer, TransformerChange,
    TransformerEvent, TransformerLossMethod, VoltageLevel,
};
