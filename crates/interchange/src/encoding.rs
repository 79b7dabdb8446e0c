//! Which encoding a text is in, and reading it as UTF-8 without losing or replacing a byte.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, DecoderResult, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use sha2::{Digest, Sha256};

const CHUNK_BYTES: usize = 64 << 10;

/// The encodings in which tables arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark.
    Utf8,
    /// GB 18030, which contains GBK and GB 2312.
    Gb18030,
    /// UTF-16, least byte first ("Unicode text" of Excel); recognised by its byte order mark.
    Utf16Le,
    /// UTF-16, most significant byte first; recognised by its byte order mark.
    Utf16Be,
}

impl Encoding {
    fn decoder(self) -> Decoder {
        match self {
            Encoding::Utf8 => UTF_8,
            Encoding::Gb18030 => GB18030,
            Encoding::Utf16Le => UTF_16LE,
            Encoding::Utf16Be => UTF_16BE,
        }
        .new_decoder_with_bom_removal()
    }

    /// The name people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Gb18030 => "GB18030",
            Encoding::Utf16Le => "UTF-16LE",
            Encoding::Utf16Be => "UTF-16BE",
        }
    }

    fn of_byte_order_mark(head: &[u8]) -> Option<Encoding> {
        match head {
            [0xef, 0xbb, 0xbf, ..] => Some(Encoding::Utf8),
            [0xff, 0xfe, ..] => Some(Encoding::Utf16Le),
            [0xfe, 0xff, ..] => Some(Encoding::Utf16Be),
            _ => None,
        }
    }
}

/// Where a text stops being text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadByte {
    pub encoding: Encoding,
    /// The line, counted from 1.
    pub line: u64,
    /// The byte of the file, counted from 0.
    pub byte: u64,
    /// A NUL character: readable, but no table has one.
    pub nul: bool,
}

/// Decodes one encoding and remembers where it first fails.
struct Check {
    encoding: Encoding,
    decoder: Decoder,
    scratch: Vec<u8>,
    lines: u64,
    bytes: u64,
    failure: Option<BadByte>,
}

impl Check {
    fn new(encoding: Encoding) -> Check {
        let scratch = vec![0; CHUNK_BYTES];
        Check { encoding, decoder: encoding.decoder(), scratch, lines: 1, bytes: 0, failure: None }
    }

    fn feed(&mut self, mut input: &[u8], last: bool) {
        while self.failure.is_none() {
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(input, &mut self.scratch, last);
            let text = &self.scratch[..written];
            let nul = text.iter().position(|byte| *byte == 0);
            let before = nul.unwrap_or(written);
            self.lines += text[..before].iter().filter(|byte| **byte == b'\n').count() as u64;
            let failed = |byte, nul| Some(BadByte { encoding: self.encoding, line: self.lines, byte, nul });
            if nul.is_some() {
                self.failure = failed(self.bytes, true);
                return;
            }
            self.bytes += read as u64;
            input = &input[read..];
            match result {
                DecoderResult::Malformed(length, after) => {
                    let byte = self.bytes.saturating_sub(u64::from(length) + u64::from(after));
                    self.failure = failed(byte, false);
                }
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
            }
        }
    }
}

/// What one pass over the whole file tells.
pub(crate) struct Survey {
    /// SHA-256 of the content, in hexadecimal.
    pub digest: String,
    /// The first bytes.
    pub head: Vec<u8>,
    /// The encoding, if the content is a text.
    pub encoding: Result<Encoding, BadByte>,
}

