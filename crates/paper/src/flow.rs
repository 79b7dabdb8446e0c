//! Pages being filled from top to bottom: what is drawn where, headers, footers and page breaks.

use std::collections::BTreeSet;

use documents::page::{Document, Orientation};
use kernel::Lang;

use crate::PaperError;
use crate::face::Face;
use crate::lines::{break_lines, printable};
use crate::units::{Length, pt};

/// Colours of the house, each with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// What is read.
    Black,
    /// Names of things, notes.
    Quiet,
    /// The one figure that matters, and the rule under the title.
    Accent,
    /// A warning: reprint.
    Red,
    /// Hairlines.
    Hair,
    /// Ground of headers and groups.
    Tint,
}

/// Something drawn; lengths from the top left corner of the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    Text {
        x: Length,
        baseline: Length,
        size: Length,
        bold: bool,
        ink: Ink,
        text: String,
    },
    /// A horizontal line.
    Rule {
        x: Length,
        y: Length,
        width: Length,
        weight: Length,
        ink: Ink,
    },
    Ground {
        x: Length,
        y: Length,
        width: Length,
        height: Length,
        ink: Ink,
    },
    Frame {
        x: Length,
        y: Length,
        width: Length,
        height: Length,
        ink: Ink,
    },
    /// Black squares of a grid, each given by column and row.
    Squares {
        x: Length,
        y: Length,
        side: Length,
        dark: Vec<(u16, u16)>,
    },
}

/// How a piece of text is set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Type {
    pub(crate) size: Length,
    pub(crate) leading: Length,
    pub(crate) bold: bool,
    pub(crate) ink: Ink,
}

pub(crate) const BODY: Type = Type { size: 9_000, leading: 14_000, bold: false, ink: Ink::Black };
pub(crate) const NOTE: Type = Type { size: 7_500, leading: 11_500, bold: false, ink: Ink::Quiet };
pub(crate) const LABEL: Type = Type { size: 8_000, leading: 14_000, bold: false, ink: Ink::Quiet };
pub(crate) const HEADING: Type = Type { size: 10_000, leading: 15_000, bold: true, ink: Ink::Black };
const TITLE: Type = Type { size: 17_000, leading: 24_000, bold: true, ink: Ink::Black };
const RUNNING: Type = Type { size: 8_000, leading: 12_000, bold: false, ink: Ink::Quiet };

pub(crate) const HAIRLINE: Length = 400;
pub(crate) const FULL_LINE: Length = 900;

const SHORT_SIDE: Length = 595_276;
const LONG_SIDE: Length = 841_890;
const SIDE_MARGIN: Length = pt(44);
const TOP_MARGIN: Length = pt(40);
const BOTTOM_MARGIN: Length = pt(54);

/// No document has more pages; longer lists belong into a workbook.
pub(crate) const PAGES_MAX: usize = 5_000;

/// A document laid out on its pages.
#[derive(Debug)]
pub(crate) struct Laid {
    pub(crate) width: Length,
    pub(crate) height: Length,
    pub(crate) pages: Vec<Vec<Mark>>,
    pub(crate) missing: BTreeSet<char>,
}

/// The pages while they are filled.
pub(crate) struct Flow<'a> {
    pub(crate) face: &'static Face,
    pub(crate) left: Length,
    pub(crate) width: Length,
    /// Where the next block starts.
    pub(crate) y: Length,
    document: &'a Document,
    sheet: (Length, Length),
    pages: Vec<Vec<Mark>>,
    /// Where the body of the current page starts.
    body_top: Length,
    missing: BTreeSet<char>,
}

impl<'a> Flow<'a> {
    pub(crate) fn new(face: &'static Face, document: &'a Document) -> Self {
        let sheet = match document.orientation {
            Orientation::Portrait => (SHORT_SIDE, LONG_SIDE),
            Orientation::Landscape => (LONG_SIDE, SHORT_SIDE),
        };
        let mut flow = Flow {
            face,
            left: SIDE_MARGIN,
            width: sheet.0 - 2 * SIDE_MARGIN,
            y: TOP_MARGIN,
            document,
            sheet,
            pages: vec![Vec::new()],
            body_top: 0,
            missing: BTreeSet::new(),
        };
        flow.title();
        flow
    }

