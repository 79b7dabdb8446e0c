//! One sheet of the workbook under its headings: every cell knows its place, every complaint names it.

use std::collections::BTreeMap;

use super::error::WorkbookError;
use super::words::{self, Word, plain, without_unit};
use super::{CELL_CHARS_MAX, COLUMNS_MAX, HEADING_ROWS_MAX, ROWS_MAX, Sheet};

/// Result of reading.
pub(super) type Read<T> = Result<T, WorkbookError>;

/// A cell of the workbook, all counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub sheet: usize,
    pub row: usize,
    pub column: usize,
}

/// The text of a cell and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'s> {
    /// Without blanks around it.
    pub text: &'s str,
    pub at: Place,
}

impl Cell<'_> {
    pub fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

/// The workbook under examination.
#[derive(Clone, Copy)]
pub(super) struct Book<'s> {
    pub file: &'s str,
    pub sheets: &'s [Sheet],
}

impl<'s> Book<'s> {
    /// A complaint about one cell.
    pub fn error(&self, at: Place, zh: impl Into<String>, en: impl Into<String>) -> WorkbookError {
        WorkbookError {
            file: self.file.to_owned(),
            sheet: self.sheets.get(at.sheet).map(|sheet| sheet.name.clone()).unwrap_or_default(),
            row: at.row + 1,
            column: at.column + 1,
            zh: zh.into(),
            en: en.into(),
        }
    }
    /// A complaint about a whole sheet, or the whole file when `sheet` is empty.
    pub fn whole(&self, sheet: &str, zh: impl Into<String>, en: impl Into<String>) -> WorkbookError {
        let (file, sheet) = (self.file.to_owned(), sheet.to_owned());
        WorkbookError { file, sheet, row: 0, column: 0, zh: zh.into(), en: en.into() }
    }
    /// The place of a sheet in the workbook.
    pub fn find(&self, name: &Word) -> Read<Option<usize>> {
        let mut found = None;
        for (place, sheet) in self.sheets.iter().enumerate() {
            let sheet_name = plain(&sheet.name);
            if name.is(&sheet_name) && found.replace(place).is_some() {
                return Err(self.whole(
                    &sheet.name,
                    "同一内容的工作表有两张，请保留一张",
                    "two sheets of the same meaning; keep one",
                ));
            }
        }
        Ok(found)
    }
    /// The text of a cell with the blanks around it, for free text that may end in a new line.
    pub fn as_written(&self, cell: Cell<'s>) -> Cell<'s> {
        let sheet = self.sheets.get(cell.at.sheet);
        let text = sheet.and_then(|sheet| sheet.rows.get(cell.at.row)?.get(cell.at.column));
        Cell { text: text.map_or(cell.text, String::as_str), ..cell }
    }
    /// The value of the list that a cell names.
    pub fn choose(&self, cell: Cell<'_>, list: &'static [Word]) -> Read<&'static Word> {
        let text = plain(cell.text);
        list.iter().find(|word| word.is(&text)).ok_or_else(|| {
            let all = |lang| list.iter().map(|word| word.in_lang(lang)).collect::<Vec<_>>();
            self.error(
                cell.at,
                format!("“{}”不是可用的值，可用的值：{}", cell.text, all(kernel::Lang::Zh).join("、")),
                format!("{:?} is not one of {}", cell.text, all(kernel::Lang::En).join(", ")),
            )
        })
    }
    /// A whole number from 0 on.
    pub fn whole_number<'c>(&self, cell: Cell<'c>) -> Read<Cell<'c>> {
        let digits = !cell.text.is_empty() && cell.text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && cell.text.len() <= 9 && (cell.text == "0" || !cell.text.starts_with('0')) {
            return Ok(cell);
        }
        Err(self.error(
            cell.at,
            format!("“{}”不是整数", cell.text),
            format!("{:?} is not a whole number", cell.text),
        ))
    }
}

/// What a column is: a heading of the sheet's own, or a heading that the sheet explains otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Known(&'static str),
    Other,
    Remark,
    Blank,
}

