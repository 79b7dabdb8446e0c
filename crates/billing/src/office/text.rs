//! Texts from outside, bounded before they are stored.

use super::{OfficeError, Result};

/// `text` without surrounding blanks, 1 to `characters_max` characters, no control characters but line ends.
pub(crate) fn checked_text<'t>(what: &'static str, text: &'t str, characters_max: usize) -> Result<&'t str> {
    let text = text.trim();
    let bad = text.is_empty()
        || text.chars().nth(characters_max).is_some()
        || text.chars().any(|char| char.is_control() && char != '\n');
    if bad { Err(OfficeError::BadText { what, characters_max }) } else { Ok(text) }
}

/// A code: lower-case letters, digits and underscores, 1 to 40.
pub(crate) fn checked_code<'t>(what: &'static str, code: &'t str) -> Result<&'t str> {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if code.is_empty() || code.len() > 40 || !code.bytes().all(fine) {
        return Err(OfficeError::BadText { what, characters_max: 40 });
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded() {
        assert_eq!(checked_text("t", "  原因 ", 2).unwrap(), "原因");
        for bad in ["", "   ", "原因多", "a\u{0}"] {
            assert!(checked_text("t", bad, 2).is_err(), "{bad:?}");
        }
        assert!(checked_code("c", "tier2").is_ok());
        assert!(checked_code("c", "Tier 2").is_err());
    }
}
