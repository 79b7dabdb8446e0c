//! Base64, numbers and lines in their one canonical form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::path::MAX_SIZE;
use crate::tree::Hash;

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes from standard base64; only the form that [`base64`] writes is accepted.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// A hash from base64.
pub(crate) fn hash_from_base64(text: &str) -> Option<Hash> {
    // Longer texts are not decoded at all.
    (text.len() == 44).then(|| from_base64(text)).flatten()?.try_into().ok()
}

/// A size or index: decimal digits without leading zeros, below 2^63.
pub(crate) fn number(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    if text.is_empty() || !canonical || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| *number <= MAX_SIZE)
}

/// Whether a text may be the name of a key: not empty, no Unicode spaces, no plus sign, no control characters.
pub(crate) fn name_is_usable(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || matches!(c, '+' | '\0'..='\u{1f}'))
}
