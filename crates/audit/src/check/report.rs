//! What a check looked at, how long it took, and what it found.

use std::collections::BTreeSet;
use std::time::Duration;

use identity::alarm::AlarmFinding;
use identity::check::Checked;
use kernel::Text;

/// How far a check is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being proved.
    pub name: Text,
    /// How much of it was looked at since the last word.
    pub looked_at: i64,
}

/// One check with the time it took.
#[derive(Debug, Clone)]
pub struct Part {
    /// The check.
    pub checked: Checked,
    /// Time; several checks made in one pass share it, and the first of them bears it.
    pub elapsed: Duration,
}

/// Everything that was checked.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The checks, in the order in which they were made.
    pub parts: Vec<Part>,
    /// Checks that could not be made, with the reason; they prove nothing and find nothing.
    pub skipped: Vec<(&'static str, Text)>,
    /// Issued bills whose agreement, prices or tiers were changed since: their readings were compared, and nothing else.
    pub changed_since: i64,
    /// The size of the log and its root, as recomputed.
    pub log: Option<(i64, [u8; 32])>,
    /// Time of all.
    pub elapsed: Duration,
}

impl Report {
    /// Adds checks that one pass made.
    pub(crate) fn add(&mut self, checked: impl IntoIterator<Item = Checked>, elapsed: Duration) {
        let mut elapsed = Some(elapsed);
        for checked in checked {
            self.parts.push(Part { checked, elapsed: elapsed.take().unwrap_or_default() });
        }
    }
    /// How much was found in all.
    pub fn found(&self) -> i64 {
        self.parts.iter().map(|part| part.checked.found).sum()
    }
    /// Nothing was found.
    pub fn is_good(&self) -> bool {
        self.found() == 0
    }
    /// What was found, as an alarm keeps it. Where a check found more than it lists, its count is a finding of its own,
    /// so that more of the same is not taken for what is known.
    pub fn findings(&self) -> Vec<AlarmFinding> {
        let mut all = Vec::new();
        for part in &self.parts {
            let Checked { code, found, findings, .. } = &part.checked;
            for finding in findings {
                all.push(AlarmFinding {
                    check: (*code).to_owned(),
                    place: finding.place.clone(),
                    zh: finding.what.zh.clone(),
                    en: finding.what.en.clone(),
                });
            }
            if *found > findings.len() as i64 {
                all.push(AlarmFinding {
                    check: (*code).to_owned(),
                    place: "…".into(),
                    zh: format!("共 {found} 处"),
                    en: format!("{found} in all"),
                });
            }
        }
        all
    }
    /// What was found and is not among `decided`.
    pub fn undecided(&self, decided: &BTreeSet<AlarmFinding>) -> Vec<AlarmFinding> {
        self.findings().into_iter().filter(|finding| !decided.contains(finding)).collect()
    }
}
