//! One table of who may do what, and every route tried with every post of the demo.
//!
//! The table `who_may_do_what.csv` has a line for each route and a mark for each post that may use it. A route that is not
//! in the table, a line without a route and an answer that differs from its mark all fail. With
//! `ZHANGFANG_WRITE_TABLE=1` the table is written anew from the answers, to be read before it is kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use crate::house::{House, PEOPLE};

const TABLE: &str = include_str!("who_may_do_what.csv");

/// A value that fits a parameter of this schema and names nothing.
fn filler(schema: &serde_json::Value) -> String {
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.as_str().unwrap_or_default().to_owned();
    }
    match (schema["format"].as_str(), schema["pattern"].as_str()) {
        (Some("date"), _) => "2026-02-05".into(),
        (_, Some(pattern)) if pattern.starts_with("^[12]") => "2026-01".into(),
        _ => "1".into(),
    }
}

/// Every route: its name, its method, its path filled with what names nothing.
fn routes(house: &House) -> Vec<(String, String, String)> {
    asked_of(house, true)
}

/// As [`routes`]; those for anybody only when `public`.
fn asked_of(house: &House, public: bool) -> Vec<(String, String, String)> {
    let description = house.person("guanli").get_json("/api/v1/openapi.json").json();
    let mut routes = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if !public && operation["security"].as_array().is_some_and(Vec::is_empty) {
                continue;
            }
            let mut filled = path.clone();
            let mut query = Vec::new();
            for parameter in operation["parameters"].as_array().unwrap() {
                let name = parameter["name"].as_str().unwrap();
                let value = filler(&parameter["schema"]);
                match parameter["in"].as_str() {
                    Some("path") => filled = filled.replace(&format!("{{{name}}}"), &value),
                    Some("query") if parameter["required"] == true => query.push(format!("{name}={value}")),
                    _ => {}
                }
            }
            let path = format!("/api/v1{filled}?{}", query.join("&"));
            routes.push((operation["operationId"].as_str().unwrap().to_owned(), method.clone(), path));
        }
    }
    routes
}

/// XC-01, XC-02: what a post may not do is refused by the server, on every route.
#[test]
fn every_route_asks_the_same_authority() {
    let house = House::shared();
    let mut found: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for (at, (_, login)) in PEOPLE.iter().enumerate() {
        let person = house.person(login);
        for (name, method, path) in routes(house) {
            let answer = if method == "get" {
                person.get_json(&path)
            } else {
                person.post_json(&path, &format!("policy-{login}-{name}"), &json!({}))
            };
            assert!(answer.status < 500, "{login} {method} {path}: {} {}", answer.status, answer.text);
            let refused = answer.status == 403 && answer.text.contains("\"permission\"");
            found.entry(name).or_insert_with(|| vec![false; PEOPLE.len()])[at] = !refused;
        }
    }
    let mut table = String::from("route");
    for (post, _) in PEOPLE {
        let _ = write!(table, ",{post}");
    }
    table.push('\n');
    for (name, marks) in &found {
        let _ = write!(table, "{name}");
        for may in marks {
            table.push_str(if *may { ",x" } else { "," });
        }
        table.push('\n');
    }
    if std::env::var_os("ZHANGFANG_WRITE_TABLE").is_some() {
        std::fs::write("tests/console/who_may_do_what.csv", &table).unwrap();
    }
    let differences: Vec<String> = diff(TABLE, &table);
    assert!(differences.is_empty(), "the answers differ from the table:\n{}", differences.join("\n"));
}

fn diff(expected: &str, found: &str) -> Vec<String> {
    let lines = |text: &str| -> BTreeMap<String, String> {
        text.lines()
            .map(|line| {
                let (name, marks) = line.split_once(',').unwrap_or((line, ""));
                (name.to_owned(), marks.to_owned())
            })
            .collect()
    };
    let (expected, found) = (lines(expected), lines(found));
    let mut differences = Vec::new();
    for name in expected.keys().chain(found.keys()) {
        if expected.get(name) != found.get(name) {
            differences.push(format!(
                "{name}: table {:?}, answers {:?}",
                expected.get(name),
                found.get(name)
            ));
        }
    }
    differences.dedup();
    differences
}

/// XC-02: nobody gets anything without a login but the door, the public proof of a bill and the interface's description.
#[test]
fn a_stranger_is_shown_the_door() {
    let house = House::shared();
    let stranger = house.log_in("nobody", "wrong-password").err();
    assert_eq!(stranger, Some(403));
    let nobody = crate::house::Person::nobody(house);
    for (name, method, path) in asked_of(house, false) {
        let answer = if method == "get" {
            nobody.get_json(&path)
        } else {
            nobody.post_json(&path, "stranger", &json!({}))
        };
        assert_eq!(answer.status, 401, "{name} {path}: {}", answer.text);
    }
}
