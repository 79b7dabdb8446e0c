//! Hostile quote files: whatever is written, the answer is an answer or an error with a place, never a panic.

use std::path::Path;
use std::sync::OnceLock;

use kernel::{Bilingual, Lang};
use proptest::prelude::*;
use tariff::quote::{QuoteError, quote};

fn samples() -> &'static [String] {
    static SAMPLES: OnceLock<Vec<String>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut samples = Vec::new();
        for folder in ["tests/cases", "../../examples/quote"] {
            let mut paths: Vec<_> = std::fs::read_dir(root.join(folder))
                .expect("a folder")
                .map(|entry| entry.expect("an entry").path())
                .collect();
            paths.sort();
            samples.extend(paths.iter().map(|path| std::fs::read_to_string(path).expect("a readable file")));
        }
        samples
    })
}

fn answer(text: &str, file: &str) {
    match quote(text, file) {
        Ok(answer) => {
            let _ = (answer.text(Lang::Zh), answer.text(Lang::En), answer.json());
        }
        Err(error) => {
            assert!(error.line >= 1 && error.column >= 1, "{error}");
            assert!(error.line <= text.matches('\n').count() + 1, "{error}");
            assert!(!error.text(Lang::Zh).is_empty());
        }
    }
}

/// Figures that break careless arithmetic.
const EXTREMES: [&str; 16] = [
    "0",
    "-1",
    "9999999999999",
    "9223372036854",
    "0.000001",
    "-0.000001",
    "1e9",
    "inf",
    "nan",
    "\"\"",
    "true",
    "[]",
    "{}",
    "2026-02-30",
    "9999-12-31",
    "\"1/0\"",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), json in any::<bool>()) {
        answer(&String::from_utf8_lossy(&bytes), if json { "a.json" } else { "a.toml" });
    }

    #[test]
    fn cut_and_glued_examples_never_panic(which in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), glue in any::<prop::sample::Index>()) {
        let (a, b) = (which.get(samples()), other.get(samples()));
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let text: String = a[..cut.index(a.len())].iter().chain(&b[glue.index(b.len())..]).collect();
        answer(&text, "a.toml");
    }

    #[test]
    fn changed_figures_never_panic(which in any::<prop::sample::Index>(), line in any::<prop::sample::Index>(), put in prop::sample::select(&EXTREMES[..])) {
        let sample = which.get(samples());
        let mut lines: Vec<String> = sample.lines().map(str::to_owned).collect();
        let valued: Vec<usize> = lines.iter().enumerate().filter(|(_, line)| line.contains(" = ")).map(|(at, _)| at).collect();
        prop_assume!(!valued.is_empty());
        let at = *line.get(&valued);
        let key = lines[at].split(" = ").next().unwrap_or_default().to_owned();
        lines[at] = format!("{key} = {put}");
        answer(&lines.join("\n"), "a.toml");
    }

    #[test]
    fn extreme_figures_anywhere_never_panic(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), put in prop::sample::select(&EXTREMES[..]), twice in any::<prop::sample::Index>()) {
        let mut text = which.get(samples()).clone();
        for at in [at, twice] {
            let bytes = text.as_bytes();
            let starts: Vec<usize> = (1..bytes.len())
                .filter(|place| bytes[*place].is_ascii_digit() && b" [{=-\"".contains(&bytes[place - 1]))
                .collect();
            let start = *at.get(&starts);
            let length = text[start..].find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len() - start);
            text.replace_range(start..start + length, put);
        }
        answer(&text, "a.toml");
    }

    #[test]
    fn changed_characters_never_panic(which in any::<prop::sample::Index>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 1..6)) {
        let mut text: Vec<char> = which.get(samples()).chars().collect();
        for (at, with) in changes {
            let at = at.index(text.len());
            text[at] = with;
        }
        answer(&text.into_iter().collect::<String>(), "a.toml");
    }
}

