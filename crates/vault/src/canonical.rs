//! Acts as bytes: CBOR in its deterministic form (RFC 8949, section 4.2), of the few kinds of items an act needs.
//! The same act always has the same bytes, and no two different acts share theirs.

use kernel::Moment;

use crate::act::{Act, Batch, Change, Digest, Document, Recorded};
use crate::{VaultError, act};

/// The version of the form; a later one will be read beside it.
const VERSION: i64 = 1;
const FIELDS: u64 = 15;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const NULL: u8 = 0xf6;

struct Writer<'b>(&'b mut Vec<u8>);

impl Writer<'_> {
    /// The head of an item: its kind and argument in the fewest bytes.
    fn head(&mut self, kind: u8, argument: u64) {
        let kind = kind << 5;
        let bytes = argument.to_be_bytes();
        match argument {
            0..=23 => self.0.push(kind | bytes[7]),
            24..=0xff => self.0.extend([kind | 24, bytes[7]]),
            0x100..=0xffff => {
                self.0.push(kind | 25);
                self.0.extend_from_slice(&bytes[6..]);
            }
            0x1_0000..=0xffff_ffff => {
                self.0.push(kind | 26);
                self.0.extend_from_slice(&bytes[4..]);
            }
            _ => {
                self.0.push(kind | 27);
                self.0.extend_from_slice(&bytes);
            }
        }
    }
    fn int(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.head(UNSIGNED, value),
            // -1 - value, without overflow: the complement.
            Err(_) => self.head(NEGATIVE, (!value).unsigned_abs()),
        }
    }
    fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }
    fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
    fn maybe(&mut self, digest: Option<&Digest>) {
        match digest {
            Some(digest) => self.bytes(&digest[..]),
            None => self.0.push(NULL),
        }
    }
}

/// Appends the canonical bytes of a recorded act to `out`.
pub(crate) fn encode(recorded: &Recorded, out: &mut Vec<u8>) {
    let act = &recorded.act;
    let mut writer = Writer(out);
    writer.head(ARRAY, FIELDS);
    writer.int(VERSION);
    writer.int(recorded.org_id);
    writer.int(recorded.seq);
    writer.text(&act.verb);
    writer.int(act.unit_id);
    writer.int(recorded.person_id);
    writer.text(&recorded.person);
    writer.text(&recorded.post);
    writer.int(recorded.at.millis());
    writer.text(&act.document.kind);
    writer.text(&act.document.number);
    writer.maybe(act.before.as_ref());
    writer.maybe(act.after.as_ref());
    writer.head(ARRAY, act.changes.len() as u64 * 3);
    for change in &act.changes {
        writer.text(&change.field);
        writer.text(&change.before);
        writer.text(&change.after);
    }
    match &act.batch {
        None => writer.0.push(NULL),
        Some(batch) => {
            writer.head(ARRAY, 2);
            writer.int(batch.lines);
            writer.bytes(&batch.root);
        }
    }
}

struct Reader<'b>(&'b [u8]);

type Result<T> = std::result::Result<T, VaultError>;

