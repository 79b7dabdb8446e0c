//! The interface for programs as a page: every operation with its fields, permission and an example, drawn from the
//! same description that programs read.

use std::sync::OnceLock;

use kernel::{Bilingual as _, Lang};
use maud::{Markup, PreEscaped, html};
use serde_json::Value as Json;

use crate::catalogue::{Given, Look, Page, Refusal, Who};
use crate::words;

/// The page.
pub const API: Page =
    Page { name: "interface", path: "/api", who: Who::Staff, params: &[], draw, menu: true };

/// The groups, in the order in which they are read.
const TAGS: &[&str] = &["lists", "views", "acts", "files"];

fn text<'j>(json: &'j Json, name: &str) -> &'j str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn list<'j>(json: &'j Json, name: &str) -> &'j [Json] {
    json.get(name).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// One field as it is read: name, where it stands, what it takes, is it required, words.
struct Field {
    name: String,
    place: String,
    takes: String,
    required: bool,
    words: String,
}

/// What a schema takes, in short.
fn takes(schema: &Json) -> String {
    if let Some(choices) = schema.get("enum").and_then(Json::as_array) {
        return choices.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" | ");
    }
    let kind = match schema.get("type") {
        Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" | "),
        Some(Json::String(kind)) => kind.clone(),
        _ => String::new(),
    };
    let more = match (text(schema, "format"), text(schema, "pattern")) {
        ("", "") => String::new(),
        ("", pattern) => format!(" {pattern}"),
        (format, _) => format!(" ({format})"),
    };
    format!("{kind}{more}")
}

fn fields(operation: &Json) -> Vec<Field> {
    let mut found: Vec<Field> = list(operation, "parameters")
        .iter()
        .map(|parameter| Field {
            name: text(parameter, "name").to_owned(),
            place: text(parameter, "in").to_owned(),
            takes: parameter.get("schema").map(takes).unwrap_or_default(),
            required: parameter.get("required").and_then(Json::as_bool).unwrap_or(false),
            words: text(parameter, "description").to_owned(),
        })
        .collect();
    let schema = operation.pointer("/requestBody/content/application~1json/schema");
    if let Some(properties) = schema.and_then(|schema| schema.get("properties")).and_then(Json::as_object) {
        let required = schema.map(|schema| list(schema, "required")).unwrap_or_default();
        for (name, property) in properties {
            found.push(Field {
                name: name.clone(),
                place: "body".to_owned(),
                takes: takes(property),
                required: required.iter().any(|known| known.as_str() == Some(name)),
                words: text(property, "description").to_owned(),
            });
        }
    }
    found
}

/// A value that a field could have, for the example.
fn example(field: &Field) -> String {
    match field.name.as_str() {
        "month" | "to_month" => "2026-01".into(),
        name if name.ends_with("day") || name.ends_with("_on") => "2026-01-31".into(),
        _ if field.takes.starts_with("integer") => "1".into(),
        _ if field.takes.starts_with("boolean") => "true".into(),
        _ if field.takes.contains('|') => field.takes.split('|').next().unwrap_or_default().trim().to_owned(),
        _ => "…".into(),
    }
}

/// How the operation is asked for on a command line.
fn curl(address: &str, method: &str, path: &str, fields: &[Field]) -> String {
    let mut filled = path.to_owned();
    for field in fields.iter().filter(|field| field.place == "path") {
        filled = filled.replace(&format!("{{{}}}", field.name), &example(field));
    }
    let mut line = String::from("curl -H \"Authorization: Bearer $TOKEN\" \\\n");
    if method == "post" {
        let body = fields.iter().filter(|field| field.place == "body" && field.required);
        let pairs: Vec<String> = body
            .map(|field| match field.takes.as_str() {
                takes if takes.starts_with("integer") || takes.starts_with("boolean") => {
                    format!("\"{}\": {}", field.name, example(field))
                }
                _ => format!("\"{}\": \"{}\"", field.name, example(field)),
            })
            .collect();
        line.push_str("  -H \"Idempotency-Key: $(uuidgen)\" -H \"Content-Type: application/json\" \\\n");
        line.push_str(&format!("  -d '{{{}}}' \\\n", pairs.join(", ")));
    }
    line.push_str(&format!("  \"{address}/api/v1{filled}\""));
    line
}

fn permission(code: &str, lang: Lang) -> String {
    identity::Catalogue::built_in().permission(code).map_or_else(String::new, |known| known.text.text(lang))
}

/// The page is the same for everybody and never changes while the program runs: it is drawn once.
fn draw(look: &mut Look<'_, '_>, _: &Given) -> Result<Markup, Refusal> {
    static DRAWN: [OnceLock<(String, String)>; 2] = [const { OnceLock::new() }; 2];
    let (lang, address) = (look.lang(), &look.house.address);
    let drawn = DRAWN[usize::from(lang == Lang::En)]
        .get_or_init(|| (address.clone(), page(lang, address).into_string()));
    // Another house in the same program, as in a test.
    Ok(if drawn.0 == *address { PreEscaped(drawn.1.clone()) } else { page(lang, address) })
}

fn page(lang: Lang, address: &str) -> Markup {
    let say = |key: &str| words::say(lang, key);
    let (described, _) = crate::api::described(lang);
    let nothing = serde_json::Map::new();
    let paths = described.get("paths").and_then(Json::as_object).unwrap_or(&nothing);
    let mut operations: Vec<(&str, &str, &str, &Json)> = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap_or(&nothing) {
            let tag = list(operation, "tags").first().and_then(Json::as_str).unwrap_or("lists");
            operations.push((tag, path, method, operation));
        }
    }
    html! {
        header.head { div.head-words {
            h1 { (say("page.interface")) }
            p { (say("page.interface.hint")) " " a href="/api/v1/openapi.json" download { "openapi.json" } }
        } }
        nav.jumps aria-label=(say("frame.on_this_page")) {
            @for tag in TAGS { a href={ "#tag-" (tag) } { (say(&format!("page.interface.{tag}"))) } }
        }
        @for tag in TAGS {
            section.block id={ "tag-" (tag) } {
                h2 { (say(&format!("page.interface.{tag}"))) }
                @for (_, path, method, operation) in operations.iter().filter(|(of, ..)| of == tag) {
                    @let fields = fields(operation);
                    @let right = text(operation, "x-permission");
                    details.card {
                        summary {
                            code { (method.to_uppercase()) " " (path) } " " span { (text(operation, "summary")) }
                        }
                        @if !right.is_empty() {
                            p { (say("page.interface.permission")) " " code { (right) } " " (permission(right, lang)) }
                        }
                        @if !fields.is_empty() {
                            div.table-box tabindex="0" role="region" aria-label=(path) {
                                table.data {
                                    thead { tr {
                                        th scope="col" { (say("page.interface.field")) }
                                        th scope="col" { (say("page.interface.place")) }
                                        th scope="col" { (say("page.interface.takes")) }
                                        th scope="col" { (say("page.interface.required")) }
                                        th scope="col" { (say("page.interface.words")) }
                                    } }
                                    tbody { @for field in &fields { tr {
                                        td { code { (field.name) } }
                                        td { (field.place) }
                                        td { (field.takes) }
                                        td { (say(if field.required { "word.yes" } else { "word.no" })) }
                                        td { (field.words) }
                                    } } }
                                }
                            }
                        }
                        pre tabindex="0" { (curl(address, method, path, &fields)) }
                    }
                }
            }
        }
    }
}
