//! Lists and sheets as files: Excel, and PDF with Chinese type on any machine.

use documents::page;
use documents::sheet::{self, Workbook};
use kernel::{Bilingual as _, Lang, Moment};

use super::answer::Answer;
use crate::catalogue::{Block, Column, House, Kind, List, Refusal, Row, Rows, Sheet, Value};
use crate::words;

/// The most rows of an Excel file; a sheet holds 1,048,576.
pub const SHEET_ROWS_MAX: usize = 1_000_000;
/// The most rows on paper: some hundred pages.
pub const PAPER_ROWS_MAX: usize = 5_000;

fn title(name: &str, lang: Lang) -> String {
    words::say(lang, &format!("list.{name}"))
}

fn sheet_kind(kind: Kind) -> sheet::Kind {
    match kind {
        Kind::Count => sheet::Kind::Integer,
        Kind::Money => sheet::Kind::Money,
        Kind::Quantity(places) => sheet::Kind::Quantity(places.min(6)),
        Kind::Price(places) => sheet::Kind::Price(places.min(12)),
        Kind::Percent(places) => sheet::Kind::Percent(places.min(8)),
        Kind::Date => sheet::Kind::Date,
        Kind::Month => sheet::Kind::Month,
        Kind::Text | Kind::Word | Kind::Moment | Kind::Flag => sheet::Kind::Text,
    }
}

/// A list as an Excel file.
pub fn list_xlsx(
    house: &House,
    list: &List,
    rows: &Rows,
    lang: Lang,
    now: Moment,
) -> Result<Answer, Refusal> {
    let columns = list
        .columns
        .iter()
        .map(|column| {
            let made = sheet::Column::new(
                words::say(lang, &format!("column.{}", column.name)),
                sheet_kind(column.kind),
            );
            if column.summed { made.summed() } else { made }
        })
        .collect();
    let total = list.columns.iter().any(|column| column.summed);
    let cells =
        rows.rows.iter().map(|row| row.cells.iter().map(|cell| cell.value.sheet_cell(lang)).collect());
    let cells: Vec<Vec<sheet::Cell>> = cells.collect();
    let name = title(list.name, lang);
    let mut made = sheet::Sheet::from_rows(name.clone(), columns, cells).titled(name.clone());
    if total {
        made = made.with_total();
    }
    let book = Workbook { lang, title: name.clone(), issuer: house.org_name.text(lang), sheets: vec![made] };
    let mut bytes = std::io::Cursor::new(Vec::new());
    paper::xlsx(book, &mut bytes)?;
    Ok(Answer::file(
        &format!("{name}-{}.xlsx", now.date()),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        bytes.into_inner(),
    ))
}

/// A list on paper.
pub fn list_pdf(house: &House, list: &List, rows: &Rows, lang: Lang, now: Moment) -> Result<Answer, Refusal> {
    let name = title(list.name, lang);
    let mut paper = page::Document::new(lang, house.org_name.text(lang), name.clone());
    paper.subtitle = now.to_string();
    paper.orientation = page::Orientation::Landscape;
    let mut table = table(list.columns, &rows.rows, lang);
    if !rows.sums.is_empty() {
        let mut cells: Vec<String> = list
            .columns
            .iter()
            .map(|column| {
                let found = rows.sums.iter().find(|(name, _)| *name == column.name);
                found.map_or_else(String::new, |(_, value)| value.written(column.kind, lang))
            })
            .collect();
        if let Some(first) = cells.first_mut().filter(|first| first.is_empty()) {
            *first = words::say(lang, "frame.sum");
        }
        table.total(cells);
    }
    paper.push(page::Block::Table(table));
    pdf(&paper, &format!("{name}-{}.pdf", now.date()))
}

