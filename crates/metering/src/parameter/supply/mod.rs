//! Everything about one account that a change may touch, as one value: loaded, changed by pure rules, written back.

pub(crate) mod sql;

use kernel::{Date, Month, Quantity};

use crate::account::{AccountDetails, Meter, Point, Terms, Transformer, TransformerEvent};
use crate::reading::Register;

/// What a meter showed when it was put on or taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The meter.
    pub meter_seq: i64,
    /// Taken off? Put on otherwise.
    pub taken_off: bool,
    /// Its registers.
    pub registers: Vec<(Register, Quantity)>,
}

/// An account with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supply {
    /// The account.
    pub details: AccountDetails,
    /// Its terms.
    pub terms: Option<Terms>,
    /// Its transformers.
    pub transformers: Vec<Transformer>,
    /// Their events in order.
    pub events: Vec<TransformerEvent>,
    /// Its points.
    pub points: Vec<Point>,
    /// All meters it ever had.
    pub meters: Vec<Meter>,
    /// What meters put on or taken off by these changes showed.
    pub shown: Vec<Shown>,
    /// The latest total each meter was read at, for those in use.
    pub last_totals: Vec<(i64, Quantity)>,
}

impl Supply {
    /// The account's key.
    pub fn account_id(&self) -> i64 {
        self.details.account.account_id
    }
    /// A meter in use.
    pub fn meter_in_use(&self, meter_seq: i64) -> Option<&Meter> {
        self.meters.iter().find(|meter| meter.meter_seq == meter_seq && meter.removed_on.is_none())
    }
}

/// One parameter before and after, as kept in `account_change`. Source: PARM-01, XC-15.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The parameter; after a dot, which row of several.
    pub field: String,
    /// Before.
    pub old: Option<String>,
    /// After.
    pub new: Option<String>,
    /// The first day of the new value.
    pub from: Date,
}

/// A kept change of an account (变更记录).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptChange {
    /// What changed.
    pub change: FieldChange,
    /// The ticket's number; with a stroke and the number of the modification for a second one.
    pub ticket: String,
    /// Who archived it.
    pub person_id: i64,
    /// When.
    pub at: kernel::Moment,
}

/// A month of a book, as far as a change of meters needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenMonth {
    pub(crate) month: Month,
    pub(crate) for_entry: bool,
}
