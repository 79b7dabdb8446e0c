//! Excel workbooks, read by a thread of their own that hands rows over one by one: the sheet is never held whole, and
//! a fault of the parser on a hostile file ends that thread, not the program.

use std::io::{BufReader, Cursor, Read, SeekFrom};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use calamine::{Data, Reader, SheetType, SheetVisible, Xls, Xlsx};

use crate::limits::{CELL_CHARS_MAX, COLUMNS_MAX, ROW_BYTES_MAX, XLS_FILE_BYTES_MAX};
use crate::number::{date_text, number_text};
use crate::table::{Content, Format, Row, Source};
use crate::{Error, Reason, Result, parts, xls_extent};

/// Rows on their way from the thread to the reader.
const ROWS_AHEAD: usize = 64;

enum Message {
    Row(Row),
    Failed(Error),
    End,
}

struct Workbook {
    file: String,
    messages: Receiver<Message>,
    ended: bool,
}

/// Checks what the workbook unpacks to, then starts reading `worksheet` or the first visible sheet.
pub(crate) fn open(
    file: &str,
    mut content: impl Content,
    format: Format,
    worksheet: Option<String>,
) -> Result<Box<dyn Source>> {
    let mut job =
        Job { file: file.into(), worksheet, sender: None, row: None, row_bytes: 0, from_1904: false };
    if format == Format::Xlsx {
        parts::check(file, &mut content)?;
        content.seek(SeekFrom::Start(0)).map_err(|source| Error::Io { file: file.into(), source })?;
    }
    let (sender, messages) = sync_channel(ROWS_AHEAD);
    job.sender = Some(sender.clone());
    let read = move || {
        let done = if format == Format::Xlsx { job.read_xlsx(content) } else { job.read_xls(content) };
        // A reader that went away needs no answer.
        let _ = sender.send(done.map_or_else(Message::Failed, |()| Message::End));
    };
    thread::Builder::new()
        .name("workbook".into())
        .spawn(read)
        .map_err(|source| Error::Io { file: file.into(), source })?;
    Ok(Box::new(Workbook { file: file.into(), messages, ended: false }))
}

impl Source for Workbook {
    fn next_row(&mut self) -> Result<Option<Row>> {
        if self.ended {
            return Ok(None);
        }
        match self.messages.recv() {
            Ok(Message::Row(row)) => Ok(Some(row)),
            Ok(Message::End) => {
                self.ended = true;
                Ok(None)
            }
            Ok(Message::Failed(error)) => {
                self.ended = true;
                Err(error)
            }
            // The thread broke off without a word: the parser panicked.
            Err(_) => {
                self.ended = true;
                Err(Error::Workbook { file: self.file.clone(), reason: "damaged content".into() })
            }
        }
    }
}

struct Job {
    file: String,
    worksheet: Option<String>,
    sender: Option<SyncSender<Message>>,
    row: Option<Row>,
    row_bytes: u64,
    from_1904: bool,
}

/// Nobody reads on, so the thread may end.
struct Gone;

impl Job {
    fn broken(&self, reason: impl ToString) -> Error {
        Error::Workbook { file: self.file.clone(), reason: reason.to_string().chars().take(200).collect() }
    }

    fn choose(&self, sheets: &[calamine::Sheet]) -> Result<String> {
        let worksheets = || sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        let found = match &self.worksheet {
            Some(name) => worksheets().find(|sheet| sheet.name.trim() == name.trim()),
            None => worksheets().find(|sheet| sheet.visible == SheetVisible::Visible),
        };
        found.map(|sheet| sheet.name.clone()).ok_or_else(|| Error::NoSheet {
            file: self.file.clone(),
            sheet: self.worksheet.clone().unwrap_or_default(),
            present: worksheets().map(|sheet| sheet.name.clone()).collect(),
        })
    }

    fn read_xlsx(&mut self, content: impl Content) -> Result<()> {
        let mut book = Xlsx::new(BufReader::new(content)).map_err(|error| self.broken(error))?;
        self.from_1904 = book.has_1904_epoch();
        let name = self.choose(book.sheets_metadata())?;
        let mut cells = book.worksheet_cells_reader(&name).map_err(|error| self.broken(error))?;
        loop {
            match cells.next_cell().map_err(|error| self.broken(error))? {
                Some(cell) => {
                    let (row, column) = cell.get_position();
                    if self.take(row, column, Data::from(cell.get_value().clone()))?.is_err() {
                        return Ok(());
                    }
                }
                None => {
                    let _ = self.send_row();
                    return Ok(());
                }
            }
        }
    }

