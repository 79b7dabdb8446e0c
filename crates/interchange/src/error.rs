//! What can be wrong with a whole file; what can be wrong with one row is in [`crate::Problem`].

use kernel::{Bilingual, Lang};

use crate::Encoding;

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a file cannot be read any further. Every variant says which file, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk or the connection failed.
    #[error("{file}: cannot be read: {source}; send the file again")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Larger than is accepted.
    #[error("{file}: larger than {bytes_max} bytes; split it")]
    TooLarge {
        /// The file.
        file: String,
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// Bytes that are no text in any accepted encoding.
    #[error("{file}, line {line}, byte {byte}: not a character of {}; save the file as CSV UTF-8 and send it again", encoding.name())]
    Undecodable {
        /// The file.
        file: String,
        /// The encoding that went furthest.
        encoding: Encoding,
        /// The line, counted from 1.
        line: u64,
        /// The byte, counted from 0.
        byte: u64,
    },
    /// Not a table at all.
    #[error("{file}: neither CSV nor an Excel workbook ({what}); save it as .xlsx or CSV UTF-8")]
    NotATable {
        /// The file.
        file: String,
        /// What it seems to be.
        what: &'static str,
    },
    /// A workbook that cannot be opened: damaged, or protected by a password.
    #[error("{file}: the workbook cannot be read ({reason}); remove any password, save it again as .xlsx")]
    Workbook {
        /// The file.
        file: String,
        /// The technical reason.
        reason: String,
    },
    /// A workbook that unpacks to far more than it should.
    #[error("{file}: {part} unpacks to more than {max}; save only the sheet that is needed")]
    Unpacked {
        /// The file.
        file: String,
        /// The part of the workbook.
        part: String,
        /// The limit, in bytes, cells or parts.
        max: u64,
    },
    /// The sheet asked for is not in the workbook.
    #[error("{file}: no worksheet {sheet:?}; there are: {}", present.join(", "))]
    NoSheet {
        /// The file.
        file: String,
        /// The sheet asked for.
        sheet: String,
        /// The sheets there are.
        present: Vec<String>,
    },
    /// A row longer than is accepted, mostly a quotation mark that is never closed.
    #[error("{file}, row {row}: longer than {bytes_max} bytes; is a quotation mark left open there?")]
    RowTooLong {
        /// The file.
        file: String,
        /// The row, counted from 1.
        row: u64,
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// More rows than are accepted.
    #[error("{file}: more than {rows_max} rows; split it")]
    TooManyRows {
        /// The file.
        file: String,
        /// The limit.
        rows_max: u64,
    },
    /// A row with more columns than are accepted.
    #[error("{file}, row {row}: more than {columns_max} columns; remove what does not belong to the table")]
    TooManyColumns {
        /// The file.
        file: String,
        /// The row, counted from 1.
        row: u64,
        /// The limit.
        columns_max: usize,
    },
    /// No row holds every required heading.
    #[error("{file}, row {row}: headings are missing: {}; add them or use the template", missing.join(", "))]
    MissingHeadings {
        /// The file.
        file: String,
        /// The row that comes closest to a heading.
        row: u64,
        /// The first accepted spelling of each missing heading.
        missing: Vec<String>,
    },
    /// Two columns with the same meaning.
    #[error("{file}, row {row}: headings occur more than once: {}; keep one column of each", headings.join(", "))]
    DuplicateHeadings {
        /// The file.
        file: String,
        /// The row of the headings.
        row: u64,
        /// The headings as written in the file.
        headings: Vec<String>,
    },
    /// Headings nobody knows, in a sheet that does not accept such.
    #[error("{file}, row {row}: headings are not known: {}; remove or rename these columns", headings.join(", "))]
    UnknownHeadings {
        /// The file.
        file: String,
        /// The row of the headings.
        row: u64,
        /// The headings as written in the file.
        headings: Vec<String>,
    },
    /// A mistake in the program, not in the file: a sheet with two columns of one heading, a value asked by a wrong
    /// key or as a wrong kind.
    #[error("the description of the sheet is wrong at {0:?}: report this to the maintainers")]
    Description(String),
}

impl Bilingual for Error {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Error::Io { file, source } => format!("{file}：读取失败（{source}），请重新上传"),
            Error::TooLarge { file, bytes_max } => {
                format!("{file}：文件超过 {bytes_max} 字节，请拆分后再导入")
            }
            Error::Undecodable { file, encoding, line, byte } => format!(
                "{file} 第 {line} 行（第 {byte} 字节）：不是 {} 字符，请另存为“CSV UTF-8”后重新上传",
                encoding.name()
            ),
            Error::NotATable { file, what } => {
                format!("{file}：既不是 CSV 也不是 Excel 工作簿（{what}），请另存为 .xlsx 或“CSV UTF-8”")
            }
            Error::Workbook { file, reason } => {
                format!("{file}：工作簿无法读取（{reason}），请取消密码并重新另存为 .xlsx")
            }
            Error::Unpacked { file, part, max } => {
                format!("{file}：{part} 解开后超过上限 {max}，请只保留需要的工作表")
            }
            Error::NoSheet { file, sheet, present } => {
                format!("{file}：没有工作表“{sheet}”，现有：{}", present.join("、"))
            }
            Error::RowTooLong { file, row, bytes_max } => {
                format!("{file} 第 {row} 行：超过 {bytes_max} 字节，请检查该行的引号是否成对")
            }
            Error::TooManyRows { file, rows_max } => format!("{file}：超过 {rows_max} 行，请拆分后再导入"),
            Error::TooManyColumns { file, row, columns_max } => {
                format!("{file} 第 {row} 行：超过 {columns_max} 列，请删除不属于表格的内容")
            }
            Error::MissingHeadings { file, row, missing } => {
                format!("{file} 第 {row} 行：缺少列标题：{}，请补上或使用模板", missing.join("、"))
            }
            Error::DuplicateHeadings { file, row, headings } => {
                format!("{file} 第 {row} 行：列标题重复：{}，每种只保留一列", headings.join("、"))
            }
            Error::UnknownHeadings { file, row, headings } => {
                format!("{file} 第 {row} 行：不认识的列标题：{}，请删除或改名", headings.join("、"))
            }
            Error::Description(what) => format!("表格说明有误：{what}，请联系维护人员"),
        }
    }
}
