//! Acts: who did what to which document, when, in which post, and what changed.

use identity::Permission;
use kernel::{Bilingual, Lang, Moment, Text};

use crate::VaultError;

/// A SHA-256 digest.
pub type Digest = [u8; 32];

/// Changed fields of one act at most; larger changes are batches.
pub(crate) const CHANGES_MAX: usize = 500;
const NAME_BYTES_MAX: usize = 200;
const VALUE_BYTES_MAX: usize = 4_000;

/// What stands for a personal value that was erased.
pub const ERASED: &str = "(erased)";

/// The document an act is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Document {
    /// Its kind, such as `reading_book`.
    pub kind: String,
    /// Its number as people know it.
    pub number: String,
}

/// One changed field with its old and new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The field.
    pub field: String,
    /// The old value, empty when there was none.
    pub before: String,
    /// The new value, empty when it was taken away.
    pub after: String,
    /// The values tell something about a person: the log holds commitments to them, and the values themselves can be
    /// erased. An erased value reads [`ERASED`].
    pub personal: bool,
}

/// The lines of a bulk act, bound by their Merkle root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// How many lines.
    pub lines: i64,
    /// [`crate::merkle_root`] over the [`crate::leaf_hash`] of each line, in order.
    pub root: Digest,
}

/// An act to be recorded. Person, post and moment come from the command's context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// What was done: the name of the right it needed, such as `billing.release_book`.
    pub verb: String,
    /// The unit concerned.
    pub unit_id: i64,
    /// The document.
    pub document: Document,
    /// Digest of the document before; nothing when it is new.
    pub before: Option<Digest>,
    /// Digest of the document after.
    pub after: Option<Digest>,
    /// Changed fields.
    pub changes: Vec<Change>,
    /// The lines of a bulk act.
    pub batch: Option<Batch>,
}

impl Act {
    /// `verb` was done to the document `kind` `number` of `unit_id`.
    pub fn new(verb: Permission, unit_id: i64, kind: impl Into<String>, number: impl Into<String>) -> Act {
        Act {
            verb: verb.0.to_owned(),
            unit_id,
            document: Document { kind: kind.into(), number: number.into() },
            before: None,
            after: None,
            changes: Vec::new(),
            batch: None,
        }
    }
    /// With the digests of the document before and after.
    pub fn digests(self, before: Option<Digest>, after: Option<Digest>) -> Act {
        Act { before, after, ..self }
    }
    /// With one more changed field.
    pub fn change(
        mut self,
        field: impl Into<String>,
        before: impl Into<String>,
        after: impl Into<String>,
    ) -> Act {
        self.changes.push(Change {
            field: field.into(),
            before: before.into(),
            after: after.into(),
            personal: false,
        });
        self
    }
    /// With one more changed field whose values tell something about a person: a name, an address, a telephone or
    /// identity number, or words that may hold one. They can be erased later without harm to the log.
    pub fn change_personal(
        mut self,
        field: impl Into<String>,
        before: impl Into<String>,
        after: impl Into<String>,
    ) -> Act {
        self.changes.push(Change {
            field: field.into(),
            before: before.into(),
            after: after.into(),
            personal: true,
        });
        self
    }
    /// With the lines it covers.
    pub fn batch(self, lines: i64, root: Digest) -> Act {
        Act { batch: Some(Batch { lines, root }), ..self }
    }

    pub(crate) fn accept(&self) -> Result<(), VaultError> {
        let refuse = |field, why| Err(VaultError::BadAct { field, why });
        for (field, text) in [
            ("verb", &self.verb),
            ("document kind", &self.document.kind),
            ("document number", &self.document.number),
        ] {
            if text.is_empty() {
                return refuse(field, "is empty");
            }
            if text.len() > NAME_BYTES_MAX {
                return refuse(field, "is too long");
            }
            if text.chars().any(char::is_control) {
                return refuse(field, "has control characters");
            }
        }
        if self.changes.len() > CHANGES_MAX {
            return refuse("the list of changes", "is too long");
        }
        let values = self.changes.iter().flat_map(|change| [&change.field, &change.before, &change.after]);
        if values.into_iter().any(|value| value.len() > VALUE_BYTES_MAX) {
            return refuse("a changed value", "is too long");
        }
        Ok(())
    }
}

/// An act as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The organisation.
    pub org_id: i64,
    /// Its place in the organisation's log, from 0 without gaps.
    pub seq: i64,
    /// Who did it.
    pub person_id: i64,
    /// The person's name at that time; [`ERASED`] when it was erased.
    pub person: String,
    /// The post under which it was done; empty when no post carries the right.
    pub post: String,
    /// When.
    pub at: Moment,
    /// What.
    pub act: Act,
}

