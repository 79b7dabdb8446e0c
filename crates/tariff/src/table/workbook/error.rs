//! What is wrong with a workbook, and in which cell.

use kernel::{Bilingual, Lang};

/// A workbook that is no price table: the sheet, the cell, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkbookError {
    /// The file as it was named by the caller.
    pub file: String,
    /// The sheet by its name; empty when the whole workbook is meant.
    pub sheet: String,
    /// Row from 1, as the spreadsheet counts; 0 when the whole sheet is meant.
    pub row: usize,
    /// Column from 1; 0 when the whole sheet is meant.
    pub column: usize,
    /// What is wrong and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl WorkbookError {
    /// The letters of the column as the spreadsheet shows them: A, Z, AA.
    pub fn column_letters(&self) -> String {
        let mut letters = String::new();
        let mut rest = self.column;
        while rest > 0 {
            rest -= 1;
            letters.insert(0, char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
            rest /= 26;
        }
        letters
    }
}

impl std::error::Error for WorkbookError {}

impl std::fmt::Display for WorkbookError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if !self.sheet.is_empty() {
            write!(f, ", sheet {}", self.sheet)?;
        }
        if self.row > 0 {
            write!(f, ", row {}, column {}", self.row, self.column_letters())?;
        }
        write!(f, ": {}", self.en)
    }
}

impl Bilingual for WorkbookError {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        let mut text = self.file.clone();
        if !self.sheet.is_empty() {
            text.push_str(&format!(" 工作表“{}”", self.sheet));
        }
        if self.row > 0 {
            text.push_str(&format!(" 第 {} 行 {} 列", self.row, self.column_letters()));
        }
        text.push('：');
        text.push_str(&self.zh);
        text
    }
}
