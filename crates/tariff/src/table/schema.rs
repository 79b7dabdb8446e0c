//! The price table as it is written: TOML that an accountant can read. Unknown keys are refused.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use kernel::{Date, Price, Quantity, Rate, Text};
use serde::de::{self, Deserialize, Deserializer, MapAccess, value::MapAccessDeserializer};
use toml::Spanned;

use crate::model::{Category, Period, VoltageLevel};

/// One figure for all periods of the day, or one for each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OneOrByPeriod<T> {
    /// One figure.
    One(T),
    /// By period.
    ByPeriod(BTreeMap<Period, T>),
}

struct OneOrByPeriodVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> de::Visitor<'de> for OneOrByPeriodVisitor<T> {
    type Value = OneOrByPeriod<T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number in quotes, or one for each period such as { peak = \"0.06\", valley = \"0.03\" }")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(de::value::StrDeserializer::new(text)).map(OneOrByPeriod::One)
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        T::deserialize(de::value::I64Deserializer::new(value)).map(OneOrByPeriod::One)
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        T::deserialize(de::value::U64Deserializer::new(value)).map(OneOrByPeriod::One)
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        T::deserialize(de::value::F64Deserializer::new(value)).map(OneOrByPeriod::One)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(OneOrByPeriod::ByPeriod)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrByPeriod<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrByPeriodVisitor(PhantomData))
    }
}

/// A factor of a period: on the flat price, or on another period's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Factor {
    /// Times the flat price.
    OfFlat(Rate),
    /// Times the price of another period.
    Of {
        /// That period.
        of: Period,
        /// Factor.
        times: Rate,
    },
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FactorOf {
    of: Period,
    times: Rate,
}

struct FactorVisitor;

impl<'de> de::Visitor<'de> for FactorVisitor {
    type Value = Factor;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a factor in quotes, or { of = \"peak\", times = \"1.2\" }")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Factor, E> {
        text.parse().map(Factor::OfFlat).map_err(E::custom)
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Factor, E> {
        Rate::whole(value).map(Factor::OfFlat).map_err(E::custom)
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Factor, E> {
        Rate::deserialize(de::value::F64Deserializer::new(value)).map(Factor::OfFlat)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Factor, A::Error> {
        FactorOf::deserialize(MapAccessDeserializer::new(map))
            .map(|FactorOf { of, times }| Factor::Of { of, times })
    }
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FactorVisitor)
    }
}

/// A date, in quotes as people write it or as TOML's own date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub Date);

struct DayVisitor;

impl<'de> de::Visitor<'de> for DayVisitor {
    type Value = Day;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date such as \"2026-01-31\"")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Day, E> {
        text.parse().map(Day).map_err(E::custom)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Day, A::Error> {
        let own = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))?;
        own.to_string().parse().map(Day).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DayVisitor)
    }
}

/// The whole file.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub id: Spanned<String>,
    pub version: u32,
    pub region: String,
    pub name: Text,
    pub source: String,
    pub from: Day,
    pub to: Option<Spanned<Day>>,
    #[serde(default = "vat_default")]
    pub vat: Spanned<Rate>,
    pub market_leaver_multiple: Option<Rate>,
    pub component: Vec<Component>,
    #[serde(default)]
    pub time_of_use: Vec<TimeOfUse>,
    #[serde(default)]
    pub tiers: Vec<Tiers>,
    pub basic: Option<Basic>,
    pub class: Vec<Class>,
}

