//! Tables: column widths, wrapped cells, page breaks with the header repeated.

use documents::page::{Align, Column, Row, Table};

use crate::PaperError;
use crate::flow::{FULL_LINE, Flow, HAIRLINE, Ink, Mark, Type};
use crate::lines::widest_piece;
use crate::units::{Length, pt};

/// A table has at most this many columns; more cannot be read on A4.
const COLUMNS_MAX: usize = 40;
/// Space left and right of a cell's text.
const PAD: Length = pt(4);
/// Space over and under a row's text.
const ROW_PAD: Length = 2_200;
/// Type sizes tried, largest first, until every figure stands on one line.
const SIZES: [Length; 4] = [8_500, 7_500, 6_500, 5_500];

/// What kind of line a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Group,
    Subtotal,
    Total,
}

/// A row broken into lines: per cell its column, the columns it runs over, and its lines.
struct Wrapped {
    style: Style,
    cells: Vec<WrappedCell>,
    lines: usize,
}

struct WrappedCell {
    column: usize,
    lines: Vec<String>,
}

/// Where the columns stand and how large the type is.
struct Grid {
    size: Length,
    leading: Length,
    widths: Vec<Length>,
}

impl Grid {
    fn x(&self, column: usize) -> Length {
        self.widths[..column].iter().sum()
    }
    /// Where a cell's text may stand, from the table's left edge: texts keep off the figures before them.
    fn inside(&self, columns: &[Column], column: usize) -> (Length, Length) {
        let x = self.x(column);
        (x + left_pad(columns, column), x + self.widths[column] - PAD)
    }
    fn height(&self, row: &Wrapped) -> Length {
        self.leading * row.lines as Length + 2 * ROW_PAD
    }
}

/// Space left of a column's text; wider where texts follow figures.
fn left_pad(columns: &[Column], column: usize) -> Length {
    let after_figures = column > 0 && columns[column - 1].align == Align::Right;
    if after_figures && columns[column].align == Align::Left { 3 * PAD } else { PAD }
}

/// Refuses a table that has no columns, too many, or more cells than columns.
pub(crate) fn check(table: &Table) -> Result<(), PaperError> {
    let columns = table.columns.len();
    if columns == 0 || columns > COLUMNS_MAX {
        return Err(PaperError::Columns { table: table.caption.clone(), columns, most: COLUMNS_MAX });
    }
    for (index, row) in table.rows.iter().enumerate() {
        let cells = cells_of(row).len();
        if cells > columns {
            return Err(PaperError::Cells { table: table.caption.clone(), row: index + 1, cells, columns });
        }
    }
    Ok(())
}

/// Lays out `table`, its caption first; every row stands on some page, split between pages if it
/// is higher than one. The last rows stay with what follows if that needs `after` on the same page.
pub(crate) fn lay_out(flow: &mut Flow, table: &Table, header: bool, after: Length) -> Result<(), PaperError> {
    let grid = grid(flow, table);
    let head = header.then(|| wrap_header(flow, table, &grid));
    let rows: Vec<Wrapped> = table.rows.iter().map(|row| wrap_row(flow, table, row, &grid)).collect();
    let head_height = head.as_ref().map_or(0, |head| grid.height(head));
    // A header higher than half a page would leave no room for rows: it then stands once only.
    let repeat = table.repeat_header && head_height < flow.fresh_room() / 2;

    let caption = flow.one_line(&table.caption);
    let caption_height = if caption.is_empty() { 0 } else { CAPTION.leading + pt(2) };
    // The head never stands alone: it starts where the first rows that stay together have room too.
    let above = caption_height + head_height;
    let together_first = rows.first().map_or(0, |_| together(&rows, 0, &grid, after));
    let first = rows.first().map_or(0, |row| grid.height(row));
    let wanted = if above + together_first <= flow.fresh_room() { together_first } else { first };
    flow.need((above + wanted).min(flow.fresh_room()))?;
    if !caption.is_empty() {
        let lines = flow.wrap(&caption, CAPTION.size, flow.width);
        flow.text(flow.left, flow.y, CAPTION, lines.first().map_or("", String::as_str));
        flow.y += caption_height;
    }
    match &head {
        Some(head) => draw_header(flow, table, head, &grid)?,
        None => flow.rule(flow.y, HAIRLINE, Ink::Hair),
    }
    for (index, row) in rows.iter().enumerate() {
        let height = grid.height(row);
        let together = together(&rows, index, &grid, after);
        let wanted = if together <= flow.fresh_room() - head_height { together } else { height };
        if wanted > flow.room() && !flow.is_fresh() && height <= flow.fresh_room() - head_height {
            next_page(flow, table, head.as_ref().filter(|_| repeat), &grid)?;
        }
        draw_row(flow, table, row, &grid, head.as_ref().filter(|_| repeat))?;
    }
    if rows.last().is_none_or(|row| row.style != Style::Total) {
        flow.rule(
            flow.y,
            if header { FULL_LINE } else { HAIRLINE },
            if header { Ink::Black } else { Ink::Hair },
        );
    }
    Ok(())
}

