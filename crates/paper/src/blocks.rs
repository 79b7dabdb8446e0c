//! The parts of a document's body, except tables.

use documents::page::{Block, Document, Fact, Facts, KeyFigure, Paragraph, Party, Row, Steps, Table};

use kernel::Lang;

use crate::PaperError;
use crate::face::Face;
use crate::flow::{BODY, Flow, HAIRLINE, HEADING, Ink, LABEL, Laid, Mark, NOTE, Type};
use crate::units::{Length, pt};
use crate::{scan, table};

/// Space between blocks.
const GAP: Length = pt(9);

/// The whole document on its pages.
pub(crate) fn lay_out(face: &'static Face, document: &Document) -> Result<Laid, PaperError> {
    let mut flow = Flow::new(face, document);
    for (index, block) in document.blocks.iter().enumerate() {
        // A page to sign shows at least the end of what is signed.
        let after = match document.blocks.get(index + 1) {
            Some(Block::Signatures(parties)) => GAP + signatures_height(&mut flow, parties),
            _ => 0,
        };
        match block {
            Block::Heading(text) => heading(&mut flow, text)?,
            Block::Facts(block) => facts(&mut flow, block)?,
            Block::KeyFigures(figures) => key_figures(&mut flow, figures)?,
            Block::Table(block) => {
                table::check(block)?;
                table::lay_out(&mut flow, block, true, after)?;
                flow.space(GAP);
            }
            Block::Paragraph(block) => paragraph(&mut flow, block)?,
            Block::Steps(block) => steps(&mut flow, block, after)?,
            Block::Signatures(parties) => signatures(&mut flow, parties)?,
            Block::Scan(block) => scan::lay_out(&mut flow, block)?,
            Block::PageBreak if flow.is_fresh() => {}
            Block::PageBreak => flow.new_page()?,
        }
    }
    Ok(flow.finish())
}

fn heading(flow: &mut Flow, text: &str) -> Result<(), PaperError> {
    flow.space(pt(3));
    let lines = flow.wrap(text, HEADING.size, flow.width);
    // Never alone at the foot: room for the heading and the first rows of what follows.
    flow.need(HEADING.leading * lines.len() as Length + pt(48))?;
    for line in &lines {
        flow.need(HEADING.leading)?;
        flow.text(flow.left, flow.y, HEADING, line);
        flow.y += HEADING.leading;
    }
    flow.y += pt(2);
    Ok(())
}

fn paragraph(flow: &mut Flow, block: &Paragraph) -> Result<(), PaperError> {
    let kind = if block.quiet { NOTE } else { BODY };
    for line in flow.wrap(&block.text, kind.size, flow.width) {
        flow.need(kind.leading)?;
        flow.text(flow.left, flow.y, kind, &line);
        flow.y += kind.leading;
    }
    flow.space(pt(6));
    Ok(())
}

/// Pairs in columns between two hairlines; names of one column share a width.
fn facts(flow: &mut Flow, block: &Facts) -> Result<(), PaperError> {
    let columns = usize::from(block.columns.clamp(1, 4));
    let gutter = pt(14);
    let column_width = (flow.width - gutter * (columns as Length - 1)) / columns as Length;
    let pairs = widened(flow, block, columns, column_width);
    let name_widths = name_widths(flow, &pairs, columns, column_width);
    flow.rule(flow.y, HAIRLINE, Ink::Hair);
    flow.y += pt(3);
    for row in fact_rows(&pairs, columns) {
        let mut cells = Vec::new();
        for (column, fact) in row.iter().enumerate() {
            let name_width = name_widths[column];
            let whole = if fact.wide { flow.width } else { column_width };
            let name = flow.wrap(&fact.name, LABEL.size, name_width.max(pt(10)));
            let value = flow.wrap(&fact.value, BODY.size, (whole - name_width - pt(8)).max(pt(20)));
            cells.push((column, name_width, name, value));
        }
        let lines = cells.iter().map(|(_, _, name, value)| name.len().max(value.len())).max().unwrap_or(0);
        flow.need((BODY.leading * lines as Length).min(flow.fresh_room()))?;
        for line in 0..lines {
            flow.need(BODY.leading)?;
            for (column, name_width, name, value) in &cells {
                let x = flow.left + (column_width + gutter) * *column as Length;
                flow.text(x, flow.y, LABEL, name.get(line).map_or("", String::as_str));
                flow.text(x + name_width + pt(8), flow.y, BODY, value.get(line).map_or("", String::as_str));
            }
            flow.y += BODY.leading;
        }
    }
    flow.y += pt(3);
    flow.rule(flow.y, HAIRLINE, Ink::Hair);
    flow.y += GAP;
    Ok(())
}

/// The pairs, those too long for a column (more than two lines) given the whole width.
fn widened(flow: &mut Flow, block: &Facts, columns: usize, column_width: Length) -> Vec<Fact> {
    let widths = name_widths(flow, &block.pairs, columns, column_width);
    let most = widths.into_iter().max().unwrap_or(0);
    let room = (column_width - most - pt(8)).max(pt(20));
    let too_long = |flow: &mut Flow, fact: &Fact| flow.wrap(&fact.value, BODY.size, room).len() > 2;
    block.pairs.iter().map(|fact| Fact { wide: fact.wide || too_long(flow, fact), ..fact.clone() }).collect()
}

fn name_widths(flow: &mut Flow, pairs: &[Fact], columns: usize, column_width: Length) -> Vec<Length> {
    let mut widths = vec![0; columns];
    for row in fact_rows(pairs, columns) {
        for (column, fact) in row.iter().enumerate() {
            let name = flow.one_line(&fact.name);
            let width = flow.face.width(&name, LABEL.size).min(column_width * 2 / 5);
            widths[column] = widths[column].max(width);
        }
    }
    widths
}