    /// The language of the words the page adds itself.
    pub(crate) fn lang(&self) -> Lang {
        self.document.lang
    }

    pub(crate) fn right(&self) -> Length {
        self.left + self.width
    }

    /// What is left of the page, from the current place down.
    pub(crate) fn room(&self) -> Length {
        self.sheet.1 - BOTTOM_MARGIN - self.y
    }

    /// What a page that starts now would offer.
    pub(crate) fn fresh_room(&self) -> Length {
        self.sheet.1 - BOTTOM_MARGIN - TOP_MARGIN - RUNNING.leading - pt(10)
    }

    /// Nothing stands yet in the body of this page?
    pub(crate) fn is_fresh(&self) -> bool {
        self.y == self.body_top
    }

    /// Starts a new page unless `height` still fits here.
    pub(crate) fn need(&mut self, height: Length) -> Result<(), PaperError> {
        if height > self.room() && !self.is_fresh() { self.new_page() } else { Ok(()) }
    }

    /// Leaves `height` free, but not at the top of a page.
    pub(crate) fn space(&mut self, height: Length) {
        if !self.is_fresh() {
            self.y += height;
        }
    }

    pub(crate) fn draw(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    pub(crate) fn rule(&mut self, y: Length, weight: Length, ink: Ink) {
        self.draw(Mark::Rule { x: self.left, y, width: self.width, weight, ink });
    }

    /// Draws one line of text whose line box starts at `top`.
    pub(crate) fn text(&mut self, x: Length, top: Length, kind: Type, text: &str) {
        if text.is_empty() {
            return;
        }
        let baseline = top + (kind.leading - kind.size) / 2 + kind.size * 88 / 100;
        let Type { size, bold, ink, .. } = kind;
        self.draw(Mark::Text { x, baseline, size, bold, ink, text: text.to_string() });
    }

    /// Draws one line of text that ends at `right`.
    pub(crate) fn text_to(&mut self, right: Length, top: Length, kind: Type, text: &str) {
        let width = self.face.width(text, kind.size);
        self.text(right - width, top, kind, text);
    }

    /// The text as it can be printed, on one line.
    pub(crate) fn one_line(&mut self, text: &str) -> String {
        printable(self.face, text, &mut self.missing).replace('\n', " ")
    }

    /// The text as it can be printed, broken into lines.
    pub(crate) fn wrap(&mut self, text: &str, size: Length, width: Length) -> Vec<String> {
        let text = printable(self.face, text, &mut self.missing);
        break_lines(self.face, &text, size, width)
    }

    /// Starts a new page under a running header.
    pub(crate) fn new_page(&mut self) -> Result<(), PaperError> {
        if self.pages.len() >= PAGES_MAX {
            return Err(PaperError::TooManyPages { title: self.document.title.clone(), most: PAGES_MAX });
        }
        self.pages.push(Vec::new());
        let top = TOP_MARGIN;
        let document = self.document;
        let reprint = reprint_words(document).map(|words| format!("　{words}")).unwrap_or_default();
        let right = self.one_line(&format!("{}{reprint}", document.number));
        let right_width = self.face.width(&right, RUNNING.size);
        let left = self.wrap(
            &join(&document.title, &document.subtitle, "　"),
            RUNNING.size,
            self.width - right_width - pt(12),
        );
        self.text(self.left, top, RUNNING, left.first().map_or("", String::as_str));
        self.text_to(self.right(), top, RUNNING, &right);
        self.rule(top + RUNNING.leading + pt(2), HAIRLINE, Ink::Hair);
        self.y = top + RUNNING.leading + pt(10);
        self.body_top = self.y;
        Ok(())
    }

    /// The head of the first page: issuer and title left; number, copy and code right.
    fn title(&mut self) {
        let document = self.document;
        let mut top = TOP_MARGIN;
        let side = self.width * 2 / 5;
        let left_width = self.width - side - pt(16);
        for (text, kind) in [
            (&document.issuer, Type { leading: 13_000, ..LABEL }),
            (&document.title, TITLE),
            (&document.subtitle, Type { ink: Ink::Quiet, ..BODY }),
        ] {
            if !text.is_empty() {
                // A title is short; whoever sends a novel gets its first lines.
                for line in self.wrap(text, kind.size, left_width).iter().take(6) {
                    self.text(self.left, top, kind, line);
                    top += kind.leading;
                }
            }
        }
        let mut right_top = TOP_MARGIN;
        if let Some(words) = reprint_words(document) {
            let kind = Type { bold: true, ink: Ink::Red, ..BODY };
            let width = self.face.width(&words, kind.size) + pt(12);
            self.draw(Mark::Frame {
                x: self.right() - width,
                y: right_top,
                width,
                height: kind.leading + pt(1),
                ink: Ink::Red,
            });
            self.text_to(self.right() - pt(6), right_top, kind, &words);
            right_top += kind.leading + pt(5);
        }
        for line in side_lines(document) {
            for line in self.wrap(&line, RUNNING.size, side) {
                self.text_to(self.right(), right_top, RUNNING, &line);
                right_top += RUNNING.leading;
            }
        }
        top = top.max(right_top.min(TOP_MARGIN + pt(200))) + pt(5);
        self.rule(top, 1_200, Ink::Accent);
        self.y = top + pt(9);
        self.body_top = self.y;
    }

    /// Writes the feet, now that the number of pages is known.
    pub(crate) fn finish(mut self) -> Laid {
        let document = self.document;
        let number = self.one_line(&document.number);
        let footer = self.one_line(&join(&number, &document.footer, "　·　"));
        let count = self.pages.len();
        let top = self.sheet.1 - BOTTOM_MARGIN + pt(12);
        let (face, left, right, width) = (self.face, self.left, self.right(), self.width);
        let lines: Vec<String> = break_lines(face, &footer, NOTE.size, width - pt(90));
        for (index, page) in self.pages.iter_mut().enumerate() {
            let words = match document.lang {
                Lang::Zh => format!("第 {} 页 / 共 {count} 页", index + 1),
                Lang::En => format!("Page {} of {count}", index + 1),
            };
            page.push(Mark::Rule { x: left, y: top - pt(4), width, weight: HAIRLINE, ink: Ink::Hair });
            let place = |x: Length, line: Length, text: &str| Mark::Text {
                x,
                baseline: top + line * NOTE.leading + NOTE.size,
                size: NOTE.size,
                bold: false,
                ink: Ink::Quiet,
                text: text.to_string(),
            };
            for (line, text) in (0..).zip(lines.iter().take(2)) {
                if !text.is_empty() {
                    page.push(place(left, line, text));
                }
            }
            page.push(place(right - face.width(&words, NOTE.size), 0, &words));
        }
        Laid { width: self.sheet.0, height: self.sheet.1, pages: self.pages, missing: self.missing }
    }
}

/// Two texts with something between them when both are there.
fn join(first: &str, second: &str, between: &str) -> String {
    match (first.is_empty(), second.is_empty()) {
        (false, false) => format!("{first}{between}{second}"),
        _ => format!("{first}{second}"),
    }
}

/// "补打 第 2 次", on every page of a reprint. XC-11.
fn reprint_words(document: &Document) -> Option<String> {
    let copy = document.copy.filter(|copy| copy.reprint > 0)?;
    Some(match document.lang {
        Lang::Zh => format!("补打 第 {} 次", copy.reprint),
        Lang::En => format!("REPRINT {}", copy.reprint),
    })
}

fn side_lines(document: &Document) -> Vec<String> {
    let zh = document.lang == Lang::Zh;
    let mut lines = Vec::new();
    if !document.number.is_empty() {
        lines.push(format!("{}{}", if zh { "编号　" } else { "No. " }, document.number));
    }
    if let Some(copy) = document.copy {
        lines.push(if zh {
            format!("第 {} 联 / 共 {} 联", copy.number, copy.of)
        } else {
            format!("Copy {} of {}", copy.number, copy.of)
        });
    }
    if let Some(code) = &document.code {
        lines.push(format!("{}　{}", code.label, code.text));
    }
    lines
}
