//! Paper: turns the descriptions of `documents` into files a person prints or opens.
//!
//! - [`pdf`] sets a [`page::Document`](documents::page::Document) on A4 with the embedded Chinese
//!   typeface, so that no font need be installed.
//! - [`xlsx`] streams a [`sheet::Workbook`](documents::sheet::Workbook) into an Excel file.
//!
//! Invariants: no clock, no randomness, no network and no fonts of the machine: the same
//! description gives the same bytes everywhere. Layout is done in whole thousandths of a point;
//! floating point appears only where a file format demands it, in `units::to_pdf` and
//! `xlsx::number` (which only parses).

mod blocks;
mod error;
mod face;
mod flow;
mod lines;
mod pdf;
mod scan;
mod table;
mod units;
mod xlsx;
mod xlsx_format;

use std::collections::BTreeSet;

use documents::page::Document;

pub use error::PaperError;
pub use xlsx::{Written, xlsx, xlsx_file};

/// A printed PDF and what is to be known about it.
#[derive(Debug, Clone)]
pub struct Printed {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
    /// Characters the typeface does not have; each is printed as 〓.
    pub missing: BTreeSet<char>,
}

/// The document as a PDF file. Same document, same bytes.
///
/// # Errors
/// A table without columns, with more than 40, or with more cells than columns; a code that is too long to be scanned;
/// more than 5,000 pages.
pub fn pdf(document: &Document) -> Result<Vec<u8>, PaperError> {
    print(std::slice::from_ref(document)).map(|printed| printed.bytes)
}

/// Many documents in one PDF, each starting on its own page and counting its own pages; the type
/// is embedded once. Title and author of the file are those of the first document.
///
/// # Errors
/// As [`pdf`]; also when there is no document, or more than 5,000 pages altogether.
pub fn print(documents: &[Document]) -> Result<Printed, PaperError> {
    let first = documents.first().ok_or(PaperError::Nothing)?;
    let face = face::Face::get()?;
    let mut laid = Vec::with_capacity(documents.len());
    let mut pages = 0;
    for document in documents {
        let one = blocks::lay_out(face, document)?;
        pages += one.pages.len();
        if pages > flow::PAGES_MAX {
            return Err(PaperError::TooManyPages { title: first.title.clone(), most: flow::PAGES_MAX });
        }
        laid.push(one);
    }
    let about = pdf::About {
        title: short(format!("{} {}", first.title, first.number).trim()),
        issuer: short(&first.issuer),
        lang: first.lang,
    };
    let bytes = pdf::write(face, about, &laid)?;
    let missing = laid.into_iter().flat_map(|one| one.missing).collect();
    Ok(Printed { bytes, pages, missing })
}

/// As much of a text as a file's properties show.
fn short(text: &str) -> String {
    text.chars().take(300).collect()
}