/// A sheet whose headings have been found.
pub(super) struct Grid<'s> {
    pub book: Book<'s>,
    place: usize,
    heading_row: usize,
    uses: Vec<Use>,
}

impl<'s> Grid<'s> {
    /// Finds the headings of the sheet at `place`: the first row that has the first of `known`. Other headings
    /// are left to the caller.
    pub fn open(book: Book<'s>, place: usize, known: &'static [Word]) -> Read<Grid<'s>> {
        let empty = Sheet { name: String::new(), rows: Vec::new() };
        let sheet = book.sheets.get(place).unwrap_or(&empty);
        check_size(&book, place, sheet)?;
        let lead = known.first().copied().unwrap_or(words::CODE);
        let heading_row = sheet.rows.iter().take(HEADING_ROWS_MAX).position(|row| {
            row.iter().any(|cell| {
                let text = plain(cell);
                lead.is(&text) || without_unit(&text).is_some_and(|text| lead.is(text))
            })
        });
        let Some(heading_row) = heading_row else {
            let (zh, en) = (lead.in_lang(kernel::Lang::Zh), lead.in_lang(kernel::Lang::En));
            return Err(book.whole(
                &sheet.name,
                format!("前 {HEADING_ROWS_MAX} 行没有列标题“{zh}”"),
                format!("no heading {en:?} in the first {HEADING_ROWS_MAX} rows"),
            ));
        };
        let mut grid = Grid { book, place, heading_row, uses: Vec::new() };
        let width = sheet.rows.iter().map(Vec::len).max().unwrap_or(0);
        for column in 0..width {
            let cell = grid.at(heading_row, column);
            let text = plain(cell.text);
            let head = without_unit(&text);
            let found = known.iter().find(|word| word.is(&text));
            let found = found.or_else(|| known.iter().find(|word| head.is_some_and(|text| word.is(text))));
            let of = match found {
                Some(word) => Use::Known(word.key),
                None if text.is_empty() => Use::Blank,
                None if words::REMARK.is(&text) => Use::Remark,
                None => Use::Other,
            };
            if matches!(of, Use::Known(_)) && grid.uses.contains(&of) {
                return Err(book.error(
                    cell.at,
                    format!("列标题“{}”重复", cell.text),
                    format!("the heading {:?} is repeated", cell.text),
                ));
            }
            grid.uses.push(of);
        }
        Ok(grid)
    }

    fn sheet(&self) -> Option<&'s Sheet> {
        self.book.sheets.get(self.place)
    }

    fn at(&self, row: usize, column: usize) -> Cell<'s> {
        let cell = self.sheet().and_then(|sheet| sheet.rows.get(row)?.get(column));
        Cell { text: cell.map_or("", |text| text.trim()), at: Place { sheet: self.place, row, column } }
    }

    /// Headings that are not the sheet's own, with their columns.
    pub fn others(&self) -> impl Iterator<Item = Cell<'s>> + '_ {
        let columns = self.uses.iter().enumerate().filter(|(_, of)| **of == Use::Other);
        columns.map(|(column, _)| self.at(self.heading_row, column))
    }
    /// A complaint about a heading nobody knows.
    pub fn unknown(&self, heading: Cell<'_>) -> WorkbookError {
        self.book.error(
            heading.at,
            format!("不认识的列标题“{}”，请改名、删除，或把标题改为“备注”", heading.text),
            format!(
                "the heading {:?} is not known; rename it, remove it or call it \"remark\"",
                heading.text
            ),
        )
    }
    /// Refuses headings that are not the sheet's own.
    pub fn no_others(&self) -> Read<()> {
        match self.others().next() {
            Some(heading) => Err(self.unknown(heading)),
            None => Ok(()),
        }
    }
    /// The rows below the headings that have something in them.
    pub fn rows(&self) -> Read<Vec<Row<'_, 's>>> {
        let last = self.sheet().map_or(0, |sheet| sheet.rows.len());
        let mut rows = Vec::new();
        for number in self.heading_row + 1..last {
            let row = Row { grid: self, number };
            let mut filled = false;
            for (column, of) in self.uses.iter().enumerate() {
                let cell = self.at(number, column);
                if cell.is_blank() || *of == Use::Remark {
                    continue;
                }
                if *of == Use::Blank {
                    return Err(self.book.error(
                        cell.at,
                        "该单元格没有列标题，请删除或补上标题",
                        "the cell has no heading above it; remove it or add the heading",
                    ));
                }
                filled = true;
            }
            if filled {
                rows.push(row);
            }
        }
        Ok(rows)
    }
    /// The rows by the code in their column `key`; a blank code means the code of the row above.
    pub fn groups(&self, key: &'static Word) -> Read<Vec<Group<'_, 's>>> {
        let mut groups: Vec<Group<'_, 's>> = Vec::new();
        let mut current: Option<usize> = None;
        for row in self.rows()? {
            let code = row.cell(key);
            if code.is_blank() {
                let above = current.and_then(|place| groups.get_mut(place));
                above.ok_or_else(|| row.missing(key))?.rows.push(row);
                continue;
            }
            let place = match groups.iter().position(|group| group.code.text == code.text) {
                Some(place) => place,
                None => {
                    groups.push(Group { code, rows: Vec::new() });
                    groups.len() - 1
                }
            };
            if let Some(group) = groups.get_mut(place) {
                group.rows.push(row);
            }
            current = Some(place);
        }
        Ok(groups)
    }
    /// The pairs of a sheet of items and values. Items without a value are left out.
    pub fn pairs(&self, known: &'static [Word]) -> Read<BTreeMap<&'static str, Cell<'s>>> {
        self.no_others()?;
        let mut pairs = BTreeMap::new();
        for row in self.rows()? {
            let item = row.need(&words::ITEM)?;
            let text = plain(item.text);
            let head = without_unit(&text);
            let found = known.iter().find(|word| word.is(&text) || head.is_some_and(|head| word.is(head)));
            let Some(word) = found else {
                return Err(self.book.error(
                    item.at,
                    format!("不认识的项目“{}”", item.text),
                    format!("the item {:?} is not known", item.text),
                ));
            };
            let value = row.cell(&words::VALUE);
            if !value.is_blank() && pairs.insert(word.key, value).is_some() {
                return Err(self.book.error(
                    item.at,
                    format!("项目“{}”重复", item.text),
                    format!("the item {:?} is repeated", item.text),
                ));
            }
        }
        Ok(pairs)
    }
    /// The value of an item that must be there.
    pub fn needed(&self, pairs: &BTreeMap<&'static str, Cell<'s>>, item: &Word) -> Read<Cell<'s>> {
        pairs.get(item.key).copied().ok_or_else(|| {
            let name = self.sheet().map_or("", |sheet| sheet.name.as_str());
            self.book.whole(
                name,
                format!("缺少项目“{}”", item.in_lang(kernel::Lang::Zh)),
                format!("the item {:?} is missing", item.in_lang(kernel::Lang::En)),
            )
        })
    }
}

