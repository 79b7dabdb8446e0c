//! Every word that a page can say is in the message files, in both languages: what the catalogue offers by its names, and
//! what the sources say by their keys. All that is missing is told at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use web::catalogue::{Catalogue, Field, Takes};
use web::words;

/// The message files are well-formed, no key stands twice, none lacks a language.
#[test]
fn the_message_files_are_whole() {
    assert!(words::faults().is_empty(), "{:#?}", words::faults());
}

/// No text of one language stands in the place of the other.
#[test]
fn each_language_is_its_own() {
    let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let mut wrong = Vec::new();
    for file in files(&root().join("messages"), "toml") {
        let read = std::fs::read_to_string(&file).expect("a message file");
        let texts: std::collections::BTreeMap<String, kernel::Text> =
            toml::from_str(&read).expect("messages");
        // The switch of language is written in the language it leads to.
        wrong.extend(
            texts.into_iter().filter(|(key, text)| key != "frame.lang" && han(&text.en)).map(|(key, _)| key),
        );
    }
    assert!(wrong.is_empty(), "Chinese in the English text of {wrong:#?}");
}

/// What stands by itself begins large in English: the tiles of the first page, deadlines and kinds of ticket.
#[test]
fn labels_begin_large() {
    let mut small = Vec::new();
    let mut look = |name: &str, en: &str| {
        if en.chars().next().is_none_or(char::is_lowercase) {
            small.push(format!("{name}: {en}"));
        }
    };
    let mut tiles = 0;
    let read =
        std::fs::read_to_string(root().join("messages/centre.toml")).expect("the messages of the home page");
    let texts: std::collections::BTreeMap<String, kernel::Text> = toml::from_str(&read).expect("messages");
    for (key, text) in texts.iter().filter(|(key, _)| key.starts_with("page.home.task.")) {
        look(key, &text.en);
        tiles += 1;
    }
    assert!(tiles > 20, "{tiles}");
    let catalogue = workflow::Catalogue::built_in();
    for deadline in &catalogue.deadlines {
        look(deadline.code, &deadline.text.en);
    }
    for kind in &catalogue.tickets {
        look(kind.code, &kind.text.en);
    }
    assert!(small.is_empty(), "{small:#?}");
}

/// Whatever the catalogue offers has its words: areas, lists, views, pages, acts, their fields, columns and choices.
#[test]
fn the_catalogue_has_its_words() {
    let catalogue = Catalogue::built_in();
    let mut wanted = BTreeSet::new();
    for area in &catalogue.areas {
        wanted.insert(format!("area.{}", area.name));
    }
    for list in catalogue.lists() {
        wanted.insert(format!("list.{}", list.name));
        wanted.extend(list.columns.iter().map(|column| format!("column.{}", column.name)));
        fields(&mut wanted, list.name, list.filters);
    }
    for view in catalogue.views() {
        wanted.insert(format!("view.{}", view.name));
    }
    for page in catalogue.pages() {
        wanted.insert(format!("page.{}", page.name));
    }
    for act in catalogue.acts() {
        wanted.insert(format!("act.{}", act.name));
        fields(&mut wanted, act.name, act.fields);
    }
    complain(wanted.into_iter().filter(|key| !words::has(key)).collect());
}

fn fields(wanted: &mut BTreeSet<String>, owner: &str, fields: &[Field]) {
    for field in fields {
        let own = format!("field.{owner}.{}", field.name);
        wanted.insert(if words::has(&own) { own } else { format!("field.{}", field.name) });
        if let Takes::Choice(codes) = field.takes {
            wanted.extend(codes.iter().map(|code| format!("choice.{}.{code}", field.name)));
        }
    }
}

/// Whatever the sources say by a key is there: words, states, titles of blocks, labels of columns and facts.
#[test]
fn the_sources_have_their_words() {
    let mut missing = BTreeSet::new();
    for file in files(&root().join("src"), "rs").into_iter().filter(|file| !file.ends_with("tests.rs")) {
        let source = std::fs::read_to_string(&file).expect("a source file");
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let place = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
        for key in keys(source) {
            if !words::has(&key) {
                missing.insert(format!("{key}  ({place})"));
            }
        }
    }
    complain(missing.into_iter().collect());
}

/// An offer names an act of the catalogue: a misspelt one would silently not be drawn.
#[test]
fn offers_name_acts_that_exist() {
    let catalogue = Catalogue::built_in();
    let mut missing = BTreeSet::new();
    for file in files(&root().join("src"), "rs") {
        let source = std::fs::read_to_string(&file).expect("a source file");
        for marker in ["Offer::new(", ".offer("] {
            for act in literals_after(&source, marker) {
                if catalogue.act(&act).is_none() && !act.starts_with("sample.") {
                    missing.insert(format!("{act}  ({})", file.display()));
                }
            }
        }
    }
    for list in catalogue.lists() {
        missing.extend(
            list.acts
                .iter()
                .filter(|act| catalogue.act(act).is_none())
                .map(|act| format!("{act}  (list {})", list.name)),
        );
    }
    assert!(missing.is_empty(), "no such act: {missing:#?}");
}

