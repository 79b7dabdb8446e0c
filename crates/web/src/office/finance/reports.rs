//! The reports of a month: how far each station is, every report as a page that leads down to its bills, the workbook.

use std::collections::BTreeMap;

use billing::OfficeRules;
use billing::report::{self, Report, TITLES};
use documents::page;
use documents::sheet::{Cell as SheetCell, Kind as SheetKind, Workbook};
use kernel::{Bilingual as _, Money, Month, Quantity, Text};

use super::{month_of, unit_code, unit_of, units};
use crate::catalogue::{
    Block, Cell, Column, Download, Field, FileMade, Given, Grid, Kind, List, Look, Offer, Query, Refusal,
    Row, Rows, Sheet, Takes, Tone, Value, View,
};
use crate::frame::url;

pub(super) const READ: &str = "report.read";

const MONTH: Field = Field::maybe("month", Takes::Month);

/// How the stations' reports of a month stand (RPT-02, RPT-03).
pub const STATUS: List = List {
    name: "report_status",
    path: "/reports/stations",
    permission: READ,
    filters: &[MONTH],
    columns: STATUS_COLUMNS,
    rows: status,
    menu: true,
    acts: &["report.compile", "report.roll_up", "report.freeze"],
};

const STATUS_COLUMNS: &[Column] = &[
    Column::sorted("unit", Kind::Text),
    Column::summed("bills", Kind::Count),
    Column::summed("energy_kwh", Kind::Quantity(0)),
    Column::summed("receivable", Kind::Money),
    Column::sorted("due_on", Kind::Date),
    Column::sorted("confirmed_on", Kind::Date),
    Column::sorted("submitted_on", Kind::Date),
    Column::sorted("late_days", Kind::Count),
    Column::new("state", Kind::Word),
];

fn status(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, month, today) = (look.org_id(), month_of(look, query.given), look.today());
    let rules = OfficeRules::built_in()?;
    let found = report::statuses(look.tx, &rules, org_id, month, today)?;
    let mut rows = Vec::new();
    for one in found {
        let total = one.total;
        if !look.sees(READ, total.unit_id) {
            continue;
        }
        let code = unit_code(look, total.unit_id)?;
        let bills = bills_path(month, &[("unit", &code)]);
        let (word, tone) = match (one.submitted_on, one.confirmed_on) {
            (Some(_), _) => ("state.report.submitted", Tone::Good),
            (None, Some(_)) => ("state.report.confirmed", Tone::Good),
            (None, None) if one.late_days > 0 => ("state.report.late", Tone::Bad),
            (None, None) => ("state.report.compiled", Tone::Warn),
        };
        let mut offers = Vec::new();
        if one.confirmed_on.is_none() {
            let amount = total.amount;
            offers.push(Offer::new(
                "report.confirm",
                &[("month", &month), ("unit", &code), ("amount", &amount)],
            ));
            offers.push(Offer::new("report.consent_late", &[("month", &month), ("unit", &code)]));
        } else if one.submitted_on.is_none() {
            offers.push(Offer::new("report.submit", &[("month", &month), ("unit", &code)]));
        }
        let late = Cell::from(one.late_days);
        let cells = vec![
            Cell::from(look.unit_name(total.unit_id)?).to(bills.clone()),
            Cell::from(total.bills),
            Cell::from(total.energy_kwh),
            Cell::from(total.amount).to(bills),
            Cell::from(one.due_on),
            Cell::from(one.confirmed_on),
            Cell::from(one.submitted_on),
            if one.late_days > 0 { late.toned(Tone::Bad) } else { late },
            Cell::word(word).toned(tone),
        ];
        rows.push(Row { cells, offers });
    }
    let mut rows = Rows::of(STATUS_COLUMNS, rows, query, look.lang());
    let (zh, en) = if rows.total == 0 {
        (format!("{month} 应收报表尚未编制"), format!("the reports of {month} are not compiled yet"))
    } else {
        (format!("{month} 应收报表"), format!("reports of {month}"))
    };
    rows.note = Some(Text::new(zh, en));
    Ok(rows)
}

/// The issued bills that a total consists of.
fn bills_path(month: Month, filters: &[(&str, &str)]) -> String {
    let mut path = format!("/bills?month={month}&bill_state=issued");
    for (name, value) in filters {
        path.push_str(&format!("&{name}={}", url::encode(value)));
    }
    path
}

/// Every report there is of a month.
pub const REPORTS: List = List {
    name: "reports",
    path: "/reports",
    permission: READ,
    filters: &[MONTH],
    columns: REPORT_COLUMNS,
    rows: reports,
    menu: true,
    acts: &[],
};