fn refused(text: &str) -> QuoteError {
    quote(text, "case.toml").expect_err(text)
}

#[test]
fn errors_name_the_place_and_the_remedy() {
    let cases = [
        ("kwh = 1\nenrgy_price = 0.5\n", 2, 1, "did you mean `energy_price`"),
        ("kwh = 1\nprice = { enegry = 0.5 }\n", 2, 11, "did you mean `energy`"),
        ("kwh = \"ten\"\nprice = 1\n", 1, 7, "not a decimal number"),
        ("kwh = 1\nprice = 0.5\nmonth = \"2026-13\"\n", 3, 9, "a month is written like"),
        ("kwh = 5\n", 1, 1, "has no price"),
        ("price = 0.5\n[readings]\ntotal = [10]\n", 3, 9, "[previous, current]"),
        ("kwh = 1\nenergy_kwh = 2\nprice = 1\n", 2, 1, "the same thing"),
        ("kwh = 10\nprice = 0.5\n[expect]\ntotl = 5\n", 4, 1, "did you mean `total`"),
        ("[[late_fee]]\namount = 100\n", 1, 1, "`due` is missing"),
        ("rules = \"1995\"\nkwh = 1\nprice = 1\n", 1, 9, "there are no rules 1995"),
        ("kwh = 1\nprice = \"hubei-2026-02\"\n", 2, 9, "did you mean `hubei-2026-01`"),
        ("kwh = -1\nprice = 1\n", 1, 7, "must not be negative"),
        ("price = 0.5\nreadings = [200, 100]\n", 2, 12, "went backwards"),
        ("kwh = 100\nprice = { peak = 0.5, valley = 0.2 }\n", 1, 7, "differs by time of day"),
        (
            "kwh = 1\nmonth = \"2025-01\"\nprice = \"hubei-2026-01\"\nclass = \"residential_flat\"\n",
            3,
            9,
            "not in force",
        ),
        ("kwh = 1\n[household]\npersons = 5\nprice = 0.5\n", 4, 1, "above the first [section]"),
        ("price = 0.5\nreadings = [100]\n", 2, 12, "[previous, current]"),
        ("[[theft]]\nprice = 0.5\n", 1, 1, "`amperes`"),
        ("[[metering_error]]\nkwh = 5\n", 1, 1, "error_percent"),
        ("电量 = 1\n", 1, 1, "quotes"),
        ("kwh = 1\nprice = { table = \"hubei-2026-01\", energy = 0.5 }\n", 2, 19, "leave out"),
        ("kwh = 1\nprice = 1\nperiod = [\"2026-01-01\"]\n", 3, 10, "[from, to]"),
        ("kwh = 1\nqqqqqqqqqqqq = 1\n", 2, 1, "docs/tariff-quote.md"),
        ("= 1", 1, 1, "not valid TOML"),
        ("title = \"x\"\n", 1, 1, "nothing to price"),
    ];
    for (text, line, column, says) in cases {
        let error = refused(text);
        assert_eq!((error.line, error.column), (line, column), "{error}\n{text}");
        assert!(error.en.contains(says), "{error}");
    }
    let json = quote("{\n  \"kwh\": 1,\n  \"prise\": 2\n}", "case.json").expect_err("unknown key");
    assert_eq!((json.line, json.column), (3, 3), "{json}");
}

#[test]
fn what_is_not_met_is_reported_with_its_line() {
    let answer = quote("kwh = 10\nprice = 0.5\n[expect]\ntotal = 5.01\nkwh = 10\n", "case.toml").unwrap();
    assert!(!answer.passed());
    let failed: Vec<_> = answer.expectations().iter().filter(|each| !each.met).collect();
    assert_eq!((failed.len(), failed[0].line, failed[0].actual.as_str()), (1, 4, "5.00"));
    assert!(answer.text(Lang::En).contains("line 4: total is expected to be 5.01, and is 5.00"));
}