/// The pairs as rows: up to `columns` narrow ones, or one wide.
fn fact_rows(pairs: &[Fact], columns: usize) -> Vec<Vec<&Fact>> {
    let mut rows: Vec<Vec<&Fact>> = Vec::new();
    for fact in pairs {
        match rows.last_mut() {
            Some(row) if !fact.wide && row.len() < columns && !row[0].wide => row.push(fact),
            _ => rows.push(vec![fact]),
        }
    }
    rows
}

/// A band of few large figures.
fn key_figures(flow: &mut Flow, figures: &[KeyFigure]) -> Result<(), PaperError> {
    for band in figures.chunks(4) {
        let width = flow.width / band.len() as Length;
        let height = pt(42);
        flow.need(height)?;
        let top = flow.y;
        flow.draw(Mark::Ground { x: flow.left, y: top, width: flow.width, height, ink: Ink::Tint });
        for (index, figure) in band.iter().enumerate() {
            let x = flow.left + width * index as Length + pt(10);
            let inner = width - pt(20);
            let name = flow.wrap(&figure.name, LABEL.size, inner);
            flow.text(
                x,
                top + pt(5),
                Type { leading: 12_000, ..LABEL },
                name.first().map_or("", String::as_str),
            );
            let value = flow.one_line(&figure.value);
            let ink = if figure.main { Ink::Accent } else { Ink::Black };
            // A figure is never broken: it gets smaller until it fits.
            let mut size = if figure.main { 16_000 } else { 13_000 };
            while size > 4_000 && flow.face.width(&value, size) > inner {
                size -= 500;
            }
            let value = crate::lines::break_lines(flow.face, &value, size, inner);
            let kind = Type { size, leading: 22_000, bold: figure.main, ink };
            flow.text(x, top + pt(16), kind, value.first().map_or("", String::as_str));
        }
        flow.y += height;
    }
    flow.space(GAP);
    Ok(())
}

/// Steps stand as a table without header: what, how, result.
fn steps(flow: &mut Flow, block: &Steps, after: Length) -> Result<(), PaperError> {
    use documents::page::Column;
    let mut table = Table::new([Column::text("", 24), Column::text("", 58), Column::figure("", 18)]);
    table.caption = block.caption.clone();
    table.rows = Vec::with_capacity(block.steps.len());
    for step in &block.steps {
        let cells = vec![step.label.clone(), step.calculation.clone(), step.amount.clone()];
        table.rows.push(if step.result { Row::Total(cells) } else { Row::Cells(cells) });
    }
    table::lay_out(flow, &table, false, after)?;
    flow.space(GAP);
    Ok(())
}

/// Height of a line to sign on.
const SIGNING_LINE: Length = pt(22);
/// Space between the two parties side by side.
const SIGNING_GUTTER: Length = pt(30);
/// Lines a party's name may take, and lines it may have to fill in.
const NAME_LINES_MAX: usize = 8;
const SIGNING_LINES_MAX: usize = 20;

/// The parties side by side, two in a row, with lines to sign on.
fn signatures(flow: &mut Flow, parties: &[Party]) -> Result<(), PaperError> {
    flow.space(pt(6));
    let width = signing_width(flow);
    for pair in parties.chunks(2) {
        let height = pair_height(flow, pair);
        flow.need(height.min(flow.fresh_room()))?;
        let top = flow.y;
        for (index, party) in pair.iter().enumerate() {
            let x = flow.left + (width + SIGNING_GUTTER) * index as Length;
            let mut y = top;
            for line in party_name(flow, party) {
                flow.text(x, y, Type { bold: true, ..BODY }, &line);
                y += BODY.leading;
            }
            for label in party.lines.iter().take(SIGNING_LINES_MAX) {
                let label = flow.wrap(label, LABEL.size, width / 2);
                let label = label.first().map_or("", String::as_str);
                let label_width = flow.face.width(label, LABEL.size);
                flow.text(x, y + pt(6), LABEL, label);
                let start = label_width + pt(6);
                let (y_line, weight) = (y + pt(19), HAIRLINE);
                flow.draw(Mark::Rule {
                    x: x + start,
                    y: y_line,
                    width: width - start,
                    weight,
                    ink: Ink::Quiet,
                });
                y += SIGNING_LINE;
            }
        }
        flow.y = top + height + pt(8);
    }
    Ok(())
}

fn signing_width(flow: &Flow) -> Length {
    (flow.width - SIGNING_GUTTER) / 2
}

fn party_name(flow: &mut Flow, party: &Party) -> Vec<String> {
    let between = match (party.role.is_empty() || party.name.is_empty(), flow.lang()) {
        (true, _) => "",
        (_, Lang::Zh) => "：",
        (_, Lang::En) => ": ",
    };
    let name = format!("{}{between}{}", party.role, party.name);
    let mut lines = flow.wrap(&name, BODY.size, signing_width(flow));
    lines.truncate(NAME_LINES_MAX);
    lines
}

fn pair_height(flow: &mut Flow, pair: &[Party]) -> Length {
    let height = |party: &Party| {
        let lines = party.lines.len().min(SIGNING_LINES_MAX) as Length;
        BODY.leading * party_name(flow, party).len() as Length + SIGNING_LINE * lines
    };
    pair.iter().map(height).max().unwrap_or(0) + pt(2)
}

fn signatures_height(flow: &mut Flow, parties: &[Party]) -> Length {
    parties.chunks(2).map(|pair| pair_height(flow, pair) + pt(8)).sum()
}
