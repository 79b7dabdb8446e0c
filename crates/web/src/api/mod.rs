//! The interface for programs: the same lists, views and acts as JSON, and their description (OpenAPI 3.1).

use std::sync::OnceLock;

use kernel::{Bilingual as _, Lang};
use serde_json::{Map, Value as Json, json};

use crate::catalogue::{
    Act, Block, Catalogue, Cell, Column, Download, Field, Kind, List, Rows, Sheet, Takes, View, Why,
};
use crate::frame::url;
use crate::words;

/// A short fingerprint of an answer, for `ETag`.
pub fn digest(body: &Json) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(body.to_string().as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

fn cells_json(columns: &[Column], cells: &[Cell], lang: Lang) -> Map<String, Json> {
    columns.iter().zip(cells).map(|(column, cell)| (column.name.to_owned(), cell.value.json(lang))).collect()
}

/// Rows of a list; `next` is the cursor of those after them.
pub fn rows_json(list: &List, rows: &Rows, next: Option<String>, lang: Lang) -> Json {
    let items: Vec<Json> =
        rows.rows.iter().map(|row| Json::Object(cells_json(list.columns, &row.cells, lang))).collect();
    let sums: Map<String, Json> =
        rows.sums.iter().map(|(name, value)| ((*name).to_owned(), value.json(lang))).collect();
    json!({
        "items": items,
        "total": rows.total,
        "total_is_exact": !rows.more,
        "sums": sums,
        "note": rows.note.as_ref().map(|note| note.text(lang)),
        "next": next,
    })
}

/// A view: each block by its name.
pub fn sheet_json(sheet: &Sheet, lang: Lang) -> Json {
    let mut blocks = Map::new();
    let mut notes = Vec::new();
    for block in &sheet.blocks {
        match block {
            Block::Facts { name, facts } => {
                let facts: Map<String, Json> = facts
                    .iter()
                    .map(|(label, _, cell)| ((*label).to_owned(), cell.value.json(lang)))
                    .collect();
                blocks.insert((*name).to_owned(), Json::Object(facts));
            }
            Block::Table { name, columns, rows } => {
                let rows = rows.iter().map(|row| Json::Object(cells_json(columns, &row.cells, lang)));
                blocks.insert((*name).to_owned(), rows.collect());
            }
            Block::Grid(grid) => {
                let columns = grid.columns.iter().map(|(title, kind, sum)| {
                    json!({ "title": title.text(lang), "figure": kind.is_figure(), "sum": sum.json(lang) })
                });
                let columns: Vec<Json> = columns.collect();
                let row = |row: &crate::catalogue::Row| -> Json {
                    row.cells.iter().map(|cell| cell.value.json(lang)).collect()
                };
                let rows: Vec<Json> = grid.rows.iter().map(row).collect();
                let title = grid.title.text(lang);
                // Several grids of one name are told apart by their titles.
                let known = blocks.entry(grid.name.to_owned()).or_insert_with(|| Json::Array(Vec::new()));
                if let Json::Array(grids) = known {
                    grids.push(json!({ "title": title, "columns": columns, "rows": rows }));
                }
            }
            Block::Chart(chart) => {
                let series = chart.series.iter().map(|(title, values)| {
                    let values: Vec<Json> = values.iter().map(|value| value.json(lang)).collect();
                    json!({ "title": title.text(lang), "values": values })
                });
                let series: Vec<Json> = series.collect();
                blocks.insert(chart.name.to_owned(), json!({ "along": chart.along, "series": series }));
            }
            Block::Steps { name, steps } => {
                let steps = steps
                    .iter()
                    .map(|(what, how, result)| json!({ "what": what, "how": how, "result": result }));
                blocks.insert((*name).to_owned(), steps.collect());
            }
            Block::Timeline { name, events } => {
                let events = events.iter().map(|(at, who, what, note)| {
                    json!({ "at": at.to_string(), "who": who, "what": what.text(lang), "note": note })
                });
                blocks.insert((*name).to_owned(), events.collect());
            }
            Block::Progress { name, done, total } => {
                blocks.insert((*name).to_owned(), json!({ "done": done, "total": total }));
            }
            Block::Note(_, text) => notes.push(Json::String(text.text(lang))),
            Block::Files { name, files } => {
                let files =
                    files.iter().map(|(title, path)| json!({ "title": title.text(lang), "path": path }));
                blocks.insert((*name).to_owned(), files.collect());
            }
            Block::Raw { name, text } => {
                blocks.insert((*name).to_owned(), Json::String(text.clone()));
            }
        }
    }
    let badges: Vec<Json> = sheet.badges.iter().map(|cell| cell.value.json(lang)).collect();
    let acts: Vec<Json> = sheet
        .offers
        .iter()
        .map(|offer| {
            let given: Map<String, Json> = offer
                .given
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Json::from(value.as_str())))
                .collect();
            json!({ "act": offer.act, "given": given })
        })
        .collect();
    json!({
        "title": sheet.title, "badges": badges, "version": sheet.version, "blocks": blocks, "notes": notes,
        "acts": acts,
    })
}

