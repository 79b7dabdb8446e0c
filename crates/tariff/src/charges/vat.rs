//! The rate of value added tax by date, for a price that names none. The rates stand in `data/vat.toml`.

use std::sync::OnceLock;

use kernel::{Date, Rate};
use serde::Deserialize;

use super::ChargeError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rates {
    rate: Vec<Version>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    from: Date,
    rate: Rate,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "confirmed")]
    _confirmed: bool,
}

/// The rate inside a price of electricity on `date`; none before the tax was introduced in 1994.
pub fn vat_rate(date: Date) -> Result<Rate, ChargeError> {
    static RATES: OnceLock<Result<Rates, ChargeError>> = OnceLock::new();
    let rates = RATES
        .get_or_init(|| {
            toml::from_str(include_str!("../../data/vat.toml"))
                .map_err(|error| ChargeError::RuleData(error.to_string()))
        })
        .as_ref()
        .map_err(Clone::clone)?;
    let in_force = rates.rate.iter().rfind(|version| version.from <= date);
    Ok(in_force.map_or(Rate::ZERO, |version| version.rate))
}