    fn read_xls(&mut self, content: impl Content) -> Result<()> {
        let mut bytes = Vec::new();
        content
            .take(XLS_FILE_BYTES_MAX)
            .read_to_end(&mut bytes)
            .map_err(|source| Error::Io { file: self.file.clone(), source })?;
        xls_extent::check(&self.file, &bytes)?;
        let mut book = Xls::new(Cursor::new(bytes)).map_err(|error| self.broken(error))?;
        self.from_1904 = book.has_1904_epoch();
        let name = self.choose(book.sheets_metadata())?;
        let range = book.worksheet_range(&name).map_err(|error| self.broken(error))?;
        let (top, left) = range.start().unwrap_or((0, 0));
        for (row, column, value) in range.used_cells() {
            let at = |start: u32, offset: usize| {
                u32::try_from(offset).map_or(u32::MAX, |offset| start.saturating_add(offset))
            };
            if self.take(at(top, row), at(left, column), value.clone())?.is_err() {
                return Ok(());
            }
        }
        let _ = self.send_row();
        Ok(())
    }

    /// Takes over one cell; hands over the row before when a new one begins.
    fn take(&mut self, row: u32, column: u32, value: Data) -> Result<std::result::Result<(), Gone>> {
        let number = u64::from(row) + 1;
        let present = self.row.as_ref().map_or(0, |row| row.number);
        if number < present {
            return Err(self.broken(format!("row {number} after row {present}")));
        }
        if number > present && self.send_row().is_err() {
            return Ok(Err(Gone));
        }
        let (text, doubt) = match self.cell_text(value) {
            Ok(text) => (text, None),
            Err((text, reason)) => (text, Some(reason)),
        };
        if text.is_empty() && doubt.is_none() {
            return Ok(Ok(()));
        }
        let column = column as usize;
        if column >= COLUMNS_MAX {
            return Err(Error::TooManyColumns {
                file: self.file.clone(),
                row: number,
                columns_max: COLUMNS_MAX,
            });
        }
        self.row_bytes += text.len() as u64;
        if self.row_bytes > ROW_BYTES_MAX {
            return Err(Error::RowTooLong { file: self.file.clone(), row: number, bytes_max: ROW_BYTES_MAX });
        }
        let row = self.row.get_or_insert_with(|| Row { number, ..Row::default() });
        if row.cells.len() <= column {
            row.cells.resize(column + 1, String::new());
        }
        row.cells[column] = text;
        row.doubts.extend(doubt.map(|reason| (column, reason)));
        Ok(Ok(()))
    }

    fn send_row(&mut self) -> std::result::Result<(), Gone> {
        self.row_bytes = 0;
        match (self.row.take(), &self.sender) {
            (Some(row), Some(sender)) => sender.send(Message::Row(row)).map_err(|_| Gone),
            _ => Ok(()),
        }
    }

    /// The cell as text, or what to show of it and why it is not to be trusted.
    fn cell_text(&self, value: Data) -> std::result::Result<String, (String, Reason)> {
        match value {
            Data::Empty => Ok(String::new()),
            Data::Int(number) => Ok(number.to_string()),
            Data::Bool(truth) => Ok(if truth { "TRUE" } else { "FALSE" }.into()),
            Data::Float(number) => {
                number_text(number).map_err(|reason| (number.to_string().chars().take(40).collect(), reason))
            }
            Data::DateTime(moment) => {
                let serial = moment.as_f64();
                date_text(serial, self.from_1904, moment.is_duration())
                    .map_err(|reason| (serial.to_string().chars().take(40).collect(), reason))
            }
            Data::Error(error) => Err((error.to_string(), Reason::ExcelError(error.to_string()))),
            Data::DateTimeIso(text) => Ok(text.replacen('T', " ", 1)),
            Data::String(text) | Data::DurationIso(text) => match text.char_indices().nth(CELL_CHARS_MAX) {
                Some((end, _)) => Err((text[..end].to_owned(), Reason::cell_too_long())),
                None => Ok(text),
            },
            #[allow(unreachable_patterns, reason = "the library may add kinds of cells")]
            _ => Err((String::new(), Reason::NotANumber)),
        }
    }
}