fn check_size(book: &Book<'_>, place: usize, sheet: &Sheet) -> Read<()> {
    if sheet.rows.len() > ROWS_MAX {
        return Err(book.whole(
            &sheet.name,
            format!("超过 {ROWS_MAX} 行"),
            format!("more than {ROWS_MAX} rows"),
        ));
    }
    for (row, cells) in sheet.rows.iter().enumerate() {
        if cells.len() > COLUMNS_MAX {
            let at = Place { sheet: place, row, column: COLUMNS_MAX };
            return Err(book.error(
                at,
                format!("超过 {COLUMNS_MAX} 列"),
                format!("more than {COLUMNS_MAX} columns"),
            ));
        }
        for (column, cell) in cells.iter().enumerate() {
            if cell.chars().nth(CELL_CHARS_MAX).is_some() {
                return Err(book.error(
                    Place { sheet: place, row, column },
                    format!("超过 {CELL_CHARS_MAX} 个字符"),
                    format!("longer than {CELL_CHARS_MAX} characters"),
                ));
            }
        }
    }
    Ok(())
}

/// One row under the headings.
#[derive(Clone, Copy)]
pub(super) struct Row<'g, 's> {
    grid: &'g Grid<'s>,
    number: usize,
}

impl<'s> Row<'_, 's> {
    fn column(&self, heading: &Word) -> Option<usize> {
        self.grid.uses.iter().position(|of| *of == Use::Known(heading.key))
    }
    /// The cell under a heading; blank where the sheet has no such heading.
    pub fn cell(&self, heading: &Word) -> Cell<'s> {
        match self.column(heading) {
            Some(column) => self.grid.at(self.number, column),
            None => Cell { text: "", at: Place { sheet: self.grid.place, row: self.number, column: 0 } },
        }
    }
    /// The cell under a heading when something is in it.
    pub fn filled(&self, heading: &Word) -> Option<Cell<'s>> {
        Some(self.cell(heading)).filter(|cell| !cell.is_blank())
    }
    /// The cell in the column of a heading that [`Grid::others`] named, when something is in it.
    pub fn under(&self, heading: Cell<'_>) -> Option<Cell<'s>> {
        Some(self.grid.at(self.number, heading.at.column)).filter(|cell| !cell.is_blank())
    }
    /// The cell under a heading, which must be filled.
    pub fn need(&self, heading: &Word) -> Read<Cell<'s>> {
        self.filled(heading).ok_or_else(|| self.missing(heading))
    }
    /// A complaint that a cell is blank.
    pub fn missing(&self, heading: &Word) -> WorkbookError {
        let (zh, en) = (heading.in_lang(kernel::Lang::Zh), heading.in_lang(kernel::Lang::En));
        if self.column(heading).is_none() {
            let at = Place { sheet: self.grid.place, row: self.grid.heading_row, column: 0 };
            let (zh, en) = (format!("缺少列标题“{zh}”"), format!("the heading {en:?} is missing"));
            return self.grid.book.error(at, zh, en);
        }
        self.grid.book.error(self.cell(heading).at, format!("请填写“{zh}”"), format!("fill in {en:?}"))
    }
}

