//! The embedded typeface: which glyph a character has and how wide it is.

use std::collections::HashMap;
use std::sync::LazyLock;

use krilla::text::Font;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

use crate::PaperError;
use crate::units::Length;

static BYTES: &[u8] = include_bytes!("../fonts/NotoSansSC-GBK-Regular.otf");

/// Stands for a character the typeface does not have.
pub(crate) const GETA: char = '〓';

/// The typeface with its glyph numbers and widths, read once.
pub(crate) struct Face {
    pub(crate) font: Font,
    glyphs: HashMap<char, Glyph>,
}

/// A glyph: its number in the font and its width in 1/1000 of the type size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glyph {
    pub(crate) id: u32,
    pub(crate) advance: i64,
}

static FACE: LazyLock<Option<Face>> = LazyLock::new(Face::read);

impl Face {
    /// The embedded face; fails only when the program was built with a broken font file.
    pub(crate) fn get() -> Result<&'static Face, PaperError> {
        FACE.as_ref().ok_or(PaperError::Typeface)
    }

    fn read() -> Option<Face> {
        let face = FontRef::new(BYTES).ok()?;
        // At a size of one em of 1000 units the advances are whole numbers.
        let metrics = face.glyph_metrics(Size::unscaled(), LocationRef::default());
        let mut glyphs = HashMap::new();
        for (code, id) in face.charmap().mappings() {
            let (Some(character), Some(advance)) = (char::from_u32(code), metrics.advance_width(id)) else {
                continue;
            };
            glyphs.insert(character, Glyph { id: id.to_u32(), advance: advance as i64 });
        }
        glyphs.get(&GETA)?;
        let font = Font::new(BYTES.into(), 0)?;
        Some(Face { font, glyphs })
    }

    /// Has the typeface this character?
    pub(crate) fn has(&self, character: char) -> bool {
        self.glyphs.contains_key(&character)
    }

    /// The glyph of `character`, or 〓.
    pub(crate) fn glyph(&self, character: char) -> Glyph {
        let found = self.glyphs.get(&character).or_else(|| self.glyphs.get(&GETA));
        found.copied().unwrap_or(Glyph { id: 0, advance: 1000 })
    }

    /// How wide `character` is at `size`.
    pub(crate) fn advance(&self, character: char, size: Length) -> Length {
        self.glyph(character).advance * size / 1000
    }

    /// How wide `text` is at `size`.
    pub(crate) fn width(&self, text: &str, size: Length) -> Length {
        text.chars().map(|c| self.advance(c, size)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures stand under each other only when all are equally wide.
    #[test]
    fn figures_are_tabular_and_chinese_is_one_em() {
        let face = Face::get().unwrap();
        let widths: Vec<i64> = ('0'..='9').map(|c| face.glyph(c).advance).collect();
        assert!(widths.iter().all(|w| *w == widths[0] && *w > 0), "{widths:?}");
        assert_eq!(face.advance('电', 9000), 9000);
    }

    #[test]
    fn the_face_has_the_signs_of_a_bill_and_rare_names() {
        let face = Face::get().unwrap();
        for character in "×÷≥≤·…¥→—№°℃㎡±≈√①⑩ⅠⅫ│─□■−“”‘’《》〓（），。、镕玥喆堃昇犇翯".chars()
        {
            assert!(face.has(character), "{character}");
        }
        assert!(!face.has('😀'));
    }
}