const REPORT_COLUMNS: &[Column] = &[
    Column::sorted("report", Kind::Text),
    Column::new("code", Kind::Text),
    Column::new("excel", Kind::Text),
];

fn reports(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (month, lang) = (month_of(look, query.given), look.lang());
    let rows = TITLES.iter().map(|(code, zh, en)| {
        let title = Text::new(*zh, *en).text(lang);
        Row::from(vec![
            Cell::from(title).to(format!("/reports/{month}/{code}")),
            Cell::from(*code),
            Cell::from("xlsx").to(format!("/reports/{month}/{code}/file.xlsx")),
        ])
    });
    let mut rows = Rows::of(REPORT_COLUMNS, rows.collect(), query, lang);
    rows.note = Some(Text::new(
        format!("{month}；全部报表可一次导出：/reports/{month}/all/file.xlsx"),
        format!("{month}; all of them in one workbook: /reports/{month}/all/file.xlsx"),
    ));
    Ok(rows)
}

/// One report of a month (RPT-06).
pub const REPORT: View = View {
    name: "report",
    path: "/reports/{month}/{report}",
    permission: READ,
    params: &[
        Field::new("month", Takes::Month),
        Field::new("report", Takes::Text(60)),
        Field::maybe("unit", Takes::Option(units)),
    ],
    show,
    menu: false,
};

fn made(look: &mut Look<'_, '_>, given: &Given) -> Result<Report, Refusal> {
    let (org_id, month, today) = (look.org_id(), given.month("month")?, look.today());
    let code = given.text("report");
    let whole = look.caller.units_of(READ).is_none();
    let unit_id = match given.maybe_text("unit") {
        None if whole => None,
        _ => unit_of(look, READ, given).or_else(|refusal| {
            // Who acts at several units sees the rows of these; a report without units is shown for one at a time.
            if code == "sales_detail" { Err(refusal) } else { Ok(None) }
        })?,
    };
    let rules = OfficeRules::built_in()?;
    let found = report::one(look.tx, &rules, org_id, month, today, unit_id, code)?;
    let mut report = found.ok_or_else(|| Refusal::not_found("报表", "report", code))?;
    if !whole {
        // Figures of the whole organisation are for who sees the whole organisation.
        if report.unit_column().is_none() && unit_id.is_none_or(|_| code != "sales_detail") {
            return Err(Refusal::not_permitted(READ));
        }
        let seen = look.caller.units_of(READ).unwrap_or_default();
        report.keep_units(|unit_id| seen.contains(&unit_id));
    }
    Ok(report)
}

fn kind_of(kind: SheetKind) -> Kind {
    match kind {
        SheetKind::Text => Kind::Text,
        SheetKind::Integer => Kind::Count,
        SheetKind::Quantity(places) => Kind::Quantity(places),
        SheetKind::Money => Kind::Money,
        SheetKind::Price(places) => Kind::Price(places),
        SheetKind::Percent(places) => Kind::Percent(places),
        SheetKind::Date => Kind::Date,
        SheetKind::Month => Kind::Month,
    }
}

fn value_of(cell: &SheetCell) -> Value {
    match cell {
        SheetCell::Empty => Value::Empty,
        SheetCell::Text(text) => Value::Text(text.clone()),
        SheetCell::Integer(number) => Value::Count(*number),
        SheetCell::Quantity(quantity) => Value::Quantity(*quantity),
        SheetCell::Money(amount) => Value::Money(*amount),
        SheetCell::Price(price) => Value::Price(*price),
        SheetCell::Percent(rate) => Value::Rate(*rate),
        SheetCell::Date(date) => Value::Date(*date),
        SheetCell::Month(month) => Value::Month(*month),
    }
}