/// The description of the interface of this program, as values and as a text: made once, since it never changes.
pub fn described(lang: Lang) -> &'static (Json, String) {
    static DESCRIBED: [OnceLock<(Json, String)>; 2] = [const { OnceLock::new() }; 2];
    DESCRIBED[usize::from(lang == Lang::En)].get_or_init(|| {
        let described = description(&Catalogue::built_in(), lang);
        let text = described.to_string();
        (described, text)
    })
}

/// The description of the interface, from the same catalogue that answers.
pub fn description(catalogue: &Catalogue, lang: Lang) -> Json {
    let mut paths: Map<String, Json> = Map::new();
    let mut put = |path: &str, method: &str, operation: Json| {
        let entry = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        entry[method] = operation;
    };
    for list in catalogue.lists() {
        put(list.path, "get", list_operation(list, lang));
    }
    for view in catalogue.views() {
        put(view.path, "get", view_operation(view, lang));
    }
    for download in catalogue.downloads() {
        put(download.path, "get", download_operation(download, lang));
    }
    for act in catalogue.acts() {
        put(act.path, "post", act_operation(act, lang));
    }
    let problem = json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" },
            "detail": { "type": "string" }, "instance": { "type": "string" },
            "permission": { "type": "string" },
            "errors": { "type": "array", "items": {
                "type": "object", "required": ["field", "detail"],
                "properties": { "field": { "type": "string" }, "detail": { "type": "string" } }
            } }
        }
    });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": words::say(lang, "api.title"),
            "description": words::say(lang, "api.description"),
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/api/v1" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": { "Problem": problem },
        },
    })
}

fn problems(whys: &[Why]) -> Map<String, Json> {
    let mut answers = Map::new();
    for why in whys {
        answers.insert(
            why.status().to_string(),
            json!({
                "description": why.code(),
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            }),
        );
    }
    answers
}

const OF_EVERY_READ: &[Why] = &[
    Why::Malformed,
    Why::NotLoggedIn,
    Why::NotPermitted,
    Why::NotFound,
    Why::Conflict,
    Why::Refused,
    Why::TooMany,
    Why::Busy,
];
const OF_EVERY_ACT: &[Why] = &[
    Why::Malformed,
    Why::NotLoggedIn,
    Why::NotPermitted,
    Why::NotFound,
    Why::Conflict,
    Why::Changed,
    Why::TooLarge,
    Why::Refused,
    Why::Stopped,
    Why::KeyMissing,
    Why::TooMany,
    Why::Busy,
];

fn parameters(path: &str, fields: &[Field], lang: Lang) -> Vec<Json> {
    let in_path = url::names(path);
    fields
        .iter()
        .map(|field| {
            let inside = in_path.contains(&field.name);
            json!({
                "name": field.name,
                "in": if inside { "path" } else { "query" },
                "required": inside || field.required,
                "description": words::say(lang, &format!("field.{}", field.name)),
                "schema": field_schema(field),
            })
        })
        .collect()
}

