//! What an office expects of a table: its columns, declared.

use std::collections::HashSet;

use kernel::Text;

use crate::value::half_width;
use crate::{Error, Result};

/// One coded value of a column and the names people write for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The code that the program keeps.
    pub code: String,
    /// What people write, Chinese and English, the usual one first.
    pub names: Vec<String>,
}

impl Choice {
    /// A coded value and its names.
    pub fn new(code: &str, names: &[&str]) -> Choice {
        Choice { code: code.into(), names: names.iter().map(|name| (*name).into()).collect() }
    }
}

/// What the cells of a column hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Text as written, without the blanks around it.
    Text {
        /// Most characters.
        chars_max: usize,
    },
    /// A number that is a name (户号, 表号, 卡号): half-width, without any blanks, leading zeros kept.
    Code {
        /// Most characters.
        chars_max: usize,
    },
    /// A whole number within bounds.
    Integer {
        /// The least accepted.
        least: i64,
        /// The greatest accepted.
        most: i64,
    },
    /// A quantity with up to 6 decimals.
    Quantity,
    /// An amount in yuan with up to 2 decimals; ¥ and 元 may stand beside it.
    Money,
    /// A price in yuan per unit with up to 12 decimals.
    Price,
    /// A rate with up to 10 decimals; `5%` is 0.05.
    Rate,
    /// A day.
    Date,
    /// A month.
    Month,
    /// One of some coded values, by code or name; read as the code.
    Choice(Vec<Choice>),
}

/// One column that an office expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub(crate) key: String,
    pub(crate) headings: Vec<String>,
    pub(crate) required: bool,
    pub(crate) kind: Kind,
}

impl Column {
    /// A column that must be there and filled in every row. `headings` are the accepted spellings, the one for
    /// templates first; blanks, full-width forms, case and `*` marks make no difference.
    pub fn required(key: &str, kind: Kind, headings: &[&str]) -> Column {
        let headings = headings.iter().map(|heading| (*heading).into()).collect();
        Column { key: key.into(), headings, required: true, kind }
    }
    /// A column that may be missing or empty.
    pub fn optional(key: &str, kind: Kind, headings: &[&str]) -> Column {
        Column { required: false, ..Column::required(key, kind, headings) }
    }
}

/// A table that an office reads.
///
/// ```
/// # use interchange::{Column, Entry, Kind, Options, Sheet, Table};
/// # use kernel::{Money, Text};
/// let sheet = Sheet::new(Text::new("收费明细", "Collections"), vec![
///     Column::required("account", Kind::Code { chars_max: 20 }, &["户号", "客户编号", "Account"]),
///     Column::required("amount", Kind::Money, &["金额", "Amount"]),
/// ])?;
/// let table = Table::open_bytes("a.csv", "户号,金额\n0012,5.5\n0013,many\n", &Options::default())?;
/// let (mut total, mut bad) = (Money::ZERO, 0);
/// for entry in sheet.read(table)? {
///     match entry? {
///         Entry::Good(row) => total = total.plus(row.need("amount")?).unwrap(),
///         Entry::Bad(_) => bad += 1,
///     }
/// }
/// assert_eq!((total, bad), (Money::from_fen(550), 1));
/// # Ok::<(), interchange::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sheet {
    name: Text,
    columns: Vec<Column>,
    refuses_unknown: bool,
    unique_by: Vec<usize>,
}

/// The headings that a file of rejects adds; they are passed over when it comes back corrected.
pub(crate) const REJECT_HEADINGS: [[&str; 3]; 2] = [["行号", "列", "原因"], ["Row", "Column", "Reason"]];

impl Sheet {
    /// From its columns. Two columns of one key or heading are a mistake of the program ([`Error::Description`]).
    pub fn new(name: Text, columns: Vec<Column>) -> Result<Sheet> {
        let mut seen = HashSet::new();
        for column in &columns {
            let spellings: HashSet<String> = column.headings.iter().map(|heading| normal(heading)).collect();
            let reserved = |spelling: &String| is_reject_heading(spelling);
            if spellings.is_empty()
                || spellings.iter().any(reserved)
                || !seen.insert(format!("key {}", column.key))
                || !spellings.into_iter().all(|spelling| seen.insert(format!("heading {spelling}")))
            {
                return Err(Error::Description(column.key.clone()));
            }
        }
        Ok(Sheet { name, columns, refuses_unknown: false, unique_by: Vec::new() })
    }

    /// The same sheet, refusing files that have headings nobody knows; otherwise they are passed over and listed by
    /// [`crate::SheetReader::unknown_headings`].
    pub fn refusing_unknown_headings(mut self) -> Sheet {
        self.refuses_unknown = true;
        self
    }

    /// The same sheet, where no two rows of a file may agree in all of `keys`. Takes some 50 bytes a row.
    pub fn unique_by(mut self, keys: &[&str]) -> Result<Sheet> {
        self.unique_by = keys.iter().map(|key| self.place(key)).collect::<Result<_>>()?;
        Ok(self)
    }

    /// Its name.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// Its columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The headings for a template: the first spelling of each column, required ones marked `*`.
    pub fn template(&self) -> Vec<String> {
        let mark = |column: &Column| if column.required { "*" } else { "" };
        let first = |column: &Column| column.headings.first().cloned().unwrap_or_default();
        self.columns.iter().map(|column| format!("{}{}", first(column), mark(column))).collect()
    }

    pub(crate) fn place(&self, key: &str) -> Result<usize> {
        let found = self.columns.iter().position(|column| column.key == key);
        found.ok_or_else(|| Error::Description(key.into()))
    }

    pub(crate) fn refuses_unknown(&self) -> bool {
        self.refuses_unknown
    }

    pub(crate) fn unique_places(&self) -> &[usize] {
        &self.unique_by
    }

    /// The column that accepts this heading.
    pub(crate) fn accepting(&self, heading: &str) -> Option<usize> {
        let wanted = normal(heading);
        self.columns.iter().position(|column| column.headings.iter().any(|known| normal(known) == wanted))
    }
}

pub(crate) fn is_reject_heading(heading: &str) -> bool {
    let wanted = normal(heading);
    REJECT_HEADINGS.iter().flatten().any(|known| normal(known) == wanted)
}

/// A heading or name without what people vary: blanks, full-width forms, case, marks of required columns.
pub(crate) fn normal(text: &str) -> String {
    let plain = half_width(text);
    plain.chars().filter(|sign| !sign.is_whitespace() && *sign != '*').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_that_contradicts_itself_is_refused() {
        let text = || Kind::Text { chars_max: 10 };
        let cases = [
            vec![Column::required("a", text(), &["户号"]), Column::optional("a", text(), &["户名"])],
            vec![Column::required("a", text(), &["户号"]), Column::optional("b", text(), &[" 户 号"])],
            vec![Column::required("a", text(), &[])],
            vec![Column::required("a", text(), &["行号"])],
        ];
        for columns in cases {
            assert!(Sheet::new(Text::new("表", "Table"), columns).is_err());
        }
        let sheet =
            Sheet::new(Text::new("表", "Table"), vec![Column::required("a", text(), &["户号", "户 号"])])
                .unwrap();
        assert_eq!(sheet.template(), ["户号*"]);
        assert!(sheet.unique_by(&["b"]).is_err());
    }
}