/// The sum of a column, as far as it has one.
pub(super) fn sum_of<'c>(cells: impl Iterator<Item = &'c SheetCell>) -> Result<Value, Refusal> {
    let (mut count, mut money, mut quantity) = (0_i64, Money::ZERO, Quantity::ZERO);
    let mut kind = Value::Empty;
    for cell in cells {
        match cell {
            SheetCell::Integer(number) => {
                count = count.saturating_add(*number);
                kind = Value::Count(count);
            }
            SheetCell::Money(amount) => {
                money = money.plus(*amount)?;
                kind = Value::Money(money);
            }
            SheetCell::Quantity(energy) => {
                quantity = quantity.plus(*energy)?;
                kind = Value::Quantity(quantity);
            }
            _ => {}
        }
    }
    Ok(kind)
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (month, lang) = (given.month("month")?, look.lang());
    let report = made(look, given)?;
    let mut sheet = Sheet::new(format!("{} {month}", report.title.text(lang)));
    for note in &report.notes {
        sheet.push(Block::Note(Tone::Warn, note.clone()));
    }
    match report.code {
        "receivable_summary" => {
            sheet.offer("report.compile", &[("month", &month)]);
        }
        "marketing_against_finance" => {
            sheet.offer("report.note_difference", &[("month", &month)]);
        }
        _ => {}
    }
    let unit = given.text("unit").to_owned();
    let mut columns = Vec::with_capacity(report.columns.len());
    for (at, column) in report.columns.iter().enumerate() {
        let sum = if column.summed {
            sum_of(report.rows.iter().filter_map(|row| row.get(at)))?
        } else {
            Value::Empty
        };
        let kind = if is_key(column.title.zh.as_str()) { Kind::Text } else { kind_of(column.kind) };
        columns.push((column.title.clone(), kind, sum));
    }
    let mut links = Links::new(look, &report, month)?;
    let mut rows = Vec::with_capacity(report.rows.len());
    for row in &report.rows {
        rows.push(Row::from(links.row(look, row)?));
    }
    sheet.push(Block::Grid(Grid { name: "report", title: report.title.clone(), columns, rows }));
    let mut files = vec![(
        Text::new("Excel 文件", "Excel file"),
        format!("/reports/{month}/{}/file.xlsx?unit={}", report.code, url::encode(&unit)),
    )];
    files.push((
        Text::new("PDF 文件", "PDF file"),
        format!("/reports/{month}/{}/file.pdf?unit={}", report.code, url::encode(&unit)),
    ));
    sheet.push(Block::Files { name: "files", files });
    Ok(sheet)
}

/// Columns whose whole numbers are keys of the house and are shown by name.
fn is_key(zh: &str) -> bool {
    matches!(zh, "单位" | "抄本" | "凭证" | "甲方单位" | "乙方单位")
}

/// Where the cells of a report lead to.
struct Links {
    month: Month,
    titles: Vec<(String, bool)>,
    code: &'static str,
    unit_at: Option<usize>,
    components: BTreeMap<String, String>,
}

impl Links {
    fn new(look: &mut Look<'_, '_>, report: &Report, month: Month) -> Result<Links, Refusal> {
        let org_id = look.org_id();
        let named = ::ledger::component_names(look.tx, org_id)?;
        let keys =
            |column: &report::ReportColumn| (column.title.zh.clone(), column.kind == SheetKind::Integer);
        Ok(Links {
            month,
            titles: report.columns.iter().map(keys).collect(),
            code: report.code,
            unit_at: report.unit_column(),
            components: named.into_iter().map(|(_, code, name)| (name.zh, code)).collect(),
        })
    }

    fn row(&mut self, look: &mut Look<'_, '_>, row: &[SheetCell]) -> Result<Vec<Cell>, Refusal> {
        let month = self.month;
        let unit = match self.unit_at.and_then(|at| row.get(at)) {
            Some(SheetCell::Integer(unit_id)) => Some(unit_code(look, *unit_id)?),
            _ => None,
        };
        let mut cells = Vec::with_capacity(row.len());
        for (at, cell) in row.iter().enumerate() {
            let (title, integer) =
                self.titles.get(at).map_or(("", false), |(title, is)| (title.as_str(), *is));
            let plain = Cell::from(value_of(cell));
            cells.push(match (title, cell) {
                ("单位" | "甲方单位" | "乙方单位", SheetCell::Integer(unit_id)) => {
                    let name = Cell::from(look.unit_name(*unit_id)?);
                    match (&unit, self.of_bills()) {
                        (Some(code), true) => name.to(bills_path(month, &[("unit", code)])),
                        _ => name,
                    }
                }
                ("抄本", SheetCell::Integer(book_id)) if self.code == "receivable_voucher" && integer => {
                    match look.books()?.get(book_id) {
                        Some(book) => {
                            Cell::from(book.number.as_str()).to(bills_path(month, &[("book", &book.number)]))
                        }
                        None => plain,
                    }
                }
                ("凭证", SheetCell::Text(voucher)) if voucher.parse::<i64>().is_ok_and(|id| id > 0) => {
                    Cell::from(voucher.as_str()).to(format!("/ledger/vouchers/{voucher}"))
                }
                ("户号", SheetCell::Text(number)) if !number.is_empty() => {
                    Cell::from(number.as_str()).to(format!("/accounts/{}", url::encode(number)))
                }
                ("应收电费(元)" | "电费总额(元)" | "户次", _) if self.of_bills() => match &unit {
                    Some(code) => plain.to(bills_path(month, &[("unit", code)])),
                    None => plain,
                },
                ("总账(元)", _) => match (&unit, row.get(1)) {
                    (Some(code), Some(SheetCell::Text(name))) => plain.to(format!(
                        "/ledger/accounts/1122?month={month}&unit={}&component={}",
                        url::encode(code),
                        self.components.get(name).map_or("", String::as_str)
                    )),
                    _ => plain,
                },
                ("差额(元)", SheetCell::Money(amount)) if !amount.is_zero() => plain.toned(Tone::Bad),
                _ => plain,
            });
        }
        Ok(cells)
    }

