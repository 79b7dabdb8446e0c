//! Any table that people send, as rows of text.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use crate::delimited::{self, Delimited};
use crate::encoding::{self, Encoding};
use crate::limits::{COLUMNS_MAX, ROWS_MAX, TEXT_FILE_BYTES_MAX, XLS_FILE_BYTES_MAX, XLSX_FILE_BYTES_MAX};
use crate::workbook;
use crate::{Error, Reason, Result};

/// Something a table can be read from: twice, hence `Seek`; workbooks are read by a thread of their own, hence `Send`.
pub trait Content: Read + Seek + Send + 'static {}
impl<T: Read + Seek + Send + 'static> Content for T {}

/// The form in which a table came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Separated text in this encoding, with this separator.
    Text(Encoding, char),
    /// An Excel workbook since 2007.
    Xlsx,
    /// An Excel workbook before 2007.
    Xls,
}

/// What the caller wants to be different from the ordinary.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The worksheet to read; without it the first visible one.
    pub worksheet: Option<String>,
    /// The encoding of a text; without it, found by looking.
    pub encoding: Option<Encoding>,
    /// Most rows, up to [`ROWS_MAX`].
    pub rows_max: Option<u64>,
}

/// One row as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The row, counted from 1 as Excel does, blank rows included.
    pub number: u64,
    /// The cells as text. Numbers and dates of Excel are plain decimals and ISO dates.
    pub cells: Vec<String>,
    /// Cells (by column, counted from 0) whose content could not be taken over, and why.
    pub doubts: Vec<(usize, Reason)>,
}

impl Row {
    /// No cell holds anything but blanks.
    pub fn is_blank(&self) -> bool {
        self.doubts.is_empty() && self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

pub(crate) trait Source: Send {
    /// The next row that the file holds, blank or not.
    fn next_row(&mut self) -> Result<Option<Row>>;
}

/// A table being read.
pub struct Table {
    file: String,
    digest: String,
    format: Format,
    rows: Box<dyn Source>,
    rows_max: u64,
    ended: bool,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("file", &self.file)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

const XLSX_MAGIC: &[u8] = b"PK\x03\x04";
const XLS_MAGIC: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

impl Table {
    /// Opens the content of a file called `file` (a name for messages only): reads it once for its digest, form and
    /// encoding, and stands then before the first row.
    pub fn open(file: &str, mut content: impl Content, options: &Options) -> Result<Table> {
        let io = |source| Error::Io { file: file.into(), source };
        let mut head = Vec::new();
        content.seek(SeekFrom::Start(0)).map_err(io)?;
        content.by_ref().take(XLS_MAGIC.len() as u64).read_to_end(&mut head).map_err(io)?;
        content.seek(SeekFrom::Start(0)).map_err(io)?;
        let (bytes_max, workbook) = match () {
            () if head.starts_with(XLSX_MAGIC) => (XLSX_FILE_BYTES_MAX, Some(Format::Xlsx)),
            () if head.starts_with(XLS_MAGIC) => (XLS_FILE_BYTES_MAX, Some(Format::Xls)),
            () => (TEXT_FILE_BYTES_MAX, None),
        };
        let survey = encoding::survey(&mut content, bytes_max, options.encoding)
            .map_err(io)?
            .ok_or_else(|| Error::TooLarge { file: file.into(), bytes_max })?;
        content.seek(SeekFrom::Start(0)).map_err(io)?;
        let (format, rows): (Format, Box<dyn Source>) = if let Some(format) = workbook {
            (format, workbook::open(file, content, format, options.worksheet.clone())?)
        } else {
            let encoding = survey.encoding.map_err(|bad| not_text(file, bad))?;
            let beginning = encoding::beginning(&survey.head, encoding);
            if beginning.trim_start().starts_with('<') {
                return Err(Error::NotATable { file: file.into(), what: "HTML/XML" });
            }
            let separator = delimited::separator(&beginning);
            let rows = Delimited::new(file, content, encoding, separator);
            (Format::Text(encoding, char::from(separator)), Box::new(rows))
        };
        let rows_max = options.rows_max.unwrap_or(ROWS_MAX).min(ROWS_MAX);
        Ok(Table { file: file.into(), digest: survey.digest, format, rows, rows_max, ended: false })
    }

    /// Opens a file of this machine.
    pub fn open_path(path: &Path, options: &Options) -> Result<Table> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let content = File::open(path).map_err(|source| Error::Io { file: name.clone().into(), source })?;
        Table::open(&name, content, options)
    }

    /// Opens content held in memory.
    pub fn open_bytes(file: &str, bytes: impl Into<Vec<u8>>, options: &Options) -> Result<Table> {
        Table::open(file, Cursor::new(bytes.into()), options)
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// SHA-256 of the whole content in hexadecimal: the same file sent twice has the same digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The form in which the table came.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The next row that is not blank, or nothing at the end. After an error there is nothing more.
    pub fn next_row(&mut self) -> Result<Option<Row>> {
        let mut next = || {
            while let Some(mut row) = self.rows.next_row()? {
                let file = || self.file.clone();
                if row.number > self.rows_max {
                    return Err(Error::TooManyRows { file: file(), rows_max: self.rows_max });
                }
                while row.cells.last().is_some_and(|cell| cell.trim().is_empty()) {
                    row.cells.pop();
                }
                if row.cells.len() > COLUMNS_MAX {
                    return Err(Error::TooManyColumns {
                        file: file(),
                        row: row.number,
                        columns_max: COLUMNS_MAX,
                    });
                }
                if !row.is_blank() {
                    return Ok(Some(row));
                }
            }
            Ok(None)
        };
        if self.ended {
            return Ok(None);
        }
        let row = next();
        self.ended = !matches!(row, Ok(Some(_)));
        row
    }
}

fn not_text(file: &str, bad: encoding::BadByte) -> Error {
    if bad.nul {
        return Error::NotATable { file: file.into(), what: "binary data" };
    }
    Error::Undecodable { file: file.into(), encoding: bad.encoding, line: bad.line, byte: bad.byte }
}
