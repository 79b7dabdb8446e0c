//! The file of a portable backup: sections of one byte of kind, four bytes of length, content; digests throughout.
//!
//! `H` header, then for each table `T` definition, `R` rows in the layout of a bulk load (any number), `E` number of
//! rows and SHA-256 over definition and rows; at last `Z` totals and SHA-256 over the file so far, and nothing more.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use kernel::{Bilingual, Lang};
use sha2::{Digest, Sha256};

use crate::bulk::EncodedRows;
use crate::catalogue::{Migrations, Table};
use crate::{Kind, StoreError};

pub(crate) const MAGIC: &[u8] = b"ZHANGFANG BACKUP\n";
pub(crate) const FORMAT: u32 = 1;
/// Headers and definitions are small; rows may be as large as the engines let them be.
const DEFINITION_BYTES_MAX: u32 = 1 << 22;
/// A piece ends with the row that makes it this large; no piece holds less than a row.
pub(crate) const PIECE_BYTES: usize = 1 << 20;

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupReport {
    /// The engine it was taken from: `sqlite` or `postgres`.
    pub engine: String,
    /// The migrations of the database: module, number, name.
    pub migrations: Vec<(String, i64, String)>,
    /// Its tables in the order of their names.
    pub tables: Vec<BackupTable>,
    /// Rows in all tables.
    pub rows: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the file up to its trailer; note it elsewhere to know the file again.
    pub sha256: [u8; 32],
}

/// One table in a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupTable {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 over its definition and rows; the same on both engines for the same rows.
    pub sha256: [u8; 32],
}

/// Why a backup is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupFault {
    /// The operating system refused.
    Io(String),
    /// The file to be written is there already.
    Exists,
    /// Another backup is writing the same file.
    InUse,
    /// The file is no backup of this program.
    NotABackup,
    /// The file was written by a newer program.
    Format(u32),
    /// The file ends too early.
    Truncated,
    /// The bytes cannot be what was written.
    Malformed,
    /// The digest does not match what is there.
    Digest,
    /// The database has other migrations or tables than the backup.
    OtherSchema(String),
    /// The database has rows already.
    NotEmpty,
    /// A row refers to another that does not exist.
    Reference,
    /// Triggers or constraints were not the same after the restore as before.
    Guards,
    /// The engine refused the rows.
    Engine(String),
}

impl std::fmt::Display for BackupFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text(Lang::En))
    }
}

impl Bilingual for BackupFault {
    fn text(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            BackupFault::Io(why) => (format!("系统拒绝：{why}"), format!("the system refused: {why}")),
            BackupFault::Exists => {
                ("文件已存在，请另取名称".into(), "the file exists already; take another name".into())
            }
            BackupFault::InUse => {
                ("另一备份正在写入此文件".into(), "another backup is writing this file".into())
            }
            BackupFault::NotABackup => {
                ("不是本程序的备份".into(), "it is not a backup of this program".into())
            }
            BackupFault::Format(found) => (
                format!("格式 {found} 较新，请使用较新的程序"),
                format!("its format {found} is newer than this program; use the newer program"),
            ),
            BackupFault::Truncated => (
                "文件不完整，请用另一备份".into(),
                "the file ends here and is not complete; use another backup".into(),
            ),
            BackupFault::Malformed => {
                ("内容已损坏，请用另一备份".into(), "the content is damaged; use another backup".into())
            }
            BackupFault::Digest => (
                "摘要不符，内容已被改动，请用另一备份".into(),
                "the digest does not match, the content was changed; use another backup".into(),
            ),
            BackupFault::OtherSchema(what) => (
                format!("数据库结构与备份不同：{what}；请用写入备份的程序版本新建空库"),
                format!(
                    "the database is built otherwise than the backup: {what}; make an empty database with the program that wrote the backup"
                ),
            ),
            BackupFault::NotEmpty => (
                "数据库已有数据，只能恢复到空库".into(),
                "the database has rows; restore into an empty one".into(),
            ),
            BackupFault::Reference => {
                ("所指记录不存在".into(), "a row refers to another that does not exist".into())
            }
            BackupFault::Guards => (
                "触发器或约束未能原样恢复，未保留任何内容".into(),
                "triggers or constraints could not be put back as they were; nothing was kept".into(),
            ),
            BackupFault::Engine(why) => {
                (format!("数据库拒绝：{why}"), format!("the database refused: {why}"))
            }
        };
        if lang == Lang::En { en } else { zh }
    }
}

