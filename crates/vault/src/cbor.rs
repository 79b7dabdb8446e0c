//! CBOR in its deterministic form (RFC 8949, section 4.2), of the few kinds of items an act needs.

use crate::VaultError;
use crate::act::Digest;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
pub(crate) const ARRAY: u8 = 4;
const NULL: u8 = 0xf6;

/// Writes items.
pub(crate) struct Writer<'b>(pub(crate) &'b mut Vec<u8>);

impl Writer<'_> {
    /// The head of an item: its kind and argument in the fewest bytes.
    pub(crate) fn head(&mut self, kind: u8, argument: u64) {
        let kind = kind << 5;
        let bytes = argument.to_be_bytes();
        match argument {
            0..=23 => self.0.push(kind + bytes[7]),
            24..=0xff => self.0.extend([kind + 24, bytes[7]]),
            0x100..=0xffff => {
                self.0.push(kind + 25);
                self.0.extend_from_slice(&bytes[6..]);
            }
            0x1_0000..=0xffff_ffff => {
                self.0.push(kind + 26);
                self.0.extend_from_slice(&bytes[4..]);
            }
            _ => {
                self.0.push(kind + 27);
                self.0.extend_from_slice(&bytes);
            }
        }
    }
    pub(crate) fn int(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.head(UNSIGNED, value),
            // -1 - value, without overflow: the complement.
            Err(_) => self.head(NEGATIVE, (!value).unsigned_abs()),
        }
    }
    pub(crate) fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
    pub(crate) fn null(&mut self) {
        self.0.push(NULL);
    }
    pub(crate) fn maybe(&mut self, digest: Option<&Digest>) {
        match digest {
            Some(digest) => self.bytes(&digest[..]),
            None => self.0.push(NULL),
        }
    }
}

/// Reads items; what is left is public to see whether something follows.
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

pub(crate) type Result<T> = std::result::Result<T, VaultError>;

/// Refuses the bytes.
pub(crate) fn broken<T>(why: &'static str) -> Result<T> {
    Err(VaultError::NotCanonical(why))
}