impl Recorded {
    /// The act in one line for a person; `name` gives the names of verbs and document kinds that are known.
    pub fn describe(&self, lang: Lang, name: impl Fn(&str) -> Option<Text>) -> String {
        let named = |code: &str| name(code).map_or_else(|| code.to_owned(), |text| text.text(lang));
        let Recorded { seq, person, post, at, act, .. } = self;
        let (verb, kind) = (named(&act.verb), named(&act.document.kind));
        let post = if post.is_empty() { String::new() } else { named(post) };
        let number = &act.document.number;
        let mut line = match lang {
            Lang::Zh if post.is_empty() => format!("#{seq} {at} {person} {verb} {kind} {number}"),
            Lang::Zh => format!("#{seq} {at} {person}（{post}） {verb} {kind} {number}"),
            Lang::En if post.is_empty() => format!("#{seq} {at} {person}: {verb}, {kind} {number}"),
            Lang::En => format!("#{seq} {at} {person} ({post}): {verb}, {kind} {number}"),
        };
        let shown = |value: &str| match (lang, value) {
            (Lang::Zh, ERASED) => "（已删除）".to_owned(),
            _ => value.to_owned(),
        };
        for Change { field, before, after, .. } in &act.changes {
            let (before, after) = (shown(before), shown(after));
            line.push_str(&match lang {
                Lang::Zh => format!("；{}：{before} → {after}", named(field)),
                Lang::En => format!("; {}: {before} -> {after}", named(field)),
            });
        }
        if let Some(batch) = &act.batch {
            line.push_str(&match lang {
                Lang::Zh => format!("；共 {} 行", batch.lines),
                Lang::En => format!("; {} lines", batch.lines),
            });
        }
        line
    }
}

impl Bilingual for Recorded {
    fn text(&self, lang: Lang) -> String {
        self.describe(lang, |_| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DO: Permission = Permission("meter.change");

    #[test]
    fn an_act_holds_what_it_was_given() {
        let act = Act::new(DO, 3, "meter", "1").digests(Some([1; 32]), Some([2; 32])).batch(7, [3; 32]);
        assert_eq!((act.before, act.after), (Some([1; 32]), Some([2; 32])));
        assert_eq!(act.batch, Some(Batch { lines: 7, root: [3; 32] }));
        assert_eq!((act.verb.as_str(), act.unit_id), ("meter.change", 3));
    }

    #[test]
    fn an_act_is_accepted_up_to_its_limits() {
        let text = |length| "x".repeat(length);
        let changes =
            |count| (0..count).fold(Act::new(DO, 3, "meter", "1"), |act, _| act.change("field", "40", "60"));
        let bad = |field, why| Err(VaultError::BadAct { field, why });
        for (act, expected) in [
            (Act::new(DO, 3, "m", "1"), Ok(())),
            (Act::new(DO, 3, text(200), text(200)), Ok(())),
            (Act::new(DO, 3, text(201), "1"), bad("document kind", "is too long")),
            (Act::new(DO, 3, "m", text(201)), bad("document number", "is too long")),
            (Act::new(DO, 3, "m", ""), bad("document number", "is empty")),
            (Act::new(DO, 3, "m", "a\u{7f}"), bad("document number", "has control characters")),
            (Act { verb: String::new(), ..Act::new(DO, 3, "m", "1") }, bad("verb", "is empty")),
            (changes(500), Ok(())),
            (changes(501), bad("the list of changes", "is too long")),
            (changes(0).change(text(4000), text(4000), text(4000)), Ok(())),
            (changes(0).change(text(4001), "", ""), bad("a changed value", "is too long")),
            (changes(0).change("f", text(4001), ""), bad("a changed value", "is too long")),
            (changes(1).change("f", "", text(4001)), bad("a changed value", "is too long")),
            (changes(0).change_personal("f", "", text(4001)), bad("a changed value", "is too long")),
        ] {
            assert_eq!(act.accept(), expected);
        }
    }

    /// XC-15: what a person reads of an act, with and without a post, of erased values and of batches.
    #[test]
    fn an_act_is_told_in_both_languages() {
        let act = Act::new(DO, 3, "meter", "M1")
            .change("multiplier", "40", "60")
            .change_personal("name", ERASED, "x")
            .batch(7, [0; 32]);
        let at = Moment::from_millis(0);
        let told = |post: &str, act: &Act| {
            let act = act.clone();
            let recorded = Recorded {
                org_id: 1,
                seq: 5,
                person_id: 2,
                person: "Wang".into(),
                post: post.into(),
                at,
                act,
            };
            [Lang::En, Lang::Zh].map(|lang| recorded.text(lang))
        };
        assert_eq!(
            told("", &Act::new(DO, 3, "meter", "M1")),
            [format!("#5 {at} Wang: meter.change, meter M1"), format!("#5 {at} Wang meter.change meter M1")]
        );
        assert_eq!(
            told("clerk", &act),
            [
                format!(
                    "#5 {at} Wang (clerk): meter.change, meter M1; multiplier: 40 -> 60; name: (erased) -> x; 7 lines"
                ),
                format!(
                    "#5 {at} Wang（clerk） meter.change meter M1；multiplier：40 → 60；name：（已删除） → x；共 7 行"
                ),
            ]
        );
    }
}