pub(crate) fn fault(path: &Path, place: impl Into<String>, fault: BackupFault) -> StoreError {
    StoreError::Backup { file: path.display().to_string(), place: place.into(), fault }
}

/// A file that gets its name when it is complete, and disappears when it is not.
pub(crate) struct PartFile {
    path: PathBuf,
    part: PathBuf,
    file: File,
    kept: bool,
}

impl PartFile {
    /// Starts `path`.part, readable by this user alone. What an interrupted backup left there is overwritten; one that
    /// is being written by somebody is not.
    pub(crate) fn create(path: &Path) -> Result<PartFile, StoreError> {
        let refused = |why| fault(path, "start", why);
        if path.symlink_metadata().is_ok() {
            return Err(refused(BackupFault::Exists));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let io = |error: std::io::Error| refused(BackupFault::Io(error.to_string()));
        let file = options.open(&part).map_err(io)?;
        file.try_lock().map_err(|_| refused(BackupFault::InUse))?;
        file.set_len(0).map_err(io)?;
        Ok(PartFile { path: path.to_owned(), part, file, kept: false })
    }
    pub(crate) fn part_path(&self) -> &Path {
        &self.part
    }
    /// Makes it durable and gives it its name.
    pub(crate) fn publish(mut self) -> Result<(), StoreError> {
        let published = self.file.sync_all().and_then(|()| {
            // A link refuses a name that was taken meanwhile; where links are unknown the name is looked up instead.
            match std::fs::hard_link(&self.part, &self.path) {
                Ok(()) => std::fs::remove_file(&self.part),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(error),
                Err(_) => std::fs::rename(&self.part, &self.path),
            }?;
            self.kept = true;
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        });
        published.map_err(|error| fault(&self.path, "end", BackupFault::Io(error.to_string())))
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// Writes sections and keeps the digest of all of them.
pub(crate) struct SectionWriter<'p> {
    out: std::io::BufWriter<&'p File>,
    path: &'p Path,
    pub(crate) digest: Sha256,
    pub(crate) bytes: u64,
}

impl<'p> SectionWriter<'p> {
    pub(crate) fn new(part: &'p PartFile) -> Result<SectionWriter<'p>, StoreError> {
        let out = std::io::BufWriter::with_capacity(1 << 16, &part.file);
        let mut writer = SectionWriter { out, path: &part.path, digest: Sha256::new(), bytes: 0 };
        writer.put(MAGIC)?;
        Ok(writer)
    }
    fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(|error| self.failed(&error))
    }
    fn failed(&self, error: &std::io::Error) -> StoreError {
        fault(self.path, format!("byte {}", self.bytes), BackupFault::Io(error.to_string()))
    }
    pub(crate) fn section(&mut self, kind: u8, content: &[u8]) -> Result<(), StoreError> {
        let length = u32::try_from(content.len()).map_err(|_| {
            StoreError::Sql(format!("a row of {} bytes is too long for a backup", content.len()))
        })?;
        self.put(&[kind])?;
        self.put(&length.to_be_bytes())?;
        self.put(content)
    }
    pub(crate) fn finish(mut self) -> Result<u64, StoreError> {
        self.out.flush().map_err(|error| self.failed(&error))?;
        Ok(self.bytes)
    }
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// A table's definition as it is written and digested.
pub(crate) fn definition(table: &Table) -> Vec<u8> {
    let mut out = Vec::new();
    put_text(&mut out, &table.name);
    out.extend_from_slice(&(table.columns.len() as u32).to_be_bytes());
    for (name, kind) in &table.columns {
        put_text(&mut out, name);
        out.push(match kind {
            Kind::Int => b'I',
            Kind::Text => b'T',
            Kind::Blob => b'B',
        });
    }
    out
}

/// Small fields read one after another; nothing when the bytes are not what they should be.
struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }
    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.u32()?).ok()?;
        Some(std::str::from_utf8(self.take(length)?).ok()?.to_owned())
    }
    fn end<T>(self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}

