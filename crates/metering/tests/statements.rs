//! Every SQL text that stands whole in the sources of this office, read by both engines.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use store::Store;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The string literals of a source text, comments and character literals left out.
fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '/' if chars.peek() == Some(&'/') => while chars.next().is_some_and(|char| char != '\n') {},
            '\'' if chars.clone().nth(1) == Some('\'') => {
                chars.nth(1);
            }
            '"' => {
                let mut literal = String::new();
                while let Some(char) = chars.next().filter(|char| *char != '"') {
                    match char {
                        '\\' if chars.peek() == Some(&'\n') => {
                            while chars.next_if(|char| char.is_whitespace()).is_some() {}
                        }
                        '\\' => literal.extend(chars.next()),
                        char => literal.push(char),
                    }
                }
                found.push(literal);
            }
            _ => {}
        }
    }
    found
}

fn is_whole(text: &str) -> bool {
    let verb =
        ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "].iter().any(|verb| text.starts_with(verb));
    verb && text.len() > 20 && !text.contains(['{', '}']) && !text.ends_with([' ', ','])
}

fn check(store: &Store, texts: &[&str]) {
    store
        .migrate(&[
            identity::SCHEMA,
            documents::SCHEMA,
            vault::SCHEMA,
            workflow::SCHEMA,
            metering::SCHEMA,
            metering::parameter::SCHEMA_PARAMETERS,
            metering::contract::SCHEMA_CONTRACTS,
        ])
        .unwrap();
    store.check_statements(texts).unwrap();
}

/// Both engines take every statement; those put together from parts are run by the other tests.
#[test]
fn both_engines_read_every_statement() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let all: Vec<String> =
        files.iter().flat_map(|file| literals(&std::fs::read_to_string(file).unwrap())).collect();
    let texts: Vec<&str> = all.iter().map(String::as_str).filter(|text| is_whole(text)).collect();
    assert!(
        texts.len() >= 80,
        "found only {} statements: has the layout of the sources changed?",
        texts.len()
    );
    let folder = tempfile::tempdir().unwrap();
    check(&Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap(), &texts);
    if let Some(database) = testbed::postgres_database() {
        check(&Store::open(&database.url).unwrap(), &texts);
    }
}
