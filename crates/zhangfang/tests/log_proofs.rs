//! The log at the counter: keys, checkpoints, proofs, witnesses by file and over HTTP, erasure.
#![allow(clippy::unwrap_used)]

mod counter;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use counter::Counter;
use proof::tlog_proof::TlogProof;
use proof::witness::{Request, Seen, decide};
use proof::{KeyKind, SigningKey, VerifierKey, leaf_hash};

const DAY: &str = "2026-03-02";

fn founded() -> Counter {
    let counter = Counter::empty("JHGD");
    counter.done(DAY, "wang", &["init", "JHGD", "--name", "江汉供电", "--login", "wang", "--person", "王芳"]);
    counter
}

fn log_keys(counter: &Counter) -> Vec<VerifierKey> {
    let keys = counter.done(DAY, "shen", &["log", "keys", "show", "--json"]);
    keys.split('"')
        .filter(|part| part.starts_with("JHGD/log+"))
        .map(|key| VerifierKey::parse(key).unwrap())
        .collect()
}

fn with_auditor() -> Counter {
    let counter = founded();
    counter.done(DAY, "wang", &["people", "add", "shen", "沈计", "--unit", "JHGD"]);
    counter.done(DAY, "wang", &["people", "assign", "shen", "auditor"]);
    counter.done(DAY, "wang", &["people", "add", "ling", "凌导", "--unit", "JHGD"]);
    counter.done(DAY, "wang", &["people", "assign", "ling", "leader_in_charge"]);
    counter
}

/// XC-15: whoever uses the program gets signed checkpoints without thinking of them.
#[test]
fn a_new_organisation_signs_from_its_first_day() {
    let counter = with_auditor();
    #[cfg(unix)]
    for file in std::fs::read_dir(counter.path("data/keys")).unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(log_keys(&counter).len(), 2);
    let said = counter.done(DAY, "shen", &["log", "check"]);
    assert!(said.contains("6 项单位人员岗位变更") && said.contains("日志完整"), "{said}");
    counter.done(DAY, "wang", &["backup", &counter.path("b.zfb").display().to_string()]);
    let list = counter.done(DAY, "shen", &["log", "checkpoints"]);
    assert!(list.lines().count() > 3, "init and backup: {list}");
    let again = counter.done(DAY, "wang", &["log", "keys", "new"]);
    assert!(again.contains("JHGD/log+") && !again.contains("PRIVATE"), "{again}");
    assert_eq!(log_keys(&counter).len(), 4, "old and new sign together");
    assert!(counter.refused(DAY, "shen", &["log", "keys", "new"]).contains("vault.keys"));
}

/// A key file that others can read is not used, and nothing is written.
#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_stops_the_work() {
    use std::os::unix::fs::PermissionsExt as _;
    let counter = founded();
    let file = std::fs::read_dir(counter.path("data/keys")).unwrap().next().unwrap().unwrap().path();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = counter.refused(DAY, "wang", &["people", "add", "shen", "沈计", "--unit", "JHGD"]);
    assert!(refused.contains("chmod 600"), "{refused}");
}

#[test]
fn a_witness_by_stick_and_by_wire() {
    let counter = with_auditor();
    let logs = log_keys(&counter);
    let witness = SigningKey::generate(KeyKind::Cosignature, "w.example/1", &[7; 32]).unwrap();
    let vkey = counter.file("witness.vkey", format!("{}\n", witness.verifier().text()));
    counter.done(DAY, "wang", &["log", "keys", "trust", &vkey]);

    let asked = counter.path("request").display().to_string();
    counter.done(DAY, "shen", &["log", "witness-request", "--out", &asked]);
    let request = Request::parse(&std::fs::read(&asked).unwrap()).unwrap();
    assert_eq!(request.old(), 0);
    let seen = decide(&request, &logs, Seen::nothing()).unwrap();
    let line = proof::witness::cosign(&request, &witness, 1_772_000_000).unwrap().line();
    let answer = counter.file("answer", &line);
    assert!(counter.done(DAY, "shen", &["log", "cosign", &answer]).contains("w.example/1"));

    // The same witness over HTTP remembers what it cosigned: it answers 409 to who forgot.
    counter.done(DAY, "wang", &["people", "add", "li", "李强", "--unit", "JHGD"]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut got = Vec::new();
        let mut part = [0; 4096];
        let body = loop {
            let count = stream.read(&mut part).unwrap();
            got.extend_from_slice(&part[..count]);
            let text = String::from_utf8_lossy(&got).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length: usize = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length: ")?.trim().parse().ok()
                })
                .unwrap();
            if body.len() >= length {
                assert!(head.starts_with("POST /add-checkpoint "), "{head}");
                break body.to_owned();
            }
        };
        let request = Request::parse(body.as_bytes()).unwrap();
        decide(&request, &logs, seen).unwrap();
        let line = proof::witness::cosign(&request, &witness, 1_772_000_100).unwrap().line();
        let length = line.len();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{line}")
            .unwrap();
    });
    let said = counter.done(DAY, "shen", &["log", "submit", "--url", &url]);
    server.join().unwrap();
    assert!(said.contains("w.example/1"), "{said}");
    assert!(counter.refused(DAY, "shen", &["log", "submit", "--url", "https://x"]).contains("http://"));

    let (file, record) = (counter.path("p").display().to_string(), counter.path("r").display().to_string());
    counter.done(DAY, "shen", &["log", "proof", "1", "--out", &file, "--record", &record]);
    let read = TlogProof::parse(&std::fs::read(&file).unwrap()).unwrap();
    let policy = format!(
        "log {}\nwitness w {}\nquorum w\n",
        log_keys(&counter)[0].text(),
        std::fs::read_to_string(&vkey).unwrap().trim()
    );
    let policy = proof::policy::Policy::parse(policy.as_bytes()).unwrap();
    read.verify(&leaf_hash(&std::fs::read(&record).unwrap()), &policy).unwrap();
    assert!(counter.done(DAY, "shen", &["log", "check"]).contains("日志完整"));
}

#[test]
fn a_person_who_left_is_forgotten_and_the_log_stays_whole() {
    let counter = with_auditor();
    let before = counter.done(DAY, "shen", &["log", "day", DAY]);
    assert!(before.contains("沈计"), "{before}");
    let refused = counter.refused(DAY, "wang", &["log", "erase", "--person", "shen", "--reason", "x"]);
    assert!(refused.contains("vault.erase"), "{refused}");
    counter.done(DAY, "ling", &["log", "erase", "--person", "shen", "--reason", "本人申请"]);
    let after = counter.done(DAY, "shen", &["log", "day", DAY]);
    assert!(!after.contains("沈计") && after.contains("(erased)"), "{after}");
    assert!(counter.done(DAY, "shen", &["log", "check"]).contains("日志完整"));
}
