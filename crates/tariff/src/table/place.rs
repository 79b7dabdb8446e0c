//! Where in a file something is wrong.

use std::ops::Range;

use crate::error::TableError;

/// A file under examination.
pub(crate) struct Source<'t> {
    pub file: &'t str,
    pub text: &'t str,
}

impl Source<'_> {
    /// An error at the byte range `at`.
    pub(crate) fn error(&self, at: Range<usize>, zh: impl Into<String>, en: impl Into<String>) -> TableError {
        let mut start = at.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &self.text[..start];
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        TableError { file: self.file.to_owned(), line, column, zh: zh.into(), en: en.into() }
    }

    /// Parses TOML; the error says where and what.
    pub(crate) fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, TableError> {
        toml::from_str(self.text).map_err(|error| {
            let message = error.message().trim().to_owned();
            self.error(error.span().unwrap_or(0..0), in_chinese(&message), message)
        })
    }
}

/// The usual complaints of the parser in Chinese, with the original where there is no better word.
fn in_chinese(message: &str) -> String {
    let quoted = || message.split('`').nth(1).unwrap_or_default().to_owned();
    if message.starts_with("unknown field") {
        let known = message.split_once("expected").map_or("", |(_, known)| known);
        format!("没有“{}”这一项，可用的项：{}", quoted(), known.trim_start_matches(" one of").trim())
    } else if message.starts_with("missing field") {
        format!("缺少“{}”这一项", quoted())
    } else if message.starts_with("unknown variant") {
        let known = message.split_once("expected").map_or("", |(_, known)| known);
        format!("“{}”不是可用的值，可用的值：{}", quoted(), known.trim_start_matches(" one of").trim())
    } else if let Some(text) = message.strip_prefix("not a calendar date: ") {
        format!("不是有效日期：{text}")
    } else if let Some(text) = message.strip_prefix("not a decimal number: ") {
        format!("不是十进制数：{text}")
    } else if message.ends_with("decimal places") {
        let text = message.split_once(' ').map_or(message, |(text, _)| text);
        format!("{text} 的小数位过多")
    } else if let Some((found, expected)) = message.split_once(", expected ") {
        let found = found.trim_start_matches("invalid type: ").trim_start_matches("invalid length ");
        format!("此处是 {found}，应为：{expected}")
    } else if message.starts_with("duplicate") {
        format!("重复的项：{message}")
    } else {
        format!("写法有误：{message}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line and column are those of the character at the byte, or of the one it is a part of; a byte beyond
    /// the text means its end.
    #[test]
    fn places_are_counted_in_characters() {
        let source = Source { file: "x.toml", text: "a名\n\n电价x" };
        let places = [
            (0, (1, 1)),
            (1, (1, 2)),
            (2, (1, 2)),
            (3, (1, 2)),
            (4, (1, 3)),
            (5, (2, 1)),
            (6, (3, 1)),
            (7, (3, 1)),
            (9, (3, 2)),
            (12, (3, 3)),
            (13, (3, 4)),
            (99, (3, 4)),
        ];
        for (byte, place) in places {
            let error = source.error(byte..byte + 1, "", "");
            assert_eq!((error.line, error.column), place, "{byte}");
        }
    }
}
