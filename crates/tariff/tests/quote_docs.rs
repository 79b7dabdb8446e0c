//! The documentation of the quote file says what the program does.

use std::path::Path;

use kernel::Lang;

const DOCS: [(&str, Lang); 2] =
    [("docs/tariff-quote.md", Lang::En), ("docs/tariff-quote.zh-CN.md", Lang::Zh)];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_printed_answer_is_the_answer() {
    let name = "examples/quote/02-household-tiers-by-year.toml";
    let answer = tariff::quote::quote(&read(name), name).expect("the example");
    for (doc, lang) in DOCS {
        let printed = answer.text(lang);
        assert!(read(doc).contains(printed.trim()), "{doc} does not print\n{printed}");
    }
}

#[test]
fn every_example_and_table_is_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/quote");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the examples")
        .map(|entry| {
            entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned()
        })
        .collect();
    names.extend(tariff::table::SHIPPED.iter().map(|table| table.id.to_owned()));
    for (doc, _) in DOCS {
        let text = read(doc);
        for name in &names {
            assert!(text.contains(name.as_str()), "{doc} does not name {name}");
        }
    }
}

/// Each TOML block of the documentation is a file that can be priced.
#[test]
fn every_block_can_be_priced() {
    for (doc, _) in DOCS {
        let text = read(doc);
        let blocks: Vec<&str> =
            text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!blocks.is_empty());
        for block in blocks {
            let answer = tariff::quote::quote(block, doc).unwrap_or_else(|error| panic!("{error}\n{block}"));
            assert!(answer.passed(), "{block}");
        }
    }
}
