//! Conditions of a query that is put together from what a person asked for.

use crate::Value;

/// Conditions joined by AND, with their values in the order of their places.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditions<'v> {
    pub(crate) text: String,
    pub(crate) values: Vec<Value<'v>>,
}

impl<'v> Conditions<'v> {
    /// Begins with `condition`, in which each `?` takes the next of `values`.
    pub fn new(condition: &str, values: &[Value<'v>]) -> Conditions<'v> {
        let mut begun = Conditions { text: String::new(), values: Vec::new() };
        begun.put(condition, values);
        begun
    }
    /// And `condition`, in which each `?` takes the next of `values`. It stands in brackets.
    pub fn and(&mut self, condition: &str, values: &[Value<'v>]) -> &mut Conditions<'v> {
        self.text.push_str(" AND (");
        self.put(condition, values);
        self.text.push(')');
        self
    }
    /// And `column` is one of `keys`; no row at all when there are none. The keys stand in the text itself, since an
    /// engine takes only so many places.
    pub fn and_one_of(&mut self, column: &str, keys: &[i64]) -> &mut Conditions<'v> {
        if keys.is_empty() {
            self.text.push_str(" AND 1 = 0");
            return self;
        }
        let keys: Vec<String> = keys.iter().map(i64::to_string).collect();
        self.text.push_str(&format!(" AND {column} IN ({})", keys.join(",")));
        self
    }
    fn put(&mut self, condition: &str, values: &[Value<'v>]) {
        let mut values = values.iter();
        for (at, part) in condition.split('?').enumerate() {
            if at > 0 {
                if let Some(value) = values.next() {
                    self.values.push(*value);
                }
                self.text.push_str(&format!("?{}", self.values.len()));
            }
            self.text.push_str(part);
        }
    }
    /// The text, for behind WHERE.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The values.
    pub fn values(&self) -> &[Value<'v>] {
        &self.values
    }
}

/// The pattern of texts that contain `words`, in small letters, for `LIKE ? ESCAPE '!'`: signs of the pattern language
/// stand for themselves.
pub fn containing(words: &str) -> String {
    let mut pattern = String::with_capacity(words.len() + 2);
    pattern.push('%');
    for char in words.trim().to_lowercase().chars() {
        if matches!(char, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(char);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_on() {
        let mut found = Conditions::new("org_id = ? AND month = ?", &[Value::Int(1), Value::Int(202_601)]);
        found.and("name LIKE ? OR number = ?", &[Value::Text("%x%"), Value::Text("x")]);
        found.and_one_of("unit_id", &[4, 5]).and_one_of("book_id", &[]);
        assert_eq!(
            found.text(),
            "org_id = ?1 AND month = ?2 AND (name LIKE ?3 OR number = ?4) AND unit_id IN (4,5) AND 1 = 0"
        );
        assert_eq!(found.values().len(), 4);
    }

    #[test]
    fn signs_of_patterns_stand_for_themselves() {
        assert_eq!(containing(" 50%_A! "), "%50!%!_a!!%");
    }
}