/// What the reader of a backup does with it; `inspect` does nothing, a restore writes.
pub(crate) trait Visitor {
    fn header(&mut self, engine: &str, migrations: &Migrations) -> Result<(), StoreError>;
    fn table(&mut self, table: &Table) -> Result<(), StoreError>;
    fn rows(&mut self, table: &Table, rows: u64, bytes: &[u8]) -> Result<(), StoreError>;
}

struct Nobody;

impl Visitor for Nobody {
    fn header(&mut self, _: &str, _: &Migrations) -> Result<(), StoreError> {
        Ok(())
    }
    fn table(&mut self, _: &Table) -> Result<(), StoreError> {
        Ok(())
    }
    fn rows(&mut self, _: &Table, _: u64, _: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }
}

pub(crate) fn inspect(path: &Path) -> Result<BackupReport, StoreError> {
    read(path, &mut Nobody)
}

struct SectionReader<'p> {
    input: BufReader<File>,
    path: &'p Path,
    at: u64,
    digest: Sha256,
    table: Option<String>,
}

impl SectionReader<'_> {
    fn refuse(&self, why: BackupFault) -> StoreError {
        let table = self.table.as_ref().map_or(String::new(), |table| format!(", table {table}"));
        fault(self.path, format!("byte {}{table}", self.at), why)
    }
    /// Reads exactly `length` bytes; memory grows only as bytes arrive.
    fn take(&mut self, length: u64, into: &mut Vec<u8>) -> Result<(), StoreError> {
        into.clear();
        let read = self.input.by_ref().take(length).read_to_end(into);
        let read = read.map_err(|error| self.refuse(BackupFault::Io(error.to_string())))?;
        self.at += read as u64;
        if read as u64 == length { Ok(()) } else { Err(self.refuse(BackupFault::Truncated)) }
    }
    /// The next section's kind, its content in `content`, and the digest of the file before it.
    fn section(&mut self, content: &mut Vec<u8>) -> Result<(u8, [u8; 32]), StoreError> {
        let before = self.digest.clone().finalize().into();
        self.take(5, content)?;
        self.digest.update(content.as_slice());
        let kind = content[0];
        let length = u32::from_be_bytes([content[1], content[2], content[3], content[4]]);
        if !b"HTREZ".contains(&kind) || (kind != b'R' && length > DEFINITION_BYTES_MAX) {
            return Err(self.refuse(BackupFault::Malformed));
        }
        self.take(length.into(), content)?;
        self.digest.update(content.as_slice());
        Ok((kind, before))
    }
}

fn parse_header(content: &[u8]) -> Option<(u32, String, Migrations)> {
    let mut fields = Fields(content);
    let format = fields.u32()?;
    if format != FORMAT {
        return Some((format, String::new(), Vec::new()));
    }
    let engine = fields.text()?;
    let count = fields.u32()?;
    let mut migrations = Migrations::new();
    for _ in 0..count {
        let module = fields.text()?;
        let number = i64::from_be_bytes(fields.take(8)?.try_into().ok()?);
        migrations.push((module, number, fields.text()?));
    }
    fields.end((format, engine, migrations))
}

fn parse_definition(content: &[u8]) -> Option<Table> {
    let mut fields = Fields(content);
    let name = fields.text()?;
    let count = fields.u32()?;
    let mut columns = Vec::new();
    for _ in 0..count {
        let column = fields.text()?;
        let kind = match fields.take(1)? {
            b"I" => Kind::Int,
            b"T" => Kind::Text,
            b"B" => Kind::Blob,
            _ => return None,
        };
        columns.push((column, kind));
    }
    fields.end(Table { name, columns, key: Vec::new() })
}

fn check_rows(table: &Table, rows: u64, bytes: &[u8]) -> Result<(), StoreError> {
    let columns: Vec<(&str, Kind)> =
        table.columns.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    let view = EncodedRows { table: &table.name, columns: &columns, bytes, rows };
    view.each_field(|_, _| Ok(()), || Ok(()))
}

