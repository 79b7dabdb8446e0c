//! Every word of the pages, from the message files `messages/*.toml`: one file for each desk, both languages side by side.
//!
//! A line is `key = { zh = "…", en = "…" }`; keys are written in full. What a list, a view, an act or a field is called
//! follows from its name (`list.books`, `act.book.submit`, `field.month`), so that a test can find what is missing.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use kernel::{Lang, Text};

/// The message files.
const FILES: &[(&str, &str)] = &[
    ("frame", include_str!("../messages/frame.toml")),
    ("entry", include_str!("../messages/entry.toml")),
    ("station", include_str!("../messages/station.toml")),
    ("centre", include_str!("../messages/centre.toml")),
    ("finance", include_str!("../messages/finance.toml")),
    ("audit", include_str!("../messages/audit.toml")),
];

/// The messages, and what is wrong with the files.
struct Messages {
    texts: BTreeMap<String, Text>,
    faults: Vec<String>,
}

fn messages() -> &'static Messages {
    static MESSAGES: OnceLock<Messages> = OnceLock::new();
    MESSAGES.get_or_init(|| {
        let mut read = Messages { texts: BTreeMap::new(), faults: Vec::new() };
        for (file, content) in FILES {
            match toml::from_str::<BTreeMap<String, Text>>(content) {
                Ok(texts) => {
                    for (key, text) in texts {
                        if text.zh.trim().is_empty() || text.en.trim().is_empty() {
                            read.faults.push(format!("{file}: {key} lacks a language"));
                        }
                        if read.texts.insert(key.clone(), text).is_some() {
                            read.faults.push(format!("{file}: {key} stands twice"));
                        }
                    }
                }
                Err(error) => read.faults.push(format!("{file}: {error}")),
            }
        }
        read
    })
}

/// What is wrong with the message files; nothing in a program that was tested.
pub fn faults() -> &'static [String] {
    &messages().faults
}

/// Is there a message with this key?
pub fn has(key: &str) -> bool {
    messages().texts.contains_key(key)
}

/// The message in `lang`; the key itself, in brackets, where there is none.
pub fn say(lang: Lang, key: &str) -> String {
    match (messages().texts.get(key), lang) {
        (Some(text), Lang::Zh) => text.zh.clone(),
        (Some(text), Lang::En) => text.en.clone(),
        (None, _) => format!("[{key}]"),
    }
}

/// The message in both languages.
pub fn text(key: &str) -> Text {
    Text::new(say(Lang::Zh, key), say(Lang::En, key))
}

/// The message with each `{NAME}` replaced.
pub fn fill(lang: Lang, key: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(say(lang, key), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