impl<'b> Reader<'b> {
    pub(crate) fn take(&mut self, length: usize) -> Result<&'b [u8]> {
        match self.0.split_at_checked(length) {
            Some((taken, rest)) => {
                self.0 = rest;
                Ok(taken)
            }
            None => broken("it ends too early"),
        }
    }
    pub(crate) fn head(&mut self) -> Result<(u8, u64)> {
        let first = self.take(1)?[0];
        let (length, least) = match first & 31 {
            small @ 0..=23 => return Ok((first >> 5, u64::from(small))),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return broken("an item of unknown length"),
        };
        let argument = self.take(length)?.iter().fold(0_u64, |value, byte| (value << 8) + u64::from(*byte));
        if argument < least {
            broken("a number that is not in its shortest form")
        } else {
            Ok((first >> 5, argument))
        }
    }
    pub(crate) fn int(&mut self) -> Result<i64> {
        let (kind, argument) = self.head()?;
        let Ok(value) = i64::try_from(argument) else { return broken("a number beyond 64 bits") };
        match kind {
            UNSIGNED => Ok(value),
            NEGATIVE => Ok(!value),
            _ => broken("a number was expected"),
        }
    }
    pub(crate) fn slice(&mut self, wanted: u8, what: &'static str) -> Result<&'b [u8]> {
        match self.head()? {
            (kind, length) if kind == wanted => match usize::try_from(length) {
                Ok(length) => self.take(length),
                Err(_) => broken("it ends too early"),
            },
            _ => broken(what),
        }
    }
    pub(crate) fn text(&mut self) -> Result<String> {
        match std::str::from_utf8(self.slice(TEXT, "text was expected")?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => broken("text that is not UTF-8"),
        }
    }
    pub(crate) fn digest(&mut self) -> Result<Digest> {
        match self.slice(BYTES, "a digest was expected")?.try_into() {
            Ok(digest) => Ok(digest),
            Err(_) => broken("a digest that is not 32 bytes long"),
        }
    }
    /// Is the next item bytes?
    pub(crate) fn is_bytes(&self) -> bool {
        self.0.first().is_some_and(|first| first >> 5 == BYTES)
    }
    pub(crate) fn is_null(&mut self) -> bool {
        match self.0.split_first() {
            Some((&NULL, rest)) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }
    pub(crate) fn maybe(&mut self) -> Result<Option<Digest>> {
        if self.is_null() { Ok(None) } else { self.digest().map(Some) }
    }
    pub(crate) fn array(&mut self) -> Result<u64> {
        match self.head()? {
            (ARRAY, length) => Ok(length),
            _ => broken("a list was expected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    /// Each number has one spelling, the shortest; the places where it grows are read as they are written.
    #[test]
    fn numbers_are_read_in_their_one_spelling() {
        for value in [
            0,
            23,
            24,
            0xff,
            0x100,
            0xffff,
            0x1_0000,
            0xffff_ffff,
            0x1_0000_0000,
            0x0123_4567_89ab_cdef,
            i64::MAX,
        ] {
            for value in [value, !value] {
                let mut out = Vec::new();
                Writer(&mut out).int(value);
                let mut reader = Reader(&out);
                assert_eq!((reader.int(), reader.0.len()), (Ok(value), 0), "{value}");
            }
        }
        let shortest = "a number that is not in its shortest form";
        for (bytes, why) in [
            (&[0x18, 23][..], shortest),
            (&[0x19, 0, 0xff], shortest),
            (&[0x1a, 0, 0, 0xff, 0xff], shortest),
            (&[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], shortest),
            (&[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0], "a number beyond 64 bits"),
            (&[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0], "a number beyond 64 bits"),
            (&[0x1c], "an item of unknown length"),
            (&[0x1f], "an item of unknown length"),
            (&[0x19, 1], "it ends too early"),
            (&[], "it ends too early"),
            (&[0x40], "a number was expected"),
            (&[0x60], "a number was expected"),
        ] {
            assert_eq!(Reader(bytes).int(), broken(why), "{bytes:02x?}");
        }
    }

    #[test]
    fn an_item_is_read_as_its_own_kind_only() {
        let digest = [[0x58, 32].as_slice(), &[7; 32]].concat();
        assert_eq!(Reader(&digest).digest(), Ok([7; 32]));
        assert_eq!(Reader(&digest).maybe(), Ok(Some([7; 32])));
        assert_eq!(Reader(&[NULL]).maybe(), Ok(None));
        assert_eq!(Reader(&[0x41, 7]).digest(), broken("a digest that is not 32 bytes long"));
        assert_eq!(Reader(&[0x61, b'x']).digest(), broken("a digest was expected"));
        assert_eq!(Reader(&[0x61, b'x']).text(), Ok("x".into()));
        assert_eq!(Reader(&[0x41, b'x']).text(), broken("text was expected"));
        assert_eq!(Reader(&[0x61, 0xff]).text(), broken("text that is not UTF-8"));
        assert_eq!(Reader(&[0x7b, 0xff, 0, 0, 0, 0, 0, 0, 0]).text(), broken("it ends too early"));
        assert_eq!(Reader(&[0x83]).array(), Ok(3));
        assert_eq!(Reader(&[0x63]).array(), broken("a list was expected"));
        for (bytes, is_bytes, is_null) in [
            (&[0x40][..], true, false),
            (&[0x5f], true, false),
            (&[0x60], false, false),
            (&[NULL], false, true),
            (&[], false, false),
        ] {
            assert_eq!(
                (Reader(bytes).is_bytes(), Reader(bytes).is_null()),
                (is_bytes, is_null),
                "{bytes:02x?}"
            );
        }
    }
}