const CAPTION: Type = Type { size: 9_500, leading: 14_000, bold: true, ink: Ink::Black };

/// The height row `index` wants on one page: a group's title keeps its first row with it, and the
/// last row before a sum keeps the sum, and the last rows of all keep what comes `after`.
fn together(rows: &[Wrapped], index: usize, grid: &Grid, after: Length) -> Length {
    let mut height = grid.height(&rows[index]);
    let mut last = rows[index].style;
    let mut kept = 1;
    for row in rows[index + 1..].iter().take(4) {
        let keeps = last == Style::Group || matches!(row.style, Style::Subtotal | Style::Total);
        if !keeps {
            break;
        }
        height += grid.height(row);
        last = row.style;
        kept += 1;
    }
    if index + kept == rows.len() { height + after } else { height }
}

fn next_page(flow: &mut Flow, table: &Table, head: Option<&Wrapped>, grid: &Grid) -> Result<(), PaperError> {
    flow.rule(flow.y, HAIRLINE, Ink::Hair);
    flow.new_page()?;
    match head {
        Some(head) => draw_header(flow, table, head, grid),
        None => Ok(()),
    }
}

fn draw_header(flow: &mut Flow, table: &Table, head: &Wrapped, grid: &Grid) -> Result<(), PaperError> {
    let height = grid.height(head);
    flow.draw(Mark::Ground { x: flow.left, y: flow.y, width: flow.width, height, ink: Ink::Tint });
    flow.rule(flow.y, FULL_LINE, Ink::Black);
    draw_lines(flow, table, head, grid, 0, head.lines);
    flow.rule(flow.y, HAIRLINE, Ink::Black);
    Ok(())
}

/// Draws a row here, and on following pages what does not fit.
fn draw_row(
    flow: &mut Flow,
    table: &Table,
    row: &Wrapped,
    grid: &Grid,
    head: Option<&Wrapped>,
) -> Result<(), PaperError> {
    let mut from = 0;
    while from < row.lines {
        let fits = ((flow.room() - 2 * ROW_PAD) / grid.leading).max(0) as usize;
        let to = row.lines.min(from + fits);
        if to == from {
            next_page(flow, table, head, grid)?;
            // A page offers room for at least one line beside a repeated header.
            let fits = ((flow.room() - 2 * ROW_PAD) / grid.leading).max(1) as usize;
            let to = row.lines.min(from + fits);
            ground(flow, row, grid, to - from, from == 0);
            draw_lines(flow, table, row, grid, from, to);
            from = to;
            continue;
        }
        ground(flow, row, grid, to - from, from == 0);
        draw_lines(flow, table, row, grid, from, to);
        from = to;
    }
    match row.style {
        Style::Total => flow.rule(flow.y, FULL_LINE, Ink::Black),
        _ => flow.rule(flow.y, HAIRLINE, Ink::Hair),
    }
    Ok(())
}

