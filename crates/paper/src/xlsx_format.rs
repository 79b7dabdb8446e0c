//! How cells of a workbook look, how wide columns are, and which names sheets may have.

use documents::sheet::{Column, Kind};
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

const FONT: &str = "Microsoft YaHei";

/// The formats of one sheet.
pub(crate) struct Formats {
    pub(crate) title: Format,
    pub(crate) subtitle: Format,
    header_text: Format,
    header_figure: Format,
    cells: Vec<Format>,
    totals: Vec<Format>,
}

impl Formats {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let base = || Format::new().set_font_name(FONT).set_font_size(10);
        let header = || {
            let ground = Color::RGB(0x00F2_F4F7);
            let format = base()
                .set_bold()
                .set_background_color(ground)
                .set_text_wrap()
                .set_align(FormatAlign::VerticalCenter);
            format.set_border_top(FormatBorder::Medium).set_border_bottom(FormatBorder::Thin)
        };
        let cell = |column: &Column| {
            let format = base().set_num_format(number_format(column.kind));
            if is_figure(column.kind) { format.set_align(FormatAlign::Right) } else { format }
        };
        let total = |format: Format| {
            format.set_bold().set_border_top(FormatBorder::Thin).set_border_bottom(FormatBorder::Medium)
        };
        Formats {
            title: base().set_bold().set_font_size(14),
            subtitle: base().set_font_color(Color::RGB(0x005B_636E)),
            header_text: header(),
            header_figure: header().set_align(FormatAlign::Right),
            cells: columns.iter().map(cell).collect(),
            totals: columns.iter().map(|column| total(cell(column))).collect(),
        }
    }

    pub(crate) fn header(&self, kind: Kind) -> &Format {
        if is_figure(kind) { &self.header_figure } else { &self.header_text }
    }

    pub(crate) fn cell(&self, column: usize, total: bool) -> &Format {
        if total { &self.totals[column] } else { &self.cells[column] }
    }
}

fn is_figure(kind: Kind) -> bool {
    !matches!(kind, Kind::Text | Kind::Date | Kind::Month)
}

/// Excel's number format of a kind.
pub(crate) fn number_format(kind: Kind) -> String {
    let decimals = |places: u8, most: u8| match places.min(most) {
        0 => String::new(),
        places => format!(".{}", "0".repeat(usize::from(places))),
    };
    match kind {
        Kind::Text => "@".into(),
        Kind::Integer => "#,##0".into(),
        Kind::Quantity(places) => format!("#,##0{}", decimals(places, 6)),
        Kind::Money => "#,##0.00".into(),
        Kind::Price(places) => format!("0{}", decimals(places, 12)),
        Kind::Percent(places) => format!("0{}%", decimals(places, 8)),
        Kind::Date => "yyyy-mm-dd".into(),
        Kind::Month => "yyyy-mm".into(),
    }
}

/// Column width in characters: as asked for (at most Excel's 255), or the kind's own.
pub(crate) fn width(column: &Column) -> u16 {
    let own = match column.kind {
        Kind::Text => 20,
        Kind::Integer => 10,
        Kind::Quantity(_) | Kind::Price(_) => 14,
        Kind::Money => 16,
        Kind::Percent(_) | Kind::Month => 10,
        Kind::Date => 12,
    };
    let title: usize = column.title.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    match column.width {
        0 => own.max(u16::try_from(title + 4).unwrap_or(u16::MAX).min(40)),
        width => width.min(255),
    }
}

/// A name Excel accepts: its forbidden signs as full-width ones, at most 31 UTF-16 units, not
/// empty, and different from all names in `taken` whatever their case.
pub(crate) fn sheet_name(wanted: &str, taken: &[String]) -> String {
    let clean: String = wanted
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .map(|c| match c {
            '[' => '［',
            ']' => '］',
            ':' => '：',
            '*' => '＊',
            '?' => '？',
            '/' => '／',
            '\\' => '＼',
            '\'' => '’',
            c => c,
        })
        .collect();
    let clean = match clean.trim() {
        "" => "Sheet",
        // Excel keeps this name for itself.
        name if name.eq_ignore_ascii_case("history") => "History_",
        name => name,
    };
    let same = |name: &str| taken.iter().any(|other| other.to_lowercase() == name.to_lowercase());
    let first = shorten(clean, 31);
    if !same(&first) {
        return first;
    }
    let numbered = (2_u32..).map(|n| {
        let suffix = format!(" ({n})");
        format!("{}{suffix}", shorten(clean, 31 - suffix.len()))
    });
    numbered.into_iter().find(|name| !same(name)).unwrap_or(first)
}

fn shorten(text: &str, units: usize) -> String {
    let mut left = units;
    let fits = |c: &char| {
        let fits = c.len_utf16() <= left;
        left = left.saturating_sub(c.len_utf16());
        fits
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_names_are_made_acceptable_and_unique() {
        let taken = ["应收明细".to_string(), "ABC".to_string()];
        assert_eq!(sheet_name("应收/实收", &taken), "应收／实收");
        assert_eq!(sheet_name("应收明细", &taken), "应收明细 (2)");
        assert_eq!(sheet_name("abc", &taken), "abc (2)");
        assert_eq!(sheet_name("'a'", &[]), "’a’");
        assert_eq!(sheet_name(" \n", &[]), "Sheet");
        assert_eq!(sheet_name("history", &[]), "History_");
        let long = sheet_name(&"电".repeat(40), &[]);
        assert_eq!(long.chars().count(), 31);
        assert_eq!(sheet_name(&"电".repeat(40), &[long]).chars().count(), 31);
        assert_eq!(sheet_name(&"𠮷".repeat(40), &[]).chars().count(), 15);
    }
}