/// Reads `source` to its end, at most `bytes_max` bytes (`Ok(None)` when it is longer).
pub(crate) fn survey(
    source: &mut dyn Read,
    bytes_max: u64,
    forced: Option<Encoding>,
) -> io::Result<Option<Survey>> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut head = Vec::new();
    let mut hash = Sha256::new();
    let mut checks: Vec<Check> = Vec::new();
    let mut total = 0;
    loop {
        let length = fill(source, &mut chunk)?;
        let part = &chunk[..length];
        if head.is_empty() {
            head = part.to_vec();
            let known = forced.or_else(|| Encoding::of_byte_order_mark(part));
            checks = match known {
                Some(encoding) => vec![Check::new(encoding)],
                None => vec![Check::new(Encoding::Utf8), Check::new(Encoding::Gb18030)],
            };
        }
        total += length as u64;
        if total > bytes_max {
            return Ok(None);
        }
        hash.update(part);
        let last = length < chunk.len();
        checks.iter_mut().for_each(|check| check.feed(part, last));
        if last {
            break;
        }
    }
    let digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let encoding = match checks.iter().find(|check| check.failure.is_none()) {
        Some(check) => Ok(check.encoding),
        // The encoding that got further is the one the writer meant.
        None => match checks.iter().filter_map(|check| check.failure).max_by_key(|failure| failure.byte) {
            Some(failure) => Err(failure),
            None => Ok(Encoding::Utf8),
        },
    };
    Ok(Some(Survey { digest, head, encoding }))
}

/// Fills `chunk` as far as the source goes; fewer bytes than asked means the end.
fn fill(source: &mut dyn Read, chunk: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < chunk.len() {
        match source.read(&mut chunk[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// Any text as UTF-8 without byte order mark, every line ended by one `\n`, the last one too.
pub(crate) struct Utf8Text<R> {
    source: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_from: usize,
    raw_to: usize,
    source_ended: bool,
    decoded: Vec<u8>,
    decoded_from: usize,
    decoded_to: usize,
    after_return: bool,
    last_byte: u8,
    finished: bool,
}

impl<R: Read> Utf8Text<R> {
    pub fn new(source: R, encoding: Encoding) -> Utf8Text<R> {
        Utf8Text {
            source,
            decoder: encoding.decoder(),
            raw: vec![0; CHUNK_BYTES],
            raw_from: 0,
            raw_to: 0,
            source_ended: false,
            decoded: vec![0; CHUNK_BYTES],
            decoded_from: 0,
            decoded_to: 0,
            after_return: false,
            last_byte: b'\n',
            finished: false,
        }
    }

    /// Decodes some more; leaves `decoded` empty only at the end.
    fn decode(&mut self) -> io::Result<()> {
        while self.decoded_from == self.decoded_to && !self.finished {
            if self.raw_from == self.raw_to && !self.source_ended {
                self.raw_from = 0;
                self.raw_to = fill(&mut self.source, &mut self.raw)?;
                self.source_ended = self.raw_to < self.raw.len();
            }
            let input = &self.raw[self.raw_from..self.raw_to];
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(input, &mut self.decoded, self.source_ended);
            self.raw_from += read;
            self.decoded_from = 0;
            self.decoded_to = self.one_line_end(written);
            match result {
                // The whole file was decoded once before: this happens only when it changed meanwhile.
                DecoderResult::Malformed(..) => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "the file changed while it was read",
                    ));
                }
                DecoderResult::InputEmpty if self.source_ended => self.finished = true,
                DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
            }
        }
        if self.decoded_from == self.decoded_to && self.last_byte != b'\n' {
            self.decoded[0] = b'\n';
            (self.decoded_from, self.decoded_to, self.last_byte) = (0, 1, b'\n');
        }
        Ok(())
    }

    /// Turns `\r\n` and a lone `\r` into `\n` within the first `length` decoded bytes; returns the new length.
    fn one_line_end(&mut self, length: usize) -> usize {
        let Some(last) = length.checked_sub(1).map(|at| self.decoded[at]) else { return 0 };
        let mut kept = length;
        if self.after_return || self.decoded[..length].contains(&b'\r') {
            kept = 0;
            for at in 0..length {
                let byte = self.decoded[at];
                if !(byte == b'\n' && self.after_return) {
                    self.decoded[kept] = if byte == b'\r' { b'\n' } else { byte };
                    kept += 1;
                }
                self.after_return = byte == b'\r';
            }
        }
        self.last_byte = if last == b'\r' { b'\n' } else { last };
        kept
    }
}

impl<R: Read> Read for Utf8Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.decoded_from == self.decoded_to {
            self.decode()?;
        }
        let length = buffer.len().min(self.decoded_to - self.decoded_from);
        buffer[..length].copy_from_slice(&self.decoded[self.decoded_from..self.decoded_from + length]);
        self.decoded_from += length;
        Ok(length)
    }
}

