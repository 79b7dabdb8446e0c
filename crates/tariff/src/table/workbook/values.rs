//! Values of cells that need more than a look: figures, months, hours, factors.

use std::str::FromStr;

use kernel::{Bilingual, FigureError, Lang, Rate};

use super::grid::{Book, Cell, Read};
use super::toml_text::TomlText;
use super::words::{self, plain};
use crate::model::Period;

/// A cell with a figure of type `T`, unchanged.
pub(super) fn figure<'s, T: FromStr<Err = FigureError>>(book: &Book<'_>, cell: Cell<'s>) -> Read<Cell<'s>> {
    match cell.text.parse::<T>() {
        Ok(_) => Ok(cell),
        Err(error) => Err(book.error(cell.at, error.text(Lang::Zh), error.text(Lang::En))),
    }
}

/// The months of a cell such as `7、8` or `1 to 6, 9`, in the order written; `None` for the whole year (全年).
pub(super) fn months(book: &Book<'_>, cell: Cell<'_>) -> Read<Option<Vec<u8>>> {
    if ["全年", "all", "all-year"].contains(&plain(cell.text).as_str()) {
        return Ok(None);
    }
    let wrong = || {
        book.error(
            cell.at,
            format!(
                "“{}”不是月份，请写作 7、8 或 1至6、9至12（若被表格软件改成日期，请把单元格设为文本）",
                cell.text
            ),
            format!(
                "{:?} is not months such as \"7, 8\" or \"1 to 6, 9 to 12\" (make it a text cell if it was turned into a date)",
                cell.text
            ),
        )
    };
    let text = cell.text.replace('月', "").replace(" to ", "-");
    let text = text.replace(['至', '~', '～', '–', '—'], "-");
    let month = |text: &str| text.trim().parse::<u8>().ok().filter(|month| (1..=12).contains(month));
    let mut found = Vec::new();
    let separators = |c: char| c.is_whitespace() || ",，、;；".contains(c);
    for part in text.split(separators).filter(|part| !part.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = month(from).zip(month(to)).ok_or_else(wrong)?;
        let mut at = from;
        loop {
            if found.contains(&at) {
                let (zh, en) = (format!("月份 {at} 重复"), format!("month {at} is repeated"));
                return Err(book.error(cell.at, zh, en));
            }
            found.push(at);
            if at == to {
                break;
            }
            at = at % 12 + 1;
        }
    }
    if found.is_empty() { Err(wrong()) } else { Ok(Some(found)) }
}

/// Months for the TOML form.
pub(super) fn month_list(months: &[u8]) -> String {
    let all: Vec<String> = months.iter().map(u8::to_string).collect();
    format!("[{}]", all.join(", "))
}

/// Months as written in a cell: runs of three and more with a word between, so that nothing looks like a date.
pub(super) fn month_words(months: &[u8], lang: Lang) -> String {
    let (to, comma) = if lang == Lang::Zh { ("至", "、") } else { (" to ", ", ") };
    let mut parts = Vec::new();
    let mut rest = months;
    while let Some(first) = rest.first() {
        let run = rest.iter().zip(*first..).take_while(|(month, expected)| *month == expected).count();
        let length = if run >= 3 { run } else { 1 };
        let (head, tail) = rest.split_at(length);
        parts.push(match head {
            [from, .., last] => format!("{from}{to}{last}"),
            _ => first.to_string(),
        });
        rest = tail;
    }
    parts.join(comma)
}

/// A time of day as the TOML form has it: `08:00:00` as a spreadsheet gives it becomes `08:00`, and the 24 hours it
/// shows as its first day become `24:00`.
pub(super) fn clock(text: &str) -> String {
    if text == "1900-01-01" {
        return "24:00".to_owned();
    }
    let parts: Vec<&str> = text.split([':', '：']).collect();
    match parts.as_slice() {
        [hour, minute, "00"] | [hour, minute] => format!("{hour}:{minute}"),
        _ => text.to_owned(),
    }
}

/// A factor such as `1.49`, or `峰×1.2` on the factor of another period, in its TOML form.
pub(super) fn factor(book: &Book<'_>, toml: &mut TomlText, period: Period, cell: Cell<'_>) -> Read<()> {
    toml.at(cell.at).raw(period.key()).raw(" = ");
    let Some((of, times)) = cell.text.split_once(['×', '*']) else {
        toml.quoted(figure::<Rate>(book, cell)?.text);
        return Ok(());
    };
    let Some(base) = words::period_of(&plain(of)) else {
        return Err(book.error(
            cell.at,
            format!("“{of}”不是时段，请写作“峰×1.2”"),
            format!("{of:?} is not a period; write it like peak*1.2"),
        ));
    };
    let times = figure::<Rate>(book, Cell { text: times.trim(), ..cell })?;
    toml.raw("{ of = ").quoted(base.key()).raw(", times = ").quoted(times.text).raw(" }");
    Ok(())
}
