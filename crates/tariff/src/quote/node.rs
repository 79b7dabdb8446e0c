//! A quote file as a tree that remembers where everything stands, read from TOML or JSON.
//!
//! Numbers stay text: no figure passes through a binary float.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{QuoteError, Quoted};

/// Largest file read.
const BYTES_MAX: usize = 4 << 20;
/// Deepest nesting read; the format needs five.
const DEPTH_MAX: usize = 24;

/// Where something begins, in bytes.
pub(super) type Start = usize;

/// A value and where it begins.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub span: Start,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    /// As written, without underscores.
    Number(String),
    Flag(bool),
    /// A TOML date, as written.
    Date(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// JSON null: as if it were not there.
    Nothing,
}

/// A key and its value, in the order of the file.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    pub key_span: Start,
    pub node: Node,
}

/// The file being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    /// Line and column of a byte, from 1, the column in characters.
    fn place(&self, byte: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(byte)];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }
    /// An error at `span`.
    pub fn refuse(&self, span: &Start, zh: impl Into<String>, en: impl Into<String>) -> QuoteError {
        let (line, column) = self.place(*span);
        QuoteError { file: self.file.to_owned(), line, column, zh: zh.into(), en: en.into() }
    }
}

/// Reads a file: JSON when it begins with a brace (or is named `.json`), TOML otherwise.
pub(super) fn read(source: Source<'_>) -> Quoted<Node> {
    if source.text.len() > BYTES_MAX {
        return Err(source.refuse(&0, "文件超过 4 MiB，请拆分", "the file is larger than 4 MiB; split it"));
    }
    let plain = source.text.trim_start_matches('\u{feff}');
    if plain.trim_start().starts_with('{') || source.file.to_ascii_lowercase().ends_with(".json") {
        return read_json(source, plain);
    }
    let skipped = source.text.len() - plain.len();
    match DeTable::parse(plain) {
        Ok(table) => {
            let span = table.span().start;
            Ok(Node { span, value: toml_table(source, table.into_inner(), skipped, 0)? })
        }
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            let mut message = error.message().to_owned();
            if plain.get(start..).and_then(|rest| rest.chars().next()).is_some_and(|c| !c.is_ascii()) {
                message.push_str("; a key or text that is not ASCII stands in \"quotes\" (中文须加引号)");
            }
            Err(source.refuse(
                &(start + skipped),
                format!("不是有效的 TOML：{message}"),
                format!("not valid TOML: {message}"),
            ))
        }
    }
}

fn too_deep(source: Source<'_>, span: &Start) -> QuoteError {
    source.refuse(span, "嵌套过深", "nested too deeply")
}

fn toml_table(source: Source<'_>, table: DeTable<'_>, skipped: usize, depth: usize) -> Quoted<Value> {
    let mut entries = Vec::with_capacity(table.len());
    for (key, value) in table {
        let key_span = key.span().start + skipped;
        let node = toml_node(source, value, skipped, depth + 1)?;
        entries.push(Entry { key: key.into_inner().into_owned(), key_span, node });
    }
    entries.sort_by_key(|entry| entry.key_span);
    Ok(Value::Table(entries))
}

fn toml_node(source: Source<'_>, value: Spanned<DeValue<'_>>, skipped: usize, depth: usize) -> Quoted<Node> {
    let span = value.span().start + skipped;
    if depth > DEPTH_MAX {
        return Err(too_deep(source, &span));
    }
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Value::Number(number.as_str().replace('_', "")),
        DeValue::Integer(_) => {
            return Err(source.refuse(&span, "请用十进制数", "write the number in decimal"));
        }
        DeValue::Float(number) => Value::Number(number.as_str().replace('_', "")),
        DeValue::Boolean(flag) => Value::Flag(flag),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(list) => Value::List(
            list.into_iter()
                .map(|each| toml_node(source, each, skipped, depth + 1))
                .collect::<Quoted<_>>()?,
        ),
        DeValue::Table(table) => toml_table(source, table, skipped, depth)?,
    };
    Ok(Node { span, value })
}

fn read_json(source: Source<'_>, plain: &str) -> Quoted<Node> {
    let skipped = source.text.len() - plain.len();
    let raw: &RawValue = match serde_json::from_str(plain) {
        Ok(raw) => raw,
        Err(error) => {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            return Err(QuoteError {
                file: source.file.to_owned(),
                line: error.line().max(1),
                column: error.column().max(1),
                zh: format!("不是有效的 JSON：{message}"),
                en: format!("not valid JSON: {message}"),
            });
        }
    };
    let node = json_node(source, raw, plain, skipped, 0)?;
    match node.value {
        Value::Table(_) => Ok(node),
        _ => Err(source.refuse(&node.span, "文件须是一个 JSON 对象", "the file must be one JSON object")),
    }
}

/// Where a part of `plain` begins.
fn offset(plain: &str, part: &str) -> Option<usize> {
    let start = (part.as_ptr() as usize).checked_sub(plain.as_ptr() as usize)?;
    (start <= plain.len()).then_some(start)
}

