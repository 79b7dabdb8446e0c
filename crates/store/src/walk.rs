//! Walking a long list by the last row seen instead of by a number of rows to leave out: rows that come and go meanwhile
//! move nothing, and a page deep inside costs what the first one costs.

use std::fmt::Write as _;

use crate::{Conditions, Value};

/// One part of a row's place in the order of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPart {
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
}

impl KeyPart {
    fn value(&self) -> Value<'_> {
        match self {
            KeyPart::Int(number) => Value::Int(*number),
            KeyPart::Text(text) => Value::Text(text),
        }
    }
}

impl From<i64> for KeyPart {
    fn from(number: i64) -> KeyPart {
        KeyPart::Int(number)
    }
}
impl From<&str> for KeyPart {
    fn from(text: &str) -> KeyPart {
        KeyPart::Text(text.to_owned())
    }
}

/// Where to go on in a list whose order is that of columns which together are different in every row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// The row after which to go on, by the values of those columns; none begins at the end of the list one comes from.
    pub from: Option<Vec<KeyPart>>,
    /// Towards the beginning of the list. The rows still come in the order of the list.
    pub back: bool,
}

impl Walk {
    /// From the beginning.
    pub const START: Walk = Walk { from: None, back: false };

    /// ` AND (one, two) > (?5, ?6)`, with the values put to `given`; nothing at the beginning. All columns go the same
    /// way, so that an index over them serves.
    pub fn clause<'v>(&'v self, columns: &[&str], descending: bool, given: &mut Vec<Value<'v>>) -> String {
        let Some(parts) = &self.from else { return String::new() };
        let mut places = Vec::with_capacity(columns.len());
        for part in parts.iter().take(columns.len()) {
            given.push(part.value());
            places.push(format!("?{}", given.len()));
        }
        let sign = if self.goes_down(descending) { "<" } else { ">" };
        let columns = columns.get(..places.len()).unwrap_or_default();
        format!(" AND ({}) {sign} ({})", columns.join(", "), places.join(", "))
    }

    /// ` ORDER BY one, two`, each the way one walks.
    pub fn order(&self, columns: &[&str], descending: bool) -> String {
        let way = if self.goes_down(descending) { " DESC" } else { "" };
        let mut text = String::from(" ORDER BY ");
        for (at, column) in columns.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            // Writing to a text does not fail.
            let _ = write!(text, "{comma}{column}{way}");
        }
        text
    }

    fn goes_down(&self, descending: bool) -> bool {
        descending != self.back
    }

    /// Rows as they were read, in the order of the list.
    pub fn in_order<T>(&self, mut rows: Vec<T>) -> Vec<T> {
        if self.back {
            rows.reverse();
        }
        rows
    }
}

impl<'v> Conditions<'v> {
    /// And behind the row from which `walk` goes on, in the order of `columns`.
    pub fn and_walked(&mut self, walk: &'v Walk, columns: &[&str], descending: bool) -> &mut Conditions<'v> {
        let clause = walk.clause(columns, descending, &mut self.values);
        self.text.push_str(&clause);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_goes_on_behind_the_last_row_in_its_own_direction() {
        let from = Some(vec![KeyPart::Int(7), KeyPart::from("x")]);
        for (descending, back, sign, way) in [
            (false, false, ">", ""),
            (true, false, "<", " DESC"),
            (false, true, "<", " DESC"),
            (true, true, ">", ""),
        ] {
            let walk = Walk { from: from.clone(), back };
            let mut wanted = Conditions::new("org_id = ?", &[Value::Int(1)]);
            wanted.and_walked(&walk, &["a", "b"], descending);
            assert_eq!(wanted.text(), format!("org_id = ?1 AND (a, b) {sign} (?2, ?3)"));
            assert_eq!(wanted.values().len(), 3);
            assert_eq!(walk.order(&["a", "b"], descending), format!(" ORDER BY a{way}, b{way}"));
        }
        assert_eq!(Walk::START.clause(&["a"], false, &mut Vec::new()), "");
        assert_eq!(Walk { back: true, ..Walk::START }.in_order(vec![2, 1]), [1, 2]);
    }
}