/// The beginning of a text as UTF-8, for looking at; whatever cannot be decoded ends it.
pub(crate) fn beginning(head: &[u8], encoding: Encoding) -> String {
    let mut text = String::with_capacity(head.len() * 3 + 16);
    let mut decoder = encoding.decoder();
    let (result, ..) = decoder.decode_to_string(head, &mut text, false);
    debug_assert!(result == CoderResult::InputEmpty);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn look(bytes: &[u8]) -> Result<Encoding, BadByte> {
        survey(&mut &bytes[..], 1 << 30, None).unwrap().unwrap().encoding
    }

    fn decode(bytes: &[u8], encoding: Encoding) -> String {
        let mut text = String::new();
        Utf8Text::new(bytes, encoding).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn each_encoding_is_recognised_and_read() {
        let text = "户号,金额\n一二三,１２\n";
        let gbk = encoding_rs::GBK.encode(text).0.into_owned();
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        let mut utf16_be = vec![0xfe, 0xff];
        utf16_be.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        let cases = [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            (format!("\u{feff}{text}").into_bytes(), Encoding::Utf8),
            (gbk, Encoding::Gb18030),
            (utf16, Encoding::Utf16Le),
            (utf16_be, Encoding::Utf16Be),
        ];
        for (bytes, encoding) in cases {
            assert_eq!(look(&bytes), Ok(encoding));
            assert_eq!(decode(&bytes, encoding), text, "{encoding:?}");
        }
        // 㐀 and 𠮷 take four bytes in GB 18030 and have none in GBK.
        let rare = GB18030.encode("㐀𠮷\n").0.into_owned();
        assert_eq!(rare.len(), 9);
        assert_eq!(look(&rare), Ok(Encoding::Gb18030));
        assert_eq!(decode(&rare, Encoding::Gb18030), "㐀𠮷\n");
    }

    #[test]
    fn bytes_that_are_no_text_are_found_with_their_place() {
        let bad = |bytes: &[u8]| look(bytes).unwrap_err();
        let broken = bad("户号,金额\n一,\u{0}".as_bytes());
        assert!(broken.nul && broken.line == 2);
        let mut bytes = "户号,金额\n一二,".as_bytes().to_vec();
        let place = bytes.len() as u64;
        bytes.extend(b"\xff\xff\n");
        let broken = bad(&bytes);
        assert_eq!(
            (broken.encoding, broken.line, broken.byte, broken.nul),
            (Encoding::Utf8, 2, place, false)
        );
        let mut gbk = encoding_rs::GBK.encode("户号\n一二\n三四").0.into_owned();
        gbk.pop();
        assert_eq!(bad(&gbk).encoding, Encoding::Gb18030);
        assert_eq!((bad(&gbk).line, bad(&gbk).byte), (3, gbk.len() as u64 - 1));
    }

    #[test]
    fn every_line_ends_alike() {
        for (given, expected) in [
            ("a\r\nb\rc\nd", "a\nb\nc\nd\n"),
            ("a\r\n", "a\n"),
            ("a\r", "a\n"),
            ("", ""),
            ("\r\n\r\n", "\n\n"),
            ("\r\r\n", "\n\n"),
        ] {
            assert_eq!(decode(given.as_bytes(), Encoding::Utf8), expected, "{given:?}");
        }
        let long = format!("{}\r\n", "x".repeat(CHUNK_BYTES - 1)).repeat(3);
        assert_eq!(decode(long.as_bytes(), Encoding::Utf8), long.replace("\r\n", "\n"));
    }

    proptest! {
        /// What the survey accepts decodes to the end without an error, whatever the bytes are.
        #[test]
        fn random_bytes_are_surveyed_and_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(encoding) = look(&bytes) {
                decode(&bytes, encoding);
            }
        }

        /// Chinese text survives each encoding.
        #[test]
        fn text_survives(text in "[一-龥a-z0-9，。\n㐀-㐏𠮷]{0,200}") {
            let expected = if text.is_empty() || text.ends_with('\n') { text.clone() } else { format!("{text}\n") };
            prop_assert_eq!(decode(text.as_bytes(), Encoding::Utf8), expected.clone());
            prop_assert_eq!(decode(&GB18030.encode(&text).0, Encoding::Gb18030), expected);
        }
    }
}
