//! Values that cross the door: whole numbers, text, bytes, nothing.

use kernel::{Date, Moment, Money, Month, Price, Quantity, Rate};
use postgres::types::{IsNull, ToSql, Type, private::BytesMut};

/// A parameter or a field to be written. Money, quantities, dates and the like are whole numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

macro_rules! whole_numbers {
    ($($kind:ty => $as:expr),* $(,)?) => {$(
        impl From<$kind> for Value<'_> {
            fn from(value: $kind) -> Self {
                #[allow(clippy::redundant_closure_call)]
                Value::Int(($as)(value))
            }
        }
    )*};
}
whole_numbers! {
    i64 => |value| value,
    i32 => i64::from,
    u32 => i64::from,
    u16 => i64::from,
    u8 => i64::from,
    i8 => i64::from,
    bool => i64::from,
    Money => Money::fen,
    Quantity => Quantity::units,
    Price => Price::units,
    Rate => Rate::units,
    Date => Date::number,
    Month => Month::number,
    Moment => Moment::millis,
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::Text(value)
    }
}
impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Value::Text(value)
    }
}
impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Value::Blob(value)
    }
}
impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Value::Blob(value)
    }
}
impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Value::Blob(value)
    }
}
impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// Builds the parameters of a statement: `params![org, number, &name]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(value) => match *kind {
                Type::INT4 => i32::try_from(*value)?.to_sql(kind, out),
                Type::INT2 => i16::try_from(*value)?.to_sql(kind, out),
                Type::INT8 => value.to_sql(kind, out),
                Type::TEXT | Type::VARCHAR => value.to_string().to_sql(kind, out),
                _ => Err(format!("a whole number cannot be passed as {kind}").into()),
            },
            Value::Text(value) => value.to_sql(kind, out),
            Value::Blob(value) => value.to_sql(kind, out),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    postgres::types::to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PostgreSQL takes a whole number in the width of the column, if it fits, or as text; nothing is cut off.
    #[test]
    fn whole_numbers_fit_their_column_or_are_refused() {
        let sent = |value: Value<'_>, kind: Type| {
            let mut out = BytesMut::new();
            assert!(<Value<'_> as ToSql>::accepts(&kind));
            match value.to_sql_checked(&kind, &mut out) {
                Ok(IsNull::Yes) => Ok(None),
                Ok(IsNull::No) => Ok(Some(out.to_vec())),
                Err(error) => Err(error.to_string()),
            }
        };
        let cases: [(Value<'_>, Type, Option<&[u8]>); 14] = [
            (Value::Null, Type::INT8, None),
            (Value::Int(32_767), Type::INT2, Some(&[0x7f, 0xff])),
            (Value::Int(-32_768), Type::INT2, Some(&[0x80, 0])),
            (Value::Int(2_147_483_647), Type::INT4, Some(&[0x7f, 0xff, 0xff, 0xff])),
            (Value::Int(-2_147_483_648), Type::INT4, Some(&[0x80, 0, 0, 0])),
            (Value::Int(1), Type::INT4, Some(&[0, 0, 0, 1])),
            (Value::Int(i64::MAX), Type::INT8, Some(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
            (Value::Int(-2), Type::INT8, Some(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe])),
            (Value::Int(-70), Type::TEXT, Some(b"-70")),
            (Value::Int(70), Type::VARCHAR, Some(b"70")),
            (Value::Text("账"), Type::TEXT, Some("账".as_bytes())),
            (Value::Text(""), Type::TEXT, Some(b"")),
            (Value::Blob(&[0, 255]), Type::BYTEA, Some(&[0, 255])),
            (Value::Blob(&[]), Type::BYTEA, Some(b"")),
        ];
        for (value, kind, expected) in cases {
            assert_eq!(sent(value, kind.clone()), Ok(expected.map(<[u8]>::to_vec)), "{value:?} as {kind}");
        }
        for (value, kind) in [
            (32_768, Type::INT2),
            (-32_769, Type::INT2),
            (2_147_483_648, Type::INT4),
            (-2_147_483_649, Type::INT4),
        ] {
            assert!(sent(Value::Int(value), kind.clone()).is_err(), "{value} as {kind}");
        }
        let refused = Err("a whole number cannot be passed as bool".to_owned());
        assert_eq!(sent(Value::Int(1), Type::BOOL), refused);
    }
}
