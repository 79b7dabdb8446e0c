//! The colours of `style/tokens.css` are far enough apart to be read (WCAG 2.2, 1.4.3 and 1.4.11), in the light and in the dark.

use std::collections::BTreeMap;

/// Ink on ground, and the least contrast: 4.5 for words, 3 for the edges of what is typed into.
const PAIRS: &[(&str, &[&str], f64)] = &[
    (
        "ink",
        &[
            "paper",
            "surface",
            "raised",
            "sunken",
            "hover",
            "accent-soft",
            "bad-soft",
            "warn-soft",
            "good-soft",
        ],
        7.0,
    ),
    ("ink-2", &["paper", "surface", "raised", "sunken", "hover", "accent-soft", "bad-soft"], 4.5),
    ("ink-3", &["paper", "surface", "raised", "sunken", "hover", "accent-soft"], 4.5),
    ("accent", &["paper", "surface", "raised", "sunken", "hover", "accent-soft"], 4.5),
    ("accent-strong", &["accent-soft", "sunken"], 4.5),
    ("bad", &["paper", "surface", "raised", "sunken", "hover", "accent-soft", "bad-soft"], 4.5),
    ("warn", &["paper", "surface", "raised", "sunken", "hover", "accent-soft", "warn-soft"], 4.5),
    ("good", &["paper", "surface", "raised", "sunken", "hover", "accent-soft", "good-soft"], 4.5),
    ("on-accent", &["accent-fill", "accent-fill-hover", "bad-fill", "bad-fill-hover"], 4.5),
    ("field-line", &["surface", "paper", "raised"], 3.0),
    ("chart-1", &["surface"], 3.0),
    ("chart-2", &["surface"], 3.0),
    ("chart-3", &["surface"], 3.0),
    ("chart-4", &["surface"], 3.0),
    ("chart-5", &["surface"], 3.0),
    ("chart-6", &["surface"], 3.0),
];

/// The colours of the block that begins with `start`.
fn tokens(style: &str, start: &str) -> BTreeMap<String, [u8; 3]> {
    let at = style.find(start).expect("the block of tokens");
    let block = style[at..].split_once('{').expect("a block").1.split_once('}').expect("its end").0;
    block
        .split(';')
        .filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"))
        .map(|(name, hex)| {
            let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("a colour");
            (name.to_owned(), [part(0), part(2), part(4)])
        })
        .collect()
}

// A ratio of light, not of money.
#[allow(clippy::float_arithmetic)]
fn light(colour: [u8; 3]) -> f64 {
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(colour[0]) + 0.7152 * part(colour[1]) + 0.0722 * part(colour[2])
}

#[allow(clippy::float_arithmetic)]
fn contrast(one: [u8; 3], two: [u8; 3]) -> f64 {
    let (one, two) = (light(one), light(two));
    (one.max(two) + 0.05) / (one.min(two) + 0.05)
}

/// Black on white is the most there is; every pair that is used is enough; both dark blocks say the same.
#[test]
fn colours_can_be_read() {
    assert!((20.9..21.1).contains(&contrast([0; 3], [255; 3])));
    let style = include_str!("../../assets/style/tokens.css");
    let light = tokens(style, ":root {");
    let dark = tokens(style, ":root:not([data-theme=\"light\"]) {");
    assert_eq!(dark, tokens(style, ":root[data-theme=\"dark\"] {"), "the two dark blocks differ");
    let mut poor = Vec::new();
    for (theme, tokens) in [("light", light), ("dark", dark)] {
        for (ink, grounds, least) in PAIRS {
            for ground in *grounds {
                let found = contrast(tokens[*ink], tokens[*ground]);
                if found < *least {
                    poor.push(format!("{theme}: {ink} on {ground} is {found:.2}, not {least}"));
                }
            }
        }
    }
    assert!(poor.is_empty(), "{poor:#?}");
}
