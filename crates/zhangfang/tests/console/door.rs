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

/// Whoever runs the office sees that it lives, that it is ready, and what it does.
#[test]
fn the_office_tells_how_it_is() {
    let house = House::shared();
    let nobody = Person::nobody(house);
    assert_eq!((nobody.get("/healthz").status, nobody.get("/readyz").status), (200, 200));
    nobody.get("/login");
    let figures = nobody.get("/metrics").text;
    assert!(
        figures.contains("zhangfang_http_request_seconds_count{route=\"/login\",status=\"200\"}"),
        "{figures}"
    );
}

/// A certificate given on the command line is the one a browser sees; without trust in it nobody is let through.
#[test]
fn tls_is_served_with_the_certificate_given() {
    let house = House::open();
    let folder = house.folder();
    let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-out".as_ref(), chain.as_os_str(), "-keyout".as_ref(), key.as_os_str()])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let address = house.serve_again(&[
        "--tls-certificate",
        chain.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ]);
    assert!(address.starts_with("https://"), "{address}");
    let curl = |extra: &[&str]| {
        let output = std::process::Command::new("curl")
            .args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20"])
            .args(extra)
            .arg(format!("{address}/login"))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(curl(&["--cacert", chain.to_str().unwrap()]), "200");
    assert_eq!(curl(&[]), "000", "a certificate nobody vouches for is not taken");
}