fn list_operation(list: &List, lang: Lang) -> Json {
    let mut parameters = parameters(list.path, list.filters, lang);
    let sorts: Vec<String> = list
        .columns
        .iter()
        .filter(|column| column.sorts)
        .flat_map(|column| [column.name.to_owned(), format!("-{}", column.name)])
        .collect();
    parameters.push(json!({ "name": "q", "in": "query", "schema": { "type": "string", "maxLength": 100 } }));
    if !sorts.is_empty() {
        parameters
            .push(json!({ "name": "sort", "in": "query", "schema": { "type": "string", "enum": sorts } }));
    }
    parameters.push(json!({
        "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 500 }
    }));
    parameters.push(json!({ "name": "cursor", "in": "query", "schema": { "type": "string" } }));
    let item: Map<String, Json> =
        list.columns.iter().map(|column| (column.name.to_owned(), kind_schema(column.kind))).collect();
    let mut answers = problems(OF_EVERY_READ);
    answers.insert(
        "200".into(),
        json!({
            "description": words::say(lang, &format!("list.{}", list.name)),
            "content": { "application/json": { "schema": {
                "type": "object",
                "required": ["items", "total", "total_is_exact", "sums", "note", "next"],
                "properties": {
                    "items": { "type": "array", "items": {
                        "type": "object", "properties": item,
                        "required": list.columns.iter().map(|column| column.name).collect::<Vec<_>>(),
                    } },
                    "total": { "type": "integer" },
                    "total_is_exact": { "type": "boolean" },
                    "sums": { "type": "object" },
                    "note": { "type": ["string", "null"] },
                    "next": { "type": ["string", "null"] },
                },
            } } },
        }),
    );
    json!({
        "operationId": format!("list.{}", list.name),
        "summary": words::say(lang, &format!("list.{}", list.name)),
        "tags": ["lists"],
        "x-permission": list.permission,
        "parameters": parameters,
        "responses": answers,
    })
}

fn view_operation(view: &View, lang: Lang) -> Json {
    let mut answers = problems(OF_EVERY_READ);
    answers.insert(
        "200".into(),
        json!({
            "description": words::say(lang, &format!("view.{}", view.name)),
            "headers": { "ETag": { "schema": { "type": "string" } } },
            "content": { "application/json": { "schema": {
                "type": "object",
                "required": ["title", "badges", "version", "blocks", "notes", "acts"],
                "properties": {
                    "title": { "type": "string" }, "badges": { "type": "array" },
                    "version": { "type": ["string", "null"] }, "blocks": { "type": "object" },
                    "notes": { "type": "array", "items": { "type": "string" } },
                    "acts": { "type": "array", "items": { "type": "object" } },
                },
            } } },
        }),
    );
    answers.insert("304".into(), json!({ "description": "not modified" }));
    json!({
        "operationId": format!("view.{}", view.name),
        "summary": words::say(lang, &format!("view.{}", view.name)),
        "tags": ["views"],
        "x-permission": view.permission,
        "parameters": parameters(view.path, view.params, lang),
        "responses": answers,
    })
}

fn download_operation(download: &Download, lang: Lang) -> Json {
    let mut answers = problems(OF_EVERY_READ);
    let content: Map<String, Json> = download
        .types
        .iter()
        .map(|content_type| {
            let schema = json!({ "schema": { "type": "string", "format": "binary" } });
            ((*content_type).to_owned(), schema)
        })
        .collect();
    answers.insert(
        "200".into(),
        json!({ "description": words::say(lang, &format!("download.{}", download.name)), "content": content }),
    );
    let mut operation = json!({
        "operationId": format!("download.{}", download.name),
        "summary": words::say(lang, &format!("download.{}", download.name)),
        "tags": ["files"],
        "x-permission": download.permission,
        "parameters": parameters(download.path, download.params, lang),
        "responses": answers,
    });
    if download.permission.is_empty() {
        // Anybody may fetch it, without a token.
        operation["security"] = json!([]);
    }
    operation
}

