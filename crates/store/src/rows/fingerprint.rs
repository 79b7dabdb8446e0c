//! The fingerprint of a row: SHA-256 over its table and every field that is not null, in the order of the columns' names.
//!
//! A column that a later version adds empty changes no fingerprint. PostgreSQL computes the same text by itself
//! ([`super::postgres`]), so a fingerprint is the same on both engines.

use std::io::Write;

use sha2::{Digest, Sha256};

use crate::catalogue::{Table, quoted};
use crate::{Kind, Row, StoreError, Value};

/// A fingerprint.
pub(crate) type Fingerprint = [u8; 32];

/// Bytes of a fingerprint.
pub(crate) const WIDTH: usize = 32;

/// A table whose rows have fingerprints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) name: String,
    /// In the order of their names' bytes.
    pub(crate) columns: Vec<(String, Kind)>,
    /// Names of the primary key's columns, in its order.
    pub(crate) key: Vec<String>,
}

impl From<Table> for Described {
    fn from(table: Table) -> Described {
        let key = table.key.iter().map(|&at| table.columns[at].0.clone()).collect();
        let Table { name, mut columns, .. } = table;
        columns.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        Described { name, columns, key }
    }
}

impl Described {
    /// All rows of an organisation, fields in the order of [`Described::columns`].
    pub(crate) fn query(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| quoted(name)).collect();
        format!("SELECT {} FROM {} WHERE org_id = ?1", names.join(", "), quoted(&self.name))
    }

    /// The fingerprint of a row of [`Described::query`]; `text` is memory that is used again.
    pub(crate) fn of_row(&self, row: &Row<'_>, text: &mut Vec<u8>) -> Result<Fingerprint, StoreError> {
        let mut print = begin(self, text);
        for (at, (name, kind)) in self.columns.iter().enumerate() {
            print.field(name, row.value(at, *kind)?);
        }
        Ok(print.end())
    }

    /// The key of such a row as a person reads it.
    pub(crate) fn key_of(&self, row: &Row<'_>) -> Result<String, StoreError> {
        let mut said = Vec::new();
        for name in self.key.iter().filter(|name| *name != "org_id") {
            if let Some(at) = self.columns.iter().position(|(column, _)| column == name) {
                let value = match row.value(at, self.columns[at].1)? {
                    Value::Null => String::new(),
                    Value::Int(value) => value.to_string(),
                    Value::Text(text) => text.chars().take(60).collect(),
                    Value::Blob(bytes) => bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
                };
                said.push(format!("{name} {value}"));
            }
        }
        Ok(said.join(", "))
    }
}

/// A fingerprint being taken.
pub(crate) struct Print<'t> {
    text: &'t mut Vec<u8>,
}

/// Begins the fingerprint of a row of `table`.
pub(crate) fn begin<'t>(table: &Described, text: &'t mut Vec<u8>) -> Print<'t> {
    text.clear();
    text.extend_from_slice(table.name.as_bytes());
    text.push(b';');
    Print { text }
}

impl Print<'_> {
    /// Adds a field; nothing for null.
    pub(crate) fn field(&mut self, name: &str, value: Value<'_>) {
        let text = &mut *self.text;
        let mut head = |kind: &str| {
            text.extend_from_slice(name.as_bytes());
            text.extend_from_slice(kind.as_bytes());
        };
        // Writing to memory does not fail.
        match value {
            Value::Null => {}
            Value::Int(number) => {
                head("=i");
                let _ = write!(text, "{number};");
            }
            Value::Text(said) => {
                head("=t");
                let _ = write!(text, "{}:", said.len());
                text.extend_from_slice(said.as_bytes());
                text.push(b';');
            }
            Value::Blob(bytes) => {
                head("=b");
                let _ = write!(text, "{}:", bytes.len());
                for byte in bytes {
                    let hex = b"0123456789abcdef";
                    text.push(hex[usize::from(byte >> 4)]);
                    text.push(hex[usize::from(byte & 15)]);
                }
                text.push(b';');
            }
        }
    }
    /// The fingerprint.
    pub(crate) fn end(self) -> Fingerprint {
        Sha256::digest(self.text.as_slice()).into()
    }
}
