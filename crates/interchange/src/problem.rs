//! What can be wrong with one row.

use kernel::{Bilingual, FigureError, Lang, Text};

use crate::limits::CELL_CHARS_MAX;

/// Why a cell is refused, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A required cell is empty.
    Empty,
    /// More characters than the column takes.
    TooLong {
        /// The limit in characters.
        chars_max: usize,
    },
    /// Not a whole number, or outside the accepted range.
    NotAWholeNumber {
        /// The least accepted.
        least: i64,
        /// The greatest accepted.
        most: i64,
    },
    /// Not a number.
    NotANumber,
    /// A figure or date that cannot be read, is too large or too precise.
    Figure(FigureError),
    /// Not one of the coded values.
    NotAChoice {
        /// The accepted values, the first name of each.
        accepted: Vec<String>,
    },
    /// The cell holds an Excel error such as `#N/A`.
    ExcelError(String),
    /// Excel has dropped or hidden digits: a number of more than 15 digits, or scientific notation.
    DigitsLost,
    /// A control character, which no person types.
    ControlSign,
    /// A date that does not exist.
    ImpossibleDate,
    /// A cell beyond the last heading.
    NoHeading,
    /// The same natural key stands in an earlier row of the file.
    Repeated {
        /// The row, counted from 1.
        first_row: u64,
    },
    /// A rule of the office that reads the rows.
    Rule(Text),
}

impl Bilingual for Reason {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::Zh, Reason::Empty) => "不能为空，请填写".into(),
            (Lang::En, Reason::Empty) => "must not be empty; fill it in".into(),
            (Lang::Zh, Reason::TooLong { chars_max }) => format!("超过 {chars_max} 个字符，请缩短"),
            (Lang::En, Reason::TooLong { chars_max }) => format!("longer than {chars_max} characters; shorten it"),
            (Lang::Zh, Reason::NotAWholeNumber { least, most }) => format!("应为 {least} 至 {most} 的整数"),
            (Lang::En, Reason::NotAWholeNumber { least, most }) => {
                format!("must be a whole number from {least} to {most}")
            }
            (Lang::Zh, Reason::NotANumber) => "不是数字".into(),
            (Lang::En, Reason::NotANumber) => "not a number".into(),
            (_, Reason::Figure(error)) => error.text(lang),
            (Lang::Zh, Reason::NotAChoice { accepted }) => format!("应为以下之一：{}", accepted.join("、")),
            (Lang::En, Reason::NotAChoice { accepted }) => format!("must be one of: {}", accepted.join(", ")),
            (Lang::Zh, Reason::ExcelError(code)) => format!("单元格是 Excel 错误值 {code}，请改正公式或填入数值"),
            (Lang::En, Reason::ExcelError(code)) => {
                format!("the cell holds the Excel error {code}; correct the formula or enter the value")
            }
            (Lang::Zh, Reason::DigitsLost) => {
                "数字已被 Excel 截断（超过 15 位或科学计数），请将该列设为文本格式后重新填写".into()
            }
            (Lang::En, Reason::DigitsLost) => {
                "Excel has dropped digits (more than 15, or scientific notation); format the column as text and enter it again".into()
            }
            (Lang::Zh, Reason::ControlSign) => "含有不可见的控制字符，请重新填写".into(),
            (Lang::En, Reason::ControlSign) => "holds an invisible control character; enter it again".into(),
            (Lang::Zh, Reason::ImpossibleDate) => "不是存在的日期，请按 2026-01-31 的样式填写".into(),
            (Lang::En, Reason::ImpossibleDate) => "not a date of the calendar; write it like 2026-01-31".into(),
            (Lang::Zh, Reason::NoHeading) => "该单元格没有对应的列标题，请删除或补上标题".into(),
            (Lang::En, Reason::NoHeading) => "the cell has no heading above it; remove it or add the heading".into(),
            (Lang::Zh, Reason::Repeated { first_row }) => format!("与第 {first_row} 行重复，请只保留一行"),
            (Lang::En, Reason::Repeated { first_row }) => format!("repeats row {first_row}; keep one of them"),
            (_, Reason::Rule(text)) => text.text(lang),
        }
    }
}

impl Reason {
    /// A cell longer than any cell may be.
    pub(crate) const fn cell_too_long() -> Reason {
        Reason::TooLong { chars_max: CELL_CHARS_MAX }
    }
}

/// One thing wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The row of the file, counted from 1 as Excel does.
    pub row: u64,
    /// The heading of the column as written in the file, or its letter where it has none; nothing for the whole row.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: Reason,
}

impl Bilingual for Problem {
    fn text(&self, lang: Lang) -> String {
        let (row, reason) = (self.row, self.reason.text(lang));
        match (lang, &self.column) {
            (Lang::Zh, Some(column)) => format!("第 {row} 行“{column}”：{reason}"),
            (Lang::Zh, None) => format!("第 {row} 行：{reason}"),
            (Lang::En, Some(column)) => format!("row {row}, {column}: {reason}"),
            (Lang::En, None) => format!("row {row}: {reason}"),
        }
    }
}

/// The letter Excel shows above column `index` (counted from 0): A, Z, AA.
pub(crate) fn column_letter(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_letters_of_excel() {
        for (index, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (511, "SR"), (16_383, "XFD")] {
            assert_eq!(column_letter(index), letters);
        }
    }
}
