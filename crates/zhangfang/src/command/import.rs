//! `zhangfang import`: customers, meters and readings from CSV or Excel files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use indicatif::ProgressBar;
use interchange::{Encoding, Options, Sheet, Table};
use kernel::{Bilingual, Month, Text};
use metering::import::{
    Incoming, Outcome, accounts_sheet, import_accounts, import_meters, import_points, import_readings,
    meters_sheet, points_sheet, readings_sheet,
};

use super::office::{Office, month};
use crate::failure::{Done, Failure};

/// What can be imported.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Customers with their agreements / 导入用户档案
    Accounts(Incomings),
    /// Metering points of customers that have several / 导入计量点
    Points(Incomings),
    /// Meters / 导入电能表
    Meters(Incomings),
    /// Readings of a month, into open books / 导入表码
    Readings {
        /// The month, such as 2026-02 / 电费年月
        #[arg(long, value_parser = month, required_unless_present = "template")]
        month: Option<Month>,
        #[command(flatten)]
        file: Incomings,
    },
}

/// A file and how it is read.
#[derive(Debug, Args)]
pub struct Incomings {
    /// CSV or Excel file; with --template the file to write / 文件
    file: PathBuf,
    /// Where bad rows go with their reasons; by default beside the file, named FILE.rejects.csv / 退回行文件
    #[arg(long)]
    rejects: Option<PathBuf>,
    /// Worksheet of an Excel file; by default the first / 工作表
    #[arg(long)]
    worksheet: Option<String>,
    /// Encoding of a text file; recognised by itself if not given / 文件编码
    #[arg(long, value_enum)]
    encoding: Option<Coding>,
    /// Write an empty sheet with the headings instead / 生成空白模板
    #[arg(long)]
    template: bool,
}

/// Encodings that can be named.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Coding {
    /// UTF-8
    Utf8,
    /// GBK and GB 18030
    #[value(alias = "gbk")]
    Gb18030,
    /// UTF-16, least byte first
    Utf16le,
    /// UTF-16, most significant byte first
    Utf16be,
}

impl From<Coding> for Encoding {
    fn from(coding: Coding) -> Encoding {
        match coding {
            Coding::Utf8 => Encoding::Utf8,
            Coding::Gb18030 => Encoding::Gb18030,
            Coding::Utf16le => Encoding::Utf16Le,
            Coding::Utf16be => Encoding::Utf16Be,
        }
    }
}

/// The file as it is read, telling a progress bar how far.
struct Watched {
    file: File,
    progress: ProgressBar,
}

impl std::io::Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.progress.inc(read as u64);
        Ok(read)
    }
}

impl std::io::Seek for Watched {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        let at = self.file.seek(to)?;
        self.progress.set_position(at);
        Ok(at)
    }
}

/// Runs the command. A file with bad rows is taken in without them and ends with an error, so that a script notices.
pub fn run(command: &Import, office: &Office) -> Done {
    let (incoming, sheet) = match command {
        Import::Accounts(incoming) => (incoming, accounts_sheet()?),
        Import::Points(incoming) => (incoming, points_sheet()?),
        Import::Meters(incoming) => (incoming, meters_sheet()?),
        Import::Readings { file, .. } => (file, readings_sheet()?),
    };
    if incoming.template {
        return template(&sheet, &incoming.file, office);
    }
    let rejects_path = incoming.rejects.clone().unwrap_or_else(|| beside(&incoming.file));
    let rejects =
        File::create(&rejects_path).map_err(|error| Failure::file(rejects_path.display(), error))?;
    let writer = BufWriter::new(rejects);
    let taken = open(incoming).and_then(|(table, progress)| {
        let ready = Incoming { table, now: office.now, lang: office.lang };
        let desk = office.desk();
        let done = match command {
            Import::Accounts(_) => import_accounts(&desk, ready, writer)?,
            Import::Points(_) => import_points(&desk, ready, writer)?,
            Import::Meters(_) => import_meters(&desk, ready, writer)?,
            Import::Readings { month, .. } => {
                let month = month
                    .ok_or_else(|| Failure::new("请用 --month 指定月份", "name the month with --month"))?;
                import_readings(&desk, ready, month, writer)?
            }
        };
        progress.finish_and_clear();
        Ok(done)
    });
    let (outcome, mut writer) = match taken {
        Ok(done) => done,
        Err(failure) => {
            // Nothing was rejected: the file itself could not be read.
            drop(std::fs::remove_file(&rejects_path));
            return Err(failure);
        }
    };
    writer.flush().map_err(|error| Failure::file(rejects_path.display(), error))?;
    if outcome.rejected == 0 {
        drop(std::fs::remove_file(&rejects_path));
    }
    told(&outcome, &rejects_path, office)
}

fn open(incoming: &Incomings) -> Done<(Table, ProgressBar)> {
    let path = &incoming.file;
    let wrong = |error| Failure::file(path.display(), error);
    let file = File::open(path).map_err(wrong)?;
    let bytes = file.metadata().map_err(wrong)?.len();
    // The file is read twice: once to know its encoding and fingerprint, once row by row.
    let progress = crate::demo::bar("import / 导入", bytes);
    let options = Options {
        worksheet: incoming.worksheet.clone(),
        encoding: incoming.encoding.map(Encoding::from),
        rows_max: None,
    };
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let table = Table::open(&name, Watched { file, progress: progress.clone() }, &options)?;
    Ok((table, progress))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".rejects.csv");
    PathBuf::from(name)
}

fn told(outcome: &Outcome, rejects: &Path, office: &Office) -> Done {
    let Outcome { added, unchanged, rejected, .. } = outcome;
    if outcome.seen_before {
        println!("{}", office.say("该文件此前已导入过", "this file was taken in before"));
    }
    let counts = Text::new(
        format!("新增 {added} 行，未变 {unchanged} 行，退回 {rejected} 行"),
        format!("{added} rows added, {unchanged} unchanged, {rejected} rejected"),
    );
    println!("{}", counts.text(office.lang));
    if *rejected == 0 {
        return Ok(());
    }
    Err(Failure::new(
        format!("退回的行及原因在 {}，更正后可再次导入", rejects.display()),
        format!(
            "the rejected rows and their reasons are in {}; correct them and import that file",
            rejects.display()
        ),
    ))
}

/// An empty sheet with the headings: Excel when the name says so, otherwise CSV that Excel opens as UTF-8.
fn template(sheet: &Sheet, path: &Path, office: &Office) -> Done {
    let headings = sheet.template();
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx")) {
        use documents::sheet as book;
        let columns =
            headings.iter().map(|heading| book::Column::new(heading, book::Kind::Text).wide(16)).collect();
        let title = sheet.name().text(office.lang);
        let empty = book::Sheet::from_rows(title.clone(), columns, Vec::new());
        let workbook =
            book::Workbook { lang: office.lang, title, issuer: String::new(), sheets: vec![empty] };
        paper::xlsx_file(workbook, path)?;
    } else {
        let line = format!("\u{feff}{}\r\n", headings.join(","));
        super::bill::write_file(path, line.as_bytes())?;
    }
    println!("{}", path.display());
    Ok(())
}
