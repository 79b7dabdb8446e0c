//! The door: what a stranger, another site and a careless browser get.

use serde_json::json;

use crate::house::{House, PASSWORD, Person};

/// XC-02: a page that another site's form caused is refused, whatever cookie came along.
#[test]
fn a_change_needs_the_token_of_the_session() {
    let house = House::shared();
    let person = house.person("dc-guanli");
    let mut forged = person.clone();
    forged.csrf = "guessed".into();
    let body = json!({});
    let refused = forged.post_json("/api/v1/books/2026-02/B000001/self-check", "forged-1", &body);
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert!(
        !refused.text.contains("\"permission\""),
        "refused for the token, not for the post: {}",
        refused.text
    );
}

/// Every answer carries the headers that keep a browser on the user's side.
#[test]
fn answers_carry_their_headers() {
    let house = House::shared();
    for path in ["/login", "/api/v1/openapi.json", "/nowhere"] {
        let answer = Person::nobody(house).get(path);
        let policy = &answer.headers["content-security-policy"];
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{path}: {policy}");
        for (name, value) in [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        assert!(!answer.headers["x-request-id"].is_empty());
    }
}

/// No page holds a script or a style of its own: the policy would not run it.
#[test]
fn pages_hold_no_inline_script() {
    let house = House::shared();
    for login in ["dc-guanli", "fuhe", "kuaiji", "shenji"] {
        let person = house.person(login);
        let home = person.get("/");
        let mut paths: Vec<&str> =
            home.text.split("href=\"").skip(1).filter_map(|r| r.split('"').next()).collect();
        paths.retain(|path| {
            path.starts_with('/') && !path.starts_with("/assets") && !path.starts_with("/acts")
        });
        paths.sort_unstable();
        paths.dedup();
        assert!(paths.len() > 5, "{login} finds a menu: {paths:?}");
        for path in paths {
            let page = person.get(path);
            assert!(matches!(page.status, 200 | 303), "{login} {path}: {}", page.status);
            for bad in [" style=", " onclick=", " onload=", "javascript:", "<style"] {
                assert!(!page.text.contains(bad), "{login} {path} has {bad}");
            }
            for script in page.text.split("<script").skip(1) {
                assert!(
                    script.trim_start().starts_with("src=\"/assets/"),
                    "{login} {path}: <script{}",
                    &script[..60.min(script.len())]
                );
            }
            assert!(!page.text.contains("[act.") && !page.text.contains("[column."), "{path} lacks a word");
        }
    }
}

/// XC-02: guessing is slowed down, for a login that exists and for one that does not alike.
#[test]
fn guessing_is_slowed_down() {
    let house = House::open();
    for login in ["fuhe", "nobody-here"] {
        let statuses: Vec<u16> =
            (0..8).map(|_| house.log_in(login, "not-the-password").err().unwrap_or(0)).collect();
        assert_eq!(statuses[..5], [403; 5], "{login}");
        assert_eq!(statuses[7], 429, "{login}: {statuses:?}");
    }
    assert_eq!(house.log_in("fuhe", PASSWORD).err(), Some(429), "the right password must wait as well");
    assert!(house.log_in("hesuan", PASSWORD).is_ok(), "another person is not kept out");
}

/// The office ends when it is told to, and what it took is finished: the same process's books open again unharmed.
#[test]
#[cfg(unix)]
fn the_office_closes_in_order() {
    let house = House::open();
    let person = house.person("fuhe");
    assert_eq!(person.get("/").status, 200);
    let told = std::process::Command::new("kill").args(["-TERM", &house.pid().to_string()]).status().unwrap();
    assert!(told.success());
    assert!(house.wait(), "it ends with success");
}
