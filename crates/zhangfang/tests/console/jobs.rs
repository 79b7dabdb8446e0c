//! Long work: asked for once, seen from any page, finished by the next program when this one dies.

use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::house::{House, Person};

/// Waits for the end of a job; tests do not depend on how long it takes, only that it comes.
fn ended(person: &Person, path: &str) -> Json {
    let began = Instant::now();
    loop {
        let job = person.get_json(path).json();
        let text = job.to_string();
        if ["\"done\"", "\"failed\"", "\"cancelled\""].iter().any(|state| text.contains(state)) {
            return job;
        }
        assert!(began.elapsed() < Duration::from_secs(240), "{path} does not end: {text}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The same request twice is one job, and its page tells what came of it.
#[test]
fn a_job_is_done_once_for_its_key() {
    let house = House::shared();
    let auditor = house.person("shenji");
    let ask = || auditor.post_json("/api/v1/checks", "check-once", &serde_json::json!({})).json();
    let (first, again) = (ask(), ask());
    assert_eq!(first["facts"]["job"], again["facts"]["job"], "{first} {again}");
    let job = ended(&auditor, &format!("/api/v1{}", first["see"].as_str().unwrap()));
    assert!(job.to_string().contains("\"done\""), "{job}");
}

/// A program killed in the middle of its work leaves a job that the next one finishes.
#[test]
#[cfg(unix)]
fn the_next_program_goes_on_with_a_job() {
    let house = House::open();
    let auditor = house.person("shenji");
    let asked =
        auditor.post_json("/api/v1/checks", "check-killed", &serde_json::json!({ "deep": true })).json();
    let path = format!("/api/v1{}", asked["see"].as_str().unwrap_or_else(|| panic!("{asked}")));
    let killed =
        std::process::Command::new("kill").args(["-KILL", &house.pid().to_string()]).status().unwrap();
    assert!(killed.success());
    let address = house.serve_again(&[]);
    let job = ended(&auditor.at(&address), &path);
    assert!(job.to_string().contains("\"done\""), "{job}");
}
