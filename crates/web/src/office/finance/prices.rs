//! The price tables the organisation bills by, each as tables with its source, and loading a new one.

use billing::price_file::{self, FILE_BYTES_MAX};
use identity::Work;
use kernel::{Bilingual as _, Date, Price, Text};
use tariff::table::{PriceTable, SHIPPED};

use crate::catalogue::{
    Act, Block, Cell, Column, Done, Download, Field, FileMade, Given, Grid, House, Kind, List, Look, Query,
    Refusal, Row, Rows, Run, Sheet, Takes, Tone, Value, View, Weight,
};

pub(super) const READ: &str = "billing.read";

/// Price tables that were loaded, the latest in force first.
pub const TABLES: List = List {
    name: "price_tables",
    path: "/prices",
    permission: READ,
    filters: &[],
    columns: COLUMNS,
    rows: tables,
    menu: true,
    acts: &["price.load"],
};

const COLUMNS: &[Column] = &[
    Column::sorted("price_table", Kind::Text),
    Column::sorted("table_version", Kind::Count),
    Column::new("title", Kind::Text),
    Column::sorted("region", Kind::Text),
    Column::sorted("from", Kind::Date),
    Column::sorted("to", Kind::Date),
    Column::new("state", Kind::Word),
    Column::new("loaded_by", Kind::Text),
    Column::sorted("loaded_at", Kind::Moment),
];

/// What stands at the head of a table's file.
#[derive(serde::Deserialize)]
struct Head {
    region: String,
    name: Text,
    #[serde(default)]
    to: Option<toml::Value>,
}

struct Known {
    code: String,
    version: i64,
    title: Text,
    region: String,
    from: Date,
    to: Option<Date>,
    loaded_by: i64,
    loaded_at: kernel::Moment,
}

fn known(look: &mut Look<'_, '_>) -> Result<Vec<Known>, Refusal> {
    let org_id = look.org_id();
    let mut found = Vec::new();
    for table in billing::price_tables(look.tx, org_id)? {
        let text =
            billing::price_table_text(look.tx, org_id, &table.code, table.version)?.unwrap_or_default();
        let head: Option<Head> = toml::from_str(&text).ok();
        let to = head.as_ref().and_then(|head| head.to.as_ref()).map(|day| day.to_string().replace('"', ""));
        let (title, region) = head.map_or_else(
            || (Text::new(table.code.clone(), table.code.clone()), String::new()),
            |head| (head.name, head.region),
        );
        found.push(Known {
            to: to.and_then(|day| day.parse().ok()),
            title,
            region,
            code: table.code,
            version: table.version,
            from: table.from,
            loaded_by: table.loaded_by,
            loaded_at: table.loaded_at,
        });
    }
    // The table that begins later in a region takes the place of the one before it.
    found.sort_by(|one, two| (two.from, &two.code, two.version).cmp(&(one.from, &one.code, one.version)));
    Ok(found)
}

/// In force, to come, or past on `day`.
fn standing(tables: &[Known], at: usize, day: Date) -> Cell {
    let Some(table) = tables.get(at) else { return Cell::default() };
    let later = tables.iter().take(at).any(|other| other.region == table.region && other.from <= day);
    if table.from > day {
        Cell::word("state.price.to_come").toned(Tone::Warn)
    } else if table.to.is_some_and(|to| to <= day) || later {
        Cell::word("state.price.past").toned(Tone::Quiet)
    } else {
        Cell::word("state.price.in_force").toned(Tone::Good)
    }
}

fn row(look: &mut Look<'_, '_>, tables: &[Known], at: usize) -> Result<Row, Refusal> {
    let today = look.today();
    let Some(table) = tables.get(at) else { return Ok(Row::default()) };
    let code = table.code.as_str();
    Ok(Row::from(vec![
        Cell::from(code).to(format!("/prices/{}/{}", crate::frame::url::encode(code), table.version)),
        Cell::from(table.version),
        Cell::from(table.title.clone()),
        Cell::from(table.region.as_str()),
        Cell::from(table.from),
        Cell::from(table.to),
        standing(tables, at, today),
        Cell::from(look.person_name(table.loaded_by)?),
        Cell::from(table.loaded_at),
    ]))
}

fn tables(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let tables = known(look)?;
    let rows = (0..tables.len()).map(|at| row(look, &tables, at)).collect::<Result<Vec<Row>, Refusal>>()?;
    Ok(Rows::of(COLUMNS, rows, query, look.lang()))
}

const PARAMS: &[Field] =
    &[Field::new("price_table", Takes::Text(60)), Field::new("table_version", Takes::Count(0, 1_000_000))];

