//! Charges outside the monthly bill, as pure functions over dated rule data.
//!
//! Late fees and how part payments are shared ([`late_fee`]), irregular use ([`breach`]), theft ([`theft`]),
//! refunds and back-billing for metering errors ([`metering_error`]) and unmetered temporary supply
//! ([`temporary`]). The figures of each version of the Supply Rules stand in `data/charges.toml`
//! ([`ChargeRules`]); every result carries the steps that led to it.

mod error;
mod rules;
mod vat;

pub mod breach;
pub mod late_fee;
pub mod metering_error;
pub mod temporary;
pub mod theft;

pub use error::ChargeError;
pub use rules::{
    BreachRule, ChargeRules, ChargeVersion, LateFeeRule, MeteringErrorRule, TemporaryRule, TheftRule,
};
pub use vat::vat_rate;
