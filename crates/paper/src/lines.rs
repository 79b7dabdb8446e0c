//! Breaking text into lines: Chinese between any two characters, Latin between words.
//!
//! No line starts with closing punctuation and none ends with an opening bracket (避头尾). A word
//! or number wider than the line is broken where the line ends; nothing is ever lost.

use std::collections::BTreeSet;

use crate::face::{Face, GETA};
use crate::units::Length;

/// Characters that no line starts with.
const NOT_FIRST: &str = "，。、；：？！…—～·）〕】》〉」』”’％‰℃,.;:?!)]}%°¢′″";
/// Characters that no line ends with.
const NOT_LAST: &str = "（〔【《〈「『“‘￥¥＄$£€№#([{";

/// Text made printable: unknown characters as 〓 (collected in `missing`), controls and marks without
/// width dropped, tabs as spaces. `\n` stays, `\r\n` becomes one.
pub(crate) fn printable(face: &Face, text: &str, missing: &mut BTreeSet<char>) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => clean.push('\n'),
            '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' => clean.push('\n'),
            '\t' | '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200a}' => clean.push(' '),
            '\u{a0}' | '\u{2007}' | '\u{202f}' => clean.push('\u{a0}'),
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {}
            '\u{fe00}'..='\u{fe0f}' => {}
            c if c.is_control() => {}
            c if face.has(c) => clean.push(c),
            // Boxes and ticks the typeface draws in its own way.
            '☐' => clean.push('□'),
            '☑' | '☒' => clean.push('■'),
            '✓' | '✔' => clean.push('√'),
            '✗' | '✘' => clean.push('×'),
            c => {
                missing.insert(c);
                clean.push(GETA);
            }
        }
    }
    clean
}

/// Is this a character before and after which a line may break?
fn stands_alone(character: char) -> bool {
    matches!(u32::from(character), 0x1100..=0x11ff | 0x2190..=0x2bff | 0x2e80..=0xd7ff | 0xf900..=0xfaff | 0xfe30..=0xfe4f | 0xff00..=0xffef | 0x20000..)
}

/// May a line end after `before` and the next start with `after`?
fn may_break(before: char, after: char) -> bool {
    if NOT_FIRST.contains(after) || NOT_LAST.contains(before) || before == '\u{a0}' || after == '\u{a0}' {
        return false;
    }
    before == ' '
        || stands_alone(before)
        || stands_alone(after)
        || matches!(before, '-' | '/' | '—' | '…' | '×' | '÷' | '=') && !after.is_ascii_digit()
}

/// The widest piece of `text` that no line break may divide.
pub(crate) fn widest_piece(face: &Face, text: &str, size: Length) -> Length {
    let (mut widest, mut piece, mut before) = (0, 0, '\n');
    for character in text.chars() {
        if character == '\n' || before == '\n' || may_break(before, character) {
            piece = 0;
        }
        if character != '\n' && character != ' ' {
            piece += face.advance(character, size);
        }
        widest = widest.max(piece);
        before = character;
    }
    widest
}

/// The lines of `text` at `size` in a width of `width`; at least one line, spaces at line ends dropped.
pub(crate) fn break_lines(face: &Face, text: &str, size: Length, width: Length) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        break_paragraph(face, paragraph, size, width, &mut lines);
    }
    lines
}

fn break_paragraph(face: &Face, text: &str, size: Length, width: Length, lines: &mut Vec<String>) {
    let characters: Vec<char> = text.chars().collect();
    let (mut start, mut at, mut used) = (0, 0, 0);
    // The last place inside the line where it may end.
    let mut good_end = None;
    while at < characters.len() {
        let advance = face.advance(characters[at], size);
        let overflows = used + advance > width && at > start && characters[at] != ' ';
        if at > start && may_break(characters[at - 1], characters[at]) {
            good_end = Some(at);
        }
        if overflows {
            let end = good_end.filter(|end| *end > start).unwrap_or(at);
            push_line(&characters[start..end], lines);
            start = end;
            while characters.get(start) == Some(&' ') {
                start += 1;
            }
            (at, used, good_end) = (start, 0, None);
            continue;
        }
        used += advance;
        at += 1;
    }
    push_line(&characters[start.min(characters.len())..], lines);
}

fn push_line(characters: &[char], lines: &mut Vec<String>) {
    let line: String = characters.iter().collect();
    lines.push(line.trim_end_matches(' ').to_string());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn broken(text: &str, characters: i64) -> Vec<String> {
        break_lines(Face::get().unwrap(), text, 10_000, characters * 10_000)
    }

    #[test]
    fn lines_break_as_a_compositor_would() {
        assert_eq!(broken("", 10), [""]);
        assert_eq!(broken("电费账单", 2), ["电费", "账单"]);
        // The comma takes the character before it along.
        assert_eq!(broken("本期电费，已出", 4), ["本期电", "费，已出"]);
        assert_eq!(broken("应收（含税）", 3), ["应收", "（含", "税）"]);
        assert_eq!(broken("the energy charge", 5), ["the energy", "charge"]);
        assert_eq!(broken("用电 1234567.89 千瓦时", 6), ["用电", "1234567.89", "千瓦时"]);
        assert_eq!(broken("甲\n\n乙", 9), ["甲", "", "乙"]);
    }

    #[test]
    fn words_and_numbers_are_pieces_and_chinese_is_not() {
        let face = Face::get().unwrap();
        let piece = |text: &str| widest_piece(face, text, 1_000);
        assert_eq!(piece("电费账单"), 1_000);
        assert_eq!(piece("电费，账单"), 2_000);
        assert_eq!(piece("a Cheque of"), face.width("Cheque", 1_000));
        assert_eq!(piece(""), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        /// Whatever the text and the width, no character but spaces is lost and no closing mark leads a
        /// line unless nothing else was possible.
        #[test]
        fn no_character_is_lost(text in "[ -~\u{a0}一-龥，。（）\n]{0,80}", width in 1_i64..30) {
            let kept = |s: &str| s.chars().filter(|c| *c != ' ' && *c != '\n').collect::<String>();
            let lines = broken(&text, width);
            prop_assert_eq!(kept(&lines.concat()), kept(&text));
        }

        #[test]
        fn lines_fit_their_width(text in "\\PC{0,120}", width in 2_i64..40) {
            let face = Face::get().unwrap();
            let mut missing = BTreeSet::new();
            let text = printable(face, &text, &mut missing);
            for line in broken(&text, width) {
                prop_assert!(face.width(&line, 10_000) <= width * 10_000 || line.chars().count() == 1, "{line:?}");
            }
        }
    }
}