/// What lies under a row's text and over it.
fn ground(flow: &mut Flow, row: &Wrapped, grid: &Grid, lines: usize, first: bool) {
    let height = grid.leading * lines as Length + 2 * ROW_PAD;
    let (x, y, width) = (flow.left, flow.y, flow.width);
    match row.style {
        Style::Group => flow.draw(Mark::Ground { x, y, width, height, ink: Ink::Tint }),
        Style::Subtotal if first => flow.rule(y, HAIRLINE, Ink::Quiet),
        Style::Total if first => flow.rule(y, FULL_LINE, Ink::Black),
        _ => {}
    }
}

fn draw_lines(flow: &mut Flow, table: &Table, row: &Wrapped, grid: &Grid, from: usize, to: usize) {
    let top = flow.y + ROW_PAD;
    for cell in &row.cells {
        let column = &table.columns[cell.column];
        let align = if row.style == Style::Group { Align::Left } else { column.align };
        let (left, right) = grid.inside(&table.columns, cell.column);
        let (left, right) = (flow.left + left, flow.left + right);
        let bold = row.style != Style::Plain;
        let kind = Type { size: grid.size, leading: grid.leading, bold, ink: Ink::Black };
        for (line, text) in cell.lines.iter().enumerate().take(to).skip(from) {
            let y = top + grid.leading * (line - from) as Length;
            match align {
                Align::Left => flow.text(left, y, kind, text),
                Align::Right => flow.text_to(right, y, kind, text),
                Align::Center => {
                    let width = flow.face.width(text, kind.size);
                    flow.text(left + (right - left - width) / 2, y, kind, text);
                }
            }
        }
    }
    flow.y += grid.leading * (to - from) as Length + 2 * ROW_PAD;
}

fn cells_of(row: &Row) -> &[String] {
    match row {
        Row::Cells(cells) | Row::Subtotal(cells) | Row::Total(cells) => cells,
        Row::Group(title) => std::slice::from_ref(title),
    }
}

fn wrap_header(flow: &mut Flow, table: &Table, grid: &Grid) -> Wrapped {
    let mut cells = Vec::new();
    for (column, width) in grid.widths.iter().enumerate() {
        let lines = flow.wrap(
            &table.columns[column].title,
            grid.size,
            width - left_pad(&table.columns, column) - PAD,
        );
        cells.push(WrappedCell { column, lines });
    }
    let lines = cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(1);
    Wrapped { style: Style::Group, cells, lines }.aligned()
}

impl Wrapped {
    /// Header cells keep their column's alignment, unlike a group's title.
    fn aligned(mut self) -> Self {
        self.style = Style::Subtotal;
        self
    }
}

fn wrap_row(flow: &mut Flow, table: &Table, row: &Row, grid: &Grid) -> Wrapped {
    let style = match row {
        Row::Cells(_) => Style::Plain,
        Row::Group(_) => Style::Group,
        Row::Subtotal(_) => Style::Subtotal,
        Row::Total(_) => Style::Total,
    };
    let texts = cells_of(row);
    let mut cells = Vec::new();
    for (column, text) in texts.iter().enumerate() {
        if text.is_empty() {
            continue;
        }
        let width = match style {
            Style::Group => flow.width,
            Style::Plain => grid.widths[column],
            // A sum's name may run over the empty cells after it.
            _ if table.columns[column].align == Align::Left => {
                let empty = texts[column + 1..].iter().take_while(|text| text.is_empty()).count();
                grid.widths[column..=column + empty].iter().sum()
            }
            _ => grid.widths[column],
        };
        let width = width - left_pad(&table.columns, column) - PAD;
        cells.push(WrappedCell { column, lines: flow.wrap(text, grid.size, width) });
    }
    let lines = cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(1);
    Wrapped { style, cells, lines }
}