/// A sheet on paper.
pub fn sheet_pdf(house: &House, sheet: &Sheet, lang: Lang) -> Result<Answer, Refusal> {
    let mut paper = page::Document::new(lang, house.org_name.text(lang), sheet.title.clone());
    let say = |name: &str| words::say(lang, &format!("block.{name}"));
    for block in &sheet.blocks {
        match block {
            Block::Facts { name, facts } => {
                paper.push(page::Block::Heading(say(name)));
                let pairs = facts.iter().map(|(label, kind, cell)| {
                    (words::say(lang, &format!("column.{label}")), cell.value.written(*kind, lang))
                });
                paper.push(page::Block::Facts(page::Facts::new(2, pairs)));
            }
            Block::Table { name, columns, rows } => {
                paper.push(page::Block::Heading(say(name)));
                paper.push(page::Block::Table(table(columns, rows, lang)));
            }
            Block::Grid(grid) => {
                paper.push(page::Block::Heading(grid.title.text(lang)));
                let titles = grid.columns.iter().map(|(title, kind, _)| {
                    let title = title.text(lang);
                    if kind.is_figure() {
                        page::Column::figure(title, 2)
                    } else {
                        page::Column::text(title, 3)
                    }
                });
                let mut table = page::Table::new(titles);
                for row in grid.rows.iter().take(PAPER_ROWS_MAX) {
                    let cells = row.cells.iter().zip(&grid.columns);
                    table.row(cells.map(|(cell, (_, kind, _))| cell.value.written(*kind, lang)));
                }
                if grid.columns.iter().any(|(_, _, sum)| *sum != Value::Empty) {
                    table.total(grid.columns.iter().map(|(_, kind, sum)| sum.written(*kind, lang)));
                }
                paper.push(page::Block::Table(table));
                if grid.columns.len() > 8 {
                    paper.orientation = page::Orientation::Landscape;
                }
            }
            Block::Chart(chart) => {
                paper.push(page::Block::Heading(words::say(lang, &format!("block.{}", chart.name))));
                let mut columns = vec![page::Column::text("", 2)];
                columns
                    .extend(chart.series.iter().map(|(title, _)| page::Column::figure(title.text(lang), 2)));
                let mut table = page::Table::new(columns);
                for (at, place) in chart.along.iter().enumerate() {
                    let values = chart.series.iter().map(|(_, values)| {
                        values
                            .get(at)
                            .map_or_else(String::new, |value: &Value| value.written(chart.kind, lang))
                    });
                    table.row(std::iter::once(place.clone()).chain(values));
                }
                paper.push(page::Block::Table(table));
            }
            Block::Steps { name, steps } => {
                let steps = steps.iter().map(|(label, how, amount)| page::Step {
                    label: label.clone(),
                    calculation: how.clone(),
                    amount: amount.clone(),
                    result: false,
                });
                paper.push(page::Block::Steps(page::Steps { caption: say(name), steps: steps.collect() }));
            }
            Block::Timeline { name, events } => {
                paper.push(page::Block::Heading(say(name)));
                let mut table = page::Table::new([
                    page::Column::text("", 3),
                    page::Column::text("", 2),
                    page::Column::text("", 3),
                    page::Column::text("", 4),
                ]);
                for (at, who, what, note) in events {
                    table.row([at.to_string(), who.clone(), what.text(lang), note.clone()]);
                }
                paper.push(page::Block::Table(table));
            }
            Block::Note(_, text) => {
                paper.push(page::Block::Paragraph(page::Paragraph { text: text.text(lang), quiet: true }));
            }
            Block::Raw { name, text } => {
                paper.push(page::Block::Heading(say(name)));
                paper.push(page::Block::Paragraph(page::Paragraph { text: text.clone(), quiet: true }));
            }
            Block::Files { .. } | Block::Progress { .. } => {}
        }
    }
    pdf(&paper, &format!("{}.pdf", sheet.title))
}

fn table(columns: &[Column], rows: &[Row], lang: Lang) -> page::Table {
    let mut table = page::Table::new(columns.iter().map(|column| {
        let title = words::say(lang, &format!("column.{}", column.name));
        if column.kind.is_figure() { page::Column::figure(title, 2) } else { page::Column::text(title, 3) }
    }));
    for row in rows {
        table.row(row.cells.iter().zip(columns).map(|(cell, column)| cell.value.written(column.kind, lang)));
    }
    table
}

fn pdf(paper: &page::Document, name: &str) -> Result<Answer, Refusal> {
    let bytes = paper::pdf(paper)?;
    let encoded = super::url::encode(name);
    Ok(Answer::bytes(200, "application/pdf", bytes)
        .with("content-disposition", format!("inline; filename*=UTF-8''{encoded}")))
}