fn broken<T>(why: &'static str) -> Result<T> {
    Err(VaultError::NotCanonical(why))
}

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8]> {
        match self.0.split_at_checked(length) {
            Some((taken, rest)) => {
                self.0 = rest;
                Ok(taken)
            }
            None => broken("it ends too early"),
        }
    }
    fn head(&mut self) -> Result<(u8, u64)> {
        let first = self.take(1)?[0];
        let (length, least) = match first & 31 {
            small @ 0..=23 => return Ok((first >> 5, u64::from(small))),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return broken("an item of unknown length"),
        };
        let argument = self.take(length)?.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        if argument < least {
            broken("a number that is not in its shortest form")
        } else {
            Ok((first >> 5, argument))
        }
    }
    fn int(&mut self) -> Result<i64> {
        let (kind, argument) = self.head()?;
        let Ok(value) = i64::try_from(argument) else { return broken("a number beyond 64 bits") };
        match kind {
            UNSIGNED => Ok(value),
            NEGATIVE => Ok(!value),
            _ => broken("a number was expected"),
        }
    }
    fn slice(&mut self, wanted: u8, what: &'static str) -> Result<&'b [u8]> {
        match self.head()? {
            (kind, length) if kind == wanted => match usize::try_from(length) {
                Ok(length) => self.take(length),
                Err(_) => broken("it ends too early"),
            },
            _ => broken(what),
        }
    }
    fn text(&mut self) -> Result<String> {
        match std::str::from_utf8(self.slice(TEXT, "text was expected")?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => broken("text that is not UTF-8"),
        }
    }
    fn digest(&mut self) -> Result<Digest> {
        match self.slice(BYTES, "a digest was expected")?.try_into() {
            Ok(digest) => Ok(digest),
            Err(_) => broken("a digest that is not 32 bytes long"),
        }
    }
    fn is_null(&mut self) -> bool {
        match self.0.split_first() {
            Some((&NULL, rest)) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }
    fn maybe(&mut self) -> Result<Option<Digest>> {
        if self.is_null() { Ok(None) } else { self.digest().map(Some) }
    }
    fn array(&mut self) -> Result<u64> {
        match self.head()? {
            (ARRAY, length) => Ok(length),
            _ => broken("a list was expected"),
        }
    }
}

/// Reads canonical bytes back; refuses everything [`encode`] would not have written.
pub(crate) fn decode(bytes: &[u8]) -> Result<Recorded> {
    let mut reader = Reader(bytes);
    if reader.array()? != FIELDS || reader.int()? != VERSION {
        return broken("an unknown version");
    }
    let org_id = reader.int()?;
    let seq = reader.int()?;
    let verb = reader.text()?;
    let unit_id = reader.int()?;
    let person_id = reader.int()?;
    let person = reader.text()?;
    let post = reader.text()?;
    let at = Moment::from_millis(reader.int()?);
    let document = Document { kind: reader.text()?, number: reader.text()? };
    let before = reader.maybe()?;
    let after = reader.maybe()?;
    let changes = reader.array()?;
    if changes % 3 != 0 || changes / 3 > act::CHANGES_MAX as u64 {
        return broken("a wrong number of changes");
    }
    let changes = (0..changes / 3)
        .map(|_| Ok(Change { field: reader.text()?, before: reader.text()?, after: reader.text()? }))
        .collect::<Result<_>>()?;
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
    let act = Act { verb, unit_id, document, before, after, changes, batch };
    Ok(Recorded { org_id, seq, person_id, person, post, at, act })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn recorded() -> impl Strategy<Value = Recorded> {
        let digest = || proptest::option::of(any::<[u8; 32]>());
        let change = ("[a-z]{0,30}", "\\PC{0,20}", "\\PC{0,300}").prop_map(|(field, before, after)| Change {
            field,
            before,
            after,
        });
        let batch = proptest::option::of(
            (0_i64.., any::<[u8; 32]>()).prop_map(|(lines, root)| Batch { lines, root }),
        );
        let act = (
            "[a-z.]{1,40}",
            any::<i64>(),
            "\\PC{0,10}",
            "\\PC{0,40}",
            digest(),
            digest(),
            prop::collection::vec(change, 0..4),
            batch,
        )
            .prop_map(|(verb, unit_id, kind, number, before, after, changes, batch)| Act {
                verb,
                unit_id,
                document: Document { kind, number },
                before,
                after,
                changes,
                batch,
            });
        (any::<i64>(), 0_i64.., any::<i64>(), "\\PC{0,20}", "[a-z]{0,12}", any::<i64>(), act).prop_map(
            |(org_id, seq, person_id, person, post, millis, act)| Recorded {
                org_id,
                seq,
                person_id,
                person,
                post,
                at: Moment::from_millis(millis),
                act,
            },
        )
    }

    fn bytes(recorded: &Recorded) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(recorded, &mut bytes);
        bytes
    }

    proptest! {
        #[test]
        fn what_is_encoded_reads_back(recorded in recorded()) {
            prop_assert_eq!(decode(&bytes(&recorded)), Ok(recorded));
        }

        /// What reads at all has exactly one form: other bytes never read as the same act.
        #[test]
        fn bytes_that_read_are_canonical(recorded in recorded(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
            let mut changed = bytes(&recorded);
            let at = at.index(changed.len());
            changed[at] = with;
            if let Ok(read) = decode(&changed) {
                prop_assert_eq!(bytes(&read), changed);
            }
        }

        #[test]
        fn shortened_bytes_do_not_read(recorded in recorded(), at in any::<prop::sample::Index>()) {
            let whole = bytes(&recorded);
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

    /// The figures of RFC 8949, appendix A.
    #[test]
    fn numbers_are_written_as_the_standard_shows() {
        for (value, hex) in [
            (0, "00"),
            (23, "17"),
            (24, "1818"),
            (100, "1864"),
            (1000, "1903e8"),
            (1_000_000, "1a000f4240"),
            (1_000_000_000_000, "1b000000e8d4a51000"),
            (-1, "20"),
            (-100, "3863"),
            (-1000, "3903e7"),
        ] {
            let mut out = Vec::new();
            Writer(&mut out).int(value);
            assert_eq!(out.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), hex, "{value}");
        }
    }
}
