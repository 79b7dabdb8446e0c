//! Acts as bytes. The same act always has the same bytes, and no two different acts share theirs.
//!
//! Form 1 holds every value in clear. Form 2 holds the name of the person who acts, and each value flagged personal,
//! as a commitment ([`crate::Sealed`]); all leaves are written in form 2, and those of form 1 stay readable.

use kernel::Moment;

use crate::VaultError;
use crate::act::{Batch, CHANGES_MAX, Digest, Document};
use crate::cbor::{ARRAY, Reader, Result, Writer, broken};

/// The form in which leaves are written.
pub(crate) const FORM: u8 = 2;
const FIELDS: u64 = 15;

/// A value as it stands in a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealed {
    /// The value itself.
    Clear(String),
    /// HMAC-SHA256 of the value under a random salt of 32 bytes. Salt and value are kept outside the leaf and may be
    /// destroyed; the leaf stays as it is.
    Committed(Digest),
}

/// One changed field as it stands in a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedChange {
    /// The field.
    pub field: String,
    /// The old value.
    pub before: Sealed,
    /// The new value.
    pub after: Sealed,
}

/// An act exactly as its stored bytes have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The form of its bytes: 1 or 2.
    pub form: u8,
    /// The organisation.
    pub org_id: i64,
    /// Its place in the organisation's log.
    pub seq: i64,
    /// What was done.
    pub verb: String,
    /// The unit concerned.
    pub unit_id: i64,
    /// Who did it.
    pub person_id: i64,
    /// The person's name at that time.
    pub person: Sealed,
    /// The post under which it was done.
    pub post: String,
    /// When.
    pub at: Moment,
    /// The document.
    pub document: Document,
    /// Digest of the document before.
    pub before: Option<Digest>,
    /// Digest of the document after.
    pub after: Option<Digest>,
    /// Changed fields.
    pub changes: Vec<SealedChange>,
    /// The lines of a bulk act.
    pub batch: Option<Batch>,
}

impl Leaf {
    /// The commitments in changed values, in order.
    pub fn commitments(&self) -> impl Iterator<Item = &Digest> {
        let values = self.changes.iter().flat_map(|change| [&change.before, &change.after]);
        values.filter_map(|value| match value {
            Sealed::Committed(commitment) => Some(commitment),
            Sealed::Clear(_) => None,
        })
    }
}

fn sealed(writer: &mut Writer<'_>, value: &Sealed) {
    match value {
        Sealed::Clear(text) => writer.text(text),
        Sealed::Committed(commitment) => writer.bytes(commitment),
    }
}

/// Appends the canonical bytes of an act to `out`.
pub fn encode(leaf: &Leaf, out: &mut Vec<u8>) {
    let mut writer = Writer(out);
    writer.head(ARRAY, FIELDS);
    writer.int(i64::from(leaf.form));
    writer.int(leaf.org_id);
    writer.int(leaf.seq);
    writer.text(&leaf.verb);
    writer.int(leaf.unit_id);
    writer.int(leaf.person_id);
    sealed(&mut writer, &leaf.person);
    writer.text(&leaf.post);
    writer.int(leaf.at.millis());
    writer.text(&leaf.document.kind);
    writer.text(&leaf.document.number);
    writer.maybe(leaf.before.as_ref());
    writer.maybe(leaf.after.as_ref());
    writer.head(ARRAY, leaf.changes.len() as u64 * 3);
    for change in &leaf.changes {
        writer.text(&change.field);
        sealed(&mut writer, &change.before);
        sealed(&mut writer, &change.after);
    }
    match &leaf.batch {
        None => writer.null(),
        Some(batch) => {
            writer.head(ARRAY, 2);
            writer.int(batch.lines);
            writer.bytes(&batch.root);
        }
    }
}

