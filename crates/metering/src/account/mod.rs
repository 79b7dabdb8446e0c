//! Accounts (用电户) and everything that is measured for them.

mod bulk;
mod model;
pub(crate) mod sql;

pub use bulk::AccountBulk;
pub use model::{
    Account, AccountDetails, AccountStatus, BasicMethod, Category, CollectionMethod, LineLossMethod, Meter,
    Options, Point, PointRelation, PowerFactorStandard, TaxStatus, Terms, Transformer, TransformerChange,
    TransformerEvent, TransformerLossMethod, VoltageLevel,
};
