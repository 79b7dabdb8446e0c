//! Enumerations of the office in JSON, by their keys.

use serde::{Deserialize, Deserializer, Serializer, de};

use crate::account::{
    AccountField, BasicMethod, Category, CollectionMethod, LineLossMethod, PointRelation,
    PowerFactorStandard, TaxStatus, TransformerLossMethod, VoltageLevel,
};
use crate::reading::Register;

pub(crate) trait Keyed: Sized {
    fn key_text(&self) -> &'static str;
    fn from_key(text: &str) -> Option<Self>;
}

macro_rules! keyed {
    ($($name:ident),*) => {$(
        impl Keyed for $name {
            fn key_text(&self) -> &'static str { self.key() }
            fn from_key(text: &str) -> Option<Self> { $name::from_words(text) }
        }
    )*};
}
keyed!(
    AccountField,
    BasicMethod,
    Category,
    CollectionMethod,
    LineLossMethod,
    PointRelation,
    PowerFactorStandard,
    TaxStatus,
    TransformerLossMethod,
    VoltageLevel,
    Register
);

pub(crate) fn serialize<T: Keyed, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.key_text())
}

pub(crate) fn deserialize<'de, T: Keyed, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    T::from_key(&text).ok_or_else(|| de::Error::custom(format!("{text:?} is not known")))
}

/// The same for what may be absent.
pub(crate) mod option {
    use super::*;

    pub(crate) fn serialize<T: Keyed, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.serialize_str(value.key_text()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T: Keyed, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        T::from_key(&text).map(Some).ok_or_else(|| de::Error::custom(format!("{text:?} is not known")))
    }
}
