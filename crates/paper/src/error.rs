//! What can go wrong on the way to paper.

use kernel::{Bilingual, Lang};

/// Why a file was not made.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// Nothing was asked for.
    #[error("there is nothing to print")]
    Nothing,
    /// A table has no columns, or more than fit.
    #[error("table {table:?} has {columns} columns; it must have 1 to {most}")]
    Columns {
        /// The table's caption or the sheet's name.
        table: String,
        /// Its columns.
        columns: usize,
        /// The most it may have.
        most: usize,
    },
    /// A row has more cells than its table has columns.
    #[error("row {row} of table {table:?} has {cells} cells for {columns} columns")]
    Cells {
        /// The table's caption or the sheet's name.
        table: String,
        /// The row, from 1.
        row: usize,
        /// Its cells.
        cells: usize,
        /// The table's columns.
        columns: usize,
    },
    /// A code that no camera would read.
    #[error("the code to be scanned has {length} bytes; it may have {most}: shorten the address in it")]
    LongCode {
        /// Its bytes.
        length: usize,
        /// The most it may have.
        most: usize,
    },
    /// More pages than any reader turns.
    #[error("{title:?} has more than {most} pages; export it to Excel or choose less")]
    TooManyPages {
        /// The document's title.
        title: String,
        /// The most it may have.
        most: usize,
    },
    /// A cell's kind is not its column's.
    #[error("sheet {sheet:?}, row {row}, column {column:?}: {found} where the column holds {expected}")]
    Kind {
        /// The sheet.
        sheet: String,
        /// The row, from 1, without titles and header.
        row: u64,
        /// The column's title.
        column: String,
        /// What came.
        found: &'static str,
        /// What was to come.
        expected: &'static str,
    },
    /// A text longer than an Excel cell holds.
    #[error("sheet {sheet:?}, row {row}, column {column:?}: the text is longer than {most} characters")]
    LongText {
        /// The sheet.
        sheet: String,
        /// The row, from 1, without titles and header.
        row: u64,
        /// The column's title.
        column: String,
        /// The most a cell holds.
        most: usize,
    },
    /// A sum left the range of its figures.
    #[error("sheet {sheet:?}: the sum of column {column:?} is too large")]
    Sum {
        /// The sheet.
        sheet: String,
        /// The column's title.
        column: String,
    },
    /// The source of the rows failed; its own error is inside.
    #[error("the rows of sheet {sheet:?} stopped: {source}")]
    Rows {
        /// The sheet.
        sheet: String,
        /// The source's own error.
        source: documents::sheet::StreamError,
    },
    /// The embedded typeface cannot be read: the program is damaged.
    #[error("the embedded typeface cannot be read; install the program again")]
    Typeface,
    /// The PDF library refused.
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
    /// The Excel library refused, or the disk did.
    #[error("the Excel file could not be written: {0}")]
    Xlsx(String),
}

impl Bilingual for PaperError {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            PaperError::Nothing => "没有可打印的内容".into(),
            PaperError::Columns { table, columns, most } => {
                format!("表“{table}”有 {columns} 列，应为 1 至 {most} 列")
            }
            PaperError::Cells { table, row, cells, columns } => {
                format!("表“{table}”第 {row} 行有 {cells} 个单元格，而表只有 {columns} 列")
            }
            PaperError::LongCode { length, most } => {
                format!("二维码内容有 {length} 字节，最多 {most} 字节：请缩短其中的网址")
            }
            PaperError::TooManyPages { title, most } => {
                format!("“{title}”超过 {most} 页，请导出为 Excel 或缩小范围")
            }
            PaperError::Kind { sheet, row, column, found, expected } => {
                format!("工作表“{sheet}”第 {row} 行“{column}”列：应为 {expected}，实为 {found}")
            }
            PaperError::LongText { sheet, row, column, most } => {
                format!("工作表“{sheet}”第 {row} 行“{column}”列：文字超过 {most} 个字符")
            }
            PaperError::Sum { sheet, column } => format!("工作表“{sheet}”“{column}”列的合计数值过大"),
            PaperError::Rows { sheet, source } => format!("工作表“{sheet}”的数据中断：{source}"),
            PaperError::Typeface => "内置字体无法读取，请重新安装程序".into(),
            PaperError::Pdf(reason) => format!("PDF 文件无法写出：{reason}"),
            PaperError::Xlsx(reason) => format!("Excel 文件无法写出：{reason}"),
        }
    }
}
