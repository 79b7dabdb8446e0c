//! The interface for programs: request keys, versions, problems, cursors.

use std::collections::BTreeSet;

use serde_json::json;

use crate::house::{House, Person};

/// A problem is told as RFC 9457 says, in the language asked for.
#[test]
fn a_problem_has_its_form() {
    let house = House::shared();
    let answer = house.person("dc-chaobiao").get_json("/api/v1/ledger/balance?month=2026-01");
    assert_eq!((answer.status, answer.content_type.as_str()), (403, "application/problem+json"));
    let problem = answer.json();
    assert_eq!(problem["status"], 403);
    assert_eq!(problem["type"], "urn:zhangfang:problem:not-permitted");
    assert_eq!(problem["permission"], "ledger.read");
}

/// XC-14: a change without a request key is not taken, so that none is made twice by chance.
#[test]
fn a_change_needs_its_key() {
    let house = House::shared();
    let person = house.person("fuhe");
    let answer = person.post_json("/api/v1/books/2026-02/B000001/calculate", "", &json!({}));
    assert_eq!(answer.status, 428, "{}", answer.text);
}

/// A field that nobody knows is refused: a program that misspells one must hear of it.
#[test]
fn unknown_fields_are_refused_by_name() {
    let house = House::shared();
    let answer = house.person("dc-guanli").post_json(
        "/api/v1/books/2026-02/B000001/self-check",
        "misspelt-1",
        &json!({ "nota": "x" }),
    );
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(answer.json()["errors"].as_array().unwrap().iter().any(|error| error["field"] == "nota"));
}

/// Pages of a list by its cursors are the whole list, each row once.
#[test]
fn cursors_lead_through_a_list_once() {
    let house = House::shared();
    let person = house.person("fuhe");
    let walk = |question: &str| {
        let (mut seen, mut path, mut total) = (BTreeSet::new(), question.to_owned(), 0);
        loop {
            let page = person.get_json(&path).json();
            total = page["total"].as_u64().unwrap_or(total);
            for item in page["items"].as_array().unwrap() {
                assert!(seen.insert(item["account"].as_str().unwrap().to_owned()), "{item} came twice");
            }
            match page["next"].as_str() {
                Some(cursor) => path = format!("{question}&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen.len() as u64, total, "{question}");
        total
    };
    let bills = walk("/api/v1/bills?month=2026-01&limit=97");
    assert!(bills >= 600, "{bills}");
    for sort in ["account", "-amount", "answer_by", "-answer_by"] {
        let exceptions = walk(&format!("/api/v1/exceptions?month=2026-01&limit=3&sort={sort}"));
        assert!(exceptions > 6, "{exceptions}");
    }
    // A cursor leads on in its own question only, and what is no cursor is refused.
    let page = person.get_json("/api/v1/bills?month=2026-01&limit=97").json();
    let cursor = page["next"].as_str().unwrap();
    for wrong in [
        format!("/api/v1/bills?month=2025-12&cursor={cursor}"),
        format!("/api/v1/bills?month=2026-01&sort=-amount&cursor={cursor}"),
        format!("/api/v1/accounts?cursor={cursor}"),
        "/api/v1/bills?month=2026-01&cursor=cm93czo1".to_owned(),
    ] {
        let answer = person.get_json(&wrong);
        assert_eq!(answer.status, 422, "{wrong}: {}", answer.text);
    }
}

/// The description names every answer's form, and is there for everybody.
#[test]
fn the_interface_describes_itself() {
    let house = House::shared();
    let description = Person::nobody(house).get_json("/api/v1/openapi.json").json();
    assert_eq!(description["openapi"], "3.1.0");
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() > 60, "{}", paths.len());
    assert!(!description.to_string().contains("[act."), "a word is missing");
}