/// The scanner finds what it is meant to find, so that the tests above can fail.
#[test]
fn the_scanner_reads_sources() {
    let source = r#"
        words::say(lang, "frame.one"); words::fill(
            lang,
            "frame.two", &[]); words::text("frame.three");
        words::say(lang, &format!("act.{}", name)); words::say(lang, if up { "frame.up" } else { "frame.down" });
        Cell::word("state.four"); Block::Facts { name: "five", facts: vec![("six", Kind::Quantity(0), x), ("no", Kind::Text)] };
        Column::sorted("seven", Kind::Money); Block::Chart(Chart { name: "eight", shape });
        Offer::new("book.submit", &[]); const KEYS: &[&str] = &["frame.nine"];
    "#;
    let found: BTreeSet<String> = keys(source).into_iter().collect();
    let wanted = [
        "block.eight",
        "block.five",
        "column.seven",
        "column.six",
        "frame.down",
        "frame.nine",
        "frame.one",
        "frame.three",
        "frame.two",
        "frame.up",
        "state.four",
    ];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
    assert_eq!(literals_after(source, "Offer::new("), ["book.submit"]);
}

fn complain(missing: Vec<String>) {
    assert!(
        missing.is_empty(),
        "{} keys are missing in crates/web/messages:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|held| held == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A literal that begins so is a key, wherever it stands.
const PREFIXES: &[&str] =
    &["block", "choice", "column", "field", "frame", "hint", "page", "problem", "state", "word"];

/// The keys that a source names in full.
fn keys(source: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for marker in ["words::say(", "words::fill(", "words::text(", "Cell::word(", "Value::Word("] {
        for (at, _) in source.match_indices(marker) {
            // Every literal of this call, up to its closing bracket: also both arms of a choice.
            keys.extend(
                literals_of_call(&source[at + marker.len()..]).into_iter().filter(|text| is_key(text)),
            );
        }
    }
    for marker in [
        "Block::Facts",
        "Block::Table",
        "Block::Steps",
        "Block::Timeline",
        "Block::Files",
        "Block::Raw",
        "Chart",
    ] {
        for (at, _) in source.match_indices(marker) {
            let rest = source[at + marker.len()..].trim_start();
            let Some(rest) = rest.strip_prefix('{').map(str::trim_start) else { continue };
            let Some(rest) = rest.strip_prefix("name:").map(str::trim_start) else { continue };
            keys.extend(literal(rest).map(|name| format!("block.{name}")));
        }
    }
    for (at, _) in source.match_indices("\", Kind::") {
        let (before, name) = source[..at].rsplit_once('"').unwrap_or_default();
        // A column, or the first of three that make a fact; a pair is something else.
        let kind = source[at + "\", Kind::".len()..].trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        let fact =
            kind.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(kind, |(_, rest)| rest);
        if is_column(before) || (fact.starts_with(',') && is_name(name)) {
            keys.push(format!("column.{name}"));
        }
    }
    for prefix in PREFIXES {
        for (at, _) in source.match_indices(&format!("\"{prefix}.")) {
            keys.extend(literal(&source[at..]).filter(|text| is_key(text)));
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

/// Does a column begin here?
fn is_column(before: &str) -> bool {
    ["Column::new(", "Column::sorted(", "Column::summed("]
        .iter()
        .any(|marker| before.trim_end().ends_with(marker))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Dotted lower-case words and nothing else: not a pattern, not a value to fill in.
fn is_key(text: &str) -> bool {
    text.contains('.')
        && !text.starts_with('.')
        && !text.ends_with('.')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// The literal at the beginning of `source`.
fn literal(source: &str) -> Option<String> {
    let rest = source.strip_prefix('"')?;
    rest.find('"').map(|end| rest[..end].to_owned())
}

/// The literal that follows each `marker`, blanks between them allowed.
fn literals_after(source: &str, marker: &str) -> Vec<String> {
    source
        .match_indices(marker)
        .filter_map(|(at, _)| literal(source[at + marker.len()..].trim_start()))
        .collect()
}

/// Every literal up to the bracket that closes the call; in a list of values to fill in, the values are no keys.
fn literals_of_call(source: &str) -> Vec<String> {
    let mut depth = 1;
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['(', ')', '"', '[']) {
        let sign = rest.as_bytes()[at];
        rest = &rest[at..];
        match sign {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'"' => {
                let Some(text) = literal(rest) else { break };
                rest = &rest[text.len() + 2..];
                found.push(text);
                continue;
            }
            _ => break,
        }
        if depth == 0 {
            break;
        }
        rest = &rest[1..];
    }
    found
}
