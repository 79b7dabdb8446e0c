//! The shape of a worked calculation: headed blocks of rows, each with a label, the calculation and its result.

use kernel::{Bilingual, Lang, Text};
use serde::Serialize;

/// One step a person can recompute on paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What is calculated.
    pub label: Text,
    /// The calculation with its figures, without the result: `2000 × 16 d × 0.002`.
    pub calculation: Text,
    /// The result as printed, with its unit; empty when the row only states something.
    pub result: String,
}

impl Row {
    /// A row whose calculation reads the same in both languages.
    pub fn new(zh: &str, en: &str, calculation: impl Into<String>, result: impl Into<String>) -> Row {
        let calculation = calculation.into();
        Row {
            label: Text::new(zh, en),
            calculation: Text::new(calculation.clone(), calculation),
            result: result.into(),
        }
    }
    /// A row with words in its calculation.
    pub fn worded(label: Text, calculation: Text, result: impl Into<String>) -> Row {
        Row { label, calculation, result: result.into() }
    }
    /// A row that states something and calculates nothing.
    pub fn note(zh: &str, en: &str, zh_says: impl Into<String>, en_says: impl Into<String>) -> Row {
        Row { label: Text::new(zh, en), calculation: Text::new(zh_says, en_says), result: String::new() }
    }
}

/// Rows under a heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// The heading.
    pub heading: Text,
    /// The rows, in the order of the calculation.
    pub rows: Vec<Row>,
}

impl Block {
    /// An empty block.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Block {
        Block { heading: Text::new(zh, en), rows: Vec::new() }
    }
    /// The block with one more row.
    #[must_use]
    pub fn with(mut self, row: Row) -> Block {
        self.rows.push(row);
        self
    }
    /// Adds a row.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }
}

/// Columns a text takes on a screen: a Chinese character takes two.
pub(crate) fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' => 2,
            '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' => 2,
            '\u{ffe0}'..='\u{ffe6}' => 2,
            _ => 1,
        })
        .sum()
}

/// The text followed by as many blanks as bring it to `columns`.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The blocks as plain text: aligned labels, calculations, and results at the right after `=`.
pub fn render(blocks: &[Block], lang: Lang) -> String {
    let mut text = String::new();
    for block in blocks {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&block.heading.text(lang));
        text.push('\n');
        let label = block.rows.iter().map(|row| width(&row.label.text(lang))).max().unwrap_or(0).min(44);
        for row in &block.rows {
            let calculation = row.calculation.text(lang);
            text.push_str("  ");
            text.push_str(&padded(&row.label.text(lang), label));
            if !calculation.is_empty() {
                text.push_str("  ");
                text.push_str(&calculation);
            }
            if !row.result.is_empty() {
                text.push_str(if calculation.is_empty() { "  " } else { " = " });
                text.push_str(&row.result);
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_line_up_in_both_scripts() {
        let block = Block::new("违约金", "Late fee")
            .with(Row::new("本年", "this year", "2000 × 16 × 0.002", "64.00"))
            .with(Row::new("跨年度部分", "later year", "2000 × 18 × 0.003", "108.00"));
        assert_eq!(
            render(std::slice::from_ref(&block), Lang::En),
            "Late fee\n  this year   2000 × 16 × 0.002 = 64.00\n  later year  2000 × 18 × 0.003 = 108.00\n"
        );
        assert!(render(&[block], Lang::Zh).contains("  本年        2000 × 16"));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        for (text, columns) in [
            ("", 0),
            ("kWh", 3),
            ("电价", 4),
            ("（含）", 6),
            ("，：", 4),
            ("￥1", 3),
            ("한국", 4),
            ("ｱ", 1),
            ("豈", 2),
            ("√Σ", 2),
        ] {
            assert_eq!(width(text), columns, "{text}");
        }
    }
}