/// Reads a whole backup, verifies every digest and hands what it finds to `visitor`.
pub(crate) fn read(path: &Path, visitor: &mut impl Visitor) -> Result<BackupReport, StoreError> {
    let file = File::open(path).map_err(|error| fault(path, "start", BackupFault::Io(error.to_string())))?;
    let input = BufReader::with_capacity(1 << 16, file);
    let mut from = SectionReader { input, path, at: 0, digest: Sha256::new(), table: None };
    let mut content = Vec::new();
    if from.take(MAGIC.len() as u64, &mut content).is_err() || content != MAGIC {
        return Err(fault(path, "start", BackupFault::NotABackup));
    }
    from.digest.update(MAGIC);

    let (kind, _) = from.section(&mut content)?;
    let header = parse_header(&content).filter(|_| kind == b'H');
    let (format, engine, migrations) = header.ok_or_else(|| from.refuse(BackupFault::Malformed))?;
    if format != FORMAT {
        return Err(from.refuse(BackupFault::Format(format)));
    }
    visitor.header(&engine, &migrations)?;

    let mut tables: Vec<BackupTable> = Vec::new();
    let mut total = 0_u64;
    let mut open: Option<(Table, Sha256, u64)> = None;
    loop {
        let (kind, before) = from.section(&mut content)?;
        match (kind, open.take()) {
            (b'T', None) => {
                let table = parse_definition(&content).ok_or_else(|| from.refuse(BackupFault::Malformed))?;
                let in_order = tables.last().is_none_or(|last| last.name < table.name);
                from.table = Some(table.name.clone());
                if !in_order {
                    return Err(from.refuse(BackupFault::Malformed));
                }
                visitor.table(&table)?;
                open = Some((table, Sha256::new().chain_update(&content), 0));
            }
            (b'R', Some((table, digest, rows))) => {
                let Some((count, bytes)) = content.split_first_chunk::<4>() else {
                    return Err(from.refuse(BackupFault::Malformed));
                };
                let count = u64::from(u32::from_be_bytes(*count));
                check_rows(&table, count, bytes).map_err(|_| from.refuse(BackupFault::Malformed))?;
                visitor.rows(&table, count, bytes)?;
                open = Some((table, digest.chain_update(bytes), rows + count));
            }
            (b'E', Some((table, digest, rows))) => {
                let sha256: [u8; 32] = digest.finalize().into();
                let expected = [rows.to_be_bytes().as_slice(), &sha256].concat();
                if content != expected {
                    return Err(from.refuse(BackupFault::Digest));
                }
                total += rows;
                tables.push(BackupTable { name: table.name, rows, sha256 });
                from.table = None;
            }
            (b'Z', None) => {
                let expected = trailer(tables.len() as u64, total, &before);
                if content != expected {
                    return Err(from.refuse(BackupFault::Digest));
                }
                let bytes = from.at;
                if from.input.read(&mut [0]).map_or(true, |more| more > 0) {
                    return Err(from.refuse(BackupFault::Malformed));
                }
                return Ok(BackupReport { engine, migrations, tables, rows: total, bytes, sha256: before });
            }
            _ => return Err(from.refuse(BackupFault::Malformed)),
        }
    }
}

/// The content of the last section.
pub(crate) fn trailer(tables: u64, rows: u64, digest: &[u8; 32]) -> Vec<u8> {
    [tables.to_be_bytes().as_slice(), &rows.to_be_bytes(), digest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-18: a name that was taken while the backup was written is not taken from whoever has it.
    #[test]
    fn a_name_taken_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books.backup");
        let file = PartFile::create(&path).unwrap();
        std::fs::write(&path, "somebody else's").unwrap();
        assert!(matches!(file.publish(), Err(StoreError::Backup { fault: BackupFault::Io(_), .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "somebody else's");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// XC-18: a file named without a folder stands in the folder one is in.
    #[test]
    fn a_backup_may_be_named_without_a_folder() {
        let name = format!("named_without_a_folder_{}.backup", std::process::id());
        let path = Path::new(&name);
        let published = PartFile::create(path).and_then(PartFile::publish);
        let there = path.is_file();
        let _ = std::fs::remove_file(path);
        assert_eq!((published, there), (Ok(()), true));
    }
}
