//! The rows that were refused, as a file that people correct in Excel and send again.

use std::io::{self, Write};
use std::sync::Arc;

use kernel::{Bilingual, Lang};

use crate::reading::{BadRow, Layout, SheetReader};
use crate::schema::REJECT_HEADINGS;
use crate::value::unwrapped;

/// Writes refused rows as CSV in UTF-8 with byte order mark: the columns of the input, then 行号, 列 and 原因.
///
/// Cells that Excel would run as formulas get an apostrophe in front, which reading takes off again.
pub struct Rejects<W: Write> {
    rows: csv::Writer<W>,
    layout: Arc<Layout>,
    lang: Lang,
    count: u64,
}

impl<W: Write> Rejects<W> {
    /// Begins the file with its headings; reasons will be in `lang`.
    pub fn new(mut writer: W, reader: &SheetReader<'_>, lang: Lang) -> io::Result<Rejects<W>> {
        writer.write_all("\u{feff}".as_bytes())?;
        let terminator = csv::Terminator::CRLF;
        let mut rows = csv::WriterBuilder::new().flexible(true).terminator(terminator).from_writer(writer);
        let layout = Arc::clone(reader.layout());
        let added = REJECT_HEADINGS[usize::from(lang == Lang::En)];
        let own = layout.own.iter().map(|column| harmless(&layout.headings[*column]));
        rows.write_record(own.chain(added.map(String::from))).map_err(io::Error::from)?;
        Ok(Rejects { rows, layout, lang, count: 0 })
    }

    /// Adds one refused row; several problems share the line.
    pub fn push(&mut self, bad: &BadRow) -> io::Result<()> {
        let cell = |column: usize| harmless(bad.row.cells.get(column).map_or("", String::as_str));
        let several = |separator: &str, texts: Vec<String>| texts.join(separator);
        let columns = several(
            if self.lang == Lang::Zh { "、" } else { ", " },
            bad.problems.iter().filter_map(|problem| problem.column.clone()).collect(),
        );
        let reasons = several(
            if self.lang == Lang::Zh { "；" } else { "; " },
            bad.problems
                .iter()
                .map(|problem| match &problem.column {
                    Some(column) if bad.problems.len() > 1 => {
                        format!("{column}: {}", problem.reason.text(self.lang))
                    }
                    _ => problem.reason.text(self.lang),
                })
                .collect(),
        );
        let own = self.layout.own.iter().map(|column| cell(*column));
        let added = [bad.row.number.to_string(), harmless(&columns), harmless(&reasons)];
        // What stood beyond the headings is kept too, at the end.
        let beyond = (self.layout.headings.len()..bad.row.cells.len()).map(cell);
        self.rows.write_record(own.chain(added).chain(beyond)).map_err(io::Error::from)?;
        self.count += 1;
        Ok(())
    }

    /// How many rows were refused so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Ends the file and gives the writer back.
    pub fn finish(self) -> io::Result<W> {
        self.rows.into_inner().map_err(|error| io::Error::from(error.error().kind()))
    }
}

/// A cell that Excel shows and does not run.
fn harmless(cell: &str) -> String {
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'%'));
    let runs = match cell.trim_start().as_bytes() {
        [b'=', ..] => unwrapped(cell) == cell.trim() || !number(unwrapped(cell)),
        [b'@', ..] => true,
        [b'+' | b'-', rest @ ..] => !std::str::from_utf8(rest).is_ok_and(|rest| number(rest.trim())),
        _ => cell.starts_with(['\t', '\r', '\n']),
    };
    if runs { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_shown_and_not_run() {
        let cases = [
            ("=HYPERLINK(\"x\")", true),
            ("+cmd|' /C calc'!A0", true),
            ("-2+3", true),
            ("@SUM(A1)", true),
            (" =1+1", true),
            ("=\"x\"&A1", true),
            ("=\"0012\"", false),
            ("-12.50", false),
            ("+1,000", false),
            ("张三", false),
            ("", false),
        ];
        for (cell, guarded) in cases {
            assert_eq!(harmless(cell).starts_with('\''), guarded, "{cell}");
            if guarded && !cell.contains('"') {
                assert_eq!(unwrapped(&harmless(cell)), cell.trim(), "{cell}");
            }
        }
    }
}