/// One price table, sheet by sheet.
pub const TABLE: View = View {
    name: "price_table",
    path: "/prices/{price_table}/{table_version}",
    permission: READ,
    params: PARAMS,
    show,
    menu: false,
};

fn table(look: &mut Look<'_, '_>, given: &Given) -> Result<PriceTable, Refusal> {
    let (org_id, code) = (look.org_id(), given.text("price_table"));
    let version = given.number("table_version")?;
    let text = billing::price_table_text(look.tx, org_id, code, version)?;
    let text = text.ok_or_else(|| Refusal::not_found("电价表", "price table", code))?;
    Ok(PriceTable::parse(code, &text)?)
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let lang = look.lang();
    let made = table(look, given)?;
    let (code, version) = (made.id(), i64::from(made.version()));
    let mut sheet = Sheet::new(made.name().text(lang));
    let tables = known(look)?;
    if let Some(at) = tables.iter().position(|known| known.code == code && known.version == version) {
        let today = look.today();
        sheet.badges.push(standing(&tables, at, today));
    }
    let classes: Vec<String> = made.classes().map(|class| class.name.text(lang)).collect();
    let act = vault::Document { kind: "price_table".into(), number: format!("{code} {version}") };
    let org_id = look.org_id();
    let acts = vault::by_document(look.tx, org_id, &act, None, 20)?;
    sheet.push(Block::Facts {
        name: "price_table",
        facts: vec![
            ("price_table", Kind::Text, Cell::from(code)),
            ("table_version", Kind::Count, Cell::from(version)),
            ("region", Kind::Text, Cell::from(made.region())),
            ("from", Kind::Date, Cell::from(made.from())),
            ("to", Kind::Date, Cell::from(made.to())),
            ("classes", Kind::Text, Cell::from(classes.join("、"))),
            ("table_source", Kind::Text, Cell::from(made.source_note())),
        ],
    });
    for part in made.to_workbook(lang) {
        if let Some(grid) = grid(&part) {
            sheet.push(Block::Grid(grid));
        }
    }
    // The tables of the region, one after another: what was in force when.
    let mut rows = Vec::new();
    for at in 0..tables.len() {
        if tables.get(at).is_some_and(|known| known.region == made.region()) {
            rows.push(row(look, &tables, at)?);
        }
    }
    sheet.push(Block::Table { name: "price_history", columns: COLUMNS.to_vec(), rows });
    let rows = acts.acts.iter().map(crate::office::auditing::act_row).collect();
    sheet.push(Block::Table { name: "acts", columns: crate::office::auditing::ACT_COLUMNS.to_vec(), rows });
    let path = format!("/prices/{}/{version}", crate::frame::url::encode(code));
    sheet.push(Block::Files {
        name: "files",
        files: vec![
            (
                Text::new("工作簿（可作下一张电价表的底稿）", "Workbook, to start the next table from"),
                format!("{path}/file.xlsx"),
            ),
            (Text::new("原文（TOML）", "The text as loaded (TOML)"), format!("{path}/file.toml")),
        ],
    });
    Ok(sheet)
}

/// A sheet of the table's workbook: a line for people, the headings, the rows.
fn grid(part: &tariff::table::workbook::Sheet) -> Option<Grid> {
    let (headings, rows) = part.rows.get(1..)?.split_first()?;
    if rows.is_empty() {
        return None;
    }
    let same = |text: &String| Text::new(text.clone(), text.clone());
    let kinds: Vec<bool> = (0..headings.len())
        .map(|place| price_file::is_figures(rows.iter().filter_map(|row| row.get(place))))
        .collect();
    let columns = headings.iter().zip(&kinds).map(|(heading, figures)| {
        (same(heading), if *figures { Kind::Price(12) } else { Kind::Text }, Value::Empty)
    });
    let cell = |(text, figures): (&String, &bool)| match (figures, text.parse::<Price>()) {
        _ if text.is_empty() => Cell::default(),
        (true, Ok(price)) => Cell::from(price),
        _ => Cell::from(text.as_str()),
    };
    Some(Grid {
        name: "price_sheet",
        title: same(&part.name),
        columns: columns.collect(),
        rows: rows
            .iter()
            .map(|row| Row::from(row.iter().zip(&kinds).map(cell).collect::<Vec<Cell>>()))
            .collect(),
    })
}

/// Loads a price table; the same table again changes nothing.
pub const LOAD: Act = Act {
    name: "price.load",
    path: "/prices",
    permission: "price.load",
    fields: &[
        Field::maybe("prices", Takes::File(FILE_BYTES_MAX, ".toml,.xlsx,.xls")),
        Field::maybe("shipped", Takes::Option(shipped)),
    ],
    run: Run::Command(load),
    weight: Weight::Signed,
    ..Act::PLAIN
};