/// The rows of one code.
pub(super) struct Group<'g, 's> {
    pub code: Cell<'s>,
    pub rows: Vec<Row<'g, 's>>,
}

impl<'s> Group<'_, 's> {
    /// What the rows say together under a heading: nothing that differs from the first.
    pub fn common(&self, heading: &Word) -> Read<Option<Cell<'s>>> {
        self.agreed(|row| row.filled(heading))
    }
    /// As [`Group::common`], under a heading that [`Grid::others`] named.
    pub fn common_under(&self, heading: Cell<'_>) -> Read<Option<Cell<'s>>> {
        self.agreed(|row| row.under(heading))
    }
    fn agreed(&self, of: impl Fn(&Row<'_, 's>) -> Option<Cell<'s>>) -> Read<Option<Cell<'s>>> {
        let mut said: Option<Cell<'s>> = None;
        for row in &self.rows {
            let Some(cell) = of(row) else { continue };
            match said {
                Some(first) if first.text != cell.text => {
                    return Err(row.grid.book.error(
                        cell.at,
                        format!("与第 {} 行的“{}”不一致", first.at.row + 1, first.text),
                        format!("differs from {:?} in row {}", first.text, first.at.row + 1),
                    ));
                }
                Some(_) => {}
                None => said = Some(cell),
            }
        }
        Ok(said)
    }
    /// As [`Group::common`], and it must be there.
    pub fn need(&self, heading: &Word) -> Read<Cell<'s>> {
        match (self.common(heading)?, self.rows.first()) {
            (Some(cell), _) => Ok(cell),
            (None, Some(row)) => Err(row.missing(heading)),
            (None, None) => Err(WorkbookError::default()),
        }
    }
}
