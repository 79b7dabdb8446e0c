//! Reads the text of a PDF this house wrote: streams, the ToUnicode map, and text shown by `TJ` and `Tj`.

use std::collections::HashMap;
use std::io::Read;

/// The texts of a file, page by page; one line per piece of text drawn.
pub struct Pdf {
    pub pages: Vec<String>,
    /// What stands outside streams.
    pub raw: String,
}

impl Pdf {
    pub fn read(bytes: &[u8]) -> Pdf {
        assert!(bytes.starts_with(b"%PDF-1.") && bytes.trim_ascii_end().ends_with(b"%%EOF"));
        let (streams, raw) = streams(bytes);
        let unicode: HashMap<u16, String> =
            streams.iter().filter(|s| find(s, b"begincmap").is_some()).flat_map(|s| unicode_map(s)).collect();
        let contents = streams.iter().filter(|s| s.starts_with(b"q 1 0 0 -1 0 "));
        let pages: Vec<String> = contents.map(|content| page_text(content, &unicode)).collect();
        assert_eq!(pages.len(), raw.matches("/Type/Page/").count(), "every page object has its content");
        Pdf { pages, raw }
    }

    pub fn text(&self) -> String {
        self.pages.concat()
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// All streams, inflated where they are deflated, and the text between them.
fn streams(bytes: &[u8]) -> (Vec<Vec<u8>>, String) {
    let (mut streams, mut raw, mut rest) = (Vec::new(), String::new(), bytes);
    while let Some(at) = find(rest, b"stream\n") {
        let head = String::from_utf8_lossy(&rest[..at]).into_owned();
        let dictionary = head.rsplit_once(" obj").map_or(head.as_str(), |(_, d)| d).to_string();
        let length = dictionary.split_once("/Length ").unwrap().1;
        let length: usize = length.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
        let body = &rest[at + 7..at + 7 + length];
        if dictionary.contains("/FlateDecode") {
            let mut inflated = Vec::new();
            flate2::read::ZlibDecoder::new(body).read_to_end(&mut inflated).unwrap();
            streams.push(inflated);
        } else {
            streams.push(body.to_vec());
        }
        raw.push_str(&head);
        rest = &rest[at + 7 + length..];
        rest = &rest[find(rest, b"endstream").unwrap() + 9..];
    }
    raw.push_str(&String::from_utf8_lossy(rest));
    (streams, raw)
}

/// Glyph code to text, from the `bfchar` and `bfrange` lines.
fn unicode_map(stream: &[u8]) -> Vec<(u16, String)> {
    let text = String::from_utf8_lossy(stream);
    let mut map = Vec::new();
    for line in text.lines().filter(|line| line.starts_with('<')) {
        let codes: Vec<&str> = line.split(['<', '>', ' ']).filter(|part| !part.is_empty()).collect();
        match codes[..] {
            ["0000", "FFFF"] => {}
            [code, unicode] => map.push((u16::from_str_radix(code, 16).unwrap(), utf16(unicode))),
            [first, last, unicode] => {
                let (first, last) =
                    (u16::from_str_radix(first, 16).unwrap(), u16::from_str_radix(last, 16).unwrap());
                let start = u32::from_str_radix(unicode, 16).unwrap();
                let text = |n: u16| char::from_u32(start + u32::from(n)).unwrap().to_string();
                map.extend((first..=last).map(|code| (code, text(code - first))));
            }
            _ => panic!("unknown line of a character map: {line}"),
        }
    }
    map
}

fn utf16(hex: &str) -> String {
    let units = hex
        .as_bytes()
        .chunks(4)
        .map(|unit| u16::from_str_radix(std::str::from_utf8(unit).unwrap(), 16).unwrap());
    char::decode_utf16(units).map(Result::unwrap).collect()
}

fn page_text(content: &[u8], unicode: &HashMap<u16, String>) -> String {
    let (mut text, mut rest) = (String::new(), content);
    while let Some(start) = find(rest, b"BT") {
        let mut at = start + 2;
        let mut codes = Vec::new();
        while !(rest[at..].starts_with(b"\nET") || rest[at..].starts_with(b" ET")) {
            match rest[at] {
                b'(' => at = literal(rest, at + 1, &mut codes),
                // A glyph two characters share says beside it which one it is.
                b'<' if rest[at + 1] == b'<' => at += find(&rest[at..], b"BDC").unwrap(),
                b'<' => {
                    let end = at + find(&rest[at..], b">").unwrap();
                    for pair in rest[at + 1..end].chunks(2) {
                        codes.push(u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
                    }
                    at = end + 1;
                }
                _ => at += 1,
            }
        }
        for code in codes.chunks(2) {
            let code = u16::from_be_bytes([code[0], code[1]]);
            text.push_str(unicode.get(&code).unwrap_or_else(|| panic!("glyph {code} has no text")));
        }
        text.push('\n');
        rest = &rest[at..];
    }
    text
}

/// Reads a literal string from after its opening bracket; answers where it ends.
fn literal(bytes: &[u8], mut at: usize, codes: &mut Vec<u8>) -> usize {
    let mut depth = 1;
    loop {
        let byte = bytes[at];
        at += 1;
        match byte {
            b')' if depth == 1 => return at,
            b'\\' => {
                let escaped = bytes[at];
                at += 1;
                match escaped {
                    b'n' => codes.push(b'\n'),
                    b'r' => codes.push(b'\r'),
                    b't' => codes.push(b'\t'),
                    b'b' => codes.push(8),
                    b'f' => codes.push(12),
                    b'0'..=b'7' => {
                        let mut value = u32::from(escaped - b'0');
                        for _ in 0..2 {
                            if let digit @ b'0'..=b'7' = bytes[at] {
                                value = value * 8 + u32::from(digit - b'0');
                                at += 1;
                            } else {
                                break;
                            }
                        }
                        codes.push(value as u8);
                    }
                    other => codes.push(other),
                }
            }
            other => {
                depth += i32::from(other == b'(') - i32::from(other == b')');
                codes.push(other);
            }
        }
    }
}