/// The tables that come with the program.
pub(super) fn shipped(_: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    Ok(SHIPPED
        .iter()
        .map(|table| {
            let head: Option<Head> = toml::from_str(table.text).ok();
            let name = head.map_or_else(|| Text::new(table.id, table.id), |head| head.name);
            (table.id.to_owned(), name)
        })
        .collect())
}

/// The tables that were loaded here, of each the version in force last.
pub(super) fn in_house(look: &mut Look<'_, '_>) -> Result<Vec<PriceTable>, Refusal> {
    let org_id = look.org_id();
    let mut latest: std::collections::BTreeMap<String, i64> = std::collections::BTreeMap::new();
    for table in billing::price_tables(look.tx, org_id)? {
        let version = latest.entry(table.code).or_default();
        *version = (*version).max(table.version);
    }
    let mut found = Vec::with_capacity(latest.len());
    for (code, version) in latest {
        let text = billing::price_table_text(look.tx, org_id, &code, version)?.unwrap_or_default();
        found.push(PriceTable::parse(&code, &text)?);
    }
    Ok(found)
}

/// What a bill can be tried by: the tables that were loaded here, the latest in force first, then those that come with
/// the program and were not loaded.
pub(super) fn tables_to_try(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let mut own = in_house(look)?;
    own.sort_by(|one, two| (two.from(), two.id()).cmp(&(one.from(), one.id())));
    let mut tables: Vec<(String, Text)> =
        own.iter().map(|table| (table.id().to_owned(), table.name().clone())).collect();
    for (id, name) in shipped(look)? {
        if !own.iter().any(|table| table.id() == id) {
            let note = |lang| crate::words::say(lang, "page.try_bill.not_loaded");
            let (zh, en) = (note(kernel::Lang::Zh), note(kernel::Lang::En));
            tables.push((id, Text::new(format!("{}（{zh}）", name.zh), format!("{} ({en})", name.en))));
        }
    }
    Ok(tables)
}

/// The table that was given: a file, or one that comes with the program.
pub(super) fn given_table(given: &Given) -> Result<PriceTable, Refusal> {
    match (given.file("prices"), given.maybe_text("shipped")) {
        (Some(file), None) => Ok(price_file::read(&file.name, &file.bytes)?),
        (None, Some(id)) => match SHIPPED.iter().find(|table| table.id == id) {
            Some(table) => Ok(PriceTable::parse(table.id, table.text)?),
            None => Err(Refusal::not_found("内置电价表", "shipped table", id)),
        },
        _ => {
            let why =
                Text::new("请选择文件或内置电价表之一", "give a file or a table that comes with the program");
            Err(Refusal::fields(vec![("prices".to_owned(), why)]))
        }
    }
}

fn load(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let made = given_table(given)?;
    let table = billing::load_price_table(work, made.id(), made.toml())?;
    let (id, version, from) = (table.id(), table.version(), table.from());
    Ok(Done::said(
        format!("已装载 {id} 第 {version} 版，自 {from} 起：{}", table.name().zh),
        format!("loaded {id} version {version} from {from}: {}", table.name().en),
    )
    .see(format!("/prices/{}/{version}", crate::frame::url::encode(id)))
    .fact("price_table", id)
    .fact("version", version))
}

/// The table as a workbook.
pub const WORKBOOK: Download = Download {
    name: "price_workbook",
    path: "/prices/{price_table}/{table_version}/file.xlsx",
    permission: READ,
    params: PARAMS,
    types: &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
    make: workbook,
};

fn workbook(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let made = table(look, given)?;
    let sheets = made.to_workbook(look.lang());
    let mut bytes = std::io::Cursor::new(Vec::new());
    paper::xlsx(price_file::workbook(&made, &sheets, look.lang()), &mut bytes)?;
    let bytes = bytes.into_inner();
    let name = format!("{}-{}.xlsx", made.id(), made.version());
    Ok(FileMade { name, content_type: WORKBOOK.types[0], bytes })
}

/// The text of the table as it was loaded.
pub const TOML: Download = Download {
    name: "price_text",
    path: "/prices/{price_table}/{table_version}/file.toml",
    permission: READ,
    params: PARAMS,
    types: &["application/toml"],
    make: text,
};

fn text(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let made = table(look, given)?;
    let name = format!("{}-{}.toml", made.id(), made.version());
    Ok(FileMade { name, content_type: TOML.types[0], bytes: made.toml().as_bytes().to_vec() })
}
