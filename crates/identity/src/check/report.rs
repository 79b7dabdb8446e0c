//! The result of one check, as every module states it.

use kernel::{Bilingual, Lang, Text};

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: a document, an account, a table, as a person would look it up.
    pub place: String,
    /// What is wrong, and what to do where that is not plain.
    pub what: Text,
}

impl Bilingual for Finding {
    fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh => format!("{}：{}", self.place, self.what.zh),
            Lang::En => format!("{}: {}", self.place, self.what.en),
        }
    }
}

/// One check: what it proves, how much it looked at, what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its code, `module.what`.
    pub code: &'static str,
    /// What it proves.
    pub name: Text,
    /// Rows, documents or acts looked at.
    pub looked_at: i64,
    /// How much was found in all.
    pub found: i64,
    /// The first of it, at most [`Checked::FINDINGS_MAX`].
    pub findings: Vec<Finding>,
}

impl Checked {
    /// Findings kept, at most; the count goes on.
    pub const FINDINGS_MAX: usize = 20;

    /// A check that has looked at nothing yet.
    pub fn new(code: &'static str, zh: &str, en: &str) -> Checked {
        Checked { code, name: Text::new(zh, en), looked_at: 0, found: 0, findings: Vec::new() }
    }
    /// So much more was looked at.
    pub fn look(&mut self, count: i64) {
        self.looked_at += count;
    }
    /// Something is wrong at `place`.
    pub fn find(&mut self, place: impl Into<String>, zh: impl Into<String>, en: impl Into<String>) {
        self.found += 1;
        if self.findings.len() < Checked::FINDINGS_MAX {
            self.findings.push(Finding { place: place.into(), what: Text::new(zh, en) });
        }
    }
    /// Something is wrong at `place` unless `good`.
    pub fn must(&mut self, good: bool, place: impl FnOnce() -> String, zh: &str, en: &str) {
        if !good {
            self.find(place(), zh, en);
        }
    }
    /// Nothing was found.
    pub fn is_good(&self) -> bool {
        self.found == 0
    }
}