fn json_node(source: Source<'_>, raw: &RawValue, plain: &str, skipped: usize, depth: usize) -> Quoted<Node> {
    let text = raw.get();
    let span = offset(plain, text).unwrap_or(0) + skipped;
    if depth > DEPTH_MAX {
        return Err(too_deep(source, &span));
    }
    let wrong = |error: serde_json::Error| {
        let message = error.to_string();
        source.refuse(&span, format!("不是有效的 JSON：{message}"), format!("not valid JSON: {message}"))
    };
    let value = match text.as_bytes().first() {
        Some(b'{') => {
            let JsonEntries(found) = serde_json::from_str(text).map_err(wrong)?;
            let mut entries: Vec<Entry> = Vec::with_capacity(found.len());
            for (key, value) in found {
                let node = json_node(source, value, plain, skipped, depth + 1)?;
                let key_span = match &key {
                    Cow::Borrowed(key) => match offset(plain, key) {
                        // From the quote on, as in TOML.
                        Some(start) => (start + skipped).saturating_sub(1),
                        None => node.span,
                    },
                    Cow::Owned(_) => node.span,
                };
                if entries.iter().any(|entry| entry.key == *key) {
                    return Err(source.refuse(
                        &key_span,
                        format!("“{key}”重复"),
                        format!("`{key}` is given twice"),
                    ));
                }
                entries.push(Entry { key: key.into_owned(), key_span, node });
            }
            Value::Table(entries)
        }
        Some(b'[') => {
            let list: Vec<&RawValue> = serde_json::from_str(text).map_err(wrong)?;
            Value::List(
                list.into_iter()
                    .map(|each| json_node(source, each, plain, skipped, depth + 1))
                    .collect::<Quoted<_>>()?,
            )
        }
        Some(b'"') => Value::Text(serde_json::from_str(text).map_err(wrong)?),
        Some(b't') => Value::Flag(true),
        Some(b'f') => Value::Flag(false),
        Some(b'n') => Value::Nothing,
        _ => Value::Number(text.to_owned()),
    };
    Ok(Node { span, value })
}

/// An object as its keys and raw values, in order.
struct JsonEntries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for JsonEntries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = JsonEntries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(JsonKey(key)) = map.next_key()? {
                    entries.push((key, map.next_value()?));
                }
                Ok(JsonEntries(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

struct JsonKey<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for JsonKey<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Key;
        impl<'de> Visitor<'de> for Key {
            type Value = JsonKey<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(JsonKey(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(JsonKey(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, file: &str, key: &str) -> (usize, usize) {
        let source = Source { file, text };
        let node = read(source).unwrap();
        fn find(node: &Node, key: &str) -> Option<Start> {
            match &node.value {
                Value::Table(entries) => entries.iter().find_map(|entry| {
                    if entry.key == key { Some(entry.key_span) } else { find(&entry.node, key) }
                }),
                Value::List(list) => list.iter().find_map(|each| find(each, key)),
                _ => None,
            }
        }
        source.place(find(&node, key).unwrap())
    }

    #[test]
    fn both_forms_remember_places() {
        assert_eq!(place("title = \"户\"\n[price]\n  energy = 0.5\n", "a.toml", "energy"), (3, 3));
        assert_eq!(place("{\"户\": 1,\n \"x\": [{\"energy\": 0.5}]}", "a.json", "energy"), (2, 9));
        assert_eq!(place("\u{feff}{\"户\": 1,\n \"x\": [{\"energy\": 0.5}]}", "a.json", "energy"), (2, 9));
        assert_eq!(place("\u{feff}a = 1\n[price]\nenergy = 0.5\n", "a.toml", "energy"), (3, 1));
    }

    #[test]
    fn what_is_not_a_file_is_refused_with_its_place() {
        for (file, text, line) in [
            ("a.toml", "a = 1\nb = = 2", 2),
            ("a.json", "{\"a\": 1,\n oops}", 2),
            ("a.json", "[1]", 1),
            ("a.json", "", 1),
        ] {
            let error = read(Source { file, text }).unwrap_err();
            assert_eq!(error.line, line, "{error}");
        }
        let bom = read(Source { file: "a.toml", text: "\u{feff}a = 1\nb = = 2" }).unwrap_err();
        assert_eq!((bom.line, bom.column), (2, 5), "{bom}");
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(read(Source { file: "a.json", text: &deep }).unwrap_err().en.contains("deeply"));
    }

    #[test]
    fn nesting_has_a_limit() {
        let lists = |deep: usize| format!("{}{}", "[".repeat(deep), "]".repeat(deep));
        let tables = |deep: usize| format!("{}1{}", "{\"a\":".repeat(deep), "}".repeat(deep));
        let keys = |deep: usize| format!("{} = 1", vec!["a"; deep].join("."));
        let forms: [(&str, &dyn Fn(usize) -> String); 4] = [
            ("a.toml", &|deep| format!("a = {}", lists(deep))),
            ("a.toml", &keys),
            ("a.json", &|deep| format!("{{\"a\": {}}}", lists(deep))),
            ("a.json", &tables),
        ];
        for (file, form) in forms {
            for (deep, refused) in [(DEPTH_MAX, false), (DEPTH_MAX + 1, true), (DEPTH_MAX + 9, true)] {
                let text = form(deep);
                let found = read(Source { file, text: &text });
                assert_eq!(found.is_err_and(|error| error.en == "nested too deeply"), refused, "{text}");
            }
        }
    }

    #[test]
    fn a_file_has_a_limit() {
        for (bytes, refused) in [(BYTES_MAX, false), (BYTES_MAX + 1, true), (BYTES_MAX + 4, true)] {
            let text = format!("a = 1\n#{}", "x".repeat(bytes - 7));
            assert_eq!(text.len(), bytes);
            assert_eq!(read(Source { file: "a.toml", text: &text }).is_err(), refused, "{bytes}");
        }
    }
}
