//! Regulations, the power-factor table and loss tables, as data with dates.

use kernel::{Date, Exact, Quantity, Rate, Text};

use crate::model::LossModelId;

/// How days of a month are charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayShare {
    /// One thirtieth a day, whatever the month (1996).
    Fixed(u32),
    /// By the calendar days of the settled month (2024).
    Calendar,
}

/// One version of the Electricity Supply Rules (供电营业规则) as far as they touch a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regulation {
    /// Code.
    pub code: String,
    /// Name.
    pub name: Text,
    /// Where it is printed.
    pub source: String,
    /// First day in force; the regulation of the last day of a period applies to it.
    pub from: Date,
    /// Share of a day in a monthly charge.
    pub day_share: DayShare,
    /// A suspension shorter than this many days is charged in full.
    pub suspension_days_min: u16,
    /// Days of suspension in a calendar year beyond which capacity is charged in full; none for no limit.
    pub suspension_days_max: Option<u16>,
    /// Share of the price charged for suspended capacity within `young_years` of connection.
    pub suspended_share_young: Rate,
    /// Years after connection in which `suspended_share_young` applies.
    pub young_years: u8,
}

/// One row of a loss table: up to this many kWh a month, these losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossRow {
    /// Up to and including this many kWh a month; none for any.
    pub until_kwh: Option<Quantity>,
    /// Fixed kWh a month.
    pub active_kwh: Quantity,
    /// And this share of the kWh.
    pub active_rate: Rate,
    /// Fixed kvarh a month.
    pub reactive_kvarh: Quantity,
    /// And this share of the kWh.
    pub reactive_rate: Rate,
}

/// A transformer in the loss tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossModel {
    /// Its type, such as SL7-500.
    pub code: String,
    /// Rated kVA.
    pub capacity_kva: Quantity,
    /// Where the figures come from.
    pub source: String,
    /// Rows in rising order.
    pub rows: Vec<LossRow>,
}

impl LossModel {
    /// The row for this many kWh; the last one holds above all.
    pub fn row(&self, kwh: Exact) -> Option<&LossRow> {
        let fits = |row: &&LossRow| row.until_kwh.is_none_or(|until| kwh <= until.exact());
        self.rows.iter().find(fits).or(self.rows.last())
    }
}

/// What is the same for all customers: regulations by date, the power-factor table, loss tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// In order of their first day.
    pub regulations: Vec<Regulation>,
    /// Adjustment by power factor 0.00 to 1.00 for the standards 0.90, 0.85 and 0.80.
    pub power_factor: [[Rate; 101]; 3],
    /// Transformers.
    pub loss_models: Vec<LossModel>,
}

impl Rules {
    /// A transformer of the loss tables by its type.
    pub fn loss_model(&self, code: &str) -> Option<LossModelId> {
        let place = self.loss_models.iter().position(|model| model.code == code)?;
        u16::try_from(place).ok().map(LossModelId)
    }
}