/// Column widths by weight, widened where a text or a figure would not fit on one line. When not
/// everything fits, texts wrap; when not even the figures fit, the type gets smaller.
fn grid(flow: &Flow, table: &Table) -> Grid {
    let columns = &table.columns;
    let pads: Vec<Length> = (0..columns.len()).map(|column| left_pad(columns, column) + PAD + 200).collect();
    let at = |least: &[Length], size: Length| -> Vec<Length> {
        least.iter().zip(&pads).map(|(width, pad)| width * size / 1000 + pad).collect()
    };
    let fits = |widths: &[Length]| widths.iter().sum::<Length>() <= flow.width;
    let fitting = |texts: Texts, sizes: &[Length]| {
        let least = least_widths(flow, table, texts);
        sizes.iter().map(|size| (*size, at(&least, *size))).find(|(_, widths)| fits(widths))
    };
    let (size, least) = fitting(Texts::Whole, &SIZES[..1])
        .or_else(|| fitting(Texts::Words, &SIZES))
        .or_else(|| fitting(Texts::Anyhow, &SIZES))
        .unwrap_or_else(|| {
            let smallest = SIZES[SIZES.len() - 1];
            (smallest, at(&least_widths(flow, table, Texts::Anyhow), smallest))
        });
    Grid { size, leading: size * 140 / 100, widths: share(flow.width, columns, &least) }
}

/// One em at a type size of one point.
const EM: Length = 1_000;

/// How much room texts ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Texts {
    /// One line, up to 24 em.
    Whole,
    /// No word broken, up to 12 em, and 7 em where there is so much text.
    Words,
    /// Whatever is left.
    Anyhow,
}

/// The width each column needs at a type size of 1 point: its longest figure or mark, and room
/// for its texts.
fn least_widths(flow: &Flow, table: &Table, texts: Texts) -> Vec<Length> {
    let word = |text: &str| widest_piece(flow.face, text, EM).min(12 * EM);
    let title = |column: &Column| match texts {
        Texts::Anyhow => 3 * EM,
        _ => word(&column.title).max(3 * EM),
    };
    let mut least: Vec<Length> = table.columns.iter().map(title).collect();
    for row in table.rows.iter().filter(|row| !matches!(row, Row::Group(_))) {
        for (column, text) in cells_of(row).iter().enumerate().take(least.len()) {
            // A sum's name runs over the cells after it, and what is this long is read, not added up.
            let is_text = table.columns[column].align == Align::Left;
            if text.len() > 400 || is_text && !matches!(row, Row::Cells(_)) {
                continue;
            }
            let whole = flow.face.width(text, EM);
            let wanted = match (is_text, texts) {
                (false, _) => whole.min(16 * EM),
                (true, Texts::Whole) => whole.min(24 * EM),
                (true, Texts::Words) => word(text).max(whole.min(7 * EM)),
                (true, Texts::Anyhow) => 0,
            };
            least[column] = least[column].max(wanted);
        }
    }
    least
}

/// Shares `total` by weight; a column below its least width takes from those above theirs.
fn share(total: Length, columns: &[Column], least: &[Length]) -> Vec<Length> {
    let weight = |column: &Column| Length::from(column.weight.max(1));
    let sum: Length = columns.iter().map(weight).sum();
    let mut widths: Vec<Length> = columns.iter().map(|column| total * weight(column) / sum).collect();
    let missing: Length = widths.iter().zip(least).map(|(w, l)| (l - w).max(0)).sum();
    let spare: Length = widths.iter().zip(least).map(|(w, l)| (w - l).max(0)).sum();
    if missing > 0 {
        for (width, least) in widths.iter_mut().zip(least) {
            if *width < *least {
                // When there is not enough to go round, everyone gets the same part of what is missing.
                *width += (least - *width) * missing.min(spare) / missing;
            } else if spare > 0 {
                *width -= (*width - least) * missing.min(spare) / spare;
            }
        }
    }
    // What integer division left over goes to the last column, so that the rules end flush.
    let rest = total - widths.iter().sum::<Length>();
    if let Some(last) = widths.last_mut() {
        *last += rest;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_sum_to_the_whole_and_figures_get_what_they_need() {
        let columns = [Column::text("a", 8), Column::figure("b", 1), Column::figure("c", 1)];
        let widths = share(100_000, &columns, &[10_000, 25_000, 5_000]);
        assert_eq!(widths.iter().sum::<Length>(), 100_000);
        assert!(widths[1] >= 24_990 && widths[2] >= 5_000, "{widths:?}");
        let crowded = share(100_000, &columns, &[90_000, 50_000, 50_000]);
        assert_eq!(crowded.iter().sum::<Length>(), 100_000);
        assert!(crowded.iter().all(|w| *w > 0), "{crowded:?}");
    }
}
