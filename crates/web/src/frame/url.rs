//! Percent-encoding of query values and path segments.

use std::fmt::Write as _;

/// `text` as a value of a query or a segment of a path.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// What was encoded; `plus` stands for a blank in forms. None when it is not UTF-8 or an escape is broken.
pub fn decode(text: &str, plus: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let pair = [rest.next()?, rest.next()?];
                let digits = std::str::from_utf8(&pair).ok()?;
                if !pair.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
            }
            b'+' if plus => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The pairs of a query or of a form; a name given twice keeps its last value. None when it cannot be read.
pub fn pairs(text: &str) -> Option<std::collections::BTreeMap<String, String>> {
    let mut pairs = std::collections::BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.insert(decode(name, true)?, decode(value, true)?);
    }
    Some(pairs)
}

/// A path of this house that a person may be sent to: begins with one slash and leads nowhere else.
pub fn is_local(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\r', '\n', '\t'])
        && !path.chars().any(char::is_control)
        && path.len() <= 2_000
}

/// Fills the names in braces of `path`; what has no value stays empty.
pub fn fill(path: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        filled.push_str(&encode(&value(name).unwrap_or_default()));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// The names in braces of `path`.
pub fn names(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is encoded comes back; broken escapes are refused.
    #[test]
    fn texts_survive_the_way_through_a_url() {
        for text in ["抄本 1/2", "a&b=c+d", "100%", ""] {
            assert_eq!(decode(&encode(text), false).as_deref(), Some(text));
        }
        for broken in ["%", "%4", "%+1", "%zz", "%ff"] {
            assert_eq!(decode(broken, false), None, "{broken}");
        }
        assert_eq!(
            fill("/books/{month}/{book}", |name| Some(format!("{name} 1"))),
            "/books/month%201/book%201"
        );
    }

    /// A person is never sent to another house.
    #[test]
    fn only_local_paths_are_followed() {
        assert!(is_local("/books?month=2026-01"));
        for elsewhere in ["//evil.example", "https://evil.example", "/\\evil", "", "/a\r\nSet-Cookie: x=1"] {
            assert!(!is_local(elsewhere), "{elsewhere}");
        }
    }
}