/// Reads canonical bytes back; refuses everything [`encode`] would not have written.
pub fn decode(bytes: &[u8]) -> Result<Leaf> {
    let mut reader = Reader(bytes);
    if reader.array()? != FIELDS {
        return broken("an unknown form");
    }
    let form = match reader.int()? {
        1 => 1,
        2 => 2,
        _ => return broken("an unknown form"),
    };
    let value = |reader: &mut Reader<'_>| match form {
        2 if reader.is_bytes() => reader.digest().map(Sealed::Committed),
        _ => reader.text().map(Sealed::Clear),
    };
    let org_id = reader.int()?;
    let seq = reader.int()?;
    let verb = reader.text()?;
    let unit_id = reader.int()?;
    let person_id = reader.int()?;
    let person = value(&mut reader)?;
    let post = reader.text()?;
    let at = Moment::from_millis(reader.int()?);
    let document = Document { kind: reader.text()?, number: reader.text()? };
    let before = reader.maybe()?;
    let after = reader.maybe()?;
    let changes = reader.array()?;
    if changes % 3 != 0 || changes / 3 > CHANGES_MAX as u64 {
        return broken("a wrong number of changes");
    }
    let changes = (0..changes / 3)
        .map(|_| {
            let field = reader.text()?;
            Ok(SealedChange { field, before: value(&mut reader)?, after: value(&mut reader)? })
        })
        .collect::<std::result::Result<_, VaultError>>()?;
    let batch = if reader.is_null() {
        None
    } else if reader.array()? == 2 {
        Some(Batch { lines: reader.int()?, root: reader.digest()? })
    } else {
        return broken("a batch of unknown form");
    };
    if !reader.0.is_empty() {
        return broken("something follows its end");
    }
    Ok(Leaf {
        form,
        org_id,
        seq,
        verb,
        unit_id,
        person_id,
        person,
        post,
        at,
        document,
        before,
        after,
        changes,
        batch,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(form: u8, text: &'static str) -> BoxedStrategy<Sealed> {
        let clear = text.prop_map(Sealed::Clear);
        if form == 1 {
            clear.boxed()
        } else {
            prop_oneof![clear, any::<[u8; 32]>().prop_map(Sealed::Committed)].boxed()
        }
    }

    fn leaf_of(form: u8) -> impl Strategy<Value = Leaf> {
        let digest = || proptest::option::of(any::<[u8; 32]>());
        let change = ("[a-z]{0,30}", value(form, "\\PC{0,20}"), value(form, "\\PC{0,300}"))
            .prop_map(|(field, before, after)| SealedChange { field, before, after });
        let batch = proptest::option::of(
            (0_i64.., any::<[u8; 32]>()).prop_map(|(lines, root)| Batch { lines, root }),
        );
        let who = (any::<i64>(), value(form, "\\PC{0,20}"), "[a-z]{0,12}", any::<i64>());
        let what = ("[a-z.]{1,40}", any::<i64>(), "\\PC{0,10}", "\\PC{0,40}");
        let changed = (digest(), digest(), prop::collection::vec(change, 0..4), batch);
        (any::<i64>(), 0_i64.., who, what, changed).prop_map(move |(org_id, seq, who, what, changed)| {
            let (person_id, person, post, millis) = who;
            let (verb, unit_id, kind, number) = what;
            let (before, after, changes, batch) = changed;
            let (document, at) = (Document { kind, number }, Moment::from_millis(millis));
            Leaf {
                form,
                org_id,
                seq,
                verb,
                unit_id,
                person_id,
                person,
                post,
                at,
                document,
                before,
                after,
                changes,
                batch,
            }
        })
    }

    fn leaf() -> impl Strategy<Value = Leaf> {
        prop_oneof![leaf_of(1), leaf_of(2)]
    }

    fn bytes(leaf: &Leaf) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(leaf, &mut bytes);
        bytes
    }

    proptest! {
        #[test]
        fn what_is_encoded_reads_back(leaf in leaf()) {
            prop_assert_eq!(decode(&bytes(&leaf)), Ok(leaf));
        }

        /// What reads at all has exactly one form: other bytes never read as the same act.
        #[test]
        fn bytes_that_read_are_canonical(leaf in leaf(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
            let mut changed = bytes(&leaf);
            let at = at.index(changed.len());
            changed[at] = with;
            if let Ok(read) = decode(&changed) {
                prop_assert_eq!(bytes(&read), changed);
            }
        }

        #[test]
        fn shortened_bytes_do_not_read(leaf in leaf(), at in any::<prop::sample::Index>()) {
            let whole = bytes(&leaf);
            prop_assert!(decode(&whole[..at.index(whole.len())]).is_err());
            let mut longer = whole;
            longer.push(0);
            prop_assert!(decode(&longer).is_err());
        }

        #[test]
        fn rubbish_is_refused_without_harm(rubbish in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&rubbish);
        }
    }

    fn plain() -> Leaf {
        Leaf {
            form: FORM,
            org_id: 1,
            seq: 0,
            verb: "a.b".into(),
            unit_id: 3,
            person_id: 11,
            person: Sealed::Clear("x".into()),
            post: String::new(),
            at: Moment::from_millis(1000),
            document: Document { kind: "m".into(), number: "7".into() },
            before: None,
            after: None,
            changes: Vec::new(),
            batch: None,
        }
    }

    #[test]
    fn a_leaf_holds_up_to_500_changes() {
        let clear = |text: &str| Sealed::Clear(text.into());
        let change = SealedChange { field: "f".into(), before: clear("x"), after: clear("y") };
        for (count, good) in [(0, true), (1, true), (499, true), (500, true), (501, false), (1500, false)] {
            let leaf = Leaf { changes: vec![change.clone(); count], ..plain() };
            let expected = if good { Ok(leaf.clone()) } else { broken("a wrong number of changes") };
            assert_eq!(decode(&bytes(&leaf)), expected, "{count}");
        }
        // A list of changes whose length is no multiple of three.
        let mut odd = bytes(&Leaf { changes: vec![change], ..plain() });
        let at = odd.iter().rposition(|byte| *byte == 0x83).unwrap();
        for count in [1, 2, 4] {
            odd[at] = 0x80 + count;
            assert_eq!(decode(&odd), broken("a wrong number of changes"), "{count}");
        }
    }

    #[test]
    fn a_form_that_is_not_known_is_refused() {
        for form in [0, 3, 255] {
            assert_eq!(decode(&bytes(&Leaf { form, ..plain() })), broken("an unknown form"), "{form}");
        }
        let batch = Some(Batch { lines: 5, root: [9; 32] });
        let whole = bytes(&Leaf { batch, ..plain() });
        let mut longer = whole.clone();
        let at = longer.iter().rposition(|byte| *byte == 0x82).unwrap();
        longer[at] = 0x83;
        assert_eq!(decode(&longer), broken("a batch of unknown form"));
        let mut longer = whole;
        longer[0] = 0x90;
        assert_eq!(decode(&longer), broken("an unknown form"));
    }

    /// A leaf as release 0.1.0 wrote it, byte for byte: form 1 never changes.
    #[test]
    fn form_1_stays_as_it_was() {
        let leaf = Leaf {
            form: 1,
            org_id: 1,
            seq: 0,
            verb: "a.b".into(),
            unit_id: 3,
            person_id: 11,
            person: Sealed::Clear("王".into()),
            post: String::new(),
            at: Moment::from_millis(1000),
            document: Document { kind: "m".into(), number: "7".into() },
            before: None,
            after: None,
            changes: vec![SealedChange {
                field: "f".into(),
                before: Sealed::Clear(String::new()),
                after: Sealed::Clear("x".into()),
            }],
            batch: None,
        };
        let hex: String = bytes(&leaf).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "8f01010063612e62030b63e78e8b601903e8616d6137f6f683616660".to_owned() + "6178f6");
        let committed = Leaf { person: Sealed::Committed([7; 32]), ..leaf.clone() };
        assert!(decode(&bytes(&committed)).is_err(), "form 1 has no commitments");
        assert_ne!(bytes(&Leaf { form: 2, ..leaf.clone() }), bytes(&leaf));
    }
}