/// 13 %, inside the price.
fn vat_default() -> Spanned<Rate> {
    Spanned::new(0..0, Rate::from_units(Rate::SCALE / 100 * 13))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ComponentKind {
    Energy,
    Fund,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    pub code: Spanned<String>,
    pub name: Text,
    pub kind: ComponentKind,
    #[serde(default)]
    pub floats: bool,
    /// Energy components are in the base unless the table says otherwise; funds never are.
    #[serde(default = "yes")]
    pub in_power_factor_base: bool,
    /// VAT is due: by default on energy, not on funds.
    pub vat: Option<bool>,
    /// A fund contained in a catalogue price.
    #[serde(default)]
    pub contained: bool,
    /// The market-leaver multiple and a market contract's price apply to it.
    #[serde(default)]
    pub market: bool,
    /// Price for all classes that do not name their own.
    pub price: Option<Spanned<OneOrByPeriod<Price>>>,
}

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeOfUse {
    pub code: Spanned<String>,
    /// Final prices are rounded to this many decimals of a yuan; not at all when absent.
    pub round_places: Option<u32>,
    /// Factors on the floating components; absent where classes name a price for each period.
    #[serde(default)]
    pub factor: BTreeMap<Period, Spanned<Factor>>,
    pub season: Vec<Spanned<TimeSeason>>,
    #[serde(default)]
    pub day: Vec<Spanned<SpecialDay>>,
}

/// Hours by period, each `"18:00-20:00"`.
pub(crate) type Hours = BTreeMap<Period, Vec<Spanned<String>>>;

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeSeason {
    pub months: Vec<Spanned<u8>>,
    pub hours: Hours,
    /// Factors of this season in place of the common ones.
    #[serde(default)]
    pub factor: BTreeMap<Period, Spanned<Factor>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DayTrigger {
    Holiday,
    Hot,
}

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecialDay {
    pub when: DayTrigger,
    /// For `hot`: the highest temperature of the day from which it applies.
    pub from_celsius: Option<i16>,
    #[serde(default)]
    pub months: Vec<Spanned<u8>>,
    pub hours: Hours,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TierPeriod {
    Year,
    Month,
}

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tiers {
    pub code: Spanned<String>,
    pub period: TierPeriod,
    pub thresholds: Option<Spanned<[Quantity; 2]>>,
    #[serde(default)]
    pub season: Vec<Spanned<TierSeason>>,
    pub add_on: Spanned<[OneOrByPeriod<Price>; 2]>,
    #[serde(default)]
    pub persons_from: u8,
    #[serde(default)]
    pub allowance_kwh: Quantity,
    #[serde(default)]
    pub free_kwh: Quantity,
    /// Price at which free kWh are given back, where the base price differs by period.
    pub free_price: Option<Price>,
}

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierSeason {
    pub months: Vec<Spanned<u8>>,
    pub thresholds: Spanned<[Quantity; 2]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub(crate) enum ExcessReading {
    A,
    B,
}

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Basic {
    /// 40 % rule.
    pub floor: Spanned<Rate>,
    /// 105 % rule.
    pub allowance: Spanned<Rate>,
    pub excess_reading: ExcessReading,
    pub excess_factor: Spanned<Rate>,
    #[serde(default = "yes")]
    pub in_power_factor_base: bool,
    /// 260 kWh rule.
    pub load_discount: Option<LoadDiscount>,
}

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadDiscount {
    pub from_kwh_per_kva: Quantity,
    pub factor: Spanned<Rate>,
    pub from: Day,
    pub to: Option<Day>,
}

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Class {
    pub code: Spanned<String>,
    pub name: Text,
    pub category: Category,
    pub components: Vec<Spanned<String>>,
    pub time_of_use: Option<Spanned<String>>,
    pub tiers: Option<Spanned<String>>,
    pub voltage: Vec<Spanned<Voltage>>,
}

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Voltage {
    pub level: Spanned<Level>,
    #[serde(default)]
    pub price: BTreeMap<String, Spanned<OneOrByPeriod<Price>>>,
    /// Yuan per kVA and month.
    pub capacity: Option<Spanned<Price>>,
    /// Yuan per kW and month.
    pub demand: Option<Spanned<Price>>,
    /// Yuan per kW and month where actual demand has its own price.
    pub actual_demand: Option<Spanned<Price>>,
    /// The final prices as published, funds included, to be reproduced exactly.
    #[serde(default)]
    pub published: BTreeMap<Period, Spanned<Price>>,
    /// The final price of each tier as published.
    pub published_tiers: Option<Spanned<[Price; 3]>>,
}

/// A voltage level by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level(pub VoltageLevel);

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        VoltageLevel::from_key(&key).map(Level).ok_or_else(|| {
            de::Error::custom(format!(
                "unknown voltage level {key:?}; one of below_1kv, 1_10kv, 20_35kv, 35_110kv, 110_220kv, from_220kv"
            ))
        })
    }
}