    /// Are the report's totals sums of issued bills?
    fn of_bills(&self) -> bool {
        matches!(
            self.code,
            "receivable_summary" | "receivable_voucher" | "collection_statistics" | "station_reports"
        )
    }
}

/// A report, or all of them, as an Excel workbook.
pub const WORKBOOK: Download = Download {
    name: "report_workbook",
    path: "/reports/{month}/{report}/file.xlsx",
    permission: READ,
    params: &[
        Field::new("month", Takes::Month),
        Field::new("report", Takes::Text(60)),
        Field::maybe("unit", Takes::Option(units)),
    ],
    types: &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
    make: workbook,
};

fn unit_names(look: &mut Look<'_, '_>) -> Result<BTreeMap<i64, String>, Refusal> {
    let lang = look.lang();
    let named =
        |(id, unit): (&i64, &identity::Unit)| (*id, format!("{} {}", unit.code, unit.name.text(lang)));
    Ok(look.units()?.iter().map(named).collect())
}

fn workbook(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let (org_id, month, today, lang) = (look.org_id(), given.month("month")?, look.today(), look.lang());
    let issuer = look.house.org_name.text(lang);
    let (title, sheets) = if given.text("report") == "all" {
        if look.caller.units_of(READ).is_some() {
            return Err(Refusal::not_permitted(READ));
        }
        let rules = OfficeRules::built_in()?;
        let title = Text::new(format!("{month} 电费报表"), format!("Reports of {month}")).text(lang);
        (title, report::all(look.tx, &rules, org_id, month, today, lang)?)
    } else {
        let units = unit_names(look)?;
        let report = made(look, given)?.naming(&units);
        (format!("{} {month}", report.title.text(lang)), vec![report.sheet(lang)])
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    paper::xlsx(Workbook { lang, title: title.clone(), issuer, sheets }, &mut bytes)?;
    Ok(FileMade { name: format!("{title}.xlsx"), content_type: WORKBOOK.types[0], bytes: bytes.into_inner() })
}

/// A report on paper.
pub const PAPER: Download = Download {
    name: "report_paper",
    path: "/reports/{month}/{report}/file.pdf",
    permission: READ,
    params: WORKBOOK.params,
    types: &["application/pdf"],
    make: paper_of,
};

/// The most rows on paper.
const PAPER_ROWS_MAX: usize = 5_000;

fn paper_of(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let lang = look.lang();
    let units = unit_names(look)?;
    let report = made(look, given)?.naming(&units);
    let title = report.title.text(lang);
    let mut document = page::Document::new(lang, look.house.org_name.text(lang), title.clone());
    document.subtitle = report.period.clone();
    if report.columns.len() > 6 {
        document.orientation = page::Orientation::Landscape;
    }
    for note in &report.notes {
        document.push(page::Block::Paragraph(page::Paragraph { text: note.text(lang), quiet: true }));
    }
    let mut table = page::Table::new(report.columns.iter().map(|column| {
        let title = column.title.text(lang);
        if kind_of(column.kind).is_figure() {
            page::Column::figure(title, 2)
        } else {
            page::Column::text(title, 3)
        }
    }));
    let written = |at: usize, cell: &SheetCell| {
        let kind = report.columns.get(at).map_or(Kind::Text, |column| kind_of(column.kind));
        value_of(cell).written(kind, lang)
    };
    for row in report.rows.iter().take(PAPER_ROWS_MAX) {
        table.row(row.iter().enumerate().map(|(at, cell)| written(at, cell)));
    }
    if report.columns.iter().any(|column| column.summed) {
        let mut sums = Vec::with_capacity(report.columns.len());
        for (at, column) in report.columns.iter().enumerate() {
            let sum = if column.summed {
                sum_of(report.rows.iter().filter_map(|row| row.get(at)))?
            } else {
                Value::Empty
            };
            sums.push(sum.written(kind_of(column.kind), lang));
        }
        table.total(sums);
    }
    document.push(page::Block::Table(table));
    let bytes = paper::pdf(&document)?;
    let name = format!("{title} {}.pdf", report.period);
    Ok(FileMade { name, content_type: "application/pdf", bytes })
}
