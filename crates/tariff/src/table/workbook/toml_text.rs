//! The TOML form under construction, with the cell from which each part came.

use super::grid::{Cell, Place};

/// TOML text that remembers cells.
#[derive(Default)]
pub(super) struct TomlText {
    text: String,
    places: Vec<(usize, Place)>,
}

impl TomlText {
    /// Text as it is.
    pub fn raw(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }
    /// What follows comes from this cell.
    pub fn at(&mut self, place: Place) -> &mut Self {
        self.places.push((self.text.len(), place));
        self
    }
    /// A string in quotes.
    pub fn quoted(&mut self, text: &str) -> &mut Self {
        self.text.push('"');
        for c in text.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\t' => self.text.push_str("\\t"),
                c if c.is_control() => self.text.push_str(&format!("\\u{:04X}", u32::from(c))),
                c => self.text.push(c),
            }
        }
        self.text.push('"');
        self
    }
    /// A key, in quotes where it must be.
    pub fn key(&mut self, key: &str) -> &mut Self {
        let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if key.bytes().all(bare) { self.raw(key) } else { self.quoted(key) }
    }
    /// A line `key = "text of the cell"`.
    pub fn line(&mut self, key: &str, cell: Cell<'_>) -> &mut Self {
        self.at(cell.at).raw(key).raw(" = ").quoted(cell.text).raw("\n")
    }
    /// A line `key = value`, the value as TOML.
    pub fn plain_line(&mut self, key: &str, value: &str, at: Place) -> &mut Self {
        self.at(at).raw(key).raw(" = ").raw(value).raw("\n")
    }
    /// `name = { zh = …, en = … }`; the Chinese name also stands for a missing English one.
    pub fn name(&mut self, zh: Cell<'_>, en: Option<Cell<'_>>) -> &mut Self {
        let en = en.unwrap_or(zh);
        self.at(zh.at).raw("name = { zh = ").quoted(zh.text).raw(", ");
        self.at(en.at).raw("en = ").quoted(en.text).raw(" }\n")
    }
    /// Items with commas between them.
    pub fn joined<T>(&mut self, items: &[T], each: impl Fn(&mut Self, &T)) -> &mut Self {
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.raw(", ");
            }
            each(self, item);
        }
        self
    }
    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The cell from which what stands at this line and column (from 1, in characters) came.
    pub fn place(&self, line: usize, column: usize) -> Option<Place> {
        let start: usize = self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = self.text.get(start..)?;
        let within: usize = rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
        let after = self.places.partition_point(|(at, _)| *at <= start + within);
        self.places.get(after.saturating_sub(1)).map(|(_, place)| *place)
    }
}
