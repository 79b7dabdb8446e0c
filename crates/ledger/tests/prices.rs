//! Whatever the published price tables charge for, the ledger can post.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use ledger::PostingRules;

/// BILL-20: every component of every price table that comes with the program has its accounts.
#[test]
fn every_component_of_the_price_tables_has_accounts() {
    let rules = PostingRules::standard().unwrap();
    let issued = rules.event("bill_issued").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tariff/prices");
    let mut known = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for part in text.split("\n[[component]]\n").skip(1) {
            let code =
                part.lines().find_map(|line| line.strip_prefix("code = ")).expect(part).trim_matches('"');
            let component =
                rules.component(code).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(issued.accounts(component).is_ok(), "{code}");
            known += 1;
        }
    }
    assert!(known > 5, "the price tables were not found");
}