fn act_operation(act: &Act, lang: Lang) -> Json {
    let in_path = url::names(act.path);
    let (path_fields, body_fields): (Vec<Field>, Vec<Field>) =
        act.fields.iter().partition(|field| in_path.contains(&field.name));
    let mut parameters = parameters(act.path, &path_fields, lang);
    parameters.push(json!({
        "name": "Idempotency-Key", "in": "header", "required": true,
        "schema": { "type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$" },
    }));
    parameters.push(json!({ "name": "If-Match", "in": "header", "schema": { "type": "string" } }));
    let properties: Map<String, Json> = body_fields
        .iter()
        .map(|field| {
            let mut schema = field_schema(field);
            schema["description"] = Json::from(words::say(lang, &format!("field.{}", field.name)));
            (field.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> =
        body_fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut answers = problems(OF_EVERY_ACT);
    answers.insert(
        "200".into(),
        json!({
            "description": words::say(lang, &format!("act.{}", act.name)),
            "content": { "application/json": { "schema": {
                "type": "object",
                "required": ["said", "see", "facts"],
                "properties": {
                    "said": { "type": "string" }, "see": { "type": ["string", "null"] },
                    "facts": { "type": "object" },
                },
            } } },
        }),
    );
    json!({
        "operationId": act.name,
        "summary": words::say(lang, &format!("act.{}", act.name)),
        "tags": ["acts"],
        "x-permission": act.permission,
        "parameters": parameters,
        "requestBody": { "required": !required.is_empty(), "content": { "application/json": { "schema": {
            "type": "object", "additionalProperties": false, "properties": properties, "required": required,
        } } } },
        "responses": answers,
    })
}

fn kind_schema(kind: Kind) -> Json {
    match kind {
        Kind::Text | Kind::Word | Kind::Moment => json!({ "type": ["string", "null"] }),
        Kind::Count => json!({ "type": ["integer", "string", "null"] }),
        Kind::Money | Kind::Quantity(_) | Kind::Price(_) | Kind::Percent(_) => {
            json!({ "type": ["string", "null"] })
        }
        Kind::Date => json!({ "type": ["string", "null"] }),
        Kind::Month => json!({ "type": ["string", "null"] }),
        Kind::Flag => json!({ "type": ["boolean", "null"] }),
    }
}

fn field_schema(field: &Field) -> Json {
    match field.takes {
        Takes::Text(most) | Takes::LongText(most) => {
            json!({ "type": "string", "minLength": i64::from(field.required), "maxLength": most })
        }
        Takes::Money => json!({ "type": "string", "pattern": "^-?[0-9]{1,12}(\\.[0-9]{1,2})?$" }),
        Takes::Quantity => json!({ "type": "string", "pattern": "^-?[0-9]{1,11}(\\.[0-9]{1,6})?$" }),
        Takes::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Takes::Id => json!({ "type": "string", "pattern": "^[0-9]{1,18}$" }),
        Takes::Date => json!({ "type": "string", "format": "date" }),
        Takes::Month => json!({ "type": "string", "pattern": "^[12][0-9]{3}-(0[1-9]|1[0-2])$" }),
        Takes::Flag => json!({ "type": "boolean" }),
        Takes::Choice(codes) => json!({ "type": "string", "enum": codes }),
        Takes::Option(_) => json!({ "type": "string", "maxLength": 100 }),
        Takes::File(..) => json!({
            "type": "object", "required": ["name", "content"], "additionalProperties": false,
            "properties": {
                "name": { "type": "string", "maxLength": 200 },
                "content": { "type": "string", "contentEncoding": "base64" },
            },
        }),
        Takes::Secret => json!({ "type": "string", "minLength": 1, "maxLength": 1000 }),
    }
}
