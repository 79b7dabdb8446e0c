//! Writes laid-out pages as PDF: the only file that speaks with the PDF library.

use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};

use kernel::Lang;

use crate::PaperError;
use crate::face::Face;
use crate::flow::{Ink, Laid, Mark};
use crate::units::{Length, to_pdf};

/// What the file says about itself.
pub(crate) struct About {
    pub(crate) title: String,
    pub(crate) issuer: String,
    pub(crate) lang: Lang,
}

/// The bytes of a PDF of all pages of all `documents`, one after the other. Same input, same bytes.
pub(crate) fn write(face: &Face, about: About, documents: &[Laid]) -> Result<Vec<u8>, PaperError> {
    let mut pdf = krilla::Document::new_with(SerializeSettings::default());
    for laid in documents {
        for marks in &laid.pages {
            let settings = PageSettings::from_wh(to_pdf(laid.width), to_pdf(laid.height));
            let mut page = pdf.start_page_with(settings.ok_or(PaperError::Typeface)?);
            let mut surface = page.surface();
            // Grounds lie under everything, whatever the order the page was filled in.
            for mark in marks.iter().filter(|mark| matches!(mark, Mark::Ground { .. })) {
                draw(&mut surface, face, mark);
            }
            for mark in marks.iter().filter(|mark| !matches!(mark, Mark::Ground { .. })) {
                draw(&mut surface, face, mark);
            }
            surface.finish();
            page.finish();
        }
    }
    let language = match about.lang {
        Lang::Zh => "zh-CN",
        Lang::En => "en",
    };
    let mut metadata =
        Metadata::new().title(about.title).creator("Zhangfang 账房".into()).language(language.into());
    if !about.issuer.is_empty() {
        metadata = metadata.authors(vec![about.issuer]);
    }
    pdf.set_metadata(metadata);
    pdf.finish().map_err(|error| PaperError::Pdf(error.to_string()))
}

fn draw(surface: &mut Surface, face: &Face, mark: &Mark) {
    match mark {
        Mark::Text { x, baseline, size, bold, ink, text } => {
            surface.set_fill(Some(fill(*ink)));
            // Bold is the regular face with a thin stroke: the embedded type stays small.
            surface.set_stroke(bold.then(|| stroke(*ink, size * 28 / 1000)));
            let start = Point::from_xy(to_pdf(*x), to_pdf(*baseline));
            let glyphs = glyphs(face, text);
            surface.draw_glyphs(start, &glyphs, face.font.clone(), text, to_pdf(*size), false);
        }
        Mark::Rule { x, y, width, weight, ink } => {
            let mut path = PathBuilder::new();
            path.move_to(to_pdf(*x), to_pdf(*y));
            path.line_to(to_pdf(x + width), to_pdf(*y));
            surface.set_fill(None);
            surface.set_stroke(Some(stroke(*ink, *weight)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Ground { x, y, width, height, ink } => {
            surface.set_fill(Some(fill(*ink)));
            surface.set_stroke(None);
            rectangle(surface, *x, *y, *width, *height);
        }
        Mark::Squares { x, y, side, dark } => {
            surface.set_fill(Some(Fill {
                paint: rgb::Color::new(0, 0, 0).into(),
                opacity: NormalizedF32::ONE,
                rule: Default::default(),
            }));
            surface.set_stroke(None);
            // One path of all squares: no seam of a viewer's smoothing runs between them.
            let mut path = PathBuilder::new();
            for (column, row) in dark {
                let (left, top) = (x + side * Length::from(*column), y + side * Length::from(*row));
                if let Some(rect) = Rect::from_xywh(to_pdf(left), to_pdf(top), to_pdf(*side), to_pdf(*side)) {
                    path.push_rect(rect);
                }
            }
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Frame { x, y, width, height, ink } => {
            surface.set_fill(None);
            surface.set_stroke(Some(stroke(*ink, 800)));
            rectangle(surface, *x, *y, *width, *height);
        }
    }
}

fn rectangle(surface: &mut Surface, x: Length, y: Length, width: Length, height: Length) {
    let mut path = PathBuilder::new();
    if let Some(rect) = Rect::from_xywh(to_pdf(x), to_pdf(y), to_pdf(width), to_pdf(height)) {
        path.push_rect(rect);
    }
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

fn glyphs(face: &Face, text: &str) -> Vec<KrillaGlyph> {
    let glyph = |(start, character): (usize, char)| {
        let glyph = face.glyph(character);
        KrillaGlyph::new(
            GlyphId::new(glyph.id),
            // Advances are thousandths of the type size, as lengths are thousandths of a point.
            to_pdf(glyph.advance),
            0.0,
            0.0,
            0.0,
            start..start + character.len_utf8(),
            None,
        )
    };
    text.char_indices().map(glyph).collect()
}

fn colour(ink: Ink) -> rgb::Color {
    match ink {
        Ink::Black => rgb::Color::new(0x1b, 0x1e, 0x23),
        Ink::Quiet => rgb::Color::new(0x5b, 0x63, 0x6e),
        Ink::Accent => rgb::Color::new(0x1d, 0x3f, 0x66),
        Ink::Red => rgb::Color::new(0xb3, 0x26, 0x1e),
        Ink::Hair => rgb::Color::new(0xc6, 0xcb, 0xd2),
        Ink::Tint => rgb::Color::new(0xf2, 0xf4, 0xf7),
    }
}

fn fill(ink: Ink) -> Fill {
    Fill { paint: colour(ink).into(), opacity: NormalizedF32::ONE, rule: Default::default() }
}

fn stroke(ink: Ink, width: Length) -> Stroke {
    Stroke { paint: colour(ink).into(), width: to_pdf(width), ..Stroke::default() }
}
